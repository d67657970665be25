//! Rounds that go to who asks least for them.

use super::needs::part_of;
use super::sum::{NOTHING, add};
use super::{Bid, Circle, Order, Refusal, Rules, Store};
use crate::Amount;

impl<S: Store> Circle<S> {
    /// Bids for the current round: asks for `amount` of its pot, and leaves the rest to all. A new bid
    /// replaces the standing one.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`], [`Refusal::HasLeft`], [`Refusal::NoAuction`],
    /// [`Refusal::WrongRound`], [`Refusal::AlreadyPaidOut`] for who had the pot already,
    /// [`Refusal::InArrears`], [`Refusal::BidTooHigh`] above what is in the pot or above the step
    /// below the standing bid, [`Refusal::BidTooLow`] below the floor, [`Refusal::Overflow`].
    pub fn bid(
        &mut self,
        rules: &Rules,
        seat: u8,
        round: u8,
        amount: Amount,
        now: u64,
    ) -> Result<(), Refusal> {
        let member = self.require_full_member(seat)?;
        if rules.order != Order::Auction {
            return Err(Refusal::NoAuction);
        }
        if round != self.current_round() {
            return Err(Refusal::WrongRound);
        }
        if member.turn <= self.rounds_paid {
            return Err(Refusal::AlreadyPaidOut);
        }
        if self.in_arrears(rules, seat, now)? {
            return Err(Refusal::InArrears);
        }
        let remaining = (0..self.len).filter(|index| {
            let other = self.rows.seat(*index);
            other.turn > self.rounds_paid && other.left_after == 0
        });
        if remaining.count() < 2 {
            return Err(Refusal::NoAuction);
        }
        let members = (0..self.len).filter(|i| !self.rows.seat(*i).has_left_by(self.rounds_paid));
        let members = u8::try_from(members.count()).unwrap_or(self.len);
        let floor = part_of(rules.pot(members)?, rules.bid_floor_bp)?;
        if !amount.is_positive() || amount < floor {
            return Err(Refusal::BidTooLow);
        }
        let standing = match self.bid {
            Some(bid) if !self.in_arrears(rules, bid.seat, now)? => {
                part_of(bid.amount, rules.bid_step_bp)?
            }
            _ => Amount::MAX,
        };
        if amount > self.pot_now(rules)? || amount > standing {
            return Err(Refusal::BidTooHigh);
        }
        self.bid = Some(Bid { seat, amount });
        Ok(())
    }

    /// Whether the seat owes anything for rounds, fees or the insurance, or is behind its time.
    ///
    /// # Errors
    /// [`Refusal::NotMember`], [`Refusal::Overflow`].
    pub fn in_arrears(&self, rules: &Rules, seat: u8, now: u64) -> Result<bool, Refusal> {
        let member = self.member(seat)?;
        // A fee that is not noted yet is for an instalment that is unpaid: overdue.
        Ok(self.has_debt(seat)
            || member.fees.is_positive()
            || member.insured.is_positive()
            || self.is_overdue(rules, seat, &member, now)?)
    }

    /// Who gets the pot of `round`: the standing bidder, unless in arrears by now; else the first in
    /// the base order who has not had it, who is not in arrears if there is such a one, and has not
    /// left if there is such a one.
    pub(super) fn winner(&self, rules: &Rules, round: u8, now: u64) -> Result<u8, Refusal> {
        if let Some(bid) = self.bid
            && self.rows.seat(bid.seat).is_full_member()
            && !self.in_arrears(rules, bid.seat, now)?
        {
            return Ok(bid.seat);
        }
        let mut best: Option<(bool, bool, u8, u8)> = None;
        for index in 0..self.len {
            let seat = self.rows.seat(index);
            if seat.turn < round {
                continue;
            }
            let out = seat.left_after != 0;
            let arrears = !out && self.in_arrears(rules, index, now)?;
            let rank = (out, arrears, seat.turn, index);
            if best.is_none_or(|best| rank < best) {
                best = Some(rank);
            }
        }
        best.map(|(.., index)| index).ok_or(Refusal::WrongRound)
    }

    /// The seat's turn becomes `round`; those in between come one later.
    pub(super) fn advance_turn(&mut self, seat: u8, round: u8) {
        let own = self.rows.turn(seat);
        if own == round {
            return;
        }
        for index in 0..self.len {
            let mut other = self.rows.seat(index);
            if index == seat {
                other.turn = round;
            } else if (round..own).contains(&other.turn) {
                other.turn += 1;
            } else {
                continue;
            }
            self.put(index, &other);
        }
    }

    /// The seat's turn becomes the last; those after it come one earlier.
    pub(super) fn move_to_end(&mut self, seat: u8) {
        let own = self.rows.seat(seat).turn;
        for index in 0..self.len {
            let mut other = self.rows.seat(index);
            if index == seat {
                other.turn = self.len;
            } else if other.turn > own {
                other.turn -= 1;
            } else {
                continue;
            }
            self.put(index, &other);
        }
    }

    /// Equal parts for all who take part, into their credit; of a member in arrears it goes to the
    /// debt first.
    pub(super) fn share_dividend(&mut self, dividend: Amount) -> Result<(), Refusal> {
        if dividend.is_zero() {
            return Ok(());
        }
        let mut parts = NOTHING;
        let round = self.rounds_paid;
        self.share_equally(dividend, |seat| seat.takes_part_in(round), &mut parts)?;
        for (index, part) in (0..self.len).zip(parts) {
            if part.is_zero() {
                continue;
            }
            let mut seat = self.rows.seat(index);
            add(&mut seat.received, part)?;
            self.put(index, &seat);
            self.credit_less_debts(index, part)?;
        }
        Ok(())
    }

    /// `amount` clears the seat's debts and fees; the rest becomes its credit, as does for others what
    /// was owed to them.
    pub(super) fn credit_less_debts(&mut self, index: u8, amount: Amount) -> Result<(), Refusal> {
        let mut to = NOTHING;
        let left = self.clear_debts(index, amount, &mut to)?;
        if let Some(own) = to.get_mut(usize::from(index)) {
            add(own, left)?;
        }
        self.add_credits(&to)
    }
}
