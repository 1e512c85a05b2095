//! `_operator`: the operators as functions.

use builtins::iterators::count_positional;
use bytecode::opcode::{BinaryOp, Comparison};
use object::call::Args;
use object::native::{Module, flag};
use object::str::Str;
use object::{Object, PyResult, Ref, Vm, method};

mod getters;

pub static MODULE: Module = Module {
    name: "_operator",
    doc: "Operator interface.\n\nThis module exports a set of functions implemented in C corresponding\nto the intrinsic operators of Python.  For example, operator.add(x, y)\nis equivalent to the expression x+y.  The function names are those\nused for special methods; variants without leading and trailing\n'__' are also provided for convenience.",
    functions: &[
        method!(Binary truth "($module, a, /)", "Return True if a is true, False otherwise."),
        method!(Bound contains "($module, a, b, /)", "Same as b in a (note reversed operands)."),
        method!(Bound index_of as "indexOf" "($module, a, b, /)", "Return the first index of b in a."),
        method!(Bound count_of as "countOf" "($module, a, b, /)", "Return the number of items in a which are, or which equal, b."),
        method!(Bound is_ "($module, a, b, /)", "Same as a is b."),
        method!(Bound is_not "($module, a, b, /)", "Same as a is not b."),
        method!(Binary is_none "($module, a, /)", "Same as a is None."),
        method!(Binary is_not_none "($module, a, /)", "Same as a is not None."),
        method!(Binary index "($module, a, /)", "Same as a.__index__()"),
        method!(Bound add "($module, a, b, /)", "Same as a + b."),
        method!(Bound sub "($module, a, b, /)", "Same as a - b."),
        method!(Bound mul "($module, a, b, /)", "Same as a * b."),
        method!(Bound matmul "($module, a, b, /)", "Same as a @ b."),
        method!(Bound floordiv "($module, a, b, /)", "Same as a // b."),
        method!(Bound truediv "($module, a, b, /)", "Same as a / b."),
        method!(Bound mod_ as "mod" "($module, a, b, /)", "Same as a % b."),
        method!(Binary neg "($module, a, /)", "Same as -a."),
        method!(Binary pos "($module, a, /)", "Same as +a."),
        method!(Binary abs "($module, a, /)", "Same as abs(a)."),
        method!(Binary inv "($module, a, /)", "Same as ~a."),
        method!(Binary invert "($module, a, /)", "Same as ~a."),
        method!(Bound lshift "($module, a, b, /)", "Same as a << b."),
        method!(Bound rshift "($module, a, b, /)", "Same as a >> b."),
        method!(Binary not_ "($module, a, /)", "Same as not a."),
        method!(Bound and_ "($module, a, b, /)", "Same as a & b."),
        method!(Bound xor "($module, a, b, /)", "Same as a ^ b."),
        method!(Bound or_ "($module, a, b, /)", "Same as a | b."),
        method!(Bound iadd "($module, a, b, /)", "Same as a += b."),
        method!(Bound isub "($module, a, b, /)", "Same as a -= b."),
        method!(Bound imul "($module, a, b, /)", "Same as a *= b."),
        method!(Bound imatmul "($module, a, b, /)", "Same as a @= b."),
        method!(Bound ifloordiv "($module, a, b, /)", "Same as a //= b."),
        method!(Bound itruediv "($module, a, b, /)", "Same as a /= b."),
        method!(Bound imod "($module, a, b, /)", "Same as a %= b."),
        method!(Bound ilshift "($module, a, b, /)", "Same as a <<= b."),
        method!(Bound irshift "($module, a, b, /)", "Same as a >>= b."),
        method!(Bound iand "($module, a, b, /)", "Same as a &= b."),
        method!(Bound ixor "($module, a, b, /)", "Same as a ^= b."),
        method!(Bound ior "($module, a, b, /)", "Same as a |= b."),
        method!(Bound concat "($module, a, b, /)", "Same as a + b, for a and b sequences."),
        method!(Bound iconcat "($module, a, b, /)", "Same as a += b, for a and b sequences."),
        method!(Bound getitem "($module, a, b, /)", "Same as a[b]."),
        method!(Bound setitem "($module, a, b, c, /)", "Same as a[b] = c."),
        method!(Bound delitem "($module, a, b, /)", "Same as del a[b]."),
        method!(Bound pow "($module, a, b, /)", "Same as a ** b."),
        method!(Bound ipow "($module, a, b, /)", "Same as a **= b."),
        method!(Bound eq "($module, a, b, /)", "Same as a == b."),
        method!(Bound ne "($module, a, b, /)", "Same as a != b."),
        method!(Bound lt "($module, a, b, /)", "Same as a < b."),
        method!(Bound le "($module, a, b, /)", "Same as a <= b."),
        method!(Bound gt "($module, a, b, /)", "Same as a > b."),
        method!(Bound ge "($module, a, b, /)", "Same as a >= b."),
        method!(Bound compare_digest as "_compare_digest" "($module, a, b, /)", "Return 'a == b'.\n\nThis function uses an approach designed to prevent\ntiming analysis, making it appropriate for cryptography.\n\na and b must both be of the same type: either str (ASCII only),\nor any bytes-like object.\n\nNote: If a and b are of different lengths, or if an error occurs,\na timing attack could theoretically reveal information about the\ntypes and lengths of a and b--but not their values."),
        method!(Bound length_hint "($module, obj, default=0, /)", "Return an estimate of the number of items in obj.\n\nThis is useful for presizing containers when building from an iterable.\n\nIf the object supports len(), the result will be exact.\nOtherwise, it may over- or under-estimate by an arbitrary amount.\nThe result will be an integer >= 0."),
        method!(Raw call "($module, obj, /, *args, **kwargs)", "Same as obj(*args, **kwargs)."),
    ],
    types: &[&getters::ATTR_GETTER, &getters::ITEM_GETTER, &getters::METHOD_CALLER],
    ..Module::DEFAULT
};

type Bound<'a, 'b> = &'a [Option<Ref<'b>>];

fn pair<'a>(args: Bound<'_, 'a>) -> (Ref<'a>, Ref<'a>) {
    (args[0].expect("a required argument"), args[1].expect("a required argument"))
}

macro_rules! binary_operators {
    ($($name:ident = $Op:ident;)*) => {
        $(fn $name(vm: &mut Vm, _module: Ref<'_>, args: Bound<'_, '_>) -> PyResult {
            let (left, right) = pair(args);
            vm.binary(BinaryOp::$Op, left, right)
        })*
    };
}

binary_operators! {
    add = Add; sub = Subtract; mul = Multiply; matmul = MatrixMultiply; floordiv = FloorDivide; truediv = TrueDivide; mod_ = Remainder;
    lshift = LeftShift; rshift = RightShift; and_ = And; xor = Xor; or_ = Or; pow = Power;
    iadd = InplaceAdd; isub = InplaceSubtract; imul = InplaceMultiply; imatmul = InplaceMatrixMultiply; ifloordiv = InplaceFloorDivide;
    itruediv = InplaceTrueDivide; imod = InplaceRemainder; ilshift = InplaceLeftShift; irshift = InplaceRightShift; iand = InplaceAnd;
    ixor = InplaceXor; ior = InplaceOr; ipow = InplacePower;
}

macro_rules! comparisons {
    ($($name:ident = $Op:ident;)*) => {
        $(fn $name(vm: &mut Vm, _module: Ref<'_>, args: Bound<'_, '_>) -> PyResult {
            let (left, right) = pair(args);
            vm.compare(left, right, Comparison::$Op)
        })*
    };
}

comparisons! { eq = Equal; ne = NotEqual; lt = Less; le = LessEqual; gt = Greater; ge = GreaterEqual; }

macro_rules! unary_operators {
    ($($name:ident = $method:ident;)*) => {
        $(fn $name(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
            vm.$method(object)
        })*
    };
}

unary_operators! { neg = negative; pos = positive; abs = absolute; inv = invert; invert = invert; index = index; }

fn truth(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    vm.is_true(object).map(Object::bool)
}

fn not_(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    Ok(Object::bool(!vm.is_true(object)?))
}

fn is_(_vm: &mut Vm, _module: Ref<'_>, args: Bound<'_, '_>) -> PyResult {
    let (left, right) = pair(args);
    Ok(Object::bool(left.is(right)))
}

fn is_not(_vm: &mut Vm, _module: Ref<'_>, args: Bound<'_, '_>) -> PyResult {
    let (left, right) = pair(args);
    Ok(Object::bool(!left.is(right)))
}

fn is_none(_vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    Ok(Object::bool(object.is_none()))
}

fn is_not_none(_vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    Ok(Object::bool(!object.is_none()))
}

fn contains(vm: &mut Vm, _module: Ref<'_>, args: Bound<'_, '_>) -> PyResult {
    let (container, item) = pair(args);
    vm.contains(container, item).map(Object::bool)
}

/// An iterator, or the error of searches in what cannot be iterated.
fn searched(vm: &mut Vm, container: Ref<'_>) -> PyResult {
    if container.class().slots().iter.is_none() && !vm.is_sequence(container) {
        return Err(vm.type_error(format!("argument of type '{}' is not iterable", container.class().full_name())));
    }
    vm.iter(container)
}

fn index_of(vm: &mut Vm, _module: Ref<'_>, args: Bound<'_, '_>) -> PyResult {
    let (container, value) = pair(args);
    let iterator = searched(vm, container)?;
    let mut index = 0;
    while let Some(item) = vm.next(iterator.borrow())? {
        if vm.equal(item.borrow(), value)? {
            return Ok(vm.new_int(index));
        }
        index += 1;
    }
    Err(vm.value_error("sequence.index(x): x not in sequence"))
}

fn count_of(vm: &mut Vm, _module: Ref<'_>, args: Bound<'_, '_>) -> PyResult {
    let (container, value) = pair(args);
    let iterator = searched(vm, container)?;
    let mut count = 0;
    while let Some(item) = vm.next(iterator.borrow())? {
        count += i64::from(vm.equal(item.borrow(), value)?);
    }
    Ok(vm.new_int(count))
}

/// Whether `+` of sequences makes sense of the object.
fn can_be_concatenated(vm: &Vm, object: Ref<'_>) -> bool {
    let slots = object.class().slots();
    slots.concat.is_some() || (slots.getitem.is_some() && !object.class().has_flag(flag::MAPPING) && vm.is_sequence(object))
}

fn concat_with(vm: &mut Vm, op: BinaryOp, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    if !can_be_concatenated(vm, left) {
        return Err(vm.type_error(format!("'{}' object can't be concatenated", left.class().full_name())));
    }
    vm.binary(op, left, right)
}

fn concat(vm: &mut Vm, _module: Ref<'_>, args: Bound<'_, '_>) -> PyResult {
    let (left, right) = pair(args);
    concat_with(vm, BinaryOp::Add, left, right)
}

fn iconcat(vm: &mut Vm, _module: Ref<'_>, args: Bound<'_, '_>) -> PyResult {
    let (left, right) = pair(args);
    concat_with(vm, BinaryOp::InplaceAdd, left, right)
}

fn getitem(vm: &mut Vm, _module: Ref<'_>, args: Bound<'_, '_>) -> PyResult {
    let (object, key) = pair(args);
    vm.get_item(object, key)
}

fn setitem(vm: &mut Vm, _module: Ref<'_>, args: Bound<'_, '_>) -> PyResult {
    let (object, key) = pair(args);
    vm.set_item(object, key, args[2].expect("a required argument"))?;
    Ok(Object::none())
}

fn delitem(vm: &mut Vm, _module: Ref<'_>, args: Bound<'_, '_>) -> PyResult {
    let (object, key) = pair(args);
    vm.del_item(object, key)?;
    Ok(Object::none())
}

fn length_hint(vm: &mut Vm, _module: Ref<'_>, args: Bound<'_, '_>) -> PyResult {
    let default = args[1].map_or(Ok(0), |default| builtins::slice::size_argument(vm, default))?;
    if default < 0 {
        return Err(vm.value_error("default must be non-negative"));
    }
    let hint = vm.length_hint(args[0].expect("a required argument"), default as usize)?;
    Ok(vm.new_uint(hint as u64))
}

fn call(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    if args.n_positional() == 0 {
        count_positional(vm, "call", args, 1, usize::MAX)?;
    }
    vm.call_with(args.positionals()[0], args.skip(1))
}

/// Compares without stopping at the first difference.
fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    let differences = left.iter().zip(right).fold(0, |differences, (a, b)| std::hint::black_box(differences | (a ^ b)));
    left.len() == right.len() && differences == 0
}

/// Compares in a time that says nothing of where the difference is.
pub fn compare_digest(vm: &mut Vm, _module: Ref<'_>, args: Bound<'_, '_>) -> PyResult {
    let (left, right) = pair(args);
    if let (Some(a), Some(b)) = (left.downcast::<Str>(), right.downcast::<Str>()) {
        return match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => Ok(Object::bool(same_bytes(a.as_bytes(), b.as_bytes()))),
            _ => Err(vm.type_error("comparing strings with non-ASCII characters is not supported")),
        };
    }
    if !vm.has_buffer(left) && !vm.has_buffer(right) {
        let (left, right) = (left.class().full_name(), right.class().full_name());
        return Err(vm.type_error(format!("unsupported operand types(s) or combination of types: '{left}' and '{right}'")));
    }
    let (a, b) = (vm.buffer(left)?, vm.buffer(right)?);
    Ok(Object::bool(same_bytes(a.bytes(vm), b.bytes(vm))))
}
