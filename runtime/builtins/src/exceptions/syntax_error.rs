//! `SyntaxError`: a message and where in which file.

use super::init as plain_init;
use object::call::Args;
use object::exception::{self as declared, field, set_field};
use object::native::Extension;
use object::str::Str;
use object::{Object, PyResult, Ref, Slots, Vm};

pub(crate) static SYNTAX_ERROR_EXTENSION: Extension = Extension {
    class: &declared::SYNTAX_ERROR,
    slots: Slots { init: Some(init), str: Some(str), ..Slots::NONE },
    methods: &[],
    getsets: &[],
    members: &[],
};

const DETAILS: [&str; 7] = ["filename", "lineno", "offset", "text", "end_lineno", "end_offset", "_metadata"];

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    plain_init(vm, this, args)?;
    if let Some(&message) = args.positionals().first() {
        set_field(vm, this, "msg", Some(message.to_owned()));
    }
    let &[_, details] = args.positionals() else { return Ok(()) };
    let details = vm.collect(details)?;
    for name in ["end_lineno", "end_offset", "_metadata"] {
        set_field(vm, this, name, None);
    }
    let given = details.len();
    if !(4..=7).contains(&given) {
        let bound = if given < 4 { "least 4" } else { "most 7" };
        return Err(vm.type_error(format!("function takes at {bound} arguments ({given} given)")));
    }
    for (name, value) in DETAILS.into_iter().zip(details) {
        set_field(vm, this, name, Some(value));
    }
    if given == 5 {
        return Err(vm.type_error("end_offset must be provided when end_lineno is provided"));
    }
    Ok(())
}

fn str(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let message = field(this, "msg").unwrap_or(Object::none());
    let message = vm.str(message.borrow())?;
    let filename = field(this, "filename").filter(|name| name.borrow().downcast::<Str>().is_some());
    let line = field(this, "lineno").filter(|line| line.borrow().is_exactly(&object::int::INT));
    if filename.is_none() && line.is_none() {
        return Ok(message.into_object());
    }
    let mut text = object::str::StrBuilder::new();
    text.push_object(&message);
    text.push_str(" (");
    if let Some(filename) = &filename {
        let name = vm.str_text(filename.borrow())?;
        text.push_str(name.rsplit('/').next().unwrap_or(&name));
    }
    if let Some(line) = &line {
        if filename.is_some() {
            text.push_str(", ");
        }
        text.push_str("line ");
        let number = object::int::to_i64(line.borrow()).flatten().unwrap_or(-1);
        text.push_str(&number.to_string());
    }
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}
