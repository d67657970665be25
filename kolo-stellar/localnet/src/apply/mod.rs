//! Applying transactions.
