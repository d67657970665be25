//! Cases of the [`ReadModel`](crate::port::ReadModel) port. Each case's comment is the rule it checks.
use super::ReadModelSetup;
use super::check::{assert_refused, balance, later, settled};
use super::make::{NOW, With, account, command, external, held, moved, tenant, wallet};
use super::setup::ReadModelHandles;
use crate::port::PortErrorKind;
use crate::port::ledger::{AccountId, Balance, ChangeSet, Ending, Side};
use crate::port::statement::{AsOf, Movement, Statement, StatementQuery, Step};
use crate::{Amount, Timestamp};

/// Longer than any case's statement.
const ALL: usize = 1000;

impl ReadModelHandles {
    async fn commit(&self, changes: ChangeSet) {
        self.ledger.commit(changes).await.expect("the commit succeeds");
    }

    async fn page(&self, query: &StatementQuery) -> Statement {
        let page = self.read_model.statement(&tenant("main"), query).await.expect("a statement");
        assert!(page.adds_up(), "{page:?}");
        page
    }

    async fn whole(&self, account: &AccountId) -> Vec<Movement> {
        let page = self.page(&query(account)).await;
        assert_eq!((page.opening, page.next), (Balance::default(), None));
        page.movements
    }

    async fn at(&self, account: &AccountId, at: AsOf) -> Balance {
        let accounts = std::slice::from_ref(account);
        let found = self.read_model.balances_at(&tenant("main"), accounts, at).await;
        found.expect("a balance").remove(0)
    }
}

fn query(account: &AccountId) -> StatementQuery {
    StatementQuery {
        account: account.clone(),
        from: Timestamp::from_unix(0),
        until: later(1_000_000),
        after: None,
        limit: ALL,
    }
}

/// A deposit of 1 into Ada's wallet, recorded so many seconds after the start.
fn deposit(number: u64, recorded_s: u64) -> ChangeSet {
    let entry = moved(&format!("e{number}"), external(), wallet("ada"), 1);
    command(&format!("k{number}")).at(later(recorded_s)).entry(entry)
}

/// An account's movements count from 1, each with the change and the balance after it.
pub async fn every_movement_has_a_number_and_a_balance(setup: &ReadModelSetup) {
    let store = setup.open().await;
    store.commit(command("k1").entry(moved("a", external(), wallet("ada"), 5))).await;
    let two = moved("b", wallet("ada"), wallet("bisi"), 2);
    store.commit(command("k2").entry(two).entry(moved("c", external(), wallet("ada"), 1))).await;
    let told: Vec<_> = store
        .whole(&wallet("ada"))
        .await
        .into_iter()
        .map(|m| (m.version, m.entry, m.change, m.balance))
        .collect();
    let row = |version, entry: &str, change, balance| {
        (version, entry.to_owned(), settled(change), settled(balance))
    };
    assert_eq!(told, [row(1, "a", 5, 5), row(2, "b", -2, 3), row(3, "c", 1, 4)]);
    assert_eq!(store.whole(&wallet("bisi")).await.len(), 1);
}

/// A movement names the command, what started that, the chain transaction, both times and the details.
pub async fn a_movement_tells_what_caused_it(setup: &ReadModelSetup) {
    let store = setup.open().await;
    let mut entry = moved("e", external(), wallet("ada"), 5);
    (entry.chain_tx, entry.details) = (Some("ab".to_owned()), r#"{"round":1}"#.to_owned());
    entry.effective_at = later(3);
    let mut changes = command("the key").at(later(7)).entry(entry);
    changes.correlation = Some("message 1".to_owned());
    store.commit(changes).await;
    let told = store.whole(&wallet("ada")).await;
    let expected = Movement {
        version: 1,
        entry: "e".to_owned(),
        kind: "test".to_owned(),
        step: Step::Settled,
        change: settled(5),
        balance: settled(5),
        effective_at: later(3),
        recorded_at: later(7),
        command: Some("the key".to_owned()),
        correlation: Some("message 1".to_owned()),
        chain_tx: Some("ab".to_owned()),
        details: r#"{"round":1}"#.to_owned(),
    };
    assert_eq!(told, [expected]);
}

/// A hold moves when it is written and when it ends, by what settled; each under its own command.
pub async fn a_hold_moves_twice(setup: &ReadModelSetup) {
    let store = setup.open().await;
    store.commit(command("k1").entry(moved("a", external(), wallet("ada"), 10))).await;
    for (number, ending) in
        [Ending::Expired, Ending::Part([3, 3].map(Amount::new).to_vec())].into_iter().enumerate()
    {
        let id = format!("h{number}");
        let hold = held(&id, wallet("ada"), wallet("bisi"), 4);
        store.commit(command(&format!("hold {id}")).entry(hold)).await;
        store.commit(command(&format!("end {id}")).at(later(9)).end(&id, ending)).await;
    }
    let told: Vec<_> = store
        .whole(&wallet("ada"))
        .await
        .into_iter()
        .skip(1)
        .map(|m| (m.step, m.change, m.balance, m.command.unwrap_or_default()))
        .collect();
    let row = |step, change, after, command: &str| (step, change, after, command.to_owned());
    let expected = [
        row(Step::Held, balance(0, 4, 0), balance(10, 4, 0), "hold h0"),
        row(Step::Ended, balance(0, -4, 0), balance(10, 0, 0), "end h0"),
        row(Step::Held, balance(0, 4, 0), balance(10, 4, 0), "hold h1"),
        row(Step::Ended, balance(-3, -4, 0), balance(7, 0, 0), "end h1"),
    ];
    assert_eq!(told, expected);
}

/// Page after page, opening + changes = closing, and the next page opens with it.
pub async fn a_statement_adds_up_page_by_page(setup: &ReadModelSetup) {
    let store = setup.open().await;
    for number in 0..25 {
        store.commit(deposit(number, number * 10)).await;
    }
    let mut query =
        StatementQuery { from: later(50), until: later(200), limit: 4, ..query(&wallet("ada")) };
    let (mut versions, mut closing) = (Vec::new(), settled(5));
    loop {
        let page = store.page(&query).await;
        assert_eq!(page.opening, closing);
        closing = page.closing;
        versions.extend(page.movements.iter().map(|movement| movement.version));
        query.after = page.next;
        if page.next.is_none() {
            break;
        }
    }
    assert_eq!(versions, (6..=20).collect::<Vec<_>>());
    assert_eq!(closing, settled(20));
    assert_eq!(store.at(&wallet("ada"), AsOf::Recorded(later(199))).await, closing);
}

/// A movement at the first moment is in, one at the end is not; an empty period closes as it opens.
pub async fn a_period_ends_before_its_end(setup: &ReadModelSetup) {
    let store = setup.open().await;
    for number in 0..3 {
        store.commit(deposit(number, number * 10)).await;
    }
    let period = |from, until| StatementQuery {
        from: later(from),
        until: later(until),
        ..query(&wallet("ada"))
    };
    let page = store.page(&period(10, 20)).await;
    assert_eq!((page.opening, page.closing, page.movements.len()), (settled(1), settled(2), 1));
    let page = store.page(&period(11, 20)).await;
    assert_eq!((page.opening, page.closing, page.movements.len()), (settled(2), settled(2), 0));
}

/// What is recorded later changes nothing of a period that is over, whenever it took effect and whatever
/// the clock of who records it says, also on accounts that had not moved; of a period that is not over it
/// is said.
pub async fn an_issued_statement_never_changes(setup: &ReadModelSetup) {
    let store = setup.open().await;
    store.commit(deposit(1, 10)).await;
    store.commit(deposit(2, 20)).await;
    let period = StatementQuery { until: later(15), ..query(&wallet("ada")) };
    let issued = store.page(&period).await;
    assert!(!issued.provisional);
    let empty = StatementQuery { account: wallet("bisi"), ..period.clone() };
    let nothing = store.page(&empty).await;
    assert_eq!((nothing.movements.len(), nothing.provisional), (0, false));
    let still = StatementQuery { until: later(21), ..period.clone() };
    assert!(store.page(&still).await.provisional);
    // It took effect before; a clock behind the others records it.
    let mut late = deposit(3, 5);
    late.entries[0].effective_at = NOW;
    store.commit(late).await;
    assert_eq!(store.page(&period).await, issued);
    let first = moved("b1", external(), wallet("bisi"), 1);
    store.commit(command("b1").at(later(6)).entry(first)).await;
    assert_eq!(store.page(&empty).await, nothing);
    assert_eq!(store.whole(&wallet("bisi")).await[0].recorded_at, later(20));
    assert_eq!(store.at(&wallet("ada"), AsOf::Recorded(later(14))).await, settled(1));
    let last = store.whole(&wallet("ada")).await.pop().expect("three");
    assert_eq!((last.version, last.recorded_at), (3, later(20)));
}

/// As of a recorded time: what the books said then.
pub async fn a_balance_as_of_a_recorded_time(setup: &ReadModelSetup) {
    let store = setup.open().await;
    for number in 1..=40 {
        store.commit(deposit(number, number)).await;
    }
    for (at, expected) in [(0, 0), (1, 1), (17, 17), (40, 40), (1000, 40)] {
        let balance = store.at(&wallet("ada"), AsOf::Recorded(later(at))).await;
        assert_eq!(balance, settled(expected), "{at}");
    }
}

/// As of any recorded time all accounts sum to zero, also when a clock is behind the others: what one
/// change set moves is recorded at one moment on all its accounts.
pub async fn balances_as_of_a_recorded_time_sum_to_zero(setup: &ReadModelSetup) {
    let store = setup.open().await;
    let opening = moved("in", external(), wallet("ada"), 10);
    let second = held("second", wallet("ada"), wallet("bisi"), 3);
    let first = held("first", wallet("ada"), external(), 4);
    store.commit(command("k1").at(later(10)).entry(opening).entry(first).entry(second)).await;
    // One hold ends without a new entry; then clocks behind it write, and end the other one.
    store.commit(command("k2").at(later(100)).settle("first")).await;
    store.commit(command("k3").at(later(40)).settle("second")).await;
    let entry = moved("late", external(), wallet("ada"), 5);
    store.commit(command("k4").at(later(50)).entry(entry)).await;
    for moment in [0, 10, 39, 40, 50, 60, 99, 100, 101] {
        let accounts = [external(), wallet("ada"), wallet("bisi")];
        let at = AsOf::Recorded(later(moment));
        let found = store.read_model.balances_at(&tenant("main"), &accounts, at).await;
        let [outside, ada, bisi] = found.expect("balances").try_into().expect("three");
        // What is outside grows on the other side.
        let settled = |balance: &Balance| balance.settled.minor_units();
        let held = |b: &Balance| b.pending_in.minor_units() - b.pending_out.minor_units();
        assert_eq!(settled(&outside), settled(&ada) + settled(&bisi), "{moment}");
        assert_eq!(held(&outside), held(&ada) + held(&bisi), "{moment}");
    }
    for account in [external(), wallet("ada"), wallet("bisi")] {
        let told = store.whole(&account).await;
        assert_eq!(told.last().expect("moved").recorded_at, later(100), "{}", account.name);
    }
}

/// As of an effective time: what was true then, recorded since or not; a hold is pending from its
/// beginning to its end.
pub async fn a_balance_as_of_an_effective_time(setup: &ReadModelSetup) {
    let store = setup.open().await;
    let at = |entry: &str, effective_s, amount| {
        let mut entry = moved(entry, external(), wallet("ada"), amount);
        entry.effective_at = later(effective_s);
        entry
    };
    store.commit(command("k1").at(later(100)).entry(at("late", 90, 5))).await;
    store.commit(command("k2").at(later(200)).entry(at("early", 10, 3))).await;
    let mut hold = held("hold", wallet("ada"), external(), 2);
    hold.effective_at = later(20);
    store.commit(command("k3").at(later(300)).entry(hold)).await;
    store.commit(command("k4").at(later(400)).settle("hold")).await;
    let wanted = [
        (9, settled(0)),
        (10, settled(3)),
        (20, balance(3, 2, 0)),
        (60, settled(1)),
        (90, settled(6)),
    ];
    for (moment, expected) in wanted {
        let balance = store.at(&wallet("ada"), AsOf::Effective(later(moment))).await;
        assert_eq!(balance, expected, "{moment}");
    }
}

/// An account never used: zero, and nothing to tell.
pub async fn an_account_never_used_has_no_past(setup: &ReadModelSetup) {
    let store = setup.open().await;
    assert!(store.whole(&wallet("nobody")).await.is_empty());
    store.commit(deposit(1, 1)).await;
    assert!(store.whole(&wallet("nobody")).await.is_empty());
    for at in [AsOf::Recorded(later(9)), AsOf::Effective(later(9))] {
        let accounts = [wallet("nobody"), wallet("ada")];
        let found = store.read_model.balances_at(&tenant("main"), &accounts, at).await;
        assert_eq!(found.expect("balances"), [settled(0), settled(1)]);
    }
}

/// An account named with its other side is refused.
pub async fn statements_keep_the_side(setup: &ReadModelSetup) {
    let store = setup.open().await;
    store.commit(deposit(1, 1)).await;
    let wrong = account("wallet/ada", "USDC:G", Side::Debit);
    let main = tenant("main");
    let asked = store.read_model.statement(&main, &query(&wrong)).await;
    assert_refused!(asked, e if e.kind == PortErrorKind::Invalid);
    for at in [AsOf::Recorded(later(9)), AsOf::Effective(later(9))] {
        let accounts = std::slice::from_ref(&wrong);
        let asked = store.read_model.balances_at(&main, accounts, at).await;
        assert_refused!(asked, e if e.kind == PortErrorKind::Invalid);
    }
}

/// No statement and no balance of one tenant shows anything of another's.
pub async fn tenants_have_their_own_past(setup: &ReadModelSetup) {
    let store = setup.open().await;
    store.commit(deposit(1, 1)).await;
    store.commit(deposit(2, 2).by(&tenant("other"))).await;
    store.commit(deposit(3, 3).by(&tenant("other"))).await;
    for (name, sum) in [("main", 1), ("other", 2)] {
        let tenant = tenant(name);
        let told = store.read_model.statement(&tenant, &query(&wallet("ada"))).await;
        let told = told.expect("a statement");
        assert_eq!((told.movements.len(), told.closing), (usize::from(sum == 2) + 1, settled(sum)));
        for at in [AsOf::Recorded(later(9)), AsOf::Effective(later(9))] {
            let accounts = [wallet("ada")];
            let found = store.read_model.balances_at(&tenant, &accounts, at).await;
            assert_eq!(found.expect("balances"), [settled(sum)]);
        }
    }
}
