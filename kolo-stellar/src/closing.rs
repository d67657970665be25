//! An account that goes, or stands on its own: the sponsor's reserves come back.
//!
//! | effect | source and signer | operations |
//! |---|---|---|
//! | `CloseAccount` | the owner | `ChangeTrust` to nothing for each trustline there is, `AccountMerge` |
//! | `LeaveSponsorship` | the sponsor | `RevokeSponsorship` of each trustline the sponsor carries, of the account if it does |
use kolo_core::port::PortError;
use kolo_core::port::chain::{Mismatch, PrepareError};
use stellar_xdr::{
    AccountEntry, AccountEntryExt, AccountEntryExtensionV1Ext, AccountEntryExtensionV2, AccountId,
    ChangeTrustOp, LedgerEntryData, LedgerEntryExt, LedgerKey, MuxedAccount, Operation,
    OperationBody, RevokeSponsorshipOp, TrustLineEntry,
};

use crate::client::StellarChainClient;
use crate::prepare::{change_trust_asset, operation, refused};
use crate::read::{account_key, trustline_key};
use crate::rpc::EntryInfo;
use crate::verify::{mismatch, same};

/// What one entry locks up, stroops of XLM. The network could vote for another; then it says itself what
/// is too little.
const BASE_RESERVE: i64 = 5_000_000;

/// Entries an account counts as, without any below it.
const OWN_ENTRIES: i64 = 2;

/// What the ledger has of an owner.
struct Held {
    account: AccountEntry,
    /// Who carries the account's own reserve.
    carrier: Carrier,
    /// Of the assets asked for, in their order.
    lines: Vec<Line>,
}

/// A trustline there is.
struct Line {
    asset: stellar_xdr::Asset,
    entry: TrustLineEntry,
    carrier: Carrier,
}

/// Who carries an entry's reserve.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Carrier {
    /// Its owner.
    Itself,
    /// This account.
    Account(AccountId),
    /// The node does not say.
    Unknown,
}

impl StellarChainClient {
    /// Nothing may be in it that would be lost, and nothing below it but these trustlines.
    pub(crate) async fn close_operations(
        &self,
        owner: &AccountId,
        assets: &[stellar_xdr::Asset],
        to: &AccountId,
    ) -> Result<Vec<Operation>, PrepareError> {
        if to == owner {
            return Err(refused("an account cannot be merged into itself".to_owned()));
        }
        let Some(Held { account, lines, .. }) = self.held(owner, assets).await? else {
            return Err(PrepareError::AlreadyDone);
        };
        if let Some(line) = lines.iter().find(|line| line.entry.balance != 0) {
            let what = format!("the account still holds {} minor units", line.entry.balance);
            return Err(refused(what));
        }
        if usize::try_from(account.num_sub_entries) != Ok(lines.len()) {
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
        Ok(close(&lines, to))
    }

    /// The sponsor's reserves, and no others, where the account can carry its own. What the sponsor does
    /// not carry it cannot lay down, and one such operation would fail all of them.
    pub(crate) async fn unsponsor_operations(
        &self,
        owner: &AccountId,
        assets: &[stellar_xdr::Asset],
    ) -> Result<Vec<Operation>, PrepareError> {
        let Some(held) = self.held(owner, assets).await? else {
            return Err(refused("the account does not exist".to_owned()));
        };
        let account = &held.account;
        let operations = unsponsor(owner, &held, &self.network.sponsor());
        let carried = extension(account).map_or(0, |more| more.num_sponsored);
        if carried == 0 || operations.is_empty() {
            return Err(PrepareError::AlreadyDone);
        }
        let needed = reserve(account, 0);
        if account.balance < needed {
            let what = format!(
                "the account has {} stroops of XLM and needs {needed} to carry its own reserves",
                account.balance
            );
            return Err(refused(what));
        }
        Ok(operations)
    }

    async fn held(
        &self,
        owner: &AccountId,
        assets: &[stellar_xdr::Asset],
    ) -> Result<Option<Held>, PortError> {
        let mut keys = vec![account_key(owner)];
        keys.extend(assets.iter().map(|asset| trustline_key(owner, asset)));
        let found = self.rpc.ledger_entries(&keys).await?;
        let account = found.iter().find_map(|entry| match &entry.data {
            LedgerEntryData::Account(account) if entry.key == account_key(owner) => {
                Some((account.clone(), carrier(entry)))
            }
            _ => None,
        });
        let line = |asset: &stellar_xdr::Asset| {
            let key = trustline_key(owner, asset);
            found.iter().find_map(|entry| match &entry.data {
                LedgerEntryData::Trustline(line) if entry.key == key => {
                    let (asset, carrier) = (asset.clone(), carrier(entry));
                    Some(Line { asset, entry: line.clone(), carrier })
                }
                _ => None,
            })
        };
        let lines = assets.iter().filter_map(line).collect();
        Ok(account.map(|(account, carrier)| Held { account, carrier, lines }))
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

fn close(lines: &[Line], to: &AccountId) -> Vec<Operation> {
    let trust = |line: &Line| {
        let line = change_trust_asset(&line.asset);
        OperationBody::ChangeTrust(ChangeTrustOp { line, limit: 0 })
    };
    let merge = OperationBody::AccountMerge(MuxedAccount::from(to.clone()));
    let bodies = lines.iter().map(trust).chain([merge]);
    bodies.map(|body| operation(None, body)).collect()
}

fn carrier(entry: &EntryInfo) -> Carrier {
    match &entry.ext {
        None => Carrier::Unknown,
        Some(LedgerEntryExt::V1(more)) => {
            let sponsor = more.sponsoring_id.0.clone();
            sponsor.map_or(Carrier::Itself, Carrier::Account)
        }
        Some(LedgerEntryExt::V0) => Carrier::Itself,
    }
}

fn unsponsor(owner: &AccountId, held: &Held, sponsor: &AccountId) -> Vec<Operation> {
    let is_carried = |carrier: &Carrier| match carrier {
        Carrier::Itself => false,
        Carrier::Account(by) => by == sponsor,
        Carrier::Unknown => true,
    };
    let lines = held.lines.iter().filter(|line| is_carried(&line.carrier));
    let lines = lines.map(|line| trustline_key(owner, &line.asset));
    let account = is_carried(&held.carrier).then(|| account_key(owner));
    lines.chain(account).map(|key| operation(None, revoke(key))).collect()
}

const fn revoke(key: LedgerKey) -> OperationBody {
    OperationBody::RevokeSponsorship(RevokeSponsorshipOp::LedgerEntry(key))
}

/// Exactly these operations, with or without some of the trustlines, in their order and each once.
pub(crate) fn check_close(
    operations: &[Operation],
    assets: &[stellar_xdr::Asset],
    to: &AccountId,
) -> Result<(), Mismatch> {
    let found = operations.split_last().filter(|(_, lines)| lines.len() <= assets.len());
    let (merge, lines) = found.ok_or_else(|| mismatch("number of operations"))?;
    let mut left = assets.iter();
    for line in lines {
        same(line.source_account.is_none(), "trustline source")?;
        let OperationBody::ChangeTrust(change) = &line.body else {
            return Err(mismatch("kind of the trustline's operation"));
        };
        let is_next = left.any(|asset| change.line == change_trust_asset(asset));
        same(is_next, "trustline asset")?;
        same(change.limit == 0, "trustline limit")?;
    }
    same(merge.source_account.is_none(), "merge source")?;
    let OperationBody::AccountMerge(found) = &merge.body else {
        return Err(mismatch("kind of the last operation"));
    };
    same(*found == MuxedAccount::from(to.clone()), "merge destination")
}

/// Some of exactly these operations, at least one, in their order and each once.
pub(crate) fn check_unsponsor(
    operations: &[Operation],
    owner: &AccountId,
    assets: &[stellar_xdr::Asset],
) -> Result<(), Mismatch> {
    same((1..=assets.len() + 1).contains(&operations.len()), "number of operations")?;
    let lines = assets.iter().map(|asset| revoke(trustline_key(owner, asset)));
    let mut left = lines.chain([revoke(account_key(owner))]);
    for operation in operations {
        same(operation.source_account.is_none(), "source of an end of sponsorship")?;
        same(left.any(|next| operation.body == next), "sponsored entry")?;
    }
    Ok(())
}
