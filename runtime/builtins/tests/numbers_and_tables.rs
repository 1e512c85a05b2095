//! Numbers, dicts and sets, called without an interpreter. What is expected is what CPython 3.14 says.

#[path = "common/machine.rs"]
mod machine;

use bytecode::opcode::BinaryOp;
use machine::start;
use num_bigint::BigInt;
use object::vm::{PyResult, Vm};
use object::{Object, Ref};

/// The text of a result: its `repr`, or the exception's class and message.
fn show(vm: &mut Vm, result: PyResult) -> String {
    match result {
        Ok(value) => match vm.repr_text(value.borrow()) {
            Ok(text) => text,
            Err(raised) => show(vm, Err(raised)),
        },
        Err(raised) => {
            let error = vm.catch(raised);
            let text = vm.str_text(error.borrow()).expect("errors have a text");
            format!("{}: {text}", error.borrow().class().name())
        }
    }
}

/// A value written as a small literal: an int, a float, a complex number, a bool, or a string in quotes.
fn value(vm: &mut Vm, text: &str) -> Object {
    match text {
        "True" | "False" => return Object::bool(text == "True"),
        "None" => return Object::none(),
        "{}" => return vm.new_dict().into_object(),
        "[]" => return vm.new_list(Vec::new()).into_object(),
        _ => {}
    }
    if let Some(quoted) = text.strip_prefix('\'') {
        return vm.new_str(quoted.trim_end_matches('\'')).into_object();
    }
    if let Some((base, exponent)) = text.split_once("**") {
        let base: BigInt = base.parse().expect("an int");
        return vm.new_bigint(num_traits::Pow::pow(base, exponent.parse::<u32>().expect("a small exponent")));
    }
    if let Some(imaginary) = text.strip_suffix('j') {
        return builtins::complex::new_complex(vm, 0.0, imaginary.parse().expect("a float"));
    }
    match text.parse::<BigInt>() {
        Ok(int) => vm.new_bigint(int),
        Err(_) => {
            let float = object::float::parse(text).expect("a float");
            vm.new_float(float)
        }
    }
}

fn values(vm: &mut Vm, texts: &[&str]) -> Vec<Object> {
    texts.iter().map(|text| value(vm, text)).collect()
}

fn arithmetic(vm: &mut Vm) {
    use BinaryOp as Op;
    for (left, op, right, expected) in [
        ("7", Op::FloorDivide, "-2", "-4"),
        ("7", Op::Remainder, "-2", "-1"),
        ("10**30", Op::FloorDivide, "-7", "-142857142857142857142857142858"),
        ("10**30", Op::Remainder, "-7", "-6"),
        ("7", Op::TrueDivide, "2", "3.5"),
        ("10**400", Op::TrueDivide, "10**399", "10.0"),
        ("10**400", Op::TrueDivide, "3", "OverflowError: integer division result too large for a float"),
        ("1", Op::FloorDivide, "0", "ZeroDivisionError: division by zero"),
        ("10**400", Op::Multiply, "1.0", "OverflowError: int too large to convert to float"),
        ("2", Op::Power, "100", "1267650600228229401496703205376"),
        ("2", Op::Power, "-2", "0.25"),
        ("-2", Op::Power, "3", "-8"),
        ("0", Op::Power, "-1", "ZeroDivisionError: zero to a negative power"),
        ("2.0", Op::Power, "1024", "OverflowError: (34, 'Numerical result out of range')"),
        ("-1", Op::Power, "0.5", "(6.123233995736766e-17+1j)"),
        ("4611686018427387904", Op::Multiply, "2", "9223372036854775808"),
        ("4611686018427387903", Op::Add, "1", "4611686018427387904"),
        ("-4611686018427387905", Op::Add, "1", "-4611686018427387904"),
        ("1", Op::LeftShift, "62", "4611686018427387904"),
        ("1", Op::LeftShift, "-1", "ValueError: negative shift count"),
        ("1", Op::LeftShift, "2**100", "OverflowError: too many digits in integer"),
        ("0", Op::LeftShift, "2**100", "0"),
        ("-1", Op::RightShift, "2**100", "-1"),
        ("-1", Op::And, "2**70", "1180591620717411303424"),
        ("True", Op::And, "False", "False"),
        ("True", Op::And, "1", "1"),
        ("True", Op::Add, "True", "2"),
        ("5.0", Op::FloorDivide, "-0.3", "-17.0"),
        ("5.0", Op::Remainder, "-0.3", "-0.09999999999999981"),
        ("-1.0", Op::Remainder, "inf", "inf"),
        ("1j", Op::Add, "1", "(1+1j)"),
        ("1", Op::Subtract, "1j", "(1-1j)"),
        ("1", Op::TrueDivide, "1j", "-1j"),
        ("1j", Op::Power, "-1", "-1j"),
        ("0j", Op::Power, "-1", "ZeroDivisionError: zero to a negative or complex power"),
        ("1j", Op::TrueDivide, "0", "ZeroDivisionError: division by zero"),
        ("1", Op::Add, "'a'", "TypeError: unsupported operand type(s) for +: 'int' and 'str'"),
    ] {
        let (a, b) = (value(vm, left), value(vm, right));
        let result = vm.binary(op, a.borrow(), b.borrow());
        assert_eq!(show(vm, result), expected, "{left} {op:?} {right}");
    }
}

fn methods(vm: &mut Vm) {
    for (this, method, args, expected) in [
        ("12345", "__round__", &["-2"][..], "12300"),
        ("-15", "__round__", &["-1"], "-20"),
        ("25", "__round__", &["-1"], "20"),
        ("10**400", "bit_length", &[], "1329"),
        ("1", "to_bytes", &[], "b'\\x01'"),
        ("256", "to_bytes", &["1"], "OverflowError: int too big to convert"),
        ("-1", "to_bytes", &["1"], "OverflowError: can't convert negative int to unsigned"),
        ("1", "to_bytes", &["1", "'x'"], "ValueError: byteorder must be either 'little' or 'big'"),
        ("7", "__divmod__", &["-2"], "(-4, -1)"),
        ("7", "__pow__", &["3", "5"], "3"),
        ("38", "__pow__", &["-1", "97"], "23"),
        ("2", "__pow__", &["-1", "4"], "ValueError: base is not invertible for the given modulus"),
        ("2.5", "__round__", &[], "2"),
        ("2.675", "__round__", &["2"], "2.67"),
        ("1.7e308", "__round__", &["-308"], "OverflowError: rounded value too large to represent"),
        ("0.1", "as_integer_ratio", &[], "(3602879701896397, 36028797018963968)"),
        ("inf", "as_integer_ratio", &[], "OverflowError: cannot convert Infinity to integer ratio"),
        ("1.5", "hex", &[], "'0x1.8000000000000p+0'"),
        ("1.5", "__divmod__", &["1"], "(1.0, 0.5)"),
        ("3", "__format__", &["'05d'"], "'00003'"),
        ("5", "__format__", &["3"], "TypeError: __format__() argument must be str, not int"),
        ("1j", "conjugate", &[], "-1j"),
        ("{}", "pop", &["'a'"], "KeyError: 'a'"),
        ("{}", "pop", &[], "TypeError: pop expected at least 1 argument, got 0"),
        ("{}", "popitem", &[], "KeyError: 'popitem(): dictionary is empty'"),
        ("{}", "get", &["[]"], "TypeError: cannot use 'list' as a dict key (unhashable type: 'list')"),
        ("{}", "get", &["'x'", "7"], "7"),
        ("{}", "setdefault", &["'x'", "7"], "7"),
        ("{}", "update", &["5"], "TypeError: 'int' object is not iterable"),
        ("{}", "keys", &[], "dict_keys([])"),
    ] {
        let (this_value, args_values) = (value(vm, this), values(vm, args));
        let result = vm.call_method(this_value.borrow(), method, Object::as_refs(&args_values));
        assert_eq!(show(vm, result), expected, "{this}.{method}{args:?}");
    }
}

fn constructors(vm: &mut Vm) {
    let classes: [(&str, Ref<'static>); 6] = [
        ("int", object::int::INT.object()),
        ("bool", object::int::BOOL.object()),
        ("float", object::float::FLOAT.object()),
        ("complex", builtins::complex::COMPLEX.object()),
        ("set", builtins::set::SET.object()),
        ("dict", object::dict::DICT.object()),
    ];
    for (class, args, expected) in [
        ("int", &["' 12 '"][..], "12"),
        ("int", &["'x'"], "ValueError: invalid literal for int() with base 10: 'x'"),
        ("int", &["'0x1f'", "0"], "31"),
        ("int", &["'10'", "37"], "ValueError: int() base must be >= 2 and <= 36, or 0"),
        ("int", &["12.5", "10"], "TypeError: int() can't convert non-string with explicit base"),
        ("int", &["[]"], "TypeError: int() argument must be a string, a bytes-like object or a real number, not 'list'"),
        ("int", &["nan"], "ValueError: cannot convert float NaN to integer"),
        ("int", &["True"], "1"),
        ("float", &["'1_0.5e1'"], "105.0"),
        ("float", &["'x'"], "ValueError: could not convert string to float: 'x'"),
        ("float", &["[]"], "TypeError: float() argument must be a string or a real number, not 'list'"),
        ("float", &["1", "2"], "TypeError: float expected at most 1 argument, got 2"),
        ("complex", &["'1-2j'"], "(1-2j)"),
        ("complex", &["1", "'2'"], "TypeError: complex() argument 'imag' must be a real number, not str"),
        ("complex", &["[]"], "TypeError: complex() argument must be a string or a number, not list"),
        ("complex", &["-0.0", "1"], "(-0+1j)"),
        ("bool", &["''"], "False"),
        ("bool", &["1", "2"], "TypeError: bool expected at most 1 argument, got 2"),
        ("set", &[], "set()"),
        ("set", &["5"], "TypeError: 'int' object is not iterable"),
        ("dict", &["1", "2"], "TypeError: dict expected at most 1 argument, got 2"),
    ] {
        let args_values = values(vm, args);
        let class_object = classes.iter().find(|(name, _)| *name == class).expect("listed").1;
        let result = vm.call(class_object, Object::as_refs(&args_values));
        assert_eq!(show(vm, result), expected, "{class}{args:?}");
    }
}

fn dicts_with_mixed_keys(vm: &mut Vm) {
    let dict = vm.new_dict();
    for n in 0..1000i64 {
        let text = vm.new_str(&format!("key{n}")).into_object();
        dict.set(vm, text.borrow(), Object::small_int(n)).expect("hashable");
    }
    assert!(dict.has_only_str_keys(vm));
    for n in 0..1000i64 {
        dict.set(vm, Object::small_int(n).borrow(), Object::small_int(-n)).expect("hashable");
    }
    for n in 0..1000i64 {
        // 1.0 is the same key as 1, and is compared by `__eq__`.
        let float = vm.new_float(n as f64);
        assert_eq!(dict.get(vm, float.borrow()).expect("hashable").and_then(|value| value.borrow().as_small_int()), Some(-n));
        let text = vm.new_str(&format!("key{n}")).into_object();
        assert_eq!(dict.get_interned(text.borrow()).and_then(Ref::as_small_int), Some(n));
    }
    for n in (0..1000i64).step_by(2) {
        assert!(dict.remove(vm, Object::small_int(n).borrow()).expect("hashable").is_some());
    }
    assert_eq!(dict.len(vm), 1500);
    let odd = dict.iter(vm).skip(1000).filter_map(|(key, _)| key.as_small_int());
    assert!(odd.eq((1..1000).step_by(2)));
    let copy = dict.copy(vm);
    let equal = vm.equal(dict.borrow().object(), copy.borrow().object()).expect("comparable");
    assert!(equal);
}

fn iterators_notice_changes(vm: &mut Vm) {
    let dict = vm.new_dict();
    dict.set_str(vm, "a", Object::small_int(1));
    let iterator = vm.iter(dict.borrow().object()).expect("a dict is iterable");
    dict.set_str(vm, "b", Object::small_int(2));
    let result = vm.next(iterator.borrow()).map(|_| Object::none());
    assert_eq!(show(vm, result), "RuntimeError: dictionary changed size during iteration");
}

fn sets(vm: &mut Vm) {
    let numbers = |vm: &mut Vm, items: &[i64]| {
        let items: Vec<Object> = items.iter().map(|&n| Object::small_int(n)).collect();
        let list = vm.new_list(items).into_object();
        vm.call(builtins::set::SET.object(), &[list.borrow()]).expect("a list of ints")
    };
    let (a, b) = (numbers(vm, &[3, 1, 2, 20]), numbers(vm, &[2, 3, 5]));
    for (op, expected) in
        [(BinaryOp::Or, "{1, 2, 3, 5, 20}"), (BinaryOp::And, "{2, 3}"), (BinaryOp::Subtract, "{1, 20}"), (BinaryOp::Xor, "{1, 5, 20}")]
    {
        let result = vm.binary(op, a.borrow(), b.borrow()).expect("both are sets");
        let sorted = vm.call_method(result.borrow(), "copy", &[]).expect("sets can be copied");
        let mut members: Vec<i64> = vm.collect(sorted.borrow()).expect("iterable").iter().filter_map(|item| item.borrow().as_small_int()).collect();
        members.sort_unstable();
        assert_eq!(format!("{{{}}}", members.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")), expected);
    }
    let list = vm.new_list(Vec::new()).into_object();
    let result = vm.call_method(a.borrow(), "add", &[list.borrow()]);
    assert_eq!(show(vm, result), "TypeError: cannot use 'list' as a set element (unhashable type: 'list')");
    let result = vm.call_method(a.borrow(), "remove", &[Object::small_int(7).borrow()]);
    assert_eq!(show(vm, result), "KeyError: 7");
    let result = vm.call_method(a.borrow(), "__repr__", &[]);
    assert_eq!(show(vm, result), "'{1, 2, 3, 20}'");
}

/// One test: the heap belongs to one thread at a time.
#[test]
fn numbers_and_tables() {
    let mut vm = start();
    for part in [arithmetic, methods, constructors, dicts_with_mixed_keys, iterators_notice_changes, sets] {
        part(&mut vm);
    }
}
