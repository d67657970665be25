//! Who has no invitation asks for a place; the organiser answers.
use kolo_circle::Error;
use kolo_contract_tests::{DAY, Failure, Group, Terms, World, event_name};
use kolo_rulebook::Invitation;

#[test]
fn who_asks_is_seated_at_once_when_approved() {
    let world = World::new();
    let group = Group::found(&world, Terms::of(2));
    let (first, second) = (world.person(0), world.person(0));
    assert_eq!(group.approve(&first, None), Err(Error::NoRequest.into()));
    group.request(&first).unwrap();
    assert_eq!(group.request(&first), Err(Error::AlreadyDone.into()));
    group.approve(&first, None).unwrap();
    assert_eq!(group.approve(&first, None), Err(Error::NoRequest.into()));
    assert_eq!(group.request(&first), Err(Error::AlreadyMember.into()));
    group.request(&second).unwrap();
    group.approve(&second, None).unwrap();
    let names: Vec<_> = group.events().iter().map(event_name).collect();
    assert_eq!(names, ["participant_joined", "group_started"]);
    assert_eq!(group.circle().len(), 2);
}

#[test]
fn only_the_organiser_answers_and_only_the_member_asks() {
    let world = World::new();
    let group = Group::found(&world, Terms::of(3));
    let (guest, other) = (world.person(0), world.person(0));
    let request = group.make("request", (guest.address.clone(), group.rules_hash()));
    assert_eq!(group.call(Some(&other), &request), Err(Failure::Host));
    assert_eq!(group.call(Some(&group.organiser), &request), Err(Failure::Host));
    group.request(&guest).unwrap();
    for call in [
        group.make("approve", (guest.address.clone(), None::<u32>)),
        group.make("reject", (guest.address.clone(),)),
    ] {
        assert_eq!(group.call(Some(&guest), &call), Err(Failure::Host));
        assert_eq!(group.call(None, &call), Err(Failure::Host));
    }
    assert!(group.circle().is_empty());
}

#[test]
fn a_request_is_turned_down_or_taken_back() {
    let world = World::new();
    let group = Group::found(&world, Terms::of(3));
    let guest = world.person(0);
    for answer in 0..2 {
        group.request(&guest).unwrap();
        if answer == 0 {
            group.reject(&guest).unwrap();
        } else {
            let leave = group.make("leave", (guest.address.clone(),));
            group.call(Some(&guest), &leave).unwrap();
        }
        let names: Vec<_> = group.events().iter().map(event_name).collect();
        assert_eq!(names, ["join_rejected"]);
        assert_eq!(group.reject(&guest), Err(Error::NoRequest.into()));
        assert_eq!(group.approve(&guest, None), Err(Error::NoRequest.into()));
    }
}

#[test]
fn the_waiting_room_is_bounded() {
    let world = World::new();
    let group = Group::found(&world, Terms::of(3));
    let first = world.person(0);
    group.request(&first).unwrap();
    for _ in 1..64 {
        group.request(&world.person(0)).unwrap();
    }
    let late = world.person(0);
    assert_eq!(group.request(&late), Err(Error::TooManyRequests.into()));
    group.reject(&first).unwrap();
    group.request(&late).unwrap();
}

#[test]
fn who_was_invited_after_asking_does_not_get_a_second_seat() {
    let world = World::new();
    let mut group = Group::found(&world, Terms::of(3));
    let guest = world.person(0);
    group.request(&guest).unwrap();
    let invitation = Invitation::Address(guest.address.clone());
    group.invite(&invitation, None, world.now() + DAY).unwrap();
    group.join(&guest).unwrap();
    group.members.push(guest.clone());
    assert_eq!(group.approve(&guest, None), Err(Error::NoRequest.into()));
    assert_eq!(group.circle().len(), 1);
    // Nor one later, when they have left again: the request went with the joining.
    group.call(Some(&guest), &group.make("leave", (guest.address.clone(),))).unwrap();
    assert_eq!(group.approve(&guest, None), Err(Error::NoRequest.into()));
    group.request(&guest).unwrap();
    group.approve(&guest, None).unwrap();
}

/// Who asked, and then came in by an invitation, leaves their seat when they leave.
#[test]
fn leaving_gives_the_seat_back_also_to_who_had_asked_before() {
    let world = World::new();
    let mut group = Group::found(&world, Terms::of(3));
    let guest = world.person(0);
    group.request(&guest).unwrap();
    group.seat(&guest, None);
    let leave = group.make("leave", (guest.address.clone(),));
    group.call(Some(&guest), &leave).unwrap();
    let names: Vec<_> = group.events().iter().map(event_name).collect();
    assert_eq!(names, ["participant_left"]);
    assert!(group.circle().is_empty());
}
