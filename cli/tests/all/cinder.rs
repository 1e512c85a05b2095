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
    let expected = "True 42\nTrue\nNone\ncan't call warn_on_inst_dict on a frozen type\nwarn_on_inst_dict requires a type\n\
                    cannot set 'x' attribute of immutable type 'D'\n\
                    {'shadowcode': True, 'polymorphiccache': True}\n{'shadowcode': True, 'polymorphiccache': False}\n\
                    {'shadowcode': False, 'polymorphiccache': True}\npoly 1\n";
    for threshold in ["1", "50"] {
        assert_eq!(prints("knobs", threshold), expected, "{threshold}");
    }
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
