//! Each pass on its own: HIR in, HIR out. The first line of a file under `passes/` names the passes: `; passes: NAME ...`.

use hir::passes::{self, NoObserver, Pass};
use hir::verify::verify;
use hir::{Preloaded, text};
use std::sync::Arc;

fn check(name: &str, input: &str) {
    let names = input.lines().next().and_then(|line| line.strip_prefix("; passes:")).expect("the first line names the passes");
    let passes: Vec<Pass> = names.split_whitespace().map(|name| Pass::from_name(name).expect("a pass has this name")).collect();
    let mut function = text::parse(input, Arc::default()).map_err(|error| error.to_string()).expect("the test's function parses");
    assert_eq!(verify(&function), Ok(()), "{name}");
    passes::run(&passes, &mut function, &Preloaded::default(), &mut NoObserver);
    let out = function.to_string();
    let read = text::parse(&out, Arc::default()).map_err(|error| error.to_string()).expect("what is printed can be read");
    assert_eq!(read.to_string(), out, "{name}");
    insta::with_settings!({ description => input, omit_expression => true }, { insta::assert_snapshot!(name, out) });
}

macro_rules! passes {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            check(stringify!($name), include_str!(concat!("../passes/", stringify!($name), ".hir")));
        }
    )* };
}

passes! {
    clean_cfg_folds_a_branch_both_ways clean_cfg_joins_blocks_in_line clean_cfg_removes_unreachable_blocks
    dead_code_keeps_what_frame_states_use dead_code_keeps_what_raises dead_code_removes_circles_of_phis
    dead_code_keeps_guards frame_state_trimming_drops_operands phi_elimination_goes_on_until_nothing_changes phi_elimination_removes_assignments
    refcount_an_argument_is_returned
    refcount_an_unused_argument_dies
    refcount_a_constant_is_not_counted
    refcount_a_constant_object_is_borrowed
    refcount_a_tuple_takes_its_items
    refcount_a_tuple_takes_one_value_twice
    refcount_a_stolen_value_lives_on
    refcount_copies_are_one_reference
    refcount_small_ints_are_not_counted_once_known
    refcount_operands_die_behind_a_call
    refcount_what_the_frame_state_holds_stays
    refcount_an_unused_result_dies
    refcount_a_slot_is_borrowed
    refcount_a_borrowed_value_survives_its_owner
    refcount_a_borrowed_value_survives_a_call
    refcount_a_borrowed_operand_survives_its_call
    refcount_a_store_ends_borrowing
    refcount_an_append_ends_borrowing_of_items
    refcount_an_append_does_not_end_borrowing_of_slots
    refcount_a_tuple_item_is_stolen
    refcount_the_old_value_dies_behind_a_store
    refcount_a_null_is_counted_with_a_test
    refcount_a_cell_takes_a_null
    refcount_a_null_is_dropped_where_it_is_known
    refcount_a_checked_local_needs_no_test
    refcount_a_value_dies_on_one_edge
    refcount_a_critical_edge_is_split
    refcount_a_phi_takes_owned_values
    refcount_a_phi_makes_a_borrowed_input_owned
    refcount_a_phi_borrows_from_what_lives_on
    refcount_a_phi_of_borrowed_values_ends_with_their_memory
    refcount_a_phi_of_small_ints_and_objects
    refcount_a_loop_carries_an_owned_value
    refcount_a_loop_carries_the_same_value
    refcount_a_loop_carries_a_borrowed_value
    refcount_a_loop_keeps_what_it_reads
    refcount_an_item_of_a_loop_dies
    refcount_an_item_that_is_not_used_dies
    refcount_an_item_is_appended
    refcount_a_type_branch_says_what_is_counted
    refcount_second_results_are_owned
    refcount_a_yield_hands_all_over
    refcount_a_raise_leaves_its_operand_to_deopt
    refcount_many_deaths_are_one_instruction
    refcount_a_scalar_ends_no_borrowing
    refcount_inlined_frames_hold_values
    refcount_a_generator_takes_its_frame
    refcount_resumed_values_are_owned
}
