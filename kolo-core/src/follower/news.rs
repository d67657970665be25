//! What is told of getting ready, of votes, and of members who come, go and change places.
use kolo_rules::Refusal;
use kolo_rules::circle::{Marks, Motion, Phase, Proposal};

use super::seats::Knock;
use super::tell::{Story, holder, tell_all, tell_one};
use crate::circle::invite::hex;
use crate::circle::state::{Circle, Holder};
use crate::notice::Notice;
use crate::port::authorizer::CommandName;
use crate::port::chain::{ChainAddress, CircleChainEvent};
use crate::unit::Changes;
use crate::view::VoteOn;
use crate::{Error, Timestamp};

/// To each who has something to pay in now: the bond, or the deposit.
pub(super) fn tell_entry(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
) -> Result<(), Error> {
    let rules = circle.rules()?;
    let Some(until) = story.after.ready_until(&rules).map(Timestamp::from_unix) else {
        return Ok(());
    };
    for (holder, seat) in circle.holders.iter().zip(0..) {
        let Some(member) = holder.member else { continue };
        let bond = story.after.phase == Phase::Committing;
        let amount = match story.after.phase {
            Phase::Committing => rules.bond,
            Phase::Securing => story.after.entry_due(&rules, seat)?,
            _ => continue,
        };
        if amount.is_positive() {
            let (name, amount) = (circle.name.clone(), amount.minor_units());
            let due = Notice::EntryDue { circle: circle.id, name, amount, bond, until };
            changes.notice(member, "entry", due)?;
        }
    }
    Ok(())
}

/// Members who come, go, pay in and change places.
pub(super) fn tell_change(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
) -> Result<(), Error> {
    use CircleChainEvent as E;
    let id = circle.id;
    match story.what {
        E::DrawCommitted { member, .. } => {
            let bond = circle.rules()?.bond.minor_units();
            tell_paid_in(changes, circle, story, member, bond, true)
        }
        E::DepositMade { member, amount } => {
            tell_paid_in(changes, circle, story, member, amount.minor_units(), false)
        }
        E::JoinRequested { member } => tell_asked(changes, circle, story, member),
        E::JoinRejected { .. } => tell_turned_down(changes, circle, story),
        E::ExitAnnounced { member } => tell_all(changes, circle, "leaving", |to, name| {
            let (who, you) = (name_of(circle, member), to.address == *member);
            Notice::Leaving { circle: id, name, who, you, round: story.after.current_round() }
        }),
        E::MemberExpelled { member } => {
            let seat = circle.seat_of(member).and_then(|seat| story.after.seat(seat));
            let last_round = seat.as_ref().map(|seat| seat.left_after).unwrap_or_default();
            let paid = seat.map(|seat| seat.paid.minor_units()).unwrap_or_default();
            tell_all(changes, circle, "expelled", |to, name| {
                let (who, you) = (name_of(circle, member), to.address == *member);
                Notice::Expelled { circle: id, name, who, you, last_round, paid }
            })
        }
        E::SeatSold { newcomer: to, .. } => {
            tell_sold(changes, circle, story)?;
            tell_seat(changes, circle, story, to, None)
        }
        E::SeatMoved { to, .. } => tell_seat(changes, circle, story, to, Some(to)),
        E::TurnsSwapped { a, b, .. } => tell_all(changes, circle, "swapped", |_, name| {
            let (one, other) = (name_of(circle, a), name_of(circle, b));
            Notice::TurnsSwapped { circle: id, name, one, other }
        }),
        E::UpgradeSigned { member, wasm } => tell_all(changes, circle, "signed", |to, name| {
            let (who, you) = (name_of(circle, member), to.address == *member);
            Notice::UpgradeSigned { circle: id, name, who, you, code: hex(wasm) }
        }),
        E::Upgraded { wasm } => tell_all(changes, circle, "upgraded", |_, name| Notice::Upgraded {
            circle: id,
            name,
            code: hex(wasm),
        }),
        E::BidMade { member, round, amount } => tell_all(changes, circle, "bid", |to, name| {
            let (who, you) = (name_of(circle, member), to.address == *member);
            let amount = amount.minor_units();
            Notice::BidMade { circle: id, name, round: *round, who, you, amount }
        }),
        E::InsuranceClaimed { round, amount, .. } => {
            tell_all(changes, circle, "insured", |_, name| {
                let amount = amount.minor_units();
                Notice::InsurancePaid { circle: id, name, round: *round, amount }
            })
        }
        _ => Ok(()),
    }
}

/// To all who sits in a place now; and to the one who sat there.
fn tell_seat(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
    to: &ChainAddress,
    moved: Option<&ChainAddress>,
) -> Result<(), Error> {
    let from = story.gone.map(|gone| gone.name.clone()).unwrap_or_default();
    let (id, who, moved) = (circle.id, name_of(circle, to), moved.cloned());
    tell_all(changes, circle, "seat", |reader, name| {
        let (who, from, moved) = (who.clone(), from.clone(), moved.clone());
        Notice::SeatTaken { circle: id, name, who, from, you: reader.address == *to, moved }
    })?;
    // Who sold it hears that apart, with the figures.
    match (moved, story.gone.and_then(|gone| gone.member)) {
        (Some(to), Some(member)) => {
            let given = Notice::SeatGiven { circle: id, name: circle.name.clone(), who, to };
            changes.notice(member, "seat-given", given)
        }
        _ => Ok(()),
    }
}

/// The one who asks hears that it has arrived; those who can answer hear of it within measure.
fn tell_asked(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
    asking: &ChainAddress,
) -> Result<(), Error> {
    let Some(waiting) = circle.requests.iter().find(|waiting| waiting.address == *asking) else {
        return Ok(());
    };
    let (id, name) = (circle.id, circle.name.clone());
    if let Some(member) = waiting.member {
        let notice = Notice::PlaceWaiting { circle: id, name: name.clone() };
        changes.notice(member, "waiting", notice)?;
    }
    let notice = match story.knock {
        Knock::Single => {
            let (who, address) = (waiting.name.clone(), Some(asking.clone()));
            Notice::PlaceAsked { circle: id, name, who, address }
        }
        Knock::Count => {
            let waiting = u8::try_from(circle.requests.len()).unwrap_or(u8::MAX);
            Notice::PlacesAsked { circle: id, name, waiting }
        }
        Knock::Quiet => return Ok(()),
    };
    changes.notice_all(circle.who_may(CommandName::Approve), "asked", &notice)
}

fn tell_turned_down(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
) -> Result<(), Error> {
    let Some(gone) = story.gone else { return Ok(()) };
    let name = circle.name.clone();
    // Who came in by an invitation meanwhile has not lost anything.
    if let Some(member) = gone.member.filter(|member| !circle.concerns(*member)) {
        let notice = match story.took_back {
            true => Notice::PlaceTakenBack { name: name.clone() },
            false => Notice::PlaceRefused { name: name.clone() },
        };
        changes.notice(member, "refused", notice)?;
    }
    if story.took_back {
        return Ok(());
    }
    let notice = Notice::PlaceDenied { circle: circle.id, name, who: gone.name.clone() };
    changes.notice_all(circle.who_may(CommandName::Reject), "denied", &notice)
}

/// To those who still waited when the time to join was over.
pub(super) fn tell_waited(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
) -> Result<(), Error> {
    tell_gone(changes, circle, story.after.phase, &story.waited)
}

/// To those who waited for a place that is not to be had any more.
pub(super) fn tell_gone(
    changes: &mut Changes,
    circle: &Circle,
    phase: Phase,
    waited: &[Holder],
) -> Result<(), Error> {
    let started = phase != Phase::Cancelled;
    for member in waited.iter().filter_map(|waiting| waiting.member) {
        if !circle.concerns(member) {
            let notice = Notice::PlaceGone { name: circle.name.clone(), started };
            changes.notice(member, "gone", notice)?;
        }
    }
    Ok(())
}

/// Who sold their seat sits there no more: they hear it apart.
fn tell_sold(changes: &mut Changes, circle: &Circle, story: &Story<'_>) -> Result<(), Error> {
    let CircleChainEvent::SeatSold { newcomer, price, deposit, .. } = story.what else {
        return Ok(());
    };
    let Some(leaver) = story.gone.and_then(|gone| gone.member) else {
        return Ok(());
    };
    let whole = price.checked_add(*deposit).map_err(Refusal::from)?;
    let sold = Notice::SeatGivenUp {
        circle: circle.id,
        name: circle.name.clone(),
        who: name_of(circle, newcomer),
        amount: whole.minor_units(),
        tx: story.tx(),
    };
    changes.notice(leaver, "sold", sold)
}

fn tell_paid_in(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
    payer: &ChainAddress,
    amount: i64,
    bond: bool,
) -> Result<(), Error> {
    let (id, tx, receipt) = (circle.id, story.tx(), story.receipt);
    tell_one(changes, circle, payer, "paid-in", |name| Notice::EntryPaid {
        circle: id,
        name,
        amount,
        bond,
        tx,
        receipt,
    })
}

pub(super) fn tell_proposal(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
) -> Result<(), Error> {
    let CircleChainEvent::ProposalMade { member, proposal, motion, subject, expires_at, .. } =
        story.what
    else {
        return Ok(());
    };
    let about = subject.as_ref().map(|subject| name_of(circle, subject)).unwrap_or_default();
    tell_all(changes, circle, "proposed", |to, name| Notice::Proposed {
        circle: circle.id,
        name,
        who: name_of(circle, member),
        you: to.address == *member,
        on: VoteOn::of(*motion),
        about: about.clone(),
        proposal: *proposal,
        expires_at: *expires_at,
        newcomer: circle.newcomer_of(*proposal),
        you_are_meant: subject.as_ref() == Some(&to.address),
    })
}

/// Votes on a seat that have passed with this: what now happens, and until when.
pub(super) fn tell_passed(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
) -> Result<(), Error> {
    let was_passed = |id| story.before.open_proposals().any(|b| b.id == id && b.passed_at != 0);
    let rules = circle.rules()?;
    for open in story.after.open_proposals() {
        if open.passed_at == 0 || was_passed(open.id) {
            continue;
        }
        let period = u64::from(rules.vote_period_s);
        let after = if open.motion == Motion::Move { period.saturating_add(1) } else { period };
        let about = circle.about(open.motion, open.subject);
        let subject = circle.holder(open.subject).map(|holder| &holder.address);
        tell_all(changes, circle, &format!("passed/{}", open.id), |to, name| Notice::VotePassed {
            circle: circle.id,
            name,
            on: VoteOn::of(open.motion),
            about: about.clone(),
            you_are_meant: subject == Some(&to.address),
            newcomer: circle.newcomer_of(open.id),
            proposal: open.id,
            at: Timestamp::from_unix(open.passed_at.saturating_add(after)),
        })?;
    }
    Ok(())
}

pub(super) fn tell_vote(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
    voter: &ChainAddress,
    proposal: u32,
    approve: bool,
) -> Result<(), Error> {
    // A vote that decides is followed by its result; the count of an open one is told to the voter.
    let still_open = |open: &&Proposal| open.id == proposal && open.passed_at == 0;
    let Some(open) = story.after.open_proposals().find(still_open) else {
        return Ok(());
    };
    let count = |votes: u64| u8::try_from(votes.count_ones()).unwrap_or(u8::MAX);
    tell_one(changes, circle, voter, "voted", |name| Notice::VoteCast {
        circle: circle.id,
        name,
        on: VoteOn::of(open.motion),
        about: circle.about(open.motion, open.subject),
        approve,
        yes: count(open.yes),
        no: count(open.no),
        electorate: count(open.electorate),
    })
}

/// Votes that cannot pass any more, by this vote or because somebody leaves. (`proposal_rejected` says
/// so as well, but no longer what it was about.)
pub(super) fn tell_rejected(
    changes: &mut Changes,
    circle: &Circle,
    story: &Story<'_>,
) -> Result<(), Error> {
    use CircleChainEvent as E;
    let decides = matches!(
        story.what,
        E::VoteCast { .. } | E::ExitAnnounced { .. } | E::MoveObjected { .. } | E::SeatSold { .. }
    );
    if !decides || story.after.phase != Phase::Active {
        return Ok(());
    }
    for open in story.before.open_proposals() {
        let there = story.after.open_proposals().any(|after| after.id == open.id);
        if !there && is_objection(circle, story.what, open) {
            tell_stopped(changes, circle, open)?;
            continue;
        }
        // A vote that has passed ends by being carried out, unless its seat is sold before.
        let sold = matches!(story.what, E::SeatSold { .. }) && open.motion != Motion::Replace;
        if open.passed_at != 0 && !sold {
            continue;
        }
        let expelled = open.motion == Motion::Expel
            && story.after.seat(open.subject).is_some_and(|seat| seat.marks.has(Marks::EXPELLED));
        if there || expelled {
            continue;
        }
        let (on, about) = (VoteOn::of(open.motion), whom(circle, story, open));
        tell_all(changes, circle, &format!("rejected/{}", open.id), |_, name| {
            Notice::ProposalRejected { circle: circle.id, name, on, about: about.clone() }
        })?;
    }
    Ok(())
}

/// Whom it was about: of a seat that has just been sold, not who sits there now.
fn whom(circle: &Circle, story: &Story<'_>, open: &Proposal) -> String {
    match (story.what, story.gone) {
        (CircleChainEvent::SeatSold { newcomer, .. }, Some(gone))
            if open.motion != Motion::Dissolve
                && circle.seat_of(newcomer) == Some(open.subject) =>
        {
            gone.name.clone()
        }
        _ => circle.about(open.motion, open.subject),
    }
}

/// Whether the event is the no of the one whose seat was to be moved.
fn is_objection(circle: &Circle, what: &CircleChainEvent, open: &Proposal) -> bool {
    use CircleChainEvent as E;
    let by = match what {
        E::MoveObjected { member } => member,
        E::VoteCast { member, proposal, approve: false } if *proposal == open.id => member,
        _ => return false,
    };
    open.motion == Motion::Move && circle.seat_of(by) == Some(open.subject)
}

fn tell_stopped(changes: &mut Changes, circle: &Circle, open: &Proposal) -> Result<(), Error> {
    let who = circle.about(open.motion, open.subject);
    let subject = circle.holder(open.subject).map(|holder| &holder.address);
    tell_all(changes, circle, "stopped", |to, name| {
        let (who, you) = (who.clone(), subject == Some(&to.address));
        Notice::MoveStopped { circle: circle.id, name, who, you }
    })
}

fn name_of(circle: &Circle, address: &ChainAddress) -> String {
    holder(circle, address).map(|holder| holder.name.clone()).unwrap_or_default()
}
