//! The account that pays for the set-up, and transactions in its name.
use std::time::Duration;

use ed25519_dalek::{Signer, SigningKey};
use futures_timer::Delay;
use kolo_core::error_codes;
use kolo_core::port::PortError;
use kolo_core::port::vault::{PublicKey, Signature};
use kolo_rules::Amount;
use stellar_xdr::{
    AccountEntry, AccountId, Hash, HostFunction, InvokeHostFunctionOp, LedgerEntryData, Memo,
    MuxedAccount, Operation, OperationBody, Preconditions, ReadXdr, SequenceNumber,
    SorobanCredentials, SorobanTransactionData, TimeBounds, TimePoint, Transaction,
    TransactionEnvelope, TransactionExt, TransactionResult, TransactionSignaturePayload,
    TransactionSignaturePayloadTaggedTransaction, TransactionV1Envelope,
};
use zeroize::Zeroizing;

use super::SetupError;
use crate::address::{account_address, account_of, invalid, sha256, to_xdr};
use crate::closing::spendable;
use crate::fees::{BASE_FEE, with_margin};
use crate::outcome::Outcome;
use crate::read::account_key;
use crate::rpc::{Rpc, RpcError, SendStatus, Simulated, Simulation, TransactionStatus, XDR_LIMITS};
use crate::sign::decorate;

/// The most a step bids to be taken into a ledger, stroops of XLM for each operation (0.1 XLM).
const MOST_INCLUSION: i64 = 1_000_000;

/// Instructions beyond what the simulation took.
const LEEWAY: u32 = 3_000_000;

/// Looks for the transaction's fate, and what is waited between two: two minutes, some twenty ledgers.
const LOOKS: u32 = 240;
const PAUSE: Duration = Duration::from_millis(500);

/// An account with money on a network under one's own control. Its secret is wiped when dropped and
/// never shown.
pub struct Funder {
    key: SigningKey,
}

impl std::fmt::Debug for Funder {
    /// Whose account it is; never the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Funder").field(&self.account().to_string()).finish()
    }
}

/// Why a text is no secret key. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// A public key.
    #[error("this is a public key (G…): the secret key that belongs to it begins with S")]
    Public,
    /// Nothing of the kind.
    #[error("this is no Stellar secret key: it is S and 55 more letters and digits, nothing else")]
    NoKey,
}

error_codes! {
    SecretError {
        Public = "setup.secret_public" Permanent:
            "a public key stands where a secret key is needed", "give the one that begins with S";
        NoKey = "setup.secret" Permanent:
            "a text is no Stellar secret key", "copy it again: S and 55 more letters and digits";
    }
}

impl Funder {
    /// From a secret key as Stellar writes it (`S…`).
    ///
    /// # Errors
    /// [`SecretError`], which does not repeat the text.
    pub fn from_secret(text: &str) -> Result<Self, SecretError> {
        use stellar_strkey::ed25519;
        let text = text.trim();
        match ed25519::PrivateKey::from_string(text) {
            Ok(key) => Ok(Self::from_seed(&Zeroizing::new(key.0))),
            Err(_) if ed25519::PublicKey::from_string(text).is_ok() => Err(SecretError::Public),
            Err(_) => Err(SecretError::NoKey),
        }
    }

    /// From the 32-byte seed.
    #[must_use]
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self { key: SigningKey::from_bytes(seed) }
    }

    /// The root account of a standalone network, which holds all its XLM: its seed is the SHA-256
    /// of the passphrase, known to everybody.
    #[must_use]
    pub fn root_of(passphrase: &str) -> Self {
        Self::from_seed(&Zeroizing::new(sha256(passphrase.as_bytes())))
    }

    /// Its public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.key.verifying_key().to_bytes())
    }

    pub(super) fn account(&self) -> AccountId {
        account_of(self.public_key().0)
    }
}

/// Where the set-up happens.
pub(super) struct Site<'a> {
    pub rpc: &'a Rpc,
    pub network_id: [u8; 32],
    /// Who pays.
    pub account: AccountId,
    /// The most a transaction may cost, stroops of XLM.
    pub max_fee: i64,
    /// None where nothing is to be sent.
    pub funder: Option<&'a Funder>,
}

impl<'a> Site<'a> {
    pub fn new(rpc: &'a Rpc, passphrase: &str, funder: &'a Funder) -> Self {
        Self { funder: Some(funder), ..Self::unsigned(rpc, passphrase, funder.account()) }
    }

    /// Where only is looked.
    pub fn unsigned(rpc: &'a Rpc, passphrase: &str, account: AccountId) -> Self {
        let network_id = sha256(passphrase.as_bytes());
        Self { rpc, network_id, account, max_fee: i64::MAX, funder: None }
    }

    /// What a host function costs at most, stroops of XLM, by simulation; `None` when it would fail now.
    pub async fn estimate(
        &self,
        step: &'static str,
        function: &HostFunction,
    ) -> Result<Option<i64>, SetupError> {
        let operation = InvokeHostFunctionOp {
            host_function: function.clone(),
            auth: vec![].try_into().map_err(too_many)?,
        };
        let body = OperationBody::InvokeHostFunction(operation);
        let bare = self.transaction(vec![unsourced(body)], None).await?;
        match self.simulate(step, bare).await {
            Ok(simulated) => {
                let bid = self.inclusion_fee(true).await?;
                Ok(Some(with_margin(simulated.min_resource_fee).saturating_add(bid)))
            }
            Err(SetupError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Applies classic operations in the funder's name.
    pub async fn apply(
        &self,
        step: &'static str,
        bodies: Vec<OperationBody>,
    ) -> Result<(), SetupError> {
        let operations = bodies.into_iter().map(unsourced).collect();
        let tx = self.transaction(operations, None).await?;
        self.send(step, tx).await
    }

    /// Simulates and applies one host function in the funder's name.
    pub async fn call(
        &self,
        step: &'static str,
        host_function: HostFunction,
    ) -> Result<(), SetupError> {
        let mut operation =
            InvokeHostFunctionOp { host_function, auth: vec![].try_into().map_err(too_many)? };
        let body = OperationBody::InvokeHostFunction(operation.clone());
        let bare = self.transaction(vec![unsourced(body)], None).await?;
        let simulated = self.simulate(step, bare).await?;
        operation.auth = simulated.auth.try_into().map_err(too_many)?;
        let mut data = simulated.data;
        data.resource_fee = with_margin(simulated.min_resource_fee);
        let body = OperationBody::InvokeHostFunction(operation);
        let tx = self.transaction(vec![unsourced(body)], Some(data)).await?;
        self.send(step, tx).await
    }

    async fn simulate(&self, step: &'static str, tx: Transaction) -> Result<Simulated, SetupError> {
        let envelope = TransactionEnvelope::Tx(TransactionV1Envelope {
            tx,
            signatures: vec![].try_into().map_err(too_many)?,
        });
        let refused = |reason: String| Err(SetupError::Refused { step, reason });
        match self.rpc.simulate(&envelope, LEEWAY).await? {
            Simulation::Success(simulated) => {
                let by_source = |entry: &stellar_xdr::SorobanAuthorizationEntry| {
                    entry.credentials == SorobanCredentials::SourceAccount
                };
                if simulated.auth.iter().all(by_source) {
                    Ok(*simulated)
                } else {
                    refused("it asks for somebody else's signature".to_owned())
                }
            }
            Simulation::Failed(reason) => refused(reason),
            Simulation::NeedsRestore => {
                refused("archived entries must be restored first".to_owned())
            }
        }
    }

    pub async fn funding_account(&self) -> Result<AccountEntry, SetupError> {
        let account = &self.account;
        let found = self.rpc.ledger_entries(&[account_key(account)]).await?;
        match found.into_iter().next().map(|entry| entry.data) {
            Some(LedgerEntryData::Account(entry)) => Ok(entry),
            _ => Err(SetupError::NoAccount { account: account_address(account) }),
        }
    }

    /// Makes sure that the funding account can give `sum` stroops away, before anything is sent.
    pub async fn can_spend(&self, sum: i64) -> Result<(), SetupError> {
        let entry = self.funding_account().await?;
        let held = spendable(&entry);
        if held >= sum {
            return Ok(());
        }
        Err(SetupError::TooPoor {
            account: account_address(&entry.account_id),
            needed: xlm(sum),
            held: xlm(held),
        })
    }

    pub fn within_limit(&self, step: &'static str, fee: i64) -> Result<(), SetupError> {
        if fee <= self.max_fee {
            return Ok(());
        }
        let (fee, limit) = (xlm(fee), xlm(self.max_fee));
        Err(SetupError::TooDear { step, fee, limit })
    }

    async fn transaction(
        &self,
        operations: Vec<Operation>,
        resources: Option<SorobanTransactionData>,
    ) -> Result<Transaction, SetupError> {
        let entry = self.funding_account().await?;
        let resource_fee = resources.as_ref().map_or(0, |data| data.resource_fee);
        let bid = self.inclusion_fee(resources.is_some()).await?;
        let fee = i64::try_from(operations.len())
            .ok()
            .and_then(|n| n.checked_mul(bid))
            .and_then(|fee| fee.checked_add(resource_fee))
            .and_then(|fee| u32::try_from(fee).ok())
            .ok_or_else(|| invalid("the fee leaves the range of 32 bits"))?;
        Ok(Transaction {
            source_account: MuxedAccount::from(self.account.clone()),
            fee,
            seq_num: SequenceNumber(entry.seq_num.0.saturating_add(1)),
            // Nobody resends it: waiting for its fate ends the attempt, and the next one looks first.
            cond: Preconditions::Time(TimeBounds {
                min_time: TimePoint(0),
                max_time: TimePoint(0),
            }),
            memo: Memo::None,
            operations: operations.try_into().map_err(too_many)?,
            ext: resources.map_or(TransactionExt::V0, TransactionExt::V1),
        })
    }

    /// What 90 of 100 stayed below lately, within reason: a set-up can wait for a calmer hour.
    async fn inclusion_fee(&self, soroban: bool) -> Result<i64, SetupError> {
        match self.rpc.fee_stats().await {
            Ok(stats) => {
                let levels =
                    if soroban { stats.soroban_inclusion_fee } else { stats.inclusion_fee };
                Ok(levels.p90.clamp(BASE_FEE, MOST_INCLUSION))
            }
            Err(error) if error.is_method_missing() => Ok(BASE_FEE),
            Err(error) => Err(error.into()),
        }
    }

    async fn send(&self, step: &'static str, tx: Transaction) -> Result<(), SetupError> {
        let funder = self.funder.ok_or_else(|| invalid("nothing is sent by who only looks"))?;
        self.within_limit(step, i64::from(tx.fee))?;
        let payload = to_xdr(&TransactionSignaturePayload {
            network_id: Hash(self.network_id),
            tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(tx.clone()),
        })?;
        let digest = sha256(&payload);
        let signature = Signature(funder.key.sign(&digest).to_bytes());
        let signed = decorate(&funder.public_key(), &digest, &signature)?;
        let envelope = to_xdr(&TransactionEnvelope::Tx(TransactionV1Envelope {
            tx,
            signatures: vec![signed].try_into().map_err(too_many)?,
        }))?;
        self.settle(step, &envelope, &data_encoding::HEXLOWER.encode(&digest)).await
    }

    async fn settle(
        &self,
        step: &'static str,
        envelope: &[u8],
        hash: &str,
    ) -> Result<(), SetupError> {
        let mut queued = false;
        for _ in 0..LOOKS {
            if !queued {
                match self.rpc.send(envelope).await {
                    Ok(answer) => match answer.status {
                        SendStatus::Pending | SendStatus::Duplicate => queued = true,
                        SendStatus::TryAgainLater => {}
                        SendStatus::Error => {
                            let reason = reason(answer.error_result_xdr.as_deref());
                            return Err(SetupError::Refused { step, reason });
                        }
                    },
                    Err(error) => passing(error)?,
                }
            }
            match self.rpc.transaction(hash).await {
                Ok(info) => match info.status {
                    TransactionStatus::Success => return Ok(()),
                    TransactionStatus::Failed => {
                        let reason = reason(info.result_xdr.as_deref());
                        return Err(SetupError::Refused { step, reason });
                    }
                    TransactionStatus::NotFound => {}
                },
                Err(error) => passing(error)?,
            }
            Delay::new(PAUSE).await;
        }
        Err(SetupError::TimedOut { step })
    }
}

/// No answer is no end: the same bytes may be sent, and their fate asked for, again.
fn passing(error: RpcError) -> Result<(), SetupError> {
    match error {
        RpcError::Transport(_) => Ok(()),
        other => Err(other.into()),
    }
}

/// Stroops as XLM.
fn xlm(stroops: i64) -> String {
    Amount::new(stroops).display(7, 2).to_string()
}

fn reason(result: Option<&str>) -> String {
    let result = result.and_then(|text| TransactionResult::from_xdr_base64(text, XDR_LIMITS).ok());
    result.map_or_else(
        || "the node does not say why".to_owned(),
        |result| Outcome::of(&result).reason(),
    )
}

const fn unsourced(body: OperationBody) -> Operation {
    Operation { source_account: None, body }
}

fn too_many(error: stellar_xdr::Error) -> PortError {
    invalid("a list does not fit the network's format").because(error)
}
