//! Everything a [`Kolo`](crate::Kolo) stands on, in memory.
use std::sync::Arc;

use super::{ManualClock, MemoryLedger, MemoryVault, SeededEntropy};
use crate::Ports;
use crate::port::ChainClient;

/// A fresh ledger and seeded randomness around the given chain, vault and clock.
#[must_use]
pub fn in_memory(
    chain: Arc<dyn ChainClient>,
    vault: Arc<MemoryVault>,
    clock: Arc<ManualClock>,
) -> Ports {
    let ledger = Arc::new(MemoryLedger::new());
    let entropy = Arc::new(SeededEntropy::new(1));
    Ports { ledger: ledger.clone(), queue: ledger, chain, vault, clock, entropy }
}
