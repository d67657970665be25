//! A member takes their key away.
//!
//! Order matters: the try is counted and on record before the proof is looked at, so that neither a
//! crash nor many at once give more tries; the export is on record, and the member told, before the key
//! is sealed. What is sealed is never stored.
use serde::Serialize;

use super::Wallets;
use crate::kolo::Export;
use crate::notice::Notice;
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::vault::{SealTo, SealedKey, Secret};
use crate::unit::Command;
use crate::{CommandContext, Error, MemberId, Timestamp};

/// Characters of a passphrase: fewer can be tried out by whoever gets hold of the file.
const PASSPHRASE: (usize, usize) = (12, 256);

/// What is on record of it: never the passphrase, nor anything it could be tried against.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum To<'a> {
    Passphrase,
    Recipient(&'a str),
}

impl Wallets {
    /// The commanding member's key, sealed to `to`, once `proof` has passed the host's second factor,
    /// which comes from outside the chat. At most five proofs a day count, right or wrong.
    ///
    /// The member is told in any case. The vault keeps the key and goes on signing: who has it outside
    /// shares the account with the operator from then on, and moves the money to be alone. A repetition
    /// under the same key hands nothing out: ask under a new one.
    ///
    /// # Errors
    /// [`Error::NotAvailable`] when the host offers no export; [`Error::SecondFactor`];
    /// [`Error::CapReached`]; [`Error::BadText`] for a passphrase of fewer than 12 characters;
    /// [`Error::KeyReused`] for a repetition; a port's failure, also when `to` is no public key: no try counts
    /// then, and no proof is used up.
    pub async fn export_key(
        &self,
        ctx: &CommandContext,
        to: &SealTo,
        proof: &Secret,
    ) -> Result<SealedKey, Error> {
        let member = ctx.member()?;
        let Export { keys, factor } = self.kolo.export().ok_or(Error::NotAvailable)?;
        keys.check(to)?;
        self.count_try(ctx, member, to).await?;
        let proved = factor.verify(self.kolo.tenant(), member, proof).await?;
        self.record(ctx, member, to, proved).await?;
        if !proved {
            return Err(Error::SecondFactor);
        }
        Ok(keys.export(self.kolo.tenant(), member, to).await?)
    }

    async fn count_try(
        &self,
        ctx: &CommandContext,
        id: MemberId,
        to: &SealTo,
    ) -> Result<(), Error> {
        let request = CommandRequest::new(ctx, CommandName::ExportKey);
        let mut command = Command::asked(&self.kolo, ctx, request, &told(to)).await?;
        if command.replay::<Timestamp>()?.is_some() {
            return Err(Error::KeyReused);
        }
        check(to)?;
        loop {
            let mut changes = command.changes();
            let mut member = self.kolo.member(id).await?;
            self.kolo.count_export(&changes, &mut member)?;
            changes.write(&member)?;
            changes.event(&member.id, "member.key_asked_for", &told(to))?;
            let now = changes.now();
            if command.commit(changes, now).await?.is_some() {
                return Ok(());
            }
        }
    }

    async fn record(
        &self,
        ctx: &CommandContext,
        id: MemberId,
        to: &SealTo,
        proved: bool,
    ) -> Result<(), Error> {
        let mut own = CommandContext::of_system(format!("{}/{proved}", ctx.key));
        own.tenant = ctx.tenant.clone();
        own.correlation.clone_from(&ctx.correlation);
        let mut command = Command::begin(&self.kolo, &own, "wallet.key_export", &id).await?;
        loop {
            let mut changes = command.changes();
            let member = self.kolo.member(id).await?;
            let (kind, notice) = if proved {
                ("member.key_exported", Notice::KeyExported)
            } else {
                ("member.key_refused", Notice::KeyRefused)
            };
            changes.event(&member.id, kind, &told(to))?;
            changes.notice(id, "key", notice)?;
            if command.commit(changes, ()).await?.is_some() {
                tracing::warn!(member = %id, proved, correlation = ctx.correlation, "a member's key was asked for");
                return Ok(());
            }
        }
    }
}

fn told(to: &SealTo) -> To<'_> {
    match to {
        SealTo::Passphrase(_) => To::Passphrase,
        SealTo::Recipient(key) => To::Recipient(key),
    }
}

fn check(to: &SealTo) -> Result<(), Error> {
    let (field, length, bounds) = match to {
        SealTo::Passphrase(words) => ("passphrase", words.expose().chars().count(), PASSPHRASE),
        SealTo::Recipient(key) => ("recipient", key.chars().count(), (1, 128)),
    };
    let (least, most) = bounds;
    let fits = (least..=most).contains(&length);
    if fits { Ok(()) } else { Err(Error::BadText { field, max: most }) }
}
