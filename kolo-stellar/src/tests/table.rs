//! The table of answers and actions, row by row: a whole Kolo over a node that answers as it likes.
use std::sync::Arc;

use kolo_core::member::Register;
use kolo_core::port::vault::{KeyName, PublicKey};
use kolo_core::port::{Clock, KeyVault};
use kolo_core::testkit::{ManualClock, MemoryVault, in_memory};
use kolo_core::worker::Worker;
use kolo_core::{
    Amount, Asset, CommandContext, IntentId, Kolo, MemberId, OperatorKeys, Settings, TenantId,
};
use stellar_xdr::{
    AccountEntry, AccountEntryExt, InnerTransactionResultResult as Inner, LedgerEntryData,
    OperationResult, OperationResultTr, PaymentResult, SequenceNumber, Thresholds,
    TransactionResultResult as Outer, TrustLineEntry, TrustLineEntryExt,
};

use super::submit::bumped;
use super::wire::{START, Says, Sent, Truth, Wire};
use super::world::{PASSPHRASE, contract};
use crate::address::{account_address, account_of, sha256};
use crate::config::known_asset;
use crate::read::trustline_key;
use crate::{Operators, StellarChainClient, StellarConfig};

/// A fee-bump may cost so much here.
const CEILING: i64 = 15_000;

/// One payment, or one call, wanted of a Kolo.
pub struct Till {
    kolo: Kolo,
    worker: Worker,
    clock: Arc<ManualClock>,
    pub wire: Wire,
    intent: IntentId,
}

#[derive(Debug, PartialEq)]
pub enum End {
    Confirmed,
    /// What was wanted is there without it.
    Already,
    Refused,
    Waits,
}

/// How it ended, how many inner transactions there were, and how many had their effect.
pub type Outcome = (End, usize, usize);

/// What the node says to each submission, the last answer staying, and what is true.
pub type Script = Vec<(Says, Truth)>;

impl Till {
    async fn new(script: Script) -> Self {
        let money = async |kolo: &Kolo, ada| {
            let ctx = CommandContext::of_member(ada, "money");
            kolo.wallets().test_money(&ctx, Amount::new(5)).await.unwrap()
        };
        Self::wanting(script, CEILING, money).await
    }

    /// What somebody called Ada wants, at so much at most.
    pub async fn wanting(
        script: Script,
        max_fee: i64,
        want: impl AsyncFnOnce(&Kolo, MemberId) -> IntentId,
    ) -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let wire = Wire::new(clock.clone(), script);
        let (vault, tenant) = (Arc::new(MemoryVault::new(1)), TenantId::default());
        let key = async |name: &str| -> PublicKey {
            vault.create(&tenant, &KeyName::Operator(name.to_owned())).await.unwrap()
        };
        let (sponsor, fees, keeper) =
            (key("sponsor").await, key("fees").await, key("keeper").await);
        let (receipts, issuer) = (key("receipts").await, key("issuer").await);
        let address = account_address(&account_of(issuer.0));
        let asset = Asset { code: "USDC".to_owned(), issuer: address.0, decimals: 7 };
        let operators = Operators { sponsor, fees, keeper };
        let config = StellarConfig {
            max_fee,
            ..StellarConfig::new(PASSPHRASE, vec![asset.clone()], contract(99), operators)
        };
        let client = StellarChainClient::try_new(wire.rpc(), &config).unwrap();
        let client = Arc::new(client.with_clock(clock.clone()));
        let ports = in_memory(client, vault.clone(), clock.clone());
        let keys = OperatorKeys { sponsor, fees, keeper, receipts, issuer: Some(issuer) };
        let kolo = Kolo::try_new(tenant, ports, asset.clone(), keys, Settings::default()).unwrap();
        let who = Register {
            external_id: Some("Ada".to_owned()),
            contact: None,
            name: "Ada".to_owned(),
            phone: None,
        };
        let ctx = CommandContext::of_system("register");
        let ada = kolo.members().register(&ctx, who).await.unwrap();
        let owner = crate::address::account_id(&ada.address).unwrap();
        wire.entry(account(account_of(issuer.0)));
        wire.entry(account(owner.clone()));
        wire.entry(trustline(owner, &asset));
        let intent = want(&kolo, ada.id).await;
        let worker = Worker::without_chat(kolo.clone());
        Self { kolo, worker, clock, wire, intent }
    }

    /// A ledger every five seconds.
    pub async fn pass(&self, seconds: u64) {
        for _ in 0..seconds.div_ceil(5) {
            self.worker.tick(1_000).await.unwrap();
            self.wire.close();
            self.clock.advance(5);
        }
    }

    /// It is sent; then the node loses its history.
    async fn forget(&self) {
        self.worker.tick(1_000).await.unwrap();
        self.wire.close();
        self.wire.forget_before(self.clock.now().unix() + 60);
        self.clock.advance(5);
    }

    pub async fn events(&self, kind: &str) -> Vec<String> {
        let ledger = &self.kolo.ports().ledger;
        let all = ledger.events_after(self.kolo.tenant(), 0, 10_000).await.unwrap();
        let of_kind = all.into_iter().filter(|event| {
            event.record.kind == kind && event.aggregate.id == self.intent.to_string()
        });
        of_kind.map(|event| String::from_utf8(event.record.bytes).unwrap()).collect()
    }

    async fn end(&self) -> End {
        match self.events("intent.finished").await.as_slice() {
            [] => End::Waits,
            [one] if one.contains("Confirmed") => End::Confirmed,
            [one] if one.contains("Refused") => End::Refused,
            [one] if one.contains("AlreadyDone") => End::Already,
            other => panic!("{other:?}"),
        }
    }

    pub async fn outcome(&self) -> Outcome {
        (self.end().await, self.wire.inners().len(), self.wire.effects())
    }
}

fn account(account_id: stellar_xdr::AccountId) -> LedgerEntryData {
    LedgerEntryData::Account(AccountEntry {
        account_id,
        balance: 0,
        seq_num: SequenceNumber(41),
        num_sub_entries: 1,
        inflation_dest: None,
        flags: 0,
        home_domain: Default::default(),
        thresholds: Thresholds([1, 0, 0, 0]),
        signers: Default::default(),
        ext: AccountEntryExt::V0,
    })
}

fn trustline(owner: stellar_xdr::AccountId, asset: &Asset) -> LedgerEntryData {
    let known = known_asset(sha256(PASSPHRASE.as_bytes()), asset).unwrap();
    let stellar_xdr::LedgerKey::Trustline(key) = trustline_key(&owner, &known.xdr) else {
        unreachable!()
    };
    LedgerEntryData::Trustline(TrustLineEntry {
        account_id: owner,
        asset: key.asset,
        balance: 0,
        limit: i64::MAX,
        flags: 1,
        ext: TrustLineEntryExt::V0,
    })
}

pub fn says(status: &'static str, truth: Truth) -> (Says, Truth) {
    (Says::Status(status), truth)
}

pub fn refuses(inner: Inner, truth: Truth) -> (Says, Truth) {
    (Says::Refuses(bumped(inner)), truth)
}

fn failed() -> Outer {
    let operation = OperationResult::OpInner(OperationResultTr::Payment(PaymentResult::LineFull));
    bumped(Inner::TxFailed(vec![operation].try_into().unwrap()))
}

/// Every row: what the node says to each submission (the last answer stays) and what is true; how it ends
/// after half an hour, with how many inner transactions, and how many effects.
#[tokio::test]
async fn every_answer_has_its_action() {
    use End::{Confirmed, Refused};
    use Truth::{Fails, Lost, Taken};
    let pending = || says("PENDING", Taken);
    let rows: Vec<(&str, Script, Outcome)> = vec![
        ("taken", vec![pending()], (Confirmed, 1, 1)),
        ("had already", vec![says("DUPLICATE", Taken)], (Confirmed, 1, 1)),
        // It had it never.
        ("DUPLICATE, a lie", vec![says("DUPLICATE", Lost)], (Refused, 6, 0)),
        ("not now", vec![says("TRY_AGAIN_LATER", Lost), pending()], (Confirmed, 1, 1)),
        ("not now, for ever", vec![says("TRY_AGAIN_LATER", Lost)], (Refused, 6, 0)),
        ("not now, a lie", vec![says("TRY_AGAIN_LATER", Taken)], (Confirmed, 1, 1)),
        ("silence", vec![(Says::Nothing, Lost), pending()], (Confirmed, 1, 1)),
        ("silence after acceptance", vec![(Says::Nothing, Taken)], (Confirmed, 1, 1)),
        ("its own trouble", vec![(Says::Error(-32603), Lost), pending()], (Confirmed, 1, 1)),
        ("its own trouble, a lie", vec![(Says::Error(-32603), Taken)], (Confirmed, 1, 1)),
        ("no such request", vec![(Says::Error(-32602), Lost), pending()], (Confirmed, 1, 1)),
        (
            "the fee is too low",
            vec![refuses(Inner::TxInsufficientFee, Lost), pending()],
            (Confirmed, 1, 1),
        ),
        (
            "the fee account is poor",
            vec![(Says::Refuses(Outer::TxInsufficientBalance), Lost), pending()],
            (Confirmed, 1, 1),
        ),
        ("bad sequence, a lie", vec![refuses(Inner::TxBadSeq, Taken)], (Confirmed, 1, 1)),
        ("bad sequence", vec![refuses(Inner::TxBadSeq, Lost)], (Refused, 6, 0)),
        ("too late, a lie", vec![refuses(Inner::TxTooLate, Taken)], (Confirmed, 1, 1)),
        ("too early", vec![refuses(Inner::TxTooEarly, Lost), pending()], (Confirmed, 1, 1)),
        (
            "internal",
            vec![(Says::Refuses(Outer::TxInternalError), Lost), pending()],
            (Confirmed, 1, 1),
        ),
        ("bad signatures, a lie", vec![refuses(Inner::TxBadAuth, Taken)], (Confirmed, 1, 1)),
        ("bad signatures", vec![refuses(Inner::TxBadAuth, Lost)], (Refused, 6, 0)),
        ("wrong resources", vec![refuses(Inner::TxSorobanInvalid, Lost)], (Refused, 6, 0)),
        ("fails in a ledger", vec![says("PENDING", Fails(failed()))], (Refused, 1, 0)),
        ("lost", vec![says("PENDING", Lost)], (Refused, 6, 0)),
    ];
    for (name, script, expected) in rows {
        let till = Till::new(script).await;
        till.pass(1_800).await;
        assert_eq!(till.outcome().await, expected, "{name}");
        assert!(till.wire.sent().iter().all(|sent| sent.fee <= CEILING), "{name}");
    }
}

/// What was lost for as long as it could be applied is built anew, once that is proven, and paid once.
#[tokio::test]
async fn what_is_proven_impossible_is_built_anew() {
    let till = Till::new(vec![says("PENDING", Truth::Lost)]).await;
    till.pass(100).await;
    till.wire.script(vec![says("TRY_AGAIN_LATER", Truth::Lost)]);
    till.pass(60).await;
    till.wire.script(vec![says("PENDING", Truth::Taken)]);
    till.pass(300).await;
    assert_eq!(till.outcome().await, (End::Confirmed, 2, 1));
}

/// It was applied in time, and the node shows that only long after its max time.
#[tokio::test]
async fn a_result_that_appears_late_is_waited_for() {
    let till =
        Till::new(vec![(Says::Nothing, Truth::Taken), refuses(Inner::TxBadSeq, Truth::Lost)]).await;
    till.wire.lag(600);
    till.pass(595).await;
    assert_eq!(till.outcome().await, (End::Waits, 1, 1), "nothing is built anew meanwhile");
    till.wire.lag(0);
    till.pass(60).await;
    assert_eq!(till.outcome().await, (End::Confirmed, 1, 1));
}

/// A node that was restored from yesterday's snapshot knows neither the transaction nor that it was not there.
#[tokio::test]
async fn history_that_does_not_reach_back_proves_nothing() {
    let till =
        Till::new(vec![(Says::Nothing, Truth::Taken), refuses(Inner::TxBadSeq, Truth::Lost)]).await;
    till.forget().await;
    till.pass(3_600).await;
    assert_eq!(till.outcome().await, (End::Waits, 1, 1), "neither found nor provably absent");
    assert_eq!(till.events("intent.undecided").await.len(), 1, "the operator is told, once");
    till.wire.forget_before(1);
    till.pass(60).await;
    assert_eq!(till.outcome().await, (End::Confirmed, 1, 1));
}

/// But where the account's sequence number has not moved by the max time, it was in no ledger.
#[tokio::test]
async fn an_unused_sequence_number_proves_what_lost_history_cannot() {
    let till = Till::new(vec![(Says::Nothing, Truth::Lost), says("PENDING", Truth::Lost)]).await;
    till.forget().await;
    till.pass(110).await;
    assert_eq!(till.outcome().await, (End::Waits, 1, 0), "it may still be applied");
    till.wire.script(vec![says("PENDING", Truth::Taken)]);
    // What is built from now on is within the history again.
    till.pass(120).await;
    assert_eq!(till.outcome().await, (End::Confirmed, 2, 1));
    assert!(till.events("intent.undecided").await.is_empty());
}

fn fees(sent: &[Sent]) -> Vec<i64> {
    let mut fees: Vec<i64> = sent.iter().map(|sent| sent.fee).collect();
    fees.dedup();
    fees
}

/// Taken and left lying: after four ledgers it bids ten times as much, in a fee-bump around the same inner
/// transaction, up to the ceiling; at that it waits, and says so once.
#[tokio::test]
async fn a_surge_is_bid_against_up_to_the_ceiling_and_no_further() {
    let till = Till::new(vec![says("PENDING", Truth::Lost)]).await;
    till.pass(115).await;
    let sent = till.wire.sent();
    assert_eq!(fees(&sent), [200, 2_000, CEILING], "{sent:?}");
    assert!(sent[1..].iter().all(|again| again.inner == sent[0].inner));
    let first_bump = sent.iter().find(|again| again.fee == 2_000).unwrap().at;
    assert!((20..=40).contains(&(first_bump - START.unix())), "{sent:?}");
    let told = till.events("intent.fee_ceiling").await;
    assert_eq!(told, [r#"{"wanted":150000,"ceiling":15000}"#]);
    // The surge is over.
    till.wire.script(vec![says("PENDING", Truth::Taken)]);
    till.pass(300).await;
    assert_eq!(till.end().await, End::Confirmed);
    assert_eq!(till.wire.effects(), 1);
}

/// As long as even the least that gets in is above the ceiling, nothing is signed; as soon as somebody gets in
/// for less, all the ceiling leaves is bid.
#[tokio::test]
async fn above_the_ceiling_nothing_is_sent_at_all() {
    let till = Till::new(vec![says("PENDING", Truth::Taken)]).await;
    till.wire.market(8_000, 90_000);
    till.pass(300).await;
    assert_eq!(till.outcome().await, (End::Waits, 0, 0));
    let told = till.events("intent.fee_ceiling").await;
    assert_eq!(told, [r#"{"wanted":16000,"ceiling":15000}"#]);
    till.wire.market(7_000, 90_000);
    till.pass(60).await;
    assert_eq!(till.outcome().await, (End::Confirmed, 1, 1));
    assert_eq!(fees(&till.wire.sent()), [CEILING]);
}

/// Whatever the node says, in whatever order, money moves once at most, and the second half of the table alone
/// decides.
#[tokio::test]
async fn no_sequence_of_lies_makes_two_effects() {
    let answers = [
        says("PENDING", Truth::Lost),
        says("DUPLICATE", Truth::Taken),
        says("TRY_AGAIN_LATER", Truth::Taken),
        (Says::Nothing, Truth::Taken),
        refuses(Inner::TxBadSeq, Truth::Taken),
        refuses(Inner::TxTooLate, Truth::Lost),
        refuses(Inner::TxInsufficientFee, Truth::Taken),
        refuses(Inner::TxBadAuth, Truth::Lost),
    ];
    for first in &answers {
        for second in &answers {
            for lag_s in [0, 60, 400] {
                let till = Till::new(vec![first.clone(), second.clone()]).await;
                till.wire.lag(lag_s);
                till.pass(900).await;
                till.wire.lag(0);
                till.pass(100).await;
                let case = format!("{first:?}, {second:?}, {lag_s}");
                assert!(till.wire.effects() <= 1, "{case}");
                let confirmed = till.end().await == End::Confirmed;
                assert_eq!(confirmed, till.wire.effects() == 1, "{case}");
            }
        }
    }
}
