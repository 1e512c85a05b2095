//! Bytes from instructions: labels and the jumps to them, registers of a width, the pool of addresses.
//!
//! A jump back is as short as it can be. A jump ahead has four bytes of distance, filled in at the end, or one if the caller
//! knows that this will do.

use crate::encodings::conditional;
use iced_x86::{Code, Encoder, Instruction, MemoryOperand, Register};
use lir::{Class, Condition, Place, Reg, Width};
use std::collections::HashMap;

/// A place in the code, perhaps not reached yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(u32);

/// How far ahead a label is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// At most 127 bytes behind the jump.
    Near,
    Far,
}

/// A register or memory, as the machine's instructions take it.
#[derive(Clone, Copy, Debug)]
pub enum Rm {
    Reg(Reg),
    Mem(MemoryOperand),
}

/// Machine code that is being written.
pub struct Assembler {
    encoder: Encoder,
    position: u32,
    /// The offset of each label, once it is bound.
    labels: Vec<Option<u32>>,
    /// Where distances of four bytes are missing.
    jumps: Vec<(u32, Label)>,
    /// Where distances of one byte are missing.
    short_jumps: Vec<(u32, Label)>,
    /// Words behind the code, and where distances to them are missing.
    pool: Vec<u64>,
    pool_index: HashMap<u64, u32>,
    pool_uses: Vec<(u32, u32)>,
}

const LOW_BYTES: [Register; 16] = [
    Register::AL,
    Register::CL,
    Register::DL,
    Register::BL,
    Register::SPL,
    Register::BPL,
    Register::SIL,
    Register::DIL,
    Register::R8L,
    Register::R9L,
    Register::R10L,
    Register::R11L,
    Register::R12L,
    Register::R13L,
    Register::R14L,
    Register::R15L,
];

/// The register by its name at the width.
pub fn register(reg: Reg, width: Width) -> Register {
    let Place::Machine(number) = reg.place() else { unreachable!("{reg} is not a register of the machine") };
    if reg.class() == Class::Float {
        return Register::XMM0 + u32::from(number);
    }
    match width {
        Width::W8 => LOW_BYTES[usize::from(number)],
        Width::W16 => Register::AX + u32::from(number),
        Width::W32 => Register::EAX + u32::from(number),
        Width::W64 => Register::RAX + u32::from(number),
    }
}

/// `[base + offset]`.
pub fn memory(base: Register, offset: i32) -> MemoryOperand {
    MemoryOperand::with_base_displ_size(base, i64::from(offset), u32::from(offset != 0))
}

impl Assembler {
    pub fn new(capacity: usize) -> Assembler {
        let encoder = Encoder::try_with_capacity(64, capacity).expect("64 bits are a mode of the machine");
        Assembler {
            encoder,
            position: 0,
            labels: Vec::new(),
            jumps: Vec::new(),
            short_jumps: Vec::new(),
            pool: Vec::new(),
            pool_index: HashMap::new(),
            pool_uses: Vec::new(),
        }
    }

    /// Where the next instruction will be.
    pub fn position(&self) -> u32 {
        self.position
    }

    /// A place to jump to that is not known yet.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() as u32 - 1)
    }

    /// Says that a label is here.
    pub fn bind(&mut self, label: Label) {
        debug_assert!(self.labels[label.0 as usize].is_none(), "a label is in one place");
        self.labels[label.0 as usize] = Some(self.position);
    }

    /// Where a label is, once that has been said.
    pub fn offset_of(&self, label: Label) -> u32 {
        self.labels[label.0 as usize].expect("the label is bound")
    }

    fn encode(&mut self, instruction: &Instruction) {
        let length = self.encoder.encode(instruction, u64::from(self.position)).expect("operands have the forms of their tables");
        self.position += length as u32;
    }

    fn made(&mut self, instruction: Result<Instruction, iced_x86::IcedError>) {
        let instruction = instruction.expect("operands have the forms of their tables");
        self.encode(&instruction);
    }

    pub fn plain(&mut self, code: Code) {
        self.encode(&Instruction::with(code));
    }

    pub fn rm(&mut self, code: Code, width: Width, rm: Rm) {
        self.made(match rm {
            Rm::Reg(reg) => Instruction::with1(code, register(reg, width)),
            Rm::Mem(memory) => Instruction::with1(code, memory),
        });
    }

    pub fn reg(&mut self, code: Code, reg: Reg) {
        self.made(Instruction::with1(code, register(reg, Width::W64)));
    }

    /// The register is written, or compared with.
    pub fn reg_rm(&mut self, code: Code, width: Width, reg: Reg, rm: Rm) {
        self.reg_rm_of(code, (width, reg), (width, rm));
    }

    /// As `reg_rm`, with widths that differ.
    pub fn reg_rm_of(&mut self, code: Code, (width, reg): (Width, Reg), (rm_width, rm): (Width, Rm)) {
        let reg = register(reg, width);
        self.made(match rm {
            Rm::Reg(other) => Instruction::with2(code, reg, register(other, rm_width)),
            Rm::Mem(memory) => Instruction::with2(code, reg, memory),
        });
    }

    pub fn rm_reg(&mut self, code: Code, width: Width, rm: Rm, reg: Reg) {
        let reg = register(reg, width);
        self.made(match rm {
            Rm::Reg(other) => Instruction::with2(code, register(other, width), reg),
            Rm::Mem(memory) => Instruction::with2(code, memory, reg),
        });
    }

    pub fn rm_imm(&mut self, code: Code, width: Width, rm: Rm, imm: i32) {
        self.made(match rm {
            Rm::Reg(other) => Instruction::with2(code, register(other, width), imm),
            Rm::Mem(memory) => Instruction::with2(code, memory, imm),
        });
    }

    /// A shift by `cl`.
    pub fn rm_cl(&mut self, code: Code, width: Width, rm: Rm) {
        self.rm_reg_byte(code, width, rm, Register::CL);
    }

    fn rm_reg_byte(&mut self, code: Code, width: Width, rm: Rm, byte: Register) {
        self.made(match rm {
            Rm::Reg(other) => Instruction::with2(code, register(other, width), byte),
            Rm::Mem(memory) => Instruction::with2(code, memory, byte),
        });
    }

    pub fn reg_rm_imm(&mut self, code: Code, width: Width, reg: Reg, rm: Rm, imm: i32) {
        let reg = register(reg, width);
        self.made(match rm {
            Rm::Reg(other) => Instruction::with3(code, reg, register(other, width), imm),
            Rm::Mem(memory) => Instruction::with3(code, reg, memory, imm),
        });
    }

    /// Puts the constant into the register in the fewest bytes. It may write the flags.
    pub fn load_imm(&mut self, reg: Reg, value: u64) {
        if value == 0 {
            self.reg_rm(Code::Xor_r32_rm32, Width::W32, reg, Rm::Reg(reg));
        } else if let Ok(value) = u32::try_from(value) {
            self.made(Instruction::with2(Code::Mov_r32_imm32, register(reg, Width::W32), value));
        } else if let Ok(value) = i32::try_from(value as i64) {
            self.rm_imm(Code::Mov_rm64_imm32, Width::W64, Rm::Reg(reg), value);
        } else {
            self.made(Instruction::with2(Code::Mov_r64_imm64, register(reg, Width::W64), value));
        }
    }

    pub fn push_imm(&mut self, value: i32) {
        let code = if i8::try_from(value).is_ok() { Code::Pushq_imm8 } else { Code::Pushq_imm32 };
        self.made(Instruction::with1(code, value));
    }

    /// Goes to a label.
    pub fn jump(&mut self, label: Label) {
        self.jump_by(Code::Jmp_rel8_64, Code::Jmp_rel32_64, label, Reach::Far);
    }

    /// Goes to a label if the condition holds.
    pub fn jump_if(&mut self, condition: Condition, label: Label) {
        self.jump_within(Some(condition), label, Reach::Far);
    }

    /// Jumps, on the condition or always, to a label that is this far ahead if it is ahead.
    pub fn jump_within(&mut self, condition: Option<Condition>, label: Label, reach: Reach) {
        match condition.map(conditional) {
            Some(codes) => self.jump_by(codes.jump_short, codes.jump, label, reach),
            None => self.jump_by(Code::Jmp_rel8_64, Code::Jmp_rel32_64, label, reach),
        }
    }

    fn jump_by(&mut self, short: Code, long: Code, label: Label, reach: Reach) {
        match (self.labels[label.0 as usize], reach) {
            (Some(target), _) if self.position - target <= 126 => self.made(Instruction::with_branch(short, u64::from(target))),
            (None, Reach::Near) => {
                self.made(Instruction::with_branch(short, u64::from(self.position)));
                self.short_jumps.push((self.position - 1, label));
            }
            _ => self.jump_long(long, label),
        }
    }

    /// A jump of a known size.
    pub fn jump_far(&mut self, label: Label) {
        self.jump_long(Code::Jmp_rel32_64, label);
    }

    fn jump_long(&mut self, long: Code, label: Label) {
        // The distance is filled in by `finish`.
        self.made(Instruction::with_branch(long, u64::from(self.position)));
        self.jumps.push((self.position - 4, label));
    }

    /// The address of the label.
    pub fn load_label(&mut self, reg: Reg, label: Label) {
        self.with_rip(&mut |at| Instruction::with2(Code::Lea_r64_m, register(reg, Width::W64), at));
        self.jumps.push((self.position - 4, label));
    }

    /// An instruction whose operand in memory ends in the distance of something from the instruction's end.
    fn with_rip(&mut self, make: &mut dyn FnMut(MemoryOperand) -> Result<Instruction, iced_x86::IcedError>) {
        let at = MemoryOperand::with_base_displ_size(Register::RIP, i64::from(self.position), 4);
        self.made(make(at));
    }

    /// `call` or `jmp` to an address that is in the pool.
    pub fn through_pool(&mut self, code: Code, address: u64) {
        self.with_rip(&mut |at| Instruction::with1(code, at));
        let next = self.pool.len() as u32;
        let index = *self.pool_index.entry(address).or_insert(next);
        if index == next {
            self.pool.push(address);
        }
        self.pool_uses.push((self.position - 4, index));
    }

    /// Instructions that do nothing, this many bytes.
    pub fn nops(&mut self, mut n_bytes: u32) {
        const NOPS: [&[u8]; 9] = [
            &[0x90],
            &[0x66, 0x90],
            &[0x0f, 0x1f, 0x00],
            &[0x0f, 0x1f, 0x40, 0x00],
            &[0x0f, 0x1f, 0x44, 0x00, 0x00],
            &[0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
            &[0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
            &[0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
            &[0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
        ];
        while n_bytes > 0 {
            let nop = NOPS[n_bytes.min(9) as usize - 1];
            nop.iter().for_each(|byte| self.encoder.write_u8(*byte));
            self.position += nop.len() as u32;
            n_bytes -= nop.len() as u32;
        }
    }

    /// Fills up to a multiple of the alignment with instructions that do nothing.
    pub fn align(&mut self, alignment: u32) {
        self.nops(self.position.next_multiple_of(alignment) - self.position);
    }

    /// Fills in distances and appends the pool. Returns the bytes, where the code ends and where the pool begins.
    pub fn finish(mut self) -> (Vec<u8>, u32, u32) {
        let end = self.position;
        if !self.pool.is_empty() {
            while !self.position.is_multiple_of(8) {
                // Between code and data, where nothing runs.
                self.encoder.write_u8(0xcc);
                self.position += 1;
            }
        }
        let pool_offset = self.position;
        let mut bytes = self.encoder.take_buffer();
        let mut fill = |at: u32, target: u32| {
            let distance = target as i32 - (at as i32 + 4);
            bytes[at as usize..at as usize + 4].copy_from_slice(&distance.to_le_bytes());
        };
        let target = |label: &Label| self.labels[label.0 as usize].expect("every label is bound by the end");
        for (at, label) in &self.jumps {
            fill(*at, target(label));
        }
        for (at, index) in &self.pool_uses {
            fill(*at, pool_offset + 8 * index);
        }
        for (at, label) in &self.short_jumps {
            let distance = i8::try_from(target(label) as i32 - (*at as i32 + 1)).expect("the label is near");
            bytes[*at as usize] = distance as u8;
        }
        for word in &self.pool {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        (bytes, end, pool_offset)
    }
}
