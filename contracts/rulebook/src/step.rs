#![allow(
    missing_docs,
    reason = "documentation comments would be in the wasm: the variants have theirs"
)]
use soroban_sdk::{Address, BytesN, contracttype};

// Every step of a circle, with who takes it first. Whoever is said to take it must sign the call.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    // The circle itself, as it is made: an organiser with a turn is a member.
    Found(Option<u32>),
    // Organiser: one place for an address, or for whoever holds a one-time key; its turn; until when.
    Invite(Option<Address>, Option<BytesN<32>>, Option<u32>, u64),
    // Organiser: takes an invitation back.
    Revoke(Option<Address>, Option<BytesN<32>>),
    // Member: accepts the rules by their hash, and the turn where the order is fixed, and takes the
    // place, with the key and signature of an invitation by key; starts a circle that is full.
    Join(Address, BytesN<32>, Option<u32>, Option<BytesN<32>>, Option<BytesN<64>>),
    // Who asks: for a place, accepting the rules by their hash.
    Request(Address, BytesN<32>),
    // Organiser: gives who asked a seat; starts a circle that is full.
    Approve(Address, Option<u32>),
    // Organiser: turns a request down.
    Reject(Address),
    // Member: before the start. Takes a request back, too.
    Leave(Address),
    // Organiser: removes a member before the start.
    Remove(Address),
    // Organiser: starts with at least the minimum of members.
    Start,
    // Organiser: before the start.
    Cancel,
    // Member: commits to SHA-256(circle ‖ member ‖ secret) for the draw, and pays the bond.
    Commit(Address, BytesN<32>),
    // Anyone: reveals the member's secret. The last one draws the order.
    Reveal(Address, BytesN<32>),
    // Member: pays exactly what is due before the first round.
    Secure(Address, i128),
    // Anyone: goes on when the time of a step before the first round is over.
    Proceed,
    // Member: pays exactly what is due for the round.
    Contribute(Address, u32, i128),
    // Anyone: pays the pot of the round to whose turn it is.
    Payout(u32),
    // Anyone: delivers a credit, to its owner only.
    Push(Address),
    // Member: pays debts back.
    Repay(Address, i128),
    // Member: asks for so much of the round's pot, in an auction.
    Bid(Address, u32, i128),
    // Member: has the insurance pay, in this round, for who has not, so much, once grace is over.
    ClaimInsurance(Address, u32, Address, i128),
    // Both members: change their turns, which are these now.
    Swap(Address, Address, u32, u32),
    // Member who has not had the pot: leaves after the current round.
    Exit(Address),
    // Member: opens a vote with their own yes. 0 dissolve, 1 expel, 2 replace, 3 move; about whom; who
    // is to sit there.
    Propose(Address, u32, Option<Address>, Option<Address>),
    // Member: one vote, which may be changed until it is decided.
    Vote(Address, u32, bool),
    // Both: the newcomer takes the leaver's seat, which has this turn, over for exactly this price.
    Replace(Address, Address, u32, i128),
    // Anyone: moves the seat to the address voted on, after the delay.
    CompleteMove(Address),
    // Member: objects to their seat being moved.
    Object(Address),
    // Member: signs for another code of the circle.
    SignUpgrade(Address, BytesN<32>),
    // Anyone: changes the code, seven days after everybody with a claim has signed for it.
    Upgrade(BytesN<32>),
    // Anyone: pays the member what they may claim after dissolving.
    Claim(Address),
    // Anyone: makes the books agree with what the vault really holds.
    Sync,
    // Anyone: keeps codes, instances, entries and the vault's balance alive.
    ExtendTtl,
}
