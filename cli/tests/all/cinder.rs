//! What only Cinder has: who awaits whom, knobs and caches, type feedback as it is shown. The programs are in `cinder/`.

use crate::run::{run, scoria};

/// Runs a program of the folder with the number of calls that make code hot.
fn prints(program: &str, threshold: &str) -> String {
    let path = format!("{}/tests/all/cinder/{program}.py", env!("CARGO_MANIFEST_DIR"));
    let outcome = run(scoria().args(["-X", &format!("shadowcode={threshold}"), &path]), b"");
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{program}, {threshold}: {outcome:?}");
    outcome.stdout
}

#[test]
fn awaiters() {
    let expected = "basic\neager\noutlives\nagen\nstacks\nnearest\ngathered\nExpected coroutine object, got int\n\
                    Expected coroutine object, got generator\nExpected frame object, got int\nerrors\n";
    for threshold in ["0", "1", "50"] {
        assert_eq!(prints("awaiters", threshold), expected, "{threshold}");
    }
}

#[test]
fn knobs() {
    let expected = "True 42\nTrue\nNone\ncan't call warn_on_inst_dict on a frozen type\nwarn_on_inst_dict requires a type, got int\n\
                    cannot set 'x' attribute of immutable type 'D'\n\
                    {'shadowcode': True, 'polymorphiccache': True}\n{'shadowcode': True, 'polymorphiccache': False}\n\
                    {'shadowcode': False, 'polymorphiccache': True}\npoly 1\n";
    for threshold in ["1", "50"] {
        assert_eq!(prints("knobs", threshold), expected, "{threshold}");
    }
}

/// With `CINDERX_DISABLE` there is no native part; what Python can do alone goes on to work.
#[test]
fn disabled() {
    let program = "import cinder, cinderx\n\
                   class C:\n    @cinderx.cached_property\n    def x(self): return 5\n\
                   print(cinderx.get_import_error(), cinderx.is_initialized(), cinderx.is_supported_runtime())\n\
                   print(cinderx.freeze_type(C), cinderx.has_parallel_gc(), cinderx.is_frame_evaluator_installed(), C().x)\n\
                   C.y = 1\n\
                   print(hasattr(cinderx, 'delay_adaptive'), cinderx.clear_caches(), cinderx.StrictModule({}, False).__dict__)\n\
                   for f in cinderx.enable_parallel_gc, lambda: cinderx.is_immortal(1):\n    try: f()\n    except RuntimeError as e: print(e)\n";
    let outcome = run(scoria().env("CINDERX_DISABLE", "1").args(["-c", program]), b"");
    let expected = "The _cinderx native extension has been forcibly disabled with CINDERX_DISABLE in the environment False True\n\
                    <class '__main__.C'> False False 5\nFalse None {}\n\
                    No Parallel GC support because _cinderx did not load correctly\n\
                    Can't answer whether an object is mortal or immortal from Python code\n";
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (expected, ""));
    let enabled = run(scoria().env("CINDERX_DISABLE", "0").args(["-c", "import cinderx; print(cinderx.is_initialized())"]), b"");
    assert_eq!(enabled.stdout, "True\n");
}

/// With `PYTHONENABLEPATCHING` types are not frozen.
#[test]
fn patching() {
    let program = "import cinderx\nclass C: pass\ncinderx.freeze_type(C)\ntry:\n    C.x = 1\n    print(C.x)\nexcept TypeError as e: print(e)";
    let outcome = |value| run(scoria().env("PYTHONENABLEPATCHING", value).args(["-c", program]), b"").stdout;
    assert_eq!(outcome("1"), "1\n");
    assert_eq!(outcome("0"), "cannot set 'x' attribute of immutable type 'C'\n");
}

/// The forms are those that CPython has for the same function.
#[test]
fn adaptive() {
    let expected = include_str!("cinder/adaptive.out");
    assert_eq!(prints("adaptive", "50"), expected);
}

#[test]
fn what_was_seen_is_dumped() {
    let path = format!("{}/tests/all/cinder/adaptive.py", env!("CARGO_MANIFEST_DIR"));
    let outcome = run(scoria().args(["--dump=shadowcode", "--dump-only=__main__:poly", &path]), b"");
    let row = outcome.stdout.lines().find(|line| line.contains("LOAD_ATTR_POLYMORPHIC")).expect("poly is hot").trim();
    assert!(row.ends_with("D(x) at 24 | E(x) at 24 | C(x) at 24"), "{row}");
}
