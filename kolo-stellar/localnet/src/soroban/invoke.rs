//! InvokeHostFunction.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sha2::{Digest, Sha256};
use soroban_env_host::HostError;
use soroban_env_host::budget::Budget;
use soroban_env_host::e2e_invoke::{
    InvokeHostFunctionResult as HostOutput, LedgerEntryChange, TtlLedgerEntryMeta,
    extract_rent_changes, invoke_host_function,
};
use soroban_env_host::fees::compute_rent_fee;
use stellar_xdr::{
    ContractEvent, ContractIdPreimage, Hash, HostFunction, InvokeHostFunctionOp,
    InvokeHostFunctionResult, LedgerEntry, LedgerKey, Limits as XdrLimits, OperationResultTr,
    ReadXdr, ScVal, SorobanTransactionData, WriteXdr,
};

use super::footprint::{bytes, fits, host_ledger};
use super::settings::Settings;
use super::written::Xdr;
use crate::apply::{Operation, Outcome, Refusal, refuse};
use crate::ledger::{durability, is_valid_asset};
use crate::model::StoredEntry;
use crate::tx::archived_indices;

type Checked = Result<(), Refusal>;

fn invoked(code: InvokeHostFunctionResult) -> OperationResultTr {
    OperationResultTr::InvokeHostFunction(code)
}

fn limit_exceeded<T>() -> Result<T, Refusal> {
    refuse(invoked(InvokeHostFunctionResult::ResourceLimitExceeded))
}

/// What the host cannot digest for reasons of its own fails like a trap.
fn trapped<T>() -> Result<T, Refusal> {
    refuse(invoked(InvokeHostFunctionResult::Trapped))
}

/// Refused without a code of its own: the transaction failed, and its operation keeps the result
/// it started out with.
fn invalid<T>() -> Result<T, Refusal> {
    refuse(invoked(InvokeHostFunctionResult::Success(Hash([0; 32]))))
}

pub(crate) fn check_invoke(op: &InvokeHostFunctionOp, settings: &Settings) -> Checked {
    let preimage = match &op.host_function {
        HostFunction::UploadContractWasm(wasm) => {
            let fits = bytes(wasm.as_slice()) <= settings.limits.contract_bytes;
            return if fits { Ok(()) } else { invalid() };
        }
        HostFunction::CreateContract(create) => &create.contract_id_preimage,
        // The network leaves the second form to the host.
        HostFunction::CreateContractV2(_) | HostFunction::InvokeContract(_) => return Ok(()),
    };
    match preimage {
        ContractIdPreimage::Asset(asset) if !is_valid_asset(asset) => invalid(),
        ContractIdPreimage::Asset(_) | ContractIdPreimage::Address(_) => Ok(()),
    }
}

pub(crate) fn invoke(op: &mut Operation<'_, '_>, invoke: &InvokeHostFunctionOp) -> Outcome {
    let Some(data) = op.inner.soroban_data() else {
        return trapped();
    };
    let inputs = Inputs::collect(op, data)?;
    let budget = op.settings.budget(data.resources.instructions).or_else(|_| trapped())?;
    let output = match run(op, invoke, data, &inputs, &budget) {
        Ok(output) => output,
        Err(error) => return failed(op, data, &budget, &error),
    };
    let encoded = match output.encoded_invoke_result {
        Ok(encoded) => encoded,
        Err(error) => return failed(op, data, &budget, &error),
    };
    let rent = compute_rent_fee(
        &extract_rent_changes(&output.ledger_changes),
        &op.settings.network.rent_fee_configuration,
        op.txn.context.sequence,
    );
    record(op, data, &output.ledger_changes)?;
    let (events, size) = collect_events(op.settings, &output.encoded_contract_events, &encoded)?;
    if !op.refundable.consume(op.inner, op.settings, size, rent) {
        return refuse(invoked(InvokeHostFunctionResult::InsufficientRefundableFee));
    }
    let return_value = ScVal::from_xdr(&encoded, XdrLimits::none()).or_else(|_| trapped())?;
    op.events.extend(events);
    op.return_value = Some(return_value);
    let hash = success_hash(&encoded, &output.encoded_contract_events);
    Ok(invoked(InvokeHostFunctionResult::Success(hash)))
}

/// The hash of an `InvokeHostFunctionSuccessPreImage`, whose parts the host has written already: the
/// value, and the events after their number.
fn success_hash(return_value: &[u8], events: &[Vec<u8>]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(return_value);
    hasher.update(u32::try_from(events.len()).unwrap_or(u32::MAX).to_be_bytes());
    for event in events {
        hasher.update(event);
    }
    Hash(hasher.finalize().into())
}

/// An entry, if there is one, with its TTL, if it has one.
type Input = (Option<Xdr>, Option<TtlLedgerEntryMeta>);

/// The entries of the footprint in its order, as the host takes them.
struct Inputs {
    entries: Vec<Input>,
    /// Which of the read-write entries are restored on the way.
    restored: Vec<u32>,
    disk_bytes: u32,
}

impl Inputs {
    fn collect(op: &Operation<'_, '_>, data: &SorobanTransactionData) -> Result<Self, Refusal> {
        let mut inputs = Self { entries: Vec::new(), restored: Vec::new(), disk_bytes: 0 };
        for key in data.resources.footprint.read_only.iter() {
            inputs.add(op, data, key, None)?;
        }
        for (index, key) in (0_u32..).zip(data.resources.footprint.read_write.iter()) {
            inputs.add(op, data, key, Some(index))?;
        }
        Ok(inputs)
    }

    fn add(
        &mut self,
        op: &Operation<'_, '_>,
        data: &SorobanTransactionData,
        key: &LedgerKey,
        write_index: Option<u32>,
    ) -> Checked {
        let Some(stored) = op.txn.get(key) else {
            self.entries.push((None, None));
            return Ok(());
        };
        let StoredEntry { entry, live_until } = stored.as_ref();
        let xdr = op.modules.xdr(key, &stored).or_else(|_| trapped())?;
        let size = bytes(&xdr);
        if !fits(&entry.data, size, op.settings) {
            return limit_exceeded();
        }
        op.modules.learn(entry);
        let mut live_until = *live_until;
        let archived = live_until.is_some_and(|until| until < op.txn.context.sequence);
        if archived {
            let Some(index) = write_index.filter(|at| archived_indices(data).contains(at)) else {
                return refuse(invoked(InvokeHostFunctionResult::EntryArchived));
            };
            self.restored.push(index);
            live_until = Some(op.txn.context.min_live_until());
        }
        if archived || durability(key).is_none() {
            self.disk_bytes = self.disk_bytes.saturating_add(size);
            if self.disk_bytes > data.resources.disk_read_bytes {
                return limit_exceeded();
            }
        }
        let ttl = match live_until {
            None => None,
            Some(live_until_ledger) => Some(TtlLedgerEntryMeta {
                live_until_ledger,
                entry_size_for_rent: op
                    .modules
                    .rent_bytes(entry, size, op.settings)
                    .or_else(|_| trapped())?,
            }),
        };
        self.entries.push((Some(xdr), ttl));
        Ok(())
    }
}

fn run(
    op: &mut Operation<'_, '_>,
    invoke: &InvokeHostFunctionOp,
    data: &SorobanTransactionData,
    inputs: &Inputs,
    budget: &Budget,
) -> Result<HostOutput, HostError> {
    let xdr = |value: &dyn Fn() -> Result<Vec<u8>, stellar_xdr::Error>| {
        value().map_err(|_| internal_error())
    };
    let function = xdr(&|| invoke.host_function.to_xdr(XdrLimits::none()))?;
    let resources = xdr(&|| data.resources.to_xdr(XdrLimits::none()))?;
    let source = xdr(&|| op.source_id().to_xdr(XdrLimits::none()))?;
    let mut auth = Vec::new();
    for entry in invoke.auth.iter() {
        auth.push(xdr(&|| entry.to_xdr(XdrLimits::none()))?);
    }
    let info = host_ledger(&op.txn.context, op.settings);
    let modules = op.modules.cache();
    let seed = op.seed;
    let diagnostics = &mut op.diagnostics;
    // The host turns its own panics into errors nearly everywhere; this network must outlive
    // the rest, too.
    catch_unwind(AssertUnwindSafe(|| {
        invoke_host_function(
            budget,
            true,
            function.as_slice(),
            resources.as_slice(),
            &inputs.restored,
            source.as_slice(),
            auth.iter().map(Vec::as_slice),
            info,
            inputs.entries.iter().map(|(entry, ttl)| (entry.as_deref(), *ttl)),
            &seed[..],
            diagnostics,
            None,
            Some(modules),
        )
    }))
    .unwrap_or_else(|_| {
        tracing::error!("the contract host panicked; the transaction fails");
        Err(internal_error())
    })
}

fn internal_error() -> HostError {
    HostError::from((stellar_xdr::ScErrorType::Context, stellar_xdr::ScErrorCode::InternalError))
}

fn failed(
    op: &Operation<'_, '_>,
    data: &SorobanTransactionData,
    budget: &Budget,
    error: &HostError,
) -> Outcome {
    tracing::debug!(?error, "a contract invocation failed");
    let spent = budget.get_cpu_insns_consumed().unwrap_or(u64::MAX);
    let memory = budget.get_mem_bytes_consumed().unwrap_or(u64::MAX);
    let over = spent > u64::from(data.resources.instructions)
        || memory > u64::from(op.settings.network.tx_memory_limit);
    if over { limit_exceeded() } else { trapped() }
}

/// Writes what the invocation changed.
fn record(
    op: &mut Operation<'_, '_>,
    data: &SorobanTransactionData,
    changes: &[LedgerEntryChange],
) -> Checked {
    let mut written = 0_u32;
    for change in changes {
        let key =
            LedgerKey::from_xdr(&change.encoded_key, XdrLimits::none()).or_else(|_| trapped())?;
        let live_until = change.ttl_change.as_ref().map(|ttl| ttl.new_live_until_ledger);
        if change.read_only {
            extend_read_only(op, key, change);
            continue;
        }
        let Some(value) = &change.encoded_new_value else {
            if op.txn.get(&key).is_some() {
                op.txn.erase(key);
            }
            continue;
        };
        let entry = LedgerEntry::from_xdr(value, XdrLimits::none()).or_else(|_| trapped())?;
        let size = bytes(value);
        written = written.saturating_add(size);
        if !fits(&entry.data, size, op.settings) || written > data.resources.write_bytes {
            return limit_exceeded();
        }
        op.txn.put_entry(key, entry, live_until);
    }
    Ok(())
}

fn extend_read_only(op: &mut Operation<'_, '_>, key: LedgerKey, change: &LedgerEntryChange) {
    if let Some(ttl) = &change.ttl_change
        && ttl.new_live_until_ledger > ttl.old_live_until_ledger
    {
        op.txn.put_ttl(key, ttl.new_live_until_ledger);
    }
}

/// The events, and what they and the return value weigh.
fn collect_events(
    settings: &Settings,
    encoded: &[Vec<u8>],
    return_value: &[u8],
) -> Result<(Vec<ContractEvent>, u32), Refusal> {
    let size =
        encoded.iter().fold(bytes(return_value), |sum, event| sum.saturating_add(bytes(event)));
    if size > settings.limits.events_bytes {
        return limit_exceeded();
    }
    let events: Result<Vec<_>, _> =
        encoded.iter().map(|event| ContractEvent::from_xdr(event, XdrLimits::none())).collect();
    Ok((events.or_else(|_| trapped())?, size))
}

#[cfg(test)]
mod tests {
    use stellar_xdr::{
        ContractEventBody, ContractEventType, ContractEventV0, ExtensionPoint,
        InvokeHostFunctionSuccessPreImage, VecM,
    };

    use super::*;

    #[test]
    fn the_hash_of_a_success_is_that_of_its_preimage() {
        let event = |data| ContractEvent {
            ext: ExtensionPoint::V0,
            contract_id: None,
            type_: ContractEventType::Contract,
            body: ContractEventBody::V0(ContractEventV0 { topics: VecM::default(), data }),
        };
        for events in [vec![], vec![event(ScVal::U32(1)), event(ScVal::Void)]] {
            let xdr = |event: &ContractEvent| event.to_xdr(XdrLimits::none()).unwrap();
            let written: Vec<_> = events.iter().map(xdr).collect();
            let value = ScVal::Bool(true);
            let hash = success_hash(&value.to_xdr(XdrLimits::none()).unwrap(), &written);
            let preimage = InvokeHostFunctionSuccessPreImage {
                return_value: value,
                events: events.try_into().unwrap(),
            };
            let preimage = preimage.to_xdr(XdrLimits::none()).unwrap();
            assert_eq!(hash.0, <[u8; 32]>::from(Sha256::digest(preimage)));
        }
    }
}
