//! Payouts of many circles at once, through channels.
use std::collections::BTreeSet;

use kolo_core::Timestamp;
use kolo_core::port::Clock;
use kolo_localnet::TxRecord;
use stellar_xdr::{
    FeeBumpTransactionInnerTx, HostFunction, InvokeContractArgs, OperationBody, Transaction,
    TransactionEnvelope,
};

use super::market::Market;
use super::world::*;

/// The transaction within the fee-bump.
pub fn inner(record: &TxRecord) -> Option<Transaction> {
    match &record.envelope {
        TransactionEnvelope::TxFeeBump(bump) => match &bump.tx.inner_tx {
            FeeBumpTransactionInnerTx::Tx(inner) => Some(inner.tx.clone()),
        },
        _ => None,
    }
}

fn called(tx: &Transaction) -> Option<InvokeContractArgs> {
    match &tx.operations.first()?.body {
        OperationBody::InvokeHostFunction(op) => match &op.host_function {
            HostFunction::InvokeContract(args) => Some(args.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// More payouts due at once than there are channels, two workers: every circle is paid out once, several in
/// one ledger, by accounts that hold nothing.
#[tokio::test]
async fn more_payouts_than_channels_are_each_made_once() {
    let (circles, channels) = (10_usize, 3_u16);
    let mut market = Market::new(channels).await;
    market.fill(circles).await;
    market.check().await;
    market.clock.set(Timestamp::from_unix(market.clock.now().unix() + 7 * DAY));
    market.settle().await;
    market.check().await;

    let all = market.net.transactions(1..=u32::MAX, None, 10_000).await.unwrap();
    let payouts: Vec<(u32, String, String)> = all
        .iter()
        .filter(|record| {
            matches!(
                record.result.result,
                stellar_xdr::TransactionResultResult::TxFeeBumpInnerSuccess(_)
            )
        })
        .filter_map(|record| {
            let tx = inner(record)?;
            let call = called(&tx)?;
            let is_payout = call.function_name.0.as_slice() == b"payout";
            is_payout.then(|| {
                let source = format!("{:?}", tx.source_account);
                (record.ledger, call.contract_address.to_string(), source)
            })
        })
        .collect();
    let mut paid: Vec<&String> = payouts.iter().map(|(_, circle, _)| circle).collect();
    paid.sort();
    let mut due = vec![];
    for circle in &market.circles {
        due.push(market.address(*circle).await.0);
    }
    due.sort();
    assert_eq!(paid, due.iter().collect::<Vec<_>>(), "each circle once");

    let sources: BTreeSet<&String> = payouts.iter().map(|(.., source)| source).collect();
    assert_eq!(sources.len(), usize::from(channels) + 1, "the keeper and every channel");
    let at_once = |ledger: u32| payouts.iter().filter(|(at, ..)| *at == ledger).count();
    let most = payouts.iter().map(|(ledger, ..)| at_once(*ledger)).max().unwrap();
    assert!(most > 1, "side by side, not one after the other: {payouts:?}");
    for circle in &market.circles {
        let status = market.kolo.circles().status(*circle).await.unwrap();
        assert_eq!((status.round, status.vault), (2, usdc(0)));
    }
}
