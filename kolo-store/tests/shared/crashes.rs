//! The process is killed at every point at which it can stop, one run for each: before and after every
//! call of the connection that writes, its migrations and its COMMITs included, and around every answer.
//!
//! A counting run tells how many points a scenario passes. Each other run is killed at one of them; then
//! the store is opened again, everything is sent again, and it must be as if nothing had happened. The
//! normal run takes a sample of the points, `KOLO_TEST_LONG=1` all of them.
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fail_parallel::cfg_callback;
use futures::future::join_all;
use kolo_core::port::ledger::{Balance, ChangeSet};
use kolo_core::port::work::Release;
use kolo_core::port::{Committed, Ledger, WorkQueue};
use kolo_core::testkit::check_books;
use kolo_core::{Amount, TenantId};
use kolo_store::{FAILPOINT, failpoints};
use rustix::process::{Signal, getpid, kill_process};

use crate::contribution::{INSTALMENT, NOW, Seat, external, funding};
use crate::support::{Place, RUNTIME, Store, connect};

/// Says to a child which store to work on; the parent has none.
const CHILD: &str = "KOLO_STORE_KILLED_CHILD";
/// Says to it at which point it dies.
const AT: &str = "KOLO_STORE_KILLED_AT";

/// Members who contribute.
const MEMBERS: u64 = 6;
/// Rounds that they do it in.
const ROUNDS: u64 = 2;
/// Points that the normal run tries, of some hundreds: it opens a store three times for each.
const SAMPLE: u64 = 10;

fn main() -> TenantId {
    TenantId::default()
}

/// What is sent, in its order: each group at once. Two rounds of contributions; the holds of the first are
/// settled or voided before the second.
fn scenario() -> Vec<Vec<ChangeSet>> {
    let mut seats: Vec<Seat> = (0..MEMBERS).map(|member| Seat::of(member, 0)).collect();
    let mut groups = vec![vec![funding("fund", &seats, 10)]];
    for _ in 0..ROUNDS {
        let contributions: Vec<ChangeSet> = seats.iter_mut().map(Seat::contribute).collect();
        let ends = seats
            .iter_mut()
            .enumerate()
            .map(|(number, seat)| if number % 3 > 0 { seat.paid() } else { seat.refused() });
        let ends = ends.collect();
        groups.push(contributions);
        groups.push(ends);
    }
    groups
}

/// Sends everything, and tells of each answer once there is one.
async fn play(store: &Store, mut told: impl FnMut(&str, &Committed)) {
    for group in scenario() {
        let answers = join_all(group.iter().map(|changes| store.commit(changes.clone()))).await;
        for (changes, answer) in group.iter().zip(answers) {
            told(&changes.key, &answer.expect("nothing of it is refused"));
        }
        // A lease in between, as a worker takes them.
        store.claim(&["intent"], NOW, 1, 1).await.expect("claimed");
    }
    store.close().await;
}

/// The child's life.
fn live(location: &str) {
    let last: u64 = std::env::var(AT).expect("a point").parse().expect("a number");
    let points = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&points);
    let reached = move || {
        if count.fetch_add(1, Ordering::Relaxed) == last {
            kill_process(getpid(), Signal::KILL).expect("it dies");
        }
    };
    cfg_callback(failpoints(), FAILPOINT, reached).expect("configured");
    RUNTIME.block_on(async {
        let store = connect(location).await;
        play(&store, |key, _| say(&format!("ack {key}."))).await;
    });
    say(&format!("points {}.", points.load(Ordering::Relaxed)));
}

/// A whole line; one that the kill cut short is no acknowledgement.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the parent listens");
}

/// Runs a child until it ends or dies, and returns what it said.
fn run(place: &Place, at: u64) -> (bool, Vec<String>) {
    let myself = std::env::current_exe().expect("this test's program");
    let ended = Command::new(myself)
        .args(["--exact", "crashes::whatever_was_cut_short_is_as_if_nothing_had_happened"])
        .arg("--nocapture")
        .env(CHILD, place.location())
        .env(AT, at.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .output()
        .expect("the child runs");
    let said = String::from_utf8_lossy(&ended.stdout);
    (ended.status.success(), said.lines().map(str::to_owned).collect())
}

/// What follows a word that a line of a child has, up to its full stop.
fn after<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    line.split_once(word)?.1.strip_suffix('.')
}

#[test]
fn whatever_was_cut_short_is_as_if_nothing_had_happened() {
    if let Ok(location) = std::env::var(CHILD) {
        return live(&location);
    }
    let place = Place::new();
    let (ended, said) = run(&place, u64::MAX);
    assert!(ended, "{said:?}");
    let points = said.iter().find_map(|line| after(line, "points ")).expect("it counts");
    let points: u64 = points.parse().expect("a number");
    assert!(points > 100, "{points} points are too few to be all of them");
    let whole = RUNTIME.block_on(async { Seen::of(&connect(&place.location()).await).await });
    whole.is_complete();

    let all = std::env::var_os("KOLO_TEST_LONG").is_some();
    let step = if all { 1 } else { points.div_ceil(SAMPLE) };
    let mut kills = 0;
    for at in (0..points).step_by(usize::try_from(step).expect("small")) {
        let place = Place::new();
        let (ended, said) = run(&place, at);
        kills += u64::from(!ended);
        let acknowledged: BTreeSet<&str> =
            said.iter().filter_map(|line| after(line, "ack ")).collect();
        let again = RUNTIME.block_on(retry(&place, &acknowledged, at));
        assert_eq!(again, whole, "killed at point {at} of {points}");
    }
    // Groups may gather in another way than in the counting run, so the last points may be missed.
    assert!(
        kills * 10 >= points.div_ceil(step) * 9,
        "{kills} kills, {points} points, every {step}th"
    );
}

/// Opens what the killed process left, checks it, and sends everything again.
async fn retry(place: &Place, acknowledged: &BTreeSet<&str>, at: u64) -> Seen {
    let store = connect(&place.location()).await;
    assert_eq!(store.check().await.expect("readable").findings, [], "killed at point {at}");
    let mut before = BTreeSet::new();
    play(&store, |key, answer| {
        if matches!(answer, Committed::Before(_)) {
            before.insert(key.to_owned());
        }
    })
    .await;
    let lost: Vec<_> = acknowledged.iter().filter(|key| !before.contains(**key)).collect();
    assert_eq!(lost, [&""; 0], "acknowledged, then killed at point {at}, then gone");
    Seen::of(&connect(&place.location()).await).await
}

/// Everything that the scenario leaves, however it came to be.
#[derive(Debug, PartialEq)]
struct Seen {
    entries: u64,
    events: BTreeSet<(String, Vec<u8>)>,
    event_count: usize,
    versions: Vec<(String, u64)>,
    balances: Vec<Balance>,
    outbox: BTreeSet<String>,
}

impl Seen {
    async fn of(store: &Store) -> Self {
        let report = store.check().await.expect("readable");
        assert_eq!(report.findings, []);
        check_books(store, &main(), &[external()]).await.expect("the books add up");
        let events = store.events_after(&main(), 0, usize::MAX).await.expect("readable");
        let positions: Vec<u64> = events.iter().map(|event| event.position).collect();
        assert_eq!(positions, (1..).take(events.len()).collect::<Vec<_>>());
        let seats = store.list(&main(), "seat", None, 100).await.expect("readable");
        let mut accounts: Vec<_> =
            (0..MEMBERS).map(|member| Seat::of(member, 0).wallet()).collect();
        accounts.extend([Seat::of(0, 0).pot(), external()]);
        let balances = store.balances(&main(), &accounts).await.expect("readable");
        // One item for each payment that was not refused, and none for anything else. Long after every lease, so that those of
        // the killed have ended.
        let mut outbox = BTreeSet::new();
        let late = NOW.plus(1_000_000);
        loop {
            let claimed = store.claim(&["intent"], late, 60, 100).await.expect("claimed");
            if claimed.is_empty() {
                break;
            }
            for item in claimed {
                store.release(&item.lease, Release::Done).await.expect("done");
                let once = outbox.insert(item.lease.work.0);
                assert!(once, "an item is there twice");
            }
        }
        let seen = Self {
            entries: report.entries,
            event_count: events.len(),
            events: events
                .into_iter()
                .map(|event| (event.record.kind, event.record.bytes))
                .collect(),
            versions: seats.into_iter().map(|seat| (seat.id.id, seat.version)).collect(),
            balances,
            outbox,
        };
        store.close().await;
        seen
    }

    /// Each effect is there once.
    fn is_complete(&self) {
        let contributions = MEMBERS * ROUNDS;
        let count = usize::try_from(contributions).expect("few");
        let refused = count / 3;
        assert_eq!(self.entries, MEMBERS + contributions);
        let events = 2 * count + refused;
        assert_eq!(
            (self.event_count, self.events.len(), self.outbox.len()),
            (events, events, count - refused)
        );
        // A contribution, and its end.
        assert!(self.versions.iter().all(|(_, version)| *version == 2 * ROUNDS));
        // Of six holds in a round, four settle.
        let pot = self.balances[usize::try_from(MEMBERS).expect("few")];
        let settled = i64::try_from(contributions * 4 / 6).expect("few") * INSTALMENT;
        assert_eq!(pot, Balance { settled: Amount::new(settled), ..Balance::default() });
    }
}
