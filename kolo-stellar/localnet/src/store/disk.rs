//! A store in a folder, on redb.
//!
//! One redb transaction per ledger, synced to the disk before [`LedgerStore::append`] returns:
//! after a crash the file holds the last ledger whole, and nothing of the next. Records are in
//! XDR (see `codec`); a number for the format and the passphrase stand in a table of their own.

use std::ops::{RangeBounds, RangeInclusive};
use std::path::Path;

use redb::{
    Database, DatabaseError, ReadTransaction, ReadableDatabase, ReadableTable, StorageError,
    TableDefinition, TableError, WriteTransaction,
};
use sha2::{Digest, Sha256};
use stellar_xdr::{Hash, LedgerHeaderHistoryEntry, LedgerKey};

use super::codec::{self, EventKey, damaged, event_key};
use super::{DEFAULT_RETENTION, LedgerStore, Snapshot, StoreError, oldest_kept};
use crate::model::{ClosedLedger, EntryChange, EventQuery, EventRecord, TxRecord};

/// The format this version writes, and the only one it reads.
const FORMAT: u32 = 1;
const FILE: &str = "ledgers.redb";
/// Held in memory at most; redb's own default is a gigabyte.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

const FORMAT_KEY: &str = "format";
const PASSPHRASE_KEY: &str = "passphrase";

/// Ledger and application order.
type TxKey = (u32, u32);

const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("about");
const ENTRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entries");
const LEDGERS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("ledgers");
const TRANSACTIONS: TableDefinition<'_, TxKey, &[u8]> = TableDefinition::new("transactions");
const HASHES: TableDefinition<'_, [u8; 32], TxKey> = TableDefinition::new("hashes");
const EVENTS: TableDefinition<'_, EventKey, &[u8]> = TableDefinition::new("events");

/// State and history in a folder. One network at a time can have it open.
#[derive(Debug)]
pub struct DiskStore {
    database: Database,
    retention: u32,
}

impl DiskStore {
    /// Opens the store in a folder, or begins one; the folder is made where it is missing.
    ///
    /// The whole file is checked first, so that damage shows here and not in the middle of a run.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Format`], [`StoreError::Damaged`] or
    /// [`StoreError::Io`]; nothing in the folder is changed then.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, StoreError> {
        let folder = folder.as_ref();
        std::fs::create_dir_all(folder).map_err(|error| StoreError::Io(error.into()))?;
        let file = folder.join(FILE);
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .set_check_integrity_on_open(true)
            .create(&file)
            .map_err(|error| match error {
                DatabaseError::DatabaseAlreadyOpen => StoreError::InUse(file.display().to_string()),
                other => other.into(),
            })?;
        let store = Self { database, retention: DEFAULT_RETENTION };
        store.check_format()?;
        Ok(store)
    }

    /// Keeps this many ledgers of history (at least one); older ones go with the next ledger.
    #[must_use]
    pub fn with_retention(mut self, ledgers: u32) -> Self {
        self.retention = ledgers.max(1);
        self
    }

    /// Writes the format into a new file; refuses a file that has another.
    fn check_format(&self) -> Result<(), StoreError> {
        let writing = self.database.begin_write()?;
        {
            let mut about = writing.open_table(ABOUT)?;
            let found = about.get(FORMAT_KEY)?.map(|value| value.value().to_vec());
            match found.map(<[u8; 4]>::try_from) {
                Some(Ok(bytes)) => {
                    let found = u32::from_be_bytes(bytes);
                    if found != FORMAT {
                        return Err(StoreError::Format { found, known: FORMAT });
                    }
                }
                Some(Err(_)) => return Err(damaged("its format is not a number")),
                None => {
                    about.insert(FORMAT_KEY, FORMAT.to_be_bytes().as_slice())?;
                }
            }
            writing.open_table(ENTRIES)?;
            writing.open_table(LEDGERS)?;
            writing.open_table(TRANSACTIONS)?;
            writing.open_table(HASHES)?;
            writing.open_table(EVENTS)?;
        }
        writing.commit()?;
        Ok(())
    }

    fn reading(&self) -> Result<ReadTransaction, StoreError> {
        Ok(self.database.begin_read()?)
    }
}

impl LedgerStore for DiskStore {
    fn load(&mut self) -> Result<Option<Snapshot>, StoreError> {
        let reading = self.reading()?;
        let ledgers = reading.open_table(LEDGERS)?;
        let Some((sequence, header)) = ledgers.last()? else {
            return Ok(None);
        };
        let header = decode_header(sequence.value(), header.value())?;
        let passphrase = reading
            .open_table(ABOUT)?
            .get(PASSPHRASE_KEY)?
            .and_then(|value| String::from_utf8(value.value().to_vec()).ok())
            .ok_or_else(|| damaged("the passphrase is missing"))?;
        let mut entries = Vec::new();
        for row in reading.open_table(ENTRIES)?.iter()? {
            let (key, entry) = row?;
            entries.push((codec::decode_xdr(key.value())?, codec::decode_entry(entry.value())?));
        }
        // XDR sorts unions and lengths in its own way; the network's order is that of the keys.
        entries.sort_by(|(a, _): &(LedgerKey, _), (b, _)| a.cmp(b));
        Ok(Some(Snapshot { passphrase, header, entries }))
    }

    fn append(&mut self, passphrase: &str, ledger: &ClosedLedger) -> Result<(), StoreError> {
        let writing = self.database.begin_write()?;
        claim(&writing, passphrase)?;
        write_entries(&writing, &ledger.changes)?;
        write_history(&writing, ledger)?;
        forget_before(&writing, oldest_kept(ledger.sequence(), self.retention))?;
        // redb's default durability: on the disk when this returns.
        writing.commit()?;
        Ok(())
    }

    fn revert(
        &mut self,
        header: &LedgerHeaderHistoryEntry,
        changes: &[EntryChange],
    ) -> Result<(), StoreError> {
        let writing = self.database.begin_write()?;
        forget_after(&writing, header.header.ledger_seq)?;
        let encoded = codec::encode_xdr(header)?;
        writing.open_table(LEDGERS)?.insert(header.header.ledger_seq, encoded.as_slice())?;
        write_entries(&writing, changes)?;
        writing.commit()?;
        Ok(())
    }

    fn transaction(&self, hash: &Hash) -> Result<Option<TxRecord>, StoreError> {
        let reading = self.reading()?;
        let Some(key) = reading.open_table(HASHES)?.get(hash.0)?.map(|key| key.value()) else {
            return Ok(None);
        };
        let table = reading.open_table(TRANSACTIONS)?;
        let Some(record) = table.get(key)? else {
            return Err(damaged("a hash leads to no transaction"));
        };
        read_transaction(&reading, key, record.value()).map(Some)
    }

    fn ledgers(
        &self,
        range: RangeInclusive<u32>,
        limit: usize,
    ) -> Result<Vec<LedgerHeaderHistoryEntry>, StoreError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let ledgers = self.reading()?.open_table(LEDGERS)?;
        let headers = ledgers.range(range)?.take(limit).map(|row| {
            let (sequence, header) = row?;
            decode_header(sequence.value(), header.value())
        });
        headers.collect()
    }

    fn transactions(
        &self,
        range: RangeInclusive<u32>,
        after: Option<(u32, u32)>,
        limit: usize,
    ) -> Result<Vec<TxRecord>, StoreError> {
        let mut from = (*range.start(), 0);
        if let Some((ledger, index)) = after {
            // The order of a transaction is far below the largest number.
            from = from.max((ledger, index.saturating_add(1)));
        }
        let to = (*range.end(), u32::MAX);
        if from > to {
            return Ok(Vec::new());
        }
        let reading = self.reading()?;
        let table = reading.open_table(TRANSACTIONS)?;
        let records = table.range(from..=to)?.take(limit).map(|row| {
            let (key, record) = row?;
            read_transaction(&reading, key.value(), record.value())
        });
        records.collect()
    }

    fn events(&self, query: &EventQuery) -> Result<Vec<EventRecord>, StoreError> {
        let from = (u64::from(query.start_ledger) << 32, 0);
        let to = (u64::from(query.end_ledger) << 32 | u64::from(u32::MAX), u32::MAX);
        let after = query.after.map(event_key);
        let start = after.map_or(from, |after| after.max(from));
        if start > to {
            return Ok(Vec::new());
        }
        let table = self.reading()?.open_table(EVENTS)?;
        let mut found = Vec::new();
        for row in table.range(start..=to)? {
            if found.len() >= query.limit {
                break;
            }
            let (key, event) = row?;
            if Some(key.value()) != after {
                found.push(codec::decode_event(key.value(), event.value())?);
            }
        }
        Ok(found)
    }

    fn oldest(&self) -> Result<Option<LedgerHeaderHistoryEntry>, StoreError> {
        let ledgers = self.reading()?.open_table(LEDGERS)?;
        let Some((sequence, header)) = ledgers.first()? else {
            return Ok(None);
        };
        decode_header(sequence.value(), header.value()).map(Some)
    }

    fn retention(&self) -> u32 {
        self.retention
    }
}

/// Writes the passphrase into a new store; refuses a store with another.
fn claim(writing: &WriteTransaction, passphrase: &str) -> Result<(), StoreError> {
    let mut about = writing.open_table(ABOUT)?;
    let found = about.get(PASSPHRASE_KEY)?.map(|value| value.value().to_vec());
    match found {
        None => {
            about.insert(PASSPHRASE_KEY, passphrase.as_bytes())?;
            Ok(())
        }
        Some(found) if found == passphrase.as_bytes() => Ok(()),
        Some(found) => Err(StoreError::OtherNetwork {
            found: String::from_utf8_lossy(&found).into_owned(),
            asked: passphrase.to_owned(),
        }),
    }
}

fn write_entries(writing: &WriteTransaction, changes: &[EntryChange]) -> Result<(), StoreError> {
    let mut entries = writing.open_table(ENTRIES)?;
    for (key, change) in changes {
        let key = codec::encode_xdr(key)?;
        match change {
            Some(entry) => {
                entries.insert(key.as_slice(), codec::encode_entry(entry)?.as_slice())?
            }
            None => entries.remove(key.as_slice())?,
        };
    }
    Ok(())
}

fn write_history(writing: &WriteTransaction, ledger: &ClosedLedger) -> Result<(), StoreError> {
    let header = codec::encode_xdr(&ledger.header)?;
    writing.open_table(LEDGERS)?.insert(ledger.sequence(), header.as_slice())?;
    let mut transactions = writing.open_table(TRANSACTIONS)?;
    let mut hashes = writing.open_table(HASHES)?;
    let mut events = writing.open_table(EVENTS)?;
    for tx in &ledger.transactions {
        let key = (tx.ledger, tx.index);
        transactions.insert(key, codec::encode_tx(tx)?.as_slice())?;
        hashes.insert(tx.hash.0, key)?;
        if let Some(inner) = &tx.inner_hash {
            hashes.insert(inner.0, key)?;
        }
        for event in &tx.events {
            let bytes = codec::encode_event(event)?;
            events.insert(event_key(event.position), bytes.as_slice())?;
        }
    }
    Ok(())
}

fn forget_before(writing: &WriteTransaction, oldest: u32) -> Result<(), StoreError> {
    let mut ledgers = writing.open_table(LEDGERS)?;
    if ledgers.first()?.is_none_or(|(sequence, _)| sequence.value() >= oldest) {
        return Ok(());
    }
    ledgers.retain_in(..oldest, |_, _| false)?;
    forget_transactions(writing, ..(oldest, 0))?;
    writing.open_table(EVENTS)?.retain_in(..(u64::from(oldest) << 32, 0), |_, _| false)?;
    Ok(())
}

fn forget_after(writing: &WriteTransaction, latest: u32) -> Result<(), StoreError> {
    let Some(first) = latest.checked_add(1) else {
        return Ok(());
    };
    writing.open_table(LEDGERS)?.retain_in(first.., |_, _| false)?;
    forget_transactions(writing, (first, 0)..)?;
    writing.open_table(EVENTS)?.retain_in((u64::from(first) << 32, 0).., |_, _| false)?;
    Ok(())
}

fn forget_transactions(
    writing: &WriteTransaction,
    range: impl RangeBounds<TxKey>,
) -> Result<(), StoreError> {
    let mut hashes = writing.open_table(HASHES)?;
    let mut forgotten = Vec::new();
    for row in writing.open_table(TRANSACTIONS)?.extract_from_if(range, |_, _| true)? {
        let (key, record) = row?;
        let (ledger, index) = key.value();
        let record = codec::decode_tx(ledger, index, record.value())?.record;
        forgotten.push(record.hash);
        forgotten.extend(record.inner_hash);
    }
    for hash in forgotten {
        hashes.remove(hash.0)?;
    }
    Ok(())
}

fn read_transaction(
    reading: &ReadTransaction,
    (ledger, index): TxKey,
    bytes: &[u8],
) -> Result<TxRecord, StoreError> {
    let codec::StoredTx { mut record, events } = codec::decode_tx(ledger, index, bytes)?;
    let table = reading.open_table(EVENTS)?;
    for key in events {
        let Some(event) = table.get(key)? else {
            return Err(damaged("an event of a transaction is missing"));
        };
        record.events.push(codec::decode_event(key, event.value())?);
    }
    Ok(record)
}

/// Reads a header; its hash must be that of its contents.
fn decode_header(sequence: u32, bytes: &[u8]) -> Result<LedgerHeaderHistoryEntry, StoreError> {
    let header: LedgerHeaderHistoryEntry = codec::decode_xdr(bytes)?;
    let hash: [u8; 32] = Sha256::digest(codec::encode_xdr(&header.header)?).into();
    if header.header.ledger_seq != sequence || header.hash.0 != hash {
        return Err(damaged(format!("the header of ledger {sequence} does not have its hash")));
    }
    Ok(header)
}

impl From<DatabaseError> for StoreError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Storage(error) => error.into(),
            DatabaseError::UpgradeRequired(_) | DatabaseError::RepairAborted => {
                damaged(error.to_string())
            }
            other => Self::Io(other.into()),
        }
    }
}

impl From<StorageError> for StoreError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Corrupted(what) => damaged(what),
            // redb says so of a file that is not its own.
            StorageError::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                damaged(error.to_string())
            }
            other => Self::Io(other.into()),
        }
    }
}

impl From<TableError> for StoreError {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Storage(error) => error.into(),
            other => damaged(other.to_string()),
        }
    }
}

impl From<redb::TransactionError> for StoreError {
    fn from(error: redb::TransactionError) -> Self {
        Self::Io(error.into())
    }
}

impl From<redb::CommitError> for StoreError {
    fn from(error: redb::CommitError) -> Self {
        Self::Io(error.into())
    }
}
