//! What an issuer can do to those who hold its asset: authorise, freeze, take back; in classic
//! operations and through the asset's contract.

use kolo_localnet::{EventStage, TxRecord};
use stellar_xdr::*;

use crate::contracts::{call, deploy_asset, i128, returned, returned_address};
use crate::support::*;

const REQUIRED: u32 = 1;
const REVOCABLE: u32 = 2;
const IMMUTABLE: u32 = 4;
const CLAWBACK: u32 = 8;
const AUTHORIZED: u32 = 1;
const MAINTAIN: u32 = 2;
const CLAWBACK_LINE: u32 = 4;

/// An issuer with account flags, and two holders with trustlines of limit 1000.
struct Market {
    net: Net,
    issuer: Key,
    ada: Key,
    ben: Key,
    asset: Asset,
}

impl Market {
    fn with_flags(flags: u32) -> Self {
        let net = Net::new();
        let (issuer, ada, ben) =
            (net.fund("issuer", 100), net.fund("ada", 100), net.fund("ben", 100));
        let asset = usdc(&issuer);
        if flags != 0 {
            let options = SetOptionsOp { set_flags: Some(flags), ..no_options() };
            net.succeed(&issuer, vec![op(OperationBody::SetOptions(options))], &[&issuer]);
        }
        for holder in [&ada, &ben] {
            net.succeed(holder, vec![op(trust(&asset, 1_000))], &[holder]);
        }
        Self { net, issuer, ada, ben, asset }
    }

    /// As above, and Ada has 500.
    fn with_money(flags: u32) -> Self {
        let market = Self::with_flags(flags);
        market.pay(&market.issuer, &market.ada, 500);
        market
    }

    fn pay(&self, from: &Key, to: &Key, amount: i64) {
        self.net.succeed(from, vec![op(pay(to, &self.asset, amount))], &[from]);
    }

    fn pay_code(&self, from: &Key, to: &Key, amount: i64) -> PaymentResult {
        let results = self.net.fail(from, vec![op(pay(to, &self.asset, amount))], &[from]);
        let OperationResult::OpInner(OperationResultTr::Payment(code)) = &results[0] else {
            panic!("{results:?}")
        };
        code.clone()
    }

    fn flags_op(&self, holder: &Key, set_flags: u32, clear_flags: u32) -> Operation {
        op(OperationBody::SetTrustLineFlags(SetTrustLineFlagsOp {
            trustor: holder.id(),
            asset: self.asset.clone(),
            set_flags,
            clear_flags,
        }))
    }

    fn set(&self, holder: &Key, set: u32, clear: u32) -> TxRecord {
        self.net.succeed(&self.issuer, vec![self.flags_op(holder, set, clear)], &[&self.issuer])
    }

    fn set_code(&self, holder: &Key, set: u32, clear: u32) -> SetTrustLineFlagsResult {
        let operations = vec![self.flags_op(holder, set, clear)];
        let outcome = self.net.run(&self.issuer, operations, &[&self.issuer]);
        let result = match outcome {
            kolo_localnet::SendOutcome::Error { result, .. } => result.result,
            pending => self.net.record(&pending).result.result,
        };
        let TransactionResultResult::TxFailed(results) = result else { panic!("{result:?}") };
        let OperationResult::OpInner(OperationResultTr::SetTrustLineFlags(code)) = &results[0]
        else {
            panic!("{results:?}")
        };
        code.clone()
    }

    fn clawback_op(&self, from: &Key, amount: i64) -> Operation {
        op(OperationBody::Clawback(ClawbackOp {
            asset: self.asset.clone(),
            from: from.muxed(),
            amount,
        }))
    }

    fn clawback_code(&self, from: &Key, amount: i64) -> ClawbackResult {
        let results =
            self.net.fail(&self.issuer, vec![self.clawback_op(from, amount)], &[&self.issuer]);
        clawback_of(&results)
    }

    fn line(&self, holder: &Key) -> TrustLineEntry {
        self.net.line(holder, &self.asset).unwrap()
    }

    fn deploy(&self) -> ScAddress {
        returned_address(&self.net.soroban(&self.issuer, deploy_asset(&self.asset)))
    }

    /// Simulates a call of `source` and gives the contract's error.
    fn refused(&self, source: &Key, body: OperationBody) -> String {
        self.net.simulate(&self.net.tx(source, vec![op(body)])).error.expect("is refused")
    }
}

fn clawback_of(results: &[OperationResult]) -> ClawbackResult {
    let OperationResult::OpInner(OperationResultTr::Clawback(code)) = &results[0] else {
        panic!("{results:?}")
    };
    code.clone()
}

fn assert_error(error: &str, code: u32) {
    assert!(error.starts_with(&format!("HostError: Error(Contract, #{code})")), "{error}");
}

fn vault() -> ScAddress {
    ScAddress::Contract(ContractId(Hash([3; 32])))
}

/// Topics and data of the event the record's operation emitted.
fn event(record: &TxRecord) -> (Vec<ScVal>, ScVal) {
    let found = record.events.iter().find(|event| event.stage == EventStage::Operation(0));
    let ContractEventBody::V0(body) = found.unwrap().event.body.clone();
    (body.topics.to_vec(), body.data)
}

fn symbol(name: &str) -> ScVal {
    ScVal::Symbol(name.try_into().unwrap())
}

#[test]
fn a_frozen_holder_neither_pays_nor_is_paid() {
    let market = Market::with_money(REVOCABLE);
    let (issuer, ada, ben) = (&market.issuer, &market.ada, &market.ben);
    let frozen = market.set(ada, 0, AUTHORIZED);
    let (topics, data) = event(&frozen);
    assert_eq!(topics[..2], [symbol("set_authorized"), ada.address()]);
    assert_eq!(data, ScVal::Bool(false));
    assert_eq!(market.pay_code(ada, ben, 1), PaymentResult::SrcNotAuthorized);
    assert_eq!(market.pay_code(issuer, ada, 1), PaymentResult::NotAuthorized);
    // Not even back to the issuer.
    assert_eq!(market.pay_code(ada, issuer, 1), PaymentResult::SrcNotAuthorized);
    // To keep what one has is not to move it.
    market.set(ada, MAINTAIN, 0);
    assert_eq!(market.line(ada).flags, MAINTAIN);
    assert_eq!(market.pay_code(ada, ben, 1), PaymentResult::SrcNotAuthorized);
    market.set(ada, AUTHORIZED, MAINTAIN);
    market.pay(ada, ben, 1);
    assert_eq!(market.line(ada).balance, 499);
}

#[test]
fn authorisation_is_taken_only_by_who_said_so() {
    let market = Market::with_money(0);
    let (issuer, ada) = (&market.issuer, &market.ada);
    assert_eq!(market.set_code(ada, 0, AUTHORIZED), SetTrustLineFlagsResult::CantRevoke);
    assert_eq!(market.set_code(ada, MAINTAIN, AUTHORIZED), SetTrustLineFlagsResult::CantRevoke);
    let stranger = market.net.fund("stranger", 10);
    assert_eq!(market.set_code(&stranger, AUTHORIZED, 0), SetTrustLineFlagsResult::NoTrustLine);
    // Both at once is no state of a line.
    assert_eq!(market.set_code(ada, MAINTAIN, 0), SetTrustLineFlagsResult::InvalidState);
    for (set, clear) in
        [(AUTHORIZED | MAINTAIN, 0), (AUTHORIZED, AUTHORIZED), (CLAWBACK_LINE, 0), (8, 0), (0, 8)]
    {
        assert_eq!(market.set_code(ada, set, clear), SetTrustLineFlagsResult::Malformed);
    }
    assert_eq!(market.set_code(issuer, AUTHORIZED, 0), SetTrustLineFlagsResult::Malformed);
    assert_eq!(market.line(ada).flags, AUTHORIZED);
}

#[test]
fn account_flags_follow_their_rules() {
    let net = Net::new();
    let issuer = net.fund("issuer", 10);
    let set = |set_flags: Option<u32>, clear_flags: Option<u32>| {
        let options = SetOptionsOp { set_flags, clear_flags, ..no_options() };
        op(OperationBody::SetOptions(options))
    };
    let code = |results: &[OperationResult]| {
        let OperationResult::OpInner(OperationResultTr::SetOptions(code)) = &results[0] else {
            panic!("{results:?}")
        };
        code.clone()
    };
    let alone = net.fail(&issuer, vec![set(Some(CLAWBACK), None)], &[&issuer]);
    assert_eq!(code(&alone), SetOptionsResult::AuthRevocableRequired);
    net.succeed(&issuer, vec![set(Some(CLAWBACK | REVOCABLE), None)], &[&issuer]);
    let without = net.fail(&issuer, vec![set(None, Some(REVOCABLE))], &[&issuer]);
    assert_eq!(code(&without), SetOptionsResult::AuthRevocableRequired);
    for (flags, cleared, expected) in [
        (Some(16), None, SetOptionsResult::UnknownFlag),
        (Some(REQUIRED), Some(REQUIRED), SetOptionsResult::BadFlags),
    ] {
        let refused = net.refuse(&issuer, vec![set(flags, cleared)], &[&issuer]);
        let TransactionResultResult::TxFailed(results) = refused else { panic!("{refused:?}") };
        assert_eq!(code(&results), expected);
    }
    net.succeed(&issuer, vec![set(Some(IMMUTABLE), None)], &[&issuer]);
    for flag in [REQUIRED, REVOCABLE, IMMUTABLE, CLAWBACK] {
        let frozen = net.fail(&issuer, vec![set(None, Some(flag))], &[&issuer]);
        assert_eq!(code(&frozen), SetOptionsResult::CantChange, "flag {flag}");
    }
    assert_eq!(net.account(&issuer).unwrap().flags, REVOCABLE | CLAWBACK | IMMUTABLE);
}

#[test]
fn an_issuer_claws_back_what_it_may() {
    let market = Market::with_money(REVOCABLE | CLAWBACK);
    let (issuer, ada, ben) = (&market.issuer, &market.ada, &market.ben);
    assert_eq!(market.line(ada).flags, AUTHORIZED | CLAWBACK_LINE);
    let record = market.net.succeed(issuer, vec![market.clawback_op(ada, 200)], &[issuer]);
    assert_eq!(market.line(ada).balance, 300);
    let (topics, data) = event(&record);
    assert_eq!(topics[..2], [symbol("clawback"), ada.address()]);
    assert_eq!(topics.len(), 3);
    assert_eq!(data, i128(200));
    assert_eq!(market.clawback_code(ada, 301), ClawbackResult::Underfunded);
    assert_eq!(market.clawback_code(&Key::new("nobody"), 1), ClawbackResult::NoTrust);
    // A frozen holder's money can be taken, too.
    market.set(ada, 0, AUTHORIZED);
    market.net.succeed(issuer, vec![market.clawback_op(ada, 300)], &[issuer]);
    assert_eq!(market.line(ada).balance, 0);
    // The right can be given up line by line, and not be had back.
    market.set(ben, 0, CLAWBACK_LINE);
    market.pay(issuer, ben, 10);
    assert_eq!(market.clawback_code(ben, 1), ClawbackResult::NotClawbackEnabled);
}

#[test]
fn clawback_is_for_the_issuer_alone() {
    let market = Market::with_money(REVOCABLE | CLAWBACK);
    let refused = |source: &Key, operation: Operation| {
        let refused = market.net.refuse(source, vec![operation], &[source]);
        let TransactionResultResult::TxFailed(results) = refused else { panic!("{refused:?}") };
        clawback_of(&results)
    };
    let malformed = ClawbackResult::Malformed;
    assert_eq!(refused(&market.ben, market.clawback_op(&market.ada, 1)), malformed);
    assert_eq!(refused(&market.issuer, market.clawback_op(&market.issuer, 1)), malformed);
    assert_eq!(refused(&market.issuer, market.clawback_op(&market.ada, 0)), malformed);
    let native = ClawbackOp { asset: Asset::Native, from: market.ada.muxed(), amount: 1 };
    assert_eq!(refused(&market.issuer, op(OperationBody::Clawback(native))), malformed);
    assert_eq!(market.line(&market.ada).balance, 500);
}

#[test]
fn a_line_made_before_the_flag_cannot_be_clawed_back() {
    let market = Market::with_money(0);
    let options = SetOptionsOp { set_flags: Some(REVOCABLE | CLAWBACK), ..no_options() };
    let issuer = &market.issuer;
    market.net.succeed(issuer, vec![op(OperationBody::SetOptions(options))], &[issuer]);
    assert_eq!(market.clawback_code(&market.ada, 1), ClawbackResult::NotClawbackEnabled);
}

#[test]
fn the_assets_contract_refuses_whom_the_issuer_froze() {
    let market = Market::with_money(REVOCABLE);
    let (ada, ben) = (&market.ada, &market.ben);
    let sac = market.deploy();
    let transfer = |from: ScVal, to: ScVal, amount| call(&sac, "transfer", vec![from, to, amount]);
    market.set(ben, 0, AUTHORIZED);
    // 11: the balance is deauthorised, at either end.
    assert_error(&market.refused(ada, transfer(ada.address(), ben.address(), i128(1))), 11);
    assert_error(&market.refused(ben, transfer(ben.address(), ada.address(), i128(1))), 11);
    // The contract's own function thaws as the operation does.
    let thaw = call(&sac, "set_authorized", vec![ben.address(), ScVal::Bool(true)]);
    let record = market.net.soroban(&market.issuer, thaw);
    assert!(record.is_successful());
    assert_eq!(event(&record).0[..2], [symbol("set_authorized"), ben.address()]);
    assert_eq!(market.line(ben).flags, AUTHORIZED);
    assert!(
        market.net.soroban(ada, transfer(ada.address(), ben.address(), i128(7))).is_successful()
    );
    assert_eq!(market.line(ben).balance, 7);
    // And freezes.
    let freeze = call(&sac, "set_authorized", vec![ben.address(), ScVal::Bool(false)]);
    assert!(market.net.soroban(&market.issuer, freeze.clone()).is_successful());
    assert_eq!(market.pay_code(ada, ben, 1), PaymentResult::NotAuthorized);
    // It is the issuer's alone: nobody else's transaction carries the issuer's consent.
    let tx = market.net.assemble(ada, freeze);
    let record = market.net.record(&market.net.send(market.net.sign(tx, &[ada])));
    assert!(!record.is_successful());
}

#[test]
fn a_transfer_frozen_after_it_was_simulated_fails_in_the_ledger() {
    let market = Market::with_money(REVOCABLE);
    let (ada, ben) = (&market.ada, &market.ben);
    let sac = market.deploy();
    let body = call(&sac, "transfer", vec![ada.address(), ben.address(), i128(9)]);
    let tx = market.net.assemble(ada, body);
    market.set(ben, 0, AUTHORIZED);
    let record = market.net.record(&market.net.send(market.net.sign(tx, &[ada])));
    let TransactionResultResult::TxFailed(results) = &record.result.result else {
        panic!("{:?}", record.result.result)
    };
    let trapped = OperationResultTr::InvokeHostFunction(InvokeHostFunctionResult::Trapped);
    assert_eq!(results[0], OperationResult::OpInner(trapped));
    assert_eq!((market.line(ada).balance, market.line(ben).balance), (500, 0));
}

#[test]
fn the_assets_contract_knows_limits_and_missing_lines() {
    let market = Market::with_flags(0);
    let (issuer, ada, ben) = (&market.issuer, &market.ada, &market.ben);
    let stranger = market.net.fund("stranger", 10);
    market.pay(issuer, ada, 1_000);
    market.pay(issuer, ben, 300);
    let sac = market.deploy();
    let to = |to: &Key, amount| {
        let args = vec![ada.address(), to.address(), i128(amount)];
        call(&sac, "transfer", args)
    };
    // 10: over the limit, or more than there is; 13: no trustline.
    assert_error(&market.refused(ada, to(ben, 701)), 10);
    assert_error(&market.refused(ada, to(&stranger, 1)), 13);
    assert!(market.net.soroban(ada, to(ben, 700)).is_successful());
    assert_eq!(market.line(ben).balance, 1_000);
    assert_error(&market.refused(ada, to(issuer, 301)), 10);
}

#[test]
fn a_contracts_balance_is_clawed_back_through_the_assets_contract() {
    let market = Market::with_money(REVOCABLE | CLAWBACK);
    let (issuer, ada) = (&market.issuer, &market.ada);
    let sac = market.deploy();
    let vault = ScVal::Address(vault());
    let to_vault =
        |amount| call(&sac, "transfer", vec![ada.address(), vault.clone(), i128(amount)]);
    assert!(market.net.soroban(ada, to_vault(400)).is_successful());
    let balance = || {
        let record = market.net.soroban(issuer, call(&sac, "balance", vec![vault.clone()]));
        returned(&record)
    };
    let clawback = |amount| call(&sac, "clawback", vec![vault.clone(), i128(amount)]);
    assert_error(&market.refused(issuer, clawback(401)), 10);
    let record = market.net.soroban(issuer, clawback(150));
    assert!(record.is_successful());
    let (topics, data) = event(&record);
    assert_eq!(topics[..2], [symbol("clawback"), vault.clone()]);
    assert_eq!(data, i128(150));
    assert_eq!(balance(), i128(250));
    // Frozen, it can still be clawed back, and receives nothing.
    let freeze = call(&sac, "set_authorized", vec![vault.clone(), ScVal::Bool(false)]);
    assert!(market.net.soroban(issuer, freeze).is_successful());
    assert_error(&market.refused(ada, to_vault(1)), 11);
    assert!(market.net.soroban(issuer, clawback(250)).is_successful());
    assert_eq!(balance(), i128(0));
    // From an account, through the same function.
    let from_ada = call(&sac, "clawback", vec![ada.address(), i128(100)]);
    assert!(market.net.soroban(issuer, from_ada).is_successful());
    assert_eq!(market.line(ada).balance, 0);
}

#[test]
fn a_contract_needs_authorisation_where_it_is_required() {
    let market = Market::with_flags(REQUIRED | REVOCABLE);
    let (issuer, ada) = (&market.issuer, &market.ada);
    market.set(ada, AUTHORIZED, 0);
    market.pay(issuer, ada, 10);
    let sac = market.deploy();
    let vault = ScVal::Address(vault());
    let transfer = call(&sac, "transfer", vec![ada.address(), vault.clone(), i128(10)]);
    assert_error(&market.refused(ada, transfer.clone()), 11);
    let allow = call(&sac, "set_authorized", vec![vault, ScVal::Bool(true)]);
    assert!(market.net.soroban(issuer, allow).is_successful());
    assert!(market.net.soroban(ada, transfer).is_successful());
}

#[test]
fn without_the_flag_nothing_is_clawed_back_from_a_contract() {
    let market = Market::with_money(0);
    let sac = market.deploy();
    let vault = ScVal::Address(vault());
    let transfer = call(&sac, "transfer", vec![market.ada.address(), vault.clone(), i128(10)]);
    assert!(market.net.soroban(&market.ada, transfer).is_successful());
    let clawback = call(&sac, "clawback", vec![vault.clone(), i128(1)]);
    assert_error(&market.refused(&market.issuer, clawback), 10);
    // 2: not supported, since the issuer cannot revoke.
    let freeze = call(&sac, "set_authorized", vec![vault, ScVal::Bool(false)]);
    assert_error(&market.refused(&market.issuer, freeze), 2);
}
