//! Before the start: joining, leaving, starting, giving up.

use super::state::last_instalment;
use super::sum::add;
use super::{Circle, MAX_MEMBERS, Order, Phase, Premium, Refusal, Rules, Seat, Store, Turn};
use crate::Amount;

/// A seat was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Its number, from 0 in order of joining.
    pub seat: u8,
    /// Its turn as of now (0 while it will be drawn); final when `started` without a draw.
    pub turn: Turn,
    /// It was the last free seat, so that the circle has left its forming phase now.
    pub started: bool,
}

impl<S: Store> Circle<S> {
    /// Takes the next seat. Starts the circle at `now` when it was the last one.
    ///
    /// `turn`: the invitation's for [`Order::Fixed`], else `None` (or, in order of joining, just the
    /// turn that comes next).
    ///
    /// # Errors
    /// [`Refusal::NotForming`], [`Refusal::Full`], [`Refusal::BadTurn`], [`Refusal::TurnTaken`], or
    /// [`Refusal::Overflow`] when it would start and its schedule leaves the range of time.
    pub fn join(&mut self, rules: &Rules, turn: Option<Turn>, now: u64) -> Result<Joined, Refusal> {
        self.require(Phase::Forming, Refusal::NotForming)?;
        let seats = rules.seats.min(MAX_SEATS);
        if self.len >= seats {
            return Err(Refusal::Full);
        }
        let next = self.len + 1;
        let turn = match (rules.order, turn) {
            (Order::Join | Order::Auction, None) => next,
            (Order::Join, Some(turn)) if turn == next => next,
            (Order::Random, None) => 0,
            (Order::Fixed, Some(turn)) if (1..=seats).contains(&turn) => turn,
            _ => return Err(Refusal::BadTurn),
        };
        if turn != 0 && self.seat_of_turn(turn).is_some() {
            return Err(Refusal::TurnTaken);
        }
        let started = next == seats;
        if started {
            require_schedule(rules, next, now)?;
        }
        let seat = self.len;
        self.len = next;
        self.put(seat, &Seat { turn, ..Seat::EMPTY });
        if started {
            self.begin(rules, now)?;
        }
        Ok(Joined { seat, turn: self.member(seat)?.turn, started })
    }

    /// Before the start; later seats move down by one.
    ///
    /// # Errors
    /// [`Refusal::NotForming`] or [`Refusal::NotMember`].
    pub fn leave(&mut self, rules: &Rules, seat: u8) -> Result<(), Refusal> {
        self.require(Phase::Forming, Refusal::NotForming)?;
        self.member(seat)?;
        for later in seat + 1..self.len {
            let moved = self.rows.seat(later);
            self.put(later - 1, &moved);
        }
        self.len -= 1;
        self.put(self.len, &Seat::EMPTY);
        if matches!(rules.order, Order::Join | Order::Auction) {
            self.close_gaps();
        }
        Ok(())
    }

    /// Starts with the members there are: the rules' minimum at least. Active at once, unless the
    /// rules want a draw or payments before the first round.
    ///
    /// # Errors
    /// [`Refusal::AlreadyStarted`], [`Refusal::NotForming`] when cancelled,
    /// [`Refusal::TooFewMembers`], or [`Refusal::Overflow`] when the schedule leaves the range of time.
    pub fn start(&mut self, rules: &Rules, now: u64) -> Result<(), Refusal> {
        match self.phase {
            Phase::Forming => {}
            Phase::Cancelled => return Err(Refusal::NotForming),
            _ => return Err(Refusal::AlreadyStarted),
        }
        if self.len < rules.min_members.max(2) {
            return Err(Refusal::TooFewMembers);
        }
        require_schedule(rules, self.len, now)?;
        self.begin(rules, now)
    }

    /// Forming → Cancelled. A reserve (tokens somebody sent unasked) is split among the members.
    ///
    /// # Errors
    /// [`Refusal::NotForming`].
    pub fn cancel(&mut self) -> Result<(), Refusal> {
        self.require(Phase::Forming, Refusal::NotForming)?;
        self.give_up()
    }

    /// Nothing begins; whatever was paid in goes back.
    pub(super) fn give_up(&mut self) -> Result<(), Refusal> {
        if !self.is_empty() {
            self.share_common()?;
        }
        for index in 0..self.len {
            let mut seat = self.rows.seat(index);
            let deposit = core::mem::take(&mut seat.deposit);
            add(&mut seat.credit, deposit)?;
            seat.premium = Amount::ZERO;
            self.put(index, &seat);
        }
        self.phase = Phase::Cancelled;
        self.started_at = 0;
        Ok(())
    }

    fn begin(&mut self, rules: &Rules, now: u64) -> Result<(), Refusal> {
        if rules.has_draw() {
            self.phase = Phase::Committing;
            self.started_at = now;
            return Ok(());
        }
        self.close_gaps();
        self.secure_or_activate(rules, now)
    }

    /// The order is fixed: what is left is to be paid in, or nothing.
    pub(super) fn secure_or_activate(&mut self, rules: &Rules, now: u64) -> Result<(), Refusal> {
        self.started_at = now;
        if self.has_unsecured(rules)? {
            self.phase = Phase::Securing;
            return Ok(());
        }
        require_schedule(rules, self.len, now)?;
        self.phase = Phase::Active;
        self.rows.begin_rounds(rules);
        self.premium_round = matches!(rules.premium, Premium::PerInstalment(_));
        Ok(())
    }

    /// Turns become 1..=n in the order they are in.
    fn close_gaps(&mut self) {
        // Bit t − 1 is set when somebody has turn t.
        let bit = |turn: Turn| 1_u64.checked_shl(u32::from(turn.saturating_sub(1))).unwrap_or(0);
        let taken = (0..self.len).fold(0, |taken, index| taken | bit(self.rows.turn(index)));
        for index in 0..self.len {
            let mut seat = self.rows.seat(index);
            let earlier = taken & bit(seat.turn).saturating_sub(1);
            seat.turn = u8::try_from(earlier.count_ones() + 1).unwrap_or(MAX_SEATS);
            self.put(index, &seat);
        }
    }
}

pub(super) const MAX_SEATS: u8 = 64;
const _: () = assert!(MAX_SEATS as usize == MAX_MEMBERS);

/// Every deadline there will be, the last waiting and its grace included, fits the range of time.
fn require_schedule(rules: &Rules, members: u8, now: u64) -> Result<(), Refusal> {
    let after_all = last_instalment(rules, members) + 1;
    let end = rules.interval.after(now, after_all, rules.utc_offset_s);
    end.and_then(|end| end.checked_add(u64::from(rules.grace_s) + 1)).ok_or(Refusal::Overflow)?;
    Ok(())
}
