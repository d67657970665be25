//! What is kept of a circle: its terms, who sits where, and a mirror of the contract's state.
//!
//! The mirror is `kolo_rules::Circle`, stepped by the same functions as the contract's (`steps.rs` says
//! which event is which step): after the same events both are equal, which the reconciler
//! compares.
use kolo_rules::circle::Motion;
use kolo_rules::{Circle as Mirror, Refusal, Rules};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::role::Office;
use crate::cap::DayCount;
use crate::port::chain::{ChainAddress, ChainEvent};
use crate::record::{Aggregate, hex_bytes};
use crate::view::{CircleStage, CircleSummary, NewcomerView, OfficerView};
use crate::{Asset, CircleId, Error, IntentId, InvitationId, MemberId, OfferId, Timestamp};

/// Somebody's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    pub address: ChainAddress,
    /// `None`: somebody with a wallet of their own, unknown here.
    pub member: Option<MemberId>,
    pub name: String,
}

/// Whom a vote would give a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Newcomer {
    pub proposal: u32,
    pub who: Holder,
}

/// Somebody's office, or the question whether they will take it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Officer {
    pub member: MemberId,
    pub office: Office,
    /// They said yes: until then it gives nothing.
    pub accepted: bool,
}

/// How often the organiser has been told of requests, in a day that began with the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Knocks {
    pub since: Timestamp,
    pub told: u8,
}

impl Officer {
    fn view(&self) -> OfficerView {
        let Self { member, office, accepted } = *self;
        OfficerView { member, office, accepted }
    }
}

impl Knocks {
    fn is_fresh(&self) -> bool {
        *self == Self::default()
    }
}

/// Who sat somewhere up to a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Former {
    pub address: ChainAddress,
    /// That of the event which took the seat away.
    pub until_ledger: u32,
}

/// How far the contract is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Contract {
    Creating,
    Failed,
    Live,
    /// It runs code that nobody here vouches for: it is a stranger, and nothing it says is followed.
    Foreign,
}

/// The end of following a circle: other code than ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OtherCode {
    /// SHA-256 of its wasm, in hex; `None` when it runs none.
    pub code: Option<String>,
    pub since: Since,
}

/// Up to where a circle's own events say what its vault has paid and got; what comes later, the asset's say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Since {
    /// Up to this event.
    Event(String),
    /// Up to the end of this ledger.
    Ledger(u32),
}

impl Since {
    pub fn is_before(&self, event: &ChainEvent) -> bool {
        match self {
            Self::Event(id) => event.id > *id,
            Self::Ledger(ledger) => event.ledger > *ledger,
        }
    }
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
    /// Who asked for a place and waits for the organiser's answer.
    #[serde(default)]
    pub requests: Vec<Holder>,
    /// Who of those is taking the request back: the chain's event does not say whose wish its end was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken_back: Vec<ChainAddress>,
    /// What was told to the organiser of those who ask.
    #[serde(default, skip_serializing_if = "Knocks::is_fresh")]
    pub knocks: Knocks,
    /// Whose seat has gone to somebody else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<Former>,
    /// When members last heard of a gift to the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift_told_at: Option<Timestamp>,
    /// The circle's own code: with it anybody may ask for a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who shall sit where, of the votes on a seat that are open or have passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub newcomers: Vec<Newcomer>,
    /// Of one person at most one that is held and one that is asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub officers: Vec<Officer>,
    /// How many were asked today to take an office up: see [`crate::Cap::Offices`].
    #[serde(default, skip_serializing_if = "DayCount::is_fresh")]
    pub named_today: DayCount,
    /// Open invitations: places promised.
    pub invitations: Vec<InvitationId>,
    /// Offers between two people that may still come about; those that ended are taken out with the
    /// next event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<OfferId>,
    /// The organiser's own turn; another than the first only where the order is fixed.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub organiser_turn: u8,
    /// Up to this ledger it was read from the contract's state, history being lost: its events up to there
    /// are told, not booked.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub filled_to: u32,
    /// Not read since a gap in history, in which it may have changed its code: what it says is in what it will
    /// be read from.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
    /// Set with [`Contract::Foreign`], for ever: what other code has done to its state nobody can tell, also
    /// when it has given the circle ours again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_code: Option<OtherCode>,
    /// The chain's time when it was read so: that ledger closed then or later. `None`: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filled_at: Option<Timestamp>,
    /// Set when an event did not fit the mirror: what, for the operator.
    pub diverged: Option<String>,
    pub created_at: Timestamp,
}

const fn first() -> u8 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives it so")]
const fn is_first(turn: &u8) -> bool {
    *turn == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives it so")]
const fn is_zero(ledger: &u32) -> bool {
    *ledger == 0
}

impl Aggregate for Circle {
    const KIND: &'static str = "circle";
    /// 2: rules of 128 bytes and the mirror that goes with them. (1 was never released.)
    const SCHEMA: u32 = 2;
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
    /// 0 for what belongs to no round: a repayment, a deposit, a bond.
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

    /// Boxed: with room for every seat and debt it is too large to be carried through async calls.
    pub fn mirror(&self) -> Result<Box<Mirror>, Error> {
        Mirror::decode(&self.mirror).map(Box::new).map_err(|e| self.unreadable("mirror", e))
    }

    pub fn set_mirror(&mut self, mirror: &Mirror) -> Result<(), Error> {
        self.mirror = encode_mirror(mirror)?;
        Ok(())
    }

    /// Whether something can be done in it.
    pub fn require_live(&self) -> Result<(), Error> {
        match self.contract {
            Contract::Live => Ok(()),
            Contract::Creating => Err(Error::NotReady),
            Contract::Failed => Err(Error::NoSuchCircle),
            Contract::Foreign => Err(Error::OtherCode),
        }
    }

    /// Whether events of that ledger change nothing (any more): it was read from its state since, or they
    /// are a stranger's.
    pub fn is_past(&self, ledger: u32) -> bool {
        self.contract == Contract::Foreign || ledger <= self.filled_to
    }

    fn unreadable(&self, what: &str, why: Refusal) -> Error {
        Error::Stored { what: format!("{what} of {}", self.id), why: why.to_string() }
    }

    pub fn seat_of(&self, address: &ChainAddress) -> Option<u8> {
        let index = self.holders.iter().position(|holder| holder.address == *address)?;
        u8::try_from(index).ok()
    }

    /// Whether somebody sat in it in that ledger, also when its events are read again after the seat has
    /// gone to somebody else.
    pub fn sat(&self, address: &ChainAddress, ledger: u32) -> bool {
        let until = |former: &Former| former.address == *address && ledger <= former.until_ledger;
        self.seat_of(address).is_some() || self.former.iter().any(until)
    }

    pub fn seat_of_member(&self, member: MemberId) -> Option<u8> {
        let index = self.holders.iter().position(|holder| holder.member == Some(member))?;
        u8::try_from(index).ok()
    }

    pub fn holder(&self, seat: u8) -> Option<&Holder> {
        self.holders.get(usize::from(seat))
    }

    /// The name of whom a vote is about; empty for closing the circle.
    pub fn about(&self, motion: Motion, subject: u8) -> String {
        if motion == Motion::Dissolve {
            return String::new();
        }
        self.holder(subject).map(|holder| holder.name.clone()).unwrap_or_default()
    }

    /// Whether this one, who waits, is taking the request back.
    pub fn has_taken_back(&self, waiting: &Holder) -> bool {
        self.taken_back.contains(&waiting.address)
    }

    /// Newcomers are kept as long as the vote about them is.
    pub fn forget_decided(&mut self, mirror: &Mirror) {
        self.newcomers
            .retain(|newcomer| mirror.open_proposals().any(|open| open.id == newcomer.proposal));
    }

    /// Whom the vote on a replacement that is open, or has passed, is about.
    pub fn replacing(&self, mirror: &Mirror) -> Option<&ChainAddress> {
        let vote = mirror.open_proposals().find(|open| open.motion == Motion::Replace)?;
        let found = self.newcomers.iter().find(|newcomer| newcomer.proposal == vote.id)?;
        Some(&found.who.address)
    }

    /// Whom a vote would give the seat.
    pub fn newcomer_of(&self, proposal: u32) -> Option<NewcomerView> {
        let found = self.newcomers.iter().find(|newcomer| newcomer.proposal == proposal)?;
        let Holder { name, address, .. } = found.who.clone();
        Some(NewcomerView { name, address })
    }

    pub fn summary(&self) -> Result<CircleSummary, Error> {
        let stage = match self.contract {
            Contract::Creating => CircleStage::Creating,
            Contract::Failed => CircleStage::Failed,
            Contract::Foreign => CircleStage::Foreign,
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
            officers: self.officers.iter().map(Officer::view).collect(),
            address: self.address.clone(),
        })
    }
}

/// `group_closed` reasons.
pub(crate) const COMPLETED: u32 = 1;
pub(crate) const DISSOLVED: u32 = 2;
pub(crate) const CANCELLED: u32 = 3;

pub(crate) fn encode_mirror(mirror: &Mirror) -> Result<Vec<u8>, Error> {
    let mut buffer = vec![0; kolo_rules::circle::MAX_ENCODED];
    let length = mirror.encode(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}
