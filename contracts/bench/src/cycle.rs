//! A whole cycle: everybody is invited, joins, and pays in every round, and every pot is paid out.
use std::collections::BTreeMap;

use crate::{
    entries::{LAST_PAYOUT, Row},
    failure::Failure,
    group::{Group, Wasm},
    ledger::Done,
};

/// What calls cost together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    pub calls: u64,
    pub instructions: u64,
    /// Stroops, without rent.
    pub fee: i64,
    pub rent: i64,
    /// Of the rent: for the code, which all circles share.
    pub code_rent: i64,
}

impl Sum {
    fn add(&mut self, done: &Done) {
        self.calls += 1;
        self.instructions += done.cost.instructions;
        self.fee += done.cost.fee;
        self.rent += done.cost.rent;
        self.code_rent += done.cost.code_rent;
    }
}

/// What a cycle costs.
pub struct Cycle {
    pub by_function: BTreeMap<&'static str, Sum>,
    pub last_payout: Row,
}

impl Cycle {
    pub fn total(&self) -> Sum {
        self.by_function.values().fold(Sum::default(), |total, sum| Sum {
            calls: total.calls + sum.calls,
            instructions: total.instructions + sum.instructions,
            fee: total.fee + sum.fee,
            rent: total.rent + sum.rent,
            code_rent: total.code_rent + sum.code_rent,
        })
    }
}

/// Plays it, on time and in weekly rounds.
pub fn play(wasm: &Wasm, seats: u8) -> Result<Cycle, Failure> {
    let mut by_function: BTreeMap<&'static str, Sum> = BTreeMap::new();
    let mut add = |function, done: &Done| by_function.entry(function).or_default().add(done);
    let (mut group, created) = Group::found(wasm, seats)?;
    add("create", &created);
    for _ in 0..seats {
        let person = group.person()?;
        let [invited, joined] = group.seat(&person)?;
        add("invite", &invited);
        add("join", &joined);
    }
    let mut last = None;
    for round in 1..=seats {
        let (paid, payout) = group.play(round)?;
        for done in &paid {
            add("contribute", done);
        }
        add("payout", &payout);
        last = Some(payout);
    }
    let last = last.ok_or_else(|| Failure::Call("a cycle has rounds".to_owned()))?;
    Ok(Cycle { by_function, last_payout: Row::new(LAST_PAYOUT, last) })
}
