//! The network as a whole: what envelopes do to its ledger.

mod classic;
mod contracts;
mod fees;
mod ledgers;
mod rubbish;
mod signatures;
mod sponsorship;
mod support;
