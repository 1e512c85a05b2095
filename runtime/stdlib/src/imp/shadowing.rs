//! Which module of a name is meant: the embedded library's, or one that is in a file.
//!
//! The library's finder is asked before those that look at `sys.path`, yet the library is only one entry of the path: what is in an entry
//! before it wins. A module within a package is the library's if the package is.

use super::library_directory;
use object::list::List;
use object::str::Str;
use object::{Object, PyResult, Ref, Vm};
use std::io::ErrorKind;

/// Modules that CPython has inside the program, too: they come before everything on the path.
pub const FIRST: &[&str] = &[
    "__hello__",
    "__phello__",
    "_collections_abc",
    "_frozen_importlib",
    "_frozen_importlib_external",
    "_sitebuiltins",
    "abc",
    "codecs",
    "genericpath",
    "importlib._bootstrap",
    "importlib._bootstrap_external",
    "importlib.machinery",
    "importlib.util",
    "io",
    "ntpath",
    "os",
    "posixpath",
    "runpy",
    "site",
    "stat",
    "zipimport",
];

/// Whether a module of the library is the one that is meant.
pub fn is_visible(vm: &mut Vm, name: &str) -> PyResult<bool> {
    if FIRST.contains(&name) {
        return Ok(true);
    }
    let library = library_directory(vm);
    match name.rsplit_once('.') {
        Some((package, _)) => Ok(is_library_package(vm, package, &library)),
        None => Ok(!is_shadowed(vm, name, &library)?),
    }
}

/// Whether a package that has been imported is the library's. One that says nothing of the kind is taken for it.
fn is_library_package(vm: &mut Vm, package: &str, library: &str) -> bool {
    let modules = crate::sys_module::modules(vm);
    let key = vm.new_str(package).into_object();
    let path = vm.get_item(modules.borrow(), key.borrow()).and_then(|module| vm.get_attr_str(module.borrow(), "__path__"));
    let path = match path {
        Ok(path) => path,
        Err(raised) => {
            drop(vm.catch(raised));
            return true;
        }
    };
    let entries = entries(vm, path.borrow());
    entries.is_empty() || entries.iter().any(|entry| entry.starts_with(library))
}

/// Whether an entry of `sys.path` before the library's has a module of this name.
fn is_shadowed(vm: &mut Vm, name: &str, library: &str) -> PyResult<bool> {
    let Some(path) = crate::sys_module::attribute(vm, "path") else { return Ok(false) };
    for entry in entries(vm, path.borrow()) {
        if entry == library {
            return Ok(false);
        }
        let place = if entry.is_empty() { name.to_owned() } else { format!("{entry}/{name}") };
        match std::fs::metadata(format!("{place}.py")) {
            Ok(file) if file.is_file() => return Ok(true),
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                if has_in_archive(vm, name, &entry)? {
                    return Ok(true);
                }
                continue;
            }
            _ => {}
        }
        if [".pyc", "/__init__.py", "/__init__.pyc"].iter().any(|end| std::fs::metadata(format!("{place}{end}")).is_ok_and(|file| file.is_file())) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the finder of an entry that is no directory knows a module.
fn has_in_archive(vm: &mut Vm, name: &str, entry: &str) -> PyResult<bool> {
    let external = vm.import("_frozen_importlib_external")?;
    let finder = vm.get_attr_str(external.borrow(), "PathFinder")?;
    let (name, entry) = (vm.new_str(name).into_object(), vm.new_str(entry).into_object());
    let path = vm.new_list(vec![entry]).into_object();
    let spec = vm.call_method(finder.borrow(), "find_spec", &[name.borrow(), path.borrow()])?;
    Ok(!spec.borrow().is_none())
}

/// The texts in a list; anything else has no entries.
fn entries(vm: &mut Vm, path: Ref<'_>) -> Vec<String> {
    let Some(list) = path.downcast::<List>() else { return Vec::new() };
    let items: Vec<Object> = list.items(vm).to_vec();
    items.iter().filter_map(|item| item.borrow().downcast::<Str>().map(|text| text.get().to_string_lossy().into_owned())).collect()
}
