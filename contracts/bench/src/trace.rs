//! Where the instructions of a call go.
use std::{cell::RefCell, cmp::Reverse, collections::BTreeMap, rc::Rc};

use soroban_env_host::{TraceEvent, TraceHook, budget::Budget, xdr::ContractCostType};

use crate::failure::Failure;

/// The context of the transaction, and in it that of the contract called.
const CONTRACT: u32 = 2;

/// The instructions of one call, split in three ways.
#[derive(Clone, Debug)]
pub struct Trace {
    /// In the order of time.
    pub phases: [(&'static str, u64); 4],
    /// What the host charges for: its name, how often, instructions; largest first.
    pub charges: Vec<(&'static str, u64, u64)>,
    /// What the contract asks the host for; largest first.
    pub host_calls: Vec<(&'static str, HostCalls)>,
}

/// Calls of one host function.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostCalls {
    pub times: u64,
    /// With everything they caused.
    pub instructions: u64,
    /// What the contract itself executed between the host call before and these.
    pub executed_before: u64,
}

/// Listens to the host.
#[derive(Default)]
pub struct Tracer(Rc<RefCell<Heard>>);

impl Tracer {
    pub fn hook(&self) -> TraceHook {
        let heard = Rc::clone(&self.0);
        Rc::new(move |host, event| {
            let now = Meter::read(&host.budget_cloned())?;
            heard.borrow_mut().hear(&event, now);
            Ok(())
        })
    }

    /// Reads the rest from the budget of the call that was listened to.
    pub fn finish(self, budget: &Budget) -> Result<Trace, Failure> {
        let end = Meter::read(budget)?;
        let heard = self.0.borrow();
        let spans = [
            ("decoding what is read", (0, heard.began)),
            ("finding and instantiating the contract", (heard.began, heard.entered)),
            ("the contract's execution", (heard.entered, heard.left)),
            ("encoding what is written", (heard.left, end.instructions)),
        ];
        let mut charges = vec![];
        for cost_type in ContractCostType::variants() {
            let tracked = budget.get_tracker(cost_type)?;
            if tracked.cpu > 0 {
                charges.push((cost_type.name(), tracked.iterations, tracked.cpu));
            }
        }
        charges.sort_by_key(|(_, _, instructions)| Reverse(*instructions));
        let mut host_calls: Vec<_> =
            heard.calls.iter().map(|(name, calls)| (*name, *calls)).collect();
        host_calls.sort_by_key(|(_, calls)| Reverse(calls.instructions + calls.executed_before));
        let phases = spans.map(|(name, (from, to))| (name, to.saturating_sub(from)));
        Ok(Trace { phases, charges, host_calls })
    }
}

#[derive(Clone, Copy)]
struct Meter {
    instructions: u64,
    /// Of these, the contract's own.
    executed: u64,
}

impl Meter {
    fn read(budget: &Budget) -> Result<Self, soroban_env_host::HostError> {
        Ok(Self {
            instructions: budget.get_cpu_insns_consumed()?,
            executed: budget.get_tracker(ContractCostType::WasmInsnExec)?.cpu,
        })
    }
}

#[derive(Default)]
struct Heard {
    began: u64,
    entered: u64,
    left: u64,
    contexts: u32,
    /// Host calls under way. The contract's own execution is charged as it enters one.
    open: Vec<(&'static str, Meter)>,
    calls: BTreeMap<&'static str, HostCalls>,
}

impl Heard {
    fn hear(&mut self, event: &TraceEvent<'_>, now: Meter) {
        match event {
            TraceEvent::Begin => {
                if self.began == 0 {
                    self.began = now.instructions;
                }
            }
            TraceEvent::PushCtx(..) => {
                self.contexts += 1;
                if self.contexts == CONTRACT {
                    self.entered = now.instructions;
                }
            }
            TraceEvent::PopCtx(..) => {
                if self.contexts == CONTRACT {
                    self.left = now.instructions;
                }
                self.contexts = self.contexts.saturating_sub(1);
            }
            TraceEvent::EnvCall(name, _) => {
                if self.contexts == CONTRACT || !self.open.is_empty() {
                    self.open.push((name, now));
                }
            }
            TraceEvent::EnvRet(..) => self.returned(now),
            TraceEvent::End => {}
        }
    }

    /// Counts the outermost host calls only: what they cause is theirs.
    fn returned(&mut self, now: Meter) {
        let Some((name, before)) = self.open.pop() else { return };
        if self.open.is_empty() {
            let executed = now.executed.saturating_sub(before.executed);
            let all = now.instructions.saturating_sub(before.instructions);
            let calls = self.calls.entry(name).or_default();
            calls.times += 1;
            calls.executed_before += executed;
            calls.instructions += all.saturating_sub(executed);
        }
    }
}
