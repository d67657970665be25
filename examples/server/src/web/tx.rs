//! Chain transactions as people can read them.
use kolo_core::Error;
use serde_json::{Value, json};

use crate::stack::Stack;

/// The latest transactions, newest first.
pub(super) async fn recent(_stack: &Stack) -> Value {
    json!([])
}

/// One transaction: operations, events, fee.
pub(super) async fn page(_stack: &Stack, _hash: &str) -> Result<Option<Value>, Error> {
    Ok(None)
}
