//! Where compiled code goes when it leaves for the interpreter: saves all registers, and hands them to [`crate::deopt`].
//!
//! On arrival the stack holds the return address, the start of the code and the index of the exit; see `codegen-x64`'s `emit`.

use crate::deopt::Saved;
use std::arch::global_asm;

global_asm!(
    ".globl scoria_jit_exit_trampoline",
    "scoria_jit_exit_trampoline:",
    "push r15",
    "push r14",
    "push r13",
    "push r12",
    "push r11",
    "push r10",
    "push r9",
    "push r8",
    "push rdi",
    "push rsi",
    "push rbp",
    "push rsp",
    "push rbx",
    "push rdx",
    "push rcx",
    "push rax",
    "sub rsp, 128",
    "movsd [rsp], xmm0",
    "movsd [rsp+8], xmm1",
    "movsd [rsp+16], xmm2",
    "movsd [rsp+24], xmm3",
    "movsd [rsp+32], xmm4",
    "movsd [rsp+40], xmm5",
    "movsd [rsp+48], xmm6",
    "movsd [rsp+56], xmm7",
    "movsd [rsp+64], xmm8",
    "movsd [rsp+72], xmm9",
    "movsd [rsp+80], xmm10",
    "movsd [rsp+88], xmm11",
    "movsd [rsp+96], xmm12",
    "movsd [rsp+104], xmm13",
    "movsd [rsp+112], xmm14",
    "movsd [rsp+120], xmm15",
    "mov rdi, rsp",
    "sub rsp, 8",
    "call {exit}",
    "add rsp, 264",
    "ret",
    exit = sym crate::deopt::leave,
);

// Where the calls of frames return to of which somebody wants to know: asks `look` where to go on. The result of the call, of either kind, is what the code there finds.
global_asm!(
    ".globl scoria_jit_return_trampoline",
    "scoria_jit_return_trampoline:",
    "sub rsp, 48",
    "mov [rsp], rax",
    "mov [rsp+8], rdx",
    "movsd [rsp+16], xmm0",
    "mov rdi, rsp",
    "mov rsi, r15",
    "mov rdx, rbx",
    "lea rcx, [rsp+48]",
    "call {returned}",
    "mov r11, rax",
    "mov rax, [rsp]",
    "mov rdx, [rsp+8]",
    "movsd xmm0, [rsp+16]",
    "add rsp, 48",
    "jmp r11",
    returned = sym crate::deopt::look::returned,
);

unsafe extern "C" {
    fn scoria_jit_return_trampoline();
    fn scoria_jit_exit_trampoline(saved: *const Saved);
}

/// The address of the trampoline.
pub fn address() -> u64 {
    scoria_jit_exit_trampoline as *const () as u64
}

/// The address of the trampoline of calls.
pub fn return_address() -> usize {
    scoria_jit_return_trampoline as *const () as usize
}
