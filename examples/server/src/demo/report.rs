//! The closing table: books against chain, to the stroop.
use kolo_core::{Amount, CircleId, Money};
use serde_json::{Value, json};

use super::DemoError;
use super::people::Cast;
use crate::stack::Stack;

/// Longest history looked through per person.
const HISTORY: usize = 100;

/// One person's account.
struct Line {
    name: String,
    number: String,
    turn: u8,
    paid_in: Amount,
    received: Amount,
    payouts: usize,
    books: Amount,
    chain: Amount,
}

/// What came of the story.
pub struct Report {
    /// Whether books and chain agree and everyone had exactly one payout.
    pub ok: bool,
    people: Vec<Line>,
    circle: Value,
    totals: Totals,
    unit: kolo_core::Asset,
}

/// What it took.
struct Totals {
    pot_books: Amount,
    pot_chain: Amount,
    transactions: u64,
    fees: i64,
    messages: usize,
    /// From a message to the last reply it caused, settlement included: p99 and the slowest.
    turn_ms: (u128, u128),
}

/// Asks the ledger and the chain, each for itself.
pub(super) async fn settle_accounts(
    stack: &Stack,
    cast: &Cast,
    circle: CircleId,
    messages: usize,
    turn_ms: (u128, u128),
) -> Result<Report, DemoError> {
    let status = stack.kolo.circles().status(circle).await?;
    let mut people = Vec::new();
    for person in &cast.people {
        let found = stack.kolo.members().by_contact(&person.contact()).await?;
        let member = found.ok_or(DemoError::Stuck("lost a member"))?;
        let wallet = stack.kolo.wallets().balance(member.id).await?;
        let history = stack.kolo.wallets().history(member.id, None, HISTORY).await?;
        let payouts = history.lines.iter().filter(|line| line.kind == "payout").count();
        let seat = status.seats.iter().find(|seat| seat.member == Some(member.id));
        let seat = seat.ok_or(DemoError::Stuck("lost a seat"))?;
        people.push(Line {
            name: person.name.clone(),
            number: person.number.clone(),
            turn: seat.turn,
            paid_in: seat.paid,
            received: seat.received,
            payouts,
            books: wallet.settled,
            chain: wallet
                .on_chain
                .ok_or(DemoError::Stuck("cannot be compared: the chain is silent"))?,
        });
    }
    let figures = stack.meter.figures();
    let totals = Totals {
        pot_books: status.vault,
        pot_chain: status.vault_on_chain.unwrap_or(Amount::ZERO),
        transactions: figures.confirmed.saturating_add(figures.failed),
        fees: figures.fees,
        messages,
        turn_ms,
    };
    let ok = agrees(&people, &totals, status.full_pot);
    let circle = json!({
        "name": status.summary.name,
        "address": status.summary.address.0,
        "members": status.rounds,
        "contribution": text(status.summary.rules.contribution, 7),
        "pot": text(status.full_pot, 7),
        "rules_hash": data_encoding::HEXLOWER.encode(&status.summary.rules_hash),
    });
    Ok(Report { ok, people, circle, totals, unit: status.summary.asset })
}

fn agrees(people: &[Line], totals: &Totals, pot: Amount) -> bool {
    let everyone = people.iter().all(|person| {
        person.books == person.chain
            && person.payouts == 1
            && person.paid_in == pot
            && person.received == pot
    });
    everyone && totals.pot_books.is_zero() && totals.pot_chain.is_zero()
}

fn text(amount: Amount, decimals: u8) -> String {
    amount.display(decimals, 2).to_string()
}

impl Report {
    /// One JSON object: people, circle, totals, ok. Amounts are decimal texts, fees stroops of XLM.
    #[must_use]
    pub fn json(&self) -> Value {
        let decimals = self.unit.decimals;
        let people: Vec<_> = self
            .people
            .iter()
            .map(|person| {
                json!({
                    "name": person.name,
                    "number": person.number,
                    "turn": person.turn,
                    "paid_in": text(person.paid_in, decimals),
                    "received": text(person.received, decimals),
                    "payouts": person.payouts,
                    "balance_books": text(person.books, decimals),
                    "balance_chain": text(person.chain, decimals),
                })
            })
            .collect();
        json!({
            "ok": self.ok,
            "people": people,
            "circle": self.circle,
            "totals": {
                "pot_books": text(self.totals.pot_books, decimals),
                "pot_chain": text(self.totals.pot_chain, decimals),
                "transactions": self.totals.transactions,
                "fees_stroops": self.totals.fees,
                "messages": self.totals.messages,
                "turn_p99_ms": self.totals.turn_ms.0,
                "turn_max_ms": self.totals.turn_ms.1,
            },
        })
    }

    /// The same as a table for people.
    #[must_use]
    pub fn table(&self) -> String {
        let decimals = self.unit.decimals;
        let mut lines = vec![
            String::new(),
            format!(
                "{:<12} {:>4} {:>12} {:>12} {:>8} {:>14} {:>14}",
                "person", "turn", "paid in", "received", "payouts", "in the books", "on the chain"
            ),
        ];
        for person in &self.people {
            lines.push(format!(
                "{:<12} {:>4} {:>12} {:>12} {:>8} {:>14} {:>14}",
                person.name,
                person.turn,
                text(person.paid_in, decimals),
                text(person.received, decimals),
                person.payouts,
                text(person.books, decimals),
                text(person.chain, decimals),
            ));
        }
        let money = |amount| Money { amount, asset: self.unit.clone() };
        let fees = Amount::new(self.totals.fees);
        lines.push(format!(
            "pot: {} in the books, {} on the chain",
            money(self.totals.pot_books),
            money(self.totals.pot_chain)
        ));
        lines.push(format!(
            "{} messages, {} transactions, fees {} XLM, all paid by the operator",
            self.totals.messages,
            self.totals.transactions,
            fees.display(7, 2)
        ));
        lines.push(format!(
            "from a message to its last reply, settlement included: p99 {} ms, slowest {} ms",
            self.totals.turn_ms.0, self.totals.turn_ms.1
        ));
        let verdict = if self.ok {
            "books and chain agree to the stroop; everyone had exactly one payout"
        } else {
            "books and chain do NOT agree, or somebody had no payout or two"
        };
        lines.push(verdict.to_owned());
        lines.join("\n")
    }
}
