//! The phone page in a real browser: a whole circle by clicks and typing, as a new user would.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "page/browser.rs"]
mod browser;
mod common;

use browser::{Page, View, browse, last_ticks, phone};
use common::Server;
use serde_json::{Value, json};

const ADA: &str = "+2348031000001";
const BOLA: &str = "+2348031000002";
const CHIDI: &str = "+2348031000003";
const DAYO: &str = "+2348031000004";
const PEOPLE: [&str; 3] = [ADA, BOLA, CHIDI];

/// Gives what is wrong for people who see little or use no mouse.
const AUDIT: &str = include_str!("page/audit.js");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_circle_from_hello_to_completion_by_clicks_and_typing() {
    let server = Server::start();
    wait_for(&server).await;
    browse(&server, View::Desktop, async |page| {
        page.until("document.querySelectorAll('.phone').length === 3").await;
        assert!(page.text(".banner").await.contains("Test money: nothing here is worth anything"));
        page.shoot("1-first-sight").await;
        get_money(page).await;
        form_circle(page).await;
        page.shoot("2-active").await;
        for round in 1..=3 {
            play_round(page, round).await;
            page.shoot(&format!("3-round-{round}")).await;
        }
        books_are_chain(page).await;
        who_paid_what(page).await;
        assert_eq!(page.read(AUDIT).await, json!([]));
        add_a_phone(page).await;
        page.shoot("4-completed").await;
        read_a_transaction(page).await;
        read_a_receipt(page).await;
    })
    .await;
}

async fn get_money(page: &Page<'_>) {
    for number in PEOPLE {
        page.say(number, "hi").await;
        page.heard(number, "Welcome").await;
        page.say(number, "TEST MONEY 100").await;
        page.heard(number, "You received 100.00").await;
        page.until(&format!("{} === '100.00'", wallet(number, "chain"))).await;
    }
}

async fn form_circle(page: &Page<'_>) {
    page.say(ADA, "CREATE GROUP Market Women 10 weekly 3").await;
    page.tap(ADA, "YES").await;
    page.heard(ADA, "is ready").await;
    for number in [BOLA, CHIDI] {
        page.say(ADA, &format!("INVITE {number}")).await;
        let code = invitation(page).await;
        page.say(number, &format!("JOIN {code}")).await;
        page.tap(number, "YES").await;
    }
    page.until("document.querySelector('.circle').dataset.stage === 'active'").await;
    let order = page.read(
        "return [...document.querySelectorAll('.members tbody th')].map(th => th.firstChild.data)",
    ).await;
    assert_eq!(order, json!(["Ada", "Bola", "Chidi"]));
}

/// The code of the latest invitation on Ada's phone.
async fn invitation(page: &Page<'_>) -> String {
    let words =
        format!("[...document.querySelectorAll('{} .row:not(.mine) .words')].at(-1)", phone(ADA));
    page.until(&format!("/JOIN [A-Z0-9]{{8}}/.test({words}.textContent)")).await;
    let code =
        page.read(&format!("return {words}.textContent.match(/JOIN ([A-Z0-9]{{8}})/)[1]")).await;
    code.as_str().unwrap().to_owned()
}

/// The date of the next pot, as the page words it.
const NEXT_PAYOUT: &str = "[...document.querySelectorAll('.circle dt')]\
    .find(dt => dt.textContent === 'Next payout').nextElementSibling.textContent";

async fn play_round(page: &Page<'_>, round: u64) {
    for number in PEOPLE {
        page.say(number, "CONTRIBUTE").await;
        page.tap(number, "YES").await;
        page.heard(number, &format!("You paid 10.00 USDC to Market Women, round {round} of 3"))
            .await;
    }
    let rounds = "[...document.querySelectorAll('.members tbody td:nth-child(3)')]";
    page.until(&format!("{rounds}.every(cell => cell.firstChild.data === 'paid')")).await;
    assert_eq!(page.text(".pot").await, "30.00");
    // A reminder's date may come first. From the pot's date on it is paid without another click, which
    // would only bring the next round's date nearer.
    let due = page.read(&format!("return Date.parse({NEXT_PAYOUT})")).await;
    assert!(due.is_number(), "the page says when the pot is due: {due}");
    let reached = format!("Date.parse(document.querySelector('#clock-now').textContent) >= {due}");
    for _ in 0..4 {
        page.click("[data-move=due]").await;
        page.until("!document.querySelector('[data-move=due]').disabled").await;
        if page.read(&format!("return {reached}")).await == true {
            break;
        }
    }
    page.until("document.querySelector('.pot').textContent === '0.00'").await;
    let whose = PEOPLE[usize::try_from(round - 1).unwrap()];
    page.heard(whose, "It is your turn! You received 30.00 USDC").await;
}

/// Everyone has their 100 again, in the books and on the chain, and every message was answered.
async fn books_are_chain(page: &Page<'_>) {
    page.until("document.querySelector('.circle').dataset.stage === 'completed'").await;
    page.until("document.querySelectorAll('.differ').length === 0").await;
    for number in PEOPLE {
        for side in ["books", "chain"] {
            assert_eq!(
                page.read(&format!("return {}", wallet(number, side))).await,
                "100.00",
                "{number} {side}"
            );
        }
        assert_eq!(page.text(&format!("{} .wallet .agree", phone(number))).await, "✓ same");
    }
    let members = page.read(
        "return [...document.querySelectorAll('.members tbody tr')].map(row => row.querySelector('th small').textContent)",
    ).await;
    assert_eq!(
        members,
        json!(["in 30.00, out 30.00", "in 30.00, out 30.00", "in 30.00, out 30.00"])
    );
    let vault = page
        .read("return [...document.querySelectorAll('.vault b')].map(b => b.textContent)")
        .await;
    assert_eq!(vault, json!(["0.00", "0.00"]));
    let unread =
        page.read("return document.querySelectorAll('.ticks:not([data-state=read])').length").await;
    assert_eq!(unread, 0);
}

/// Unfolded, the contributions stay so when the page draws the circle again.
async fn who_paid_what(page: &Page<'_>) {
    // Folded, nobody asks for them, however often the page looks.
    let asked = "performance.getEntriesByType('resource').filter(one => one.name.includes('/contributions')).length";
    assert_eq!(page.read(&format!("return {asked}")).await, 0);
    page.click(".contributions summary").await;
    page.until("document.querySelector('.rounds')").await;
    assert_eq!(page.read(&format!("return {asked}")).await, 1);
    let cells =
        "[...document.querySelectorAll('.rounds tbody tr')].map(row => row.innerText.split('\\t'))";
    let paid = json!(["10.00", "10.00", "10.00", "30.00"]);
    let row = |name: &str| {
        let cells = paid.as_array().unwrap().iter().cloned();
        std::iter::once(json!(name)).chain(cells).collect::<Value>()
    };
    let all = json!([row("Ada"), row("Bola"), row("Chidi")]);
    assert_eq!(page.read(&format!("return {cells}")).await, all);
    page.read("delete document.getElementById('circles').dataset.mark; look()").await;
    page.until("document.getElementById('circles').dataset.mark").await;
    assert_eq!(page.read(&format!("return {cells}")).await, all);
    page.until(&format!("{asked} > 1")).await;
    assert_eq!(page.read(&format!("return {cells}")).await, all, "asked anew, the same");
    page.shoot_here("10-contributions").await;
}

async fn add_a_phone(page: &Page<'_>) {
    page.type_into("#add-name", "Dayo").await;
    page.type_into("#add-number", "12\n").await;
    page.until("document.getElementById('add-error').textContent.includes('not a phone number')")
        .await;
    page.read("document.getElementById('add-number').value = ''").await;
    page.type_into("#add-number", ADA).await;
    page.click("#add button").await;
    page.until(
        "document.getElementById('add-error').textContent.includes('has a phone here already')",
    )
    .await;
    page.read("document.getElementById('add-number').value = ''").await;
    page.type_into("#add-number", DAYO).await;
    page.click("#add button").await;
    page.until(&format!("document.querySelector('{}')", phone(DAYO))).await;
    page.say(DAYO, "hi").await;
    page.heard(DAYO, "Welcome, Dayo").await;
}

async fn read_a_transaction(page: &Page<'_>) {
    let payout = "[...document.querySelectorAll('.transactions a')].find(a => a.textContent.includes('payout'))";
    page.until(payout).await;
    page.read(&format!("{payout}.focus()")).await;
    page.type_into(".transactions a:focus", "\n").await;
    page.until("location.pathname.startsWith('/tx/') && document.querySelector('.card')").await;
    assert!(
        page.text("h1").await.contains("payout of contract Market Women"),
        "{}",
        page.text("h1").await
    );
    assert_eq!(page.text("#result").await, "✓ Succeeded");
    let all = page.text("#page").await;
    for words in [
        "Operations",
        "Events",
        "fee charged",
        "XLM",
        "transfer 30.0000000 USDC from Market Women to Chidi",
    ] {
        assert!(all.contains(words), "no {words:?} in {all}");
    }
    assert_eq!(page.read(AUDIT).await, json!([]));
    page.shoot("5-transaction").await;
    page.click("a[href='/']").await;
    page.until("document.querySelectorAll('.phone').length === 4").await;
}

async fn read_a_receipt(page: &Page<'_>) {
    let number = page.read(
        "return [...document.querySelectorAll('.words')].map(words => words.textContent)\
         .filter(text => text.includes('the pot of')).pop().split('Receipt no. ')[1].trim()",
    );
    let number = number.await.as_str().unwrap_or_default().to_owned();
    page.open(&format!("/receipt/{number}")).await;
    page.until("document.querySelector('#result').textContent.startsWith('✓ Signed')").await;
    assert_eq!(page.text("h1").await, format!("Receipt no. {number}"));
    let all = page.text("#page").await;
    for words in ["payout of 30.00 USDC, Market Women", "key of this operator", "verify-receipt"] {
        assert!(all.contains(words), "no {words:?} in {all}");
    }
    assert_eq!(page.read(AUDIT).await, json!([]));
    page.shoot("9-receipt").await;
    page.click("a[href='/']").await;
    page.until("document.querySelectorAll('.phone').length === 4").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_small_screen_rubbish_stays_text_and_a_restart_loses_nothing() {
    let server = Server::start();
    wait_for(&server).await;
    browse(&server, View::Mobile, async |page| {
        page.until("document.querySelectorAll('.phone').length === 3").await;
        page.say(ADA, "hi").await;
        page.shoot("6-mobile").await;
        markup_is_text(page).await;
        bold_is_bold(page).await;
        nothing_due_is_said(page).await;
        restart(page, &server).await;
        assert_eq!(page.read(AUDIT).await, json!([]));
        page.read("document.querySelector('.side').scrollIntoView()").await;
        page.shoot_here("8-mobile-below").await;

        for path in [
            format!("/tx/{}", "0".repeat(64)),
            "/tx/rubbish".to_owned(),
            "/tx/%F0%9F%92%A9".to_owned(),
            "/receipt/2222-2222-2222-2222".to_owned(),
            "/receipt/rubbish".to_owned(),
        ] {
            page.open(&path).await;
            page.until("document.querySelector('h1').textContent === 'Not found'").await;
            let status = reqwest::get(server.url(&path)).await.unwrap().status();
            assert_eq!(status, 404, "{path}");
        }
        assert_eq!(page.read(AUDIT).await, json!([]));
    })
    .await;
}

async fn markup_is_text(page: &Page<'_>) {
    let rubbish = "<img src=x onerror='document.title=1'><b>no</b>";
    page.say(BOLA, rubbish).await;
    let words = format!("[...document.querySelectorAll('{} .mine .words')].at(-1)", phone(BOLA));
    assert_eq!(page.read(&format!("return {words}.textContent")).await, rubbish);
    assert_eq!(page.read(&format!("return {words}.children.length")).await, 0);
}

async fn bold_is_bold(page: &Page<'_>) {
    page.say(BOLA, "*one* and _two *three*_ but 2*3*4 and snake_case_name stay").await;
    let words = format!("[...document.querySelectorAll('{} .mine .words')].at(-1)", phone(BOLA));
    let marks = page
        .read(&format!(
            "return [...{words}.querySelectorAll('*')].map(e => e.localName + ' ' + e.textContent)"
        ))
        .await;
    assert_eq!(marks, json!(["strong one", "em two three", "strong three"]));
}

async fn nothing_due_is_said(page: &Page<'_>) {
    let before = page.text("#clock-now").await;
    page.click("[data-move=due]").await;
    page.until("document.getElementById('clock-said').textContent.startsWith('Nothing is due')")
        .await;
    page.click("[data-move=day]").await;
    page.until("!document.querySelector('[data-move=day]').disabled").await;
    assert_ne!(page.text("#clock-now").await, before);
}

/// What is typed while the server is away arrives once when it is back.
async fn restart(page: &Page<'_>, server: &Server) {
    server.kill();
    page.type_into(&format!("{} .compose input", phone(CHIDI)), "hi\n").await;
    assert_eq!(page.read(&format!("return {}", last_ticks(CHIDI))).await, "sending");
    page.until("!document.getElementById('offline').hidden").await;
    assert_eq!(page.text(&format!("{} .presence", phone(CHIDI))).await, "typing…");
    page.shoot_here("7-mobile-offline").await;
    server.kill_and_restart();
    page.until(&format!("{} === 'read'", last_ticks(CHIDI))).await;
    page.heard(CHIDI, "Welcome, Chidi").await;
    page.until("document.getElementById('offline').hidden").await;
    let mine = page
        .read(&format!("return document.querySelectorAll('{} .mine').length", phone(CHIDI)))
        .await;
    assert_eq!(mine, 1);
}

fn wallet(number: &str, side: &str) -> String {
    format!("document.querySelector('{} .wallet .{side}')?.textContent", phone(number))
}

/// The server is up.
async fn wait_for(server: &Server) {
    let state: Value = common::Api::new(server).state().await;
    assert_eq!(state["phones"].as_array().unwrap().len(), 3);
}
