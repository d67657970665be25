//! The events classic operations emit (CAP-67), as if each were a call of the asset's contract.

use stellar_strkey::ed25519;
use stellar_xdr::{
    AccountId, Asset, ClaimableBalanceId, ContractEvent, ContractEventBody, ContractEventType,
    ContractEventV0, ExtensionPoint, Int128Parts, Memo, MuxedAccount, PublicKey, ScAddress, ScMap,
    ScMapEntry, ScString, ScSymbol, ScVal,
};

use super::Operation;
use crate::ledger::{account_id, asset_code, issuer, sac_id};

/// Who has money at one end of a movement.
#[derive(Clone, Copy)]
pub(crate) enum Holder<'h> {
    Account(&'h MuxedAccount),
    Claimable(&'h ClaimableBalanceId),
}

/// Recording what an operation did.
pub(crate) trait Events {
    /// A movement of an asset: a transfer, or, where the issuer is at one end, a mint or burn.
    fn transferred<'h>(
        &mut self,
        asset: &Asset,
        from: impl Into<Holder<'h>>,
        to: impl Into<Holder<'h>>,
        amount: i64,
    );
    /// The issuer took an asset back.
    fn clawed_back<'h>(&mut self, asset: &Asset, from: impl Into<Holder<'h>>, amount: i64);
    /// A trustline was authorised, or its authorisation taken away.
    fn authorized(&mut self, asset: &Asset, account: &AccountId, authorized: bool);
}

impl Events for Operation<'_, '_> {
    fn transferred<'h>(
        &mut self,
        asset: &Asset,
        from: impl Into<Holder<'h>>,
        to: impl Into<Holder<'h>>,
        amount: i64,
    ) {
        let (from, to) = (from.into(), to.into());
        let (mints, burns) = (from.is_issuer_of(asset), to.is_issuer_of(asset));
        let with_memo = received(amount, to, self.memo);
        let (name, parties, data) = match (mints, burns) {
            (true, false) => ("mint", vec![to], with_memo),
            (false, true) => ("burn", vec![from], i128_value(amount)),
            (true, true) | (false, false) => ("transfer", vec![from, to], with_memo),
        };
        let network_id = self.txn.context.network_id;
        let parties = parties.into_iter().map(Holder::address).collect();
        self.events.push(asset_event(network_id, asset, name, parties, true, data));
    }

    fn clawed_back<'h>(&mut self, asset: &Asset, from: impl Into<Holder<'h>>, amount: i64) {
        let network_id = self.txn.context.network_id;
        let parties = vec![from.into().address()];
        let data = i128_value(amount);
        self.events.push(asset_event(network_id, asset, "clawback", parties, true, data));
    }

    fn authorized(&mut self, asset: &Asset, account: &AccountId, authorized: bool) {
        let network_id = self.txn.context.network_id;
        let parties = vec![address(account.clone())];
        let data = ScVal::Bool(authorized);
        self.events.push(asset_event(network_id, asset, "set_authorized", parties, true, data));
    }
}

impl Holder<'_> {
    fn is_issuer_of(self, asset: &Asset) -> bool {
        match self {
            Self::Account(account) => issuer(asset) == Some(&account_id(account)),
            Self::Claimable(_) => false,
        }
    }

    fn address(self) -> ScVal {
        match self {
            Self::Account(account) => address(account_id(account)),
            Self::Claimable(id) => ScVal::Address(ScAddress::ClaimableBalance(id.clone())),
        }
    }
}

impl<'h> From<&'h MuxedAccount> for Holder<'h> {
    fn from(account: &'h MuxedAccount) -> Self {
        Self::Account(account)
    }
}

impl<'h> From<&'h ClaimableBalanceId> for Holder<'h> {
    fn from(id: &'h ClaimableBalanceId) -> Self {
        Self::Claimable(id)
    }
}

/// A fee that was taken, or (negative) given back.
pub(crate) fn fee_event(network_id: [u8; 32], from: &AccountId, amount: i64) -> ContractEvent {
    let data = i128_value(amount);
    asset_event(network_id, &Asset::Native, "fee", vec![address(from.clone())], false, data)
}

fn asset_event(
    network_id: [u8; 32],
    asset: &Asset,
    name: &str,
    parties: Vec<ScVal>,
    names_asset: bool,
    data: ScVal,
) -> ContractEvent {
    let mut topics = vec![symbol(name)];
    topics.extend(parties);
    if names_asset {
        topics.push(ScVal::String(ScString(asset_name(asset).try_into().unwrap_or_default())));
    }
    ContractEvent {
        ext: ExtensionPoint::V0,
        contract_id: Some(sac_id(network_id, asset)),
        type_: ContractEventType::Contract,
        body: ContractEventBody::V0(ContractEventV0 {
            topics: topics.try_into().unwrap_or_default(),
            data,
        }),
    }
}

/// SEP-11: `native`, or code and issuer.
fn asset_name(asset: &Asset) -> Vec<u8> {
    let (Some(code), Some(AccountId(PublicKey::PublicKeyTypeEd25519(key)))) =
        (asset_code(asset), issuer(asset))
    else {
        return b"native".to_vec();
    };
    let issuer = ed25519::PublicKey(key.0).to_string();
    [code, b":", issuer.as_bytes()].concat()
}

/// The amount, with the receiver's muxed id, or else the transaction's memo, if there is one.
fn received(amount: i64, to: Holder<'_>, memo: &Memo) -> ScVal {
    let amount = i128_value(amount);
    let Holder::Account(to) = to else {
        return amount;
    };
    let id = match (to, memo) {
        (MuxedAccount::MuxedEd25519(muxed), _) => ScVal::U64(muxed.id),
        (MuxedAccount::Ed25519(_), Memo::None) => return amount,
        (MuxedAccount::Ed25519(_), Memo::Text(text)) => {
            ScVal::String(ScString(text.to_vec().try_into().unwrap_or_default()))
        }
        (MuxedAccount::Ed25519(_), Memo::Id(id)) => ScVal::U64(*id),
        (MuxedAccount::Ed25519(_), Memo::Hash(hash) | Memo::Return(hash)) => {
            ScVal::Bytes(hash.0.to_vec().try_into().unwrap_or_default())
        }
    };
    let entries = vec![
        ScMapEntry { key: symbol("amount"), val: amount },
        ScMapEntry { key: symbol("to_muxed_id"), val: id },
    ];
    ScVal::Map(Some(ScMap(entries.try_into().unwrap_or_default())))
}

fn symbol(name: &str) -> ScVal {
    // The names above are all shorter than the 32 characters a symbol holds.
    ScVal::Symbol(ScSymbol(name.try_into().unwrap_or_default()))
}

fn address(account: AccountId) -> ScVal {
    ScVal::Address(ScAddress::Account(account))
}

fn i128_value(amount: i64) -> ScVal {
    let lo = u64::from_ne_bytes(amount.to_ne_bytes());
    ScVal::I128(Int128Parts { hi: amount.signum().min(0), lo })
}
