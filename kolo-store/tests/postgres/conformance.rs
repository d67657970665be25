//! The suites of the ports, all of them, on a plain executor.
use std::sync::Arc;

use async_trait::async_trait;
use kolo_core::port::KeyVault;
use kolo_core::testkit::conformance::{
    LedgerFactory, LedgerHandles, ReadModelFactory, ReadModelHandles, VaultFactory,
};
use kolo_store::{MasterKey, MasterKeys, PostgresLedger, PostgresOptions, StoreVault};

use crate::support::Place;

const MASTER: [u8; 32] = *b"a master key of thirty-two bytes";

#[async_trait]
impl LedgerFactory for Place {
    async fn open(&self) -> LedgerHandles {
        let store = Arc::new(Place::open(self).await);
        LedgerHandles { ledger: store.clone(), work: store }
    }
}

#[async_trait]
impl ReadModelFactory for Place {
    async fn open(&self) -> ReadModelHandles {
        let store = Arc::new(Place::open(self).await);
        ReadModelHandles { ledger: store.clone(), read_model: store }
    }
}

/// A store that keeps no prepared statements: it writes in transactions instead of at turns.
struct Unprepared(Place);

impl Unprepared {
    async fn store(&self) -> Arc<PostgresLedger> {
        let options = PostgresOptions::default().prepared(false);
        Arc::new(self.0.try_open_with(options).await.expect("the store opens"))
    }
}

#[async_trait]
impl LedgerFactory for Unprepared {
    async fn open(&self) -> LedgerHandles {
        let store = self.store().await;
        LedgerHandles { ledger: store.clone(), work: store }
    }
}

#[async_trait]
impl ReadModelFactory for Unprepared {
    async fn open(&self) -> ReadModelHandles {
        let store = self.store().await;
        ReadModelHandles { ledger: store.clone(), read_model: store }
    }
}

#[async_trait]
impl VaultFactory for Place {
    async fn open(&self) -> Arc<dyn KeyVault> {
        let ledger = Place::open(self).await;
        let keys = MasterKeys::new(MasterKey::from_bytes(MASTER));
        Arc::new(StoreVault::try_new(&ledger, keys).await.expect("the vault opens"))
    }

    fn secrets(&self) -> Vec<Vec<u8>> {
        vec![MASTER.to_vec()]
    }
}

mod ledger {
    kolo_core::ledger_conformance! { factory = super::Place::new() }
}

mod read_model {
    kolo_core::read_model_conformance! { factory = super::Place::new() }
}

mod work {
    kolo_core::work_conformance! { factory = super::Place::new() }
}

mod unprepared {
    use super::{Place, Unprepared};

    mod ledger {
        kolo_core::ledger_conformance! { factory = super::Unprepared(super::Place::new()) }
    }

    mod read_model {
        kolo_core::read_model_conformance! { factory = super::Unprepared(super::Place::new()) }
    }

    mod work {
        kolo_core::work_conformance! { factory = super::Unprepared(super::Place::new()) }
    }
}

mod vault {
    kolo_core::vault_conformance! { factory = super::Place::new() }
}
