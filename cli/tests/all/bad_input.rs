//! Input that is not what it should be: files that cannot be read, decoded or unmarshalled, streams that are closed or full,
//! settings without sense. What is expected is what CPython says, and its exit status; and never a panic.

use crate::run::{Folder, Outcome, run, scoria};
use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

fn scoria_with(arguments: &[&str]) -> Outcome {
    run(scoria().args(arguments), b"")
}

/// The run failed with this status, and this is the end of what it said.
fn fails(outcome: &Outcome, status: i32, end: &str) {
    assert!(outcome.status == status && outcome.stderr.ends_with(end) && !outcome.stderr.contains("panicked"), "{end:?}: {outcome:?}");
}

/// Standard error and status of a run whose standard output is `output`.
fn with_output(command: &mut Command, output: impl Into<Stdio>) -> (i32, String) {
    let output = command.stdin(Stdio::null()).stdout(output).stderr(Stdio::piped()).output().expect("the scoria binary was built with this test");
    (output.status.code().expect("it was not killed"), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn sources_that_cannot_be_decoded() {
    let folder = Folder::new("undecodable");
    let script = |content: &[u8]| {
        let path = folder.write("script.py", content);
        let outcome = scoria_with(&[&path]);
        assert!(outcome.stderr.starts_with(&format!("  File \"{path}\", line ")) || content.starts_with(b"\xef"), "{outcome:?}");
        Outcome { stderr: outcome.stderr.replace(&path, "PATH"), ..outcome }
    };
    let hint = "but no encoding declared; see https://peps.python.org/pep-0263/ for details\n";
    for (content, end) in [
        (&b"x = 1\nprint('\xff')\n"[..], &*format!("SyntaxError: Non-UTF-8 code starting with '\\xff' in file PATH on line 1, {hint}")),
        (b"x = 1\n\0\n", "SyntaxError: source code cannot contain null bytes\n"),
        (b"# coding: nothing\n", "SyntaxError: unknown encoding: nothing\n"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "SyntaxError: encoding problem: iso-8859-1 with BOM\n"),
    ] {
        fails(&script(content), 1, end);
    }
    let outcome = run(&mut scoria(), b"print(\"\xff\")\n");
    fails(&outcome, 1, hint);
    assert!(outcome.stderr.starts_with("  File \"<stdin>\", line 1\n"), "{outcome:?}");
}

#[test]
fn imports_of_damaged_files() {
    let folder = Folder::new("damaged");
    folder.write("undecodable.py", b"x = 1\nprint('\xff')\n");
    folder.write("incomplete.py", "x = (\n");
    folder.write("magic.pyc", "junkjunkjunkjunkjunk");
    folder.write("empty.pyc", "");
    let source = folder.write("whole.py", "print('whole')\n");
    let compiled = folder.0.join("short.pyc").to_string_lossy().into_owned();
    let compile = "import py_compile, sys; py_compile.compile(*sys.argv[1:], doraise=True)";
    assert_eq!(scoria_with(&["-c", compile, &source, &compiled]).status, 0);
    let bytes = fs::read(&compiled).expect("it was just written");
    fs::write(&compiled, &bytes[..30]).expect("the temporary folder is writable");
    for (module, end) in [
        ("undecodable", "but no encoding declared; see https://peps.python.org/pep-0263/ for details\n"),
        ("incomplete", "SyntaxError: '(' was never closed\n"),
        ("magic", "ImportError: bad magic number in 'magic': b'junk'\n"),
        ("empty", "ImportError: bad magic number in 'empty': b''\n"),
        ("short", "EOFError: marshal data too short\n"),
    ] {
        let outcome = run(scoria().args(["-c", &format!("import {module}")]).current_dir(&folder.0), b"");
        fails(&outcome, 1, end);
    }
}

#[test]
fn scripts_that_are_none() {
    let folder = Folder::new("no-script");
    folder.write("folder/nothing.py", "");
    let file = folder.write("file.py", "");
    let within = format!("{file}/script.py");
    fails(&scoria_with(&[&within]), 2, &format!(": can't open file '{within}': [Errno 20] Not a directory\n"));
    let path = folder.0.join("folder").to_string_lossy().into_owned();
    fails(&scoria_with(&[&path]), 1, &format!(": can't find '__main__' module in '{path}'\n"));
    fs::set_permissions(&file, Permissions::from_mode(0o000)).expect("the file is ours");
    // Some users may read everything.
    if File::open(&file).is_err() {
        fails(&scoria_with(&[&file]), 2, &format!(": can't open file '{file}': [Errno 13] Permission denied\n"));
    }
    let magic = folder.write("magic.pyc", "junkjunkjunkjunkjunk");
    fails(&scoria_with(&[&magic]), 1, "RuntimeError: Bad magic number in .pyc file\n");
}

#[test]
fn modules_that_cannot_be_run() {
    let folder = Folder::new("no-module");
    folder.write("package/__init__.py", "");
    folder.write("broken.py", "x = (\n");
    for (module, end) in [
        ("nothing", ": No module named nothing\n"),
        ("nothing.at.all", ": Error while finding module specification for 'nothing.at.all' (ModuleNotFoundError: No module named 'nothing')\n"),
        ("package", ": No module named package.__main__; 'package' is a package and cannot be directly executed\n"),
        ("sys", ": No code object available for sys\n"),
        ("broken", "SyntaxError: '(' was never closed\n"),
        ("..relative", ": Relative module names not supported\n"),
    ] {
        fails(&run(scoria().args(["-m", module]).current_dir(&folder.0), b""), 1, end);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk() {
    let full = || OpenOptions::new().write(true).open("/dev/full").expect("Linux has this device");
    let at_end = "OSError: [Errno 28] No space left on device\n";
    let (status, stderr) = with_output(scoria().args(["-c", "print(1)"]), full());
    assert_eq!((status, stderr.ends_with(at_end)), (120, true), "{stderr}");
    assert!(stderr.starts_with("Exception ignored "), "{stderr}");
    for program in ["print(1, flush=True)", "import sys; sys.stdout.write('x' * 100000); sys.stdout.flush()"] {
        let (status, stderr) = with_output(scoria().args(["-c", program]), full());
        assert!(stderr.contains(&format!("\n{at_end}")) && matches!(status, 1 | 120), "{program}: {status}: {stderr}");
    }
    for option in ["-V", "-h"] {
        assert_eq!(with_output(scoria().arg(option), full()), (0, String::new()), "{option}");
    }
}

#[test]
fn settings_without_sense() {
    let digits = |origin: &str| format!("config_init_int_max_str_digits: {origin}: invalid limit; must be >= 640 or 0 for unlimited.");
    let seed = "config_init_hash_seed: PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]";
    let refused = |command: &mut Command, message: &str, state: &str| {
        let outcome = run(command.args(["-c", "print('runs')"]), b"");
        let expected = format!("Fatal Python error: {message}\nPython runtime state: {state}\n\n");
        assert_eq!((outcome.status, outcome.stdout.as_str(), outcome.stderr), (1, "", expected));
    };
    for value in ["3", "x", "-1", "99999999999", ""] {
        refused(scoria().args(["-X", &format!("int_max_str_digits={value}")]), &digits("-X int_max_str_digits"), "preinitialized");
    }
    refused(scoria().env("PYTHONINTMAXSTRDIGITS", "3"), &digits("PYTHONINTMAXSTRDIGITS"), "preinitialized");
    for value in ["x", "-1", "4294967296"] {
        refused(scoria().env("PYTHONHASHSEED", value), seed, "preinitialized");
    }
    refused(scoria().args(["-X", "utf8=3"]), "preconfig_init_utf8_mode: invalid -X utf8 option value", "preinitializing");
    refused(scoria().env("PYTHONUTF8", "x"), "preconfig_init_utf8_mode: invalid PYTHONUTF8 environment variable value", "preinitializing");
    refused(scoria().args(["-X", "frozen_modules=bad"]), "bad value for option -X frozen_modules (expected \"on\" or \"off\")", "preinitialized");
    let outcome = run(scoria().args(["-E", "-c", "print('runs')"]).env("PYTHONHASHSEED", "x").env("PYTHONUTF8", "x"), b"");
    assert_eq!((outcome.status, outcome.stdout.as_str()), (0, "runs\n"), "{outcome:?}");
    let outcome = run(
        scoria().args(["-X", "int_max_str_digits=700", "-c", "import sys; print(sys.get_int_max_str_digits())"]).env("PYTHONINTMAXSTRDIGITS", "800"),
        b"",
    );
    assert_eq!(outcome.stdout, "700\n");
    for (filter, message) in [
        ("bad", "Invalid -W option ignored: invalid action: 'bad'\n"),
        ("error::NoSuch", "Invalid -W option ignored: unknown warning category: 'NoSuch'\n"),
        ("error:::x:y", "Invalid -W option ignored: invalid lineno 'y'\n"),
    ] {
        let outcome = scoria_with(&["-W", filter, "-c", "pass"]);
        assert_eq!((outcome.status, outcome.stderr.as_str()), (0, message));
    }
}
