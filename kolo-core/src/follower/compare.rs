//! Wallets against balances: what moved money without an event that says so.
//!
//! Asset events of classic payments are optional on public nodes, and after a gap nobody has any. So
//! every member's balance is compared with the books, a batch at a time:
//!
//! 1. Balances and books of a hundred members. Where they agree, or a payment is under way, nothing.
//! 2. Of the others, books, then balances once more, as one ledger B has them.
//! 3. The chain is followed until every event up to B is applied. Whose books have not moved meanwhile has
//!    or lacks exactly the difference as of B: it is booked, once, and B is kept with the wallet.
//!
//! An event of a transfer up to B that turns up later is not booked on that wallet again.
use std::collections::BTreeMap;

use kolo_rules::{Amount, Refusal};
use serde::{Deserialize, Serialize};

use super::circle::cannot_be;
use super::{Follower, MAIN};
use crate::circle::postings::{Details, Move, external, wallet};
use crate::member::state::Member;
use crate::notice::Notice;
use crate::port::chain::ChainAddress;
use crate::port::ledger::{Balance, EntryQuery, EntryStatus};
use crate::record::{Aggregate, Loaded};
use crate::unit::{Changes, Command};
use crate::{Error, Kolo, MemberId, Timestamp};

/// Wallets compared in one go: what one question to a node may hold.
const BATCH: usize = 100;

/// Between two rounds after a gap, where there are none without one.
const AFTER_GAP_S: u64 = 60;

/// Pages of events applied to come up with a balance.
const PAGES: usize = 8;

/// Aggregate `wallet-round`: how far the comparison is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Round {
    /// The next batch is due then.
    pub next_at: Timestamp,
    /// The last member of the batch before; `None`: from the first.
    pub after: Option<String>,
    /// Every wallet was compared since there were so many gaps in history.
    #[serde(default)]
    pub gaps: usize,
    /// In the round that is on, a wallet could not be compared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
    /// Every wallet is to be compared once more: a circle was read whose events had not been booked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

impl Aggregate for Round {
    const KIND: &'static str = "wallet-round";
}

/// Aggregate `wallet-mark`: up to where a wallet's books were taken from its balance.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The ledger of that balance.
    pub ledger: u32,
    /// How many gaps in history there had been.
    pub gaps: usize,
}

impl Aggregate for Mark {
    const KIND: &'static str = "wallet-mark";
}

/// A wallet that does not agree, with what is needed to be sure.
struct Suspect {
    member: MemberId,
    address: ChainAddress,
    mark: Loaded<Mark>,
    /// Position of its newest entry, 0 for none.
    newest: u64,
    books: Balance,
}

/// What the comparison has to go by.
struct Basis {
    /// How many gaps in history there have been.
    gaps: usize,
    /// Every wallet was compared since the last of them.
    settled: bool,
}

/// What is booked.
struct Found {
    /// More on the chain than in the books; negative: less.
    amount: Amount,
    ledger: u32,
    gaps: usize,
    /// For what a gap in history has hidden.
    lost: bool,
}

impl Kolo {
    /// Compares the next batch of wallets, when it is due.
    ///
    /// # Errors
    /// A port's failure: the same batch comes again.
    pub(crate) async fn compare_wallets(&self) -> Result<(), Error> {
        let every_s = self.settings().compare_wallets_s;
        let round = self.load::<Round>(MAIN).await?;
        let round = round.unwrap_or_else(|| Loaded::fresh(&MAIN, Round::default()));
        if round.state.next_at > self.now() {
            return Ok(());
        }
        let gaps = self.load::<Follower>(MAIN).await?.map_or(0, |here| here.state.lost.len());
        let settled = round.state.gaps >= gaps && !round.state.again;
        if every_s == 0 && settled {
            return Ok(());
        }
        let members = self.list::<Member>(round.state.after.clone(), BATCH).await?;
        let basis = Basis { gaps, settled };
        let suspects = self.suspects(&members, &basis).await?;
        let left = self.look_closer(suspects, &basis).await? || round.state.left;

        let ctx = self.chain_context(&format!("wallets/{}", round.version));
        let mut command = Command::begin(self, &ctx, "wallets.compared", &round.version).await?;
        let mut changes = command.changes();
        let full = members.len() == BATCH;
        let after = members.last().filter(|_| full).map(|last| last.id.id.clone());
        let every_s = if every_s == 0 { AFTER_GAP_S } else { every_s };
        let next_at = if full { changes.now() } else { changes.now().plus(every_s) };
        let done = !full && !left;
        let gaps = if done { gaps } else { round.state.gaps };
        let again = round.state.again && !done;
        let state = Round { next_at, after, gaps, left: left && full, again };
        changes.write(&Loaded { state, ..round })?;
        changes.forgettable();
        // `None`: another process was here.
        command.commit(changes, ()).await.map(drop)
    }

    /// Has every wallet compared once more, also where that is not done otherwise: what a circle has moved
    /// while it was not understood is booked on none.
    pub(super) async fn compare_again(&self) -> Result<(), Error> {
        loop {
            let round = self.one_more_round().await?;
            let ctx = self.chain_context(&format!("wallets/{}/again", round.version));
            let mut command = Command::begin(self, &ctx, "wallets.again", &round.version).await?;
            let mut changes = command.changes();
            changes.write(&round)?;
            changes.forgettable();
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// The same, kept or not kept together with what is the reason for it.
    pub(super) async fn compare_with(&self, changes: &mut Changes) -> Result<(), Error> {
        changes.write(&self.one_more_round().await?)
    }

    async fn one_more_round(&self) -> Result<Loaded<Round>, Error> {
        let round = self.load::<Round>(MAIN).await?;
        let mut round = round.unwrap_or_else(|| Loaded::fresh(&MAIN, Round::default()));
        let Round { gaps, .. } = round.state;
        round.state = Round { again: true, gaps, ..Round::default() };
        Ok(round)
    }

    /// Those that do not agree; after a gap, those too that have not been compared since.
    async fn suspects(
        &self,
        members: &[Loaded<Member>],
        basis: &Basis,
    ) -> Result<Vec<Suspect>, Error> {
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let ports = self.ports();
        let accounts: Vec<_> = members.iter().map(|m| wallet(m.state.id, self.asset())).collect();
        let addresses: Vec<_> = members.iter().map(|m| m.state.address.clone()).collect();
        let there = ports.chain.balances(&addresses, self.asset()).await?;
        let books = ports.ledger.balances(self.tenant(), &accounts).await?;
        let looked = members.iter().zip(books).zip(there.amounts);
        let looked: Vec<_> = looked
            .map(|((member, books), amount)| (&member.state, books.settled == amount))
            .filter(|(_, agrees)| !agrees || !basis.settled)
            .collect();
        let ids: Vec<MemberId> = looked.iter().map(|(member, _)| member.id).collect();
        let mut suspects = Vec::new();
        for ((member, agrees), mark) in looked.into_iter().zip(self.load_all::<Mark>(&ids).await?) {
            let (member, address) = (member.id, member.address.clone());
            let mark = mark.unwrap_or_else(|| Loaded::fresh(&member, Mark::default()));
            if !agrees || mark.state.gaps != basis.gaps {
                let (newest, books) = (self.newest_entry(member).await?, Balance::default());
                suspects.push(Suspect { member, address, mark, newest, books });
            }
        }
        Ok(suspects)
    }

    /// Follows until the balances are no news any more, and books what is left of the differences. `true`:
    /// there are wallets of which that could not be told now.
    async fn look_closer(&self, mut suspects: Vec<Suspect>, basis: &Basis) -> Result<bool, Error> {
        if suspects.is_empty() {
            return Ok(false);
        }
        for suspect in &mut suspects {
            suspect.books = self.books_of(suspect.member).await?;
        }
        let addresses: Vec<_> = suspects.iter().map(|s| s.address.clone()).collect();
        // Read after the books: what they contain. A node that has not come so far yet says nothing of them.
        let known = self.load::<Follower>(MAIN).await?.map_or(0, |here| here.state.known());
        let there = self.ports().chain.balances(&addresses, self.asset()).await?;
        if there.ledger < known || !self.follow_through(there.ledger).await? {
            return Ok(true);
        }
        let mut left = false;
        for (suspect, amount) in suspects.into_iter().zip(there.amounts) {
            let now =
                (self.books_of(suspect.member).await?, self.newest_entry(suspect.member).await?);
            let nothing = |amount: Amount| amount.is_zero();
            let quiet = nothing(now.0.pending_out) && nothing(now.0.pending_in);
            let newer = there.ledger >= suspect.mark.state.ledger;
            if quiet && newer && now == (suspect.books, suspect.newest) {
                let amount = amount.checked_sub(suspect.books.settled).map_err(Refusal::from)?;
                let (ledger, gaps) = (there.ledger, basis.gaps);
                let lost = !basis.settled && suspect.mark.state.gaps != gaps;
                match self.book_found(suspect, &Found { amount, ledger, gaps, lost }).await {
                    Err(error) if cannot_be(&error) => {
                        tracing::error!(%error, amount = amount.minor_units(), "a wallet cannot be brought to its balance: an account has no room for it");
                        left = true;
                    }
                    done => done?,
                }
            } else {
                left = true;
            }
        }
        Ok(left)
    }

    /// Whether every event up to a ledger is applied now.
    async fn follow_through(&self, ledger: u32) -> Result<bool, Error> {
        for _ in 0..PAGES {
            if self.load::<Follower>(MAIN).await?.is_some_and(|here| here.state.through >= ledger) {
                return Ok(true);
            }
            self.follow().await?;
        }
        Ok(false)
    }

    async fn book_found(&self, suspect: Suspect, found: &Found) -> Result<(), Error> {
        let Found { amount, ledger, gaps, lost } = *found;
        let Suspect { member, mark, books, .. } = suspect;
        if amount.is_zero() && mark.state.gaps == gaps {
            return Ok(());
        }
        let ctx = self.chain_context(&format!("wallet/{member}/{ledger}/{}", mark.version));
        let mut command = Command::begin(self, &ctx, "wallet.found", &(member, ledger)).await?;
        let mut changes = command.changes();
        changes.write(&Loaded { state: Mark { ledger, gaps }, ..mark })?;
        if !amount.is_zero() {
            tracing::info!(%member, amount = amount.minor_units(), ledger, lost, "a wallet was brought to its balance");
            let balance = books.settled.checked_add(amount).map_err(Refusal::from)?.minor_units();
            self.enter_found(&mut changes, member, amount, lost)?;
            let amount = amount.minor_units();
            changes.notice(member, "found", Notice::BalanceFound { amount, balance, lost })?;
        }
        // `None`: another process has compared it.
        command.commit(changes, ()).await.map(drop)
    }

    fn enter_found(
        &self,
        changes: &mut Changes,
        member: MemberId,
        amount: Amount,
        lost: bool,
    ) -> Result<(), Error> {
        let (outside, inside) = (external(self.asset()), wallet(member, self.asset()));
        let came = amount.is_positive();
        let (from, to) = if came { (outside, inside) } else { (inside, outside) };
        let kind = match (lost, came) {
            (true, _) => "gap",
            (_, true) => "deposit",
            _ => "withdrawal",
        };
        let size =
            if came { amount } else { Amount::ZERO.checked_sub(amount).map_err(Refusal::from)? };
        let (status, at, details) = (EntryStatus::Settled, changes.now(), &Details::default());
        let id = format!("{}/found", changes.set.key);
        let moved = Move { id, kind, from, to, amount: size, status, at, tx: None, details };
        changes.set.entries.push(moved.entry());
        Ok(())
    }

    /// The members among these whose wallets were taken from a balance that contained the ledger.
    pub(super) async fn counted_in(
        &self,
        members: [Option<MemberId>; 2],
        ledger: u32,
    ) -> Result<BTreeMap<MemberId, bool>, Error> {
        let mut counted = BTreeMap::new();
        for member in members.into_iter().flatten() {
            let mark = self.load::<Mark>(member).await?;
            counted.insert(member, mark.is_some_and(|mark| mark.state.ledger >= ledger));
        }
        Ok(counted)
    }

    async fn books_of(&self, member: MemberId) -> Result<Balance, Error> {
        let account = wallet(member, self.asset());
        let balances = self.ports().ledger.balances(self.tenant(), &[account]).await?;
        Ok(balances.first().copied().unwrap_or_default())
    }

    async fn newest_entry(&self, member: MemberId) -> Result<u64, Error> {
        let account = wallet(member, self.asset());
        let query = EntryQuery { account, before: None, limit: 1 };
        let newest = self.ports().ledger.entries(self.tenant(), &query).await?;
        Ok(newest.first().map_or(0, |entry| entry.position))
    }
}
