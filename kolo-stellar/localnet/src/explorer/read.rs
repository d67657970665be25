//! What the pages show, asked of the network.

use stellar_xdr::{
    AccountId, ContractId, Hash, LedgerHeaderHistoryEntry, PublicKey, ScAddress, Uint256,
};

use crate::explain::Explanation;
use crate::model::{LedgerInfo, TxRecord};
use crate::network::{Localnet, NetworkError};

/// Rows of a list.
const SHOWN: usize = 25;
/// The most that is read for one page.
pub(super) const MOST_READ: usize = 2_000;
/// Ledgers looked through first; four times as many where those do not have enough.
const FIRST_WINDOW: u32 = 64;

/// The latest ledgers, newest first.
pub(super) async fn latest_ledgers(
    network: &Localnet,
    latest: &LedgerInfo,
) -> Result<Vec<LedgerHeaderHistoryEntry>, NetworkError> {
    for start in windows(latest) {
        let mut found = network.ledgers(start..=latest.sequence(), usize::MAX).await?;
        if found.len() >= SHOWN || start == latest.oldest_ledger {
            found.reverse();
            found.truncate(SHOWN);
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// The latest transactions that fit, newest first; the latest [`MOST_READ`] are looked at.
pub(super) async fn latest_transactions(
    network: &Localnet,
    latest: &LedgerInfo,
    fits: impl Fn(&TxRecord) -> bool,
) -> Result<Vec<TxRecord>, NetworkError> {
    for start in windows(latest) {
        let read = network.transactions(start..=latest.sequence(), None, usize::MAX).await?;
        let all = read.len() >= MOST_READ || start == latest.oldest_ledger;
        let newest = read.into_iter().rev().take(MOST_READ);
        let found: Vec<_> = newest.filter(&fits).take(SHOWN).collect();
        if found.len() >= SHOWN || all {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// Where to begin reading: ever further back, to the oldest ledger at last.
fn windows(latest: &LedgerInfo) -> impl Iterator<Item = u32> {
    let (last, oldest) = (latest.sequence(), latest.oldest_ledger);
    let start = move |window: u32| last.saturating_sub(window).max(oldest);
    let further = |window: &u32| (*window < u32::MAX).then(|| window.saturating_mul(4));
    let mut ended = false;
    std::iter::successors(Some(FIRST_WINDOW), further)
        .map(start)
        .take_while(move |at| !std::mem::replace(&mut ended, *at == oldest))
}

/// Whether a transaction names the address, as a source, in an operation, or in an event.
pub(super) fn is_about(record: &TxRecord, address: &str) -> bool {
    let words = Explanation::of(record);
    let fee_source = words.fee_bump.as_ref().map(|bump| bump.fee_source.as_str());
    words.source == address
        || fee_source == Some(address)
        || words.operations.iter().any(|operation| {
            operation.source == address
                || operation.fields.iter().any(|field| field.value.contains(address))
        })
        || words.events.iter().any(|event| {
            event.contract.as_deref() == Some(address)
                || event.topics.iter().any(|topic| topic.contains(address))
        })
}

pub(super) fn parse_hash(text: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// An account or a contract.
pub(super) fn parse_address(text: &str) -> Option<ScAddress> {
    if let Ok(key) = text.parse::<stellar_strkey::ed25519::PublicKey>() {
        let key = PublicKey::PublicKeyTypeEd25519(Uint256(key.0));
        return Some(ScAddress::Account(AccountId(key)));
    }
    let contract = text.parse::<stellar_strkey::Contract>().ok()?;
    Some(ScAddress::Contract(ContractId(Hash(contract.0))))
}
