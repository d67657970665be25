//! What is tried, in figures: what would be right now, and a little beside it.
use kolo_rules::{Amount, Circle, Refusal, circle::Order};

use crate::{
    acts::{Try, Who},
    ask::{Ask, Invitee},
    player::Player,
};

impl Player<'_> {
    pub fn ask_for(&self, what: &Try) -> Ask {
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
            Try::Join(w, right_rules) => {
                let turn = self.offered(Invitee::Person(who(w)), w);
                Ask::Join { who: who(w), right_rules, turn, key: None }
            }
            Try::JoinByKey(w, key, signed) => {
                let turn = self.offered(Invitee::Key(key), w);
                Ask::Join { who: who(w), right_rules: true, turn, key: Some((key, signed)) }
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
            Try::Swap(a, b) => {
                Ask::Swap { a: who(a), b: who(b), turns: [self.turn(a), self.turn(b)] }
            }
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
                let (leaver, newcomer, turn) = (who(l), who(n), self.turn(l));
                Ask::Replace { leaver, newcomer, turn, price: (price + more).into() }
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

    /// The turn that is offered to them; to one of the strangers always the one after it.
    fn offered(&self, invitee: Invitee, w: Who) -> Option<u32> {
        let offered = self.model.invitations.get(&invitee).and_then(|(turn, _)| *turn);
        offered.map(|turn| turn + u32::from(w == 111))
    }

    /// The turn of a member; of one of them, in every other second, the one after it.
    fn turn(&self, who: Who) -> u32 {
        let seat = self.model.seat(self.who(who)).ok();
        let found = self.model.circle.as_ref().zip(seat);
        let turn = found.and_then(|(circle, seat)| circle.seat(seat)).map_or(0, |seat| seat.turn);
        u32::from(turn) + u32::from(who == 5 && self.now().is_multiple_of(2))
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
        figure: impl FnOnce(&Circle, u8) -> Result<Amount, Refusal>,
    ) -> i64 {
        let seat = self.model.seat(self.who(who)).ok();
        let found = self.model.circle.as_ref().zip(seat);
        let figure = found.and_then(|(circle, seat)| figure(circle, seat).ok());
        figure.map_or(0, Amount::minor_units)
    }
}

fn secret(who: usize) -> [u8; 32] {
    [u8::try_from(who).unwrap() + 1; 32]
}
