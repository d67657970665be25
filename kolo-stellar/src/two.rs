//! Calls two people sign: one as the transaction's source, the other apart from it.
//!
//! The other's consent is an authorisation entry: it names the call with its arguments and, below it, the
//! one transfer the other makes. It has a nonce, which is used up with it, and a last ledger. Until that
//! has closed, anybody who has it could put it into another transaction, though not without the source
//! account's own signature over the same call; so it is short, and nothing is built anew before its end.
use kolo_core::port::chain::{Authorisation, ChainEffect, Mismatch, PrepareError, PreparedTx};
use kolo_core::port::vault::{PublicKey, Signature};
use kolo_core::port::{PortError, PortErrorKind, Retry};
use kolo_rules::Amount;
use stellar_xdr::{
    AccountId, Hash, HashIdPreimage, HashIdPreimageSorobanAuthorization, InvokeHostFunctionOp,
    OperationBody, ScAddress, ScMap, ScMapEntry, ScVal, SorobanAddressCredentials,
    SorobanAuthorizationEntry, SorobanAuthorizedInvocation, SorobanCredentials, Transaction,
    TransactionExt, TransactionSignaturePayload, TransactionSignaturePayloadTaggedTransaction,
};

use crate::address::{account_id, contract_id, invalid, key_of, sc_address, sha256, to_xdr};
use crate::client::StellarChainClient;
use crate::config::Network;
use crate::fees::above_ceiling;
use crate::plan::{Auth, Call, Consent, Function, Plan, unknown};
use crate::prepare::Body;
use crate::scval::{address, amount, bytes, symbol, vec};
use crate::sign::{decorate, inner_of};

/// A ledger closes about this often, seconds.
const LEDGER_S: u64 = 5;

/// Ledgers a consent is good for beyond what the transaction's validity takes: they may close faster.
const SPARE_LEDGERS: u32 = 12;

/// A call by two.
pub(crate) fn call(effect: &ChainEffect) -> Result<Call, PortError> {
    match effect {
        ChainEffect::Swap { circle, maker, taker, maker_turn, taker_turn, deposit } => {
            let args = vec![
                ("a", address(&sc_address(maker)?)),
                ("b", address(&sc_address(taker)?)),
                ("turn_a", u32::from(*maker_turn).into()),
                ("turn_b", u32::from(*taker_turn).into()),
            ];
            let (maker, taker) = (account_id(maker)?, account_id(taker)?);
            // Who has the later turn gets the earlier one, and pays for its deposit.
            let paid = if maker_turn > taker_turn { *deposit } else { opposite(*deposit)? };
            by_two(contract_id(circle)?, Function::Step("Swap"), args, (maker, taker), paid)
        }
        ChainEffect::Replace { circle, leaver, newcomer, turn, price } => {
            let args = vec![
                ("leaver", address(&sc_address(leaver)?)),
                ("newcomer", address(&sc_address(newcomer)?)),
                ("turn", u32::from(*turn).into()),
                ("price", amount(*price)),
            ];
            let (leaver, newcomer) = (account_id(leaver)?, account_id(newcomer)?);
            let paid = opposite(*price)?;
            by_two(contract_id(circle)?, Function::Step("Replace"), args, (leaver, newcomer), paid)
        }
        _ => Err(unknown()),
    }
}

fn opposite(money: Amount) -> Result<Amount, PortError> {
    Amount::ZERO.checked_sub(money).map_err(|_| invalid("the amount leaves the range of 64 bits"))
}

/// `paid`: what the maker pays the taker; negative: the other way.
fn by_two(
    contract: stellar_xdr::ContractId,
    function: Function,
    args: Vec<(&'static str, ScVal)>,
    (maker, taker): (AccountId, AccountId),
    paid: Amount,
) -> Result<Call, PortError> {
    let (mut makers, mut takers) = (Auth::Call, Auth::Call);
    if paid.is_positive() {
        makers = Auth::CallAndPay(taker.clone(), paid);
    } else if !paid.is_zero() {
        takers = Auth::CallAndPay(maker.clone(), opposite(paid)?);
    }
    let other = Some(Consent { by: maker, auth: makers });
    Ok(Call { source: taker, contract, function, args, auth: takers, other })
}

impl Network {
    /// Ledgers a consent is good for.
    fn consent_ledgers(&self) -> u32 {
        let ledgers = u32::try_from(self.validity_s / LEDGER_S).unwrap_or(u32::MAX);
        ledgers.saturating_add(SPARE_LEDGERS)
    }
}

/// Gives the consents a simulation asked for their last ledger, and says what is to be signed.
pub(crate) fn to_be_signed(
    network: &Network,
    latest_ledger: u32,
    auth: Vec<SorobanAuthorizationEntry>,
) -> Result<(Vec<SorobanAuthorizationEntry>, Vec<Authorisation>), PortError> {
    let (mut entries, mut wanted) = (Vec::new(), Vec::new());
    for mut entry in auth {
        if let SorobanCredentials::Address(credentials) = &mut entry.credentials {
            let until = latest_ledger.saturating_add(network.consent_ledgers());
            credentials.signature_expiration_ledger = until;
            credentials.signature = ScVal::Void;
            let ScAddress::Account(signer) = &credentials.address else {
                return Err(invalid("the node asks for the consent of a contract"));
            };
            wanted.push(Authorisation {
                signer: key_of(signer),
                payload: payload(network, credentials, &entry.root_invocation)?,
                since_ledger: latest_ledger,
                until_ledger: until,
            });
        }
        entries.push(entry);
    }
    Ok((entries, wanted))
}

/// The bytes whose SHA-256 is signed for a consent.
fn payload(
    network: &Network,
    credentials: &SorobanAddressCredentials,
    invocation: &SorobanAuthorizedInvocation,
) -> Result<Vec<u8>, PortError> {
    to_xdr(&HashIdPreimage::SorobanAuthorization(HashIdPreimageSorobanAuthorization {
        network_id: Hash(network.id),
        nonce: credentials.nonce,
        signature_expiration_ledger: credentials.signature_expiration_ledger,
        invocation: invocation.clone(),
    }))
}

/// How an account signs a consent.
fn signature_value(signer: &PublicKey, signature: &Signature) -> Result<ScVal, PortError> {
    let entry = |name: &str, value: &[u8]| -> Result<ScMapEntry, PortError> {
        Ok(ScMapEntry { key: ScVal::Symbol(symbol(name)?), val: bytes(value)? })
    };
    let map = vec![entry("public_key", &signer.0)?, entry("signature", &signature.0)?];
    let map: ScMap = map.try_into().map_err(|e: stellar_xdr::Error| {
        invalid("a signature does not fit the network's format").because(e)
    })?;
    vec(vec![ScVal::Map(Some(map))])
}

type Checked = Result<(), Mismatch>;

fn same(equal: bool, field: &str) -> Checked {
    if equal { Ok(()) } else { Err(Mismatch { field: field.to_owned() }) }
}

/// Exactly the consent the plan wants, with exactly the bytes to be signed for it; not signed yet, or
/// rightly.
pub(crate) fn check(
    network: &Network,
    call: &Call,
    entry: &SorobanAuthorizationEntry,
    wanted: &[Authorisation],
) -> Checked {
    let (Some(other), [wanted]) = (&call.other, wanted) else {
        return same(false, "number of consents");
    };
    let SorobanCredentials::Address(credentials) = &entry.credentials else {
        return same(false, "consent's credentials");
    };
    same(credentials.address == ScAddress::Account(other.by.clone()), "who consents")?;
    let fits = |known: &crate::config::KnownAsset| {
        let expected = call.consent(&known.contract);
        matches!(expected, Ok(Some(expected)) if expected == entry.root_invocation)
    };
    same(network.assets.iter().any(fits), "consent's invocation")?;
    same(wanted.signer == key_of(&other.by), "who signs the consent")?;
    let until = wanted.until_ledger;
    same(credentials.signature_expiration_ledger == until, "consent's last ledger")?;
    let longest = wanted.since_ledger.saturating_add(network.consent_ledgers());
    same((wanted.since_ledger..=longest).contains(&until), "consent's last ledger")?;
    let bytes = payload(network, credentials, &entry.root_invocation);
    same(bytes.is_ok_and(|bytes| bytes == wanted.payload), "what is signed for the consent")?;
    same(is_void_or_right(&credentials.signature, wanted), "consent's signature")
}

fn is_void_or_right(found: &ScVal, wanted: &Authorisation) -> bool {
    *found == ScVal::Void || signed_by(found, wanted)
}

/// Whether it is the signer's signature over the bytes.
fn signed_by(found: &ScVal, wanted: &Authorisation) -> bool {
    let Some([ScVal::Map(Some(map))]) = crate::scval::as_vec(found) else {
        return false;
    };
    let signature = crate::scval::field(map, "signature")
        .and_then(crate::scval::as_bytes)
        .and_then(|bytes| <[u8; 64]>::try_from(bytes).ok())
        .map(Signature);
    signature.is_some_and(|signature| {
        let verifies = decorate(&wanted.signer, &sha256(&wanted.payload), &signature).is_ok();
        verifies && signature_value(&wanted.signer, &signature).is_ok_and(|right| right == *found)
    })
}

/// Whether every consent in the transaction is signed.
pub(crate) fn are_signed(tx: &Transaction) -> bool {
    entries(tx).iter().all(|entry| match &entry.credentials {
        SorobanCredentials::SourceAccount => true,
        SorobanCredentials::Address(credentials) => credentials.signature != ScVal::Void,
        _ => false,
    })
}

fn entries(tx: &Transaction) -> &[SorobanAuthorizationEntry] {
    match tx.operations.as_slice() {
        [operation] => match &operation.body {
            OperationBody::InvokeHostFunction(InvokeHostFunctionOp { auth, .. }) => auth.as_slice(),
            _ => &[],
        },
        _ => &[],
    }
}

impl StellarChainClient {
    /// Puts the consents' signatures in, and simulates with them: what checking them takes was not a
    /// part of the first simulation.
    pub(crate) async fn with_consents(
        &self,
        effect: &ChainEffect,
        tx: &PreparedTx,
        signatures: &[(PublicKey, Signature)],
    ) -> Result<PreparedTx, PrepareError> {
        if tx.authorisations.is_empty() {
            return Ok(tx.clone());
        }
        let Plan::Call(call) = Plan::of(&self.network, effect)? else {
            return Err(unknown().into());
        };
        let unsigned = inner_of(&tx.payload)?;
        let auth = signed_entries(&unsigned, tx, signatures)?;
        let body = self.simulated_with(&call, &unsigned, auth).await?;
        let done = self.repacked(tx, unsigned, body)?;
        // What would not be signed is not handed out.
        self.check(effect, &done)
            .map_err(|e| PortError::new(PortErrorKind::Denied, Retry::Permanent, e.to_string()))?;
        Ok(done)
    }

    /// The transaction with its consents and what they take: same source, sequence and times.
    fn repacked(
        &self,
        before: &PreparedTx,
        unsigned: Transaction,
        body: Body,
    ) -> Result<PreparedTx, PortError> {
        let fee_of = |ext: &TransactionExt| match ext {
            TransactionExt::V0 => 0,
            TransactionExt::V1(data) => data.resource_fee,
        };
        let ext = body.resources.map_or(TransactionExt::V0, TransactionExt::V1);
        let more = fee_of(&ext).saturating_sub(fee_of(&unsigned.ext));
        let max_fee = before.max_fee.saturating_add(more);
        if max_fee > self.network.max_fee {
            return Err(above_ceiling(max_fee, self.network.max_fee));
        }
        let fee = i64::from(unsigned.fee).saturating_add(more);
        let tx = Transaction {
            fee: u32::try_from(fee).map_err(|_| invalid("the fee leaves the range of 32 bits"))?,
            operations: body
                .operations
                .try_into()
                .map_err(|e: stellar_xdr::Error| invalid("too many operations").because(e))?,
            ext,
            ..unsigned
        };
        let payload = to_xdr(&TransactionSignaturePayload {
            network_id: Hash(self.network.id),
            tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(tx),
        })?;
        let hash = data_encoding::HEXLOWER.encode(&sha256(&payload));
        Ok(PreparedTx { payload, hash, max_fee, ..before.clone() })
    }
}

fn signed_entries(
    unsigned: &Transaction,
    tx: &PreparedTx,
    signatures: &[(PublicKey, Signature)],
) -> Result<Vec<SorobanAuthorizationEntry>, PortError> {
    let mut signed = entries(unsigned).to_vec();
    for entry in &mut signed {
        let SorobanCredentials::Address(credentials) = &mut entry.credentials else {
            continue;
        };
        let wanted = tx.authorisations.iter().find(|wanted| {
            credentials.address == ScAddress::Account(crate::address::account_of(wanted.signer.0))
        });
        let Some(wanted) = wanted else {
            return Err(invalid("the transaction carries a consent nobody asked for"));
        };
        let found = signatures.iter().find(|(key, _)| *key == wanted.signer);
        let (_, signature) = found
            .ok_or_else(|| invalid(format!("the consent of {:?} is missing", wanted.signer)))?;
        decorate(&wanted.signer, &sha256(&wanted.payload), signature)?;
        credentials.signature = signature_value(&wanted.signer, signature)?;
    }
    Ok(signed)
}
