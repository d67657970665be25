//! Channels: the accounts that send what nobody signs for, so that many circles' payouts are under way at once.
//!
//! A network queues one transaction of an account at a time. The keeper (number 0) is always there; up to
//! [`Settings::channels`](crate::Settings::channels) more accounts are opened when all others are taken, with
//! reserves the sponsor pays, and hold nothing: the fee account pays their fees. So there is nothing in them to
//! run out or to be stolen; one that has vanished from the network is opened again.
//!
//! ```text
//!            ┌───────────────────────────── refused: again later, or found missing
//!            ▼                           │
//! unopened ──wanted──▶ opening ──done──▶ free ──signed and stored──▶ held ──fate known──▶ free
//! ```
//! A channel is held exactly as long as an intent has a signed transaction under it whose fate is unknown.
//! Taking it is part of the very commit that stores the signed bytes, giving it back is part of the one that
//! writes their fate (confirmed, failed, provably never): whatever crashes between, neither is a channel lost
//! nor one used again too early. Of two workers with the same channel, the second to commit finds its version
//! gone: what it has signed was stored nowhere and is dropped, and it takes another.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::process::CHANNEL_WAIT_S;
use super::state::{Intent, Want};
use crate::port::chain::{ChainAddress, ChainEffect, PreparedTx};
use crate::port::vault::{KeyName, PublicKey};
use crate::port::work::ClaimedWork;
use crate::record::{Aggregate, Loaded, aggregate_id};
use crate::unit::{self, Changes, Command};
use crate::{CommandContext, Error, IntentId, Kolo, Timestamp};

/// The keeper's number.
const KEEPER: u16 = 0;

/// From a refused opening to the next, seconds; doubles with every refusal.
const OPEN_AGAIN_S: u64 = 600;

/// So often it doubles (to some ten hours).
const DOUBLINGS: u32 = 6;

/// So many are loaded at once when one is looked for.
const STEP: usize = 16;

/// By so much, seconds, a ledger must be later than an account's opening to prove that it has vanished since:
/// its time is the network's, that of the opening ours.
pub(super) const OPENING_SPARE_S: u64 = 60;

/// Aggregate `channel`: an account that sends what nobody signs for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Channel {
    pub number: u16,
    pub address: ChainAddress,
    pub standing: Standing,
    /// The highest sequence number it is known to have used: a node that offers it again is behind.
    pub used: i64,
    /// Accounts asked for in its name so far; the number makes the next intent's id.
    pub openings: u32,
    /// When its account was last known to have been opened.
    pub opened_at: Timestamp,
}

/// What it is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Standing {
    /// Not on the network; asked for from that moment on.
    Unopened {
        not_before: Timestamp,
    },
    /// Asked for.
    Opening,
    Free,
    /// By the intent whose signed transaction it is the source of.
    Held {
        by: IntentId,
    },
}

impl Aggregate for Channel {
    const KIND: &'static str = "channel";
}

impl Channel {
    fn new(number: u16, address: ChainAddress, standing: Standing) -> Self {
        let opened_at = Timestamp::from_unix(0);
        Self { number, address, standing, used: 0, openings: 0, opened_at }
    }

    /// The same call, sent by this account.
    pub fn send(&self, call: ChainEffect) -> ChainEffect {
        if self.number == KEEPER {
            return call;
        }
        ChainEffect::ByChannel { channel: self.address.clone(), call: Box::new(call) }
    }

    /// The node that prepared it has not seen what this account did last.
    pub fn is_ahead_of(&self, prepared: &PreparedTx) -> bool {
        self.number != KEEPER && prepared.sequence <= self.used
    }

    /// Whether a ledger that closed then has its account, if the network still does.
    pub fn was_open_before(&self, closed_at: Timestamp) -> bool {
        closed_at > self.opened_at.plus(OPENING_SPARE_S)
    }
}

/// What this process knows of channels and of those who wait for one. Nothing rests on it: it saves work.
#[derive(Clone, Default)]
pub(crate) struct Desk(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// Which channels are being prepared on: its own intents need not find out by a conflict.
    taken: BTreeSet<u16>,
    /// When all were found taken: for a moment nobody else looks, unless one is given back here.
    all_taken_at: Option<Timestamp>,
    waiting: BTreeMap<IntentId, Waiting>,
}

/// An intent's claims that came to nothing for want of a channel are no attempts at it.
struct Waiting {
    /// So many of its claims were spent waiting.
    in_vain: u32,
    /// The number of the last one seen here; those between were another process's.
    last: u32,
}

impl Waiting {
    /// Claimed once more; how many claims were in vain so far.
    fn seen(&mut self, work: &ClaimedWork) -> u32 {
        let elsewhere = work.attempts.saturating_sub(self.last).saturating_sub(1);
        self.in_vain = self.in_vain.saturating_add(elsewhere);
        self.last = work.attempts;
        self.in_vain
    }
}

/// So many waiting intents are remembered: one that another process ended is never taken off here.
const MOST_WAITING: usize = 10_000;

/// A channel that is free, and nobody else's in this process until this is dropped.
pub(super) struct Chosen {
    pub channel: Loaded<Channel>,
    desk: Desk,
}

impl Desk {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seat(&self, channel: Loaded<Channel>) -> Option<Chosen> {
        let free = self.known().taken.insert(channel.state.number);
        free.then(|| Chosen { channel, desk: self.clone() })
    }

    /// The item, its waiting for a channel not counted among its attempts.
    pub fn tried(&self, work: &ClaimedWork, intent: IntentId) -> ClaimedWork {
        let mut known = self.known();
        let in_vain = known.waiting.get_mut(&intent).map_or(0, |waiting| waiting.seen(work));
        ClaimedWork { attempts: work.attempts.saturating_sub(in_vain).max(1), ..work.clone() }
    }

    /// It found no channel; `work`: as it was claimed.
    pub fn waited(&self, work: &ClaimedWork, intent: IntentId) {
        let mut known = self.known();
        if known.waiting.len() >= MOST_WAITING {
            known.waiting.clear();
        }
        // Before the first time seen here it did nothing else, in another process or before a restart.
        let before = Waiting { in_vain: work.attempts.saturating_sub(1), last: work.attempts };
        let waiting = known.waiting.entry(intent).or_insert(before);
        waiting.in_vain = waiting.in_vain.saturating_add(1);
    }

    /// It is final.
    pub fn over(&self, intent: IntentId) {
        self.known().waiting.remove(&intent);
    }

    fn all_taken(&self, now: Timestamp) {
        self.known().all_taken_at = Some(now);
    }

    fn are_all_taken(&self, now: Timestamp) -> bool {
        let found = self.known().all_taken_at;
        found.is_some_and(|at| (at..at.plus(CHANNEL_WAIT_S)).contains(&now))
    }

    /// One may be free.
    fn look_again(&self) {
        self.known().all_taken_at = None;
    }
}

impl Chosen {
    pub fn is_keeper(&self) -> bool {
        self.channel.state.number == KEEPER
    }
}

impl Drop for Chosen {
    fn drop(&mut self) {
        let mut known = self.desk.known();
        known.taken.remove(&self.channel.state.number);
        known.all_taken_at = None;
    }
}

impl Kolo {
    /// A free channel; `None`: all are taken, and one more has been asked for where the pool may grow.
    pub(super) async fn free_channel(&self, intent: IntentId) -> Result<Option<Chosen>, Error> {
        let now = self.now();
        if self.desk().are_all_taken(now) {
            return Ok(None);
        }
        // Not all begin with the same one.
        let spread = intent.as_bytes().iter().fold(0_usize, |sum, byte| sum + usize::from(*byte));
        let numbers: Vec<u16> = (KEEPER..=self.settings().channels).collect();
        for numbers in numbers.chunks(STEP) {
            let mut channels = self.channels(numbers).await?;
            channels.rotate_left(spread.checked_rem(numbers.len()).unwrap_or(0));
            let free = |channel: &&Loaded<Channel>| channel.state.standing == Standing::Free;
            for channel in channels.iter().filter(free) {
                if let Some(chosen) = self.desk().seat(channel.clone()) {
                    return Ok(Some(chosen));
                }
            }
            let unopened = channels.into_iter().filter(|channel| {
                matches!(channel.state.standing, Standing::Unopened { not_before } if not_before <= now)
            });
            // Those after it are not open either, or not for long.
            if let Some(next) = unopened.min_by_key(|channel| channel.state.number) {
                self.open_channel(next).await?;
                break;
            }
        }
        self.desk().all_taken(now);
        Ok(None)
    }

    /// These of the pool, in order.
    pub(super) async fn channels(&self, numbers: &[u16]) -> Result<Vec<Loaded<Channel>>, Error> {
        let ids: Vec<_> = numbers.iter().map(aggregate_id::<Channel>).collect();
        let found = self.ports().ledger.load(self.tenant(), &ids).await?;
        let channel = |(number, stored): (&u16, Option<_>)| match stored {
            Some(stored) => unit::loaded(stored),
            None => Ok(self.new_channel(*number)),
        };
        numbers.iter().zip(found).map(channel).collect()
    }

    fn new_channel(&self, number: u16) -> Loaded<Channel> {
        let fresh = if number == KEEPER {
            let keeper = self.ports().chain.account_address(&self.operator().keeper);
            Channel::new(number, keeper, Standing::Free)
        } else {
            let not_before = Timestamp::from_unix(0);
            // The address is known once its key is made.
            let address = ChainAddress(String::new());
            Channel::new(number, address, Standing::Unopened { not_before })
        };
        Loaded::fresh(&number, fresh)
    }

    /// One by its number, which an intent has kept.
    pub(super) async fn channel(&self, number: u16) -> Result<Loaded<Channel>, Error> {
        let found = self.load::<Channel>(number).await?;
        Ok(found.unwrap_or_else(|| self.new_channel(number)))
    }

    /// Makes its key (or finds it) and has the sponsor open the account, once whoever asks.
    async fn open_channel(&self, mut channel: Loaded<Channel>) -> Result<(), Error> {
        let (number, opening) = (channel.state.number, channel.state.openings);
        let key = self.channel_key(number).await?;
        let ctx = self.channel_context(&format!("channel/{number}/open/{opening}"));
        let mut command = Command::begin(self, &ctx, "channel.open", &(number, opening)).await?;
        let mut changes = command.changes();
        channel.state.address = self.ports().chain.account_address(&key);
        channel.state.standing = Standing::Opening;
        channel.state.openings = opening.saturating_add(1);
        changes.write(&channel)?;
        changes.event(&channel.id, "channel.wanted", &channel.state.address)?;
        changes.want("open", Want::OpenChannel { number }, None)?;
        // `None`: another worker was faster.
        command.commit(changes, ()).await.map(drop)
    }

    async fn channel_key(&self, number: u16) -> Result<PublicKey, Error> {
        let name = KeyName::Operator(format!("channel-{number}"));
        Ok(self.ports().vault.create(self.tenant(), &name).await?)
    }

    pub(super) async fn channel_opened(
        &self,
        changes: &mut Changes,
        number: u16,
    ) -> Result<(), Error> {
        let mut channel = self.channel(number).await?;
        channel.state.standing = Standing::Free;
        channel.state.opened_at = changes.now();
        self.desk().look_again();
        changes.write(&channel)?;
        changes.event(&channel.id, "channel.opened", &channel.state.address)
    }

    /// The others go on; it is asked for again, later and later.
    pub(super) async fn channel_refused(
        &self,
        changes: &mut Changes,
        number: u16,
    ) -> Result<(), Error> {
        let mut channel = self.channel(number).await?;
        let doublings = channel.state.openings.saturating_sub(1).min(DOUBLINGS);
        let not_before = changes.now().plus(OPEN_AGAIN_S << doublings);
        channel.state.standing = Standing::Unopened { not_before };
        changes.write(&channel)?;
        changes.event(&channel.id, "channel.refused", &channel.state.address)
    }

    /// The network does not know its account (a test network was reset, say): it is opened again.
    pub(super) async fn channel_is_missing(&self, chosen: Chosen) -> Result<(), Error> {
        let mut channel = chosen.channel.clone();
        let number = channel.state.number;
        tracing::warn!(number, address = %channel.state.address, "the channel's account is gone");
        let ctx = self.channel_context(&format!("channel/{number}/gone/{}", channel.version));
        let mut command = Command::begin(self, &ctx, "channel.gone", &number).await?;
        let mut changes = command.changes();
        changes.forgettable();
        channel.state.standing = Standing::Unopened { not_before: changes.now() };
        channel.state.used = 0;
        changes.write(&channel)?;
        command.commit(changes, ()).await.map(drop)
    }

    /// In the commit that stores what was signed for it.
    pub(super) fn hold_channel(
        changes: &mut Changes,
        intent: &mut Intent,
        chosen: &Chosen,
    ) -> Result<(), Error> {
        let mut channel = chosen.channel.clone();
        channel.state.standing = Standing::Held { by: intent.id };
        intent.channel = Some(channel.state.number);
        changes.write(&channel)
    }

    /// In the commit that writes the fate of what it was held for; `used`: the sequence number that is gone.
    pub(super) async fn give_channel_back(
        &self,
        changes: &mut Changes,
        intent: &mut Intent,
        used: Option<i64>,
    ) -> Result<(), Error> {
        let Some(number) = intent.channel.take() else {
            return Ok(());
        };
        let mut channel = self.channel(number).await?;
        if channel.state.standing != (Standing::Held { by: intent.id }) {
            return Ok(());
        }
        channel.state.standing = Standing::Free;
        channel.state.used = channel.state.used.max(used.unwrap_or(0));
        self.desk().look_again();
        changes.write(&channel)
    }

    fn channel_context(&self, key: &str) -> CommandContext {
        let mut ctx = CommandContext::of_system(key.to_owned());
        ctx.tenant = self.tenant().clone();
        ctx
    }
}

#[cfg(test)]
#[cfg(feature = "testkit")]
impl Kolo {
    /// The highest sequence number a channel is known to have used.
    pub(crate) async fn channel_used(&self, number: u16) -> Result<i64, Error> {
        Ok(self.channel(number).await?.state.used)
    }

    /// How each channel of the pool stands, the keeper first.
    pub(crate) async fn pool(&self) -> Result<Vec<Standing>, Error> {
        let numbers: Vec<u16> = (KEEPER..=self.settings().channels).collect();
        Ok(self
            .channels(&numbers)
            .await?
            .into_iter()
            .map(|channel| channel.state.standing)
            .collect())
    }
}
