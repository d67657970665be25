//! What an effect is on this chain: which account acts, who signs, which operations or which call.
//!
//! Preparing builds a plan into a transaction; verifying holds a decoded transaction against it.
use kolo_core::Asset;
use kolo_core::port::PortError;
use kolo_core::port::chain::{ChainAddress, ChainEffect};
use kolo_core::port::vault::PublicKey;
use kolo_rules::Amount;
use stellar_xdr::{
    AccountId, ContractId, InvokeContractArgs, ScAddress, ScVal, SorobanAuthorizedFunction,
    SorobanAuthorizedInvocation,
};

use crate::address::{
    account_id, contract_id, invalid, key_of, sc_address, sha256, to_xdr, xdr_asset,
};
use crate::config::{KnownAsset, Network, known_asset};
use crate::lifetime::Rent;
use crate::scval::{address, amount, bytes, option_address, option_u32, symbol, vec as list_of};
use crate::two;

/// What an effect is on this chain.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    /// Sponsored account with a trustline, or the trustline alone; without an asset, the account alone.
    Open { owner: AccountId, asset: Option<stellar_xdr::Asset> },
    /// A sponsored trustline of an account that is there.
    Trust { owner: AccountId, asset: stellar_xdr::Asset },
    /// A classic payment between accounts.
    Pay { from: AccountId, to: AccountId, asset: stellar_xdr::Asset, amount: Amount },
    /// The trustlines given up, the account merged away.
    Close { owner: AccountId, assets: Vec<stellar_xdr::Asset>, to: AccountId },
    /// The sponsor takes the reserves back.
    Unsponsor { owner: AccountId, assets: Vec<stellar_xdr::Asset> },
    /// A contract call.
    Call(Call),
    /// Rent of entries that are about to be archived.
    Prolong(Rent),
}

/// A call of one contract's function by one account.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub source: AccountId,
    pub contract: ContractId,
    pub function: Function,
    /// Name and value, in order.
    pub args: Vec<(&'static str, ScVal)>,
    pub auth: Auth,
    /// Who else must authorise it, apart from the transaction.
    pub other: Option<Consent>,
    /// Of what money moves in it; `None`: none does.
    pub asset: Option<ContractId>,
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// A function of this name.
    Named(&'static str),
    /// The circle's `act`, with this step of its rulebook's.
    Step(&'static str),
}

/// What somebody beside the source account must authorise.
#[derive(Clone, Debug)]
pub(crate) struct Consent {
    pub by: AccountId,
    pub auth: Auth,
}

/// What somebody must authorise; the source account does by being the source.
#[derive(Clone, Debug)]
pub(crate) enum Auth {
    /// Nothing: anyone may call.
    Nothing,
    /// The call itself and nothing below it.
    Call,
    /// The call, and in it one transfer from them to the contract.
    CallAndTransfer(Amount),
    /// The call, and in it one transfer from them to another account.
    CallAndPay(AccountId, Amount),
}

impl Plan {
    pub fn of(network: &Network, effect: &ChainEffect) -> Result<Self, PortError> {
        match effect {
            ChainEffect::OpenAccount { owner, asset } => Ok(Self::Open {
                owner: account_id(owner)?,
                asset: Some(known_asset(network.id, asset)?.xdr),
            }),
            ChainEffect::OpenTrustline { owner, asset } => Ok(Self::Trust {
                owner: account_id(owner)?,
                asset: known_asset(network.id, asset)?.xdr,
            }),
            ChainEffect::OpenChannel { channel } => {
                Ok(Self::Open { owner: account_id(channel)?, asset: None })
            }
            ChainEffect::Pay { from, to, asset, amount } => {
                pay(from, to, &known_asset(network.id, asset)?, *amount)
            }
            ChainEffect::Prolong { circle, asset } => {
                Ok(Self::Prolong(Rent::of(network, circle.as_ref(), asset)?))
            }
            ChainEffect::ByChannel { channel, call } => Self::by_channel(network, channel, call),
            ChainEffect::CloseAccount { owner, assets, to } => Ok(Self::Close {
                owner: account_id(owner)?,
                assets: xdr_assets(assets)?,
                to: account_id(to)?,
            }),
            ChainEffect::LeaveSponsorship { owner, assets } => {
                Ok(Self::Unsponsor { owner: account_id(owner)?, assets: xdr_assets(assets)? })
            }
            other => Ok(Self::Call(call(network, other)?)),
        }
    }

    /// What nobody signs for, under another account than the keeper.
    fn by_channel(
        network: &Network,
        channel: &ChainAddress,
        effect: &ChainEffect,
    ) -> Result<Self, PortError> {
        // No channel within a channel: an effect's depth is nobody's to choose.
        if matches!(effect, ChainEffect::ByChannel { .. }) {
            return Err(unknown());
        }
        let source = account_id(channel)?;
        match Self::of(network, effect)? {
            Self::Call(call @ Call { auth: Auth::Nothing, other: None, .. }) => {
                Ok(Self::Call(Call { source, ..call }))
            }
            Self::Prolong(rent) => Ok(Self::Prolong(Rent { source, ..rent })),
            _ => Err(invalid("a channel sends only what nobody signs for")),
        }
    }

    /// The account the transaction runs under.
    pub fn source(&self, network: &Network) -> AccountId {
        match self {
            Self::Open { .. } | Self::Trust { .. } | Self::Unsponsor { .. } => network.sponsor(),
            Self::Pay { from: owner, .. } | Self::Close { owner, .. } => owner.clone(),
            Self::Call(call) => call.source.clone(),
            Self::Prolong(rent) => rent.source.clone(),
        }
    }

    /// Whose signatures it needs, source first.
    pub fn signers(&self, network: &Network) -> Vec<PublicKey> {
        let mut signers = vec![key_of(&self.source(network))];
        if let Self::Open { owner, .. } | Self::Trust { owner, .. } = self {
            signers.push(key_of(owner));
        }
        signers
    }
}

fn pay(
    from: &ChainAddress,
    to: &ChainAddress,
    asset: &KnownAsset,
    money: Amount,
) -> Result<Plan, PortError> {
    if !money.is_positive() {
        return Err(invalid("a payment is more than nothing"));
    }
    let from = account_id(from)?;
    match sc_address(to)? {
        ScAddress::Account(to) => {
            Ok(Plan::Pay { from, to, asset: asset.xdr.clone(), amount: money })
        }
        // A classic payment cannot reach a contract; the asset's own contract can.
        to => Ok(Plan::Call(Call {
            contract: asset.contract.clone(),
            function: Function::Named("transfer"),
            args: vec![
                ("from", address(&ScAddress::Account(from.clone()))),
                ("to", address(&to)),
                ("amount", amount(money)),
            ],
            auth: Auth::Call,
            other: None,
            asset: None,
            source: from,
        })),
    }
}

fn call(network: &Network, effect: &ChainEffect) -> Result<Call, PortError> {
    match effect {
        ChainEffect::CreateCircle { .. } => create(network, effect),
        ChainEffect::Payout { circle, round } => anyone(
            network,
            circle,
            Function::Named("payout"),
            vec![("round", u32::from(*round).into())],
        ),
        ChainEffect::Push { circle, member } => {
            anyone(network, circle, Function::Step("Push"), vec![named_member(member)?])
        }
        ChainEffect::Claim { circle, member } => {
            anyone(network, circle, Function::Step("Claim"), vec![named_member(member)?])
        }
        ChainEffect::Reveal { circle, member, secret } => {
            let args = vec![named_member(member)?, ("secret", bytes(&secret.0)?)];
            anyone(network, circle, Function::Step("Reveal"), args)
        }
        ChainEffect::Proceed { circle } => {
            anyone(network, circle, Function::Step("Proceed"), vec![])
        }
        ChainEffect::Sync { circle } => anyone(network, circle, Function::Step("Sync"), vec![]),
        ChainEffect::CompleteMove { circle, member } => {
            anyone(network, circle, Function::Step("CompleteMove"), vec![named_member(member)?])
        }
        ChainEffect::Upgrade { circle, wasm } => {
            anyone(network, circle, Function::Step("Upgrade"), vec![("wasm", bytes(wasm)?)])
        }
        ChainEffect::Swap { .. } | ChainEffect::Replace { .. } => two::call(network, effect),
        ChainEffect::Invite { .. }
        | ChainEffect::RevokeInvitation { .. }
        | ChainEffect::Remove { .. }
        | ChainEffect::Start { .. }
        | ChainEffect::Cancel { .. }
        | ChainEffect::Approve { .. }
        | ChainEffect::Reject { .. } => organisers(effect),
        ChainEffect::Commit { .. }
        | ChainEffect::Secure { .. }
        | ChainEffect::Contribute { .. }
        | ChainEffect::Repay { .. } => payments(network, effect),
        _ => members(effect),
    }
}

fn create(network: &Network, effect: &ChainEffect) -> Result<Call, PortError> {
    let ChainEffect::CreateCircle { organiser, salt, rules, organiser_turn } = effect else {
        return Err(unknown());
    };
    Ok(Call {
        source: account_id(organiser)?,
        contract: network.factory.clone(),
        function: Function::Named("create"),
        args: vec![
            ("organiser", address(&sc_address(organiser)?)),
            ("salt", bytes(salt)?),
            ("rules", bytes(&rules.encode())?),
            ("organiser_turn", option_u32(*organiser_turn)),
        ],
        auth: Auth::Call,
        other: None,
        asset: None,
    })
}

fn anyone(
    network: &Network,
    circle: &ChainAddress,
    function: Function,
    args: Vec<(&'static str, ScVal)>,
) -> Result<Call, PortError> {
    Ok(Call {
        source: network.keeper(),
        contract: contract_id(circle)?,
        function,
        args,
        auth: Auth::Nothing,
        other: None,
        asset: None,
    })
}

fn named_member(member: &ChainAddress) -> Result<(&'static str, ScVal), PortError> {
    Ok(("member", address(&sc_address(member)?)))
}

/// What a member commits to for a draw: SHA-256(circle ‖ member ‖ secret), the circle as its 32 bytes,
/// the member as the network writes an address.
fn commitment(
    circle: &ChainAddress,
    member: &ChainAddress,
    secret: &[u8; 32],
) -> Result<[u8; 32], PortError> {
    let mut preimage = contract_id(circle)?.0.0.to_vec();
    preimage.extend(to_xdr(&sc_address(member)?)?);
    preimage.extend(secret);
    Ok(sha256(&preimage))
}

fn organisers(effect: &ChainEffect) -> Result<Call, PortError> {
    let (circle, organiser, function, args) = match effect {
        ChainEffect::Invite { circle, organiser, key, turn, expires_at } => {
            let args = vec![
                ("address", ScVal::Void),
                ("key", bytes(&key.0)?),
                ("turn", option_u32(*turn)),
                ("expires_at", expires_at.unix().into()),
            ];
            (circle, organiser, Function::Step("Invite"), args)
        }
        ChainEffect::RevokeInvitation { circle, organiser, key } => {
            let args = vec![("address", ScVal::Void), ("key", bytes(&key.0)?)];
            (circle, organiser, Function::Step("Revoke"), args)
        }
        ChainEffect::Remove { circle, organiser, member } => {
            (circle, organiser, Function::Step("Remove"), vec![named_member(member)?])
        }
        ChainEffect::Start { circle, organiser } => {
            (circle, organiser, Function::Step("Start"), vec![])
        }
        ChainEffect::Cancel { circle, organiser } => {
            (circle, organiser, Function::Step("Cancel"), vec![])
        }
        ChainEffect::Approve { circle, organiser, member, turn } => {
            let args = vec![named_member(member)?, ("turn", option_u32(*turn))];
            (circle, organiser, Function::Step("Approve"), args)
        }
        ChainEffect::Reject { circle, organiser, member } => {
            (circle, organiser, Function::Step("Reject"), vec![named_member(member)?])
        }
        _ => return Err(unknown()),
    };
    Ok(Call {
        source: account_id(organiser)?,
        contract: contract_id(circle)?,
        function,
        args,
        auth: Auth::Call,
        other: None,
        asset: None,
    })
}

/// Calls by which a member pays into the circle.
fn payments(network: &Network, effect: &ChainEffect) -> Result<Call, PortError> {
    let (circle, member, function, (money, asset), rest) = match effect {
        ChainEffect::Contribute { circle, member, round, amount: money, asset } => {
            let rest = vec![("round", u32::from(*round).into()), ("amount", amount(*money))];
            (circle, member, Function::Named("contribute"), (*money, asset), rest)
        }
        ChainEffect::Repay { circle, member, amount: money, asset } => {
            let rest = vec![("amount", amount(*money))];
            (circle, member, Function::Step("Repay"), (*money, asset), rest)
        }
        ChainEffect::Secure { circle, member, amount: money, asset } => {
            let rest = vec![("amount", amount(*money))];
            (circle, member, Function::Step("Secure"), (*money, asset), rest)
        }
        ChainEffect::Commit { circle, member, secret, bond, asset } => {
            let commitment = commitment(circle, member, &secret.0)?;
            let rest = vec![("commitment", bytes(&commitment)?)];
            (circle, member, Function::Step("Commit"), (*bond, asset), rest)
        }
        _ => return Err(unknown()),
    };
    let call = by_member(circle, member, function, rest, Auth::CallAndTransfer(money))?;
    Ok(Call { asset: Some(known_asset(network.id, asset)?.contract), ..call })
}

/// Calls by which a member moves no money.
fn members(effect: &ChainEffect) -> Result<Call, PortError> {
    let (circle, member, function, rest) = match effect {
        ChainEffect::Join { circle, member, rules_hash, turn, key, signature } => {
            let rest = vec![
                ("rules_hash", bytes(rules_hash)?),
                ("turn", option_u32(*turn)),
                ("key", bytes(&key.0)?),
                ("signature", bytes(&signature.0)?),
            ];
            (circle, member, Function::Step("Join"), rest)
        }
        ChainEffect::Request { circle, member, rules_hash } => {
            (circle, member, Function::Step("Request"), vec![("rules_hash", bytes(rules_hash)?)])
        }
        ChainEffect::Leave { circle, member } => (circle, member, Function::Step("Leave"), vec![]),
        ChainEffect::Bid { circle, member, round, amount: asked } => {
            let rest = vec![("round", u32::from(*round).into()), ("amount", amount(*asked))];
            (circle, member, Function::Step("Bid"), rest)
        }
        ChainEffect::ClaimInsurance { circle, member, round, defaulter, amount: claimed } => {
            let rest = vec![
                ("round", u32::from(*round).into()),
                ("defaulter", address(&sc_address(defaulter)?)),
                ("amount", amount(*claimed)),
            ];
            (circle, member, Function::Step("ClaimInsurance"), rest)
        }
        ChainEffect::Exit { circle, member } => (circle, member, Function::Step("Exit"), vec![]),
        ChainEffect::Object { circle, member } => {
            (circle, member, Function::Step("Object"), vec![])
        }
        ChainEffect::SignUpgrade { circle, member, wasm } => {
            (circle, member, Function::Step("SignUpgrade"), vec![("wasm", bytes(wasm)?)])
        }
        ChainEffect::Propose { circle, member, motion, subject, newcomer } => {
            let subject = subject.as_ref().map(sc_address).transpose()?;
            let newcomer = newcomer.as_ref().map(sc_address).transpose()?;
            let rest = vec![
                ("motion", (*motion as u32).into()),
                ("subject", option_address(subject.as_ref())),
                ("newcomer", option_address(newcomer.as_ref())),
            ];
            (circle, member, Function::Step("Propose"), rest)
        }
        ChainEffect::Vote { circle, member, proposal, approve } => {
            let rest = vec![("proposal", (*proposal).into()), ("approve", (*approve).into())];
            (circle, member, Function::Step("Vote"), rest)
        }
        _ => return Err(unknown()),
    };
    by_member(circle, member, function, rest, Auth::Call)
}

fn by_member(
    circle: &ChainAddress,
    member: &ChainAddress,
    function: Function,
    rest: Vec<(&'static str, ScVal)>,
    auth: Auth,
) -> Result<Call, PortError> {
    let mut args = vec![named_member(member)?];
    args.extend(rest);
    let (source, contract) = (account_id(member)?, contract_id(circle)?);
    Ok(Call { source, contract, function, args, auth, other: None, asset: None })
}

/// In the network's form, each once.
fn xdr_assets(assets: &[Asset]) -> Result<Vec<stellar_xdr::Asset>, PortError> {
    let mut found = Vec::new();
    for asset in assets {
        let asset = xdr_asset(asset)?;
        if !found.contains(&asset) {
            found.push(asset);
        }
    }
    Ok(found)
}

pub(crate) fn unknown() -> PortError {
    invalid("this version of the Stellar client does not know the effect: update kolo-stellar")
}

impl Call {
    /// The arguments as the network takes them.
    pub fn invocation(&self) -> Result<InvokeContractArgs, PortError> {
        let args: Vec<ScVal> = self.args.iter().map(|(_, value)| value.clone()).collect();
        match self.function {
            Function::Named(name) => invoke(&self.contract, name, args),
            Function::Step(name) => {
                let name = ScVal::Symbol(symbol(name)?);
                let step = [vec![name], args].concat();
                invoke(&self.contract, "act", vec![list_of(step)?])
            }
        }
    }

    /// What the source account must authorise.
    pub fn authorisation(&self) -> Result<Option<SorobanAuthorizedInvocation>, PortError> {
        self.tree(&self.source, &self.auth)
    }

    /// What the other one must authorise.
    pub fn consent(&self) -> Result<Option<SorobanAuthorizedInvocation>, PortError> {
        match &self.other {
            Some(other) => self.tree(&other.by, &other.auth),
            None => Ok(None),
        }
    }

    fn tree(
        &self,
        by: &AccountId,
        auth: &Auth,
    ) -> Result<Option<SorobanAuthorizedInvocation>, PortError> {
        let paid = match auth {
            Auth::Nothing => return Ok(None),
            Auth::Call => None,
            Auth::CallAndTransfer(money) => {
                Some((ScAddress::Contract(self.contract.clone()), *money))
            }
            Auth::CallAndPay(to, money) => Some((ScAddress::Account(to.clone()), *money)),
        };
        let mut below = Vec::new();
        if let Some((to, money)) = paid {
            // Of what the effect names, on the host's list or not: a circle outlives a change of the list.
            let asset = self.asset.as_ref();
            let asset = asset.ok_or_else(|| invalid("a payment does not say of which asset"))?;
            let transfer = invoke(
                asset,
                "transfer",
                vec![address(&ScAddress::Account(by.clone())), address(&to), amount(money)],
            )?;
            below.push(SorobanAuthorizedInvocation {
                function: SorobanAuthorizedFunction::ContractFn(transfer),
                sub_invocations: vec![].try_into().map_err(|e| list(&e))?,
            });
        }
        Ok(Some(SorobanAuthorizedInvocation {
            function: SorobanAuthorizedFunction::ContractFn(self.invocation()?),
            sub_invocations: below.try_into().map_err(|e| list(&e))?,
        }))
    }
}

fn invoke(
    contract: &ContractId,
    function: &str,
    args: Vec<ScVal>,
) -> Result<InvokeContractArgs, PortError> {
    Ok(InvokeContractArgs {
        contract_address: ScAddress::Contract(contract.clone()),
        function_name: symbol(function)?,
        args: args.try_into().map_err(|e| list(&e))?,
    })
}

fn list(error: &stellar_xdr::Error) -> PortError {
    invalid(format!("a list does not fit the network's format: {error}"))
}
