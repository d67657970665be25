//! `simulateTransaction`, and what it finds put to use.

use serde_json::{Value, json};
use stellar_xdr::{
    ContractDataDurability, DiagnosticEvent, ExtendFootprintTtlOp, ExtensionPoint, LedgerEntry,
    LedgerKey, LedgerKeyContractData, Memo, OperationBody, ScAddress, ScVal,
    SorobanAuthorizationEntry, SorobanCredentials, SorobanTransactionData,
    SorobanTransactionDataExt, TransactionExt, TransactionMeta,
};

use super::shapes::Kind::{Base64, Digits, List, Number, Object, Text};
use super::shapes::assert_shape;
use super::support::{Net, XLM, base64, field, payment, token, with_resources, xdr};

#[tokio::test]
async fn a_call_is_simulated_sent_and_has_its_effect() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    net.invoke(&ann, token::deploy()).await;

    let call = token::transfer(&net, &ann, &ben, 30 * i128::from(XLM));
    let tx = net.transaction(&ann, call).await;
    let simulated = net.simulate(&net.sign(&ann, tx.clone())).await;
    assert_shape(
        &simulated,
        &[
            ("transactionData", Base64),
            ("events?", List),
            ("minResourceFee", Digits),
            ("results", List),
            ("stateChanges", List),
            ("latestLedger", Number),
        ],
    );
    let data: SorobanTransactionData = field(&simulated, "transactionData");
    assert_eq!(simulated["minResourceFee"], data.resource_fee.to_string());
    let results = simulated["results"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    assert_shape(&results[0], &[("auth", List), ("xdr", Base64)]);
    assert_eq!(field::<ScVal>(&results[0], "xdr"), ScVal::Void);
    let auth: SorobanAuthorizationEntry = xdr(results[0]["auth"][0].as_str().unwrap());
    assert_eq!(auth.credentials, SorobanCredentials::SourceAccount);
    for event in simulated["events"].as_array().unwrap_or(&vec![]) {
        let _: DiagnosticEvent = xdr(event.as_str().unwrap());
    }
    check_changes(&simulated);

    let before = net.account(&ben).await.balance;
    let hash = net.succeed(&net.sign(&ann, with_resources(tx, &simulated))).await;
    assert_eq!(net.account(&ben).await.balance, before + 30 * XLM);
    let found = net.get(&hash).await;
    let TransactionMeta::V4(meta) = field(&found, "resultMetaXdr") else { panic!("not V4") };
    assert_eq!(meta.soroban_meta.unwrap().return_value, Some(ScVal::Void));
    let stats = net.ask("getFeeStats", json!({})).await;
    assert_eq!(stats["sorobanInclusionFee"]["transactionCount"], "2");
    assert_eq!(stats["sorobanInclusionFee"]["max"], "100");
}

/// Ann's and Ben's accounts, before and after.
fn check_changes(simulated: &Value) {
    let changes = simulated["stateChanges"].as_array().unwrap();
    assert!(changes.len() >= 2, "{simulated}");
    for change in changes {
        assert_shape(
            change,
            &[("type", Text), ("key", Base64), ("before", Base64), ("after", Base64)],
        );
        assert_eq!(change["type"], "updated");
        let key: LedgerKey = field(change, "key");
        assert_eq!(field::<LedgerEntry>(change, "before").to_key(), key);
        assert_eq!(field::<LedgerEntry>(change, "after").to_key(), key);
    }
}

#[tokio::test]
async fn a_creation_has_no_before() {
    let net = Net::start();
    let ann = net.person(1).await;
    let simulated = net.simulate(&net.envelope(&ann, token::deploy()).await).await;
    let changes = simulated["stateChanges"].as_array().unwrap();
    let created = changes.iter().find(|change| change["type"] == "created").unwrap();
    assert!(created["before"].is_null() && created["after"].is_string(), "{created}");
    assert_eq!(created.as_object().unwrap().len(), 4);
}

#[tokio::test]
async fn a_call_that_fails_is_told_as_an_error_in_the_result() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    net.invoke(&ann, token::deploy()).await;
    let too_much = token::transfer(&net, &ann, &ben, 1_000_000 * i128::from(XLM));
    let simulated = net.simulate(&net.envelope(&ann, too_much).await).await;
    assert_shape(&simulated, &[("error", Text), ("events?", List), ("latestLedger", Number)]);
    // Error 10 of the Stellar asset contract: the balance is too low.
    assert!(simulated["error"].as_str().unwrap().contains("Error(Contract, #10)"), "{simulated}");
}

#[tokio::test]
async fn what_cannot_be_simulated_is_told_as_an_error_in_the_result() {
    let net = Net::start();
    let ann = net.person(1).await;
    let classic = net.envelope(&ann, payment(&ann, 1)).await;
    let mut with_memo = net.transaction(&ann, token::deploy()).await;
    with_memo.memo = Memo::Id(1);
    let mut of_two = net.transaction(&ann, token::deploy()).await;
    of_two.operations =
        [of_two.operations.to_vec(), of_two.operations.to_vec()].concat().try_into().unwrap();
    for (params, why) in [
        (json!({ "transaction": "AAAA" }), "Could not unmarshal transaction"),
        (
            json!({ "transaction": base64(&classic), "xdrFormat": "xml" }),
            "got 'xml': expected base64, json for optional 'xdrFormat'",
        ),
        (json!({ "transaction": base64(&classic) }), "unsupported operation type"),
        (json!({ "transaction": base64(&net.sign(&ann, with_memo)) }), "contains a memo"),
        (json!({ "transaction": base64(&net.sign(&ann, of_two)) }), "more than one operation"),
        (
            json!({
                "transaction": base64(&net.envelope(&ann, token::deploy()).await),
                "authMode": "guess",
            }),
            "optional 'authMode' must be one of",
        ),
    ] {
        let answer = net.ask("simulateTransaction", params.clone()).await;
        assert!(answer["error"].as_str().unwrap().contains(why), "{params}: {answer}");
        assert!(answer.get("transactionData").is_none());
    }
}

#[tokio::test]
async fn modes_and_leeway_are_heard() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    net.invoke(&ann, token::deploy()).await;
    // Ben's money, in a transaction of Ann's: Ben has to sign an entry of his own.
    let call = token::transfer(&net, &ben, &ann, 1);
    let envelope = base64(&net.envelope(&ann, call).await);
    let ask = async |extra: Value| {
        let mut params = json!({ "transaction": envelope });
        params.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        net.ask("simulateTransaction", params).await
    };
    let recorded = ask(json!({ "authMode": "record" })).await;
    let auth: SorobanAuthorizationEntry = xdr(recorded["results"][0]["auth"][0].as_str().unwrap());
    assert!(matches!(auth.credentials, SorobanCredentials::Address(_)), "{auth:?}");
    let enforced = ask(json!({ "authMode": "enforce" })).await;
    assert!(enforced["error"].is_string(), "nobody signed: {enforced}");

    let instructions = |answer: &Value| {
        field::<SorobanTransactionData>(answer, "transactionData").resources.instructions
    };
    let roomy = ask(json!({ "resourceConfig": { "instructionLeeway": 5_000_000 } })).await;
    assert!(instructions(&roomy) > instructions(&recorded) + 4_000_000);
    let (code, _) = net
        .refused(
            "simulateTransaction",
            json!({ "transaction": "", "resourceConfig": { "instructionLeeway": -1 } }),
        )
        .await;
    assert_eq!(code, -32_602);
}

#[tokio::test]
async fn what_is_archived_is_restored_by_calls_and_before_extensions() {
    let net = Net::start();
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    net.invoke(&ann, token::deploy()).await;
    net.0.advance_ledgers(2_073_600).await.unwrap();
    let call = token::transfer(&net, &ann, &ben, 1);
    let simulated = net.simulate(&net.envelope(&ann, call).await).await;
    assert!(simulated.get("restorePreamble").is_none(), "{simulated}");
    let data: SorobanTransactionData = field(&simulated, "transactionData");
    let SorobanTransactionDataExt::V1(ext) = data.ext else { panic!("restores nothing") };
    assert_eq!(ext.archived_soroban_entries.len(), 1);

    let instance = LedgerKey::ContractData(LedgerKeyContractData {
        contract: ScAddress::Contract(token::id(&net)),
        key: ScVal::LedgerKeyContractInstance,
        durability: ContractDataDurability::Persistent,
    });
    let ttl = ExtendFootprintTtlOp { ext: ExtensionPoint::V0, extend_to: 3_000_000 };
    let mut tx = net.transaction(&ann, OperationBody::ExtendFootprintTtl(ttl)).await;
    let mut data = SorobanTransactionData::default();
    data.resources.footprint.read_only = vec![instance.clone()].try_into().unwrap();
    tx.ext = TransactionExt::V1(data);
    let simulated = net.simulate(&net.sign(&ann, tx)).await;
    assert_shape(
        &simulated,
        &[
            ("transactionData", Base64),
            ("minResourceFee", Digits),
            ("restorePreamble", Object),
            ("latestLedger", Number),
        ],
    );
    let preamble = &simulated["restorePreamble"];
    assert_shape(preamble, &[("transactionData", Base64), ("minResourceFee", Digits)]);
    let data: SorobanTransactionData = field(preamble, "transactionData");
    assert_eq!(data.resources.footprint.read_write.to_vec(), [instance]);
    assert_eq!(preamble["minResourceFee"], data.resource_fee.to_string());
}
