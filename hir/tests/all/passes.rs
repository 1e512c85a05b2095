//! Each pass on its own: HIR in, HIR out. The first line of a file under `passes/` names the passes: `; passes: NAME ...`.

use crate::environment;
use hir::passes::{self, NoObserver, Pass};
use hir::text;
use hir::verify::verify;
use std::sync::Arc;

fn check(name: &str, input: &str) {
    let names = input.lines().next().and_then(|line| line.strip_prefix("; passes:")).expect("the first line names the passes");
    let passes: Vec<Pass> = names.split_whitespace().map(|name| Pass::from_name(name).expect("a pass has this name")).collect();
    let classes = Arc::new(environment::classes());
    let mut function = text::parse(input, classes.clone()).map_err(|error| error.to_string()).expect("the test's function parses");
    assert_eq!(verify(&function), Ok(()), "{name}");
    passes::run(&passes, &mut function, &environment::preloaded(&classes), &mut NoObserver);
    let out = function.to_string();
    let read = text::parse(&out, classes).map_err(|error| error.to_string()).expect("what is printed can be read");
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
    early_guards_of_list_items
    early_guards_not_behind_a_store
    optional_unboxing_of_variables_of_a_loop
    optional_unboxing_with_flags_of_two_kinds
    optional_unboxing_not_of_what_is_returned
    frame_state_unboxing_of_a_guarded_item
    frame_state_unboxing_of_an_argument
    frame_state_unboxing_not_of_what_is_stored
    simplify_numbers_of_either_kind
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
    refcount_what_is_stolen_and_read_lives_on
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
    simplify_a_local_that_is_set_is_not_checked
    simplify_a_guard_of_what_is_known
    simplify_a_guard_of_what_is_not_known_stays
    simplify_ints_are_added_as_ints
    simplify_numbers_are_folded
    simplify_what_overflows_is_not_folded
    simplify_neutral_operands
    simplify_constants_go_to_the_right
    simplify_floats_are_added_by_the_machine
    simplify_floats_and_ints
    simplify_division_is_guarded
    simplify_division_by_a_constant_is_not
    simplify_division_without_a_state_stays
    simplify_truth_of_builtin_values
    simplify_truth_of_what_is_always_true
    simplify_comparisons_of_builtin_values
    simplify_a_nan_is_not_itself
    simplify_identity
    simplify_a_branch_on_a_constant
    simplify_a_branch_on_not
    simplify_a_type_branch_that_is_known
    simplify_a_list_is_indexed
    simplify_a_dict_and_a_string_are_indexed
    simplify_an_item_of_a_list_is_stored
    simplify_an_item_of_a_new_tuple
    simplify_a_tuple_is_unpacked
    simplify_len_is_read
    simplify_a_known_function_is_called_directly
    simplify_with_other_arguments_it_is_not
    simplify_a_native_is_called_directly
    simplify_an_item_is_appended
    simplify_a_bound_method_is_called
    simplify_isinstance_of_what_is_known
    simplify_iterators_of_known_classes
    simplify_boxing_and_unboxing_are_one
    simplify_machine_numbers_are_folded
    guard_type_removal_by_an_operator_that_takes_anything
    guard_type_removal_not_if_a_user_needs_the_type
    guard_type_removal_not_if_a_result_depends_on_it
    guard_type_removal_not_if_nobody_uses_it
    guard_type_removal_through_other_names
    guard_type_removal_through_a_narrower_guard
    guard_type_removal_through_phis
    guard_type_removal_not_through_phis_that_need_it
    dynamic_comparison_of_a_comparison
    dynamic_comparison_not_of_one_that_is_used
    dynamic_comparison_not_of_one_that_a_state_holds
    dynamic_comparison_not_across_a_call
    dynamic_comparison_not_across_a_guard
    dynamic_comparison_across_what_is_quiet
    dynamic_comparison_not_if_the_truth_is_used
    dynamic_comparison_keeps_states_without_the_result
    builtin_load_method_of_a_list
    builtin_load_method_of_an_unknown_name
    builtin_load_method_of_a_subclass
    builtin_load_method_of_an_unknown_value
    builtin_load_method_of_another_class
    builtin_load_method_of_a_guarded_value
    builtin_load_method_is_called_directly
    builtin_load_method_of_a_new_list
    inline_of_one_block
    inline_of_two_returns
    inline_of_a_call_in_a_call
    inline_not_of_recursion
    inline_not_of_a_closure
    inline_of_what_never_returns
    inline_not_of_other_arguments
    inline_not_of_an_unknown_function
    inline_not_where_it_is_cold
    inline_and_simplified
    begin_inlined_around_nothing
    begin_inlined_around_quiet_code
    begin_inlined_not_around_a_call
    begin_inlined_around_a_guard
    begin_inlined_around_a_snapshot
    begin_inlined_one_in_another
    begin_inlined_only_the_inner_one
    begin_inlined_one_behind_another
    begin_inlined_over_blocks
    sink_box_of_a_float
    sink_box_of_an_int
    sink_box_of_an_int_that_may_not_fit
    sink_box_of_a_bool
    sink_box_not_if_it_is_returned
    sink_box_not_if_a_yield_hands_it_over
    sink_box_in_the_state_of_a_caller
    sink_box_in_an_object_that_is_not_made
    update_instr_before_a_call
    update_instr_once_for_an_instruction
    update_instr_for_each_instruction
    update_instr_not_before_a_guard
    update_instr_before_what_only_raises
    update_instr_in_an_inlined_function
    update_instr_where_paths_differ
    update_instr_not_where_paths_agree
    update_instr_in_a_loop
    value_numbering_of_arithmetic
    value_numbering_of_guards
    value_numbering_not_of_new_objects
    value_numbering_of_loads
    value_numbering_not_of_loads_across_a_call
    value_numbering_of_shapes
    value_numbering_of_a_load_of_what_was_stored
    value_numbering_of_loads_across_a_store_elsewhere
    value_numbering_of_a_cell
    value_numbering_of_lengths_across_a_store
    value_numbering_not_of_lengths_across_an_append
    value_numbering_of_patchpoints
    value_numbering_along_dominators_only
    value_numbering_not_of_loads_that_a_loop_changes
    value_numbering_of_loads_that_a_loop_does_not_change
    unboxing_of_a_sum
    unboxing_of_a_sum_from_an_argument
    unboxing_of_a_sum_that_is_passed_on
    unboxing_not_of_what_is_never_unboxed
    unboxing_of_a_sum_that_a_generator_hands_over
    unboxing_of_a_bool
    unboxing_not_of_a_tagged_counter
    unboxing_of_a_machine_counter
    unboxing_of_a_choice
    unboxing_through_two_phis
    shapes_that_a_chain_has_found_out shapes_that_a_store_changes shapes_in_a_loop
    slices_stored_in_lists
    guard_elimination_of_what_a_branch_decided
    guard_elimination_of_a_type_that_a_branch_found
    guard_elimination_of_a_second_guard
    guard_elimination_gives_later_users_the_narrow_name
    guard_elimination_of_bounds_of_a_remainder
    guard_elimination_of_a_box_that_fits
    guard_elimination_not_of_a_box_that_may_not_fit
    guard_elimination_of_bounds_in_a_loop
    guard_elimination_not_of_bounds_in_a_loop_that_goes_down
    guard_elimination_of_a_second_index
    loop_invariant_of_a_guard
    loop_invariant_not_of_a_guard_without_a_state
    loop_invariant_of_arithmetic
    loop_invariant_of_a_load
    loop_invariant_not_of_a_load_that_the_loop_changes
    loop_invariant_of_a_shape_and_a_slot
    loop_invariant_not_of_a_slot_across_a_call
    loop_invariant_not_of_a_guard_in_a_branch
    loop_invariant_out_of_two_loops
    instances_that_are_read_only instances_that_are_changed instances_in_a_loop instances_of_a_branch instances_in_instances
    instances_not_that_are_returned instances_not_whose_layout_depends
    escape_of_a_tuple
    escape_of_a_tuple_in_a_tuple
    escape_not_of_a_tuple_that_is_returned
    escape_not_of_a_part_of_what_is_returned
    escape_of_a_bound_method
    escape_of_a_slice
    escape_of_a_list_that_nobody_changes
    escape_not_of_a_list_that_grows
    escape_not_of_what_a_yield_hands_over
    escape_swapping_two_values
    escape_and_counts
    pipeline_of_a_float_loop
    pipeline_of_an_inlined_call
    periodic_tasks_behind_a_snapshot
    periodic_tasks_not_without_one
    periodic_tasks_not_behind_what_cannot_be_done_again
    periodic_tasks_so_that_a_load_leaves_a_loop
    iterator_of_enumerate
    iterator_not_of_enumerate_with_a_start
    loop_tasks_of_a_quiet_loop
    loop_tasks_not_of_a_loop_that_calls
    loop_tasks_not_of_a_loop_where_anything_dies
    loop_invariant_place_of_an_array
    iterator_of_a_list
    iterator_of_a_tuple
    iterator_not_of_an_unknown_iterable
    iterator_not_of_one_that_is_passed_on
    iterator_not_of_one_that_a_yield_hands_over
    iterator_of_one_step
    iterator_with_a_break
    iterator_not_of_two_steps
    iterator_of_a_list_of_a_derived_class
    iterator_a_loop_in_a_loop
    iterator_and_counts
    iterator_of_a_range
    iterator_of_a_range_with_a_step
    iterator_of_a_range_with_an_unknown_step
    iterator_of_a_range_and_an_index
    iterator_of_a_range_of_a_length
    iterator_and_a_guard_that_leaves_the_loop
    loop_invariant_not_of_a_slot_whose_shape_a_branch_asks_for
    unboxing_before_a_store
}
