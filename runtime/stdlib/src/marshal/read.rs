//! Bytes to values. Whatever the bytes say, the result is a value or an exception, and what is
//! allocated is bounded by how many bytes there are.

use super::{CODE, DEPTH_LIMIT, FLAG_REF};
use bytecode::opcode::Comparison;
use num_bigint::{BigInt, Sign};
use object::dict::Dict;
use object::{Object, PyResult, Raised, Ref, Vm, exception};
use rustpython_wtf8::Wtf8;

/// The first value in `data`.
pub(super) fn from_bytes(vm: &mut Vm, data: Vec<u8>, allow_code: bool) -> PyResult {
    read(vm, Reader { data, position: 0, file: None, references: Vec::new(), depth: 0, allow_code })
}

/// The next value in a file.
pub(super) fn from_file(vm: &mut Vm, file: Object, allow_code: bool) -> PyResult {
    read(vm, Reader { data: Vec::new(), position: 0, file: Some(file), references: Vec::new(), depth: 0, allow_code })
}

fn read(vm: &mut Vm, mut reader: Reader) -> PyResult {
    match reader.object(vm)? {
        Some(value) => Ok(value),
        None => Err(null_object(vm, "object")),
    }
}

struct Reader {
    /// All the bytes, or the last piece of the file.
    data: Vec<u8>,
    position: usize,
    file: Option<Object>,
    /// Values that may be referred to; `None`: not complete yet.
    references: Vec<Option<Object>>,
    depth: u32,
    allow_code: bool,
}

fn bad(vm: &mut Vm, what: &str) -> Raised {
    vm.value_error(format!("bad marshal data ({what})"))
}

fn null_object(vm: &mut Vm, container: &str) -> Raised {
    vm.type_error(format!("NULL object in marshal data for {container}"))
}

impl Reader {
    fn take(&mut self, vm: &mut Vm, n: usize) -> PyResult<&[u8]> {
        if let Some(file) = self.file.clone() {
            self.data = read_from_file(vm, file.borrow(), n)?;
            self.position = 0;
        }
        let start = self.position;
        if n > self.data.len() - start {
            return Err(vm.raise(&exception::EOF_ERROR, "marshal data too short"));
        }
        self.position += n;
        Ok(&self.data[start..start + n])
    }

    fn byte(&mut self, vm: &mut Vm) -> PyResult<u8> {
        if self.file.is_none() && self.position == self.data.len() {
            return Err(vm.raise(&exception::EOF_ERROR, "EOF read where not expected"));
        }
        Ok(self.take(vm, 1)?[0])
    }

    fn short(&mut self, vm: &mut Vm) -> PyResult<i16> {
        let bytes = self.take(vm, 2)?;
        Ok(i16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn long(&mut self, vm: &mut Vm) -> PyResult<i32> {
        let bytes = self.take(vm, 4)?;
        Ok(i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn size(&mut self, vm: &mut Vm, what: &str) -> PyResult<usize> {
        let size = self.long(vm)?;
        usize::try_from(size).map_err(|_| bad(vm, &format!("{what} size out of range")))
    }

    fn float(&mut self, vm: &mut Vm) -> PyResult<f64> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.take(vm, 8)?);
        Ok(f64::from_bits(u64::from_le_bytes(bytes)))
    }

    fn float_text(&mut self, vm: &mut Vm) -> PyResult<f64> {
        let n = self.byte(vm)?;
        let text = String::from_utf8_lossy(self.take(vm, usize::from(n))?).into_owned();
        match object::float::parse(&text) {
            Some(value) => Ok(value),
            None => Err(vm.value_error(format!("could not convert string to float: '{text}'"))),
        }
    }

    /// The next value; `None` is the null that ends a dict.
    fn object(&mut self, vm: &mut Vm) -> PyResult<Option<Object>> {
        let code = match self.byte(vm) {
            Ok(code) => code,
            Err(raised) => {
                let error = vm.catch(raised);
                if error.borrow().is_instance_of(&exception::EOF_ERROR) {
                    return Err(vm.raise(&exception::EOF_ERROR, "EOF read where object expected"));
                }
                return Err(vm.reraise(error));
            }
        };
        if self.depth >= DEPTH_LIMIT {
            return Err(vm.value_error("recursion limit exceeded"));
        }
        vm.check_stack("")?;
        self.depth += 1;
        let result = self.typed(vm, code & !FLAG_REF, code & FLAG_REF != 0);
        self.depth -= 1;
        result
    }

    /// The next value, part of a container.
    fn item(&mut self, vm: &mut Vm, container: &str) -> PyResult {
        match self.object(vm)? {
            Some(value) => Ok(value),
            None => Err(null_object(vm, container)),
        }
    }

    fn typed(&mut self, vm: &mut Vm, code: u8, flag: bool) -> PyResult<Option<Object>> {
        let value = match code {
            b'0' => return Ok(None),
            b'N' => return Ok(Some(Object::none())),
            b'F' => return Ok(Some(Object::bool(false))),
            b'T' => return Ok(Some(Object::bool(true))),
            b'.' => return Ok(Some(Object::ellipsis())),
            b'S' => return Ok(Some(exception::STOP_ITERATION.to_object())),
            b'r' => return self.reference(vm).map(Some),
            b'[' => return self.list(vm, flag).map(Some),
            b'{' => return self.dict(vm, flag).map(Some),
            b'<' => return self.set(vm, flag).map(Some),
            b'>' => self.reserved(vm, flag, Self::frozenset)?,
            b'(' => self.reserved(vm, flag, |reader, vm| {
                let n = reader.size(vm, "tuple")?;
                reader.tuple(vm, n)
            })?,
            b')' => self.reserved(vm, flag, |reader, vm| {
                let n = reader.byte(vm)?;
                reader.tuple(vm, usize::from(n))
            })?,
            b':' => self.reserved(vm, flag, |reader, vm| {
                let (start, stop, step) = (reader.item(vm, "slice")?, reader.item(vm, "slice")?, reader.item(vm, "slice")?);
                Ok(builtins::slice::new(vm, start, stop, step))
            })?,
            CODE => self.reserved(vm, flag, Self::code)?,
            b'i' => {
                let value = self.long(vm)?;
                self.keep(flag, Object::small_int(i64::from(value)))
            }
            // What 64-bit machines wrote long ago.
            b'I' => {
                let value = self.float(vm)?.to_bits() as i64;
                self.keep(flag, vm.new_int(value))
            }
            b'l' => {
                let value = self.big_int(vm)?;
                self.keep(flag, value)
            }
            b'f' | b'g' => {
                let value = if code == b'f' { self.float_text(vm)? } else { self.float(vm)? };
                self.keep(flag, vm.new_float(value))
            }
            b'x' | b'y' => {
                let (real, imaginary) = if code == b'x' { (self.float_text(vm)?, self.float_text(vm)?) } else { (self.float(vm)?, self.float(vm)?) };
                self.keep(flag, builtins::complex::new_complex(vm, real, imaginary))
            }
            b's' => {
                let n = self.size(vm, "bytes object")?;
                let value = self.take(vm, n)?.to_vec();
                self.keep(flag, vm.new_bytes(&value).into_object())
            }
            b'a' | b'A' | b'z' | b'Z' | b't' | b'u' => {
                let value = self.text(vm, code)?;
                self.keep(flag, value)
            }
            _ => return Err(bad(vm, "unknown type code")),
        };
        Ok(Some(value))
    }

    fn keep(&mut self, flag: bool, value: Object) -> Object {
        if flag {
            self.references.push(Some(value.clone()));
        }
        value
    }

    /// Reads a value that cannot be referred to from within itself; it takes its number before its parts.
    fn reserved(&mut self, vm: &mut Vm, flag: bool, read: impl FnOnce(&mut Reader, &mut Vm) -> PyResult) -> PyResult {
        let place = self.references.len();
        if flag {
            self.references.push(None);
        }
        let value = read(self, vm)?;
        if flag {
            self.references[place] = Some(value.clone());
        }
        Ok(value)
    }

    fn reference(&mut self, vm: &mut Vm) -> PyResult {
        let index = self.long(vm)?;
        let found = usize::try_from(index).ok().and_then(|index| self.references.get(index).cloned().flatten());
        found.ok_or_else(|| bad(vm, "invalid reference"))
    }

    fn big_int(&mut self, vm: &mut Vm) -> PyResult {
        let n = self.long(vm)?;
        if n == i32::MIN {
            return Err(bad(vm, "long size out of range"));
        }
        let (mut bytes, mut bits, mut n_bits) = (Vec::new(), 0u32, 0);
        let mut last = 1;
        for _ in 0..n.unsigned_abs() {
            last = self.short(vm)?;
            if last < 0 {
                return Err(bad(vm, "digit out of range in long"));
            }
            bits |= u32::from(last.unsigned_abs()) << n_bits;
            n_bits += 15;
            while n_bits >= 8 {
                bytes.push(bits as u8);
                bits >>= 8;
                n_bits -= 8;
            }
        }
        if last == 0 {
            return Err(bad(vm, "unnormalized long data"));
        }
        bytes.push(bits as u8);
        let sign = if n < 0 { Sign::Minus } else { Sign::Plus };
        Ok(vm.new_bigint(BigInt::from_bytes_le(sign, &bytes)))
    }

    fn text(&mut self, vm: &mut Vm, code: u8) -> PyResult {
        let n = if matches!(code, b'z' | b'Z') { usize::from(self.byte(vm)?) } else { self.size(vm, "string")? };
        let bytes = self.take(vm, n)?.to_vec();
        let text = if matches!(code, b't' | b'u') {
            match Wtf8::from_bytes(&bytes) {
                Some(text) => vm.new_wtf8(text),
                // For the exception that says where the text is broken.
                None => {
                    let bytes = vm.new_bytes(&bytes).into_object();
                    let (codec, errors) = (vm.new_str("utf-8").into_object(), vm.new_str("surrogatepass").into_object());
                    return vm.call_method(bytes.borrow(), "decode", &[codec.borrow(), errors.borrow()]);
                }
            }
        } else {
            vm.new_str_latin1(&bytes)
        };
        if matches!(code, b't' | b'A' | b'Z') { Ok(vm.intern_str(text.borrow()).to_owned()) } else { Ok(text.into_object()) }
    }

    /// Room for this many values, so far as the input makes that likely.
    fn room(n: usize) -> usize {
        n.min(1024)
    }

    fn tuple(&mut self, vm: &mut Vm, n: usize) -> PyResult {
        let mut items = Vec::with_capacity(Self::room(n));
        for _ in 0..n {
            items.push(self.item(vm, "tuple")?);
        }
        Ok(vm.new_tuple(items).into_object())
    }

    fn list(&mut self, vm: &mut Vm, flag: bool) -> PyResult {
        let n = self.size(vm, "list")?;
        let list = vm.new_list(Vec::with_capacity(Self::room(n)));
        let value = self.keep(flag, list.clone().into_object());
        for _ in 0..n {
            let item = self.item(vm, "list")?;
            list.borrow().push(vm, item);
        }
        Ok(value)
    }

    fn dict(&mut self, vm: &mut Vm, flag: bool) -> PyResult {
        let dict = vm.new_dict();
        let value = self.keep(flag, dict.clone().into_object());
        while let Some(key) = self.object(vm)? {
            let Some(item) = self.object(vm)? else { break };
            let target: &Dict = dict.borrow().get();
            target.set(vm, key.borrow(), item)?;
        }
        Ok(value)
    }

    fn set(&mut self, vm: &mut Vm, flag: bool) -> PyResult {
        let n = self.size(vm, "set")?;
        let set = builtins::set::new_set(vm).into_object();
        let value = self.keep(flag, set);
        for _ in 0..n {
            let item = self.item(vm, "set")?;
            let core = builtins::set::core(value.borrow()).expect("a set was made");
            builtins::set::add(vm, core, item.borrow())?;
        }
        Ok(value)
    }

    fn frozenset(&mut self, vm: &mut Vm) -> PyResult {
        let n = self.size(vm, "set")?;
        let mut items = Vec::with_capacity(Self::room(n));
        for _ in 0..n {
            items.push(self.item(vm, "set")?);
        }
        let items = vm.new_list(items).into_object();
        builtins::set::frozen_from_iterable(vm, items.borrow())
    }

    fn code(&mut self, vm: &mut Vm) -> PyResult {
        if !self.allow_code {
            return Err(vm.value_error("unmarshalling code objects is disallowed"));
        }
        let n = self.size(vm, "code")?;
        let loaded = bytecode::marshal::load_code(self.take(vm, n)?);
        let data = match loaded {
            Ok(data) => data,
            Err(error) => return Err(vm.value_error(error)),
        };
        if let Err(flaws) = bytecode::verify::verify(&data) {
            let flaw = flaws.first().map(ToString::to_string).unwrap_or_default();
            return Err(bad(vm, &flaw));
        }
        Ok(interp::code::new_code(vm, data).into_object())
    }
}

/// Exactly `n` bytes of a file, by `readinto`.
fn read_from_file(vm: &mut Vm, file: Ref<'_>, n: usize) -> PyResult<Vec<u8>> {
    let target = vm.new_bytearray(vec![0; n]);
    let view = builtins::memoryview::from_object(vm, target.borrow().object())?;
    let count = vm.call_method(file, "readinto", &[view.borrow()])?;
    let wanted = vm.new_int(n as i64);
    let count = vm.index(count.borrow())?;
    if vm.compare_bool(count.borrow(), wanted.borrow(), Comparison::Greater)? {
        let got = vm.repr_text(count.borrow())?;
        return Err(vm.value_error(format!("read() returned too much data: {n} bytes requested, {got} returned")));
    }
    if !vm.equal(count.borrow(), wanted.borrow())? {
        return Err(vm.raise(&exception::EOF_ERROR, "EOF read where not expected"));
    }
    Ok(target.borrow().data(vm).to_vec())
}
