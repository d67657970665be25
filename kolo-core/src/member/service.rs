//! Registering and finding people.
use crate::port::channel::Contact;
use crate::view::MemberView;
use crate::{CommandContext, Error, Kolo, MemberId};

/// The first word of somebody new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// Where they can be reached; two registrations of one contact are one member.
    pub contact: Option<Contact>,
    /// What to call them, 1 to 60 characters.
    pub name: String,
    /// E.164, vouched for by the channel.
    pub phone: Option<String>,
}

/// See [`Kolo::members`].
pub struct Members {
    kolo: Kolo,
}

impl Members {
    pub(crate) fn new(kolo: Kolo) -> Self {
        Self { kolo }
    }

    /// Makes a member of whoever is behind a contact, with a key in the vault; or finds them.
    ///
    /// # Errors
    /// [`Error::BadText`] for the name; a port's failure.
    pub async fn register(&self, _ctx: &CommandContext, _who: Register) -> Result<MemberView, Error> {
        todo!()
    }

    /// One member.
    ///
    /// # Errors
    /// [`Error::NoSuchMember`]; a port's failure.
    pub async fn get(&self, _id: MemberId) -> Result<MemberView, Error> {
        todo!()
    }

    /// Who is behind a contact.
    ///
    /// # Errors
    /// A port's failure.
    pub async fn by_contact(&self, _contact: &Contact) -> Result<Option<MemberView>, Error> {
        todo!()
    }

    /// All members in the order of their ids, after `after`, at most `limit`.
    ///
    /// # Errors
    /// A port's failure.
    pub async fn list(&self, _after: Option<MemberId>, _limit: usize) -> Result<Vec<MemberView>, Error> {
        todo!()
    }
}
