//! An envelope, taken apart once.

use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountId, EnvelopeType, FeeBumpTransactionInnerTx, Hash, Limits, Memo, MuxedAccount,
    Operation, OperationBody, Preconditions, PreconditionsV2, SorobanTransactionData, TimeBounds,
    Transaction, TransactionEnvelope, TransactionExt, TransactionV1Envelope, WriteXdr,
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

fn inner_of(v1: &TransactionV1Envelope, network_id: [u8; 32]) -> Option<Inner> {
    // Written once: what is signed is the transaction after two constant fields, what is sent is it
    // between a field of four bytes and its signatures.
    let kind = EnvelopeType::Tx.to_xdr(Limits::none()).ok()?;
    let tx = v1.tx.to_xdr(Limits::none()).ok()?;
    let signatures = v1.signatures.to_xdr(Limits::none()).ok()?;
    let hash = Sha256::new().chain_update(network_id).chain_update(&kind).chain_update(&tx);
    Some(Inner {
        tx: v1.tx.clone(),
        hash: Hash(hash.finalize().into()),
        signed: Signed::new(&v1.signatures),
        size: u32::try_from(kind.len() + tx.len() + signatures.len()).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use stellar_xdr::{
        BumpSequenceOp, DecoratedSignature, FeeBumpTransaction, FeeBumpTransactionEnvelope,
        FeeBumpTransactionExt, SequenceNumber, Signature, SignatureHint, Uint256, VecM,
    };

    use super::*;

    const NETWORK: [u8; 32] = [9; 32];

    /// Signatures of these lengths: shorter ones are padded to words.
    fn envelope(signatures: &[usize]) -> TransactionV1Envelope {
        let sign = |length: &usize| DecoratedSignature {
            hint: SignatureHint([1; 4]),
            signature: Signature(vec![2; *length].try_into().unwrap()),
        };
        let body = OperationBody::BumpSequence(BumpSequenceOp { bump_to: SequenceNumber(7) });
        let tx = Transaction {
            source_account: MuxedAccount::Ed25519(Uint256([3; 32])),
            fee: 100,
            seq_num: SequenceNumber(1),
            cond: Preconditions::None,
            memo: Memo::Text("rent".try_into().unwrap()),
            operations: vec![Operation { source_account: None, body }].try_into().unwrap(),
            ext: TransactionExt::V0,
        };
        let signatures = signatures.iter().map(sign).collect::<Vec<_>>().try_into().unwrap();
        TransactionV1Envelope { tx, signatures }
    }

    fn size(envelope: &TransactionEnvelope) -> usize {
        envelope.to_xdr(Limits::none()).unwrap().len()
    }

    #[test]
    fn hash_and_size_are_those_of_the_envelope() {
        for signatures in [&[][..], &[64], &[0, 13, 64]] {
            let envelope = TransactionEnvelope::Tx(envelope(signatures));
            let frame = Frame::new(envelope.clone(), NETWORK).unwrap();
            assert_eq!(frame.hash.0, envelope.hash(NETWORK).unwrap());
            assert_eq!(usize::try_from(frame.inner.size).unwrap(), size(&envelope));
        }
    }

    #[test]
    fn a_fee_bump_has_two_hashes_and_counts_its_inner_envelope() {
        let v1 = envelope(&[64]);
        let inner = TransactionEnvelope::Tx(v1.clone());
        let bump = TransactionEnvelope::TxFeeBump(FeeBumpTransactionEnvelope {
            tx: FeeBumpTransaction {
                fee_source: MuxedAccount::Ed25519(Uint256([4; 32])),
                fee: 400,
                inner_tx: FeeBumpTransactionInnerTx::Tx(v1),
                ext: FeeBumpTransactionExt::V0,
            },
            signatures: VecM::default(),
        });
        let frame = Frame::new(bump.clone(), NETWORK).unwrap();
        assert_eq!(frame.hash.0, bump.hash(NETWORK).unwrap());
        assert_eq!(frame.inner_hash().unwrap().0, inner.hash(NETWORK).unwrap());
        assert_eq!(usize::try_from(frame.inner.size).unwrap(), size(&inner));
    }
}
