//! Whole lives of circles with all that rules can ask for: what our commands and the keeper want is
//! done by a contract with its own engine, vault and wallets; after every event our mirror, our books
//! and the members' wallets are what the contract and the chain say, to the stroop.
use std::cell::Cell;
use std::collections::BTreeMap;

use futures::executor::block_on;
use kolo_rules::circle::{Fee, Marks, Motion, Order, Phase, Premium, Security, Shortfall, Step};
use kolo_rules::{Amount, Refusal};

use super::contract::{Contract, Done};
use super::{DAY_S, EACH, World, asset};
use crate::circle::Question;
use crate::circle::postings::{Part, wallet};
use crate::port::chain::{ChainAddress, ChainEffect, ChainEventBody, CircleChainEvent};
use crate::testkit::check_books;
use crate::view::{Every, MemberView, NewCircle, Options};
use crate::{CircleId, CommandContext, Error, MemberId};

/// A circle, its members, and how far what was wanted of the chain has been done there.
pub(super) struct Life {
    pub world: World,
    pub circle: CircleId,
    pub address: ChainAddress,
    pub members: Vec<MemberView>,
    done: Cell<usize>,
}

const RICH: Amount = Amount::new(100 * EACH.minor_units());

impl Life {
    /// Members with money in a circle that has just become full.
    pub fn full(names: &[&str], shortfall: Shortfall, options: Options) -> Self {
        let life = Self::forming(names, names.len(), shortfall, options);
        for member in life.members.iter().skip(1) {
            life.chain(|contract, now| contract.join(&member.address, now)).unwrap();
        }
        life
    }

    /// Members with money; the organiser, who comes first, sits in the circle.
    pub fn forming(names: &[&str], seats: usize, shortfall: Shortfall, options: Options) -> Self {
        Self::forming_in(World::new(), names, seats, shortfall, options)
    }

    pub fn forming_in(
        world: World,
        names: &[&str],
        seats: usize,
        shortfall: Shortfall,
        options: Options,
    ) -> Self {
        let members: Vec<MemberView> = names.iter().map(|name| world.member(name)).collect();
        for member in &members {
            world.chain.fund(world.now(), &member.address, &asset(), RICH);
        }
        let wanted = NewCircle {
            name: "Market".to_owned(),
            seats: u8::try_from(seats).unwrap(),
            contribution: EACH,
            instalments_per_round: 1,
            every: Every::Days(7),
            grace_hours: 24,
            shortfall,
            advance: false,
            options,
        };
        let ctx = CommandContext::of_member(members[0].id, "create");
        let circle = block_on(world.kolo.circles().create(&ctx, wanted)).unwrap().circle;
        world.work();
        let address = world.address(circle);
        let rules = block_on(world.kolo.circles().status(circle)).unwrap().summary.rules;
        world.chain.deploy(Contract::new(address.clone(), rules));
        let organiser = members[0].address.clone();
        let created = ChainEventBody::GroupCreated { circle: address.clone(), organiser, rules };
        world.chain.emit(world.now(), created);
        let done = Cell::new(world.chain.done().len());
        let life = Self { world, circle, address, members, done };
        life.chain(|contract, now| contract.join(&life.members[0].address, now)).unwrap();
        life
    }

    /// A call of the contract by whomever, followed and compared.
    pub fn chain(
        &self,
        call: impl FnOnce(&mut Contract, u64) -> Result<Done, Refusal>,
    ) -> Result<(), Refusal> {
        let at = self.world.now();
        let called =
            self.world.chain.call(at, &self.address, &asset(), |there| call(there, at.unix()));
        self.world.work();
        if block_on(self.world.kolo.following()).unwrap().gaps.is_empty() {
            self.compare();
        } else {
            // What is lost stands in no table.
            self.agrees();
        }
        called
    }

    pub fn step(&self, step: &Step) -> Result<(), Refusal> {
        self.chain(|contract, now| contract.step(step, now))
    }

    /// A command of a member's, with all that follows from it.
    pub fn asks(
        &self,
        who: usize,
        key: &str,
        command: impl AsyncFnOnce(&crate::circle::Circles, &CommandContext) -> Result<(), Error>,
    ) {
        let ctx = CommandContext::of_member(self.members[who].id, format!("{who}/{key}"));
        block_on(command(&self.world.kolo.circles(), &ctx)).unwrap();
        self.settle();
    }

    pub fn contributes(&self, who: usize, round: u8) {
        let (circle, member) = (self.circle, self.members[who].id);
        self.asks(who, &format!("contribute/{round}"), async |circles, ctx| {
            let due = circles.due(member, circle).await?.due;
            assert_eq!(due.round, round);
            circles.contribute(ctx, circle, round, due.amount).await.map(drop)
        });
    }

    /// Does on the chain what has been wanted of it, until nothing more is.
    pub fn settle(&self) {
        self.world.work();
        while let Some(effect) = self.world.chain.done().get(self.done.get()) {
            self.done.set(self.done.get() + 1);
            if let Some(step) = self.step_of(effect) {
                let done = self.step(&step);
                // The keeper may be told that it is done already.
                let keepers = matches!(step, Step::Claim { .. } | Step::Proceed);
                assert!(done.is_ok() || keepers, "{effect:?}: {done:?}");
            }
        }
    }

    /// Lets time pass, doing what timers want.
    pub fn pass(&self, seconds: u64) {
        for _ in 0..20 {
            self.world.pass(seconds / 20);
            self.settle();
        }
    }

    fn step_of(&self, effect: &ChainEffect) -> Option<Step> {
        use ChainEffect as W;
        let seat = |member: &ChainAddress| {
            self.world.chain.contract(&self.address, |there| there.seat(member)).unwrap()
        };
        Some(match effect {
            W::Commit { member, secret, .. } => {
                let seat = seat(member);
                self.world.chain.contract(&self.address, |there| there.secret(seat, secret.0));
                Step::Commit { seat }
            }
            W::Reveal { member, .. } => Step::Reveal { seat: seat(member) },
            W::Secure { member, amount, .. } => {
                Step::Secure { seat: seat(member), amount: *amount }
            }
            W::Proceed { .. } => Step::Proceed,
            W::Sync { circle } => {
                Step::Sync { balance: self.world.chain.contract(circle, |there| there.vault) }
            }
            W::Contribute { member, round, amount, .. } => {
                Step::Contribute { seat: seat(member), round: *round, amount: *amount }
            }
            W::Payout { round, .. } => Step::Payout { round: *round },
            W::Push { member, .. } => Step::Push { seat: seat(member) },
            W::Claim { member, .. } => Step::Claim { seat: seat(member) },
            W::Repay { member, amount, .. } => Step::Repay { seat: seat(member), amount: *amount },
            W::Bid { member, round, amount, .. } => {
                Step::Bid { seat: seat(member), round: *round, amount: *amount }
            }
            W::ClaimInsurance { member, round, defaulter, amount, .. } => Step::ClaimInsurance {
                seat: seat(member),
                round: *round,
                defaulter: seat(defaulter),
                amount: *amount,
            },
            W::Exit { member, .. } => Step::Exit { seat: seat(member) },
            W::Propose { member, motion, subject, newcomer, .. } => {
                if let Some(newcomer) = newcomer.clone() {
                    self.world.chain.contract(&self.address, |there| there.newcomer(newcomer));
                }
                let subject = subject.as_ref().map_or(0, seat);
                Step::Propose { seat: seat(member), motion: *motion, subject }
            }
            W::Vote { member, proposal, approve, .. } => {
                Step::Vote { seat: seat(member), proposal: *proposal, approve: *approve }
            }
            W::Swap { maker, taker, .. } => Step::Swap { a: seat(maker), b: seat(taker) },
            W::Replace { leaver, .. } => Step::Replace { seat: seat(leaver) },
            W::CompleteMove { member, .. } => Step::CompleteMove { seat: seat(member) },
            W::Object { member, .. } => Step::Object { seat: seat(member) },
            _ => return None,
        })
    }

    /// Mirror, seats, vault, wallets; each account of the circle; the books in themselves.
    fn compare(&self) {
        self.agrees();
        self.compare_contributions();
    }

    /// As [`Life::compare`], also where what led there is not known.
    pub fn agrees(&self) {
        let kolo = &self.world.kolo;
        let differences = block_on(kolo.circles().reconcile(self.circle)).unwrap();
        assert!(differences.is_empty(), "{differences:?}");
        let ledger = &kolo.ports().ledger;
        let accounts = Part::ALL.map(|part| part.account(self.circle, &asset()));
        let books = block_on(ledger.balances(kolo.tenant(), &accounts)).unwrap();
        let books: Vec<Amount> = books.iter().map(|balance| balance.settled).collect();
        let state = self.state(Clone::clone);
        let of_seats = |amount: fn(&kolo_rules::Seat) -> Amount| {
            let sum = |sum: Amount, seat| sum.checked_add(amount(seat)).unwrap();
            state.seats().iter().fold(Amount::ZERO, sum)
        };
        let deposits = of_seats(|seat| seat.deposit);
        let credits = of_seats(|seat| seat.credit.checked_add(seat.claimable).unwrap());
        let there = [state.held().unwrap(), deposits, state.reserve, state.fund, credits];
        assert_eq!(books, there, "pot, deposits, reserve, insurance, credits");
        let wallets: Vec<_> = self.members.iter().map(|m| wallet(m.id, &asset())).collect();
        block_on(check_books(ledger.as_ref(), kolo.tenant(), &wallets)).unwrap();
    }

    /// The table is what the contract announced, member by member and round by round.
    fn compare_contributions(&self) {
        let table = block_on(self.world.kolo.circles().contributions(self.circle)).unwrap();
        let mut told: BTreeMap<(Option<MemberId>, usize), Amount> = BTreeMap::new();
        for event in self.world.chain.told(&self.address) {
            if let CircleChainEvent::ContributionMade { member, round, amount, .. } = event {
                let payer = self.members.iter().find(|ours| ours.address == member);
                let cell = (payer.map(|ours| ours.id), usize::from(round) - 1);
                let sum = told.entry(cell).or_default();
                *sum = sum.checked_add(amount).unwrap();
            }
        }
        let add = |sum: Amount, paid: &Amount| sum.checked_add(*paid).unwrap();
        let mut shown: BTreeMap<(Option<MemberId>, usize), Amount> = BTreeMap::new();
        for row in &table.rows {
            for (round, paid) in row.by_round.iter().enumerate().filter(|(_, paid)| !paid.is_zero())
            {
                let sum = shown.entry((row.member, round)).or_default();
                *sum = add(*sum, paid);
            }
        }
        assert_eq!(shown, told);
        assert_eq!(table.total, told.values().fold(Amount::ZERO, add));
    }

    pub fn state<T>(&self, look: impl FnOnce(&kolo_rules::Circle) -> T) -> T {
        self.world.chain.contract(&self.address, |there| look(&there.state))
    }

    pub fn phase(&self) -> Phase {
        self.state(|state| state.phase)
    }

    pub fn balance(&self, who: usize) -> i64 {
        use crate::port::ChainClient;
        let address = &self.members[who].address;
        block_on(self.world.chain.balance(address, &asset())).unwrap().minor_units()
    }
}

pub(super) const UNIT: i64 = EACH.minor_units();

/// Drawn order and exposure deposits: the first leaves two pots' parts, the second one, the last none.
#[test]
fn a_draw_and_deposits_come_before_the_first_round_and_all_comes_back_after_the_last() {
    let options =
        Options { order: Order::Random, security: Security::Exposure, ..Options::default() };
    let life = Life::full(&["Ada", "Bola", "Chidi"], Shortfall::ShortPot, options);
    assert_eq!(life.phase(), Phase::Committing);
    let circle = life.circle;
    for who in 0..3 {
        assert_eq!(life.phase(), Phase::Committing);
        life.asks(who, "commit", async |circles, ctx| circles.commit(ctx, circle).await.map(drop));
    }
    // The keeper revealed for all, and returned the bonds.
    assert_eq!(life.phase(), Phase::Securing);
    life.pass(DAY_S);
    assert_eq!((0..3).map(|who| life.balance(who)).sum::<i64>(), 300 * UNIT);
    for who in 0..3 {
        let member = life.members[who].id;
        let due = block_on(life.world.kolo.circles().entry_due(member, circle)).unwrap();
        if due.amount.is_positive() {
            life.asks(who, "secure", async |circles, ctx| {
                circles.secure(ctx, circle, due.amount).await.map(drop)
            });
        }
    }
    assert_eq!(life.phase(), Phase::Active);
    assert_eq!((0..3).map(|who| life.balance(who)).sum::<i64>(), (300 - 3) * UNIT);
    for round in 1..=3 {
        for who in 0..3 {
            life.contributes(who, round);
        }
        life.pass(7 * DAY_S);
    }
    life.pass(DAY_S);
    assert_eq!(life.phase(), Phase::Completed);
    for who in 0..3 {
        assert_eq!(life.balance(who), 100 * UNIT);
    }
}

/// Chidi leaves no deposit in time: it does not come about, and the keeper gives all back.
#[test]
fn without_all_deposits_everything_goes_back_when_the_time_is_over() {
    let options = Options {
        security: Security::Fixed(Amount::new(2 * UNIT)),
        premium: Premium::Once(Amount::new(UNIT)),
        ..Options::default()
    };
    let life = Life::full(&["Ada", "Bola", "Chidi"], Shortfall::ShortPot, options);
    let (circle, due) = (life.circle, Amount::new(3 * UNIT));
    for who in 0..2 {
        life.asks(who, "secure", async |circles, ctx| {
            circles.secure(ctx, circle, due).await.map(drop)
        });
        assert_eq!(life.balance(who), 97 * UNIT);
    }
    let ctx = CommandContext::of_member(life.members[0].id, "again");
    let again = block_on(life.world.kolo.circles().secure(&ctx, circle, due));
    assert!(matches!(again, Err(Error::Refused(Refusal::AlreadyDone))), "{again:?}");
    life.pass(4 * DAY_S);
    assert_eq!(life.phase(), Phase::Cancelled);
    for who in 0..3 {
        assert_eq!(life.balance(who), 100 * UNIT);
    }
}

/// One who does not reveal loses the bond to the two who do, half of it each, and comes last.
#[test]
fn who_does_not_reveal_forfeits_the_bond_to_those_who_did() {
    let options = Options { order: Order::Random, ..Options::default() };
    let life = Life::full(&["Ada", "Bola", "Chidi"], Shortfall::ShortPot, options);
    for seat in 0..3 {
        life.world.chain.contract(&life.address, |there| there.secret(seat, [seat; 32]));
        life.step(&Step::Commit { seat }).unwrap();
    }
    life.step(&Step::Reveal { seat: 0 }).unwrap();
    life.step(&Step::Reveal { seat: 2 }).unwrap();
    life.done.set(life.world.chain.done().len());
    life.pass(4 * DAY_S);
    assert_eq!(life.phase(), Phase::Active);
    let revealed = 100 * UNIT + UNIT / 2;
    assert_eq!([0, 1, 2].map(|who| life.balance(who)), [revealed, 99 * UNIT, revealed]);
    assert_eq!(life.state(|state| state.seat(1).unwrap().turn), 3);
}

/// Pot of 30 sold for 24: the winner gets 24, all three a credit of 2.
#[test]
fn a_bid_wins_the_pot_and_leaves_the_rest_to_all() {
    let options = Options { order: Order::Auction, ..Options::default() };
    let life = Life::full(&["Ada", "Bola", "Chidi"], Shortfall::ShortPot, options);
    let circle = life.circle;
    for who in 0..3 {
        life.contributes(who, 1);
    }
    let asked = Amount::new(24 * UNIT / 10);
    life.asks(2, "bid", async |circles, ctx| circles.bid(ctx, circle, 1, asked).await.map(drop));
    life.pass(8 * DAY_S);
    let share = 2 * UNIT / 10;
    let paid = 99 * UNIT + share;
    assert_eq!([0, 1, 2].map(|who| life.balance(who)), [paid, paid, paid + 24 * UNIT / 10]);
}

/// Chidi never pays after his turn: fee, insurance, deposit, debt; he repays; Ada's wallet is frozen
/// for a while.
#[test]
fn fees_insurance_deposits_and_debts_are_booked_to_the_stroop() {
    let options = Options {
        fee: Fee::Fixed(Amount::new(777)),
        security: Security::Fixed(Amount::new(UNIT / 3)),
        premium: Premium::PerInstalment(Amount::new(UNIT / 20)),
        insurance_target: Amount::new(UNIT / 2),
        ..Options::default()
    };
    let life = Life::full(&["Chidi", "Ada", "Bola"], Shortfall::Wait, options);
    let circle = life.circle;
    for who in 0..3 {
        let deposit = Amount::new(UNIT / 3);
        life.asks(who, "secure", async |circles, ctx| {
            circles.secure(ctx, circle, deposit).await.map(drop)
        });
    }
    for who in 0..3 {
        life.contributes(who, 1);
    }
    life.pass(7 * DAY_S);
    let ada = life.members[1].address.clone();
    life.world.chain.contract(&life.address, |there| there.frozen.push(ada.clone()));
    life.contributes(1, 2);
    life.contributes(2, 2);
    // Grace is over; the pot waits for another interval.
    life.pass(8 * DAY_S + DAY_S / 2);
    let (defaulter, amount) = (life.members[0].address.clone(), Amount::new(UNIT / 5));
    life.asks(2, "insurance", async |circles, ctx| {
        circles.claim_insurance(ctx, circle, 2, &defaulter, amount).await.map(drop)
    });
    life.pass(7 * DAY_S);
    assert_eq!(life.state(|state| state.rounds_paid), 2, "paid out, short");
    let credit = life.state(|state| state.seat(1).unwrap().credit);
    assert!(credit.is_positive(), "kept for Ada");
    life.chain(|there, now| {
        // Tokens nobody owes, and tokens gone: the reserve takes and gives.
        there.vault = there.vault.checked_add(Amount::new(13)).unwrap();
        there.step(&Step::Sync { balance: there.vault }, now)
    })
    .unwrap();
    let debt = life.state(|state| state.debt(0).unwrap());
    assert!(debt.is_positive());
    life.asks(0, "repay", async |circles, ctx| circles.repay(ctx, circle, debt).await.map(drop));
    assert!(life.state(|state| state.seat(1).unwrap().credit) > credit, "still frozen");
    life.world.chain.contract(&life.address, |there| there.frozen.clear());
    life.pass(2 * DAY_S);
    assert_eq!(life.state(|state| state.seat(1).unwrap().credit), Amount::ZERO);
    // Nobody waits for what the recipient would pay to themselves.
    for who in 0..2 {
        life.contributes(who, 3);
    }
    life.pass(10 * DAY_S);
    assert_eq!(life.phase(), Phase::Completed);
    assert_eq!(life.state(|state| state.liabilities().unwrap()), Amount::ZERO);
    let all: i64 = (0..3).map(|who| life.balance(who)).sum();
    assert_eq!(all, 300 * UNIT + 13);
}

/// Votes on members: one leaves, one is replaced by a newcomer who pays them, one is expelled.
#[test]
fn members_leave_are_replaced_moved_and_expelled() {
    let names = ["Ada", "Bola", "Chidi", "Dayo", "Efe", "Femi", "Gozi"];
    let life = Life::forming(&names, 5, Shortfall::ShortPot, Options::default());
    for member in &life.members[1..5] {
        life.chain(|contract, now| contract.join(&member.address, now)).unwrap();
    }
    let circle = life.circle;
    for who in 0..5 {
        life.contributes(who, 1);
    }
    let vote = |who, proposal| {
        life.asks(who, &format!("vote/{proposal}"), async |circles, ctx| {
            circles.vote(ctx, circle, proposal, true).await.map(drop)
        });
    };
    let propose = |who, question: Question| {
        life.asks(who, &format!("{question:?}"), async |circles, ctx| {
            circles.propose(ctx, circle, question).await.map(drop)
        });
    };
    let at = |who: usize| life.members[who].address.clone();
    // Bola sells her seat to Femi for the 10 she has paid.
    propose(0, Question::Replace { leaver: at(1), newcomer: at(5) });
    vote(2, 1);
    vote(3, 1);
    life.step(&Step::Replace { seat: 1 }).unwrap();
    assert_eq!((life.balance(1), life.balance(5)), (100 * UNIT, 99 * UNIT));
    let seats = block_on(life.world.kolo.circles().status(circle)).unwrap().seats;
    assert_eq!(seats[1].name, "Femi");
    assert_eq!(seats[1].member, Some(life.members[5].id));
    assert!(block_on(life.world.kolo.circles().of(life.members[1].id)).unwrap().is_empty());
    // Chidi's key is lost: his seat moves to Gozi's address after the delay, by the keeper.
    propose(0, Question::Move { from: at(2), to: at(6) });
    vote(3, 2);
    vote(4, 2);
    life.pass(8 * DAY_S);
    assert_eq!(life.world.chain.contract(&life.address, |there| there.seat(&at(6))), Ok(2));
    assert_eq!(life.state(|state| state.rounds_paid), 1);
    // Dayo announces leaving; Efe is expelled.
    life.asks(3, "exit", async |circles, ctx| circles.exit(ctx, circle).await.map(drop));
    propose(0, Question::Expel { member: at(4) });
    vote(5, 3);
    vote(6, 3);
    assert!(life.state(|state| state.seat(4).unwrap().marks.has(Marks::EXPELLED)));
    life.pass(14 * DAY_S);
    assert!(life.state(|state| state.rounds_paid) >= 2);
    // Those who are left close it.
    life.step(&Step::Propose { seat: 0, motion: Motion::Dissolve, subject: 0 }).unwrap();
    life.step(&Step::Vote { seat: 1, proposal: 4, approve: true }).unwrap();
    life.pass(2 * DAY_S);
    assert_eq!(life.phase(), Phase::Dissolved);
}

/// The issuer takes what the late fee brought, and nobody has seen it when the vote that dissolves settles.
#[test]
fn what_an_issuer_took_is_borne_and_booked_before_a_vote_settles() {
    let fee = Amount::new(UNIT / 2);
    let options = Options { fee: Fee::Fixed(fee), ..Options::default() };
    let life = Life::full(&["Ada", "Bola", "Chidi"], Shortfall::Wait, options);
    life.contributes(0, 1);
    life.pass(8 * DAY_S + DAY_S / 2);
    life.contributes(1, 1);
    assert_eq!(life.state(|state| state.reserve), fee);
    life.step(&Step::Propose { seat: 0, motion: Motion::Dissolve, subject: 0 }).unwrap();
    life.world.chain.contract(&life.address, |there| there.claw_back(fee));
    life.step(&Step::Vote { seat: 1, proposal: 1, approve: true }).unwrap();
    let told = life.world.chain.told(&life.address);
    let [.., synced, CircleChainEvent::VoteCast { .. }, CircleChainEvent::GroupClosed { .. }] =
        &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!(*synced, CircleChainEvent::Synced { surplus: Amount::ZERO, shortfall: fee });
    life.pass(2 * DAY_S);
    assert_eq!(life.phase(), Phase::Dissolved);
    assert_eq!(life.balance(0), 100 * UNIT);
    assert_eq!(life.balance(1), 100 * UNIT - fee.minor_units());
    assert_eq!(life.state(|state| state.liabilities().unwrap()), Amount::ZERO);
}
