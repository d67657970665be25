//! Members hold USDC and no lumens: somebody else carries their reserves.

use stellar_xdr::*;

use crate::support::*;

fn end(key: &Key) -> Operation {
    op_of(key, OperationBody::EndSponsoringFutureReserves)
}

/// Sponsor creates `member` without lumens and with a sponsored USDC trustline.
fn onboard(net: &Net, sponsor: &Key, member: &Key, asset: &Asset) {
    let operations = vec![
        op(begin_sponsoring(member)),
        op(create(member, 0)),
        op_of(member, trust(asset, i64::MAX)),
        end(member),
    ];
    net.succeed(sponsor, operations, &[sponsor, member]);
}

#[test]
fn a_member_without_lumens_receives_and_sends_money() {
    let net = Net::new();
    let (issuer, sponsor) = (net.fund("issuer", 100), net.fund("sponsor", 100));
    let (ada, ben) = (Key::new("ada"), Key::new("ben"));
    let asset = usdc(&issuer);
    onboard(&net, &sponsor, &ada, &asset);
    onboard(&net, &sponsor, &ben, &asset);
    assert_eq!(net.balance(&ada), 0);
    net.succeed(&issuer, vec![op(pay(&ada, &asset, 50))], &[&issuer]);
    // Ada pays Ben; the sponsor pays the fee.
    let mut tx = net.tx(&ada, vec![op(pay(&ben, &asset, 20))]);
    tx.fee = 0;
    let record = net.record(&net.send(net.bump(&sponsor, 200, net.sign(tx, &[&ada]))));
    assert!(record.is_successful());
    assert_eq!(net.line(&ada, &asset).unwrap().balance, 30);
    assert_eq!(net.line(&ben, &asset).unwrap().balance, 20);
    assert_eq!(net.balance(&ada), 0);
    // Six reserves of 0.5 XLM beside the sponsor's own two.
    let spare = net.balance(&sponsor) - 4 * XLM - 100;
    net.succeed(&sponsor, vec![op(pay(&issuer, &Asset::Native, spare))], &[&sponsor]);
    let results = net.run(&sponsor, vec![op(pay(&issuer, &Asset::Native, 1))], &[&sponsor]);
    assert_eq!(refusal(results), TransactionResultResult::TxInsufficientBalance);
}

#[test]
fn sponsorship_needs_both_and_ends_with_the_transaction() {
    let net = Net::new();
    let (sponsor, ada) = (net.fund("sponsor", 100), net.fund("ada", 10));
    let open = net.record(&net.run(&sponsor, vec![op(begin_sponsoring(&ada))], &[&sponsor]));
    assert_eq!(open.result.result, TransactionResultResult::TxBadSponsorship);
    let results = net.fail(&sponsor, vec![op(begin_sponsoring(&ada)), end(&sponsor)], &[&sponsor]);
    let not_sponsored = EndSponsoringFutureReservesResult::NotSponsored;
    let expected = OperationResultTr::EndSponsoringFutureReserves(not_sponsored);
    assert_eq!(results[1], OperationResult::OpInner(expected));
    let twice = vec![op(begin_sponsoring(&ada)), op(begin_sponsoring(&ada)), end(&ada)];
    let results = net.fail(&sponsor, twice, &[&sponsor, &ada]);
    let already = BeginSponsoringFutureReservesResult::AlreadySponsored;
    let expected = OperationResultTr::BeginSponsoringFutureReserves(already);
    assert_eq!(results[1], OperationResult::OpInner(expected));
    let chain = vec![
        op(begin_sponsoring(&ada)),
        op_of(&ada, begin_sponsoring(&Key::new("cid"))),
        end(&ada),
    ];
    let results = net.fail(&sponsor, chain, &[&sponsor, &ada]);
    let recursive = BeginSponsoringFutureReservesResult::Recursive;
    let expected = OperationResultTr::BeginSponsoringFutureReserves(recursive);
    assert_eq!(results[1], OperationResult::OpInner(expected));
    let own = net.refuse(&sponsor, vec![op(begin_sponsoring(&sponsor))], &[&sponsor]);
    assert!(matches!(own, TransactionResultResult::TxFailed(_)));
}

#[test]
fn reserves_go_back_to_the_sponsor() {
    let net = Net::new();
    let (issuer, sponsor) = (net.fund("issuer", 100), net.fund("sponsor", 100));
    let ada = Key::new("ada");
    let asset = usdc(&issuer);
    onboard(&net, &sponsor, &ada, &asset);
    let signer = Signer { key: SignerKey::Ed25519(Uint256(sponsor.bytes())), weight: 1 };
    let options = SetOptionsOp { signer: Some(signer), ..no_options() };
    let operations = vec![
        op(begin_sponsoring(&ada)),
        op_of(&ada, OperationBody::SetOptions(options)),
        end(&ada),
    ];
    net.succeed(&sponsor, operations, &[&sponsor, &ada]);
    let sponsoring = |key: &Key| match net.account(key).unwrap().ext {
        AccountEntryExt::V1(AccountEntryExtensionV1 {
            ext: AccountEntryExtensionV1Ext::V2(ext),
            ..
        }) => ext.num_sponsoring,
        _ => 0,
    };
    assert_eq!(sponsoring(&sponsor), 4);
    let merge_sponsor =
        net.fail(&sponsor, vec![op(OperationBody::AccountMerge(issuer.muxed()))], &[&sponsor]);
    let is_sponsor = OperationResultTr::AccountMerge(AccountMergeResult::IsSponsor);
    assert_eq!(merge_sponsor[0], OperationResult::OpInner(is_sponsor));
    let operations = vec![
        op_of(&ada, trust(&asset, 0)),
        op_of(&ada, OperationBody::AccountMerge(sponsor.muxed())),
    ];
    // The sponsor is a signer of the account by now, and thresholds are zero.
    net.succeed(&sponsor, operations, &[&sponsor]);
    assert_eq!(sponsoring(&sponsor), 0);
    assert!(net.account(&ada).is_none());
}

#[test]
fn a_sponsor_without_reserve_cannot_sponsor() {
    let net = Net::new();
    let sponsor = Key::new("sponsor");
    net.localnet.fund(sponsor.id(), 19 * XLM / 10).wait().unwrap();
    let ada = Key::new("ada");
    let operations = vec![op(begin_sponsoring(&ada)), op(create(&ada, 0)), end(&ada)];
    let results = net.fail(&sponsor, operations, &[&sponsor, &ada]);
    let low = OperationResultTr::CreateAccount(CreateAccountResult::LowReserve);
    assert_eq!(results[1], OperationResult::OpInner(low));
}
