//! Plays a story in the Soroban host and in the model at the same time.
use std::collections::BTreeMap;

use kolo_circle::{CircleContract, Error};
use kolo_contract_tests::{CIRCLE_WASM, Call, Failure, Group, Person, World, event_name};
use kolo_rules::circle::{Motion, Order, PayoutStatus, Phase, Premium};
use kolo_rules::{Amount, Circle};
use soroban_sdk::{
    Address, Bytes, BytesN,
    xdr::{ContractEvent, Limits, ScAddress, WriteXdr},
};

use crate::{
    acts::{Act, Signing, Story, Try, Who},
    ask::{Ask, Invitee, ORGANISER},
    model::{Model, Purse, Transfer, UPGRADE_DELAY_S},
    replay::Replay,
};

const RICH: i64 = 100_000;
/// Who has hardly anything, who has no trustline, whose account is a contract.
const PECULIAR: [usize; 3] = [9, 10, 11];

/// How often what happened.
pub type Tally = BTreeMap<String, u32>;

pub struct Player<'w> {
    group: Group<'w>,
    people: Vec<Person>,
    pub model: Model,
    replay: Replay,
    pub tally: Tally,
}

impl<'w> Player<'w> {
    /// An empty circle, as Rust or as the built wasm, with people around it.
    pub fn new(world: &'w World, story: &Story, built: bool) -> Self {
        let people = people(world);
        let (token, organiser) = (&world.token, people[ORGANISER].clone());
        let asset = kolo_contract_common::contract_id(&world.env, token).unwrap().to_array();
        let rules = kolo_rules::Rules { asset, ..story.rules };
        let turn = story.organiser_joins.then_some(1_u32);
        let args =
            (organiser.address.clone(), BytesN::from_array(&world.env, &rules.encode()), turn);
        let address = if built {
            world.env.register(CIRCLE_WASM, args)
        } else {
            world.env.register(CircleContract, args)
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
        let mut player = Self { group, people, model, replay, tally: Tally::new() };
        player.replay.follow(&founding, world.now());
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

    fn act(&mut self, act: &Act) {
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

    fn phase(&self) -> Option<Phase> {
        self.model.circle.as_ref().map(|circle| circle.phase)
    }

    fn lead_on(&mut self, number: usize) {
        match self.phase() {
            Some(Phase::Forming) if number % 25 == 24 => self.fill_up(1, number),
            Some(phase) if phase.is_getting_ready() => {
                let end = self.model.circle.as_ref().and_then(|c| c.ready_until(&self.model.rules));
                if end.is_some_and(|end| self.now() > end) {
                    let _ = self.attempt(&Try::Proceed, Signing::Properly);
                } else {
                    self.get_ready(u8::try_from(number % 8).unwrap());
                }
            }
            _ => {}
        }
    }

    fn pay_out(&mut self, but: u8) {
        if self.phase() != Some(Phase::Active) {
            return;
        }
        for seat in self.seats_but(but) {
            let _ = self.attempt(&Try::Pay(seat, 100), Signing::Properly);
        }
        if self.model.rules.order == Order::Auction && but > 0 {
            let percent = 64 + i64::from(but) * 4;
            let _ = self.attempt(&Try::Bid(but, percent), Signing::Properly);
            let _ = self.attempt(&Try::Bid(but + 1, percent * 97 / 100), Signing::Properly);
        }
        if let Some(PayoutStatus::NotBefore { at, .. } | PayoutStatus::Waiting { at, .. }) = self
            .model
            .circle
            .as_ref()
            .map(|circle| circle.payout_status(&self.model.rules, self.now()))
        {
            self.wait_until(at);
        }
        if self.model.rules.premium != Premium::None && but < 6 {
            let percent = 5 + 10 * i64::from(but);
            let _ = self.attempt(&Try::Insure(but + 1, but, percent), Signing::Properly);
        }
        let _ = self.attempt(&Try::Payout(0), Signing::Properly);
    }

    fn now(&self) -> u64 {
        self.group.world.now()
    }

    fn who(&self, who: Who) -> usize {
        let who = usize::from(who);
        match self.model.members.len() {
            len if who < 100 && len > 0 => self.model.members[who % len],
            _ => who % 100 % self.people.len(),
        }
    }

    fn seats_but(&self, but: u8) -> Vec<u8> {
        let len = u8::try_from(self.model.members.len()).unwrap();
        (0..len).filter(|seat| *seat != but).collect()
    }

    fn wait_until(&self, time: u64) {
        self.group.world.set_time(time);
    }

    fn wait_for_moment(&self, nth: u8, offset: i64) {
        let now = self.now();
        let mut moments: Vec<u64> = self
            .moments()
            .into_iter()
            .filter_map(|moment| moment.checked_add_signed(offset))
            .filter(|moment| *moment > now)
            .collect();
        moments.sort_unstable();
        moments.dedup();
        if !moments.is_empty() {
            self.wait_until(moments[usize::from(nth / 2) % moments.len()]);
        }
    }

    /// The last seconds of everything that has an end.
    fn moments(&self) -> Vec<u64> {
        let Some(circle) = &self.model.circle else { return vec![] };
        let rules = &self.model.rules;
        let (grace, vote) = (u64::from(rules.grace_s), u64::from(rules.vote_period_s));
        let instalments = u32::from(circle.len()) * u32::from(rules.instalments_per_round) + 1;
        let mut moments: Vec<u64> = circle.ready_until(rules).into_iter().collect();
        for deadline in (1..=instalments).filter_map(|number| circle.deadline(rules, number)) {
            moments.extend([deadline, deadline + grace]);
        }
        for open in circle.open_proposals() {
            moments.push(open.expires_at);
            if open.passed_at > 0 {
                moments.extend([open.passed_at + vote, open.passed_at + 2 * vote]);
            }
        }
        if let PayoutStatus::NotBefore { at, .. } | PayoutStatus::Waiting { at, .. } =
            circle.payout_status(rules, self.now())
        {
            moments.push(at);
        }
        moments.extend(self.model.invitations.values().map(|(_, expires_at)| *expires_at));
        moments.extend(self.model.signatures.values().map(|(_, at)| at + UPGRADE_DELAY_S));
        moments
    }

    fn fill_up(&mut self, odd: u8, first: usize) {
        let mut guests: Vec<usize> = (0..8).map(|number| 1 + (number + first) % 8).collect();
        if odd % 4 == 0 {
            guests.insert(usize::from(odd) % 3, PECULIAR[usize::from(odd) % 3]);
        }
        for who in guests {
            let Some(circle) = &self.model.circle else { return };
            if circle.phase != Phase::Forming {
                return;
            }
            let free = (1..=self.model.rules.seats).find(|t| circle.seat_of_turn(*t).is_none());
            let turn = free.filter(|_| self.model.rules.order == Order::Fixed).map(u32::from);
            self.let_in(who, turn, (who + first + usize::from(odd)) % 3);
        }
    }

    /// By an invitation of an address, or of a key, or as they ask to.
    fn let_in(&mut self, who: usize, turn: Option<u32>, way: usize) {
        let (expires_at, key) = (self.now() + 86_400, (way == 1).then_some((0, true)));
        let invitee = if way == 1 { Invitee::Key(0) } else { Invitee::Person(who) };
        let (first, second) = if way == 2 {
            (Ask::Request { who, right_rules: true }, Ask::Approve { who, turn })
        } else {
            let join = Ask::Join { who, right_rules: true, key };
            (Ask::Invite { invitee, turn, expires_at }, join)
        };
        let _ = self.ask(&first, Signing::Properly);
        let _ = self.ask(&second, Signing::Properly);
    }

    fn get_ready(&mut self, but: u8) {
        for what in [Try::Commit, |who| Try::Reveal(who, true), |who| Try::Secure(who, 0)] {
            for seat in self.seats_but(but) {
                // What is not wanted now is not asked for.
                if self.phase().is_some_and(|phase| what(seat).is_apt(phase)) {
                    let _ = self.attempt(&what(seat), Signing::Properly);
                }
            }
        }
    }

    fn carry(&mut self, motion: u32, about: Who, to: Who) {
        let subject = (motion > 0).then_some(about);
        let newcomer = (motion > 1).then_some(to);
        let before = self.model.circle.as_ref().map_or(0, |circle| circle.proposals);
        for seat in self.seats_but(u8::MAX) {
            if self.phase() != Some(Phase::Active) {
                return;
            }
            let Some(circle) = &self.model.circle else { return };
            let open = circle.open_proposals().find(|open| open.id > before).copied();
            let what = match open {
                None if circle.proposals == before => Try::Propose(seat, motion, subject, newcomer),
                Some(open) if open.passed_at == 0 => Try::Vote(seat, 0, true),
                _ => return,
            };
            let _ = self.attempt(&what, Signing::Properly);
        }
    }

    fn carry_out(&mut self, halves: u8) {
        let Some(circle) = &self.model.circle else { return };
        let open: Vec<_> = circle.open_proposals().filter(|o| o.passed_at > 0).copied().collect();
        for passed in open {
            if passed.motion == Motion::Replace {
                for settle in [Try::Push(passed.subject), Try::Pay(passed.subject, 100)] {
                    let _ = self.attempt(&settle, Signing::Properly);
                }
                let _ = self.attempt(&Try::Repay(passed.subject, 100), Signing::Properly);
                let newcomer = self.model.newcomer(2).unwrap_or(3);
                let newcomer = 100 + u8::try_from(newcomer).unwrap();
                let what = Try::Replace(passed.subject, newcomer, 0);
                let _ = self.attempt(&what, Signing::Properly);
            } else {
                let period = u64::from(self.model.rules.vote_period_s);
                self.wait_until(self.now() + period * u64::from(halves) / 2 + 1);
                let _ = self.attempt(&Try::CompleteMove(passed.subject), Signing::Properly);
            }
        }
    }

    fn freeze(&mut self, who: Who, frozen: bool) {
        let who = self.who(who);
        if self.model.purses[who].limit.is_some() {
            self.group.world.authorise(&self.people[who].address, !frozen);
            self.model.purses[who].frozen = frozen;
        }
    }

    fn give(&mut self, gift: i64) {
        let giver = &self.model.purses[ORGANISER];
        if self.model.vault_frozen || giver.frozen || giver.balance < gift {
            return;
        }
        let organiser = &self.people[ORGANISER];
        let world = self.group.world;
        let transfer = world.transfer(&organiser.address, &self.group.address, gift);
        world.call(Some(organiser), &transfer).unwrap();
        self.model.purses[ORGANISER].balance -= gift;
        self.model.vault += gift;
    }

    /// What is tried, in figures.
    fn attempt(&mut self, what: &Try, how: Signing) -> Result<(), Failure> {
        let ask = self.ask_for(what);
        self.ask(&ask, how)
    }

    fn ask_for(&self, what: &Try) -> Ask {
        let who = |who: Who| self.who(who);
        let expires = |days: i64| self.now().saturating_add_signed(days * 86_400);
        let fixed = self.model.rules.order == Order::Fixed;
        let turn = |turn: Option<u8>| turn.or(fixed.then_some(1)).map(u32::from);
        match *what {
            Try::Invite(w, t, days) => Ask::Invite {
                invitee: Invitee::Person(who(w)),
                turn: turn(t),
                expires_at: expires(days),
            },
            Try::InviteKey(key, t, days) => {
                Ask::Invite { invitee: Invitee::Key(key), turn: turn(t), expires_at: expires(days) }
            }
            Try::Revoke(w) => {
                let open = self.model.invitations.keys().next().copied().filter(|_| w % 2 == 0);
                Ask::Revoke { invitee: open.unwrap_or(Invitee::Person(who(w))) }
            }
            Try::Join(w, right_rules) => Ask::Join { who: who(w), right_rules, key: None },
            Try::JoinByKey(w, key, signed) => {
                Ask::Join { who: who(w), right_rules: true, key: Some((key, signed)) }
            }
            Try::Request(w, right_rules) => Ask::Request { who: who(w), right_rules },
            Try::Approve(w, right) => {
                let waiting = self.model.requests.first().copied().filter(|_| right);
                let free = || self.model.circle.as_ref().map_or(1, Circle::len) + 1;
                let turn = fixed.then(|| u32::from(free()));
                Ask::Approve { who: waiting.unwrap_or_else(|| who(w)), turn }
            }
            Try::Reject(w) => {
                let waiting = self.model.requests.first().copied().filter(|_| w % 2 == 0);
                Ask::Reject { who: waiting.unwrap_or_else(|| who(w)) }
            }
            Try::Leave(w) => Ask::Leave { who: who(w) },
            Try::Remove(w) => Ask::Remove { who: who(w) },
            Try::Start => Ask::Start,
            Try::Cancel => Ask::Cancel,
            Try::Commit(w) => Ask::Commit { who: who(w), secret: secret(who(w)) },
            Try::Reveal(w, right) => {
                Ask::Reveal { who: who(w), secret: secret(who(w) + usize::from(!right)) }
            }
            Try::Proceed => Ask::Proceed,
            ref later => self.ask_for_later(later),
        }
    }

    fn ask_for_later(&self, what: &Try) -> Ask {
        let who = |who: Who| self.who(who);
        match *what {
            Try::Secure(w, more) => {
                let due = self.of_seat(w, |circle, seat| circle.entry_due(&self.model.rules, seat));
                Ask::Secure { who: who(w), amount: i128::from(due + more) }
            }
            Try::Pay(w, percent) => self.pay(w, percent),
            Try::PayAny(w, round, amount) => Ask::Contribute { who: who(w), round, amount },
            Try::Payout(more) => {
                let round = i64::from(self.round()) + more;
                Ask::Payout { round: u32::try_from(round).unwrap_or(0) }
            }
            Try::Push(w) => Ask::Push { who: who(w) },
            Try::Repay(w, percent) => {
                let debt = self.of_seat(w, Circle::debt);
                let amount = (debt * percent / 100).max(i64::from(percent > 0));
                Ask::Repay { who: who(w), amount: i128::from(amount) }
            }
            Try::Bid(w, percent) => {
                let members = u8::try_from(self.model.members.len()).unwrap();
                let pot = self.model.rules.pot(members).unwrap().minor_units();
                Ask::Bid { who: who(w), round: self.round(), amount: (pot * percent / 100).into() }
            }
            Try::Insure(w, of, percent) => {
                let amount = self.model.rules.contribution.minor_units() * percent / 100;
                let round = if percent == 7 { 77 } else { self.round() };
                let (who, defaulter) = (who(w), who(of));
                Ask::ClaimInsurance { who, round, defaulter, amount: amount.into() }
            }
            Try::Swap(a, b) => Ask::Swap { a: who(a), b: who(b) },
            Try::Exit(w) => Ask::Exit { who: who(w) },
            Try::Propose(w, motion, about, to) => {
                Ask::Propose { who: who(w), motion, subject: about.map(who), newcomer: to.map(who) }
            }
            Try::Vote(w, back, approve) => {
                let latest = self.model.circle.as_ref().map_or(0, |circle| circle.proposals);
                Ask::Vote { who: who(w), proposal: latest.saturating_sub(back), approve }
            }
            Try::Replace(l, n, more) => {
                let price = self.of_seat(l, |circle, seat| {
                    let seat = circle.seat(seat).unwrap();
                    let net = seat.paid.checked_sub(seat.received)?;
                    Ok(net.checked_add(seat.deposit)?)
                });
                Ask::Replace { leaver: who(l), newcomer: who(n), price: (price + more).into() }
            }
            Try::CompleteMove(w) => Ask::CompleteMove { who: who(w) },
            Try::Object(w) => Ask::Object { who: who(w) },
            Try::SignUpgrade(w, code) => Ask::SignUpgrade { who: who(w), code },
            Try::Upgrade(code) => Ask::Upgrade { code },
            Try::Claim(w) => Ask::Claim { who: who(w) },
            Try::Sync => Ask::Sync,
            Try::ExtendTtl => Ask::ExtendTtl,
            ref other => panic!("nobody knows how to {other:?}"),
        }
    }

    fn round(&self) -> u32 {
        self.model.circle.as_ref().map_or(1, |circle| u32::from(circle.current_round()))
    }

    fn pay(&self, w: Who, percent: i64) -> Ask {
        let who = self.who(w);
        let seat = self.model.seat(who);
        let due = self
            .model
            .circle
            .as_ref()
            .zip(seat.ok())
            .and_then(|(circle, seat)| circle.due(&self.model.rules, seat, self.now()).ok());
        let (round, amount) = due.map_or((1, 10), |due| (due.round, due.amount.minor_units()));
        Ask::Contribute { who, round: round.into(), amount: (amount * percent / 100).into() }
    }

    /// A figure of a member's; zero for others.
    fn of_seat(
        &self,
        who: Who,
        figure: impl FnOnce(&Circle, u8) -> Result<Amount, kolo_rules::Refusal>,
    ) -> i64 {
        let seat = self.model.seat(self.who(who)).ok();
        let found = self.model.circle.as_ref().zip(seat);
        let figure = found.and_then(|(circle, seat)| figure(circle, seat).ok());
        figure.map_or(0, Amount::minor_units)
    }

    /// Asks both, and compares what came of it.
    fn ask(&mut self, ask: &Ask, how: Signing) -> Result<(), Failure> {
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
        if let Some(failure) = signed.or(twice.then_some(Failure::Host)) {
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
            self.replay.follow(&events, self.now());
        } else {
            assert!(events.is_empty(), "a refused call announced something");
        }
        self.check(outcome.is_ok());
        outcome
    }

    fn call(
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

    /// Who was expelled just now is said so.
    fn check_expelled(&self, before: &[u8], events: &[ContractEvent]) {
        let after = self.model.expelled();
        let new = after.iter().filter(|seat| !before.contains(seat)).count();
        let said = events.iter().filter(|event| event_name(event) == "member_expelled").count();
        assert_eq!(said, new, "who is expelled is announced");
    }

    /// State, money, and what the events tell are the same.
    fn check(&self, everybody: bool) {
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

    fn state(&self) -> Option<Vec<u8>> {
        let env = &self.group.world.env;
        let state: Option<Bytes> =
            env.as_contract(&self.group.address, || env.storage().persistent().get(&STATE));
        state.map(|bytes| bytes.iter().collect())
    }
}

/// The number of the contract's entry with its state.
const STATE: u32 = 4;

fn secret(who: usize) -> [u8; 32] {
    [u8::try_from(who).unwrap() + 1; 32]
}

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
