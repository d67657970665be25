//! How often the chain is asked for what is new.
use crate::Timestamp;

/// Whoever commits wakes the workers of every process. Each looks at the queue then; the chain, which closes a
/// ledger every few seconds, is asked once a second at most, and at once when it was just given something to do.
pub(super) struct Following {
    is_sparing: bool,
    expects_more: bool,
    last: Option<Timestamp>,
}

impl Following {
    /// Each time: for hosts that tick when they choose.
    pub fn always() -> Self {
        Self { is_sparing: false, expects_more: false, last: None }
    }

    /// Once a second, but for what is expected.
    pub fn sparingly() -> Self {
        Self { is_sparing: true, ..Self::always() }
    }

    /// The chain was given something, or has more to tell: it is asked again whatever the time.
    pub fn expect_more(&mut self) {
        self.expects_more = true;
    }

    /// Whether to ask now; it counts as asked then.
    pub fn is_due(&mut self, now: Timestamp) -> bool {
        let is_due = !self.is_sparing || self.expects_more || self.last != Some(now);
        if is_due {
            (self.last, self.expects_more) = (Some(now), false);
        }
        is_due
    }
}
