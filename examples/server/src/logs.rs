//! How much the log complains: its warnings and errors, counted for a monitor.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Warnings and errors since the program started, by level and crate; clones share the counts. What they say
/// stays in the log.
#[derive(Clone, Debug, Default)]
pub struct LogCounts(Arc<Mutex<BTreeMap<(Level, String), u64>>>);

impl LogCounts {
    /// How many, by level and crate.
    #[must_use]
    pub fn counts(&self) -> Vec<((Level, String), u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(kind, count)| (kind.clone(), *count)).collect()
    }
}

impl<S: Subscriber> Layer<S> for LogCounts {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        if level > Level::WARN {
            return;
        }
        let name = target.split("::").next().unwrap_or(target);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((level, name.to_owned())).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn complaints_are_counted_by_crate_and_the_rest_is_not() {
        let logs = LogCounts::default();
        let subscriber = tracing_subscriber::registry().with(logs.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("all is well");
            tracing::warn!("hm");
            tracing::warn!(target: "kolo_store::sqlite", "hm");
            tracing::error!(target: "kolo_store::writer", "oh");
            tracing::error!(target: "kolo_store", "oh");
        });
        let counts: Vec<_> = logs.counts();
        let counts: Vec<_> = counts
            .iter()
            .map(|((level, name), count)| (level.as_str(), name.as_str(), *count))
            .collect();
        let wanted =
            [("ERROR", "kolo_store", 2), ("WARN", "kolo_server", 1), ("WARN", "kolo_store", 1)];
        assert_eq!(counts, wanted);
    }
}
