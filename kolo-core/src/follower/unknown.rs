//! Events of our contracts that this version does not know: kept as they are, for the host to read.
use serde::{Deserialize, Serialize};

use super::{Follower, MAIN};
use crate::port::chain::{ChainAddress, ChainEvent};
use crate::port::ledger::StoredEvent;
use crate::record::{self, aggregate_id};
use crate::unit::Command;
use crate::{Error, Kolo, Timestamp};

/// What one is kept as.
const KIND: &str = "chain.unknown";

/// Longest page.
const PAGE_MAX: usize = 1_000;

/// An event of one of our contracts that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEvent {
    /// Its place in the order of commits: a cursor to go on after it.
    pub position: u64,
    /// The chain's own id.
    pub id: String,
    /// Which contract said so.
    pub contract: ChainAddress,
    /// In which ledger.
    pub ledger: u32,
    /// When that closed.
    pub at: Timestamp,
    /// The chain transaction (hex hash).
    pub tx: String,
    /// All of it, in the chain adapter's text form.
    pub raw: String,
}

/// Events that could not be understood, in the order of commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEventPage {
    /// They.
    pub events: Vec<RawEvent>,
    /// Pass as `after` for what comes next.
    pub next: u64,
    /// There may be more at once (also when this page has none).
    pub more: bool,
}

/// As stored; the position is the record's.
#[derive(Serialize, Deserialize)]
struct Body {
    id: String,
    contract: ChainAddress,
    ledger: u32,
    at: Timestamp,
    tx: String,
    raw: String,
}

impl Kolo {
    /// Events of our factory, assets and circles that this version does not know, after the position
    /// `after` (0 = from the first). Looks at no more than `limit` records of any sort. One from an asset
    /// may have moved money: balances are compared all the same.
    ///
    /// # Errors
    /// A port's failure; [`Error::Stored`] for a record of a newer version.
    pub async fn unknown_events(&self, after: u64, limit: usize) -> Result<RawEventPage, Error> {
        let limit = limit.clamp(1, PAGE_MAX);
        let stored = self.ports().ledger.events_after(self.tenant(), after, limit).await?;
        let next = stored.last().map_or(after, |last| last.position);
        let more = stored.len() == limit;
        let read = stored.iter().filter(|event| event.record.kind == KIND).map(read);
        Ok(RawEventPage { events: read.collect::<Result<_, _>>()?, next, more })
    }

    /// Of anybody else's contract nothing is kept: anyone can emit events with our names.
    pub(super) async fn keep_unknown(
        &self,
        event: &ChainEvent,
        contract: &ChainAddress,
        ours: bool,
        raw: &str,
    ) -> Result<(), Error> {
        if !ours && self.circle_at(contract).await?.is_none() {
            tracing::debug!(event = event.id, raw, "somebody else's event");
            return Ok(());
        }
        // Not the event's own key: a later version may understand it, and apply it then.
        let ctx = self.chain_context(&format!("unknown/{}", event.id));
        let mut command = Command::begin(self, &ctx, KIND, &event.id).await?;
        if command.replay::<()>()?.is_some() {
            return Ok(());
        }
        tracing::warn!(event = event.id, %contract, raw, "an event this version does not know is kept");
        loop {
            let mut changes = command.changes();
            let (id, contract, raw) = (event.id.clone(), contract.clone(), raw.to_owned());
            let (ledger, at, tx) = (event.ledger, event.closed_at, event.tx.clone());
            let body = Body { id, contract, ledger, at, tx, raw };
            changes.event(&aggregate_id::<Follower>(&MAIN), KIND, &body)?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }
}

fn read(stored: &StoredEvent) -> Result<RawEvent, Error> {
    let Body { id, contract, ledger, at, tx, raw } = record::decode(&stored.record, 1)?;
    Ok(RawEvent { position: stored.position, id, contract, ledger, at, tx, raw })
}
