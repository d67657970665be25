//! The chart of accounts: which accounts there are, on which side they grow, what must stay in them.
//!
//! | kind | is named | grows on | at least | is |
//! |---|---|---|---|---|
//! | wallet | `wallet/mem_…` | credit | 0 | a member's money |
//! | pot | `pot/cir_…` | credit | 0 | a circle's instalments for rounds that are not paid out |
//! | deposits | `deposits/cir_…` | credit | 0 | its members' bonds and security |
//! | reserve | `reserve/cir_…` | credit | 0 | its late fees, forfeits, tokens found in its vault |
//! | insurance | `insurance/cir_…` | credit | 0 | its insurance fund |
//! | credits | `credits/cir_…` | credit | 0 | what waits in its vault for its owner |
//! | fees | `fees` | credit | 0 | what members paid the operator for a service |
//! | spread | `spread` | credit | – | what exchanging brought the operator, or cost |
//! | suspense | `suspense` | credit | 0 | money that came in and nobody knows whose it is yet |
//! | external | `external` | debit | – | the world outside: where money comes from and goes to |
//!
//! There is one of each for each asset. A *hold* is no account: it is a pending entry on the accounts it is
//! between, which takes from what is available until it ends.
//!
//! The program itself books members' wallets, circles and the outside. Fees, the spread and the suspense
//! account are for the host, whose entries go through the [`Ledger`](crate::port::Ledger) port like all
//! others, with the [`guards`] that the chart asks for. What the chain reports happened: it is booked without
//! a guard, and an account that it overdraws is a difference for the reconciler to show.
use std::collections::BTreeMap;

use kolo_rules::Amount;

use crate::Asset;
use crate::port::ledger::{AccountId, Guard, JournalEntry, Side};

/// A kind of account: see the [chart](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AccountKind {
    /// A member's money.
    Wallet,
    /// Instalments for rounds that are not paid out.
    Pot,
    /// Bonds and security.
    Deposits,
    /// Late fees, forfeits, tokens found in the vault.
    Reserve,
    /// The insurance fund.
    Insurance,
    /// What waits for its owner: undeliverable, dividends, shares, claims.
    Credits,
    /// What members paid the operator for a service.
    Fees,
    /// What exchanging brought the operator, or cost.
    Spread,
    /// Money that came in and nobody knows whose it is yet.
    Suspense,
    /// The world outside.
    External,
}

impl AccountKind {
    /// All of them, in the order of the chart.
    pub const ALL: [Self; 10] = [
        Self::Wallet,
        Self::Pot,
        Self::Deposits,
        Self::Reserve,
        Self::Insurance,
        Self::Credits,
        Self::Fees,
        Self::Spread,
        Self::Suspense,
        Self::External,
    ];

    /// What the names of its accounts begin with, and what reports call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wallet => "wallet",
            Self::Pot => "pot",
            Self::Deposits => "deposits",
            Self::Reserve => "reserve",
            Self::Insurance => "insurance",
            Self::Credits => "credits",
            Self::Fees => "fees",
            Self::Spread => "spread",
            Self::Suspense => "suspense",
            Self::External => "external",
        }
    }

    /// The side it grows on: what we owe, or earned, on the credit side.
    #[must_use]
    pub const fn normal(self) -> Side {
        match self {
            Self::External => Side::Debit,
            _ => Side::Credit,
        }
    }

    /// The least that must stay available in it, minor units; `None`: it may be overdrawn.
    #[must_use]
    pub const fn minimum(self) -> Option<Amount> {
        match self {
            Self::Spread | Self::External => None,
            _ => Some(Amount::ZERO),
        }
    }

    /// Whether there is one for each owner, a member or a circle, or one for all.
    #[must_use]
    pub const fn has_owners(self) -> bool {
        !matches!(self, Self::Fees | Self::Spread | Self::Suspense | Self::External)
    }

    /// The kind of an account; `None`: it is in no chart of ours.
    #[must_use]
    pub fn of(account: &AccountId) -> Option<Self> {
        let (name, owned) = match account.name.split_once('/') {
            Some((name, _)) => (name, true),
            None => (account.name.as_str(), false),
        };
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == name)?;
        (kind.has_owners() == owned && kind.normal() == account.normal).then_some(kind)
    }

    /// The one for all, of an asset; `None` for a kind that has owners.
    #[must_use]
    pub fn shared(self, asset: &Asset) -> Option<AccountId> {
        (!self.has_owners()).then(|| self.for_all(asset))
    }

    /// The same, of a kind that is known to have no owners.
    pub(crate) fn for_all(self, asset: &Asset) -> AccountId {
        self.named(self.name().to_owned(), asset)
    }

    /// An owner's.
    pub(crate) fn owned(self, owner: impl std::fmt::Display, asset: &Asset) -> AccountId {
        self.named(format!("{}/{owner}", self.name()), asset)
    }

    fn named(self, name: String, asset: &Asset) -> AccountId {
        AccountId { name, asset: asset.key(), normal: self.normal() }
    }
}

/// What must stay available in the accounts that these entries take from: the guards of a change set that
/// books them. Each account once, in order; accounts of no kind of ours have none.
#[must_use]
pub fn guards(entries: &[JournalEntry]) -> Vec<Guard> {
    let mut asked = BTreeMap::new();
    for posting in entries.iter().flat_map(|entry| &entry.postings) {
        let minimum = AccountKind::of(&posting.account).and_then(AccountKind::minimum);
        if let Some(minimum) = minimum.filter(|_| posting.side != posting.account.normal) {
            asked.insert(posting.account.clone(), minimum);
        }
    }
    asked.into_iter().map(|(account, minimum)| Guard { account, minimum }).collect()
}

#[cfg(test)]
#[cfg(feature = "testkit")]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::port::ledger::{ChangeSet, CommitError, EntryStatus, Posting, Record};
    use crate::port::{Committed, Ledger};
    use crate::testkit::MemoryLedger;
    use crate::{MemberId, TenantId, Timestamp};

    fn asset() -> Asset {
        Asset { code: "USDC".to_owned(), issuer: "G".to_owned(), decimals: 7 }
    }

    fn shared(kind: AccountKind) -> AccountId {
        kind.shared(&asset()).unwrap()
    }

    fn ada() -> AccountId {
        AccountKind::Wallet.owned(MemberId::derive(&[b"ada"]), &asset())
    }

    fn moved(id: &str, from: AccountId, to: AccountId, amount: i64) -> JournalEntry {
        let line = |account, side| Posting { account, side, amount: Amount::new(amount) };
        JournalEntry {
            id: id.to_owned(),
            kind: "test".to_owned(),
            status: EntryStatus::Settled,
            postings: vec![line(from, Side::Debit), line(to, Side::Credit)],
            effective_at: Timestamp::from_unix(1),
            chain_tx: None,
            details: String::new(),
        }
    }

    #[test]
    fn every_account_is_of_the_kind_it_is_made_as() {
        for kind in AccountKind::ALL {
            let account = kind.shared(&asset()).unwrap_or_else(|| kind.owned("x", &asset()));
            assert_eq!(AccountKind::of(&account), Some(kind));
            let other = match account.normal {
                Side::Debit => Side::Credit,
                Side::Credit => Side::Debit,
            };
            assert_eq!(AccountKind::of(&AccountId { normal: other, ..account }), None);
        }
        let strange = |name: &str| AccountId { name: name.to_owned(), ..ada() };
        for name in ["wallet", "fees/x", "tips", ""] {
            assert_eq!(AccountKind::of(&strange(name)), None, "{name}");
        }
    }

    /// 100 come in of which nobody knows whose they are; 60 turn out to be Ada's, who pays a fee of 5. An
    /// exchange costs 3.
    #[test]
    fn a_host_books_fees_spread_and_suspense_with_the_guards_of_the_chart() {
        use AccountKind as K;
        let ledger = MemoryLedger::default();
        let commit = |key: &str, entries: Vec<JournalEntry>| {
            let outcome = Record { kind: String::new(), schema_version: 1, bytes: Vec::new() };
            let (tenant, at) = (TenantId::default(), Timestamp::from_unix(1));
            let mut set = ChangeSet::new(tenant, key.to_owned(), [0; 32], outcome, at);
            set.guards = guards(&entries);
            set.entries = entries;
            block_on(ledger.commit(set))
        };
        let booked = [
            moved("in", shared(K::External), shared(K::Suspense), 100),
            moved("ada's", shared(K::Suspense), ada(), 60),
            moved("fee", ada(), shared(K::Fees), 5),
            moved("loss", shared(K::Spread), shared(K::External), 3),
        ];
        for entry in booked {
            let answer = commit(&entry.id.clone(), vec![entry]);
            assert!(matches!(answer, Ok(Committed::Now(_))), "{answer:?}");
        }
        for (from, left) in [(shared(K::Suspense), 40), (shared(K::Fees), 5), (ada(), 55)] {
            let key = format!("too much of {}", from.name);
            match commit(&key, vec![moved(&key, from.clone(), shared(K::External), left + 1)]) {
                Err(CommitError::Guard { account, available }) => {
                    assert_eq!((account, available), (from, Amount::new(-1)));
                }
                other => panic!("{other:?}"),
            }
        }
        let accounts =
            [shared(K::Suspense), ada(), shared(K::Fees), shared(K::Spread), shared(K::External)];
        let balances = block_on(ledger.balances(&TenantId::default(), &accounts)).unwrap();
        let settled: Vec<i64> =
            balances.iter().map(|balance| balance.settled.minor_units()).collect();
        assert_eq!(settled, [40, 55, 5, -3, 97]);
    }
}
