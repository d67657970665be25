//! A chain that does what the test says: takes every transaction, unless told otherwise, and tells
//! the events it is given.
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kolo_rules::{Amount, Refusal};
use sha2::{Digest, Sha256};

use super::contract::{Contract, Done};
use crate::port::chain::{
    Assembled, Authorisation, BalancesOnChain, ChainAddress, ChainClient, ChainCursor, ChainEffect,
    ChainEvent, ChainEventBody, ChainEvents, CircleChainEvent, CircleOnChain, Fate, FeeBump,
    FeeCeiling, LatestLedger, LostHistory, Mismatch, PrepareError, PreparedTx, Refused, SignedTx,
    Submission,
};
use crate::port::vault::{PublicKey, Signature};
use crate::port::{PortError, PortErrorKind, Retry};
use crate::{Asset, Timestamp};

type Which = fn(&ChainEffect) -> bool;

/// What a preparation answers.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    /// The chain refuses, with the contract's number.
    Refuse(Option<u32>),
    /// The adapter cannot do it, ever.
    Impossible,
    /// It is above the operator's ceiling.
    TooDear,
    /// The adapter has trouble.
    Trouble,
    /// It is as wanted already.
    AlreadyDone,
    /// Who creates a circle, or is to get a trustline, has no account in a ledger closed then.
    NoSource(Timestamp),
}

/// What reading a contract gives instead of its state.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    /// The adapter cannot do it, ever.
    Impossible,
    /// What is no state.
    Garbage,
    /// What the adapter finds to be of no known form.
    Corrupt,
    /// No contract at all.
    Nothing,
    /// No state, as of a circle that is over, and what is in the vault.
    Over,
    /// State of this ledger.
    Of(u32),
}

#[derive(Default)]
struct State {
    answers: Vec<(Which, Answer)>,
    /// Payouts of this circle get this answer.
    payouts: Option<(ChainAddress, Answer)>,
    done: Vec<ChainEffect>,
    events: Vec<ChainEvent>,
    /// So many of the first events the node does not have any more.
    lost: usize,
    /// Transfers are not told, as by nodes that have no events of classic payments.
    silent: bool,
    /// Wallets can be read.
    comparing: bool,
    /// Wallets as they were after that ledger, from a node that lags behind.
    lagging: Option<(u32, BTreeMap<ChainAddress, Amount>)>,
    /// After so many circles that were read, the node fails for a moment.
    patience: Option<usize>,
    prepared: u64,
    /// How often it was asked for events.
    asked: usize,
    contracts: Vec<Contract>,
    wallets: BTreeMap<ChainAddress, Amount>,
    /// Accounts their owners have merged away, and since when.
    gone: BTreeMap<ChainAddress, Timestamp>,
    reading: Option<Reading>,
    /// What became of everything; `None`: confirmed.
    fate: Option<Fate>,
    consents: Consents,
    /// What leads the addresses of circles.
    factory: &'static str,
    /// The assets whose payments are told; `None`: all.
    follows: Option<Vec<Asset>>,
    /// When the first entry of anything is archived.
    ends_at: Option<Timestamp>,
}

/// The last ledger in which consents are good here.
pub(super) const CONSENT_UNTIL: u32 = 50;

/// How calls of two go.
#[derive(Default)]
pub(super) struct Consents {
    /// They cannot be put in now.
    pub fail: bool,
    /// So many ledgers does the node claim beyond what there is.
    pub ahead: u32,
    /// What was signed, in the order of attempts.
    pub signed: Vec<Vec<u8>>,
    /// Until when transactions are good, when not for ever.
    pub valid_until: Option<Timestamp>,
    /// What the node says is the latest ledger.
    pub latest: Option<LatestLedger>,
}

#[derive(Default)]
pub(super) struct ScriptedChain {
    state: Mutex<State>,
}

impl ScriptedChain {
    /// From now on such effects get this answer; `None`: they work.
    pub fn answer(&self, which: Which, answer: Option<Answer>) {
        let mut state = self.lock();
        state.answers.clear();
        state.answers.extend(answer.map(|answer| (which, answer)));
    }

    /// From now on reading contracts gives this; `None`: their state.
    pub fn reading(&self, reading: Option<Reading>) {
        self.lock().reading = reading;
    }

    /// From now on this is what became of every transaction; `None`: confirmed.
    pub fn fate(&self, fate: Option<Fate>) {
        self.lock().fate = fate;
    }

    /// From now on everything there is ends then.
    pub fn ends_at(&self, at: Timestamp) {
        self.lock().ends_at = Some(at);
    }

    /// From now on circles are made, and announced, by this factory.
    pub fn factory(&self, factory: &'static str) {
        self.lock().factory = factory;
    }

    /// From now on payments of these alone are told.
    pub fn follows(&self, assets: &[Asset]) {
        self.lock().follows = Some(assets.to_vec());
    }

    /// Looks at how calls of two go, or sets it.
    pub fn consents<T>(&self, look: impl FnOnce(&mut Consents) -> T) -> T {
        look(&mut self.lock().consents)
    }

    /// From now on payouts of that circle get this answer.
    pub fn answer_of(&self, circle: ChainAddress, answer: Answer) {
        self.lock().payouts = Some((circle, answer));
    }

    /// An event, closed at that moment.
    pub fn emit(&self, at: Timestamp, body: ChainEventBody) {
        let mut state = self.lock();
        let transfer = matches!(body, ChainEventBody::Transfer { .. });
        let body = match body {
            _ if state.silent && transfer => elsewhere(),
            body => body,
        };
        let ledger = u32::try_from(state.events.len() + 1).unwrap();
        let id = format!("{ledger:019}-0000000000");
        let tx = format!("{ledger:064x}");
        state.events.push(ChainEvent { id, ledger, closed_at: at, tx, body });
    }

    /// The event of that ledger is told as this from now on.
    pub fn turns_up(&self, ledger: usize, body: ChainEventBody) {
        let mut state = self.lock();
        let event = &mut state.events[ledger - 1];
        // Not the id under which the other one was kept.
        event.id = format!("{}-late", event.id);
        event.body = body;
    }

    /// The event of that ledger is understood as this from now on.
    pub fn understand(&self, ledger: u32, body: ChainEventBody) {
        let mut state = self.lock();
        let event = state.events.iter_mut().find(|event| event.ledger == ledger).unwrap();
        event.body = body;
    }

    /// All that happened is told again, under the same ids: a cursor that was set back.
    pub fn tell_again(&self) {
        let events = &mut self.lock().events;
        events.extend_from_within(..);
    }

    /// A circle's contract there, with its own opinion of everything.
    pub fn deploy(&self, contract: Contract) {
        self.lock().contracts.push(contract);
    }

    /// Tokens from nowhere.
    pub fn fund(&self, at: Timestamp, to: &ChainAddress, asset: &Asset, amount: Amount) {
        self.lock().add(to, amount);
        let (asset, to) = (asset.clone(), Some(to.clone()));
        self.emit(at, ChainEventBody::Transfer { asset, from: None, to, amount });
    }

    /// Tokens that are gone; somebody else tells of it.
    pub fn spend(&self, from: &ChainAddress, amount: Amount) {
        self.lock().add(from, Amount::ZERO.checked_sub(amount).unwrap());
    }

    /// An account that its owner has merged away in another wallet by then.
    pub fn merge_away(&self, account: &ChainAddress, as_of: Timestamp) {
        self.lock().gone.insert(account.clone(), as_of);
    }

    /// Looks at a contract, or sets something in it.
    pub fn contract<T>(&self, address: &ChainAddress, look: impl FnOnce(&mut Contract) -> T) -> T {
        let mut state = self.lock();
        look(state.contracts.iter_mut().find(|there| there.address == *address).unwrap())
    }

    /// A call of a contract at that moment; its events and the tokens' are told.
    pub fn call(
        &self,
        at: Timestamp,
        address: &ChainAddress,
        asset: &Asset,
        call: impl FnOnce(&mut Contract) -> Result<Done, Refusal>,
    ) -> Result<(), Refusal> {
        let done = self.contract(address, call)?;
        for (from, to, amount) in done.moved {
            let mut state = self.lock();
            state.add(&from, Amount::ZERO.checked_sub(amount).unwrap());
            state.add(&to, amount);
            drop(state);
            let (asset, from, to) = (asset.clone(), Some(from), Some(to));
            self.emit(at, ChainEventBody::Transfer { asset, from, to, amount });
        }
        for event in done.events {
            self.emit(at, ChainEventBody::Circle { circle: address.clone(), event });
        }
        Ok(())
    }

    /// The issuer takes so much out of a vault, and the token says so.
    pub fn claw_back(&self, at: Timestamp, circle: &ChainAddress, asset: &Asset, amount: Amount) {
        self.contract(circle, |there| there.claw_back(amount));
        let (asset, from) = (asset.clone(), Some(circle.clone()));
        self.emit(at, ChainEventBody::Transfer { asset, from, to: None, amount });
    }

    /// A stranger sends so much to a vault, and the token says so.
    pub fn gift(&self, at: Timestamp, circle: &ChainAddress, asset: &Asset, amount: Amount) {
        self.contract(circle, |there| there.gift(amount));
        let from = Some(ChainAddress("GSTRANGER".to_owned()));
        let (asset, to) = (asset.clone(), Some(circle.clone()));
        self.emit(at, ChainEventBody::Transfer { asset, from, to, amount });
    }

    /// What a circle's contract has announced, in order.
    pub fn told(&self, address: &ChainAddress) -> Vec<CircleChainEvent> {
        let of_circle = |event: &ChainEvent| match &event.body {
            ChainEventBody::Circle { circle, event } if circle == address => Some(event.clone()),
            _ => None,
        };
        self.lock().events.iter().filter_map(of_circle).collect()
    }

    /// The node has lost all that has happened so far.
    pub fn lose_history(&self) {
        let mut state = self.lock();
        state.lost = state.events.len();
    }

    /// Another node, which has all history.
    pub fn find_history(&self) {
        self.lock().lost = 0;
    }

    /// From now on wallets can be compared with the books.
    pub fn let_compare(&self) {
        self.lock().comparing = true;
    }

    /// From now on balances are those of now, from a node that lags behind; `false`: of a good one.
    pub fn lag(&self, lags: bool) {
        let mut state = self.lock();
        let now = (state.ledger(), state.wallets.clone());
        state.lagging = lags.then_some(now);
    }

    /// After so many circles the node fails once to read one.
    pub fn fail_after(&self, circles: usize) {
        self.lock().patience = Some(circles);
    }

    /// The latest ledger.
    pub fn ledger(&self) -> u32 {
        self.lock().ledger()
    }

    /// Whether transfers are told from now on.
    pub fn silence(&self, silent: bool) {
        self.lock().silent = silent;
    }

    /// The effects that were brought about, in order.
    pub fn done(&self) -> Vec<ChainEffect> {
        self.lock().done.clone()
    }

    /// How many of such effects were brought about.
    /// How often it was asked for events.
    pub fn times_asked(&self) -> usize {
        self.lock().asked
    }

    pub fn count(&self, which: Which) -> usize {
        self.done().iter().filter(|effect| which(effect)).count()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The latest: one event makes one.
    fn ledger(&self) -> u32 {
        u32::try_from(self.events.len()).unwrap()
    }

    /// What cannot be done without the account; what brings it back.
    fn miss(&mut self, effect: &ChainEffect) -> Result<(), PrepareError> {
        match effect {
            ChainEffect::OpenAccount { owner, .. } => {
                self.gone.remove(owner);
            }
            ChainEffect::Push { member, .. } if self.gone.contains_key(member) => {
                let (contract_code, reason) = (Some(23), "no account".to_owned());
                return Err(PrepareError::Refused(Refused { contract_code, reason }));
            }
            _ => {}
        }
        let missing = acts_for(effect).and_then(|account| self.gone.get_key_value(account));
        match missing.map(|(account, as_of)| (account.clone(), *as_of)) {
            Some((account, as_of)) => Err(PrepareError::NoSource { account, as_of }),
            None => Ok(()),
        }
    }

    fn add(&mut self, wallet: &ChainAddress, amount: Amount) {
        let balance = self.wallets.entry(wallet.clone()).or_default();
        *balance = balance.checked_add(amount).unwrap();
    }
}

#[async_trait]
impl ChainClient for ScriptedChain {
    fn account_address(&self, key: &PublicKey) -> ChainAddress {
        ChainAddress(format!("G{}", data_encoding::HEXUPPER.encode(&key.0)))
    }

    fn assets(&self) -> Option<Vec<Asset>> {
        self.lock().follows.clone()
    }

    fn asset_contract(&self, _: &Asset) -> Result<[u8; 32], PortError> {
        Ok([7; 32])
    }

    fn circle_address(&self, _: &ChainAddress, salt: &[u8; 32]) -> Result<ChainAddress, PortError> {
        let factory = self.lock().factory;
        Ok(ChainAddress(format!("C{factory}{}", data_encoding::HEXUPPER.encode(salt))))
    }

    fn knows_code(&self, wasm: &[u8; 32]) -> bool {
        *wasm == OURS
    }

    fn invitation_message(
        &self,
        circle: &ChainAddress,
        joiner: &ChainAddress,
    ) -> Result<Vec<u8>, PortError> {
        Ok(format!("{circle}{joiner}").into_bytes())
    }

    fn message_payload(&self, message: &[u8]) -> Result<Vec<u8>, PortError> {
        Ok([b"message:", message].concat())
    }

    async fn prepare(&self, effect: &ChainEffect) -> Result<PreparedTx, PrepareError> {
        let mut state = self.lock();
        let answer = state.answers.iter().find(|(which, _)| which(effect)).map(|(_, a)| *a);
        let of_circle = state.payouts.as_ref().filter(
            |(stuck, _)| matches!(effect, ChainEffect::Payout { circle, .. } if circle == stuck),
        );
        match answer.or(of_circle.map(|(_, answer)| *answer)) {
            Some(Answer::Refuse(contract_code)) => {
                let reason = "as the test says".to_owned();
                return Err(PrepareError::Refused(Refused { contract_code, reason }));
            }
            Some(Answer::Impossible) => {
                let (kind, retry) = (PortErrorKind::Invalid, Retry::Permanent);
                return Err(PortError::new(kind, retry, "as the test says").into());
            }
            Some(Answer::TooDear) => {
                let (kind, retry) = (PortErrorKind::Limited, Retry::Temporary);
                let ceiling = FeeCeiling { wanted: 1_000, ceiling: 100 };
                return Err(PortError::new(kind, retry, "bidding").because(ceiling).into());
            }
            Some(Answer::Trouble) => {
                let (kind, retry) = (PortErrorKind::Unavailable, Retry::Temporary);
                return Err(PortError::new(kind, retry, "as the test says").into());
            }
            Some(Answer::NoSource(as_of)) => {
                let account = acts_for(effect).unwrap().clone();
                return Err(PrepareError::NoSource { account, as_of });
            }
            Some(Answer::AlreadyDone) => return Err(PrepareError::AlreadyDone),
            None => {}
        }
        state.miss(effect)?;
        state.prepared += 1;
        state.done.push(effect.clone());
        let payload = format!("{} {effect:?}", state.prepared).into_bytes();
        Ok(PreparedTx {
            hash: data_encoding::HEXLOWER.encode(&Sha256::digest(&payload)),
            payload,
            signers: Vec::new(),
            source: ChainAddress("G".to_owned()),
            sequence: 1,
            max_time: state.consents.valid_until.unwrap_or(MAX_TIME),
            max_fee: 100,
            authorisations: consents(effect, state.prepared, state.consents.ahead),
        })
    }

    fn verify(&self, _: &ChainEffect, _: &PreparedTx) -> Result<(), Mismatch> {
        Ok(())
    }

    async fn authorise(
        &self,
        _: &ChainEffect,
        tx: &PreparedTx,
        signatures: &[(PublicKey, Signature)],
    ) -> Result<PreparedTx, PrepareError> {
        let wanted: Vec<PublicKey> = tx.authorisations.iter().map(|wanted| wanted.signer).collect();
        let signed: Vec<PublicKey> = signatures.iter().map(|(signer, _)| *signer).collect();
        assert_eq!(signed, wanted, "exactly those who must consent");
        let mut state = self.lock();
        state.consents.signed.extend(tx.authorisations.iter().map(|wanted| wanted.payload.clone()));
        if state.consents.fail {
            let (kind, retry) = (PortErrorKind::Unavailable, Retry::Temporary);
            return Err(PortError::new(kind, retry, "as the test says").into());
        }
        Ok(tx.clone())
    }

    fn assemble(
        &self,
        tx: &PreparedTx,
        _: &[(PublicKey, Signature)],
    ) -> Result<Assembled, PortError> {
        Ok(Assembled::Ready(SignedTx {
            prepared: tx.clone(),
            inner: tx.payload.clone(),
            envelope: tx.payload.clone(),
            hash: tx.hash.clone(),
        }))
    }

    fn finish(&self, _: &FeeBump, _: &Signature) -> Result<SignedTx, PortError> {
        unreachable!("nothing is wrapped here")
    }

    fn bump_again(&self, _: &SignedTx) -> Result<FeeBump, PortError> {
        let ceiling = FeeCeiling { wanted: 1_000, ceiling: 100 };
        let (kind, retry) = (PortErrorKind::Limited, Retry::Temporary);
        Err(PortError::new(kind, retry, "no fee is too low here").because(ceiling))
    }

    async fn submit(&self, _: &SignedTx) -> Result<Submission, PortError> {
        Ok(Submission::Accepted)
    }

    async fn look_up(&self, _: &SignedTx) -> Result<Fate, PortError> {
        let state = self.lock();
        // Its event comes next.
        let ledger = state.ledger() + 1;
        let confirmed = Fate::Confirmed { ledger, closed_at: Timestamp::from_unix(1), fee: 1 };
        Ok(state.fate.clone().unwrap_or(confirmed))
    }

    async fn events_after(
        &self,
        cursor: Option<&ChainCursor>,
        limit: usize,
    ) -> Result<ChainEvents, PortError> {
        let mut state = self.lock();
        state.asked += 1;
        let wanted = cursor.map_or(0, |cursor| cursor.0.parse().unwrap());
        let from = state.lost.max(wanted);
        let ledger = |events: usize| u32::try_from(events).unwrap();
        let lost = LostHistory { from: ledger(wanted + 1), to: ledger(from) };
        let events: Vec<_> = state.events.iter().skip(from).take(limit).cloned().collect();
        let next = from + events.len();
        Ok(ChainEvents {
            events,
            next: ChainCursor(next.to_string()),
            more: next < state.events.len(),
            through: ledger(next),
            gap: (wanted < from).then_some(lost),
        })
    }

    async fn latest(&self) -> Result<LatestLedger, PortError> {
        let state = self.lock();
        let sequence = state.ledger().max(1);
        let nothing = LatestLedger { sequence, closed_at: Timestamp::from_unix(1) };
        Ok(state.consents.latest.unwrap_or(nothing))
    }

    async fn balance(&self, wallet: &ChainAddress, _: &Asset) -> Result<Amount, PortError> {
        Ok(self.lock().wallets.get(wallet).copied().unwrap_or_default())
    }

    async fn lifetime(
        &self,
        _: Option<&ChainAddress>,
        _: &Asset,
    ) -> Result<Option<Timestamp>, PortError> {
        Ok(self.lock().ends_at)
    }

    async fn balances(
        &self,
        wallets: &[ChainAddress],
        _: &Asset,
    ) -> Result<BalancesOnChain, PortError> {
        let state = self.lock();
        if !state.comparing {
            let (kind, retry) = (PortErrorKind::Unavailable, Retry::Temporary);
            return Err(PortError::new(kind, retry, "wallets are not kept in this test"));
        }
        let now = (state.ledger(), state.wallets.clone());
        let (ledger, there) = state.lagging.clone().unwrap_or(now);
        let amount = |wallet| there.get(wallet).copied().unwrap_or_default();
        Ok(BalancesOnChain { amounts: wallets.iter().map(amount).collect(), ledger })
    }

    async fn circle(
        &self,
        address: &ChainAddress,
        _: &Asset,
    ) -> Result<Option<CircleOnChain>, PortError> {
        let mut state = self.lock();
        if let Some(patience) = state.patience {
            state.patience = patience.checked_sub(1);
            if patience == 0 {
                let (kind, retry) = (PortErrorKind::Unavailable, Retry::Temporary);
                return Err(PortError::new(kind, retry, "as the test says"));
            }
        }
        let ledger = state.ledger();
        let there = state.contracts.iter().find(|there| there.address == *address);
        let there = there.map(|there| there.on_chain(ledger));
        match state.reading {
            None => Ok(there),
            Some(Reading::Garbage) => {
                Ok(there.map(|there| CircleOnChain { state: Some(vec![0xFF; 9]), ..there }))
            }
            Some(Reading::Nothing) => Ok(None),
            Some(Reading::Over) => {
                Ok(there.map(|there| CircleOnChain { state: None, members: vec![], ..there }))
            }
            Some(Reading::Of(ledger)) => Ok(there.map(|there| CircleOnChain { ledger, ..there })),
            Some(Reading::Corrupt) => {
                let (kind, retry) = (PortErrorKind::Corrupt, Retry::Permanent);
                Err(PortError::new(kind, retry, "as the test says"))
            }
            Some(Reading::Impossible) => {
                let (kind, retry) = (PortErrorKind::Invalid, Retry::Permanent);
                Err(PortError::new(kind, retry, "as the test says"))
            }
        }
    }
}

/// Whose account must be there.
fn acts_for(effect: &ChainEffect) -> Option<&ChainAddress> {
    match effect {
        ChainEffect::CreateCircle { organiser: account, .. }
        | ChainEffect::OpenTrustline { owner: account, .. } => Some(account),
        _ => None,
    }
}

/// A ledger in which nothing of ours is told.
pub(super) fn elsewhere() -> ChainEventBody {
    let contract = ChainAddress("CSTRANGER".to_owned());
    ChainEventBody::Unknown { contract, ours: false, raw: "spam".to_owned() }
}

/// The one code of circles that is known here.
pub(super) const OURS: [u8; 32] = [12; 32];

/// After this no transaction is applied here.
pub(super) const MAX_TIME: Timestamp = Timestamp::from_unix(4_000_000_000);

/// Of two, the one who does not send it signs apart.
fn consents(effect: &ChainEffect, nonce: u64, ahead: u32) -> Vec<Authorisation> {
    let (ChainEffect::Swap { maker, .. } | ChainEffect::Replace { leaver: maker, .. }) = effect
    else {
        return Vec::new();
    };
    let key = maker.0.strip_prefix('G').unwrap();
    let key = data_encoding::HEXUPPER.decode(key.as_bytes()).unwrap();
    vec![Authorisation {
        signer: PublicKey(key.try_into().unwrap()),
        payload: format!("{nonce} {effect:?}").into_bytes(),
        since_ledger: 1 + ahead,
        until_ledger: CONSENT_UNTIL + ahead,
    }]
}
