//! What is stored of a circle can be read for ever.
use kolo_rules::circle::Step;
use kolo_rules::{Amount, Circle as Mirror, Interval, Rules};

use super::state::{Circle, Contract, Holder, Knocks, OtherCode, Since, encode_mirror};
use super::steps::sha256;
use crate::port::chain::ChainAddress;
use crate::port::ledger::Record;
use crate::record::{self, Aggregate};
use crate::{Asset, CircleId, Error, MemberId, Timestamp};

const GOLDEN: &str = include_str!("golden/circle-2.json");

fn sample() -> Circle {
    let weekly = Interval::Seconds(604_800);
    let rules = Rules::new([7; 32], 3, Amount::new(100_000_000), weekly);
    let mut mirror = Mirror::new();
    for _ in 0..2 {
        mirror = mirror.after(&rules, &Step::Join { turn: None }, &sha256, 5).unwrap().0;
    }
    let id = |n: u8| MemberId::derive(&[b"golden", &[n]]);
    let holder = |n: u8| Holder {
        address: ChainAddress(format!("G{n}")),
        member: (n < 3).then(|| id(n)),
        name: format!("Member {n}"),
    };
    Circle {
        id: CircleId::derive(&[b"golden"]),
        name: "Market Women".to_owned(),
        organiser: id(1),
        asset: Asset { code: "USDC".to_owned(), issuer: "GISSUER".to_owned(), decimals: 7 },
        rules: rules.encode().to_vec(),
        salt: [3; 32],
        address: ChainAddress("CCIRCLE".to_owned()),
        contract: Contract::Live,
        holders: vec![holder(1), holder(2)],
        mirror: encode_mirror(&mirror).unwrap(),
        requests: vec![holder(3)],
        taken_back: Vec::new(),
        knocks: Knocks::default(),
        former: Vec::new(),
        gift_told_at: None,
        code: None,
        newcomers: Vec::new(),
        officers: Vec::new(),
        named_today: crate::cap::DayCount::default(),
        invitations: Vec::new(),
        offers: Vec::new(),
        organiser_turn: 1,
        filled_to: 0,
        unread: false,
        other_code: None,
        filled_at: None,
        diverged: None,
        created_at: Timestamp::from_unix(1_800_000_000),
    }
}

#[test]
fn the_golden_sample_of_version_2_loads() {
    let record = record::encode(Circle::KIND, Circle::SCHEMA, &sample()).unwrap();
    assert_eq!(record.schema_version, 2);
    assert_eq!(std::str::from_utf8(&record.bytes).unwrap(), GOLDEN.trim_end());
    let golden = Record { bytes: GOLDEN.trim_end().as_bytes().to_vec(), ..record };
    let loaded: Circle = record::decode(&golden, Circle::SCHEMA).unwrap();
    assert_eq!(loaded.holders, sample().holders);
    assert_eq!(loaded.requests, sample().requests);
    assert_eq!(loaded.rules().unwrap(), sample().rules().unwrap());
    assert_eq!(loaded.mirror().unwrap().len(), 2);
}

#[test]
fn a_newer_version_is_refused_and_not_misread() {
    let newer = record::encode(Circle::KIND, Circle::SCHEMA + 1, &sample()).unwrap();
    let refused: Result<Circle, Error> = record::decode(&newer, Circle::SCHEMA);
    assert!(
        matches!(&refused, Err(Error::Stored { why, .. }) if why.contains("upgrade")),
        "{refused:?}"
    );
}

#[test]
fn a_circle_of_other_code_is_kept_as_it_was() {
    for (since, text) in [
        (Since::Event("7-1".to_owned()), r#"{"code":"0d","since":{"Event":"7-1"}}"#),
        (Since::Ledger(7), r#"{"code":"0d","since":{"Ledger":7}}"#),
    ] {
        let other = OtherCode { code: Some("0d".to_owned()), since };
        assert_eq!(serde_json::to_string(&other).unwrap(), text);
        let contract = Contract::Foreign;
        let circle = Circle { contract, other_code: Some(other), unread: true, ..sample() };
        let record = record::encode(Circle::KIND, Circle::SCHEMA, &circle).unwrap();
        let loaded: Circle = record::decode(&record, Circle::SCHEMA).unwrap();
        let kept = (loaded.contract, loaded.other_code, loaded.unread);
        assert_eq!(kept, (contract, circle.other_code, true));
    }
}
