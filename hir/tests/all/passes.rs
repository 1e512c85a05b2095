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
    dead_code_removes_unused_guards frame_state_trimming_drops_operands phi_elimination_goes_on_until_nothing_changes phi_elimination_removes_assignments
}
