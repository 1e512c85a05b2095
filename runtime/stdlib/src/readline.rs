//! `readline`: the lines that `input` reads from a terminal can be edited, completed and called back.
//!
//! The module keeps the history, the completer and the bindings; [`editor`] is the editing itself, which `input` comes to
//! once the module has been imported. Names and files are those of GNU readline.

mod bindings;
mod editor;

use crate::os_support::*;
use object::method;
use object::native::Module;
use object::str::Str;
use object::{Object, ObjectCell, PyResult, Ref, Vm, VmCell, exception};
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// `readline`
pub static MODULE: Module = Module {
    name: "readline",
    doc: "Importing this module enables command line editing using GNU readline.",
    functions: &[
        method!(Binary parse_and_bind "($module, string, /)", "Execute the init line provided in the string argument."),
        method!(Bound read_init_file "($module, filename=None, /)", "Execute a readline initialization file.\n\nThe default filename is the last filename used."),
        method!(Unary get_line_buffer "($module, /)", "Return the current contents of the line buffer."),
        method!(Binary insert_text "($module, string, /)", "Insert text into the line buffer at the cursor position."),
        method!(Unary redisplay "($module, /)", "Change what's displayed on the screen to reflect contents of the line buffer."),
        method!(Bound read_history_file "($module, filename=None, /)", "Load a readline history file.\n\nThe default filename is ~/.history."),
        method!(Bound write_history_file "($module, filename=None, /)", "Save a readline history file.\n\nThe default filename is ~/.history."),
        method!(Bound append_history_file "($module, nelements, filename=None, /)", "Append the last nelements items of the history list to file.\n\nThe default filename is ~/.history."),
        method!(Binary get_history_item "($module, index, /)", "Return the current contents of history item at one-based index."),
        method!(Unary get_current_history_length "($module, /)", "Return the current (not the maximum) length of history."),
        method!(Unary get_history_length "($module, /)", "Return the maximum number of lines that will be written to the history file."),
        method!(Binary set_history_length "($module, length, /)", "Set the maximal number of lines which will be written to the history file.\n\nA negative length is used to inhibit history truncation."),
        method!(Binary set_auto_history "($module, enabled, /)", "Enables or disables automatic history."),
        method!(Binary add_history "($module, string, /)", "Add an item to the history buffer."),
        method!(Unary clear_history "($module, /)", "Clear the current readline history."),
        method!(Binary remove_history_item "($module, pos, /)", "Remove history item given by its zero-based position."),
        method!(Bound replace_history_item "($module, pos, line, /)", "Replaces history item given by its position with contents of line.\n\npos is zero-based."),
        method!(Bound set_completer "($module, function=None, /)", "Set or remove the completer function.\n\nThe function is called as function(text, state),\nfor state in 0, 1, 2, ..., until it returns a non-string.\nIt should return the next possible completion starting with 'text'."),
        method!(Unary get_completer "($module, /)", "Get the current completer function."),
        method!(Unary get_completion_type "($module, /)", "Get the type of completion being attempted."),
        method!(Unary get_begidx "($module, /)", "Get the beginning index of the completion scope."),
        method!(Unary get_endidx "($module, /)", "Get the ending index of the completion scope."),
        method!(Binary set_completer_delims "($module, string, /)", "Set the word delimiters for completion."),
        method!(Unary get_completer_delims "($module, /)", "Get the word delimiters for completion."),
        method!(Bound set_completion_display_matches_hook "($module, function=None, /)", "Set or remove the completion display function.\n\nThe function is called as\n  function(substitution, [matches], longest_match_length)\nonce each time matches need to be displayed."),
        method!(Bound set_startup_hook "($module, function=None, /)", "Set or remove the function invoked by the rl_startup_hook callback.\n\nThe function is called with no arguments just\nbefore readline prints the first prompt."),
        method!(Bound set_pre_input_hook "($module, function=None, /)", "Set or remove the function invoked by the rl_pre_input_hook callback.\n\nThe function is called with no arguments after the first prompt\nhas been printed and just before readline starts reading input\ncharacters."),
    ],
    init: Some(|vm, module| {
        add_constants(vm, module, &[("_READLINE_VERSION", 0x0803), ("_READLINE_RUNTIME_VERSION", 0x0803)]);
        add_text(vm, module, "_READLINE_LIBRARY_VERSION", "8.3");
        add_text(vm, module, "backend", "readline");
        start(vm);
        Ok(())
    }),
    ..Module::DEFAULT
};

const DEFAULT_DELIMITERS: &str = " \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?";

/// What the module remembers.
struct State {
    history: Vec<Vec<u8>>,
    /// How many lines of history to keep.
    history_limit: Option<usize>,
    /// How many lines of history files to keep.
    file_limit: i64,
    auto_history: bool,
    delimiters: Object,
    bindings: bindings::Bindings,
    last_init_file: Option<PathBuf>,
    line: editor::Line,
    /// Where the word that is being completed begins and ends.
    scope: (usize, usize),
    completion_type: i64,
}

static STATE: VmCell<Option<State>> = VmCell::new(None);
static COMPLETER: ObjectCell = ObjectCell::EMPTY;
static DISPLAY_HOOK: ObjectCell = ObjectCell::EMPTY;
static STARTUP_HOOK: ObjectCell = ObjectCell::EMPTY;
static PRE_INPUT_HOOK: ObjectCell = ObjectCell::EMPTY;

fn state(vm: &mut Vm) -> &mut State {
    let delimiters = vm.new_str(DEFAULT_DELIMITERS).into_object();
    STATE.get_mut(vm).get_or_insert_with(|| State {
        history: Vec::new(),
        history_limit: None,
        file_limit: -1,
        auto_history: true,
        delimiters,
        bindings: bindings::Bindings::default(),
        last_init_file: None,
        line: editor::Line::default(),
        scope: (0, 0),
        completion_type: 0,
    })
}

fn variable(name: &[u8]) -> Option<Vec<u8>> {
    crate::sys::environment().into_iter().find_map(|entry| entry.strip_prefix(name)?.strip_prefix(b"=").map(<[u8]>::to_vec))
}

fn home_file(name: &str) -> PathBuf {
    let home = variable(b"HOME").unwrap_or_default();
    PathBuf::from(std::ffi::OsStr::from_bytes(&home)).join(name)
}

/// Reads the user's settings, and lets `input` edit lines.
fn start(vm: &mut Vm) {
    let path = match variable(b"INPUTRC") {
        Some(path) => PathBuf::from(std::ffi::OsStr::from_bytes(&path)),
        None => home_file(".inputrc"),
    };
    // Settings are optional.
    if let Ok(text) = fs::read(&path) {
        execute_lines(vm, &text);
    }
    state(vm).last_init_file = Some(path);
    object::vm::set_hooks(|hooks| hooks.read_line = Some(editor::read_line));
}

fn execute_lines(vm: &mut Vm, text: &[u8]) {
    for line in text.split(|&byte| byte == b'\n') {
        execute_line(vm, line);
    }
}

fn execute_line(vm: &mut Vm, line: &[u8]) {
    let state = state(vm);
    if let Some(setting) = state.bindings.execute(line)
        && setting.name == b"history-size"
        && let Some(size) = std::str::from_utf8(&setting.value).ok().and_then(|value| value.parse::<i64>().ok())
    {
        state.history_limit = usize::try_from(size).ok();
        trim_history(state);
    }
}

fn trim_history(state: &mut State) {
    if let Some(limit) = state.history_limit
        && state.history.len() > limit
    {
        let surplus = state.history.len() - limit;
        state.history.drain(..surplus);
    }
}

fn remember(vm: &mut Vm, line: Vec<u8>) {
    let state = state(vm);
    state.history.push(line);
    trim_history(state);
}

/// The bytes of a string argument.
fn encoded(vm: &mut Vm, value: Ref<'_>) -> PyResult<Vec<u8>> {
    let Some(text) = value.downcast::<Str>() else { return Err(vm.type_error("bad argument type for built-in operation")) };
    let bytes = fs_encode(vm, text.get())?;
    if bytes.contains(&0) { Err(vm.value_error("embedded null character")) } else { Ok(bytes) }
}

fn parse_and_bind(vm: &mut Vm, _module: Ref<'_>, line: Ref<'_>) -> PyResult {
    let line = encoded(vm, line)?;
    execute_line(vm, &line);
    Ok(Object::none())
}

/// A file name argument, or a default.
fn path_argument(vm: &mut Vm, value: Option<Ref<'_>>, default: PathBuf) -> PyResult<PathBuf> {
    let Some(value) = value.filter(|value| !value.is_none()) else { return Ok(default) };
    let path = fspath(vm, value)?;
    let bytes = match path.borrow().downcast::<Str>() {
        Some(text) => fs_encode(vm, text.get())?,
        None => object::bytes::as_bytes(path.borrow()).unwrap_or_default().to_vec(),
    };
    Ok(PathBuf::from(std::ffi::OsStr::from_bytes(&bytes)))
}

/// Raises the error of a file operation, which names no file.
fn file_result<T>(vm: &mut Vm, result: std::io::Result<T>) -> PyResult<T> {
    result.map_err(|error| os_error(vm, error.raw_os_error().unwrap_or(libc::EIO), None))
}

fn read_init_file(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let default = state(vm).last_init_file.clone().unwrap_or_else(|| home_file(".inputrc"));
    let path = path_argument(vm, args[0], default)?;
    let text = file_result(vm, fs::read(&path))?;
    execute_lines(vm, &text);
    state(vm).last_init_file = Some(path);
    Ok(Object::none())
}

fn get_line_buffer(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let text = state(vm).line.text();
    Ok(vm.new_str_from_code_points(&text).into_object())
}

fn insert_text(vm: &mut Vm, _module: Ref<'_>, text: Ref<'_>) -> PyResult {
    encoded(vm, text)?;
    if let Some(text) = text.downcast::<Str>() {
        let code_points: Vec<u32> = text.get().code_points().collect();
        state(vm).line.insert(&code_points);
    }
    Ok(Object::none())
}

fn redisplay(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    editor::display_anew(vm);
    Ok(Object::none())
}

fn read_history_file(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = path_argument(vm, args[0], home_file(".history"))?;
    crate::sys_module::raise_event(vm, "open", &[arg(args, 0), Ref::NONE, Object::small_int(0).borrow()])?;
    let text = file_result(vm, fs::read(path))?;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if !line.is_empty() {
            remember(vm, line.to_vec());
        }
    }
    Ok(Object::none())
}

fn lines_of(history: &[Vec<u8>]) -> Vec<u8> {
    let mut text = Vec::new();
    for line in history {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text
}

/// Cuts a history file to as many lines as are to be kept.
fn truncate_file(path: &PathBuf, limit: i64) -> std::io::Result<()> {
    let Ok(limit) = usize::try_from(limit) else { return Ok(()) };
    let text = fs::read(path)?;
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    if lines.len() > limit {
        fs::write(path, lines[lines.len() - limit..].concat())?;
    }
    Ok(())
}

fn write_history_file(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = path_argument(vm, args[0], home_file(".history"))?;
    let state = state(vm);
    let (text, limit) = (lines_of(&state.history), state.file_limit);
    let result = fs::write(&path, text).and_then(|()| truncate_file(&path, limit));
    file_result(vm, result)?;
    Ok(Object::none())
}

fn append_history_file(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let n = vm.to_i32(arg(args, 0))?;
    let Ok(n) = usize::try_from(n) else { return Err(vm.value_error("nelements must be non-negative")) };
    let path = path_argument(vm, args[1], home_file(".history"))?;
    let state = state(vm);
    let text = lines_of(&state.history[state.history.len().saturating_sub(n)..]);
    let limit = state.file_limit;
    let append = || {
        fs::OpenOptions::new().append(true).open(&path)?.write_all(&text)?;
        truncate_file(&path, limit)
    };
    let result = append();
    file_result(vm, result)?;
    Ok(Object::none())
}

fn get_history_item(vm: &mut Vm, _module: Ref<'_>, index: Ref<'_>) -> PyResult {
    let index = vm.to_i32(index)?;
    let found = usize::try_from(index - 1).ok().and_then(|index| state(vm).history.get(index).cloned());
    Ok(found.map_or(Object::none(), |line| fs_decode(vm, &line)))
}

fn get_current_history_length(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(state(vm).history.len() as i64))
}

fn get_history_length(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(state(vm).file_limit))
}

fn set_history_length(vm: &mut Vm, _module: Ref<'_>, length: Ref<'_>) -> PyResult {
    let length = vm.to_i32(length)?;
    state(vm).file_limit = i64::from(length);
    Ok(Object::none())
}

fn set_auto_history(vm: &mut Vm, _module: Ref<'_>, enabled: Ref<'_>) -> PyResult {
    let enabled = vm.is_true(enabled)?;
    state(vm).auto_history = enabled;
    Ok(Object::none())
}

fn add_history(vm: &mut Vm, _module: Ref<'_>, line: Ref<'_>) -> PyResult {
    let line = encoded(vm, line)?;
    remember(vm, line);
    Ok(Object::none())
}

fn clear_history(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    state(vm).history.clear();
    Ok(Object::none())
}

/// A position in the history.
fn history_position(vm: &mut Vm, position: Ref<'_>) -> PyResult<usize> {
    let position = vm.to_i32(position)?;
    let Ok(index) = usize::try_from(position) else { return Err(vm.value_error("History index cannot be negative")) };
    if index >= state(vm).history.len() {
        return Err(vm.value_error(format!("No history item at position {index}")));
    }
    Ok(index)
}

fn remove_history_item(vm: &mut Vm, _module: Ref<'_>, position: Ref<'_>) -> PyResult {
    let index = history_position(vm, position)?;
    state(vm).history.remove(index);
    Ok(Object::none())
}

fn replace_history_item(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let index = history_position(vm, arg(args, 0))?;
    let line = encoded(vm, arg(args, 1))?;
    state(vm).history[index] = line;
    Ok(Object::none())
}

/// Sets or removes a function that is called back.
fn set_hook(vm: &mut Vm, name: &str, place: &ObjectCell, function: Option<Ref<'_>>) -> PyResult {
    match function.filter(|function| !function.is_none()) {
        None => place.set(None),
        Some(function) if function.class().slots().call.is_some() => place.set(Some(function.to_owned())),
        Some(_) => return Err(vm.type_error(format!("{name}(func): argument not callable"))),
    }
    Ok(Object::none())
}

fn set_completer(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    set_hook(vm, "set_completer", &COMPLETER, args[0])
}

fn get_completer(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(COMPLETER.get_or_none())
}

fn set_completion_display_matches_hook(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    set_hook(vm, "set_completion_display_matches_hook", &DISPLAY_HOOK, args[0])
}

fn set_startup_hook(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    set_hook(vm, "set_startup_hook", &STARTUP_HOOK, args[0])
}

fn set_pre_input_hook(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    set_hook(vm, "set_pre_input_hook", &PRE_INPUT_HOOK, args[0])
}

fn get_completion_type(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(state(vm).completion_type))
}

fn get_begidx(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(state(vm).scope.0 as i64))
}

fn get_endidx(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(state(vm).scope.1 as i64))
}

fn set_completer_delims(vm: &mut Vm, _module: Ref<'_>, delimiters: Ref<'_>) -> PyResult {
    encoded(vm, delimiters)?;
    state(vm).delimiters = delimiters.to_owned();
    Ok(Object::none())
}

fn get_completer_delims(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(state(vm).delimiters.clone())
}

/// `EOFError` of a terminal that has no more to read.
fn end_of_file(vm: &mut Vm) -> object::vm::Raised {
    vm.raise_with(&exception::EOF_ERROR, Vec::new())
}
