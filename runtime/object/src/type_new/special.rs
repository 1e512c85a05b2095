//! Special methods of native types: how Python's arguments become a slot's, and its result Python's.

use crate::call::Args;
use crate::class::Type;
use crate::exception;
use crate::slots::{Slot, Slots, SpecialMethod, Wrapper};
use crate::value::{Object, Ref};
use crate::vm::{PyResult, Vm};
use bytecode::opcode::Comparison;

/// Raises unless there are as many positional arguments as a special method takes.
fn expect(vm: &mut Vm, special: &SpecialMethod, args: Args<'_>, least: usize, most: usize) -> PyResult<()> {
    if args.has_keywords() {
        return Err(vm.type_error(format!("wrapper {}() takes no keyword arguments", special.name)));
    }
    let given = args.n_positional();
    if given >= least && given <= most {
        return Ok(());
    }
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let message = if least == most {
        format!("expected {least} argument{}, got {given}", plural(least))
    } else if given < least {
        format!("expected at least {least} argument{}, got {given}", plural(least))
    } else {
        format!("expected at most {most} argument{}, got {given}", plural(most))
    };
    Err(vm.type_error(message))
}

fn comparison(position: usize) -> Comparison {
    [Comparison::Less, Comparison::LessEqual, Comparison::Equal, Comparison::NotEqual, Comparison::Greater, Comparison::GreaterEqual][position]
}

/// An optional argument: `None` given counts as none.
fn optional(args: Args<'_>, index: usize) -> Option<Ref<'_>> {
    args.positionals().get(index).copied().filter(|value| !value.is_none())
}

/// Calls the slot behind a special method of a native type.
pub(crate) fn call_special(vm: &mut Vm, class: &'static Type, special: &SpecialMethod, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let slots: &Slots = class.slots();
    const FILLED: &str = "a wrapper exists only where the slot is filled";
    match special.wrapper {
        Wrapper::Call => slots.call.expect(FILLED)(vm, this, args),
        Wrapper::Init => slots.init.expect(FILLED)(vm, this, args).map(|()| Object::none()),
        Wrapper::New => Err(vm.system_error("__new__ is not a slot wrapper")),
        Wrapper::Unary | Wrapper::Iter => {
            expect(vm, special, args, 0, 0)?;
            unary(slots, special.slot).expect(FILLED)(vm, this)
        }
        Wrapper::Hash => {
            expect(vm, special, args, 0, 0)?;
            let hash = slots.hash.expect(FILLED)(vm, this)?;
            Ok(vm.new_int(hash))
        }
        Wrapper::Bool => {
            expect(vm, special, args, 0, 0)?;
            slots.bool.expect(FILLED)(vm, this).map(Object::bool)
        }
        Wrapper::Length => {
            expect(vm, special, args, 0, 0)?;
            let length = slots.len.expect(FILLED)(vm, this)?;
            Ok(vm.new_int(length as i64))
        }
        Wrapper::Next => {
            expect(vm, special, args, 0, 0)?;
            match slots.next.expect(FILLED)(vm, this)? {
                Some(value) => Ok(value),
                None => Err(vm.stop_iteration()),
            }
        }
        Wrapper::Finalize => {
            expect(vm, special, args, 0, 0)?;
            slots.finalize.expect(FILLED)(vm, this).map(|()| Object::none())
        }
        Wrapper::Binary => {
            expect(vm, special, args, 1, 1)?;
            binary(slots, special.slot).expect(FILLED)(vm, this, args.positionals()[0])
        }
        Wrapper::GetAttr => {
            expect(vm, special, args, 1, 1)?;
            let name = vm.attribute_name(args.positionals()[0])?;
            slots.getattr.unwrap_or(crate::attribute::generic_get)(vm, this, name.borrow())
        }
        Wrapper::SetAttr => set_attr(vm, class, special, this, args),
        Wrapper::SetItem | Wrapper::DescrSet => {
            let store = if special.wrapper == Wrapper::SetItem { slots.setitem } else { slots.descr_set }.expect(FILLED);
            let n = if special.position == 0 { 2 } else { 1 };
            expect(vm, special, args, n, n)?;
            store(vm, this, args.positionals()[0], args.positionals().get(1).copied()).map(|()| Object::none())
        }
        Wrapper::Compare => {
            expect(vm, special, args, 1, 1)?;
            slots.compare.expect(FILLED)(vm, this, args.positionals()[0], comparison(special.position))
        }
        Wrapper::Contains => {
            expect(vm, special, args, 1, 1)?;
            slots.contains.expect(FILLED)(vm, this, args.positionals()[0]).map(Object::bool)
        }
        Wrapper::Repeat => {
            expect(vm, special, args, 1, 1)?;
            let count = vm.index_isize(args.positionals()[0])?;
            let repeat = if special.slot == Slot::repeat { slots.repeat } else { slots.inplace_repeat };
            repeat.expect(FILLED)(vm, this, count)
        }
        Wrapper::Number => {
            expect(vm, special, args, 1, 1)?;
            let other = args.positionals()[0];
            let (left, right) = if special.position == 0 { (this, other) } else { (other, this) };
            binary(slots, special.slot).expect(FILLED)(vm, left, right)
        }
        Wrapper::Power => {
            if !args.has_keywords() && !(1..=2).contains(&args.n_positional()) {
                return Err(vm.type_error(format!("expected 1 or 2 arguments, got {}", args.n_positional())));
            }
            expect(vm, special, args, 1, 2)?;
            let other = args.positionals()[0];
            let (left, right) = if special.position == 0 { (this, other) } else { (other, this) };
            slots.power.expect(FILLED)(vm, left, right, optional(args, 1))
        }
        Wrapper::DescrGet => {
            expect(vm, special, args, 1, 2)?;
            let (instance, owner) = (optional(args, 0), optional(args, 1));
            if instance.is_none() && owner.is_none() {
                return Err(vm.type_error("__get__(None, None) is invalid"));
            }
            slots.descr_get.expect(FILLED)(vm, this, instance, owner)
        }
        Wrapper::Buffer => {
            expect(vm, special, args, 1, 1)?;
            super::held_buffer::view(vm, slots.buffer.expect(FILLED), this, args.positionals()[0])
        }
    }
}

/// `object.__setattr__(instance, ...)` must not get around the class's own checks.
fn set_attr(vm: &mut Vm, class: &Type, special: &SpecialMethod, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let n = if special.position == 0 { 2 } else { 1 };
    expect(vm, special, args, n, n)?;
    // The nearest native class of the instance decides what may be set.
    let native = std::iter::successors(Some(this.class()), |class| class.base()).find(|class| !class.is_heap_type());
    let slot = class.slots().setattr.unwrap_or(crate::attribute::generic_set);
    if let Some(native) = native
        && native.slots().setattr.is_some_and(|own| !std::ptr::fn_addr_eq(own, slot))
        && native.is_subclass_of(class)
    {
        let message = format!("can't apply this {} to {} object", special.name, this.class().full_name());
        return Err(vm.type_error(message));
    }
    let name = vm.attribute_name(args.positionals()[0])?;
    slot(vm, this, name.borrow(), args.positionals().get(1).copied()).map(|()| Object::none())
}

fn unary(slots: &Slots, slot: Slot) -> Option<crate::slots::UnaryFn> {
    match slot {
        Slot::repr => slots.repr,
        Slot::str => slots.str,
        Slot::iter => slots.iter,
        Slot::negative => slots.negative,
        Slot::positive => slots.positive,
        Slot::absolute => slots.absolute,
        Slot::invert => slots.invert,
        Slot::int => slots.int,
        Slot::float => slots.float,
        Slot::index => slots.index,
        Slot::r#await => slots.r#await,
        Slot::aiter => slots.aiter,
        Slot::anext => slots.anext,
        _ => None,
    }
}

pub(super) fn binary(slots: &Slots, slot: Slot) -> Option<crate::slots::BinaryFn> {
    match slot {
        Slot::getitem => slots.getitem,
        Slot::concat => slots.concat,
        Slot::inplace_concat => slots.inplace_concat,
        Slot::add => slots.add,
        Slot::subtract => slots.subtract,
        Slot::multiply => slots.multiply,
        Slot::remainder => slots.remainder,
        Slot::left_shift => slots.left_shift,
        Slot::right_shift => slots.right_shift,
        Slot::and => slots.and,
        Slot::xor => slots.xor,
        Slot::or => slots.or,
        Slot::floor_divide => slots.floor_divide,
        Slot::true_divide => slots.true_divide,
        Slot::matrix_multiply => slots.matrix_multiply,
        Slot::inplace_add => slots.inplace_add,
        Slot::inplace_subtract => slots.inplace_subtract,
        Slot::inplace_multiply => slots.inplace_multiply,
        Slot::inplace_remainder => slots.inplace_remainder,
        Slot::inplace_power => slots.inplace_power,
        Slot::inplace_left_shift => slots.inplace_left_shift,
        Slot::inplace_right_shift => slots.inplace_right_shift,
        Slot::inplace_and => slots.inplace_and,
        Slot::inplace_xor => slots.inplace_xor,
        Slot::inplace_or => slots.inplace_or,
        Slot::inplace_floor_divide => slots.inplace_floor_divide,
        Slot::inplace_true_divide => slots.inplace_true_divide,
        Slot::inplace_matrix_multiply => slots.inplace_matrix_multiply,
        _ => None,
    }
}

/// `T.__new__(cls, ...)` of a native type `T`.
pub(super) fn call_new(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let native = this.downcast::<Type>().expect("__new__ is bound to its type").get();
    let name = native.full_name();
    let Some(&first) = args.positionals().first() else {
        return Err(vm.type_error(format!("{name}.__new__(): not enough arguments")));
    };
    let Some(class) = first.downcast::<Type>() else {
        let message = format!("{name}.__new__(X): X is not a type object ({})", first.class().full_name());
        return Err(vm.type_error(message));
    };
    let target = class.get();
    if !target.is_subclass_of(native) {
        let message = format!("{name}.__new__({}): {} is not a subtype of {name}", target.full_name(), target.full_name());
        return Err(vm.type_error(message));
    }
    // The nearest native base of the class must be made by the same function.
    let nearest = std::iter::successors(Some(target), |class| class.base()).find(|class| !class.is_heap_type()).unwrap_or(native);
    let same = match (nearest.slots().new, native.slots().new) {
        (Some(own), Some(asked)) => std::ptr::fn_addr_eq(own, asked),
        _ => true,
    };
    if !same {
        let message = format!("{name}.__new__({}) is not safe, use {}.__new__()", target.full_name(), nearest.full_name());
        return Err(vm.type_error(message));
    }
    match native.slots().new {
        Some(new) => new(vm, class, args.skip(1)),
        None => Err(vm.raise(&exception::TYPE_ERROR, format!("cannot create '{name}' instances"))),
    }
}
