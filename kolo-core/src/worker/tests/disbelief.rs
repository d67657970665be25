//! A circle may be brought to run other code by all who are in it, and that code may say anything. It moves
//! no other circle's books, and keeps nobody waiting.
use super::*;
use crate::circle::Difference;
use crate::circle::postings::wallet;

const ALL: Amount = Amount::new(i64::MAX);

fn settled(world: &World, member: &MemberView) -> Amount {
    let account = wallet(member.id, &asset());
    let kolo = &world.kolo;
    let balances = block_on(kolo.ports().ledger.balances(kolo.tenant(), &[account])).unwrap();
    balances[0].settled
}

fn vault(world: &World, circle: CircleId) -> Amount {
    block_on(world.kolo.circles().status(circle)).unwrap().vault
}

fn follow(world: &World) {
    while block_on(world.kolo.follow()).unwrap() {}
}

#[test]
fn what_no_rules_lead_to_is_not_booked_and_stops_nothing() {
    use CircleChainEvent as E;
    let world = World::new();
    let (liar, ada, _) = world.active("one");
    let (other, bola, _) = world.active("two");
    let before = settled(&world, &ada);
    let member = ada.address.clone();
    let most = Amount::new(i64::MAX / 2);
    let lies = [
        E::PayoutMade { recipient: member.clone(), round: 1, amount: ALL, credited: false },
        E::CreditPushed { member: member.clone(), amount: ALL },
        E::RefundClaimed { member: member.clone(), amount: ALL },
        E::ContributionMade { member: member.clone(), round: 1, amount: ALL, late: false },
        E::DebtRepaid { member, amount: ALL, credited: Vec::new() },
        E::Synced { surplus: most, shortfall: Amount::ZERO },
        E::Synced { surplus: most, shortfall: Amount::ZERO },
        E::Synced { surplus: ALL, shortfall: Amount::ZERO },
        E::Synced { surplus: Amount::ZERO, shortfall: ALL },
    ];
    for lie in lies {
        world.emit(liar, lie);
        follow(&world);
        assert_eq!(settled(&world, &ada), before);
    }
    let differences = block_on(world.kolo.circles().reconcile(liar)).unwrap();
    assert!(differences.iter().any(|found| matches!(found, Difference::Diverged { .. })));
    let receipts = receipts::notices(&world.kolo);
    assert!(receipts.iter().all(|told| !format!("{:?}", told.notice).contains("receipt: Some")));

    let held = vault(&world, other);
    world.contributes(other, &bola, 1);
    follow(&world);
    assert_eq!(vault(&world, other), held.checked_add(EACH).unwrap());
}
