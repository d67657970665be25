//! Everything measured, for people and for programs.
use serde_json::{Value, json};

use crate::{
    cycle::{Cycle, Sum},
    entries::Row,
    failure::Failure,
    floor::Floor,
    ledger::Cost,
    ratio::{Ratio, grouped},
    target::{Target, ratios, size, targets},
    trace::Trace,
};

/// A circle of so many members.
pub struct Size {
    pub members: u8,
    pub rows: Vec<Row>,
    pub cycle: Cycle,
}

/// All that was measured.
pub struct Report {
    pub circle_bytes: usize,
    pub rulebook_bytes: usize,
    pub factory_bytes: usize,
    /// Built with the compiler's defaults: what the targets refer to.
    pub floor: Floor,
    /// Built as the circle is.
    pub floor_alike: Floor,
    pub sizes: Vec<Size>,
}

impl Report {
    fn targets(&self, floor: &Floor) -> Vec<Target> {
        let sizes = self.sizes.iter();
        sizes.flat_map(|size| targets(size.members, &size.rows, floor)).collect()
    }

    /// Tables.
    pub fn print(&self) {
        let [circle, rulebook, factory] =
            [self.circle_bytes, self.rulebook_bytes, self.factory_bytes]
                .map(|n| grouped(number(n)));
        println!(
            "wasm: circle {circle} bytes, rulebook {rulebook} bytes, factory {factory} bytes\n"
        );
        println!("{HEADER}");
        for (name, floor) in self.floors() {
            println!("floor, {name}, {} bytes", grouped(number(floor.bytes)));
            print_cost("pay_in", "a member signs", &floor.pay_in.cost, None);
            print_cost("pay_out", "nobody signs", &floor.pay_out.cost, None);
        }
        for size in &self.sizes {
            println!("\n{} members", size.members);
            for row in size.rows.iter().chain([&size.cycle.last_payout]) {
                let ratios = self.floor_under(row).map(|floor| ratios(&row.cost, floor));
                print_cost(row.entry.function, row.entry.case, &row.cost, ratios);
            }
            print_cycle(&size.cycle, size.members);
        }
        println!("\ntargets");
        for target in self.targets(&self.floor).into_iter().chain([size(self.circle_bytes)]) {
            print_target(&target);
        }
        println!("\nthe same over a floor that is built with the circle's compiler flags");
        for target in self.targets(&self.floor_alike) {
            print_target(&target);
        }
    }

    /// Where the instructions of the floors, of contributions and of payouts go.
    pub fn print_traces(&self) {
        print_trace("floor: pay_in", &self.floor.pay_in.trace);
        print_trace("floor: pay_out", &self.floor.pay_out.trace);
        for size in &self.sizes {
            for row in &size.rows {
                if ["contribute", "payout"].contains(&row.entry.function) {
                    let entry = row.entry;
                    let name =
                        format!("{} members: {} {}", size.members, entry.function, entry.case);
                    print_trace(&name, &row.trace);
                }
            }
        }
    }

    /// The same as JSON.
    pub fn to_json(&self) -> Result<String, Failure> {
        let floors = self.floors().map(|(name, floor)| {
            let bytes = floor.bytes;
            let (pay_in, pay_out) = (cost(&floor.pay_in.cost), cost(&floor.pay_out.cost));
            json!({ "built": name, "wasm_bytes": bytes, "pay_in": pay_in, "pay_out": pay_out })
        });
        let sizes: Vec<_> = self.sizes.iter().map(|size| self.size_json(size)).collect();
        let targets = self.targets(&self.floor).into_iter().chain([size(self.circle_bytes)]);
        let report = json!({
            "wasm_bytes": { "circle": self.circle_bytes, "rulebook": self.rulebook_bytes, "factory": self.factory_bytes },
            "floors": floors,
            "sizes": sizes,
            "targets": targets.map(|target| target_json(&target)).collect::<Vec<_>>(),
        });
        Ok(serde_json::to_string_pretty(&report)?)
    }

    fn size_json(&self, size: &Size) -> Value {
        let rows = size.rows.iter().chain([&size.cycle.last_payout]).map(|row| {
            let mut value = cost(&row.cost);
            value["function"] = row.entry.function.into();
            value["case"] = row.entry.case.into();
            if let Some(floor) = self.floor_under(row) {
                let [instructions, fee] = ratios(&row.cost, floor).map(Ratio::as_thousandths);
                value["thousandths_of_floor"] = json!({ "instructions": instructions, "fee": fee });
            }
            value
        });
        let cycle: serde_json::Map<_, _> = size
            .cycle
            .by_function
            .iter()
            .map(|(function, sum)| ((*function).to_owned(), sum_json(sum)))
            .collect();
        json!({
            "members": size.members,
            "entry_points": rows.collect::<Vec<_>>(),
            "cycle": cycle,
            "cycle_per_member": sum_json(&per_member(size.cycle.total(), size.members)),
        })
    }

    fn floors(&self) -> [(&'static str, &Floor); 2] {
        [("by the compiler's defaults", &self.floor), ("as the circle", &self.floor_alike)]
    }

    /// The floor of what moves money.
    fn floor_under(&self, row: &Row) -> Option<&crate::ledger::Done> {
        match row.entry.function {
            "contribute" | "repay" => Some(&self.floor.pay_in),
            "payout" | "push" | "claim" => Some(&self.floor.pay_out),
            _ => None,
        }
    }
}

const HEADER: &str = "  function          case                       instructions  ×floor      memory    read: bytes  write: bytes  events  signed        rent      fee  ×floor";

const CYCLE_HEADER: &str = "  a whole cycle                     calls      instructions           fee            rent   of it for code";

fn print_cost(function: &str, case: &str, cost: &Cost, ratios: Option<[Ratio; 2]>) {
    let shown = |ratio: Option<Ratio>| ratio.map_or_else(String::new, |ratio| ratio.to_string());
    println!(
        "  {function:<17} {case:<26} {:>12} {:>7} {:>11} {:>4} {:>9} {:>5} {:>8} {:>7} {:>7} {:>11} {:>8} {:>7}",
        grouped(cost.instructions),
        shown(ratios.map(|[instructions, _]| instructions)),
        grouped(cost.memory),
        cost.read_entries,
        grouped(cost.read_bytes.into()),
        cost.write_entries,
        grouped(cost.write_bytes.into()),
        grouped(cost.events_bytes.into()),
        grouped(cost.transaction_bytes.into()),
        grouped(cost.rent.unsigned_abs()),
        grouped(cost.fee.unsigned_abs()),
        shown(ratios.map(|[_, fee]| fee)),
    );
}

fn print_cycle(cycle: &Cycle, members: u8) {
    println!("{CYCLE_HEADER}");
    let total = cycle.total();
    let sums = cycle.by_function.iter().map(|(name, sum)| (*name, *sum));
    for (name, sum) in sums.chain([("in all", total), ("per member", per_member(total, members))]) {
        println!(
            "    {name:<27} {:>7} {:>17} {:>13} {:>15} {:>15}",
            grouped(sum.calls),
            grouped(sum.instructions),
            grouped(sum.fee.unsigned_abs()),
            grouped(sum.rent.unsigned_abs()),
            grouped(sum.code_rent.unsigned_abs()),
        );
    }
}

fn print_target(target: &Target) {
    let met = if target.is_met() { "met" } else { "NOT MET" };
    println!("  {:<54} {:>7} of {:>6}  {met}", target.what, target.measured, target.at_most);
}

fn print_trace(name: &str, trace: &Trace) {
    println!("\n{name}");
    for (phase, instructions) in trace.phases {
        println!("  {phase:<46} {:>12}", grouped(instructions));
    }
    println!("  what the host charges for                        instructions    times");
    for (charge, times, instructions) in &trace.charges {
        println!("    {charge:<44} {:>12} {:>8}", grouped(*instructions), grouped(*times));
    }
    println!(
        "  what the contract asks the host for              instructions    times   executed before"
    );
    for (call, sums) in &trace.host_calls {
        println!(
            "    {call:<44} {:>12} {:>8} {:>17}",
            grouped(sums.instructions),
            grouped(sums.times),
            grouped(sums.executed_before)
        );
    }
}

/// Rounded up.
fn per_member(sum: Sum, members: u8) -> Sum {
    let members = members.max(1);
    let up = |stroops: i64| stroops.unsigned_abs().div_ceil(members.into()).cast_signed();
    Sum {
        calls: sum.calls.div_ceil(members.into()),
        instructions: sum.instructions.div_ceil(members.into()),
        fee: up(sum.fee),
        rent: up(sum.rent),
        code_rent: up(sum.code_rent),
    }
}

fn cost(cost: &Cost) -> Value {
    json!({
        "instructions": cost.instructions,
        "memory_bytes": cost.memory,
        "read_entries": cost.read_entries,
        "read_bytes": cost.read_bytes,
        "disk_read_entries": cost.disk_read_entries,
        "disk_read_bytes": cost.disk_read_bytes,
        "write_entries": cost.write_entries,
        "write_bytes": cost.write_bytes,
        "events_bytes": cost.events_bytes,
        "transaction_bytes": cost.transaction_bytes,
        "rent_stroops": cost.rent,
        "code_rent_stroops": cost.code_rent,
        "fee_stroops": cost.fee,
    })
}

fn sum_json(sum: &Sum) -> Value {
    json!({
        "calls": sum.calls,
        "instructions": sum.instructions,
        "fee_stroops": sum.fee,
        "rent_stroops": sum.rent,
        "code_rent_stroops": sum.code_rent,
    })
}

fn target_json(target: &Target) -> Value {
    json!({
        "what": target.what.trim_start(),
        "thousandths": target.measured.as_thousandths(),
        "at_most_thousandths": target.at_most.as_thousandths(),
        "met": target.is_met(),
    })
}

fn number(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
