//! The operator's keys stay the same from start to start.
//!
//! With other keys everybody would get a new wallet beside the one their money is in, and the test dollar a new
//! issuer. So the ledger keeps the public keys it began with, and a vault that has others is refused before
//! anything is made with them.
use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use kolo_core::port::ledger::{AggregateId, AggregateWrite, Record};
use kolo_core::port::vault::KeyName;
use kolo_core::port::{ChangeSet, CommitError, KeyVault, Ledger, PortError, PortErrorKind, Retry};
use kolo_core::{TenantId, Timestamp};
use kolo_store::VaultError;
use sha2::{Digest, Sha256};

use crate::database::Opened;
use crate::stack::KeysPlan;

/// What is kept, and its version.
const KIND: (&str, u32) = ("operator_keys", 1);

/// The operator's keys that everything else hangs on.
const NAMES: [&str; 5] = ["fees", "issuer", "keeper", "receipts", "sponsor"];

/// Public keys in hexadecimal, by name.
type Known = BTreeMap<String, String>;

/// Why the server does not start with these keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// A signing service beside keys that are here.
    #[error(
        "KOLO_SIGNER_URL is set, and the keys of this server's members are in its own database: the service \
         would make new ones for everybody. Start without KOLO_SIGNER_URL and KOLO_SIGNER_TOKEN; a server that \
         is to have its keys at a service begins with an empty database, which the service does not share \
         (docs/guide/signer.md)"
    )]
    Here,
    /// No signing service, and the keys are at one.
    #[error(
        "the keys of this server's members are at a signing service, and KOLO_SIGNER_URL is not set: new ones \
         would be made for everybody. Set KOLO_SIGNER_URL and KOLO_SIGNER_TOKEN as before (docs/guide/signer.md)"
    )]
    Elsewhere,
    /// Another vault.
    #[error(
        "the operator's key {name:?} was {known} when this database began, and the vault's is {found}: these are \
         the keys of another server. Start the signing service on the database of its keys (KOLO_DATA, \
         DATABASE_URL), or this server on its own database; restore from a backup what is lost \
         (docs/guide/signer.md)"
    )]
    Others {
        /// Which.
        name: String,
        /// The public key of this database.
        known: String,
        /// The vault's.
        found: String,
    },
    /// The key vault's database.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The ledger or the vault.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The ledger did not take them.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Whether keys may be where the plan has them; nothing is made.
///
/// # Errors
/// [`KeysError::Here`], [`KeysError::Elsewhere`]; a port's failure.
pub(crate) async fn check_place(plan: &KeysPlan, opened: &Opened) -> Result<(), KeysError> {
    let are_here = opened.holds_keys().await?;
    match plan {
        KeysPlan::Signer(_) if are_here => Err(KeysError::Here),
        KeysPlan::Here(_) if !are_here && known(opened.ledger.as_ref()).await?.is_some() => {
            Err(KeysError::Elsewhere)
        }
        _ => Ok(()),
    }
}

/// Compares the vault's keys with those this ledger began with; at the first start keeps them.
///
/// # Errors
/// [`KeysError::Others`]; a port's failure.
pub(crate) async fn check_same(
    ledger: &dyn Ledger,
    vault: &dyn KeyVault,
    now: Timestamp,
) -> Result<(), KeysError> {
    let mut found = Known::new();
    for name in NAMES {
        let key = vault.create(&TenantId::default(), &KeyName::Operator(name.to_owned())).await?;
        found.insert(name.to_owned(), HEXLOWER.encode(&key.0));
    }
    let Some(known) = known(ledger).await? else {
        return keep(ledger, &found, now).await;
    };
    for (name, known) in known {
        let key = found.get(&name).cloned().unwrap_or_default();
        if key != known {
            return Err(KeysError::Others { name, known, found: key });
        }
    }
    Ok(())
}

fn id() -> AggregateId {
    AggregateId { kind: KIND.0.to_owned(), id: "server".to_owned() }
}

async fn known(ledger: &dyn Ledger) -> Result<Option<Known>, PortError> {
    let stored = ledger.load(&TenantId::default(), &[id()]).await?;
    let Some(stored) = stored.into_iter().next().flatten() else {
        return Ok(None);
    };
    if stored.state.schema_version > KIND.1 {
        let what = "the operator's keys: start a newer version of this server";
        return Err(PortError::new(PortErrorKind::TooNew, Retry::Permanent, what));
    }
    serde_json::from_slice(&stored.state.bytes).map(Some).map_err(|error| {
        let what = "the operator's keys: restore the database";
        PortError::new(PortErrorKind::Corrupt, Retry::Permanent, what).because(error)
    })
}

async fn keep(ledger: &dyn Ledger, keys: &Known, now: Timestamp) -> Result<(), KeysError> {
    let bytes = serde_json::to_vec(keys).map_err(|error| {
        let what = "the operator's keys cannot be written down";
        PortError::new(PortErrorKind::Other, Retry::Permanent, what).because(error)
    })?;
    let hash = Sha256::digest(&bytes).into();
    let state = Record { kind: KIND.0.to_owned(), schema_version: KIND.1, bytes };
    let key = "server/operator-keys".to_owned();
    let mut changes = ChangeSet::new(TenantId::default(), key, hash, state.clone(), now);
    changes.aggregates.push(AggregateWrite { id: id(), expected: 0, state });
    ledger.commit(changes).await?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use kolo_store::remote::AccessToken;
    use kolo_store::{MasterKey, MasterKeys, StoreVault};

    use std::sync::Arc;

    use super::*;
    use crate::database::Database;
    use crate::stack::Signer;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    async fn database(folder: &tempfile::TempDir, name: &str) -> (Opened, Arc<StoreVault>) {
        let opened = Database::Sqlite(folder.path().join(name)).open().await.unwrap();
        let keys = MasterKeys::new(MasterKey::from_bytes([7; 32]));
        let vault = opened.vault(keys).await.unwrap();
        (opened, vault)
    }

    fn here() -> KeysPlan {
        KeysPlan::Here(MasterKey::from_bytes([7; 32]))
    }

    fn signer() -> KeysPlan {
        let token = AccessToken::try_new(&"w".repeat(40)).unwrap();
        KeysPlan::Signer(Signer { url: "http://127.0.0.1:1".to_owned(), token })
    }

    #[tokio::test]
    async fn keys_that_are_here_stay_here() {
        let folder = tempfile::tempdir().unwrap();
        let (opened, vault) = database(&folder, "own").await;
        check_place(&here(), &opened).await.unwrap();
        check_place(&signer(), &opened).await.unwrap();
        check_same(opened.ledger.as_ref(), &*vault, NOW).await.unwrap();
        check_place(&here(), &opened).await.unwrap();
        check_same(opened.ledger.as_ref(), &*vault, NOW).await.unwrap();
        let refused = check_place(&signer(), &opened).await.unwrap_err();
        assert!(matches!(refused, KeysError::Here), "{refused}");
        assert!(refused.to_string().contains("Start without KOLO_SIGNER_URL"));
    }

    #[tokio::test]
    async fn keys_at_a_service_stay_there_and_no_other_service_has_them() {
        let folder = tempfile::tempdir().unwrap();
        let (opened, _) = database(&folder, "server").await;
        let (_, service) = database(&folder, "service").await;
        let (_, other) = database(&folder, "other").await;
        check_same(opened.ledger.as_ref(), &*service, NOW).await.unwrap();
        check_place(&signer(), &opened).await.unwrap();
        check_same(opened.ledger.as_ref(), &*service, NOW.plus(1)).await.unwrap();
        let refused = check_same(opened.ledger.as_ref(), &*other, NOW).await.unwrap_err();
        assert!(matches!(refused, KeysError::Others { .. }), "{refused}");
        // The way back makes nothing.
        let refused = check_place(&here(), &opened).await.unwrap_err();
        assert!(matches!(refused, KeysError::Elsewhere), "{refused}");
        assert!(!opened.holds_keys().await.unwrap());
    }
}
