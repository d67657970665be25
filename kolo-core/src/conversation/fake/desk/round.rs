//! What is paid, bid and voted: remembered.
use super::*;

#[async_trait]
impl RoundDesk for FakeDesk {
    async fn entry_due(&self, _: MemberId, circle: CircleId) -> Result<EntryDue, Error> {
        let state = self.state();
        let status = state.circles.iter().find(|s| s.summary.id == circle);
        let summary = status.ok_or(Error::NoSuchCircle)?.summary.clone();
        let is_bond = summary.stage == CircleStage::OnChain(Phase::Committing);
        Ok(EntryDue {
            circle: summary,
            amount: Amount::new(20 * ONE),
            is_bond,
            until: Some(NOW.plus(86_400)),
            pending: false,
            missing: Amount::ZERO,
        })
    }

    async fn due(&self, _: MemberId, circle: CircleId) -> Result<DueView, Error> {
        self.state().due.get(&circle).cloned().ok_or(Error::NoSuchCircle)
    }

    async fn contribute(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        round: u8,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("contribute {round} {}", amount.minor_units()))
    }

    async fn repay(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("repay {}", amount.minor_units()))
    }

    async fn commit(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, "commit")
    }

    async fn secure(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("secure {}", amount.minor_units()))
    }

    async fn bid(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        round: u8,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("bid {round} {}", amount.minor_units()))
    }

    async fn exit(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, "exit")
    }

    async fn expulsion(
        &self,
        _: MemberId,
        circle: CircleId,
        whom: &ChainAddress,
    ) -> Result<ExpulsionView, Error> {
        let status = self.status(circle).await?;
        let seat = status.seats.iter().find(|seat| seat.address == *whom);
        let seat = seat.ok_or(Error::NoSuchCircle)?;
        Ok(ExpulsionView {
            last_round: if seat.paid_out { 0 } else { status.round },
            paid: seat.paid,
            received: seat.received,
            debt: seat.debt,
            deposit: seat.deposit,
        })
    }

    async fn propose(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        question: Question,
    ) -> Result<UnderWay, Error> {
        let what = match question {
            Question::Dissolve => "dissolve".to_owned(),
            Question::Expel { member } => format!("expel {member}"),
            Question::Replace { leaver, newcomer } => format!("replace {leaver} {newcomer}"),
            Question::Move { from, to } => format!("move {from} {to}"),
        };
        self.under_way(ctx, circle, &what)
    }

    async fn propose_by_number(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        seat: &ChainAddress,
        handover: Handover,
        phone: &str,
    ) -> Result<(), Error> {
        let what = format!("{handover:?} {seat} {phone}").to_lowercase();
        self.under_way(ctx, circle, &what).map(drop)
    }

    async fn vote(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        proposal: u32,
        approve: bool,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("vote {proposal} {approve}"))
    }
}
