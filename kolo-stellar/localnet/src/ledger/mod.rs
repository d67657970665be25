//! The entries of the ledger, and what the rules say about single ones.

mod account;
mod asset;
mod sponsorship;
mod state;
mod trustline;
mod txn;

pub(crate) use account::{Accounts, account_id, account_key, last_sequence_change, num_sponsoring};
pub(crate) use asset::{
    asset_code, change_trust_asset, is_valid_asset, issuer, line_asset, sac_id,
};
pub(crate) use sponsorship::{
    Reserve, SponsorshipRefusal, edit_signer_sponsor, set_signer_sponsor, signer_sponsor,
    sponsor_of,
};
pub(crate) use state::{State, durability, is_persistent};
pub(crate) use trustline::{
    AUTHORIZED, AUTHORIZED_TO_MAINTAIN, CLAWBACK_ENABLED, TrustLines, add_line_balance,
    is_authorized, minimum_limit, trustline_key,
};
pub(crate) use txn::{LedgerContext, Txn};
