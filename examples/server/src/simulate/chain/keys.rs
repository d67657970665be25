//! Keys made of names: worth nothing outside of a play.

use ed25519_dalek::{Signer, SigningKey};
use kolo_core::port::vault::PublicKey;
use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountId, DecoratedSignature, MuxedAccount, PublicKey as XdrKey, ScAddress, ScVal, Signature,
    SignatureHint, Uint256,
};

/// An account's key.
#[derive(Clone)]
pub struct Key(SigningKey);

impl Key {
    /// Of somebody who is in no scenario.
    pub fn of(name: &str) -> Self {
        Self(SigningKey::from_bytes(&sha256(&format!("kolo:simulation:account:{name}"))))
    }

    /// Of a person.
    pub fn of_person(name: &str) -> Self {
        Self(SigningKey::from_bytes(&sha256(&format!("kolo:simulation:person:{name}"))))
    }

    /// Of the asset's issuer.
    pub fn issuer() -> Self {
        Self::of("issuer")
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    pub fn account(&self) -> AccountId {
        AccountId(XdrKey::PublicKeyTypeEd25519(Uint256(self.public().0)))
    }

    pub fn muxed(&self) -> MuxedAccount {
        MuxedAccount::Ed25519(Uint256(self.public().0))
    }

    pub fn address(&self) -> ScAddress {
        ScAddress::Account(self.account())
    }

    pub fn value(&self) -> ScVal {
        ScVal::Address(self.address())
    }

    pub fn sign(&self, payload: &[u8; 32]) -> [u8; 64] {
        self.0.sign(payload).to_bytes()
    }

    /// As an envelope carries it.
    pub fn decorate(&self, payload: &[u8; 32]) -> DecoratedSignature {
        let [.., a, b, c, d] = self.public().0;
        let signature = self.sign(payload).to_vec().try_into().unwrap_or_default();
        DecoratedSignature { hint: SignatureHint([a, b, c, d]), signature: Signature(signature) }
    }
}

/// What a circle's address is derived from.
pub fn salt(circle: &str) -> [u8; 32] {
    sha256(&format!("kolo:simulation:circle:{circle}"))
}

fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}
