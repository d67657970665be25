//! The network as a whole: what envelopes do to its ledger.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod archival;
mod claimable;
mod classic;
mod contracts;
mod entries;
mod explain;
mod fees;
mod issuer;
mod kept;
mod ledgers;
mod paths;
mod queue;
mod retention;
mod revoke;
mod rubbish;
mod settings;
mod signatures;
mod sponsorship;
mod support;
mod tools;
