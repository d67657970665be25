//! Calls that take two signatures, and codes that take everybody's, on the real contract.
use kolo_core::port::ChainClient;
use kolo_core::port::PortErrorKind;
use kolo_core::port::chain::{
    ChainAddress, ChainEffect, ChainEventBody, CircleChainEvent as E, Fate, PrepareError,
    Submission,
};
use kolo_rules::Amount;
use kolo_rules::circle::{Motion, Security};

use super::world::*;

/// Three members; deposits of 20, 10 and nothing for the turns 1 to 3.
async fn with_deposits() -> (World, ChainAddress) {
    let mut world = World::new().await;
    world.security = Security::Exposure;
    let circle = world.circle(3).await;
    for (n, money) in [(1, 20), (2, 10)] {
        let (circle, member, asset) = (circle.clone(), world.address(n), world.asset());
        world.apply(&ChainEffect::Secure { circle, member, amount: usdc(money), asset }).await;
    }
    (world, circle)
}

fn swap(world: &World, circle: &ChainAddress, between: [(u8, u8); 2], deposit: i64) -> ChainEffect {
    let [(maker, maker_turn), (taker, taker_turn)] = between;
    ChainEffect::Swap {
        circle: circle.clone(),
        maker: world.address(maker),
        taker: world.address(taker),
        maker_turn,
        taker_turn,
        deposit: usdc(deposit),
        asset: world.asset(),
    }
}

async fn balances(world: &World, circle: &ChainAddress) -> [Amount; 4] {
    let vault = world.client.balance(circle, &world.asset()).await.unwrap();
    [world.balance(1).await, world.balance(2).await, world.balance(3).await, vault]
}

/// Both ways round: the one who consents apart pays, and the one who sends.
#[tokio::test]
async fn two_change_turns_and_back_and_the_deposit_goes_from_one_to_the_other() {
    let (world, circle) = with_deposits().await;
    assert_eq!(balances(&world, &circle).await, [usdc(80), usdc(90), usdc(100), usdc(30)]);
    world.apply(&swap(&world, &circle, [(1, 1), (3, 3)], 20)).await;
    assert_eq!(balances(&world, &circle).await, [usdc(100), usdc(90), usdc(80), usdc(30)]);
    // And now member 1, who has the last turn, pays for the second; and signs apart.
    world.apply(&swap(&world, &circle, [(1, 3), (2, 2)], 10)).await;
    assert_eq!(balances(&world, &circle).await, [usdc(90), usdc(100), usdc(80), usdc(30)]);
    for n in 1..=3 {
        world.apply(&world.contribute(&circle, n, 1)).await;
    }
    world.wait(7 * DAY);
    world.apply(&ChainEffect::Payout { circle: circle.clone(), round: 1 }).await;
    assert_eq!(balances(&world, &circle).await, [usdc(80), usdc(90), usdc(100), usdc(30)]);
}

#[tokio::test]
async fn nothing_is_signed_for_another_amount_or_by_one_alone() {
    let (world, circle) = with_deposits().await;
    for wrong in [0, 19, 21] {
        let effect = swap(&world, &circle, [(1, 1), (3, 3)], wrong);
        match world.client.prepare(&effect).await {
            Err(PrepareError::Port(error)) => assert_eq!(error.kind, PortErrorKind::Denied),
            other => panic!("{wrong}: {other:?}"),
        }
    }
    let effect = swap(&world, &circle, [(1, 1), (3, 3)], 20);
    let tx = world.client.prepare(&effect).await.unwrap();
    let own = [(public(3), signature(3, &tx.payload))];
    assert!(world.client.assemble(&tx, &own).is_err(), "the consent is missing");
    let [wanted] = tx.authorisations.as_slice() else { panic!("{tx:?}") };
    for forged in [vec![], vec![(wanted.signer, signature(3, &wanted.payload))]] {
        let refused = world.client.authorise(&effect, &tx, &forged).await;
        assert!(matches!(refused, Err(PrepareError::Port(_))), "{refused:?}");
    }
    assert_eq!(balances(&world, &circle).await, [usdc(80), usdc(90), usdc(100), usdc(30)]);
}

/// What both signed names both turns: after another swap it is about nothing any more.
#[tokio::test]
async fn what_was_signed_before_another_swap_does_nothing() {
    let (world, circle) = with_deposits().await;
    let effect = swap(&world, &circle, [(1, 1), (3, 3)], 20);
    let tx = world.prepared(&effect).await.unwrap();
    world.apply(&swap(&world, &circle, [(2, 2), (1, 1)], 10)).await;
    let before = balances(&world, &circle).await;
    let signed = world.sign(&tx);
    assert_eq!(world.client.submit(&signed).await.unwrap(), Submission::Accepted);
    match world.client.look_up(&signed).await.unwrap() {
        Fate::Failed { refused, .. } => assert_eq!(refused.contract_code, Some(117)),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.refusal(&effect).await, Some(117));
    assert_eq!(balances(&world, &circle).await, before);
}

/// Sent twice it happens once; the consent in it is used up.
#[tokio::test]
async fn a_consent_is_good_once() {
    let (world, circle) = with_deposits().await;
    let effect = swap(&world, &circle, [(1, 1), (3, 3)], 20);
    let tx = world.prepared(&effect).await.unwrap();
    let signed = world.sign(&tx);
    for _ in 0..2 {
        assert_eq!(world.client.submit(&signed).await.unwrap(), Submission::Accepted);
        let fate = world.client.look_up(&signed).await.unwrap();
        assert!(matches!(fate, Fate::Confirmed { .. }), "{fate:?}");
    }
    let after = balances(&world, &circle).await;
    assert_eq!(after, [usdc(100), usdc(90), usdc(80), usdc(30)]);
    // The consent again, round another transaction of the same account: the network remembers it.
    let wanted = tx.authorisations[0].clone();
    let again = [(wanted.signer, signature(1, &wanted.payload))];
    let refused = world.client.authorise(&effect, &tx, &again).await;
    assert!(matches!(refused, Err(PrepareError::Refused(_))), "{refused:?}");
    assert_eq!(balances(&world, &circle).await, after);
}

fn replace(world: &World, circle: &ChainAddress, price: i64) -> ChainEffect {
    ChainEffect::Replace {
        circle: circle.clone(),
        leaver: world.address(2),
        newcomer: world.address(4),
        turn: 2,
        price: usdc(price),
        asset: world.asset(),
    }
}

/// The members vote that member 4 may take the seat of member 2.
async fn let_in(world: &World, circle: &ChainAddress) {
    let (circle, member) = (circle.clone(), world.address(1));
    let (subject, newcomer) = (Some(world.address(2)), Some(world.address(4)));
    let motion = Motion::Replace;
    let propose =
        ChainEffect::Propose { circle: circle.clone(), member, motion, subject, newcomer };
    world.apply(&propose).await;
    let member = world.address(3);
    world.apply(&ChainEffect::Vote { circle, member, proposal: 1, approve: true }).await;
}

/// 10 paid in and a deposit of 10: twenty, from one to the other, past the vault.
#[tokio::test]
async fn a_newcomer_buys_a_seat_for_its_exact_price() {
    let (world, circle) = with_deposits().await;
    world.open(4, usdc(100)).await;
    world.apply(&world.contribute(&circle, 2, 1)).await;
    let_in(&world, &circle).await;
    assert_eq!(world.refusal(&replace(&world, &circle, 19)).await, Some(131));
    world.apply(&replace(&world, &circle, 20)).await;
    assert_eq!((world.balance(2).await, world.balance(4).await), (usdc(100), usdc(80)));
    let there = world.client.circle(&circle, &world.asset()).await.unwrap().unwrap();
    assert_eq!(there.members, [1, 4, 3].map(|n| world.address(n)));
    assert_eq!(there.vault, usdc(40));
    let sold = world.history(100).await.into_iter().find_map(|body| match body {
        ChainEventBody::Circle { event: E::SeatSold { price, deposit, .. }, .. } => {
            Some((price, deposit))
        }
        _ => None,
    });
    assert_eq!(sold, Some((usdc(10), usdc(10))));
}

/// Member 2 has had the first pot of 30 for 10: who takes the seat over is paid what is still to come.
#[tokio::test]
async fn who_has_had_the_pot_pays_whoever_takes_the_rest_over() {
    let world = World::new().await;
    let circle = world.circle(3).await;
    world.open(4, usdc(100)).await;
    world.apply(&swap(&world, &circle, [(1, 1), (2, 2)], 0)).await;
    for n in 1..=3 {
        world.apply(&world.contribute(&circle, n, 1)).await;
    }
    world.wait(7 * DAY);
    world.apply(&ChainEffect::Payout { circle: circle.clone(), round: 1 }).await;
    assert_eq!(world.balance(2).await, usdc(120));
    let_in(&world, &circle).await;
    let ChainEffect::Replace { leaver, newcomer, asset, .. } = replace(&world, &circle, 0) else {
        panic!("no sale");
    };
    let (turn, price) = (1, usdc(-20));
    let sale =
        ChainEffect::Replace { circle: circle.clone(), leaver, newcomer, turn, price, asset };
    world.apply(&sale).await;
    assert_eq!((world.balance(2).await, world.balance(4).await), (usdc(100), usdc(120)));
}

#[tokio::test]
async fn a_newcomer_who_cannot_pay_gets_no_seat() {
    let (world, circle) = with_deposits().await;
    world.open(4, usdc(19)).await;
    world.apply(&world.contribute(&circle, 2, 1)).await;
    let_in(&world, &circle).await;
    assert_eq!(world.refusal(&replace(&world, &circle, 20)).await, Some(22));
    let there = world.client.circle(&circle, &world.asset()).await.unwrap().unwrap();
    assert_eq!(there.members, [1, 2, 3].map(|n| world.address(n)));
    assert_eq!(world.balance(4).await, usdc(19));
}

/// All sign, seven days pass, anybody changes the code; and the circle goes on.
#[tokio::test]
async fn a_code_everybody_signed_for_comes_after_seven_days() {
    let world = World::new().await;
    let circle = world.circle(2).await;
    let wasm = sha256(include_bytes!("../../wasm/circle.wasm"));
    let sign =
        |n| ChainEffect::SignUpgrade { circle: circle.clone(), member: world.address(n), wasm };
    let upgrade = ChainEffect::Upgrade { circle: circle.clone(), wasm };
    world.apply(&sign(1)).await;
    assert_eq!(world.refusal(&sign(1)).await, Some(135), "signed already");
    world.apply(&sign(2)).await;
    assert_eq!(world.refusal(&upgrade).await, Some(30), "too early");
    for n in 1..=2 {
        world.apply(&world.contribute(&circle, n, 1)).await;
    }
    world.wait(7 * DAY);
    world.net.close_ledger().await.unwrap();
    world.apply(&upgrade).await;
    let told: Vec<E> = world
        .history(100)
        .await
        .into_iter()
        .filter_map(|body| match body {
            ChainEventBody::Circle { event, .. } => Some(event),
            _ => None,
        })
        .filter(|event| matches!(event, E::UpgradeSigned { .. } | E::Upgraded { .. }))
        .collect();
    let signed = |n| E::UpgradeSigned { member: world.address(n), wasm };
    assert_eq!(told, [signed(1), signed(2), E::Upgraded { wasm }]);
    world.apply(&ChainEffect::Payout { circle: circle.clone(), round: 1 }).await;
    assert_eq!(world.balance(1).await, usdc(110));
}
