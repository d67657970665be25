//! PO-2: a receipt for every movement of a circle's money, once, signed before anybody is told.
use std::sync::Arc;

use futures::executor::block_on;
use kolo_rules::Amount;

use super::{EACH, World, asset};
use crate::notice::Notice;
use crate::port::chain::CircleChainEvent;
use crate::receipt::{ReceiptKind, SignedReceipt};
use crate::testkit::{Fault, FaultPlan, Faulty};
use crate::unit::{Told, queue};
use crate::view::MemberView;
use crate::{CircleId, Error, Kolo, Settings, record};

const POT: Amount = Amount::new(2 * EACH.minor_units());

fn receipts(world: &World, circle: CircleId) -> Vec<SignedReceipt> {
    block_on(world.kolo.receipts().of_circle(circle, None, 100)).unwrap()
}

/// Two contributions and the first pot, seen by nobody yet.
fn with_a_payout() -> (World, CircleId, MemberView, MemberView) {
    let world = World::new();
    let (circle, ada, bola) = world.active("one");
    for member in [&ada, &bola] {
        world.contributes(circle, member, 1);
    }
    world.work();
    world.pass(7 * super::DAY_S);
    let recipient = ada.address.clone();
    let event = CircleChainEvent::PayoutMade { recipient, round: 1, amount: POT, credited: false };
    world.emit(circle, event);
    (world, circle, ada, bola)
}

/// The notices that wait to be put into words.
pub(super) fn notices(kolo: &Kolo) -> Vec<Told> {
    let claimed =
        block_on(kolo.ports().queue.claim(&[queue::NOTICE], kolo.now(), 60, 100)).unwrap();
    claimed.iter().map(|work| record::decode(&work.payload, 1).unwrap()).collect()
}

#[test]
fn a_payout_has_one_receipt_that_its_members_are_told_of() {
    let (world, circle, ada, bola) = with_a_payout();
    while block_on(world.kolo.follow()).unwrap() {}
    let told: Vec<_> = notices(&world.kolo)
        .into_iter()
        .filter_map(|told| match told.notice {
            Notice::PaidOut { receipt, .. } => Some((told.to, receipt.unwrap())),
            _ => None,
        })
        .collect();
    let [_, _, payout] = &receipts(&world, circle)[..] else { panic!("two paid in, one got it") };
    assert_eq!(payout.verify(&world.kolo.receipts().key()), Ok(()));
    let said = &payout.receipt;
    assert_eq!((said.kind, said.round, said.amount), (ReceiptKind::Payout, 1, POT));
    assert_eq!((&said.party, &said.asset, said.credited), (&ada.address, &asset(), false));
    assert_eq!(said.contract, world.address(circle));
    let mut expected = vec![(ada.id, payout.number), (bola.id, payout.number)];
    expected.sort();
    let mut told = told;
    told.sort();
    assert_eq!(told, expected);
}

/// The same circle over a store and a vault that fail by plan.
fn over(world: &World, plan: &FaultPlan) -> Kolo {
    let mut ports = world.kolo.ports().clone();
    ports.vault = Arc::new(Faulty::new(ports.vault, plan.clone()));
    ports.ledger = Arc::new(Faulty::new(ports.ledger, plan.clone()));
    let (tenant, operator) = (world.kolo.tenant().clone(), world.kolo.operator().clone());
    Kolo::try_new(tenant, ports, asset(), operator, Settings::default()).unwrap()
}

/// Each call on the way fails in turn, before it or with its answer lost.
#[test]
fn a_crash_anywhere_leaves_one_receipt_with_the_same_signature() {
    let (world, circle, ..) = with_a_payout();
    let plan = FaultPlan::scripted([]);
    while block_on(over(&world, &plan).follow()).unwrap() {}
    let (reference, calls) = (receipts(&world, circle), plan.calls());
    assert!(reference.len() == 3 && calls > 5, "{calls}");
    for (call, fault) in (0..calls).flat_map(|n| [(n, Fault::Before), (n, Fault::After)]) {
        let (world, circle, ..) = with_a_payout();
        let plan = FaultPlan::scripted([(call, fault)]);
        let kolo = over(&world, &plan);
        let failed = block_on(kolo.follow());
        assert!(matches!(failed, Err(Error::Port(_))), "{call} {fault:?}: {failed:?}");
        while block_on(kolo.follow()).unwrap() {}
        assert_eq!(plan.injected(), [(call, fault)]);
        assert_eq!(receipts(&world, circle), reference, "{call} {fault:?}");
        let told = notices(&world.kolo);
        let payouts =
            told.iter().filter(|told| matches!(told.notice, Notice::PaidOut { .. })).count();
        assert_eq!(payouts, 2, "{call} {fault:?}");
    }
}

#[test]
fn a_receipt_is_shown_to_members_of_its_circle_only() {
    let (world, circle, ada, bola) = with_a_payout();
    world.work();
    let number = receipts(&world, circle)[2].number.to_string();
    let eve = world.member("Eve");
    let show = |reader: &MemberView, number: &str| {
        block_on(world.kolo.receipts().of_member(reader.id, number))
    };
    for reader in [&ada, &bola] {
        let view = show(reader, &number.to_lowercase()).unwrap();
        assert_eq!((view.signed.receipt.amount, view.party_name.as_str()), (POT, "Ada"));
    }
    let hidden = show(&eve, &number).unwrap_err();
    let missing = show(&ada, "2222-2222-2222-2222").unwrap_err();
    assert_eq!((hidden.code(), hidden.to_string()), (missing.code(), missing.to_string()));
    assert!(matches!(show(&ada, "my receipt"), Err(Error::NoSuchReceipt)));
}
