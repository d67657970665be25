use std::path::PathBuf;

use soroban_env_host::{HostError, xdr};

/// Why nothing could be measured; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{what} failed where it must succeed: {why}; has the contract's interface changed?")]
    Step { what: String, why: String },
    #[error("a call failed: {0}")]
    Call(String),
    #[error("the host: {0:?}")]
    Host(HostError),
    #[error("XDR: {0}")]
    Xdr(#[from] xdr::Error),
    #[error("{path}: {source}: run `cargo xtask bench contracts`, which builds it")]
    File { path: PathBuf, source: std::io::Error },
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the rules: {0}")]
    Rules(String),
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}
