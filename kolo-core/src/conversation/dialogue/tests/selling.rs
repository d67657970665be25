//! SELL PLACE: what is told of whom, and what stands in the way.
use kolo_rules::Refusal;

use super::people::{running, shares_a_group};
use crate::conversation::fake::member;
use crate::conversation::reply::Reply;
use crate::view::MemberView;

/// An account is public: whose it is, is told to who shares a group with them, and to nobody else.
#[test]
fn a_strangers_address_is_answered_alike_whether_it_is_here_or_not() {
    for registered in [true, false] {
        let mut chat = running();
        if registered {
            chat.desk.state().members.push(member("Zuri"));
        }
        let heard = chat.say("SELL PLACE GZuri");
        assert_eq!(heard.reply, Some(Reply::SellHow), "registered: {registered}");
    }
    let mut chat = running();
    chat.desk.state().members.push(member("Zuri"));
    shares_a_group(&chat, "Zuri");
    let heard = chat.say("SELL PLACE GZuri").text().to_owned();
    assert!(heard.contains("let Zuri (account ends in Zuri) take over"), "{heard}");
}

/// The members have voted: what keeps the leaver from selling is said, and no second vote is asked for.
#[test]
fn what_stands_in_the_way_of_a_passed_sale_is_told() {
    let refused = |why| {
        let mut chat = running();
        let there = MemberView { phone: Some("+2348031234567".to_owned()), ..member("Dayo") };
        chat.desk.state().members.push(there);
        chat.desk.state().no_price = Some(why);
        chat.say("sell place to 0803 123 4567").reply
    };
    for why in [Refusal::InArrears, Refusal::CreditWaiting, Refusal::HasLeft] {
        let heard = refused(why);
        assert!(matches!(heard, Some(Reply::Trouble(_))), "{why:?}: {heard:?}");
    }
    for why in [Refusal::NoProposal, Refusal::TimeOver] {
        let heard = refused(why);
        assert!(matches!(heard, Some(Reply::ConfirmSell { .. })), "{why:?}: {heard:?}");
    }
}
