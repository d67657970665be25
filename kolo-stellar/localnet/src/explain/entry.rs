//! Ledger entries in words.

use serde::Serialize;
use stellar_xdr::{
    AccountEntry, AccountEntryExt, ContractDataDurability, ContractDataEntry, LedgerEntryData,
    ScVal, TrustLineAsset, TrustLineEntry,
};

use super::Field;
use super::value::{asset, blob, executable, lumens, seven_decimals, text, words};
use crate::model::StoredEntry;

/// A ledger entry in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedEntry {
    /// Its kind, like `trustline`.
    pub kind: String,
    /// What it is about: an asset, the name of a value, the key of a contract's data.
    pub name: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The last ledger in which it lives; `None` for entries without a TTL.
    pub live_until: Option<u32>,
    /// The ledger that changed it last.
    pub last_modified: u32,
}

impl ExplainedEntry {
    /// Puts an entry into words.
    #[must_use]
    pub fn of(stored: &StoredEntry) -> Self {
        let data = &stored.entry.data;
        let (name, fields) = match data {
            LedgerEntryData::Account(entry) => (entry.account_id.to_string(), account(entry)),
            LedgerEntryData::Trustline(entry) => (trusted(&entry.asset), trustline(entry)),
            LedgerEntryData::Data(entry) => {
                let name = String::from_utf8_lossy(entry.data_name.as_slice()).into_owned();
                (name, vec![Field::new("value", blob(entry.data_value.as_slice()))])
            }
            LedgerEntryData::ContractData(entry) => (text(&entry.key), contract_data(entry)),
            LedgerEntryData::ContractCode(entry) => {
                let size = format!("{} bytes", entry.code.len());
                (super::value::hex(&entry.hash.0), vec![Field::new("size", size)])
            }
            LedgerEntryData::ClaimableBalance(entry) => {
                let amount = seven_decimals(i128::from(entry.amount));
                let fields =
                    vec![Field::new("amount", amount), Field::new("asset", asset(&entry.asset))];
                (entry.balance_id.to_string(), fields)
            }
            _ => (String::new(), Vec::new()),
        };
        Self {
            kind: words(data.name()),
            name,
            fields,
            live_until: stored.live_until,
            last_modified: stored.entry.last_modified_ledger_seq,
        }
    }
}

fn account(entry: &AccountEntry) -> Vec<Field> {
    let [weight, low, medium, high] = entry.thresholds.0;
    let mut fields = vec![
        Field::new("balance", lumens(entry.balance)),
        Field::new("sequence number", entry.seq_num.0.to_string()),
        Field::new("entries", entry.num_sub_entries.to_string()),
        Field::new("weight of its own key", weight.to_string()),
        Field::new("thresholds", format!("low {low}, medium {medium}, high {high}")),
        Field::new("flags", entry.flags.to_string()),
    ];
    for signer in entry.signers.iter() {
        fields.push(Field::new(
            format!("signer of weight {}", signer.weight),
            signer.key.to_string(),
        ));
    }
    if !entry.home_domain.is_empty() {
        let domain = String::from_utf8_lossy(entry.home_domain.as_slice()).into_owned();
        fields.push(Field::new("home domain", domain));
    }
    if let AccountEntryExt::V1(v1) = &entry.ext
        && let stellar_xdr::AccountEntryExtensionV1Ext::V2(v2) = &v1.ext
    {
        fields.push(Field::new("reserves others carry", v2.num_sponsored.to_string()));
        fields.push(Field::new("reserves it carries", v2.num_sponsoring.to_string()));
    }
    fields
}

fn trustline(entry: &TrustLineEntry) -> Vec<Field> {
    let state = match entry.flags & 3 {
        0 => "not authorised",
        1 => "authorised",
        _ => "frozen: may only keep what it has",
    };
    vec![
        Field::new("balance", seven_decimals(i128::from(entry.balance))),
        Field::new("limit", seven_decimals(i128::from(entry.limit))),
        Field::new("state", state),
    ]
}

fn trusted(line: &TrustLineAsset) -> String {
    match line {
        TrustLineAsset::Native => "XLM (native)".to_owned(),
        TrustLineAsset::CreditAlphanum4(asset) => {
            format!("{} of {}", asset.asset_code, asset.issuer)
        }
        TrustLineAsset::CreditAlphanum12(asset) => {
            format!("{} of {}", asset.asset_code, asset.issuer)
        }
        TrustLineAsset::PoolShare(pool) => format!("a share of the pool {pool}"),
    }
}

fn contract_data(entry: &ContractDataEntry) -> Vec<Field> {
    let durability = match entry.durability {
        ContractDataDurability::Temporary => "temporary",
        ContractDataDurability::Persistent => "persistent",
    };
    let mut fields = vec![Field::new("durability", durability)];
    match &entry.val {
        ScVal::ContractInstance(instance) => {
            fields.push(Field::new("runs", executable(&instance.executable)));
            let stored = instance.storage.iter().flat_map(|map| map.iter());
            fields.extend(stored.map(|row| Field::new(text(&row.key), text(&row.val))));
        }
        other => fields.push(Field::new("value", text(other))),
    }
    fields
}
