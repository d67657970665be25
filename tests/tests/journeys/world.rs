//! A stack on virtual time, people who talk to it, and what must hold after every step.
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kolo_core::events::{EventHandler, EventKind};
use kolo_core::port::channel::InboundMessage;
use kolo_core::port::ledger::{AccountId, Balance, Side, StoredEvent};
use kolo_core::port::{ChainClient, Clock, MessageChannel};
use kolo_core::testkit::check_books;
use kolo_core::view::{CircleStatus, CircleSummary, MemberView, WalletView};
use kolo_core::worker::Worker;
use kolo_core::{Amount, Asset, AssetList, Caps, CircleId, Kolo, Timestamp, conversation};
use kolo_localnet::Localnet;
use kolo_server::chat::{Bubble, Phone};
use kolo_server::clock::{MovableClock, SystemEntropy};
use kolo_server::database::Database;
use kolo_server::stack::{KeysPlan, NetworkPlan, Plan, Stack, settings};
use kolo_stellar::setup::test_dollars;
use kolo_store::MasterKey;
use serde_json::{Value, json};

/// Monday, 5 January 2026, 09:00 UTC.
pub const START: u64 = 1_767_603_600;
pub const HOUR: u64 = 3_600;
pub const DAY: u64 = 24 * HOUR;
/// Minor units of a dollar.
pub const DOLLAR: i64 = 10_000_000;

/// Steps of one pause; far more than a journey has.
const MOST_TICKS: usize = 10_000;
/// Longest page asked for.
const PAGE: usize = 1_000;

pub struct World {
    pub stack: Stack,
    /// As the stack's, or over a chain that misbehaves: see [`World::over`].
    pub kolo: Kolo,
    /// Whether somebody acts on the circles' contracts without us: events then need no intent.
    pub outsiders: bool,
    worker: Worker,
    folder: tempfile::TempDir,
    messages: u64,
    /// Every asset that was on the list, also before a restart: their books are looked at for ever.
    listed: Vec<Asset>,
}

impl World {
    pub async fn new() -> Self {
        Self::capped(Caps::default()).await
    }

    /// Where people save in these.
    pub async fn saving_in(assets: &AssetList) -> Self {
        Self::started(Caps::default(), assets).await
    }

    /// Where only so much may be begun in a day.
    pub async fn capped(caps: Caps) -> Self {
        Self::started(caps, &test_dollars()).await
    }

    async fn started(caps: Caps, assets: &AssetList) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = MovableClock::still(Timestamp::from_unix(START));
        let stack = start(&folder, Arc::new(clock), caps, assets).await;
        let (kolo, worker) = (stack.kolo.clone(), stack.worker.clone());
        let listed = all_of(kolo.assets());
        Self { stack, kolo, outsiders: false, worker, folder, messages: 0, listed }
    }

    /// The embedded network.
    pub fn network(&self) -> &Localnet {
        self.stack.network.as_ref().unwrap()
    }

    /// Everything is dropped and started again from what is in the folder.
    pub async fn restart(self) -> Self {
        let assets = self.kolo.assets().clone();
        self.restarted(&assets).await
    }

    /// The same, with another list of assets.
    pub async fn restarted(self, assets: &AssetList) -> Self {
        let Self { stack, kolo, outsiders, worker, folder, messages, mut listed } = self;
        let caps = kolo.settings().caps;
        drop((kolo, worker));
        let clock = stack.clock.clone();
        stack.network.as_ref().unwrap().stop().await.unwrap();
        drop(stack);
        let stack = start(&folder, clock, caps, assets).await;
        let (kolo, worker) = (stack.kolo.clone(), stack.worker.clone());
        listed.extend(all_of(kolo.assets()));
        let world = Self { stack, kolo, outsiders, worker, folder, messages, listed };
        world.settle().await;
        world
    }

    /// A copy of the database's files, while nothing is under way.
    pub fn backup(&self) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_database(self.folder.path(), copy.path());
        copy
    }

    /// The database is lost, and a backup takes its place; the chain is where it was.
    pub async fn restored(self, backup: &tempfile::TempDir) -> Self {
        let Self { stack, kolo, outsiders, worker, folder, messages, listed } = self;
        let (caps, assets) = (kolo.settings().caps, kolo.assets().clone());
        drop((kolo, worker));
        let clock = stack.clock.clone();
        stack.network.as_ref().unwrap().stop().await.unwrap();
        drop(stack);
        for file in database_files(folder.path()) {
            std::fs::remove_file(file).unwrap();
        }
        copy_database(backup.path(), folder.path());
        let stack = start(&folder, clock, caps, &assets).await;
        let (kolo, worker) = (stack.kolo.clone(), stack.worker.clone());
        let world = Self { stack, kolo, outsiders, worker, folder, messages, listed };
        world.settle().await;
        world
    }

    /// From now on over this chain client instead of the stack's.
    pub fn over(&mut self, chain: Arc<dyn ChainClient>) {
        let old = &self.stack.kolo;
        let ports = kolo_core::Ports { chain, ..old.ports().clone() };
        let (tenant, assets) = (old.tenant().clone(), old.assets().clone());
        self.kolo =
            Kolo::try_new(tenant, ports, assets, old.operator().clone(), old.settings().clone())
                .unwrap();
        let channel: Arc<dyn MessageChannel> = self.stack.chat.clone();
        self.worker = Worker::new(self.kolo.clone(), vec![channel]);
    }

    /// Has a host's handler called for every event of a circle; a restart forgets it.
    pub fn on_event(&mut self, name: &str, handler: Arc<dyn EventHandler>) {
        self.worker = self.worker.clone().on_event(name, EventKind::ALL, handler).unwrap();
    }

    pub fn now(&self) -> Timestamp {
        self.stack.clock.now()
    }

    /// A phone; its owner has said nothing yet.
    pub fn phone(&self, name: &str) -> Phone {
        let number = format!("+23480310{:05}", 10_000 + self.stack.chat.phones().len());
        let phone = Phone { number, name: name.to_owned() };
        self.stack.chat.add(phone.clone()).unwrap();
        phone
    }

    /// Somebody with a wallet and this many test dollars.
    pub async fn person(&mut self, name: &str, dollars: u32) -> Phone {
        let phone = self.phone(name);
        self.say(&phone, "hi").await;
        if dollars > 0 {
            self.say(&phone, &format!("TEST MONEY {dollars}")).await;
        }
        phone
    }

    /// A message under the next free id.
    pub fn message(&mut self, from: &Phone, text: &str) -> InboundMessage {
        self.messages += 1;
        InboundMessage {
            id: format!("m-{}", self.messages),
            from: from.contact(),
            name: Some(from.name.clone()),
            phone: Some(from.number.clone()),
            text: text.to_owned(),
            button: None,
        }
    }

    pub async fn receive(&self, message: InboundMessage) {
        conversation::receive(&self.kolo, message).await.unwrap();
    }

    /// Says it, lets everything happen, checks everything; what the bot told them since, joined.
    pub async fn say(&mut self, who: &Phone, text: &str) -> String {
        let message = self.message(who, text);
        self.deliver(who, message).await
    }

    /// Taps the newest button of this label.
    pub async fn tap(&mut self, who: &Phone, label: &str) -> String {
        let told = self.told(who);
        let button = told.iter().rev().flat_map(|bubble| &bubble.buttons);
        let button = button.clone().find(|button| button.label == label).cloned();
        let button = button.unwrap_or_else(|| panic!("no button {label}: {told:#?}"));
        let mut message = self.message(who, &button.label);
        message.button = Some(button.id);
        self.deliver(who, message).await
    }

    pub async fn deliver(&mut self, who: &Phone, message: InboundMessage) -> String {
        let before = self.told(who).len();
        self.receive(message).await;
        self.step().await;
        self.since(who, before)
    }

    /// Everything the bot told somebody, oldest first.
    pub fn told(&self, who: &Phone) -> Vec<Bubble> {
        let said = self.stack.chat.said(&who.number);
        said.into_iter().filter(|bubble| !bubble.mine).collect()
    }

    /// What the bot told them after its first `before` messages.
    pub fn since(&self, who: &Phone, before: usize) -> String {
        let texts: Vec<_> = self.told(who).into_iter().skip(before).map(|b| b.text).collect();
        texts.join("\n---\n")
    }

    /// One round of the worker, of at most so many items.
    pub async fn tick(&self, budget: usize) -> Option<Timestamp> {
        self.worker.tick(budget).await.unwrap().next
    }

    /// Works until nothing is left to do now or within a few seconds.
    pub async fn settle(&self) {
        for _ in 0..MOST_TICKS {
            match self.tick(usize::MAX).await {
                Some(next) if next <= self.now().plus(5) => {
                    self.stack.clock.advance_to(next.max(self.now().plus(1)));
                }
                _ => return,
            }
        }
        panic!("never comes to rest");
    }

    /// Settles and checks.
    pub async fn step(&self) {
        self.settle().await;
        self.invariants().await;
    }

    /// Lets time pass, doing on the way what is due.
    pub async fn until(&self, until: Timestamp) {
        for _ in 0..MOST_TICKS {
            let next = self.tick(usize::MAX).await;
            let now = self.now();
            if now >= until {
                self.step().await;
                return;
            }
            let next = next.map_or(until, |next| next.max(now.plus(1)).min(until));
            self.stack.clock.advance_to(next);
        }
        panic!("time does not pass");
    }

    pub async fn pass(&self, seconds: u64) {
        self.until(self.now().plus(seconds)).await;
    }

    pub async fn member(&self, who: &Phone) -> MemberView {
        self.kolo.members().by_contact(&who.contact()).await.unwrap().unwrap()
    }

    pub async fn wallet(&self, who: &Phone) -> WalletView {
        let id = self.member(who).await.id;
        self.kolo.wallets().balance(id).await.unwrap()
    }

    /// Settled dollars in the books, minor units.
    pub async fn money(&self, who: &Phone) -> i64 {
        self.wallet(who).await.settled.minor_units()
    }

    /// The newest circle of somebody.
    pub async fn circle(&self, who: &Phone) -> CircleId {
        let id = self.member(who).await.id;
        self.kolo.circles().of(id).await.unwrap().last().unwrap().id
    }

    pub async fn status(&self, circle: CircleId) -> CircleStatus {
        self.kolo.circles().status(circle).await.unwrap()
    }

    /// Every event of the record, oldest first.
    pub async fn events(&self) -> Vec<StoredEvent> {
        let (mut all, mut after) = (Vec::<StoredEvent>::new(), 0);
        loop {
            let ledger = &self.kolo.ports().ledger;
            let page = ledger.events_after(self.kolo.tenant(), after, PAGE).await.unwrap();
            let Some(last) = page.last() else { return all };
            after = last.position;
            all.extend(page);
        }
    }

    /// A circle made by `creation` (`CREATE GROUP …`), joined by all the others, in this order.
    pub async fn group(&mut self, creation: &str, people: &[Phone]) -> CircleId {
        let (organiser, others) = people.split_first().unwrap();
        self.say(organiser, creation).await;
        self.say(organiser, "YES").await;
        for joiner in others {
            let code = self.invite(organiser, &joiner.number).await;
            self.say(joiner, &format!("JOIN {code}")).await;
            self.say(joiner, "YES").await;
        }
        self.circle(organiser).await
    }

    /// `INVITE phone` (or `INVITE` for anybody); the code.
    pub async fn invite(&mut self, organiser: &Phone, phone: &str) -> String {
        let told = self.say(organiser, &format!("INVITE {phone}")).await;
        code_in(&told).unwrap_or_else(|| panic!("no code: {told}"))
    }

    pub async fn contribute(&mut self, who: &Phone) -> String {
        self.say(who, "CONTRIBUTE").await;
        self.say(who, "YES").await
    }
}

/// What must hold whenever nothing is under way.
impl World {
    pub async fn invariants(&self) {
        let circles = self.kolo.circles().list(None, PAGE).await.unwrap();
        for circle in &circles {
            assert!(self.listed.contains(&circle.asset), "{}: {:?}", circle.name, circle.asset);
            let differences = self.kolo.circles().reconcile(circle.id).await.unwrap();
            assert!(differences.is_empty(), "{}: {differences:#?}", circle.name);
            self.vault_is_liabilities(circle).await;
        }
        let members = self.kolo.members().list(None, PAGE).await.unwrap();
        for member in &members {
            for wallet in self.kolo.wallets().balances(member.id).await.unwrap() {
                let whose = format!("{} of {}", wallet.asset.code, member.name);
                assert_eq!(Some(wallet.settled), wallet.on_chain, "{whose}");
                assert_eq!(wallet.pending_out, Amount::ZERO, "a hold is left: {whose}");
            }
        }
        let ledger = self.kolo.ports().ledger.as_ref();
        let keys: BTreeSet<_> = self.listed.iter().map(Asset::key).collect();
        let external = |asset: &String| AccountId {
            name: "external".to_owned(),
            asset: asset.clone(),
            normal: Side::Debit,
        };
        let outside: Vec<_> = keys.iter().map(external).collect();
        let books = check_books(ledger, self.kolo.tenant(), &outside).await.unwrap();
        for account in books.accounts.keys() {
            assert!(keys.contains(&account.asset), "what nobody listed is booked: {account:?}");
        }
        for outside in &outside {
            // What came from outside is what wallets and vaults have of that asset, and of no other.
            let of_it = books.accounts.iter().filter(|(account, _)| account.asset == outside.asset);
            let sum: i64 = of_it.map(|(account, balance)| signed(account, balance)).sum();
            assert_eq!(sum, 0, "{}", outside.asset);
        }
        let record = database(&self.folder).check().await.unwrap();
        assert_eq!(record.findings, [], "what an operator's check of the ledger finds");
        self.nothing_twice().await;
    }

    /// No effect is confirmed twice, and nothing happened in a circle that nobody wanted.
    async fn nothing_twice(&self) {
        let mut wanted = BTreeMap::<String, Value>::new();
        let mut done = BTreeSet::<(String, String)>::new();
        let mut made = BTreeMap::<(String, String), i32>::new();
        for event in self.events().await {
            let body: Value = serde_json::from_slice(&event.record.bytes).unwrap();
            match event.record.kind.as_str() {
                "intent.wanted" => {
                    wanted.insert(event.aggregate.id, body["want"].clone());
                }
                "intent.finished" if body.get("Confirmed").is_some() => {
                    let want = &wanted[&event.aggregate.id];
                    let Some((effect, of)) = paying(want) else { continue };
                    assert!(done.insert((effect, of.to_string())), "twice: {want}");
                    *made.entry((field(want, "circle"), kind_of(want))).or_default() += 1;
                }
                "circle.contribution_made" => {
                    *made.entry((event.aggregate.id, "Contribute".into())).or_default() -= 1;
                }
                "circle.payout_made" => {
                    *made.entry((event.aggregate.id, "Payout".into())).or_default() -= 1;
                }
                _ => {}
            }
        }
        let is_odd = |left: i32| left > 0 || (left < 0 && !self.outsiders);
        let odd: Vec<_> = made.iter().filter(|(_, left)| is_odd(**left)).collect();
        assert!(odd.is_empty(), "events without an intent, or the other way round: {odd:?}");
    }

    /// SC-4: the vault holds what the contract owes, no more and no less.
    async fn vault_is_liabilities(&self, circle: &CircleSummary) {
        let chain = &self.kolo.ports().chain;
        let Some(there) = chain.circle(&circle.address, &circle.asset).await.unwrap() else {
            return;
        };
        let owed = there.state.map_or(Amount::ZERO, |bytes| {
            kolo_rules::Circle::decode(&bytes).unwrap().liabilities().unwrap()
        });
        assert_eq!(there.vault, owed, "{}", circle.name);
    }
}

fn all_of(assets: &AssetList) -> Vec<Asset> {
    assets.iter().map(|allowed| allowed.asset.clone()).collect()
}

/// What we owe is positive, what came to us negative.
fn signed(account: &AccountId, balance: &Balance) -> i64 {
    let settled = balance.settled.minor_units();
    if account.normal == Side::Debit { -settled } else { settled }
}

/// The kind of a want that moves money of a round, and what makes it one effect.
fn paying(want: &Value) -> Option<(String, Value)> {
    let kind = kind_of(want);
    let body = &want[&kind];
    let of = match kind.as_str() {
        "Contribute" => json!([body["circle"], body["member"], body["round"]]),
        "Payout" => json!([body["circle"], body["round"]]),
        _ => return None,
    };
    Some((kind, of))
}

fn kind_of(want: &Value) -> String {
    want.as_object().unwrap().keys().next().unwrap().clone()
}

fn field(want: &Value, name: &str) -> String {
    want[kind_of(want)][name].as_str().unwrap().to_owned()
}

fn database_files(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.to_str().unwrap().contains("kolo.sqlite")).collect()
}

fn copy_database(from: &Path, to: &Path) {
    for file in database_files(from) {
        std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

fn database(folder: &tempfile::TempDir) -> Database {
    Database::Sqlite(folder.path().join("kolo.sqlite"))
}

async fn start(
    folder: &tempfile::TempDir,
    clock: Arc<MovableClock>,
    caps: Caps,
    assets: &AssetList,
) -> Stack {
    let plan = Plan {
        data: folder.path().to_owned(),
        database: database(folder),
        keys: KeysPlan::Here(MasterKey::from_bytes([7; 32])),
        key_page: None,
        clock,
        entropy: Arc::new(SystemEntropy),
        // What a journey looks at is the keeper's: no channels.
        settings: settings(caps, 0),
        max_rent: kolo_server::config::MAX_RENT,
        assets: assets.clone(),
        network: NetworkPlan::Embedded,
    };
    Stack::start(plan, &|_| ()).await.unwrap()
}

/// The word after the last `JOIN`.
pub fn code_in(text: &str) -> Option<String> {
    let (_, after) = text.rsplit_once("JOIN ")?;
    let code: String = after.chars().take_while(char::is_ascii_alphanumeric).collect();
    (!code.is_empty()).then_some(code)
}
