//! What a member's account can hold: a trustline for each asset of the host's list.
//!
//! | when | what |
//! |---|---|
//! | the account is opened | with it the trustline of the usual asset, then one for each other |
//! | an asset came onto the list since | with the next command that needs the account, or the next comparison of wallets |
//! | one could not be opened | nothing else waits for it; the next such command asks again |
//! | the account is not there | it is not brought back for it: its owner's next command opens it, or money that waits |
//!
//! Each is an intent of its own, so that an asset whose issuer is gone keeps nobody from the others.
use crate::intent::state::{Progress, Want};
use crate::member::state::{Account, Member, TrustState};
use crate::record::Loaded;
use crate::unit::{Changes, Command};
use crate::{Asset, CommandContext, Error, Kolo, MemberId};

/// Members whose trustlines are brought in one go: the sponsor sends one in a ledger.
const AT_ONCE: usize = 5;

impl Kolo {
    /// Has an open account get what it lacks of the list, and what was refused before. The caller writes
    /// the member.
    pub(crate) fn have_trustlines(
        &self,
        changes: &mut Changes,
        member: &mut Member,
    ) -> Result<(), Error> {
        let refused = |state| state == TrustState::Refused;
        let lacking = self.lacking(member, refused);
        lacking.into_iter().try_for_each(|asset| want_trustline(changes, member, asset))
    }

    /// The same for those whose accounts were open before an asset came onto the list: they may be sent
    /// some of it. What was refused is left to their own commands. A few at a time, and none while one of
    /// the last few waits: all of them are in the sponsor's lane, before whoever opens an account next, and
    /// the sponsor may be short, or not allowed to sign for the asset yet. Whose are under way now.
    pub(crate) async fn bring_trustlines(
        &self,
        members: &[Loaded<Member>],
        before: Vec<MemberId>,
    ) -> Result<Vec<MemberId>, Error> {
        for member in &before {
            let there = self.load::<Member>(*member).await?;
            if there.is_some_and(|there| waits(&there.state)) {
                return Ok(before);
            }
        }
        let mut bringing = Vec::new();
        for found in members {
            let lacking = self.lacking(&found.state, |_| false);
            if found.state.account != Account::Open || lacking.is_empty() {
                continue;
            }
            if bringing.len() == AT_ONCE {
                break;
            }
            bringing.push(found.state.id);
            let key = format!("trustlines/{}/{}", found.state.id, found.version);
            let ctx =
                CommandContext { tenant: self.tenant().clone(), ..CommandContext::of_system(key) };
            let mut command = Command::begin(self, &ctx, "trustlines", &found.state.id).await?;
            let mut changes = command.changes();
            let mut member = Loaded { state: found.state.clone(), ..found.clone() };
            for asset in lacking {
                want_trustline(&mut changes, &mut member.state, asset)?;
            }
            changes.write(&member)?;
            changes.forgettable();
            // `None`: they were faster; at the next comparison, if it is still wanted then.
            command.commit(changes, ()).await?;
        }
        Ok(bringing)
    }

    /// What of the list an account has no trustline to, and none under way.
    fn lacking(&self, member: &Member, again: impl Fn(TrustState) -> bool) -> Vec<Asset> {
        // Opened before this was kept, nothing is known of any: a trustline that is there is found to be.
        let assets = self.assets().iter().map(|allowed| &allowed.asset);
        let lacks = |asset: &&Asset| member.trust_in(asset).is_none_or(&again);
        assets.filter(lacks).cloned().collect()
    }

    /// Every asset the member's account may hold: those of the list, and those that were on it.
    pub(crate) fn held_by(&self, member: &Member) -> Vec<Asset> {
        let mut assets: Vec<_> =
            self.assets().iter().map(|allowed| allowed.asset.clone()).collect();
        for trust in &member.trusts {
            if !assets.contains(&trust.asset) {
                assets.push(trust.asset.clone());
            }
        }
        assets
    }

    /// What any of these may hold: what came off the list still has books that meet the chain.
    pub(crate) fn held_by_any(&self, members: &[Loaded<Member>]) -> Vec<Asset> {
        let mut assets: Vec<_> =
            self.assets().iter().map(|allowed| allowed.asset.clone()).collect();
        for asset in members.iter().flat_map(|member| self.held_by(&member.state)) {
            if !assets.contains(&asset) {
                assets.push(asset);
            }
        }
        assets
    }

    /// A trustline's intent has ended.
    pub(crate) async fn trustline_settled(
        &self,
        changes: &mut Changes,
        member: MemberId,
        asset: &Asset,
        (end, sent_before): (&Progress, bool),
    ) -> Result<(), Error> {
        let mut member = self.member(member).await?;
        let state = match end {
            Progress::Refused(_) | Progress::NotAllowed => TrustState::Refused,
            _ => TrustState::Open,
        };
        // Who has no account any more has no trustline either, refused or not.
        if member.state.account != Account::None {
            member.state.set_trust(asset, state);
        }
        let ours = matches!(end, Progress::Confirmed { .. }) || sent_before;
        if ours && state == TrustState::Open {
            // The sponsor carries it; or may, where what was sent first was never heard of.
            member.state.own_reserves = false;
        }
        changes.write(&member)?;
        let kind = match state {
            TrustState::Refused => "member.trustline_refused",
            _ => "member.trustline_opened",
        };
        changes.event(&member.id, kind, &asset.key())
    }
}

fn waits(member: &Member) -> bool {
    member.trusts.iter().any(|trust| trust.state == TrustState::Opening)
}

fn want_trustline(changes: &mut Changes, member: &mut Member, asset: Asset) -> Result<(), Error> {
    member.set_trust(&asset, TrustState::Opening);
    let label = format!("trustline/{}", asset.key());
    let want = Want::OpenTrustline { member: member.id, asset };
    changes.want(&label, want, None).map(drop)
}
