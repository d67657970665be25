//! What members decide together.
use kolo_contract_common::Error;
use kolo_rules::circle::{Marks, Motion, Packed, Phase, Proposal, VoteOutcome};
use soroban_sdk::{Address, Env};

use crate::{
    book::Book,
    closing::{self, DISSOLVED},
    events::{MemberExpelled, ProposalMade, ProposalRejected, VoteCast},
    members::pack,
    storage,
};

/// Opens a vote with the proposer's yes. To dissolve needs no subject; to replace or move a seat needs
/// who is to sit there instead.
pub fn propose(
    env: &Env,
    member: Address,
    motion: u32,
    subject: Option<Address>,
    newcomer: Option<Address>,
) -> Result<(), Error> {
    member.require_auth();
    let index = usize::try_from(motion).map_err(|_| Error::BadMotion)?;
    let kind = *Motion::ALL.get(index).ok_or(Error::BadMotion)?;
    let mut packed = Packed::new();
    let book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    let about = match (&subject, kind) {
        (None, Motion::Dissolve) => 0,
        (Some(subject), Motion::Expel | Motion::Replace | Motion::Move) => book.seat(subject)?,
        _ => return Err(Error::BadMotion),
    };
    match (storage::newcomer_key(kind), &newcomer) {
        (None, None) => {}
        (Some(_), Some(newcomer)) if pack(newcomer)? == pack(&env.current_contract_address())? => {
            return Err(Error::BadMotion);
        }
        (Some(_), Some(newcomer)) if book.seat(newcomer).is_ok() => {
            return Err(Error::AlreadyMember);
        }
        (Some(key), Some(newcomer)) => storage::set_entry(env, key, newcomer),
        _ => return Err(Error::BadMotion),
    }
    let (book, outcome) =
        book.settle(|book| Ok(book.circle.propose(&book.rules, seat, kind, about, book.now)?))?;
    let proposal = book.circle.proposals;
    let open = find(&book, proposal);
    let electorate = open.map_or(0, |open| open.electorate_size());
    let expires_at = open.map_or(0, |open| open.expires_at);
    ProposalMade { member, proposal, motion, subject, newcomer, electorate, expires_at }
        .publish(env);
    match outcome {
        VoteOutcome::Passed => {
            if kind == Motion::Expel {
                announce_expelled(&book, about);
            }
            announce_end(&book);
        }
        VoteOutcome::Rejected => ProposalRejected { proposal }.publish(env),
        _ => {}
    }
    book.close()
}

/// One vote, which may be changed until it is decided. With the one that decides, the circle is
/// dissolved or the member expelled in the same call.
pub fn vote(env: &Env, member: Address, proposal: u32, approve: bool) -> Result<(), Error> {
    member.require_auth();
    let mut packed = Packed::new();
    let book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    let undecided = undecided(&book);
    let (book, _) = book
        .settle(|book| Ok(book.circle.vote(&book.rules, seat, proposal, approve, book.now)?))?;
    VoteCast { member, proposal, approve }.publish(env);
    announce_decided(&book, &undecided);
    book.close()
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
pub fn announce_decided(book: &Book<'_>, before: &Undecided) {
    if book.circle.phase != Phase::Dissolved {
        for was in before.iter().flatten().filter(|was| find(book, was.id).is_none()) {
            if was.motion != Motion::Expel || !announce_expelled(book, was.subject) {
                ProposalRejected { proposal: was.id }.publish(book.env);
            }
        }
    }
    announce_end(book);
}

fn announce_end(book: &Book<'_>) {
    if book.circle.phase == Phase::Dissolved {
        closing::announce(book.env, DISSOLVED);
    }
}

fn find(book: &Book<'_>, proposal: u32) -> Option<Proposal> {
    book.circle.open_proposals().find(|open| open.id == proposal).copied()
}

/// Says so if the member of this seat is expelled.
fn announce_expelled(book: &Book<'_>, seat: u8) -> bool {
    let expelled = book.circle.seat(seat).is_some_and(|seat| seat.marks.has(Marks::EXPELLED));
    if let (true, Ok(member)) = (expelled, book.address(seat)) {
        MemberExpelled { member }.publish(book.env);
    }
    expelled
}
