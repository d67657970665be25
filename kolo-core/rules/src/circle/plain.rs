//! The two steps that nearly all of a circle's life is made of, on its bytes as they are: a contribution
//! in time, and the payout of a round that everybody has paid for in time.
//!
//! Each does exactly what [`Circle`](super::Circle) does, or nothing at all: then there may be more to it
//! (a fee, a leaver, a debt, or a refusal), and the circle has to decide. A contract pays for every
//! instruction and every byte of code: here nothing is read that is not asked about, and nothing is copied.
//!
//! Sums of money that bytes could make too large are checked. All else wraps: rules are validated, so
//! that a whole cycle's money is an amount, and counts are of rounds and instalments of one byte each.

use super::Phase;
use super::codec::{HEAD, Layout, VERSION, amount_in, at, field_in, put_amount_in, put_field_in};
use super::rules_bytes::{RULES_LEN, Terms};
use super::seat::Place;
use crate::Amount;

/// A payout was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// Who gets it.
    pub seat: u8,
    /// What they get, in minor units: to be delivered, or else put back with
    /// [`Circle::credit`](super::Circle::credit).
    pub amount: Amount,
    /// What the vault holds for others, in minor units: [`Circle::liabilities`](super::Circle::liabilities)
    /// from now on.
    pub others: Amount,
}

/// [`Circle::contribute`](super::Circle::contribute) of an amount that is not late.
///
/// `true`: it is done. `false`: nothing has changed, and the circle has to decide. That is whenever it would
/// refuse, and whenever the member has fees to pay, leaves, or was helped by the insurance; whenever the
/// round carries a premium, or it or one before is that of somebody who leaves; when something was not
/// paid in time; and when the bytes have no place yet for what would change.
#[must_use]
pub fn contribute(
    state: &mut [u8],
    rules: &[u8; RULES_LEN],
    seat: u8,
    round: u32,
    amount: i128,
    now: u64,
) -> bool {
    take(state, rules, seat, round, amount, now).is_some()
}

fn take(
    state: &mut [u8],
    rules: &[u8; RULES_LEN],
    seat: u8,
    round: u32,
    amount: i128,
    now: u64,
) -> Option<()> {
    let (circle, terms) = (Frame::of(state)?, Terms::of(rules)?);
    let rounds_paid = u32::from(circle.rounds_paid);
    let rounds_between = round.checked_sub(rounds_paid + 1)?;
    let has_premium = field_in(circle.head, at::PREMIUM_ROUND) != [0];
    let exists = round <= u32::from(circle.members);
    if !exists || has_premium || circle.leaves(rounds_between) {
        return None;
    }
    let (layout, start) = (circle.layout, circle.started_at());
    let (ahead_at, paid_at) = (layout.amount_at(Place::AHEAD)?, layout.amount_at(Place::PAID)?);
    let row = row_mut(circle.rows, layout.row, seat)?;
    let has = |place| layout.amount_at(place).is_some_and(|at| !amount_in(row, at).is_zero());
    let [_, left_after] = field_in(row, 0);
    let leaves = layout.has_standing() && left_after != 0;
    if leaves || has(Place::FEES) || has(Place::INSURED) {
        return None;
    }

    // Every round between is paid, of this one a part at most, and the amount may be paid of the rest.
    let per_round = terms.instalments_per_round;
    let before = (round - 1).wrapping_mul(per_round);
    let ahead = amount_in(row, ahead_at);
    let between = terms.cost(rounds_between.wrapping_mul(per_round));
    let paid = ahead.minor_units().wrapping_sub(between);
    let elapsed = terms.elapsed(start, now);
    let opened = elapsed.saturating_add(1).saturating_sub(before).min(per_round);
    let amount = i64::try_from(amount).ok()?;
    if paid >= terms.cost(per_round) || !terms.takes(amount, paid, opened) {
        return None;
    }

    // What was looked at before, and what would be now, was paid when its time was over; and if there is
    // none, what is paid is not below zero, as it is when a round between is not.
    let assessed_at = layout.assessed_at();
    let assessed = assessed_at.map_or(0, |at| u32::from(u16::from_le_bytes(field_in(row, at))));
    let judged = assessed.max(rounds_paid.wrapping_mul(per_round));
    let late_by = if elapsed > judged { terms.late_by(start, now) } else { 0 };
    let over = late_by.max(assessed).saturating_sub(before);
    if over >= per_round || paid < terms.cost(over) {
        return None;
    }

    let amount = Amount::new(amount);
    let ahead = ahead.checked_add(amount).ok()?;
    let paid = amount_in(row, paid_at).checked_add(amount).ok()?;
    if late_by > judged {
        put_field_in(row, assessed_at?, u16::try_from(late_by).ok()?.to_le_bytes());
    }
    put_amount_in(row, ahead_at, ahead);
    put_amount_in(row, paid_at, paid);
    Some(())
}

/// [`Circle::payout`](super::Circle::payout) of a full pot, of any round but the last.
///
/// `None`: nothing has changed, and the circle has to decide. That is whenever it would refuse, in an
/// auction, and whenever somebody leaves, owes for a round, was helped by the insurance, or may be late with
/// a later round; when something was lost; and when the bytes have no place yet for what would change.
#[must_use]
pub fn payout(state: &mut [u8], rules: &[u8; RULES_LEN], round: u32, now: u64) -> Option<Paid> {
    let (circle, terms) = (Frame::of(state)?, Terms::of(rules)?);
    let layout = circle.layout;
    let is_plain = round == u32::from(circle.rounds_paid) + 1
        && round < u32::from(circle.members)
        && !terms.is_auction()
        && field_in(circle.head, at::DEBTS) == [0; 2]
        && amount_in(circle.head, at::HELD_LOST).is_zero()
        && circle.sum(Place::INSURED)?.is_zero()
        && !circle.leaves(u32::MAX);
    if !is_plain {
        return None;
    }
    // Its date has come, and nobody can be late with a later round.
    let (start, per_round) = (circle.started_at(), terms.instalments_per_round);
    let last = round.wrapping_mul(per_round);
    let elapsed = terms.elapsed(start, now);
    if elapsed < last || elapsed > last && terms.late_by(start, now) > last {
        return None;
    }

    // Everybody has paid for it.
    let price = Amount::new(terms.cost(per_round));
    let amount = Amount::new(terms.cost(per_round.wrapping_mul(u32::from(circle.members))));
    let fund = amount_in(circle.head, at::FUND);
    let ahead_at = layout.amount_at(Place::AHEAD)?;
    let mut others = sum_above(circle.rows, layout.row, ahead_at, price)?;
    others = others.checked_add(fund).ok()?;
    others = others.checked_add(amount_in(circle.head, at::RESERVE)).ok()?;
    // Nobody can claim anything of an active circle.
    others = others.checked_add(circle.sum(Place::CREDIT)?).ok()?;
    others = others.checked_add(circle.sum(Place::DEPOSIT)?).ok()?;

    let seat = circle.seat_of_turn(round)?;
    let (row, received_at) =
        (row_mut(circle.rows, layout.row, seat)?, layout.amount_at(Place::RECEIVED)?);
    let received = amount_in(row, received_at).checked_add(amount).ok()?;
    put_amount_in(row, received_at, received);
    for ahead in column_mut(circle.rows, layout.row, ahead_at) {
        let left = i64::from_le_bytes(*ahead).wrapping_sub(price.minor_units());
        *ahead = left.to_le_bytes();
    }
    if let Some(at) = layout.assessed_at() {
        // What was looked at of the rounds paid out need not be known any more.
        for assessed in column_mut(circle.rows, layout.row, at) {
            if u32::from(u16::from_le_bytes(*assessed)) <= last {
                *assessed = [0; 2];
            }
        }
    }
    let has_premium = terms.insurance_target().is_some_and(|target| fund.minor_units() < target);
    put_field_in(circle.head, at::ROUNDS_PAID, [circle.rounds_paid.wrapping_add(1)]);
    put_field_in(circle.head, at::PREMIUM_ROUND, [u8::from(has_premium)]);
    Some(Paid { seat, amount, others })
}

/// The bytes of an active circle.
struct Frame<'a> {
    head: &'a mut [u8; HEAD],
    /// All rows, and nothing after them.
    rows: &'a mut [u8],
    layout: Layout,
    members: u8,
    rounds_paid: u8,
}

impl<'a> Frame<'a> {
    fn of(state: &'a mut [u8]) -> Option<Self> {
        let (head, rest) = state.split_first_chunk_mut::<HEAD>()?;
        let [version, phase, members, rounds_paid, ..] = *head;
        if version != VERSION || phase != Phase::Active as u8 {
            return None;
        }
        let columns = u16::from_le_bytes(field_in(head, at::COLUMNS));
        let layout = Layout::new(columns, members, 0);
        let rows = rest.get_mut(..layout.row * usize::from(members))?;
        Some(Self { head, rows, layout, members, rounds_paid })
    }

    fn started_at(&self) -> u64 {
        u64::from_le_bytes(field_in(self.head, at::STARTED_AT))
    }

    /// Whether anybody leaves whose round is the current one, or one of so many after it.
    fn leaves(&self, rounds_after: u32) -> bool {
        let current = u32::from(self.rounds_paid) + 1;
        let has_left = |[turn, left_after]: [u8; 2]| {
            left_after != 0 && u32::from(turn).wrapping_sub(current) <= rounds_after
        };
        self.layout.has_standing() && column(self.rows, self.layout.row, 0).any(has_left)
    }

    fn seat_of_turn(&self, round: u32) -> Option<u8> {
        let (mut seat, mut found) = (0_u8, None);
        for [turn] in column(self.rows, self.layout.row, 0) {
            if u32::from(turn) == round {
                found = Some(seat);
            }
            seat = seat.wrapping_add(1);
        }
        found
    }

    /// Of all seats. Mostly there is no such column, which is seen without a call.
    #[inline(always)]
    fn sum(&self, place: Place) -> Option<Amount> {
        match self.layout.amount_at(place) {
            Some(at) => sum_above(self.rows, self.layout.row, at, Amount::ZERO),
            None => Some(Amount::ZERO),
        }
    }
}

/// The sum of what every row has there above `price`; nothing if one has less.
#[inline(never)]
fn sum_above(rows: &[u8], row: usize, at: usize, price: Amount) -> Option<Amount> {
    // Sums of what is not negative are not negative, or too large: one look at all signs in the end.
    // (A contract pays for what follows on a way out of a loop in each of its turns.)
    let (mut sum, mut signs) = (0_i64, 0);
    for amount in column(rows, row, at) {
        let above = i64::from_le_bytes(amount).wrapping_sub(price.minor_units());
        sum = sum.wrapping_add(above);
        signs |= above | sum;
    }
    (signs >= 0).then_some(Amount::new(sum))
}

fn row_mut(rows: &mut [u8], row: usize, seat: u8) -> Option<&mut [u8]> {
    rows.get_mut(row.wrapping_mul(usize::from(seat))..)?.get_mut(..row)
}

/// What all rows have at this place.
fn column<const N: usize>(rows: &[u8], row: usize, at: usize) -> impl Iterator<Item = [u8; N]> {
    let mut rest = rows.get(at..).unwrap_or_default();
    core::iter::from_fn(move || {
        let field = *rest.first_chunk()?;
        rest = rest.get(row..).unwrap_or_default();
        Some(field)
    })
}

/// The same, to be replaced.
fn column_mut<const N: usize>(
    rows: &mut [u8],
    row: usize,
    at: usize,
) -> impl Iterator<Item = &mut [u8; N]> {
    let mut rest = rows.get_mut(at..).unwrap_or_default();
    core::iter::from_fn(move || {
        let (field, others) = core::mem::take(&mut rest).split_first_chunk_mut()?;
        rest = others.get_mut(row.wrapping_sub(N)..).unwrap_or_default();
        Some(field)
    })
}

impl Terms<'_> {
    /// What so many instalments cost, in minor units.
    fn cost(self, instalments: u32) -> i64 {
        self.contribution.wrapping_mul(i64::from(instalments))
    }

    /// How many instalments would be late if paid at `now`. Hardly ever asked: not worth its code twice.
    #[inline(never)]
    fn late_by(self, start: u64, now: u64) -> u32 {
        now.checked_sub(self.grace_s() + 1).map_or(0, |latest| self.elapsed(start, latest))
    }

    /// Whether so much may be paid of a round of which `paid` is, and so many instalments have opened.
    #[inline(always)]
    fn takes(self, amount: i64, paid: i64, opened: u32) -> bool {
        let open = self.cost(opened).wrapping_sub(paid);
        let payable = if open > 0 {
            open
        } else if self.advance() {
            let begun = paid.checked_rem(self.contribution).unwrap_or(0);
            self.contribution.wrapping_sub(begun)
        } else {
            return false;
        };
        amount == payable || amount > 0 && amount < payable && self.partial()
    }
}
