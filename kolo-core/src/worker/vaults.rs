//! Watching vaults: what an issuer took out of one, or somebody sent there unasked, is brought into the
//! contract's books before it meets anybody's payment.
//!
//! A look compares a circle's balance with what its contract must hold, both of one ledger, so that what
//! is under way looks like nothing. It costs a reading, a `sync` costs a fee; hence:
//!
//! | when | looks |
//! |---|---|
//! | the issuer's event of taking tokens | at once, and when the minute is over once for all others in it |
//! | tokens from somebody who is not of the circle | within [`GATHER_S`], once for all that came |
//! | always, from when money may be in it | every [`WATCH_EVERY_S`]: events may be missed |
//!
//! | found | `sync` is ordered |
//! |---|---|
//! | too little | at once, however little: who is paid meanwhile shares a loss that others had, or is spared it; at most every [`SHORTFALL_EVERY_S`] |
//! | too much | from a hundredth of an instalment on, at most every [`SURPLUS_EVERY_S`]: a stranger's dust must not cost the operator a fee each time |
//!
//! What is below that stays in the vault, counts with what comes later, and is shared by the circle's last
//! step in any case. One order is open at a time. One after which the vault has not been seen to be right,
//! since it was refused or the node says so, is given anew after [`AGAIN_S`], then after twice that, and so
//! on: neither a contract nor a node can have the operator pay fee after fee.
use kolo_rules::circle::Phase;
use kolo_rules::{Amount, Circle as Mirror, Refusal, Rules};
use serde::{Deserialize, Serialize};

use super::timers::Timer;
use crate::circle::state::{Circle, Contract};
use crate::intent::state::{Intent, Want};
use crate::port::chain::{ChainAddress, ChainEvent};
use crate::port::work::{ClaimedWork, Release};
use crate::record::{Aggregate, Loaded};
use crate::unit::{Changes, Command, queue};
use crate::{CircleId, CommandContext, Error, IntentId, Kolo, Timestamp};

/// Between looks at a vault that nothing is known of, seconds.
pub(crate) const WATCH_EVERY_S: u64 = 6 * 3_600;

/// What comes in within so many seconds is looked at together.
pub(crate) const GATHER_S: u64 = 600;

/// From an order to the next because of a shortfall, seconds.
pub(crate) const SHORTFALL_EVERY_S: u64 = 300;

/// From an order to the next because of a surplus, seconds.
pub(crate) const SURPLUS_EVERY_S: u64 = 86_400;

/// From a look that found a shortfall to the next, seconds: until the vault has been seen to be right.
const LOOK_AGAIN_S: u64 = 60;

/// From an order that did not help to the next, seconds; doubles with every further one.
const AGAIN_S: u64 = 600;

/// So often it doubles (to some ten hours).
const DOUBLINGS: u32 = 6;

/// What an issuer takes within so many seconds has two looks, at once and at their end.
const TAKEN_S: u64 = 60;

/// A surplus from this part of an instalment on is worth a fee.
const WORTH_ONE_IN: i64 = 100;

/// Aggregate `vault-watch`: the orders given for a circle.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VaultWatch {
    /// Orders given so far; the number makes the next one's id.
    orders: u32,
    /// The latest.
    latest: Option<IntentId>,
    /// When it was given.
    at: Timestamp,
    /// Orders because of a shortfall since the vault was last seen to have all it must.
    in_vain: u32,
}

impl Aggregate for VaultWatch {
    const KIND: &'static str = "vault-watch";
}

/// Looks at a vault, each once by its name.
pub(crate) struct Look {
    circle: CircleId,
    /// Name, and when.
    times: Vec<(String, Timestamp)>,
}

impl Look {
    /// The issuer may take a little from many, or from one again and again: what a minute brings is looked
    /// at twice, not as often as it came.
    fn for_taken(circle: CircleId, now: Timestamp) -> Self {
        let minute = now.unix() / TAKEN_S;
        let end = Timestamp::from_unix((minute + 1).saturating_mul(TAKEN_S));
        let name = format!("vault/{circle}/taken/{minute}");
        Self { circle, times: vec![(name.clone(), now), (format!("{name}/end"), end)] }
    }

    fn for_given(circle: CircleId, now: Timestamp) -> Self {
        let gathered = now.unix() / GATHER_S + 1;
        let due = Timestamp::from_unix(gathered.saturating_mul(GATHER_S));
        Self { circle, times: vec![(format!("vault/{circle}/{gathered}"), due)] }
    }

    pub fn enqueue(&self, changes: &mut Changes) -> Result<(), Error> {
        let timer = Timer::LookAtVault { circle: self.circle };
        let mut times = self.times.iter();
        times.try_for_each(|(name, due)| changes.enqueue(queue::TIMER, name, None, *due, &timer))
    }
}

/// What a vault holds against what it must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Right,
    Short,
    /// By so much, in minor units.
    Over(Amount),
}

/// When `sync` is to be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Never,
    Now,
    NotBefore(Timestamp),
}

impl VaultWatch {
    const NEW: Self = Self { orders: 0, latest: None, at: Timestamp::from_unix(0), in_vain: 0 };

    /// `open`: whether the latest order is still under way.
    fn due(&self, found: Found, rules: &Rules, open: bool, now: Timestamp) -> Due {
        let pace = match found {
            Found::Short => SHORTFALL_EVERY_S,
            Found::Over(surplus) if is_worth_a_fee(surplus, rules) => SURPLUS_EVERY_S,
            _ => return Due::Never,
        };
        if open {
            return Due::NotBefore(now.plus(LOOK_AGAIN_S));
        }
        let wait = match self.in_vain.checked_sub(1) {
            Some(more) => pace.max(AGAIN_S << more.min(DOUBLINGS)),
            None => pace,
        };
        match self.latest.map(|_| self.at.plus(wait)) {
            Some(earliest) if earliest > now => Due::NotBefore(earliest),
            _ => Due::Now,
        }
    }
}

/// Of a surplus.
pub(crate) fn is_worth_a_fee(surplus: Amount, rules: &Rules) -> bool {
    surplus.minor_units() >= (rules.contribution.minor_units() / WORTH_ONE_IN).max(1)
}

impl Kolo {
    /// From now on, until the circle is finished.
    pub(crate) fn schedule_watch(
        &self,
        changes: &mut Changes,
        circle: CircleId,
    ) -> Result<(), Error> {
        let due = changes.now().plus(WATCH_EVERY_S);
        let id = format!("vault/{circle}");
        changes.enqueue(queue::TIMER, id, None, due, &Timer::WatchVault { circle })
    }

    /// The look that an event of the token alone calls for, when it says that something came to a circle's
    /// vault or left it. Payouts and members' payments have their own events.
    pub(crate) fn look_for(
        &self,
        circle: &Circle,
        from: Option<&ChainAddress>,
        to: Option<&ChainAddress>,
        event: &ChainEvent,
    ) -> Option<Look> {
        let id = circle.id;
        let vault = Some(&circle.address);
        if from == vault {
            // Nobody but the issuer can make it less without the contract.
            let taken = to.is_none();
            return taken.then(|| Look::for_taken(id, self.now()));
        }
        if to != vault || from.is_some_and(|from| circle.sat(from, event.ledger)) {
            return None;
        }
        Some(Look::for_given(id, self.now()))
    }

    /// `lasting`: the look that comes again and again; another one ends when the vault is right.
    pub(super) async fn vault_timer(
        &self,
        work: &ClaimedWork,
        circle: CircleId,
        lasting: bool,
    ) -> Result<(), Error> {
        let circle = self.circle(circle).await?.state;
        let now = self.now();
        let again = if circle.mirror()?.is_finished() {
            None
        } else {
            let next = self.look_at_vault(&circle).await?;
            next.or_else(|| lasting.then(|| now.plus(WATCH_EVERY_S)))
        };
        let release = again.map_or(Release::Done, Release::RetryAt);
        Ok(self.ports().queue.release(&work.lease, release).await?)
    }

    /// Orders `sync` when it is due; when a shortfall asks for another look.
    async fn look_at_vault(&self, circle: &Circle) -> Result<Option<Timestamp>, Error> {
        let found = self.found_in_vault(circle).await?;
        let mut watch = self.vault_watch(circle.id).await?;
        if found != Found::Short && watch.state.in_vain > 0 {
            // Also when a stranger's dust has come meanwhile: what was missing is not missing any more.
            watch = self.note_right(circle.id, watch).await?;
        }
        if found == Found::Right {
            return Ok(None);
        }
        let open = match watch.state.latest {
            Some(latest) => {
                self.load::<Intent>(latest).await?.is_some_and(|intent| !intent.state.is_final())
            }
            None => false,
        };
        let now = self.now();
        let due = watch.state.due(found, &circle.rules()?, open, now);
        tracing::info!(circle = %circle.id, ?found, ?due, "the vault is not what the books say");
        if due == Due::Now {
            self.order_sync(circle.id, watch, found).await?;
        }
        Ok(match (found, due) {
            (Found::Short, Due::NotBefore(earliest)) => Some(earliest.max(now.plus(1))),
            (Found::Short, _) => Some(now.plus(LOOK_AGAIN_S)),
            _ => None,
        })
    }

    /// The balance and the state it must cover, as one ledger has them: the mirror may be behind.
    async fn found_in_vault(&self, circle: &Circle) -> Result<Found, Error> {
        if circle.contract != Contract::Live {
            return Ok(Found::Right);
        }
        let there = self.ports().chain.circle(&circle.address, &circle.asset).await?;
        // Before the first payment, and after the last, there is nobody's money in it.
        let Some((state, vault)) = there.and_then(|there| Some((there.state?, there.vault))) else {
            return Ok(Found::Right);
        };
        let state = Mirror::decode(&state)?;
        let must = state.liabilities()?;
        Ok(if state.phase == Phase::Forming || vault == must {
            Found::Right
        } else if vault < must {
            Found::Short
        } else {
            Found::Over(vault.checked_sub(must).map_err(Refusal::from)?)
        })
    }

    /// Once by the order's number, whoever gives it.
    async fn order_sync(
        &self,
        circle: CircleId,
        mut watch: Loaded<VaultWatch>,
        found: Found,
    ) -> Result<(), Error> {
        let number = watch.state.orders.saturating_add(1);
        let ctx = self.vault_context(circle, "sync", number);
        let mut command = Command::begin(self, &ctx, "vault.sync", &(circle, number)).await?;
        let mut changes = command.changes();
        let intent = changes.want("sync", Want::Sync { circle }, None)?;
        let now = changes.now();
        let in_vain = watch.state.in_vain.saturating_add(u32::from(found == Found::Short));
        watch.state = VaultWatch { orders: number, latest: Some(intent), at: now, in_vain };
        changes.write(&watch)?;
        // `None`: another process saw it, too.
        command.commit(changes, ()).await.map(drop)
    }

    /// Whether there is still something to be brought into the books: somebody may have called it, or
    /// a payout has had it borne.
    pub(crate) async fn needs_sync(&self, circle: CircleId) -> Result<Option<ChainAddress>, Error> {
        let circle = self.circle(circle).await?.state;
        let found = self.found_in_vault(&circle).await?;
        Ok((found != Found::Right).then_some(circle.address))
    }

    /// What was ordered has helped: the next order need not wait longer than the first.
    async fn note_right(
        &self,
        circle: CircleId,
        mut watch: Loaded<VaultWatch>,
    ) -> Result<Loaded<VaultWatch>, Error> {
        let number = watch.state.orders;
        let ctx = self.vault_context(circle, "right", number);
        let mut command = Command::begin(self, &ctx, "vault.right", &(circle, number)).await?;
        let mut changes = command.changes();
        changes.forgettable();
        watch.state.in_vain = 0;
        changes.write(&watch)?;
        command.commit(changes, ()).await?;
        // As it is now, whoever has written it.
        self.vault_watch(circle).await
    }

    fn vault_context(&self, circle: CircleId, step: &str, order: u32) -> CommandContext {
        let mut ctx = CommandContext::of_system(format!("vault/{circle}/{order}/{step}"));
        ctx.tenant = self.tenant().clone();
        ctx
    }

    async fn vault_watch(&self, circle: CircleId) -> Result<Loaded<VaultWatch>, Error> {
        let found = self.load::<VaultWatch>(circle).await?;
        Ok(found.unwrap_or_else(|| Loaded::fresh(&circle, VaultWatch::NEW)))
    }
}

#[cfg(test)]
mod tests {
    use kolo_rules::Interval;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn rules() -> Rules {
        Rules::new([1; 32], 3, Amount::new(1_000), Interval::Seconds(604_800))
    }

    fn watch(ago_s: u64, in_vain: u32) -> VaultWatch {
        let at = Timestamp::from_unix(NOW.unix() - ago_s);
        VaultWatch { orders: 1, latest: Some(IntentId::derive(&[b"one"])), at, in_vain }
    }

    fn over(minor: i64) -> Found {
        Found::Over(Amount::new(minor))
    }

    #[test]
    fn an_order_is_given_when_it_is_worth_a_fee_and_none_is_open() {
        use Due::{Never, NotBefore, Now};
        let later = |seconds| NotBefore(NOW.plus(seconds));
        // (found, last order so long ago, orders in vain, open) → due. An instalment is 1,000: a surplus
        // is worth a fee from 10 on.
        let cases = [
            (Found::Right, 999_999, 0, false, Never),
            (over(9), 999_999, 0, false, Never),
            (over(10), 86_400, 0, false, Now),
            (over(10), 86_399, 0, false, later(1)),
            (over(500), 300, 0, false, later(86_100)),
            (over(10), 999_999, 0, true, later(60)),
            (Found::Short, 300, 0, false, Now),
            (Found::Short, 299, 0, false, later(1)),
            (Found::Short, 999_999, 0, true, later(60)),
            // It did not help: 600 s, 1,200 s, … 38,400 s, and not longer.
            (Found::Short, 300, 1, false, later(300)),
            (Found::Short, 600, 1, false, Now),
            (Found::Short, 600, 2, false, later(600)),
            (Found::Short, 0, 7, false, later(38_400)),
            (Found::Short, 0, 90, false, later(38_400)),
            (over(10), 0, 7, false, later(86_400)),
        ];
        for (found, ago_s, in_vain, open, expected) in cases {
            let due = watch(ago_s, in_vain).due(found, &rules(), open, NOW);
            assert_eq!(due, expected, "{found:?} {ago_s} {in_vain} {open}");
        }
    }

    #[test]
    fn the_first_order_waits_for_nothing() {
        for found in [Found::Short, over(10)] {
            assert_eq!(VaultWatch::NEW.due(found, &rules(), false, NOW), Due::Now);
        }
    }

    #[test]
    fn of_the_smallest_instalments_nothing_is_ordered_for_no_surplus() {
        let rules = Rules { contribution: Amount::new(5), ..rules() };
        assert!(!is_worth_a_fee(Amount::ZERO, &rules));
        assert!(is_worth_a_fee(Amount::new(1), &rules));
    }
}
