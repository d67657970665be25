//! The second factor: codes of an authenticator (RFC 6238: SHA-1, six digits, thirty seconds, which every
//! authenticator knows).
use async_trait::async_trait;
use data_encoding::BASE32_NOPAD;
use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

use super::secret::Use;
use super::state::{Attempt, Page};
use crate::notice::Notice;
use crate::port::vault::Secret;
use crate::port::{PortError, PortErrorKind, Retry, SecondFactor};
use crate::record::Loaded;
use crate::unit::{Changes, Command};
use crate::{Error, Kolo, MemberId, TenantId, Timestamp};

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
        match self.kolo.try_code(member, proof, &For::default()).await {
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

/// What a code is given for.
#[derive(Clone, Copy, Default)]
pub(crate) struct For<'a> {
    /// The visit it is typed on: `STOP KEY` ends it, and then no code is taken.
    pub visit: Option<&'a Secret>,
    /// The act, by its command's key; the same one may come again with the same code.
    pub act: Option<&'a str>,
}

impl Kolo {
    /// Takes a code, or says why not. Only one of several at once is taken for a step of time.
    pub(crate) async fn try_code(
        &self,
        id: MemberId,
        code: &Secret,
        what: &For<'_>,
    ) -> Result<(), Error> {
        // A try of its own each time: a code is no key, since the same code comes again.
        let ctx = self.drawn("code")?;
        let mut command = Command::begin(self, &ctx, "wallet.code", &id).await?;
        loop {
            let mut changes = command.changes();
            changes.forgettable();
            let now = changes.now();
            let mut page = self.page(id, now).await?;
            if let Some(visit) = what.visit {
                page.state.check_visit(visit, now)?;
            }
            let factor = page.state.may_try()?;
            let shown_at = self.ports().clock.now_elsewhere();
            let step = step_of(&self.authenticator(id, factor).await?, code, shown_at);
            let attempt = page.state.attempt(step, what.act, now);
            changes.write(&page)?;
            tell_of_lock(&mut changes, &page, attempt)?;
            if command.commit(changes, ()).await?.is_some() {
                return attempt.into_result();
            }
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

pub(super) fn tell_of_lock(
    changes: &mut Changes,
    page: &Loaded<Page>,
    attempt: Attempt,
) -> Result<(), Error> {
    let Attempt::LocksUp(until) = attempt else { return Ok(()) };
    changes.event(&page.id, "key_page.locked", &until)?;
    changes.notice(page.state.member, "locked", Notice::FactorLocked { until })
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
