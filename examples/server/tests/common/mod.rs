#![allow(dead_code, reason = "every test binary uses its part of this")]
//! The real server as a child process, and people who talk to it over its API.
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server process that can be killed and started again on the same data.
pub struct Server {
    data: tempfile::TempDir,
    pub port: u16,
    child: Mutex<Option<Child>>,
    environment: Vec<(&'static str, String)>,
}

impl Server {
    /// Started on a folder of its own.
    pub fn start() -> Self {
        Self::start_with(Vec::new())
    }

    /// With these variables too.
    pub fn start_with(environment: Vec<(&'static str, String)>) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let data = tempfile::tempdir().unwrap();
        let server = Self { data, port, child: Mutex::new(None), environment };
        server.restart();
        server
    }

    /// Where it keeps its files.
    pub fn data(&self) -> PathBuf {
        self.data.path().to_owned()
    }

    fn restart(&self) {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.data.path().join("log.txt"))
            .unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_kolo-server"))
            .env_clear()
            .env("PORT", self.port.to_string())
            .env("KOLO_DATA", self.data.path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
    }

    /// SIGKILL, then again from what is on the disk.
    pub fn kill_and_restart(&self) {
        self.kill();
        self.restart();
    }

    /// SIGKILL, and it stays away.
    pub fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap_or_else(PoisonError::into_inner).take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What the server logged, for a failing test.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data.path().join("log.txt")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Talks to the API; patient with a server that is being killed.
pub struct Api<'a> {
    pub server: &'a Server,
    http: reqwest::Client,
}

impl<'a> Api<'a> {
    pub fn new(server: &'a Server) -> Self {
        // The HTTP client wants a TLS provider even for plain HTTP; another test may have set it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        Self { server, http }
    }

    /// Posts until the server has answered with success.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let began = Instant::now();
        loop {
            let sent = self.http.post(self.server.url(path)).json(body).send().await;
            let wrong = match sent {
                Ok(answer) if answer.status().is_success() => {
                    // Cut off after the status: it happened, the body does not matter.
                    return answer.json().await.unwrap_or(Value::Null);
                }
                Ok(answer) => {
                    format!("{} {}", answer.status(), answer.text().await.unwrap_or_default())
                }
                Err(error) => error.to_string(),
            };
            assert!(began.elapsed() < PATIENCE, "POST {path}: {wrong}\n{}", self.server.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Status and body of one attempt.
    pub async fn post_once(&self, path: &str, body: String) -> (u16, Value) {
        let request = self.http.post(self.server.url(path));
        let request = request.header("content-type", "application/json").body(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    pub async fn state(&self) -> Value {
        let began = Instant::now();
        loop {
            if let Ok(answer) = self.http.get(self.server.url("/api/state")).send().await
                && answer.status().is_success()
                && let Ok(state) = answer.json().await
            {
                return state;
            }
            assert!(began.elapsed() < PATIENCE, "no state\n{}", self.server.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until `look` finds what it looks for in the state.
    pub async fn until<T>(&self, what: &str, look: impl Fn(&Value) -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            let state = self.state().await;
            if let Some(found) = look(&state) {
                return found;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "waited in vain for {what}: {state:#}\n{}",
                self.server.log()
            );
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Somebody says something (the same id is the same message); returns the bot's reply to it.
    pub async fn say(&self, number: &str, id: &str, text: &str) -> String {
        let body = json!({ "id": id, "text": text });
        self.post(&format!("/api/phones/{number}/messages"), &body).await;
        self.until(&format!("a reply to {text:?} of {number}"), |state| reply_to(state, number, id))
            .await
    }

    /// Sends without waiting for a reply.
    pub async fn tell(&self, number: &str, id: &str, text: &str) {
        let body = json!({ "id": id, "text": text });
        self.post(&format!("/api/phones/{number}/messages"), &body).await;
    }
}

/// The bot's messages on a phone.
pub fn told<'s>(state: &'s Value, number: &str) -> Vec<&'s Value> {
    let phones = state["phones"].as_array().map(Vec::as_slice).unwrap_or_default();
    phones
        .iter()
        .filter(|phone| phone["number"] == number)
        .flat_map(|phone| phone["messages"].as_array().map(Vec::as_slice).unwrap_or_default())
        .filter(|message| message["mine"] == false)
        .collect()
}

/// The reply to one message: its id is derived from the message's.
fn reply_to(state: &Value, number: &str, id: &str) -> Option<String> {
    let mark = format!("/{id}/");
    told(state, number)
        .into_iter()
        .find(|message| message["id"].as_str().is_some_and(|reply| reply.contains(&mark)))
        .and_then(|message| message["text"].as_str().map(str::to_owned))
}
