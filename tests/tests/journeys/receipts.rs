//! PO-2: every member hears of every pot with a signed receipt that holds without us.
use kolo_core::CircleId;
use kolo_core::receipt::{Receipt, ReceiptKind, SignedReceipt};
use kolo_core::view::CircleStage;
use kolo_rules::circle::Phase;
use kolo_server::chat::Phone;
use kolo_server::receipt::check;

use crate::world::{DAY, DOLLAR, World};

const NO_SUCH: &str =
    "I know no receipt with that number. Please check it with the message it was in.";

/// The receipt numbers in what somebody was told, of messages with these words.
fn numbers(world: &World, who: &Phone, words: &str) -> Vec<String> {
    let told = world.told(who).into_iter().map(|bubble| bubble.text);
    let of = |text: String| Some(text.rsplit_once("Receipt no. ")?.1.trim().to_owned());
    told.filter(|text| text.contains(words)).filter_map(of).collect()
}

async fn receipts(world: &World, circle: CircleId) -> Vec<SignedReceipt> {
    world.kolo.receipts().of_circle(circle, None, 1_000).await.unwrap()
}

/// Somebody without a server: nothing but the text and the key.
fn handed_on(world: &World, receipt: &SignedReceipt) -> Receipt {
    let key = world.kolo.receipts().key().0;
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    check(&receipt.to_text().unwrap(), Some(&key)).unwrap().receipt
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_whole_rotation_everybody_has_a_receipt_of_every_pot() {
    let mut world = World::new().await;
    let mut people = Vec::new();
    for name in ["Ada", "Bola", "Chidi"] {
        people.push(world.person(name, 100).await);
    }
    let circle = world.group("CREATE GROUP Friends 10 weekly 3", &people).await;
    for _ in &people {
        let date = world.status(circle).await.payout_date.unwrap();
        for payer in &people {
            world.contribute(payer).await;
        }
        world.until(date.plus(1)).await;
        world = world.restart().await;
    }
    let status = world.status(circle).await;
    assert_eq!(status.summary.stage, CircleStage::OnChain(Phase::Completed));

    let all = receipts(&world, circle).await;
    assert_eq!(all.len(), 9 + 3, "nine contributions, three pots");
    let mut turns = Vec::new();
    for signed in &all {
        let said = handed_on(&world, signed);
        assert_eq!((said.circle, &said.contract), (circle, &status.summary.address));
        on_chain(&world, &said).await;
        if said.kind == ReceiptKind::Payout {
            assert_eq!(said.amount.minor_units(), 30 * DOLLAR);
            turns.push((said.round, said.party));
        } else {
            assert_eq!(
                (said.kind, said.amount.minor_units()),
                (ReceiptKind::Contribution, 10 * DOLLAR)
            );
        }
    }
    let mut expected = Vec::new();
    for (person, round) in people.iter().zip(1..) {
        expected.push((round, world.member(person).await.address));
    }
    assert_eq!(turns, expected);
    let pots: Vec<_> = all.iter().filter(|one| one.receipt.kind == ReceiptKind::Payout).collect();
    let pots: Vec<_> = pots.iter().map(|pot| pot.number.to_string()).collect();
    for person in &people {
        assert_eq!(numbers(&world, person, "the pot of *Friends*"), pots, "{}", person.name);
        assert_eq!(numbers(&world, person, "Thank you! You paid").len(), 3, "{}", person.name);
    }
}

/// The transaction it names is on the network, succeeded, and moved this amount by its event.
async fn on_chain(world: &World, said: &Receipt) {
    let byte = |at: usize| u8::from_str_radix(&said.tx[2 * at..2 * at + 2], 16).unwrap();
    let hash: [u8; 32] = std::array::from_fn(byte);
    let there = world.network().transaction(hash).await.unwrap().unwrap();
    let words = kolo_localnet::explain::Explanation::of(&there);
    assert!(words.successful, "{said}");
    assert_eq!(words.close_time, said.at.unix());
    let wanted = match said.kind {
        ReceiptKind::Payout => "payout_made",
        _ => "contribution_made",
    };
    let event = words.events.iter().find(|event| event.name.as_deref() == Some(wanted));
    let event = event.unwrap_or_else(|| panic!("no {wanted}: {words:#?}"));
    assert_eq!(event.contract.as_deref(), Some(said.contract.0.as_str()));
    let shown = format!("{:?}", (&event.topics, &event.data));
    assert!(shown.contains(&said.party.0), "{shown}");
    assert!(shown.contains(&said.amount.minor_units().to_string()), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_shown_in_plain_words_and_to_members_only() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 100).await, world.person("Bola", 100).await);
    let eve = world.person("Eve", 0).await;
    let people = [ada.clone(), bola.clone()];
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", &people).await;
    for payer in &people {
        world.contribute(payer).await;
    }
    world.pass(7 * DAY + 60).await;
    let number = numbers(&world, &bola, "Ada received 20.00 USDC").remove(0);
    let shown = world.tap(&bola, "Receipt").await;
    let signed = world.kolo.receipts().by_number(&number).await.unwrap();
    let signature: String = signed.signature.0.iter().map(|byte| format!("{byte:02x}")).collect();
    for words in [
        &format!(
            "*Receipt no. {number}*\nReceived, the pot: 20.00 USDC\nName: Ada\nGroup: Friends, round 1"
        ),
        &signed.receipt.party.0,
        &signed.receipt.tx,
        &signature,
    ] {
        assert!(shown.contains(words), "{words} in {shown}");
    }
    for person in [&ada, &bola, &eve] {
        assert!(!shown.contains(&person.number), "no phone number: {shown}");
    }
    // A contribution's is for the whole circle too: who has paid is no secret in it.
    let paid = numbers(&world, &ada, "Thank you! You paid").remove(0);
    let shown = world.say(&bola, &format!("receipt no. {}", paid.to_lowercase())).await;
    assert!(shown.contains("Paid in: 10.00 USDC\nName: Ada"), "{shown}");
    // To somebody else it does not exist.
    assert_eq!(world.say(&eve, &format!("RECEIPT {number}")).await, NO_SUCH);
    assert_eq!(world.say(&eve, "RECEIPT 2222-2222-2222-2222").await, NO_SUCH);
    assert_eq!(world.say(&ada, "RECEIPT rubbish").await, NO_SUCH);
    let which = world.say(&ada, "RECEIPT").await;
    assert!(which.starts_with("Which receipt?"), "{which}");
    assert_eq!(receipts(&world, circle).await.len(), 3);
}
