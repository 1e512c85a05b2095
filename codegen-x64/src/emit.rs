//! Allocated LIR to bytes, block by block, in the order of the blocks.
//!
//! Each instruction becomes what its opcode says, at once; `r11` and `xmm15` are free within it. Behind the blocks come further entries,
//! the stubs of exits, and the pool of addresses.
//!
//! **Exits.** A guard jumps to a stub of its own, which pushes the exit's index and goes to the stub that all share. That one
//! pushes the start of the code and calls the trampoline of the runtime, which finds all registers but `r11` as they were at the guard, `rsp` aligned
//! as at every call, and above the return address the start of the code and the index. What it returns in `rax` is what the function returns.

mod arithmetic;
mod calls;
mod control;
mod floats;
mod moves;
mod references;
mod size;

use crate::assembler::{Assembler, Label, Rm, memory, register};
use crate::code::{Code, Entry, ExitRecord, Location, Patchpoint, SafepointRecord, SourceEntry};
use crate::frame::FrameLayout;
use iced_x86::{MemoryOperand, Register};
use lir::{Address, Allocated, Block, BlockId, Class, Function, Instr, Opcode, Operand, Place, Reg, SymbolId, SymbolTable, Width};
use std::fmt;

/// What emission must be told beside the function and the symbols.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where exits go.
    pub exit_trampoline: SymbolId,
    /// The place in the frame record where functions with safepoints that have a number put the low half of `rsp`.
    pub native: Option<i32>,
}

/// A symbol that the table does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmitError {
    pub symbol: SymbolId,
}

/// Encodes the function.
pub fn emit(allocated: &Allocated, symbols: &SymbolTable, options: &Options) -> Result<Code, EmitError> {
    let function = &allocated.function;
    let n_instrs = function.n_instrs();
    let mut assembler = Assembler::new(64 + n_instrs * 6);
    let start = assembler.label();
    assembler.bind(start);
    let blocks = function.blocks.iter().map(|_| assembler.label()).collect();
    let code = Code { frame: FrameLayout::new(allocated), source_map: Vec::with_capacity(n_instrs), ..Code::default() };
    let mut emitter = Emitter {
        function,
        symbols,
        start,
        blocks,
        bounds: size::bounds(function),
        assembler,
        code,
        exits: Vec::new(),
        late_entries: Vec::new(),
        source: SourceEntry { offset: 0, block: 0, instr: 0, origin: 0 },
        unknown: None,
        native: options.native.filter(|_| has_safepoints(function)),
    };
    emitter.function(options);
    match emitter.unknown {
        Some(symbol) => Err(EmitError { symbol }),
        None => Ok(emitter.finish()),
    }
}

/// Whether somebody may ask where the function's values are while it calls.
fn has_safepoints(function: &Function) -> bool {
    function.blocks.iter().flat_map(|block| &block.instrs).any(|instr| instr.opcode == Opcode::Call && instr.id != 0)
}

struct Emitter<'a> {
    function: &'a Function,
    symbols: &'a SymbolTable,
    assembler: Assembler,
    start: Label,
    /// The labels of blocks.
    blocks: Vec<Label>,
    /// Sums of the blocks' sizes, at most, before each block.
    bounds: Vec<u32>,
    code: Code,
    /// The labels of the exits' stubs.
    exits: Vec<Label>,
    /// Entries that are not where their block begins.
    late_entries: Vec<(u32, BlockId)>,
    source: SourceEntry,
    /// A symbol without address.
    unknown: Option<SymbolId>,
    /// Where entries note `rsp`.
    native: Option<i32>,
}

impl<'a> Emitter<'a> {
    fn function(&mut self, options: &Options) {
        let first = &self.function.blocks[0];
        if first.terminator().is_none_or(|last| last.opcode != Opcode::EntrySwitch) {
            self.entry(0);
        }
        for id in self.function.block_ids() {
            self.block(id);
        }
        for (id, block) in std::mem::take(&mut self.late_entries) {
            self.assembler.align(16);
            self.entry(id);
            self.assembler.jump(self.blocks[block.index()]);
        }
        self.stubs(options);
    }

    fn block(&mut self, id: BlockId) {
        let block = self.function.block(id);
        self.assembler.bind(self.blocks[id.index()]);
        for (index, instr) in block.instrs.iter().enumerate() {
            let before = self.assembler.position();
            self.source = SourceEntry { offset: before, block: id.0, instr: index as u32, origin: instr.origin };
            self.instr(id, block, instr);
            if self.assembler.position() != before {
                self.code.source_map.push(self.source);
            }
        }
    }

    fn finish(mut self) -> Code {
        for (exit, label) in self.code.exits.iter_mut().zip(&self.exits) {
            exit.stub_offset = self.assembler.offset_of(*label);
        }
        (self.code.bytes, self.code.code_size, self.code.pool_offset) = self.assembler.finish();
        self.code
    }

    fn uses(&self, instr: &Instr) -> &'a [Operand] {
        self.function.uses(instr)
    }

    /// The register that the instruction defines.
    fn def(&self, instr: &Instr) -> Reg {
        self.function.def(instr).expect("the opcode's row has a definition")
    }

    fn instr(&mut self, id: BlockId, block: &'a Block, instr: &Instr) {
        use Opcode::*;
        match instr.opcode {
            Move | MoveFloat | LoadImm | LoadFloatImm | LoadAddress | Load | LoadSigned | Store | LoadFloat | StoreFloat | Lea | ZeroExtend
            | SignExtend | BitsToFloat | FloatToBits => self.moving(instr),
            Add | Sub | And | Or | Xor | Mul | Neg | Not | Shl | Shr | Sar | Rol | Ror | MulWide | MulWideUnsigned | Divide | DivideUnsigned
            | AddMemory | SubMemory | AndMemory | OrMemory => self.arithmetic(instr),
            FloatAdd | FloatSub | FloatMul | FloatDiv | FloatSqrt | FloatNegate | FloatAbsolute | IntToFloat | FloatToInt => self.float(instr),
            CompareSet | TestSet | BitSet | FloatCompareSet => self.set(instr),
            CompareSelect | TestSelect => self.select(instr),
            CompareJump | TestJump | BitJump | FloatCompareJump | AddJump | SubJump | MulJump | NegJump | AddMemoryJump | SubMemoryJump => {
                self.jump(id, block, instr);
            }
            GuardCompare | GuardTest | GuardBit | GuardFloatCompare | GuardAdd | GuardSub | GuardMul | GuardNeg => self.guard(instr),
            Incref => self.incref(instr),
            Decref => self.decref(id, block, instr),
            Branch => self.go_to(id, block.edges[0].block),
            Switch => self.switch(id, block, instr),
            EntrySwitch => self.entries(id, block),
            Patchpoint => self.patchpoint(instr),
            Arguments => (),
            Call => self.call(instr),
            Return => self.leave(instr),
            Exit => {
                let exit = self.exit(instr);
                self.assembler.jump(exit);
            }
            Trap | Unreachable => self.assembler.plain(iced_x86::Code::Ud2),
        }
    }

    /// The operand, which is not a constant, as the machine takes it.
    fn rm(&self, operand: Operand) -> Rm {
        match operand {
            Operand::Reg(reg) => self.place(reg),
            Operand::Mem(address) => Rm::Mem(self.memory(&address)),
            Operand::Imm(_) | Operand::Symbol(_) => unreachable!("the opcode's row accepts no constant here"),
        }
    }

    fn place(&self, reg: Reg) -> Rm {
        match reg.place() {
            Place::Slot(index) => Rm::Mem(memory(Register::RBP, self.code.frame.slot(index))),
            Place::Machine(_) => Rm::Reg(reg),
            Place::Virtual(_) | Place::Area => unreachable!("{reg} has no place"),
        }
    }

    fn memory(&self, address: &Address) -> MemoryOperand {
        let (base, offset) = match address.base.place() {
            Place::Area => (Register::RBP, address.offset.wrapping_add(self.code.frame.area_offset)),
            Place::Machine(_) | Place::Virtual(_) | Place::Slot(_) => (register(address.base, Width::W64), address.offset),
        };
        match address.index() {
            None => memory(base, offset),
            Some((index, scale)) => {
                let index = register(index, Width::W64);
                MemoryOperand::with_base_index_scale_displ_size(base, index, scale.factor(), i64::from(offset), u32::from(offset != 0))
            }
        }
    }

    fn address_of(&mut self, symbol: SymbolId) -> u64 {
        self.symbols.address(symbol).unwrap_or_else(|| {
            self.unknown = Some(symbol);
            0
        })
    }

    /// Where the recorded values of the instruction are.
    fn locations(&mut self, instr: &Instr) -> Vec<Location> {
        let function = self.function;
        let location = |operand: &Operand| match *operand {
            Operand::Imm(value) => Location::Constant(value as u64),
            Operand::Symbol(symbol) => Location::Constant(self.address_of(symbol)),
            Operand::Mem(_) => unreachable!("memory is not recorded"),
            Operand::Reg(reg) => match (reg.place(), reg.class()) {
                (Place::Slot(index), _) => Location::Stack(self.code.frame.slot(index)),
                (Place::Machine(number), Class::Int) => Location::Int(number),
                (Place::Machine(number), Class::Float) => Location::Float(number),
                (Place::Virtual(_) | Place::Area, _) => unreachable!("{reg} has no place"),
            },
        };
        function.recorded(instr).iter().map(location).collect()
    }

    /// The label of the exit's stub. Guards one after the other often share one.
    fn exit(&mut self, instr: &Instr) -> Label {
        let locations = self.locations(instr);
        let record = ExitRecord { id: instr.id, stub_offset: 0, origin: instr.origin, locations };
        if self.code.exits.last() != Some(&record) {
            let label = self.assembler.label();
            self.code.exits.push(record);
            self.exits.push(label);
        }
        *self.exits.last().expect("there is one by now")
    }

    fn safepoint(&mut self, instr: &Instr) {
        let locations = self.locations(instr);
        let return_offset = self.assembler.position();
        self.code.safepoints.push(SafepointRecord { id: instr.id, return_offset, origin: instr.origin, locations });
    }

    fn patchpoint(&mut self, instr: &Instr) {
        let start = self.assembler.position();
        if start % 8 > 3 {
            self.assembler.align(8);
        }
        self.exit(instr);
        self.code.patchpoints.push(Patchpoint { offset: self.assembler.position(), exit: self.exits.len() as u32 - 1 });
        self.assembler.nops(5);
    }

    fn record_entry(&mut self, id: u32) {
        self.code.entries.push(Entry { id, offset: self.assembler.position() });
    }
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no symbol {}", self.symbol.0)
    }
}

impl std::error::Error for EmitError {}
