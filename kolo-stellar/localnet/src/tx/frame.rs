//! An envelope, taken apart once.

use stellar_xdr::{
    AccountId, FeeBumpTransactionInnerTx, Hash, Limits, Memo, MuxedAccount, Operation,
    OperationBody, Preconditions, PreconditionsV2, SorobanTransactionData, TimeBounds, Transaction,
    TransactionEnvelope, TransactionExt, TransactionV1Envelope, WriteXdr,
};

use super::signatures::Signed;
use crate::ledger::account_id;

/// An envelope with its hashes.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// As sent; a V0 envelope has become V1.
    pub(crate) envelope: TransactionEnvelope,
    /// The hash of the outermost transaction.
    pub(crate) hash: Hash,
    pub(crate) inner: Inner,
    bump: Option<Bump>,
}

/// The transaction whose operations are applied.
#[derive(Debug, Clone)]
pub(crate) struct Inner {
    pub(crate) tx: Transaction,
    pub(crate) hash: Hash,
    pub(crate) signed: Signed,
    /// The size of its envelope in bytes.
    pub(crate) size: u32,
}

#[derive(Debug, Clone)]
struct Bump {
    fee_source: AccountId,
    fee: i64,
    signed: Signed,
}

impl Frame {
    /// `None` if the envelope cannot be written as XDR.
    pub(crate) fn new(envelope: TransactionEnvelope, network_id: [u8; 32]) -> Option<Self> {
        let envelope = upgrade(envelope);
        let (hash, inner, bump) = match &envelope {
            TransactionEnvelope::TxV0(_) => return None,
            TransactionEnvelope::Tx(v1) => {
                let inner = inner_of(v1, network_id)?;
                (inner.hash.clone(), inner, None)
            }
            TransactionEnvelope::TxFeeBump(outer) => {
                let FeeBumpTransactionInnerTx::Tx(v1) = &outer.tx.inner_tx;
                let bump = Bump {
                    fee_source: account_id(&outer.tx.fee_source),
                    fee: outer.tx.fee,
                    signed: Signed::new(&outer.signatures),
                };
                let hash = Hash(outer.hash(network_id).ok()?);
                (hash, inner_of(v1, network_id)?, Some(bump))
            }
        };
        Some(Self { envelope, hash, inner, bump })
    }

    /// Who pays.
    pub(crate) fn fee_source(&self) -> AccountId {
        self.bump.as_ref().map_or_else(|| self.inner.source(), |bump| bump.fee_source.clone())
    }

    /// The hash of the inner transaction of a fee-bump.
    pub(crate) fn inner_hash(&self) -> Option<&Hash> {
        self.bump.as_ref().map(|_| &self.inner.hash)
    }

    /// The signatures of a fee-bump's outer transaction.
    pub(crate) fn bump_signatures(&self) -> Option<&Signed> {
        self.bump.as_ref().map(|bump| &bump.signed)
    }

    /// The most that will be charged.
    pub(crate) fn full_fee(&self) -> i64 {
        self.bump.as_ref().map_or_else(|| self.inner.full_fee(), |bump| bump.fee)
    }

    /// What is offered for inclusion, on top of the resource fee; can be negative.
    pub(crate) fn inclusion_fee(&self) -> i64 {
        self.full_fee().saturating_sub(self.inner.resource_fee())
    }

    /// What inclusion costs at least: a fee-bump counts as one more operation.
    pub(crate) fn min_inclusion_fee(&self, base_fee: u32) -> i64 {
        let extra = i64::from(self.bump.is_some());
        self.inner.min_inclusion_fee(base_fee).saturating_add(extra.saturating_mul(base_fee.into()))
    }

    /// What is charged at first, before refunds.
    pub(crate) fn fee_to_charge(&self, base_fee: u32) -> i64 {
        let inclusion = self.inclusion_fee().min(self.min_inclusion_fee(base_fee));
        self.inner.resource_fee().saturating_add(inclusion)
    }
}

impl Inner {
    pub(crate) fn source(&self) -> AccountId {
        account_id(&self.tx.source_account)
    }

    /// The account an operation acts for.
    pub(crate) fn operation_source(&self, operation: &Operation) -> MuxedAccount {
        operation.source_account.clone().unwrap_or_else(|| self.tx.source_account.clone())
    }

    pub(crate) fn full_fee(&self) -> i64 {
        self.tx.fee.into()
    }

    pub(crate) fn inclusion_fee(&self) -> i64 {
        self.full_fee().saturating_sub(self.resource_fee())
    }

    pub(crate) fn min_inclusion_fee(&self, base_fee: u32) -> i64 {
        let operations = i64::try_from(self.tx.operations.len()).unwrap_or(i64::MAX).max(1);
        operations.saturating_mul(base_fee.into())
    }

    pub(crate) fn resource_fee(&self) -> i64 {
        match (&self.tx.ext, self.is_soroban()) {
            (TransactionExt::V1(data), true) => data.resource_fee,
            _ => 0,
        }
    }

    pub(crate) fn soroban_data(&self) -> Option<&SorobanTransactionData> {
        match &self.tx.ext {
            TransactionExt::V0 => None,
            TransactionExt::V1(data) => Some(data),
        }
    }

    pub(crate) fn is_soroban(&self) -> bool {
        self.tx.operations.first().is_some_and(|operation| is_soroban(&operation.body))
    }

    pub(crate) fn time_bounds(&self) -> Option<&TimeBounds> {
        match &self.tx.cond {
            Preconditions::None => None,
            Preconditions::Time(bounds) => Some(bounds),
            Preconditions::V2(v2) => v2.time_bounds.as_ref(),
        }
    }

    pub(crate) fn preconditions(&self) -> Option<&PreconditionsV2> {
        match &self.tx.cond {
            Preconditions::V2(v2) => Some(v2),
            Preconditions::None | Preconditions::Time(_) => None,
        }
    }

    pub(crate) fn memo(&self) -> &Memo {
        &self.tx.memo
    }
}

pub(crate) fn is_soroban(body: &OperationBody) -> bool {
    matches!(
        body,
        OperationBody::InvokeHostFunction(_)
            | OperationBody::ExtendFootprintTtl(_)
            | OperationBody::RestoreFootprint(_)
    )
}

/// Whether the envelope, or the one inside it, holds a Soroban operation.
pub(crate) fn is_soroban_envelope(envelope: &TransactionEnvelope) -> bool {
    let operations = match envelope {
        TransactionEnvelope::TxV0(v0) => &v0.tx.operations,
        TransactionEnvelope::Tx(v1) => &v1.tx.operations,
        TransactionEnvelope::TxFeeBump(outer) => {
            let FeeBumpTransactionInnerTx::Tx(v1) = &outer.tx.inner_tx;
            &v1.tx.operations
        }
    };
    operations.iter().any(|operation| is_soroban(&operation.body))
}

fn upgrade(envelope: TransactionEnvelope) -> TransactionEnvelope {
    let TransactionEnvelope::TxV0(v0) = envelope else {
        return envelope;
    };
    TransactionEnvelope::Tx(TransactionV1Envelope {
        tx: Transaction::from(v0.tx.clone()),
        signatures: v0.signatures.clone(),
    })
}

/// Bytes that say which kind of envelope it is.
const DISCRIMINANT: u32 = 4;

fn inner_of(v1: &TransactionV1Envelope, network_id: [u8; 32]) -> Option<Inner> {
    let bytes = v1.to_xdr(Limits::none()).ok()?;
    Some(Inner {
        tx: v1.tx.clone(),
        hash: Hash(v1.hash(network_id).ok()?),
        signed: Signed::new(&v1.signatures),
        size: u32::try_from(bytes.len()).ok()?.checked_add(DISCRIMINANT)?,
    })
}
