//! First visits of instructions: which form goes with what is on the stack.
//!
//! Each function is the handler of an instruction that is not specialised yet. It rewrites the instruction, to the
//! general form if nothing special is known, and runs it again.

use super::dispatch::{Exit, arg, go, handler, rewrite, seen, site};
use super::handlers::calls::ClassSite;
use super::handlers::native_calls::{NativeSite, is_len};
use super::opcode::{HANDLERS, Specialized};
use super::original;
use crate::eval::calls;
use crate::frame::Frame;
use crate::function::Function;
use builtins::iterators::{LIST_ITERATOR, TUPLE_ITERATOR, yields_pairs};
use builtins::range::RANGE_ITERATOR;
use builtins::set::{FROZEN_SET, SET};
use builtins::strict_module::{STRICT_MODULE, StrictModule};
use bytecode::opcode::BinaryOp;
use bytecode::{Instr, Opcode};
use object::attribute::cache::{Site, SiteKind};
use object::class::TYPE;
use object::dict::{DICT, Dict, ModuleSite, global_cell};
use object::flat;
use object::int::BOOL;
use object::list::LIST;
use object::raw;
use object::singleton::{MODULE, ModuleObject};
use object::str::STR;
use object::tuple::TUPLE;
use object::{Ref, Vm};

handler!(binary(vm ip sp frame word fuel) {
    let (left, right) = (Ref::from_bits(*sp.sub(2)), Ref::from_bits(*sp.sub(1)));
    let mut form = binary_form(arg(word) as u32, left, right);
    if form == Specialized::BinaryGeneral
        && arg(word) == BinaryOp::Subscript as usize
        && let Some(method) = calls::python_method(left, object::names::__getitem__())
    {
        let site: &Site = seen(ip, word);
        if site.fill_special(left, method) {
            form = Specialized::MethodItem;
        }
    }
    if form == Specialized::BinaryGeneral {
        note_classes(ip, word, left, right);
    }
    rewrite(ip, form as u8);
    go!(vm, ip, sp, frame, fuel);
});

/// Notes the classes of what gets a general form, by their versions: nobody needs them but [`super::feedback`].
///
/// # Safety
///
/// The instruction has a site, is in a copy and has this word.
unsafe fn note_classes(ip: *const Instr, word: u64, first: Ref<'_>, second: Ref<'_>) {
    let versions = u64::from(flat::version_of(first)) | u64::from(flat::version_of(second)) << 32;
    // SAFETY: the caller's promise.
    let site = unsafe { site(ip, word) };
    site[1].set(versions);
}

fn binary_form(op: u32, left: Ref<'_>, right: Ref<'_>) -> Specialized {
    let Some(op) = BinaryOp::from_u32(op) else { return Specialized::BinaryGeneral };
    if raw::are_ints(left.bits(), right.bits()) {
        return match op {
            BinaryOp::Add | BinaryOp::InplaceAdd => Specialized::AddInt,
            BinaryOp::Subtract | BinaryOp::InplaceSubtract => Specialized::SubtractInt,
            BinaryOp::Multiply | BinaryOp::InplaceMultiply => Specialized::MultiplyInt,
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor | BinaryOp::InplaceAnd | BinaryOp::InplaceOr | BinaryOp::InplaceXor => {
                Specialized::BitwiseInt
            }
            _ => Specialized::BinaryGeneral,
        };
    }
    if left.as_small_float().is_some() && right.as_small_float().is_some() {
        return match op {
            BinaryOp::Add | BinaryOp::InplaceAdd => Specialized::AddFloat,
            BinaryOp::Subtract | BinaryOp::InplaceSubtract => Specialized::SubtractFloat,
            BinaryOp::Multiply | BinaryOp::InplaceMultiply => Specialized::MultiplyFloat,
            _ => Specialized::BinaryGeneral,
        };
    }
    if op == BinaryOp::Subscript {
        if raw::is_int(right.bits()) && left.is_exactly(&LIST) {
            return Specialized::ListItem;
        }
        if raw::is_int(right.bits()) && left.is_exactly(&TUPLE) {
            return Specialized::TupleItem;
        }
        if raw::is_int(right.bits()) && left.is_exactly(&STR) {
            return Specialized::StrItem;
        }
        if left.is_exactly(&DICT) && right.is_exactly(&STR) {
            return Specialized::DictItem;
        }
    }
    Specialized::BinaryGeneral
}

handler!(compare(vm ip sp frame word fuel) {
    let (left, right) = (*sp.sub(2), *sp.sub(1));
    let jumps = matches!(original(*ip.add(1)), Opcode::PopJumpIfFalse | Opcode::PopJumpIfTrue);
    let form = match (raw::are_ints(left, right), jumps) {
        (true, true) => Specialized::CompareIntJump,
        (true, false) => Specialized::CompareInt,
        (false, true) => Specialized::CompareGeneralJump,
        (false, false) => Specialized::CompareGeneral,
    };
    if !raw::are_ints(left, right) {
        note_classes(ip, word, Ref::from_bits(left), Ref::from_bits(right));
    }
    rewrite(ip, form as u8);
    go!(vm, ip, sp, frame, fuel);
});

handler!(load_global(vm ip sp frame word fuel) {
    let function = (*frame).function();
    let (globals, builtins) = (function.globals.borrow(), function.builtins.borrow());
    let name = *(*(*frame).code).names.as_ptr().add(arg(word) >> 1);
    let mut form = Specialized::LoadGlobalGeneral;
    if let (false, Some(globals), Some(builtins)) =
        ((*(*frame).code).has_several_scopes(), globals.downcast_exact::<Dict>(), builtins.downcast_exact::<Dict>())
    {
        // The loop raises `NameError`; it may be there the next time.
        let Some(cell) = global_cell(globals, builtins, name) else { return Exit::miss(ip, sp) };
        let is_compared = word >> 32 & 1 == 0 && original(*ip.add(1)) == Opcode::IsOp;
        form = match (cell.is_builtin(), is_compared) {
            (true, false) => Specialized::LoadGlobalBuiltin,
            (false, false) => Specialized::LoadGlobalModule,
            (true, true) => Specialized::LoadGlobalBuiltinIs,
            (false, true) => Specialized::LoadGlobalModuleIs,
        };
        let shadow = (*(*frame).code).shadow.get().expect("an instruction of a copy is running");
        site(ip, word)[1].set(shadow.keep_cell(cell));
    }
    rewrite(ip, form as u8);
    go!(vm, ip, sp, frame, fuel);
});

handler!(load_attr(vm ip sp frame word fuel) {
    let owner = Ref::from_bits(*sp.sub(1));
    let name = *(*(*frame).code).names.as_ptr().add(arg(word) >> 1);
    let site: &Site = seen(ip, word);
    let form = match site.fill_load(owner, name) {
        Some(SiteKind::Word) => Specialized::LoadAttrWord,
        Some(SiteKind::Method) if word >> 32 & 1 != 0 => Specialized::LoadAttrMethod,
        Some(SiteKind::Method) => Specialized::LoadAttrBound,
        Some(SiteKind::Value) => Specialized::LoadAttrValue,
        _ => load_attr_form_of_namespace(&*vm, ip, word, owner, name),
    };
    match form {
        Specialized::LoadAttrWord => fuse_with_local(ip),
        Specialized::LoadAttrGeneral => note_classes(ip, word, owner, owner),
        _ => {}
    }
    rewrite(ip, form as u8);
    go!(vm, ip, sp, frame, fuel);
});

/// The form for an attribute of a module or class.
///
/// # Safety
///
/// The instruction is in a copy and has this word.
unsafe fn load_attr_form_of_namespace(vm: &Vm, ip: *const Instr, word: u64, owner: Ref<'_>, name: Ref<'_>) -> Specialized {
    if owner.is_exactly(&MODULE)
        && MODULE.lookup(name).is_none()
        && let Some(module) = owner.downcast_exact::<ModuleObject>()
    {
        // SAFETY: the caller's promise.
        let site: &ModuleSite = unsafe { seen(ip, word) };
        if site.fill(module.dict(), name) {
            return Specialized::LoadAttrModule;
        }
    }
    if owner.is_exactly(&STRICT_MODULE)
        && let Some(globals) = owner.downcast_exact::<StrictModule>().and_then(|module| module.get().globals_with(vm, name))
    {
        // SAFETY: the caller's promise.
        let site: &ModuleSite = unsafe { seen(ip, word) };
        if site.fill(globals, name) {
            return Specialized::LoadAttrSModule;
        }
    }
    // SAFETY: the caller's promise.
    let site: &Site = unsafe { seen(ip, word) };
    if word >> 32 & 1 == 0
        && let Some(getter) = calls::python_getter(owner, name)
        && site.fill_special(owner, getter)
    {
        return Specialized::LoadAttrProperty;
    }
    if word >> 32 & 1 != 0 && site.fill_class_method(owner, name) {
        return Specialized::LoadAttrClassMethod;
    }
    if site.fill_class(owner, name) { Specialized::LoadAttrClass } else { Specialized::LoadAttrGeneral }
}

/// Makes the instruction before an attribute of an instance load both, if it loads a local.
///
/// # Safety
///
/// The instruction is in a copy and not the first one.
unsafe fn fuse_with_local(ip: *const Instr) {
    const LOAD_FAST: u8 = Opcode::LoadFast as u8;
    const LOAD_FAST_BORROW: u8 = Opcode::LoadFastBorrow as u8;
    // SAFETY: the caller's promise; code does not begin with the load of an attribute.
    unsafe {
        let before = ip.sub(1);
        match (*before).opcode_byte() {
            LOAD_FAST => rewrite(before, Specialized::LoadFastAttrWord as u8),
            LOAD_FAST_BORROW => rewrite(before, Specialized::LoadFastBorrowAttrWord as u8),
            _ => {}
        }
    }
}

handler!(store_attr(vm ip sp frame word fuel) {
    let owner = Ref::from_bits(*sp.sub(1));
    let name = *(*(*frame).code).names.as_ptr().add(arg(word));
    let site: &Site = seen(ip, word);
    let form = match site.fill_store(owner, name) {
        Some(SiteKind::Word) => Specialized::StoreAttrWord,
        Some(SiteKind::Add) => Specialized::StoreAttrAdd,
        _ => Specialized::StoreAttrGeneral,
    };
    if form == Specialized::StoreAttrGeneral {
        note_classes(ip, word, owner, owner);
    }
    rewrite(ip, form as u8);
    go!(vm, ip, sp, frame, fuel);
});

handler!(for_iter(vm ip sp frame word fuel) {
    let iterator = Ref::from_bits(*sp.sub(1));
    let form = if iterator.is_exactly(&LIST_ITERATOR) {
        Specialized::ForIterList
    } else if iterator.is_exactly(&RANGE_ITERATOR) {
        Specialized::ForIterRange
    } else if iterator.is_exactly(&TUPLE_ITERATOR) {
        Specialized::ForIterTuple
    } else if original(*ip.add(1)) == Opcode::UnpackSequence && (*ip.add(1)).arg() == 2 && yields_pairs(iterator) {
        Specialized::ForIterPair
    } else {
        Specialized::ForIterGeneral
    };
    if matches!(form, Specialized::ForIterGeneral | Specialized::ForIterPair) {
        note_classes(ip, word, iterator, iterator);
    }
    rewrite(ip, form as u8);
    go!(vm, ip, sp, frame, fuel);
});

handler!(store_subscript(vm ip sp frame word fuel) {
    let owner = Ref::from_bits(*sp.sub(2));
    let form = if owner.is_exactly(&LIST) && raw::is_int(*sp.sub(1)) {
        Specialized::StoreListItem
    } else if owner.is_exactly(&DICT) {
        Specialized::StoreDictItem
    } else {
        Specialized::StoreSubscrGeneral
    };
    if form == Specialized::StoreSubscrGeneral {
        note_classes(ip, word, owner, Ref::from_bits(*sp.sub(1)));
    }
    rewrite(ip, form as u8);
    go!(vm, ip, sp, frame, fuel);
});

handler!(call(vm ip sp frame word fuel) {
    let first = sp.sub(arg(word));
    let form = match *first.sub(1) {
        0 if is_python_len(ip, word, first) => Specialized::CallLen,
        this => call_form(ip, word, Ref::from_bits(*first.sub(2)), this != 0),
    };
    rewrite(ip, form as u8);
    go!(vm, ip, sp, frame, fuel);
});

/// Whether this is `len` of an object whose `__len__` is a Python function, which the site notes.
///
/// # Safety
///
/// The instruction is in a copy and has this word; the callable is below its arguments, which are at `first`.
unsafe fn is_python_len(ip: *const Instr, word: u64, first: *mut u64) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        if arg(word) != 1 || !is_len(Ref::from_bits(*first.sub(2))) {
            return false;
        }
        let owner = Ref::from_bits(*first);
        let site: &Site = seen(ip, word);
        calls::python_method(owner, object::names::__len__()).is_some_and(|method| site.fill_special(owner, method))
    }
}

/// The form for a call of `callable`.
///
/// # Safety
///
/// The instruction is in a copy and has this word.
unsafe fn call_form(ip: *const Instr, word: u64, callable: Ref<'_>, has_self: bool) -> Specialized {
    let n = arg(word);
    if let Some(function) = callable.downcast_exact::<Function>() {
        let n_parameters = function.get().code().simple_arguments;
        let has_defaults = n_parameters != u32::MAX && n + usize::from(has_self) < n_parameters as usize;
        return if has_defaults { Specialized::CallDefaults } else { Specialized::CallFunction };
    }
    if callable.is_exactly(&TYPE) && !has_self {
        if n == 1 && callable.is(TYPE.object()) {
            return Specialized::CallType;
        }
        if n == 1 && callable.is(STR.object()) {
            return Specialized::CallStr;
        }
        // SAFETY: the caller's promise.
        let builtin: &NativeSite = unsafe { seen(ip, word) };
        if builtin.fill_class(callable) {
            return Specialized::CallBuiltinClass;
        }
        // SAFETY: the caller's promise.
        let site: &ClassSite = unsafe { seen(ip, word) };
        return if site.fill(callable) { Specialized::CallClass } else { Specialized::CallGeneral };
    }
    // SAFETY: the caller's promise.
    let site: &NativeSite = unsafe { seen(ip, word) };
    site.fill(callable, has_self, n).unwrap_or(Specialized::CallGeneral)
}

handler!(to_bool(vm ip sp frame word fuel) {
    let value = Ref::from_bits(*sp.sub(1));
    let form = if value.is_exactly(&BOOL) {
        Specialized::ToBoolBool
    } else if value.is_none() {
        Specialized::ToBoolNone
    } else if raw::is_int(value.bits()) {
        Specialized::ToBoolInt
    } else if value.is_exactly(&STR) {
        Specialized::ToBoolStr
    } else if value.is_exactly(&LIST) {
        Specialized::ToBoolList
    } else {
        note_classes(ip, word, value, value);
        Specialized::ToBoolGeneral
    };
    rewrite(ip, form as u8);
    go!(vm, ip, sp, frame, fuel);
});

handler!(contains(vm ip sp frame word fuel) {
    let (item, container) = (Ref::from_bits(*sp.sub(2)), Ref::from_bits(*sp.sub(1)));
    let form = if container.is_exactly(&DICT) {
        Specialized::ContainsDict
    } else if container.is_exactly(&SET) || container.is_exactly(&FROZEN_SET) {
        Specialized::ContainsSet
    } else {
        note_classes(ip, word, item, container);
        Specialized::ContainsGeneral
    };
    rewrite(ip, form as u8);
    go!(vm, ip, sp, frame, fuel);
});

handler!(unpack_sequence(vm ip sp frame word fuel) {
    let sequence = Ref::from_bits(*sp.sub(1));
    let form = if sequence.is_exactly(&TUPLE) {
        if arg(word) == 2 { Specialized::UnpackTwoTuple } else { Specialized::UnpackTuple }
    } else if sequence.is_exactly(&LIST) {
        Specialized::UnpackList
    } else {
        note_classes(ip, word, sequence, sequence);
        Specialized::UnpackGeneral
    };
    rewrite(ip, form as u8);
    go!(vm, ip, sp, frame, fuel);
});
