//! Compiles the standard library to code objects and writes them, with their sources, to one file
//! that the crate embeds, and an index of it.
//!
//! The sources are the package `rustpython-pylib`'s `Lib/`, and in front of it the project's own
//! `runtime/lib/`, whose modules replace those of the same name.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Parts of the library that need a graphical toolkit, or are not modules.
const LEFT_OUT: &[&str] = &["idlelib", "turtledemo", "tkinter", "test", "lib2to3", "__pycache__", "site-packages"];

/// What the package says of the program it was made for, and what is so here: file, text, other text.
const CHANGES: &[(&str, &str, &str)] = &[
    ("sysconfig/__init__.py", "return 'RustPython'  # XXX: RUSTPYTHON; For site-packages", "return 'Python'"),
    ("site.py", "return 'RustPython' # XXX: RUSTPYTHON; for site-packages", "return 'Python'"),
    // What later versions of 3.14 do about who awaits whom when a wait ends early.
    (
        "asyncio/tasks.py",
        "            f.remove_done_callback(_on_completion)\n\n",
        "            f.remove_done_callback(_on_completion)\n            futures.future_discard_from_awaited_by(f, cur_task)\n\n",
    ),
    (
        "asyncio/tasks.py",
        "    fut.add_done_callback(cb)\n\n    try:\n        fut.cancel()",
        "    fut.add_done_callback(cb)\n    task = current_task()\n    futures.future_add_to_awaited_by(fut, task)\n\n    try:\n        fut.cancel()",
    ),
    (
        "asyncio/tasks.py",
        "        fut.remove_done_callback(cb)\n\n\nclass",
        "        fut.remove_done_callback(cb)\n        futures.future_discard_from_awaited_by(fut, task)\n\n\nclass",
    ),
    (
        "asyncio/tasks.py",
        "        for f in todo:\n            f.add_done_callback(self._handle_completion)\n",
        "        self._cur_task = current_task()\n        for f in todo:\n            f.add_done_callback(self._handle_completion)\n            futures.future_add_to_awaited_by(f, self._cur_task)\n",
    ),
    (
        "asyncio/tasks.py",
        "            f.remove_done_callback(self._handle_completion)\n",
        "            f.remove_done_callback(self._handle_completion)\n            futures.future_discard_from_awaited_by(f, self._cur_task)\n",
    ),
    (
        "asyncio/tasks.py",
        "        self._todo.remove(f)\n",
        "        self._todo.remove(f)\n        futures.future_discard_from_awaited_by(f, self._cur_task)\n",
    ),
    (
        "asyncio/tasks.py",
        "        f = await self._done.get()\n",
        "        try:\n            f = await self._done.get()\n        except BaseException:\n            self._todo_left += 1\n            raise\n",
    ),
    (
        "asyncio/tasks.py",
        "            # Keep only one callback to log on cancel\n            inner.remove_done_callback(_log_on_exception)\n            inner.add_done_callback(_log_on_exception)\n",
        "            if cur_task is not None:\n                inner.remove_done_callback(_clear_awaited_by_callback)\n                _clear_awaited_by_callback(inner)\n",
    ),
    ("asyncio/tasks.py", "\n_py_current_task = current_task\n", "\n_py_gather = gather\n_py_current_task = current_task\n"),
    ("asyncio/tasks.py", "                          current_task, all_tasks)\n", "                          current_task, all_tasks, gather)\n"),
    // What later versions of 3.14 do at the prompt: whatever compiling raises is shown, prompts are made texts, `input` leaves the history alone, colours end.
    ("code.py", "except (OverflowError, SyntaxError, ValueError):", "except Exception:"),
    ("_pyrepl/simple_interact.py", "except (OverflowError, SyntaxError, ValueError):", "except Exception:"),
    ("_pyrepl/console.py", "except (SyntaxError, OverflowError, ValueError):", "except Exception:"),
    ("_pyrepl/console.py", "except (OverflowError, ValueError):", "except Exception:"),
    (
        "_pyrepl/simple_interact.py",
        "            ps1 = getattr(sys, \"ps1\", \">>> \")\n            ps2 = getattr(sys, \"ps2\", \"... \")\n",
        "            prompts = []\n            for name, default in (\"ps1\", \">>> \"), (\"ps2\", \"... \"):\n                try:\n                    prompts.append(str(getattr(sys, name, default)))\n                except Exception:\n                    prompts.append(default)\n            ps1, ps2 = prompts\n",
    ),
    (
        "_pyrepl/readline.py",
        "        result = reader.readline(startup_hook=self.startup_hook)\n        sys.audit(\"builtins.input/result\", result)\n",
        "        history = reader.history[:]\n        try:\n            result = reader.readline(startup_hook=self.startup_hook)\n        finally:\n            reader.history[:] = history\n            reader.transient_history.clear()\n        sys.audit(\"builtins.input/result\", result)\n",
    ),
    (
        "_pyrepl/unix_console.py",
        "        self.__disable_bracketed_paste()\n        self.__maybe_write_code(self._rmkx)\n",
        "        self.__write(\"\\x1b[0m\")\n        self.__disable_bracketed_paste()\n        self.__maybe_write_code(self._rmkx)\n",
    ),
    ("_pyrepl/unix_console.py", "        self.__write(\"\\n\\r\")\n", "        self.__write(\"\\x1b[0m\")\n        self.__write(\"\\n\\r\")\n"),
    ("_pyrepl/utils.py", "\"(\" | \"*\" | \"[\" | \"{\" | \"~\" | \"...\")", "\"(\" | \"*\" | \"-\" | \"+\" | \"[\" | \"{\" | \"~\" | \"...\")"),
    ("asyncio/__main__.py", "not sys.flags.isolated and (startup_path", "not sys.flags.ignore_environment and (startup_path"),
    ("asyncio/__main__.py", "    if os.getenv('PYTHON_BASIC_REPL'):", "    if not sys.flags.ignore_environment and os.getenv('PYTHON_BASIC_REPL'):"),
    // Modules that CPython has in files show theirs.
    (
        "importlib/_bootstrap.py",
        "            spec.submodule_search_locations.insert(0, pkgdir)\n        return spec\n",
        "            spec.submodule_search_locations.insert(0, pkgdir)\n        if filename and not _imp._comes_first(origname):\n            spec.origin, spec.has_location = filename, True\n        return spec\n\n    @classmethod\n    def get_filename(cls, fullname):\n        \"\"\"Where the module seems to be.\"\"\"\n        spec = cls.find_spec(fullname)\n        if spec is None or not spec.loader_state.filename:\n            raise ImportError(f'{fullname!r} has no file', name=fullname)\n        return spec.loader_state.filename\n",
    ),
    (
        "importlib/_bootstrap.py",
        "        assert not spec.has_location\n\n    @classmethod\n    def _resolve_filename",
        "\n    @classmethod\n    def _resolve_filename",
    ),
    // Looking into other processes is all that needs this module.
    ("asyncio/tools.py", "from _remote_debugging import RemoteUnwinder, FrameInfo\n", "FrameInfo = tuple\n"),
    (
        "asyncio/tools.py",
        "    unwinder = RemoteUnwinder(pid)\n",
        "    from _remote_debugging import RemoteUnwinder\n    unwinder = RemoteUnwinder(pid)\n",
    ),
    ("site.py", "    # XXX: RUSTPYTHON\n    return f'{userbase}/lib/rustpython", "    return f'{userbase}/lib/python"),
];

/// The modules that every program runs. Their code comes first in the file, and sources come last: the system reads and maps a file in
/// pieces of many pages, and what is needed together had better lie together.
const START_UP: &[&str] = &[
    "importlib._bootstrap",
    "importlib._bootstrap_external",
    "zipimport",
    "abc",
    "os",
    "stat",
    "posixpath",
    "genericpath",
    "_collections_abc",
    "site",
    "_sitebuiltins",
    "linecache",
];

struct Source {
    path: PathBuf,
    relative: String,
    is_package: bool,
}

fn main() {
    let manifest = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let own = manifest.join("../lib");
    println!("cargo::rerun-if-changed={}", own.display());
    println!("cargo::rerun-if-changed=build.rs");
    let mut modules = BTreeMap::new();
    collect(Path::new(rustpython_pylib::LIB_PATH), "", "", &mut modules);
    collect(&own, "", "", &mut modules);
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    let mut compiled = BTreeMap::new();
    for (name, source) in &modules {
        let text = fs::read(&source.path).unwrap_or_else(|error| panic!("{}: {error}", source.path.display()));
        let text = change(&source.relative, text);
        if let Some(code) = compile(&source.relative, &text) {
            compiled.insert(name.as_str(), (source, code, text));
        }
    }
    let mut blob: Vec<u8> = Vec::new();
    let mut add = |bytes: &[u8]| {
        blob.extend_from_slice(bytes);
        blob.len() - bytes.len()
    };
    let others = compiled.keys().copied().filter(|name| !START_UP.contains(name));
    let code_at: BTreeMap<&str, usize> = START_UP.iter().copied().chain(others).map(|name| (name, add(&compiled[name].1))).collect();
    let mut index = String::from("&[\n");
    for (name, (source, code, text)) in &compiled {
        let (code_at, source_at) = (code_at[name], add(text));
        writeln!(
            index,
            "    Entry {{ name: {name:?}, path: {:?}, is_package: {}, code: ({code_at}, {}), source: ({source_at}, {}) }},",
            source.relative,
            source.is_package,
            code.len(),
            text.len()
        )
        .expect("writing to a string succeeds");
    }
    index.push(']');
    fs::write(out.join("library.bin"), blob).expect("the build directory is writable");
    fs::write(out.join("index.rs"), index).expect("the build directory is writable");
}

/// Makes the changes that a file needs.
fn change(relative: &str, text: Vec<u8>) -> Vec<u8> {
    let changes = CHANGES.iter().filter(|(file, _, _)| *file == relative);
    changes.fold(text, |text, (_, from, to)| match String::from_utf8(text) {
        Ok(text) => text.replace(from, to).into_bytes(),
        Err(error) => error.into_bytes(),
    })
}

fn collect(directory: &Path, package: &str, relative: &str, modules: &mut BTreeMap<String, Source>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let file_name = entry.file_name().to_string_lossy().into_owned();
        if LEFT_OUT.contains(&file_name.as_str()) {
            continue;
        }
        let qualified = |name: &str| if package.is_empty() { name.to_owned() } else { format!("{package}.{name}") };
        let relative = if relative.is_empty() { file_name.clone() } else { format!("{relative}/{file_name}") };
        if path.is_dir() {
            collect(&path, &qualified(&file_name), &relative, modules);
        } else if let Some(stem) = file_name.strip_suffix(".py") {
            let is_package = stem == "__init__";
            let name = if is_package { package.to_owned() } else { qualified(stem) };
            if !name.is_empty() {
                modules.insert(name, Source { path, relative, is_package });
            }
        }
    }
}

/// The module's code, marshalled; `None` for a file that is not meant to be compiled.
fn compile(relative: &str, source: &[u8]) -> Option<Vec<u8>> {
    let parsed = match parser::parse(source, parser::Mode::Module, &parser::Options::default()) {
        Ok(parsed) => parsed,
        Err(error) => {
            println!("cargo::warning={relative} is left out: {error}");
            return None;
        }
    };
    let filename = format!("<library>/{relative}");
    let options = compiler::Options::new(&filename);
    match compiler::compile_module(parsed.module()?, &parsed.source, &options) {
        Ok(code) => Some(bytecode::marshal::dump_code(&code)),
        Err(error) => {
            println!("cargo::warning={relative} is left out: {error}");
            None
        }
    }
}
