//! Who may do what: every role and every action; offices from the question to their end.
use super::permission::Calls;
use super::receipts::notices;
use super::*;
use crate::circle::state::Circle;
use crate::circle::{Action, Appointment, Office, Role};
use crate::intent::state::Intent;
use crate::notice::{Notice, Reason};
use crate::port::authorizer::CommandName;
use crate::unit::queue;
use crate::view::OfficerView;

/// Organiser, chairman, secretary, treasurer, member, outsider, host. Written down apart from the table it
/// is compared with; an action that is not here is missed.
const MATRIX: &[(&str, &str)] = &[
    ("member.register", "------x"),
    ("wallet.test_money", "x---xx-"),
    ("wallet.export_key", "x---xx-"),
    ("wallet.sign_message", "x---xx-"),
    ("wallet.close", "x---xx-"),
    ("wallet.leave_sponsorship", "x---xx-"),
    ("circle.create", "x---xx-"),
    ("circle.invite", "xxx----"),
    ("circle.revoke", "xxx----"),
    ("circle.join", "x---xx-"),
    ("circle.remove", "xx-----"),
    ("circle.start", "xx-----"),
    ("circle.cancel", "x------"),
    ("circle.leave", "----x--"),
    ("circle.contribute", "----x--"),
    ("circle.repay", "----x--"),
    ("circle.request", "x---xx-"),
    ("circle.take_back", "x---xx-"),
    ("circle.open_door", "xxx----"),
    ("circle.close_door", "xxx----"),
    ("circle.approve", "xxx----"),
    ("circle.reject", "xxx----"),
    ("circle.commit", "----x--"),
    ("circle.secure", "----x--"),
    ("circle.bid", "----x--"),
    ("circle.claim_insurance", "----x--"),
    ("circle.exit", "----x--"),
    ("circle.propose", "----x--"),
    ("circle.object", "----x--"),
    ("circle.vote", "----x--"),
    ("circle.sign_upgrade", "----x--"),
    ("circle.upgrade", "----x--"),
    ("circle.name_officer", "x------"),
    ("circle.relieve_officer", "x------"),
    ("circle.answer_office", "----x--"),
    ("circle.lay_down_office", "-xxx---"),
    ("offer.turns", "----x--"),
    ("offer.seat", "----x--"),
    ("offer.accept", "x---xx-"),
    ("offer.decline", "x---xx-"),
    ("offer.withdraw", "x---xx-"),
    ("see contributions", "xxxxx-x"),
];

fn name(action: Action) -> &'static str {
    match action {
        Action::Do(command) => command.as_str(),
        Action::SeeContributions => "see contributions",
    }
}

/// Whether the matrix gives an action to any of these roles.
fn expected(action: Action, roles: &[Role]) -> bool {
    let row = MATRIX.iter().find(|(called, _)| *called == name(action));
    let (_, row) = row.unwrap_or_else(|| panic!("no row for {}", name(action)));
    let given = Role::ALL.iter().zip(row.chars()).filter(|(_, given)| *given == 'x');
    given.into_iter().any(|(role, _)| roles.contains(role))
}

#[test]
fn every_role_and_every_action_is_as_written_down() {
    let all = Action::all();
    for action in &all {
        for role in Role::ALL {
            let given = action.who_may().contains(&role);
            assert_eq!(given, expected(*action, &[role]), "{} by {role:?}", name(*action));
        }
    }
    let rows: Vec<_> = MATRIX.iter().map(|(called, row)| (*called, row.len())).collect();
    let actions: Vec<_> = all.iter().map(|action| (name(*action), Role::ALL.len())).collect();
    assert_eq!(rows, actions, "a row each, a column each");
}

/// Nobody's office reaches into somebody's purse: what moves money is the seat's own.
#[test]
fn no_office_gives_a_word_on_money() {
    use CommandName as C;
    for command in [C::Contribute, C::Repay, C::Commit, C::Secure, C::Bid, C::Exit, C::Vote] {
        assert_eq!(Action::Do(command).who_may(), [Role::Member], "{command}");
    }
}

/// A circle that is forming, with an officer of each sort.
struct Chama {
    world: World,
    circle: CircleId,
    organiser: MemberView,
    officers: Vec<(Office, MemberView)>,
    member: MemberView,
    stranger: MemberView,
}

impl Chama {
    fn new() -> Self {
        let world = World::new();
        let organiser = world.member("Ada");
        let circle = world.forming_of(&organiser, "one", 8);
        let member = world.member("Bola");
        world.joins(circle, &member, 1);
        let names = ["Chidi", "Dayo", "Emeka"];
        let mut officers = Vec::new();
        for ((office, name), seat) in Office::ALL.into_iter().zip(names).zip(2..) {
            let officer = world.member(name);
            world.joins(circle, &officer, seat);
            officers.push((office, officer));
        }
        world.work();
        let chama =
            Self { circle, organiser, officers, member, stranger: world.member("Zuri"), world };
        for (office, officer) in &chama.officers {
            chama.name(officer, *office).unwrap();
            chama.answer(officer, true).unwrap();
        }
        chama
    }

    fn officer(&self, office: Office) -> &MemberView {
        &self.officers.iter().find(|(held, _)| *held == office).unwrap().1
    }

    fn ctx(&self, by: &MemberView) -> CommandContext {
        let tenant = self.world.kolo.tenant();
        let done = block_on(self.world.kolo.ports().ledger.events_after(tenant, 0, 10_000));
        CommandContext::of_member(by.id, format!("{}/{}", by.name, done.unwrap().len()))
    }

    fn name(&self, whom: &MemberView, office: Office) -> Result<Appointment, Error> {
        let ctx = self.ctx(&self.organiser);
        block_on(self.world.kolo.circles().name_officer(&ctx, self.circle, whom.id, office))
    }

    /// Of what they hold, or are asked to take up if that is nothing.
    fn relieve(&self, whom: &MemberView) -> Result<Appointment, Error> {
        let status = block_on(self.world.kolo.circles().status(self.circle)).unwrap();
        let theirs = status.summary.officers.iter().filter(|officer| officer.member == whom.id);
        let found = theirs.max_by_key(|officer| officer.accepted);
        let (office, held) = found.map_or((Office::Treasurer, true), |o| (o.office, o.accepted));
        self.relieve_of(whom, office, held)
    }

    fn relieve_of(
        &self,
        whom: &MemberView,
        office: Office,
        held: bool,
    ) -> Result<Appointment, Error> {
        let (ctx, circles) = (self.ctx(&self.organiser), self.world.kolo.circles());
        block_on(circles.relieve_officer(&ctx, self.circle, whom.id, office, held))
    }

    /// Names of the last events about offices.
    fn told(&self, last: usize) -> Vec<String> {
        let tenant = self.world.kolo.tenant();
        let events = block_on(self.world.kolo.ports().ledger.events_after(tenant, 0, 10_000));
        let kinds = events.unwrap().into_iter().map(|event| event.record.kind.to_string());
        let told: Vec<_> = kinds.filter(|kind| kind.starts_with("circle.office")).collect();
        told[told.len() - last..].to_vec()
    }

    fn answer(&self, by: &MemberView, accept: bool) -> Result<Appointment, Error> {
        let ctx = self.ctx(by);
        block_on(self.world.kolo.circles().answer_office(&ctx, self.circle, accept))
    }

    fn lay_down(&self, by: &MemberView) -> Result<Appointment, Error> {
        block_on(self.world.kolo.circles().lay_down_office(&self.ctx(by), self.circle))
    }

    fn held(&self, who: &MemberView) -> Option<Office> {
        let status = block_on(self.world.kolo.circles().status(self.circle)).unwrap();
        status.summary.office_of(who.id)
    }

    fn emit(&self, event: CircleChainEvent) {
        self.world.emit(self.circle, event);
        self.world.work();
    }
}

/// The services ask the table: whoever calls, each command is denied exactly where it says so.
#[test]
fn every_command_of_everybody_is_allowed_or_denied_by_the_table() {
    use Role as R;
    let everybody: [(&str, &[Role]); 7] = [
        ("Ada", &[R::Organiser, R::Member]),
        ("Chidi", &[R::Chairman, R::Member]),
        ("Dayo", &[R::Secretary, R::Member]),
        ("Emeka", &[R::Treasurer, R::Member]),
        ("Bola", &[R::Member]),
        ("Zuri", &[R::Outsider]),
        ("", &[R::Host]),
    ];
    for (caller, roles) in everybody {
        let chama = Chama::new();
        let (world, circle) = (&chama.world, chama.circle);
        let ctx = chama.ctx(&chama.organiser);
        let (invitation, _) = block_on(world.kolo.circles().invite(&ctx, circle, None)).unwrap();
        let ctx = chama.ctx(&chama.organiser);
        let door = block_on(world.kolo.circles().open_door(&ctx, circle)).unwrap();
        let (ada, bola) = (chama.organiser.clone(), chama.member.clone());
        let calls = Calls { world, ada, bola, circle, invitation, door };
        for command in CommandName::ALL {
            let key = format!("{caller}/{command}");
            let by = match caller {
                "" => CommandContext::of_system(key),
                name => CommandContext::of_member(world.member(name).id, key),
            };
            let called = calls.call_by(*command, &by);
            let denied = matches!(called, Err(Error::NotAllowed | Error::NoSuchCircle));
            let allowed = expected(Action::Do(*command), roles);
            assert_eq!(denied, !allowed, "{command} by {caller:?}: {called:?}");
        }
        let Ok(reader) = CommandContext::of_system("").member().or_else(|_| match caller {
            "" => Err(()),
            name => Ok(world.member(name).id),
        }) else {
            continue;
        };
        let seen = block_on(world.kolo.circles().contributions_seen_by(reader, circle));
        assert_eq!(seen.is_ok(), expected(Action::SeeContributions, roles), "{caller}: {seen:?}");
    }
}

#[test]
fn an_office_gives_nothing_before_it_is_taken_up_and_nothing_after_its_end() {
    let chama = Chama::new();
    let Chama { world, circle, member: bola, organiser: ada, .. } = &chama;
    let invite = || {
        let ctx = chama.ctx(bola);
        block_on(world.kolo.circles().invite(&ctx, *circle, None)).map(|(_, under_way)| under_way)
    };
    assert!(matches!(invite(), Err(Error::NotAllowed)));
    let asked = chama.name(bola, Office::Secretary).unwrap();
    assert_eq!((asked.member, asked.office, asked.held), (bola.id, Office::Secretary, false));
    assert!(matches!(chama.name(bola, Office::Secretary), Err(Error::HasOffice)));
    assert!(matches!(invite(), Err(Error::NotAllowed)), "asked is not yet accepted");
    assert_eq!(chama.held(bola), None);
    chama.answer(bola, false).unwrap();
    assert!(matches!(chama.answer(bola, true), Err(Error::NoOffice)), "once declined it is over");
    chama.name(bola, Office::Secretary).unwrap();
    chama.answer(bola, true).unwrap();

    // Signed for with the organiser's account; who really asked is kept.
    let under_way = invite().unwrap();
    let intent = block_on(world.kolo.load::<Intent>(under_way.intent)).unwrap().unwrap().state;
    assert_eq!(intent.asked_by, Some(bola.id));
    world.work();
    let done = world.chain.done();
    let Some(ChainEffect::Invite { organiser, .. }) = done.last() else { panic!("{done:?}") };
    assert_eq!(*organiser, ada.address);
    let events = block_on(world.kolo.ports().ledger.events_after(world.kolo.tenant(), 0, 10_000));
    let wanted = events.unwrap().into_iter().rfind(|e| e.record.kind == "intent.wanted").unwrap();
    let body: serde_json::Value = serde_json::from_slice(&wanted.record.bytes).unwrap();
    assert_eq!(body["asked_by"], bola.id.to_string());

    chama.lay_down(bola).unwrap();
    assert!(matches!(invite(), Err(Error::NotAllowed)));
    assert!(matches!(chama.lay_down(bola), Err(Error::NotAllowed)));
}

/// What was asked for in time and would be signed too late is not signed.
#[test]
fn what_an_officer_asked_for_is_not_signed_after_the_office_has_ended() {
    for office in [Office::Secretary, Office::Chairman] {
        for relieved in [false, true] {
            let chama = Chama::new();
            let (world, circle, bola) = (&chama.world, chama.circle, &chama.member);
            let officer = chama.officer(office);
            let (ctx, circles) = (chama.ctx(officer), world.kolo.circles());
            let under_way = match office {
                Office::Chairman => block_on(circles.remove(&ctx, circle, &bola.address)).unwrap(),
                _ => block_on(circles.invite(&ctx, circle, None)).unwrap().1,
            };
            if relieved {
                chama.relieve(officer).unwrap();
            }
            // The rest of the work, then what was asked for.
            let queue = &world.kolo.ports().queue;
            let asked = block_on(queue.claim(&[queue::INTENT], world.now(), 60, 9)).unwrap();
            world.work();
            for work in &asked {
                block_on(world.kolo.process_intent(work)).unwrap();
            }
            let signed = world.chain.count(|effect| {
                matches!(effect, ChainEffect::Invite { .. } | ChainEffect::Remove { .. })
            });
            assert_eq!(signed, usize::from(!relieved), "{office}");
            assert!(block_on(circles.is_settled(under_way.intent)).unwrap());
            let told: Vec<_> = notices(&world.kolo)
                .into_iter()
                .filter(|told| told.to == officer.id)
                .filter_map(|told| match told.notice {
                    Notice::InvitationFailed { reason, .. }
                    | Notice::RequestFailed { reason, .. } => Some(reason),
                    _ => None,
                })
                .collect();
            let expected: &[Reason] = if relieved { &[Reason::Office] } else { &[] };
            assert_eq!(told, expected, "{office}");
        }
    }
}

#[test]
fn the_organiser_can_hold_an_office_and_gives_none_to_who_has_no_seat() {
    let chama = Chama::new();
    let named = chama.name(&chama.organiser, Office::Treasurer).unwrap();
    assert!(named.held, "nobody has to ask themselves");
    let refused = chama.name(&chama.stranger, Office::Secretary);
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotMember))), "{refused:?}");
    assert!(matches!(chama.relieve(&chama.member), Err(Error::NoOffice)));
    // Taking the question back before it is answered.
    chama.name(&chama.member, Office::Chairman).unwrap();
    assert!(!chama.relieve(&chama.member).unwrap().held);
    assert!(matches!(chama.answer(&chama.member, true), Err(Error::NoOffice)));
}

#[test]
fn the_last_treasurer_stays_until_another_has_accepted() {
    let chama = Chama::new();
    let (emeka, bola) = (chama.officer(Office::Treasurer), &chama.member);
    let circles = chama.world.kolo.circles();
    let stuck = |chama: &Chama| {
        let ctx = chama.ctx(&chama.organiser);
        let removed = block_on(circles.remove(&ctx, chama.circle, &emeka.address));
        for refused in [
            chama.relieve(emeka).map(drop),
            chama.lay_down(emeka).map(drop),
            chama.name(emeka, Office::Secretary).map(drop),
            removed.map(drop),
        ] {
            assert!(matches!(refused, Err(Error::LastTreasurer)), "{refused:?}");
        }
        assert_eq!(chama.held(emeka), Some(Office::Treasurer));
    };
    stuck(&chama);
    chama.name(bola, Office::Treasurer).unwrap();
    stuck(&chama);
    chama.answer(bola, true).unwrap();
    chama.relieve(emeka).unwrap();
    assert_eq!((chama.held(emeka), chama.held(bola)), (None, Some(Office::Treasurer)));
    assert!(matches!(chama.lay_down(bola), Err(Error::LastTreasurer)));
    // Who holds no office can be taken out; two who hold it can change one after the other.
    let ctx = chama.ctx(&chama.organiser);
    block_on(circles.remove(&ctx, chama.circle, &emeka.address)).unwrap();
}

/// The chairman takes members out with the organiser's signature: not the organiser, and no officer.
#[test]
fn the_chairman_takes_out_plain_members_and_nobody_who_leads() {
    let chama = Chama::new();
    let remove = |by: &MemberView, whom: &MemberView| {
        let ctx = chama.ctx(by);
        block_on(chama.world.kolo.circles().remove(&ctx, chama.circle, &whom.address))
    };
    let chairman = chama.officer(Office::Chairman);
    chama.name(&chama.member, Office::Treasurer).unwrap();
    for whom in
        [&chama.organiser, chama.officer(Office::Secretary), chama.officer(Office::Treasurer)]
    {
        let refused = remove(chairman, whom);
        assert!(matches!(refused, Err(Error::NotAllowed)), "{}: {refused:?}", whom.name);
    }
    // Being asked gives nothing, this neither.
    remove(chairman, &chama.member).unwrap();
    remove(&chama.organiser, chama.officer(Office::Secretary)).unwrap();
    remove(&chama.organiser, chairman).unwrap();
}

/// What the organiser was shown is what ends, or nothing does.
#[test]
fn only_the_office_that_was_meant_is_taken_away() {
    let chama = Chama::new();
    let dayo = chama.officer(Office::Secretary);
    chama.name(dayo, Office::Chairman).unwrap();
    chama.answer(dayo, true).unwrap();
    for (office, held) in [
        (Office::Chairman, false),
        (Office::Secretary, true),
        (Office::Secretary, false),
        (Office::Treasurer, true),
    ] {
        let refused = chama.relieve_of(dayo, office, held);
        assert!(matches!(refused, Err(Error::NoOffice)), "{office} {held}: {refused:?}");
    }
    assert_eq!(chama.held(dayo), Some(Office::Chairman));
    chama.name(dayo, Office::Secretary).unwrap();
    assert!(!chama.relieve_of(dayo, Office::Secretary, false).unwrap().held);
    assert_eq!(chama.held(dayo), Some(Office::Chairman), "the question alone is taken back");
    assert!(chama.relieve_of(dayo, Office::Chairman, true).unwrap().held);
    assert_eq!(chama.held(dayo), None);
}

#[test]
fn who_takes_another_office_up_is_told_to_have_left_the_first() {
    let chama = Chama::new();
    let dayo = chama.officer(Office::Secretary);
    chama.name(dayo, Office::Chairman).unwrap();
    chama.answer(dayo, true).unwrap();
    let told = ["circle.office_asked", "circle.office_ended", "circle.office_taken"];
    assert_eq!(chama.told(3), told);
    // The organiser, who is not asked.
    chama.name(&chama.organiser, Office::Treasurer).unwrap();
    chama.relieve(chama.officer(Office::Treasurer)).unwrap();
    let stuck = chama.name(&chama.organiser, Office::Secretary);
    assert!(matches!(stuck, Err(Error::LastTreasurer)), "{stuck:?}");
    chama.name(&chama.member, Office::Treasurer).unwrap();
    chama.answer(&chama.member, true).unwrap();
    chama.name(&chama.organiser, Office::Secretary).unwrap();
    assert_eq!(
        chama.told(3),
        ["circle.office_taken", "circle.office_ended", "circle.office_taken"]
    );
}

/// Each yes and each end is told to all: nobody has them told all day.
#[test]
fn ten_are_asked_in_a_day_at_most() {
    let chama = Chama::new();
    let bola = &chama.member;
    for _ in Office::ALL.len()..10 {
        chama.name(bola, Office::Secretary).unwrap();
        chama.answer(bola, true).unwrap();
        chama.lay_down(bola).unwrap();
    }
    let refused = chama.name(bola, Office::Secretary);
    assert!(
        matches!(refused, Err(Error::CapReached { cap: crate::Cap::Offices, most: 10, .. })),
        "{refused:?}"
    );
    // Ending is never counted.
    chama.lay_down(chama.officer(Office::Secretary)).unwrap();
    chama.world.clock.set(chama.world.kolo.now().plus(DAY_S));
    chama.name(bola, Office::Secretary).unwrap();
}

/// A removal that is on its way is not seen: both treasurers can go by it, and the organiser hears so.
#[test]
fn when_both_treasurers_go_at_once_the_organiser_hears_that_there_is_none() {
    let chama = Chama::new();
    let (emeka, bola) = (chama.officer(Office::Treasurer), &chama.member);
    chama.name(bola, Office::Treasurer).unwrap();
    chama.answer(bola, true).unwrap();
    let ctx = chama.ctx(&chama.organiser);
    block_on(chama.world.kolo.circles().remove(&ctx, chama.circle, &emeka.address)).unwrap();
    chama.relieve(bola).unwrap();
    chama.world.work();
    let event = CircleChainEvent::ParticipantLeft { member: emeka.address.clone(), removed: true };
    chama.world.emit(chama.circle, event);
    while block_on(chama.world.kolo.follow()).unwrap() {}
    let told = notices(&chama.world.kolo);
    let heard = told.iter().any(|told| {
        let none_left =
            matches!(told.notice, Notice::Office { office: Office::Treasurer, vacant: true, .. });
        told.to == chama.organiser.id && none_left
    });
    assert!(heard, "{told:?}");
    assert_eq!((chama.held(emeka), chama.held(bola)), (None, None));
    chama.name(bola, Office::Treasurer).unwrap();
}

/// Two treasurers asked to be something else cannot both go by saying yes.
#[test]
fn of_two_treasurers_one_stays() {
    let chama = Chama::new();
    let (emeka, bola) = (chama.officer(Office::Treasurer), &chama.member);
    chama.name(bola, Office::Treasurer).unwrap();
    chama.answer(bola, true).unwrap();
    chama.name(bola, Office::Secretary).unwrap();
    chama.name(emeka, Office::Secretary).unwrap();
    chama.answer(bola, true).unwrap();
    assert!(matches!(chama.answer(emeka, true), Err(Error::LastTreasurer)));
    assert_eq!(chama.held(emeka), Some(Office::Treasurer));
}

#[test]
fn an_office_ends_with_the_seat_and_moves_with_the_person() {
    use CircleChainEvent as E;
    let leaves = |chama: &Chama, office: Office, event: E| {
        chama.emit(event);
        assert_eq!(chama.held(chama.officer(office)), None);
    };
    let chama = Chama::new();
    let gone = |office| chama.officer(office).address.clone();
    // Leaving is nobody's to forbid, the last treasurer's neither.
    let member = gone(Office::Treasurer);
    leaves(&chama, Office::Treasurer, E::ParticipantLeft { member, removed: false });
    let member = gone(Office::Secretary);
    leaves(&chama, Office::Secretary, E::ExitAnnounced { member });
    let member = gone(Office::Chairman);
    leaves(&chama, Office::Chairman, E::MemberExpelled { member });

    let chama = Chama::new();
    let (leaver, newcomer) = (chama.officer(Office::Secretary), &chama.stranger);
    let (price, deposit) = (Amount::ZERO, Amount::ZERO);
    let (from, to) = (leaver.address.clone(), newcomer.address.clone());
    chama.emit(E::SeatSold { leaver: from, newcomer: to, price, deposit });
    assert_eq!(
        (chama.held(leaver), chama.held(newcomer)),
        (None, None),
        "a seat is sold, no office"
    );
    let (old, new) = (chama.officer(Office::Treasurer), chama.world.member("Emeka, new phone"));
    chama.emit(E::SeatMoved { from: old.address.clone(), to: new.address.clone() });
    assert_eq!((chama.held(old), chama.held(&new)), (None, Some(Office::Treasurer)));
}

/// Circles of before there were offices, and those without, are stored as they were.
#[test]
fn who_was_asked_is_shown_as_asked() {
    let chama = Chama::new();
    chama.name(&chama.member, Office::Treasurer).unwrap();
    let found = block_on(chama.world.kolo.load::<Circle>(chama.circle)).unwrap().unwrap().state;
    let asked = OfficerView { member: chama.member.id, office: Office::Treasurer, accepted: false };
    assert_eq!(found.summary().unwrap().officers.last(), Some(&asked));
    let mut told: Vec<_> = found.who_may(CommandName::Approve);
    told.sort_unstable();
    let mut able = [&chama.organiser, chama.officer(Office::Chairman)]
        .into_iter()
        .chain([chama.officer(Office::Secretary)])
        .map(|who| who.id)
        .collect::<Vec<_>>();
    able.sort_unstable();
    assert_eq!(told, able, "whoever can answer a request hears of it");
}
