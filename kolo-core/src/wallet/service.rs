//! Balances, history, test money.
use kolo_rules::Amount;

use crate::view::{HistoryPage, WalletView};
use crate::{CommandContext, Error, IntentId, Kolo, MemberId};

/// See [`Kolo::wallets`].
pub struct Wallets {
    kolo: Kolo,
}

impl Wallets {
    pub(crate) fn new(kolo: Kolo) -> Self {
        Self { kolo }
    }

    /// The books and the chain, side by side (W-2).
    ///
    /// # Errors
    /// [`Error::NoSuchMember`]; a port's failure of the ledger (the chain's only leaves `on_chain` empty).
    pub async fn balance(&self, _member: MemberId) -> Result<WalletView, Error> {
        todo!()
    }

    /// What moved, newest first (W-4).
    ///
    /// # Errors
    /// [`Error::NoSuchMember`]; a port's failure.
    pub async fn history(
        &self,
        _member: MemberId,
        _before: Option<u64>,
        _limit: usize,
    ) -> Result<HistoryPage, Error> {
        todo!()
    }

    /// Test dollars from the issuer of a test network, to the commanding member (1 ≤ amount ≤ settings).
    /// Opens the account on the chain when it is the first money.
    ///
    /// # Errors
    /// [`Error::NotAvailable`] on a real network; [`Error::OutOfBounds`].
    pub async fn test_money(&self, _ctx: &CommandContext, _amount: Amount) -> Result<IntentId, Error> {
        todo!()
    }
}
