//! Arbitrary code objects through the textual form, marshal and wordcode, and back; malformed
//! bytes into each reader.

use bytecode::code::{Code, CodeFlags, Constant, ExceptionEntry, Local, LocalKind, Location};
use bytecode::opcode::Arg;
use bytecode::{Instr, Opcode, locations::Locations, marshal, text, verify, wordcode};
use num_bigint::BigInt;
use proptest::prelude::*;
use rustpython_wtf8::{CodePoint, Wtf8Buf};

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_<>.][a-z0-9_<>.]{0,6}", any::<String>(), Just("nan".to_owned()), Just(String::new()),]
}

fn wide_string() -> impl Strategy<Value = Wtf8Buf> {
    let point = prop_oneof![0..0x80u32, 0xd7f0..0xe010u32, 0..0x11_0000u32];
    prop::collection::vec(point.prop_filter_map("code point", CodePoint::from_u32), 0..8).prop_map(|points| points.into_iter().collect())
}

fn leaf() -> impl Strategy<Value = Constant> {
    prop_oneof![
        Just(Constant::None),
        Just(Constant::False),
        Just(Constant::True),
        Just(Constant::Ellipsis),
        any::<i64>().prop_map(Constant::Int),
        any::<i128>().prop_map(|value| Constant::BigInt(BigInt::from(value))),
        any::<f64>().prop_map(Constant::Float),
        Just(Constant::Float(-0.0)),
        (any::<f64>(), any::<f64>()).prop_map(|(real, imaginary)| Constant::Complex(real, imaginary)),
        wide_string().prop_map(Constant::Str),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(Constant::Bytes),
    ]
}

fn location() -> impl Strategy<Value = Location> {
    (0..6u32, 0..3u32, -1..200i32, -1..200i32).prop_map(|(line, extent, column, end_column)| Location {
        line,
        end_line: line + extent,
        column,
        end_column,
    })
}

/// An instruction that may stand in a code object of `count` instructions.
fn instruction(count: u32) -> impl Strategy<Value = Instr> {
    (prop::sample::select(Opcode::ALL), any::<u32>(), 0..40u32).prop_map(move |(opcode, wide, narrow)| {
        let operand = if wide & 1 == 0 { narrow } else { wide };
        match opcode.info().arg {
            Arg::None => Instr::new(opcode, 0),
            Arg::Jump => Instr::new(opcode, wide % count),
            Arg::Comparison => Instr::new(opcode, wide % 6 + (wide & 16)),
            Arg::LocalPair => Instr::pair(opcode, (operand & 15) as u16, (operand >> 4 & 15) as u16),
            _ => Instr::new(opcode, operand),
        }
    })
}

fn code(constant: impl Strategy<Value = Constant> + Clone) -> impl Strategy<Value = Code> {
    (1..60u32).prop_flat_map(move |count| {
        let instructions = prop::collection::vec((instruction(count), location()), count as usize);
        let entry = (0..count, 0..=count, 0..count, 0..9u32, any::<bool>()).prop_map(|(start, end, target, depth, lasti)| ExceptionEntry {
            start,
            end,
            target,
            depth,
            lasti,
        });
        let local = (name(), any::<u8>()).prop_map(|(name, kind)| Local { name, kind: LocalKind(kind) });
        (
            (name(), name(), name()),
            (any::<u32>(), any::<u32>(), 0..9u32, 0..9u32, 0..9u32, any::<u32>()),
            instructions,
            prop::collection::vec(entry, 0..4),
            prop::collection::vec(constant.clone(), 0..5),
            prop::collection::vec(name(), 0..5),
            prop::collection::vec(local, 0..5),
        )
            .prop_map(|(titles, numbers, rows, exception_table, constants, names, locals)| {
                let (instructions, locations): (Vec<Instr>, Vec<Location>) = rows.into_iter().unzip();
                Code {
                    name: titles.0,
                    qualname: titles.1,
                    filename: titles.2,
                    first_line: numbers.0,
                    flags: CodeFlags(numbers.1),
                    arg_count: numbers.2,
                    positional_only_count: numbers.3,
                    keyword_only_count: numbers.4,
                    stack_size: numbers.5,
                    instructions,
                    locations: Locations::from_vec(locations),
                    exception_table,
                    constants,
                    names,
                    locals,
                }
            })
    })
}

fn constant() -> impl Strategy<Value = Constant> + Clone {
    leaf()
        .prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Constant::Tuple),
                prop::collection::vec(inner.clone(), 0..4).prop_map(Constant::FrozenSet),
                [inner.clone(), inner.clone(), inner.clone()].prop_map(|parts| Constant::Slice(Box::new(parts))),
                code(inner).prop_map(|code| Constant::Code(Box::new(code))),
            ]
        })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_comes_back(code in code(constant())) {
        let printed = code.to_string();
        let parsed = text::parse(&printed).map_err(|error| TestCaseError::fail(format!("{error}\n{printed}")))?;
        prop_assert_eq!(parsed.to_string(), printed);
        prop_assert_eq!(parsed, code);
    }

    #[test]
    fn marshal_comes_back(code in code(constant())) {
        let bytes = marshal::dump_code(&code);
        prop_assert_eq!(marshal::load_code(&bytes), Ok(code));
    }

    #[test]
    fn damaged_marshal_is_an_error_or_a_code(code in code(constant()), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = marshal::dump_code(&code);
        let at = at.index(bytes.len());
        let _ = marshal::load_code(&bytes[..at]);
        bytes[at] = byte;
        if let Ok(loaded) = marshal::load_code(&bytes) {
            let _ = verify::verify(&loaded);
            let words = wordcode::WordCode::new(&loaded);
            words.line_table(&loaded);
            words.exception_table(&loaded);
        }
    }

    #[test]
    fn arbitrary_bytes_are_no_surprise(mut bytes in prop::collection::vec(any::<u8>(), 0..200), other in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = wordcode::decode(&bytes, &other, &other, 1);
        let _ = wordcode::decode(&[], &other, &bytes, 1);
        if let Some(first) = bytes.first_mut() {
            *first = marshal::VERSION;
        }
        let _ = marshal::load_code(&bytes);
        let _ = marshal::load_constant(&bytes);
        let _ = text::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn wordcode_comes_back(mut code in code(leaf().boxed())) {
        // Only jumps that go their opcode's way have a form.
        for index in 0..code.instructions.len() {
            let instruction = code.instructions[index];
            let opcode = instruction.opcode().expect("made from one");
            let backward = matches!(opcode, Opcode::JumpBackward | Opcode::JumpBackwardNoInterrupt);
            if opcode.info().arg == Arg::Jump && backward != (instruction.arg() as usize <= index) {
                let target = if backward { 0 } else { code.instructions.len() as u32 };
                code.instructions[index] = instruction.with_arg(target);
            }
        }
        code.exception_table.retain(|entry| entry.start < entry.end);
        let words = wordcode::WordCode::new(&code);
        let lines = words.line_table(&code);
        let decoded = wordcode::decode(&words.bytes, &words.exception_table(&code), &lines, code.first_line)
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(decoded.instructions, code.instructions.clone());
        prop_assert_eq!(decoded.exception_table, code.exception_table.clone());
        prop_assert_eq!(decoded.locations.to_vec(), code.locations.to_vec());
        for index in 0..code.instructions.len() {
            let offset = words.offset_of(index).expect("one for each");
            prop_assert_eq!(words.index_of(offset), Some(index));
        }
    }
}

#[test]
fn deep_nesting_is_refused_and_not_overflowed() {
    let mut bytes = vec![marshal::VERSION, 0];
    bytes.extend(std::iter::repeat_n([b'(', 1], 100_000).flatten());
    assert_eq!(marshal::load_constant(&bytes), Err(marshal::MarshalError::TooDeep));
    let text = format!("code f {{ constants {{ 0 {}", "(".repeat(100_000));
    assert!(text::parse(&text).is_err());
}
