//! Groups until they start: what is ordered is remembered.
use super::*;

#[async_trait]
impl GroupDesk for FakeDesk {
    async fn create(&self, ctx: &CommandContext, wanted: NewCircle) -> Result<UnderWay, Error> {
        let circle = CircleId::derive(&[wanted.name.as_bytes()]);
        let amount = wanted.contribution.minor_units();
        let mut what =
            format!("create {} {amount} {:?} {}", wanted.name, wanted.every, wanted.seats);
        if wanted.options != Options::default() || wanted.instalments_per_round != 1 {
            let (order, turn) = (wanted.options.order, wanted.options.organiser_turn);
            let payments = wanted.instalments_per_round;
            what = format!("{what} {order:?} {turn} {payments}");
        }
        if let Some(asset) = &wanted.asset {
            what = format!("{what} in {}", asset.code);
        }
        Ok(UnderWay { intent: self.order(ctx, what)?, circle })
    }

    async fn invite(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        phone: Option<String>,
        turn: Option<u8>,
    ) -> Result<(InvitationView, UnderWay), Error> {
        let to = turn.map(|turn| format!(" turn {turn}")).unwrap_or_default();
        let what = format!("invite {}{to}", phone.as_deref().unwrap_or("anybody"));
        let under_way = self.under_way(ctx, circle, &what)?;
        let circle = self.status(circle).await?.summary;
        let id = InvitationId::derive(&[ctx.key.as_bytes()]);
        Ok((
            InvitationView { id, code: "AB12CD".to_owned(), circle, phone, turn, expires_at: NOW },
            under_way,
        ))
    }

    async fn free_turns(&self, circle: CircleId) -> Result<Vec<u8>, Error> {
        let status = self.status(circle).await?;
        let taken = |turn: &u8| status.seats.iter().any(|seat| seat.turn == *turn);
        Ok((1..=status.summary.rules.seats).filter(|turn| !taken(turn)).collect())
    }

    async fn revoke(&self, ctx: &CommandContext, code: &str) -> Result<UnderWay, Error> {
        if self.state().doors.contains_key(code) {
            return Err(Error::NoSuchInvitation);
        }
        let circle = CircleId::derive(&[code.as_bytes()]);
        self.under_way(ctx, circle, &format!("revoke {code}"))
    }

    async fn preview(&self, _: MemberId, code: &str) -> Result<InvitationPreview, Error> {
        self.state().previews.get(code).cloned().ok_or(Error::NoSuchInvitation)
    }

    async fn join(
        &self,
        ctx: &CommandContext,
        code: &str,
        hash: [u8; 32],
    ) -> Result<UnderWay, Error> {
        let what = format!("join {code} {}", hash[0]);
        Ok(UnderWay {
            intent: self.order(ctx, what)?,
            circle: CircleId::derive(&[code.as_bytes()]),
        })
    }

    async fn open_door(&self, ctx: &CommandContext, circle: CircleId) -> Result<String, Error> {
        self.under_way(ctx, circle, "group code")?;
        Ok("DR23CD45".to_owned())
    }

    async fn close_door(&self, ctx: &CommandContext, code: &str) -> Result<String, Error> {
        let door = self.door(member("Ada").id, code).await?;
        self.order(ctx, format!("close door {code}"))?;
        Ok(door.circle.name)
    }

    async fn door(&self, _: MemberId, code: &str) -> Result<DoorView, Error> {
        self.state().doors.get(code).cloned().ok_or(Error::NoSuchDoor)
    }

    async fn request(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        hash: [u8; 32],
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("ask {}", hash[0]))
    }

    async fn take_back(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, "take back")
    }

    async fn asked_by(&self, _: MemberId) -> Result<Vec<CircleSummary>, Error> {
        Ok(self.state().waits_at.clone())
    }

    async fn approve(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
        turn: Option<u8>,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("approve {who} {turn:?}"))
    }

    async fn reject(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("reject {who}"))
    }

    async fn remove(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("remove {who}"))
    }

    async fn start(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, "start")
    }

    async fn cancel(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, "cancel")
    }

    async fn leave(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, "leave")
    }

    async fn name_officer(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        whom: MemberId,
        office: Office,
    ) -> Result<Appointment, Error> {
        let held = self.state().members.first().is_some_and(|me| me.id == whom);
        self.appointed(ctx, circle, &format!("name {whom} {office}"), (whom, office, held))
    }

    async fn relieve_officer(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        whom: MemberId,
        office: Office,
        held: bool,
    ) -> Result<Appointment, Error> {
        self.appointed(
            ctx,
            circle,
            &format!("relieve {whom} {office} {held}"),
            (whom, office, held),
        )
    }

    async fn answer_office(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        accept: bool,
    ) -> Result<Appointment, Error> {
        let me = member("Ada").id;
        let office = self.office_of(circle, me).ok_or(Error::NoOffice)?.office;
        self.appointed(ctx, circle, &format!("answer {accept}"), (me, office, accept))
    }

    async fn lay_down_office(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
    ) -> Result<Appointment, Error> {
        let me = member("Ada").id;
        let office = self.office_of(circle, me).ok_or(Error::NoOffice)?.office;
        self.appointed(ctx, circle, "lay down", (me, office, true))
    }

    async fn status(&self, circle: CircleId) -> Result<CircleStatus, Error> {
        let state = self.state();
        state.circles.iter().find(|s| s.summary.id == circle).cloned().ok_or(Error::NoSuchCircle)
    }

    async fn circles_of(&self, member: MemberId) -> Result<Vec<CircleSummary>, Error> {
        let state = self.state();
        let mine =
            state.circles.iter().filter(|s| s.seats.iter().any(|seat| seat.member == Some(member)));
        Ok(mine.map(|status| status.summary.clone()).collect())
    }

    async fn is_settled(&self, _: IntentId) -> Result<bool, Error> {
        Ok(self.state().settled)
    }
}
