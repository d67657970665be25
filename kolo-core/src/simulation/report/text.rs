//! The report as text.

use std::fmt;

use super::{DebtLine, Figures, PersonEnd, Report, StepReport};

/// `ada 90  bola 100`.
pub fn line(figures: &Figures) -> String {
    let parts: Vec<String> =
        figures.0.iter().map(|(name, amount)| format!("{name} {amount}")).collect();
    parts.join("  ")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        if let Some(about) = &self.about {
            writeln!(f, "{}", about.trim_end())?;
        }
        let date = self.begins.split('T').next().unwrap_or_default();
        writeln!(f, "Amounts in {}; day 0 is {date}; played on {}.\n", self.asset, self.on)?;
        let numbers = self.steps.iter().map(|step| step.number().len()).max().unwrap_or(0);
        let days = self.steps.iter().map(|step| step.day.len()).max().unwrap_or(0);
        for step in &self.steps {
            write_step(f, step, numbers, days)?;
        }
        writeln!(f, "\nAt the end")?;
        write_people(f, &self.end.people)?;
        writeln!(f)?;
        for circle in &self.end.circles {
            write!(f, "{}: {}, ", circle.name, circle.phase)?;
            if let Some(rounds) = circle.rounds_paid {
                write!(f, "{rounds} rounds paid out, ")?;
            }
            write!(f, "the vault holds {} and owes {}", circle.vault, circle.owes)?;
            if circle.reserve.0.is_positive() || circle.insurance.0.is_positive() {
                write!(f, " (reserve {}, insurance {})", circle.reserve, circle.insurance)?;
            }
            writeln!(f)?;
        }
        for debt in &self.end.debts {
            write_debt(f, debt)?;
        }
        for unmet in &self.unmet {
            writeln!(f, "NOT AS EXPECTED: {unmet}")?;
        }
        Ok(())
    }
}

fn write_step(
    f: &mut fmt::Formatter<'_>,
    step: &StepReport,
    numbers: usize,
    days: usize,
) -> fmt::Result {
    if let Some(note) = &step.note {
        writeln!(f, "{:numbers$}  {:days$}  # {note}", "", "")?;
    }
    let (number, day) = (step.number(), &step.day);
    writeln!(f, "{number:>numbers$}  {day:days$}  {}: {}", step.what, step.result())?;
    let (balances, vaults) = (line(&step.balances), line(&step.vaults));
    let bar = if vaults.is_empty() { "" } else { " | " };
    writeln!(f, "{:numbers$}  {:days$}    {balances}{bar}{vaults}", "", "")
}

const HEAD: [&str; 8] = ["", "had", "has", "change", "owes", "is owed", "waiting", "deposit"];

fn write_people(f: &mut fmt::Formatter<'_>, people: &[PersonEnd]) -> fmt::Result {
    let mut rows: Vec<[String; 8]> = vec![HEAD.map(str::to_owned)];
    for person in people {
        let change = if person.change.0.is_positive() { "+" } else { "" };
        rows.push([
            person.name.clone(),
            person.had.to_string(),
            person.has.to_string(),
            format!("{change}{}", person.change),
            person.debts.to_string(),
            person.claims.to_string(),
            person.waiting.to_string(),
            person.deposits.to_string(),
        ]);
    }
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    for row in &rows {
        let mut text = String::from(" ");
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let cell =
                if column == 0 { format!(" {cell:width$}") } else { format!("  {cell:>width$}") };
            text.push_str(&cell);
        }
        writeln!(f, "{}", text.trim_end())?;
    }
    Ok(())
}

fn write_debt(f: &mut fmt::Formatter<'_>, debt: &DebtLine) -> fmt::Result {
    let DebtLine { circle, debtor, creditor, amount, .. } = debt;
    write!(f, "{debtor} owes {amount} to {creditor}")?;
    if let Some(round) = debt.round {
        write!(f, " for round {round}")?;
    }
    writeln!(f, " of {circle}")
}
