//! What only an insider can test: these tests know the seeds.
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use kolo_core::port::vault::{Digest, KeyName, PublicKey};
use kolo_core::port::{KeyVault, PortErrorKind, Retry};
use kolo_core::{MemberId, TenantId};
use tempfile::TempDir;
use tracing_subscriber::fmt::MakeWriter;

use super::{MasterKey, MasterKeyError, MasterKeys, StoreVault, VaultError};
use crate::SqliteLedger;
use crate::sql::values;

struct World {
    folder: TempDir,
    ledger: SqliteLedger,
    vault: StoreVault,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(folder.path()).await;
        let vault = StoreVault::try_new(&ledger, one(1)).await.unwrap();
        Self { folder, ledger, vault }
    }

    /// All bytes of the database and its side files.
    fn bytes(&self) -> Vec<u8> {
        let files: Vec<_> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        assert!(files.iter().any(|file| file.ends_with("kolo.db-wal")), "{files:?}");
        files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect()
    }

    /// Changes a stored envelope.
    async fn tamper(&self, sql: &'static str) {
        let write = self
            .ledger
            .store
            .write(move |db| Box::pin(async move { db.run(sql, values![]).await.map(drop) }));
        write.await.unwrap();
    }

    async fn refusal(&self, key: &PublicKey) -> VaultError {
        let Err(error) = self.vault.secret(&main(), key).await else {
            panic!("the envelope opened");
        };
        error
    }
}

async fn open(folder: &Path) -> SqliteLedger {
    let file = folder.join("kolo.db");
    SqliteLedger::connect(file.to_str().unwrap()).await.unwrap()
}

fn master(byte: u8) -> MasterKey {
    MasterKey::from_bytes([byte; 32])
}

fn one(byte: u8) -> MasterKeys {
    MasterKeys::new(master(byte))
}

fn main() -> TenantId {
    TenantId::default()
}

fn member(name: &str) -> KeyName {
    KeyName::Member(MemberId::derive(&[name.as_bytes()]))
}

/// Every way in which a secret could be written down.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    vec![
        secret.to_vec(),
        HEXLOWER.encode(secret).into_bytes(),
        HEXUPPER.encode(secret).into_bytes(),
        BASE64.encode(secret).into_bytes(),
        BASE64_NOPAD.encode(secret).into_bytes(),
        BASE64URL_NOPAD.encode(secret).into_bytes(),
        format!("{secret:?}").into_bytes(),
    ]
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

async fn seeds(vault: &StoreVault, keys: &[PublicKey]) -> Vec<[u8; 32]> {
    let mut seeds = Vec::new();
    for key in keys {
        seeds.push(vault.secret(&main(), key).await.unwrap().to_bytes());
    }
    seeds
}

#[tokio::test]
async fn the_files_hold_no_secret() {
    let world = World::new().await;
    let mut keys = Vec::new();
    for name in ["ada", "ben", "chi"] {
        keys.push(world.vault.create(&main(), &member(name)).await.unwrap());
    }
    world.vault.rotate().await.unwrap();
    let bytes = world.bytes();
    for key in &keys {
        assert!(contains(&bytes, &key.0), "the scan finds what is stored");
    }
    let mut secrets: Vec<Vec<u8>> =
        seeds(&world.vault, &keys).await.iter().map(|seed| seed.to_vec()).collect();
    secrets.push(vec![1; 32]);
    for secret in secrets {
        for spelling in spellings(&secret) {
            assert!(!contains(&bytes, &spelling));
        }
    }
}

/// Where the captured log goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_log_tells_no_secret() {
    let log = Log::default();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).init();
    let world = World::new().await;
    let key = world.vault.create(&main(), &member("ada")).await.unwrap();
    let payload = b"a payload";
    world.vault.sign(&main(), &key, Digest::Sha256, payload).await.unwrap();
    world.vault.rotate().await.unwrap();
    let seed = seeds(&world.vault, &[key]).await[0];
    world.tamper("UPDATE vault_keys SET nonce = substr(ciphertext, 1, 12)").await;
    let error = world.vault.sign(&main(), &key, Digest::Raw, payload).await.unwrap_err();
    let said = format!("{error} {error:?}");
    let log = log.bytes();
    assert!(contains(&log, b"encrypted anew"), "the log is captured");
    for secret in [seed, [1; 32]] {
        for spelling in spellings(&secret) {
            assert!(!contains(&log, &spelling));
            assert!(!contains(said.as_bytes(), &spelling));
        }
    }
}

#[tokio::test]
async fn another_master_key_opens_nothing() {
    let world = World::new().await;
    world.vault.create(&main(), &member("ada")).await.unwrap();
    let refused = StoreVault::try_new(&world.ledger, one(2)).await;
    assert!(
        matches!(refused.err(), Some(VaultError::MasterKeyMissing(id)) if id == master(1).id())
    );
}

#[tokio::test]
async fn a_master_key_that_goes_missing_is_a_typed_refusal() {
    let world = World::new().await;
    let late = StoreVault::try_new(&world.ledger, one(2)).await.unwrap();
    let key = world.vault.create(&main(), &member("ada")).await.unwrap();
    let error = late.sign(&main(), &key, Digest::Raw, b"x").await.unwrap_err();
    assert_eq!((error.kind, error.retry), (PortErrorKind::Denied, Retry::Permanent));
    let cause = error.source.unwrap();
    assert!(matches!(
        cause.downcast_ref::<VaultError>(),
        Some(VaultError::MasterKeyMissing(id)) if *id == master(1).id()
    ));
    assert!(late.rotate().await.is_err());
}

#[tokio::test]
async fn every_changed_bit_is_noticed() {
    let world = World::new().await;
    let key = world.vault.create(&main(), &member("ada")).await.unwrap();
    let (owner, good) = {
        let found = world
            .ledger
            .store
            .read(move |db| Box::pin(async move { super::stored::find(db, &main(), &key).await }));
        found.await.unwrap().unwrap()
    };
    let keys = one(1);
    assert!(good.open(&keys, &owner).is_ok());
    for byte in 0..good.ciphertext.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad.ciphertext[byte] ^= 1 << bit;
            assert!(matches!(bad.open(&keys, &owner), Err(VaultError::Damaged(_))));
        }
    }
    for byte in 0..good.nonce.len() {
        let mut bad = good.clone();
        bad.nonce[byte] ^= 1;
        assert!(matches!(bad.open(&keys, &owner), Err(VaultError::Damaged(_))));
    }
    for stranger in [
        super::envelope::Owner { tenant: TenantId::try_new("other").unwrap(), ..owner.clone() },
        super::envelope::Owner { name: "member/other".to_owned(), ..owner.clone() },
        super::envelope::Owner { public_key: PublicKey([7; 32]), ..owner.clone() },
    ] {
        assert!(matches!(good.open(&keys, &stranger), Err(VaultError::Damaged(_))));
    }
}

#[tokio::test]
async fn a_flipped_byte_in_the_database_refuses_to_sign() {
    let world = World::new().await;
    let key = world.vault.create(&main(), &member("ada")).await.unwrap();
    world
        .tamper(
            "UPDATE vault_keys SET ciphertext = unhex(CASE substr(hex(ciphertext), 1, 2) \
             WHEN '00' THEN '01' ELSE '00' END || substr(hex(ciphertext), 3))",
        )
        .await;
    assert!(matches!(world.refusal(&key).await, VaultError::Damaged(_)));
    let error = world.vault.sign(&main(), &key, Digest::Raw, b"x").await.unwrap_err();
    assert_eq!((error.kind, error.retry), (PortErrorKind::Corrupt, Retry::Permanent));
}

#[tokio::test]
async fn an_envelope_opens_only_in_its_own_place() {
    let world = World::new().await;
    let [ada, ben] = ["a", "b"].map(|name| KeyName::Operator(name.to_owned()));
    let ada = world.vault.create(&main(), &ada).await.unwrap();
    let ben = world.vault.create(&main(), &ben).await.unwrap();
    world
        .tamper(
            "UPDATE vault_keys SET (nonce, ciphertext) = (SELECT nonce, ciphertext \
             FROM vault_keys WHERE name = 'operator/b') WHERE name = 'operator/a'",
        )
        .await;
    assert!(matches!(world.refusal(&ada).await, VaultError::Damaged(_)));
    assert!(world.vault.secret(&main(), &ben).await.is_ok());
}

#[tokio::test]
async fn rotating_makes_the_old_master_key_unnecessary() {
    let world = World::new().await;
    let mut keys = Vec::new();
    for number in 0..300 {
        let name = KeyName::Operator(format!("key {number}"));
        keys.push(world.vault.create(&main(), &name).await.unwrap());
    }
    let before = seeds(&world.vault, &keys).await;
    let both = MasterKeys::new(master(2)).with_older(master(1));
    let vault = StoreVault::try_new(&world.ledger, both).await.unwrap();
    assert_eq!(vault.rotate().await.unwrap(), 300);
    let newest = StoreVault::try_new(&world.ledger, one(2)).await.unwrap();
    assert_eq!(seeds(&newest, &keys).await, before);
    assert!(StoreVault::try_new(&world.ledger, one(1)).await.is_err());
}

#[tokio::test]
async fn a_nonce_is_never_used_twice() {
    let world = World::new().await;
    let key = world.vault.create(&main(), &member("ada")).await.unwrap();
    let mut nonces = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let found = world
            .ledger
            .store
            .read(move |db| Box::pin(async move { super::stored::find(db, &main(), &key).await }));
        let (_, envelope) = found.await.unwrap().unwrap();
        assert!(nonces.insert(envelope.nonce));
        world.vault.rotate().await.unwrap();
    }
}

#[test]
fn master_keys_are_read_as_people_write_them() {
    let bytes: [u8; 32] = std::array::from_fn(|i| u8::try_from(i * 7).unwrap());
    let id = MasterKey::from_bytes(bytes).id();
    for text in [
        HEXLOWER.encode(&bytes),
        HEXUPPER.encode(&bytes),
        BASE64.encode(&bytes),
        BASE64_NOPAD.encode(&bytes),
        BASE64URL_NOPAD.encode(&bytes),
        format!("  {}\n", BASE64.encode(&bytes)),
    ] {
        assert_eq!(MasterKey::parse(&text).ok().map(|key| key.id()), Some(id.clone()));
    }
    let several = format!("{}, {}", HEXLOWER.encode(&[9; 32]), HEXLOWER.encode(&bytes));
    let several = MasterKeys::parse(&several).ok().unwrap();
    assert!(several.newest().id() == MasterKey::from_bytes([9; 32]).id());
    assert!(several.find(&id).is_some());
}

#[test]
fn a_bad_master_key_is_explained_without_repeating_it() {
    let short = BASE64.encode(b"too short");
    let cases = [
        ("", MasterKeyError::Empty),
        ("  ", MasterKeyError::Empty),
        (short.as_str(), MasterKeyError::Length { found: 9 }),
        ("not a key at all!", MasterKeyError::Encoding),
    ];
    for (text, expected) in cases {
        let error = MasterKey::parse(text).err().unwrap();
        assert_eq!(error, expected);
        assert!(text.trim().is_empty() || !error.to_string().contains(text));
    }
    let long = HEXLOWER.encode(&[1; 33]);
    assert!(MasterKey::parse(&long).is_err());
}
