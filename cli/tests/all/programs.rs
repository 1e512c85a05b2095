//! Whole programs: each file or folder in `tests/programs` is run in every mode and compared with what CPython did.
//!
//! `NAME.py` is run as `scoria NAME.py` in `tests/programs`; a folder `NAME/` is run in itself, with the arguments in its
//! file `arguments`. `NAME.out`, `NAME.err` and `NAME.status` hold standard output, standard error and exit status; the
//! latter two are left out where they are empty and zero. `tests/expect.sh` writes them. The path of the folder is taken out of
//! what a program prints, so that tracebacks compare equal everywhere.

use crate::run::{Outcome, run, scoria};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The ways to run a program, which must all agree: a name, and the options that choose it.
const MODES: &[(&str, &[&str])] = &[
    ("as users run it", &[]),
    ("shadowcode when hot", &["-X", "jit-disable"]),
    ("shadowcode at once", &["-X", "jit-disable", "-X", "shadowcode=1"]),
    ("bytecode alone", &["-X", "jit-disable", "-X", "shadowcode=0"]),
    ("compiled by what was seen", &["-X", "shadowcode=1", "-X", "jit-auto=2"]),
    ("compiled at the first call", &["-X", "jit", LISTED, WILDCARDS]),
    ("left at every guard", &["-X", "shadowcode=1", "-X", "jit-auto=2", "-X", "jit-stress-deopt=1", LISTED, WILDCARDS]),
];

/// Of the library only what is on a list is compiled in some modes: what every start runs would take too long, again and again.
const LISTED: &str = concat!("-Xjit-list-file=", env!("CARGO_MANIFEST_DIR"), "/../tests/own_functions.txt");
const WILDCARDS: &str = "-Xjit-enable-jit-list-wildcards";

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/programs");
    folder.canonicalize().expect("the programs are part of the checkout")
}

/// Why a program is known to fail, if it is: a line `name: cause` of `tests/known_failures.txt`.
fn known_failure(name: &str) -> Option<String> {
    let list = fs::read_to_string(folder().join("../known_failures.txt")).expect("the list is part of the checkout");
    list.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
}

/// Runs one program in every mode. One that is known to fail must fail: the list is kept true in both directions.
fn check(name: &str) {
    let Some(cause) = known_failure(name) else { return compare(name) };
    let outcome = std::panic::catch_unwind(|| compare(name));
    assert!(outcome.is_err(), "{name} passes now: take it off tests/known_failures.txt ({cause})");
}

/// Runs one program in every mode and compares.
fn compare(name: &str) {
    let folder = folder();
    let expected = expected(&folder, name);
    for (mode, options) in MODES {
        let mut command = scoria();
        command.args(*options);
        if folder.join(name).is_dir() {
            let arguments = fs::read_to_string(folder.join(name).join("arguments")).expect("a folder has a file of arguments");
            command.current_dir(folder.join(name)).args(arguments.split_whitespace());
        } else {
            command.current_dir(&folder).arg(format!("{name}.py"));
        }
        let outcome = run(&mut command, b"");
        let path = format!("{}/", folder.display());
        let outcome = Outcome { stdout: outcome.stdout.replace(&path, ""), stderr: outcome.stderr.replace(&path, ""), ..outcome };
        assert!(outcome == expected, "{name}, mode {mode}:\n{}", difference(&expected, &outcome));
    }
}

fn expected(folder: &Path, name: &str) -> Outcome {
    let part = |extension: &str| fs::read_to_string(folder.join(format!("{name}.{extension}")));
    Outcome {
        stdout: part("out").expect("tests/expect.sh writes what a program is expected to print"),
        stderr: part("err").unwrap_or_default(),
        status: part("status").map_or(0, |text| text.trim().parse().expect("a status is a number")),
    }
}

/// What differs, line by line from the first difference on.
fn difference(expected: &Outcome, outcome: &Outcome) -> String {
    let mut text = String::new();
    for (what, expected, got) in [("stdout", &expected.stdout, &outcome.stdout), ("stderr", &expected.stderr, &outcome.stderr)] {
        if expected == got {
            continue;
        }
        let same = expected.lines().zip(got.lines()).take_while(|(a, b)| a == b).count();
        text.push_str(&format!("{what} differs from line {} on\n", same + 1));
        expected.lines().skip(same).take(8).for_each(|line| text.push_str(&format!("  - {line}\n")));
        got.lines().skip(same).take(8).for_each(|line| text.push_str(&format!("  + {line}\n")));
    }
    if expected.status != outcome.status {
        text.push_str(&format!("status {} expected, {} got\n", expected.status, outcome.status));
    }
    text
}

/// The list of programs: a test each, so that one can be run alone and all run side by side.
macro_rules! programs {
    ($($name:ident)*) => {
        $(#[test] fn $name() { check(stringify!($name)) })*

        #[test]
        fn every_program_is_listed() {
            let listed = BTreeSet::from([$(stringify!($name).to_owned()),*]);
            let entries = fs::read_dir(folder()).expect("the programs are part of the checkout").flatten();
            let programs = entries.filter(|entry| entry.path().is_dir() || entry.path().extension().is_some_and(|extension| extension == "py"));
            let names = programs.map(|entry| entry.path().file_stem().expect("a file has a name").to_string_lossy().into_owned());
            assert_eq!(names.collect::<BTreeSet<_>>(), listed);
        }
    };
}

programs! {
    annotate_names
    argparse_module
    async_await
    async_gather_generators
    atexit_unregister
    attribute_hooks
    awaited_calls
    buffers_inherited
    builtin_functions
    bytearray_reentrance
    bytes_types
    c_types
    cinder_names
    cinder_properties
    class_methods_and_stores
    classes
    closures
    code_attributes
    collection_types
    collector_callbacks
    collector_pace
    compiled_arguments
    compiled_catching
    compiled_coroutines
    compiled_functions
    compiled_generators
    compiled_mutations
    comprehensions
    compression_archives
    context_managers
    contextvars_logging
    dataclass_features
    datetime_zones
    datetimes
    decimal_contexts
    decimals
    decorators
    descriptors
    dev_mode_errors
    dicts
    drop_order
    enums
    exceptions
    files_and_paths
    finaliser_containers
    finaliser_cycles
    finaliser_del
    finaliser_exceptions
    finaliser_exit
    finaliser_exit_order
    finaliser_order
    finaliser_resurrect
    floats
    jit_floats_in_loops
    jit_instances_and_calls
    fstrings
    functions
    functools_module
    gather_eager
    generator_chains
    generator_delegation
    generator_ends
    generator_throw
    generators
    global_names
    hash_names
    hot_loops
    identity_and_shapes
    immortal_heap
    imports
    inlined_calls
    instance_dicts
    interactive_prompt
    introspection
    ints
    io_streams
    iteration_protocols
    itertools_module
    jit_arrays_and_slices
    jit_enumerate_and_math
    jit_code_is_freed
    jit_code_is_replaced
    jit_fork
    jit_item_methods
    jit_look_at_callers
    jit_names
    jit_globals
    jit_inplace_errors
    jit_instances
    jit_special_methods
    jit_other_threads
    jit_tracing_begins
    jit_versions
    json_module
    keys_of_string_subclasses
    library_files
    lists
    lists_of_derived_classes
    looping_methods
    loops_without_iterators
    lru_caches
    match_statement
    metaclasses
    method_paths
    mro_super
    multibyte_codecs
    multiprocessing_module
    names_and_patterns
    operators
    pickle_machine
    pickles
    random_seeded
    recursion_limits
    regex_matching
    regular_expressions
    run_module
    run_package
    scopes_exec
    sets
    short_ways
    signals_sockets
    slices_and_methods
    slicing
    specialised_forms
    sqlite_module
    strict_module_attributes
    strings
    struct_module
    subclass_builtins
    subprocesses
    super_attributes
    syntax_errors
    syntax_trees
    text_modules
    text_searches
    thread_frames
    threads
    tls
    traceback_chain
    traceback_group
    traceback_module
    traceback_recursion
    tstrings
    type_comments
    type_parameters
    uncaught_exit
    uncaught_nested
    uncaught_suggestion
    uncaught_syntax_error
    unittest_doctest
    unpacking
    warning_filters
    weak_references
    xml_elementtree
    xml_expat
}
