//! Typed replies and notices → text, by a Fluent file per language.
mod circle;
mod keys;
mod member;
mod money;
mod notice;
mod offer;
mod office;
mod reply;
mod speech;
#[cfg(test)]
mod tests;
mod trouble;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::langid;

pub(super) use keys::reply_orders;
pub(super) use member::person_detail;
pub(super) use notice::orders as notice_orders;
pub(super) use office::answers as office_answers;
pub(super) use reply::group_detail;
pub use speech::Speech;
pub(super) use trouble::trouble;

use super::reply::Reply;
use super::words::{Value, Words};
use crate::notice::Notice;

const ENGLISH: &str = include_str!("../locales/en.ftl");

/// The words of one language.
pub struct Catalogue {
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalogue").field("locales", &self.bundle.locales).finish()
    }
}

impl Catalogue {
    /// English.
    #[must_use]
    pub fn english() -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![langid!("en")]);
        // Direction marks around arguments show as blanks on old phones; names are cleaned instead.
        bundle.set_use_isolating(false);
        let resource = match FluentResource::try_new(ENGLISH.to_owned()) {
            Ok(resource) => resource,
            Err((resource, errors)) => {
                tracing::error!(?errors, "the English catalogue has errors");
                resource
            }
        };
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(?errors, "the English catalogue has messages of the same name");
        }
        Self { bundle }
    }

    /// A reply in words.
    #[must_use]
    pub fn reply(&self, reply: &Reply, speech: &Speech) -> String {
        self.say(&reply::words(reply, speech))
    }

    /// A notice in words.
    #[must_use]
    pub fn notice(&self, notice: &Notice, speech: &Speech) -> String {
        self.say(&notice::words(notice, speech))
    }

    /// A choice's label.
    pub(super) fn label(&self, id: &'static str) -> String {
        self.line(&Words::new(id))
    }

    /// Lines, some of them apart.
    pub(super) fn say(&self, lines: &[Words]) -> String {
        let mut text = String::new();
        for words in lines {
            if !text.is_empty() {
                text.push_str(if words.apart { "\n\n" } else { "\n" });
            }
            text.push_str(&self.line(words));
        }
        text
    }

    pub(super) fn line(&self, words: &Words) -> String {
        let mut problems = Vec::new();
        let pattern = self.bundle.get_message(words.id).and_then(|message| message.value());
        let text = pattern.map(|pattern| {
            let args: FluentArgs<'_> =
                words.args.iter().map(|(name, value)| (*name, self.value(value))).collect();
            self.bundle.format_pattern(pattern, Some(&args), &mut problems).into_owned()
        });
        if text.is_none() || !problems.is_empty() {
            tracing::error!(
                message = words.id,
                ?problems,
                "the catalogue lacks a message or an argument"
            );
        }
        // A gap in the catalogue must not leave somebody without an answer.
        text.unwrap_or_else(|| words.id.to_owned())
    }

    fn value(&self, value: &Value) -> FluentValue<'static> {
        match value {
            Value::Text(text) => FluentValue::from(text.clone()),
            Value::Count(count) => FluentValue::from(*count),
            Value::Words(words) => FluentValue::from(self.line(words)),
        }
    }
}
