//! From domain ids to what the chain understands.
use kolo_rules::Amount;

use super::state::{Claimed, Intent, Proposed, Signed, Want};
use crate::circle::sha256;
use crate::circle::state::{Circle, Contract};
use crate::invitation::state::Invitation;
use crate::member::state::{Account, Member, TrustState};
use crate::offer::OfferKind;
use crate::port::chain::{ChainAddress, ChainEffect, DrawSecret};
use crate::port::vault::{Digest, PublicKey};
use crate::record::Loaded;
use crate::{Asset, CircleId, Error, InvitationId, Kolo, MemberId, OfferId};

/// What leads the bytes signed for a draw's secret: no other kind of message begins so.
const DRAW_DOMAIN: &[u8] = b"kolo:draw:1:";

/// The effect of a want now, or what it must wait for.
pub(crate) enum Resolved {
    Effect(ChainEffect),
    /// The member's account or the circle's contract is not there yet.
    NotYet,
    /// There is nothing left to bring about.
    Done,
    /// What it needs will not come: waiting would block the account's lane for ever.
    Never(&'static str),
}

impl Kolo {
    /// Loads what the want names and puts it into the chain's words.
    pub(crate) async fn resolve(&self, want: &Want) -> Result<Resolved, Error> {
        match want {
            Want::OpenAccount { member, asset } => self.opening(*member, asset.as_ref()).await,
            Want::OpenChannel { number } => self.opening_channel(*number).await,
            Want::OpenTrustline { member, asset } => self.trusting(*member, asset).await,
            Want::TestMoney { member, amount, asset } => {
                self.giving(*member, Amount::new(*amount), asset.as_ref()).await
            }
            Want::CloseAccount { member, to } => self.closing(*member, to).await,
            Want::LeaveSponsorship { member } => self.standing_alone(*member).await,
            Want::CreateCircle { circle } => self.creation(*circle).await,
            Want::Invite { invitation } => self.inviting(*invitation).await,
            Want::Revoke { invitation } => self.revoking(*invitation).await,
            Want::Join { invitation, member } => self.joining(*invitation, *member).await,
            Want::Request { circle, member } => self.asking(*circle, *member).await,
            Want::TakeBack { circle, member } => self.withdrawal(*circle, *member).await,
            Want::TakeOffer { offer, .. } => self.taking(*offer).await,
            Want::Commit { circle, member } | Want::Reveal { circle, member } => {
                self.drawing(want, *circle, *member).await
            }
            Want::Sync { circle } => Ok(match self.needs_sync(*circle).await? {
                Some(circle) => Resolved::Effect(ChainEffect::Sync { circle }),
                None => Resolved::Done,
            }),
            Want::Prolong { circle, asset } => self.prolonging(*circle, asset.as_ref()).await,
            Want::Payout { circle, .. }
            | Want::Push { circle, .. }
            | Want::Claim { circle, .. }
            | Want::Proceed { circle }
            | Want::CompleteMove { circle, .. }
            | Want::Upgrade(Signed { circle, .. }) => {
                Ok(called(by_anyone(want, self.contract(*circle).await?)))
            }
            Want::Start { circle }
            | Want::Cancel { circle }
            | Want::Approve { circle, .. }
            | Want::Reject { circle, .. }
            | Want::Remove { circle, .. } => {
                let found = self.vouched_for(*circle).await?;
                let organiser = self.member(found.organiser).await?.state.address;
                Ok(called(by_organiser(want, found.address, organiser)))
            }
            Want::Leave { circle, member }
            | Want::Contribute { circle, member, .. }
            | Want::Repay { circle, member, .. }
            | Want::Secure { circle, member, .. }
            | Want::Bid { circle, member, .. }
            | Want::ClaimInsurance(Claimed { circle, member, .. })
            | Want::Exit { circle, member }
            | Want::Propose(Proposed { circle, member, .. })
            | Want::Object { circle, member }
            | Want::SignUpgrade(Signed { circle, member, .. })
            | Want::Vote { circle, member, .. } => {
                let Circle { address, asset, .. } = self.vouched_for(*circle).await?;
                let member = self.member(*member).await?.state.address;
                Ok(called(by_member(want, address, member, asset)))
            }
        }
    }

    /// Whether who asked may still have it done: an office can end between the command and the signature.
    pub(super) async fn may_still(&self, intent: &Intent) -> Result<bool, Error> {
        let (Some(by), Some(command)) = (intent.asked_by, intent.want.of_office()) else {
            return Ok(true);
        };
        let circle = match &intent.want {
            Want::Invite { invitation } | Want::Revoke { invitation } => {
                self.invitation(*invitation).await?.state.circle
            }
            Want::Approve { circle, .. }
            | Want::Reject { circle, .. }
            | Want::Remove { circle, .. }
            | Want::Start { circle }
            | Want::Cancel { circle } => *circle,
            _ => return Ok(true),
        };
        Ok(self.circle(circle).await?.state.permit(by, command).is_ok())
    }

    async fn opening(&self, member: MemberId, asset: Option<&Asset>) -> Result<Resolved, Error> {
        let owner = self.member(member).await?.state.address;
        let asset = asset.unwrap_or_else(|| self.asset()).clone();
        Ok(Resolved::Effect(ChainEffect::OpenAccount { owner, asset }))
    }

    async fn opening_channel(&self, number: u16) -> Result<Resolved, Error> {
        let channel = self.channel(number).await?.state.address;
        Ok(Resolved::Effect(ChainEffect::OpenChannel { channel }))
    }

    async fn trusting(&self, member: MemberId, asset: &Asset) -> Result<Resolved, Error> {
        Ok(match self.open_account(member).await? {
            Ok(owner) => {
                Resolved::Effect(ChainEffect::OpenTrustline { owner, asset: asset.clone() })
            }
            Err(_) => Resolved::Never("the account was closed meanwhile"),
        })
    }

    /// Test money, from who issues it.
    async fn giving(
        &self,
        member: MemberId,
        amount: Amount,
        asset: Option<&Asset>,
    ) -> Result<Resolved, Error> {
        let asset = asset.unwrap_or_else(|| self.asset()).clone();
        let to = match self.holding(member, &asset).await? {
            Ok(to) => to,
            Err(not_now) => return Ok(not_now),
        };
        let issuer = self.operator().issuer.ok_or(Error::NotAvailable)?;
        let from = self.ports().chain.account_address(&issuer);
        Ok(Resolved::Effect(ChainEffect::Pay { from, to, asset, amount }))
    }

    async fn standing_alone(&self, member: MemberId) -> Result<Resolved, Error> {
        Ok(match self.open_account(member).await? {
            Ok(owner) => {
                let assets = self.held_by(&self.member(member).await?.state);
                Resolved::Effect(ChainEffect::LeaveSponsorship { owner, assets })
            }
            // Opened anew since it was asked for: that waits in this very lane, behind this.
            Err(_) => Resolved::Never("the account was closed meanwhile"),
        })
    }

    /// Rent: of a circle's own entries, or of what all circles share.
    async fn prolonging(
        &self,
        circle: Option<CircleId>,
        asset: Option<&Asset>,
    ) -> Result<Resolved, Error> {
        let (circle, asset) = match circle {
            None => (None, asset.unwrap_or_else(|| self.asset()).clone()),
            Some(circle) => {
                let circle = self.vouched_for(circle).await?;
                (Some(circle.address), circle.asset)
            }
        };
        Ok(Resolved::Effect(ChainEffect::Prolong { circle, asset }))
    }

    /// Looked at once more: what was ahead in the account's lane is done by now, and may have left
    /// something in it.
    async fn closing(&self, member: MemberId, to: &ChainAddress) -> Result<Resolved, Error> {
        let member = self.member(member).await?.state;
        match self.still_needed(&member).await? {
            Some(why) => Ok(Resolved::Never(why.as_str())),
            None => Ok(Resolved::Effect(ChainEffect::CloseAccount {
                assets: self.held_by(&member),
                owner: member.address,
                to: to.clone(),
            })),
        }
    }

    async fn creation(&self, circle: CircleId) -> Result<Resolved, Error> {
        let circle = self.circle(circle).await?.state;
        match circle.contract {
            Contract::Creating => {}
            // Its own events were heard before its transaction was found.
            Contract::Live => return Ok(Resolved::Done),
            Contract::Failed | Contract::Foreign => {
                return Ok(Resolved::Never("the circle is there already, and none to be followed"));
            }
        }
        let organiser = match self.holding(circle.organiser, &circle.asset).await? {
            Ok(organiser) => organiser,
            Err(not_now) => return Ok(not_now),
        };
        Ok(Resolved::Effect(ChainEffect::CreateCircle {
            organiser,
            salt: circle.salt,
            rules: circle.rules()?,
            organiser_turn: Some(circle.organiser_turn),
        }))
    }

    async fn inviting(&self, id: InvitationId) -> Result<Resolved, Error> {
        let invitation = self.invitation(id).await?.state;
        let circle = self.vouched_for(invitation.circle).await?;
        if circle.contract != Contract::Live {
            return Ok(Resolved::NotYet);
        }
        Ok(Resolved::Effect(ChainEffect::Invite {
            circle: circle.address,
            organiser: self.member(circle.organiser).await?.state.address,
            key: invitation.key,
            turn: invitation.turn,
            expires_at: invitation.expires_at,
        }))
    }

    async fn revoking(&self, id: InvitationId) -> Result<Resolved, Error> {
        let invitation = self.invitation(id).await?.state;
        let circle = self.vouched_for(invitation.circle).await?;
        let organiser = self.member(circle.organiser).await?.state.address;
        let (circle, key) = (circle.address, invitation.key);
        Ok(Resolved::Effect(ChainEffect::RevokeInvitation { circle, organiser, key }))
    }

    async fn joining(&self, id: InvitationId, member: MemberId) -> Result<Resolved, Error> {
        let invitation = self.invitation(id).await?.state;
        let circle = self.vouched_for(invitation.circle).await?;
        let joiner = match self.holding(member, &circle.asset).await? {
            Ok(joiner) => joiner,
            Err(not_now) => return Ok(not_now),
        };
        let ports = self.ports();
        let message = ports.chain.invitation_message(&circle.address, &joiner)?;
        let key = invitation.key;
        let signature = ports.vault.sign(self.tenant(), &key, Digest::Raw, &message).await?;
        Ok(Resolved::Effect(ChainEffect::Join {
            rules_hash: circle.rules_hash(),
            turn: invitation.turn,
            circle: circle.address,
            member: joiner,
            key,
            signature,
        }))
    }

    async fn asking(&self, circle: CircleId, member: MemberId) -> Result<Resolved, Error> {
        let circle = self.vouched_for(circle).await?;
        let member = match self.holding(member, &circle.asset).await? {
            Ok(member) => member,
            Err(not_now) => return Ok(not_now),
        };
        let rules_hash = circle.rules_hash();
        Ok(Resolved::Effect(ChainEffect::Request { circle: circle.address, member, rules_hash }))
    }

    /// A request is taken back by the call that gives a place up: never by who has got one meanwhile.
    async fn withdrawal(&self, circle: CircleId, member: MemberId) -> Result<Resolved, Error> {
        let circle = self.vouched_for(circle).await?;
        let member = self.member(member).await?.state.address;
        if circle.seat_of(&member).is_some() {
            return Ok(Resolved::Never("who asked has a place by now"));
        }
        Ok(Resolved::Effect(ChainEffect::Leave { circle: circle.address, member }))
    }

    /// What both have consented to. A newcomer's account may not be open yet.
    async fn taking(&self, offer: OfferId) -> Result<Resolved, Error> {
        let offer = self.offer(offer).await?.state;
        let Circle { address, asset, .. } = self.vouched_for(offer.circle).await?;
        if offer.kind() == OfferKind::Seat
            && let Err(not_now) = self.holding(offer.taker.member, &asset).await?
        {
            return Ok(not_now);
        }
        Ok(Resolved::Effect(offer.effect(address, asset)))
    }

    /// Committing to a secret, and revealing it.
    async fn drawing(
        &self,
        want: &Want,
        circle: CircleId,
        member: MemberId,
    ) -> Result<Resolved, Error> {
        let found = self.vouched_for(circle).await?;
        let sitting = self.member(member).await?.state;
        let secret = self.draw_secret(&found.address, &sitting.key).await?;
        let (bond, member) = (found.rules()?.bond, sitting.address);
        let (circle, asset) = (found.address, found.asset);
        Ok(Resolved::Effect(match want {
            Want::Reveal { .. } => ChainEffect::Reveal { circle, member, secret },
            _ => ChainEffect::Commit { circle, member, secret, bond, asset },
        }))
    }

    /// A member's secret for the draw of a circle: the hash of what their key signs for it. Nobody can
    /// know it before without the key, nobody has to keep it (ed25519 gives the same signature each
    /// time), and each circle has another.
    async fn draw_secret(
        &self,
        circle: &ChainAddress,
        key: &PublicKey,
    ) -> Result<DrawSecret, Error> {
        let message = [DRAW_DOMAIN, circle.0.as_bytes()].concat();
        let vault = &self.ports().vault;
        let signature = vault.sign(self.tenant(), key, Digest::Raw, &message).await?;
        Ok(DrawSecret(sha256(&signature.0)))
    }

    /// The member's address once the account is open.
    async fn open_account(
        &self,
        member: MemberId,
    ) -> Result<Result<ChainAddress, Resolved>, Error> {
        let Member { account, address, .. } = self.member(member).await?.state;
        Ok(match account {
            Account::Open => Ok(address),
            Account::Opening => Err(Resolved::NotYet),
            Account::None | Account::Closing => {
                Err(Resolved::Never("the account could not be opened, or is closed"))
            }
        })
    }

    /// The member's address once the account can hold the asset.
    async fn holding(
        &self,
        member: MemberId,
        asset: &Asset,
    ) -> Result<Result<ChainAddress, Resolved>, Error> {
        let address = match self.open_account(member).await? {
            Ok(address) => address,
            not_now => return Ok(not_now),
        };
        let member = self.member(member).await?.state;
        Ok(match member.trust_in(asset) {
            Some(TrustState::Open) => Ok(address),
            // Opened before that was kept: what it lacks is wanted with the next command that needs it.
            None if member.trusts.is_empty() => Ok(address),
            Some(TrustState::Opening) => Err(Resolved::NotYet),
            _ => Err(Resolved::Never("the account could not be made to hold what is saved in")),
        })
    }

    async fn contract(&self, circle: CircleId) -> Result<ChainAddress, Error> {
        Ok(self.vouched_for(circle).await?.address)
    }

    /// One of our code: what another would do with a signature, nobody knows.
    async fn vouched_for(&self, circle: CircleId) -> Result<Circle, Error> {
        let circle = self.circle(circle).await?.state;
        if circle.contract == Contract::Foreign { Err(Error::OtherCode) } else { Ok(circle) }
    }

    pub(crate) async fn circle(&self, id: CircleId) -> Result<Loaded<Circle>, Error> {
        self.load(id).await?.ok_or(Error::NoSuchCircle)
    }

    pub(crate) async fn invitation(&self, id: InvitationId) -> Result<Loaded<Invitation>, Error> {
        self.load(id).await?.ok_or(Error::NoSuchInvitation)
    }
}

/// Never another call than the one that is wanted.
fn called(effect: Option<ChainEffect>) -> Resolved {
    effect.map_or(Resolved::Never("nobody knows how that is called"), Resolved::Effect)
}

/// The calls nobody signs for.
fn by_anyone(want: &Want, circle: ChainAddress) -> Option<ChainEffect> {
    Some(match want {
        Want::Payout { round, .. } => ChainEffect::Payout { circle, round: *round },
        Want::Push { to, .. } => ChainEffect::Push { circle, member: to.clone() },
        Want::Claim { to, .. } => ChainEffect::Claim { circle, member: to.clone() },
        Want::CompleteMove { whose, .. } => {
            ChainEffect::CompleteMove { circle, member: whose.clone() }
        }
        Want::Upgrade(Signed { wasm, .. }) => ChainEffect::Upgrade { circle, wasm: *wasm },
        Want::Proceed { .. } => ChainEffect::Proceed { circle },
        _ => return None,
    })
}

/// The organiser's calls before the start.
fn by_organiser(want: &Want, circle: ChainAddress, organiser: ChainAddress) -> Option<ChainEffect> {
    Some(match want {
        Want::Approve { who, turn, .. } => {
            ChainEffect::Approve { circle, organiser, member: who.clone(), turn: *turn }
        }
        Want::Reject { who, .. } => ChainEffect::Reject { circle, organiser, member: who.clone() },
        Want::Remove { who, .. } => ChainEffect::Remove { circle, organiser, member: who.clone() },
        Want::Start { .. } => ChainEffect::Start { circle, organiser },
        Want::Cancel { .. } => ChainEffect::Cancel { circle, organiser },
        _ => return None,
    })
}

/// The calls a member signs in a circle they are in.
fn by_member(
    want: &Want,
    circle: ChainAddress,
    member: ChainAddress,
    asset: Asset,
) -> Option<ChainEffect> {
    Some(match want {
        Want::Contribute { round, amount, .. } => {
            let (round, amount) = (*round, Amount::new(*amount));
            ChainEffect::Contribute { circle, member, round, amount, asset }
        }
        Want::Repay { amount, .. } => {
            ChainEffect::Repay { circle, member, amount: Amount::new(*amount), asset }
        }
        Want::Secure { amount, .. } => {
            ChainEffect::Secure { circle, member, amount: Amount::new(*amount), asset }
        }
        Want::Bid { round, amount, .. } => {
            ChainEffect::Bid { circle, member, round: *round, amount: Amount::new(*amount) }
        }
        Want::ClaimInsurance(Claimed { round, defaulter, amount, .. }) => {
            ChainEffect::ClaimInsurance {
                circle,
                member,
                round: *round,
                defaulter: defaulter.clone(),
                amount: Amount::new(*amount),
            }
        }
        Want::Exit { .. } => ChainEffect::Exit { circle, member },
        Want::Propose(Proposed { question, .. }) => ChainEffect::Propose {
            circle,
            member,
            motion: question.motion(),
            subject: question.subject().cloned(),
            newcomer: question.newcomer().cloned(),
        },
        Want::Object { .. } => ChainEffect::Object { circle, member },
        Want::SignUpgrade(Signed { wasm, .. }) => {
            ChainEffect::SignUpgrade { circle, member, wasm: *wasm }
        }
        Want::Vote { proposal, approve, .. } => {
            ChainEffect::Vote { circle, member, proposal: *proposal, approve: *approve }
        }
        Want::Leave { .. } => ChainEffect::Leave { circle, member },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_table_of_calls_does_not_name_is_no_call() {
        let (circle, member) = (CircleId::derive(&[b"table"]), MemberId::derive(&[b"table"]));
        let (there, who) = (ChainAddress("C".to_owned()), ChainAddress("G".to_owned()));
        let asset = Asset { code: "EURC".to_owned(), issuer: "G".to_owned(), decimals: 7 };
        let by_member = |want: &Want| by_member(want, there.clone(), who.clone(), asset.clone());
        let by_organiser = |want: &Want| by_organiser(want, there.clone(), who.clone());
        let by_anyone = |want: &Want| by_anyone(want, there.clone());
        let wants = [
            Want::Proceed { circle },
            Want::Cancel { circle },
            Want::Leave { circle, member },
            Want::Sync { circle },
        ];
        for (at, want) in wants.iter().enumerate() {
            let called = [by_anyone(want), by_organiser(want), by_member(want)];
            let which: Vec<_> = called.iter().map(Option::is_some).collect();
            assert_eq!(which, [at == 0, at == 1, at == 2], "{want:?}");
        }
    }
}
