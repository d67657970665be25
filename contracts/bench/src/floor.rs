//! The least any contract could cost that moves the same money.
use soroban_env_host::xdr::ScVal;

use crate::{
    failure::Failure,
    ledger::Done,
    world::{World, account, call, i128},
};

const AMOUNT: i64 = 100_000_000;

/// What the two floors cost.
pub struct Floor {
    pub bytes: usize,
    /// `require_auth`, a transfer to the contract, one persistent write.
    pub pay_in: Done,
    /// A transfer from the contract and one persistent write: a payout needs nobody's signature.
    pub pay_out: Done,
}

/// Measures like everything else: a member who pays from their own account, entries that were written
/// before and are not due for a longer life, but for the vault's token balance, whose life the asset
/// contract prolongs by itself every day.
pub fn measure(wasm: &[u8]) -> Result<Floor, Failure> {
    let mut world = World::new()?;
    let hash = world.upload(wasm)?;
    let asset = ScVal::Address(world.token.clone());
    let contract = world.deploy(hash, vec![asset])?;
    let member = world.person(2 * AMOUNT)?;
    let anybody = world.person(0)?;
    let args = || vec![account(&member), i128(AMOUNT)];
    let pay_in = call(&member, &contract, "pay_in", args())?;
    let pay_out = call(&anybody, &contract, "pay_out", args())?;
    world.apply(&pay_in)?;
    world.ledger.pass(crate::group::WEEK);
    Ok(Floor {
        bytes: wasm.len(),
        pay_in: world.measure(&pay_in)?,
        pay_out: world.measure(&pay_out)?,
    })
}
