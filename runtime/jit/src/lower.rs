//! HIR to LIR.
//!
//! Each HIR block becomes one LIR block, and more where an instruction has paths of its own; phis become parameters. What happens rarely is in cold blocks.
//! A value is a register or a constant ([`Operand`]); machine floats are in float registers, all else is a word. Machine integers that are narrower than a word
//! are kept extended to it, booleans are 0 or 1.
//!
//! Instructions without a better form call a helper ([`crate::helpers`]). Many operands go through the evaluation stack of the frame, which compiled code does not use otherwise.

mod allocation;
mod arrays;
mod attributes;
mod calls;
mod comparisons;
mod containers;
mod control;
mod exits;
mod frames;
mod generators;
mod generic;
mod guards;
mod inline_caches;
mod inlined;
mod mixed_numbers;
mod natives;
mod numbers;
mod references;

use crate::compile::Refusal;
use crate::deopt::{Form, Point};
use crate::helpers::Helper;
use crate::layout::ListLayout;
use crate::preload::Assume;
use hir::instr::{EntryKind, NameId};
use hir::types::{ClassId, ObjectId, Spec};
use hir::{Block, Function, Instr, Type, Value, ty};
pub use inlined::Inlinable;
use interp::CodeObject;
use interp::compiled::layout;
use lir::{Address, BlockId, Builder, Class, Condition, Edge, Operand, Record, Reg, SymbolId, Width};
use object::dict::GlobalCell;
use object::flat::FlatItems;
use object::{Object, Vm};
use std::collections::BTreeMap;
use std::rc::Rc;

type Lowered = Result<(), Refusal>;

/// What lowering is told.
pub struct Environment<'a> {
    pub code: &'a CodeObject,
    /// By [`ObjectId`].
    pub objects: &'a [Object],
    /// By `ClassId`.
    pub classes: &'a [Object],
    /// The classes that stand for arrays of one kind.
    pub arrays: &'a [(ClassId, &'static FlatItems, usize)],
    /// By `AssumptionId`.
    pub assumptions: &'a [Assume],
    /// Where global names are, by the number of the code and their index in it.
    pub cells: &'a BTreeMap<(u32, u32), Rc<GlobalCell>>,
    /// The same by their numbers.
    pub numbered_cells: &'a [Rc<GlobalCell>],
    /// By `CodeId`, from 1 on.
    pub inlinable: &'a [Inlinable<'a>],
    pub helpers: &'a [SymbolId],
    pub list: ListLayout,
}

/// What lowering makes beside the function.
#[derive(Default)]
pub struct Extras {
    pub points: Vec<Point>,
    /// Objects the code refers to that nobody else keeps.
    pub references: Vec<Object>,
    #[expect(clippy::vec_box, reason = "the addresses must stay")]
    pub checks: Vec<Box<crate::classify::Check>>,
    /// What instructions note as they run.
    pub sites: Vec<Box<dyn std::any::Any>>,
    /// What patchpoints wait for, by the points they leave at.
    pub counted: std::collections::BTreeMap<u32, crate::patches::Counted>,
}

/// The LIR of a function whose references have been counted.
pub fn lower(vm: &mut Vm, function: &Function, environment: &Environment<'_>) -> Result<(lir::Function, Extras), Refusal> {
    let mut target = lir::Function::default();
    target.name.clone_from(&function.name);
    let mut lowering = Lowering {
        vm,
        function,
        environment,
        values: vec![None; function.value_limit()],
        blocks: Vec::new(),
        builder: Builder::new(&mut target),
        extras: Extras::default(),
        hir_block: Function::ENTRY,
        second: None,
        laid: Vec::new(),
        safepoint: None,
    };
    lowering.run()?;
    let extras = lowering.extras;
    Ok((target, extras))
}

struct Lowering<'a, 'b> {
    vm: &'a mut Vm,
    function: &'a Function,
    environment: &'a Environment<'a>,
    /// By HIR value.
    values: Vec<Option<Operand>>,
    /// The LIR block each HIR block begins with.
    blocks: Vec<BlockId>,
    builder: Builder<'b>,
    extras: Extras,
    hir_block: Block,
    /// The second result of the instruction that was lowered last, if it is not in memory.
    second: Option<Reg>,
    /// The inlined calls that have a frame at this point, the innermost last, by their place among the inlinable functions.
    laid: Vec<usize>,
    /// The instruction that is being lowered, if its calls may run Python code, and where it leaves if it raises.
    safepoint: Option<(Value, exits::Exit)>,
}

/// The number of an entry.
pub fn entry_id(kind: EntryKind) -> u32 {
    match kind {
        EntryKind::Start => 0,
        EntryKind::Resume(at) => at + 1,
    }
}

/// The entry that has a number.
pub fn entry_kind(id: u32) -> EntryKind {
    id.checked_sub(1).map_or(EntryKind::Start, EntryKind::Resume)
}

const W64: Width = Width::W64;

fn unsupported<T>(what: &str) -> Result<T, Refusal> {
    Err(Refusal::Unsupported(what.to_owned()))
}

impl Lowering<'_, '_> {
    fn run(&mut self) -> Lowered {
        let order = self.function.reverse_post_order();
        self.blocks = vec![BlockId::ENTRY; self.function.block_limit()];
        for &block in &order[1..] {
            let lowered = if self.function.is_cold(block) { self.builder.new_cold_block() } else { self.builder.new_block() };
            self.blocks[block.0 as usize] = lowered;
        }
        let frames = self.function.inlined_frames();
        for &block in &order {
            self.begin_frames(&frames[block.0 as usize])?;
            self.block(block)?;
        }
        Ok(())
    }

    fn block(&mut self, block: Block) -> Lowered {
        self.hir_block = block;
        let lowered = self.blocks[block.0 as usize];
        self.builder.switch_to(lowered);
        for &phi in self.function.phis(block) {
            let class = class_of(self.function.ty(phi));
            let param = self.builder.add_param(lowered, class);
            self.values[phi.0 as usize] = Some(param.into());
        }
        for &value in self.function.instrs(block) {
            if !self.function.instr(value).is_phi() {
                if let Some(state) = self.function.frame_state(value) {
                    self.builder.origin = self.function.state(state).bytecode;
                }
                self.instr(value)?;
            }
        }
        Ok(())
    }

    fn instr(&mut self, value: Value) -> Lowered {
        let instr = *self.function.instr(value);
        // The second result is taken right behind the instruction, if at all.
        if !matches!(instr, Instr::GetSecondOutput { .. }) {
            self.second = None;
        }
        self.begin_safepoint(value);
        if self.numbers(value, &instr)?
            || self.attributes(value, &instr)?
            || self.calls(value, &instr)?
            || self.containers(value, &instr)?
            || self.arrays(value, &instr)?
            || self.generators(value, &instr)?
            || self.control(value, &instr)?
            || self.guards(value, &instr)?
            || self.references(value, &instr)?
            || self.generic(value, &instr)?
        {
            return Ok(());
        }
        unsupported(instr.info().name)
    }

    // ---- values

    fn ty(&self, value: Value) -> Type {
        self.function.ty(value)
    }

    /// Where a value is.
    fn operand(&self, value: Value) -> Operand {
        self.values[value.0 as usize].unwrap_or_else(|| panic!("{value} is used before it is made:\n{}", self.function))
    }

    /// The value in a register.
    fn reg(&mut self, value: Value) -> Reg {
        let operand = self.operand(value);
        self.in_register(operand)
    }

    fn in_register(&mut self, operand: Operand) -> Reg {
        match operand {
            Operand::Reg(reg) if reg.is_virtual() => reg,
            Operand::Imm(word) => self.builder.load_imm(word),
            other => self.builder.move_int(other),
        }
    }

    fn define(&mut self, value: Value, operand: impl Into<Operand>) {
        self.values[value.0 as usize] = Some(operand.into());
    }

    /// The constant a value is.
    fn constant(&self, value: Value) -> Option<i64> {
        self.operand(value).imm()
    }

    /// The word, or bits of a float, of a type with one value.
    fn word_of(&mut self, ty: Type) -> Option<i64> {
        if let Some(object) = ty.known_object() {
            return Some(self.object(object)? as i64);
        }
        if let Some(double) = ty.known_double() {
            if ty.fits(ty::CDouble) {
                return Some(double.to_bits() as i64);
            }
            let object = self.vm.new_float(double);
            let word = object.borrow().bits();
            self.extras.references.push(object);
            return Some(word as i64);
        }
        if let Some(number) = ty.known_int() {
            return Some(match ty {
                _ if ty.fits(ty::SmallInt) => number << 1 | 1,
                _ if ty.fits(ty::Bool) => object::raw::bool_word(number != 0) as i64,
                _ => number,
            });
        }
        let word = match ty {
            _ if ty.fits(ty::NoneType) => abi::tag::NONE,
            _ if ty.fits(ty::NotImplemented) => abi::tag::NOT_IMPLEMENTED,
            _ if ty.fits(ty::Ellipsis) => abi::tag::ELLIPSIS,
            _ if ty.fits(ty::Nullptr) => 0,
            _ if ty.fits(ty::Exhausted) => crate::helpers::EXHAUSTED,
            _ => return None,
        };
        (ty.spec() == Spec::None && !ty.is_bottom()).then_some(word as i64)
    }

    fn object(&self, id: ObjectId) -> Option<u64> {
        self.environment.objects.get(id.0 as usize).map(|object| object.borrow().bits())
    }

    /// The index of a name in the names of the innermost frame's code.
    fn name_index(&self, name: NameId) -> Result<u32, Refusal> {
        self.name_index_in(name, self.frame_code())
    }

    fn name_index_in(&self, name: NameId, code: &CodeObject) -> Result<u32, Refusal> {
        let text = self.function.pool.name(name);
        let is_it = |known: &object::Ref<'_>| known.downcast::<object::str::Str>().is_some_and(|known| known.to_string_lossy() == text);
        let found = code.names.iter().position(is_it);
        found.map(|index| index as u32).ok_or_else(|| Refusal::Unsupported(format!("the name `{text}`")))
    }

    /// A name as a value.
    fn name_word(&self, name: NameId) -> Result<i64, Refusal> {
        let inlinable = self.environment.inlinable.iter().map(|inlinable| inlinable.code);
        let mut codes = std::iter::once(self.environment.code).chain(inlinable);
        let found = codes.find_map(|code| Some(code.names[self.name_index_in(name, code).ok()? as usize].bits() as i64));
        found.ok_or_else(|| Refusal::Unsupported(format!("the name `{}`", self.function.pool.name(name))))
    }

    /// Keeps what the instruction notes as it runs, and gives its address.
    fn site<T: 'static>(&mut self, site: T) -> i64 {
        let site = Box::new(site);
        let address = (&raw const *site).expose_provenance() as i64;
        self.extras.sites.push(site);
        address
    }

    // ---- blocks

    fn cold(&mut self) -> BlockId {
        self.builder.new_cold_block()
    }

    fn go(&mut self, block: BlockId) {
        self.builder.branch(to(block));
    }

    /// Goes to a block with a value, and on there.
    fn join(&mut self, block: BlockId, value: Reg) {
        self.builder.branch(Edge::new(block, vec![value]));
        self.builder.switch_to(block);
    }

    // ---- calls

    /// Calls a helper with words beside `Vm` and frame.
    fn helper(&mut self, helper: Helper, args: &[Operand]) -> Reg {
        debug_assert_eq!(args.len(), helper.n_args(), "{}", helper.name());
        let mut all: Vec<Operand> = vec![Reg::VM.into(), self.frame_base()];
        all.extend_from_slice(args);
        let symbol = self.environment.helpers[helper as usize];
        self.call_recording(symbol, &all)
    }

    /// Calls what gives a word, and records where values are meanwhile.
    fn call_recording(&mut self, target: impl Into<Operand>, args: &[Operand]) -> Reg {
        let none = Record { id: 0, values: &[] };
        let record = self.safepoint.as_ref().map_or(none, |(_, exit)| Record { id: exit.id + 1, values: &exit.values });
        self.builder.call_int(target, args, record)
    }

    /// Calls a helper that raises.
    fn raising(&mut self, value: Value, helper: Helper, args: &[Operand]) -> Result<Reg, Refusal> {
        let result = self.helper(helper, args);
        self.guard_raised(value, result)?;
        Ok(result)
    }

    /// The same; the result is the instruction's.
    fn call_raising(&mut self, value: Value, helper: Helper, args: &[Operand]) -> Lowered {
        let result = self.raising(value, helper, args)?;
        if self.function.has_output(value) {
            self.define(value, result);
        }
        Ok(())
    }

    /// The same of one that gives 1 for false and 2 for true, of which a machine bool is made.
    fn call_truth(&mut self, value: Value, helper: Helper, args: &[Operand]) -> Lowered {
        let truth = self.truth(value, helper, args)?;
        self.define(value, truth);
        Ok(())
    }

    /// The machine bool alone.
    fn truth(&mut self, value: Value, helper: Helper, args: &[Operand]) -> Result<Reg, Refusal> {
        let result = self.raising(value, helper, args)?;
        Ok(self.builder.sub(W64, result, 1))
    }

    /// Calls a helper with values; the result, if there is any, is the instruction's.
    fn call_on(&mut self, value: Value, helper: Helper, operands: &[Value]) {
        let args = self.words(operands);
        let result = self.helper(helper, &args);
        if self.function.has_output(value) {
            self.define(value, result);
        }
    }

    /// The same of one that raises.
    fn call_raising_on(&mut self, value: Value, helper: Helper, operands: &[Value]) -> Lowered {
        let args = self.words(operands);
        self.call_raising(value, helper, &args)
    }

    /// The same of one that gives 1 for false and 2 for true.
    fn call_truth_on(&mut self, value: Value, helper: Helper, operands: &[Value]) -> Lowered {
        let args = self.words(operands);
        self.call_truth(value, helper, &args)
    }

    fn words(&self, values: &[Value]) -> Vec<Operand> {
        values.iter().map(|value| self.operand(*value)).collect()
    }

    /// The place of a word of the frame's evaluation stack.
    fn stack_word(&self, index: usize) -> Address {
        self.frame_place(layout::LOCALS + 8 * (self.frame_code().n_locals + index))
    }

    /// Puts operands on the frame's evaluation stack, from the first word on.
    fn put_on_stack(&mut self, operands: &[Operand]) -> Lowered {
        // A frame has some words more than the code says.
        if operands.len() > self.frame_code().data.stack_size as usize + 4 {
            return unsupported("more operands than the stack has room for");
        }
        for (index, &operand) in operands.iter().enumerate() {
            let place = self.stack_word(index);
            self.builder.store(W64, place, operand);
        }
        Ok(())
    }

    fn operands(&self, values: hir::instr::Values) -> Vec<Operand> {
        self.words(self.function.pool.values(values))
    }
}

fn to(block: BlockId) -> Edge {
    Edge::new(block, Vec::new())
}

fn class_of(ty: Type) -> Class {
    if ty.fits(ty::CDouble) && !ty.is_bottom() { Class::Float } else { Class::Int }
}

/// What a value of a type is in machine code.
fn form_of(ty: Type) -> Form {
    match ty {
        _ if ty.is_bottom() => Form::Word,
        _ if ty.fits(ty::CDouble) => Form::Double,
        _ if ty.fits(ty::CBool) => Form::Bool,
        _ if ty.fits(ty::CSigned) => Form::Signed,
        _ if ty.fits(ty::CUnsigned) => Form::Unsigned,
        _ => Form::Word,
    }
}

/// The machine's condition for a comparison of words.
fn condition(op: hir::instr::Condition, is_signed: bool) -> Condition {
    use hir::instr::Condition::*;
    match (op, is_signed) {
        (Less, true) => Condition::Less,
        (LessEqual, true) => Condition::LessEqual,
        (Greater, true) => Condition::Greater,
        (GreaterEqual, true) => Condition::GreaterEqual,
        (Less, false) => Condition::Below,
        (LessEqual, false) => Condition::BelowEqual,
        (Greater, false) => Condition::Above,
        (GreaterEqual, false) => Condition::AboveEqual,
        (Equal, _) => Condition::Equal,
        (NotEqual, _) => Condition::NotEqual,
    }
}

/// The machine's condition for a comparison of floats.
fn float_condition(op: hir::instr::Condition) -> Condition {
    use hir::instr::Condition::*;
    match op {
        Less => Condition::FloatLess,
        LessEqual => Condition::FloatLessEqual,
        Greater => Condition::FloatGreater,
        GreaterEqual => Condition::FloatGreaterEqual,
        Equal => Condition::FloatEqual,
        NotEqual => Condition::FloatNotEqual,
    }
}
