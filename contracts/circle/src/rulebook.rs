//! What the rulebook is asked, and carrying out what it answers.
use kolo_contract_common::{Error, answer, runs};
use soroban_sdk::{
    Address, Bytes, BytesN, Env, IntoVal, InvokeError, Symbol, TryFromVal, Val, Vec, events::Event,
    symbol_short,
};

use crate::{
    storage::{self, Key},
    vault::{self, Refused},
};

/// SHA-256 of the rulebook's code. The factory publishes a code at the address this hash leads to; whoever made the
/// circle, only that code is asked. So who knows the circle's code knows its rules.
pub const RULEBOOK: [u8; 32] = unhex(include_bytes!("../rulebook.sha256"));

/// The circle's first step, of no state.
pub fn found(env: &Env, organiser_turn: Option<u32>) -> Result<(), Error> {
    let step = (Symbol::new(env, "Found"), organiser_turn).into_val(env);
    take(env, &Bytes::from_slice(env, &[]), step, true)?;
    storage::extend(env);
    Ok(())
}

/// A step of a circle that there is. `signed`: by who takes it, who was asked already.
pub fn act(env: &Env, step: Val, signed: bool) -> Result<(), Error> {
    let state = storage::state(env)?;
    storage::extend(env);
    take(env, &state, step, signed)
}

/// Asks, and does what is answered: all of it, or nothing.
#[inline(never)]
fn take(env: &Env, state: &Bytes, step: Val, signed: bool) -> Result<(), Error> {
    let mut answer = Answer::to(env, state, step, None)?;
    if !signed {
        for signer in answer.list(answer::SIGNERS)?.iter() {
            read::<Address>(env, signer)?.require_auth();
        }
    }
    answer.require_granted()?;
    let transfers = answer.list(answer::TRANSFERS)?;
    let undelivered = carry_out(env, &transfers)?;
    if undelivered != 0 {
        let balance: Option<i128> = answer.value(answer::BALANCE)?;
        let again = (low(undelivered), low(undelivered >> 32), balance);
        answer = Answer::to(env, state, step, Some(again))?;
        answer.require_granted()?;
        // The same once more but for those who could not be paid: what was paid is all that there is to pay.
        let paid = transfers.len() - answer::TRANSFER * undelivered.count_ones();
        if answer.list(answer::TRANSFERS)?.len() != paid {
            return Err(Error::RulebookFailed);
        }
    }
    answer.announce()?;
    answer.keep()
}

/// Moves the money of a step. Answers with a bit for each seat whose member could not be paid: what is theirs
/// stays in the vault.
fn carry_out(env: &Env, transfers: &Vec<Val>) -> Result<u64, Error> {
    let asset: Address = storage::kept(env, Key::Asset)?;
    let mut undelivered = 0;
    let mut at = 0;
    while at < transfers.len() {
        let value = |place: u32| transfers.get(at + place).ok_or(Error::RulebookFailed);
        let seat: u32 = read(env, value(1)?)?;
        match (vault::transfer_by(env, &asset, read(env, value(0)?)?), 1_u64.checked_shl(seat)) {
            (Ok(()), _) => {}
            (Err(Refused::Otherwise), _) => return Err(Error::TokenFailed),
            (Err(_), Some(bit)) => undelivered |= bit,
            (Err(Refused::Balance), None) => return Err(error_of(read(env, value(2)?)?)),
            (Err(Refused::Trustline), None) => return Err(error_of(read(env, value(3)?)?)),
        }
        at += answer::TRANSFER;
    }
    Ok(undelivered)
}

/// What the rulebook says of a step.
struct Answer<'a> {
    env: &'a Env,
    values: Vec<Val>,
}

impl<'a> Answer<'a> {
    /// Asks what `step` makes of `state`; once more, with whom it has turned out could not be paid.
    fn to(
        env: &'a Env,
        state: &Bytes,
        step: Val,
        again: Option<(u32, u32, Option<i128>)>,
    ) -> Result<Self, Error> {
        let circle = (
            env.current_contract_address(),
            storage::kept::<Address>(env, Key::Organiser)?,
            storage::kept::<Address>(env, Key::Asset)?,
            storage::kept::<Val>(env, Key::Rules)?,
            storage::kept::<Val>(env, Key::Members)?,
            state,
            storage::pending(env),
        );
        let args = (circle, step, again).into_val(env);
        let factory: Address = storage::kept(env, Key::Factory)?;
        let salt = BytesN::from_array(env, &RULEBOOK);
        let rulebook = env.deployer().with_address(factory, salt).deployed_address();
        // What a test runs as Rust has no code.
        if cfg!(target_family = "wasm") && !runs(&rulebook, &RULEBOOK) {
            return Err(Error::RulebookFailed);
        }
        match env.try_invoke_contract::<Vec<Val>, InvokeError>(
            &rulebook,
            &symbol_short!("decide"),
            args,
        ) {
            Ok(Ok(values)) => Ok(Self { env, values }),
            _ => Err(Error::RulebookFailed),
        }
    }

    fn require_granted(&self) -> Result<(), Error> {
        match self.value(answer::REFUSED)? {
            0 => Ok(()),
            code => Err(error_of(code)),
        }
    }

    /// Says what has happened, in the circle's name.
    fn announce(&self) -> Result<(), Error> {
        let events = self.list(answer::EVENTS)?;
        let mut at = 0;
        while let (Some(topics), Some(data)) = (events.get(at), events.get(at + 1)) {
            Said { topics: read(self.env, topics)?, data }.publish(self.env);
            at += 2;
        }
        Ok(())
    }

    /// Writes what has changed.
    fn keep(&self) -> Result<(), Error> {
        if let Some(members) = self.value::<Option<Bytes>>(answer::MEMBERS)? {
            storage::set_members(self.env, &members);
        }
        if let Some(pending) = self.value::<Option<Bytes>>(answer::PENDING)? {
            storage::set_pending(self.env, &pending);
        }
        match self.value::<Option<Bytes>>(answer::STATE)? {
            Some(state) if state.is_empty() => storage::delete_all(self.env),
            Some(state) => storage::set_state(self.env, &state),
            None => {}
        }
        if let Some(code) = self.value::<Option<BytesN<32>>>(answer::CODE)? {
            self.env.deployer().update_current_contract_wasm(code);
        }
        Ok(())
    }

    fn value<T: TryFromVal<Env, Val>>(&self, place: u32) -> Result<T, Error> {
        read(self.env, self.values.get(place).ok_or(Error::RulebookFailed)?)
    }

    fn list(&self, place: u32) -> Result<Vec<Val>, Error> {
        self.value(place)
    }
}

/// An event as the rulebook put it together.
struct Said {
    topics: Vec<Val>,
    data: Val,
}

impl Event for Said {
    fn topics(&self, _env: &Env) -> Vec<Val> {
        self.topics.clone()
    }

    fn data(&self, _env: &Env) -> Val {
        self.data
    }
}

/// The lower half. (Numbers of 64 bits would take one more of the host's functions.)
#[allow(clippy::cast_possible_truncation, reason = "of the other half there is another number")]
const fn low(bits: u64) -> u32 {
    bits as u32
}

fn read<T: TryFromVal<Env, Val>>(env: &Env, value: Val) -> Result<T, Error> {
    T::try_from_val(env, &value).map_err(|_| Error::RulebookFailed)
}

#[inline(never)]
fn error_of(code: u32) -> Error {
    Error::try_from(InvokeError::Contract(code)).unwrap_or(Error::RulebookFailed)
}

/// The bytes that 64 hexadecimal digits are. Not a digit: does not compile.
const fn unhex(digits: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = 16 * digit(digits[2 * at]) + digit(digits[2 * at + 1]);
        at += 1;
    }
    bytes
}

#[allow(clippy::panic, reason = "while it is compiled, of a file of ours")]
const fn digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => panic!("the rulebook's hash is 64 small hexadecimal digits"),
    }
}
