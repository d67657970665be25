//! Debts of single rounds: who did not pay for which, and who is owed; and paying them back.

use super::sum::{NOTHING, PerSeat, add, split_by, sub};
use super::{Circle, Marks, Refusal, Rules, Store};
use crate::Amount;

/// What one member did not pay for some rounds in a row, the same for each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Debt {
    /// Who did not pay.
    pub debtor: u8,
    /// The first of the rounds; the recipient of each is owed, or if it was won by a bid, all who took
    /// part in equal parts (it was missing from their dividends).
    pub first: u8,
    /// The last of the rounds.
    pub last: u8,
    /// Owed to members for each round, in minor units.
    pub to_member: Amount,
    /// Owed to the insurance fund for each round, in minor units.
    pub to_fund: Amount,
}

impl Debt {
    pub(super) const NONE: Self =
        Self { debtor: 0, first: 0, last: 0, to_member: Amount::ZERO, to_fund: Amount::ZERO };
}

/// The most debts a circle keeps apart. Enough for any circle of up to 20 members (of 19 in auctions)
/// whatever they do, and for larger ones unless dozens pay different parts of many rounds: a circle that would have
/// more is dissolved.
pub const MAX_DEBTS: usize = 384;

pub(super) const MOST_DEBTS: u16 = 384;
const _: () = assert!(MOST_DEBTS as usize == MAX_DEBTS);

/// Who gets what of a repayment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repaid {
    /// By seat, in minor units; to be delivered, or else put back with [`Circle::credit`]. What goes
    /// to the insurance, the reserve, the own deposit, or waits to be claimed stays in the vault.
    pub to: PerSeat,
}

impl Circle {
    /// The debts of single rounds: each debtor's in the order of the rounds.
    #[must_use]
    pub fn debts(&self) -> &[Debt] {
        self.rows.debts(self.debts)
    }
}

impl<S: Store> Circle<S> {
    /// What the seat owes to members for `round` now: what was missing when it was paid out and nothing
    /// covered, less repayments. Zero for rounds not paid out, and after dissolving.
    #[must_use]
    pub fn owed(&self, seat: u8, round: u8) -> Amount {
        self.debt_of_round(seat, round).to_member
    }

    /// Whether the round was won by a bid: what is missing of it is owed to all who took part.
    #[must_use]
    pub fn is_won_by_bid(&self, round: u8) -> bool {
        self.seat_of_turn(round).is_some_and(|seat| self.rows.seat(seat).marks.has(Marks::BY_BID))
    }

    /// All the seat owes now: for rounds, to the insurance, as fees, and to those who miss something
    /// of their claims. What a member who left owes to a recipient is void: that recipient pays them
    /// back only what they had paid.
    ///
    /// # Errors
    /// [`Refusal::NotMember`], [`Refusal::Overflow`].
    pub fn debt(&self, seat: u8) -> Result<Amount, Refusal> {
        let member = self.member(seat)?;
        let mut sum = member.fees.checked_add(member.pooled)?;
        for debt in self.list_debts().filter(|debt| debt.debtor == seat) {
            let rounds = u32::from(debt.last.saturating_sub(debt.first)) + 1;
            let mut each = debt.to_fund;
            if !self.is_void(&debt) {
                add(&mut each, debt.to_member)?;
            }
            add(&mut sum, each.checked_mul(rounds)?)?;
        }
        Ok(sum)
    }

    /// Repays at most the debt: the oldest round first, within a round in the proportion of what is
    /// owed to its recipient and to the insurance; then fees; then what is owed to the pool of those
    /// who miss something of their claims; and what is more tops up the own deposit, as far as it has
    /// covered something.
    ///
    /// # Errors
    /// [`Refusal::NotActive`] before the first round, [`Refusal::NotMember`],
    /// [`Refusal::WrongAmount`] unless it is more than zero, [`Refusal::NoDebt`],
    /// [`Refusal::TooMuch`], [`Refusal::TooManyDebts`], [`Refusal::Overflow`].
    pub fn repay(&mut self, rules: &Rules, seat: u8, amount: Amount) -> Result<Repaid, Refusal> {
        if !self.phase.has_started() {
            return Err(Refusal::NotActive);
        }
        let debt = self.debt(seat)?;
        let top_up = self.top_up(rules, seat)?;
        if !amount.is_positive() {
            return Err(Refusal::WrongAmount);
        }
        let most = debt.checked_add(top_up)?;
        if most.is_zero() {
            return Err(Refusal::NoDebt);
        }
        if amount > most {
            return Err(Refusal::TooMuch);
        }
        let mut to = NOTHING;
        let left = self.clear_debts(seat, amount, &mut to)?;
        let mut member = self.member(seat)?;
        let pooled = left.min(member.pooled);
        sub(&mut member.pooled, pooled)?;
        let deposit = left.checked_sub(pooled)?;
        add(&mut member.deposit, deposit)?;
        if deposit.is_positive() {
            sub(&mut member.covered, deposit)?;
        }
        self.put(seat, &member);
        self.cover_claims(pooled)?;
        if self.phase.is_over() {
            // Fees and the insurance: nobody comes after who would share them.
            self.share_common()?;
        }
        Ok(Repaid { to })
    }

    /// What may be put back into the deposit: what it covered, while it can still cover something.
    fn top_up(&self, rules: &Rules, seat: u8) -> Result<Amount, Refusal> {
        let member = self.member(seat)?;
        let counts = self.require_active().is_ok() && member.left_after == 0;
        if !counts || rules.deposit(member.turn, self.len)?.is_zero() {
            return Ok(Amount::ZERO);
        }
        Ok(member.covered)
    }

    /// The payout just made (or a part of another step) could not be delivered: it becomes the seat's
    /// credit. It was counted as received already.
    ///
    /// # Errors
    /// [`Refusal::NotMember`], [`Refusal::WrongAmount`] when negative, [`Refusal::Overflow`].
    pub fn credit(&mut self, seat: u8, amount: Amount) -> Result<(), Refusal> {
        let mut member = self.member(seat)?;
        if amount < Amount::ZERO {
            return Err(Refusal::WrongAmount);
        }
        add(&mut member.credit, amount)?;
        self.put(seat, &member);
        Ok(())
    }

    /// Takes the seat's whole credit, to be delivered.
    ///
    /// # Errors
    /// [`Refusal::NotMember`], [`Refusal::NoCredit`].
    pub fn push(&mut self, seat: u8) -> Result<Amount, Refusal> {
        let mut member = self.member(seat)?;
        let credit = core::mem::take(&mut member.credit);
        if credit.is_zero() {
            return Err(Refusal::NoCredit);
        }
        self.put(seat, &member);
        Ok(credit)
    }

    /// Uses `left` for the seat's debts of single rounds and fees, and says in `to` who gets what; the
    /// fund and the reserve grow here. What is not needed is left over.
    pub(super) fn clear_debts(
        &mut self,
        seat: u8,
        mut left: Amount,
        to: &mut PerSeat,
    ) -> Result<Amount, Refusal> {
        let mut index = 0;
        while left.is_positive() && index < self.debts {
            let debt = self.rows.debt(index);
            if debt.debtor != seat {
                index += 1;
                continue;
            }
            let mut owed = [debt.to_member, debt.to_fund];
            if self.is_void(&debt) {
                owed[0] = Amount::ZERO;
            }
            let part = left.min(owed[0].checked_add(owed[1])?);
            if part.is_zero() {
                index += 1;
                continue;
            }
            let mut parts = [Amount::ZERO; 2];
            split_by(part, &owed, &mut parts)?;
            self.settle_round(index, debt, parts)?;
            self.pay_creditors(seat, debt.first, parts[0], to)?;
            add(&mut self.fund, parts[1])?;
            sub(&mut left, part)?;
        }
        let mut member = self.member(seat)?;
        let fees = left.min(member.fees);
        sub(&mut member.fees, fees)?;
        self.put(seat, &member);
        add(&mut self.reserve, fees)?;
        sub(&mut left, fees)?;
        Ok(left)
    }

    /// Keeps what was not paid for one round.
    pub(super) fn record_debt(&mut self, new: Debt) -> Result<(), Refusal> {
        if new.to_member.is_zero() && new.to_fund.is_zero() {
            return Ok(());
        }
        // The debtor's last debt is the latest round's: the same again makes it longer.
        let last = (0..self.debts).rev().find(|index| self.rows.debt(*index).debtor == new.debtor);
        if let Some(index) = last {
            let before = self.rows.debt(index);
            let amounts = (before.to_member, before.to_fund);
            if before.last + 1 == new.first
                && amounts == (new.to_member, new.to_fund)
                && self.is_won_by_bid(before.last) == self.is_won_by_bid(new.first)
            {
                self.rows.put_debt(index, &Debt { last: new.last, ..before });
                return Ok(());
            }
        }
        self.insert_debt(self.debts, new)
    }

    pub(super) fn list_debts(&self) -> impl Iterator<Item = Debt> {
        (0..self.debts).map(|index| self.rows.debt(index))
    }

    pub(super) fn forget_debts(&mut self) {
        for index in 0..self.debts {
            self.rows.put_debt(index, &Debt::NONE);
        }
        self.debts = 0;
    }

    /// Debts of which nothing is left are forgotten.
    pub(super) fn drop_settled_debts(&mut self) {
        for index in (0..self.debts).rev() {
            let debt = self.rows.debt(index);
            if debt.to_member.is_zero() && debt.to_fund.is_zero() {
                self.remove_debt(index);
            }
        }
    }

    /// What the seat owes for `round`; nothing when there is none.
    pub(super) fn debt_of_round(&self, seat: u8, round: u8) -> Debt {
        let mut debts = self.list_debts().filter(|debt| debt.debtor == seat);
        debts.find(|debt| (debt.first..=debt.last).contains(&round)).unwrap_or(Debt::NONE)
    }

    /// Whether anything is owed.
    pub(super) fn has_debt(&self, seat: u8) -> bool {
        self.debt(seat) != Ok(Amount::ZERO)
    }

    /// Whether what is owed to members is void: the debtor has left, and the recipient keeps as much
    /// of the pay-back.
    pub(super) fn is_void(&self, debt: &Debt) -> bool {
        self.rows.seat(debt.debtor).left_after != 0 && !self.is_won_by_bid(debt.first)
    }

    /// What was repaid for `round` goes to those who missed it.
    fn pay_creditors(
        &mut self,
        debtor: u8,
        round: u8,
        part: Amount,
        to: &mut PerSeat,
    ) -> Result<(), Refusal> {
        if part.is_zero() {
            return Ok(());
        }
        let mut parts = NOTHING;
        self.share_debt(round, part, &mut parts)?;
        for (index, (part, to)) in (0..self.len).zip(parts.iter().zip(to)) {
            if part.is_positive() {
                add(to, *part)?;
                let mut receiver = self.rows.seat(index);
                add(&mut receiver.received, *part)?;
                self.put(index, &receiver);
            }
        }
        let mut payer = self.member(debtor)?;
        add(&mut payer.paid, part)?;
        self.put(debtor, &payer);
        Ok(())
    }

    /// To whom `owed` for `round` is owed, on top of `parts`.
    pub(super) fn share_debt(
        &self,
        round: u8,
        owed: Amount,
        parts: &mut PerSeat,
    ) -> Result<(), Refusal> {
        let recipient = self.seat_of_turn(round).ok_or(Refusal::WrongRound)?;
        if self.rows.seat(recipient).marks.has(Marks::BY_BID) {
            return self.share_equally(owed, |seat| seat.takes_part_in(round), parts);
        }
        match parts.get_mut(usize::from(recipient)) {
            Some(part) => add(part, owed),
            None => Err(Refusal::NotMember),
        }
    }

    /// Takes `parts` off the first round of a debt.
    fn settle_round(&mut self, index: u16, debt: Debt, parts: [Amount; 2]) -> Result<(), Refusal> {
        let to_member = debt.to_member.checked_sub(parts[0])?;
        let to_fund = debt.to_fund.checked_sub(parts[1])?;
        let settled = to_member.is_zero() && to_fund.is_zero();
        let more = debt.first < debt.last;
        let rest = Debt { first: debt.first + 1, ..debt };
        if settled && !more {
            self.remove_debt(index);
            return Ok(());
        }
        if settled {
            self.rows.put_debt(index, &rest);
            return Ok(());
        }
        if more {
            self.insert_debt(index + 1, rest)?;
        }
        self.rows.put_debt(index, &Debt { last: debt.first, to_member, to_fund, ..debt });
        Ok(())
    }

    fn insert_debt(&mut self, index: u16, new: Debt) -> Result<(), Refusal> {
        if self.debts >= MOST_DEBTS {
            return Err(Refusal::TooManyDebts);
        }
        for later in (index..self.debts).rev() {
            let debt = self.rows.debt(later);
            self.rows.put_debt(later + 1, &debt);
        }
        self.debts += 1;
        self.rows.put_debt(index, &new);
        Ok(())
    }

    fn remove_debt(&mut self, index: u16) {
        for later in index + 1..self.debts {
            let debt = self.rows.debt(later);
            self.rows.put_debt(later - 1, &debt);
        }
        self.debts = self.debts.saturating_sub(1);
        self.rows.put_debt(self.debts, &Debt::NONE);
    }
}
