//! Following the chain: filters, cursors, gaps.
//!
//! The node's cursor after a page is the last event's id when the page is full, else the end of
//! what it searched: it moves on without events, and events of later ledgers sort behind it. It is
//! kept as it is. Only when its ledger has left the node's history does this module look into it.
mod decode;
mod filter;
pub(crate) mod spec;

pub(crate) use filter::filters;

use kolo_core::port::PortError;
use kolo_core::port::chain::{ChainCursor, ChainEvents, LostHistory};

use crate::client::StellarChainClient;
use crate::rpc::{EventsFrom, RpcError};

/// The most a node gives at once.
const MAX_PAGE: usize = 1000;

/// Event index of a cursor that stands behind all events of its ledger.
const LAST_EVENT: u32 = u32::MAX;

/// Transaction and operation index of such a cursor (20 and 12 bits).
const LAST_OPERATION: u64 = 0xFFFF_FFFF;

impl StellarChainClient {
    pub(crate) async fn follow(
        &self,
        cursor: Option<&ChainCursor>,
        limit: usize,
    ) -> Result<ChainEvents, PortError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let Some(cursor) = cursor else {
            let (first, gap) = self.first_ledger().await?;
            let page = self.page(&EventsFrom::Ledger(first), limit).await?;
            return Ok(ChainEvents { gap, ..page });
        };
        let from = EventsFrom::Cursor(Position::parse(cursor)?.text());
        match self.page(&from, limit).await {
            Ok(page) => Ok(page),
            Err(error) => self.out_of_range(cursor, limit, error).await,
        }
    }

    /// All questions from the same place on, as far as each was answered: what lies behind the shortest
    /// answer is left for the next page.
    async fn page(&self, from: &EventsFrom, limit: usize) -> Result<ChainEvents, RpcError> {
        let mut found = Vec::new();
        let (mut more, mut end): (bool, Option<Position>) = (false, None);
        for filters in &self.filters {
            let answer = self.rpc.events(from, filters, limit).await?;
            let cursor = position(&answer.cursor)?;
            // A node searches so many ledgers at a time: an empty page is not the tip.
            more |= answer.events.len() >= limit || cursor.ledger() < answer.latest_ledger;
            end = Some(end.map_or(cursor, |end| end.min(cursor)));
            for event in answer.events {
                found.push((position(&event.id)?, event));
            }
        }
        found.sort_by_key(|(at, _)| *at);
        found.dedup_by_key(|(at, _)| *at);
        // At most as many as wanted; the cursor then stands at the last of them.
        let cut = found.get(limit).and_then(|_| found.get(limit.saturating_sub(1)));
        let end = cut.map(|(at, _)| *at).into_iter().chain(end).min();
        let end = end.ok_or_else(|| malformed("no question was asked"))?;
        more |= found.iter().any(|(at, _)| *at > end);
        let events = found
            .iter()
            .filter(|(at, event)| *at <= end && event.in_successful_contract_call)
            .map(|(_, event)| decode::event(&self.network, event))
            .collect::<Result<_, _>>()?;
        let (next, through) = (ChainCursor(end.text()), end.through());
        Ok(ChainEvents { events, more, next, through, gap: None })
    }

    /// Where "from the beginning" is, and what of the history from there on is lost to this node.
    async fn first_ledger(&self) -> Result<(u32, Option<LostHistory>), PortError> {
        let oldest = self.rpc.health().await?.oldest_ledger;
        let start = self.network.start_ledger.unwrap_or(oldest);
        Ok((start.max(oldest), lost(start, oldest)))
    }

    /// The node refused the cursor: it is too old, or the node lags behind it, or neither.
    async fn out_of_range(
        &self,
        cursor: &ChainCursor,
        limit: usize,
        error: RpcError,
    ) -> Result<ChainEvents, PortError> {
        if !matches!(error, RpcError::Refused { .. }) {
            return Err(error.into());
        }
        let health = self.rpc.health().await?;
        let position = Position::parse(cursor)?;
        if position.ledger() > health.latest_ledger {
            return Ok(ChainEvents {
                events: vec![],
                next: cursor.clone(),
                more: false,
                through: position.through(),
                gap: None,
            });
        }
        if position.ledger() >= health.oldest_ledger {
            return Err(error.into());
        }
        let wanted = position.next_ledger();
        let from = EventsFrom::Ledger(wanted.max(health.oldest_ledger));
        let page = self.page(&from, limit).await.map_err(PortError::from)?;
        Ok(ChainEvents { gap: lost(wanted, health.oldest_ledger), ..page })
    }
}

/// What lies between the ledger that is wanted and the oldest one the node has.
fn lost(wanted: u32, oldest: u32) -> Option<LostHistory> {
    (wanted < oldest).then(|| LostHistory { from: wanted, to: oldest.saturating_sub(1) })
}

/// Where an event or a cursor of the node stands.
fn position(text: &str) -> Result<Position, RpcError> {
    Position::parse(&ChainCursor(text.to_owned())).map_err(|error| malformed(&error.context))
}

fn malformed(detail: &str) -> RpcError {
    RpcError::Malformed { method: "getEvents", detail: detail.to_owned() }
}

/// A cursor taken apart: ledger, transaction and operation in one number, and the event's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    toid: u64,
    event: u32,
}

impl Position {
    fn parse(cursor: &ChainCursor) -> Result<Self, PortError> {
        let bad = || crate::address::invalid("the cursor is not one of a Stellar node");
        let (toid, event) = cursor.0.split_once('-').ok_or_else(bad)?;
        Ok(Self {
            toid: toid.parse().map_err(|_| bad())?,
            event: event.parse().map_err(|_| bad())?,
        })
    }

    fn text(self) -> String {
        format!("{:019}-{:010}", self.toid, self.event)
    }

    fn ledger(self) -> u32 {
        u32::try_from(self.toid >> 32).unwrap_or(u32::MAX)
    }

    /// The first ledger that may hold events behind this position.
    fn next_ledger(self) -> u32 {
        self.ledger().saturating_add(u32::from(self.is_end()))
    }

    /// The last ledger that holds no events behind this position.
    fn through(self) -> u32 {
        self.ledger().saturating_sub(u32::from(!self.is_end()))
    }

    /// Whether it stands behind all events of its ledger.
    fn is_end(self) -> bool {
        self.toid & LAST_OPERATION == LAST_OPERATION && self.event == LAST_EVENT
    }
}
