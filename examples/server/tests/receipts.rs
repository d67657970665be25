//! PO-2 over the API: everybody is told of the pot with a receipt, which has a page, a file, and a
//! proof that needs no server.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::{Api, Server, told};
use serde_json::{Value, json};

const PEOPLE: [&str; 2] = ["+2348031000001", "+2348031000002"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pot_has_a_receipt_that_anybody_can_check() {
    let server = Server::start();
    let api = Api::new(&server);
    let numbers = first_pot(&api).await;
    assert_eq!(numbers[0], numbers[1], "one receipt, told to both");
    let number = &numbers[0];

    let (status, page) = get(&server, &format!("/receipt/{number}")).await;
    assert!(status == 200 && page.contains("/receipt.js"), "{status}: {page}");
    let (_, answer) = get(&server, &format!("/api/receipt/{}", number.to_lowercase())).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((&answer["genuine"], &answer["amount"]), (&json!(true), &json!("20.00 USDC")));
    let said = &answer["signed"]["receipt"];
    assert_eq!((&said["kind"], &said["round"]), (&json!("payout"), &json!(1)), "{said}");
    assert!(!answer.to_string().contains("+234"), "no phone number: {answer}");
    let key = answer["operator_key"].as_str().unwrap();
    let (_, file) = get(&server, &format!("/receipt/{number}/file")).await;
    for path in
        ["/receipt/2222-2222-2222-2222", "/api/receipt/rubbish", "/receipt/%F0%9F%92%A9/file"]
    {
        assert_eq!(get(&server, path).await.0, 404, "{path}");
    }

    // From here on nobody is asked any more.
    server.kill();
    let (ok, said) = verify(&["--key", key], &file);
    assert!(ok && said.contains(number) && said.contains("Genuine"), "{said}");
    let (ok, said) = verify(&["-"], &file);
    assert!(ok && said.contains("Compare it with the key"), "{said}");
    let saved = server.data().join("receipt.json");
    std::fs::write(&saved, &file).unwrap();
    assert!(verify(&[saved.to_str().unwrap(), "--key", key], "").0);

    let altered = file.replace("\"round\": 1", "\"round\": 2");
    assert_ne!(altered, file);
    for (arguments, text) in [
        (vec!["--key", key], altered.as_str()),
        (vec![], &altered),
        (vec!["--key", &"ab".repeat(32)], &file),
        (vec!["--key", "ab"], &file),
        (vec![], "no receipt"),
        (vec!["/no/such/file"], &file),
    ] {
        let (ok, said) = verify(&arguments, text);
        assert!(!ok && said.len() > 20 && !said.contains("Genuine"), "{arguments:?}: {said}");
    }
}

/// Two people save and the first pot goes out; the receipt number each of them was told.
async fn first_pot(api: &Api<'_>) -> Vec<String> {
    api.state().await;
    for number in PEOPLE {
        api.say(number, &format!("hi-{number}"), "hi").await;
        api.tell(number, &format!("money-{number}"), "TEST MONEY 100").await;
        after(api, number, "You received *100.00 USDC*").await;
    }
    api.say(PEOPLE[0], "create", "CREATE GROUP Friends 10 weekly 2").await;
    api.tell(PEOPLE[0], "create-yes", "YES").await;
    after(api, PEOPLE[0], "*Friends* is ready").await;
    api.tell(PEOPLE[0], "invite", "INVITE").await;
    let invitation = after(api, PEOPLE[0], "Please pass this on").await;
    let code = invitation.rsplit_once("JOIN ").unwrap().1.trim().to_owned();
    api.say(PEOPLE[1], "join", &format!("JOIN {code}")).await;
    api.tell(PEOPLE[1], "join-yes", "YES").await;
    for number in PEOPLE {
        after(api, number, "*Friends* has started").await;
        api.say(number, &format!("pay-{number}"), "CONTRIBUTE").await;
        api.tell(number, &format!("pay-yes-{number}"), "YES").await;
        after(api, number, "Thank you! You paid *10.00 USDC*").await;
    }
    api.post("/api/clock", &json!({ "by": "due" })).await;
    let mut numbers = Vec::new();
    for number in PEOPLE {
        let notice = after(api, number, "the pot of *Friends*").await;
        numbers.push(notice.rsplit_once("Receipt no. ").unwrap().1.trim().to_owned());
    }
    numbers
}

/// Waits for a message on a phone with this in it.
async fn after(api: &Api<'_>, number: &str, words: &str) -> String {
    api.until(&format!("{words:?} on {number}"), |state| {
        let mut texts =
            told(state, number).into_iter().filter_map(|message| message["text"].as_str());
        texts.rfind(|text| text.contains(words)).map(str::to_owned)
    })
    .await
}

async fn get(server: &Server, path: &str) -> (u16, String) {
    let answer = reqwest::get(server.url(path)).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Runs `verify-receipt`; whether it succeeded, and all it said.
fn verify(arguments: &[&str], input: &str) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kolo-server"));
    command.env_clear().arg("verify-receipt").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Whoever has not read it all has ended already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}
