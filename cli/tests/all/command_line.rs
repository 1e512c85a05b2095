//! The command line: options, environment, exit statuses, standard streams. What is expected is what CPython does.

use crate::run::{Folder, Outcome, run, scoria};
use std::fs;
use std::process::Stdio;

/// Runs scoria with these arguments and nothing on standard input.
fn scoria_with(arguments: &[&str]) -> Outcome {
    run(scoria().args(arguments), b"")
}

/// Standard output of a run that must succeed and say nothing on standard error.
fn prints(arguments: &[&str]) -> String {
    succeeds(scoria_with(arguments))
}

fn succeeds(outcome: Outcome) -> String {
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    outcome.stdout
}

#[test]
fn command() {
    assert_eq!(prints(&["-c", "import sys; print(sys.argv, __name__)", "a", "-b"]), "['-c', 'a', '-b'] __main__\n");
    assert_eq!(prints(&["-cprint(1)"]), "1\n");
    assert_eq!(prints(&["-Bc", "import sys; print(sys.flags.dont_write_bytecode)"]), "1\n");
    assert_eq!(prints(&["-c", "  \n  print('indented')\n  print('too')"]), "indented\ntoo\n");
}

#[test]
fn command_that_fails() {
    let outcome = scoria_with(&["-c", "def f():\n    1/0\nf()"]);
    let expected = "Traceback (most recent call last):\n  File \"<string>\", line 3, in <module>\n    f()\n    ~^^\n  \
                    File \"<string>\", line 2, in f\n    1/0\n    ~^~\nZeroDivisionError: division by zero\n";
    assert_eq!((outcome.status, outcome.stderr.as_str()), (1, expected));
    let outcome = scoria_with(&["-c", "x ="]);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (1, "  File \"<string>\", line 1\n    x =\n       ^\nSyntaxError: invalid syntax\n"));
}

#[test]
fn module() {
    let folder = Folder::new("module");
    folder.write("package/__init__.py", "");
    folder.write("package/__main__.py", "import sys; print(__name__, __package__, sys.argv[1:])");
    folder.write("single.py", "print(__name__, __spec__.name)");
    let in_folder = |arguments: &[&str]| run(scoria().args(arguments).current_dir(&folder.0), b"");
    assert_eq!(succeeds(in_folder(&["-m", "package", "x"])), "__main__ package ['x']\n");
    assert_eq!(succeeds(in_folder(&["-m", "single"])), "__main__ single\n");
    let outcome = in_folder(&["-m", "nothing"]);
    assert_eq!(outcome.status, 1);
    assert!(outcome.stderr.ends_with(": No module named nothing\n"), "{}", outcome.stderr);
    let outcome = in_folder(&["-m", "package.none"]);
    assert!(outcome.stderr.ends_with(": No module named package.none\n"), "{}", outcome.stderr);
}

#[test]
fn standard_input() {
    let outcome = run(&mut scoria(), b"import sys\nprint('from stdin', sys.argv)\n");
    assert_eq!(succeeds(outcome), "from stdin ['']\n");
    let outcome = run(scoria().args(["-", "x"]), b"import sys\nprint(sys.argv)\n");
    assert_eq!(succeeds(outcome), "['-', 'x']\n");
    let outcome = run(&mut scoria(), b"print('before')\n1/0\n");
    assert_eq!((outcome.status, outcome.stdout.as_str()), (1, "before\n"));
    assert!(outcome.stderr.contains("File \"<stdin>\", line 2, in <module>"), "{}", outcome.stderr);
}

#[test]
fn program_reads_its_input() {
    let outcome = run(scoria().args(["-c", "import sys; print(input('? '), [line for line in sys.stdin])"]), b"first\nsecond\nthird");
    assert_eq!(succeeds(outcome), "? first ['second\\n', 'third']\n");
    let outcome = run(scoria().args(["-c", "input()"]), b"");
    assert!(outcome.stderr.ends_with("EOFError: EOF when reading a line\n"), "{}", outcome.stderr);
}

#[test]
fn script() {
    let folder = Folder::new("script");
    let path =
        folder.write("script.py", "import sys, os\nprint(sys.argv[1:], os.path.basename(__file__), sys.path[0] == os.path.dirname(__file__))\n");
    assert_eq!(prints(&[&path, "-x", "--y"]), "['-x', '--y'] script.py True\n");
    let path = folder.write("no_newline", "if 1:\n    print('last line')");
    assert_eq!(prints(&[&path]), "last line\n");
    let path = folder.write("windows.py", "\u{feff}print(1)\r\nif 1:\r\n    print('''a\r\nb''')\r\n");
    assert_eq!(prints(&[&path]), "1\na\nb\n");
}

#[test]
fn folder_as_script() {
    let folder = Folder::new("folder-script");
    folder.write("app/__main__.py", "import helper, sys; print(helper.X, __name__, repr(__package__), len(sys.argv))");
    folder.write("app/helper.py", "X = 'helped'");
    let path = folder.0.join("app").to_string_lossy().into_owned();
    assert_eq!(prints(&[&path]), "helped __main__ '' 1\n");
    let empty = folder.0.join("empty");
    fs::create_dir(&empty).expect("the temporary folder is writable");
    let outcome = scoria_with(&[&empty.to_string_lossy()]);
    assert_eq!(outcome.status, 1);
    assert!(outcome.stderr.contains("can't find '__main__' module in "), "{}", outcome.stderr);
}

#[test]
fn missing_script() {
    let outcome = scoria_with(&["/no/such/script.py"]);
    assert_eq!(outcome.status, 2);
    assert!(outcome.stderr.ends_with(": can't open file '/no/such/script.py': [Errno 2] No such file or directory\n"), "{}", outcome.stderr);
}

#[test]
fn version_and_help() {
    for option in ["-V", "--version"] {
        let text = prints(&[option]);
        assert!(text.starts_with("Python 3.14."), "{text}");
    }
    assert!(prints(&["-VV"]).contains("scoria"));
    for option in ["-h", "-?", "--help"] {
        let text = prints(&[option]);
        assert!(text.starts_with("usage: scoria [option] ... [-c cmd | -m mod | file | -] [arg] ...\n"), "{text}");
    }
}

#[test]
fn wrong_options() {
    for (arguments, message) in [
        (&["-Z"][..], "Unknown option: -Z\n"),
        (&["--nothing"], "Unknown option: --nothing\n"),
        (&["-c"], "Argument expected for the -c option\n"),
        (&["-m"], "Argument expected for the -m option\n"),
        (&["-W"], "Argument expected for the -W option\n"),
        (&["-X"], "Argument expected for the -X option\n"),
        (&["--check-hash-based-pycs"], "Argument expected for the --check-hash-based-pycs options\n"),
        (&["-bz", "-c", "1"], "Unknown option: -z\n"),
        (&["--check-hash-based-pycs", "odd"], "--check-hash-based-pycs must be one of 'default', 'always', or 'never'\n"),
    ] {
        let outcome = scoria_with(arguments);
        assert_eq!((outcome.status, outcome.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(outcome.stderr.starts_with(message), "{arguments:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("\nusage: "), "{arguments:?}: {}", outcome.stderr);
    }
}

#[test]
fn exit_statuses() {
    for (source, status, stderr) in [
        ("raise SystemExit", 0, ""),
        ("raise SystemExit(0)", 0, ""),
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit(True)", 1, ""),
        ("raise SystemExit(256)", 0, ""),
        ("raise SystemExit(-1)", 255, ""),
        ("raise SystemExit('text')", 1, "text\n"),
        ("raise SystemExit((1, 2))", 1, "(1, 2)\n"),
        ("import sys; sys.exit(None)", 0, ""),
        ("import os; os._exit(9)", 9, ""),
        ("raise SystemExit(10 ** 30)", 255, ""),
    ] {
        let outcome = scoria_with(&["-c", source]);
        assert_eq!((outcome.status, outcome.stderr.as_str()), (status, stderr), "{source}");
    }
}

#[test]
fn killed_by_signals() {
    let outcome = scoria_with(&["-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]);
    assert_eq!(outcome.status, -9);
    let outcome = scoria_with(&["-c", "import signal; signal.raise_signal(signal.SIGINT)"]);
    assert_eq!(outcome.status, -2, "{outcome:?}");
    assert!(outcome.stderr.ends_with("KeyboardInterrupt\n"), "{}", outcome.stderr);
}

#[test]
fn source_encodings() {
    let folder = Folder::new("encodings");
    let path = folder.write("latin.py", b"# -*- coding: latin-1 -*-\nprint(ascii('\xe9'))\n");
    assert_eq!(prints(&[&path]), "'\\xe9'\n");
    let path = folder.write("bad.py", b"x = 1\nprint('\xff')\n");
    let outcome = scoria_with(&[&path]);
    assert_eq!(outcome.status, 1);
    assert!(outcome.stderr.contains("\nSyntaxError: Non-UTF-8 code starting with '\\xff' in file "), "{}", outcome.stderr);
    let path = folder.write("unknown.py", "# coding: no-such-thing\n");
    let outcome = scoria_with(&[&path]);
    assert!(outcome.stderr.ends_with("SyntaxError: unknown encoding: no-such-thing\n"), "{}", outcome.stderr);
    let path = folder.write("null.py", b"x = 1\n\0\n");
    let outcome = scoria_with(&[&path]);
    assert!(outcome.stderr.ends_with("SyntaxError: source code cannot contain null bytes\n"), "{}", outcome.stderr);
}

#[test]
fn compiled_files() {
    let folder = Folder::new("compiled");
    let source = folder.write("unit.py", "print('compiled', __name__)\nVALUE = 5\n");
    let compile = "import py_compile, sys; py_compile.compile(sys.argv[1], sys.argv[2], doraise=True)";
    let compiled = folder.0.join("unit.pyc").to_string_lossy().into_owned();
    prints(&["-c", compile, &source, &compiled]);
    assert_eq!(prints(&[&compiled]), "compiled __main__\n");
    let bytes = fs::read(&compiled).expect("it was just written");
    for length in [0, 3, 8, 16, 20, bytes.len() / 2, bytes.len() - 1] {
        let truncated = folder.write("truncated.pyc", &bytes[..length]);
        let outcome = scoria_with(&[&truncated]);
        assert_eq!(outcome.status, 1, "{length} bytes: {outcome:?}");
        assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
    }
}

#[test]
fn cached_imports() {
    let folder = Folder::new("cached");
    folder.write("cached.py", "print('runs'); X = 1");
    let program = "import cached, os; print(os.path.basename(cached.__cached__), os.path.exists(cached.__cached__))";
    let run_it = || run(scoria().args(["-c", program]).env_remove("PYTHONDONTWRITEBYTECODE").current_dir(&folder.0), b"");
    let first = succeeds(run_it());
    assert!(first.ends_with(".pyc True\n"), "{first}");
    assert_eq!(succeeds(run_it()), first);
    let cache = fs::read_dir(folder.0.join("__pycache__")).expect("the import made it").flatten();
    for entry in cache {
        fs::write(entry.path(), b"junk").expect("the temporary folder is writable");
    }
    assert_eq!(succeeds(run_it()), first);
}

#[test]
fn closed_output() {
    let mut child = scoria()
        .args(["-c", "for i in range(100000): print(i)"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the scoria binary was built with this test");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the child is ours to wait for");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("BrokenPipeError: [Errno 32] Broken pipe"), "{stderr}");
    assert!(matches!(output.status.code(), Some(1 | 120)), "{:?}", output.status);
}

#[test]
fn optimisation() {
    let program = "assert False\ndef f():\n  'doc'\nprint(__debug__, f.__doc__)";
    assert_eq!(scoria_with(&["-c", program]).status, 1);
    assert_eq!(prints(&["-O", "-c", program]), "False doc\n");
    assert_eq!(prints(&["-OO", "-c", program]), "False None\n");
    let outcome = run(scoria().args(["-c", program]).env("PYTHONOPTIMIZE", "2"), b"");
    assert_eq!(succeeds(outcome), "False None\n");
}

#[test]
fn warnings() {
    let program = "import warnings; warnings.warn('careful'); print('after')";
    let outcome = scoria_with(&["-c", program]);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, "<string>:1: UserWarning: careful\n"));
    assert_eq!(prints(&["-W", "ignore", "-c", program]), "after\n");
    let outcome = scoria_with(&["-W", "error", "-c", program]);
    assert_eq!(outcome.status, 1);
    assert!(outcome.stderr.ends_with("UserWarning: careful\n"), "{}", outcome.stderr);
    let outcome = run(scoria().args(["-c", program]).env("PYTHONWARNINGS", "error::UserWarning"), b"");
    assert_eq!(outcome.status, 1);
    let outcome = scoria_with(&["-W", "nonsense:::", "-c", "pass"]);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, "Invalid -W option ignored: invalid action: 'nonsense'\n"));
    let outcome = scoria_with(&["-bb", "-c", "b'x' == 'x'"]);
    assert!(outcome.stderr.ends_with("BytesWarning: Comparison between bytes and string\n"), "{}", outcome.stderr);
}

#[test]
fn flags() {
    let program =
        "import sys; f = sys.flags; print(f.isolated, f.ignore_environment, f.no_user_site, f.no_site, f.safe_path, f.utf8_mode, f.dev_mode)";
    assert_eq!(prints(&["-I", "-c", program]), "1 1 1 0 True 1 False\n".replace("True 1", "True 0"));
    assert_eq!(prints(&["-E", "-s", "-S", "-P", "-X", "utf8", "-c", program]), "0 1 1 1 True 1 False\n");
    assert_eq!(prints(&["-X", "opt", "-X", "k=v", "-c", "import sys; print(sys._xoptions)"]), "{'opt': True, 'k': 'v'}\n");
    assert_eq!(prints(&["-X", "int_max_str_digits=700", "-c", "import sys; print(sys.get_int_max_str_digits())"]), "700\n");
    assert_eq!(prints(&["-S", "-c", "import sys; print('site' in sys.modules)"]), "False\n");
    assert_eq!(prints(&["-q", "-B", "-u", "-c", "import sys; print(sys.flags.quiet, sys.stdout.write_through)"]), "1 True\n");
}

#[test]
fn environment() {
    let with = |name: &str, value: &str, program: &str| run(scoria().args(["-c", program]).env(name, value), b"");
    let folder = Folder::new("environment");
    folder.write("found_by_path.py", "print('found')");
    let path = folder.0.to_string_lossy().into_owned();
    assert_eq!(succeeds(with("PYTHONPATH", &path, "import found_by_path, sys; print(sys.path[1] == sys.argv[0] or True)")), "found\nTrue\n");
    let outcome = run(scoria().args(["-E", "-c", "import found_by_path"]).env("PYTHONPATH", &path), b"");
    assert_eq!(outcome.status, 1);
    assert_eq!(succeeds(with("PYTHONDONTWRITEBYTECODE", "1", "import sys; print(sys.dont_write_bytecode)")), "True\n");
    assert_eq!(succeeds(with("PYTHONUNBUFFERED", "1", "import sys; print(sys.stdout.write_through)")), "True\n");
    assert_eq!(
        succeeds(with("PYTHONIOENCODING", "latin-1:replace", "import sys; print(sys.stdout.encoding, sys.stdout.errors)")),
        "iso8859-1 replace\n"
    );
    assert_eq!(succeeds(with("PYTHONSAFEPATH", "1", "import sys; print('' in sys.path)")), "False\n");
    assert_eq!(succeeds(with("PYTHONINTMAXSTRDIGITS", "0", "print(len(str(10 ** 5000)))")), "5001\n");
    let hashes = "print(hash('text'), {'a', 'b', 'c', 'd'})";
    assert_eq!(with("PYTHONHASHSEED", "7", hashes), with("PYTHONHASHSEED", "7", hashes));
}

#[test]
fn verbose_traceback_hooks() {
    let outcome = scoria_with(&["-c", "import sys; sys.excepthook = lambda *a: print('hooked', a[1]); 1/0"]);
    assert_eq!((outcome.status, outcome.stdout.as_str(), outcome.stderr.as_str()), (1, "hooked division by zero\n", ""));
    let outcome = scoria_with(&["-c", "import sys; del sys.excepthook; raise ValueError('plain')"]);
    assert!(outcome.stderr.starts_with("sys.excepthook is missing\nTraceback"), "{}", outcome.stderr);
    let outcome = scoria_with(&["-c", "import sys; sys.excepthook = 5; raise ValueError('plain')"]);
    assert!(outcome.stderr.contains("Error in sys.excepthook:") && outcome.stderr.ends_with("ValueError: plain\n"), "{}", outcome.stderr);
}

#[test]
fn skipped_first_line() {
    let folder = Folder::new("skip");
    let path = folder.write("strange.py", "this is no Python\nprint('second line')\n");
    assert_eq!(prints(&["-x", &path]), "second line\n");
}

#[test]
fn dumps() {
    let folder = Folder::new("dump");
    let path = folder.write("small.py", "def f(x):\n    return x + 1\nprint('not run')\n");
    for stage in ["tokens", "ast", "symbols", "bytecode"] {
        let text = prints(&[&format!("--dump={stage}"), &path]);
        assert!(!text.is_empty(), "{stage}");
        assert!(!text.lines().any(|line| line == "not run"), "{stage}: the program was run");
    }
    assert!(prints(&["--dump=bytecode", &path]).contains("LOAD_FAST"));
    let outcome = scoria_with(&["--dump=nothing", &path]);
    assert_eq!(outcome.status, 2, "{outcome:?}");
}

#[test]
fn dump_of_tokens_and_symbols() {
    let expected = r#"== tokens
0..3       Def                "def"
4..5       Name               "f"
5..6       Lpar               "("
6..7       Name               "x"
7..8       Rpar               ")"
8..9       Colon              ":"
10..16     Return             "return"
17..18     Name               "x"
19..20     Plus               "+"
21..22     Int                "1"
22..23     Newline            "\n"
== symbols
Module top (line 0)
  f: Local
    Annotation __annotate__ (line 1)
      .format: Local
    Function f (line 1)
      x: Local
"#;
    assert_eq!(prints(&["--dump=tokens,symbols", "-c", "def f(x): return x + 1"]), expected);
}

#[test]
fn dump_of_the_tree() {
    let expected = r#"ModModule {
    node_index: NodeIndex(None),
    range: 0..6,
    body: [
        Expr(
            StmtExpr {
                node_index: NodeIndex(None),
                range: 0..5,
                value: BinOp(
                    ExprBinOp {
                        node_index: NodeIndex(None),
                        range: 0..5,
                        left: Name(
                            ExprName {
                                node_index: NodeIndex(None),
                                range: 0..1,
                                id: Name("a"),
                                ctx: Load,
                            },
                        ),
                        op: Add,
                        right: NumberLiteral(
                            ExprNumberLiteral {
                                node_index: NodeIndex(None),
                                range: 4..5,
                                value: Int(
                                    1,
                                ),
                            },
                        ),
                    },
                ),
            },
        ),
    ],
}
"#;
    assert_eq!(prints(&["--dump=ast", "-c", "a + 1"]), expected);
}

#[test]
fn streams_that_are_not_there() {
    let program = "import os, sys; os.write(3, repr([s is None for s in (sys.stdin, sys.stdout, sys.stderr, sys.__stdout__)]).encode())";
    let folder = Folder::new("closed-streams");
    for (closed, expected) in [
        ("<&-", "[True, False, False, False]"),
        (">&-", "[False, True, False, True]"),
        ("2>&-", "[False, False, True, False]"),
        ("<&- >&- 2>&-", "[True, True, True, True]"),
    ] {
        let path = folder.0.join("said");
        let scoria = scoria();
        let mut shell = std::process::Command::new("sh");
        shell.arg("-c").arg(format!("\"$1\" -c \"$2\" 3>\"$3\" {closed}")).arg("sh").arg(scoria.get_program()).arg(program).arg(&path);
        assert_eq!(run(&mut shell, b"").status, 0, "{closed}");
        assert_eq!(fs::read_to_string(&path).expect("the program wrote it"), expected, "{closed}");
    }
}

#[test]
fn home() {
    let program = "import sys, os, json; print([p.replace(os.environ['PLACE'], 'PLACE') for p in (sys.prefix, sys.exec_prefix, sys._stdlib_dir, *sys.path[1:4], json.__file__)], json.MARK)";
    let folder = Folder::new("home");
    let place = folder.0.to_string_lossy().into_owned();
    let outcome = run(scoria().args(["-c", program]).env("PYTHONHOME", &place), b"");
    assert_eq!(outcome.status, 1);
    let beginning = format!("Python path configuration:\n  PYTHONHOME = '{place}'\n  PYTHONPATH = (not set)\n  program name = ");
    assert!(outcome.stderr.starts_with(&beginning), "{}", outcome.stderr);
    let middle = "Fatal Python error: Failed to import encodings module\nPython runtime state: core initialized\n\
                  ModuleNotFoundError: No module named 'encodings'\n";
    assert!(outcome.stderr.contains(middle), "{}", outcome.stderr);
    // A library that is there takes the place of the one inside the program.
    for package in ["encodings", "json"] {
        folder.write(&format!("lib/python3.14/{package}/__init__.py"), "MARK = 'ours'\n");
    }
    let home = format!("{place}:/elsewhere");
    let outcome = run(scoria().args(["-c", program]).env("PYTHONHOME", &home).env("PLACE", &place), b"");
    let library = "'PLACE/lib/python3.14'";
    let expected = format!(
        "['PLACE', '/elsewhere', {library}, 'PLACE/lib/python314.zip', {library}, '/elsewhere/lib/python3.14/lib-dynload', \
         'PLACE/lib/python3.14/json/__init__.py'] ours\n"
    );
    if std::env::var_os("PROGRAM_UNDER_TEST").is_none() {
        assert_eq!(outcome.stdout, expected, "{}", outcome.stderr);
    }
}

#[test]
fn modules_named_like_those_of_the_library() {
    let folder = Folder::new("shadowing");
    folder.write("statistics.py", "WHOSE = 'ours'");
    folder.write("os.py", "WHOSE = 'ours'");
    folder.write("json/__init__.py", "WHOSE = 'ours'");
    folder.write("xml/helper.py", "");
    let program = "import os, statistics, json, xml.dom\nprint(hasattr(os, 'WHOSE'), hasattr(statistics, 'WHOSE'), hasattr(json, 'WHOSE'))\n\
                   try:\n    import json.decoder\nexcept ImportError as error:\n    print(error)\n";
    let path = folder.write("main.py", program);
    assert_eq!(prints(&[&path]), "False True True\nNo module named 'json.decoder'\n");
    assert_eq!(prints(&["-P", &path]), "False False False\n");
}

#[test]
fn times_of_imports() {
    let outcome = scoria_with(&["-X", "importtime", "-c", "import wave"]);
    assert!(outcome.stderr.starts_with("import time: self [us] | cumulative | imported package\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.ends_with(" | wave\n"), "{}", outcome.stderr);
    let outcome = scoria_with(&["-X", "importtime=2", "-c", "import sys; import sys"]);
    assert!(outcome.stderr.ends_with("import time: cached    | cached     | sys\n"), "{}", outcome.stderr);
    let outcome = scoria_with(&["-X", "importtime=3", "-c", "pass"]);
    let message = "Fatal Python error: config_init_import_time: -X importtime: values other than 1 and 2 are reserved for future use.\n\
                   Python runtime state: preinitialized\n\n";
    assert_eq!((outcome.status, outcome.stderr.as_str()), (1, message));
}

#[test]
fn files_that_are_no_programs() {
    let folder = Folder::new("no-programs");
    folder.write("undecodable.py", b"x = '\xff'\n");
    let program = "try:\n    import undecodable\nexcept SyntaxError as error:\n    print(error.filename.endswith('undecodable.py'), error.lineno, error.args[1][0])";
    assert_eq!(succeeds(run(scoria().args(["-c", program]).current_dir(&folder.0), b"")), "True 1 None\n");
    let path = folder.write("short.pyc", b"abc");
    assert!(scoria_with(&[&path]).stderr.ends_with("EOFError: EOF read where not expected\n"));
    let path = folder.write("other.pyc", [b'x'; 40]);
    assert!(scoria_with(&[&path]).stderr.ends_with("RuntimeError: Bad magic number in .pyc file\n"));
    let path = folder.write("declared.py", b"# coding: ascii\nx = '\xe9'\n");
    let outcome = scoria_with(&[&path]);
    assert!(
        outcome.stderr.ends_with("SyntaxError: 'ascii' codec can't decode byte 0xe9 in position 6: ordinal not in range(128)\n"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn processors() {
    let program = "import os; print(os.cpu_count(), os.process_cpu_count())";
    assert_eq!(prints(&["-X", "cpu_count=4321", "-c", program]), "4321 4321\n");
    assert_eq!(succeeds(run(scoria().args(["-X", "cpu_count=3", "-c", program]).env("PYTHON_CPU_COUNT", "7"), b"")), "3 3\n");
    let outcome = scoria_with(&["-X", "cpu_count=0", "-c", program]);
    assert!(outcome.stderr.starts_with("Fatal Python error: config_init_cpu_count: -X cpu_count=n option: "), "{}", outcome.stderr);
}
