//! Strings: storage, equality, building, appending, interning.

use super::*;

fn vm() -> Vm {
    Vm::new(1 << 20)
}

#[test]
fn storage_is_the_narrowest() {
    let vm = vm();
    for (text, kind, ascii) in
        [("abc", Kind::Latin1, true), ("caf\u{e9}", Kind::Latin1, false), ("\u{20ac}5", Kind::Ucs2, false), ("a\u{1F600}", Kind::Ucs4, false)]
    {
        let string = vm.new_str(text);
        assert_eq!((string.kind(), string.is_ascii(), string.len()), (kind, ascii, text.chars().count()));
        assert_eq!(string.to_utf8().as_deref(), Some(text));
        let code_points: Vec<u32> = text.chars().map(u32::from).collect();
        assert!(vm.new_str_from_code_points(&code_points).equals(&string));
    }
    let narrowed = vm.str_slice(&vm.new_str("\u{1F600}\u{20ac}xy"), 2, 2);
    assert!(narrowed.is_ascii() && narrowed.equals(&vm.new_str("xy")));
}

#[test]
fn a_unique_string_grows_in_place() {
    let vm = vm();
    let mut string = vm.new_str("start").into_object();
    let mut expected = String::from("start");
    for step in 0..2000 {
        let piece = if step == 1500 { "\u{20ac}" } else { "ab" };
        string = vm.str_append(string, vm.new_str(piece).borrow().object());
        expected.push_str(piece);
    }
    let string = string.downcast::<Str>().expect("a string");
    assert!(string.equals_str(&expected));
}

#[test]
fn builders_widen() {
    let vm = vm();
    let mut builder = StrBuilder::new();
    let mut expected = String::new();
    for piece in ["a", "\u{e9}", "bc", "\u{20ac}", "d", "\u{1F600}", "e"] {
        builder.push_object(&vm.new_str(piece));
        expected.push_str(piece);
    }
    assert!(builder.finish(&vm).equals_str(&expected));
}

#[test]
fn interning_finds_the_same_object() {
    let vm = vm();
    let name = vm.intern("some_name");
    assert!(name.is(vm.intern_str(vm.new_str("some_name").borrow())));
    assert!(vm.new_str("x").borrow().object().is(vm.intern("x")));
    for index in 0..10_000 {
        assert!(vm.intern(&format!("name_{index}")).is_immortal());
    }
    assert!(name.is(vm.intern("some_name")));
}

#[test]
fn exact_strings_are_not_shifted() {
    let vm = vm();
    let string = vm.new_str("some text");
    assert_eq!(string.info.get() & SHIFTED, 0);
    assert_eq!(string.pointer().addr(), std::ptr::from_ref(&*string).addr() + size_of::<Str>());
}
