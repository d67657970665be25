//! Callers who contribute, each waiting for one answer before the next contribution.
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use kolo_core::port::Ledger;

use crate::contribution::{Seat, funding};
use crate::failure::Failure;
use crate::figures::Rate;

/// Seats that each caller contributes for in turn.
const SEATS: u64 = 32;

/// Members of a circle, where there are many.
const MEMBERS: u64 = 12;

/// How many contributions each wallet is funded for: more than any measurement makes.
const FUNDED: i64 = 100_000;

/// Whose circles are contributed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// Twelve members to a circle.
    Spread,
    /// Everybody's is the same.
    OneCircle,
}

impl Where {
    pub const ALL: [Self; 2] = [Self::Spread, Self::OneCircle];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Spread => "many circles",
            Self::OneCircle => "one circle",
        }
    }

    fn seat(self, member: u64) -> Seat {
        Seat::of(member, if self == Self::Spread { member / MEMBERS } else { 0 })
    }
}

/// The seats of so many callers, their wallets funded.
pub async fn seats(
    ledger: &dyn Ledger,
    callers: u64,
    place: Where,
) -> Result<Vec<Vec<Seat>>, Failure> {
    let mut all = Vec::new();
    let mut funds = Vec::new();
    for caller in 0..callers {
        let seats: Vec<Seat> =
            (0..SEATS).map(|number| place.seat(caller * SEATS + number)).collect();
        funds.push(ledger.commit(funding(&format!("funds of {caller}"), &seats, FUNDED)));
        all.push(seats);
    }
    try_join_all(funds).await?;
    Ok(all)
}

/// As fast as it goes, for that long.
pub async fn flat_out<L: Ledger + 'static>(
    ledger: &Arc<L>,
    seats: &mut [Vec<Seat>],
    time: Duration,
) -> Result<Rate, Failure> {
    let start = Instant::now();
    let callers = take(seats).map(|mut seats| {
        let ledger = Arc::clone(ledger);
        tokio::spawn(async move {
            let mut done = 0_u64;
            while start.elapsed() < time {
                for seat in &mut seats {
                    ledger.commit(seat.contribute()).await?;
                    done += 1;
                    if start.elapsed() >= time {
                        break;
                    }
                }
            }
            Ok::<_, Failure>((seats, done))
        })
    });
    let mut times = 0;
    let ended = try_join_all(callers).await?;
    let took = start.elapsed();
    for (place, ended) in seats.iter_mut().zip(ended) {
        let (seats, done) = ended?;
        *place = seats;
        times += done;
    }
    Ok(Rate { times, took })
}

/// At that many a second in all, for that long: how long each waited from the moment it was due.
pub async fn paced<L: Ledger + 'static>(
    ledger: &Arc<L>,
    seats: &mut [Vec<Seat>],
    per_second: u64,
    time: Duration,
) -> Result<Vec<Duration>, Failure> {
    let callers = u32::try_from(seats.len()).unwrap_or(u32::MAX);
    let between =
        Duration::from_secs(1) * callers / u32::try_from(per_second.max(1)).unwrap_or(u32::MAX);
    let start = Instant::now();
    let tasks = (0..callers).zip(take(seats)).map(|(caller, mut seats)| {
        let ledger = Arc::clone(ledger);
        tokio::spawn(async move {
            let mut waits = Vec::new();
            let mut due = start + between * caller / callers;
            let mut next = 0;
            while due < start + time {
                tokio::time::sleep_until(due.into()).await;
                let place = next % seats.len().max(1);
                if let Some(seat) = seats.get_mut(place) {
                    ledger.commit(seat.contribute()).await?;
                }
                waits.push(due.elapsed());
                next += 1;
                due += between;
            }
            Ok::<_, Failure>((seats, waits))
        })
    });
    let mut waits = Vec::new();
    for (place, ended) in seats.iter_mut().zip(try_join_all(tasks).await?) {
        let (seats, waited) = ended?;
        *place = seats;
        waits.extend(waited);
    }
    Ok(waits)
}

fn take(seats: &mut [Vec<Seat>]) -> impl Iterator<Item = Vec<Seat>> + use<> {
    let taken: Vec<_> = seats.iter_mut().map(std::mem::take).collect();
    taken.into_iter()
}
