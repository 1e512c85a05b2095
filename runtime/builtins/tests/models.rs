//! Builtin types against models: numbers against `num-bigint` and Rust's floats, strings against vectors of code points, lists and
//! dicts against vectors. What is tested is what Python sees: operators and methods, called without an interpreter.

#[path = "common/machine.rs"]
mod machine;

use bytecode::opcode::{BinaryOp, Comparison};
use machine::start;
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::Zero;
use object::str::Str;
use object::vm::{PyResult, Vm};
use object::{Object, Ref};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::RefCell;

/// Tries `cases` values.
fn each<S: Strategy>(vm: &RefCell<Vm>, cases: u32, strategy: S, test: impl Fn(&mut Vm, S::Value) -> Result<(), TestCaseError>) {
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    if let Err(error) = runner.run(&strategy, |value| test(&mut vm.borrow_mut(), value)) {
        panic!("{error}");
    }
}

/// The class of the exception that was raised, or nothing.
fn error<T>(vm: &mut Vm, result: PyResult<T>) -> String {
    result.err().map(|raised| vm.catch(raised).borrow().class().name().to_owned()).unwrap_or_default()
}

fn text(vm: &mut Vm, object: Ref<'_>) -> String {
    vm.repr_text(object).expect("these values have one")
}

fn big(object: &Object) -> BigInt {
    object::int::to_bigint(object.borrow()).expect("an int").into_owned()
}

/// Ints of all sizes, more often near where the representation changes.
fn int() -> impl Strategy<Value = BigInt> {
    prop_oneof![
        (-20i64..20).prop_map(BigInt::from),
        any::<i64>().prop_map(BigInt::from),
        (prop::sample::select(vec![30u32, 31, 32, 61, 62, 63, 64, 127, 128, 1000]), -3..4i64, any::<bool>()).prop_map(|(bits, nudge, negative)| {
            let value = (BigInt::from(1) << bits) + nudge;
            if negative { -value } else { value }
        }),
        (any::<i128>(), 0..400u32).prop_map(|(value, shift)| BigInt::from(value) << shift),
    ]
}

fn ints(vm: &RefCell<Vm>) {
    each(vm, 1500, (int(), int()), |vm, (a, b)| {
        use BinaryOp as Op;
        let (x, y) = (vm.new_bigint(a.clone()), vm.new_bigint(b.clone()));
        let quotients = (!b.is_zero()).then(|| a.div_mod_floor(&b));
        let (quotient, remainder) = quotients.map_or((None, None), |(quotient, remainder)| (Some(quotient), Some(remainder)));
        for (op, expected) in [
            (Op::Add, Some(&a + &b)),
            (Op::Subtract, Some(&a - &b)),
            (Op::Multiply, Some(&a * &b)),
            (Op::FloorDivide, quotient),
            (Op::Remainder, remainder),
            (Op::And, Some(&a & &b)),
            (Op::Or, Some(&a | &b)),
            (Op::Xor, Some(&a ^ &b)),
        ] {
            let result = vm.binary(op, x.borrow(), y.borrow());
            match expected {
                Some(expected) => {
                    let result = result.expect("ints have these operators");
                    prop_assert_eq!(big(&result), expected.clone(), "{:?}", op);
                    // One value has one representation: what fits into a word is in one.
                    let small = result.borrow().as_small_int().is_some();
                    prop_assert_eq!(small, i64::try_from(&expected).is_ok_and(|value| (-(1i64 << 62)..1 << 62).contains(&value)), "{:?}", op);
                }
                None => prop_assert_eq!(error(vm, result), "ZeroDivisionError"),
            }
        }
        for (op, expected) in [(Comparison::Less, a < b), (Comparison::Equal, a == b), (Comparison::GreaterEqual, a >= b)] {
            prop_assert_eq!(vm.compare_bool(x.borrow(), y.borrow(), op).expect("comparable"), expected);
        }
        Ok(())
    });
    each(vm, 800, (int(), 0..300u32, 2..=36u32), |vm, (a, shift, base)| {
        let (x, by) = (vm.new_bigint(a.clone()), Object::small_int(shift.into()));
        for (op, expected) in [(BinaryOp::LeftShift, &a << shift), (BinaryOp::RightShift, &a >> shift)] {
            let result = vm.binary(op, x.borrow(), by.borrow()).expect("a small shift");
            prop_assert_eq!(big(&result), expected);
        }
        let negative = vm.negative(x.borrow()).expect("ints have a negative");
        prop_assert_eq!(big(&negative), -&a);
        let bits = vm.call_method(x.borrow(), "bit_length", &[]).expect("ints have this method");
        prop_assert_eq!(bits.borrow().as_small_int(), Some(a.bits() as i64));
        prop_assert_eq!(text(vm, x.borrow()), a.to_string());
        let digits = vm.new_str(&a.to_str_radix(base)).into_object();
        let read = vm.call(object::int::INT.object(), &[digits.borrow(), Object::small_int(base.into()).borrow()]).expect("digits");
        prop_assert_eq!(big(&read), a);
        Ok(())
    });
}

fn floats(vm: &RefCell<Vm>) {
    let float = prop_oneof![any::<u64>().prop_map(f64::from_bits), any::<f64>(), (-1_000_000i64..1_000_000).prop_map(|value| value as f64 / 1000.0)];
    each(vm, 3000, float, |vm, value| {
        if value.is_nan() {
            return Ok(());
        }
        let object = vm.new_float(value);
        let shown = text(vm, object.borrow());
        let string = vm.new_str(&shown).into_object();
        let read = vm.call(object::float::FLOAT.object(), &[string.borrow()]).expect("what repr gives can be read");
        prop_assert_eq!(object::float::value(read.borrow()).map(f64::to_bits), Some(value.to_bits()), "{}", shown);
        if value.is_finite() {
            // Rust's digits are the fewest that read back, too; which of two equally near is chosen differs.
            let digits = |text: &str| {
                let mantissa: String = text.split(['e', 'E']).next().unwrap().chars().filter(char::is_ascii_digit).collect();
                mantissa.trim_matches('0').len()
            };
            prop_assert_eq!(digits(&shown), digits(&format!("{value:e}")));
        }
        Ok(())
    });
    each(vm, 1000, "[+-]?[0-9]{1,25}(\\.[0-9]{0,25})?(e[+-]?[0-9]{1,3})?", |vm, given| {
        let string = vm.new_str(&given).into_object();
        let read = vm.call(object::float::FLOAT.object(), &[string.borrow()]).expect("a float");
        prop_assert_eq!(object::float::value(read.borrow()).map(f64::to_bits), given.parse::<f64>().ok().map(f64::to_bits));
        Ok(())
    });
}

/// Text of few letters, so that parts of it recur; in every width, with lone surrogates.
fn letters(longest: usize) -> impl Strategy<Value = Vec<u32>> {
    let narrow = prop::sample::select(vec![0x61, 0x62]);
    let latin = prop::sample::select(vec![0x61, 0xe9, 0xff]);
    let wide = prop::sample::select(vec![0x61, 0x161, 0xd800, 0xdc00, 0xffff]);
    let widest = prop::sample::select(vec![0x61, 0xd83d, 0xde00, 0x1_f600, 0x10_ffff]);
    let letter = move |range: usize| match range {
        0 => narrow.clone().boxed(),
        1 => latin.clone().boxed(),
        2 => wide.clone().boxed(),
        _ => widest.clone().boxed(),
    };
    (0..4usize).prop_flat_map(move |range| prop::collection::vec(letter(range), 0..longest))
}

fn points(object: Ref<'_>) -> Vec<u32> {
    object.downcast::<Str>().expect("a string").get().data().code_points().collect()
}

fn find(text: &[u32], part: &[u32]) -> Option<usize> {
    (0..=text.len()).find(|&at| text[at..].starts_with(part))
}

/// The pieces between occurrences from left to right, at most `most` of which count.
fn split(text: &[u32], separator: &[u32], most: usize) -> Vec<Vec<u32>> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while pieces.len() < most
        && let Some(at) = find(rest, separator)
    {
        pieces.push(rest[..at].to_vec());
        rest = &rest[at + separator.len()..];
    }
    pieces.push(rest.to_vec());
    pieces
}

fn replace(text: &[u32], part: &[u32], by: &[u32]) -> Vec<u32> {
    if part.is_empty() {
        return text.iter().flat_map(|&point| by.iter().copied().chain([point])).chain(by.iter().copied()).collect();
    }
    split(text, part, usize::MAX).join(by)
}

fn number(result: PyResult) -> Option<i64> {
    result.expect("these arguments are right").borrow().as_small_int()
}

fn pieces(vm: &mut Vm, list: PyResult) -> Vec<Vec<u32>> {
    let list = list.expect("these arguments are right");
    vm.collect(list.borrow()).expect("a list").iter().map(|piece| points(piece.borrow())).collect()
}

fn strings(vm: &RefCell<Vm>) {
    each(vm, 3000, (letters(24), letters(4), letters(3)), |vm, (whole, part, other)| {
        let make = |vm: &mut Vm, text: &[u32]| vm.new_str_from_code_points(text).into_object();
        let (text, sub, by) = (make(vm, &whole), make(vm, &part), make(vm, &other));
        prop_assert_eq!(points(text.borrow()), whole.clone());
        let found = find(&whole, &part);
        let last = (0..=whole.len()).rev().find(|&at| whole[at..].starts_with(&part));
        let position = |found: Option<usize>| Some(found.map_or(-1, |at| at as i64));
        prop_assert_eq!(number(vm.call_method(text.borrow(), "find", &[sub.borrow()])), position(found));
        prop_assert_eq!(number(vm.call_method(text.borrow(), "rfind", &[sub.borrow()])), position(last));
        prop_assert_eq!(vm.contains(text.borrow(), sub.borrow()).expect("strings"), found.is_some());
        let replaced = vm.call_method(text.borrow(), "replace", &[sub.borrow(), by.borrow()]).expect("strings");
        prop_assert_eq!(points(replaced.borrow()), replace(&whole, &part, &other));
        let count = if part.is_empty() { whole.len() } else { split(&whole, &part, usize::MAX).len() - 1 };
        prop_assert_eq!(number(vm.call_method(text.borrow(), "count", &[sub.borrow()])), Some(count as i64 + i64::from(part.is_empty())));
        if !part.is_empty() {
            let result = vm.call_method(text.borrow(), "split", &[sub.borrow()]);
            prop_assert_eq!(pieces(vm, result), split(&whole, &part, usize::MAX));
            let result = vm.call_method(text.borrow(), "split", &[sub.borrow(), Object::small_int(2).borrow()]);
            prop_assert_eq!(pieces(vm, result), split(&whole, &part, 2));
            // From the right it is the mirror image.
            let mirrored = |text: &[u32]| text.iter().rev().copied().collect::<Vec<u32>>();
            let expected: Vec<Vec<u32>> = split(&mirrored(&whole), &mirrored(&part), 2).iter().rev().map(|piece| mirrored(piece)).collect();
            let result = vm.call_method(text.borrow(), "rsplit", &[sub.borrow(), Object::small_int(2).borrow()]);
            prop_assert_eq!(pieces(vm, result), expected);
            let result =
                vm.call_method(text.borrow(), "split", &[sub.borrow()]).and_then(|list| vm.call_method(sub.borrow(), "join", &[list.borrow()]));
            prop_assert_eq!(points(result.expect("strings").borrow()), whole.clone());
        }
        let joined = vm.binary(BinaryOp::Add, text.borrow(), sub.borrow()).expect("strings");
        prop_assert_eq!(points(joined.borrow()), [whole.clone(), part.clone()].concat());
        prop_assert_eq!(vm.compare_bool(text.borrow(), sub.borrow(), Comparison::Less).expect("strings"), whole < part);
        // The same characters are the same string, wherever it was made.
        let again = make(vm, &whole);
        prop_assert!(vm.equal(text.borrow(), again.borrow()).expect("strings"));
        prop_assert_eq!(vm.hash(text.borrow()).expect("strings"), vm.hash(again.borrow()).expect("strings"));
        Ok(())
    });
}

/// An index of a slice: absent, in and around the sequence, or far off.
fn bound() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![2 => Just(None), 6 => (-14..14i64).prop_map(Some), 1 => prop::sample::select(vec![i64::MAX, i64::MIN, 1 << 62]).prop_map(Some)]
}

fn step() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![Just(None), Just(Some(1)), Just(Some(-1)), (2..5i64).prop_map(Some), (-4..-1i64).prop_map(Some), Just(Some(i64::MIN))]
}

/// The positions that `start:stop:step` means, by counting.
fn positions(start: Option<i64>, stop: Option<i64>, step: Option<i64>, len: usize) -> Vec<usize> {
    let (len, step) = (len as i128, i128::from(step.unwrap_or(1)));
    let clamp = |bound: i64, low: i128, high: i128| {
        let bound = i128::from(bound);
        (if bound < 0 { bound + len } else { bound }).clamp(low, high)
    };
    let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let mut at = start.map_or(if step > 0 { 0 } else { len - 1 }, |start| clamp(start, low, high));
    let end = stop.map_or(if step > 0 { len } else { -1 }, |stop| clamp(stop, low, high));
    let mut found = Vec::new();
    while (step > 0 && at < end) || (step < 0 && at > end) {
        found.push(at as usize);
        at += step;
    }
    found
}

fn slice(vm: &mut Vm, parts: [Option<i64>; 3]) -> Object {
    let [start, stop, step] = parts.map(|part| part.map_or(Object::none(), |part| vm.new_int(part)));
    builtins::slice::new(vm, start, stop, step)
}

fn small_ints(vm: &mut Vm, list: Ref<'_>) -> Vec<i64> {
    vm.collect(list).expect("a sequence").iter().map(|item| item.borrow().as_small_int().expect("an int")).collect()
}

fn list_of(vm: &mut Vm, items: &[i64]) -> Object {
    vm.new_list(items.iter().map(|&item| Object::small_int(item)).collect()).into_object()
}

fn slices(vm: &RefCell<Vm>) {
    each(vm, 2000, (letters(12), bound(), bound(), step()), |vm, (whole, start, stop, step)| {
        let expected = positions(start, stop, step, whole.len());
        let key = slice(vm, [start, stop, step]);
        let text = vm.new_str_from_code_points(&whole).into_object();
        let part = vm.get_item(text.borrow(), key.borrow()).expect("a slice");
        prop_assert_eq!(points(part.borrow()), expected.iter().map(|&at| whole[at]).collect::<Vec<u32>>());
        let items: Vec<i64> = whole.iter().map(|&point| point.into()).collect();
        let wanted: Vec<i64> = expected.iter().map(|&at| items[at]).collect();
        let list = list_of(vm, &items);
        let tuple = vm.new_tuple(items.iter().map(|&item| Object::small_int(item)).collect::<Vec<Object>>()).into_object();
        for sequence in [list, tuple] {
            let part = vm.get_item(sequence.borrow(), key.borrow()).expect("a slice");
            prop_assert_eq!(small_ints(vm, part.borrow()), wanted.clone());
        }
        Ok(())
    });
    let new = prop::collection::vec(100..200i64, 0..6);
    each(vm, 2000, (0..10usize, bound(), bound(), step(), new), |vm, (len, start, stop, step, new)| {
        let items: Vec<i64> = (0..len as i64).collect();
        let places = positions(start, stop, step, len);
        let key = slice(vm, [start, stop, step]);
        let list = list_of(vm, &items);
        vm.del_item(list.borrow(), key.borrow()).expect("slices can be deleted");
        let kept: Vec<i64> = items.iter().copied().filter(|&item| !places.contains(&(item as usize))).collect();
        prop_assert_eq!(small_ints(vm, list.borrow()), kept);
        let (list, value) = (list_of(vm, &items), list_of(vm, &new));
        let result = vm.set_item(list.borrow(), key.borrow(), value.borrow());
        let mut model = items.clone();
        if step.unwrap_or(1) == 1 {
            result.expect("any number of items may be put there");
            let at = places.first().copied().unwrap_or_else(|| match start.unwrap_or(0) {
                negative @ i64::MIN..0 => (negative as i128 + len as i128).max(0) as usize,
                start => (start as usize).min(len),
            });
            model.splice(at..at + places.len(), new.iter().copied());
        } else if places.len() == new.len() {
            result.expect("as many as there are");
            for (&place, &item) in places.iter().zip(&new) {
                model[place] = item;
            }
        } else {
            prop_assert_eq!(error(vm, result), "ValueError");
        }
        prop_assert_eq!(small_ints(vm, list.borrow()), model);
        Ok(())
    });
}

/// Ints and floats that are equal but can be told apart show whether a sort keeps their order.
fn sorting(vm: &RefCell<Vm>) {
    let items = prop::collection::vec((0..12i64, any::<bool>()), 0..200);
    each(vm, 300, (items, any::<bool>()), |vm, (mut model, reverse)| {
        let make = |vm: &mut Vm, &(value, whole): &(i64, bool)| if whole { Object::small_int(value) } else { vm.new_float(value as f64) };
        let objects: Vec<Object> = model.iter().map(|item| make(vm, item)).collect();
        let list = vm.new_list(objects).into_object();
        if reverse {
            vm.call_method(list.borrow(), "reverse", &[]).expect("lists have this method");
            model.reverse();
        }
        vm.call_method(list.borrow(), "sort", &[]).expect("numbers are comparable");
        model.sort_by_key(|&(value, _)| value);
        let sorted = vm.collect(list.borrow()).expect("a list");
        let shown: Vec<(i64, bool)> = sorted
            .iter()
            .map(|item| match item.borrow().as_small_int() {
                Some(value) => (value, true),
                None => (object::float::value(item.borrow()).expect("a float") as i64, false),
            })
            .collect();
        prop_assert_eq!(shown, model);
        Ok(())
    });
}

#[derive(Debug, Clone)]
enum Step {
    Set(i64, i64),
    Delete(i64),
    Pop(i64),
    PopItem,
    SetDefault(i64),
    Get(i64),
    Copy,
    Clear,
    /// Deletes every key of a range while walking over a list of them.
    DeleteRange(i64),
}

/// Keys of three types; a float is the same key as the int it equals, and keeps the first's place and look.
fn key(vm: &mut Vm, key: i64) -> Object {
    match key % 3 {
        0 => vm.new_str(&format!("key{key}")).into_object(),
        1 if key % 2 == 0 => vm.new_float(key as f64),
        _ => Object::small_int(key),
    }
}

fn dicts(vm: &RefCell<Vm>) {
    let name = 0..60i64;
    let step = prop_oneof![
        12 => (name.clone(), 0..1000i64).prop_map(|(key, value)| Step::Set(key, value)),
        5 => name.clone().prop_map(Step::Delete),
        3 => name.clone().prop_map(Step::Pop),
        2 => Just(Step::PopItem),
        3 => name.clone().prop_map(Step::SetDefault),
        5 => name.clone().prop_map(Step::Get),
        1 => Just(Step::Copy),
        1 => prop_oneof![8 => name.prop_map(Step::DeleteRange), 1 => Just(Step::Clear)],
    ];
    each(vm, 150, prop::collection::vec(step, 1..200), |vm, steps| {
        let mut dict = vm.new_dict().into_object();
        let mut model: Vec<(i64, i64)> = Vec::new();
        for step in steps {
            match step {
                Step::Set(name, value) => {
                    let object = key(vm, name);
                    vm.set_item(dict.borrow(), object.borrow(), Object::small_int(value).borrow()).expect("hashable");
                    match model.iter_mut().find(|(other, _)| *other == name) {
                        Some(entry) => entry.1 = value,
                        None => model.push((name, value)),
                    }
                }
                Step::Delete(name) => {
                    let object = key(vm, name);
                    let result = vm.del_item(dict.borrow(), object.borrow());
                    let known = model.iter().any(|&(other, _)| other == name);
                    prop_assert_eq!(error(vm, result), if known { "" } else { "KeyError" });
                    model.retain(|&(other, _)| other != name);
                }
                Step::Pop(name) => {
                    let (object, missing) = (key(vm, name), Object::small_int(-1));
                    let popped = number(vm.call_method(dict.borrow(), "pop", &[object.borrow(), missing.borrow()]));
                    let at = model.iter().position(|&(other, _)| other == name);
                    prop_assert_eq!(popped, Some(at.map_or(-1, |at| model.remove(at).1)));
                }
                Step::PopItem => {
                    let result = vm.call_method(dict.borrow(), "popitem", &[]);
                    match model.pop() {
                        Some((_, value)) => {
                            let pair = vm.collect(result.expect("there is one").borrow()).expect("a tuple");
                            prop_assert_eq!(pair[1].borrow().as_small_int(), Some(value));
                        }
                        None => prop_assert_eq!(error(vm, result), "KeyError"),
                    }
                }
                Step::SetDefault(name) => {
                    let (object, value) = (key(vm, name), Object::small_int(5));
                    let got = number(vm.call_method(dict.borrow(), "setdefault", &[object.borrow(), value.borrow()]));
                    let known = model.iter().find(|(other, _)| *other == name).map(|&(_, value)| value);
                    if known.is_none() {
                        model.push((name, 5));
                    }
                    prop_assert_eq!(got, known.or(Some(5)));
                }
                Step::Get(name) => {
                    let object = key(vm, name);
                    let known = model.iter().find(|(other, _)| *other == name).map(|&(_, value)| value);
                    let got = vm.call_method(dict.borrow(), "get", &[object.borrow()]).expect("hashable");
                    prop_assert_eq!(got.borrow().as_small_int(), known);
                    prop_assert_eq!(vm.contains(dict.borrow(), object.borrow()).expect("hashable"), known.is_some());
                }
                Step::Copy => dict = vm.call_method(dict.borrow(), "copy", &[]).expect("dicts can be copied"),
                Step::Clear => {
                    vm.call_method(dict.borrow(), "clear", &[]).expect("dicts can be emptied");
                    model.clear();
                }
                Step::DeleteRange(below) => {
                    // Whoever walks over the dict itself is told.
                    let iterator = vm.iter(dict.borrow()).expect("iterable");
                    let before = model.len();
                    for name in (0..below).filter(|name| model.iter().any(|(other, _)| other == name)).collect::<Vec<_>>() {
                        let object = key(vm, name);
                        vm.del_item(dict.borrow(), object.borrow()).expect("it is there");
                    }
                    model.retain(|&(other, _)| other >= below);
                    if model.len() != before {
                        let result = vm.next(iterator.borrow());
                        prop_assert_eq!(error(vm, result), "RuntimeError");
                    }
                }
            }
            prop_assert_eq!(vm.len(dict.borrow()).expect("sized"), model.len());
            let shown = vm.collect(dict.borrow()).expect("iterable");
            prop_assert_eq!(shown.len(), model.len());
            for (object, &(name, value)) in shown.iter().zip(&model) {
                let wanted = key(vm, name);
                prop_assert!(vm.equal(object.borrow(), wanted.borrow()).expect("comparable"));
                let got = vm.get_item(dict.borrow(), object.borrow()).expect("it is there");
                prop_assert_eq!(got.borrow().as_small_int(), Some(value));
            }
        }
        Ok(())
    });
}

/// One test: the heap belongs to one thread at a time.
#[test]
fn builtin_types_behave_like_their_models() {
    let vm = RefCell::new(start());
    let parts = [ints, floats, strings, slices, sorting, dicts];
    // The first time names are interned, for good.
    parts.iter().for_each(|part| part(&vm));
    for part in parts {
        let before = object::heap::live_objects();
        part(&vm);
        // Strings of one character and names, of which there are few, are made when they are first wanted.
        assert!(object::heap::live_objects() < before + 16, "something was left behind");
    }
}
