//! The vault in the store's database.
use std::sync::Arc;

use async_trait::async_trait;
use ed25519_dalek::{Signer, SigningKey};
use kolo_core::TenantId;
use kolo_core::port::vault::{Digest, KeyName, PublicKey, Signature, check_raw};
use kolo_core::port::{KeyVault, PortError};
use sha2::{Digest as _, Sha256};

use super::envelope::{Envelope, Owner, draw};
use super::{MasterKeyId, MasterKeys, VaultError};
use crate::sql::DbError;
use crate::sql::store::Store;
use crate::sql::{Bulk, Db, Row, SqlLedger, values};

/// Keys that are read in one go when all are encrypted anew.
const PAGE: i64 = 256;

/// [`KeyVault`] in the database of a [`SqlLedger`]. What is stored of a secret is only its envelope:
/// AES-256-GCM under a [`MasterKey`](super::MasterKey), bound to tenant, name and public key.
pub struct StoreVault {
    store: Arc<Store>,
    keys: MasterKeys,
}

impl StoreVault {
    /// A vault in that ledger's database.
    ///
    /// # Errors
    /// [`VaultError::MasterKeyMissing`] when the vault holds keys under a master key that is not
    /// among `keys`: better now than at the first signature.
    pub async fn try_new<B>(ledger: &SqlLedger<B>, keys: MasterKeys) -> Result<Self, VaultError> {
        let store = Arc::clone(&ledger.store);
        for id in store.read(|db| Box::pin(master_keys(db))).await.map_err(port)? {
            if keys.find(&id).is_none() {
                return Err(VaultError::MasterKeyMissing(id));
            }
        }
        Ok(Self { store, keys })
    }

    async fn create_key(&self, tenant: &TenantId, name: &KeyName) -> Result<PublicKey, VaultError> {
        let (tenant, name) = (tenant.clone(), name.to_string());
        if let Some(key) = self.present(tenant.clone(), name.clone()).await? {
            return Ok(key);
        }
        let key = draw()?;
        let owner = Owner { tenant, name, public_key: PublicKey(key.verifying_key().to_bytes()) };
        let envelope = Envelope::seal(&self.keys, &owner, &key)?;
        drop(key);
        let inserted = self.store.write(move |db| {
            let (owner, envelope) = (owner.clone(), envelope.clone());
            Box::pin(async move { insert(db, &owner, &envelope).await })
        });
        inserted.await.map_err(port)
    }

    pub(super) async fn present(
        &self,
        tenant: TenantId,
        name: String,
    ) -> Result<Option<PublicKey>, VaultError> {
        let found = self
            .store
            .read(move |db| Box::pin(async move { find_public(db, &tenant, &name).await }));
        found.await.map_err(port)
    }

    /// The secret of a public key, opened.
    pub(super) async fn secret(
        &self,
        tenant: &TenantId,
        key: &PublicKey,
    ) -> Result<SigningKey, VaultError> {
        let (tenant, public_key) = (tenant.clone(), *key);
        let found = self
            .store
            .read(move |db| Box::pin(async move { find(db, &tenant, &public_key).await }));
        let (owner, envelope) = found.await.map_err(port)?.ok_or(VaultError::UnknownKey(*key))?;
        envelope.open(&self.keys, &owner)
    }

    async fn rotate_all(&self) -> Result<u64, VaultError> {
        let mut last = (String::new(), String::new());
        let mut count = 0;
        loop {
            let from = last.clone();
            let page = self
                .store
                .read(move |db| Box::pin(async move { page_after(db, &from.0, &from.1).await }));
            let page = page.await.map_err(port)?;
            let Some((owner, _)) = page.last() else {
                return Ok(count);
            };
            last = (owner.tenant.as_str().to_owned(), owner.name.clone());
            count += self.seal_anew(page).await?;
        }
    }

    async fn seal_anew(&self, page: Vec<(Owner, Envelope)>) -> Result<u64, VaultError> {
        let mut sealed = Vec::with_capacity(page.len());
        for (owner, old) in page {
            let key = old.open(&self.keys, &owner)?;
            let new = Envelope::seal(&self.keys, &owner, &key)?;
            sealed.push((owner, old, new));
        }
        let count = u64::try_from(sealed.len()).unwrap_or(u64::MAX);
        let replaced = self.store.write(move |db| {
            let sealed = sealed.clone();
            Box::pin(async move { replace(db, &sealed).await })
        });
        replaced.await.map_err(port)?;
        Ok(count)
    }
}

#[async_trait]
impl KeyVault for StoreVault {
    async fn create(&self, tenant: &TenantId, name: &KeyName) -> Result<PublicKey, PortError> {
        Ok(self.create_key(tenant, name).await?)
    }

    async fn sign(
        &self,
        tenant: &TenantId,
        key: &PublicKey,
        digest: Digest,
        payload: &[u8],
    ) -> Result<Signature, PortError> {
        let secret = self.secret(tenant, key).await?;
        let signature = match digest {
            Digest::Sha256 => secret.sign(&Sha256::digest(payload)),
            Digest::Raw => {
                check_raw(payload)?;
                secret.sign(payload)
            }
        };
        Ok(Signature(signature.to_bytes()))
    }

    async fn rotate(&self) -> Result<u64, PortError> {
        let count = self.rotate_all().await?;
        let master_key = self.keys.newest().id();
        tracing::info!(count, %master_key, "the vault's keys were encrypted anew");
        Ok(count)
    }
}

fn port(error: DbError) -> VaultError {
    VaultError::Port(error.into())
}

async fn master_keys(db: &mut dyn Db) -> Result<Vec<MasterKeyId>, DbError> {
    let sql = "SELECT DISTINCT master_key FROM vault_keys ORDER BY master_key";
    let rows = db.run(sql, Vec::new()).await?;
    rows.into_iter().map(|mut row| row.text().map(MasterKeyId)).collect()
}

async fn find_public(
    db: &mut dyn Db,
    tenant: &TenantId,
    name: &str,
) -> Result<Option<PublicKey>, DbError> {
    let sql = "SELECT public_key FROM vault_keys WHERE tenant = $1 AND name = $2";
    let rows = db.run(sql, values![tenant, name]).await?;
    let first = rows.into_iter().next();
    first.map(|mut row| row.array().map(PublicKey)).transpose()
}

/// Stores a new key unless the name has one; returns the one it has then.
async fn insert(db: &mut dyn Db, owner: &Owner, envelope: &Envelope) -> Result<PublicKey, DbError> {
    db.run(
        "INSERT INTO vault_keys (tenant, name, public_key, master_key, nonce, ciphertext) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant, name) DO NOTHING",
        values![
            &owner.tenant,
            &owner.name,
            owner.public_key.0.as_slice(),
            &envelope.master_key.0,
            envelope.nonce.as_slice(),
            envelope.ciphertext.as_slice(),
        ],
    )
    .await?;
    find_public(db, &owner.tenant, &owner.name)
        .await?
        .ok_or_else(|| DbError::corrupt("a new key is not there: please report this"))
}

pub(super) async fn find(
    db: &mut dyn Db,
    tenant: &TenantId,
    key: &PublicKey,
) -> Result<Option<(Owner, Envelope)>, DbError> {
    let sql = "SELECT tenant, name, public_key, master_key, nonce, ciphertext \
               FROM vault_keys WHERE tenant = $1 AND public_key = $2";
    let rows = db.run(sql, values![tenant, key.0.as_slice()]).await?;
    rows.into_iter().next().map(stored).transpose()
}

async fn page_after(
    db: &mut dyn Db,
    tenant: &str,
    name: &str,
) -> Result<Vec<(Owner, Envelope)>, DbError> {
    let sql = "SELECT tenant, name, public_key, master_key, nonce, ciphertext FROM vault_keys \
               WHERE (tenant, name) > ($1, $2) ORDER BY tenant, name LIMIT $3";
    let rows = db.run(sql, values![tenant, name, PAGE]).await?;
    rows.into_iter().map(stored).collect()
}

fn stored(mut row: Row) -> Result<(Owner, Envelope), DbError> {
    let owner =
        Owner { tenant: row.tenant()?, name: row.text()?, public_key: PublicKey(row.array()?) };
    let envelope = Envelope {
        master_key: MasterKeyId(row.text()?),
        nonce: row.array()?,
        ciphertext: row.array()?,
    };
    Ok((owner, envelope))
}

/// Replaces envelopes that are still the ones that were opened.
async fn replace(db: &mut dyn Db, sealed: &[(Owner, Envelope, Envelope)]) -> Result<(), DbError> {
    let rows = sealed.iter().map(|(owner, old, new)| {
        values![
            &owner.tenant,
            &owner.name,
            old.nonce.as_slice(),
            &new.master_key.0,
            new.nonce.as_slice(),
            new.ciphertext.as_slice(),
        ]
    });
    let replaced = Bulk {
        head: "WITH wanted (tenant, name, opened, master_key, nonce, ciphertext) AS (",
        kinds: "ttbtbb",
        rows: rows.collect(),
        tail: ") UPDATE @vault_keys SET master_key = wanted.master_key, nonce = wanted.nonce, \
               ciphertext = wanted.ciphertext FROM wanted \
               WHERE vault_keys.tenant = wanted.tenant AND vault_keys.name = wanted.name \
               AND vault_keys.nonce = wanted.opened",
    };
    db.write_all(vec![replaced], None).await.map(drop)
}
