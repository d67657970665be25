//! Balances looked up among many accounts.
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use kolo_core::TenantId;
use kolo_core::port::Ledger;
use tokio::runtime::Runtime;

use crate::contribution::{Seat, funding};
use crate::failure::Failure;
use crate::figures::{median, p95};
use crate::rounds::On;
use crate::server::Server;
use crate::store;

/// Accounts that one change set opens.
const AT_ONCE: u64 = 500;

/// Change sets under way at the same time.
const FILLING: u64 = 4;

/// What was measured.
pub struct Lookups {
    pub accounts: u64,
    /// What 95 of 100 look-ups did not exceed, the median of the rounds, per database.
    pub p95: Vec<(On, Duration)>,
}

impl Lookups {
    pub fn measure(
        runtime: &Runtime,
        server: &Server,
        accounts: u64,
        rounds: u32,
        time: Duration,
    ) -> Result<Self, Failure> {
        eprintln!("bench: balances among {accounts} accounts");
        let p95 = runtime.block_on(async {
            let ledger = store::postgres(server, "kolo_lookups").await?;
            fill(&ledger, accounts).await?;
            let postgres = rounds_of(ledger.as_ref(), accounts, rounds, time).await?;
            store::drop_postgres(server, "kolo_lookups", ledger).await?;
            let (_folder, ledger) = store::sqlite().await?;
            fill(&ledger, accounts).await?;
            let sqlite = rounds_of(ledger.as_ref(), accounts, rounds, time).await?;
            ledger.close().await;
            Ok::<_, Failure>(vec![(On::Postgres, postgres), (On::Sqlite, sqlite)])
        })?;
        Ok(Self { accounts, p95 })
    }
}

/// Opens so many wallets by putting money into them.
async fn fill<L: Ledger + 'static>(ledger: &Arc<L>, accounts: u64) -> Result<(), Failure> {
    let callers = (0..FILLING).map(|caller| {
        let ledger = Arc::clone(ledger);
        tokio::spawn(async move {
            let mut first = caller * AT_ONCE;
            while first < accounts {
                let last = (first + AT_ONCE).min(accounts);
                let seats: Vec<Seat> = (first..last).map(|member| Seat::of(member, 0)).collect();
                ledger.commit(funding(&format!("from {first}"), &seats, 1)).await?;
                first += FILLING * AT_ONCE;
            }
            Ok::<_, Failure>(())
        })
    });
    try_join_all(callers).await?.into_iter().collect()
}

async fn rounds_of(
    ledger: &dyn Ledger,
    accounts: u64,
    rounds: u32,
    time: Duration,
) -> Result<Duration, Failure> {
    let mut figures = Vec::new();
    for round in 0..u64::from(rounds) {
        let (start, mut waits, mut member) = (Instant::now(), Vec::new(), round);
        while start.elapsed() < time {
            // A stride that meets all of them, far apart.
            member = (member + 7_368_787) % accounts;
            let wallet = Seat::of(member, 0).wallet();
            let asked = Instant::now();
            ledger.balances(&TenantId::default(), &[wallet]).await?;
            waits.push(asked.elapsed());
        }
        figures.push(p95(waits));
    }
    median(figures).ok_or(Failure::Nothing)
}
