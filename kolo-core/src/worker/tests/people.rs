//! Finding people by what is known of them.
use futures::executor::block_on;

use super::World;
use crate::CommandContext;
use crate::member::Register;

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
