//! `OSError`: a number, its text and up to two file names; the number chooses the class.

use super::{attributes, new as plain_new, no_keywords, payload, reduced, str as plain_str, with_args};
use object::call::Args;
use object::exception::{self as declared, field, set_field};
use object::native::Extension;
use object::tuple::Tuple;
use object::{Getset, Object, PyResult, Raised, Ref, RefOf, Slots, Type, Vm, method};

pub(crate) static OS_ERROR_EXTENSION: Extension = Extension {
    class: &declared::OS_ERROR,
    slots: Slots { new: Some(new), init: Some(init), str: Some(str), ..Slots::NONE },
    methods: &[method!(Unary reduce as "__reduce__" "($self, /)", "")],
    getsets: &[Getset::new("characters_written", "", get_written, set_written)],
    members: &[],
};

/// The class of an error number.
pub fn class_of_errno(errno: i32) -> Option<&'static Type> {
    Some(match errno {
        libc::EAGAIN | libc::EALREADY | libc::EINPROGRESS => &declared::BLOCKING_IO_ERROR,
        libc::EPIPE | libc::ESHUTDOWN => &declared::BROKEN_PIPE_ERROR,
        libc::ECHILD => &declared::CHILD_PROCESS_ERROR,
        libc::ECONNABORTED => &declared::CONNECTION_ABORTED_ERROR,
        libc::ECONNREFUSED => &declared::CONNECTION_REFUSED_ERROR,
        libc::ECONNRESET => &declared::CONNECTION_RESET_ERROR,
        libc::EEXIST => &declared::FILE_EXISTS_ERROR,
        libc::ENOENT => &declared::FILE_NOT_FOUND_ERROR,
        libc::EISDIR => &declared::IS_A_DIRECTORY_ERROR,
        libc::ENOTDIR => &declared::NOT_A_DIRECTORY_ERROR,
        libc::EINTR => &declared::INTERRUPTED_ERROR,
        libc::EACCES | libc::EPERM => &declared::PERMISSION_ERROR,
        libc::ESRCH => &declared::PROCESS_LOOKUP_ERROR,
        libc::ETIMEDOUT => &declared::TIMEOUT_ERROR,
        _ => return None,
    })
}

/// Whether a class has an `__init__` of its own but not a `__new__`: then that gets the arguments.
fn uses_init(class: &Type) -> bool {
    let own_init = class.slots().init.is_none_or(|own| !std::ptr::fn_addr_eq(own, init as object::slots::InitFn));
    let same_new = class.slots().new.is_some_and(|own| std::ptr::fn_addr_eq(own, new as object::slots::NewFn));
    own_init && same_new
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if uses_init(class.get()) {
        return Ok(declared::allocate(vm, class.get(), vm.new_tuple([]).into_object()));
    }
    no_keywords(vm, class.get(), args)?;
    let mut chosen = class.get();
    if std::ptr::eq(chosen, &declared::OS_ERROR)
        && (2..=5).contains(&args.n_positional())
        && let Some(Some(errno)) = object::int::to_i64(args.positionals()[0])
        && let Some(special) = i32::try_from(errno).ok().and_then(class_of_errno)
    {
        chosen = special;
    }
    let object = plain_new(vm, chosen.as_ref(), args)?;
    fill(vm, object.borrow(), args)?;
    Ok(object)
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    if !uses_init(this.class()) {
        return Ok(());
    }
    no_keywords(vm, this.class(), args)?;
    super::store_args(vm, this, args);
    fill(vm, this, args)
}

/// Reads `(errno, strerror, filename, winerror, filename2)`; any other number of arguments means nothing.
fn fill(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let given = args.positionals();
    if !(2..=5).contains(&given.len()) {
        return Ok(());
    }
    let some = |index: usize| given.get(index).copied().filter(|value| !value.is_none());
    set_field(vm, this, "errno", Some(given[0].to_owned()));
    set_field(vm, this, "strerror", Some(given[1].to_owned()));
    if let Some(name) = some(2) {
        let is_number = name.class().slots().index.is_some() || name.class().slots().int.is_some() || name.class().slots().float.is_some();
        if this.is_exactly(&declared::BLOCKING_IO_ERROR) && is_number {
            let written = vm.index(name)?;
            set_field(vm, this, "characters_written", Some(written));
        } else {
            set_field(vm, this, "filename", Some(name.to_owned()));
            if let Some(second) = some(4) {
                set_field(vm, this, "filename2", Some(second.to_owned()));
            }
            let short = vm.new_tuple_from(&given[..2]).into_object();
            payload(this).args.set(Some(short));
        }
    }
    Ok(())
}

fn str(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let [errno, strerror, filename, second] = ["errno", "strerror", "filename", "filename2"].map(|name| field(this, name));
    if filename.is_none() && (errno.is_none() || strerror.is_none()) {
        return plain_str(vm, this);
    }
    let mut text = object::str::StrBuilder::new();
    let (errno, strerror) = (errno.unwrap_or(Object::none()), strerror.unwrap_or(Object::none()));
    text.push_str("[Errno ");
    text.push_object(vm.str(errno.borrow())?.borrow().get());
    text.push_str("] ");
    text.push_object(vm.str(strerror.borrow())?.borrow().get());
    if let Some(filename) = filename {
        text.push_str(": ");
        text.push_object(vm.repr(filename.borrow())?.borrow().get());
    }
    if let Some(second) = second {
        text.push_str(" -> ");
        text.push_object(vm.repr(second.borrow())?.borrow().get());
    }
    Ok(text.finish(vm).into_object())
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (filename, second) = (field(this, "filename"), field(this, "filename2"));
    let args = payload(this).args.get_or_none();
    let is_pair = args.borrow().downcast::<Tuple>().is_some_and(|args| args.len() == 2);
    let args = match (filename, is_pair) {
        (Some(filename), true) => {
            let mut parts = with_args(this, |args| args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>());
            parts.push(filename);
            if let Some(second) = second {
                parts.extend([Object::none(), second]);
            }
            vm.new_tuple(parts).into_object()
        }
        _ => args,
    };
    let state = attributes(vm, this).map(Object::from);
    Ok(reduced(vm, this, args, state))
}

fn get_written(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    match field(this, "characters_written") {
        Some(written) => Ok(written),
        None => Err(vm.raise(&declared::ATTRIBUTE_ERROR, "characters_written")),
    }
}

fn set_written(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let written = match value {
        Some(value) => {
            let written = vm.index_isize(value)?;
            Some(vm.new_int(written as i64))
        }
        None if field(this, "characters_written").is_none() => return Err(vm.raise(&declared::ATTRIBUTE_ERROR, "characters_written")),
        None => None,
    };
    set_field(vm, this, "characters_written", written);
    Ok(())
}

/// `OSError(errno, strerror, filename, None, filename2)`, of the class the number asks for.
pub fn new_os_error(vm: &mut Vm, errno: i32, filename: Option<Ref<'_>>, second: Option<Ref<'_>>) -> Object {
    let text = strerror(errno);
    let (number, text) = (vm.new_int(i64::from(errno)), vm.new_str(&text).into_object());
    let mut args = vec![number, text];
    if let Some(filename) = filename {
        args.push(filename.to_owned());
    }
    if let Some(second) = second {
        args.resize(3, Object::none());
        args.extend([Object::none(), second.to_owned()]);
    }
    declared::new(vm, &declared::OS_ERROR, args)
}

/// Raises the `OSError` of an error number.
pub fn raise_os_error(vm: &mut Vm, errno: i32, filename: Option<Ref<'_>>) -> Raised {
    let error = new_os_error(vm, errno, filename, None);
    vm.raise_object(error)
}

/// The system's text for an error number.
pub fn strerror(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    match text.rfind(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
