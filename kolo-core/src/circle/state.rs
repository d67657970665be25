//! What is kept of a circle: its terms, who sits where, and a mirror of the contract's state.
//!
//! | event of the chain | what it does to the mirror |
//! |---|---|
//! | `participant_joined`, `participant_left` | a holder comes or goes; the last seat starts the circle |
//! | `group_started`, `group_closed` (cancelled) | forming → active, cancelled |
//! | `contribution_made`, `payout_made`, `credit_pushed`, `debt_repaid` | money moves by the rules |
//! | `dissolution_proposed`, `vote_cast` | the vote; when it passes, dissolved |
//! | `refund_claimed`, `synced` | the settlement |
//!
//! The mirror is `kolo_rules::Circle`, stepped by the same functions as the contract's: after the
//! same events both encode to the same bytes, which the reconciler compares.
use kolo_rules::circle::{Order, Turn};
use kolo_rules::{Circle as Mirror, Refusal, Rules};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::port::chain::{ChainAddress, CircleChainEvent};
use crate::record::{Aggregate, hex_bytes};
use crate::view::{CircleStage, CircleSummary};
use crate::{Asset, CircleId, Error, IntentId, InvitationId, MemberId, Timestamp};

/// Somebody's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    pub address: ChainAddress,
    /// `None`: somebody with a wallet of their own, unknown here.
    pub member: Option<MemberId>,
    pub name: String,
}

/// How far the contract is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Contract {
    Creating,
    Failed,
    Live,
}

/// Aggregate `circle`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Circle {
    pub id: CircleId,
    pub name: String,
    pub organiser: MemberId,
    pub asset: Asset,
    #[serde(with = "hex_bytes")]
    pub rules: Vec<u8>,
    #[serde(with = "hex_bytes")]
    pub salt: [u8; 32],
    pub address: ChainAddress,
    pub contract: Contract,
    /// In seat order.
    pub holders: Vec<Holder>,
    /// `kolo_rules::Circle::encode` bytes.
    #[serde(with = "hex_bytes")]
    pub mirror: Vec<u8>,
    /// Open invitations: places promised.
    pub invitations: Vec<InvitationId>,
    /// Set when an event did not fit the mirror: what, for the operator.
    pub diverged: Option<String>,
    pub created_at: Timestamp,
}

impl Aggregate for Circle {
    const KIND: &'static str = "circle";
}

/// Aggregate `seat`: circle × member. CONTRIBUTE changes only this, so that a full circle can pay
/// at once without a conflict.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Seat {
    pub circle: CircleId,
    pub member: MemberId,
    /// The payment on its way, if any.
    pub pending: Option<Pending>,
}

impl Aggregate for Seat {
    const KIND: &'static str = "seat";
}

impl Seat {
    pub fn key(circle: CircleId, member: MemberId) -> String {
        format!("{circle}/{member}")
    }
}

/// A payment on its way to the chain, with its hold in the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub intent: IntentId,
    /// The journal entry that holds the money.
    pub hold: String,
    /// 0 for a repayment.
    pub round: u8,
    pub amount: i64,
}

impl Circle {
    pub fn rules(&self) -> Result<Rules, Error> {
        Rules::decode(&self.rules).map_err(|e| self.unreadable("rules", e))
    }

    pub fn rules_hash(&self) -> [u8; 32] {
        Sha256::digest(&self.rules).into()
    }

    pub fn mirror(&self) -> Result<Mirror, Error> {
        Mirror::decode(&self.mirror).map_err(|e| self.unreadable("mirror", e))
    }

    pub fn set_mirror(&mut self, mirror: &Mirror) -> Result<(), Error> {
        self.mirror = encode_mirror(mirror)?;
        Ok(())
    }

    fn unreadable(&self, what: &str, why: Refusal) -> Error {
        Error::Stored { what: format!("{what} of {}", self.id), why: why.to_string() }
    }

    pub fn seat_of(&self, address: &ChainAddress) -> Option<u8> {
        let index = self.holders.iter().position(|holder| holder.address == *address)?;
        u8::try_from(index).ok()
    }

    pub fn seat_of_member(&self, member: MemberId) -> Option<u8> {
        let index = self.holders.iter().position(|holder| holder.member == Some(member))?;
        u8::try_from(index).ok()
    }

    pub fn holder(&self, seat: u8) -> Option<&Holder> {
        self.holders.get(usize::from(seat))
    }

    pub fn summary(&self) -> Result<CircleSummary, Error> {
        let stage = match self.contract {
            Contract::Creating => CircleStage::Creating,
            Contract::Failed => CircleStage::Failed,
            Contract::Live => CircleStage::OnChain(self.mirror()?.phase),
        };
        Ok(CircleSummary {
            id: self.id,
            name: self.name.clone(),
            stage,
            rules: self.rules()?,
            rules_hash: self.rules_hash(),
            asset: self.asset.clone(),
            members: u8::try_from(self.holders.len()).unwrap_or(u8::MAX),
            organiser: self.organiser,
            address: self.address.clone(),
        })
    }

    /// Steps the mirror by one event of the contract.
    ///
    /// # Errors
    /// What the rules answer when the event cannot follow from the state: the mirror is then unchanged.
    pub fn step(
        &self,
        mirror: &mut Mirror,
        event: &CircleChainEvent,
        now: u64,
    ) -> Result<(), Refusal> {
        use CircleChainEvent as E;
        let rules = Rules::decode(&self.rules)?;
        let seat = |address: &ChainAddress| self.seat_of(address).ok_or(Refusal::NotMember);
        match event {
            E::ParticipantJoined { turn, .. } => {
                mirror.join(&rules, asked(&rules, *turn), now).map(drop)
            }
            E::ParticipantLeft { member, .. } => mirror.leave(&rules, seat(member)?),
            // A full circle has started with its last joiner; this event then only says so.
            E::GroupStarted { started_at, .. } if mirror.started_at == 0 => {
                mirror.start(&rules, started_at.unix())
            }
            E::ContributionMade { member, round, amount, .. } => {
                mirror.contribute(&rules, seat(member)?, *round, *amount, now).map(drop)
            }
            E::PayoutMade { recipient, round, amount, credited } => {
                let mut next = mirror.clone();
                next.payout(&rules, *round, now)?;
                if *credited {
                    next.credit(seat(recipient)?, *amount)?;
                }
                *mirror = next;
                Ok(())
            }
            E::CreditPushed { member, .. } => mirror.push(seat(member)?).map(drop),
            E::DebtRepaid { member, amount, credited } => {
                let mut next = mirror.clone();
                let repaid = next.repay(&rules, seat(member)?, *amount)?;
                for creditor in credited {
                    let creditor = seat(creditor)?;
                    next.credit(creditor, repaid.to[usize::from(creditor)])?;
                }
                *mirror = next;
                Ok(())
            }
            E::DissolutionProposed { member, .. } => {
                mirror.propose_dissolve(&rules, seat(member)?, now).map(drop)
            }
            E::VoteCast { member, approve, .. } => {
                mirror.vote(&rules, seat(member)?, *approve, now).map(drop)
            }
            E::GroupClosed { reason: CANCELLED } => mirror.cancel(),
            E::RefundClaimed { member, .. } => mirror.claim(seat(member)?).map(drop),
            E::Synced { surplus, shortfall } => {
                let balance = mirror.liabilities()?.checked_add(*surplus)?;
                mirror.sync(balance.checked_sub(*shortfall)?).map(drop)
            }
            E::InvitationAdded { .. }
            | E::InvitationRevoked { .. }
            | E::GroupStarted { .. }
            | E::ProposalRejected { .. }
            | E::GroupClosed { .. } => Ok(()),
        }
    }
}

/// `group_closed` reasons.
pub(crate) const COMPLETED: u32 = 1;
pub(crate) const DISSOLVED: u32 = 2;
pub(crate) const CANCELLED: u32 = 3;

/// The turn a joiner asked for: only a fixed order has one.
fn asked(rules: &Rules, turn: Turn) -> Option<Turn> {
    match rules.order {
        Order::Fixed => Some(turn),
        _ => None,
    }
}

pub(crate) fn encode_mirror(mirror: &Mirror) -> Result<Vec<u8>, Error> {
    let mut buffer = vec![0; kolo_rules::circle::MAX_ENCODED];
    let length = mirror.encode(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}
