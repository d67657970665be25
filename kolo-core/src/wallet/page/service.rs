//! Links, visits, and setting a factor up.
use serde::{Deserialize, Serialize};

use super::KeyPageSettings;
use super::factor::step_of;
use super::secret::{Use, owner};
use super::state::{Page, Pass};
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::vault::Secret;
use crate::record::Loaded;
use crate::unit::{Changes, Command};
use crate::view::MemberView;
use crate::wallet::StillNeeded;
use crate::{CommandContext, Error, Kolo, MemberId, Timestamp};

/// Stands in a message until it is sent: the link itself is in no queue and no record.
#[cfg(feature = "conversation")]
pub(crate) const LINK_MARK: &str = "\u{e0f1}";

/// Seconds of a day.
const DAY_S: u64 = 86_400;

/// See [`Kolo::key_page`].
pub struct KeyPage {
    pub(super) kolo: Kolo,
}

/// A link was made; the message that brings it has it put in when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyLink {
    /// How long it is good, minutes.
    pub minutes: u64,
    /// How long a factor waits that is set up now, days.
    pub wait_days: u64,
    /// Whether a factor is good already.
    pub has_factor: bool,
    /// When one that waits will be.
    pub good_at: Option<Timestamp>,
}

/// What `STOP KEY` ended, besides all links and visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Stopped {
    /// A factor that waited.
    Waiting,
    /// The factor: a new one has to be set up.
    Factor,
    /// Nothing else was there.
    Links,
}

/// An opened link.
#[derive(Clone, Debug)]
pub struct Visit {
    /// What proves it from now on: for a cookie no script can read, and nothing else.
    pub token: Secret,
    /// Until when it is good.
    pub until: Timestamp,
}

/// A factor to be set up: shown on this page, and never in the chat.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// To type into an authenticator.
    pub secret: Secret,
    /// The same, for a picture to take (`otpauth://…`).
    pub uri: Secret,
}

/// What the page shows.
#[derive(Clone, Debug)]
pub struct KeyPageView {
    /// Whose it is.
    pub member: MemberView,
    /// When the visit ends.
    pub until: Timestamp,
    /// How long a factor waits that is set up now, days.
    pub wait_days: u64,
    /// Whether a factor is good.
    pub has_factor: bool,
    /// When one that waits will be.
    pub good_at: Option<Timestamp>,
    /// Too many wrong codes: until then none is taken.
    pub locked_until: Option<Timestamp>,
    /// Whether the host hands keys out.
    pub exports: bool,
    /// Why the account cannot be closed now, if so.
    pub kept: Option<StillNeeded>,
}

impl KeyPage {
    pub(crate) fn new(kolo: Kolo) -> Self {
        Self { kolo }
    }

    /// Makes a link for the commanding member; one made before is good no more. The same command again is
    /// the same link.
    ///
    /// # Errors
    /// [`Error::NotAvailable`] when the host has no such page; [`Error::CapReached`]; a port's failure.
    pub async fn link(&self, ctx: &CommandContext) -> Result<KeyLink, Error> {
        let id = ctx.member()?;
        let request = CommandRequest::new(ctx, CommandName::OpenKeyPage);
        let mut command = Command::asked(&self.kolo, ctx, request, &id).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        let KeyPageSettings { link_s, wait_s, .. } = self.settings()?.clone();
        self.kolo.member(id).await?;
        loop {
            let mut changes = command.changes();
            changes.forgettable();
            let now = changes.now();
            let mut page = self.kolo.page(id, now).await?;
            self.kolo.count_key_page(&changes, &mut page.state.links_today)?;
            page.state.links = page.state.links.saturating_add(1);
            let link = self.kolo.pass_text(id, Use::Link, page.state.links).await?;
            page.state.link = Some(Pass::new(&link, now.plus(link_s)));
            changes.write(&page)?;
            changes.event(&page.id, "key_page.asked_for", &page.state.links)?;
            let made = KeyLink {
                minutes: link_s / 60,
                wait_days: wait_s.div_ceil(DAY_S),
                has_factor: page.state.factor.is_some(),
                good_at: page.state.waiting.map(|waiting| waiting.good_at),
            };
            if let Some(made) = command.commit(changes, made).await? {
                return Ok(made);
            }
        }
    }

    /// Whether a link is good: looking uses nothing up, since messengers look at what is sent.
    ///
    /// # Errors
    /// [`Error::PageClosed`] when it is not, for whatever reason; a port's failure.
    pub async fn peek(&self, link: &Secret) -> Result<(), Error> {
        let now = self.kolo.now();
        self.kolo.page(owner(link)?, now).await?.state.check_link(link, now)
    }

    /// Opens a link: it is used up, and a visit begins; one that was open has ended.
    ///
    /// # Errors
    /// As [`Self::peek`].
    pub async fn open(&self, link: &Secret) -> Result<Visit, Error> {
        let id = owner(link)?;
        let KeyPageSettings { visit_s, .. } = self.settings()?.clone();
        let number = self.kolo.page(id, self.kolo.now()).await?.state.links;
        let ctx = self.system(format!("key-page/{id}/open/{number}"));
        let mut command = Command::begin(&self.kolo, &ctx, "key_page.open", &()).await?;
        if command.replay::<()>()?.is_some() {
            return Err(Error::PageClosed);
        }
        loop {
            let mut changes = command.changes();
            changes.forgettable();
            let now = changes.now();
            let mut page = self.kolo.page(id, now).await?;
            page.state.check_link(link, now)?;
            let token = self.kolo.pass_text(id, Use::Visit, page.state.links).await?;
            let until = now.plus(visit_s);
            (page.state.link, page.state.begun) = (None, None);
            page.state.visit = Some(Pass::new(&token, until));
            changes.write(&page)?;
            changes.event(&page.id, "key_page.opened", &page.state.links)?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(Visit { token, until });
            }
        }
    }

    /// What this visit's page shows.
    ///
    /// # Errors
    /// [`Error::PageClosed`] when the visit is over; a port's failure.
    pub async fn view(&self, visit: &Secret) -> Result<KeyPageView, Error> {
        let (page, until) = self.visited(visit).await?;
        let wait_s = self.settings()?.wait_s;
        let member = self.kolo.member(page.member).await?.state;
        Ok(KeyPageView {
            until,
            wait_days: wait_s.div_ceil(DAY_S),
            has_factor: page.factor.is_some(),
            good_at: page.waiting.map(|waiting| waiting.good_at),
            locked_until: page.locked_until,
            exports: self.kolo.export().is_some(),
            kept: self.kolo.still_needed(&member).await?,
            member: member.view(),
        })
    }

    /// Shows a factor to be set up: the same one as long as the visit lasts.
    ///
    /// # Errors
    /// [`Error::PageClosed`]; a port's failure.
    pub async fn enrol(&self, visit: &Secret) -> Result<Enrolment, Error> {
        let id = owner(visit)?;
        let number = self.visited(visit).await?.0.links;
        let ctx = self.system(format!("key-page/{id}/enrol/{number}"));
        let mut command = Command::begin(&self.kolo, &ctx, "key_page.enrol", &()).await?;
        let factor = loop {
            let mut changes = command.changes();
            changes.forgettable();
            let mut page = self.kolo.page(id, changes.now()).await?;
            page.state.check_visit(visit, changes.now())?;
            if let Some(begun) = page.state.begun {
                break begun;
            }
            if command.replay::<u32>()?.is_some() {
                // It was confirmed on this visit, or stopped: another takes another link.
                return Err(Error::UnderWay);
            }
            let factor = page.state.begin();
            changes.write(&page)?;
            if let Some(factor) = command.commit(changes, factor).await? {
                break factor;
            }
        };
        let (secret, uri) = self.kolo.factor_texts(id, factor).await?;
        Ok(Enrolment { secret, uri })
    }

    /// The member's authenticator shows `code`: from now on the factor waits until it is good, which it
    /// returns. The member is told in the chat, now and every day until then; `STOP KEY` ends it. A factor
    /// that is good stays so until then.
    ///
    /// # Errors
    /// [`Error::SecondFactor`] for a wrong code; [`Error::NoFactor`] when none was shown;
    /// [`Error::PageClosed`]; a port's failure.
    pub async fn confirm(&self, visit: &Secret, code: &Secret) -> Result<Timestamp, Error> {
        let id = owner(visit)?;
        let (page, _) = self.visited(visit).await?;
        let factor = page.begun.ok_or(Error::NoFactor)?;
        let ctx = self.system(format!("key-page/{id}/confirm/{factor}"));
        let mut command = Command::begin(&self.kolo, &ctx, "key_page.confirm", &()).await?;
        let totp = self.kolo.authenticator(id, factor).await?;
        let KeyPageSettings { wait_s, .. } = self.settings()?.clone();
        loop {
            let mut changes = command.changes();
            let now = changes.now();
            let mut page = self.kolo.page(id, now).await?;
            page.state.check_visit(visit, now)?;
            if page.state.begun != Some(factor) {
                return Err(Error::NoFactor);
            }
            let shown_at = self.kolo.ports().clock.now_elsewhere();
            let step = step_of(&totp, code, shown_at).ok_or(Error::SecondFactor)?;
            let good_at = now.plus(wait_s);
            page.state.confirm(factor, step, good_at);
            changes.write(&page)?;
            changes.event(&page.id, "key_page.factor_waits", &good_at)?;
            self.kolo.announce(&mut changes, id, factor, good_at)?;
            if let Some(good_at) = command.commit(changes, good_at).await? {
                return Ok(good_at);
            }
        }
    }

    /// Ends the visit.
    ///
    /// # Errors
    /// [`Error::PageClosed`] when it is over; a port's failure.
    pub async fn leave(&self, visit: &Secret) -> Result<(), Error> {
        let id = owner(visit)?;
        let number = self.visited(visit).await?.0.links;
        let ctx = self.system(format!("key-page/{id}/leave/{number}"));
        let mut command = Command::begin(&self.kolo, &ctx, "key_page.leave", &()).await?;
        loop {
            let mut changes = command.changes();
            changes.forgettable();
            let mut page = self.kolo.page(id, changes.now()).await?;
            page.state.check_visit(visit, changes.now())?;
            (page.state.visit, page.state.begun) = (None, None);
            changes.write(&page)?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// `STOP KEY`: ends every link and visit of the commanding member, and the factor that waits; when none
    /// waits, the one that is good. It asks for nothing: what it prevents cannot be made good, and all it
    /// costs is another wait.
    ///
    /// # Errors
    /// [`Error::NotAvailable`]; a port's failure.
    pub async fn stop(&self, ctx: &CommandContext) -> Result<Stopped, Error> {
        let id = ctx.member()?;
        let request = CommandRequest::new(ctx, CommandName::StopKeyPage);
        let mut command = Command::asked(&self.kolo, ctx, request, &id).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        self.settings()?;
        loop {
            let mut changes = command.changes();
            let mut page = self.kolo.page(id, changes.now()).await?;
            let stopped = page.state.stop();
            changes.write(&page)?;
            changes.event(&page.id, "key_page.stopped", &stopped)?;
            if let Some(stopped) = command.commit(changes, stopped).await? {
                return Ok(stopped);
            }
        }
    }

    fn settings(&self) -> Result<&KeyPageSettings, Error> {
        self.kolo.key_page_settings().ok_or(Error::NotAvailable)
    }

    /// The page as it is now, and until when the visit is good.
    pub(super) async fn visited(&self, visit: &Secret) -> Result<(Page, Timestamp), Error> {
        let now = self.kolo.now();
        let page = self.kolo.page(owner(visit)?, now).await?.state;
        let until = page.check_visit(visit, now)?;
        Ok((page, until))
    }

    fn system(&self, key: String) -> CommandContext {
        let mut ctx = CommandContext::of_system(key);
        ctx.tenant = self.kolo.tenant().clone();
        ctx
    }
}

impl Kolo {
    /// As it is at that time; nobody has one before their first link.
    pub(super) async fn page(&self, id: MemberId, now: Timestamp) -> Result<Loaded<Page>, Error> {
        let found = self.load::<Page>(id).await?;
        let page = found.unwrap_or_else(|| Loaded::fresh(&id, Page::of(id)));
        Ok(Loaded { state: page.state.at(now), ..page })
    }

    /// The member's latest link, for the message that brings it.
    #[cfg(feature = "conversation")]
    pub(crate) async fn key_page_link(&self, id: MemberId) -> Result<Secret, Error> {
        let settings = self.key_page_settings().ok_or(Error::NotAvailable)?;
        let number = self.page(id, self.now()).await?.state.links;
        let pass = self.pass_text(id, Use::Link, number).await?;
        Ok(Secret::new(format!("{}/{}", settings.url, pass.expose())))
    }

    fn announce(
        &self,
        changes: &mut Changes,
        id: MemberId,
        factor: u32,
        good_at: Timestamp,
    ) -> Result<(), Error> {
        changes.notice(id, "factor", crate::notice::Notice::FactorWaits { good_at })?;
        self.schedule_waiting(changes, id, factor, good_at)
    }
}
