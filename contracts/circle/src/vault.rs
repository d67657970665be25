//! Money in and out of the contract's own balance.
use kolo_contract_common::Error;
use soroban_sdk::{Address, Env, IntoVal, InvokeError, Val, Vec, symbol_short};

/// The Stellar asset contract's errors that say something about the two accounts, and not about the
/// call: `BalanceError` (too little, or over the trustline's limit), `BalanceDeauthorizedError`,
/// `TrustlineMissingError` of soroban-env-host's `builtin_contracts::contract_error`.
mod token_error {
    pub const BALANCE: u32 = 10;
    pub const DEAUTHORISED: u32 = 11;
    pub const TRUSTLINE_MISSING: u32 = 13;
}

/// What the vault holds. Reading it prolongs the token's own entry of it: to 30 days, whenever
/// fewer than 29 are left.
pub fn balance(env: &Env, asset: &Address) -> Result<i128, Error> {
    let vault = env.current_contract_address();
    let args = (vault,).into_val(env);
    // Not the token's client: it would call by another of the host's functions.
    match env.try_invoke_contract::<i128, InvokeError>(asset, &symbol_short!("balance"), args) {
        Ok(Ok(balance)) => Ok(balance),
        _ => Err(Error::TokenFailed),
    }
}

/// Why the token refused a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The payer has too little, or the recipient no room for so much.
    Balance,
    /// One of them has no trustline, or is frozen.
    Trustline,
    /// Anything else says nothing about the two. A caller who arrives at the maximum call depth makes the
    /// token's call fail too, and must not be able to turn somebody's payout into a credit. (Running
    /// out of budget or footprint aborts in the host already.)
    Otherwise,
}

impl Refused {
    /// What it means to a member who pays in; their signature on the calling function covers it.
    pub const fn by_member(self) -> Error {
        match self {
            Self::Balance => Error::NotEnoughMoney,
            Self::Trustline => Error::PaymentRefused,
            Self::Otherwise => Error::TokenFailed,
        }
    }
}

/// Moves money.
pub fn transfer(
    env: &Env,
    asset: &Address,
    from: &Address,
    to: &Address,
    amount: i128,
) -> Result<(), Refused> {
    transfer_by(env, asset, (from, to, amount).into_val(env))
}

/// Moves money as the token's arguments say: from, to, amount.
#[inline(never)]
pub fn transfer_by(env: &Env, asset: &Address, args: Vec<Val>) -> Result<(), Refused> {
    match env.try_invoke_contract::<(), InvokeError>(asset, &symbol_short!("transfer"), args) {
        Ok(Ok(())) => Ok(()),
        Err(Ok(InvokeError::Contract(code)) | Err(InvokeError::Contract(code))) => {
            Err(match code {
                token_error::BALANCE => Refused::Balance,
                token_error::DEAUTHORISED | token_error::TRUSTLINE_MISSING => Refused::Trustline,
                _ => Refused::Otherwise,
            })
        }
        _ => Err(Refused::Otherwise),
    }
}
