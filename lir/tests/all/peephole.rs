//! What each rule does and leaves alone: `peephole/RULE/*.lir` in, the function after that rule out; `all` is all rules.

use crate::common::symbols;
use lir::{peephole, text, verify};

fn check(rule: &str, name: &str, source: &str) {
    let symbols = symbols();
    let mut function = text::parse_with(source, &symbols).expect("the test's text is right");
    assert_eq!(verify::verify(&function), Ok(()), "{name}");
    if rule == "all" {
        peephole::improve(&mut function);
    } else {
        let rule = peephole::RULES.iter().find(|known| known.name == rule).expect("the folder is named after a rule");
        peephole::improve_by(&mut function, &[*rule]);
    }
    let out = function.print_with(&symbols).to_string();
    let path = format!("snapshots/peephole/{rule}");
    insta::with_settings!({ description => source, omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => path }, {
        insta::assert_snapshot!(name, out);
    });
}

macro_rules! rules {
    ($($rule:ident: $($name:ident)*;)*) => {
        $( mod $rule { $(
            #[test]
            fn $name() {
                super::check(stringify!($rule), stringify!($name), include_str!(concat!("peephole/", stringify!($rule), "/", stringify!($name), ".lir")));
            }
        )* } )*

        /// Every rule has files.
        #[test]
        fn rules_are_tested() {
            let names = [$(stringify!($rule)),*];
            for rule in peephole::RULES {
                assert!(names.contains(&rule.name), "{}", rule.name);
            }
        }
    };
}

rules! {
    copies: move_in_a_loop move_is_its_source move_of_a_float move_of_a_pinned_register_stays move_on_an_edge;
    swap_operands: comparison_turns_round constant_of_a_sum difference_stays guarded_sum narrow_sum_stays;
    immediates: left_operand_stays of_32_bits of_a_sum shift_count stored too_big;
    fold_constants: arithmetic_shift chain guarded_sum_stays of_32_bits_wraps sign_extension sum;
    identities: all_bits minus_itself plus_zero plus_zero_of_32_bits_stays shift_by_zero times_one times_zero;
    powers_of_two: overflow_stays times_eight times_six_stays;
    extensions: mask_of_32_bits mask_of_a_byte of_a_32_bit_sum of_a_condition of_a_narrow_load of_a_signed_load of_a_wider_load_stays;
    compare_zero: guard jump memory_stays select;
    test_of_and: bit other_width_stays value_that_is_used_elsewhere;
    branch_on_set: bit comparison_with_memory floats jump memory_that_is_written_stays negated;
    branches: guard_that_fails_stays guard_that_holds_goes known_comparison known_test switch unsigned;
    selects: of_one_value;
    addresses: index narrow_sum_stays of_an_address offset offset_of_a_difference offset_too_big scale scale_too_big sum_and_shift;
    loads: call_in_between_stays into_a_comparison into_a_sum into_float_arithmetic other_block_stays other_width_stays sign_extension
        store_in_between_stays used_twice_stays;
    all: dead_parameters_go dead_values_go shape_guard stores_and_calls_stay tagged_sum;
    sums: back_to_the_start narrow_ones_stay of_constants too_big;
    branch_on_select: of_a_test other_value third_value_stays truth_value;
}
