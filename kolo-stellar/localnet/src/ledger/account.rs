//! Accounts: extensions, reserves and balances.

use stellar_xdr::{
    AccountEntry, AccountEntryExt, AccountEntryExtensionV1, AccountEntryExtensionV1Ext,
    AccountEntryExtensionV2, AccountEntryExtensionV2Ext, AccountEntryExtensionV3, AccountId,
    ExtensionPoint, LedgerEntryData, LedgerKey, LedgerKeyAccount, Liabilities, MuxedAccount,
    PublicKey, SponsorshipDescriptor, TimePoint, VecM,
};

use super::txn::Txn;

/// Reading and writing accounts.
pub(crate) trait Accounts {
    fn account(&self, id: &AccountId) -> Option<AccountEntry>;
    fn put_account(&mut self, account: AccountEntry);
    /// What can be spent: balance less reserve and selling liabilities.
    fn available_balance(&self, account: &AccountEntry) -> i64;
    /// Adds to (or takes from) the balance; `false`, and nothing changed, if the account would
    /// fall below its reserve or rise above what it can hold.
    fn add_balance(&self, account: &mut AccountEntry, delta: i64) -> bool;
}

impl Accounts for Txn<'_> {
    fn account(&self, id: &AccountId) -> Option<AccountEntry> {
        match &self.get(&account_key(id))?.entry.data {
            LedgerEntryData::Account(account) => Some(account.clone()),
            _ => None,
        }
    }

    fn put_account(&mut self, account: AccountEntry) {
        let key = account_key(&account.account_id);
        self.put(key, LedgerEntryData::Account(account), None);
    }

    fn available_balance(&self, account: &AccountEntry) -> i64 {
        let minimum = min_balance_of(account, self.context.base_reserve);
        account.balance.saturating_sub(minimum).saturating_sub(liabilities(account).selling)
    }

    fn add_balance(&self, account: &mut AccountEntry, delta: i64) -> bool {
        let Some(balance) = account.balance.checked_add(delta).filter(|balance| *balance >= 0)
        else {
            return false;
        };
        let Liabilities { buying, selling } = liabilities(account);
        let minimum = min_balance_of(account, self.context.base_reserve).saturating_add(selling);
        if (delta < 0 && balance < minimum) || balance > i64::MAX.saturating_sub(buying) {
            return false;
        }
        account.balance = balance;
        true
    }
}

pub(crate) fn account_id(muxed: &MuxedAccount) -> AccountId {
    let key = match muxed {
        MuxedAccount::Ed25519(key) => key,
        MuxedAccount::MuxedEd25519(muxed) => &muxed.ed25519,
    };
    AccountId(PublicKey::PublicKeyTypeEd25519(key.clone()))
}

pub(crate) fn account_key(id: &AccountId) -> LedgerKey {
    LedgerKey::Account(LedgerKeyAccount { account_id: id.clone() })
}

/// (2 + subentries + sponsoring − sponsored) × base reserve.
pub(crate) fn min_balance_of(account: &AccountEntry, base_reserve: u32) -> i64 {
    let (sponsoring, sponsored) =
        v2(account).map_or((0, 0), |ext| (ext.num_sponsoring, ext.num_sponsored));
    let units = 2_i64
        .saturating_add(account.num_sub_entries.into())
        .saturating_add(sponsoring.into())
        .saturating_sub(sponsored.into());
    units.saturating_mul(base_reserve.into())
}

fn liabilities(account: &AccountEntry) -> Liabilities {
    match &account.ext {
        AccountEntryExt::V0 => Liabilities { buying: 0, selling: 0 },
        AccountEntryExt::V1(ext) => ext.liabilities.clone(),
    }
}

pub(super) fn v2(account: &AccountEntry) -> Option<&AccountEntryExtensionV2> {
    match &account.ext {
        AccountEntryExt::V1(AccountEntryExtensionV1 {
            ext: AccountEntryExtensionV1Ext::V2(ext),
            ..
        }) => Some(ext),
        _ => None,
    }
}

/// Changes the second extension, making it if need be.
pub(super) fn edit_v2(account: &mut AccountEntry, edit: impl FnOnce(&mut AccountEntryExtensionV2)) {
    let mut ext = v2(account).cloned().unwrap_or_else(|| AccountEntryExtensionV2 {
        num_sponsored: 0,
        num_sponsoring: 0,
        signer_sponsoring_i_ds: no_sponsors(account.signers.len()),
        ext: AccountEntryExtensionV2Ext::V0,
    });
    edit(&mut ext);
    account.ext = AccountEntryExt::V1(AccountEntryExtensionV1 {
        liabilities: liabilities(account),
        ext: AccountEntryExtensionV1Ext::V2(ext),
    });
}

fn no_sponsors(signers: usize) -> VecM<SponsorshipDescriptor, 20> {
    // An account has at most 20 signers.
    vec![SponsorshipDescriptor(None); signers].try_into().unwrap_or_default()
}

impl Txn<'_> {
    /// Notes that the account's sequence number changed in this ledger at this time.
    pub(crate) fn note_sequence_change(&self, account: &mut AccountEntry) {
        let seq_ledger = self.context.sequence;
        let seq_time = TimePoint(self.context.close_time);
        edit_v2(account, |ext| {
            ext.ext = AccountEntryExtensionV2Ext::V3(AccountEntryExtensionV3 {
                ext: ExtensionPoint::V0,
                seq_ledger,
                seq_time,
            });
        });
    }
}

/// When the account's sequence number last changed: ledger and time.
pub(crate) fn last_sequence_change(account: &AccountEntry) -> (u32, u64) {
    match v2(account).map(|ext| &ext.ext) {
        Some(AccountEntryExtensionV2Ext::V3(ext)) => (ext.seq_ledger, ext.seq_time.0),
        _ => (0, 0),
    }
}

/// How many reserves the account carries for others.
pub(crate) fn num_sponsoring(account: &AccountEntry) -> u32 {
    v2(account).map_or(0, |ext| ext.num_sponsoring)
}
