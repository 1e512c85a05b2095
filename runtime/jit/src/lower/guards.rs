//! Guards: tests that leave for the interpreter, before anything is done, if they fail.

use super::{Lowering, W64, to, unsupported};
use crate::classify::{Check, class_of_leaf};
use crate::compile::Refusal;
use crate::helpers::Helper;
use crate::layout;
use crate::patches::Counted;
use crate::preload::Assume;
use abi::{header, tag};
use hir::types::{Leaves, Spec};
use hir::{Instr, Type, Value, ty};
use lir::{Address, BlockId, Class, Condition, Edge, Operand, Reg, Width};
use std::rc::Rc;

impl Lowering<'_, '_> {
    pub(super) fn guards(&mut self, value: Value, instr: &Instr) -> Result<bool, Refusal> {
        match *instr {
            Instr::Guard { condition } => {
                let word = self.reg(condition);
                let exit = self.exit(value, false)?;
                self.builder.guard_test(W64, Condition::NotEqual, word, word, exit.record());
            }
            Instr::GuardIs { value: checked, ty } => {
                let wanted = self.function.pool.ty(ty);
                let Some(wanted) = self.word_of(wanted) else { return unsupported("a guard on an unknown object") };
                let word = self.reg(checked);
                let exit = self.exit(value, false)?;
                self.builder.guard_compare(W64, Condition::Equal, word, Operand::Imm(wanted), exit.record());
                self.define(value, word);
            }
            Instr::GuardShape { value: checked, shape, .. } => {
                let Some(shape) = self.function.classes.shape(shape) else { return unsupported("a shape that is not known") };
                let word = self.reg(checked);
                let exit = self.exit(value, false)?;
                if !self.ty(checked).fits(ty::HeapObject) {
                    self.builder.guard_test(W64, Condition::Equal, word, tag::IMMEDIATE_MASK as i64, exit.record());
                }
                let place = Address::new(word, header::SHAPE as i32);
                self.builder.guard_compare(Width::W32, Condition::Equal, place, i64::from(shape.number as i32), exit.record());
                self.define(value, word);
            }
            Instr::DeoptPatchpoint { assumption } => self.assume(value, assumption.0 as usize)?,
            Instr::GuardFloatUnbox { value: checked } => self.guard_float_unbox(value, checked)?,
            Instr::GuardListIteration { value: checked, .. } => {
                let word = self.reg(checked);
                let (fits, fails) = (self.builder.new_block(), self.cold());
                self.skip_tagged(checked, word, &to(fails));
                let class = self.builder.load(W64, Address::new(word, header::TYPE as i32));
                let iterate = self.builder.load_imm(object::list::LIST.iter_word() as i64);
                self.builder.compare_jump(W64, Condition::Equal, Address::new(class, object::Type::ITER as i32), iterate, to(fits), to(fails));
                self.builder.switch_to(fails);
                self.leave_here(value, false)?;
                self.builder.switch_to(fits);
                self.define(value, word);
            }
            Instr::GuardType { value: checked, ty } => {
                let wanted = self.function.pool.ty(ty);
                self.guard_type(value, checked, wanted)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Leaves if an assumption does not hold. Most cost nothing until they break: see [`crate::patches`].
    fn assume(&mut self, value: Value, assumption: usize) -> Result<(), Refusal> {
        match self.environment.assumptions.get(assumption) {
            None => return unsupported("an assumption that is not known"),
            Some(Assume::Nothing) => {}
            Some(Assume::Version { place, version }) => {
                let exit = self.exit(value, false)?;
                self.extras.counted.insert(exit.record().id, Counted::Version { place: *place, version: *version });
                self.builder.patchpoint(exit.record());
            }
            Some(Assume::Global { cell, word }) => {
                let exit = self.exit(value, false)?;
                self.extras.counted.insert(exit.record().id, Counted::Global { cell: Rc::clone(cell), word: *word });
                self.builder.patchpoint(exit.record());
            }
            // A strict module's names may be hidden, of which its namespace knows nothing.
            Some(Assume::OfModule { cell, word, module, name }) => {
                let exit = self.exit(value, false)?;
                let (known, unknown, done) = (self.builder.new_block(), self.cold(), self.builder.new_block());
                let found = self.builder.add_param(done, Class::Int);
                let loaded = self.load_of_cell(cell.place().expose_provenance(), known, unknown);
                self.builder.branch(Edge::new(done, vec![loaded]));
                self.builder.switch_to(unknown);
                let loaded = self.helper(Helper::word_of_module, &[Operand::Imm(*name as i64), Operand::Imm(*module as i64)]);
                self.join(done, loaded);
                self.builder.guard_compare(W64, Condition::Equal, found, *word as i64, exit.record());
            }
        }
        Ok(())
    }

    fn guard_type(&mut self, value: Value, checked: Value, wanted: Type) -> Result<(), Refusal> {
        let word = self.reg(checked);
        if wanted.spec() == Spec::None && wanted.leaves() == ty::SmallInt.leaves() {
            let exit = self.exit(value, false)?;
            self.builder.guard_test(W64, Condition::NotEqual, word, tag::INT as i64, exit.record());
        } else {
            let (fits, fails) = (self.builder.new_block(), self.cold());
            self.branch_on_type(checked, wanted, to(fits), to(fails))?;
            self.builder.switch_to(fails);
            self.leave_here(value, false)?;
            self.builder.switch_to(fits);
        }
        self.define(value, word);
        Ok(())
    }

    fn guard_float_unbox(&mut self, value: Value, checked: Value) -> Result<(), Refusal> {
        let word = self.reg(checked);
        let (tagged, other, pointer, heap, fails) = (self.builder.new_block(), self.cold(), self.cold(), self.cold(), self.cold());
        let done = self.builder.new_block();
        let result = self.builder.add_param(done, Class::Float);
        self.branch_if_tagged_float(word, to(tagged), to(other));
        self.builder.switch_to(other);
        self.builder.test_jump(W64, Condition::Equal, word, tag::IMMEDIATE_MASK as i64, to(pointer), to(fails));
        self.builder.switch_to(pointer);
        self.skip_null(checked, word, &to(fails));
        self.compare_class(word, ty::BoxedFloat, to(heap), to(fails));
        self.builder.switch_to(heap);
        let number = self.builder.load_float(Address::new(word, layout::FLOAT_VALUE));
        self.builder.branch(Edge::new(done, vec![number]));
        self.builder.switch_to(fails);
        self.leave_here(value, false)?;
        self.builder.switch_to(tagged);
        let number = self.untagged_float(word);
        self.join(done, number);
        self.define(value, result);
        Ok(())
    }

    pub(super) fn branch_if_tagged_float(&mut self, word: Reg, so: Edge, not: Edge) {
        // Zero in the low bits, if they are the tag.
        let difference = self.builder.sub(W64, word, tag::FLOAT as i64);
        self.builder.test_jump(W64, Condition::Equal, difference, tag::FLOAT_MASK as i64, so, not);
    }

    /// Ends the block by the test whether a value is of a type.
    pub(super) fn branch_on_type(&mut self, checked: Value, wanted: Type, so: Edge, not: Edge) -> Result<(), Refusal> {
        let word = self.reg(checked);
        let is = |ty: Type| wanted.spec() == Spec::None && wanted.leaves() == ty.leaves();
        if is(ty::SmallInt) {
            self.builder.test_jump(W64, Condition::NotEqual, word, tag::INT as i64, so, not);
        } else if is(ty::TaggedFloat) {
            self.branch_if_tagged_float(word, so, not);
        } else if is(ty::NoneType) {
            self.builder.compare_jump(W64, Condition::Equal, word, tag::NONE as i64, so, not);
        } else if is(ty::Bool) {
            // The two words differ in two bits, which no other constant's do in this way.
            let is_true = self.builder.compare_set(W64, Condition::Equal, word, tag::TRUE as i64);
            let is_false = self.builder.compare_set(W64, Condition::Equal, word, tag::FALSE as i64);
            let either = self.builder.or(W64, is_true, is_false);
            self.builder.test_jump(W64, Condition::NotEqual, either, either, so, not);
        } else if is(ty::Object) {
            self.builder.test_jump(W64, Condition::NotEqual, word, word, so, not);
        } else if is(ty::LongExact) {
            self.tagged_or_class(checked, word, tag::INT, ty::BigInt, so, not);
        } else if is(ty::FloatExact) {
            self.tagged_or_class(checked, word, tag::FLOAT, ty::BoxedFloat, so, not);
        } else if is(ty::Number) {
            let (int, other) = (self.builder.new_block(), self.builder.new_block());
            self.builder.test_jump(W64, Condition::NotEqual, word, tag::INT as i64, to(int), to(other));
            self.builder.switch_to(int);
            self.builder.branch(so.clone());
            self.builder.switch_to(other);
            self.tagged_or_class(checked, word, tag::FLOAT, ty::BoxedFloat, so, not);
        } else if wanted.spec() == Spec::None && wanted.leaves().count() == 1 && class_of_leaf(wanted).is_some() {
            self.branch_on_class(checked, word, wanted, so, not);
        } else if is(ty::SequenceExact) {
            self.skip_tagged(checked, word, &not);
            let other = self.builder.new_block();
            self.compare_class(word, ty::ListExact, so.clone(), to(other));
            self.builder.switch_to(other);
            self.compare_class(word, ty::TupleExact, so, not);
        } else if let Some((items, kind)) = self.array_of(wanted) {
            self.branch_on_array((checked, word), (items, kind), so, not);
        } else if let Some(class) = self.exact_class(wanted) {
            self.skip_tagged(checked, word, &not);
            let class = self.builder.load_imm(class as i64);
            self.builder.compare_jump(W64, Condition::Equal, Address::new(word, header::TYPE as i32), class, so, not);
        } else {
            let check = self.check(wanted)?;
            let holds = self.helper(Helper::is_of_type, &[word.into(), check]);
            self.builder.test_jump(W64, Condition::NotEqual, holds, holds, so, not);
        }
        Ok(())
    }

    fn tagged_or_class(&mut self, checked: Value, word: Reg, bit: u64, leaf: Type, so: Edge, not: Edge) {
        let (tagged, other, heap, no_pointer) = (self.builder.new_block(), self.cold(), self.cold(), self.cold());
        // Floats have bit 1 and not bit 0, ints bit 0.
        if bit == tag::INT {
            self.builder.test_jump(W64, Condition::NotEqual, word, tag::INT as i64, to(tagged), to(other));
        } else {
            self.branch_if_tagged_float(word, to(tagged), to(other));
        }
        self.builder.switch_to(tagged);
        self.builder.branch(so.clone());
        self.builder.switch_to(other);
        self.builder.test_jump(W64, Condition::Equal, word, tag::IMMEDIATE_MASK as i64, to(heap), to(no_pointer));
        self.builder.switch_to(no_pointer);
        self.builder.branch(not.clone());
        self.builder.switch_to(heap);
        self.skip_null(checked, word, &not);
        self.compare_class(word, leaf, so, not);
    }

    /// Goes to `not` with null, which has no class.
    fn skip_null(&mut self, checked: Value, word: Reg, not: &Edge) {
        if self.ty(checked).may_be_null() {
            let (set, null) = (self.builder.new_block(), self.builder.new_block());
            self.builder.test_jump(W64, Condition::NotEqual, word, word, to(set), to(null));
            self.builder.switch_to(null);
            self.builder.branch(not.clone());
            self.builder.switch_to(set);
        }
    }

    fn branch_on_class(&mut self, checked: Value, word: Reg, leaf: Type, so: Edge, not: Edge) {
        self.skip_tagged(checked, word, &not);
        self.compare_class(word, leaf, so, not);
    }

    /// The word of the class that heap objects have to be exactly instances of, if a type is just that.
    fn exact_class(&self, wanted: Type) -> Option<u64> {
        let Spec::ClassExact(id) = wanted.spec() else { return None };
        let is_of_heap = wanted.leaves().count() == 1 && wanted.leaves().within(ty::HeapObject.leaves());
        let class = self.environment.classes.get(id.0 as usize).filter(|_| is_of_heap)?;
        Some(class.borrow().bits())
    }

    /// Goes on if a value is a pointer, else in `slow`.
    pub(super) fn expect_pointer(&mut self, value: Value, word: Reg, slow: BlockId) {
        if !self.ty(value).fits(ty::HeapObject) {
            let heap = self.builder.new_block();
            self.builder.test_jump(W64, Condition::Equal, word, tag::IMMEDIATE_MASK as i64, to(heap), to(slow));
            self.builder.switch_to(heap);
        }
    }

    /// Goes to `not` with what is no pointer.
    pub(super) fn skip_tagged(&mut self, checked: Value, word: Reg, not: &Edge) {
        if !self.ty(checked).fits(ty::HeapObject) {
            let (heap, tagged) = (self.builder.new_block(), self.builder.new_block());
            self.builder.test_jump(W64, Condition::Equal, word, tag::IMMEDIATE_MASK as i64, to(heap), to(tagged));
            self.builder.switch_to(tagged);
            self.builder.branch(not.clone());
            self.builder.switch_to(heap);
            self.skip_null(checked, word, not);
        }
    }

    fn compare_class(&mut self, word: Reg, leaf: Type, so: Edge, not: Edge) {
        let class = class_of_leaf(leaf).expect("the caller looked").object().bits();
        let class = self.builder.load_imm(class as i64);
        self.builder.compare_jump(W64, Condition::Equal, Address::new(word, header::TYPE as i32), class, so, not);
    }

    /// The address of a test that the runtime makes.
    fn check(&mut self, wanted: Type) -> Result<Operand, Refusal> {
        let class_object = |id: hir::types::ClassId| {
            let class = self.environment.classes.get(id.0 as usize)?.borrow().downcast::<object::Type>()?;
            Some(std::ptr::from_ref(class.get()))
        };
        let mut check = Check { leaves: wanted.leaves(), accepts_null: wanted.may_be_null(), class: None, object: None };
        match wanted.spec() {
            Spec::None => {}
            Spec::ClassExact(class) | Spec::Class(class) => {
                let Some(address) = class_object(class) else { return unsupported("a class that is not known") };
                check.class = Some((address, matches!(wanted.spec(), Spec::ClassExact(_))));
            }
            Spec::Object(object) => {
                let Some(object) = self.object(object) else { return unsupported("an object that is not known") };
                check.object = Some(object);
            }
            Spec::Shape(_) | Spec::Int(_) | Spec::Double(_) => return unsupported("a guard on a number or shape"),
        }
        debug_assert!(check.leaves.and(Leaves::MACHINE).within(ty::Nullptr.leaves()));
        let check = Box::new(check);
        let address = (&raw const *check).expose_provenance();
        self.extras.checks.push(check);
        Ok(Operand::Imm(address as i64))
    }
}
