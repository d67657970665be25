//! The story: hello, wallets, a group, invitations, contributions, payouts.
use kolo_core::CircleId;
use kolo_core::port::Clock;
use kolo_core::view::CircleStage;
use kolo_rules::circle::Phase;

use super::DemoError;
use super::people::Cast;
use super::player::Player;
use crate::chat::Phone;

/// Tells it; returns the circle when it is complete.
pub(super) async fn tell(player: &mut Player<'_>, cast: &Cast) -> Result<CircleId, DemoError> {
    for person in &cast.people {
        player.stack.chat.add(person.clone())?;
        player.say(person, "hi").await?;
        player.say(person, &format!("TEST MONEY {}", cast.money)).await?;
    }
    let (organiser, others) =
        cast.people.split_first().ok_or(DemoError::Stuck("has no members"))?;
    let wish =
        format!("CREATE GROUP {} {} {} {}", cast.group, cast.amount, cast.every, cast.people.len());
    player.say(organiser, &wish).await?;
    player.say(organiser, "YES").await?;
    for joiner in others {
        invite(player, organiser, joiner).await?;
    }
    let circle = circle_of(player, organiser).await?;
    for round in 1..=cast.people.len() {
        play_round(player, cast, circle, round).await?;
    }
    player.say(organiser, "GROUP STATUS").await?;
    player.say(organiser, "HISTORY").await?;
    match stage(player, circle).await? {
        CircleStage::OnChain(Phase::Completed) => Ok(circle),
        _ => Err(DemoError::Stuck("is not complete after its last round")),
    }
}

async fn invite(
    player: &mut Player<'_>,
    organiser: &Phone,
    joiner: &Phone,
) -> Result<(), DemoError> {
    player.say(organiser, &format!("INVITE {}", joiner.number)).await?;
    let told = player.read(organiser, "JOIN ")?;
    let code = code_in(&told).ok_or_else(|| DemoError::NotSaid {
        who: organiser.name.clone(),
        what: "JOIN code",
        last: told.clone(),
    })?;
    player.say(joiner, &format!("JOIN {code}")).await?;
    player.say(joiner, "YES").await
}

/// The word after the last `JOIN`.
fn code_in(text: &str) -> Option<String> {
    let (_, after) = text.rsplit_once("JOIN ")?;
    let code: String = after.chars().take_while(char::is_ascii_alphanumeric).collect();
    (!code.is_empty()).then_some(code)
}

async fn circle_of(player: &Player<'_>, organiser: &Phone) -> Result<CircleId, DemoError> {
    let kolo = &player.stack.kolo;
    let member = kolo.members().by_contact(&organiser.contact()).await?;
    let member = member.ok_or(DemoError::Stuck("has no organiser"))?;
    let circles = kolo.circles().of(member.id).await?;
    circles.first().map(|circle| circle.id).ok_or(DemoError::Stuck("was not created"))
}

async fn stage(player: &Player<'_>, circle: CircleId) -> Result<CircleStage, DemoError> {
    Ok(player.stack.kolo.circles().status(circle).await?.summary.stage)
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
    if round == 1
        && let Some(first) = cast.people.first()
    {
        player.say(first, "GROUP STATUS").await?;
    }
    let until = date.max(player.stack.clock.now());
    player.wait_until(until).await?;
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
