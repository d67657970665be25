//! The rounds: in each the yardstick, then everything that is compared with it.
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kolo_core::port::Ledger;
use tokio::runtime::Runtime;

use crate::drive::{Where, flat_out, paced, seats};
use crate::failure::Failure;
use crate::figures::p95;
use crate::server::Server;
use crate::yardstick::{CLIENTS, prepare, tpcb};
use crate::{peer, store};

/// How many callers at once.
pub const CALLERS: [u64; 4] = [8, 16, 64, 256];

/// The callers of the targets.
pub const TARGET_CALLERS: u64 = 64;

/// Contributions that let caches, plans and statements settle before anything is counted.
const WARM_UP: Duration = Duration::from_millis(500);

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Postgres,
    Sqlite,
}

impl On {
    pub const ALL: [Self; 2] = [Self::Postgres, Self::Sqlite];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}

/// Commits a second.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    pub on: On,
    pub place: Where,
    pub callers: u64,
    pub per_second: u64,
}

/// How long commits waited at half of the peak.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    pub on: On,
    pub per_second: u64,
    pub p95: Duration,
}

/// One round.
#[derive(Debug)]
pub struct Round {
    /// The machine's load when it began: others' work counts in every figure.
    pub load: String,
    /// Transactions a second by number of clients.
    pub pgbench: Vec<(u32, u64)>,
    pub speeds: Vec<Speed>,
    pub waits: Vec<Wait>,
    /// Postings a second of the other ledger.
    pub peer: Vec<(Where, u64)>,
}

impl Round {
    /// The yardstick: the better of pgbench's figures.
    pub fn yardstick(&self) -> u64 {
        self.pgbench.iter().map(|(_, tps)| *tps).max().unwrap_or(0)
    }

    pub fn speed(&self, on: On, place: Where, callers: u64) -> Option<u64> {
        let same =
            |speed: &&Speed| speed.on == on && speed.place == place && speed.callers == callers;
        self.speeds.iter().find(same).map(|speed| speed.per_second)
    }

    pub fn peer(&self, place: Where) -> Option<u64> {
        self.peer.iter().find(|(at, _)| *at == place).map(|(_, rate)| *rate)
    }
}

/// All of them.
pub struct Rounds(pub Vec<Round>);

impl Rounds {
    pub fn measure(
        runtime: &Runtime,
        server: &Server,
        peer: Option<&Path>,
        rounds: u32,
        time: Duration,
    ) -> Result<Self, Failure> {
        prepare(server)?;
        (0..rounds)
            .map(|round| measure(runtime, server, peer, round, time))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn measure(
    runtime: &Runtime,
    server: &Server,
    peer: Option<&Path>,
    number: u32,
    time: Duration,
) -> Result<Round, Failure> {
    eprintln!("bench: round {}", number + 1);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim().to_owned();
    let mut pgbench = Vec::new();
    for clients in CLIENTS {
        pgbench.push((clients, tpcb(server, clients, time)?));
    }
    let mut round =
        Round { load, pgbench, speeds: Vec::new(), waits: Vec::new(), peer: Vec::new() };
    for place in Where::ALL {
        for callers in CALLERS {
            let schema = format!("kolo_{number}_{callers}_{}", u8::from(place == Where::Spread));
            let measured = runtime.block_on(async {
                let ledger = store::postgres(server, &schema).await?;
                let measured = one(&ledger, On::Postgres, place, callers, time).await?;
                store::drop_postgres(server, &schema, ledger).await?;
                Ok::<_, Failure>(measured)
            })?;
            round.add(measured);
        }
        for callers in CALLERS {
            let measured = runtime.block_on(async {
                let (_folder, ledger) = store::sqlite().await?;
                let measured = one(&ledger, On::Sqlite, place, callers, time).await?;
                ledger.close().await;
                Ok::<_, Failure>(measured)
            })?;
            round.add(measured);
        }
        if let Some(program) = peer {
            let rate = peer::posted(server, program, place, TARGET_CALLERS, time, number)?;
            round.peer.push((place, rate));
        }
    }
    Ok(round)
}

impl Round {
    fn add(&mut self, (speed, wait): (Speed, Option<Wait>)) {
        self.speeds.push(speed);
        self.waits.extend(wait);
    }
}

/// One store: flat out, and where the targets speak of it at half of that.
async fn one<L: Ledger + 'static>(
    ledger: &Arc<L>,
    on: On,
    place: Where,
    callers: u64,
    time: Duration,
) -> Result<(Speed, Option<Wait>), Failure> {
    let mut seats = seats(ledger.as_ref(), callers, place).await?;
    flat_out(ledger, &mut seats, WARM_UP).await?;
    let per_second = flat_out(ledger, &mut seats, time).await?.per_second();
    eprintln!("bench: {}, {}, {callers} callers: {per_second} a second", on.name(), place.name());
    let mut wait = None;
    if callers == TARGET_CALLERS && place == Where::Spread {
        let half = per_second / 2;
        let waits = paced(ledger, &mut seats, half, time).await?;
        wait = Some(Wait { on, per_second: half, p95: p95(waits) });
    }
    Ok((Speed { on, place, callers, per_second }, wait))
}
