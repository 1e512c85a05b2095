//! Entries, constants, jumps, returns.

use super::{Lowered, Lowering, W64, class_of, entry_id, to, unsupported};
use crate::compile::Refusal;
use crate::helpers::{EXHAUSTED, Helper};
use abi::header;
use hir::instr::Values;
use hir::{Block, Instr, Type, Value};
use interp::compiled::layout;
use lir::{Address, Class, Condition, Edge, Operand, Reg, Width};

impl Lowering<'_, '_> {
    pub(super) fn control(&mut self, value: Value, instr: &Instr) -> Result<bool, Refusal> {
        match *instr {
            Instr::EntrySwitch { entries } => {
                let entries = self.function.pool.entries(entries).to_vec();
                let blocks: Vec<_> = entries.iter().map(|&(kind, block)| (entry_id(kind), self.blocks[block.0 as usize])).collect();
                self.builder.entry_switch(blocks);
            }
            Instr::LoadArg { index, .. } | Instr::LoadFrameSlot { index, .. } => {
                let place = Address::new(Reg::FRAME, (layout::LOCALS + 8 * index as usize) as i32);
                let loaded = self.builder.load(W64, place);
                self.builder.store(W64, place, 0);
                self.define(value, loaded);
            }
            Instr::LoadConst { ty } => self.load_const(value, self.function.pool.ty(ty))?,
            Instr::Assign { value: same } | Instr::RefineType { value: same, .. } => {
                let same = self.operand(same);
                self.define(value, same);
            }
            Instr::GetSecondOutput { .. } => {
                let place = self.stack_word(0);
                let second = self.second.take().unwrap_or_else(|| self.builder.load(W64, place));
                self.define(value, second);
            }
            Instr::Branch { target } => {
                let edge = self.edge(target, 0);
                self.builder.branch(edge);
            }
            Instr::CondBranch { condition, then, otherwise } => {
                let (so, not) = self.both_edges(then, otherwise);
                let word = self.reg(condition);
                self.builder.test_jump(W64, Condition::NotEqual, word, word, so, not);
            }
            Instr::CondBranchIterNotDone { item, then, otherwise } => {
                let (so, not) = self.both_edges(then, otherwise);
                let word = self.reg(item);
                self.builder.compare_jump(W64, Condition::NotEqual, word, EXHAUSTED as i64, so, not);
            }
            Instr::CondBranchCheckType { value: checked, then, otherwise, ty } => {
                let (so, not) = self.both_edges(then, otherwise);
                let ty = self.function.pool.ty(ty);
                self.branch_on_type(checked, ty, so, not)?;
            }
            Instr::CondBranchShape { value: checked, then, otherwise, shape } => {
                let (so, not) = self.both_edges(then, otherwise);
                let Some(shape) = self.function.classes.shape(shape) else { return unsupported("a shape that is not known") };
                let word = self.reg(checked);
                self.skip_tagged(checked, word, &not);
                let place = Address::new(word, header::SHAPE as i32);
                self.builder.compare_jump(Width::W32, Condition::Equal, place, i64::from(shape.number as i32), so, not);
            }
            Instr::CatchException { index } => {
                let exception = self.helper(Helper::catch, &[Operand::Imm(i64::from(index))]);
                self.define(value, exception);
            }
            Instr::PushExcInfo { exception } => self.call_on(value, Helper::push_exc_info, &[exception]),
            Instr::PopExcept { previous } => self.call_on(value, Helper::pop_except, &[previous]),
            Instr::ExceptionMatches { exception, kind } => self.call_truth_on(value, Helper::exception_matches, &[exception, kind])?,
            Instr::IsUnobserved {} => self.is_unobserved(value),
            Instr::Return { value: returned } => self.leave(returned)?,
            Instr::Deopt { .. } => self.leave_here(value, false)?,
            Instr::Unreachable {} => self.builder.unreachable(),
            Instr::CheckPeriodicTasks {} => {
                let exit = self.exit(value, false)?;
                let reasons = self.builder.load_imm(object::vm::breaker_address().expose_provenance() as i64);
                self.builder.guard_compare(Width::W32, Condition::Equal, Address::new(reasons, 0), 0, exit.record());
            }
            Instr::RunPeriodicTasks {} => self.run_periodic_tasks(value)?,
            Instr::RaiseVarargs { args } => self.raise(value, args)?,
            Instr::Reraise { exception } => {
                let exception = self.operand(exception);
                self.helper(Helper::reraise, &[exception]);
                self.leave_here(value, true)?;
            }
            Instr::UpdateInstr { index } => {
                let address = self.frame_code().data.instructions.as_ptr().wrapping_add(index as usize).expose_provenance();
                let place = self.frame_place(layout::FRAME_IP);
                self.builder.store(W64, place, address as i64);
            }
            Instr::BeginInlinedFunction { callee, .. } => self.begin_inlined(value, callee)?,
            Instr::EndInlinedFunction {} => self.end_inlined(),
            // Exits make what is described.
            Instr::VirtualObject { .. } => {}
            Instr::Snapshot {} | Instr::UseType { .. } | Instr::UseObject { .. } | Instr::HintType { .. } => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn load_const(&mut self, value: Value, ty: Type) -> Lowered {
        let Some(word) = self.word_of(ty) else { return unsupported(&format!("a constant of type {ty}")) };
        if class_of(ty) == Class::Float {
            let number = self.builder.load_float_imm(f64::from_bits(word as u64));
            self.define(value, number);
        } else {
            self.define(value, Operand::Imm(word));
        }
        Ok(())
    }

    fn run_periodic_tasks(&mut self, value: Value) -> Lowered {
        let (look, done) = (self.cold(), self.builder.new_block());
        let reasons = self.builder.load_imm(object::vm::breaker_address().expose_provenance() as i64);
        self.builder.compare_jump(Width::W32, Condition::NotEqual, Address::new(reasons, 0), 0, to(look), to(done));
        self.builder.switch_to(look);
        self.raising(value, Helper::run_periodic_tasks, &[])?;
        self.go(done);
        self.builder.switch_to(done);
        Ok(())
    }

    fn raise(&mut self, value: Value, args: Values) -> Lowered {
        let mut operands: Vec<Operand> = Vec::new();
        for &arg in self.function.pool.values(args) {
            // The helper takes references over.
            let word = self.reg(arg);
            self.increment_any(word);
            operands.push(word.into());
        }
        operands.resize(2, Operand::Imm(0));
        self.helper(Helper::raise, &operands);
        self.leave_here(value, true)
    }

    /// Whether the frame has no object that anybody else has.
    fn is_unobserved(&mut self, value: Value) {
        let (has, done) = (self.cold(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        let (place, yes) = (self.frame_place(layout::FRAME_OBJECT), self.builder.load_imm(1));
        self.builder.compare_jump(W64, Condition::Equal, place, 0, Edge::new(done, vec![yes]), to(has));
        self.builder.switch_to(has);
        let answer = self.helper(Helper::is_unobserved, &[]);
        self.join(done, answer);
        self.define(value, result);
    }

    /// The edge to a successor of the block: the first, or a later one to the same block.
    fn edge(&mut self, target: Block, occurrence: usize) -> Edge {
        let phis = self.function.phis(target).to_vec();
        let from = self.hir_block;
        let preds = self.function.preds(target);
        let place = preds.iter().enumerate().filter(|(_, pred)| **pred == from).map(|(place, _)| place).nth(occurrence);
        let place = place.expect("the lists of predecessors are in step");
        let mut args = Vec::with_capacity(phis.len());
        for phi in phis {
            let input = self.function.phi_inputs(phi)[place];
            args.push(if class_of(self.function.ty(phi)) == Class::Float { self.float_reg(input) } else { self.reg(input) });
        }
        Edge::new(self.blocks[target.0 as usize], args)
    }

    fn both_edges(&mut self, then: Block, otherwise: Block) -> (Edge, Edge) {
        (self.edge(then, 0), self.edge(otherwise, usize::from(then == otherwise)))
    }
}
