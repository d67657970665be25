use std::{
    cell::{Cell, OnceCell},
    rc::Rc,
};

use ed25519_dalek::{Signer, SigningKey};
use kolo_circle::{CircleContract, RULEBOOK};
use kolo_contract_common::{PERSON, unpack};
use kolo_rulebook::RulebookContract;
use kolo_rules::Rules;
use soroban_sdk::{
    Address, Bytes, BytesN, Env, Error, IntoVal, InvokeError, Symbol, TryFromVal, TryIntoVal, Val,
    Vec, contract, contractimpl,
    testutils::{
        Address as _, AuthorizedFunction, AuthorizedInvocation, EnvTestConfig, IssuerFlags,
        Ledger as _, StellarAssetContract,
    },
    token::TokenClient,
    xdr::{
        self, AccountEntry, AccountEntryExt, AccountId, Hash, HashIdPreimage,
        HashIdPreimageSorobanAuthorization, InvokeContractArgs, LedgerEntry, LedgerEntryData,
        LedgerEntryExt, LedgerKey, LedgerKeyAccount, LedgerKeyTrustLine, Limits, PublicKey,
        ScAddress, ScMap, ScSymbol, ScVal, ScVec, SequenceNumber, SorobanAddressCredentials,
        SorobanAuthorizationEntry, SorobanAuthorizedFunction, SorobanAuthorizedInvocation,
        SorobanCredentials, Thresholds, TrustLineAsset, TrustLineEntry, TrustLineEntryExt,
        TrustLineFlags, Uint256, WriteXdr,
    },
};

use crate::{CIRCLE_WASM, RULEBOOK_WASM};

/// When every world begins (Unix seconds): 2026-01-31 12:00 UTC.
pub const START: u64 = 1_769_860_800;

/// How a call failed: with a contract's error code, or in the host (a signature missing or wrong).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    Contract(u32),
    Host,
}

/// Somebody with a classic account and its master key, or with an account that is a contract.
#[derive(Clone)]
pub struct Person {
    key: Option<SigningKey>,
    pub address: Address,
}

/// One invocation, and those its signer allows inside it.
#[derive(Clone)]
pub struct Call {
    contract: Address,
    function: &'static str,
    args: Vec<Val>,
    inner: std::vec::Vec<Call>,
}

impl Call {
    #[must_use]
    pub fn new(contract: &Address, function: &'static str, args: Vec<Val>) -> Self {
        Self { contract: contract.clone(), function, args, inner: vec![] }
    }

    /// The same call, with one more invocation allowed inside it.
    #[must_use]
    pub fn with(mut self, inner: Self) -> Self {
        self.inner.push(inner);
        self
    }

    fn signed(&self, env: &Env) -> SorobanAuthorizedInvocation {
        let args: std::vec::Vec<ScVal> =
            self.args.iter().map(|arg| ScVal::try_from_val(env, &arg).unwrap()).collect();
        let function = SorobanAuthorizedFunction::ContractFn(InvokeContractArgs {
            contract_address: ScAddress::from(&self.contract),
            function_name: ScSymbol(self.function.try_into().unwrap()),
            args: args.try_into().unwrap(),
        });
        let inner: std::vec::Vec<_> = self.inner.iter().map(|call| call.signed(env)).collect();
        SorobanAuthorizedInvocation { function, sub_invocations: inner.try_into().unwrap() }
    }

    fn expected(&self, env: &Env) -> AuthorizedInvocation {
        let function = Symbol::new(env, self.function);
        AuthorizedInvocation {
            function: AuthorizedFunction::Contract((
                self.contract.clone(),
                function,
                self.args.clone(),
            )),
            sub_invocations: self.inner.iter().map(|call| call.expected(env)).collect(),
        }
    }
}

/// An account that is a contract.
#[contract]
struct ContractAccount;

#[contractimpl]
impl ContractAccount {
    #[allow(non_snake_case, reason = "the host calls it by this name")]
    pub fn __check_auth(_env: Env, _payload: Val, _signature: Val, _contexts: Val) {}
}

/// A network with one asset.
pub struct World {
    pub env: Env,
    pub asset: StellarAssetContract,
    /// The asset contract's address.
    pub token: Address,
    issuer: Person,
    nonce: Cell<i64>,
    people: Cell<u64>,
    /// Whoever has published a rulebook that is run as Rust, and as wasm.
    publishers: [OnceCell<Address>; 2],
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    #[must_use]
    pub fn new() -> Self {
        let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
        env.cost_estimate().disable_resource_limits();
        env.cost_estimate().budget().reset_unlimited();
        env.ledger().with_mut(|ledger| {
            ledger.timestamp = START;
            ledger.sequence_number = 1_000;
            ledger.min_persistent_entry_ttl = 120 * 17_280;
            ledger.max_entry_ttl = 180 * 17_280;
        });
        let issuer = new_person(&env, 0);
        let asset = env.register_stellar_asset_contract_v2(issuer.address.clone());
        for flag in [IssuerFlags::RevocableFlag, IssuerFlags::ClawbackEnabledFlag] {
            asset.issuer().set_flag(flag);
        }
        let token = asset.address();
        Self {
            env,
            asset,
            token,
            issuer,
            nonce: Cell::new(0),
            people: Cell::new(1),
            publishers: Default::default(),
        }
    }

    /// A circle that runs as Rust, with the rulebook it asks.
    pub fn circle(
        &self,
        organiser: &Address,
        rules: &Rules,
        organiser_turn: Option<u32>,
    ) -> Address {
        let args = self.founding(self.publisher(), organiser, rules, organiser_turn);
        self.env.register(CircleContract, args)
    }

    /// Whoever has published a rulebook that is run as Rust.
    pub fn publisher(&self) -> &Address {
        self.publishers[0].get_or_init(|| {
            let factory = Address::generate(&self.env);
            self.env.register_at(&self.rulebook_of(&factory), RulebookContract, ());
            factory
        })
    }

    /// A circle of the committed wasm, with the rulebook it asks.
    pub fn circle_of_wasm(
        &self,
        organiser: &Address,
        rules: &Rules,
        organiser_turn: Option<u32>,
    ) -> Address {
        let args = self.founding(self.publisher_of_wasm(), organiser, rules, organiser_turn);
        self.env.register(CIRCLE_WASM, args)
    }

    /// Whoever has published the committed rulebook.
    pub fn publisher_of_wasm(&self) -> &Address {
        self.publishers[1].get_or_init(|| {
            let factory = Address::generate(&self.env);
            self.env.register_at(&self.rulebook_of(&factory), RULEBOOK_WASM, ());
            factory
        })
    }

    /// What a circle's instance keeps under this number, while it is not finished.
    pub fn kept<T: TryFromVal<Env, Val>>(&self, circle: &Address, key: u32) -> T {
        let kept = self.env.as_contract(circle, || self.env.storage().instance().get(&key));
        kept.expect("the circle is not finished")
    }

    /// The encoded state of a circle, while there is one.
    #[must_use]
    pub fn state(&self, circle: &Address) -> Option<std::vec::Vec<u8>> {
        let storage = || self.env.storage().persistent().get(&4_u32);
        let state: Option<Bytes> = self.env.as_contract(circle, storage);
        state.map(|state| state.to_alloc_vec())
    }

    /// The members of a circle by seat, as it keeps them.
    #[must_use]
    pub fn seated(&self, circle: &Address) -> std::vec::Vec<Address> {
        let kept: Bytes = self.kept(circle, 3);
        let kept = kept.to_alloc_vec();
        let person = |one: &[u8]| unpack(&self.env, one.try_into().unwrap()).unwrap();
        kept.chunks_exact(PERSON).map(person).collect()
    }

    /// Where circles of a factory look for their rulebook.
    #[must_use]
    pub fn rulebook_of(&self, factory: &Address) -> Address {
        let salt = BytesN::from_array(&self.env, &RULEBOOK);
        self.env.deployer().with_address(factory.clone(), salt).deployed_address()
    }

    fn founding(
        &self,
        factory: &Address,
        organiser: &Address,
        rules: &Rules,
        organiser_turn: Option<u32>,
    ) -> (Address, Address, Address, BytesN<128>, Option<u32>) {
        let encoded = BytesN::from_array(&self.env, &rules.encode());
        let asset = kolo_contract_common::contract_address(&self.env, &rules.asset).unwrap();
        (factory.clone(), organiser.clone(), asset, encoded, organiser_turn)
    }

    /// Somebody with a trustline and so much of the asset.
    pub fn person(&self, balance: i64) -> Person {
        let person = self.person_without_trustline();
        self.set_trustline(&person, balance, i64::MAX);
        person
    }

    pub fn person_without_trustline(&self) -> Person {
        self.people.set(self.people.get() + 1);
        new_person(&self.env, self.people.get())
    }

    /// Somebody whose account is a contract; it accepts whatever it is asked.
    pub fn person_in_a_contract(&self) -> Person {
        Person { key: None, address: self.env.register(ContractAccount, ()) }
    }

    /// Gives a trustline, or replaces it.
    pub fn set_trustline(&self, person: &Person, balance: i64, limit: i64) {
        let key = self.trustline_key(person);
        let LedgerKey::Trustline(LedgerKeyTrustLine { account_id, asset }) = key.clone() else {
            unreachable!()
        };
        let entry = LedgerEntryData::Trustline(TrustLineEntry {
            account_id,
            asset,
            balance,
            limit,
            flags: TrustLineFlags::AuthorizedFlag as u32
                | TrustLineFlags::TrustlineClawbackEnabledFlag as u32,
            ext: TrustLineEntryExt::V0,
        });
        put(&self.env, key, entry);
    }

    /// The issuer freezes an account, or lets it go on.
    pub fn authorise(&self, address: &Address, authorised: bool) {
        let args = (address, authorised).into_val(&self.env);
        let call = Call::new(&self.token, "set_authorized", args);
        self.call(Some(&self.issuer), &call).unwrap();
    }

    /// The issuer takes from a contract's balance.
    pub fn claw_back(&self, from: &Address, amount: i64) {
        let args = (from, i128::from(amount)).into_val(&self.env);
        let call = Call::new(&self.token, "clawback", args);
        self.call(Some(&self.issuer), &call).unwrap();
    }

    /// The issuer gives to anybody, contracts too.
    pub fn mint(&self, to: &Address, amount: i64) {
        let args = (to, i128::from(amount)).into_val(&self.env);
        self.call(Some(&self.issuer), &Call::new(&self.token, "mint", args)).unwrap();
    }

    /// The asset contract's `transfer`.
    pub fn transfer(&self, from: &Address, to: &Address, amount: i64) -> Call {
        let args = (from, to, i128::from(amount)).into_val(&self.env);
        Call::new(&self.token, "transfer", args)
    }

    pub fn balance(&self, of: &Address) -> i64 {
        let balance = TokenClient::new(&self.env, &self.token).balance(of);
        i64::try_from(balance).unwrap()
    }

    pub fn set_time(&self, timestamp: u64) {
        self.env.ledger().set_timestamp(timestamp);
    }

    pub fn now(&self) -> u64 {
        self.env.ledger().timestamp()
    }

    /// Makes a call with one signature, or none, and asserts that exactly this was asked for.
    pub fn call(&self, signer: Option<&Person>, call: &Call) -> Result<Val, Failure> {
        let signatures: std::vec::Vec<_> =
            signer.iter().map(|person| (*person, call.clone())).collect();
        self.call_by(&signatures, call)
    }

    /// Makes a call that each of them signs with a tree of their own, and asserts that exactly these
    /// were asked for.
    pub fn call_by(&self, signatures: &[(&Person, Call)], call: &Call) -> Result<Val, Failure> {
        let entries: std::vec::Vec<_> =
            signatures.iter().map(|(person, tree)| self.sign(person, tree)).collect();
        let (outcome, asked) = self.submit(&entries, call);
        if outcome.is_ok() {
            let expected: std::vec::Vec<_> = signatures
                .iter()
                .map(|(person, tree)| (person.address.clone(), tree.expected(&self.env)))
                .collect();
            assert_eq!(asked, expected, "{} asked for another signature", call.function);
        }
        outcome
    }

    /// Makes a call with these signed entries, whoever made them. Says what it was asked for, too.
    pub fn submit(
        &self,
        entries: &[SorobanAuthorizationEntry],
        call: &Call,
    ) -> (Result<Val, Failure>, std::vec::Vec<(Address, AuthorizedInvocation)>) {
        self.env.set_auths(entries);
        let function = Symbol::new(&self.env, call.function);
        let outcome = self.env.try_invoke_contract::<Val, Error>(
            &call.contract,
            &function,
            call.args.clone(),
        );
        let asked = self.env.auths();
        self.env.set_auths(&[]);
        let outcome = match outcome {
            Ok(value) => Ok(value.unwrap()),
            Err(Ok(error)) => Err(failure(error.into())),
            Err(Err(error)) => Err(failure(error)),
        };
        (outcome, asked)
    }

    /// Makes a call that must fail.
    pub fn refusal(&self, signer: Option<&Person>, call: &Call) -> Failure {
        self.call(signer, call).map(|_| ()).expect_err("a call that must fail")
    }

    /// A signed entry for this tree, good for the next ten ledgers.
    pub fn sign(&self, person: &Person, call: &Call) -> SorobanAuthorizationEntry {
        self.nonce.set(self.nonce.get() + 1);
        let root_invocation = call.signed(&self.env);
        let expires = self.env.ledger().sequence() + 10;
        let preimage = HashIdPreimage::SorobanAuthorization(HashIdPreimageSorobanAuthorization {
            network_id: Hash(self.env.ledger().network_id().to_array()),
            nonce: self.nonce.get(),
            signature_expiration_ledger: expires,
            invocation: root_invocation.clone(),
        });
        let preimage = preimage.to_xdr(Limits::none()).unwrap();
        let preimage = Bytes::from_slice(&self.env, &preimage);
        let payload = self.env.crypto().sha256(&preimage).to_array();
        SorobanAuthorizationEntry {
            credentials: SorobanCredentials::Address(SorobanAddressCredentials {
                address: ScAddress::from(&person.address),
                nonce: self.nonce.get(),
                signature_expiration_ledger: expires,
                signature: person.account_signature(&payload),
            }),
            root_invocation,
        }
    }

    fn trustline_key(&self, person: &Person) -> LedgerKey {
        let xdr::Asset::CreditAlphanum4(asset) = self.asset.asset() else { unreachable!() };
        LedgerKey::Trustline(LedgerKeyTrustLine {
            account_id: AccountId::try_from(&person.address).unwrap(),
            asset: TrustLineAsset::CreditAlphanum4(asset),
        })
    }
}

impl Person {
    /// What an account's authorisation carries: a vector of public keys and signatures.
    fn account_signature(&self, payload: &[u8; 32]) -> ScVal {
        let Some(key) = &self.key else {
            return ScVal::Void;
        };
        let bytes = |bytes: &[u8]| ScVal::Bytes(bytes.to_vec().try_into().unwrap());
        let symbol = |name: &str| ScVal::Symbol(ScSymbol(name.try_into().unwrap()));
        let fields = std::vec![
            (symbol("public_key"), bytes(key.verifying_key().as_bytes())),
            (symbol("signature"), bytes(&key.sign(payload).to_bytes())),
        ];
        let map = ScVal::Map(Some(ScMap::sorted_from(fields).unwrap()));
        ScVal::Vec(Some(ScVec(std::vec![map].try_into().unwrap())))
    }
}

fn failure(error: InvokeError) -> Failure {
    match error {
        InvokeError::Contract(code) => Failure::Contract(code),
        InvokeError::Abort => Failure::Host,
    }
}

fn new_person(env: &Env, number: u64) -> Person {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    let key = SigningKey::from_bytes(&seed);
    let account_id =
        AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key.verifying_key().to_bytes())));
    let entry = LedgerEntryData::Account(AccountEntry {
        account_id: account_id.clone(),
        balance: 1_000_000_000,
        seq_num: SequenceNumber(1),
        num_sub_entries: 1,
        inflation_dest: None,
        flags: 0,
        home_domain: xdr::String32::default(),
        thresholds: Thresholds([1, 0, 0, 0]),
        signers: xdr::VecM::default(),
        ext: AccountEntryExt::V0,
    });
    put(env, LedgerKey::Account(LedgerKeyAccount { account_id: account_id.clone() }), entry);
    let address = ScVal::Address(ScAddress::Account(account_id)).try_into_val(env).unwrap();
    Person { key: Some(key), address }
}

fn put(env: &Env, key: LedgerKey, data: LedgerEntryData) {
    let entry = LedgerEntry { last_modified_ledger_seq: 1, data, ext: LedgerEntryExt::V0 };
    env.host().add_ledger_entry(&Rc::new(key), &Rc::new(entry), None).unwrap();
}
