//! The table's rows for calls of contracts: built anew from another simulation, or refused by the contract.
use kolo_core::view::{Every, NewCircle, Options};
use kolo_core::{Amount, CommandContext, Kolo};
use kolo_rules::circle::Shortfall;
use stellar_xdr::{InnerTransactionResultResult as Inner, InvokeHostFunctionResult as Call};

use super::submit::{bumped, call_failed};
use super::table::{End, Outcome, Script, Till, refuses, says};
use super::wire::{Truth, simulated_data};
use crate::fees::with_margin;

/// A call may cost so much here, stroops.
const CEILING: i64 = 50_000_000;

/// The factory's error when there is this circle already, and one of another kind.
const EXISTS: u32 = 20;
const NOT_ALLOWED: u32 = 5;

/// A circle, wanted of a Kolo.
async fn creating(script: Script) -> Till {
    let circle = async |kolo: &Kolo, ada| {
        let wanted = NewCircle {
            name: "Market".to_owned(),
            seats: 3,
            contribution: Amount::new(100_000_000),
            instalments_per_round: 1,
            every: Every::Days(7),
            grace_hours: 0,
            shortfall: Shortfall::ShortPot,
            advance: false,
            options: Options::default(),
        };
        let ctx = CommandContext::of_member(ada, "circle");
        kolo.circles().create(&ctx, wanted).await.unwrap().intent
    };
    Till::wanting(script, CEILING, circle).await
}

fn fails(how: Call) -> (super::wire::Says, Truth) {
    says("PENDING", Truth::Fails(bumped(call_failed(how))))
}

fn taken() -> (super::wire::Says, Truth) {
    says("PENDING", Truth::Taken)
}

/// Every row: what the ledger makes of each transaction (the last answer stays), how it ends after half an
/// hour, with how many inner transactions and effects, and how many simulations.
#[tokio::test]
async fn what_came_too_late_for_its_simulation_is_simulated_again() {
    use End::{Confirmed, Refused};
    let rows: Vec<(&str, Script, Outcome, u32)> = vec![
        ("taken", vec![taken()], (Confirmed, 1, 1), 1),
        ("an archived entry", vec![fails(Call::EntryArchived), taken()], (Confirmed, 2, 1), 2),
        (
            "over its limits",
            vec![fails(Call::ResourceLimitExceeded), taken()],
            (Confirmed, 2, 1),
            2,
        ),
        ("beside its footprint", vec![fails(Call::Trapped), taken()], (Confirmed, 2, 1), 2),
        ("too dear", vec![fails(Call::InsufficientRefundableFee), taken()], (Confirmed, 2, 1), 2),
        ("archived for ever", vec![fails(Call::EntryArchived)], (Refused, 6, 0), 6),
        // Not taken into a ledger at all: only once that is proven.
        (
            "wrong resources",
            vec![refuses(Inner::TxSorobanInvalid, Truth::Lost)],
            (Refused, 6, 0),
            6,
        ),
        (
            "wrong resources, a lie",
            vec![refuses(Inner::TxSorobanInvalid, Truth::Taken)],
            (Confirmed, 1, 1),
            1,
        ),
    ];
    for (name, script, expected, simulations) in rows {
        let till = creating(script).await;
        till.pass(1_800).await;
        assert_eq!(till.outcome().await, expected, "{name}");
        assert_eq!(till.wire.simulated(), simulations, "{name}");
        let mut sent = till.wire.sent();
        sent.dedup_by(|next, before| next.inner == before.inner);
        for (number, sent) in (1..).zip(&sent) {
            let (wanted, found) = (simulated_data(number), sent.data.as_ref().unwrap());
            // What that simulation says is restored, and its resources with room to spare.
            assert_eq!(found.ext, wanted.ext, "{name}, {number}");
            let (room, bytes) = (&found.resources, &wanted.resources);
            assert_eq!(room.disk_read_bytes, bytes.disk_read_bytes + 1_024, "{name}, {number}");
            assert_eq!(room.write_bytes, bytes.write_bytes + 1_024, "{name}, {number}");
            assert_eq!(found.resource_fee, with_margin(wanted.resource_fee), "{name}, {number}");
            assert!(sent.fee <= CEILING, "{name}");
        }
    }
}

/// Nothing is built anew for what the contract refuses; of what is there already, nothing is left to do.
#[tokio::test]
async fn a_contracts_error_ends_it_unless_it_came_about_otherwise() {
    for (code, end) in [(NOT_ALLOWED, End::Refused), (EXISTS, End::Already)] {
        let till = creating(vec![fails(Call::Trapped), taken()]).await;
        till.wire.contract_error(code);
        till.pass(600).await;
        let refused = end == End::Refused;
        assert_eq!(till.outcome().await, (end, 1, 0), "{code}");
        assert_eq!(till.wire.simulated(), 1, "{code}");
        let told = till.events("intent.finished").await.concat();
        assert_eq!(told.contains(r#""contract_code":5"#), refused, "{told}");
    }
}

/// The same, found by the simulation of what is built anew: nothing more is sent.
#[tokio::test]
async fn what_came_about_meanwhile_is_found_by_the_next_simulation() {
    for (words, end) in [
        ("HostError: Error(Contract, #5)", End::Refused),
        ("HostError: Error(Contract, #20)", End::Already),
    ] {
        let till = creating(vec![fails(Call::EntryArchived), taken()]).await;
        till.wire.simulations(vec![None, Some(words)]);
        till.pass(600).await;
        let refused = end == End::Refused;
        assert_eq!(till.outcome().await, (end, 1, 0), "{words}");
        assert_eq!(till.wire.simulated(), 2, "{words}");
        let told = till.events("intent.finished").await.concat();
        assert_eq!(told.contains(r#""contract_code":5"#), refused, "{told}");
    }
}
