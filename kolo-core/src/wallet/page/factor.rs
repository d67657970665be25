//! The second factor: codes of an authenticator (RFC 6238: SHA-1, six digits, thirty seconds, which every
//! authenticator knows).
use async_trait::async_trait;
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

use super::secret::Use;
use super::state::{Attempt, Page};
use crate::notice::Notice;
use crate::port::vault::Secret;
use crate::port::{PortError, PortErrorKind, Retry, SecondFactor};
use crate::unit::Command;
use crate::{CommandContext, Error, Kolo, MemberId, TenantId, Timestamp};

/// Bytes of an authenticator's secret, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;

/// The codes of members' authenticators, as a [`SecondFactor`].
///
/// A code is taken once, five wrong ones on end lock the factor for a day, and a factor that still waits is
/// none. Each try is on record before it is answered.
pub struct Authenticator {
    kolo: Kolo,
}

impl Authenticator {
    pub(crate) fn new(kolo: Kolo) -> Self {
        Self { kolo }
    }
}

#[async_trait]
impl SecondFactor for Authenticator {
    async fn verify(
        &self,
        tenant: &TenantId,
        member: MemberId,
        proof: &Secret,
    ) -> Result<bool, PortError> {
        if tenant != self.kolo.tenant() {
            return Ok(false);
        }
        match self.kolo.try_code(member, proof).await {
            Ok(()) => Ok(true),
            Err(Error::SecondFactor | Error::NoFactor | Error::FactorLocked { .. }) => Ok(false),
            Err(Error::Port(error)) => Err(error),
            Err(error) => {
                let what = "the codes of authenticators";
                Err(PortError::new(PortErrorKind::Other, Retry::Temporary, what).because(error))
            }
        }
    }
}

impl Kolo {
    /// Takes a code, or says why not. Only one of several at once is taken for a step of time.
    pub(super) async fn try_code(&self, id: MemberId, code: &Secret) -> Result<(), Error> {
        let mut drawn = [0_u8; 16];
        self.ports().entropy.fill(&mut drawn)?;
        // A try of its own each time: a code is no key, since the same code comes again.
        let mut ctx = CommandContext::of_system(format!("code/{}", HEXLOWER.encode(&drawn)));
        ctx.tenant = self.tenant().clone();
        let mut command = Command::begin(self, &ctx, "wallet.code", &id).await?;
        loop {
            let mut changes = command.changes();
            changes.forgettable();
            let now = changes.now();
            let mut page = self.page(id, now).await?;
            let factor = page.state.may_try()?;
            let shown_at = self.ports().clock.now_elsewhere();
            let step = step_of(&self.authenticator(id, factor).await?, code, shown_at);
            let attempt = page.state.attempt(step, now);
            changes.write(&page)?;
            if let Attempt::LocksUp(until) = attempt {
                changes.event(&page.id, "key_page.locked", &until)?;
                changes.notice(id, "locked", Notice::FactorLocked { until })?;
            }
            if command.commit(changes, ()).await?.is_none() {
                continue;
            }
            return match attempt {
                Attempt::Right => Ok(()),
                Attempt::Wrong => Err(Error::SecondFactor),
                Attempt::LocksUp(until) | Attempt::Locked(until) => {
                    Err(Error::FactorLocked { until })
                }
            };
        }
    }

    pub(super) async fn authenticator(&self, id: MemberId, factor: u32) -> Result<Totp, Error> {
        let secret = self.factor_secret(id, factor).await?;
        Builder::new()
            .with_secret(*secret)
            .build()
            .map_err(|error| Error::Stored { what: Page::NAME.to_owned(), why: error.to_string() })
    }

    /// As people type it in, and as the picture says it.
    pub(super) async fn factor_texts(
        &self,
        id: MemberId,
        factor: u32,
    ) -> Result<(Secret, Secret), Error> {
        let secret = self.factor_secret(id, factor).await?;
        let text = Zeroizing::new(BASE32_NOPAD.encode(secret.as_slice()));
        let account = self.member(id).await?.state.address.0;
        let end = account.len().checked_sub(4).and_then(|at| account.get(at..));
        let uri = format!(
            "otpauth://totp/Kolo:{}?secret={}&issuer=Kolo&algorithm=SHA1&digits=6&period=30",
            end.unwrap_or("wallet"),
            text.as_str(),
        );
        Ok((Secret::new(text.as_str()), Secret::new(uri)))
    }

    async fn factor_secret(
        &self,
        id: MemberId,
        factor: u32,
    ) -> Result<Zeroizing<[u8; SECRET_BYTES]>, Error> {
        let secret = self.page_secret(id, Use::Factor, factor).await?;
        Ok(Zeroizing::new(std::array::from_fn(|at| secret[at])))
    }
}

/// The step of time a code is right for, now or half a minute off; compared in constant time.
pub(super) fn step_of(totp: &Totp, code: &Secret, now: Timestamp) -> Option<u64> {
    let digits = code.expose().chars().filter(|c| !c.is_whitespace()).collect::<String>();
    totp.check(&Zeroizing::new(digits), now.unix())
}

impl Page {
    /// What errors call it.
    const NAME: &'static str = "authenticator";
}
