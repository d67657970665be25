//! Circles from their contracts' state, where the events that led there are lost.
//!
//! | filled | from |
//! |---|---|
//! | the mirror: phase, rounds, payments, debts, credits, votes | the contract's state |
//! | who sits where | the contract's members; names of ours, two ends of the address of others |
//! | the circle's accounts | the mirror, by one entry of kind `gap` against the outside |
//! | holds of payments the state contains, or whose transaction is confirmed | settled |
//! | timers: payouts, reminders, credits, claims, steps before the first round | as if it had just begun |
//! | a circle of ours whose creation was lost | its address, which its intent knows; its rules must agree |
//! | a circle that is finished and deleted | its accounts are empty, its phase the one that was possible |
//!
//! Wallets follow from balances: `compare.rs`. No event is made up: what is not known is said to be so.
use kolo_rules::circle::{Marks, PayoutStatus, Phase};
use kolo_rules::{Circle as Mirror, Interval, Rules};

use super::circle::cannot_be;
use super::gap::Gap;
use crate::circle::state::{Circle, Contract, Former};
use crate::intent::state::Intent;
use crate::notice::Notice;
use crate::port::chain::{CircleOnChain, LatestLedger, LostHistory};
use crate::port::{PortError, PortErrorKind, Retry};
use crate::record::Loaded;
use crate::unit::{Changes, Command};
use crate::worker::readiness::passed_move;
use crate::{CircleId, Error, Kolo};

/// Circles read in one go.
const PAGE: usize = 100;

/// What came of filling.
#[derive(Default)]
pub(crate) struct Filled {
    /// The latest ledger a circle was read from.
    pub read_to: u32,
    pub unread: Vec<CircleId>,
}

/// Why a circle is read from its contract.
pub(super) struct Occasion<'a> {
    /// The gap it is for, which keeps what was changed; `None`: an operator's wish.
    pub gap: Option<&'a str>,
    /// A circle that was read from this ledger or a later one is done.
    pub wanted: u32,
    /// Up to here events are applied: older state is not to be taken.
    pub known: u32,
    /// The latest ledger of which events were applied, or are lost.
    pub applied: u32,
    /// How far the chain was before any circle was read.
    pub as_of: LatestLedger,
}

/// What came of one circle.
pub(super) enum Fill {
    /// It is what the contract says, as of this ledger or a later one.
    Done(u32),
    /// The contract is not there, or cannot be read.
    Unread,
}

impl Filled {
    pub(super) fn add(&mut self, id: CircleId, fill: &Fill) {
        match fill {
            Fill::Done(ledger) => self.read_to = self.read_to.max(*ledger),
            Fill::Unread => self.unread.push(id),
        }
    }
}

impl Kolo {
    /// Brings every circle to what its contract says. Each is kept by itself: what fails in the middle goes on
    /// where it was.
    pub(super) async fn fill_circles(&self, gap: &str, lost: LostHistory) -> Result<Filled, Error> {
        let wanted = lost.to.saturating_add(1);
        let as_of = self.ports().chain.latest().await?;
        if as_of.sequence < wanted {
            return Err(behind().into());
        }
        let (known, applied) = (wanted, lost.to);
        let occasion = Occasion { gap: Some(gap), wanted, known, applied, as_of };
        let (mut filled, mut after) = (Filled::default(), None);
        loop {
            let page = self.list::<Circle>(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(filled) };
            after = Some(last.id.id.clone());
            for circle in &page {
                let id = circle.state.id;
                filled.add(id, &self.fill_circle(&occasion, id).await?);
            }
        }
    }

    /// One circle. What it says and nobody here can read is its own trouble, and no other's.
    pub(super) async fn fill_circle(
        &self,
        occasion: &Occasion<'_>,
        id: CircleId,
    ) -> Result<Fill, Error> {
        let fill = match self.read_circle(occasion, id).await {
            Err(error) if is_its_own(&error) => {
                tracing::error!(circle = %id, %error, "its contract's state cannot be read");
                Fill::Unread
            }
            done => done?,
        };
        if matches!(fill, Fill::Unread) && occasion.gap.is_some() {
            self.wait_with_it(id, occasion.wanted).await?;
        }
        Ok(fill)
    }

    async fn read_circle(&self, occasion: &Occasion<'_>, id: CircleId) -> Result<Fill, Error> {
        loop {
            let mut circle = self.circle(id).await?;
            let live = circle.state.contract == Contract::Live;
            let over = live && circle.state.mirror()?.is_finished();
            let read = circle.state.filled_to >= occasion.wanted;
            let gone = matches!(circle.state.contract, Contract::Failed | Contract::Foreign);
            if read || over || gone {
                return Ok(Fill::Done(circle.state.filled_to));
            }
            let chain = &self.ports().chain;
            let Some(there) = chain.circle(&circle.state.address, &circle.state.asset).await?
            else {
                // Or its creation is still to come.
                return Ok(Fill::Unread);
            };
            if there.ledger < occasion.known.max(circle.state.filled_to) {
                return Err(behind().into());
            }
            let ours = self.runs_ours(&there);
            let after = match ours {
                true => self.state_there(&circle.state, &there)?,
                false => Some(Box::new(Mirror::new())),
            };
            let Some(after) = after else { return Ok(Fill::Unread) };
            let whose = occasion.gap.unwrap_or("asked");
            let ctx = self.chain_context(&format!("gap/{whose}/{id}/{}", circle.version));
            let mut command = Command::begin(self, &ctx, "gap.circle", &id).await?;
            let mut changes = command.changes();
            let told_only = std::mem::take(&mut circle.state.unread);
            if ours && (told_only || occasion.gap.is_none()) {
                self.compare_with(&mut changes).await?;
            }
            circle.state.filled_to = there.ledger;
            if there.ledger >= occasion.as_of.sequence {
                circle.state.filled_at = Some(occasion.as_of.closed_at);
            }
            if !ours {
                self.found_foreign(&mut changes, circle, &there, occasion).await?;
            } else if live && self.is_as_it_was(&circle.state, &after, &there).await? {
                changes.write(&circle)?;
            } else {
                self.set_to(&mut changes, circle, &after, &there).await?;
                self.keep_with_gap(&mut changes, occasion, id).await?;
            }
            if command.commit(changes, ()).await?.is_some() {
                return Ok(Fill::Done(there.ledger));
            }
        }
    }

    /// The mirror of what is there; `None` when that cannot be told.
    fn state_there(
        &self,
        circle: &Circle,
        there: &CircleOnChain,
    ) -> Result<Option<Box<Mirror>>, Error> {
        match &there.state {
            // More than the token says it has is not there: taken by the issuer and not borne yet, or never.
            Some(bytes) => {
                let state = Mirror::decode(bytes).ok().map(Box::new);
                let must = state.as_ref().and_then(|state| state.liabilities().ok());
                Ok(state.filter(|_| must.is_some_and(|must| must <= there.vault)))
            }
            // A circle is finished when nothing is held: what else is said to be gone is not.
            None if there.vault.is_zero() => Ok(Some(Box::new(ended(circle, self.now().unix())?))),
            None => Ok(None),
        }
    }

    async fn keep_with_gap(
        &self,
        changes: &mut Changes,
        occasion: &Occasion<'_>,
        id: CircleId,
    ) -> Result<(), Error> {
        let Some(gap) = occasion.gap else { return Ok(()) };
        let Some(mut gap) = self.load::<Gap>(gap).await? else { return Ok(()) };
        gap.state.circles.push(id);
        changes.write(&gap)
    }

    /// Nothing that matters happened in the gap, nor since.
    async fn is_as_it_was(
        &self,
        circle: &Circle,
        after: &Mirror,
        there: &CircleOnChain,
    ) -> Result<bool, Error> {
        let seated = circle.holders.iter().map(|holder| &holder.address);
        let same = there.state.is_some()
            && *circle.mirror()? == *after
            && seated.eq(&there.members)
            && circle.diverged.is_none();
        Ok(same && self.missing_in_books(circle, after, &[]).await?.is_empty())
    }

    async fn set_to(
        &self,
        changes: &mut Changes,
        mut circle: Loaded<Circle>,
        after: &Mirror,
        there: &CircleOnChain,
    ) -> Result<(), Error> {
        let before = circle.state.mirror()?;
        if circle.state.contract == Contract::Creating {
            if there.rules != Some(circle.state.rules()?) {
                // Its organiser made it without us, by rules nobody was shown here.
                circle.state.diverged = Some("found on the chain: other rules".to_owned());
                circle.state.contract = Contract::Failed;
                return changes.write(&circle);
            }
            circle.state.contract = Contract::Live;
        }
        let holds = self.settle_known(changes, &circle.state, &before, after).await?;
        if there.state.is_some() {
            self.reseat(changes, &mut circle, after, there).await?;
        }
        circle.state.set_mirror(after)?;
        circle.state.diverged = None;
        self.book_state(changes, &circle.state, "gap", after, &holds).await?;
        self.offers_after_gap(changes, &mut circle.state).await?;
        self.schedule_anew(changes, &circle.state, after).await?;
        circle.state.forget_decided(after);
        for member in circle.state.holders.iter().filter_map(|holder| holder.member) {
            let (name, over) = (circle.state.name.clone(), after.phase.is_over());
            let notice = Notice::CircleCaughtUp { circle: circle.state.id, name, over };
            changes.notice(member, "caught-up", notice)?;
        }
        changes.event(&circle.id, "circle.caught_up", &there.ledger)?;
        changes.write(&circle)
    }

    /// Who sits where now. Who is new may have come in by an invitation of ours.
    async fn reseat(
        &self,
        changes: &mut Changes,
        circle: &mut Loaded<Circle>,
        after: &Mirror,
        there: &CircleOnChain,
    ) -> Result<(), Error> {
        let was = std::mem::take(&mut circle.state.holders);
        for address in &there.members {
            if let Some(holder) = was.iter().find(|holder| holder.address == *address) {
                circle.state.holders.push(holder.clone());
                continue;
            }
            let holder = self.sits_down(changes, circle.state.id, address).await?;
            if let Some(member) = holder.member {
                self.use_invitation(changes, circle, member).await?;
                if after.phase.has_started() {
                    // A seat that was sold or moved: they may have no account yet.
                    self.schedule_account(changes, member)?;
                }
            }
            circle.state.holders.push(holder);
        }
        for gone in was.iter().filter(|holder| !there.members.contains(&holder.address)) {
            let (address, until_ledger) = (gone.address.clone(), there.ledger);
            circle.state.former.push(Former { address, until_ledger });
            circle.state.end_offices(changes, Some(gone))?;
        }
        circle.state.requests.retain(|waiting| !there.members.contains(&waiting.address));
        circle.state.taken_back.retain(|back| !there.members.contains(back));
        let waited = self.shut_the_door(changes, circle, after.phase).await?;
        super::news::tell_gone(changes, &circle.state, after.phase, &waited)
    }

    /// What the events would have called for; names that are there already are not enqueued again.
    async fn schedule_anew(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        after: &Mirror,
    ) -> Result<(), Error> {
        let (id, rules, now) = (circle.id, circle.rules()?, changes.now());
        if after.phase != Phase::Forming && !after.is_finished() {
            self.schedule_watch(changes, id)?;
        }
        if !after.is_finished() {
            self.schedule_lifetime(changes, id)?;
        }
        if after.phase == Phase::Active {
            self.schedule_payout(changes, id, after, &rules)?;
            self.schedule_reminder(changes, id, after, &rules, None)?;
            if let PayoutStatus::Ready { round, .. } = after.payout_status(&rules, now.unix()) {
                self.want_payout(changes, id, round).await?;
            }
        }
        if after.phase.is_getting_ready() {
            self.schedule_proceed(changes, id, after, &rules)?;
        }
        if let Some((seat, at)) = passed_move(after, &rules)
            && let Some(holder) = circle.holder(seat)
        {
            self.schedule_move(changes, id, &holder.address, at)?;
        }
        for (holder, seat) in circle.holders.iter().zip(after.seats()) {
            if seat.credit.is_positive() {
                self.schedule_push(changes, id, &holder.address, now)?;
            }
            if seat.claimable.is_positive() {
                self.schedule_claim(changes, id, &holder.address)?;
            }
            let reveals = after.phase == Phase::Revealing
                && seat.marks.has(Marks::COMMITTED)
                && !seat.marks.has(Marks::REVEALED);
            if let Some(member) = holder.member.filter(|_| reveals) {
                self.schedule_reveal(changes, id, member)?;
            }
        }
        Ok(())
    }
}

/// A circle that is finished, and of which nothing is left to read: nobody owes and nothing is held. How
/// it ended is what was possible: one that had not begun was cancelled; one that ended before its last
/// payout was due was dissolved; another one was completed, as far as anybody can tell.
fn ended(circle: &Circle, now: u64) -> Result<Mirror, Error> {
    let (before, rules) = (circle.mirror()?, circle.rules()?);
    let phase = match before.phase {
        over if over.is_over() => over,
        Phase::Active => match before.payout_date(&rules, before.len()) {
            Some(last) if now < last => Phase::Dissolved,
            _ => Phase::Completed,
        },
        _ => Phase::Cancelled,
    };
    let mut mirror = Mirror::new();
    // Seats without anything in them: by rules of their own, so that none of the circle's is in the way.
    let plain = Rules::new(
        rules.asset,
        before.len().saturating_add(1),
        rules.contribution,
        Interval::Seconds(86_400),
    );
    for _ in 0..before.len() {
        mirror.join(&plain, None, before.started_at)?;
    }
    mirror.phase = phase;
    mirror.started_at = before.started_at;
    mirror.rounds_paid = if phase == Phase::Completed { before.len() } else { before.rounds_paid };
    Ok(mirror)
}

impl Changes {
    /// That an intent is not ended unseen while a gap is filled: one of the two is done again.
    pub(crate) fn hold_still(&mut self, intent: &Loaded<Intent>) -> Result<(), Error> {
        if intent.state.is_final() { Ok(()) } else { self.write(intent) }
    }
}

/// Whether it is one contract that says what cannot be read or booked, and not the node that fails.
pub(super) fn is_its_own(error: &Error) -> bool {
    match error {
        Error::Port(error) if error.kind == PortErrorKind::Corrupt => {
            error.retry == Retry::Permanent
        }
        error => cannot_be(error),
    }
}

/// The node's state is older than what is known: nothing can be filled from that.
pub(super) fn behind() -> PortError {
    PortError::new(
        PortErrorKind::Unavailable,
        Retry::Temporary,
        "the node's state is older than the history that is known or lost: ask again, or ask another node",
    )
}
