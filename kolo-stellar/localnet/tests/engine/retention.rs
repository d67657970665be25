//! A network that runs for long keeps its window of history, and no more.

use std::sync::Arc;

use kolo_localnet::store::MemoryStore;
use kolo_localnet::{EventQuery, Localnet};
use stellar_xdr::*;

use crate::support::*;

const LEDGERS: u32 = 100_000;
const KEPT: u32 = 500;
/// One ledger in so many has a payment.
const BUSY: u32 = 20;

/// Memory of this process, in bytes, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[test]
fn a_hundred_thousand_ledgers_leave_a_window() {
    let store = MemoryStore::new().with_retention(KEPT);
    let localnet =
        Localnet::builder().clock(Arc::new(|| START)).store(Box::new(store)).start().unwrap();
    let ada = Key::new("ada");
    let funded = localnet.fund(ada.id(), 100 * XLM).wait().unwrap();
    let start = i64::from(funded.ledger) << 32;
    let (mut paid, mut early, mut first) = (0, None, None);
    while localnet.latest().wait().unwrap().sequence() < LEDGERS {
        paid += 1;
        let tx = Transaction {
            source_account: ada.muxed(),
            fee: 100,
            seq_num: SequenceNumber(start + paid),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: vec![op(pay(&ada, &Asset::Native, 1))].try_into().unwrap(),
            ext: TransactionExt::V0,
        };
        let hash = tx.hash(localnet.network_id()).unwrap();
        let signatures = vec![ada.sign(&hash)].try_into().unwrap();
        let envelope = TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures });
        let _ = localnet.send(envelope).wait().unwrap();
        assert!(localnet.transaction(hash).wait().unwrap().unwrap().is_successful());
        for _ in 1..BUSY {
            let _ = localnet.close_ledger().wait().unwrap();
        }
        first.get_or_insert(hash);
        if paid == 1_000 {
            early = resident();
        }
    }
    let latest = localnet.latest().wait().unwrap();
    let oldest = latest.sequence() - KEPT + 1;
    assert_eq!(latest.oldest_ledger, oldest);
    let all = 1..=u32::MAX;
    let headers = localnet.ledgers(all.clone(), usize::MAX).wait().unwrap();
    assert_eq!(headers.len(), usize::try_from(KEPT).unwrap());
    let transactions = localnet.transactions(all, None, usize::MAX).wait().unwrap();
    assert_eq!(transactions.len(), usize::try_from(KEPT / BUSY).unwrap());
    assert_eq!(localnet.transaction(first.unwrap()).wait().unwrap(), None);
    let query = EventQuery { start_ledger: 0, end_ledger: oldest - 1, after: None, limit: 10 };
    assert_eq!(localnet.events(query).wait().unwrap(), []);
    if let (Some(early), Some(late)) = (early, resident()) {
        assert!(late < early + 16 * 1024 * 1024, "{early} bytes, and {late} at the end");
    }
}
