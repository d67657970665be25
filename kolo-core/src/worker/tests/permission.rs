//! A host that is asked before every command.
use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::circle::Office;
use crate::circle::UnderWay;
use crate::offer::SwapTerms;
use crate::port::authorizer::{CommandName, CommandRequest, Verdict};
use crate::port::vault::{SealTo, Secret};
use crate::port::{Authorizer, PortError, PortErrorKind, Retry};
use crate::{Actor, OfferId, view::InvitationView};

/// What the host answers.
#[derive(Clone, Copy)]
enum Mood {
    Allows,
    Refuses,
    IsDown,
}

/// A host with moods, which remembers what it was asked.
pub(super) struct Host {
    mood: Mutex<Mood>,
    asked: Mutex<Vec<CommandRequest>>,
}

impl Host {
    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// What it was asked since the last question.
    pub(super) fn asked(&self) -> Vec<CommandRequest> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

#[async_trait]
impl Authorizer for Host {
    async fn authorize(&self, request: &CommandRequest) -> Result<Verdict, PortError> {
        self.asked.lock().unwrap().push(request.clone());
        match *self.mood.lock().unwrap() {
            Mood::Allows => Ok(Verdict::Allowed),
            Mood::Refuses => Ok(Verdict::Refused { reason: "Not today.".to_owned() }),
            Mood::IsDown => {
                Err(PortError::new(PortErrorKind::Unavailable, Retry::Temporary, "the host"))
            }
        }
    }
}

fn world() -> (World, Arc<Host>) {
    under_a_host(World::new())
}

/// The same world, where a host is asked.
pub(super) fn under_a_host(world: World) -> (World, Arc<Host>) {
    let host = Arc::new(Host { mood: Mutex::new(Mood::Allows), asked: Mutex::default() });
    let kolo = world.kolo.clone().with_authorizer(host.clone());
    let worker = Worker::without_chat(kolo.clone());
    (World { kolo, worker, ..world }, host)
}

/// Everything the ledger knows, as far as a command could change it.
fn record(world: &World) -> (usize, usize, usize) {
    let ledger = &world.kolo.ports().ledger;
    let events = block_on(ledger.events_after(world.kolo.tenant(), 0, 10_000)).unwrap();
    let all = |kind| block_on(ledger.list(world.kolo.tenant(), kind, None, 1_000)).unwrap().len();
    (events.len(), all("intent"), all("member"))
}

/// Every command there is, by Ada (organiser) or Bola, as calls that can be repeated.
pub(super) struct Calls<'a> {
    pub world: &'a World,
    pub ada: MemberView,
    pub bola: MemberView,
    pub circle: CircleId,
    pub invitation: InvitationView,
    pub door: String,
}

impl Calls<'_> {
    fn call(&self, command: CommandName, key: &str) -> Result<(), Error> {
        let ada = CommandContext::of_member(self.ada.id, key);
        match command {
            CommandName::Register => self.call_by(command, &CommandContext::of_system(key)),
            CommandName::Join | CommandName::Request | CommandName::TakeBack => {
                self.call_by(command, &CommandContext::of_member(self.bola.id, key))
            }
            _ => self.call_by(command, &ada),
        }
    }

    /// By whoever this is.
    pub(super) fn call_by(&self, command: CommandName, by: &CommandContext) -> Result<(), Error> {
        let (circle, circles) = (self.circle, self.world.kolo.circles());
        let one = Amount::new(1);
        let (offers, nothing) = (self.world.kolo.offers(), OfferId::derive(&[b"none"]));
        let done: Result<UnderWay, Error> = match command {
            CommandName::Register => {
                let who = Register::of_host(&by.key, "Dayo");
                return block_on(self.world.kolo.members().register(by, who)).map(drop);
            }
            CommandName::TestMoney => {
                return block_on(self.world.kolo.wallets().test_money(by, one)).map(drop);
            }
            CommandName::ExportKey => {
                let (to, proof) = (SealTo::Recipient("age1".to_owned()), Secret::new("123456"));
                return block_on(self.world.kolo.wallets().export_key(by, &to, &proof)).map(drop);
            }
            CommandName::SignMessage => {
                return block_on(self.world.kolo.wallets().sign_message(by, "hello")).map(drop);
            }
            CommandName::CloseAccount => {
                return block_on(self.world.kolo.wallets().close(by, None)).map(drop);
            }
            CommandName::LeaveSponsorship => {
                return block_on(self.world.kolo.wallets().leave_sponsorship(by)).map(drop);
            }
            CommandName::CreateCircle => {
                let wanted = NewCircle::weekly("Friends", EACH, 3);
                block_on(circles.create(by, wanted))
            }
            CommandName::Invite => return block_on(circles.invite(by, circle, None)).map(drop),
            CommandName::Revoke => block_on(circles.revoke(by, &self.invitation.code)),
            CommandName::Join => {
                let hash = self.invitation.circle.rules_hash;
                block_on(circles.join(by, &self.invitation.code, hash))
            }
            CommandName::Start => block_on(circles.start(by, circle)),
            CommandName::Cancel => block_on(circles.cancel(by, circle)),
            CommandName::Leave => block_on(circles.leave(by, circle)),
            CommandName::Contribute => block_on(circles.contribute(by, circle, 1, EACH)),
            CommandName::Repay => block_on(circles.repay(by, circle, one)),
            CommandName::Request => {
                let hash = self.invitation.circle.rules_hash;
                block_on(circles.request(by, circle, hash))
            }
            CommandName::Approve => block_on(circles.approve(by, circle, &self.bola.address, None)),
            CommandName::Remove => block_on(circles.remove(by, circle, &self.bola.address)),
            CommandName::TakeBack => block_on(circles.take_back(by, circle)),
            CommandName::OpenDoor => return block_on(circles.open_door(by, circle)).map(drop),
            CommandName::CloseDoor => {
                return block_on(circles.close_door(by, &self.door)).map(drop);
            }
            CommandName::Reject => block_on(circles.reject(by, circle, &self.bola.address)),
            CommandName::Commit => block_on(circles.commit(by, circle)),
            CommandName::Secure => block_on(circles.secure(by, circle, one)),
            CommandName::Bid => block_on(circles.bid(by, circle, 1, one)),
            CommandName::ClaimInsurance => {
                block_on(circles.claim_insurance(by, circle, 1, &self.bola.address, one))
            }
            CommandName::Exit => block_on(circles.exit(by, circle)),
            CommandName::Propose => block_on(circles.propose_dissolve(by, circle)),
            CommandName::Object => block_on(circles.object(by, circle)),
            CommandName::Vote => block_on(circles.vote(by, circle, 1, true)),
            CommandName::SignUpgrade => block_on(circles.sign_upgrade(by, circle, [1; 32])),
            CommandName::Upgrade => block_on(circles.upgrade(by, circle, [1; 32])),
            CommandName::NameOfficer => {
                let named = circles.name_officer(by, circle, self.bola.id, Office::Secretary);
                return block_on(named).map(drop);
            }
            CommandName::RelieveOfficer => {
                return block_on(circles.relieve_officer(
                    by,
                    circle,
                    self.bola.id,
                    Office::Secretary,
                    false,
                ))
                .map(drop);
            }
            CommandName::AnswerOffice => {
                return block_on(circles.answer_office(by, circle, true)).map(drop);
            }
            CommandName::LayDownOffice => {
                return block_on(circles.lay_down_office(by, circle)).map(drop);
            }
            CommandName::OfferTurns => {
                let terms = SwapTerms { now: 2, turn: 1, pays: one };
                return block_on(offers.swap(by, circle, self.bola.id, terms)).map(drop);
            }
            CommandName::OfferSeat => {
                return block_on(offers.seat(by, circle, self.bola.id, one)).map(drop);
            }
            CommandName::AcceptOffer => block_on(offers.accept(by, nothing, None)),
            CommandName::DeclineOffer => return block_on(offers.decline(by, nothing)),
            CommandName::WithdrawOffer => return block_on(offers.withdraw(by, nothing)),
        };
        done.map(drop)
    }
}

fn calls(world: &World) -> Calls<'_> {
    let (ada, bola) = (world.member("Ada"), world.member("Bola"));
    let circle = world.forming(&ada, "one");
    let ctx = CommandContext::of_member(ada.id, "invitation");
    let (invitation, _) = block_on(world.kolo.circles().invite(&ctx, circle, None)).unwrap();
    let ctx = CommandContext::of_member(ada.id, "door");
    let door = block_on(world.kolo.circles().open_door(&ctx, circle)).unwrap();
    world.work();
    let Some(ChainEffect::Invite { key, expires_at, .. }) = world.chain.done().last().cloned()
    else {
        panic!("no invitation");
    };
    let (key, address, turn) = (Some(key), None, None);
    world.emit(circle, CircleChainEvent::InvitationAdded { key, address, turn, expires_at });
    world.work();
    Calls { world, ada, bola, circle, invitation, door }
}

#[test]
fn a_refused_command_writes_nothing_and_works_under_its_key_once_permitted() {
    let (world, host) = world();
    let calls = calls(&world);
    for mood in [Mood::Refuses, Mood::IsDown] {
        host.is(mood);
        let before = record(&world);
        for command in CommandName::ALL {
            let called = calls.call(*command, command.as_str());
            match mood {
                Mood::Refuses => assert!(
                    matches!(&called, Err(Error::Forbidden { reason }) if reason == "Not today."),
                    "{command}: {called:?}"
                ),
                _ => assert!(matches!(called, Err(Error::Port(_))), "{command}: {called:?}"),
            }
        }
        assert_eq!(record(&world), before);
    }
    assert_eq!(block_on(world.worker.tick(usize::MAX)).unwrap().handled, 0, "nothing was queued");

    host.is(Mood::Allows);
    for command in [CommandName::Register, CommandName::TestMoney, CommandName::Join] {
        calls.call(command, command.as_str()).unwrap();
    }
    world.work();
    assert_eq!(world.chain.count(pays), 1);
    // The repetition of what was done gets its answer, whatever the host thinks by now.
    let after = record(&world);
    host.is(Mood::Refuses);
    host.asked();
    for command in [CommandName::Register, CommandName::TestMoney, CommandName::Join] {
        calls.call(command, command.as_str()).unwrap();
    }
    assert_eq!((host.asked(), record(&world)), (Vec::new(), after));
}

#[test]
fn the_host_is_told_who_what_and_where() {
    let (world, host) = world();
    let calls = calls(&world);
    host.is(Mood::Refuses);
    host.asked();
    for command in CommandName::ALL {
        calls.call(*command, "told").unwrap_err();
        let asked = host.asked();
        let [request] = asked.as_slice() else { panic!("{command}: {asked:?}") };
        use CommandName as C;
        let actor = match command {
            C::Register => Actor::System,
            C::Join | C::Request | C::TakeBack => Actor::Member(calls.bola.id),
            _ => Actor::Member(calls.ada.id),
        };
        // Which circle an offer nobody knows is about, nobody knows.
        let unknown = matches!(command, C::AcceptOffer | C::DeclineOffer | C::WithdrawOffer);
        let wallet = matches!(
            command,
            C::ExportKey | C::SignMessage | C::CloseAccount | C::LeaveSponsorship | C::TestMoney
        );
        let elsewhere = unknown || wallet || matches!(command, C::Register | C::CreateCircle);
        let circle = (!elsewhere).then_some(calls.circle);
        let amount = match command {
            C::Contribute => Some(EACH),
            C::TestMoney | C::Repay | C::Secure | C::OfferTurns => Some(Amount::new(1)),
            // For a seat it is the newcomer who pays.
            C::Commit | C::OfferSeat => Some(Amount::ZERO),
            _ => None,
        };
        let told = (request.command, &request.actor, request.circle, request.amount);
        assert_eq!(told, (*command, &actor, circle, amount));
        assert_eq!((&request.tenant, request.correlation.as_str()), (world.kolo.tenant(), "told"));
    }
}

/// Permission is one thing, the circle's rules another.
#[test]
fn a_host_cannot_lift_the_rules_of_the_domain() {
    let (world, _) = world();
    let calls = calls(&world);
    let ctx = CommandContext::of_member(calls.bola.id, "invite");
    let invited = block_on(world.kolo.circles().invite(&ctx, calls.circle, None));
    assert!(matches!(invited, Err(Error::NotAllowed)), "{invited:?}");
}

/// What happens by itself asks nobody: a host that is down stops no payout.
#[test]
fn the_workers_own_steps_are_nobodys_command() {
    let (world, host) = world();
    let (circle, ada, bola) = world.active("one");
    for member in [&ada, &bola] {
        world.contributes(circle, member, 1);
    }
    host.is(Mood::IsDown);
    host.asked();
    world.pass(7 * DAY_S + 60);
    assert_eq!((world.chain.count(pays_out), host.asked()), (1, Vec::new()));
}
