//! What a signing service can see for itself of what it is asked to sign.
//!
//! It does not know the intent; the caller has compared the bytes with that. But it knows the network,
//! the operator's keys and what each is for, and the limits: a caller in other hands gets no further.
//!
//! | key | may sign |
//! |---|---|
//! | `sponsor` | opening accounts with nothing in them, trustlines of configured assets, ending sponsorships |
//! | `fees` | fee-bumps within the ceiling |
//! | `keeper` | contract calls that need nobody's authority |
//! | any other | the same as a member: payments of configured assets, contract calls and consents to them, closing the account, signed messages |
//!
//! What is signed as it is begins with `kolo:` (invitations, draws, receipts).
use kolo_core::port::vault::{Digest, PublicKey, SigningPolicy};
use kolo_core::port::{PortError, PortErrorKind, Retry};
use stellar_xdr::{
    CreateAccountOp, FeeBumpTransaction, HashIdPreimage, HostFunction, Memo, MuxedAccount,
    OperationBody, Preconditions, ReadXdr, Transaction, TransactionSignaturePayload,
    TransactionSignaturePayloadTaggedTransaction,
};

use super::sep53;
use crate::config::{Network, StellarConfig};
use crate::prepare::change_trust_asset;
use crate::rpc::XDR_LIMITS;

/// What everything of ours that is signed as it is begins with.
const OWN: &[u8] = b"kolo:";

/// The rules above, for one network and operator.
pub struct TransactionPolicy {
    network: Network,
}

/// Whose key it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Sponsor,
    Fees,
    Keeper,
    Other,
}

impl TransactionPolicy {
    /// With that network, those assets, operators and that fee ceiling.
    ///
    /// # Errors
    /// As [`crate::StellarChainClient::try_new`].
    pub fn try_new(config: &StellarConfig) -> Result<Self, PortError> {
        Network::try_new(config).map(|network| Self { network })
    }

    fn whose(&self, key: &PublicKey) -> Whose {
        let operators = &self.network.operators;
        match key {
            key if *key == operators.fees => Whose::Fees,
            key if *key == operators.sponsor => Whose::Sponsor,
            key if *key == operators.keeper => Whose::Keeper,
            _ => Whose::Other,
        }
    }

    fn check_transaction(&self, whose: Whose, tx: &Transaction) -> Result<(), PortError> {
        let is_bounded = matches!(&tx.cond, Preconditions::Time(bounds) if bounds.max_time.0 > 0);
        allowed(is_bounded, "a transaction without an end")?;
        allowed(tx.memo == Memo::None, "a memo")?;
        allowed(i64::from(tx.fee) <= self.network.max_fee, "a fee above the ceiling")?;
        tx.operations.iter().try_for_each(|operation| {
            let (may, what) = self.check_operation(whose, &operation.body);
            allowed(may, what)
        })
    }

    fn check_operation(&self, whose: Whose, body: &OperationBody) -> (bool, &'static str) {
        let assets = &self.network.assets;
        let member = whose == Whose::Other;
        let opens = member || whose == Whose::Sponsor;
        match body {
            OperationBody::BeginSponsoringFutureReserves(_)
            | OperationBody::EndSponsoringFutureReserves => (opens, "a sponsorship"),
            OperationBody::CreateAccount(CreateAccountOp { starting_balance, .. }) => {
                (opens && *starting_balance == 0, "an account with money in it")
            }
            OperationBody::ChangeTrust(change) => {
                let known = assets.iter().any(|a| change.line == change_trust_asset(&a.xdr));
                (opens && known, "a trustline of another asset")
            }
            OperationBody::RevokeSponsorship(_) => {
                (whose == Whose::Sponsor, "an end of sponsorship")
            }
            OperationBody::Payment(payment) => {
                let known = assets.iter().any(|a| payment.asset == a.xdr);
                (member && known, "a payment of another asset, or of the operator's")
            }
            OperationBody::AccountMerge(_) => (member, "a merge of the operator's account"),
            OperationBody::InvokeHostFunction(call) => {
                let is_call = matches!(call.host_function, HostFunction::InvokeContract(_));
                let by_keeper = whose == Whose::Keeper && call.auth.is_empty();
                (is_call && (member || by_keeper), "a call on the operator's authority")
            }
            _ => (false, "an operation that is none of ours"),
        }
    }

    fn check_bump(&self, whose: Whose, bump: &FeeBumpTransaction) -> Result<(), PortError> {
        let own = bump.fee_source == MuxedAccount::from(self.network.fees());
        allowed(whose == Whose::Fees && own, "a fee-bump of another account")?;
        allowed(bump.fee <= self.network.max_fee, "a fee above the ceiling")
    }
}

impl SigningPolicy for TransactionPolicy {
    fn check(&self, key: &PublicKey, digest: Digest, payload: &[u8]) -> Result<(), PortError> {
        let whose = self.whose(key);
        if digest == Digest::Raw {
            return allowed(payload.starts_with(OWN), "bytes that are no message of ours");
        }
        if payload.starts_with(sep53::PREFIX) {
            return allowed(whose == Whose::Other, "a message in the operator's name");
        }
        if let Ok(found) = TransactionSignaturePayload::from_xdr(payload, XDR_LIMITS) {
            allowed(found.network_id.0 == self.network.id, "a transaction of another network")?;
            return match &found.tagged_transaction {
                TransactionSignaturePayloadTaggedTransaction::Tx(tx) => {
                    allowed(whose != Whose::Fees, "a transaction of the fee account's own")?;
                    self.check_transaction(whose, tx)
                }
                TransactionSignaturePayloadTaggedTransaction::TxFeeBump(bump) => {
                    self.check_bump(whose, bump)
                }
            };
        }
        match HashIdPreimage::from_xdr(payload, XDR_LIMITS) {
            Ok(HashIdPreimage::SorobanAuthorization(consent)) => {
                allowed(consent.network_id.0 == self.network.id, "a consent of another network")?;
                allowed(whose == Whose::Other, "a consent of the operator's")
            }
            _ => allowed(false, "bytes that are no transaction"),
        }
    }
}

fn allowed(may: bool, what: &str) -> Result<(), PortError> {
    if may {
        return Ok(());
    }
    let why = format!("not signed: {what}");
    Err(PortError::new(PortErrorKind::Denied, Retry::Permanent, why))
}
