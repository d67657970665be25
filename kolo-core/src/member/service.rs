//! Registering and finding people.
use serde::Serialize;

use super::state::{Account, Member, clean_text, contact_key};
use crate::port::channel::Contact;
use crate::port::vault::KeyName;
use crate::record::Loaded;
use crate::unit::{Changes, Command};
use crate::view::MemberView;
use crate::{CommandContext, Error, Kolo, MemberId};

/// The first word of somebody new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    pub async fn register(
        &self,
        ctx: &CommandContext,
        who: Register,
    ) -> Result<MemberView, Error> {
        let name = clean_text(&who.name, "name", 60)?;
        let mut command = Command::begin(&self.kolo, ctx, "member.register", &who).await?;
        if let Some(id) = command.replay::<MemberId>()? {
            return self.get(id).await;
        }
        loop {
            if let Some(contact) = &who.contact
                && let Some(member) = self.by_contact(contact).await?
            {
                return Ok(member);
            }
            let mut changes = command.changes();
            let member = self.fresh(&mut changes, ctx, &who, &name).await?;
            if let Some(id) = command.commit(changes, member.id).await? {
                return self.get(id).await;
            }
        }
    }

    async fn fresh(
        &self,
        changes: &mut Changes,
        ctx: &CommandContext,
        who: &Register,
        name: &str,
    ) -> Result<Member, Error> {
        // The id follows from the contact, so that two first messages make one key, not two.
        let seed = who.contact.as_ref().map_or_else(|| ctx.key.clone(), contact_key);
        let id = MemberId::derive(&[ctx.tenant.as_str().as_bytes(), seed.as_bytes()]);
        let ports = self.kolo.ports();
        let key = ports.vault.create(&ctx.tenant, &KeyName::Member(id)).await?;
        let address = ports.chain.account_address(&key);
        let member = Loaded::fresh(
            id,
            Member {
                id,
                name: name.to_owned(),
                phone: who.phone.clone(),
                contact: who.contact.clone(),
                key,
                address,
                account: Account::None,
                circles: Vec::new(),
                registered_at: changes.now(),
            },
        );
        changes.write(&member)?;
        changes.claim("address", member.state.address.0.clone(), &member.id);
        if let Some(contact) = &who.contact {
            changes.claim("contact", contact_key(contact), &member.id);
        }
        changes.event(&member.id, "member.registered", &member.state)?;
        Ok(member.state)
    }

    /// One member.
    ///
    /// # Errors
    /// [`Error::NoSuchMember`]; a port's failure.
    pub async fn get(&self, id: MemberId) -> Result<MemberView, Error> {
        Ok(self.kolo.member(id).await?.state.view())
    }

    /// Who is behind a contact.
    ///
    /// # Errors
    /// A port's failure.
    pub async fn by_contact(&self, contact: &Contact) -> Result<Option<MemberView>, Error> {
        let Some(id) = self.kolo.find("contact", &contact_key(contact)).await? else {
            return Ok(None);
        };
        Ok(self.kolo.load::<Member>(id).await?.map(|member| member.state.view()))
    }

    /// All members in the order of their ids, after `after`, at most `limit`.
    ///
    /// # Errors
    /// A port's failure.
    pub async fn list(
        &self,
        after: Option<MemberId>,
        limit: usize,
    ) -> Result<Vec<MemberView>, Error> {
        let after = after.map(|id| id.to_string());
        let found = self.kolo.list::<Member>(after, limit).await?;
        Ok(found.iter().map(|member| member.state.view()).collect())
    }
}

impl Kolo {
    pub(crate) async fn member(&self, id: MemberId) -> Result<Loaded<Member>, Error> {
        self.load(id).await?.ok_or(Error::NoSuchMember)
    }
}
