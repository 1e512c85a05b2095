//! Frames of inlined calls: which calls have one, by block.

use super::Function;
use crate::instr::{Block, Instr, Value};
use crate::types::ObjectId;

impl Function {
    /// The inlined functions that have a frame where a block begins, the innermost last; by block, none for those that control does not reach.
    ///
    /// A call that has a frame is called by functions that have one.
    pub fn inlined_frames(&self) -> Vec<Vec<ObjectId>> {
        let mut frames: Vec<Option<Vec<ObjectId>>> = vec![None; self.block_limit()];
        frames[Function::ENTRY.0 as usize] = Some(Vec::new());
        let mut work = vec![Function::ENTRY];
        while let Some(block) = work.pop() {
            let Some(mut stack) = frames[block.0 as usize].clone() else { continue };
            for &value in self.instrs(block) {
                self.follow_frames(value, &mut stack);
            }
            for successor in self.successors(block) {
                let place = &mut frames[successor.0 as usize];
                match place {
                    Some(known) => debug_assert_eq!(*known, stack, "bb {} and others lead to bb {}", block.0, successor.0),
                    None => {
                        *place = Some(stack.clone());
                        work.push(successor);
                    }
                }
            }
        }
        frames.into_iter().map(Option::unwrap_or_default).collect()
    }

    /// What an instruction does to the frames of inlined functions.
    pub fn follow_frames(&self, value: Value, frames: &mut Vec<ObjectId>) {
        match *self.instr(value) {
            Instr::BeginInlinedFunction { callee, .. } => frames.push(callee),
            Instr::EndInlinedFunction {} => {
                frames.pop();
            }
            _ => {}
        }
    }

    /// The instructions of an inlined call that begins at a place: all up to its end on any path, and the ends.
    pub fn inlined_region(&self, block: Block, begin: usize) -> (Vec<Value>, Vec<Value>) {
        let (mut inside, mut ends) = (Vec::new(), Vec::new());
        let mut seen = vec![false; self.block_limit()];
        let mut work = vec![(block, begin + 1, 0usize)];
        while let Some((block, start, depth)) = work.pop() {
            let mut depth = depth;
            let mut is_over = false;
            for &value in &self.instrs(block)[start..] {
                match self.instr(value) {
                    Instr::BeginInlinedFunction { .. } => depth += 1,
                    Instr::EndInlinedFunction {} if depth == 0 => {
                        ends.push(value);
                        is_over = true;
                        break;
                    }
                    Instr::EndInlinedFunction {} => depth -= 1,
                    _ => {}
                }
                inside.push(value);
            }
            if is_over {
                continue;
            }
            for successor in self.successors(block) {
                if !std::mem::replace(&mut seen[successor.0 as usize], true) {
                    work.push((successor, 0, depth));
                }
            }
        }
        (inside, ends)
    }
}
