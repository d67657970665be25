use kolo_core::port::chain::{ChainAddress, ChainEffect, ChainEventBody, CircleChainEvent as E};
use kolo_core::port::{ChainClient, Clock};
use kolo_rules::circle::{Motion, Phase};
use kolo_rules::{Amount, Circle};

use super::world::*;

#[tokio::test]
async fn a_whole_rotation_with_its_events_in_order() {
    let world = World::new().await;
    let circle = world.circle(3).await;
    let on_chain = world.client.circle(&circle, &world.asset()).await.unwrap().unwrap();
    let members: Vec<_> = (1..=3).map(|n| world.address(n)).collect();
    assert_eq!(on_chain.members, members);
    let state = Circle::decode(&on_chain.state.unwrap()).unwrap();
    assert_eq!((state.phase, state.started_at), (Phase::Active, world.hands.now().unix()));

    for round in 1..=3_u8 {
        for n in 1..=3 {
            world.apply(&world.contribute(&circle, n, round)).await;
        }
        let vault = world.client.circle(&circle, &world.asset()).await.unwrap().unwrap().vault;
        assert_eq!(vault, usdc(30));
        assert_eq!(world.client.balance(&circle, &world.asset()).await.unwrap(), usdc(30));
        world.wait(7 * DAY);
        let payout = ChainEffect::Payout { circle: circle.clone(), round };
        world.apply(&payout).await;
    }
    for n in 1..=3 {
        assert_eq!(world.balance(n).await, usdc(100), "member {n}");
    }
    let on_chain = world.client.circle(&circle, &world.asset()).await.unwrap().unwrap();
    assert_eq!((on_chain.state, on_chain.members), (None, vec![]));
    assert_eq!(on_chain.vault, Amount::ZERO);

    let all = world.history(1000).await;
    assert_eq!(world.history(2).await, all, "pages change nothing");
    check_story(&world, &circle, &all);
}

/// What happened to the circle, and every transfer of its money.
fn check_story(world: &World, circle: &ChainAddress, all: &[ChainEventBody]) {
    let mut story = vec![];
    let (mut into, mut out) = (Amount::ZERO, Amount::ZERO);
    for body in all {
        match body {
            ChainEventBody::GroupCreated { circle: made, organiser, rules } => {
                assert_eq!((made, organiser), (circle, &world.address(1)));
                assert_eq!(rules, &world.rules(3));
                story.push("created".to_owned());
            }
            ChainEventBody::Circle { circle: by, event } => {
                assert_eq!(by, circle);
                story.push(told(world, event));
            }
            ChainEventBody::Transfer { from, to, amount, .. } => {
                if to.as_ref() == Some(circle) {
                    into = into.checked_add(*amount).unwrap();
                }
                if from.as_ref() == Some(circle) {
                    out = out.checked_add(*amount).unwrap();
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((into, out), (usdc(90), usdc(90)));
    let issued = all.iter().filter(|body| {
        matches!(body, ChainEventBody::Transfer { from: None, to: Some(_), amount, .. }
            if *amount == usdc(100))
    });
    assert_eq!(issued.count(), 3);
    let mut expected = vec!["joined 1", "created"];
    expected.extend(["invited", "joined 2", "invited", "joined 3", "started"]);
    for round in ["paid 1", "paid 2", "paid 3"] {
        expected.extend(["contributed", "contributed", "contributed", round]);
    }
    expected.push("closed 1");
    assert_eq!(story, expected);
}

fn told(world: &World, event: &E) -> String {
    let number = |address: &ChainAddress| (1..=3).find(|n| world.address(*n) == *address).unwrap();
    match event {
        E::InvitationAdded { key: Some(_), .. } => "invited".to_owned(),
        E::ParticipantJoined { member, seat, turn } => {
            assert_eq!(*turn, seat + 1);
            format!("joined {}", number(member))
        }
        E::GroupStarted { order, .. } => {
            assert_eq!(order.len(), 3);
            "started".to_owned()
        }
        E::ContributionMade { amount, late, .. } => {
            assert_eq!((*amount, *late), (usdc(10), false));
            "contributed".to_owned()
        }
        E::PayoutMade { recipient, round, amount, credited } => {
            assert_eq!((*amount, *credited), (usdc(30), false));
            assert_eq!(number(recipient), *round);
            format!("paid {round}")
        }
        E::GroupClosed { reason } => format!("closed {reason}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_circle_is_dissolved_and_everybody_gets_back_what_is_theirs() {
    let world = World::new().await;
    let circle = world.circle(2).await;
    world.apply(&world.contribute(&circle, 1, 1)).await;
    let member = world.address(1);
    world.apply(&world.dissolving(&circle, 1)).await;
    world
        .apply(&ChainEffect::Vote {
            circle: circle.clone(),
            member: world.address(2),
            proposal: 1,
            approve: true,
        })
        .await;
    let claim = ChainEffect::Claim { circle: circle.clone(), member };
    world.apply(&claim).await;
    assert_eq!(world.balance(1).await, usdc(100));
    assert_eq!(world.refusal(&claim).await, Some(124), "finished");
    let told = world.history(1000).await.into_iter().filter_map(|body| match body {
        ChainEventBody::Circle { event, .. } => Some(event),
        _ => None,
    });
    let last: Vec<E> = told.collect();
    assert!(
        matches!(
            &last[last.len() - 4..],
            [
                E::ProposalMade { motion: Motion::Dissolve, electorate: 2, .. },
                E::VoteCast { approve: true, .. },
                E::GroupClosed { reason: 2 },
                E::RefundClaimed { amount, .. },
            ] if *amount == usdc(10)
        ),
        "{last:?}"
    );
}

#[tokio::test]
async fn members_leave_and_invitations_are_taken_back_before_the_start() {
    let world = World::new().await;
    for n in 1..=3 {
        world.open(n, usdc(1)).await;
    }
    let circle = world.create(3, [9; 32]).await;
    world.join(&circle, 2, 3).await;
    world.apply(&ChainEffect::Leave { circle: circle.clone(), member: world.address(2) }).await;
    world.apply(&world.invite(&circle, 103)).await;
    world
        .apply(&ChainEffect::RevokeInvitation {
            circle: circle.clone(),
            organiser: world.address(1),
            key: public(103),
        })
        .await;
    assert_eq!(world.refusal(&world.joining(&circle, 3, 3)).await, Some(6));
    world.join(&circle, 3, 3).await;
    world.apply(&ChainEffect::Start { circle: circle.clone(), organiser: world.address(1) }).await;
    let on_chain = world.client.circle(&circle, &world.asset()).await.unwrap().unwrap();
    assert_eq!(on_chain.members, [world.address(1), world.address(3)]);

    let other = world.create(2, [10; 32]).await;
    world.apply(&ChainEffect::Cancel { circle: other.clone(), organiser: world.address(1) }).await;
    let cancelled = world.client.circle(&other, &world.asset()).await.unwrap().unwrap();
    assert_eq!(cancelled.state, None);
    let nowhere = world.client.circle_address(&world.address(1), &[11; 32]).unwrap();
    assert_eq!(world.client.circle(&nowhere, &world.asset()).await.unwrap(), None);
}
