use ed25519_dalek::{Signer, SigningKey};
use kolo_contract_common::{Error, contract_id};
use kolo_rulebook::Invitation;
use kolo_rules::{
    Amount, Circle, Interval, Rules,
    circle::{Order, Shortfall},
};
use soroban_sdk::{
    Address, BytesN, IntoVal, Symbol, TryFromVal, Val, Vec,
    testutils::Events as _,
    xdr::{ContractEvent, ContractEventBody, Limits, ScAddress, ScVal, WriteXdr},
};

use crate::{Call, Failure, Person, World};

pub const DAY: u64 = 86_400;

/// Terms most tests share: ten units weekly, a day of grace, join order, short pot.
#[derive(Clone, Copy)]
pub struct Terms {
    pub seats: u8,
    pub min_members: u8,
    pub contribution: i64,
    pub instalments: u8,
    pub order: Order,
    pub shortfall: Shortfall,
    pub advance: bool,
}

impl Terms {
    #[must_use]
    pub const fn of(seats: u8) -> Self {
        Self {
            seats,
            min_members: 2,
            contribution: 100_000_000,
            instalments: 1,
            order: Order::Join,
            shortfall: Shortfall::ShortPot,
            advance: false,
        }
    }

    pub fn rules(&self, asset: &Address) -> Rules {
        let asset = contract_id(asset.env(), asset).unwrap();
        let (contribution, week) = (Amount::new(self.contribution), Interval::Seconds(7 * 86_400));
        Rules {
            min_members: self.min_members,
            instalments_per_round: self.instalments,
            order: self.order,
            shortfall: self.shortfall,
            advance: self.advance,
            ..Rules::new(asset, self.seats, contribution, week)
        }
    }
}

/// A circle under test, its organiser (no member) and its members by seat.
pub struct Group<'w> {
    pub world: &'w World,
    pub address: Address,
    pub rules: Rules,
    pub organiser: Person,
    pub members: std::vec::Vec<Person>,
}

impl<'w> Group<'w> {
    /// An empty circle, run as Rust.
    #[must_use]
    pub fn found(world: &'w World, terms: Terms) -> Self {
        let rules = terms.rules(&world.token);
        let organiser = world.person(0);
        let address = world.circle(&organiser.address, &rules, None);
        Self { world, address, rules, organiser, members: vec![] }
    }

    /// A running circle of members who own `balance` each.
    #[must_use]
    pub fn running(world: &'w World, terms: Terms, balance: i64) -> Self {
        let mut group = Self::found(world, terms);
        group.fill(balance);
        group
    }

    /// Invites and seats as many as there are seats.
    pub fn fill(&mut self, balance: i64) {
        for turn in 1..=u32::from(self.rules.seats) {
            let turn = (self.rules.order == Order::Fixed).then_some(turn);
            let person = self.world.person(balance);
            self.seat(&person, turn);
        }
    }

    /// Invites somebody by address and has them join.
    pub fn seat(&mut self, person: &Person, turn: Option<u32>) {
        self.invite(&Invitation::Address(person.address.clone()), turn, self.world.now() + DAY)
            .unwrap();
        self.join_at(person, turn).unwrap();
        self.members.push(person.clone());
    }

    /// The whole amount of one member's round.
    #[must_use]
    pub fn due(&self) -> i64 {
        self.rules.contribution.minor_units() * i64::from(self.rules.instalments_per_round)
    }

    #[must_use]
    pub fn payout_date(&self, round: u32) -> u64 {
        let circle = self.circle();
        circle.payout_date(&self.rules, u8::try_from(round).unwrap()).unwrap()
    }

    /// Calls the circle, and asserts that a refusal has changed neither state nor vault.
    pub fn call(&self, signer: Option<&Person>, call: &Call) -> Result<(), Failure> {
        let before = (self.state(), self.vault());
        let outcome = self.world.call(signer, call).map(|_| ());
        if outcome.is_err() {
            assert_eq!((self.state(), self.vault()), before, "a refused call changed something");
        }
        outcome
    }

    /// A call of the circle: of a function it has, or the step of its rulebook that is called like this.
    pub fn make(
        &self,
        function: &'static str,
        args: impl IntoVal<soroban_sdk::Env, Vec<Val>>,
    ) -> Call {
        const FUNCTIONS: [&str; 5] = ["contribute", "payout", "act", "init", "__constructor"];
        let env = &self.world.env;
        let args = args.into_val(env);
        if FUNCTIONS.contains(&function) {
            return Call::new(&self.address, function, args);
        }
        let mut step =
            Vec::from_array(env, [Symbol::new(env, &pascal_case(function)).into_val(env)]);
        step.append(&args);
        Call::new(&self.address, "act", (step,).into_val(env))
    }

    pub fn invite(
        &self,
        invitation: &Invitation,
        turn: Option<u32>,
        expires_at: u64,
    ) -> Result<(), Failure> {
        let (address, key) = either(invitation);
        let call = self.make("invite", (address, key, turn, expires_at));
        self.call(Some(&self.organiser), &call)
    }

    pub fn revoke(&self, invitation: &Invitation) -> Result<(), Failure> {
        self.call(Some(&self.organiser), &self.make("revoke", either(invitation)))
    }

    pub fn rules_hash(&self) -> BytesN<32> {
        let env = &self.world.env;
        let encoded = BytesN::from_array(env, &self.rules.encode());
        env.crypto().sha256(encoded.as_ref()).to_bytes()
    }

    pub fn join(&self, person: &Person) -> Result<(), Failure> {
        self.join_at(person, None)
    }

    /// Accepting this turn.
    pub fn join_at(&self, person: &Person, turn: Option<u32>) -> Result<(), Failure> {
        let nothing = (None::<BytesN<32>>, None::<BytesN<64>>);
        let args = (person.address.clone(), self.rules_hash(), turn, nothing.0, nothing.1);
        self.call(Some(person), &self.make("join", args))
    }

    pub fn join_with(
        &self,
        person: &Person,
        rules_hash: &BytesN<32>,
        key: Option<BytesN<32>>,
        signature: Option<BytesN<64>>,
    ) -> Result<(), Failure> {
        let args = (person.address.clone(), rules_hash.clone(), None::<u32>, key, signature);
        self.call(Some(person), &self.make("join", args))
    }

    /// Signed by the member: the call, and the transfer inside it.
    pub fn contribute(&self, person: &Person, round: u32, amount: i64) -> Result<(), Failure> {
        let call = self
            .make("contribute", (person.address.clone(), round, i128::from(amount)))
            .with(self.world.transfer(&person.address, &self.address, amount));
        self.call(Some(person), &call)
    }

    /// Everybody pays their whole round.
    pub fn contribute_all(&self, round: u32) {
        for member in &self.members {
            self.contribute(member, round, self.due()).unwrap();
        }
    }

    pub fn payout(&self, round: u32) -> Result<(), Failure> {
        self.call(None, &self.make("payout", (round,)))
    }

    pub fn repay(&self, person: &Person, amount: i64) -> Result<(), Failure> {
        let call = self
            .make("repay", (person.address.clone(), i128::from(amount)))
            .with(self.world.transfer(&person.address, &self.address, amount));
        self.call(Some(person), &call)
    }

    pub fn push(&self, person: &Person) -> Result<(), Failure> {
        self.call(None, &self.make("push", (person.address.clone(),)))
    }

    pub fn claim(&self, person: &Person) -> Result<(), Failure> {
        self.call(None, &self.make("claim", (person.address.clone(),)))
    }

    pub fn sync(&self) -> Result<(), Failure> {
        self.call(None, &self.make("sync", ()))
    }

    /// To dissolve.
    pub fn propose(&self, person: &Person) -> Result<(), Failure> {
        let nobody = (None::<Address>, None::<Address>);
        let call = self.make("propose", (person.address.clone(), 0_u32, nobody.0, nobody.1));
        self.call(Some(person), &call)
    }

    pub fn vote(&self, person: &Person, proposal: u32, approve: bool) -> Result<(), Failure> {
        let call = self.make("vote", (person.address.clone(), proposal, approve));
        self.call(Some(person), &call)
    }

    /// The encoded state, while there is one.
    pub fn state(&self) -> Option<std::vec::Vec<u8>> {
        self.world.state(&self.address)
    }

    pub fn circle(&self) -> Circle {
        Circle::decode(&self.state().expect("the circle is not finished")).unwrap()
    }

    /// The members by seat, as the circle keeps them.
    #[must_use]
    pub fn seated(&self) -> std::vec::Vec<Address> {
        self.world.seated(&self.address)
    }

    pub fn vault(&self) -> i64 {
        self.world.balance(&self.address)
    }

    /// The vault holds what the state says it owes, to the stroop.
    pub fn assert_covered(&self) {
        let owed = match self.state() {
            Some(state) => Circle::decode(&state).unwrap().liabilities().unwrap().minor_units(),
            None => 0,
        };
        assert_eq!(self.vault(), owed, "vault and liabilities differ");
    }

    /// What the circle's last call announced. Read it before calling anything else.
    pub fn events(&self) -> std::vec::Vec<ContractEvent> {
        self.world.env.events().all().filter_by_contract(&self.address).events().to_vec()
    }
}

/// `claim_insurance` as `ClaimInsurance`.
fn pascal_case(name: &str) -> String {
    let capitalised = name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
    capitalised.collect()
}

/// An invitation as the calls name it: an address, or a key.
#[must_use]
pub fn either(invitation: &Invitation) -> (Option<Address>, Option<BytesN<32>>) {
    match invitation {
        Invitation::Address(address) => (Some(address.clone()), None),
        Invitation::Key(key) => (None, Some(key.clone())),
    }
}

/// The error of this code.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Contract(error as u32)
    }
}

/// The name of an event: its first topic.
#[must_use]
pub fn event_name(event: &ContractEvent) -> String {
    let ContractEventBody::V0(body) = &event.body;
    match body.topics.first() {
        Some(ScVal::Symbol(name)) => name.to_string(),
        other => panic!("no name but {other:?}"),
    }
}

/// The address of a value returned by a call.
pub fn as_address(world: &World, value: Val) -> Address {
    Address::try_from_val(&world.env, &value).unwrap()
}

/// The one-time key behind an invitation.
pub struct InvitationKey(SigningKey);

impl InvitationKey {
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&secret))
    }

    #[must_use]
    pub fn public(&self, world: &World) -> BytesN<32> {
        BytesN::from_array(&world.env, self.0.verifying_key().as_bytes())
    }

    /// Signs the message of the guide, put together here without the contract's help.
    #[must_use]
    pub fn sign(&self, world: &World, circle: &Address, joiner: &Address) -> BytesN<64> {
        let ScAddress::Contract(id) = ScAddress::from(circle) else { panic!("no contract") };
        let mut message = b"kolo:join:1".to_vec();
        message.extend(id.0.0);
        message.extend(ScAddress::from(joiner).to_xdr(Limits::none()).unwrap());
        BytesN::from_array(&world.env, &self.0.sign(&message).to_bytes())
    }
}
