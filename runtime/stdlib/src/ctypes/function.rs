//! Function pointers: `CFuncPtr` and its metaclass. A function pointer is made of a symbol of a library, of an address,
//! or of a Python callable, which C can then call.

use super::argument::{self, Converted};
use super::call::{self, ForeignType};
use super::callback::{self, Context, Thunk};
use super::codes;
use super::ctype::{self, CTYPE_TYPE, FROM_PARAM_DOC, class_of, own_attribute};
use super::data::{self, CDATA, cdata};
use super::info::{Kind, TypeInfo, flag as info_flag, foreign_type, info_of, info_of_instance, set_info};
use super::memory;
use super::parameters::{build_arguments, build_result, check_parameter_flags};
use object::cell::Visitor;
use object::class::TYPE;
use object::native::{PayloadInfo, flag};
use object::str::Str;
use object::tuple::Tuple;
use object::vm::Raised;
use object::{Args, Getset, Method, Object, ObjectCell, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, exception, method};
use std::rc::Rc;

/// The greatest number of arguments of a call.
pub const MAX_ARGUMENTS: usize = 1024;

/// `_ctypes.PyCFuncPtrType`
pub static FUNCTION_TYPE: Type = Type::new(&FUNCTION_TYPE_SPEC);
static FUNCTION_TYPE_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes.PyCFuncPtrType",
    doc: "metatype for C function pointers",
    base: Some(&CTYPE_TYPE),
    flags: flag::BASE_TYPE,
    slots: Slots { init: Some(init_class), ..Slots::NONE },
    methods: &TYPE_METHODS,
    ..TypeSpec::DEFAULT
};
static TYPE_METHODS: [Method; 5] = ctype::methods(method!(Binary from_param "($self, value, /)", FROM_PARAM_DOC));
use ctype::from_param;

/// `_ctypes.CFuncPtr`
pub static FUNCTION: Type = Type::new(&FUNCTION_SPEC);
static FUNCTION_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes.CFuncPtr",
    doc: "Function Pointer",
    base: Some(&CDATA),
    metaclass: Some(&FUNCTION_TYPE),
    flags: flag::BASE_TYPE,
    slots: Slots { new: Some(new), call: Some(call_function), repr: Some(repr), bool: Some(truth), buffer: Some(data::buffer), ..Slots::NONE },
    getsets: &[
        Getset::new("restype", "specify the result type", restype, set_restype),
        Getset::new("argtypes", "specify the argument types", argtypes, set_argtypes),
        Getset::new("errcheck", "a function to check for errors", errcheck, set_errcheck),
    ],
    ..TypeSpec::DEFAULT
};

/// What a function pointer has besides its address; what is not set is its class's.
#[derive(Default)]
pub struct FunctionState {
    callable: ObjectCell,
    argtypes: ObjectCell,
    converters: ObjectCell,
    restype: ObjectCell,
    checker: ObjectCell,
    errcheck: ObjectCell,
    pub paramflags: ObjectCell,
}

impl FunctionState {
    fn cells(&self) -> [&ObjectCell; 7] {
        [&self.callable, &self.argtypes, &self.converters, &self.restype, &self.checker, &self.errcheck, &self.paramflags]
    }

    pub fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in self.cells() {
            cell.traverse(visitor);
        }
    }

    pub fn clear(&self) {
        for cell in self.cells() {
            cell.set(None);
        }
    }
}

/// The payload of the object that owns a callback's thunk.
struct Callback {
    #[expect(dead_code, reason = "C holds its address")]
    thunk: Thunk,
    /// What the thunk's handler holds too; the references in it are shown to the collector here, once.
    work: Rc<CallbackWork>,
}

static CALLBACK: Type = Type::new(&CALLBACK_SPEC);
static CALLBACK_SPEC: TypeSpec = TypeSpec { name: "_ctypes.CThunkObject", payload: PayloadInfo::of::<Callback>(), ..TypeSpec::DEFAULT };

impl Payload for Callback {
    fn class() -> &'static Type {
        &CALLBACK
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all([&self.work.callable, &self.work.types, &self.work.restype]);
    }
}

/// Readies the types of this file that are in no module.
pub fn ready(vm: &mut Vm) {
    object::type_new::ready(vm, &CALLBACK);
}

/// The declared argument types of a function: the types, and their `from_param`.
fn converters(vm: &mut Vm, types: Ref<'_>) -> PyResult<(Object, Object)> {
    let types = match types.downcast::<Tuple>() {
        Some(_) => types.to_owned(),
        None => {
            if !vm.is_sequence(types) && types.class().slots().iter.is_none() {
                return Err(vm.type_error("_argtypes_ must be a sequence of types"));
            }
            let items = vm.collect(types)?;
            vm.new_tuple(items).into_object()
        }
    };
    let items = types.borrow().downcast::<Tuple>().expect("it is a tuple").get().items();
    if items.len() > MAX_ARGUMENTS {
        let message = format!("_argtypes_ has too many arguments ({}), maximum is {MAX_ARGUMENTS}", items.len());
        return Err(super::argument_error(vm, &message));
    }
    let mut converters = Vec::with_capacity(items.len());
    for (index, &item) in items.iter().enumerate() {
        match vm.find_attr_str(item, "from_param")? {
            Some(converter) => converters.push(converter),
            None => return Err(vm.type_error(format!("item {} in _argtypes_ has no from_param method", index + 1))),
        }
    }
    let converters = vm.new_tuple(converters).into_object();
    Ok((types, converters))
}

fn is_result_type(value: Ref<'_>) -> bool {
    value.is_none() || info_of(value).is_some() || value.class().slots().call.is_some()
}

fn init_class(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let class = class_of(this);
    TYPE.slots().init.map_or(Ok(()), |init| init(vm, this, args))?;
    if info_of(this).is_some() {
        return Err(vm.system_error("StgInfo of class was already initialized"));
    }
    let info = TypeInfo::new(Kind::Function, 8, 8, 1);
    *info.format.get_mut(vm) = "X{}".to_owned();
    let flags = own_attribute(vm, class, "_flags_").filter(|flags| object::int::is_int(flags.borrow()));
    let Some(flags) = flags else { return Err(vm.type_error("class must define _flags_ which must be an integer")) };
    info.flags.set(codes::low_bits(vm, flags.borrow())? as u32 & 0xff);
    info.set(info_flag::POINTER);
    if let Some(types) = own_attribute(vm, class, "_argtypes_") {
        let (types, converters) = converters(vm, types.borrow())?;
        info.argtypes.set(Some(types));
        info.converters.set(Some(converters));
    }
    if let Some(restype) = own_attribute(vm, class, "_restype_") {
        if !is_result_type(restype.borrow()) {
            return Err(vm.type_error("_restype_ must be a type, a callable, or None"));
        }
        info.checker.set(vm.find_attr_str(restype.borrow(), "_check_retval_")?);
        info.restype.set(Some(restype));
    }
    set_info(vm, class, info);
    Ok(())
}

/// What a function pointer has besides its address.
pub fn state(this: Ref<'_>) -> &FunctionState {
    cdata(this).function.as_deref().expect("function pointers have a state")
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let given = args.positionals();
    let Some(&first) = given.first() else { return data::new_instance(vm, class.get()) };
    if given.len() <= 2 && first.downcast::<Tuple>().is_some() {
        return from_library(vm, class.get(), first, given.get(1).copied());
    }
    if given.len() > 1 {
        return Err(vm.type_error(format!("function takes exactly 1 argument ({} given)", given.len())));
    }
    if object::int::is_int(first) {
        let address = codes::low_bits(vm, first)?;
        let object = data::new_instance(vm, class.get())?;
        memory::write_pointer(cdata(object.borrow()).address.get(), address as usize);
        return Ok(object);
    }
    if first.class().slots().call.is_none() {
        return Err(vm.type_error("argument must be callable or integer function address"));
    }
    from_callable(vm, class.get(), first)
}

fn from_library(vm: &mut Vm, class: &Type, place: Ref<'_>, flags: Option<Ref<'_>>) -> PyResult {
    let items = place.downcast::<Tuple>().expect("the caller has looked").get().items();
    let &[name, library] = items else {
        return Err(vm.type_error(format!("function takes exactly 2 arguments ({} given)", items.len())));
    };
    let symbol = match (name.downcast::<Str>(), object::bytes::as_bytes(name)) {
        (Some(text), _) => text.get().to_string_lossy().into_owned().into_bytes(),
        (_, Some(bytes)) => bytes.to_vec(),
        _ => return Err(vm.type_error("function name must be string, bytes object or integer")),
    };
    super::audit(vm, "ctypes.dlsym", &[library, name])?;
    let handle = super::library_handle(vm, library)?;
    let shown = String::from_utf8_lossy(&symbol).into_owned();
    let Ok(symbol) = std::ffi::CString::new(symbol) else { return Err(vm.value_error("embedded null character")) };
    let address = match memory::find_symbol(handle, &symbol) {
        Ok(address) => address,
        Err(reason) => {
            let message = super::load_error(reason, "function", &shown);
            return Err(vm.raise(&exception::ATTRIBUTE_ERROR, message));
        }
    };
    let info = super::info::concrete_info(vm, class)?;
    let types = info.argtypes.get();
    check_parameter_flags(vm, types.as_ref().map(Object::borrow), flags)?;
    let object = data::new_instance(vm, class)?;
    memory::write_pointer(cdata(object.borrow()).address.get(), address);
    state(object.borrow()).paramflags.set(flags.filter(|flags| !flags.is_none()).map(Ref::to_owned));
    data::keep_alive(vm, object.borrow(), 0, library.to_owned())?;
    Ok(object)
}

fn from_callable(vm: &mut Vm, class: &Type, callable: Ref<'_>) -> PyResult {
    let info = super::info::concrete_info(vm, class)?;
    let Some(types) = info.argtypes.get() else {
        return Err(vm.type_error("cannot construct instance of this class: no argtypes"));
    };
    let restype = info.restype.get_or_none();
    let result = if restype.borrow().is_none() {
        ForeignType::Void
    } else {
        match info_of(restype.borrow()).filter(|info| info.kind == Kind::Simple) {
            Some(info) => foreign_type(vm, &info),
            None => return Err(vm.type_error("invalid result type for callback function")),
        }
    };
    let mut arguments = Vec::new();
    for &class in types.borrow().downcast::<Tuple>().expect("argument types are a tuple").get().items() {
        arguments.push(info_of(class).map_or(ForeignType::POINTER, |info| foreign_type(vm, &info)));
    }
    let use_errno = info.has(info_flag::USE_ERRNO);
    let work = Rc::new(CallbackWork { callable: callable.to_owned(), types, restype, use_errno });
    let served = Rc::clone(&work);
    let context = Context { arguments, result, handler: Box::new(move |vm, values| served.run(vm, values)) };
    let Some(thunk) = Thunk::new(context) else { return Err(vm.memory_error()) };
    let address = thunk.address();
    let owner = vm.allocate(Callback { thunk, work }).into_object();
    let object = data::new_instance(vm, class)?;
    memory::write_pointer(cdata(object.borrow()).address.get(), address);
    state(object.borrow()).callable.set(Some(callable.to_owned()));
    data::keep_alive(vm, object.borrow(), 0, owner)?;
    Ok(object)
}

/// What happens when C calls a Python function.
struct CallbackWork {
    callable: Object,
    types: Object,
    restype: Object,
    use_errno: bool,
}

impl CallbackWork {
    fn run(&self, vm: &mut Vm, values: &[Vec<u8>]) -> Vec<u8> {
        let mut result = vec![0; 32];
        let mut arguments = Vec::with_capacity(values.len());
        let types = self.types.borrow().downcast::<Tuple>().expect("argument types are a tuple").get().items();
        for (index, (&class, value)) in types.iter().zip(values).enumerate() {
            match argument_object(vm, class, value) {
                Ok(object) => arguments.push(object),
                Err(raised) => {
                    self.report(vm, raised, &format!("Exception ignored while creating argument {index} for ctypes callback function "));
                    return result;
                }
            }
        }
        if self.use_errno {
            call::swap_errno();
        }
        let returned = vm.call(self.callable.borrow(), Object::as_refs(&arguments));
        if self.use_errno {
            call::swap_errno();
        }
        match returned {
            Err(raised) => self.report(vm, raised, "Exception ignored while calling ctypes callback function "),
            Ok(returned) => self.convert(vm, returned, &mut result),
        }
        drop(arguments);
        vm.run_finalizers();
        result
    }

    fn convert(&self, vm: &mut Vm, returned: Object, result: &mut [u8]) {
        let Some(code) = info_of(self.restype.borrow()).and_then(|info| info.code.get()) else { return };
        match codes::set(vm, code, result.as_mut_ptr().expose_provenance(), 0, returned.borrow()) {
            Err(raised) => self.report(vm, raised, "Exception ignored while converting result of ctypes callback function "),
            // The caller gets a reference of its own.
            Ok(_) if code.code == b'O' => std::mem::forget(returned),
            Ok(keep) if keep.borrow().is_none() => {}
            Ok(keep) => {
                // Nobody knows how long C needs it.
                std::mem::forget(keep);
                if let Err(raised) = vm.warn(&exception::RUNTIME_WARNING, "memory leak in callback function.", 1) {
                    self.report(vm, raised, "Exception ignored while converting result of ctypes callback function ");
                }
            }
        }
    }

    fn report(&self, vm: &mut Vm, raised: Raised, message: &str) {
        let error = vm.catch(raised);
        let text = match vm.repr_text(self.callable.borrow()) {
            Ok(text) => text,
            Err(second) => {
                vm.catch(second);
                self.callable.borrow().class().name().to_owned()
            }
        };
        let raised = vm.reraise(error);
        vm.write_unraisable(raised, &format!("{message}{text}"), None);
    }
}

/// An argument that C passed, as a Python object.
fn argument_object(vm: &mut Vm, class: Ref<'_>, value: &[u8]) -> PyResult {
    let address = value.as_ptr().expose_provenance();
    if let Some(code) = data::getter(class) {
        return codes::get(vm, code, address, value.len());
    }
    if info_of(class).is_none() {
        return Err(vm.type_error("cannot build parameter"));
    }
    let object = vm.call(class, &[])?;
    match object.borrow().downcast::<data::CData>() {
        Some(data) => {
            memory::write(data.address.get(), &value[..value.len().min(data.size.get())]);
            Ok(object)
        }
        None => Err(vm.type_error("unexpected result of create argument")),
    }
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let text = format!("<{} object at {:#x}>", this.class().full_name(), this.bits());
    Ok(vm.new_str(&text).into_object())
}

fn truth(_vm: &mut Vm, this: Ref<'_>) -> PyResult<bool> {
    Ok(memory::read_pointer(cdata(this).address.get()) != 0)
}

/// A setting of the function itself, or else of its class.
fn setting(this: Ref<'_>, own: fn(&FunctionState) -> &ObjectCell, of_class: fn(&TypeInfo) -> &ObjectCell) -> Option<Object> {
    own(state(this)).get().or_else(|| info_of_instance(this).and_then(|info| of_class(&info).get()))
}

fn restype(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(setting(this, |state| &state.restype, |info| &info.restype).unwrap_or(Object::none()))
}

fn set_restype(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let state = state(this);
    let Some(value) = value else {
        state.restype.set(None);
        state.checker.set(None);
        return Ok(());
    };
    if !is_result_type(value) {
        return Err(vm.type_error("restype must be a type, a callable, or None"));
    }
    let checker = vm.find_attr_str(value, "_check_retval_")?;
    state.checker.set(checker);
    state.restype.set(Some(value.to_owned()));
    Ok(())
}

fn argtypes(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(setting(this, |state| &state.argtypes, |info| &info.argtypes).unwrap_or(Object::none()))
}

fn set_argtypes(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let state = state(this);
    match value.filter(|value| !value.is_none()) {
        None => {
            state.argtypes.set(None);
            state.converters.set(None);
        }
        Some(value) => {
            let (types, converters) = converters(vm, value)?;
            let flags = state.paramflags.get();
            check_parameter_flags(vm, Some(types.borrow()), flags.as_ref().map(Object::borrow))?;
            state.argtypes.set(Some(types));
            state.converters.set(Some(converters));
        }
    }
    Ok(())
}

fn errcheck(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(state(this).errcheck.get_or_none())
}

fn set_errcheck(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    if value.is_some_and(|value| value.class().slots().call.is_none()) {
        return Err(vm.type_error("the errcheck attribute must be callable"));
    }
    state(this).errcheck.set(value.map(Ref::to_owned));
    Ok(())
}

fn call_function(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let Some(info) = info_of_instance(this) else { return Err(vm.type_error("abstract class")) };
    let state = state(this);
    let restype = state.restype.get().or_else(|| info.restype.get());
    let checker = if state.restype.is_set() { state.checker.get() } else { info.checker.get() };
    let converters = state.converters.get().or_else(|| info.converters.get());
    let types = state.argtypes.get().or_else(|| info.argtypes.get());
    let address = memory::read_pointer(cdata(this).address.get());
    let built = build_arguments(vm, this, types.as_ref().map(Object::borrow), args)?;
    let converters = converters.as_ref().and_then(|converters| converters.borrow().downcast::<Tuple>()).map(|tuple| tuple.get().items());
    let actual = built.arguments.len();
    if let Some(converters) = converters
        && converters.len() > actual
    {
        let plural = if converters.len() == 1 { "" } else { "s" };
        return Err(vm.type_error(format!("this function takes at least {} argument{plural} ({actual} given)", converters.len())));
    }
    let signature = Signature { converters: converters.unwrap_or(&[]), restype, checker, flags: info.flags.get() };
    let result = call_address(vm, address, Object::as_refs(&built.arguments), &signature)?;
    if let Some(errcheck) = state.errcheck.get() {
        let arguments = vm.new_tuple(built.arguments.clone()).into_object();
        let checked = vm.call(errcheck.borrow(), &[result.borrow(), this, arguments.borrow()])?;
        if !checked.borrow().is(arguments.borrow()) {
            return Ok(checked);
        }
    }
    build_result(vm, result, built)
}

/// How a function is called.
pub struct Signature<'a> {
    pub converters: &'a [Ref<'a>],
    /// `None`: C's `int`; the object `None`: nothing.
    pub restype: Option<Object>,
    pub checker: Option<Object>,
    pub flags: u32,
}

fn convert_argument(vm: &mut Vm, value: Ref<'_>, converter: Option<Ref<'_>>, position: usize) -> PyResult<(Converted, Option<Object>)> {
    match converter {
        Some(converter) => {
            let value = vm.call(converter, &[value])?;
            let converted = argument::convert(vm, value.borrow(), position)?;
            Ok((converted, Some(value)))
        }
        None => Ok((argument::convert(vm, value, position)?, None)),
    }
}

/// Calls the function at an address.
pub fn call_address(vm: &mut Vm, address: usize, args: &[Ref<'_>], signature: &Signature<'_>) -> PyResult {
    if args.len() > MAX_ARGUMENTS {
        let message = format!("too many arguments ({}), maximum is {MAX_ARGUMENTS}", args.len());
        return Err(super::argument_error(vm, &message));
    }
    if crate::sys_module::has_audit_hooks(vm) {
        let (address, arguments) = (vm.new_uint(address as u64), vm.new_tuple_from(args).into_object());
        super::audit(vm, "ctypes.call_function", &[address.borrow(), arguments.borrow()])?;
    }
    let mut keep = Vec::new();
    let mut values = Vec::with_capacity(args.len());
    for (index, &value) in args.iter().enumerate() {
        match convert_argument(vm, value, signature.converters.get(index).copied(), index + 1) {
            Ok((converted, object)) => {
                keep.extend([converted.keep, object].into_iter().flatten());
                values.push((converted.foreign, converted.value));
            }
            Err(raised) => {
                let class = super::argument_error_class(vm);
                return Err(super::extend_error(vm, raised, &class, &format!("argument {}: ", index + 1)));
            }
        }
    }
    let result = result_type(vm, signature.restype.as_ref());
    let keeps_lock = signature.flags & info_flag::PYTHON_API != 0;
    let use_errno = signature.flags & info_flag::USE_ERRNO != 0;
    let returned = callback::calling(vm, keeps_lock, || call::call(address, &values, &result, use_errno));
    vm.run_signal_handlers()?;
    let Some(returned) = returned else { return Err(vm.memory_error()) };
    if keeps_lock && let Some(error) = vm.take_raised() {
        return Err(vm.reraise(error));
    }
    let object = result_object(vm, signature, &returned);
    drop(keep);
    object
}

fn result_type(vm: &Vm, restype: Option<&Object>) -> ForeignType {
    match restype {
        None => ForeignType::INT,
        Some(restype) if restype.borrow().is_none() => ForeignType::Void,
        Some(restype) => info_of(restype.borrow()).map_or(ForeignType::INT, |info| foreign_type(vm, &info)),
    }
}

fn result_object(vm: &mut Vm, signature: &Signature<'_>, returned: &[u8]) -> PyResult {
    let address = returned.as_ptr().expose_provenance();
    let as_int = || i64::from(i32::from_ne_bytes(memory::read(address)));
    let Some(restype) = &signature.restype else { return Ok(Object::small_int(as_int())) };
    if restype.borrow().is_none() {
        return Ok(Object::none());
    }
    let Some(info) = info_of(restype.borrow()) else {
        return vm.call(restype.borrow(), &[Object::small_int(as_int()).borrow()]);
    };
    let value = match data::getter(restype.borrow()) {
        Some(code) if code.code == b'O' => match memory::object_from_returned_word(memory::read_pointer(address) as u64) {
            Some(object) => object,
            None => return Err(vm.value_error("PyObject is NULL")),
        },
        Some(code) => codes::get(vm, code, address, info.size.get())?,
        None => data::from_base(vm, restype.borrow(), None, 0, address)?,
    };
    match &signature.checker {
        Some(checker) => vm.call(checker.borrow(), &[value.borrow()]),
        None => Ok(value),
    }
}
