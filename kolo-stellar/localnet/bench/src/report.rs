//! Everything measured, for people and for programs.
use std::time::Duration;

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::rate::{Rate, Ratio, grouped};
use crate::ready::Ready;
use crate::speed::{CallRates, Speed};

/// All that was measured.
pub struct Report {
    pub pinned: bool,
    pub ready: Ready,
    pub speed: Speed,
}

/// A promise, and whether it is kept.
struct Target {
    what: &'static str,
    measured: String,
    aim: String,
    met: bool,
}

impl Report {
    /// Tables.
    pub fn print(&self) {
        let core = if self.pinned { "all on one core" } else { "on the cores the system chose" };
        println!("{core}, each sent transaction in a ledger of its own\n");
        println!("ready, milliseconds");
        for (what, took) in self.readiness() {
            println!("  {what:<52} {:>9}", millis(took));
        }
        println!("\na second of the core                                      times    ratio");
        println!("  {:<52} {:>9}", "raw ed25519 verifications", shown(self.speed.verifications));
        let payments = self.speed.payments;
        let ratio = payments.part_of(self.speed.verifications);
        println!("  {:<52} {:>9} {ratio:>8}", "payments", shown(payments));
        for (name, calls) in self.calls() {
            println!("\n  {name}");
            let beside = |what: &str, rate: Rate| {
                let ratio = rate.part_of(calls.host_alone);
                println!("    {what:<50} {:>9} {ratio:>8}", shown(rate));
            };
            beside("the contract host alone", calls.host_alone);
            beside("without diagnostic events", calls.host_bare);
            beside("and a signature checked", calls.host_alone.then(self.speed.verifications));
            beside("sent to the network", calls.network);
            beside("simulated", calls.simulated);
        }
        println!("\ntargets");
        for Target { what, measured, aim, met } in self.targets() {
            let met = if met { "met" } else { "NOT MET" };
            println!("  {what:<52} {measured:>9} of {aim:>6}  {met}");
        }
    }

    /// The same as JSON.
    pub fn to_json(&self) -> Result<String, Failure> {
        let micros = |took: Duration| u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let calls = |rates: CallRates| {
            json!({
                "host_alone_per_second": rates.host_alone.per_second(),
                "host_without_diagnostics_per_second": rates.host_bare.per_second(),
                "network_per_second": rates.network.per_second(),
                "simulated_per_second": rates.simulated.per_second(),
                "thousandths_of_host_alone": rates.network.part_of(rates.host_alone).0,
                "thousandths_of_host_without_diagnostics":
                    rates.network.part_of(rates.host_bare).0,
            })
        };
        let speed = &self.speed;
        let targets: Vec<Value> = self
            .targets()
            .into_iter()
            .map(|target| {
                json!({
                    "what": target.what,
                    "measured": target.measured,
                    "aim": target.aim,
                    "met": target.met,
                })
            })
            .collect();
        let report = json!({
            "one_core": self.pinned,
            "ready_us": {
                "library": micros(self.ready.library),
                "program": micros(self.ready.program),
            },
            "verifications_per_second": speed.verifications.per_second(),
            "payments_per_second": speed.payments.per_second(),
            "payments_thousandths_of_verifications":
                speed.payments.part_of(speed.verifications).0,
            "transfer": calls(speed.transfers),
            "contribute": calls(speed.contributions),
            "targets": targets,
        });
        Ok(serde_json::to_string_pretty(&report)?)
    }

    fn readiness(&self) -> [(&'static str, Duration); 2] {
        [
            ("the library, to its first answer", self.ready.library),
            ("the program, to its first answer over HTTP", self.ready.program),
        ]
    }

    fn calls(&self) -> [(&'static str, CallRates); 2] {
        [
            ("transfer of an asset's contract", self.speed.transfers),
            ("contribute of a circle of twelve (wasm)", self.speed.contributions),
        ]
    }

    fn targets(&self) -> Vec<Target> {
        let part = |what, calls: CallRates| {
            let measured = calls.network.part_of(calls.host_alone);
            let aim = Ratio(700);
            Target {
                what,
                measured: measured.to_string(),
                aim: aim.to_string(),
                met: measured >= aim,
            }
        };
        let (ready, aim) = (self.ready.program, Duration::from_millis(100));
        let payments = self.speed.payments.per_second();
        vec![
            Target {
                what: "the program is ready, milliseconds",
                measured: millis(ready),
                aim: millis(aim),
                met: ready < aim,
            },
            Target {
                what: "payments a second",
                measured: grouped(payments),
                aim: grouped(5_000),
                met: payments >= 5_000,
            },
            part("transfer, as a part of the host alone", self.speed.transfers),
            part("contribute, as a part of the host alone", self.speed.contributions),
        ]
    }
}

fn shown(rate: Rate) -> String {
    grouped(rate.per_second())
}

/// With one decimal, rounded up.
fn millis(took: Duration) -> String {
    let tenths = took.as_micros().div_ceil(100);
    format!("{}.{}", tenths / 10, tenths % 10)
}
