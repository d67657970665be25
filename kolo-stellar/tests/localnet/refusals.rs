use kolo_core::port::ChainClient;
use kolo_core::port::chain::{ChainEffect, Fate};
use kolo_core::port::vault::Signature;

use super::world::*;

#[tokio::test]
async fn the_contracts_refusals_arrive_as_their_numbers() {
    let world = World::new().await;
    let circle = world.circle(2).await;
    let contribute = |round, amount| ChainEffect::Contribute {
        circle: circle.clone(),
        member: world.address(1),
        round,
        amount,
        asset: world.asset(),
    };
    assert_eq!(world.refusal(&contribute(1, usdc(9))).await, Some(131));
    assert_eq!(world.refusal(&contribute(2, usdc(10))).await, Some(130));
    let payout = ChainEffect::Payout { circle: circle.clone(), round: 1 };
    assert_eq!(world.refusal(&payout).await, Some(140));
    world.wait(7 * DAY);
    world.net.close_ledger().await.unwrap();
    assert_eq!(world.refusal(&payout).await, Some(141));

    // All the money is gone elsewhere.
    world.apply(&world.pay(2, 1, usdc(95))).await;
    assert_eq!(world.refusal(&world.contribute(&circle, 2, 1)).await, Some(21));
    assert_eq!(world.balance(2).await, usdc(5));
}

#[tokio::test]
async fn another_persons_invitation_is_of_no_use() {
    let world = World::new().await;
    for n in 1..=3 {
        world.open(n, usdc(1)).await;
    }
    let circle = world.create(3, [1; 32]).await;
    world.apply(&world.invite(&circle, 102)).await;
    let ChainEffect::Join { signature, key, rules_hash, .. } = world.joining(&circle, 2, 3) else {
        panic!("no join");
    };
    let stolen = |signature: Signature, rules_hash: [u8; 32], member: u8| ChainEffect::Join {
        circle: circle.clone(),
        member: world.address(member),
        rules_hash,
        turn: None,
        key,
        signature,
    };
    assert_eq!(world.refusal(&stolen(signature, rules_hash, 3)).await, Some(31));
    assert_eq!(world.refusal(&stolen(signature, [0; 32], 2)).await, Some(5));
    world.wait(2 * DAY);
    world.net.close_ledger().await.unwrap();
    assert_eq!(world.refusal(&stolen(signature, rules_hash, 2)).await, Some(7));
}

/// Prepared while it was plain, applied when only the rulebook knows what to make of it, which it has not asked
/// for: in a ledger, failed, fee taken, and another simulation knows why.
#[tokio::test]
async fn what_fails_in_the_ledger_for_want_of_the_rulebook_is_outdated() {
    let world = World::new().await;
    let circle = world.circle(3).await;
    world.apply(&world.contribute(&circle, 1, 1)).await;
    let contribution = world.signed(&world.contribute(&circle, 2, 1)).await.unwrap();
    // Meanwhile the two others dissolve the circle.
    world.apply(&world.dissolving(&circle, 1)).await;
    world
        .apply(&ChainEffect::Vote {
            circle: circle.clone(),
            member: world.address(3),
            proposal: 1,
            approve: true,
        })
        .await;
    world.client.submit(&contribution).await.unwrap();
    match world.client.look_up(&contribution).await.unwrap() {
        Fate::Failed { refused, outdated, fee } => {
            assert_eq!(refused.contract_code, None, "{refused:?}");
            assert!(outdated, "{refused:?}");
            assert_eq!(refused.reason, "TxFailed: InvokeHostFunctionTrapped");
            assert!(fee > 0);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.balance(2).await, usdc(100), "nothing was taken");
    assert_eq!(world.refusal(&world.contribute(&circle, 2, 1)).await, Some(121));
}
