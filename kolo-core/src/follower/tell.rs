//! Whom an event concerns, and what they hear.
use kolo_rules::circle::{Effect, Phase};
use kolo_rules::{Amount, Circle as Mirror};

use super::found::{tell_gift, tell_short};
use super::news::{
    tell_change, tell_entry, tell_passed, tell_proposal, tell_rejected, tell_vote, tell_waited,
};
use super::seats::Knock;
use crate::circle::full_pot;
use crate::circle::state::{CANCELLED, COMPLETED, Circle, DISSOLVED, Holder};
use crate::notice::Notice;
use crate::port::chain::{ChainAddress, ChainEvent, CircleChainEvent};
use crate::receipt::ReceiptNumber;
use crate::unit::Changes;
use crate::{Error, Kolo, Timestamp};

/// An event with the circle before and after it.
pub(super) struct Story<'a> {
    pub event: &'a ChainEvent,
    pub what: &'a CircleChainEvent,
    pub before: &'a Mirror,
    pub after: &'a Mirror,
    /// What the step did; `None` when the event did not follow from the mirror.
    pub effect: Option<Effect>,
    /// The number of the receipt it calls for.
    pub receipt: Option<ReceiptNumber>,
    /// Who left with this event, or waits no more.
    pub gone: Option<&'a Holder>,
    /// Whether that was their own wish, of one who waited.
    pub took_back: bool,
    /// What the organiser hears of a request.
    pub knock: Knock,
    /// Who waited in vain: the time to join is over.
    pub waited: Vec<Holder>,
    /// Whether a gift in it is worth a message.
    pub tells_gift: bool,
}

impl Story<'_> {
    /// Whether the first round begins with it.
    pub fn starts(&self) -> bool {
        !self.before.phase.has_started() && self.after.phase == Phase::Active
    }

    pub fn tx(&self) -> String {
        self.event.tx.clone()
    }

    fn rounds(&self) -> u8 {
        self.after.len()
    }
}

impl Kolo {
    pub(super) fn tell(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        story: &Story<'_>,
    ) -> Result<(), Error> {
        use CircleChainEvent as E;
        tell_waited(changes, circle, story)?;
        if story.starts() {
            // The last joiner starts the circle: the start says all there is to say. Who pays the last
            // deposit has a receipt as well.
            tell_change(changes, circle, story)?;
            return tell_start(changes, circle, story);
        }
        tell_rejected(changes, circle, story)?;
        tell_passed(changes, circle, story)?;
        if story.before.phase != story.after.phase && story.after.phase.is_getting_ready() {
            tell_entry(changes, circle, story)?;
        }
        match story.what {
            E::ParticipantJoined { member, turn, .. } => {
                tell_joined(changes, circle, story, member, *turn)
            }
            E::ParticipantLeft { removed, .. } => tell_left(changes, circle, story, *removed),
            E::ContributionMade { member, round, amount, late } => {
                tell_contribution(changes, circle, story, member, *round, *amount, *late)
            }
            E::PayoutMade { recipient, round, amount, credited } => {
                tell_payout(changes, circle, story, recipient, *round, *amount, *credited)
            }
            E::CreditPushed { member, amount } => {
                tell_one(changes, circle, member, "credit", |name| {
                    let (circle, amount, tx) = (circle.id, amount.minor_units(), story.tx());
                    Notice::CreditDelivered { circle, name, amount, tx, receipt: story.receipt }
                })
            }
            E::DebtRepaid { member, amount, credited } => {
                tell_repaid(changes, circle, story, member, *amount, credited)
            }
            E::ProposalMade { .. } => tell_proposal(changes, circle, story),
            E::VoteCast { member, proposal, approve } => {
                tell_vote(changes, circle, story, member, *proposal, *approve)
            }
            E::GroupClosed { reason } => tell_closed(changes, circle, story, *reason),
            E::RefundClaimed { member, amount } => {
                tell_one(changes, circle, member, "refund", |name| {
                    let (circle, amount, tx) = (circle.id, amount.minor_units(), story.tx());
                    Notice::Refunded { circle, name, amount, tx, receipt: story.receipt }
                })
            }
            E::Synced { surplus, shortfall } => {
                tell_short(changes, circle, story, *shortfall)?;
                if story.tells_gift { tell_gift(changes, circle, story, *surplus) } else { Ok(()) }
            }
            _ => tell_change(changes, circle, story),
        }
    }
}

/// To every member we know; `make` gets the holder and the circle's name.
pub(super) fn tell_all(
    changes: &mut Changes,
    circle: &Circle,
    what: &str,
    make: impl Fn(&Holder, String) -> Notice,
) -> Result<(), Error> {
    for holder in &circle.holders {
        if let Some(member) = holder.member {
            changes.notice(member, what, make(holder, circle.name.clone()))?;
        }
    }
    Ok(())
}

/// To whoever sits at an address, if we know them.
pub(super) fn tell_one(
    changes: &mut Changes,
    circle: &Circle,
    address: &ChainAddress,
    what: &str,
    make: impl FnOnce(String) -> Notice,
) -> Result<(), Error> {
    match holder(circle, address).and_then(|holder| holder.member) {
        Some(member) => changes.notice(member, what, make(circle.name.clone())),
        None => Ok(()),
    }
}

fn tell_joined(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
    joiner: &ChainAddress,
    turn: u8,
) -> Result<(), Error> {
    let seats = circle.rules()?.seats;
    let members = story.after.len();
    let who = holder(circle, joiner).map(|holder| holder.name.clone()).unwrap_or_default();
    for holder in &circle.holders {
        let Some(member) = holder.member else {
            continue;
        };
        let name = circle.name.clone();
        // The organiser sits down with the circle's creation, which has a notice of its own.
        if holder.address == *joiner && member != circle.organiser {
            let joined = Notice::Joined { circle: circle.id, name, turn, members, seats };
            changes.notice(member, "joined", joined)?;
        } else if holder.address != *joiner {
            let who = who.clone();
            let joined = Notice::SomebodyJoined { circle: circle.id, name, who, members, seats };
            changes.notice(member, "joined", joined)?;
        }
    }
    Ok(())
}

/// The leaver is gone from the circle already: they hear it apart, the others with the name.
fn tell_left(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
    removed: bool,
) -> Result<(), Error> {
    let seats = circle.rules()?.seats;
    let members = story.after.len();
    let who = story.gone.map(|holder| holder.name.clone()).unwrap_or_default();
    if let Some(member) = story.gone.and_then(|holder| holder.member) {
        changes.notice(member, "left", Notice::Left { name: circle.name.clone(), removed })?;
    }
    tell_all(changes, circle, "left", |_, name| {
        let (circle, who) = (circle.id, who.clone());
        Notice::SomebodyLeft { circle, name, who, members, seats, removed }
    })
}

fn tell_start(changes: &mut Changes, circle: &Circle, story: &Story<'_>) -> Result<(), Error> {
    let rules = circle.rules()?;
    let order = turns(circle, story.after);
    let deadline = story.after.deadline(&rules, 1).unwrap_or_default();
    for (holder, seat) in circle.holders.iter().zip(story.after.seats()) {
        let Some(member) = holder.member else {
            continue;
        };
        let started = Notice::Started {
            circle: circle.id,
            name: circle.name.clone(),
            order: order.clone(),
            your_turn: seat.turn,
            contribution: rules.contribution.minor_units(),
            deadline: Timestamp::from_unix(deadline),
        };
        changes.notice(member, "started", started)?;
    }
    Ok(())
}

fn tell_contribution(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
    payer: &ChainAddress,
    round: u8,
    amount: Amount,
    late: bool,
) -> Result<(), Error> {
    let rules = circle.rules()?;
    let full_pot = full_pot(story.after, &rules, round)?.minor_units();
    let paid = |seat| story.after.paid_for(&rules, seat, round).unwrap_or_default().minor_units();
    let pot = (0..story.after.len()).map(paid).fold(0_i64, i64::saturating_add);
    tell_one(changes, circle, payer, "contributed", |name| Notice::Contributed {
        circle: circle.id,
        name,
        round,
        rounds: story.rounds(),
        amount: amount.minor_units(),
        late,
        pot,
        full_pot,
        tx: story.tx(),
        receipt: story.receipt,
    })
}

fn tell_payout(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
    recipient: &ChainAddress,
    round: u8,
    amount: Amount,
    credited: bool,
) -> Result<(), Error> {
    let owed = |seat| story.after.owed(seat, round).minor_units();
    let short = (0..story.after.len()).map(owed).fold(0_i64, i64::saturating_add);
    let who = holder(circle, recipient).map(|holder| holder.name.clone()).unwrap_or_default();
    let seat = circle.seat_of(recipient).and_then(|seat| story.after.seat(seat));
    let back = seat.is_some_and(|seat| seat.left_after != 0);
    for holder in &circle.holders {
        let Some(member) = holder.member else {
            continue;
        };
        let you = holder.address == *recipient;
        let notice = if you && credited {
            let (name, amount) = (circle.name.clone(), amount.minor_units());
            Notice::PayoutKept { circle: circle.id, name, amount, receipt: story.receipt }
        } else {
            Notice::PaidOut {
                circle: circle.id,
                name: circle.name.clone(),
                round,
                rounds: story.rounds(),
                recipient: who.clone(),
                you,
                amount: amount.minor_units(),
                short,
                back,
                tx: story.tx(),
                receipt: story.receipt,
            }
        };
        changes.notice(member, "payout", notice)?;
    }
    Ok(())
}

/// The payer has a receipt; whoever got a part of it hears from whom.
fn tell_repaid(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
    payer: &ChainAddress,
    amount: Amount,
    credited: &[ChainAddress],
) -> Result<(), Error> {
    let left = debt_of(circle, story.after, payer);
    tell_one(changes, circle, payer, "repaid", |name| {
        let (circle, amount, tx) = (circle.id, amount.minor_units(), story.tx());
        Notice::Repaid { circle, name, amount, left, tx, receipt: story.receipt }
    })?;
    let who = holder(circle, payer).map(|holder| holder.name.clone()).unwrap_or_default();
    for (creditor, part) in story.passed_on(circle, credited) {
        let Some(member) = creditor.member else { continue };
        let notice = Notice::PaidBack {
            circle: circle.id,
            name: circle.name.clone(),
            who: who.clone(),
            amount: part.minor_units(),
            tx: story.tx(),
            receipt: story.receipt,
        };
        changes.notice(member, "paid-back", notice)?;
    }
    Ok(())
}

fn tell_closed(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
    reason: u32,
) -> Result<(), Error> {
    for (holder, seat) in circle.holders.iter().zip(story.after.seats()) {
        let Some(member) = holder.member else {
            continue;
        };
        let name = circle.name.clone();
        let notice = match reason {
            COMPLETED => Notice::Completed {
                circle: circle.id,
                name,
                paid: seat.paid.minor_units(),
                received: seat.received.minor_units(),
            },
            DISSOLVED => Notice::Dissolved {
                circle: circle.id,
                name,
                refund: seat.claimable.minor_units(),
                debt: debt_of(circle, story.after, &holder.address),
                by_debts: matches!(&story.effect, Some(Effect::PaidOut(paid)) if paid.dissolved),
            },
            CANCELLED => Notice::Cancelled { name, refund: seat.credit.minor_units() },
            _ => continue,
        };
        changes.notice_in(&circle.asset, member, "closed", notice)?;
    }
    Ok(())
}

/// Names by turn.
fn turns(circle: &Circle, mirror: &Mirror) -> Vec<String> {
    let mut order: Vec<_> = circle.holders.iter().zip(mirror.seats()).collect();
    order.sort_by_key(|(_, seat)| seat.turn);
    order.into_iter().map(|(holder, _)| holder.name.clone()).collect()
}

pub(super) fn holder<'c>(circle: &'c Circle, address: &ChainAddress) -> Option<&'c Holder> {
    circle.holders.iter().find(|holder| holder.address == *address)
}

fn debt_of(circle: &Circle, mirror: &Mirror, address: &ChainAddress) -> i64 {
    let seat = circle.seat_of(address).and_then(|seat| mirror.debt(seat).ok());
    seat.unwrap_or_default().minor_units()
}
