//! `unicodedata`: the Unicode character database, in version 16.0 and in version 3.2.

mod properties;

use object::exception;
use object::native::{Getset, Member, Module, PayloadInfo, TypeSpec, flag};
use object::singleton::ModuleObject;
use object::str::{Str, StrData};
use object::{Method, Object, Payload, PyResult, Ref, RefOf, Type, Vm, method};
use properties::Version;
use rustpython_unicode::NormalizeForm;

type Arguments<'a> = [Option<Ref<'a>>];

/// Calls a macro with the functions that both the module and the old database have.
macro_rules! functions {
    () => {
        &[
            method!(Bound decimal "($self, chr, default=<unrepresentable>, /)", "Converts a Unicode character into its equivalent decimal value.\n\nReturns the decimal value assigned to the character chr as integer.\nIf no such value is defined, default is returned, or, if not given,\nValueError is raised."),
            method!(Bound digit "($self, chr, default=<unrepresentable>, /)", "Converts a Unicode character into its equivalent digit value.\n\nReturns the digit value assigned to the character chr as integer.\nIf no such value is defined, default is returned, or, if not given,\nValueError is raised."),
            method!(Bound numeric "($self, chr, default=<unrepresentable>, /)", "Converts a Unicode character into its equivalent numeric value.\n\nReturns the numeric value assigned to the character chr as float.\nIf no such value is defined, default is returned, or, if not given,\nValueError is raised."),
            method!(Binary category "($self, chr, /)", "Returns the general category assigned to the character chr as string."),
            method!(Binary bidirectional "($self, chr, /)", "Returns the bidirectional class assigned to the character chr as string.\n\nIf no such value is defined, an empty string is returned."),
            method!(Binary combining "($self, chr, /)", "Returns the canonical combining class assigned to the character chr as integer.\n\nReturns 0 if no combining class is defined."),
            method!(Binary mirrored "($self, chr, /)", "Returns the mirrored property assigned to the character chr as integer.\n\nReturns 1 if the character has been identified as a \"mirrored\"\ncharacter in bidirectional text, 0 otherwise."),
            method!(Binary east_asian_width "($self, chr, /)", "Returns the east asian width assigned to the character chr as string."),
            method!(Binary decomposition "($self, chr, /)", "Returns the character decomposition mapping assigned to the character chr as string.\n\nAn empty string is returned in case no such mapping is defined."),
            method!(Bound name "($self, chr, default=<unrepresentable>, /)", "Returns the name assigned to the character chr as a string.\n\nIf no name is defined, default is returned, or, if not given,\nValueError is raised."),
            method!(Binary lookup "($self, name, /)", "Look up character by name.\n\nIf a character with the given name is found, return the\ncorresponding character.  If not found, KeyError is raised."),
            method!(Bound is_normalized "($self, form, unistr, /)", "Return whether the Unicode string unistr is in the normal form 'form'.\n\nValid values for form are 'NFC', 'NFKC', 'NFD', and 'NFKD'."),
            method!(Bound normalize "($self, form, unistr, /)", "Return the normal form 'form' for the Unicode string unistr.\n\nValid values for form are 'NFC', 'NFKC', 'NFD', and 'NFKD'."),
        ]
    };
}

static FUNCTIONS: &[Method] = functions!();

pub static MODULE: Module = Module {
    name: "unicodedata",
    doc: "This module provides access to the Unicode Character Database which\ndefines character properties for all Unicode characters. The data in\nthis database is based on the UnicodeData.txt file version\n16.0.0 which is publicly available from the Unicode Consortium\nat https://www.unicode.org/Public/16.0.0/ucd/.",
    functions: FUNCTIONS,
    types: &[&UCD],
    init: Some(init),
};

/// The payload of the old database, which has nothing of its own.
pub struct OldDatabase;

pub static UCD: Type = Type::new(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    name: "unicodedata.UCD",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::leaf::<OldDatabase>(),
    methods: functions!(),
    members: &[Member(Getset::readonly("unidata_version", "", |vm, _| Ok(vm.new_str("3.2.0").into_object())))],
    ..TypeSpec::DEFAULT
};

impl Payload for OldDatabase {
    fn class() -> &'static Type {
        &UCD
    }
}

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    let version = vm.new_str("16.0.0").into_object();
    module.set(vm, "unidata_version", version);
    let old = vm.allocate(OldDatabase).into_object();
    module.set(vm, "ucd_3_2_0", old);
    Ok(())
}

/// The version a function is asked for: that of the module, or that of the old database.
fn version(this: Ref<'_>) -> Version {
    if this.downcast::<OldDatabase>().is_some() { Version::V3_2 } else { Version::V16 }
}

/// The character an argument consists of.
fn character(vm: &mut Vm, function: &str, which: &str, object: Ref<'_>) -> PyResult<u32> {
    match object.downcast::<Str>() {
        Some(text) if text.len() == 1 => Ok(text.char_at(0)),
        Some(text) => {
            let colon = if which.is_empty() { ": argument" } else { which };
            Err(vm.type_error(format!("{function}(){colon} must be a unicode character, not a string of length {}", text.len())))
        }
        None => {
            let argument = if which.is_empty() { " argument" } else { which };
            Err(vm.type_error(format!("{function}(){argument} must be a unicode character, not {}", object.class().full_name())))
        }
    }
}

fn or_default(vm: &mut Vm, found: Option<Object>, default: Option<Ref<'_>>, message: &str) -> PyResult {
    match (found, default) {
        (Some(found), _) => Ok(found),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(vm.value_error(message)),
    }
}

fn decimal(vm: &mut Vm, this: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let character = character(vm, "decimal", " argument 1", args[0].expect("the argument is required"))?;
    let value = version(this).decimal(character).map(Object::small_int);
    or_default(vm, value, args[1], "not a decimal")
}

fn digit(vm: &mut Vm, this: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let character = character(vm, "digit", " argument 1", args[0].expect("the argument is required"))?;
    let value = version(this).digit(character).map(Object::small_int);
    or_default(vm, value, args[1], "not a digit")
}

fn numeric(vm: &mut Vm, this: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let character = character(vm, "numeric", " argument 1", args[0].expect("the argument is required"))?;
    let value = version(this).numeric(character).map(|value| vm.new_float(value));
    or_default(vm, value, args[1], "not a numeric character")
}

fn name(vm: &mut Vm, this: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let character = character(vm, "name", " argument 1", args[0].expect("the argument is required"))?;
    let name = version(this).name(character).map(|name| vm.new_str(&name).into_object());
    or_default(vm, name, args[1], "no such name")
}

fn category(vm: &mut Vm, this: Ref<'_>, object: Ref<'_>) -> PyResult {
    let character = character(vm, "category", "", object)?;
    Ok(vm.intern(version(this).category(character)).to_owned())
}

fn bidirectional(vm: &mut Vm, this: Ref<'_>, object: Ref<'_>) -> PyResult {
    let character = character(vm, "bidirectional", "", object)?;
    Ok(vm.intern(version(this).bidirectional(character)).to_owned())
}

fn combining(vm: &mut Vm, this: Ref<'_>, object: Ref<'_>) -> PyResult {
    let character = character(vm, "combining", "", object)?;
    Ok(Object::small_int(i64::from(version(this).combining(character))))
}

fn mirrored(vm: &mut Vm, this: Ref<'_>, object: Ref<'_>) -> PyResult {
    let character = character(vm, "mirrored", "", object)?;
    Ok(Object::small_int(i64::from(version(this).mirrored(character))))
}

fn east_asian_width(vm: &mut Vm, this: Ref<'_>, object: Ref<'_>) -> PyResult {
    let character = character(vm, "east_asian_width", "", object)?;
    Ok(vm.intern(version(this).east_asian_width(character)).to_owned())
}

fn decomposition(vm: &mut Vm, this: Ref<'_>, object: Ref<'_>) -> PyResult {
    let character = character(vm, "decomposition", "", object)?;
    Ok(vm.new_str(&version(this).decomposition(character)).into_object())
}

fn lookup(vm: &mut Vm, this: Ref<'_>, object: Ref<'_>) -> PyResult {
    /// The longest name CPython looks for.
    const MAX_NAME: usize = 256;
    let name = match object.downcast::<Str>() {
        Some(text) => text.to_string_lossy().into_owned(),
        None => String::from_utf8_lossy(&crate::argument::bytes(vm, object)?).into_owned(),
    };
    if name.len() > MAX_NAME {
        return Err(vm.raise(&exception::KEY_ERROR, "name too long"));
    }
    match version(this).lookup(&name) {
        Some(text) => Ok(vm.new_str(&text).into_object()),
        None => Err(vm.raise(&exception::KEY_ERROR, format!("undefined character name '{name}'"))),
    }
}

/// The form and the text of a normalization.
fn form_and_text<'a>(vm: &mut Vm, function: &str, args: &Arguments<'a>) -> PyResult<(NormalizeForm, RefOf<'a, Str>)> {
    let mut texts = args.iter().enumerate().map(|(index, argument)| {
        let argument = argument.expect("the argument is required");
        match argument.downcast::<Str>() {
            Some(text) => Ok(text),
            None => Err(vm.type_error(format!("{function}() argument {} must be str, not {}", index + 1, argument.class().full_name()))),
        }
    });
    let form = texts.next().expect("there are two parameters")?;
    let text = texts.next().expect("there are two parameters")?;
    drop(texts);
    match form.as_str().and_then(|form| form.parse().ok()) {
        Some(form) => Ok((form, text)),
        None => Err(vm.value_error("invalid normalization form")),
    }
}

/// Whether every form of the text is the text itself, as far as a glance tells.
fn is_plain(text: &Str, form: NormalizeForm) -> bool {
    match text.data() {
        StrData::Latin1(units) => units.is_ascii() || form == NormalizeForm::Nfc,
        StrData::Ucs2(_) | StrData::Ucs4(_) => false,
    }
}

fn is_normalized(vm: &mut Vm, this: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let (form, text) = form_and_text(vm, "is_normalized", args)?;
    if is_plain(&text, form) {
        return Ok(Object::bool(true));
    }
    let text = text.to_wtf8();
    Ok(Object::bool(*version(this).normalize(form, &text) == *text))
}

fn normalize(vm: &mut Vm, this: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let (form, text) = form_and_text(vm, "normalize", args)?;
    if is_plain(&text, form) {
        let exact = text.object().is_exactly(&object::str::STR);
        return Ok(if exact { text.object().to_owned() } else { vm.new_str_data(text.data()).into_object() });
    }
    let normalized = version(this).normalize(form, &text.to_wtf8());
    Ok(vm.new_wtf8(&normalized).into_object())
}
