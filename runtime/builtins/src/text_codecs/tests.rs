//! Encodings without error handlers that run Python.

use super::*;
use object::vm::Vm;

fn vm() -> Vm {
    Vm::new(1 << 20)
}

const SAMPLE: &str = "abc \u{e9}\u{20ac}\u{1F600}";

#[test]
fn unicode_encodings_round_trip() {
    let mut vm = vm();
    let text = vm.new_str(SAMPLE);
    for order in [Order::Marked, Order::Little, Order::Big] {
        let bytes = utf16::encode(&mut vm, text.borrow(), Errors::STRICT, order).expect("encodes");
        assert!(utf16::decode(&mut vm, &bytes, Errors::STRICT, order, true).expect("decodes").text.equals(&text));
        let bytes = utf32::encode(&mut vm, text.borrow(), Errors::STRICT, order).expect("encodes");
        assert!(utf32::decode(&mut vm, &bytes, Errors::STRICT, order, true).expect("decodes").text.equals(&text));
    }
    let bytes = utf7::encode(&text);
    assert_eq!(bytes, b"abc +AOkgrNg93gA-");
    assert!(utf7::decode(&mut vm, &bytes, Errors::STRICT, true).expect("decodes").0.equals(&text));
    let bytes = escapes::unicode_escape_encode(&text);
    assert_eq!(bytes, b"abc \\xe9\\u20ac\\U0001f600");
    assert!(escapes::unicode_escape_decode(&mut vm, &bytes, Errors::STRICT, true).expect("decodes").0.equals(&text));
}

#[test]
fn errors_are_handled() {
    let mut vm = vm();
    let text = vm.new_str(SAMPLE);
    let mut encode = |errors| {
        narrow::encode_object(&mut vm, text.borrow(), Errors::new(Some(errors)), narrow::Narrow::Ascii)
            .map(|bytes| bytes.data().to_vec())
            .expect("encodes")
    };
    assert_eq!(encode("replace"), b"abc ???");
    assert_eq!(encode("ignore"), b"abc ");
    assert_eq!(encode("backslashreplace"), b"abc \\xe9\\u20ac\\U0001f600");
    assert_eq!(encode("xmlcharrefreplace"), b"abc &#233;&#8364;&#128512;");
    assert_eq!(encode("namereplace"), b"abc \\N{LATIN SMALL LETTER E WITH ACUTE}\\N{EURO SIGN}\\N{GRINNING FACE}");
}

#[test]
fn undecodable_bytes_are_handled() {
    let mut vm = vm();
    let mut decode = |data: &[u8], errors| {
        utf8::decode(&mut vm, data, Errors::new(Some(errors)), true).map(|(text, _)| text.code_points().collect::<Vec<u32>>()).expect("decodes")
    };
    assert_eq!(decode(b"a\xffb", "surrogateescape"), [0x61, 0xDCFF, 0x62]);
    assert_eq!(decode(b"\xf0\x9f\x98", "replace"), [0xFFFD]);
    assert_eq!(decode(b"\xe2\x28\xa1", "replace"), [0xFFFD, 0x28, 0xFFFD]);
    assert_eq!(decode(b"\xed\xa0\x80", "surrogatepass"), [0xD800]);
    assert_eq!(decode(b"\xff", "backslashreplace"), "\\xff".chars().map(u32::from).collect::<Vec<_>>());
}

#[test]
fn an_incomplete_end_is_left() {
    let mut vm = vm();
    let (text, consumed) = utf8::decode(&mut vm, b"ab\xe2\x82", Errors::STRICT, false).expect("decodes");
    assert!(text.equals_str("ab") && consumed == 2);
    let decoded = utf16::decode(&mut vm, b"a\0\x3d\xd8", Errors::STRICT, Order::Little, false).expect("decodes");
    assert!(decoded.text.equals_str("a") && decoded.consumed == 2);
}
