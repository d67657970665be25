//! `kolo-server rescue`: a member's own way to their money, without this server or its operator.
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use kolo_core::port::chain::{ChainAddress, ChainEffect};
use kolo_core::{Asset, Money};
use kolo_rules::Amount;
use kolo_rules::circle::PayoutStatus;
use kolo_stellar::rescue::{CircleReport, Found, OpenVote, Rescue, RescueError, Settled};
use kolo_stellar::wallet::{AccountKey, KeyError};
use kolo_stellar::{HttpTransport, HttpTransportError, Rpc};
use zeroize::Zeroizing;

use crate::clock::MovableClock;

/// The secrets' variables: never arguments, which everybody on the machine can read.
const KEY: &str = "KOLO_RESCUE_KEY";
const FEE_KEY: &str = "KOLO_RESCUE_FEE_KEY";

/// The public networks by name.
const PUBLIC: &str = "Public Global Stellar Network ; September 2015";
const TESTNET: &str = "Test SDF Network ; September 2015";

/// The most a key's file may have.
const MAX_KEY_BYTES: u64 = 16 * 1024;

/// Room for it from the beginning: a text that grows while it is read leaves copies of the key behind.
const KEY_ROOM: usize = 17 * 1024;

/// Contracts of unknown code that are listed: strangers can make any number of them.
const MOST_LISTED: usize = 20;

/// Where and as whom.
#[derive(Args)]
pub struct RescueArgs {
    /// A node that speaks Stellar RPC. Given several times, all are asked and must agree on what a circle
    /// is and where it stands: a single node is believed in that.
    #[arg(long, value_name = "URL", required = true)]
    rpc: Vec<String>,
    /// `public`, `testnet`, or a network's passphrase.
    #[arg(long, default_value = "public")]
    network: String,
    /// The file of the member's key (S…, or the words of a wallet); `-` is standard input. Without it
    /// the key is read from KOLO_RESCUE_KEY. Who pays the fees is read from KOLO_RESCUE_FEE_KEY;
    /// without it the member's own XLM pays.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// SHA-256 (hexadecimal) of a circle's code to be trusted, when it is not this program's.
    #[arg(long, value_name = "HASH")]
    trust_code: Option<String>,
    /// Sign without asking before each step.
    #[arg(long)]
    yes: bool,
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Find the member's circles and show what is due and owed; circles given by address are shown too.
    Show {
        /// Circles (C…) that the node's history may not reach.
        circles: Vec<String>,
    },
    /// Pay exactly what is due.
    Contribute {
        /// The circle (C…).
        circle: String,
        /// When nothing is due, pay the next instalment in advance, where the circle allows it.
        #[arg(long)]
        ahead: bool,
    },
    /// Pay debts back, all of them or a part.
    Repay {
        /// The circle (C…).
        circle: String,
        /// How much, as 12.50.
        amount: Option<String>,
    },
    /// Vote on an open proposal.
    Vote {
        /// The circle (C…).
        circle: String,
        /// The proposal's number.
        proposal: u32,
        /// Yes or no.
        answer: Answer,
    },
    /// Propose to end the circle and settle; counts as a yes.
    Dissolve {
        /// The circle (C…).
        circle: String,
    },
    /// Leave after the current round.
    Exit {
        /// The circle (C…).
        circle: String,
    },
    /// Object to having the seat moved to another address.
    Object {
        /// The circle (C…).
        circle: String,
    },
    /// Bring out everything the circle has for the member: a payout, a credit, a claim.
    Claim {
        /// The circle (C…).
        circle: String,
    },
    /// Send money from the member's account.
    Send {
        /// The asset, as CODE:ISSUER.
        asset: String,
        /// To whom (G… or C…).
        to: String,
        /// How much, as 12.50.
        amount: String,
    },
    /// Make the account, or its trustline, at the fee payer's cost.
    Open {
        /// The asset, as CODE:ISSUER.
        asset: String,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Answer {
    Yes,
    No,
}

impl Task {
    /// The circle it is about.
    fn circle(&self) -> Option<ChainAddress> {
        match self {
            Self::Show { .. } | Self::Send { .. } | Self::Open { .. } => None,
            Self::Contribute { circle, .. }
            | Self::Repay { circle, .. }
            | Self::Vote { circle, .. }
            | Self::Dissolve { circle }
            | Self::Exit { circle }
            | Self::Object { circle }
            | Self::Claim { circle } => Some(address(circle)),
        }
    }
}

/// Why the command did not work.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{FEE_KEY}: {0}")]
    FeeKey(KeyError),
    #[error("the member's key: {0}; put it into {KEY}, or name its file with --key-file")]
    Key(KeyError),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("--rpc: {0}")]
    Url(#[from] HttpTransportError),
    #[error("{0}")]
    Input(String),
    #[error(transparent)]
    Rescue(#[from] RescueError),
}

/// Runs it; the exit code tells whether it worked.
pub async fn run(args: RescueArgs) -> ExitCode {
    match told(args).await {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("rescue: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn told(args: RescueArgs) -> Result<String, Failure> {
    let is_read = matches!(args.task, Task::Show { .. });
    if !args.yes && !is_read && args.key_file.as_ref().is_some_and(|path| path.as_os_str() == "-") {
        let why = "with the key on standard input nothing can be asked there: add --yes";
        return Err(Failure::Input(why.to_owned()));
    }
    let rescue = connect(&args).await?;
    let one = |settled: Settled| done(&[settled]);
    let circle = address;
    if let Some(at) = args.task.circle().filter(|_| !args.yes) {
        // What is to be confirmed is easier told with where the circle stands.
        eprintln!("{}", standing(&rescue, &at).await?.trim());
    }
    Ok(match &args.task {
        Task::Show { circles } => return show(&rescue, circles).await,
        Task::Contribute { circle: at, ahead: false } => {
            one(rescue.contribute(&circle(at)).await?)
        }
        Task::Contribute { circle: at, ahead: true } => {
            one(rescue.contribute_ahead(&circle(at)).await?)
        }
        Task::Repay { circle: at, amount } => {
            let amount = amount.as_deref().map(money).transpose()?;
            one(rescue.repay(&circle(at), amount).await?)
        }
        Task::Vote { circle: at, proposal, answer } => {
            let approve = matches!(answer, Answer::Yes);
            one(rescue.vote(&circle(at), *proposal, approve).await?)
        }
        Task::Dissolve { circle: at } => one(rescue.propose_dissolving(&circle(at)).await?),
        Task::Exit { circle: at } => one(rescue.exit(&circle(at)).await?),
        Task::Object { circle: at } => one(rescue.object(&circle(at)).await?),
        Task::Claim { circle: at } => done(&rescue.collect(&circle(at)).await?),
        Task::Send { asset, to, amount } => {
            one(rescue.send_money(&asset_of(asset)?, &circle(to), money(amount)?).await?)
        }
        Task::Open { asset } => one(rescue.open(&asset_of(asset)?).await?),
    })
}

async fn connect(args: &RescueArgs) -> Result<Rescue, Failure> {
    let key = AccountKey::parse(&member_key(args)?).map_err(Failure::Key)?;
    let fees = std::env::var(FEE_KEY).ok().map(Zeroizing::new);
    let payer = fees.map(|text| AccountKey::parse(&text)).transpose().map_err(Failure::FeeKey)?;
    let passphrase = match args.network.as_str() {
        "public" => PUBLIC,
        "testnet" => TESTNET,
        passphrase => passphrase,
    };
    let mut nodes = Vec::new();
    for url in &args.rpc {
        nodes.push(Rpc::new(HttpTransport::try_new(url)?));
    }
    let mut nodes = nodes.into_iter();
    let first = nodes.next().ok_or_else(|| Failure::Input("--rpc: name a node".to_owned()))?;
    let rescue = Rescue::connect(first, passphrase, key, payer).await?;
    let mut rescue = rescue.with_clock(Arc::new(MovableClock::running(0)));
    for node in nodes {
        rescue = rescue.witnessed_by(node).await?;
    }
    if !args.yes {
        rescue = rescue.asking(asked);
    }
    match &args.trust_code {
        None => Ok(rescue),
        Some(text) => {
            let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
            let hash = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            let hash = hash.ok_or_else(|| {
                Failure::Input("--trust-code: a hash has 64 hexadecimal digits".to_owned())
            })?;
            Ok(rescue.trusting(hash))
        }
    }
}

fn member_key(args: &RescueArgs) -> Result<Zeroizing<String>, Failure> {
    let Some(path) = &args.key_file else {
        return Ok(Zeroizing::new(std::env::var(KEY).unwrap_or_default()));
    };
    let read = if path.as_os_str() == "-" {
        secret_from(std::io::stdin())
    } else {
        std::fs::File::open(path).and_then(secret_from)
    };
    read.map_err(|source| Failure::File { path: path.clone(), source })
}

fn secret_from(source: impl Read) -> std::io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(KEY_ROOM));
    source.take(MAX_KEY_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

fn address(text: &str) -> ChainAddress {
    ChainAddress(text.trim().to_owned())
}

/// Shows a step and waits for a yes.
fn asked(effect: &ChainEffect, asset: &Asset) -> bool {
    eprint!("{}\nDo it? (yes or no) ", described(effect, asset));
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn described(effect: &ChainEffect, asset: &Asset) -> String {
    let money = |amount: &Amount| Money { amount: *amount, asset: asset.clone() }.to_string();
    match effect {
        ChainEffect::Contribute { circle, round, amount, .. } => {
            format!("pay {} for round {round} into {circle}", money(amount))
        }
        ChainEffect::Secure { circle, amount, .. } => {
            format!("pay {} before the start into {circle}", money(amount))
        }
        ChainEffect::Repay { circle, amount, .. } => {
            format!("pay {} of your debts back into {circle}", money(amount))
        }
        ChainEffect::Vote { circle, proposal, approve, .. } => {
            let answer = if *approve { "yes" } else { "no" };
            format!("vote {answer} in vote {proposal} of {circle}")
        }
        ChainEffect::Propose { circle, .. } => {
            format!("propose to end {circle} and settle, which is your yes")
        }
        ChainEffect::Exit { circle, .. } => format!("leave {circle} after the current round"),
        ChainEffect::Object { circle, .. } => {
            format!("object to having your seat in {circle} moved")
        }
        ChainEffect::Payout { circle, round } => {
            format!("have the pot of round {round} of {circle} paid to you")
        }
        ChainEffect::Push { circle, .. } => format!("have what waits in {circle} sent to you"),
        ChainEffect::Claim { circle, .. } => format!("claim your part of {circle}"),
        ChainEffect::Pay { to, amount, .. } => format!("send {} to {to}", money(amount)),
        ChainEffect::OpenAccount { owner, asset } => {
            let (code, issuer) = (&asset.code, &asset.issuer);
            format!("make the account {owner} ready for {code} of {issuer}, with your XLM")
        }
        other => format!("{other:?}"),
    }
}

fn money(text: &str) -> Result<Amount, Failure> {
    Amount::parse(text, 7).map_err(|error| Failure::Input(format!("{text:?}: {error}")))
}

fn asset_of(text: &str) -> Result<Asset, Failure> {
    match text.split_once(':') {
        Some((code, issuer)) if !code.is_empty() && !issuer.is_empty() => {
            Ok(Asset { code: code.to_owned(), issuer: issuer.to_owned(), decimals: 7 })
        }
        _ => Err(Failure::Input(format!("{text:?} is no asset: write CODE:ISSUER"))),
    }
}

fn done(settled: &[Settled]) -> String {
    let line = |s: &Settled| format!("done in ledger {}, transaction {}", s.ledger, s.hash);
    settled.iter().map(line).collect::<Vec<_>>().join("\n")
}

async fn show(rescue: &Rescue, given: &[String]) -> Result<String, Failure> {
    let Found { mut circles, unknown, failed, since_ledger } = rescue.find().await?;
    for text in given {
        let circle = address(text);
        if !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    let mut text = format!("account {}\n", rescue.address());
    if circles.is_empty() {
        text += &format!(
            "no circle found in the node's history (from ledger {since_ledger}): give their addresses\n",
        );
    }
    // What is wrong with one hides none of the others.
    for circle in circles {
        text += &match standing(rescue, &circle).await {
            Ok(lines) => lines,
            Err(RescueError::Finished(_)) => format!("\ncircle {circle}\n  finished\n"),
            Err(error) => format!("\ncircle {circle}\n  not shown: {error}\n"),
        };
    }
    for (circle, error) in failed {
        text += &format!("\ncircle {circle}\n  not shown: {error}\n");
    }
    for other in unknown.iter().take(MOST_LISTED) {
        text += &format!(
            "\ncontract {}\n  its code is not known here ({}): an upgraded circle, or a stranger's trap; \
             read that code before you trust it\n",
            other.circle, other.code
        );
    }
    if unknown.len() > MOST_LISTED {
        text += &format!("\nand {} more of unknown code\n", unknown.len() - MOST_LISTED);
    }
    Ok(text.trim_end().to_owned())
}

async fn standing(rescue: &Rescue, circle: &ChainAddress) -> Result<String, RescueError> {
    let report = rescue.report(circle).await?;
    let (amount, asset) = rescue.balance(circle).await?;
    Ok(lines(&report, &Money { amount, asset }))
}

fn lines(report: &CircleReport, balance: &Money) -> String {
    let money = |amount: Amount| Money { amount, asset: report.asset.clone() }.to_string();
    let mut text = format!(
        "\ncircle {}\n  {:?}, round {} of {}, your turn is {}\n  in your account {balance}\n",
        report.circle,
        report.phase,
        report.round,
        report.members.len(),
        report.turn,
    );
    if let Some(due) = report.due.filter(|due| due.amount.is_positive()) {
        let when = if due.advance { "can be paid ahead" } else { "due" };
        let (amount, by) = (money(due.amount), date(due.deadline));
        text += &format!("  {when}: {amount} for round {} by {by}\n", due.round);
    }
    for (what, amount) in [
        ("to pay in before the start", report.entry_due),
        ("you owe", report.debt),
        ("your deposit", report.deposit),
        ("waits for you", report.credit),
        ("you can claim", report.claimable),
        ("paid so far", report.paid),
        ("received so far", report.received),
    ] {
        if amount.is_positive() {
            text += &format!("  {what}: {}\n", money(amount));
        }
    }
    match report.payout {
        PayoutStatus::Ready { seat, amount, .. } if seat == report.seat => {
            text += &format!("  your pot is ready: {}\n", money(amount));
        }
        PayoutStatus::NotBefore { seat, at, .. } | PayoutStatus::Waiting { seat, at, .. }
            if seat == report.seat =>
        {
            text += &format!("  your pot can be paid from {}\n", date(at));
        }
        _ => {}
    }
    for vote in &report.votes {
        text += &vote_line(vote);
    }
    text
}

fn vote_line(vote: &OpenVote) -> String {
    let about = vote.subject.as_ref().map_or_else(String::new, |who| format!(" {who}"));
    format!(
        "  vote {}: {:?}{about}, {} yes and {} no of {}, open until {}\n",
        vote.proposal,
        vote.motion,
        vote.yes,
        vote.no,
        vote.electorate,
        date(vote.expires_at.unix()),
    )
}

fn date(unix: u64) -> String {
    let at = i64::try_from(unix).ok().and_then(|s| jiff::Timestamp::from_second(s).ok());
    at.map_or_else(|| unix.to_string(), |at| at.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// Byte by byte, as from a pipe; `Read` may give less than is asked for.
    struct Slowly(std::io::Repeat, usize);

    impl Read for Slowly {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.1 == 0 || buffer.is_empty() {
                return Ok(0);
            }
            self.1 -= 1;
            self.0.read(&mut buffer[..1])
        }
    }

    #[test]
    fn a_key_that_is_read_is_never_moved() {
        for length in [0, 57, 500, 100_000] {
            let text = secret_from(Slowly(std::io::repeat(b'S'), length)).unwrap();
            assert_eq!(text.len(), length.min(16 * 1024));
            assert_eq!(text.capacity(), KEY_ROOM);
        }
    }
}
