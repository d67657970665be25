//! Who paid what for which round (CO-2), out of the journal.
use kolo_rules::{Amount, Refusal};

use super::postings::{Details, Part, wallet_owner};
use super::role::Action;
use super::service::Circles;
use crate::port::chain::ChainAddress;
use crate::port::ledger::{EntryQuery, EntryStatus, JournalEntry, Side};
use crate::view::{ContributionRow, ContributionTable};
use crate::{Asset, CircleId, Error, MemberId};

/// Entries asked of the ledger at a time.
const PAGE: usize = 200;

impl Circles {
    /// Every contribution, by member and round. Who holds a seat now comes first, by seat; then who has
    /// paid and holds none any more.
    ///
    /// A cell is the sum of the settled `contribution` entries of the journal, fees within them included;
    /// what is on its way counts when it has arrived.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`]; a port's failure.
    pub async fn contributions(&self, circle: CircleId) -> Result<ContributionTable, Error> {
        let found = self.kolo.circle(circle).await?.state;
        let mut sheet = Sheet { rounds: found.mirror()?.len(), rows: Vec::new() };
        for holder in &found.holders {
            let payer = match holder.member {
                Some(member) => Payer::Ours(member),
                None => Payer::Elsewhere(holder.address.clone()),
            };
            sheet.row(payer, &holder.name);
        }
        let ledger = &self.kolo.ports().ledger;
        let account = Part::Pot.account(circle, &found.asset);
        let mut query = EntryQuery { account, before: None, limit: PAGE };
        loop {
            let page = ledger.entries(self.kolo.tenant(), &query).await?;
            for stored in &page {
                sheet.enter(&stored.entry)?;
            }
            query.before = page.last().map(|oldest| oldest.position);
            if page.len() < PAGE {
                break;
            }
        }
        self.name_the_gone(&mut sheet).await?;
        Ok(sheet.view(circle, found.asset)?)
    }

    /// As [`Circles::contributions`], for somebody who asks: members see who paid what, outsiders nothing.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`], also for who is not in it; a port's failure.
    pub async fn contributions_seen_by(
        &self,
        reader: MemberId,
        circle: CircleId,
    ) -> Result<ContributionTable, Error> {
        self.kolo.circle(circle).await?.state.permit(reader, Action::SeeContributions)?;
        self.contributions(circle).await
    }

    /// Who holds a seat has a name already.
    async fn name_the_gone(&self, sheet: &mut Sheet) -> Result<(), Error> {
        for line in sheet.rows.iter_mut().filter(|line| line.name.is_empty()) {
            line.name = match &line.payer {
                Payer::Ours(member) => self.kolo.member(*member).await?.state.name,
                Payer::Elsewhere(address) => address.0.clone(),
            };
        }
        Ok(())
    }
}

/// Whose money it was.
#[derive(PartialEq, Eq)]
enum Payer {
    Ours(MemberId),
    /// A wallet of their own, unknown to the ledger.
    Elsewhere(ChainAddress),
}

struct Line {
    payer: Payer,
    /// Empty until known.
    name: String,
    by_round: Vec<Amount>,
}

struct Sheet {
    rounds: u8,
    rows: Vec<Line>,
}

impl Sheet {
    fn enter(&mut self, entry: &JournalEntry) -> Result<(), Refusal> {
        if entry.kind != "contribution" || entry.status != EntryStatus::Settled {
            return Ok(());
        }
        let details: Details = serde_json::from_str(&entry.details).unwrap_or_default();
        let from = entry.postings.iter().find(|posting| posting.side == Side::Debit);
        let (Some(from), Some(round)) = (from, details.round) else {
            return Ok(());
        };
        let payer = match (details.by, wallet_owner(&from.account)) {
            (Some(address), _) => Payer::Elsewhere(address),
            (None, Some(member)) => Payer::Ours(member),
            (None, None) => return Ok(()),
        };
        let cells = self.row(payer, "");
        if let Some(cell) = cells.get_mut(usize::from(round).saturating_sub(1)) {
            *cell = cell.checked_add(from.amount)?;
        }
        Ok(())
    }

    /// The cells of a payer, who is added when new.
    fn row(&mut self, payer: Payer, name: &str) -> &mut Vec<Amount> {
        let at = self.rows.iter().position(|line| line.payer == payer).unwrap_or_else(|| {
            let by_round = vec![Amount::ZERO; usize::from(self.rounds)];
            self.rows.push(Line { payer, name: name.to_owned(), by_round });
            self.rows.len() - 1
        });
        &mut self.rows[at].by_round
    }

    fn view(self, circle: CircleId, asset: Asset) -> Result<ContributionTable, Refusal> {
        let mut total = Amount::ZERO;
        let mut rows = Vec::with_capacity(self.rows.len());
        for Line { payer, name, by_round } in self.rows {
            let mut paid = Amount::ZERO;
            for cell in &by_round {
                paid = paid.checked_add(*cell)?;
            }
            total = total.checked_add(paid)?;
            let member = match payer {
                Payer::Ours(member) => Some(member),
                Payer::Elsewhere(_) => None,
            };
            rows.push(ContributionRow { member, name, by_round, total: paid });
        }
        Ok(ContributionTable { circle, asset, rounds: self.rounds, rows, total })
    }
}
