//! Registering and finding people.
use serde::Serialize;

use super::state::{Account, Member, clean_text, contact_key};
use crate::cap::DayCount;
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::chain::ChainAddress;
use crate::port::channel::Contact;
use crate::port::vault::KeyName;
use crate::record::Loaded;
use crate::unit::{Changes, Command};
use crate::view::MemberView;
use crate::{CommandContext, Error, Kolo, MemberId};

/// The first word of somebody new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Register {
    /// The host's own id of this person (a row of its users table), 1 to 128 characters; two
    /// registrations of one id are one member.
    pub external_id: Option<String>,
    /// Where they can be reached; two registrations of one contact are one member.
    pub contact: Option<Contact>,
    /// What to call them, 1 to 60 characters.
    pub name: String,
    /// E.164, vouched for by the channel.
    pub phone: Option<String>,
}

impl Register {
    /// A person of the host's own, whom the host itself keeps in touch with.
    #[must_use]
    pub fn of_host(external_id: impl Into<String>, name: impl Into<String>) -> Self {
        let (external_id, name) = (Some(external_id.into()), name.into());
        Self { external_id, contact: None, name, phone: None }
    }
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
    /// [`Error::BadText`] for the name; [`Error::Forbidden`]; a port's failure.
    pub async fn register(&self, ctx: &CommandContext, who: Register) -> Result<MemberView, Error> {
        let name = clean_text(&who.name, "name", 60)?;
        if let Some(external) = &who.external_id {
            clean_text(external, "external id", 128)?;
        }
        let request = CommandRequest::new(ctx, CommandName::Register);
        let mut command = Command::asked(&self.kolo, ctx, request, &who).await?;
        if let Some(id) = command.replay::<MemberId>()? {
            return self.get(id).await;
        }
        loop {
            if let Some(member) = self.known(&who).await? {
                return Ok(member);
            }
            let mut changes = command.changes();
            let member = self.fresh(&mut changes, ctx, &who, &name).await?;
            if let Some(id) = command.commit(changes, member.id).await? {
                return self.get(id).await;
            }
        }
    }

    async fn known(&self, who: &Register) -> Result<Option<MemberView>, Error> {
        if let Some(external) = &who.external_id {
            return self.by_external_id(external).await;
        }
        match &who.contact {
            Some(contact) => self.by_contact(contact).await,
            None => Ok(None),
        }
    }

    async fn fresh(
        &self,
        changes: &mut Changes,
        ctx: &CommandContext,
        who: &Register,
        name: &str,
    ) -> Result<Member, Error> {
        // The id follows from who it is, so that two first messages make one key, not two.
        let (kind, seed) = match (&who.external_id, &who.contact) {
            (Some(external), _) => ("external", external.clone()),
            (None, Some(contact)) => ("contact", contact_key(contact)),
            (None, None) => ("command", ctx.key.clone()),
        };
        let tenant = ctx.tenant.as_str().as_bytes();
        let id = MemberId::derive(&[tenant, kind.as_bytes(), seed.as_bytes()]);
        let ports = self.kolo.ports();
        let key = ports.vault.create(&ctx.tenant, &KeyName::Member(id)).await?;
        let address = ports.chain.account_address(&key);
        let member = Loaded::fresh(
            &id,
            Member {
                id,
                name: name.to_owned(),
                external_id: who.external_id.clone(),
                phone: who.phone.clone(),
                contact: who.contact.clone(),
                key,
                address,
                account: Account::None,
                opened_at: None,
                closed_at: None,
                circles: Vec::new(),
                joining: Vec::new(),
                registered_at: changes.now(),
                circles_today: DayCount::default(),
                exports_today: DayCount::default(),
                trusts: Vec::new(),
                own_reserves: false,
            },
        );
        changes.write(&member)?;
        changes.claim("address", member.state.address.0.clone(), &member.id);
        if let Some(contact) = &who.contact {
            changes.claim("contact", contact_key(contact), &member.id);
        }
        if let Some(phone) = &who.phone {
            changes.release("phone", phone.clone());
            changes.claim("phone", phone.clone(), &member.id);
        }
        if let Some(external) = &who.external_id {
            changes.claim("external-id", external.clone(), &member.id);
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
        self.found("contact", &contact_key(contact)).await
    }

    /// Who has this id in the host's own users table.
    ///
    /// # Errors
    /// A port's failure.
    pub async fn by_external_id(&self, external_id: &str) -> Result<Option<MemberView>, Error> {
        self.found("external-id", external_id).await
    }

    /// Whose account on the chain this is.
    ///
    /// # Errors
    /// A port's failure.
    pub async fn by_address(&self, address: &ChainAddress) -> Result<Option<MemberView>, Error> {
        self.found("address", &address.0).await
    }

    /// Who registered last with this phone number (E.164): numbers pass on to others.
    ///
    /// # Errors
    /// A port's failure.
    pub async fn by_phone(&self, phone: &str) -> Result<Option<MemberView>, Error> {
        self.found("phone", phone).await
    }

    async fn found(&self, index: &str, value: &str) -> Result<Option<MemberView>, Error> {
        let Some(id) = self.kolo.find(index, value).await? else {
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
