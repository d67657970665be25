//! The ledger's owner.

use stellar_xdr::{AccountId, LedgerKey, TransactionEnvelope};

use crate::model::{
    ClosedLedger, Found, LedgerInfo, SendOutcome, SimulateOptions, Simulation, TxRecord,
};
use crate::network::{Clock, Close, Limits, NetworkError, StartError};
use crate::store::LedgerStore;

/// Whoever is told when the store is closed.
type Farewell = futures::channel::oneshot::Sender<Result<(), NetworkError>>;

pub(crate) struct Engine {
    store: Box<dyn LedgerStore>,
    farewell: Option<Farewell>,
}

impl Engine {
    pub(crate) fn open(
        _passphrase: String,
        _clock: Clock,
        _close: Close,
        store: Box<dyn LedgerStore>,
        _limits: Limits,
    ) -> Result<Self, StartError> {
        Ok(Self { store, farewell: None })
    }
    pub(crate) fn store(&self) -> &dyn LedgerStore {
        self.store.as_ref()
    }
    pub(crate) fn stopped(&mut self) -> Option<Farewell> {
        self.farewell.take()
    }
    pub(crate) fn stop(&mut self, farewell: Farewell) {
        self.farewell = Some(farewell);
    }
    pub(crate) fn sequence(&self) -> u32 {
        0
    }
    pub(crate) fn send(&mut self, _e: TransactionEnvelope) -> Result<SendOutcome, NetworkError> {
        Err(NetworkError::Stopped)
    }
    pub(crate) fn simulate(&self, _e: &TransactionEnvelope, _o: SimulateOptions) -> Simulation {
        Simulation::default()
    }
    pub(crate) fn entries(&self, _keys: &[LedgerKey]) -> Vec<Found> {
        Vec::new()
    }
    pub(crate) fn latest(&mut self) -> Result<LedgerInfo, NetworkError> {
        Err(NetworkError::Stopped)
    }
    pub(crate) fn close_ledger(&mut self) -> Result<ClosedLedger, NetworkError> {
        Err(NetworkError::Stopped)
    }
    pub(crate) fn advance_ledgers(&mut self, _n: u32) -> Result<ClosedLedger, NetworkError> {
        Err(NetworkError::Stopped)
    }
    pub(crate) fn fund(&mut self, _a: &AccountId, _b: i64) -> Result<TxRecord, NetworkError> {
        Err(NetworkError::Stopped)
    }
}
