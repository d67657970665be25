#![allow(dead_code, reason = "every test binary uses its part of this")]
//! A real browser: headless Chromium, driven by clicks and keys through chromedriver.
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder, Locator};
use futures::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::common::Server;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the page is looked at with.
#[derive(Clone, Copy)]
pub enum View {
    /// A window 1400 pixels wide.
    Desktop,
    /// A phone 390 pixels wide.
    Mobile,
}

/// An open page.
pub struct Page<'a> {
    client: Client,
    server: &'a Server,
}

/// Opens the server's page, does `story` and closes the browser, also when the story fails.
pub async fn browse(server: &Server, view: View, story: impl AsyncFnOnce(&Page<'_>)) {
    let profile = tempfile::tempdir().unwrap();
    let (driver, address) = start_driver();
    let client = connect(&address, view, profile.path()).await;
    let page = Page { client, server };
    let told = AssertUnwindSafe(async {
        page.open("/").await;
        story(&page).await;
    });
    let told = told.catch_unwind().await;
    drop(page.client.close().await);
    drop(driver);
    if let Err(failure) = told {
        resume_unwind(failure);
    }
}

/// Killed when the test ends.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The first of these programs that is installed; without one there is nothing to test with.
fn program(names: &[&str]) -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!("{} is missing: run `apt-get install -y chromium chromium-driver`", names[0])
    })
}

fn start_driver() -> (Driver, String) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let driver = Command::new(program(&["chromedriver"]))
        .arg(format!("--port={port}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (Driver(driver), format!("http://127.0.0.1:{port}"))
}

async fn connect(address: &str, view: View, profile: &Path) -> Client {
    let mut options = json!({
        "binary": program(&["chromium", "chromium-browser", "google-chrome"]),
        "args": [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1400,1000",
            format!("--user-data-dir={}", profile.display()),
        ],
    });
    if matches!(view, View::Mobile) {
        let metrics = json!({ "width": 390, "height": 844, "pixelRatio": 2.0, "touch": true });
        options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
    }
    let Value::Object(wanted) = json!({ "browserName": "chrome", "goog:chromeOptions": options })
    else {
        unreachable!()
    };
    let began = Instant::now();
    loop {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        match builder.capabilities(wanted.clone()).connect(address).await {
            Ok(client) => return client,
            // chromedriver may still be starting; and it gives a browser up that takes a minute to start.
            Err(error) => assert!(began.elapsed() < 3 * PATIENCE, "no browser: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

impl Page<'_> {
    pub async fn open(&self, path: &str) {
        self.client.goto(&self.server.url(path)).await.unwrap();
    }

    /// What a script gives.
    pub async fn read(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    pub async fn text(&self, selector: &str) -> String {
        self.client.find(Locator::Css(selector)).await.unwrap().text().await.unwrap()
    }

    pub async fn click(&self, selector: &str) {
        self.client.find(Locator::Css(selector)).await.unwrap().click().await.unwrap();
    }

    /// Types into a field, as keys.
    pub async fn type_into(&self, selector: &str, text: &str) {
        self.client.find(Locator::Css(selector)).await.unwrap().send_keys(text).await.unwrap();
    }

    /// Waits until the expression is true in the page.
    pub async fn until(&self, expression: &str) {
        let began = Instant::now();
        while self.read(&format!("return Boolean({expression})")).await != true {
            if began.elapsed() > PATIENCE {
                self.shoot_here("failed").await;
                let chats = self.read("return document.querySelector('main').innerText").await;
                let chats = chats.as_str().unwrap_or_default().to_owned();
                panic!("waited in vain for {expression}\n{chats}\n{}", self.server.log());
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    /// Somebody types a message, sends it with Enter, and waits for the blue ticks of an answer.
    pub async fn say(&self, number: &str, text: &str) {
        let field = format!("{} .compose input", phone(number));
        self.type_into(&field, &format!("{text}\n")).await;
        self.until(&format!("{} === 'read'", last_ticks(number))).await;
    }

    /// Somebody taps a button under the bot's latest messages.
    pub async fn tap(&self, number: &str, label: &str) {
        let rows = format!("[...document.querySelectorAll('{} .row')]", phone(number));
        let has =
            format!("[...row.querySelectorAll('.reply')].some(b => b.textContent === '{label}')");
        self.until(&format!(
            "{rows}.findLastIndex(row => {has}) > {rows}.findLastIndex(row => row.matches('.mine'))"
        ))
        .await;
        let xpath = format!("(//article[@data-number='{number}']//button[.='{label}'])[last()]");
        self.client.find(Locator::XPath(&xpath)).await.unwrap().click().await.unwrap();
        self.until(&format!("{} === 'read'", last_ticks(number))).await;
    }

    /// Waits until the bot's messages on a phone say something.
    pub async fn heard(&self, number: &str, words: &str) {
        let bubbles =
            format!("[...document.querySelectorAll('{} .row:not(.mine) .words')]", phone(number));
        self.until(&format!(
            "{bubbles}.some(words => words.textContent.includes({}))",
            json!(words)
        ))
        .await;
    }

    /// Keeps a picture of the page from its top for whoever wants to look.
    pub async fn shoot(&self, name: &str) {
        self.read("scrollTo(0, 0)").await;
        self.shoot_here(name).await;
    }

    /// Keeps a picture of what is on the screen.
    pub async fn shoot_here(&self, name: &str) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/screenshots");
        std::fs::create_dir_all(folder).unwrap();
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(format!("{folder}/{name}.png"), picture).unwrap();
    }
}

/// A phone's selector.
pub fn phone(number: &str) -> String {
    format!(".phone[data-number=\"{number}\"]")
}

/// The state of the ticks of the last message somebody sent.
pub fn last_ticks(number: &str) -> String {
    format!("[...document.querySelectorAll('{} .ticks')].at(-1)?.dataset.state", phone(number))
}
