//! Contracts: upload, deployment, invocation, fees and refunds, TTLs.

use kolo_localnet::{AuthMode, SimulateOptions, TxRecord};
use sha2::{Digest, Sha256};
use stellar_xdr::*;

use crate::support::*;

pub fn wasm(name: &str) -> Vec<u8> {
    let path = format!("{}/../wasm/{name}.wasm", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

fn host(function: HostFunction) -> OperationBody {
    OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
        host_function: function,
        auth: VecM::default(),
    })
}

pub fn upload(code: &[u8]) -> OperationBody {
    host(HostFunction::UploadContractWasm(code.to_vec().try_into().unwrap()))
}

pub fn deploy_asset(asset: &Asset) -> OperationBody {
    host(HostFunction::CreateContract(CreateContractArgs {
        contract_id_preimage: ContractIdPreimage::Asset(asset.clone()),
        executable: ContractExecutable::StellarAsset,
    }))
}

pub fn call(contract: &ScAddress, function: &str, args: Vec<ScVal>) -> OperationBody {
    host(HostFunction::InvokeContract(InvokeContractArgs {
        contract_address: contract.clone(),
        function_name: function.try_into().unwrap(),
        args: args.try_into().unwrap(),
    }))
}

pub fn i128(amount: i64) -> ScVal {
    ScVal::I128(Int128Parts { hi: 0, lo: u64::try_from(amount).unwrap() })
}

pub fn returned(record: &TxRecord) -> ScVal {
    assert!(record.is_successful(), "{:?}", record.result.result);
    let TransactionMeta::V4(meta) = &record.meta else { panic!("meta of another version") };
    meta.soroban_meta.clone().unwrap().return_value.unwrap()
}

pub fn returned_address(record: &TxRecord) -> ScAddress {
    match returned(record) {
        ScVal::Address(address) => address,
        other => panic!("{other:?}"),
    }
}

pub fn operation_result(record: &TxRecord) -> OperationResultTr {
    match &record.result.result {
        TransactionResultResult::TxSuccess(results)
        | TransactionResultResult::TxFailed(results) => match &results[0] {
            OperationResult::OpInner(inner) => inner.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

pub fn resource_fees(record: &TxRecord) -> SorobanTransactionMetaExtV1 {
    let TransactionMeta::V4(meta) = &record.meta else { panic!("meta of another version") };
    match &meta.soroban_meta.as_ref().unwrap().ext {
        SorobanTransactionMetaExt::V1(fees) => fees.clone(),
        SorobanTransactionMetaExt::V0 => panic!("no fees in the metadata"),
    }
}

pub fn invoke_code(record: &TxRecord) -> InvokeHostFunctionResult {
    match operation_result(record) {
        OperationResultTr::InvokeHostFunction(code) => code,
        other => panic!("{other:?}"),
    }
}

/// Deploys the factory with the asset's contract on its list.
pub fn deploy_factory(net: &Net, ada: &Key, asset: &ScAddress) -> ScAddress {
    let factory = returned(&net.soroban(ada, upload(&wasm("factory"))));
    let circle = returned(&net.soroban(ada, upload(&wasm("circle"))));
    let rulebook = returned(&net.soroban(ada, upload(&wasm("rulebook"))));
    let ScVal::Bytes(hash) = factory else { panic!("{factory:?}") };
    let assets = ScVal::Vec(Some(ScVec(vec![ScVal::Address(asset.clone())].try_into().unwrap())));
    let create = host(HostFunction::CreateContractV2(CreateContractArgsV2 {
        contract_id_preimage: ContractIdPreimage::Address(ContractIdPreimageFromAddress {
            address: ScAddress::Account(ada.id()),
            salt: Uint256([7; 32]),
        }),
        executable: ContractExecutable::Wasm(Hash(hash.as_slice().try_into().unwrap())),
        constructor_args: vec![circle, rulebook, assets].try_into().unwrap(),
    }));
    returned_address(&net.soroban(ada, create))
}

fn instance_key(contract: &ScAddress) -> LedgerKey {
    LedgerKey::ContractData(LedgerKeyContractData {
        contract: contract.clone(),
        key: ScVal::LedgerKeyContractInstance,
        durability: ContractDataDurability::Persistent,
    })
}

#[test]
fn an_assets_contract_moves_what_classic_payments_move() {
    let net = Net::new();
    let (issuer, ada, ben) = (net.fund("issuer", 100), net.fund("ada", 100), net.fund("ben", 100));
    let asset = usdc(&issuer);
    net.succeed(&ada, vec![op(trust(&asset, 1_000))], &[&ada]);
    net.succeed(&ben, vec![op(trust(&asset, 1_000))], &[&ben]);
    net.succeed(&issuer, vec![op(pay(&ada, &asset, 500))], &[&issuer]);

    let sac = returned_address(&net.soroban(&ada, deploy_asset(&asset)));
    let transfer = call(&sac, "transfer", vec![ada.address(), ben.address(), i128(200)]);
    let record = net.soroban(&ada, transfer);
    assert!(record.is_successful());
    assert_eq!(net.line(&ada, &asset).unwrap().balance, 300);
    assert_eq!(net.line(&ben, &asset).unwrap().balance, 200);
    let balance = net.soroban(&ada, call(&sac, "balance", vec![ben.address()]));
    assert_eq!(returned(&balance), i128(200));
    // To a contract's own balance (the asset's contract itself, for want of another).
    let vault = ScAddress::Contract(ContractId(Hash([3; 32])));
    let to_vault =
        call(&sac, "transfer", vec![ada.address(), ScVal::Address(vault.clone()), i128(100)]);
    assert!(net.soroban(&ada, to_vault).is_successful());
    let held = net.soroban(&ada, call(&sac, "balance", vec![ScVal::Address(vault)]));
    assert_eq!(returned(&held), i128(100));

    // The transfer's event is the same as that of a classic payment.
    let classic = net.succeed(&ada, vec![op(pay(&ben, &asset, 200))], &[&ada]);
    let event = |record: &TxRecord| {
        let of_operation =
            record.events.iter().find(|e| e.stage == kolo_localnet::EventStage::Operation(0));
        of_operation.unwrap().event.clone()
    };
    assert_eq!(event(&record), event(&classic));
}

#[test]
fn contracts_are_uploaded_deployed_and_called() {
    let net = Net::new();
    let (issuer, ada) = (net.fund("issuer", 100), net.fund("ada", 10_000));
    let sac = returned_address(&net.soroban(&ada, deploy_asset(&usdc(&issuer))));
    let code = wasm("circle");
    let hash = Hash(Sha256::digest(&code).into());
    let factory = deploy_factory(&net, &ada, &sac);
    let key = LedgerKey::ContractCode(LedgerKeyContractCode { hash });
    assert!(matches!(net.entry(key).unwrap().data, LedgerEntryData::ContractCode(_)));
    let salt = ScVal::Bytes(vec![1; 32].try_into().unwrap());
    let address = call(&factory, "circle_address", vec![ada.address(), salt]);
    assert!(matches!(
        returned(&net.soroban(&ada, address)),
        ScVal::Address(ScAddress::Contract(_))
    ));
    // A function that does not exist fails in simulation, in words.
    let tx = net.tx(&ada, vec![op(call(&factory, "nonsense", vec![]))]);
    let simulation = net.simulate(&tx);
    let error = simulation.error.unwrap();
    assert!(error.starts_with("HostError: Error("), "{error}");
    assert!(!simulation.events.is_empty());
}

#[test]
fn unused_fees_are_given_back() {
    let net = Net::new();
    let (issuer, ada) = (net.fund("issuer", 100), net.fund("ada", 100));
    let mut tx = net.assemble(&ada, deploy_asset(&usdc(&issuer)));
    let TransactionExt::V1(data) = &mut tx.ext else { panic!() };
    data.resource_fee += 1_000_000;
    tx.fee += 1_000_000;
    let (before, pool) = (net.balance(&ada), net.fee_pool());
    let offered = i64::from(tx.fee);
    let record = net.record(&net.send(net.sign(tx, &[&ada])));
    assert!(record.is_successful());
    assert!(record.fee_charged <= offered - 1_000_000);
    assert_eq!(net.balance(&ada), before - record.fee_charged);
    assert_eq!(net.fee_pool(), pool + record.fee_charged);
    let fees = resource_fees(&record);
    let resource =
        fees.total_non_refundable_resource_fee_charged + fees.total_refundable_resource_fee_charged;
    assert_eq!(record.fee_charged, 100 + resource);
    assert!(fees.rent_fee_charged > 0);
    let last = record.events.last().unwrap();
    assert_eq!(last.stage, kolo_localnet::EventStage::AfterAllTransactions);
}

#[test]
fn too_little_is_refused_before_or_fails_after() {
    let net = Net::new();
    let (issuer, ada) = (net.fund("issuer", 100), net.fund("ada", 1_000));
    let good = net.assemble(&ada, deploy_asset(&usdc(&issuer)));
    let changed = |change: &dyn Fn(&mut SorobanTransactionData)| {
        let mut tx = good.clone();
        tx.seq_num.0 = net.account(&ada).unwrap().seq_num.0 + 1;
        let TransactionExt::V1(data) = &mut tx.ext else { panic!() };
        change(data);
        net.send(net.sign(tx, &[&ada]))
    };
    let no_fee = refusal(changed(&|data| data.resource_fee = 1));
    assert_eq!(no_fee, TransactionResultResult::TxSorobanInvalid);
    let too_much = refusal(changed(&|data| data.resources.instructions = u32::MAX));
    assert_eq!(too_much, TransactionResultResult::TxSorobanInvalid);

    let few = net.record(&changed(&|data| data.resources.instructions = 1_000));
    assert_eq!(invoke_code(&few), InvokeHostFunctionResult::ResourceLimitExceeded);
    let no_writes = net.record(&changed(&|data| data.resources.write_bytes = 1));
    assert_eq!(invoke_code(&no_writes), InvokeHostFunctionResult::ResourceLimitExceeded);
    let no_footprint = net.record(&changed(&|data| {
        data.resources.footprint.read_write = VecM::default();
    }));
    assert_eq!(invoke_code(&no_footprint), InvokeHostFunctionResult::Trapped);
    assert_eq!(
        resource_fees(&few).total_refundable_resource_fee_charged,
        0,
        "failures give it back"
    );
    // Enough for what is not refundable, nothing for the rent. A twin tells how much that is.
    let twin = net.soroban(&ada, deploy_asset(&usdc(&ada)));
    let fixed = resource_fees(&twin).total_non_refundable_resource_fee_charged;
    let no_rent = net.record(&changed(&|data| data.resource_fee = fixed + 1_000));
    let code = invoke_code(&no_rent);
    assert_eq!(code, InvokeHostFunctionResult::InsufficientRefundableFee);
}

#[test]
fn authorisation_is_enforced() {
    let net = Net::new();
    let (issuer, ada, ben) = (net.fund("issuer", 100), net.fund("ada", 100), net.fund("ben", 100));
    let asset = usdc(&issuer);
    net.succeed(&ada, vec![op(trust(&asset, 1_000))], &[&ada]);
    net.succeed(&ben, vec![op(trust(&asset, 1_000))], &[&ben]);
    net.succeed(&issuer, vec![op(pay(&ada, &asset, 500))], &[&issuer]);
    let sac = returned_address(&net.soroban(&ada, deploy_asset(&asset)));
    // Ben sends a transaction that takes Ada's money: it needs her signature, not only his.
    let body = call(&sac, "transfer", vec![ada.address(), ben.address(), i128(200)]);
    let tx = net.tx(&ben, vec![op(body)]);
    let recorded = net.simulate(&tx);
    assert_eq!(recorded.error, None);
    let SorobanCredentials::Address(credentials) = &recorded.auth[0].credentials else {
        panic!("{:?}", recorded.auth)
    };
    assert_eq!(credentials.address, ScAddress::Account(ada.id()));
    let unsigned = net.record(&net.send(net.sign(fill(tx.clone(), &recorded), &[&ben])));
    assert_eq!(invoke_code(&unsigned), InvokeHostFunctionResult::Trapped);
    assert_eq!(net.line(&ada, &asset).unwrap().balance, 500);

    let entry = signed(&net, &ada, recorded.auth[0].clone());
    let mut tx = net.tx(&ben, vec![]);
    let body = call(&sac, "transfer", vec![ada.address(), ben.address(), i128(200)]);
    let OperationBody::InvokeHostFunction(mut invoke) = body else { panic!() };
    invoke.auth = vec![entry].try_into().unwrap();
    tx.operations = vec![op(OperationBody::InvokeHostFunction(invoke))].try_into().unwrap();
    tx.fee = 100;
    let enforced = SimulateOptions { auth: AuthMode::Enforce, ..SimulateOptions::default() };
    let simulation = net.simulate_with(&tx, enforced);
    assert_eq!(simulation.error, None);
    let envelope = net.sign(fill(tx, &simulation), &[&ben]);
    assert!(net.record(&net.send(envelope)).is_successful());
    assert_eq!(net.line(&ada, &asset).unwrap().balance, 300);
}

/// Signs an auth entry as the network wants it from an account.
fn signed(net: &Net, key: &Key, mut entry: SorobanAuthorizationEntry) -> SorobanAuthorizationEntry {
    let SorobanCredentials::Address(credentials) = &mut entry.credentials else { panic!() };
    credentials.signature_expiration_ledger = 1_000;
    let preimage = HashIdPreimage::SorobanAuthorization(HashIdPreimageSorobanAuthorization {
        network_id: Hash(net.localnet.network_id()),
        nonce: credentials.nonce,
        signature_expiration_ledger: 1_000,
        invocation: entry.root_invocation.clone(),
    });
    let payload: [u8; 32] = Sha256::digest(preimage.to_xdr(Limits::none()).unwrap()).into();
    let bytes = |bytes: &[u8]| ScVal::Bytes(bytes.to_vec().try_into().unwrap());
    let symbol = |name: &str| ScVal::Symbol(name.try_into().unwrap());
    let signature = key.sign(&payload).signature.0;
    let map = vec![
        ScMapEntry { key: symbol("public_key"), val: bytes(&key.bytes()) },
        ScMapEntry { key: symbol("signature"), val: bytes(signature.as_slice()) },
    ];
    let map = ScVal::Map(Some(ScMap(map.try_into().unwrap())));
    credentials.signature = ScVal::Vec(Some(ScVec(vec![map].try_into().unwrap())));
    entry
}

#[test]
fn entries_are_archived_and_come_back() {
    let net = Net::new();
    let (issuer, ada) = (net.fund("issuer", 100), net.fund("ada", 10_000));
    let sac = returned_address(&net.soroban(&ada, deploy_asset(&usdc(&issuer))));
    let key = instance_key(&sac);
    let born = net.localnet.latest().wait().unwrap().sequence();
    assert_eq!(net.live_until(key.clone()), Some(born + 2_073_600 - 1));
    let name = || call(&sac, "name", vec![]);
    let old = net.assemble(&ada, name());

    net.localnet.advance_ledgers(2_073_600).wait().unwrap();
    assert!(net.entry(key.clone()).is_some(), "archived, not gone");
    let record = net.record(&net.send(net.sign(old, &[&ada])));
    assert_eq!(invoke_code(&record), InvokeHostFunctionResult::EntryArchived);
    // Simulated anew, the transaction restores what it needs.
    let record = net.soroban(&ada, name());
    assert!(matches!(returned(&record), ScVal::String(_)));
    assert_eq!(net.live_until(key.clone()), Some(record.ledger + 2_073_600 - 1));

    // And a transaction of its own can do it.
    net.localnet.advance_ledgers(2_073_600).wait().unwrap();
    let footprint = |read_only: Vec<LedgerKey>, read_write: Vec<LedgerKey>| {
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
    };
    let run = |body: OperationBody, ext: TransactionExt| {
        let mut tx = net.tx(&ada, vec![op(body)]);
        tx.ext = ext;
        let simulation = net.simulate(&tx);
        assert_eq!(simulation.error, None);
        tx.ext = TransactionExt::V1(simulation.transaction_data.unwrap());
        tx.fee = 100 + u32::try_from(simulation.min_resource_fee).unwrap();
        net.record(&net.send(net.sign(tx, &[&ada])))
    };
    let restore = OperationBody::RestoreFootprint(RestoreFootprintOp { ext: ExtensionPoint::V0 });
    let record = run(restore, footprint(vec![], vec![key.clone()]));
    assert!(record.is_successful(), "{:?}", record.result.result);
    assert_eq!(net.live_until(key.clone()), Some(record.ledger + 2_073_600 - 1));
    let extend = OperationBody::ExtendFootprintTtl(ExtendFootprintTtlOp {
        ext: ExtensionPoint::V0,
        extend_to: 3_000_000,
    });
    let record = run(extend, footprint(vec![key.clone()], vec![]));
    assert!(record.is_successful(), "{:?}", record.result.result);
    assert_eq!(net.live_until(key), Some(record.ledger + 3_000_000));
}

#[test]
fn a_contract_call_can_be_fee_bumped() {
    let net = Net::new();
    let (issuer, ada, payer) =
        (net.fund("issuer", 100), net.fund("ada", 100), net.fund("payer", 100));
    let mut tx = net.assemble(&ada, deploy_asset(&usdc(&issuer)));
    let fee = i64::from(tx.fee);
    // Inside nothing is paid: the fee source outside pays resources, too.
    tx.fee = 0;
    let before = net.balance(&ada);
    let envelope = net.bump(&payer, fee + 200, net.sign(tx, &[&ada]));
    let record = net.record(&net.send(envelope));
    assert!(record.is_successful(), "{:?}", record.result.result);
    assert_eq!(net.balance(&ada), before);
    assert_eq!(net.balance(&payer), 100 * XLM - record.fee_charged);
}

#[test]
fn contracts_hold_lumens_too() {
    let net = Net::new();
    let ada = net.fund("ada", 100);
    let sac = returned_address(&net.soroban(&ada, deploy_asset(&Asset::Native)));
    let vault = ScAddress::Contract(ContractId(Hash([3; 32])));
    let args = vec![ada.address(), ScVal::Address(vault.clone()), i128(40 * XLM)];
    let before = net.balance(&ada);
    let record = net.soroban(&ada, call(&sac, "transfer", args));
    assert!(record.is_successful());
    assert_eq!(net.balance(&ada), before - 40 * XLM - record.fee_charged);
    let held = net.soroban(&ada, call(&sac, "balance", vec![ScVal::Address(vault)]));
    assert_eq!(returned(&held), i128(40 * XLM));
    // Not below the account's reserve: error 10 of the asset's contract.
    let args = vec![ada.address(), stranger(), i128(59 * XLM)];
    let tx = net.tx(&ada, vec![op(call(&sac, "transfer", args))]);
    let error = net.simulate(&tx).error.unwrap();
    assert!(error.starts_with("HostError: Error(Contract, #10)"), "{error}");
}

#[test]
fn the_assets_contract_opens_accounts_and_trustlines() {
    let net = Net::new();
    let (issuer, ada) = (net.fund("issuer", 100), net.fund("ada", 100));
    let native = returned_address(&net.soroban(&ada, deploy_asset(&Asset::Native)));
    let cid = Key::new("cid");
    let to_cid =
        |amount| call(&native, "transfer", vec![ada.address(), cid.address(), i128(amount)]);
    // 14: less than the two reserves of an account.
    let poor = net.simulate(&net.tx(&ada, vec![op(to_cid(XLM - 1))])).error.unwrap();
    assert!(poor.starts_with("HostError: Error(Contract, #14)"), "{poor}");
    let record = net.soroban(&ada, to_cid(5 * XLM));
    assert!(record.is_successful());
    let account = net.account(&cid).unwrap();
    assert_eq!((account.balance, account.seq_num.0), (5 * XLM, i64::from(record.ledger) << 32));

    let asset = usdc(&issuer);
    let sac = returned_address(&net.soroban(&ada, deploy_asset(&asset)));
    let trust = call(&sac, "trust", vec![cid.address()]);
    assert!(net.soroban(&cid, trust).is_successful());
    assert_eq!(net.line(&cid, &asset).unwrap().limit, i64::MAX);
    assert_eq!(net.account(&cid).unwrap().num_sub_entries, 1);
}

fn stranger() -> ScVal {
    ScVal::Address(ScAddress::Contract(ContractId(Hash([4; 32]))))
}
