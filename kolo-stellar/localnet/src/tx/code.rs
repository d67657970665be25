//! A transaction's outcome, in the two shapes the network writes it.

use stellar_xdr::{
    Hash, InnerTransactionResult, InnerTransactionResultExt, InnerTransactionResultPair,
    InnerTransactionResultResult, OperationResult, TransactionResult, TransactionResultExt,
    TransactionResultResult,
};

/// The outcome of a transaction as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TxCode {
    Success,
    Failed,
    TooEarly,
    TooLate,
    MissingOperation,
    BadSeq,
    BadAuth,
    InsufficientBalance,
    NoAccount,
    InsufficientFee,
    BadAuthExtra,
    BadSponsorship,
    BadMinSeqAgeOrGap,
    Malformed,
    SorobanInvalid,
    FrozenKeyAccessed,
}

/// What is known about a transaction while it is checked and applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The fee source's part: set if the outer transaction of a fee-bump is at fault.
    pub(crate) outer: Option<TxCode>,
    /// The (inner) transaction's part.
    pub(crate) code: TxCode,
    pub(crate) operations: Vec<OperationResult>,
    pub(crate) fee: i64,
}

impl Verdict {
    pub(crate) fn success(fee: i64) -> Self {
        Self { outer: None, code: TxCode::Success, operations: Vec::new(), fee }
    }

    pub(crate) fn is_success(&self) -> bool {
        self.outer.is_none() && self.code == TxCode::Success
    }

    /// The result of a plain transaction, or, with `inner_hash`, of a fee-bump.
    pub(crate) fn result(&self, inner_hash: Option<&Hash>) -> TransactionResult {
        let result = match (self.outer, inner_hash) {
            (Some(code), _) => plain(code, &self.operations),
            (None, None) => plain(self.code, &self.operations),
            (None, Some(hash)) => self.fee_bump(hash),
        };
        TransactionResult { fee_charged: self.fee, result, ext: TransactionResultExt::V0 }
    }

    fn fee_bump(&self, inner_hash: &Hash) -> TransactionResultResult {
        let pair = InnerTransactionResultPair {
            transaction_hash: inner_hash.clone(),
            result: InnerTransactionResult {
                // The outer transaction pays everything.
                fee_charged: 0,
                result: inner(self.code, &self.operations),
                ext: InnerTransactionResultExt::V0,
            },
        };
        if self.code == TxCode::Success {
            TransactionResultResult::TxFeeBumpInnerSuccess(pair)
        } else {
            TransactionResultResult::TxFeeBumpInnerFailed(pair)
        }
    }
}

/// Both result unions have the same codes for what can happen to an inner transaction.
macro_rules! result_of {
    ($union:ident, $code:expr, $operations:expr) => {
        match $code {
            // An envelope holds at most 100 operations, so a VecM without bound holds them.
            TxCode::Success => {
                $union::TxSuccess($operations.to_vec().try_into().unwrap_or_default())
            }
            TxCode::Failed => $union::TxFailed($operations.to_vec().try_into().unwrap_or_default()),
            TxCode::TooEarly => $union::TxTooEarly,
            TxCode::TooLate => $union::TxTooLate,
            TxCode::MissingOperation => $union::TxMissingOperation,
            TxCode::BadSeq => $union::TxBadSeq,
            TxCode::BadAuth => $union::TxBadAuth,
            TxCode::InsufficientBalance => $union::TxInsufficientBalance,
            TxCode::NoAccount => $union::TxNoAccount,
            TxCode::InsufficientFee => $union::TxInsufficientFee,
            TxCode::BadAuthExtra => $union::TxBadAuthExtra,
            TxCode::BadSponsorship => $union::TxBadSponsorship,
            TxCode::BadMinSeqAgeOrGap => $union::TxBadMinSeqAgeOrGap,
            TxCode::Malformed => $union::TxMalformed,
            TxCode::SorobanInvalid => $union::TxSorobanInvalid,
            TxCode::FrozenKeyAccessed => $union::TxFrozenKeyAccessed,
        }
    };
}

fn plain(code: TxCode, operations: &[OperationResult]) -> TransactionResultResult {
    result_of!(TransactionResultResult, code, operations)
}

fn inner(code: TxCode, operations: &[OperationResult]) -> InnerTransactionResultResult {
    result_of!(InnerTransactionResultResult, code, operations)
}
