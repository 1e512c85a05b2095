//! `_locale`: the C library's locale.

mod sys;

use crate::os_support::*;
use object::exception;
use object::method;
use object::native::Module;
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Object, ObjectCell, PyResult, Raised, Ref, RefOf, Vm};

/// `_locale`
pub static MODULE: Module = Module {
    name: "_locale",
    doc: "Support for POSIX locales.",
    functions: &[
        method!(Bound setlocale "($module, category, locale=None, /)", "Activates/queries locale processing."),
        method!(Unary localeconv "($module, /)", "Returns numeric and monetary locale-specific parameters."),
        method!(Bound strcoll "($module, os1, os2, /)", "Compares two strings according to the locale."),
        method!(Bound strxfrm "($module, string, /)", "Return a string that can be used as a key for locale-aware comparisons."),
        method!(Bound nl_langinfo "($module, key, /)", "Return the value for the locale information associated with key."),
        method!(Bound gettext "($module, msg, /)", "gettext(msg) -> string\n\nReturn translation of msg."),
        method!(Bound dgettext "($module, domain, msg, /)", "dgettext(domain, msg) -> string\n\nReturn translation of msg in domain."),
        method!(Bound dcgettext "($module, domain, msg, category, /)", "Return translation of msg in domain and category."),
        method!(Bound textdomain "($module, domain, /)", "Set the C library's textdmain to domain, returning the new domain."),
        method!(Bound bindtextdomain "($module, domain, dir, /)", "Bind the C library's domain to dir."),
        method!(Bound bind_textdomain_codeset "($module, domain, codeset, /)", "Bind the C library's domain to codeset."),
        method!(Unary getencoding "($module, /)", "Get the current locale encoding."),
    ],
    init: Some(init),
    ..Module::DEFAULT
};

static ERROR: ObjectCell = ObjectCell::EMPTY;

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    add_constants(vm, module, CONSTANTS);
    let error = new_exception(vm, "locale.Error", &[exception::EXCEPTION.object()])?;
    ERROR.set(Some(error.clone()));
    module.set(vm, "Error", error);
    Ok(())
}

fn error(vm: &mut Vm, message: &str) -> Raised {
    let text = vm.new_str(message).into_object();
    let class = ERROR.get().unwrap_or_else(|| exception::VALUE_ERROR.to_object());
    raise_class(vm, class.borrow(), &[text.borrow()])
}

fn setlocale(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let category = vm.to_i32(arg(args, 0))?;
    let name = optional(args, 1).map(|name| c_string(vm, name)).transpose()?;
    if !(0..=12).contains(&category) {
        return Err(error(vm, "invalid locale category"));
    }
    match sys::setlocale(category, name.as_deref()) {
        Some(found) => Ok(fs_decode(vm, &found)),
        None if name.is_some() => Err(error(vm, "unsupported locale setting")),
        None => Err(error(vm, "locale query failed")),
    }
}

fn localeconv(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let (strings, numbers) = sys::localeconv();
    let dict = vm.new_dict();
    for (name, value) in strings {
        let value = if name.ends_with("grouping") { grouping(vm, &value) } else { fs_decode(vm, &value) };
        dict.set_str(vm, name, value);
    }
    for (name, value) in numbers {
        dict.set_str(vm, name, Object::small_int(value));
    }
    Ok(dict.into_object())
}

/// The sizes of groups of digits; a zero says that the last repeats.
fn grouping(vm: &Vm, sizes: &[u8]) -> Object {
    let mut all: Vec<Object> = sizes.iter().map(|&size| Object::small_int(i64::from(size))).collect();
    if sizes.last().is_some_and(|&last| last != 127) {
        all.push(Object::small_int(0));
    }
    vm.new_list(all).into_object()
}

fn characters(vm: &mut Vm, value: Ref<'_>, function: &str, position: &str) -> PyResult<Vec<u32>> {
    let Some(text) = value.downcast::<Str>() else {
        return Err(vm.type_error(format!("{function}() argument{position} must be str, not {}", value.class().full_name())));
    };
    let characters: Vec<u32> = text.code_points().collect();
    if characters.contains(&0) { Err(vm.value_error("embedded null character")) } else { Ok(characters) }
}

fn strcoll(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let left = characters(vm, arg(args, 0), "strcoll", " 1")?;
    let right = characters(vm, arg(args, 1), "strcoll", " 2")?;
    Ok(Object::small_int(i64::from(sys::collate(&left, &right))))
}

fn strxfrm(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let text = characters(vm, arg(args, 0), "strxfrm", "")?;
    match sys::transform(&text) {
        Some(key) => Ok(vm.new_str_from_code_points(&key.into_iter().map(|unit| unit.min(0x10_FFFF)).collect::<Vec<_>>()).into_object()),
        None => Err(os_error(vm, libc::EINVAL, None)),
    }
}

fn nl_langinfo(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let item = vm.to_i32(arg(args, 0))?;
    if !CONSTANTS.iter().any(|&(name, value)| value == i64::from(item) && !name.starts_with("LC_") && name != "CHAR_MAX") {
        return Err(vm.value_error("unsupported langinfo constant"));
    }
    Ok(fs_decode(vm, &sys::nl_langinfo(item)))
}

fn gettext(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let message = c_string(vm, arg(args, 0))?;
    Ok(fs_decode(vm, &sys::translate(None, &message, None)))
}

fn dgettext(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let domain = optional(args, 0).map(|domain| c_string(vm, domain)).transpose()?;
    let message = c_string(vm, arg(args, 1))?;
    Ok(fs_decode(vm, &sys::translate(domain.as_ref(), &message, None)))
}

fn dcgettext(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let domain = optional(args, 0).map(|domain| c_string(vm, domain)).transpose()?;
    let message = c_string(vm, arg(args, 1))?;
    let category = vm.to_i32(arg(args, 2))?;
    Ok(fs_decode(vm, &sys::translate(domain.as_ref(), &message, Some(category))))
}

fn text_or_error(vm: &mut Vm, text: Option<Vec<u8>>) -> PyResult {
    match text {
        Some(text) => Ok(fs_decode(vm, &text)),
        None => Err(os_error(vm, crate::sys::last_error(), None)),
    }
}

fn textdomain(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let domain = optional(args, 0).map(|domain| c_string(vm, domain)).transpose()?;
    text_or_error(vm, sys::set_text_domain(domain.as_ref()))
}

fn bindtextdomain(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let domain = c_string(vm, arg(args, 0))?;
    if domain.is_empty() {
        return Err(error(vm, "domain must be a non-empty string"));
    }
    let directory = optional(args, 1).map(|directory| fs_c_string(vm, directory)).transpose()?;
    text_or_error(vm, sys::bind_text_domain(&domain, directory.as_ref()))
}

fn bind_textdomain_codeset(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let domain = c_string(vm, arg(args, 0))?;
    let codeset = optional(args, 1).map(|codeset| c_string(vm, codeset)).transpose()?;
    Ok(sys::bind_codeset(&domain, codeset.as_ref()).map_or(Object::none(), |text| fs_decode(vm, &text)))
}

fn getencoding(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_str("UTF-8").into_object())
}

/// Constants by name.
static CONSTANTS: &[(&str, i64)] = &[
    ("LC_CTYPE", 0),
    ("LC_TIME", 2),
    ("LC_COLLATE", 3),
    ("LC_MONETARY", 4),
    ("LC_MESSAGES", 5),
    ("LC_NUMERIC", 1),
    ("LC_ALL", 6),
    ("CHAR_MAX", 127),
    ("DAY_1", 131079),
    ("DAY_2", 131080),
    ("DAY_3", 131081),
    ("DAY_4", 131082),
    ("DAY_5", 131083),
    ("DAY_6", 131084),
    ("DAY_7", 131085),
    ("ABDAY_1", 131072),
    ("ABDAY_2", 131073),
    ("ABDAY_3", 131074),
    ("ABDAY_4", 131075),
    ("ABDAY_5", 131076),
    ("ABDAY_6", 131077),
    ("ABDAY_7", 131078),
    ("MON_1", 131098),
    ("MON_2", 131099),
    ("MON_3", 131100),
    ("MON_4", 131101),
    ("MON_5", 131102),
    ("MON_6", 131103),
    ("MON_7", 131104),
    ("MON_8", 131105),
    ("MON_9", 131106),
    ("MON_10", 131107),
    ("MON_11", 131108),
    ("MON_12", 131109),
    ("ABMON_1", 131086),
    ("ABMON_2", 131087),
    ("ABMON_3", 131088),
    ("ABMON_4", 131089),
    ("ABMON_5", 131090),
    ("ABMON_6", 131091),
    ("ABMON_7", 131092),
    ("ABMON_8", 131093),
    ("ABMON_9", 131094),
    ("ABMON_10", 131095),
    ("ABMON_11", 131096),
    ("ABMON_12", 131097),
    ("RADIXCHAR", 65536),
    ("THOUSEP", 65537),
    ("CRNCYSTR", 262159),
    ("D_T_FMT", 131112),
    ("D_FMT", 131113),
    ("T_FMT", 131114),
    ("AM_STR", 131110),
    ("PM_STR", 131111),
    ("CODESET", 14),
    ("T_FMT_AMPM", 131115),
    ("ERA", 131116),
    ("ERA_D_FMT", 131118),
    ("ERA_D_T_FMT", 131120),
    ("ERA_T_FMT", 131121),
    ("ALT_DIGITS", 131119),
    ("YESEXPR", 327680),
    ("NOEXPR", 327681),
];
