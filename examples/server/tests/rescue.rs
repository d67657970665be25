//! `kolo-server rescue`, the program itself: a member with a key and a node over HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop")]
use std::io::Write;
use std::process::{Command, Stdio};

use ed25519_dalek::{Signer, SigningKey};
use kolo_core::port::ChainClient;
use kolo_core::port::chain::{Assembled, ChainAddress, ChainEffect, Fate, Submission};
use kolo_core::port::vault::{PublicKey, Signature};
use kolo_localnet::Localnet;
use kolo_rules::{Amount, Interval, Rules};
use kolo_stellar::setup::{Bootstrap, Deployment, Funder, bootstrap};
use kolo_stellar::wallet::AccountKey;
use kolo_stellar::{HttpTransport, Operators, Rpc, StellarChainClient};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const SPONSOR: u8 = 201;
const FEES: u8 = 202;
const KEEPER: u8 = 203;
const ISSUER: u8 = 204;
const PAYER: u8 = 210;

const fn usdc(units: i64) -> Amount {
    Amount::new(units * 10_000_000)
}

fn key(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

fn public(n: u8) -> PublicKey {
    PublicKey(key(n).verifying_key().to_bytes())
}

fn secret(n: u8) -> Zeroizing<String> {
    AccountKey::from_seed(&Zeroizing::new([n; 32])).to_secret()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn signature(n: u8, payload: &[u8]) -> Signature {
    Signature(key(n).sign(&sha256(payload)).to_bytes())
}

/// What the program said.
#[derive(Debug)]
struct Said {
    ok: bool,
    out: String,
    err: String,
}

/// A network behind a port, with a circle of two of which nobody has paid yet.
struct World {
    net: Localnet,
    url: String,
    deployment: Deployment,
    client: StellarChainClient,
    circle: ChainAddress,
}

impl World {
    async fn new() -> Self {
        let net = Localnet::builder().start().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(kolo_localnet::rpc::serve(listener, net.clone(), std::future::pending()));
        let rpc = Rpc::new(HttpTransport::try_new(&url).unwrap());
        let operators =
            Operators { sponsor: public(SPONSOR), fees: public(FEES), keeper: public(KEEPER) };
        let wanted = Bootstrap::new(operators, public(ISSUER));
        let funder = Funder::root_of(net.passphrase());
        let deployment = bootstrap(&rpc, &funder, &wanted).await.unwrap();
        let client = StellarChainClient::connect(rpc, &deployment.config()).await.unwrap();
        let circle = client.circle_address(&client.account_address(&public(1)), &[7; 32]).unwrap();
        let world = Self { net, url, deployment, client, circle };
        let payer = world.address(PAYER).0.parse().unwrap();
        world.net.fund(payer, 1_000_000_000).await.unwrap();
        world.start_circle().await;
        world
    }

    fn address(&self, n: u8) -> ChainAddress {
        self.client.account_address(&public(n))
    }

    async fn start_circle(&self) {
        let asset = self.deployment.asset.clone();
        for n in [1, 2] {
            let (owner, from) = (self.address(n), self.address(ISSUER));
            self.apply(&ChainEffect::OpenAccount { owner: owner.clone(), asset: asset.clone() })
                .await;
            let pay = ChainEffect::Pay { from, to: owner, asset: asset.clone(), amount: usdc(100) };
            self.apply(&pay).await;
        }
        let weekly = Interval::Seconds(604_800);
        let contract = self.client.asset_contract(&asset).unwrap();
        let rules = Rules { vote_period_s: 604_800, ..Rules::new(contract, 2, usdc(10), weekly) };
        let (organiser, joiner, circle) = (self.address(1), self.address(2), self.circle.clone());
        self.apply(&ChainEffect::CreateCircle {
            organiser: organiser.clone(),
            salt: [7; 32],
            rules,
            organiser_turn: Some(1),
        })
        .await;
        let latest = self.client.latest().await.unwrap();
        self.apply(&ChainEffect::Invite {
            circle: circle.clone(),
            organiser,
            key: public(100),
            turn: None,
            expires_at: latest.closed_at.plus(86_400),
        })
        .await;
        let message = self.client.invitation_message(&circle, &joiner).unwrap();
        self.apply(&ChainEffect::Join {
            circle,
            member: joiner,
            rules_hash: sha256(&rules.encode()),
            turn: None,
            key: public(100),
            signature: Signature(key(100).sign(&message).to_bytes()),
        })
        .await;
    }

    /// As the operator did before being gone.
    async fn apply(&self, effect: &ChainEffect) {
        let tx = self.client.prepare(effect).await.unwrap();
        let all = [1, 2, SPONSOR, KEEPER, ISSUER].into_iter();
        let signers = all.filter(|n| tx.signers.contains(&public(*n)));
        let signatures: Vec<_> = signers.map(|n| (public(n), signature(n, &tx.payload))).collect();
        let Assembled::NeedsFeeBump(bump) = self.client.assemble(&tx, &signatures).unwrap() else {
            panic!("the client wraps");
        };
        let signed = self.client.finish(&bump, &signature(FEES, &bump.payload)).unwrap();
        assert_eq!(self.client.submit(&signed).await.unwrap(), Submission::Accepted);
        let fate = self.client.look_up(&signed).await.unwrap();
        assert!(matches!(fate, Fate::Confirmed { .. }), "{effect:?}: {fate:?}");
    }

    async fn vault(&self) -> Amount {
        self.client.balance(&self.circle, &self.deployment.asset).await.unwrap()
    }

    async fn balance(&self, n: u8) -> Amount {
        self.client.balance(&self.address(n), &self.deployment.asset).await.unwrap()
    }

    /// The program with a member's key, a stranger's XLM, and `answer` on standard input.
    fn rescue(&self, n: u8, arguments: &[&str], answer: &str) -> Said {
        let passphrase = self.net.passphrase().to_owned();
        let whole = [&["--rpc", &self.url, "--network", &passphrase], arguments].concat();
        run(&whole, &[("KOLO_RESCUE_KEY", &secret(n)), fee_key(&secret(PAYER))], answer)
    }
}

const fn fee_key(secret: &str) -> (&str, &str) {
    ("KOLO_RESCUE_FEE_KEY", secret)
}

fn run(arguments: &[&str], environment: &[(&str, &str)], answer: &str) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kolo-server"));
    command.arg("rescue").args(arguments);
    command.env_remove("KOLO_RESCUE_KEY").env_remove("KOLO_RESCUE_FEE_KEY");
    command.envs(environment.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that needs no answer may be gone already.
    let _ = child.stdin.take().unwrap().write_all(answer.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let said =
        Said { ok: output.status.success(), out: text(output.stdout), err: text(output.stderr) };
    for (_, told) in environment {
        assert!(told.len() < 10 || !format!("{said:?}").contains(told), "a key was told");
    }
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_pays_votes_and_collects_from_the_command_line() {
    let world = World::new().await;
    let circle = world.circle.0.as_str();
    let shown = world.rescue(1, &["show"], "");
    assert!(shown.ok && shown.out.contains(circle), "{shown:?}");
    assert!(shown.out.contains("due: 10.00 USDC for round 1"), "{shown:?}");

    // Nothing without a yes; and what is asked is said.
    for answer in ["", "no\n", "maybe\n"] {
        let declined = world.rescue(1, &["contribute", circle], answer);
        assert!(!declined.ok && declined.err.contains("not confirmed"), "{declined:?}");
        let asked = format!("pay 10.00 USDC for round 1 into {circle}");
        assert!(declined.err.contains(&asked), "{declined:?}");
    }
    assert_eq!(world.vault().await, Amount::ZERO);
    let paid = world.rescue(1, &["contribute", circle], "yes\n");
    assert!(paid.ok && paid.out.contains("done in ledger"), "{paid:?}");
    assert_eq!((world.vault().await, world.balance(1).await), (usdc(10), usdc(90)));
    for again in [vec!["contribute", circle], vec!["contribute", "--ahead", circle]] {
        let nothing = world.rescue(1, &[&["--yes"], again.as_slice()].concat(), "");
        assert!(!nothing.ok && nothing.err.contains("nothing to pay"), "{nothing:?}");
    }

    // Two nodes that agree; the vote is shown before it is asked for.
    let two = world.rescue(1, &["--rpc", &world.url, "--yes", "dissolve", circle], "");
    assert!(two.ok, "{two:?}");
    let voted = world.rescue(2, &["vote", circle, "1", "yes"], "y\n");
    assert!(voted.ok && voted.err.contains("vote 1: Dissolve, 1 yes and 0 no of 2"), "{voted:?}");
    assert!(voted.err.contains("vote yes in vote 1"), "{voted:?}");
    let claimed = world.rescue(1, &["claim", circle], "yes\n");
    assert!(claimed.ok && claimed.err.contains("you can claim: 10.00 USDC"), "{claimed:?}");
    assert_eq!((world.vault().await, world.balance(1).await), (Amount::ZERO, usdc(100)));

    // And out, from a file with a key.
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key.txt");
    std::fs::write(&file, format!("# mine\n{}\n", secret(1).as_str())).unwrap();
    let asset = format!("USDC:{}", world.deployment.asset.issuer);
    let to = world.address(2).0;
    let send = ["--key-file", file.to_str().unwrap(), "send", &asset, &to, "100"];
    let sent = world.rescue(9, &send, "yes\n");
    assert!(sent.ok && sent.err.contains(&format!("send 100.00 USDC to {to}")), "{sent:?}");
    assert_eq!((world.balance(1).await, world.balance(2).await), (Amount::ZERO, usdc(200)));
}

/// One address with a typing error hides no other circle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_one_circle_is_told_beside_the_others() {
    let world = World::new().await;
    let mut typo = world.circle.0.clone();
    typo.replace_range(10..11, if typo.get(10..11) == Some("A") { "B" } else { "A" });
    let account = world.address(2).0;
    let shown = world.rescue(1, &["show", &typo, "C", &account], "");
    assert!(shown.ok, "{shown:?}");
    assert!(shown.out.contains("due: 10.00 USDC for round 1"), "{shown:?}");
    for none in [typo.as_str(), "C", &account] {
        let line = format!("circle {none}\n  not shown: {none} is no circle");
        assert!(shown.out.contains(&line), "{shown:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_refused_and_tells_no_key() {
    let world = World::new().await;
    let (circle, asset) = (world.circle.0.as_str(), format!("USDC:{}", world.address(ISSUER).0));
    let to = world.address(2).0;
    let long = "ab".repeat(40);
    let cases: Vec<(Vec<&str>, &str)> = vec![
        (vec!["--yes", "contribute", "C"], "is no circle"),
        (vec!["--yes", "contribute", &to], "is no circle"),
        (vec!["--yes", "repay", circle, "1.000.000"], "1.000.000"),
        (vec!["--yes", "repay", circle, "-5"], "error"),
        (vec!["--yes", "repay", circle], "nothing to pay back"),
        (vec!["--yes", "vote", circle, "9", "yes"], "refuses"),
        (vec!["--yes", "vote", circle, "1", "perhaps"], "perhaps"),
        (vec!["--yes", "send", "USDC", &to, "1"], "CODE:ISSUER"),
        (vec!["--yes", "send", "USDC:nobody", &to, "1"], "nobody"),
        (vec!["--yes", "send", &asset, "G", "1"], "G"),
        (vec!["--yes", "send", &asset, &to, "0"], "nothing"),
        (vec!["--yes", "send", &asset, &to, "101"], "refuses"),
        (vec!["--trust-code", &long, "show"], "64 hexadecimal digits"),
        (vec!["--trust-code", "xy", "show"], "64 hexadecimal digits"),
        (vec!["--key-file", "/no/such/file", "show"], "/no/such/file"),
        (vec!["--key-file", "-", "contribute", circle], "add --yes"),
        (vec!["--rpc", "ftp://node", "show"], "http"),
        (vec!["--rpc", "http://127.0.0.1:1", "show"], "node"),
        (vec![], "Usage"),
        (vec!["steal"], "steal"),
    ];
    for (arguments, expected) in cases {
        let said = world.rescue(1, &arguments, "");
        assert!(!said.ok && said.err.contains(expected), "{arguments:?}: {said:?}");
    }
    // Who, and on which network.
    let show = ["--rpc", &world.url, "--network", world.net.passphrase(), "show"];
    let (mine, public) = (secret(1), world.address(1).0);
    let poor = secret(2);
    for (environment, expected) in [
        (vec![], "no key was given"),
        (vec![("KOLO_RESCUE_KEY", public.as_str())], "secret key is needed"),
        (vec![("KOLO_RESCUE_KEY", "hunter2")], "no secret key"),
        (vec![("KOLO_RESCUE_KEY", mine.as_str())], "has no XLM"),
        (vec![("KOLO_RESCUE_KEY", &mine), fee_key(&poor)], "has no XLM"),
        (vec![("KOLO_RESCUE_KEY", &mine), fee_key("hunter2")], "KOLO_RESCUE_FEE_KEY"),
    ] {
        let said = run(&show, &environment, "");
        assert!(!said.ok && said.err.contains(expected), "{said:?}");
        assert!(!said.err.contains("hunter2"), "{said:?}");
    }
    let said = run(&["--rpc", &world.url, "show"], &[("KOLO_RESCUE_KEY", &mine)], "");
    assert!(!said.ok && said.err.contains("use a node of the network"), "{said:?}");
    assert_eq!((world.vault().await, world.balance(1).await), (Amount::ZERO, usdc(100)));
}

/// A key on standard input leaves nothing to answer with, but `--yes` says it beforehand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_comes_from_standard_input() {
    let world = World::new().await;
    let arguments = ["--key-file", "-", "--yes", "contribute", world.circle.0.as_str()];
    let paid = world.rescue(9, &arguments, &secret(2));
    assert!(paid.ok, "{paid:?}");
    assert_eq!((world.vault().await, world.balance(2).await), (usdc(10), usdc(90)));
}

/// The network's time has run away from the clock here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_at_another_time_is_refused() {
    let world = World::new().await;
    world.net.advance_time(3_600).await.unwrap();
    let said = world.rescue(1, &["--yes", "contribute", world.circle.0.as_str()], "");
    assert!(!said.ok && said.err.contains("set the clock, or ask another node"), "{said:?}");
    assert_eq!(world.vault().await, Amount::ZERO);
}
