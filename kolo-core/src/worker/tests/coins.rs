//! Several assets, and a list of them that changes.
use super::receipts::notices;
use super::unread::{cannot_be_told, on_its_way};
use super::*;
use crate::intent::state::Want;
use crate::member::state::{Account, Member, TrustState};
use crate::notice::Notice;
use crate::port::ChainClient;
use crate::port::ledger::EntryQuery;
use crate::record::Loaded;
use crate::testkit::{FaultPlan, Faulty};
use crate::{AllowedAsset, AssetList, Ports};

fn euro() -> Asset {
    Asset { code: "EURC".to_owned(), ..asset() }
}

fn list(assets: &[Asset]) -> AssetList {
    let allowed = |asset: &Asset| AllowedAsset { name: asset.code.clone(), asset: asset.clone() };
    AssetList::try_new(assets.iter().map(allowed).collect()).unwrap()
}

fn opens_euros(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::OpenTrustline { asset, .. } if asset.code == "EURC")
}

impl World {
    /// Started again on what is there, with another list.
    fn relisted(self, assets: &[Asset]) -> Self {
        let Self { kolo, chain, clock, .. } = self;
        let (tenant, ports) = (kolo.tenant().clone(), kolo.ports().clone());
        let (operator, settings) = (kolo.operator().clone(), kolo.settings().clone());
        let kolo = Kolo::try_new(tenant, ports, list(assets), operator, settings).unwrap();
        let worker = Worker::without_chat(kolo.clone());
        Self { kolo, worker, chain, clock }
    }

    fn stored(&self, member: &MemberView) -> Loaded<Member> {
        block_on(self.kolo.member(member.id)).unwrap()
    }

    fn account(&self, member: &MemberView) -> Account {
        self.stored(member).state.account
    }

    fn trust(&self, member: &MemberView, asset: &Asset) -> Option<TrustState> {
        self.stored(member).state.trust_in(asset)
    }

    /// With an account, by their first money.
    pub(super) fn opened(&self, name: &str) -> MemberView {
        let member = self.member(name);
        self.money(&member, "open");
        member
    }

    fn money(&self, member: &MemberView, key: &str) {
        let ctx = CommandContext::of_member(member.id, format!("{key}/{}", member.name));
        block_on(self.kolo.wallets().test_money(&ctx, Amount::new(5))).unwrap();
        self.work();
    }

    fn trusting(&self, members: &[MemberView], asset: &Asset, state: TrustState) -> usize {
        members.iter().filter(|member| self.trust(member, asset) == Some(state)).count()
    }
}

/// What only one of the two knows would be paid and never seen, or seen and never paid.
#[test]
fn a_list_that_is_not_the_chain_clients_is_refused() {
    let World { kolo, chain, .. } = World::new();
    let over = |chain: Arc<dyn ChainClient>, assets: &[Asset]| {
        let (tenant, ports) = (kolo.tenant().clone(), Ports { chain, ..kolo.ports().clone() });
        let (operator, settings) = (kolo.operator().clone(), kolo.settings().clone());
        Kolo::try_new(tenant, ports, list(assets), operator, settings).map(drop)
    };
    let listing = |assets: &[Asset]| over(chain.clone(), assets);
    let differ = |listed: &[Asset], followed: &[Asset]| {
        let keys = |assets: &[Asset]| assets.iter().map(Asset::key).collect();
        Err(crate::AssetsDiffer { listed: keys(listed), followed: keys(followed) })
    };
    let other = Asset { issuer: "GSTRANGER".to_owned(), ..asset() };
    let coarse = Asset { decimals: 2, ..asset() };
    chain.follows(&[euro(), asset()]);
    assert_eq!(listing(&[asset(), euro()]), Ok(()));
    assert_eq!(listing(&[asset()]), differ(&[], &[euro()]));
    assert_eq!(listing(&[other.clone(), euro()]), differ(&[other], &[asset()]));
    chain.follows(&[asset()]);
    assert_eq!(listing(&[asset(), euro()]), differ(&[euro()], &[]));
    assert_eq!(listing(std::slice::from_ref(&coarse)), differ(&[coarse], &[asset()]));
    // Nor through what stands before the client.
    let behind: Arc<dyn ChainClient> = chain.clone();
    let behind = Arc::new(Faulty::new(behind, FaultPlan::scripted([])));
    assert_eq!(over(behind, &[asset(), euro()]), differ(&[euro()], &[]));
}

/// All of them are in the sponsor's lane, before whoever opens an account next.
#[test]
fn trustlines_to_what_is_listed_anew_come_a_few_at_a_time() {
    let world = World::new();
    let members: Vec<_> = (0..12).map(|n| world.opened(&format!("member {n}"))).collect();
    let world = world.relisted(&[asset(), euro()]);
    world.chain.let_compare();
    world.chain.answer(opens_euros, Some(Answer::Trouble));
    world.pass(600);
    assert_eq!(world.trusting(&members, &euro(), TrustState::Opening), 5);
    world.chain.answer(opens_euros, None);
    // A look a minute, as a worker that polls does.
    (0..60).for_each(|_| world.pass(60));
    assert_eq!(world.trusting(&members, &euro(), TrustState::Open), 12);
    assert_eq!(world.chain.count(opens_euros), 12);
}

/// Who has left the sponsorship is in it again with what is listed later.
#[test]
fn a_trustline_the_sponsor_carries_is_one_to_leave() {
    let world = World::new();
    let ada = world.opened("Ada");
    let ctx = CommandContext::of_member(ada.id, "leave");
    block_on(world.kolo.wallets().leave_sponsorship(&ctx)).unwrap();
    world.work();
    assert!(world.stored(&ada).state.own_reserves);
    // One that she has opened herself is hers.
    let world = world.relisted(&[asset(), euro()]);
    world.chain.answer(opens_euros, Some(Answer::AlreadyDone));
    world.money(&ada, "with euros");
    assert_eq!(world.trust(&ada, &euro()), Some(TrustState::Open));
    assert!(world.stored(&ada).state.own_reserves);
    let third = Asset { code: "NGNC".to_owned(), ..asset() };
    let world = world.relisted(&[asset(), euro(), third]);
    world.money(&ada, "with a third");
    assert!(!world.stored(&ada).state.own_reserves);
}

/// It may be the one that was sent first.
#[test]
fn a_trustline_that_is_found_where_ours_was_sent_is_one_to_leave() {
    let world = World::new();
    let ada = world.opened("Ada");
    let ctx = CommandContext::of_member(ada.id, "leave");
    block_on(world.kolo.wallets().leave_sponsorship(&ctx)).unwrap();
    world.work();
    let world = world.relisted(&[asset(), euro()]);
    on_its_way(&world);
    world.money(&ada, "with euros");
    assert!(world.stored(&ada).state.own_reserves);
    world.chain.answer(opens_euros, Some(Answer::AlreadyDone));
    cannot_be_told(&world);
    world.pass(600);
    assert_eq!(world.trust(&ada, &euro()), Some(TrustState::Open));
    assert!(!world.stored(&ada).state.own_reserves);
}

/// It says that there is no account, and does not know the ledger it was opened in.
#[test]
fn a_node_that_lags_behind_an_opening_refuses_no_trustline() {
    let world = World::new().relisted(&[asset(), euro()]);
    world.chain.answer(opens_euros, Some(Answer::NoSource(world.now())));
    let ada = world.opened("Ada");
    world.pass(120);
    assert_eq!(world.trust(&ada, &euro()), Some(TrustState::Opening));
    world.chain.answer(opens_euros, Some(Answer::NoSource(world.now().plus(DAY_S))));
    world.pass(120);
    assert_eq!((world.account(&ada), world.trust(&ada, &euro())), (Account::None, None));
}

/// Its owner has merged it away in another wallet.
#[test]
fn an_account_that_is_gone_is_brought_back_by_its_owner_and_by_no_list() {
    let world = World::new();
    let ada = world.opened("Ada");
    world.pass(DAY_S);
    world.chain.merge_away(&ada.address, world.now());
    let world = world.relisted(&[asset(), euro()]);
    world.chain.let_compare();
    world.pass(3_600);
    assert_eq!(world.chain.count(opens), 1);
    assert_eq!((world.account(&ada), world.stored(&ada).state.trusts), (Account::None, vec![]));
    world.money(&ada, "back");
    assert_eq!((world.account(&ada), world.chain.count(opens)), (Account::Open, 2));
    for asset in [asset(), euro()] {
        assert_eq!(world.trust(&ada, &asset), Some(TrustState::Open), "{}", asset.code);
    }
}

#[test]
fn a_credit_that_waits_brings_an_account_back_that_is_gone() {
    let world = World::new();
    let (_, ada, _) = with_a_credit(&world);
    world.chain.merge_away(&ada.address, world.now());
    let before = world.chain.count(opens);
    world.pass(2 * DAY_S);
    assert_eq!(world.chain.count(pushes), 0);
    world.pass(2 * DAY_S);
    assert_eq!(world.chain.count(opens), before + 1);
    assert!(world.chain.count(pushes) > 0);
}

/// The account's trustline is of what was the usual asset when it was wanted.
#[test]
fn an_account_that_opens_over_a_change_of_order_holds_what_it_was_opened_with() {
    let world = World::new();
    world.chain.answer(opens, Some(Answer::Trouble));
    let ada = world.opened("Ada");
    let world = world.relisted(&[euro(), asset()]);
    world.chain.answer(opens, None);
    world.pass(600);
    let (owner, all) = (ada.address.clone(), world.chain.done());
    let opened: Vec<_> = all.into_iter().filter(|it| opens(it) || opens_euros(it)).collect();
    let wanted = [
        ChainEffect::OpenAccount { owner: owner.clone(), asset: asset() },
        ChainEffect::OpenTrustline { owner, asset: euro() },
    ];
    assert_eq!(opened, wanted);
    for asset in [asset(), euro()] {
        assert_eq!(world.trust(&ada, &asset), Some(TrustState::Open), "{}", asset.code);
    }
    // And what was asked for in dollars came in dollars.
    let paid: Vec<_> = world.chain.done().into_iter().filter(pays).collect();
    assert!(
        matches!(paid.as_slice(), [ChainEffect::Pay { asset: of, .. }] if *of == asset()),
        "{paid:?}"
    );
}

/// Accounts of before that was kept: nothing is known of any trustline, whatever is listed now.
#[test]
fn what_an_older_account_holds_is_found_out() {
    let world = World::new();
    let ada = world.opened("Ada");
    let mut json = serde_json::to_value(&world.stored(&ada).state).unwrap();
    assert!(json.as_object_mut().unwrap().remove("trusts").is_some());
    let mut member: Member = serde_json::from_value(json).unwrap();
    assert_eq!(member.trust_in(&asset()), None);
    let world = world.relisted(&[euro()]);
    let ctx = CommandContext::of_system("older".to_owned());
    let mut command =
        block_on(crate::unit::Command::begin(&world.kolo, &ctx, "older", &ada.id)).unwrap();
    let mut changes = command.changes();
    world.kolo.have_trustlines(&mut changes, &mut member).unwrap();
    changes.write(&Loaded { state: member, ..world.stored(&ada) }).unwrap();
    assert!(block_on(command.commit(changes, ())).unwrap().is_some());
    world.work();
    assert_eq!(world.chain.count(opens_euros), 1);
    assert_eq!(world.trust(&ada, &euro()), Some(TrustState::Open));
}

#[test]
fn wants_of_before_there_were_several_are_read() {
    let member = crate::MemberId::derive(&[b"older"]);
    let read = |text: String| serde_json::from_str::<Want>(&text).unwrap();
    let opened = read(format!(r#"{{"OpenAccount":{{"member":"{member}"}}}}"#));
    assert_eq!(opened, Want::OpenAccount { member, asset: None });
    let money = read(format!(r#"{{"TestMoney":{{"member":"{member}","amount":5}}}}"#));
    assert_eq!(money, Want::TestMoney { member, amount: 5, asset: None });
    let rent = read(r#"{"Prolong":{"circle":null}}"#.to_owned());
    assert_eq!(rent, Want::Prolong { circle: None, asset: None });
}

#[test]
fn a_circle_of_what_is_no_longer_listed_is_named() {
    let world = World::new().relisted(&[asset(), euro()]);
    let (circle, ..) = world.active("one");
    assert_eq!(block_on(world.kolo.unlisted()).unwrap(), []);
    let world = world.relisted(&[euro()]);
    let named = crate::worker::Unlisted { circle, asset: asset() };
    assert_eq!(block_on(world.kolo.unlisted()).unwrap(), [named]);
}

/// Whatever it was refused for, putting its asset back mends nothing.
#[test]
fn a_circle_that_was_never_made_is_not_named() {
    let world = World::new().relisted(&[asset(), euro()]);
    let ada = world.opened("Ada");
    world.chain.answer(creates, Some(Answer::Refuse(None)));
    let circle = world.create(&ada, "one");
    world.work();
    let stage = block_on(world.kolo.circles().status(circle)).unwrap().summary.stage;
    assert_eq!(stage, CircleStage::Failed);
    let world = world.relisted(&[euro()]);
    assert_eq!(block_on(world.kolo.unlisted()).unwrap(), []);
}

/// Anybody can issue something they call USDC, and its issuer other things.
#[test]
fn a_payment_of_what_is_not_listed_is_not_booked() {
    let world = World::new().relisted(&[asset(), euro()]);
    let ada = world.opened("Ada");
    world.pass(60);
    let stranger = Asset { issuer: "GSTRANGER".to_owned(), ..asset() };
    let other = Asset { code: "USDX".to_owned(), ..asset() };
    let small = Asset { code: "usdc".to_owned(), ..asset() };
    for fake in [&stranger, &other, &small] {
        world.chain.fund(world.now(), &ada.address, fake, EACH);
        world.work();
        let account = crate::circle::postings::wallet(ada.id, fake);
        let query = EntryQuery { account, before: None, limit: 1 };
        let ledger = &world.kolo.ports().ledger;
        let entries = block_on(ledger.entries(world.kolo.tenant(), &query)).unwrap();
        assert!(entries.is_empty(), "{fake:?}");
    }
    let told = notices(&world.kolo);
    let is_paid = |told: &crate::unit::Told| matches!(told.notice, Notice::MoneyReceived { .. });
    assert!(!told.iter().any(is_paid), "{told:?}");
    // The same of the real one is.
    world.chain.fund(world.now(), &ada.address, &euro(), EACH);
    world.work();
    let purse = block_on(world.kolo.wallets().balance_in(ada.id, &euro())).unwrap();
    assert_eq!(purse.settled, EACH);
}
