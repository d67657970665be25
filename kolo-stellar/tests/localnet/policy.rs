//! What a signing service lets through: what each key is for, and no more.
use std::sync::Arc;

use kolo_core::port::chain::{Assembled, ChainEffect, PreparedTx};
use kolo_core::port::vault::{Digest, PublicKey, SigningPolicy};
use kolo_core::port::{ChainClient, PortErrorKind};
use kolo_rules::Amount;
use kolo_stellar::StellarConfig;
use kolo_stellar::wallet::{TransactionPolicy, message_payload};

use super::world::*;

fn policy_of(world: &World, config: &StellarConfig) -> TransactionPolicy {
    TransactionPolicy::try_new(config, Arc::new(world.hands.clone())).unwrap()
}

fn may(policy: &TransactionPolicy, n: u8, payload: &[u8]) -> bool {
    match policy.check(&public(n), Digest::Sha256, payload) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.kind, PortErrorKind::Denied, "{error}");
            false
        }
    }
}

/// Which of the operator's three and two others may sign it.
fn signers(policy: &TransactionPolicy, payload: &[u8]) -> Vec<u8> {
    [SPONSOR, FEES, KEEPER, 1].into_iter().filter(|n| may(policy, *n, payload)).collect()
}

async fn prepared(world: &World, effect: &ChainEffect) -> PreparedTx {
    world.client.prepare(effect).await.unwrap()
}

#[tokio::test]
async fn each_key_signs_what_it_is_for() {
    let world = World::new().await;
    let policy = policy_of(&world, &world.deployment.config());
    let circle = world.circle(2).await;
    world.open(3, Amount::ZERO).await;
    let fresh = ChainEffect::OpenAccount { owner: world.address(9), asset: world.asset() };
    let close = ChainEffect::CloseAccount {
        owner: world.address(3),
        asset: world.asset(),
        to: world.address(SPONSOR),
    };
    world.open(4, Amount::ZERO).await;
    world.net.fund(world.address(4).0.parse().unwrap(), 15_000_000).await.unwrap();
    let leave = ChainEffect::LeaveSponsorship { owner: world.address(4), asset: world.asset() };
    let cases = [
        (fresh, vec![SPONSOR, 1]),
        (world.pay(1, 2, usdc(5)), vec![1]),
        (world.contribute(&circle, 1, 1), vec![1]),
        (close, vec![1]),
        (leave, vec![SPONSOR]),
    ];
    for (effect, expected) in cases {
        let tx = prepared(&world, &effect).await;
        assert_eq!(signers(&policy, &tx.payload), expected, "{effect:?}");
    }
    // Nobody's call, and the fee-bump around it.
    world.apply(&world.contribute(&circle, 1, 1)).await;
    world.apply(&world.contribute(&circle, 2, 1)).await;
    world.wait(7 * DAY);
    world.net.close_ledger().await.unwrap();
    let payout = prepared(&world, &ChainEffect::Payout { circle, round: 1 }).await;
    assert_eq!(signers(&policy, &payout.payload), [KEEPER, 1]);
    let signed = [(public(KEEPER), signature(KEEPER, &payout.payload))];
    let Assembled::NeedsFeeBump(bump) = world.client.assemble(&payout, &signed).unwrap() else {
        panic!("the client wraps");
    };
    assert_eq!(signers(&policy, &bump.payload), [FEES]);
}

#[tokio::test]
async fn what_is_not_of_this_operators_making_is_not_signed() {
    let world = World::new().await;
    let config = world.deployment.config();
    let policy = policy_of(&world, &config);
    world.open(1, usdc(5)).await;
    world.open(2, Amount::ZERO).await;
    let tx = prepared(&world, &world.pay(1, 2, usdc(5))).await;
    assert!(may(&policy, 1, &tx.payload));
    // Another network, a lower ceiling, another asset.
    let other = StellarConfig { passphrase: "another".to_owned(), ..config.clone() };
    assert!(!may(&policy_of(&world, &other), 1, &tx.payload));
    let poor = StellarConfig { max_fee: 1, ..config.clone() };
    assert!(!may(&policy_of(&world, &poor), 1, &tx.payload));
    let mut assets = config.assets.clone();
    assets[0].code = "EURC".to_owned();
    let euros = StellarConfig { assets, ..config };
    assert!(!may(&policy_of(&world, &euros), 1, &tx.payload));
    // No transaction at all.
    for bytes in [&b""[..], &[0; 32], &sha256(b"x"), b"hello", &tx.payload[..40], &[0xff; 500]] {
        assert!(!may(&policy, 1, bytes));
    }
}

#[tokio::test]
async fn messages_are_the_members_and_begin_as_ours_do() {
    let world = World::new().await;
    let policy = policy_of(&world, &world.deployment.config());
    let message = message_payload(b"I am Ada").unwrap();
    assert_eq!(signers(&policy, &message), [1]);
    let raw = |key: PublicKey, bytes: &[u8]| policy.check(&key, Digest::Raw, bytes).is_ok();
    assert!(raw(public(1), b"kolo:join:1 and so on"));
    assert!(raw(public(ISSUER), b"kolo:receipt:1"));
    for bytes in [&b""[..], b"kol", b"hello", &[7; 32], &message] {
        assert!(!raw(public(1), bytes), "{bytes:?}");
    }
}
