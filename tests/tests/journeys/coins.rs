//! Several stablecoins: a circle saves in one of them for good, and no pot or wallet mixes them.
use kolo_core::port::chain::ChainEffect;
use kolo_core::port::ledger::{AccountId, Side, StoredEvent};
use kolo_core::view::{CircleStage, NewCircle};
use kolo_core::{Amount, Asset, AssetList, CircleId, CommandContext, Error};
use kolo_rules::circle::Phase;
use kolo_server::chat::Phone;
use serde_json::Value;

use crate::meddling::bring_about;
use crate::world::{DAY, DOLLAR, World};

const USDC: &str = "USDC:test:7:US dollar";
const BOTH: &str = "USDC:test:7:US dollar,EURC:test:7:Euro";

fn both() -> AssetList {
    AssetList::parse(BOTH).unwrap()
}

impl World {
    /// Settled in the books, whole units; the invariants hold it against the chain.
    async fn purse(&self, who: &Phone, code: &str) -> i64 {
        let asset = self.kolo.assets().by_code(code).unwrap().asset.clone();
        let member = self.member(who).await.id;
        let wallet = self.kolo.wallets().balance_in(member, &asset).await.unwrap();
        assert_eq!(wallet.settled.minor_units() % DOLLAR, 0);
        wallet.settled.minor_units() / DOLLAR
    }

    /// What both have of both.
    async fn purses(&self, people: &[Phone; 2]) -> [(i64, i64); 2] {
        let of = async |who: &Phone| (self.purse(who, "USDC").await, self.purse(who, "EURC").await);
        [of(&people[0]).await, of(&people[1]).await]
    }

    async fn pay_into(&mut self, who: &Phone, group: &str) -> String {
        self.say(who, &format!("CONTRIBUTE {group}")).await;
        self.say(who, "YES").await
    }

    async fn vault(&self, circle: CircleId) -> i64 {
        self.status(circle).await.vault.minor_units() / DOLLAR
    }

    /// Trustlines wanted for an asset, by member.
    async fn trustlines(&self, code: &str) -> Vec<String> {
        let of = |body: Value| {
            let want = &body["want"]["OpenTrustline"];
            (want["asset"]["code"] == code).then(|| want["member"].as_str().unwrap().to_owned())
        };
        let events = self.events().await;
        let wanted = events.iter().filter(|event| event.record.kind == "intent.wanted");
        wanted
            .filter_map(|event| of(serde_json::from_slice(&event.record.bytes).unwrap()))
            .collect()
    }
}

async fn ada_and_bola(world: &mut World) -> [Phone; 2] {
    [world.person("Ada", 100).await, world.person("Bola", 100).await]
}

#[tokio::test(flavor = "multi_thread")]
async fn two_circles_of_the_same_people_in_two_assets_never_mix() {
    let mut world = World::saving_in(&both()).await;
    let people = ada_and_bola(&mut world).await;
    let [ada, bola] = &people;
    let got = world.say(ada, "TEST MONEY 50 EURC").await;
    assert!(got.contains("You received *50.00 EURC*. You now have 50.00 EURC."), "{got}");
    let dollars = world.group("CREATE GROUP Tailors 10 usdc weekly 2", &people).await;
    let euros = world.group("CREATE GROUP Traders 20 EURC weekly 2", &people).await;
    assert_eq!(world.purses(&people).await, [(100, 50), (100, 0)]);

    let paid = world.pay_into(ada, "Traders").await;
    assert!(paid.contains("You paid *20.00 EURC* to *Traders*, round 1 of 2."), "{paid}");
    let paid = world.pay_into(ada, "Tailors").await;
    assert!(paid.contains("You paid *10.00 USDC* to *Tailors*, round 1 of 2."), "{paid}");
    world.pay_into(bola, "Tailors").await;
    assert_eq!(world.purses(&people).await, [(90, 30), (90, 0)]);
    assert_eq!((world.vault(dollars).await, world.vault(euros).await), (20, 20));

    // A hundred dollars are no euros.
    let short = world.say(bola, "CONTRIBUTE Traders").await;
    assert!(
        short.contains("For *Traders* you need 20.00 EURC. You are 20.00 EURC short."),
        "{short}"
    );
    assert!(short.contains("Send TEST MONEY 20 EURC"), "{short}");
    assert!(short.contains("*Traders* saves in EURC alone: no other money of yours"), "{short}");
    assert_eq!(world.vault(euros).await, 20);
    world.say(bola, "TEST MONEY 25 EURC").await;
    world.pay_into(bola, "Traders").await;
    assert_eq!(world.purses(&people).await, [(90, 30), (90, 5)]);

    world.pass(8 * DAY).await;
    // Ada's turn comes first in both: each pot goes out whole, in its own money.
    assert_eq!(world.purses(&people).await, [(110, 70), (90, 5)]);
    world.say(bola, "TEST MONEY 15 EURC").await;
    for who in &people {
        world.pay_into(who, "Tailors").await;
        world.pay_into(who, "Traders").await;
    }
    world.pass(8 * DAY).await;
    assert_eq!(world.purses(&people).await, [(100, 50), (100, 40)]);
    assert_eq!((world.vault(dollars).await, world.vault(euros).await), (0, 0));

    let balance = world.say(ada, "BALANCE").await;
    assert!(balance.starts_with("You have *100.00 USDC*.\nAnd *50.00 EURC*."), "{balance}");
    assert!(
        balance.contains("*Traders*: you paid in 40.00 EURC and received 40.00 EURC."),
        "{balance}"
    );
    let history = world.say(ada, "HISTORY").await;
    assert!(history.contains("EURC") && history.contains("USDC"), "{history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_group_saves_in_is_asked_once_and_told_in_every_amount() {
    let mut world = World::saving_in(&both()).await;
    let [ada, bola] = ada_and_bola(&mut world).await;
    let asked = world.say(&ada, "CREATE GROUP Market Women 10 weekly 2").await;
    assert_eq!(
        asked,
        "Good. Which money will *Market Women* save in? It stays the same for as long as the group lasts.\n\
         • US dollar (USDC)\n• Euro (EURC)"
    );
    let rules = world.tap(&ada, "Euro").await;
    assert!(rules.contains("10.00 EURC") && !rules.contains("USDC"), "{rules}");
    let created = world.say(&ada, "YES").await;
    assert!(created.contains("10.00 EURC") && !created.contains("USDC"), "{created}");
    let code = world.invite(&ada, &bola.number).await;
    let join = world.say(&bola, &format!("JOIN {code}")).await;
    assert!(join.contains("10.00 EURC") && !join.contains("USDC"), "{join}");
    world.say(&bola, "YES").await;
    let status = world.say(&bola, "GROUP STATUS").await;
    assert!(status.contains("10.00 EURC") && !status.contains("USDC"), "{status}");
    // Dollars are refused by name, not turned into euros.
    world.say(&bola, "TEST MONEY 30 EURC").await;
    let refused = world.say(&bola, "CONTRIBUTE 10 USDC").await;
    assert!(refused.contains("This group saves in EURC, and you wrote “usdc”."), "{refused}");
    let asked = world.say(&bola, "CONTRIBUTE 10 EURC").await;
    assert!(asked.contains("Pay *10.00 EURC* to *Market Women*"), "{asked}");
    world.say(&bola, "YES").await;
    assert_eq!((world.purse(&bola, "USDC").await, world.purse(&bola, "EURC").await), (100, 20));
}

/// Anybody can issue something they call EURC.
#[tokio::test(flavor = "multi_thread")]
async fn a_look_alike_of_another_issuer_changes_nothing() {
    let mut world = World::saving_in(&both()).await;
    let people = ada_and_bola(&mut world).await;
    let [ada, bola] = &people;
    let euros = world.group("CREATE GROUP Traders 20 EURC weekly 2", &people).await;
    let (issuer, victim) = (world.member(bola).await, world.member(ada).await);
    let fake = Asset { code: "EURC".to_owned(), issuer: issuer.address.0.clone(), decimals: 7 };
    let told = world.told(ada).len();
    // She trusts him, in another wallet app, and he sends her some of his own making.
    let (owner, to, from) = (victim.address.clone(), victim.address.clone(), issuer.address);
    bring_about(&world.kolo, &ChainEffect::OpenAccount { owner, asset: fake.clone() }).await;
    let amount = Amount::new(40 * DOLLAR);
    bring_about(&world.kolo, &ChainEffect::Pay { from, to, asset: fake.clone(), amount }).await;
    world.step().await;
    world.pass(120).await;
    let chain = &world.kolo.ports().chain;
    assert_eq!(chain.balance(&victim.address, &fake).await.unwrap(), amount);
    assert_eq!(world.purses(&people).await, [(100, 0), (100, 0)]);
    assert_eq!(world.since(ada, told), "");
    let short = world.say(ada, "CONTRIBUTE Traders").await;
    assert!(short.contains("You are 20.00 EURC short."), "{short}");
    assert_eq!(world.vault(euros).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_opened_before_an_asset_was_listed_get_its_trustline_once() {
    let mut world = World::saving_in(&AssetList::parse(USDC).unwrap()).await;
    let people = ada_and_bola(&mut world).await;
    let [ada, bola] = &people;
    let dollars = world.group("CREATE GROUP Tailors 10 weekly 2", &people).await;
    world.pay_into(ada, "Tailors").await;
    assert_eq!(world.trustlines("EURC").await, Vec::<String>::new());

    let mut world = world.restarted(&both()).await;
    // She asks at once; he does nothing, and may be sent some all the same.
    let got = world.say(ada, "TEST MONEY 60 EURC").await;
    assert!(got.contains("You received *60.00 EURC*."), "{got}");
    world.pass(180).await;
    let mut wanted = world.trustlines("EURC").await;
    wanted.sort();
    let mut members = Vec::new();
    for who in &people {
        members.push(world.member(who).await.id.to_string());
    }
    members.sort();
    assert_eq!(wanted, members, "one for each");
    send(&world, ada, bola, "EURC", 25).await;
    world.step().await;
    assert_eq!(world.purses(&people).await, [(90, 35), (100, 25)]);

    // What was under way goes on, and what is new is in euros.
    world.pay_into(bola, "Tailors").await;
    let euros = world.group("CREATE GROUP Traders 20 EURC weekly 2", &people).await;
    world.pay_into(ada, "Traders").await;
    world.pay_into(bola, "Traders").await;
    assert_eq!((world.vault(dollars).await, world.vault(euros).await), (20, 40));
    world.pass(8 * DAY).await;
    assert_eq!(world.purses(&people).await, [(110, 55), (90, 5)]);
    assert_eq!(world.trustlines("EURC").await.len(), 2);
    assert_eq!(world.trustlines("USDC").await, Vec::<String>::new());
}

/// Another list is another factory, whose circles are at other addresses.
#[tokio::test(flavor = "multi_thread")]
async fn a_circle_asked_for_before_the_list_changed_is_made_by_the_new_factory_and_goes_on() {
    let mut world = World::saving_in(&AssetList::parse(USDC).unwrap()).await;
    let people = ada_and_bola(&mut world).await;
    let [ada, bola] = &people;
    let ctx = CommandContext::of_member(world.member(ada).await.id, "create");
    let wanted = NewCircle::weekly("Tailors", Amount::new(10 * DOLLAR), 2);
    let circle = world.kolo.circles().create(&ctx, wanted).await.unwrap().circle;
    let before = world.status(circle).await.summary.address;

    let mut world = world.restarted(&both()).await;
    let summary = world.status(circle).await.summary;
    assert_ne!(summary.address, before);
    assert_eq!((summary.stage, summary.members), (CircleStage::OnChain(Phase::Forming), 1));
    let code = world.invite(ada, &bola.number).await;
    world.say(bola, &format!("JOIN {code}")).await;
    world.say(bola, "YES").await;
    for who in &people {
        world.pay_into(who, "Tailors").await;
    }
    assert_eq!(world.vault(circle).await, 20);
    world.pass(8 * DAY).await;
    assert_eq!(world.purses(&people).await, [(110, 0), (90, 0)]);
}

/// An asset that is taken off the list by mistake: circles that save in it are paid, and nothing is lost of
/// what happens meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_circle_of_what_came_off_the_list_goes_on_and_its_books_meet_the_chain() {
    let mut world = World::saving_in(&both()).await;
    let people = ada_and_bola(&mut world).await;
    let [ada, bola] = &people;
    for who in &people {
        world.say(who, "TEST MONEY 60 EURC").await;
    }
    let euros = world.group("CREATE GROUP Traders 20 EURC weekly 2", &people).await;
    world.pay_into(ada, "Traders").await;
    let euro = world.kolo.assets().by_code("EURC").unwrap().asset.clone();

    let mut world = world.restarted(&AssetList::parse(USDC).unwrap()).await;
    let paid = world.pay_into(bola, "Traders").await;
    assert!(paid.contains("You paid *20.00 EURC* to *Traders*, round 1 of 2."), "{paid}");
    assert_eq!(world.vault(euros).await, 40);
    // Among themselves, of which no event tells any more.
    let (from, to) = (world.member(bola).await.address, world.member(ada).await.address);
    let amount = Amount::new(5 * DOLLAR);
    bring_about(&world.kolo, &ChainEffect::Pay { from, to, asset: euro.clone(), amount }).await;
    world.pass(300).await;
    world.pass(8 * DAY).await;
    for (who, units) in [(ada, 85), (bola, 35)] {
        let member = world.member(who).await;
        let chain = &world.kolo.ports().chain;
        let there = chain.balance(&member.address, &euro).await.unwrap();
        assert_eq!(there, Amount::new(units * DOLLAR), "{}", who.name);
        let account = AccountId {
            name: format!("wallet/{}", member.id),
            asset: euro.key(),
            normal: Side::Credit,
        };
        let ledger = &world.kolo.ports().ledger;
        let books = ledger.balances(world.kolo.tenant(), &[account]).await.unwrap();
        assert_eq!(books[0].settled, there, "{}", who.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_goes_when_it_is_empty_of_everything_and_leaves_with_all_its_trustlines() {
    let mut world = World::saving_in(&both()).await;
    let [ada, bola] = ada_and_bola(&mut world).await;
    let cleo = world.person("Cleo", 0).await;
    world.say(&cleo, "TEST MONEY 5 EURC").await;
    let id = world.member(&cleo).await.id;
    let close = async |world: &World, key: &str| {
        let ctx = CommandContext::of_member(id, key);
        world.kolo.wallets().close(&ctx, None).await.map(drop)
    };
    let refused = close(&world, "full").await;
    assert!(matches!(refused, Err(Error::WalletInUse { .. })), "{refused:?}");
    send(&world, &cleo, &ada, "EURC", 5).await;
    world.step().await;
    close(&world, "empty").await.unwrap();
    world.step().await;
    // The network merges no account that has a trustline left.
    assert!(!world.member(&cleo).await.account_open);
    assert_eq!(world.purse(&ada, "EURC").await, 5);
    // It opens again with both.
    world.say(&cleo, "TEST MONEY 3 EURC").await;
    assert_eq!(world.purse(&cleo, "EURC").await, 3);

    // Two reserves of the account's, one for each trustline: two XLM.
    let owner = world.member(&bola).await;
    let (leaver, ctx) =
        (owner.address.0.parse().unwrap(), CommandContext::of_member(owner.id, "out"));
    world.network().fund(leaver, 20_000_000).await.unwrap();
    let intent = world.kolo.wallets().leave_sponsorship(&ctx).await.unwrap();
    world.step().await;
    let ended = |event: &&StoredEvent| {
        event.record.kind == "intent.finished" && event.aggregate.id == intent.to_string()
    };
    let events = world.events().await;
    let end = events.iter().find(ended).unwrap();
    let end: Value = serde_json::from_slice(&end.record.bytes).unwrap();
    assert!(end.get("Confirmed").is_some(), "{end}");
}

/// A payment of a member's, as another wallet app would make it.
async fn send(world: &World, from: &Phone, to: &Phone, code: &str, units: i64) {
    let asset = world.kolo.assets().by_code(code).unwrap().asset.clone();
    let (from, to) = (world.member(from).await.address, world.member(to).await.address);
    let amount = Amount::new(units * DOLLAR);
    bring_about(&world.kolo, &ChainEffect::Pay { from, to, asset, amount }).await;
}
