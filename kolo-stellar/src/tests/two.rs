//! Calls by two: every field of a consent is changed once; none may pass.
use kolo_core::port::ChainClient;
use kolo_core::port::chain::{Authorisation, ChainEffect, PreparedTx};
use kolo_rules::Amount;
use serde_json::json;
use stellar_xdr::{
    Hash, HostFunction, InvokeHostFunctionOp, OperationBody, ScAddress, ScVal,
    SorobanAddressCredentials, SorobanAuthorizationEntry, SorobanAuthorizedFunction,
    SorobanCredentials, TransactionSignaturePayload, TransactionSignaturePayloadTaggedTransaction,
};

use super::node::{Node, xdr};
use super::verify::decoded;
use super::world::*;
use crate::StellarChainClient;
use crate::address::{sha256, to_xdr};
use crate::plan::Plan;
use crate::scval::amount;

/// Member 1 has the last turn, and pays member 2, who sends it, for the first.
pub fn swap() -> ChainEffect {
    ChainEffect::Swap {
        circle: contract(50),
        maker: address(1),
        taker: address(2),
        maker_turn: 3,
        taker_turn: 1,
        deposit: Amount::new(20),
    }
}

pub fn replace() -> ChainEffect {
    ChainEffect::Replace {
        circle: contract(50),
        leaver: address(1),
        newcomer: address(2),
        turn: 2,
        price: Amount::new(-7),
    }
}

/// A node that asks for both authorisations, as the effect wants them.
fn node(effect: &ChainEffect) -> (Node, StellarChainClient) {
    let (node, client) = ready(&swap_free(effect));
    let mut answer = simulation(&client, effect);
    let Plan::Call(call) = Plan::of(&client.network, effect).unwrap() else { panic!("no call") };
    let root_invocation = call.consent(&client.network.assets[0].contract).unwrap().unwrap();
    let credentials = SorobanCredentials::Address(SorobanAddressCredentials {
        address: ScAddress::Account(account(1)),
        nonce: 77,
        signature_expiration_ledger: 0,
        signature: ScVal::Void,
    });
    let consent = SorobanAuthorizationEntry { credentials, root_invocation };
    let auth = &mut answer["results"][0]["auth"];
    auth.as_array_mut().unwrap().insert(0, json!(xdr(&consent)));
    node.result("simulateTransaction", answer);
    (node, client)
}

/// Something that is not asked of the node, to get one that knows the accounts.
fn swap_free(_: &ChainEffect) -> ChainEffect {
    ChainEffect::Pay { from: address(1), to: address(2), asset: usdc(), amount: Amount::new(1) }
}

pub async fn prepared(effect: &ChainEffect) -> (StellarChainClient, PreparedTx) {
    let (_, client) = node(effect);
    let tx = client.prepare(effect).await.unwrap();
    (client, tx)
}

pub fn consent(tx: &PreparedTx) -> &Authorisation {
    let [consent] = tx.authorisations.as_slice() else { panic!("{tx:?}") };
    consent
}

#[tokio::test]
async fn the_other_signs_apart_and_only_then_it_can_be_sent() {
    for effect in [swap(), replace()] {
        let (client, tx) = prepared(&effect).await;
        assert_eq!(client.verify(&effect, &tx), Ok(()));
        assert_eq!(tx.signers, [public(2)]);
        let wanted = consent(&tx).clone();
        // Two minutes of ledgers and a minute more.
        assert_eq!((wanted.signer, wanted.until_ledger), (public(1), 100 + 24 + 12));
        let own = |tx: &PreparedTx| [(public(2), sign(2, &tx.payload))];
        assert!(client.assemble(&tx, &own(&tx)).is_err(), "not yet");
        for wrong in [vec![], vec![(public(1), sign(2, &wanted.payload))]] {
            assert!(client.authorise(&effect, &tx, &wrong).await.is_err());
        }
        let right = [(public(1), sign(1, &wanted.payload))];
        let signed = client.authorise(&effect, &tx, &right).await.unwrap();
        assert_eq!(client.verify(&effect, &signed), Ok(()));
        assert_ne!(signed.hash, tx.hash);
        let same = (signed.sequence, signed.max_time, &signed.authorisations);
        assert_eq!(same, (tx.sequence, tx.max_time, &tx.authorisations));
        assert!(client.assemble(&signed, &own(&tx)).is_err(), "signed before the consent was in");
        client.assemble(&signed, &own(&signed)).unwrap();
    }
}

/// The transaction with its authorisations changed.
fn changed(tx: &PreparedTx, change: &dyn Fn(&mut Vec<SorobanAuthorizationEntry>)) -> PreparedTx {
    let mut inner = decoded(tx);
    let mut operations = inner.operations.to_vec();
    let OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
        host_function: HostFunction::InvokeContract(_),
        auth,
    }) = &mut operations[0].body
    else {
        panic!("no call");
    };
    let mut entries = auth.to_vec();
    change(&mut entries);
    *auth = entries.try_into().unwrap();
    inner.operations = operations.try_into().unwrap();
    let payload = to_xdr(&TransactionSignaturePayload {
        network_id: Hash(sha256(PASSPHRASE.as_bytes())),
        tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(inner),
    })
    .unwrap();
    PreparedTx { hash: data_encoding::HEXLOWER.encode(&sha256(&payload)), payload, ..tx.clone() }
}

fn credentials(
    entries: &mut [SorobanAuthorizationEntry],
    change: impl FnOnce(&mut SorobanAddressCredentials),
) {
    let found = entries.iter_mut().find_map(|entry| match &mut entry.credentials {
        SorobanCredentials::Address(credentials) => Some(credentials),
        _ => None,
    });
    change(found.unwrap());
}

/// What the other one pays, in the consent, becomes this.
fn pays(entries: &mut [SorobanAuthorizationEntry], index: usize, value: ScVal) {
    let invocation = &mut entries[0].root_invocation;
    let mut below = invocation.sub_invocations.to_vec();
    let SorobanAuthorizedFunction::ContractFn(transfer) = &mut below[0].function else {
        panic!("no transfer");
    };
    let mut args = transfer.args.to_vec();
    args[index] = value;
    transfer.args = args.try_into().unwrap();
    invocation.sub_invocations = below.try_into().unwrap();
}

#[tokio::test]
async fn no_field_of_a_consent_can_be_changed() {
    let effect = swap();
    let (client, tx) = prepared(&effect).await;
    let to = |n| ScVal::Address(ScAddress::Account(account(n)));
    type Change<'a> = &'a dyn Fn(&mut Vec<SorobanAuthorizationEntry>);
    let changes: &[(&str, Change<'_>)] = &[
        ("number of authorisations", &|auth| auth.truncate(1)),
        ("number of authorisations", &|auth| drop(auth.remove(0))),
        ("number of authorisations", &|auth| auth.push(auth[0].clone())),
        ("number of authorisations", &|auth| auth.push(auth[1].clone())),
        ("who consents", &|auth| {
            credentials(auth, |c| c.address = ScAddress::Account(account(3)));
        }),
        ("what is signed for the consent", &|auth| credentials(auth, |c| c.nonce = 78)),
        ("consent's last ledger", &|auth| {
            credentials(auth, |c| c.signature_expiration_ledger = 137);
        }),
        ("consent's signature", &|auth| credentials(auth, |c| c.signature = ScVal::Bool(true))),
        ("consent's credentials", &|auth| {
            let SorobanCredentials::Address(own) = auth[0].credentials.clone() else {
                panic!("no consent");
            };
            auth[0].credentials = SorobanCredentials::AddressV2(own);
        }),
        ("consent's invocation", &|auth| pays(auth, 1, to(3))),
        ("consent's invocation", &|auth| pays(auth, 2, amount(Amount::new(21)))),
        ("consent's invocation", &|auth| {
            auth[0].root_invocation.sub_invocations = Default::default();
        }),
        ("authorised invocation", &|auth| {
            auth[1].root_invocation = auth[0].root_invocation.clone();
        }),
    ];
    for (field, change) in changes {
        let found = client.verify(&effect, &changed(&tx, change)).unwrap_err();
        assert_eq!(found.field, *field);
    }
    assert_eq!(client.verify(&effect, &changed(&tx, &|_| {})), Ok(()), "unchanged");
}

/// What is to be signed is held against the transaction, too.
#[tokio::test]
async fn no_other_bytes_are_signed_for_a_consent() {
    let effect = swap();
    let (client, tx) = prepared(&effect).await;
    type Change<'a> = &'a dyn Fn(&mut Vec<Authorisation>);
    let changes: &[(&str, Change<'_>)] = &[
        ("number of consents", &Vec::clear),
        ("number of consents", &|all| all.push(all[0].clone())),
        ("who signs the consent", &|all| all[0].signer = public(2)),
        ("what is signed for the consent", &|all| all[0].payload.push(0)),
        ("consent's last ledger", &|all| all[0].until_ledger += 1),
        ("consent's last ledger", &|all| all[0].since_ledger -= 1),
        ("consent's last ledger", &|all| all[0].since_ledger += 100),
    ];
    for (field, change) in changes {
        let mut other = tx.clone();
        change(&mut other.authorisations);
        assert_eq!(client.verify(&effect, &other).unwrap_err().field, *field);
    }
    // Nor may a call that takes one carry a consent.
    let (alone, pay) = (client, swap_free(&effect));
    let mut paid = alone.prepare(&pay).await.unwrap();
    paid.authorisations.clone_from(&tx.authorisations);
    assert_eq!(alone.verify(&pay, &paid).unwrap_err().field, "number of consents");
}
