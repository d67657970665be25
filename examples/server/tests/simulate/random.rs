//! Random acts on both stages at once: the same is accepted and refused, and afterwards everything
//! stands the same.
use kolo_core::simulation::{Act, Call, CoreStage, Place, Reason, Scenario, Secret, Stage, View};
use kolo_rules::circle::{Motion, Phase};
use kolo_rules::{Amount, Circle, Rules};
use kolo_server::simulate::{ChainStage, circle_ids};

/// Who sits in the circle, if everybody joins, and who is around.
const PEOPLE: &str = r#"
title = "Anything"
[people]
ada = 200
bola = { balance = 60, limit = 90 }
chidi = 200
dayo = 200
eve = 200
femi = { trustline = false }
[[circle]]
name = "friends"
organiser = "ada"
seats = 4
contribution = 10
every = "7 days"
vote_period = "4 days"
"#;

/// Rules of every kind.
const RULES: [&str; 5] = [
    "shortfall = \"short_pot\"\ndeposit = \"exposure\"\nlate_fee = \"5%\"",
    "order = \"random\"\nbond = 3\npartial = true",
    "order = \"auction\"\npremium = 1\ninsurance_target = 12",
    "order = \"fixed\"\nadvance = true\nshortfall = \"share\"\ndeposit = 15",
    "instalments_per_round = 2\npremium_once = 5\nlate_fee = \"0.3\"\nmin_members = 2",
];

const COUNT: usize = 6;
const DAY_S: u64 = 86_400;

/// Numbers that are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

struct Game {
    dice: Dice,
    rules: Rules,
    now: u64,
    view: View,
}

impl Game {
    fn state(&self) -> Option<&Circle> {
        self.view.circles[0].state.as_deref()
    }

    /// Mostly somebody who sits in the circle.
    fn person(&mut self) -> usize {
        let members = self.view.circles[0].members.clone();
        if members.is_empty() || self.dice.one_in(8) {
            return self.dice.below(COUNT);
        }
        members[self.dice.below(members.len())]
    }

    fn amount(&mut self, right: Option<Amount>) -> Amount {
        match (right, self.dice.below(6)) {
            (Some(right), 1..) => right,
            _ => Amount::new(i64::try_from(self.dice.below(40)).unwrap() * 5_000_000),
        }
    }

    fn call(&mut self) -> Call {
        let (member, other) = (self.person(), self.person());
        let seat = self.view.circles[0].seat(member);
        let state = self.state().cloned();
        let seated = state.as_ref().zip(seat);
        let rules = self.rules;
        let round = state.as_ref().map_or(1, |state| u32::from(state.current_round()));
        let secret = Secret([u8::try_from(member).unwrap(); 32]);
        let due = seated.and_then(|(state, seat)| state.due(&rules, seat, self.now).ok());
        let entry = seated.and_then(|(state, seat)| state.entry_due(&rules, seat).ok());
        let debt = seated.and_then(|(state, seat)| state.debt(seat).ok());
        let kind = match state.as_ref().map(|state| state.phase) {
            Some(Phase::Forming) if !self.dice.one_in(6) => self.dice.below(12),
            Some(Phase::Committing) if !self.dice.one_in(4) => 12,
            Some(Phase::Revealing) if !self.dice.one_in(4) => 13,
            Some(Phase::Securing) if !self.dice.one_in(4) => 14,
            Some(Phase::Active) if !self.dice.one_in(3) => 16 + self.dice.below(3),
            _ => self.dice.below(33),
        };
        let turn = (rules.order == kolo_rules::circle::Order::Fixed)
            .then(|| u32::try_from(self.dice.below(5)).unwrap());
        let stranger = self.dice.below(COUNT);
        match kind {
            0..=3 => {
                let expires_at = self.now + DAY_S * u64::try_from(self.dice.below(3)).unwrap();
                Call::Invite { member: stranger, turn, expires_at }
            }
            4..=5 => Call::Join { member: stranger, turn },
            6 => Call::Request { member: stranger },
            7 => Call::Approve { member: stranger, turn },
            8 => Call::Reject { member: stranger },
            9 => Call::Leave { member: stranger },
            10 if self.dice.one_in(3) => Call::Remove { member },
            10 => Call::Revoke { member: stranger },
            11 => Call::Start,
            12 => Call::Commit { member, secret },
            13 => Call::Reveal { member, secret },
            14 => Call::Secure { member, amount: self.amount(entry) },
            15 => Call::Proceed,
            16 | 17 => {
                let amount = self.amount(due.as_ref().map(|due| due.amount));
                Call::Contribute {
                    member,
                    round: due.map_or(round, |due| due.round.into()),
                    amount,
                }
            }
            18 => Call::Payout { round },
            19 => Call::Push { member },
            20 => Call::Repay { member, amount: self.amount(debt) },
            21 => Call::Bid { member, round, amount: self.amount(None) },
            22 => {
                let amount = self.amount(Some(rules.contribution));
                Call::ClaimInsurance { member, round, defaulter: other, amount }
            }
            23 => Call::Swap { a: member, b: other, turns: [self.turn(member), self.turn(other)] },
            24 => Call::Exit { member },
            25 | 26 => self.motion(member, other, stranger),
            27 | 28 => {
                let proposal = state.map_or(1, |state| state.proposals);
                Call::Vote { member, proposal, approve: !self.dice.one_in(4) }
            }
            29 => {
                let row = seated.and_then(|(state, seat)| state.seat(seat));
                let net = row.and_then(|row| row.paid.checked_sub(row.received).ok());
                let price = net.zip(row).and_then(|(net, row)| net.checked_add(row.deposit).ok());
                let (turn, price) = (self.turn(member), self.amount(price));
                Call::Replace { leaver: member, newcomer: stranger, turn, price }
            }
            30 => Call::CompleteMove { member },
            31 => Call::Object { member },
            _ if self.dice.one_in(2) => Call::Claim { member },
            _ => Call::Sync,
        }
    }

    /// The turn, or sometimes another.
    fn turn(&mut self, member: usize) -> u32 {
        let seat = self.view.circles[0].seat(member);
        let row = self.state().zip(seat).and_then(|(state, seat)| state.seat(seat));
        let turn = row.map_or(0, |row| u32::from(row.turn));
        if self.dice.one_in(10) { turn + 1 } else { turn }
    }

    fn motion(&mut self, member: usize, other: usize, stranger: usize) -> Call {
        let motion = Motion::ALL[self.dice.below(4)];
        let lets_in = matches!(motion, Motion::Replace | Motion::Move) != self.dice.one_in(8);
        let subject = (motion != Motion::Dissolve).then_some(other);
        Call::Propose { member, motion, subject, newcomer: lets_in.then_some(stranger) }
    }

    fn act(&mut self) -> Act {
        let amount = self.amount(None).checked_add(Amount::new(1)).unwrap();
        let who = self.dice.below(COUNT);
        let place = if self.dice.one_in(3) { Place::Vault(0) } else { Place::Person(who) };
        match self.dice.below(60) {
            0 => Act::Freeze { place, frozen: true },
            1 | 2 => Act::Freeze { place, frozen: false },
            3 => Act::Clawback { from: place, amount },
            4 => Act::Mint { to: place, amount },
            5 => Act::Trustline { who, limit: (!self.dice.one_in(4)).then_some(amount) },
            6 if place != Place::Person(2) => Act::Send { from: 2, to: place, amount },
            _ => {
                let call = self.call();
                let mut signers = call.must_sign(0);
                if self.dice.one_in(15) {
                    signers = vec![who];
                }
                Act::Call { circle: 0, signers, call }
            }
        }
    }
}

/// What was accepted and what refused, by name.
fn play(rules: &str, seed: u64, acts: usize) -> Vec<String> {
    let scenario = Scenario::from_toml(&format!("{PEOPLE}{rules}")).unwrap();
    let ids = circle_ids(&scenario).unwrap();
    let mut core = CoreStage::with_ids(&scenario, &ids);
    let mut chain = ChainStage::start(&scenario).unwrap();
    let rules = scenario.circles[0].rules;
    let (now, view) = (scenario.begins_at, core.look().unwrap());
    let mut game = Game { dice: Dice(seed), rules, now, view };
    let mut told = vec![];
    for number in 0..acts {
        if game.dice.one_in(9) {
            let week = DAY_S * (1 + u64::try_from(game.dice.below(8)).unwrap());
            game.now += week + u64::try_from(game.dice.below(2)).unwrap();
            core.advance(game.now).unwrap();
            chain.advance(game.now).unwrap();
        }
        let act = game.act();
        let at = format!("seed {seed}, act {number}, {act:?}");
        let (one, two) = (core.act(&act).unwrap(), chain.act(&act));
        let two = two.unwrap_or_else(|error| panic!("{at}: {error}; the core: {one:?}"));
        assert_eq!(one, two, "{at}");
        game.view = core.look().unwrap();
        assert_eq!(game.view, chain.look().unwrap(), "{at}");
        told.push(one.map_or_else(Reason::name, |()| "accepted".to_owned()));
    }
    told
}

#[test]
fn core_and_chain_agree_on_random_acts() {
    let rounds = std::env::var("KOLO_TEST_LONG").map_or(1, |_| 10);
    let mut told: Vec<String> = vec![];
    for round in 0..rounds {
        for (number, rules) in (1..).zip(RULES) {
            told.extend(play(rules, 0x9E37_79B9_7F4A_7C15 + 64 * round + number, 100));
        }
    }
    let accepted = told.iter().filter(|outcome| *outcome == "accepted").count();
    let all = told.len();
    told.sort();
    told.dedup();
    println!("{accepted} of {all} accepted; {told:?}");
    // They are worth something only if they get somewhere.
    assert!(accepted * 5 > all && told.len() >= 20, "{accepted} of {all} accepted; {told:?}");
}
