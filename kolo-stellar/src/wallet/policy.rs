//! What a signing service can see for itself of what it is asked to sign.
//!
//! It does not know the intent; the caller has compared the bytes with that. It knows the network, the
//! operator's keys and what each is for, the limits and the time.
//!
//! | key | may sign |
//! |---|---|
//! | `sponsor` | opening accounts with nothing in them, trustlines of configured assets, ending sponsorships |
//! | `fees` | fee-bumps within the ceiling, around what these keys may sign |
//! | `keeper` | contract calls that need nobody's authority, rent |
//! | any other | as a member: payments of configured assets, contract calls and consents to them, closing the account, rent, signed messages |
//!
//! The operator's keys sign only what acts for their own accounts. What is signed as it is begins with `kolo:` (invitations, draws, receipts).
//!
//! So a caller in other hands can still do as a member whatever a member can: pay what is in their
//! account to anybody, call any contract on their authority, merge the account away. The policy keeps it
//! from the operator's own accounts, from other networks and assets and from fees above the ceiling; not
//! from members' money, for which the service would have to know the intent. Two kinds of keys count as
//! members', since it knows none of them by name: the channels', which hold nothing, and the issuer's of
//! test money, which can pay any amount of it to anybody.
//!
//! A consent to a contract call ends by ledger, not by time, and is not bounded here.
use std::sync::Arc;

use kolo_core::port::vault::{Digest, PublicKey, SigningPolicy};
use kolo_core::port::{Clock, PortError, PortErrorKind, Retry};
use stellar_xdr::{
    CreateAccountOp, FeeBumpTransaction, FeeBumpTransactionInnerTx, HashIdPreimage, HostFunction,
    Memo, MuxedAccount, OperationBody, Preconditions, ReadXdr, Transaction,
    TransactionSignaturePayload, TransactionSignaturePayloadTaggedTransaction,
};

use super::sep53;
use crate::config::{Network, StellarConfig};
use crate::prepare::change_trust_asset;
use crate::rpc::XDR_LIMITS;

/// What everything of ours that is signed as it is begins with.
const OWN: &[u8] = b"kolo:";

/// The service's clock and the caller's may be as far apart, seconds.
const LEEWAY_S: u64 = 300;

/// The rules above, for one network and operator.
pub struct TransactionPolicy {
    network: Network,
    clock: Arc<dyn Clock>,
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
    /// With that network, those assets, operators, those fee ceilings and validity. By `clock` nothing is
    /// signed that is good for more than five minutes beyond that validity.
    ///
    /// # Errors
    /// As [`crate::StellarChainClient::try_new`].
    pub fn try_new(config: &StellarConfig, clock: Arc<dyn Clock>) -> Result<Self, PortError> {
        Network::try_new(config).map(|network| Self { network, clock })
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
        self.check_frame(tx)?;
        tx.operations.iter().try_for_each(|operation| {
            let (may, what) = self.check_operation(whose, &operation.body);
            allowed(may, what)
        })
    }

    fn check_frame(&self, tx: &Transaction) -> Result<(), PortError> {
        let longest = self.network.validity_s.saturating_add(LEEWAY_S);
        let latest = self.clock.now().plus(longest).unix();
        let ends = match &tx.cond {
            Preconditions::Time(bounds) => Some(bounds.max_time.0).filter(|end| *end > 0),
            _ => None,
        };
        allowed(ends.is_some(), "a transaction without an end")?;
        allowed(ends.is_some_and(|end| end <= latest), "a transaction that is good for too long")?;
        allowed(tx.memo == Memo::None, "a memo")?;
        allowed(i64::from(tx.fee) <= self.network.ceiling(tx), "a fee above the ceiling")
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
            OperationBody::ExtendFootprintTtl(_) | OperationBody::RestoreFootprint(_) => {
                (member || whose == Whose::Keeper, "rent by another than the keeper or a channel")
            }
            _ => (false, "an operation that is none of ours"),
        }
    }

    fn check_bump(&self, whose: Whose, bump: &FeeBumpTransaction) -> Result<(), PortError> {
        let own = bump.fee_source == MuxedAccount::from(self.network.fees());
        allowed(whose == Whose::Fees && own, "a fee-bump of another account")?;
        let FeeBumpTransactionInnerTx::Tx(inner) = &bump.inner_tx;
        allowed(bump.fee <= self.network.ceiling(&inner.tx), "a fee above the ceiling")?;
        self.check_frame(&inner.tx)?;
        inner.tx.operations.iter().try_for_each(|operation| {
            let source = operation.source_account.as_ref().unwrap_or(&inner.tx.source_account);
            let (may, what) = self.check_operation(self.whose(&key_of(source)), &operation.body);
            allowed(may, what)
        })
    }
}

/// Whose accounts it acts for.
fn sources(tx: &Transaction) -> impl Iterator<Item = &MuxedAccount> {
    let operations = tx.operations.iter().filter_map(|it| it.source_account.as_ref());
    std::iter::once(&tx.source_account).chain(operations)
}

fn key_of(account: &MuxedAccount) -> PublicKey {
    match account {
        MuxedAccount::Ed25519(key) => PublicKey(key.0),
        MuxedAccount::MuxedEd25519(muxed) => PublicKey(muxed.ed25519.0),
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
                    let involved =
                        whose == Whose::Other || sources(tx).any(|of| key_of(of) == *key);
                    allowed(involved, "a transaction the operator's key has no part in")?;
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
