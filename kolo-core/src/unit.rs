//! One command, one change set: load → decide → commit, again when others were faster.
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::notice::Notice;
use crate::port::authorizer::{CommandRequest, Verdict};
use crate::port::ledger::{
    AggregateId, AggregateWrite, ChangeSet, CommitError, Committed, IndexKey, IndexWrite, NewEvent,
    Record, Retention,
};
use crate::port::work::{Lease, NewWork, WorkId};
use crate::record::{self, Aggregate, Loaded};
use crate::{Actor, CommandContext, Error, Kolo, MemberId, Timestamp};

/// Attempts before [`Error::Contention`].
const ATTEMPTS: u32 = 32;

/// A command under way: its key was looked up, its hash is known.
pub(crate) struct Command<'a> {
    kolo: &'a Kolo,
    ctx: &'a CommandContext,
    hash: [u8; 32],
    before: Option<Record>,
    attempts: u32,
    lease: Option<Lease>,
}

impl<'a> Command<'a> {
    /// A member's or the host's command: looks the key up and, unless that has been answered, asks the
    /// host, then the table of who may what. `args` with the name are the canonical command: what a repetition is compared by.
    pub async fn asked<C: Serialize>(
        kolo: &'a Kolo,
        ctx: &'a CommandContext,
        request: CommandRequest,
        args: &C,
    ) -> Result<Self, Error> {
        let command = Self::look_up(kolo, ctx, request.command.as_str(), args).await?;
        if command.before.is_none() {
            match kolo.authorizer().authorize(&request).await? {
                Verdict::Allowed => {}
                Verdict::Refused { reason } => {
                    tracing::info!(command = %request.command, actor = ?request.actor, circle = ?request.circle, reason, "the host refuses");
                    return Err(Error::Forbidden { reason });
                }
            }
            kolo.permit(&request).await?;
        }
        Ok(command)
    }

    /// A step of our own, on nobody's behalf: a timer, an event of the chain, a turn of a dialogue.
    pub async fn begin<C: Serialize>(
        kolo: &'a Kolo,
        ctx: &'a CommandContext,
        name: &str,
        args: &C,
    ) -> Result<Self, Error> {
        match ctx.actor {
            Actor::System => Self::look_up(kolo, ctx, name, args).await,
            // The host would not have been asked.
            Actor::Member(_) => Err(Error::NotAllowed),
        }
    }

    async fn look_up<C: Serialize>(
        kolo: &'a Kolo,
        ctx: &'a CommandContext,
        name: &str,
        args: &C,
    ) -> Result<Self, Error> {
        if ctx.tenant != *kolo.tenant() {
            return Err(Error::NotAllowed);
        }
        let canonical = record::encode(name, 1, &(&ctx.actor, args))?;
        let mut hash = Sha256::new();
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(&canonical.bytes);
        let hash: [u8; 32] = hash.finalize().into();
        let before = match kolo.ports().ledger.outcome(&ctx.tenant, &ctx.key).await? {
            Some((stored, _)) if stored != hash => return Err(Error::KeyReused),
            Some((_, outcome)) => Some(outcome),
            None => None,
        };
        Ok(Self { kolo, ctx, hash, before, attempts: 0, lease: None })
    }

    /// The change set will complete this work item.
    pub fn consuming(mut self, lease: &Lease) -> Self {
        self.lease = Some(lease.clone());
        self
    }

    /// The answer given before, when this is a repetition.
    pub fn replay<O: DeserializeOwned>(&self) -> Result<Option<O>, Error> {
        self.before.as_ref().map(|outcome| record::decode(outcome, 1)).transpose()
    }

    /// An empty change set to decide into.
    pub fn changes(&self) -> Changes {
        let nothing = Record { kind: String::new(), schema_version: 1, bytes: Vec::new() };
        let mut set = ChangeSet::new(
            self.ctx.tenant.clone(),
            self.ctx.key.clone(),
            self.hash,
            nothing,
            self.kolo.now(),
        );
        set.consumes = self.lease.clone();
        set.correlation = Some(self.ctx.correlation.clone());
        let asked_by = self.ctx.member().ok();
        let channels = self.kolo.settings().channels;
        Changes { set, correlation: self.ctx.correlation.clone(), asked_by, channels }
    }

    /// Commits. `None`: somebody was faster; load and decide again.
    pub async fn commit<O>(&mut self, mut changes: Changes, outcome: O) -> Result<Option<O>, Error>
    where
        O: Serialize + DeserializeOwned,
    {
        changes.set.outcome = record::encode("outcome", 1, &outcome)?;
        match self.kolo.ports().ledger.commit(changes.set).await {
            Ok(Committed::Now(_)) => Ok(Some(outcome)),
            Ok(Committed::Before(stored)) => record::decode(&stored, 1).map(Some),
            Err(CommitError::Conflict(_) | CommitError::IndexTaken(_)) => {
                self.attempts += 1;
                if self.attempts < ATTEMPTS { Ok(None) } else { Err(Error::Contention) }
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// A change set being decided, in domain words.
pub(crate) struct Changes {
    pub set: ChangeSet,
    correlation: String,
    asked_by: Option<MemberId>,
    channels: u16,
}

impl Changes {
    pub fn now(&self) -> Timestamp {
        self.set.recorded_at
    }

    /// What started this: carried into intents and logs.
    pub fn correlation(&self) -> &str {
        &self.correlation
    }

    /// The member whose command it is: carried into intents, whoever's account signs.
    pub fn asked_by(&self) -> Option<MemberId> {
        self.asked_by
    }

    /// So many channel accounts there may be.
    pub fn channels(&self) -> u16 {
        self.channels
    }

    /// Writes an aggregate's new state.
    pub fn write<T: Aggregate>(&mut self, loaded: &Loaded<T>) -> Result<(), Error> {
        self.set.aggregates.push(AggregateWrite {
            id: loaded.id.clone(),
            expected: loaded.version,
            state: record::encode(T::KIND, T::SCHEMA, &loaded.state)?,
        });
        Ok(())
    }

    /// Claims a unique name.
    pub fn claim(&mut self, index: &str, value: impl Into<String>, target: &AggregateId) {
        let key = IndexKey { index: index.to_owned(), value: value.into() };
        self.set.index.push(IndexWrite::Claim(key, target.clone()));
    }

    /// Frees a unique name.
    pub fn release(&mut self, index: &str, value: impl Into<String>) {
        let key = IndexKey { index: index.to_owned(), value: value.into() };
        self.set.index.push(IndexWrite::Release(key));
    }

    /// Appends an event.
    pub fn event<E: Serialize>(
        &mut self,
        of: &AggregateId,
        kind: &str,
        body: &E,
    ) -> Result<(), Error> {
        let record = record::encode(kind, 1, body)?;
        self.set.events.push(NewEvent { aggregate: of.clone(), record });
        Ok(())
    }

    /// Enqueues work.
    pub fn enqueue<P: Serialize>(
        &mut self,
        queue: &str,
        id: impl Into<String>,
        lane: Option<String>,
        due_at: Timestamp,
        payload: &P,
    ) -> Result<(), Error> {
        let payload = record::encode(queue, 1, payload)?;
        self.set.work.push(NewWork {
            id: WorkId(id.into()),
            queue: queue.to_owned(),
            lane,
            due_at,
            payload,
        });
        Ok(())
    }

    /// Tells a member something, once: `what` makes the notice's id within this command.
    pub fn notice(&mut self, to: MemberId, what: &str, notice: Notice) -> Result<(), Error> {
        let id = format!("notice/{}/{what}/{to}", self.set.key);
        let due = self.now();
        let told = Told { id: id.clone(), to, notice };
        self.enqueue(queue::NOTICE, id, Some(to.to_string()), due, &told)
    }

    /// The same to each of them.
    pub fn notice_all(
        &mut self,
        readers: impl IntoIterator<Item = MemberId>,
        what: &str,
        notice: &Notice,
    ) -> Result<(), Error> {
        readers.into_iter().try_for_each(|to| self.notice(to, what, notice.clone()))
    }

    /// Remember the key for 90 days only: no money moves.
    pub fn forgettable(&mut self) {
        self.set.retention = Retention::NinetyDays;
    }
}

/// Payload of the notice queue.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
pub struct Told {
    /// Stable id: the message that comes of it carries it.
    pub id: String,
    /// Whom to tell.
    pub to: MemberId,
    /// What.
    pub notice: Notice,
}

/// The queues there are.
pub mod queue {
    /// Chain intents.
    pub const INTENT: &str = "intent";
    /// Things to do at a time: payouts, reminders.
    pub const TIMER: &str = "timer";
    /// Notices to be put into words.
    pub const NOTICE: &str = "notice";
    /// Messages that came in.
    #[cfg(feature = "conversation")]
    pub const INBOUND: &str = "inbound";
    /// Messages to send.
    #[cfg(feature = "conversation")]
    pub const OUTBOUND: &str = "outbound";
    /// "Still processing" notes.
    #[cfg(feature = "conversation")]
    pub const PROCESSING: &str = "processing";
    /// All of them.
    #[cfg(feature = "conversation")]
    pub const ALL: [&str; 6] = [INBOUND, INTENT, NOTICE, OUTBOUND, PROCESSING, TIMER];
    /// Those a host without a chat works on.
    pub const WITHOUT_CHAT: [&str; 3] = [INTENT, NOTICE, TIMER];
}

impl Kolo {
    pub(crate) async fn load<T: Aggregate>(
        &self,
        id: impl ToString,
    ) -> Result<Option<Loaded<T>>, Error> {
        let ids = [record::aggregate_id::<T>(&id)];
        let mut found = self.ports().ledger.load(self.tenant(), &ids).await?;
        found.pop().flatten().map(loaded).transpose()
    }

    /// Several of a kind at once, in the order asked for.
    pub(crate) async fn load_all<T: Aggregate>(
        &self,
        ids: &[impl ToString + Sync],
    ) -> Result<Vec<Option<Loaded<T>>>, Error> {
        let ids: Vec<_> = ids.iter().map(|id| record::aggregate_id::<T>(id)).collect();
        let found = self.ports().ledger.load(self.tenant(), &ids).await?;
        found.into_iter().map(|stored| stored.map(loaded).transpose()).collect()
    }

    pub(crate) async fn list<T: Aggregate>(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<Loaded<T>>, Error> {
        let ledger = &self.ports().ledger;
        let found = ledger.list(self.tenant(), T::KIND, after.as_deref(), limit).await?;
        found.into_iter().map(loaded).collect()
    }

    /// The id (within its kind) a unique name points to.
    pub(crate) async fn find(&self, index: &str, value: &str) -> Result<Option<String>, Error> {
        let key = IndexKey { index: index.to_owned(), value: value.to_owned() };
        let mut found = self.ports().ledger.lookup(self.tenant(), &[key]).await?;
        Ok(found.pop().flatten().map(|aggregate| aggregate.id))
    }
}

pub(crate) fn loaded<T: Aggregate>(
    stored: crate::port::ledger::Stored,
) -> Result<Loaded<T>, Error> {
    let state = record::decode(&stored.state, T::SCHEMA)?;
    Ok(Loaded { id: stored.id, version: stored.version, state })
}
