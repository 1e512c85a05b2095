//! Parsing.
//!
//! Blocks, values and frame states may be used before they are defined, so numbers are taken as they come: what has no result in the text gets a number
//! behind all others.

use super::cursor::{Cursor, SyntaxError};
use crate::function::{CodeId, Ending, FrameState, FrameStateId, Function, LiveValue, RefKind};
use crate::instr::{Block, Instr, Pool, Value};
use crate::types::{Classes, Type};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the text says, in its order.
#[derive(Default)]
struct Parsed {
    blocks: BTreeMap<u32, ParsedBlock>,
    states: BTreeMap<u32, FrameState>,
}

#[derive(Default)]
struct ParsedBlock {
    preds: Vec<Block>,
    is_cold: bool,
    instrs: Vec<ParsedInstr>,
}

struct ParsedInstr {
    output: Option<(Value, Type)>,
    instr: Instr,
    frame_state: Option<FrameStateId>,
    live: Option<Vec<LiveValue>>,
}

/// Reads a function as `Display` writes it. Types of results are taken as they are written.
pub fn parse(text: &str, classes: Arc<Classes>) -> Result<Function, SyntaxError> {
    let mut cursor = Cursor::new(text);
    cursor.expect("fun")?;
    let name = cursor.until("{").trim_end().to_owned();
    cursor.expect("{")?;
    let mut function = Function::new(&name, classes);
    let mut parsed = Parsed::default();
    while !cursor.eat("}") {
        if cursor.eat("bb") {
            let number = cursor.number()?;
            let block = parse_block(&mut cursor, &mut function)?;
            if parsed.blocks.insert(number, block).is_some() {
                return Err(cursor.error(&format!("block {number} is there already")));
            }
        } else {
            cursor.expect("fs")?;
            let number = cursor.number()?;
            cursor.expect("=")?;
            parsed.states.insert(number, parse_state(&mut cursor)?);
        }
    }
    if !cursor.is_at_end() {
        return Err(cursor.error("expected the end"));
    }
    function.fill(parsed).map_err(|message| cursor.error(&message))?;
    Ok(function)
}

fn parse_block(cursor: &mut Cursor<'_>, function: &mut Function) -> Result<ParsedBlock, SyntaxError> {
    let mut block = ParsedBlock::default();
    if cursor.eat("(") {
        cursor.expect("preds")?;
        loop {
            block.preds.push(Block(cursor.number()?));
            if !cursor.eat(",") {
                break;
            }
        }
        cursor.expect(")")?;
    }
    block.is_cold = cursor.eat("cold");
    cursor.expect("{")?;
    while !cursor.eat("}") {
        block.instrs.push(parse_instr(cursor, function)?);
    }
    Ok(block)
}

fn parse_instr(cursor: &mut Cursor<'_>, function: &mut Function) -> Result<ParsedInstr, SyntaxError> {
    let output = if cursor.at_numbered("v") {
        let value = Value::parse(cursor)?;
        cursor.expect(":")?;
        let ty = Type::parse(cursor)?;
        cursor.expect("=")?;
        Some((value, ty))
    } else {
        None
    };
    let instr = Instr::parse(cursor, &mut function.pool)?;
    if instr.info().has_output() != output.is_some() {
        return Err(cursor.error(&format!("{} has {} result", instr.info().name, if output.is_some() { "no" } else { "a" })));
    }
    let frame_state = if cursor.at_numbered("fs") { Some(FrameStateId(cursor.numbered("fs")?)) } else { None };
    let live = if cursor.eat("[") { Some(parse_live(cursor)?) } else { None };
    Ok(ParsedInstr { output, instr, frame_state, live })
}

fn parse_live(cursor: &mut Cursor<'_>) -> Result<Vec<LiveValue>, SyntaxError> {
    let mut live = Vec::new();
    while !cursor.eat("]") {
        let letter = cursor.word()?;
        let kinds = [RefKind::Owned, RefKind::Borrowed, RefKind::Uncounted];
        let kind = kinds.into_iter().find(|kind| kind.letter() == letter).ok_or_else(|| cursor.error("expected `o`, `b` or `u`"))?;
        cursor.expect(":")?;
        live.push(LiveValue { value: Value::parse(cursor)?, kind });
        cursor.eat(",");
    }
    Ok(live)
}

fn parse_state(cursor: &mut Cursor<'_>) -> Result<FrameState, SyntaxError> {
    cursor.expect("code")?;
    let code = CodeId(cursor.number()?);
    cursor.expect("at")?;
    let bytecode = cursor.number()?;
    cursor.expect("locals")?;
    let locals = parse_places(cursor)?;
    cursor.expect("stack")?;
    let stack = parse_places(cursor)?;
    let popped = if cursor.eat("pops") { cursor.number()? } else { 0 };
    let is_covered = cursor.eat("covered");
    let ending = Ending::ALL.iter().copied().find(|ending| *ending != Ending::Push && cursor.eat(ending.text())).unwrap_or_default();
    let parent = if cursor.eat("parent") { Some(FrameStateId(cursor.numbered("fs")?)) } else { None };
    Ok(FrameState { code, bytecode, locals, stack, popped, parent, is_covered, ending })
}

fn parse_places(cursor: &mut Cursor<'_>) -> Result<Vec<Option<Value>>, SyntaxError> {
    cursor.expect("(")?;
    let mut places = Vec::new();
    while !cursor.eat(")") {
        places.push(if cursor.eat("_") { None } else { Some(Value::parse(cursor)?) });
        cursor.eat(",");
    }
    Ok(places)
}

/// The most blocks, values or frame states that text may have: numbers in it are indices.
const LIMIT: u32 = 1 << 20;

impl Function {
    /// Builds what the text says.
    fn fill(&mut self, parsed: Parsed) -> Result<(), String> {
        let highest = parsed.blocks.keys().chain(parsed.states.keys()).max().copied().unwrap_or(0);
        let outputs = || parsed.blocks.values().flat_map(|block| &block.instrs).filter_map(|instr| instr.output);
        let last_value = outputs().map(|(value, _)| value.0).max();
        if highest >= LIMIT || last_value.is_some_and(|last| last >= LIMIT) {
            return Err("a number is too great".to_owned());
        }
        parsed.check_references(last_value.map_or(0, |last| last + 1), &self.pool)?;
        for _ in 1..=parsed.blocks.keys().max().copied().unwrap_or(0) {
            self.add_block();
        }
        for _ in 0..parsed.states.keys().max().map_or(0, |last| last + 1) {
            self.add_frame_state(FrameState::default());
        }
        for (number, state) in parsed.states {
            *self.state_mut(FrameStateId(number)) = state;
        }
        self.reserve_values(last_value.map_or(0, |last| last as usize + 1));
        for number in 0..self.block_limit() as u32 {
            if !parsed.blocks.contains_key(&number) {
                self.remove_block(Block(number));
            }
        }
        for (number, block) in parsed.blocks {
            self.fill_block(Block(number), block);
        }
        Ok(())
    }

    fn fill_block(&mut self, block: Block, parsed: ParsedBlock) {
        if parsed.is_cold {
            self.set_cold(block);
        }
        self.restore_block(block, parsed.preds);
        for instr in parsed.instrs {
            let value = self.restore_instr(block, instr.output, instr.instr, instr.frame_state);
            if let Some(live) = instr.live {
                self.live.insert(value, live);
            }
        }
    }
}

impl Parsed {
    /// Numbers that stand for nothing would be indices out of range.
    fn check_references(&self, value_limit: u32, pool: &Pool) -> Result<(), String> {
        self.check_states()?;
        let instrs = || self.blocks.values().flat_map(|block| &block.instrs);
        let operands = instrs().flat_map(|instr| instr.instr.operands(pool));
        let in_states = self.states.values().flat_map(FrameState::values);
        let in_live = instrs().filter_map(|instr| instr.live.as_ref()).flatten().map(|live| live.value);
        if let Some(value) = operands.chain(in_states).chain(in_live).find(|value| value.0 >= value_limit) {
            return Err(format!("no value {value}"));
        }
        let targets = instrs().flat_map(|instr| instr.instr.successors(pool));
        let preds = self.blocks.values().flat_map(|block| block.preds.iter().copied());
        match targets.chain(preds).find(|block| !self.blocks.contains_key(&block.0)) {
            Some(block) => Err(format!("no block {}", block.0)),
            None => Ok(()),
        }
    }

    /// Frame states that are named exist, and parents are no circle.
    fn check_states(&self) -> Result<(), String> {
        let used = self.blocks.values().flat_map(|block| &block.instrs).filter_map(|instr| instr.frame_state);
        for id in used.chain(self.states.keys().map(|number| FrameStateId(*number))) {
            let mut next = Some(id);
            for _ in 0..=self.states.len() {
                let Some(id) = next else { break };
                next = self.states.get(&id.0).ok_or_else(|| format!("no frame state fs{}", id.0))?.parent;
            }
            if next.is_some() {
                return Err(format!("the parents of fs{} are a circle", id.0));
            }
        }
        Ok(())
    }
}
