//! A circle's event as it is stored and read.
use kolo_rules::Rules;
use serde::{Deserialize, Serialize};

use super::EventKind;
use crate::circle::state::Circle;
use crate::port::chain::{ChainAddress, ChainEvent, CircleChainEvent};
use crate::port::ledger::{NewEvent, StoredEvent};
use crate::record::{self, Aggregate, Loaded};
use crate::unit::Changes;
use crate::{CircleId, Error, Kolo, Timestamp};

/// Version of the stored form. Version 1 named only event and transaction; such events are not read.
const SCHEMA: u32 = 2;

/// What leads an event's kind in the record.
const PREFIX: &str = "circle.";

/// Longest page.
const PAGE_MAX: usize = 1_000;

/// Something that happened in a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircleEvent {
    /// Its place in the order of commits: a cursor to go on after it.
    pub position: u64,
    /// The chain's own id: the same however often the event is delivered. A circle's creation that was found by its
    /// first own event has that one's, ending in `-created`.
    pub id: String,
    /// In which circle.
    pub circle: CircleId,
    /// Its contract.
    pub contract: ChainAddress,
    /// The chain transaction (hex hash).
    pub tx: String,
    /// When the ledger that did it closed.
    pub at: Timestamp,
    /// What.
    pub what: Happened,
}

impl CircleEvent {
    /// What sort of thing.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        match &self.what {
            Happened::GroupCreated { .. } => EventKind::GroupCreated,
            Happened::InCircle(event) => EventKind::of(event),
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Happened {
    /// The factory made the circle.
    GroupCreated {
        /// Its organiser.
        organiser: ChainAddress,
        /// Its rules.
        #[serde(with = "rules_serde")]
        rules: Rules,
    },
    /// The circle's contract said so.
    InCircle(CircleChainEvent),
}

/// Events of circles in the order of commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// They.
    pub events: Vec<CircleEvent>,
    /// Pass as `after` for what comes next.
    pub next: u64,
    /// There may be more at once (also when this page has none).
    pub more: bool,
}

/// An event as stored; its circle and position are the record's.
#[derive(Serialize, Deserialize)]
struct Body {
    id: String,
    contract: ChainAddress,
    tx: String,
    at: Timestamp,
    what: Happened,
}

impl Kolo {
    /// What happened in the circles after the position `after` (0 = from the first), in the order of
    /// commits. Looks at no more than `limit` records of any sort: an empty page with
    /// [`EventPage::more`] is not the end.
    ///
    /// # Errors
    /// A port's failure; [`Error::Stored`] for an event of a newer version.
    pub async fn events(&self, after: u64, limit: usize) -> Result<EventPage, Error> {
        let limit = limit.clamp(1, PAGE_MAX);
        let stored = self.ports().ledger.events_after(self.tenant(), after, limit).await?;
        let next = stored.last().map_or(after, |last| last.position);
        let more = stored.len() == limit;
        let read = stored.iter().filter_map(|event| read(event).transpose());
        Ok(EventPage { events: read.collect::<Result<_, _>>()?, next, more })
    }
}

impl Changes {
    /// Appends what happened in a circle.
    pub(crate) fn happened(
        &mut self,
        circle: &Loaded<Circle>,
        event: &ChainEvent,
        what: Happened,
    ) -> Result<(), Error> {
        let kind = match &what {
            Happened::GroupCreated { .. } => EventKind::GroupCreated,
            Happened::InCircle(event) => EventKind::of(event),
        };
        let body = Body {
            id: event.id.clone(),
            contract: circle.state.address.clone(),
            tx: event.tx.clone(),
            at: event.closed_at,
            what,
        };
        let record = record::encode(&format!("{PREFIX}{kind}"), SCHEMA, &body)?;
        self.set.events.push(NewEvent { aggregate: circle.id.clone(), record });
        Ok(())
    }
}

/// `None`: an event of another sort.
fn read(stored: &StoredEvent) -> Result<Option<CircleEvent>, Error> {
    let name = stored.record.kind.strip_prefix(PREFIX);
    let is_known = name.is_some_and(|name| name.parse::<EventKind>().is_ok());
    if stored.aggregate.kind != Circle::KIND || !is_known || stored.record.schema_version < SCHEMA {
        return Ok(None);
    }
    let Body { id, contract, tx, at, what } = record::decode(&stored.record, SCHEMA)?;
    let circle = stored.aggregate.id.parse().map_err(|_| Error::Stored {
        what: format!("event {}", stored.position),
        why: "its circle has no valid id".to_owned(),
    })?;
    Ok(Some(CircleEvent { position: stored.position, id, circle, contract, tx, at, what }))
}

/// Rules as the hex text of their encoding: the bytes whose hash members accept.
mod rules_serde {
    use kolo_rules::Rules;
    use serde::{Deserializer, Serializer};

    use crate::record::hex_bytes;

    pub fn serialize<S: Serializer>(rules: &Rules, serializer: S) -> Result<S::Ok, S::Error> {
        hex_bytes::serialize(&rules.encode(), serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Rules, D::Error> {
        let bytes: Vec<u8> = hex_bytes::deserialize(deserializer)?;
        Rules::decode(&bytes).map_err(serde::de::Error::custom)
    }
}
