//! `gc`

use object::cell::ObjectCell;
use object::collector::{self, DEBUG_SAVE_ALL, Generation};
use object::list::List;
use object::native::Module;
use object::{Object, PyResult, Ref, Vm, method};
use std::sync::atomic::{AtomicBool, Ordering};

pub static MODULE: Module = Module {
    name: "gc",
    doc: "This module provides access to the garbage collector for reference cycles.",
    functions: &[
        method!(Unary enable "($module, /)", "Enable automatic garbage collection."),
        method!(Unary disable "($module, /)", "Disable automatic garbage collection."),
        method!(Unary isenabled "($module, /)", "Returns true if automatic garbage collection is enabled."),
        method!(Bound collect "($module, /, generation=2)", "Run the garbage collector."),
        method!(Unary get_count "($module, /)", "Return a three-tuple of the current collection counts."),
        method!(Unary get_threshold "($module, /)", "Return the current collection thresholds."),
        method!(Bound set_threshold "($module, threshold0, threshold1=<unrepresentable>, threshold2=<unrepresentable>, /)", "Set the collection thresholds (the collection frequency)."),
        method!(Unary get_debug "($module, /)", "Get the garbage collection debugging flags."),
        method!(Binary set_debug "($module, flags, /)", "Set the garbage collection debugging flags."),
        method!(Bound get_objects "($module, /, generation=None)", "Return a list of objects tracked by the collector (excluding the list returned)."),
        method!(Unary get_stats "($module, /)", "Return a list of dictionaries containing per-generation statistics."),
        method!(Many get_referents "($module, /, *objs)", "Return the list of objects that are directly referred to by 'objs'."),
        method!(Many get_referrers "($module, /, *objs)", "Return the list of objects that directly refer to any of 'objs'."),
        method!(Binary is_tracked "($module, obj, /)", "Returns true if the object is tracked by the garbage collector."),
        method!(Binary is_finalized "($module, obj, /)", "Returns true if the object has been already finalized by the GC."),
        method!(Unary freeze "($module, /)", "Freeze all current tracked objects and ignore them for future collections."),
        method!(Unary unfreeze "($module, /)", "Unfreeze all objects in the permanent generation."),
        method!(Unary get_freeze_count "($module, /)", "Return the number of objects in the permanent generation."),
        method!(Unary immortalize_heap "($module, /)", "Collect garbage and make all objects that are left immortal."),
        method!(Binary is_immortal "($module, obj, /)", "Returns true if the object is immortal: not counted and never freed."),
    ],
    init: Some(|vm, module| {
        object::vm::set_hooks(|hooks| hooks.collect = Some(collect_if_due));
        crate::os_support::add_constants(
            vm,
            module,
            &[("DEBUG_STATS", 1), ("DEBUG_COLLECTABLE", 2), ("DEBUG_UNCOLLECTABLE", 4), ("DEBUG_SAVEALL", 32), ("DEBUG_LEAK", 38)],
        );
        for (name, cell) in [("garbage", &GARBAGE), ("callbacks", &CALLBACKS)] {
            let list = vm.new_list(Vec::new()).into_object();
            cell.set(Some(list.clone()));
            module.get().set(vm, name, list);
        }
        Ok(())
    }),
    ..Module::DEFAULT
};

static GARBAGE: ObjectCell = ObjectCell::EMPTY;
static CALLBACKS: ObjectCell = ObjectCell::EMPTY;

fn enable(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    collector::set_enabled(vm, true);
    Ok(Object::none())
}

fn disable(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    collector::set_enabled(vm, false);
    Ok(Object::none())
}

fn isenabled(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(collector::state(vm).enabled))
}

fn generation_number(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<i32> {
    let generation = match value {
        Some(value) => vm.to_i32(value)?,
        None => 2,
    };
    if !(0..3).contains(&generation) {
        return Err(vm.value_error("invalid generation"));
    }
    Ok(generation)
}

fn call_callbacks(vm: &mut Vm, phase: &str, generation: i32, collected: usize) -> PyResult<()> {
    let Some(callbacks) = CALLBACKS.get() else { return Ok(()) };
    let Some(callbacks) = callbacks.borrow().downcast::<List>().map(|list| list.items(vm).to_vec()) else { return Ok(()) };
    if callbacks.is_empty() {
        return Ok(());
    }
    let info = vm.new_dict();
    for (name, value) in [("generation", i64::from(generation)), ("collected", collected as i64), ("uncollectable", 0)] {
        info.borrow().set_str(vm, name, Object::small_int(value));
    }
    let phase = vm.new_str(phase).into_object();
    for callback in callbacks {
        if let Err(raised) = vm.call(callback.borrow(), &[phase.borrow(), info.borrow().object()]) {
            vm.write_unraisable(raised, "Exception ignored while calling GC callback", Some(callback.borrow()));
        }
    }
    Ok(())
}

fn collect(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let generation = generation_number(vm, args[0])?;
    let collected = collect_and_tell(vm, generation)?;
    Ok(vm.new_int(collected as i64))
}

/// A collection that is due.
fn collect_if_due(vm: &mut Vm, generation: Generation) {
    if let Err(raised) = collect_and_tell(vm, if generation == Generation::Young { 0 } else { 2 }) {
        vm.write_unraisable(raised, "Exception ignored during garbage collection", None);
    }
}

/// Whether a collection runs, or a callback that is told of one.
static COLLECTING: AtomicBool = AtomicBool::new(false);

/// Calls the callbacks before and after a collection; returns how many objects were freed. Does nothing while another runs.
fn collect_and_tell(vm: &mut Vm, generation: i32) -> PyResult<usize> {
    if COLLECTING.swap(true, Ordering::Relaxed) {
        return Ok(0);
    }
    let collected = collect_between_callbacks(vm, generation);
    COLLECTING.store(false, Ordering::Relaxed);
    collected
}

fn collect_between_callbacks(vm: &mut Vm, generation: i32) -> PyResult<usize> {
    call_callbacks(vm, "start", generation, 0)?;
    let outcome = collector::collect(vm, if generation == 0 { Generation::Young } else { Generation::Full });
    if let Some(garbage) = GARBAGE.get()
        && let Some(garbage) = garbage.borrow().downcast::<List>()
    {
        garbage.items_mut(vm).extend(outcome.saved);
    }
    call_callbacks(vm, "stop", generation, outcome.collected)?;
    Ok(outcome.collected)
}

fn tuple_of(vm: &mut Vm, values: [i64; 3]) -> Object {
    vm.new_tuple(values.map(Object::small_int)).into_object()
}

fn get_count(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let young = object::heap::young_objects().max(0) as i64;
    Ok(tuple_of(vm, [young, 0, 0]))
}

fn get_threshold(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let thresholds = collector::state(vm).thresholds;
    Ok(tuple_of(vm, thresholds))
}

fn set_threshold(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let mut thresholds = collector::state(vm).thresholds;
    for (threshold, value) in thresholds.iter_mut().zip(args) {
        if let Some(value) = value {
            *threshold = i64::from(vm.to_i32(*value)?);
        }
    }
    collector::set_thresholds(vm, thresholds);
    Ok(Object::none())
}

fn get_debug(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(i64::from(collector::state(vm).debug)))
}

fn set_debug(vm: &mut Vm, _module: Ref<'_>, flags: Ref<'_>) -> PyResult {
    let flags = vm.to_i32(flags)?;
    collector::state(vm).debug = flags as u32 & (DEBUG_SAVE_ALL | 7);
    Ok(Object::none())
}

fn get_objects(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let asked = args[0].filter(|value| !value.is_none()).map_or(Object::small_int(-1), Ref::to_owned);
    crate::sys_module::raise_event(vm, "gc.get_objects", &[asked.borrow()])?;
    let generation = match args[0].filter(|value| !value.is_none()) {
        None => None,
        Some(value) => {
            let number = vm.index_isize(value)?;
            match number {
                0 => Some(Generation::Young),
                1 | 2 => Some(Generation::Full),
                3.. => return Err(vm.value_error("generation parameter must be less than the number of available generations (3)")),
                _ => return Err(vm.value_error("generation parameter cannot be negative")),
            }
        }
    };
    let objects = collector::objects(generation);
    Ok(vm.new_list(objects).into_object())
}

fn get_stats(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let mut list = Vec::new();
    for index in 0..3 {
        let state = collector::state(vm);
        let values =
            [("collections", state.collections[index]), ("collected", state.collected[index]), ("uncollectable", state.uncollectable[index])];
        let dict = vm.new_dict();
        for (name, value) in values {
            dict.borrow().set_str(vm, name, Object::small_int(value as i64));
        }
        list.push(dict.into_object());
    }
    Ok(vm.new_list(list).into_object())
}

fn get_referents(vm: &mut Vm, _module: Ref<'_>, objects: &[Ref<'_>]) -> PyResult {
    audit(vm, "gc.get_referents", objects)?;
    let referents = objects.iter().flat_map(|&object| collector::referents(object)).collect();
    Ok(vm.new_list(referents).into_object())
}

/// Tells the audit hooks which objects are asked about.
fn audit(vm: &mut Vm, event: &str, objects: &[Ref<'_>]) -> PyResult<()> {
    let objects = vm.new_tuple_from(objects).into_object();
    crate::sys_module::raise_event(vm, event, &[objects.borrow()])
}

fn get_referrers(vm: &mut Vm, _module: Ref<'_>, objects: &[Ref<'_>]) -> PyResult {
    audit(vm, "gc.get_referrers", objects)?;
    let referrers = collector::objects(None)
        .into_iter()
        .filter(|candidate| {
            collector::referents(candidate.borrow()).iter().any(|referent| objects.iter().any(|object| referent.borrow().is(*object)))
        })
        .collect();
    Ok(vm.new_list(referrers).into_object())
}

fn is_tracked(_vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    Ok(Object::bool(collector::is_tracked(object)))
}

fn is_finalized(_vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    Ok(Object::bool(collector::is_finalized(object)))
}

fn freeze(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    collector::freeze();
    Ok(Object::none())
}

/// Cinder's; also in the modules `cinder` and `cinderx`.
pub(crate) fn immortalize_heap(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    collector::immortalize_heap(vm);
    Ok(Object::none())
}

/// The same.
pub(crate) fn is_immortal(_vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    Ok(Object::bool(object.is_immortal()))
}

fn unfreeze(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    collector::unfreeze();
    Ok(Object::none())
}

fn get_freeze_count(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_int(collector::freeze_count() as i64))
}
