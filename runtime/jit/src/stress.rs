//! Guards that fail although what they guard holds: a proof that leaving compiled code is right at each of them.
//!
//! With `-X jit-stress-deopt=N` each N-th guard that is met, in all compiled code together, leaves. Exits with an exception set stay what they are.

use crate::deopt::Point;
use crate::options;
use lir::{Address, BlockId, Builder, Class, Condition, Edge, Function, Opcode, Operand, Record, Width};
use std::sync::atomic::{AtomicU32, Ordering};

/// Guards until the next one fails; compiled code counts it down.
static COUNTDOWN: AtomicU32 = AtomicU32::new(1);

/// Each how many guards one fails; 0: none does.
pub fn period() -> u32 {
    options::get().stress_deopt
}

/// Sets the countdown when options were read.
pub fn start() {
    COUNTDOWN.store(period().max(1), Ordering::Relaxed);
}

/// Puts a countdown in front of each guard.
pub fn fail_guards(function: &mut Function, points: &[Point], period: u32) {
    for block in 0..function.blocks.len() as u32 {
        let mut block = BlockId(block);
        let mut at = 0;
        while let Some(instr) = function.block(block).instrs.get(at).copied() {
            let is_guard = instr.opcode.facts().exits && !instr.opcode.ends_block();
            if is_guard && points.get(instr.id as usize).is_some_and(|point| !point.is_raise) {
                block = split(function, block, at, period);
                at = 0;
            }
            at += 1;
        }
    }
}

/// Splits a block before a guard, which gets to be the first instruction of the block returned.
fn split(function: &mut Function, block: BlockId, at: usize, period: u32) -> BlockId {
    let is_cold = function.block(block).cold;
    let (rest, failing) = (function.add_block(), function.add_block());
    let instrs = function.blocks[block.index()].instrs.split_off(at);
    let edges = std::mem::take(&mut function.blocks[block.index()].edges);
    let guard = instrs[0];
    let values: Vec<Operand> = function.recorded(&guard).to_vec();
    function.blocks[rest.index()].instrs = instrs;
    function.blocks[rest.index()].edges = edges;
    function.blocks[rest.index()].cold = is_cold;
    function.blocks[failing.index()].cold = true;
    let mut builder = Builder::at(function, block);
    builder.origin = guard.origin;
    let place = builder.load_imm(COUNTDOWN.as_ptr().expose_provenance() as i64);
    let (so, not) = (Edge::new(failing, Vec::new()), Edge::new(rest, Vec::new()));
    builder.sub_memory_jump(Width::W32, Condition::Equal, Address::new(place, 0), 1, so, not);
    builder.switch_to(failing);
    builder.store(Width::W32, Address::new(place, 0), i64::from(period));
    builder.exit(Record { id: guard.id, values: &values });
    debug_assert!(place.class() == Class::Int && guard.opcode != Opcode::Exit);
    rest
}
