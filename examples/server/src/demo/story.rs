//! The story: hello, wallets, a group, invitations, contributions, payouts.
use kolo_core::port::Clock;
use kolo_core::view::CircleStage;
use kolo_core::{Amount, CircleId};
use kolo_rules::circle::Phase;

use super::DemoError;
use super::people::Cast;
use super::player::Player;
use crate::chat::Phone;
use crate::stack::Stack;

/// Tells it; returns the circle when it is complete.
pub(super) async fn tell(player: &mut Player<'_>, cast: &Cast) -> Result<CircleId, DemoError> {
    for person in &cast.people {
        player.stack.chat.add(person.clone())?;
        player.say(person, "hi").await?;
        player.say(person, &format!("TEST MONEY {}", cast.money)).await?;
    }
    have_money(player, cast).await?;
    let (organiser, others) =
        cast.people.split_first().ok_or(DemoError::Stuck("has no members"))?;
    let wish =
        format!("CREATE GROUP {} {} {} {}", cast.group, cast.amount, cast.every, cast.people.len());
    player.say(organiser, &wish).await?;
    player.say(organiser, "YES").await?;
    let circle = circle_of(player, organiser).await?;
    for (seated, joiner) in (2..).zip(others) {
        invite(player, organiser, joiner).await?;
        has_members(player, circle, seated).await?;
    }
    player
        .until("does not start although it is full", async |stack| {
            Ok(stack.kolo.circles().status(circle).await?.payout_date)
        })
        .await?;
    for round in 1..=cast.people.len() {
        play_round(player, cast, circle, round).await?;
    }
    is_complete(player, circle).await?;
    player.say(organiser, "GROUP STATUS").await?;
    player.say(organiser, "HISTORY").await?;
    Ok(circle)
}

/// Until everybody's test dollars are in the books and on the chain.
async fn have_money(player: &mut Player<'_>, cast: &Cast) -> Result<(), DemoError> {
    for person in &cast.people {
        player
            .until("cannot begin: test dollars do not arrive", async |stack| {
                let kolo = &stack.kolo;
                let Some(member) = kolo.members().by_contact(&person.contact()).await? else {
                    return Ok(None);
                };
                let wallet = kolo.wallets().balance(member.id).await?;
                let there = wallet.settled.is_positive() && wallet.on_chain == Some(wallet.settled);
                Ok(there.then_some(()))
            })
            .await?;
    }
    player.turn_ends();
    Ok(())
}

/// Until so many have a seat.
async fn has_members(
    player: &mut Player<'_>,
    circle: CircleId,
    seated: usize,
) -> Result<(), DemoError> {
    player
        .until("does not let in who was invited", async |stack| {
            let seats = stack.kolo.circles().status(circle).await?.seats.len();
            Ok((seats >= seated).then_some(()))
        })
        .await?;
    player.turn_ends();
    Ok(())
}

async fn is_complete(player: &mut Player<'_>, circle: CircleId) -> Result<(), DemoError> {
    player
        .until("is not complete after its last round", async |stack| {
            let stage = stack.kolo.circles().status(circle).await?.summary.stage;
            Ok((stage == CircleStage::OnChain(Phase::Completed)).then_some(()))
        })
        .await
}

async fn invite(
    player: &mut Player<'_>,
    organiser: &Phone,
    joiner: &Phone,
) -> Result<(), DemoError> {
    let before = codes(player.stack, organiser).len();
    player.say(organiser, &format!("INVITE {}", joiner.number)).await?;
    let code = player
        .until("gives no code to join", async |stack| {
            Ok(codes(stack, organiser).get(before).cloned())
        })
        .await?;
    player.turn_ends();
    player.say(joiner, &format!("JOIN {code}")).await?;
    player.say(joiner, "YES").await
}

/// The codes somebody was told, oldest first.
fn codes(stack: &Stack, who: &Phone) -> Vec<String> {
    let said = stack.chat.said(&who.number);
    said.iter().filter(|bubble| !bubble.mine).filter_map(|bubble| code_in(&bubble.text)).collect()
}

/// The word after the last `JOIN`.
fn code_in(text: &str) -> Option<String> {
    let (_, after) = text.rsplit_once("JOIN ")?;
    let code: String = after.chars().take_while(char::is_ascii_alphanumeric).collect();
    (!code.is_empty()).then_some(code)
}

/// The organiser's circle, once it is on the chain.
async fn circle_of(player: &mut Player<'_>, organiser: &Phone) -> Result<CircleId, DemoError> {
    let found = player
        .until("was not created", async |stack| {
            let kolo = &stack.kolo;
            let Some(member) = kolo.members().by_contact(&organiser.contact()).await? else {
                return Ok(None);
            };
            let circles = kolo.circles().of(member.id).await?;
            let made = circles.first().filter(|made| matches!(made.stage, CircleStage::OnChain(_)));
            Ok(made.map(|circle| circle.id))
        })
        .await?;
    player.turn_ends();
    Ok(found)
}

/// One round: reminders come, some pay after the first, the rest after the second, then it is paid out.
async fn play_round(
    player: &mut Player<'_>,
    cast: &Cast,
    circle: CircleId,
    round: usize,
) -> Result<(), DemoError> {
    let status = player.stack.kolo.circles().status(circle).await?;
    let date = status.payout_date.ok_or(DemoError::Stuck("has not started"))?;
    let prompt = cast.people.len().div_ceil(2);
    player.wait_until(date.minus(2 * 86_400).plus(3_600)).await?;
    for person in cast.people.iter().cycle().skip(round).take(prompt) {
        contribute(player, person).await?;
    }
    player.wait_until(date.minus(86_400).plus(3_600)).await?;
    for person in cast.people.iter().cycle().skip(round + prompt).take(cast.people.len() - prompt) {
        contribute(player, person).await?;
    }
    player
        .until("lacks a contribution", async |stack| {
            let status = stack.kolo.circles().status(circle).await?;
            let share = status.summary.rules.contribution;
            let all = (1..=round).try_fold(Amount::ZERO, |sum, _| sum.checked_add(share));
            Ok(status.seats.iter().all(|seat| all == Ok(seat.paid)).then_some(()))
        })
        .await?;
    player.turn_ends();
    if round == 1
        && let Some(first) = cast.people.first()
    {
        player.say(first, "GROUP STATUS").await?;
    }
    let until = date.max(player.stack.clock.now());
    player.wait_until(until).await?;
    player
        .until("does not pay out", async |stack| {
            let status = stack.kolo.circles().status(circle).await?;
            let had = status.seats.iter().filter(|seat| seat.paid_out).count();
            Ok((had >= round).then_some(()))
        })
        .await?;
    if round == 1
        && let Some(first) = cast.people.first()
    {
        player.say(first, "BALANCE").await?;
    }
    Ok(())
}

async fn contribute(player: &mut Player<'_>, person: &Phone) -> Result<(), DemoError> {
    player.say(person, "CONTRIBUTE").await?;
    player.say(person, "YES").await
}

#[cfg(test)]
mod tests {
    use super::code_in;

    #[test]
    fn the_code_is_the_word_after_join() {
        assert_eq!(code_in("Send this: *JOIN AB23CD45* to her").as_deref(), Some("AB23CD45"));
        assert_eq!(code_in("nothing here"), None);
        assert_eq!(code_in("JOIN "), None);
    }
}
