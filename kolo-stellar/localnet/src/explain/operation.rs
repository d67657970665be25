//! Operations in words.

use stellar_xdr::{
    Asset, ChangeTrustOp, ContractIdPreimage, CreateContractArgsV2, HostFunction,
    InvokeContractArgs, ManageDataOp, MuxedAccount, Operation, OperationBody as Body, SetOptionsOp,
    VecM,
};

use super::value::{
    amount, asset, blob, code, executable, lumens, seven_decimals, short, short_account, text,
    trusted, words,
};
use super::{ExplainedOperation, Field};

/// A summary and the fields.
type Words = (String, Vec<Field>);

pub(super) fn explain(
    operation: &Operation,
    source: &str,
    result: Option<String>,
) -> ExplainedOperation {
    let own = operation.source_account.as_ref().map(ToString::to_string);
    let source = own.unwrap_or_else(|| source.to_owned());
    let (summary, fields) = classic(&operation.body, &source);
    ExplainedOperation { kind: kind(&operation.body), summary, source, fields, result }
}

fn kind(body: &Body) -> String {
    match body {
        Body::BeginSponsoringFutureReserves(_) => "begin sponsoring".to_owned(),
        Body::EndSponsoringFutureReserves => "end sponsoring".to_owned(),
        Body::InvokeHostFunction(invoke) => match &invoke.host_function {
            HostFunction::InvokeContract(_) => "invoke contract".to_owned(),
            HostFunction::UploadContractWasm(_) => "upload contract code".to_owned(),
            HostFunction::CreateContract(_) | HostFunction::CreateContractV2(_) => {
                "deploy contract".to_owned()
            }
        },
        other => words(other.name()),
    }
}

fn classic(body: &Body, source: &str) -> Words {
    match body {
        Body::CreateAccount(op) => {
            let balance = lumens(op.starting_balance);
            (
                format!("create account {} with {balance}", short_account(&op.destination)),
                vec![
                    Field::new("account", op.destination.to_string()),
                    Field::new("starting balance", balance),
                ],
            )
        }
        Body::Payment(op) => payment(source, &op.destination, op.amount, &op.asset),
        Body::ChangeTrust(op) => change_trust(op),
        Body::BeginSponsoringFutureReserves(op) => (
            format!(
                "{} sponsors the reserves of {}",
                short(source),
                short_account(&op.sponsored_id)
            ),
            vec![Field::new("sponsored", op.sponsored_id.to_string())],
        ),
        Body::EndSponsoringFutureReserves => {
            (format!("the sponsoring of {} ends", short(source)), Vec::new())
        }
        Body::AccountMerge(into) => (
            format!("merge account {} into {}", short(source), short(&into.to_string())),
            vec![Field::new("into", into.to_string())],
        ),
        Body::ManageData(op) => manage_data(op),
        Body::SetOptions(op) => ("set options of the account".to_owned(), options(op)),
        Body::SetTrustLineFlags(op) => (
            format!("set flags of the {} line of {}", code(&op.asset), short_account(&op.trustor)),
            vec![
                Field::new("holder", op.trustor.to_string()),
                Field::new("asset", asset(&op.asset)),
                Field::new("flags cleared", op.clear_flags.to_string()),
                Field::new("flags set", op.set_flags.to_string()),
            ],
        ),
        Body::PathPaymentStrictReceive(op) => {
            payment(source, &op.destination, op.dest_amount, &op.dest_asset)
        }
        Body::PathPaymentStrictSend(op) => {
            payment(source, &op.destination, op.send_amount, &op.send_asset)
        }
        Body::BumpSequence(op) => (
            format!("move the sequence number on to {}", op.bump_to.0),
            vec![Field::new("to", op.bump_to.0.to_string())],
        ),
        Body::InvokeHostFunction(op) => host_function(&op.host_function),
        Body::ExtendFootprintTtl(op) => (
            format!("keep contract entries alive for {} ledgers", op.extend_to),
            vec![Field::new("ledgers", op.extend_to.to_string())],
        ),
        Body::RestoreFootprint(_) => ("restore archived contract entries".to_owned(), Vec::new()),
        other => claims(other),
    }
}

/// What is set aside to be claimed, and what issuers take back.
fn claims(body: &Body) -> Words {
    match body {
        Body::CreateClaimableBalance(op) => {
            let money = amount(op.amount, &op.asset);
            let fields = vec![
                Field::new("amount", money.as_str()),
                Field::new("asset", asset(&op.asset)),
                Field::new("claimants", op.claimants.len().to_string()),
            ];
            (format!("set {money} aside to be claimed"), fields)
        }
        Body::ClaimClaimableBalance(op) => {
            ("claim a balance".to_owned(), vec![Field::new("balance", op.balance_id.to_string())])
        }
        Body::ClawbackClaimableBalance(op) => (
            "claw back a claimable balance".to_owned(),
            vec![Field::new("balance", op.balance_id.to_string())],
        ),
        Body::Clawback(op) => {
            let money = amount(op.amount, &op.asset);
            let from = op.from.to_string();
            let summary = format!("claw back {money} from {}", short(&from));
            (summary, vec![Field::new("from", from), Field::new("amount", money)])
        }
        other => (words(other.name()), Vec::new()),
    }
}

fn payment(from: &str, to: &MuxedAccount, units: i64, of: &Asset) -> Words {
    let (to, money) = (to.to_string(), amount(units, of));
    let summary = format!("pay {money} to {}", short(&to));
    let fields = vec![
        Field::new("from", from),
        Field::new("to", to),
        Field::new("amount", money),
        Field::new("asset", asset(of)),
    ];
    (summary, fields)
}

fn change_trust(op: &ChangeTrustOp) -> Words {
    let Some(line) = trusted(&op.line) else {
        return ("change the trust in a pool's share".to_owned(), Vec::new());
    };
    let limit = match op.limit {
        i64::MAX => "no limit".to_owned(),
        limit => seven_decimals(i128::from(limit)),
    };
    let summary = match op.limit {
        0 => format!("hold {} no more", code(&line)),
        _ => format!("accept to hold {}", code(&line)),
    };
    let fields = vec![Field::new("asset", asset(&line)), Field::new("limit", limit)];
    (summary, fields)
}

fn manage_data(op: &ManageDataOp) -> Words {
    let name = String::from_utf8_lossy(op.data_name.as_slice()).into_owned();
    match &op.data_value {
        Some(value) => {
            let value = blob(value.as_slice());
            let fields = vec![Field::new("name", name.as_str()), Field::new("value", value)];
            (format!("set data {name:?}"), fields)
        }
        None => (format!("remove data {name:?}"), vec![Field::new("name", name)]),
    }
}

fn options(op: &SetOptionsOp) -> Vec<Field> {
    let numbers = [
        ("flags cleared", op.clear_flags),
        ("flags set", op.set_flags),
        ("master weight", op.master_weight),
        ("low threshold", op.low_threshold),
        ("medium threshold", op.med_threshold),
        ("high threshold", op.high_threshold),
    ];
    let mut fields: Vec<_> = numbers
        .into_iter()
        .filter_map(|(name, number)| Some(Field::new(name, number?.to_string())))
        .collect();
    if let Some(domain) = &op.home_domain {
        fields.push(Field::new("home domain", String::from_utf8_lossy(domain.as_slice())));
    }
    if let Some(signer) = &op.signer {
        let text = format!("{} with weight {}", signer.key, signer.weight);
        fields.push(Field::new("signer", text));
    }
    fields
}

fn host_function(function: &HostFunction) -> Words {
    match function {
        HostFunction::InvokeContract(invoke) => invocation(invoke),
        HostFunction::UploadContractWasm(wasm) => (
            format!("upload contract code of {} bytes", wasm.len()),
            vec![Field::new("size", format!("{} bytes", wasm.len()))],
        ),
        HostFunction::CreateContract(create) => deployment(&CreateContractArgsV2 {
            contract_id_preimage: create.contract_id_preimage.clone(),
            executable: create.executable.clone(),
            constructor_args: VecM::default(),
        }),
        HostFunction::CreateContractV2(create) => deployment(create),
    }
}

fn invocation(invoke: &InvokeContractArgs) -> Words {
    let function = String::from_utf8_lossy(invoke.function_name.as_slice()).into_owned();
    let contract = invoke.contract_address.to_string();
    let summary = format!("call {function} of contract {}", short(&contract));
    let mut fields = vec![Field::new("contract", contract), Field::new("function", function)];
    let arguments = invoke.args.iter().enumerate();
    fields.extend(arguments.map(|(index, argument)| {
        Field::new(format!("argument {}", index.saturating_add(1)), text(argument))
    }));
    (summary, fields)
}

fn deployment(create: &CreateContractArgsV2) -> Words {
    let (summary, from) = match &create.contract_id_preimage {
        ContractIdPreimage::Asset(of) => {
            (format!("deploy the asset contract of {}", code(of)), Field::new("asset", asset(of)))
        }
        ContractIdPreimage::Address(from) => {
            ("deploy a contract".to_owned(), Field::new("deployer", from.address.to_string()))
        }
    };
    let mut fields = vec![from, Field::new("code", executable(&create.executable))];
    let arguments = create.constructor_args.iter().enumerate();
    fields.extend(arguments.map(|(index, argument)| {
        Field::new(format!("argument {}", index.saturating_add(1)), text(argument))
    }));
    (summary, fields)
}
