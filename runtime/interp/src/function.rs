//! Python functions, and how a call's arguments become a frame's locals.

use crate::cell_object::CellObject;
use crate::code::CodeObject;
use crate::eval;
use crate::frame::{self, Frame};
use bytecode::{CodeFlags, LocalKind};
use object::cell::{ObjectCell, Visitor};
use object::class::Payload;
use object::dict::Dict;
use object::native::{PayloadInfo, TypeSpec, flag};
use object::slots::Slots;
use object::str::Str;
use object::tuple::Tuple;
use object::{Args, Object, ObjectOf, PyResult, Raised, Ref, RefOf, Type, Vm};
use std::cell::Cell;

pub mod attributes;
mod bind;

pub(crate) use bind::bind_arguments;

/// The payload of a Python function.
pub struct Function {
    pub code: ObjectCell,
    /// The code again, for the interpreter; the object is never freed while a function or frame has it.
    pub(crate) code_data: Cell<*const CodeObject>,
    /// Another number once the code or defaults are others than before.
    pub(crate) version: Cell<u32>,
    /// The address of compiled code that calls of this function can go to, as long as it is what its code is entered at; see [`crate::compiled`].
    pub(crate) known_entry: Cell<usize>,
    pub globals: Object,
    pub builtins: Object,
    pub name: ObjectCell,
    pub qualname: ObjectCell,
    /// A tuple, if there are any.
    pub defaults: ObjectCell,
    /// A dict, if there are any.
    pub keyword_defaults: ObjectCell,
    /// Whether others may have that dict, and change it.
    pub are_keyword_defaults_shared: Cell<bool>,
    /// A tuple of cells, if there are any.
    pub closure: ObjectCell,
    pub doc: ObjectCell,
    pub module: ObjectCell,
    pub annotations: ObjectCell,
    pub annotate: ObjectCell,
    pub type_params: ObjectCell,
}

/// `types.FunctionType`
pub static FUNCTION: Type = Type::new(&FUNCTION_SPEC);
static FUNCTION_SPEC: TypeSpec = TypeSpec {
    name: "function",
    doc: "Create a function object.\n\n  code\n    a code object\n  globals\n    the globals dictionary\n  name\n    a string that overrides the name from the code object\n  argdefs\n    a tuple that specifies the default argument values\n  closure\n    a tuple that supplies the bindings for free variables\n  kwdefaults\n    a dictionary that specifies the default keyword argument values",
    flags: flag::HAS_DICT | flag::WEAK_REFERENCES | flag::METHOD_DESCRIPTOR,
    payload: PayloadInfo::of::<Function>(),
    slots: Slots {
        call: Some(call_function),
        descr_get: Some(bind_function),
        repr: Some(attributes::repr),
        new: Some(attributes::new),
        ..Slots::NONE
    },
    getsets: attributes::GETSETS,
    members: attributes::MEMBERS,
    ..TypeSpec::DEFAULT
};

impl Payload for Function {
    fn class() -> &'static Type {
        &FUNCTION
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.globals.borrow());
        visitor.visit(self.builtins.borrow());
        for cell in self.cells() {
            cell.traverse(visitor);
        }
        self.code.traverse(visitor);
    }

    fn clear(&self, _vm: &mut Vm) {
        for cell in self.cells() {
            cell.set(None);
        }
        self.note_change();
    }
}

impl Function {
    /// The words of its globals and builtins: compiled code is for functions that have the same.
    pub fn scope_words(&self) -> (u64, u64) {
        (self.globals.borrow().bits(), self.builtins.borrow().bits())
    }

    /// Everything but the code.
    fn cells(&self) -> [&ObjectCell; 10] {
        [
            &self.name,
            &self.qualname,
            &self.defaults,
            &self.keyword_defaults,
            &self.closure,
            &self.doc,
            &self.module,
            &self.annotations,
            &self.annotate,
            &self.type_params,
        ]
    }

    /// The code that runs.
    #[inline]
    pub fn code(&self) -> &CodeObject {
        // SAFETY: `set_code` keeps every code object the function ever had alive.
        unsafe { &*self.code_data.get() }
    }

    /// A number that changes when the code or a default does.
    pub fn version(&self) -> u32 {
        self.version.get()
    }

    /// Where compiled code finds the version.
    pub fn version_place(&self) -> *const u32 {
        self.version.as_ptr()
    }

    /// To be called when the code or a default has changed.
    pub(crate) fn note_change(&self) {
        self.version.set(self.version.get().wrapping_add(1));
        object::assumed::changes(self.version_place());
    }

    /// Replaces the code. The old one is never freed: a frame may be running it.
    pub fn set_code(&self, code: ObjectOf<CodeObject>) {
        code.borrow().get().note_scope(self.globals.borrow(), self.builtins.borrow());
        self.code_data.set(std::ptr::from_ref(code.borrow().get()));
        std::mem::forget(self.code.replace(Some(code.into_object())));
        self.note_change();
    }
}

/// The dict of builtins that code with these globals sees.
pub fn builtins_of(vm: &mut Vm, globals: Ref<'_>) -> Object {
    let name = object::names::__builtins__();
    let found = globals.downcast::<Dict>().and_then(|globals| globals.get_interned(name)).map(Ref::to_owned);
    match found {
        Some(builtins) => match builtins.borrow().downcast::<object::singleton::ModuleObject>() {
            Some(module) => module.dict().object().to_owned(),
            None => builtins,
        },
        None => match frame::current(vm) {
            Some(frame) => frame.function().builtins.clone(),
            None => eval::builtins_dict(vm),
        },
    }
}

/// Makes a function of code and globals, as `MAKE_FUNCTION` does.
pub fn new_function(vm: &mut Vm, code: ObjectOf<CodeObject>, globals: Object) -> ObjectOf<Function> {
    let builtins = match frame::current(vm) {
        Some(frame) if frame.function().globals.borrow().is(globals.borrow()) => frame.function().builtins.clone(),
        _ => builtins_of(vm, globals.borrow()),
    };
    let data = code.borrow().get();
    data.note_scope(globals.borrow(), builtins.borrow());
    let name = object::names::__name__();
    let module = globals.borrow().downcast::<Dict>().and_then(|globals| globals.get_interned(name)).map(Ref::to_owned);
    let doc = if data.has_flag(CodeFlags::HAS_DOCSTRING) { data.constants.first().cloned() } else { None };
    let function = Function {
        code_data: Cell::new(std::ptr::from_ref(data)),
        version: Cell::new(0),
        known_entry: Cell::new(crate::compiled::NO_ENTRY),
        name: ObjectCell::new(Some(data.name.to_owned())),
        qualname: ObjectCell::new(Some(data.qualname.get().to_owned())),
        defaults: ObjectCell::EMPTY,
        keyword_defaults: ObjectCell::EMPTY,
        are_keyword_defaults_shared: Cell::new(false),
        closure: ObjectCell::EMPTY,
        doc: ObjectCell::new(Some(doc.unwrap_or(Object::none()))),
        module: ObjectCell::new(Some(module.unwrap_or(Object::none()))),
        annotations: ObjectCell::EMPTY,
        annotate: ObjectCell::EMPTY,
        type_params: ObjectCell::EMPTY,
        code: ObjectCell::new(Some(code.into_object())),
        globals,
        builtins,
    };
    vm.allocate(function)
}

fn bind_function(vm: &mut Vm, function: Ref<'_>, instance: Option<Ref<'_>>, _owner: Option<Ref<'_>>) -> PyResult {
    Ok(match instance {
        Some(instance) if !instance.is_none() => vm.new_bound_method(function.to_owned(), instance.to_owned()),
        _ => function.to_owned(),
    })
}

/// Calls a function from native code.
fn call_function(vm: &mut Vm, callee: Ref<'_>, args: Args<'_>) -> PyResult {
    vm.check_stack("")?;
    let values = args.values();
    let mut words = [0u64; 8];
    let frame = if values.len() <= words.len() {
        for (word, &value) in words.iter_mut().zip(values) {
            *word = value.to_owned().into_raw();
        }
        // SAFETY: the words own the references, which the callee takes over.
        unsafe {
            if args.names().is_none()
                && let Some(result) = crate::compiled::call_from_native(vm, callee, words.as_mut_ptr(), values.len())
            {
                return result;
            }
            push_call_frame(vm, callee.to_owned(), words.as_mut_ptr(), values.len(), args.names())?
        }
    } else {
        let owned: Vec<Object> = values.iter().map(|&value| value.to_owned()).collect();
        call_frame(vm, callee, owned, args.names())?
    };
    eval::run(vm, frame)
}

/// The frame of a call, ready to run.
pub(crate) fn call_frame(vm: &mut Vm, callee: Ref<'_>, args: Vec<Object>, names: Option<RefOf<'_, Tuple>>) -> PyResult<*mut Frame> {
    let n = args.len();
    let mut words: Vec<u64> = args.into_iter().map(Object::into_raw).collect();
    // SAFETY: the words own the references, which the callee takes over.
    unsafe { push_call_frame(vm, callee.to_owned(), words.as_mut_ptr(), n, names) }
}

/// Pushes a frame for a call of a function with arguments that are moved out of `args`.
///
/// # Safety
///
/// `callee` is a Python function, and `args` has `n` owned references, all of which are taken over.
#[inline]
pub(crate) unsafe fn push_call_frame(vm: &mut Vm, callee: Object, args: *mut u64, n: usize, names: Option<RefOf<'_, Tuple>>) -> PyResult<*mut Frame> {
    let function = callee.borrow();
    // SAFETY: the caller's promise.
    let function: &Function = unsafe { function.downcast_unchecked::<Function>() }.get();
    let code: *const CodeObject = function.code();
    // SAFETY: the function is kept alive by the frame, and the code by the function.
    unsafe {
        let frame = match new_frame(vm, callee, &*code) {
            Ok(frame) => frame,
            Err(raised) => {
                drop_words(args, n);
                return Err(raised);
            }
        };
        let locals = Frame::locals(frame);
        if (*code).is_simple && names.is_none() && fill_simple((*frame).function(), locals, args, n, (*code).data.arg_count as usize) {
            return Ok(frame);
        }
        match bind_arguments(vm, (*frame).function(), &*code, locals, args, n, names) {
            Ok(()) => {
                // A function made of a module's code has its variables where its global names are.
                if !(*code).has_flag(CodeFlags::OPTIMIZED) {
                    (*frame).namespace = (*frame).globals().into_raw();
                }
                Ok(frame)
            }
            Err(raised) => {
                eval::pop_frame(vm, frame, 0);
                Err(raised)
            }
        }
    }
}

/// Moves `n` arguments into the first locals and gives the parameters after them their defaults, if there are
/// enough of both and not too many. Says whether that was so.
///
/// # Safety
///
/// `args` has `n` owned references; `locals` has room for `n_parameters`.
#[inline]
unsafe fn fill_simple(function: &Function, locals: *mut u64, args: *mut u64, n: usize, n_parameters: usize) -> bool {
    // SAFETY: the caller's promise; the function holds the tuple of its defaults.
    unsafe {
        if n != n_parameters {
            let defaults = function.defaults.bits();
            if defaults == 0 || n > n_parameters {
                return false;
            }
            let Some(defaults) = Ref::from_bits(defaults).downcast_exact::<Tuple>() else { return false };
            let Some(first) = (n + defaults.len()).checked_sub(n_parameters) else { return false };
            for (index, default) in defaults.items()[first..].iter().copied().enumerate() {
                *locals.add(n + index) = default.to_owned().into_raw();
            }
        }
        for index in 0..n {
            *locals.add(index) = *args.add(index);
        }
        true
    }
}

/// Drops `n` owned words.
pub(crate) unsafe fn drop_words(words: *mut u64, n: usize) {
    for index in 0..n {
        // SAFETY: the caller's promise.
        drop(unsafe { frame::take(words.add(index)) });
    }
}

/// Pushes a frame with empty locals for a function. It becomes the innermost one.
///
/// # Safety
///
/// `code` is the function's.
#[inline]
pub(crate) unsafe fn new_frame(vm: &mut Vm, function: Object, code: &CodeObject) -> PyResult<*mut Frame> {
    if vm.depth >= vm.depth_limit {
        return Err(too_deep(vm));
    }
    let Some(start) = frame::reserve(vm, code.frame_words) else { return Err(too_deep(vm)) };
    vm.depth += 1;
    code.warm_up();
    let frame = start.cast::<Frame>();
    // SAFETY: the words were reserved.
    unsafe {
        let locals = Frame::locals(frame);
        for index in 0..code.n_locals {
            locals.add(index).write(0);
        }
        Frame::write_called(frame, function.into_raw(), code, locals.add(code.n_locals), vm.frame.cast());
    }
    vm.frame = frame.cast();
    Ok(frame)
}

#[cold]
pub(crate) fn too_deep(vm: &mut Vm) -> Raised {
    // Room to make and handle the exception.
    vm.depth_limit += 50;
    let raised = vm.raise(&object::exception::RECURSION_ERROR, "maximum recursion depth exceeded");
    vm.depth_limit -= 50;
    raised
}

/// Runs code in a namespace, as `exec`, `eval`, modules and class bodies do. `closure` is a tuple of cells.
pub fn run_code(vm: &mut Vm, code: ObjectOf<CodeObject>, globals: Object, namespace: Object, closure: Option<Object>) -> PyResult {
    vm.check_stack("")?;
    let function = new_function(vm, code, globals);
    function.closure.set(closure);
    run_function_body(vm, function, namespace)
}

/// Runs a function without parameters in a namespace.
pub fn run_function_body(vm: &mut Vm, function: ObjectOf<Function>, namespace: Object) -> PyResult {
    let code: *const CodeObject = function.code();
    // SAFETY: the code is the function's, which the frame keeps alive.
    let frame = unsafe {
        let frame = new_frame(vm, function.into_object(), &*code)?;
        (*frame).namespace = namespace.into_raw();
        frame
    };
    eval::run(vm, frame)
}

/// `super()` without arguments: the class cell and the first argument of the innermost frame.
pub(crate) fn super_context(vm: &mut Vm) -> PyResult<(Object, Object)> {
    let Some(frame) = frame::current(vm) else {
        return Err(vm.runtime_error("super(): no current frame"));
    };
    let code = frame.code();
    if code.data.arg_count == 0 {
        return Err(vm.runtime_error("super(): no arguments"));
    }
    let locals = Frame::locals(std::ptr::from_ref(frame).cast_mut());
    // SAFETY: the frame has as many locals as its code says; words are references or zero.
    let local = |index: usize| unsafe { (*locals.add(index) != 0).then(|| Ref::from_bits(*locals.add(index)).to_owned()) };
    let first = match local(0) {
        Some(value) if code.data.local_kinds[0].has(LocalKind::CELL) => {
            value.borrow().downcast::<CellObject>().map_or(Some(value.clone()), |cell| cell.contents.get())
        }
        other => other,
    };
    let class_name = object::names::__class__();
    let class = code.locals_of(LocalKind::FREE).find(|(_, name)| name.is(class_name)).map(|(index, _)| local(index));
    let Some(first) = first else {
        return Err(vm.runtime_error("super(): arg[0] deleted"));
    };
    let Some(cell) = class else {
        return Err(vm.runtime_error("super(): __class__ cell not found"));
    };
    let contents = cell.as_ref().and_then(|cell| cell.borrow().downcast::<CellObject>().and_then(|cell| cell.contents.get()));
    match contents {
        Some(class) if class.borrow().downcast::<Type>().is_some() => Ok((class, first)),
        Some(class) => Err(vm.runtime_error(format!("super(): __class__ is not a type ({})", class.borrow().class().full_name()))),
        None => Err(vm.runtime_error("super(): empty __class__ cell")),
    }
}

/// The text of a name object; for messages.
pub(crate) fn text_of(cell: &ObjectCell) -> String {
    cell.get().and_then(|name| name.borrow().downcast::<Str>().map(|name| name.get().to_string_lossy().into_owned())).unwrap_or_default()
}
