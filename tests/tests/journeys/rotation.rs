//! TE-3: hello, wallets, a group, contributions, payouts, completion, for circles of several sizes.
use kolo_server::demo::{DemoOptions, Place, play};

async fn whole(members: u8, seed: u64) {
    let report = play(&DemoOptions { members, seed, json: true }, Place::Embedded).await.unwrap();
    let json = report.json();
    assert!(report.ok, "{}", report.table());
    let people = json["people"].as_array().unwrap();
    assert_eq!(people.len(), usize::from(members));
    let mut turns: Vec<_> = people.iter().map(|person| person["turn"].as_u64().unwrap()).collect();
    turns.sort_unstable();
    assert_eq!(turns, (1..=u64::from(members)).collect::<Vec<_>>(), "everybody has one turn");
    let pot = &json["circle"]["pot"];
    for person in people {
        assert_eq!(person["payouts"], 1, "{person}");
        assert_eq!((&person["paid_in"], &person["received"]), (pot, pot), "{person}");
        assert_eq!(person["balance_books"], person["balance_chain"], "{person}");
    }
    assert_eq!(json["totals"]["pot_chain"], "0.00");
    assert_eq!(json["totals"]["pot_books"], "0.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_save_a_whole_cycle() {
    whole(2, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_people_save_a_whole_cycle() {
    whole(3, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twelve_people_save_a_whole_cycle() {
    whole(12, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_circle_of_a_chat_saves_a_whole_cycle_in_the_long_run() {
    let members = if std::env::var_os("KOLO_TEST_LONG").is_some() { 20 } else { 4 };
    whole(members, 4).await;
}
