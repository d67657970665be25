//! Two stablecoins on one network: pots are never mixed.
use std::sync::Arc;

use kolo_core::port::ChainClient;
use kolo_core::port::chain::{ChainEffect, PrepareError};
use kolo_rules::Amount;
use kolo_stellar::StellarChainClient;
use kolo_stellar::setup::{Bootstrap, Funder, bootstrap};

use super::world::*;

/// The same network seen by an operator of euros.
async fn euros(world: &World) -> World {
    let funder = Funder::root_of(world.net.passphrase());
    let wanted = Bootstrap { asset_code: "EURC".to_owned(), ..wanted() };
    let deployment = bootstrap(&world.rpc, &funder, &wanted).await.unwrap();
    let client = StellarChainClient::connect(world.rpc.clone(), &deployment.config())
        .await
        .unwrap()
        .with_clock(Arc::new(world.hands.clone()));
    World {
        net: world.net.clone(),
        hands: world.hands.clone(),
        rpc: world.rpc.clone(),
        deployment,
        client,
        security: world.security,
        advance: false,
    }
}

#[tokio::test]
async fn a_circle_is_pinned_to_its_asset_and_pots_are_not_mixed() {
    let dollars = World::new().await;
    let euros = euros(&dollars).await;
    assert_ne!(dollars.asset(), euros.asset());
    let of_dollars = dollars.circle(2).await;
    let of_euros = euros.circle(2).await;
    dollars.apply(&dollars.contribute(&of_dollars, 1, 1)).await;
    euros.apply(&euros.contribute(&of_euros, 1, 1)).await;
    euros.apply(&euros.contribute(&of_euros, 2, 1)).await;
    let held =
        async |world: &World, circle| world.client.balance(circle, &world.asset()).await.unwrap();
    assert_eq!(held(&dollars, &of_dollars).await, usdc(10));
    assert_eq!(held(&dollars, &of_euros).await, Amount::ZERO);
    assert_eq!(held(&euros, &of_euros).await, usdc(20));
    assert_eq!(held(&euros, &of_dollars).await, Amount::ZERO);
    assert_eq!((dollars.balance(1).await, euros.balance(1).await), (usdc(90), usdc(90)));
    assert_eq!((dollars.balance(2).await, euros.balance(2).await), (usdc(100), usdc(90)));

    // What is owed in one asset is not paid in the other: the client of euros signs no dollars.
    let crossed = euros.client.prepare(&euros.contribute(&of_dollars, 2, 1)).await;
    assert!(crossed.is_err(), "{crossed:?}");
    assert_eq!(dollars.balance(2).await, usdc(100));
}

#[tokio::test]
async fn a_factory_makes_no_circle_in_an_asset_it_does_not_allow() {
    let dollars = World::new().await;
    let euros = euros(&dollars).await;
    dollars.open(1, usdc(10)).await;
    let effect = ChainEffect::CreateCircle {
        organiser: dollars.address(1),
        salt: [9; 32],
        rules: euros.rules(2),
        organiser_turn: Some(1),
    };
    match dollars.client.prepare(&effect).await {
        Err(PrepareError::Refused(refused)) => assert_eq!(refused.contract_code, Some(3)),
        other => panic!("{other:?}"),
    }
}
