//! A circle rebuilt from what it announced, and when: nothing else is looked at.
use kolo_contract_tests::event_name;
use kolo_rules::circle::{Effect, Marks, Motion, Order, Phase, Step};
use kolo_rules::{Amount, Circle, Rules};
use soroban_sdk::xdr::{
    ContractEvent, ContractEventBody, Limits, ScAddress, ScMapEntry, ScVal, WriteXdr,
};

use crate::model::sha256;

/// The circle as its events tell it.
#[derive(Clone, Debug)]
pub struct Replay {
    rules: Rules,
    circle: Circle,
    members: Vec<Vec<u8>>,
}

/// One event's topics after its name, and its data.
struct Told<'a> {
    name: String,
    topics: &'a [ScVal],
    data: &'a [ScMapEntry],
}

impl Replay {
    pub fn new(rules: Rules) -> Self {
        Self { rules, circle: Circle::new(), members: vec![] }
    }

    /// The circle; `None` once it is finished.
    pub fn circle(&self) -> Option<&Circle> {
        Some(&self.circle).filter(|circle| !circle.is_finished())
    }

    /// The members' addresses by seat.
    pub fn members(&self) -> &[Vec<u8>] {
        &self.members
    }

    /// What one call announced, at this close time.
    pub fn follow(&mut self, events: &[ContractEvent], now: u64) {
        for event in events {
            let ContractEventBody::V0(body) = &event.body;
            let ScVal::Map(Some(data)) = &body.data else { panic!("no map in {event:?}") };
            let topics = body.topics.get(1..).unwrap_or_default();
            let told = Told { name: event_name(event), topics, data };
            self.hear(&told, now);
        }
    }

    fn hear(&mut self, told: &Told<'_>, now: u64) {
        match told.name.as_str() {
            "participant_joined" => {
                let fixed = self.rules.order == Order::Fixed;
                let turn = fixed.then(|| told.byte("turn"));
                let Effect::Joined(joined) = self.step(&Step::Join { turn }, now) else {
                    panic!("a joining did something else")
                };
                assert_eq!((joined.seat, joined.turn), (told.byte("seat"), told.byte("turn")));
                self.members.push(told.topic(0));
            }
            "participant_left" => {
                let seat = self.seat(&told.topic(0));
                self.step(&Step::Leave { seat }, now);
                self.members.remove(usize::from(seat));
            }
            "getting_ready" => {
                self.start(now);
                assert_eq!(self.circle.phase as u8, told.byte("phase"));
            }
            "group_started" => {
                self.start(now);
                assert_eq!(self.circle.phase, Phase::Active);
                assert_eq!(self.circle.started_at, told.time("started_at"));
                let order: Vec<_> = (1..=self.circle.len())
                    .map(|turn| self.circle.seat_of_turn(turn).unwrap())
                    .map(|seat| self.members[usize::from(seat)].clone())
                    .collect();
                assert_eq!(told.addresses("order"), order);
            }
            "draw_committed" => self.by_member(told, now, |seat| Step::Commit { seat }),
            "draw_revealed" => self.by_member(told, now, |seat| Step::Reveal { seat }),
            "setup_expired" => {
                assert_eq!(self.circle.phase as u8, told.byte("phase"));
                self.step(&Step::Proceed, now);
            }
            "order_drawn" => _ = self.step(&Step::Draw { seed: told.hash("seed") }, now),
            "deposit_made" => {
                let amount = told.amount("amount");
                self.by_member(told, now, |seat| Step::Secure { seat, amount });
            }
            _ => self.hear_rotation(told, now),
        }
    }

    fn hear_rotation(&mut self, told: &Told<'_>, now: u64) {
        match told.name.as_str() {
            "contribution_made" => {
                let (seat, round) = (self.seat(&told.topic(0)), told.byte("round"));
                let step = Step::Contribute { seat, round, amount: told.amount("amount") };
                let Effect::Contributed(paid) = self.step(&step, now) else {
                    panic!("a contribution did something else")
                };
                assert_eq!(paid.late, told.yes("late"));
            }
            "payout_made" => self.hear_payout(told, now),
            "credit_pushed" => {
                self.hear_delivery(told, now, |seat| Step::Push { seat });
            }
            "refund_claimed" => {
                self.hear_delivery(told, now, |seat| Step::Claim { seat });
            }
            "debt_repaid" => self.hear_repayment(told, now),
            "bid_made" => {
                let (round, amount) = (told.byte("round"), told.amount("amount"));
                self.by_member(told, now, |seat| Step::Bid { seat, round, amount });
            }
            "insurance_claimed" => {
                let defaulter = self.seat(&told.address("defaulter"));
                let (round, amount) = (told.byte("round"), told.amount("amount"));
                self.by_member(told, now, |seat| Step::ClaimInsurance {
                    seat,
                    round,
                    defaulter,
                    amount,
                });
            }
            "synced" => {
                let (surplus, shortfall) = (told.amount("surplus"), told.amount("shortfall"));
                let owed = self.circle.liabilities().unwrap();
                let balance = owed.checked_add(surplus).unwrap().checked_sub(shortfall).unwrap();
                self.step(&Step::Sync { balance }, now);
            }
            _ => self.hear_members(told, now),
        }
    }

    fn hear_members(&mut self, told: &Told<'_>, now: u64) {
        match told.name.as_str() {
            "turns_swapped" => {
                let (a, b) = (self.seat(&told.topic(0)), self.seat(&told.topic(1)));
                let Effect::Swapped(swapped) = self.step(&Step::Swap { a, b }, now) else {
                    panic!("a swap did something else")
                };
                assert_eq!(swapped.deposit, told.amount("deposit"));
            }
            "exit_announced" => self.by_member(told, now, |seat| Step::Exit { seat }),
            "proposal_made" => self.hear_proposal(told, now),
            "vote_cast" => {
                let (proposal, approve) = (told.number("proposal"), told.yes("approve"));
                self.by_member(told, now, |seat| Step::Vote { seat, proposal, approve });
            }
            "seat_sold" => {
                let seat = self.seat(&told.topic(0));
                let Effect::Replaced(sold) = self.step(&Step::Replace { seat }, now) else {
                    panic!("a replacement did something else")
                };
                assert_eq!(sold.price, told.amount("price"));
                assert_eq!(sold.deposit, told.amount("deposit"));
                self.members[usize::from(seat)] = told.topic(1);
            }
            "seat_moved" => {
                let seat = self.seat(&told.topic(0));
                self.step(&Step::CompleteMove { seat }, now);
                self.members[usize::from(seat)] = told.topic(1);
            }
            "move_objected" => self.by_member(told, now, |seat| Step::Object { seat }),
            "member_expelled" => {
                let seat = self.circle.seat(self.seat(&told.topic(0))).unwrap();
                assert!(seat.marks.has(Marks::EXPELLED));
            }
            "proposal_rejected" => {
                let id = told.number("proposal");
                assert!(!self.circle.open_proposals().any(|open| open.id == id));
            }
            "group_closed" => self.hear_end(told, now),
            "invitation_added" | "invitation_revoked" | "join_requested" | "join_rejected"
            | "upgrade_signed" | "upgraded" => {}
            unknown => panic!("{unknown} is not in the guide"),
        }
    }

    fn step(&mut self, step: &Step, now: u64) -> Effect {
        let (after, effect) =
            self.circle.after(&self.rules, step, &sha256, now).unwrap_or_else(|refusal| {
                panic!("{step:?} was announced, and is refused: {refusal:?}")
            });
        self.circle = after;
        effect
    }

    fn seat(&self, member: &[u8]) -> u8 {
        let seat = self.members.iter().position(|address| address == member);
        u8::try_from(seat.expect("a member")).unwrap()
    }

    fn by_member(&mut self, told: &Told<'_>, now: u64, step: impl FnOnce(u8) -> Step) {
        let seat = self.seat(&told.topic(0));
        self.step(&step(seat), now);
    }

    /// Said by the organiser's `start`, and after what else leads there.
    fn start(&mut self, now: u64) {
        if self.circle.phase == Phase::Forming {
            self.step(&Step::Start, now);
        }
    }

    fn hear_payout(&mut self, told: &Told<'_>, now: u64) {
        let step = Step::Payout { round: told.byte("round") };
        let Effect::PaidOut(paid) = self.step(&step, now) else {
            panic!("a payout did something else")
        };
        assert_eq!(paid.amount, told.amount("amount"));
        assert_eq!(paid.seat, self.seat(&told.topic(0)));
        if told.yes("credited") {
            self.step(&Step::Credit { seat: paid.seat, amount: paid.amount }, now);
        }
    }

    fn hear_delivery(&mut self, told: &Told<'_>, now: u64, step: impl FnOnce(u8) -> Step) {
        let seat = self.seat(&told.topic(0));
        let Effect::Delivered(parts) = self.step(&step(seat), now) else {
            panic!("a delivery did something else")
        };
        assert_eq!(parts[usize::from(seat)], told.amount("amount"));
    }

    fn hear_repayment(&mut self, told: &Told<'_>, now: u64) {
        let (seat, amount) = (self.seat(&told.topic(0)), told.amount("amount"));
        let Effect::Delivered(parts) = self.step(&Step::Repay { seat, amount }, now) else {
            panic!("a repayment did something else")
        };
        for address in told.addresses("credited") {
            let seat = self.seat(&address);
            self.step(&Step::Credit { seat, amount: parts[usize::from(seat)] }, now);
        }
    }

    fn hear_proposal(&mut self, told: &Told<'_>, now: u64) {
        let motion = Motion::ALL[usize::from(told.byte("motion"))];
        let subject = match told.field("subject") {
            ScVal::Void => 0,
            address => self.seat(&as_address(address)),
        };
        self.by_member(told, now, |seat| Step::Propose { seat, motion, subject });
        assert_eq!(self.circle.proposals, told.number("proposal"));
    }

    fn hear_end(&mut self, told: &Told<'_>, now: u64) {
        let phase = match told.byte("reason") {
            1 => Phase::Completed,
            2 => Phase::Dissolved,
            3 => Phase::Cancelled,
            other => panic!("closed for reason {other}"),
        };
        if self.circle.phase == Phase::Forming {
            self.step(&Step::Cancel, now);
        } else if self.circle.phase == Phase::Active {
            // More debts than are kept apart.
            self.step(&Step::Payout { round: self.circle.current_round() }, now);
        }
        assert_eq!(self.circle.phase, phase);
    }
}

impl Told<'_> {
    fn topic(&self, place: usize) -> Vec<u8> {
        as_address(&self.topics[place])
    }

    fn field(&self, name: &str) -> &ScVal {
        let is_it = |entry: &&ScMapEntry| matches!(&entry.key, ScVal::Symbol(key) if key.to_string() == name);
        let entry = self.data.iter().find(is_it);
        &entry.unwrap_or_else(|| panic!("no {name} in {}", self.name)).val
    }

    fn number(&self, name: &str) -> u32 {
        let ScVal::U32(number) = self.field(name) else { panic!("{name} is no number") };
        *number
    }

    fn byte(&self, name: &str) -> u8 {
        u8::try_from(self.number(name)).unwrap()
    }

    fn time(&self, name: &str) -> u64 {
        let ScVal::U64(time) = self.field(name) else { panic!("{name} is no time") };
        *time
    }

    fn yes(&self, name: &str) -> bool {
        let ScVal::Bool(yes) = self.field(name) else { panic!("{name} is no bool") };
        *yes
    }

    fn amount(&self, name: &str) -> Amount {
        let ScVal::I128(parts) = self.field(name) else { panic!("{name} is no amount") };
        let amount = i128::from(parts.hi) << 64 | i128::from(parts.lo);
        Amount::new(i64::try_from(amount).unwrap())
    }

    fn hash(&self, name: &str) -> [u8; 32] {
        let ScVal::Bytes(bytes) = self.field(name) else { panic!("{name} is no hash") };
        bytes.as_slice().try_into().unwrap()
    }

    fn address(&self, name: &str) -> Vec<u8> {
        as_address(self.field(name))
    }

    fn addresses(&self, name: &str) -> Vec<Vec<u8>> {
        let ScVal::Vec(Some(all)) = self.field(name) else { panic!("{name} is no list") };
        all.iter().map(as_address).collect()
    }
}

fn as_address(value: &ScVal) -> Vec<u8> {
    let ScVal::Address(address) = value else { panic!("{value:?} is no address") };
    let address: &ScAddress = address;
    address.to_xdr(Limits::none()).unwrap()
}
