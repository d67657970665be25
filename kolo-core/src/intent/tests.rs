//! What is stored of an intent and of a channel can be read for ever.
use super::channel::{Channel, Standing};
use super::state::{Intent, Progress, Want};
use crate::port::chain::{ChainAddress, PreparedTx, SignedTx};
use crate::port::ledger::Record;
use crate::port::vault::PublicKey;
use crate::record::{self, Aggregate};
use crate::{CircleId, Error, IntentId, Timestamp};

const INTENT_2: &str = include_str!("golden/intent-2.json");
const INTENT_3: &str = include_str!("golden/intent-3.json");
const CHANNEL_1: &str = include_str!("golden/channel-1.json");

fn id() -> IntentId {
    IntentId::derive(&[b"golden"])
}

fn sent() -> SignedTx {
    let prepared = PreparedTx {
        payload: vec![1, 2, 3],
        hash: "aa".to_owned(),
        signers: vec![PublicKey([5; 32])],
        source: ChainAddress("GCHANNEL".to_owned()),
        sequence: 42,
        max_time: Timestamp::from_unix(1_800_000_120),
        max_fee: 500,
        authorisations: Vec::new(),
    };
    SignedTx { prepared, inner: vec![4], envelope: vec![5], hash: "bb".to_owned() }
}

/// A payout under way in a channel.
fn intent() -> Intent {
    Intent {
        id: id(),
        want: Want::Payout { circle: CircleId::derive(&[b"golden"]), round: 2 },
        progress: Progress::Persisted(Box::new(sent())),
        channel: Some(3),
        bump_at: Some(Timestamp::from_unix(1_800_000_020)),
        expired: vec!["cc".to_owned()],
        fees: 700,
        correlation: "event".to_owned(),
        asked_by: None,
        created_at: Timestamp::from_unix(1_800_000_000),
    }
}

fn channel() -> Channel {
    Channel {
        number: 3,
        address: ChainAddress("GCHANNEL".to_owned()),
        standing: Standing::Held { by: id() },
        used: 41,
        openings: 1,
        opened_at: Timestamp::from_unix(1_799_000_000),
    }
}

fn stored<T: Aggregate>(schema_version: u32, golden: &str) -> Result<T, Error> {
    let bytes = golden.trim_end().as_bytes().to_vec();
    record::decode(&Record { kind: T::KIND.to_owned(), schema_version, bytes }, T::SCHEMA)
}

fn written<T: Aggregate>(state: &T) -> (u32, String) {
    let record = record::encode(T::KIND, T::SCHEMA, state).unwrap();
    (record.schema_version, String::from_utf8(record.bytes).unwrap())
}

#[test]
fn the_golden_samples_are_what_is_written_and_load() {
    assert_eq!(written(&intent()), (3, INTENT_3.trim_end().to_owned()));
    assert_eq!(written(&channel()), (1, CHANNEL_1.trim_end().to_owned()));
    let found: Intent = stored(3, INTENT_3).unwrap();
    assert_eq!((found.channel, found.progress), (Some(3), Progress::Persisted(Box::new(sent()))));
    let found: Channel = stored(1, CHANNEL_1).unwrap();
    assert_eq!((found.standing, found.used), (Standing::Held { by: id() }, 41));
}

/// Before there were channels.
#[test]
fn an_intent_of_version_2_ran_under_the_keeper() {
    let found: Intent = stored(2, INTENT_2).unwrap();
    assert_eq!((found.channel, found.bump_at), (None, None));
    assert_eq!((found.id, found.want, found.expired), (id(), intent().want, intent().expired));
    assert_eq!(found.progress, Progress::Persisted(Box::new(sent())));
}

/// It would not give the channel back.
#[test]
fn software_that_knows_no_channels_refuses_the_new_version() {
    let record = record::encode(Intent::KIND, Intent::SCHEMA, &intent()).unwrap();
    let refused: Result<Intent, Error> = record::decode(&record, 2);
    assert!(matches!(&refused, Err(Error::Stored { why, .. }) if why.contains("upgrade")));
}
