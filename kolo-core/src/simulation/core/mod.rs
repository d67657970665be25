//! The stage without a chain: the rules' engine, and around it who sits where, who is invited, and
//! everybody's money, strictly as contract and asset treat them.

mod group;
mod money;
mod running;

use group::Group;
use kolo_rules::Amount;
use money::{Purse, Purses};
use sha2::{Digest, Sha256};

use super::act::Act;
use super::error::StageError;
use super::reason::Reason;
use super::scenario::Scenario;
use super::stage::{CircleView, Outcome, Stage, View};

/// The stage without a chain.
#[derive(Clone, Debug)]
pub struct CoreStage {
    now: u64,
    purses: Purses,
    groups: Vec<Group>,
}

impl CoreStage {
    /// A stage whose circles have ids made of their names.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let id = |name: &str| sha256(format!("kolo:simulation:circle:{name}").as_bytes());
        let ids: Vec<_> = scenario.circles.iter().map(|circle| id(&circle.name)).collect();
        Self::with_ids(scenario, &ids)
    }

    /// A stage whose circles have these ids. What is drawn follows from them: with the ids of the
    /// contracts, as there.
    #[must_use]
    pub fn with_ids(scenario: &Scenario, ids: &[[u8; 32]]) -> Self {
        let people = scenario.people.iter().map(Purse::of).collect();
        let groups = scenario.circles.iter().zip(ids);
        let groups: Vec<_> = groups.map(|(plan, id)| Group::new(plan, *id)).collect();
        Self { now: scenario.begins_at, purses: Purses::new(people, groups.len()), groups }
    }

    fn take(&mut self, act: &Act) -> Outcome {
        let Self { now, purses, groups } = self;
        match act {
            Act::Call { circle, signers, call } => {
                let group = groups.get_mut(*circle).ok_or(Reason::BadMotion)?;
                group.call(*circle, call, signers, purses, *now)
            }
            Act::Send { from, to, amount } => purses.send(*from, *to, *amount),
            Act::Mint { to, amount } => purses.mint(*to, *amount),
            Act::Trustline { who, limit } => purses.trustline(*who, *limit),
            Act::Freeze { place, frozen } => purses.freeze(*place, *frozen),
            Act::Clawback { from, amount } => purses.claw_back(*from, *amount),
        }
    }
}

impl Stage for CoreStage {
    fn name(&self) -> &'static str {
        "core"
    }

    fn advance(&mut self, to: u64) -> Result<(), StageError> {
        self.now = self.now.max(to);
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<Outcome, StageError> {
        let mut next = self.clone();
        let outcome = next.take(act);
        if outcome.is_ok() {
            *self = next;
        }
        Ok(outcome)
    }

    fn look(&mut self) -> Result<View, StageError> {
        let circles = self.groups.iter().enumerate().map(|(index, group)| CircleView {
            state: group.circle().cloned().map(Box::new),
            members: group.members().to_vec(),
            vault: self.purses.vault(index),
        });
        Ok(View { balances: self.purses.balances(), circles: circles.collect() })
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn sum(amounts: &[Amount]) -> Result<Amount, Reason> {
    let mut sum = Amount::ZERO;
    for amount in amounts {
        sum = sum.checked_add(*amount).map_err(|_| Reason::BadAmount)?;
    }
    Ok(sum)
}
