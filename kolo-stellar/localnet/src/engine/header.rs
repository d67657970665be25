//! Ledger headers: a chain of hashes.
//!
//! Everything in a header is what the network has there, with one documented substitute: the
//! network's `bucketListHash` is the hash of its bucket list; here it is a hash over the previous
//! one and everything the ledger changed, which binds the state just as well.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use stellar_xdr::{
    DependentTxCluster, GeneralizedTransactionSet, Hash, LedgerHeader, LedgerHeaderExt,
    LedgerHeaderHistoryEntry, LedgerHeaderHistoryEntryExt, Limits as XdrLimits,
    ParallelTxExecutionStage, ParallelTxsComponent, StellarValue, StellarValueExt, TimePoint,
    TransactionEnvelope, TransactionPhase, TransactionResultPair, TransactionResultSet,
    TransactionSetV1, TxSetComponent, TxSetComponentTxsMaybeDiscountedFee, VecM, WriteXdr,
};

use crate::genesis::{BASE_FEE, BASE_RESERVE, PROTOCOL_VERSION, TOTAL_COINS};
use crate::model::{EntryChange, TxRecord};
use crate::settings::{LedgerLimits, MOST_OPERATIONS};
use crate::tx::is_soroban_envelope;

/// What goes into the next header.
pub(crate) struct Closing<'c> {
    pub(crate) sequence: u32,
    pub(crate) close_time: u64,
    pub(crate) fee_pool: i64,
    pub(crate) tx_set_hash: Hash,
    pub(crate) transactions: &'c [Arc<TxRecord>],
    pub(crate) changes: &'c [EntryChange],
}

/// The header of the first ledger.
pub(crate) fn first(
    close_time: u64,
    max_tx_set_size: u32,
    changes: &[EntryChange],
) -> LedgerHeaderHistoryEntry {
    let zero = Hash([0; 32]);
    seal(LedgerHeader {
        ledger_version: PROTOCOL_VERSION,
        previous_ledger_hash: zero.clone(),
        scp_value: value(zero.clone(), close_time),
        tx_set_result_hash: zero.clone(),
        bucket_list_hash: state_hash(&zero, changes),
        ledger_seq: 1,
        total_coins: TOTAL_COINS,
        fee_pool: 0,
        inflation_seq: 0,
        id_pool: 0,
        base_fee: BASE_FEE,
        base_reserve: BASE_RESERVE,
        max_tx_set_size,
        skip_list: [zero.clone(), zero.clone(), zero.clone(), zero],
        ext: LedgerHeaderExt::V0,
    })
}

/// Operations there is room for in the ledger after `previous`.
///
/// Networks of the first versions were begun with room for 100, which the largest fee-bump is never let
/// into: they go on with mainnet's room.
pub(crate) fn operations_after(previous: &LedgerHeader) -> u32 {
    match previous.max_tx_set_size {
        too_few if too_few < MOST_OPERATIONS => LedgerLimits::default().operations,
        enough => enough,
    }
}

/// The header after `previous`.
pub(crate) fn next(
    previous: &LedgerHeaderHistoryEntry,
    closing: &Closing<'_>,
) -> LedgerHeaderHistoryEntry {
    let before = &previous.header;
    let results = closing.transactions.iter().map(|tx| TransactionResultPair {
        transaction_hash: tx.hash.clone(),
        result: tx.result.clone(),
    });
    let results = TransactionResultSet {
        results: results.collect::<Vec<_>>().try_into().unwrap_or_default(),
    };
    let mut header = LedgerHeader {
        previous_ledger_hash: previous.hash.clone(),
        scp_value: value(closing.tx_set_hash.clone(), closing.close_time),
        tx_set_result_hash: hash(&results),
        bucket_list_hash: state_hash(&before.bucket_list_hash, closing.changes),
        ledger_seq: closing.sequence,
        fee_pool: closing.fee_pool,
        max_tx_set_size: operations_after(before),
        ..before.clone()
    };
    header.skip_list = skip_list(&header);
    seal(header)
}

/// The SHA-256 of a value's XDR.
pub(crate) fn hash(value: &impl WriteXdr) -> Hash {
    Hash(Sha256::digest(value.to_xdr(XdrLimits::none()).unwrap_or_default()).into())
}

/// The transaction set of a ledger: classic transactions, and Soroban ones in one stage, both
/// in the order of their hashes.
pub(crate) fn tx_set<'t>(
    previous_ledger_hash: &Hash,
    envelopes: impl Iterator<Item = &'t TransactionEnvelope>,
) -> GeneralizedTransactionSet {
    let mut sorted: Vec<_> = envelopes.collect();
    sorted.sort_by_cached_key(|tx| hash(*tx));
    let (soroban, classic): (Vec<_>, Vec<_>) =
        sorted.into_iter().cloned().partition(is_soroban_envelope);
    let base_fee = Some(i64::from(BASE_FEE));
    let component = (!classic.is_empty()).then(|| {
        TxSetComponent::TxsetCompTxsMaybeDiscountedFee(TxSetComponentTxsMaybeDiscountedFee {
            base_fee,
            txs: vec_m(classic),
        })
    });
    let stage = (!soroban.is_empty())
        .then(|| ParallelTxExecutionStage(vec_m(vec![DependentTxCluster(vec_m(soroban))])));
    let phases = vec![
        TransactionPhase::V0(vec_m(component.into_iter().collect())),
        TransactionPhase::V1(ParallelTxsComponent {
            base_fee,
            execution_stages: vec_m(stage.into_iter().collect()),
        }),
    ];
    GeneralizedTransactionSet::V1(TransactionSetV1 {
        previous_ledger_hash: previous_ledger_hash.clone(),
        phases: vec_m(phases),
    })
}

/// A `VecM` without bound; only a length beyond 32 bits would not fit.
fn vec_m<T>(items: Vec<T>) -> VecM<T> {
    items.try_into().unwrap_or_default()
}

fn seal(header: LedgerHeader) -> LedgerHeaderHistoryEntry {
    LedgerHeaderHistoryEntry { hash: hash(&header), header, ext: LedgerHeaderHistoryEntryExt::V0 }
}

fn value(tx_set_hash: Hash, close_time: u64) -> StellarValue {
    StellarValue {
        tx_set_hash,
        close_time: TimePoint(close_time),
        upgrades: VecM::default(),
        ext: StellarValueExt::Basic,
    }
}

fn state_hash(previous: &Hash, changes: &[EntryChange]) -> Hash {
    let mut hasher = Sha256::new().chain_update(previous.0);
    for (key, entry) in changes {
        hasher.update(key.to_xdr(XdrLimits::none()).unwrap_or_default());
        if let Some(entry) = entry {
            hasher.update(entry.entry.to_xdr(XdrLimits::none()).unwrap_or_default());
            hasher.update(entry.live_until.unwrap_or(0).to_be_bytes());
        }
    }
    Hash(hasher.finalize().into())
}

/// Hashes of older states, kept every 50, 5,000, 50,000 and 500,000 ledgers.
fn skip_list(header: &LedgerHeader) -> [Hash; 4] {
    let [mut one, mut two, mut three, mut four] = header.skip_list.clone();
    let mut sequence = header.ledger_seq;
    if !sequence.is_multiple_of(50) {
        return [one, two, three, four];
    }
    let step = |sequence: &mut u32, back: u32, period: u32| {
        *sequence = sequence.saturating_sub(back);
        *sequence > 0 && sequence.is_multiple_of(period)
    };
    if step(&mut sequence, 50, 5_000) {
        if step(&mut sequence, 5_000, 50_000) {
            if step(&mut sequence, 50_000, 500_000) {
                four = three;
            }
            three = two;
        }
        two = one;
    }
    one = header.bucket_list_hash.clone();
    [one, two, three, four]
}
