//! What nobody paid the rent of in time is archived, and comes back with all that was in it.
use kolo_core::port::ChainClient;
use kolo_core::port::chain::{ChainAddress, ChainEffect, PrepareError, PreparedTx};
use kolo_rules::Amount;
use stellar_xdr::{
    Limits, OperationBody, ReadXdr, SorobanTransactionData, SorobanTransactionDataExt,
    TransactionExt, TransactionSignaturePayload, TransactionSignaturePayloadTaggedTransaction,
};

use super::world::*;

/// Ledgers of a day.
const LEDGERS: u32 = 17_280;

impl World {
    /// Days in which nobody does anything.
    async fn sleep(&self, days: u32) {
        self.wait(u64::from(days) * DAY);
        self.net.advance_ledgers(days * LEDGERS).await.unwrap();
    }

    fn rent(&self, circle: Option<&ChainAddress>) -> ChainEffect {
        ChainEffect::Prolong { circle: circle.cloned(), asset: self.asset() }
    }

    /// Days until the first of what it needs is archived; `None`: that has happened.
    async fn days_left(&self, circle: Option<&ChainAddress>) -> Option<u64> {
        let found = self.client.lifetime(circle, &self.asset()).await.unwrap().unwrap();
        let latest = self.client.latest().await.unwrap().closed_at;
        found.unix().checked_sub(latest.unix()).map(|seconds| seconds / DAY)
    }

    /// A circle of two, of whom the first has paid, for whose entries nobody pays rent any more, while
    /// what all share is kept.
    async fn forgotten(&self) -> ChainAddress {
        let circle = self.circle(2).await;
        self.apply(&self.contribute(&circle, 1, 1)).await;
        self.sleep(90).await;
        self.apply(&self.rent(None)).await;
        self.sleep(40).await;
        assert_eq!(self.days_left(Some(&circle)).await, None, "archived");
        circle
    }

    /// The second pays, and the first is paid out: as if nothing had been.
    async fn goes_on(&self, circle: &ChainAddress) {
        assert_eq!(self.held(circle).await, [usdc(90), usdc(100), usdc(10)]);
        self.apply(&self.contribute(circle, 2, 1)).await;
        assert_eq!(self.held(circle).await, [usdc(90), usdc(90), usdc(20)]);
        self.apply(&ChainEffect::Payout { circle: circle.clone(), round: 1 }).await;
        assert_eq!(self.held(circle).await, [usdc(110), usdc(90), Amount::ZERO]);
    }

    /// What both have, and the circle.
    async fn held(&self, circle: &ChainAddress) -> [Amount; 3] {
        let on_chain = self.client.circle(circle, &self.asset()).await.unwrap().unwrap();
        assert!(on_chain.state.is_some(), "its state is told");
        [self.balance(1).await, self.balance(2).await, on_chain.vault]
    }
}

/// The one operation, and what it is about.
fn inside(tx: &PreparedTx) -> (OperationBody, SorobanTransactionData) {
    let payload = TransactionSignaturePayload::from_xdr(&tx.payload, Limits::none()).unwrap();
    let TransactionSignaturePayloadTaggedTransaction::Tx(inner) = payload.tagged_transaction else {
        panic!("a fee-bump");
    };
    let TransactionExt::V1(data) = inner.ext else { panic!("no footprint") };
    (inner.operations[0].body.clone(), data)
}

#[tokio::test]
async fn a_circles_archived_entries_are_restored_then_prolonged() {
    let world = World::new().await;
    let circle = world.forgotten().await;
    let rent = world.rent(Some(&circle));

    let (operation, data) = inside(&world.prepared(&rent).await.unwrap());
    assert!(matches!(operation, OperationBody::RestoreFootprint(_)), "{operation:?}");
    // Instance, state and the token's balance.
    assert_eq!(data.resources.footprint.read_write.len(), 3);
    assert!(data.resources.footprint.read_only.is_empty());
    world.apply(&rent).await;
    assert_eq!(world.days_left(Some(&circle)).await, Some(119));
    let again = world.client.prepare(&rent).await.unwrap_err();
    assert!(matches!(again, PrepareError::AlreadyDone), "{again}");

    world.sleep(100).await;
    world.restore_shared().await;
    let (operation, data) = inside(&world.prepared(&rent).await.unwrap());
    let OperationBody::ExtendFootprintTtl(_) = operation else { panic!("{operation:?}") };
    assert_eq!(data.resources.footprint.read_only.len(), 3);
    world.apply(&rent).await;
    assert_eq!(world.days_left(Some(&circle)).await, Some(120));
    world.goes_on(&circle).await;
}

/// Without a keeper as well: a call brings back what it needs itself.
#[tokio::test]
async fn a_members_call_restores_the_circle_it_is_about() {
    let world = World::new().await;
    let circle = world.forgotten().await;
    let (_, data) = inside(&world.prepared(&world.contribute(&circle, 2, 1)).await.unwrap());
    let SorobanTransactionDataExt::V1(restored) = &data.ext else { panic!("nothing restored") };
    assert_eq!(restored.archived_soroban_entries.len(), 3);
    world.goes_on(&circle).await;
    assert!(world.days_left(Some(&circle)).await.is_some());
}

impl World {
    /// Until nothing of what all share is archived; how many transactions that took.
    async fn restore_shared(&self) -> usize {
        let rent = self.rent(None);
        for restored in 0..10 {
            if self.days_left(None).await.is_some() {
                return restored;
            }
            let (operation, _) = inside(&self.prepared(&rent).await.unwrap());
            assert!(matches!(operation, OperationBody::RestoreFootprint(_)), "{operation:?}");
            self.apply(&rent).await;
        }
        panic!("never restored");
    }
}

#[tokio::test]
async fn what_all_share_is_restored_too() {
    let world = World::new().await;
    let circle = world.circle(2).await;
    world.apply(&world.contribute(&circle, 1, 1)).await;
    world.sleep(130).await;
    assert_eq!(world.days_left(None).await, None, "archived");
    // The rulebook's code goes alone.
    assert_eq!(world.restore_shared().await, 2);
    assert!(world.days_left(None).await.is_some_and(|days| days >= 115));
    world.apply(&world.rent(Some(&circle))).await;
    world.goes_on(&circle).await;
    // And is prolonged from then on.
    world.sleep(90).await;
    let (operation, _) = inside(&world.prepared(&world.rent(None)).await.unwrap());
    let OperationBody::ExtendFootprintTtl(_) = operation else { panic!("{operation:?}") };
    world.apply(&world.rent(None)).await;
    assert!(world.days_left(None).await.is_some_and(|days| days >= 59));
}
