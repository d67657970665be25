//! How records are written: XDR where there is XDR, big-endian numbers and flags around it.

use std::io::Read;

use stellar_xdr::{Hash, LedgerEntry, Limited, Limits, ReadXdr, WriteXdr};

use super::StoreError;
use crate::model::{EventPosition, EventRecord, EventStage, StoredEntry, TxRecord};

/// Bounds what damaged XDR can make the reader do.
const MAX_DEPTH: u32 = 500;

/// The position of an event as a key that sorts like it: TOID and index.
pub(super) type EventKey = (u64, u32);

/// A transaction record without its events, and the keys of those.
pub(super) struct StoredTx {
    pub(super) record: TxRecord,
    pub(super) events: Vec<EventKey>,
}

pub(super) fn event_key(position: EventPosition) -> EventKey {
    (position.toid(), position.event)
}

pub(super) fn encode_xdr(value: &impl WriteXdr) -> Result<Vec<u8>, StoreError> {
    value.to_xdr(Limits::none()).map_err(|error| StoreError::Io(error.into()))
}

pub(super) fn decode_xdr<T: ReadXdr>(bytes: &[u8]) -> Result<T, StoreError> {
    let mut input = Input::new(bytes);
    let value = input.xdr()?;
    input.end(value)
}

pub(super) fn encode_entry(stored: &StoredEntry) -> Result<Vec<u8>, StoreError> {
    let mut out = Vec::new();
    put_option(&mut out, stored.live_until.map(u32::to_be_bytes));
    out.extend(encode_xdr(&stored.entry)?);
    Ok(out)
}

pub(super) fn decode_entry(bytes: &[u8]) -> Result<StoredEntry, StoreError> {
    let mut input = Input::new(bytes);
    let live_until = input.option()?.map(u32::from_be_bytes);
    let entry: LedgerEntry = input.xdr()?;
    input.end(StoredEntry { entry, live_until })
}

pub(super) fn encode_tx(tx: &TxRecord) -> Result<Vec<u8>, StoreError> {
    let mut out = Vec::new();
    out.extend(tx.hash.0);
    put_option(&mut out, tx.inner_hash.as_ref().map(|hash| hash.0));
    out.extend(tx.close_time.to_be_bytes());
    out.extend(tx.fee_charged.to_be_bytes());
    let count = u32::try_from(tx.events.len()).map_err(|error| StoreError::Io(error.into()))?;
    out.extend(count.to_be_bytes());
    for event in &tx.events {
        let (toid, index) = event_key(event.position);
        out.extend(toid.to_be_bytes());
        out.extend(index.to_be_bytes());
    }
    out.extend(encode_xdr(&tx.envelope)?);
    out.extend(encode_xdr(&tx.result)?);
    out.extend(encode_xdr(&tx.meta)?);
    out.extend(encode_xdr(&tx.fee_changes)?);
    out.extend(encode_xdr(&tx.refund_changes)?);
    Ok(out)
}

pub(super) fn decode_tx(ledger: u32, index: u32, bytes: &[u8]) -> Result<StoredTx, StoreError> {
    let mut input = Input::new(bytes);
    let hash = Hash(input.bytes()?);
    let inner_hash = input.option()?.map(Hash);
    let close_time = u64::from_be_bytes(input.bytes()?);
    let fee_charged = i64::from_be_bytes(input.bytes()?);
    let count = u32::from_be_bytes(input.bytes()?);
    let mut events = Vec::new();
    for _ in 0..count {
        events.push((u64::from_be_bytes(input.bytes()?), u32::from_be_bytes(input.bytes()?)));
    }
    let record = TxRecord {
        hash,
        inner_hash,
        envelope: input.xdr()?,
        result: input.xdr()?,
        meta: input.xdr()?,
        fee_changes: input.xdr()?,
        refund_changes: input.xdr()?,
        events: Vec::new(),
        ledger,
        close_time,
        index,
        fee_charged,
    };
    input.end(StoredTx { record, events })
}

pub(super) fn encode_event(event: &EventRecord) -> Result<Vec<u8>, StoreError> {
    let mut out = Vec::new();
    let (stage, operation) = match event.stage {
        EventStage::BeforeAllTransactions => (0, 0),
        EventStage::Operation(operation) => (1, operation),
        EventStage::AfterAllTransactions => (2, 0_u32),
    };
    out.push(stage);
    out.extend(operation.to_be_bytes());
    out.push(u8::from(event.successful));
    out.extend(event.close_time.to_be_bytes());
    out.extend(event.tx_hash.0);
    out.extend(encode_xdr(&event.event)?);
    Ok(out)
}

pub(super) fn decode_event(key: EventKey, bytes: &[u8]) -> Result<EventRecord, StoreError> {
    let mut input = Input::new(bytes);
    let [stage] = input.bytes()?;
    let operation = u32::from_be_bytes(input.bytes()?);
    let stage = match stage {
        0 => EventStage::BeforeAllTransactions,
        1 => EventStage::Operation(operation),
        2 => EventStage::AfterAllTransactions,
        other => return Err(damaged(format!("an event has the stage {other}"))),
    };
    let successful = input.flag()?;
    let close_time = u64::from_be_bytes(input.bytes()?);
    let tx_hash = Hash(input.bytes()?);
    let event = input.xdr()?;
    let position = EventPosition::from_toid(key.0, key.1);
    input.end(EventRecord { position, stage, tx_hash, close_time, successful, event })
}

fn put_option<const N: usize>(out: &mut Vec<u8>, value: Option<[u8; N]>) {
    out.push(u8::from(value.is_some()));
    out.extend(value.into_iter().flatten());
}

/// Reads what the functions above wrote, and refuses what they cannot have written.
struct Input<'a>(Limited<&'a [u8]>);

impl<'a> Input<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self(Limited::new(bytes, Limits { depth: MAX_DEPTH, len: usize::MAX }))
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let mut bytes = [0; N];
        self.0.inner.read_exact(&mut bytes).map_err(|_| damaged("a record is too short"))?;
        Ok(bytes)
    }

    fn flag(&mut self) -> Result<bool, StoreError> {
        match self.bytes()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(damaged(format!("a flag has the value {other}"))),
        }
    }

    fn option<const N: usize>(&mut self) -> Result<Option<[u8; N]>, StoreError> {
        if self.flag()? { self.bytes().map(Some) } else { Ok(None) }
    }

    fn xdr<T: ReadXdr>(&mut self) -> Result<T, StoreError> {
        T::read_xdr(&mut self.0).map_err(|error| damaged(format!("a record is not XDR: {error}")))
    }

    fn end<T>(self, value: T) -> Result<T, StoreError> {
        if self.0.inner.is_empty() { Ok(value) } else { Err(damaged("a record is too long")) }
    }
}

pub(super) fn damaged(what: impl Into<String>) -> StoreError {
    StoreError::Damaged(what.into())
}
