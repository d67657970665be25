//! A circle's contract as far as the follower can tell: the rules' engine, who sits where, a vault,
//! and the events of the contract's page. Its own state and vault are what ours are compared with.
use std::collections::BTreeMap;

use kolo_rules::circle::{Effect, Motion, Phase, Readiness, Step, Swapped, Synced, VoteOutcome};
use kolo_rules::{Amount, Circle, Refusal, Rules};

use super::chain::OURS;
use crate::Timestamp;
use crate::circle::sha256;
use crate::port::chain::{ChainAddress, CircleChainEvent as E, CircleOnChain};

/// Money that moved: from, to.
pub(super) type Moved = (ChainAddress, ChainAddress, Amount);

pub(super) struct Contract {
    pub address: ChainAddress,
    pub rules: Rules,
    pub state: Circle,
    pub members: Vec<ChainAddress>,
    pub vault: Amount,
    pub code: [u8; 32],
    /// What the issuer took of it and nobody has borne yet.
    pub taken: Amount,
    /// What somebody sent there and nobody has taken note of yet.
    pub given: Amount,
    secrets: BTreeMap<u8, [u8; 32]>,
    newcomers: BTreeMap<u32, ChainAddress>,
    /// Whose wallets take nothing.
    pub frozen: Vec<ChainAddress>,
}

/// What a call did: its events in order, and the money that moved.
#[derive(Default)]
pub(super) struct Done {
    pub events: Vec<E>,
    pub moved: Vec<Moved>,
}

impl Contract {
    pub fn new(address: ChainAddress, rules: Rules) -> Self {
        Self {
            address,
            rules,
            state: Circle::new(),
            members: Vec::new(),
            vault: Amount::ZERO,
            code: OURS,
            taken: Amount::ZERO,
            given: Amount::ZERO,
            secrets: BTreeMap::new(),
            newcomers: BTreeMap::new(),
            frozen: Vec::new(),
        }
    }

    pub fn on_chain(&self, ledger: u32) -> CircleOnChain {
        let finished = self.state.is_finished();
        let mut bytes = vec![0; kolo_rules::circle::MAX_ENCODED];
        let length = self.state.encode(&mut bytes).unwrap();
        bytes.truncate(length);
        CircleOnChain {
            state: (!finished).then_some(bytes),
            members: if finished { Vec::new() } else { self.members.clone() },
            vault: self.vault,
            rules: Some(self.rules),
            code: Some(self.code),
            ledger,
        }
    }

    pub fn seat(&self, member: &ChainAddress) -> Result<u8, Refusal> {
        let place = self.members.iter().position(|address| address == member);
        place.map(|place| u8::try_from(place).unwrap()).ok_or(Refusal::NotMember)
    }

    fn who(&self, seat: u8) -> ChainAddress {
        self.members[usize::from(seat)].clone()
    }

    pub fn join(&mut self, member: &ChainAddress, now: u64) -> Result<Done, Refusal> {
        self.members.push(member.clone());
        let mut done = Done::default();
        match self.apply(&Step::Join { turn: None }, now) {
            Ok(Effect::Joined(joined)) => {
                let (seat, turn) = (joined.seat, joined.turn);
                done.events.push(E::ParticipantJoined { member: member.clone(), seat, turn });
                if joined.started {
                    self.begun(&mut done);
                }
                Ok(done)
            }
            other => {
                self.members.pop();
                Err(other.unwrap_err())
            }
        }
    }

    pub fn secret(&mut self, seat: u8, secret: [u8; 32]) {
        self.secrets.insert(seat, secret);
    }

    pub fn newcomer(&mut self, newcomer: ChainAddress) {
        self.newcomers.insert(self.state.proposals + 1, newcomer);
    }

    /// A step after joining, with what it moves and says.
    pub fn step(&mut self, step: &Step, now: u64) -> Result<Done, Refusal> {
        let mut done = Done::default();
        if matches!(step, Step::Push { .. } | Step::Claim { .. } | Step::Swap { .. })
            || matches!(step, Step::Replace { .. } | Step::ClaimInsurance { .. })
        {
            self.bears(&mut done);
        }
        let mut before = self.state.clone();
        let open: Vec<u32> = before.open_proposals().map(|open| open.id).collect();
        let mut effect = self.apply(step, now)?;
        let pays = matches!(effect, Effect::PaidOut(_));
        if self.taken.is_positive() && (pays || self.state.phase.is_over()) {
            self.state = before;
            self.bears(&mut done);
            before = self.state.clone();
            effect = self.apply(step, now)?;
        }
        if matches!(step, Step::Sync { .. }) {
            (self.taken, self.given) = (Amount::ZERO, Amount::ZERO);
        }
        self.pays(step, &mut done);
        self.says(step, &effect, &mut done);
        self.follows(step, &effect, &before, now, &mut done);
        if let Step::Vote { proposal, .. } = step
            && matches!(effect, Effect::Voted(VoteOutcome::Rejected))
        {
            assert!(open.contains(proposal));
            done.events.push(E::ProposalRejected { proposal: *proposal });
        }
        if before.phase != self.state.phase && self.state.phase.is_over() {
            let reason = match self.state.phase {
                Phase::Completed => 1,
                Phase::Dissolved => 2,
                _ => 3,
            };
            done.events.push(E::GroupClosed { reason });
        }
        self.state.audit().unwrap();
        let there = self.vault.checked_add(self.taken).unwrap();
        let there = there.checked_sub(self.given).unwrap();
        assert_eq!(self.state.liabilities().unwrap(), there, "after {step:?}");
        Ok(done)
    }

    /// The issuer takes so much: nobody is told.
    pub fn claw_back(&mut self, amount: Amount) {
        self.vault = self.vault.checked_sub(amount).unwrap();
        self.taken = self.taken.checked_add(amount).unwrap();
    }

    /// Somebody sends so much.
    pub fn gift(&mut self, amount: Amount) {
        self.vault = self.vault.checked_add(amount).unwrap();
        self.given = self.given.checked_add(amount).unwrap();
    }

    /// All bear what the issuer took, before anything is shared out.
    fn bears(&mut self, done: &mut Done) {
        let Synced { surplus, shortfall } = self.state.bear_shortfall(self.vault).unwrap();
        if std::mem::take(&mut self.taken).is_positive() {
            done.events.push(E::Synced { surplus, shortfall });
        }
    }

    fn apply(&mut self, step: &Step, now: u64) -> Result<Effect, Refusal> {
        let (next, effect) = self.state.after(&self.rules, step, &sha256, now)?;
        self.state = next;
        Ok(effect)
    }

    /// What the caller pays into the vault.
    fn pays(&mut self, step: &Step, done: &mut Done) {
        let (seat, amount) = match *step {
            Step::Commit { seat } => (seat, self.rules.bond),
            Step::Secure { seat, amount }
            | Step::Contribute { seat, amount, .. }
            | Step::Repay { seat, amount } => (seat, amount),
            _ => return,
        };
        self.vault = self.vault.checked_add(amount).unwrap();
        done.moved.push((self.who(seat), self.address.clone(), amount));
    }

    /// Pays out of the vault; `false` when it cannot be delivered and becomes a credit.
    fn delivers(&mut self, seat: u8, amount: Amount, done: &mut Done) -> bool {
        let to = self.who(seat);
        if self.frozen.contains(&to) {
            self.state.credit(seat, amount).unwrap();
            return false;
        }
        self.vault = self.vault.checked_sub(amount).unwrap();
        done.moved.push((self.address.clone(), to, amount));
        true
    }

    fn says(&mut self, step: &Step, effect: &Effect, done: &mut Done) {
        let event = match (step, effect) {
            (Step::Commit { seat }, _) => {
                E::DrawCommitted { member: self.who(*seat), commitment: [*seat; 32] }
            }
            (Step::Reveal { seat }, _) => {
                E::DrawRevealed { member: self.who(*seat), secret: self.secrets[seat] }
            }
            (Step::Secure { seat, amount }, _) => {
                E::DepositMade { member: self.who(*seat), amount: *amount }
            }
            (Step::Contribute { seat, round, amount }, Effect::Contributed(paid)) => {
                let (member, late) = (self.who(*seat), paid.late);
                E::ContributionMade { member, round: *round, amount: *amount, late }
            }
            (Step::Payout { .. }, Effect::PaidOut(payout)) if payout.dissolved => return,
            (Step::Payout { .. }, Effect::PaidOut(payout)) => {
                let credited = !self.delivers(payout.seat, payout.amount, done);
                let (recipient, round, amount) =
                    (self.who(payout.seat), payout.round, payout.amount);
                E::PayoutMade { recipient, round, amount, credited }
            }
            (Step::Push { seat }, Effect::Delivered(to)) => {
                let amount = to[usize::from(*seat)];
                assert!(self.delivers(*seat, amount, done), "the test pushes to a frozen wallet");
                E::CreditPushed { member: self.who(*seat), amount }
            }
            (Step::Claim { seat }, Effect::Delivered(to)) => {
                let amount = to[usize::from(*seat)];
                assert!(self.delivers(*seat, amount, done), "the test claims to a frozen wallet");
                E::RefundClaimed { member: self.who(*seat), amount }
            }
            (Step::Repay { seat, amount }, Effect::Delivered(to)) => {
                let mut credited = Vec::new();
                for creditor in 0..self.state.len() {
                    let part = to[usize::from(creditor)];
                    if part.is_positive() && !self.delivers(creditor, part, done) {
                        credited.push(self.who(creditor));
                    }
                }
                E::DebtRepaid { member: self.who(*seat), amount: *amount, credited }
            }
            (Step::Bid { seat, round, amount }, _) => {
                E::BidMade { member: self.who(*seat), round: *round, amount: *amount }
            }
            (Step::ClaimInsurance { seat, round, defaulter, amount }, _) => E::InsuranceClaimed {
                member: self.who(*seat),
                round: *round,
                defaulter: self.who(*defaulter),
                amount: *amount,
            },
            (Step::Swap { a, b }, Effect::Swapped(Swapped { earlier, later, deposit })) => {
                if deposit.is_positive() {
                    done.moved.push((self.who(*earlier), self.who(*later), *deposit));
                }
                E::TurnsSwapped { a: self.who(*a), b: self.who(*b), deposit: *deposit }
            }
            (Step::Exit { seat }, _) => E::ExitAnnounced { member: self.who(*seat) },
            (Step::Propose { seat, motion, subject }, _) => {
                let proposal = self.state.proposals;
                let about = *motion != Motion::Dissolve;
                E::ProposalMade {
                    member: self.who(*seat),
                    proposal,
                    motion: *motion,
                    subject: about.then(|| self.who(*subject)),
                    newcomer: self.newcomers.get(&proposal).cloned(),
                    electorate: u32::from(self.state.len()),
                    expires_at: Timestamp::from_unix(0),
                }
            }
            (Step::Vote { seat, proposal, approve }, _) => {
                E::VoteCast { member: self.who(*seat), proposal: *proposal, approve: *approve }
            }
            (Step::Replace { seat }, Effect::Replaced(replaced)) => {
                let (leaver, newcomer) = (self.who(*seat), self.newcomers.values().last().unwrap());
                let (newcomer, price) = (newcomer.clone(), replaced.price);
                let whole = price.checked_add(replaced.deposit).unwrap();
                done.moved.push(if whole >= Amount::ZERO {
                    (newcomer.clone(), leaver.clone(), whole)
                } else {
                    (leaver.clone(), newcomer.clone(), Amount::ZERO.checked_sub(whole).unwrap())
                });
                self.members[usize::from(*seat)] = newcomer.clone();
                E::SeatSold { leaver, newcomer, price, deposit: replaced.deposit }
            }
            (Step::CompleteMove { seat }, _) => {
                let to = self.newcomers.values().last().unwrap().clone();
                let from = std::mem::replace(&mut self.members[usize::from(*seat)], to.clone());
                E::SeatMoved { from, to }
            }
            (Step::Object { seat }, _) => E::MoveObjected { member: self.who(*seat) },
            _ => return,
        };
        done.events.push(event);
    }

    /// What follows in the same call.
    fn follows(
        &mut self,
        step: &Step,
        effect: &Effect,
        before: &Circle,
        now: u64,
        done: &mut Done,
    ) {
        if *step == Step::Start {
            self.begun(done);
        }
        if *step == Step::Proceed {
            done.events.push(E::SetupExpired { phase: before.phase });
        }
        if let Effect::Synced(synced) = effect {
            let (surplus, shortfall) = (synced.surplus, synced.shortfall);
            done.events.push(E::Synced { surplus, shortfall });
        }
        match effect {
            Effect::Ready(Readiness::Draw) => {
                let revealed: Vec<u8> = self.secrets.values().flatten().copied().collect();
                let seed = sha256(&[self.address.0.as_bytes(), &revealed].concat());
                done.events.push(E::OrderDrawn { seed });
                let drawn = self.apply(&Step::Draw { seed }, now).unwrap();
                assert!(matches!(drawn, Effect::Ready(_)));
                if self.state.phase == Phase::Active {
                    self.begun(done);
                }
            }
            Effect::Ready(Readiness::Active) => self.begun(done),
            _ => {}
        }
        for seat in 0..self.state.len() {
            let expelled = |circle: &Circle| {
                let marks = circle.seat(seat).unwrap().marks;
                marks.has(kolo_rules::circle::Marks::EXPELLED)
            };
            if expelled(&self.state) && !expelled(before) {
                done.events.push(E::MemberExpelled { member: self.who(seat) });
            }
        }
    }

    /// Active now, or on the way there.
    fn begun(&self, done: &mut Done) {
        if self.state.phase != Phase::Active {
            done.events.push(E::GettingReady { phase: self.state.phase });
            return;
        }
        let mut order: Vec<u8> = (0..self.state.len()).collect();
        order.sort_by_key(|seat| self.state.seat(*seat).unwrap().turn);
        let order = order.into_iter().map(|seat| self.who(seat)).collect();
        let started_at = Timestamp::from_unix(self.state.started_at);
        done.events.push(E::GroupStarted { started_at, order });
    }
}
