//! An account that goes, or stands on its own: the sponsor's reserves come back.
//!
//! | effect | source and signer | operations |
//! |---|---|---|
//! | `CloseAccount` | the owner | `ChangeTrust` to nothing where there is a trustline, `AccountMerge` |
//! | `LeaveSponsorship` | the sponsor | `RevokeSponsorship` of the trustline where there is one, of the account |
use kolo_core::port::PortError;
use kolo_core::port::chain::{Mismatch, PrepareError};
use stellar_xdr::{
    AccountEntry, AccountEntryExt, AccountEntryExtensionV1Ext, AccountEntryExtensionV2, AccountId,
    ChangeTrustOp, LedgerEntryData, LedgerKey, MuxedAccount, Operation, OperationBody,
    RevokeSponsorshipOp, TrustLineEntry,
};

use crate::client::StellarChainClient;
use crate::prepare::{change_trust_asset, operation, refused};
use crate::read::{account_key, trustline_key};
use crate::verify::{mismatch, same};

/// What one entry locks up, stroops of XLM. The network could vote for another; then it says itself what
/// is too little.
const BASE_RESERVE: i64 = 5_000_000;

/// Entries an account counts as, without any below it.
const OWN_ENTRIES: i64 = 2;

/// What the ledger has of an owner.
struct Held {
    account: AccountEntry,
    line: Option<TrustLineEntry>,
}

impl StellarChainClient {
    /// Nothing may be in it that would be lost, and nothing below it but the one trustline.
    pub(crate) async fn close_operations(
        &self,
        owner: &AccountId,
        asset: &stellar_xdr::Asset,
        to: &AccountId,
    ) -> Result<Vec<Operation>, PrepareError> {
        if to == owner {
            return Err(refused("an account cannot be merged into itself".to_owned()));
        }
        let Some(Held { account, line }) = self.held(owner, asset).await? else {
            return Err(PrepareError::AlreadyDone);
        };
        if let Some(line) = &line
            && line.balance != 0
        {
            let what = format!("the account still holds {} minor units", line.balance);
            return Err(refused(what));
        }
        if account.num_sub_entries != u32::from(line.is_some()) {
            let what =
                "the account has other trustlines, signers, offers or data: remove them first";
            return Err(refused(what.to_owned()));
        }
        if extension(&account).is_some_and(|more| more.num_sponsoring != 0) {
            return Err(refused("the account sponsors others: end that first".to_owned()));
        }
        if *to == self.network.sponsor() && account.balance != 0 {
            let what = format!(
                "the account holds {} stroops of XLM of its own: say whose account they go to",
                account.balance
            );
            return Err(refused(what));
        }
        if self.account(to).await?.is_none() {
            return Err(refused("the account to be merged into does not exist".to_owned()));
        }
        Ok(close(asset, to, line.is_some()))
    }

    /// The sponsor's reserves, and no others, where the account can carry its own.
    pub(crate) async fn unsponsor_operations(
        &self,
        owner: &AccountId,
        asset: &stellar_xdr::Asset,
    ) -> Result<Vec<Operation>, PrepareError> {
        let Some(Held { account, line }) = self.held(owner, asset).await? else {
            return Err(refused("the account does not exist".to_owned()));
        };
        if extension(&account).is_none_or(|more| more.num_sponsored == 0) {
            return Err(PrepareError::AlreadyDone);
        }
        let needed = reserve(&account, 0);
        if account.balance < needed {
            let what = format!(
                "the account has {} stroops of XLM and needs {needed} to carry its own reserves",
                account.balance
            );
            return Err(refused(what));
        }
        Ok(unsponsor(owner, asset, line.is_some()))
    }

    async fn held(
        &self,
        owner: &AccountId,
        asset: &stellar_xdr::Asset,
    ) -> Result<Option<Held>, PortError> {
        let keys = [account_key(owner), trustline_key(owner, asset)];
        let (mut account, mut line) = (None, None);
        for entry in self.rpc.ledger_entries(&keys).await? {
            match entry.data {
                LedgerEntryData::Account(found) if entry.key == keys[0] => account = Some(found),
                LedgerEntryData::Trustline(found) if entry.key == keys[1] => line = Some(found),
                _ => {}
            }
        }
        Ok(account.map(|account| Held { account, line }))
    }

    async fn account(&self, id: &AccountId) -> Result<Option<AccountEntry>, PortError> {
        let found = self.rpc.ledger_entries(&[account_key(id)]).await?;
        Ok(found.into_iter().find_map(|entry| match entry.data {
            LedgerEntryData::Account(account) => Some(account),
            _ => None,
        }))
    }
}

/// What an account can spend beyond its reserve and its offers, stroops of XLM; never less than nothing.
pub(crate) fn spendable(account: &AccountEntry) -> i64 {
    let sponsored = extension(account).map_or(0, |more| i64::from(more.num_sponsored));
    let offered = match &account.ext {
        AccountEntryExt::V1(v1) => v1.liabilities.selling,
        AccountEntryExt::V0 => 0,
    };
    account.balance.saturating_sub(reserve(account, sponsored)).saturating_sub(offered).max(0)
}

/// What an account must keep when others carry so many of its entries, stroops of XLM.
fn reserve(account: &AccountEntry, sponsored: i64) -> i64 {
    let sponsoring = extension(account).map_or(0, |more| i64::from(more.num_sponsoring));
    let entries = OWN_ENTRIES + i64::from(account.num_sub_entries) + sponsoring - sponsored;
    entries.saturating_mul(BASE_RESERVE)
}

const fn extension(account: &AccountEntry) -> Option<&AccountEntryExtensionV2> {
    match &account.ext {
        AccountEntryExt::V1(v1) => match &v1.ext {
            AccountEntryExtensionV1Ext::V2(v2) => Some(v2),
            AccountEntryExtensionV1Ext::V0 => None,
        },
        AccountEntryExt::V0 => None,
    }
}

fn close(asset: &stellar_xdr::Asset, to: &AccountId, has_line: bool) -> Vec<Operation> {
    let trust =
        OperationBody::ChangeTrust(ChangeTrustOp { line: change_trust_asset(asset), limit: 0 });
    let merge = OperationBody::AccountMerge(MuxedAccount::from(to.clone()));
    let bodies = has_line.then_some(trust).into_iter().chain([merge]);
    bodies.map(|body| operation(None, body)).collect()
}

fn unsponsor(owner: &AccountId, asset: &stellar_xdr::Asset, has_line: bool) -> Vec<Operation> {
    let line = has_line.then(|| trustline_key(owner, asset));
    let keys = line.into_iter().chain([account_key(owner)]);
    keys.map(|key| operation(None, revoke(key))).collect()
}

const fn revoke(key: LedgerKey) -> OperationBody {
    OperationBody::RevokeSponsorship(RevokeSponsorshipOp::LedgerEntry(key))
}

/// Exactly these operations, with or without the trustline.
pub(crate) fn check_close(
    operations: &[Operation],
    asset: &stellar_xdr::Asset,
    to: &AccountId,
) -> Result<(), Mismatch> {
    let (line, merge) = match operations {
        [line, merge] => (Some(line), merge),
        [merge] => (None, merge),
        _ => return Err(mismatch("number of operations")),
    };
    if let Some(line) = line {
        same(line.source_account.is_none(), "trustline source")?;
        let OperationBody::ChangeTrust(change) = &line.body else {
            return Err(mismatch("kind of the trustline's operation"));
        };
        same(change.line == change_trust_asset(asset), "trustline asset")?;
        same(change.limit == 0, "trustline limit")?;
    }
    same(merge.source_account.is_none(), "merge source")?;
    let OperationBody::AccountMerge(found) = &merge.body else {
        return Err(mismatch("kind of the last operation"));
    };
    same(*found == MuxedAccount::from(to.clone()), "merge destination")
}

/// Exactly these operations, with or without the trustline.
pub(crate) fn check_unsponsor(
    operations: &[Operation],
    owner: &AccountId,
    asset: &stellar_xdr::Asset,
) -> Result<(), Mismatch> {
    let (line, account) = match operations {
        [line, account] => (Some(line), account),
        [account] => (None, account),
        _ => return Err(mismatch("number of operations")),
    };
    if let Some(line) = line {
        same(line.source_account.is_none(), "trustline source")?;
        same(line.body == revoke(trustline_key(owner, asset)), "sponsored trustline")?;
    }
    same(account.source_account.is_none(), "account source")?;
    same(account.body == revoke(account_key(owner)), "sponsored account")
}
