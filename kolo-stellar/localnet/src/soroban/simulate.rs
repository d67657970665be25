//! Trying a Soroban transaction without applying it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use soroban_env_host::HostError;
use soroban_env_host::e2e_invoke::RecordingInvocationAuthMode;
use soroban_env_host::storage::{EntryWithLiveUntil, SnapshotSource};
use soroban_simulation::AutoRestoringSnapshotSource;
use soroban_simulation::simulation::{
    LedgerEntryDiff, SimulationAdjustmentConfig, simulate_extend_ttl_op,
    simulate_invoke_host_function_op, simulate_restore_op,
};
use stellar_xdr::{
    AccountId, ExtendFootprintTtlOp, InvokeHostFunctionOp, LedgerKey, OperationBody,
    SorobanTransactionData,
};

use super::footprint::host_ledger;
use super::settings::Settings;
use crate::ledger::{LedgerContext, State, account_id, is_persistent};
use crate::model::{AuthMode, RestorePreamble, SimulateOptions, Simulation, StateChange};
use crate::tx::Inner;

/// What a simulation works on.
pub(crate) struct SimulationInput<'i> {
    pub(crate) state: Rc<State>,
    /// The ledger the transaction would be in.
    pub(crate) context: LedgerContext,
    pub(crate) settings: &'i Settings,
    pub(crate) options: SimulateOptions,
    /// Seeds the random numbers of contracts.
    pub(crate) seed: [u8; 32],
}

/// Simulates the one operation of a Soroban transaction.
pub(crate) fn simulate(input: &SimulationInput<'_>, inner: &Inner) -> Simulation {
    let [operation] = inner.tx.operations.as_slice() else {
        return failure("Transaction contains more than one operation");
    };
    let source = account_id(&inner.operation_source(operation));
    // As in an invocation: the network outlives a panic of the host.
    catch_unwind(AssertUnwindSafe(|| match &operation.body {
        OperationBody::InvokeHostFunction(op) => simulate_invoke(input, op, &source),
        OperationBody::ExtendFootprintTtl(op) => simulate_extend(input, inner, op),
        OperationBody::RestoreFootprint(_) => simulate_restore(input, inner),
        _ => failure("Transaction contains unsupported operation type"),
    }))
    .unwrap_or_else(|_| failure("the contract host panicked"))
}

fn simulate_invoke(
    input: &SimulationInput<'_>,
    op: &InvokeHostFunctionOp,
    source: &AccountId,
) -> Simulation {
    let v2 = input.options.address_v2;
    let auth = op.auth.to_vec();
    let mode = match input.options.auth {
        AuthMode::Auto if auth.is_empty() => RecordingInvocationAuthMode::recording(true, v2),
        AuthMode::Auto | AuthMode::Enforce => RecordingInvocationAuthMode::Enforcing(auth),
        AuthMode::Record => RecordingInvocationAuthMode::recording(true, v2),
        AuthMode::RecordAllowNonroot => RecordingInvocationAuthMode::recording(false, v2),
    };
    let result = simulate_invoke_host_function_op(
        Rc::new(input.source()),
        &input.settings.network,
        &input.adjustment(),
        &host_ledger(&input.context, input.settings),
        op.host_function.clone(),
        mode,
        source,
        input.seed,
        true,
    );
    let result = match result {
        Ok(result) => result,
        Err(error) => return failure(&error.to_string()),
    };
    let mut simulation = Simulation {
        events: result.diagnostic_events,
        instructions: result.simulated_instructions.into(),
        memory: result.simulated_memory.into(),
        ..Simulation::default()
    };
    match result.invoke_result {
        Err(error) => simulation.error = Some(format!("{error:?}")),
        Ok(value) => {
            simulation.result = Some(value);
            simulation.auth = result.auth;
            simulation.state_changes =
                result.modified_entries.into_iter().filter_map(state_change).collect();
            set_data(&mut simulation, result.transaction_data);
        }
    }
    simulation
}

/// Archived entries are extended as if they had been restored before; the preamble says how.
fn simulate_extend(
    input: &SimulationInput<'_>,
    inner: &Inner,
    op: &ExtendFootprintTtlOp,
) -> Simulation {
    let keys = inner.soroban_data().map(|data| data.resources.footprint.read_only.as_slice());
    let (network, adjustment) = (&input.settings.network, input.adjustment());
    let ledger = host_ledger(&input.context, input.settings);
    let extended =
        AutoRestoringSnapshotSource::new(Rc::new(input.source()), &ledger).and_then(|restoring| {
            let keys = keys.unwrap_or_default();
            let extended = simulate_extend_ttl_op(
                &restoring,
                network,
                &adjustment,
                &ledger,
                keys,
                op.extend_to,
            )?;
            let restored = restoring.simulate_restore_keys_op(network, &adjustment, &ledger)?;
            Ok((extended.transaction_data, restored.map(|restored| restored.transaction_data)))
        });
    match extended {
        Err(error) => failure(&error.to_string()),
        Ok((data, restored)) => {
            let restore_preamble = restored.map(|transaction_data| RestorePreamble {
                min_resource_fee: transaction_data.resource_fee,
                transaction_data,
            });
            let mut simulation = Simulation { restore_preamble, ..Simulation::default() };
            set_data(&mut simulation, Some(data));
            simulation
        }
    }
}

fn simulate_restore(input: &SimulationInput<'_>, inner: &Inner) -> Simulation {
    let keys = inner.soroban_data().map(|data| data.resources.footprint.read_write.as_slice());
    let result = simulate_restore_op(
        &input.source(),
        &input.settings.network,
        &input.adjustment(),
        &host_ledger(&input.context, input.settings),
        keys.unwrap_or_default(),
    );
    match result {
        Err(error) => failure(&error.to_string()),
        Ok(result) => {
            let mut simulation = Simulation::default();
            set_data(&mut simulation, Some(result.transaction_data));
            simulation
        }
    }
}

impl SimulationInput<'_> {
    fn source(&self) -> Source {
        Source { state: Rc::clone(&self.state), sequence: self.context.sequence }
    }

    fn adjustment(&self) -> SimulationAdjustmentConfig {
        let mut adjustment = SimulationAdjustmentConfig::default_adjustment();
        let instructions = &mut adjustment.instructions.additive_factor;
        *instructions = (*instructions).max(self.options.instruction_leeway);
        adjustment
    }
}

/// The committed state, archived entries included: simulation knows that they are restored.
struct Source {
    state: Rc<State>,
    sequence: u32,
}

impl SnapshotSource for Source {
    fn get(&self, key: &Rc<LedgerKey>) -> Result<Option<EntryWithLiveUntil>, HostError> {
        let found = self.state.get(key).filter(|entry| {
            is_persistent(key) || entry.live_until.is_none_or(|until| until >= self.sequence)
        });
        Ok(found.map(|entry| (Rc::new(entry.entry.clone()), entry.live_until)))
    }
}

fn state_change(diff: LedgerEntryDiff) -> Option<StateChange> {
    let key = diff.state_before.as_ref().or(diff.state_after.as_ref())?.to_key();
    Some(StateChange { key, before: diff.state_before, after: diff.state_after })
}

fn set_data(simulation: &mut Simulation, data: Option<SorobanTransactionData>) {
    simulation.min_resource_fee = data.as_ref().map_or(0, |data| data.resource_fee);
    simulation.transaction_data = data;
}

fn failure(error: &str) -> Simulation {
    Simulation { error: Some(error.to_owned()), ..Simulation::default() }
}
