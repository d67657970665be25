//! Result codes and error events in the domain's words.
use kolo_core::port::chain::{Refused, Submission};
use stellar_xdr::{
    ContractEventBody, DiagnosticEvent, InnerTransactionResultResult, InvokeHostFunctionResult,
    OperationResult, OperationResultTr, ReadXdr, ScError, ScVal, TransactionMeta,
    TransactionResult, TransactionResultCode, TransactionResultResult,
};

use crate::rpc::XDR_LIMITS;

/// Longest reason kept of a node's words.
const REASON_LIMIT: usize = 300;

/// A transaction's result, the fee-bump's wrapping taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub code: TransactionResultCode,
    /// The first operation that failed.
    pub operation: Option<OperationResult>,
}

impl Outcome {
    pub fn of(result: &TransactionResult) -> Self {
        use TransactionResultResult as R;
        match &result.result {
            R::TxFeeBumpInnerSuccess(pair) | R::TxFeeBumpInnerFailed(pair) => {
                Self::of_inner(&pair.result.result)
            }
            R::TxSuccess(operations) | R::TxFailed(operations) => {
                Self { code: result.result.discriminant(), operation: first_failure(operations) }
            }
            other => Self { code: other.discriminant(), operation: None },
        }
    }

    fn of_inner(result: &InnerTransactionResultResult) -> Self {
        use InnerTransactionResultResult as R;
        let operation = match result {
            R::TxSuccess(operations) | R::TxFailed(operations) => first_failure(operations),
            _ => None,
        };
        Self { code: result.discriminant(), operation }
    }

    /// For the operator's log: the transaction's code, and the operation's.
    pub fn reason(&self) -> String {
        match &self.operation {
            Some(operation) => format!("{}: {}", self.code.name(), operation_name(operation)),
            None => self.code.name().to_owned(),
        }
    }

    /// Another simulation may help.
    pub fn needs_simulation(&self) -> bool {
        use InvokeHostFunctionResult as R;
        self.code == TransactionResultCode::TxSorobanInvalid
            || matches!(
                &self.operation,
                Some(OperationResult::OpInner(OperationResultTr::InvokeHostFunction(
                    R::ResourceLimitExceeded | R::EntryArchived | R::InsufficientRefundableFee
                )))
            )
    }

    /// What a call that failed in a ledger, and no contract's error, is a sign of: what it found took it to
    /// more of the ledger than it was simulated to need. (Not in its footprint: trapped, like other faults.)
    pub fn is_outdated(&self) -> bool {
        use InvokeHostFunctionResult as R;
        matches!(
            &self.operation,
            Some(OperationResult::OpInner(OperationResultTr::InvokeHostFunction(
                R::Trapped
                    | R::ResourceLimitExceeded
                    | R::EntryArchived
                    | R::InsufficientRefundableFee
            )))
        )
    }

    /// What to do after the network refused to queue it.
    pub fn submission(&self, contract_code: Option<u32>) -> Submission {
        use TransactionResultCode as C;
        match self.code {
            C::TxInsufficientFee => Submission::InsufficientFee,
            C::TxBadSeq => Submission::BadSequence,
            C::TxTooLate => Submission::TooLate,
            // The node lags behind the one that was asked for the time; or its own trouble.
            C::TxTooEarly | C::TxInternalError => Submission::TryAgainLater,
            _ if self.needs_simulation() => Submission::Resimulate { reason: self.reason() },
            _ => Submission::Refused(Refused { contract_code, reason: self.reason() }),
        }
    }
}

fn first_failure(operations: &[OperationResult]) -> Option<OperationResult> {
    operations.iter().find(|op| !succeeded(op)).cloned()
}

fn succeeded(operation: &OperationResult) -> bool {
    operation_name(operation).ends_with("Success")
}

/// E.g. `PaymentUnderfunded`, `InvokeHostFunctionTrapped`, `OpBadAuth`.
fn operation_name(operation: &OperationResult) -> String {
    use OperationResultTr as T;
    let OperationResult::OpInner(inner) = operation else {
        return operation.name().to_owned();
    };
    let code = match inner {
        T::CreateAccount(r) => r.name(),
        T::Payment(r) => r.name(),
        T::ChangeTrust(r) => r.name(),
        T::BeginSponsoringFutureReserves(r) => r.name(),
        T::EndSponsoringFutureReserves(r) => r.name(),
        T::AccountMerge(r) => r.name(),
        T::RevokeSponsorship(r) => r.name(),
        T::InvokeHostFunction(r) => r.name(),
        T::RestoreFootprint(r) => r.name(),
        T::ExtendFootprintTtl(r) => r.name(),
        _ => "OfAnUnknownKind",
    };
    format!("{}{code}", inner.name())
}

/// The simulation's words, of which the first line is `HostError: Error(Contract, #131)`.
pub(crate) fn refusal_of_simulation(words: &str) -> Refused {
    Refused { contract_code: contract_code_in(words), reason: shortened(words) }
}

fn contract_code_in(words: &str) -> Option<u32> {
    let line = words.lines().next()?;
    let (_, rest) = line.split_once("Error(Contract, #")?;
    rest.split_once(')')?.0.parse().ok()
}

fn shortened(words: &str) -> String {
    let line = words.lines().next().unwrap_or_default();
    line.chars().take(REASON_LIMIT).collect()
}

/// The contract's error in the diagnostic events, if it is the last error, since what is caught on the way (a
/// token's error, say) comes before what the called contract makes of it, or what the host does.
pub(crate) fn contract_code(events: &[DiagnosticEvent]) -> Option<u32> {
    let last = events.iter().rev().find_map(|diagnostic| {
        let ContractEventBody::V0(body) = &diagnostic.event.body;
        match body.topics.as_slice() {
            [ScVal::Symbol(name), ScVal::Error(error), ..] if name.0 == *b"error" => Some(error),
            _ => None,
        }
    });
    match last {
        Some(ScError::Contract(code)) => Some(*code),
        _ => None,
    }
}

/// Diagnostic events from wherever the node puts them; what cannot be read is left out, since they
/// only explain.
pub(crate) fn diagnostics(separate: &[String], meta: Option<&str>) -> Vec<DiagnosticEvent> {
    let separate: Vec<DiagnosticEvent> = separate
        .iter()
        .filter_map(|text| DiagnosticEvent::from_xdr_base64(text, XDR_LIMITS).ok())
        .collect();
    if !separate.is_empty() {
        return separate;
    }
    match meta.and_then(|text| TransactionMeta::from_xdr_base64(text, XDR_LIMITS).ok()) {
        Some(TransactionMeta::V4(meta)) => meta.diagnostic_events.to_vec(),
        Some(TransactionMeta::V3(meta)) => {
            meta.soroban_meta.map(|soroban| soroban.diagnostic_events.to_vec()).unwrap_or_default()
        }
        _ => vec![],
    }
}
