//! The page's API and the server's start, given rubbish: a clear answer, and nothing has changed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod common;

use std::net::TcpListener;
use std::process::Command;

use common::{Api, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rubbish_is_answered_and_changes_nothing() {
    let server = Server::start();
    let api = Api::new(&server);
    let before = api.until("a page", |state| Some(state["phones"].clone())).await;
    let ada = "/api/phones/+2348031000001/messages";
    let long = "x".repeat(100_000);
    let cases = [
        ("/api/phones", "not json".to_owned(), 400),
        ("/api/phones", r#"{"name":"Eve"}"#.to_owned(), 422),
        ("/api/phones", r#"{"name":"Eve","number":"0803"}"#.to_owned(), 400),
        ("/api/phones", r#"{"name":"","number":"+2348031000009"}"#.to_owned(), 400),
        ("/api/phones", r#"{"name":"Eve\u0000","number":"+2348031000009"}"#.to_owned(), 400),
        ("/api/phones", r#"{"name":"Eve","number":"+2348031000001"}"#.to_owned(), 409),
        ("/api/phones", r#"{"name":"Eve","number":"+2348031000009","admin":true}"#.to_owned(), 422),
        ("/api/phones/+2340000000000/messages", r#"{"id":"1","text":"hi"}"#.to_owned(), 404),
        (ada, r#"{"text":"hi"}"#.to_owned(), 422),
        (ada, r#"{"id":"","text":"hi"}"#.to_owned(), 400),
        (ada, r#"{"id":"a b","text":"hi"}"#.to_owned(), 400),
        (ada, format!(r#"{{"id":"1","text":"{long}"}}"#), 413),
        ("/api/clock", r#"{"by":"year"}"#.to_owned(), 422),
        ("/api/clock", r#"{"by":"due"}"#.to_owned(), 409),
    ];
    for (path, body, status) in cases {
        let shown: String = body.chars().take(80).collect();
        let (got, answer) = api.post_once(path, body).await;
        assert_eq!(got, status, "{path} {shown}: {answer}");
        let words = answer["error"].as_str().unwrap_or_default();
        assert!(words.len() > 10, "{path} {shown}: it must say what is wrong: {answer}");
    }
    for path in [
        "/api/circles/rubbish/contributions",
        "/api/circles/cir_rifwmaglpo4pvgg7acyebytrxy/contributions",
    ] {
        let answer = reqwest::get(server.url(path)).await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
    assert_eq!(api.state().await["phones"], before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_monitor_is_told_that_all_is_well() {
    let server = Server::start();
    Api::new(&server).state().await;
    let answer = reqwest::get(server.url("/health")).await.unwrap();
    assert_eq!(answer.status(), 200);
    let report: serde_json::Value = answer.json().await.unwrap();
    assert_eq!((&report["ok"], report["advice"].as_array().map(Vec::len)), (&true.into(), Some(0)));
    assert_eq!(report["chain"]["accounts"][1]["name"], "fees");
    let said = report.to_string();
    assert!(!said.contains("secret") && !said.contains("+234"), "{said}");
}

#[test]
fn a_taken_port_names_the_fix() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (ok, said) = start(&[("PORT", &port)]);
    assert!(!ok);
    assert!(said.contains("is taken") && said.contains("PORT="), "{said}");
}

#[test]
fn a_bad_variable_refuses_to_start_and_is_named() {
    for (name, value) in
        [("ENCRYPTION_KEY", "short-secret"), ("STELLAR_NETWORK", "mars"), ("PORT", "x")]
    {
        let (ok, said) = start(&[(name, value)]);
        assert!(!ok, "{name}");
        assert!(said.contains(name), "{said}");
        assert!(!said.contains("short-secret"), "a secret is never shown: {said}");
    }
}

/// Starts the server with these variables; it is expected to stop by itself.
fn start(variables: &[(&str, &str)]) -> (bool, String) {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kolo-server"));
    command.env_clear().env("KOLO_DATA", data.path());
    let output = command.envs(variables.iter().copied()).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}
