//! The change set of a CONTRIBUTE, as `kolo-core` commits it: the intent and the member's seat, both
//! events, the hold with its guard, the outcome of the command, and the outbox item.
//!
//! The tests and `cargo xtask bench store` share it, so that what is measured is what is proven.
use kolo_core::port::ChangeSet;
use kolo_core::port::ledger::{
    AccountId, AggregateId, AggregateWrite, EntryStatus, Guard, JournalEntry, NewEvent, Posting,
    Record, Resolution, Side,
};
use kolo_core::port::work::{NewWork, WorkId};
use kolo_core::{Amount, CircleId, IntentId, MemberId, TenantId, Timestamp};

/// When everything here happens.
pub const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// Ten dollars, in the asset's minor units.
pub const INSTALMENT: i64 = 100_000_000;

/// The asset's key.
const ASSET: &str = "USDC:GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN";

/// A seat and what its next contribution is decided on.
pub struct Seat {
    pub circle: CircleId,
    pub member: MemberId,
    /// The seat's version: how often the member has contributed, and seen the end of it.
    pub version: u64,
    /// The latest contribution.
    asked: Option<IntentId>,
}

impl Seat {
    /// The seat of the member of this number in the circle of that number.
    pub fn of(member: u64, circle: u64) -> Self {
        Self {
            circle: CircleId::derive(&[&circle.to_be_bytes()]),
            member: MemberId::derive(&[&member.to_be_bytes()]),
            version: 0,
            asked: None,
        }
    }

    /// The member's next contribution; to be called again once it is committed.
    pub fn contribute(&mut self) -> ChangeSet {
        let changes = self.contribution(&format!("wamid.{}.{}", self.member, self.version));
        self.version += 1;
        changes
    }

    fn contribution(&mut self, key: &str) -> ChangeSet {
        let (circle, member, version) = (self.circle, self.member, self.version);
        let intent = IntentId::derive(&[b"main", key.as_bytes(), circle.to_string().as_bytes()]);
        self.asked = Some(intent);
        let hold = format!("hold/{intent}");
        let round = version + 1;
        let want = want_of(circle, member, round);
        let asked = format!(r#""correlation":"{key}","asked_by":"{member}""#);
        let pending = format!(
            r#"{{"intent":"{intent}","hold":"{hold}","round":{round},"amount":{INSTALMENT}}}"#
        );
        let outcome = format!(r#"{{"intent":"{intent}","circle":"{circle}"}}"#);

        let key = format!("{circle}/{key}");
        let mut changes = change_set(&key, record("outcome", 1, outcome));
        let (intent_id, seat_id) =
            (aggregate("intent", &intent), aggregate("seat", &format!("{circle}/{member}")));
        let queued = format!(
            r#"{{"id":"{intent}","want":{want},"progress":"Queued","expired":[],"fees":0,{asked},"created_at":1800000000}}"#
        );
        changes.aggregates.push(write(&intent_id, 0, record("intent", 2, queued)));
        let wanted = format!(r#"{{"want":{want},{asked}}}"#);
        changes.events.push(event(&intent_id, record("intent.wanted", 1, wanted)));
        changes.work.push(NewWork {
            id: WorkId(format!("intent/{intent}")),
            queue: "intent".to_owned(),
            lane: Some(format!("member/{member}")),
            due_at: NOW,
            payload: record("intent", 1, format!(r#"{{"intent":"{intent}"}}"#)),
        });
        let details = format!(r#"{{"circle":"{circle}","name":"Market Women","round":{round}}}"#);
        let purse = self.wallet();
        changes.entries.push(JournalEntry {
            details,
            ..entry(&hold, EntryStatus::Pending, purse.clone(), self.pot(), INSTALMENT)
        });
        changes.guards.push(Guard { account: purse, minimum: Amount::ZERO });
        changes.events.push(event(&seat_id, record("seat.payment_held", 1, pending.clone())));
        let state = format!(r#"{{"circle":"{circle}","member":"{member}","pending":{pending}}}"#);
        changes.aggregates.push(write(&seat_id, version, record("seat", 1, state)));
        changes
    }

    /// The chain's event of the latest contribution: its hold settles, the seat waits for nothing. The intent
    /// itself is still looked up.
    #[allow(dead_code, reason = "the bench ends nothing")]
    pub fn paid(&mut self) -> ChangeSet {
        let tx = Some("ab".repeat(32));
        self.ended("paid", true, tx)
    }

    /// The chain refused the latest contribution: the intent is over, its item done, the money given back.
    #[allow(dead_code, reason = "the bench ends nothing")]
    pub fn refused(&mut self) -> ChangeSet {
        let mut changes = self.ended("refused", false, None);
        let why = self.asked.map(|intent| format!("{intent} is late")).unwrap_or_default();
        self.over(
            &mut changes,
            &format!(r#"{{"Refused":{{"contract_code":null,"reason":"{why}"}}}}"#),
        );
        changes
    }

    /// The latest contribution is in that ledger; its event has not been applied yet.
    #[allow(dead_code, reason = "only the audit needs it")]
    pub fn confirmed(&self, ledger: u32) -> ChangeSet {
        let key = format!("confirmed {}/{}/{}", self.circle, self.member, self.version);
        let mut changes = change_set(&key, record("outcome", 1, "null".to_owned()));
        let tx = "ab".repeat(32);
        let progress = format!(r#"{{"Confirmed":{{"tx":"{tx}","fee":100,"ledger":{ledger}}}}}"#);
        self.over(&mut changes, &progress);
        changes
    }

    /// What the worker commits at the end of an intent.
    fn over(&self, changes: &mut ChangeSet, progress: &str) {
        let Some(intent) = self.asked else { return };
        let want = want_of(self.circle, self.member, self.version);
        let state = format!(
            r#"{{"id":"{intent}","want":{want},"progress":{progress},"expired":[],"fees":0,"correlation":"","created_at":1800000000}}"#
        );
        let id = aggregate("intent", &intent);
        changes.aggregates.push(write(&id, 1, record("intent", 2, state)));
        changes.events.push(event(&id, record("intent.finished", 1, progress.to_owned())));
        changes.cancel.push(WorkId(format!("intent/{intent}")));
    }

    fn ended(&mut self, how: &str, settle: bool, chain_tx: Option<String>) -> ChangeSet {
        let Self { circle, member, version, asked } = self;
        let mut changes = change_set(
            &format!("{how} {circle}/{member}/{version}"),
            record("outcome", 1, "null".to_owned()),
        );
        changes.resolutions.extend(asked.map(|intent| Resolution {
            entry: format!("hold/{intent}"),
            settle,
            chain_tx,
            effective_at: NOW.plus(60),
        }));
        let seat = aggregate("seat", &format!("{circle}/{member}"));
        let state = format!(r#"{{"circle":"{circle}","member":"{member}","pending":null}}"#);
        changes.aggregates.push(write(&seat, *version, record("seat", 1, state)));
        *version += 1;
        changes
    }

    /// Where the member's money is.
    pub fn wallet(&self) -> AccountId {
        account(format!("wallet/{}", self.member), Side::Credit)
    }

    /// Where the circle's is.
    pub fn pot(&self) -> AccountId {
        account(format!("pot/{}", self.circle), Side::Credit)
    }
}

/// Where money comes from.
pub fn external() -> AccountId {
    account("external".to_owned(), Side::Debit)
}

/// Money for so many contributions, for all of these members at once.
pub fn funding(key: &str, seats: &[Seat], contributions: i64) -> ChangeSet {
    let mut changes = change_set(key, record("outcome", 1, "null".to_owned()));
    for seat in seats {
        let id = format!("{key}/{}", seat.wallet().name);
        let amount = INSTALMENT * contributions;
        changes.entries.push(entry(&id, EntryStatus::Settled, external(), seat.wallet(), amount));
    }
    changes
}

fn want_of(circle: CircleId, member: MemberId, round: u64) -> String {
    format!(
        r#"{{"Contribute":{{"circle":"{circle}","member":"{member}","round":{round},"amount":{INSTALMENT}}}}}"#
    )
}

fn change_set(key: &str, outcome: Record) -> ChangeSet {
    let mut hash = [0; 32];
    for (place, byte) in key.bytes().enumerate() {
        hash[place % 32] ^= byte;
    }
    ChangeSet::new(TenantId::default(), key.to_owned(), hash, outcome, NOW)
}

fn entry(
    id: &str,
    status: EntryStatus,
    from: AccountId,
    to: AccountId,
    amount: i64,
) -> JournalEntry {
    let line = |account, side| Posting { account, side, amount: Amount::new(amount) };
    JournalEntry {
        id: id.to_owned(),
        kind: "contribution".to_owned(),
        status,
        postings: vec![line(from, Side::Debit), line(to, Side::Credit)],
        effective_at: NOW,
        chain_tx: None,
        details: "{}".to_owned(),
    }
}

fn account(name: String, normal: Side) -> AccountId {
    AccountId { name, asset: ASSET.to_owned(), normal }
}

fn aggregate(kind: &str, id: &impl ToString) -> AggregateId {
    AggregateId { kind: kind.to_owned(), id: id.to_string() }
}

fn write(id: &AggregateId, expected: u64, state: Record) -> AggregateWrite {
    AggregateWrite { id: id.clone(), expected, state }
}

fn event(of: &AggregateId, record: Record) -> NewEvent {
    NewEvent { aggregate: of.clone(), record }
}

fn record(kind: &str, schema_version: u32, text: String) -> Record {
    Record { kind: kind.to_owned(), schema_version, bytes: text.into_bytes() }
}
