//! Whether the signatures on an envelope carry enough weight.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountEntry, AccountId, DecoratedSignature, Hash, PublicKey, Signer, SignerKey, Uint256,
};

/// The network verifies at most this many ed25519 signatures for one envelope.
const VERIFICATION_BUDGET: u32 = 1000;

/// Which threshold of the account an action has to meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Low,
    Medium,
    High,
}

/// The signatures of a transaction, with what is known of them: they are asked about when it is
/// offered and when it is applied, for the transaction and for each operation, and verifying one takes
/// longer than all the rest of a payment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signed {
    signatures: Vec<DecoratedSignature>,
    /// Whether the signature at this place is of this signer.
    known: Rc<RefCell<BTreeMap<(usize, SignerKey), bool>>>,
}

impl Signed {
    pub(crate) fn new(signatures: &[DecoratedSignature]) -> Self {
        Self { signatures: signatures.to_vec(), known: Rc::default() }
    }
}

/// The signatures of one envelope, and which of them have been needed.
#[derive(Debug)]
pub(crate) struct Signatures<'a> {
    hash: &'a Hash,
    signed: &'a Signed,
    used: Vec<bool>,
    verifications: u32,
}

impl<'a> Signatures<'a> {
    pub(crate) fn new(hash: &'a Hash, signed: &'a Signed) -> Self {
        Self { hash, signed, used: vec![false; signed.signatures.len()], verifications: 0 }
    }

    /// Whether the account's signers reach the threshold of `level`.
    pub(crate) fn authorize(&mut self, account: &AccountEntry, level: Level) -> bool {
        let [master, low, medium, high] = account.thresholds.0;
        let needed = match level {
            Level::Low => low,
            Level::Medium => medium,
            Level::High => high,
        };
        let own = Signer { key: key_of(&account.account_id), weight: master.into() };
        let signers = (master > 0).then_some(own).into_iter().chain(account.signers.to_vec());
        self.reach(signers.collect(), needed.into())
    }

    /// Whether the key of an account that does not exist yet has signed.
    pub(crate) fn authorize_missing(&mut self, account: &AccountId) -> bool {
        self.reach(vec![Signer { key: key_of(account), weight: 1 }], 0)
    }

    /// Whether every extra signer (a precondition) has signed.
    pub(crate) fn authorize_extra(&mut self, keys: &[SignerKey]) -> bool {
        let signers: Vec<_> =
            keys.iter().map(|key| Signer { key: key.clone(), weight: 1 }).collect();
        let needed = u32::try_from(signers.len()).unwrap_or(u32::MAX);
        signers.is_empty() || self.reach(signers, needed)
    }

    /// Whether no signature was superfluous.
    pub(crate) fn all_used(&self) -> bool {
        self.used.iter().all(|used| *used)
    }

    /// Adds up the weights of the signers that have signed until `needed` is reached. One
    /// matching signer is needed even where the threshold is zero.
    fn reach(&mut self, mut signers: Vec<Signer>, needed: u32) -> bool {
        let mut total = 0_u32;
        for signer in &signers {
            if matches!(&signer.key, SignerKey::PreAuthTx(hash) if hash.0 == self.hash.0) {
                total = total.saturating_add(signer.weight.min(255));
                if total >= needed {
                    return true;
                }
            }
        }
        for kind in [is_hash_x, is_ed25519, is_signed_payload] {
            for index in 0..self.signed.signatures.len() {
                let Some(at) = self.matching(&signers, kind, index) else {
                    continue;
                };
                if let Some(used) = self.used.get_mut(index) {
                    *used = true;
                }
                total = total.saturating_add(signers.remove(at).weight.min(255));
                if total >= needed {
                    return true;
                }
            }
        }
        false
    }

    /// The first signer of this kind that the signature is of.
    fn matching(
        &mut self,
        signers: &[Signer],
        kind: fn(&SignerKey) -> bool,
        index: usize,
    ) -> Option<usize> {
        for (at, signer) in signers.iter().enumerate() {
            if kind(&signer.key) && self.is_signed_by(index, &signer.key) {
                return Some(at);
            }
        }
        None
    }

    fn is_signed_by(&mut self, index: usize, signer: &SignerKey) -> bool {
        let signed = self.signed;
        let Some(signature) = signed.signatures.get(index) else {
            return false;
        };
        match signer {
            SignerKey::PreAuthTx(_) => false,
            SignerKey::HashX(hash) => {
                let preimage = signature.signature.0.as_slice();
                signature.hint.0 == tail(&hash.0)
                    && <[u8; 32]>::from(Sha256::digest(preimage)) == hash.0
            }
            SignerKey::Ed25519(key) => {
                signature.hint.0 == tail(&key.0) && {
                    let hash = self.hash;
                    self.verify(index, signer, || is_valid(&key.0, &hash.0, signature))
                }
            }
            SignerKey::Ed25519SignedPayload(told) => {
                let payload = told.payload.as_slice();
                signature.hint.0 == payload_hint(&told.ed25519, payload)
                    && self.verify(index, signer, || is_valid(&told.ed25519.0, payload, signature))
            }
        }
    }

    /// Verifies, or remembers; the budget is for both, as on the network, which remembers too.
    fn verify(
        &mut self,
        index: usize,
        signer: &SignerKey,
        is_valid: impl FnOnce() -> bool,
    ) -> bool {
        if self.verifications >= VERIFICATION_BUDGET {
            return false;
        }
        self.verifications += 1;
        let mut known = self.signed.known.borrow_mut();
        *known.entry((index, signer.clone())).or_insert_with(is_valid)
    }
}

fn is_valid(key: &[u8; 32], message: &[u8], signature: &DecoratedSignature) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(key) else {
        return false;
    };
    let Ok(signature) = Signature::from_slice(signature.signature.0.as_slice()) else {
        return false;
    };
    key.verify_strict(message, &signature).is_ok()
}

/// The signer key that an account's own key is.
pub(crate) fn key_of(account: &AccountId) -> SignerKey {
    let PublicKey::PublicKeyTypeEd25519(key) = &account.0;
    SignerKey::Ed25519(key.clone())
}

fn is_hash_x(key: &SignerKey) -> bool {
    matches!(key, SignerKey::HashX(_))
}

fn is_ed25519(key: &SignerKey) -> bool {
    matches!(key, SignerKey::Ed25519(_))
}

fn is_signed_payload(key: &SignerKey) -> bool {
    matches!(key, SignerKey::Ed25519SignedPayload(_))
}

/// The last four bytes: a signature's hint.
fn tail(key: &[u8; 32]) -> [u8; 4] {
    let [.., a, b, c, d] = *key;
    [a, b, c, d]
}

/// The hint of a signed payload: the key's tail xor the payload's last four bytes (padded).
fn payload_hint(key: &Uint256, payload: &[u8]) -> [u8; 4] {
    let mut hint = tail(&key.0);
    let start = payload.len().saturating_sub(4);
    for (byte, payload) in hint.iter_mut().zip(payload.iter().skip(start)) {
        *byte ^= payload;
    }
    hint
}
