//! What a circle with a vault should do, said without a ledger: the rules' engine, and around it who sits
//! where, who is invited, and everybody's tokens.
use std::collections::BTreeMap;

use kolo_circle::Error;
use kolo_contract_tests::Failure;
use kolo_rules::circle::{Effect, Marks, Motion, Order, Phase, Readiness, Step};
use kolo_rules::{Amount, Circle, Refusal, Rules};
use sha2::{Digest, Sha256};

use crate::{
    ask::{Ask, Invitee},
    tokens::{Purse, Transfer},
};

/// How long signatures for another code are good for nothing.
pub const UPGRADE_DELAY_S: u64 = 7 * 86_400;

/// A circle and the world around it.
#[derive(Clone, Debug)]
pub struct Model {
    pub rules: Rules,
    /// The circle's id, and everybody's address as the ledger writes it.
    pub id: [u8; 32],
    pub addresses: Vec<Vec<u8>>,
    /// `None` once it is finished.
    pub circle: Option<Circle>,
    pub now: u64,
    /// Who sits where.
    pub members: Vec<usize>,
    pub invitations: BTreeMap<Invitee, (Option<u32>, u64)>,
    pub requests: Vec<usize>,
    commitments: BTreeMap<u8, [u8; 32]>,
    secrets: BTreeMap<u8, [u8; 32]>,
    /// Who is to replace somebody, and where a seat is to be moved.
    newcomers: BTreeMap<u8, usize>,
    /// Who signed for which code, and when.
    pub signatures: BTreeMap<u8, (u8, u64)>,
    pub purses: Vec<Purse>,
    pub vault: i64,
    pub vault_frozen: bool,
}

pub type Outcome = Result<(), Failure>;

pub fn refuse<T>(error: Error) -> Result<T, Failure> {
    Err(error.into())
}

fn refused(refusal: Refusal) -> Failure {
    Error::from(refusal).into()
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn money(amount: i128) -> Result<Amount, Failure> {
    i64::try_from(amount).map(Amount::new).map_err(|_| Error::BadAmount.into())
}

fn round_of(round: u32) -> Result<u8, Failure> {
    u8::try_from(round).map_err(|_| Error::WrongRound.into())
}

fn turn_of(turn: Option<u32>) -> Result<Option<u8>, Failure> {
    turn.map(u8::try_from).transpose().map_err(|_| Error::BadTurn.into())
}

impl Model {
    /// An empty circle.
    pub fn new(rules: Rules, id: [u8; 32], addresses: Vec<Vec<u8>>, purses: Vec<Purse>) -> Self {
        Self {
            rules,
            id,
            addresses,
            circle: Some(Circle::new()),
            now: 0,
            members: vec![],
            invitations: BTreeMap::new(),
            requests: vec![],
            commitments: BTreeMap::new(),
            secrets: BTreeMap::new(),
            newcomers: BTreeMap::new(),
            signatures: BTreeMap::new(),
            purses,
            vault: 0,
            vault_frozen: false,
        }
    }

    /// Does what is asked. Says what was to be transferred too, also when it is refused; the model is
    /// what it was then.
    pub fn answer(&mut self, ask: &Ask) -> (Outcome, Vec<Transfer>) {
        let mut next = self.clone();
        let mut transfers = vec![];
        let outcome = next.take(ask, &mut transfers);
        if outcome.is_ok() {
            *self = next;
        }
        (outcome, transfers)
    }

    /// As the circle is founded, with the organiser in the first seat.
    pub fn organiser_joins(&mut self) {
        let turn = matches!(self.rules.order, Order::Join | Order::Fixed).then_some(1);
        self.take_seat(crate::ask::ORGANISER, turn).unwrap();
    }

    /// Whom a motion is about to let in.
    pub fn newcomer(&self, motion: u8) -> Option<usize> {
        self.newcomers.get(&motion).copied()
    }

    /// What the member commits to with this secret.
    pub fn commitment(&self, who: usize, secret: &[u8; 32]) -> [u8; 32] {
        sha256(&[&self.id[..], &self.addresses[who], secret].concat())
    }

    pub fn seat(&self, who: usize) -> Result<u8, Failure> {
        let seat = self.members.iter().position(|member| *member == who);
        seat.map(|seat| u8::try_from(seat).unwrap()).ok_or(Error::NotMember.into())
    }

    pub fn circle(&self) -> Result<&Circle, Failure> {
        self.circle.as_ref().ok_or(Error::Finished.into())
    }

    pub fn step(&mut self, step: &Step) -> Result<Effect, Failure> {
        let (now, rules) = (self.now, self.rules);
        let (after, effect) = self.circle()?.after(&rules, step, &sha256, now).map_err(refused)?;
        self.circle = Some(after);
        Ok(effect)
    }

    fn take(&mut self, ask: &Ask, transfers: &mut Vec<Transfer>) -> Outcome {
        self.circle()?;
        match *ask {
            Ask::Invite { invitee, turn, expires_at } => self.invite(invitee, turn, expires_at)?,
            Ask::Revoke { invitee } => {
                self.check_forming()?;
                self.invitations.remove(&invitee).ok_or(Error::NoInvitation)?;
            }
            Ask::Join { who, right_rules, turn, key } => {
                self.check_joiner(who, right_rules)?;
                if self.redeem(who, key)? != turn {
                    return refuse(Error::OtherTurn);
                }
                self.take_seat(who, turn)?;
                self.requests.retain(|waiting| *waiting != who);
            }
            Ask::Request { who, right_rules } => {
                self.check_joiner(who, right_rules)?;
                if self.requests.contains(&who) {
                    return refuse(Error::AlreadyDone);
                }
                self.requests.push(who);
            }
            Ask::Approve { who, turn } => {
                self.circle()?;
                self.take_request(who)?;
                self.take_seat(who, turn)?;
            }
            Ask::Reject { who } => self.take_request(who)?,
            Ask::Leave { who } => {
                self.check_forming()?;
                if self.find(who).is_ok() {
                    self.vacate(who)?;
                } else if self.take_request(who).is_err() {
                    return refuse(Error::NotMember);
                }
            }
            Ask::Remove { who } => {
                self.check_forming()?;
                self.vacate(who)?;
            }
            Ask::Start => {
                self.step(&Step::Start)?;
                self.started();
            }
            Ask::Cancel => _ = self.step(&Step::Cancel)?,
            ref later => self.take_later(later, transfers)?,
        }
        self.tidy()
    }

    /// What is asked after the start.
    fn take_later(&mut self, ask: &Ask, transfers: &mut Vec<Transfer>) -> Outcome {
        match *ask {
            Ask::Commit { who, secret } => {
                let seat = self.find(who)?;
                self.step(&Step::Commit { seat })?;
                self.pay_in(who, self.rules.bond, transfers)?;
                self.commitments.insert(seat, self.commitment(who, &secret));
            }
            Ask::Reveal { who, secret } => {
                let seat = self.find(who)?;
                let effect = self.step(&Step::Reveal { seat })?;
                if self.commitments.get(&seat) != Some(&self.commitment(who, &secret)) {
                    return refuse(Error::BadSecret);
                }
                self.secrets.insert(seat, secret);
                self.go_on(effect)?;
            }
            Ask::Secure { who, amount } => {
                let seat = self.find(who)?;
                let amount = money(amount)?;
                let effect = self.step(&Step::Secure { seat, amount })?;
                self.pay_in(who, amount, transfers)?;
                self.go_on(effect)?;
            }
            Ask::Proceed => {
                let effect = self.settle(&Step::Proceed)?;
                self.go_on(effect)?;
            }
            Ask::Contribute { who, round, amount } => {
                let seat = self.find(who)?;
                let amount = money(amount)?;
                self.step(&Step::Contribute { seat, round: round_of(round)?, amount })?;
                self.pay_in(who, amount, transfers)?;
            }
            Ask::Repay { who, amount } => {
                let seat = self.find(who)?;
                let amount = money(amount)?;
                let effect = self.step(&Step::Repay { seat, amount })?;
                self.pay_in(who, amount, transfers)?;
                self.pass_repayment(&effect)?;
            }
            Ask::Payout { round } => self.payout(round)?,
            Ask::Push { who } => {
                let seat = self.find(who)?;
                self.bear_shortfall()?;
                let effect = self.step(&Step::Push { seat })?;
                self.deliver_or_refuse(who, &effect)?;
            }
            Ask::Claim { who } => {
                let seat = self.find(who)?;
                self.bear_shortfall()?;
                let effect = self.step(&Step::Claim { seat })?;
                self.deliver_or_refuse(who, &effect)?;
            }
            Ask::Sync => _ = self.step(&Step::Sync { balance: Amount::new(self.vault) })?,
            Ask::ExtendTtl => _ = self.circle()?,
            ref other => self.take_among_members(other, transfers)?,
        }
        Ok(())
    }

    /// What members ask of each other.
    fn take_among_members(&mut self, ask: &Ask, transfers: &mut Vec<Transfer>) -> Outcome {
        match *ask {
            Ask::Bid { who, round, amount } => {
                let seat = self.find(who)?;
                let amount = money(amount)?;
                self.step(&Step::Bid { seat, round: round_of(round)?, amount })?;
            }
            Ask::ClaimInsurance { who, round, defaulter, amount } => {
                let (seat, defaulter) = (self.find(who)?, self.seat(defaulter)?);
                let (round, amount) = (round_of(round)?, money(amount)?);
                self.bear_shortfall()?;
                self.step(&Step::ClaimInsurance { seat, round, defaulter, amount })?;
            }
            Ask::Swap { a, b, turns } => self.swap([a, b], turns, transfers)?,
            Ask::Exit { who } => {
                let seat = self.find(who)?;
                self.settle(&Step::Exit { seat })?;
            }
            Ask::Propose { who, motion, subject, newcomer } => {
                self.propose(who, motion, subject, newcomer)?;
            }
            Ask::Vote { who, proposal, approve } => {
                let seat = self.find(who)?;
                self.settle(&Step::Vote { seat, proposal, approve })?;
            }
            Ask::Replace { leaver, newcomer, turn, price } => {
                self.require_turn(leaver, turn)?;
                self.replace(leaver, newcomer, price, transfers)?;
            }
            Ask::CompleteMove { who } => {
                let seat = self.find(who)?;
                self.step(&Step::CompleteMove { seat })?;
                let to = *self.newcomers.get(&3).ok_or(Error::NoProposal)?;
                self.let_in(seat, 3, to)?;
            }
            Ask::Object { who } => {
                let seat = self.find(who)?;
                self.step(&Step::Object { seat })?;
                self.newcomers.remove(&3);
            }
            Ask::SignUpgrade { who, code } => {
                if !self.circle()?.phase.has_started() {
                    return refuse(Error::NotActive);
                }
                let seat = self.find(who)?;
                let now = self.now;
                let before = self.signatures.insert(seat, (code, now));
                if before.is_some_and(|(signed, _)| signed == code) {
                    return refuse(Error::AlreadyDone);
                }
            }
            Ask::Upgrade { code } => return self.upgrade(code),
            ref other => panic!("nobody knows how to {other:?}"),
        }
        Ok(())
    }

    fn find(&self, who: usize) -> Result<u8, Failure> {
        self.circle()?;
        self.seat(who)
    }

    fn check_forming(&self) -> Outcome {
        if self.circle()?.phase == Phase::Forming { Ok(()) } else { refuse(Error::NotForming) }
    }

    fn invite(&mut self, invitee: Invitee, turn: Option<u32>, expires_at: u64) -> Outcome {
        self.check_forming()?;
        if expires_at < self.now {
            return refuse(Error::InvitationExpired);
        }
        let number = turn_of(turn)?;
        match (self.rules.order, number) {
            (Order::Fixed, Some(turn)) if (1..=self.rules.seats).contains(&turn) => {
                if self.circle()?.seat_of_turn(turn).is_some() {
                    return refuse(Error::TurnTaken);
                }
            }
            (Order::Fixed, _) | (_, Some(_)) => return refuse(Error::BadTurn),
            (_, None) => {}
        }
        if matches!(invitee, Invitee::Person(who) if self.seat(who).is_ok()) {
            return refuse(Error::AlreadyMember);
        }
        let now = self.now;
        self.invitations.retain(|_, (_, expires_at)| now <= *expires_at);
        self.invitations.insert(invitee, (turn, expires_at));
        Ok(())
    }

    fn check_joiner(&self, who: usize, right_rules: bool) -> Outcome {
        self.check_forming()?;
        if self.seat(who).is_ok() {
            return refuse(Error::AlreadyMember);
        }
        if right_rules { Ok(()) } else { refuse(Error::RulesMismatch) }
    }

    fn redeem(&mut self, who: usize, key: Option<(u8, bool)>) -> Result<Option<u32>, Failure> {
        let invitee = match key {
            None => Invitee::Person(who),
            Some((number, true)) => Invitee::Key(number),
            Some((_, false)) => return refuse(Error::RulebookFailed),
        };
        let (turn, expires_at) =
            self.invitations.remove(&invitee).ok_or(Failure::from(Error::NoInvitation))?;
        if self.now > expires_at {
            return refuse(Error::InvitationExpired);
        }
        Ok(turn)
    }

    fn take_request(&mut self, who: usize) -> Outcome {
        let place = self.requests.iter().position(|waiting| *waiting == who);
        self.requests.remove(place.ok_or(Error::NoRequest)?);
        Ok(())
    }

    fn take_seat(&mut self, who: usize, turn: Option<u32>) -> Outcome {
        let turn = turn_of(turn)?;
        let effect = self.step(&Step::Join { turn })?;
        self.members.push(who);
        if matches!(effect, Effect::Joined(joined) if joined.started) {
            self.started();
        }
        Ok(())
    }

    fn vacate(&mut self, who: usize) -> Outcome {
        let seat = self.find(who)?;
        self.step(&Step::Leave { seat })?;
        self.members.remove(usize::from(seat));
        Ok(())
    }

    fn started(&mut self) {
        self.invitations.clear();
        self.requests.clear();
    }

    fn go_on(&mut self, effect: Effect) -> Outcome {
        if effect != Effect::Ready(Readiness::Draw) {
            return Ok(());
        }
        let revealed = self.secrets.values().map(|secret| &secret[..]);
        let parts: Vec<_> = std::iter::once(&self.id[..]).chain(revealed).collect();
        let seed = sha256(&parts.concat());
        self.step(&Step::Draw { seed })?;
        Ok(())
    }

    fn payout(&mut self, round: u32) -> Outcome {
        match self.settle(&Step::Payout { round: round_of(round)? })? {
            Effect::PaidOut(payout) if payout.dissolved => Ok(()),
            Effect::PaidOut(payout) => self.pay_or_credit(payout.seat, payout.amount),
            effect => panic!("a payout did {effect:?}"),
        }
    }

    /// A step that pays a pot or ends the circle. Nobody's part is made up of what is others': all bear
    /// first what the issuer took.
    fn settle(&mut self, step: &Step) -> Result<Effect, Failure> {
        let before = self.circle()?.clone();
        let effect = self.step(step)?;
        let circle = self.circle()?;
        let pot = match effect {
            Effect::PaidOut(payout) => payout.amount.minor_units(),
            _ => 0,
        };
        let owed = circle.liabilities().unwrap().minor_units() + pot;
        if (pot == 0 && !circle.phase.is_over()) || self.vault >= owed {
            return Ok(effect);
        }
        self.circle = Some(before);
        self.bear_shortfall()?;
        self.step(step)
    }

    fn bear_shortfall(&mut self) -> Outcome {
        let balance = Amount::new(self.vault);
        if balance < self.circle()?.liabilities().unwrap() {
            self.step(&Step::Sync { balance })?;
        }
        Ok(())
    }

    fn pass_repayment(&mut self, effect: &Effect) -> Outcome {
        let Effect::Delivered(parts) = effect else { panic!("a repayment did {effect:?}") };
        for (seat, part) in (0..self.circle()?.len()).zip(*parts) {
            if part.is_positive() {
                self.pay_or_credit(seat, part)?;
            }
        }
        Ok(())
    }

    /// The member's turn still is the one that was agreed to.
    fn require_turn(&self, who: usize, turn: u32) -> Outcome {
        let seat = self.find(who)?;
        let turn = turn_of(Some(turn)).ok().flatten().ok_or(Error::OtherTurn)?;
        self.circle()?.require_turn(seat, turn).map_err(refused)
    }

    fn swap(
        &mut self,
        [a, b]: [usize; 2],
        turns: [u32; 2],
        transfers: &mut Vec<Transfer>,
    ) -> Outcome {
        let (first, second) = (self.find(a)?, self.seat(b)?);
        self.require_turn(a, turns[0])?;
        self.require_turn(b, turns[1])?;
        self.bear_shortfall()?;
        let effect = self.step(&Step::Swap { a: first, b: second })?;
        let Effect::Swapped(swapped) = effect else { panic!("a swap did {effect:?}") };
        let (payer, payee) = if swapped.earlier == first { (a, b) } else { (b, a) };
        self.pass_on(payer, payee, swapped.deposit.minor_units(), transfers)
    }

    fn propose(
        &mut self,
        who: usize,
        motion: u32,
        subject: Option<usize>,
        newcomer: Option<usize>,
    ) -> Outcome {
        let kind = usize::try_from(motion).ok().and_then(|index| Motion::ALL.get(index));
        let kind = *kind.ok_or(Error::BadMotion)?;
        let seat = self.find(who)?;
        let about = match (subject, kind) {
            (None, Motion::Dissolve) => 0,
            (None, _) | (Some(_), Motion::Dissolve) => return refuse(Error::BadMotion),
            (Some(subject), _) => self.seat(subject)?,
        };
        match (newcomer, kind) {
            (Some(newcomer), Motion::Replace | Motion::Move) => {
                if self.seat(newcomer).is_ok() {
                    return refuse(Error::AlreadyMember);
                }
                self.newcomers.insert(u8::try_from(motion).unwrap(), newcomer);
            }
            (None, Motion::Dissolve | Motion::Expel) => {}
            _ => return refuse(Error::BadMotion),
        }
        self.settle(&Step::Propose { seat, motion: kind, subject: about })?;
        Ok(())
    }

    fn replace(
        &mut self,
        leaver: usize,
        newcomer: usize,
        price: i128,
        transfers: &mut Vec<Transfer>,
    ) -> Outcome {
        let seat = self.find(leaver)?;
        if self.newcomers.get(&2) != Some(&newcomer) {
            return refuse(Error::NoProposal);
        }
        if self.seat(newcomer).is_ok() {
            return refuse(Error::AlreadyMember);
        }
        self.bear_shortfall()?;
        let effect = self.step(&Step::Replace { seat })?;
        let Effect::Replaced(sold) = effect else { panic!("a replacement did {effect:?}") };
        let net = sold.price.minor_units() + sold.deposit.minor_units();
        if i128::from(net) != price {
            return refuse(Error::WrongAmount);
        }
        if net < 0 {
            self.pass_on(leaver, newcomer, -net, transfers)?;
        } else {
            self.pass_on(newcomer, leaver, net, transfers)?;
        }
        self.let_in(seat, 2, newcomer)
    }

    /// The seat is the newcomer's now; what the one before had signed is not.
    fn let_in(&mut self, seat: u8, motion: u8, newcomer: usize) -> Outcome {
        if self.seat(newcomer).is_ok() {
            return refuse(Error::AlreadyMember);
        }
        self.newcomers.remove(&motion);
        self.signatures.remove(&seat);
        self.members[usize::from(seat)] = newcomer;
        Ok(())
    }

    fn upgrade(&self, code: u8) -> Outcome {
        let circle = self.circle()?;
        let common = circle.reserve.is_positive() || circle.fund.is_positive();
        let has_claim = |seat: &kolo_rules::Seat| {
            let owned = [seat.credit, seat.claimable, seat.uncovered, seat.deposit];
            let waits = circle.phase == Phase::Active && seat.turn > circle.rounds_paid;
            let shares = common && seat.left_after == 0;
            let net = seat.paid > seat.received;
            net || waits || shares || owned.iter().any(|amount| amount.is_positive())
        };
        let seats = (0_u8..).zip(self.circle()?.seats());
        let claimants: Vec<u8> =
            seats.filter(|(_, seat)| has_claim(seat)).map(|(seat, _)| seat).collect();
        let ready = |seat: &u8| {
            let signed = self.signatures.get(seat);
            signed.is_some_and(|(signed, at)| *signed == code && self.now >= at + UPGRADE_DELAY_S)
        };
        if claimants.is_empty() || !claimants.iter().all(ready) {
            return refuse(Error::UpgradeNotReady);
        }
        // Nobody has uploaded such a code.
        Err(Failure::Host)
    }

    /// Nothing is left of a circle with nothing left to do, and nothing to share.
    fn tidy(&mut self) -> Outcome {
        if self.circle.as_ref().is_some_and(Circle::is_finished) {
            if self.vault > 0 && !self.members.is_empty() {
                self.step(&Step::Sync { balance: Amount::new(self.vault) })?;
                return Ok(());
            }
            self.circle = None;
            self.members.clear();
            self.started();
        }
        Ok(())
    }

    /// The seats of who has been expelled.
    pub fn expelled(&self) -> Vec<u8> {
        let Some(circle) = &self.circle else { return vec![] };
        let seats = (0..).zip(circle.seats());
        let out = seats.filter(|(_, seat)| seat.marks.has(Marks::EXPELLED));
        out.map(|(seat, _)| seat).collect()
    }
}
