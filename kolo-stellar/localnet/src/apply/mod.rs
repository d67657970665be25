//! Operations: their static checks, their thresholds, and what they do.

mod accounts;
mod claimable;
mod clawback;
mod data;
mod events;
mod merge;
mod options;
mod payment;
mod revoke;
mod sponsoring;
mod transaction;
mod trust;

use stellar_xdr::{
    AccountId, AccountMergeResult, BeginSponsoringFutureReservesResult, BumpSequenceResult,
    ChangeTrustResult, ClaimClaimableBalanceResult, ClaimableBalanceId,
    ClawbackClaimableBalanceResult, ClawbackResult, ContractEvent, CreateAccountResult,
    CreateClaimableBalanceResult, EndSponsoringFutureReservesResult, ExtendFootprintTtlResult,
    Hash, InvokeHostFunctionResult, ManageDataResult, Memo, MuxedAccount, OperationBody,
    OperationResult, OperationResultTr, PathPaymentStrictReceiveResult,
    PathPaymentStrictReceiveResultSuccess, PathPaymentStrictSendResult,
    PathPaymentStrictSendResultSuccess, PaymentResult, RestoreFootprintResult,
    RevokeSponsorshipResult, ScVal, SetOptionsResult, SetTrustLineFlagsResult,
};

pub(crate) use accounts::new_account;
pub(crate) use events::{Events, fee_event};
pub(crate) use transaction::{Applied, Applier, sub_seed};

use crate::ledger::{SponsorshipRefusal, Txn, account_id};
use crate::soroban::{self, ModuleCaches, Refundable, Settings};
use crate::tx::{Inner, Level};

/// What an operation works on.
pub(crate) struct Operation<'o, 'base> {
    pub(crate) txn: &'o mut Txn<'base>,
    pub(crate) source: &'o MuxedAccount,
    /// Its place in the transaction.
    pub(crate) index: u32,
    pub(crate) memo: &'o Memo,
    pub(crate) inner: &'o Inner,
    pub(crate) settings: &'o Settings,
    pub(crate) modules: &'o ModuleCaches,
    pub(crate) refundable: &'o mut Refundable,
    /// Seeds the random numbers of contracts.
    pub(crate) seed: [u8; 32],
    /// Events in the order they are emitted.
    pub(crate) events: Vec<ContractEvent>,
    pub(crate) return_value: Option<ScVal>,
    pub(crate) diagnostics: Vec<stellar_xdr::DiagnosticEvent>,
}

/// A successful operation's result, or the refusal.
pub(crate) type Outcome = Result<OperationResultTr, Refusal>;

/// Why an operation does nothing.
pub(crate) type Refusal = Box<OperationResult>;

impl Operation<'_, '_> {
    pub(crate) fn source_id(&self) -> AccountId {
        account_id(self.source)
    }
}

/// A refusal with an operation's own code.
pub(crate) fn refusal(code: OperationResultTr) -> Refusal {
    Box::new(OperationResult::OpInner(code))
}

/// Refuses with an operation's own code.
pub(crate) fn refuse<T>(code: OperationResultTr) -> Result<T, Refusal> {
    Err(refusal(code))
}

/// The refusal for a reserve that cannot be had; `low` is the operation's own code.
pub(crate) fn reserve_refusal(refusal: SponsorshipRefusal, low: OperationResultTr) -> Refusal {
    Box::new(match refusal {
        SponsorshipRefusal::LowReserve => OperationResult::OpInner(low),
        SponsorshipRefusal::TooManySubentries => OperationResult::OpTooManySubentries,
        SponsorshipRefusal::TooManySponsoring => OperationResult::OpTooManySponsoring,
    })
}

/// Which threshold the operation needs.
pub(crate) fn level(body: &OperationBody) -> Level {
    match body {
        OperationBody::AccountMerge(_) => Level::High,
        OperationBody::SetOptions(options) => options::level(options),
        OperationBody::AllowTrust(_)
        | OperationBody::SetTrustLineFlags(_)
        | OperationBody::BumpSequence(_)
        | OperationBody::ClaimClaimableBalance(_)
        | OperationBody::Inflation
        | OperationBody::ExtendFootprintTtl(_)
        | OperationBody::RestoreFootprint(_) => Level::Low,
        _ => Level::Medium,
    }
}

/// What can be said about the operation without looking at the state.
pub(crate) fn check(
    body: &OperationBody,
    source: &AccountId,
    inner: &Inner,
    settings: &Settings,
) -> Result<(), Refusal> {
    match body {
        OperationBody::CreateAccount(op) => accounts::check_create(op, source),
        OperationBody::Payment(op) => payment::check(op),
        OperationBody::SetOptions(op) => options::check(op, source),
        OperationBody::ChangeTrust(op) => trust::check_change(op, source),
        OperationBody::AccountMerge(destination) => merge::check(destination, source),
        OperationBody::ManageData(op) => data::check(op),
        OperationBody::BumpSequence(op) => accounts::check_bump(op),
        OperationBody::BeginSponsoringFutureReserves(op) => sponsoring::check_begin(op, source),
        OperationBody::EndSponsoringFutureReserves => Ok(()),
        OperationBody::SetTrustLineFlags(op) => trust::check_flags(op, source),
        OperationBody::PathPaymentStrictReceive(op) => payment::check_receive(op),
        OperationBody::PathPaymentStrictSend(op) => payment::check_send(op),
        OperationBody::CreateClaimableBalance(op) => claimable::check_create(op),
        OperationBody::ClaimClaimableBalance(_) | OperationBody::ClawbackClaimableBalance(_) => {
            Ok(())
        }
        OperationBody::RevokeSponsorship(op) => revoke::check(op),
        OperationBody::Clawback(op) => clawback::check(op, source),
        OperationBody::InvokeHostFunction(op) => soroban::check_invoke(op, settings),
        OperationBody::ExtendFootprintTtl(op) => soroban::check_extend(op, inner, settings),
        OperationBody::RestoreFootprint(_) => soroban::check_restore(inner),
        _ => Err(OperationResult::OpNotSupported.into()),
    }
}

/// Does what the operation says.
pub(crate) fn apply(op: &mut Operation<'_, '_>, body: &OperationBody) -> Outcome {
    match body {
        OperationBody::CreateAccount(create) => accounts::create(op, create),
        OperationBody::Payment(payment) => payment::pay(op, payment),
        OperationBody::SetOptions(options) => options::set(op, options),
        OperationBody::ChangeTrust(change) => trust::change(op, change),
        OperationBody::AccountMerge(destination) => merge::merge(op, destination),
        OperationBody::ManageData(data) => data::manage(op, data),
        OperationBody::BumpSequence(bump) => accounts::bump(op, bump),
        OperationBody::BeginSponsoringFutureReserves(begin) => sponsoring::begin(op, begin),
        OperationBody::EndSponsoringFutureReserves => sponsoring::end(op),
        OperationBody::SetTrustLineFlags(flags) => trust::set_flags(op, flags),
        OperationBody::PathPaymentStrictReceive(payment) => payment::pay_receive(op, payment),
        OperationBody::PathPaymentStrictSend(payment) => payment::pay_send(op, payment),
        OperationBody::CreateClaimableBalance(create) => claimable::create(op, create),
        OperationBody::ClaimClaimableBalance(claim) => claimable::claim(op, &claim.balance_id),
        OperationBody::ClawbackClaimableBalance(clawback) => {
            claimable::claw_back(op, &clawback.balance_id)
        }
        OperationBody::RevokeSponsorship(revoke) => revoke::revoke(op, revoke),
        OperationBody::Clawback(clawback) => clawback::claw_back(op, clawback),
        OperationBody::InvokeHostFunction(invoke) => soroban::invoke(op, invoke),
        OperationBody::ExtendFootprintTtl(extend) => soroban::extend(op, extend),
        OperationBody::RestoreFootprint(_) => soroban::restore(op),
        _ => Err(OperationResult::OpNotSupported.into()),
    }
}

/// The results a transaction starts out with; each is replaced when its operation is applied.
pub(crate) fn default_results(inner: &Inner) -> Vec<OperationResult> {
    inner.tx.operations.iter().map(|operation| default_result(&operation.body)).collect()
}

fn default_result(body: &OperationBody) -> OperationResult {
    use OperationResultTr as Tr;
    OperationResult::OpInner(match body {
        OperationBody::CreateAccount(_) => Tr::CreateAccount(CreateAccountResult::Success),
        OperationBody::Payment(_) => Tr::Payment(PaymentResult::Success),
        OperationBody::SetOptions(_) => Tr::SetOptions(SetOptionsResult::Success),
        OperationBody::ChangeTrust(_) => Tr::ChangeTrust(ChangeTrustResult::Success),
        OperationBody::AccountMerge(_) => Tr::AccountMerge(AccountMergeResult::Success(0)),
        OperationBody::ManageData(_) => Tr::ManageData(ManageDataResult::Success),
        OperationBody::BumpSequence(_) => Tr::BumpSequence(BumpSequenceResult::Success),
        OperationBody::BeginSponsoringFutureReserves(_) => {
            Tr::BeginSponsoringFutureReserves(BeginSponsoringFutureReservesResult::Success)
        }
        OperationBody::EndSponsoringFutureReserves => {
            Tr::EndSponsoringFutureReserves(EndSponsoringFutureReservesResult::Success)
        }
        OperationBody::SetTrustLineFlags(_) => {
            Tr::SetTrustLineFlags(SetTrustLineFlagsResult::Success)
        }
        OperationBody::PathPaymentStrictReceive(_) => {
            Tr::PathPaymentStrictReceive(PathPaymentStrictReceiveResult::Success(
                PathPaymentStrictReceiveResultSuccess::default(),
            ))
        }
        OperationBody::PathPaymentStrictSend(_) => Tr::PathPaymentStrictSend(
            PathPaymentStrictSendResult::Success(PathPaymentStrictSendResultSuccess::default()),
        ),
        OperationBody::CreateClaimableBalance(_) => Tr::CreateClaimableBalance(
            CreateClaimableBalanceResult::Success(ClaimableBalanceId::default()),
        ),
        OperationBody::ClaimClaimableBalance(_) => {
            Tr::ClaimClaimableBalance(ClaimClaimableBalanceResult::Success)
        }
        OperationBody::ClawbackClaimableBalance(_) => {
            Tr::ClawbackClaimableBalance(ClawbackClaimableBalanceResult::Success)
        }
        OperationBody::RevokeSponsorship(_) => {
            Tr::RevokeSponsorship(RevokeSponsorshipResult::Success)
        }
        OperationBody::Clawback(_) => Tr::Clawback(ClawbackResult::Success),
        OperationBody::InvokeHostFunction(_) => {
            Tr::InvokeHostFunction(InvokeHostFunctionResult::Success(Hash([0; 32])))
        }
        OperationBody::ExtendFootprintTtl(_) => {
            Tr::ExtendFootprintTtl(ExtendFootprintTtlResult::Success)
        }
        OperationBody::RestoreFootprint(_) => Tr::RestoreFootprint(RestoreFootprintResult::Success),
        _ => return OperationResult::OpNotSupported,
    })
}
