//! What an event calls for: timers, and the keeper's calls.
use kolo_rules::circle::{Marks, PayoutStatus, Phase};
use kolo_rules::{Amount, Seat};

use super::tell::Story;
use crate::circle::state::{Circle, Holder};
use crate::intent::state::{Intent, Progress, Want};
use crate::port::chain::CircleChainEvent;
use crate::unit::Changes;
use crate::worker::readiness::passed_move;
use crate::worker::timers::PUSH_EVERY_S;
use crate::{CircleId, Error, IntentId, Kolo};

impl Kolo {
    /// Timers and keeper calls that follow.
    pub(super) async fn schedule(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        story: &Story<'_>,
    ) -> Result<(), Error> {
        use CircleChainEvent as E;
        let rules = circle.rules()?;
        let after = story.after;
        if story.starts() {
            self.schedule_payout(changes, circle.id, after, &rules)?;
            self.schedule_reminder(changes, circle.id, after, &rules, None)?;
        }
        if after.phase != Phase::Forming && !after.is_finished() {
            // Once by its name, whatever it comes with: circles that had begun before vaults were watched
            // are watched from their next event on, and one that was over from when there is money again.
            self.schedule_watch(changes, circle.id)?;
        }
        if !after.is_finished() {
            self.schedule_lifetime(changes, circle.id)?;
        }
        self.schedule_pushes(changes, circle, story)?;
        self.want_claims(changes, circle, story)?;
        self.schedule_readiness(changes, circle, story)?;
        self.schedule_moves(changes, circle, story)?;
        match story.what {
            E::PayoutMade { .. } if after.phase == Phase::Active => {
                self.schedule_payout(changes, circle.id, after, &rules)?;
            }
            // What a waiting pot lacked may have come, or not be needed any more.
            _ if after.phase == Phase::Active => {
                if let PayoutStatus::Ready { round, .. } =
                    after.payout_status(&rules, self.now().unix())
                {
                    self.want_payout(changes, circle.id, round).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The end of each step before the first round; secrets are revealed as soon as they may be.
    fn schedule_readiness(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        story: &Story<'_>,
    ) -> Result<(), Error> {
        let after = story.after;
        if after.phase == story.before.phase || !after.phase.is_getting_ready() {
            return Ok(());
        }
        self.schedule_proceed(changes, circle.id, after, &circle.rules()?)?;
        if after.phase != Phase::Revealing {
            return Ok(());
        }
        for (holder, seat) in circle.holders.iter().zip(after.seats()) {
            let Some(member) = holder.member else { continue };
            if seat.marks.has(Marks::COMMITTED) {
                let want = Want::Reveal { circle: circle.id, member };
                changes.want(&format!("reveal/{member}"), want, None)?;
            }
        }
        Ok(())
    }

    /// A move that has just passed is carried out after its delay.
    fn schedule_moves(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        story: &Story<'_>,
    ) -> Result<(), Error> {
        let rules = circle.rules()?;
        let passed = passed_move(story.after, &rules);
        if passed == passed_move(story.before, &rules) {
            return Ok(());
        }
        match passed.and_then(|(seat, at)| circle.holder(seat).map(|holder| (holder, at))) {
            Some((holder, at)) => self.schedule_move(changes, circle.id, &holder.address, at),
            None => Ok(()),
        }
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
        for holder in whose_grew(circle, story, |seat| seat.credit) {
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

    /// Nobody has to ask for what is theirs, after dissolving or of losses shared at the end.
    fn want_claims(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        story: &Story<'_>,
    ) -> Result<(), Error> {
        for holder in whose_grew(circle, story, |seat| seat.claimable) {
            let want = Want::Claim { circle: circle.id, to: holder.address.clone() };
            changes.want(&format!("claim/{}", holder.address), want, None)?;
        }
        Ok(())
    }
}

/// Who has more of this than before.
fn whose_grew<'c>(
    circle: &'c Circle,
    story: &'c Story<'_>,
    amount: impl Fn(&Seat) -> Amount + 'c,
) -> impl Iterator<Item = &'c Holder> {
    let seats = story.before.seats().iter().zip(story.after.seats());
    let grew = move |(before, after): (&Seat, &Seat)| amount(after) > amount(before);
    circle.holders.iter().zip(seats).filter_map(move |(holder, both)| grew(both).then_some(holder))
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
