//! MY KEY and STOP KEY: the way to the member's page outside the chat, and the way to stop it.
use super::{Said, Talk};
use crate::Error;
use crate::conversation::reply::Reply;
use crate::view::MemberView;

impl Talk<'_> {
    /// The link is put in when the message is sent: neither the turn nor the reply knows it.
    pub(super) async fn my_key(&self, member: &MemberView) -> Result<Said, Error> {
        match self.desk.key_link(&self.context(Some(member), "key-page")).await {
            Ok(link) => Ok(Said::reply(Reply::KeyLink(link))),
            Err(Error::NotAvailable) => Ok(Said::reply(Reply::NoKeyPage)),
            Err(error) => self.refused(error),
        }
    }

    /// At once, without a question: what it prevents cannot be made good again. A good authenticator alone
    /// takes a second order.
    pub(super) async fn stop_key(&self, member: &MemberView) -> Result<Said, Error> {
        match self.desk.stop_key(&self.context(Some(member), "stop-key")).await {
            Ok(stopped) => Ok(Said::reply(Reply::KeyStopped(stopped))),
            Err(Error::NotAvailable) => Ok(Said::reply(Reply::NoKeyPage)),
            Err(error) => self.refused(error),
        }
    }
}
