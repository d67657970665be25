//! Circles that could not be read when a gap was filled: read again, from time to time and on request.
use super::fill::{Filled, Occasion};
use super::gap::Gap;
use super::{Follower, MAIN};
use crate::circle::state::Contract;
use crate::record::Loaded;
use crate::unit::Command;
use crate::{CircleId, Error, Kolo, Timestamp};

/// Until what could not be read is read again.
const AGAIN_S: u64 = 600;

/// Pages of events followed before a circle is read on request.
const PAGES: usize = 8;

impl Kolo {
    /// Reads a circle from its contract now, and sets it to what that says: for one that a gap has left
    /// unread, and one that has diverged. Follows the chain first; what happened since is contained in the
    /// contract's state and is told, not booked again.
    ///
    /// `false`: its contract is not there, or says what this version cannot read.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`]; a port's failure; a temporary one when the node's state is older than the
    /// events that were applied.
    pub async fn refill(&self, circle: CircleId) -> Result<bool, Error> {
        for _ in 0..PAGES {
            if !self.follow().await? {
                break;
            }
        }
        let here = self.load::<Follower>(MAIN).await?;
        let (known, applied) =
            here.as_ref().map_or((0, 0), |here| (here.state.known(), here.state.applied()));
        let as_of = self.ports().chain.latest().await?;
        let occasion = Occasion { gap: None, wanted: u32::MAX, known, applied, as_of };
        let mut filled = Filled::default();
        filled.add(circle, &self.fill_circle(&occasion, circle).await?);
        if !filled.unread.is_empty() {
            return Ok(false);
        }
        for gap in self.gaps().await? {
            let mut unread = gap.state.unread.clone();
            unread.retain(|other| *other != circle);
            self.keep_unread(gap, unread).await?;
        }
        if let Some(here) = here {
            let unread_at = here.state.unread_at;
            self.keep_read(here, filled.read_to, unread_at).await?;
        }
        self.compare_again().await?;
        Ok(true)
    }

    /// What a circle says between a gap and being read is told, and booked from what is read: nobody knows
    /// what code it comes from.
    pub(crate) async fn wait_with_it(&self, id: CircleId, wanted: u32) -> Result<(), Error> {
        loop {
            let mut circle = self.circle(id).await?;
            // Another process may have read it meanwhile: no gap lists it then, and nobody would again.
            let read = circle.state.filled_to >= wanted;
            if read || circle.state.unread || circle.state.contract != Contract::Live {
                return Ok(());
            }
            let ctx = self.chain_context(&format!("unread/{id}/{}", circle.version));
            let mut command = Command::begin(self, &ctx, "gap.waits", &id).await?;
            let mut changes = command.changes();
            circle.state.unread = true;
            changes.write(&circle)?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// When those are read again that were not read; `None`: all were.
    pub(super) fn again_at(&self, filled: &Filled) -> Option<Timestamp> {
        (!filled.unread.is_empty()).then(|| self.now().plus(AGAIN_S))
    }

    /// Reads again what is due. That it fails keeps no event waiting.
    pub(super) async fn read_again(
        &self,
        here: Option<Loaded<Follower>>,
    ) -> Result<Option<Loaded<Follower>>, Error> {
        let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= self.now());
        let here = match here {
            Some(here) if due(here.state.unread_at) => here,
            other => return Ok(other),
        };
        let (known, applied) = (here.state.known(), here.state.applied());
        let (read_to, unread_at) = match self.fill_unread(known, applied).await {
            Ok(filled) => (filled.read_to, self.again_at(&filled)),
            Err(error) => {
                tracing::warn!(%error, "circles that were not read could not be read again now");
                (0, Some(self.now().plus(AGAIN_S)))
            }
        };
        self.keep_read(here, read_to, unread_at).await?;
        if read_to > 0 {
            self.compare_again().await?;
        }
        self.load::<Follower>(MAIN).await
    }

    /// Reads again what gaps have left unread.
    pub(crate) async fn fill_unread(&self, known: u32, applied: u32) -> Result<Filled, Error> {
        let as_of = self.ports().chain.latest().await?;
        let mut all = Filled::default();
        for gap in self.gaps().await? {
            let wanted = gap.state.lost.to.saturating_add(1);
            let (known, applied) = (known.max(wanted), applied.max(gap.state.lost.to));
            let occasion = Occasion { gap: Some(&gap.id.id), wanted, known, applied, as_of };
            let mut filled = Filled::default();
            for id in &gap.state.unread {
                filled.add(*id, &self.fill_circle(&occasion, *id).await?);
            }
            all.read_to = all.read_to.max(filled.read_to);
            all.unread.extend(&filled.unread);
            if filled.unread != gap.state.unread
                && let Some(gap) = self.load::<Gap>(&gap.id.id).await?
            {
                self.keep_unread(gap, filled.unread).await?;
            }
        }
        Ok(all)
    }

    async fn keep_unread(&self, gap: Loaded<Gap>, unread: Vec<CircleId>) -> Result<(), Error> {
        if gap.state.unread == unread {
            return Ok(());
        }
        let ctx = self.chain_context(&format!("gap/{}/unread/{}", gap.id.id, gap.version));
        let mut command = Command::begin(self, &ctx, "gap.unread", &gap.version).await?;
        let mut changes = command.changes();
        let state = Gap { unread, ..gap.state };
        changes.event(&gap.id, "follower.gap_read", &state)?;
        changes.write(&Loaded { state, id: gap.id, version: gap.version })?;
        // `None`: another process was here; the next time will do.
        command.commit(changes, ()).await.map(drop)
    }

    async fn keep_read(
        &self,
        here: Loaded<Follower>,
        read_to: u32,
        unread_at: Option<Timestamp>,
    ) -> Result<(), Error> {
        let ctx = self.chain_context(&format!("read/{}", here.version));
        let mut command = Command::begin(self, &ctx, "follower.read", &here.version).await?;
        let mut changes = command.changes();
        let read_to = here.state.read_to.max(read_to);
        let state = Follower { read_to, unread_at, ..here.state };
        changes.write(&Loaded { state, id: here.id, version: here.version })?;
        changes.forgettable();
        command.commit(changes, ()).await.map(drop)
    }
}
