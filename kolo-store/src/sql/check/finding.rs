//! What the audit can find.
use std::fmt;

use kolo_core::TenantId;

/// A promise that is broken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Finding {
    /// An entry's debits and credits differ in an asset.
    Unbalanced {
        /// Whose.
        tenant: TenantId,
        /// The entry's id.
        entry: String,
        /// In which asset.
        asset: String,
    },
    /// An entry has fewer than two lines.
    TooFewLines {
        /// Whose.
        tenant: TenantId,
        /// The entry's id.
        entry: String,
    },
    /// An account's balance is not the sum of its postings, or not what its history leads to.
    Balance {
        /// Whose.
        tenant: TenantId,
        /// The account's name.
        account: String,
        /// The account's asset.
        asset: String,
    },
    /// Positions do not run from 1 without gaps.
    Gap {
        /// Whose.
        tenant: TenantId,
        /// `events`, `entries`, or `movements of` an account and its asset.
        of: String,
    },
    /// The effects of a command cannot come from carrying it out once, or its key is not kept for ever, so
    /// that it could be carried out again.
    Command {
        /// Whose.
        tenant: TenantId,
        /// The command's key.
        key: String,
    },
    /// The outbox does not correspond to the books.
    Outbox {
        /// Whose.
        tenant: TenantId,
        /// The intent, offer, seat or hold it is about.
        item: String,
        /// What is wrong with it.
        fault: OutboxFault,
    },
    /// A hold's state cannot come from ending it at most once.
    Hold {
        /// Whose.
        tenant: TenantId,
        /// The entry's id.
        entry: String,
    },
    /// An aggregate's version is not one it can have.
    Version {
        /// Whose.
        tenant: TenantId,
        /// The aggregate's kind.
        kind: String,
        /// The aggregate's id.
        id: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unbalanced { tenant, entry, asset } => {
                write!(f, "{tenant}: entry {entry} does not balance in {asset}")
            }
            Self::TooFewLines { tenant, entry } => {
                write!(f, "{tenant}: entry {entry} has fewer than two lines")
            }
            Self::Balance { tenant, account, asset } => {
                write!(
                    f,
                    "{tenant}: the balance of {account} ({asset}) is not what its entries come to"
                )
            }
            Self::Gap { tenant, of } => write!(f, "{tenant}: the positions of {of} have gaps"),
            Self::Command { tenant, key } => {
                write!(f, "{tenant}: what command {key} did is not what one command does once")
            }
            Self::Outbox { tenant, item, fault } => write!(f, "{tenant}: {item}: {fault}"),
            Self::Hold { tenant, entry } => {
                write!(f, "{tenant}: hold {entry} did not end as a hold can")
            }
            Self::Version { tenant, kind, id } => {
                write!(f, "{tenant}: {kind} {id} has an impossible version")
            }
        }
    }
}

/// How the outbox and the books differ. See [`SqlLedger::check`](crate::SqlLedger::check) for the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutboxFault {
    /// An intent without an item in the outbox: nobody will ever work on it.
    NoItem,
    /// An item or events of an intent that is not there.
    NoIntent,
    /// Its events do not say once that it was wanted, and once that it is over when it is.
    Events,
    /// The intent is over and its item is not done, or the other way round.
    Item,
    /// Nothing will ever end the hold: what it was for is over, or not there, or does not know of it.
    HoldLeft,
    /// The hold was given back while the payment it is for may still happen.
    HoldGone,
    /// Somebody waits for a hold that has ended.
    Waiting,
    /// The payment happened on the chain, all events of that ledger are applied, and the hold is still
    /// open.
    Unbooked,
    /// The record cannot be read.
    Unreadable,
}

impl fmt::Display for OutboxFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoItem => "it is wanted of the chain, and not in the outbox",
            Self::NoIntent => "the outbox or the events have an intent that is not there",
            Self::Events => "its events do not tell its story once",
            Self::Item => "it is over and its item in the outbox is not, or the other way round",
            Self::HoldLeft => "its hold is open, and nothing will ever end it",
            Self::HoldGone => "its hold was given back while the payment may still happen",
            Self::Waiting => "it waits for a hold that has ended",
            Self::Unbooked => "it was paid on the chain and is not in the books",
            Self::Unreadable => "its record cannot be read",
        })
    }
}
