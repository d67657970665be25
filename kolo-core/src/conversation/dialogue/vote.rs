//! Votes to close a group.
use super::{Said, Talk};
use crate::Error;
use crate::conversation::reply::Reply;
use crate::conversation::session::Pending;
use crate::view::CircleSummary;

impl Talk<'_> {
    pub(super) async fn vote(
        &self,
        circle: &CircleSummary,
        approve: Option<bool>,
    ) -> Result<Said, Error> {
        let name = circle.name.clone();
        let Some(vote) = self.desk.status(circle.id).await?.vote else {
            return Ok(Said::reply(Reply::NoVoteOpen { name }));
        };
        let Some(approve) = approve else {
            let choices = vec![
                self.say("label-vote-yes", &format!("VOTE YES {}", circle.id)),
                self.say("label-vote-no", &format!("VOTE NO {}", circle.id)),
            ];
            return Ok(Said::reply(Reply::AskVote { name, vote }).choices(choices));
        };
        let pending = Pending::Vote { circle: circle.id, proposal: vote.proposal, approve };
        Ok(self.question(Reply::ConfirmVote { name, approve, vote }, pending))
    }
}
