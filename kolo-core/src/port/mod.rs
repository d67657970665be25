//! The ports: what the outside must provide. Object-safe, held as `Arc<dyn …>`, small.
//!
//! | port | is |
//! |---|---|
//! | [`Ledger`] and [`WorkQueue`] | the durable record, in one atomic [`ChangeSet`] |
//! | [`ReadModel`] | optional: past balances, statements |
//! | [`ChainClient`] | the settlement rail, in domain words |
//! | [`KeyVault`] | keys that sign and never leave |
//! | [`KeyExport`] and [`SecondFactor`] | optional: a member's key, sealed for them alone, after a proof from outside the chat |
//! | [`MessageChannel`] | one message to one contact |
//! | [`Authorizer`] | the host's word on (actor, command) |
//! | [`EventHandler`] | what a host does when something happens |
//! | [`Clock`], [`Entropy`] | time and randomness |
pub mod authorizer;
pub mod chain;
pub mod channel;
pub mod clock;
pub mod error;
pub mod events;
pub mod ledger;
pub mod statement;
pub mod vault;
pub mod work;

pub use authorizer::Authorizer;
pub use chain::ChainClient;
pub use channel::MessageChannel;
pub use clock::{Clock, Entropy};
pub use error::{PortError, PortErrorKind, Retry};
pub use events::EventHandler;
pub use ledger::{ChangeSet, CommitError, Committed, Ledger};
pub use statement::ReadModel;
pub use vault::{KeyExport, KeyVault, SecondFactor};
pub use work::WorkQueue;
