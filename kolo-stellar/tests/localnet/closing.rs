//! The sponsor's reserves come back: by merging the account, or by leaving the sponsorship.
use kolo_core::port::ChainClient;
use kolo_core::port::chain::{ChainEffect, Fate, Mismatch, PrepareError, PreparedTx};
use kolo_rules::Amount;
use stellar_xdr::{
    AccountEntry, AccountEntryExt, AccountEntryExtensionV1Ext, AccountId, LedgerEntryData,
    LedgerKey, LedgerKeyAccount, Limits, MuxedAccount, OperationBody, ReadXdr, RevokeSponsorshipOp,
    Transaction, TransactionSignaturePayload, TransactionSignaturePayloadTaggedTransaction,
    WriteXdr,
};

use super::world::*;

/// Half an XLM, in stroops.
const RESERVE: i64 = 5_000_000;

impl World {
    fn id(&self, n: u8) -> AccountId {
        self.address(n).0.parse().unwrap()
    }

    async fn entry(&self, n: u8) -> Option<AccountEntry> {
        let key = LedgerKey::Account(LedgerKeyAccount { account_id: self.id(n) });
        let found = self.rpc.ledger_entries(&[key]).await.unwrap();
        found.into_iter().next().map(|entry| match entry.data {
            LedgerEntryData::Account(account) => account,
            other => panic!("{other:?}"),
        })
    }

    /// How many reserves the operator's sponsor carries for others.
    async fn sponsored(&self) -> u32 {
        let sponsor = self.entry(SPONSOR).await.unwrap();
        let AccountEntryExt::V1(v1) = &sponsor.ext else { return 0 };
        let AccountEntryExtensionV1Ext::V2(v2) = &v1.ext else { return 0 };
        v2.num_sponsoring
    }

    async fn balance_xlm(&self, n: u8) -> i64 {
        self.entry(n).await.map_or(0, |account| account.balance)
    }

    fn closing(&self, n: u8, to: u8) -> ChainEffect {
        let (owner, to) = (self.address(n), self.address(to));
        ChainEffect::CloseAccount { owner, asset: self.asset(), to }
    }

    fn leaving(&self, n: u8) -> ChainEffect {
        ChainEffect::LeaveSponsorship { owner: self.address(n), asset: self.asset() }
    }

    async fn refused_because(&self, effect: &ChainEffect) -> String {
        match self.client.prepare(effect).await {
            Err(PrepareError::Refused(refused)) => refused.reason,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_closed_account_gives_its_three_reserves_back() {
    let world = World::new().await;
    assert_eq!(world.sponsored().await, 0);
    world.open(1, usdc(5)).await;
    world.open(2, Amount::ZERO).await;
    assert_eq!(world.sponsored().await, 6);
    let held = world.refused_because(&world.closing(1, SPONSOR)).await;
    assert!(held.contains("50000000"), "{held}");
    world.apply(&world.pay(1, 2, usdc(5))).await;

    let sponsor = world.balance_xlm(SPONSOR).await;
    let fees = world.balance_xlm(FEES).await;
    let Fate::Confirmed { fee, .. } = world.attempt(&world.closing(1, SPONSOR)).await.unwrap()
    else {
        panic!("not confirmed");
    };
    assert_eq!(world.entry(1).await, None);
    assert_eq!(world.sponsored().await, 3);
    assert_eq!(world.balance_xlm(SPONSOR).await, sponsor, "there was no XLM in it");
    assert_eq!(world.balance_xlm(FEES).await, fees - fee);
    let again = world.client.prepare(&world.closing(1, SPONSOR)).await.unwrap_err();
    assert!(matches!(again, PrepareError::AlreadyDone), "{again}");

    // The same key opens again.
    world.open(1, usdc(1)).await;
    assert_eq!((world.balance(1).await, world.sponsored().await), (usdc(1), 6));
}

#[tokio::test]
async fn xlm_of_the_members_own_goes_where_they_say() {
    let world = World::new().await;
    world.open(1, Amount::ZERO).await;
    world.open(2, Amount::ZERO).await;
    world.net.fund(world.id(1), 70_000_000).await.unwrap();
    // Not to the sponsor, which is where it would go when nobody says anything.
    let kept = world.refused_because(&world.closing(1, SPONSOR)).await;
    assert!(kept.contains("70000000"), "{kept}");
    world.apply(&world.closing(1, 2)).await;
    assert_eq!(world.entry(1).await, None);
    assert_eq!(world.balance_xlm(2).await, 70_000_000);
    assert_eq!(world.sponsored().await, 3);
}

#[tokio::test]
async fn an_account_that_stands_on_its_own_leaves_the_sponsorship() {
    let world = World::new().await;
    world.open(1, usdc(5)).await;
    assert_eq!(world.sponsored().await, 3);
    let poor = world.refused_because(&world.leaving(1)).await;
    assert!(poor.contains("15000000"), "{poor}");
    world.net.fund(world.id(1), 3 * RESERVE - 1).await.unwrap();
    let poor = world.refused_because(&world.leaving(1)).await;
    assert!(poor.contains("14999999"), "{poor}");
    world.net.fund(world.id(1), 1).await.unwrap();
    world.apply(&world.leaving(1)).await;
    assert_eq!(world.sponsored().await, 0);
    assert_eq!((world.balance(1).await, world.balance_xlm(1).await), (usdc(5), 3 * RESERVE));
    let again = world.client.prepare(&world.leaving(1)).await.unwrap_err();
    assert!(matches!(again, PrepareError::AlreadyDone), "{again}");
    // It works on, and can be closed into another; nothing of the sponsor's is in it any more.
    world.open(2, Amount::ZERO).await;
    world.apply(&world.pay(1, 2, usdc(5))).await;
    world.apply(&world.closing(1, 2)).await;
    assert_eq!((world.balance_xlm(2).await, world.sponsored().await), (3 * RESERVE, 3));
}

#[tokio::test]
async fn what_would_lose_something_is_refused() {
    let world = World::new().await;
    world.open(1, Amount::ZERO).await;
    for (to, why) in [(1, "itself"), (9, "does not exist")] {
        let reason = world.refused_because(&world.closing(1, to)).await;
        assert!(reason.contains(why), "{reason}");
    }
    let nobody = world.refused_because(&world.leaving(9)).await;
    assert!(nobody.contains("does not exist"), "{nobody}");
    assert_eq!(world.sponsored().await, 3, "nothing has changed");
}

/// The transaction with something changed in it, under its new hash.
fn altered(tx: &PreparedTx, change: impl FnOnce(&mut Transaction)) -> PreparedTx {
    let mut payload = TransactionSignaturePayload::from_xdr(&tx.payload, Limits::none()).unwrap();
    let TransactionSignaturePayloadTaggedTransaction::Tx(inner) = &mut payload.tagged_transaction
    else {
        panic!("a fee-bump");
    };
    change(inner);
    let payload = payload.to_xdr(Limits::none()).unwrap();
    let hash = sha256(&payload).iter().map(|byte| format!("{byte:02x}")).collect();
    PreparedTx { payload, hash, ..tx.clone() }
}

fn operations(tx: &mut Transaction, change: impl FnOnce(&mut Vec<stellar_xdr::Operation>)) {
    let mut all = tx.operations.to_vec();
    change(&mut all);
    tx.operations = all.try_into().unwrap();
}

type Change<'a> = (&'static str, Box<dyn FnOnce(&mut Vec<stellar_xdr::Operation>) + 'a>);

fn each_is_refused(world: &World, effect: &ChainEffect, tx: &PreparedTx, changes: Vec<Change<'_>>) {
    assert_eq!(world.client.verify(effect, tx), Ok(()));
    for (field, change) in changes {
        let wrong = altered(tx, |inner| operations(inner, change));
        let Err(Mismatch { field: found }) = world.client.verify(effect, &wrong) else {
            panic!("{field} was let through");
        };
        assert_eq!(found, field);
    }
}

#[tokio::test]
async fn no_field_of_a_closing_can_be_altered() {
    let world = World::new().await;
    world.open(1, Amount::ZERO).await;
    world.open(2, Amount::ZERO).await;
    let effect = world.closing(1, SPONSOR);
    let tx = world.client.prepare(&effect).await.unwrap();
    let thief = || Some(MuxedAccount::from(world.id(2)));
    let changes: Vec<Change<'_>> = vec![
        (
            "merge destination",
            Box::new(|all| {
                all[1].body = OperationBody::AccountMerge(thief().unwrap());
            }),
        ),
        ("merge source", Box::new(|all| all[1].source_account = thief())),
        ("kind of the last operation", Box::new(|all| all[1].body = OperationBody::Inflation)),
        ("trustline source", Box::new(|all| all[0].source_account = thief())),
        (
            "trustline limit",
            Box::new(|all| {
                let OperationBody::ChangeTrust(change) = &mut all[0].body else { panic!() };
                change.limit = i64::MAX;
            }),
        ),
        (
            "trustline asset",
            Box::new(|all| {
                let OperationBody::ChangeTrust(change) = &mut all[0].body else { panic!() };
                change.line = stellar_xdr::ChangeTrustAsset::Native;
            }),
        ),
        (
            "kind of the trustline's operation",
            Box::new(|all| {
                all[0].body = OperationBody::Inflation;
            }),
        ),
        ("number of operations", Box::new(|all| all.insert(0, all[0].clone()))),
        ("number of operations", Box::new(Vec::clear)),
    ];
    each_is_refused(&world, &effect, &tx, changes);
    // Nor is it another's closing, or another effect.
    for other in [world.closing(2, SPONSOR), world.closing(1, 2), world.leaving(1)] {
        assert!(world.client.verify(&other, &tx).is_err(), "{other:?}");
    }
}

#[tokio::test]
async fn no_field_of_leaving_can_be_altered() {
    let world = World::new().await;
    world.open(1, Amount::ZERO).await;
    world.net.fund(world.id(1), 3 * RESERVE).await.unwrap();
    let effect = world.leaving(1);
    let tx = world.client.prepare(&effect).await.unwrap();
    let thief = || Some(MuxedAccount::from(world.id(2)));
    let other = || {
        let key = LedgerKey::Account(LedgerKeyAccount { account_id: world.id(FEES) });
        OperationBody::RevokeSponsorship(RevokeSponsorshipOp::LedgerEntry(key))
    };
    let changes: Vec<Change<'_>> = vec![
        ("sponsored account", Box::new(|all| all[1].body = other())),
        ("sponsored trustline", Box::new(|all| all[0].body = other())),
        ("account source", Box::new(|all| all[1].source_account = thief())),
        ("trustline source", Box::new(|all| all[0].source_account = thief())),
        ("number of operations", Box::new(|all| all.insert(0, all[0].clone()))),
    ];
    each_is_refused(&world, &effect, &tx, changes);
}
