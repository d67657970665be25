//! The settlement rail, in domain words: effects wanted, transactions prepared, fates learnt,
//! events followed. No adapter type crosses this line.
mod effect;
mod event;

use std::fmt;

use async_trait::async_trait;
use kolo_rules::{Amount, Rules};
use serde::{Deserialize, Serialize};

pub use effect::{ChainEffect, DrawSecret};
pub use event::{ChainEvent, ChainEventBody, CircleChainEvent};

use super::vault::{PublicKey, Signature};
use super::{PortError, PortErrorKind, Retry};
use crate::{Asset, Timestamp, error_codes};

/// An account or contract on the chain, in the chain's own text form (`G…`, `C…`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainAddress(pub String);

impl fmt::Display for ChainAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A transaction to be signed. What is signed is `payload` (SHA-256 of it), and `payload` is what
/// [`ChainClient::verify`] decodes: nothing else can be slipped under the signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedTx {
    /// The bytes whose SHA-256 is signed.
    pub payload: Vec<u8>,
    /// That SHA-256, the transaction's hash, in hex.
    pub hash: String,
    /// Who must sign (public keys of accounts).
    pub signers: Vec<PublicKey>,
    /// Source account and its sequence number.
    pub source: ChainAddress,
    /// The sequence number it uses.
    pub sequence: i64,
    /// After this moment (by a closed ledger) it can never be applied.
    pub max_time: Timestamp,
    /// Highest fee it may charge, in stroops of XLM.
    pub max_fee: i64,
    /// Consents that are signed apart from the transaction and carried within it: first these are
    /// signed and put in ([`ChainClient::authorise`]), then the transaction is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorisations: Vec<Authorisation>,
}

/// Somebody's consent to what a transaction of another account does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorisation {
    /// Who must sign.
    pub signer: PublicKey,
    /// The bytes whose SHA-256 is signed.
    pub payload: Vec<u8>,
    /// The latest ledger when it was prepared.
    pub since_ledger: u32,
    /// The last ledger in which it is good, in this transaction or in another one: until that has
    /// closed, nothing else may be built for the same effect.
    pub until_ledger: u32,
}

/// A signed transaction: persisted before it is sent, resent only as these bytes or in a fee-bump.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedTx {
    /// What was prepared.
    pub prepared: PreparedTx,
    /// The signed inner envelope.
    pub inner: Vec<u8>,
    /// The envelope to send: the inner one wrapped in a fee-bump, where the client wraps.
    pub envelope: Vec<u8>,
    /// Hash of `envelope`'s transaction (hex); equals `prepared.hash` when not wrapped.
    pub hash: String,
}

/// What the network says to a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Submission {
    /// Taken, or had already: poll by hash.
    Accepted,
    /// Not now: same bytes, later.
    TryAgainLater,
    /// Fee too low for now: fee-bump the same inner transaction.
    InsufficientFee,
    /// The sequence number is used or ahead: look the hash up first, it may be applied.
    BadSequence,
    /// Past its time bounds: prove absence, then build anew.
    TooLate,
    /// Needs another simulation (resources, archived entries).
    Resimulate {
        /// The network's words.
        reason: String,
    },
    /// Never: typed and terminal.
    Refused(Refused),
}

/// The chain's refusal of an effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The contract's error number (kolo-rules' `Refusal` from 100), when it was a contract.
    pub contract_code: Option<u32>,
    /// The network's result code or message, for the operator's log.
    pub reason: String,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// Applied.
    Confirmed {
        /// In which ledger.
        ledger: u32,
        /// When that closed.
        closed_at: Timestamp,
        /// Fee charged, stroops of XLM.
        fee: i64,
    },
    /// In a ledger, but failed: fee taken, sequence used, no effect.
    Failed {
        /// Why.
        refused: Refused,
        /// What it was built on has changed meanwhile, so that it asked for too little: built anew it may
        /// succeed, or be refused with a reason.
        outdated: bool,
        /// Fee charged, stroops of XLM.
        fee: i64,
    },
    /// Not in any ledger the node knows.
    NotFound {
        /// Close time of the latest ledger.
        latest_closed_at: Timestamp,
        /// The number of that ledger.
        latest_ledger: u32,
        /// Whether the node's history reaches back to before the transaction could have been sent.
        history_covers: bool,
        /// The sequence number the source account has used last, as of that ledger or a later one; below the
        /// transaction's it proves that no ledger has it. `None`: not asked for, since history covers it or
        /// it may still be applied, or the node could not tell.
        source_sequence: Option<i64>,
    },
}

/// Why a transaction could not be prepared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The chain would refuse the effect now.
    #[error("the chain refuses: {}", .0.reason)]
    Refused(Refused),
    /// The effect has happened already (e.g. the account exists as wanted).
    #[error("already done")]
    AlreadyDone,
    /// The account that is to send it, or to get a trustline, is not on the chain.
    #[error("the account {account}, which it needs, does not exist: create it")]
    NoSource {
        /// Which account.
        account: ChainAddress,
        /// Close time of a ledger in which it was missing.
        as_of: Timestamp,
    },
    /// The adapter failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

error_codes! {
    PrepareError {
        Refused = "chain.refused" Permanent:
            "the chain would refuse the effect now", "look at the contract's number, below";
        AlreadyDone = "chain.already_done" Permanent:
            "the effect has happened already", "nothing: take it as done";
        NoSource = "chain.no_source" Permanent:
            "the account that the transaction needs does not exist", "create it";
    } within {
        Port = PortError::code;
    }
}

/// The prepared bytes are not the intent's: do not sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the prepared transaction differs from the intent in {field}: it was not signed")]
pub struct Mismatch {
    /// Which field differs.
    pub field: String,
}

error_codes! {
    struct Mismatch = "chain.mismatch" Permanent:
        "the prepared transaction is not what was wanted, so it was not signed",
        "distrust the node: compare it with another";
}

/// A transaction would cost more than the operator allows: it waits until the network asks for less, or the
/// operator allows more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error(
    "a fee of {wanted} stroops is above the operator's ceiling of {ceiling}: it waits; raise the ceiling if it must not"
)]
pub struct FeeCeiling {
    /// What it would have to bid, stroops of XLM.
    pub wanted: i64,
    /// What it may cost at most, stroops of XLM.
    pub ceiling: i64,
}

error_codes! {
    struct FeeCeiling = "chain.fee_ceiling" Temporary:
        "the network asks for a higher fee than the operator's ceiling allows: the transaction waits",
        "wait, or raise the ceiling (`max_fee`)";
}

/// A node says that the chain is further than it can be: what counts from there would be good for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the node counts a consent's validity up to ledger {until}, while no more than {plausible} is plausible: it was not signed; ask another node"
)]
pub struct TooFarAhead {
    /// The last ledger in which the consent would be good.
    pub until: u32,
    /// The last one that is plausible.
    pub plausible: u32,
}

error_codes! {
    struct TooFarAhead = "chain.too_far_ahead" Permanent:
        "the node says that the chain is further than it can be, so that a consent would be good for too long: it was not signed",
        "distrust the node: compare its latest ledger with another's";
}

/// Where the follower is; opaque to everybody but the adapter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainCursor(pub String);

/// A page of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainEvents {
    /// In order, each once.
    pub events: Vec<ChainEvent>,
    /// Where to go on.
    pub next: ChainCursor,
    /// True when there may be more right now.
    pub more: bool,
    /// Every event of ledgers up to this one is in this page or before it; 0: not known.
    pub through: u32,
    /// Set when history between the cursor and the first event is lost to this node.
    pub gap: Option<LostHistory>,
}

/// Ledgers whose events the node does not have any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostHistory {
    /// The first of them.
    pub from: u32,
    /// The last of them.
    pub to: u32,
}

impl LostHistory {
    /// Whether what happened in that ledger is lost.
    #[must_use]
    pub const fn contains(&self, ledger: u32) -> bool {
        self.from <= ledger && ledger <= self.to
    }
}

/// A circle as it is on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircleOnChain {
    /// What `kolo_rules::Circle::decode` reads (the contract may write more room for the same state than
    /// `encode` would); `None` when the circle is finished and deleted, and when its code is not known
    /// ([`ChainClient::knows_code`]): nobody can tell what that keeps.
    pub state: Option<Vec<u8>>,
    /// Members in seat order; empty when finished.
    pub members: Vec<ChainAddress>,
    /// The vault's balance.
    pub vault: Amount,
    /// The rules it was made with; `None` when the contract does not say.
    pub rules: Option<Rules>,
    /// SHA-256 of the wasm it runs; `None` when it runs none.
    pub code: Option<[u8; 32]>,
    /// The ledger all of this is of: events up to it are contained, later ones are not.
    pub ledger: u32,
}

/// What addresses hold, as one ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalancesOnChain {
    /// In the order asked for.
    pub amounts: Vec<Amount>,
    /// The ledger they are of: events up to it are contained, later ones are not.
    pub ledger: u32,
}

/// The chain's latest ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatestLedger {
    /// Its number.
    pub sequence: u32,
    /// When it closed.
    pub closed_at: Timestamp,
}

/// The settlement rail.
///
/// Guarantees asked of an adapter: `prepare`, `verify` and look-ups change nothing; `submit` may be
/// repeated with the same bytes; `events_after` delivers each event at least once, in order, also
/// over restarts.
#[async_trait]
pub trait ChainClient: Send + Sync {
    /// The address of the account whose master key this is.
    fn account_address(&self, key: &PublicKey) -> ChainAddress;

    /// The assets it follows: the host's list must be the same, or [`crate::Kolo::try_new`] refuses. `None`:
    /// whatever it is asked for.
    fn assets(&self) -> Option<Vec<Asset>>;

    /// The 32-byte contract id of an asset.
    ///
    /// # Errors
    /// When the asset's code or issuer is not valid on this chain.
    fn asset_contract(&self, asset: &Asset) -> Result<[u8; 32], PortError>;

    /// Where [`ChainEffect::CreateCircle`] will put the circle.
    ///
    /// # Errors
    /// When the organiser is not an address of this chain.
    fn circle_address(
        &self,
        organiser: &ChainAddress,
        salt: &[u8; 32],
    ) -> Result<ChainAddress, PortError>;

    /// Whether a circle of this code (SHA-256 of its wasm) keeps the rules: one that was released, or one the
    /// operator vouches for. What a circle of any other code says is a stranger's word: nothing is booked
    /// from it.
    fn knows_code(&self, wasm: &[u8; 32]) -> bool;

    /// What an invitation key signs to let `joiner` in.
    ///
    /// # Errors
    /// When an address is not one of this chain.
    fn invitation_message(
        &self,
        circle: &ChainAddress,
        joiner: &ChainAddress,
    ) -> Result<Vec<u8>, PortError>;

    /// What the vault signs (SHA-256 of it) for a message of a member's: led by the chain's own word for
    /// messages, so that it can never be a transaction.
    ///
    /// # Errors
    /// When the message is too long, or the chain has no signed messages.
    fn message_payload(&self, message: &[u8]) -> Result<Vec<u8>, PortError>;

    /// Builds and simulates the transaction for an effect.
    async fn prepare(&self, effect: &ChainEffect) -> Result<PreparedTx, PrepareError>;

    /// Decodes the payload again and compares every field with the effect and this network; so each
    /// consent in it, signed or not yet, and what is to be signed for that.
    ///
    /// # Errors
    /// [`Mismatch`] naming the first field that differs: the caller must not sign.
    fn verify(&self, effect: &ChainEffect, tx: &PreparedTx) -> Result<(), Mismatch>;

    /// Puts the signatures of [`PreparedTx::authorisations`] in, with which the transaction's own bytes
    /// change: they are to be verified again before they are signed. Without authorisations, the
    /// transaction as it is.
    ///
    /// # Errors
    /// [`PrepareError::Refused`] when the chain would refuse it now; when a signature is missing or does
    /// not verify. The method as it stands here is for chains that ask for no such consents.
    async fn authorise(
        &self,
        effect: &ChainEffect,
        tx: &PreparedTx,
        signatures: &[(PublicKey, Signature)],
    ) -> Result<PreparedTx, PrepareError> {
        let _ = (effect, signatures);
        if tx.authorisations.is_empty() {
            return Ok(tx.clone());
        }
        let what = "this chain client takes no consents apart from the transaction";
        Err(PortError::new(PortErrorKind::Invalid, Retry::Permanent, what).into())
    }

    /// Puts signatures on. The result is what is persisted and sent. Where the client wraps in a
    /// fee-bump, it returns [`Assembled::NeedsFeeBump`] first.
    ///
    /// # Errors
    /// When a signer is missing or a signature does not verify.
    fn assemble(
        &self,
        tx: &PreparedTx,
        signatures: &[(PublicKey, Signature)],
    ) -> Result<Assembled, PortError>;

    /// Finishes a fee-bump with the fee account's signature.
    ///
    /// # Errors
    /// When the signature does not verify.
    fn finish(&self, bump: &FeeBump, signature: &Signature) -> Result<SignedTx, PortError>;

    /// A fee-bump with a higher fee around the same inner transaction.
    ///
    /// # Errors
    /// When the operator's fee ceiling is reached.
    fn bump_again(&self, tx: &SignedTx) -> Result<FeeBump, PortError>;

    /// Sends the envelope.
    async fn submit(&self, tx: &SignedTx) -> Result<Submission, PortError>;

    /// What became of it, by the hash of the envelope and of the inner transaction.
    async fn look_up(&self, tx: &SignedTx) -> Result<Fate, PortError>;

    /// Events of our factory, our circles and the configured assets after a cursor (`None`: from the beginning).
    async fn events_after(
        &self,
        cursor: Option<&ChainCursor>,
        limit: usize,
    ) -> Result<ChainEvents, PortError>;

    /// The latest ledger.
    async fn latest(&self) -> Result<LatestLedger, PortError>;

    /// What an address holds of an asset (zero without a trustline).
    async fn balance(&self, address: &ChainAddress, asset: &Asset) -> Result<Amount, PortError>;

    /// When the first of what a circle needs (`None`: of what all circles share) will be archived unless
    /// [`ChainEffect::Prolong`] is brought about; a moment in the past: something is. `None`: nothing ever is.
    async fn lifetime(
        &self,
        circle: Option<&ChainAddress>,
        asset: &Asset,
    ) -> Result<Option<Timestamp>, PortError>;

    /// What several addresses (100 at most) hold of an asset, all of one ledger.
    ///
    /// # Errors
    /// A temporary one when they could not be read as one ledger has them.
    async fn balances(
        &self,
        addresses: &[ChainAddress],
        asset: &Asset,
    ) -> Result<BalancesOnChain, PortError>;

    /// A circle's state and vault; `None` when there is no such contract.
    async fn circle(
        &self,
        circle: &ChainAddress,
        asset: &Asset,
    ) -> Result<Option<CircleOnChain>, PortError>;
}

/// What [`ChainClient::assemble`] yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assembled {
    /// Ready to persist and send.
    Ready(SignedTx),
    /// The fee account must sign `payload` too.
    NeedsFeeBump(FeeBump),
}

/// A fee-bump to be signed by the fee account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeBump {
    /// What was prepared.
    pub prepared: PreparedTx,
    /// The signed inner envelope.
    pub inner: Vec<u8>,
    /// The bytes whose SHA-256 the fee account signs.
    pub payload: Vec<u8>,
    /// Who signs.
    pub signer: PublicKey,
}
