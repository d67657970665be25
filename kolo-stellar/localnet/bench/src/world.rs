//! A network in memory, people on it, and their transactions.
use std::sync::Arc;

use ed25519_dalek::{Signer, SigningKey};
use kolo_localnet::{Localnet, SendOutcome, SimulateOptions, TxRecord};
use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountId, AlphaNum4, Asset, AssetCode4, ChangeTrustAsset, ChangeTrustOp, DecoratedSignature,
    HostFunction, InvokeContractArgs, InvokeHostFunctionOp, LedgerEntryData, LedgerKey,
    LedgerKeyAccount, Memo, MuxedAccount, Operation, OperationBody, PaymentOp, Preconditions,
    PublicKey, ScAddress, ScBytes, ScSymbol, ScVal, SequenceNumber, Signature, SignatureHint,
    Transaction, TransactionEnvelope, TransactionExt, TransactionMeta, TransactionV1Envelope,
    Uint256, VecM,
};

use crate::failure::Failure;

/// The clock stands still: 2026-01-31 12:00 UTC.
pub const START: u64 = 1_769_860_800;

/// Stroops of a lumen, and of a unit of the asset.
pub const UNIT: i64 = 10_000_000;

/// Somebody with a key of their own.
pub struct Person(pub SigningKey);

impl Person {
    pub fn new(name: &str) -> Self {
        Self(SigningKey::from_bytes(&Sha256::digest(name).into()))
    }

    fn bytes(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    pub fn id(&self) -> AccountId {
        AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(self.bytes())))
    }

    pub fn muxed(&self) -> MuxedAccount {
        MuxedAccount::Ed25519(Uint256(self.bytes()))
    }

    pub fn address(&self) -> ScVal {
        ScVal::Address(ScAddress::Account(self.id()))
    }

    fn sign(&self, hash: &[u8; 32]) -> Result<DecoratedSignature, Failure> {
        let [.., a, b, c, d] = self.bytes();
        let signature = self.0.sign(hash).to_bytes().to_vec().try_into()?;
        Ok(DecoratedSignature {
            hint: SignatureHint([a, b, c, d]),
            signature: Signature(signature),
        })
    }
}

/// The network with an issuer and the asset.
pub struct World {
    pub localnet: Localnet,
    issuer: Person,
}

impl World {
    pub fn new() -> Result<Self, Failure> {
        let localnet = Localnet::builder().clock(Arc::new(|| START)).start()?;
        let issuer = Person::new("issuer");
        let world = Self { localnet, issuer };
        world.fund(&world.issuer)?;
        Ok(world)
    }

    pub fn asset(&self) -> Asset {
        let issuer = self.issuer.id();
        Asset::CreditAlphanum4(AlphaNum4 { asset_code: AssetCode4(*b"USDC"), issuer })
    }

    /// Somebody with lumens, a trustline and so many units of the asset.
    pub fn person(&self, name: &str, units: i64) -> Result<Person, Failure> {
        let person = Person::new(name);
        self.fund(&person)?;
        let Asset::CreditAlphanum4(asset) = self.asset() else {
            return Err(Failure::step("the asset", self.asset()));
        };
        let line = ChangeTrustAsset::CreditAlphanum4(asset);
        self.run(&person, OperationBody::ChangeTrust(ChangeTrustOp { line, limit: i64::MAX }))?;
        if units > 0 {
            self.run(&self.issuer, self.payment(&person, units.saturating_mul(UNIT)))?;
        }
        Ok(person)
    }

    fn fund(&self, person: &Person) -> Result<(), Failure> {
        let record = self.localnet.fund(person.id(), 10_000 * UNIT).wait()?;
        successful("funding", record).map(drop)
    }

    /// A payment in the asset.
    pub fn payment(&self, to: &Person, amount: i64) -> OperationBody {
        OperationBody::Payment(PaymentOp { destination: to.muxed(), asset: self.asset(), amount })
    }

    /// Sends a classic operation.
    fn run(&self, source: &Person, body: OperationBody) -> Result<(), Failure> {
        let what = body.name();
        let tx = self.tx(source, 1, body)?;
        self.send(what, self.sign(tx, source)?).map(drop)
    }

    /// Simulates, sends, and gives what the call returns.
    pub fn call(&self, source: &Person, function: &HostFunction) -> Result<ScVal, Failure> {
        let record = self.send("a call", self.prepared(source, 1, function)?)?;
        match record.meta {
            TransactionMeta::V4(meta) => meta.soroban_meta.and_then(|meta| meta.return_value),
            _ => None,
        }
        .ok_or_else(|| Failure::step("a call", "it returned nothing"))
    }

    fn send(&self, what: &str, envelope: TransactionEnvelope) -> Result<TxRecord, Failure> {
        let hash = match self.localnet.send(envelope).wait()? {
            SendOutcome::Pending(hash) => hash,
            other => return Err(Failure::step(what, other)),
        };
        self.applied(what, hash.0)
    }

    /// The transaction, if it succeeded.
    pub fn applied(&self, what: &str, hash: [u8; 32]) -> Result<TxRecord, Failure> {
        let record = self.localnet.transaction(hash).wait()?;
        successful(what, record.ok_or_else(|| Failure::step(what, "it is in no ledger"))?)
    }

    /// Simulated, filled in and signed; `ahead` transactions after the last of `source`.
    pub fn prepared(
        &self,
        source: &Person,
        ahead: i64,
        function: &HostFunction,
    ) -> Result<TransactionEnvelope, Failure> {
        let invoke = |auth| {
            let host_function = function.clone();
            OperationBody::InvokeHostFunction(InvokeHostFunctionOp { host_function, auth })
        };
        let mut tx = self.tx(source, ahead, invoke(VecM::default()))?;
        let envelope = TransactionEnvelope::from(tx.clone());
        let simulated = self.localnet.simulate(envelope, SimulateOptions::default()).wait()?;
        let Some(data) = simulated.transaction_data else {
            return Err(Failure::step("a simulation", simulated.error));
        };
        tx.fee = u32::try_from(simulated.min_resource_fee.saturating_add(100)).unwrap_or(u32::MAX);
        tx.ext = TransactionExt::V1(data);
        let body = invoke(simulated.auth.try_into()?);
        tx.operations = vec![Operation { source_account: None, body }].try_into()?;
        self.sign(tx, source)
    }

    /// A transaction `ahead` after the last of `source`.
    pub fn tx(
        &self,
        source: &Person,
        ahead: i64,
        body: OperationBody,
    ) -> Result<Transaction, Failure> {
        let key = LedgerKey::Account(LedgerKeyAccount { account_id: source.id() });
        let (found, _) = self.localnet.entries(vec![key]).wait()?;
        let last = found.first().and_then(|found| match &found.entry.entry.data {
            LedgerEntryData::Account(account) => Some(account.seq_num.0),
            _ => None,
        });
        let last = last.ok_or_else(|| Failure::step("an account", "it does not exist"))?;
        Ok(Transaction {
            source_account: source.muxed(),
            fee: 100,
            seq_num: SequenceNumber(last.saturating_add(ahead)),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: vec![Operation { source_account: None, body }].try_into()?,
            ext: TransactionExt::V0,
        })
    }

    pub fn sign(&self, tx: Transaction, by: &Person) -> Result<TransactionEnvelope, Failure> {
        let signature = by.sign(&tx.hash(self.localnet.network_id())?)?;
        let signatures = vec![signature].try_into()?;
        Ok(TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures }))
    }
}

/// A call of a contract.
pub fn call(
    contract: &ScAddress,
    function: &str,
    args: Vec<ScVal>,
) -> Result<HostFunction, Failure> {
    Ok(HostFunction::InvokeContract(InvokeContractArgs {
        contract_address: contract.clone(),
        function_name: ScSymbol(function.try_into()?),
        args: args.try_into()?,
    }))
}

pub fn bytes(value: &[u8]) -> Result<ScVal, Failure> {
    Ok(ScVal::Bytes(ScBytes(value.to_vec().try_into()?)))
}

pub fn address_of(value: ScVal) -> Result<ScAddress, Failure> {
    match value {
        ScVal::Address(address) => Ok(address),
        other => Err(Failure::step("a deployment", other)),
    }
}

fn successful(what: &str, record: TxRecord) -> Result<TxRecord, Failure> {
    if record.is_successful() { Ok(record) } else { Err(Failure::step(what, record.result)) }
}
