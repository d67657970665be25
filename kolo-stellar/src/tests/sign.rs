use kolo_core::port::ChainClient;
use kolo_core::port::chain::Assembled;
use kolo_core::port::vault::Signature;
use stellar_xdr::{FeeBumpTransactionInnerTx, ReadXdr, TransactionEnvelope};

use super::world::*;
use crate::address::sha256;
use crate::rpc::XDR_LIMITS;

#[tokio::test]
async fn the_envelope_is_a_fee_bump_signed_by_all() {
    let effect = &effects()[0];
    let (_, client) = ready(effect);
    let tx = client.prepare(effect).await.unwrap();
    let Assembled::NeedsFeeBump(bump) = client.assemble(&tx, &signatures(&tx)).unwrap() else {
        panic!("the client wraps");
    };
    assert_eq!(bump.signer, public(FEES));
    let signed = client.finish(&bump, &sign(FEES, &bump.payload)).unwrap();

    let envelope = TransactionEnvelope::from_xdr(&signed.envelope, XDR_LIMITS).unwrap();
    let network = sha256(PASSPHRASE.as_bytes());
    let hash = envelope.hash(network).unwrap();
    assert_eq!(signed.hash, data_encoding::HEXLOWER.encode(&hash));
    let TransactionEnvelope::TxFeeBump(outer) = envelope else {
        panic!("not a fee-bump");
    };
    assert_eq!(outer.tx.fee, tx.max_fee);
    assert_eq!(outer.signatures.len(), 1);
    let FeeBumpTransactionInnerTx::Tx(inner) = &outer.tx.inner_tx;
    assert_eq!(inner.signatures.len(), 2);
    let inner = TransactionEnvelope::Tx(inner.clone());
    let hash = inner.hash(network).unwrap();
    assert_eq!(tx.hash, data_encoding::HEXLOWER.encode(&hash));
    assert_eq!(TransactionEnvelope::from_xdr(&signed.inner, XDR_LIMITS).unwrap(), inner);
}

#[tokio::test]
async fn wrong_missing_and_foreign_signatures_are_refused() {
    let effect = &effects()[0];
    let (_, client) = ready(effect);
    let tx = client.prepare(effect).await.unwrap();
    let good = signatures(&tx);
    assert_eq!(good.len(), 2);
    assert!(client.assemble(&tx, &good[..1]).is_err(), "one is missing");

    let mut wrong = good.clone();
    wrong[1].1 = sign(3, &tx.payload);
    assert!(client.assemble(&tx, &wrong).is_err(), "somebody else's");
    wrong[1].1 = sign(9, b"something else");
    assert!(client.assemble(&tx, &wrong).is_err(), "over other bytes");
    wrong[1].1 = Signature([0; 64]);
    assert!(client.assemble(&tx, &wrong).is_err(), "none");

    let mut foreign = good.clone();
    foreign.push((public(3), sign(3, &tx.payload)));
    assert!(client.assemble(&tx, &foreign).is_err(), "one too many");

    let Assembled::NeedsFeeBump(mut bump) = client.assemble(&tx, &good).unwrap() else {
        panic!("the client wraps");
    };
    assert!(client.finish(&bump, &sign(1, &bump.payload)).is_err());
    bump.signer = public(1);
    assert!(client.finish(&bump, &sign(1, &bump.payload)).is_err());
}

#[tokio::test]
async fn bumping_again_keeps_the_inner_transaction_and_stops_at_the_ceiling() {
    let (_, mut client, first) = signed().await;
    let resources = 350_000;
    assert_eq!(first.prepared.max_fee, resources + 500);

    let bump = client.bump_again(&first).unwrap();
    let second = finished(&client, &bump);
    assert_eq!(second.inner, first.inner);
    assert_eq!(second.prepared.hash, first.prepared.hash);
    assert_ne!(second.hash, first.hash);
    assert_eq!(second.prepared.max_fee, resources + 5_000);

    client.network.max_fee = resources + 6_000;
    let third = finished(&client, &client.bump_again(&second).unwrap());
    assert_eq!(third.prepared.max_fee, resources + 6_000, "what is left up to the ceiling");
    assert!(client.bump_again(&third).is_err(), "the ceiling is reached");
}
