//! The vault's suite.
use std::sync::Arc;

use async_trait::async_trait;
use kolo_core::port::KeyVault;
use kolo_core::testkit::conformance::VaultFactory;
use kolo_store::{MasterKey, MasterKeys, StoreVault};

use crate::support::Place;

const MASTER: [u8; 32] = *b"a master key of thirty-two bytes";

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

kolo_core::vault_conformance! { factory = Place::new() }
