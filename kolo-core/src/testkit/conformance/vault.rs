//! Cases of the [`KeyVault`] port. Each case's comment is the rule it checks.
use std::collections::BTreeSet;
use std::error::Error;

use data_encoding::{BASE32_NOPAD, BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use ed25519_dalek::VerifyingKey;
use sha2::{Digest as _, Sha256};

use super::VaultSetup;
use super::check::assert_refused;
use super::make::tenant;
use crate::port::vault::{Digest, KeyName, PublicKey, Signature};
use crate::port::{KeyVault, PortErrorKind, Retry};
use crate::{InvitationId, MemberId};

fn names() -> Vec<KeyName> {
    vec![
        KeyName::Member(MemberId::derive(&[b"ada"])),
        KeyName::Member(MemberId::derive(&[b"ben"])),
        KeyName::Invitation(InvitationId::derive(&[b"ada"])),
        KeyName::Operator("sponsor".to_owned()),
        KeyName::Operator("fees".to_owned()),
    ]
}

fn verifies(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    let key = VerifyingKey::from_bytes(&key.0).expect("a public key is a point of the curve");
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    key.verify_strict(message, &signature).is_ok()
}

/// Signs both ways and checks both signatures against exactly what they must cover.
async fn signs(
    vault: &dyn KeyVault,
    owner: &str,
    key: &PublicKey,
    payload: &[u8],
) -> [Signature; 2] {
    let owner = tenant(owner);
    let hashed = vault.sign(&owner, key, Digest::Sha256, payload).await.expect("signed");
    let raw = vault.sign(&owner, key, Digest::Raw, payload).await.expect("signed");
    let hash = Sha256::digest(payload);
    assert!(verifies(key, &hash, &hashed), "Sha256 signs the hash");
    assert!(verifies(key, payload, &raw), "Raw signs the payload");
    assert!(!verifies(key, payload, &hashed), "Sha256 does not sign the payload");
    assert!(!verifies(key, &hash, &raw), "Raw does not sign the hash");
    [hashed, raw]
}

/// A name has one key: creating it again returns it. Each name has another.
pub async fn creating_is_idempotent(setup: &VaultSetup) {
    let vault = setup.open().await;
    let main = tenant("main");
    let mut keys = BTreeSet::new();
    for name in names() {
        let key = vault.create(&main, &name).await.expect("created");
        for _ in 0..2 {
            assert_eq!(vault.create(&main, &name).await.expect("created"), key);
        }
        keys.insert(key);
    }
    assert_eq!(keys.len(), names().len());
}

/// Many who create the same key at once get the same one.
pub async fn creating_at_once_agrees(setup: &VaultSetup) {
    let vault = setup.open().await;
    let keys = setup
        .at_once(8, |_| {
            let vault = vault.clone();
            async move { vault.create(&tenant("main"), &names()[0]).await.expect("created") }
        })
        .await;
    assert_eq!(BTreeSet::from_iter(&keys).len(), 1);
    signs(&*vault, "main", &keys[0], b"payload").await;
}

/// Signatures verify under the public key, over the hash or over the bytes, whatever they are.
pub async fn signatures_verify(setup: &VaultSetup) {
    let vault = setup.open().await;
    for name in names() {
        let key = vault.create(&tenant("main"), &name).await.expect("created");
        for payload in [&b""[..], b"payload", &[0xff; 31], &[0xff; 33], &[7; 70_000]] {
            signs(&*vault, "main", &key, payload).await;
        }
    }
}

/// Bytes that could be a transaction's hash are not signed as they are; their hash is.
pub async fn a_hash_is_not_signed_as_a_message(setup: &VaultSetup) {
    let vault = setup.open().await;
    let main = tenant("main");
    for name in names() {
        let key = vault.create(&main, &name).await.expect("created");
        let hash = Sha256::digest(b"a transaction");
        assert_refused!(vault.sign(&main, &key, Digest::Raw, &hash).await, e
            if e.kind == PortErrorKind::Denied && e.retry == Retry::Permanent);
        let signed = vault.sign(&main, &key, Digest::Sha256, &hash).await.expect("signed");
        assert!(!verifies(&key, &hash, &signed));
    }
}

/// The same payload gets the same signature: nothing is drawn.
pub async fn signing_is_deterministic(setup: &VaultSetup) {
    let vault = setup.open().await;
    let key = vault.create(&tenant("main"), &names()[0]).await.expect("created");
    let first = signs(&*vault, "main", &key, b"payload").await;
    assert_eq!(signs(&*vault, "main", &key, b"payload").await, first);
}

/// A key the vault does not have signs nothing.
pub async fn an_unknown_key_signs_nothing(setup: &VaultSetup) {
    let vault = setup.open().await;
    let main = tenant("main");
    let mut other = vault.create(&main, &names()[0]).await.expect("created");
    other.0[0] ^= 1;
    for key in [other, PublicKey([0; 32])] {
        for digest in [Digest::Raw, Digest::Sha256] {
            assert_refused!(vault.sign(&main, &key, digest, b"payload").await, e
                if e.kind == PortErrorKind::Invalid && e.retry == Retry::Permanent);
        }
    }
}

/// The same name in two tenants is two keys, and neither signs for the other.
pub async fn tenants_have_their_own_keys(setup: &VaultSetup) {
    let vault = setup.open().await;
    for name in names() {
        let one = vault.create(&tenant("one"), &name).await.expect("created");
        let two = vault.create(&tenant("two"), &name).await.expect("created");
        assert_ne!(one, two);
        for (owner, key) in [("one", two), ("two", one), ("three", one)] {
            let refused = vault.sign(&tenant(owner), &key, Digest::Raw, b"payload").await;
            assert_refused!(refused, e if e.kind == PortErrorKind::Invalid);
        }
        signs(&*vault, "one", &one, b"payload").await;
    }
}

/// Rotating re-encrypts every key of every tenant and changes neither keys nor signatures.
pub async fn rotating_keeps_keys(setup: &VaultSetup) {
    let vault = setup.open().await;
    assert_eq!(vault.rotate().await.expect("rotated"), 0);
    let mut before = Vec::new();
    for owner in ["one", "two"] {
        for name in names() {
            let key = vault.create(&tenant(owner), &name).await.expect("created");
            let signatures = signs(&*vault, owner, &key, b"payload").await;
            before.push((owner, name, key, signatures));
        }
    }
    for _ in 0..2 {
        assert_eq!(vault.rotate().await.expect("rotated"), 10);
    }
    for (owner, name, key, signatures) in before {
        assert_eq!(vault.create(&tenant(owner), &name).await.expect("created"), key);
        assert_eq!(signs(&*vault, owner, &key, b"payload").await, signatures);
    }
}

/// Keys survive: opened again, the vault has the same ones and signs with them.
pub async fn keys_are_durable(setup: &VaultSetup) {
    let vault = setup.open().await;
    let main = tenant("main");
    let key = vault.create(&main, &names()[0]).await.expect("created");
    let signatures = signs(&*vault, "main", &key, b"payload").await;
    drop(vault);
    let vault = setup.open().await;
    assert_eq!(signs(&*vault, "main", &key, b"payload").await, signatures);
    assert_eq!(vault.create(&main, &names()[0]).await.expect("created"), key);
    assert_eq!(vault.rotate().await.expect("rotated"), 1);
}

/// No secret in what an error says, in any usual notation.
pub async fn errors_tell_no_secret(setup: &VaultSetup) {
    let vault = setup.open().await;
    let main = tenant("main");
    let mut key = vault.create(&main, &names()[0]).await.expect("created");
    key.0[31] ^= 1;
    let error = vault.sign(&main, &key, Digest::Raw, b"payload").await.expect_err("unknown key");
    let mut said = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        said.push_str(&format!("{cause} {cause:?}"));
        source = cause.source();
    }
    let secrets = setup.secrets();
    assert!(!secrets.is_empty(), "the factory must name a secret to look for");
    for secret in secrets {
        assert!(secret.len() >= 16, "too short to look for");
        let notations =
            [&BASE32_NOPAD, &BASE64, &BASE64_NOPAD, &BASE64URL_NOPAD, &HEXLOWER, &HEXUPPER];
        for notation in notations {
            assert!(!said.contains(&notation.encode(&secret)), "a secret in {said}");
        }
        assert!(!said.contains(&format!("{secret:?}")), "a secret in {said}");
        assert!(!said.contains(&*String::from_utf8_lossy(&secret)), "a secret in {said}");
    }
}
