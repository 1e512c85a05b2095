//! Containers and iteration.

use super::{Lowered, Lowering, W64, to};
use crate::compile::Refusal;
use crate::helpers::{EXHAUSTED, Helper};
use crate::layout::{self, range_iterator};
use bytecode::opcode::BinaryOp;
use hir::{Instr, Value, ty};
use lir::{Address, Class, Condition, Edge, Operand, Reg, Scale};

impl Lowering<'_, '_> {
    pub(super) fn containers(&mut self, value: Value, instr: &Instr) -> Result<bool, Refusal> {
        match *instr {
            Instr::MakeList { items } => self.collect(value, Helper::new_list, items)?,
            Instr::MakeTuple { items } => self.collect(value, Helper::new_tuple, items)?,
            Instr::MakeDict { items } => {
                let operands = self.operands(items);
                self.put_on_stack(&operands)?;
                self.call_raising(value, Helper::new_dict, &[Operand::Imm(operands.len() as i64)])?;
            }
            Instr::ListAppend { list, item } => self.list_append(list, item),
            Instr::DictSubscr { dict: container, key } => self.call_raising_on(value, Helper::load_item, &[container, key])?,
            Instr::DictSetItem { dict, key, value: stored } => self.call_raising_on(value, Helper::set_in_dict, &[stored, dict, key])?,
            Instr::SetAdd { set, item } => self.call_raising_on(value, Helper::add_to_set, &[set, item])?,
            Instr::DeleteSubscr { container, key } => self.call_raising_on(value, Helper::delete_item, &[container, key])?,
            Instr::MakeEmptyDict {} => {
                let made = self.helper(Helper::new_dict, &[Operand::Imm(0)]);
                self.define(value, made);
            }
            Instr::MakeSlice { start, stop, step } => self.call_on(value, Helper::new_slice, &[start, stop, step]),
            Instr::BuildString { parts } => {
                let operands = self.operands(parts);
                self.put_on_stack(&operands)?;
                self.call_raising(value, Helper::join, &[Operand::Imm(operands.len() as i64)])?;
            }
            Instr::GetLength { value: container } => self.length_of_any(value, container)?,
            Instr::StoreSubscr { value: stored, container, key } => self.call_raising_on(value, Helper::store_item, &[stored, container, key])?,
            Instr::BinarySlice { container, start, stop } => self.call_raising_on(value, Helper::load_slice, &[container, start, stop])?,
            Instr::StridedSlice { container, start, stop, step } => {
                self.call_raising_on(value, Helper::load_strided, &[container, start, stop, step])?
            }
            Instr::StoreSlice { value: stored, container, start, stop } => {
                self.call_raising_on(value, Helper::store_slice, &[stored, container, start, stop])?
            }
            Instr::StoreStridedSlice { container, source, bounds } => {
                let operands = self.operands(bounds);
                self.put_on_stack(&operands)?;
                let args = [container, source].map(|operand| self.operand(operand));
                self.helper(Helper::store_strided, &args);
            }
            Instr::LoadLength { container } => {
                let length = self.length(container);
                self.define(value, length);
            }
            Instr::CheckBounds { index, length } => self.check_bounds(value, index, length)?,
            Instr::LoadListItem { list, index } | Instr::TakeListItem { list, index } => {
                let place = self.list_item(list, index);
                let item = self.builder.load(W64, place);
                self.define(value, item);
            }
            Instr::StoreListItem { list, index, value: stored, .. } => {
                let (place, stored) = (self.list_item(list, index), self.operand(stored));
                self.builder.store(W64, place, stored);
            }
            Instr::LoadTupleItem { tuple, index } => {
                let place = Address::new(self.reg(tuple), layout::TUPLE_ITEMS + 8 * index as i32);
                let item = self.builder.load(W64, place);
                self.define(value, item);
            }
            Instr::LoadTupleItemAt { tuple, index } => {
                let place = Address::indexed(self.reg(tuple), self.reg(index), Scale::Eight, layout::TUPLE_ITEMS);
                let item = self.builder.load(W64, place);
                self.define(value, item);
            }
            Instr::LoadItems { sequence } => {
                let items = self.items_of_either(sequence);
                self.define(value, items);
            }
            Instr::LoadItemFrom { items, index, .. } => {
                let place = Address::new(self.reg(items), 8 * index as i32);
                let item = self.builder.load(W64, place);
                self.define(value, item);
            }
            Instr::UnpackSequence { value: sequence, count } => {
                let args = [self.operand(sequence), Operand::Imm(i64::from(count))];
                self.call_raising(value, Helper::unpack, &args)?;
            }
            Instr::UnpackEx { value: sequence, before, after } => {
                let args = [self.operand(sequence), Operand::Imm(i64::from(before)), Operand::Imm(i64::from(after))];
                self.call_raising(value, Helper::unpack_starred, &args)?;
            }
            Instr::GetIter { value: iterable } => self.call_raising_on(value, Helper::get_iter, &[iterable])?,
            Instr::IterNext { iterator } => self.call_raising_on(value, Helper::next, &[iterator])?,
            Instr::IterNextPair { iterator } => self.call_raising_on(value, Helper::next_pair, &[iterator])?,
            Instr::ListIteratorNext { iterator } => self.item_next(value, iterator, true),
            Instr::TupleIteratorNext { iterator } => self.item_next(value, iterator, false),
            Instr::RangeIteratorNext { iterator } => self.range_next(value, iterator)?,
            Instr::UnicodeConcat { left, right } => {
                let args = [self.operand(left), self.operand(right), Operand::Imm(BinaryOp::Add as i64)];
                self.call_raising(value, Helper::binary, &args)?;
            }
            Instr::UnicodeAppend { left, right } => self.call_on(value, Helper::append_text, &[left, right]),
            Instr::UnicodeRepeat { text, count } => {
                let count = self.operand(count);
                let boxed = self.helper(Helper::new_int, &[count]);
                let args = [self.operand(text), boxed.into(), Operand::Imm(BinaryOp::Multiply as i64)];
                self.call_raising(value, Helper::binary, &args)?;
            }
            Instr::UnicodeCompare { left, right, op } | Instr::LongCompare { left, right, op } => {
                let args = [self.operand(left), self.operand(right), Operand::Imm(comparison_number(op))];
                let truth = self.helper(Helper::compare_truth, &args);
                let truth = self.builder.sub(W64, truth, 1);
                self.define(value, truth);
            }
            Instr::UnicodeItem { text, index } => self.call_on(value, Helper::character, &[text, index]),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The index, counted from the start, if there is such an item.
    fn check_bounds(&mut self, value: Value, index: Value, length: Value) -> Lowered {
        let exit = self.exit(value, false)?;
        let (number, length) = (self.operand(index), self.reg(length));
        if number.imm().is_some_and(|number| (0..i64::from(i32::MAX)).contains(&number)) {
            self.builder.guard_compare(W64, Condition::Above, length, number, exit.record());
            self.define(value, number);
            return Ok(());
        }
        let index = self.reg(index);
        let from_end = self.builder.add(W64, index, length);
        let place = self.builder.compare_select(W64, Condition::Less, index, from_end, index, 0);
        self.builder.guard_compare(W64, Condition::Below, place, length, exit.record());
        self.define(value, place);
        Ok(())
    }

    fn collect(&mut self, value: Value, helper: Helper, items: hir::instr::Values) -> Result<(), Refusal> {
        let operands = self.operands(items);
        if let (Helper::new_tuple, &[first, second]) = (helper, operands.as_slice()) {
            let made = self.helper(Helper::new_pair, &[first, second]);
            self.define(value, made);
            return Ok(());
        }
        self.put_on_stack(&operands)?;
        let made = self.helper(helper, &[Operand::Imm(operands.len() as i64)]);
        self.define(value, made);
        Ok(())
    }

    fn length(&mut self, container: Value) -> Reg {
        let (object, ty) = (self.reg(container), self.ty(container));
        if ty.fits(ty::List) {
            return self.builder.load(W64, Address::new(object, self.environment.list.len));
        }
        if ty.fits(ty::Tuple) {
            return self.builder.load(W64, Address::new(object, layout::TUPLE_LEN));
        }
        if ty.fits(ty::Unicode) {
            let info = self.builder.load(W64, Address::new(object, layout::TEXT_INFO));
            return self.builder.shr(W64, info, layout::TEXT_LENGTH_SHIFT);
        }
        if ty.fits(ty::SequenceExact) {
            let (list, tuple) = (self.builder.load_imm(i64::from(self.environment.list.len)), i64::from(layout::TUPLE_LEN));
            let tuple = self.builder.load_imm(tuple);
            let class = self.builder.load_imm(object::list::LIST.object().bits() as i64);
            let own = self.builder.load(W64, Address::new(object, abi::header::TYPE as i32));
            let offset = self.builder.compare_select(W64, Condition::Equal, tuple, list, own, class);
            return self.builder.load(W64, Address::indexed(object, offset, Scale::One, 0));
        }
        self.helper(Helper::length, &[object.into()])
    }

    /// `len(container)`; that of a list is said at once.
    fn length_of_any(&mut self, value: Value, container: Value) -> Result<(), Refusal> {
        let word = self.reg(container);
        let (heap, list, other, done) = (self.builder.new_block(), self.builder.new_block(), self.builder.new_block(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        self.builder.test_jump(W64, Condition::Equal, word, abi::tag::IMMEDIATE_MASK as i64, to(heap), to(other));
        self.builder.switch_to(heap);
        let class = self.builder.load_imm(object::list::LIST.object().bits() as i64);
        let derived = self.builder.new_block();
        let own = self.builder.load(W64, Address::new(word, abi::header::TYPE as i32));
        self.builder.compare_jump(W64, Condition::Equal, own, class, to(list), to(derived));
        self.builder.switch_to(derived);
        let same = self.builder.load_imm(object::list::LIST.len_word() as i64);
        self.builder.compare_jump(W64, Condition::Equal, Address::new(own, object::Type::LEN as i32), same, to(list), to(other));
        self.builder.switch_to(list);
        let length = self.builder.load(W64, Address::new(word, self.environment.list.len));
        let tagged = self.tagged(length);
        self.builder.branch(Edge::new(done, vec![tagged]));
        self.builder.switch_to(other);
        let length = self.raising(value, Helper::get_length, &[word.into()])?;
        self.join(done, length);
        self.define(value, result);
        Ok(())
    }

    /// Puts an item, whose reference is taken over, behind the others, if there is room for it.
    fn list_append(&mut self, list: Value, item: Value) {
        let layout = self.environment.list;
        let (room, full, done) = (self.builder.new_block(), self.cold(), self.builder.new_block());
        let (object, item) = (self.reg(list), self.operand(item));
        let length = self.builder.load(W64, Address::new(object, layout.len));
        self.builder.compare_jump(W64, Condition::NotEqual, length, Address::new(object, layout.capacity), to(room), to(full));
        self.builder.switch_to(room);
        let items = self.builder.load(W64, Address::new(object, layout.items));
        self.builder.store(W64, Address::indexed(items, length, Scale::Eight, 0), item);
        let next = self.builder.add(W64, length, 1);
        self.builder.store(W64, Address::new(object, layout.len), next);
        self.go(done);
        self.builder.switch_to(full);
        self.helper(Helper::list_append, &[object.into(), item]);
        self.go(done);
        self.builder.switch_to(done);
    }

    /// Where the items of a list or tuple are.
    fn items_of_either(&mut self, sequence: Value) -> Reg {
        let object = self.reg(sequence);
        let (list, tuple, done) = (self.builder.new_block(), self.builder.new_block(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        let class = self.builder.load_imm(object::list::LIST.object().bits() as i64);
        self.builder.compare_jump(W64, Condition::Equal, Address::new(object, abi::header::TYPE as i32), class, to(list), to(tuple));
        self.builder.switch_to(list);
        let items = self.builder.load(W64, Address::new(object, self.environment.list.items));
        self.builder.branch(Edge::new(done, vec![items]));
        self.builder.switch_to(tuple);
        let items = self.builder.lea(Address::new(object, layout::TUPLE_ITEMS));
        self.join(done, items);
        result
    }

    fn list_item(&mut self, list: Value, index: Value) -> Address {
        let list = self.reg(list);
        let items = self.builder.load(W64, Address::new(list, self.environment.list.items));
        match self.constant(index) {
            Some(index) if (0..1 << 20).contains(&index) => Address::new(items, 8 * index as i32),
            _ => Address::indexed(items, self.reg(index), Scale::Eight, 0),
        }
    }

    /// The next item of a list's or tuple's iterator, which has come to its end if that is not quick.
    fn item_next(&mut self, value: Value, iterator: Value, is_list: bool) {
        use crate::layout::item_iterator as place;
        let iterator = self.reg(iterator);
        let (from, at) = if is_list { (place::LIST, place::LIST_INDEX) } else { (place::TUPLE, place::TUPLE_INDEX) };
        let (there, more) = (self.builder.new_block(), self.builder.new_block());
        let (end, done) = (self.cold(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        let sequence = self.builder.load(W64, Address::new(iterator, from));
        self.builder.test_jump(W64, Condition::NotEqual, sequence, sequence, to(there), to(end));
        self.builder.switch_to(there);
        let index = self.builder.load(W64, Address::new(iterator, at));
        let len = if is_list { self.environment.list.len } else { layout::TUPLE_LEN };
        self.builder.compare_jump(W64, Condition::Below, index, Address::new(sequence, len), to(more), to(end));
        self.builder.switch_to(more);
        let item = if is_list {
            let items = self.builder.load(W64, Address::new(sequence, self.environment.list.items));
            self.builder.load(W64, Address::indexed(items, index, Scale::Eight, 0))
        } else {
            self.builder.load(W64, Address::indexed(sequence, index, Scale::Eight, layout::TUPLE_ITEMS))
        };
        let after = self.builder.add(W64, index, 1);
        self.builder.store(W64, Address::new(iterator, at), after);
        self.increment_any(item);
        self.builder.branch(Edge::new(done, vec![item]));
        self.builder.switch_to(end);
        let exhausted = self.helper(Helper::next, &[iterator.into()]);
        self.join(done, exhausted);
        self.define(value, result);
    }

    fn range_next(&mut self, value: Value, iterator: Value) -> Result<(), Refusal> {
        let iterator = self.reg(iterator);
        let exit = self.exit(value, false)?;
        let (more, done) = (self.builder.new_block(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        let exhausted = self.builder.load_imm(EXHAUSTED as i64);
        let remaining = Address::new(iterator, range_iterator::REMAINING);
        self.builder.compare_jump(W64, Condition::Equal, remaining, 0, Edge::new(done, vec![exhausted]), to(more));
        self.builder.switch_to(more);
        let next = self.builder.load(W64, Address::new(iterator, range_iterator::NEXT));
        let doubled = self.builder.guard_add(W64, Condition::NoOverflow, next, next, exit.record());
        let word = self.builder.add(W64, doubled, 1);
        let after = self.builder.add(W64, next, Address::new(iterator, range_iterator::STEP));
        self.builder.store(W64, Address::new(iterator, range_iterator::NEXT), after);
        self.builder.sub_memory(W64, remaining, 1);
        self.join(done, word);
        self.define(value, result);
        Ok(())
    }
}

/// The number of Python's comparison.
pub(super) fn comparison_number(op: hir::instr::Condition) -> i64 {
    use bytecode::opcode::Comparison;
    use hir::instr::Condition::*;
    let comparison = match op {
        Less => Comparison::Less,
        LessEqual => Comparison::LessEqual,
        Equal => Comparison::Equal,
        NotEqual => Comparison::NotEqual,
        Greater => Comparison::Greater,
        GreaterEqual => Comparison::GreaterEqual,
    };
    comparison as i64
}
