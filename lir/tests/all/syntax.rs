//! Text that is no function, and why.

use lir::text;

const ERRORS: &[(&str, &str)] = &[
    ("", "line 1: expected `fun` at ``"),
    ("fun", "line 1: expected a name at ``"),
    ("fun f", "line 1: expected `{` at ``"),
    ("fun f {", "line 1: expected `bb` at ``"),
    ("fun f {\n} x", "line 2: expected the end at `x`"),
    ("fun f (room 3) {\n}", "line 1: expected `area` or `slots` before at `3) {`"),
    ("fun f {\nbb1:\n}", "line 2: blocks are numbered in order, but bb1 is not the next at `:`"),
    ("fun f {\nbb0\n}", "line 3: expected `:` at `}`"),
    ("fun f {\nbb0:\n  Jump -> bb0\n}", "line 3: `Jump` is not an instruction"),
    ("fun f {\nbb0:\n  %0 = Add %1, %2\n}", "line 3: expected `.` at `%1, %2`"),
    ("fun f {\nbb0:\n  %0 = Add.7 %1, %2\n}", "line 3: no such width before at `%1, %2`"),
    ("fun f {\nbb0:\n  %0 = ZeroExtend.64 %1\n}", "line 3: no such width before at `%1`"),
    ("fun f {\nbb0:\n  CompareJump.64 %1, %2\n}", "line 3: expected a condition at `%1, %2`"),
    ("fun f {\nbb0:\n  %0 = Move %1,\n}", "line 4: expected a number at `}`"),
    ("fun f {\nbb0:\n  %0 = Load.64 [%1+%2*3]\n}", "line 3: a scale is 1, 2, 4 or 8, before at `]`"),
    ("fun f {\nbb0:\n  %0 = Load.64 [%1+8\n}", "line 4: expected `]` at `}`"),
    ("fun f {\nbb0:\n  %0 = LoadAddress &nothing\n}", "line 4: no symbol `nothing` before at `}`"),
    ("fun f {\nbb0:\n  Patchpoint\n}", "line 4: expected `exit` at `}`"),
    ("fun f {\nbb0:\n  Call &1\n}", "line 4: expected `safepoint` at `}`"),
    ("fun f {\nbb0:\n  EntrySwitch -> bb1\n}", "line 3: expected a number at `bb1`"),
    ("fun f {\nbb0:\n  %0 = LoadImm 99999999999999999999\n}", "line 3: expected a number at `99999999999999999999`"),
];

#[test]
fn errors_say_where_and_what() {
    for (source, expected) in ERRORS {
        let error = text::parse(source).expect_err(source);
        assert_eq!(error.to_string(), *expected, "{source}");
    }
}

#[test]
fn comments_and_space_do_not_count() {
    let plain = text::parse("fun f {\nbb0:\n  %0 = LoadImm 1 @3\n  Return %0\n}").unwrap();
    let spaced = text::parse("# A comment.\nfun f {   # another\n\nbb0:\n%0=LoadImm   1   @ 3 # and\n  Return %0\n\n}\n# end").unwrap();
    assert!(plain.same_as(&spaced));
}

#[test]
fn every_part_of_the_text_is_read_back() {
    let source = "fun module.f:<g> (area 2) {
bb0:
  EntrySwitch -> 0: bb1, 17: bb2
bb1:
  %0, %1 = Arguments
  %2 = Load.8 [%0+%1*4-8] @12
  %f3 = LoadFloatImm -9223372036854775808
  %4, %5 = MulWide.64 %0, [area+8]
  %6 = GuardAdd.32 no %2, -5 exit 7 (%0, 4, &3, %f3)
  %7 = Call &1, %6, vm, frame, fp, %f3 safepoint 3 (%0)
  Patchpoint exit 9
  CompareJump.16 l %7, [%6] -> bb3(%7, %f3), bb4 @4294967294
bb2:
  Branch -> bb4
bb3 (%8, %f9) cold:
  Return %8
bb4:
  Switch %1 -> bb3(%1, %f3), bb4, bb4
}
";
    assert_eq!(text::parse(source).unwrap().to_string(), source);
}
