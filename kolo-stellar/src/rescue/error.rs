//! Why a rescue did not work.
use kolo_core::Timestamp;
use kolo_core::error_codes;
use kolo_core::port::chain::{ChainAddress, Mismatch, PrepareError, Refused};
use kolo_core::port::{PortError, PortErrorKind};
use kolo_rules::{Amount, Refusal};

use super::Settled;
use crate::rpc::RpcError;

/// Why a rescue did not work. Never tells a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RescueError {
    /// The node is on another network.
    #[error("the node is on \"{found}\", not on \"{wanted}\": use a node of the network you mean")]
    OtherNetwork {
        /// The node's passphrase.
        found: String,
        /// The one asked for.
        wanted: String,
    },
    /// Nobody pays the fees.
    #[error(
        "{0} has no XLM to pay the fees with: send it some, or give the key of an account that has"
    )]
    NoPayer(ChainAddress),
    /// No contract there, or none of a circle's form.
    #[error("{0} is no circle: check the address and the network")]
    NoCircle(ChainAddress),
    /// A circle's form, but another code.
    #[error("{circle} runs the code {code}, which this program does not know: no money goes there")]
    UnknownCode {
        /// Which circle.
        circle: ChainAddress,
        /// SHA-256 of its wasm, hex.
        code: String,
    },
    /// The key is not one of a member of that circle.
    #[error("{member} has no seat in {circle}: give the circle, or the key, that belongs to it")]
    NotMember {
        /// Which circle.
        circle: ChainAddress,
        /// Whose key it is.
        member: ChainAddress,
    },
    /// All is settled there.
    #[error("{0} is finished: nothing is left in it")]
    Finished(ChainAddress),
    /// Nothing of that kind is to be done now.
    #[error("there is nothing to {0} now")]
    Nothing(&'static str),
    /// What is asked for now is paid already; this would be the next in advance.
    #[error(
        "nothing is due now: what could be paid is round {round} in advance; say that you want that"
    )]
    Ahead {
        /// Which round.
        round: u8,
        /// How much, minor units.
        amount: Amount,
    },
    /// The member has not confirmed it.
    #[error("not confirmed: nothing was signed")]
    Declined,
    /// The nodes do not say the same.
    #[error("the nodes do not agree on {0}: one of them lies or lags; ask others")]
    NodesDisagree(&'static str),
    /// The node is at another time.
    #[error(
        "the node's latest ledger is of {}, the clock here says {} (Unix seconds): set the clock, or ask another node",
        node.unix(), clock.unix()
    )]
    WrongTime {
        /// When the node's latest ledger closed.
        node: Timestamp,
        /// What the clock says.
        clock: Timestamp,
    },
    /// Some of it is done; then something failed.
    #[error("{because}; done before that: {}", hashes(.settled))]
    Partly {
        /// What is done, in order.
        settled: Vec<Settled>,
        /// What failed then.
        #[source]
        because: Box<RescueError>,
    },
    /// The chain would refuse, or refused.
    #[error("the chain refuses: {}", told(.0))]
    Refused(Refused),
    /// What was prepared is not what was wanted.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// It was never taken into a ledger, and cannot be any more.
    #[error("transaction {hash} was not taken in time and can not be any more: try again")]
    Expired {
        /// Its hash, hex.
        hash: String,
    },
    /// Its fate is not known.
    #[error("what became of transaction {hash} is not known: look it up before you try again")]
    Unknown {
        /// Its hash, hex.
        hash: String,
    },
    /// The node.
    #[error(transparent)]
    Port(#[from] PortError),
}

fn hashes(settled: &[Settled]) -> String {
    settled.iter().map(|done| done.hash.as_str()).collect::<Vec<_>>().join(", ")
}

error_codes! {
    RescueError {
        OtherNetwork = "rescue.other_network" Permanent:
            "the node is on another network", "use a node of the network you mean";
        NoPayer = "rescue.no_payer" Permanent:
            "the account that is to pay the fees has no XLM",
            "send it some, or give the key of an account that has";
        NoCircle = "rescue.no_circle" Permanent:
            "there is no circle at that address", "check the address and the network";
        UnknownCode = "rescue.unknown_code" Permanent:
            "the circle runs a code that is not known", "read that code; then say that you trust it";
        NotMember = "rescue.not_member" Permanent:
            "the key has no seat in that circle", "give the circle, or the key, that belongs to it";
        Finished = "rescue.finished" Permanent:
            "the circle is finished", "nothing: nothing is left in it";
        Nothing = "rescue.nothing" Permanent:
            "there is nothing of that kind to be done", "look at what is due and owed";
        Refused = "rescue.refused" Permanent:
            "the chain refuses", "read its reason";
        Expired = "rescue.expired" Temporary:
            "the transaction was not taken in time", "try again";
        Unknown = "rescue.unknown" Unknown:
            "what became of the transaction is not known", "look it up by its hash before you try again";
        Ahead = "rescue.ahead" Permanent:
            "nothing is due; it would be paid in advance", "say that you want to pay ahead, if you do";
        Declined = "rescue.declined" Permanent:
            "the step was not confirmed", "nothing: nothing was signed";
        Partly = "rescue.partly" Unknown:
            "some of it is done, then something failed", "look at what failed; what is named is done";
        NodesDisagree = "rescue.nodes_disagree" Temporary:
            "the nodes asked do not say the same", "ask others: one of them lies or lags";
        WrongTime = "rescue.wrong_time" Temporary:
            "the node's latest ledger is far from the local time", "set the clock, or ask another node";
    } within {
        Mismatch = Mismatch::code;
        Port = PortError::code;
    }
}

/// The contract's number in words, where it is one of the rules'.
fn told(refused: &Refused) -> String {
    match refused.contract_code.and_then(Refusal::from_code) {
        Some(refusal) => refusal.advice().to_owned(),
        None => refused.reason.clone(),
    }
}

impl From<RpcError> for RescueError {
    fn from(error: RpcError) -> Self {
        Self::Port(error.into())
    }
}

impl From<PrepareError> for RescueError {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::Refused(refused) => Self::Refused(refused),
            PrepareError::AlreadyDone => Self::Nothing("do: it is done already,"),
            PrepareError::Port(error) => Self::Port(error),
            other => Self::Port(
                PortError::new(
                    PortErrorKind::Other,
                    kolo_core::port::Retry::Permanent,
                    "preparing the transaction",
                )
                .because(other),
            ),
        }
    }
}
