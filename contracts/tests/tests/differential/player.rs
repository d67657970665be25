//! Plays a story in the Soroban host and in the model at the same time.
use std::collections::BTreeMap;

use kolo_circle::Error;
use kolo_contract_tests::{Call, Failure, Group, Person, World, event_name};
use kolo_rules::Circle;
use kolo_rules::circle::Phase;
use soroban_sdk::{
    Address, Bytes,
    xdr::{ContractEvent, Limits, ScAddress, WriteXdr},
};

use crate::{
    acts::{Act, Signing, Story, Try, Who},
    ask::{Ask, ORGANISER},
    model::Model,
    replay::Replay,
    tokens::{Purse, Transfer},
};

const RICH: i64 = 100_000;
/// Who has hardly anything, who has no trustline, whose account is a contract.
pub const PECULIAR: [usize; 3] = [9, 10, 11];

/// How often what happened.
pub type Tally = BTreeMap<String, u32>;

pub struct Player<'w> {
    pub group: Group<'w>,
    pub people: Vec<Person>,
    pub model: Model,
    replay: Replay,
    /// What every call announced, as the ledger keeps it, and when.
    pub announced: Vec<(u64, Vec<Vec<u8>>)>,
    pub tally: Tally,
}

impl<'w> Player<'w> {
    /// An empty circle, as Rust or as the built wasm, with people around it.
    pub fn new(world: &'w World, story: &Story, built: bool) -> Self {
        let people = people(world);
        let (token, organiser) = (&world.token, people[ORGANISER].clone());
        let asset = kolo_contract_common::contract_id(&world.env, token).unwrap();
        let rules = kolo_rules::Rules { asset, ..story.rules };
        let turn = story.organiser_joins.then_some(1_u32);
        let address = if built {
            world.circle_of_wasm(&organiser.address, &rules, turn)
        } else {
            world.circle(&organiser.address, &rules, turn)
        };
        let group = Group { world, address, rules, organiser, members: vec![] };
        let founding = group.events();
        let ScAddress::Contract(id) = ScAddress::from(&group.address) else { unreachable!() };
        let addresses = people.iter().map(|person| xdr(&person.address)).collect();
        let purses = (0..people.len()).map(purse).collect();
        let mut model = Model::new(rules, id.0.0, addresses, purses);
        if story.organiser_joins {
            model.organiser_joins();
        }
        let replay = Replay::new(rules);
        let (announced, tally) = (vec![], Tally::new());
        let mut player = Self { group, people, model, replay, announced, tally };
        player.hear(&founding);
        player.check(true);
        player
    }

    /// Plays it all.
    pub fn play(&mut self, story: &Story) {
        if story.beginning >= 1 {
            self.fill_up(story.odd, 0);
        }
        if story.beginning >= 2 {
            self.get_ready(u8::MAX);
        }
        for (number, act) in story.acts.iter().enumerate() {
            match (act, self.phase()) {
                (_, None) if number % 4 > 0 => {}
                (_, Some(phase)) if phase.is_over() && number % 2 > 0 => {}
                (Act::Try(tries, how), Some(phase)) => {
                    let apt = match phase {
                        Phase::Forming => 0,
                        _ if phase.is_getting_ready() => 1,
                        _ => 2,
                    };
                    // Calls that cannot be accepted now are tried now and then.
                    let what = &tries[(apt + usize::from(number % 7 == 6)) % 3];
                    let _ = self.attempt(what, *how);
                    if number % 5 == 4 {
                        self.lead_on(number);
                    }
                }
                _ => self.act(act),
            }
        }
        self.check(true);
    }

    pub fn act(&mut self, act: &Act) {
        match *act {
            Act::Try(ref tries, how) => _ = self.attempt(&tries[2], how),
            Act::Wait(days) => self.wait_until(self.now() + days * 86_400 + days % 3),
            Act::Moment(nth, offset) => self.wait_for_moment(nth, offset),
            Act::FillUp(first) => self.fill_up(0, usize::from(first)),
            Act::GetReady(but) => self.get_ready(but),
            Act::EverybodyPays(but) => {
                for seat in self.seats_but(but) {
                    if self.phase() == Some(Phase::Active) {
                        let _ = self.attempt(&Try::Pay(seat, 100), Signing::Properly);
                    }
                }
            }
            Act::Round(but) => self.pay_out(but),
            Act::Carry(motion, about, to) => self.carry(motion, about, to),
            Act::CarryOut(halves) => self.carry_out(halves),
            Act::Freeze(who, frozen) => self.freeze(who, frozen),
            Act::FreezeVault(frozen) => {
                self.group.world.authorise(&self.group.address, !frozen);
                self.model.vault_frozen = frozen;
            }
            Act::Trustline(who, room) => {
                let who = self.who(who);
                if who != PECULIAR[2] {
                    let balance = self.model.purses[who].balance;
                    self.group.world.set_trustline(&self.people[who], balance, balance + room);
                    self.model.purses[who] =
                        Purse { balance, limit: Some(balance + room), frozen: false };
                }
            }
            Act::Gift(gift) => self.give(gift),
            Act::Clawback(taken) => {
                let taken = taken.min(self.model.vault);
                if taken > 0 {
                    self.group.world.claw_back(&self.group.address, taken);
                    self.model.vault -= taken;
                }
            }
        }
    }

    pub fn now(&self) -> u64 {
        self.group.world.now()
    }

    pub fn who(&self, who: Who) -> usize {
        let who = usize::from(who);
        match self.model.members.len() {
            len if who < 100 && len > 0 => self.model.members[who % len],
            _ => who % 100 % self.people.len(),
        }
    }

    pub fn seats_but(&self, but: u8) -> Vec<u8> {
        let len = u8::try_from(self.model.members.len()).unwrap();
        (0..len).filter(|seat| *seat != but).collect()
    }

    pub fn wait_until(&self, time: u64) {
        self.group.world.set_time(time);
    }

    /// What is tried, in figures.
    pub fn attempt(&mut self, what: &Try, how: Signing) -> Result<(), Failure> {
        let ask = self.ask_for(what);
        self.ask(&ask, how)
    }

    /// Asks both, and compares what came of it.
    pub fn ask(&mut self, ask: &Ask, how: Signing) -> Result<(), Failure> {
        self.model.now = self.now();
        let expelled = self.model.expelled();
        let before = self.model.clone();
        let (mut expected, transfers) = self.model.answer(ask);
        let mut signers = ask.signers();
        let signed = match how {
            Signing::Properly => None,
            Signing::WithoutTransfers if transfers.is_empty() || signers.is_empty() => None,
            Signing::WithoutTransfers => Some(Error::TokenFailed.into()),
            Signing::Nobody if signers.is_empty() => None,
            Signing::Other(who)
                if signers.first().is_none_or(|first| *first == usize::from(who)) =>
            {
                None
            }
            Signing::Nobody | Signing::Other(_) => Some(Failure::Host),
        };
        // The host refuses to ask the same address for the same signature twice.
        let twice = matches!(signers[..], [a, b] if a == b);
        // Before the circle knows who is to sign: there is none any more, or the rulebook does not answer. (Who
        // contributes says who they are.)
        let knows_signers = matches!(ask, Ask::Contribute { .. })
            || expected != Err(Error::Finished.into())
                && expected != Err(Error::RulebookFailed.into());
        let unsigned = signed.or(twice.then_some(Failure::Host));
        if let Some(failure) = unsigned.filter(|_| knows_signers) {
            self.model = before;
            expected = Err(failure);
        }
        match how {
            Signing::Nobody => signers.clear(),
            Signing::Other(who) if !signers.is_empty() => signers[0] = usize::from(who),
            _ => {}
        }
        signers.dedup();
        let bare = how == Signing::WithoutTransfers;
        let outcome = self.call(ask, &signers, if bare { &[] } else { &transfers });
        let (outcome, events) = outcome;
        assert_eq!(outcome, expected, "{ask:?} signed {how:?} at {}", self.now());
        let name = format!("{ask:?}");
        let name = name.split([' ', '{']).next().unwrap_or_default();
        let counted = match outcome {
            Ok(()) => format!("{name} done"),
            Err(failure) => format!("refused: {failure:?}"),
        };
        *self.tally.entry(counted).or_insert(0) += 1;
        if outcome.is_ok() {
            self.check_expelled(&expelled, &events);
            self.hear(&events);
        } else {
            assert!(events.is_empty(), "a refused call announced something");
        }
        self.check(outcome.is_ok());
        outcome
    }

    pub fn call(
        &self,
        ask: &Ask,
        signers: &[usize],
        transfers: &[Transfer],
    ) -> (Result<(), Failure>, Vec<ContractEvent>) {
        let world = self.group.world;
        let commitment = match ask {
            Ask::Commit { who, secret } => self.model.commitment(*who, secret),
            _ => [0; 32],
        };
        let call = ask.call(&self.group, &self.people, commitment);
        let trees: Vec<(&Person, Call)> = signers
            .iter()
            .map(|who| {
                let own = transfers.iter().filter(|transfer| transfer.from == *who);
                let tree = own.fold(call.clone(), |tree, transfer| {
                    let to = transfer.to.map_or(&self.group.address, |to| &self.people[to].address);
                    let from = &self.people[transfer.from].address;
                    tree.with(world.transfer(from, to, transfer.amount))
                });
                (&self.people[*who], tree)
            })
            .collect();
        let outcome = world.call_by(&trees, &call).map(|_| ());
        (outcome, self.group.events())
    }

    pub fn hear(&mut self, events: &[ContractEvent]) {
        let now = self.now();
        self.replay.follow(events, now);
        let bytes = events.iter().map(|event| event.to_xdr(Limits::none()).unwrap());
        self.announced.push((now, bytes.collect()));
    }

    /// Who was expelled just now is said so.
    pub fn check_expelled(&self, before: &[u8], events: &[ContractEvent]) {
        let after = self.model.expelled();
        let new = after.iter().filter(|seat| !before.contains(seat)).count();
        let said = events.iter().filter(|event| event_name(event) == "member_expelled").count();
        assert_eq!(said, new, "who is expelled is announced");
    }

    /// State, money, and what the events tell are the same.
    pub fn check(&self, everybody: bool) {
        let found = self.state().map(|bytes| Circle::decode(&bytes).unwrap());
        assert_eq!(found, self.model.circle, "the contract's state is not the model's");
        assert_eq!(self.replay.circle(), self.model.circle.as_ref(), "events tell another story");
        if found.is_some() {
            let members: Vec<_> =
                self.model.members.iter().map(|who| &self.model.addresses[*who]).collect();
            let told: Vec<_> = self.replay.members().iter().collect();
            assert_eq!(told, members, "events tell of other members");
        }
        assert_eq!(self.group.vault(), self.model.vault, "the vault");
        if everybody {
            for (who, (person, purse)) in self.people.iter().zip(&self.model.purses).enumerate() {
                let balance = match purse.limit {
                    Some(_) => self.group.world.balance(&person.address),
                    None => 0,
                };
                assert_eq!(balance, purse.balance, "person {who} has something else");
            }
        }
    }

    /// The rules everybody knows.
    pub fn rules(&self) -> kolo_rules::Rules {
        self.group.rules
    }

    pub fn state(&self) -> Option<Vec<u8>> {
        let env = &self.group.world.env;
        let state: Option<Bytes> =
            env.as_contract(&self.group.address, || env.storage().persistent().get(&STATE));
        state.map(|bytes| bytes.iter().collect())
    }
}

/// The number of the contract's entry with its state.
const STATE: u32 = 4;

fn xdr(address: &Address) -> Vec<u8> {
    ScAddress::from(address).to_xdr(Limits::none()).unwrap()
}

fn purse(who: usize) -> Purse {
    let balance = match who {
        9 => 45,
        10 => 0,
        _ => RICH,
    };
    Purse { balance, limit: (who != 10).then_some(i64::MAX), frozen: false }
}

fn people(world: &World) -> Vec<Person> {
    let people: Vec<Person> = (0..12)
        .map(|who| match who {
            10 => world.person_without_trustline(),
            11 => world.person_in_a_contract(),
            _ => world.person(purse(who).balance),
        })
        .collect();
    world.mint(&people[11].address, RICH);
    people
}
