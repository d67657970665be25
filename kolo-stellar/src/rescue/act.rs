//! What a member can do alone.
use kolo_core::Asset;
use kolo_core::port::ChainClient;
use kolo_core::port::chain::{ChainAddress, ChainEffect};
use kolo_rules::Amount;
use kolo_rules::circle::{Motion, PayoutStatus};

use super::{CircleReport, Rescue, RescueError, Settled};

/// Steps of one collecting: a payout, a credit, a claim, and one to spare.
const MOST_STEPS: u32 = 4;

impl Rescue {
    /// Pays exactly what is due for the round, or what is due before the first one. Called again after an
    /// outcome that is not known it pays nothing a second time.
    ///
    /// # Errors
    /// [`RescueError::Nothing`] when nothing is due, [`RescueError::Ahead`] when it would be paid in advance;
    /// otherwise as [`Self::report`] and the chain's refusal.
    pub async fn contribute(&self, circle: &ChainAddress) -> Result<Settled, RescueError> {
        self.pay(circle, false).await
    }

    /// As [`Self::contribute`], or the next instalment in advance when nothing is due: each call pays one
    /// more.
    ///
    /// # Errors
    /// As [`Self::contribute`].
    pub async fn contribute_ahead(&self, circle: &ChainAddress) -> Result<Settled, RescueError> {
        self.pay(circle, true).await
    }

    async fn pay(&self, circle: &ChainAddress, ahead: bool) -> Result<Settled, RescueError> {
        let report = self.report(circle).await?;
        let (circle, member) = (circle.clone(), self.address());
        let effect = match report.due {
            _ if report.entry_due.is_positive() => {
                ChainEffect::Secure { circle, member, amount: report.entry_due }
            }
            Some(due) if due.amount.is_positive() && due.advance && !ahead => {
                return Err(RescueError::Ahead { round: due.round, amount: due.amount });
            }
            Some(due) if due.amount.is_positive() => {
                ChainEffect::Contribute { circle, member, round: due.round, amount: due.amount }
            }
            _ => return Err(RescueError::Nothing("pay")),
        };
        self.act(&report.circle, &effect).await
    }

    /// Pays back what is owed, all of it or `amount`.
    ///
    /// # Errors
    /// [`RescueError::Nothing`] without debts; otherwise as [`Self::contribute`].
    pub async fn repay(
        &self,
        circle: &ChainAddress,
        amount: Option<Amount>,
    ) -> Result<Settled, RescueError> {
        let report = self.report(circle).await?;
        if !report.debt.is_positive() {
            return Err(RescueError::Nothing("pay back"));
        }
        let amount = amount.unwrap_or(report.debt);
        let (circle, member) = (circle.clone(), self.address());
        self.act(&report.circle, &ChainEffect::Repay { circle, member, amount }).await
    }

    /// Votes on an open proposal.
    ///
    /// # Errors
    /// The chain's refusal; otherwise as [`Self::report`].
    pub async fn vote(
        &self,
        circle: &ChainAddress,
        proposal: u32,
        approve: bool,
    ) -> Result<Settled, RescueError> {
        let member = self.address();
        let effect = ChainEffect::Vote { circle: circle.clone(), member, proposal, approve };
        self.act(circle, &effect).await
    }

    /// Proposes to end the circle, which counts as a yes.
    ///
    /// # Errors
    /// As [`Self::vote`].
    pub async fn propose_dissolving(&self, circle: &ChainAddress) -> Result<Settled, RescueError> {
        let effect = ChainEffect::Propose {
            circle: circle.clone(),
            member: self.address(),
            motion: Motion::Dissolve,
            subject: None,
            newcomer: None,
        };
        self.act(circle, &effect).await
    }

    /// Leaves after the current round.
    ///
    /// # Errors
    /// As [`Self::vote`].
    pub async fn exit(&self, circle: &ChainAddress) -> Result<Settled, RescueError> {
        let member = self.address();
        self.act(circle, &ChainEffect::Exit { circle: circle.clone(), member }).await
    }

    /// Says that the key is not lost: the vote to move the seat comes to nothing.
    ///
    /// # Errors
    /// As [`Self::vote`].
    pub async fn object(&self, circle: &ChainAddress) -> Result<Settled, RescueError> {
        let member = self.address();
        self.act(circle, &ChainEffect::Object { circle: circle.clone(), member }).await
    }

    /// Brings everything out that the circle has for the member now: a payout that is theirs, a credit,
    /// what can be claimed.
    ///
    /// # Errors
    /// [`RescueError::Nothing`] when there is nothing; otherwise as [`Self::vote`].
    /// [`RescueError::Partly`] tells what was brought out before a failure.
    pub async fn collect(&self, circle: &ChainAddress) -> Result<Vec<Settled>, RescueError> {
        let mut settled = Vec::new();
        match self.collect_into(circle, &mut settled).await {
            Ok(()) if settled.is_empty() => Err(RescueError::Nothing("collect")),
            Ok(()) => Ok(settled),
            Err(RescueError::Finished(_)) if !settled.is_empty() => Ok(settled),
            Err(error) if settled.is_empty() => Err(error),
            Err(error) => Err(RescueError::Partly { settled, because: Box::new(error) }),
        }
    }

    async fn collect_into(
        &self,
        circle: &ChainAddress,
        settled: &mut Vec<Settled>,
    ) -> Result<(), RescueError> {
        let ground = self.ground(circle).await?;
        // A node that shows the same credit again and again costs no more fees than this.
        for _ in 0..MOST_STEPS {
            let report = self.report_on(circle, &ground).await?;
            let Some(effect) = next_to_collect(&report) else {
                return Ok(());
            };
            settled.push(self.settle(&ground.client, &effect).await?);
        }
        Ok(())
    }

    /// What the member's account holds of the asset a circle saves in.
    ///
    /// # Errors
    /// As [`Self::report`].
    pub async fn balance(&self, circle: &ChainAddress) -> Result<(Amount, Asset), RescueError> {
        let ground = self.ground(circle).await?;
        let balance = ground.client.balance(&self.address(), &ground.asset).await?;
        Ok((balance, ground.asset))
    }

    /// Sends money to any account that can hold it.
    ///
    /// # Errors
    /// The chain's refusal, the node's failure.
    pub async fn send_money(
        &self,
        asset: &Asset,
        to: &ChainAddress,
        amount: Amount,
    ) -> Result<Settled, RescueError> {
        let client = self.client_of(asset)?;
        let (from, to, asset) = (self.address(), to.clone(), asset.clone());
        self.settle(&client, &ChainEffect::Pay { from, to, asset, amount }).await
    }

    /// Makes the member's account, or its trustline, at the cost of whoever pays the fees: what cannot
    /// be delivered for want of one can be collected then.
    ///
    /// # Errors
    /// [`RescueError::Nothing`] when it is there; the chain's refusal, the node's failure.
    pub async fn open(&self, asset: &Asset) -> Result<Settled, RescueError> {
        let client = self.client_of(asset)?;
        let effect = ChainEffect::OpenAccount { owner: self.address(), asset: asset.clone() };
        self.settle(&client, &effect).await
    }

    async fn act(
        &self,
        circle: &ChainAddress,
        effect: &ChainEffect,
    ) -> Result<Settled, RescueError> {
        let ground = self.ground(circle).await?;
        self.settle(&ground.client, effect).await
    }
}

/// The first thing that brings money out; each changes what the next look sees.
fn next_to_collect(report: &CircleReport) -> Option<ChainEffect> {
    let member = report.members.get(usize::from(report.seat))?.clone();
    let circle = report.circle.clone();
    match report.payout {
        PayoutStatus::Ready { round, seat, .. } if seat == report.seat => {
            Some(ChainEffect::Payout { circle, round })
        }
        _ if report.credit.is_positive() => Some(ChainEffect::Push { circle, member }),
        _ if report.claimable.is_positive() => Some(ChainEffect::Claim { circle, member }),
        _ => None,
    }
}
