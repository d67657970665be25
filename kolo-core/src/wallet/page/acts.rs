//! What a visit and a code allow: taking the key away, closing, leaving the sponsorship.
//!
//! The code is looked at first and used up, then the command is given; a process that ends in between has
//! used a code and done nothing. What was done is done once: the form's word makes the command's key, and
//! the same form again gets the first answer, without another code.
use super::KeyPage;
use super::secret::owner;
use crate::port::chain::ChainAddress;
use crate::port::vault::{SealTo, SealedKey, Secret};
use crate::{CommandContext, Error, IntentId, MemberId};

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
        let sealed = self.kolo.wallets().export_key(&ctx, to, code).await;
        match sealed {
            // The fifth wrong code in a row: say so rather than that it was wrong.
            Err(Error::SecondFactor) => {
                self.visited(visit).await?.0.may_try()?;
                Err(Error::SecondFactor)
            }
            sealed => sealed,
        }
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
        if !self.is_done(&ctx).await? {
            let member = self.kolo.member(id).await?.state;
            if let Some(why) = self.kolo.still_needed(&member).await? {
                return Err(Error::WalletInUse { why });
            }
            if !member.view().account_open {
                return Err(Error::NotReady);
            }
            self.kolo.try_code(id, code).await?;
        }
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
        if !self.is_done(&ctx).await? {
            if !self.kolo.member(id).await?.state.view().account_open {
                return Err(Error::NotReady);
            }
            self.kolo.try_code(id, code).await?;
        }
        self.kolo.wallets().leave_sponsorship(&ctx).await
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
