//! Money for everybody, from the root account.

use ed25519_dalek::Signer;
use stellar_xdr::{
    AccountId, Asset, CreateAccountOp, DecoratedSignature, Memo, Operation, OperationBody,
    PaymentOp, Preconditions, SequenceNumber, Signature, SignatureHint, Transaction,
    TransactionEnvelope, TransactionExt, TransactionV1Envelope, VecM,
};

use super::{Engine, account_of, root_key};
use crate::genesis::BASE_FEE;
use crate::ledger::{Accounts, Txn};
use crate::model::{SendOutcome, TxRecord};
use crate::network::{Close, NetworkError};

impl Engine {
    /// Gives `balance` stroops to an account, which is created if need be.
    pub(crate) fn fund(
        &mut self,
        account: &AccountId,
        balance: i64,
    ) -> Result<TxRecord, NetworkError> {
        if !self.queue.is_empty() {
            // The root account's transaction may be among them.
            self.close_ledger()?;
        }
        let envelope = self.gift(account, balance)?;
        let hash = match self.send(envelope)? {
            SendOutcome::Pending(hash) => hash,
            SendOutcome::Duplicate(_) | SendOutcome::TryAgainLater(_) => {
                return Err(refused("busy"));
            }
            SendOutcome::Error { result, .. } => {
                return Err(refused(&format!("{:?}", result.result)));
            }
        };
        if self.close != Close::Instant {
            self.close_ledger()?;
        }
        self.store.transaction(&hash)?.ok_or_else(|| refused("the transaction is not kept"))
    }

    fn gift(&self, account: &AccountId, amount: i64) -> Result<TransactionEnvelope, NetworkError> {
        let txn = Txn::new(&self.state, self.next_context(), 0);
        let key = root_key(&self.passphrase);
        let root = txn
            .account(&account_of(&key))
            .ok_or_else(|| refused("the root account was merged away"))?;
        let body = if txn.account(account).is_some() {
            OperationBody::Payment(PaymentOp {
                destination: account.clone().into(),
                asset: Asset::Native,
                amount,
            })
        } else {
            OperationBody::CreateAccount(CreateAccountOp {
                destination: account.clone(),
                starting_balance: amount,
            })
        };
        let operations = vec![Operation { source_account: None, body }];
        let tx = Transaction {
            source_account: root.account_id.into(),
            fee: BASE_FEE,
            seq_num: SequenceNumber(root.seq_num.0.saturating_add(1)),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: operations.try_into().map_err(|_| refused("too many operations"))?,
            ext: TransactionExt::V0,
        };
        let hash = tx.hash(self.network_id).map_err(|error| refused(&error.to_string()))?;
        let [.., a, b, c, d] = key.verifying_key().to_bytes();
        let signature = key.sign(&hash).to_bytes().to_vec();
        let signature = DecoratedSignature {
            hint: SignatureHint([a, b, c, d]),
            signature: Signature(signature.try_into().unwrap_or_default()),
        };
        let signatures = vec![signature].try_into().unwrap_or(VecM::default());
        Ok(TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures }))
    }
}

fn refused(why: &str) -> NetworkError {
    NetworkError::Refused(format!("the account cannot be funded: {why}"))
}
