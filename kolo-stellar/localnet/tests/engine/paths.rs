//! Path payments whose path is direct, muxed accounts and memos.

use stellar_xdr::*;

use crate::support::*;

fn receive(to: MuxedAccount, asset: &Asset, amount: i64, send_max: i64) -> OperationBody {
    OperationBody::PathPaymentStrictReceive(PathPaymentStrictReceiveOp {
        send_asset: asset.clone(),
        send_max,
        destination: to,
        dest_asset: asset.clone(),
        dest_amount: amount,
        path: VecM::default(),
    })
}

fn send(to: MuxedAccount, asset: &Asset, amount: i64, dest_min: i64) -> OperationBody {
    OperationBody::PathPaymentStrictSend(PathPaymentStrictSendOp {
        send_asset: asset.clone(),
        send_amount: amount,
        destination: to,
        dest_asset: asset.clone(),
        dest_min,
        path: VecM::default(),
    })
}

fn of(results: &[OperationResult]) -> OperationResultTr {
    match &results[0] {
        OperationResult::OpInner(inner) => inner.clone(),
        other => panic!("{other:?}"),
    }
}

fn muxed(key: &Key, id: u64) -> MuxedAccount {
    MuxedAccount::MuxedEd25519(MuxedAccountMed25519 { id, ed25519: Uint256(key.bytes()) })
}

#[test]
fn direct_paths_pay() {
    let net = Net::new();
    let (issuer, ada, ben) = (net.fund("issuer", 100), net.fund("ada", 100), net.fund("ben", 100));
    let asset = usdc(&issuer);
    for holder in [&ada, &ben] {
        net.succeed(holder, vec![op(trust(&asset, 1_000))], &[holder]);
    }
    net.succeed(&issuer, vec![op(pay(&ada, &asset, 500))], &[&issuer]);
    let record = net.succeed(&ada, vec![op(receive(ben.muxed(), &asset, 100, 150))], &[&ada]);
    let TransactionResultResult::TxSuccess(results) = record.result.result else { panic!() };
    let last = SimplePaymentResult { destination: ben.id(), asset: asset.clone(), amount: 100 };
    let offers = VecM::default();
    let success = PathPaymentStrictReceiveResultSuccess { offers, last };
    let success = PathPaymentStrictReceiveResult::Success(success);
    assert_eq!(of(&results), OperationResultTr::PathPaymentStrictReceive(success));
    net.succeed(&ada, vec![op(send(ben.muxed(), &asset, 50, 50))], &[&ada]);
    assert_eq!(net.line(&ada, &asset).unwrap().balance, 350);
    assert_eq!(net.line(&ben, &asset).unwrap().balance, 150);

    let nobody = Key::new("nobody").muxed();
    let received = |body| match of(&net.fail(&ada, vec![op(body)], &[&ada])) {
        OperationResultTr::PathPaymentStrictReceive(code) => code,
        other => panic!("{other:?}"),
    };
    use PathPaymentStrictReceiveResult as Receive;
    assert_eq!(received(receive(ben.muxed(), &asset, 10, 9)), Receive::OverSendmax);
    assert_eq!(received(receive(ben.muxed(), &asset, 351, 400)), Receive::Underfunded);
    assert_eq!(received(receive(ben.muxed(), &asset, 851, 900)), Receive::LineFull);
    assert_eq!(received(receive(nobody.clone(), &asset, 1, 1)), Receive::NoDestination);
    let sent = |body| match of(&net.fail(&ada, vec![op(body)], &[&ada])) {
        OperationResultTr::PathPaymentStrictSend(code) => code,
        other => panic!("{other:?}"),
    };
    use PathPaymentStrictSendResult as Send;
    assert_eq!(sent(send(ben.muxed(), &asset, 10, 11)), Send::UnderDestmin);
    // The source is looked at first here.
    assert_eq!(sent(send(ben.muxed(), &asset, 851, 1)), Send::Underfunded);
    assert_eq!(sent(send(nobody, &asset, 1, 1)), Send::NoDestination);
    assert_eq!(net.line(&ada, &asset).unwrap().balance, 350);
}

#[test]
fn other_paths_are_not_supported() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    let mut through = receive(ben.muxed(), &Asset::Native, 1, 1);
    if let OperationBody::PathPaymentStrictReceive(payment) = &mut through {
        payment.path = vec![usdc(&ben)].try_into().unwrap();
    }
    let mut across = send(ben.muxed(), &Asset::Native, 1, 1);
    if let OperationBody::PathPaymentStrictSend(payment) = &mut across {
        payment.dest_asset = usdc(&ben);
    }
    for body in [through, across] {
        let refused = net.refuse(&ada, vec![op(body)], &[&ada]);
        let TransactionResultResult::TxFailed(results) = refused else { panic!("{refused:?}") };
        assert_eq!(results[0], OperationResult::OpNotSupported);
    }
    // What is malformed is said to be that first.
    let refused = net.refuse(&ada, vec![op(send(ben.muxed(), &Asset::Native, 0, 1))], &[&ada]);
    let TransactionResultResult::TxFailed(results) = refused else { panic!("{refused:?}") };
    let malformed = PathPaymentStrictSendResult::Malformed;
    assert_eq!(of(&results), OperationResultTr::PathPaymentStrictSend(malformed));
}

/// The data of the transfer's event.
fn told(net: &Net, source: MuxedAccount, memo: Memo, to: MuxedAccount) -> ScVal {
    let ada = Key::new("ada");
    let mut tx = net.tx(&ada, vec![op(send(to, &Asset::Native, 7, 7))]);
    tx.source_account = source;
    tx.memo = memo;
    let record = net.record(&net.send(net.sign(tx, &[&ada])));
    assert!(record.is_successful(), "{:?}", record.result.result);
    let event = record.events.iter().find(|e| e.stage == kolo_localnet::EventStage::Operation(0));
    let ContractEventBody::V0(body) = event.unwrap().event.body.clone();
    assert_eq!(body.topics[1], ada.address(), "muxed or not, the account pays");
    body.data
}

#[test]
fn muxed_accounts_and_memos_name_the_receiver() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    let plain = ScVal::I128(Int128Parts { hi: 0, lo: 7 });
    let named = |id: ScVal| {
        let entry = |key: &str, val: ScVal| {
            let key = ScVal::Symbol(key.try_into().unwrap());
            ScMapEntry { key, val }
        };
        let entries = vec![entry("amount", plain.clone()), entry("to_muxed_id", id)];
        ScVal::Map(Some(ScMap(entries.try_into().unwrap())))
    };
    let tell = |memo: Memo, to: MuxedAccount| told(&net, ada.muxed(), memo, to);
    assert_eq!(tell(Memo::None, ben.muxed()), plain);
    assert_eq!(tell(Memo::Id(9), ben.muxed()), named(ScVal::U64(9)));
    let text = ScVal::String(ScString("rent".try_into().unwrap()));
    assert_eq!(tell(Memo::Text("rent".try_into().unwrap()), ben.muxed()), named(text));
    let bytes = ScVal::Bytes(vec![5; 32].try_into().unwrap());
    assert_eq!(tell(Memo::Hash(Hash([5; 32])), ben.muxed()), named(bytes.clone()));
    assert_eq!(tell(Memo::Return(Hash([5; 32])), ben.muxed()), named(bytes));
    // A muxed id says more than the memo.
    assert_eq!(tell(Memo::Id(9), muxed(&ben, 4)), named(ScVal::U64(4)));
    assert_eq!(told(&net, muxed(&ada, 1), Memo::None, ben.muxed()), plain);
    assert_eq!(net.balance(&ben), 10 * XLM + 7 * 7);
}

#[test]
fn a_transaction_can_wait_for_its_account_to_rest() {
    let net = Net::new();
    let ada = net.fund("ada", 10);
    let with = |min_seq_age: u64, min_seq_ledger_gap: u32| {
        let mut tx = net.tx(&ada, vec![op(pay(&ada, &Asset::Native, 1))]);
        tx.cond = Preconditions::V2(PreconditionsV2 {
            time_bounds: None,
            ledger_bounds: None,
            min_seq_num: None,
            min_seq_age: Duration(min_seq_age),
            min_seq_ledger_gap,
            extra_signers: VecM::default(),
        });
        net.send(net.sign(tx, &[&ada]))
    };
    // The account's number changes, and with it the time and ledger that are waited for.
    net.succeed(&ada, vec![op(pay(&ada, &Asset::Native, 1))], &[&ada]);
    let rest = TransactionResultResult::TxBadMinSeqAgeOrGap;
    assert_eq!(refusal(with(60, 0)), rest);
    assert_eq!(refusal(with(0, 3)), rest);
    net.localnet.advance_ledgers(2).wait().unwrap();
    assert!(net.record(&with(0, 3)).is_successful());
    net.set_time(START + 59);
    assert_eq!(refusal(with(60, 0)), rest);
    net.set_time(START + 60);
    assert!(net.record(&with(60, 0)).is_successful());
}
