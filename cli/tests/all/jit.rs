//! The JIT's options, modules and reports, as a user meets them.

use crate::run::{Folder, Outcome, run, scoria};
use std::fs;
use std::path::Path;

const PROGRAM: &str = "\
def total(values):
    result = 0
    for value in values:
        result += value
    return result

def other(value):
    return value

class C:
    def method(self):
        return other(1)

for i in range(40):
    total([1, 2, 3])
    C().method()
print(total([1, 2, 3]))
";

fn with(options: &[&str], program: &str) -> Outcome {
    run(scoria().args(options).args(["-c", program]), b"")
}

fn path(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/jit").join(name).display().to_string()
}

#[test]
fn modules_do_what_they_say() {
    let outcome = run(scoria().args(["-X", "shadowcode=1", &path("api.py")]), b"");
    assert_eq!((outcome.stderr.as_str(), outcome.status), ("", 0), "{}", outcome.stdout);
    assert!(outcome.stdout.starts_with("fun __main__:add {") && outcome.stdout.contains("    ret\n") && outcome.stdout.ends_with("\nfine\n"));
}

#[test]
fn without_cinderx_the_module_does_nothing() {
    let program = "import cinderx.jit as jit\ndef f(): pass\n\
                   print(jit.force_compile(f), jit.jit_suppress(f) is f, jit.get_compiled_functions(), jit.get_jit_list())\n\
                   with jit.pause(): print([name for name in jit.__all__ if not callable(getattr(jit, name))])";
    let outcome = run(scoria().env("CINDERX_DISABLE", "1").args(["-c", program]), b"");
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("False True [] None\n[]\n", ""));
}

#[test]
fn options_and_variables_say_when_to_compile() {
    let program =
        "import cinderjit\ndef f(): pass\nf(); print(cinderjit.is_jit_compiled(f), cinderjit.get_compile_after_n_calls(), cinderjit.is_enabled())";
    let says = |outcome: Outcome| outcome.stdout.trim().to_owned();
    assert_eq!(says(with(&["-X", "jit"], program)), "True 0 True");
    assert_eq!(says(with(&["-X", "cinderx-jit-all"], program)), "True 0 True");
    assert_eq!(says(with(&["-X", "jit-auto=7"], program)), "False 7 True");
    assert_eq!(says(with(&["-X", "jit", "-X", "jit-disable"], program)), "False None False");
    for (name, value, expected) in [
        ("PYTHONJIT", "1", "True 0 True"),
        ("CINDERX_JIT_ALL", "1", "True 0 True"),
        ("PYTHONJITAUTO", "9", "False 9 True"),
        ("PYTHONJITDISABLE", "1", "False None False"),
    ] {
        assert_eq!(
            says(run(scoria().env(name, value).args(["-X", "jit=0", "-c", program]), b"")),
            match name {
                "PYTHONJIT" | "CINDERX_JIT_ALL" => says(with(&["-X", "jit=0"], program)),
                _ => expected.to_owned(),
            }
        );
        assert_eq!(says(run(scoria().env(name, value).args(["-c", program]), b"")), expected);
        let ignored = run(scoria().env(name, value).args(["-E", "-c", program]), b"");
        assert_eq!(says(ignored), says(with(&[], program)));
    }
}

#[test]
fn options_that_cannot_be_read_are_named() {
    let outcome = with(&["-X", "jit-auto=soon"], "");
    assert!(outcome.stderr.starts_with("Fatal Python error: config_init_jit: -X jit-auto: the value must be a number"), "{}", outcome.stderr);
    assert_eq!(outcome.status, 1);
    let outcome = with(&["-X", "jit-autto=3"], "print(1)");
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("1\n", "scoria: no such option: -X jit-autto (-X jit-help lists them)\n"));
    let outcome = with(&["-X", "jit-help"], "print(1)");
    assert!(outcome.stdout.contains("-X jit-auto=N, -X cinderx-jit-auto=N\n    PYTHONJITAUTO, CINDERX_JIT_AUTO\n"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("-X jit-loop-invariant-code-motion") && outcome.status == 0);
}

#[test]
fn only_functions_on_the_list_are_compiled() {
    let folder = Folder::new("jit-list");
    let list = folder.write("list.txt", "# which\n__main__:total\nC.method@<string>:8\nnonsense\n");
    let program = format!("{PROGRAM}import cinderjit\nprint(*map(cinderjit.is_jit_compiled, (total, other, C.method)))\n");
    let option = format!("jit-list-file={list}");
    let outcome = with(&["-X", &option], &program);
    assert_eq!(outcome.stdout, "6\nTrue False True\n");
    assert_eq!(outcome.stderr, format!("JIT: {list}: Failed to parse new JIT list line nonsense\n"));
    let outcome = with(&["-X", &option, "-X", "jit-list-match-line-numbers"], &program);
    assert_eq!(outcome.stdout, "6\nTrue False False\n");
    let outcome = with(&["-X", &option, "-X", "jit-list-fail-on-parse-error"], &program);
    assert_eq!((outcome.stdout.as_str(), outcome.status), ("", 1));
    let all = folder.write("all.txt", "__main__:*\n");
    let outcome = with(&["-X", &format!("jit-list-file={all}"), "-X", "jit-enable-jit-list-wildcards"], &program);
    assert_eq!(outcome.stdout, "6\nTrue True True\n");
    let outcome = run(scoria().env("PYTHONJITLISTFILE", "/does/not/exist").args(["-c", "print(1)"]), b"");
    assert!(outcome.stderr.contains("Unable to open JIT list file /does/not/exist"), "{}", outcome.stderr);
}

#[test]
fn machine_code_is_written_in_either_syntax() {
    let program = "def f(a):\n    return a + 1\nimport cinderjit\nfor i in range(60): f(i)\ncinderjit.force_compile(f)\ncinderjit.disassemble(f)\n";
    let intel = with(&["-X", "jit-asm-syntax=intel"], program);
    let att = with(&["-X", "cinderx-jit-asm-syntax=att"], program);
    assert!(intel.stdout.contains("mov ") && !intel.stdout.contains('%'), "{intel:?}");
    assert!(att.stdout.contains("mov ") && att.stdout.contains(", %r") && att.stdout.contains("mov ${breaker}, %eax"), "{att:?}");
}

#[test]
fn all_code_is_written_into_an_object_file() {
    let folder = Folder::new("jit-elf");
    let file = folder.write("code.o", "");
    let program = format!(
        "def f(a): return a + 1\ndef g(): pass\nimport cinderjit\nfor h in f, g: cinderjit.force_compile(h)\nprint(cinderjit.dump_elf({file:?}))\n\
         for wrong in 5, '/does/not/exist/x':\n    try: cinderjit.dump_elf(wrong)\n    except Exception as e: print(type(e).__name__, e)\n"
    );
    let outcome = with(&[], &program);
    let expected = "None\nValueError dump_elf expects a filename string\nOSError /does/not/exist/x: No such file or directory (os error 2)\n";
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (expected, ""));
    let image = std::fs::read(&file).expect("it was written");
    let has = |name: &str| image.windows(name.len()).any(|window| window == name.as_bytes());
    assert!(image.starts_with(b"\x7fELF") && has("\0__CINDER_JIT:__main__:f\0") && has("\0__CINDER_JIT:__main__:g\0"));
}

#[test]
fn dumps_are_the_same_each_time_and_have_no_addresses() {
    let stages = "--dump=hir:initial,hir:simplify,hir,hir:counts,lir,lir:allocated,asm,deopt";
    let folder = Folder::new("jit-dump");
    let file = folder.write("program.py", PROGRAM);
    let dump = || run(scoria().args(["-X", "shadowcode=1", "-X", "jit-auto=10", stages, "--dump-only=__main__:*", &file]), b"");
    let (first, second) = (dump(), dump());
    assert_eq!(first, second);
    for part in [
        "==== hir:initial __main__:total\n",
        "==== hir:simplify __main__:total\n",
        "==== hir __main__:total\n",
        "==== hir:counts __main__:total\n",
        "==== lir __main__:total\n",
        "==== lir:allocated __main__:total\n",
        "==== asm __main__:total\n",
        "==== deopt __main__:total\n",
        "    ; line 4: result += value\n",
        "  # line 4: result += value\n",
        ";; line 4: result += value\n",
        "BINARY_OP 13 (+=)\n",
        "    1 Return\n",
    ] {
        assert!(first.stdout.contains(part), "{part}\n{}", first.stdout);
    }
    let numbers = first.stdout.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(|word| match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    });
    let addresses: Vec<u64> = numbers.filter(|number| (0x40_0000..0xffff_ffff_ffff).contains(number)).collect();
    assert!(addresses.is_empty(), "{addresses:x?}\n{}", first.stdout);
}

#[test]
fn dumps_are_of_the_functions_asked_for() {
    let names = |only: &str| {
        let outcome = with(&["-X", "jit", "--dump=hir", &format!("--dump-only={only}")], PROGRAM);
        let names = outcome.stdout.lines().filter_map(|line| line.strip_prefix("==== hir ")).map(str::to_owned);
        let mut names: Vec<String> = names.collect();
        names.dedup();
        names
    };
    assert_eq!(names("__main__:C.*"), ["__main__:C.method"]);
    assert_eq!(names("total"), ["__main__:total"]);
    assert_eq!(names("other:total"), [""; 0]);
    assert_eq!(names("__main__:*"), ["__main__:total", "__main__:C.method", "__main__:other"]);
}

#[test]
fn times_are_a_table() {
    let outcome = with(&["-X", "jit", "--dump=timing"], PROGRAM);
    let table = outcome.stdout.split("==== timing of ").nth(1).expect("there is a table");
    for stage in ["preload", "build", "simplify", "refcount-insertion", "lower", "allocate", "emit", "install", "total"] {
        assert!(table.lines().any(|line| line.starts_with(&format!("{stage} "))), "{stage}: {table}");
    }
    let outcome = with(&["-X", "jit", "-X", "jit-time=*:C.*,x:y"], PROGRAM);
    assert!(outcome.stderr.starts_with("==== timing __main__:C.method\nstage "), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.matches("==== ").count(), 1);
}

#[test]
fn options_log_stages_and_statistics() {
    let folder = Folder::new("jit-log");
    let log = format!("{}/log.{{pid}}.txt", folder.0.display());
    let names = format!("{}/names.txt", folder.0.display());
    let list = folder.write("list.txt", "__main__:total\n__main__:C.method\n");
    let outcome = with(
        &[
            "-X",
            &format!("jit-list-file={list}"),
            "-X",
            &format!("jit-log-file={log}"),
            "-X",
            &format!("jit-dump-compiled-functions={names}"),
            "-X",
            "jit-dump-final-hir",
            "-X",
            "cinderx-jit-dump-asm",
            "-X",
            "jit-debug",
            "-X",
            "jit-dump-stats",
        ],
        &format!("{PROGRAM}try: total(3)\nexcept TypeError: pass\n"),
    );
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("6\n", ""));
    let logged =
        fs::read_dir(&folder.0).expect("the folder is there").flatten().find(|entry| entry.file_name().to_string_lossy().starts_with("log."));
    let text = fs::read_to_string(logged.expect("there is a log").path()).expect("the log is text");
    for part in [
        "==== hir __main__:total\n",
        "==== asm __main__:C.method\n",
        "JIT: __main__:total is compiled, in ",
        "UnhandledException in total (<string>:3)",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(fs::read_to_string(names).expect("the names are written"), "__main__:C.method\n__main__:total\n");
}

#[test]
fn passes_can_be_switched_off() {
    let ran = |option: &str| {
        let outcome = with(&["-X", "jit", "-X", option, "--dump=timing"], PROGRAM);
        outcome.stdout.contains("\nloop-invariant-code-motion ")
    };
    assert!(ran("jit-loop-invariant-code-motion") && !ran("jit-loop-invariant-code-motion=0") && !ran("cinderx-jit-loop-invariant-code-motion=0"));
}

#[test]
fn profilers_and_debuggers_are_told() {
    let folder = Folder::new("jit-perf");
    let directory = format!("jit-perf-dumpdir={}", folder.0.display());
    let program = format!(
        "{PROGRAM}import os\nprint(os.getpid(), flush=True)\nif os.fork() == 0:\n    def child(): pass\n    child()\n    print(os.getpid(), flush=True)\n    os._exit(0)\nos.wait()\n"
    );
    let outcome = with(&["-X", "jit", "-X", "jit-perfmap", "-X", &directory, "-X", "jit-gdb-write-elf"], &program);
    let processes: Vec<&str> = outcome.stdout.lines().skip(1).collect();
    assert_eq!((processes.len(), outcome.stderr.as_str()), (2, ""));
    let map = |process: &str| {
        let path = format!("/tmp/perf-{process}.map");
        let text = fs::read_to_string(&path).expect("there is a map");
        fs::remove_file(path).expect("the map can be removed");
        text
    };
    let own = map(processes[0]);
    let line = own.lines().find(|line| line.ends_with(" __CINDER_JIT:__main__:total")).expect("the function is in the map");
    let [address, size] =
        [0, 1].map(|at| u64::from_str_radix(line.split(' ').nth(at).expect("a line has three words"), 16).expect("numbers are hexadecimal"));
    assert!(address > 0x1000 && size > 16);
    assert!(map(processes[1]).contains("__CINDER_JIT:__main__:child\n"));
    let dump = fs::read(folder.0.join(format!("jit-{}.dump", processes[0]))).expect("there is a dump");
    assert_eq!(&dump[..4], b"DTiJ");
    let name = b"__CINDER_JIT:__main__:total\0";
    let at = dump.windows(name.len()).position(|window| window == name).expect("the function is in the dump");
    let word = |at: usize| u64::from_le_bytes(dump[at..at + 8].try_into().expect("eight bytes"));
    assert_eq!((word(at - 32), word(at - 16)), (address, size));
    assert!(dump.len() >= at + name.len() + size as usize);
    for process in processes {
        let prefix = format!("__cinder_jit_{process}_");
        let files: Vec<_> =
            fs::read_dir("/tmp").expect("there is /tmp").flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)).collect();
        assert!(!files.is_empty());
        for file in files {
            assert_eq!(&fs::read(file.path()).expect("the file is ours")[..4], b"\x7fELF");
            fs::remove_file(file.path()).expect("the file is ours");
        }
    }
}
