//! The machine that reads a pickle.

use super::opcode::*;
use super::reduce::{import_named, in_context};
use super::unpickler::{self, Unpickler};
use super::{Shared, shared, unpickling_error};
use builtins::set;
use builtins::text_codecs::{self, escapes};
use object::class::TYPE;
use object::dict::Dict;
use object::exception;
use object::int;
use object::list::List;
use object::str::Str;
use object::tuple::Tuple;
use object::{Args, Object, PyResult, Raised, Ref, Type, Vm};

/// Reads one object.
pub fn run(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let unpickler = unpickler::of(this);
    unpickler::check_idle(vm, unpickler)?;
    let hook = if unpickler.has_own_persistent_load(this) { None } else { Some(vm.get_attr_str(this, "persistent_load")?) };
    drop(unpickler.persistent_load.replace(hook));
    unpickler.running.set(true);
    unpickler.begin(vm);
    unpickler.protocol.set(0);
    let result = execute(vm, unpickler, this);
    unpickler.running.set(false);
    drop(unpickler.persistent_load.take());
    unpickler.reset(vm);
    let value = result?;
    unpickler.skip_peeked(vm)?;
    Ok(value)
}

fn execute(vm: &mut Vm, this: &Unpickler, object: Ref<'_>) -> PyResult {
    loop {
        let opcode = match this.take_array::<1>(vm) {
            Ok([opcode]) => opcode,
            Err(raised) => return Err(at_end(vm, raised)),
        };
        // What most pickles consist of.
        let value = match opcode {
            SHORT_BINUNICODE => {
                let [length] = this.take_array(vm)?;
                text(vm, this, usize::from(length))?
            }
            BININT1 => {
                let [value] = this.take_array(vm)?;
                Object::small_int(i64::from(value))
            }
            BININT2 => {
                let value = u16::from_le_bytes(this.take_array(vm)?);
                Object::small_int(i64::from(value))
            }
            BININT => {
                let value = i32::from_le_bytes(this.take_array(vm)?);
                Object::small_int(i64::from(value))
            }
            BINFLOAT => {
                let value = f64::from_be_bytes(this.take_array(vm)?);
                vm.new_float(value)
            }
            NONE => Object::none(),
            NEWTRUE => Object::bool(true),
            NEWFALSE => Object::bool(false),
            EMPTY_LIST => vm.new_list(Vec::new()).into_object(),
            EMPTY_DICT => vm.new_dict().into_object(),
            TUPLE1 | TUPLE2 | TUPLE3 => {
                let start = this.position_of(vm, usize::from(opcode - TUPLE1) + 1)?;
                tuple_from(vm, this, start)
            }
            TUPLE => {
                let start = this.take_mark(vm)?;
                tuple_from(vm, this, start)
            }
            BINGET => {
                let [index] = this.take_array(vm)?;
                recall(vm, this, isize::from(index))?
            }
            MEMOIZE => {
                let value = this.top(vm)?;
                let memo = this.memo.get_mut(vm);
                let index = memo.len();
                drop(memo.enter(index, value));
                continue;
            }
            MARK => {
                this.mark(vm);
                continue;
            }
            STOP => return this.pop(vm),
            _ => {
                step(vm, this, object, opcode)?;
                continue;
            }
        };
        this.push(vm, value);
    }
}

/// The exception where an instruction should follow.
#[cold]
fn at_end(vm: &mut Vm, raised: Raised) -> Raised {
    let error = vm.catch(raised);
    let class = super::UNPICKLING_ERROR.get_or_none();
    let is_end = class.borrow().downcast::<Type>().is_some_and(|class| error.borrow().is_instance_of(class.get()));
    if is_end { vm.raise(&exception::EOF_ERROR, "Ran out of input") } else { vm.reraise(error) }
}

#[inline(never)]
fn step(vm: &mut Vm, this: &Unpickler, object: Ref<'_>, opcode: u8) -> PyResult<()> {
    match opcode {
        BINUNICODE | BINUNICODE8 => {
            let length = counted(vm, this, opcode)?;
            let text = text(vm, this, length)?;
            this.push(vm, text);
        }
        SHORT_BINBYTES | BINBYTES | BINBYTES8 | BYTEARRAY8 => load_bytes(vm, this, opcode)?,
        LONG_BINGET | GET => load_get(vm, this, opcode)?,
        BINPUT | LONG_BINPUT | PUT => load_put(vm, this, opcode)?,
        EMPTY_TUPLE => {
            let tuple = vm.new_tuple([]).into_object();
            this.push(vm, tuple);
        }
        LIST => {
            let items = this.pop_mark(vm)?;
            let list = vm.new_list(items).into_object();
            this.push(vm, list);
        }
        APPEND => {
            let start = this.position_of(vm, 1)?;
            append(vm, this, start)?;
        }
        APPENDS => {
            let start = this.take_mark(vm)?;
            append(vm, this, start)?;
        }
        DICT => {
            let start = this.take_mark(vm)?;
            let dict = vm.new_dict().into_object();
            set_items(vm, this, dict.borrow(), start, "DICT")?;
            this.push(vm, dict);
        }
        SETITEM => {
            let start = this.position_of(vm, 2)?;
            let target = this.below(vm, start)?;
            set_items(vm, this, target.borrow(), start, "SETITEMS")?;
        }
        SETITEMS => {
            let start = this.take_mark(vm)?;
            let target = this.below(vm, start)?;
            set_items(vm, this, target.borrow(), start, "SETITEMS")?;
        }
        EMPTY_SET => {
            let set = set::new_set(vm).into_object();
            this.push(vm, set);
        }
        ADDITEMS => {
            let items = this.pop_mark(vm)?;
            add_items(vm, this, &items)?;
        }
        FROZENSET => {
            let items = this.pop_mark(vm)?;
            let list = vm.new_list(items).into_object();
            let set = set::frozen_from_iterable(vm, list.borrow())?;
            this.push(vm, set);
        }
        STACK_GLOBAL => load_stack_global(vm, this, object)?,
        GLOBAL => load_global(vm, this, object)?,
        REDUCE => load_reduce(vm, this)?,
        NEWOBJ => load_new_object(vm, this, false)?,
        NEWOBJ_EX => load_new_object(vm, this, true)?,
        BUILD => load_build(vm, this)?,
        FRAME => load_frame(vm, this)?,
        PROTO => {
            let [protocol] = this.take_array(vm)?;
            unpickler::check_protocol(vm, i32::from(protocol))?;
            this.protocol.set(i32::from(protocol));
        }
        POP => {
            if !this.pop_bare_mark(vm) {
                drop(this.pop(vm)?);
            }
        }
        POP_MARK => drop(this.pop_mark(vm)?),
        DUP => {
            let value = this.top(vm)?;
            this.push(vm, value);
        }
        _ => step_rare(vm, this, object, opcode)?,
    }
    Ok(())
}

/// Instructions of old protocols, and of special uses.
#[cold]
fn step_rare(vm: &mut Vm, this: &Unpickler, object: Ref<'_>, opcode: u8) -> PyResult<()> {
    match opcode {
        INT => load_int_line(vm, this),
        LONG => load_long_line(vm, this),
        LONG1 | LONG4 => load_long_bytes(vm, this, opcode),
        FLOAT => load_float_line(vm, this),
        STRING => load_string_line(vm, this),
        BINSTRING | SHORT_BINSTRING => {
            let length = counted(vm, this, opcode)?;
            if length > i32::MAX as usize {
                return Err(unpickling_error(vm, "BINSTRING pickle has negative byte count"));
            }
            let data = this.take(vm, length)?.to_vec();
            push_old_string(vm, this, &data)
        }
        UNICODE => {
            let line = line(vm, this, 1)?;
            let errors = text_codecs::errors::Errors::new(None);
            let (text, _) = escapes::raw_unicode_escape_decode(vm, &line, errors, true)?;
            this.push(vm, text.into_object());
            Ok(())
        }
        INST => load_inst(vm, this, object),
        OBJ => load_obj(vm, this),
        PERSID => load_persistent_line(vm, this),
        BINPERSID => {
            let identity = this.pop(vm)?;
            push_persistent(vm, this, identity.borrow())
        }
        EXT1 | EXT2 | EXT4 => load_extension(vm, this, object, opcode),
        NEXT_BUFFER => load_next_buffer(vm, this),
        READONLY_BUFFER => load_readonly_buffer(vm, this),
        0x20..=0x7e if opcode != b'\'' && opcode != b'\\' => Err(unpickling_error(vm, format!("invalid load key, '{}'.", char::from(opcode)))),
        _ => Err(unpickling_error(vm, format!("invalid load key, '\\x{opcode:02x}'."))),
    }
}

/// Makes a tuple of the values from `start` on.
#[inline]
fn tuple_from(vm: &mut Vm, this: &Unpickler, start: usize) -> Object {
    this.drain(vm, start, |vm, items| vm.new_tuple(items).into_object())
}

/// A line without its end, of at least so many bytes with it.
fn line(vm: &mut Vm, this: &Unpickler, least: usize) -> PyResult<Vec<u8>> {
    let mut line = this.take_line(vm)?;
    if line.len() < least {
        return Err(unpickler::truncated(vm));
    }
    line.pop();
    Ok(line)
}

/// The length that an instruction gives in one, four or eight bytes.
fn counted(vm: &mut Vm, this: &Unpickler, opcode: u8) -> PyResult<usize> {
    let (length, name) = match opcode {
        SHORT_BINUNICODE | SHORT_BINBYTES | SHORT_BINSTRING | LONG1 => (u64::from(this.take_array::<1>(vm)?[0]), ""),
        BINUNICODE8 => (u64::from_le_bytes(this.take_array(vm)?), "BINUNICODE"),
        BINBYTES8 => (u64::from_le_bytes(this.take_array(vm)?), "BINBYTES"),
        BYTEARRAY8 => (u64::from_le_bytes(this.take_array(vm)?), "BYTEARRAY8"),
        FRAME => (u64::from_le_bytes(this.take_array(vm)?), "FRAME length"),
        _ => (u64::from(u32::from_le_bytes(this.take_array(vm)?)), ""),
    };
    if length > isize::MAX as u64 {
        return Err(vm.overflow_error(format!("{name} exceeds system's maximum size of {} bytes", isize::MAX)));
    }
    Ok(length as usize)
}

/// The string of so many bytes.
#[inline]
fn text(vm: &mut Vm, this: &Unpickler, length: usize) -> PyResult {
    this.take(vm, length)?;
    match vm.new_str_utf8(this.last_taken(vm, length)) {
        Some(text) => Ok(text.into_object()),
        None => {
            let data = this.last_taken(vm, length).to_vec();
            decode(vm, &data, "utf-8", "surrogatepass")
        }
    }
}

fn decode(vm: &mut Vm, data: &[u8], encoding: &str, errors: &str) -> PyResult {
    let bytes = vm.new_bytes(data).into_object();
    let buffer = vm.buffer(bytes.borrow())?;
    text_codecs::decode(vm, bytes.borrow(), &buffer, Some(encoding), Some(errors))
}

fn load_bytes(vm: &mut Vm, this: &Unpickler, opcode: u8) -> PyResult<()> {
    let length = counted(vm, this, opcode)?;
    let data = this.take(vm, length)?.to_vec();
    let value = if opcode == BYTEARRAY8 { vm.new_bytearray(data).into_object() } else { vm.new_bytes(&data).into_object() };
    this.push(vm, value);
    Ok(())
}

fn load_frame(vm: &mut Vm, this: &Unpickler) -> PyResult<()> {
    let length = counted(vm, this, FRAME)?;
    this.begin_frame(vm, length)
}

/// The decimal number on a line.
fn index_line(vm: &mut Vm, this: &Unpickler) -> PyResult<isize> {
    let line = line(vm, this, 2)?;
    let number = parse_int(vm, &line)?;
    match int::as_i64(number.borrow()) {
        Some(number) => Ok(number as isize),
        None => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

/// `int(line)`, of what is before a null byte.
fn parse_int(vm: &mut Vm, line: &[u8]) -> PyResult {
    let text = line.split(|&byte| byte == 0).next().unwrap_or_default();
    let text = decode(vm, text, "utf-8", "strict")?;
    vm.call(int::INT.object(), &[text.borrow()])
}

fn load_get(vm: &mut Vm, this: &Unpickler, opcode: u8) -> PyResult<()> {
    let index = if opcode == LONG_BINGET { u32::from_le_bytes(this.take_array(vm)?) as isize } else { index_line(vm, this)? };
    let value = recall(vm, this, index)?;
    this.push(vm, value);
    Ok(())
}

/// What is in the memo under a number.
fn recall(vm: &mut Vm, this: &Unpickler, index: isize) -> PyResult {
    let found = usize::try_from(index).ok().and_then(|index| this.memo.get(vm).find(index));
    match found {
        Some(value) => Ok(value),
        None => Err(unpickling_error(vm, format!("Memo value not found at index {index}"))),
    }
}

fn load_put(vm: &mut Vm, this: &Unpickler, opcode: u8) -> PyResult<()> {
    let index = match opcode {
        BINPUT => isize::from(this.take_array::<1>(vm)?[0]),
        LONG_BINPUT => u32::from_le_bytes(this.take_array(vm)?) as isize,
        _ => index_line(vm, this)?,
    };
    let value = this.top(vm)?;
    let Ok(index) = usize::try_from(index) else { return Err(vm.value_error("negative PUT argument")) };
    drop(this.memo.get_mut(vm).enter(index, value));
    Ok(())
}

/// Appends the values from `start` on to the one below them.
fn append(vm: &mut Vm, this: &Unpickler, start: usize) -> PyResult<()> {
    let target = this.below(vm, start)?;
    if let Some(list) = target.borrow().downcast_exact::<List>() {
        this.drain(vm, start, |vm, values| list.get().items_mut(vm).extend(values));
        return Ok(());
    }
    let values: Vec<Object> = this.drain(vm, start, |_, values| values.collect());
    if values.is_empty() {
        return Ok(());
    }
    if let Some(extend) = vm.find_attr_str(target.borrow(), "extend")? {
        let values = vm.new_list(values).into_object();
        return vm.call(extend.borrow(), &[values.borrow()]).map(drop);
    }
    let append = vm.get_attr_str(target.borrow(), "append")?;
    for value in values {
        vm.call(append.borrow(), &[value.borrow()])?;
    }
    Ok(())
}

/// Enters the keys and values from `start` on in a mapping.
fn set_items(vm: &mut Vm, this: &Unpickler, target: Ref<'_>, start: usize, opcode: &str) -> PyResult<()> {
    this.drain(vm, start, |vm, mut items| {
        if !items.len().is_multiple_of(2) {
            return Err(unpickling_error(vm, format!("odd number of items for {opcode}")));
        }
        let Some(dict) = target.downcast_exact::<Dict>() else {
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                vm.set_item(target, key.borrow(), value.borrow())?;
            }
            return Ok(());
        };
        dict.get().make_room(vm, items.len() / 2);
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            dict.get().set(vm, key.borrow(), value)?;
        }
        Ok(())
    })
}

fn add_items(vm: &mut Vm, this: &Unpickler, items: &[Object]) -> PyResult<()> {
    let target = this.top(vm)?;
    if items.is_empty() {
        return Ok(());
    }
    if target.borrow().is_instance_of(&set::SET)
        && let Some(core) = set::core(target.borrow())
    {
        for item in items {
            set::add(vm, core, item.borrow())?;
        }
        return Ok(());
    }
    let add = vm.get_attr_str(target.borrow(), "add")?;
    for item in items {
        vm.call(add.borrow(), &[item.borrow()])?;
    }
    Ok(())
}

fn load_int_line(vm: &mut Vm, this: &Unpickler) -> PyResult<()> {
    let line = line(vm, this, 2)?;
    let value = match line.as_slice() {
        b"00" => Object::bool(false),
        b"01" => Object::bool(true),
        _ => {
            let value = parse_int(vm, &line);
            match vm.ignore(value, &exception::VALUE_ERROR)? {
                Some(value) => value,
                None => return Err(vm.value_error("could not convert string to int")),
            }
        }
    };
    this.push(vm, value);
    Ok(())
}

fn load_long_line(vm: &mut Vm, this: &Unpickler) -> PyResult<()> {
    let line = line(vm, this, 2)?;
    let value = parse_int(vm, line.strip_suffix(b"L").unwrap_or(&line))?;
    this.push(vm, value);
    Ok(())
}

fn load_long_bytes(vm: &mut Vm, this: &Unpickler, opcode: u8) -> PyResult<()> {
    let length = counted(vm, this, opcode)?;
    if length > i32::MAX as usize {
        return Err(unpickling_error(vm, "LONG pickle has negative byte count"));
    }
    let data = this.take(vm, length)?.to_vec();
    let value = vm.new_bigint(num_bigint::BigInt::from_signed_bytes_le(&data));
    this.push(vm, value);
    Ok(())
}

fn load_float_line(vm: &mut Vm, this: &Unpickler) -> PyResult<()> {
    let line = line(vm, this, 2)?;
    let line = line.split(|&byte| byte == 0).next().unwrap_or_default();
    let is_plain = line.iter().all(|byte| !byte.is_ascii_whitespace() && *byte != b'_');
    let value = std::str::from_utf8(line).ok().filter(|_| is_plain).and_then(object::float::parse);
    let Some(value) = value else { return Err(vm.value_error("could not convert string to float")) };
    let value = vm.new_float(value);
    this.push(vm, value);
    Ok(())
}

fn load_string_line(vm: &mut Vm, this: &Unpickler) -> PyResult<()> {
    let line = line(vm, this, 1)?;
    let quoted = match line.as_slice() {
        [first, inner @ .., last] if first == last && matches!(first, b'"' | b'\'') => inner,
        _ => return Err(unpickling_error(vm, "the STRING opcode argument must be quoted")),
    };
    let data = escapes::escape_decode(vm, quoted, "strict")?;
    push_old_string(vm, this, &data)
}

/// A string of Python 2: text in an encoding that the reader knows, or bytes if it says so.
fn push_old_string(vm: &mut Vm, this: &Unpickler, data: &[u8]) -> PyResult<()> {
    let (encoding, errors) = (this.encoding.get(vm).clone(), this.errors.get(vm).clone());
    let value = if encoding == "bytes" { vm.new_bytes(data).into_object() } else { decode(vm, data, &encoding, &errors)? };
    this.push(vm, value);
    Ok(())
}

fn load_persistent_line(vm: &mut Vm, this: &Unpickler) -> PyResult<()> {
    let line = line(vm, this, 1)?;
    if !line.is_ascii() {
        return Err(unpickling_error(vm, "persistent IDs in protocol 0 must be ASCII strings"));
    }
    let identity = vm.new_str_latin1(&line).into_object();
    push_persistent(vm, this, identity.borrow())
}

fn push_persistent(vm: &mut Vm, this: &Unpickler, identity: Ref<'_>) -> PyResult<()> {
    let Some(hook) = this.persistent_load.get() else { return Err(unpickler::no_persistent_load(vm)) };
    let value = vm.call(hook.borrow(), &[identity])?;
    this.push(vm, value);
    Ok(())
}

/// Finds a global, by the method that a subclass may have replaced.
fn global(vm: &mut Vm, this: &Unpickler, object: Ref<'_>, module: Ref<'_>, name: Ref<'_>) -> PyResult {
    if object.is_exactly(&unpickler::UNPICKLER) {
        return find_class(vm, this, module, name);
    }
    vm.call_method(object, "find_class", &[module, name])
}

fn load_global(vm: &mut Vm, this: &Unpickler, object: Ref<'_>) -> PyResult<()> {
    let module = line(vm, this, 2)?;
    let module = decode(vm, &module, "utf-8", "strict")?;
    let name = line(vm, this, 2)?;
    let name = decode(vm, &name, "utf-8", "strict")?;
    let value = global(vm, this, object, module.borrow(), name.borrow())?;
    this.push(vm, value);
    Ok(())
}

fn load_stack_global(vm: &mut Vm, this: &Unpickler, object: Ref<'_>) -> PyResult<()> {
    let name = this.pop(vm)?;
    let module = this.pop(vm)?;
    if name.borrow().downcast_exact::<Str>().is_none() || module.borrow().downcast_exact::<Str>().is_none() {
        return Err(unpickling_error(vm, "STACK_GLOBAL requires str"));
    }
    let value = global(vm, this, object, module.borrow(), name.borrow())?;
    this.push(vm, value);
    Ok(())
}

/// The names that Python 3 has for a global of Python 2.
fn new_names(vm: &mut Vm, module: Ref<'_>, name: Ref<'_>) -> PyResult<(Object, Object)> {
    let key = vm.new_tuple_from(&[module, name]).into_object();
    if let Some(names) = shared(Shared::NameMapping).borrow().downcast::<Dict>()
        && let Some(found) = names.get().get(vm, key.borrow())?
        && let Some(&[module, name]) = found.borrow().downcast::<Tuple>().map(|pair| pair.get().items())
    {
        return Ok((module.to_owned(), name.to_owned()));
    }
    if let Some(imports) = shared(Shared::ImportMapping).borrow().downcast::<Dict>()
        && let Some(module) = imports.get().get(vm, module)?
    {
        return Ok((module, name.to_owned()));
    }
    Ok((module.to_owned(), name.to_owned()))
}

/// `Unpickler.find_class`
pub fn find_class(vm: &mut Vm, this: &Unpickler, module: Ref<'_>, name: Ref<'_>) -> PyResult {
    crate::sys_module::raise_audit_event(vm, "pickle.find_class", &[module, name])?;
    let (module_name, name) =
        if this.protocol.get() < 3 && this.fix_imports.get() { new_names(vm, module, name)? } else { (module.to_owned(), name.to_owned()) };
    let module = import_named(vm, module_name.borrow())?;
    let text = name.borrow().downcast::<Str>().map(|name| name.get().to_string_lossy().into_owned());
    let Some(path) = text.filter(|text| this.protocol.get() >= 4 && text.contains('.')) else {
        let name = vm.attribute_name(name.borrow())?;
        return vm.get_attr(module.borrow(), name.borrow());
    };
    let mut found = module;
    for part in path.split('.') {
        let part = vm.intern(part);
        match vm.get_attr(found.borrow(), part) {
            Ok(next) => found = next,
            Err(raised) => {
                let error = vm.catch_if(raised, &exception::ATTRIBUTE_ERROR)?;
                let (path, module) = (vm.repr_text(name.borrow())?, vm.repr_text(module_name.borrow())?);
                let raised = vm.raise(&exception::ATTRIBUTE_ERROR, format!("Can't resolve path {path} on module {module}"));
                return Err(in_context(vm, raised, error));
            }
        }
    }
    Ok(found)
}

fn load_extension(vm: &mut Vm, this: &Unpickler, object: Ref<'_>, opcode: u8) -> PyResult<()> {
    let code = match opcode {
        EXT1 => i64::from(this.take_array::<1>(vm)?[0]),
        EXT2 => i64::from(u16::from_le_bytes(this.take_array(vm)?)),
        _ => i64::from(i32::from_le_bytes(this.take_array(vm)?)),
    };
    if code <= 0 {
        return Err(unpickling_error(vm, "EXT specifies code <= 0"));
    }
    let key = Object::small_int(code);
    let cache = shared(Shared::ExtensionCache);
    if let Some(cache) = cache.borrow().downcast::<Dict>()
        && let Some(known) = cache.get().get(vm, key.borrow())?
    {
        this.push(vm, known);
        return Ok(());
    }
    let registry = shared(Shared::InvertedRegistry);
    let pair = match registry.borrow().downcast::<Dict>() {
        Some(registry) => registry.get().get(vm, key.borrow())?,
        None => None,
    };
    let Some(pair) = pair else { return Err(vm.value_error(format!("unregistered extension code {code}"))) };
    let names = match pair.borrow().downcast::<Tuple>().map(|pair| pair.get().items()) {
        Some(&[module, name]) if module.downcast::<Str>().is_some() && name.downcast::<Str>().is_some() => (module.to_owned(), name.to_owned()),
        _ => return Err(vm.value_error(format!("_inverted_registry[{code}] isn't a 2-tuple of strings"))),
    };
    let value = global(vm, this, object, names.0.borrow(), names.1.borrow())?;
    if let Some(cache) = cache.borrow().downcast::<Dict>() {
        cache.get().set(vm, key.borrow(), value.clone())?;
    }
    this.push(vm, value);
    Ok(())
}

/// Calls something with the items of a tuple.
fn call_with_tuple(vm: &mut Vm, function: Ref<'_>, args: Ref<'_>) -> PyResult {
    match args.downcast::<Tuple>() {
        Some(args) => vm.call(function, args.get().items()),
        None => Err(vm.type_error("argument list must be a tuple")),
    }
}

fn load_reduce(vm: &mut Vm, this: &Unpickler) -> PyResult<()> {
    let args = this.pop(vm)?;
    let function = this.pop(vm)?;
    let value = call_with_tuple(vm, function.borrow(), args.borrow())?;
    this.push(vm, value);
    Ok(())
}

/// An instance by the instructions of old: the class is called, unless there is nothing to call it with.
fn instantiate(vm: &mut Vm, this: &Unpickler, class: Ref<'_>, args: &[Object]) -> PyResult<()> {
    let is_plain = args.is_empty() && class.is_instance_of(&TYPE) && vm.find_attr_str(class, "__getinitargs__")?.is_none();
    let value = if is_plain { vm.call_method(class, "__new__", &[class])? } else { vm.call(class, Object::as_refs(args))? };
    this.push(vm, value);
    Ok(())
}

fn load_obj(vm: &mut Vm, this: &Unpickler) -> PyResult<()> {
    let items = this.pop_mark(vm)?;
    let Some((class, args)) = items.split_first() else {
        return Err(unpickling_error(vm, "unpickling stack underflow"));
    };
    instantiate(vm, this, class.borrow(), args)
}

fn load_inst(vm: &mut Vm, this: &Unpickler, object: Ref<'_>) -> PyResult<()> {
    let args = this.pop_mark(vm)?;
    let module = line(vm, this, 2)?;
    let module = decode(vm, &module, "ascii", "strict")?;
    let name = line(vm, this, 2)?;
    let name = decode(vm, &name, "ascii", "strict")?;
    let class = global(vm, this, object, module.borrow(), name.borrow())?;
    instantiate(vm, this, class.borrow(), &args)
}

fn load_new_object(vm: &mut Vm, this: &Unpickler, with_keywords: bool) -> PyResult<()> {
    let keywords = if with_keywords { Some(this.pop(vm)?) } else { None };
    let args = this.pop(vm)?;
    let class = this.pop(vm)?;
    let opcode = if with_keywords { "NEWOBJ_EX" } else { "NEWOBJ" };
    let Some(of) = class.borrow().downcast::<Type>() else {
        let name = class.borrow().class().full_name().to_owned();
        return Err(unpickling_error(vm, format!("{opcode} class argument must be a type, not {name}")));
    };
    let Some(new) = of.get().slots().new else {
        let name = of.get().full_name().to_owned();
        return Err(unpickling_error(vm, format!("{opcode} class argument '{name}' doesn't have __new__")));
    };
    let Some(positional) = args.borrow().downcast::<Tuple>() else {
        let name = args.borrow().class().full_name().to_owned();
        return Err(unpickling_error(vm, format!("{opcode} args argument must be a tuple, not {name}")));
    };
    let value = match &keywords {
        None => new(vm, of, Args::positional(positional.get().items()))?,
        Some(keywords) => {
            let Some(dict) = keywords.borrow().downcast::<Dict>() else {
                let name = keywords.borrow().class().full_name().to_owned();
                return Err(unpickling_error(vm, format!("{opcode} kwargs argument must be a dict, not {name}")));
            };
            let maker = vm.get_attr_str(class.borrow(), "__new__")?;
            let mut values = vec![class.borrow()];
            values.extend_from_slice(positional.get().items());
            vm.call_star(maker.borrow(), &values, Some(dict))?
        }
    };
    this.push(vm, value);
    Ok(())
}

fn load_build(vm: &mut Vm, this: &Unpickler) -> PyResult<()> {
    let mut state = this.pop(vm)?;
    let instance = this.top(vm)?;
    if let Some(set_state) = vm.find_attr_str(instance.borrow(), "__setstate__")? {
        return vm.call(set_state.borrow(), &[state.borrow()]).map(drop);
    }
    let mut slot_state = None;
    let pair = state.borrow().downcast::<Tuple>().map(|pair| pair.get().items().iter().map(|&item| item.to_owned()).collect::<Vec<_>>());
    if let Some(pair) = pair
        && let Ok([attributes, slots]) = <[Object; 2]>::try_from(pair)
    {
        (state, slot_state) = (attributes, Some(slots));
    }
    if !state.borrow().is_none() {
        let Some(state) = state.borrow().downcast::<Dict>() else { return Err(unpickling_error(vm, "state is not a dictionary")) };
        let entries = state.get().items_snapshot(vm);
        set_attributes(vm, instance.borrow(), entries)?;
    }
    if let Some(slots) = slot_state.filter(|slots| !slots.borrow().is_none()) {
        let Some(slots) = slots.borrow().downcast::<Dict>() else { return Err(unpickling_error(vm, "slot state is not a dictionary")) };
        for (name, value) in slots.get().items_snapshot(vm) {
            let name = vm.attribute_name(name.borrow())?;
            vm.set_attr(instance.borrow(), name.borrow(), Some(value.borrow()))?;
        }
    }
    Ok(())
}

/// Sets items of an instance's `__dict__`: as attributes, which is the same where the class knows nothing of them, so
/// that the instance can keep them as it likes.
fn set_attributes(vm: &mut Vm, instance: Ref<'_>, entries: Vec<(Object, Object)>) -> PyResult<()> {
    let class = instance.class();
    let is_plain = class.is_heap_type() && class.slots().setattr.is_none();
    let mut dict = None;
    for (key, value) in entries {
        let mut key = key;
        if key.borrow().downcast_exact::<Str>().is_some() {
            key = vm.attribute_name(key.borrow())?;
            if is_plain && dict.is_none() && class.lookup(key.borrow()).is_none() {
                let set = object::attribute::generic_set(vm, instance, key.borrow(), Some(value.borrow()));
                if vm.ignore(set, &exception::ATTRIBUTE_ERROR)?.is_some() {
                    continue;
                }
            }
        }
        let target: Object = match &dict {
            Some(dict) => Object::clone(dict),
            None => {
                let found = vm.get_attr_str(instance, "__dict__")?;
                dict = Some(found.clone());
                found
            }
        };
        vm.set_item(target.borrow(), key.borrow(), value.borrow())?;
    }
    Ok(())
}

fn load_next_buffer(vm: &mut Vm, this: &Unpickler) -> PyResult<()> {
    let Some(buffers) = this.buffers.get() else {
        return Err(unpickling_error(vm, "pickle stream refers to out-of-band data but no *buffers* argument was given"));
    };
    match vm.next(buffers.borrow())? {
        Some(buffer) => {
            this.push(vm, buffer);
            Ok(())
        }
        None => Err(unpickling_error(vm, "not enough out-of-band buffers")),
    }
}

fn load_readonly_buffer(vm: &mut Vm, this: &Unpickler) -> PyResult<()> {
    let top = this.top(vm)?;
    let Some(buffer) = vm.buffer_any(top.borrow(), false)? else {
        let name = top.borrow().class().full_name();
        return Err(vm.type_error(format!("memoryview: a bytes-like object is required, not '{name}'")));
    };
    if buffer.is_readonly() {
        return Ok(());
    }
    let view = builtins::memoryview::from_buffer(vm, buffer.with_readonly(true));
    drop(this.pop(vm)?);
    this.push(vm, view);
    Ok(())
}
