//! People with classic accounts and trustlines, an asset, and calls in their names.
use sha2::{Digest, Sha256};
use soroban_env_host::xdr::{
    AccountEntry, AccountEntryExt, AccountId, AlphaNum4, Asset, AssetCode4, ContractExecutable,
    ContractIdPreimage, ContractIdPreimageFromAddress, CreateContractArgs, CreateContractArgsV2,
    Hash, HostFunction, Int128Parts, InvokeContractArgs, LedgerEntryData, LedgerKey,
    LedgerKeyAccount, LedgerKeyTrustLine, PublicKey, ScAddress, ScBytes, ScSymbol, ScVal, ScVec,
    SequenceNumber, String32, Thresholds, TrustLineAsset, TrustLineEntry, TrustLineEntryExt,
    TrustLineFlags, Uint256, VecM,
};

use crate::{
    failure::Failure,
    ledger::{Call, Done, Ledger},
};

/// When every world begins (Unix seconds): 2026-01-31 12:00 UTC.
const START: u64 = 1_769_860_800;

/// AUTH_REVOCABLE, as USDC's issuer has it.
const REVOCABLE: u32 = 2;

/// A ledger with one asset.
#[derive(Clone)]
pub struct World {
    pub ledger: Ledger,
    pub token: ScAddress,
    issuer: AccountId,
    people: u64,
}

impl World {
    pub fn new() -> Result<Self, Failure> {
        let mut ledger = Ledger::new(START)?;
        let issuer = account_id(0);
        put_account(&mut ledger, &issuer, REVOCABLE);
        let function = HostFunction::CreateContract(CreateContractArgs {
            contract_id_preimage: ContractIdPreimage::Asset(asset(&issuer)),
            executable: ContractExecutable::StellarAsset,
        });
        let made = ledger.apply(&Call { source: issuer.clone(), function })?;
        let token = address_of(made.value)?;
        Ok(Self { ledger, token, issuer, people: 0 })
    }

    /// Somebody with a trustline and so much of the asset.
    pub fn person(&mut self, balance: i64) -> Result<AccountId, Failure> {
        self.people += 1;
        let person = account_id(self.people);
        put_account(&mut self.ledger, &person, 0);
        self.set_trustline(&person, balance, true);
        Ok(person)
    }

    /// Gives a trustline, or replaces it.
    pub fn set_trustline(&mut self, person: &AccountId, balance: i64, authorised: bool) {
        let Asset::CreditAlphanum4(asset) = asset(&self.issuer) else { return };
        let asset = TrustLineAsset::CreditAlphanum4(asset);
        let key = LedgerKeyTrustLine { account_id: person.clone(), asset: asset.clone() };
        let entry = TrustLineEntry {
            account_id: person.clone(),
            asset,
            balance,
            limit: i64::MAX,
            flags: if authorised { TrustLineFlags::AuthorizedFlag as u32 } else { 0 },
            ext: TrustLineEntryExt::V0,
        };
        self.ledger.put(LedgerKey::Trustline(key), LedgerEntryData::Trustline(entry));
    }

    /// Puts a contract's code.
    pub fn upload(&mut self, wasm: &[u8]) -> Result<Hash, Failure> {
        let function = HostFunction::UploadContractWasm(wasm.to_vec().try_into()?);
        self.ledger.apply(&Call { source: self.issuer.clone(), function })?;
        Ok(Hash(Sha256::digest(wasm).into()))
    }

    /// Makes a contract of uploaded code.
    pub fn deploy(&mut self, wasm: Hash, args: Vec<ScVal>) -> Result<ScAddress, Failure> {
        let from = ContractIdPreimageFromAddress {
            address: ScAddress::Account(self.issuer.clone()),
            salt: Uint256(wasm.0),
        };
        let function = HostFunction::CreateContractV2(CreateContractArgsV2 {
            contract_id_preimage: ContractIdPreimage::Address(from),
            executable: ContractExecutable::Wasm(wasm),
            constructor_args: args.try_into()?,
        });
        let made = self.ledger.apply(&Call { source: self.issuer.clone(), function })?;
        address_of(made.value)
    }

    /// The asset contract's `transfer`.
    pub fn transfer(&self, from: &AccountId, to: &ScAddress, amount: i64) -> Result<Call, Failure> {
        let args = vec![account(from), ScVal::Address(to.clone()), i128(amount)];
        call(from, &self.token, "transfer", args)
    }

    /// Makes a call on a copy.
    pub fn measure(&self, call: &Call) -> Result<Done, Failure> {
        self.ledger.measure(call).map_err(|failure| step(call, failure))
    }

    /// Makes a call, and keeps what it changed.
    pub fn apply(&mut self, call: &Call) -> Result<Done, Failure> {
        self.ledger.apply(call).map_err(|failure| step(call, failure))
    }
}

/// A call of a contract.
pub fn call(
    source: &AccountId,
    contract: &ScAddress,
    function: &str,
    args: Vec<ScVal>,
) -> Result<Call, Failure> {
    Ok(Call {
        source: source.clone(),
        function: HostFunction::InvokeContract(InvokeContractArgs {
            contract_address: contract.clone(),
            function_name: ScSymbol(function.try_into()?),
            args: args.try_into()?,
        }),
    })
}

pub fn account(id: &AccountId) -> ScVal {
    ScVal::Address(ScAddress::Account(id.clone()))
}

pub fn i128(value: i64) -> ScVal {
    ScVal::I128(Int128Parts { hi: if value < 0 { -1 } else { 0 }, lo: value.cast_unsigned() })
}

pub fn bytes(value: &[u8]) -> Result<ScVal, Failure> {
    Ok(ScVal::Bytes(ScBytes(value.to_vec().try_into()?)))
}

pub fn vec(values: Vec<ScVal>) -> Result<ScVal, Failure> {
    Ok(ScVal::Vec(Some(ScVec(values.try_into()?))))
}

pub fn address_of(value: ScVal) -> Result<ScAddress, Failure> {
    match value {
        ScVal::Address(address) => Ok(address),
        other => Err(Failure::Call(format!("no address but {other:?}"))),
    }
}

fn step(call: &Call, failure: Failure) -> Failure {
    let what = match &call.function {
        HostFunction::InvokeContract(args) => args.function_name.to_utf8_string_lossy(),
        other => other.name().to_owned(),
    };
    Failure::Step { what, why: failure.to_string() }
}

/// Keys as random as real ones: what is compared or sorted by them costs what it does in life.
fn account_id(number: u64) -> AccountId {
    let key = Sha256::digest(number.to_be_bytes()).into();
    AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key)))
}

fn asset(issuer: &AccountId) -> Asset {
    Asset::CreditAlphanum4(AlphaNum4 { asset_code: AssetCode4(*b"USDC"), issuer: issuer.clone() })
}

fn put_account(ledger: &mut Ledger, id: &AccountId, flags: u32) {
    let entry = AccountEntry {
        account_id: id.clone(),
        balance: 1_000_000_000,
        seq_num: SequenceNumber(1),
        num_sub_entries: 1,
        inflation_dest: None,
        flags,
        home_domain: String32::default(),
        thresholds: Thresholds([1, 0, 0, 0]),
        signers: VecM::default(),
        ext: AccountEntryExt::V0,
    };
    let key = LedgerKey::Account(LedgerKeyAccount { account_id: id.clone() });
    ledger.put(key, LedgerEntryData::Account(entry));
}
