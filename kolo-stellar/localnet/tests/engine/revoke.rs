//! Reserves change hands.

use stellar_xdr::*;

use crate::support::*;

fn end(key: &Key) -> Operation {
    op_of(key, OperationBody::EndSponsoringFutureReserves)
}

fn revoke(key: LedgerKey) -> OperationBody {
    OperationBody::RevokeSponsorship(RevokeSponsorshipOp::LedgerEntry(key))
}

fn revoke_signer(account: &Key, signer: &Key) -> OperationBody {
    OperationBody::RevokeSponsorship(RevokeSponsorshipOp::Signer(RevokeSponsorshipOpSigner {
        account_id: account.id(),
        signer_key: SignerKey::Ed25519(Uint256(signer.bytes())),
    }))
}

fn account_key(key: &Key) -> LedgerKey {
    LedgerKey::Account(LedgerKeyAccount { account_id: key.id() })
}

fn line_key(key: &Key, asset: &Asset) -> LedgerKey {
    let Asset::CreditAlphanum4(asset) = asset.clone() else { panic!() };
    let asset = TrustLineAsset::CreditAlphanum4(asset);
    LedgerKey::Trustline(LedgerKeyTrustLine { account_id: key.id(), asset })
}

fn code(results: &[OperationResult]) -> RevokeSponsorshipResult {
    match results.iter().find_map(|result| match result {
        OperationResult::OpInner(OperationResultTr::RevokeSponsorship(code)) => Some(code.clone()),
        _ => None,
    }) {
        Some(code) => code,
        None => panic!("{results:?}"),
    }
}

/// (sponsoring, sponsored)
fn counts(net: &Net, key: &Key) -> (u32, u32) {
    match net.account(key).unwrap().ext {
        AccountEntryExt::V1(AccountEntryExtensionV1 {
            ext: AccountEntryExtensionV1Ext::V2(ext),
            ..
        }) => (ext.num_sponsoring, ext.num_sponsored),
        _ => (0, 0),
    }
}

/// Ada's account and trustline, carried by a sponsor; another one stands by.
struct Family {
    net: Net,
    sponsor: Key,
    other: Key,
    ada: Key,
    asset: Asset,
}

impl Family {
    fn new() -> Self {
        let net = Net::new();
        let (issuer, sponsor, other) =
            (net.fund("issuer", 100), net.fund("sponsor", 100), net.fund("other", 100));
        let (ada, asset) = (Key::new("ada"), usdc(&issuer));
        let operations = vec![
            op(begin_sponsoring(&ada)),
            op(create(&ada, 0)),
            op_of(&ada, trust(&asset, 100)),
            end(&ada),
        ];
        net.succeed(&sponsor, operations, &[&sponsor, &ada]);
        Self { net, sponsor, other, ada, asset }
    }

    fn line(&self) -> LedgerKey {
        line_key(&self.ada, &self.asset)
    }
}

#[test]
fn a_sponsor_hands_over_to_another() {
    let family = Family::new();
    let Family { net, sponsor, other, ada, .. } = &family;
    assert_eq!(counts(net, sponsor), (3, 0));
    assert_eq!(counts(net, ada), (0, 3));
    for key in [account_key(ada), family.line()] {
        let operations =
            vec![op(begin_sponsoring(sponsor)), op_of(sponsor, revoke(key)), end(sponsor)];
        net.succeed(other, operations, &[other, sponsor]);
    }
    assert_eq!((counts(net, sponsor), counts(net, other)), ((0, 0), (3, 0)));
    assert_eq!(counts(net, ada), (0, 3));
}

#[test]
fn a_reserve_given_up_is_the_owners() {
    let family = Family::new();
    let Family { net, sponsor, ada, .. } = &family;
    let alone = net.fail(sponsor, vec![op(revoke(family.line()))], &[sponsor]);
    assert_eq!(code(&alone), RevokeSponsorshipResult::LowReserve);
    let alone = net.fail(sponsor, vec![op(revoke(account_key(ada)))], &[sponsor]);
    assert_eq!(code(&alone), RevokeSponsorshipResult::LowReserve);
    net.succeed(sponsor, vec![op(pay(ada, &Asset::Native, 15 * XLM / 10))], &[sponsor]);
    net.succeed(sponsor, vec![op(revoke(family.line()))], &[sponsor]);
    assert_eq!((counts(net, sponsor), counts(net, ada)), ((2, 0), (0, 2)));
    net.succeed(sponsor, vec![op(revoke(account_key(ada)))], &[sponsor]);
    assert_eq!((counts(net, sponsor), counts(net, ada)), ((0, 0), (0, 0)));
    // Ada carries all three now: not a stroop more can go.
    let mut tx = net.tx(ada, vec![op(pay(sponsor, &Asset::Native, 1))]);
    tx.fee = 0;
    let record = net.record(&net.send(net.bump(sponsor, 200, net.sign(tx, &[ada]))));
    assert!(!record.is_successful());
}

#[test]
fn an_owner_finds_a_sponsor_later() {
    let family = Family::new();
    let Family { net, sponsor, other, asset, .. } = &family;
    net.succeed(sponsor, vec![op(trust(asset, 10))], &[sponsor]);
    let key = line_key(sponsor, asset);
    let operations = vec![
        op(begin_sponsoring(sponsor)),
        op_of(sponsor, revoke(key.clone())),
        op_of(sponsor, revoke(account_key(sponsor))),
        end(sponsor),
    ];
    net.succeed(other, operations, &[other, sponsor]);
    assert_eq!(counts(net, other), (3, 0));
    assert_eq!(counts(net, sponsor), (3, 3));
    // Begin by the owner itself: it becomes the owner's own again.
    let own = vec![op(begin_sponsoring(other)), op_of(other, revoke(key)), end(other)];
    net.succeed(sponsor, own, &[sponsor, other]);
    assert_eq!(counts(net, sponsor), (3, 2));
}

#[test]
fn signers_are_handed_over_too() {
    let family = Family::new();
    let Family { net, sponsor, other, ada, .. } = &family;
    let signer = Signer { key: SignerKey::Ed25519(Uint256(other.bytes())), weight: 1 };
    let options = SetOptionsOp { signer: Some(signer), ..no_options() };
    let operations =
        vec![op(begin_sponsoring(ada)), op_of(ada, OperationBody::SetOptions(options)), end(ada)];
    net.succeed(sponsor, operations, &[sponsor, ada]);
    assert_eq!(counts(net, sponsor), (4, 0));
    let operations = vec![
        op(begin_sponsoring(sponsor)),
        op_of(sponsor, revoke_signer(ada, other)),
        end(sponsor),
    ];
    net.succeed(other, operations, &[other, sponsor]);
    assert_eq!((counts(net, sponsor), counts(net, other)), ((3, 0), (1, 0)));
    let poor = net.fail(other, vec![op(revoke_signer(ada, other))], &[other]);
    assert_eq!(code(&poor), RevokeSponsorshipResult::LowReserve);
    net.succeed(sponsor, vec![op(pay(ada, &Asset::Native, XLM))], &[sponsor]);
    net.succeed(other, vec![op(revoke_signer(ada, other))], &[other]);
    assert_eq!((counts(net, other), counts(net, ada)), ((0, 0), (0, 3)));
}

#[test]
fn only_who_carries_it_can_give_it_up() {
    let family = Family::new();
    let Family { net, sponsor, other, ada, asset } = &family;
    let failed = |source: &Key, body| code(&net.fail(source, vec![op(body)], &[source]));
    assert_eq!(failed(other, revoke(family.line())), RevokeSponsorshipResult::NotSponsor);
    assert_eq!(failed(other, revoke(account_key(sponsor))), RevokeSponsorshipResult::NotSponsor);
    let missing = line_key(other, asset);
    assert_eq!(failed(other, revoke(missing)), RevokeSponsorshipResult::DoesNotExist);
    assert_eq!(failed(other, revoke_signer(ada, other)), RevokeSponsorshipResult::DoesNotExist);
    let config = LedgerKey::ConfigSetting(LedgerKeyConfigSetting {
        config_setting_id: ConfigSettingId::ContractMaxSizeBytes,
    });
    let refused = net.refuse(other, vec![op(revoke(config))], &[other]);
    let TransactionResultResult::TxFailed(results) = refused else { panic!("{refused:?}") };
    assert_eq!(code(&results), RevokeSponsorshipResult::Malformed);
    // What is one's own and stays so is no error.
    net.succeed(other, vec![op(revoke(account_key(other)))], &[other]);
}

#[test]
fn claimable_balances_only_change_sponsors() {
    let net = Net::new();
    let (ada, other) = (net.fund("ada", 10), net.fund("other", 10));
    let claimants = vec![Claimant::ClaimantTypeV0(ClaimantV0 {
        destination: other.id(),
        predicate: ClaimPredicate::Unconditional,
    })];
    let create = OperationBody::CreateClaimableBalance(CreateClaimableBalanceOp {
        asset: Asset::Native,
        amount: 5,
        claimants: claimants.try_into().unwrap(),
    });
    let record = net.succeed(&ada, vec![op(create)], &[&ada]);
    let TransactionResultResult::TxSuccess(results) = record.result.result else { panic!() };
    let OperationResult::OpInner(OperationResultTr::CreateClaimableBalance(
        CreateClaimableBalanceResult::Success(balance_id),
    )) = results[0].clone()
    else {
        panic!()
    };
    let key = LedgerKey::ClaimableBalance(LedgerKeyClaimableBalance { balance_id });
    let alone = net.fail(&ada, vec![op(revoke(key.clone()))], &[&ada]);
    assert_eq!(code(&alone), RevokeSponsorshipResult::OnlyTransferable);
    let operations = vec![op(begin_sponsoring(&ada)), op_of(&ada, revoke(key)), end(&ada)];
    net.succeed(&other, operations, &[&other, &ada]);
    assert_eq!((counts(&net, &ada), counts(&net, &other)), ((0, 0), (1, 0)));
}
