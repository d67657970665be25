//! Strangers' envelopes: whatever they say, the network answers and keeps its balance.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use kolo_localnet::{SendOutcome, SimulateOptions};
use stellar_xdr::*;

use crate::support::*;

/// A small generator of pseudo-random numbers (splitmix64): the same rubbish in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(bound).unwrap()).unwrap()
    }
}

fn bytes_of(tx: &Transaction) -> Vec<u8> {
    tx.to_xdr(Limits::none()).unwrap()
}

/// Transactions of many kinds to be spoilt.
fn samples(net: &Net, ada: &Key, ben: &Key, asset: &Asset) -> Vec<Transaction> {
    let asset_contract = OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
        host_function: HostFunction::CreateContract(CreateContractArgs {
            contract_id_preimage: ContractIdPreimage::Asset(asset.clone()),
            executable: ContractExecutable::StellarAsset,
        }),
        auth: VecM::default(),
    });
    let code = vec![0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    let upload = OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
        host_function: HostFunction::UploadContractWasm(code.try_into().unwrap()),
        auth: VecM::default(),
    });
    let deploy = net.assemble(ada, asset_contract);
    let mut uploads = net.tx(ada, vec![op(upload)]);
    uploads.ext = deploy.ext.clone();
    uploads.fee = deploy.fee;
    let mut restores = net.tx(
        ada,
        vec![op(OperationBody::RestoreFootprint(RestoreFootprintOp { ext: ExtensionPoint::V0 }))],
    );
    restores.ext = deploy.ext.clone();
    restores.fee = deploy.fee;
    let options = SetOptionsOp {
        set_flags: Some(1),
        home_domain: Some(String32("example.org".try_into().unwrap())),
        signer: Some(Signer { key: SignerKey::Ed25519(Uint256(ben.bytes())), weight: 1 }),
        ..no_options()
    };
    let classic = vec![
        op(begin_sponsoring(ben)),
        op(create(&Key::new("cid"), 0)),
        op_of(ben, trust(asset, 5)),
        op_of(ben, OperationBody::EndSponsoringFutureReserves),
        op(pay(ben, &Asset::Native, 1)),
        op(OperationBody::SetOptions(options)),
        op(OperationBody::BumpSequence(BumpSequenceOp { bump_to: SequenceNumber(5) })),
    ];
    vec![net.tx(ada, classic), deploy, uploads, restores]
}

/// Spoils a few bytes; `None` if no transaction is left.
fn spoil(dice: &mut Dice, tx: &Transaction) -> Option<Transaction> {
    let mut bytes = bytes_of(tx);
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len());
        bytes[at] = match dice.below(4) {
            0 => 0,
            1 => 0xff,
            2 => bytes[at] ^ (1 << dice.below(8)),
            _ => u8::try_from(dice.below(256)).unwrap(),
        };
    }
    Transaction::from_xdr(bytes, Limits { depth: 200, len: 1_000_000 }).ok()
}

/// With `KOLO_TEST_LONG` a minute of other rubbish follows.
#[test]
fn spoilt_transactions_are_answered_and_lose_no_coin() {
    let (accepted, refused) = play_spoilt(7);
    assert!(accepted > 100 && refused > 100, "{accepted} accepted, {refused} refused");
    let end = Instant::now() + std::time::Duration::from_secs(60);
    while std::env::var_os("KOLO_TEST_LONG").is_some() && Instant::now() < end {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let seed = u64::try_from(since.as_micros()).unwrap();
        println!("Dice({seed})");
        play_spoilt(seed);
    }
}

/// Sends spoilt transactions to a network of their own; how many it took and did not take.
fn play_spoilt(seed: u64) -> (u32, u32) {
    let net = Net::new();
    let (issuer, ada, ben) = (net.fund("issuer", 100), net.fund("ada", 1_000), net.fund("ben", 50));
    let asset = usdc(&issuer);
    let samples = samples(&net, &ada, &ben, &asset);
    let mut dice = Dice(seed);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..4_000 {
        let Some(mut tx) = spoil(&mut dice, &samples[round % samples.len()]) else {
            continue;
        };
        // Properly signed, so that the rubbish gets as far as it can.
        tx.source_account = ada.muxed();
        tx.seq_num.0 = net.account(&ada).map_or(0, |account| account.seq_num.0 + 1);
        let mut envelope = net.sign(tx.clone(), &[&ada]);
        if has_other_source(&tx) {
            envelope = net.sign(tx, &[&ada, &ben]);
        }
        if round % 5 == 0 {
            envelope =
                net.bump(&ben, 500 + i64::try_from(dice.below(1_000_000)).unwrap(), envelope);
        }
        net.localnet.simulate(envelope.clone(), SimulateOptions::default()).wait().unwrap();
        match net.send(envelope) {
            SendOutcome::Pending(_) => accepted += 1,
            _ => refused += 1,
        }
    }
    // The network lives.
    net.localnet.fund(Key::new("dan").id(), 5 * XLM).wait().unwrap();
    (accepted, refused)
}

/// Whether an operation acts for somebody else: Ben, unless that was spoilt.
fn has_other_source(tx: &Transaction) -> bool {
    tx.operations.iter().any(|operation| operation.source_account.is_some())
}

#[test]
fn spoilt_envelopes_without_a_valid_signature_cost_nothing() {
    let net = Net::new();
    let (issuer, ada, ben) = (net.fund("issuer", 100), net.fund("ada", 1_000), net.fund("ben", 50));
    let samples = samples(&net, &ada, &ben, &usdc(&issuer));
    let mut dice = Dice(11);
    let before = net.localnet.latest().wait().unwrap();
    for round in 0..2_000 {
        let sample = &samples[round % samples.len()];
        let Some(tx) = spoil(&mut dice, sample) else {
            continue;
        };
        if tx == *sample {
            continue;
        }
        let TransactionEnvelope::Tx(good) = net.sign(sample.clone(), &[&ada, &ben]) else {
            panic!()
        };
        let envelope = TransactionV1Envelope { tx, signatures: good.signatures };
        let outcome = net.send(TransactionEnvelope::Tx(envelope));
        assert!(matches!(outcome, SendOutcome::Error { .. }), "{outcome:?}");
    }
    assert_eq!(net.localnet.latest().wait().unwrap(), before, "no ledger closed");
}

#[test]
fn friendbot_refuses_what_cannot_be() {
    let net = Net::new();
    let ada = Key::new("ada");
    for amount in [-1, 0, 1, i64::MIN, i64::MAX] {
        let _ = net.localnet.fund(ada.id(), amount).wait();
        assert!(net.account(&ada).is_none(), "{amount}");
    }
    net.localnet.fund(ada.id(), XLM).wait().unwrap();
    assert_eq!(net.balance(&ada), XLM);
}
