//! What waits for a ledger that closes at an interval, and what may take its place.

use std::sync::Arc;
use std::time::Duration;

use kolo_localnet::{Close, Localnet, SendOutcome};
use stellar_xdr::*;

use crate::support::*;

/// A network whose ledgers close when the test says so.
struct Waiting {
    localnet: Localnet,
    funded: u32,
}

impl Waiting {
    fn new(people: &[(&Key, i64)]) -> Self {
        let close = Close::Every(Duration::from_secs(86_400));
        let localnet = Localnet::builder().clock(Arc::new(|| START)).close(close).start().unwrap();
        let mut funded = 0;
        for (person, balance) in people {
            funded = localnet.fund(person.id(), *balance).wait().unwrap().ledger;
        }
        Self { localnet, funded }
    }

    /// A payment of the one who was funded last.
    fn payment(&self, from: &Key, seq: i64, fee: u32) -> TransactionEnvelope {
        let tx = Transaction {
            source_account: from.muxed(),
            fee,
            seq_num: SequenceNumber((i64::from(self.funded) << 32) + seq),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: vec![op(pay(from, &Asset::Native, 1))].try_into().unwrap(),
            ext: TransactionExt::V0,
        };
        let signature = from.sign(&tx.hash(self.localnet.network_id()).unwrap());
        let signatures = vec![signature].try_into().unwrap();
        TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures })
    }

    fn bump(&self, payer: &Key, fee: i64, inner: &TransactionEnvelope) -> TransactionEnvelope {
        let TransactionEnvelope::Tx(inner) = inner.clone() else { panic!("not a transaction") };
        let tx = FeeBumpTransaction {
            fee_source: payer.muxed(),
            fee,
            inner_tx: FeeBumpTransactionInnerTx::Tx(inner),
            ext: FeeBumpTransactionExt::V0,
        };
        let hash = tx.hash(self.localnet.network_id()).unwrap();
        let signatures = vec![payer.sign(&hash)].try_into().unwrap();
        TransactionEnvelope::TxFeeBump(FeeBumpTransactionEnvelope { tx, signatures })
    }

    fn send(&self, envelope: &TransactionEnvelope) -> SendOutcome {
        self.localnet.send(envelope.clone()).wait().unwrap()
    }

    fn refused(&self, envelope: &TransactionEnvelope) -> (TransactionResultResult, i64) {
        match self.send(envelope) {
            SendOutcome::Error { result, .. } => (result.result, result.fee_charged),
            other => panic!("not refused: {other:?}"),
        }
    }

    /// The hashes of what the next ledger holds.
    fn closed(&self) -> Vec<Hash> {
        let ledger = self.localnet.close_ledger().wait().unwrap();
        assert!(ledger.transactions.iter().all(|tx| tx.is_successful()));
        ledger.transactions.iter().map(|tx| tx.hash.clone()).collect()
    }
}

#[test]
fn ten_times_the_fee_takes_the_place_of_what_waits() {
    let (ben, ada) = (Key::new("ben"), Key::new("ada"));
    let net = Waiting::new(&[(&ben, 100 * XLM), (&ada, 100 * XLM)]);
    let first = net.payment(&ada, 1, 100);
    assert!(matches!(net.send(&first), SendOutcome::Pending(_)));
    // A fee-bump counts as two operations, and ten times 100 stroops each are 2,000.
    let insufficient = (TransactionResultResult::TxInsufficientFee, 2_000);
    assert_eq!(net.refused(&net.bump(&ben, 1_999, &first)), insufficient);
    let bump = net.bump(&ben, 2_000, &first);
    let SendOutcome::Pending(hash) = net.send(&bump) else { panic!("it offers enough") };
    assert_eq!(net.send(&bump), SendOutcome::Duplicate(hash.clone()));
    assert!(matches!(net.send(&first), SendOutcome::Duplicate(_)), "it is inside");
    // The next one has to offer ten times that.
    let insufficient = (TransactionResultResult::TxInsufficientFee, 20_000);
    assert_eq!(net.refused(&net.bump(&ada, 19_999, &first)), insufficient);
    assert_eq!(net.closed(), [hash]);
}

#[test]
fn what_is_not_a_bump_of_the_same_number_waits_its_turn() {
    let ada = Key::new("ada");
    let net = Waiting::new(&[(&ada, 100 * XLM)]);
    let first = net.payment(&ada, 1, 100);
    assert!(matches!(net.send(&first), SendOutcome::Pending(_)));
    let dearer = net.payment(&ada, 1, 100_000);
    assert!(matches!(net.send(&dearer), SendOutcome::TryAgainLater(_)));
    let next = net.payment(&ada, 2, 100);
    assert!(matches!(net.send(&next), SendOutcome::TryAgainLater(_)));
    assert!(matches!(net.send(&net.bump(&ada, 100_000, &next)), SendOutcome::TryAgainLater(_)));
    let old = net.payment(&ada, 0, 100);
    assert_eq!(net.refused(&old).0, TransactionResultResult::TxBadSeq);
    assert_eq!(net.closed().len(), 1);
    assert!(matches!(net.send(&next), SendOutcome::Pending(_)));
}

#[test]
fn who_pays_for_others_has_to_have_it_for_all_of_them() {
    let (payer, ada) = (Key::new("payer"), Key::new("ada"));
    // A reserve of one XLM, and one more for fees.
    let net = Waiting::new(&[(&payer, 2 * XLM), (&ada, 100 * XLM)]);
    let inner = net.payment(&ada, 1, 100);
    assert!(matches!(net.send(&net.bump(&payer, XLM - 100, &inner)), SendOutcome::Pending(_)));
    let own = |fee: u32| {
        let envelope = net.payment(&payer, 1, fee);
        let TransactionEnvelope::Tx(mut v1) = envelope else { panic!() };
        v1.tx.seq_num.0 -= 1 << 32;
        let signature = payer.sign(&v1.tx.hash(net.localnet.network_id()).unwrap());
        v1.signatures = vec![signature].try_into().unwrap();
        TransactionEnvelope::Tx(v1)
    };
    assert_eq!(net.refused(&own(101)).0, TransactionResultResult::TxInsufficientBalance);
    assert!(matches!(net.send(&own(100)), SendOutcome::Pending(_)));
    assert_eq!(net.closed().len(), 2);
}
