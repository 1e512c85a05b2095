//! What compiled code calls: C functions of the `Vm`, the frame and words, that give a word; 0 says that an exception is set.
//!
//! One table gives each its name for dumps and its address. Values are borrowed unless the description says otherwise; results are owned.

use crate::inline_cache::{AttributeCache, SuperCache};
use abi::tag;
use builtins::list_slices;
use bytecode::opcode::{BinaryOp, Comparison};
use interp::compiled::resume::Quick;
use interp::compiled::{self, Take};
use interp::frame::Frame;
use object::call::{Args, NativeInfo};
use object::list::List;
use object::slots::NewFn;
use object::super_object::site::How;
use object::{Object, PyResult, Ref, Vm, raw};

/// The word that says an iterator is exhausted: the form of a constant that Python has not.
pub const EXHAUSTED: u64 = tag::CONSTANT | 0x50;

macro_rules! define_helpers {
    ($( $(#[$doc:meta])* $name:ident($vm:ident, $frame:ident $(, $arg:ident)*) $body:block )*) => {
        /// A function of the table.
        #[expect(non_camel_case_types, reason = "the names are those of functions")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Helper { $( $(#[$doc])* $name, )* }

        impl Helper {
            pub const ALL: &[Helper] = &[$(Helper::$name),*];

            pub const fn name(self) -> &'static str {
                match self { $(Helper::$name => stringify!($name)),* }
            }

            /// How many words it takes beside `Vm` and frame.
            pub const fn n_args(self) -> usize {
                match self { $(Helper::$name => { const NAMES: &[&str] = &[$(stringify!($arg)),*]; NAMES.len() }),* }
            }

            pub fn address(self) -> u64 {
                match self { $(Helper::$name => functions::$name as *const () as u64),* }
            }
        }

        mod functions {
            use super::*;
            $(
                #[allow(unused_variables, reason = "helpers have two parameters in common")]
                pub(super) unsafe extern "C" fn $name($vm: &mut Vm, $frame: *mut Frame $(, $arg: u64)*) -> u64 {
                    // SAFETY: compiled code passes its frame, which is the innermost one, and live values.
                    #[allow(unused_unsafe, reason = "a helper may do nothing that is unsafe")]
                    unsafe { $body }
                }
            )*
        }
    };
}

/// A borrowed value.
unsafe fn value<'a>(word: u64) -> Ref<'a> {
    // SAFETY: the caller's promise.
    unsafe { Ref::from_bits(word) }
}

/// 1 for false, 2 for true, 0 if an exception is set.
fn truth(result: Result<bool, object::Raised>) -> u64 {
    result.map_or(0, |truth| 1 + u64::from(truth))
}

type NativeUnary = fn(&mut Vm, Ref<'_>) -> PyResult;
type NativeBinary = fn(&mut Vm, Ref<'_>, Ref<'_>) -> PyResult;
type NativeMany = fn(&mut Vm, Ref<'_>, &[Ref<'_>]) -> PyResult;
type NativeBound = fn(&mut Vm, Ref<'_>, &[Option<Ref<'_>>]) -> PyResult;

/// So many values on the frame's stack.
unsafe fn values<'a>(frame: *mut Frame, n: u64) -> &'a [Ref<'a>] {
    // SAFETY: compiled code has put them there.
    unsafe { std::slice::from_raw_parts(compiled::stack(frame).cast(), n as usize) }
}

/// So many values on the frame's stack, which are taken over.
unsafe fn taken(frame: *mut Frame, n: usize) -> impl ExactSizeIterator<Item = Object> {
    // SAFETY: compiled code has put them there, and does not use them again.
    (0..n).map(move |index| unsafe { Object::from_raw(*compiled::stack(frame).add(index)) }.expect("an operand is never null"))
}

/// The word of what a native function gave.
#[inline(always)]
fn finish(vm: &mut Vm, result: PyResult) -> u64 {
    let word = result.map_or(0, Object::into_raw);
    vm.run_finalizers();
    word
}

fn operator(number: u64) -> BinaryOp {
    BinaryOp::from_u32(number as u32).expect("compiled code passes operators")
}

fn comparison(number: u64) -> Comparison {
    Comparison::from_u32(number as u32).expect("compiled code passes comparisons")
}

/// Both halves of `step`'s first word.
pub fn step_word(opcode: bytecode::Opcode, take: Take, n: usize) -> u64 {
    opcode as u64 | (take as u64) << 8 | (n as u64) << 16
}

define_helpers! {
    /// Ends the frame.
    pop_frame(vm, frame) {
        compiled::pop(vm, frame);
        1
    }
    /// Interprets the frame, of which nothing has been taken.
    interpret(vm, frame) { compiled::interpret(vm, frame) }
    /// Drops the last reference to an object, whose count is zero already.
    release(vm, frame, word) {
        raw::end(word);
        vm.run_finalizers();
        1
    }
    /// Drops a reference, or null.
    drop_value(vm, frame, word) {
        drop(Object::from_raw(word));
        vm.run_finalizers();
        1
    }
    /// An instruction of the interpreter on the operands on the frame's stack; see [`step_word`].
    step(vm, frame, word, arg) {
        let opcode = bytecode::Opcode::from_u8(word as u8).expect("compiled code passes opcodes");
        let take = Take::ALL[(word >> 8 & 0xff) as usize];
        compiled::step(vm, frame, opcode, arg as u32, (word >> 16) as usize, take)
    }
    binary(vm, frame, left, right, op) { compiled::binary(vm, operator(op), value(left), value(right)) }
    binary_rest(vm, frame, left, right, op) { let result = vm.binary_rest(operator(op), value(left), value(right)); finish(vm, result) }
    compare_rest(vm, frame, left, right, op) { let result = vm.compare_rest(comparison(op), value(left), value(right)); finish(vm, result) }
    /// `left` is taken over.
    append_text(vm, frame, left, right) {
        let left = Object::from_raw(left).expect("an operand is never null");
        vm.str_append(left, value(right)).into_raw()
    }
    negative(vm, frame, operand) { let result = vm.negative(value(operand)); finish(vm, result) }
    invert(vm, frame, operand) { let result = vm.invert(value(operand)); finish(vm, result) }
    compare(vm, frame, left, right, op) {
        let op = comparison(op);
        match compiled::compare_quickly(op, value(left), value(right)) {
            Some(truth) => raw::bool_word(truth),
            None => { let result = vm.compare(value(left), value(right), op); finish(vm, result) }
        }
    }
    compare_truth(vm, frame, left, right, op) {
        let op = comparison(op);
        if let Some(truth) = compiled::compare_quickly(op, value(left), value(right)) {
            return 1 + u64::from(truth);
        }
        let result = match vm.compare(value(left), value(right), op) {
            Ok(result) => truth(vm.is_true(result.borrow())),
            Err(_) => 0,
        };
        vm.run_finalizers();
        result
    }
    contains(vm, frame, item, container) { compiled::contains(vm, value(item), value(container)).map_or(0, |truth| 1 + u64::from(truth)) }
    is_true(vm, frame, operand) {
        let result = truth(vm.is_true(value(operand)));
        vm.run_finalizers();
        result
    }
    is_instance(vm, frame, object, class) {
        let result = truth(builtins::type_checks::is_instance(vm, value(object), value(class)));
        vm.run_finalizers();
        result
    }
    /// Of the float with these bits.
    new_float(vm, frame, bits) { vm.new_float(f64::from_bits(bits)).into_raw() }
    /// Of floats as bits, here and in the next two.
    sine(vm, frame, bits) { f64::from_bits(bits).sin().to_bits() }
    cosine(vm, frame, bits) { f64::from_bits(bits).cos().to_bits() }
    power(vm, frame, left, right) { crate::power::power(f64::from_bits(left), f64::from_bits(right)).to_bits() }
    new_int(vm, frame, number) { vm.new_int(number as i64).into_raw() }
    new_unsigned(vm, frame, number) { vm.new_bigint(number.into()).into_raw() }
    /// `cache` is the address of an [`AttributeCache`], here and below.
    load_attr(vm, frame, owner, name, cache) { (*(cache as *const AttributeCache)).load(vm, value(owner), value(name)) }
    /// Super type, class and receiver are on the frame's stack, and then the receiver, or null, is. `cache` is the address of a [`SuperCache`].
    load_super_method(vm, frame, arg, name, cache) {
        let base = compiled::stack(frame);
        let [super_type, class, receiver] = [0, 1, 2].map(|index| value(*base.add(index)));
        if !super_type.is(object::super_object::SUPER.object()) {
            return compiled::step(vm, frame, bytecode::Opcode::LoadSuperAttr, arg as u32, 3, Take::FirstThenSecond);
        }
        let cache = &*(cache as *const SuperCache);
        let found = match cache.find_behind(class, receiver, value(name)) {
            Some((How::Method, method)) => Ok((method.to_owned(), Some(receiver.to_owned()))),
            Some((How::Value, found)) => Ok((found.to_owned(), None)),
            Some((How::Bind, found)) => object::super_object::bind_found(vm, class, receiver, found.to_owned()).map(|bound| (bound, None)),
            None => object::super_object::get_super_method(vm, class, receiver, value(name)),
        };
        let result = match found {
            Ok((method, None)) => {
                *base = 0;
                method.into_raw()
            }
            Ok((method, Some(this))) => {
                // Of a class, its own class does not say all.
                if !receiver.is_instance_of(&object::class::TYPE) {
                    cache.note(class, receiver, method.borrow());
                }
                *base = this.into_raw();
                method.into_raw()
            }
            Err(_) => 0,
        };
        vm.run_finalizers();
        result
    }
    /// The same of what is not called.
    load_super_attr(vm, frame, arg, name, cache) {
        let base = compiled::stack(frame);
        let [super_type, class, receiver] = [0, 1, 2].map(|index| value(*base.add(index)));
        if !super_type.is(object::super_object::SUPER.object()) {
            return compiled::step(vm, frame, bytecode::Opcode::LoadSuperAttr, arg as u32, 3, Take::First);
        }
        let result = match (*(cache as *const SuperCache)).find_behind(class, receiver, value(name)) {
            Some((How::Value, found)) => Ok(found.to_owned()),
            Some((_, found)) => object::super_object::bind_found(vm, class, receiver, found.to_owned()),
            None => object::super_object::get_super_attribute(vm, class, receiver, value(name)),
        };
        finish(vm, result)
    }
    /// The receiver is on the frame's stack.
    load_method(vm, frame, owner, name, cache) {
        crate::report::look_for_miss(compiled::code_of(frame), value(owner), value(name));
        let (method, receiver) = (*(cache as *const AttributeCache)).load_method(vm, value(owner), value(name));
        *compiled::stack(frame) = receiver;
        method
    }
    store_attr(vm, frame, stored, owner, name, cache) {
        u64::from((*(cache as *const AttributeCache)).store(vm, value(owner), value(name), value(stored)))
    }
    /// The class of a value, borrowed.
    class_of(vm, frame, object) { value(object).class().object().bits() }
    load_global(vm, frame, name) { compiled::load_global(vm, frame, value(name)) }
    /// Borrowed; 0 without exception if there is none.
    global_word(vm, frame, name) { compiled::global_word(vm, frame, value(name)) }
    /// The contents, or null, are taken over.
    new_cell(vm, frame, contents) { interp::cell_object::new_cell(vm, Object::from_raw(contents)).into_object().into_raw() }
    unbound_local(vm, frame, index) {
        compiled::unbound_local(vm, compiled::code_of(frame), index as usize);
        0
    }
    unbound_cell(vm, frame, index) {
        compiled::unbound_cell(vm, compiled::code_of(frame), index as usize);
        0
    }
    /// The same in inlined code, given with its code object.
    unbound_local_of(vm, frame, index, code) {
        compiled::unbound_local(vm, &*(code as *const interp::CodeObject), index as usize);
        0
    }
    unbound_cell_of(vm, frame, index, code) {
        compiled::unbound_cell(vm, &*(code as *const interp::CodeObject), index as usize);
        0
    }
    load_global_of(vm, frame, name, function) { compiled::load_global_of(vm, value(function), value(name)) }
    /// Borrowed; 0 without exception if there is none.
    global_word_of(vm, frame, name, function) { compiled::global_word_of(value(function), value(name)) }
    /// The same of a module, strict or not.
    word_of_module(vm, frame, name, module) { compiled::word_of_module(vm, value(module), value(name)) }
    /// Raises that an inlined call is too deep.
    too_deep(vm, frame) {
        interp::inlined::too_deep(vm);
        0
    }
    /// The callable, the receiver or null, and so many arguments are on the frame's stack.
    call(vm, frame, n) { compiled::call(vm, frame, n as usize) }
    call_keywords(vm, frame, n) { compiled::call_keywords(vm, frame, n as usize) }
    call_unpacked(vm, frame) { compiled::call_unpacked(vm, frame) }
    /// The arguments are on the frame's stack, and taken over.
    call_python(vm, frame, function, n) {
        compiled::call_bound(vm, value(function), compiled::stack(frame), n as usize)
    }
    /// The same from a site whose noted entry is at the address `site`.
    call_python_from(vm, frame, function, n, site) {
        compiled::call_python_from(vm, &*(site as *const std::cell::Cell<usize>), value(function), compiled::stack(frame), n as usize)
    }
    /// The arguments are on the frame's stack.
    call_native(vm, frame, callable, n) { compiled::call_native(vm, frame, value(callable), n as usize) }
    /// Calls of native functions at addresses whose types go with the names; `this` comes first.
    native_unary(vm, frame, function, this) {
        let function = std::mem::transmute::<usize, NativeUnary>(function as usize);
        let result = function(vm, value(this));
        finish(vm, result)
    }
    native_binary(vm, frame, function, this, arg) {
        let function = std::mem::transmute::<usize, NativeBinary>(function as usize);
        let result = function(vm, value(this), value(arg));
        finish(vm, result)
    }
    native_one_of_many(vm, frame, function, this, arg) {
        let function = std::mem::transmute::<usize, NativeMany>(function as usize);
        let result = function(vm, value(this), &[value(arg)]);
        finish(vm, result)
    }
    /// `n` arguments are on the frame's stack.
    native_many(vm, frame, function, this, n) {
        let function = std::mem::transmute::<usize, NativeMany>(function as usize);
        let result = function(vm, value(this), values(frame, n));
        finish(vm, result)
    }
    native_bound_one(vm, frame, function, this, arg) {
        let function = std::mem::transmute::<usize, NativeBound>(function as usize);
        let result = function(vm, value(this), &[Some(value(arg))]);
        finish(vm, result)
    }
    native_bound(vm, frame, function, this, n) {
        let function = std::mem::transmute::<usize, NativeBound>(function as usize);
        let result = function(vm, value(this), Ref::as_options(values(frame, n)));
        finish(vm, result)
    }
    /// A class makes its instances by the function; `n` arguments are on the frame's stack.
    native_new(vm, frame, function, class, n) {
        let function = std::mem::transmute::<usize, NewFn>(function as usize);
        let class = value(class).downcast::<object::Type>().expect("compiled code passes classes");
        let result = function(vm, class, Args::positional(values(frame, n)));
        finish(vm, result)
    }
    /// `str(object)`
    to_text(vm, frame, object) {
        if value(object).is_exactly(&object::str::STR) {
            return value(object).to_owned().into_raw();
        }
        let result = vm.str(value(object)).map(|text| text.into_object());
        finish(vm, result)
    }
    native_few(vm, frame, function, this, n, info) {
        let function = std::mem::transmute::<usize, NativeBound>(function as usize);
        let info = &*(info as *const NativeInfo);
        let result = info.call_with_few(vm, function, value(this), values(frame, n));
        finish(vm, result)
    }
    /// An instance of a class whose instances are made in the usual way.
    allocate(vm, frame, class) {
        let class = value(class).downcast::<object::Type>().expect("compiled code passes classes");
        vm.allocate_plain(class.get()).into_raw()
    }
    init_returned(vm, frame, object) {
        compiled::init_returned(vm, value(object));
        0
    }
    /// Function and receiver are taken over.
    new_method(vm, frame, function, receiver) {
        let [function, receiver] = [function, receiver].map(|word| Object::from_raw(word).expect("an operand is never null"));
        vm.new_bound_method(function, receiver).into_raw()
    }
    /// So many items on the frame's stack are taken over.
    new_list(vm, frame, n) {
        let mut items: Vec<Object> = Vec::with_capacity(n as usize);
        items.extend(taken(frame, n as usize));
        vm.new_list(items).into_object().into_raw()
    }
    /// A dict of the keys and values on the frame's stack, which are not taken over.
    new_dict(vm, frame, n) {
        let dict = vm.new_dict_with_capacity(n as usize / 2);
        let mut result = Ok(());
        for item in values(frame, n).chunks_exact(2) {
            result = result.and_then(|()| dict.borrow().set(vm, item[0], item[1].to_owned()));
        }
        finish(vm, result.map(|()| dict.into_object()))
    }
    make_function(vm, frame, code) { compiled::make_function(vm, frame, value(code)).into_raw() }
    /// The value is taken over.
    set_function_attribute(vm, frame, attribute, function, attribute_value) {
        let attribute_value = Object::from_raw(attribute_value).expect("an operand is never null");
        compiled::set_function_attribute(vm, value(function), attribute as u32, attribute_value);
        1
    }
    new_tuple(vm, frame, n) { vm.new_tuple(taken(frame, n as usize)).into_object().into_raw() }
    new_pair(vm, frame, first, second) {
        vm.new_tuple([first, second].map(|word| Object::from_raw(word).expect("an operand is never null"))).into_object().into_raw()
    }
    /// The item is taken over.
    list_append(vm, frame, list, item) {
        let item = Object::from_raw(item).expect("an operand is never null");
        let list = value(list).downcast::<object::list::List>().expect("compiled code passes lists");
        list.get().push(vm, item);
        1
    }
    format_simple(vm, frame, operand) {
        if value(operand).is_exactly(&object::str::STR) {
            return value(operand).to_owned().into_raw();
        }
        let text = builtins::functions::format_value(vm, value(operand), vm.empty_str().object()).map_or(0, |text| text.into_object().into_raw());
        vm.run_finalizers();
        text
    }
    load_item(vm, frame, container, key) { compiled::load_item(vm, value(container), value(key)) }
    /// `dict.get(key, default)`
    dict_get(vm, frame, dict, key, default) {
        let result = compiled::dict_get(vm, value(dict).downcast_unchecked::<object::dict::Dict>(), value(key), value(default));
        finish(vm, result)
    }
    /// `cache` is the address of a [`SuperCache`].
    load_special(vm, frame, owner, method, cache) {
        let cache = &*(cache as *const SuperCache);
        if let Some(found) = cache.find(value(owner)) {
            *compiled::stack(frame) = value(owner).to_owned().into_raw();
            return value(found).to_owned().into_raw();
        }
        *compiled::stack(frame) = owner;
        let found = compiled::step(vm, frame, bytecode::Opcode::LoadSpecial, method as u32, 1, Take::FirstThenSecond);
        let second = *compiled::stack(frame);
        if found != 0 && second == owner {
            cache.note(Ref::NONE, value(owner), value(found));
        }
        found
    }
    /// Of a dict, whatever its class says.
    set_in_dict(vm, frame, stored, dict, key) {
        let dict = value(dict).downcast::<object::dict::Dict>().expect("compiled code passes dicts");
        u64::from(compiled::set_in_dict(vm, dict, value(key), value(stored)))
    }
    add_to_set(vm, frame, set, item) { u64::from(compiled::add_to_set(vm, value(set), value(item))) }
    delete_item(vm, frame, container, key) {
        let result = vm.del_item(value(container), value(key)).is_ok();
        vm.run_finalizers();
        u64::from(result)
    }
    new_slice(vm, frame, start, stop, step) {
        let [start, stop, step] = [start, stop, step].map(|word| value(word).to_owned());
        builtins::slice::new(vm, start, stop, step).into_raw()
    }
    /// The strings are on the frame's stack.
    join(vm, frame, n) { compiled::join(vm, values(frame, n)) }
    /// `len(container)`
    get_length(vm, frame, container) {
        let result = vm.len(value(container)).map_or(0, |length| vm.new_int(length as i64).into_raw());
        vm.run_finalizers();
        result
    }
    store_item(vm, frame, stored, container, key) { u64::from(compiled::store_item(vm, value(container), value(key), value(stored))) }
    load_slice(vm, frame, container, start, stop) { compiled::slice(vm, value(container), value(start), value(stop)) }
    load_strided(vm, frame, container, start, stop, step) {
        let [container, start, stop, step] = [container, start, stop, step].map(|word| value(word));
        let quick = container.downcast_exact::<List>().and_then(|list| list_slices::quick_slice(vm, list, start, stop, step));
        match quick {
            Some(slice) => slice.into_raw(),
            None => {
                let slice = builtins::slice::new(vm, start.to_owned(), stop.to_owned(), step.to_owned());
                compiled::load_item(vm, container, slice.borrow())
            }
        }
    }
    /// Bounds of the place, and of what is stored, are on the frame's stack.
    store_strided(vm, frame, container, source) {
        const LISTS: &str = "the compiler knows that both are lists";
        let [container, source] = [container, source].map(|word| value(word).downcast_exact::<List>().expect(LISTS));
        let bounds = values(frame, 5);
        list_slices::store_strided(vm, (container, bounds[0], bounds[1]), (source, bounds[2], bounds[3], bounds[4]));
        vm.run_finalizers();
        0
    }
    /// `stored` is taken over.
    store_slice(vm, frame, stored, container, start, stop) {
        let stored = Object::from_raw(stored).expect("an operand is never null");
        let [container, start, stop] = [container, start, stop].map(|word| value(word));
        let rest = match container.downcast_exact::<List>() {
            Some(list) => list_slices::quick_store(vm, list, start, stop, stored).err(),
            None => Some(stored),
        };
        let result = match rest {
            None => true,
            Some(stored) => {
                let slice = builtins::slice::new(vm, start.to_owned(), stop.to_owned(), Object::none());
                vm.set_item(container, slice.borrow(), stored.borrow()).is_ok()
            }
        };
        vm.run_finalizers();
        u64::from(result)
    }
    /// The number of items as a machine integer.
    length(vm, frame, container) { vm.len(value(container)).unwrap_or(0) as u64 }
    unpack(vm, frame, sequence, n) { compiled::unpack(vm, frame, value(sequence), n as usize, None) }
    unpack_starred(vm, frame, sequence, before, after) { compiled::unpack(vm, frame, value(sequence), before as usize, Some(after as usize)) }
    get_iter(vm, frame, iterable) { let result = vm.iter(value(iterable)); finish(vm, result) }
    next(vm, frame, iterator) {
        match compiled::resume::next_ready(vm, iterator) {
            Quick::Yielded(value) => return value,
            Quick::Raised => return 0,
            Quick::Returned(value) => {
                drop(Object::from_raw(value));
                vm.run_finalizers();
                return EXHAUSTED;
            }
            Quick::NotReady => {}
        }
        match compiled::next(vm, value(iterator)) {
            Some(Some(item)) => item.into_raw(),
            Some(None) => EXHAUSTED,
            None => 0,
        }
    }
    /// The next value, or the first of a pair: then the second result is not null.
    next_pair(vm, frame, iterator) {
        match compiled::next_pair(vm, frame, value(iterator)) {
            Some(Some(item)) => item.into_raw(),
            Some(None) => EXHAUSTED,
            None => 0,
        }
    }
    /// A value, or what the receiver returned; the second result says which.
    send(vm, frame, receiver, sent) { compiled::resume::send(vm, frame, value(receiver), value(sent)) }
    /// As `call`; the result, or what is yielded; the second result is what is waited for then, or null.
    call_awaited(vm, frame, n) { compiled::resume::call_awaited(vm, frame, n as usize) }
    /// Leaves a generator, whose frame is complete, at a `yield`; so many words are on its stack.
    suspend(vm, frame, index, depth) {
        compiled::resume::suspend(vm, frame, index as usize, depth as usize);
        1
    }
    /// The same at the `yield` of a `yield from` or `await`.
    suspend_delegating(vm, frame, index, depth) {
        compiled::resume::suspend_delegating(vm, frame, index as usize, depth as usize);
        1
    }
    get_anext(vm, frame, iterator) { compiled::resume::get_anext(vm, value(iterator)) }
    get_awaitable(vm, frame, awaited, place) { compiled::resume::get_awaitable(vm, value(awaited), place as u32) }
    /// The value is what an async generator yields next.
    wrap_own(vm, frame, yielded) { compiled::resume::wrap_own(vm, value(yielded)) }
    /// Ends a generator's frame.
    finish_generator(vm, frame) {
        compiled::resume::finish(vm, frame);
        1
    }
    /// Exception and cause, or nulls, are taken over.
    raise(vm, frame, exception, cause) {
        compiled::raise(vm, frame, Object::from_raw(exception), Object::from_raw(cause));
        0
    }
    reraise(vm, frame, exception) {
        compiled::reraise(vm, frame, value(exception).to_owned());
        0
    }
    /// The exception that is set, which the instruction of this index raised.
    catch(vm, frame, index) { compiled::raising::catch(vm, frame, index as usize) }
    /// The exception becomes the one that is handled; gives the one before.
    push_exc_info(vm, frame, exception) { compiled::raising::push_handled(vm, value(exception)) }
    /// The one before, which is taken over, is handled again.
    pop_except(vm, frame, previous) {
        compiled::raising::pop_handled(vm, Object::from_raw(previous));
        1
    }
    exception_matches(vm, frame, exception, kind) { truth(compiled::raising::matches(vm, value(exception), value(kind))) }
    /// Whether nobody else has the frame's object.
    is_unobserved(vm, frame) { u64::from(!compiled::look::is_observed(frame)) }
    run_periodic_tasks(vm, frame) { u64::from(compiled::run_periodic_tasks(vm, frame)) }
    /// Whether the value is of a type; `check` is the address of a [`crate::classify::Check`].
    is_of_type(vm, frame, object, check) { u64::from((*(check as *const crate::classify::Check)).holds(object)) }
    /// A character of a string.
    character(vm, frame, text, index) {
        let index = Object::small_int(index as i64);
        compiled::binary(vm, BinaryOp::Subscript, value(text), index.borrow())
    }
}
