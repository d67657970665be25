//! Where a circle is in its life.

/// Where a circle is in its life.
///
/// ```text
/// Forming → [Committing → Revealing] → [Securing] → Active → Completed
///    └─→ Cancelled            Securing ─→ Cancelled     └──→ Dissolved
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Members come and go.
    Forming = 0,
    /// The schedule runs: contributions and payouts.
    Active = 1,
    /// Every round was paid out. Debts can still be repaid, credits pushed.
    Completed = 2,
    /// Ended early. Claims and repayments stay open.
    Dissolved = 3,
    /// Given up before the first round; what was paid in waits to be pushed.
    Cancelled = 4,
    /// The order will be drawn: members leave their commitments.
    Committing = 5,
    /// The order will be drawn: members reveal what they committed to.
    Revealing = 6,
    /// The order is fixed: members pay in deposits and entry premiums.
    Securing = 7,
}

impl Phase {
    /// Every phase, by number.
    pub const ALL: [Self; 8] = [
        Self::Forming,
        Self::Active,
        Self::Completed,
        Self::Dissolved,
        Self::Cancelled,
        Self::Committing,
        Self::Revealing,
        Self::Securing,
    ];

    /// Whether the schedule runs, or has run.
    #[must_use]
    pub const fn has_started(self) -> bool {
        matches!(self, Self::Active | Self::Completed | Self::Dissolved)
    }

    /// Whether membership is closed and the schedule does not run yet.
    #[must_use]
    pub const fn is_getting_ready(self) -> bool {
        matches!(self, Self::Committing | Self::Revealing | Self::Securing)
    }

    /// Whether nothing new begins any more.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Dissolved | Self::Cancelled)
    }
}
