//! Attributes, fields, names, cells.

use super::{Lowering, W64, form_of, to, unsupported};
use crate::compile::Refusal;
use crate::deopt::Form;
use crate::helpers::Helper;
use crate::layout;
use abi::{header, tag};
use hir::{Instr, Value, ty};
use interp::compiled::layout as interp_layout;
use lir::{Address, BlockId, Class, Condition, Edge, Operand, Reg, Width};

impl Lowering<'_, '_> {
    pub(super) fn attributes(&mut self, value: Value, instr: &Instr) -> Result<bool, Refusal> {
        match *instr {
            Instr::LoadAttr { owner, name } | Instr::TryLoadAttr { owner, name } => self.load_cached(value, owner, name, Helper::load_attr)?,
            Instr::LoadMethod { owner, name } => self.load_cached(value, owner, name, Helper::load_method)?,
            Instr::StoreAttr { value: stored, owner, name } => self.store_cached(value, stored, owner, name)?,
            Instr::LoadSuperMethod { super_type, class, receiver, name, flags } => {
                self.load_super_cached(value, [super_type, class, receiver], name, flags)?;
            }
            Instr::LoadSuperAttr { super_type, class, receiver, name, flags } => {
                self.load_super_attr(value, [super_type, class, receiver], name, flags)?;
            }
            Instr::LoadSlot { owner, offset, .. } | Instr::TakeSlot { owner, offset, .. } | Instr::LoadField { owner, offset, .. } => {
                let place = Address::new(self.reg(owner), offset as i32);
                let loaded = self.builder.load(W64, place);
                self.define(value, loaded);
            }
            Instr::StoreSlot { owner, value: stored, offset, .. } => {
                let (place, stored) = (Address::new(self.reg(owner), offset as i32), self.operand(stored));
                self.builder.store(W64, place, stored);
            }
            Instr::AddSlot { owner, value: stored, offset, shape, .. } => {
                let (owner, stored) = (self.reg(owner), self.operand(stored));
                let Some(shape) = self.function.classes.shape(shape) else { return unsupported("a shape that is not known") };
                self.builder.store(W64, Address::new(owner, offset as i32), stored);
                self.builder.store(Width::W32, Address::new(owner, header::SHAPE as i32), i64::from(shape.number as i32));
            }
            Instr::LoadPrimitiveField { owner, offset, ty, .. } => {
                let place = Address::new(self.reg(owner), offset as i32);
                let loaded = self.load_machine_value(place, self.function.pool.ty(ty));
                self.define(value, loaded);
            }
            Instr::LoadClass { value: object } => {
                let class = self.class_of_value(object);
                self.define(value, class);
            }
            Instr::LoadGlobal { name } => self.load_global(value, name)?,
            Instr::LoadGlobalCell { name, cell } => self.load_global_cell(value, name, cell)?,
            Instr::MakeCell { value: contents } => self.call_on(value, Helper::new_cell, &[contents]),
            Instr::LoadCellItem { cell } | Instr::TakeCellItem { cell } => {
                let place = Address::new(self.reg(cell), interp_layout::CELL_CONTENTS as i32);
                let loaded = self.builder.load(W64, place);
                self.define(value, loaded);
            }
            Instr::SetCellItem { cell, value: stored, .. } => {
                let (place, stored) = (Address::new(self.reg(cell), interp_layout::CELL_CONTENTS as i32), self.operand(stored));
                self.builder.store(W64, place, stored);
            }
            Instr::LoadCurrentFunction {} => {
                let function = self.current_function();
                self.define(value, function);
            }
            Instr::LoadClosureCell { index } => {
                let function = self.current_function();
                let closure = self.builder.load(W64, Address::new(function, interp_layout::FUNCTION_CLOSURE as i32));
                let cell = self.builder.load(W64, Address::new(closure, layout::TUPLE_ITEMS + 8 * index as i32));
                self.define(value, cell);
            }
            Instr::CheckVar { value: checked, name } => {
                let text = self.function.pool.name(name).to_owned();
                let is_it = |known: &object::Ref<'_>| known.downcast::<object::str::Str>().is_some_and(|known| known.to_string_lossy() == text);
                let (_, inlined) = self.code_at(value);
                let code = inlined.map_or(self.environment.code, |inlined| inlined.code);
                let Some(index) = code.local_names.iter().position(is_it) else { return unsupported("a local without name") };
                self.check_set(value, checked, [Helper::unbound_local, Helper::unbound_local_of], index as i64)?;
            }
            Instr::CheckFreevar { value: checked, local, .. } => {
                self.check_set(value, checked, [Helper::unbound_cell, Helper::unbound_cell_of], i64::from(local))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The value of a global name whose cell's place is at an address, in `known`, where the code goes on; an empty cell leads to `unknown`.
    pub(super) fn load_of_cell(&mut self, cell: usize, known: BlockId, unknown: BlockId) -> Reg {
        let cell = self.builder.load_imm(cell as i64);
        let place = self.builder.load(W64, Address::new(cell, 0));
        self.builder.test_jump(W64, Condition::NotEqual, place, place, to(known), to(unknown));
        self.builder.switch_to(known);
        self.builder.load(W64, Address::new(place, 0))
    }

    /// What the cell holds. If it is empty, since the namespace has other names now, the value is looked up; no other code runs for that.
    fn load_global_cell(&mut self, value: Value, name: hir::instr::NameId, cell: u32) -> Result<(), Refusal> {
        let Some(cell) = self.environment.numbered_cells.get(cell as usize) else { return unsupported("a cell that is not known") };
        let place = cell.place().expose_provenance();
        let word = Operand::Imm(self.name_word(name)?);
        let (_, inlined) = self.code_at(value);
        let (known, unknown, done) = (self.builder.new_block(), self.cold(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        let found = self.load_of_cell(place, known, unknown);
        self.builder.branch(Edge::new(done, vec![found]));
        self.builder.switch_to(unknown);
        let found = match inlined {
            Some(inlined) => self.helper(Helper::global_word_of, &[word, Operand::Imm(inlined.function as i64)]),
            None => self.helper(Helper::global_word, &[word]),
        };
        let exit = self.exit(value, false)?;
        self.builder.guard_test(W64, Condition::NotEqual, found, found, exit.record());
        self.join(done, found);
        self.define(value, result);
        Ok(())
    }

    /// Through the cell of the name, if there is one.
    fn load_global(&mut self, value: Value, name: hir::instr::NameId) -> Result<(), Refusal> {
        let word = Operand::Imm(self.name_word(name)?);
        let (code, inlined) = self.code_at(value);
        let (helper, args) = match inlined {
            Some(inlined) => (Helper::load_global_of, vec![word, Operand::Imm(inlined.function as i64)]),
            None => (Helper::load_global, vec![word]),
        };
        let index = self.name_index_in(name, inlined.map_or(self.environment.code, |inlined| inlined.code))?;
        let Some(cell) = self.environment.cells.get(&(code.0, index)) else {
            return self.call_raising(value, helper, &args);
        };
        let (known, unknown, done) = (self.builder.new_block(), self.cold(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        let place = cell.place().expose_provenance();
        let found = self.load_of_cell(place, known, unknown);
        self.increment_any(found);
        self.builder.branch(Edge::new(done, vec![found]));
        self.builder.switch_to(unknown);
        let found = self.raising(value, helper, &args)?;
        self.join(done, found);
        self.define(value, result);
        Ok(())
    }

    fn current_function(&mut self) -> Reg {
        self.builder.load(W64, Address::new(Reg::FRAME, interp_layout::FRAME_FUNCTION as i32))
    }

    /// A machine value in memory, extended to a word.
    fn load_machine_value(&mut self, place: Address, ty: hir::Type) -> Reg {
        if form_of(ty) == Form::Double {
            return self.builder.load_float(place);
        }
        let widths = [
            (ty::CInt8, ty::CUInt8, Width::W8),
            (ty::CInt16, ty::CUInt16, Width::W16),
            (ty::CInt32, ty::CUInt32, Width::W32),
            (ty::CBool, ty::CBool, Width::W8),
        ];
        for (signed, unsigned, width) in widths {
            if ty.fits(unsigned) {
                return self.builder.load(width, place);
            }
            if ty.fits(signed) {
                return self.builder.load_signed(width, place);
            }
        }
        self.builder.load(W64, place)
    }

    /// The class of any value.
    fn class_of_value(&mut self, value: Value) -> Reg {
        let word = self.reg(value);
        let place = Address::new(word, header::TYPE as i32);
        if self.ty(value).fits(ty::HeapObject) {
            return self.builder.load(W64, place);
        }
        let (heap, tagged, done) = (self.builder.new_block(), self.cold(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        self.builder.test_jump(W64, Condition::Equal, word, tag::IMMEDIATE_MASK as i64, to(heap), to(tagged));
        self.builder.switch_to(heap);
        let class = self.builder.load(W64, place);
        self.builder.branch(Edge::new(done, vec![class]));
        self.builder.switch_to(tagged);
        let class = self.helper(Helper::class_of, &[word.into()]);
        self.join(done, class);
        result
    }

    /// Raises by a helper if the value is null.
    fn check_set(&mut self, value: Value, checked: Value, [own, inlined]: [Helper; 2], index: i64) -> Result<(), Refusal> {
        let word = self.reg(checked);
        let (set, unset) = (self.builder.new_block(), self.cold());
        self.builder.test_jump(W64, Condition::NotEqual, word, word, to(set), to(unset));
        self.builder.switch_to(unset);
        match self.code_at(value).1 {
            Some(callee) => self.helper(inlined, &[Operand::Imm(index), Operand::Imm(std::ptr::from_ref(callee.code).expose_provenance() as i64)]),
            None => self.helper(own, &[Operand::Imm(index)]),
        };
        self.leave_here(value, true)?;
        self.builder.switch_to(set);
        self.define(value, word);
        Ok(())
    }
}
