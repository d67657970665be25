//! One seed, encrypted so that it opens only where it belongs.
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use ed25519_dalek::SigningKey;
use kolo_core::TenantId;
use kolo_core::port::vault::PublicKey;
use zeroize::Zeroizing;

use super::{MasterKey, MasterKeyId, MasterKeys, VaultError};

/// Whose key it is: what the encryption is bound to, besides the master key's id.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub tenant: TenantId,
    pub name: String,
    pub public_key: PublicKey,
}

/// An encrypted seed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    pub master_key: MasterKeyId,
    pub nonce: [u8; 12],
    /// 32 bytes of ciphertext, then the 16 of the tag.
    pub ciphertext: [u8; 48],
}

/// A new secret key, and its seed in the clear for as long as it takes to seal it.
pub(super) fn draw() -> Result<SigningKey, VaultError> {
    let mut seed = Zeroizing::new([0_u8; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(VaultError::Entropy)?;
    Ok(SigningKey::from_bytes(&seed))
}

impl Envelope {
    /// Encrypts under the newest master key, with a nonce drawn for this once.
    pub fn seal(keys: &MasterKeys, owner: &Owner, key: &SigningKey) -> Result<Self, VaultError> {
        let master = keys.newest();
        let master_key = master.id();
        let mut nonce = [0_u8; 12];
        getrandom::fill(&mut nonce).map_err(VaultError::Entropy)?;
        let mut seed = Zeroizing::new(key.to_bytes());
        let tag = cipher(master)
            .encrypt_inout_detached(
                &Nonce::from(nonce),
                &context(owner, &master_key),
                seed.as_mut_slice().into(),
            )
            .map_err(|_| VaultError::Damaged(owner.name.clone()))?;
        let mut ciphertext = [0_u8; 48];
        let (body, end) = ciphertext.split_at_mut(32);
        body.copy_from_slice(seed.as_slice());
        end.copy_from_slice(&tag);
        Ok(Self { master_key, nonce, ciphertext })
    }

    /// Decrypts, and makes sure that it is the secret of that public key.
    pub fn open(&self, keys: &MasterKeys, owner: &Owner) -> Result<SigningKey, VaultError> {
        let damaged = || VaultError::Damaged(owner.name.clone());
        let master = keys
            .find(&self.master_key)
            .ok_or_else(|| VaultError::MasterKeyMissing(self.master_key.clone()))?;
        let (body, end) = self.ciphertext.split_at(32);
        let tag = Tag::try_from(end).map_err(|_| damaged())?;
        let mut seed = Zeroizing::new([0_u8; 32]);
        seed.copy_from_slice(body);
        cipher(master)
            .decrypt_inout_detached(
                &Nonce::from(self.nonce),
                &context(owner, &self.master_key),
                seed.as_mut_slice().into(),
                &tag,
            )
            .map_err(|_| damaged())?;
        let key = SigningKey::from_bytes(&seed);
        if key.verifying_key().to_bytes() == owner.public_key.0 { Ok(key) } else { Err(damaged()) }
    }
}

fn cipher(master: &MasterKey) -> Aes256Gcm {
    Aes256Gcm::new(master.bytes().into())
}

/// Tenant, name, public key and master key id, each behind its length: an envelope that was moved to
/// another row does not open.
fn context(owner: &Owner, master_key: &MasterKeyId) -> Vec<u8> {
    let parts: [&[u8]; 4] = [
        owner.tenant.as_str().as_bytes(),
        owner.name.as_bytes(),
        &owner.public_key.0,
        master_key.0.as_bytes(),
    ];
    let mut context = b"kolo vault 1".to_vec();
    for part in parts {
        context.extend_from_slice(&part.len().to_be_bytes());
        context.extend_from_slice(part);
    }
    context
}
