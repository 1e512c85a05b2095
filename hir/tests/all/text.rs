//! Functions made at random print and parse. They are not right functions: text does not care.

use hir::instr::{Heap, Opcode};
use hir::{Block, CodeId, FrameState, Function, Instr, LiveValue, RefKind, Type, Value, text, ty};
use proptest::prelude::*;
use std::sync::Arc;

/// Numbers from which a function is made.
fn numbers() -> impl Strategy<Value = Vec<u32>> {
    proptest::collection::vec(any::<u32>(), 1..60)
}

/// Some instructions of all forms of operands and immediates.
fn instr(function: &mut Function, number: u32, value: Value) -> Instr {
    let pool = &mut function.pool;
    let args: Vec<Value> = (0..number >> 4 & 3).map(|_| value).collect();
    let args = pool.add_values(&args);
    let name = pool.add_name(["x", "a \"quoted\" name", "line\nend", "\\"][number as usize >> 6 & 3]);
    let types = [Type::small_int(i64::from(number)), ty::OptObject, Type::c_double(f64::NAN), Type::c_double(-1.5e300), Type::bool(true)];
    let ty = pool.add_type(types[number as usize % types.len()]);
    match number & 15 {
        0 => Instr::load_const(ty),
        1 => Instr::phi(args),
        2 => Instr::vector_call(value, args),
        3 => Instr::call_kw(value, value, value, args),
        4 => Instr::load_attr(value, name),
        5 => Instr::load_arg(number >> 4, name, ty),
        6 => Instr::make_list(args),
        7 => Instr::guard_type(value, ty),
        8 => Instr::binary_op(value, value, bytecode::opcode::BinaryOp::InplaceAdd),
        9 => Instr::store_slice(value, value, value, value),
        10 => Instr::snapshot(),
        11 => Instr::load_slot(value, number, name),
        12 => Instr::deopt_patchpoint(hir::environment::AssumptionId(number)),
        13 => Instr::batch_decref(args),
        14 => Instr::small_int_compare(value, value, hir::instr::Condition::LessEqual),
        _ => Instr::update_instr(number),
    }
}

fn function(numbers: &[u32]) -> Function {
    let mut function = Function::new("module:Class.name", Arc::default());
    let first = function.append_const(Function::ENTRY, ty::NoneType);
    let mut block = Function::ENTRY;
    let mut state = None;
    for &number in numbers {
        match number % 11 {
            0 => {
                let next = function.add_block();
                function.append(block, Instr::cond_branch(first, next, next));
                block = next;
            }
            1 => {
                let places = [Some(first), None, Some(first)];
                let (locals, stack) = (places[..number as usize >> 8 & 3].to_vec(), places[..number as usize >> 10 & 3].to_vec());
                let new = FrameState {
                    code: CodeId(number >> 16),
                    bytecode: number,
                    locals,
                    stack,
                    popped: number >> 12 & 3,
                    is_covered: number & 4096 == 0,
                    ending: hir::function::Ending::ALL[number as usize >> 14 & 3],
                    parent: state,
                };
                state = Some(function.add_frame_state(new));
            }
            2 => function.set_cold(block),
            _ => {
                let instr = instr(&mut function, number / 11, first);
                let value = function.append_with(block, instr, state);
                let kinds = [RefKind::Owned, RefKind::Borrowed, RefKind::Uncounted];
                if number & 1 << 30 != 0 {
                    let live = kinds[..number as usize >> 28 & 3].iter().map(|kind| LiveValue { value: first, kind: *kind }).collect();
                    function.live.insert(value, live);
                }
            }
        }
    }
    function.append(block, Instr::return_value(first));
    function
}

proptest! {
    #[test]
    fn functions_round_trip(numbers in numbers()) {
        let function = function(&numbers);
        let text = function.to_string();
        let parsed = text::parse(&text, Arc::default()).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(parsed.to_string(), text);
    }

    #[test]
    fn broken_text_is_refused(numbers in numbers(), cut in any::<proptest::sample::Index>()) {
        let text = function(&numbers).to_string();
        let end = cut.index(text.len());
        if text.is_char_boundary(end) && text[end..].contains('}') && text[..end].matches('{').count() > 0 {
            let _ = text::parse(&text[..end], Arc::default());
        }
    }
}

#[test]
fn errors_say_where() {
    let parse = |text: &str| text::parse(text, Arc::default()).err().map(|error| error.to_string());
    assert_eq!(parse("fun f {\n  bb 0 {\n    Retrun v0\n  }\n}").as_deref(), Some("line 3: no instruction `Retrun` at ` v0`"));
    assert_eq!(parse("fun f {\n  bb 0 {\n    Return v0\n  }\n}").as_deref(), Some("line 5: no value v0 at ``"));
    assert_eq!(parse("fun f {\n  bb 0 {\n    Branch<7>\n  }\n}").as_deref(), Some("line 5: no block 7 at ``"));
    let circle = "fun f {\n  bb 0 {\n    Unreachable\n  }\n  fs 0 = code 0 at 0 locals() stack() parent fs0\n}";
    assert_eq!(parse(circle).as_deref(), Some("line 6: the parents of fs0 are a circle at ``"));
}

/// What the reference counts of each instruction are, for a look at changes of the table.
#[test]
fn ownership() {
    let mut lines = String::new();
    for opcode in Opcode::ALL {
        let info = opcode.info();
        let mut facts = vec![format!("{:?}", info.output)];
        facts.extend(
            (info.steals != 0 || info.steals_rest).then(|| format!("steals {:b}{}", info.steals, if info.steals_rest { " rest" } else { "" })),
        );
        facts.extend(
            (!info.writes.is_empty())
                .then(|| if info.writes == Heap::MANAGED { "writes anything".to_owned() } else { format!("writes {:x}", info.writes.0) }),
        );
        facts.extend(info.deopt.reexecutes.then(|| "deopts".to_owned()));
        facts.extend(info.deopt.raises.then(|| "raises".to_owned()));
        facts.extend(info.runs_python.then(|| "runs Python".to_owned()));
        facts.extend(info.is_replayable.then(|| "replayable".to_owned()));
        lines.push_str(&format!("{}: {}\n", info.name, facts.join(", ")));
    }
    insta::assert_snapshot!(lines);
}

#[test]
fn blocks_are_numbered() {
    let function = function(&[0, 0]);
    assert_eq!(function.blocks().collect::<Vec<_>>(), [Block(0), Block(1), Block(2)]);
}
