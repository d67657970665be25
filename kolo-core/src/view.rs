//! What the services answer: plain data for any front end.
use kolo_rules::circle::{Due, Fee, Motion, Order, PayoutStatus, Phase, Premium, Security};
use kolo_rules::{Amount, Rules};

use crate::circle::{Action, Office, Role};
use crate::port::chain::ChainAddress;
use crate::port::channel::Contact;
use crate::{Asset, CircleId, InvitationId, MemberId, Timestamp};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberView {
    /// Who.
    pub id: MemberId,
    /// The host's own id of them.
    pub external_id: Option<String>,
    /// What to call them.
    pub name: String,
    /// E.164, when known.
    pub phone: Option<String>,
    /// Where to reach them, when they chat.
    pub contact: Option<Contact>,
    /// Their account on the chain.
    pub address: ChainAddress,
    /// Whether that account is open.
    pub account_open: bool,
    /// When they came.
    pub registered_at: Timestamp,
}

/// A wallet: the books, and the chain beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletView {
    /// Of what.
    pub asset: Asset,
    /// Settled in the books.
    pub settled: Amount,
    /// Settled less what is on its way out: what can be spent.
    pub available: Amount,
    /// On its way out.
    pub pending_out: Amount,
    /// On the chain; `None` when the chain does not answer now.
    pub on_chain: Option<Amount>,
}

/// One line of a wallet's history, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// Cursor for the next page.
    pub position: u64,
    /// Of what its amount is.
    pub asset: Asset,
    /// When.
    pub at: Timestamp,
    /// What: `deposit`, `withdrawal`, `contribution`, `payout`, `repayment`, `refund`, `credit`.
    pub kind: String,
    /// Signed: positive came in.
    pub amount: Amount,
    /// Still pending.
    pub pending: bool,
    /// Did not happen in the end (its hold was given back).
    pub voided: bool,
    /// The circle's name, if any.
    pub circle: Option<String>,
    /// The round, if any.
    pub round: Option<u8>,
    /// The chain transaction (hex hash).
    pub tx: Option<String>,
}

/// A page of history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPage {
    /// Newest first.
    pub lines: Vec<HistoryLine>,
    /// Pass as `before` for the next page; `None` at the end.
    pub next: Option<u64>,
}

/// What somebody wants a new circle to be. Bounds are the product's (days, 2..=20 members by preset).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCircle {
    /// 1 to 60 characters.
    pub name: String,
    /// What it saves in, for ever: one of the host's list ([`crate::Kolo::assets`]); `None`: the usual one.
    pub asset: Option<Asset>,
    /// c > 0.
    pub contribution: Amount,
    /// How often.
    pub every: Every,
    /// Places.
    pub seats: u8,
    /// Contributions per payout, m ≥ 1.
    pub instalments_per_round: u8,
    /// Grace after a deadline, in hours.
    pub grace_hours: u32,
    /// What happens when a pot is short.
    pub shortfall: kolo_rules::circle::Shortfall,
    /// Whether paying ahead is allowed.
    pub advance: bool,
    /// What not every group wants.
    pub options: Options,
}

/// What not every group wants; by default none of it. Amounts are of the circle's asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Who has which turn. In a fixed order every invitation names one.
    pub order: Order,
    /// The organiser's own turn: the first, but in a fixed order any.
    pub organiser_turn: u8,
    /// Whether an instalment may be paid in parts.
    pub partial: bool,
    /// The fee on a late instalment.
    pub fee: Fee,
    /// What everybody leaves in the vault before the first round.
    pub security: Security,
    /// What everybody pays into the insurance.
    pub premium: Premium,
    /// What the insurance shall hold, where premiums come with instalments; else zero.
    pub insurance_target: Amount,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            order: Order::Join,
            organiser_turn: 1,
            partial: false,
            fee: Fee::None,
            security: Security::None,
            premium: Premium::None,
            insurance_target: Amount::ZERO,
        }
    }
}

impl NewCircle {
    /// The preset: weekly, one contribution per payout, a day of grace, a short pot waits, nothing ahead.
    #[must_use]
    pub fn weekly(name: impl Into<String>, contribution: Amount, seats: u8) -> Self {
        Self {
            name: name.into(),
            asset: None,
            contribution,
            every: Every::Days(7),
            seats,
            instalments_per_round: 1,
            grace_hours: 24,
            shortfall: kolo_rules::circle::Shortfall::Wait,
            advance: false,
            options: Options::default(),
        }
    }
}

/// The contribution interval as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Every {
    /// Every so many days, 1..=90.
    Days(u16),
    /// Every month on the same day.
    Month,
    /// Every so many seconds, which are no whole days: a circle shown in real time
    /// ([`crate::Settings::day_s`]), or made by others.
    Seconds(u32),
}

/// How far a circle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CircleStage {
    /// Being written to the chain.
    Creating,
    /// The chain refused to create it.
    Failed,
    /// Its contract runs code nobody here vouches for: what it says is not followed any more.
    Foreign,
    /// As the contract says.
    OnChain(Phase),
}

/// A circle, briefly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircleSummary {
    /// Which.
    pub id: CircleId,
    /// Its name.
    pub name: String,
    /// How far it is.
    pub stage: CircleStage,
    /// Its rules.
    pub rules: Rules,
    /// SHA-256 of `rules.encode()`.
    pub rules_hash: [u8; 32],
    /// What it saves in.
    pub asset: Asset,
    /// Members now.
    pub members: u8,
    /// Who organises it.
    pub organiser: MemberId,
    /// Who holds an office, and who was asked to.
    pub officers: Vec<OfficerView>,
    /// Its contract. It can become another one until the circle is on the chain: when the list of assets changes
    /// meanwhile, another factory makes it.
    pub address: ChainAddress,
}

impl CircleSummary {
    /// The office somebody holds.
    #[must_use]
    pub fn office_of(&self, who: MemberId) -> Option<Office> {
        let found = self.officers.iter().find(|officer| officer.member == who && officer.accepted);
        found.map(|officer| officer.office)
    }

    /// Whether the organiser or an officer, as such, may do this. (What every member may with their own
    /// seat is not asked here: who sits where is in [`CircleStatus`].)
    #[must_use]
    pub fn lets(&self, who: MemberId, action: impl Into<Action>) -> bool {
        let organises = (self.organiser == who).then_some(Role::Organiser);
        let roles = organises.into_iter().chain(self.office_of(who).map(Office::role));
        action.into().is_open_to(&roles.collect::<Vec<_>>())
    }
}

/// An office of a circle and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfficerView {
    /// Who.
    pub member: MemberId,
    /// What.
    pub office: Office,
    /// They have taken it up; until then it gives nothing.
    pub accepted: bool,
}

/// A member in a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatView {
    /// Who; `None` for somebody who joined without us (their own wallet).
    pub member: Option<MemberId>,
    /// What to call them (a shortened address for an outsider).
    pub name: String,
    /// Their turn, 1-based.
    pub turn: u8,
    /// Whether they have had their payout.
    pub paid_out: bool,
    /// Instalments paid for the current round, of m.
    pub instalments: u8,
    /// Whether something for the current round is owed and late now.
    pub is_late: bool,
    /// Whether a contribution of theirs is on its way to the chain.
    pub pending: bool,
    /// All they owe from earlier rounds, fees included.
    pub debt: Amount,
    /// What of it are fees for late instalments.
    pub fees: Amount,
    /// Their security in the vault.
    pub deposit: Amount,
    /// The round after which they are out; 0 = they stay.
    pub leaves_after: u8,
    /// Where they sit on the chain.
    pub address: ChainAddress,
    /// A payout that could not be delivered yet.
    pub credit: Amount,
    /// Paid in and received so far.
    pub paid: Amount,
    /// Payouts and what was made of them.
    pub received: Amount,
}

/// A circle in full (GROUP STATUS).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircleStatus {
    /// Which.
    pub summary: CircleSummary,
    /// Members in seat order.
    pub seats: Vec<SeatView>,
    /// Round now, 1-based; 0 before the start.
    pub round: u8,
    /// Rounds in all.
    pub rounds: u8,
    /// In the pot of the current round.
    pub pot: Amount,
    /// The full pot.
    pub full_pot: Amount,
    /// Next payout: to whom (index into `seats`), when at the earliest, and whether it is held up.
    pub next_payout: PayoutStatus,
    /// The payout date of the current round.
    pub payout_date: Option<Timestamp>,
    /// The deadline of the instalment that is open now.
    pub deadline: Option<Timestamp>,
    /// The vault in the books.
    pub vault: Amount,
    /// The vault on the chain; `None` when the chain does not answer.
    pub vault_on_chain: Option<Amount>,
    /// What is open to vote on, at most one of each kind.
    pub votes: Vec<VoteView>,
    /// Who asked for a place and waits for the organiser.
    pub requests: Vec<RequestView>,
    /// The last second of the present step before the first round (the draw, the deposits).
    pub ready_until: Option<Timestamp>,
    /// The standing bid for the current round: who (index into `seats`), and what they ask for.
    pub bid: Option<(u8, Amount)>,
    /// Late fees and what was found in the vault: shared at the end.
    pub reserve: Amount,
    /// What the insurance holds.
    pub insurance: Amount,
}

/// Who paid what for which round: [`Circles::contributions`](crate::Circles::contributions).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContributionTable {
    /// Of which circle.
    pub circle: CircleId,
    /// What it saves in.
    pub asset: Asset,
    /// Rounds there are; every row has as many cells.
    pub rounds: u8,
    /// Who holds a seat, by seat; then who paid and holds none any more.
    pub rows: Vec<ContributionRow>,
    /// All that was ever contributed.
    pub total: Amount,
}

/// What one member paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContributionRow {
    /// `None`: somebody with a wallet of their own.
    pub member: Option<MemberId>,
    /// What to call them; the address of who is unknown here.
    pub name: String,
    /// The first is round 1. Late fees and premiums paid within are included.
    pub by_round: Vec<Amount>,
    /// Their sum.
    pub total: Amount,
}

/// Somebody who asked for a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestView {
    /// Who; `None` for somebody with a wallet of their own, unknown here.
    pub member: Option<MemberId>,
    /// What to call them.
    pub name: String,
    /// Whom to approve or reject.
    pub address: ChainAddress,
    /// The last four digits of their phone number, when it is known: names are their own choice.
    pub phone_end: Option<String>,
}

/// What a vote is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum VoteOn {
    /// Closing the circle.
    Dissolve,
    /// Expelling a member.
    Expel,
    /// Giving a member's seat to a newcomer.
    Replace,
    /// Moving a member's seat to another address of theirs.
    Move,
}

impl VoteOn {
    pub(crate) fn of(motion: Motion) -> Self {
        match motion {
            Motion::Expel => Self::Expel,
            Motion::Replace => Self::Replace,
            Motion::Move => Self::Move,
            _ => Self::Dissolve,
        }
    }
}

/// Who shall have a seat if a vote passes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NewcomerView {
    /// What to call them (a shortened address for an outsider).
    pub name: String,
    /// Where they would sit on the chain.
    pub address: ChainAddress,
}

/// An open vote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct VoteView {
    pub proposal: u32,
    pub on: VoteOn,
    /// The member it is about, as the reader knows them; empty for closing.
    pub about: String,
    /// Where they sit on the chain; `None` for closing.
    pub subject: Option<ChainAddress>,
    /// Who would sit in their seat; `None` where nobody would.
    pub newcomer: Option<NewcomerView>,
    pub yes: u8,
    pub no: u8,
    pub electorate: u8,
    pub expires_at: Timestamp,
}

/// What a member can pay in a circle now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueView {
    /// Which circle.
    pub circle: CircleSummary,
    /// By the rules: round, exact amount, deadline.
    pub due: Due,
    /// Owed from earlier rounds (paid by `repay`, before or after), without the fees in `due`.
    pub debt: Amount,
    /// Whether a payment of theirs is on its way.
    pub pending: bool,
    /// What the wallet lacks for it; zero when it suffices.
    pub missing: Amount,
}

/// What a member has to pay in before the first round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryDue {
    /// Which circle.
    pub circle: CircleSummary,
    /// The bond for the draw, or deposit and entry premium; zero when nothing is to be paid now.
    pub amount: Amount,
    /// It is the bond ([`crate::circle::Circles::commit`]), not the deposit ([`crate::circle::Circles::secure`]).
    pub is_bond: bool,
    /// The last second for it; `None` when the circle is not getting ready.
    pub until: Option<Timestamp>,
    /// Whether a payment of theirs is on its way.
    pub pending: bool,
    /// What the wallet lacks for it; zero when it suffices.
    pub missing: Amount,
}

/// An invitation as the organiser gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationView {
    /// Which.
    pub id: InvitationId,
    /// To type: `JOIN code`.
    pub code: String,
    /// To which circle.
    pub circle: CircleSummary,
    /// Only for this number, when bound.
    pub phone: Option<String>,
    /// The turn it gives, in a fixed order.
    pub turn: Option<u8>,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What somebody who has a circle's own code sees before they ask for a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorView {
    /// The circle and its rules.
    pub circle: CircleSummary,
    /// Who decides.
    pub organiser_name: String,
    /// Places still free.
    pub free: u8,
    /// Whether they are in already.
    pub already_member: bool,
    /// Whether they wait for the answer already.
    pub already_waiting: bool,
}

/// What expelling a member would mean for their money, by the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpulsionView {
    /// The last round they pay for; 0: they go on owing what is due until the end.
    pub last_round: u8,
    /// Paid in so far.
    pub paid: Amount,
    /// Received so far.
    pub received: Amount,
    /// Owed from earlier rounds now.
    pub debt: Amount,
    /// Their deposit in the vault.
    pub deposit: Amount,
}

/// What a joiner sees before consent: the rules, and the hash to accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationPreview {
    /// The circle and its rules.
    pub circle: CircleSummary,
    /// Who invited.
    pub organiser_name: String,
    /// The turn the joiner will have (fixed order), or most likely have (join order: the next one).
    pub turn: u8,
    /// Places still free.
    pub free: u8,
    /// Whether they are in already.
    pub already_member: bool,
}
