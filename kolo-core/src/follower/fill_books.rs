//! The books of a circle that is filled from its contract's state (`fill.rs`).
use kolo_rules::{Amount, Circle as Mirror, Refusal, Rules};

use crate::circle::postings::{Details, Part, external};
use crate::circle::state::{Circle, Pending, Seat};
use crate::intent::state::{Intent, Progress, Want};
use crate::port::ledger::{EntryStatus, JournalEntry, Posting, Resolution, Side};
use crate::record::Loaded;
use crate::unit::Changes;
use crate::{CircleId, Error, Kolo, MemberId};

impl Kolo {
    /// Settles the holds of payments that have arrived; what they moved.
    pub(super) async fn settle_known(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        before: &Mirror,
        after: &Mirror,
    ) -> Result<Vec<(Part, Amount)>, Error> {
        let (rules, mut moved) = (circle.rules()?, Vec::new());
        for (seat, holder) in (0_u8..).zip(&circle.holders) {
            let Some(member) = holder.member else { continue };
            let Some((mut place, pending)) = self.pending(circle.id, member).await? else {
                continue;
            };
            let Some(intent) = self.load::<Intent>(pending.intent).await? else { continue };
            changes.hold_still(&intent)?;
            let tx = match &intent.state.progress {
                Progress::Confirmed { tx, .. } => Some(tx.clone()),
                _ => None,
            };
            let amount = Amount::new(pending.amount);
            let part = match intent.state.want {
                Want::Commit { .. } | Want::Secure { .. } => Part::Deposits,
                _ => Part::Pot,
            };
            let contained = pending.round > 0
                && paid_more(before, after, &rules, seat, pending.round)
                    .is_some_and(|m| m >= amount);
            // Confirmed later than what was read: its event comes.
            if contained || intent.state.is_done_by(circle.filled_to) {
                let (effective_at, settle) = (changes.now(), true);
                let entry = pending.hold.clone();
                let end = Resolution { entry, settle, chain_tx: tx, effective_at };
                changes.set.resolutions.push(end);
                place.state.pending = None;
                changes.write(&place)?;
                moved.push((part, amount));
            }
        }
        Ok(moved)
    }

    async fn pending(
        &self,
        circle: CircleId,
        member: MemberId,
    ) -> Result<Option<(Loaded<Seat>, Pending)>, Error> {
        let seat = self.load::<Seat>(Seat::key(circle, member)).await?;
        Ok(seat.and_then(|seat| seat.state.pending.clone().map(|pending| (seat, pending))))
    }

    /// The circle's accounts are brought to what the contract says, against the outside: what led there
    /// is not known.
    pub(super) async fn book_state(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        kind: &str,
        after: &Mirror,
        holds: &[(Part, Amount)],
    ) -> Result<(), Error> {
        let missing = self.missing_in_books(circle, after, holds).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let mut net = Amount::ZERO;
        let mut postings = Vec::new();
        for (part, amount) in missing {
            net = net.checked_add(amount).map_err(Refusal::from)?;
            let account = part.account(circle.id, &circle.asset);
            postings.extend(grown(amount, Side::Credit).map(|(side, amount)| Posting {
                account,
                side,
                amount,
            }));
        }
        let account = external(&circle.asset);
        postings.extend(grown(net, Side::Debit).map(|(side, amount)| Posting {
            account,
            side,
            amount,
        }));
        let name = Some(circle.name.clone());
        let details = Details { circle: Some(circle.id), name, round: None, by: None };
        changes.set.entries.push(JournalEntry {
            id: format!("{}/books", changes.set.key),
            kind: kind.to_owned(),
            status: EntryStatus::Settled,
            postings,
            effective_at: changes.now(),
            chain_tx: None,
            details: serde_json::to_string(&details).unwrap_or_default(),
        });
        Ok(())
    }

    /// By how much each account is less than the contract says (negative: more), `holds` counted in.
    pub(super) async fn missing_in_books(
        &self,
        circle: &Circle,
        after: &Mirror,
        holds: &[(Part, Amount)],
    ) -> Result<Vec<(Part, Amount)>, Error> {
        let accounts = Part::ALL.map(|part| part.account(circle.id, &circle.asset));
        let balances = self.ports().ledger.balances(self.tenant(), &accounts).await?;
        let mut missing = Vec::new();
        for (part, balance) in Part::ALL.into_iter().zip(balances) {
            let held = part.held(after)?;
            let mut amount = held.checked_sub(balance.settled).map_err(Refusal::from)?;
            for (_, settled) in holds.iter().filter(|(into, _)| *into == part) {
                amount = amount.checked_sub(*settled).map_err(Refusal::from)?;
            }
            if !amount.is_zero() {
                missing.push((part, amount));
            }
        }
        Ok(missing)
    }
}

/// The side an amount is posted on, of an account that grows on `side`; `None` for nothing.
fn grown(amount: Amount, side: Side) -> Option<(Side, Amount)> {
    if amount.is_positive() {
        return Some((side, amount));
    }
    let other = if side == Side::Credit { Side::Debit } else { Side::Credit };
    let size = Amount::ZERO.checked_sub(amount).ok()?;
    size.is_positive().then_some((other, size))
}

/// What a seat has paid for a round since; `None` when either state does not say.
fn paid_more(
    before: &Mirror,
    after: &Mirror,
    rules: &Rules,
    seat: u8,
    round: u8,
) -> Option<Amount> {
    let (was, is) = (before.paid_for(rules, seat, round), after.paid_for(rules, seat, round));
    is.ok()?.checked_sub(was.ok()?).ok()
}
