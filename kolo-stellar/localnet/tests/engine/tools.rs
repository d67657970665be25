//! Snapshots, frozen keys and disturbed submissions.

use std::sync::Arc;

use kolo_localnet::store::DiskStore;
use kolo_localnet::{Localnet, NetworkError, SendFault, SendOutcome};
use stellar_xdr::*;

use crate::support::*;

fn account_key(key: &Key) -> LedgerKey {
    LedgerKey::Account(LedgerKeyAccount { account_id: key.id() })
}

fn line_key(key: &Key, asset: &Asset) -> LedgerKey {
    let Asset::CreditAlphanum4(asset) = asset.clone() else { panic!() };
    let asset = TrustLineAsset::CreditAlphanum4(asset);
    LedgerKey::Trustline(LedgerKeyTrustLine { account_id: key.id(), asset })
}

#[test]
fn a_network_goes_back_to_where_it_was() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    let before = net.localnet.latest().wait().unwrap();
    let point = net.localnet.snapshot().wait().unwrap();
    let paid = net.succeed(&ada, vec![op(pay(&ben, &Asset::Native, XLM))], &[&ada]);
    let cid = net.fund("cid", 5);
    let later = net.localnet.snapshot().wait().unwrap();
    let merge = OperationBody::AccountMerge(ada.muxed());
    net.succeed(&ben, vec![op(merge)], &[&ben]);

    let now = net.localnet.revert(point).wait().unwrap();
    assert_eq!(now, before);
    assert_eq!((net.balance(&ada), net.balance(&ben)), (10 * XLM, 10 * XLM));
    assert!(net.account(&cid).is_none());
    assert!(net.localnet.transaction(paid.hash.0).wait().unwrap().is_none());
    assert!(net.events().iter().all(|event| event.position.ledger <= before.sequence()));
    // What was taken later never happened; the point itself can be used again.
    assert!(matches!(net.localnet.revert(later).wait(), Err(NetworkError::Refused(_))));
    let again = net.succeed(&ada, vec![op(pay(&ben, &Asset::Native, XLM))], &[&ada]);
    assert_eq!(again.ledger, paid.ledger, "the same ledger, another time");
    net.localnet.revert(point).wait().unwrap();
    assert_eq!(net.balance(&ben), 10 * XLM);
}

#[test]
fn a_store_on_disk_goes_back_too() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        Localnet::builder()
            .clock(Arc::new(|| START))
            .store(Box::new(DiskStore::open(folder.path()).unwrap()))
            .start()
            .unwrap()
    };
    let localnet = open();
    let (ada, ben) = (Key::new("ada"), Key::new("ben"));
    let kept = localnet.fund(ada.id(), 10 * XLM).wait().unwrap();
    let point = localnet.snapshot().wait().unwrap();
    let gone = localnet.fund(ben.id(), 10 * XLM).wait().unwrap();
    localnet.fund(ada.id(), XLM).wait().unwrap();
    localnet.revert(point).wait().unwrap();
    localnet.stop().wait().unwrap();

    let localnet = open();
    assert_eq!(localnet.latest().wait().unwrap().sequence(), kept.ledger);
    let keys = vec![account_key(&ada), account_key(&ben)];
    let (found, _) = localnet.entries(keys).wait().unwrap();
    let [only] = found.as_slice() else { panic!("{found:?}") };
    let LedgerEntryData::Account(account) = &only.entry.entry.data else { panic!() };
    assert_eq!(account.balance, 10 * XLM);
    assert!(localnet.transaction(gone.hash.0).wait().unwrap().is_none());
    assert!(localnet.transaction(kept.hash.0).wait().unwrap().is_some());
    // And it goes on from there.
    let next = localnet.fund(ben.id(), XLM).wait().unwrap();
    assert_eq!(next.ledger, gone.ledger);
}

#[test]
fn frozen_accounts_are_left_alone_by_everybody() {
    let net = Net::new();
    let (ada, ben, payer) = (net.fund("ada", 10), net.fund("ben", 10), net.fund("payer", 10));
    net.localnet.freeze(vec![account_key(&ada)]).wait().unwrap();
    let frozen = TransactionResultResult::TxFrozenKeyAccessed;
    let lumens = |to: &Key| vec![op(pay(to, &Asset::Native, 1))];
    assert_eq!(net.refuse(&ada, lumens(&ben), &[&ada]), frozen, "as a source");
    assert_eq!(net.refuse(&ben, lumens(&ada), &[&ben]), frozen, "as a destination");
    let of_ada = vec![op_of(&ada, pay(&ben, &Asset::Native, 1))];
    assert_eq!(net.refuse(&ben, of_ada, &[&ada, &ben]), frozen, "as an operation's source");
    let bumped = net.sign(net.tx(&ben, lumens(&payer)), &[&ben]);
    assert_eq!(refusal(net.send(net.bump(&ada, 200, bumped))), frozen, "as a fee source");
    let inner = net.sign(net.tx(&ada, lumens(&ben)), &[&ada]);
    let inner = refusal(net.send(net.bump(&payer, 200, inner)));
    let TransactionResultResult::TxFeeBumpInnerFailed(pair) = inner else { panic!("{inner:?}") };
    assert_eq!(pair.result.result, InnerTransactionResultResult::TxFrozenKeyAccessed);
    net.succeed(&ben, lumens(&payer), &[&ben]);
    assert_eq!(net.balance(&ada), 10 * XLM);
    net.localnet.thaw(vec![account_key(&ada)]).wait().unwrap();
    net.succeed(&ada, lumens(&ben), &[&ada]);
}

#[test]
fn a_frozen_trustline_stops_that_asset_only() {
    let net = Net::new();
    let (issuer, ada, ben) = (net.fund("issuer", 10), net.fund("ada", 10), net.fund("ben", 10));
    let asset = usdc(&issuer);
    net.succeed(&ada, vec![op(trust(&asset, 100))], &[&ada]);
    net.succeed(&issuer, vec![op(pay(&ada, &asset, 50))], &[&issuer]);
    net.localnet.freeze(vec![line_key(&ada, &asset)]).wait().unwrap();
    let frozen = TransactionResultResult::TxFrozenKeyAccessed;
    assert_eq!(net.refuse(&ada, vec![op(pay(&issuer, &asset, 1))], &[&ada]), frozen);
    assert_eq!(net.refuse(&issuer, vec![op(pay(&ada, &asset, 1))], &[&issuer]), frozen);
    assert_eq!(net.refuse(&ada, vec![op(trust(&asset, 200))], &[&ada]), frozen);
    net.succeed(&ada, vec![op(pay(&ben, &Asset::Native, 1))], &[&ada]);
    // An issuer's line is none, and a setting is nobody's.
    let refused = net.localnet.freeze(vec![line_key(&issuer, &asset)]).wait();
    assert!(matches!(refused, Err(NetworkError::Refused(_))));
    // What is frozen is in the ledger, for anybody to see.
    let key = LedgerKey::ConfigSetting(LedgerKeyConfigSetting {
        config_setting_id: ConfigSettingId::FrozenLedgerKeys,
    });
    let LedgerEntryData::ConfigSetting(ConfigSettingEntry::FrozenLedgerKeys(keys)) =
        net.entry(key).unwrap().data
    else {
        panic!()
    };
    assert_eq!(keys.keys.len(), 1);
}

#[test]
fn the_next_submission_can_go_wrong() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    let envelope = || net.sign(net.tx(&ada, vec![op(pay(&ben, &Asset::Native, 1))]), &[&ada]);
    let disturb = |fault| net.localnet.disturb_next_send(fault).wait().unwrap();
    disturb(SendFault::TryAgainLater);
    disturb(SendFault::Refuse(TransactionResultResult::TxInternalError));
    disturb(SendFault::Lose);
    assert!(matches!(net.send(envelope()), SendOutcome::TryAgainLater(_)));
    assert_eq!(refusal(net.send(envelope())), TransactionResultResult::TxInternalError);
    let lost = net.send(envelope());
    assert!(matches!(lost, SendOutcome::Pending(_)));
    assert!(net.localnet.transaction(lost.hash().0).wait().unwrap().is_none());
    assert_eq!(net.balance(&ben), 10 * XLM, "nothing of it happened");

    disturb(SendFault::NoAnswer);
    let sent = envelope();
    let hash = sent.hash(net.localnet.network_id()).unwrap();
    assert!(net.localnet.send(sent.clone()).wait().is_err());
    let record = net.localnet.transaction(hash).wait().unwrap().expect("it was taken");
    assert!(record.is_successful());
    // The next one is answered again: it is a duplicate.
    assert!(matches!(net.send(sent), SendOutcome::Duplicate(_)));
}
