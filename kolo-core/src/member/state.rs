//! What is kept of a person.
use serde::{Deserialize, Serialize};

use crate::cap::DayCount;
use crate::port::chain::ChainAddress;
use crate::port::channel::Contact;
use crate::port::vault::PublicKey;
use crate::record::Aggregate;
use crate::view::MemberView;
use crate::{Asset, CircleId, InvitationId, MemberId, Timestamp};

/// How far the member's account on the chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Account {
    /// Only a key: nothing on the chain yet (strangers cost nothing).
    None,
    /// Being opened.
    Opening,
    /// Open, with a trustline.
    Open,
    /// Being merged away: nothing new is begun with it.
    Closing,
}

/// How far a trustline of an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TrustState {
    /// Being opened.
    Opening,
    /// Open.
    Open,
    /// It could not be opened.
    Refused,
}

/// What an account can hold besides nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trust {
    pub asset: Asset,
    pub state: TrustState,
}

/// Aggregate `member`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Member {
    pub id: MemberId,
    #[serde(default)]
    pub external_id: Option<String>,
    pub name: String,
    pub phone: Option<String>,
    pub contact: Option<Contact>,
    pub key: PublicKey,
    pub address: ChainAddress,
    pub account: Account,
    /// What that account can hold; empty while there is none, and for one opened before this was kept, under
    /// the one asset there was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusts: Vec<Trust>,
    /// When the account was last known to have been opened: what a node knows may be older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// That account carries its own reserves: nothing of it is the sponsor's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_reserves: bool,
    /// When it was last known to have been closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Organised or joined, oldest first.
    pub circles: Vec<CircleId>,
    /// Codes they have used: those of which the chain has said nothing yet, and some older ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joining: Vec<InvitationId>,
    pub registered_at: Timestamp,
    /// Circles created today: see [`crate::Caps`].
    #[serde(default)]
    pub circles_today: DayCount,
    /// Proofs given today to have the key: see [`crate::Cap::Exports`].
    #[serde(default, skip_serializing_if = "DayCount::is_fresh")]
    pub exports_today: DayCount,
}

impl Aggregate for Member {
    const KIND: &'static str = "member";
}

impl Member {
    /// How far the trustline to an asset is; `None`: there is none, or it is not known of.
    pub fn trust_in(&self, asset: &Asset) -> Option<TrustState> {
        self.trusts.iter().find(|trust| trust.asset == *asset).map(|trust| trust.state)
    }

    pub fn set_trust(&mut self, asset: &Asset, state: TrustState) {
        match self.trusts.iter_mut().find(|trust| trust.asset == *asset) {
            Some(trust) => trust.state = state,
            None => self.trusts.push(Trust { asset: asset.clone(), state }),
        }
    }

    /// There is none on the chain any more; the key stays.
    pub fn no_account(&mut self) {
        self.account = Account::None;
        self.own_reserves = false;
        self.trusts.clear();
    }

    pub fn view(&self) -> MemberView {
        MemberView {
            id: self.id,
            external_id: self.external_id.clone(),
            name: self.name.clone(),
            phone: self.phone.clone(),
            contact: self.contact.clone(),
            address: self.address.clone(),
            account_open: self.account == Account::Open,
            registered_at: self.registered_at,
        }
    }
}

/// The value of a contact in the `contact` index.
pub(crate) fn contact_key(contact: &Contact) -> String {
    format!("{}/{}", contact.channel, contact.address)
}

/// 1 to `max` characters after trimming, without control characters.
pub(crate) fn clean_text(
    text: &str,
    field: &'static str,
    max: usize,
) -> Result<String, crate::Error> {
    let clean: String = text.chars().filter(|c| !is_hidden(*c)).collect();
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if clean.is_empty() || clean.chars().count() > max {
        return Err(crate::Error::BadText { field, max });
    }
    Ok(clean)
}

/// Characters that are not seen, turn what follows around, or are for private use.
fn is_hidden(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{E000}'..='\u{F8FF}' | '\u{FEFF}')
}
