//! The machine's instructions by name and width, as `iced-x86` numbers them.

use iced_x86::Code;
use lir::{Condition, Width};

/// The forms of a two-operand instruction, each by width.
pub struct Alu {
    pub rm_r: [Code; 4],
    pub r_rm: [Code; 4],
    pub rm_imm8: [Code; 4],
    pub rm_imm: [Code; 4],
}

pub const ADD: Alu = Alu {
    rm_r: [Code::Add_rm8_r8, Code::Add_rm16_r16, Code::Add_rm32_r32, Code::Add_rm64_r64],
    r_rm: [Code::Add_r8_rm8, Code::Add_r16_rm16, Code::Add_r32_rm32, Code::Add_r64_rm64],
    rm_imm8: [Code::Add_rm8_imm8, Code::Add_rm16_imm8, Code::Add_rm32_imm8, Code::Add_rm64_imm8],
    rm_imm: [Code::Add_rm8_imm8, Code::Add_rm16_imm16, Code::Add_rm32_imm32, Code::Add_rm64_imm32],
};
pub const SUB: Alu = Alu {
    rm_r: [Code::Sub_rm8_r8, Code::Sub_rm16_r16, Code::Sub_rm32_r32, Code::Sub_rm64_r64],
    r_rm: [Code::Sub_r8_rm8, Code::Sub_r16_rm16, Code::Sub_r32_rm32, Code::Sub_r64_rm64],
    rm_imm8: [Code::Sub_rm8_imm8, Code::Sub_rm16_imm8, Code::Sub_rm32_imm8, Code::Sub_rm64_imm8],
    rm_imm: [Code::Sub_rm8_imm8, Code::Sub_rm16_imm16, Code::Sub_rm32_imm32, Code::Sub_rm64_imm32],
};
pub const AND: Alu = Alu {
    rm_r: [Code::And_rm8_r8, Code::And_rm16_r16, Code::And_rm32_r32, Code::And_rm64_r64],
    r_rm: [Code::And_r8_rm8, Code::And_r16_rm16, Code::And_r32_rm32, Code::And_r64_rm64],
    rm_imm8: [Code::And_rm8_imm8, Code::And_rm16_imm8, Code::And_rm32_imm8, Code::And_rm64_imm8],
    rm_imm: [Code::And_rm8_imm8, Code::And_rm16_imm16, Code::And_rm32_imm32, Code::And_rm64_imm32],
};
pub const OR: Alu = Alu {
    rm_r: [Code::Or_rm8_r8, Code::Or_rm16_r16, Code::Or_rm32_r32, Code::Or_rm64_r64],
    r_rm: [Code::Or_r8_rm8, Code::Or_r16_rm16, Code::Or_r32_rm32, Code::Or_r64_rm64],
    rm_imm8: [Code::Or_rm8_imm8, Code::Or_rm16_imm8, Code::Or_rm32_imm8, Code::Or_rm64_imm8],
    rm_imm: [Code::Or_rm8_imm8, Code::Or_rm16_imm16, Code::Or_rm32_imm32, Code::Or_rm64_imm32],
};
pub const XOR: Alu = Alu {
    rm_r: [Code::Xor_rm8_r8, Code::Xor_rm16_r16, Code::Xor_rm32_r32, Code::Xor_rm64_r64],
    r_rm: [Code::Xor_r8_rm8, Code::Xor_r16_rm16, Code::Xor_r32_rm32, Code::Xor_r64_rm64],
    rm_imm8: [Code::Xor_rm8_imm8, Code::Xor_rm16_imm8, Code::Xor_rm32_imm8, Code::Xor_rm64_imm8],
    rm_imm: [Code::Xor_rm8_imm8, Code::Xor_rm16_imm16, Code::Xor_rm32_imm32, Code::Xor_rm64_imm32],
};
pub const CMP: Alu = Alu {
    rm_r: [Code::Cmp_rm8_r8, Code::Cmp_rm16_r16, Code::Cmp_rm32_r32, Code::Cmp_rm64_r64],
    r_rm: [Code::Cmp_r8_rm8, Code::Cmp_r16_rm16, Code::Cmp_r32_rm32, Code::Cmp_r64_rm64],
    rm_imm8: [Code::Cmp_rm8_imm8, Code::Cmp_rm16_imm8, Code::Cmp_rm32_imm8, Code::Cmp_rm64_imm8],
    rm_imm: [Code::Cmp_rm8_imm8, Code::Cmp_rm16_imm16, Code::Cmp_rm32_imm32, Code::Cmp_rm64_imm32],
};

/// A shift or rotation, by width.
pub struct Shift {
    pub rm_imm8: [Code; 4],
    pub rm_cl: [Code; 4],
}

pub const SHL: Shift = Shift {
    rm_imm8: [Code::Shl_rm8_imm8, Code::Shl_rm16_imm8, Code::Shl_rm32_imm8, Code::Shl_rm64_imm8],
    rm_cl: [Code::Shl_rm8_CL, Code::Shl_rm16_CL, Code::Shl_rm32_CL, Code::Shl_rm64_CL],
};
pub const SHR: Shift = Shift {
    rm_imm8: [Code::Shr_rm8_imm8, Code::Shr_rm16_imm8, Code::Shr_rm32_imm8, Code::Shr_rm64_imm8],
    rm_cl: [Code::Shr_rm8_CL, Code::Shr_rm16_CL, Code::Shr_rm32_CL, Code::Shr_rm64_CL],
};
pub const SAR: Shift = Shift {
    rm_imm8: [Code::Sar_rm8_imm8, Code::Sar_rm16_imm8, Code::Sar_rm32_imm8, Code::Sar_rm64_imm8],
    rm_cl: [Code::Sar_rm8_CL, Code::Sar_rm16_CL, Code::Sar_rm32_CL, Code::Sar_rm64_CL],
};
pub const ROL: Shift = Shift {
    rm_imm8: [Code::Rol_rm8_imm8, Code::Rol_rm16_imm8, Code::Rol_rm32_imm8, Code::Rol_rm64_imm8],
    rm_cl: [Code::Rol_rm8_CL, Code::Rol_rm16_CL, Code::Rol_rm32_CL, Code::Rol_rm64_CL],
};
pub const ROR: Shift = Shift {
    rm_imm8: [Code::Ror_rm8_imm8, Code::Ror_rm16_imm8, Code::Ror_rm32_imm8, Code::Ror_rm64_imm8],
    rm_cl: [Code::Ror_rm8_CL, Code::Ror_rm16_CL, Code::Ror_rm32_CL, Code::Ror_rm64_CL],
};

pub const TEST_RM_R: [Code; 4] = [Code::Test_rm8_r8, Code::Test_rm16_r16, Code::Test_rm32_r32, Code::Test_rm64_r64];
pub const TEST_RM_IMM: [Code; 4] = [Code::Test_rm8_imm8, Code::Test_rm16_imm16, Code::Test_rm32_imm32, Code::Test_rm64_imm32];
pub const NEG: [Code; 4] = [Code::Neg_rm8, Code::Neg_rm16, Code::Neg_rm32, Code::Neg_rm64];
pub const NOT: [Code; 4] = [Code::Not_rm8, Code::Not_rm16, Code::Not_rm32, Code::Not_rm64];
pub const MOV_RM_R: [Code; 4] = [Code::Mov_rm8_r8, Code::Mov_rm16_r16, Code::Mov_rm32_r32, Code::Mov_rm64_r64];
pub const MOV_RM_IMM: [Code; 4] = [Code::Mov_rm8_imm8, Code::Mov_rm16_imm16, Code::Mov_rm32_imm32, Code::Mov_rm64_imm32];
/// Loads that clear the rest of the register. The destination has 32 bits but for the last.
pub const MOV_ZERO_EXTENDED: [Code; 4] = [Code::Movzx_r32_rm8, Code::Movzx_r32_rm16, Code::Mov_r32_rm32, Code::Mov_r64_rm64];
/// The destination has 64 bits.
pub const MOV_SIGN_EXTENDED: [Code; 4] = [Code::Movsx_r64_rm8, Code::Movsx_r64_rm16, Code::Movsxd_r64_rm32, Code::Mov_r64_rm64];

/// The instructions that are there for 32 and 64 bits only.
pub struct Wide {
    narrow: Code,
    wide: Code,
}

impl Wide {
    pub const fn of(&self, width: Width) -> Code {
        if matches!(width, Width::W64) { self.wide } else { self.narrow }
    }
}

macro_rules! wide {
    ($($NAME:ident $narrow:ident $wide:ident;)*) => { $( pub const $NAME: Wide = Wide { narrow: Code::$narrow, wide: Code::$wide }; )* };
}

wide! {
    IMUL_R_RM Imul_r32_rm32 Imul_r64_rm64;
    IMUL_R_RM_IMM8 Imul_r32_rm32_imm8 Imul_r64_rm64_imm8;
    IMUL_R_RM_IMM Imul_r32_rm32_imm32 Imul_r64_rm64_imm32;
    IMUL_RM Imul_rm32 Imul_rm64;
    MUL_RM Mul_rm32 Mul_rm64;
    DIV_RM Div_rm32 Div_rm64;
    IDIV_RM Idiv_rm32 Idiv_rm64;
    SIGN_INTO_RDX Cdq Cqo;
    BT_RM_R Bt_rm32_r32 Bt_rm64_r64;
    BT_RM_IMM8 Bt_rm32_imm8 Bt_rm64_imm8;
    CVTSI2SD Cvtsi2sd_xmm_rm32 Cvtsi2sd_xmm_rm64;
    CVTTSD2SI Cvttsd2si_r32_xmmm64 Cvttsd2si_r64_xmmm64;
}

/// The instructions of a condition of the flags: `jcc` short and long, `setcc`, `cmovcc`.
pub struct Conditional {
    pub jump_short: Code,
    pub jump: Code,
    pub set: Code,
    pub move_if: Code,
}

/// By `Condition`, in the order of its flags.
const CONDITIONAL: [Conditional; 16] = [
    Conditional { jump_short: Code::Jo_rel8_64, jump: Code::Jo_rel32_64, set: Code::Seto_rm8, move_if: Code::Cmovo_r64_rm64 },
    Conditional { jump_short: Code::Jno_rel8_64, jump: Code::Jno_rel32_64, set: Code::Setno_rm8, move_if: Code::Cmovno_r64_rm64 },
    Conditional { jump_short: Code::Jb_rel8_64, jump: Code::Jb_rel32_64, set: Code::Setb_rm8, move_if: Code::Cmovb_r64_rm64 },
    Conditional { jump_short: Code::Jae_rel8_64, jump: Code::Jae_rel32_64, set: Code::Setae_rm8, move_if: Code::Cmovae_r64_rm64 },
    Conditional { jump_short: Code::Je_rel8_64, jump: Code::Je_rel32_64, set: Code::Sete_rm8, move_if: Code::Cmove_r64_rm64 },
    Conditional { jump_short: Code::Jne_rel8_64, jump: Code::Jne_rel32_64, set: Code::Setne_rm8, move_if: Code::Cmovne_r64_rm64 },
    Conditional { jump_short: Code::Jbe_rel8_64, jump: Code::Jbe_rel32_64, set: Code::Setbe_rm8, move_if: Code::Cmovbe_r64_rm64 },
    Conditional { jump_short: Code::Ja_rel8_64, jump: Code::Ja_rel32_64, set: Code::Seta_rm8, move_if: Code::Cmova_r64_rm64 },
    Conditional { jump_short: Code::Js_rel8_64, jump: Code::Js_rel32_64, set: Code::Sets_rm8, move_if: Code::Cmovs_r64_rm64 },
    Conditional { jump_short: Code::Jns_rel8_64, jump: Code::Jns_rel32_64, set: Code::Setns_rm8, move_if: Code::Cmovns_r64_rm64 },
    Conditional { jump_short: Code::Jp_rel8_64, jump: Code::Jp_rel32_64, set: Code::Setp_rm8, move_if: Code::Cmovp_r64_rm64 },
    Conditional { jump_short: Code::Jnp_rel8_64, jump: Code::Jnp_rel32_64, set: Code::Setnp_rm8, move_if: Code::Cmovnp_r64_rm64 },
    Conditional { jump_short: Code::Jl_rel8_64, jump: Code::Jl_rel32_64, set: Code::Setl_rm8, move_if: Code::Cmovl_r64_rm64 },
    Conditional { jump_short: Code::Jge_rel8_64, jump: Code::Jge_rel32_64, set: Code::Setge_rm8, move_if: Code::Cmovge_r64_rm64 },
    Conditional { jump_short: Code::Jle_rel8_64, jump: Code::Jle_rel32_64, set: Code::Setle_rm8, move_if: Code::Cmovle_r64_rm64 },
    Conditional { jump_short: Code::Jg_rel8_64, jump: Code::Jg_rel32_64, set: Code::Setg_rm8, move_if: Code::Cmovg_r64_rm64 },
];

/// The condition is one of the flags.
pub fn conditional(condition: Condition) -> &'static Conditional {
    &CONDITIONAL[condition as usize]
}
