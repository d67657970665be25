//! Nodes that have not seen yet what became of a member's account: another one may be asked than the one that
//! told us.
use super::channel::OPENING_SPARE_S;
use super::state::Want;
use crate::member::state::{Account, Member};
use crate::port::chain::{ChainAddress, PrepareError};
use crate::port::work::ClaimedWork;
use crate::unit::Command;
use crate::{CommandContext, Error, Kolo, Timestamp};

/// So often it is asked again (half an hour): the lane is not kept longer from what else waits there.
const ATTEMPTS_BEHIND: u32 = 60;

impl Kolo {
    /// Whether what a node says of a member's account is older than what is known: asked again, it will know.
    pub(super) async fn is_behind_members(
        &self,
        work: &ClaimedWork,
        want: &Want,
        error: &PrepareError,
    ) -> Result<bool, Error> {
        if work.attempts >= ATTEMPTS_BEHIND {
            return Ok(false);
        }
        match (error, want) {
            (PrepareError::NoSource { account, as_of }, _) => {
                let Some(id) = self.find("address", &account.0).await? else { return Ok(false) };
                let member = self.load::<Member>(id).await?;
                Ok(member.is_some_and(|member| is_before(*as_of, member.state.opened_at)))
            }
            // It is not there, says a node that may not have seen it opened.
            (PrepareError::AlreadyDone, Want::CloseAccount { member, .. }) => {
                self.has_not_seen(self.member(*member).await?.state.opened_at).await
            }
            // It is there, says one that may not have seen it closed.
            (
                PrepareError::AlreadyDone,
                Want::OpenAccount { member, .. } | Want::OpenTrustline { member, .. },
            ) => self.has_not_seen(self.member(*member).await?.state.closed_at).await,
            _ => Ok(false),
        }
    }

    /// A member's account is not there any more, by a ledger that would show it: they have merged it away in another
    /// wallet. It is opened again with their next wish, or when something of theirs waits for it.
    pub(super) async fn account_is_gone(
        &self,
        account: &ChainAddress,
        as_of: Timestamp,
    ) -> Result<(), Error> {
        let Some(id) = self.find("address", &account.0).await? else { return Ok(()) };
        let Some(mut member) = self.load::<Member>(id).await? else { return Ok(()) };
        if member.state.account != Account::Open || is_before(as_of, member.state.opened_at) {
            return Ok(());
        }
        tracing::warn!(member = %member.state.id, %account, "the account is gone: its owner has merged it away");
        let key = format!("account/{}/gone/{}", member.state.id, member.version);
        let ctx =
            CommandContext { tenant: self.tenant().clone(), ..CommandContext::of_system(key) };
        let mut command = Command::begin(self, &ctx, "account.gone", account).await?;
        let mut changes = command.changes();
        member.state.no_account();
        member.state.closed_at = Some(as_of);
        changes.write(&member)?;
        changes.event(&member.id, "member.account_gone", account)?;
        // `None`: something else happened to them; the next time will do.
        command.commit(changes, ()).await.map(drop)
    }

    /// Whether what happened then may be later than what the node knows.
    async fn has_not_seen(&self, then: Option<Timestamp>) -> Result<bool, Error> {
        if then.is_none() {
            return Ok(false);
        }
        Ok(is_before(self.ports().chain.latest().await?.closed_at, then))
    }
}

/// Whether a ledger that closed at `as_of` may be earlier than what happened `then`.
fn is_before(as_of: Timestamp, then: Option<Timestamp>) -> bool {
    then.is_some_and(|then| as_of <= then.plus(OPENING_SPARE_S))
}
