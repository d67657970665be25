//! The reference adapters pass the suites every adapter must pass; the other parts of the testkit
//! do what they say.
use std::sync::Arc;

use async_trait::async_trait;
use kolo_core::port::KeyVault;
use kolo_core::testkit::conformance::{
    LedgerFactory, LedgerHandles, ReadModelFactory, ReadModelHandles, VaultFactory,
};
use kolo_core::testkit::{MemoryLedger, MemoryVault};

mod books;
mod faulty;
mod lists;

/// The store is what clones of one handle share: it is closed when a handle is dropped, and open
/// again in the next.
#[derive(Default)]
struct Memory(MemoryLedger);

#[async_trait]
impl LedgerFactory for Memory {
    async fn open(&self) -> LedgerHandles {
        let store = Arc::new(self.0.clone());
        LedgerHandles { ledger: store.clone(), work: store }
    }
}

#[async_trait]
impl ReadModelFactory for Memory {
    async fn open(&self) -> ReadModelHandles {
        let store = Arc::new(self.0.clone());
        ReadModelHandles { ledger: store.clone(), read_model: store }
    }
}

struct Keys(MemoryVault);

#[async_trait]
impl VaultFactory for Keys {
    async fn open(&self) -> Arc<dyn KeyVault> {
        Arc::new(self.0.clone())
    }

    fn secrets(&self) -> Vec<Vec<u8>> {
        self.0.secrets()
    }
}

mod ledger {
    use super::Memory;

    kolo_core::ledger_conformance! { factory = Memory::default() }
}

mod work {
    use super::Memory;

    kolo_core::work_conformance! { factory = Memory::default() }
}

mod read_model {
    use super::Memory;

    kolo_core::read_model_conformance! { factory = Memory::default() }
}

mod vault {
    use super::{Keys, MemoryVault};

    kolo_core::vault_conformance! { factory = Keys(MemoryVault::new(1)) }
}
