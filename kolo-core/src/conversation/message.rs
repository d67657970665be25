//! Words and choices → a message a channel can send.
use super::catalogue::{Catalogue, Speech, notice_orders, reply_orders};
use super::clean;
use super::dialogue::{SAY_BUTTON, STEP_BUTTON};
use super::reply::Reply;
use super::session::{Choice, Menu, Session};
use crate::notice::Notice;
use crate::port::channel::{Button, Capabilities, Contact, OutboundMessage};

/// The most buttons under a message.
pub const BUTTONS_MAX: usize = 3;
/// The longest label, in characters.
pub const LABEL_MAX: usize = 20;
/// The longest text above buttons, in characters.
pub const TEXT_WITH_BUTTONS_MAX: usize = 1_024;
/// The longest text otherwise, in characters.
pub const TEXT_MAX: usize = 4_096;

/// A reply, with the choices of the turn's session: as buttons when they fit, else numbered.
#[must_use]
pub fn reply(
    catalogue: &Catalogue,
    speech: &Speech,
    reply: &Reply,
    session: &Session,
    id: String,
    to: Contact,
) -> OutboundMessage {
    let text = catalogue.reply(reply, speech);
    let menu = session.menu.as_ref().filter(|_| is_asking(reply));
    let Some(menu) = menu else {
        return with_orders(catalogue, text, reply_orders(reply), (id, to));
    };
    if fits_buttons(&menu.choices) && text.chars().count() <= TEXT_WITH_BUTTONS_MAX {
        return OutboundMessage { id, to, text, buttons: buttons(menu) };
    }
    let list = numbered(&menu.choices);
    let room = TEXT_MAX.saturating_sub(list.chars().count() + 2);
    OutboundMessage {
        id,
        to,
        text: format!("{}\n\n{list}", fitted(text, room)),
        buttons: Vec::new(),
    }
}

/// A notice, with its buttons: plain commands that work at any time.
#[must_use]
pub fn notice(
    catalogue: &Catalogue,
    speech: &Speech,
    notice: &Notice,
    id: String,
    to: Contact,
) -> OutboundMessage {
    let text = catalogue.notice(notice, speech);
    with_orders(catalogue, text, notice_orders(notice), (id, to))
}

fn with_orders(
    catalogue: &Catalogue,
    text: String,
    orders: Vec<(&'static str, String)>,
    (id, to): (String, Contact),
) -> OutboundMessage {
    let mut buttons: Vec<Button> = orders
        .into_iter()
        .map(|(label, command)| Button {
            id: format!("{SAY_BUTTON}{command}"),
            label: catalogue.label(label),
        })
        .collect();
    // The text names the commands as well.
    if text.chars().count() > TEXT_WITH_BUTTONS_MAX {
        buttons.clear();
    }
    OutboundMessage { id, to, text: fitted(text, TEXT_MAX), buttons }
}

/// What a channel with these capabilities can show of it: buttons become numbered lines.
#[must_use]
pub fn adapt(mut message: OutboundMessage, capabilities: &Capabilities) -> OutboundMessage {
    if message.buttons.len() > capabilities.buttons {
        // Only a step's choices are known by their number when the answer comes, and a number before
        // an amount would be taken for one.
        let is_figure = |label: &str| label.starts_with(|c: char| c.is_ascii_digit());
        let is_step = message
            .buttons
            .iter()
            .all(|button| button.id.starts_with(STEP_BUTTON) && !is_figure(&button.label));
        let labels: Vec<String> = message
            .buttons
            .drain(..)
            .enumerate()
            .map(|(index, button)| {
                if is_step {
                    format!("{}. {}", index + 1, button.label)
                } else {
                    format!("• {}", button.label)
                }
            })
            .collect();
        let list = labels.join("\n");
        let room = capabilities.text.saturating_sub(list.chars().count() + 2);
        message.text = format!("{}\n\n{list}", fitted(message.text, room));
    } else {
        message.text = fitted(message.text, capabilities.text);
    }
    message
}

/// Replies that leave the old question standing do not show its choices again, except a hint at them.
fn is_asking(reply: &Reply) -> bool {
    !matches!(reply, Reply::StaleButton)
}

fn fits_buttons(choices: &[Choice]) -> bool {
    choices.len() <= BUTTONS_MAX
        && choices
            .iter()
            .all(|choice| choice.detail.is_none() && choice.label.chars().count() <= LABEL_MAX)
}

fn buttons(menu: &Menu) -> Vec<Button> {
    let button = |(index, choice): (usize, &Choice)| Button {
        id: format!("{STEP_BUTTON}{}:{index}", menu.nonce),
        label: choice.label.clone(),
    };
    menu.choices.iter().enumerate().map(button).collect()
}

fn numbered(choices: &[Choice]) -> String {
    let lines: Vec<String> = choices
        .iter()
        .enumerate()
        .map(|(index, choice)| {
            format!("{}. {}", index + 1, choice.detail.as_deref().unwrap_or(&choice.label))
        })
        .collect();
    lines.join("\n")
}

/// Cut where it is too long, and seen to be cut.
fn fitted(text: String, max: usize) -> String {
    if text.chars().nth(max).is_none() {
        return text;
    }
    format!("{}…", clean::clip(&text, max.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(buttons: &[(&str, &str)]) -> OutboundMessage {
        OutboundMessage {
            id: "out/1".to_owned(),
            to: Contact { channel: "terminal".to_owned(), address: "ada".to_owned() },
            text: "Pay?".to_owned(),
            buttons: buttons
                .iter()
                .map(|(id, label)| Button { id: (*id).to_owned(), label: (*label).to_owned() })
                .collect(),
        }
    }

    #[test]
    fn a_channel_without_buttons_gets_numbers() {
        let plain = Capabilities { buttons: 0, text: 1_600 };
        let shown = adapt(message(&[("step:1:0", "YES"), ("step:1:1", "NO")]), &plain);
        assert_eq!((shown.text.as_str(), shown.buttons.len()), ("Pay?\n\n1. YES\n2. NO", 0));
        // Numbers under a notice would be taken for those of the last menu.
        let shown = adapt(message(&[("say:BALANCE", "Balance")]), &plain);
        assert_eq!(shown.text, "Pay?\n\n• Balance");
        let shown = adapt(message(&[("step:1:0", "1000"), ("step:1:1", "1")]), &plain);
        assert_eq!(shown.text, "Pay?\n\n• 1000\n• 1");
        let rich = Capabilities { buttons: 3, text: 1_600 };
        assert_eq!(adapt(message(&[("step:1:0", "YES")]), &rich), message(&[("step:1:0", "YES")]));
    }

    #[test]
    fn long_texts_are_cut_to_the_channels_length() {
        let mut long = message(&[("step:1:0", "YES")]);
        long.text = "é".repeat(500);
        let shown = adapt(long, &Capabilities { buttons: 0, text: 100 });
        assert_eq!(shown.text.chars().count(), 100);
        assert!(shown.text.ends_with("…\n\n1. YES"));
    }
}
