//! Who is in the story, and what they save: all from the seed.
use sha2::{Digest, Sha256};

use crate::chat::Phone;

const NAMES: [&str; 20] = [
    "Ada", "Bola", "Chidi", "Dayo", "Efua", "Fatima", "Grace", "Halima", "Ifeoma", "Joseph",
    "Kwame", "Lindiwe", "Musa", "Ngozi", "Otieno", "Patience", "Rehema", "Sade", "Thabo",
    "Wanjiru",
];

/// Instalments in whole dollars.
const AMOUNTS: [u32; 5] = [10, 20, 25, 40, 50];

/// Group names.
const GROUPS: [&str; 4] = ["Market Women", "Sunrise Tailors", "Umoja Family", "Harvest Friends"];

/// Everyone and everything the story needs.
pub(super) struct Cast {
    pub people: Vec<Phone>,
    pub group: &'static str,
    /// Whole dollars.
    pub amount: u32,
    /// As one says it: `weekly`.
    pub every: &'static str,
    /// Test dollars each asks for.
    pub money: u32,
}

/// The same seed, the same cast.
pub(super) fn cast(members: u8, seed: u64) -> Cast {
    let mut dice = Dice { seed, rolls: 0 };
    let mut names = NAMES.to_vec();
    let first = if seed == 1 { 0 } else { dice.roll(names.len()) };
    names.rotate_left(first);
    let people = names
        .into_iter()
        .take(usize::from(members))
        .enumerate()
        .map(|(index, name)| Phone {
            number: format!("+23480310{:05}", 10_000 + index),
            name: name.to_owned(),
        })
        .collect();
    let amount =
        AMOUNTS.get(if seed == 1 { 0 } else { dice.roll(AMOUNTS.len()) }).copied().unwrap_or(10);
    Cast {
        people,
        group: GROUPS
            .get(if seed == 1 { 0 } else { dice.roll(GROUPS.len()) })
            .copied()
            .unwrap_or("Friends"),
        amount,
        every: if seed == 1 || dice.roll(2) == 0 { "weekly" } else { "monthly" },
        money: amount.saturating_mul(u32::from(members)).saturating_add(50).min(1_000),
    }
}

/// Repeatable dice: SHA-256 of seed and count.
struct Dice {
    seed: u64,
    rolls: u32,
}

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.rolls += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(self.rolls.to_be_bytes());
        let digest = hash.finalize();
        usize::from(u16::from_be_bytes([digest[0], digest[1]])) % sides.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_cast() {
        let (a, b) = (cast(20, 7), cast(20, 7));
        assert_eq!(a.people, b.people);
        assert_eq!((a.amount, a.group, a.every), (b.amount, b.group, b.every));
        let mut numbers: Vec<_> = a.people.iter().map(|p| &p.number).collect();
        numbers.dedup();
        assert_eq!(numbers.len(), 20);
        let others = (2..30).map(|seed| cast(3, seed).people[0].name.clone());
        assert!(others.collect::<std::collections::HashSet<_>>().len() > 5);
    }

    #[test]
    fn everyone_can_pay_for_the_whole_cycle() {
        for members in 2..=20 {
            for seed in 0..50 {
                let cast = cast(members, seed);
                assert!(cast.money >= cast.amount * u32::from(members));
            }
        }
    }
}
