//! What each event of a circle does to the books.
//!
//! A circle has five accounts of the [chart](crate::chart); together they are its vault, to the stroop:
//!
//! | account | is |
//! |---|---|
//! | `pot/…` | instalments for rounds that are not paid out |
//! | `deposits/…` | bonds and security |
//! | `reserve/…` | late fees, forfeits, tokens found in the vault |
//! | `insurance/…` | the insurance fund |
//! | `credits/…` | what waits for its owner: undeliverable, dividends, shares, claims |
//!
//! Money that enters or leaves the vault is booked by what moved it:
//!
//! | event | debit | credit |
//! |---|---|---|
//! | contribution, repayment into the vault | the member's wallet | the pot |
//! | bond, deposit with entry premium | the member's wallet | the deposits |
//! | payout, repayment passed on to a creditor | the pot | the member's wallet |
//! | credit delivered, refund | the credits | the member's wallet |
//! | tokens found in the vault | external | the reserve |
//! | tokens gone from the vault | the reserve | external |
//!
//! What the rules then make of it within the vault (premiums, fees, deposits used, dividends, forfeits,
//! the settlement) is one further entry of kind `allocation`, which brings each account to what the
//! mirror says: see [`allocation`]. What members pay each other directly (a seat, the deposit of a turn
//! swapped) never touches the vault: it is a transfer between wallets.
//!
//! Wallets and a circle's accounts grow on the credit side (we owe them), `external` on the debit side
//! (where the money came from). Somebody whose wallet is not ours is `external`.
use kolo_rules::{Amount, Circle as Mirror, Refusal};

use crate::chart::AccountKind;
use crate::port::chain::ChainAddress;
use crate::port::ledger::{AccountId, Balance, EntryStatus, JournalEntry, Posting, Side};
use crate::{Asset, CircleId, MemberId, Timestamp};

/// A member's wallet.
pub(crate) fn wallet(member: MemberId, asset: &Asset) -> AccountId {
    AccountKind::Wallet.owned(member, asset)
}

/// Whose wallet an account is, if it is one.
pub(crate) fn wallet_owner(account: &AccountId) -> Option<MemberId> {
    account.name.strip_prefix("wallet/")?.parse().ok()
}

/// What a circle's vault holds, by what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Pot,
    Deposits,
    Reserve,
    Insurance,
    Credits,
}

impl Part {
    pub const ALL: [Self; 5] =
        [Self::Pot, Self::Deposits, Self::Reserve, Self::Insurance, Self::Credits];

    pub fn account(self, circle: CircleId, asset: &Asset) -> AccountId {
        let kind = match self {
            Self::Pot => AccountKind::Pot,
            Self::Deposits => AccountKind::Deposits,
            Self::Reserve => AccountKind::Reserve,
            Self::Insurance => AccountKind::Insurance,
            Self::Credits => AccountKind::Credits,
        };
        kind.owned(circle, asset)
    }

    /// How much of it the rules say there is.
    pub fn held(self, mirror: &Mirror) -> Result<Amount, Refusal> {
        let mut sum = match self {
            Self::Pot => return mirror.held(),
            Self::Reserve => return Ok(mirror.reserve),
            Self::Insurance => return Ok(mirror.fund),
            Self::Deposits | Self::Credits => Amount::ZERO,
        };
        for seat in mirror.seats() {
            let own = match self {
                Self::Deposits => seat.deposit,
                _ => seat.credit.checked_add(seat.claimable)?,
            };
            sum = sum.checked_add(own)?;
        }
        Ok(sum)
    }
}

/// The accounts that are a circle's vault.
pub(crate) fn vault(circle: CircleId, asset: &Asset) -> Vec<AccountId> {
    Part::ALL.iter().map(|part| part.account(circle, asset)).collect()
}

/// The balances of those accounts in one: the vault.
pub(crate) fn sum(balances: &[Balance]) -> Result<Amount, Refusal> {
    let mut sum = Amount::ZERO;
    for balance in balances {
        sum = sum.checked_add(balance.settled)?;
    }
    Ok(sum)
}

/// What moved between a circle's accounts in a step: their change by the mirror, less what entered or
/// left them (`flows`, positive: entered). Empty when nothing did. It balances, since the vault changed
/// by exactly what entered and left; if it did not, the ledger would refuse the entry.
pub(crate) fn allocation(
    before: &Mirror,
    after: &Mirror,
    flows: &[(Part, Amount)],
) -> Result<Vec<(Part, Side, Amount)>, Refusal> {
    let mut lines = Vec::new();
    for part in Part::ALL {
        let mut change = part.held(after)?.checked_sub(part.held(before)?)?;
        for (_, flow) in flows.iter().filter(|(flowed, _)| *flowed == part) {
            change = change.checked_sub(*flow)?;
        }
        if change.is_positive() {
            lines.push((part, Side::Credit, change));
        } else if !change.is_zero() {
            lines.push((part, Side::Debit, Amount::ZERO.checked_sub(change)?));
        }
    }
    Ok(lines)
}

/// The world outside.
pub(crate) fn external(asset: &Asset) -> AccountId {
    AccountKind::External.for_all(asset)
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
    /// Who paid, when their wallet is not one of ours: the postings only say `external`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<ChainAddress>,
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
