//! From an effect to a transaction: sequence, time, fee, simulation.
use kolo_core::Timestamp;
use kolo_core::port::chain::{
    Authorisation, ChainEffect, LatestLedger, PrepareError, PreparedTx, Refused,
};
use kolo_core::port::{PortError, PortErrorKind, Retry};
use kolo_rules::Amount;
use stellar_xdr::{
    AccountId, BeginSponsoringFutureReservesOp, ChangeTrustAsset, ChangeTrustOp, CreateAccountOp,
    Hash, HostFunction, InvokeHostFunctionOp, LedgerEntryData, LedgerKey, Memo, MuxedAccount,
    Operation, OperationBody, PaymentOp, Preconditions, SequenceNumber, SorobanAuthorizationEntry,
    SorobanTransactionData, TimeBounds, TimePoint, Transaction, TransactionEnvelope,
    TransactionExt, TransactionSignaturePayload, TransactionSignaturePayloadTaggedTransaction,
    TransactionV1Envelope,
};

use crate::address::{account_address, invalid, sha256, to_xdr};
use crate::client::StellarChainClient;
use crate::fees::{BASE_FEE, first_bid, with_margin};
use crate::lifetime::Rent;
use crate::outcome::refusal_of_simulation;
use crate::plan::{Call, Plan};
use crate::read::{account_key, trustline_key};
use crate::rpc::{FeeLevels, Simulated, Simulation};
use crate::two;

/// Added to the bytes a simulation read and wrote: another call may have let an entry grow since.
const BYTES_MARGIN: u32 = 1024;

/// The state a transaction is built upon.
struct Base {
    sequence: i64,
    min_time: Timestamp,
    max_time: Timestamp,
    levels: FeeLevels,
    ledger: u32,
}

/// What a transaction does, ready to be put into one.
pub(crate) struct Body {
    pub operations: Vec<Operation>,
    pub resources: Option<SorobanTransactionData>,
    /// Consents that are still to be signed.
    pub consents: Vec<Authorisation>,
}

impl Body {
    fn of(operations: Vec<Operation>) -> Self {
        Self { operations, resources: None, consents: Vec::new() }
    }
}

impl StellarChainClient {
    pub(crate) async fn build(&self, effect: &ChainEffect) -> Result<PreparedTx, PrepareError> {
        let plan = Plan::of(&self.network, effect)?;
        let source = plan.source(&self.network);
        let operations = match &plan {
            Plan::Open { owner, asset } => self.open_operations(owner, asset.as_ref()).await?,
            Plan::Trust { owner, asset } => self.trust_operations(owner, asset).await?,
            Plan::Pay { from, to, asset, amount } => {
                self.check_payment(from, to, asset, *amount).await?;
                vec![payment(to, asset, *amount)]
            }
            Plan::Close { owner, assets, to } => self.close_operations(owner, assets, to).await?,
            Plan::Unsponsor { owner, assets } => self.unsponsor_operations(owner, assets).await?,
            Plan::Call(call) => vec![call_operation(call, vec![])?],
            Plan::Prolong(_) => vec![],
        };
        let soroban = matches!(plan, Plan::Call(_) | Plan::Prolong(_));
        let base = self.base(&source, soroban).await?;
        let body = match &plan {
            Plan::Call(call) => self.simulated(call, &base).await?,
            Plan::Prolong(rent) => self.prolonging(rent, &base).await?,
            _ => Body::of(operations),
        };
        let tx = self.assemble_prepared(&plan, &base, body)?;
        // What would not be signed is not handed out.
        self.check(effect, &tx)
            .map_err(|e| PortError::new(PortErrorKind::Denied, Retry::Permanent, e.to_string()))?;
        Ok(tx)
    }

    async fn base(&self, source: &AccountId, soroban: bool) -> Result<Base, PrepareError> {
        let LatestLedger { sequence: ledger, closed_at } = self.latest_ledger().await?;
        let entries = self.rpc.entries_at(&[account_key(source)]).await;
        let (as_of, found) = entries.map_err(PortError::from)?;
        let Some(LedgerEntryData::Account(account)) = found.into_iter().next().map(|e| e.data)
        else {
            return Err(missing(source, ledger, closed_at, as_of));
        };
        let sequence = account.seq_num.0.checked_add(1);
        let now = self.validity_from(closed_at);
        Ok(Base {
            sequence: sequence.ok_or_else(|| invalid("the account's sequence is used up"))?,
            // Tells later when it can have been sent at the earliest.
            min_time: closed_at,
            max_time: now.plus(self.network.validity_s),
            levels: self.fee_levels(soroban).await?,
            ledger,
        })
    }

    /// What others bid lately; a node that does not say is taken at the network's least.
    async fn fee_levels(&self, soroban: bool) -> Result<FeeLevels, PortError> {
        match self.rpc.fee_stats().await {
            Ok(stats) if soroban => Ok(stats.soroban_inclusion_fee),
            Ok(stats) => Ok(stats.inclusion_fee),
            Err(error) if error.is_method_missing() => {
                Ok(FeeLevels { p90: BASE_FEE, min: Some(BASE_FEE) })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The account with its trustline, or the trustline alone where the account exists.
    async fn open_operations(
        &self,
        owner: &AccountId,
        asset: Option<&stellar_xdr::Asset>,
    ) -> Result<Vec<Operation>, PrepareError> {
        let mut keys = vec![account_key(owner)];
        keys.extend(asset.map(|asset| trustline_key(owner, asset)));
        let found = self.rpc.ledger_entries(&keys).await.map_err(PortError::from)?;
        let is_there = |key: &LedgerKey| found.iter().any(|entry| entry.key == *key);
        if keys.last().is_some_and(is_there) {
            return Err(PrepareError::AlreadyDone);
        }
        Ok(open(owner, asset, !keys.first().is_some_and(is_there)))
    }

    /// The trustline alone: an account that is not there, merged away in another wallet, say, is not brought back.
    async fn trust_operations(
        &self,
        owner: &AccountId,
        asset: &stellar_xdr::Asset,
    ) -> Result<Vec<Operation>, PrepareError> {
        let LatestLedger { sequence, closed_at } = self.latest_ledger().await?;
        let keys = [account_key(owner), trustline_key(owner, asset)];
        let (as_of, found) = self.rpc.entries_at(&keys).await.map_err(PortError::from)?;
        let [account, line] = keys.map(|key| found.iter().any(|entry| entry.key == key));
        if line {
            return Err(PrepareError::AlreadyDone);
        }
        if !account {
            return Err(missing(owner, sequence, closed_at, as_of));
        }
        Ok(open(owner, Some(asset), false))
    }

    /// What the network would say to a payment, said before it costs a fee.
    async fn check_payment(
        &self,
        from: &AccountId,
        to: &AccountId,
        asset: &stellar_xdr::Asset,
        amount: Amount,
    ) -> Result<(), PrepareError> {
        let keys = [trustline_key(from, asset), trustline_key(to, asset)];
        let found = self.rpc.ledger_entries(&keys).await.map_err(PortError::from)?;
        let line = |key: &LedgerKey| {
            found.iter().find_map(|entry| match &entry.data {
                LedgerEntryData::Trustline(line) if entry.key == *key => Some(line),
                _ => None,
            })
        };
        if !is_issuer(from, asset) {
            match line(&keys[0]) {
                None => return Err(refused("PaymentSrcNoTrust".to_owned())),
                Some(line) if line.balance < amount.minor_units() => {
                    return Err(refused("PaymentUnderfunded".to_owned()));
                }
                Some(_) => {}
            }
        }
        if !is_issuer(to, asset) && line(&keys[1]).is_none() {
            return Err(refused("PaymentNoTrust".to_owned()));
        }
        Ok(())
    }

    async fn simulated(&self, call: &Call, base: &Base) -> Result<Body, PrepareError> {
        let bare = Body::of(vec![call_operation(call, vec![])?]);
        let tx = self.transaction(&call.source, base, bare)?;
        let (simulated, resources) = self.simulate(tx).await?;
        let (auth, consents) = two::to_be_signed(&self.network, base.ledger, simulated.auth)?;
        let operations = vec![call_operation(call, auth)?];
        Ok(Body { operations, resources: Some(resources), consents })
    }

    async fn prolonging(&self, rent: &Rent, base: &Base) -> Result<Body, PrepareError> {
        let (operation, data) = self.rent_operation(rent, base.ledger).await?;
        let bare = Body { resources: Some(data), ..Body::of(vec![operation.clone()]) };
        let tx = self.transaction(&rent.source, base, bare)?;
        let (_, resources) = self.simulate(tx).await?;
        Ok(Body { resources: Some(resources), ..Body::of(vec![operation]) })
    }

    /// What the call takes with these authorisations, which are checked in it.
    pub(crate) async fn simulated_with(
        &self,
        call: &Call,
        unsigned: &Transaction,
        auth: Vec<SorobanAuthorizationEntry>,
    ) -> Result<Body, PrepareError> {
        let operations = vec![call_operation(call, auth)?];
        let too_many = |e: stellar_xdr::Error| invalid("too many operations").because(e);
        let tx = Transaction {
            operations: operations.clone().try_into().map_err(too_many)?,
            ext: TransactionExt::V0,
            ..unsigned.clone()
        };
        let (_, resources) = self.simulate(tx).await?;
        Ok(Body { resources: Some(resources), ..Body::of(operations) })
    }

    /// A simulation, and its resources with a margin.
    async fn simulate(
        &self,
        tx: Transaction,
    ) -> Result<(Simulated, SorobanTransactionData), PrepareError> {
        let envelope = TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: none()? });
        let leeway = self.network.instruction_leeway;
        let simulated = match self.rpc.simulate(&envelope, leeway).await {
            Ok(Simulation::Success(simulated)) => *simulated,
            Ok(Simulation::Failed(words)) => {
                return Err(PrepareError::Refused(refusal_of_simulation(&words)));
            }
            Ok(Simulation::NeedsRestore) => return Err(needs_restore().into()),
            Err(error) => return Err(PortError::from(error).into()),
        };
        let mut data = simulated.data.clone();
        let bytes = &mut data.resources;
        bytes.disk_read_bytes = bytes.disk_read_bytes.saturating_add(BYTES_MARGIN);
        bytes.write_bytes = bytes.write_bytes.saturating_add(BYTES_MARGIN);
        data.resource_fee = with_margin(simulated.min_resource_fee);
        Ok((simulated, data))
    }

    fn assemble_prepared(
        &self,
        plan: &Plan,
        base: &Base,
        mut body: Body,
    ) -> Result<PreparedTx, PortError> {
        let authorisations = std::mem::take(&mut body.consents);
        let source = plan.source(&self.network);
        let resource_fee = body.resources.as_ref().map_or(0, |data| data.resource_fee);
        let tx = self.transaction(&source, base, body)?;
        let (ceiling, operations) = (self.network.ceiling(&tx), tx.operations.len());
        let max_fee = first_bid(base.levels, operations, resource_fee, ceiling)?;
        let payload = to_xdr(&TransactionSignaturePayload {
            network_id: Hash(self.network.id),
            tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(tx),
        })?;
        Ok(PreparedTx {
            hash: data_encoding::HEXLOWER.encode(&sha256(&payload)),
            payload,
            signers: plan.signers(&self.network),
            source: account_address(&source),
            sequence: base.sequence,
            max_time: base.max_time,
            max_fee,
            authorisations,
        })
    }

    fn transaction(
        &self,
        source: &AccountId,
        base: &Base,
        body: Body,
    ) -> Result<Transaction, PortError> {
        let resource_fee = body.resources.as_ref().map_or(0, |data| data.resource_fee);
        let fee = i64::try_from(body.operations.len())
            .ok()
            .and_then(|n| n.checked_mul(BASE_FEE))
            .and_then(|fee| fee.checked_add(resource_fee))
            .and_then(|fee| u32::try_from(fee).ok())
            .ok_or_else(|| invalid("the fee leaves the range of 32 bits"))?;
        Ok(Transaction {
            source_account: MuxedAccount::from(source.clone()),
            fee,
            seq_num: SequenceNumber(base.sequence),
            cond: Preconditions::Time(TimeBounds {
                min_time: TimePoint(base.min_time.unix()),
                max_time: TimePoint(base.max_time.unix()),
            }),
            memo: Memo::None,
            operations: body
                .operations
                .try_into()
                .map_err(|e: stellar_xdr::Error| invalid("too many operations").because(e))?,
            ext: body.resources.map_or(TransactionExt::V0, TransactionExt::V1),
        })
    }
}

/// By a ledger that has closed since, or by a node that is behind, which proves nothing.
fn missing(source: &AccountId, ledger: u32, closed_at: Timestamp, as_of: u32) -> PrepareError {
    let account = account_address(source);
    if as_of >= ledger {
        return PrepareError::NoSource { account, as_of: closed_at };
    }
    let context = format!("a node that is behind does not know the account {account}");
    PortError::new(PortErrorKind::Unavailable, Retry::Temporary, context).into()
}

/// A call restores what it needs by itself; rent finds what is archived now when it is looked at again.
fn needs_restore() -> PortError {
    PortError::new(
        PortErrorKind::Unavailable,
        Retry::Temporary,
        "archived entries must be restored by a transaction of their own first: the keeper's next rent does",
    )
}

pub(crate) fn refused(reason: String) -> PrepareError {
    PrepareError::Refused(Refused { contract_code: None, reason })
}

fn is_issuer(account: &AccountId, asset: &stellar_xdr::Asset) -> bool {
    match asset {
        stellar_xdr::Asset::CreditAlphanum4(a) => a.issuer == *account,
        stellar_xdr::Asset::CreditAlphanum12(a) => a.issuer == *account,
        stellar_xdr::Asset::Native => false,
    }
}

pub(crate) const fn operation(source: Option<MuxedAccount>, body: OperationBody) -> Operation {
    Operation { source_account: source, body }
}

fn payment(to: &AccountId, asset: &stellar_xdr::Asset, amount: Amount) -> Operation {
    operation(
        None,
        OperationBody::Payment(PaymentOp {
            destination: MuxedAccount::from(to.clone()),
            asset: asset.clone(),
            amount: amount.minor_units(),
        }),
    )
}

/// The sponsor (the transaction's source) promises the reserves, the owner ends the promise.
fn open(owner: &AccountId, asset: Option<&stellar_xdr::Asset>, create: bool) -> Vec<Operation> {
    let as_owner = Some(MuxedAccount::from(owner.clone()));
    let mut operations = vec![operation(
        None,
        OperationBody::BeginSponsoringFutureReserves(BeginSponsoringFutureReservesOp {
            sponsored_id: owner.clone(),
        }),
    )];
    if create {
        let body = OperationBody::CreateAccount(CreateAccountOp {
            destination: owner.clone(),
            starting_balance: 0,
        });
        operations.push(operation(None, body));
    }
    if let Some(asset) = asset {
        let line = change_trust_asset(asset);
        let trust = OperationBody::ChangeTrust(ChangeTrustOp { line, limit: i64::MAX });
        operations.push(operation(as_owner.clone(), trust));
    }
    operations.push(operation(as_owner, OperationBody::EndSponsoringFutureReserves));
    operations
}

pub(crate) fn change_trust_asset(asset: &stellar_xdr::Asset) -> ChangeTrustAsset {
    match asset.clone() {
        stellar_xdr::Asset::Native => ChangeTrustAsset::Native,
        stellar_xdr::Asset::CreditAlphanum4(a) => ChangeTrustAsset::CreditAlphanum4(a),
        stellar_xdr::Asset::CreditAlphanum12(a) => ChangeTrustAsset::CreditAlphanum12(a),
    }
}

fn call_operation(
    call: &Call,
    auth: Vec<SorobanAuthorizationEntry>,
) -> Result<Operation, PortError> {
    let body = OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
        host_function: HostFunction::InvokeContract(call.invocation()?),
        auth: auth
            .try_into()
            .map_err(|e: stellar_xdr::Error| invalid("too many authorisations").because(e))?,
    });
    Ok(operation(None, body))
}

fn none<T, const N: u32>() -> Result<stellar_xdr::VecM<T, N>, PortError> {
    vec![]
        .try_into()
        .map_err(|e: stellar_xdr::Error| invalid("an empty list does not fit").because(e))
}
