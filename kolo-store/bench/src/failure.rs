use std::io;

use kolo_core::port::{CommitError, PortError};
use kolo_store::StoreError;

/// Why nothing could be measured; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Io(io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a commit was refused, which the bench never asks for: {0}")]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Port(#[from] PortError),
    #[error("{program} failed: {said}")]
    Program { program: String, said: String },
    #[error("{program} said something else than before: {said}")]
    Unread { program: String, said: String },
    #[error("a caller ended early: {0}")]
    Caller(#[from] tokio::task::JoinError),
    #[error("the plot: {0}")]
    Plot(String),
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("no round was measured")]
    Nothing,
}
