//! The pages.

use maud::{Markup, html};
use stellar_xdr::LedgerHeaderHistoryEntry;

use super::frame::{fields, frame, ledger_link, transaction_link, value};
use crate::explain::{ExplainedEntry, ExplainedEvent, ExplainedOperation, Explanation, Field};
use crate::model::{Found, LedgerInfo, TxRecord};
use crate::rpc::rfc3339;

pub(super) fn home(
    passphrase: &str,
    latest: &LedgerInfo,
    ledgers: &[LedgerHeaderHistoryEntry],
    transactions: &[TxRecord],
) -> Markup {
    let content = html! {
        p {
            "Protocol " (latest.protocol_version()) ", latest ledger "
            (ledger_link(latest.sequence())) ", history from ledger " (latest.oldest_ledger) "."
        }
        h2 { "Latest transactions" }
        (list(transactions))
        h2 { "Latest ledgers" }
        table {
            tr { th { "Ledger" } th { "Closed" } th { "Hash" } }
            @for header in ledgers {
                tr {
                    td { (ledger_link(header.header.ledger_seq)) }
                    td { (rfc3339(header.header.scp_value.close_time.0)) }
                    td { (header.hash.to_string()) }
                }
            }
        }
    };
    frame(passphrase, &content)
}

pub(super) fn ledger(header: &LedgerHeaderHistoryEntry, transactions: &[TxRecord]) -> Markup {
    let inner = &header.header;
    let content = html! {
        table {
            tr { th { "closed" } td { (rfc3339(inner.scp_value.close_time.0)) } }
            tr { th { "hash" } td { (header.hash.to_string()) } }
            tr { th { "before it" } td { (inner.previous_ledger_hash.to_string()) } }
            tr { th { "protocol" } td { (inner.ledger_version) } }
            tr { th { "fee pool" } td { (inner.fee_pool) " stroops" } }
        }
        h2 { "Transactions" }
        (list(transactions))
    };
    frame(&format!("Ledger {}", inner.ledger_seq), &content)
}

pub(super) fn transaction(record: &TxRecord) -> Markup {
    let words = Explanation::of(record);
    let content = html! {
        p { (words.summary) }
        table {
            tr { th { "result" } td class=[(!words.successful).then_some("failed")] { (words.result) } }
            tr { th { "ledger" } td { (ledger_link(words.ledger)) ", " (rfc3339(words.close_time)) } }
            tr { th { "source" } td { (value(&words.source)) ", number " (words.sequence) } }
            tr { th { "fee" } td { (words.fee_charged) " of at most " (words.fee_limit) } }
            @if let Some(bump) = &words.fee_bump {
                tr { th { "fee paid by" } td { (value(&bump.fee_source)) } }
                tr { th { "inner hash" } td { (bump.inner_hash) } }
            }
            @if let Some(memo) = &words.memo { tr { th { "memo" } td { (memo) } } }
            @if let Some(returned) = &words.returned {
                tr { th { "returned" } td { (value(returned)) } }
            }
            @for error in &words.errors { tr { th { "error" } td class="failed" { (error) } } }
        }
        @for (index, one) in words.operations.iter().enumerate() { (operation(index, one)) }
        @if !words.events.is_empty() {
            h2 { "Events" }
            table { @for event in &words.events { (event_row(event, None)) } }
        }
    };
    frame(&format!("Transaction {}", words.hash), &content)
}

fn operation(index: usize, operation: &ExplainedOperation) -> Markup {
    html! {
        h2 { "Operation " (index.saturating_add(1)) ": " (operation.kind) }
        table {
            tr { th { "source" } td { (value(&operation.source)) } }
            (fields(&operation.fields))
            @if let Some(result) = &operation.result { tr { th { "result" } td { (result) } } }
        }
    }
}

pub(super) fn address(
    kind: &str,
    address: &str,
    latest: u32,
    entries: &[Found],
    transactions: &[TxRecord],
) -> Markup {
    let content = html! {
        @if entries.is_empty() { p { "It has nothing in the ledger." } }
        @for found in entries {
            @let entry = ExplainedEntry::of(&found.entry);
            h2 { (entry.kind) @if entry.name != address { ": " (entry.name) } }
            table {
                (fields(&entry.fields))
                @if let Some(until) = entry.live_until { (fields(&[lives(until, latest)])) }
                tr { th { "changed in ledger" } td { (ledger_link(entry.last_modified)) } }
            }
        }
        h2 { "Latest transactions" }
        (list(transactions))
    };
    frame(&format!("{kind} {address}"), &content)
}

fn lives(until: u32, latest: u32) -> Field {
    let state = if until < latest { "archived since ledger" } else { "lives until ledger" };
    Field { name: state.to_owned(), value: until.to_string() }
}

pub(super) fn events(records: &[TxRecord]) -> Markup {
    let content = html! {
        table {
            @for record in records {
                @let words = Explanation::of(record);
                @for event in words.events.iter().rev() { (event_row(event, Some(&words.hash))) }
            }
        }
    };
    frame("Latest events", &content)
}

fn event_row(event: &ExplainedEvent, hash: Option<&str>) -> Markup {
    html! {
        tr {
            td {
                @match hash { Some(hash) => (transaction_link(hash, &event.id)), None => (event.id) }
                br; (event.stage)
            }
            td { @if let Some(contract) = &event.contract { (value(contract)) } }
            td {
                @if let Some(meaning) = &event.meaning { (meaning) br; }
                (event.topics.join(", ")) br; (event.data)
            }
        }
    }
}

fn list(transactions: &[TxRecord]) -> Markup {
    if transactions.is_empty() {
        return html! { p { "None." } };
    }
    html! {
        table {
            tr { th { "Ledger" } th { "Transaction" } th { "Result" } th { "Hash" } }
            @for record in transactions {
                @let words = Explanation::of(record);
                tr {
                    td { (ledger_link(words.ledger)) }
                    td { (transaction_link(&words.hash, &words.summary)) }
                    td class=[(!words.successful).then_some("failed")] { (words.result) }
                    td { (words.hash.chars().take(12).collect::<String>()) "…" }
                }
            }
        }
    }
}
