//! What waits for the next ledger: one transaction a source account, by the rules of
//! stellar-core's `TransactionQueue`.

use std::rc::Rc;

use stellar_xdr::{Hash, TransactionEnvelope, TransactionResult};

use super::{Engine, malformed};
use crate::ledger::{Accounts, Txn};
use crate::model::SendOutcome;
use crate::network::{Close, NetworkError};
use crate::tx::{Frame, TxCode, Validator, Verdict, is_valid_soroban};

/// How many times the fee rate of the one that waits a fee-bump has to offer to take its place.
const REPLACING_FEE: i128 = 10;

/// Why a transaction is not taken.
enum NotTaken {
    Duplicate,
    TryAgainLater,
    Refused(TransactionResult),
}

impl Engine {
    /// Accepts an envelope for the next ledger, and in instant mode closes that.
    pub(super) fn send(
        &mut self,
        envelope: TransactionEnvelope,
    ) -> Result<SendOutcome, NetworkError> {
        let Some(frame) = Frame::new(envelope, self.network_id) else {
            return Ok(SendOutcome::Error { hash: Hash([0; 32]), result: malformed() });
        };
        let hash = frame.hash.clone();
        if self.is_known(&hash)? {
            return Ok(SendOutcome::Duplicate(hash));
        }
        let replaced = match self.place(&frame) {
            Ok(replaced) => replaced,
            Err(NotTaken::Duplicate) => return Ok(SendOutcome::Duplicate(hash)),
            Err(NotTaken::TryAgainLater) => return Ok(SendOutcome::TryAgainLater(hash)),
            Err(NotTaken::Refused(result)) => return Ok(SendOutcome::Error { hash, result }),
        };
        match replaced.and_then(|at| self.queue.get_mut(at)) {
            Some(waiting) => *waiting = Rc::new(frame),
            None => self.queue.push(Rc::new(frame)),
        }
        if self.close == Close::Instant {
            // If that fails, it is in no ledger, nor in the queue any more.
            self.close_ledger()?;
        }
        Ok(SendOutcome::Pending(hash))
    }

    /// Whether the transaction is queued, or in the latest ledger. Of one in an older ledger
    /// the network says txBAD_SEQ, and so does this one.
    fn is_known(&self, hash: &Hash) -> Result<bool, NetworkError> {
        if self.queue.iter().any(|queued| queued.hash == *hash) {
            return Ok(true);
        }
        let latest = self.sequence();
        let applied = self.store.transaction(hash)?;
        Ok(applied.is_some_and(|tx| tx.ledger == latest && tx.hash == *hash))
    }

    /// The place of the transaction that this one takes the place of, if there is one.
    fn place(&self, frame: &Frame) -> Result<Option<usize>, NotTaken> {
        if frame.full_fee() < 0 || frame.inclusion_fee() < 0 {
            return Err(refused(TxCode::Malformed, 0));
        }
        let source = frame.inner.source();
        let at = self.queue.iter().position(|queued| queued.inner.source() == source);
        let replaced = at.and_then(|at| self.queue.get(at)).map(Rc::as_ref);
        if let Some(waiting) = replaced {
            self.check_replacing(waiting, frame)?;
        }
        let txn = Txn::new(&self.state, self.next_context(), self.header.header.fee_pool);
        let verdict = Validator { txn: &txn, settings: &self.settings }.submit(frame);
        if !verdict.is_success() {
            return Err(NotTaken::Refused(verdict.result(frame.inner_hash())));
        }
        self.check_fees(&txn, frame, replaced)?;
        Ok(at)
    }

    fn check_replacing(&self, waiting: &Frame, frame: &Frame) -> Result<(), NotTaken> {
        let (seq, new_seq) = (waiting.inner.tx.seq_num.0, frame.inner.tx.seq_num.0);
        let bumps = frame.inner_hash().is_some();
        if !bumps && waiting.inner_hash() == Some(&frame.hash) {
            return Err(NotTaken::Duplicate);
        }
        if new_seq < seq {
            return Err(refused(TxCode::BadSeq, 0));
        }
        if frame.inner.is_soroban() && !is_valid_soroban(&frame.inner, &self.settings, !bumps) {
            return Err(refused(TxCode::SorobanInvalid, 0));
        }
        if !bumps || new_seq != seq {
            return Err(NotTaken::TryAgainLater);
        }
        match replacing_fee(waiting, frame) {
            Some(least) => Err(refused(TxCode::InsufficientFee, least)),
            None => Ok(()),
        }
    }

    /// One account can pay for what waits on its behalf, all together.
    fn check_fees(
        &self,
        txn: &Txn<'_>,
        frame: &Frame,
        replaced: Option<&Frame>,
    ) -> Result<(), NotTaken> {
        let payer = frame.fee_source();
        let stays = |queued: &&Rc<Frame>| replaced.is_none_or(|gone| gone.hash != queued.hash);
        let waiting = self.queue.iter().filter(stays).filter(|queued| queued.fee_source() == payer);
        let fees =
            waiting.fold(frame.full_fee(), |sum, queued| sum.saturating_add(queued.full_fee()));
        let enough =
            txn.account(&payer).is_some_and(|account| txn.available_balance(&account) >= fees);
        if enough { Ok(()) } else { Err(refused(TxCode::InsufficientBalance, frame.full_fee())) }
    }
}

/// What a fee-bump would have to offer at least, if it does not offer enough.
fn replacing_fee(waiting: &Frame, frame: &Frame) -> Option<i64> {
    let rate = |frame: &Frame| {
        (i128::from(frame.inclusion_fee()), i128::from(frame.min_inclusion_fee(1).max(1)))
    };
    let ((old_fee, old_operations), (fee, operations)) = (rate(waiting), rate(frame));
    let least = REPLACING_FEE.saturating_mul(old_fee).saturating_mul(operations);
    if fee.saturating_mul(old_operations) >= least {
        return None;
    }
    let inclusion = least.saturating_add(old_operations - 1).div_euclid(old_operations);
    let resources = frame.full_fee().saturating_sub(frame.inclusion_fee());
    Some(i64::try_from(inclusion).unwrap_or(i64::MAX).saturating_add(resources))
}

fn refused(code: TxCode, fee: i64) -> NotTaken {
    let verdict = Verdict { outer: Some(code), ..Verdict::success(fee) };
    NotTaken::Refused(verdict.result(None))
}
