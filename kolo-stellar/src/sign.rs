//! Signatures onto envelopes: the inner transaction's, then the fee account's around it.
use ed25519_dalek::VerifyingKey;
use kolo_core::port::PortError;
use kolo_core::port::chain::{FeeBump, PreparedTx, SignedTx};
use kolo_core::port::vault::{PublicKey, Signature};
use stellar_xdr::{
    DecoratedSignature, FeeBumpTransaction, FeeBumpTransactionEnvelope, FeeBumpTransactionExt,
    FeeBumpTransactionInnerTx, Hash, MuxedAccount, ReadXdr, Signature as XdrSignature,
    SignatureHint, Transaction, TransactionEnvelope, TransactionExt, TransactionSignaturePayload,
    TransactionSignaturePayloadTaggedTransaction, TransactionV1Envelope,
};

use crate::address::{invalid, sha256, to_xdr};
use crate::client::StellarChainClient;
use crate::fees::next_bid;
use crate::rpc::XDR_LIMITS;
use crate::two;

impl StellarChainClient {
    pub(crate) fn sign_inner(
        &self,
        tx: &PreparedTx,
        signatures: &[(PublicKey, Signature)],
    ) -> Result<FeeBump, PortError> {
        let digest = sha256(&tx.payload);
        if let Some((stranger, _)) = signatures.iter().find(|(key, _)| !tx.signers.contains(key)) {
            return Err(invalid(format!("{stranger:?} is no signer of this transaction")));
        }
        let decorated = tx
            .signers
            .iter()
            .map(|signer| {
                let found = signatures.iter().find(|(key, _)| key == signer);
                let (_, signature) = found
                    .ok_or_else(|| invalid(format!("the signature of {signer:?} is missing")))?;
                decorate(signer, &digest, signature)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let inner = inner_of(&tx.payload)?;
        if !two::are_signed(&inner) {
            return Err(invalid("a consent within the transaction is not signed yet"));
        }
        let inner = TransactionV1Envelope {
            tx: inner,
            signatures: decorated.try_into().map_err(|e| malformed(&e))?,
        };
        self.wrap(tx.clone(), inner)
    }

    pub(crate) fn sign_outer(
        &self,
        bump: &FeeBump,
        signature: &Signature,
    ) -> Result<SignedTx, PortError> {
        let payload = TransactionSignaturePayload::from_xdr(&bump.payload, XDR_LIMITS)
            .map_err(|e| malformed(&e))?;
        let TransactionSignaturePayloadTaggedTransaction::TxFeeBump(tx) =
            payload.tagged_transaction
        else {
            return Err(invalid("the payload is no fee-bump"));
        };
        if bump.signer != self.network.operators.fees
            || tx.fee_source != MuxedAccount::from(self.network.fees())
            || payload.network_id.0 != self.network.id
        {
            return Err(invalid("the fee-bump is not of this network's fee account"));
        }
        let digest = sha256(&bump.payload);
        let signed = decorate(&bump.signer, &digest, signature)?;
        let envelope = TransactionEnvelope::TxFeeBump(FeeBumpTransactionEnvelope {
            tx,
            signatures: vec![signed].try_into().map_err(|e| malformed(&e))?,
        });
        Ok(SignedTx {
            prepared: bump.prepared.clone(),
            inner: bump.inner.clone(),
            envelope: to_xdr(&envelope)?,
            hash: data_encoding::HEXLOWER.encode(&digest),
        })
    }

    pub(crate) fn raise(&self, signed: &SignedTx) -> Result<FeeBump, PortError> {
        let envelope = TransactionEnvelope::from_xdr(&signed.inner, XDR_LIMITS);
        let Ok(TransactionEnvelope::Tx(inner)) = envelope else {
            return Err(invalid("the inner envelope is not one of this client's"));
        };
        let resource_fee = match &inner.tx.ext {
            TransactionExt::V0 => 0,
            TransactionExt::V1(data) => data.resource_fee,
        };
        let current = signed.prepared.max_fee;
        let mut prepared = signed.prepared.clone();
        prepared.max_fee = next_bid(current, resource_fee, self.network.ceiling(&inner.tx))?;
        self.wrap(prepared, inner)
    }

    fn wrap(
        &self,
        prepared: PreparedTx,
        inner: TransactionV1Envelope,
    ) -> Result<FeeBump, PortError> {
        let payload = TransactionSignaturePayload {
            network_id: Hash(self.network.id),
            tagged_transaction: TransactionSignaturePayloadTaggedTransaction::TxFeeBump(
                FeeBumpTransaction {
                    fee_source: MuxedAccount::from(self.network.fees()),
                    fee: prepared.max_fee,
                    inner_tx: FeeBumpTransactionInnerTx::Tx(inner.clone()),
                    ext: FeeBumpTransactionExt::V0,
                },
            ),
        };
        Ok(FeeBump {
            prepared,
            inner: to_xdr(&TransactionEnvelope::Tx(inner))?,
            payload: to_xdr(&payload)?,
            signer: self.network.operators.fees,
        })
    }
}

pub(crate) fn inner_of(payload: &[u8]) -> Result<Transaction, PortError> {
    let payload =
        TransactionSignaturePayload::from_xdr(payload, XDR_LIMITS).map_err(|e| malformed(&e))?;
    match payload.tagged_transaction {
        TransactionSignaturePayloadTaggedTransaction::Tx(tx) => Ok(tx),
        TransactionSignaturePayloadTaggedTransaction::TxFeeBump(_) => {
            Err(invalid("the payload is a fee-bump already"))
        }
    }
}

/// The signature with its key's hint, once it is known to be that key's.
pub(crate) fn decorate(
    signer: &PublicKey,
    digest: &[u8; 32],
    signature: &Signature,
) -> Result<DecoratedSignature, PortError> {
    let verifies = VerifyingKey::from_bytes(&signer.0).is_ok_and(|key| {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(digest, &signature).is_ok()
    });
    if !verifies {
        return Err(invalid(format!("the signature is not {signer:?}'s over these bytes")));
    }
    let [.., a, b, c, d] = signer.0;
    Ok(DecoratedSignature {
        hint: SignatureHint([a, b, c, d]),
        signature: XdrSignature(signature.0.to_vec().try_into().map_err(|e| malformed(&e))?),
    })
}

fn malformed(error: &stellar_xdr::Error) -> PortError {
    invalid(format!("the transaction's bytes are malformed: {error}"))
}
