use std::path::PathBuf;

use kolo_localnet::{NetworkError, StartError};
use soroban_env_host::HostError;

/// Why nothing could be measured; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error("{what} failed where it must succeed: {why}")]
    Step { what: String, why: String },
    #[error("the host alone: {0:?}")]
    Host(HostError),
    #[error("XDR: {0}")]
    Xdr(#[from] stellar_xdr::Error),
    #[error("{path}: {source}: run `cargo xtask bench localnet`, which builds it")]
    File { path: PathBuf, source: std::io::Error },
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the rules: {0}")]
    Rules(String),
}

impl Failure {
    pub fn step(what: &str, why: impl std::fmt::Debug) -> Self {
        Self::Step { what: what.to_owned(), why: format!("{why:?}") }
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}
