//! Making circles.
use std::panic::{AssertUnwindSafe, catch_unwind};

use kolo_circle::{CircleContract, Error};
use kolo_contract_tests::{
    CIRCLE_WASM, Call, FACTORY_WASM, Failure, Person, RULEBOOK_WASM, Terms, World, as_address,
    event_name,
};
use kolo_factory::{FactoryContract, FactoryContractClient, events::GroupCreated};
use kolo_rules::{Circle, Rules, circle::Order};
use soroban_sdk::{
    Address, Bytes, BytesN, Env, Event as _, IntoVal, Val, Vec, contract, contractimpl,
    testutils::{Address as _, Events as _},
};

struct Factory<'w> {
    world: &'w World,
    address: Address,
    organiser: Person,
}

impl<'w> Factory<'w> {
    fn new(world: &'w World) -> Self {
        Self::allowing(world, &world.token)
    }

    fn allowing(world: &'w World, asset: &Address) -> Self {
        let wasm = world.env.deployer().upload_contract_wasm(CIRCLE_WASM);
        let rulebook = world.env.deployer().upload_contract_wasm(RULEBOOK_WASM);
        let assets = Vec::from_array(&world.env, [asset.clone()]);
        let address = world.env.register(FactoryContract, (wasm, rulebook, assets));
        Self { world, address, organiser: world.person(0) }
    }

    fn create(&self, salt: u8, rules: &Rules, turn: Option<u32>) -> Result<Address, Failure> {
        self.create_as(&self.organiser, salt, &rules.encode(), turn)
    }

    fn create_as(
        &self,
        organiser: &Person,
        salt: u8,
        rules: &[u8; 128],
        turn: Option<u32>,
    ) -> Result<Address, Failure> {
        let call = self.call(organiser, salt, rules, turn);
        self.world.call(Some(organiser), &call).map(|made| as_address(self.world, made))
    }

    fn call(&self, organiser: &Person, salt: u8, rules: &[u8; 128], turn: Option<u32>) -> Call {
        let env = &self.world.env;
        let salt = BytesN::from_array(env, &[salt; 32]);
        let rules = BytesN::from_array(env, rules);
        let args = (organiser.address.clone(), salt, rules, turn).into_val(env);
        Call::new(&self.address, "create", args)
    }

    fn address_of(&self, organiser: &Person, salt: u8) -> Address {
        let salt = BytesN::from_array(&self.world.env, &[salt; 32]);
        FactoryContractClient::new(&self.world.env, &self.address)
            .circle_address(&organiser.address, &salt)
    }
}

#[test]
fn one_signature_makes_an_announced_circle() {
    let world = World::new();
    let factory = Factory::new(&world);
    let rules = Terms::of(3).rules(&world.token);
    let circle = factory.create(1, &rules, None).unwrap();
    let encoded = BytesN::from_array(&world.env, &rules.encode());
    let rules_hash = world.env.crypto().sha256(encoded.as_ref()).to_bytes();
    let created = GroupCreated {
        circle: circle.clone(),
        organiser: factory.organiser.address.clone(),
        rules: encoded.clone(),
        rules_hash,
    };
    assert_eq!(world.env.events().all().events(), [created.to_xdr(&world.env, &factory.address)]);
    assert_eq!(circle, factory.address_of(&factory.organiser, 1));
    assert_eq!(world.kept::<BytesN<128>>(&circle, 1), encoded);
    assert_eq!(world.kept::<Address>(&circle, 0), factory.organiser.address);
    assert!(world.seated(&circle).is_empty());
}

#[test]
fn an_organiser_with_a_turn_is_the_first_member() {
    let world = World::new();
    let factory = Factory::new(&world);
    let rules = Terms::of(3).rules(&world.token);
    let circle = factory.create(1, &rules, Some(1)).unwrap();
    let names: std::vec::Vec<_> =
        world.env.events().all().events().iter().map(event_name).collect();
    assert_eq!(names, ["participant_joined", "group_created"]);
    assert_eq!(world.seated(&circle), std::slice::from_ref(&factory.organiser.address));

    let fixed = Terms { order: Order::Fixed, ..Terms::of(3) }.rules(&world.token);
    let circle = factory.create(2, &fixed, Some(3)).unwrap();
    let state = world.state(&circle).unwrap();
    assert_eq!(Circle::decode(&state).unwrap().seats()[0].turn, 3);
}

#[test]
fn wrong_turns_are_refused() {
    let world = World::new();
    let factory = Factory::new(&world);
    let join = Terms::of(3).rules(&world.token);
    let fixed = Terms { order: Order::Fixed, ..Terms::of(3) }.rules(&world.token);
    for (rules, turn) in [(&join, 0), (&join, 2), (&fixed, 0), (&fixed, 4), (&fixed, 257)] {
        assert_eq!(factory.create(1, rules, Some(turn)), Err(Error::BadTurn.into()));
    }
}

#[test]
fn a_salt_serves_once_per_organiser() {
    let world = World::new();
    let factory = Factory::new(&world);
    let rules = Terms::of(3).rules(&world.token);
    let other = world.person(0);
    let first = factory.create(1, &rules, None).unwrap();
    assert_eq!(factory.create(1, &rules, None), Err(Error::GroupExists.into()));
    let second = factory.create_as(&other, 1, &rules.encode(), None).unwrap();
    let third = factory.create(2, &rules, None).unwrap();
    assert!(first != second && second != third && first != third);
    assert_eq!(second, factory.address_of(&other, 1));
}

#[test]
fn nobody_creates_in_anothers_name() {
    let world = World::new();
    let factory = Factory::new(&world);
    let rules = Terms::of(3).rules(&world.token).encode();
    let call = factory.call(&factory.organiser, 1, &rules, None);
    assert_eq!(world.refusal(Some(&world.person(0)), &call), Failure::Host);
    assert_eq!(world.refusal(None, &call), Failure::Host);
    assert!(!factory.address_of(&factory.organiser, 1).exists());
}

#[test]
fn only_listed_assets_are_saved_in_and_only_stellar_assets() {
    let world = World::new();
    let factory = Factory::new(&world);
    let other = world.env.register_stellar_asset_contract_v2(world.person(0).address).address();
    let rules = Terms::of(3).rules(&other);
    assert_eq!(factory.create(1, &rules, None), Err(Error::AssetNotAllowed.into()));

    // Listed, but a contract of somebody's own making; listed, but nothing at all.
    let fake = factory.address.clone();
    let listing = Factory::allowing(&world, &fake);
    let rules = Terms::of(3).rules(&fake);
    assert_eq!(listing.create(1, &rules, None), Err(Error::NotAStellarAsset.into()));
    let nothing = factory.address_of(&factory.organiser, 200);
    let listing = Factory::allowing(&world, &nothing);
    let rules = Terms::of(3).rules(&nothing);
    assert_eq!(listing.create(1, &rules, None), Err(Error::NotAStellarAsset.into()));
}

/// Founds a circle that no factory has made, of these rules, to save in this asset.
fn found(world: &World, asset: &Address, saved_in: &Address) -> std::thread::Result<Address> {
    let encoded = BytesN::from_array(&world.env, &Terms::of(3).rules(asset).encode());
    let organiser = world.person(0).address;
    let args = (world.publisher().clone(), organiser, saved_in.clone(), encoded, None::<u32>);
    catch_unwind(AssertUnwindSafe(|| world.env.register(CircleContract, args)))
}

#[test]
fn a_circle_made_without_the_factory_checks_its_asset_too() {
    let world = World::new();
    let fake = Factory::new(&world).address;
    let other = world.env.register_stellar_asset_contract_v2(Address::generate(&world.env));
    assert!(found(&world, &world.token, &world.token).is_ok());
    assert!(found(&world, &fake, &fake).is_err(), "no Stellar asset");
    assert!(found(&world, &world.token, &other.address()).is_err(), "not that of the rules");
}

/// A rulebook of somebody's own: everything is allowed, nobody is asked to sign.
#[contract]
struct EvilRulebook;

#[contractimpl]
impl EvilRulebook {
    pub fn decide(env: Env, _circle: Val, _step: Val, _again: Val) -> Vec<Val> {
        let nothing: Val = ().into_val(&env);
        let list: Val = Vec::<Val>::new(&env).into_val(&env);
        let state: Val = Bytes::from_array(&env, &[1]).into_val(&env);
        let refused: Val = 0_u32.into_val(&env);
        let values = [refused, list, state, nothing, nothing, nothing, nothing, list, list];
        Vec::from_array(&env, values)
    }
}

#[test]
fn a_circle_asks_the_rulebook_of_its_code_whoever_has_made_it() {
    let world = World::new();
    let mallory = Address::generate(&world.env);
    world.env.register_at(&world.rulebook_of(&mallory), EvilRulebook, ());
    let encoded = BytesN::from_array(&world.env, &Terms::of(3).rules(&world.token).encode());
    let (asset, turn) = (world.token.clone(), None::<u32>);
    let args = (mallory.clone(), mallory, asset, encoded, turn);
    // As Rust it has no code, and nothing to compare: it is asked, and the circle is made.
    world.env.register(CircleContract, args.clone());
    let made = catch_unwind(AssertUnwindSafe(|| world.env.register(CIRCLE_WASM, args)));
    assert!(made.is_err());
}

#[test]
fn anybody_publishes_a_rulebook_and_only_at_its_own_place() {
    let world = World::new();
    let factory = Factory::new(&world);
    let client = FactoryContractClient::new(&world.env, &factory.address);
    let code = world.env.deployer().upload_contract_wasm(RULEBOOK_WASM);
    let published = client.publish(&code);
    assert_eq!(client.publish(&code), published, "it is there already");
    assert_eq!(published, world.rulebook_of(&factory.address), "where circles look");
    let unknown = BytesN::from_array(&world.env, &[7; 32]);
    assert!(client.try_publish(&unknown).is_err(), "nobody has uploaded it");
    // What wants to be set up is not published in somebody's name.
    let wants_more = world.env.deployer().upload_contract_wasm(FACTORY_WASM);
    assert!(client.try_publish(&wants_more).is_err());
}

#[test]
fn rules_that_cannot_work_are_refused() {
    let world = World::new();
    let factory = Factory::new(&world);
    let good = Terms::of(3).rules(&world.token);
    let bad = Rules { min_members: 4, ..good };
    assert_eq!(factory.create(1, &bad, None), Err(Error::BadRules.into()));
    let mut newer = good.encode();
    newer[0] = 250;
    assert_eq!(
        factory.create_as(&factory.organiser, 1, &newer, None),
        Err(Error::BadEncoding.into())
    );
    let mut padded = good.encode();
    padded[127] = 1;
    assert_eq!(
        factory.create_as(&factory.organiser, 1, &padded, None),
        Err(Error::BadEncoding.into())
    );
}

#[test]
fn neither_contract_is_set_up_a_second_time() {
    let world = World::new();
    let wasm = world.env.deployer().upload_contract_wasm(CIRCLE_WASM);
    let rulebook = world.env.deployer().upload_contract_wasm(RULEBOOK_WASM);
    let assets = Vec::from_array(&world.env, [world.token.clone()]);
    let factory =
        world.env.register(FACTORY_WASM, (wasm.clone(), rulebook.clone(), assets.clone()));
    let again = Call::new(&factory, "__constructor", (wasm, assets).into_val(&world.env));
    assert_eq!(world.refusal(None, &again), Failure::Host);

    let organiser = world.person(0);
    let rules = BytesN::from_array(&world.env, &Terms::of(3).rules(&world.token).encode());
    let salt = BytesN::from_array(&world.env, &[1; 32]);
    let args = (organiser.address.clone(), salt, rules.clone(), None::<u32>).into_val(&world.env);
    let made = world.call(Some(&organiser), &Call::new(&factory, "create", args)).unwrap();
    let circle = as_address(&world, made);
    let args = (organiser.address.clone(), rules, None::<u32>).into_val(&world.env);
    let again = Call::new(&circle, "__constructor", args);
    assert_eq!(world.refusal(Some(&organiser), &again), Failure::Host);
}
