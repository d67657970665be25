//! Nodes that have not seen yet what became of a member's account: another one may be asked than the one that
//! told us.
use super::channel::OPENING_SPARE_S;
use super::state::Want;
use crate::member::state::Member;
use crate::port::chain::PrepareError;
use crate::port::work::ClaimedWork;
use crate::{Error, Kolo, Timestamp};

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
            (PrepareError::Refused(_), Want::OpenTrustline { member, .. }) => {
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
