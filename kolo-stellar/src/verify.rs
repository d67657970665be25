//! The last look before the vault signs: the bytes are decoded again and every field is compared
//! with the effect. Whatever is not expected here is refused, also what looks harmless.
use kolo_core::Timestamp;
use kolo_core::port::PortError;
use kolo_core::port::chain::{ChainEffect, Mismatch, PreparedTx};
use stellar_xdr::{
    AccountId, CreateAccountOp, HostFunction, InvokeHostFunctionOp, Memo, MuxedAccount, Operation,
    OperationBody, PaymentOp, Preconditions, ReadXdr, ScVal, SorobanAuthorizationEntry,
    SorobanCredentials, SorobanTransactionData, Transaction, TransactionExt,
    TransactionSignaturePayload, TransactionSignaturePayloadTaggedTransaction,
};

use crate::address::{account_address, sha256};
use crate::client::StellarChainClient;
use crate::closing::{check_close, check_unsponsor};
use crate::config::Network;
use crate::plan::{Auth, Call, Function, Plan};
use crate::prepare::change_trust_asset;
use crate::rpc::XDR_LIMITS;
use crate::{lifetime, two};

/// Above what any network grants one transaction: nonsense, not a budget.
const MAX_INSTRUCTIONS: u32 = 1_000_000_000;
const MAX_BYTES: u32 = 4 * 1024 * 1024;

type Checked = Result<(), Mismatch>;

pub(crate) fn mismatch(field: impl Into<String>) -> Mismatch {
    Mismatch { field: field.into() }
}

pub(crate) fn same(equal: bool, field: &str) -> Checked {
    if equal { Ok(()) } else { Err(mismatch(field)) }
}

impl StellarChainClient {
    pub(crate) fn check(&self, effect: &ChainEffect, tx: &PreparedTx) -> Checked {
        let unreadable = |e: PortError| mismatch(format!("effect ({})", e.context));
        let plan = Plan::of(&self.network, effect).map_err(unreadable)?;
        let decoded = decode(&self.network, tx)?;
        check_frame(&self.network, &plan, tx, &decoded)?;
        self.check_time(tx, &decoded.cond)?;
        match &plan {
            Plan::Open { owner, asset } => {
                check_open(&decoded.operations, owner, asset.as_ref())?;
            }
            Plan::Trust { owner, asset } => {
                same(decoded.operations.len() == TRUST_OPERATIONS, "number of operations")?;
                check_open(&decoded.operations, owner, Some(asset))?;
            }
            Plan::Pay { from: _, to, asset, amount } => {
                let expected = PaymentOp {
                    destination: MuxedAccount::from(to.clone()),
                    asset: asset.clone(),
                    amount: amount.minor_units(),
                };
                check_payment(&decoded.operations, &expected)?;
            }
            Plan::Close { owner: _, assets, to } => check_close(&decoded.operations, assets, to)?,
            Plan::Unsponsor { owner, assets } => {
                check_unsponsor(&decoded.operations, owner, assets)?;
            }
            Plan::Call(call) => return check_call(&self.network, call, &decoded, tx),
            Plan::Prolong(rent) => {
                same(tx.authorisations.is_empty(), "number of consents")?;
                lifetime::check(&self.network, rent, &decoded)?;
                return match &decoded.ext {
                    TransactionExt::V1(data) => check_resources(data, decoded.fee),
                    TransactionExt::V0 => Err(mismatch("contract resources")),
                };
            }
        }
        same(tx.authorisations.is_empty(), "number of consents")?;
        same(decoded.ext == TransactionExt::V0, "contract resources")
    }

    fn check_time(&self, tx: &PreparedTx, cond: &Preconditions) -> Checked {
        let Preconditions::Time(bounds) = cond else {
            return Err(mismatch("time bounds"));
        };
        let (min, max) = (bounds.min_time.0, bounds.max_time.0);
        let latest = self.validity_from(Timestamp::from_unix(min)).plus(self.network.validity_s);
        let fits = max == tx.max_time.unix() && (1..=max).contains(&min) && max <= latest.unix();
        same(fits, "time bounds")
    }
}

fn decode(network: &Network, tx: &PreparedTx) -> Result<Transaction, Mismatch> {
    let hash = data_encoding::HEXLOWER.encode(&sha256(&tx.payload));
    same(tx.hash == hash, "hash")?;
    let payload = TransactionSignaturePayload::from_xdr(&tx.payload, XDR_LIMITS)
        .map_err(|_| mismatch("payload"))?;
    same(payload.network_id.0 == network.id, "network")?;
    match payload.tagged_transaction {
        TransactionSignaturePayloadTaggedTransaction::Tx(tx) => Ok(tx),
        TransactionSignaturePayloadTaggedTransaction::TxFeeBump(_) => {
            Err(mismatch("kind of transaction"))
        }
    }
}

/// What every transaction has: source, sequence, fee, memo, signers.
fn check_frame(network: &Network, plan: &Plan, tx: &PreparedTx, decoded: &Transaction) -> Checked {
    let source = plan.source(network);
    same(tx.source == account_address(&source), "source")?;
    same(decoded.source_account == MuxedAccount::from(source), "source")?;
    same(decoded.seq_num.0 == tx.sequence && tx.sequence > 0, "sequence")?;
    same(tx.max_fee <= network.ceiling(decoded), "fee ceiling")?;
    same(i64::from(decoded.fee) <= tx.max_fee, "fee")?;
    same(decoded.memo == Memo::None, "memo")?;
    same(tx.signers == plan.signers(network), "signers")
}

/// The sponsorship's beginning, the trustline, the sponsorship's end.
const TRUST_OPERATIONS: usize = 3;

fn check_open(ops: &[Operation], owner: &AccountId, asset: Option<&stellar_xdr::Asset>) -> Checked {
    let (begin, create, trust, end) = match (ops, asset) {
        ([begin, create, trust, end], Some(asset)) => {
            (begin, Some(create), Some((trust, asset)), end)
        }
        ([begin, trust, end], Some(asset)) => (begin, None, Some((trust, asset)), end),
        ([begin, create, end], None) => (begin, Some(create), None, end),
        _ => return Err(mismatch("number of operations")),
    };
    let as_owner = Some(MuxedAccount::from(owner.clone()));

    same(begin.source_account.is_none(), "sponsorship source")?;
    let OperationBody::BeginSponsoringFutureReserves(sponsoring) = &begin.body else {
        return Err(mismatch("kind of operation 1"));
    };
    same(sponsoring.sponsored_id == *owner, "sponsored account")?;

    if let Some(create) = create {
        check_creation(create, owner)?;
    }
    if let Some((trust, asset)) = trust {
        same(trust.source_account == as_owner, "trustline source")?;
        let OperationBody::ChangeTrust(line) = &trust.body else {
            return Err(mismatch("kind of the trustline's operation"));
        };
        same(line.line == change_trust_asset(asset), "trustline asset")?;
        same(line.limit == i64::MAX, "trustline limit")?;
    }
    same(end.source_account == as_owner, "end of sponsorship source")?;
    same(end.body == OperationBody::EndSponsoringFutureReserves, "kind of the last operation")
}

fn check_creation(create: &Operation, owner: &AccountId) -> Checked {
    same(create.source_account.is_none(), "account creation source")?;
    let OperationBody::CreateAccount(CreateAccountOp { destination, starting_balance }) =
        &create.body
    else {
        return Err(mismatch("kind of operation 2"));
    };
    same(destination == owner, "new account")?;
    same(*starting_balance == 0, "starting balance")
}

fn check_payment(ops: &[Operation], expected: &PaymentOp) -> Checked {
    let [operation] = ops else {
        return Err(mismatch("number of operations"));
    };
    same(operation.source_account.is_none(), "payment source")?;
    let OperationBody::Payment(found) = &operation.body else {
        return Err(mismatch("kind of operation"));
    };
    same(found.destination == expected.destination, "destination")?;
    same(found.asset == expected.asset, "asset")?;
    same(found.amount == expected.amount, "amount")
}

fn check_call(network: &Network, call: &Call, tx: &Transaction, whole: &PreparedTx) -> Checked {
    let [operation] = tx.operations.as_slice() else {
        return Err(mismatch("number of operations"));
    };
    same(operation.source_account.is_none(), "call source")?;
    let OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
        host_function: HostFunction::InvokeContract(found),
        auth,
    }) = &operation.body
    else {
        return Err(mismatch("kind of operation"));
    };
    let expected = call.invocation().map_err(|_| mismatch("effect"))?;
    same(found.contract_address == expected.contract_address, "contract")?;
    same(found.function_name == expected.function_name, "function")?;
    let args = match (call.function, found.args.as_slice()) {
        (Function::Named(_), args) => args,
        (Function::Step(step), [ScVal::Vec(Some(values))]) => {
            let Some((ScVal::Symbol(name), args)) = values.split_first() else {
                return Err(mismatch("step"));
            };
            same(name.0.as_slice() == step.as_bytes(), "step")?;
            args
        }
        (Function::Step(_), _) => return Err(mismatch("step")),
    };
    same(args.len() == call.args.len(), "number of arguments")?;
    for ((name, value), found) in call.args.iter().zip(args) {
        same(found == value, &format!("argument {name}"))?;
    }
    check_auth(network, call, auth, whole)?;
    let TransactionExt::V1(data) = &tx.ext else {
        return Err(mismatch("contract resources"));
    };
    check_resources(data, tx.fee)
}

/// Exactly the call, by the source account; below it nothing, or the one transfer it is about, in
/// the asset it is about. And beside it the consent of the other one, where the call takes two.
fn check_auth(
    network: &Network,
    call: &Call,
    auth: &[SorobanAuthorizationEntry],
    tx: &PreparedTx,
) -> Checked {
    let (own, others): (Vec<_>, Vec<_>) =
        auth.iter().partition(|entry| entry.credentials == SorobanCredentials::SourceAccount);
    match (&call.other, others.as_slice()) {
        (None, []) => same(tx.authorisations.is_empty(), "number of consents")?,
        (Some(_), [consent]) => two::check(network, call, consent, &tx.authorisations)?,
        (None, [_]) if own.is_empty() => return Err(mismatch("authorisation's credentials")),
        _ => return Err(mismatch("number of authorisations")),
    }
    let entry = match (&call.auth, own.as_slice()) {
        (Auth::Nothing, []) => return Ok(()),
        (Auth::Nothing, _) => return Err(mismatch("number of authorisations")),
        (_, [entry]) => entry,
        _ => return Err(mismatch("number of authorisations")),
    };
    let expected = call.authorisation().map_err(|_| mismatch("effect"))?;
    let fits = expected.is_some_and(|expected| expected == entry.root_invocation);
    same(fits, "authorised invocation")
}

fn check_resources(data: &SorobanTransactionData, fee: u32) -> Checked {
    let resources = &data.resources;
    same(resources.instructions <= MAX_INSTRUCTIONS, "instructions")?;
    same(resources.disk_read_bytes <= MAX_BYTES, "bytes read")?;
    same(resources.write_bytes <= MAX_BYTES, "bytes written")?;
    let fits = data.resource_fee >= 0 && data.resource_fee <= i64::from(fee);
    same(fits, "resource fee")
}
