//! Randomness that repeats.
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::port::{Entropy, PortError};

/// SHA-256 over seed and a counter: the same seed gives the same bytes to the same calls.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    blocks: Mutex<u64>,
}

impl SeededEntropy {
    /// Everything follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, blocks: Mutex::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), PortError> {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(32) {
            let block = block(self.seed, *blocks);
            chunk.iter_mut().zip(block).for_each(|(byte, random)| *byte = random);
            *blocks = blocks.wrapping_add(1);
        }
        Ok(())
    }
}

/// The n-th 32 bytes of a seed.
pub(super) fn block(seed: u64, n: u64) -> [u8; 32] {
    Sha256::new().chain_update(seed.to_be_bytes()).chain_update(n.to_be_bytes()).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(entropy: &SeededEntropy, n: usize) -> Vec<u8> {
        let mut bytes = vec![0; n];
        entropy.fill(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_seed_repeats_and_goes_on() {
        let (one, again, other) =
            (SeededEntropy::new(1), SeededEntropy::new(1), SeededEntropy::new(2));
        let first = draw(&one, 70);
        assert_eq!(draw(&again, 70), first);
        assert_ne!(draw(&other, 70), first);
        assert_ne!(draw(&one, 70), first);
        assert_ne!(first[..32], first[32..64]);
        assert!(draw(&one, 0).is_empty());
    }
}
