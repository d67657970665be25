//! Accounts, payments, trust.

use stellar_xdr::*;

use crate::support::*;

fn inner(results: &[OperationResult], index: usize) -> &OperationResultTr {
    match &results[index] {
        OperationResult::OpInner(inner) => inner,
        other => panic!("{other:?}"),
    }
}

fn payment_code(results: &[OperationResult]) -> PaymentResult {
    match inner(results, 0) {
        OperationResultTr::Payment(code) => code.clone(),
        other => panic!("{other:?}"),
    }
}

/// Issuer, and two holders with trustlines of limit 1000.
fn usdc_net() -> (Net, Key, Key, Key, Asset) {
    let net = Net::new();
    let (issuer, ada, ben) = (net.fund("issuer", 100), net.fund("ada", 100), net.fund("ben", 100));
    let asset = usdc(&issuer);
    net.succeed(&ada, vec![op(trust(&asset, 1_000))], &[&ada]);
    net.succeed(&ben, vec![op(trust(&asset, 1_000))], &[&ben]);
    (net, issuer, ada, ben, asset)
}

#[test]
fn creates_accounts_with_the_networks_rules() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), Key::new("ben"));
    let record = net.succeed(&ada, vec![op(create(&ben, 2 * XLM))], &[&ada]);
    let account = net.account(&ben).unwrap();
    assert_eq!(account.balance, 2 * XLM);
    assert_eq!(account.seq_num.0, i64::from(record.ledger) << 32);
    assert_eq!(account.thresholds.0, [1, 0, 0, 0]);
    assert_eq!(net.balance(&ada), 8 * XLM - 100);

    let code = |results: Vec<OperationResult>| match inner(&results, 0) {
        OperationResultTr::CreateAccount(code) => code.clone(),
        other => panic!("{other:?}"),
    };
    let again = net.fail(&ada, vec![op(create(&ben, XLM))], &[&ada]);
    assert_eq!(code(again), CreateAccountResult::AlreadyExist);
    let cid = Key::new("cid");
    // Two base reserves of 0.5 XLM are the least an account can have.
    let poor = net.fail(&ada, vec![op(create(&cid, XLM - 1))], &[&ada]);
    assert_eq!(code(poor), CreateAccountResult::LowReserve);
    let broke = net.fail(&ada, vec![op(create(&cid, 8 * XLM))], &[&ada]);
    assert_eq!(code(broke), CreateAccountResult::Underfunded);
    assert!(net.account(&cid).is_none());
}

#[test]
fn failed_operations_leave_nothing_but_the_fee_and_the_sequence_number() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    let before = net.account(&ada).unwrap();
    let results = net.fail(
        &ada,
        vec![op(pay(&ben, &Asset::Native, XLM)), op(pay(&ben, &Asset::Native, 100 * XLM))],
        &[&ada],
    );
    assert_eq!(payment_code(&results), PaymentResult::Success);
    assert_eq!(*inner(&results, 1), OperationResultTr::Payment(PaymentResult::Underfunded));
    let after = net.account(&ada).unwrap();
    assert_eq!(after.balance, before.balance - 200);
    assert_eq!(after.seq_num.0, before.seq_num.0 + 1);
    assert_eq!(net.balance(&ben), 10 * XLM);
}

#[test]
fn payments_in_lumens_respect_the_reserve() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    // 10 XLM less 100 stroops of fee less a reserve of 1 XLM.
    let most = 9 * XLM - 100;
    let results = net.fail(&ada, vec![op(pay(&ben, &Asset::Native, most + 1))], &[&ada]);
    assert_eq!(payment_code(&results), PaymentResult::Underfunded);
    net.succeed(&ada, vec![op(pay(&ben, &Asset::Native, most - 100))], &[&ada]);
    assert_eq!(net.balance(&ada), XLM);
    assert_eq!(net.balance(&ben), 10 * XLM + most - 100);
    let nobody = Key::new("nobody");
    let results = net.fail(&ben, vec![op(pay(&nobody, &Asset::Native, 1))], &[&ben]);
    assert_eq!(payment_code(&results), PaymentResult::NoDestination);
}

#[test]
fn credit_is_minted_moved_and_burnt() {
    let (net, issuer, ada, ben, asset) = usdc_net();
    net.succeed(&issuer, vec![op(pay(&ada, &asset, 700))], &[&issuer]);
    net.succeed(&ada, vec![op(pay(&ben, &asset, 300))], &[&ada]);
    net.succeed(&ben, vec![op(pay(&issuer, &asset, 100))], &[&ben]);
    assert_eq!(net.line(&ada, &asset).unwrap().balance, 400);
    assert_eq!(net.line(&ben, &asset).unwrap().balance, 200);

    let symbol = |value: &ScVal| match value {
        ScVal::Symbol(symbol) => symbol.to_string(),
        other => panic!("{other:?}"),
    };
    let names: Vec<_> = net
        .events()
        .into_iter()
        .map(|event| {
            let ContractEventBody::V0(body) = event.event.body;
            (symbol(&body.topics[0]), body)
        })
        .filter(|(name, body)| name != "fee" && body.topics.len() < 5 && name != "transfer")
        .collect();
    let kinds: Vec<_> = names.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(kinds, ["mint", "burn"]);
    let last = net.events().into_iter().rev().find(|e| {
        let ContractEventBody::V0(body) = &e.event.body;
        symbol(&body.topics[0]) == "transfer"
    });
    let ContractEventBody::V0(body) = last.unwrap().event.body;
    let issuer = stellar_strkey::ed25519::PublicKey(issuer.bytes()).to_string();
    let name = format!("USDC:{issuer}");
    assert_eq!(body.topics.len(), 4);
    assert_eq!(body.topics[1], ada.address());
    assert_eq!(body.topics[2], ben.address());
    assert_eq!(body.topics[3], ScVal::String(ScString(name.as_str().try_into().unwrap())));
    assert_eq!(body.data, ScVal::I128(Int128Parts { hi: 0, lo: 300 }));
}

#[test]
fn credit_needs_trust_room_and_funds() {
    let (net, issuer, ada, ben, asset) = usdc_net();
    let cid = net.fund("cid", 10);
    let code = |from: &Key, to: &Key, amount| {
        payment_code(&net.fail(from, vec![op(pay(to, &asset, amount))], &[from]))
    };
    assert_eq!(code(&issuer, &cid, 1), PaymentResult::NoTrust);
    assert_eq!(code(&issuer, &ada, 1_001), PaymentResult::LineFull);
    assert_eq!(code(&ada, &ben, 1), PaymentResult::Underfunded);
    assert_eq!(code(&cid, &ben, 1), PaymentResult::SrcNoTrust);
    assert_eq!(code(&issuer, &Key::new("nobody"), 1), PaymentResult::NoDestination);
    let refused = net.refuse(&ada, vec![op(pay(&ben, &asset, 0))], &[&ada]);
    let TransactionResultResult::TxFailed(results) = refused else { panic!("{refused:?}") };
    assert_eq!(payment_code(&results), PaymentResult::Malformed);
}

#[test]
fn an_issuer_can_withhold_and_withdraw_authorisation() {
    let net = Net::new();
    let (issuer, ada) = (net.fund("issuer", 100), net.fund("ada", 100));
    let asset = usdc(&issuer);
    let options = SetOptionsOp { set_flags: Some(3), ..no_options() };
    net.succeed(&issuer, vec![op(OperationBody::SetOptions(options))], &[&issuer]);
    net.succeed(&ada, vec![op(trust(&asset, 1_000))], &[&ada]);
    let results = net.fail(&issuer, vec![op(pay(&ada, &asset, 5))], &[&issuer]);
    assert_eq!(payment_code(&results), PaymentResult::NotAuthorized);

    let flags = |set_flags, clear_flags| {
        op(OperationBody::SetTrustLineFlags(SetTrustLineFlagsOp {
            trustor: ada.id(),
            asset: asset.clone(),
            set_flags,
            clear_flags,
        }))
    };
    net.succeed(&issuer, vec![flags(1, 0)], &[&issuer]);
    net.succeed(&issuer, vec![op(pay(&ada, &asset, 5))], &[&issuer]);
    net.succeed(&issuer, vec![flags(0, 1)], &[&issuer]);
    let results = net.fail(&ada, vec![op(pay(&issuer, &asset, 5))], &[&ada]);
    assert_eq!(payment_code(&results), PaymentResult::SrcNotAuthorized);
    let foreign = net.refuse(&ada, vec![flags(1, 0)], &[&ada]);
    assert!(matches!(foreign, TransactionResultResult::TxFailed(_)));
}

#[test]
fn trustlines_cost_a_reserve_and_go_only_when_empty() {
    let (net, issuer, ada, _, asset) = usdc_net();
    let code = |results: Vec<OperationResult>| match inner(&results, 0) {
        OperationResultTr::ChangeTrust(code) => code.clone(),
        other => panic!("{other:?}"),
    };
    net.succeed(&issuer, vec![op(pay(&ada, &asset, 10))], &[&issuer]);
    let lower = net.fail(&ada, vec![op(trust(&asset, 9))], &[&ada]);
    assert_eq!(code(lower), ChangeTrustResult::InvalidLimit);
    let delete = net.fail(&ada, vec![op(trust(&asset, 0))], &[&ada]);
    assert_eq!(code(delete), ChangeTrustResult::InvalidLimit);
    net.succeed(&ada, vec![op(pay(&issuer, &asset, 10))], &[&ada]);
    net.succeed(&ada, vec![op(trust(&asset, 0))], &[&ada]);
    assert!(net.line(&ada, &asset).is_none());
    assert_eq!(net.account(&ada).unwrap().num_sub_entries, 0);

    // 1.4 XLM carry an account's two reserves, not a third one.
    let poor = Key::new("poor");
    net.localnet.fund(poor.id(), 14 * XLM / 10).wait().unwrap();
    let low = net.fail(&poor, vec![op(trust(&asset, 5))], &[&poor]);
    assert_eq!(code(low), ChangeTrustResult::LowReserve);
    let unknown = usdc(&Key::new("nobody"));
    let no_issuer = net.fail(&ada, vec![op(trust(&unknown, 5))], &[&ada]);
    assert_eq!(code(no_issuer), ChangeTrustResult::NoIssuer);
}

#[test]
fn accounts_merge_when_nothing_hangs_on_them() {
    let (net, _, ada, ben, asset) = usdc_net();
    let merge = |to: &Key| op(OperationBody::AccountMerge(to.muxed()));
    let code = |results: Vec<OperationResult>| match inner(&results, 0) {
        OperationResultTr::AccountMerge(code) => code.clone(),
        other => panic!("{other:?}"),
    };
    let results = net.fail(&ada, vec![merge(&ben)], &[&ada]);
    assert_eq!(code(results), AccountMergeResult::HasSubEntries);
    net.succeed(&ada, vec![op(trust(&asset, 0))], &[&ada]);
    let nobody = Key::new("nobody");
    let results = net.fail(&ada, vec![merge(&nobody)], &[&ada]);
    assert_eq!(code(results), AccountMergeResult::NoAccount);
    let (from, to) = (net.balance(&ada), net.balance(&ben));
    net.succeed(&ada, vec![merge(&ben)], &[&ada]);
    assert!(net.account(&ada).is_none());
    assert_eq!(net.balance(&ben), to + from - 100);
}

#[test]
fn data_entries_and_sequence_bumps() {
    let net = Net::new();
    let ada = net.fund("ada", 10);
    let name = String64("colour".try_into().unwrap());
    let data = |value: Option<&[u8]>| {
        op(OperationBody::ManageData(ManageDataOp {
            data_name: name.clone(),
            data_value: value.map(|value| DataValue(value.to_vec().try_into().unwrap())),
        }))
    };
    net.succeed(&ada, vec![data(Some(b"red")), data(Some(b"blue"))], &[&ada]);
    let key = LedgerKey::Data(LedgerKeyData { account_id: ada.id(), data_name: name.clone() });
    let Some(LedgerEntryData::Data(entry)) = net.entry(key.clone()).map(|entry| entry.data) else {
        panic!("no data")
    };
    assert_eq!(entry.data_value.as_slice(), b"blue");
    net.succeed(&ada, vec![data(None)], &[&ada]);
    assert!(net.entry(key).is_none());
    let results = net.fail(&ada, vec![data(None)], &[&ada]);
    let expected = OperationResultTr::ManageData(ManageDataResult::NameNotFound);
    assert_eq!(*inner(&results, 0), expected);

    let target = net.account(&ada).unwrap().seq_num.0 + 100;
    let bump = BumpSequenceOp { bump_to: SequenceNumber(target) };
    net.succeed(&ada, vec![op(OperationBody::BumpSequence(bump))], &[&ada]);
    assert_eq!(net.account(&ada).unwrap().seq_num.0, target);
}

#[test]
fn what_is_not_supported_says_so() {
    let net = Net::new();
    let (ada, issuer) = (net.fund("ada", 10), net.fund("issuer", 10));
    let (selling, buying, price) = (Asset::Native, usdc(&issuer), Price { n: 1, d: 1 });
    let pool = LiquidityPoolConstantProductParameters {
        asset_a: Asset::Native,
        asset_b: usdc(&issuer),
        fee: 30,
    };
    let pool = LiquidityPoolParameters::LiquidityPoolConstantProduct(pool);
    for body in [
        OperationBody::Inflation,
        OperationBody::ManageSellOffer(ManageSellOfferOp {
            selling: selling.clone(),
            buying: buying.clone(),
            amount: 1,
            price: price.clone(),
            offer_id: 0,
        }),
        OperationBody::ManageBuyOffer(ManageBuyOfferOp {
            selling: selling.clone(),
            buying: buying.clone(),
            buy_amount: 1,
            price: price.clone(),
            offer_id: 0,
        }),
        OperationBody::CreatePassiveSellOffer(CreatePassiveSellOfferOp {
            selling,
            buying,
            amount: 1,
            price: price.clone(),
        }),
        OperationBody::AllowTrust(AllowTrustOp {
            trustor: issuer.id(),
            asset: AssetCode::CreditAlphanum4(AssetCode4(*b"USDC")),
            authorize: 1,
        }),
        OperationBody::LiquidityPoolDeposit(LiquidityPoolDepositOp {
            liquidity_pool_id: PoolId(Hash([1; 32])),
            max_amount_a: 1,
            max_amount_b: 1,
            min_price: price.clone(),
            max_price: price,
        }),
        OperationBody::LiquidityPoolWithdraw(LiquidityPoolWithdrawOp {
            liquidity_pool_id: PoolId(Hash([1; 32])),
            amount: 1,
            min_amount_a: 1,
            min_amount_b: 1,
        }),
        OperationBody::ChangeTrust(ChangeTrustOp {
            line: ChangeTrustAsset::PoolShare(pool),
            limit: 1,
        }),
    ] {
        let refused = net.refuse(&ada, vec![op(body.clone())], &[&ada]);
        let TransactionResultResult::TxFailed(results) = refused else { panic!("{refused:?}") };
        assert_eq!(results[0], OperationResult::OpNotSupported, "{body:?}");
    }
    assert_eq!(net.balance(&ada), 10 * XLM);
}
