//! Posts to cala-ledger as fast as it goes and prints how many postings a second that were.
//!
//! A posting is its `post_transaction` with a template of two entries: one account pays another. That is
//! less than our whole contribution, which also has a seat, an intent, events, an outcome and an outbox item.
use std::sync::Arc;
use std::time::{Duration, Instant};

use cala_ledger::account::NewAccount;
use cala_ledger::job::{JobSvcConfig, Jobs};
use cala_ledger::journal::NewJournal;
use cala_ledger::tx_template::{
    NewParamDefinition, NewTxTemplate, NewTxTemplateEntry, NewTxTemplateTransaction, ParamDataType,
    Params,
};
use cala_ledger::{AccountId, CalaLedger, CalaLedgerConfig, JournalId, TransactionId};
use clap::Parser;
use futures::future::try_join_all;
use uuid::Uuid;

/// Connections: as many as PostgreSQL's usual advice for such a machine allows, far more than cores.
const CONNECTIONS: u32 = 32;

/// Accounts that pay for each caller in turn.
const PAYERS: u64 = 32;

const TEMPLATE: &str = "CONTRIBUTION";

#[derive(Parser)]
struct Cli {
    /// The empty database.
    #[arg(long)]
    url: String,
    #[arg(long)]
    callers: u64,
    #[arg(long)]
    seconds: u64,
    /// Everybody pays the same account.
    #[arg(long)]
    hot: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let options = sqlx::postgres::PgPoolOptions::new().max_connections(CONNECTIONS);
    let pool = options.acquire_timeout(Duration::from_secs(60)).connect(&cli.url).await?;
    // Its migrations make the jobs' tables too, and the ledger wants the jobs first.
    let config = CalaLedgerConfig::builder().pool(pool.clone()).exec_migrations(true).build()?;
    let mut jobs = Jobs::init(JobSvcConfig::builder().pool(pool).build()?).await?;
    let cala = CalaLedger::init(config, &mut jobs).await?;

    let journal = NewJournal::builder().id(JournalId::new()).name("pots").build();
    let journal = cala.journals().create(journal).await?.id();
    cala.tx_templates().create(template()?).await?;
    let pot = account(&cala, "pot").await?;
    let mut callers = Vec::new();
    for caller in 0..cli.callers {
        let mut pairs = Vec::new();
        for payer in 0..PAYERS {
            let from = account(&cala, &format!("wallet-{caller}-{payer}")).await?;
            let to = if cli.hot { pot } else { account(&cala, &format!("pot-{caller}-{payer}")).await? };
            pairs.push((from, to));
        }
        callers.push(pairs);
    }

    let cala = Arc::new(cala);
    let (start, time) = (Instant::now(), Duration::from_secs(cli.seconds));
    let tasks = callers.into_iter().map(|pairs| {
        let cala = Arc::clone(&cala);
        tokio::spawn(async move {
            let mut done = 0_u64;
            for (from, to) in pairs.into_iter().cycle() {
                if start.elapsed() >= time {
                    break;
                }
                let mut params = Params::new();
                params.insert("journal_id", journal);
                params.insert("sender", from);
                params.insert("recipient", to);
                cala.post_transaction(TransactionId::new(), TEMPLATE, params).await?;
                done += 1;
            }
            anyhow::Ok(done)
        })
    });
    let mut done = 0;
    for ended in try_join_all(tasks).await? {
        done += ended?;
    }
    println!("{}", u128::from(done) * 1_000 / start.elapsed().as_millis().max(1));
    Ok(())
}

async fn account(cala: &CalaLedger, name: &str) -> anyhow::Result<AccountId> {
    let new = NewAccount::builder().id(Uuid::now_v7()).name(name).code(name).build();
    Ok(cala.accounts().create(new).await?.id())
}

fn template() -> anyhow::Result<NewTxTemplate> {
    let param = |name: &str| {
        NewParamDefinition::builder().name(name).r#type(ParamDataType::Uuid).build()
    };
    let entry = |account: &str, direction: &str| {
        NewTxTemplateEntry::builder()
            .entry_type(format!("'CONTRIBUTION_{direction}'"))
            .account_id(format!("params.{account}"))
            .layer("SETTLED")
            .direction(direction)
            .units("decimal('10')")
            .currency("'USD'")
            .build()
    };
    let transaction = NewTxTemplateTransaction::builder()
        .effective("date('2026-01-05')")
        .journal_id("params.journal_id")
        .build()?;
    Ok(NewTxTemplate::builder()
        .id(Uuid::now_v7())
        .code(TEMPLATE)
        .params(vec![param("journal_id")?, param("sender")?, param("recipient")?])
        .transaction(transaction)
        .entries(vec![entry("sender", "DEBIT")?, entry("recipient", "CREDIT")?])
        .build())
}
