//! The operator is gone: a member with their key, a stranger's XLM and a node.
use kolo_core::port::ChainClient;
use kolo_core::port::chain::ChainAddress;
use kolo_core::port::vault::PublicKey;
use kolo_rules::Amount;
use kolo_rules::circle::{Motion, PayoutStatus, Phase};
use kolo_stellar::rescue::{Rescue, RescueError, UnknownCircle};
use kolo_stellar::wallet::AccountKey;
use kolo_stellar::{FnTransport, Rpc};
use serde_json::Value;
use stellar_xdr::{
    ContractExecutable, ContractId, Hash, LedgerEntryData, LedgerKey, LedgerKeyAccount, Limits,
    ReadXdr, ScVal, WriteXdr,
};
use zeroize::Zeroizing;

use super::world::*;

pub const PAYER: u8 = 210;

pub fn secret(n: u8) -> AccountKey {
    AccountKey::from_seed(&Zeroizing::new([n; 32]))
}

impl World {
    /// A stranger with XLM, who has no part in anything.
    pub async fn with_payer(self) -> Self {
        self.gift(PAYER).await;
        self
    }

    async fn gift(&self, n: u8) {
        self.net.fund(self.address(n).0.parse().unwrap(), 1_000_000_000).await.unwrap();
    }

    pub async fn rescue(&self, n: u8) -> Rescue {
        let passphrase = self.net.passphrase().to_owned();
        Rescue::connect(self.rpc.clone(), passphrase, secret(n), Some(secret(PAYER))).await.unwrap()
    }

    pub async fn pass(&self, seconds: u64) {
        self.wait(seconds);
        self.net.close_ledger().await.unwrap();
    }

    /// XLM, in stroops.
    async fn xlm(&self, key: PublicKey) -> i64 {
        let address = self.client.account_address(&key);
        let key = LedgerKey::Account(LedgerKeyAccount { account_id: address.0.parse().unwrap() });
        match &self.rpc.ledger_entries(&[key]).await.unwrap()[0].data {
            LedgerEntryData::Account(account) => account.balance,
            other => panic!("{other:?}"),
        }
    }

    pub async fn vault(&self, circle: &ChainAddress) -> Amount {
        self.client.balance(circle, &self.asset()).await.unwrap()
    }
}

/// Two rounds played, one dissolved: every stroop comes out, and the operator's accounts pay nothing.
#[tokio::test]
async fn members_alone_play_on_and_take_everything_out() {
    let world = World::new().await.with_payer().await;
    let circle = world.circle(3).await;
    let operators = [SPONSOR, FEES, KEEPER].map(public);
    let mut before = vec![];
    for key in operators {
        before.push(world.xlm(key).await);
    }
    let all = [world.rescue(1).await, world.rescue(2).await, world.rescue(3).await];
    for rescue in &all {
        let found = rescue.find().await.unwrap();
        assert_eq!(found.circles, std::slice::from_ref(&circle));
    }

    // The first round, as if nothing had happened.
    for rescue in &all {
        let due = rescue.report(&circle).await.unwrap().due.unwrap();
        assert_eq!((due.round, due.amount, due.advance), (1, usdc(10), false));
        rescue.contribute(&circle).await.unwrap();
    }
    let again = all[0].contribute(&circle).await.unwrap_err();
    assert!(matches!(again, RescueError::Nothing("pay")), "{again}");
    let early = all[0].collect(&circle).await.unwrap_err();
    assert!(matches!(early, RescueError::Nothing("collect")), "{early}");
    world.pass(7 * DAY).await;
    let report = all[0].report(&circle).await.unwrap();
    assert!(matches!(report.payout, PayoutStatus::Ready { round: 1, seat: 0, .. }));
    assert_eq!(all[0].collect(&circle).await.unwrap().len(), 1);
    assert_eq!(world.balance(1).await, usdc(120));

    // In the second one all but the first decide to end it.
    all[1].contribute(&circle).await.unwrap();
    all[2].contribute(&circle).await.unwrap();
    all[1].propose_dissolving(&circle).await.unwrap();
    let votes = all[2].report(&circle).await.unwrap().votes;
    let [vote] = votes.as_slice() else { panic!("{votes:?}") };
    assert_eq!((vote.motion, vote.yes, vote.no, vote.electorate), (Motion::Dissolve, 1, 0, 3));
    assert_eq!((vote.said, vote.may_vote), (None, true));
    assert_eq!(all[1].report(&circle).await.unwrap().votes[0].said, Some(true));
    all[2].vote(&circle, vote.proposal, true).await.unwrap();

    // 20 each paid in by two, 30 received and 10 paid by the first, who owes 20: 20 are there.
    for (rescue, n) in all.iter().zip([1, 2, 3]).skip(1) {
        let report = rescue.report(&circle).await.unwrap();
        assert_eq!((report.phase, report.claimable), (Phase::Dissolved, usdc(10)));
        rescue.collect(&circle).await.unwrap();
        assert_eq!(world.balance(n).await, usdc(90));
    }
    assert_eq!(all[0].report(&circle).await.unwrap().debt, usdc(20));
    all[0].repay(&circle, None).await.unwrap();
    for (rescue, n) in all.iter().zip([1, 2, 3]).skip(1) {
        rescue.collect(&circle).await.unwrap();
        assert_eq!(world.balance(n).await, usdc(100));
    }
    assert_eq!(world.balance(1).await, usdc(100));
    assert_eq!(world.vault(&circle).await, Amount::ZERO);
    let done = all[1].collect(&circle).await.unwrap_err();
    assert!(matches!(done, RescueError::Finished(_)), "{done}");

    // And away with it.
    world.open(4, Amount::ZERO).await;
    let outside = world.address(4);
    all[1].send_money(&world.asset(), &outside, usdc(100)).await.unwrap();
    assert_eq!((world.balance(2).await, world.balance(4).await), (usdc(0), usdc(100)));
    for n in 1..=3 {
        assert_eq!(world.xlm(public(n)).await, 0, "members pay no fee");
    }
    // But for opening one account more, after the operator had come back for a moment.
    assert_eq!(world.xlm(operators[2]).await, before[2]);
    assert_eq!(world.xlm(operators[0]).await, before[0]);
}

/// Who leaves before having had the pot gets back what they paid, on the date of their turn.
#[tokio::test]
async fn a_member_leaves_and_is_paid_back() {
    let world = World::new().await.with_payer().await;
    let circle = world.circle(3).await;
    for n in 1..=3 {
        world.rescue(n).await.contribute(&circle).await.unwrap();
    }
    let leaver = world.rescue(3).await;
    leaver.exit(&circle).await.unwrap();
    assert!(leaver.report(&circle).await.unwrap().leaving);
    world.pass(7 * DAY).await;
    world.rescue(1).await.collect(&circle).await.unwrap();
    for n in 1..=2 {
        world.rescue(n).await.contribute(&circle).await.unwrap();
    }
    world.pass(7 * DAY).await;
    world.rescue(2).await.collect(&circle).await.unwrap();
    // Only the first, whom they had paid, owes them.
    let owed = world.rescue(1).await.report(&circle).await.unwrap().due.unwrap();
    assert_eq!((owed.round, owed.amount), (3, usdc(10)));
    world.rescue(1).await.contribute(&circle).await.unwrap();
    world.pass(7 * DAY).await;
    leaver.collect(&circle).await.unwrap();
    for n in 1..=3 {
        assert_eq!(world.balance(n).await, usdc(100), "member {n}");
    }
    assert_eq!(world.vault(&circle).await, Amount::ZERO);
}

/// Without a stranger: the member's own XLM pays.
#[tokio::test]
async fn a_member_with_xlm_needs_nobody() {
    let world = World::new().await;
    let circle = world.circle(2).await;
    world.gift(2).await;
    let passphrase = world.net.passphrase().to_owned();
    let rescue = Rescue::connect(world.rpc.clone(), passphrase, secret(2), None).await.unwrap();
    let before = world.xlm(public(2)).await;
    let settled = rescue.contribute(&circle).await.unwrap();
    assert_eq!(world.xlm(public(2)).await, before - settled.fee);
    assert_eq!(world.vault(&circle).await, usdc(10));
}

#[tokio::test]
async fn what_is_not_the_members_is_refused() {
    let world = World::new().await.with_payer().await;
    let circle = world.circle(2).await;
    world.open(5, usdc(1)).await;
    let other = "Public Global Stellar Network ; September 2015";
    let refused = Rescue::connect(world.rpc.clone(), other, secret(1), None).await.err().unwrap();
    assert!(matches!(refused, RescueError::OtherNetwork { .. }), "{refused}");

    let stranger = world.rescue(5).await;
    assert_eq!(stranger.find().await.unwrap().circles, []);
    let error = stranger.report(&circle).await.unwrap_err();
    assert!(matches!(error, RescueError::NotMember { .. }), "{error}");
    let member = world.rescue(1).await;
    let asset = ContractId(Hash(world.client.asset_contract(&world.asset()).unwrap()));
    let asset = ChainAddress(asset.to_string());
    for none in
        [world.address(2), asset, world.deployment.factory.clone(), ChainAddress("C".into())]
    {
        let error = member.report(&none).await.unwrap_err();
        assert!(matches!(error, RescueError::NoCircle(_)), "{none}: {error}");
    }
    for refused in [
        member.vote(&circle, 7, true).await.unwrap_err(),
        member.send_money(&world.asset(), &world.address(2), usdc(1000)).await.unwrap_err(),
        stranger.vote(&circle, 1, true).await.unwrap_err(),
    ] {
        assert!(matches!(refused, RescueError::Refused(_)), "{refused}");
    }
    let nothing = member.repay(&circle, None).await.unwrap_err();
    assert!(matches!(nothing, RescueError::Nothing("pay back")), "{nothing}");
    // Payers who are not there, have nothing, or nothing beyond their reserve of one XLM.
    world.net.fund(world.address(211).0.parse().unwrap(), 10_999_999).await.unwrap();
    for payer in [Some(secret(99)), Some(secret(2)), Some(secret(211)), None] {
        let passphrase = world.net.passphrase().to_owned();
        let poor = Rescue::connect(world.rpc.clone(), passphrase, secret(1), payer).await;
        let poor = poor.err().unwrap();
        assert!(matches!(poor, RescueError::NoPayer(_)), "{poor}");
    }
    assert_eq!(world.vault(&circle).await, Amount::ZERO, "nothing has moved");
    assert_eq!(world.balance(1).await, usdc(100));
}

/// A circle's form with another code: somebody's trap, or an upgrade that the member must trust first.
#[tokio::test]
async fn a_code_that_is_not_known_gets_no_money() {
    let world = World::new().await.with_payer().await;
    let circle = world.circle(2).await;
    let net = world.net.clone();
    let altered = Rpc::new(FnTransport::new(move |request| {
        let net = net.clone();
        async move { Ok(with_another_code(net.rpc(request).await)) }
    }));
    let connect = || {
        let passphrase = world.net.passphrase().to_owned();
        Rescue::connect(altered.clone(), passphrase, secret(1), Some(secret(PAYER)))
    };
    let rescue = connect().await.unwrap();
    let found = rescue.find().await.unwrap();
    assert_eq!(found.circles, []);
    let code = "07".repeat(32);
    assert_eq!(found.unknown, [UnknownCircle { circle: circle.clone(), code }]);
    let error = rescue.contribute(&circle).await.unwrap_err();
    assert!(matches!(error, RescueError::UnknownCode { .. }), "{error}");
    assert!(error.to_string().contains(&"07".repeat(32)), "{error}");
    assert_eq!(world.vault(&circle).await, Amount::ZERO);
    let trusting = connect().await.unwrap().trusting([7; 32]);
    assert_eq!(trusting.find().await.unwrap().circles, std::slice::from_ref(&circle));
    trusting.contribute(&circle).await.unwrap();
    assert_eq!(world.vault(&circle).await, usdc(10));
}

fn with_another_code(mut answer: Value) -> Value {
    let entries = answer.pointer_mut("/result/entries").and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten() {
        let text = entry["xdr"].as_str().unwrap();
        let Ok(LedgerEntryData::ContractData(mut data)) =
            LedgerEntryData::from_xdr_base64(text, Limits::none())
        else {
            continue;
        };
        if let ScVal::ContractInstance(instance) = &mut data.val
            && matches!(instance.executable, ContractExecutable::Wasm(_))
        {
            instance.executable = ContractExecutable::Wasm(Hash([7; 32]));
            let data = LedgerEntryData::ContractData(data).to_xdr_base64(Limits::none());
            entry["xdr"] = Value::String(data.unwrap());
        }
    }
    answer
}

/// What a node has forgotten is found by its address.
#[tokio::test]
async fn a_circle_older_than_the_nodes_history_is_found_by_its_address() {
    let world = World::new().await.with_payer().await;
    let circle = world.circle(2).await;
    let rescue = world.rescue(2).await;
    let before = rescue.find().await.unwrap();
    assert_eq!(before.circles, std::slice::from_ref(&circle));
    world.net.advance_ledgers(200_000).await.unwrap();
    let after = rescue.find().await.unwrap();
    assert!(after.since_ledger > before.since_ledger);
    assert_eq!(after.circles, []);
    assert_eq!(rescue.report(&circle).await.unwrap().seat, 1);
    rescue.contribute(&circle).await.unwrap();
    assert_eq!(world.vault(&circle).await, usdc(10));
}

/// A pot that could not be delivered, for want of a trustline, is collected when there is one.
#[tokio::test]
async fn an_account_is_made_by_whoever_pays() {
    let world = World::new().await.with_payer().await;
    let rescue = world.rescue(6).await;
    rescue.open(&world.asset()).await.unwrap();
    let again = rescue.open(&world.asset()).await.unwrap_err();
    assert!(matches!(again, RescueError::Nothing(_)), "{again}");
    world.apply(&world.pay(ISSUER, 6, usdc(3))).await;
    assert_eq!(world.balance(6).await, usdc(3));
}
