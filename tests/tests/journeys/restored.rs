//! The database is lost and a backup is put in its place, while the chain has gone on: what the books have
//! forgotten the chain tells, once.
use kolo_core::view::CircleStage;
use kolo_rules::circle::Phase;

use crate::world::{DOLLAR, World};

#[tokio::test(flavor = "multi_thread")]
async fn books_from_a_backup_catch_up_with_the_chain_and_nobody_pays_twice() {
    let mut world = World::new().await;
    let ada = world.person("Ada", 100).await;
    let (bola, chidi) = (world.person("Bola", 100).await, world.person("Chidi", 100).await);
    let people = [ada.clone(), bola.clone(), chidi.clone()];
    let circle = world.group("CREATE GROUP Friends 10 weekly 3", &people).await;
    world.contribute(&ada).await;
    let backup = world.backup();

    world.contribute(&bola).await;
    world.contribute(&chidi).await;
    let first = world.status(circle).await.payout_date.unwrap();
    world.until(first).await;
    assert_eq!(world.money(&ada).await, 120 * DOLLAR, "the first pot is hers");
    world.contribute(&ada).await;

    let mut world = world.restored(&backup).await;
    // The intents of what happened since are gone; its transactions are not.
    world.outsiders = true;
    world.invariants().await;
    for (person, dollars) in [(&ada, 110), (&bola, 90), (&chidi, 90)] {
        assert_eq!(world.money(person).await, dollars * DOLLAR, "{}", person.name);
    }
    let again = world.say(&ada, "CONTRIBUTE").await;
    assert!(again.contains("Nothing is due from you"), "{again}");
    assert_eq!(world.money(&ada).await, 110 * DOLLAR);

    for payer in [&bola, &chidi] {
        world.contribute(payer).await;
    }
    let second = world.status(circle).await.payout_date.unwrap();
    world.until(second).await;
    for payer in &people {
        world.contribute(payer).await;
    }
    let third = world.status(circle).await.payout_date.unwrap();
    world.until(third).await;
    assert_eq!(world.status(circle).await.summary.stage, CircleStage::OnChain(Phase::Completed));
    for person in &people {
        assert_eq!(world.money(person).await, 100 * DOLLAR, "{}", person.name);
        let id = world.member(person).await.id;
        let history = world.kolo.wallets().history(id, None, 100).await.unwrap();
        let count = |kind: &str| history.lines.iter().filter(|line| line.kind == kind).count();
        assert_eq!((count("contribution"), count("payout")), (3, 1), "{}", person.name);
    }
}
