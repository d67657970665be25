//! A message of the catalogue and what is put into it.
use super::clean;

/// A message's id and its arguments; put into words by [`super::Catalogue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The message's id in the catalogue.
    pub(super) id: &'static str,
    /// Its arguments.
    pub(super) args: Vec<(&'static str, Value)>,
    /// Begins a new paragraph.
    pub(super) apart: bool,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// A number that plurals depend on.
    Count(u64),
    /// Another message, put into words first.
    Words(Words),
}

impl Words {
    pub(super) fn new(id: &'static str) -> Self {
        Self { id, args: Vec::new(), apart: false }
    }

    /// Begins a new paragraph.
    pub(super) fn apart(mut self) -> Self {
        self.apart = true;
        self
    }

    /// A text of our own.
    pub(super) fn text(mut self, arg: &'static str, text: impl Into<String>) -> Self {
        self.args.push((arg, Value::Text(text.into())));
        self
    }

    /// A stranger's text: made harmless first.
    pub(super) fn name(self, arg: &'static str, name: &str) -> Self {
        self.text(arg, clean::name(name))
    }

    pub(super) fn count(mut self, arg: &'static str, count: impl Into<u64>) -> Self {
        self.args.push((arg, Value::Count(count.into())));
        self
    }

    pub(super) fn words(mut self, arg: &'static str, words: Self) -> Self {
        self.args.push((arg, Value::Words(words)));
        self
    }

    /// `yes` or `no`, for a selection.
    pub(super) fn flag(self, arg: &'static str, flag: bool) -> Self {
        self.text(arg, if flag { "yes" } else { "no" })
    }
}
