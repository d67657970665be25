//! What is due and owed in one circle, read from the chain alone.
use data_encoding::HEXLOWER;
use kolo_core::port::chain::{ChainAddress, CircleOnChain};
use kolo_core::port::{ChainClient, PortError};
use kolo_core::{Asset, Timestamp};
use kolo_rules::circle::{Due, Motion, PayoutStatus, Phase, Proposal};
use kolo_rules::{Amount, Circle, Refusal, Rules};
use stellar_xdr::{ContractExecutable, ContractId, LedgerEntryData, ScContractInstance, ScVal};

use super::{Rescue, RescueError};
use crate::address::{contract_address, contract_id, invalid, sha256};
use crate::client::StellarChainClient;
use crate::config::{Operators, StellarConfig, known_asset};
use crate::read::instance_key;
use crate::rpc::Rpc;
use crate::scval::{as_address, as_bytes, as_map, field, symbol};
use crate::setup::RELEASED_CIRCLES;

/// Where a circle's instance keeps what this module reads; see the contract's own page.
const RULES: ScVal = ScVal::U32(1);
const ASSET: ScVal = ScVal::U32(2);
const FACTORY: ScVal = ScVal::U32(6);

/// A member's standing in a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircleReport {
    /// Which circle.
    pub circle: ChainAddress,
    /// What it saves in.
    pub asset: Asset,
    /// Its rules.
    pub rules: Rules,
    /// Where it is in its life.
    pub phase: Phase,
    /// Members by seat, those who left after the start among them.
    pub members: Vec<ChainAddress>,
    /// The member's seat, counted from 0.
    pub seat: u8,
    /// The member's turn, counted from 1; 0 while it is not drawn.
    pub turn: u8,
    /// The round that is being paid for.
    pub round: u8,
    /// What the member can pay for now, and by when; `None` while the circle does not run.
    pub due: Option<Due>,
    /// What the member has to pay in before the first round, minor units.
    pub entry_due: Amount,
    /// What the member owes of earlier rounds and to the insurance, minor units.
    pub debt: Amount,
    /// The member's deposit in the vault, minor units.
    pub deposit: Amount,
    /// What waits to be pushed to the member, minor units.
    pub credit: Amount,
    /// What the member can claim, minor units.
    pub claimable: Amount,
    /// Paid so far, and received, minor units: the rules' words.
    pub paid: Amount,
    /// See [`Self::paid`].
    pub received: Amount,
    /// Whether the member is leaving, has left, or was expelled.
    pub leaving: bool,
    /// How the next payout stands.
    pub payout: PayoutStatus,
    /// Votes that are open.
    pub votes: Vec<OpenVote>,
    /// What the vault holds, minor units.
    pub vault: Amount,
}

/// A vote that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenVote {
    /// Its number in the circle.
    pub proposal: u32,
    /// What it is about.
    pub motion: Motion,
    /// Whom it is about; `None` when about the circle.
    pub subject: Option<ChainAddress>,
    /// For, against, and how many may vote.
    pub yes: u32,
    /// See [`Self::yes`].
    pub no: u32,
    /// See [`Self::yes`].
    pub electorate: u32,
    /// The last moment in which a vote counts.
    pub expires_at: Timestamp,
    /// What the member has said; `None`: nothing yet.
    pub said: Option<bool>,
    /// Whether the member may vote on it.
    pub may_vote: bool,
}

/// A circle, and a client that can act in it.
pub(super) struct Ground {
    pub client: StellarChainClient,
    pub asset: Asset,
    pub rules: Rules,
}

impl Rescue {
    /// How the member stands in that circle.
    ///
    /// # Errors
    /// [`RescueError::NoCircle`], [`RescueError::UnknownCode`], [`RescueError::NotMember`],
    /// [`RescueError::Finished`]; the node's failure.
    pub async fn report(&self, circle: &ChainAddress) -> Result<CircleReport, RescueError> {
        let ground = self.ground(circle).await?;
        self.report_on(circle, &ground).await
    }

    pub(super) async fn report_on(
        &self,
        circle: &ChainAddress,
        ground: &Ground,
    ) -> Result<CircleReport, RescueError> {
        let read = |rpc| async move {
            let client = StellarChainClient { rpc, ..ground.client.clone() };
            let found = client.circle(circle, &ground.asset).await?;
            // Nodes that agree on the circle may be some ledgers apart.
            Ok(found.map(|found| CircleOnChain { ledger: 0, ..found }))
        };
        let found = self.agreed("the circle's state", read).await?;
        let CircleOnChain { state, members, vault, .. } =
            found.ok_or_else(|| RescueError::NoCircle(circle.clone()))?;
        let bytes = state.ok_or_else(|| RescueError::Finished(circle.clone()))?;
        let state = Circle::decode(&bytes).map_err(odd)?;
        let member = self.address();
        let seat = members.iter().position(|sits| *sits == member);
        let seat = seat.and_then(|seat| u8::try_from(seat).ok());
        let seat = seat.ok_or_else(|| RescueError::NotMember { circle: circle.clone(), member })?;
        let now = ground.client.latest().await?.closed_at;
        self.check_time(now)?;
        standing(circle, ground, &state, members, seat, now.unix(), vault)
            .map_err(RescueError::from)
    }

    /// Reads what a circle says of itself, and checks every name by the id that follows from it.
    pub(super) async fn ground(&self, circle: &ChainAddress) -> Result<Ground, RescueError> {
        let no_circle = || RescueError::NoCircle(circle.clone());
        let id = contract_id(circle).map_err(|_| no_circle())?;
        let instance = self.instance(&id).await?.ok_or_else(no_circle)?;
        let rules = kept(&instance, &RULES).and_then(as_bytes).ok_or_else(no_circle)?;
        let asset = kept(&instance, &ASSET).and_then(as_address).ok_or_else(no_circle)?;
        let factory = kept(&instance, &FACTORY).and_then(as_address).ok_or_else(no_circle)?;
        // Another code may keep anything under these names.
        self.check_code(circle, &instance.executable)?;
        let rules = Rules::decode(rules).map_err(|_| no_circle())?;
        let asset_id = contract_id(&asset).map_err(|_| no_circle())?;
        if asset_id.0.0 != rules.asset {
            return Err(no_circle());
        }
        let asset = self.asset(&asset_id).await?.ok_or_else(no_circle)?;
        let client = self.client(asset.clone(), factory)?;
        Ok(Ground { client, asset, rules })
    }

    /// A client whose operator is whoever pays the fees.
    pub(super) fn client(
        &self,
        asset: Asset,
        factory: ChainAddress,
    ) -> Result<StellarChainClient, PortError> {
        let payer = self.payer().public_key();
        let operators = Operators { sponsor: payer, fees: payer, keeper: payer };
        let config = StellarConfig::new(self.passphrase.clone(), vec![asset], factory, operators);
        let config = StellarConfig { circle_codes: self.trusted.clone(), ..config };
        StellarChainClient::try_new(self.rpc.clone(), &config)
    }

    /// A client for what concerns no circle. It never asks the factory, so that any contract's address
    /// does: the asset's own.
    pub(super) fn client_of(&self, asset: &Asset) -> Result<StellarChainClient, PortError> {
        let known = known_asset(sha256(self.passphrase.as_bytes()), asset)?;
        self.client(asset.clone(), contract_address(&known.contract))
    }

    fn check_code(
        &self,
        circle: &ChainAddress,
        executable: &ContractExecutable,
    ) -> Result<(), RescueError> {
        let ContractExecutable::Wasm(code) = executable else {
            return Err(RescueError::NoCircle(circle.clone()));
        };
        let mut released = RELEASED_CIRCLES.iter().map(|wasm| sha256(wasm));
        if released.any(|known| known == code.0) || self.trusted.contains(&code.0) {
            return Ok(());
        }
        let code = HEXLOWER.encode(&code.0);
        Err(RescueError::UnknownCode { circle: circle.clone(), code })
    }

    async fn instance(&self, id: &ContractId) -> Result<Option<ScContractInstance>, RescueError> {
        let key = [instance_key(id)];
        let read = |rpc: Rpc| {
            let key = &key;
            async move { Ok(rpc.ledger_entries(key).await?.into_iter().map(|e| e.data).collect()) }
        };
        let found: Vec<LedgerEntryData> = self.agreed("the contract", read).await?;
        Ok(found.into_iter().next().and_then(|data| match data {
            LedgerEntryData::ContractData(data) => match data.val {
                ScVal::ContractInstance(instance) => Some(instance),
                _ => None,
            },
            _ => None,
        }))
    }

    /// The asset behind an asset's contract, by its own words, which its id proves.
    async fn asset(&self, id: &ContractId) -> Result<Option<Asset>, RescueError> {
        let Some(instance) = self.instance(id).await? else {
            return Ok(None);
        };
        let metadata = kept(&instance, &ScVal::Symbol(symbol("METADATA")?)).and_then(as_map);
        let Some(ScVal::String(name)) = metadata.and_then(|map| field(map, "name")) else {
            return Ok(None);
        };
        let name = name.0.to_utf8_string_lossy();
        let Some((code, issuer)) = name.split_once(':') else {
            return Ok(None);
        };
        let asset = Asset { code: code.to_owned(), issuer: issuer.to_owned(), decimals: 7 };
        let known = known_asset(sha256(self.passphrase.as_bytes()), &asset)?;
        Ok((known.contract == *id).then_some(asset))
    }
}

fn kept<'a>(instance: &'a ScContractInstance, key: &ScVal) -> Option<&'a ScVal> {
    let entries = instance.storage.as_ref()?;
    entries.iter().find(|entry| entry.key == *key).map(|entry| &entry.val)
}

fn odd(refusal: Refusal) -> PortError {
    invalid(format!("the circle's state cannot be read: {}", refusal.advice()))
}

fn standing(
    circle: &ChainAddress,
    ground: &Ground,
    state: &Circle,
    members: Vec<ChainAddress>,
    seat: u8,
    now: u64,
    vault: Amount,
) -> Result<CircleReport, PortError> {
    let rules = &ground.rules;
    let sits = state.seat(seat).ok_or_else(|| odd(Refusal::NotMember))?;
    let due = (state.phase == Phase::Active)
        .then(|| state.due(rules, seat, now))
        .transpose()
        .map_err(odd)?;
    let votes = state
        .open_proposals()
        .filter(|proposal| proposal.passed_at == 0 && proposal.expires_at >= now)
        .map(|proposal| open_vote(proposal, &members, seat))
        .collect();
    Ok(CircleReport {
        circle: circle.clone(),
        asset: ground.asset.clone(),
        rules: *rules,
        phase: state.phase,
        seat,
        turn: sits.turn,
        round: state.current_round(),
        due,
        entry_due: if state.phase == Phase::Securing {
            state.entry_due(rules, seat).map_err(odd)?
        } else {
            Amount::ZERO
        },
        debt: state.debt(seat).map_err(odd)?,
        deposit: sits.deposit,
        credit: sits.credit,
        claimable: sits.claimable,
        paid: sits.paid,
        received: sits.received,
        leaving: !sits.is_full_member(),
        payout: state.payout_status(rules, now),
        votes,
        vault,
        members,
    })
}

fn open_vote(proposal: &Proposal, members: &[ChainAddress], seat: u8) -> OpenVote {
    let mine = 1_u64.checked_shl(u32::from(seat)).unwrap_or(0);
    let subject = match proposal.motion {
        Motion::Dissolve => None,
        _ => members.get(usize::from(proposal.subject)).cloned(),
    };
    OpenVote {
        proposal: proposal.id,
        motion: proposal.motion,
        subject,
        yes: proposal.yes.count_ones(),
        no: proposal.no.count_ones(),
        electorate: proposal.electorate_size(),
        expires_at: Timestamp::from_unix(proposal.expires_at),
        said: if proposal.yes & mine != 0 {
            Some(true)
        } else {
            (proposal.no & mine != 0).then_some(false)
        },
        may_vote: proposal.electorate & mine != 0,
    }
}
