//! Writing objects of the types that the pickle machine knows.

use super::opcode::*;
use super::pickler::Pickler;
use super::{Shared, pickling_error, reduce, shared, type_name, with_note};
use crate::pickle_buffer::{PICKLE_BUFFER, PickleBuffer};
use builtins::set;
use object::bytes::{BYTEARRAY, BYTES, ByteArray, Bytes};
use object::class::TYPE;
use object::dict::{DICT, Dict};
use object::float::FLOAT;
use object::int::{self, BOOL, INT};
use object::list::{LIST, List};
use object::str::{STR, Str};
use object::tuple::{TUPLE, Tuple};
use object::{Object, PyResult, Raised, Ref, Type, Vm};

/// How many items of a container are handed over at once.
const BATCH: usize = 1000;
/// The depth from which on fast mode looks for cycles.
const FAST_NESTING: usize = 50;

/// Writes an object, or a reference to it if it has been written.
pub fn save(vm: &mut Vm, this: &Pickler, object: Ref<'_>) -> PyResult<()> {
    save_maybe_persistent(vm, this, object, true)
}

/// A persistent identity is itself written without asking whether it has one.
fn save_maybe_persistent(vm: &mut Vm, this: &Pickler, object: Ref<'_>, ask: bool) -> PyResult<()> {
    if ask
        && let Some(function) = this.persistent_id.get()
        && save_persistent(vm, this, object, function.borrow())?
    {
        return Ok(());
    }
    save_plain(vm, this, object)?;
    this.boundary(vm)
}

fn save_persistent(vm: &mut Vm, this: &Pickler, object: Ref<'_>, function: Ref<'_>) -> PyResult<bool> {
    let identity = vm.call(function, &[object])?;
    if identity.borrow().is_none() {
        return Ok(false);
    }
    if this.binary.get() != 0 {
        save_maybe_persistent(vm, this, identity.borrow(), false)?;
        this.put(vm, &[BINPERSID]);
        return Ok(true);
    }
    let text = vm.str_text(identity.borrow())?;
    if !text.is_ascii() {
        return Err(pickling_error(vm, "persistent IDs in protocol 0 must be ASCII strings"));
    }
    this.put(vm, format!("{}{text}\n", char::from(PERSID)).as_bytes());
    Ok(true)
}

/// Whether the class is exactly this one.
#[inline]
fn is(class: &Type, other: &'static Type) -> bool {
    std::ptr::eq(class, other)
}

fn save_plain(vm: &mut Vm, this: &Pickler, object: Ref<'_>) -> PyResult<()> {
    let class = object.class();
    // What is no longer than a reference to it is not remembered.
    if object.is_none() {
        this.put(vm, &[NONE]);
        return Ok(());
    }
    if is(class, &INT) {
        return save_int(vm, this, object);
    }
    if is(class, &FLOAT) {
        save_float(vm, this, object);
        return Ok(());
    }
    if is(class, &BOOL) {
        let value = object.is(Ref::TRUE);
        let data: &[u8] = match (this.protocol.get() >= 2, value) {
            (true, true) => &[NEWTRUE],
            (true, false) => &[NEWFALSE],
            (false, true) => b"I01\n",
            (false, false) => b"I00\n",
        };
        this.put(vm, data);
        return Ok(());
    }
    if let Some(index) = this.memo.get(vm).find(object) {
        this.recall(vm, index);
        return Ok(());
    }
    if is(class, &STR) {
        return save_str(vm, this, object);
    }
    if is(class, &BYTES) {
        return save_bytes(vm, this, object);
    }
    vm.check_stack(" while pickling an object")?;
    if is(class, &DICT) {
        return nested(vm, this, object, save_dict);
    }
    if is(class, &LIST) {
        return nested(vm, this, object, save_list);
    }
    if is(class, &TUPLE) {
        return save_tuple(vm, this, object);
    }
    if is(class, &set::SET) {
        return save_set(vm, this, object);
    }
    if is(class, &set::FROZEN_SET) {
        return save_frozen_set(vm, this, object);
    }
    if is(class, &BYTEARRAY) {
        return save_bytearray(vm, this, object);
    }
    if is(class, &PICKLE_BUFFER) {
        return save_buffer(vm, this, object);
    }
    save_other(vm, this, object, class)
}

/// What is none of the machine's types: a global, or what a reducer makes of it.
fn save_other(vm: &mut Vm, this: &Pickler, object: Ref<'_>, class: &Type) -> PyResult<()> {
    if let Some(reducer) = this.reducer_override.get() {
        let reduced = vm.call(reducer.borrow(), &[object])?;
        if !reduced.borrow().is(Ref::NOT_IMPLEMENTED) {
            return reduce::save_reduced(vm, this, object, reduced.borrow());
        }
    }
    if is(class, &TYPE) {
        return reduce::save_type(vm, this, object);
    }
    if is(class, &interp::function::FUNCTION) {
        return reduce::save_global(vm, this, object, None);
    }
    let reducer = match this.dispatch_table.get() {
        None => match shared(Shared::DispatchTable).borrow().downcast::<Dict>() {
            Some(table) => table.get().get(vm, class.object())?,
            None => None,
        },
        Some(table) => {
            let found = vm.get_item(table.borrow(), class.object());
            vm.ignore(found, &object::exception::KEY_ERROR)?
        }
    };
    let reduced = match reducer {
        Some(reducer) => vm.call(reducer.borrow(), &[object])?,
        None if class.is_subclass_of(&TYPE) => return reduce::save_global(vm, this, object, None),
        None => {
            let name = vm.intern("__reduce_ex__");
            match vm.find_attr(object, name)? {
                Some(method) => {
                    let protocol = Object::small_int(i64::from(this.protocol.get()));
                    vm.call(method.borrow(), &[protocol.borrow()])?
                }
                None => {
                    let name = vm.intern("__reduce__");
                    let Some(method) = vm.find_attr(object, name)? else {
                        let name = type_name(vm, object);
                        return Err(pickling_error(vm, format!("can't pickle '{name}' object")));
                    };
                    vm.call(method.borrow(), &[])?
                }
            }
        }
    };
    reduce::save_reduced(vm, this, object, reduced.borrow())
}

fn save_int(vm: &mut Vm, this: &Pickler, object: Ref<'_>) -> PyResult<()> {
    let binary = this.binary.get() != 0;
    if let Some(value) = object.as_small_int().and_then(|value| i32::try_from(value).ok()) {
        let [a, b, c, d] = value.to_le_bytes();
        match value {
            _ if !binary => this.put(vm, format!("{}{value}\n", char::from(super::opcode::INT)).as_bytes()),
            0..=0xff => this.put(vm, &[BININT1, a]),
            0x100..=0xffff => this.put(vm, &[BININT2, a, b]),
            _ => this.put(vm, &[BININT, a, b, c, d]),
        }
        return Ok(());
    }
    if this.protocol.get() < 2 {
        let text = vm.repr_text(object)?;
        this.put(vm, format!("{}{text}L\n", char::from(LONG)).as_bytes());
        return Ok(());
    }
    let data = int::to_bigint(object).map(|value| value.to_signed_bytes_le()).unwrap_or_default();
    let [a, b, c, d] = (data.len() as u32).to_le_bytes();
    if data.len() < 256 {
        this.put(vm, &[LONG1, a]);
    } else if i32::try_from(data.len()).is_ok() {
        this.put(vm, &[LONG4, a, b, c, d]);
    } else {
        return Err(vm.overflow_error("int too large to pickle"));
    }
    this.put(vm, &data);
    Ok(())
}

fn save_float(vm: &mut Vm, this: &Pickler, object: Ref<'_>) {
    let value = object::float::value(object).unwrap_or_default();
    if this.binary.get() != 0 {
        let mut data = [BINFLOAT; 9];
        data[1..].copy_from_slice(&value.to_be_bytes());
        this.put(vm, &data);
    } else {
        this.put(vm, format!("{}{}\n", char::from(super::opcode::FLOAT), object::float::repr(value)).as_bytes());
    }
}

/// The instruction for data of some length: the shortest of those the protocol has.
struct Sized {
    short: Option<u8>,
    medium: Option<u8>,
    long: Option<u8>,
}

fn put_sized(vm: &mut Vm, this: &Pickler, sized: &Sized, data: &[u8], whole: Option<Ref<'_>>, what: &str) -> PyResult<()> {
    let length = data.len();
    if let (Some(opcode), true) = (sized.short, length <= 0xff) {
        return this.put_data(vm, &[opcode, length as u8], data, whole);
    }
    if let (Some(opcode), Ok(length)) = (sized.medium, u32::try_from(length)) {
        let [a, b, c, d] = length.to_le_bytes();
        return this.put_data(vm, &[opcode, a, b, c, d], data, whole);
    }
    match sized.long {
        Some(opcode) => {
            let mut header = [opcode; 9];
            header[1..].copy_from_slice(&(length as u64).to_le_bytes());
            this.put_data(vm, &header, data, whole)
        }
        None => Err(vm.overflow_error(format!("serializing a {what} larger than 4 GiB requires pickle protocol 4 or higher"))),
    }
}

fn put_bytes(vm: &mut Vm, this: &Pickler, data: &[u8], whole: Option<Ref<'_>>) -> PyResult<()> {
    let long = (this.protocol.get() >= 4).then_some(BINBYTES8);
    put_sized(vm, this, &Sized { short: Some(SHORT_BINBYTES), medium: Some(BINBYTES), long }, data, whole, "bytes object")
}

fn put_bytearray(vm: &mut Vm, this: &Pickler, data: &[u8], whole: Option<Ref<'_>>) -> PyResult<()> {
    put_sized(vm, this, &Sized { short: None, medium: None, long: Some(BYTEARRAY8) }, data, whole, "bytearray object")
}

fn save_bytes(vm: &mut Vm, this: &Pickler, object: Ref<'_>) -> PyResult<()> {
    let data = object.downcast::<Bytes>().map(|bytes| bytes.get().data()).unwrap_or_default();
    if this.protocol.get() >= 3 {
        put_bytes(vm, this, data, Some(object))?;
        this.memoize(vm, object);
        return Ok(());
    }
    // Protocols that have no bytes make them from text.
    let (function, args) = if data.is_empty() {
        (BYTES.to_object(), vm.new_tuple([]))
    } else {
        let codecs = vm.import("codecs")?;
        let encode = vm.get_attr_str(codecs.borrow(), "encode")?;
        let (text, encoding) = (vm.new_str_latin1(data).into_object(), vm.intern("latin1").to_owned());
        (encode, vm.new_tuple([text, encoding]))
    };
    let reduced = vm.new_tuple([function, args.into_object()]).into_object();
    reduce::save_reduce(vm, this, reduced.borrow(), Some(object))
}

fn save_bytearray(vm: &mut Vm, this: &Pickler, object: Ref<'_>) -> PyResult<()> {
    let data = object.downcast::<ByteArray>().map(|bytes| bytes.get().data(vm).to_vec()).unwrap_or_default();
    if this.protocol.get() >= 5 {
        put_bytearray(vm, this, &data, Some(object))?;
        this.memoize(vm, object);
        return Ok(());
    }
    let args = if data.is_empty() {
        vm.new_tuple([])
    } else {
        let bytes = vm.new_bytes(&data).into_object();
        vm.new_tuple([bytes])
    };
    let reduced = vm.new_tuple([BYTEARRAY.to_object(), args.into_object()]).into_object();
    reduce::save_reduce(vm, this, reduced.borrow(), Some(object))
}

fn save_buffer(vm: &mut Vm, this: &Pickler, object: Ref<'_>) -> PyResult<()> {
    if this.protocol.get() < 5 {
        return Err(pickling_error(vm, "PickleBuffer can only be pickled with protocol >= 5"));
    }
    let Some(buffer) = object.downcast::<PickleBuffer>() else { return Ok(()) };
    let buffer = buffer.get().buffer(vm)?;
    if !buffer.is_c_contiguous() && !buffer.is_f_contiguous() {
        return Err(pickling_error(vm, "PickleBuffer can not be pickled when pointing to a non-contiguous buffer"));
    }
    let in_band = match this.buffer_callback.get() {
        None => true,
        Some(callback) => {
            let answer = vm.call(callback.borrow(), &[object])?;
            vm.is_true(answer.borrow())?
        }
    };
    if in_band {
        let (offset, length) = (buffer.offset(), buffer.len());
        let data = buffer.memory(vm)[offset..offset + length].to_vec();
        if buffer.is_readonly() {
            put_bytes(vm, this, &data, None)?;
        } else {
            put_bytearray(vm, this, &data, None)?;
        }
        this.memoize(vm, object);
    } else {
        this.put(vm, &[NEXT_BUFFER]);
        if buffer.is_readonly() {
            this.put(vm, &[READONLY_BUFFER]);
        }
    }
    Ok(())
}

fn save_str(vm: &mut Vm, this: &Pickler, object: Ref<'_>) -> PyResult<()> {
    let text = object.downcast::<Str>().expect("the class was asked").get();
    if this.binary.get() == 0 {
        let mut line = vec![UNICODE];
        for code_point in text.code_points() {
            match code_point {
                0x1_0000.. => line.extend(format!("\\U{code_point:08x}").bytes()),
                0 | 0x0a | 0x0d | 0x1a | 0x5c | 0x100.. => line.extend(format!("\\u{code_point:04x}").bytes()),
                _ => line.push(code_point as u8),
            }
        }
        line.push(b'\n');
        this.put(vm, &line);
    } else {
        let newer = this.protocol.get() >= 4;
        let sized = Sized { short: newer.then_some(SHORT_BINUNICODE), medium: Some(BINUNICODE), long: newer.then_some(BINUNICODE8) };
        put_sized(vm, this, &sized, text.to_wtf8().as_bytes(), None, "string")?;
    }
    this.memoize(vm, object);
    Ok(())
}

/// Writes an item; what goes wrong is said to be with that item.
fn save_item(vm: &mut Vm, this: &Pickler, container: Ref<'_>, index: usize, item: Ref<'_>) -> PyResult<()> {
    save(vm, this, item).map_err(|raised| {
        let name = type_name(vm, container);
        with_note(vm, raised, &format!("when serializing {name} item {index}"))
    })
}

fn save_tuple(vm: &mut Vm, this: &Pickler, object: Ref<'_>) -> PyResult<()> {
    let items = object.downcast::<Tuple>().map(|tuple| tuple.get().items()).unwrap_or_default();
    let protocol = this.protocol.get();
    if items.is_empty() {
        let data: &[u8] = if protocol > 0 { &[EMPTY_TUPLE] } else { &[MARK, super::opcode::TUPLE] };
        this.put(vm, data);
        return Ok(());
    }
    let is_short = items.len() <= 3 && protocol >= 2;
    if !is_short {
        this.put(vm, &[MARK]);
    }
    for (index, &item) in items.iter().enumerate() {
        save_item(vm, this, object, index, item)?;
    }
    // A tuple that an item of it contains has been written by now: what is on the stack is thrown away.
    if let Some(known) = this.memo.get(vm).find(object) {
        if is_short {
            this.put(vm, &[POP; 3][..items.len()]);
        } else if protocol > 0 {
            this.put(vm, &[POP_MARK]);
        } else {
            this.put(vm, &vec![POP; items.len() + 1]);
        }
        this.recall(vm, known);
        return Ok(());
    }
    let opcode = if is_short { [TUPLE1, TUPLE2, TUPLE3][items.len() - 1] } else { super::opcode::TUPLE };
    this.put(vm, &[opcode]);
    this.memoize(vm, object);
    Ok(())
}

/// Runs the writer of a container; in fast mode, without a memo, cycles are looked for.
fn nested(vm: &mut Vm, this: &Pickler, object: Ref<'_>, write: fn(&mut Vm, &Pickler, Ref<'_>) -> PyResult<()>) -> PyResult<()> {
    if this.fast.get() == 0 {
        return write(vm, this, object);
    }
    let depth = this.fast_nesting.get() + 1;
    this.fast_nesting.set(depth);
    let remembers = depth >= FAST_NESTING;
    if remembers {
        if this.fast_open.get(vm).contains(&object.bits()) {
            this.fast_nesting.set(0);
            this.fast_open.get_mut(vm).clear();
            let message = format!("fast mode: can't pickle cyclic objects including object type {} at {:#x}", object.class().name(), object.bits());
            return Err(vm.value_error(message));
        }
        this.fast_open.get_mut(vm).push(object.bits());
    }
    let result = write(vm, this, object);
    this.fast_nesting.set(this.fast_nesting.get().saturating_sub(1));
    if remembers {
        this.fast_open.get_mut(vm).pop();
    }
    result
}

fn save_list(vm: &mut Vm, this: &Pickler, object: Ref<'_>) -> PyResult<()> {
    let list = object.downcast::<List>().expect("the class was asked").get();
    let binary = this.binary.get() != 0;
    let data: &[u8] = if binary { &[EMPTY_LIST] } else { &[MARK, super::opcode::LIST] };
    this.put(vm, data);
    this.memoize(vm, object);
    if list.len(vm) == 0 {
        return Ok(());
    }
    if this.protocol.get() == 0 {
        let iterator = vm.iter(object)?;
        return append_all(vm, this, iterator.borrow(), object);
    }
    if list.len(vm) == 1 {
        let item = list.get(vm, 0).map_or(Object::none(), Ref::to_owned);
        save_item(vm, this, object, 0, item.borrow())?;
        this.put(vm, &[APPEND]);
        return Ok(());
    }
    let mut index = 0;
    while index < list.len(vm) {
        this.put(vm, &[MARK]);
        let end = index + BATCH;
        while index < end {
            let Some(item) = list.get(vm, index).map(Ref::to_owned) else { break };
            save_item(vm, this, object, index, item.borrow())?;
            index += 1;
        }
        this.put(vm, &[APPENDS]);
    }
    Ok(())
}

/// Writes what an iterator gives as items to append to what is on the stack.
pub fn append_all(vm: &mut Vm, this: &Pickler, iterator: Ref<'_>, container: Ref<'_>) -> PyResult<()> {
    let mut total = 0;
    if this.protocol.get() == 0 {
        while let Some(item) = vm.next(iterator)? {
            save_item(vm, this, container, total, item.borrow())?;
            this.put(vm, &[APPEND]);
            total += 1;
        }
        return Ok(());
    }
    loop {
        let Some(first) = vm.next(iterator)? else { return Ok(()) };
        let mut next = vm.next(iterator)?;
        if next.is_none() {
            save_item(vm, this, container, total, first.borrow())?;
            this.put(vm, &[APPEND]);
            return Ok(());
        }
        this.put(vm, &[MARK]);
        save_item(vm, this, container, total, first.borrow())?;
        total += 1;
        let mut n = 1;
        while let Some(item) = next.take() {
            save_item(vm, this, container, total, item.borrow())?;
            total += 1;
            n += 1;
            if n == BATCH {
                break;
            }
            next = vm.next(iterator)?;
        }
        this.put(vm, &[APPENDS]);
        if n < BATCH {
            return Ok(());
        }
    }
}

fn save_entry(vm: &mut Vm, this: &Pickler, container: Ref<'_>, key: Ref<'_>, value: Ref<'_>) -> PyResult<()> {
    save(vm, this, key)?;
    save(vm, this, value).map_err(|raised| note_of_value(vm, raised, container, key))
}

fn note_of_value(vm: &mut Vm, raised: Raised, container: Ref<'_>, key: Ref<'_>) -> Raised {
    let error = vm.catch(raised);
    let name = type_name(vm, container);
    match vm.repr_text(key) {
        Ok(key) => {
            let raised = vm.reraise(error);
            with_note(vm, raised, &format!("when serializing {name} item {key}"))
        }
        Err(second) => {
            drop(vm.catch(second));
            vm.reraise(error)
        }
    }
}

fn save_dict(vm: &mut Vm, this: &Pickler, object: Ref<'_>) -> PyResult<()> {
    let dict = object.downcast::<Dict>().expect("the class was asked").get();
    let binary = this.binary.get() != 0;
    let data: &[u8] = if binary { &[EMPTY_DICT] } else { &[MARK, super::opcode::DICT] };
    this.put(vm, data);
    this.memoize(vm, object);
    let size = dict.len(vm);
    if size == 0 {
        return Ok(());
    }
    if this.protocol.get() == 0 {
        let items = vm.call_method(object, "items", &[])?;
        let iterator = vm.iter(items.borrow())?;
        return set_all(vm, this, iterator.borrow(), object);
    }
    let mut position = 0;
    let mut left = size;
    while left > 0 {
        if size > 1 {
            this.put(vm, &[MARK]);
        }
        let mut n = 0;
        while n < BATCH
            && let Some((next, key, value)) = dict.entry_at(vm, position)
        {
            let (key, value) = (key.to_owned(), value.to_owned());
            position = next;
            save_entry(vm, this, object, key.borrow(), value.borrow())?;
            n += 1;
            if dict.len(vm) != size {
                return Err(vm.runtime_error("dictionary changed size during iteration"));
            }
        }
        this.put(vm, &[if size > 1 { SETITEMS } else { SETITEM }]);
        if n < BATCH {
            break;
        }
        left = left.saturating_sub(n);
    }
    Ok(())
}

/// Writes what an iterator gives as pairs to set in what is on the stack.
pub fn set_all(vm: &mut Vm, this: &Pickler, iterator: Ref<'_>, container: Ref<'_>) -> PyResult<()> {
    let save_pair = |vm: &mut Vm, pair: &Object| match pair.borrow().downcast::<Tuple>().map(|pair| pair.get().items()) {
        Some(&[key, value]) => save_entry(vm, this, container, key, value),
        _ => Err(vm.type_error("dict items iterator must return 2-tuples")),
    };
    if this.protocol.get() == 0 {
        while let Some(pair) = vm.next(iterator)? {
            save_pair(vm, &pair)?;
            this.put(vm, &[SETITEM]);
        }
        return Ok(());
    }
    loop {
        let Some(first) = vm.next(iterator)? else { return Ok(()) };
        let mut next = vm.next(iterator)?;
        if next.is_none() {
            save_pair(vm, &first)?;
            this.put(vm, &[SETITEM]);
            return Ok(());
        }
        this.put(vm, &[MARK]);
        save_pair(vm, &first)?;
        let mut n = 1;
        while let Some(pair) = next.take() {
            save_pair(vm, &pair)?;
            n += 1;
            if n == BATCH {
                break;
            }
            next = vm.next(iterator)?;
        }
        this.put(vm, &[SETITEMS]);
        if n < BATCH {
            return Ok(());
        }
    }
}

fn save_element(vm: &mut Vm, this: &Pickler, container: Ref<'_>, element: Ref<'_>) -> PyResult<()> {
    save(vm, this, element).map_err(|raised| {
        let name = type_name(vm, container);
        with_note(vm, raised, &format!("when serializing {name} element"))
    })
}

/// A set, for protocols that have none: its class and a list of its elements.
fn save_set_as_call(vm: &mut Vm, this: &Pickler, object: Ref<'_>) -> PyResult<()> {
    let items = vm.collect(object)?;
    let list = vm.new_list(items).into_object();
    let args = vm.new_tuple([list]).into_object();
    let reduced = vm.new_tuple([object.class().to_object(), args]).into_object();
    reduce::save_reduce(vm, this, reduced.borrow(), Some(object))
}

fn save_set(vm: &mut Vm, this: &Pickler, object: Ref<'_>) -> PyResult<()> {
    if this.protocol.get() < 4 {
        return save_set_as_call(vm, this, object);
    }
    this.put(vm, &[EMPTY_SET]);
    this.memoize(vm, object);
    let core = set::core(object).expect("the class was asked");
    let elements = core.snapshot(vm);
    for batch in elements.chunks(BATCH) {
        this.put(vm, &[MARK]);
        for element in batch {
            save_element(vm, this, object, element.borrow())?;
            if core.len(vm) != elements.len() {
                return Err(vm.runtime_error("set changed size during iteration"));
            }
        }
        this.put(vm, &[ADDITEMS]);
    }
    Ok(())
}

fn save_frozen_set(vm: &mut Vm, this: &Pickler, object: Ref<'_>) -> PyResult<()> {
    if this.protocol.get() < 4 {
        return save_set_as_call(vm, this, object);
    }
    this.put(vm, &[MARK]);
    for element in vm.collect(object)? {
        save_element(vm, this, object, element.borrow())?;
    }
    if let Some(known) = this.memo.get(vm).find(object) {
        this.put(vm, &[POP_MARK]);
        this.recall(vm, known);
        return Ok(());
    }
    this.put(vm, &[FROZENSET]);
    this.memoize(vm, object);
    Ok(())
}
