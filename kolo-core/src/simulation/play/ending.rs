//! How things stand when the play is over, and what was expected.

use kolo_rules::circle::Phase;
use kolo_rules::{Amount, Circle};

use super::{Play, countable};
use crate::simulation::error::{At, PlayError};
use crate::simulation::report::{CircleEnd, DebtLine, End, PersonEnd, Units};
use crate::simulation::scenario::{Expected, Figure};
use crate::simulation::standing::Standing;

impl Play<'_> {
    /// Writes the end of the report.
    pub fn end(&mut self) -> Result<(), PlayError> {
        let at = At { line: 1, what: "the end".to_owned() };
        let mut people = Vec::new();
        for (index, plan) in self.scenario.people.iter().enumerate() {
            let standing = self.standing(&at, index)?;
            let has = self.view.balances.get(index).copied().unwrap_or_default();
            let change = countable(&at, has.checked_sub(plan.balance).map_err(Into::into))?;
            people.push(PersonEnd {
                name: plan.name.clone(),
                had: Units(plan.balance),
                has: Units(has),
                change: Units(change),
                debts: Units(standing.debts),
                claims: Units(standing.claims),
                waiting: Units(standing.waiting),
                deposits: Units(standing.deposits),
            });
        }
        let (mut circles, mut debts) = (Vec::new(), Vec::new());
        for index in 0..self.scenario.circles.len() {
            circles.extend(self.circle_end(&at, index)?);
            debts.extend(self.debt_lines(index));
        }
        self.check_end(&people, &circles);
        self.report.end = End { people, circles, debts };
        Ok(())
    }

    fn standing(&self, at: &At, person: usize) -> Result<Standing, PlayError> {
        let mut sum = Standing::default();
        for view in &self.view.circles {
            if let Some((state, seat)) = view.state.as_deref().zip(view.seat(person)) {
                let own = Standing::of(state, seat);
                sum = countable(at, own.and_then(|own| sum.plus(own)))?;
            }
        }
        Ok(sum)
    }

    fn circle_end(&self, at: &At, index: usize) -> Result<Option<CircleEnd>, PlayError> {
        let Some((plan, view)) = self.scenario.circles.get(index).zip(self.view.circles.get(index))
        else {
            return Ok(None);
        };
        let state = view.state.as_deref();
        let owes = match state {
            Some(state) => countable(at, state.liabilities())?,
            None => Amount::ZERO,
        };
        Ok(Some(CircleEnd {
            name: plan.name.clone(),
            phase: state.map_or("settled", |state| phase(state.phase)),
            rounds_paid: state.map(|state| state.rounds_paid),
            vault: Units(view.vault),
            owes: Units(owes),
            reserve: Units(state.map_or(Amount::ZERO, |state| state.reserve)),
            insurance: Units(state.map_or(Amount::ZERO, |state| state.fund)),
        }))
    }

    /// Who owes what to whom.
    fn debt_lines(&self, index: usize) -> Vec<DebtLine> {
        let mut lines = Vec::new();
        let Some((plan, view)) = self.scenario.circles.get(index).zip(self.view.circles.get(index))
        else {
            return lines;
        };
        let Some(state) = view.state.as_deref() else { return lines };
        let name = |seat: u8| {
            let person = view.members.get(usize::from(seat));
            person.map_or_else(String::new, |person| self.name(*person).to_owned())
        };
        let mut line = |debtor: u8, creditor: String, round: Option<u8>, amount: Amount| {
            if amount.is_positive() {
                let (circle, debtor) = (plan.name.clone(), name(debtor));
                lines.push(DebtLine { circle, debtor, creditor, round, amount: Units(amount) });
            }
        };
        for debt in state.debts() {
            let left = state.seat(debt.debtor).is_some_and(|row| row.left_after != 0);
            for round in debt.first..=debt.last {
                let by_bid = state.is_won_by_bid(round);
                if by_bid {
                    let all = "all who took part".to_owned();
                    line(debt.debtor, all, Some(round), debt.to_member);
                } else if let (Some(recipient), false) = (state.seat_of_turn(round), left) {
                    line(debt.debtor, name(recipient), Some(round), debt.to_member);
                }
                line(debt.debtor, "the insurance".to_owned(), Some(round), debt.to_fund);
            }
        }
        for seat in 0..state.len() {
            let Some(row) = state.seat(seat) else { continue };
            line(seat, "the reserve (late fees)".to_owned(), None, row.fees);
            let creditors = creditors(state, &name);
            line(seat, creditors, None, row.pooled);
        }
        lines
    }

    fn check_end(&mut self, people: &[PersonEnd], circles: &[CircleEnd]) {
        for expected in &self.scenario.expected {
            let (what, wanted, found) = match expected {
                Expected::Vault(circle, wanted) => {
                    let Some(end) = circles.get(*circle) else { continue };
                    (format!("the vault of {}", end.name), *wanted, end.vault.0)
                }
                Expected::Person(figure, person, wanted) => {
                    let Some(end) = people.get(*person) else { continue };
                    let found = match figure {
                        Figure::Balance => end.has,
                        Figure::Debts => end.debts,
                        Figure::Claims => end.claims,
                        Figure::Waiting => end.waiting,
                        Figure::Deposits => end.deposits,
                    };
                    (format!("{} of {}", figure.name(), end.name), *wanted, found.0)
                }
            };
            if wanted != found {
                let (wanted, found) = (Units(wanted), Units(found));
                self.report
                    .unmet
                    .push(format!("at the end: {what}: expected {wanted}, is {found}"));
            }
        }
    }
}

/// Those who miss something of their claims, to whom what is pooled is owed.
fn creditors(state: &Circle, name: &impl Fn(u8) -> String) -> String {
    let misses = |seat: &u8| state.seat(*seat).is_some_and(|row| row.uncovered.is_positive());
    let names: Vec<String> = (0..state.len()).filter(misses).map(name).collect();
    if names.is_empty() { "all".to_owned() } else { names.join(", ") }
}

const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Forming => "forming",
        Phase::Committing => "committing",
        Phase::Revealing => "revealing",
        Phase::Securing => "securing",
        Phase::Active => "active",
        Phase::Completed => "completed",
        Phase::Dissolved => "dissolved",
        Phase::Cancelled => "cancelled",
        _ => "unknown",
    }
}
