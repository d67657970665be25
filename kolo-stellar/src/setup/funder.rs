//! The account that pays for the set-up, and transactions in its name.
use std::time::Duration;

use ed25519_dalek::{Signer, SigningKey};
use futures_timer::Delay;
use kolo_core::port::PortError;
use kolo_core::port::vault::{PublicKey, Signature};
use stellar_xdr::{
    AccountId, Hash, HostFunction, InvokeHostFunctionOp, LedgerEntryData, Memo, MuxedAccount,
    Operation, OperationBody, Preconditions, ReadXdr, SequenceNumber, SorobanCredentials,
    SorobanTransactionData, TimeBounds, TimePoint, Transaction, TransactionEnvelope,
    TransactionExt, TransactionResult, TransactionSignaturePayload,
    TransactionSignaturePayloadTaggedTransaction, TransactionV1Envelope,
};
use zeroize::Zeroizing;

use super::SetupError;
use crate::address::{account_of, invalid, sha256, to_xdr};
use crate::fees::{BASE_FEE, with_margin};
use crate::outcome::Outcome;
use crate::read::account_key;
use crate::rpc::{Rpc, SendStatus, Simulated, Simulation, TransactionStatus, XDR_LIMITS};
use crate::sign::decorate;

/// Instructions beyond what the simulation took.
const LEEWAY: u32 = 3_000_000;

/// Looks for the transaction's fate, and what is waited between two.
const LOOKS: u32 = 60;
const PAUSE: Duration = Duration::from_millis(500);

/// An account with money on a network under one's own control. Its secret is wiped when dropped and
/// never shown.
pub struct Funder {
    key: SigningKey,
}

impl Funder {
    /// From the 32-byte seed.
    #[must_use]
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self { key: SigningKey::from_bytes(seed) }
    }

    /// The root account of a standalone network, which holds all its XLM: its seed is the SHA-256
    /// of the passphrase, known to everybody.
    #[must_use]
    pub fn root_of(passphrase: &str) -> Self {
        Self::from_seed(&Zeroizing::new(sha256(passphrase.as_bytes())))
    }

    /// Its public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.key.verifying_key().to_bytes())
    }

    pub(super) fn account(&self) -> AccountId {
        account_of(self.public_key().0)
    }
}

/// Where the set-up happens.
pub(super) struct Site<'a> {
    pub rpc: &'a Rpc,
    pub funder: &'a Funder,
    pub network_id: [u8; 32],
}

impl Site<'_> {
    /// Applies classic operations in the funder's name.
    pub async fn apply(
        &self,
        step: &'static str,
        bodies: Vec<OperationBody>,
    ) -> Result<(), SetupError> {
        let operations = bodies.into_iter().map(unsourced).collect();
        let tx = self.transaction(operations, None).await?;
        self.send(step, tx).await
    }

    /// Simulates and applies one host function in the funder's name.
    pub async fn call(
        &self,
        step: &'static str,
        host_function: HostFunction,
    ) -> Result<(), SetupError> {
        let mut operation =
            InvokeHostFunctionOp { host_function, auth: vec![].try_into().map_err(too_many)? };
        let body = OperationBody::InvokeHostFunction(operation.clone());
        let bare = self.transaction(vec![unsourced(body)], None).await?;
        let simulated = self.simulate(step, bare).await?;
        operation.auth = simulated.auth.try_into().map_err(too_many)?;
        let mut data = simulated.data;
        data.resource_fee = with_margin(simulated.min_resource_fee);
        let body = OperationBody::InvokeHostFunction(operation);
        let tx = self.transaction(vec![unsourced(body)], Some(data)).await?;
        self.send(step, tx).await
    }

    async fn simulate(&self, step: &'static str, tx: Transaction) -> Result<Simulated, SetupError> {
        let envelope = TransactionEnvelope::Tx(TransactionV1Envelope {
            tx,
            signatures: vec![].try_into().map_err(too_many)?,
        });
        let refused = |reason: String| Err(SetupError::Refused { step, reason });
        match self.rpc.simulate(&envelope, LEEWAY).await? {
            Simulation::Success(simulated) => {
                let by_source = |entry: &stellar_xdr::SorobanAuthorizationEntry| {
                    entry.credentials == SorobanCredentials::SourceAccount
                };
                if simulated.auth.iter().all(by_source) {
                    Ok(*simulated)
                } else {
                    refused("it asks for somebody else's signature".to_owned())
                }
            }
            Simulation::Failed(reason) => refused(reason),
            Simulation::NeedsRestore => {
                refused("archived entries must be restored first".to_owned())
            }
        }
    }

    async fn transaction(
        &self,
        operations: Vec<Operation>,
        resources: Option<SorobanTransactionData>,
    ) -> Result<Transaction, SetupError> {
        let account = self.funder.account();
        let found = self.rpc.ledger_entries(&[account_key(&account)]).await?;
        let Some(LedgerEntryData::Account(entry)) = found.into_iter().next().map(|e| e.data) else {
            return Err(SetupError::Refused {
                step: "looking for the funding account",
                reason: format!("the account {account} does not exist on this network"),
            });
        };
        let resource_fee = resources.as_ref().map_or(0, |data| data.resource_fee);
        let fee = i64::try_from(operations.len())
            .ok()
            .and_then(|n| n.checked_mul(BASE_FEE))
            .and_then(|fee| fee.checked_add(resource_fee))
            .and_then(|fee| u32::try_from(fee).ok())
            .ok_or_else(|| invalid("the fee leaves the range of 32 bits"))?;
        Ok(Transaction {
            source_account: MuxedAccount::from(account),
            fee,
            seq_num: SequenceNumber(entry.seq_num.0.saturating_add(1)),
            // Nobody resends it: waiting for its fate ends the attempt, and the next one looks first.
            cond: Preconditions::Time(TimeBounds {
                min_time: TimePoint(0),
                max_time: TimePoint(0),
            }),
            memo: Memo::None,
            operations: operations.try_into().map_err(too_many)?,
            ext: resources.map_or(TransactionExt::V0, TransactionExt::V1),
        })
    }

    async fn send(&self, step: &'static str, tx: Transaction) -> Result<(), SetupError> {
        let payload = to_xdr(&TransactionSignaturePayload {
            network_id: Hash(self.network_id),
            tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(tx.clone()),
        })?;
        let digest = sha256(&payload);
        let signature = Signature(self.funder.key.sign(&digest).to_bytes());
        let signed = decorate(&self.funder.public_key(), &digest, &signature)?;
        let envelope = to_xdr(&TransactionEnvelope::Tx(TransactionV1Envelope {
            tx,
            signatures: vec![signed].try_into().map_err(too_many)?,
        }))?;
        self.settle(step, &envelope, &data_encoding::HEXLOWER.encode(&digest)).await
    }

    async fn settle(
        &self,
        step: &'static str,
        envelope: &[u8],
        hash: &str,
    ) -> Result<(), SetupError> {
        let mut queued = false;
        for _ in 0..LOOKS {
            if !queued {
                let answer = self.rpc.send(envelope).await?;
                match answer.status {
                    SendStatus::Pending | SendStatus::Duplicate => queued = true,
                    SendStatus::TryAgainLater => {}
                    SendStatus::Error => {
                        let reason = reason(answer.error_result_xdr.as_deref());
                        return Err(SetupError::Refused { step, reason });
                    }
                }
            }
            let info = self.rpc.transaction(hash).await?;
            match info.status {
                TransactionStatus::Success => return Ok(()),
                TransactionStatus::Failed => {
                    let reason = reason(info.result_xdr.as_deref());
                    return Err(SetupError::Refused { step, reason });
                }
                TransactionStatus::NotFound => Delay::new(PAUSE).await,
            }
        }
        Err(SetupError::TimedOut { step })
    }
}

fn reason(result: Option<&str>) -> String {
    let result = result.and_then(|text| TransactionResult::from_xdr_base64(text, XDR_LIMITS).ok());
    result.map_or_else(
        || "the node does not say why".to_owned(),
        |result| Outcome::of(&result).reason(),
    )
}

const fn unsourced(body: OperationBody) -> Operation {
    Operation { source_account: None, body }
}

fn too_many(error: stellar_xdr::Error) -> PortError {
    invalid("a list does not fit the network's format").because(error)
}
