//! What is done on a stage, every figure decided.

use std::fmt;

use kolo_rules::Amount;
use kolo_rules::circle::Motion;

use super::scenario::Place;

/// Something somebody does. People and circles are numbered as in the scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// Calls a circle's contract.
    Call {
        /// Which circle.
        circle: usize,
        /// Who really signs; the first of them, or else somebody who is nobody, sends it.
        signers: Vec<usize>,
        /// What is called.
        call: Call,
    },
    /// A person sends money.
    Send {
        /// Who.
        from: usize,
        /// To whom.
        to: Place,
        /// How much.
        amount: Amount,
    },
    /// The issuer makes money.
    Mint {
        /// For whom.
        to: Place,
        /// How much.
        amount: Amount,
    },
    /// A person changes, adds or removes their trustline.
    Trustline {
        /// Who.
        who: usize,
        /// The most it lets them have; `None` removes it.
        limit: Option<Amount>,
    },
    /// The issuer freezes or thaws somebody's money.
    Freeze {
        /// Whose.
        place: Place,
        /// Freeze, else thaw.
        frozen: bool,
    },
    /// The issuer takes money back.
    Clawback {
        /// From whom.
        from: Place,
        /// How much.
        amount: Amount,
    },
}

/// What is drawn with. Nobody sees it before it is revealed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret(pub [u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A call of a circle's contract; the contract's entry points by name. All amounts are minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the contract's own names and arguments")]
pub enum Call {
    Invite { member: usize, turn: Option<u32>, expires_at: u64 },
    Revoke { member: usize },
    Join { member: usize, turn: Option<u32> },
    Request { member: usize },
    Approve { member: usize, turn: Option<u32> },
    Reject { member: usize },
    Leave { member: usize },
    Remove { member: usize },
    Start,
    Cancel,
    Commit { member: usize, secret: Secret },
    Reveal { member: usize, secret: Secret },
    Secure { member: usize, amount: Amount },
    Proceed,
    Contribute { member: usize, round: u32, amount: Amount },
    Payout { round: u32 },
    Push { member: usize },
    Repay { member: usize, amount: Amount },
    Bid { member: usize, round: u32, amount: Amount },
    ClaimInsurance { member: usize, round: u32, defaulter: usize, amount: Amount },
    Swap { a: usize, b: usize, turns: [u32; 2] },
    Exit { member: usize },
    Propose { member: usize, motion: Motion, subject: Option<usize>, newcomer: Option<usize> },
    Vote { member: usize, proposal: u32, approve: bool },
    Replace { leaver: usize, newcomer: usize, turn: u32, price: Amount },
    CompleteMove { member: usize },
    Object { member: usize },
    Claim { member: usize },
    Sync,
}

impl Call {
    /// Who has to sign it.
    #[must_use]
    pub fn must_sign(&self, organiser: usize) -> Vec<usize> {
        match *self {
            Self::Invite { .. }
            | Self::Revoke { .. }
            | Self::Approve { .. }
            | Self::Reject { .. }
            | Self::Remove { .. }
            | Self::Start
            | Self::Cancel => vec![organiser],
            Self::Join { member, .. }
            | Self::Request { member }
            | Self::Leave { member }
            | Self::Commit { member, .. }
            | Self::Secure { member, .. }
            | Self::Contribute { member, .. }
            | Self::Repay { member, .. }
            | Self::Bid { member, .. }
            | Self::ClaimInsurance { member, .. }
            | Self::Exit { member }
            | Self::Propose { member, .. }
            | Self::Vote { member, .. }
            | Self::Object { member } => vec![member],
            Self::Swap { a, b, .. } => vec![a, b],
            Self::Replace { leaver, newcomer, .. } => vec![leaver, newcomer],
            Self::Reveal { .. }
            | Self::Proceed
            | Self::Payout { .. }
            | Self::Push { .. }
            | Self::CompleteMove { .. }
            | Self::Claim { .. }
            | Self::Sync => vec![],
        }
    }

    /// Whether everybody who has to sign does, each once (nobody can sign a call in two places).
    #[must_use]
    pub fn is_signed(&self, organiser: usize, signers: &[usize]) -> bool {
        let must = self.must_sign(organiser);
        let twice = matches!(must[..], [a, b] if a == b);
        !twice && must.iter().all(|one| signers.contains(one))
    }
}
