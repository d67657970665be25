//! The network, and what of ours is on it.
use kolo_core::Asset;
use kolo_core::port::chain::ChainAddress;
use serde::Serialize;
use stellar_xdr::{ContractExecutable, Hash, LedgerEntryData, ScVal};

use crate::address::{contract_address, contract_id, sha256};
use crate::config::known_asset;
use crate::protocol::PROTOCOLS;
use crate::read::instance_key;
use crate::rpc::{EntryInfo, NO_TRANSACTION, NodeHealth, Rpc};
use crate::scval::as_hash;
use crate::setup::{Codes, SetupError, code_key};

/// Something that lives on the network as long as its rent is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryStatus {
    /// What it is.
    pub what: String,
    /// Its hash, or its address.
    pub subject: String,
    /// Whether it is there (archived entries are not).
    pub there: bool,
    /// Whether it is what it should be: the committed build, or a contract that runs it.
    pub as_built: bool,
    /// The last ledger it lives in.
    pub live_until: Option<u32>,
    /// Ledgers left; one closes about every five seconds.
    pub ledgers_left: Option<u32>,
}

/// A network, and what of ours is on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NetworkStatus {
    /// Its passphrase.
    pub passphrase: String,
    /// Its protocol version.
    pub protocol: u32,
    /// Whether this program was made for that.
    pub protocol_supported: bool,
    /// The latest ledger.
    pub ledger: u32,
    /// The oldest ledger the node still has.
    pub oldest_ledger: u32,
    /// When the latest one closed, Unix seconds.
    pub closed_at: u64,
    /// The nodes, where there are several.
    pub nodes: Vec<NodeHealth>,
    /// What was deployed.
    pub entries: Vec<EntryStatus>,
}

/// What is to be looked at.
struct Subject {
    what: String,
    key: stellar_xdr::LedgerKey,
    subject: String,
    is_as_built: Box<dyn Fn(&EntryInfo) -> bool + Send>,
}

/// The state of the network with this passphrase, of this build's codes on it, of the factory (if one is
/// named) with its rulebook, and of the assets' contracts.
///
/// # Errors
/// [`SetupError`] when the node does not answer, or is on another network.
pub async fn status(
    rpc: &Rpc,
    passphrase: &str,
    factory: Option<&ChainAddress>,
    assets: &[Asset],
) -> Result<NetworkStatus, SetupError> {
    let network = rpc.network().await?;
    if network.passphrase != passphrase {
        let wanted = passphrase.to_owned();
        return Err(SetupError::OtherNetwork { found: network.passphrase, wanted });
    }
    let health = rpc.health().await?;
    let latest = rpc.transaction(NO_TRANSACTION).await?;
    let subjects = subjects(passphrase, factory, assets)?;
    let keys: Vec<_> = subjects.iter().map(|subject| subject.key.clone()).collect();
    let found = rpc.ledger_entries(&keys).await?;
    let entries = subjects.into_iter().map(|subject| {
        let entry = found.iter().find(|entry| entry.key == subject.key);
        let live_until = entry.and_then(|entry| entry.live_until);
        EntryStatus {
            there: entry.is_some() && live_until.is_none_or(|until| until >= latest.latest_ledger),
            as_built: entry.is_some_and(&subject.is_as_built),
            live_until,
            ledgers_left: live_until.map(|until| until.saturating_sub(latest.latest_ledger)),
            what: subject.what,
            subject: subject.subject,
        }
    });
    Ok(NetworkStatus {
        passphrase: network.passphrase,
        protocol: network.protocol_version,
        protocol_supported: PROTOCOLS.contains(&network.protocol_version),
        ledger: latest.latest_ledger,
        oldest_ledger: health.oldest_ledger,
        closed_at: u64::try_from(latest.latest_ledger_close_time).unwrap_or(0),
        entries: entries.collect(),
        nodes: rpc.nodes().await,
    })
}

fn subjects(
    passphrase: &str,
    factory: Option<&ChainAddress>,
    assets: &[Asset],
) -> Result<Vec<Subject>, SetupError> {
    let network_id = sha256(passphrase.as_bytes());
    let codes = Codes::built()?;
    let code = |what: &str, hash: [u8; 32]| Subject {
        what: what.to_owned(),
        key: code_key(hash),
        subject: data_encoding::HEXLOWER.encode(&hash),
        is_as_built: Box::new(
            move |entry| matches!(&entry.data, LedgerEntryData::ContractCode(code) if sha256(&code.code) == hash),
        ),
    };
    let mut subjects = vec![
        code("the circle's code", codes.circle),
        code("the rulebook's code", codes.rulebook),
        code("the factory's code", codes.factory),
    ];
    if let Some(factory) = factory {
        let id = contract_id(factory)?;
        subjects.push(Subject {
            what: "the factory".to_owned(),
            key: instance_key(&id),
            subject: factory.0.clone(),
            is_as_built: Box::new(move |entry| makes_these(entry, &codes)),
        });
        let rulebook = codes.rulebook_at(network_id, &id)?;
        subjects.push(Subject {
            what: "the rulebook it has published".to_owned(),
            key: instance_key(&rulebook),
            subject: contract_address(&rulebook).0,
            is_as_built: Box::new(move |entry| runs(entry, codes.rulebook)),
        });
    }
    for asset in assets {
        let contract = known_asset(network_id, asset)?.contract;
        subjects.push(Subject {
            what: format!("the contract of {}", asset.code),
            key: instance_key(&contract),
            subject: contract_address(&contract).0,
            is_as_built: Box::new(|entry| {
                instance(entry).is_some_and(|it| it.executable == ContractExecutable::StellarAsset)
            }),
        });
    }
    Ok(subjects)
}

fn instance(entry: &EntryInfo) -> Option<&stellar_xdr::ScContractInstance> {
    match &entry.data {
        LedgerEntryData::ContractData(data) => match &data.val {
            ScVal::ContractInstance(instance) => Some(instance),
            _ => None,
        },
        _ => None,
    }
}

fn runs(entry: &EntryInfo, code: [u8; 32]) -> bool {
    instance(entry).is_some_and(|it| it.executable == ContractExecutable::Wasm(Hash(code)))
}

/// The committed factory, which makes circles of the committed code.
fn makes_these(entry: &EntryInfo, codes: &Codes) -> bool {
    let pinned = instance(entry).and_then(|it| it.storage.as_ref()).and_then(|storage| {
        storage.iter().find_map(|entry| as_hash(&entry.val)).filter(|hash| *hash == codes.circle)
    });
    runs(entry, codes.factory) && pinned.is_some()
}
