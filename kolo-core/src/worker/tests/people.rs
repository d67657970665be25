//! Finding people by what is known of them.
use futures::executor::block_on;

use kolo_rules::Refusal;
use kolo_rules::circle::Motion;

use super::{DAY_S, World};
use crate::circle::Handover;
use crate::member::Register;
use crate::port::chain::{ChainEffect, CircleChainEvent};
use crate::{CommandContext, Error};

/// Numbers pass on: who registered with one last has it, whoever had it before.
#[test]
fn a_number_is_of_who_registered_with_it_last() {
    let world = World::new();
    let members = world.kolo.members();
    let number = "+2348031234567";
    let register = |name: &str| {
        let phone = Some(number.to_owned());
        let who = Register { phone, ..Register::of_host(name, name) };
        block_on(members.register(&CommandContext::of_system(name), who)).unwrap()
    };
    assert_eq!(block_on(members.by_phone(number)).unwrap(), None);
    let bola = register("Bola");
    assert_eq!(block_on(members.by_phone(number)).unwrap().unwrap().id, bola.id);
    let dayo = register("Dayo");
    assert_eq!(block_on(members.by_phone(number)).unwrap().unwrap().id, dayo.id);
    let there = block_on(members.by_address(&bola.address)).unwrap().unwrap();
    assert_eq!(there.id, bola.id, "who had it before is still there");
}

/// A vote on a seat for a stranger's number: the same answer whoever has it, also where the rules refuse.
#[test]
fn a_vote_by_number_does_not_tell_whether_somebody_has_it() {
    let world = World::new();
    let (circle, ada, bola) = world.active("one");
    let zuri =
        Register { phone: Some("+2348031234567".to_owned()), ..Register::of_host("Zuri", "Zuri") };
    block_on(world.kolo.members().register(&CommandContext::of_system("Zuri"), zuri)).unwrap();
    let ask = |phone: &str| {
        let ctx = CommandContext::of_member(ada.id, format!("{phone}/{}", world.now().unix()));
        let circles = world.kolo.circles();
        block_on(circles.propose_by_number(&ctx, circle, &bola.address, Handover::Move, phone))
    };
    let proposed = |effect: &ChainEffect| matches!(effect, ChainEffect::Propose { .. });
    ask("+2348039999999").unwrap();
    world.work();
    assert_eq!(world.chain.count(proposed), 0, "nobody has it");
    world.pass(60);
    ask("+2348031234567").unwrap();
    world.work();
    assert_eq!(world.chain.count(proposed), 1);
    let (member, subject) = (ada.address.clone(), Some(bola.address.clone()));
    let newcomer = block_on(world.kolo.members().by_phone("+2348031234567")).unwrap();
    world.emit(
        circle,
        CircleChainEvent::ProposalMade {
            member,
            proposal: 1,
            motion: Motion::Move,
            subject,
            newcomer: newcomer.map(|there| there.address),
            electorate: 2,
            expires_at: world.now().plus(DAY_S),
        },
    );
    world.pass(60);
    for phone in ["+2348039999999", "+2348031234567"] {
        let refused = ask(phone);
        assert!(matches!(refused, Err(Error::Refused(Refusal::ProposalOpen))), "{refused:?}");
    }
}
