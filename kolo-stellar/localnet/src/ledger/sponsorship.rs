//! Who pays the reserve of an entry.

use stellar_xdr::{
    AccountEntry, AccountId, LedgerEntry, LedgerEntryData, LedgerEntryExt, LedgerEntryExtensionV1,
    LedgerEntryExtensionV1Ext, LedgerKey, SponsorshipDescriptor,
};

use super::account::{Accounts, edit_v2, min_balance_of, v2};
use super::txn::Txn;

/// At most this many subentries per account.
const SUBENTRY_LIMIT: u32 = 1000;

/// Why an entry's reserve cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SponsorshipRefusal {
    LowReserve,
    TooManySubentries,
    TooManySponsoring,
}

/// Reserve units, and whose account counts them as sponsored if somebody else carries them: nobody's
/// for a claimable balance.
pub(crate) struct Reserve {
    pub(crate) owner: Option<AccountId>,
    pub(crate) units: u32,
}

impl Txn<'_> {
    /// Accounts for the reserves of a new account: by its sponsor, if somebody sponsors it,
    /// else by its own starting balance. Gives the entry to be put.
    pub(crate) fn reserve_account(
        &mut self,
        mut account: AccountEntry,
    ) -> Result<LedgerEntry, SponsorshipRefusal> {
        let sponsor = self.sponsorships.get(&account.account_id).cloned();
        if let Some(sponsor) = &sponsor {
            self.add_sponsoring(sponsor, 2)?;
            edit_v2(&mut account, |ext| ext.num_sponsored = 2);
        } else if account.balance < min_balance_of(&account, self.context.base_reserve) {
            return Err(SponsorshipRefusal::LowReserve);
        }
        Ok(entry(LedgerEntryData::Account(account), sponsor))
    }

    /// Accounts for one subentry (trustline or data) of `owner`, whose account is read and
    /// written. Gives the entry to be put.
    pub(crate) fn reserve_subentry(
        &mut self,
        owner: &AccountId,
        data: LedgerEntryData,
    ) -> Result<LedgerEntry, SponsorshipRefusal> {
        let sponsor = self.reserve_unit(owner)?;
        Ok(entry(data, sponsor))
    }

    /// Gives the reserve of an entry of `owner` back to whoever paid for it.
    pub(crate) fn release_subentry(&mut self, owner: &AccountId, ext: &LedgerEntryExt) {
        self.release_unit(owner, sponsor_of(ext));
    }

    /// Gives the two reserves of an account that is removed back to its sponsor.
    pub(crate) fn release_account(&mut self, ext: &LedgerEntryExt) {
        if let Some(sponsor) = sponsor_of(ext) {
            self.sub_sponsoring(&sponsor, 2);
        }
    }

    /// Accounts for one reserve unit (of a subentry or signer) of `owner`; gives the sponsor.
    pub(crate) fn reserve_unit(
        &mut self,
        owner: &AccountId,
    ) -> Result<Option<AccountId>, SponsorshipRefusal> {
        let Some(mut account) = self.account(owner) else {
            return Err(SponsorshipRefusal::LowReserve);
        };
        if account.num_sub_entries >= SUBENTRY_LIMIT {
            return Err(SponsorshipRefusal::TooManySubentries);
        }
        let sponsor = self.sponsorships.get(owner).cloned();
        if let Some(sponsor) = &sponsor {
            self.add_sponsoring(sponsor, 1)?;
            edit_v2(&mut account, |ext| {
                ext.num_sponsored = ext.num_sponsored.saturating_add(1);
            });
        } else if self.available_balance(&account) < i64::from(self.context.base_reserve) {
            return Err(SponsorshipRefusal::LowReserve);
        }
        account.num_sub_entries = account.num_sub_entries.saturating_add(1);
        self.put_account(account);
        Ok(sponsor)
    }

    /// Takes one reserve unit of `owner` back.
    pub(crate) fn release_unit(&mut self, owner: &AccountId, sponsor: Option<AccountId>) {
        if let Some(mut account) = self.account(owner) {
            account.num_sub_entries = account.num_sub_entries.saturating_sub(1);
            if sponsor.is_some() {
                edit_v2(&mut account, |ext| {
                    ext.num_sponsored = ext.num_sponsored.saturating_sub(1);
                });
            }
            self.put_account(account);
        }
        if let Some(sponsor) = sponsor {
            self.sub_sponsoring(&sponsor, 1);
        }
    }

    /// Accounts for the reserves of a new claimable balance, one for each claimant: its creator
    /// sponsors it, or whoever sponsors the creator. Gives the entry to be put.
    pub(crate) fn reserve_claimable(
        &mut self,
        creator: &AccountId,
        data: LedgerEntryData,
        units: u32,
    ) -> Result<LedgerEntry, SponsorshipRefusal> {
        let sponsor = self.sponsorships.get(creator).unwrap_or(creator).clone();
        self.add_sponsoring(&sponsor, units)?;
        Ok(entry(data, Some(sponsor)))
    }

    /// Gives the reserves of a claimable balance back to its sponsor.
    pub(crate) fn release_claimable(&mut self, ext: &LedgerEntryExt, units: u32) {
        if let Some(sponsor) = sponsor_of(ext) {
            self.sub_sponsoring(&sponsor, units);
        }
    }

    /// Lets `new` carry reserves that `old` carried; `None` is the owner.
    pub(crate) fn move_reserve(
        &mut self,
        reserve: &Reserve,
        old: Option<&AccountId>,
        new: Option<&AccountId>,
    ) -> Result<(), SponsorshipRefusal> {
        let Reserve { owner, units } = reserve;
        match (old, new) {
            (None, None) => {}
            (Some(old), Some(new)) => {
                self.add_sponsoring(new, *units)?;
                self.sub_sponsoring(old, *units);
            }
            (None, Some(new)) => {
                self.add_sponsoring(new, *units)?;
                self.edit_sponsored(owner.as_ref(), |sponsored| sponsored.saturating_add(*units));
            }
            (Some(old), None) => {
                self.require_reserve(owner.as_ref(), *units)?;
                self.edit_sponsored(owner.as_ref(), |sponsored| sponsored.saturating_sub(*units));
                self.sub_sponsoring(old, *units);
            }
        }
        Ok(())
    }

    /// Notes who carries an entry's reserve.
    pub(crate) fn set_sponsor(&mut self, key: &LedgerKey, sponsor: Option<AccountId>) {
        if let Some(stored) = self.get(key) {
            let ext = LedgerEntryExt::V1(LedgerEntryExtensionV1 {
                sponsoring_id: SponsorshipDescriptor(sponsor),
                ext: LedgerEntryExtensionV1Ext::V0,
            });
            let entry = LedgerEntry { ext, ..stored.entry.clone() };
            self.put_entry(key.clone(), entry, stored.live_until);
        }
    }

    fn require_reserve(
        &self,
        owner: Option<&AccountId>,
        units: u32,
    ) -> Result<(), SponsorshipRefusal> {
        let reserve = i64::from(units).saturating_mul(self.context.base_reserve.into());
        let account = owner.and_then(|owner| self.account(owner));
        if account.is_some_and(|account| self.available_balance(&account) < reserve) {
            return Err(SponsorshipRefusal::LowReserve);
        }
        Ok(())
    }

    fn edit_sponsored(&mut self, owner: Option<&AccountId>, edit: impl FnOnce(u32) -> u32) {
        if let Some(mut account) = owner.and_then(|owner| self.account(owner)) {
            edit_v2(&mut account, |ext| ext.num_sponsored = edit(ext.num_sponsored));
            self.put_account(account);
        }
    }

    fn add_sponsoring(
        &mut self,
        sponsor: &AccountId,
        units: u32,
    ) -> Result<(), SponsorshipRefusal> {
        let Some(mut account) = self.account(sponsor) else {
            return Err(SponsorshipRefusal::LowReserve);
        };
        let reserve = i64::from(units).saturating_mul(self.context.base_reserve.into());
        if self.available_balance(&account) < reserve {
            return Err(SponsorshipRefusal::LowReserve);
        }
        let sponsoring = v2(&account).map_or(0, |ext| ext.num_sponsoring);
        let counted = account.num_sub_entries.checked_add(sponsoring);
        if counted.and_then(|sum| sum.checked_add(units)).is_none() {
            return Err(SponsorshipRefusal::TooManySponsoring);
        }
        edit_v2(&mut account, |ext| {
            ext.num_sponsoring = sponsoring.saturating_add(units);
        });
        self.put_account(account);
        Ok(())
    }

    fn sub_sponsoring(&mut self, sponsor: &AccountId, units: u32) {
        if let Some(mut account) = self.account(sponsor) {
            edit_v2(&mut account, |ext| {
                ext.num_sponsoring = ext.num_sponsoring.saturating_sub(units);
            });
            self.put_account(account);
        }
    }
}

/// Who sponsors the signer at `index`.
pub(crate) fn signer_sponsor(account: &AccountEntry, index: usize) -> Option<AccountId> {
    v2(account)?.signer_sponsoring_i_ds.get(index)?.0.clone()
}

/// Keeps the list of signers' sponsors in step with the list of signers. `None` removes the
/// place at `index`, `Some` makes one there. To be called before the list of signers changes.
pub(crate) fn edit_signer_sponsor(
    account: &mut AccountEntry,
    index: usize,
    edit: Option<Option<AccountId>>,
) {
    if v2(account).is_none() && !matches!(edit, Some(Some(_))) {
        return;
    }
    edit_v2(account, |ext| {
        let mut sponsors = ext.signer_sponsoring_i_ds.to_vec();
        match edit {
            Some(sponsor) => {
                sponsors.insert(index.min(sponsors.len()), SponsorshipDescriptor(sponsor));
            }
            None if index < sponsors.len() => {
                sponsors.remove(index);
            }
            None => {}
        }
        if let Ok(sponsors) = sponsors.try_into() {
            ext.signer_sponsoring_i_ds = sponsors;
        }
    });
}

/// Notes who sponsors the signer at `index`.
pub(crate) fn set_signer_sponsor(
    account: &mut AccountEntry,
    index: usize,
    sponsor: Option<AccountId>,
) {
    edit_v2(account, |ext| {
        let mut sponsors = ext.signer_sponsoring_i_ds.to_vec();
        if let Some(place) = sponsors.get_mut(index) {
            *place = SponsorshipDescriptor(sponsor);
        }
        if let Ok(sponsors) = sponsors.try_into() {
            ext.signer_sponsoring_i_ds = sponsors;
        }
    });
}

/// Who sponsors an entry.
pub(crate) fn sponsor_of(ext: &LedgerEntryExt) -> Option<AccountId> {
    match ext {
        LedgerEntryExt::V0 => None,
        LedgerEntryExt::V1(ext) => ext.sponsoring_id.0.clone(),
    }
}

fn entry(data: LedgerEntryData, sponsor: Option<AccountId>) -> LedgerEntry {
    let ext = match sponsor {
        None => LedgerEntryExt::V0,
        Some(sponsor) => LedgerEntryExt::V1(LedgerEntryExtensionV1 {
            sponsoring_id: SponsorshipDescriptor(Some(sponsor)),
            ext: LedgerEntryExtensionV1Ext::V0,
        }),
    };
    LedgerEntry { last_modified_ledger_seq: 0, data, ext }
}
