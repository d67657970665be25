//! What a circle is about: fixed at creation, shown to every joiner, accepted by its hash.

use super::{MAX_MEMBERS, Refusal};
use crate::{Amount, Interval};

/// Who has which turn. Locked when the circle starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// In the order of joining.
    Join = 0,
    /// Every invitation names its turn.
    Fixed = 1,
}

/// What happens when a pot is short after deadline + grace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shortfall {
    /// What is there is paid out; what is missing becomes debt.
    ShortPot = 0,
    /// One further contribution interval of waiting, then as with a short pot. The delay moves no
    /// later deadline.
    Wait = 1,
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
    /// How long a proposal is open, in seconds; more than zero.
    pub vote_period_s: u32,
}

/// Bytes of [`Rules::encode`].
pub const RULES_LEN: usize = 80;

const VERSION: u8 = 1;
const MAX_UTC_OFFSET_S: u32 = 14 * 3600;
/// Bytes in use by this version; the rest of [`RULES_LEN`] is zero.
const USED: usize = 64;

impl Rules {
    /// Whether a circle can be run by these rules.
    ///
    /// # Errors
    /// [`Refusal::BadRules`] when a value is out of its range, [`Refusal::Overflow`] when not all that
    /// is ever paid in (every pot of a full circle) fits an [`Amount`].
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
            && self.vote_period_s > 0;
        if !sound {
            return Err(Refusal::BadRules);
        }
        self.pot(self.seats)?.checked_mul(u32::from(self.seats))?;
        Ok(())
    }

    /// Canonical, versioned, fixed length, big endian, zero padded.
    #[must_use]
    pub fn encode(&self) -> [u8; RULES_LEN] {
        let (interval_kind, interval_length) = match self.interval {
            Interval::Seconds(seconds) => (0, seconds),
            Interval::Months(months) => (1, u32::from(months)),
        };
        let contribution = self.contribution.minor_units().to_be_bytes();
        let fields: [&[u8]; 14] = [
            &[VERSION],
            &self.asset,
            &[self.seats],
            &[self.min_members],
            &contribution,
            &[self.instalments_per_round],
            &[interval_kind],
            &interval_length.to_be_bytes(),
            &self.utc_offset_s.to_be_bytes(),
            &self.grace_s.to_be_bytes(),
            &[self.order as u8],
            &[self.shortfall as u8],
            &[u8::from(self.advance)],
            &self.vote_period_s.to_be_bytes(),
        ];
        let mut bytes = [0; RULES_LEN];
        for (slot, byte) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *slot = *byte;
        }
        bytes
    }

    /// The rules that [`Rules::encode`] to exactly these bytes.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`] for anything `encode` never writes; else as [`Rules::validate`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let bytes: &[u8; RULES_LEN] = bytes.try_into().map_err(|_| Refusal::BadEncoding)?;
        let mut reader = Fields(bytes);
        let [VERSION] = reader.take()? else {
            return Err(Refusal::BadEncoding);
        };
        let asset = reader.take()?;
        let [seats, min_members] = reader.take()?;
        let contribution = Amount::new(i64::from_be_bytes(reader.take()?));
        let [instalments_per_round, interval_kind] = reader.take()?;
        let interval_length = u32::from_be_bytes(reader.take()?);
        let utc_offset_s = i32::from_be_bytes(reader.take()?);
        let grace_s = u32::from_be_bytes(reader.take()?);
        let [order, shortfall, advance] = reader.take()?;
        let vote_period_s = u32::from_be_bytes(reader.take()?);
        let padding: [u8; RULES_LEN - USED] = reader.take()?;
        if padding != [0; RULES_LEN - USED] {
            return Err(Refusal::BadEncoding);
        }
        let rules = Self {
            asset,
            seats,
            min_members,
            contribution,
            instalments_per_round,
            interval: match interval_kind {
                0 => Interval::Seconds(interval_length),
                1 => {
                    let months = u8::try_from(interval_length);
                    Interval::Months(months.map_err(|_| Refusal::BadEncoding)?)
                }
                _ => return Err(Refusal::BadEncoding),
            },
            utc_offset_s,
            grace_s,
            order: one_of(order, [Order::Join, Order::Fixed])?,
            shortfall: one_of(shortfall, [Shortfall::ShortPot, Shortfall::Wait])?,
            advance: one_of(advance, [false, true])?,
            vote_period_s,
        };
        rules.validate()?;
        Ok(rules)
    }

    /// n·c·m for n members: what one round brings when everybody pays.
    ///
    /// # Errors
    /// [`Refusal::Overflow`] when it fits no [`Amount`]; never after [`Rules::validate`] for up to
    /// [`Rules::seats`] members.
    pub fn pot(&self, members: u8) -> Result<Amount, Refusal> {
        let instalments = u32::from(members) * u32::from(self.instalments_per_round);
        Ok(self.contribution.checked_mul(instalments)?)
    }

    /// What so many instalments cost.
    pub(super) fn cost(&self, instalments: u8) -> Result<Amount, Refusal> {
        Ok(self.contribution.checked_mul(u32::from(instalments))?)
    }
}

/// The value whose number is `tag`, counted from zero.
fn one_of<T: Copy, const N: usize>(tag: u8, values: [T; N]) -> Result<T, Refusal> {
    values.get(usize::from(tag)).copied().ok_or(Refusal::BadEncoding)
}

/// Takes fields of fixed length off the front.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let (field, rest) = self.0.split_first_chunk::<N>().ok_or(Refusal::BadEncoding)?;
        self.0 = rest;
        Ok(*field)
    }
}
