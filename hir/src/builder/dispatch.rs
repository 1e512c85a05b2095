//! Which function executes which bytecode instruction.

use super::{Builder, Refusal};
use crate::environment::Seen;
use bytecode::Opcode;

impl Builder<'_> {
    /// Executes the bytecode instruction at `self.at`.
    pub(super) fn execute(&mut self) -> Result<(), Refusal> {
        if *self.seen() == Seen::NeverRun {
            self.deopt("never run");
            return Ok(());
        }
        if self.execute_catching()? {
            return Ok(());
        }
        let operand = self.operand();
        match self.opcode() {
            Opcode::Nop | Opcode::NotTaken => {}
            Opcode::Resume => self.resume(),
            Opcode::InterpreterExit => return Err(Refusal::Opcode(Opcode::InterpreterExit)),

            Opcode::LoadFast | Opcode::LoadFastBorrow => self.load_fast(operand),
            Opcode::LoadFastCheck => self.load_fast_check(operand),
            Opcode::LoadFastAndClear => self.load_fast_and_clear(operand),
            Opcode::LoadFastLoadFast | Opcode::LoadFastBorrowLoadFastBorrow => {
                self.load_fast(operand >> 16);
                self.load_fast(operand & 0xffff);
            }
            Opcode::StoreFast => self.store_fast(operand),
            Opcode::StoreFastLoadFast => {
                self.store_fast(operand >> 16);
                self.load_fast(operand & 0xffff);
            }
            Opcode::StoreFastStoreFast => {
                self.store_fast(operand >> 16);
                self.store_fast(operand & 0xffff);
            }
            Opcode::DeleteFast => self.delete_fast(operand),
            Opcode::MakeCell => self.make_cell(operand),
            Opcode::CopyFreeVars => self.copy_free_vars(operand),
            Opcode::LoadDeref => self.load_deref(operand),
            Opcode::StoreDeref => self.store_deref(operand),
            Opcode::DeleteDeref => self.delete_deref(operand),
            Opcode::LoadFromDictOrDeref => self.load_from_dict_or_deref(operand),
            Opcode::LoadConst => self.load_const(operand),
            Opcode::LoadSmallInt => self.load_small_int(operand),
            Opcode::LoadCommonConstant => self.load_common_constant(operand)?,
            Opcode::PopTop | Opcode::PopIter | Opcode::EndFor => drop(self.pop_opt()),
            Opcode::PushNull => self.vars.stack.push(None),
            Opcode::Copy => self.copy(operand),
            Opcode::Swap => self.swap(operand),

            Opcode::LoadGlobal => self.load_global(operand),
            Opcode::StoreGlobal => self.store_global(operand),
            Opcode::DeleteGlobal => self.delete_global(operand),
            Opcode::LoadName => self.load_name(operand),
            Opcode::StoreName => self.store_name(operand),
            Opcode::DeleteName => self.delete_name(operand),
            Opcode::LoadLocals => self.load_locals(),
            Opcode::LoadFromDictOrGlobals => self.load_from_dict_or_globals(operand),
            Opcode::LoadBuildClass => self.load_build_class(),
            Opcode::SetupAnnotations => self.setup_annotations(),
            Opcode::ImportName => self.import_name(operand),
            Opcode::ImportFrom => self.import_from(operand),

            Opcode::BinaryOp => self.binary_op(operand)?,
            Opcode::UnaryNegative => self.unary_negative(),
            Opcode::UnaryInvert => self.unary_invert(),
            Opcode::UnaryNot => self.unary_not(),
            Opcode::CompareOp => self.compare_op(operand)?,
            Opcode::IsOp => self.is_op(operand),
            Opcode::ContainsOp => self.contains_op(operand),
            Opcode::ToBool => self.test_truth(),

            Opcode::BinarySlice => self.binary_slice(),
            Opcode::StoreSlice => self.store_slice(),
            Opcode::StoreSubscr => self.store_subscr(),
            Opcode::DeleteSubscr => self.delete_subscr(),

            Opcode::LoadAttr => self.load_attr(operand),
            Opcode::StoreAttr => self.store_attr(operand),
            Opcode::DeleteAttr => self.delete_attr(operand),
            Opcode::LoadSuperAttr => self.load_super_attr(operand),
            Opcode::LoadSpecial => self.load_special(operand)?,

            Opcode::Call => self.call(operand),
            Opcode::CallKw => self.call_kw(operand),
            Opcode::CallFunctionEx => self.call_function_ex(),
            Opcode::CallIntrinsic1 => self.call_intrinsic_1(operand)?,
            Opcode::CallIntrinsic2 => self.call_intrinsic_2(operand)?,
            Opcode::MakeFunction => self.make_function(),
            Opcode::SetFunctionAttribute => self.set_function_attribute(operand)?,

            Opcode::BuildList => self.build_list(operand),
            Opcode::BuildTuple => self.build_tuple(operand),
            Opcode::BuildSet => self.build_set(operand),
            Opcode::BuildMap => self.build_map(operand),
            Opcode::BuildSlice => self.build_slice(operand),
            Opcode::BuildString => self.build_string(operand),
            Opcode::BuildTemplate => self.build_template(),
            Opcode::BuildInterpolation => self.build_interpolation(operand),
            Opcode::FormatSimple => self.format_simple(),
            Opcode::FormatWithSpec => self.format_with_spec(),
            Opcode::ConvertValue => self.convert_value(operand)?,
            Opcode::ListAppend => self.list_append(operand),
            Opcode::ListExtend => self.list_extend(operand),
            Opcode::SetAdd => self.set_add(operand),
            Opcode::SetUpdate => self.set_update(operand),
            Opcode::MapAdd => self.map_add(operand),
            Opcode::DictUpdate => self.dict_update(operand),
            Opcode::DictMerge => self.dict_merge(operand),
            Opcode::GetLen => self.get_len(),
            Opcode::UnpackSequence => self.unpack_sequence(operand),
            Opcode::UnpackEx => self.unpack_ex(operand),
            Opcode::MatchClass => self.match_class(operand),
            Opcode::MatchKeys => self.match_keys(),
            Opcode::MatchMapping => self.match_mapping(),
            Opcode::MatchSequence => self.match_sequence(),

            Opcode::GetIter => self.get_iter(),
            Opcode::ForIter => self.for_iter(operand),
            Opcode::GetYieldFromIter => self.get_yield_from_iter(),

            Opcode::JumpForward | Opcode::JumpBackwardNoInterrupt => self.branch_to(operand),
            Opcode::JumpBackward => self.jump_backward(operand),
            Opcode::PopJumpIfFalse => self.pop_jump_if(operand, super::control::Jumps::IfFalse),
            Opcode::PopJumpIfTrue => self.pop_jump_if(operand, super::control::Jumps::IfTrue),
            Opcode::PopJumpIfNone => self.pop_jump_if_none(operand, super::control::Jumps::IfTrue),
            Opcode::PopJumpIfNotNone => self.pop_jump_if_none(operand, super::control::Jumps::IfFalse),
            Opcode::ReturnValue => self.return_value(),

            Opcode::RaiseVarargs => self.raise_varargs(operand),
            Opcode::Reraise => self.reraise(operand),
            Opcode::PushExcInfo => self.push_exc_info(),
            Opcode::PopExcept => self.pop_except(),
            Opcode::CheckExcMatch => self.check_exc_match(),
            Opcode::CheckEgMatch => self.check_eg_match(),
            Opcode::WithExceptStart => self.with_except_start(),
            Opcode::CleanupThrow => self.cleanup_throw(),
            Opcode::EndAsyncFor => self.end_async_for(),

            Opcode::ReturnGenerator => self.return_generator(),
            Opcode::YieldValue => self.yield_value(),
            Opcode::Send => self.send(operand),
            Opcode::EndSend => self.end_send(),
            Opcode::GetAwaitable => self.get_awaitable(operand),
            Opcode::GetAiter => self.get_aiter(),
            Opcode::GetAnext => self.get_anext(),
        }
        Ok(())
    }
}
