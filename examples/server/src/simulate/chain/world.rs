//! People, their money, and the issuer: accounts, trustlines, payments.

use kolo_core::simulation::{Act, Outcome, Place, Reason, Scenario, StageError};
use kolo_rules::Amount;
use stellar_xdr::{
    ChangeTrustAsset, ChangeTrustOp, ChangeTrustResult, ClawbackOp, ClawbackResult, LedgerKey,
    LedgerKeyTrustLine, Operation, OperationBody, OperationResult, OperationResultTr, PaymentOp,
    PaymentResult, ScAddress, ScVal, SetOptionsOp, SetTrustLineFlagsOp, SetTrustLineFlagsResult,
    TrustLineAsset,
};

use super::calls::units;
use super::keys::Key;
use super::wire::{Refused, unsourced};
use super::{ChainStage, balance_of};

/// Stroops of XLM each account gets for reserves and fees: more than a play can use.
const XLM: i64 = 1_000 * 10_000_000;

/// The issuer may freeze and take back what it issued.
const REVOCABLE_AND_CLAWBACK: u32 = 2 | 8;

/// A trustline's flag: not frozen.
const AUTHORISED: u32 = 1;

/// The asset's contract's errors.
mod token_error {
    pub const BALANCE: u32 = 10;
    pub const DEAUTHORISED: u32 = 11;
    pub const TRUSTLINE_MISSING: u32 = 13;
}

impl ChainStage {
    /// Everybody's account, trustline and money.
    pub fn settle_people(&self, scenario: &Scenario) -> Result<(), StageError> {
        let set_flags = Some(REVOCABLE_AND_CLAWBACK);
        let options = OperationBody::SetOptions(SetOptionsOp { set_flags, ..no_options() });
        self.must_apply(&[&self.issuer], vec![unsourced(options)])?;
        self.give_xlm(&self.nobody)?;
        for (person, key) in scenario.people.iter().zip(&self.people) {
            self.give_xlm(key)?;
            let Some(limit) = person.limit else { continue };
            self.must_apply(&[key], vec![unsourced(self.trust(limit))])?;
            if person.balance.is_positive() {
                let payment = self.payment(key, person.balance);
                self.must_apply(&[&self.issuer], vec![unsourced(payment)])?;
            }
        }
        Ok(())
    }

    /// What people have, in the scenario's order.
    pub fn balances(&self) -> Result<Vec<Amount>, StageError> {
        let keys: Vec<LedgerKey> = self.people.iter().map(|key| self.trustline_key(key)).collect();
        let found = self.wire.entries(keys.clone())?;
        let balance = |key: &LedgerKey| {
            let entry = found.iter().find(|(found, _)| found == key);
            entry.and_then(|(_, data)| balance_of(data)).unwrap_or(Amount::ZERO)
        };
        Ok(keys.iter().map(balance).collect())
    }

    /// What is done outside of circles.
    pub fn act_in_world(&self, act: &Act) -> Result<Outcome, StageError> {
        match *act {
            Act::Send { from, to: Place::Person(to), amount } => {
                let payment = self.payment(self.person(to)?, amount);
                self.apply(self.person(from)?, payment)
            }
            Act::Send { from, to: Place::Vault(circle), amount } => {
                let from = self.person(from)?;
                let to = ScVal::Address(self.circle(circle)?.contract.clone());
                self.token(from, "transfer", vec![from.value(), to, units(amount)])
            }
            Act::Mint { to: Place::Person(to), amount } => {
                self.apply(&self.issuer, self.payment(self.person(to)?, amount))
            }
            Act::Mint { to: Place::Vault(circle), amount } => {
                let to = ScVal::Address(self.circle(circle)?.contract.clone());
                self.token(&self.issuer, "mint", vec![to, units(amount)])
            }
            Act::Trustline { who, limit } => {
                let trust = self.trust(limit.unwrap_or(Amount::ZERO));
                self.apply(self.person(who)?, trust)
            }
            Act::Freeze { place: Place::Person(who), frozen } => {
                let flags = self.authorise(self.person(who)?, !frozen);
                self.apply(&self.issuer, flags)
            }
            Act::Freeze { place: Place::Vault(circle), frozen } => {
                let vault = ScVal::Address(self.circle(circle)?.contract.clone());
                self.token(&self.issuer, "set_authorized", vec![vault, ScVal::Bool(!frozen)])
            }
            Act::Clawback { from: Place::Person(from), amount } => {
                let (asset, from) = (self.asset.clone(), self.person(from)?.muxed());
                let amount = amount.minor_units();
                let clawback = OperationBody::Clawback(ClawbackOp { asset, from, amount });
                self.apply(&self.issuer, clawback)
            }
            Act::Clawback { from: Place::Vault(circle), amount } => {
                let vault = ScVal::Address(self.circle(circle)?.contract.clone());
                self.token(&self.issuer, "clawback", vec![vault, units(amount)])
            }
            ref other => Err(StageError::new(format!("nobody knows how to {other:?}"))),
        }
    }

    fn give_xlm(&self, key: &Key) -> Result<(), StageError> {
        let funded = self.wire.network.fund(key.account(), XLM).wait();
        funded.map_err(|error| StageError::new("funding an account").because(error))?;
        Ok(())
    }

    fn must_apply(&self, signers: &[&Key], operations: Vec<Operation>) -> Result<(), StageError> {
        match self.wire.apply(signers, operations)? {
            Ok(()) => Ok(()),
            Err(results) => Err(StageError::new(format!("setting people up: {results:?}"))),
        }
    }

    fn apply(&self, source: &Key, body: OperationBody) -> Result<Outcome, StageError> {
        match self.wire.apply(&[source], vec![unsourced(body)])? {
            Ok(()) => Ok(Ok(())),
            Err(results) => match results.iter().find_map(reason) {
                Some(reason) => Ok(Err(reason)),
                None => Err(StageError::new(format!("the network answers {results:?}"))),
            },
        }
    }

    /// A call of the asset's contract.
    fn token(&self, source: &Key, function: &str, args: Vec<ScVal>) -> Result<Outcome, StageError> {
        let token: &ScAddress = &self.token;
        match self.wire.invoke(source, &[source], token, function, args)? {
            Ok(()) => Ok(Ok(())),
            Err(Refused::Contract(token_error::BALANCE)) => Ok(Err(Reason::BalanceTooLow)),
            Err(Refused::Contract(token_error::DEAUTHORISED)) => Ok(Err(Reason::Frozen)),
            Err(Refused::Contract(token_error::TRUSTLINE_MISSING)) => Ok(Err(Reason::NoTrustline)),
            Err(other) => Err(StageError::new(format!("the asset's contract answers {other:?}"))),
        }
    }

    fn payment(&self, to: &Key, amount: Amount) -> OperationBody {
        let (destination, asset) = (to.muxed(), self.asset.clone());
        OperationBody::Payment(PaymentOp { destination, asset, amount: amount.minor_units() })
    }

    fn trust(&self, limit: Amount) -> OperationBody {
        let line = match self.asset.clone() {
            stellar_xdr::Asset::CreditAlphanum4(asset) => ChangeTrustAsset::CreditAlphanum4(asset),
            stellar_xdr::Asset::CreditAlphanum12(asset) => {
                ChangeTrustAsset::CreditAlphanum12(asset)
            }
            stellar_xdr::Asset::Native => ChangeTrustAsset::Native,
        };
        OperationBody::ChangeTrust(ChangeTrustOp { line, limit: limit.minor_units() })
    }

    fn authorise(&self, who: &Key, authorised: bool) -> OperationBody {
        let (set, clear) = if authorised { (AUTHORISED, 0) } else { (0, AUTHORISED) };
        OperationBody::SetTrustLineFlags(SetTrustLineFlagsOp {
            trustor: who.account(),
            asset: self.asset.clone(),
            clear_flags: clear,
            set_flags: set,
        })
    }

    fn trustline_key(&self, who: &Key) -> LedgerKey {
        let asset = match self.asset.clone() {
            stellar_xdr::Asset::CreditAlphanum4(asset) => TrustLineAsset::CreditAlphanum4(asset),
            stellar_xdr::Asset::CreditAlphanum12(asset) => TrustLineAsset::CreditAlphanum12(asset),
            stellar_xdr::Asset::Native => TrustLineAsset::Native,
        };
        LedgerKey::Trustline(LedgerKeyTrustLine { account_id: who.account(), asset })
    }
}

/// The network's codes in the words of a play.
fn reason(result: &OperationResult) -> Option<Reason> {
    use PaymentResult as P;
    let OperationResult::OpInner(inner) = result else { return None };
    match inner {
        OperationResultTr::Payment(P::SrcNoTrust | P::NoTrust)
        | OperationResultTr::SetTrustLineFlags(SetTrustLineFlagsResult::NoTrustLine)
        | OperationResultTr::Clawback(ClawbackResult::NoTrust) => Some(Reason::NoTrustline),
        OperationResultTr::Payment(P::SrcNotAuthorized | P::NotAuthorized) => Some(Reason::Frozen),
        OperationResultTr::Payment(P::Underfunded)
        | OperationResultTr::Clawback(ClawbackResult::Underfunded) => Some(Reason::BalanceTooLow),
        OperationResultTr::Payment(P::LineFull) => Some(Reason::LimitReached),
        OperationResultTr::ChangeTrust(ChangeTrustResult::InvalidLimit) => Some(Reason::BadLimit),
        _ => None,
    }
}

const fn no_options() -> SetOptionsOp {
    SetOptionsOp {
        inflation_dest: None,
        clear_flags: None,
        set_flags: None,
        master_weight: None,
        low_threshold: None,
        med_threshold: None,
        high_threshold: None,
        home_domain: None,
        signer: None,
    }
}
