//! The books of a circle: see `circle/postings.rs` for the tables.
use kolo_rules::Amount;
use kolo_rules::circle::Effect;

use super::tell::Story;
use crate::circle::postings::{Details, Move, Part, allocation, external, purse};
use crate::circle::state::{Circle, Holder, Pending, Seat};
use crate::port::chain::{ChainAddress, CircleChainEvent};
use crate::port::ledger::{AccountId, EntryStatus, JournalEntry, Posting, Resolution};
use crate::unit::Changes;
use crate::{Error, Kolo};

/// Money a member paid into a circle.
struct PaidIn<'a> {
    kind: &'a str,
    by: &'a ChainAddress,
    into: Part,
    /// 0 for what belongs to no round.
    round: u8,
    amount: Amount,
}

impl Kolo {
    /// What the event moved into and out of the vault, then what the rules made of it within; `false` when
    /// that is not believed to have moved.
    pub(super) async fn book(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        story: &Story<'_>,
    ) -> Result<bool, Error> {
        use CircleChainEvent as E;
        let believed = self.is_believed(circle, story).await?;
        let mut book = Booking { changes, circle, story, flows: Vec::new(), count: 0 };
        let paid_in = match story.what {
            E::ContributionMade { member, round, amount, .. } => {
                Some(("contribution", member, Part::Pot, *round, *amount))
            }
            E::DebtRepaid { member, amount, .. } => {
                Some(("repayment", member, Part::Pot, 0, *amount))
            }
            E::DrawCommitted { member, .. } => {
                Some(("bond", member, Part::Deposits, 0, circle.rules()?.bond))
            }
            E::DepositMade { member, amount } => {
                Some(("security", member, Part::Deposits, 0, *amount))
            }
            _ => None,
        };
        if let Some((kind, by, into, round, amount)) = paid_in {
            let paid = PaidIn { kind, by, into, round, amount };
            self.pay_in(&mut book, &paid, believed).await?;
        }
        if believed {
            book.pay_out();
        }
        book.allocate()?;
        Ok(believed)
    }

    /// Whether money has moved as the event says. What the rules cannot have done says a contract of other
    /// code, which may say anything: it can pay no more than the books have it hold, and nobody's wallet is
    /// charged for it.
    async fn is_believed(&self, circle: &Circle, story: &Story<'_>) -> Result<bool, Error> {
        use CircleChainEvent as E;
        if story.effect.is_some() {
            return Ok(true);
        }
        let (from, amount) = match story.what {
            E::PayoutMade { amount, credited: false, .. } => (Part::Pot, *amount),
            E::CreditPushed { amount, .. } | E::RefundClaimed { amount, .. } => {
                (Part::Credits, *amount)
            }
            _ => return Ok(false),
        };
        let account = from.account(circle.id, &circle.asset);
        let held = self.ports().ledger.balances(self.tenant(), &[account]).await?;
        Ok(held.first().is_some_and(|held| amount <= held.settled))
    }

    /// Settles the hold of a payment made by us; books one made without us.
    async fn pay_in(
        &self,
        book: &mut Booking<'_>,
        paid: &PaidIn<'_>,
        believed: bool,
    ) -> Result<(), Error> {
        let PaidIn { kind, by, into, round, amount } = *paid;
        if self.settle_hold(book, by, round, amount).await? {
            book.flows.push((into, amount));
        } else if believed {
            book.enter(kind, by, into, amount, (round > 0).then_some(round));
        }
        Ok(())
    }

    /// `false` when there is no hold: paid without us.
    async fn settle_hold(
        &self,
        book: &mut Booking<'_>,
        payer: &ChainAddress,
        round: u8,
        amount: Amount,
    ) -> Result<bool, Error> {
        let circle = book.circle;
        let holder = circle.seat_of(payer).and_then(|seat| circle.holder(seat));
        let Some(member) = holder.and_then(|holder| holder.member) else {
            return Ok(false);
        };
        let Some(mut seat) = self.load::<Seat>(Seat::key(circle.id, member)).await? else {
            return Ok(false);
        };
        let same = |pending: &mut Pending| {
            pending.round == round && pending.amount == amount.minor_units()
        };
        let Some(pending) = seat.state.pending.take_if(same) else {
            return Ok(false);
        };
        book.changes.set.resolutions.push(Resolution {
            entry: pending.hold,
            settle: true,
            chain_tx: Some(book.story.event.tx.clone()),
            effective_at: book.story.event.closed_at,
        });
        book.changes.write(&seat)?;
        Ok(true)
    }
}

/// Entries of one event: ids count up.
struct Booking<'a> {
    changes: &'a mut Changes,
    circle: &'a Circle,
    story: &'a Story<'a>,
    /// What entered (positive) and left the circle's accounts.
    flows: Vec<(Part, Amount)>,
    count: u32,
}

impl Booking<'_> {
    /// What left the vault, and what was found in it or gone from it.
    fn pay_out(&mut self) {
        use CircleChainEvent as E;
        match self.story.what {
            E::DebtRepaid { credited, .. } => {
                for (holder, part) in self.story.passed_on(self.circle, credited) {
                    self.leave("repaid", Part::Pot, &holder.address, part, None);
                }
            }
            E::PayoutMade { recipient, round, amount, credited: false } => {
                self.leave("payout", Part::Pot, recipient, *amount, Some(*round));
            }
            E::CreditPushed { member, amount } => {
                self.leave("credit", Part::Credits, member, *amount, None);
            }
            E::RefundClaimed { member, amount } => {
                self.leave("refund", Part::Credits, member, *amount, None);
            }
            E::Synced { surplus, shortfall } => {
                let reserve = Part::Reserve.account(self.circle.id, &self.circle.asset);
                let outside = external(&self.circle.asset);
                self.flow(Part::Reserve, *surplus, *shortfall);
                let details = self.details(None);
                self.add("surplus", outside.clone(), reserve.clone(), *surplus, &details);
                self.add("shortfall", reserve, outside, *shortfall, &details);
            }
            _ => {}
        }
    }

    fn enter(
        &mut self,
        kind: &str,
        by: &ChainAddress,
        into: Part,
        amount: Amount,
        round: Option<u8>,
    ) {
        let account = into.account(self.circle.id, &self.circle.asset);
        self.flow(into, amount, Amount::ZERO);
        let purse = self.purse_of(by);
        let by = (purse == external(&self.circle.asset)).then(|| by.clone());
        let details = Details { by, ..self.details(round) };
        self.add(kind, purse, account, amount, &details);
    }

    fn leave(
        &mut self,
        kind: &str,
        from: Part,
        to: &ChainAddress,
        amount: Amount,
        round: Option<u8>,
    ) {
        let account = from.account(self.circle.id, &self.circle.asset);
        self.flow(from, Amount::ZERO, amount);
        self.add(kind, account, self.purse_of(to), amount, &self.details(round));
    }

    fn flow(&mut self, part: Part, entered: Amount, left: Amount) {
        // Both are amounts of one event, none negative: the difference is one too.
        self.flows.extend(entered.checked_sub(left).ok().map(|flow| (part, flow)));
    }

    fn purse_of(&self, address: &ChainAddress) -> AccountId {
        let seat = self.circle.seat_of(address).and_then(|seat| self.circle.holder(seat));
        purse(seat.and_then(|holder| holder.member), &self.circle.asset)
    }

    fn add(
        &mut self,
        kind: &str,
        from: AccountId,
        to: AccountId,
        amount: Amount,
        details: &Details,
    ) {
        if !amount.is_positive() {
            return;
        }
        let id = self.next_id();
        let (at, tx) = (self.story.event.closed_at, Some(self.story.event.tx.clone()));
        let status = EntryStatus::Settled;
        let entry = Move { id, kind, from, to, amount, status, at, tx, details };
        self.changes.set.entries.push(entry.entry());
    }

    /// What the rules made of it within the vault. Nothing when the event did not follow from the
    /// mirror: what the contract did is then unknown, and the operator is told.
    fn allocate(&mut self) -> Result<(), Error> {
        if self.story.effect.is_none() {
            return Ok(());
        }
        let lines = allocation(self.story.before, self.story.after, &self.flows)?;
        if lines.is_empty() {
            return Ok(());
        }
        let (circle, asset) = (self.circle.id, &self.circle.asset);
        let posting = |(part, side, amount): (Part, _, _)| Posting {
            account: part.account(circle, asset),
            side,
            amount,
        };
        let entry = JournalEntry {
            id: self.next_id(),
            kind: "allocation".to_owned(),
            status: EntryStatus::Settled,
            postings: lines.into_iter().map(posting).collect(),
            effective_at: self.story.event.closed_at,
            chain_tx: Some(self.story.event.tx.clone()),
            details: serde_json::to_string(&self.details(None)).unwrap_or_default(),
        };
        self.changes.set.entries.push(entry);
        Ok(())
    }

    fn next_id(&mut self) -> String {
        let id = format!("event/{}/{}", self.story.event.id, self.count);
        self.count += 1;
        id
    }

    fn details(&self, round: Option<u8>) -> Details {
        let (circle, name) = (Some(self.circle.id), Some(self.circle.name.clone()));
        Details { circle, name, round, by: None }
    }
}

impl Story<'_> {
    /// What a repayment passed on to creditors who could take it.
    pub(super) fn passed_on<'c>(
        &self,
        circle: &'c Circle,
        credited: &[ChainAddress],
    ) -> Vec<(&'c Holder, Amount)> {
        let Some(Effect::Delivered(to)) = self.effect else {
            return Vec::new();
        };
        circle
            .holders
            .iter()
            .zip(to)
            .filter(|(holder, part)| part.is_positive() && !credited.contains(&holder.address))
            .collect()
    }
}
