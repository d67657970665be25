//! Before the start: joining, leaving, starting, giving up.

use super::state::last_instalment;
use super::{Circle, MAX_MEMBERS, Order, Phase, Refusal, Rules, Seat, Turn};
use crate::Amount;

/// A seat was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Its number, from 0 in order of joining.
    pub seat: u8,
    /// Its turn as of now; final when `started`.
    pub turn: Turn,
    /// It was the last free seat, so that the circle is active now.
    pub started: bool,
}

impl Circle {
    /// Takes the next seat. Starts the circle at `now` when it was the last one.
    ///
    /// `turn`: `None` for [`Order::Join`] (or just the turn that comes next), the invitation's for
    /// [`Order::Fixed`].
    ///
    /// # Errors
    /// [`Refusal::NotForming`], [`Refusal::Full`], [`Refusal::BadTurn`], [`Refusal::TurnTaken`], or
    /// [`Refusal::Overflow`] when it would start and its schedule leaves the range of time.
    pub fn join(&mut self, rules: &Rules, turn: Option<Turn>, now: u64) -> Result<Joined, Refusal> {
        self.require_forming()?;
        let seats = rules.seats.min(MAX_SEATS);
        if self.len >= seats {
            return Err(Refusal::Full);
        }
        let next = self.len + 1;
        let turn = match (rules.order, turn) {
            (Order::Join, None) => next,
            (Order::Join, Some(turn)) if turn == next => next,
            (Order::Fixed, Some(turn)) if (1..=seats).contains(&turn) => turn,
            (Order::Join | Order::Fixed, _) => return Err(Refusal::BadTurn),
        };
        if self.seat_of_turn(turn).is_some() {
            return Err(Refusal::TurnTaken);
        }
        let started = next == seats;
        if started {
            require_schedule(rules, next, now)?;
        }
        let seat = self.len;
        self.len = next;
        *self.member_mut(seat)? = Seat { turn, ..Seat::EMPTY };
        if started {
            self.activate(now);
        }
        Ok(Joined { seat, turn: self.member(seat)?.turn, started })
    }

    /// Before the start; later seats move down by one.
    ///
    /// # Errors
    /// [`Refusal::NotForming`] or [`Refusal::NotMember`].
    pub fn leave(&mut self, rules: &Rules, seat: u8) -> Result<(), Refusal> {
        self.require_forming()?;
        self.member(seat)?;
        if let Some(from_here) = self.seats_mut().get_mut(usize::from(seat)..) {
            from_here.rotate_left(1);
        }
        if let Some(vacated) = self.seats_mut().last_mut() {
            *vacated = Seat::EMPTY;
        }
        self.len -= 1;
        match rules.order {
            Order::Join => self.close_gaps(),
            Order::Fixed => {}
        }
        Ok(())
    }

    /// Starts with the members there are: the rules' minimum at least.
    ///
    /// # Errors
    /// [`Refusal::AlreadyStarted`], [`Refusal::NotForming`] when cancelled,
    /// [`Refusal::TooFewMembers`], or [`Refusal::Overflow`] when the schedule leaves the range of time.
    pub fn start(&mut self, rules: &Rules, now: u64) -> Result<(), Refusal> {
        match self.phase {
            Phase::Forming => {}
            Phase::Active | Phase::Completed | Phase::Dissolved => {
                return Err(Refusal::AlreadyStarted);
            }
            Phase::Cancelled => return Err(Refusal::NotForming),
        }
        if self.len < rules.min_members.max(2) {
            return Err(Refusal::TooFewMembers);
        }
        require_schedule(rules, self.len, now)?;
        self.activate(now);
        Ok(())
    }

    /// Forming → Cancelled. A reserve (tokens somebody sent unasked) is split among the members.
    ///
    /// # Errors
    /// [`Refusal::NotForming`].
    pub fn cancel(&mut self) -> Result<(), Refusal> {
        self.require_forming()?;
        if !self.is_empty() {
            let credits = self.credits_with(self.reserve, |_| true)?;
            self.set_credits(&credits);
            self.reserve = Amount::ZERO;
        }
        self.phase = Phase::Cancelled;
        Ok(())
    }

    fn activate(&mut self, now: u64) {
        self.close_gaps();
        self.phase = Phase::Active;
        self.started_at = now;
    }

    /// Turns become 1..=n in the order they are in.
    fn close_gaps(&mut self) {
        // Bit t − 1 is set when somebody has turn t.
        let bit = |turn: Turn| 1_u64.checked_shl(u32::from(turn.saturating_sub(1))).unwrap_or(0);
        let taken = self.seats().iter().fold(0, |taken, seat| taken | bit(seat.turn));
        for seat in self.seats_mut() {
            let earlier = taken & bit(seat.turn).saturating_sub(1);
            seat.turn = u8::try_from(earlier.count_ones() + 1).unwrap_or(MAX_SEATS);
        }
    }

    fn require_forming(&self) -> Result<(), Refusal> {
        if self.phase == Phase::Forming { Ok(()) } else { Err(Refusal::NotForming) }
    }
}

const MAX_SEATS: u8 = 64;
const _: () = assert!(MAX_SEATS as usize == MAX_MEMBERS);

/// Every deadline there will be, the last waiting and its grace included, fits the range of time.
fn require_schedule(rules: &Rules, members: u8, now: u64) -> Result<(), Refusal> {
    let after_all = last_instalment(rules, members) + 1;
    let end = rules.interval.after(now, after_all, rules.utc_offset_s);
    end.and_then(|end| end.checked_add(u64::from(rules.grace_s) + 1)).ok_or(Refusal::Overflow)?;
    Ok(())
}
