//! Random functions that satisfy `verify`, end soon, and touch no memory but their own.
//!
//! A function is made from a list of numbers, each of which decides something, so that proptest can shrink it. Control flow is made of
//! branches that meet again, loops that count down, and switches; values of before stay in scope within.

use lir::{Address, BlockId, Builder, Class, Condition, Edge, Function, Operand, Reg, Scale, SymbolId, Width};

/// The numbers that decide; zeros when they are used up.
struct Choices<'a> {
    numbers: &'a [u32],
}

impl Choices<'_> {
    fn next(&mut self) -> u32 {
        let Some((first, rest)) = self.numbers.split_first() else { return 0 };
        self.numbers = rest;
        *first
    }

    fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    fn done(&self) -> bool {
        self.numbers.is_empty()
    }
}

struct Generator<'a, 'b> {
    choices: Choices<'a>,
    builder: Builder<'b>,
    ints: Vec<Reg>,
    floats: Vec<Reg>,
    /// Ids of exits, safepoints and origins.
    next_id: u32,
    /// Numbers left for branches and loops.
    depth: u32,
}

pub const N_SYMBOLS: u32 = 4;

const FLAGS: [Condition; 16] = {
    let mut flags = [Condition::Equal; 16];
    let mut index = 0;
    while index < 16 {
        flags[index] = Condition::ALL[index];
        index += 1;
    }
    flags
};

/// Makes a function of the numbers.
pub fn generate(numbers: &[u32]) -> Function {
    let mut function = Function::new("random");
    function.area = 4;
    let mut generator =
        Generator { choices: Choices { numbers }, builder: Builder::new(&mut function), ints: Vec::new(), floats: Vec::new(), next_id: 0, depth: 3 };
    generator.function();
    function
}

impl Generator<'_, '_> {
    fn function(&mut self) {
        if self.choices.below(4) == 3 {
            let start = self.builder.new_block();
            let other = self.builder.new_block();
            self.builder.entry_switch([(0, start), (7, other)]);
            self.builder.switch_to(other);
            self.ints = self.builder.arguments(1);
            self.seed();
            self.finish();
            self.builder.switch_to(start);
        }
        self.ints = self.builder.arguments(4);
        self.seed();
        while !self.choices.done() {
            self.statement();
        }
        self.finish();
    }

    /// Every function has a constant and floats to work with.
    fn seed(&mut self) {
        for word in 0..4 {
            self.builder.store(Width::W64, Address::new(Reg::AREA, 8 * word), 0i64);
        }
        self.ints.push(self.builder.load_imm(0x1234_5678_9abc));
        let float = self.builder.load_float_imm(1.5);
        let other = self.builder.int_to_float(Width::W64, self.ints[0]);
        self.floats = vec![float, other];
    }

    fn finish(&mut self) {
        match self.choices.below(4) {
            0 => {
                let values = [self.int().into(), self.operand()];
                self.builder.ret(&values);
            }
            1 => {
                let value = self.float();
                self.builder.ret(&[value.into()]);
            }
            2 => {
                let values = self.recorded();
                self.with_exit(&values, |builder, exit| builder.exit(exit));
            }
            _ => {
                let value = self.int();
                self.builder.ret(&[value.into()]);
            }
        }
    }

    fn int(&mut self) -> Reg {
        let index = self.choices.below(self.ints.len());
        self.ints[index]
    }

    fn float(&mut self) -> Reg {
        let index = self.choices.below(self.floats.len());
        self.floats[index]
    }

    fn width(&mut self) -> Width {
        self.choices.of(&[Width::W64, Width::W32, Width::W64, Width::W16, Width::W8])
    }

    fn wide(&mut self) -> Width {
        self.choices.of(&[Width::W64, Width::W32])
    }

    /// An address within the memory, perhaps with an index.
    fn address(&mut self) -> Address {
        let offset = self.choices.below(64) as i32;
        let base = self.choices.of(&[Reg::VM, Reg::FRAME, Reg::AREA]);
        let offset = if base == Reg::AREA { offset % 25 } else { offset };
        if self.choices.below(3) == 0 && base != Reg::AREA {
            let value = self.int();
            let index = self.builder.and(Width::W64, value, 7i64);
            return Address::indexed(base, index, self.choices.of(&Scale::ALL), offset % 56);
        }
        Address::new(base, offset)
    }

    /// A register, an immediate or memory.
    fn operand(&mut self) -> Operand {
        match self.choices.below(6) {
            0 => Operand::Imm(i64::from(self.choices.next() as i32)),
            1 => Operand::Imm(self.choices.below(9) as i64 - 4),
            2 => self.address().into(),
            3 => self.choices.of(&[Operand::Imm(0x1234_5678_9abc), Operand::Reg(Reg::VM), Operand::Symbol(SymbolId(1))]),
            _ => self.int().into(),
        }
    }

    fn float_operand(&mut self) -> Operand {
        match self.choices.below(4) {
            0 => self.address().into(),
            _ => self.float().into(),
        }
    }

    fn recorded(&mut self) -> Vec<Operand> {
        let n_values = self.choices.below(7);
        (0..n_values)
            .map(|_| match self.choices.below(6) {
                0 => Operand::Imm(i64::from(self.choices.next())),
                1 => self.float().into(),
                2 => Operand::Symbol(SymbolId(2)),
                _ => self.int().into(),
            })
            .collect()
    }

    fn with_exit<T>(&mut self, values: &[Operand], make: impl FnOnce(&mut Builder<'_>, lir::Record<'_>) -> T) -> T {
        self.next_id += 1;
        self.builder.origin = self.next_id;
        make(&mut self.builder, lir::Record { id: self.next_id, values })
    }

    fn statement(&mut self) {
        match self.choices.below(18) {
            0 | 1 => self.binary(),
            2 => self.unary(),
            3 => self.shift(),
            4 => self.load(),
            5 => self.store(),
            6 => self.float_binary(),
            7 => self.float_other(),
            8 => self.set(),
            9 => self.select(),
            10 => self.guard(),
            11 => self.arithmetic_guard(),
            12 | 13 => self.call(),
            14 => self.divide(),
            15 if self.depth > 0 => self.branch(),
            16 if self.depth > 0 => self.count_down(),
            17 if self.depth > 0 => self.switch(),
            _ => {
                let value = self.choices.next();
                let value = self.builder.load_imm(i64::from(value) << (value % 32));
                self.ints.push(value);
            }
        }
    }

    fn binary(&mut self) {
        let (width, left, right) = (self.width(), self.int(), self.operand());
        let builder = &mut self.builder;
        let value = match self.choices.below(6) {
            0 => builder.add(width, left, right),
            1 => builder.sub(width, left, right),
            2 => builder.and(width, left, right),
            3 => builder.or(width, left, right),
            4 => builder.xor(width, left, right),
            _ => builder.mul(width.max(Width::W32), left, right),
        };
        self.ints.push(value);
    }

    fn unary(&mut self) {
        let (width, src) = (self.width(), self.int());
        let narrow = width.min(Width::W32);
        let address = self.address();
        let builder = &mut self.builder;
        let value = match self.choices.below(6) {
            0 => builder.neg(width, src),
            1 => builder.not(width, src),
            2 => builder.zero_extend(narrow, src),
            3 => builder.sign_extend(narrow, src),
            4 if address.base != Reg::AREA => builder.lea(address),
            _ => builder.move_int(src),
        };
        self.ints.push(value);
    }

    fn shift(&mut self) {
        let (width, src) = (self.width(), self.int());
        let count = if self.choices.below(2) == 0 { Operand::Imm(self.choices.below(64) as i64) } else { self.int().into() };
        let builder = &mut self.builder;
        let value = match self.choices.below(5) {
            0 => builder.shl(width, src, count),
            1 => builder.shr(width, src, count),
            2 => builder.sar(width, src, count),
            3 => builder.rol(width, src, count),
            _ => builder.ror(width, src, count),
        };
        self.ints.push(value);
    }

    fn load(&mut self) {
        let (width, address) = (self.width(), self.address());
        match self.choices.below(3) {
            0 => {
                let value = self.builder.load_float(address);
                self.floats.push(value);
            }
            1 => {
                let value = self.builder.load_signed(width.min(Width::W32), address);
                self.ints.push(value);
            }
            _ => {
                let value = self.builder.load(width, address);
                self.ints.push(value);
            }
        }
    }

    fn store(&mut self) {
        let (width, address) = (self.width(), self.address());
        let src = if self.choices.below(3) == 0 { Operand::Imm(i64::from(self.choices.next() as i32)) } else { self.int().into() };
        let float = self.float();
        let builder = &mut self.builder;
        match self.choices.below(6) {
            0 => builder.store_float(address, float),
            1 => builder.add_memory(width, address, src),
            2 => builder.sub_memory(width, address, src),
            3 => builder.and_memory(width, address, src),
            4 => builder.or_memory(width, address, src),
            _ => builder.store(width, address, src),
        }
    }

    fn float_binary(&mut self) {
        let (left, right) = (self.float(), self.float_operand());
        let builder = &mut self.builder;
        let value = match self.choices.below(4) {
            0 => builder.float_add(left, right),
            1 => builder.float_sub(left, right),
            2 => builder.float_mul(left, right),
            _ => builder.float_div(left, right),
        };
        self.floats.push(value);
    }

    fn float_other(&mut self) {
        let (src, int, width) = (self.float(), self.int(), self.wide());
        let builder = &mut self.builder;
        match self.choices.below(8) {
            0 => self.floats.push(builder.float_sqrt(src)),
            1 => self.floats.push(builder.float_negate(src)),
            2 => self.floats.push(builder.float_absolute(src)),
            3 => self.floats.push(builder.int_to_float(width, int)),
            4 => self.floats.push(builder.bits_to_float(int)),
            5 => self.ints.push(builder.float_to_bits(src)),
            6 => self.floats.push(builder.load_float_imm(f64::from(src.index().unwrap_or(0) as u32))),
            _ => self.ints.push(builder.float_to_int(width, src)),
        }
    }

    fn float_condition(&mut self) -> Condition {
        self.choices.of(&Condition::ALL[16..])
    }

    fn set(&mut self) {
        let (width, condition, left, right) = (self.width(), self.choices.of(&FLAGS), self.operand(), self.operand());
        let value = match self.choices.below(4) {
            0 => self.builder.test_set(width, condition, left, right),
            1 => {
                let condition = self.choices.of(&[Condition::Below, Condition::AboveEqual]);
                let bit = if right.mem().is_some() { Operand::Imm(3) } else { right };
                self.builder.bit_set(width.max(Width::W32), condition, left, bit)
            }
            2 => {
                let (condition, left, right) = (self.float_condition(), self.float(), self.float_operand());
                self.builder.float_compare_set(condition, left, right)
            }
            _ => self.builder.compare_set(width, condition, left, right),
        };
        self.ints.push(value);
    }

    fn select(&mut self) {
        let (width, condition, left, right) = (self.width(), self.choices.of(&FLAGS), self.operand(), self.operand());
        let (if_not, if_so) = (self.int(), self.int());
        let value = match self.choices.below(2) {
            0 => self.builder.test_select(width, condition, if_not, if_so, left, right),
            _ => self.builder.compare_select(width, condition, if_not, if_so, left, right),
        };
        self.ints.push(value);
    }

    fn guard(&mut self) {
        let (width, condition, left, right) = (self.width(), self.choices.of(&FLAGS), self.operand(), self.operand());
        let (recorded, kind, float_condition) = (self.recorded(), self.choices.below(5), self.float_condition());
        let (float, other, value) = (self.float(), self.float_operand(), self.int());
        self.with_exit(&recorded, |builder, exit| match kind {
            0 => builder.guard_test(width, condition, left, right, exit),
            1 => builder.guard_bit(width.max(Width::W32), Condition::Below, value, 5i64, exit),
            2 => builder.guard_float_compare(float_condition, float, other, exit),
            3 => builder.patchpoint(exit),
            _ => builder.guard_compare(width, condition, left, right, exit),
        });
    }

    fn arithmetic_guard(&mut self) {
        let (width, left, right) = (self.wide(), self.int(), self.operand());
        let (mut recorded, kind) = (self.recorded(), self.choices.below(4));
        recorded.push(left.into());
        let value = self.with_exit(&recorded, |builder, exit| match kind {
            0 => builder.guard_add(width, Condition::NoOverflow, left, right, exit),
            1 => builder.guard_sub(width, Condition::NoOverflow, left, right, exit),
            2 => builder.guard_mul(width, Condition::NoOverflow, left, right, exit),
            _ => builder.guard_neg(width, Condition::NotEqual, left, exit),
        });
        self.ints.push(value);
    }

    fn call(&mut self) {
        let target = match self.choices.below(3) {
            0 => self.builder.load_address(SymbolId(0)).into(),
            _ => Operand::Symbol(SymbolId(self.choices.next() % N_SYMBOLS)),
        };
        let n_args = self.choices.below(11);
        let args: Vec<Operand> = (0..n_args)
            .map(|_| match self.choices.below(7) {
                0 => Operand::Imm(i64::from(self.choices.next()) << 7),
                1 => Operand::Reg(Reg::FRAME),
                2 | 3 => self.float().into(),
                _ => self.int().into(),
            })
            .collect();
        let recorded = self.recorded();
        let results: &[Class] = self.choices.of(&[&[Class::Int][..], &[], &[Class::Int, Class::Int], &[Class::Int], &[Class::Float]]);
        let defs = self.with_exit(&recorded, |builder, safepoint| builder.call(target, &args, results, safepoint));
        if results == [Class::Float] {
            self.floats.extend(defs);
        } else {
            self.ints.extend(defs);
        }
    }

    fn divide(&mut self) {
        let (width, left, right) = (self.wide(), self.int(), self.int());
        let pair = match self.choices.below(4) {
            0 => self.builder.mul_wide(width, left, right),
            1 => self.builder.mul_wide_unsigned(width, left, right),
            kind => {
                // Positive and small, so that nothing traps.
                let masked = self.builder.and(width, right, 0xfffi64);
                let divisor = self.builder.or(width, masked, 1i64);
                if kind == 2 { self.builder.divide(width, left, divisor) } else { self.builder.divide_unsigned(width, left, divisor) }
            }
        };
        self.ints.extend(pair);
    }

    /// Some statements in a block of their own that ends in a jump to the join, with the join's arguments.
    fn arm(&mut self, block: BlockId, join: BlockId, n_statements: usize) {
        let (n_ints, n_floats) = (self.ints.len(), self.floats.len());
        self.builder.switch_to(block);
        for _ in 0..n_statements {
            self.statement();
        }
        let args = vec![self.int(), self.int(), self.float()];
        self.builder.branch(Edge::new(join, args));
        self.ints.truncate(n_ints);
        self.floats.truncate(n_floats);
    }

    fn join(&mut self) -> BlockId {
        let join = self.builder.new_block();
        self.builder.function.add_param(join, Class::Int);
        self.builder.function.add_param(join, Class::Int);
        self.builder.function.add_param(join, Class::Float);
        join
    }

    fn go_on_at(&mut self, join: BlockId) {
        self.builder.switch_to(join);
        let params = self.builder.function.block(join).params.clone();
        self.ints.extend(&params[..2]);
        self.floats.push(params[2]);
    }

    fn branch(&mut self) {
        self.depth -= 1;
        let (width, condition, left, right) = (self.width(), self.choices.of(&FLAGS), self.operand(), self.operand());
        let (float_condition, float, other, kind) = (self.float_condition(), self.float(), self.float_operand(), self.choices.below(8));
        let join = self.join();
        let so = self.builder.new_block();
        let direct = self.choices.below(4) == 0;
        let not = if self.choices.below(2) == 0 { self.builder.new_block() } else { self.builder.new_cold_block() };
        let edge_to_join = Edge::new(join, vec![self.int(), self.int(), self.float()]);
        let (so_edge, not_edge) = (Edge::new(so, Vec::new()), if direct { edge_to_join } else { Edge::new(not, Vec::new()) });
        let value = self.int();
        let address = self.address();
        let builder = &mut self.builder;
        match kind {
            0 => builder.test_jump(width, condition, left, right, so_edge, not_edge),
            1 => builder.float_compare_jump(float_condition, float, other, so_edge, not_edge),
            2 => builder.bit_jump(Width::W64, Condition::AboveEqual, value, 2i64, so_edge, not_edge),
            3 => builder.sub_memory_jump(width, condition, address, 1i64, so_edge, not_edge),
            4 => self.ints.push(builder.add_jump(Width::W64, condition, value, right, so_edge, not_edge)),
            5 => self.ints.push(builder.sub_jump(Width::W32, condition, value, right, so_edge, not_edge)),
            6 => self.ints.push(builder.mul_jump(Width::W64, Condition::Overflow, value, right, so_edge, not_edge)),
            _ => builder.compare_jump(width, condition, left, right, so_edge, not_edge),
        }
        let from = self.builder.block();
        if direct && matches!(kind, 4..=6) {
            // The result on the instruction's own edge.
            let result = *self.ints.last().expect("it has been added");
            self.builder.function.blocks[from.index()].edges[1].args[0] = result;
        }
        let n_statements = self.choices.below(4);
        self.arm(so, join, n_statements);
        if direct {
            self.builder.switch_to(not);
            self.builder.unreachable();
        } else {
            let n_statements = self.choices.below(4);
            self.arm(not, join, n_statements);
        }
        self.go_on_at(join);
        self.depth += 1;
    }

    fn count_down(&mut self) {
        self.depth -= 1;
        let header = self.join();
        let count = self.builder.load_imm(self.choices.below(4) as i64 + 1);
        let args = vec![count, self.int(), self.float()];
        self.builder.branch(Edge::new(header, args));
        let (n_ints, n_floats) = (self.ints.len(), self.floats.len());
        self.go_on_at(header);
        let count = self.builder.function.block(header).params[0];
        for _ in 0..self.choices.below(4) {
            self.statement();
        }
        let after = self.builder.new_block();
        let back = self.builder.new_block();
        let left = self.builder.sub(Width::W64, count, 1i64);
        self.builder.compare_jump(Width::W64, Condition::Greater, left, 0i64, Edge::new(back, Vec::new()), Edge::new(after, Vec::new()));
        self.builder.switch_to(back);
        let args = vec![left, self.int(), self.float()];
        self.builder.branch(Edge::new(header, args));
        self.builder.switch_to(after);
        // What the loop defines is defined behind it, since it runs at least once.
        self.ints.truncate(n_ints + 40);
        self.floats.truncate(n_floats + 20);
        self.depth += 1;
    }

    fn switch(&mut self) {
        self.depth -= 1;
        let value = self.int();
        let index = self.builder.and(Width::W64, value, 7i64);
        let join = self.join();
        let n_cases = self.choices.below(7) + 1;
        let blocks: Vec<BlockId> = (0..n_cases).map(|_| self.builder.new_block()).collect();
        let edges = blocks.iter().map(|block| Edge::new(*block, Vec::new())).collect();
        let otherwise = Edge::new(join, vec![self.int(), self.int(), self.float()]);
        self.builder.switch(index, edges, otherwise);
        for block in blocks {
            let n_statements = self.choices.below(2);
            self.arm(block, join, n_statements);
        }
        self.go_on_at(join);
        self.depth += 1;
    }
}
