//! The rotating circle: its rules, its state, and every step it can take.
//!
//! Members are seats here (index = order of joining); who sits there is the caller's business: the
//! contract keeps addresses, the server keeps member ids. Every step either succeeds, or refuses
//! with a [`Refusal`] and changes nothing. `now` is always the ledger's close time in Unix seconds.
use crate::{Amount, Interval};

pub const MAX_MEMBERS: usize = 64;

/// Turn = position in the payout order, 1-based. 0 = not fixed yet.
pub type Turn = u8;

/// Order::Join: turn = order of joining. Order::Fixed: every invitation names its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order { Join = 0, Fixed = 1 }

/// What happens when a pot is short after deadline + grace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shortfall { ShortPot = 0, Wait = 1 }

/// What a circle is about, fixed at creation. `encode` is what is hashed (SHA-256) and accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The 32-byte contract id of the asset.
    pub asset: [u8; 32],
    /// Seats, 2..=64: the circle starts by itself when all are taken.
    pub seats: u8,
    /// The organiser may start with this many, 2..=seats.
    pub min_members: u8,
    /// c > 0.
    pub contribution: Amount,
    /// m ≥ 1.
    pub instalments_per_round: u8,
    pub interval: Interval,
    /// Within ±14 h.
    pub utc_offset_s: i32,
    pub grace_s: u32,
    pub order: Order,
    pub shortfall: Shortfall,
    /// May instalments be paid before their period begins?
    pub advance: bool,
    /// How long a proposal is open, > 0.
    pub vote_period_s: u32,
}

/// Bytes of [`Rules::encode`].
pub const RULES_LEN: usize = 80;

impl Rules {
    pub fn validate(&self) -> Result<(), Refusal> { todo!() }
    /// Canonical, versioned, fixed length, big endian, zero padded.
    pub fn encode(&self) -> [u8; RULES_LEN] { todo!() }
    pub fn decode(_bytes: &[u8]) -> Result<Self, Refusal> { todo!() }
    /// n·c·m for n members.
    pub fn pot(&self, _members: u8) -> Result<Amount, Refusal> { todo!() }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase { Forming = 0, Active = 1, Completed = 2, Dissolved = 3, Cancelled = 4 }

/// One member's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    pub turn: Turn,
    /// Instalments paid per round (index = round − 1), 0..=m.
    pub instalments: [u8; MAX_MEMBERS],
    /// Debt per paid-out round to that round's recipient.
    pub owed: [Amount; MAX_MEMBERS],
    /// *Paid* and *received* of the rules; net claim = paid − received.
    pub paid: Amount,
    pub received: Amount,
    /// Instalments not paid in time (strictly after deadline + grace, or never).
    pub late: u16,
    /// An undeliverable payout (or share of the reserve), waiting to be pushed.
    pub credit: Amount,
    /// After dissolving: what may be claimed now; what is still missing of the net claim; what is owed.
    pub claimable: Amount,
    pub uncovered: Amount,
    pub debt: Amount,
    /// What a shortfall found by `sync` took from this member.
    pub lost: Amount,
}

/// An open vote to dissolve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal { pub id: u32, pub electorate: u8, pub yes: u64, pub no: u64, pub expires_at: u64 }

/// The whole mutable state of a circle. Fixed size, `Clone` but deliberately not `Copy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    pub phase: Phase,
    pub started_at: u64,
    /// Rounds paid out so far; the current round is this + 1.
    pub rounds_paid: u8,
    pub reserve: Amount,
    /// What the vault holds for each round not yet paid out (index = round − 1).
    pub held: [Amount; MAX_MEMBERS],
    pub proposal: Option<Proposal>,
    pub proposals: u32,
    len: u8,
    seats: [Seat; MAX_MEMBERS],
}

/// What a member may pay now, and since when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The round to name in `contribute`.
    pub round: u8,
    /// The exact amount to name; zero when nothing can be paid now.
    pub amount: Amount,
    /// True when it is an advance payment (nothing is owed yet).
    pub advance: bool,
    /// Deadline of the earliest unpaid instalment in it (Unix seconds), and the moment it becomes late.
    pub deadline: u64,
    pub late_after: u64,
}

/// Whether the next payout can be made (PO-4): a pure function of rules, state and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayoutStatus {
    /// Not active.
    None,
    /// Payable now; `short` says how much the pot lacks.
    Ready { round: u8, seat: u8, amount: Amount, short: Amount },
    /// Complete, but its date has not come.
    NotBefore { round: u8, seat: u8, at: u64 },
    /// Somebody has not paid: at `at` the shortfall policy lets it go.
    Waiting { round: u8, seat: u8, missing: Amount, at: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined { pub seat: u8, pub turn: Turn, pub started: bool }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contributed { pub instalments: u8, pub late: bool }
/// `seat` gets `amount` (may be zero); `completed` when it was the last round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payout { pub round: u8, pub seat: u8, pub amount: Amount, pub completed: bool }
/// Who gets what of a repayment (before completion: creditors oldest round first; after dissolving:
/// everybody's `claimable` grows and `to` stays empty).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repaid { pub to: [Amount; MAX_MEMBERS] }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VoteOutcome { Open, Passed, Rejected }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synced { pub surplus: Amount, pub shortfall: Amount }

/// Why a step is refused. The numbers are the contract's error codes and never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u32)]
pub enum Refusal {
    // rules
    BadRules = 100, BadEncoding = 101, Overflow = 102,
    // membership
    Full = 110, AlreadyMember = 111, NotMember = 112, TurnTaken = 113, BadTurn = 114, TooFewMembers = 115,
    // phase
    NotForming = 120, NotActive = 121, NotDissolved = 122, AlreadyStarted = 123, Finished = 124,
    // contributing
    WrongRound = 130, WrongAmount = 131, NothingDue = 132, RoundPaidOut = 133, NotYetOpen = 134,
    // payout
    TooEarly = 140, Incomplete = 141, NoCredit = 142,
    // debts and claims
    NoDebt = 150, TooMuch = 151, NothingToClaim = 152,
    // votes
    NoProposal = 160, ProposalOpen = 161, AlreadyVoted = 162, VoteClosed = 163,
}

impl Circle {
    /// Forming and empty; the organiser, when a member, joins first like anybody else.
    pub fn new() -> Self { todo!() }
    pub fn len(&self) -> u8 { self.len }
    pub fn is_empty(&self) -> bool { self.len == 0 }
    pub fn seats(&self) -> &[Seat] { &self.seats[..usize::from(self.len)] }
    /// The seat whose turn it is in `round`.
    pub fn seat_of_turn(&self, _round: u8) -> Option<u8> { todo!() }
    /// `turn`: None for Order::Join, the invitation's for Order::Fixed. Starts when the last seat is taken.
    pub fn join(&mut self, _rules: &Rules, _turn: Option<Turn>, _now: u64) -> Result<Joined, Refusal> { todo!() }
    /// Before the start; later seats move down by one.
    pub fn leave(&mut self, _rules: &Rules, _seat: u8) -> Result<(), Refusal> { todo!() }
    pub fn start(&mut self, _rules: &Rules, _now: u64) -> Result<(), Refusal> { todo!() }
    /// Forming → Cancelled.
    pub fn cancel(&mut self) -> Result<(), Refusal> { todo!() }
    /// Deadline of instalment `number` (1-based over the whole cycle; round r ends at r·m).
    pub fn deadline(&self, _rules: &Rules, _number: u32) -> Option<u64> { todo!() }
    /// The payout date of `round`.
    pub fn payout_date(&self, _rules: &Rules, _round: u8) -> Option<u64> { todo!() }
    /// What `seat` may pay now: the earliest round with something owed, else (advance) the next instalment.
    pub fn due(&self, _rules: &Rules, _seat: u8, _now: u64) -> Result<Due, Refusal> { todo!() }
    /// Exactly what [`Circle::due`] says for that round, or refused.
    pub fn contribute(&mut self, _rules: &Rules, _seat: u8, _round: u8, _amount: Amount, _now: u64) -> Result<Contributed, Refusal> { todo!() }
    pub fn payout_status(&self, _rules: &Rules, _now: u64) -> PayoutStatus { todo!() }
    pub fn payout(&mut self, _rules: &Rules, _round: u8, _now: u64) -> Result<Payout, Refusal> { todo!() }
    /// The payout just made (or a repayment's part) could not be delivered: it becomes the seat's credit.
    pub fn credit(&mut self, _seat: u8, _amount: Amount) -> Result<(), Refusal> { todo!() }
    /// Takes the seat's whole credit.
    pub fn push(&mut self, _seat: u8) -> Result<Amount, Refusal> { todo!() }
    /// All the seat owes now.
    pub fn debt(&self, _seat: u8) -> Result<Amount, Refusal> { todo!() }
    pub fn repay(&mut self, _rules: &Rules, _seat: u8, _amount: Amount) -> Result<Repaid, Refusal> { todo!() }
    /// Opens the vote with the proposer's yes.
    pub fn propose_dissolve(&mut self, _rules: &Rules, _seat: u8, _now: u64) -> Result<VoteOutcome, Refusal> { todo!() }
    /// Passed → the circle is dissolved and net settlement computed, in the same step.
    pub fn vote(&mut self, _rules: &Rules, _seat: u8, _yes: bool, _now: u64) -> Result<VoteOutcome, Refusal> { todo!() }
    pub fn claim(&mut self, _seat: u8) -> Result<Amount, Refusal> { todo!() }
    /// `balance`: what the vault really holds.
    pub fn sync(&mut self, _balance: Amount) -> Result<Synced, Refusal> { todo!() }
    /// held + credits + reserve + claimable.
    pub fn liabilities(&self) -> Result<Amount, Refusal> { todo!() }
    /// Completed, dissolved or cancelled, and nothing left to pay, claim, push or repay.
    pub fn is_finished(&self) -> bool { todo!() }
    /// Compact canonical form (a circle of 3 with nothing odd about it takes well under 200 bytes);
    /// returns its length. `buf` of [`MAX_ENCODED`] is always enough.
    pub fn encode(&self, _buf: &mut [u8]) -> Result<usize, Refusal> { todo!() }
    pub fn decode(_bytes: &[u8]) -> Result<Self, Refusal> { todo!() }
}
pub const MAX_ENCODED: usize = 48 * 1024;
