//! Each kind of statement and expression: the symbols and the bytecode of the small programs under `kinds/`. The instructions are
//! CPython 3.14's, the operands of pairs and jumps ours.

#[path = "common/print.rs"]
mod print;

fn check(name: &str, source: &str) {
    let parsed = ruff_python_parser::parse_module(source).expect("the test's source parses");
    let options = compiler::Options::new("test");
    let table = compiler::module_symbols(parsed.syntax(), source, &options).expect("the test's names are right");
    let code = compiler::compile_module(parsed.syntax(), source, &options).expect("the test's source compiles");
    assert_eq!(bytecode::verify::verify(&code), Ok(()), "{name}");
    let printed = code.to_string();
    let read = bytecode::text::parse(&printed).expect("what is printed can be read");
    assert_eq!(read.to_string(), printed, "{name}");
    let mut out = format!("{table}\n");
    print::write(&code, &mut out);
    insta::with_settings!({ description => source, omit_expression => true }, { insta::assert_snapshot!(name, out) });
}

macro_rules! kinds {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            check(stringify!($name), include_str!(concat!("kinds/", stringify!($name), ".py")));
        }
    )* };
}

kinds! {
    annotated_assignments assignments async_comprehensions augmented_assignments big_displays boolean_operations
    calls chained_attributes classes_and_metaclasses comparisons comprehensions_nested constants coroutines dead_code
    deletions displays fast_pairs for_loops formatted_strings functions_and_defaults generators global_and_nonlocal
    if_statements imports locals_may_be_unbound match_literals_and_classes named_expressions
    nested_functions_and_cells operators private_names raise_and_assert return_in_finally_blocks
    subscripts_and_slices template_strings try_nested try_star type_aliases_and_parameters while_loops with_several
}
