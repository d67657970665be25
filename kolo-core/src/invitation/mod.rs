//! Invitations: a code for one place, and the one-time key behind it.
pub(crate) mod state;
