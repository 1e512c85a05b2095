//! Walks the table.

use super::*;
use crate::types::{Leaves, ty};

fn samples() -> (Pool, Vec<Instr>) {
    let mut pool = Pool::default();
    let mut next = 0;
    let mut value = || {
        next += 1;
        Value(next)
    };
    let instrs = Opcode::ALL.iter().map(|opcode| opcode.sample(&mut pool, &mut value)).collect();
    (pool, instrs)
}

#[test]
fn instructions_stay_small() {
    assert!(size_of::<Instr>() <= 24, "{}", size_of::<Instr>());
}

#[test]
fn text_round_trips() {
    let (pool, instrs) = samples();
    for instr in instrs {
        let text = instr.display(&pool).to_string();
        let mut other = Pool::default();
        let parsed = Instr::parse(&mut Cursor::new(&text), &mut other).map_err(|error| error.to_string()).unwrap();
        assert_eq!(parsed.display(&other).to_string(), text);
        assert_eq!(parsed.opcode(), instr.opcode());
    }
}

#[test]
fn immediates_can_be_copied() {
    let (pool, instrs) = samples();
    let mut other = Pool::default();
    other.add_name("taken");
    for instr in instrs {
        let mut copy = instr;
        copy.copy_immediates(&pool, &mut other);
        assert_eq!(copy.display(&other).to_string(), instr.display(&pool).to_string());
    }
}

#[test]
fn operands_can_be_renamed() {
    let (mut pool, instrs) = samples();
    for mut instr in instrs {
        let renamed: Vec<Value> = instr.operands(&pool).iter().map(|value| Value(value.0 + 1000)).collect();
        instr.for_each_operand_mut(&mut pool, &mut |value| value.0 += 1000);
        assert_eq!(instr.operands(&pool).into_vec(), renamed);
    }
}

#[test]
fn only_terminators_have_successors() {
    let (pool, instrs) = samples();
    for instr in instrs {
        assert!(instr.successors(&pool).is_empty() || instr.is_terminator(), "{}", instr.info().name);
    }
}

#[test]
fn rows_make_sense() {
    for opcode in Opcode::ALL {
        let info = opcode.info();
        let name = info.name;
        assert_eq!(info.has_output(), !matches!(info.output_type, OutputType::Nothing), "{name}: a result has a type");
        assert!(!info.has_output() || !info.is_terminator, "{name}: terminators have no result");
        assert!(info.second.is_none() || info.has_output(), "{name}: a second result has a first");
        assert_eq!(info.steals >> info.operands.len(), 0, "{name}: steals what it does not have");
        assert!(!info.steals_rest || info.rest.is_some(), "{name}: steals what it does not have");
        for (index, (_, ty)) in info.operands.iter().enumerate() {
            let holds_objects = !ty.leaves().and(Leaves::HEAP).is_empty();
            assert!(holds_objects || info.steals & 1 << index == 0, "{name}: steals a machine value");
        }
        if let Output::Alias = info.output {
            assert!(!info.operands.is_empty(), "{name}: another name of nothing");
            assert!(info.writes.is_empty(), "{name}: narrows only");
        }
        if info.runs_python {
            assert_eq!(info.writes, Heap::MANAGED, "{name}: Python code writes anything");
        }
        assert!(info.writes.is_empty() || !info.is_replayable, "{name}: what writes is not done twice");
        if let OutputType::Fixed(ty) = info.output_type {
            let counts = ty.leaves().and(Leaves::HEAP);
            assert_eq!(matches!(info.output, Output::Uncounted), counts.is_empty(), "{name}: {ty} is counted or not");
        }
        let is_guard = info.deopt.reexecutes && !info.deopt.raises;
        assert!(!is_guard || !info.runs_python, "{name}: a guard is silent");
    }
}

#[test]
fn calls_print_like_cinders() {
    let mut pool = Pool::default();
    let args = pool.add_values(&[Value(1), Value(2)]);
    assert_eq!(Instr::vector_call(Value(0), args).display(&pool).to_string(), "VectorCall v0 v1 v2");
    let name = pool.add_name("x");
    assert_eq!(Instr::load_attr(Value(0), name).display(&pool).to_string(), "LoadAttr<\"x\"> v0");
    let none = pool.add_type(ty::NoneType);
    assert_eq!(Instr::load_const(none).display(&pool).to_string(), "LoadConst<NoneType>");
}

#[test]
fn what_raises_is_not_removed() {
    let mut pool = Pool::default();
    let (name, list) = (pool.add_name("x"), pool.add_type(ty::ListExact));
    assert!(!Instr::check_var(Value(0), name).is_removable());
    assert!(!Instr::guard_type(Value(0), list).is_removable());
    assert!(Instr::is(Value(0), Value(1)).is_removable());
    assert!(!Instr::guard(Value(0)).is_removable());
}
