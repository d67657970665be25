//! Plays messages into the stack, moves the clock, and prints what is said like a chat.
use std::collections::HashSet;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use kolo_core::port::Clock;
use kolo_core::port::channel::InboundMessage;
use kolo_core::{Timestamp, conversation};

use super::DemoError;
use crate::chat::{Bubble, Phone};
use crate::stack::Stack;

/// Between looks where time is real: a ledger closes every few seconds, and a node may ask for fewer
/// requests.
const LOOK_EVERY: Duration = Duration::from_millis(700);

/// Longest wait for something to happen where time is real.
const PATIENCE: Duration = Duration::from_secs(300);

/// How time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// The player moves the clock.
    Moved,
    /// By itself.
    Real,
}

/// Steps of one pause in the story; far more than a story has.
const MOST_TICKS: usize = 10_000;

/// Somebody typing on the phones.
pub(super) struct Player<'a> {
    pub stack: &'a Stack,
    pace: Pace,
    aloud: bool,
    messages: u64,
    shown: HashSet<String>,
    time_shown: Option<Timestamp>,
    turns: Vec<Duration>,
    /// When the last thing was said.
    said_at: Instant,
}

impl<'a> Player<'a> {
    pub fn new(stack: &'a Stack, pace: Pace, aloud: bool) -> Self {
        Self {
            stack,
            pace,
            aloud,
            messages: 0,
            shown: HashSet::new(),
            time_shown: None,
            turns: Vec::new(),
            said_at: Instant::now(),
        }
    }

    /// How many messages people sent and got.
    pub fn said(&self) -> usize {
        self.shown.len()
    }

    /// Somebody says something; returns when everything it causes at this moment has happened, or, where
    /// time is real, when it is answered.
    pub async fn say(&mut self, who: &Phone, text: &str) -> Result<(), DemoError> {
        self.messages += 1;
        let message = InboundMessage {
            id: format!("demo-{}", self.messages),
            from: who.contact(),
            name: Some(who.name.clone()),
            phone: Some(who.number.clone()),
            text: text.to_owned(),
            button: None,
        };
        let before = told(self.stack, who);
        self.said_at = Instant::now();
        self.stack.chat.hear(&message)?;
        conversation::receive(&self.stack.kolo, message).await?;
        let pace = self.pace;
        self.until("gives no answer", async |stack| {
            // A command's answer may be the news of what it did.
            let answered = pace == Pace::Moved || told(stack, who) > before;
            Ok(answered.then_some(()))
        })
        .await?;
        self.turns.push(self.said_at.elapsed());
        Ok(())
    }

    /// Works, and where time is real waits, until `look` finds what it looks for; else the demo is stuck
    /// with `trouble`.
    pub async fn until<T>(
        &mut self,
        trouble: &'static str,
        look: impl AsyncFn(&Stack) -> Result<Option<T>, DemoError>,
    ) -> Result<T, DemoError> {
        let began = Instant::now();
        loop {
            self.settle().await?;
            if let Some(found) = look(self.stack).await? {
                return Ok(found);
            }
            if self.pace == Pace::Moved || began.elapsed() > PATIENCE {
                return Err(DemoError::Stuck(trouble));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// What the last message caused has come to its end only now.
    pub fn turn_ends(&mut self) {
        if let Some(last) = self.turns.last_mut() {
            *last = self.said_at.elapsed();
        }
    }

    /// How long turns took in real time, from the message to the last reply it caused, settlement
    /// on the chain included: the slowest of a hundred, and the slowest.
    pub fn turn_ms(&self) -> (u128, u128) {
        let mut turns = self.turns.clone();
        turns.sort_unstable();
        let at = (turns.len() * 99).div_ceil(100).saturating_sub(1);
        let ms = |turn: Option<&Duration>| turn.map_or(0, Duration::as_millis);
        (ms(turns.get(at)), ms(turns.last()))
    }

    /// Works until nothing is left to do now or, where the clock is moved, within a few seconds.
    pub async fn settle(&mut self) -> Result<(), DemoError> {
        if self.pace == Pace::Real {
            self.stack.worker.tick(usize::MAX).await?;
            self.show();
            return Ok(());
        }
        for _ in 0..MOST_TICKS {
            let tick = self.stack.worker.tick(usize::MAX).await?;
            self.show();
            let soon = self.stack.clock.now().plus(5);
            match tick.next {
                Some(next) if next <= soon => {
                    self.stack.clock.advance_to(next.max(self.stack.clock.now().plus(1)));
                }
                _ => return Ok(()),
            }
        }
        Err(DemoError::Stuck("never comes to rest"))
    }

    /// Lets time pass, with everything that is due on the way.
    pub async fn wait_until(&mut self, until: Timestamp) -> Result<(), DemoError> {
        if self.pace == Pace::Real {
            while self.stack.clock.now() < until {
                self.settle().await?;
                tokio::time::sleep(LOOK_EVERY).await;
            }
            return Ok(());
        }
        let stack = self.stack;
        stack.pass_time(until, || self.show()).await?;
        self.settle().await
    }

    /// Prints what is new, in the order it was said.
    fn show(&mut self) {
        let mut fresh: Vec<(Phone, Bubble)> = Vec::new();
        for phone in self.stack.chat.phones() {
            for bubble in self.stack.chat.said(&phone.number) {
                if self.shown.insert(bubble.id.clone()) {
                    fresh.push((phone.clone(), bubble));
                }
            }
        }
        fresh.sort_by_key(|(_, bubble)| (bubble.at, !bubble.mine));
        if !self.aloud {
            return;
        }
        for (phone, bubble) in fresh {
            self.show_time(bubble.at);
            if bubble.mine {
                println!("{:>10} ▸ {}", phone.name, bubble.text);
            } else {
                print_reply(&phone, &bubble);
            }
        }
    }

    fn show_time(&mut self, at: Timestamp) {
        let minute = |at: Timestamp| at.unix() / 60;
        if self.time_shown.map(minute) == Some(minute(at)) {
            return;
        }
        self.time_shown = Some(at);
        println!("\n──────── {} ────────", spell(at));
    }
}

/// How many messages somebody got.
fn told(stack: &Stack, who: &Phone) -> usize {
    stack.chat.said(&who.number).iter().filter(|bubble| !bubble.mine).count()
}

fn print_reply(phone: &Phone, bubble: &Bubble) {
    let mut lines = bubble.text.lines();
    println!("{:>10} ◂ {}", phone.name, lines.next().unwrap_or_default());
    for line in lines {
        println!("{:>10}   {line}", "");
    }
    if !bubble.buttons.is_empty() {
        let labels: Vec<_> = bubble.buttons.iter().map(|b| format!("[ {} ]", b.label)).collect();
        println!("{:>10}   {}", "", labels.join(" "));
    }
}

/// `Mon 5 Jan 2026, 09:00 UTC`.
pub fn spell(at: Timestamp) -> String {
    let second = i64::try_from(at.unix()).unwrap_or(i64::MAX);
    match jiff::Timestamp::from_second(second) {
        Ok(time) => time.to_zoned(TimeZone::UTC).strftime("%a %-d %b %Y, %H:%M UTC").to_string(),
        Err(_) => at.unix().to_string(),
    }
}
