//! Runs LIR, before and after allocation, as the machine would: the meaning that allocation must keep.
//!
//! After allocation it is strict: operands that must be in fixed registers or in place are checked, a call fills all registers that it
//! may destroy with rubbish, and what is recorded is read after everything is written.

use lir::{Address, BlockId, Class, Condition, Edges, Function, Instr, Opcode, Operand, Place, Reg, Role, UNLESS_NULL, UNLESS_TAGGED, Width};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Returned(Vec<u64>),
    Exited { id: u32, values: Vec<u64> },
    Trapped,
}

/// A call that was made: the target, its arguments, and what the safepoint recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    pub target: u64,
    pub args: Vec<u64>,
    /// Which of the arguments are floats.
    pub floats: Vec<bool>,
    pub id: u32,
    pub recorded: Vec<u64>,
}

/// All that can be seen of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub end: End,
    pub memory: Vec<u8>,
    pub calls: Vec<Called>,
}

pub const MEMORY_SIZE: usize = 256;
/// Where the area is; no program computes with this address.
const AREA_BASE: u64 = 0x9000_0000_0000;
/// The runs of tests end long before.
const FUEL: u32 = 200_000;

/// Where a run begins.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// The address of the memory; `vm` points at it, and `frame` at its middle.
    pub memory: u64,
    pub entry: u32,
    pub args: [u64; 4],
    /// How symbols are called: their addresses.
    pub symbol: fn(u32) -> u64,
}

impl Default for Start {
    fn default() -> Self {
        Start { memory: 0x1000_0000, entry: 0, args: [3, 5, 1 << 40, u64::MAX - 6], symbol: |id| 0x4000_0000 + 16 * u64::from(id) }
    }
}

/// What every called function returns: a mixture of target and arguments. It also changes the memory.
pub fn mix(target: u64, args: &[u64]) -> u64 {
    args.iter().fold(target ^ 0x9e37_79b9_7f4a_7c15, |hash, arg| (hash ^ arg).wrapping_mul(0x0100_0000_01b3).rotate_left(23))
}

pub fn fill_memory() -> Vec<u8> {
    (0..MEMORY_SIZE).map(|index| (index * 37 + 11) as u8).collect()
}

/// Runs the function from the start.
pub fn run(function: &Function, start: &Start) -> Outcome {
    let mut machine = Machine {
        function,
        start,
        virtuals: vec![0xdead_dead_dead_dead; function.n_virtual as usize],
        ints: [0xdead_0000_0000_beef; 16],
        floats: [0x7ff8_dead_dead_0000; 16],
        slots: vec![0xdead_beef; function.n_slots as usize],
        area: vec![0; 8 * function.area as usize],
        memory: fill_memory(),
        calls: Vec::new(),
    };
    machine.ints[15] = start.memory;
    machine.ints[3] = start.memory + MEMORY_SIZE as u64 / 2;
    machine.ints[5] = 0x6000_0000_0000;
    let end = machine.run();
    Outcome { end, memory: machine.memory, calls: machine.calls }
}

struct Machine<'a> {
    function: &'a Function,
    start: &'a Start,
    virtuals: Vec<u64>,
    ints: [u64; 16],
    floats: [u64; 16],
    slots: Vec<u64>,
    area: Vec<u8>,
    memory: Vec<u8>,
    calls: Vec<Called>,
}

#[derive(Clone, Copy, Default)]
struct Flags {
    overflow: bool,
    carry: bool,
    zero: bool,
    sign: bool,
    parity: bool,
}

impl Flags {
    fn of_result(width: Width, result: u64) -> Flags {
        let result = result & width.mask();
        let sign = width.sign_extend(result) < 0;
        Flags { zero: result == 0, sign, parity: (result as u8).count_ones().is_multiple_of(2), ..Flags::default() }
    }

    fn holds(self, condition: Condition) -> bool {
        use Condition::*;
        match condition {
            Overflow => self.overflow,
            Below => self.carry,
            Equal => self.zero,
            BelowEqual => self.carry || self.zero,
            Sign => self.sign,
            Parity => self.parity,
            Less => self.sign != self.overflow,
            LessEqual => self.zero || self.sign != self.overflow,
            NoOverflow | AboveEqual | NotEqual | Above | NoSign | NoParity | GreaterEqual | Greater => !self.holds(condition.inverse()),
            _ => panic!("{condition} is of floats"),
        }
    }
}

fn add(width: Width, left: u64, right: u64) -> (u64, Flags) {
    let (left, right) = (left & width.mask(), right & width.mask());
    let result = left.wrapping_add(right) & width.mask();
    let overflow = i128::from(width.sign_extend(left)) + i128::from(width.sign_extend(right)) != i128::from(width.sign_extend(result));
    (result, Flags { carry: result < left, overflow, ..Flags::of_result(width, result) })
}

fn sub(width: Width, left: u64, right: u64) -> (u64, Flags) {
    let (left, right) = (left & width.mask(), right & width.mask());
    let result = left.wrapping_sub(right) & width.mask();
    let overflow = i128::from(width.sign_extend(left)) - i128::from(width.sign_extend(right)) != i128::from(width.sign_extend(result));
    (result, Flags { carry: left < right, overflow, ..Flags::of_result(width, result) })
}

fn mul(width: Width, left: u64, right: u64) -> (u64, Flags) {
    let whole = i128::from(width.sign_extend(left)) * i128::from(width.sign_extend(right));
    let result = whole as u64 & width.mask();
    let overflow = i128::from(width.sign_extend(result)) != whole;
    (result, Flags { overflow, carry: overflow, ..Flags::default() })
}

/// The bits of the result as the machine makes them when it is not a number: those of the first operand that is none, made quiet.
fn not_a_number(operands: &[f64], result: f64) -> u64 {
    let first = operands.iter().find(|operand| operand.is_nan());
    match first {
        Some(operand) => operand.to_bits() | 1 << 51,
        None if result.is_nan() => 0xfff8_0000_0000_0000,
        None => result.to_bits(),
    }
}

fn float_holds(condition: Condition, left: f64, right: f64) -> bool {
    use Condition::*;
    match condition {
        FloatEqual => left == right,
        FloatLess => left < right,
        FloatLessEqual => left <= right,
        FloatGreater => left > right,
        FloatGreaterEqual => left >= right,
        FloatOrdered => !left.is_nan() && !right.is_nan(),
        FloatNotEqual | FloatNotLess | FloatNotLessEqual | FloatNotGreater | FloatNotGreaterEqual | FloatUnordered => {
            !float_holds(condition.inverse(), left, right)
        }
        _ => panic!("{condition} is of flags"),
    }
}

fn shift(opcode: Opcode, width: Width, value: u64, count: u64) -> u64 {
    let bits = width.bits();
    let count = count as u32 & if width == Width::W64 { 63 } else { 31 };
    let value = value & width.mask();
    let result = match opcode {
        Opcode::Shl => {
            if count >= bits {
                0
            } else {
                value << count
            }
        }
        Opcode::Shr => {
            if count >= bits {
                0
            } else {
                value >> count
            }
        }
        Opcode::Sar => (width.sign_extend(value) >> count.min(bits - 1)) as u64,
        Opcode::Rol | Opcode::Ror => {
            let count = if opcode == Opcode::Rol { count % bits } else { (bits - count % bits) % bits };
            if count == 0 { value } else { value << count | value >> (bits - count) }
        }
        _ => panic!("{} shifts nothing", opcode.name()),
    };
    result & width.mask()
}

impl Machine<'_> {
    fn run(&mut self) -> End {
        let mut block = BlockId::ENTRY;
        for _ in 0..FUEL {
            match self.block(block) {
                Ok(next) => block = next,
                Err(end) => return end,
            }
        }
        panic!("the program runs for too long:\n{}", self.function);
    }

    fn block(&mut self, id: BlockId) -> Result<BlockId, End> {
        let function = self.function;
        let block = function.block(id);
        let mut edge = 0;
        for instr in &block.instrs {
            self.check_places(instr);
            edge = self.instr(instr, block.edges.len())?;
        }
        let edge = match block.instrs.last().map(|last| last.opcode) {
            Some(Opcode::EntrySwitch) => block.edges.iter().position(|edge| edge.key == self.start.entry).expect("there is such an entry"),
            _ => edge,
        };
        let edge = &block.edges[edge];
        let values: Vec<u64> = edge.args.iter().map(|reg| self.get(*reg)).collect();
        for (param, value) in function.block(edge.block).params.iter().zip(values) {
            self.set(*param, value);
        }
        Ok(edge.block)
    }

    /// After allocation, operands are where the machine wants them.
    fn check_places(&self, instr: &Instr) {
        let function = self.function;
        let is_virtual = function.operands(instr).iter().any(|operand| matches!(operand, Operand::Reg(reg) if reg.is_virtual()));
        if is_virtual || matches!(instr.opcode, Opcode::Move | Opcode::MoveFloat) || instr.opcode.facts().variadic {
            return;
        }
        let n_defs = instr.opcode.n_defs();
        let text = || format!("{} in\n{function}", instr.opcode.name());
        let mut n_memory = 0;
        for (row, operand) in instr.opcode.slots().iter().zip(function.operands(instr)) {
            if let (Some(fixed), Operand::Reg(reg)) = (row.fixed, operand) {
                assert_eq!(fixed, *reg, "{}", text());
            }
            if row.role == Role::Reuse {
                assert_eq!(*operand, function.operands(instr)[n_defs], "{}", text());
            }
            if let Operand::Reg(reg) = operand
                && matches!(reg.place(), Place::Slot(_))
            {
                assert!(row.form.accepts_slot(), "{}", text());
                n_memory += 1;
            }
            n_memory += usize::from(operand.mem().is_some());
        }
        assert!(n_memory <= 1, "{}", text());
    }

    fn get(&self, reg: Reg) -> u64 {
        match (reg.place(), reg.class()) {
            (Place::Virtual(index), _) => self.virtuals[index as usize],
            (Place::Machine(number), Class::Int) => self.ints[usize::from(number)],
            (Place::Machine(number), Class::Float) => self.floats[usize::from(number)],
            (Place::Slot(index), _) => self.slots[index as usize],
            (Place::Area, _) => AREA_BASE,
        }
    }

    fn set(&mut self, reg: Reg, value: u64) {
        assert!(!reg.is_pinned(), "{reg} is written");
        match (reg.place(), reg.class()) {
            (Place::Virtual(index), _) => self.virtuals[index as usize] = value,
            (Place::Machine(number), Class::Int) => self.ints[usize::from(number)] = value,
            (Place::Machine(number), Class::Float) => self.floats[usize::from(number)] = value,
            (Place::Slot(index), _) => self.slots[index as usize] = value,
            (Place::Area, _) => panic!("the area is no register"),
        }
    }

    fn address(&self, address: &Address) -> u64 {
        let index = address.index().map_or(0, |(reg, scale)| self.get(reg) << scale.shift());
        self.get(address.base).wrapping_add(index).wrapping_add(address.offset as i64 as u64)
    }

    fn bytes(&mut self, address: u64, width: Width) -> &mut [u8] {
        let (base, bytes) = if address >= AREA_BASE { (AREA_BASE, &mut self.area) } else { (self.start.memory, &mut self.memory) };
        let start = usize::try_from(address.wrapping_sub(base)).unwrap_or(usize::MAX);
        bytes.get_mut(start..start.saturating_add(width.bytes() as usize)).expect("an access is within the memory")
    }

    fn read(&mut self, address: u64, width: Width) -> u64 {
        let mut word = [0; 8];
        let bytes = self.bytes(address, width);
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(word)
    }

    fn write(&mut self, address: u64, width: Width, value: u64) {
        let bytes = self.bytes(address, width);
        bytes.copy_from_slice(&value.to_le_bytes()[..width.bytes() as usize]);
    }

    /// The operand's value at the width.
    fn value(&mut self, operand: Operand, width: Width) -> u64 {
        let value = match operand {
            Operand::Reg(reg) => self.get(reg),
            Operand::Imm(value) => value as u64,
            Operand::Mem(address) => self.read(self.address(&address), width),
            Operand::Symbol(symbol) => (self.start.symbol)(symbol.0),
        };
        value & width.mask()
    }

    fn float(&mut self, operand: Operand) -> f64 {
        f64::from_bits(self.value(operand, Width::W64))
    }

    fn def(&self, instr: &Instr) -> Reg {
        self.function.def(instr).expect("there is a result")
    }

    /// Writes a result of the width over what was in place.
    fn put(&mut self, instr: &Instr, result: u64) {
        let old = match self.function.uses(instr).first() {
            Some(Operand::Reg(reg)) if instr.width < Width::W32 => self.get(*reg) & !instr.width.mask(),
            _ => 0,
        };
        self.set(self.def(instr), old | result & instr.width.mask());
    }

    fn recorded(&mut self, instr: &Instr) -> Vec<u64> {
        let function = self.function;
        function.recorded(instr).iter().map(|operand| self.value(*operand, Width::W64)).collect()
    }

    /// Whether the instruction's condition holds; arithmetic is done on the way.
    fn test(&mut self, instr: &Instr) -> bool {
        use Opcode::*;
        let (uses, width) = (self.function.uses(instr), instr.width);
        let flags = match instr.opcode {
            CompareSet | CompareJump | GuardCompare => sub(width, self.value(uses[0], width), self.value(uses[1], width)).1,
            CompareSelect => sub(width, self.value(uses[2], width), self.value(uses[3], width)).1,
            TestSet | TestJump | GuardTest => Flags::of_result(width, self.value(uses[0], width) & self.value(uses[1], width)),
            TestSelect => Flags::of_result(width, self.value(uses[2], width) & self.value(uses[3], width)),
            BitSet | BitJump | GuardBit => {
                let bit = self.value(uses[1], width) % u64::from(width.bits());
                Flags { carry: self.value(uses[0], width) >> bit & 1 == 1, ..Flags::default() }
            }
            FloatCompareSet | FloatCompareJump | GuardFloatCompare => {
                return float_holds(instr.condition, self.float(uses[0]), self.float(uses[1]));
            }
            AddJump | GuardAdd | SubJump | GuardSub | MulJump | GuardMul | NegJump | GuardNeg => {
                let left = self.value(uses[0], width);
                let (result, flags) = match instr.opcode {
                    AddJump | GuardAdd => add(width, left, self.value(uses[1], width)),
                    SubJump | GuardSub => sub(width, left, self.value(uses[1], width)),
                    MulJump | GuardMul => mul(width, left, self.value(uses[1], width)),
                    _ => sub(width, 0, left),
                };
                self.put(instr, result);
                flags
            }
            AddMemoryJump | SubMemoryJump => {
                let at = self.address(&uses[0].mem().expect("an address"));
                let (old, right) = (self.read(at, width), self.value(uses[1], width));
                let (result, flags) = if instr.opcode == AddMemoryJump { add(width, old, right) } else { sub(width, old, right) };
                self.write(at, width, result);
                flags
            }
            _ => panic!("{} has no condition", instr.opcode.name()),
        };
        flags.holds(instr.condition)
    }

    /// Runs one instruction; the result is the number of the edge, of one that ends the block.
    fn instr(&mut self, instr: &Instr, n_edges: usize) -> Result<usize, End> {
        use Opcode::*;
        let (uses, width) = (self.function.uses(instr), instr.width);
        match instr.opcode {
            Move | MoveFloat | LoadImm | LoadFloatImm | LoadAddress | BitsToFloat | FloatToBits => {
                let value = self.value(uses[0], Width::W64);
                self.set(self.def(instr), value);
            }
            Load | ZeroExtend => {
                let value = self.value(uses[0], width);
                self.set(self.def(instr), value);
            }
            LoadSigned | SignExtend => {
                let value = width.sign_extend(self.value(uses[0], width)) as u64;
                self.set(self.def(instr), value);
            }
            LoadFloat => {
                let value = self.value(uses[0], Width::W64);
                self.set(self.def(instr), value);
            }
            Store | StoreFloat => {
                let value = self.value(uses[1], width);
                let at = self.address(&uses[0].mem().expect("an address"));
                self.write(at, width, value);
            }
            Lea => {
                let value = self.address(&uses[0].mem().expect("an address"));
                self.set(self.def(instr), value);
            }
            Add | Sub | And | Or | Xor | Mul | Neg | Not | Shl | Shr | Sar | Rol | Ror => {
                let left = self.value(uses[0], width);
                let right = uses
                    .get(1)
                    .map_or(0, |right| self.value(*right, if matches!(instr.opcode, Shl | Shr | Sar | Rol | Ror) { Width::W8 } else { width }));
                let result = match instr.opcode {
                    Add => left.wrapping_add(right),
                    Sub => left.wrapping_sub(right),
                    And => left & right,
                    Or => left | right,
                    Xor => left ^ right,
                    Mul => left.wrapping_mul(right),
                    Neg => left.wrapping_neg(),
                    Not => !left,
                    opcode => shift(opcode, width, left, right),
                };
                self.put(instr, result);
            }
            MulWide | MulWideUnsigned | Divide | DivideUnsigned => self.wide(instr)?,
            AddMemory | SubMemory | AndMemory | OrMemory => {
                let at = self.address(&uses[0].mem().expect("an address"));
                let (old, right) = (self.read(at, width), self.value(uses[1], width));
                let result = match instr.opcode {
                    AddMemory => old.wrapping_add(right),
                    SubMemory => old.wrapping_sub(right),
                    AndMemory => old & right,
                    _ => old | right,
                };
                self.write(at, width, result);
            }
            FloatAdd | FloatSub | FloatMul | FloatDiv => {
                let (left, right) = (self.float(uses[0]), self.float(uses[1]));
                let result = match instr.opcode {
                    FloatAdd => left + right,
                    FloatSub => left - right,
                    FloatMul => left * right,
                    _ => left / right,
                };
                self.set(self.def(instr), not_a_number(&[left, right], result));
            }
            FloatSqrt | FloatNegate | FloatAbsolute => {
                let value = self.float(uses[0]);
                let result = match instr.opcode {
                    FloatSqrt => not_a_number(&[value], value.sqrt()),
                    FloatNegate => value.to_bits() ^ 1 << 63,
                    _ => value.to_bits() & !(1 << 63),
                };
                self.set(self.def(instr), result);
            }
            IntToFloat => {
                let value = width.sign_extend(self.value(uses[0], width)) as f64;
                self.set(self.def(instr), value.to_bits());
            }
            FloatToInt => {
                let value = self.float(uses[0]).trunc();
                let least = width.sign_extend(1 << (width.bits() - 1)) as f64;
                let fits = value >= least && value < -least;
                let result = if fits { value as i64 } else { least as i64 };
                self.set(self.def(instr), result as u64 & width.mask());
            }
            CompareSet | TestSet | BitSet | FloatCompareSet => {
                let holds = self.test(instr);
                self.set(self.def(instr), u64::from(holds));
            }
            CompareSelect | TestSelect => {
                let holds = self.test(instr);
                let value = self.value(uses[usize::from(holds)], Width::W64);
                self.set(self.def(instr), value);
            }
            CompareJump | TestJump | BitJump | FloatCompareJump | AddJump | SubJump | MulJump | NegJump | AddMemoryJump | SubMemoryJump => {
                assert_eq!(instr.opcode.facts().edges, Edges::Two);
                return Ok(usize::from(!self.test(instr)));
            }
            Incref | Decref => {
                let word = self.value(uses[0], Width::W64);
                let unless = self.value(uses[1], Width::W64) as i64;
                let is_address = word as i64 & unless & UNLESS_TAGGED == 0 && (word != 0 || unless & UNLESS_NULL == 0);
                let count = if is_address { self.read(word, Width::W32) } else { u64::from(u32::MAX) };
                let is_counted = (count as u32).cast_signed() >= 0;
                let new = if instr.opcode == Incref { count.wrapping_add(1) } else { count.wrapping_sub(1) };
                if is_counted {
                    self.write(word, Width::W32, new & Width::W32.mask());
                }
                return Ok(usize::from(instr.opcode == Decref && !(is_counted && new & Width::W32.mask() == 0)));
            }
            Branch | EntrySwitch => (),
            Switch => return Ok(usize::try_from(self.value(uses[0], Width::W64)).unwrap_or(usize::MAX).min(n_edges - 1)),
            GuardCompare | GuardTest | GuardBit | GuardFloatCompare | GuardAdd | GuardSub | GuardMul | GuardNeg => {
                if !self.test(instr) {
                    return Err(End::Exited { id: instr.id, values: self.recorded(instr) });
                }
            }
            // What it records is checked by a call to a function of its own.
            Patchpoint => {
                let recorded = self.recorded(instr);
                self.calls.push(Called { target: 0, args: Vec::new(), floats: Vec::new(), id: instr.id, recorded });
            }
            Arguments => {
                let defs: Vec<Reg> = self.function.defs(instr).collect();
                for (def, (value, fixed)) in defs.into_iter().zip(self.start.args.into_iter().zip(&Reg::INT_ARGUMENTS[2..])) {
                    assert!(def.is_virtual() || def == *fixed);
                    self.set(def, value);
                }
            }
            Call => self.call(instr),
            Return => {
                let fixed = |index: usize, class| if class == Class::Float { Reg::XMM0 } else { [Reg::RAX, Reg::RDX][index] };
                for (index, reg) in uses.iter().enumerate().filter_map(|(index, operand)| Some((index, operand.reg()?))) {
                    assert!(reg.is_virtual() || reg == fixed(index, reg.class()));
                }
                return Err(End::Returned(uses.iter().map(|operand| self.value(*operand, Width::W64)).collect()));
            }
            Exit => return Err(End::Exited { id: instr.id, values: self.recorded(instr) }),
            Trap | Unreachable => return Err(End::Trapped),
        }
        Ok(0)
    }

    fn wide(&mut self, instr: &Instr) -> Result<(), End> {
        let (uses, width) = (self.function.uses(instr), instr.width);
        let signed = |value: u64| i128::from(width.sign_extend(value));
        let left = self.value(uses[0], width);
        let (low, high) = match instr.opcode {
            Opcode::MulWide | Opcode::MulWideUnsigned => {
                let right = self.value(uses[1], width);
                let whole =
                    if instr.opcode == Opcode::MulWide { signed(left) * signed(right) } else { (u128::from(left) * u128::from(right)) as i128 };
                (whole as u64, (whole >> width.bits()) as u64)
            }
            _ => {
                // The machine fills rdx before it reads the divisor.
                if self.def(instr) == Reg::RAX {
                    self.ints[2] = 0xbad;
                }
                let right = self.value(uses[1], width);
                let by_sign = instr.opcode == Opcode::Divide;
                let (left, right) = if by_sign { (signed(left), signed(right)) } else { (i128::from(left), i128::from(right)) };
                let limit = 1i128 << (width.bits() - u32::from(by_sign));
                if right == 0 || left / right >= limit {
                    return Err(End::Trapped);
                }
                ((left / right) as u64, (left % right) as u64)
            }
        };
        let defs: Vec<Reg> = self.function.defs(instr).collect();
        self.set(defs[0], low & width.mask());
        self.set(defs[1], high & width.mask());
        Ok(())
    }

    /// After allocation, arguments are in the registers of the C calling convention.
    fn check_arguments(&self, args: &[Operand]) {
        let (mut n_ints, mut n_floats) = (0, 0);
        for operand in args {
            let class = operand.reg().map_or(Class::Int, Reg::class);
            let expected = match class {
                Class::Int => Reg::INT_ARGUMENTS.get(n_ints).copied(),
                Class::Float => (n_floats < Reg::N_FLOAT_ARGUMENTS).then(|| Reg::machine(Class::Float, n_floats as u8)),
            };
            match class {
                Class::Int => n_ints += 1,
                Class::Float => n_floats += 1,
            }
            if let (Operand::Reg(reg), Some(expected)) = (operand, expected) {
                assert!(reg.is_virtual() || reg.is_pinned() || *reg == expected, "{reg} is passed instead of {expected}");
            }
        }
    }

    fn call(&mut self, instr: &Instr) {
        let uses = self.function.uses(instr);
        let target = self.value(uses[0], Width::W64);
        let args: Vec<u64> = uses[1..].iter().map(|operand| self.value(*operand, Width::W64)).collect();
        let floats = uses[1..].iter().map(|operand| operand.reg().is_some_and(|reg| reg.class() == Class::Float)).collect();
        self.check_arguments(&uses[1..]);
        let defs: Vec<Reg> = self.function.defs(instr).collect();
        for number in [0, 1, 2, 6, 7, 8, 9, 10, 11] {
            self.ints[number] = 0xbad0_0000_0000_0000 + number as u64;
        }
        self.floats.fill(0x7ff8_bad0_0000_0000);
        let result = mix(target, &args);
        let at = (result % (MEMORY_SIZE as u64 / 8)) as usize;
        self.memory[at] = self.memory[at].wrapping_add(result as u8);
        for (index, def) in defs.iter().enumerate() {
            let value = if def.class() == Class::Float { ((result >> 40) as f64).to_bits() } else { result.wrapping_add(index as u64) };
            self.set(*def, value);
        }
        let recorded = self.recorded(instr);
        self.calls.push(Called { target, args, floats, id: instr.id, recorded });
    }
}
