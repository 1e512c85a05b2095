//! Whole functions: the code, and what is said about it.
//!
//! `functions/*.lir` are allocated already; `pipeline/*.lir` go through peepholes and allocation.

use crate::{describe, options, symbols};
use lir::{Allocated, Allocator, Function, peephole, text, verify};

fn parse(source: &str) -> Function {
    text::parse_with(source, &symbols()).expect("the test's text is right")
}

fn check(folder: &str, name: &str, source: &str, allocated: &Allocated) {
    let code = codegen_x64::emit(allocated, &symbols(), &options()).expect("all symbols are known");
    let out = format!("{}{}", codegen_x64::disassemble(&code, &symbols(), Some(allocated)), describe(&code));
    let path = format!("snapshots/{folder}");
    insta::with_settings!({ description => source, omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => path }, {
        insta::assert_snapshot!(name, out);
    });
}

fn functions(name: &str, source: &str) {
    check("functions", name, source, &Allocated::new(parse(source)));
}

fn pipeline(name: &str, source: &str) {
    let mut function = parse(source);
    assert_eq!(verify::verify(&function), Ok(()), "{name}");
    peephole::improve(&mut function);
    let allocated = Allocator::new().allocate(function).expect("a sound function can be allocated");
    check("pipeline", name, source, &allocated);
}

macro_rules! tests {
    ($($folder:ident: $($name:ident)*;)*) => { $( mod $folder { $(
        #[test]
        fn $name() {
            super::$folder(stringify!($name), include_str!(concat!(stringify!($folder), "/", stringify!($name), ".lir")));
        }
    )* } )* };
}

tests! {
    functions:
    area_and_slots arithmetic_and_jump big_frame bit_and_jump call_of_a_symbol call_through_a_register call_through_a_register_that_is_an_argument
    call_through_memory call_uses_the_pool_once call_with_arguments_on_the_stack call_with_constants call_with_floats cold_blocks_are_behind
    condition_whose_edges_are_both_elsewhere condition_whose_first_edge_is_next condition_whose_second_edge_is_next entries exits_find_values
    floats_equal floats_equal_whose_second_edge_is_next floats_less floats_not_equal guards_leave_by_stubs guards_of_floats guards_share_an_exit
    jump_back_is_short jump_to_the_next_block_is_left_out last_reference_is_elsewhere last_reference_is_next memory_and_jump patchpoint_is_five_bytes patchpoint_stays_within_eight_bytes references_counted
    returns_a_float returns_an_argument returns_two_constants saves_registers_and_makes_room smallest source_map switch_by_table switch_of_few
    trap_and_unreachable;
    pipeline:
    add_of_small_ints attribute_by_shape drop_of_a_reference float_product generic_call_in_a_loop loop_over_words;
}
