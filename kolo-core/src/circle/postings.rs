//! What each event of a circle does to the books.
//!
//! | event | debit | credit |
//! |---|---|---|
//! | contribution, repayment into the vault | the member's wallet | the circle's pot |
//! | payout, credit delivered, refund, repayment to a creditor | the circle's pot | the member's wallet |
//! | tokens found in the vault | external | the circle's pot |
//! | tokens gone from the vault | the circle's pot | external |
//!
//! Wallets and pots grow on the credit side (we owe them), `external` on the debit side (where the
//! money came from). The pot is the vault, credits that wait for delivery included. Somebody whose
//! wallet is not ours is `external`.
use kolo_rules::Amount;

use crate::port::ledger::{AccountId, EntryStatus, JournalEntry, Posting, Side};
use crate::{Asset, CircleId, MemberId, Timestamp};

/// A member's wallet.
pub(crate) fn wallet(member: MemberId, asset: &Asset) -> AccountId {
    AccountId { name: format!("wallet/{member}"), asset: asset.key(), normal: Side::Credit }
}

/// A circle's vault.
pub(crate) fn pot(circle: CircleId, asset: &Asset) -> AccountId {
    AccountId { name: format!("pot/{circle}"), asset: asset.key(), normal: Side::Credit }
}

/// The world outside.
pub(crate) fn external(asset: &Asset) -> AccountId {
    AccountId { name: "external".to_owned(), asset: asset.key(), normal: Side::Debit }
}

/// The wallet, or the outside for a holder who is not ours.
pub(crate) fn purse(member: Option<MemberId>, asset: &Asset) -> AccountId {
    member.map_or_else(|| external(asset), |id| wallet(id, asset))
}

/// What a line of history should know about an entry.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circle: Option<CircleId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<u8>,
}

/// An entry that moves `amount` from one account to another.
pub(crate) struct Move<'a> {
    pub id: String,
    pub kind: &'a str,
    pub from: AccountId,
    pub to: AccountId,
    pub amount: Amount,
    pub status: EntryStatus,
    pub at: Timestamp,
    pub tx: Option<String>,
    pub details: &'a Details,
}

impl Move<'_> {
    /// Debit where it comes from, credit where it goes.
    pub fn entry(self) -> JournalEntry {
        let line = |account, side| Posting { account, side, amount: self.amount };
        JournalEntry {
            id: self.id,
            kind: self.kind.to_owned(),
            status: self.status,
            postings: vec![line(self.from, Side::Debit), line(self.to, Side::Credit)],
            effective_at: self.at,
            chain_tx: self.tx,
            details: serde_json::to_string(self.details).unwrap_or_default(),
        }
    }
}
