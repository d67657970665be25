//! A Stellar network in a process.
//!
//! [`Localnet`] runs real transaction envelopes (signatures, thresholds, sequence numbers, time
//! bounds, fees and refunds, fee-bumps, sponsorship) against the real `soroban-env-host`, closes
//! ledgers at once or at an interval, on a clock the caller gives, and keeps its state in a
//! [`LedgerStore`]. No Docker, no network, no consensus.
//!
//! ```
//! use std::sync::Arc;
//! use kolo_localnet::Localnet;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let localnet = Localnet::builder().clock(Arc::new(|| 1_767_225_600)).start()?;
//! let ada = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
//! let ada = stellar_xdr::AccountId(stellar_xdr::PublicKey::PublicKeyTypeEd25519(ada.into()));
//! // Await the replies on any executor, or wait for them.
//! let record = localnet.fund(ada, 100_000_000).wait()?;
//! assert!(record.is_successful());
//! assert_eq!(localnet.latest().wait()?.sequence(), record.ledger);
//! # Ok(())
//! # }
//! ```
//!
//! Operations: CreateAccount, Payment, strict-send and strict-receive payments with a direct path,
//! SetOptions, ChangeTrust, SetTrustLineFlags, Clawback, AccountMerge, ManageData, BumpSequence,
//! Begin/End/RevokeSponsorship, Create/Claim/ClawbackClaimableBalance, InvokeHostFunction,
//! ExtendFootprintTtl, RestoreFootprint, and fee-bumps. Limits, fees and times to live are those
//! of [`NetworkSettings`]: mainnet's if nothing else is asked for.
//!
//! [`rpc`] speaks Stellar RPC, in the process or on a port, where there is also a read-only explorer;
//! [`explain`] puts transactions and entries into words.
//!
//! What it is not: there is no consensus and no history archive, and no DEX (offers, payments
//! through other assets, liquidity pools). An operation it does not know, AllowTrust and
//! Inflation among them, is refused with the network's own `opNOT_SUPPORTED`. Fees do not surge:
//! where a ledger is full the highest offers go first, and everybody pays the base rate. Archived
//! entries are never evicted from the live state; to clients and contracts that makes no
//! difference. Settings do not change while a network lives, and the live state has the size it is
//! set to.
//!
//! The passphrase is by default [`STANDALONE_PASSPHRASE`] and the root account's key is the
//! SHA-256 of the passphrase, as on every standalone network.

mod apply;
mod engine;
pub mod explain;
#[cfg(feature = "http")]
mod explorer;
mod genesis;
mod ledger;
mod model;
mod network;
mod reply;
pub mod rpc;
mod settings;
mod soroban;
pub mod store;
mod tx;

pub use genesis::{BASE_FEE, BASE_RESERVE, PROTOCOL_VERSION, STANDALONE_PASSPHRASE, TOTAL_COINS};
pub use model::{
    AuthMode, ClosedLedger, EntryChange, EventPosition, EventQuery, EventRecord, EventStage, Found,
    LedgerInfo, RestorePreamble, SendFault, SendOutcome, SimulateOptions, Simulation, SnapshotId,
    StateChange, StoredEntry, TxRecord,
};
pub use network::{Builder, Clock, Close, Localnet, NetworkError, PACE_S, StartError, root_secret};
pub use reply::Reply;
pub use settings::{Archival, FeeRates, LedgerLimits, Limits, NetworkSettings};
pub use store::{LedgerStore, Snapshot, StoreError};
