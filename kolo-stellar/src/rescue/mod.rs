//! Without the operator: a member with their own key, any fee payer and any node.
//!
//! [`Rescue`] finds the member's circles, says what is due and owed, and does what a member can do:
//! pay, vote, leave, collect, send. Everything it needs to know is on the chain: the circle's instance
//! names its asset and its factory, the asset's contract names code and issuer, and each name is
//! checked against the id that follows from it. What is signed is prepared and verified as the
//! operator's own transactions are. How far the node is trusted with it: see [`Rescue::witnessed_by`],
//! [`Rescue::with_clock`], [`Rescue::asking`].
mod act;
mod error;
mod find;
mod report;
mod settle;
mod trust;

use std::sync::Arc;

use kolo_core::port::Clock;
use kolo_core::port::chain::ChainAddress;

pub use error::RescueError;
pub use find::{Found, UnknownCircle};
pub use report::{CircleReport, OpenVote};
pub use settle::Settled;
use stellar_xdr::LedgerEntryData;

use crate::address::account_of;
use crate::closing::spendable;
use crate::protocol;
use crate::read::account_key;
use crate::rpc::Rpc;
use crate::wallet::AccountKey;

/// The least XLM, in stroops, a payer has to spend beyond its reserve: some transactions' fees.
const LEAST_XLM: i64 = 1_000_000;

/// The member's side of everything, on their own.
pub struct Rescue {
    rpc: Rpc,
    passphrase: String,
    key: AccountKey,
    /// Who pays the fees; `None`: the member's own account.
    payer: Option<AccountKey>,
    /// Codes of circles, beside the one this crate carries, that are taken for real.
    trusted: Vec<[u8; 32]>,
    /// Nodes that must say the same of a circle.
    witnesses: Vec<Rpc>,
    clock: Option<Arc<dyn Clock>>,
    ask: Option<Box<trust::Ask>>,
}

impl Rescue {
    /// Makes sure that the node is on the network of that passphrase.
    ///
    /// `payer` is any account with some XLM: it pays the fees and has no part in the money. Without
    /// one the member's own account pays.
    ///
    /// # Errors
    /// [`RescueError::OtherNetwork`], [`RescueError::NoPayer`]; the node's failure.
    pub async fn connect(
        rpc: Rpc,
        passphrase: impl Into<String>,
        key: AccountKey,
        payer: Option<AccountKey>,
    ) -> Result<Self, RescueError> {
        let passphrase = passphrase.into();
        check_network(&rpc, &passphrase).await?;
        let (trusted, witnesses) = (Vec::new(), Vec::new());
        let rescue =
            Self { rpc, passphrase, key, payer, trusted, witnesses, clock: None, ask: None };
        rescue.check_payer().await?;
        Ok(rescue)
    }

    async fn check_payer(&self) -> Result<(), RescueError> {
        let key = account_key(&account_of(self.payer().public_key().0));
        let found = self.rpc.ledger_entries(&[key]).await?;
        match found.into_iter().next().map(|entry| entry.data) {
            Some(LedgerEntryData::Account(account)) if spendable(&account) >= LEAST_XLM => Ok(()),
            _ => Err(RescueError::NoPayer(self.payer().address())),
        }
    }

    /// Takes circles with this code (SHA-256 of the wasm) for real too: an upgraded circle has another
    /// than the one this crate carries. Read the code before you trust it with money.
    #[must_use]
    pub fn trusting(mut self, code: [u8; 32]) -> Self {
        self.trusted.push(code);
        self
    }

    /// Whose key it is.
    #[must_use]
    pub fn address(&self) -> ChainAddress {
        self.key.address()
    }

    /// The account that pays the fees.
    fn payer(&self) -> &AccountKey {
        self.payer.as_ref().unwrap_or(&self.key)
    }
}

/// That a node is on the network meant.
async fn check_network(rpc: &Rpc, passphrase: &str) -> Result<(), RescueError> {
    let network = rpc.network().await?;
    protocol::check(network.protocol_version)?;
    if network.passphrase == passphrase {
        return Ok(());
    }
    let wanted = passphrase.to_owned();
    Err(RescueError::OtherNetwork { found: network.passphrase, wanted })
}
