//! What a circle is about: fixed at creation, shown to every joiner, accepted by its hash.

use super::{MAX_MEMBERS, Refusal};
use crate::{Amount, Interval};

/// Who has which turn. Locked when the circle becomes active; two members may swap theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// In the order of joining.
    Join = 0,
    /// Every invitation names its turn.
    Fixed = 1,
    /// Drawn by commit and reveal before the first round.
    Random = 2,
    /// Every round goes to who asks least for it; without a bid, by the order of joining.
    Auction = 3,
}

/// What happens when a pot is short after deadline + grace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shortfall {
    /// What is there is paid out; what is missing becomes debt.
    ShortPot = 0,
    /// One further contribution interval of waiting for what neither deposits nor the insurance cover,
    /// then as with a short pot. The delay moves no later deadline.
    Wait = 1,
    /// As with a short pot; at the end all who kept their promise bear the same part of the loss.
    Share = 2,
}

/// The fee on an instalment that is not paid by deadline + grace, into the reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fee {
    /// None.
    None,
    /// The same for every late instalment, in minor units; more than zero.
    Fixed(Amount),
    /// A part of what was unpaid, in hundredths of a percent (1..=10 000), rounded down.
    BasisPoints(u16),
}

/// What every member leaves in the vault before the first round, returned at the end less what it
/// covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Security {
    /// Nothing.
    None,
    /// The same for all, in minor units; more than zero.
    Fixed(Amount),
    /// (n − k)·c·m for turn k: all that is still to be paid after the turn. Not with an auction.
    Exposure,
}

/// What is paid into the common insurance, on top of instalments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Premium {
    /// No insurance.
    None,
    /// With every instalment of a round that begins while the fund is below its target, in minor
    /// units; more than zero. Not with partial payments.
    PerInstalment(Amount),
    /// Once, before the first round, in minor units; more than zero.
    Once(Amount),
}

/// What a circle is about, fixed at creation. `encode` is what is hashed (SHA-256) and accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The 32-byte contract id of the asset.
    pub asset: [u8; 32],
    /// Seats, 2..=64: the circle starts by itself when all are taken.
    pub seats: u8,
    /// The organiser may start with this many, 2..=seats.
    pub min_members: u8,
    /// One instalment, in minor units; more than zero.
    pub contribution: Amount,
    /// Instalments per round, ≥ 1: a round lasts so many intervals.
    pub instalments_per_round: u8,
    /// From one instalment's deadline to the next.
    pub interval: Interval,
    /// The offset from UTC, in seconds, that calendar months are counted in; within ±14 h.
    pub utc_offset_s: i32,
    /// An instalment is late when it comes strictly after its deadline plus this, in seconds.
    pub grace_s: u32,
    /// Who has which turn.
    pub order: Order,
    /// What happens to a pot that is short.
    pub shortfall: Shortfall,
    /// May instalments be paid before their period begins?
    pub advance: bool,
    /// May less than what is due be paid?
    pub partial: bool,
    /// How long a proposal is open, in seconds; more than zero. So long may a passed one be carried
    /// out, and so long waits a seat's move to another address.
    pub vote_period_s: u32,
    /// The fee on late instalments.
    pub fee: Fee,
    /// What every member leaves in the vault.
    pub security: Security,
    /// What is paid into the insurance.
    pub premium: Premium,
    /// What the insurance fund shall hold, in minor units: more than zero with
    /// [`Premium::PerInstalment`], else zero.
    pub insurance_target: Amount,
    /// The least a bid may ask, in hundredths of a percent of the nominal pot: 1..=10 000 with
    /// [`Order::Auction`], else zero.
    pub bid_floor_bp: u16,
    /// The most a new bid may ask, in hundredths of a percent of the standing one: 1..=9 999 with
    /// [`Order::Auction`], else zero.
    pub bid_step_bp: u16,
    /// What is paid with a commitment to a draw, in minor units: more than zero with
    /// [`Order::Random`], else zero.
    pub bond: Amount,
    /// How long each step before the first round may take (commitments, reveals, deposits), in
    /// seconds: more than zero where there is such a step.
    pub setup_period_s: u32,
}

const MAX_UTC_OFFSET_S: u32 = 14 * 3600;
/// Hundredths of a percent in a whole.
pub(super) const WHOLE_BP: u16 = 10_000;

/// The shortest delay before a seat is moved, however short votes are: in it whoever still holds the old
/// key can object.
const SHORTEST_MOVE_S: u32 = 3 * 86_400;

impl Rules {
    /// How long after its vote a seat can be moved at the earliest, in seconds: a vote's period, and three
    /// days at least.
    #[must_use]
    pub const fn move_delay_s(&self) -> u32 {
        if self.vote_period_s > SHORTEST_MOVE_S { self.vote_period_s } else { SHORTEST_MOVE_S }
    }

    /// Rules of the plainest kind: one instalment a round, a day's grace, turns in the order of
    /// joining, waiting for a short pot, three days to vote; no fee, deposit or insurance. Change what
    /// differs: `Rules { grace_s: 0, ..Rules::new(…) }`.
    #[must_use]
    pub const fn new(asset: [u8; 32], seats: u8, contribution: Amount, interval: Interval) -> Self {
        const DAY_S: u32 = 86_400;
        Self {
            asset,
            seats,
            min_members: 2,
            contribution,
            instalments_per_round: 1,
            interval,
            utc_offset_s: 0,
            grace_s: DAY_S,
            order: Order::Join,
            shortfall: Shortfall::Wait,
            advance: false,
            partial: false,
            vote_period_s: 3 * DAY_S,
            fee: Fee::None,
            security: Security::None,
            premium: Premium::None,
            insurance_target: Amount::ZERO,
            bid_floor_bp: 0,
            bid_step_bp: 0,
            bond: Amount::ZERO,
            setup_period_s: 0,
        }
    }

    /// Whether a circle can be run by these rules.
    ///
    /// # Errors
    /// [`Refusal::BadRules`] when a value is out of its range, [`Refusal::Overflow`] when not all that
    /// is ever paid in (every pot, fee, deposit and premium of a full circle) fits a quarter of an
    /// [`Amount`].
    pub fn validate(&self) -> Result<(), Refusal> {
        let interval_passes = match self.interval {
            Interval::Seconds(seconds) => seconds > 0,
            Interval::Months(months) => months > 0,
        };
        let sound = self.min_members >= 2
            && self.min_members <= self.seats
            && usize::from(self.seats) <= MAX_MEMBERS
            && self.contribution.is_positive()
            && self.instalments_per_round > 0
            && interval_passes
            && self.utc_offset_s.unsigned_abs() <= MAX_UTC_OFFSET_S
            && self.vote_period_s > 0
            && self.options_pass();
        if !sound {
            return Err(Refusal::BadRules);
        }
        self.fits()
    }

    fn options_pass(&self) -> bool {
        let fee = match self.fee {
            Fee::None => true,
            Fee::Fixed(fee) => fee.is_positive(),
            Fee::BasisPoints(part) => part > 0 && part <= WHOLE_BP,
        };
        let security = match self.security {
            Security::None => true,
            Security::Fixed(deposit) => deposit.is_positive(),
            Security::Exposure => self.order != Order::Auction,
        };
        let target = self.insurance_target;
        let premium = match self.premium {
            Premium::None => target.is_zero(),
            Premium::Once(premium) => premium.is_positive() && target.is_zero(),
            Premium::PerInstalment(premium) => {
                premium.is_positive() && target.is_positive() && !self.partial
            }
        };
        let bids = (1..=WHOLE_BP).contains(&self.bid_floor_bp)
            && (1..WHOLE_BP).contains(&self.bid_step_bp);
        let auction = if self.order == Order::Auction {
            bids
        } else {
            self.bid_floor_bp == 0 && self.bid_step_bp == 0
        };
        let draw =
            if self.order == Order::Random { self.bond.is_positive() } else { self.bond.is_zero() };
        let setup = !self.has_draw() && !self.has_entry_payment() || self.setup_period_s > 0;
        fee && security && premium && auction && draw && setup
    }

    /// All that a full circle ever takes in, four times, is an amount: no sum can leave the range.
    fn fits(&self) -> Result<(), Refusal> {
        let instalment_extra = match (self.fee, self.premium) {
            (Fee::Fixed(fee), Premium::PerInstalment(premium)) => fee.checked_add(premium)?,
            (Fee::Fixed(fee), _) => fee,
            (_, Premium::PerInstalment(premium)) => premium,
            _ => Amount::ZERO,
        };
        let entry = match (self.security, self.premium) {
            (Security::Fixed(deposit), Premium::Once(premium)) => deposit.checked_add(premium)?,
            (Security::Fixed(deposit), _) => deposit,
            (_, Premium::Once(premium)) => premium,
            _ => Amount::ZERO,
        };
        let seats = u32::from(self.seats);
        // A fee in basis points and an exposure deposit are at most the pots once more each.
        let instalment = self.contribution.checked_mul(3)?.checked_add(instalment_extra)?;
        let rotation = instalment.checked_mul(seats * u32::from(self.instalments_per_round))?;
        let member = rotation.checked_add(entry)?.checked_add(self.bond)?;
        member.checked_mul(seats)?.checked_mul(4)?;
        Ok(())
    }

    /// n·c·m for n members: what one round brings when everybody pays.
    ///
    /// # Errors
    /// [`Refusal::Overflow`] when it fits no [`Amount`]; never after [`Rules::validate`] for up to
    /// [`Rules::seats`] members.
    pub fn pot(&self, members: u8) -> Result<Amount, Refusal> {
        Ok(self.round_price()?.checked_mul(u32::from(members))?)
    }

    /// c·m: what one member pays for a round.
    ///
    /// # Errors
    /// As [`Rules::pot`].
    pub fn round_price(&self) -> Result<Amount, Refusal> {
        self.cost(self.instalments_per_round)
    }

    /// What the member of turn `turn` of `members` leaves in the vault as security.
    ///
    /// # Errors
    /// As [`Rules::pot`].
    pub fn deposit(&self, turn: u8, members: u8) -> Result<Amount, Refusal> {
        match self.security {
            Security::None => Ok(Amount::ZERO),
            Security::Fixed(deposit) => Ok(deposit),
            Security::Exposure => self.pot(members.saturating_sub(turn)),
        }
    }

    /// Whether these are within the preset that the reference bot offers: 3 to 20 members, an
    /// instalment every 1 to 90 days, a payout every 7 to 90 days. Months count as 28 to 31 days.
    #[must_use]
    pub fn is_preset(&self) -> bool {
        const DAY_S: u64 = 86_400;
        let (least, most) = match self.interval {
            Interval::Seconds(seconds) => (u64::from(seconds), u64::from(seconds)),
            Interval::Months(months) => {
                (28 * DAY_S * u64::from(months), 31 * DAY_S * u64::from(months))
            }
        };
        let instalments = u64::from(self.instalments_per_round);
        (3..=20).contains(&self.seats)
            && self.min_members >= 3
            && least >= DAY_S
            && most <= 93 * DAY_S
            && least.saturating_mul(instalments) >= 7 * DAY_S
            && most.saturating_mul(instalments) <= 93 * DAY_S
    }

    /// Whether the order is drawn.
    #[must_use]
    pub fn has_draw(&self) -> bool {
        self.order == Order::Random
    }

    /// Whether every member pays something in before the first round.
    #[must_use]
    pub fn has_entry_payment(&self) -> bool {
        self.security != Security::None || matches!(self.premium, Premium::Once(_))
    }

    /// What so many instalments cost.
    pub(super) fn cost(&self, instalments: u8) -> Result<Amount, Refusal> {
        Ok(self.contribution.checked_mul(u32::from(instalments))?)
    }
}
