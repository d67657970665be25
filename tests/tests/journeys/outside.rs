//! LE-6: what happens on the chain without us is seen, reported and then booked like the rest.
use kolo_core::Amount;
use kolo_core::circle::Difference;
use kolo_core::port::chain::ChainEffect;

use crate::meddling::{away, bring_about};
use crate::world::{DOLLAR, World};

#[tokio::test(flavor = "multi_thread")]
async fn the_reconciler_shows_both_sides_until_the_books_have_followed() {
    let mut world = World::new().await;
    world.outsiders = true;
    let (ada, bola) = (world.person("Ada", 100).await, world.person("Bola", 100).await);
    let people = [ada.clone(), bola.clone()];
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", &people).await;
    let (ada_there, bola_there) = (world.member(&ada).await, world.member(&bola).await);
    let ten = Amount::new(10 * DOLLAR);
    // Ada pays her contribution from another wallet app; Bola sends money away.
    let contribution = ChainEffect::Contribute {
        circle: world.status(circle).await.summary.address,
        member: ada_there.address,
        round: 1,
        amount: ten,
        asset: world.kolo.asset().clone(),
    };
    bring_about(&world.kolo, &contribution).await;
    let payment = away(&world.kolo, bola_there.id, Amount::new(DOLLAR)).await;
    bring_about(&world.kolo, &payment).await;

    let found = world.kolo.circles().reconcile(circle).await.unwrap();
    let [state, vault, one, other] = &found[..] else { panic!("{found:#?}") };
    assert!(
        matches!(state, Difference::State { ours: Some(ours), chain: Some(chain) } if ours != chain)
    );
    assert_eq!(*vault, Difference::Vault { books: Amount::ZERO, chain: ten });
    let wallet = |member, dollars: i64| Difference::Wallet {
        member,
        books: Amount::new(100 * DOLLAR),
        chain: Amount::new(dollars * DOLLAR),
    };
    assert_eq!(*one, wallet(ada_there.id, 90));
    assert_eq!(*other, wallet(bola_there.id, 99));

    // The follower books what happened; nobody pays a second time.
    world.step().await;
    assert!(world.told(&ada).last().unwrap().text.contains("You paid *10.00 USDC* to *Friends*"));
    let reply = world.say(&ada, "CONTRIBUTE").await;
    assert!(reply.contains("Nothing is due from you in *Friends* now"), "{reply}");
    assert_eq!((world.money(&ada).await, world.money(&bola).await), (90 * DOLLAR, 99 * DOLLAR));
}
