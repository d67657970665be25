//! A signing service signs what is prepared, by the keys it is prepared for, and nothing beside.
use std::sync::Arc;

use kolo_core::port::ChainClient;
use kolo_core::port::chain::{Assembled, ChainEffect, PreparedTx};
use kolo_core::port::vault::{Digest, SigningPolicy};
use stellar_xdr::{
    BumpSequenceOp, ExtendFootprintTtlOp, ExtensionPoint, FeeBumpTransactionInnerTx, Limits,
    MuxedAccount, Operation, OperationBody, PaymentOp, Preconditions, ReadXdr, RestoreFootprintOp,
    SequenceNumber, Transaction, TransactionSignaturePayload,
    TransactionSignaturePayloadTaggedTransaction, WriteXdr,
};

use super::lifetime;
use super::prepare::Fixed;
use super::two;
use super::world::*;
use crate::rpc::XDR_LIMITS;
use crate::wallet::TransactionPolicy;
use crate::{StellarChainClient, StellarConfig};

type Change<'a> = &'a dyn Fn(&mut Transaction);

fn policy() -> TransactionPolicy {
    TransactionPolicy::try_new(&config(), Arc::new(Fixed(1_000_000))).unwrap()
}

fn may(n: u8, payload: &[u8]) -> bool {
    policy().check(&public(n), Digest::Sha256, payload).is_ok()
}

/// The fee account's own part in it.
fn bump_of(client: &StellarChainClient, tx: &PreparedTx) -> Vec<u8> {
    match client.assemble(tx, &signatures(tx)).unwrap() {
        Assembled::NeedsFeeBump(bump) => bump.payload,
        Assembled::Ready(_) => panic!("the client wraps"),
    }
}

fn expect(client: &StellarChainClient, tx: &PreparedTx, what: &str) {
    for n in [1, 2, 3, 9, CLOSING, CHANNEL, SPONSOR, FEES, KEEPER] {
        // The service takes who is no operator for a member, of whom the network asks for nothing here.
        let is_asked = tx.signers.contains(&public(n));
        let is_operator = [SPONSOR, FEES, KEEPER].contains(&n);
        assert!(may(n, &tx.payload) || !is_asked, "{n} signs {what}");
        assert!(!may(n, &tx.payload) || is_asked || !is_operator, "{n} does not sign {what}");
    }
    let bump = bump_of(client, tx);
    for n in [1, SPONSOR, FEES, KEEPER] {
        assert_eq!(may(n, &bump), n == FEES, "{n}: the fee-bump of {what}");
    }
}

#[tokio::test]
async fn every_effect_is_signed_by_those_it_is_prepared_for() {
    for effect in effects() {
        let (_, client) = ready(&effect);
        let tx = client.prepare(&effect).await.unwrap();
        expect(&client, &tx, &format!("{effect:?}"));
    }
    for effect in [two::swap(), two::replace()] {
        let (_, tx) = two::prepared(&effect).await;
        assert!(may(2, &tx.payload), "{effect:?}");
        let consent = &two::consent(&tx).payload;
        for n in [1, SPONSOR, FEES, KEEPER] {
            assert_eq!(may(n, consent), n == 1, "{n}: the consent to {effect:?}");
        }
    }
}

fn with_inner(payload: &[u8], change: Change<'_>) -> Vec<u8> {
    let mut found = TransactionSignaturePayload::from_xdr(payload, XDR_LIMITS).unwrap();
    match &mut found.tagged_transaction {
        TransactionSignaturePayloadTaggedTransaction::Tx(tx) => change(tx),
        TransactionSignaturePayloadTaggedTransaction::TxFeeBump(bump) => {
            let FeeBumpTransactionInnerTx::Tx(inner) = &mut bump.inner_tx;
            change(&mut inner.tx);
        }
    }
    found.to_xdr(Limits::none()).unwrap()
}

fn instead(tx: &mut Transaction, source: Option<u8>, body: OperationBody) {
    let source_account = source.map(|n| MuxedAccount::from(account(n)));
    tx.operations = vec![Operation { source_account, body }].try_into().unwrap();
}

fn lasts_until(tx: &mut Transaction, end: u64) {
    let Preconditions::Time(bounds) = &mut tx.cond else { panic!("unbounded") };
    bounds.max_time.0 = end;
}

/// XLM out of an operator's account.
fn payment() -> OperationBody {
    let (destination, asset) = (MuxedAccount::from(account(1)), stellar_xdr::Asset::Native);
    OperationBody::Payment(PaymentOp { destination, asset, amount: 5 })
}

fn sequence() -> OperationBody {
    OperationBody::BumpSequence(BumpSequenceOp { bump_to: SequenceNumber(i64::MAX) })
}

fn rents() -> [OperationBody; 2] {
    [
        OperationBody::ExtendFootprintTtl(ExtendFootprintTtlOp {
            ext: ExtensionPoint::V0,
            extend_to: 2_000_000,
        }),
        OperationBody::RestoreFootprint(RestoreFootprintOp { ext: ExtensionPoint::V0 }),
    ]
}

/// What nobody may sign is not paid for either; and nothing is good for long.
#[tokio::test]
async fn what_a_fee_bump_carries_is_looked_at() {
    let effect = effects().into_iter().find(|e| format!("{e:?}").starts_with("Payout")).unwrap();
    let (_, client) = ready(&effect);
    let tx = client.prepare(&effect).await.unwrap();
    let bump = bump_of(&client, &tx);
    assert!(may(KEEPER, &tx.payload) && may(FEES, &bump));
    // Validity and leeway: 120 and 300 s.
    let changes: [(Change<'_>, bool); 9] = [
        (&|t| lasts_until(t, 1_000_420), true),
        (&|t| lasts_until(t, 1_000_421), false),
        (&|t| lasts_until(t, u64::MAX), false),
        (&|t| lasts_until(t, 0), false),
        (&|t| t.cond = Preconditions::None, false),
        (&|t| instead(t, None, payment()), false),
        (&|t| instead(t, Some(SPONSOR), payment()), false),
        (&|t| instead(t, Some(1), payment()), false),
        (&|t| instead(t, Some(1), sequence()), false),
    ];
    for (index, (change, expected)) in changes.into_iter().enumerate() {
        assert_eq!(may(FEES, &with_inner(&bump, change)), expected, "fee-bump {index}");
        assert_eq!(may(KEEPER, &with_inner(&tx.payload, change)), expected, "transaction {index}");
    }
}

/// By the keeper, or a channel, which the service does not know from a member.
#[tokio::test]
async fn rent_is_paid_by_the_keeper_and_channels() {
    let effect = effects().into_iter().find(|e| format!("{e:?}").starts_with("Payout")).unwrap();
    let (_, client) = ready(&effect);
    let tx = client.prepare(&effect).await.unwrap();
    let bump = bump_of(&client, &tx);
    for rent in rents() {
        let change = |t: &mut Transaction| instead(t, None, rent.clone());
        let payload = with_inner(&tx.payload, &change);
        for (n, expected) in [(KEEPER, true), (7, true), (SPONSOR, false), (FEES, false)] {
            assert_eq!(may(n, &payload), expected, "{n} pays {rent:?}");
        }
        assert!(may(FEES, &with_inner(&bump, &change)), "{rent:?}");
        let sponsors = |t: &mut Transaction| instead(t, Some(SPONSOR), rent.clone());
        assert!(!may(FEES, &with_inner(&bump, &sponsors)), "{rent:?}");
    }
}

/// What all circles share has a ceiling of its own, for the service as for the client.
#[tokio::test]
async fn shared_rent_is_signed_up_to_its_own_ceiling() {
    let shared = ChainEffect::Prolong { circle: None, asset: usdc() };
    let (_, mut client) = lifetime::sharing();
    client.network.max_fee = 500;
    let tx = client.prepare(&shared).await.unwrap();
    assert_eq!(tx.max_fee, 350_500);
    let bump = bump_of(&client, &tx);
    // The inner transaction bids least, its fee-bump what was prepared.
    for (max_rent, keeper, fees) in
        [(350_500, true, true), (350_499, true, false), (350_099, false, false)]
    {
        let config = StellarConfig { max_fee: 500, max_rent, ..config() };
        let policy = TransactionPolicy::try_new(&config, Arc::new(Fixed(1_000_000))).unwrap();
        let may = |n: u8, payload: &[u8]| policy.check(&public(n), Digest::Sha256, payload).is_ok();
        assert_eq!(may(FEES, &bump), fees, "{max_rent}");
        assert_eq!(may(KEEPER, &tx.payload), keeper, "{max_rent}");
        // The same price for anything else.
        assert!(!may(FEES, &with_inner(&bump, &|t| instead(t, None, payment()))), "{max_rent}");
    }
}
