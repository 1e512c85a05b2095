//! In which order things are given up that die together: finalizers can tell, so it is that of the interpreter.
//!
//! What is on the evaluation stack goes as the instruction ends, what is overwritten as that happens, the rest as its frame ends: inner frames before outer ones, each
//! from its end. What is in several places goes with the last of them.

use super::Inserter;
use crate::function::FrameState;
use crate::instr::Value;
use bytecode::Opcode;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// When something is given up.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// As an operand.
    Operand(u32),
    /// When a local is stored to or deleted.
    Overwritten(u32),
    /// In no frame state.
    #[default]
    Unnamed,
    /// In a local at the end of its frame, or on the stack of a caller.
    Last(u32),
}

/// What becomes of locals right behind an instruction.
#[derive(Default)]
struct Stores {
    /// Those that are stored to or deleted, in order.
    overwritten: SmallVec<[usize; 4]>,
    /// The one that the result is stored to.
    of_result: Option<usize>,
}

impl Inserter<'_> {
    /// The turns of what is in the frame states of an instruction, and of its result, by their models.
    pub(super) fn turns(&self, value: Value) -> FxHashMap<Value, Turn> {
        let mut turns = FxHashMap::default();
        let mut count = 0;
        let innermost = self.function.frame_state(value);
        for id in self.function.state_chain(innermost) {
            let state = self.function.state(id);
            let is_innermost = Some(id) == innermost;
            let stores = if is_innermost { self.stores_behind(state) } else { Stores::default() };
            for place in state.stack.iter().rev() {
                count += 1;
                self.note_turn(&mut turns, *place, if is_innermost { Turn::Operand(count) } else { Turn::Last(count) });
            }
            for (local, place) in state.locals.iter().enumerate().rev() {
                count += 1;
                let overwritten = stores.overwritten.iter().position(|stored| *stored == local);
                self.note_turn(&mut turns, *place, overwritten.map_or(Turn::Last(count), |turn| Turn::Overwritten(turn as u32)));
                if stores.of_result == Some(local) {
                    self.note_turn(&mut turns, Some(value), Turn::Last(count));
                }
            }
        }
        turns
    }

    fn note_turn(&self, turns: &mut FxHashMap<Value, Turn>, place: Option<Value>, turn: Turn) {
        let Some(place) = place else { return };
        self.function.for_each_real(place, &mut |value| {
            let known = turns.entry(self.model(value)).or_insert(turn);
            *known = turn.max(*known);
        });
    }

    /// What the instructions behind that of a frame state do to locals, up to one that does more.
    fn stores_behind(&self, state: &FrameState) -> Stores {
        let mut stores = Stores::default();
        let Some(unit) = self.preloaded.codes.get(state.code.0 as usize) else { return stores };
        let behind = unit.code.instructions.iter().skip(state.bytecode as usize + 1);
        for (index, instr) in behind.enumerate() {
            let (first, second) = instr.arg_pair();
            match instr.opcode() {
                Some(Opcode::StoreFast) => {
                    stores.of_result = stores.of_result.or((index == 0).then_some(instr.arg() as usize));
                    stores.overwritten.push(instr.arg() as usize);
                }
                Some(Opcode::DeleteFast) => stores.overwritten.push(instr.arg() as usize),
                Some(Opcode::StoreFastLoadFast) => stores.overwritten.push(first.into()),
                Some(Opcode::StoreFastStoreFast) => stores.overwritten.extend([first.into(), second.into()]),
                Some(opcode) if is_plain(opcode) => {}
                _ => break,
            }
        }
        stores
    }
}

/// Whether an instruction only moves values.
fn is_plain(opcode: Opcode) -> bool {
    use Opcode::{Copy, LoadConst, LoadFast, LoadFastBorrow, LoadFastBorrowLoadFastBorrow, LoadFastLoadFast, LoadSmallInt};
    use Opcode::{Nop, NotTaken, PopTop, Swap, UnpackSequence};
    let is_load = matches!(opcode, LoadConst | LoadFast | LoadFastBorrow | LoadFastBorrowLoadFastBorrow | LoadFastLoadFast | LoadSmallInt);
    is_load || matches!(opcode, Copy | Nop | NotTaken | PopTop | Swap | UnpackSequence)
}
