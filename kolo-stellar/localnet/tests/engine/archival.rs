//! Time goes by: entries live as long as their rent is paid, and come back for a price.

use kolo_localnet::{Simulation, TxRecord};
use stellar_xdr::*;

use crate::contracts::{
    call, deploy_asset, deploy_factory, i128, invoke_code, operation_result, resource_fees,
    returned, returned_address, wasm,
};
use crate::support::*;

/// A day in ledgers of five seconds.
const DAY: u32 = 17_280;
/// What a persistent entry is given at its creation: 120 days.
const MIN_PERSISTENT: u32 = 120 * DAY;
/// The longest an entry can live from now on: 180 days.
const MAX_TTL: u32 = 180 * DAY;

fn vault() -> ScAddress {
    ScAddress::Contract(ContractId(Hash([3; 32])))
}

fn instance(contract: &ScAddress) -> LedgerKey {
    data_key(contract, ScVal::LedgerKeyContractInstance, ContractDataDurability::Persistent)
}

fn data_key(contract: &ScAddress, key: ScVal, durability: ContractDataDurability) -> LedgerKey {
    let contract = contract.clone();
    LedgerKey::ContractData(LedgerKeyContractData { contract, key, durability })
}

/// The entry with what `holder` has in the asset's contract.
fn balance_key(sac: &ScAddress, holder: &ScAddress) -> LedgerKey {
    let parts = vec![ScVal::Symbol("Balance".try_into().unwrap()), ScVal::Address(holder.clone())];
    let key = ScVal::Vec(Some(ScVec(parts.try_into().unwrap())));
    data_key(sac, key, ContractDataDurability::Persistent)
}

/// A transaction's Soroban part with nothing but a footprint.
fn footprint(read_only: Vec<LedgerKey>, read_write: Vec<LedgerKey>) -> TransactionExt {
    TransactionExt::V1(SorobanTransactionData {
        ext: SorobanTransactionDataExt::V0,
        resources: SorobanResources {
            footprint: LedgerFootprint {
                read_only: read_only.try_into().unwrap(),
                read_write: read_write.try_into().unwrap(),
            },
            instructions: 0,
            disk_read_bytes: 0,
            write_bytes: 0,
        },
        resource_fee: 0,
    })
}

fn restore() -> OperationBody {
    OperationBody::RestoreFootprint(RestoreFootprintOp { ext: ExtensionPoint::V0 })
}

fn extend(extend_to: u32) -> OperationBody {
    OperationBody::ExtendFootprintTtl(ExtendFootprintTtlOp { ext: ExtensionPoint::V0, extend_to })
}

fn data(tx: &mut Transaction) -> &mut SorobanTransactionData {
    let TransactionExt::V1(data) = &mut tx.ext else { panic!("no Soroban data") };
    data
}

/// Which read-write entries a transaction restores.
fn restored(data: &SorobanTransactionData) -> Vec<u32> {
    match &data.ext {
        SorobanTransactionDataExt::V0 => Vec::new(),
        SorobanTransactionDataExt::V1(ext) => ext.archived_soroban_entries.to_vec(),
    }
}

/// The changes the only operation made.
fn changes(record: &TxRecord) -> Vec<LedgerEntryChange> {
    let TransactionMeta::V4(meta) = &record.meta else { panic!("meta of another version") };
    meta.operations[0].changes.0.to_vec()
}

/// An asset's contract in which a vault holds 500 that came from Ada.
struct Vault {
    net: Net,
    issuer: Key,
    ada: Key,
    sac: ScAddress,
    /// The ledger the vault's balance was made in.
    born: u32,
}

impl Vault {
    fn new() -> Self {
        let net = Net::new();
        let (issuer, ada) = (net.fund("issuer", 100), net.fund("ada", 10_000));
        let asset = usdc(&issuer);
        net.succeed(&ada, vec![op(trust(&asset, 1_000))], &[&ada]);
        net.succeed(&issuer, vec![op(pay(&ada, &asset, 1_000))], &[&issuer]);
        let sac = returned_address(&net.soroban(&ada, deploy_asset(&asset)));
        let born = net.soroban(&ada, pay_vault(&sac, &ada, 500)).ledger;
        Self { net, issuer, ada, sac, born }
    }

    /// Lets so many ledgers go by, and as much time.
    fn pass(&self, ledgers: u32) {
        let latest = self.net.localnet.latest().wait().unwrap();
        self.net.set_time(latest.close_time() + 5 * u64::from(ledgers));
        let closed = self.net.localnet.advance_ledgers(ledgers - 1).wait().unwrap();
        assert_eq!(closed.sequence(), latest.sequence() + ledgers);
    }

    fn keys(&self) -> Vec<LedgerKey> {
        vec![instance(&self.sac), balance_key(&self.sac, &vault())]
    }

    fn until(&self, key: &LedgerKey) -> u32 {
        self.net.live_until(key.clone()).unwrap()
    }

    fn pay_vault(&self, amount: i64) -> OperationBody {
        pay_vault(&self.sac, &self.ada, amount)
    }

    fn simulated(&self, body: OperationBody, ext: TransactionExt) -> (Transaction, Simulation) {
        let mut tx = self.net.tx(&self.ada, vec![op(body)]);
        tx.ext = ext;
        let simulation = self.net.simulate(&tx);
        (tx, simulation)
    }

    /// Simulates and sends.
    fn run(&self, body: OperationBody, ext: TransactionExt) -> TxRecord {
        let (tx, simulation) = self.simulated(body, ext);
        assert_eq!(simulation.error, None);
        self.send(fill(tx, &simulation))
    }

    fn send(&self, tx: Transaction) -> TxRecord {
        self.net.record(&self.net.send(self.net.sign(tx, &[&self.ada])))
    }

    fn held(&self) -> ScVal {
        let body = call(&self.sac, "balance", vec![ScVal::Address(vault())]);
        returned(&self.net.soroban(&self.ada, body))
    }
}

fn pay_vault(sac: &ScAddress, ada: &Key, amount: i64) -> OperationBody {
    call(sac, "transfer", vec![ada.address(), ScVal::Address(vault()), i128(amount)])
}

#[test]
fn an_entry_lives_to_its_last_ledger() {
    // The instance is the oldest entry, so the first to be archived.
    let in_ledger_after_its_last = |late: u32| {
        let vault = Vault::new();
        assert_eq!(vault.until(&vault.keys()[1]), vault.born + MIN_PERSISTENT - 1);
        let mut tx = vault.net.assemble(&vault.ada, vault.pay_vault(1));
        // The asset's contract extends what is about to end; that is rent, too.
        data(&mut tx).resource_fee += XLM;
        tx.fee += u32::try_from(XLM).unwrap();
        let last = vault.until(&vault.keys()[0]);
        let latest = vault.net.localnet.latest().wait().unwrap().sequence();
        vault.pass(last - 1 + late - latest);
        let record = vault.send(tx);
        assert_eq!(record.ledger, last + late);
        record
    };
    assert!(in_ledger_after_its_last(0).is_successful());
    let record = in_ledger_after_its_last(1);
    assert_eq!(invoke_code(&record), InvokeHostFunctionResult::EntryArchived);
}

#[test]
fn an_archived_entry_fails_whoever_does_not_restore_it() {
    let vault = Vault::new();
    let tx = vault.net.assemble(&vault.ada, vault.pay_vault(100));
    vault.pass(MIN_PERSISTENT);
    assert!(vault.net.entry(vault.keys()[1].clone()).is_some(), "archived, not gone");
    let ada = vault.net.balance(&vault.ada);
    let record = vault.send(tx.clone());
    assert_eq!(invoke_code(&record), InvokeHostFunctionResult::EntryArchived);
    // Nothing happened, and what was set aside for rent and events came back.
    assert_eq!(vault.net.balance(&vault.ada), ada - record.fee_charged);
    assert_eq!(resource_fees(&record).total_refundable_resource_fee_charged, 0);
    assert_eq!(vault.until(&vault.keys()[1]), vault.born + MIN_PERSISTENT - 1);
    // In the read-only part of the footprint nothing can be restored.
    let mut reading = tx;
    reading.seq_num.0 += 1;
    let resources = &mut data(&mut reading).resources;
    let keys = [resources.footprint.read_only.to_vec(), resources.footprint.read_write.to_vec()];
    resources.footprint.read_only = keys.concat().try_into().unwrap();
    resources.footprint.read_write = VecM::default();
    assert_eq!(invoke_code(&vault.send(reading)), InvokeHostFunctionResult::EntryArchived);
}

#[test]
fn a_call_restores_what_it_lists() {
    let vault = Vault::new();
    vault.pass(MIN_PERSISTENT);
    let (tx, simulation) = vault.simulated(vault.pay_vault(100), TransactionExt::V0);
    // Since protocol 23 there is no preamble: the call itself restores.
    assert_eq!(simulation.restore_preamble, None);
    let found = simulation.transaction_data.clone().unwrap();
    let writes = found.resources.footprint.read_write.to_vec();
    let names: Vec<_> =
        restored(&found).iter().map(|at| writes[usize::try_from(*at).unwrap()].clone()).collect();
    assert_eq!(names.len(), 2);
    assert!(vault.keys().iter().all(|key| names.contains(key)), "instance and balance");
    let record = vault.send(fill(tx, &simulation));
    assert!(record.is_successful(), "{:?}", record.result.result);
    let until = record.ledger + MIN_PERSISTENT - 1;
    assert!(vault.keys().iter().all(|key| vault.until(key) == until));
    assert!(resource_fees(&record).rent_fee_charged > 0);
    assert_eq!(vault.held(), i128(600));
}

#[test]
fn what_a_call_restored_is_told_in_its_metadata() {
    let vault = Vault::new();
    vault.pass(MIN_PERSISTENT);
    let record = vault.net.soroban(&vault.ada, vault.pay_vault(100));
    let is = |entry: &LedgerEntry, key: &LedgerKey| entry.to_key() == *key;
    let of = |key: &LedgerKey| -> Vec<LedgerEntryChange> {
        let all = changes(&record).into_iter();
        all.filter(|change| match change {
            LedgerEntryChange::Created(entry)
            | LedgerEntryChange::Updated(entry)
            | LedgerEntryChange::State(entry)
            | LedgerEntryChange::Restored(entry) => is(entry, key),
            LedgerEntryChange::Removed(removed) => removed == key,
        })
        .collect()
    };
    // The instance is only restored; the balance is restored and then changed.
    let instance = of(&vault.keys()[0]);
    assert!(matches!(instance.as_slice(), [LedgerEntryChange::Restored(_)]), "{instance:?}");
    let balance = of(&vault.keys()[1]);
    let [LedgerEntryChange::Restored(before), LedgerEntryChange::Updated(after)] =
        balance.as_slice()
    else {
        panic!("{balance:?}")
    };
    assert_ne!(before.data, after.data);
    assert_eq!(before.last_modified_ledger_seq, record.ledger);
    assert_eq!(after.last_modified_ledger_seq, record.ledger);
    let ttls = changes(&record).into_iter().filter(|change| {
        matches!(change, LedgerEntryChange::Restored(entry)
            if matches!(&entry.data, LedgerEntryData::Ttl(ttl)
                if ttl.live_until_ledger_seq == record.ledger + MIN_PERSISTENT - 1))
    });
    assert_eq!(ttls.count(), 2);
}

#[test]
fn only_persistent_entries_in_their_order_can_be_listed() {
    let vault = Vault::new();
    vault.pass(MIN_PERSISTENT);
    let good = vault.net.assemble(&vault.ada, vault.pay_vault(100));
    let listing = |indices: Vec<u32>| {
        let mut tx = good.clone();
        data(&mut tx).ext = SorobanTransactionDataExt::V1(SorobanResourcesExtV0 {
            archived_soroban_entries: indices.try_into().unwrap(),
        });
        vault.net.send(vault.net.sign(tx, &[&vault.ada]))
    };
    let TransactionExt::V1(found) = &good.ext else { panic!() };
    let archived = restored(found);
    let writes = u32::try_from(found.resources.footprint.read_write.len()).unwrap();
    let line = (0..writes).find(|at| !archived.contains(at)).expect("Ada's trustline");
    for wrong in [vec![writes], vec![line], archived.iter().rev().copied().collect()] {
        let refused = refusal(listing(wrong.clone()));
        assert_eq!(refused, TransactionResultResult::TxSorobanInvalid, "{wrong:?}");
    }
    // One of two: the other one is still missing.
    let record = vault.net.record(&listing(archived[..1].to_vec()));
    assert_eq!(invoke_code(&record), InvokeHostFunctionResult::EntryArchived);
    assert_eq!(
        vault.until(&vault.keys()[0]).max(vault.until(&vault.keys()[1])),
        vault.born + MIN_PERSISTENT - 1,
        "and nothing of it is restored"
    );
}

#[test]
fn restoring_is_reading_from_disk() {
    let vault = Vault::new();
    vault.pass(MIN_PERSISTENT);
    let good = vault.net.assemble(&vault.ada, vault.pay_vault(100));
    let mut tx = good.clone();
    data(&mut tx).resources.disk_read_bytes = 100;
    let record = vault.send(tx);
    assert_eq!(invoke_code(&record), InvokeHostFunctionResult::ResourceLimitExceeded);
    // Enough for everything but the rent of what is restored.
    let fixed = resource_fees(&record).total_non_refundable_resource_fee_charged;
    let mut tx = good;
    tx.seq_num.0 += 1;
    data(&mut tx).resource_fee = fixed + 10_000;
    let code = invoke_code(&vault.send(tx));
    assert_eq!(code, InvokeHostFunctionResult::InsufficientRefundableFee);
}

#[test]
fn restore_footprint_brings_entries_back_for_their_rent() {
    let vault = Vault::new();
    vault.pass(MIN_PERSISTENT);
    let keys = vault.keys();
    let record = vault.run(restore(), footprint(vec![], keys.clone()));
    assert!(record.is_successful(), "{:?}", record.result.result);
    let rent = resource_fees(&record).rent_fee_charged;
    assert!(rent > 0);
    assert!(keys.iter().all(|key| vault.until(key) == record.ledger + MIN_PERSISTENT - 1));
    // The entries themselves are as they were; only their TTLs are new.
    let restored = changes(&record);
    assert_eq!(restored.len(), 4);
    for change in &restored {
        let LedgerEntryChange::Restored(entry) = change else { panic!("{change:?}") };
        let is_ttl = matches!(entry.data, LedgerEntryData::Ttl(_));
        assert_eq!(entry.last_modified_ledger_seq == record.ledger, is_ttl);
    }
    assert_eq!(vault.held(), i128(500));
    // What lives is left alone, for no rent.
    let mut tx = vault.net.tx(&vault.ada, vec![op(restore())]);
    let (_, simulation) = vault.simulated(restore(), footprint(vec![], keys.clone()));
    let mut again = simulation.transaction_data.unwrap();
    again.resources.footprint.read_write = keys.try_into().unwrap();
    again.resource_fee += 100_000;
    tx.fee = u32::try_from(again.resource_fee).unwrap() + 100;
    tx.ext = TransactionExt::V1(again);
    let record = vault.send(tx);
    assert!(record.is_successful());
    assert_eq!(resource_fees(&record).rent_fee_charged, 0);
    assert!(changes(&record).is_empty());
}

#[test]
fn restore_footprint_is_for_persistent_entries() {
    let vault = Vault::new();
    vault.pass(MIN_PERSISTENT);
    let (tx, simulation) = vault.simulated(restore(), footprint(vec![], vault.keys()));
    let good = fill(tx, &simulation);
    let with = |read_only: Vec<LedgerKey>, read_write: Vec<LedgerKey>| {
        let mut tx = good.clone();
        let data = data(&mut tx);
        data.resource_fee += 1_000_000;
        data.resources.footprint.read_only = read_only.try_into().unwrap();
        data.resources.footprint.read_write = read_write.try_into().unwrap();
        tx.fee += 1_000_000;
        refusal(vault.net.send(vault.net.sign(tx, &[&vault.ada])))
    };
    let malformed = OperationResultTr::RestoreFootprint(RestoreFootprintResult::Malformed);
    let account = LedgerKey::Account(LedgerKeyAccount { account_id: vault.ada.id() });
    let temporary = data_key(&vault.sac, ScVal::U32(1), ContractDataDurability::Temporary);
    for (reads, writes) in
        [(vault.keys(), vec![]), (vec![], vec![account]), (vec![], vec![temporary])]
    {
        let TransactionResultResult::TxFailed(results) = with(reads, writes) else { panic!() };
        assert_eq!(results[0], OperationResult::OpInner(malformed.clone()));
    }
    // Declared too small, or too cheap.
    let mut small = good.clone();
    data(&mut small).resources.write_bytes = 10;
    let exceeded = RestoreFootprintResult::ResourceLimitExceeded;
    let record = vault.send(small);
    assert_eq!(operation_result(&record), OperationResultTr::RestoreFootprint(exceeded));
    let mut cheap = good;
    cheap.seq_num.0 += 1;
    let fixed = resource_fees(&record).total_non_refundable_resource_fee_charged;
    data(&mut cheap).resource_fee = fixed + 10_000;
    let poor = RestoreFootprintResult::InsufficientRefundableFee;
    assert_eq!(operation_result(&vault.send(cheap)), OperationResultTr::RestoreFootprint(poor));
    assert!(vault.keys().iter().all(|key| vault.until(key) < record.ledger));
}

fn vault_read(vault: &Vault) -> OperationBody {
    call(&vault.sac, "balance", vec![ScVal::Address(self::vault())])
}

#[test]
fn ttls_are_extended_up_to_180_days() {
    let vault = Vault::new();
    let key = balance_key(&vault.sac, &self::vault());
    let record = vault.run(extend(MAX_TTL - 1), footprint(vec![key.clone()], vec![]));
    assert!(record.is_successful(), "{:?}", record.result.result);
    assert_eq!(vault.until(&key), record.ledger + MAX_TTL - 1);
    let fees = resource_fees(&record);
    assert_eq!(fees.rent_fee_charged, fees.total_refundable_resource_fee_charged);
    let (_, simulation) = vault.simulated(extend(MAX_TTL), footprint(vec![key.clone()], vec![]));
    let mut tx = vault.net.tx(&vault.ada, vec![op(extend(MAX_TTL))]);
    tx.ext = TransactionExt::V1(simulation.transaction_data.unwrap());
    tx.fee = 10_000_000;
    let TransactionResultResult::TxFailed(results) =
        refusal(vault.net.send(vault.net.sign(tx, &[&vault.ada])))
    else {
        panic!()
    };
    let malformed = OperationResultTr::ExtendFootprintTtl(ExtendFootprintTtlResult::Malformed);
    assert_eq!(results[0], OperationResult::OpInner(malformed));

    // 179 days on the balance lives, but not the contract's instance; 181 days on neither does.
    vault.pass(179 * DAY);
    let (_, simulation) = vault.simulated(vault_read(&vault), TransactionExt::V0);
    assert_eq!(restored(&simulation.transaction_data.unwrap()).len(), 1);
    vault.pass(2 * DAY);
    let (_, simulation) = vault.simulated(vault_read(&vault), TransactionExt::V0);
    assert_eq!(restored(&simulation.transaction_data.unwrap()).len(), 2);
    assert_eq!(vault.held(), i128(500));
}

#[test]
fn the_archived_is_not_extended_and_simulation_says_what_to_do() {
    let vault = Vault::new();
    vault.pass(MIN_PERSISTENT);
    let keys = vault.keys();
    let (tx, simulation) = vault.simulated(extend(MAX_TTL - 1), footprint(keys.clone(), vec![]));
    assert_eq!(simulation.error, None);
    let preamble = simulation.restore_preamble.clone().expect("has to be restored first");
    let mut named = preamble.transaction_data.resources.footprint.read_write.to_vec();
    named.sort();
    let mut expected = keys.clone();
    expected.sort();
    assert_eq!(named, expected);
    assert_eq!(preamble.min_resource_fee, preamble.transaction_data.resource_fee);
    // Without it the operation succeeds and does nothing.
    let record = vault.send(fill(tx, &simulation));
    assert!(record.is_successful());
    assert_eq!(resource_fees(&record).rent_fee_charged, 0);
    assert!(vault.until(&keys[0]) < record.ledger);
    // With it both are restored and extended.
    let mut tx = vault.net.tx(&vault.ada, vec![op(restore())]);
    tx.fee = 100 + u32::try_from(preamble.min_resource_fee).unwrap();
    tx.ext = TransactionExt::V1(preamble.transaction_data);
    assert!(vault.send(tx).is_successful());
    let record = vault.run(extend(MAX_TTL - 1), footprint(keys.clone(), vec![]));
    assert!(keys.iter().all(|key| vault.until(key) == record.ledger + MAX_TTL - 1));
}

#[test]
fn a_whole_contract_comes_back_with_its_code() {
    let net = Net::new();
    let (issuer, ada) = (net.fund("issuer", 100), net.fund("ada", 10_000));
    let sac = returned_address(&net.soroban(&ada, deploy_asset(&usdc(&issuer))));
    let factory = deploy_factory(&net, &ada, &sac);
    net.localnet.advance_ledgers(MIN_PERSISTENT).wait().unwrap();
    let salt = ScVal::Bytes(vec![1; 32].try_into().unwrap());
    let body = call(&factory, "circle_address", vec![ada.address(), salt]);
    let tx = net.assemble(&ada, body);
    let TransactionExt::V1(found) = &tx.ext else { panic!() };
    let size = u32::try_from(wasm("factory").len()).unwrap();
    assert!(found.resources.disk_read_bytes > size, "the code is read from disk");
    assert!(restored(found).len() >= 2, "instance and code");
    let record = net.record(&net.send(net.sign(tx, &[&ada])));
    assert!(matches!(returned(&record), ScVal::Address(ScAddress::Contract(_))));
}

#[test]
fn temporary_entries_end() {
    let vault = Vault::new();
    let (ada, sac) = (&vault.ada, &vault.sac);
    let ends = vault.net.localnet.latest().wait().unwrap().sequence() + 2 * DAY;
    let spender = vault.issuer.address();
    let approve = vec![ada.address(), spender.clone(), i128(50), ScVal::U32(ends)];
    assert!(vault.net.soroban(ada, call(sac, "approve", approve)).is_successful());
    let allowance = || {
        let body = call(sac, "allowance", vec![ada.address(), spender.clone()]);
        returned(&vault.net.soroban(ada, body))
    };
    assert_eq!(allowance(), i128(50));
    vault.pass(2 * DAY + 10);
    assert_eq!(allowance(), i128(0));
}
