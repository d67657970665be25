//! The suites of the ports, all of them. They run on a plain executor, so that the store is shown
//! to work outside of the runtime it lives on.
use std::sync::Arc;

use async_trait::async_trait;
use kolo_core::testkit::conformance::{
    LedgerFactory, LedgerHandles, ReadModelFactory, ReadModelHandles,
};

use crate::support::Place;

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

mod ledger {
    kolo_core::ledger_conformance! { factory = super::Place::new() }
}

mod read_model {
    kolo_core::read_model_conformance! { factory = super::Place::new() }
}

mod work {
    kolo_core::work_conformance! { factory = super::Place::new() }
}
