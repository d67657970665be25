//! What members decide together.
use kolo_contract_common::{Error, pack};
use kolo_rules::{
    Amount,
    circle::{Marks, Motion, Phase, Proposal, VoteOutcome},
};
use soroban_sdk::Address;

use crate::{
    book::Book,
    closing::{self, DISSOLVED},
    events::{MemberExpelled, ProposalMade, ProposalRejected, VoteCast},
};

/// Opens a vote with the proposer's yes. To dissolve needs no subject; to replace or move a seat needs
/// who is to sit there instead.
pub fn propose(
    book: &mut Book<'_>,
    member: Address,
    motion: u32,
    subject: Option<Address>,
    newcomer: Option<Address>,
) -> Result<(), Error> {
    book.signed_by(&member);
    let index = usize::try_from(motion).map_err(|_| Error::BadMotion)?;
    let kind = *Motion::ALL.get(index).ok_or(Error::BadMotion)?;
    let seat = book.seat(&member)?;
    let about = match (&subject, kind) {
        (None, Motion::Dissolve) => 0,
        (Some(subject), Motion::Expel | Motion::Replace | Motion::Move) => book.seat(subject)?,
        _ => return Err(Error::BadMotion),
    };
    match (needs_newcomer(kind), &newcomer) {
        (false, None) => {}
        (true, Some(newcomer)) => {
            let person = pack(newcomer)?;
            if person == pack(&book.at)? {
                return Err(Error::BadMotion);
            }
            if book.seat(newcomer).is_ok() {
                return Err(Error::AlreadyMember);
            }
            book.pending.set_newcomer(kind, Some(&person));
        }
        _ => return Err(Error::BadMotion),
    }
    let outcome = book.circle.propose(&book.rules, seat, kind, about, book.now)?;
    book.require_covered(Amount::ZERO)?;
    let proposal = book.circle.proposals;
    let open = find(book, proposal);
    let electorate = open.map_or(0, |open| open.electorate_size());
    let expires_at = open.map_or(0, |open| open.expires_at);
    book.announce(&ProposalMade {
        member,
        proposal,
        motion,
        subject,
        newcomer,
        electorate,
        expires_at,
    });
    match outcome {
        VoteOutcome::Passed => {
            if kind == Motion::Expel {
                announce_expelled(book, about);
            }
            announce_end(book);
        }
        VoteOutcome::Rejected => book.announce(&ProposalRejected { proposal }),
        _ => {}
    }
    Ok(())
}

/// One vote, which may be changed until it is decided. With the one that decides, the circle is
/// dissolved or the member expelled in the same call.
pub fn vote(
    book: &mut Book<'_>,
    member: Address,
    proposal: u32,
    approve: bool,
) -> Result<(), Error> {
    book.signed_by(&member);
    let seat = book.seat(&member)?;
    let undecided = undecided(book);
    book.circle.vote(&book.rules, seat, proposal, approve, book.now)?;
    book.require_covered(Amount::ZERO)?;
    book.announce(&VoteCast { member, proposal, approve });
    announce_decided(book, &undecided);
    Ok(())
}

/// Whether it is about who is to sit there instead.
const fn needs_newcomer(motion: Motion) -> bool {
    matches!(motion, Motion::Replace | Motion::Move)
}

/// What is being voted on.
pub type Undecided = [Option<Proposal>; Motion::ALL.len()];

/// What is being voted on before a step that may decide it.
pub fn undecided(book: &Book<'_>) -> Undecided {
    let mut undecided = [None; Motion::ALL.len()];
    let open = book.circle.open_proposals().filter(|open| open.passed_at == 0);
    for (slot, open) in undecided.iter_mut().zip(open) {
        *slot = Some(*open);
    }
    undecided
}

/// What the step has decided: a vote may be the one that was missing, and somebody who leaves takes
/// theirs with them.
pub fn announce_decided(book: &mut Book<'_>, before: &Undecided) {
    if book.circle.phase != Phase::Dissolved {
        for was in before.iter().flatten() {
            if find(book, was.id).is_some() {
                continue;
            }
            if was.motion != Motion::Expel || !announce_expelled(book, was.subject) {
                book.announce(&ProposalRejected { proposal: was.id });
            }
        }
    }
    announce_end(book);
}

fn announce_end(book: &mut Book<'_>) {
    if book.circle.phase == Phase::Dissolved {
        closing::announce(book, DISSOLVED);
    }
}

fn find(book: &Book<'_>, proposal: u32) -> Option<Proposal> {
    book.circle.open_proposals().find(|open| open.id == proposal).copied()
}

/// Says so if the member of this seat is expelled.
fn announce_expelled(book: &mut Book<'_>, seat: u8) -> bool {
    let expelled = book.circle.seat(seat).is_some_and(|seat| seat.marks.has(Marks::EXPELLED));
    if let (true, Ok(member)) = (expelled, book.address(seat)) {
        book.announce(&MemberExpelled { member });
    }
    expelled
}
