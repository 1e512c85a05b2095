//! `import`: the fast path for modules that are loaded, and the way into importlib.

use interp::frame_object::FrameObject;
use interp::traceback::Traceback;
use object::cell::ObjectCell;
use object::dict::Dict;
use object::exception;
use object::exception::Exception;
use object::str::Str;
use object::{Object, PyResult, Raised, Ref, Vm};
use std::cell::Cell;
use std::io::Write;
use std::sync::Once;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// `__import__(name, globals, locals, fromlist, level)`
pub fn import(vm: &mut Vm, name: Ref<'_>, globals: Ref<'_>, locals: Ref<'_>, from_list: Ref<'_>, level: i32) -> PyResult {
    if name.downcast::<Str>().is_none() {
        return Err(vm.type_error("module name must be a string"));
    }
    if level < 0 {
        return Err(vm.value_error("level must be >= 0"));
    }
    let importlib = importlib(vm)?;
    if level > 0 {
        let level = Object::small_int(i64::from(level));
        let imported = vm.call_method(importlib.borrow(), "__import__", &[name, globals, locals, from_list, level.borrow()]);
        return imported.map_err(|raised| trim_traceback(vm, raised));
    }
    let text = name.downcast::<Str>().expect("checked above");
    if text.is_empty() {
        return Err(vm.value_error("Empty module name"));
    }
    let module = match loaded(vm, name)? {
        Some(module) => {
            Timing::cached(text.get());
            module
        }
        None => {
            let import = import_function(vm)?;
            let timing = Timing::begin();
            let found = vm.call_method(importlib.borrow(), "_find_and_load", &[name, import.borrow()]);
            if let Some(timing) = timing {
                timing.end(text.get());
            }
            found.map_err(|raised| trim_traceback(vm, raised))?
        }
    };
    let has_names = !from_list.is_none() && vm.is_true(from_list)?;
    if !has_names {
        let text = text.get().to_string_lossy();
        return match text.split_once('.') {
            None => Ok(module),
            Some((front, _)) => {
                let front = vm.new_str(front).into_object();
                match loaded(vm, front.borrow())? {
                    Some(module) => Ok(module),
                    None => vm.call_method(importlib.borrow(), "_gcd_import", &[front.borrow()]),
                }
            }
        };
    }
    if vm.find_attr_str(module.borrow(), "__path__")?.is_none() {
        return Ok(module);
    }
    let import = import_function(vm)?;
    let handled = vm.call_method(importlib.borrow(), "_handle_fromlist", &[module.borrow(), from_list, import.borrow()]);
    handled.map_err(|raised| trim_traceback(vm, raised))
}

/// `-X importtime`: 0, no report; 1, one of each module that is imported; 2, of those already there too.
static IMPORT_TIME: AtomicU8 = AtomicU8::new(0);

/// Has imports be reported.
pub fn set_import_time(level: u8) {
    IMPORT_TIME.store(level, Ordering::Relaxed);
}

thread_local! {
    /// How many imports this thread is in, and the time that those within the innermost one took.
    static RUNNING: Cell<(usize, Duration)> = const { Cell::new((0, Duration::ZERO)) };
}

/// How long an import takes.
struct Timing {
    start: Instant,
    level: usize,
    /// What had been spent within the surrounding import before this one.
    before: Duration,
}

impl Timing {
    fn begin() -> Option<Timing> {
        if IMPORT_TIME.load(Ordering::Relaxed) == 0 {
            return None;
        }
        Timing::header();
        let (level, before) = RUNNING.get();
        RUNNING.set((level + 1, Duration::ZERO));
        Some(Timing { start: Instant::now(), level, before })
    }

    fn header() {
        static HEADER: Once = Once::new();
        HEADER.call_once(|| Timing::report("import time: self [us] | cumulative | imported package\n"));
    }

    fn end(self, name: &Str) {
        let all = self.start.elapsed();
        let (_, within) = RUNNING.get();
        RUNNING.set((self.level, self.before + all));
        let (own, all) = (all.saturating_sub(within).as_micros(), all.as_micros());
        Timing::report(&format!("import time: {own:9} | {all:10} | {:indent$}{}\n", "", shown(name), indent = self.level * 2));
    }

    fn cached(name: &Str) {
        if IMPORT_TIME.load(Ordering::Relaxed) > 1 {
            Timing::header();
            let (level, _) = RUNNING.get();
            Timing::report(&format!("import time: cached    | cached     | {:indent$}{}\n", "", shown(name), indent = level * 2));
        }
    }

    fn report(text: &str) {
        // Nobody may be there to read it.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

/// A module's name, with escapes for what is no character.
fn shown(name: &Str) -> String {
    name.code_points().map(|point| char::from_u32(point).map_or_else(|| format!("\\u{point:04x}"), String::from)).collect()
}

/// Takes importlib's own frames out of the traceback of a failed import: all of them if the module was
/// not found, else those around the module's code.
fn trim_traceback(vm: &mut Vm, raised: Raised) -> Raised {
    let error = vm.catch(raised);
    if let Some(payload) = error.borrow().downcast::<Exception>() {
        let always = error.borrow().is_instance_of(&exception::IMPORT_ERROR);
        let kept = trimmed(payload.traceback.get(), always);
        payload.traceback.set(kept);
    }
    vm.reraise(error)
}

/// The traceback without runs of importlib's frames; unless `always`, only runs that end in
/// `_call_with_frames_removed`.
fn trimmed(traceback: Option<Object>, always: bool) -> Option<Object> {
    let mut entries = Vec::new();
    let mut current = traceback;
    while let Some(entry) = current {
        current = entry.borrow().downcast::<Traceback>().and_then(|entry| entry.next.get());
        entries.push(entry);
    }
    let mut kept: Vec<Object> = Vec::new();
    let mut run_start = None;
    for entry in entries {
        let (in_importlib, removes) = place(&entry);
        if in_importlib {
            let start = *run_start.get_or_insert(kept.len());
            kept.push(entry);
            if always || removes {
                kept.truncate(start);
            }
        } else {
            run_start = None;
            kept.push(entry);
        }
    }
    let mut next = None;
    for entry in kept.into_iter().rev() {
        if let Some(payload) = entry.borrow().downcast::<Traceback>() {
            payload.next.set(next);
        }
        next = Some(entry);
    }
    next
}

/// Whether a traceback entry is in importlib, and in the function that asks to be taken out.
fn place(entry: &Object) -> (bool, bool) {
    let frame = entry.borrow().downcast::<Traceback>().and_then(|entry| entry.frame.get());
    let Some(frame) = frame.as_ref().and_then(|frame| frame.borrow().downcast::<FrameObject>()) else { return (false, false) };
    let code = frame.get().frame().code_object();
    let file = code.filename_text();
    let in_importlib = file.ends_with("importlib/_bootstrap.py") || file.ends_with("importlib/_bootstrap_external.py");
    (in_importlib, code.name_text() == "_call_with_frames_removed")
}

fn import_function(vm: &mut Vm) -> PyResult {
    let importlib = importlib(vm)?;
    vm.get_attr_str(importlib.borrow(), "_gcd_import")
}

static IMPORTLIB: ObjectCell = ObjectCell::EMPTY;

/// Says which module does the work; at start-up.
pub fn set_importlib(module: Object) {
    IMPORTLIB.set(Some(module));
}

/// The module `_frozen_importlib`, whatever a program did to `sys.modules`.
fn importlib(vm: &mut Vm) -> PyResult {
    match IMPORTLIB.get() {
        Some(module) => Ok(module),
        None => Err(vm.raise(&exception::IMPORT_ERROR, "the import system is not ready")),
    }
}

fn module_named(vm: &mut Vm, name: Ref<'_>) -> PyResult<Option<Object>> {
    let modules = crate::sys_module::modules(vm);
    match modules.borrow().downcast::<Dict>() {
        Some(modules) => modules.get_item(vm, name),
        None => {
            let result = vm.get_item(modules.borrow(), name);
            vm.ignore(result, &exception::KEY_ERROR)
        }
    }
}

/// A module that is in `sys.modules` and has been fully loaded.
fn loaded(vm: &mut Vm, name: Ref<'_>) -> PyResult<Option<Object>> {
    let Some(module) = module_named(vm, name)?.filter(|module| !module.borrow().is_none()) else { return Ok(None) };
    let Some(spec) = vm.find_attr_str(module.borrow(), "__spec__")? else { return Ok(Some(module)) };
    let Some(initializing) = vm.find_attr_str(spec.borrow(), "_initializing")? else { return Ok(Some(module)) };
    if vm.is_true(initializing.borrow())? {
        // Another thread may be at work: importlib waits for it.
        let importlib = importlib(vm)?;
        vm.call_method(importlib.borrow(), "_lock_unlock_module", &[name])?;
    }
    Ok(Some(module))
}
