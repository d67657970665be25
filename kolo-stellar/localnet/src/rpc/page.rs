//! What the methods that give pages have in common: formats, ranges, limits.

use serde::Deserialize;

use super::format::Format;
use super::jsonrpc::RpcError;
use crate::model::LedgerInfo;

/// The `pagination` object of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pagination {
    cursor: Option<String>,
    limit: Option<u32>,
}

impl Pagination {
    /// Where to go on; an empty cursor counts as none.
    pub(super) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref().filter(|cursor| !cursor.is_empty())
    }

    /// The limit asked for, or the default where none or zero is.
    pub(super) fn limit(&self, limits: Limits) -> Result<usize, String> {
        let limit = match self.limit {
            None | Some(0) => limits.default,
            Some(limit) if limit > limits.max => {
                return Err(format!("limit must not exceed {}", limits.max));
            }
            Some(limit) => limit,
        };
        usize::try_from(limit).map_err(|error| error.to_string())
    }
}

/// How many rows a page has: unless asked, and at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) default: u32,
    pub(super) max: u32,
}

/// A request for ledgers or transactions: from a ledger, or on from a cursor.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageRequest {
    start_ledger: Option<u32>,
    pagination: Option<Pagination>,
    xdr_format: Option<String>,
}

/// A request that has been checked.
pub(super) struct Page {
    pub(super) start: Start,
    pub(super) limit: usize,
    pub(super) format: Format,
}

pub(super) enum Start {
    Ledger(u32),
    Cursor(String),
}

impl PageRequest {
    /// Checks the request against what the network has.
    ///
    /// # Errors
    /// [`RpcError::invalid_request`], as Stellar RPC has it.
    pub(super) fn check(self, limits: Limits, known: &LedgerInfo) -> Result<Page, RpcError> {
        let format =
            Format::parse(self.xdr_format.as_deref()).map_err(RpcError::invalid_request)?;
        let pagination = self.pagination.unwrap_or_default();
        let limit = pagination.limit(limits).map_err(RpcError::invalid_request)?;
        let start_ledger = self.start_ledger.unwrap_or_default();
        let start = match pagination.cursor() {
            Some(cursor) if start_ledger != 0 => {
                return Err(RpcError::invalid_request(format!(
                    "startLedger ({start_ledger}) and cursor ({cursor}) cannot both be set"
                )));
            }
            Some(cursor) => Start::Cursor(cursor.to_owned()),
            None => Start::Ledger(start_ledger),
        };
        match start {
            Start::Ledger(start) if !is_known(known, start) => {
                Err(RpcError::invalid_request(format!(
                    "start ledger ({start}) must be between the oldest ledger: {} and the latest \
                     ledger: {} for this rpc instance",
                    known.oldest_ledger,
                    known.sequence()
                )))
            }
            start => Ok(Page { start, limit, format }),
        }
    }
}

/// Whether a ledger is within what the network knows.
pub(super) fn is_known(known: &LedgerInfo, ledger: u32) -> bool {
    (known.oldest_ledger..=known.sequence()).contains(&ledger)
}

/// Reads the `xdrFormat` of a method that refuses wrong ones as parameters.
///
/// # Errors
/// [`RpcError::invalid_params`] saying what to ask for instead.
pub(super) fn format(asked: Option<&str>) -> Result<Format, RpcError> {
    Format::parse(asked).map_err(RpcError::invalid_params)
}
