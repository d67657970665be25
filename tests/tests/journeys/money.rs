//! Too little money, and a chain that says no.
use kolo_core::Amount;
use kolo_core::port::chain::ChainEffect;

use crate::meddling::{Log, Meddling, away, bring_about};
use crate::world::{DAY, DOLLAR, World};

#[tokio::test(flavor = "multi_thread")]
async fn too_little_money_is_said_with_what_is_missing_and_how_to_get_it() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 100).await, world.person("Bola", 4).await);
    let circle = world.group("CREATE GROUP Friends 10.5 weekly 2", &[ada, bola.clone()]).await;
    world.pass(5 * DAY).await;
    let reply = world.say(&bola, "CONTRIBUTE").await;
    assert!(reply.contains("You are 6.50 USDC short. Send TEST MONEY 6.5 "), "{reply}");
    assert_eq!(
        world.say(&bola, "YES").await,
        "There is nothing to answer right now. Send HELP to see what you can do."
    );
    world.say(&bola, "TEST MONEY 6.5").await;
    let reply = world.contribute(&bola).await;
    assert!(
        reply.contains("Thank you! You paid *10.50 USDC* to *Friends*, round 1 of 2."),
        "{reply}"
    );
    assert_eq!(world.money(&bola).await, 0);
    assert_eq!(world.status(circle).await.vault.minor_units(), 105 * DOLLAR / 10);
}

/// The money is spent between the question and the YES: the guard of the books says no.
#[tokio::test(flavor = "multi_thread")]
async fn money_promised_to_one_group_is_not_there_for_another() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 15).await, world.person("Bola", 0).await);
    let people = [ada.clone(), bola];
    let one = world.group("CREATE GROUP Tailors 10 weekly 2", &people).await;
    let two = world.group("CREATE GROUP Traders 10 weekly 2", &people).await;
    let which = world.say(&ada, "CONTRIBUTE").await;
    assert!(which.contains("Which group do you mean?"), "{which}");
    let question = world.say(&ada, "Tailors").await;
    assert!(question.contains("Pay *10.00 USDC* to *Tailors*"), "{question}");
    world.say(&ada, "YES").await;
    let reply = world.say(&ada, "CONTRIBUTE Traders").await;
    assert!(reply.contains("You are 5.00 USDC short"), "{reply}");
    assert_eq!(world.status(one).await.vault.minor_units(), 10 * DOLLAR);
    assert_eq!(world.status(two).await.vault.minor_units(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_moved_away_behind_our_back_end_in_plain_words_and_a_hold_given_back() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 100).await, world.person("Bola", 0).await);
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", &[ada.clone(), bola]).await;
    world.say(&ada, "CONTRIBUTE").await;
    let told = world.told(&ada).len();
    let yes = world.message(&ada, "YES");
    world.receive(yes).await;
    // Only the message is worked on: the money is held, nothing is on the chain yet.
    world.tick(1).await;
    assert_eq!(world.wallet(&ada).await.pending_out.minor_units(), 10 * DOLLAR);
    let ada_id = world.member(&ada).await.id;
    let payment = away(&world.kolo, ada_id, Amount::new(95 * DOLLAR)).await;
    bring_about(&world.kolo, &payment).await;
    world.step().await;
    let heard = world.since(&ada, told);
    assert!(heard.contains("95.00 USDC left your wallet"), "{heard}");
    let failed = "Your payment of 10.00 USDC to *Friends*, round 1, did not go through. There was too little money in your wallet. Your money is still yours.";
    assert!(heard.contains(failed), "{heard}");
    assert_eq!(world.money(&ada).await, 5 * DOLLAR);
    assert_eq!(world.wallet(&ada).await.pending_out, Amount::ZERO);
    assert_eq!(world.status(circle).await.vault, Amount::ZERO);
    let history = world.say(&ada, "HISTORY").await;
    assert!(history.contains("did not happen; you have it back"), "{history}");
    world.say(&ada, "TEST MONEY 20").await;
    let reply = world.contribute(&ada).await;
    assert!(reply.contains("You paid *10.00 USDC*"), "{reply}");
}

/// Simulated, signed, sent, and failed in its ledger: the vote that closes the circle was faster.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_fails_on_the_chain_is_told_plainly_and_logged_with_its_hash() {
    let log = Log::default();
    let _guard = log.listen();
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 100).await, world.person("Bola", 0).await);
    let chidi = world.person("Chidi", 0).await;
    let people = [ada.clone(), bola.clone(), chidi.clone()];
    let circle = world.group("CREATE GROUP Friends 10 weekly 3", &people).await;
    world.say(&bola, "DISSOLVE").await;
    world.say(&bola, "YES").await;
    let chain = Meddling::over(&world.stack.kolo);
    chain.before_next_submit(ChainEffect::Vote {
        circle: world.status(circle).await.summary.address,
        member: world.member(&chidi).await.address,
        proposal: 1,
        approve: true,
    });
    world.over(chain.clone());
    let heard = world.contribute(&ada).await;
    let failed = "Your payment of 10.00 USDC to *Friends*, round 1, did not go through. The group is full, has started, or is over. Your money is still yours.";
    assert!(heard.contains(failed), "{heard}");
    assert_eq!(world.money(&ada).await, 100 * DOLLAR);
    assert_eq!(world.wallet(&ada).await.pending_out, Amount::ZERO);
    assert_eq!(world.status(circle).await.vault, Amount::ZERO);
    let hash = chain.last_submitted();
    let on_chain = world.network().transaction(hash_bytes(&hash)).await.unwrap().unwrap();
    assert!(!is_success(&on_chain), "it was tried, and failed");
    let log = log.text();
    let line = log.lines().find(|line| line.contains(&hash));
    let line = line.unwrap_or_else(|| panic!("no {hash}: {log}"));
    assert!(line.contains("WARN") && line.contains("code=124"), "{line}");
}

/// The same key in another wallet app takes the sequence number: ours can never be applied. Once that
/// is proven it is made anew, and paid once.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_became_impossible_is_made_anew_and_paid_once() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 100).await, world.person("Bola", 0).await);
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", &[ada.clone(), bola]).await;
    let chain = Meddling::over(&world.stack.kolo);
    let ada_id = world.member(&ada).await.id;
    chain.before_next_submit(away(&world.kolo, ada_id, Amount::new(DOLLAR)).await);
    world.over(chain);
    world.say(&ada, "CONTRIBUTE").await;
    let told = world.told(&ada).len();
    let yes = world.message(&ada, "YES");
    world.receive(yes).await;
    world.settle().await;
    assert_eq!(world.status(circle).await.vault, Amount::ZERO);
    world.pass(30 * 60).await;
    let heard = world.since(&ada, told);
    assert_eq!(heard.matches("Working on it.").count(), 1, "{heard}");
    assert_eq!(heard.matches("You paid *10.00 USDC*").count(), 1, "{heard}");
    assert_eq!(world.money(&ada).await, 89 * DOLLAR);
    assert_eq!(world.status(circle).await.vault.minor_units(), 10 * DOLLAR);
}

fn hash_bytes(hex: &str) -> [u8; 32] {
    let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
    std::array::from_fn(byte)
}

fn is_success(tx: &kolo_localnet::TxRecord) -> bool {
    format!("{:?}", tx.result.result).starts_with("TxFeeBumpInnerSuccess")
}

/// Nobody signs for somebody else's wallet.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_nobody_asked_for_is_told() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 30).await, world.person("Bola", 0).await);
    world.say(&bola, "TEST MONEY 1").await;
    let to = world.member(&bola).await.address;
    let told = world.told(&bola).len();
    let from = world.member(&ada).await;
    let effect = ChainEffect::Pay {
        from: from.address,
        to,
        asset: world.kolo.asset().clone(),
        amount: Amount::new(7 * DOLLAR),
    };
    bring_about(&world.kolo, &effect).await;
    world.step().await;
    assert_eq!((world.money(&ada).await, world.money(&bola).await), (23 * DOLLAR, 8 * DOLLAR));
    let heard = world.since(&bola, told);
    assert!(heard.contains("You received *7.00 USDC*. You now have 8.00 USDC."), "{heard}");
}
