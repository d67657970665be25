//! Everything measured, for people and for programs.
use std::time::Duration;

use serde_json::{Value, json};

use crate::drive::Where;
use crate::figures::{Ratio, median, millis};
use crate::lookups::Lookups;
use crate::rounds::{CALLERS, On, Round, Rounds, TARGET_CALLERS};

/// All that was measured.
pub struct Report {
    pub rounds: Rounds,
    pub lookups: Lookups,
}

/// A promise, and whether it is kept.
struct Target {
    what: String,
    measured: String,
    aim: &'static str,
    met: bool,
}

impl Report {
    /// Tables.
    pub fn print(&self) {
        let rounds = &self.rounds.0;
        println!("medians of {} rounds; the machine's load when each began:", rounds.len());
        for round in rounds {
            println!("  {}", round.load);
        }
        println!("\na second                                             times   × pgbench");
        for (clients, tps) in self.pgbench() {
            println!("  {:<46} {tps:>9}", format!("pgbench, TPC-B-like, {clients} clients"));
        }
        for on in On::ALL {
            for place in Where::ALL {
                println!("\n  whole contributions, {}, {}", on.name(), place.name());
                for callers in CALLERS {
                    let speed = self.over(|round| round.speed(on, place, callers));
                    let ratio = self.ratio(on, place, callers);
                    println!("    {:<44} {speed:>9} {ratio:>11}", format!("{callers} callers"));
                }
            }
        }
        println!("\n  cala-ledger, post_transaction, {TARGET_CALLERS} callers");
        for place in Where::ALL {
            match self.peer(place) {
                Some((speed, times)) => {
                    println!("    {:<44} {speed:>9}   ours: × {times}", place.name());
                }
                None => println!("    {:<44} {:>9}", place.name(), "left out"),
            }
        }
        println!("\ntargets");
        for Target { what, measured, aim, met } in self.targets() {
            let met = if met { "met" } else { "NOT MET" };
            println!("  {what:<56} {measured:>9} of {aim:>8}  {met}");
        }
    }

    /// The same for programs.
    pub fn to_json(&self) -> Value {
        let rounds = &self.rounds.0;
        let mut commits = Vec::new();
        for on in On::ALL {
            for place in Where::ALL {
                for callers in CALLERS {
                    let speed = self.over(|round| round.speed(on, place, callers));
                    commits.push(json!({
                        "on": on.name(), "where": place.name(), "callers": callers,
                        "per_second": speed, "ratio_milli": self.ratio(on, place, callers).0,
                    }));
                }
            }
        }
        let peer: Vec<Value> = Where::ALL
            .iter()
            .filter_map(|place| Some((place, self.peer(*place)?)))
            .map(|(place, (speed, times))| {
                json!({ "where": place.name(), "per_second": speed, "ours_milli": times.0 })
            })
            .collect();
        let waits: Vec<Value> = rounds
            .iter()
            .flat_map(|round| &round.waits)
            .map(|wait| {
                json!({ "on": wait.on.name(), "per_second": wait.per_second, "p95_ms": millis(wait.p95) })
            })
            .collect();
        let targets: Vec<Value> = self
            .targets()
            .into_iter()
            .map(|Target { what, measured, aim, met }| {
                json!({ "what": what, "measured": measured, "aim": aim, "met": met })
            })
            .collect();
        json!({
            "rounds": rounds.len(),
            "load": rounds.iter().map(|round| &round.load).collect::<Vec<_>>(),
            "pgbench": self.pgbench().map(|(clients, tps)| json!({ "clients": clients, "per_second": tps })).collect::<Vec<_>>(),
            "commits": commits,
            "at_half_of_peak": waits,
            "cala_ledger": peer,
            "targets": targets,
        })
    }

    fn pgbench(&self) -> impl Iterator<Item = (u32, u64)> {
        let clients = self.rounds.0.first().into_iter().flat_map(|round| round.pgbench.iter());
        clients.enumerate().map(|(place, (clients, _))| {
            let tps = self.over(|round| round.pgbench.get(place).map(|(_, tps)| *tps));
            (*clients, tps)
        })
    }

    /// The median of the rounds' figures.
    fn over(&self, figure: impl Fn(&Round) -> Option<u64>) -> u64 {
        median(self.rounds.0.iter().filter_map(figure)).unwrap_or(0)
    }

    fn ratio(&self, on: On, place: Where, callers: u64) -> Ratio {
        let of =
            |round: &Round| Some(Ratio::of(round.speed(on, place, callers)?, round.yardstick()));
        median(self.rounds.0.iter().filter_map(of)).unwrap_or(Ratio(0))
    }

    /// The other ledger's figure, and ours on PostgreSQL as a multiple of it.
    fn peer(&self, place: Where) -> Option<(u64, Ratio)> {
        let times = |round: &Round| {
            let ours = round.speed(On::Postgres, place, TARGET_CALLERS)?;
            Some(Ratio::of(ours, round.peer(place)?))
        };
        let times = median(self.rounds.0.iter().filter_map(times))?;
        Some((self.over(|round| round.peer(place)), times))
    }

    fn targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        for (on, aim, least) in
            [(On::Postgres, "≥ 2.000", Ratio(2_000)), (On::Sqlite, "≥ 1.500", Ratio(1_500))]
        {
            for place in Where::ALL {
                let ratio = self.ratio(on, place, TARGET_CALLERS);
                let what = format!("× pgbench: {}, {}", on.name(), place.name());
                targets.push(Target {
                    what,
                    measured: ratio.to_string(),
                    aim,
                    met: ratio >= least,
                });
            }
        }
        for place in Where::ALL {
            if let Some((_, times)) = self.peer(place) {
                let (what, met) = (format!("× cala-ledger: {}", place.name()), times.0 >= 10_000);
                targets.push(Target { what, measured: times.to_string(), aim: "≥ 10.000", met });
            }
        }
        for on in On::ALL {
            let waits = self.rounds.0.iter().flat_map(|round| &round.waits);
            let wait = median(waits.filter(|wait| wait.on == on).map(|wait| wait.p95));
            let wait = wait.unwrap_or(Duration::MAX);
            let what = format!("p95 ms of a commit at half of the peak: {}", on.name());
            let met = wait < Duration::from_millis(50);
            targets.push(Target { what, measured: millis(wait), aim: "< 50.000", met });
        }
        for (on, wait) in &self.lookups.p95 {
            let accounts = self.lookups.accounts;
            let what = format!("p95 ms of a balance, {accounts} accounts: {}", on.name());
            let met = *wait < Duration::from_millis(1);
            targets.push(Target { what, measured: millis(*wait), aim: "< 1.000", met });
        }
        targets
    }
}
