//! WA-11: one message followed through every hop to its reply.
use serde_json::Value;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_traced_from_the_phone_to_the_chain_and_back() {
    let mut world = World::new().await;
    let (ada, bola) = (world.person("Ada", 100).await, world.person("Bola", 0).await);
    let circle = world.group("CREATE GROUP Friends 10 weekly 2", &[ada.clone(), bola]).await;
    world.say(&ada, "CONTRIBUTE").await;
    let seen = world.events().await.len();
    let yes = world.message(&ada, "YES");
    world.deliver(&ada, yes.clone()).await;
    let events = world.events().await;
    let new = &events[seen..];
    let body = |kind: &str| -> (String, Value) {
        let mut found = new.iter().filter(|event| event.record.kind == kind);
        let event = found.next().unwrap_or_else(|| panic!("no {kind}"));
        assert!(found.next().is_none(), "two {kind}");
        (event.aggregate.id.clone(), serde_json::from_slice(&event.record.bytes).unwrap())
    };

    // 1. message → intent: the correlation names the message.
    let (intent, wanted) = body("intent.wanted");
    assert_eq!(wanted["correlation"], format!("msg:web/{}", yes.id), "{wanted}");
    assert_eq!(wanted["want"]["Contribute"]["round"], 1, "{wanted}");
    // 2. intent → hold in the books.
    let (_, held) = body("seat.payment_held");
    assert_eq!(
        (&held["intent"], &held["amount"]),
        (&Value::from(intent.clone()), &Value::from(100_000_000))
    );
    // 3. intent → transaction.
    let (finished, end) = body("intent.finished");
    assert_eq!(finished, intent);
    let hash = end["Confirmed"]["tx"].as_str().unwrap_or_else(|| panic!("{end}")).to_owned();
    // 4. transaction → contract event, recorded under the chain's id.
    let (of, made) = body("circle.contribution_made");
    assert_eq!((of, &made["tx"]), (circle.to_string(), &Value::from(hash.clone())), "{made}");
    let event_id = made["id"].as_str().unwrap().to_owned();
    // 5. the network knows the transaction, and it called the circle's contract.
    let bytes =
        std::array::from_fn(|at| u8::from_str_radix(&hash[2 * at..2 * at + 2], 16).unwrap());
    let on_chain = world.network().transaction(bytes).await.unwrap().unwrap();
    assert!(!on_chain.events.is_empty());
    // 6. transaction → the journal entry that was the hold, now settled.
    let ada_id = world.member(&ada).await.id;
    let history = world.kolo.wallets().history(ada_id, None, 1).await.unwrap();
    let line = &history.lines[0];
    assert_eq!(
        (line.kind.as_str(), line.pending, line.tx.as_deref()),
        ("contribution", false, Some(hash.as_str()))
    );
    // 7. event → the reply, whose receipt is of that transaction and event.
    let reply = world.told(&ada).last().unwrap().clone();
    assert!(reply.id.contains(&event_id), "{} should name {event_id}", reply.id);
    let number = reply.text.rsplit_once("Receipt no. ").unwrap().1.trim();
    let receipt = world.kolo.receipts().by_number(number).await.unwrap();
    assert_eq!((&receipt.receipt.tx, &receipt.receipt.event), (&hash, &event_id));
}
