//! Answering offers: accepting, declining, taking back.
use kolo_rules::Amount;

use super::service::Offers;
use super::state::{Offer, Payment, Standing, Terms};
use super::view::OfferEnd;
use crate::circle::UnderWay;
use crate::circle::postings::{Details, Move, wallet};
use crate::circle::state::Circle;
use crate::intent::state::Want;
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::ledger::{EntryStatus, Guard, IndexKey, IndexWrite};
use crate::record::Loaded;
use crate::unit::{Changes, Command};
use crate::{CommandContext, Error, IntentId, MemberId, OfferId};

/// Unique name of a payment between two people that an accepted offer waits for.
const PAYMENT: &str = "offer-payment";

impl Offers {
    /// Accepts: both have consented now, and it goes to the chain, once. What one pays the other is held
    /// in the books until the chain says that it was paid. A newcomer gives the hash of the circle's rules
    /// they were shown; a member, who has accepted them long ago, gives `None`.
    ///
    /// # Errors
    /// [`Error::NoSuchOffer`]; [`Error::NotAllowed`] for its maker; [`Error::OfferClosed`] when it has been
    /// answered, has expired, or the turns, the seat or its price have changed since;
    /// [`Error::UnderWay`] when it is accepted already; [`Error::RulesNotAccepted`]; [`Error::Refused`] by
    /// the rules; [`Error::InsufficientFunds`], or [`Error::OtherCannotPay`] when it is the maker who would
    /// have to pay; [`Error::CapReached`] for who has no account yet.
    pub async fn accept(
        &self,
        ctx: &CommandContext,
        offer: OfferId,
        rules_hash: Option<[u8; 32]>,
    ) -> Result<UnderWay, Error> {
        let taker = ctx.member()?;
        let mut command =
            self.answer(ctx, CommandName::AcceptOffer, offer, &(offer, rules_hash)).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        loop {
            let mut found = self.open(offer, |offer| offer.taker.member == taker).await?;
            let circle = self.kolo.circle(found.state.circle).await?.state;
            self.require_unchanged(&circle, &found.state)?;
            let mut changes = command.changes();
            if matches!(found.state.terms, Terms::Seat { .. }) {
                if rules_hash != Some(circle.rules_hash()) {
                    return Err(Error::RulesNotAccepted);
                }
                let mut newcomer = self.kolo.member(taker).await?;
                self.kolo.have_account_opened(&mut changes, &mut newcomer).await?;
                changes.write(&newcomer)?;
            }
            let intent = IntentId::derive(&[b"offer", offer.as_bytes()]);
            self.hold(&mut changes, &circle, &mut found.state).await?;
            found.state.standing = Standing::Accepted(intent);
            changes.write(&found)?;
            changes.event(&found.id, "offer.accepted", &intent)?;
            changes.want_as(intent, Want::TakeOffer { offer, member: taker }, None)?;
            let under_way = UnderWay { intent, circle: circle.id };
            let payer = found.state.payment().map(|payment| payment.payer.member);
            match command.commit(changes, under_way).await {
                Ok(Some(done)) => return Ok(done),
                Ok(None) => {}
                // How much the other has is nobody's business.
                Err(Error::InsufficientFunds { .. }) if payer.is_some_and(|who| who != taker) => {
                    return Err(Error::OtherCannotPay);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Says no.
    ///
    /// # Errors
    /// [`Error::NoSuchOffer`]; [`Error::NotAllowed`] for its maker; [`Error::OfferClosed`];
    /// [`Error::UnderWay`] when it is accepted already.
    pub async fn decline(&self, ctx: &CommandContext, offer: OfferId) -> Result<(), Error> {
        let taker = ctx.member()?;
        let command = self.answer(ctx, CommandName::DeclineOffer, offer, &offer).await?;
        let by_taker = |offer: &Offer| offer.taker.member == taker;
        self.end(command, offer, OfferEnd::Declined, by_taker).await
    }

    /// Takes one's offer back.
    ///
    /// # Errors
    /// [`Error::NoSuchOffer`]; [`Error::NotAllowed`] for its taker; [`Error::OfferClosed`];
    /// [`Error::UnderWay`] when it is accepted already.
    pub async fn withdraw(&self, ctx: &CommandContext, offer: OfferId) -> Result<(), Error> {
        let maker = ctx.member()?;
        let command = self.answer(ctx, CommandName::WithdrawOffer, offer, &offer).await?;
        let by_maker = |offer: &Offer| offer.maker.member == maker;
        self.end(command, offer, OfferEnd::Withdrawn, by_maker).await
    }

    /// The command of one of the two.
    async fn answer<'a, C: serde::Serialize>(
        &'a self,
        ctx: &'a CommandContext,
        name: CommandName,
        offer: OfferId,
        args: &C,
    ) -> Result<Command<'a>, Error> {
        let member = ctx.member()?;
        let found = self.kolo.load::<Offer>(offer).await?;
        let found = found.map(|found| found.state).filter(|found| found.party(member).is_some());
        let mut request = CommandRequest::new(ctx, name);
        if let Some(offer) = &found {
            request = request.about(offer.circle);
            // Saying no moves nothing; what the other pays, the host was asked about with the other.
            if name == CommandName::AcceptOffer {
                request = request.moving(Amount::new(offer.pays(member)).max(Amount::ZERO));
            }
        }
        let command = Command::asked(&self.kolo, ctx, request, args).await?;
        found.ok_or(Error::NoSuchOffer)?;
        Ok(command)
    }

    async fn end(
        &self,
        mut command: Command<'_>,
        offer: OfferId,
        why: OfferEnd,
        may: impl Fn(&Offer) -> bool,
    ) -> Result<(), Error> {
        if command.replay::<()>()?.is_some() {
            return Ok(());
        }
        loop {
            let mut found = self.open(offer, &may).await?;
            let circle = self.kolo.circle(found.state.circle).await?.state;
            let mut changes = command.changes();
            changes.end_offer(&circle, &mut found, why)?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// One that can be answered, by who may.
    async fn open(
        &self,
        id: OfferId,
        may: impl Fn(&Offer) -> bool,
    ) -> Result<Loaded<Offer>, Error> {
        let found = self.kolo.offer(id).await?;
        if !may(&found.state) {
            return Err(Error::NotAllowed);
        }
        match found.state.standing {
            Standing::Accepted(_) => Err(Error::UnderWay),
            Standing::Open if self.kolo.now() <= found.state.expires_at => Ok(found),
            _ => Err(Error::OfferClosed),
        }
    }

    /// Both consent to the same: what it comes to now is what it came to when it was made.
    fn require_unchanged(&self, circle: &Circle, offer: &Offer) -> Result<(), Error> {
        let now = circle.terms_now(offer, self.kolo.now())?;
        if now == offer.terms { Ok(()) } else { Err(Error::OfferClosed) }
    }

    /// Holds what one pays the other: a pending entry between the wallets, which the payer's must be able
    /// to bear. The token's own event settles it.
    async fn hold(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        offer: &mut Offer,
    ) -> Result<(), Error> {
        let Some(Payment { payer, payee, amount }) = offer.payment() else {
            return Ok(());
        };
        let key = payment_key(payer.member, payee.member);
        if self.kolo.find(&key.index, &key.value).await?.is_some() {
            return Err(Error::UnderWay);
        }
        let hold = format!("hold/{}", offer.id);
        let (from, to) = (wallet(payer.member, &circle.asset), wallet(payee.member, &circle.asset));
        let details = Details {
            circle: Some(circle.id),
            name: Some(circle.name.clone()),
            round: None,
            by: None,
        };
        changes.set.entries.push(
            Move {
                id: hold.clone(),
                kind: "transfer",
                from: from.clone(),
                to,
                amount,
                status: EntryStatus::Pending,
                at: changes.now(),
                tx: None,
                details: &details,
            }
            .entry(),
        );
        changes.set.guards.push(Guard { account: from, minimum: Amount::ZERO });
        let id = crate::record::aggregate_id::<Offer>(&offer.id);
        changes.set.index.push(IndexWrite::Claim(key, id));
        offer.hold = Some(hold);
        Ok(())
    }
}

pub(super) fn payment_key(payer: MemberId, payee: MemberId) -> IndexKey {
    IndexKey { index: PAYMENT.to_owned(), value: format!("{payer}/{payee}") }
}
