//! Payment, and the path payments whose path is direct: there are no offers to cross here.

use stellar_xdr::{
    AccountId, Asset, MuxedAccount, OperationResult, OperationResultTr, PathPaymentStrictReceiveOp,
    PathPaymentStrictReceiveResult, PathPaymentStrictReceiveResultSuccess, PathPaymentStrictSendOp,
    PathPaymentStrictSendResult, PathPaymentStrictSendResultSuccess, PaymentOp, PaymentResult,
    SimplePaymentResult, VecM,
};

use super::{Events, Operation, Outcome, Refusal, refusal, refuse};
use crate::ledger::{
    Accounts, TrustLines, account_id, add_line_balance, is_authorized, is_valid_asset, issuer,
    line_asset,
};

/// What stands in the way of a payment; every kind of payment has a code of its own for each.
#[derive(Clone, Copy)]
enum Obstacle {
    NoDestination,
    NoTrust,
    NotAuthorized,
    LineFull,
    SrcNoTrust,
    SrcNotAuthorized,
    Underfunded,
    SrcNoAccount,
}

/// The refusal in the words of `$result`, which has the same codes as the other kinds.
macro_rules! refusal_as {
    ($wrap:ident, $result:ident, $obstacle:expr) => {{
        let code = match $obstacle {
            Obstacle::NoDestination => $result::NoDestination,
            Obstacle::NoTrust => $result::NoTrust,
            Obstacle::NotAuthorized => $result::NotAuthorized,
            Obstacle::LineFull => $result::LineFull,
            Obstacle::SrcNoTrust => $result::SrcNoTrust,
            Obstacle::SrcNotAuthorized => $result::SrcNotAuthorized,
            Obstacle::Underfunded => $result::Underfunded,
            Obstacle::SrcNoAccount => return OperationResult::OpNoAccount.into(),
        };
        refusal($wrap(code))
    }};
}

fn paid(code: PaymentResult) -> OperationResultTr {
    OperationResultTr::Payment(code)
}

fn received(code: PathPaymentStrictReceiveResult) -> OperationResultTr {
    OperationResultTr::PathPaymentStrictReceive(code)
}

fn sent(code: PathPaymentStrictSendResult) -> OperationResultTr {
    OperationResultTr::PathPaymentStrictSend(code)
}

pub(super) fn check(op: &PaymentOp) -> Result<(), Refusal> {
    if op.amount <= 0 || !is_valid_asset(&op.asset) {
        return refuse(paid(PaymentResult::Malformed));
    }
    Ok(())
}

pub(super) fn check_receive(op: &PathPaymentStrictReceiveOp) -> Result<(), Refusal> {
    let assets = [&op.send_asset, &op.dest_asset].into_iter().chain(op.path.iter());
    if op.dest_amount <= 0 || op.send_max <= 0 || !assets.into_iter().all(is_valid_asset) {
        return refuse(received(PathPaymentStrictReceiveResult::Malformed));
    }
    require_direct(&op.send_asset, &op.dest_asset, &op.path)
}

pub(super) fn check_send(op: &PathPaymentStrictSendOp) -> Result<(), Refusal> {
    let assets = [&op.send_asset, &op.dest_asset].into_iter().chain(op.path.iter());
    if op.send_amount <= 0 || op.dest_min <= 0 || !assets.into_iter().all(is_valid_asset) {
        return refuse(sent(PathPaymentStrictSendResult::Malformed));
    }
    require_direct(&op.send_asset, &op.dest_asset, &op.path)
}

/// A path through other assets takes the DEX, which this network does not have.
fn require_direct(from: &Asset, to: &Asset, path: &VecM<Asset, 5>) -> Result<(), Refusal> {
    if from == to && path.iter().all(|asset| asset == to) {
        return Ok(());
    }
    Err(OperationResult::OpNotSupported.into())
}

pub(super) fn pay(op: &mut Operation<'_, '_>, payment: &PaymentOp) -> Outcome {
    let to_self_in_lumens =
        op.source_id() == account_id(&payment.destination) && payment.asset == Asset::Native;
    let transfer = Transfer {
        asset: &payment.asset,
        to: &payment.destination,
        amount: payment.amount,
        through: false,
    };
    let told = |obstacle| -> Refusal { refusal_as!(paid, PaymentResult, obstacle) };
    if !to_self_in_lumens {
        transfer.check_destination(op).map_err(told)?;
        transfer.receive(op).map_err(told)?;
        transfer.send(op).map_err(told)?;
    }
    transfer.tell(op);
    Ok(paid(PaymentResult::Success))
}

pub(super) fn pay_receive(
    op: &mut Operation<'_, '_>,
    payment: &PathPaymentStrictReceiveOp,
) -> Outcome {
    let transfer = Transfer {
        asset: &payment.dest_asset,
        to: &payment.destination,
        amount: payment.dest_amount,
        through: !payment.path.is_empty(),
    };
    let told =
        |obstacle| -> Refusal { refusal_as!(received, PathPaymentStrictReceiveResult, obstacle) };
    transfer.check_destination(op).map_err(told)?;
    transfer.receive(op).map_err(told)?;
    if payment.dest_amount > payment.send_max {
        return refuse(received(PathPaymentStrictReceiveResult::OverSendmax));
    }
    transfer.send(op).map_err(told)?;
    transfer.tell(op);
    Ok(received(PathPaymentStrictReceiveResult::Success(PathPaymentStrictReceiveResultSuccess {
        offers: VecM::default(),
        last: transfer.last(),
    })))
}

pub(super) fn pay_send(op: &mut Operation<'_, '_>, payment: &PathPaymentStrictSendOp) -> Outcome {
    let transfer = Transfer {
        asset: &payment.dest_asset,
        to: &payment.destination,
        amount: payment.send_amount,
        through: !payment.path.is_empty(),
    };
    let told = |obstacle| -> Refusal { refusal_as!(sent, PathPaymentStrictSendResult, obstacle) };
    transfer.check_destination(op).map_err(told)?;
    transfer.send(op).map_err(told)?;
    if payment.send_amount < payment.dest_min {
        return refuse(sent(PathPaymentStrictSendResult::UnderDestmin));
    }
    transfer.receive(op).map_err(told)?;
    transfer.tell(op);
    Ok(sent(PathPaymentStrictSendResult::Success(PathPaymentStrictSendResultSuccess {
        offers: VecM::default(),
        last: transfer.last(),
    })))
}

/// So much of an asset from the operation's source to somebody.
struct Transfer<'t> {
    asset: &'t Asset,
    to: &'t MuxedAccount,
    amount: i64,
    /// Whether a path is named.
    through: bool,
}

impl Transfer<'_> {
    fn check_destination(&self, op: &Operation<'_, '_>) -> Result<(), Obstacle> {
        let to = account_id(self.to);
        // What comes back to its issuer ceases to exist, even if the issuer's account does not.
        let redeems = !self.through && issuer(self.asset) == Some(&to);
        if redeems || op.txn.account(&to).is_some() {
            return Ok(());
        }
        Err(Obstacle::NoDestination)
    }

    fn receive(&self, op: &mut Operation<'_, '_>) -> Result<(), Obstacle> {
        credit(op, &account_id(self.to), self.asset, self.amount).map_err(|refused| match refused {
            Refused::NoLine => Obstacle::NoTrust,
            Refused::NotAuthorized => Obstacle::NotAuthorized,
            Refused::NoRoom => Obstacle::LineFull,
            Refused::NoAccount => Obstacle::NoDestination,
        })
    }

    fn send(&self, op: &mut Operation<'_, '_>) -> Result<(), Obstacle> {
        let from = op.source_id();
        credit(op, &from, self.asset, self.amount.saturating_neg()).map_err(|refused| match refused
        {
            Refused::NoLine => Obstacle::SrcNoTrust,
            Refused::NotAuthorized => Obstacle::SrcNotAuthorized,
            Refused::NoRoom => Obstacle::Underfunded,
            Refused::NoAccount => Obstacle::SrcNoAccount,
        })
    }

    fn tell(&self, op: &mut Operation<'_, '_>) {
        op.transferred(self.asset, op.source, self.to, self.amount);
    }

    fn last(&self) -> SimplePaymentResult {
        SimplePaymentResult {
            destination: account_id(self.to),
            asset: self.asset.clone(),
            amount: self.amount,
        }
    }
}

/// Why a balance does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    NoAccount,
    NoLine,
    NotAuthorized,
    NoRoom,
}

/// Adds to (or takes from) what somebody has of an asset; an issuer has as much of its own as it
/// likes.
pub(super) fn credit(
    op: &mut Operation<'_, '_>,
    who: &AccountId,
    asset: &Asset,
    delta: i64,
) -> Result<(), Refused> {
    if issuer(asset) == Some(who) {
        return Ok(());
    }
    if *asset == Asset::Native {
        let mut account = op.txn.account(who).ok_or(Refused::NoAccount)?;
        if !op.txn.add_balance(&mut account, delta) {
            return Err(Refused::NoRoom);
        }
        op.txn.put_account(account);
        return Ok(());
    }
    let mut line = op.txn.trustline(who, &line_asset(asset)).ok_or(Refused::NoLine)?;
    if !is_authorized(&line) {
        return Err(Refused::NotAuthorized);
    }
    if !add_line_balance(&mut line, delta) {
        return Err(Refused::NoRoom);
    }
    op.txn.put_trustline(line);
    Ok(())
}
