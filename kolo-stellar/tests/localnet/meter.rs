//! Counts of what became of everything.
use std::sync::Arc;

use kolo_core::port::ChainClient;
use kolo_core::port::chain::Fate;
use kolo_stellar::{Ends, FnTransport, Meter, Rpc, StellarChainClient, TransportError};

use super::world::*;

#[tokio::test]
async fn outcomes_are_counted_once() {
    let world = World::new().await;
    world.open(1, usdc(10)).await;
    world.open(2, usdc(0)).await;
    let meter = Meter::new();
    let client = meter.watch(Arc::new(world.client.clone()));
    let effect = world.pay(1, 2, usdc(4));
    let prepared = client.prepare(&effect).await.unwrap();
    assert!(client.verify(&effect, &prepared).is_ok());
    assert!(client.verify(&world.pay(1, 2, usdc(5)), &prepared).is_err());
    let signed = world.sign(&prepared);
    client.submit(&signed).await.unwrap();
    let mut charged = 0;
    for _ in 0..3 {
        let Fate::Confirmed { fee, .. } = client.look_up(&signed).await.unwrap() else {
            panic!("not applied");
        };
        charged = fee;
    }
    // More than there is: the chain would refuse it.
    assert!(client.prepare(&world.pay(1, 2, usdc(400))).await.is_err());
    let figures = meter.figures();
    assert_eq!((figures.confirmed, figures.failed, figures.accepted), (1, 0, 1));
    let ends = figures.ends.get("Payment").copied();
    assert_eq!((ends, figures.ends.len()), (Some(Ends { confirmed: 1, failed: 0 }), 1));
    assert_eq!((figures.refused_before_sending, figures.mismatches), (1, 1));
    assert_eq!((figures.fees, figures.settlement.count), (charged, 1));
    assert_eq!(figures.error_rate_bp(), 0);

    let dead = FnTransport::new(|_| async { Err(TransportError::Timeout) });
    let dead = StellarChainClient::try_new(Rpc::new(dead), &world.deployment.config()).unwrap();
    let dead = meter.watch(Arc::new(dead));
    assert!(dead.look_up(&signed).await.is_err());
    assert!(dead.latest().await.is_err());
    let figures = meter.figures();
    assert_eq!((figures.unknown_errors, figures.temporary_errors), (2, 0));
    assert_eq!(figures.error_rate_bp(), 2 * 10_000 / figures.calls);
    assert_eq!(world.balance(2).await, usdc(4));
}
