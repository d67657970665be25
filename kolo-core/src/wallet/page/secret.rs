//! Secrets that are nowhere: derived, whenever they are needed, from a signature by a key of the vault's.
//!
//! The same key signs the same bytes the same way (RFC 8032), so they come out the same each time; who has
//! not the vault cannot sign, so to them they are as good as drawn by lot. A vault whose signatures differ
//! from call to call does not do for this.
use data_encoding::BASE32_NOPAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::port::vault::{Digest, KeyName, Secret, Signature};
use crate::{Error, Kolo, MemberId};

/// Between the member and the secret of a link or a visit.
const BETWEEN: char = '.';

/// The longest link or visit that is looked at, bytes.
const LONGEST: usize = 128;

/// What a secret is for.
#[derive(Clone, Copy)]
pub(super) enum Use {
    Link,
    Visit,
    Factor,
}

impl Use {
    const fn word(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Visit => "visit",
            Self::Factor => "factor",
        }
    }
}

impl Kolo {
    /// The member's secret of that number for that use. Factors have a key of the vault's each, links and
    /// visits one together.
    pub(super) async fn page_secret(
        &self,
        member: MemberId,
        of: Use,
        number: u32,
    ) -> Result<Zeroizing<[u8; 32]>, Error> {
        let key_number = match of {
            Use::Factor => number,
            Use::Link | Use::Visit => 0,
        };
        let (vault, tenant) = (&self.ports().vault, self.tenant());
        let name = KeyName::Factor(member, key_number);
        let key = vault.create(tenant, &name).await?;
        let message = format!("kolo:{}/{tenant}/{member}/{number}", of.word());
        let Signature(bytes) = vault.sign(tenant, &key, Digest::Raw, message.as_bytes()).await?;
        let bytes = Zeroizing::new(bytes);
        let mut hash = Sha256::new();
        hash.update(b"kolo page secret 1");
        hash.update(bytes.as_slice());
        Ok(Zeroizing::new(hash.finalize().into()))
    }

    /// A link's or a visit's text: its member, then the secret.
    pub(super) async fn pass_text(
        &self,
        member: MemberId,
        of: Use,
        number: u32,
    ) -> Result<Secret, Error> {
        let secret = self.page_secret(member, of, number).await?;
        // Letters and digits alone: a chat takes `_` and `*` for marks.
        let mut text = Zeroizing::new(BASE32_NOPAD.encode(secret.as_slice()));
        text.make_ascii_lowercase();
        Ok(Secret::new(format!("{member}{BETWEEN}{}", text.as_str())))
    }
}

/// Whose a link's or a visit's text says it is.
pub(super) fn owner(pass: &Secret) -> Result<MemberId, Error> {
    let text = pass.expose();
    let (member, _) =
        text.split_once(BETWEEN).filter(|_| text.len() <= LONGEST).ok_or(Error::PageClosed)?;
    member.parse().map_err(|_| Error::PageClosed)
}
