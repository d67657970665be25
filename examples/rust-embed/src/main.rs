//! A host with a users table of its own plays a circle of three: no chat, no files, no server.
use std::{error::Error, sync::Arc};

use kolo_core::testkit::{ManualClock, MemoryVault, in_memory};
use kolo_core::{Amount, CommandContext, Kolo, MemberId, Settings, TenantId, Timestamp};
use kolo_core::{member::Register, port::Clock, view::NewCircle, worker::Worker};
use kolo_localnet::Localnet;
use kolo_stellar::{FnTransport, Rpc, setup::operate};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock = Arc::new(ManualClock::new(Timestamp::from_unix(1_767_603_600)));
    let (time, tenant) = (clock.clone(), TenantId::default());
    let network = Localnet::builder().clock(Arc::new(move || time.now().unix())).start()?;
    let rpc = Rpc::new(FnTransport::new(move |call| {
        let network = network.clone();
        async move { Ok(network.rpc(call).await) }
    }));
    let vault = Arc::new(MemoryVault::new(1));
    let chain = operate(rpc, &*vault, &tenant).await?;
    let ports = in_memory(Arc::new(chain.client), vault, clock.clone());
    let kolo = Kolo::try_new(tenant, ports, chain.assets, chain.operator, Settings::default())?;
    let worker = Worker::without_chat(kolo.clone());
    let mut users: Vec<(&str, MemberId)> = Vec::new(); // the host's own table
    for email in ["ada@example.org", "bola@example.org", "chidi@example.org"] {
        let who = Register::of_host(email, email);
        let member = kolo.members().register(&CommandContext::of_system(email), who).await?.id;
        kolo.wallets().test_money(&by(member, "money"), Amount::new(500_000_000)).await?;
        users.push((email, member));
    }
    let (circles, ada) = (kolo.circles(), users[0].1);
    let ten = Amount::new(100_000_000);
    let wanted = NewCircle::weekly("Friends", ten, 3);
    let circle = circles.create(&by(ada, "create"), wanted).await?.circle;
    worker.tick(usize::MAX).await?;
    for (email, member) in &users[1..] {
        let (invitation, _) = circles.invite(&by(ada, email), circle, None).await?;
        worker.tick(usize::MAX).await?;
        circles.join(&by(*member, "join"), &invitation.code, invitation.circle.rules_hash).await?;
        worker.tick(usize::MAX).await?;
    }
    for round in 1..=3 {
        for (_, member) in &users {
            let key = by(*member, &format!("round {round}"));
            circles.contribute(&key, circle, round, ten).await?;
        }
        clock.advance(7 * 86_400);
        worker.tick(usize::MAX).await?;
    }
    for (email, member) in &users {
        let wallet = kolo.wallets().balance(*member).await?;
        println!("{email}: {:?} in the books, {:?} on the chain", wallet.settled, wallet.on_chain);
    }
    Ok(())
}

fn by(member: MemberId, what: &str) -> CommandContext {
    CommandContext::of_member(member, format!("{member}/{what}"))
}
