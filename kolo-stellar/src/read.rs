//! Reading the ledger: accounts, balances, circles.
use kolo_core::port::chain::{BalancesOnChain, ChainAddress, CircleOnChain, LatestLedger};
use kolo_core::port::{PortError, PortErrorKind, Retry};
use kolo_core::{Asset, Timestamp};
use kolo_rules::{Amount, Rules};
use stellar_xdr::{
    AccountId, ContractDataDurability, ContractExecutable, ContractId, Hash, LedgerEntryData,
    LedgerKey, LedgerKeyAccount, LedgerKeyContractData, LedgerKeyTrustLine, ScAddress, ScVal,
    TrustLineAsset,
};

use crate::address::{account_address, account_of, contract_address, contract_id, sc_address};
use crate::client::StellarChainClient;
use crate::config::known_asset;
use crate::rpc::{EntryInfo, NO_TRANSACTION};
use crate::scval::{address, as_amount, as_bytes, as_map, field, variant};

/// Where a circle keeps its state, an entry of its own, and who sits where, within its instance.
pub(crate) const STATE: ScVal = ScVal::U32(4);
/// Where it keeps what waits for somebody, if anything does.
pub(crate) const PENDING: ScVal = ScVal::U32(5);
const MEMBERS: ScVal = ScVal::U32(3);

/// Where it keeps its rules, within its instance.
const RULES: ScVal = ScVal::U32(1);

/// Bytes of a seat there: what kind of address, and its 32 bytes.
const SEAT: usize = 33;

impl StellarChainClient {
    pub(crate) async fn latest_ledger(&self) -> Result<LatestLedger, PortError> {
        let latest = self.rpc.latest_ledger().await?;
        if let Some(close_time) = latest.close_time {
            return Ok(LatestLedger {
                sequence: latest.sequence,
                closed_at: timestamp(close_time)?,
            });
        }
        let info = self.rpc.transaction(NO_TRANSACTION).await?;
        Ok(LatestLedger {
            sequence: info.latest_ledger,
            closed_at: timestamp(info.latest_ledger_close_time)?,
        })
    }

    pub(crate) async fn balance_of(
        &self,
        holder: &ChainAddress,
        asset: &Asset,
    ) -> Result<Amount, PortError> {
        let found = self.balances_of(std::slice::from_ref(holder), asset).await?;
        Ok(found.amounts.first().copied().unwrap_or(Amount::ZERO))
    }

    /// In one question, so of one ledger.
    pub(crate) async fn balances_of(
        &self,
        holders: &[ChainAddress],
        asset: &Asset,
    ) -> Result<BalancesOnChain, PortError> {
        let known = known_asset(self.network.id, asset)?;
        let key = |holder| match sc_address(holder)? {
            ScAddress::Account(id) => Ok(trustline_key(&id, &known.xdr)),
            contract => balance_key(&known.contract, &contract),
        };
        let keys = holders.iter().map(key).collect::<Result<Vec<_>, PortError>>()?;
        let (ledger, found) = self.rpc.entries_at(&keys).await?;
        let amount = |key: &LedgerKey| match found.iter().find(|entry| entry.key == *key) {
            None => Ok(Amount::ZERO),
            Some(entry) => trustline_balance(entry).map_or_else(|| contract_balance(entry), Ok),
        };
        Ok(BalancesOnChain { amounts: keys.iter().map(amount).collect::<Result<_, _>>()?, ledger })
    }

    pub(crate) async fn circle_on_chain(
        &self,
        circle: &ChainAddress,
        asset: &Asset,
    ) -> Result<Option<CircleOnChain>, PortError> {
        let id = contract_id(circle)?;
        let known = known_asset(self.network.id, asset)?;
        let keys = [
            instance_key(&id),
            data_key(&id, STATE),
            balance_key(&known.contract, &ScAddress::Contract(id.clone()))?,
        ];
        let (ledger, found) = self.rpc.entries_at(&keys).await?;
        let entry = |key: &LedgerKey| found.iter().find(|entry| entry.key == *key);
        let Some(instance) = entry(&keys[0]) else {
            return Ok(None);
        };
        let vault = entry(&keys[2]).map_or(Ok(Amount::ZERO), contract_balance)?;
        let code = code(instance);
        if !code.is_some_and(|code| self.network.circle_codes.contains(&code)) {
            let (state, members, rules) = (None, Vec::new(), None);
            return Ok(Some(CircleOnChain { state, members, vault, rules, code, ledger }));
        }
        let state = entry(&keys[1])
            .map(|e| value(e).and_then(as_bytes).map(<[u8]>::to_vec).ok_or_else(|| odd("State")))
            .transpose()?;
        let members = match &state {
            Some(_) => members(instance).ok_or_else(|| odd("Members"))?,
            // A contract deletes both at once.
            None if kept(instance, &MEMBERS).is_some() => return Err(archived()),
            None => vec![],
        };
        Ok(Some(CircleOnChain {
            state,
            members,
            vault,
            rules: kept(instance, &RULES).and_then(as_bytes).and_then(|b| Rules::decode(b).ok()),
            code,
            ledger,
        }))
    }
}

pub(crate) fn timestamp(seconds: i64) -> Result<Timestamp, PortError> {
    u64::try_from(seconds).map(Timestamp::from_unix).map_err(|e| odd("close time").because(e))
}

fn odd(what: &str) -> PortError {
    PortError::new(
        PortErrorKind::Corrupt,
        Retry::Permanent,
        format!(
            "the {what} on the chain is not of the documented form: is this the right network and contract?"
        ),
    )
}

/// Nodes tell archived entries since protocol 23, with a lifetime that is over; one that does not makes them
/// look deleted.
fn archived() -> PortError {
    PortError::new(
        PortErrorKind::Corrupt,
        Retry::Permanent,
        "the node does not tell the circle's state, but the circle has members: it is archived, restore it",
    )
}

pub(crate) fn account_key(id: &AccountId) -> LedgerKey {
    LedgerKey::Account(LedgerKeyAccount { account_id: id.clone() })
}

pub(crate) fn trustline_key(id: &AccountId, asset: &stellar_xdr::Asset) -> LedgerKey {
    LedgerKey::Trustline(LedgerKeyTrustLine {
        account_id: id.clone(),
        asset: match asset.clone() {
            stellar_xdr::Asset::Native => TrustLineAsset::Native,
            stellar_xdr::Asset::CreditAlphanum4(a) => TrustLineAsset::CreditAlphanum4(a),
            stellar_xdr::Asset::CreditAlphanum12(a) => TrustLineAsset::CreditAlphanum12(a),
        },
    })
}

pub(crate) fn data_key(contract: &ContractId, key: ScVal) -> LedgerKey {
    LedgerKey::ContractData(LedgerKeyContractData {
        contract: ScAddress::Contract(contract.clone()),
        key,
        durability: ContractDataDurability::Persistent,
    })
}

pub(crate) fn instance_key(contract: &ContractId) -> LedgerKey {
    data_key(contract, ScVal::LedgerKeyContractInstance)
}

/// Where an asset's contract keeps what another contract holds.
pub(crate) fn balance_key(asset: &ContractId, holder: &ScAddress) -> Result<LedgerKey, PortError> {
    Ok(data_key(asset, variant("Balance", Some(address(holder)))?))
}

fn trustline_balance(entry: &EntryInfo) -> Option<Amount> {
    match &entry.data {
        LedgerEntryData::Trustline(line) => Some(Amount::new(line.balance)),
        _ => None,
    }
}

fn value(entry: &EntryInfo) -> Option<&ScVal> {
    match &entry.data {
        LedgerEntryData::ContractData(data) => Some(&data.val),
        _ => None,
    }
}

/// The wasm a contract runs.
fn code(instance: &EntryInfo) -> Option<[u8; 32]> {
    match value(instance)? {
        ScVal::ContractInstance(instance) => match &instance.executable {
            ContractExecutable::Wasm(hash) => Some(hash.0),
            // The token's own, or a reference to another contract's: none of ours runs so.
            _ => None,
        },
        _ => None,
    }
}

/// What a contract keeps within its instance.
fn kept<'e>(instance: &'e EntryInfo, key: &ScVal) -> Option<&'e ScVal> {
    let ScVal::ContractInstance(instance) = value(instance)? else {
        return None;
    };
    let entries = instance.storage.as_ref()?;
    entries.iter().find(|entry| entry.key == *key).map(|entry| &entry.val)
}

/// Who sits where, by seat.
fn members(instance: &EntryInfo) -> Option<Vec<ChainAddress>> {
    let seats = as_bytes(kept(instance, &MEMBERS)?)?.chunks(SEAT);
    let address = |seat: &[u8]| {
        let (kind, key) = seat.split_first()?;
        let key: [u8; 32] = key.try_into().ok()?;
        match kind {
            0 => Some(account_address(&account_of(key))),
            1 => Some(contract_address(&ContractId(Hash(key)))),
            _ => None,
        }
    };
    seats.map(address).collect()
}

fn contract_balance(entry: &EntryInfo) -> Result<Amount, PortError> {
    let amount = value(entry).and_then(as_map).and_then(|map| field(map, "amount"));
    amount.and_then(as_amount).ok_or_else(|| odd("Balance"))
}
