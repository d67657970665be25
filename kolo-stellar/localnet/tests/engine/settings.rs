//! What contracts may use, and what that costs.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use kolo_localnet::{
    Close, ClosedLedger, LedgerLimits, LedgerStore, Limits, Localnet, NetworkSettings, SendOutcome,
};
use sha2::{Digest, Sha256};
use stellar_xdr::{Limits as XdrLimits, *};

use crate::contracts::{call, deploy_asset, i128, resource_fees, returned_address, upload, wasm};
use crate::kept::Kept;
use crate::support::*;

fn setting(net: &Net, config_setting_id: ConfigSettingId) -> ConfigSettingEntry {
    let key = LedgerKey::ConfigSetting(LedgerKeyConfigSetting { config_setting_id });
    match net.entry(key).unwrap().data {
        LedgerEntryData::ConfigSetting(setting) => setting,
        other => panic!("{other:?}"),
    }
}

/// The smallest whole number of `rate`s per `per` that covers `amount`.
fn fee(amount: usize, rate: i64, per: i64) -> i64 {
    (i64::try_from(amount).unwrap() * rate + per - 1) / per
}

#[test]
fn mainnets_settings_are_in_the_ledger() {
    let net = Net::new();
    let ConfigSettingEntry::ContractComputeV0(compute) =
        setting(&net, ConfigSettingId::ContractComputeV0)
    else {
        panic!()
    };
    assert_eq!(compute.tx_max_instructions, 400_000_000);
    assert_eq!(compute.ledger_max_instructions, 580_000_000);
    assert_eq!(compute.fee_rate_per_instructions_increment, 7);
    let ConfigSettingEntry::ContractLedgerCostV0(cost) =
        setting(&net, ConfigSettingId::ContractLedgerCostV0)
    else {
        panic!()
    };
    assert_eq!(cost.tx_max_write_ledger_entries, 200);
    assert_eq!(cost.tx_max_write_bytes, 132_096);
    assert_eq!(cost.fee_write_ledger_entry, 2_500);
    let ConfigSettingEntry::StateArchival(archival) = setting(&net, ConfigSettingId::StateArchival)
    else {
        panic!()
    };
    assert_eq!(archival.min_persistent_ttl, 120 * 17_280);
    assert_eq!(archival.max_entry_ttl, 180 * 17_280);
    let ConfigSettingEntry::ContractCostParamsCpuInstructions(params) =
        setting(&net, ConfigSettingId::ContractCostParamsCpuInstructions)
    else {
        panic!()
    };
    // One for every cost type of the protocol; the first is the cost of a wasm instruction.
    assert_eq!(params.0.len(), ContractCostType::VARIANTS.len());
    assert_eq!((params.0[0].const_term, params.0[0].linear_term), (4, 0));
}

#[test]
fn a_call_costs_to_the_stroop_what_the_rates_say() {
    let net = Net::new();
    let (issuer, ada, ben) = (net.fund("issuer", 100), net.fund("ada", 100), net.fund("ben", 100));
    let asset = usdc(&issuer);
    for holder in [&ada, &ben] {
        net.succeed(holder, vec![op(trust(&asset, 1_000))], &[holder]);
    }
    net.succeed(&issuer, vec![op(pay(&ada, &asset, 500))], &[&issuer]);
    let sac = returned_address(&net.soroban(&ada, deploy_asset(&asset)));
    let body = call(&sac, "transfer", vec![ada.address(), ben.address(), i128(1)]);
    let tx = net.assemble(&ada, body);
    let TransactionExt::V1(data) = &tx.ext else { panic!() };
    let resources = data.resources.clone();
    let envelope = net.sign(tx, &[&ada]);
    let size = envelope.to_xdr(XdrLimits::none()).unwrap().len();
    let record = net.record(&net.send(envelope));
    assert!(record.is_successful());
    let kb = 1_024;
    let written = resources.footprint.read_write.len();
    let classic = resources
        .footprint
        .read_only
        .iter()
        .chain(resources.footprint.read_write.iter())
        .filter(|key| !matches!(key, LedgerKey::ContractData(_) | LedgerKey::ContractCode(_)));
    let fixed = fee(usize::try_from(resources.instructions).unwrap(), 7, 10_000)
        + 1_563 * i64::try_from(classic.count()).unwrap()
        + 2_500 * i64::try_from(written).unwrap()
        + fee(usize::try_from(resources.disk_read_bytes).unwrap(), 447, kb)
        + fee(usize::try_from(resources.write_bytes).unwrap(), 875, kb)
        // 300 bytes of result are kept in history, too.
        + fee(size + 300, 4_059, kb)
        + fee(size, 406, kb);
    let charged = resource_fees(&record);
    assert_eq!(charged.total_non_refundable_resource_fee_charged, fixed);
    // No rent, since nothing is new: only the event and the (void) return value.
    let event =
        record.events.iter().find(|e| matches!(e.stage, kolo_localnet::EventStage::Operation(_)));
    let event = event.unwrap().event.to_xdr(XdrLimits::none()).unwrap().len();
    assert_eq!(charged.rent_fee_charged, 0);
    assert_eq!(charged.total_refundable_resource_fee_charged, fee(event + 4, 5_000, kb));
    assert_eq!(record.fee_charged, 100 + fixed + charged.total_refundable_resource_fee_charged);
}

#[test]
fn what_is_over_a_limit_is_refused() {
    let deploying = |limits: Limits| {
        let net = Net::with_settings(NetworkSettings { limits, ..NetworkSettings::mainnet() });
        let (issuer, ada) = (net.fund("issuer", 100), net.fund("ada", 100));
        let tx = net.assemble(&ada, deploy_asset(&usdc(&issuer)));
        net.send(net.sign(tx, &[&ada]))
    };
    let mainnet = Limits::default();
    assert!(matches!(deploying(mainnet), SendOutcome::Pending(_)));
    for limits in [
        Limits { footprint_entries: 0, ..mainnet },
        Limits { write_entries: 0, ..mainnet },
        Limits { write_bytes: 100, ..mainnet },
        Limits { envelope_bytes: 100, ..mainnet },
        Limits { key_bytes: 10, ..mainnet },
    ] {
        let refused = refusal(deploying(limits));
        assert_eq!(refused, TransactionResultResult::TxSorobanInvalid, "{limits:?}");
    }
}

#[test]
fn code_that_is_too_large_is_refused_without_a_code_of_its_own() {
    let limits = Limits { contract_bytes: 2_000, ..Limits::default() };
    let net = Net::with_settings(NetworkSettings { limits, ..NetworkSettings::mainnet() });
    let ada = net.fund("ada", 10_000);
    let mut tx = net.tx(&ada, vec![op(upload(&wasm("circle")))]);
    let resources =
        SorobanResources { footprint: LedgerFootprint::default(), ..SorobanResources::default() };
    let resource_fee = XLM;
    let ext = SorobanTransactionDataExt::V0;
    tx.ext = TransactionExt::V1(SorobanTransactionData { ext, resources, resource_fee });
    tx.fee = 2 * u32::try_from(XLM).unwrap();
    let failed = refusal(net.send(net.sign(tx, &[&ada])));
    let TransactionResultResult::TxFailed(results) = failed else { panic!("{failed:?}") };
    // What the operation's result was before anybody looked at it.
    let untouched = InvokeHostFunctionResult::Success(Hash([0; 32]));
    let untouched = OperationResultTr::InvokeHostFunction(untouched);
    assert_eq!(results[0], OperationResult::OpInner(untouched));
}

#[test]
fn testnet_lives_shorter_and_unlimited_takes_more() {
    let lives = |settings: NetworkSettings| {
        let net = Net::with_settings(settings);
        let (issuer, ada) = (net.fund("issuer", 100), net.fund("ada", 100));
        let record = net.soroban(&ada, deploy_asset(&usdc(&issuer)));
        let contract = returned_address(&record);
        let key = LedgerKey::ContractData(LedgerKeyContractData {
            contract,
            key: ScVal::LedgerKeyContractInstance,
            durability: ContractDataDurability::Persistent,
        });
        (net.live_until(key).unwrap() - record.ledger + 1, resource_fees(&record).rent_fee_charged)
    };
    let (mainnet, dear) = lives(NetworkSettings::mainnet());
    let (testnet, cheap) = lives(NetworkSettings::testnet());
    assert_eq!((mainnet, testnet), (2_073_600, 120_960));
    assert!(cheap < dear);
    assert_eq!(lives(NetworkSettings::unlimited()), (mainnet, dear));
    let most = NetworkSettings::unlimited().limits;
    assert!(most.write_entries > Limits::default().write_entries);
}

#[test]
fn a_ledger_has_room_for_so_many_operations() {
    let latest = |settings: NetworkSettings| {
        let localnet = Localnet::builder().settings(settings).start().unwrap();
        localnet.latest().wait().unwrap().header.header.max_tx_set_size
    };
    assert_eq!(latest(NetworkSettings::mainnet()), 1_000);
    // Less than the largest transaction has makes no sense.
    let ledger_limits = LedgerLimits { operations: 1, ..LedgerLimits::default() };
    let settings = NetworkSettings { ledger_limits, ..NetworkSettings::mainnet() };
    assert_eq!(latest(settings), 101);
    let localnet = Localnet::builder()
        .clock(Arc::new(|| START))
        .close(Close::Every(StdDuration::from_secs(3_600)))
        .settings(settings)
        .start()
        .unwrap();
    let people = ["cheap", "dear", "small"].map(Key::new);
    let funded = people.each_ref().map(|person| {
        let funded = localnet.fund(person.id(), 100 * XLM).wait().unwrap().ledger;
        i64::from(funded) << 32
    });
    // Twice sixty operations are too many; the forty-one of the third fit beside sixty.
    let offers = [(60, 100), (60, 102), (41, 101)];
    let hashes = [0, 1, 2].map(|at| {
        let (person, (count, rate)) = (&people[at], offers[at]);
        let tx = Transaction {
            source_account: person.muxed(),
            fee: rate * u32::try_from(count).unwrap(),
            seq_num: SequenceNumber(funded[at] + 1),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: vec![op(pay(person, &Asset::Native, 1)); count].try_into().unwrap(),
            ext: TransactionExt::V0,
        };
        let hash = tx.hash(localnet.network_id()).unwrap();
        let signatures = vec![person.sign(&hash)].try_into().unwrap();
        let envelope = TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures });
        assert!(matches!(localnet.send(envelope).wait().unwrap(), SendOutcome::Pending(_)));
        Hash(hash)
    });
    let closed = || {
        let ledger = localnet.close_ledger().wait().unwrap();
        ledger.transactions.iter().map(|tx| tx.hash.clone()).collect::<Vec<_>>()
    };
    assert_eq!(closed(), [hashes[1].clone(), hashes[2].clone()]);
    assert_eq!(closed(), [hashes[0].clone()]);
    assert_eq!(closed(), []);
}

#[test]
fn a_network_begun_with_too_little_room_goes_on_with_mainnets() {
    let kept = Kept::default();
    let net = Net::open(NetworkSettings::default(), kept.clone());
    let ada = net.fund("ada", 100);
    net.localnet.stop().wait().unwrap();
    // As the first versions kept it.
    let passphrase = net.localnet.passphrase();
    let mut header = kept.clone().load().unwrap().unwrap().header;
    header.header.previous_ledger_hash = header.hash;
    header.header.ledger_seq += 1;
    header.header.max_tx_set_size = 100;
    header.hash = Hash(Sha256::digest(header.header.to_xdr(XdrLimits::none()).unwrap()).into());
    let ledger = ClosedLedger { header, transactions: vec![], changes: vec![] };
    kept.clone().append(passphrase, &ledger).unwrap();

    let net = Net::open(NetworkSettings::default(), kept);
    let room = || net.localnet.latest().wait().unwrap().header.header.max_tx_set_size;
    assert_eq!(room(), 100);
    let most = net.tx(&ada, vec![op(pay(&ada, &Asset::Native, 1)); 100]);
    let bump = net.bump(&ada, 20_200, net.sign(most, &[&ada]));
    assert!(net.record(&net.send(bump)).is_successful());
    assert_eq!(room(), 1_000);
}

#[test]
fn a_full_ledger_takes_the_highest_fees_and_the_rest_waits() {
    let ledger_limits = LedgerLimits { transactions: 1, ..LedgerLimits::default() };
    let localnet = Localnet::builder()
        .clock(Arc::new(|| START))
        .close(Close::Every(StdDuration::from_secs(3_600)))
        .settings(NetworkSettings { ledger_limits, ..NetworkSettings::mainnet() })
        .start()
        .unwrap();
    let send = |name: &str, inclusion: u32| {
        let key = Key::new(name);
        let funded = localnet.fund(key.id(), 100 * XLM).wait().unwrap();
        let mut tx = Transaction {
            source_account: key.muxed(),
            fee: 100,
            seq_num: SequenceNumber((i64::from(funded.ledger) << 32) + 1),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: vec![op(deploy_asset(&usdc(&key)))].try_into().unwrap(),
            ext: TransactionExt::V0,
        };
        let envelope = TransactionEnvelope::from(tx.clone());
        let simulation =
            localnet.simulate(envelope, kolo_localnet::SimulateOptions::default()).wait().unwrap();
        tx = fill(tx, &simulation);
        tx.fee += inclusion;
        let hash = tx.hash(localnet.network_id()).unwrap();
        let signatures = vec![key.sign(&hash)].try_into().unwrap();
        TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures })
    };
    let (cheap, dear) = (send("cheap", 0), send("dear", 50));
    let hash = |envelope: TransactionEnvelope| match localnet.send(envelope).wait().unwrap() {
        SendOutcome::Pending(hash) => hash.0,
        other => panic!("{other:?}"),
    };
    let (cheap, dear) = (hash(cheap), hash(dear));
    let first = localnet.close_ledger().wait().unwrap();
    assert_eq!(first.transactions.len(), 1);
    assert_eq!(first.transactions[0].hash.0, dear);
    assert!(localnet.transaction(cheap).wait().unwrap().is_none());
    let second = localnet.close_ledger().wait().unwrap();
    assert_eq!(second.transactions[0].hash.0, cheap);
    assert!(second.transactions[0].is_successful());
}
