//! Whatever is sent: no panic, one reply of a fair length, no order without a question before it.
use crate::conversation::fake::{
    Chat, FakeDesk, circle, door, member, offer, preview, vote, waiting,
};
use crate::conversation::reply::Reply;
use crate::offer::OfferTerms;
use crate::view::MemberView;
use kolo_rules::Amount;
use kolo_rules::circle::Phase;
use proptest::prelude::*;

/// Orders that need a YES.
fn is_weighty(order: &str) -> bool {
    ![
        "register",
        "invite",
        "revoke",
        "test money",
        "group code",
        "close door",
        "decline offer",
        "withdraw offer",
    ]
    .iter()
    .any(|light| order.starts_with(light))
}

fn is_question(reply: Option<&Reply>) -> bool {
    match reply {
        Some(Reply::With(_, inner)) => is_question(Some(inner)),
        Some(
            Reply::ConfirmContribute(_)
            | Reply::ConfirmRepay { .. }
            | Reply::ConfirmCreate { .. }
            | Reply::ConfirmJoin { .. }
            | Reply::ConfirmStart { .. }
            | Reply::ConfirmLeave { .. }
            | Reply::ConfirmCancelGroup { .. }
            | Reply::ConfirmDissolve { .. }
            | Reply::ConfirmVote { .. }
            | Reply::ConfirmExit { .. }
            | Reply::ConfirmBid { .. }
            | Reply::ConfirmEntry { .. }
            | Reply::ConfirmAsk { .. }
            | Reply::ConfirmTakeBack { .. }
            | Reply::ConfirmApprove { .. }
            | Reply::ConfirmReject { .. }
            | Reply::ConfirmRemove { .. }
            | Reply::ConfirmExpel { .. }
            | Reply::ConfirmMove { .. }
            | Reply::ConfirmSwap { .. }
            | Reply::ConfirmSell { .. }
            | Reply::ConfirmOfferSeat { .. }
            | Reply::ConfirmAccept { .. }
            | Reply::ConfirmEndOffer { .. }
            | Reply::YesOrNo
            | Reply::StaleButton,
        ) => true,
        _ => false,
    }
}

fn message() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "hi",
        "balance",
        "history",
        "more",
        "create group",
        "A 10 weekly 3",
        "join",
        "ab12cd",
        "invite",
        "status",
        "contribute",
        "repay",
        "start",
        "leave",
        "cancel group",
        "dissolve",
        "vote",
        "vote 1",
        "bid",
        "bid 3",
        "pay deposit",
        "receipt",
        "yes",
        "no",
        "cancel",
        "1",
        "2",
        "5",
        "10",
        "market women",
        "family",
        "help",
        "test money",
        "-5",
        "1e9",
        "1.000",
        "₦5,000",
        "👍",
        "weekly",
        "register",
        "group code",
        "requests",
        "approve",
        "approve bola",
        "approve 1 turn 2",
        "reject bola",
        "take back request",
        "join dr23cd45",
        "revoke dr23cd45",
        "remove chidi",
        "expel",
        "expel bola from family",
        "move bola to +2348031234567",
        "i lost my phone",
        "swap bola",
        "sell place to +2348031234567",
        "offers",
        "accept offer",
        "accept offer 1",
        "decline offer 1",
        "take back offer",
        "vote no 99999999999",
        "invite turn 3",
        "draw",
        "my order",
        "auction",
        "payout weekly",
        "create group B 10 daily 5 payout weekly draw",
    ]);
    prop_oneof![
        4 => prop::collection::vec(words, 1..4).prop_map(|words| words.join(" ")),
        1 => "\\PC{0,40}",
        1 => prop::collection::vec(any::<char>(), 0..60).prop_map(String::from_iter),
    ]
}

fn world() -> FakeDesk {
    let desk = FakeDesk::of_ada()
        .with(circle("Market Women", Phase::Active))
        .with(circle("Family", Phase::Active))
        .with(circle("Students", Phase::Forming));
    {
        let mut state = desk.state();
        state.circles[1].votes = vec![vote()];
        state.circles[1].seats[0].debt = Amount::new(5);
        state.circles[2].requests = vec![waiting("Bola"), waiting("Dayo")];
        state.waits_at = vec![circle("Club", Phase::Forming).summary];
        state.offers = vec![
            offer(OfferTerms::Turns { maker: 1, taker: 2 }, false),
            offer(OfferTerms::Turns { maker: 1, taker: 2 }, true),
        ];
        state.doors.insert("DR23CD45".to_owned(), door("Club"));
        state.members.push(MemberView {
            phone: Some("+2348031234567".to_owned()),
            ..member("Bola the new")
        });
        state.previews.insert("AB12CD".to_owned(), preview("Club"));
    }
    desk
}

/// Says or taps one after the other; every order that weighs must answer the question right before it.
/// A tap is on the first button last shown.
fn no_order_without_question(
    chat: &mut Chat,
    messages: Vec<(String, bool, u64)>,
) -> Result<(), TestCaseError> {
    let mut asked = false;
    let mut last_button: Option<String> = None;
    for (text, tap, later) in messages {
        chat.now = chat.now.plus(later);
        let before = chat.desk.ordered().len();
        // The checks of every turn (one reply, its length) are in `deliver`.
        let heard = match last_button.clone().filter(|_| tap) {
            Some(button) => chat.tap(&button),
            None => chat.say(&text),
        };
        let orders = chat.desk.ordered();
        // A stranger's first word may register them before it is done.
        prop_assert!(
            orders.iter().skip(before).filter(|order| !order.starts_with("register")).count() <= 1
        );
        if orders.iter().skip(before).any(|order| is_weighty(order)) {
            prop_assert!(asked, "{:?} after {text:?}", orders.last());
        }
        asked = is_question(heard.reply.as_ref());
        if let Some(button) = heard.shown.iter().flat_map(|shown| &shown.buttons).next() {
            last_button = Some(button.id.clone());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn nothing_is_ordered_without_a_question_answered(
        messages in prop::collection::vec((message(), any::<bool>(), 0_u64..900), 1..25)
    ) {
        no_order_without_question(&mut Chat::new(world()), messages)?;
    }

    #[test]
    fn strangers_get_a_reply_to_anything(
        messages in prop::collection::vec((message(), any::<bool>(), 0_u64..900), 1..8),
        name in "\\PC{0,12}"
    ) {
        let mut chat = Chat::of_a_stranger(FakeDesk::default(), "x1", Some(&name));
        no_order_without_question(&mut chat, messages)?;
    }
}
