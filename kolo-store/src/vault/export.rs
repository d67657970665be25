//! A member's key, sealed for the member: a file of the age format, which many programs open.
//!
//! The text within is the secret key as wallets import it (`S…`), under lines that say what it is.
use std::fmt::Write;

use age::secrecy::SecretString;
use age::{scrypt, x25519};
use async_trait::async_trait;
use ed25519_dalek::SigningKey;
use kolo_core::port::vault::{KeyName, SealTo, SealedKey, Secret};
use kolo_core::port::{KeyExport, PortError, PortErrorKind, Retry};
use kolo_core::{MemberId, TenantId};
use stellar_strkey::ed25519::{PrivateKey, PublicKey};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::{StoreVault, VaultError};

/// How dear each guess of a passphrase is: 2^17 blocks, 128 MiB, most of a second on a phone.
const WORK: u8 = 17;

/// The dearest that is opened, so that a file from elsewhere does not take all memory.
const MOST_WORK: u8 = 18;

/// Each sealing to a passphrase takes its 128 MiB; whoever comes later waits.
static SEALINGS: Semaphore = Semaphore::const_new(2);

#[async_trait]
impl KeyExport for StoreVault {
    fn check(&self, to: &SealTo) -> Result<(), PortError> {
        match to {
            SealTo::Passphrase(_) => Ok(()),
            SealTo::Recipient(key) => Ok(recipient(key).map(drop)?),
        }
    }

    async fn export(
        &self,
        tenant: &TenantId,
        member: MemberId,
        to: &SealTo,
    ) -> Result<SealedKey, PortError> {
        let name = KeyName::Member(member).to_string();
        let found = self.present(tenant.clone(), name.clone()).await?;
        let public = found.ok_or(VaultError::NoKeyOf(name))?;
        let text = file_text(&self.secret(tenant, &public).await?);
        Ok(sealed(text, to.clone()).await?)
    }
}

/// Seals when it is its turn, beside the executor: a passphrase takes its time by design.
async fn sealed(text: Zeroizing<String>, to: SealTo) -> Result<SealedKey, PortError> {
    let turn = match to {
        SealTo::Passphrase(_) => Some(SEALINGS.acquire().await.map_err(failed)?),
        SealTo::Recipient(_) => None,
    };
    let sealing = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        seal(&text, &to)
    });
    Ok(sealing.await.map_err(failed)??)
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> PortError {
    PortError::new(PortErrorKind::Other, Retry::Temporary, "sealing a key").because(error)
}

/// The text that is sealed.
fn file_text(key: &SigningKey) -> Zeroizing<String> {
    let address = PublicKey(key.verifying_key().to_bytes());
    let seed = Zeroizing::new(key.to_bytes());
    let mut secret = Zeroizing::default();
    PrivateKey(*seed).as_unredacted().write_string(&mut secret);
    // Room for all of it at once: what is moved leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(512));
    // Writing to a text does not fail.
    let _ = write!(
        text,
        "# The secret key of the Stellar account {}.\n\
         # Whoever has it can spend what is in the account. Import it into a wallet of your own, or use it\n\
         # with `kolo-server rescue`.\n{}\n",
        address.to_string().as_str(),
        secret.as_str(),
    );
    text
}

/// Seals a text.
///
/// # Errors
/// [`VaultError::Recipient`] when the public key is none, [`VaultError::Sealing`].
fn seal(text: &str, to: &SealTo) -> Result<SealedKey, VaultError> {
    let sealed = match to {
        SealTo::Passphrase(words) => {
            let mut recipient = scrypt::Recipient::new(secret_string(words));
            recipient.set_work_factor(WORK);
            age::encrypt_and_armor(&recipient, text.as_bytes())
        }
        SealTo::Recipient(key) => age::encrypt_and_armor(&recipient(key)?, text.as_bytes()),
    };
    sealed.map(|text| SealedKey { text }).map_err(|_| VaultError::Sealing)
}

fn recipient(key: &str) -> Result<x25519::Recipient, VaultError> {
    key.trim().parse().map_err(|_| VaultError::Recipient)
}

/// Opens what was sealed to a passphrase; takes as long as sealing.
///
/// # Errors
/// [`VaultError::NotOpened`]: another passphrase, or a file that is damaged or sealed to a key.
pub fn open_sealed(sealed: &SealedKey, passphrase: &Secret) -> Result<Secret, VaultError> {
    let opened = age::decrypt(&identity(passphrase), sealed.text.trim().as_bytes());
    let bytes = Zeroizing::new(opened.map_err(|_| VaultError::NotOpened)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| VaultError::NotOpened)?;
    Ok(Secret::new(text))
}

fn identity(passphrase: &Secret) -> scrypt::Identity {
    let mut identity = scrypt::Identity::new(secret_string(passphrase));
    identity.set_max_work_factor(MOST_WORK);
    identity
}

fn secret_string(secret: &Secret) -> SecretString {
    SecretString::from(secret.expose().to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn text() -> Zeroizing<String> {
        file_text(&SigningKey::from_bytes(&[7; 32]))
    }

    #[test]
    fn the_file_says_what_it_is_and_holds_the_key() {
        let text = text();
        let last = text.lines().last().unwrap();
        assert_eq!(PrivateKey::from_string(last).unwrap().0, [7; 32]);
        let notes: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
        let address = PublicKey(SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes());
        assert!(notes[0].contains(address.to_string().as_str()), "{notes:?}");
        assert_eq!(text.lines().count(), notes.len() + 1);
    }

    #[test]
    fn who_has_the_passphrase_opens_it_and_nobody_else() {
        let passphrase = Secret::new("correct horse battery");
        let sealed = seal(&text(), &SealTo::Passphrase(passphrase.clone())).unwrap();
        assert!(sealed.text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
        let secret = text().lines().last().unwrap().to_owned();
        assert!(!sealed.text.contains(&secret));
        assert_eq!(open_sealed(&sealed, &passphrase).unwrap().expose(), text().as_str());
        let wrong = open_sealed(&sealed, &Secret::new("correct horse batterz"));
        assert!(matches!(wrong, Err(VaultError::NotOpened)));
        let cut = SealedKey { text: sealed.text[..sealed.text.len() / 2].to_owned() };
        assert!(matches!(open_sealed(&cut, &passphrase), Err(VaultError::NotOpened)));
    }

    /// A file from elsewhere that asks for 512 MiB is refused before they are taken.
    #[test]
    fn a_file_that_takes_too_much_is_not_opened() {
        let passphrase = Secret::new("correct horse battery");
        let mut recipient = scrypt::Recipient::new(secret_string(&passphrase));
        recipient.set_work_factor(2);
        let sealed = age::encrypt(&recipient, b"text").unwrap();
        let end = sealed.windows(3).position(|bytes| bytes == b" 2\n").unwrap();
        for (work, is_refused) in [("19", true), ("20", true), ("3", false)] {
            let mut dear = sealed.clone();
            dear.splice(end + 1..end + 2, work.bytes());
            let error = age::decrypt(&identity(&passphrase), &dear).unwrap_err();
            let excessive = matches!(error, age::DecryptError::ExcessiveWork { .. });
            assert_eq!(excessive, is_refused, "{work}: {error}");
        }
    }

    #[tokio::test]
    async fn sealings_to_passphrases_wait_for_their_turn() {
        let turns = SEALINGS.acquire_many(2).await.unwrap();
        assert_eq!(SEALINGS.available_permits(), 0);
        let to = SealTo::Passphrase(Secret::new("correct horse battery"));
        let mut waiting = Box::pin(sealed(text(), to));
        let soon = std::time::Duration::from_millis(200);
        assert!(tokio::time::timeout(soon, &mut waiting).await.is_err());
        // A public key costs nothing, and waits for nobody.
        let key = x25519::Identity::generate().to_public().to_string();
        sealed(text(), SealTo::Recipient(key)).await.unwrap();
        drop(turns);
        assert!(waiting.await.unwrap().text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
        assert_eq!(SEALINGS.available_permits(), 2);
    }

    #[test]
    fn who_has_the_recipients_key_opens_it() {
        let identity = x25519::Identity::generate();
        let to = SealTo::Recipient(identity.to_public().to_string());
        let sealed = seal(&text(), &to).unwrap();
        let opened = age::decrypt(&identity, sealed.text.as_bytes()).unwrap();
        assert_eq!(opened, text().as_bytes());
        let stranger = x25519::Identity::generate();
        assert!(age::decrypt(&stranger, sealed.text.as_bytes()).is_err());
        for none in ["", "age1", "GBXFXNDLV4LSWA4VB7YIL5GBD7BVNR22SGBTDKMO2SBZZHDXSKZYCP7L"] {
            let refused = seal(&text(), &SealTo::Recipient(none.to_owned()));
            assert!(matches!(refused, Err(VaultError::Recipient)));
        }
    }
}
