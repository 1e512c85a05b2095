//! Building functions instruction by instruction.
//!
//! Each method is named after its opcode. Operands that a position does not accept (a wide immediate, the address of a
//! symbol, a value in memory) are put into a register first, so callers need not know the machine's forms.

use crate::condition::{Condition, Width};
use crate::function::{BlockId, Draft, Edge, Function, NO_ORIGIN};
use crate::opcode::{Opcode, Slot};
use crate::operand::{Address, Operand, SymbolId};
use crate::reg::{Class, Reg};

/// Appends to one block at a time.
pub struct Builder<'a> {
    pub function: &'a mut Function,
    block: BlockId,
    /// The origin of what is appended from now on.
    pub origin: u32,
}

/// An exit or a safepoint: its id, and the values that the frame is made of there.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub id: u32,
    pub values: &'a [Operand],
}

/// What all instructions of an opcode have besides operands.
#[derive(Clone, Copy)]
struct Shape {
    opcode: Opcode,
    width: Width,
    condition: Condition,
}

impl Shape {
    const fn of(opcode: Opcode) -> Shape {
        Shape { opcode, width: Width::W64, condition: Condition::Equal }
    }
}

/// Methods of one kind, with the same operands: `name Opcode`.
macro_rules! methods {
    ($kind:ident $params:tt: $($name:ident $Op:ident),*) => { $( method!($kind $params $name $Op); )* };
}

macro_rules! method {
    (value ($($param:ident),*) $name:ident $Op:ident) => {
        pub fn $name(&mut self, $($param: impl Into<Operand>),*) -> Reg {
            self.one(Shape::of(Opcode::$Op), &[$($param.into()),*])
        }
    };
    (sized ($($param:ident),*) $name:ident $Op:ident) => {
        pub fn $name(&mut self, width: Width, $($param: impl Into<Operand>),*) -> Reg {
            self.one(Shape { width, ..Shape::of(Opcode::$Op) }, &[$($param.into()),*])
        }
    };
    (pair ($($param:ident),*) $name:ident $Op:ident) => {
        pub fn $name(&mut self, width: Width, $($param: impl Into<Operand>),*) -> [Reg; 2] {
            self.two(Shape { width, ..Shape::of(Opcode::$Op) }, &[$($param.into()),*])
        }
    };
    (nothing ($($param:ident),*) $name:ident $Op:ident) => {
        pub fn $name(&mut self, width: Width, $($param: impl Into<Operand>),*) {
            self.none(Shape { width, ..Shape::of(Opcode::$Op) }, &[$($param.into()),*]);
        }
    };
    (set ($($param:ident),*) $name:ident $Op:ident) => {
        pub fn $name(&mut self, width: Width, condition: Condition, $($param: impl Into<Operand>),*) -> Reg {
            self.one(Shape { width, condition, opcode: Opcode::$Op }, &[$($param.into()),*])
        }
    };
    (jump ($($param:ident),*) $name:ident $Op:ident) => {
        /// Ends the block: goes to the first edge if the condition holds, else to the second.
        pub fn $name(&mut self, width: Width, condition: Condition, $($param: impl Into<Operand>,)* so: Edge, not: Edge) {
            self.none(Shape { width, condition, opcode: Opcode::$Op }, &[$($param.into()),*]);
            self.leave([so, not]);
        }
    };
    (arithmetic_jump ($($param:ident),*) $name:ident $Op:ident) => {
        /// Ends the block: goes to the first edge if the condition holds, else to the second. The result can be used behind both.
        pub fn $name(&mut self, width: Width, condition: Condition, $($param: impl Into<Operand>,)* so: Edge, not: Edge) -> Reg {
            let result = self.one(Shape { width, condition, opcode: Opcode::$Op }, &[$($param.into()),*]);
            self.leave([so, not]);
            result
        }
    };
    (guard ($($param:ident),*) $name:ident $Op:ident) => {
        /// Leaves by the exit unless the condition holds.
        pub fn $name(&mut self, width: Width, condition: Condition, $($param: impl Into<Operand>,)* exit: Record<'_>) {
            self.any(Shape { width, condition, opcode: Opcode::$Op }, &[], &[$($param.into()),*], exit);
        }
    };
    (arithmetic_guard ($($param:ident),*) $name:ident $Op:ident) => {
        /// Leaves by the exit, as if nothing had been computed, unless the condition holds.
        pub fn $name(&mut self, width: Width, condition: Condition, $($param: impl Into<Operand>,)* exit: Record<'_>) -> Reg {
            let result = self.function.new_reg(Class::Int);
            self.any(Shape { width, condition, opcode: Opcode::$Op }, &[result], &[$($param.into()),*], exit);
            result
        }
    };
}

impl<'a> Builder<'a> {
    /// Appends to a new first block; the function must have none.
    pub fn new(function: &'a mut Function) -> Builder<'a> {
        let block = function.add_block();
        assert_eq!(block, BlockId::ENTRY, "a builder begins with the function");
        Builder { function, block, origin: NO_ORIGIN }
    }

    /// Appends to a block of a function that has some.
    pub fn at(function: &'a mut Function, block: BlockId) -> Builder<'a> {
        Builder { function, block, origin: NO_ORIGIN }
    }

    /// The block that instructions are added to.
    pub fn block(&self) -> BlockId {
        self.block
    }

    /// Adds a parameter to a block: what edges to it pass comes there.
    pub fn add_param(&mut self, block: BlockId, class: Class) -> Reg {
        self.function.add_param(block, class)
    }

    /// Appends to this block from now on.
    pub fn switch_to(&mut self, block: BlockId) {
        self.block = block;
    }

    /// Adds an empty block.
    pub fn new_block(&mut self) -> BlockId {
        self.function.add_block()
    }

    /// A block that is laid out behind all that are not cold.
    pub fn new_cold_block(&mut self) -> BlockId {
        let block = self.function.add_block();
        self.function.blocks[block.index()].cold = true;
        block
    }

    /// Whether the block has its last instruction.
    pub fn is_terminated(&self) -> bool {
        self.function.block(self.block).terminator().is_some()
    }

    methods!(value(src): move_int Move, float_sqrt FloatSqrt, float_negate FloatNegate, float_absolute FloatAbsolute);
    methods!(value(src): move_float MoveFloat, bits_to_float BitsToFloat, float_to_bits FloatToBits);
    methods!(value(left, right): float_add FloatAdd, float_sub FloatSub, float_mul FloatMul, float_div FloatDiv);
    methods!(value(address): load_float LoadFloat, lea Lea);
    methods!(sized(address): load Load, load_signed LoadSigned);
    methods!(sized(src): zero_extend ZeroExtend, sign_extend SignExtend, neg Neg, not Not, int_to_float IntToFloat, float_to_int FloatToInt);
    methods!(sized(left, right): add Add, sub Sub, and And, or Or, xor Xor, mul Mul);
    methods!(sized(src, count): shl Shl, shr Shr, sar Sar, rol Rol, ror Ror);
    methods!(pair(left, right): mul_wide MulWide, mul_wide_unsigned MulWideUnsigned);
    methods!(pair(dividend, divisor): divide Divide, divide_unsigned DivideUnsigned);
    methods!(nothing(address, src): store Store, add_memory AddMemory, sub_memory SubMemory, and_memory AndMemory, or_memory OrMemory);
    methods!(set(left, right): compare_set CompareSet, test_set TestSet, bit_set BitSet);
    methods!(set(if_not, if_so, left, right): compare_select CompareSelect, test_select TestSelect);
    methods!(jump(left, right): compare_jump CompareJump, test_jump TestJump, bit_jump BitJump);
    methods!(jump(address, right): add_memory_jump AddMemoryJump, sub_memory_jump SubMemoryJump);
    methods!(arithmetic_jump(left, right): add_jump AddJump, sub_jump SubJump, mul_jump MulJump);
    methods!(arithmetic_jump(src): neg_jump NegJump);
    methods!(guard(left, right): guard_compare GuardCompare, guard_test GuardTest, guard_bit GuardBit);
    methods!(arithmetic_guard(left, right): guard_add GuardAdd, guard_sub GuardSub, guard_mul GuardMul);
    methods!(arithmetic_guard(src): guard_neg GuardNeg);

    /// Counts a reference, see [`Opcode::Incref`].
    pub fn incref(&mut self, word: Reg, unless: i64) {
        self.none(Shape::of(Opcode::Incref), &[word.into(), unless.into()]);
    }

    /// Ends the block: gives a reference up, and goes to the first edge if it was the last.
    pub fn decref(&mut self, word: Reg, unless: i64, last: Edge, otherwise: Edge) {
        self.none(Shape::of(Opcode::Decref), &[word.into(), unless.into()]);
        self.leave([last, otherwise]);
    }

    /// A register with this word.
    pub fn load_imm(&mut self, value: i64) -> Reg {
        self.one(Shape::of(Opcode::LoadImm), &[Operand::Imm(value)])
    }

    /// A register with this float.
    pub fn load_float_imm(&mut self, value: f64) -> Reg {
        self.one(Shape::of(Opcode::LoadFloatImm), &[Operand::Imm(value.to_bits() as i64)])
    }

    /// A register with the address of a symbol.
    pub fn load_address(&mut self, symbol: SymbolId) -> Reg {
        self.one(Shape::of(Opcode::LoadAddress), &[Operand::Symbol(symbol)])
    }

    pub fn store_float(&mut self, address: Address, src: impl Into<Operand>) {
        self.none(Shape::of(Opcode::StoreFloat), &[address.into(), src.into()]);
    }

    pub fn float_compare_set(&mut self, condition: Condition, left: impl Into<Operand>, right: impl Into<Operand>) -> Reg {
        self.one(Shape { condition, ..Shape::of(Opcode::FloatCompareSet) }, &[left.into(), right.into()])
    }

    pub fn float_compare_jump(&mut self, condition: Condition, left: impl Into<Operand>, right: impl Into<Operand>, so: Edge, not: Edge) {
        self.none(Shape { condition, ..Shape::of(Opcode::FloatCompareJump) }, &[left.into(), right.into()]);
        self.leave([so, not]);
    }

    pub fn guard_float_compare(&mut self, condition: Condition, left: impl Into<Operand>, right: impl Into<Operand>, exit: Record<'_>) {
        self.any(Shape { condition, ..Shape::of(Opcode::GuardFloatCompare) }, &[], &[left.into(), right.into()], exit);
    }

    /// A place that can be made a jump to the exit later.
    pub fn patchpoint(&mut self, exit: Record<'_>) {
        self.any(Shape::of(Opcode::Patchpoint), &[], &[], exit);
    }

    /// Ends the block by leaving.
    pub fn exit(&mut self, exit: Record<'_>) {
        self.any(Shape::of(Opcode::Exit), &[], &[], exit);
    }

    /// The C arguments from the third on; the first instruction of the block that an entry goes to.
    pub fn arguments(&mut self, n_arguments: usize) -> Vec<Reg> {
        let defs: Vec<Reg> = (0..n_arguments).map(|_| self.function.new_reg(Class::Int)).collect();
        self.any(Shape::of(Opcode::Arguments), &defs, &[], Record { id: 0, values: &[] });
        defs
    }

    /// Calls a C function. `results` are the classes of its results: nothing, an int, two ints or a float.
    pub fn call(&mut self, target: impl Into<Operand>, args: &[Operand], results: &[Class], safepoint: Record<'_>) -> Vec<Reg> {
        let defs: Vec<Reg> = results.iter().map(|&class| self.function.new_reg(class)).collect();
        let mut uses = vec![target.into()];
        uses.extend_from_slice(args);
        self.any(Shape::of(Opcode::Call), &defs, &uses, safepoint);
        defs
    }

    /// Calls a C function that gives back one word.
    pub fn call_int(&mut self, target: impl Into<Operand>, args: &[Operand], safepoint: Record<'_>) -> Reg {
        self.call(target, args, &[Class::Int], safepoint)[0]
    }

    /// A call whose result nobody wants.
    pub fn call_nothing(&mut self, target: impl Into<Operand>, args: &[Operand], safepoint: Record<'_>) {
        self.call(target, args, &[], safepoint);
    }

    /// Goes along an edge.
    pub fn branch(&mut self, edge: Edge) {
        self.none(Shape::of(Opcode::Branch), &[]);
        self.leave([edge]);
    }

    /// Goes to the edge with the number of the index, to `otherwise` if there is none.
    pub fn switch(&mut self, index: impl Into<Operand>, edges: Vec<Edge>, otherwise: Edge) {
        self.none(Shape::of(Opcode::Switch), &[index.into()]);
        self.leave(edges.into_iter().chain([otherwise]));
    }

    /// Ends the first block of a function with several entries: ids and blocks.
    pub fn entry_switch(&mut self, entries: impl IntoIterator<Item = (u32, BlockId)>) {
        self.none(Shape::of(Opcode::EntrySwitch), &[]);
        self.leave(entries.into_iter().map(|(key, block)| Edge { block, args: Vec::new(), key }));
    }

    /// Up to two ints or one float.
    pub fn ret(&mut self, values: &[Operand]) {
        let shape = Shape::of(Opcode::Return);
        let mut returned = Vec::with_capacity(values.len());
        for value in values {
            returned.push(match value {
                Operand::Reg(reg) if reg.is_virtual() => *value,
                Operand::Imm(_) => *value,
                Operand::Reg(_) | Operand::Mem(_) | Operand::Symbol(_) => self.materialise(Class::Int, shape, *value),
            });
        }
        self.none(shape, &returned);
    }

    /// Ends the process: a bug has been found.
    pub fn trap(&mut self) {
        self.none(Shape::of(Opcode::Trap), &[]);
    }

    /// Control does not come here.
    pub fn unreachable(&mut self) {
        self.none(Shape::of(Opcode::Unreachable), &[]);
    }

    fn leave(&mut self, edges: impl IntoIterator<Item = Edge>) {
        self.function.blocks[self.block.index()].edges.extend(edges);
    }

    fn none(&mut self, shape: Shape, uses: &[Operand]) {
        self.any(shape, &[], uses, Record { id: 0, values: &[] });
    }

    fn one(&mut self, shape: Shape, uses: &[Operand]) -> Reg {
        let def = self.function.new_reg(shape.opcode.slots()[0].class);
        self.any(shape, &[def], uses, Record { id: 0, values: &[] });
        def
    }

    fn two(&mut self, shape: Shape, uses: &[Operand]) -> [Reg; 2] {
        let defs = [self.function.new_reg(Class::Int), self.function.new_reg(Class::Int)];
        self.any(shape, &defs, uses, Record { id: 0, values: &[] });
        defs
    }

    fn any(&mut self, shape: Shape, defs: &[Reg], uses: &[Operand], record: Record<'_>) {
        debug_assert!(!self.is_terminated(), "{} has ended", self.block);
        let rows = &shape.opcode.slots()[shape.opcode.n_defs()..];
        let fits =
            uses.iter().zip(rows).enumerate().all(|(index, (operand, row))| row.form.accepts(*operand) && !is_overwritten(shape, index, *operand));
        let draft = Draft {
            opcode: shape.opcode,
            width: shape.width,
            condition: shape.condition,
            defs,
            uses,
            recorded: record.values,
            id: record.id,
            origin: self.origin,
        };
        if fits && !two_in_memory(uses, rows) {
            return self.function.push(self.block, &draft);
        }
        let mut uses = uses.to_vec();
        for index in 0..uses.len().min(rows.len()) {
            let unfit = !rows[index].form.accepts(uses[index]) || is_overwritten(shape, index, uses[index]);
            if unfit || uses[index].mem().is_some() && two_in_memory(&uses, rows) {
                uses[index] = self.materialise(rows[index].class, shape, uses[index]);
            }
        }
        self.function.push(self.block, &Draft { uses: &uses, ..draft });
    }

    /// Puts the operand into a register.
    fn materialise(&mut self, class: Class, shape: Shape, operand: Operand) -> Operand {
        let reg = match (operand, class) {
            (Operand::Imm(value), Class::Int) => self.load_imm(value),
            (Operand::Imm(value), Class::Float) => self.load_float_imm(f64::from_bits(value as u64)),
            (Operand::Symbol(symbol), _) => self.load_address(symbol),
            (Operand::Mem(address), Class::Int) => self.load(shape.width, address),
            (Operand::Mem(address), Class::Float) => self.load_float(address),
            (Operand::Reg(reg), _) if reg.is_virtual() => reg,
            (Operand::Reg(_), _) => self.move_int(operand),
        };
        Operand::Reg(reg)
    }
}

/// Whether a pinned register is where the instruction would overwrite it.
fn is_overwritten(shape: Shape, index: usize, operand: Operand) -> bool {
    operand.reg().is_some_and(Reg::is_pinned) && shape.opcode.needs_value(index)
}

/// The machine has one operand in memory at most.
pub(crate) fn two_in_memory(uses: &[Operand], rows: &[Slot]) -> bool {
    uses.iter().zip(rows).filter(|(operand, _)| operand.mem().is_some()).count() > 1
}
