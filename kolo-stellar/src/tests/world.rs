//! Keys, accounts and effects the tests share.
use ed25519_dalek::{Signer, SigningKey};
use kolo_core::port::chain::{
    ChainAddress, ChainEffect, DrawSecret, FeeBump, PreparedTx, SignedTx,
};
use kolo_core::port::vault::{PublicKey, Signature};
use kolo_core::{Asset, Timestamp};
use kolo_rules::circle::Motion;
use kolo_rules::{Amount, Interval, Rules};
use serde_json::{Value, json};
use stellar_xdr::{
    AccountEntry, AccountEntryExt, AccountEntryExtensionV1, AccountEntryExtensionV1Ext,
    AccountEntryExtensionV2, AccountEntryExtensionV2Ext, AccountId, ContractId, Hash,
    LedgerEntryData, LedgerFootprint, Liabilities, SequenceNumber, SorobanAuthorizationEntry,
    SorobanCredentials, SorobanResources, SorobanTransactionData, SorobanTransactionDataExt,
    Thresholds, TrustLineEntry, TrustLineEntryExt,
};

use super::lifetime;
use super::node::{Node, xdr};
use crate::address::{account_address, account_of, contract_address, sha256};
use crate::plan::Plan;
use crate::read::trustline_key;
use crate::{Operators, StellarChainClient, StellarConfig};

pub const PASSPHRASE: &str = "Standalone Network ; February 2017";

pub fn key(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

pub fn public(n: u8) -> PublicKey {
    PublicKey(key(n).verifying_key().to_bytes())
}

pub fn account(n: u8) -> AccountId {
    account_of(public(n).0)
}

pub fn address(n: u8) -> ChainAddress {
    account_address(&account(n))
}

pub fn contract(n: u8) -> ChainAddress {
    contract_address(&ContractId(Hash([n; 32])))
}

pub const SPONSOR: u8 = 201;
pub const FEES: u8 = 202;
pub const KEEPER: u8 = 203;
pub const ISSUER: u8 = 204;
pub const CHANNEL: u8 = 205;
/// An account with nothing in it, which is closed.
pub const CLOSING: u8 = 10;
/// A sponsored account that can carry its own reserves.
pub const LEAVING: u8 = 11;

pub fn usdc() -> Asset {
    Asset { code: "USDC".to_owned(), issuer: address(ISSUER).0, decimals: 7 }
}

/// A code of circles that was not released, but is known.
pub const VOUCHED_FOR: [u8; 32] = [1; 32];

pub fn config() -> StellarConfig {
    let operators =
        Operators { sponsor: public(SPONSOR), fees: public(FEES), keeper: public(KEEPER) };
    let config = StellarConfig::new(PASSPHRASE, vec![usdc()], contract(99), operators);
    StellarConfig { circle_codes: vec![VOUCHED_FOR], ..config }
}

pub fn client(node: &Node) -> StellarChainClient {
    StellarChainClient::try_new(node.rpc(), &config()).unwrap()
}

pub fn rules() -> Rules {
    let weekly = Interval::Seconds(604_800);
    Rules {
        utc_offset_s: 3600,
        advance: true,
        vote_period_s: 604_800,
        ..Rules::new([7; 32], 3, Amount::new(100_000_000), weekly)
    }
}

pub fn account_entry(n: u8, sequence: i64) -> LedgerEntryData {
    LedgerEntryData::Account(AccountEntry {
        account_id: account(n),
        balance: 0,
        seq_num: SequenceNumber(sequence),
        num_sub_entries: 1,
        inflation_dest: None,
        flags: 0,
        home_domain: Default::default(),
        thresholds: Thresholds([1, 0, 0, 0]),
        signers: Default::default(),
        ext: AccountEntryExt::V0,
    })
}

/// With the reserves of the account and its trustline carried by somebody else.
fn sponsored_entry(n: u8) -> LedgerEntryData {
    let LedgerEntryData::Account(account) = account_entry(n, 41) else { unreachable!() };
    let sponsored = AccountEntryExtensionV2 {
        num_sponsored: 3,
        num_sponsoring: 0,
        signer_sponsoring_i_ds: Default::default(),
        ext: AccountEntryExtensionV2Ext::V0,
    };
    let more = AccountEntryExtensionV1 {
        liabilities: Liabilities { buying: 0, selling: 0 },
        ext: AccountEntryExtensionV1Ext::V2(sponsored),
    };
    LedgerEntryData::Account(AccountEntry {
        balance: 15_000_000,
        ext: AccountEntryExt::V1(more),
        ..account
    })
}

pub fn trustline_entry(n: u8, balance: i64) -> LedgerEntryData {
    let known = crate::config::known_asset(sha256(PASSPHRASE.as_bytes()), &usdc()).unwrap();
    let stellar_xdr::LedgerKey::Trustline(key) = trustline_key(&account(n), &known.xdr) else {
        unreachable!()
    };
    LedgerEntryData::Trustline(TrustLineEntry {
        account_id: account(n),
        asset: key.asset,
        balance,
        limit: i64::MAX,
        flags: 1,
        ext: TrustLineEntryExt::V0,
    })
}

/// What a node would answer to the simulation of a call: exactly the authorisation wanted.
pub fn simulation(client: &StellarChainClient, effect: &ChainEffect) -> Value {
    let Plan::Call(call) = Plan::of(&client.network, effect).unwrap() else {
        panic!("{effect:?} is no call");
    };
    let wanted = call.authorisation().unwrap();
    let auth: Vec<String> = wanted
        .into_iter()
        .map(|root_invocation| SorobanAuthorizationEntry {
            credentials: SorobanCredentials::SourceAccount,
            root_invocation,
        })
        .map(|entry| xdr(&entry))
        .collect();
    let data = SorobanTransactionData {
        ext: SorobanTransactionDataExt::V0,
        resources: SorobanResources {
            footprint: LedgerFootprint {
                read_only: vec![crate::read::account_key(&account(7))].try_into().unwrap(),
                read_write: vec![crate::read::account_key(&account(8))].try_into().unwrap(),
            },
            instructions: 4_000_000,
            disk_read_bytes: 500,
            write_bytes: 600,
        },
        resource_fee: 200_000,
    };
    json!({
        "transactionData": xdr(&data), "minResourceFee": "200000", "latestLedger": 100,
        "results": [{ "auth": auth, "xdr": "AAAAAQ==" }],
    })
}

/// A node with accounts 1 to 3 and the operator's, those that go, and entries that end soon, which answers
/// `effect`'s simulation.
pub fn ready(effect: &ChainEffect) -> (Node, StellarChainClient) {
    match effect {
        ChainEffect::ByChannel { call, .. } if matches!(**call, ChainEffect::Prolong { .. }) => {
            return ready(call);
        }
        ChainEffect::Prolong { circle: Some(_), .. } => return lifetime::ending(),
        ChainEffect::Prolong { circle: None, .. } => return lifetime::sharing(),
        _ => {}
    }
    let node = Node::default();
    for n in [1, 2, 3, SPONSOR, FEES, KEEPER, CHANNEL, CLOSING] {
        node.entry(account_entry(n, 41));
    }
    for n in [1, 2, 3] {
        node.entry(trustline_entry(n, 1_000_000_000));
    }
    node.entry(trustline_entry(CLOSING, 0));
    node.entry(sponsored_entry(LEAVING)).entry(trustline_entry(LEAVING, 5));
    let client = client(&node);
    if matches!(Plan::of(&client.network, effect).unwrap(), Plan::Call(_)) {
        node.result("simulateTransaction", simulation(&client, effect));
    }
    (node, client)
}

/// One of every effect.
pub fn effects() -> Vec<ChainEffect> {
    let circle = contract(50);
    let (organiser, member) = (address(1), address(2));
    vec![
        ChainEffect::OpenAccount { owner: address(9), asset: usdc() },
        ChainEffect::Pay {
            from: address(1),
            to: address(2),
            asset: usdc(),
            amount: Amount::new(5),
        },
        ChainEffect::Pay {
            from: address(1),
            to: contract(60),
            asset: usdc(),
            amount: Amount::new(5),
        },
        ChainEffect::CreateCircle {
            organiser: organiser.clone(),
            salt: [4; 32],
            rules: rules(),
            organiser_turn: Some(1),
        },
        ChainEffect::Invite {
            circle: circle.clone(),
            organiser: organiser.clone(),
            key: public(30),
            turn: None,
            expires_at: Timestamp::from_unix(2_000_000),
        },
        ChainEffect::RevokeInvitation {
            circle: circle.clone(),
            organiser: organiser.clone(),
            key: public(30),
        },
        ChainEffect::Join {
            circle: circle.clone(),
            member: member.clone(),
            rules_hash: [8; 32],
            turn: Some(2),
            key: public(30),
            signature: Signature([9; 64]),
        },
        ChainEffect::Leave { circle: circle.clone(), member: member.clone() },
        ChainEffect::Start { circle: circle.clone(), organiser: organiser.clone() },
        ChainEffect::Cancel { circle: circle.clone(), organiser },
        ChainEffect::Contribute {
            circle: circle.clone(),
            member: member.clone(),
            round: 2,
            amount: Amount::new(100_000_000),
            asset: usdc(),
        },
        ChainEffect::Payout { circle: circle.clone(), round: 2 },
        ChainEffect::Push { circle: circle.clone(), member: member.clone() },
        ChainEffect::Repay {
            circle: circle.clone(),
            member: member.clone(),
            amount: Amount::new(77),
            asset: usdc(),
        },
        ChainEffect::Vote {
            circle: circle.clone(),
            member: member.clone(),
            proposal: 3,
            approve: true,
        },
        ChainEffect::Claim { circle: circle.clone(), member: member.clone() },
    ]
    .into_iter()
    .chain(getting_ready(&circle, &member))
    .chain(while_active(&circle, &member))
    .chain(of_channels(&circle))
    .chain(at_the_end(&circle))
    .collect()
}

fn of_channels(circle: &ChainAddress) -> Vec<ChainEffect> {
    let call = Box::new(ChainEffect::Payout { circle: circle.clone(), round: 2 });
    vec![
        ChainEffect::ByChannel { channel: address(CHANNEL), call },
        ChainEffect::OpenChannel { channel: address(9) },
        ChainEffect::OpenTrustline { owner: address(CHANNEL), asset: usdc() },
    ]
}

/// Of accounts that go, and rent.
fn at_the_end(circle: &ChainAddress) -> Vec<ChainEffect> {
    let rent = |circle: Option<&ChainAddress>| ChainEffect::Prolong {
        circle: circle.cloned(),
        asset: usdc(),
    };
    let by = |call| ChainEffect::ByChannel { channel: address(CHANNEL), call: Box::new(call) };
    vec![
        ChainEffect::CloseAccount {
            owner: address(CLOSING),
            assets: vec![usdc()],
            to: address(SPONSOR),
        },
        ChainEffect::LeaveSponsorship { owner: address(LEAVING), assets: vec![usdc()] },
        rent(Some(circle)),
        rent(None),
        by(rent(Some(circle))),
    ]
}

/// Which of [`effects`] are calls of contracts.
pub fn calls() -> std::ops::Range<usize> {
    2..opening_a_channel()
}

/// Which of [`effects`] opens a channel.
pub fn opening_a_channel() -> usize {
    let opens = |effect: &ChainEffect| matches!(effect, ChainEffect::OpenChannel { .. });
    effects().iter().position(opens).unwrap()
}

fn getting_ready(circle: &ChainAddress, member: &ChainAddress) -> Vec<ChainEffect> {
    let (circle, member, organiser) = (circle.clone(), member.clone(), address(1));
    let secret = DrawSecret([11; 32]);
    vec![
        ChainEffect::Request {
            circle: circle.clone(),
            member: member.clone(),
            rules_hash: [8; 32],
        },
        ChainEffect::Approve {
            circle: circle.clone(),
            organiser: organiser.clone(),
            member: member.clone(),
            turn: Some(2),
        },
        ChainEffect::Reject {
            circle: circle.clone(),
            organiser: organiser.clone(),
            member: member.clone(),
        },
        ChainEffect::Commit {
            circle: circle.clone(),
            member: member.clone(),
            secret,
            bond: Amount::new(5),
            asset: usdc(),
        },
        ChainEffect::Reveal { circle: circle.clone(), member: member.clone(), secret },
        ChainEffect::Secure {
            circle: circle.clone(),
            member: member.clone(),
            amount: Amount::new(6),
            asset: usdc(),
        },
        ChainEffect::Proceed { circle: circle.clone() },
        ChainEffect::Sync { circle: circle.clone() },
        ChainEffect::Remove { circle, organiser, member },
    ]
}

fn while_active(circle: &ChainAddress, member: &ChainAddress) -> Vec<ChainEffect> {
    let (circle, member, other) = (circle.clone(), member.clone(), address(3));
    let propose =
        |motion, subject: Option<&ChainAddress>, newcomer: Option<u8>| ChainEffect::Propose {
            circle: circle.clone(),
            member: member.clone(),
            motion,
            subject: subject.cloned(),
            newcomer: newcomer.map(address),
        };
    vec![
        propose(Motion::Dissolve, None, None),
        propose(Motion::Expel, Some(&other), None),
        propose(Motion::Replace, Some(&member), Some(4)),
        propose(Motion::Move, Some(&other), Some(4)),
        ChainEffect::Bid {
            circle: circle.clone(),
            member: member.clone(),
            round: 2,
            amount: Amount::new(80),
        },
        ChainEffect::ClaimInsurance {
            circle: circle.clone(),
            member: member.clone(),
            round: 2,
            defaulter: other,
            amount: Amount::new(9),
        },
        ChainEffect::Exit { circle: circle.clone(), member: member.clone() },
        ChainEffect::CompleteMove { circle: circle.clone(), member: member.clone() },
        ChainEffect::SignUpgrade { circle: circle.clone(), member: member.clone(), wasm: [12; 32] },
        ChainEffect::Upgrade { circle: circle.clone(), wasm: [12; 32] },
        ChainEffect::Object { circle, member },
    ]
}

pub fn sign(n: u8, payload: &[u8]) -> Signature {
    Signature(key(n).sign(&sha256(payload)).to_bytes())
}

/// The signatures of whoever must sign, as the vault would make them.
pub fn signatures(tx: &PreparedTx) -> Vec<(PublicKey, Signature)> {
    let all = [1, 2, 3, 9, CLOSING, SPONSOR, FEES, KEEPER, CHANNEL];
    all.into_iter()
        .filter(|n| tx.signers.contains(&public(*n)))
        .map(|n| (public(n), sign(n, &tx.payload)))
        .collect()
}

pub fn finished(client: &StellarChainClient, bump: &FeeBump) -> SignedTx {
    client.sign_outer(bump, &sign(FEES, &bump.payload)).unwrap()
}

/// A signed contribution, ready to send.
pub async fn signed() -> (Node, StellarChainClient, SignedTx) {
    let effect =
        effects().into_iter().find(|e| matches!(e, ChainEffect::Contribute { .. })).unwrap();
    let (node, client) = ready(&effect);
    let tx = client.build(&effect).await.unwrap();
    let bump = client.sign_inner(&tx, &signatures(&tx)).unwrap();
    let signed = finished(&client, &bump);
    (node, client, signed)
}
