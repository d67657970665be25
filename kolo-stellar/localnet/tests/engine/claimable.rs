//! Balances set aside for somebody to claim.

use stellar_xdr::*;

use crate::support::*;

fn claimant(key: &Key, predicate: ClaimPredicate) -> Claimant {
    Claimant::ClaimantTypeV0(ClaimantV0 { destination: key.id(), predicate })
}

fn create(asset: &Asset, amount: i64, claimants: Vec<Claimant>) -> OperationBody {
    OperationBody::CreateClaimableBalance(CreateClaimableBalanceOp {
        asset: asset.clone(),
        amount,
        claimants: claimants.try_into().unwrap(),
    })
}

fn claim(balance_id: &ClaimableBalanceId) -> OperationBody {
    OperationBody::ClaimClaimableBalance(ClaimClaimableBalanceOp { balance_id: balance_id.clone() })
}

fn claw_back(balance_id: &ClaimableBalanceId) -> OperationBody {
    OperationBody::ClawbackClaimableBalance(ClawbackClaimableBalanceOp {
        balance_id: balance_id.clone(),
    })
}

fn anybody() -> ClaimPredicate {
    ClaimPredicate::Unconditional
}

fn inner(results: &[OperationResult]) -> OperationResultTr {
    match results.last().unwrap() {
        OperationResult::OpInner(inner) => inner.clone(),
        other => panic!("{other:?}"),
    }
}

/// Creates a balance and gives its id.
fn made(net: &Net, source: &Key, body: OperationBody) -> ClaimableBalanceId {
    let record = net.succeed(source, vec![op(body)], &[source]);
    let TransactionResultResult::TxSuccess(results) = record.result.result else { panic!() };
    match inner(&results) {
        OperationResultTr::CreateClaimableBalance(CreateClaimableBalanceResult::Success(id)) => id,
        other => panic!("{other:?}"),
    }
}

fn entry(net: &Net, id: &ClaimableBalanceId) -> Option<ClaimableBalanceEntry> {
    let balance_id = id.clone();
    let key = LedgerKey::ClaimableBalance(LedgerKeyClaimableBalance { balance_id });
    match net.entry(key)?.data {
        LedgerEntryData::ClaimableBalance(balance) => Some(balance),
        other => panic!("{other:?}"),
    }
}

fn create_code(results: &[OperationResult]) -> CreateClaimableBalanceResult {
    match inner(results) {
        OperationResultTr::CreateClaimableBalance(code) => code,
        other => panic!("{other:?}"),
    }
}

fn claim_code(results: &[OperationResult]) -> ClaimClaimableBalanceResult {
    match inner(results) {
        OperationResultTr::ClaimClaimableBalance(code) => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_balance_waits_for_its_claimant() {
    let net = Net::new();
    let (ada, ben, cid) = (net.fund("ada", 10), net.fund("ben", 10), net.fund("cid", 10));
    let claimants = vec![claimant(&ben, anybody()), claimant(&cid, anybody())];
    let id = made(&net, &ada, create(&Asset::Native, 3 * XLM, claimants));
    assert_eq!(net.balance(&ada), 7 * XLM - 100);
    // The id is the hash of who made it, with which sequence number, as which operation.
    let preimage = HashIdPreimage::OpId(HashIdPreimageOperationId {
        source_account: ada.id(),
        seq_num: net.account(&ada).unwrap().seq_num,
        op_num: 0,
    });
    let hash = <sha2::Sha256 as sha2::Digest>::digest(preimage.to_xdr(Limits::none()).unwrap());
    assert_eq!(id, ClaimableBalanceId::ClaimableBalanceIdTypeV0(Hash(hash.into())));
    // Two claimants are two reserves, carried by the creator.
    let most = net.balance(&ada) - 2 * XLM - 100;
    let results = net.fail(&ada, vec![op(pay(&ben, &Asset::Native, most + 1))], &[&ada]);
    assert_eq!(inner(&results), OperationResultTr::Payment(PaymentResult::Underfunded));

    let stranger = net.fund("stranger", 10);
    let results = net.fail(&stranger, vec![op(claim(&id))], &[&stranger]);
    assert_eq!(claim_code(&results), ClaimClaimableBalanceResult::CannotClaim);
    let record = net.succeed(&ben, vec![op(claim(&id))], &[&ben]);
    assert_eq!(net.balance(&ben), 13 * XLM - 100);
    assert!(entry(&net, &id).is_none());
    let event = record.events.iter().find(|e| e.stage == kolo_localnet::EventStage::Operation(0));
    let ContractEventBody::V0(body) = &event.unwrap().event.body;
    let from = ScVal::Address(ScAddress::ClaimableBalance(id.clone()));
    assert_eq!(body.topics[1..3], [from, ben.address()]);
    let results = net.fail(&cid, vec![op(claim(&id))], &[&cid]);
    assert_eq!(claim_code(&results), ClaimClaimableBalanceResult::DoesNotExist);
}

/// At which of the times (seconds after the start) Ben could claim.
fn allowed(predicate: ClaimPredicate, times: [u64; 7]) -> [bool; 7] {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 100), net.fund("ben", 100));
    let id = made(&net, &ada, create(&Asset::Native, XLM, vec![claimant(&ben, predicate)]));
    // The second operation never succeeds, so that the balance is there for the next try.
    let never = pay(&Key::new("nobody"), &Asset::Native, 1);
    times.map(|time| {
        net.set_time(START + time);
        let results = net.fail(&ben, vec![op(claim(&id)), op(never.clone())], &[&ben]);
        claim_code(&results[..1]) == ClaimClaimableBalanceResult::Success
    })
}

#[test]
fn predicates_say_when() {
    let start = i64::try_from(START).unwrap();
    let at = |time: i64| ClaimPredicate::BeforeAbsoluteTime(start + time);
    let not = |predicate| ClaimPredicate::Not(Some(Box::new(predicate)));
    let both = |a, b| ClaimPredicate::And(vec![a, b].try_into().unwrap());
    let either = |a, b| ClaimPredicate::Or(vec![a, b].try_into().unwrap());
    let times = [0, 49, 50, 59, 60, 99, 100];
    let window = both(not(at(50)), at(100));
    assert_eq!(allowed(window, times), [false, false, true, true, true, true, false]);
    let outside = either(at(50), not(ClaimPredicate::BeforeRelativeTime(100)));
    assert_eq!(allowed(outside, times), [true, true, false, false, false, false, true]);
    let hurry = ClaimPredicate::BeforeRelativeTime(60);
    assert_eq!(allowed(hurry, times), [true, true, true, true, false, false, false]);
    assert_eq!(allowed(anybody(), times), [true; 7]);
}

#[test]
fn relative_times_count_from_the_balances_ledger() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    net.set_time(START + 1_000);
    let before = |seconds| vec![claimant(&ben, ClaimPredicate::BeforeRelativeTime(seconds))];
    let kept = |seconds| {
        let id = made(&net, &ada, create(&Asset::Native, 1, before(seconds)));
        let Claimant::ClaimantTypeV0(kept) = entry(&net, &id).unwrap().claimants[0].clone();
        kept.predicate
    };
    let made_at = i64::try_from(START).unwrap() + 1_000;
    assert_eq!(kept(60), ClaimPredicate::BeforeAbsoluteTime(made_at + 60));
    assert_eq!(kept(i64::MAX), ClaimPredicate::BeforeAbsoluteTime(i64::MAX));
}

#[test]
fn what_makes_no_sense_is_malformed() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    let code = |body: OperationBody| {
        let refused = net.refuse(&ada, vec![op(body)], &[&ada]);
        let TransactionResultResult::TxFailed(results) = refused else { panic!("{refused:?}") };
        create_code(&results)
    };
    let not = |predicate| ClaimPredicate::Not(Some(Box::new(predicate)));
    let deep = not(not(not(not(anybody()))));
    let alone = ClaimPredicate::And(vec![anybody()].try_into().unwrap());
    let malformed = CreateClaimableBalanceResult::Malformed;
    for claimants in [
        vec![],
        vec![claimant(&ben, anybody()), claimant(&ben, anybody())],
        vec![claimant(&ben, ClaimPredicate::BeforeRelativeTime(-1))],
        vec![claimant(&ben, ClaimPredicate::Not(None))],
        vec![claimant(&ben, alone)],
        vec![claimant(&ben, deep)],
    ] {
        assert_eq!(code(create(&Asset::Native, 1, claimants)), malformed);
    }
    assert_eq!(code(create(&Asset::Native, 0, vec![claimant(&ben, anybody())])), malformed);
    let deepest = not(not(not(anybody())));
    made(&net, &ada, create(&Asset::Native, 1, vec![claimant(&ben, deepest)]));
}

#[test]
fn credit_can_be_set_aside_frozen_and_clawed_back() {
    let net = Net::new();
    let (issuer, ada, ben) = (net.fund("issuer", 100), net.fund("ada", 100), net.fund("ben", 100));
    let asset = usdc(&issuer);
    let options = SetOptionsOp { set_flags: Some(2 | 8), ..no_options() };
    net.succeed(&issuer, vec![op(OperationBody::SetOptions(options))], &[&issuer]);
    let to_ben = |amount| create(&asset, amount, vec![claimant(&ben, anybody())]);
    let results = net.fail(&ada, vec![op(to_ben(1))], &[&ada]);
    assert_eq!(create_code(&results), CreateClaimableBalanceResult::NoTrust);
    net.succeed(&ada, vec![op(trust(&asset, 1_000))], &[&ada]);
    let results = net.fail(&ada, vec![op(to_ben(1))], &[&ada]);
    assert_eq!(create_code(&results), CreateClaimableBalanceResult::Underfunded);
    net.succeed(&issuer, vec![op(pay(&ada, &asset, 500))], &[&issuer]);
    let (from_ada, from_issuer) = (made(&net, &ada, to_ben(200)), made(&net, &issuer, to_ben(50)));
    assert_eq!(net.line(&ada, &asset).unwrap().balance, 300);

    let code = |results: Vec<OperationResult>| claim_code(&results);
    let no_line = net.fail(&ben, vec![op(claim(&from_ada))], &[&ben]);
    assert_eq!(code(no_line), ClaimClaimableBalanceResult::NoTrust);
    net.succeed(&ben, vec![op(trust(&asset, 100))], &[&ben]);
    let too_much = net.fail(&ben, vec![op(claim(&from_ada))], &[&ben]);
    assert_eq!(code(too_much), ClaimClaimableBalanceResult::LineFull);
    let flags = |set_flags, clear_flags| {
        op(OperationBody::SetTrustLineFlags(SetTrustLineFlagsOp {
            trustor: ben.id(),
            asset: asset.clone(),
            clear_flags,
            set_flags,
        }))
    };
    net.succeed(&issuer, vec![flags(0, 1)], &[&issuer]);
    let frozen = net.fail(&ben, vec![op(claim(&from_issuer))], &[&ben]);
    assert_eq!(code(frozen), ClaimClaimableBalanceResult::NotAuthorized);
    net.succeed(&issuer, vec![flags(1, 0)], &[&issuer]);
    net.succeed(&ben, vec![op(claim(&from_issuer))], &[&ben]);
    assert_eq!(net.line(&ben, &asset).unwrap().balance, 50);

    let back = |source: &Key, id: &ClaimableBalanceId| {
        let results = net.fail(source, vec![op(claw_back(id))], &[source]);
        let OperationResultTr::ClawbackClaimableBalance(code) = inner(&results) else { panic!() };
        code
    };
    assert_eq!(back(&ada, &from_ada), ClawbackClaimableBalanceResult::NotIssuer);
    assert_eq!(back(&issuer, &from_issuer), ClawbackClaimableBalanceResult::DoesNotExist);
    net.succeed(&issuer, vec![op(claw_back(&from_ada))], &[&issuer]);
    assert!(entry(&net, &from_ada).is_none());
    // What came from a line without the flag stays.
    let clear = SetTrustLineFlagsOp {
        trustor: ada.id(),
        asset: asset.clone(),
        clear_flags: 4,
        set_flags: 0,
    };
    net.succeed(&issuer, vec![op(OperationBody::SetTrustLineFlags(clear))], &[&issuer]);
    let kept = made(&net, &ada, to_ben(1));
    assert_eq!(back(&issuer, &kept), ClawbackClaimableBalanceResult::NotClawbackEnabled);
}

#[test]
fn somebody_else_carries_the_reserve() {
    let net = Net::new();
    let (sponsor, ben) = (net.fund("sponsor", 100), net.fund("ben", 10));
    let poor = Key::new("poor");
    net.localnet.fund(poor.id(), 14 * XLM / 10).wait().unwrap();
    let body = || create(&Asset::Native, 1, vec![claimant(&ben, anybody())]);
    // 1.4 XLM carry an account's two reserves, not a third one.
    let results = net.fail(&poor, vec![op(body())], &[&poor]);
    assert_eq!(create_code(&results), CreateClaimableBalanceResult::LowReserve);
    let operations = vec![
        op(begin_sponsoring(&poor)),
        op_of(&poor, body()),
        op_of(&poor, OperationBody::EndSponsoringFutureReserves),
    ];
    net.succeed(&sponsor, operations, &[&sponsor, &poor]);
    let results =
        net.fail(&sponsor, vec![op(OperationBody::AccountMerge(ben.muxed()))], &[&sponsor]);
    let is_sponsor = OperationResultTr::AccountMerge(AccountMergeResult::IsSponsor);
    assert_eq!(inner(&results), is_sponsor);
}
