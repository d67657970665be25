//! The key that leaves, the message that is signed, the account that is closed.
use async_trait::async_trait;
use ed25519_dalek::VerifyingKey;

use super::receipts::notices;
use super::unread::{cannot_be_told, on_its_way};
use super::*;
use crate::Cap;
use crate::notice::Notice;
use crate::port::chain::LatestLedger;
use crate::port::vault::{SealTo, SealedKey, Secret};
use crate::port::{KeyExport, PortError, PortErrorKind, Retry, SecondFactor};
use crate::wallet::StillNeeded;

/// Seals by saying for whom: the key itself never gets here.
pub(super) struct Sealer;

#[async_trait]
impl KeyExport for Sealer {
    fn check(&self, to: &SealTo) -> Result<(), PortError> {
        match to {
            SealTo::Recipient(key) if !key.starts_with("age1") => {
                Err(PortError::new(PortErrorKind::Invalid, Retry::Permanent, "no public key"))
            }
            _ => Ok(()),
        }
    }

    async fn export(
        &self,
        _: &TenantId,
        member: crate::MemberId,
        _: &SealTo,
    ) -> Result<SealedKey, PortError> {
        Ok(SealedKey { text: format!("sealed key of {member}") })
    }
}

/// Knows one code for everybody; is out when asked with another word.
pub(super) struct Doorman;

#[async_trait]
impl SecondFactor for Doorman {
    async fn verify(
        &self,
        _: &TenantId,
        _: crate::MemberId,
        proof: &Secret,
    ) -> Result<bool, PortError> {
        match proof.expose() {
            "down" => Err(PortError::new(PortErrorKind::Unavailable, Retry::Temporary, "the door")),
            proof => Ok(proof == "123456"),
        }
    }
}

const PASSPHRASE: &str = "correct horse battery";

fn export(world: &World, member: &MemberView, key: &str, proof: &str) -> Result<SealedKey, Error> {
    let to = SealTo::Passphrase(Secret::new(PASSPHRASE));
    let ctx = CommandContext::of_member(member.id, key);
    block_on(world.kolo.wallets().export_key(&ctx, &to, &Secret::new(proof)))
}

/// Kinds of the events on record that begin so, in order.
fn on_record(world: &World, prefix: &str) -> Vec<String> {
    let ledger = &world.kolo.ports().ledger;
    let events = block_on(ledger.events_after(world.kolo.tenant(), 0, 10_000)).unwrap();
    for event in &events {
        let text = String::from_utf8_lossy(&event.record.bytes);
        assert!(!text.contains(PASSPHRASE) && !text.contains("123456"), "{text}");
    }
    let kinds = events.into_iter().map(|event| event.record.kind);
    kinds.filter(|kind| kind.starts_with(prefix)).collect()
}

#[test]
fn a_key_leaves_after_the_right_proof_and_the_member_is_told() {
    let world = World::new();
    let ada = world.member("Ada");
    let sealed = export(&world, &ada, "one", "123456").unwrap();
    assert_eq!(sealed.text, format!("sealed key of {}", ada.id));
    assert_eq!(on_record(&world, "member.key"), ["member.key_asked_for", "member.key_exported"]);
    let told: Vec<_> =
        notices(&world.kolo).into_iter().map(|told| (told.to, told.notice)).collect();
    assert!(matches!(told.as_slice(), [(to, Notice::KeyExported)] if *to == ada.id), "{told:?}");
    // The repetition hands nothing out.
    let again = export(&world, &ada, "one", "123456");
    assert!(matches!(again, Err(Error::KeyReused)), "{again:?}");
}

#[test]
fn guesses_are_few_and_counted_before_they_are_looked_at() {
    let world = World::new();
    let ada = world.member("Ada");
    for (key, proof) in [("a", "000000"), ("b", ""), ("c", "654321")] {
        let refused = export(&world, &ada, key, proof);
        assert!(matches!(refused, Err(Error::SecondFactor)), "{refused:?}");
    }
    // A factor that cannot be asked says nothing, and its try counts.
    assert!(matches!(export(&world, &ada, "d", "down"), Err(Error::Port(_))));
    export(&world, &ada, "e", "123456").unwrap();
    let most = export(&world, &ada, "f", "123456");
    let capped = matches!(most, Err(Error::CapReached { cap: Cap::Exports, most: 5, .. }));
    assert!(capped, "{most:?}");
    let kinds = on_record(&world, "member.key");
    let count = |kind: &str| kinds.iter().filter(|found| *found == kind).count();
    assert_eq!(count("member.key_asked_for"), 5);
    assert_eq!((count("member.key_refused"), count("member.key_exported")), (3, 1));
    assert!(notices(&world.kolo).iter().any(|told| told.notice == Notice::KeyRefused));
    // Others are not concerned, and tomorrow is another day.
    export(&world, &world.member("Bola"), "g", "123456").unwrap();
    world.pass(DAY_S);
    export(&world, &ada, "f", "123456").unwrap();
}

#[test]
fn without_a_second_factor_no_key_leaves() {
    let world = World::new();
    let ada = world.member("Ada");
    let ports = world.kolo.ports().clone();
    let operator = world.kolo.operator().clone();
    let tenant = TenantId::default();
    let kolo = Kolo::try_new(tenant, ports, asset(), operator, Settings::default()).unwrap();
    let world = World { kolo, ..world };
    let refused = export(&world, &ada, "one", "123456");
    assert!(matches!(refused, Err(Error::NotAvailable)), "{refused:?}");
    assert_eq!(on_record(&world, "member.key"), Vec::<String>::new());
}

#[test]
fn a_passphrase_that_can_be_guessed_is_refused() {
    let world = World::new();
    let ada = world.member("Ada");
    for (n, to) in [
        SealTo::Passphrase(Secret::new("eleven char")),
        SealTo::Passphrase(Secret::new("")),
        SealTo::Recipient(format!("age1{}", "a".repeat(200))),
    ]
    .into_iter()
    .enumerate()
    {
        let ctx = CommandContext::of_member(ada.id, format!("{n}"));
        let proof = Secret::new("123456");
        let refused = block_on(world.kolo.wallets().export_key(&ctx, &to, &proof));
        assert!(matches!(refused, Err(Error::BadText { .. })), "{refused:?}");
    }
    let ctx = CommandContext::of_member(ada.id, "typo");
    let (to, proof) = (SealTo::Recipient("agf1xyz".to_owned()), Secret::new("123456"));
    let refused = block_on(world.kolo.wallets().export_key(&ctx, &to, &proof));
    assert!(matches!(refused, Err(Error::Port(_))), "{refused:?}");
    assert!(on_record(&world, "member.key").is_empty(), "no try was used up");
    assert_eq!(format!("{:?}", Secret::new(PASSPHRASE)), "Secret(…)");
}

#[test]
fn a_message_is_signed_as_one_and_once() {
    let world = World::new();
    let ada = world.member("Ada");
    let ctx = CommandContext::of_member(ada.id, "prove");
    let sign = || block_on(world.kolo.wallets().sign_message(&ctx, "I am Ada")).unwrap();
    let signed = sign();
    assert_eq!((&signed.address, signed.message.as_str()), (&ada.address, "I am Ada"));
    assert_eq!(sign(), signed);
    assert_eq!(on_record(&world, "member.message"), ["member.message_signed"]);
    let key = data_encoding::HEXUPPER.decode(&ada.address.0.as_bytes()[1..]).unwrap();
    let key = VerifyingKey::from_bytes(&key.try_into().unwrap()).unwrap();
    let signature = ed25519_dalek::Signature::from_slice(&signed.signature).unwrap();
    let hash: [u8; 32] = sha2::Digest::finalize(sha2::Digest::chain_update(
        <sha2::Sha256 as sha2::Digest>::new(),
        b"message:I am Ada",
    ))
    .into();
    assert!(key.verify_strict(&hash, &signature).is_ok());
}

fn closes(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::CloseAccount { .. })
}

/// With an open account, and nothing in the books.
fn opened(world: &World, name: &str) -> MemberView {
    let member = world.member(name);
    let ctx = CommandContext::of_member(member.id, format!("open/{name}"));
    block_on(world.kolo.wallets().test_money(&ctx, Amount::new(5))).unwrap();
    world.work();
    world.member(name)
}

fn close(world: &World, member: &MemberView, key: &str) -> Result<(), Error> {
    let ctx = CommandContext::of_member(member.id, key);
    block_on(world.kolo.wallets().close(&ctx, None)).map(drop)
}

fn reopens(world: &World, member: &MemberView, key: &str) -> Result<(), Error> {
    let ctx = CommandContext::of_member(member.id, key);
    block_on(world.kolo.wallets().test_money(&ctx, Amount::new(5))).map(drop)
}

#[test]
fn an_account_is_closed_into_the_sponsors_and_opens_again() {
    let world = World::new();
    let ada = opened(&world, "Ada");
    assert!(ada.account_open);
    close(&world, &ada, "close").unwrap();
    close(&world, &ada, "close").unwrap();
    // Nothing is begun with it meanwhile.
    assert!(matches!(close(&world, &ada, "twice"), Err(Error::UnderWay)));
    assert!(matches!(reopens(&world, &ada, "more"), Err(Error::UnderWay)));
    world.work();
    let sponsor = world.kolo.ports().chain.account_address(&world.kolo.operator().sponsor);
    let done = world.chain.done();
    let Some(ChainEffect::CloseAccount { owner, assets, to }) = done.last() else {
        panic!("{done:?}");
    };
    assert_eq!((owner, assets, to), (&ada.address, &vec![asset()], &sponsor));
    assert!(!world.member("Ada").account_open);
    assert_eq!(on_record(&world, "member.account_c"), ["member.account_closed"]);
    assert!(matches!(close(&world, &ada, "again"), Err(Error::NotReady)));
    reopens(&world, &ada, "new").unwrap();
    world.work();
    assert!(world.member("Ada").account_open);
    assert_eq!(world.chain.count(opens), 2);
}

#[test]
fn an_account_that_is_needed_stays() {
    let world = World::new();
    let (_, ada, _) = world.active("one");
    let needed = close(&world, &ada, "circle");
    assert!(matches!(needed, Err(Error::WalletInUse { .. })), "{needed:?}");
    assert_eq!(world.chain.count(closes), 0);
    assert!(world.member("Ada").account_open);
    // With money in it, whatever the circles say.
    let bola = opened(&world, "Chidi");
    let funded = world.now();
    world.chain.fund(funded, &bola.address, &asset(), EACH);
    world.work();
    let full = close(&world, &bola, "full");
    assert!(matches!(full, Err(Error::WalletInUse { why: StillNeeded::Money })), "{full:?}");
}

#[test]
fn what_the_chain_refuses_to_close_is_open_again_and_told() {
    let world = World::new();
    let ada = opened(&world, "Ada");
    world.chain.answer(closes, Some(Answer::Refuse(None)));
    close(&world, &ada, "close").unwrap();
    world.work();
    assert!(world.member("Ada").account_open);
    assert_eq!(on_record(&world, "member.account_k"), ["member.account_kept"]);
    world.chain.answer(closes, None);
    close(&world, &ada, "again").unwrap();
    world.work();
    assert_eq!(world.chain.count(closes), 1);
}

/// What was ahead in the account's lane may have left money in it: it is looked at once more.
#[test]
fn money_that_comes_between_the_wish_and_the_signature_keeps_the_account() {
    let world = World::new();
    let ada = opened(&world, "Ada");
    close(&world, &ada, "close").unwrap();
    world.chain.fund(world.now(), &ada.address, &asset(), EACH);
    while block_on(world.kolo.follow()).unwrap() {}
    world.work();
    assert_eq!(world.chain.count(closes), 0);
    assert!(world.member("Ada").account_open);
}

fn leaves(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::LeaveSponsorship { .. })
}

fn leave(world: &World, member: &MemberView) -> Result<(), Error> {
    let ctx = CommandContext::of_member(member.id, format!("leave/{}", member.id));
    block_on(world.kolo.wallets().leave_sponsorship(&ctx)).map(drop)
}

#[test]
fn a_member_leaves_the_sponsorship() {
    let world = World::new();
    let stranger = world.member("Bola");
    assert!(matches!(leave(&world, &stranger), Err(Error::NotReady)));
    let ada = opened(&world, "Ada");
    leave(&world, &ada).unwrap();
    world.work();
    assert_eq!(world.chain.count(leaves), 1);
    assert!(world.member("Ada").account_open);
}

/// The node asked has come so far.
fn knows_up_to(world: &World, closed_at: Timestamp) {
    let latest = LatestLedger { sequence: world.chain.ledger().max(1), closed_at };
    world.chain.consents(|consents| consents.latest = Some(latest));
}

/// The account was opened by what another node said.
#[test]
fn a_node_that_has_not_seen_an_account_opened_refuses_nothing_for_good() {
    let world = World::new();
    let ada = opened(&world, "Ada");
    world.pass(DAY_S);
    close(&world, &ada, "close").unwrap();
    world.pass(60);
    reopens(&world, &ada, "back").unwrap();
    world.pass(60);
    let seen = world.now();
    for (behind, key) in [(true, "first"), (false, "second")] {
        let as_of = if behind { seen } else { seen.plus(600) };
        world.chain.answer(creates, Some(Answer::NoSource(as_of)));
        let circle = world.create(&ada, key);
        world.pass(600);
        let stage = || block_on(world.kolo.circles().status(circle)).unwrap().summary.stage;
        assert_eq!(stage(), if behind { CircleStage::Creating } else { CircleStage::Failed });
        world.chain.answer(creates, None);
        world.pass(60);
        assert_eq!(world.chain.count(creates), 1, "by a node that has seen it");
    }
    // One that never comes so far keeps the lane for a while only.
    world.chain.answer(creates, Some(Answer::NoSource(seen)));
    let circle = world.create(&ada, "third");
    world.pass(3_600);
    let stage = block_on(world.kolo.circles().status(circle)).unwrap().summary.stage;
    assert_eq!(stage, CircleStage::Failed);
}

#[test]
fn a_node_that_is_behind_is_not_believed_that_an_account_is_open_or_closed() {
    let world = World::new();
    let ada = opened(&world, "Ada");
    let open = || world.member("Ada").account_open;
    // It has not seen it opened.
    world.chain.answer(closes, Some(Answer::AlreadyDone));
    knows_up_to(&world, world.now());
    close(&world, &ada, "close").unwrap();
    world.pass(600);
    assert!(!on_record(&world, "member.account_c").contains(&"member.account_closed".to_owned()));
    world.chain.answer(closes, None);
    world.pass(60);
    assert!(!open());
    // It has not seen it closed.
    world.chain.answer(opens, Some(Answer::AlreadyDone));
    knows_up_to(&world, world.now());
    reopens(&world, &ada, "back").unwrap();
    world.pass(600);
    assert!(!open());
    // What is so by a later ledger, is.
    knows_up_to(&world, world.now());
    world.pass(60);
    assert!(open());
    assert_eq!((world.chain.count(closes), world.chain.count(opens)), (1, 1));
}

/// They sit there, and the event that says so is not read yet.
#[test]
fn who_has_used_a_code_keeps_the_account_until_that_is_decided() {
    let world = World::new();
    let (ada, bola) = (world.member("Ada"), opened(&world, "Bola"));
    let circle = world.forming(&ada, "one");
    let ctx = CommandContext::of_member(ada.id, "invite");
    let (invitation, _) = block_on(world.kolo.circles().invite(&ctx, circle, None)).unwrap();
    world.work();
    let Some(ChainEffect::Invite { key, expires_at, .. }) = world.chain.done().last().cloned()
    else {
        panic!("{:?}", world.chain.done());
    };
    let (key, address, turn) = (Some(key), None, None);
    world.emit(circle, CircleChainEvent::InvitationAdded { key, address, turn, expires_at });
    world.work();
    let joins = |effect: &ChainEffect| matches!(effect, ChainEffect::Join { .. });
    let join = |key: &str| {
        let hash = block_on(world.kolo.circles().status(circle)).unwrap().summary.rules_hash;
        let ctx = CommandContext::of_member(bola.id, key);
        block_on(world.kolo.circles().join(&ctx, &invitation.code, hash)).unwrap();
        world.work();
    };
    let closing = |key: &str| close(&world, &bola, key);
    world.chain.answer(joins, Some(Answer::Trouble));
    join("first");
    assert!(matches!(closing("on its way"), Err(Error::WalletInUse { .. })));
    // It was refused: nothing needs the account.
    world.chain.answer(joins, Some(Answer::Refuse(None)));
    world.pass(600);
    world.chain.answer(joins, None);
    join("second");
    assert_eq!(world.chain.count(joins), 1);
    assert!(matches!(closing("not heard of"), Err(Error::WalletInUse { .. })));
    world.joins(circle, &bola, 1);
    world.work();
    assert!(matches!(closing("sits"), Err(Error::WalletInUse { .. })));
}

/// Their leaving comes up while the opening waits behind it.
#[test]
fn who_leaves_the_sponsorship_closes_and_comes_back_stops_no_opening() {
    let world = World::new();
    let ada = opened(&world, "Ada");
    world.chain.answer(opens, Some(Answer::Trouble));
    reopens(&world, &world.member("Bola"), "busy").unwrap();
    world.work();
    leave(&world, &ada).unwrap();
    close(&world, &ada, "close").unwrap();
    world.pass(60);
    assert_eq!((world.chain.count(closes), world.chain.count(leaves)), (1, 0));
    reopens(&world, &ada, "back").unwrap();
    world.chain.answer(opens, None);
    world.pass(600);
    assert!(world.member("Ada").account_open && world.member("Bola").account_open);
    reopens(&world, &world.member("Chidi"), "new").unwrap();
    world.pass(60);
    assert!(world.member("Chidi").account_open);
    assert_eq!(world.chain.count(leaves), 0, "the account it was asked for is gone");
}

/// Its transaction was sent; then the node lost the history that would tell what became of it.
#[test]
fn what_was_done_to_an_account_in_lost_history_is_found_out_by_the_account() {
    for which in [closes, leaves] {
        let world = World::new();
        let ada = opened(&world, "Ada");
        on_its_way(&world);
        let leave_it = ChainEffect::LeaveSponsorship { owner: ada.address.clone(), assets: vec![] };
        if which(&leave_it) {
            leave(&world, &ada).unwrap();
        } else {
            close(&world, &ada, "close").unwrap();
        }
        world.work();
        assert_eq!(world.chain.count(which), 1);

        world.chain.answer(which, Some(Answer::AlreadyDone));
        cannot_be_told(&world);
        knows_up_to(&world, world.now().plus(600));
        world.pass(600);
        world.chain.fate(None);
        // Their account and the sponsor's lane are free again.
        reopens(&world, &world.member("Chidi"), "new").unwrap();
        reopens(&world, &ada, "more").unwrap();
        world.pass(600);
        let open = |name| world.member(name).account_open;
        assert!(open("Ada") && open("Chidi"));
        assert_eq!(on_record(&world, "intent.undecided"), Vec::<String>::new());
    }
}
