//! Payments the books have no room for: nobody else waits, nothing is lost.
use super::foreign::{follow, told};
use super::*;
use crate::circle::postings::{external, wallet};
use crate::events::Unbooked;
use crate::testkit::check_books;

const ALL: Amount = Amount::new(i64::MAX);

fn settled(world: &World, member: &MemberView) -> Amount {
    let (kolo, account) = (&world.kolo, wallet(member.id, &asset()));
    block_on(kolo.ports().ledger.balances(kolo.tenant(), &[account])).unwrap()[0].settled
}

/// Every entry balances, each asset sums to nothing.
pub(super) fn balanced(world: &World) {
    let (kolo, account) = (&world.kolo, external(&asset()));
    block_on(check_books(kolo.ports().ledger.as_ref(), kolo.tenant(), &[account])).unwrap();
}

fn pays(world: &World, from: Option<&MemberView>, to: Option<&MemberView>, amount: Amount) {
    let address = |member: &MemberView| member.address.clone();
    let (asset, from, to) = (asset(), from.map(address), to.map(address));
    world.chain.emit(world.now(), ChainEventBody::Transfer { asset, from, to, amount });
    follow(world);
}

fn waiting(world: &World) -> Vec<Unbooked> {
    block_on(world.kolo.following()).unwrap().unbooked
}

fn again(world: &World, id: &str) -> bool {
    block_on(world.kolo.book_again(id)).unwrap()
}

#[test]
fn a_payment_there_is_no_room_for_is_kept_named_and_booked_later() {
    let world = World::new();
    let (ada, bola, chidi) = (world.member("Ada"), world.member("Bola"), world.member("Chidi"));
    pays(&world, None, Some(&ada), ALL);
    pays(&world, None, Some(&bola), Amount::new(5));
    // What comes after it goes on.
    pays(&world, Some(&ada), Some(&chidi), Amount::new(3));
    assert_eq!(
        [&ada, &bola, &chidi].map(|m| settled(&world, m).minor_units()),
        [i64::MAX - 3, 0, 3]
    );
    let heard =
        |member: &MemberView| told(&world).iter().filter(|told| told.to == member.id).count();
    assert_eq!(heard(&bola), 0, "not told of before it is there");

    let kept = waiting(&world);
    let [one] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!((&one.to, one.amount, one.ledger), (&Some(bola.address.clone()), 5, 2));
    assert!(one.why.contains("account external"), "{}", one.why);
    assert!(!again(&world, &one.id), "there is still no room");
    assert!(!again(&world, "no such payment"));

    pays(&world, Some(&chidi), None, Amount::new(3));
    assert!(!again(&world, &one.id), "room for three");
    pays(&world, Some(&ada), None, Amount::new(2));
    assert!(again(&world, &one.id));
    assert_eq!((settled(&world, &bola), heard(&bola)), (Amount::new(5), 1));
    assert_eq!(waiting(&world), []);
    assert!(again(&world, &one.id), "it is there");
    gap::set_back(&world, "again");
    follow(&world);
    assert_eq!(settled(&world, &bola), Amount::new(5));
    balanced(&world);
}

/// The comparison of wallets with the chain finds such a difference, too.
#[test]
fn a_wallet_that_cannot_be_brought_to_its_balance_keeps_no_other_from_it() {
    let world = World::new();
    let fund = |member: &MemberView, amount| {
        world.chain.fund(world.now(), &member.address, &asset(), Amount::new(amount));
    };
    let ada = world.member("Ada");
    let [rich, spent] =
        ["rich", "spent"].map(|what| [1, 2, 3].map(|n| world.member(&format!("{what} {n}"))));
    spent.iter().for_each(|member| fund(member, 10));
    fund(&ada, i64::MAX - 30);
    follow(&world);
    world.chain.let_compare();
    world.chain.silence(true);
    rich.iter().for_each(|member| fund(member, 1_000));
    spent.iter().for_each(|member| world.chain.spend(&member.address, Amount::new(1)));
    world.pass(120);
    assert_eq!(spent.each_ref().map(|member| settled(&world, member).minor_units()), [9; 3]);
    assert_eq!(rich.each_ref().map(|member| settled(&world, member).minor_units()), [0; 3]);
    // Room comes: the next comparison has it.
    world.chain.silence(false);
    world.chain.spend(&ada.address, Amount::new(5_000));
    pays(&world, Some(&ada), None, Amount::new(5_000));
    world.pass(300);
    assert_eq!(rich.each_ref().map(|member| settled(&world, member).minor_units()), [1_000; 3]);
    balanced(&world);
}
