//! What accounts hold.
use kolo_core::port::chain::ChainAddress;
use serde::Serialize;
use stellar_xdr::LedgerEntryData;

use crate::address::account_id;
use crate::closing::spendable;
use crate::read::account_key;
use crate::rpc::Rpc;
use crate::setup::SetupError;

/// An account of the operator's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountStatus {
    /// What it is for: `sponsor`, `fees`, `keeper`.
    pub name: String,
    /// Its address (`G…`).
    pub address: String,
    /// What it holds, stroops of XLM; `None`: there is no such account.
    pub balance: Option<i64>,
    /// What of it is not kept back as reserves or for offers, stroops of XLM.
    pub spendable: Option<i64>,
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
        }
    });
    Ok(shown.collect())
}
