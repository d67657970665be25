//! Trustlines: authorisation and balances.

use stellar_xdr::{
    AccountId, LedgerEntryData, LedgerKey, LedgerKeyTrustLine, Liabilities, TrustLineAsset,
    TrustLineEntry, TrustLineEntryExt,
};

use super::txn::Txn;

/// `AUTHORIZED_FLAG`.
pub(crate) const AUTHORIZED: u32 = 1;
/// `AUTHORIZED_TO_MAINTAIN_LIABILITIES_FLAG`.
pub(crate) const AUTHORIZED_TO_MAINTAIN: u32 = 2;
/// `TRUSTLINE_CLAWBACK_ENABLED_FLAG`.
pub(crate) const CLAWBACK_ENABLED: u32 = 4;

/// Reading and writing trustlines.
pub(crate) trait TrustLines {
    fn trustline(&self, account: &AccountId, asset: &TrustLineAsset) -> Option<TrustLineEntry>;
    fn put_trustline(&mut self, line: TrustLineEntry);
}

impl TrustLines for Txn<'_> {
    fn trustline(&self, account: &AccountId, asset: &TrustLineAsset) -> Option<TrustLineEntry> {
        match &self.get(&trustline_key(account, asset))?.entry.data {
            LedgerEntryData::Trustline(line) => Some(line.clone()),
            _ => None,
        }
    }

    fn put_trustline(&mut self, line: TrustLineEntry) {
        let key = trustline_key(&line.account_id, &line.asset);
        self.put(key, LedgerEntryData::Trustline(line), None);
    }
}

pub(crate) fn trustline_key(account: &AccountId, asset: &TrustLineAsset) -> LedgerKey {
    LedgerKey::Trustline(LedgerKeyTrustLine { account_id: account.clone(), asset: asset.clone() })
}

pub(crate) fn is_authorized(line: &TrustLineEntry) -> bool {
    line.flags & AUTHORIZED != 0
}

/// Adds to (or takes from) the balance of an authorised line; `false`, and nothing changed, if
/// it would fall below its selling liabilities or rise above its limit.
pub(crate) fn add_line_balance(line: &mut TrustLineEntry, delta: i64) -> bool {
    let Liabilities { buying, selling } = liabilities(line);
    let Some(balance) = line.balance.checked_add(delta) else {
        return false;
    };
    let room = line.limit.saturating_sub(buying);
    if balance < 0 || balance < selling || (delta > 0 && balance > room) {
        return false;
    }
    line.balance = balance;
    true
}

/// The lowest limit the line can have.
pub(crate) fn minimum_limit(line: &TrustLineEntry) -> i64 {
    line.balance.saturating_add(liabilities(line).buying)
}

fn liabilities(line: &TrustLineEntry) -> Liabilities {
    match &line.ext {
        TrustLineEntryExt::V0 => Liabilities { buying: 0, selling: 0 },
        TrustLineEntryExt::V1(ext) => ext.liabilities.clone(),
    }
}
