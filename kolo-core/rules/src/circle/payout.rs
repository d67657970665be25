//! Paying out the pot, and what happens when somebody has not paid.

use super::debts::{Debt, MOST_DEBTS};
use super::state::last_instalment;
use super::sum::{NOTHING, add, sub};
use super::{Circle, Marks, Order, Premium, Refusal, Rules, Seat, Shortfall, Store};
use crate::Amount;

/// Whether the next payout can be made (PO-4): a pure function of rules, state and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayoutStatus {
    /// Not active.
    None,
    /// Payable now.
    Ready {
        /// The round to pay out.
        round: u8,
        /// Who gets it.
        seat: u8,
        /// What is in the pot, in minor units, without what deposits and the insurance will add.
        amount: Amount,
        /// What that lacks to a full pot.
        short: Amount,
    },
    /// Complete, but its date has not come.
    NotBefore {
        /// The round to pay out.
        round: u8,
        /// Who will get it.
        seat: u8,
        /// Its date: the first second in which it can be paid out (Unix seconds).
        at: u64,
    },
    /// Somebody has not paid: at `at` the shortfall policy lets it go.
    Waiting {
        /// The round to pay out.
        round: u8,
        /// Who will get it.
        seat: u8,
        /// The instalments missing, in minor units.
        missing: Amount,
        /// The first second in which it can be paid out all the same (Unix seconds).
        at: u64,
    },
}

/// What a payout did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payout {
    /// The round paid out.
    pub round: u8,
    /// Who gets it.
    pub seat: u8,
    /// What they get, in minor units; to be delivered, or else put back with [`Circle::credit`].
    pub amount: Amount,
    /// What an auction's winner left to all, in minor units: credits of equal parts, debts first.
    pub dividend: Amount,
    /// What the insurance put in, in minor units.
    pub insured: Amount,
    /// It was the last round: the circle is completed now.
    pub completed: bool,
    /// More debts than a circle keeps apart: nothing was paid out, it is dissolved now.
    pub dissolved: bool,
}

/// What is in the pot and what is missing.
struct Count {
    pot: Amount,
    missing: Amount,
    /// What of it others than the recipient owe, and neither deposits nor the insurance cover.
    uncovered: Amount,
}

impl<S: Store> Circle<S> {
    /// Whether the next payout can be made at `now`, and if not, when.
    #[must_use]
    pub fn payout_status(&self, rules: &Rules, now: u64) -> PayoutStatus {
        self.require_active()
            .and_then(|()| self.next_payout(rules, now))
            .unwrap_or(PayoutStatus::None)
    }

    /// Pays the pot of `round` to whose turn it is. What is missing after deadline and grace is taken from
    /// the deposits of those who have not paid, then from the insurance (if that is not enough and the
    /// policy is to wait, after another interval); the rest becomes their debt (a recipient's own
    /// only if the pot was won by a bid).
    /// Either way it counts as late. In an auction the winner gets the bid, and all an equal part of the
    /// rest.
    ///
    /// After the last round the circle is completed: what is over goes back as credits.
    ///
    /// # Errors
    /// [`Refusal::NotActive`], [`Refusal::RoundPaidOut`], [`Refusal::WrongRound`] unless it is the round
    /// after the last one paid out, [`Refusal::TooEarly`] before its date, [`Refusal::Incomplete`] while
    /// an instalment is missing and the shortfall policy wants to wait, [`Refusal::Overflow`].
    pub fn payout(&mut self, rules: &Rules, round: u8, now: u64) -> Result<Payout, Refusal> {
        self.require_active()?;
        let (seat, short) = match self.next_payout(rules, now)? {
            PayoutStatus::Ready { round: ready, seat, short, .. } if ready == round => {
                (seat, short)
            }
            _ if (1..=self.rounds_paid).contains(&round) => return Err(Refusal::RoundPaidOut),
            _ if round != self.current_round() => return Err(Refusal::WrongRound),
            PayoutStatus::Waiting { .. } if self.payout_date(rules, round) <= Some(now) => {
                return Err(Refusal::Incomplete);
            }
            _ => return Err(Refusal::TooEarly),
        };
        if self.has_no_room(rules, seat, round, short)? {
            self.dissolve(rules, now)?;
            return Ok(Payout { dissolved: true, ..nothing_paid(round, seat) });
        }
        if rules.order == Order::Auction {
            // What the winner has to pay back to a leaver from now on is not late at once.
            self.judge(rules, seat, now)?;
            self.advance_turn(seat, round);
        }
        // Nobody is insured against themselves.
        self.release_insured(seat)?;
        let bid = self.bid.take().filter(|bid| bid.seat == seat);
        if bid.is_some() {
            self.mark(seat, Marks::BY_BID);
        }
        let fund = self.fund;
        let (amount, somebody_leaves) = self.collect(rules, seat, round, now)?;
        let insured = fund.checked_sub(self.fund)?;
        let mut price = bid.map_or(amount, |bid| bid.amount.min(amount));
        let mut member = self.member(seat)?;
        add(&mut member.received, price)?;
        self.put(seat, &member);
        self.rounds_paid = round;
        let dividend = amount.checked_sub(price)?;
        self.share_dividend(dividend)?;
        if member.left_after != 0 {
            // A leaver is paid back also what others had paid, or missed, in their place.
            let mut parts = NOTHING;
            price = self.clear_debts(seat, price, &mut parts)?;
            self.add_credits(&parts)?;
        }
        if somebody_leaves {
            self.let_leavers_go(round)?;
        }
        self.decide_premium(rules);
        let completed = round == self.len;
        if completed {
            self.complete(rules)?;
        }
        Ok(Payout { amount: price, dividend, insured, completed, ..nothing_paid(round, seat) })
    }

    /// Whether the round that begins carries a premium.
    fn decide_premium(&mut self, rules: &Rules) {
        self.premium_round = matches!(rules.premium, Premium::PerInstalment(_))
            && self.fund < rules.insurance_target;
    }

    /// [`Circle::payout_status`] of an active circle.
    fn next_payout(&self, rules: &Rules, now: u64) -> Result<PayoutStatus, Refusal> {
        let round = self.current_round();
        let seat = self.recipient(rules, now)?;
        let Count { pot: amount, missing, uncovered } = self.count(rules, seat, round)?;
        let complete = missing.is_zero();
        let at = if complete {
            self.payout_date(rules, round)
        } else {
            let waits = rules.shortfall == Shortfall::Wait && uncovered.is_positive();
            self.released_after(rules, round, waits).and_then(|after| after.checked_add(1))
        };
        let at = at.ok_or(Refusal::Overflow)?;
        Ok(if now >= at {
            PayoutStatus::Ready { round, seat, amount, short: missing }
        } else if complete {
            PayoutStatus::NotBefore { round, seat, at }
        } else {
            PayoutStatus::Waiting { round, seat, missing, at }
        })
    }

    /// Whose the current round is: whose turn it is, and in an auction the standing bidder's.
    ///
    /// # Errors
    /// [`Refusal::WrongRound`] when all rounds are paid out, [`Refusal::Overflow`].
    pub fn recipient(&self, rules: &Rules, now: u64) -> Result<u8, Refusal> {
        let round = self.current_round();
        if rules.order == Order::Auction {
            return self.winner(rules, round, now);
        }
        self.seat_of_turn(round).ok_or(Refusal::WrongRound)
    }

    fn count(&self, rules: &Rules, recipient: u8, round: u8) -> Result<Count, Refusal> {
        let plan = self.plan_for(recipient, round);
        let (pot, missing, mut uncovered) = (Amount::ZERO, Amount::ZERO, Amount::ZERO);
        let mut count = Count { pot, missing, uncovered };
        for index in 0..self.len {
            let seat = self.rows.seat(index);
            let need = self.open_need(rules, plan, index, &seat)?;
            let paid = seat.ahead.min(need);
            add(&mut count.pot, paid)?;
            add(&mut count.pot, seat.insured)?;
            let missing = need.checked_sub(paid)?;
            add(&mut count.missing, missing)?;
            if index != recipient {
                add(&mut uncovered, missing.checked_sub(missing.min(seat.deposit))?)?;
            }
        }
        count.uncovered = uncovered.checked_sub(uncovered.min(self.fund))?;
        Ok(count)
    }

    /// The last second in which an incomplete round still waits: its deadline and grace, or those of the
    /// next instalment.
    fn released_after(&self, rules: &Rules, round: u8, waits: bool) -> Option<u64> {
        let last = last_instalment(rules, round) + u32::from(waits);
        self.deadline(rules, last)?.checked_add(u64::from(rules.grace_s))
    }

    /// Everything for the pot of `round`: what was paid, less its part of what a shortfall took; then
    /// deposits, then the insurance; the rest becomes debt. And whether it is somebody's last round.
    fn collect(
        &mut self,
        rules: &Rules,
        recipient: u8,
        round: u8,
        now: u64,
    ) -> Result<(Amount, bool), Refusal> {
        let plan = self.plan_for(recipient, round);
        let late_by = self.late_by(rules, now);
        let judged = u16::try_from(last_instalment(rules, round)).unwrap_or(u16::MAX);
        let (mut held, mut covered, mut leaving) = (Amount::ZERO, Amount::ZERO, false);
        // Nobody owes themselves; but what is missing of a pot won by a bid is missing for all.
        let by_bid = self.rows.seat(recipient).marks.has(Marks::BY_BID);
        let exempt = (!by_bid).then_some(recipient);
        for index in 0..self.len {
            let mut seat = self.rows.seat(index);
            leaving |= seat.left_after == round;
            self.assess(rules, index, &mut seat, late_by)?;
            let need = self.open_need(rules, plan, index, &seat)?;
            let paid = seat.ahead.min(need);
            let insured = core::mem::take(&mut seat.insured);
            add(&mut held, paid)?;
            add(&mut held, insured)?;
            sub(&mut seat.ahead, paid)?;
            if seat.assessed <= judged {
                seat.assessed = 0;
            }
            let mut debt = Debt { debtor: index, first: round, last: round, ..Debt::NONE };
            debt.to_fund = insured;
            let missing = need.checked_sub(paid)?;
            if missing.is_positive() && exempt != Some(index) {
                let own = cover_from_deposit(&mut seat, missing)?;
                let uncovered = missing.checked_sub(own)?;
                let from_fund = uncovered.min(self.fund);
                sub(&mut self.fund, from_fund)?;
                add(&mut debt.to_fund, from_fund)?;
                debt.to_member = uncovered.checked_sub(from_fund)?;
                add(&mut covered, own)?;
                add(&mut covered, from_fund)?;
            }
            self.put(index, &seat);
            self.record_debt(debt)?;
        }
        let lost = self.take_held_lost(held)?;
        Ok((held.checked_sub(lost)?.checked_add(covered)?, leaving))
    }

    /// Whether there might be more debts than are kept apart.
    fn has_no_room(
        &self,
        rules: &Rules,
        recipient: u8,
        round: u8,
        short: Amount,
    ) -> Result<bool, Refusal> {
        // Nobody has more debts than there were rounds, none of them for their own but by a bid.
        let bids = u16::from(rules.order == Order::Auction);
        let most = (u16::from(self.len) + bids).saturating_sub(1) * u16::from(round);
        let settles = short.is_zero() && self.debts == 0;
        if settles || most <= MOST_DEBTS {
            return Ok(false);
        }
        let plan = self.plan_for(recipient, round);
        let mut new = 0;
        for index in 0..self.len {
            let seat = self.rows.seat(index);
            let need = self.need_of(rules, plan, index, &seat)?;
            new += u16::from(seat.ahead < need);
        }
        // What goes back to a leaver or at the end, and a dividend, may clear a part of a debt and so
        // divide it.
        new += (1 + bids) * u16::from(self.len);
        Ok(self.debts + new > MOST_DEBTS)
    }

    /// Members whose last round this was get back their deposit and what they paid ahead, less what
    /// they owe, and take part no more.
    fn let_leavers_go(&mut self, round: u8) -> Result<(), Refusal> {
        for index in 0..self.len {
            let mut seat = self.rows.seat(index);
            if seat.left_after != round {
                continue;
            }
            let mut back = core::mem::take(&mut seat.deposit);
            self.put(index, &seat);
            add(&mut back, self.release_ahead(index)?)?;
            self.credit_less_debts(index, back)?;
        }
        Ok(())
    }
}

fn cover_from_deposit(seat: &mut Seat, missing: Amount) -> Result<Amount, Refusal> {
    let covered = missing.min(seat.deposit);
    sub(&mut seat.deposit, covered)?;
    add(&mut seat.covered, covered)?;
    add(&mut seat.paid, covered)?;
    Ok(covered)
}

const fn nothing_paid(round: u8, seat: u8) -> Payout {
    Payout {
        round,
        seat,
        amount: Amount::ZERO,
        dividend: Amount::ZERO,
        insured: Amount::ZERO,
        completed: false,
        dissolved: false,
    }
}
