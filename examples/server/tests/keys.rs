//! A member's page outside the chat, in a real browser: from MY KEY to a key that spends and a wallet that
//! is closed; and what a thief with the chat, a link or a guess gets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "page/browser.rs"]
mod browser;
mod common;

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use browser::{Page, View, browse};
use common::{Api, Server, told};
use kolo_core::port::chain::ChainAddress;
use kolo_core::port::vault::{PublicKey, SealedKey, Secret};
use kolo_core::wallet::page::KeyPageSettings;
use kolo_core::{Amount, Asset};
use kolo_stellar::rescue::Rescue;
use kolo_stellar::setup::{Bootstrap, Funder, bootstrap};
use kolo_stellar::wallet::AccountKey;
use kolo_stellar::{HttpTransport, Operators, Rpc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

const ADA: &str = "+2348031000001";
const BOLA: &str = "+2348031000002";
const PASSPHRASE: &str = "goat lamp river nine";
const STANDALONE: &str = "Standalone Network ; February 2017";

/// Gives what is wrong for people who see little or use no mouse.
const AUDIT: &str = include_str!("page/audit.js");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn her_key_leaves_with_her_spends_her_money_and_her_wallet_is_closed() {
    let server = Server::start();
    let api = Api::new(&server);
    api.state().await;
    browse(&server, View::Desktop, async |page| {
        page.until("document.querySelectorAll('.phone').length === 3").await;
        for number in [ADA, BOLA] {
            page.say(number, "hi").await;
            page.say(number, "TEST MONEY 100").await;
            page.heard(number, "You received 100.00").await;
        }
        page.say(ADA, "BALANCE").await;
        page.tap(ADA, "My key").await;
        page.shoot("11-key-chat").await;
        let first = link(&api, ADA).await;
        let app = set_up(page, &first).await;
        wait_for_it(page).await;
        let secret = take_the_key(page, &api, &app).await;
        send_everything(&server, &secret, &api).await;
        stand_alone(page, &api, &app).await;
        close(page, &api, &app).await;
        let keys = [first.rsplit_once('.').unwrap().1, app.secret.as_str(), PASSPHRASE, &secret];
        nothing_is_kept(&server, &keys);
    })
    .await;
}

/// Her authenticator: on a phone, whose clock nobody moves.
struct App {
    secret: String,
    totp: Totp,
    /// The half minute of the last code it was asked for.
    last: Cell<u64>,
}

/// How long a code is shown, seconds.
const STEP_S: u64 = 30;

fn system_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

impl App {
    fn new(secret: &str) -> Self {
        let secret = secret.replace(' ', "");
        let bytes = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
        let bytes: [u8; 20] = bytes.try_into().unwrap();
        let totp = Builder::new().with_secret(bytes).build().unwrap();
        Self { secret, totp, last: Cell::new(0) }
    }

    /// The next one it shows that it was not asked for before: of the half minute after this at most.
    async fn code(&self) -> String {
        let step = (self.last.get() + 1).max(system_time() / STEP_S);
        while system_time() / STEP_S + 1 < step {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.last.set(step);
        self.totp.generate(step * STEP_S).to_string()
    }

    /// Six digits that are no code of these minutes.
    fn wrong(&self) -> String {
        let now = system_time();
        let near: Vec<_> =
            (0..8).map(|n| self.totp.generate(now - 60 + STEP_S * n).to_string()).collect();
        (0..10).map(|n| format!("11111{n}")).find(|code| !near.contains(code)).unwrap()
    }
}

/// Clicks or calls on the clock until a new factor is good for sure.
fn days_to_wait() -> u64 {
    KeyPageSettings::at("").wait_s.div_ceil(86_400) + 1
}

/// The path of the latest link on somebody's phone.
async fn link(api: &Api<'_>, number: &str) -> String {
    let find = |state: &Value| {
        let texts = told(state, number).into_iter().filter_map(|message| message["text"].as_str());
        let mut lines = texts.flat_map(str::lines).filter(|line| line.contains("/key/mem_"));
        lines.next_back().map(|line| line[line.find("/key/").unwrap()..].to_owned())
    };
    api.until("a link", find).await
}

async fn see(page: &Page<'_>, picture: &str) {
    assert_eq!(page.read(AUDIT).await, json!([]), "{picture}");
    page.shoot(picture).await;
}

/// The chats, once they are drawn.
async fn phones(page: &Page<'_>) {
    page.open("/").await;
    page.until("document.querySelectorAll('.phone .compose input').length === 3").await;
}

async fn title_is(page: &Page<'_>, title: &str) {
    page.until(&format!("document.querySelector('h1').textContent === {}", json!(title))).await;
}

async fn enter(page: &Page<'_>, link: &str) {
    page.open(link).await;
    title_is(page, "Your wallet’s key").await;
    page.click("button[name=link]").await;
    page.until("location.pathname === '/key'").await;
}

/// By a tap, unless it is unfolded because something was wrong.
async fn unfold(page: &Page<'_>, act: &str) {
    let details = format!("details:has([action='/key/{act}'])");
    if page.read(&format!("return document.querySelector(\"{details}\").open")).await != true {
        page.click(&format!("{details} summary")).await;
    }
}

async fn alert_says(page: &Page<'_>, words: &str) {
    page.until(&format!(
        "document.querySelector('[role=alert]')?.textContent.includes({})",
        json!(words)
    ))
    .await;
}

async fn set_up(page: &Page<'_>, link: &str) -> App {
    page.open(link).await;
    see(page, "12-key-door").await;
    // A messenger that looks at the link, or somebody who loads it again, uses nothing up.
    enter(page, link).await;
    see(page, "13-key-first").await;
    page.click("form[action='/key/enrol'] button").await;
    title_is(page, "Set up your authenticator").await;
    see(page, "14-key-enrol").await;
    let app = App::new(&page.text("code.secret").await);
    page.type_into("#confirm-code", &format!("{}\n", app.wrong())).await;
    alert_says(page, "That code did not fit").await;
    assert_eq!(page.text("code.secret").await.replace(' ', ""), app.secret, "still the same");
    page.type_into("#confirm-code", &format!("{}\n", app.code().await)).await;
    page.until("location.pathname === '/key' && document.body.textContent.includes('waits')").await;
    see(page, "15-key-waits").await;
    assert!(!page.text("main").await.contains("Take my key out"), "nothing can be done yet");
    page.open(link).await;
    title_is(page, "This link has ended").await;
    see(page, "16-key-link-ended").await;
    app
}

async fn wait_for_it(page: &Page<'_>) {
    phones(page).await;
    page.heard(ADA, "Somebody set up an authenticator").await;
    for _ in 0..days_to_wait() {
        page.until("!document.querySelector('[data-move=day]').disabled").await;
        page.click("[data-move=day]").await;
        page.until("document.querySelector('[data-move=day]').disabled").await;
    }
    page.heard(ADA, "The authenticator for your wallet’s key is ready").await;
    page.say(ADA, "my key").await;
    page.shoot("17-key-ready-chat").await;
}

/// The secret key that is in the file.
async fn take_the_key(page: &Page<'_>, api: &Api<'_>, app: &App) -> String {
    enter(page, &link(api, ADA).await).await;
    see(page, "18-key-home").await;
    unfold(page, "export").await;
    page.type_into("#passphrase", PASSPHRASE).await;
    page.type_into("#again", "goat lamp river ten").await;
    let code = app.code().await;
    page.type_into("#export-code", &format!("{code}\n")).await;
    alert_says(page, "not the same").await;
    page.type_into("#passphrase", PASSPHRASE).await;
    page.type_into("#again", PASSPHRASE).await;
    see(page, "19-key-export").await;
    page.type_into("#export-code", &format!("{code}\n")).await;
    title_is(page, "Your key, sealed").await;
    see(page, "20-key-exported").await;
    let text = page.read("return document.getElementById('file').value").await;
    let sealed = SealedKey { text: text.as_str().unwrap().to_owned() };
    let opened = kolo_store::open_sealed(&sealed, &Secret::new(PASSPHRASE)).unwrap();
    let key = AccountKey::parse(opened.expose()).unwrap();
    assert_eq!(key.address().0, wallet(api, ADA).await["address"].as_str().unwrap());
    assert!(kolo_store::open_sealed(&sealed, &Secret::new("goat lamp river ten")).is_err());

    // The code is used up; and the wallet is needed.
    page.click("a[href='/key']").await;
    unfold(page, "sponsorship").await;
    page.type_into("#sponsorship-code", &format!("{code}\n")).await;
    alert_says(page, "That code did not fit").await;
    let main = page.text("main").await;
    assert!(main.contains("since the last right one: 1. After 4 more"), "{main}");
    page.read("document.querySelectorAll('details')[2].open = true").await;
    let all = page.text("main").await;
    assert!(!all.contains("Where XLM of your own goes"), "{all}");
    let why = "Your wallet cannot be closed now: money is in it";
    page.until(&format!("document.body.textContent.includes({})", json!(why))).await;
    key.to_secret().to_string()
}

async fn wallet(api: &Api<'_>, number: &str) -> Value {
    let state = api.state().await;
    let phones = state["phones"].as_array().unwrap();
    phones.iter().find(|phone| phone["number"] == number).unwrap()["wallet"].clone()
}

fn node(server: &Server) -> Rpc {
    Rpc::new(HttpTransport::try_new(&server.url("/rpc")).unwrap())
}

/// With the key alone, past this server's own sending: all she has goes to Bola.
async fn send_everything(server: &Server, secret: &str, api: &Api<'_>) {
    let key = AccountKey::from_secret(secret).unwrap();
    let root: [u8; 32] = Sha256::digest(STANDALONE.as_bytes()).into();
    let payer = AccountKey::from_seed(&Zeroizing::new(root));
    let rescue = Rescue::connect(node(server), STANDALONE, key, Some(payer)).await.unwrap();
    let issuer = issuer(server, &rescue.address()).await;
    let asset = Asset { code: "USDC".to_owned(), issuer, decimals: 7 };
    let to = ChainAddress(wallet(api, BOLA).await["address"].as_str().unwrap().to_owned());
    rescue.send_money(&asset, &to, Amount::new(100 * 10_000_000)).await.unwrap();
    let books = |state: &Value, number: &str| {
        let phone = state["phones"].as_array().unwrap().iter().find(|it| it["number"] == number);
        phone.filter(|it| it["wallet"]["agree"] == true).map(|it| it["wallet"]["books"].clone())
    };
    api.until("books that followed the chain", |state| {
        let both = (books(state, ADA)?, books(state, BOLA)?);
        (both == (json!("0.00"), json!("200.00"))).then_some(())
    })
    .await;
}

/// Who issues the test dollar, as her trustline says.
async fn issuer(server: &Server, owner: &ChainAddress) -> String {
    let http = reqwest::Client::new();
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "getTransactions",
        "params": { "startLedger": 1, "xdrFormat": "json", "pagination": { "limit": 200 } } });
    let answer = http.post(server.url("/rpc")).json(&request).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let text = answer.to_string();
    assert!(text.contains(&owner.0), "{text:.500}");
    let at = text.find("\"issuer\":\"G").expect("an issuer") + "\"issuer\":\"".len();
    text[at..at + 56].to_owned()
}

/// With XLM of her own she needs no sponsor.
async fn stand_alone(page: &Page<'_>, api: &Api<'_>, app: &App) {
    let address = wallet(api, ADA).await["address"].as_str().unwrap().to_owned();
    let issuer = issuer(api.server, &ChainAddress(address.clone())).await;
    let [ada, issuer] = [address, issuer]
        .map(|text| PublicKey(stellar_strkey::ed25519::PublicKey::from_string(&text).unwrap().0));
    let operators = Operators { sponsor: ada, fees: ada, keeper: ada };
    // Fills her account up, and finds all the rest there.
    let wanted = Bootstrap { balance: 20 * 10_000_000, ..Bootstrap::new(operators, issuer) };
    bootstrap(&node(api.server), &Funder::root_of(STANDALONE), &wanted).await.unwrap();
    api.post("/api/clock", &json!({ "by": "hour" })).await;
    phones(page).await;
    page.say(ADA, "my key").await;
    enter(page, &link(api, ADA).await).await;
    unfold(page, "sponsorship").await;
    page.type_into("#sponsorship-code", &format!("{}\n", app.code().await)).await;
    title_is(page, "Your wallet is getting on its own feet").await;
    phones(page).await;
    page.heard(ADA, "Your wallet stands on its own now").await;
}

async fn close(page: &Page<'_>, api: &Api<'_>, app: &App) {
    page.open("/key").await;
    let main = page.text("main").await;
    let leave = "return document.querySelectorAll(\"[action='/key/sponsorship']\").length";
    assert_eq!(page.read(leave).await, 0, "she has left: {main}");
    unfold(page, "close").await;
    see(page, "21-key-close").await;
    let code = app.code().await;
    page.type_into("#to", "G123").await;
    page.type_into("#close-code", &format!("{code}\n")).await;
    alert_says(page, "no Stellar address").await;
    // Her own XLM goes where she says.
    let bola = wallet(api, BOLA).await["address"].as_str().unwrap().to_owned();
    page.type_into("#to", &bola).await;
    page.type_into("#close-code", &format!("{code}\n")).await;
    title_is(page, "Your wallet is being closed").await;
    see(page, "22-key-closing").await;
    page.click("a[href='/key']").await;
    page.click("footer button").await;
    title_is(page, "This visit has ended").await;
    phones(page).await;
    page.heard(ADA, "The key of your wallet was handed out").await;
    page.heard(ADA, "Your wallet is closed").await;
    page.shoot("23-key-closed-chat").await;
    page.open("/key").await;
    title_is(page, "This link has ended").await;
    // Books and chain agree that there is nothing, and the chain has no such account.
    let ada = wallet(api, ADA).await;
    assert_eq!(ada["books"], "0.00");
    let key = ChainAddress(ada["address"].as_str().unwrap().to_owned());
    assert!(!is_on_chain(api, &key).await);
    let bola = wallet(api, BOLA).await;
    assert_eq!((&bola["books"], &bola["chain"]), (&json!("200.00"), &json!("200.00")));
    assert!(is_on_chain(api, &ChainAddress(bola["address"].as_str().unwrap().to_owned())).await);
}

/// Whether the embedded network knows the account.
async fn is_on_chain(api: &Api<'_>, account: &ChainAddress) -> bool {
    let id = stellar_strkey::ed25519::PublicKey::from_string(&account.0).unwrap().0;
    // LedgerKey::Account, PublicKey ed25519.
    let key = [&[0_u8; 4][..], &[0; 4], &id].concat();
    let key = data_encoding::BASE64.encode(&key);
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "getLedgerEntries",
        "params": { "keys": [key] } });
    let http = reqwest::Client::new();
    let answer = http.post(api.server.url("/rpc")).json(&request).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    answer["result"]["entries"].as_array().map(Vec::len) == Some(1)
}

/// Neither in the database nor in the log. (The chat's own file is the phone: links are there.)
fn nothing_is_kept(server: &Server, secrets: &[&str]) {
    let mut looked = 0;
    for entry in std::fs::read_dir(server.data()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !path.is_file() || name == "chat.jsonl" {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        looked += usize::from(name.starts_with("kolo.sqlite") || name == "log.txt");
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a secret of {} characters in {name}", secret.len());
        }
    }
    assert!(looked >= 2, "the database and the log were looked at");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thief_with_the_chat_a_link_or_guesses_gets_nothing() {
    let server = Server::start();
    let api = Api::new(&server);
    for (number, name) in [(ADA, "a"), (BOLA, "b")] {
        api.say(number, &format!("{name}-hi"), "hi").await;
    }
    browse(&server, View::Mobile, async |page| {
        // A link that is too old.
        api.say(ADA, "ask-1", "MY KEY").await;
        let old = link(&api, ADA).await;
        api.post("/api/clock", &json!({ "by": "hour" })).await;
        page.open(&old).await;
        title_is(page, "This link has ended").await;

        api.say(ADA, "ask-2", "MY KEY").await;
        enter(page, &link(&api, ADA).await).await;
        see(page, "24-key-first-phone").await;
        page.click("form[action='/key/enrol'] button").await;
        title_is(page, "Set up your authenticator").await;
        see(page, "25-key-enrol-phone").await;
        let app = App::new(&page.text("code.secret").await);
        page.type_into("#confirm-code", &format!("{}\n", app.code().await)).await;
        page.until("document.body.textContent.includes('waits')").await;
        for _ in 0..days_to_wait() {
            api.post("/api/clock", &json!({ "by": "day" })).await;
        }
        // In a browser where her page is open, another's link opens the other's page; her code is nothing there.
        api.say(BOLA, "b-ask", "MY KEY").await;
        enter(page, &link(&api, BOLA).await).await;
        assert!(page.text("h2").await.contains("Bola"));
        assert!(!page.text("main").await.contains("Take my key out"));

        api.say(ADA, "ask-3", "MY KEY").await;
        enter(page, &link(&api, ADA).await).await;
        see(page, "26-key-home-phone").await;
        for _ in 0..4 {
            guess(page, &app.wrong()).await;
            alert_says(page, "That code did not fit").await;
        }
        see(page, "27-key-wrong-phone").await;
        guess(page, &app.wrong()).await;
        alert_says(page, "No code is taken until").await;
        see(page, "28-key-locked-phone").await;
        phones(page).await;
        page.heard(ADA, "Five wrong codes in a row").await;
        page.say(ADA, "STOP KEY").await;
        page.heard(ADA, "your authenticator is still good").await;
        page.say(ADA, "STOP KEY").await;
        page.heard(ADA, "Stopped. The authenticator for your wallet’s key is gone").await;
        page.open("/key").await;
        title_is(page, "This link has ended").await;
    })
    .await;
}

async fn guess(page: &Page<'_>, code: &str) {
    unfold(page, "export").await;
    page.type_into("#passphrase", PASSPHRASE).await;
    page.type_into("#again", PASSPHRASE).await;
    page.type_into("#export-code", &format!("{code}\n")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_kept_by_nobody_and_forms_of_other_sites_do_nothing() {
    let server = Server::start();
    let api = Api::new(&server);
    api.say(ADA, "hi", "hi").await;
    api.say(ADA, "ask", "MY KEY").await;
    let link = link(&api, ADA).await;
    let quiet = reqwest::redirect::Policy::none();
    let http = reqwest::Client::builder().redirect(quiet).build().unwrap();
    for path in [link.as_str(), "/key", "/key/mem_x.y", "/key/%F0%9F%92%A9"] {
        let answer = http.get(server.url(path)).send().await.unwrap();
        assert_eq!(answer.status() == 200, path == link, "{path}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("x-frame-options"), "DENY");
        assert!(header("content-security-policy").contains("default-src 'none'"));
        assert!(answer.text().await.unwrap().contains("Kolo"), "{path} is a page");
    }
    let word = link.strip_prefix("/key/").unwrap();
    let post = |site: &str| {
        let request = http.post(server.url("/key/open")).header("sec-fetch-site", site);
        let kind = "application/x-www-form-urlencoded";
        request.header("content-type", kind).body(format!("link={word}")).send()
    };
    assert_eq!(post("cross-site").await.unwrap().status(), 403);
    let opened = post("same-origin").await.unwrap();
    assert_eq!(
        (opened.status().as_u16(), opened.headers()["location"].to_str().unwrap()),
        (303, "/key")
    );
    let cookie = opened.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/key", "Max-Age=900"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(post("same-origin").await.unwrap().status(), 410, "used");
    // What acts is asked for by POST alone.
    let cookie = cookie.split(';').next().unwrap().to_owned();
    for path in ["open", "enrol", "confirm", "export", "close", "sponsorship", "end"] {
        let url = server.url(&format!("/key/{path}"));
        let answer = http.get(url).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(answer.status(), 405, "{path}");
    }
    // A form that lacks something is answered with a page too.
    let request = http.post(server.url("/key/open")).body("x=1");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 422);
    assert!(answer.text().await.unwrap().contains("Please fill it in again"));
}

/// What a proxy in front passes on: the status for somebody who asks `host` for this path.
async fn seen_from(server: &Server, host: &str, path: &str) -> u16 {
    let http = reqwest::Client::new();
    http.get(server.url(path)).header("host", host).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_passes_everything_shows_nobody_the_phones() {
    let public = vec![("KOLO_PUBLIC_URL", "https://bot.example".to_owned())];
    let server = Server::start_with(public);
    let api = Api::new(&server);
    api.say(ADA, "hi", "hi").await;
    api.say(ADA, "ask", "MY KEY").await;
    let link = link(&api, ADA).await;
    for path in ["/", "/app.js", "/api/state", "/api/events", "/health", "/metrics", "/tx/x"] {
        assert_eq!(seen_from(&server, "bot.example", path).await, 404, "{path}");
    }
    for (path, body) in [
        (format!("/api/phones/{ADA}/messages"), r#"{"id":"x","text":"STOP KEY"}"#),
        ("/api/clock".to_owned(), r#"{"by":"day"}"#),
        ("/rpc".to_owned(), r#"{"jsonrpc":"2.0","id":1,"method":"getHealth"}"#),
    ] {
        let request = reqwest::Client::new().post(server.url(&path)).header("host", "bot.example");
        let request = request.header("content-type", "application/json").body(body);
        assert_eq!(request.send().await.unwrap().status(), 404, "{path}");
    }
    for (path, status) in [(link.as_str(), 200), ("/style.css", 200), ("/receipt.js", 200)] {
        assert_eq!(seen_from(&server, "bot.example", path).await, status, "{path}");
    }
    // Over TLS the cookie is one that only TLS sets.
    let quiet = reqwest::redirect::Policy::none();
    let http = reqwest::Client::builder().redirect(quiet).build().unwrap();
    let request = http.post(server.url("/key/open")).header("host", "bot.example");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let word = link.strip_prefix("/key/").unwrap();
    let opened = request.body(format!("link={word}")).send().await.unwrap();
    let cookie = opened.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Secure-kolo-visit=") && cookie.contains("; Secure"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let request = http.get(server.url("/key")).header("host", "bot.example");
    let page = request.header("cookie", cookie).send().await.unwrap();
    assert_eq!(page.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_public_address_the_page_is_this_machines_alone() {
    let server = Server::start();
    let api = Api::new(&server);
    api.say(ADA, "hi", "hi").await;
    api.say(ADA, "ask", "MY KEY").await;
    let link = link(&api, ADA).await;
    assert_eq!(seen_from(&server, "bot.example", &link).await, 404);
    assert_eq!(seen_from(&server, "bot.example", "/key").await, 404);
    assert_eq!(seen_from(&server, &format!("localhost:{}", server.port), &link).await, 200);
}
