//! BALANCE, HISTORY, RECEIPT, TEST MONEY, CONTRIBUTE, REPAY.
use kolo_rules::Amount;
use kolo_rules::circle::PayoutStatus;

use super::{Said, Talk};
use crate::conversation::amount;
use crate::conversation::reply::{GroupPosition, Payment, Reply};
use crate::conversation::session::{AmountOf, Pending, Step};
use crate::view::{
    CircleStage, CircleStatus, CircleSummary, DueView, MemberView, SeatView, WalletView,
};
use crate::{Error, MemberId, Timestamp};

/// Lines on a page of history.
const PAGE: usize = 5;
/// Groups in a balance.
const POSITIONS: usize = 10;

impl Talk<'_> {
    pub(super) async fn balance(&self, member: &MemberView) -> Result<Said, Error> {
        let mut wallets = self.desk.balances(member.id).await?;
        let usual = &self.speech.asset;
        wallets.retain(|wallet| wallet.asset == *usual || has_something(wallet));
        let mut groups = Vec::new();
        for circle in self.desk.circles_of(member.id).await?.iter().rev().take(POSITIONS) {
            if !matches!(circle.stage, CircleStage::OnChain(_)) {
                continue;
            }
            let status = self.desk.status(circle.id).await?;
            if let Some(seat) = seat_of(&status, member.id) {
                groups.push(GroupPosition {
                    name: circle.name.clone(),
                    asset: circle.asset.clone(),
                    paid: seat.paid,
                    received: seat.received,
                    debt: seat.debt,
                });
            }
        }
        let said = Said::reply(Reply::Balance { wallets, groups });
        let choices = [("label-history", "HISTORY"), ("label-my-key", "MY KEY")];
        Ok(match self.desk.has_key_page() {
            true => said.choices(choices.map(|(label, text)| self.say(label, text)).to_vec()),
            false => said,
        })
    }

    pub(super) async fn history(
        &self,
        member: &MemberView,
        before: Option<u64>,
    ) -> Result<Said, Error> {
        let page = self.desk.history(member.id, before, PAGE).await?;
        if page.lines.is_empty() {
            let empty = if before.is_some() { Reply::HistoryEnd } else { Reply::HistoryEmpty };
            return Ok(Said::reply(empty));
        }
        let said = Said::reply(Reply::History { lines: page.lines, more: page.next.is_some() });
        Ok(match page.next {
            Some(before) => {
                said.step(Step::History { before }).choices(vec![self.say("label-more", "MORE")])
            }
            None => said,
        })
    }

    /// Shown to members of its circle; to others it does not exist.
    pub(super) async fn receipt(
        &self,
        member: &MemberView,
        number: Option<String>,
    ) -> Result<Said, Error> {
        let Some(number) = number else {
            return Ok(Said::reply(Reply::ReceiptWhich));
        };
        match self.desk.receipt(member.id, &number).await {
            Ok(receipt) => Ok(Said::reply(Reply::Receipt(Box::new(receipt)))),
            Err(error) => self.refused(error),
        }
    }

    /// Play money needs no YES: nobody can lose by it.
    pub(super) async fn test_money(
        &self,
        member: &MemberView,
        typed: Option<String>,
    ) -> Result<Said, Error> {
        let Some(max) = self.desk.test_money_max() else {
            return self.refused(Error::NotAvailable);
        };
        let Some(typed) = typed else {
            return Ok(Said::reply(Reply::AskTestMoney { max }));
        };
        let assets = self.desk.assets();
        let asked = amount::unit_in(&typed, assets).map_or(&self.speech.asset, |a| &a.asset);
        let talk = self.in_asset(asked);
        let amount = match talk.amount(&typed) {
            Ok(amount) if amount > max => {
                return Ok(Said::reply(Reply::TestMoneyAtMost { max }).by(&talk));
            }
            Ok(amount) => amount,
            Err(problem) => return Ok(talk.bad_amount(problem, AmountOf::TestMoney).by(&talk)),
        };
        let ctx = self.context(Some(member), "test-money");
        match self.desk.test_money(&ctx, asked, amount).await {
            Ok(intent) => Ok(Said::after(intent, None)),
            Err(error) => self.refused(error),
        }
    }

    /// What is due, as a question; or why there is nothing to pay.
    pub(super) async fn contribute(
        &self,
        member: &MemberView,
        circle: &CircleSummary,
        typed: Option<&str>,
    ) -> Result<Said, Error> {
        let asked = match typed.map(|typed| self.amount(typed)) {
            Some(Err(problem)) => {
                let of = AmountOf::Contribution { circle: circle.id };
                return Ok(self.bad_amount(problem, of));
            }
            Some(Ok(amount)) => Some(amount),
            None => None,
        };
        let view = match self.desk.due(member.id, circle.id).await {
            Ok(view) => view,
            Err(error) => return self.refused(error),
        };
        let name = circle.name.clone();
        let due = view.due.amount;
        if view.pending {
            return Ok(Said::reply(Reply::OnItsWay { name }));
        }
        let status = self.desk.status(circle.id).await?;
        if due.is_zero() {
            return Ok(self.nothing_due(member, &status, &view));
        }
        if asked.is_some_and(|asked| asked != due) {
            return Ok(Said::reply(Reply::OtherAmount { name, due }));
        }
        if view.missing.is_positive() {
            let test_money = self.desk.test_money_max().is_some();
            return Ok(Said::reply(Reply::TooLittle {
                name,
                amount: due,
                missing: view.missing,
                test_money,
                pinned: self.has_choice(),
            }));
        }
        let wallet = self.purse(member).await?;
        let to = recipient(&status, view.due.round, member.id);
        let payment = Payment {
            name,
            round: view.due.round,
            rounds: status.rounds,
            amount: due,
            recipient: to.map(|seat| seat.name.clone()),
            pays_back: to.is_some_and(|seat| seat.leaves_after != 0),
            deadline: Timestamp::from_unix(view.due.deadline),
            advance: view.due.advance,
            balance_after: wallet.available.checked_sub(due).unwrap_or_default(),
            premium: view.due.premium,
            fees: view.due.fees.min(due),
            debt: view.debt,
        };
        let pending = Pending::Contribute { circle: circle.id, round: view.due.round, amount: due };
        Ok(self.question(Reply::ConfirmContribute(payment), pending))
    }

    /// The bond or the deposit before the first round, as a question.
    pub(super) async fn enter(
        &self,
        member: &MemberView,
        circle: &CircleSummary,
    ) -> Result<Said, Error> {
        let name = circle.name.clone();
        let entry = match self.desk.entry_due(member.id, circle.id).await {
            Ok(entry) => entry,
            Err(error) => return self.refused(error),
        };
        if entry.pending {
            return Ok(Said::reply(Reply::OnItsWay { name }));
        }
        let (amount, bond) = (entry.amount, entry.is_bond);
        let Some(until) = entry.until.filter(|_| amount.is_positive()) else {
            return Ok(Said::reply(Reply::NothingToPayIn { name }));
        };
        if entry.missing.is_positive() {
            let (test_money, missing) = (self.desk.test_money_max().is_some(), entry.missing);
            let pinned = self.has_choice();
            return Ok(Said::reply(Reply::TooLittle { name, amount, missing, test_money, pinned }));
        }
        let wallet = self.purse(member).await?;
        let balance_after = wallet.available.checked_sub(amount).unwrap_or_default();
        let reply = Reply::ConfirmEntry { name, amount, bond, until, balance_after };
        Ok(self.question(reply, Pending::Enter { circle: circle.id, amount, bond }))
    }

    fn nothing_due(&self, member: &MemberView, status: &CircleStatus, view: &DueView) -> Said {
        let name = view.circle.name.clone();
        if view.debt.is_positive() {
            let choices = vec![self.say("label-repay", &format!("REPAY {}", view.circle.id))];
            return Said::reply(Reply::OfferRepay { name, debt: view.debt }).choices(choices);
        }
        let rules = &view.circle.rules;
        let whole = rules
            .contribution
            .checked_mul(u32::from(rules.instalments_per_round) * u32::from(status.rounds));
        let all_paid = seat_of(status, member.id)
            .zip(whole.ok())
            .is_some_and(|(seat, whole)| seat.paid >= whole);
        if all_paid {
            return Said::reply(Reply::AllPaid { name });
        }
        let deadline = Timestamp::from_unix(view.due.deadline);
        Said::reply(Reply::NothingDue { name, round: view.due.round, deadline })
    }

    pub(super) async fn repay(
        &self,
        member: &MemberView,
        circle: &CircleSummary,
        typed: Option<&str>,
    ) -> Result<Said, Error> {
        let name = circle.name.clone();
        let status = self.desk.status(circle.id).await?;
        let debt = seat_of(&status, member.id).map(|seat| seat.debt).unwrap_or_default();
        if !debt.is_positive() {
            return Ok(Said::reply(Reply::NothingOwed { name }));
        }
        let amount = match typed.map(|typed| self.amount(typed)) {
            Some(Err(problem)) => {
                let of = AmountOf::Repayment { circle: circle.id };
                return Ok(self.bad_amount(problem, of));
            }
            Some(Ok(amount)) if amount > debt => {
                return Ok(Said::reply(Reply::RepayAtMost { name, debt }));
            }
            Some(Ok(amount)) => amount,
            None => debt,
        };
        let wallet = self.purse(member).await?;
        let after = wallet.available.checked_sub(amount).unwrap_or_default();
        if after < Amount::ZERO {
            let missing = Amount::ZERO.checked_sub(after).unwrap_or_default();
            let test_money = self.desk.test_money_max().is_some();
            let pinned = self.has_choice();
            return Ok(Said::reply(Reply::TooLittle { name, amount, missing, test_money, pinned }));
        }
        let left = debt.checked_sub(amount).unwrap_or_default();
        let reply = Reply::ConfirmRepay { name, amount, left, balance_after: after };
        Ok(self.question(reply, Pending::Repay { circle: circle.id, amount }))
    }

    /// A question that a YES answers.
    pub(super) fn question(&self, reply: Reply, pending: Pending) -> Said {
        Said::reply(reply).step(Step::Confirm(pending)).choices(self.yes_no())
    }
}

fn has_something(wallet: &WalletView) -> bool {
    let on_chain = wallet.on_chain.is_some_and(|amount| !amount.is_zero());
    on_chain || !wallet.settled.is_zero() || !wallet.pending_out.is_zero()
}

pub(super) fn seat_of(status: &CircleStatus, member: MemberId) -> Option<&SeatView> {
    status.seats.iter().find(|seat| seat.member == Some(member))
}

/// Who gets the pot of `round`; `None` when it is the payer.
fn recipient(status: &CircleStatus, round: u8, payer: MemberId) -> Option<&SeatView> {
    let by_turn = status.seats.iter().find(|seat| seat.turn == round);
    let next = match status.next_payout {
        PayoutStatus::Ready { round: next, seat, .. }
        | PayoutStatus::NotBefore { round: next, seat, .. }
        | PayoutStatus::Waiting { round: next, seat, .. }
            if next == round =>
        {
            status.seats.get(usize::from(seat))
        }
        _ => None,
    };
    next.or(by_turn).filter(|seat| seat.member != Some(payer))
}
