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
use crate::outcome::refusal_of_simulation;
use crate::plan::{Call, Plan};
use crate::read::{account_key, trustline_key};
use crate::rpc::{Simulated, Simulation};
use crate::two;

/// The least inclusion fee of an operation, stroops of XLM; also what the inner transaction bids,
/// which never pays itself.
pub(crate) const BASE_FEE: i64 = 100;

/// Added to the bytes a simulation read and wrote: another call may have let an entry grow since.
const BYTES_MARGIN: u32 = 1024;

/// Added to the resource fee: what is not used comes back.
const RESOURCE_FEE_MARGIN: i64 = 100_000;

/// The state a transaction is built upon.
struct Base {
    sequence: i64,
    min_time: Timestamp,
    max_time: Timestamp,
    inclusion: i64,
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
            Plan::Open { owner, asset } => self.open_operations(owner, asset).await?,
            Plan::Pay { from, to, asset, amount } => {
                self.check_payment(from, to, asset, *amount).await?;
                vec![payment(to, asset, *amount)]
            }
            Plan::Close { owner, asset, to } => self.close_operations(owner, asset, to).await?,
            Plan::Unsponsor { owner, asset } => self.unsponsor_operations(owner, asset).await?,
            Plan::Call(call) => vec![call_operation(call, vec![])?],
        };
        let base = self.base(&source, matches!(plan, Plan::Call(_))).await?;
        let body = match &plan {
            Plan::Call(call) => self.simulated(call, &base).await?,
            _ => Body::of(operations),
        };
        let tx = self.assemble_prepared(&plan, &base, body)?;
        // What would not be signed is not handed out.
        self.check(effect, &tx)
            .map_err(|e| PortError::new(PortErrorKind::Denied, Retry::Permanent, e.to_string()))?;
        Ok(tx)
    }

    async fn base(&self, source: &AccountId, soroban: bool) -> Result<Base, PrepareError> {
        let entries = self.rpc.ledger_entries(&[account_key(source)]).await;
        let found = entries.map_err(PortError::from)?;
        let Some(LedgerEntryData::Account(account)) = found.into_iter().next().map(|e| e.data)
        else {
            return Err(refused(format!("the account {} does not exist", account_address(source))));
        };
        let sequence = account.seq_num.0.checked_add(1);
        let LatestLedger { sequence: ledger, closed_at } = self.latest_ledger().await?;
        let now = self.validity_from(closed_at);
        Ok(Base {
            sequence: sequence.ok_or_else(|| invalid("the account's sequence is used up"))?,
            // Tells later when it can have been sent at the earliest.
            min_time: closed_at,
            max_time: now.plus(self.network.validity_s),
            inclusion: self.inclusion_fee(soroban).await?,
            ledger,
        })
    }

    /// What 90 of 100 transactions stayed below lately: a bid, of which the network charges what the
    /// ledger's price is.
    async fn inclusion_fee(&self, soroban: bool) -> Result<i64, PortError> {
        match self.rpc.fee_stats().await {
            Ok(stats) if soroban => Ok(stats.soroban_inclusion_fee.p90.max(BASE_FEE)),
            Ok(stats) => Ok(stats.inclusion_fee.p90.max(BASE_FEE)),
            Err(error) if error.is_method_missing() => Ok(BASE_FEE),
            Err(error) => Err(error.into()),
        }
    }

    /// The account with its trustline, or the trustline alone where the account exists.
    async fn open_operations(
        &self,
        owner: &AccountId,
        asset: &stellar_xdr::Asset,
    ) -> Result<Vec<Operation>, PrepareError> {
        let keys = [account_key(owner), trustline_key(owner, asset)];
        let found = self.rpc.ledger_entries(&keys).await.map_err(PortError::from)?;
        let has_account = found.iter().any(|entry| entry.key == keys[0]);
        if found.iter().any(|entry| entry.key == keys[1]) {
            return Err(PrepareError::AlreadyDone);
        }
        Ok(open(owner, asset, !has_account))
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
        // A fee-bump counts as one operation more.
        let bids = i64::try_from(body.operations.len()).ok().and_then(|n| n.checked_add(1));
        let max_fee = bids
            .and_then(|n| n.checked_mul(base.inclusion))
            .and_then(|fee| fee.checked_add(resource_fee))
            .ok_or_else(|| invalid("the fee leaves the range of 64 bits"))?;
        if max_fee > self.network.max_fee {
            return Err(above_ceiling(max_fee, self.network.max_fee));
        }
        let tx = self.transaction(&source, base, body)?;
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

/// A quarter and a bit more than needed: it is a limit, and what is left is refunded.
pub(crate) const fn with_margin(fee: i64) -> i64 {
    fee.saturating_add(fee / 4).saturating_add(RESOURCE_FEE_MARGIN)
}

pub(crate) fn above_ceiling(fee: i64, ceiling: i64) -> PortError {
    PortError::new(
        PortErrorKind::Limited,
        Retry::Temporary,
        format!(
            "the fee of {fee} stroops is above the operator's ceiling of {ceiling}: raise it or wait"
        ),
    )
}

fn needs_restore() -> PortError {
    PortError::new(
        PortErrorKind::Unavailable,
        Retry::Permanent,
        "archived entries must be restored by a transaction of their own first, which this \
         version does not do: restore them with the Stellar CLI, then try again",
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
fn open(owner: &AccountId, asset: &stellar_xdr::Asset, create: bool) -> Vec<Operation> {
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
    let trust = OperationBody::ChangeTrust(ChangeTrustOp {
        line: change_trust_asset(asset),
        limit: i64::MAX,
    });
    operations.push(operation(as_owner.clone(), trust));
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
