//! Ledgers, time and the store.

use std::sync::Arc;
use std::time::Duration;

use kolo_localnet::{Close, Localnet, PACE_S, SendOutcome, StartError};
use stellar_xdr::*;

use crate::support::*;

#[test]
fn genesis_is_that_of_a_standalone_network() {
    let net = Net::new();
    let root = stellar_strkey::ed25519::PublicKey(net.root().bytes()).to_string();
    let expected = "GBZXN7PIRZGNMHGA7MUUUF4GWPY5AYPV6LY4UV2GL6VJGIQRXFDNMADI";
    assert_eq!(root, expected);
    assert_eq!(net.balance(&net.root()), kolo_localnet::TOTAL_COINS);
    let latest = net.localnet.latest().wait().unwrap();
    assert_eq!((latest.sequence(), latest.close_time()), (1, START));
    assert_eq!(latest.header.header.base_reserve, 5_000_000);
}

#[test]
fn close_times_follow_the_clock_and_never_go_back() {
    let net = Net::new();
    let one = net.localnet.close_ledger().wait().unwrap();
    let two = net.localnet.close_ledger().wait().unwrap();
    assert_eq!((one.close_time(), two.close_time()), (START, START));
    net.set_time(START + 86_400);
    assert_eq!(net.localnet.close_ledger().wait().unwrap().close_time(), START + 86_400);
    net.set_time(START);
    assert_eq!(net.localnet.close_ledger().wait().unwrap().close_time(), START + 86_400);
    let jumped = net.localnet.advance_ledgers(1_000_000).wait().unwrap();
    // One more than asked for: the clock's leap had closed a ledger of its own (see PACE_S).
    assert_eq!(jumped.sequence(), 1_000_006);
    assert!(net.localnet.advance_ledgers(u32::MAX).wait().is_err());
}

#[test]
fn the_latest_ledger_is_never_old() {
    let net = Net::new();
    let latest = || {
        let latest = net.localnet.latest().wait().unwrap();
        (latest.sequence(), latest.close_time())
    };
    net.set_time(START + PACE_S - 1);
    assert_eq!(latest(), (1, START));
    net.set_time(START + PACE_S);
    assert_eq!(latest(), (2, START + PACE_S));
    net.set_time(START + 86_400);
    assert_eq!(latest(), (3, START + 86_400));
    assert_eq!(latest(), (3, START + 86_400), "one ledger for any leap");
}

#[test]
fn time_can_be_let_pass() {
    let net = Net::new();
    let warped = net.localnet.advance_time(86_400).wait().unwrap();
    assert_eq!((warped.sequence(), warped.close_time()), (2, START + 86_400));
    // The clock goes on from there.
    net.set_time(START + 3);
    assert_eq!(net.localnet.close_ledger().wait().unwrap().close_time(), START + 86_403);
    net.set_time(START + 3 + PACE_S);
    let kept_pace = net.localnet.latest().wait().unwrap();
    assert_eq!(kept_pace.close_time(), START + 86_403 + PACE_S);
    for beyond in [u64::MAX, u64::MAX / 2] {
        assert!(net.localnet.advance_time(beyond).wait().is_err());
    }
    let after = net.localnet.close_ledger().wait().unwrap();
    assert_eq!(after.close_time(), kept_pace.close_time(), "a refusal moves nothing");
}

#[test]
fn skip_lists_point_back() {
    let net = Net::new();
    for _ in 0..120 {
        net.localnet.close_ledger().wait().unwrap();
    }
    let headers = net.localnet.ledgers(1..=200, 1_000).wait().unwrap();
    let of = |sequence: u32| {
        headers.iter().find(|h| h.header.ledger_seq == sequence).unwrap().header.clone()
    };
    assert_eq!(of(49).skip_list[0], Hash([0; 32]));
    assert_eq!(of(50).skip_list[0], of(50).bucket_list_hash);
    assert_eq!(of(99).skip_list[0], of(50).bucket_list_hash);
    assert_eq!(of(100).skip_list[0], of(100).bucket_list_hash);
}

#[test]
fn an_interval_network_queues() {
    let clock = Arc::new(|| START);
    let localnet = Localnet::builder()
        .clock(clock)
        .close(Close::Every(Duration::from_secs(3_600)))
        .start()
        .unwrap();
    let ada = Key::new("ada");
    let funded = localnet.fund(ada.id(), 100 * XLM).wait().unwrap();
    let net_id = localnet.network_id();
    let tx = |seq: i64| {
        let tx = Transaction {
            source_account: ada.muxed(),
            fee: 100,
            seq_num: SequenceNumber((i64::from(funded.ledger) << 32) + seq),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: vec![op(pay(&ada, &Asset::Native, 1))].try_into().unwrap(),
            ext: TransactionExt::V0,
        };
        let signatures = vec![ada.sign(&tx.hash(net_id).unwrap())].try_into().unwrap();
        TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures })
    };
    let first = localnet.send(tx(1)).wait().unwrap();
    let SendOutcome::Pending(hash) = &first else { panic!("{first:?}") };
    assert_eq!(localnet.transaction(hash.0).wait().unwrap(), None);
    assert_eq!(localnet.send(tx(1)).wait().unwrap(), SendOutcome::Duplicate(hash.clone()));
    let other = localnet.send(tx(2)).wait().unwrap();
    assert!(matches!(other, SendOutcome::TryAgainLater(_)), "{other:?}");
    let before = localnet.latest().wait().unwrap();
    let closed = localnet.close_ledger().wait().unwrap();
    assert_eq!(closed.transactions.len(), 1);
    assert!(closed.transactions[0].is_successful());
    assert!(closed.close_time() > before.close_time(), "strictly increasing");
}

#[test]
fn one_ledger_holds_many_transactions_in_order() {
    let localnet = Localnet::builder()
        .clock(Arc::new(|| START))
        .close(Close::Every(Duration::from_secs(3_600)))
        .start()
        .unwrap();
    let keys = ["ada", "ben", "cid"].map(Key::new);
    let mut envelopes = Vec::new();
    for key in &keys {
        let funded = localnet.fund(key.id(), 100 * XLM).wait().unwrap();
        let asset = ContractIdPreimage::Asset(usdc(key));
        let deploy = OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
            host_function: HostFunction::CreateContract(CreateContractArgs {
                contract_id_preimage: asset,
                executable: ContractExecutable::StellarAsset,
            }),
            auth: VecM::default(),
        });
        // The first one's is a Soroban transaction, and goes last.
        let body = if envelopes.is_empty() { deploy } else { pay(key, &Asset::Native, 1) };
        let mut tx = Transaction {
            source_account: key.muxed(),
            fee: 100,
            seq_num: SequenceNumber((i64::from(funded.ledger) << 32) + 1),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: vec![op(body)].try_into().unwrap(),
            ext: TransactionExt::V0,
        };
        if envelopes.is_empty() {
            let options = kolo_localnet::SimulateOptions::default();
            let simulated = localnet.simulate(tx.clone().into(), options).wait().unwrap();
            tx = fill(tx, &simulated);
        }
        let signature = key.sign(&tx.hash(localnet.network_id()).unwrap());
        let signatures = vec![signature].try_into().unwrap();
        envelopes.push(TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures }));
    }
    for envelope in envelopes {
        let outcome = localnet.send(envelope).wait().unwrap();
        assert!(matches!(outcome, SendOutcome::Pending(_)), "{outcome:?}");
    }
    let closed = localnet.close_ledger().wait().unwrap();
    assert!(closed.transactions.iter().all(|tx| tx.is_successful()));
    let order: Vec<_> = closed.transactions.iter().map(|tx| tx.index).collect();
    assert_eq!(order, [1, 2, 3]);
    let query = kolo_localnet::EventQuery {
        start_ledger: closed.sequence(),
        end_ledger: closed.sequence(),
        after: None,
        limit: 100,
    };
    let events = localnet.events(query).wait().unwrap();
    let places: Vec<_> =
        events.iter().map(|e| (e.position.tx, e.position.op, e.position.event)).collect();
    // Three fees, two payments, the refund of the Soroban transaction.
    assert_eq!(places, [(0, 0, 0), (0, 0, 1), (0, 0, 2), (1, 0, 0), (2, 0, 0), (0xf_ffff, 0, 0)]);
    let after = kolo_localnet::EventQuery { after: Some(events[3].position), limit: 1, ..query };
    assert_eq!(localnet.events(after).wait().unwrap(), [events[4].clone()]);
}

#[test]
fn state_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let open = |passphrase: &str| {
        let store = kolo_localnet::store::DiskStore::open(folder.path()).unwrap();
        Localnet::builder()
            .passphrase(passphrase)
            .clock(Arc::new(|| START))
            .store(Box::new(store))
            .start()
    };
    let localnet = open("Test ; 1").unwrap();
    let ada = Key::new("ada");
    let record = localnet.fund(ada.id(), 100 * XLM).wait().unwrap();
    let before = localnet.latest().wait().unwrap();
    localnet.stop().wait().unwrap();
    assert!(localnet.latest().wait().is_err(), "a stopped network says so");

    let localnet = open("Test ; 1").unwrap();
    assert_eq!(localnet.latest().wait().unwrap(), before);
    assert_eq!(localnet.transaction(record.hash.0).wait().unwrap(), Some(record));
    let again = localnet.fund(ada.id(), 1).wait().unwrap();
    assert!(again.is_successful());
    assert_eq!(again.ledger, before.sequence() + 1);
    localnet.stop().wait().unwrap();

    let other = open("Test ; 2");
    let found = matches!(other, Err(StartError::OtherNetwork { found, .. }) if found == "Test ; 1");
    assert!(found, "another network's store is not touched");
}
