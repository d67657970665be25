//! Links, visits, and setting a factor up.
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::KeyPageSettings;
use super::factor::{step_of, tell_of_lock};
use super::secret::{Use, owner};
use super::state::{Attempt, MOST_WRONG, Page, Pass, Waiting};
use crate::notice::Notice;
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
    /// A factor that waited; another one is good still, until it is stopped by the same command again.
    WaitingKeptFactor,
    /// Nothing waited, and the good factor stays until it is stopped by the same command again.
    KeptFactor,
    /// The factor: a new one has to be set up.
    Factor,
    /// Nothing else was there.
    Links,
}

/// What came of `STOP KEY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyStopped {
    /// What it ended.
    pub what: Stopped,
    /// When the key was last handed out: no stopping takes that back.
    pub exported_at: Option<Timestamp>,
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
    /// How long a factor waits that is set up now, days; in place of a good one, with a code of that.
    pub wait_days: u64,
    /// The same in place of a good one, without a code of that.
    pub wait_days_without_code: u64,
    /// Whether a factor is good.
    pub has_factor: bool,
    /// When one that waits will be.
    pub good_at: Option<Timestamp>,
    /// Wrong codes on end so far, of the factor that is good.
    pub wrong_codes: u32,
    /// So many more, and none is taken for a day.
    pub codes_left: u32,
    /// Too many wrong codes: until then none is taken.
    pub locked_until: Option<Timestamp>,
    /// Whether the host hands keys out.
    pub exports: bool,
    /// Whether the account carries its own reserves: there is no sponsorship to leave.
    pub own_reserves: bool,
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
        let link_s = self.settings()?.link_s;
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
                wait_days: self.wait_s(&page.state, false)?.div_ceil(DAY_S),
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
        let visit_s = self.settings()?.visit_s;
        // Under a key of its own: of two at once the later one meets what the other has written, not its
        // answer.
        let ctx = self.kolo.drawn("key-page/open")?;
        let mut command = Command::begin(&self.kolo, &ctx, "key_page.open", &()).await?;
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
        let (with_code, without) = (self.wait_s(&page, true)?, self.wait_s(&page, false)?);
        let member = self.kolo.member(page.member).await?.state;
        Ok(KeyPageView {
            until,
            wait_days: if page.factor.is_some() { with_code } else { without }.div_ceil(DAY_S),
            wait_days_without_code: without.div_ceil(DAY_S),
            has_factor: page.factor.is_some(),
            good_at: page.waiting.map(|waiting| waiting.good_at),
            wrong_codes: page.wrong,
            codes_left: MOST_WRONG.saturating_sub(page.wrong),
            locked_until: page.locked_until,
            exports: self.kolo.export().is_some_and(|export| export.on_page),
            own_reserves: member.own_reserves,
            kept: self.kolo.still_needed(&member).await?,
            member: member.view(),
        })
    }

    /// Shows a factor to be set up: the same one as long as the visit lasts.
    ///
    /// # Errors
    /// [`Error::UnderWay`] while one waits: `STOP KEY` comes before another; [`Error::NotAvailable`] for a member
    /// whom no chat reaches; [`Error::PageClosed`]; a port's failure.
    pub async fn enrol(&self, visit: &Secret) -> Result<Enrolment, Error> {
        let id = owner(visit)?;
        let number = self.visited(visit).await?.0.links;
        self.check_reachable(id).await?;
        let ctx = self.kolo.on_own(format!("key-page/{id}/enrol/{number}"));
        let mut command = Command::begin(&self.kolo, &ctx, "key_page.enrol", &()).await?;
        let factor = loop {
            let mut changes = command.changes();
            changes.forgettable();
            let mut page = self.kolo.page(id, changes.now()).await?;
            page.state.check_visit(visit, changes.now())?;
            if page.state.waiting.is_some() {
                return Err(Error::UnderWay);
            }
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
    /// that is good stays so until then; with `old`, a code of that one, the new one waits no longer than a
    /// first one.
    ///
    /// # Errors
    /// [`Error::SecondFactor`] for a wrong code, [`Error::FactorLocked`] when that was the fifth of the old one;
    /// [`Error::NoFactor`] when none was shown, or there is no old one; [`Error::UnderWay`] while one waits;
    /// [`Error::PageClosed`]; a port's failure.
    pub async fn confirm(
        &self,
        visit: &Secret,
        code: &Secret,
        old: Option<&Secret>,
    ) -> Result<Timestamp, Error> {
        let id = owner(visit)?;
        let factor = self.visited(visit).await?.0.begun.ok_or(Error::NoFactor)?;
        let totp = self.kolo.authenticator(id, factor).await?;
        let ctx = self.kolo.drawn("key-page/confirm")?;
        let mut command = Command::begin(&self.kolo, &ctx, "key_page.confirm", &()).await?;
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
            let attempt = self.try_old(&mut page.state, old, now).await?;
            if attempt != Attempt::Right {
                changes.write(&page)?;
                tell_of_lock(&mut changes, &page, attempt)?;
                if command.commit(changes, now).await?.is_some() {
                    attempt.into_result()?;
                }
                continue;
            }
            let wait_s = self.wait_s(&page.state, old.is_some())?;
            let waiting = Waiting { factor, good_at: now.plus(wait_s), wait_s, told: false };
            self.kolo.announce(&mut changes, &page.state, waiting)?;
            page.state.confirm(step, waiting);
            changes.write(&page)?;
            changes.event(&page.id, "key_page.factor_waits", &waiting.good_at)?;
            if let Some(good_at) = command.commit(changes, waiting.good_at).await? {
                return Ok(good_at);
            }
        }
    }

    /// A code of the good factor, where one is given.
    async fn try_old(
        &self,
        page: &mut Page,
        old: Option<&Secret>,
        now: Timestamp,
    ) -> Result<Attempt, Error> {
        let Some(old) = old else { return Ok(Attempt::Right) };
        let factor = page.may_try()?;
        let totp = self.kolo.authenticator(page.member, factor).await?;
        let shown_at = self.kolo.ports().clock.now_elsewhere();
        Ok(page.attempt(step_of(&totp, old, shown_at), None, now))
    }

    /// Ends the visit.
    ///
    /// # Errors
    /// [`Error::PageClosed`] when it is over; a port's failure.
    pub async fn leave(&self, visit: &Secret) -> Result<(), Error> {
        let id = owner(visit)?;
        let number = self.visited(visit).await?.0.links;
        let ctx = self.kolo.on_own(format!("key-page/{id}/leave/{number}"));
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

    /// `STOP KEY`: ends every link and visit of the commanding member, and the factor that waits, at once: what
    /// that prevents cannot be made good, and all it costs is another wait. The one that is good goes when the
    /// command comes again within an hour.
    ///
    /// # Errors
    /// [`Error::NotAvailable`]; a port's failure.
    pub async fn stop(&self, ctx: &CommandContext) -> Result<KeyStopped, Error> {
        let id = ctx.member()?;
        let request = CommandRequest::new(ctx, CommandName::StopKeyPage);
        let mut command = Command::asked(&self.kolo, ctx, request, &id).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        self.settings()?;
        loop {
            let mut changes = command.changes();
            changes.forgettable();
            let mut page = self.kolo.page(id, changes.now()).await?;
            let what = page.state.stop(changes.now());
            let stopped = KeyStopped { what, exported_at: page.state.exported_at };
            changes.write(&page)?;
            changes.event(&page.id, "key_page.stopped", &what)?;
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

    /// How long a factor waits that is set up now.
    fn wait_s(&self, page: &Page, with_code: bool) -> Result<u64, Error> {
        let KeyPageSettings { wait_s, wait_without_code_s, .. } = *self.settings()?;
        let wait_s = wait_s.max(DAY_S);
        Ok(if page.has_had_one() && !with_code { wait_without_code_s.max(wait_s) } else { wait_s })
    }

    /// What nobody can be told of is not set up.
    async fn check_reachable(&self, id: MemberId) -> Result<(), Error> {
        let contact = self.kolo.member(id).await?.state.contact;
        contact.map(|_| ()).ok_or(Error::NotAvailable)
    }
}

impl Kolo {
    /// A step of our own under that key.
    pub(super) fn on_own(&self, key: String) -> CommandContext {
        let mut ctx = CommandContext::of_system(key);
        ctx.tenant = self.tenant().clone();
        ctx
    }

    /// A step of our own, another each time.
    pub(super) fn drawn(&self, what: &str) -> Result<CommandContext, Error> {
        let mut drawn = [0_u8; 16];
        self.ports().entropy.fill(&mut drawn)?;
        Ok(self.on_own(format!("{what}/{}", HEXLOWER.encode(&drawn))))
    }

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
        page: &Page,
        Waiting { factor, good_at, .. }: Waiting,
    ) -> Result<(), Error> {
        let replaces = page.has_had_one();
        let told = Notice::FactorWaits { factor, good_at, replaces, reminder: false };
        changes.notice(page.member, "factor", told)?;
        self.schedule_waiting(changes, page.member, factor, good_at)
    }
}
