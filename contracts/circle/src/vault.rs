//! Money in and out of the contract's own balance.
use kolo_contract_common::Error;
use kolo_rules::Amount;
use soroban_sdk::{Address, Env, IntoVal, InvokeError, symbol_short};

/// The Stellar asset contract's errors that say something about the two accounts, and not about the
/// call: `BalanceError` (too little, or over the trustline's limit), `BalanceDeauthorizedError`,
/// `TrustlineMissingError` of soroban-env-host's `builtin_contracts::contract_error`.
mod token_error {
    pub const BALANCE: u32 = 10;
    pub const DEAUTHORISED: u32 = 11;
    pub const TRUSTLINE_MISSING: u32 = 13;
}

/// What became of a transfer out of the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Delivered,
    /// The recipient cannot receive now; the money is still in the vault.
    Undeliverable,
}

/// An amount from outside.
pub fn amount(amount: i128) -> Result<Amount, Error> {
    i64::try_from(amount).map(Amount::new).map_err(|_| Error::BadAmount)
}

/// What the vault holds. Reading it prolongs the token's own entry of it: to 30 days, whenever
/// fewer than 29 are left.
///
/// More than can be counted counts as the most that can.
pub fn balance(env: &Env, asset: &Address) -> Result<Amount, Error> {
    let vault = env.current_contract_address();
    let args = (vault,).into_val(env);
    // Not the token's client: it would call by another of the host's functions.
    match env.try_invoke_contract::<i128, InvokeError>(asset, &symbol_short!("balance"), args) {
        Ok(Ok(balance)) => Ok(amount(balance).unwrap_or(Amount::MAX)),
        _ => Err(Error::TokenFailed),
    }
}

/// Takes a member's payment; their signature on the calling function covers it.
pub fn take(env: &Env, asset: &Address, from: &Address, amount: Amount) -> Result<(), Error> {
    let vault = env.current_contract_address();
    match transfer(env, asset, from, &vault, amount) {
        Ok(()) => Ok(()),
        Err(InvokeError::Contract(token_error::BALANCE)) => Err(Error::NotEnoughMoney),
        Err(InvokeError::Contract(token_error::DEAUTHORISED | token_error::TRUSTLINE_MISSING)) => {
            Err(Error::PaymentRefused)
        }
        Err(_) => Err(Error::TokenFailed),
    }
}

/// Passes money from one person to another, who both signed for it; it never is the vault's.
pub fn pass_on(
    env: &Env,
    asset: &Address,
    from: &Address,
    to: &Address,
    amount: Amount,
) -> Result<(), Error> {
    if amount.is_zero() {
        return Ok(());
    }
    transfer(env, asset, from, to, amount).map_err(|error| match error {
        InvokeError::Contract(
            token_error::BALANCE | token_error::DEAUTHORISED | token_error::TRUSTLINE_MISSING,
        ) => Error::PaymentRefused,
        _ => Error::TokenFailed,
    })
}

/// Pays a member.
///
/// Only three answers of the token mean that this recipient cannot be paid, and only while the vault
/// itself covers the payment. Every other failure aborts the call: a caller who arrives at the
/// maximum call depth makes the token's call fail too, and must not be able to turn somebody's
/// payout into a credit. (Running out of budget or footprint aborts in the host already.)
pub fn deliver(
    env: &Env,
    asset: &Address,
    to: &Address,
    amount: Amount,
) -> Result<Delivery, Error> {
    if amount.is_zero() {
        return Ok(Delivery::Delivered);
    }
    let vault = env.current_contract_address();
    match transfer(env, asset, &vault, to, amount) {
        Ok(()) => Ok(Delivery::Delivered),
        Err(InvokeError::Contract(
            token_error::BALANCE | token_error::DEAUTHORISED | token_error::TRUSTLINE_MISSING,
        )) => {
            if balance(env, asset)? < amount {
                return Err(Error::VaultShort);
            }
            Ok(Delivery::Undeliverable)
        }
        Err(_) => Err(Error::TokenFailed),
    }
}

/// Pays a member or refuses, where the money stays theirs in any case.
pub fn deliver_or_refuse(
    env: &Env,
    asset: &Address,
    to: &Address,
    amount: Amount,
) -> Result<(), Error> {
    match deliver(env, asset, to, amount)? {
        Delivery::Delivered => Ok(()),
        Delivery::Undeliverable => Err(Error::Undeliverable),
    }
}

fn transfer(
    env: &Env,
    asset: &Address,
    from: &Address,
    to: &Address,
    amount: Amount,
) -> Result<(), InvokeError> {
    let args = (from, to, i128::from(amount.minor_units())).into_val(env);
    match env.try_invoke_contract::<(), InvokeError>(asset, &symbol_short!("transfer"), args) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(InvokeError::Abort),
        Err(Ok(error) | Err(error)) => Err(error),
    }
}
