//! What a commit costs as the journal grows.
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use kolo_core::port::Ledger;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::contribution::{Seat, funding};
use crate::drive::{Where, flat_out, seats};
use crate::failure::Failure;
use crate::figures::{Rate, Ratio, median};
use crate::rounds::{On, TARGET_CALLERS};
use crate::server::Server;
use crate::store;

/// Entries of one change set that only fills.
const AT_ONCE: u64 = 200;

/// Change sets that fill, under way at the same time.
const FILLING: u64 = 8;

/// Wallets that the filling goes to in turn.
const WALLETS: u64 = 200_000;

/// The figures of one database.
pub struct Curve {
    pub on: On,
    /// Journal entries, and nanoseconds a commit then takes of the whole store's time.
    pub points: Vec<(u64, Duration)>,
}

/// What was measured.
pub struct Growth(pub Vec<Curve>);

impl Growth {
    pub fn measure(
        runtime: &Runtime,
        server: &Server,
        entries: u64,
        rounds: u32,
        time: Duration,
    ) -> Result<Self, Failure> {
        runtime.block_on(async {
            let ledger = store::postgres(server, "kolo_growth").await?;
            let postgres = curve(&ledger, On::Postgres, entries, rounds, time).await?;
            store::drop_postgres(server, "kolo_growth", ledger).await?;
            let (_folder, ledger) = store::sqlite().await?;
            let sqlite = curve(&ledger, On::Sqlite, entries, rounds, time).await?;
            ledger.close().await;
            Ok(Self(vec![postgres, sqlite]))
        })
    }

    pub fn print(&self) {
        println!(
            "microseconds of the store's time for a commit, {TARGET_CALLERS} callers, many circles"
        );
        println!("  {:<12} {:>12} {:>8} {:>14}", "", "entries", "µs", "of the first");
        for Curve { on, points } in &self.0 {
            for (entries, each) in points {
                let first = points.first().map_or(Duration::ZERO, |(_, first)| *first);
                let ratio = Ratio::of(nanos(*each), nanos(first));
                println!("  {:<12} {entries:>12} {:>8} {ratio:>14}", on.name(), each.as_micros());
            }
        }
    }

    pub fn to_json(&self) -> Value {
        let curves = self.0.iter().map(|Curve { on, points }| {
            let points: Vec<Value> = points
                .iter()
                .map(|(entries, each)| json!({ "entries": entries, "ns_a_commit": nanos(*each) }))
                .collect();
            json!({ "on": on.name(), "points": points })
        });
        json!({ "growth": curves.collect::<Vec<_>>() })
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

async fn curve<L: Ledger + 'static>(
    ledger: &Arc<L>,
    on: On,
    most: u64,
    rounds: u32,
    time: Duration,
) -> Result<Curve, Failure> {
    let mut seats = seats(ledger.as_ref(), TARGET_CALLERS, Where::Spread).await?;
    let (mut filled, mut points, mut aim) = (0, Vec::new(), 10_000);
    while aim <= most {
        fill(ledger, filled, aim).await?;
        filled = aim;
        let mut each = Vec::new();
        for _ in 0..rounds {
            let rate: Rate = flat_out(ledger, &mut seats, time).await?;
            each.push(rate.each());
        }
        let each = median(each).ok_or(Failure::Nothing)?;
        eprintln!("bench: {}, {aim} entries: {} µs a commit", on.name(), each.as_micros());
        points.push((aim, each));
        aim *= 10;
    }
    Ok(Curve { on, points })
}

/// Entries number `from` to `to`.
async fn fill<L: Ledger + 'static>(ledger: &Arc<L>, from: u64, to: u64) -> Result<(), Failure> {
    let callers = (0..FILLING).map(|caller| {
        let ledger = Arc::clone(ledger);
        tokio::spawn(async move {
            let mut first = from + caller * AT_ONCE;
            while first < to {
                let last = (first + AT_ONCE).min(to);
                let wallets: Vec<Seat> =
                    (first..last).map(|number| Seat::of(u64::MAX - number % WALLETS, 0)).collect();
                ledger.commit(funding(&format!("from {first}"), &wallets, 1)).await?;
                first += FILLING * AT_ONCE;
            }
            Ok::<_, Failure>(())
        })
    });
    try_join_all(callers).await?.into_iter().collect()
}
