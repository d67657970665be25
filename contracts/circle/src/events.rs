//! What the circle announces: topic 0 is the name, `#[topic]` fields follow, the rest is a map.
#![allow(missing_docs, reason = "the fields' names are the interface; the guide explains them")]
use soroban_sdk::{Address, Vec, contractevent};

use crate::Invitation;

/// The organiser invited somebody.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationAdded {
    pub invitation: Invitation,
    pub turn: Option<u32>,
    pub expires_at: u64,
}

/// The organiser took an invitation back.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRevoked {
    pub invitation: Invitation,
}

/// Somebody took a seat; turn 0 while not fixed.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipantJoined {
    #[topic]
    pub member: Address,
    pub seat: u32,
    pub turn: u32,
}

/// Somebody left, or was removed, before the start; later seats moved down by one.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipantLeft {
    #[topic]
    pub member: Address,
    pub removed: bool,
}

/// The rotation has begun; the members by turn.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupStarted {
    pub started_at: u64,
    pub order: Vec<Address>,
}

/// A member paid into the vault.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContributionMade {
    #[topic]
    pub member: Address,
    pub round: u32,
    pub amount: i128,
    pub late: bool,
}

/// A pot was paid out, or credited because it could not be delivered.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutMade {
    #[topic]
    pub recipient: Address,
    pub round: u32,
    pub amount: i128,
    pub credited: bool,
}

/// A credit reached its owner.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditPushed {
    #[topic]
    pub member: Address,
    pub amount: i128,
}

/// A member paid debts back; creditors who could not be paid have a credit now.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebtRepaid {
    #[topic]
    pub member: Address,
    pub amount: i128,
    pub credited: Vec<Address>,
}

/// A vote to dissolve is open; the proposer has voted yes.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DissolutionProposed {
    #[topic]
    pub member: Address,
    pub proposal: u32,
    pub electorate: u32,
    pub expires_at: u64,
}

/// A member voted.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoteCast {
    #[topic]
    pub member: Address,
    pub proposal: u32,
    pub approve: bool,
}

/// The proposal cannot pass any more.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalRejected {
    pub proposal: u32,
}

/// No contribution and no payout any more: 1 completed, 2 dissolved, 3 cancelled.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupClosed {
    pub reason: u32,
}

/// A member was paid what they could claim after dissolving.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundClaimed {
    #[topic]
    pub member: Address,
    pub amount: i128,
}

/// The vault held more or less than the books said, and the books follow.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    pub surplus: i128,
    pub shortfall: i128,
}
