//! `super().name` with what a site has found behind a class, so that the order of classes is not walked along each time.

use crate::eval::steps::STEPS;
use crate::frame::Frame;
use crate::shadow::dispatch::{Exit, arg, drop_both_and_go, drop_two_and_go, go, handler, look_or_go, rewrite, site};
use crate::shadow::opcode::{HANDLERS, Specialized};
use bytecode::{Instr, Opcode};
use object::raw;
use object::super_object::site::{How, SuperSite};
use object::super_object::{self, SUPER};
use object::vm::{breaker, breaker_reasons};
use object::{Ref, Vm};

/// What the instruction has found.
///
/// # Safety
///
/// The instruction at `ip`, whose word is `word`, has a form that keeps that.
#[inline(always)]
unsafe fn found<'a>(ip: *const Instr, word: u64) -> &'a SuperSite {
    // SAFETY: the caller's promise: the copy, which owns what the site has found, is running.
    unsafe { &*std::ptr::with_exposed_provenance::<SuperSite>(site(ip, word)[1].get() as usize) }
}

/// Whether what is called is `super` itself.
#[inline(always)]
fn is_super(callee: u64) -> bool {
    callee == SUPER.object().bits()
}

handler!(
    /// The first visit.
    load_super_first(vm ip sp frame word fuel) {
        let form = if is_super(*sp.sub(3)) {
            let shadow = (*(*frame).code).shadow.get().expect("an instruction of a copy is running");
            site(ip, word)[1].set(shadow.new_super_site().expose_provenance() as u64);
            if word >> 32 & 1 != 0 { Specialized::LoadSuperAttrMethod } else { Specialized::LoadSuperAttrAttr }
        } else {
            Specialized::LoadSuperAttrGeneral
        };
        rewrite(ip, form as u8);
        go!(vm, ip, sp, frame, fuel);
    }
);

handler!(
    /// For a call: a function and the receiver it binds.
    load_super_method(vm ip sp frame word fuel) {
        let (callee, class, this) = (*sp.sub(3), *sp.sub(2), *sp.sub(1));
        if is_super(callee)
            && let Some((How::Method, method)) = found(ip, word).find(Ref::from_bits(class), Ref::from_bits(this))
        {
            let method = method.bits();
            raw::increment(method);
            *sp.sub(3) = method;
            *sp.sub(2) = this;
            drop_both_and_go!(vm, ip, sp.sub(1), frame, word, class, callee, fuel);
        }
        return load_super(vm, ip, sp, frame, word, fuel);
    }
);

handler!(
    /// Not for a call, or what binds nothing.
    #[inline(never)]
    load_super(vm ip sp frame word fuel) {
        let (callee, class, this) = (*sp.sub(3), Ref::from_bits(*sp.sub(2)), Ref::from_bits(*sp.sub(1)));
        if !is_super(callee) {
            return load_super_general(vm, ip, sp, frame, word, fuel);
        }
        let seen = found(ip, word);
        let Some((how, value)) = seen.find(class, this) else { return load_super_anew(vm, ip, sp, frame, word, fuel) };
        (*frame).ip = ip;
        let value = match how {
            How::Method if word >> 32 & 1 != 0 => return load_super_method(vm, ip, sp, frame, word, fuel),
            How::Value => value.to_owned(),
            How::Method | How::Bind => match super_object::bind_found(&mut *vm, class, this, value.to_owned()) {
                Ok(value) => value,
                Err(_) => return Exit::raised(ip, sp),
            },
        };
        return put_and_go(vm, ip, sp, frame, value.into_raw(), fuel);
    }
);

/// Puts a value in the place of the three that a look behind a class begins with, for a call with a null above, and goes on.
///
/// # Safety
///
/// As for a handler; the value is handed over.
#[inline(always)]
unsafe fn put_and_go(vm: *mut Vm, ip: *const Instr, sp: *mut u64, frame: *mut Frame, value: u64, fuel: u64) -> Exit {
    // SAFETY: the caller's promise: three references are on the stack.
    unsafe {
        let operands = [*sp.sub(1), *sp.sub(2), std::mem::replace(&mut *sp.sub(3), value)];
        let mut top = sp.sub(2);
        if (*ip).0 >> 32 & 1 != 0 {
            *top = 0;
            top = top.add(1);
        }
        for word in operands {
            if raw::decrement(word) {
                raw::release(word);
            }
        }
        look_or_go!(vm, ip.add(1), top, frame, fuel);
    }
}

handler!(
    /// A receiver that was not seen yet.
    #[cold]
    #[inline(never)]
    load_super_anew(vm ip sp frame word fuel) {
        let seen = found(ip, word);
        if seen.is_overfull() {
            rewrite(ip, Specialized::LoadSuperAttrGeneral as u8);
        } else {
            let name = *(*(*frame).code).names.as_ptr().add(arg(word) >> 2);
            let (class, this) = (Ref::from_bits(*sp.sub(2)), Ref::from_bits(*sp.sub(1)));
            seen.fill(class, this, name);
            if seen.find(class, this).is_some() {
                return load_super(vm, ip, sp, frame, word, fuel);
            }
        }
        return load_super_general(vm, ip, sp, frame, word, fuel);
    }
);

handler!(
    /// A site that sees too many receivers, or where `super` is something else.
    load_super_general(vm ip sp frame word fuel) {
        (*frame).ip = ip;
        let stepped = STEPS[Opcode::LoadSuperAttr as usize](&mut *vm, frame, sp, arg(word) as u32);
        if stepped.result.is_err() {
            return Exit::raised(ip, stepped.sp);
        }
        look_or_go!(vm, ip.add(1), stepped.sp, frame, fuel);
    }
);
