//! People and money that are made up.
use super::*;
use crate::wallet::page::{KeyLink, KeyStopped, Stopped};

#[async_trait]
impl PeopleDesk for FakeDesk {
    async fn member(&self, id: MemberId) -> Result<MemberView, Error> {
        self.state().members.iter().find(|m| m.id == id).cloned().ok_or(Error::NoSuchMember)
    }

    async fn by_contact(&self, contact: &Contact) -> Result<Option<MemberView>, Error> {
        Ok(self.state().members.iter().find(|m| m.contact.as_ref() == Some(contact)).cloned())
    }

    async fn by_phone(&self, phone: &str) -> Result<Option<MemberView>, Error> {
        let state = self.state();
        Ok(state.members.iter().find(|m| m.phone.as_deref() == Some(phone)).cloned())
    }

    async fn by_address(&self, address: &ChainAddress) -> Result<Option<MemberView>, Error> {
        let key = address.0.to_uppercase();
        Ok(self.state().members.iter().find(|m| m.address.0.to_uppercase() == key).cloned())
    }

    async fn register(&self, ctx: &CommandContext, who: Register) -> Result<MemberView, Error> {
        self.order(ctx, format!("register {}", who.name))?;
        let member = MemberView { contact: who.contact, ..member(&who.name) };
        self.state().members.push(member.clone());
        Ok(member)
    }

    async fn balances(&self, member: MemberId) -> Result<Vec<WalletView>, Error> {
        let mut all = Vec::new();
        for allowed in self.assets.iter() {
            all.push(self.balance_in(member, &allowed.asset).await?);
        }
        Ok(all)
    }

    async fn balance_in(&self, _: MemberId, asset: &Asset) -> Result<WalletView, Error> {
        let state = self.state();
        let other = state.others.iter().find(|(other, _)| other == asset).map(|(_, has)| *has);
        let usual = *asset == self.assets.usual().asset;
        let settled = Amount::new(if usual { state.available } else { other.unwrap_or(0) });
        Ok(WalletView {
            asset: asset.clone(),
            settled,
            available: settled,
            pending_out: Amount::ZERO,
            on_chain: Some(settled),
        })
    }

    async fn history(
        &self,
        _: MemberId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<HistoryPage, Error> {
        let state = self.state();
        let rest: Vec<_> =
            state.lines.iter().filter(|line| before.is_none_or(|b| line.position < b)).collect();
        let lines: Vec<HistoryLine> = rest.iter().take(limit).map(|line| (*line).clone()).collect();
        let next = lines.last().filter(|_| rest.len() > limit).map(|line| line.position);
        Ok(HistoryPage { lines, next })
    }

    async fn test_money(
        &self,
        ctx: &CommandContext,
        asset: &Asset,
        amount: Amount,
    ) -> Result<IntentId, Error> {
        let amount = amount.minor_units();
        let usual = *asset == self.assets.usual().asset;
        let of = if usual { String::new() } else { format!(" {}", asset.code) };
        self.order(ctx, format!("test money {amount}{of}"))
    }

    async fn key_link(&self, ctx: &CommandContext) -> Result<KeyLink, Error> {
        self.order(ctx, "key link".to_owned())?;
        Ok(KeyLink { minutes: 10, wait_days: 8, has_factor: false, good_at: None })
    }

    async fn stop_key(&self, ctx: &CommandContext) -> Result<KeyStopped, Error> {
        self.order(ctx, "stop key".to_owned())?;
        Ok(KeyStopped { what: Stopped::Links, exported_at: None })
    }

    async fn receipt(&self, _: MemberId, number: &str) -> Result<ReceiptView, Error> {
        let state = self.state();
        let found = state.receipts.iter().find(|r| number.parse() == Ok(r.signed.number));
        found.cloned().ok_or(Error::NoSuchReceipt)
    }
}
