//! The stores: both keep the same, one of them through the end of its process.

// Helpers of tests fail a test by panicking, just like the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::sync::Arc;

use kolo_localnet::store::{DiskStore, MemoryStore};
use kolo_localnet::{
    ClosedLedger, EventPosition, EventQuery, EventRecord, EventStage, LedgerStore, StoreError,
    StoredEntry, TxRecord,
};
use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountEntry, AccountEntryExt, AccountId, ContractEvent, ContractEventBody, ContractEventType,
    ContractEventV0, ContractId, ExtensionPoint, Hash, LedgerEntry, LedgerEntryChange,
    LedgerEntryChanges, LedgerEntryData, LedgerEntryExt, LedgerHeader, LedgerHeaderExt,
    LedgerHeaderHistoryEntry, LedgerHeaderHistoryEntryExt, LedgerKey, Limits, Memo, MuxedAccount,
    Preconditions, PublicKey, ScVal, SequenceNumber, StellarValue, StellarValueExt, String32,
    Thresholds, TimePoint, Transaction, TransactionEnvelope, TransactionExt, TransactionMeta,
    TransactionMetaV4, TransactionResult, TransactionResultExt, TransactionResultResult,
    TransactionV1Envelope, Uint256, VecM, WriteXdr,
};

const NETWORK: &str = "A network of tests";
/// Transactions of each ledger, and events of each transaction.
const EACH: u32 = 3;

fn header(sequence: u32) -> LedgerHeaderHistoryEntry {
    let header = LedgerHeader {
        ledger_version: 23,
        previous_ledger_hash: Hash([0; 32]),
        scp_value: StellarValue {
            tx_set_hash: Hash([0; 32]),
            close_time: TimePoint(1_000 + u64::from(sequence)),
            upgrades: VecM::default(),
            ext: StellarValueExt::Basic,
        },
        tx_set_result_hash: Hash([0; 32]),
        bucket_list_hash: Hash([0; 32]),
        ledger_seq: sequence,
        total_coins: 1,
        fee_pool: 0,
        inflation_seq: 0,
        id_pool: 0,
        base_fee: 100,
        base_reserve: 5_000_000,
        max_tx_set_size: 100,
        skip_list: [Hash([0; 32]), Hash([0; 32]), Hash([0; 32]), Hash([0; 32])],
        ext: LedgerHeaderExt::V0,
    };
    let hash = Hash(Sha256::digest(header.to_xdr(Limits::none()).unwrap()).into());
    LedgerHeaderHistoryEntry { hash, header, ext: LedgerHeaderHistoryEntryExt::V0 }
}

fn account(number: u8, balance: i64) -> (LedgerKey, Arc<StoredEntry>) {
    let entry = LedgerEntry {
        last_modified_ledger_seq: 1,
        data: LedgerEntryData::Account(AccountEntry {
            account_id: AccountId(PublicKey::PublicKeyTypeEd25519(Uint256([number; 32]))),
            balance,
            seq_num: SequenceNumber(1),
            num_sub_entries: 0,
            inflation_dest: None,
            flags: 0,
            home_domain: String32::default(),
            thresholds: Thresholds([1, 0, 0, 0]),
            signers: VecM::default(),
            ext: AccountEntryExt::V0,
        }),
        ext: LedgerEntryExt::V0,
    };
    let live_until = (number % 2 == 1).then_some(u32::from(number));
    (entry.to_key(), Arc::new(StoredEntry { entry, live_until }))
}

fn hash_of(kind: u8, ledger: u32, index: u32) -> Hash {
    let mut hash = [kind; 32];
    hash[1..5].copy_from_slice(&ledger.to_be_bytes());
    hash[5..9].copy_from_slice(&index.to_be_bytes());
    Hash(hash)
}

fn transaction(ledger: u32, index: u32) -> TxRecord {
    let stages = [
        (EventStage::BeforeAllTransactions, 0, 0, index - 1),
        (EventStage::Operation(2), index, 2, 0),
        (EventStage::AfterAllTransactions, 0xF_FFFF, 0, index - 1),
    ];
    let event = |(stage, tx, op, event): (EventStage, u32, u32, u32)| EventRecord {
        position: EventPosition { ledger, tx, op, event },
        stage,
        tx_hash: hash_of(1, ledger, index),
        close_time: 1_000 + u64::from(ledger),
        successful: index != 2,
        event: ContractEvent {
            ext: ExtensionPoint::V0,
            contract_id: (tx == index).then_some(ContractId(Hash([7; 32]))),
            type_: ContractEventType::Contract,
            body: ContractEventBody::V0(ContractEventV0 {
                topics: VecM::default(),
                data: ScVal::U32(ledger * 10 + index),
            }),
        },
    };
    TxRecord {
        hash: hash_of(1, ledger, index),
        inner_hash: (index == 1).then(|| hash_of(2, ledger, index)),
        envelope: TransactionEnvelope::Tx(TransactionV1Envelope {
            tx: Transaction {
                source_account: MuxedAccount::Ed25519(Uint256([9; 32])),
                fee: 100 + index,
                seq_num: SequenceNumber(i64::from(ledger)),
                cond: Preconditions::None,
                memo: Memo::None,
                operations: VecM::default(),
                ext: TransactionExt::V0,
            },
            signatures: VecM::default(),
        }),
        result: TransactionResult {
            fee_charged: 100,
            result: TransactionResultResult::TxSuccess(VecM::default()),
            ext: TransactionResultExt::V0,
        },
        meta: TransactionMeta::V4(TransactionMetaV4 {
            ext: ExtensionPoint::V0,
            tx_changes_before: LedgerEntryChanges::default(),
            operations: VecM::default(),
            tx_changes_after: LedgerEntryChanges::default(),
            soroban_meta: None,
            events: VecM::default(),
            diagnostic_events: VecM::default(),
        }),
        fee_changes: LedgerEntryChanges(
            vec![LedgerEntryChange::Removed(account(1, 1).0)].try_into().unwrap(),
        ),
        refund_changes: LedgerEntryChanges::default(),
        events: stages.into_iter().map(event).collect(),
        ledger,
        close_time: 1_000 + u64::from(ledger),
        index,
        fee_charged: -5 + i64::from(index),
    }
}

/// Every ledger sets account 200 to its number and account `sequence` to 1, and removes the
/// account of the ledger before.
fn ledger(sequence: u32) -> ClosedLedger {
    let number = u8::try_from(sequence).unwrap();
    let (new, entry) = account(number, 1);
    let (always, changed) = account(200, i64::from(sequence));
    ClosedLedger {
        header: header(sequence),
        transactions: (1..=EACH).map(|index| Arc::new(transaction(sequence, index))).collect(),
        changes: vec![
            (account(number - 1, 1).0, None),
            (new, Some(entry)),
            (always, Some(changed)),
        ],
    }
}

fn fill(store: &mut impl LedgerStore, ledgers: std::ops::RangeInclusive<u32>) {
    for sequence in ledgers {
        store.append(NETWORK, &ledger(sequence)).unwrap();
    }
}

/// Everything a store answers about ledgers 2..=9.
fn answers(store: &mut dyn LedgerStore) -> String {
    let mut said = Vec::new();
    said.push(format!("{:?}", store.load().unwrap()));
    said.push(format!("{:?}", store.oldest().unwrap().map(|header| header.header.ledger_seq)));
    for (range, limit) in [
        (2..=9, 100),
        (4..=5, 100),
        (2..=9, 3),
        (std::ops::RangeInclusive::new(9, 2), 5),
        (50..=60, 5),
    ] {
        let headers = store.ledgers(range.clone(), limit).unwrap();
        said.push(format!("{:?}", headers.iter().map(|h| h.header.ledger_seq).collect::<Vec<_>>()));
        for after in [None, Some((4, 2)), Some((4, u32::MAX)), Some((99, 0))] {
            said.push(format!("{:?}", store.transactions(range.clone(), after, limit).unwrap()));
        }
    }
    for sequence in 1..=10 {
        for kind in 1..=2 {
            said.push(format!("{:?}", store.transaction(&hash_of(kind, sequence, 1)).unwrap()));
        }
    }
    for limit in [1, 4, 7, 1_000] {
        let mut after = None;
        loop {
            let query = EventQuery { start_ledger: 3, end_ledger: 8, after, limit };
            let events = store.events(&query).unwrap();
            said.push(format!("{events:?}"));
            match events.last() {
                Some(last) => after = Some(last.position),
                None => break,
            }
        }
    }
    said.join("\n")
}

fn copy_of(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    copy
}

fn the_file(folder: &Path) -> std::path::PathBuf {
    std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn both_stores_answer_alike() {
    let folder = tempfile::tempdir().unwrap();
    let mut disk = DiskStore::open(folder.path()).unwrap();
    let mut memory = MemoryStore::new();
    assert_eq!(answers(&mut disk), answers(&mut memory));
    fill(&mut disk, 2..=9);
    fill(&mut memory, 2..=9);
    assert_eq!(answers(&mut disk), answers(&mut memory));
    // 8 ledgers of 3 transactions of 3 events, of which ledgers 3..=8 are asked for.
    let query = EventQuery { start_ledger: 3, end_ledger: 8, after: None, limit: 1_000 };
    let events = disk.events(&query).unwrap();
    assert_eq!(events.len(), 6 * 9);
    assert!(events.is_sorted_by(|a, b| a.position < b.position));
    assert_eq!(disk.load().unwrap().unwrap().entries.len(), 2);
}

#[test]
fn a_store_that_nobody_closed_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = DiskStore::open(folder.path()).unwrap();
    fill(&mut store, 2..=9);
    // The file as a crash would leave it: the store is still open.
    let copy = copy_of(folder.path());
    let expected = answers(&mut store);
    let mut crashed = DiskStore::open(copy.path()).unwrap();
    assert_eq!(answers(&mut crashed), expected);
    fill(&mut crashed, 10..=10);
    assert_eq!(crashed.load().unwrap().unwrap().header, header(10));
    drop(store);
    assert_eq!(answers(&mut DiskStore::open(folder.path()).unwrap()), expected);
}

#[test]
fn history_is_bounded_and_entries_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut disk = DiskStore::open(folder.path()).unwrap().with_retention(4);
    let mut memory = MemoryStore::new().with_retention(4);
    fill(&mut disk, 2..=9);
    fill(&mut memory, 2..=9);
    assert_eq!(answers(&mut disk), answers(&mut memory));
    // The last four of 2..=9.
    assert_eq!(disk.oldest().unwrap().unwrap().header.ledger_seq, 6);
    assert!(disk.transaction(&hash_of(1, 5, 1)).unwrap().is_none());
    assert!(disk.transaction(&hash_of(2, 5, 1)).unwrap().is_none());
    assert!(disk.transaction(&hash_of(2, 6, 1)).unwrap().is_some());
    let query = EventQuery { start_ledger: 0, end_ledger: 9, after: None, limit: 1_000 };
    assert_eq!(disk.events(&query).unwrap().len(), 4 * 9);
    drop(disk);
    // Opened with less, the surplus goes with the next ledger.
    let mut disk = DiskStore::open(folder.path()).unwrap().with_retention(2);
    fill(&mut disk, 10..=10);
    assert_eq!(disk.oldest().unwrap().unwrap().header.ledger_seq, 9);
    assert_eq!(disk.load().unwrap().unwrap().entries.len(), 2);
}

#[test]
fn one_network_at_a_time_and_always_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = DiskStore::open(folder.path()).unwrap();
    fill(&mut store, 2..=2);
    let error = DiskStore::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::InUse(_)), "{error:?}");
    assert!(error.to_string().contains("stop the other network"), "{error}");
    let error = store.append("Another network", &ledger(3)).unwrap_err();
    assert!(matches!(error, StoreError::OtherNetwork { .. }), "{error:?}");
    assert_eq!(store.load().unwrap().unwrap().header, header(2));
}

#[test]
fn another_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(DiskStore::open(folder.path()).unwrap());
    {
        let file = redb::Database::open(the_file(folder.path())).unwrap();
        let writing = file.begin_write().unwrap();
        {
            let about = redb::TableDefinition::<&str, &[u8]>::new("about");
            let mut about = writing.open_table(about).unwrap();
            about.insert("format", 2_u32.to_be_bytes().as_slice()).unwrap();
        }
        writing.commit().unwrap();
    }
    let error = DiskStore::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Format { found: 2, known: 1 }), "{error:?}");
}

#[test]
fn a_file_of_something_else_is_refused() {
    for contents in [b"hello".to_vec(), vec![0xAB; 10_000], vec![0; 5_000]] {
        let folder = tempfile::tempdir().unwrap();
        drop(DiskStore::open(folder.path()).unwrap());
        let file = the_file(folder.path());
        std::fs::write(&file, &contents).unwrap();
        let error = DiskStore::open(folder.path()).unwrap_err();
        assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
        assert_eq!(std::fs::read(&file).unwrap(), contents, "what is refused stays as it is");
    }
}

#[test]
fn damage_anywhere_is_refused_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = DiskStore::open(folder.path()).unwrap();
    fill(&mut store, 2..=9);
    drop(store);
    let whole = std::fs::read(the_file(folder.path())).unwrap();
    let expected = answers(&mut DiskStore::open(folder.path()).unwrap());
    let mut refused = 0;
    for at in (0..whole.len()).step_by(whole.len() / 60) {
        let folder = copy_of(folder.path());
        let mut bytes = whole.clone();
        bytes.iter_mut().skip(at).take(64).for_each(|byte| *byte ^= 0x5A);
        std::fs::write(the_file(folder.path()), bytes).unwrap();
        match DiskStore::open(folder.path()) {
            Ok(mut store) => assert_eq!(answers(&mut store), expected, "damage at {at}"),
            Err(StoreError::Damaged(_) | StoreError::Io(_) | StoreError::Format { .. }) => {
                refused += 1;
            }
            Err(other) => panic!("damage at {at}: {other:?}"),
        }
    }
    assert!(refused > 0);
    let cut = copy_of(folder.path());
    std::fs::write(the_file(cut.path()), &whole[..whole.len() / 2]).unwrap();
    assert!(DiskStore::open(cut.path()).is_err());
}
