//! Records of real transactions in words.

use kolo_localnet::explain::{ExplainedEvent, ExplainedOperation, Explanation};
use stellar_xdr::*;

use crate::contracts::{call, deploy_asset, deploy_factory, i128, returned_address, upload, wasm};
use crate::support::*;

fn field<'e>(operation: &'e ExplainedOperation, name: &str) -> &'e str {
    let found = operation.fields.iter().find(|field| field.name == name);
    let fields = &operation.fields;
    &found.unwrap_or_else(|| panic!("no {name:?} in {fields:?}")).value
}

fn meaning(events: &[ExplainedEvent], stage: &str) -> String {
    let found = events.iter().find(|event| event.stage == stage);
    found.and_then(|event| event.meaning.clone()).unwrap_or_else(|| panic!("{events:?}"))
}

fn short(key: &Key) -> String {
    let address = key.id().to_string();
    format!("{}…{}", &address[..4], &address[52..])
}

#[test]
fn a_payment_says_who_paid_what_to_whom() {
    let net = Net::new();
    let (issuer, ada) = (net.fund("issuer", 100), net.fund("ada", 100));
    let asset = usdc(&issuer);
    net.succeed(&ada, vec![op(trust(&asset, i64::MAX))], &[&ada]);
    let mut tx = net.tx(&issuer, vec![op(pay(&ada, &asset, 125_000_001))]);
    tx.memo = Memo::Text("for the market".try_into().unwrap());
    let record = net.record(&net.send(net.sign(tx.clone(), &[&issuer])));

    let words = Explanation::of(&record);
    assert!(words.successful);
    assert_eq!(words.result, "succeeded");
    assert_eq!(words.summary, format!("pay 12.5000001 USDC to {}", short(&ada)));
    assert_eq!(words.source, issuer.id().to_string());
    assert_eq!(words.sequence, tx.seq_num.0);
    assert_eq!(words.memo.as_deref(), Some("for the market"));
    assert_eq!(
        (words.fee_charged.as_str(), words.fee_limit.as_str()),
        ("0.0000100 XLM", "0.0000100 XLM")
    );
    assert_eq!((words.ledger, words.close_time), (record.ledger, START));
    assert_eq!(words.hash.len(), 64);
    assert_eq!(words.fee_bump, None);
    let [payment] = &words.operations[..] else { panic!("{:?}", words.operations) };
    assert_eq!(payment.kind, "payment");
    assert_eq!(field(payment, "to"), ada.id().to_string());
    assert_eq!(field(payment, "amount"), "12.5000001 USDC");
    assert_eq!(field(payment, "asset"), format!("USDC of {}", issuer.id()));
    assert_eq!(payment.result.as_deref(), Some("success"));
    assert_eq!(meaning(&words.events, "fee"), format!("fee 0.0000100 XLM from {}", short(&issuer)));
    assert_eq!(
        meaning(&words.events, "operation 1"),
        format!("mint 12.5000001 USDC to {}", short(&ada))
    );
}

#[test]
fn a_sponsored_account_in_a_fee_bump_names_who_pays() {
    let net = Net::new();
    let (sponsor, payer, ada) = (net.fund("sponsor", 100), net.fund("payer", 100), Key::new("ada"));
    let operations = vec![
        op(begin_sponsoring(&ada)),
        op(create(&ada, 0)),
        op_of(&ada, trust(&usdc(&sponsor), i64::MAX)),
        op_of(&ada, OperationBody::EndSponsoringFutureReserves),
    ];
    let inner = net.sign(net.tx(&sponsor, operations), &[&sponsor, &ada]);
    let record = net.record(&net.send(net.bump(&payer, 1_000, inner)));

    let words = Explanation::of(&record);
    assert_eq!(
        words.summary,
        format!("create account {} with 0.0000000 XLM, and 1 more operation", short(&ada))
    );
    assert_eq!(words.source, sponsor.id().to_string());
    assert_eq!(words.fee_limit, "0.0001000 XLM");
    let bump = words.fee_bump.unwrap();
    assert_eq!(bump.fee_source, payer.id().to_string());
    assert_eq!(bump.inner_fee_limit, "0.0000400 XLM");
    assert_ne!(bump.inner_hash, words.hash);
    let kinds: Vec<_> = words.operations.iter().map(|op| op.kind.as_str()).collect();
    assert_eq!(kinds, ["begin sponsoring", "create account", "change trust", "end sponsoring"]);
    assert_eq!(
        words.operations[0].summary,
        format!("{} sponsors the reserves of {}", short(&sponsor), short(&ada))
    );
    assert_eq!(words.operations[2].summary, "accept to hold USDC");
    assert_eq!(words.operations[2].source, ada.id().to_string());
    assert_eq!(field(&words.operations[2], "limit"), "no limit");
}

#[test]
fn what_failed_says_which_operation_and_why() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 100), net.fund("ben", 100));
    let operations =
        vec![op(pay(&ben, &Asset::Native, 1)), op(pay(&ben, &Asset::Native, 1_000 * XLM))];
    let record = net.record(&net.run(&ada, operations, &[&ada]));

    let words = Explanation::of(&record);
    assert!(!words.successful);
    assert_eq!(words.result, "failed: operation 2: underfunded");
    assert_eq!(words.operations[0].result.as_deref(), Some("success"));
    assert_eq!(words.operations[1].result.as_deref(), Some("underfunded"));
    assert_eq!(field(&words.operations[1], "amount"), "1000.0000000 XLM");
}

#[test]
fn contracts_are_uploaded_deployed_and_called_in_words() {
    let net = Net::new();
    let (issuer, ada, ben) =
        (net.fund("issuer", 100), net.fund("ada", 1_000), net.fund("ben", 100));
    let asset = usdc(&issuer);
    net.succeed(&ada, vec![op(trust(&asset, 1_000 * XLM))], &[&ada]);
    net.succeed(&ben, vec![op(trust(&asset, 1_000 * XLM))], &[&ben]);
    net.succeed(&issuer, vec![op(pay(&ada, &asset, 500))], &[&issuer]);

    let deployed = net.soroban(&ada, deploy_asset(&asset));
    let words = Explanation::of(&deployed);
    assert_eq!(words.summary, "deploy the asset contract of USDC");
    assert_eq!(field(&words.operations[0], "code"), "the Stellar Asset Contract");
    let sac = returned_address(&deployed);
    assert_eq!(words.returned, Some(sac.to_string()));

    let record =
        net.soroban(&ada, call(&sac, "transfer", vec![ada.address(), ben.address(), i128(200)]));
    let words = Explanation::of(&record);
    let invoke = &words.operations[0];
    assert_eq!(invoke.kind, "invoke contract");
    assert_eq!(field(invoke, "contract"), sac.to_string());
    assert_eq!(field(invoke, "function"), "transfer");
    assert_eq!(field(invoke, "argument 2"), ben.id().to_string());
    assert_eq!(field(invoke, "argument 3"), "200");
    assert_eq!(words.returned.as_deref(), Some("nothing"));
    assert_eq!(
        meaning(&words.events, "operation 1"),
        format!("transfer 0.0000200 USDC from {} to {}", short(&ada), short(&ben))
    );
    assert!(meaning(&words.events, "refund").starts_with("give back 0.0"));
    let transfer =
        words.events.iter().find(|event| event.name.as_deref() == Some("transfer")).unwrap();
    assert_eq!(transfer.contract, Some(sac.to_string()));
    assert_eq!(transfer.topics[0], "transfer");
    assert_eq!(transfer.topics[2], ben.id().to_string());
    assert_eq!(transfer.data, "200");

    let code = wasm("circle");
    let words = Explanation::of(&net.soroban(&ada, upload(&code)));
    assert_eq!(words.summary, format!("upload contract code of {} bytes", code.len()));
    assert!(words.returned.unwrap().starts_with("0x"));
    let factory = deploy_factory(&net, &ada, &sac);
    assert!(factory.to_string().starts_with('C'));
}

#[test]
fn a_contracts_own_error_is_named() {
    let net = Net::new();
    let (issuer, ada, ben) = (net.fund("issuer", 100), net.fund("ada", 100), net.fund("ben", 100));
    let asset = usdc(&issuer);
    net.succeed(&ada, vec![op(trust(&asset, 1_000))], &[&ada]);
    net.succeed(&ben, vec![op(trust(&asset, 1_000))], &[&ben]);
    net.succeed(&issuer, vec![op(pay(&ada, &asset, 500))], &[&issuer]);
    let sac = returned_address(&net.soroban(&ada, deploy_asset(&asset)));
    let transfer = call(&sac, "transfer", vec![ada.address(), ben.address(), i128(400)]);
    // Prepared while the money is there, sent when it is not: the host refuses it in a ledger.
    let mut prepared = net.assemble(&ada, transfer);
    net.succeed(&ada, vec![op(pay(&ben, &asset, 300))], &[&ada]);
    prepared.seq_num.0 += 1;
    let record = net.record(&net.send(net.sign(prepared, &[&ada])));

    let words = Explanation::of(&record);
    assert_eq!(words.result, "failed: operation 1: trapped");
    assert!(
        words.errors.iter().any(|error| error.contains("the contract's error 10")),
        "{:?}",
        words.errors
    );
    assert_eq!(words.returned, None);
}
