//! Keys derived from a seed.
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest as _, Sha256};

use crate::TenantId;
use crate::port::vault::{Digest, KeyName, PublicKey, Signature, SigningPolicy, check_raw};
use crate::port::{KeyVault, PortError, PortErrorKind, Retry};

/// Keys in memory, each derived from (seed, tenant, name): the same seed gives the same keys in
/// whatever order they are created. For tests and demos: whoever knows the seed has the keys.
/// Clones share what was created.
#[derive(Clone)]
pub struct MemoryVault {
    seed: u64,
    keys: Arc<Mutex<BTreeMap<(TenantId, PublicKey), SigningKey>>>,
}

impl MemoryVault {
    /// A vault without keys.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, keys: Arc::default() }
    }

    /// The secret halves of all keys, for tests that look for them where they must not be.
    #[must_use]
    pub fn secrets(&self) -> Vec<Vec<u8>> {
        self.lock().values().map(|secret| secret.to_bytes().to_vec()).collect()
    }

    fn derive(&self, tenant: &TenantId, name: &KeyName) -> SigningKey {
        let name = name.to_string();
        let hash = Sha256::new()
            .chain_update(self.seed.to_be_bytes())
            .chain_update(tenant.as_str())
            // No tenant's id has one, so that no two pairs run into the same bytes.
            .chain_update([0])
            .chain_update(name);
        SigningKey::from_bytes(&hash.finalize().into())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(TenantId, PublicKey), SigningKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryVault {
    /// Neither seed nor keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryVault").field("keys", &self.lock().len()).finish_non_exhaustive()
    }
}

/// Lets everything be signed: for tests of what is around a policy.
#[derive(Clone, Copy, Debug)]
pub struct SignsAnything;

impl SigningPolicy for SignsAnything {
    fn check(&self, _: &PublicKey, _: Digest, _: &[u8]) -> Result<(), PortError> {
        Ok(())
    }
}

#[async_trait]
impl KeyVault for MemoryVault {
    async fn create(&self, tenant: &TenantId, name: &KeyName) -> Result<PublicKey, PortError> {
        let secret = self.derive(tenant, name);
        let public = PublicKey(secret.verifying_key().to_bytes());
        self.lock().insert((tenant.clone(), public), secret);
        Ok(public)
    }

    async fn sign(
        &self,
        tenant: &TenantId,
        key: &PublicKey,
        digest: Digest,
        payload: &[u8],
    ) -> Result<Signature, PortError> {
        let keys = self.lock();
        let secret = keys.get(&(tenant.clone(), *key)).ok_or_else(|| {
            PortError::new(
                PortErrorKind::Invalid,
                Retry::Permanent,
                format!("signing: tenant {tenant} has no key {key:?}: create it first"),
            )
        })?;
        let signature = match digest {
            Digest::Sha256 => secret.sign(&Sha256::digest(payload)),
            Digest::Raw => {
                check_raw(payload)?;
                secret.sign(payload)
            }
        };
        Ok(Signature(signature.to_bytes()))
    }

    /// There is nothing to encrypt: returns how many keys there are.
    async fn rotate(&self) -> Result<u64, PortError> {
        Ok(u64::try_from(self.lock().len()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn keys_follow_from_the_seed_and_not_from_the_order() {
        let names = ["sponsor", "fees"].map(|name| KeyName::Operator(name.to_owned()));
        let keys = |seed, order: [usize; 2]| {
            let vault = MemoryVault::new(seed);
            let mut keys = BTreeMap::new();
            for n in order {
                let key = block_on(vault.create(&TenantId::default(), &names[n])).unwrap();
                keys.insert(n, key);
            }
            keys
        };
        assert_eq!(keys(1, [0, 1]), keys(1, [1, 0]));
        assert_ne!(keys(1, [0, 1]), keys(2, [0, 1]));
    }

    #[test]
    fn debug_shows_no_key() {
        let vault = MemoryVault::new(7);
        let name = KeyName::Operator("fees".to_owned());
        block_on(vault.create(&TenantId::default(), &name)).unwrap();
        assert_eq!(format!("{vault:?}"), "MemoryVault { keys: 1, .. }");
    }
}
