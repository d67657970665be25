//! The channel behind the phone page: what was said, kept in a file of lines, shown on phones.
use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kolo_core::Timestamp;
use kolo_core::port::channel::{Button, Capabilities, Contact, InboundMessage, OutboundMessage};
use kolo_core::port::{MessageChannel, PortError, PortErrorKind, Retry};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// The channel's name.
pub const CHANNEL: &str = "web";

/// Most phones on the page.
const MOST_PHONES: usize = 64;

/// Most messages kept in memory per phone.
const MOST_MESSAGES: usize = 500;

/// A phone on the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// Its number in E.164: also the contact's address.
    pub number: String,
    /// Whose it is.
    pub name: String,
}

impl Phone {
    /// How the core knows it.
    #[must_use]
    pub fn contact(&self) -> Contact {
        Contact { channel: CHANNEL.to_owned(), address: self.number.clone() }
    }
}

/// One message on a phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bubble {
    /// Its id.
    pub id: String,
    /// Whether the person wrote it (else the bot).
    pub mine: bool,
    /// What it says.
    pub text: String,
    /// Under a bot's message.
    pub buttons: Vec<Button>,
    /// By the demo's clock.
    pub at: Timestamp,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
enum Line {
    Phone(Phone),
    Said { number: String, bubble: Bubble },
}

/// Why the chat could not be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChatError {
    /// The file.
    #[error("the chat file: {0}: check that the data folder can be written")]
    File(#[from] std::io::Error),
    /// Too many phones.
    #[error("there is room for {MOST_PHONES} phones on this page")]
    Full,
    /// The number is there.
    #[error("{0} has a phone here already")]
    Taken(String),
}

/// Phones and what was said on them.
pub struct ChatRoom {
    inner: Mutex<Inner>,
    changed: watch::Sender<u64>,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

struct Inner {
    phones: Vec<Phone>,
    said: HashMap<String, Vec<Bubble>>,
    ids: HashSet<String>,
    file: Option<File>,
}

impl ChatRoom {
    /// Kept in memory only.
    pub fn in_memory(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self::with(None, now)
    }

    /// Kept in a file, one line a message; a torn last line (a crash) is dropped.
    ///
    /// # Errors
    /// [`ChatError::File`].
    pub fn open(
        path: &Path,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Self, ChatError> {
        let mut options = OpenOptions::new();
        let file = options.create(true).read(true).append(true).open(path)?;
        let lines = BufReader::new(file.try_clone()?);
        let room = Self::with(None, now);
        {
            let mut inner = room.lock();
            // As bytes: a line torn within a character is no text.
            for line in lines.split(b'\n') {
                if let Ok(line) = serde_json::from_slice(&line?) {
                    inner.take(line);
                }
            }
            let mut file = file;
            // Whatever a crash left of a last line ends here.
            file.write_all(b"\n")?;
            inner.file = Some(file);
        }
        Ok(room)
    }

    fn with(file: Option<File>, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let (phones, said, ids) = (Vec::new(), HashMap::new(), HashSet::new());
        Self {
            inner: Mutex::new(Inner { phones, said, ids, file }),
            changed: watch::Sender::new(0),
            now: Box::new(now),
        }
    }

    /// Adds a phone.
    ///
    /// # Errors
    /// [`ChatError`].
    pub fn add(&self, phone: Phone) -> Result<(), ChatError> {
        let mut inner = self.lock();
        if inner.phones.iter().any(|there| there.number == phone.number) {
            return Err(ChatError::Taken(phone.number));
        }
        if inner.phones.len() >= MOST_PHONES {
            return Err(ChatError::Full);
        }
        inner.put(Line::Phone(phone))?;
        drop(inner);
        self.touch();
        Ok(())
    }

    /// The phones, in the order they came.
    #[must_use]
    pub fn phones(&self) -> Vec<Phone> {
        self.lock().phones.clone()
    }

    /// What was said on a phone, oldest first.
    #[must_use]
    pub fn said(&self, number: &str) -> Vec<Bubble> {
        self.lock().said.get(number).cloned().unwrap_or_default()
    }

    /// Shows what the person said; the core gets it apart.
    ///
    /// # Errors
    /// [`ChatError::File`].
    pub fn hear(&self, message: &InboundMessage) -> Result<(), ChatError> {
        let bubble = Bubble {
            id: message.id.clone(),
            mine: true,
            text: message.text.clone(),
            buttons: Vec::new(),
            at: (self.now)(),
        };
        self.lock().put(Line::Said { number: message.from.address.clone(), bubble })?;
        self.touch();
        Ok(())
    }

    /// Changes whenever something is said or a phone comes.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Tells the page to look again.
    pub fn touch(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Into the file, then into memory; a message that is there already changes nothing.
    fn put(&mut self, line: Line) -> Result<(), ChatError> {
        if let Line::Said { bubble, .. } = &line
            && self.ids.contains(&bubble.id)
        {
            return Ok(());
        }
        if let Some(file) = &mut self.file {
            let mut text = serde_json::to_string(&line).map_err(std::io::Error::from)?;
            text.push('\n');
            file.write_all(text.as_bytes())?;
        }
        self.take(line);
        Ok(())
    }

    fn take(&mut self, line: Line) {
        match line {
            Line::Phone(phone) => self.phones.push(phone),
            Line::Said { number, bubble } => {
                if !self.ids.insert(bubble.id.clone()) {
                    return;
                }
                let said = self.said.entry(number).or_default();
                said.push(bubble);
                if said.len() > MOST_MESSAGES {
                    said.remove(0);
                }
            }
        }
    }
}

#[async_trait]
impl MessageChannel for ChatRoom {
    fn name(&self) -> &str {
        CHANNEL
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { buttons: 3, text: 4_096 }
    }

    async fn send(&self, message: &OutboundMessage) -> Result<(), PortError> {
        let bubble = Bubble {
            id: message.id.clone(),
            mine: false,
            text: message.text.clone(),
            buttons: message.buttons.clone(),
            at: (self.now)(),
        };
        let line = Line::Said { number: message.to.address.clone(), bubble };
        self.lock().put(line).map_err(|error| {
            PortError::new(PortErrorKind::Unavailable, Retry::Temporary, "the chat file")
                .because(error)
        })?;
        self.touch();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_torn_within_a_character_is_dropped_and_no_more() {
        let folder = std::env::temp_dir().join(format!("kolo-chat-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("chat.jsonl");
        let phone = |number: &str| Phone { number: number.to_owned(), name: "Adé".to_owned() };
        let open = || ChatRoom::open(&path, || Timestamp::from_unix(1)).unwrap();
        open().add(phone("+1")).unwrap();
        let mut torn = serde_json::to_vec(&Line::Phone(phone("+2"))).unwrap();
        let within = torn.iter().position(|byte| !byte.is_ascii()).unwrap();
        torn.truncate(within + 1);
        OpenOptions::new().append(true).open(&path).unwrap().write_all(&torn).unwrap();
        open().add(phone("+3")).unwrap();
        let numbers: Vec<_> = open().phones().into_iter().map(|phone| phone.number).collect();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(numbers, ["+1", "+3"]);
    }
}
