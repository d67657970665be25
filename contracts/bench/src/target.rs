//! What has been promised, and whether it is kept.
use crate::{
    entries::{CONTRIBUTE, CREATE, CREATE_AGAIN, Entry, PAYOUT, Row},
    floor::Floor,
    ledger::{Cost, Done},
    ratio::Ratio,
};

/// Bytes of the circle's wasm.
pub const MAX_WASM_BYTES: usize = 40_000;

/// One promise.
pub struct Target {
    pub what: String,
    pub measured: Ratio,
    pub at_most: Ratio,
}

impl Target {
    pub fn is_met(&self) -> bool {
        self.measured <= self.at_most
    }
}

/// The promises for a circle of so many members.
pub fn targets(members: u8, rows: &[Row], floor: &Floor) -> Vec<Target> {
    let (contribute, payout) = if members <= 20 { (1_350, 1_500) } else { (1_500, 2_000) };
    let mut targets = vec![];
    for (entry, floor, at_most) in
        [(CONTRIBUTE, &floor.pay_in, contribute), (PAYOUT, &floor.pay_out, payout)]
    {
        let Some(row) = find(rows, entry) else { continue };
        let [instructions, fee] = ratios(&row.cost, floor);
        for (of, measured) in [("instructions", instructions), ("fee without rent", fee)] {
            let what = format!("{members:>2} members: {} {of}", entry.function);
            targets.push(Target { what, measured, at_most: Ratio::thousandths(at_most) });
        }
    }
    if let (Some(first), Some(again)) = (find(rows, CREATE), find(rows, CREATE_AGAIN)) {
        // Addresses differ, and with them the steps of a comparison or two.
        let what = format!("{members:>2} members: create among 16 other circles to the first");
        let measured = Ratio::of(again.cost.instructions, first.cost.instructions);
        targets.push(Target { what, measured, at_most: Ratio::thousandths(1_010) });
    }
    targets
}

/// Instructions and fee, as multiples of the floor's.
pub fn ratios(cost: &Cost, floor: &Done) -> [Ratio; 2] {
    [
        Ratio::of(cost.instructions, floor.cost.instructions),
        Ratio::of(cost.fee.unsigned_abs(), floor.cost.fee.unsigned_abs()),
    ]
}

/// The size of the circle's wasm.
pub fn size(bytes: usize) -> Target {
    let number = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
    Target {
        what: "circle.wasm to 40,000 bytes".to_owned(),
        measured: Ratio::of(number(bytes), number(MAX_WASM_BYTES)),
        at_most: Ratio::thousandths(1_000),
    }
}

fn find(rows: &[Row], entry: Entry) -> Option<&Row> {
    rows.iter().find(|row| row.entry == entry)
}
