//! The calls that not every circle needs.
use kolo_rules::{Rules, circle::Motion};
use soroban_sdk::{
    Address, BytesN,
    xdr::{Limits, ScAddress, WriteXdr},
};

use crate::{Failure, Group, Person, Terms, World};

impl<'w> Group<'w> {
    /// An empty circle by rules that differ from the usual ones.
    #[must_use]
    pub fn with_rules(world: &'w World, seats: u8, change: impl FnOnce(&mut Rules)) -> Self {
        let mut rules = Terms::of(seats).rules(&world.token);
        rules.setup_period_s = 86_400;
        change(&mut rules);
        let organiser = world.person(0);
        let address = world.circle(&organiser.address, &rules, None);
        Self { world, address, rules, organiser, members: vec![] }
    }

    /// By whom this call is signed, with a transfer to the circle inside.
    fn paid(&self, person: &Person, call: &crate::Call, amount: i64) -> Result<(), Failure> {
        let transfer = self.world.transfer(&person.address, &self.address, amount);
        self.call(Some(person), &call.clone().with(transfer))
    }

    pub fn request(&self, person: &Person) -> Result<(), Failure> {
        let call = self.make("request", (person.address.clone(), self.rules_hash()));
        self.call(Some(person), &call)
    }

    pub fn approve(&self, person: &Person, turn: Option<u32>) -> Result<(), Failure> {
        let call = self.make("approve", (person.address.clone(), turn));
        self.call(Some(&self.organiser), &call)
    }

    pub fn reject(&self, person: &Person) -> Result<(), Failure> {
        self.call(Some(&self.organiser), &self.make("reject", (person.address.clone(),)))
    }

    /// SHA-256(circle ‖ member ‖ secret), put together without the contract's help.
    #[must_use]
    pub fn commitment(&self, person: &Person, secret: u8) -> BytesN<32> {
        let ScAddress::Contract(id) = ScAddress::from(&self.address) else { panic!("no contract") };
        let mut bytes = id.0.0.to_vec();
        bytes.extend(ScAddress::from(&person.address).to_xdr(Limits::none()).unwrap());
        bytes.extend([secret; 32]);
        let env = &self.world.env;
        env.crypto().sha256(&soroban_sdk::Bytes::from_slice(env, &bytes)).to_bytes()
    }

    pub fn commit(&self, person: &Person, commitment: &BytesN<32>) -> Result<(), Failure> {
        let call = self.make("commit", (person.address.clone(), commitment.clone()));
        self.paid(person, &call, self.rules.bond.minor_units())
    }

    pub fn reveal(&self, person: &Person, secret: u8) -> Result<(), Failure> {
        let secret = BytesN::from_array(&self.world.env, &[secret; 32]);
        self.call(None, &self.make("reveal", (person.address.clone(), secret)))
    }

    pub fn secure(&self, person: &Person, amount: i64) -> Result<(), Failure> {
        let call = self.make("secure", (person.address.clone(), i128::from(amount)));
        self.paid(person, &call, amount)
    }

    pub fn proceed(&self) -> Result<(), Failure> {
        self.call(None, &self.make("proceed", ()))
    }

    pub fn bid(&self, person: &Person, round: u32, amount: i64) -> Result<(), Failure> {
        let call = self.make("bid", (person.address.clone(), round, i128::from(amount)));
        self.call(Some(person), &call)
    }

    pub fn insure(
        &self,
        person: &Person,
        round: u32,
        defaulter: &Person,
        amount: i64,
    ) -> Result<(), Failure> {
        let (member, defaulter) = (person.address.clone(), defaulter.address.clone());
        let call = self.make("claim_insurance", (member, round, defaulter, i128::from(amount)));
        self.call(Some(person), &call)
    }

    /// Both sign for the turns they have; `payer` for a transfer to the other, too.
    pub fn swap(&self, a: &Person, b: &Person, payer: &Person, pays: i64) -> Result<(), Failure> {
        let turns = [self.turn(a), self.turn(b)];
        self.both(&self.swapping(a, b, turns), [a, b], payer, pays)
    }

    pub fn swapping(&self, a: &Person, b: &Person, turns: [u32; 2]) -> crate::Call {
        self.make("swap", (a.address.clone(), b.address.clone(), turns[0], turns[1]))
    }

    /// The turn of one of `members` now; 0 for others.
    #[must_use]
    pub fn turn(&self, person: &Person) -> u32 {
        let is_theirs = |member: &Person| member.address == person.address;
        let seat = self.members.iter().position(is_theirs);
        seat.map_or(0, |seat| u32::from(self.circle().seats()[seat].turn))
    }

    pub fn replace(&self, leaver: &Person, newcomer: &Person, price: i64) -> Result<(), Failure> {
        let (from, to) = (leaver.address.clone(), newcomer.address.clone());
        let call = self.make("replace", (from, to, self.turn(leaver), i128::from(price)));
        let payer = if price < 0 { leaver } else { newcomer };
        self.both(&call, [leaver, newcomer], payer, price.abs())
    }

    fn both(
        &self,
        call: &crate::Call,
        people: [&Person; 2],
        payer: &Person,
        pays: i64,
    ) -> Result<(), Failure> {
        let before = (self.state(), self.vault());
        let trees = people.map(|person| {
            let other = people.iter().find(|other| other.address != person.address);
            let is_payer = pays > 0 && person.address == payer.address;
            let tree = match other.filter(|_| is_payer) {
                Some(to) => {
                    call.clone().with(self.world.transfer(&person.address, &to.address, pays))
                }
                None => call.clone(),
            };
            (person, tree)
        });
        let outcome = self.world.call_by(&trees, call).map(|_| ());
        if outcome.is_err() {
            assert_eq!((self.state(), self.vault()), before, "a refused call changed something");
        }
        outcome
    }

    pub fn exit(&self, person: &Person) -> Result<(), Failure> {
        self.call(Some(person), &self.make("exit", (person.address.clone(),)))
    }

    pub fn propose_about(
        &self,
        person: &Person,
        motion: Motion,
        subject: &Person,
        newcomer: Option<&Person>,
    ) -> Result<(), Failure> {
        let newcomer: Option<Address> = newcomer.map(|person| person.address.clone());
        let subject = Some(subject.address.clone());
        let args = (person.address.clone(), motion as u32, subject, newcomer);
        self.call(Some(person), &self.make("propose", args))
    }

    pub fn complete_move(&self, person: &Person) -> Result<(), Failure> {
        self.call(None, &self.make("complete_move", (person.address.clone(),)))
    }

    pub fn object(&self, person: &Person) -> Result<(), Failure> {
        self.call(Some(person), &self.make("object", (person.address.clone(),)))
    }

    pub fn sign_upgrade(&self, person: &Person, wasm: &BytesN<32>) -> Result<(), Failure> {
        let call = self.make("sign_upgrade", (person.address.clone(), wasm.clone()));
        self.call(Some(person), &call)
    }

    pub fn upgrade(&self, wasm: &BytesN<32>) -> Result<(), Failure> {
        self.call(None, &self.make("upgrade", (wasm.clone(),)))
    }
}
