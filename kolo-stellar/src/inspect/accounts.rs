//! What accounts hold.
use kolo_core::port::chain::ChainAddress;
use serde::Serialize;
use stellar_xdr::LedgerEntryData;

use crate::address::account_id;
use crate::read::account_key;
use crate::rpc::Rpc;
use crate::setup::{SetupError, is_sponsored, spendable};

/// An account of the operator's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountStatus {
    /// What it is for: `sponsor`, `fees`, `keeper`, a channel.
    pub name: String,
    /// Its address (`G…`).
    pub address: String,
    /// What it holds, stroops of XLM; `None`: there is no such account.
    pub balance: Option<i64>,
    /// What of it is not kept back as reserves, stroops of XLM.
    pub spendable: Option<i64>,
    /// Whether another account carries all its reserves: with its fees paid by fee-bumps, as a channel's
    /// are, it needs no XLM of its own.
    pub sponsored: bool,
}

impl AccountStatus {
    /// Whether it has what it needs, of an account that pays at least `least` stroops of XLM.
    #[must_use]
    pub fn is_well(&self, least: i64) -> bool {
        self.spendable.is_some_and(|held| self.sponsored || held >= least)
    }
}

/// What these accounts (name and address) hold, in their order.
///
/// # Errors
/// [`SetupError`] when the node does not answer, and for what is no account's address.
pub async fn accounts(
    rpc: &Rpc,
    wanted: &[(String, ChainAddress)],
) -> Result<Vec<AccountStatus>, SetupError> {
    let ids =
        wanted.iter().map(|(_, address)| account_id(address)).collect::<Result<Vec<_>, _>>()?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<_> = ids.iter().map(account_key).collect();
    let found = rpc.ledger_entries(&keys).await?;
    let shown = wanted.iter().zip(&ids).map(|((name, address), id)| {
        let entry = found.iter().find_map(|entry| match &entry.data {
            LedgerEntryData::Account(entry) if entry.account_id == *id => Some(entry),
            _ => None,
        });
        AccountStatus {
            name: name.clone(),
            address: address.0.clone(),
            balance: entry.map(|entry| entry.balance),
            spendable: entry.map(spendable),
            sponsored: entry.is_some_and(is_sponsored),
        }
    });
    Ok(shown.collect())
}
