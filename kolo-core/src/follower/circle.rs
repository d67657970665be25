//! A circle's events: the mirror, then whoever they concern.
use kolo_rules::Rules;
use kolo_rules::circle::Phase;

use super::seats::Knock;
use super::tell::Story;
use crate::circle::state::{Circle, Contract};
use crate::events::Happened;
use crate::notice::Notice;
use crate::port::chain::{ChainAddress, ChainEvent, CircleChainEvent};
use crate::port::{PortErrorKind, Retry};
use crate::record::Loaded;
use crate::unit::{Changes, Command};
use crate::view::Every;
use crate::{Error, Kolo};

impl Kolo {
    /// The factory made one of our circles.
    pub(super) async fn apply_created(
        &self,
        event: &ChainEvent,
        address: &ChainAddress,
        organiser: &ChainAddress,
        on_chain: &Rules,
    ) -> Result<(), Error> {
        let ctx = self.chain_context(&event.id);
        let mut command = Command::begin(self, &ctx, "chain.created", &event.id).await?;
        if command.replay::<()>()?.is_some() {
            return Ok(());
        }
        loop {
            let Some(mut circle) = self.circle_at(address).await? else {
                // Of somebody else's, it is no concern of ours.
                if self.member_at(Some(organiser)).await?.is_some() {
                    tracing::error!(
                        circle = %address,
                        "a member's circle is not in the books, as after a backup was put back: nobody here follows it"
                    );
                }
                return Ok(());
            };
            let mut changes = command.changes();
            if circle.state.is_past(event.ledger) {
                let (organiser, rules) = (organiser.clone(), *on_chain);
                changes.happened(&circle, event, Happened::GroupCreated { organiser, rules })?;
                if command.commit(changes, ()).await?.is_some() {
                    return Ok(());
                }
                continue;
            }
            // Another process has found it by its own events: all has been told. Or a stranger says it.
            if matches!(circle.state.contract, Contract::Live | Contract::Foreign) {
                return Ok(());
            }
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
            let rules = circle.state.rules()?;
            let organiser = organiser.clone();
            changes.happened(&circle, event, Happened::GroupCreated { organiser, rules })?;
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
            if circle.state.contract == Contract::Foreign {
                // A stranger's word.
                return Ok(());
            }
            if Box::pin(self.is_found_by(event, address, &circle.state)).await? {
                continue;
            }
            let mut changes = command.changes();
            let overtaken = event.ledger <= circle.state.filled_to || circle.state.unread;
            let stepped = if let Some(code) = self.other_code(what) {
                changes.happened(&circle, event, Happened::InCircle(what.clone()))?;
                Box::pin(self.upgraded(&mut changes, circle.clone(), event, code)).await
            } else if overtaken {
                // The state it was read from contains it.
                Box::pin(self.overtaken(&mut changes, circle.clone(), event, what)).await
            } else {
                Box::pin(self.step(&mut changes, circle.clone(), event, what)).await
            };
            let done = match stepped {
                Ok(()) => command.commit(changes, ()).await,
                Err(error) => Err(error),
            };
            let done = match done {
                Err(error) if cannot_be(&error) => {
                    let changes = set_aside(command.changes(), circle, event, what, &error)?;
                    command.commit(changes, ()).await?
                }
                done => done?,
            };
            if done.is_some() {
                return Ok(());
            }
        }
    }

    /// An event whose doing the circle has already: told, and what the contract's state does not say is
    /// taken from it.
    async fn overtaken(
        &self,
        changes: &mut Changes,
        mut circle: Loaded<Circle>,
        event: &ChainEvent,
        what: &CircleChainEvent,
    ) -> Result<(), Error> {
        use CircleChainEvent as E;
        changes.happened(&circle, event, Happened::InCircle(what.clone()))?;
        let waits =
            |address: &ChainAddress| circle.state.requests.iter().any(|w| w.address == *address);
        let applies = match what {
            E::InvitationAdded { .. } | E::InvitationRevoked { .. } => true,
            E::JoinRequested { member } => circle.state.seat_of(member).is_none() && !waits(member),
            E::JoinRejected { member } => waits(member),
            _ => false,
        };
        if applies && circle.state.mirror()?.phase == Phase::Forming {
            self.seat_changes(changes, &mut circle, what).await?;
            return changes.write(&circle);
        }
        Ok(())
    }

    /// A circle's event of a gap that was filled.
    pub(super) async fn tell_late(
        &self,
        event: &ChainEvent,
        address: &ChainAddress,
        what: &CircleChainEvent,
    ) -> Result<(), Error> {
        self.only_tell(event, address, Happened::InCircle(what.clone())).await
    }

    /// A circle's creation in a gap that was filled.
    pub(super) async fn tell_created(
        &self,
        event: &ChainEvent,
        address: &ChainAddress,
        organiser: &ChainAddress,
        rules: &Rules,
    ) -> Result<(), Error> {
        let (organiser, rules) = (organiser.clone(), *rules);
        self.only_tell(event, address, Happened::GroupCreated { organiser, rules }).await
    }

    /// Under the same key as if it were applied: once, whichever came first.
    async fn only_tell(
        &self,
        event: &ChainEvent,
        address: &ChainAddress,
        what: Happened,
    ) -> Result<(), Error> {
        let name = match what {
            Happened::GroupCreated { .. } => "chain.created",
            Happened::InCircle(_) => "chain.circle",
        };
        let ctx = self.chain_context(&event.id);
        let mut command = Command::begin(self, &ctx, name, &event.id).await?;
        if command.replay::<()>()?.is_some() {
            return Ok(());
        }
        loop {
            let Some(circle) = self.circle_at(address).await? else { return Ok(()) };
            if circle.state.contract == Contract::Foreign {
                return Ok(());
            }
            let mut changes = command.changes();
            changes.happened(&circle, event, what.clone())?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    pub(super) async fn circle_at(
        &self,
        address: &ChainAddress,
    ) -> Result<Option<Loaded<Circle>>, Error> {
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
        let effect = match circle.state.step(&mut after, what, event.closed_at.unix()) {
            Ok(effect) => Some(effect),
            Err(refusal) => {
                // The contract did what our rules say it could not: the operator must know.
                tracing::error!(circle = %circle.state.id, event = event.id, ?what, %refusal, "the mirror diverged from the contract");
                circle.state.diverged = Some(format!("{}: {refusal}", event.id));
                None
            }
        };
        circle.state.set_mirror(&after)?;
        let gone = circle.state.leaver(what);
        let took_back = gone.as_ref().is_some_and(|gone| circle.state.has_taken_back(gone));
        circle.state.remember_seat(event, what);
        self.seat_changes(changes, &mut circle, what).await?;
        circle.state.follow_offices(changes, what, gone.as_ref())?;
        let waited = self.shut_the_door(changes, &mut circle, after.phase).await?;
        let knock = match what {
            CircleChainEvent::JoinRequested { .. } => circle.state.knocks.knock(changes.now()),
            _ => Knock::Quiet,
        };
        self.follow_offers(changes, &mut circle.state, what).await?;
        let tells_gift = circle.state.tells_gift(what, changes.now())?;
        // Nothing is signed for what our rules say cannot be.
        let receipt = match effect {
            Some(_) => self.issue_receipt(changes, &circle.state, event, what).await?,
            None => None,
        };
        let (before, after, gone) = (&before, &after, gone.as_ref());
        let story = Story {
            event,
            what,
            before,
            after,
            effect,
            receipt,
            gone,
            took_back,
            knock,
            waited,
            tells_gift,
        };
        let believed = self.book(changes, &circle.state, &story).await?;
        self.schedule(changes, &circle.state, &story).await?;
        // Nobody is told of money that may not have moved.
        if believed {
            self.tell(changes, &circle.state, &story)?;
        }
        circle.state.forget_decided(after);
        changes.happened(&circle, event, Happened::InCircle(what.clone()))?;
        changes.write(&circle)
    }
}

/// It will be no better the next time: figures that no rules lead to, or that no books have room for.
pub(super) fn cannot_be(error: &Error) -> bool {
    match error {
        Error::Refused(_) => true,
        Error::Port(error) => {
            (error.kind, error.retry) == (PortErrorKind::Limited, Retry::Permanent)
        }
        _ => false,
    }
}

/// What one circle says must not keep all others waiting: it is kept and booked nowhere, and the operator
/// is told.
fn set_aside(
    mut changes: Changes,
    mut circle: Loaded<Circle>,
    event: &ChainEvent,
    what: &CircleChainEvent,
    why: &Error,
) -> Result<Changes, Error> {
    tracing::error!(circle = %circle.state.id, event = event.id, ?what, %why, "an event cannot be applied");
    circle.state.diverged = Some(format!("{}: {why}", event.id));
    changes.happened(&circle, event, Happened::InCircle(what.clone()))?;
    changes.write(&circle)?;
    Ok(changes)
}

pub(crate) fn every(rules: &Rules) -> Every {
    match rules.interval {
        kolo_rules::Interval::Seconds(seconds) if seconds % 86_400 != 0 => Every::Seconds(seconds),
        kolo_rules::Interval::Seconds(seconds) => {
            Every::Days(u16::try_from(seconds / 86_400).unwrap_or(u16::MAX))
        }
        _ => Every::Month,
    }
}
