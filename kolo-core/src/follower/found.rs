//! What is told of tokens that an issuer took from a vault, or somebody sent there unasked.
use kolo_rules::Amount;

use super::tell::Story;
use crate::circle::state::Circle;
use crate::notice::Notice;
use crate::port::chain::CircleChainEvent;
use crate::unit::Changes;
use crate::worker::vaults::{SURPLUS_EVERY_S, is_worth_a_fee};
use crate::{Error, Timestamp};

/// From a gift that is told to the next, seconds: a day, but for what an order of ours may come early.
const TELL_GIFT_EVERY_S: u64 = SURPLUS_EVERY_S - 3_600;

impl Circle {
    /// Anybody can send something to a vault and have it brought into the books: members hear of it when
    /// it is worth a fee, and once a day at most.
    pub(super) fn tells_gift(
        &mut self,
        what: &CircleChainEvent,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let CircleChainEvent::Synced { surplus, .. } = what else { return Ok(false) };
        let told_lately = |at: Timestamp| now < at.plus(TELL_GIFT_EVERY_S);
        if !is_worth_a_fee(*surplus, &self.rules()?) || self.gift_told_at.is_some_and(told_lately) {
            return Ok(false);
        }
        self.gift_told_at = Some(now);
        Ok(true)
    }
}

/// To each their own part of the loss, and what it does to the pots.
pub(super) fn tell_short(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
    lost: Amount,
) -> Result<(), Error> {
    if !lost.is_positive() {
        return Ok(());
    }
    let (before, after) = (story.before, story.after);
    let cushioned = more(before.reserve, after.reserve) + more(before.fund, after.fund);
    let pots = more(after.held_lost, before.held_lost);
    let seats = before.seats().iter().zip(after.seats());
    for (holder, (was, is)) in circle.holders.iter().zip(seats) {
        let Some(member) = holder.member else { continue };
        let notice = Notice::VaultShort {
            circle: circle.id,
            name: circle.name.clone(),
            lost: lost.minor_units(),
            cushioned,
            pots,
            yours: more(is.lost, was.lost),
        };
        changes.notice(member, "short", notice)?;
    }
    Ok(())
}

/// To each what of it is, or would be, theirs.
pub(super) fn tell_gift(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
    found: Amount,
) -> Result<(), Error> {
    let (before, after) = (story.before, story.after);
    let over = after.phase.is_over();
    let parts = after.surplus_parts(found)?;
    let seats = before.seats().iter().zip(after.seats()).zip(parts);
    for (holder, ((was, is), part)) in circle.holders.iter().zip(seats) {
        let Some(member) = holder.member else { continue };
        let yours = if over { more(is.credit, was.credit) } else { part.minor_units() };
        let (id, name, amount) = (circle.id, circle.name.clone(), found.minor_units());
        let notice = Notice::VaultGift { circle: id, name, amount, yours, over };
        changes.notice(member, "gift", notice)?;
    }
    Ok(())
}

/// By how much it is more; nothing when it is not.
fn more(it: Amount, than: Amount) -> i64 {
    it.minor_units().saturating_sub(than.minor_units()).max(0)
}
