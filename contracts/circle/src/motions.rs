//! What members decide together.
use kolo_contract_common::Error;
use kolo_rules::circle::{Marks, Motion, Packed, Phase, Proposal, VoteOutcome};
use soroban_sdk::{Address, Env};

use crate::{
    book::Book,
    closing::{self, DISSOLVED},
    events::{MemberExpelled, ProposalMade, ProposalRejected, VoteCast},
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
    let mut book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    let about = match (&subject, kind) {
        (None, Motion::Dissolve) => 0,
        (Some(subject), Motion::Expel | Motion::Replace | Motion::Move) => book.seat(subject)?,
        _ => return Err(Error::BadMotion),
    };
    match (storage::newcomer_key(kind), &newcomer) {
        (None, None) => {}
        (Some(_), Some(newcomer)) if book.seat(newcomer).is_ok() => return Err(Error::AlreadyMember),
        (Some(key), Some(newcomer)) => storage::set_entry(env, key, newcomer),
        _ => return Err(Error::BadMotion),
    }
    let outcome = book.circle.propose(&book.rules, seat, kind, about, book.now)?;
    let proposal = book.circle.proposals;
    let open = find(&book, proposal);
    let electorate = open.map_or(0, |open| open.electorate_size());
    let expires_at = open.map_or(0, |open| open.expires_at);
    ProposalMade { member, proposal, motion, subject, newcomer, electorate, expires_at }
        .publish(env);
    announce_outcome(&book, outcome, proposal, None);
    book.close()
}

/// One vote, which may be changed until it is decided. With the one that decides, the circle is
/// dissolved or the member expelled in the same call.
pub fn vote(env: &Env, member: Address, proposal: u32, approve: bool) -> Result<(), Error> {
    member.require_auth();
    let mut packed = Packed::new();
    let mut book = Book::open(env, &mut packed)?;
    let seat = book.seat(&member)?;
    let before = find(&book, proposal);
    let outcome = book.circle.vote(&book.rules, seat, proposal, approve, book.now)?;
    VoteCast { member, proposal, approve }.publish(env);
    let expelled = before.filter(|open| open.motion == Motion::Expel).map(|open| open.subject);
    announce_outcome(&book, outcome, proposal, expelled);
    book.close()
}

/// What else the step may have decided: that somebody left may end the circle.
pub fn announce_end(book: &Book<'_>) {
    if book.circle.phase == Phase::Dissolved {
        closing::announce(book.env, DISSOLVED);
    }
}

fn find(book: &Book<'_>, proposal: u32) -> Option<Proposal> {
    book.circle.open_proposals().find(|open| open.id == proposal).copied()
}

fn announce_outcome(
    book: &Book<'_>,
    outcome: VoteOutcome,
    proposal: u32,
    subject: Option<u8>,
) {
    match outcome {
        VoteOutcome::Passed => {
            let expelled = subject.filter(|seat| {
                book.circle.seat(*seat).is_some_and(|seat| seat.marks.has(Marks::EXPELLED))
            });
            if let Some(Ok(member)) = expelled.map(|seat| book.members.address(seat)) {
                MemberExpelled { member }.publish(book.env);
            }
            announce_end(book);
        }
        VoteOutcome::Rejected => ProposalRejected { proposal }.publish(book.env),
        _ => {}
    }
}
