//! Members who change places, leave, are replaced or expelled after the start.

use super::sum::{add, sub};
use super::{Circle, Marks, Motion, Order, Proposal, Refusal, Rules, Store, Turn};
use crate::Amount;

/// Two members changed turns: who pays how much more deposit, and the other gets it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swapped {
    /// The seat whose turn is earlier now.
    pub earlier: u8,
    /// The seat whose turn is later now.
    pub later: u8,
    /// What `earlier` pays into its deposit and `later` gets out of its own, in minor units: from one
    /// to the other. Zero without exposure deposits.
    pub deposit: Amount,
}

/// A newcomer took a seat over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The seat's net claim: what the newcomer pays the leaver, in minor units; negative: what the
    /// leaver pays the newcomer. Past contributions count as the newcomer's from here on.
    pub price: Amount,
    /// The deposit in the vault, in minor units: the newcomer pays it to the leaver and it stays there
    /// as the newcomer's.
    pub deposit: Amount,
}

impl<S: Store> Circle<S> {
    /// What somebody signs about a seat is about the turn it had when they agreed. Asked before
    /// [`Circle::swap`] and [`Circle::replace`]: other steps may have changed it meanwhile.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`], [`Refusal::OtherTurn`].
    pub fn require_turn(&self, seat: u8, turn: Turn) -> Result<(), Refusal> {
        self.require_active()?;
        if self.member(seat)?.turn == turn { Ok(()) } else { Err(Refusal::OtherTurn) }
    }

    /// Two members who both signed change turns that have not come. Not in an auction, where turns are
    /// bid for.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`], [`Refusal::HasLeft`],
    /// [`Refusal::AlreadyPaidOut`], [`Refusal::SameSeat`], [`Refusal::NoSwap`] in an auction,
    /// [`Refusal::InArrears`] of one of them, or when the deposit that would be given back has covered so
    /// much that it is not there, [`Refusal::Overflow`].
    pub fn swap(&mut self, rules: &Rules, a: u8, b: u8, now: u64) -> Result<Swapped, Refusal> {
        let (mut first, mut second) = (self.require_full_member(a)?, self.require_full_member(b)?);
        if rules.order == Order::Auction {
            return Err(Refusal::NoSwap);
        }
        if a == b {
            return Err(Refusal::SameSeat);
        }
        if first.turn.min(second.turn) <= self.rounds_paid {
            return Err(Refusal::AlreadyPaidOut);
        }
        if self.in_arrears(rules, a, now)? || self.in_arrears(rules, b, now)? {
            return Err(Refusal::InArrears);
        }
        let late_by = self.late_by(rules, now);
        self.assess(rules, a, &mut first, late_by)?;
        self.assess(rules, b, &mut second, late_by)?;
        let before = rules.deposit(first.turn, self.len)?;
        let after = rules.deposit(second.turn, self.len)?;
        core::mem::swap(&mut first.turn, &mut second.turn);
        let deposit =
            if after > before { after.checked_sub(before)? } else { before.checked_sub(after)? };
        let ((earlier, gaining), (later, giving)) = if first.turn < second.turn {
            ((a, &mut first), (b, &mut second))
        } else {
            ((b, &mut second), (a, &mut first))
        };
        // What the deposit has covered is not there to be given: it is to be topped up first.
        if deposit > giving.deposit {
            return Err(Refusal::InArrears);
        }
        add(&mut gaining.deposit, deposit)?;
        sub(&mut giving.deposit, deposit)?;
        self.put(a, &first);
        self.put(b, &second);
        Ok(Swapped { earlier, later, deposit })
    }

    /// A member whose turn has not come leaves after the current round. From then on they pay nothing
    /// and the pots are smaller by their part; on the date of their turn exactly those whom they had
    /// paid pay them back the same, and nobody pays anything else.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`], [`Refusal::HasLeft`],
    /// [`Refusal::AlreadyPaidOut`] for who had the pot or is to get it in this round: what remains must
    /// be paid, or taken over by somebody; [`Refusal::TooFewMembers`] when fewer than two would stay,
    /// [`Refusal::Overflow`].
    pub fn exit(&mut self, rules: &Rules, seat: u8, now: u64) -> Result<(), Refusal> {
        self.require_full_member(seat)?;
        if self.recipient(rules, now)? == seat {
            return Err(Refusal::AlreadyPaidOut);
        }
        self.mark_leaver(rules, seat, now)?;
        self.void_votes(rules, seat, now)
    }

    /// Before being paid: leaves as by [`Circle::exit`], also while the round is theirs: then they change
    /// turns with the next who stays. After being paid (or when nobody else waits for a pot): owes on,
    /// and decides no more.
    pub(super) fn expel(&mut self, rules: &Rules, seat: u8, now: u64) -> Result<(), Refusal> {
        let member = self.member(seat)?;
        self.mark(seat, Marks::EXPELLED);
        self.bid = self.bid.filter(|bid| bid.seat != seat);
        let Some(next) = self.next_who_stays(seat) else {
            return Ok(());
        };
        if member.left_after != 0 || member.turn <= self.rounds_paid {
            return Ok(());
        }
        self.mark_leaver(rules, seat, now)?;
        if member.turn == self.current_round() && rules.order != Order::Auction {
            self.swap_turns(seat, next);
        }
        Ok(())
    }

    /// Who has the first of the turns to come, but for one seat and those who leave.
    fn next_who_stays(&self, but: u8) -> Option<u8> {
        let mut next = None;
        for index in (0..self.len).filter(|index| *index != but) {
            let seat = self.rows.seat(index);
            let waits = seat.turn > self.rounds_paid && seat.left_after == 0;
            if waits && next.is_none_or(|next| seat.turn < self.rows.seat(next).turn) {
                next = Some(index);
            }
        }
        next
    }

    fn swap_turns(&mut self, a: u8, b: u8) {
        let (mut first, mut second) = (self.rows.seat(a), self.rows.seat(b));
        core::mem::swap(&mut first.turn, &mut second.turn);
        self.put(a, &first);
        self.put(b, &second);
    }

    fn mark_leaver(&mut self, rules: &Rules, seat: u8, now: u64) -> Result<(), Refusal> {
        if self.member(seat)?.turn <= self.rounds_paid {
            return Err(Refusal::AlreadyPaidOut);
        }
        let staying = (0..self.len).filter(|index| self.rows.seat(*index).left_after == 0).count();
        if staying <= 2 {
            return Err(Refusal::TooFewMembers);
        }
        // What others have to pay changes: nobody is late with what they did not have to pay before.
        for index in 0..self.len {
            self.judge(rules, index, now)?;
        }
        let mut member = self.member(seat)?;
        member.left_after = self.current_round();
        self.put(seat, &member);
        self.bid = self.bid.filter(|bid| bid.seat != seat);
        if rules.order == Order::Auction {
            self.move_to_end(seat);
        }
        Ok(())
    }

    /// A newcomer, let in by vote, takes the seat over. Money passes between the two directly.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`], [`Refusal::HasLeft`],
    /// [`Refusal::NoProposal`] unless a replacement of this seat has passed, [`Refusal::TimeOver`] when
    /// that was longer than a vote's period ago, [`Refusal::InArrears`], [`Refusal::CreditWaiting`]
    /// while something waits to be pushed to the leaver, [`Refusal::Overflow`].
    pub fn replace(&mut self, rules: &Rules, seat: u8, now: u64) -> Result<Replaced, Refusal> {
        self.require_active()?;
        let mut member = self.member(seat)?;
        if member.left_after != 0 {
            return Err(Refusal::HasLeft);
        }
        let passed = self.passed(Motion::Replace, seat)?;
        if now > passed.last_second(rules) {
            return Err(Refusal::TimeOver);
        }
        if self.in_arrears(rules, seat, now)? {
            return Err(Refusal::InArrears);
        }
        if member.credit.is_positive() || member.claimable.is_positive() {
            return Err(Refusal::CreditWaiting);
        }
        let price = member.paid.checked_sub(member.received)?;
        let deposit = member.deposit;
        member.marks.clear(Marks::EXPELLED);
        member.late = 0;
        member.lost = Amount::ZERO;
        self.put(seat, &member);
        self.withdraw(Motion::Replace);
        self.bid = self.bid.filter(|bid| bid.seat != seat);
        self.forget_motions_about(seat);
        self.void_votes(rules, seat, now)?;
        // Nobody buys a seat of a circle that their own coming dissolves.
        self.require_active()?;
        Ok(Replaced { price, deposit })
    }

    /// The seat is moved to the address its vote was about: from [`Rules::move_delay_s`] after it passed, and
    /// then as long again. All else stays as it is.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`], [`Refusal::NoProposal`],
    /// [`Refusal::TooEarly`] within the delay, [`Refusal::TimeOver`] too long after it.
    pub fn complete_move(&mut self, rules: &Rules, seat: u8, now: u64) -> Result<(), Refusal> {
        self.require_active()?;
        self.member(seat)?;
        let passed = self.passed(Motion::Move, seat)?;
        if now <= passed.passed_at.saturating_add(u64::from(rules.move_delay_s())) {
            return Err(Refusal::TooEarly);
        }
        if now > passed.last_second(rules) {
            return Err(Refusal::TimeOver);
        }
        self.withdraw(Motion::Move);
        Ok(())
    }

    /// The member whose seat is about to be moved shows that the key is not lost: no move.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::NotMember`], [`Refusal::NoProposal`] when no move of this seat
    /// is proposed.
    pub fn object(&mut self, seat: u8) -> Result<(), Refusal> {
        self.require_active()?;
        self.member(seat)?;
        let about = |open: &Proposal| open.motion == Motion::Move && open.subject == seat;
        if !self.open_proposals().any(about) {
            return Err(Refusal::NoProposal);
        }
        self.withdraw(Motion::Move);
        Ok(())
    }

    /// What was proposed about the one who sat here is not about the newcomer.
    fn forget_motions_about(&mut self, seat: u8) {
        for motion in [Motion::Expel, Motion::Move] {
            if self.open_proposals().any(|open| open.motion == motion && open.subject == seat) {
                self.withdraw(motion);
            }
        }
    }
}
