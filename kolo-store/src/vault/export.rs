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
use zeroize::Zeroizing;

use super::{StoreVault, VaultError};

/// How dear each guess of a passphrase is: 2^17 blocks, 128 MiB, most of a second on a phone.
const WORK: u8 = 17;

/// The dearest that is opened, so that a file from elsewhere does not take all memory.
const MOST_WORK: u8 = 20;

#[async_trait]
impl KeyExport for StoreVault {
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
        let to = to.clone();
        // A passphrase takes its time by design.
        let sealed = tokio::task::spawn_blocking(move || seal(&text, &to)).await;
        let failed =
            |e| PortError::new(PortErrorKind::Other, Retry::Temporary, "sealing a key").because(e);
        Ok(sealed.map_err(failed)??)
    }
}

/// The text that is sealed.
fn file_text(key: &SigningKey) -> Zeroizing<String> {
    let address = PublicKey(key.verifying_key().to_bytes());
    let seed = Zeroizing::new(key.to_bytes());
    let secret = Zeroizing::new(PrivateKey(*seed).as_unredacted().to_string());
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
        SealTo::Recipient(key) => {
            let recipient: x25519::Recipient =
                key.trim().parse().map_err(|_| VaultError::Recipient)?;
            age::encrypt_and_armor(&recipient, text.as_bytes())
        }
    };
    sealed.map(|text| SealedKey { text }).map_err(|_| VaultError::Sealing)
}

/// Opens what was sealed to a passphrase; takes as long as sealing.
///
/// # Errors
/// [`VaultError::NotOpened`]: another passphrase, or a file that is damaged or sealed to a key.
pub fn open_sealed(sealed: &SealedKey, passphrase: &Secret) -> Result<Secret, VaultError> {
    let mut identity = scrypt::Identity::new(secret_string(passphrase));
    identity.set_max_work_factor(MOST_WORK);
    let opened = age::decrypt(&identity, sealed.text.trim().as_bytes());
    let bytes = Zeroizing::new(opened.map_err(|_| VaultError::NotOpened)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| VaultError::NotOpened)?;
    Ok(Secret::new(text))
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
