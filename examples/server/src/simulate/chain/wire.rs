//! Envelopes: made, simulated, signed, sent.

use kolo_core::port::chain::ChainAddress;
use kolo_core::simulation::StageError;
use kolo_localnet::{AuthMode, Localnet, NetworkError, SendOutcome, SimulateOptions, Simulation};
use sha2::{Digest, Sha256};
use stellar_xdr::{
    AlphaNum4, AlphaNum12, Asset, AssetCode4, AssetCode12, BytesM, Hash, HashIdPreimage,
    HashIdPreimageSorobanAuthorization, HostFunction, InvokeContractArgs, InvokeHostFunctionOp,
    LedgerEntryData, LedgerKey, LedgerKeyAccount, Limits, Memo, Operation, OperationBody,
    OperationResult, Preconditions, ScAddress, ScBytes, ScMap, ScMapEntry, ScSymbol, ScVal,
    SequenceNumber, SorobanAuthorizationEntry, SorobanCredentials, Transaction,
    TransactionEnvelope, TransactionExt, TransactionResultResult, TransactionV1Envelope, VecM,
    WriteXdr,
};

use super::keys::Key;

/// Stroops of XLM offered for each operation.
const BASE_FEE: u32 = 100;

/// Instructions beyond what the simulation took.
const LEEWAY: u32 = 3_000_000;

/// Ledgers a signed authorisation is good for.
const SIGNATURE_LEDGERS: u32 = 100;

/// Why a contract was not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Somebody's signature is missing.
    Signature,
    /// The contract's number.
    Contract(u32),
}

/// The network, as those who send to it see it.
pub struct Wire {
    pub network: Localnet,
}

impl Wire {
    /// Calls a contract with everybody's signature that it asks for, all of them among `signers`.
    pub fn invoke(
        &self,
        source: &Key,
        signers: &[&Key],
        contract: &ScAddress,
        function: &str,
        args: Vec<ScVal>,
    ) -> Result<Result<(), Refused>, StageError> {
        let mut operation = invocation(contract, function, args)?;
        let recorded = self.simulate(source, &operation, AuthMode::Record)?;
        if let Some(error) = &recorded.error {
            return refusal(function, error).map(Err);
        }
        let expires = recorded.latest_ledger.saturating_add(SIGNATURE_LEDGERS);
        let entries = recorded.auth.into_iter();
        let entries = entries.map(|entry| self.sign_entry(signers, entry, expires));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        operation.auth = fits(entries)?;
        let checked = self.simulate(source, &operation, AuthMode::Enforce)?;
        if let Some(error) = &checked.error {
            return refusal(function, error).map(Err);
        }
        let Some(mut data) = checked.transaction_data else {
            return Err(StageError::new(format!("{function}: the simulation names no resources")));
        };
        data.resource_fee = checked.min_resource_fee.saturating_add(checked.min_resource_fee / 4);
        let fee = u32::try_from(data.resource_fee).unwrap_or(u32::MAX).saturating_add(BASE_FEE);
        let body = OperationBody::InvokeHostFunction(operation);
        let mut tx = self.transaction(source, vec![unsourced(body)])?;
        tx.fee = fee;
        tx.ext = TransactionExt::V1(data);
        match self.send(tx, &[source])? {
            Ok(()) => Ok(Ok(())),
            Err(results) => Err(StageError::new(format!(
                "{function} was simulated well and failed: {results:?}"
            ))),
        }
    }

    /// What the network says to a call that is signed by nobody but who sends it.
    pub fn try_unsigned(
        &self,
        source: &Key,
        contract: &ScAddress,
        function: &str,
        args: Vec<ScVal>,
    ) -> Result<Result<(), Refused>, StageError> {
        let operation = invocation(contract, function, args)?;
        match self.simulate(source, &operation, AuthMode::Enforce)?.error {
            Some(error) => refusal(function, &error).map(Err),
            None => Err(StageError::new(format!("{function} asks for no signature"))),
        }
    }

    /// Applies classic operations, signed by all of `signers`, the first of whom pays.
    pub fn apply(
        &self,
        signers: &[&Key],
        operations: Vec<Operation>,
    ) -> Result<Result<(), Vec<OperationResult>>, StageError> {
        let Some(source) = signers.first() else {
            return Err(StageError::new("somebody has to sign"));
        };
        let tx = self.transaction(source, operations)?;
        self.send(tx, signers)
    }

    /// Ledger entries there are of these keys.
    pub fn entries(
        &self,
        keys: Vec<LedgerKey>,
    ) -> Result<Vec<(LedgerKey, LedgerEntryData)>, StageError> {
        let (found, _) = self.network.entries(keys).wait().map_err(stopped)?;
        Ok(found.into_iter().map(|found| (found.key, found.entry.entry.data)).collect())
    }

    fn simulate(
        &self,
        source: &Key,
        operation: &InvokeHostFunctionOp,
        auth: AuthMode,
    ) -> Result<Simulation, StageError> {
        let body = OperationBody::InvokeHostFunction(operation.clone());
        let tx = self.transaction(source, vec![unsourced(body)])?;
        let envelope =
            TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: VecM::default() });
        let options =
            SimulateOptions { auth, instruction_leeway: LEEWAY, ..SimulateOptions::default() };
        self.network.simulate(envelope, options).wait().map_err(stopped)
    }

    fn transaction(
        &self,
        source: &Key,
        operations: Vec<Operation>,
    ) -> Result<Transaction, StageError> {
        let key = LedgerKey::Account(LedgerKeyAccount { account_id: source.account() });
        let found = self.entries(vec![key])?;
        let Some((_, LedgerEntryData::Account(account))) = found.into_iter().next() else {
            return Err(StageError::new("an account is missing"));
        };
        let count = u32::try_from(operations.len()).unwrap_or(u32::MAX);
        Ok(Transaction {
            source_account: source.muxed(),
            fee: BASE_FEE.saturating_mul(count),
            seq_num: SequenceNumber(account.seq_num.0.saturating_add(1)),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: fits(operations)?,
            ext: TransactionExt::V0,
        })
    }

    fn send(
        &self,
        tx: Transaction,
        signers: &[&Key],
    ) -> Result<Result<(), Vec<OperationResult>>, StageError> {
        let hash = tx.hash(self.network.network_id()).map_err(odd)?;
        let signatures: Vec<_> = signers.iter().map(|key| key.decorate(&hash)).collect();
        let envelope =
            TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: fits(signatures)? });
        let result = match self.network.send(envelope).wait().map_err(stopped)? {
            SendOutcome::Pending(hash) => {
                let record = self.network.transaction(hash.0).wait().map_err(stopped)?;
                let record = record.ok_or_else(|| StageError::new("a transaction got lost"))?;
                record.result.result
            }
            SendOutcome::Error { result, .. } => result.result,
            other => return Err(StageError::new(format!("the network answers {other:?}"))),
        };
        match result {
            TransactionResultResult::TxSuccess(_) => Ok(Ok(())),
            TransactionResultResult::TxFailed(results) => Ok(Err(results.to_vec())),
            other => Err(StageError::new(format!("the network refuses an envelope: {other:?}"))),
        }
    }

    /// The entry with the signature of whom it names; the source's own needs none of its own.
    fn sign_entry(
        &self,
        signers: &[&Key],
        mut entry: SorobanAuthorizationEntry,
        expires: u32,
    ) -> Result<SorobanAuthorizationEntry, StageError> {
        let SorobanCredentials::Address(credentials) = &mut entry.credentials else {
            return Ok(entry);
        };
        let signer = signers.iter().find(|key| key.address() == credentials.address);
        let signer = signer.ok_or_else(|| StageError::new("somebody else's signature is asked"))?;
        credentials.signature_expiration_ledger = expires;
        let preimage = HashIdPreimage::SorobanAuthorization(HashIdPreimageSorobanAuthorization {
            network_id: Hash(self.network.network_id()),
            nonce: credentials.nonce,
            signature_expiration_ledger: expires,
            invocation: entry.root_invocation.clone(),
        });
        let preimage = preimage.to_xdr(Limits::none()).map_err(odd)?;
        let signature = signer.sign(&Sha256::digest(preimage).into());
        let field = |name: &str, value: &[u8]| -> Result<ScMapEntry, StageError> {
            Ok(ScMapEntry { key: ScVal::Symbol(symbol(name)?), val: bytes(value)? })
        };
        let fields =
            vec![field("public_key", &signer.public().0)?, field("signature", &signature)?];
        let map = ScVal::Map(Some(ScMap(fits(fields)?)));
        credentials.signature = ScVal::try_from(vec![map]).map_err(|()| odd_value())?;
        Ok(entry)
    }
}

/// An operation of the transaction's own source.
pub const fn unsourced(body: OperationBody) -> Operation {
    Operation { source_account: None, body }
}

/// The contract or account of an address.
pub fn address(address: &ChainAddress) -> Result<ScAddress, StageError> {
    address.0.parse().map_err(odd)
}

/// The 32 bytes of a contract's address.
pub fn contract_bytes(address: &ScAddress) -> Result<[u8; 32], StageError> {
    match address {
        ScAddress::Contract(id) => Ok(id.0.0),
        _ => Err(StageError::new("an address is no contract's")),
    }
}

/// The asset of this code.
pub fn asset(code: &str, issuer: &Key) -> Result<Asset, StageError> {
    let issuer = issuer.account();
    let padded = |length: usize| {
        let mut bytes = code.as_bytes().to_vec();
        bytes.resize(length, 0);
        bytes
    };
    if code.len() <= 4 {
        let code = <[u8; 4]>::try_from(padded(4)).map_err(|_| odd_value())?;
        return Ok(Asset::CreditAlphanum4(AlphaNum4 { asset_code: AssetCode4(code), issuer }));
    }
    let code = <[u8; 12]>::try_from(padded(12)).map_err(|_| odd_value())?;
    Ok(Asset::CreditAlphanum12(AlphaNum12 { asset_code: AssetCode12(code), issuer }))
}

pub fn bytes(value: &[u8]) -> Result<ScVal, StageError> {
    BytesM::try_from(value).map(|bytes| ScVal::Bytes(ScBytes(bytes))).map_err(odd)
}

/// A name as contracts take it.
pub fn symbol(name: &str) -> Result<ScSymbol, StageError> {
    name.try_into().map(ScSymbol).map_err(odd)
}

fn invocation(
    contract: &ScAddress,
    function: &str,
    args: Vec<ScVal>,
) -> Result<InvokeHostFunctionOp, StageError> {
    let args = InvokeContractArgs {
        contract_address: contract.clone(),
        function_name: symbol(function)?,
        args: fits(args)?,
    };
    Ok(InvokeHostFunctionOp {
        host_function: HostFunction::InvokeContract(args),
        auth: VecM::default(),
    })
}

/// The host's words: `HostError: Error(Contract, #131)…`.
fn refusal(function: &str, words: &str) -> Result<Refused, StageError> {
    let line = words.lines().next().unwrap_or_default();
    if line.contains("Error(Auth, ") {
        return Ok(Refused::Signature);
    }
    let code = line.split_once("Error(Contract, #").and_then(|(_, rest)| rest.split_once(')'));
    match code.and_then(|(code, _)| code.parse().ok()) {
        Some(code) => Ok(Refused::Contract(code)),
        None => Err(StageError::new(format!("{function}: {line}"))),
    }
}

/// A list within what the network takes.
pub fn fits<T, const MAX: u32>(items: Vec<T>) -> Result<VecM<T, MAX>, StageError> {
    items.try_into().map_err(odd)
}

fn odd(error: stellar_xdr::Error) -> StageError {
    StageError::new("a value does not fit the network's format").because(error)
}

fn odd_value() -> StageError {
    StageError::new("a value does not fit the network's format")
}

fn stopped(error: NetworkError) -> StageError {
    StageError::new("the embedded network").because(error)
}
