//! Which package of the workspace may depend on which: dependencies go one way.
//!
//! What a crate must not know is the useful half of an architecture. A new edge is a change of the design: it is made
//! here first, with its reason in `ARCHITECTURE.md`.

use crate::workspace::{Package, Section, Workspace};

/// A package and what it may depend on when it runs. Tests may use the same, and [`ALLOWED_TO_TEST`].
const ALLOWED: &[(&str, &[&str])] = &[
    ("parser", &[]),
    ("bytecode", &[]),
    ("compiler", &["bytecode"]),
    ("abi", &[]),
    ("hir", &["abi", "bytecode"]),
    ("lir", &["abi"]),
    ("codegen-x64", &["abi", "lir"]),
    ("object", &["abi", "bytecode"]),
    ("builtins", &["bytecode", "object"]),
    ("interp", &["abi", "builtins", "bytecode", "object"]),
    ("stdlib", &["builtins", "bytecode", "interp", "object"]),
    ("library", &[]),
    ("static-python", &["bytecode", "compiler", "parser"]),
    ("strict-modules", &["parser"]),
    ("jit", &["abi", "builtins", "bytecode", "codegen-x64", "hir", "interp", "lir", "object"]),
    ("runtime", &["builtins", "bytecode", "compiler", "interp", "jit", "library", "object", "parser", "static-python", "stdlib", "strict-modules"]),
    ("cli", &["bytecode", "compiler", "object", "parser", "runtime", "stdlib"]),
    ("fuzz", &["abi", "bytecode", "codegen-x64", "hir", "lir"]),
    ("xtask", &[]),
];

/// What tests may use beyond that. The input of the builder's tests is Python, which has to be compiled; the compiler does not know the crate.
const ALLOWED_TO_TEST: &[(&str, &[&str])] = &[("hir", &["compiler"])];

/// What a build script may use: the standard library is compiled when the program is built.
const ALLOWED_TO_BUILD: &[(&str, &[&str])] = &[("library", &["bytecode", "compiler", "parser"])];

/// Edges that are not in the lists.
pub fn check(workspace: &Workspace) -> Vec<String> {
    let names: Vec<&str> = workspace.packages.iter().map(|package| package.name.as_str()).collect();
    let mut breaches = Vec::new();
    for package in &workspace.packages {
        if !ALLOWED.iter().any(|(name, _)| *name == package.name) {
            breaches.push(format!("{} is not in the list of packages", package.name));
        }
        for section in &package.manifest {
            let lists: &[&[(&str, &[&str])]] = match section.heading.as_str() {
                heading if heading.ends_with("build-dependencies") => &[ALLOWED_TO_BUILD],
                heading if heading.ends_with("dev-dependencies") => &[ALLOWED, ALLOWED_TO_TEST],
                _ => &[ALLOWED],
            };
            let is_allowed =
                |edge: &str| lists.iter().flat_map(|list| list.iter()).any(|(name, allowed)| *name == package.name && allowed.contains(&edge));
            let edges = dependencies(package, section).into_iter().filter(|name| names.contains(&name.as_str()));
            breaches.extend(edges.filter(|name| !is_allowed(name)).map(|name| format!("{} depends on {name}", package.name)));
        }
    }
    breaches
}

/// The packages a `[dependencies]` section of any kind names: `name = ...`, `name.workspace = true`.
fn dependencies(package: &Package, section: &Section) -> Vec<String> {
    let mut heading = section.heading.rsplit('.');
    let last = heading.next().unwrap_or_default();
    if last.ends_with("dependencies") {
        return section.entries.iter().map(|(key, _)| key.split('.').next().unwrap_or(key).trim_matches('"').to_owned()).collect();
    }
    // `[dependencies.name]` is a section of its own.
    if heading.next().is_some_and(|kind| kind.ends_with("dependencies")) && last != package.name {
        return vec![last.to_owned()];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, heading: &str, key: &str) -> Package {
        let entries = vec![(key.to_owned(), "true".to_owned())];
        Package { folder: name.to_owned(), name: name.to_owned(), manifest: vec![Section { heading: heading.to_owned(), entries }] }
    }

    #[test]
    fn a_new_edge_is_found() {
        let packages = vec![package("parser", "dependencies", "bytecode.workspace"), package("bytecode", "dependencies", "libc.workspace")];
        assert_eq!(check(&Workspace { packages, files: Vec::new() }), ["parser depends on bytecode"]);
    }

    #[test]
    fn a_section_of_its_own_is_an_edge() {
        let packages = vec![package("lir", "dependencies.hir", "path"), package("hir", "package", "name")];
        assert_eq!(check(&Workspace { packages, files: Vec::new() }), ["lir depends on hir"]);
    }
}
