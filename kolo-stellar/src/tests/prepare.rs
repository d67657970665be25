use std::sync::Arc;

use async_trait::async_trait;
use kolo_core::Timestamp;
use kolo_core::port::chain::{ChainEffect, PrepareError};
use kolo_core::port::{ChainClient, Clock, PortErrorKind};
use kolo_rules::Amount;
use serde_json::json;
use stellar_xdr::{
    Limits, OperationBody, Preconditions, ReadXdr, ScAddress, TransactionEnvelope, WriteXdr,
};

use super::node::{Node, Say};
use super::world::*;
use crate::address::sha256;
use crate::plan::Plan;
use crate::rpc::XDR_LIMITS;

#[tokio::test]
async fn every_effect_is_prepared_under_the_right_source_and_passes_its_own_check() {
    for effect in effects() {
        let (_, client) = ready(&effect);
        let tx = client.prepare(&effect).await.unwrap();
        let (source, signers) = match &effect {
            ChainEffect::OpenAccount { .. } | ChainEffect::OpenChannel { .. } => {
                (SPONSOR, vec![public(SPONSOR), public(9)])
            }
            ChainEffect::OpenTrustline { .. } => (SPONSOR, vec![public(SPONSOR), public(CHANNEL)]),
            ChainEffect::CloseAccount { .. } => (CLOSING, vec![public(CLOSING)]),
            ChainEffect::LeaveSponsorship { .. } => (SPONSOR, vec![public(SPONSOR)]),
            ChainEffect::ByChannel { .. } => (CHANNEL, vec![public(CHANNEL)]),
            ChainEffect::Payout { .. }
            | ChainEffect::Push { .. }
            | ChainEffect::Claim { .. }
            | ChainEffect::Reveal { .. }
            | ChainEffect::Proceed { .. }
            | ChainEffect::Sync { .. }
            | ChainEffect::CompleteMove { .. }
            | ChainEffect::Upgrade { .. }
            | ChainEffect::Prolong { .. } => (KEEPER, vec![public(KEEPER)]),
            ChainEffect::Pay { .. }
            | ChainEffect::CreateCircle { .. }
            | ChainEffect::Invite { .. }
            | ChainEffect::RevokeInvitation { .. }
            | ChainEffect::Remove { .. }
            | ChainEffect::Start { .. }
            | ChainEffect::Cancel { .. }
            | ChainEffect::Approve { .. }
            | ChainEffect::Reject { .. } => (1, vec![public(1)]),
            _ => (2, vec![public(2)]),
        };
        assert_eq!(tx.source, address(source), "{effect:?}");
        assert_eq!(tx.signers, signers, "{effect:?}");
        assert_eq!(tx.sequence, 42, "{effect:?}");
        assert_eq!(tx.max_time.unix(), 1_000_120, "{effect:?}");
        assert_eq!(client.verify(&effect, &tx), Ok(()), "{effect:?}");
    }
}

/// Its owner may have merged it away in another wallet: nobody pays for a new one by that.
#[tokio::test]
async fn a_trustline_brings_no_account_back() {
    let (node, client) = ready(&effects()[0]);
    let trust = |n: u8| ChainEffect::OpenTrustline { owner: address(n), asset: usdc() };
    let gone = client.prepare(&trust(9)).await.unwrap_err();
    let PrepareError::NoSource { account, as_of } = gone else { panic!("{gone:?}") };
    assert_eq!((account, as_of.unix()), (address(9), 1_000_000));
    let there = client.prepare(&trust(1)).await.unwrap_err();
    assert!(matches!(there, PrepareError::AlreadyDone), "{there:?}");
    // Nor is what would create it signed as one.
    let opened = client.prepare(&effects()[0]).await.unwrap();
    let refused = client.verify(&trust(9), &opened).unwrap_err();
    assert_eq!(refused.field, "number of operations");
    drop(node);
}

/// SHA-256(circle ‖ member ‖ secret), the member as the network writes an address: what the contract
/// compares a revealed secret with. The secret itself stays here until then.
#[test]
fn a_commitment_binds_circle_member_and_secret_and_shows_none_of_it() {
    let commits = |effect: &ChainEffect| matches!(effect, ChainEffect::Commit { .. });
    let effect = effects().into_iter().find(commits).unwrap();
    let Plan::Call(call) = Plan::of(&client(&Node::default()).network, &effect).unwrap() else {
        panic!("no call");
    };
    let mut preimage = vec![50; 32];
    preimage.extend(ScAddress::Account(account(2)).to_xdr(Limits::none()).unwrap());
    preimage.extend([11; 32]);
    assert_eq!(call.args[1].1, crate::scval::bytes(&sha256(&preimage)).unwrap());
    assert!(!format!("{effect:?}").contains("11"), "{effect:?}");
}

#[tokio::test]
async fn fees_are_the_bid_times_operations_and_bump_and_the_resources_with_margin() {
    let effect = &effects()[10];
    let (node, client) = ready(effect);
    let tx = client.prepare(effect).await.unwrap();
    // 200,000 + a quarter + 100,000 of resources; two bids of 250.
    assert_eq!(tx.max_fee, 350_000 + 2 * 250);
    let asked = node.asked("simulateTransaction");
    assert_eq!(asked[0]["resourceConfig"]["instructionLeeway"], 3_000_000);
    let envelope = asked[0]["transaction"].as_str().unwrap();
    let envelope = TransactionEnvelope::from_xdr_base64(envelope, XDR_LIMITS).unwrap();
    let TransactionEnvelope::Tx(envelope) = envelope else {
        panic!("not an inner envelope");
    };
    assert!(envelope.signatures.is_empty());

    let (_, mut poor) = ready(effect);
    poor.network.max_fee = 350_000;
    let error = poor.prepare(effect).await.unwrap_err();
    assert!(matches!(&error, PrepareError::Port(e) if e.kind == PortErrorKind::Limited), "{error}");
}

pub struct Fixed(pub u64);

#[async_trait]
impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0)
    }

    async fn sleep_until(&self, _: Timestamp) {}
}

#[tokio::test]
async fn validity_counts_from_the_later_of_clock_and_ledger() {
    let effect = &effects()[10];
    for (now, max_time) in [(1_003_600, 1_003_720), (5, 1_000_120)] {
        let (_, client) = ready(effect);
        let client = client.with_clock(Arc::new(Fixed(now)));
        let tx = client.prepare(effect).await.unwrap();
        assert_eq!(tx.max_time.unix(), max_time);
        let Preconditions::Time(bounds) = super::verify::decoded(&tx).cond else {
            panic!("no time bounds");
        };
        assert_eq!((bounds.min_time.0, bounds.max_time.0), (1_000_000, max_time));
        assert_eq!(client.verify(effect, &tx), Ok(()));
    }
}

#[tokio::test]
async fn opening_makes_what_is_missing_and_nothing_twice() {
    let effect = &effects()[0];
    let (node, client) = ready(effect);
    let kinds = |ops: &[stellar_xdr::Operation]| -> Vec<&'static str> {
        ops.iter().map(|op| op.body.name()).collect()
    };
    let operations = async || -> Vec<stellar_xdr::Operation> {
        let tx = client.prepare(effect).await.unwrap();
        super::verify::decoded(&tx).operations.to_vec()
    };
    assert_eq!(
        kinds(&operations().await),
        [
            "BeginSponsoringFutureReserves",
            "CreateAccount",
            "ChangeTrust",
            "EndSponsoringFutureReserves"
        ]
    );
    node.entry(account_entry(9, 7));
    let ops = operations().await;
    assert_eq!(
        kinds(&ops),
        ["BeginSponsoringFutureReserves", "ChangeTrust", "EndSponsoringFutureReserves"]
    );
    assert!(matches!(&ops[1].body, OperationBody::ChangeTrust(t) if t.limit == i64::MAX));
    node.entry(trustline_entry(9, 0));
    let error = client.prepare(effect).await.unwrap_err();
    assert!(matches!(error, PrepareError::AlreadyDone), "{error}");
}

#[tokio::test]
async fn a_payment_the_network_would_refuse_is_refused_before_it_costs_anything() {
    let pay = |from: u8, to: u8, amount: i64| ChainEffect::Pay {
        from: address(from),
        to: address(to),
        asset: usdc(),
        amount: Amount::new(amount),
    };
    let (node, client) = ready(&effects()[1]);
    node.entry(account_entry(ISSUER, 1));
    for (effect, reason) in [
        (pay(1, 2, 1_000_000_001), "PaymentUnderfunded"),
        (pay(1, 8, 1), "PaymentNoTrust"),
        (pay(FEES, 2, 1), "PaymentSrcNoTrust"),
    ] {
        match client.prepare(&effect).await {
            Err(PrepareError::Refused(refused)) => {
                assert_eq!((refused.contract_code, refused.reason.as_str()), (None, reason));
            }
            other => panic!("{reason}: {other:?}"),
        }
    }
    // The issuer needs no trustline, and neither does who pays it back.
    client.prepare(&pay(ISSUER, 2, 5)).await.unwrap();
    client.prepare(&pay(2, ISSUER, 5)).await.unwrap();
    let nothing = client.prepare(&pay(1, 2, 0)).await.unwrap_err();
    assert!(matches!(&nothing, PrepareError::Port(e) if e.kind == PortErrorKind::Invalid));
}

#[tokio::test]
async fn a_contracts_refusal_keeps_its_number() {
    let effect = &effects()[10];
    for (words, code) in [
        ("HostError: Error(Contract, #131)\n\nEvent log (newest first):\n   0: …", Some(131)),
        ("HostError: Error(Contract, #21)", Some(21)),
        ("HostError: Error(Crypto, InvalidInput)\nError(Contract, #9)", None),
        ("HostError: Error(Storage, MissingValue)", None),
    ] {
        let node = Node::default();
        node.entry(account_entry(2, 41));
        node.result("simulateTransaction", json!({ "error": words, "latestLedger": 100 }));
        match client(&node).prepare(effect).await {
            Err(PrepareError::Refused(refused)) => {
                assert_eq!(refused.contract_code, code, "{words}");
                assert!(refused.reason.starts_with("HostError") && !refused.reason.contains('\n'));
            }
            other => panic!("{words}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_a_simulation_smuggles_in_is_not_handed_out() {
    let effect = &effects()[10];
    let (node, client) = ready(effect);
    let mut answer = simulation(&client, effect);
    // A second authorisation beside the one wanted.
    let auth = answer["results"][0]["auth"].as_array_mut().unwrap();
    auth.push(auth[0].clone());
    node.result("simulateTransaction", answer);
    client.prepare(effect).await.unwrap(); // the honest answer of the script comes first
    let error = client.prepare(effect).await.unwrap_err();
    assert!(matches!(&error, PrepareError::Port(e) if e.kind == PortErrorKind::Denied), "{error}");
}

#[tokio::test]
async fn archived_entries_and_missing_accounts_are_said_plainly() {
    let effect = &effects()[10];
    let node = Node::default();
    let error = client(&node).prepare(effect).await.unwrap_err();
    let PrepareError::NoSource { account, as_of } = &error else { panic!("{error}") };
    assert_eq!((account, as_of.unix()), (&address(2), 1_000_000));
    node.entry(account_entry(2, 41));
    node.result(
        "simulateTransaction",
        json!({
            "transactionData": "", "minResourceFee": "1", "latestLedger": 1,
            "restorePreamble": { "minResourceFee": "1", "transactionData": "AAAA" },
        }),
    );
    let error = client(&node).prepare(effect).await.unwrap_err();
    assert!(error.to_string().contains("restored"), "{error}");
}

/// An account is missing in the ledger that was told of or in a later one, else nowhere.
#[tokio::test]
async fn a_node_that_is_behind_does_not_make_an_account_missing() {
    let trustline = ChainEffect::OpenTrustline { owner: address(9), asset: usdc() };
    for effect in [&effects()[10], &trustline] {
        for (as_of, missing) in [(99, false), (100, true), (101, true)] {
            let node = Node::default();
            node.result("getLedgerEntries", json!({ "entries": [], "latestLedger": as_of }));
            let error = client(&node).prepare(effect).await.unwrap_err();
            assert_eq!(matches!(&error, PrepareError::NoSource { .. }), missing, "{error}");
            if let PrepareError::Port(error) = error {
                assert_eq!(error.retry, kolo_core::port::Retry::Temporary);
            }
        }
    }
}

#[tokio::test]
async fn a_silent_node_is_an_unknown_not_a_refusal() {
    let effect = &effects()[10];
    let (node, client) = ready(effect);
    node.say("getLedgerEntries", Say::Nothing);
    let error = client.prepare(effect).await.unwrap_err();
    assert!(matches!(&error, PrepareError::Port(e) if e.kind == PortErrorKind::Timeout), "{error}");
}
