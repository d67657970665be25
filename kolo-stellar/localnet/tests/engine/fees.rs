//! What transactions cost, and who pays.

use kolo_localnet::SendOutcome;
use stellar_xdr::*;

use crate::support::*;

fn to(key: &Key) -> Vec<Operation> {
    vec![op(pay(key, &Asset::Native, 1))]
}

#[test]
fn fees_have_a_minimum_and_are_charged_at_the_base_rate() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    let mut tx = net.tx(&ada, to(&ben));
    tx.fee = 99;
    let low = refusal(net.send(net.sign(tx.clone(), &[&ada])));
    assert_eq!(low, TransactionResultResult::TxInsufficientFee);
    tx.fee = 5_000;
    let pool = net.fee_pool();
    let record = net.record(&net.send(net.sign(tx, &[&ada])));
    assert_eq!(record.fee_charged, 100);
    assert_eq!(net.balance(&ada), 10 * XLM - 101);
    assert_eq!(net.fee_pool(), pool + 100);

    // The most that may be charged has to be there beside the reserve.
    let mut tx = net.tx(&ada, to(&ben));
    tx.fee = 9 * 10_000_000;
    let broke = refusal(net.send(net.sign(tx, &[&ada])));
    assert_eq!(broke, TransactionResultResult::TxInsufficientBalance);
    let nobody = Key::new("nobody");
    assert_eq!(net.refuse(&nobody, to(&ben), &[&nobody]), TransactionResultResult::TxNoAccount);
    assert_eq!(net.refuse(&ada, vec![], &[&ada]), TransactionResultResult::TxMissingOperation);
}

#[test]
fn a_fee_bump_lets_somebody_else_pay() {
    let net = Net::new();
    let (ada, ben, payer) = (net.fund("ada", 10), net.fund("ben", 10), net.fund("payer", 10));
    let mut tx = net.tx(&ada, to(&ben));
    tx.fee = 0;
    let envelope = net.bump(&payer, 200, net.sign(tx, &[&ada]));
    let record = net.record(&net.send(envelope));
    let TransactionResultResult::TxFeeBumpInnerSuccess(pair) = &record.result.result else {
        panic!("{:?}", record.result.result)
    };
    assert_eq!(Some(&pair.transaction_hash), record.inner_hash.as_ref());
    assert_eq!(record.fee_charged, 200, "a fee-bump counts as one more operation");
    assert_eq!(net.balance(&payer), 10 * XLM - 200);
    assert_eq!(net.balance(&ada), 10 * XLM - 1);
    let inner = record.inner_hash.clone().unwrap();
    let found = net.localnet.transaction(inner.0).wait().unwrap();
    assert_eq!(found.unwrap().hash, record.hash, "the inner hash finds it too");
}

#[test]
fn a_failing_inner_transaction_is_paid_for_all_the_same() {
    let net = Net::new();
    let (ada, ben, payer) = (net.fund("ada", 10), net.fund("ben", 10), net.fund("payer", 10));
    let tx = net.tx(&ada, vec![op(pay(&ben, &Asset::Native, 100 * XLM))]);
    let record = net.record(&net.send(net.bump(&payer, 200, net.sign(tx, &[&ada]))));
    let TransactionResultResult::TxFeeBumpInnerFailed(pair) = &record.result.result else {
        panic!("{:?}", record.result.result)
    };
    let InnerTransactionResultResult::TxFailed(results) = &pair.result.result else {
        panic!("{pair:?}")
    };
    let underfunded = OperationResultTr::Payment(PaymentResult::Underfunded);
    assert_eq!(results[0], OperationResult::OpInner(underfunded));
    assert_eq!(net.balance(&payer), 10 * XLM - 200);
    assert_eq!(net.balance(&ada), 10 * XLM);
}

#[test]
fn fee_bumps_are_refused_with_the_right_code() {
    let net = Net::new();
    let (ada, ben, payer) = (net.fund("ada", 10), net.fund("ben", 10), net.fund("payer", 10));
    let signed = |fee| {
        let mut tx = net.tx(&ada, to(&ben));
        tx.fee = fee;
        net.sign(tx, &[&ada])
    };
    let low = net.send(net.bump(&payer, 199, signed(100)));
    assert_eq!(refusal(low), TransactionResultResult::TxInsufficientFee);
    // The rate of 1000 per operation inside must be met outside: 2000 for two.
    let lower_rate = net.send(net.bump(&payer, 1_999, signed(1_000)));
    let SendOutcome::Error { result, .. } = lower_rate else { panic!("{lower_rate:?}") };
    assert_eq!(result.result, TransactionResultResult::TxInsufficientFee);
    assert_eq!(result.fee_charged, 2_000, "says what is needed");
    let negative = net.send(net.bump(&payer, -1, signed(100)));
    assert_eq!(refusal(negative), TransactionResultResult::TxMalformed);
    let TransactionEnvelope::TxFeeBump(mut unsigned) = net.bump(&payer, 200, signed(100)) else {
        panic!()
    };
    unsigned.signatures = VecM::default();
    let unsigned = net.send(TransactionEnvelope::TxFeeBump(unsigned));
    assert_eq!(refusal(unsigned), TransactionResultResult::TxBadAuth);
    let nobody = Key::new("nobody");
    let no_payer = net.send(net.bump(&nobody, 200, signed(100)));
    assert_eq!(refusal(no_payer), TransactionResultResult::TxNoAccount);
    let rich = net.send(net.bump(&payer, 9 * XLM + 1, signed(100)));
    assert_eq!(refusal(rich), TransactionResultResult::TxInsufficientBalance);
    // What is wrong inside is told inside.
    let unsigned_inner = net.sign(net.tx(&ada, to(&ben)), &[]);
    let inner = refusal(net.send(net.bump(&payer, 200, unsigned_inner)));
    let TransactionResultResult::TxFeeBumpInnerFailed(pair) = inner else { panic!("{inner:?}") };
    assert_eq!(pair.result.result, InnerTransactionResultResult::TxBadAuth);
    assert_eq!(net.balance(&payer), 10 * XLM);
}

#[test]
fn fees_are_events() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    let record = net.succeed(&ada, to(&ben), &[&ada]);
    let fee = &record.events[0];
    assert_eq!(fee.stage, kolo_localnet::EventStage::BeforeAllTransactions);
    assert_eq!(fee.position.tx, 0);
    let ContractEventBody::V0(body) = &fee.event.body;
    assert_eq!(body.topics.to_vec(), [ScVal::Symbol("fee".try_into().unwrap()), ada.address()]);
    assert_eq!(body.data, ScVal::I128(Int128Parts { hi: 0, lo: 100 }));
    let payment = &record.events[1];
    assert_eq!(payment.stage, kolo_localnet::EventStage::Operation(0));
    assert_eq!((payment.position.tx, payment.position.op), (1, 0));
    assert_eq!(payment.position.id().len(), 30);
    let found = kolo_localnet::EventPosition::from_toid(payment.position.toid(), 0);
    assert_eq!(found, payment.position);
}
