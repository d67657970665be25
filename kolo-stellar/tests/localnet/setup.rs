use kolo_core::port::ChainClient;
use kolo_core::port::chain::{ChainEffect, PrepareError};
use kolo_rules::Amount;
use kolo_stellar::setup::{Bootstrap, Funder, bootstrap};
use kolo_stellar::{FnTransport, Rpc, StellarChainClient, StellarConfig, UnknownProtocol};
use stellar_xdr::{LedgerEntryData, LedgerKey, LedgerKeyAccount};

use super::world::*;

#[tokio::test]
async fn setting_up_again_finds_what_is_there() {
    let world = World::new().await;
    let before = world.client.latest().await.unwrap();
    let funder = Funder::root_of(world.net.passphrase());
    let again = bootstrap(&world.rpc, &funder, &wanted()).await.unwrap();
    assert_eq!(again, world.deployment);
    assert_eq!(world.client.latest().await.unwrap(), before, "no ledger was needed");

    // Another asset is another contract and another factory.
    let euro = Bootstrap { asset_code: "EURC".to_owned(), ..wanted() };
    let other = bootstrap(&world.rpc, &funder, &euro).await.unwrap();
    assert_ne!(other.factory, again.factory);
    assert_ne!(other.asset_contract, again.asset_contract);
    assert_eq!(other.circle_hash, again.circle_hash);
}

#[tokio::test]
async fn a_member_needs_no_xlm() {
    let world = World::new().await;
    world.open(1, usdc(25)).await;
    assert_eq!(world.balance(1).await, usdc(25));
    let address = world.address(1);
    let key = LedgerKey::Account(LedgerKeyAccount { account_id: address.0.parse().unwrap() });
    let found = world.rpc.ledger_entries(&[key]).await.unwrap();
    let LedgerEntryData::Account(account) = &found[0].data else {
        panic!("no account");
    };
    assert_eq!(account.balance, 0);

    world.open(2, Amount::ZERO).await;
    assert_eq!(world.balance(2).await, Amount::ZERO);
    world.apply(&world.pay(1, 2, usdc(5))).await;
    assert_eq!((world.balance(1).await, world.balance(2).await), (usdc(20), usdc(5)));

    let again = ChainEffect::OpenAccount { owner: address, asset: world.asset() };
    let error = world.client.prepare(&again).await.unwrap_err();
    assert!(matches!(error, PrepareError::AlreadyDone), "{error}");
}

#[tokio::test]
async fn a_node_of_another_network_is_refused() {
    let world = World::new().await;
    let config = StellarConfig {
        passphrase: "Test SDF Network ; September 2015".to_owned(),
        ..world.deployment.config()
    };
    let error = StellarChainClient::connect(world.rpc.clone(), &config).await;
    let error = error.err().unwrap().to_string();
    assert!(error.contains("Test SDF Network"), "{error}");
}

/// What would be signed could mean something else there.
#[tokio::test]
async fn a_network_of_an_unknown_protocol_is_refused() {
    let world = World::new().await;
    for (protocol, is_known) in [(25, false), (26, true), (30, true), (31, false), (0, false)] {
        let net = world.net.clone();
        let rpc = Rpc::new(FnTransport::new(move |request| {
            let net = net.clone();
            async move {
                let mut answer = net.rpc(request).await;
                if let Some(found) = answer.pointer_mut("/result/protocolVersion") {
                    *found = protocol.into();
                }
                Ok(answer)
            }
        }));
        let client = StellarChainClient::connect(rpc, &world.deployment.config()).await;
        assert_eq!(client.is_ok(), is_known, "{protocol}");
        if let Err(error) = client {
            let source = std::error::Error::source(&error).unwrap();
            let unknown = source.downcast_ref::<UnknownProtocol>().unwrap();
            assert_eq!(unknown.found, protocol);
            assert!(error.to_string().contains("26 to 30"), "{error}");
        }
    }
}

/// Entries nobody touched for long are archived; the next call brings them back by itself, when
/// the operator allows the fee: the rent of the circle's code is most of it.
#[tokio::test]
async fn archived_circles_come_back_with_the_next_call() {
    let world = World::new().await;
    let circle = world.circle(2).await;
    world.net.advance_ledgers(5_000_000).await.unwrap();
    let contribution = world.contribute(&circle, 1, 1);
    let error = world.client.prepare(&contribution).await.unwrap_err();
    assert!(error.to_string().contains("ceiling"), "{error}");

    let generous = StellarConfig { max_fee: 4_000_000_000, ..world.deployment.config() };
    let generous = StellarChainClient::connect(world.rpc.clone(), &generous).await;
    let generous = World { client: generous.unwrap(), ..world };
    generous.apply(&contribution).await;
    assert_eq!(generous.balance(1).await, usdc(90));
    // For the others it is there again.
    let world = World {
        client: StellarChainClient::try_new(generous.rpc.clone(), &generous.deployment.config())
            .unwrap(),
        ..generous
    };
    world.apply(&world.contribute(&circle, 2, 1)).await;
    let vault = world.client.balance(&circle, &world.asset()).await.unwrap();
    assert_eq!(vault, usdc(20));
}
