//! People: who they are, how to reach them, which account on the chain is theirs.
mod service;
pub(crate) mod state;

pub use service::{Members, Register};
