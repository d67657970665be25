//! A chain that does what the test says: takes every transaction, unless told otherwise, and tells
//! the events it is given.
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kolo_rules::{Amount, Refusal};
use sha2::{Digest, Sha256};

use super::contract::{Contract, Done};
use crate::port::chain::{
    Assembled, Authorisation, ChainAddress, ChainClient, ChainCursor, ChainEffect, ChainEvent,
    ChainEventBody, ChainEvents, CircleChainEvent, CircleOnChain, Fate, FeeBump, LatestLedger,
    Mismatch, PrepareError, PreparedTx, Refused, SignedTx, Submission,
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
}

/// What reading a contract gives instead of its state.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    /// The adapter cannot do it, ever.
    Impossible,
    /// What is no state.
    Garbage,
}

#[derive(Default)]
struct State {
    answers: Vec<(Which, Answer)>,
    /// Payouts of this circle get this answer.
    payouts: Option<(ChainAddress, Answer)>,
    done: Vec<ChainEffect>,
    events: Vec<ChainEvent>,
    gap: bool,
    prepared: u64,
    contracts: Vec<Contract>,
    wallets: BTreeMap<ChainAddress, Amount>,
    reading: Option<Reading>,
    /// What became of everything; `None`: confirmed.
    fate: Option<Fate>,
    consents: Consents,
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
        let ledger = u32::try_from(state.events.len() + 1).unwrap();
        let id = format!("{ledger:019}-0000000000");
        let tx = format!("{ledger:064x}");
        state.events.push(ChainEvent { id, ledger, closed_at: at, tx, body });
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

    /// The node has lost history.
    pub fn lose_history(&self, lost: bool) {
        self.lock().gap = lost;
    }

    /// The effects that were brought about, in order.
    pub fn done(&self) -> Vec<ChainEffect> {
        self.lock().done.clone()
    }

    /// How many of such effects were brought about.
    pub fn count(&self, which: Which) -> usize {
        self.done().iter().filter(|effect| which(effect)).count()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
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

    fn asset_contract(&self, _: &Asset) -> Result<[u8; 32], PortError> {
        Ok([7; 32])
    }

    fn circle_address(&self, _: &ChainAddress, salt: &[u8; 32]) -> Result<ChainAddress, PortError> {
        Ok(ChainAddress(format!("C{}", data_encoding::HEXUPPER.encode(salt))))
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
            None => {}
        }
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
        unreachable!("no fee is too low here")
    }

    async fn submit(&self, _: &SignedTx) -> Result<Submission, PortError> {
        Ok(Submission::Accepted)
    }

    async fn look_up(&self, _: &SignedTx) -> Result<Fate, PortError> {
        let confirmed = Fate::Confirmed { ledger: 1, closed_at: Timestamp::from_unix(1), fee: 1 };
        Ok(self.lock().fate.clone().unwrap_or(confirmed))
    }

    async fn events_after(
        &self,
        cursor: Option<&ChainCursor>,
        limit: usize,
    ) -> Result<ChainEvents, PortError> {
        let state = self.lock();
        let from = cursor.map_or(0, |cursor| cursor.0.parse().unwrap());
        let events: Vec<_> = state.events.iter().skip(from).take(limit).cloned().collect();
        let next = from + events.len();
        Ok(ChainEvents {
            events,
            next: ChainCursor(next.to_string()),
            more: next < state.events.len(),
            gap: state.gap,
        })
    }

    async fn latest(&self) -> Result<LatestLedger, PortError> {
        let nothing = LatestLedger { sequence: 1, closed_at: Timestamp::from_unix(1) };
        Ok(self.lock().consents.latest.unwrap_or(nothing))
    }

    async fn balance(&self, wallet: &ChainAddress, _: &Asset) -> Result<Amount, PortError> {
        Ok(self.lock().wallets.get(wallet).copied().unwrap_or_default())
    }

    async fn circle(
        &self,
        address: &ChainAddress,
        _: &Asset,
    ) -> Result<Option<CircleOnChain>, PortError> {
        let state = self.lock();
        let there = state.contracts.iter().find(|there| there.address == *address);
        let there = there.map(Contract::on_chain);
        match state.reading {
            None => Ok(there),
            Some(Reading::Garbage) => {
                Ok(there.map(|there| CircleOnChain { state: Some(vec![0xFF; 9]), ..there }))
            }
            Some(Reading::Impossible) => {
                let (kind, retry) = (PortErrorKind::Invalid, Retry::Permanent);
                Err(PortError::new(kind, retry, "as the test says"))
            }
        }
    }
}

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
