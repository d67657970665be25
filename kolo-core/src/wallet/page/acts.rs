//! What a visit and a code allow: taking the key away, closing, leaving the sponsorship.
//!
//! The code is looked at first and used up, then the command is given; when a process ends in between, the
//! same form goes on with the same code. What was done is done once: the form's word makes the command's key,
//! and the same form again gets the first answer, without another code.
use super::secret::owner;
use super::{For, KeyPage};
use crate::port::chain::ChainAddress;
use crate::port::vault::{SealTo, SealedKey, Secret};
use crate::unit::Changes;
use crate::{CommandContext, Error, IntentId, Kolo, MemberId};

/// The longest word of a form, bytes.
const LONGEST: usize = 64;

/// The word of one form, drawn when it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once(String);

impl Once {
    /// 1 to 64 letters, digits, `-` and `_`.
    ///
    /// # Errors
    /// [`Error::BadText`].
    pub fn try_new(text: &str) -> Result<Self, Error> {
        let is_word = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        let fits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_word);
        let refused = Error::BadText { field: "form", max: LONGEST };
        if fits { Ok(Self(text.to_owned())) } else { Err(refused) }
    }
}

impl KeyPage {
    /// The member's key, sealed to `to`; see [`crate::wallet::Wallets::export_key`], which is the one that
    /// looks at the code.
    ///
    /// # Errors
    /// [`Error::PageClosed`]; [`Error::NoFactor`]; [`Error::FactorLocked`]; as there.
    pub async fn export(
        &self,
        (visit, once): (&Secret, &Once),
        to: &SealTo,
        code: &Secret,
    ) -> Result<SealedKey, Error> {
        self.visited(visit).await?.0.may_try()?;
        let ctx = self.context(owner(visit)?, "export", once);
        self.kolo.wallets().export_on_page(&ctx, to, (visit, code)).await
    }

    /// Has the account closed; see [`crate::wallet::Wallets::close`]. What is in the way is said before a
    /// code is used up.
    ///
    /// # Errors
    /// [`Error::PageClosed`]; [`Error::NoFactor`]; [`Error::FactorLocked`]; [`Error::SecondFactor`]; as there.
    pub async fn close(
        &self,
        (visit, once): (&Secret, &Once),
        to: Option<ChainAddress>,
        code: &Secret,
    ) -> Result<IntentId, Error> {
        let id = self.visited(visit).await?.0.member;
        let ctx = self.context(id, "close", once);
        let asked = async {
            let member = self.kolo.member(id).await?.state;
            if let Some(why) = self.kolo.still_needed(&member).await? {
                return Err(Error::WalletInUse { why });
            }
            if !member.view().account_open {
                return Err(Error::NotReady);
            }
            self.kolo.try_code(id, code, &For { visit: Some(visit), act: Some(&ctx.key) }).await
        };
        self.once(&ctx, asked).await?;
        self.kolo.wallets().close(&ctx, to).await
    }

    /// Has the account released from the sponsorship; see [`crate::wallet::Wallets::leave_sponsorship`].
    ///
    /// # Errors
    /// As [`Self::close`].
    pub async fn leave_sponsorship(
        &self,
        (visit, once): (&Secret, &Once),
        code: &Secret,
    ) -> Result<IntentId, Error> {
        let id = self.visited(visit).await?.0.member;
        let ctx = self.context(id, "sponsorship", once);
        let asked = async {
            if !self.kolo.member(id).await?.state.view().account_open {
                return Err(Error::NotReady);
            }
            self.kolo.try_code(id, code, &For { visit: Some(visit), act: Some(&ctx.key) }).await
        };
        self.once(&ctx, asked).await?;
        self.kolo.wallets().leave_sponsorship(&ctx).await
    }

    /// What an act takes, unless it is done: then, also meanwhile by the same form sent twice, it takes nothing.
    async fn once(
        &self,
        ctx: &CommandContext,
        asked: impl Future<Output = Result<(), Error>>,
    ) -> Result<(), Error> {
        if self.is_done(ctx).await? {
            return Ok(());
        }
        match asked.await {
            Err(_) if self.is_done(ctx).await? => Ok(()),
            asked => asked,
        }
    }

    async fn is_done(&self, ctx: &CommandContext) -> Result<bool, Error> {
        Ok(self.kolo.ports().ledger.outcome(&ctx.tenant, &ctx.key).await?.is_some())
    }

    fn context(&self, member: MemberId, act: &str, once: &Once) -> CommandContext {
        let key = format!("key-page/{member}/{act}/{}", once.0);
        let mut ctx = CommandContext::of_member(member, key);
        ctx.tenant = self.kolo.tenant().clone();
        ctx
    }
}

impl Kolo {
    /// Writes down that the key is handed out, for `STOP KEY` to say; on a visit, as long as that lasts.
    pub(crate) async fn write_export(
        &self,
        changes: &mut Changes,
        id: MemberId,
        visit: Option<&Secret>,
    ) -> Result<(), Error> {
        let now = changes.now();
        let mut page = self.page(id, now).await?;
        if let Some(visit) = visit {
            page.state.check_visit(visit, now)?;
        }
        page.state.exported_at = Some(now);
        changes.write(&page)
    }
}
