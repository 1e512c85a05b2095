//! Compiles every file of the standard library: nothing panics, everything verifies.

use python_files::python_files;
use std::path::Path;

#[path = "common/python_files.rs"]
mod python_files;

#[test]
fn the_library_compiles_and_verifies() {
    let mut files = Vec::new();
    python_files(Path::new(rustpython_pylib::LIB_PATH), &mut files);
    files.sort();
    assert!(files.len() > 500, "the library is missing");
    let mut compiled = 0;
    for file in files {
        let Ok(source) = std::fs::read_to_string(&file) else { continue };
        let Ok(parsed) = ruff_python_parser::parse_module(&source) else { continue };
        let name = file.display().to_string();
        for optimize in [0, 2] {
            let options = compiler::Options { optimize, ..compiler::Options::new(&name) };
            let code = compiler::compile_module(parsed.syntax(), &source, &options).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(bytecode::verify::verify(&code), Ok(()), "{name}");
            compiled += 1;
        }
    }
    assert!(compiled > 1000);
}
