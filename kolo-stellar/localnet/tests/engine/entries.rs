//! Everything that belongs to somebody, and what it says.

use kolo_localnet::explain::ExplainedEntry;
use stellar_xdr::*;

use crate::contracts::{deploy_asset, returned_address};
use crate::support::*;

fn owned(net: &Net, owner: ScAddress, limit: usize) -> Vec<ExplainedEntry> {
    let found = net.localnet.entries_of(owner, limit).wait().unwrap();
    found.iter().map(|found| ExplainedEntry::of(&found.entry)).collect()
}

fn kinds(entries: &[ExplainedEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.kind.as_str()).collect()
}

fn says<'e>(entry: &'e ExplainedEntry, name: &str) -> &'e str {
    let found = entry.fields.iter().find(|field| field.name == name);
    &found.unwrap_or_else(|| panic!("no {name:?} in {entry:?}")).value
}

#[test]
fn an_account_has_its_own_lines_and_data_and_nobody_elses() {
    let net = Net::new();
    let issuer = net.fund("issuer", 100);
    let euro =
        Asset::CreditAlphanum4(AlphaNum4 { asset_code: AssetCode4(*b"EURC"), issuer: issuer.id() });
    let usdc = usdc(&issuer);
    let data = OperationBody::ManageData(ManageDataOp {
        data_name: String64("colour".try_into().unwrap()),
        data_value: Some(b"red".to_vec().try_into().unwrap()),
    });
    // Neighbours on both sides in key order, with the same things.
    let people = ["ada", "ben", "cyn", "dan", "eve"].map(|name| net.fund(name, 100));
    for person in &people {
        let ops = vec![op(trust(&euro, 7 * XLM)), op(trust(&usdc, i64::MAX)), op(data.clone())];
        net.succeed(person, ops, &[person]);
    }
    net.succeed(&issuer, vec![op(pay(&people[0], &usdc, 5 * XLM))], &[&issuer]);
    for person in &people {
        let entries = owned(&net, ScAddress::Account(person.id()), usize::MAX);
        assert_eq!(kinds(&entries), ["account", "trustline", "trustline", "data"]);
        assert_eq!(entries[0].name, person.id().to_string());
    }
    let ada = owned(&net, ScAddress::Account(people[0].id()), usize::MAX);
    assert_eq!(says(&ada[0], "entries"), "3");
    assert_eq!(says(&ada[0], "thresholds"), "low 0, medium 0, high 0");
    assert_eq!(ada[1].name, format!("EURC of {}", issuer.id()));
    assert_eq!((says(&ada[1], "balance"), says(&ada[1], "limit")), ("0.0000000", "7.0000000"));
    assert_eq!((says(&ada[2], "balance"), says(&ada[2], "state")), ("5.0000000", "authorised"));
    assert_eq!((ada[3].name.as_str(), says(&ada[3], "value")), ("colour", "0x726564"));
    assert_eq!(owned(&net, ScAddress::Account(people[1].id()), 2).len(), 2);
    assert_eq!(owned(&net, ScAddress::Account(Key::new("nobody").id()), 9), []);
}

#[test]
fn a_contract_has_its_instance_and_data() {
    let net = Net::new();
    let (issuer, ada) = (net.fund("issuer", 100), net.fund("ada", 100));
    let usdc = usdc(&issuer);
    let contract = returned_address(&net.soroban(&ada, deploy_asset(&usdc)));
    let other = returned_address(&net.soroban(&ada, deploy_asset(&Asset::Native)));
    let entries = owned(&net, contract.clone(), usize::MAX);
    assert_eq!(kinds(&entries), ["contract data"]);
    assert_eq!(entries[0].name, "the contract's instance");
    assert_eq!(says(&entries[0], "runs"), "the Stellar Asset Contract");
    assert_eq!(says(&entries[0], "durability"), "persistent");
    assert!(entries[0].live_until.is_some());
    assert_ne!(owned(&net, other, 9), entries);
}
