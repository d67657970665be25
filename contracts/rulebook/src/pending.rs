//! What waits for somebody: one entry of the circle, lists of bytes one after the other.
//!
//! ```text
//! pending = length:u16{5} invitations requests draw signatures newcomers
//! ```
use alloc::vec::Vec;

use kolo_contract_common::{Error, PERSON};
use kolo_rules::circle::Motion;
use soroban_sdk::{Bytes, Env};

use crate::list;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Waiting {
    /// Who may join.
    Invitations = 0,
    /// Who asks to.
    Requests = 1,
    /// Commitments, then what was revealed, by seat.
    Draw = 2,
    /// Who signed for which code.
    Signatures = 3,
    /// Whom motions are about to let in: the motion, and the person.
    Newcomers = 4,
}

const LISTS: usize = 5;
/// Bytes of the lengths.
const HEAD: usize = 2 * LISTS;
/// The motion, and the person.
const NEWCOMER: usize = 1 + PERSON;

/// All that waits.
pub struct Pending {
    lists: [Vec<u8>; LISTS],
    changed: bool,
}

impl Pending {
    /// # Errors
    /// `BadEncoding` for bytes that [`Pending::encode`] did not write.
    pub fn decode(bytes: Option<&Bytes>) -> Result<Self, Error> {
        let bytes = bytes.map(Bytes::to_alloc_vec).unwrap_or_default();
        let mut lists = [const { Vec::new() }; LISTS];
        let (mut lengths, mut rest) = bytes.split_at_checked(HEAD).unwrap_or_default();
        for list in &mut lists {
            let Some((length, others)) = lengths.split_first_chunk() else { break };
            let length = usize::from(u16::from_le_bytes(*length));
            let (own, after) = rest.split_at_checked(length).ok_or(Error::BadEncoding)?;
            *list = own.to_vec();
            (lengths, rest) = (others, after);
        }
        Ok(Self { lists, changed: false })
    }

    /// The entry, if it changed; empty when nothing waits.
    pub fn encode(&self, env: &Env) -> Result<Option<Bytes>, Error> {
        if !self.changed {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        if self.lists.iter().any(|list| !list.is_empty()) {
            for list in &self.lists {
                let length = u16::try_from(list.len()).map_err(|_| Error::BadEncoding)?;
                list::append(&mut bytes, &length.to_le_bytes());
            }
            for list in &self.lists {
                list::append(&mut bytes, list);
            }
        }
        Ok(Some(Bytes::from_slice(env, &bytes)))
    }

    pub fn list(&self, which: Waiting) -> &[u8] {
        self.lists.get(which as usize).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn set(&mut self, which: Waiting, list: Vec<u8>) {
        if let Some(slot) = self.lists.get_mut(which as usize) {
            self.changed |= *slot != list;
            *slot = list;
        }
    }

    pub fn clear(&mut self, which: Waiting) {
        self.set(which, Vec::new());
    }

    /// Whom this motion is about to let in.
    pub fn newcomer(&self, motion: Motion) -> Option<&[u8; PERSON]> {
        let (_, entry) = list::find(self.list(Waiting::Newcomers), NEWCOMER, &[motion as u8])?;
        entry.last_chunk()
    }

    /// This motion is about to let them in, or nobody.
    pub fn set_newcomer(&mut self, motion: Motion, newcomer: Option<&[u8; PERSON]>) {
        let is_it = |entry: &[u8]| entry.first() == Some(&(motion as u8));
        let mut others = list::without(self.list(Waiting::Newcomers), NEWCOMER, &is_it);
        if let Some(newcomer) = newcomer {
            list::append(&mut others, &[motion as u8]);
            list::append(&mut others, newcomer);
        }
        self.set(Waiting::Newcomers, others);
    }
}
