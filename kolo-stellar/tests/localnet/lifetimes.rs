//! A year in which nothing happens, and nothing of what circles need is archived.
use kolo_core::port::Clock;
use kolo_core::port::chain::ChainEffect;
use kolo_core::{CircleId, Timestamp};
use kolo_stellar::setup::{CIRCLE_WASM, FACTORY_WASM, RULEBOOK_WASM};
use stellar_xdr::{
    ContractDataDurability, ContractId, Hash, LedgerKey, LedgerKeyContractCode,
    LedgerKeyContractData, OperationBody, ScAddress, ScVal, TransactionExt,
};

use super::market::Market;
use super::payouts::inner;
use super::world::*;

/// Ledgers of a day.
const LEDGERS: u32 = 17_280;

/// Days of which the network is moved on at once; it forgets its transactions after seven.
const STEP: u64 = 5;
const STEP_DAYS: usize = 5;
const STEP_LEDGERS: u32 = 5 * LEDGERS;

fn contract(text: &str) -> ScAddress {
    text.parse().unwrap()
}

/// What a circle's calls need: its own entries (its vault's balance is the token's), and all they share.
async fn needed(market: &Market, circle: CircleId) -> Vec<(&'static str, LedgerKey)> {
    let asset = market.kolo.ports().chain.asset_contract(market.kolo.asset()).unwrap();
    let asset = ScAddress::Contract(ContractId(Hash(asset)));
    let circle = contract(&market.address(circle).await.0);
    let factory = contract(&market.factory.0);
    let data = |contract: &ScAddress, key: ScVal| {
        let (contract, durability) = (contract.clone(), ContractDataDurability::Persistent);
        LedgerKey::ContractData(LedgerKeyContractData { contract, key, durability })
    };
    let instance = |contract: &ScAddress| data(contract, ScVal::LedgerKeyContractInstance);
    let code =
        |wasm: &[u8]| LedgerKey::ContractCode(LedgerKeyContractCode { hash: Hash(sha256(wasm)) });
    let of_circle = ScVal::Vec(Some(
        vec![ScVal::Symbol("Balance".try_into().unwrap()), ScVal::Address(circle.clone())]
            .try_into()
            .unwrap(),
    ));
    vec![
        ("circle", instance(&circle)),
        ("state", data(&circle, ScVal::U32(4))),
        ("balance", data(&asset, of_circle)),
        ("factory", instance(&factory)),
        ("token", instance(&asset)),
        ("circle's code", code(CIRCLE_WASM)),
        ("rulebook's code", code(RULEBOOK_WASM)),
        ("factory's code", code(FACTORY_WASM)),
    ]
}

/// What was paid for rent, in stroops, and in how many transactions: of circles, and of what they share.
#[derive(Debug, Default, PartialEq)]
struct Paid {
    circles: (i64, usize),
    shared: (i64, usize),
}

/// Adds what was paid after that ledger.
async fn add_paid(market: &Market, after: u32, paid: &mut Paid) {
    let all = market.net.transactions(after + 1..=u32::MAX, None, 10_000).await.unwrap();
    for record in &all {
        let Some(tx) = inner(record) else { continue };
        let Some(OperationBody::ExtendFootprintTtl(_)) = tx.operations.first().map(|op| &op.body)
        else {
            continue;
        };
        let TransactionExt::V1(data) = &tx.ext else { panic!("no footprint") };
        let keys = &data.resources.footprint.read_only;
        let shares = keys.iter().any(|key| matches!(key, LedgerKey::ContractCode(_)));
        let sum = if shares { &mut paid.shared } else { &mut paid.circles };
        sum.0 += record.fee_charged;
        sum.1 += 1;
    }
}

async fn latest(market: &Market) -> u32 {
    market.kolo.ports().chain.latest().await.unwrap().sequence
}

#[tokio::test]
async fn a_quiet_year_archives_nothing_and_costs_little() {
    let circles = 3;
    let mut market = Market::new(1).await;
    for _ in 0..circles {
        let circle = market.form().await;
        // Somebody's tokens are in its vault.
        let issuer = market.kolo.operator().issuer.unwrap();
        let from = market.kolo.ports().chain.account_address(&issuer);
        let (to, asset) = (market.address(circle).await, market.kolo.asset().clone());
        market.apply(&ChainEffect::Pay { from, to, asset, amount: usdc(1) }).await;
    }
    market.settle().await;
    let mut paid = Paid::default();
    let mut kept = vec![];
    for circle in market.circles.clone() {
        kept.extend(needed(&market, circle).await);
    }
    for day in (STEP..=400_u64).step_by(STEP_DAYS) {
        let today = Timestamp::from_unix(START + 10 * DAY + day * DAY);
        let yesterday = latest(&market).await;
        market.clock.set(today.max(market.clock.now()));
        market.net.advance_ledgers(STEP_LEDGERS).await.unwrap();
        for _ in 0..4 {
            market.ledger().await;
        }
        let keys: Vec<_> = kept.iter().map(|(_, key)| key.clone()).collect();
        let found = market.rpc.ledger_entries(&keys).await.unwrap();
        let latest = latest(&market).await;
        // The network forgets its transactions after some days.
        add_paid(&market, yesterday, &mut paid).await;
        for (name, key) in &kept {
            let entry = found.iter().find(|entry| entry.key == *key);
            let Some(until) = entry.and_then(|entry| entry.live_until) else {
                panic!("day {day}: the {name} is gone");
            };
            assert!(
                until > latest + STEP_LEDGERS,
                "day {day}: the {name} ends before the next look"
            );
        }
    }
    let xlm = |stroops: i64| format!("{}.{:07}", stroops / 10_000_000, stroops % 10_000_000);
    println!(
        "rent in 400 days: {} XLM for {circles} circles in {} transactions ({} a circle and year), {} XLM in {} for what all share ({} a year)",
        xlm(paid.circles.0),
        paid.circles.1,
        xlm(paid.circles.0 * 365 / 400 / circles),
        xlm(paid.shared.0),
        paid.shared.1,
        xlm(paid.shared.0 * 365 / 400),
    );
    // 120 days at first; then a circle's entries have 120 whenever fewer than 30 are left, what all share has
    // 60: some 90 and some 30 days apart.
    let circles = usize::try_from(circles).unwrap();
    assert!((3 * circles..=5 * circles).contains(&paid.circles.1), "{paid:?}");
    assert!((8..=14).contains(&paid.shared.1), "{paid:?}");
}

/// Without a circle nobody pays anything.
#[tokio::test]
async fn without_circles_nothing_is_prolonged() {
    let market = Market::new(1).await;
    let mut paid = Paid::default();
    for _ in 0..30 {
        let before = latest(&market).await;
        market.clock.advance(10 * DAY);
        market.net.advance_ledgers(10 * LEDGERS).await.unwrap();
        market.ledger().await;
        add_paid(&market, before, &mut paid).await;
    }
    assert_eq!(paid, Paid::default());
}
