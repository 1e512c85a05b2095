//! `BufferedRWPair`: a reader and a writer that look like one stream.

use super::base::{self, BUFFERED_IO_BASE};
use super::buffered;
use object::call::Args;
use object::method;
use object::native::{PayloadInfo, flag};
use object::{Getset, ObjectCell, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Visitor, Vm};

/// The payload of a `BufferedRWPair`.
pub struct Pair {
    reader: ObjectCell,
    writer: ObjectCell,
}

/// `_io.BufferedRWPair`
pub static BUFFERED_RW_PAIR: Type = Type::new(&PAIR_SPEC);
static PAIR_SPEC: TypeSpec = TypeSpec {
    name: "_io.BufferedRWPair",
    doc: "A buffered reader and writer object together.\n\nA buffered reader object and buffered writer object put together to\nform a sequential IO object that can read and write. This is typically\nused with a socket or two-way pipe.\n\nreader and writer are RawIOBase objects that are readable and\nwriteable respectively. If the buffer_size is omitted it defaults to\nDEFAULT_BUFFER_SIZE.",
    base: Some(&BUFFERED_IO_BASE),
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES | flag::FINALIZER,
    payload: PayloadInfo::of::<Pair>(),
    slots: Slots { new: Some(new), init: Some(init), ..Slots::NONE },
    signature: "(reader, writer, buffer_size=131072, /)",
    methods: &[
        method!(Many read "($self, size=-1, /)", ""),
        method!(Many peek "($self, size=0, /)", ""),
        method!(Many read1 "($self, size=-1, /)", ""),
        method!(Many readinto "($self, buffer, /)", ""),
        method!(Many readinto1 "($self, buffer, /)", ""),
        method!(Many write "($self, buffer, /)", ""),
        method!(Unary flush "($self, /)", ""),
        method!(Unary readable "($self, /)", ""),
        method!(Unary writable "($self, /)", ""),
        method!(Unary close "($self, /)", ""),
        method!(Unary isatty "($self, /)", ""),
    ],
    getsets: &[Getset::readonly("closed", "", closed)],
    ..TypeSpec::DEFAULT
};

impl Payload for Pair {
    fn class() -> &'static Type {
        &BUFFERED_RW_PAIR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.reader.traverse(visitor);
        self.writer.traverse(visitor);
    }
}

fn pair_of<'a>(this: Ref<'a>) -> &'a Pair {
    this.downcast::<Pair>().expect("the method belongs to the type").get()
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), Pair { reader: ObjectCell::EMPTY, writer: ObjectCell::EMPTY }))
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    object::call::check_positional(vm, "BufferedRWPair", args, 2, 3)?;
    let (reader, writer) = (args.positionals()[0], args.positionals()[1]);
    let size = args.positionals().get(2).map_or(Ok(super::DEFAULT_BUFFER_SIZE as isize), |&size| vm.index_isize(size))?;
    base::require(vm, reader, "readable", "File or stream is not readable.")?;
    base::require(vm, writer, "writable", "File or stream is not writable.")?;
    let Some(size) = usize::try_from(size).ok().filter(|&size| size > 0) else {
        return Err(vm.value_error("buffer size must be strictly positive"));
    };
    let pair = pair_of(this);
    let reader = buffered::make(vm, &buffered::BUFFERED_READER, reader.to_owned(), size)?;
    let writer = buffered::make(vm, &buffered::BUFFERED_WRITER, writer.to_owned(), size)?;
    pair.reader.set(Some(reader));
    pair.writer.set(Some(writer));
    Ok(())
}

fn half(vm: &mut Vm, cell: &ObjectCell) -> PyResult {
    cell.get().ok_or(()).map_err(|()| vm.value_error("I/O operation on uninitialized object"))
}

fn of_reader(vm: &mut Vm, this: Ref<'_>, name: &str, args: &[Ref<'_>]) -> PyResult {
    let reader = half(vm, &pair_of(this).reader)?;
    vm.call_method(reader.borrow(), name, args)
}

fn of_writer(vm: &mut Vm, this: Ref<'_>, name: &str, args: &[Ref<'_>]) -> PyResult {
    let writer = half(vm, &pair_of(this).writer)?;
    vm.call_method(writer.borrow(), name, args)
}

fn read(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    of_reader(vm, this, "read", args)
}

fn peek(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    of_reader(vm, this, "peek", args)
}

fn read1(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    of_reader(vm, this, "read1", args)
}

fn readinto(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    of_reader(vm, this, "readinto", args)
}

fn readinto1(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    of_reader(vm, this, "readinto1", args)
}

fn write(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    of_writer(vm, this, "write", args)
}

fn flush(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    of_writer(vm, this, "flush", &[])
}

fn readable(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    of_reader(vm, this, "readable", &[])
}

fn writable(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    of_writer(vm, this, "writable", &[])
}

fn close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let closed = of_writer(vm, this, "close", &[]);
    let reader = half(vm, &pair_of(this).reader);
    match reader {
        Ok(reader) => buffered::close_raw_after(vm, closed, reader.borrow(), |_| ()),
        Err(raised) => Err(raised),
    }
}

fn isatty(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let answer = of_writer(vm, this, "isatty", &[])?;
    if vm.is_true(answer.borrow())? {
        return Ok(answer);
    }
    of_reader(vm, this, "isatty", &[])
}

fn closed(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    match pair_of(this).writer.get() {
        Some(writer) => vm.get_attr_str(writer.borrow(), "closed"),
        None => Err(vm.runtime_error("the BufferedRWPair object is being garbage-collected")),
    }
}
