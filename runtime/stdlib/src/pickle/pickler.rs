//! `Pickler`: the object, its attributes, and where what it writes goes.

use super::memo::{self, PicklerMemo, SaveMemo};
use super::opcode::{DEFAULT_PROTOCOL, HIGHEST_PROTOCOL, MEMOIZE, PROTO, STOP};
use super::output::{FRAME_SIZE_TARGET, Output};
use super::{hook, opcode, pickling_error, save};
use object::cell::{ObjectCell, Visitor, VmCell};
use object::function::BuiltinFunction;
use object::native::{Getset, Member, Method, PayloadInfo, TypeSpec, flag};
use object::{Args, Object, Payload, PyResult, Ref, Slots, Type, Vm, method};
use std::cell::Cell;

/// The payload of a `Pickler`.
pub struct Pickler {
    /// The file's `write`; empty in one that makes bytes.
    write: ObjectCell,
    pub buffer_callback: ObjectCell,
    pub dispatch_table: ObjectCell,
    /// `persistent_id` set on the pickler itself, and the function that the running `dump` asks.
    persistent_id_attribute: ObjectCell,
    pub persistent_id: ObjectCell,
    pub reducer_override: ObjectCell,
    pub memo: VmCell<SaveMemo>,
    pub output: VmCell<Output>,
    pub protocol: Cell<i32>,
    /// Whether instructions may hold binary data: from protocol 1 on.
    pub binary: Cell<i64>,
    /// Whether nothing is remembered.
    pub fast: Cell<i64>,
    /// How deep containers are in each other in fast mode, and from some depth on, which.
    pub fast_nesting: Cell<usize>,
    pub fast_open: VmCell<Vec<u64>>,
    pub fix_imports: Cell<bool>,
    running: Cell<bool>,
    ready: Cell<bool>,
}

impl Pickler {
    fn new() -> Pickler {
        Pickler {
            write: ObjectCell::EMPTY,
            buffer_callback: ObjectCell::EMPTY,
            dispatch_table: ObjectCell::EMPTY,
            persistent_id_attribute: ObjectCell::EMPTY,
            persistent_id: ObjectCell::EMPTY,
            reducer_override: ObjectCell::EMPTY,
            memo: VmCell::new(SaveMemo::default()),
            output: VmCell::new(Output::default()),
            protocol: Cell::new(DEFAULT_PROTOCOL),
            binary: Cell::new(1),
            fast: Cell::new(0),
            fast_nesting: Cell::new(0),
            fast_open: VmCell::new(Vec::new()),
            fix_imports: Cell::new(false),
            running: Cell::new(false),
            ready: Cell::new(false),
        }
    }

    fn cells(&self) -> [&ObjectCell; 6] {
        [&self.write, &self.buffer_callback, &self.dispatch_table, &self.persistent_id_attribute, &self.persistent_id, &self.reducer_override]
    }

    #[inline(always)]
    pub fn put(&self, vm: &mut Vm, data: &[u8]) {
        self.output.get_mut(vm).write(data);
    }

    /// Writes an instruction and its data; long data go outside of frames, and to the file as they are.
    #[inline(always)]
    pub fn put_data(&self, vm: &mut Vm, header: &[u8], data: &[u8], whole: Option<Ref<'_>>) -> PyResult<()> {
        if data.len() < FRAME_SIZE_TARGET {
            let output = self.output.get_mut(vm);
            output.write(header);
            output.bytes.extend_from_slice(data);
            return Ok(());
        }
        self.put_long_data(vm, header, data, whole)
    }

    #[cold]
    fn put_long_data(&self, vm: &mut Vm, header: &[u8], data: &[u8], whole: Option<Ref<'_>>) -> PyResult<()> {
        let output = self.output.get_mut(vm);
        output.commit_frame();
        let framing = std::mem::replace(&mut output.framing, false);
        output.write(header);
        let result = match self.write.get() {
            None => {
                output.write(data);
                Ok(())
            }
            Some(write) => self.flush(vm).and_then(|()| {
                let whole = whole.map_or_else(|| vm.new_bytes(data).into_object(), Ref::to_owned);
                vm.call(write.borrow(), &[whole.borrow()]).map(drop)
            }),
        };
        self.output.get_mut(vm).framing = framing;
        result
    }

    /// Hands what has been written over to the file.
    fn flush(&self, vm: &mut Vm) -> PyResult<()> {
        let Some(write) = self.write.get() else { return Ok(()) };
        let bytes = vm.new_bytes(&self.output.get(vm).bytes).into_object();
        self.output.get_mut(vm).clear();
        vm.call(write.borrow(), &[bytes.borrow()]).map(drop)
    }

    /// Between two objects a frame that is long enough can end.
    #[inline]
    pub fn boundary(&self, vm: &mut Vm) -> PyResult<()> {
        if !self.output.get(vm).frame_is_full() {
            return Ok(());
        }
        self.output.get_mut(vm).commit_frame();
        self.flush(vm)
    }

    /// Remembers an object under the next number.
    #[inline]
    pub fn memoize(&self, vm: &mut Vm, object: Ref<'_>) {
        if self.fast.get() != 0 {
            return;
        }
        let index = self.memo.get_mut(vm).enter(object);
        if self.protocol.get() >= 4 {
            self.put(vm, &[MEMOIZE]);
        } else {
            self.numbered(vm, index, opcode::PUT, opcode::BINPUT, opcode::LONG_BINPUT);
        }
    }

    /// Refers to a remembered object.
    pub fn recall(&self, vm: &mut Vm, index: usize) {
        self.numbered(vm, index, opcode::GET, opcode::BINGET, opcode::LONG_BINGET);
    }

    fn numbered(&self, vm: &mut Vm, index: usize, text: u8, short: u8, long: u8) {
        if self.binary.get() != 0
            && let Ok(index) = u8::try_from(index)
        {
            self.put(vm, &[short, index]);
        } else if self.binary.get() == 0 {
            let line = format!("{}{index}\n", char::from(text));
            self.put(vm, line.as_bytes());
        } else {
            let [a, b, c, d] = (index as u32).to_le_bytes();
            self.put(vm, &[long, a, b, c, d]);
        }
    }
}

impl Payload for Pickler {
    fn class() -> &'static Type {
        &PICKLER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in self.cells() {
            cell.traverse(visitor);
        }
        let memo = self.memo.visit(visitor);
        visitor.visit_all(memo.objects());
    }

    fn clear(&self, vm: &mut Vm) {
        for cell in self.cells() {
            drop(cell.take());
        }
        drop(self.memo.replace(vm, SaveMemo::default()));
    }
}

pub static PICKLER: Type = Type::new(&PICKLER_SPEC);
static PICKLER_SPEC: TypeSpec = TypeSpec {
    name: "_pickle.Pickler",
    doc: "This takes a binary file for writing a pickle data stream.\n\nThe optional *protocol* argument tells the pickler to use the given\nprotocol; supported protocols are 0, 1, 2, 3, 4 and 5.  The default\nprotocol is 5.",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Pickler>(),
    signature: "(file, protocol=None, fix_imports=True, buffer_callback=None)",
    slots: Slots {
        new: Some(|vm, class, _| Ok(vm.allocate_in(class.get(), Pickler::new()))),
        init: Some(init),
        getattr: Some(getattr),
        setattr: Some(setattr),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &[Getset::new("memo", "", get_memo, set_memo)],
    members: &[
        Member(Getset::new("bin", "", |vm, this| Ok(vm.new_int(of(this).binary.get())), |vm, this, value| set_number(vm, &of(this).binary, value))),
        Member(Getset::new("fast", "", |vm, this| Ok(vm.new_int(of(this).fast.get())), |vm, this, value| set_number(vm, &of(this).fast, value))),
        Member(Getset::new("dispatch_table", "", get_dispatch_table, set_dispatch_table)),
    ],
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Binary dump "($self, obj, /)", "Write a pickled representation of the given object to the open file."),
    method!(Unary clear_memo "($self, /)", "Clears the pickler's \"memo\".\n\nThe memo is the data structure that remembers which objects the\npickler has already seen, so that shared or recursive objects are\npickled by reference and not by value.  This method is useful when\nre-using picklers."),
    method!(Binary persistent_id "($self, obj, /)", ""),
    method!(Unary sizeof as "__sizeof__" "($self, /)", "Returns size in memory, in bytes."),
];

pub fn of(this: Ref<'_>) -> &Pickler {
    this.downcast::<Pickler>().expect("the function belongs to the type").get()
}

/// A pickler for one object: on a file, or to make bytes.
pub fn make(vm: &mut Vm, file: Option<Ref<'_>>, protocol: Option<Object>, fix_imports: Option<Object>, callback: Option<Object>) -> PyResult {
    let this = vm.allocate(Pickler::new()).into_object();
    initialize(vm, of(this.borrow()), file, [protocol, fix_imports, callback])?;
    Ok(this)
}

fn initialize(vm: &mut Vm, this: &Pickler, file: Option<Ref<'_>>, options: [Option<Object>; 3]) -> PyResult<()> {
    let [protocol, fix_imports, callback] = options;
    let protocol = match protocol.filter(|protocol| !protocol.borrow().is_none()) {
        None => DEFAULT_PROTOCOL,
        Some(protocol) => match vm.to_i32(protocol.borrow())? {
            negative if negative < 0 => HIGHEST_PROTOCOL,
            known if known <= HIGHEST_PROTOCOL => known,
            _ => return Err(vm.value_error(format!("pickle protocol must be <= {HIGHEST_PROTOCOL}"))),
        },
    };
    let fix_imports = match fix_imports {
        Some(fix_imports) => vm.is_true(fix_imports.borrow())?,
        None => true,
    };
    this.protocol.set(protocol);
    this.binary.set(i64::from(protocol > 0));
    this.fix_imports.set(fix_imports && protocol < 3);
    if let Some(file) = file {
        let Some(write) = vm.find_attr(file, object::str::names::write())? else {
            return Err(vm.type_error("file must have a 'write' attribute"));
        };
        this.write.set(Some(write));
    }
    let callback = callback.filter(|callback| !callback.borrow().is_none());
    if callback.is_some() && protocol < 5 {
        return Err(vm.value_error("buffer_callback needs protocol >= 5"));
    }
    this.buffer_callback.set(callback);
    this.ready.set(true);
    Ok(())
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut bound = [const { None }; 4];
    object::call::bind_args(vm, "Pickler", "(file, protocol=None, fix_imports=True, buffer_callback=None)", args, &mut bound)?;
    let [file, protocol, fix_imports, callback] = bound;
    let pickler = of(this);
    check_idle(vm, pickler)?;
    drop(pickler.write.take());
    let file = file.unwrap_or(Object::none());
    initialize(vm, pickler, Some(file.borrow()), [protocol, fix_imports, callback])?;
    drop(pickler.memo.replace(vm, SaveMemo::default()));
    pickler.fast.set(0);
    pickler.fast_nesting.set(0);
    let table = vm.find_attr_str(this, "dispatch_table")?;
    pickler.dispatch_table.set(table);
    Ok(())
}

fn check_idle(vm: &mut Vm, this: &Pickler) -> PyResult<()> {
    if this.running.get() { Err(vm.runtime_error("Pickler object is already used")) } else { Ok(()) }
}

/// Whether a function is the method of this name that a class here declares, bound to the object.
pub fn is_own_method(function: Ref<'_>, this: Ref<'_>, methods: &'static [Method], name: &str) -> bool {
    let Some(function) = function.downcast::<BuiltinFunction>() else { return false };
    let own = methods.iter().find(|method| method.name == name).is_some_and(|method| std::ptr::eq(function.get().info.method, method));
    own && function.get().this.get().is_some_and(|bound| bound.borrow().is(this))
}

/// Writes an object; what comes of it is in the output.
fn run(vm: &mut Vm, this: Ref<'_>, object: Ref<'_>) -> PyResult<()> {
    let pickler = of(this);
    check_idle(vm, pickler)?;
    if !this.is_exactly(&PICKLER) || pickler.persistent_id_attribute.get().is_some() {
        let hook = vm.get_attr_str(this, "persistent_id")?;
        pickler.persistent_id.set((!is_own_method(hook.borrow(), this, METHODS, "persistent_id")).then_some(hook));
    }
    let reducer = if this.is_exactly(&PICKLER) { None } else { vm.find_attr_str(this, "reducer_override")? };
    pickler.reducer_override.set(reducer);
    pickler.running.set(true);
    let output = pickler.output.get_mut(vm);
    output.clear();
    let protocol = pickler.protocol.get();
    if protocol >= 2 {
        output.write(&[PROTO, protocol as u8]);
    }
    output.framing = protocol >= 4;
    let result = save::save(vm, pickler, object);
    let output = pickler.output.get_mut(vm);
    if result.is_ok() {
        output.write(&[STOP]);
        output.commit_frame();
    }
    output.framing = false;
    pickler.running.set(false);
    drop(pickler.persistent_id.take());
    drop(pickler.reducer_override.take());
    result
}

pub fn dump_to_file(vm: &mut Vm, this: Ref<'_>, object: Ref<'_>) -> PyResult<()> {
    run(vm, this, object)?;
    of(this).flush(vm)
}

pub fn dump_to_bytes(vm: &mut Vm, this: Ref<'_>, object: Ref<'_>) -> PyResult {
    run(vm, this, object)?;
    let bytes = vm.new_bytes(&of(this).output.get(vm).bytes);
    Ok(bytes.into_object())
}

fn dump(vm: &mut Vm, this: Ref<'_>, object: Ref<'_>) -> PyResult {
    if !of(this).ready.get() {
        let class = this.class().name().to_owned();
        return Err(pickling_error(vm, format!("Pickler.__init__() was not called by {class}.__init__()")));
    }
    dump_to_file(vm, this, object)?;
    Ok(Object::none())
}

fn clear_memo(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    drop(of(this).memo.replace(vm, SaveMemo::default()));
    Ok(Object::none())
}

fn persistent_id(_vm: &mut Vm, _this: Ref<'_>, _object: Ref<'_>) -> PyResult {
    Ok(Object::none())
}

fn sizeof(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let pickler = of(this);
    let size = this.class().basic_size() + pickler.output.get(vm).bytes.capacity() + 32 * pickler.memo.get(vm).objects().count();
    Ok(vm.new_uint(size as u64))
}

fn getattr(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> PyResult {
    hook::getattr(vm, this, name, "persistent_id", &of(this).persistent_id_attribute)
}

fn setattr(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    hook::setattr(vm, this, name, value, "persistent_id", &of(this).persistent_id_attribute)
}

fn set_number(vm: &mut Vm, cell: &Cell<i64>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.type_error("can't delete numeric/char attribute")) };
    cell.set(vm.to_i64(value)?);
    Ok(())
}

fn get_dispatch_table(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    match of(this).dispatch_table.get() {
        Some(table) => Ok(table),
        None => {
            let name = vm.intern("dispatch_table");
            Err(object::attribute::no_attribute(vm, this, name))
        }
    }
}

fn set_dispatch_table(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    if value.is_none() {
        get_dispatch_table(vm, this)?;
    }
    drop(of(this).dispatch_table.replace(value.map(Ref::to_owned)));
    Ok(())
}

fn get_memo(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(PicklerMemo::make(vm, this))
}

fn set_memo(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let memo = memo::saved_from(vm, value)?;
    drop(of(this).memo.replace(vm, memo));
    Ok(())
}
