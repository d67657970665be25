//! Votes: a proposal passes iff 100·yes ≥ 51·N.

/// Whether `yes` of an electorate of `n` passes. For any `u32`.
///
/// Of 50 it takes 26, of 51 27, of 100 51, of 101 52; a tie fails, and nobody's vote passes nothing.
#[must_use]
pub fn passes(yes: u32, n: u32) -> bool {
    n > 0 && u64::from(yes) * 100 >= u64::from(n) * 51
}

/// Whether approval is impossible once `no` of `n` are against.
#[must_use]
pub fn is_impossible(no: u32, n: u32) -> bool {
    !passes(n.saturating_sub(no), n)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_smallest_majorities() {
        // (N, fewest yes): 0.51·N rounded up.
        let table = [
            (1, 1),
            (2, 2),
            (3, 2),
            (4, 3),
            (10, 6),
            (49, 25),
            (50, 26),
            (51, 27),
            (64, 33),
            (99, 51),
            (100, 51),
            (101, 52),
            (200, 102),
        ];
        for (n, fewest) in table {
            assert!(passes(fewest, n), "{fewest} of {n}");
            assert!(!passes(fewest - 1, n), "{} of {n}", fewest - 1);
        }
    }

    #[test]
    fn every_electorate_up_to_200_follows_the_formula() {
        for n in 1..=200_u32 {
            let fewest = (51 * n).div_ceil(100);
            for yes in 0..=n {
                assert_eq!(passes(yes, n), yes >= fewest, "{yes} of {n}");
                assert_eq!(is_impossible(n - yes, n), yes < fewest, "{} against of {n}", n - yes);
            }
            assert!(n % 2 == 1 || !passes(n / 2, n), "a tie fails");
        }
    }

    #[test]
    fn nobody_decides_nothing() {
        assert!(!passes(0, 0));
        assert!(!passes(1, 0));
        assert!(is_impossible(0, 0));
    }

    proptest! {
        #[test]
        fn any_electorate_is_decided_exactly_once(yes: u32, n in 1..=u32::MAX) {
            let yes = yes.min(n);
            // All have voted: it has passed, or it cannot.
            prop_assert_eq!(passes(yes, n), !is_impossible(n - yes, n));
        }
    }
}
