//! Every entry point, each call on a copy of the same ledger.
use ed25519_dalek::SigningKey;
use soroban_env_host::xdr::AccountId;

use crate::{
    failure::Failure,
    group::{DAY, Group, WEEK, Wasm, by_address, by_key},
    ledger::{Call, Cost, Done},
    trace::Trace,
    world::account,
};

/// How many other circles there are when `create` is measured again.
pub const OTHER_CIRCLES: u8 = 16;

pub const CREATE: Entry = Entry { function: "create", case: "" };
pub const CREATE_AGAIN: Entry = Entry { function: "create", case: "after 16 other circles" };
/// The dearest of all members in the middle of the cycle.
pub const CONTRIBUTE: Entry = Entry { function: "contribute", case: "the dearest seat" };
pub const PAYOUT: Entry = Entry { function: "payout", case: "" };
pub const LAST_PAYOUT: Entry = Entry { function: "payout", case: "the last, circle deleted" };

/// An entry point, and the case measured if there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub function: &'static str,
    pub case: &'static str,
}

/// What one call costs.
pub struct Row {
    pub entry: Entry,
    pub cost: Cost,
    pub trace: Trace,
}

impl Row {
    pub fn new(entry: Entry, done: Done) -> Self {
        Self { entry, cost: done.cost, trace: done.trace }
    }
}

/// Measures a circle of so many members, at least three.
pub fn measure(wasm: &Wasm, seats: u8) -> Result<Vec<Row>, Failure> {
    let mut rows = Rows::default();
    let mut group = forming(wasm, seats, &mut rows)?;
    let middle = seats.div_ceil(2);
    rows.measure(
        "contribute",
        "the first of all",
        &group,
        &group.contribute(&group.members[0], 1)?,
    )?;
    for round in 1..middle {
        group.play(round)?;
    }
    paying(&mut group, middle, &mut rows)?;
    closing(&group, middle + 1, &mut rows)?;
    views(&group, &mut rows)?;
    Ok(rows.0)
}

#[derive(Default)]
struct Rows(Vec<Row>);

impl Rows {
    fn add(&mut self, function: &'static str, case: &'static str, done: Done) {
        self.0.push(Row::new(Entry { function, case }, done));
    }

    fn measure(
        &mut self,
        function: &'static str,
        case: &'static str,
        group: &Group,
        call: &Call,
    ) -> Result<(), Failure> {
        self.add(function, case, group.world.measure(call)?);
        Ok(())
    }
}

/// From the factory to the start.
fn forming(wasm: &Wasm, seats: u8, rows: &mut Rows) -> Result<Group, Failure> {
    let (mut group, created) = Group::found(wasm, seats)?;
    rows.0.push(Row::new(CREATE, created));
    for salt in 1..=OTHER_CIRCLES {
        let call = group.create(salt)?;
        group.world.apply(&call)?;
    }
    rows.0.push(Row::new(CREATE_AGAIN, group.world.measure(&group.create(u8::MAX)?)?));

    for _ in 1..seats {
        let person = group.person()?;
        group.seat(&person)?;
    }
    // All seats but one are taken.
    let last = group.person()?;
    let Some(member) = group.members.last().cloned() else { return Err(nobody()) };
    rows.measure("leave", "", &group, &group.leave(&member)?)?;
    rows.measure("remove", "", &group, &group.remove(&member)?)?;
    rows.measure("start", "", &group, &group.by_organiser("start", vec![])?)?;
    rows.measure("cancel", "", &group, &group.by_organiser("cancel", vec![])?)?;
    joining(&group, &last, rows)?;
    group.seat(&last)?;
    Ok(group)
}

/// The last seat is taken, by address and by key: the circle starts with it.
fn joining(group: &Group, last: &AccountId, rows: &mut Rows) -> Result<(), Failure> {
    let mut group = group.clone();
    let key = SigningKey::from_bytes(&[3; 32]);
    rows.measure("invite", "an address", &group, &group.invite(by_address(last))?)?;
    rows.measure("invite", "a key", &group, &group.invite(by_key(&key)?)?)?;
    let call = group.invite(by_address(last))?;
    group.world.apply(&call)?;
    rows.measure("revoke", "", &group, &group.revoke(by_address(last))?)?;
    rows.measure("join", "by address, starts", &group, &group.join(last)?)?;
    let call = group.invite(by_key(&key)?)?;
    group.world.apply(&call)?;
    rows.measure("join", "by key, starts", &group, &group.join_with(last, &key)?)
}

/// One round in the middle of the cycle, and what can go wrong in it.
fn paying(group: &mut Group, round: u8, rows: &mut Rows) -> Result<(), Failure> {
    group.world.ledger.pass(WEEK / 2);
    let mut dearest: Option<Done> = None;
    let members = group.members.clone();
    for member in &members {
        let call = group.contribute(member, round)?;
        if members.last() == Some(member) {
            defaulting(group, member, round, rows)?;
        }
        let done = group.world.apply(&call)?;
        if dearest.as_ref().is_none_or(|other| other.cost.instructions < done.cost.instructions) {
            dearest = Some(done);
        }
    }
    rows.0.push(Row::new(CONTRIBUTE, dearest.ok_or_else(nobody)?));

    group.world.ledger.pass(WEEK / 2);
    undeliverable(group, round, rows)?;
    let call = group.payout(round)?;
    rows.0.push(Row::new(PAYOUT, group.world.apply(&call)?));
    Ok(())
}

/// One member does not pay, and repays later.
fn defaulting(
    group: &Group,
    member: &AccountId,
    round: u8,
    rows: &mut Rows,
) -> Result<(), Failure> {
    let mut group = group.clone();
    group.world.ledger.pass(WEEK / 2 + DAY + 1);
    let call = group.payout(round)?;
    rows.add("payout", "a short pot", group.world.apply(&call)?);
    rows.measure("repay", "", &group, &group.repay(member)?)
}

/// The recipient is frozen, and later not any more.
fn undeliverable(group: &Group, round: u8, rows: &mut Rows) -> Result<(), Failure> {
    let mut group = group.clone();
    let Some(recipient) = group.members.get(usize::from(round) - 1).cloned() else {
        return Err(nobody());
    };
    group.world.set_trustline(&recipient, 0, false);
    let call = group.payout(round)?;
    rows.add("payout", "undeliverable", group.world.apply(&call)?);
    group.world.set_trustline(&recipient, 0, true);
    rows.measure("push", "", &group, &group.by_anybody("push", vec![account(&recipient)])?)
}

/// Everybody has paid for the round, and then they vote to dissolve.
fn closing(group: &Group, round: u8, rows: &mut Rows) -> Result<(), Failure> {
    let mut group = group.clone();
    for member in &group.members {
        let call = group.contribute(member, round)?;
        group.world.apply(&call)?;
    }
    let (Some(first), Some(second), Some(last)) =
        (group.members.first(), group.members.get(1), group.members.last())
    else {
        return Err(nobody());
    };
    rows.add("propose", "", group.world.apply(&group.propose(first)?)?);
    rows.measure("vote", "no", &group, &group.vote(second, false)?)?;
    // Passes with 51 of 100; the proposer has voted.
    let needed = (usize::from(group.seats) * 51).div_ceil(100);
    for (index, member) in group.members.iter().enumerate().take(needed).skip(1) {
        let call = group.vote(member, true)?;
        let done = group.world.apply(&call)?;
        if index + 1 == needed {
            rows.add("vote", "the one that decides", done);
        }
    }
    rows.measure("claim", "", &group, &group.by_anybody("claim", vec![account(last)])?)
}

fn views(group: &Group, rows: &mut Rows) -> Result<(), Failure> {
    rows.measure("sync", "nothing to do", group, &group.by_anybody("sync", vec![])?)?;
    let mut gifted = group.clone();
    let Some(giver) = group.members.first() else { return Err(nobody()) };
    gifted.world.apply(&group.gift(giver)?)?;
    rows.measure("sync", "a surplus", &gifted, &gifted.by_anybody("sync", vec![])?)?;
    let mut later = group.clone();
    later.world.ledger.pass(100 * DAY);
    rows.measure("extend_ttl", "after 100 days", &later, &later.by_anybody("extend_ttl", vec![])?)?;
    rows.measure("extend_ttl", "", group, &group.by_anybody("extend_ttl", vec![])?)
}

fn nobody() -> Failure {
    Failure::Call("a circle has at least three members here".to_owned())
}
