//! Rubbish in: one clear friendly reply each, and nothing has changed.
use kolo_core::CircleId;

use crate::world::World;

/// What a message must not change.
#[derive(Debug, PartialEq)]
struct Standing {
    balances: Vec<i64>,
    circles: Vec<(CircleId, u8)>,
    /// Events of members, circles, seats, invitations and intents.
    events: usize,
}

async fn standing(world: &World) -> Standing {
    let mut balances = Vec::new();
    for phone in world.stack.chat.phones() {
        balances.push(world.money(&phone).await);
    }
    let circles = world.kolo.circles().list(None, 100).await.unwrap();
    Standing {
        balances,
        circles: circles.iter().map(|circle| (circle.id, circle.members)).collect(),
        events: world.events().await.len(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_gets_one_friendly_reply_and_changes_nothing() {
    let mut world = World::new().await;
    let ada = world.person("Ada", 100).await;
    let bola = world.person("Bola", 100).await;
    world.group("CREATE GROUP Friends 10 weekly 2", &[ada.clone(), bola]).await;
    let long = "x".repeat(10_000);
    let long_emoji = "🎉".repeat(10_000);
    let amounts = ["10.12345678", "-5", "1e9", "1.000", "٣", "0", "99999999999999999999999999"];
    let mut rubbish: Vec<String> = [
        "🎉🎉🎉",
        &long,
        &long_emoji,
        "",
        "   ",
        "\u{0}\u{1b}[2J",
        "JOIN ZZZZZZZZ",
        "JOIN 🎉",
        "JOIN '; DROP TABLE aggregates; --",
        "VOTE YES",
        "REPAY",
        "MORE",
        "START",
        "LEAVE",
        "7",
        "{\"text\":1}",
        "\u{202e}OLLEH",
        "CREATE GROUP 🎉",
        "CANCEL",
    ]
    .map(str::to_owned)
    .to_vec();
    for amount in amounts {
        rubbish.push(format!("CONTRIBUTE {amount}"));
        rubbish.push(format!("TEST MONEY {amount}"));
        rubbish.push(format!("REPAY {amount}"));
        rubbish.push(format!("CREATE GROUP Others {amount} weekly 3"));
        rubbish.push("CANCEL".to_owned());
    }
    rubbish.push(format!("CREATE GROUP {long} 10 weekly 3"));
    rubbish.push("CANCEL".to_owned());
    for seats in ["1", "0", "-3", "21", "1000000", "٣", "many"] {
        rubbish.push(format!("CREATE GROUP Others 10 weekly {seats}"));
        rubbish.push("CANCEL".to_owned());
    }
    let before = standing(&world).await;
    for text in &rubbish {
        let told = world.told(&ada).len();
        let reply = world.say(&ada, text).await;
        let shown: String = text.chars().take(60).collect();
        println!("▸ {shown}\n◂ {reply}\n");
        assert_eq!(world.told(&ada).len(), told + 1, "one reply to {shown:?}: {reply}");
        assert!(reply.chars().count() > 10, "{shown:?}: {reply:?}");
        for word in ["error", "Error", "panic", "Unknown", "_"] {
            assert!(!reply.contains(word), "{shown:?} → {reply}");
        }
        assert_eq!(standing(&world).await, before, "after {shown:?}: {reply}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_rubbish_is_asked_for_again_and_then_taken() {
    let mut world = World::new().await;
    let nobody = world.phone("");
    let mut hello = world.message(&nobody, "🎉");
    hello.name = None;
    let reply = world.deliver(&nobody, hello).await;
    assert!(reply.contains("What is your name?"), "{reply}");
    let reply = world.say(&nobody, &"long ".repeat(2_000)).await;
    assert!(reply.contains("Please send your name in letters"), "{reply}");
    let reply = world.say(&nobody, "Zainab").await;
    assert!(reply.contains("Welcome, Zainab"), "{reply}");
    assert_eq!(world.member(&nobody).await.name, "Zainab");
}
