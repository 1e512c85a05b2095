//! `sys.monitoring` and `sys._jit`.

use interp::CodeObject;
use interp::tracing::monitoring::{self, event};
use object::native::Module;
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Object, PyResult, Ref, RefOf, Vm, method};

/// `sys.monitoring`
static MONITORING: Module = Module {
    name: "sys.monitoring",
    functions: &[
        method!(Bound use_tool_id "($module, tool_id, name, /)", ""),
        method!(Binary clear_tool_id "($module, tool_id, /)", ""),
        method!(Binary free_tool_id "($module, tool_id, /)", ""),
        method!(Binary get_tool "($module, tool_id, /)", ""),
        method!(Bound register_callback "($module, tool_id, event, func, /)", ""),
        method!(Binary get_events "($module, tool_id, /)", ""),
        method!(Bound set_events "($module, tool_id, event_set, /)", ""),
        method!(Bound get_local_events "($module, tool_id, code, /)", ""),
        method!(Bound set_local_events "($module, tool_id, code, event_set, /)", ""),
        method!(Unary restart_events "($module, /)", ""),
        method!(Unary all_events as "_all_events" "($module, /)", ""),
    ],
    init: Some(init_monitoring),
    ..Module::DEFAULT
};

/// `sys._jit`
static JIT: Module = Module {
    name: "sys._jit",
    functions: &[
        method!(Unary no as "is_available" "($module, /)", "Return True if the current Python executable supports JIT compilation, and False otherwise."),
        method!(Unary no as "is_enabled" "($module, /)", "Return True if JIT compilation is enabled for the current Python process (implies sys._jit.is_available()), and False otherwise."),
        method!(Unary no as "is_active" "($module, /)", "Return True if the topmost Python frame is currently executing JIT code (implies sys._jit.is_enabled()), and False otherwise."),
    ],
    ..Module::DEFAULT
};

/// Adds both to `sys`.
pub fn populate(vm: &mut Vm, sys: RefOf<'_, ModuleObject>) -> PyResult<()> {
    let monitoring = vm.new_native_module(&MONITORING)?;
    sys.get().set(vm, "monitoring", monitoring.into_object());
    let jit = vm.new_native_module(&JIT)?;
    sys.get().set(vm, "_jit", jit.into_object());
    Ok(())
}

/// CPython's own JIT, which is what `sys._jit` is about, is never there.
fn no(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(false))
}

fn init_monitoring(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    let events = builtins::namespace::new_namespace(vm)?;
    for (number, name) in event::NAMES.iter().enumerate() {
        vm.set_attr_str(events.borrow(), name, Object::small_int(1 << number).borrow())?;
    }
    vm.set_attr_str(events.borrow(), "NO_EVENTS", Object::small_int(0).borrow())?;
    module.get().set(vm, "events", events);
    for (name, id) in [("DEBUGGER_ID", 0), ("COVERAGE_ID", 1), ("PROFILER_ID", 2), ("OPTIMIZER_ID", 5)] {
        module.get().set(vm, name, Object::small_int(id));
    }
    let (disable, missing) = (monitoring::disable(vm), monitoring::missing(vm));
    module.get().set(vm, "DISABLE", disable);
    module.get().set(vm, "MISSING", missing);
    Ok(())
}

fn value<'a>(args: &[Option<Ref<'a>>], index: usize) -> Ref<'a> {
    args[index].unwrap_or(Ref::NONE)
}

fn tool_argument(vm: &mut Vm, value: Ref<'_>) -> PyResult<usize> {
    let id = vm.to_i32(value)?;
    match usize::try_from(id).ok().filter(|&tool| tool < monitoring::N_TOOLS) {
        Some(tool) => Ok(tool),
        None => Err(vm.value_error(format!("invalid tool {id} (must be between 0 and 5)"))),
    }
}

fn used_tool(vm: &mut Vm, value: Ref<'_>) -> PyResult<usize> {
    let tool = tool_argument(vm, value)?;
    if monitoring::tool_name(tool).is_none() {
        return Err(vm.value_error(format!("tool {tool} is not in use")));
    }
    Ok(tool)
}

fn code_argument<'a>(vm: &mut Vm, value: Ref<'a>) -> PyResult<&'a CodeObject> {
    match value.downcast::<CodeObject>() {
        Some(code) => Ok(code.get()),
        None => Err(vm.type_error("code must be a code object")),
    }
}

fn use_tool_id(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (tool, name) = (tool_argument(vm, value(args, 0))?, value(args, 1));
    if name.downcast::<Str>().is_none() {
        return Err(vm.value_error("tool name must be a str"));
    }
    if monitoring::tool_name(tool).is_some() {
        return Err(vm.value_error(format!("tool {tool} is already in use")));
    }
    monitoring::set_tool_name(tool, Some(name.to_owned()));
    Ok(Object::none())
}

fn clear_tool_id(vm: &mut Vm, _module: Ref<'_>, tool: Ref<'_>) -> PyResult {
    let tool = tool_argument(vm, tool)?;
    if monitoring::tool_name(tool).is_some() {
        monitoring::clear_tool(tool);
    }
    Ok(Object::none())
}

fn free_tool_id(vm: &mut Vm, module: Ref<'_>, tool: Ref<'_>) -> PyResult {
    clear_tool_id(vm, module, tool)?;
    monitoring::set_tool_name(tool_argument(vm, tool)?, None);
    Ok(Object::none())
}

fn get_tool(vm: &mut Vm, _module: Ref<'_>, tool: Ref<'_>) -> PyResult {
    let tool = tool_argument(vm, tool)?;
    Ok(monitoring::tool_name(tool).unwrap_or(Object::none()))
}

fn register_callback(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let tool = tool_argument(vm, value(args, 0))?;
    let bits = vm.to_i32(value(args, 1))?;
    if bits.count_ones() != 1 {
        return Err(vm.value_error("The callback can only be set for one event at a time"));
    }
    let number = bits.trailing_zeros();
    if number as usize >= event::NAMES.len() {
        return Err(vm.value_error(format!("invalid event {bits}")));
    }
    crate::sys_module::raise_event(vm, "sys.monitoring.register_callback", &[value(args, 2)])?;
    let function = Some(value(args, 2)).filter(|function| !function.is_none()).map(Ref::to_owned);
    Ok(monitoring::set_callback(tool, number, function).unwrap_or(Object::none()))
}

fn get_events(vm: &mut Vm, _module: Ref<'_>, tool: Ref<'_>) -> PyResult {
    let tool = tool_argument(vm, tool)?;
    Ok(Object::small_int(i64::from(monitoring::events(tool))))
}

/// An event set as it is kept: events of native calls go with `CALL`, branches go both ways.
fn event_set(vm: &mut Vm, value: Ref<'_>, limit: u32, what: &str) -> PyResult<u32> {
    const RETURNS: u32 = 1 << event::C_RETURN | 1 << event::C_RAISE;
    const CALLS: u32 = RETURNS | 1 << event::CALL;
    let given = vm.to_i32(value)?;
    let mut events = given as u32;
    if given < 0 || given as usize >= 1 << event::NAMES.len() {
        return Err(vm.value_error(format!("invalid {what} 0x{events:x}")));
    }
    if events & RETURNS != 0 && events & CALLS != CALLS {
        return Err(vm.value_error("cannot set C_RETURN or C_RAISE events independently"));
    }
    events &= !RETURNS;
    if events & 1 << event::BRANCH != 0 {
        events = events & !(1 << event::BRANCH) | 1 << event::BRANCH_LEFT | 1 << event::BRANCH_RIGHT;
    }
    if events >= 1 << limit {
        return Err(vm.value_error(format!("invalid {what} 0x{events:x}")));
    }
    Ok(events)
}

fn set_events(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let tool = tool_argument(vm, value(args, 0))?;
    let events = event_set(vm, value(args, 1), event::C_RETURN, "event set")?;
    used_tool(vm, value(args, 0))?;
    monitoring::set_events(tool, events);
    interp::compiled::look::events_wanted(vm, events);
    Ok(Object::none())
}

fn get_local_events(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let code = code_argument(vm, value(args, 1))?;
    let tool = tool_argument(vm, value(args, 0))?;
    Ok(Object::small_int(i64::from(monitoring::local_events(code, tool))))
}

fn set_local_events(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let code = code_argument(vm, value(args, 1))?;
    let tool = tool_argument(vm, value(args, 0))?;
    let events = event_set(vm, value(args, 2), event::N_LOCAL, "local event set")?;
    used_tool(vm, value(args, 0))?;
    monitoring::set_local_events(code, tool, events);
    interp::compiled::look::events_wanted(vm, events);
    Ok(Object::none())
}

fn restart_events(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    monitoring::restart();
    Ok(Object::none())
}

fn all_events(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let dict = vm.new_dict();
    for number in 0..event::C_RETURN {
        let tools = (0..monitoring::N_TOOLS).filter(|&tool| monitoring::events(tool) & 1 << number != 0).fold(0, |tools, tool| tools | 1 << tool);
        if tools != 0 {
            dict.borrow().set_str(vm, event::NAMES[number as usize], Object::small_int(tools));
        }
    }
    Ok(dict.into_object())
}
