//! Every field of every transaction is changed once; none may pass.
use kolo_core::port::ChainClient;
use kolo_core::port::chain::{ChainAddress, ChainEffect, PreparedTx};
use kolo_core::{Asset, Timestamp};
use kolo_rules::Amount;
use stellar_xdr::{
    Hash, HostFunction, InvokeContractArgs, InvokeHostFunctionOp, Limits, Memo, MuxedAccount,
    MuxedAccountMed25519, OperationBody, Preconditions, ReadXdr, ScAddress, ScVal, ScVec,
    SequenceNumber, SorobanAuthorizedFunction, SorobanCredentials, TimeBounds, TimePoint,
    Transaction, TransactionExt, TransactionSignaturePayload,
    TransactionSignaturePayloadTaggedTransaction, Uint256, VecM, WriteXdr,
};

use super::world::*;
use crate::StellarChainClient;
use crate::address::sha256;
use crate::rpc::XDR_LIMITS;

pub type Change<'a, T> = (&'a str, &'a dyn Fn(&mut T));

/// Of what a function or a step is given.
type Mutation = dyn Fn(&mut Vec<ScVal>);

pub fn decoded(tx: &PreparedTx) -> Transaction {
    let payload = TransactionSignaturePayload::from_xdr(&tx.payload, XDR_LIMITS).unwrap();
    match payload.tagged_transaction {
        TransactionSignaturePayloadTaggedTransaction::Tx(tx) => tx,
        TransactionSignaturePayloadTaggedTransaction::TxFeeBump(_) => panic!("a fee-bump"),
    }
}

fn repacked(tx: &PreparedTx, payload: &TransactionSignaturePayload) -> PreparedTx {
    let payload = payload.to_xdr(Limits::none()).unwrap();
    PreparedTx { hash: data_encoding::HEXLOWER.encode(&sha256(&payload)), payload, ..tx.clone() }
}

pub fn changed(tx: &PreparedTx, change: &dyn Fn(&mut Transaction)) -> PreparedTx {
    let mut inner = decoded(tx);
    change(&mut inner);
    let payload = TransactionSignaturePayload {
        network_id: Hash(sha256(PASSPHRASE.as_bytes())),
        tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(inner),
    };
    repacked(tx, &payload)
}

async fn prepared(index: usize) -> (ChainEffect, StellarChainClient, PreparedTx) {
    let effect = effects().swap_remove(index);
    let (_, client) = ready(&effect);
    let tx = client.prepare(&effect).await.unwrap();
    (effect, client, tx)
}

fn expect(client: &StellarChainClient, effect: &ChainEffect, tx: &PreparedTx, field: &str) {
    match client.verify(effect, tx) {
        Err(mismatch) => assert_eq!(mismatch.field, field, "{effect:?}"),
        Ok(()) => panic!("a change of {field} passed for {effect:?}"),
    }
}

/// Changes one operation of a list.
fn operation(tx: &mut Transaction, index: usize, change: &dyn Fn(&mut OperationBody)) {
    let mut operations = tx.operations.to_vec();
    change(&mut operations[index].body);
    tx.operations = operations.try_into().unwrap();
}

fn operation_source(tx: &mut Transaction, index: usize, source: Option<MuxedAccount>) {
    let mut operations = tx.operations.to_vec();
    operations[index].source_account = source;
    tx.operations = operations.try_into().unwrap();
}

fn muxed(n: u8) -> MuxedAccount {
    MuxedAccount::from(account(n))
}

#[tokio::test]
async fn the_frame_of_every_transaction_is_checked() {
    for index in 0..effects().len() {
        let (effect, client, tx) = prepared(index).await;
        let changes: &[Change<'_, Transaction>] = &[
            ("source", &|t| t.source_account = muxed(3)),
            ("source", &|t| {
                let MuxedAccount::Ed25519(ed25519) = t.source_account.clone() else {
                    panic!("muxed already");
                };
                t.source_account =
                    MuxedAccount::MuxedEd25519(MuxedAccountMed25519 { id: 1, ed25519 });
            }),
            ("sequence", &|t| t.seq_num = SequenceNumber(43)),
            ("fee", &|t| t.fee = 40_000_000),
            ("time bounds", &|t| t.cond = Preconditions::None),
            ("time bounds", &|t| bounds(t, 1_000_000, 0)),
            ("time bounds", &|t| bounds(t, 1_000_000, 1_000_121)),
            ("time bounds", &|t| bounds(t, 999_999, 1_000_120)),
            ("time bounds", &|t| bounds(t, 0, 1_000_120)),
            ("time bounds", &|t| bounds(t, 1_000_121, 1_000_120)),
            ("memo", &|t| t.memo = Memo::Id(1)),
            ("number of operations", &|t| t.operations = VecM::default()),
            ("number of operations", &|t| {
                let mut operations = t.operations.to_vec();
                operations.extend(operations.clone());
                t.operations = operations.try_into().unwrap();
            }),
        ];
        for (field, change) in changes {
            expect(&client, &effect, &changed(&tx, change), field);
        }
        let mut other = changed(&tx, &|_| {});
        assert_eq!(client.verify(&effect, &other), Ok(()), "unchanged");
        let mut payload = TransactionSignaturePayload::from_xdr(&tx.payload, XDR_LIMITS).unwrap();
        payload.network_id = Hash([1; 32]);
        expect(&client, &effect, &repacked(&tx, &payload), "network");
        other.payload.push(0);
        other.hash = data_encoding::HEXLOWER.encode(&sha256(&other.payload));
        expect(&client, &effect, &other, "payload");
    }
}

fn bounds(tx: &mut Transaction, min: u64, max: u64) {
    tx.cond =
        Preconditions::Time(TimeBounds { min_time: TimePoint(min), max_time: TimePoint(max) });
}

#[tokio::test]
async fn what_is_said_beside_the_payload_is_checked_too() {
    for index in 0..effects().len() {
        let (effect, client, tx) = prepared(index).await;
        let ceiling = client.network.ceiling(&decoded(&tx));
        let changes: &[Change<'_, PreparedTx>] = &[
            ("hash", &|t| t.hash = "00".repeat(32)),
            ("hash", &|t| *t.payload.last_mut().unwrap() ^= 1),
            ("source", &|t| t.source = address(3)),
            ("sequence", &|t| t.sequence = 43),
            ("time bounds", &|t| t.max_time = Timestamp::from_unix(9)),
            ("fee ceiling", &|t| t.max_fee = ceiling + 1),
            ("fee", &|t| t.max_fee = 1),
            ("signers", &|t| t.signers.push(public(3))),
            ("signers", &|t| t.signers = vec![]),
        ];
        for (field, change) in changes {
            let mut other = tx.clone();
            change(&mut other);
            expect(&client, &effect, &other, field);
        }
    }
}

#[tokio::test]
async fn opening_is_exactly_the_sponsored_account_and_trustline() {
    let (effect, client, tx) = prepared(0).await;
    let changes: &[Change<'_, Transaction>] = &[
        ("sponsored account", &|t| {
            operation(t, 0, &|body| {
                if let OperationBody::BeginSponsoringFutureReserves(op) = body {
                    op.sponsored_id = account(3);
                }
            });
        }),
        ("sponsorship source", &|t| {
            operation_source(t, 0, Some(muxed(9)));
        }),
        ("account creation source", &|t| {
            operation_source(t, 1, Some(muxed(9)));
        }),
        ("new account", &|t| {
            operation(t, 1, &|body| {
                if let OperationBody::CreateAccount(op) = body {
                    op.destination = account(3);
                }
            });
        }),
        ("starting balance", &|t| {
            operation(t, 1, &|body| {
                if let OperationBody::CreateAccount(op) = body {
                    op.starting_balance = 1;
                }
            });
        }),
        ("trustline source", &|t| operation_source(t, 2, None)),
        ("trustline asset", &|t| {
            operation(t, 2, &|body| {
                if let OperationBody::ChangeTrust(op) = body {
                    op.line = stellar_xdr::ChangeTrustAsset::Native;
                }
            });
        }),
        ("trustline limit", &|t| {
            operation(t, 2, &|body| {
                if let OperationBody::ChangeTrust(op) = body {
                    op.limit = 1;
                }
            });
        }),
        ("end of sponsorship source", &|t| {
            operation_source(t, 3, None);
        }),
        ("kind of operation 1", &|t| operation(t, 0, &nothing)),
        ("kind of operation 2", &|t| operation(t, 1, &nothing)),
        ("kind of the trustline's operation", &|t| {
            operation(t, 2, &nothing);
        }),
        ("kind of the last operation", &|t| {
            operation(t, 3, &|body| *body = OperationBody::Inflation);
        }),
        ("contract resources", &resources),
    ];
    for (field, change) in changes {
        expect(&client, &effect, &changed(&tx, change), field);
    }
}

fn nothing(body: &mut OperationBody) {
    *body = OperationBody::Inflation;
}

fn resources(tx: &mut Transaction) {
    let data = stellar_xdr::SorobanTransactionData {
        ext: stellar_xdr::SorobanTransactionDataExt::V0,
        resources: stellar_xdr::SorobanResources {
            footprint: stellar_xdr::LedgerFootprint {
                read_only: VecM::default(),
                read_write: VecM::default(),
            },
            instructions: 0,
            disk_read_bytes: 0,
            write_bytes: 0,
        },
        resource_fee: 0,
    };
    tx.ext = TransactionExt::V1(data);
}

#[tokio::test]
async fn a_channel_is_opened_with_nothing_in_it() {
    let (effect, client, tx) = prepared(opening_a_channel()).await;
    let creation = |t: &mut Transaction, change: &dyn Fn(&mut stellar_xdr::CreateAccountOp)| {
        operation(t, 1, &|body| match body {
            OperationBody::CreateAccount(op) => change(op),
            other => panic!("{other:?} creates nothing"),
        });
    };
    let changes: &[Change<'_, Transaction>] = &[
        ("number of operations", &|t| {
            t.operations = t.operations[..2].to_vec().try_into().unwrap();
        }),
        ("sponsorship source", &|t| operation_source(t, 0, Some(muxed(1)))),
        ("kind of operation 1", &|t| operation(t, 0, &nothing)),
        ("account creation source", &|t| operation_source(t, 1, Some(muxed(1)))),
        ("new account", &|t| creation(t, &|op| op.destination = account(3))),
        ("starting balance", &|t| creation(t, &|op| op.starting_balance = 1)),
        ("end of sponsorship source", &|t| operation_source(t, 2, None)),
        ("kind of the last operation", &|t| operation(t, 2, &nothing)),
    ];
    for (field, change) in changes {
        expect(&client, &effect, &changed(&tx, change), field);
    }
}

#[tokio::test]
async fn a_channel_sends_only_what_nobody_signs_for() {
    let channel = address(CHANNEL);
    for effect in effects() {
        let (_, client) = ready(&effect);
        let by =
            ChainEffect::ByChannel { channel: channel.clone(), call: Box::new(effect.clone()) };
        let keepers = client.prepare(&effect).await.unwrap().source == address(KEEPER);
        let sent = client.prepare(&by).await.map(|tx| tx.source);
        assert_eq!(sent.ok(), keepers.then(|| channel.clone()), "{effect:?}");
    }
}

#[tokio::test]
async fn a_payment_is_exactly_the_payment() {
    let (effect, client, tx) = prepared(1).await;
    let payment = |t: &mut Transaction, change: &dyn Fn(&mut stellar_xdr::PaymentOp)| {
        operation(t, 0, &|body| {
            if let OperationBody::Payment(op) = body {
                change(op);
            }
        });
    };
    let changes: &[Change<'_, Transaction>] = &[
        ("payment source", &|t| {
            operation_source(t, 0, Some(muxed(1)));
        }),
        ("destination", &|t| {
            payment(t, &|op| op.destination = muxed(3));
        }),
        ("asset", &|t| {
            payment(t, &|op| op.asset = stellar_xdr::Asset::Native);
        }),
        ("amount", &|t| payment(t, &|op| op.amount = 6)),
        ("kind of operation", &|t| operation(t, 0, &nothing)),
        ("contract resources", &resources),
    ];
    for (field, change) in changes {
        expect(&client, &effect, &changed(&tx, change), field);
    }
}

fn host(tx: &mut Transaction, change: &dyn Fn(&mut InvokeHostFunctionOp)) {
    operation(tx, 0, &|body| match body {
        OperationBody::InvokeHostFunction(op) => change(op),
        other => panic!("{other:?} is no call"),
    });
}

fn invocation(tx: &mut Transaction, change: &dyn Fn(&mut InvokeContractArgs)) {
    host(tx, &|op| match &mut op.host_function {
        HostFunction::InvokeContract(args) => change(args),
        other => panic!("{other:?} is no call"),
    });
}

fn soroban(tx: &mut Transaction, change: &dyn Fn(&mut stellar_xdr::SorobanTransactionData)) {
    match &mut tx.ext {
        TransactionExt::V1(data) => change(data),
        TransactionExt::V0 => panic!("no resources"),
    }
}

#[tokio::test]
async fn a_call_is_exactly_the_call_with_every_argument() {
    for index in calls() {
        let (effect, client, tx) = prepared(index).await;
        let changes: &[Change<'_, Transaction>] = &[
            ("call source", &|t| operation_source(t, 0, Some(muxed(1)))),
            ("kind of operation", &|t| operation(t, 0, &nothing)),
            ("kind of operation", &|t| {
                host(t, &|op| {
                    op.host_function =
                        HostFunction::UploadContractWasm(vec![0].try_into().unwrap());
                });
            }),
            ("contract", &|t| {
                let stranger = ScAddress::Contract(stellar_xdr::ContractId(Hash([3; 32])));
                invocation(t, &|args| args.contract_address = stranger.clone());
            }),
            ("function", &|t| {
                invocation(t, &|args| args.function_name = "refound".try_into().unwrap());
            }),
            ("number of arguments", &|t| arguments(t, &|list| list.push(ScVal::Void))),
            ("contract resources", &|t| t.ext = TransactionExt::V0),
            ("instructions", &|t| {
                soroban(t, &|d| d.resources.instructions = u32::MAX);
            }),
            ("bytes read", &|t| {
                soroban(t, &|d| d.resources.disk_read_bytes = u32::MAX);
            }),
            ("bytes written", &|t| {
                soroban(t, &|d| d.resources.write_bytes = u32::MAX);
            }),
            ("resource fee", &|t| {
                soroban(t, &|d| d.resource_fee = i64::MAX);
            }),
            ("resource fee", &|t| soroban(t, &|d| d.resource_fee = -1)),
        ];
        for (field, change) in changes {
            expect(&client, &effect, &changed(&tx, change), field);
        }
        for position in 0..count_arguments(&decoded(&tx)) {
            let other = changed(&tx, &|t| {
                arguments(t, &|list| list[position] = ScVal::U32(987_654));
            });
            let mismatch = client.verify(&effect, &other).unwrap_err();
            assert!(mismatch.field.starts_with("argument "), "{effect:?} {mismatch}");
        }
    }
}

#[tokio::test]
async fn a_step_is_exactly_that_step() {
    let mut steps = 0;
    for index in calls() {
        let (effect, client, tx) = prepared(index).await;
        if step_of(&decoded(&tx)).is_none() {
            continue;
        }
        steps += 1;
        let changes: [&Mutation; 5] = [
            &|args| args.push(ScVal::Void),
            &Vec::clear,
            &|args| args[0] = ScVal::Vec(None),
            &|args| args[0] = ScVal::Vec(Some(ScVec::default())),
            &|args| {
                let ScVal::Vec(Some(step)) = &args[0] else { panic!("no step") };
                let mut step = step.to_vec();
                step[0] = ScVal::Symbol("Refound".try_into().unwrap());
                args[0] = ScVal::Vec(Some(step.try_into().unwrap()));
            },
        ];
        for change in changes {
            let other = changed(&tx, &|t| {
                invocation(t, &|args| {
                    let mut list = args.args.to_vec();
                    change(&mut list);
                    args.args = list.try_into().unwrap();
                });
            });
            expect(&client, &effect, &other, "step");
        }
    }
    assert!(steps > 20, "{steps}");
}

/// Changes what a function, or a step, is given.
fn arguments(tx: &mut Transaction, change: &dyn Fn(&mut Vec<ScVal>)) {
    let step = step_of(tx);
    invocation(tx, &|args| match &step {
        None => {
            let mut list = args.args.to_vec();
            change(&mut list);
            args.args = list.try_into().unwrap();
        }
        Some(step) => {
            let mut fields = step[1..].to_vec();
            change(&mut fields);
            let step = [&step[..1], &fields].concat();
            args.args = vec![ScVal::Vec(Some(step.try_into().unwrap()))].try_into().unwrap();
        }
    });
}

fn count_arguments(tx: &Transaction) -> usize {
    match step_of(tx) {
        Some(step) => step.len() - 1,
        None => called(tx).args.len(),
    }
}

/// The step of a call of `act`: its name, and what it is given.
fn step_of(tx: &Transaction) -> Option<Vec<ScVal>> {
    let called = called(tx);
    match called.args.as_slice() {
        [ScVal::Vec(Some(step))] if called.function_name.0.as_slice() == b"act" => {
            Some(step.to_vec())
        }
        _ => None,
    }
}

fn called(tx: &Transaction) -> &InvokeContractArgs {
    match &tx.operations[0].body {
        OperationBody::InvokeHostFunction(op) => match &op.host_function {
            HostFunction::InvokeContract(args) => args,
            other => panic!("{other:?} is no call"),
        },
        other => panic!("{other:?} is no call"),
    }
}

#[tokio::test]
async fn authorisations_are_exactly_those_wanted() {
    let mut with_auth = 0;
    for index in calls() {
        let (effect, client, tx) = prepared(index).await;
        let OperationBody::InvokeHostFunction(op) = decoded(&tx).operations[0].body.clone() else {
            panic!("no call");
        };
        let Some(entry) = op.auth.first().cloned() else {
            let stranger = prepared(10).await.2;
            let OperationBody::InvokeHostFunction(other) =
                decoded(&stranger).operations[0].body.clone()
            else {
                panic!("no call");
            };
            let extra = changed(&tx, &|t| host(t, &|op| op.auth = other.auth.clone()));
            expect(&client, &effect, &extra, "number of authorisations");
            continue;
        };
        with_auth += 1;
        let put = |t: &mut Transaction, entries: Vec<stellar_xdr::SorobanAuthorizationEntry>| {
            host(t, &|op| op.auth = entries.clone().try_into().unwrap());
        };
        let address_credentials =
            SorobanCredentials::Address(stellar_xdr::SorobanAddressCredentials {
                address: ScAddress::Account(account(1)),
                nonce: 1,
                signature_expiration_ledger: 1,
                signature: ScVal::Void,
            });
        let deeper = |levels: usize| {
            let mut other = entry.clone();
            let mut below = other.root_invocation.sub_invocations.to_vec();
            below.extend(vec![other.root_invocation.clone(); levels]);
            other.root_invocation.sub_invocations = below.try_into().unwrap();
            other
        };
        let mut renamed = entry.clone();
        if let SorobanAuthorizedFunction::ContractFn(args) = &mut renamed.root_invocation.function {
            args.function_name = "refound".try_into().unwrap();
        }
        let mut by_address = entry.clone();
        by_address.credentials = address_credentials;
        for (field, entries) in [
            ("number of authorisations", vec![]),
            ("number of authorisations", vec![entry.clone(), entry.clone()]),
            ("authorisation's credentials", vec![by_address]),
            ("authorised invocation", vec![renamed]),
            ("authorised invocation", vec![deeper(1)]),
        ] {
            let other = changed(&tx, &|t| put(t, entries.clone()));
            expect(&client, &effect, &other, field);
        }
    }
    assert_eq!(with_auth, calls().len() - 9, "all calls but the keeper's and the channel's");
}

#[tokio::test]
async fn the_transfer_below_a_contribution_is_bound_to_the_configured_asset_and_the_amount() {
    let pays = |effect: &ChainEffect| {
        matches!(
            effect,
            ChainEffect::Contribute { .. }
                | ChainEffect::Repay { .. }
                | ChainEffect::Commit { .. }
                | ChainEffect::Secure { .. }
        )
    };
    let paying: Vec<_> =
        effects().iter().enumerate().filter(|(_, e)| pays(e)).map(|(at, _)| at).collect();
    assert_eq!(paying.len(), 4);
    for index in paying {
        let (effect, client, tx) = prepared(index).await;
        let transfer = |change: &dyn Fn(&mut InvokeContractArgs)| {
            changed(&tx, &|t| {
                host(t, &|op| {
                    let mut entry = op.auth[0].clone();
                    let mut below = entry.root_invocation.sub_invocations.to_vec();
                    match &mut below[0].function {
                        SorobanAuthorizedFunction::ContractFn(args) => change(args),
                        other => panic!("{other:?}"),
                    }
                    entry.root_invocation.sub_invocations = below.try_into().unwrap();
                    op.auth = vec![entry].try_into().unwrap();
                });
            })
        };
        let stranger = ScAddress::Contract(stellar_xdr::ContractId(Hash([3; 32])));
        let argument = |args: &mut InvokeContractArgs, i: usize, value: ScVal| {
            let mut list = args.args.to_vec();
            list[i] = value;
            args.args = list.try_into().unwrap();
        };
        for other in [
            transfer(&|args| args.contract_address = stranger.clone()),
            transfer(&|args| args.function_name = "approve".try_into().unwrap()),
            transfer(&|args| argument(args, 0, ScVal::Address(ScAddress::Account(account(1))))),
            transfer(&|args| argument(args, 1, ScVal::Address(stranger.clone()))),
            transfer(&|args| argument(args, 2, 100_000_001_i128.into())),
        ] {
            expect(&client, &effect, &other, "authorised invocation");
        }
        let without = changed(&tx, &|t| {
            host(t, &|op| {
                let mut entry = op.auth[0].clone();
                entry.root_invocation.sub_invocations = VecM::default();
                op.auth = vec![entry].try_into().unwrap();
            });
        });
        expect(&client, &effect, &without, "authorised invocation");
    }
}

/// The other way round: the transaction of one effect is not that of any other, nor of itself with
/// one field changed.
#[tokio::test]
async fn no_transaction_passes_for_another_effect() {
    let all = effects();
    for (i, effect) in all.iter().enumerate() {
        let (_, client, tx) = prepared(i).await;
        for (j, other) in all.iter().enumerate() {
            assert_eq!(client.verify(other, &tx).is_ok(), i == j, "{effect:?} as {other:?}");
        }
    }
    let circle = contract(50);
    let contribute = |circle: &ChainAddress, member: u8, round, amount| ChainEffect::Contribute {
        circle: circle.clone(),
        member: address(member),
        round,
        amount: Amount::new(amount),
    };
    let (_, client, tx) = prepared(10).await;
    assert!(client.verify(&contribute(&circle, 2, 2, 100_000_000), &tx).is_ok());
    for other in [
        contribute(&contract(51), 2, 2, 100_000_000),
        contribute(&circle, 3, 2, 100_000_000),
        contribute(&circle, 2, 3, 100_000_000),
        contribute(&circle, 2, 2, 100_000_001),
    ] {
        assert!(client.verify(&other, &tx).is_err(), "{other:?}");
    }
    let (_, client, tx) = prepared(1).await;
    let foreign = Asset { code: "USDT".to_owned(), ..usdc() };
    let pay = ChainEffect::Pay {
        from: address(1),
        to: address(2),
        asset: foreign,
        amount: Amount::new(5),
    };
    expect(&client, &pay, &tx, "asset");
}

#[tokio::test]
async fn the_contribution_is_the_documented_call() {
    let (_, _, tx) = prepared(10).await;
    let inner = decoded(&tx);
    let OperationBody::InvokeHostFunction(op) = &inner.operations[0].body else {
        panic!("no call");
    };
    let HostFunction::InvokeContract(args) = &op.host_function else {
        panic!("no call");
    };
    assert_eq!(args.contract_address.to_string(), contract(50).0);
    assert_eq!(args.function_name.0.to_utf8_string_lossy(), "contribute");
    let member = ScVal::Address(ScAddress::Account(account(2)));
    assert_eq!(args.args.to_vec(), [member, ScVal::U32(2), 100_000_000_i128.into()]);
    assert_eq!(inner.source_account, MuxedAccount::Ed25519(Uint256(public(2).0)));
}
