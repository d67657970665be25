use kolo_core::Timestamp;
use kolo_core::port::chain::{Fate, Refused, SignedTx, Submission};
use kolo_core::port::{ChainClient, PortErrorKind, Retry};
use serde_json::{Value, json};
use stellar_xdr::{
    AccountMergeResult, ContractEvent, ContractEventBody, ContractEventType, ContractEventV0,
    DiagnosticEvent, ExtensionPoint, Hash, InnerTransactionResult, InnerTransactionResultExt,
    InnerTransactionResultPair, InnerTransactionResultResult, InvokeHostFunctionResult,
    OperationResult, OperationResultTr, RevokeSponsorshipResult, ScError, ScErrorCode, ScVal,
    TransactionResult, TransactionResultExt, TransactionResultResult,
};

use super::node::{Say, xdr};
use super::world::*;

type Outer = TransactionResultResult;
type Inner = InnerTransactionResultResult;

pub fn result(result: Outer) -> String {
    xdr(&TransactionResult { fee_charged: 777, result, ext: TransactionResultExt::V0 })
}

pub fn bumped(inner: Inner) -> Outer {
    let failed = !matches!(inner, Inner::TxSuccess(_));
    let pair = InnerTransactionResultPair {
        transaction_hash: Hash([1; 32]),
        result: InnerTransactionResult {
            fee_charged: 0,
            result: inner,
            ext: InnerTransactionResultExt::V0,
        },
    };
    if failed { Outer::TxFeeBumpInnerFailed(pair) } else { Outer::TxFeeBumpInnerSuccess(pair) }
}

pub fn call_failed(how: InvokeHostFunctionResult) -> Inner {
    let operation = OperationResult::OpInner(OperationResultTr::InvokeHostFunction(how));
    Inner::TxFailed(vec![operation].try_into().unwrap())
}

pub fn error_event(code: u32) -> String {
    event_of(ScError::Contract(code))
}

fn event_of(error: ScError) -> String {
    let topics = vec![ScVal::Symbol("error".try_into().unwrap()), ScVal::Error(error)];
    xdr(&DiagnosticEvent {
        in_successful_contract_call: false,
        event: ContractEvent {
            ext: ExtensionPoint::V0,
            contract_id: None,
            type_: ContractEventType::Diagnostic,
            body: ContractEventBody::V0(ContractEventV0 {
                topics: topics.try_into().unwrap(),
                data: ScVal::Void,
            }),
        },
    })
}

async fn submitted(answer: Value) -> Submission {
    let (node, client, tx) = signed().await;
    node.result("sendTransaction", answer);
    let submission = client.submit(&tx).await.unwrap();
    let sent = node.asked("sendTransaction");
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["transaction"], data_encoding::BASE64.encode(&tx.envelope));
    submission
}

fn refused(result: Outer) -> Value {
    json!({ "status": "ERROR", "errorResultXdr": self::result(result), "hash": "", "latestLedger": 1 })
}

#[tokio::test]
async fn every_answer_of_the_network_has_its_action() {
    let status = |status: &str| json!({ "status": status, "hash": "", "latestLedger": 1 });
    assert_eq!(submitted(status("PENDING")).await, Submission::Accepted);
    assert_eq!(submitted(status("DUPLICATE")).await, Submission::Accepted);
    assert_eq!(submitted(status("TRY_AGAIN_LATER")).await, Submission::TryAgainLater);
    for (outer, action) in [
        (Outer::TxInsufficientFee, Submission::InsufficientFee),
        (bumped(Inner::TxInsufficientFee), Submission::InsufficientFee),
        (bumped(Inner::TxBadSeq), Submission::BadSequence),
        (bumped(Inner::TxTooLate), Submission::TooLate),
        (bumped(Inner::TxTooEarly), Submission::TryAgainLater),
        (Outer::TxInternalError, Submission::TryAgainLater),
    ] {
        assert_eq!(submitted(refused(outer.clone())).await, action, "{outer:?}");
    }
    for (inner, reason) in [
        (Inner::TxSorobanInvalid, "TxSorobanInvalid"),
        (
            call_failed(InvokeHostFunctionResult::ResourceLimitExceeded),
            "TxFailed: InvokeHostFunctionResourceLimitExceeded",
        ),
        (
            call_failed(InvokeHostFunctionResult::EntryArchived),
            "TxFailed: InvokeHostFunctionEntryArchived",
        ),
    ] {
        let expected = Submission::Resimulate { reason: reason.to_owned() };
        assert_eq!(submitted(refused(bumped(inner))).await, expected);
    }
    for (inner, reason) in [
        (Inner::TxBadAuth, "TxBadAuth"),
        (Inner::TxNoAccount, "TxNoAccount"),
        (Inner::TxMalformed, "TxMalformed"),
    ] {
        let expected =
            Submission::Refused(Refused { contract_code: None, reason: reason.to_owned() });
        assert_eq!(submitted(refused(bumped(inner))).await, expected);
    }
}

/// What went well before it is not blamed.
#[tokio::test]
async fn closing_and_leaving_a_sponsorship_fail_by_their_names() {
    use OperationResultTr as T;
    let merged = |how| OperationResult::OpInner(T::AccountMerge(how));
    let revoked = |how| OperationResult::OpInner(T::RevokeSponsorship(how));
    for (operations, name) in [
        (
            [revoked(RevokeSponsorshipResult::Success), merged(AccountMergeResult::HasSubEntries)],
            "AccountMergeHasSubEntries",
        ),
        (
            [merged(AccountMergeResult::Success(5)), revoked(RevokeSponsorshipResult::LowReserve)],
            "RevokeSponsorshipLowReserve",
        ),
    ] {
        let inner = Inner::TxFailed(operations.to_vec().try_into().unwrap());
        let reason = format!("TxFailed: {name}");
        let expected = Submission::Refused(Refused { contract_code: None, reason });
        assert_eq!(submitted(refused(bumped(inner))).await, expected);
    }
}

#[tokio::test]
async fn a_poor_fee_account_is_the_operators_trouble() {
    for outer in [Outer::TxInsufficientBalance, Outer::TxNoAccount] {
        let (node, client, tx) = signed().await;
        node.result("sendTransaction", refused(outer));
        let error = client.submit(&tx).await.unwrap_err();
        assert_eq!((error.kind, error.retry), (PortErrorKind::Denied, Retry::Temporary));
        assert!(error.context.contains("fee account"), "{error}");
    }
}

#[tokio::test]
async fn silence_is_unknown_and_a_refused_request_permanent() {
    for (say, retry) in [
        (Say::Nothing, Retry::Unknown),
        (Say::Error(-32602, "bad params"), Retry::Permanent),
        (Say::Error(-32603, "database locked"), Retry::Temporary),
        (Say::Result(json!({ "status": "WHAT" })), Retry::Unknown),
        (Say::Result(json!({ "status": "ERROR" })), Retry::Unknown),
    ] {
        let (node, client, tx) = signed().await;
        node.say("sendTransaction", say.clone());
        let error = client.submit(&tx).await.unwrap_err();
        assert_eq!(error.retry, retry, "{say:?}");
    }
}

fn not_found(latest: u64, oldest: u64) -> Value {
    json!({
        "status": "NOT_FOUND", "latestLedger": 200, "latestLedgerCloseTime": latest.to_string(),
        "oldestLedger": 1, "oldestLedgerCloseTime": oldest.to_string(),
    })
}

fn found(status: &str, outer: Outer) -> Value {
    let mut info = not_found(1_000_050, 1);
    info["status"] = json!(status);
    info["ledger"] = json!(150);
    info["createdAt"] = json!("1000040");
    info["resultXdr"] = json!(result(outer));
    info
}

#[tokio::test]
async fn the_fate_is_found_by_either_hash() {
    let success = bumped(Inner::TxSuccess(Default::default()));
    let confirmed =
        Fate::Confirmed { ledger: 150, closed_at: Timestamp::from_unix(1_000_040), fee: 777 };
    let (node, client, tx) = signed().await;
    node.result("getTransaction", found("SUCCESS", success.clone()));
    assert_eq!(client.look_up(&tx).await.unwrap(), confirmed);
    assert_eq!(node.asked("getTransaction"), [json!({ "hash": tx.hash })]);

    let (node, client, tx) = signed().await;
    node.result("getTransaction", not_found(1_000_050, 1));
    node.result("getTransaction", found("SUCCESS", success));
    assert_eq!(client.look_up(&tx).await.unwrap(), confirmed);
    assert_eq!(
        node.asked("getTransaction"),
        [json!({ "hash": tx.hash }), json!({ "hash": tx.prepared.hash })]
    );
}

#[tokio::test]
async fn absence_is_dated_by_the_first_answer_and_says_how_far_back_it_goes() {
    // The transaction could be sent from 1,000,000 on.
    for (oldest, history_covers) in [(1, true), (1_000_000, true), (1_000_001, false)] {
        let (node, client, tx) = signed().await;
        node.result("getTransaction", not_found(1_000_050, oldest));
        node.result("getTransaction", not_found(1_000_055, oldest));
        let expected = Fate::NotFound {
            latest_closed_at: Timestamp::from_unix(1_000_050),
            latest_ledger: 200,
            history_covers,
            // Its max time is not over.
            source_sequence: None,
        };
        assert_eq!(client.look_up(&tx).await.unwrap(), expected);
    }
}

/// Where history is lost the source's sequence number tells, but only as of a ledger that closed after the max
/// time: the one that was told of, or a later one.
#[tokio::test]
async fn without_history_the_sources_sequence_number_is_told() {
    let (_, _, tx) = signed().await;
    let (in_time, late) = (tx.prepared.max_time.unix(), tx.prepared.max_time.unix() + 1);
    // The node's latest ledger is the 200th; it reads accounts as of `as_of`.
    for (latest, oldest, as_of, expected) in [
        (late, late - 1, 200, Some(41)),
        (late, late - 1, 201, Some(41)),
        (late, late - 1, 199, None),
        (late, 1, 200, None),
        (in_time, in_time - 1, 200, None),
    ] {
        let (node, client, tx) = signed().await;
        let key = source_entry(&tx);
        node.result("getTransaction", not_found(latest, oldest));
        node.result("getLedgerEntries", json!({ "entries": [key], "latestLedger": as_of }));
        let fate = client.look_up(&tx).await.unwrap();
        let Fate::NotFound { source_sequence, .. } = fate else { panic!("{fate:?}") };
        assert_eq!(source_sequence, expected, "{latest} {oldest} {as_of}");
    }
}

fn source_entry(tx: &SignedTx) -> Value {
    let n = (1..=255).find(|n| address(*n) == tx.prepared.source).unwrap();
    let entry = account_entry(n, 41);
    json!({ "key": xdr(&entry.to_key()), "xdr": xdr(&entry), "lastModifiedLedgerSeq": 5 })
}

#[tokio::test]
async fn a_failure_carries_the_contracts_number() {
    let failed = bumped(call_failed(InvokeHostFunctionResult::Trapped));
    // A token's error that the circle caught, and what the circle made of it.
    for (events, contract_code) in [
        (vec![error_event(10), error_event(21)], Some(21)),
        (vec![error_event(131)], Some(131)),
        // The same, but the circle could not ask what to make of it.
        (vec![error_event(13), event_of(ScError::Storage(ScErrorCode::ExceededLimit))], None),
        (vec![], None),
    ] {
        let (node, client, tx) = signed().await;
        let mut info = found("FAILED", failed.clone());
        info["diagnosticEventsXdr"] = json!(events);
        node.result("getTransaction", info);
        let expected = Fate::Failed {
            refused: Refused {
                contract_code,
                reason: "TxFailed: InvokeHostFunctionTrapped".to_owned(),
            },
            // Not even its own refusal could be looked up: it asked for too little of the ledger.
            outdated: contract_code.is_none(),
            fee: 777,
        };
        assert_eq!(client.look_up(&tx).await.unwrap(), expected);
    }
}
