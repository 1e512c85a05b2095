//! What allocation makes of small functions: `allocation/*.lir` in, registers and slots out.

use crate::common::symbols;
use lir::{Allocator, text, verify};

fn check(name: &str, source: &str) {
    let symbols = symbols();
    let function = text::parse_with(source, &symbols).expect("the test's text is right");
    assert_eq!(verify::verify(&function), Ok(()), "{name}");
    let allocated = Allocator::new().allocate(function).expect("a sound function can be allocated");
    let mut out = allocated.function.print_with(&symbols).to_string();
    let read = text::parse_with(&out, &symbols).expect("what is printed can be read");
    assert!(read.same_as(&allocated.function), "{name}");
    if !allocated.saved.is_empty() {
        let saved: Vec<String> = allocated.saved.iter().map(ToString::to_string).collect();
        out.push_str(&format!("saves {}\n", saved.join(", ")));
    }
    insta::with_settings!({ description => source, omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "snapshots/allocation" }, {
        insta::assert_snapshot!(name, out);
    });
}

macro_rules! functions {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            check(stringify!($name), include_str!(concat!("allocation/", stringify!($name), ".lir")));
        }
    )* };
}

functions! {
    area_of_the_stack_frame argument_is_returned block_that_is_not_reached_goes body_of_a_loop_comes_before_what_follows branch_meets_again
    call_passes_arguments call_passes_constants_itself call_through_a_register call_through_memory call_with_arguments_on_the_stack
    call_with_floats call_with_two_results cold_block_comes_last cold_call_gives_its_result_anywhere cold_call_moves_arguments_at_once
    cold_call_records_where_values_are_saved cold_call_saves_what_is_used_later cold_call_through_a_register
    cold_call_with_arguments_on_the_stack_is_as_any cold_call_with_floats cold_calls_in_a_row_save_once comparison_with_a_spilled_value
    constant_is_made_once_in_a_stretch constant_is_returned_without_a_register constants_are_made_where_they_are_used conversions_change_the_class
    critical_edge_is_split division_by_itself division_in_rax_and_rdx divisor_is_kept_out_of_rdx empty_blocks_are_passed_by entries
    exit_ends_the_block float_arithmetic_in_place float_constants_are_made_again float_lives_through_a_call_in_a_slot float_result
    fourth_value_is_spilled guard_arithmetic_keeps_its_operands guard_arithmetic_whose_operand_is_not_recorded guard_records_where_values_are
    high_half_of_a_product jump_to_one_place_is_a_branch left_operand_lives_on loop_keeps_values_in_registers loop_swaps_values loop_with_a_call
    memory_counts memory_with_an_index narrow_sum_is_no_address origins_stay_with_instructions overflow_jump_defines_its_sum patchpoint_records
    pinned_registers_stay safepoint_finds_values_and_constants same_operand_twice select_in_place shift_by_itself shift_count_in_rcx sum_in_place
    sum_of_a_value_that_lives_on_is_an_address sum_with_a_constant_is_an_address switch_with_arguments three_values_live_through_a_call
    two_results value_lives_through_a_call
}
