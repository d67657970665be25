//! Paying into a circle: hold the money in the books, then pay on the chain.
use kolo_rules::{Amount, Circle as Mirror, Refusal, Rules};

use super::postings::{Details, Move, Part, wallet};
use super::service::{Circles, UnderWay};
use super::state::{Circle, Pending, Seat};
use crate::intent::state::Want;
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::ledger::{EntryStatus, Guard};
use crate::record::Loaded;
use crate::unit::{Changes, Command};
use crate::{CircleId, CommandContext, Error, MemberId};

impl Circles {
    /// Pays exactly what [`Circles::due`] says: holds the money in the books, then pays on the chain.
    ///
    /// # Errors
    /// [`Error::Refused`] for another round or amount; [`Error::InsufficientFunds`];
    /// [`Error::UnderWay`] while one is unsettled.
    pub async fn contribute(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        round: u8,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        let member = ctx.member()?;
        let want = Want::Contribute { circle, member, round, amount: amount.minor_units() };
        let now = self.kolo.now().unix();
        self.pay(
            ctx,
            CommandName::Contribute,
            want,
            circle,
            round,
            amount,
            |mirror, rules, seat| mirror.contribute(rules, seat, round, amount, now).map(drop),
        )
        .await
    }

    /// Pays what is owed from earlier rounds, wholly or partly.
    ///
    /// # Errors
    /// As [`Circles::contribute`].
    pub async fn repay(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        let member = ctx.member()?;
        let want = Want::Repay { circle, member, amount: amount.minor_units() };
        self.pay(ctx, CommandName::Repay, want, circle, 0, amount, |mirror, rules, seat| {
            mirror.repay(rules, seat, amount).map(drop)
        })
        .await
    }

    #[expect(clippy::too_many_arguments, reason = "one private function under two commands")]
    pub(super) async fn pay(
        &self,
        ctx: &CommandContext,
        name: CommandName,
        want: Want,
        circle: CircleId,
        round: u8,
        amount: Amount,
        check: impl Fn(&mut Mirror, &Rules, u8) -> Result<(), Refusal> + Send + Sync,
    ) -> Result<UnderWay, Error> {
        let member = ctx.member()?;
        let request = CommandRequest::new(ctx, name).about(circle).moving(amount);
        let mut command = Command::asked(&self.kolo, ctx, request, &want).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        loop {
            let found = self.kolo.circle(circle).await?.state;
            let place = found.seat_of_member(member).ok_or(Error::NoSuchCircle)?;
            found.require_live()?;
            let seat = self.seat(circle, member).await?;
            if seat.state.pending.is_some() {
                return Err(Error::UnderWay);
            }
            // Tried on the mirror first: a plain "no" is an answer, not a failed transaction.
            check(found.mirror()?.as_mut(), &found.rules()?, place)?;
            let mut changes = command.changes();
            let intent = changes.want("pay", want.clone(), None)?;
            let pending = Pending {
                intent,
                hold: format!("hold/{intent}"),
                round,
                amount: amount.minor_units(),
            };
            hold(&mut changes, &found, seat, pending, purpose(&want))?;
            if let Some(done) = command.commit(changes, UnderWay { intent, circle }).await? {
                return Ok(done);
            }
        }
    }

    pub(super) async fn seat(
        &self,
        circle: CircleId,
        member: MemberId,
    ) -> Result<Loaded<Seat>, Error> {
        let key = Seat::key(circle, member);
        let found = self.kolo.load::<Seat>(&key).await?;
        Ok(found.unwrap_or_else(|| Loaded::fresh(&key, Seat { circle, member, pending: None })))
    }
}

/// What a payment is in the books, and where it goes.
fn purpose(want: &Want) -> (&'static str, Part) {
    match want {
        Want::Contribute { .. } => ("contribution", Part::Pot),
        Want::Commit { .. } => ("bond", Part::Deposits),
        Want::Secure { .. } => ("security", Part::Deposits),
        _ => ("repayment", Part::Pot),
    }
}

/// The hold: a pending entry from the wallet to the circle, which the wallet must be able to bear.
fn hold(
    changes: &mut Changes,
    circle: &Circle,
    mut seat: Loaded<Seat>,
    pending: Pending,
    (kind, into): (&str, Part),
) -> Result<(), Error> {
    let round = pending.round;
    let purse = wallet(seat.state.member, &circle.asset);
    let details = Details {
        circle: Some(circle.id),
        name: Some(circle.name.clone()),
        round: (round > 0).then_some(round),
        by: None,
    };
    changes.set.entries.push(
        Move {
            id: pending.hold.clone(),
            kind,
            from: purse.clone(),
            to: into.account(circle.id, &circle.asset),
            amount: Amount::new(pending.amount),
            status: EntryStatus::Pending,
            at: changes.now(),
            tx: None,
            details: &details,
        }
        .entry(),
    );
    changes.set.guards.push(Guard { account: purse, minimum: Amount::ZERO });
    changes.event(&seat.id, "seat.payment_held", &pending)?;
    seat.state.pending = Some(pending);
    changes.write(&seat)
}
