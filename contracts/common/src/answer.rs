//! How a rulebook answers a circle: a list of values, by place. Both are of one version, and nobody else
//! reads it.
//!
//! | place | is |
//! |---|---|
//! | `REFUSED` | the number of the [`Error`](crate::Error) the step is refused with, or 0 |
//! | `SIGNERS` | who must have signed, whether it is refused or not; the rest only if it is not |
//! | `STATE` | the new state; empty: the circle is over, delete everything; nothing: unchanged |
//! | `MEMBERS` | the new members; nothing: unchanged |
//! | `PENDING` | what waits now; empty: nothing waits; nothing: unchanged |
//! | `CODE` | the hash of the code the circle is to run from now on, if any |
//! | `BALANCE` | what the vault held, if it was asked for: to be given back when asking again |
//! | `TRANSFERS` | [`TRANSFER`] values each: the token's arguments, then what to make of a failure |
//! | `EVENTS` | two values each: topics and data |

/// See the module.
pub const REFUSED: u32 = 0;
/// See the module.
pub const SIGNERS: u32 = 1;
/// See the module.
pub const STATE: u32 = 2;
/// See the module.
pub const MEMBERS: u32 = 3;
/// See the module.
pub const PENDING: u32 = 4;
/// See the module.
pub const CODE: u32 = 5;
/// See the module.
pub const BALANCE: u32 = 6;
/// See the module.
pub const TRANSFERS: u32 = 7;
/// See the module.
pub const EVENTS: u32 = 8;

/// Values of a transfer: the token's arguments; the seat that is credited when the recipient cannot be
/// paid, or [`NOBODY`]; else the error when somebody has too little (or too little room), and the error
/// when they have no trustline or are frozen.
pub const TRANSFER: u32 = 4;

/// No seat: a transfer that fails refuses the step.
pub const NOBODY: u32 = u32::MAX;
