//! Invitations, joining, leaving, starting, giving up.
use kolo_circle::Error;
use kolo_contract_tests::{DAY, Failure, Group, InvitationKey, Terms, World, either, event_name};
use kolo_rulebook::{Invitation, events::GroupClosed};
use kolo_rules::circle::{Order, Phase};
use soroban_sdk::{BytesN, Event as _};

#[test]
fn an_invited_address_joins_once_and_the_last_one_starts_the_circle() {
    let world = World::new();
    let mut group = Group::found(&world, Terms::of(2));
    let (first, second) = (world.person(0), world.person(0));
    assert_eq!(group.join(&first), Err(Error::NoInvitation.into()));
    group.seat(&first, None);
    assert_eq!(group.join(&first), Err(Error::AlreadyMember.into()));
    assert_eq!(
        group.invite(&Invitation::Address(first.address.clone()), None, world.now() + DAY),
        Err(Error::AlreadyMember.into())
    );
    group.seat(&second, None);
    let names: Vec<_> = group.events().iter().map(event_name).collect();
    assert_eq!(names, ["participant_joined", "group_started"]);
    assert_eq!(group.circle().phase, Phase::Active);
    assert_eq!(group.circle().started_at, world.now());
    assert_eq!(group.seated(), [first.address.clone(), second.address.clone()]);

    let late = world.person(0);
    let invitation = Invitation::Address(late.address.clone());
    let not_forming = Err(Error::NotForming.into());
    assert_eq!(group.invite(&invitation, None, world.now() + DAY), not_forming);
    assert_eq!(group.revoke(&invitation), not_forming);
    assert_eq!(group.join(&late), not_forming);
    let leave = group.make("leave", (first.address.clone(),));
    assert_eq!(group.call(Some(&first), &leave), not_forming);
    let remove = group.make("remove", (first.address.clone(),));
    assert_eq!(group.call(Some(&group.organiser), &remove), not_forming);
    let organiser = Some(&group.organiser);
    assert_eq!(group.call(organiser, &group.make("cancel", ())), not_forming);
    assert_eq!(group.call(organiser, &group.make("start", ())), Err(Error::AlreadyStarted.into()));
}

#[test]
fn only_the_organiser_invites_revokes_removes_starts_and_cancels() {
    let world = World::new();
    let mut group = Group::found(&world, Terms::of(3));
    let (member, guest) = (world.person(0), world.person(0));
    group.seat(&member, None);
    group.seat(&world.person(0), None);
    let (address, key) = either(&Invitation::Address(guest.address.clone()));
    let calls = [
        group.make("invite", (address.clone(), key.clone(), None::<u32>, world.now() + DAY)),
        group.make("revoke", (address, key)),
        group.make("remove", (member.address.clone(),)),
        group.make("start", ()),
        group.make("cancel", ()),
    ];
    for call in &calls {
        assert_eq!(group.call(Some(&member), call), Err(Failure::Host));
        assert_eq!(group.call(None, call), Err(Failure::Host));
    }
    let leave = group.make("leave", (member.address.clone(),));
    assert_eq!(group.call(Some(&group.organiser), &leave), Err(Failure::Host));
    let join = group.make(
        "join",
        (
            guest.address.clone(),
            group.rules_hash(),
            None::<u32>,
            None::<BytesN<32>>,
            None::<BytesN<64>>,
        ),
    );
    assert_eq!(group.call(Some(&member), &join), Err(Failure::Host));
}

#[test]
fn an_invitation_expires_is_revoked_and_is_used_once() {
    let world = World::new();
    let group = Group::found(&world, Terms::of(3));
    let guest = world.person(0);
    let invitation = Invitation::Address(guest.address.clone());
    let expires = world.now() + DAY;
    assert_eq!(
        group.invite(&invitation, None, world.now() - 1),
        Err(Error::InvitationExpired.into())
    );
    group.invite(&invitation, None, expires).unwrap();
    world.set_time(expires + 1);
    assert_eq!(group.join(&guest), Err(Error::InvitationExpired.into()));

    // Inviting again replaces the terms; the last second counts.
    group.invite(&invitation, None, expires + DAY).unwrap();
    world.set_time(expires + DAY);
    group.revoke(&invitation).unwrap();
    assert_eq!(group.revoke(&invitation), Err(Error::NoInvitation.into()));
    assert_eq!(group.join(&guest), Err(Error::NoInvitation.into()));
    group.invite(&invitation, None, expires + DAY).unwrap();
    group.join(&guest).unwrap();
    let leave = group.make("leave", (guest.address.clone(),));
    group.call(Some(&guest), &leave).unwrap();
    assert_eq!(group.join(&guest), Err(Error::NoInvitation.into()));
}

#[test]
fn the_rules_are_accepted_by_their_hash() {
    let world = World::new();
    let group = Group::found(&world, Terms::of(2));
    let guest = world.person(0);
    group.invite(&Invitation::Address(guest.address.clone()), None, world.now() + DAY).unwrap();
    let other = BytesN::from_array(&world.env, &[0; 32]);
    assert_eq!(group.join_with(&guest, &other, None, None), Err(Error::RulesMismatch.into()));
    group.join(&guest).unwrap();
}

#[test]
fn a_key_admits_whom_it_signs_for_and_nobody_else() {
    let world = World::new();
    let group = Group::found(&world, Terms::of(3));
    let elsewhere = Group::found(&world, Terms::of(3));
    let (guest, thief) = (world.person(0), world.person(0));
    let key = InvitationKey::new([3; 32]);
    let public = key.public(&world);
    group.invite(&Invitation::Key(public.clone()), None, world.now() + DAY).unwrap();

    let hash = group.rules_hash();
    let join = |person, key: Option<&BytesN<32>>, signature: Option<BytesN<64>>| {
        group.join_with(person, &hash, key.cloned(), signature)
    };
    let good = key.sign(&world, &group.address, &guest.address);
    assert_eq!(join(&guest, Some(&public), None), Err(Error::BadSignature.into()));
    assert_eq!(join(&guest, None, Some(good.clone())), Err(Error::BadSignature.into()));
    assert_eq!(join(&guest, None, None), Err(Error::NoInvitation.into()));
    // A signature that does not verify fails in the host, which tells the circle no more than that.
    let not_signed = Err(Error::RulebookFailed.into());
    // Seen in the open and used by another; made for another circle; made by another key.
    assert_eq!(join(&thief, Some(&public), Some(good.clone())), not_signed);
    let foreign = key.sign(&world, &elsewhere.address, &guest.address);
    assert_eq!(join(&guest, Some(&public), Some(foreign)), not_signed);
    let forger = InvitationKey::new([4; 32]);
    let forged = forger.sign(&world, &group.address, &thief.address);
    assert_eq!(join(&thief, Some(&public), Some(forged.clone())), not_signed);
    let unknown = forger.public(&world);
    assert_eq!(join(&thief, Some(&unknown), Some(forged)), Err(Error::NoInvitation.into()));

    join(&guest, Some(&public), Some(good)).unwrap();
    let again = key.sign(&world, &group.address, &thief.address);
    assert_eq!(join(&thief, Some(&public), Some(again)), Err(Error::NoInvitation.into()));
    assert_eq!(group.seated(), [guest.address]);
}

#[test]
fn a_key_admits_contract_addresses_too() {
    let world = World::new();
    let group = Group::found(&world, Terms::of(3));
    let key = InvitationKey::new([5; 32]);
    let public = key.public(&world);
    let joiner = world.person_in_a_contract();
    group.invite(&Invitation::Key(public.clone()), None, world.now() + DAY).unwrap();
    // 36 bytes of address instead of 40.
    let signature = key.sign(&world, &group.address, &joiner.address);
    group.join_with(&joiner, &group.rules_hash(), Some(public), Some(signature)).unwrap();
    assert_eq!(group.seated(), [joiner.address]);
}

#[test]
fn leaving_and_removing_close_the_gap() {
    let world = World::new();
    let mut group = Group::found(&world, Terms::of(4));
    for _ in 0..3 {
        let person = world.person(0);
        group.seat(&person, None);
    }
    let [first, second, third] = &group.members[..] else { panic!("three members") };
    let leave = group.make("leave", (first.address.clone(),));
    group.call(Some(first), &leave).unwrap();
    assert_eq!(group.call(Some(first), &leave), Err(Error::NotMember.into()));
    let turns: Vec<_> = group.circle().seats().iter().map(|seat| seat.turn).collect();
    assert_eq!(turns, [1, 2]);
    assert_eq!(group.seated(), [second.address.clone(), third.address.clone()]);
    let remove = group.make("remove", (third.address.clone(),));
    group.call(Some(&group.organiser), &remove).unwrap();
    assert_eq!(group.seated(), std::slice::from_ref(&second.address));
    assert_eq!(group.circle().len(), 1);
}

#[test]
fn a_fixed_order_gives_every_turn_once() {
    let world = World::new();
    let mut group = Group::found(&world, Terms { order: Order::Fixed, ..Terms::of(3) });
    let guest = world.person(0);
    let invitation = Invitation::Address(guest.address.clone());
    let expires = world.now() + DAY;
    for turn in [None, Some(0), Some(4), Some(257)] {
        assert_eq!(group.invite(&invitation, turn, expires), Err(Error::BadTurn.into()));
    }
    let first = world.person(0);
    group.seat(&first, Some(2));
    assert_eq!(group.invite(&invitation, Some(2), expires), Err(Error::TurnTaken.into()));

    // Two are offered the same turn: who comes first has it.
    let rival = world.person(0);
    group.invite(&invitation, Some(1), expires).unwrap();
    group.invite(&Invitation::Address(rival.address.clone()), Some(1), expires).unwrap();
    group.join_at(&guest, Some(1)).unwrap();
    assert_eq!(group.join_at(&rival, Some(1)), Err(Error::TurnTaken.into()));

    let join_order = Group::found(&world, Terms::of(3));
    assert_eq!(join_order.invite(&invitation, Some(1), expires), Err(Error::BadTurn.into()));
}

#[test]
fn who_joins_gets_the_turn_they_accept_or_none() {
    let world = World::new();
    let group = Group::found(&world, Terms { order: Order::Fixed, ..Terms::of(3) });
    let guest = world.person(0);
    let invitation = Invitation::Address(guest.address.clone());
    let expires = world.now() + DAY;
    group.invite(&invitation, Some(1), expires).unwrap();
    // The organiser offers a later turn before the guest, who has seen the first, joins.
    group.invite(&invitation, Some(3), expires).unwrap();
    for turn in [Some(1), Some(2), Some(256 + 3), None] {
        assert_eq!(group.join_at(&guest, turn), Err(Error::OtherTurn.into()), "{turn:?}");
    }
    group.join_at(&guest, Some(3)).unwrap();
    assert_eq!(group.circle().seats()[0].turn, 3);

    let group = Group::found(&world, Terms::of(3));
    group.invite(&invitation, None, expires).unwrap();
    assert_eq!(group.join_at(&guest, Some(1)), Err(Error::OtherTurn.into()), "no turn is offered");
    group.join(&guest).unwrap();
}

#[test]
fn invitations_are_bounded_and_expired_ones_make_room() {
    let world = World::new();
    let group = Group::found(&world, Terms::of(3));
    let key = |number: u8| Invitation::Key(BytesN::from_array(&world.env, &[number; 32]));
    let soon = world.now() + 60;
    for number in 0..64 {
        group.invite(&key(number), None, soon).unwrap();
    }
    assert_eq!(group.invite(&key(64), None, soon + 100), Err(Error::TooManyInvitations.into()));
    group.invite(&key(63), None, soon + 100).unwrap();
    world.set_time(soon + 1);
    group.invite(&key(64), None, soon + 100).unwrap();
    assert_eq!(group.revoke(&key(0)), Err(Error::NoInvitation.into()));
    group.revoke(&key(63)).unwrap();
}

#[test]
fn the_organiser_starts_early_with_enough_members() {
    let world = World::new();
    let mut group = Group::found(&world, Terms { min_members: 3, ..Terms::of(5) });
    let start = group.make("start", ());
    for _ in 0..2 {
        let person = world.person(0);
        group.seat(&person, None);
    }
    let organiser = group.organiser.clone();
    assert_eq!(group.call(Some(&organiser), &start), Err(Error::TooFewMembers.into()));
    let person = world.person(0);
    group.seat(&person, None);
    world.set_time(world.now() + 5);
    group.call(Some(&organiser), &start).unwrap();
    assert_eq!(group.circle().started_at, world.now());
    assert_eq!(group.circle().len(), 3);
}

#[test]
fn a_cancelled_circle_is_over() {
    let world = World::new();
    let mut group = Group::found(&world, Terms::of(3));
    let person = world.person(0);
    group.seat(&person, None);
    let cancel = group.make("cancel", ());
    group.call(Some(&group.organiser), &cancel).unwrap();
    let closed = GroupClosed { reason: 3 };
    assert_eq!(group.events(), [closed.to_xdr(&world.env, &group.address)]);
    assert_eq!(group.call(Some(&group.organiser), &cancel), Err(Error::Finished.into()));
    assert_eq!(group.join(&person), Err(Error::Finished.into()));
}
