//! `_symtable`: what the compiler knows of the names in a program.
//!
//! The crate `runtime`, which knows parser and compiler, plugs in the function that makes a table.

use object::bytes::Bytes;
use object::native::{Getset, Member, Module, PayloadInfo, TypeSpec, flag};
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Object, Payload, PyResult, Ref, RefOf, Slots, Type, Visitor, Vm, method};
use std::sync::OnceLock;

pub static MODULE: Module = Module {
    name: "_symtable",
    functions: &[
        method!(Bound symtable "($module, source, filename, startstr, /)", "Return symbol and scope dictionaries used internally by compiler."),
    ],
    init: Some(init),
    ..Module::DEFAULT
};

const CONSTANTS: &[(&str, i64)] = &[
    ("USE", 16),
    ("DEF_GLOBAL", 1),
    ("DEF_NONLOCAL", 8),
    ("DEF_LOCAL", 2),
    ("DEF_PARAM", 4),
    ("DEF_TYPE_PARAM", 1024),
    ("DEF_FREE_CLASS", 64),
    ("DEF_IMPORT", 128),
    ("DEF_BOUND", 134),
    ("DEF_ANNOT", 256),
    ("DEF_COMP_ITER", 512),
    ("DEF_COMP_CELL", 2048),
    ("TYPE_FUNCTION", 0),
    ("TYPE_CLASS", 1),
    ("TYPE_MODULE", 2),
    ("TYPE_ANNOTATION", 3),
    ("TYPE_TYPE_ALIAS", 4),
    ("TYPE_TYPE_PARAMETERS", 5),
    ("TYPE_TYPE_VARIABLE", 6),
    ("LOCAL", 1),
    ("GLOBAL_EXPLICIT", 2),
    ("GLOBAL_IMPLICIT", 3),
    ("FREE", 4),
    ("CELL", 5),
    ("SCOPE_OFF", 12),
    ("SCOPE_MASK", 15),
];

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    object::type_new::ready(vm, &ENTRY);
    crate::argument::set_constants(vm, module, CONSTANTS);
    Ok(())
}

/// What a program is to be compiled as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Exec,
    Eval,
    Single,
}

/// A program's text.
pub enum Source<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// A block of a program.
pub struct Scope {
    pub name: String,
    /// One of `TYPE_*`.
    pub kind: i64,
    pub line: i64,
    pub nested: bool,
    /// Flags by name.
    pub symbols: Vec<(String, i64)>,
    pub parameters: Vec<String>,
    pub children: Vec<Scope>,
}

/// Makes the table of a program; the last argument is the file's name.
pub type MakeTable = fn(&mut Vm, Source<'_>, Mode, &str) -> PyResult<Scope>;

static MAKE_TABLE: OnceLock<MakeTable> = OnceLock::new();

/// Plugs in the function that makes tables; once, at start-up.
pub fn set_table_maker(make: MakeTable) {
    MAKE_TABLE.get_or_init(|| make);
}

/// The payload of an entry.
pub struct Entry {
    name: Object,
    kind: i64,
    line: i64,
    nested: bool,
    symbols: Object,
    parameters: Object,
    children: Object,
}

pub static ENTRY: Type = Type::new(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    name: "symtable entry",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<Entry>(),
    slots: Slots { repr: Some(repr), ..Slots::NONE },
    members: &[
        Member(Getset::readonly("id", "", |vm, this| Ok(id(vm, this)))),
        Member(Getset::readonly("name", "", |_, this| Ok(entry(this).name.clone()))),
        Member(Getset::readonly("symbols", "", |_, this| Ok(entry(this).symbols.clone()))),
        Member(Getset::readonly("varnames", "", |_, this| Ok(entry(this).parameters.clone()))),
        Member(Getset::readonly("children", "", |_, this| Ok(entry(this).children.clone()))),
        Member(Getset::readonly("nested", "", |_, this| Ok(Object::small_int(i64::from(entry(this).nested))))),
        Member(Getset::readonly("type", "", |_, this| Ok(Object::small_int(entry(this).kind)))),
        Member(Getset::readonly("lineno", "", |_, this| Ok(Object::small_int(entry(this).line)))),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for Entry {
    fn class() -> &'static Type {
        &ENTRY
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for object in [&self.name, &self.symbols, &self.parameters, &self.children] {
            visitor.visit(object.borrow());
        }
    }
}

fn entry<'a>(this: Ref<'a>) -> RefOf<'a, Entry> {
    this.downcast::<Entry>().expect("the attribute belongs to the type")
}

fn id(vm: &Vm, this: Ref<'_>) -> Object {
    vm.new_int(this.address().unwrap_or(0) as i64)
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let name = vm.str_text(entry(this).name.borrow())?;
    let text = format!("<symtable entry {name}({}), line {}>", this.address().unwrap_or(0), entry(this).line);
    Ok(vm.new_str(&text).into_object())
}

fn new_entry(vm: &mut Vm, scope: &Scope) -> PyResult {
    vm.check_stack(" during compilation")?;
    let symbols = vm.new_dict();
    for (name, flags) in &scope.symbols {
        symbols.set_str(vm, name, Object::small_int(*flags));
    }
    let parameters = scope.parameters.iter().map(|name| vm.new_str(name).into_object()).collect();
    let parameters = vm.new_list(parameters).into_object();
    let children = scope.children.iter().map(|child| new_entry(vm, child)).collect::<PyResult<Vec<_>>>()?;
    let children = vm.new_list(children).into_object();
    let name = vm.new_str(&scope.name).into_object();
    let entry = Entry { name, kind: scope.kind, line: scope.line, nested: scope.nested, symbols: symbols.into_object(), parameters, children };
    Ok(vm.allocate(entry).into_object())
}

/// The text of a file name: a string, bytes, or a path.
fn file_name(vm: &mut Vm, object: Ref<'_>) -> PyResult<String> {
    if let Some(text) = object.downcast::<Str>() {
        return Ok(text.to_string_lossy().into_owned());
    }
    if let Some(data) = object.downcast::<Bytes>() {
        return Ok(String::from_utf8_lossy(data.data()).into_owned());
    }
    let name = vm.intern("__fspath__");
    match vm.lookup_special(object, name)? {
        Some(method) => {
            let path = vm.call(method.borrow(), &[])?;
            vm.str_text(path.borrow())
        }
        None => Err(vm.type_error(format!("expected str, bytes or os.PathLike object, not {}", object.class().full_name()))),
    }
}

fn symtable(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let &[Some(source), Some(file), Some(start)] = args else {
        return Err(vm.system_error("symtable() was called without its arguments"));
    };
    let file = file_name(vm, file)?;
    let Some(start) = start.downcast::<Str>() else {
        return Err(vm.type_error(format!("symtable() argument 3 must be str, not {}", start.class().full_name())));
    };
    let mode = match start.as_str() {
        Some("exec") => Mode::Exec,
        Some("eval") => Mode::Eval,
        Some("single") => Mode::Single,
        _ => return Err(vm.value_error("symtable() arg 3 must be 'exec' or 'eval' or 'single'")),
    };
    let Some(make) = MAKE_TABLE.get() else {
        return Err(vm.system_error("no compiler is plugged in"));
    };
    let scope = if let Some(text) = source.downcast::<Str>() {
        let text = text.to_string_lossy();
        if text.contains('\0') {
            return Err(vm.raise(&object::exception::SYNTAX_ERROR, "source code string cannot contain null bytes"));
        }
        make(vm, Source::Text(&text), mode, &file)?
    } else if vm.has_buffer(source) {
        let data = crate::argument::bytes(vm, source)?;
        make(vm, Source::Bytes(&data), mode, &file)?
    } else {
        return Err(vm.type_error("symtable() arg 1 must be a string or bytes object"));
    };
    new_entry(vm, &scope)
}
