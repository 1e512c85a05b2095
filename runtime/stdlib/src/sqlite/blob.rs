//! `Blob`: a value that is read and written piece by piece.

use super::connection;
use super::errors;
use super::ffi::{self, Database};
use builtins::slice::{self, Slice};
use object::cell::Visitor;
use object::native::PayloadInfo;
use object::{Object, Payload, PyResult, Raised, Ref, Slots, Type, TypeSpec, Vm, int, method};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

type Arguments<'a, 'b> = &'a [Option<Ref<'b>>];

/// The payload of a `Blob`.
pub struct Blob {
    raw: Rc<ffi::Blob>,
    connection: Object,
    offset: Cell<usize>,
}

impl Payload for Blob {
    fn class() -> &'static Type {
        &BLOB
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.connection.borrow());
    }
}

/// `sqlite3.Blob`
pub static BLOB: Type = Type::new(&BLOB_SPEC);
static BLOB_SPEC: TypeSpec = TypeSpec {
    name: "sqlite3.Blob",
    flags: object::native::flag::NO_INSTANTIATION | object::native::flag::WEAK_REFERENCES | object::native::flag::MAPPING,
    payload: PayloadInfo::of::<Blob>(),
    slots: Slots { len: Some(len), getitem: Some(get_item), setitem: Some(set_item), ..Slots::NONE },
    methods: &[
        method!(Unary close "($self, /)", "Close the blob."),
        method!(Bound read "($self, length=-1, /)", "Read data at the current offset position.\n\n  length\n    Read length in bytes.\n\nIf the end of the blob is reached, the data up to end of file will\nbe returned.  When length is not specified, or is negative,\nBlob.read() will read until the end of the blob."),
        method!(Binary write "($self, data, /)", "Write data at the current offset.\n\nThis function cannot change the blob length.  Writing beyond the end\nof the blob will result in an exception being raised."),
        method!(Bound seek "($self, offset, origin=0, /)", "Set the current access position to offset.\n\nThe origin argument defaults to os.SEEK_SET (absolute blob\npositioning).  Other values for origin are os.SEEK_CUR (seek\nrelative to the current position) and os.SEEK_END (seek relative to\nthe blob's end)."),
        method!(Unary tell "($self, /)", "Return the current access position for the blob."),
        method!(Unary enter as "__enter__" "($self, /)", "Blob context manager enter."),
        method!(Bound exit as "__exit__" "($self, type, val, tb, /)", "Blob context manager exit."),
    ],
    ..TypeSpec::DEFAULT
};

fn payload(object: Ref<'_>) -> &Blob {
    object.downcast::<Blob>().expect("the method belongs to blobs").get()
}

/// A new blob of a connection.
pub fn create(vm: &mut Vm, connection: Ref<'_>, raw: Rc<ffi::Blob>) -> Object {
    vm.allocate(Blob { raw, connection: connection.to_owned(), offset: Cell::new(0) }).into_object()
}

/// The blob and its database, if both are open.
fn usable<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<(&'a Blob, Arc<Database>)> {
    let blob = payload(this);
    connection::check_thread(vm, blob.connection.borrow())?;
    let database = connection::database(vm, blob.connection.borrow())?;
    if !blob.raw.is_open() {
        return Err(errors::programming(vm, "Cannot operate on a closed blob."));
    }
    Ok((blob, database))
}

fn failed(vm: &mut Vm, database: &Database) -> Raised {
    let failure = ffi::run(vm, || database.failure());
    errors::of_failure(vm, &failure)
}

fn close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let blob = payload(this);
    connection::check_thread(vm, blob.connection.borrow())?;
    connection::database(vm, blob.connection.borrow())?;
    ffi::run(vm, || blob.raw.close());
    Ok(Object::none())
}

fn read_bytes(vm: &mut Vm, blob: &Blob, database: &Database, n: usize, offset: usize) -> PyResult<Vec<u8>> {
    let mut data = vec![0; n];
    let done = ffi::run(vm, || blob.raw.read(&mut data, offset));
    if done { Ok(data) } else { Err(failed(vm, database)) }
}

fn write_bytes(vm: &mut Vm, blob: &Blob, database: &Database, data: &[u8], offset: usize) -> PyResult<()> {
    let done = ffi::run(vm, || blob.raw.write(data, offset));
    if done { Ok(()) } else { Err(failed(vm, database)) }
}

fn read(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let wanted = args[0].map_or(Ok(-1), |length| vm.to_i32(length))?;
    let (blob, database) = usable(vm, this)?;
    let offset = blob.offset.get();
    let left = blob.raw.len().saturating_sub(offset);
    let n = usize::try_from(wanted).map_or(left, |wanted| wanted.min(left));
    if n == 0 {
        // A blob that has expired is found out by a look at it.
        let mut nothing = [0; 0];
        if !ffi::run(vm, || blob.raw.read(&mut nothing, 0)) {
            return Err(failed(vm, &database));
        }
        return Ok(vm.new_bytes(&[]).into_object());
    }
    let data = read_bytes(vm, blob, &database, n, offset)?;
    blob.offset.set(offset + n);
    Ok(vm.new_bytes(&data).into_object())
}

fn write(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    let buffer = vm.buffer(data)?;
    let data = buffer.bytes(vm).to_vec();
    let (blob, database) = usable(vm, this)?;
    let offset = blob.offset.get();
    if data.len() > blob.raw.len().saturating_sub(offset) {
        return Err(vm.value_error("data longer than blob length"));
    }
    write_bytes(vm, blob, &database, &data, offset)?;
    blob.offset.set(offset + data.len());
    Ok(Object::none())
}

fn seek(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let offset = i64::from(vm.to_i32(args[0].unwrap_or(Ref::NONE))?);
    let origin = args[1].map_or(Ok(0), |origin| vm.to_i32(origin))?;
    let (blob, _) = usable(vm, this)?;
    let len = blob.raw.len() as i64;
    let base = match origin {
        libc::SEEK_SET => 0,
        libc::SEEK_CUR => blob.offset.get() as i64,
        libc::SEEK_END => len,
        _ => return Err(vm.value_error("'origin' should be os.SEEK_SET, os.SEEK_CUR, or os.SEEK_END")),
    };
    let position = base + offset;
    if position > i64::from(i32::MAX) {
        return Err(vm.overflow_error("seek offset results in offset overflow"));
    }
    if !(0..=len).contains(&position) {
        return Err(vm.value_error("offset out of blob range"));
    }
    blob.offset.set(position as usize);
    Ok(Object::none())
}

fn tell(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (blob, _) = usable(vm, this)?;
    Ok(Object::small_int(blob.offset.get() as i64))
}

fn enter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    usable(vm, this)?;
    Ok(this.to_owned())
}

fn exit(vm: &mut Vm, this: Ref<'_>, _args: Arguments<'_, '_>) -> PyResult {
    let (blob, _) = usable(vm, this)?;
    ffi::run(vm, || blob.raw.close());
    Ok(Object::bool(false))
}

fn len(vm: &mut Vm, this: Ref<'_>) -> PyResult<usize> {
    let (blob, _) = usable(vm, this)?;
    Ok(blob.raw.len())
}

fn position(vm: &mut Vm, key: Ref<'_>, len: usize) -> PyResult<usize> {
    let index = slice::item_index(vm, key)?;
    slice::position(index, len).ok_or_else(|| vm.index_error("Blob index out of range"))
}

/// The positions of a slice; one of several positions must go forwards.
fn positions(vm: &mut Vm, wanted: &Slice, len: usize) -> PyResult<slice::Positions> {
    let wanted = slice::resolve(vm, wanted, len)?;
    if wanted.count > 0 && wanted.step < 0 {
        return Err(vm.value_error("Blob doesn't support slices with a negative step"));
    }
    Ok(wanted)
}

fn get_item(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult {
    let (blob, database) = usable(vm, this)?;
    if key.class().slots().index.is_some() {
        let position = position(vm, key, blob.raw.len())?;
        let data = read_bytes(vm, blob, &database, 1, position)?;
        return Ok(Object::small_int(i64::from(data[0])));
    }
    let Some(wanted) = key.downcast::<Slice>() else { return Err(vm.type_error("Blob indices must be integers")) };
    let wanted = positions(vm, wanted.get(), blob.raw.len())?;
    if wanted.count == 0 {
        return Ok(vm.new_bytes(&[]).into_object());
    }
    let last = wanted.iter().next_back().unwrap_or(wanted.start);
    let data = read_bytes(vm, blob, &database, last + 1 - wanted.start, wanted.start)?;
    let picked: Vec<u8> = wanted.iter().map(|position| data[position - wanted.start]).collect();
    Ok(vm.new_bytes(&picked).into_object())
}

fn set_item(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let (blob, database) = usable(vm, this)?;
    if key.class().slots().index.is_some() {
        let Some(value) = value else { return Err(vm.type_error("Blob doesn't support item deletion")) };
        let position = position(vm, key, blob.raw.len())?;
        let value = vm.index(value)?;
        let Some(byte) = int::as_i64(value.borrow()).and_then(|value| u8::try_from(value).ok()) else {
            return Err(vm.value_error("byte must be in range(0, 256)"));
        };
        return write_bytes(vm, blob, &database, &[byte], position);
    }
    let Some(wanted) = key.downcast::<Slice>() else { return Err(vm.type_error("Blob indices must be integers")) };
    let Some(value) = value else { return Err(vm.type_error("Blob doesn't support slice deletion")) };
    let buffer = vm.buffer(value)?;
    let data = buffer.bytes(vm).to_vec();
    let wanted = positions(vm, wanted.get(), blob.raw.len())?;
    if data.len() != wanted.count {
        return Err(vm.index_error("Blob slice assignment is wrong size"));
    }
    if wanted.count == 0 {
        return Ok(());
    }
    let last = wanted.iter().next_back().unwrap_or(wanted.start);
    let mut part = read_bytes(vm, blob, &database, last + 1 - wanted.start, wanted.start)?;
    for (position, byte) in wanted.iter().zip(data) {
        part[position - wanted.start] = byte;
    }
    write_bytes(vm, blob, &database, &part, wanted.start)
}
