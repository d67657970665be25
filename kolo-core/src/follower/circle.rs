//! A circle's events: the mirror, the books, the seats, the timers.
use kolo_rules::circle::{PayoutStatus, Phase};
use kolo_rules::{Amount, Rules};

use super::tell::Story;
use crate::circle::invite::hex;
use crate::circle::postings::{Details, Move, external, pot, purse};
use crate::circle::state::{Circle, Contract, Holder, Seat};
use crate::intent::state::{Intent, Progress, Want};
use crate::invitation::state::{Invitation, Standing};
use crate::notice::Notice;
use crate::port::chain::{ChainAddress, ChainEvent, CircleChainEvent};
use crate::port::ledger::{EntryStatus, Resolution};
use crate::port::vault::PublicKey;
use crate::record::Loaded;
use crate::unit::{Changes, Command};
use crate::view::Every;
use crate::worker::timers::PUSH_EVERY_S;
use crate::{CircleId, Error, IntentId, InvitationId, Kolo, MemberId};

impl Kolo {
    /// The factory made one of our circles.
    pub(super) async fn apply_created(
        &self,
        event: &ChainEvent,
        address: &ChainAddress,
        on_chain: &Rules,
    ) -> Result<(), Error> {
        let ctx = self.chain_context(&event.id);
        let mut command = Command::begin(self, &ctx, "chain.created", &event.id).await?;
        if command.replay::<()>()?.is_some() {
            return Ok(());
        }
        loop {
            let Some(mut circle) = self.circle_at(address).await? else {
                return Ok(());
            };
            let mut changes = command.changes();
            if circle.state.rules()? != *on_chain {
                // Its organiser made it without us, by rules nobody was shown here.
                tracing::error!(circle = %circle.state.id, "the contract has other rules");
                circle.state.diverged = Some(format!("{}: other rules", event.id));
                circle.state.contract = Contract::Failed;
                changes.write(&circle)?;
                if command.commit(changes, ()).await?.is_some() {
                    return Ok(());
                }
                continue;
            }
            circle.state.contract = Contract::Live;
            changes.write(&circle)?;
            changes.event(&circle.id, "circle.created", &circle.state.address)?;
            let rules = circle.state.rules()?;
            let notice = Notice::CircleReady {
                circle: circle.state.id,
                name: circle.state.name.clone(),
                seats: rules.seats,
                contribution: rules.contribution.minor_units(),
                every: every(&rules),
            };
            changes.notice(circle.state.organiser, "ready", notice)?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Something happened in one of our circles.
    pub(super) async fn apply_circle(
        &self,
        event: &ChainEvent,
        address: &ChainAddress,
        what: &CircleChainEvent,
    ) -> Result<(), Error> {
        let ctx = self.chain_context(&event.id);
        let mut command = Command::begin(self, &ctx, "chain.circle", &event.id).await?;
        if command.replay::<()>()?.is_some() {
            return Ok(());
        }
        loop {
            let Some(circle) = self.circle_at(address).await? else {
                return Ok(());
            };
            let mut changes = command.changes();
            self.step(&mut changes, circle, event, what).await?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    async fn circle_at(&self, address: &ChainAddress) -> Result<Option<Loaded<Circle>>, Error> {
        match self.find("circle-address", &address.0).await? {
            Some(id) => self.load(id).await,
            None => Ok(None),
        }
    }

    /// One event: mirror, seats, books, then what follows and what is told.
    async fn step(
        &self,
        changes: &mut Changes,
        mut circle: Loaded<Circle>,
        event: &ChainEvent,
        what: &CircleChainEvent,
    ) -> Result<(), Error> {
        let before = circle.state.mirror()?;
        let mut after = before.clone();
        if let Err(refusal) = circle.state.step(&mut after, what, event.closed_at.unix()) {
            // The contract did what our rules say it could not: the operator must know.
            tracing::error!(circle = %circle.state.id, event = event.id, ?what, %refusal, "the mirror diverged from the contract");
            circle.state.diverged = Some(format!("{}: {refusal}", event.id));
        }
        circle.state.set_mirror(&after)?;
        let gone = match what {
            CircleChainEvent::ParticipantLeft { member, .. } => {
                let seat = circle.state.seat_of(member);
                seat.and_then(|seat| circle.state.holder(seat)).cloned()
            }
            _ => None,
        };
        self.seat_changes(changes, &mut circle, what).await?;
        let receipt = self.issue_receipt(changes, &circle.state, event, what).await?;
        let (before, after, gone) = (&before, &after, gone.as_ref());
        let story = Story { event, what, before, after, receipt, gone };
        self.book(changes, &circle.state, &story).await?;
        self.schedule(changes, &circle.state, &story).await?;
        self.tell(changes, &circle.state, &story)?;
        changes.event(&circle.id, &format!("circle.{}", name(what)), &(&event.id, &event.tx))?;
        changes.write(&circle)
    }

    /// Who sits where, and which invitation is used.
    async fn seat_changes(
        &self,
        changes: &mut Changes,
        circle: &mut Loaded<Circle>,
        what: &CircleChainEvent,
    ) -> Result<(), Error> {
        match what {
            CircleChainEvent::ParticipantJoined { member: address, .. } => {
                let member = self.member_at(Some(address)).await?;
                let mut name = shortened(address);
                if let Some(id) = member {
                    let mut found = self.member(id).await?;
                    name.clone_from(&found.state.name);
                    if !found.state.circles.contains(&circle.state.id) {
                        found.state.circles.push(circle.state.id);
                        changes.write(&found)?;
                    }
                    self.use_invitation(changes, circle, id).await?;
                }
                circle.state.holders.push(Holder { address: address.clone(), member, name });
            }
            CircleChainEvent::ParticipantLeft { member, .. } => {
                circle.state.holders.retain(|holder| holder.address != *member);
            }
            CircleChainEvent::InvitationAdded { key: Some(key), .. } => {
                self.open_invitation(changes, circle, key).await?;
            }
            CircleChainEvent::InvitationRevoked { key: Some(key), .. } => {
                self.end_invitation(changes, circle, key).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Taken back by the organiser: the code is dead, its place free.
    async fn end_invitation(
        &self,
        changes: &mut Changes,
        circle: &mut Loaded<Circle>,
        key: &PublicKey,
    ) -> Result<(), Error> {
        let Some(mut invitation) = self.invitation_of(key).await? else {
            return Ok(());
        };
        let id = invitation.state.id;
        circle.state.invitations.retain(|promised| *promised != id);
        // A joining that is on its way hears the chain's answer to it.
        if matches!(invitation.state.standing, Standing::Registering | Standing::Open) {
            invitation.state.standing = Standing::Dead;
            changes.write(&invitation)?;
        }
        let (name, code) = (circle.state.name.clone(), invitation.state.code);
        let notice = Notice::InvitationRevoked { name, code };
        changes.notice(circle.state.organiser, "revoked", notice)
    }

    async fn invitation_of(&self, key: &PublicKey) -> Result<Option<Loaded<Invitation>>, Error> {
        let Some(id) = self.find("invitation-key", &hex(&key.0)).await? else {
            return Ok(None);
        };
        let id: InvitationId = id.parse().map_err(|_| Error::NoSuchInvitation)?;
        self.invitation(id).await.map(Some)
    }

    async fn use_invitation(
        &self,
        changes: &mut Changes,
        circle: &mut Loaded<Circle>,
        joiner: MemberId,
    ) -> Result<(), Error> {
        for id in circle.state.invitations.clone() {
            let mut invitation = self.invitation(id).await?;
            if invitation.state.standing == Standing::Taken(joiner) {
                invitation.state.standing = Standing::Used(joiner);
                changes.write(&invitation)?;
                circle.state.invitations.retain(|open| *open != id);
                return Ok(());
            }
        }
        Ok(())
    }

    async fn open_invitation(
        &self,
        changes: &mut Changes,
        circle: &Loaded<Circle>,
        key: &PublicKey,
    ) -> Result<(), Error> {
        let Some(mut invitation) = self.invitation_of(key).await? else {
            return Ok(());
        };
        if invitation.state.standing != Standing::Registering {
            return Ok(());
        }
        invitation.state.standing = Standing::Open;
        changes.write(&invitation)?;
        let notice = Notice::InvitationReady {
            circle: circle.state.id,
            name: circle.state.name.clone(),
            code: invitation.state.code.clone(),
            phone: invitation.state.phone.clone(),
            expires_at: invitation.state.expires_at,
        };
        changes.notice(circle.state.organiser, "invitation", notice)
    }

    /// The books: see `circle/postings.rs` for the table.
    async fn book(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        story: &Story<'_>,
    ) -> Result<(), Error> {
        use CircleChainEvent as E;
        let vault = pot(circle.id, &circle.asset);
        let purse_of = |address: &ChainAddress| {
            let seat = circle.seat_of(address).and_then(|seat| circle.holder(seat));
            purse(seat.and_then(|holder| holder.member), &circle.asset)
        };
        let mut book = Booking { changes, circle, story, count: 0 };
        match story.what {
            E::ContributionMade { member, round, amount, .. } => {
                let held =
                    self.settle_hold(book.changes, circle, story, member, *round, *amount).await?;
                if !held {
                    book.add("contribution", purse_of(member), vault, *amount, Some(*round));
                }
            }
            E::DebtRepaid { member, amount, credited } => {
                let held =
                    self.settle_hold(book.changes, circle, story, member, 0, *amount).await?;
                if !held {
                    book.add("repayment", purse_of(member), vault.clone(), *amount, None);
                }
                for (holder, part) in story.passed_on(circle, credited) {
                    let creditor = purse(holder.member, &circle.asset);
                    book.add("repaid", vault.clone(), creditor, part, None);
                }
            }
            E::PayoutMade { recipient, round, amount, credited: false } => {
                book.add("payout", vault, purse_of(recipient), *amount, Some(*round));
            }
            E::CreditPushed { member, amount } => {
                book.add("credit", vault, purse_of(member), *amount, None);
            }
            E::RefundClaimed { member, amount } => {
                book.add("refund", vault, purse_of(member), *amount, None);
            }
            E::Synced { surplus, shortfall } => {
                let outside = external(&circle.asset);
                book.add("surplus", outside.clone(), vault.clone(), *surplus, None);
                book.add("shortfall", vault, outside, *shortfall, None);
            }
            _ => {}
        }
        Ok(())
    }

    /// Settles the hold of a payment made by us; `false` when there is none (paid without us).
    async fn settle_hold(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        story: &Story<'_>,
        payer: &ChainAddress,
        round: u8,
        amount: Amount,
    ) -> Result<bool, Error> {
        let holder = circle.seat_of(payer).and_then(|seat| circle.holder(seat));
        let Some(member) = holder.and_then(|holder| holder.member) else {
            return Ok(false);
        };
        let Some(mut seat) = self.load::<Seat>(Seat::key(circle.id, member)).await? else {
            return Ok(false);
        };
        let same = |pending: &mut crate::circle::state::Pending| {
            pending.round == round && pending.amount == amount.minor_units()
        };
        let Some(pending) = seat.state.pending.take_if(same) else {
            return Ok(false);
        };
        changes.set.resolutions.push(Resolution {
            entry: pending.hold,
            settle: true,
            chain_tx: Some(story.event.tx.clone()),
            effective_at: story.event.closed_at,
        });
        changes.write(&seat)?;
        Ok(true)
    }

    /// Timers and keeper calls that follow.
    async fn schedule(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        story: &Story<'_>,
    ) -> Result<(), Error> {
        use CircleChainEvent as E;
        let rules = circle.rules()?;
        let after = story.after;
        let started = story.before.phase == Phase::Forming && after.phase == Phase::Active;
        if started {
            self.schedule_payout(changes, circle.id, after, &rules)?;
            self.schedule_reminder(changes, circle.id, after, &rules, None)?;
        }
        self.schedule_pushes(changes, circle, story)?;
        match story.what {
            E::PayoutMade { .. } if after.phase == Phase::Active => {
                self.schedule_payout(changes, circle.id, after, &rules)?;
            }
            // A late payment may be what a waiting pot lacked.
            E::ContributionMade { .. } => {
                if let PayoutStatus::Ready { round, .. } =
                    after.payout_status(&rules, self.now().unix())
                {
                    self.want_payout(changes, circle.id, round).await?;
                }
            }
            E::GroupClosed { .. } | E::DebtRepaid { .. } if after.phase == Phase::Dissolved => {
                self.want_claims(changes, circle, story)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Wants the payout of a round, once whoever asks; anew after a refusal, which may have passed.
    pub(crate) async fn want_payout(
        &self,
        changes: &mut Changes,
        circle: CircleId,
        round: u8,
    ) -> Result<(), Error> {
        for attempt in 0_u32.. {
            let id = payout_intent(circle, round, attempt);
            match self.load::<Intent>(id).await? {
                None => return changes.want_as(id, Want::Payout { circle, round }, None),
                Some(there) if matches!(there.state.progress, Progress::Refused(_)) => {}
                Some(_) => break,
            }
        }
        Ok(())
    }

    /// How many payouts of a round have been refused, this one included.
    pub(crate) fn refused_payouts(last: IntentId, circle: CircleId, round: u8) -> u32 {
        (0..MOST_COUNTED)
            .find(|attempt| payout_intent(circle, round, *attempt) == last)
            .map_or(MOST_COUNTED, |attempt| attempt.saturating_add(1))
    }

    /// Whose credit has grown is paid it: at once when it is a share, a day later when it is what
    /// just could not be delivered.
    fn schedule_pushes(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        story: &Story<'_>,
    ) -> Result<(), Error> {
        let seats = story.before.seats().iter().zip(story.after.seats());
        for (holder, (before, after)) in circle.holders.iter().zip(seats) {
            if after.credit <= before.credit {
                continue;
            }
            let undeliverable = match story.what {
                CircleChainEvent::PayoutMade { recipient, credited, .. } => {
                    *credited && *recipient == holder.address
                }
                CircleChainEvent::DebtRepaid { credited, .. } => credited.contains(&holder.address),
                _ => false,
            };
            let at = story.event.closed_at;
            let due = if undeliverable { at.plus(PUSH_EVERY_S) } else { at };
            self.schedule_push(changes, circle.id, &holder.address, due)?;
        }
        Ok(())
    }

    /// After dissolving nobody has to ask for what is theirs.
    fn want_claims(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        story: &Story<'_>,
    ) -> Result<(), Error> {
        for (holder, seat) in circle.holders.iter().zip(story.after.seats()) {
            if seat.claimable.is_positive() {
                let want = Want::Claim { circle: circle.id, to: holder.address.clone() };
                changes.want(&format!("claim/{}", holder.address), want, None)?;
            }
        }
        Ok(())
    }
}

/// Payouts of a round are counted this far, for the wait between them.
const MOST_COUNTED: u32 = 16;

/// The intent of a round's payout: the same whoever wants it.
fn payout_intent(circle: CircleId, round: u8, attempt: u32) -> IntentId {
    match attempt {
        0 => IntentId::derive(&[b"payout", circle.as_bytes(), &[round]]),
        _ => IntentId::derive(&[b"payout", circle.as_bytes(), &[round], &attempt.to_be_bytes()]),
    }
}

/// Entries of one event: ids count up.
struct Booking<'a> {
    changes: &'a mut Changes,
    circle: &'a Circle,
    story: &'a Story<'a>,
    count: u32,
}

impl Booking<'_> {
    fn add(
        &mut self,
        kind: &str,
        from: crate::port::ledger::AccountId,
        to: crate::port::ledger::AccountId,
        amount: Amount,
        round: Option<u8>,
    ) {
        if !amount.is_positive() {
            return;
        }
        let details =
            Details { circle: Some(self.circle.id), name: Some(self.circle.name.clone()), round };
        let entry = Move {
            id: format!("event/{}/{}", self.story.event.id, self.count),
            kind,
            from,
            to,
            amount,
            status: EntryStatus::Settled,
            at: self.story.event.closed_at,
            tx: Some(self.story.event.tx.clone()),
            details: &details,
        };
        self.count += 1;
        self.changes.set.entries.push(entry.entry());
    }
}

pub(crate) fn every(rules: &Rules) -> Every {
    match rules.interval {
        kolo_rules::Interval::Seconds(seconds) => {
            Every::Days(u16::try_from(seconds / 86_400).unwrap_or(u16::MAX))
        }
        _ => Every::Month,
    }
}

/// How an outsider is called: the two ends of their address.
fn shortened(address: &ChainAddress) -> String {
    let text = &address.0;
    match (text.get(..4), text.len().checked_sub(4).and_then(|at| text.get(at..))) {
        (Some(head), Some(tail)) => format!("{head}…{tail}"),
        _ => text.clone(),
    }
}

/// The event's name, as the contract has it.
fn name(what: &CircleChainEvent) -> &'static str {
    use CircleChainEvent as E;
    match what {
        E::InvitationAdded { .. } => "invitation_added",
        E::InvitationRevoked { .. } => "invitation_revoked",
        E::ParticipantJoined { .. } => "participant_joined",
        E::ParticipantLeft { .. } => "participant_left",
        E::GroupStarted { .. } => "group_started",
        E::ContributionMade { .. } => "contribution_made",
        E::PayoutMade { .. } => "payout_made",
        E::CreditPushed { .. } => "credit_pushed",
        E::DebtRepaid { .. } => "debt_repaid",
        E::DissolutionProposed { .. } => "dissolution_proposed",
        E::VoteCast { .. } => "vote_cast",
        E::ProposalRejected { .. } => "proposal_rejected",
        E::GroupClosed { .. } => "group_closed",
        E::RefundClaimed { .. } => "refund_claimed",
        E::Synced { .. } => "synced",
    }
}
