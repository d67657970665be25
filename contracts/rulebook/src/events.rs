//! What the circle announces: topic 0 is the name, `#[topic]` fields follow, the rest is a map.
#![allow(
    missing_docs,
    reason = "documentation comments would be in the wasm: the fields' names are the interface; the guide explains them"
)]
pub use kolo_contract_common::events::{ContributionMade, PayoutMade};
use soroban_sdk::{Address, BytesN, Vec, contractevent, contracttype};

// Who is invited: an address, or whoever holds the secret of a one-time ed25519 key. Never a phone
// number, a name, or a hash of one.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invitation {
    // This address.
    Address(Address),
    // Whom this key names by a signature.
    Key(BytesN<32>),
}

// The organiser invited somebody.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationAdded {
    pub invitation: Invitation,
    pub turn: Option<u32>,
    pub expires_at: u64,
}

// The organiser took an invitation back.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRevoked {
    pub invitation: Invitation,
}

// Somebody took a seat; turn 0 while not fixed.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipantJoined {
    #[topic]
    pub member: Address,
    pub seat: u32,
    pub turn: u32,
}

// Somebody left, or was removed, before the start; later seats moved down by one.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipantLeft {
    #[topic]
    pub member: Address,
    pub removed: bool,
}

// The rotation has begun; the members by turn.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupStarted {
    pub started_at: u64,
    pub order: Vec<Address>,
}

// A credit reached its owner.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditPushed {
    #[topic]
    pub member: Address,
    pub amount: i128,
}

// A member paid debts back; creditors who could not be paid have a credit now.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebtRepaid {
    #[topic]
    pub member: Address,
    pub amount: i128,
    pub credited: Vec<Address>,
}

// A vote is open; the proposer has voted yes. 0 dissolve, 1 expel, 2 replace, 3 move.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalMade {
    #[topic]
    pub member: Address,
    pub proposal: u32,
    pub motion: u32,
    pub subject: Option<Address>,
    pub newcomer: Option<Address>,
    pub electorate: u32,
    pub expires_at: u64,
}

// A member voted.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoteCast {
    #[topic]
    pub member: Address,
    pub proposal: u32,
    pub approve: bool,
}

// The proposal cannot pass any more.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalRejected {
    pub proposal: u32,
}

// No contribution and no payout any more: 1 completed, 2 dissolved, 3 cancelled.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupClosed {
    pub reason: u32,
}

// A member was paid what they could claim after dissolving.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundClaimed {
    #[topic]
    pub member: Address,
    pub amount: i128,
}

// The vault held more or less than the books said, and the books follow.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    pub surplus: i128,
    pub shortfall: i128,
}

// Somebody asks for a place.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRequested {
    #[topic]
    pub member: Address,
}

// A request was turned down, or taken back.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRejected {
    #[topic]
    pub member: Address,
}

// Membership is closed, and something is to be done before the first round: 5 commitments for the
// draw, 7 deposits.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GettingReady {
    pub phase: u32,
}

// A member committed to a secret and paid the bond.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawCommitted {
    #[topic]
    pub member: Address,
    pub commitment: BytesN<32>,
}

// A member's secret was revealed.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawRevealed {
    #[topic]
    pub member: Address,
    pub secret: BytesN<32>,
}

// The order was drawn by this seed.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderDrawn {
    pub seed: BytesN<32>,
}

// A member paid in what is due before the first round.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositMade {
    #[topic]
    pub member: Address,
    pub amount: i128,
}

// The time of this phase before the first round was over.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupExpired {
    pub phase: u32,
}

// A member bids for the round.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BidMade {
    #[topic]
    pub member: Address,
    pub round: u32,
    pub amount: i128,
}

// The insurance paid for who had not.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsuranceClaimed {
    #[topic]
    pub member: Address,
    pub round: u32,
    pub defaulter: Address,
    pub amount: i128,
}

// Two members changed turns.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnsSwapped {
    #[topic]
    pub a: Address,
    #[topic]
    pub b: Address,
    pub deposit: i128,
}

// A member leaves after the current round.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExitAnnounced {
    #[topic]
    pub member: Address,
}

// A member was expelled by vote.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberExpelled {
    #[topic]
    pub member: Address,
}

// A newcomer bought a seat.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatSold {
    #[topic]
    pub leaver: Address,
    #[topic]
    pub newcomer: Address,
    pub price: i128,
    pub deposit: i128,
}

// A seat went to another address of its member.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatMoved {
    #[topic]
    pub from: Address,
    #[topic]
    pub to: Address,
}

// A member whose seat was to be moved objected.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveObjected {
    #[topic]
    pub member: Address,
}

// A member signed for another code of the circle.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpgradeSigned {
    #[topic]
    pub member: Address,
    pub wasm: BytesN<32>,
}

// The circle has this code now.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgraded {
    pub wasm: BytesN<32>,
}
