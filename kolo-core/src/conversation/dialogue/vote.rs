//! Votes, leaving a group that runs, bids for its pot.
use kolo_rules::Refusal;
use kolo_rules::circle::Order;

use super::{Said, Talk};
use crate::Error;
use crate::conversation::reply::Reply;
use crate::conversation::session::{AmountOf, Pending};
use crate::view::{CircleSummary, MemberView, VoteOn};

impl Talk<'_> {
    pub(super) async fn vote(
        &self,
        member: &MemberView,
        circle: &CircleSummary,
        approve: Option<bool>,
        number: Option<&str>,
    ) -> Result<Said, Error> {
        let name = circle.name.clone();
        let mut votes = self.desk.status(circle.id).await?.votes;
        if let Some(typed) = number {
            // A number too large for any vote is the number of none.
            let number = typed.parse::<u32>().ok();
            votes.retain(|vote| Some(vote.proposal) == number);
            if votes.is_empty() {
                return Ok(Said::reply(Reply::NoSuchVote { name, typed: typed.to_owned() }));
            }
        }
        if votes.len() > 1 {
            return Ok(Said::reply(Reply::WhichVote { name, votes }));
        }
        let Some(vote) = votes.pop() else {
            return Ok(Said::reply(Reply::NoVoteOpen { name }));
        };
        let Some(approve) = approve else {
            let order = |word| format!("VOTE {word} {} {}", vote.proposal, circle.id);
            let choices = vec![
                self.say("label-vote-yes", &order("YES")),
                self.say("label-vote-no", &order("NO")),
            ];
            return Ok(Said::reply(Reply::AskVote { name, vote }).choices(choices));
        };
        let pending = Pending::Vote { circle: circle.id, proposal: vote.proposal, approve };
        let stops =
            !approve && vote.on == VoteOn::Move && vote.subject.as_ref() == Some(&member.address);
        Ok(self.question(Reply::ConfirmVote { name, approve, vote, stops }, pending))
    }

    /// What leaving means, as a question.
    pub(super) async fn exit(&self, circle: &CircleSummary) -> Result<Said, Error> {
        let round = self.desk.status(circle.id).await?.round;
        let reply = Reply::ConfirmExit { name: circle.name.clone(), round };
        Ok(self.question(reply, Pending::Exit { circle: circle.id }))
    }

    pub(super) async fn bid(
        &self,
        circle: &CircleSummary,
        typed: Option<&str>,
    ) -> Result<Said, Error> {
        let name = circle.name.clone();
        let status = self.desk.status(circle.id).await?;
        if circle.rules.order != Order::Auction {
            return self.refused(Error::Refused(Refusal::NoAuction));
        }
        let Some(typed) = typed else {
            let standing = status.bid.map(|(_, amount)| amount).unwrap_or_default();
            return Ok(Said::reply(Reply::AskBid { name, pot: status.pot, standing }));
        };
        let amount = match self.amount(typed) {
            Ok(amount) => amount,
            Err(problem) => {
                return Ok(self.bad_amount(problem, AmountOf::Bid { circle: circle.id }));
            }
        };
        let round = status.round;
        let pending = Pending::Bid { circle: circle.id, round, amount };
        Ok(self.question(Reply::ConfirmBid { name, round, amount }, pending))
    }
}
