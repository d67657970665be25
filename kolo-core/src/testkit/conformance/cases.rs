//! The lists of cases, one macro per port, and what becomes of a list.

/// One `#[test]` per case.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    ($suite:ident, $setup:ident, ($block_on:path), ($factory:expr); $($case:ident)*) => {$(
        #[test]
        fn $case() {
            let setup = $crate::testkit::conformance::$setup::new($factory, |job| $block_on(job));
            $block_on($crate::testkit::conformance::$suite::$case(&setup));
        }
    )*};
}

/// The names of the cases.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_names {
    (; $($case:ident)*) => { &[$(stringify!($case)),*] };
}

/// Runs every case of the ledger's suite as a `#[test]`; see
/// [`testkit::conformance`](crate::testkit::conformance).
#[macro_export]
macro_rules! ledger_conformance {
    (factory = $factory:expr $(,)?) => {
        $crate::ledger_conformance! {
            block_on = $crate::testkit::conformance::block_on, factory = $factory
        }
    };
    (block_on = $block_on:path, factory = $factory:expr $(,)?) => {
        $crate::__ledger_cases! {
            [$crate::__conformance_tests] ledger, LedgerSetup, ($block_on), ($factory)
        }
    };
}

/// The cases of the ledger's suite.
pub const LEDGER_CASES: &[&str] = crate::__ledger_cases!([crate::__conformance_names]);

#[doc(hidden)]
#[macro_export]
macro_rules! __ledger_cases {
    ([$($then:tt)*] $($args:tt)*) => {
        $($then)*! { $($args)*;
            a_commit_is_seen_by_every_read
            a_repeated_command_gets_the_first_outcome
            a_repeated_command_changes_nothing
            a_key_serves_one_command
            what_moves_money_is_never_forgotten
            a_refused_key_stays_free
            a_key_is_applied_once_by_many_at_once
            versions_have_no_gaps
            a_wrong_version_conflicts
            writes_of_one_change_set_follow_each_other
            no_update_is_lost
            an_aggregate_is_created_once_by_many_at_once
            nothing_of_a_conflict_remains
            nothing_of_a_taken_name_remains
            nothing_of_a_reused_key_remains
            nothing_of_a_lost_lease_remains
            nothing_of_an_unbalanced_entry_remains
            nothing_of_a_duplicate_entry_remains
            nothing_of_an_ended_hold_remains
            nothing_of_a_failed_guard_remains
            nothing_of_a_wrong_side_remains
            checks_come_in_their_order
            a_name_has_one_owner
            freeing_a_free_name_does_nothing
            a_name_can_change_hands_in_one_commit
            indexes_are_apart
            a_name_is_claimed_once_by_many_at_once
            an_entry_must_balance
            an_entry_must_balance_in_each_asset
            an_entry_must_balance_beyond_the_range
            an_entry_has_two_lines
            amounts_are_positive
            an_entry_may_have_many_lines
            an_entry_is_booked_once
            a_voided_entry_keeps_its_id
            a_new_entry_is_not_voided
            a_hold_settles_once
            a_hold_is_voided_once
            only_a_hold_can_be_resolved
            a_hold_may_end_in_its_own_commit
            a_resolved_hold_shows_how_it_ended
            a_hold_may_settle_in_part
            a_part_balances_and_is_within_the_hold
            a_hold_expires_once
            balances_follow_the_normal_side
            holds_are_pending_on_either_side
            an_unguarded_account_may_be_overdrawn
            balances_come_in_the_order_asked
            assets_are_apart
            an_account_keeps_its_side
            a_balance_stays_in_range
            entries_come_newest_first
            an_entry_is_listed_once
            entries_can_be_paged
            a_guard_looks_at_the_result
            a_guard_counts_outflows_and_not_inflows
            a_guard_needs_no_posting
            every_guard_must_hold
            money_is_spent_once_by_many_at_once
            aggregates_load_in_the_order_asked
            aggregates_list_in_order
            events_are_gapless
            events_can_be_paged
            events_are_not_skipped_under_load
            records_are_opaque
            texts_are_exact
            tenants_read_apart
            tenants_write_apart
            tenants_work_apart
            a_reopened_store_has_everything
            a_reopened_store_counts_on
            a_reopened_store_keeps_leases
        }
    };
}

/// Runs every case of the work queue's suite as a `#[test]`; see
/// [`testkit::conformance`](crate::testkit::conformance).
#[macro_export]
macro_rules! work_conformance {
    (factory = $factory:expr $(,)?) => {
        $crate::work_conformance! {
            block_on = $crate::testkit::conformance::block_on, factory = $factory
        }
    };
    (block_on = $block_on:path, factory = $factory:expr $(,)?) => {
        $crate::__work_cases! {
            [$crate::__conformance_tests] work, LedgerSetup, ($block_on), ($factory)
        }
    };
}

/// The cases of the work queue's suite.
pub const WORK_CASES: &[&str] = crate::__work_cases!([crate::__conformance_names]);

#[doc(hidden)]
#[macro_export]
macro_rules! __work_cases {
    ([$($then:tt)*] $($args:tt)*) => {
        $($then)*! { $($args)*;
            a_claim_tells_everything
            an_item_is_enqueued_once_ever
            an_item_is_enqueued_once_within_a_commit
            an_item_waits_until_it_is_due
            claims_come_by_due_time
            a_claim_keeps_to_its_limit
            claims_are_fair
            queues_are_apart
            the_next_moment_is_known
            the_next_moment_is_right
            an_item_has_one_worker
            a_lane_works_in_order
            a_lane_waits_for_its_first
            a_started_item_blocks_its_lane
            an_expired_item_blocks_its_lane
            lanes_do_not_wait_for_each_other
            the_empty_lane_is_a_lane
            cancelling_frees_the_lane
            a_commit_completes_its_item
            a_refused_commit_keeps_the_lease
            a_repetition_completes_its_item
            a_repetition_needs_no_lease
            an_expired_lease_is_taken_over
            a_lease_ends_by_itself
            a_lease_can_be_renewed
            an_item_can_be_retried
            a_retry_queues_by_its_new_time
            an_item_can_be_done_without_a_commit
            waiting_work_can_be_cancelled
            retried_work_can_be_cancelled
            claimed_work_can_be_cancelled
            cancelling_comes_last
            a_lease_cannot_be_made_up
            a_lease_is_used_once_by_many_at_once
            tokens_do_not_repeat
        }
    };
}

/// Runs every case of the read model's suite as a `#[test]`; see
/// [`testkit::conformance`](crate::testkit::conformance).
#[macro_export]
macro_rules! read_model_conformance {
    (factory = $factory:expr $(,)?) => {
        $crate::read_model_conformance! {
            block_on = $crate::testkit::conformance::block_on, factory = $factory
        }
    };
    (block_on = $block_on:path, factory = $factory:expr $(,)?) => {
        $crate::__read_model_cases! {
            [$crate::__conformance_tests] statement, ReadModelSetup, ($block_on), ($factory)
        }
    };
}

/// The cases of the read model's suite.
pub const READ_MODEL_CASES: &[&str] = crate::__read_model_cases!([crate::__conformance_names]);

#[doc(hidden)]
#[macro_export]
macro_rules! __read_model_cases {
    ([$($then:tt)*] $($args:tt)*) => {
        $($then)*! { $($args)*;
            every_movement_has_a_number_and_a_balance
            a_movement_tells_what_caused_it
            a_hold_moves_twice
            a_statement_adds_up_page_by_page
            a_period_ends_before_its_end
            an_issued_statement_never_changes
            a_balance_as_of_a_recorded_time
            balances_as_of_a_recorded_time_sum_to_zero
            a_balance_as_of_an_effective_time
            an_account_never_used_has_no_past
            statements_keep_the_side
            tenants_have_their_own_past
        }
    };
}

/// Runs every case of the vault's suite as a `#[test]`; see
/// [`testkit::conformance`](crate::testkit::conformance).
#[macro_export]
macro_rules! vault_conformance {
    (factory = $factory:expr $(,)?) => {
        $crate::vault_conformance! {
            block_on = $crate::testkit::conformance::block_on, factory = $factory
        }
    };
    (block_on = $block_on:path, factory = $factory:expr $(,)?) => {
        $crate::__vault_cases! {
            [$crate::__conformance_tests] vault, VaultSetup, ($block_on), ($factory)
        }
    };
}

/// The cases of the vault's suite.
pub const VAULT_CASES: &[&str] = crate::__vault_cases!([crate::__conformance_names]);

#[doc(hidden)]
#[macro_export]
macro_rules! __vault_cases {
    ([$($then:tt)*] $($args:tt)*) => {
        $($then)*! { $($args)*;
            creating_is_idempotent
            creating_at_once_agrees
            signatures_verify
            a_hash_is_not_signed_as_a_message
            signing_is_deterministic
            an_unknown_key_signs_nothing
            tenants_have_their_own_keys
            rotating_keeps_keys
            keys_are_durable
            errors_tell_no_secret
        }
    };
}
