//! Type feedback: what the instructions of hot code have seen, for whoever compiles or shows it.
//!
//! The one way to read what shadowcode knows. [`Feedback::of_function`] looks at the copy once and says for each
//! instruction, by its index, what it [`Seen`]. That is a guess about what will come, never a promise: compiled code has
//! to check what it relies on. The rules:
//!
//! * Code without a copy, and an instruction of one that has not run since, is [`Seen::NeverRun`]. An instruction that keeps no
//!   record is [`Seen::Unrecorded`].
//! * A specialised instruction says what it is specialised for, which is what came last. One with a general form says of which classes the
//!   values were when it got that.
//! * One that saw too many different things is [`Seen::Megamorphic`].
//! * What was seen of a class that has changed since, or died, is left out: it will not come again.
//! * Calls keep no record of their own; a call whose callable a global name or an attribute gave is known by what that has
//!   seen.

use super::opcode::{self, Specialized};
use super::{Shadow, noted_object};
use crate::code::CodeObject;
use crate::function::Function;
use builtins::iterators::{LIST_ITERATOR, TUPLE_ITERATOR};
use builtins::range::RANGE_ITERATOR;
use builtins::set::SET;
use builtins::strict_module::{STRICT_MODULE, StrictModule};
use bytecode::{Instr, Opcode};
use object::attribute::cache::{Noted, SiteKind};
use object::class::{Type, class_of_version};
use object::collector;
use object::dict::{DICT, Dict};
use object::flat::{self, FlatItems};
use object::int::BOOL;
use object::list::LIST;
use object::shape;
use object::singleton::{MODULE, ModuleObject, NONE_TYPE};
use object::str::{STR, Str};
use object::super_object::site::{self as super_site, How};
use object::tuple::TUPLE;
use object::{Object, Ref, RefOf};
use std::cell::OnceCell;
use std::fmt;

/// What an instruction has seen.
#[derive(Clone, Debug)]
pub enum Seen {
    /// Nothing is known: not hot, or not run since.
    NeverRun,
    /// The instruction is of a kind that keeps no record.
    Unrecorded,
    /// Too many different things.
    Megamorphic,
    /// Operands of an operator, comparison or subscript; owner and key of a store to an item; item and container of `in`. What is tested or
    /// taken apart is the first operand, and the second unknown.
    Operands(Kind, Kind),
    /// Owners of an attribute, up to four.
    Attribute(Vec<Owner>),
    /// An owner whose attribute has to be looked for each time.
    General(Kind),
    /// An attribute of a class.
    OfClass { class: Object, value: Object },
    /// A class method of a class, for a call: its function.
    ClassMethod { class: Object, function: Object },
    /// A name of a module, or of a strict one.
    OfModule { module: Object, value: Object },
    /// What was found behind a class in the order of others, by receiver, up to four.
    Super(Vec<SuperOwner>),
    /// A global name, or a builtin one; its value as it is now, if the namespaces are known and have not changed.
    Global { value: Option<Object>, is_builtin: bool },
    /// The iterator of a loop.
    Iterator(Kind),
    /// What was called, and whether the owner it was found in is its first argument.
    Callee { value: Object, with_owner: bool },
}

/// The class of a value, exactly.
#[derive(Clone, Debug)]
pub enum Kind {
    /// An int; of a specialised instruction, one that fits a word.
    Int,
    /// A float; of a specialised instruction, one that fits a word.
    Float,
    Str,
    List,
    Tuple,
    Dict,
    ListIterator,
    TupleIterator,
    RangeIterator,
    Generator,
    /// A row of machine numbers of one kind.
    Flat(&'static FlatItems, usize),
    /// Another class.
    Other(Object),
    /// Any: the instruction does not look, or the class has changed since.
    Unknown,
}

/// Instances of one class with the same layout.
#[derive(Clone, Debug)]
pub struct Owner {
    pub class: Object,
    /// The layout, see [`object::shape`].
    pub shape: u32,
    /// The class's version: what is said here is so as long as the class has it.
    pub version: u32,
    pub place: Place,
}

/// What `super().name` found for receivers of one class, or for one class.
#[derive(Clone, Debug)]
pub struct SuperOwner {
    /// The class that the search began behind.
    pub start: Object,
    /// The receiver's class, or the receiver itself.
    pub class: Object,
    pub is_class: bool,
    /// The class's version: what is said here is so as long as the class has it.
    pub version: u32,
    /// One of the class's attributes, or general.
    pub place: Place,
}

/// Where an attribute is.
#[derive(Clone, Debug)]
pub enum Place {
    /// In the instance, so many bytes from its start.
    Slot { offset: u32 },
    /// The same, where storing adds it and gives the instance another shape.
    Added { offset: u32, shape: u32 },
    /// A function of the class, which binds the instance.
    Method(Object),
    /// The class's own, as it is.
    Value(Object),
    /// The Python function of a property, or of a special method.
    Function(Object),
    /// It has to be looked for each time.
    General,
}

/// What all instructions of a code object have seen.
pub struct Feedback {
    seen: Vec<Seen>,
}

impl Feedback {
    /// What a function's code has seen.
    pub fn of_function(function: &Function) -> Feedback {
        Feedback::of_code(function.code())
    }

    /// What code has seen.
    pub fn of_code(code: &CodeObject) -> Feedback {
        let n = code.data.instructions.len();
        let Some(shadow) = code.shadow.get() else { return Feedback { seen: vec![Seen::NeverRun; n] } };
        let reader = Reader { shadow, modules: OnceCell::new() };
        let mut seen: Vec<Seen> = (0..n).map(|index| reader.seen(index)).collect();
        add_callees(code, &mut seen);
        Feedback { seen }
    }

    /// What the instruction with this index has seen.
    pub fn at(&self, index: usize) -> &Seen {
        self.seen.get(index).unwrap_or(&Seen::Unrecorded)
    }

    /// Of all instructions, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Seen> {
        self.seen.iter()
    }
}

/// Reads the sites of one copy.
struct Reader<'a> {
    shadow: &'a Shadow,
    /// All modules, once somebody has asked for them.
    modules: OnceCell<Vec<Object>>,
}

impl Reader<'_> {
    fn seen(&self, index: usize) -> Seen {
        let byte = self.shadow.opcode_byte(index);
        let original = opcode::ORIGINAL[usize::from(byte)];
        match Specialized::from_byte(byte) {
            Some(form) => self.of_form(form, index),
            // A loop over pairs takes them apart itself.
            None if index > 0 && self.shadow.opcode_byte(index - 1) == Specialized::ForIterPair as u8 => Seen::Operands(Kind::Tuple, Kind::Unknown),
            None if super::has_site(Instr::new(original, 0)) => Seen::NeverRun,
            None => Seen::Unrecorded,
        }
    }

    fn of_form(&self, form: Specialized, index: usize) -> Seen {
        use Specialized as S;
        match form {
            S::AddInt | S::SubtractInt | S::MultiplyInt | S::BitwiseInt | S::CompareInt | S::CompareIntJump => Seen::Operands(Kind::Int, Kind::Int),
            S::AddFloat | S::SubtractFloat | S::MultiplyFloat => Seen::Operands(Kind::Float, Kind::Float),
            S::ListItem | S::StoreListItem => Seen::Operands(Kind::List, Kind::Int),
            S::TupleItem => Seen::Operands(Kind::Tuple, Kind::Int),
            S::StrItem => Seen::Operands(Kind::Str, Kind::Int),
            S::DictItem => Seen::Operands(Kind::Dict, Kind::Str),
            S::StoreDictItem => Seen::Operands(Kind::Dict, Kind::Unknown),
            S::BinaryGeneral
            | S::CompareGeneral
            | S::CompareGeneralJump
            | S::StoreSubscrGeneral
            | S::ToBoolGeneral
            | S::ContainsGeneral
            | S::UnpackGeneral => self.noted_operands(form, index),
            S::LoadGlobalModule | S::LoadGlobalModuleIs => self.global(index, false),
            S::LoadGlobalBuiltin | S::LoadGlobalBuiltinIs => self.global(index, true),
            S::LoadGlobalGeneral => Seen::Megamorphic,
            S::LoadAttrWord => self.owner(index, SiteKind::Word),
            S::LoadAttrMethod | S::LoadAttrBound => self.owner(index, SiteKind::Method),
            S::LoadAttrValue => self.owner(index, SiteKind::Value),
            S::StoreAttrWord => self.owner(index, SiteKind::Word),
            S::StoreAttrAdd => self.owner(index, SiteKind::Add),
            S::LoadAttrProperty | S::MethodItem => self.function_of_owner(index),
            S::LoadAttrPolymorphic | S::StoreAttrPolymorphic => self.owners(index),
            S::LoadAttrModule => self.module(index, &MODULE),
            S::LoadAttrSModule => self.module(index, &STRICT_MODULE),
            S::LoadSuperAttrMethod | S::LoadSuperAttrAttr => self.behind(index),
            S::LoadSuperAttrGeneral => Seen::Megamorphic,
            S::LoadAttrClass => self.class(index, |class, value| Seen::OfClass { class, value }),
            S::LoadAttrClassMethod => self.class(index, |class, function| Seen::ClassMethod { class, function }),
            S::LoadAttrGeneral | S::StoreAttrGeneral => self.noted(form, index, Seen::General),
            S::ForIterList => Seen::Iterator(Kind::ListIterator),
            S::ForIterRange => Seen::Iterator(Kind::RangeIterator),
            S::ForIterTuple => Seen::Iterator(Kind::TupleIterator),
            S::ForIterGeneral | S::ForIterPair => self.noted(form, index, Seen::Iterator),
            S::ToBoolBool => Seen::Operands(Kind::of(&BOOL), Kind::Unknown),
            S::ToBoolInt => Seen::Operands(Kind::Int, Kind::Unknown),
            S::ToBoolNone => Seen::Operands(Kind::of(&NONE_TYPE), Kind::Unknown),
            S::ToBoolStr => Seen::Operands(Kind::Str, Kind::Unknown),
            S::ToBoolList | S::UnpackList => Seen::Operands(Kind::List, Kind::Unknown),
            S::UnpackTwoTuple | S::UnpackTuple => Seen::Operands(Kind::Tuple, Kind::Unknown),
            S::ContainsDict => Seen::Operands(Kind::Unknown, Kind::Dict),
            S::ContainsSet => Seen::Operands(Kind::Unknown, Kind::of(&SET)),
            S::LoadFastAttrWord | S::LoadFastBorrowAttrWord | S::CallAwaited | S::JumpBackwardCounted => Seen::Unrecorded,
            // What gave the callable knows it: see `add_callees`.
            S::CallFunction
            | S::CallDefaults
            | S::CallClass
            | S::CallMethodUnary
            | S::CallMethodBinary
            | S::CallMethodMany
            | S::CallMethodBound
            | S::CallBuiltinUnary
            | S::CallBuiltinBinary
            | S::CallBuiltinMany
            | S::CallBuiltinBound
            | S::CallMethodFew
            | S::CallBuiltinFew
            | S::CallBuiltinClass
            | S::CallType
            | S::CallStr
            | S::CallLen
            | S::CallMethodAppend
            | S::CallAppend
            | S::CallGeneral => Seen::Unrecorded,
        }
    }

    /// Whether an instruction with a general form has it because it saw too much.
    fn is_worn_out(&self, form: Specialized, index: usize) -> bool {
        self.shadow.misses(index) >= super::dispatch::patience(form.original())
    }

    fn noted_operands(&self, form: Specialized, index: usize) -> Seen {
        match self.shadow.noted_versions(index) {
            Some(versions) if !self.is_worn_out(form, index) => {
                let [left, right] = versions.map(|version| self.kind(version));
                Seen::Operands(left, right)
            }
            _ => Seen::Megamorphic,
        }
    }

    fn noted(&self, form: Specialized, index: usize, seen: impl FnOnce(Kind) -> Seen) -> Seen {
        match self.shadow.noted_versions(index) {
            Some([version, _]) if !self.is_worn_out(form, index) => seen(self.kind(version)),
            _ => Seen::Megamorphic,
        }
    }

    fn kind(&self, version: u32) -> Kind {
        match class_of_version(version) {
            Some(class) => Kind::of_class(&class),
            None => flat::with_version(version).map_or(Kind::Unknown, |(items, kind)| Kind::Flat(items, kind)),
        }
    }

    fn global(&self, index: usize, is_builtin: bool) -> Seen {
        let value = self.shadow.noted_cell(index).and_then(|cell| cell.value());
        Seen::Global { value, is_builtin }
    }

    fn module(&self, index: usize, class: &'static Type) -> Seen {
        let Some(site) = self.shadow.noted_of_module(index) else { return Seen::NeverRun };
        let known = |module: Object| {
            let value = site.value(namespace_of(module.borrow())?)?;
            Some(Seen::OfModule { module, value })
        };
        // As a rule a global name or a package gave the module; to look for it among all objects takes long.
        let given = index.checked_sub(1).and_then(|before| self.value_of_name(before));
        let all =
            || self.modules.get_or_init(|| collector::instances_of(&MODULE).into_iter().chain(collector::instances_of(&STRICT_MODULE)).collect());
        let is_of_class = |module: &&Object| module.borrow().is_exactly(class);
        given.and_then(known).or_else(|| all().iter().filter(is_of_class).cloned().find_map(known)).unwrap_or(Seen::NeverRun)
    }

    /// What an instruction gives that loads a global name, or a name of a module.
    fn value_of_name(&self, index: usize) -> Option<Object> {
        let class = match Specialized::from_byte(self.shadow.opcode_byte(index)) {
            Some(Specialized::LoadAttrModule) => &MODULE,
            Some(Specialized::LoadAttrSModule) => &STRICT_MODULE,
            _ => return self.shadow.noted_cell(index)?.value(),
        };
        match self.module(index, class) {
            Seen::OfModule { value, .. } => Some(value),
            _ => None,
        }
    }

    fn behind(&self, index: usize) -> Seen {
        let Some((noted, is_overfull)) = self.shadow.noted_behind(index) else { return Seen::NeverRun };
        if is_overfull {
            return Seen::Megamorphic;
        }
        let owner = |noted: super_site::Noted| {
            let place = match noted.how {
                How::Method => Place::Method(noted.found),
                How::Value => Place::Value(noted.found),
                How::Bind => Place::General,
            };
            SuperOwner { start: noted.start, class: noted.class, is_class: noted.is_class, version: noted.version, place }
        };
        let owners: Vec<SuperOwner> = noted.into_iter().map(owner).collect();
        // It has run, if only with what is not simple.
        if owners.is_empty() { Seen::Megamorphic } else { Seen::Super(owners) }
    }

    fn class(&self, index: usize, seen: impl FnOnce(Object, Object) -> Seen) -> Seen {
        let Some(noted) = self.shadow.noted(index) else { return Seen::NeverRun };
        // The shape is the metaclass's version here.
        let class = class_of_version(noted.version).filter(|_| class_of_version(noted.shape).is_some());
        match class.zip(noted_object(noted)) {
            Some((class, value)) => seen(class, value),
            None => Seen::NeverRun,
        }
    }

    fn owner(&self, index: usize, kind: SiteKind) -> Seen {
        self.shadow.noted(index).and_then(|noted| self.owner_of(noted, Some(kind))).map_or(Seen::NeverRun, |owner| Seen::Attribute(vec![owner]))
    }

    fn function_of_owner(&self, index: usize) -> Seen {
        let owner = self.shadow.noted(index).and_then(|noted| {
            let class = class_of_version(noted.version)?;
            let place = Place::Function(noted_object(noted)?);
            Some(Owner { class, shape: noted.shape, version: noted.version, place })
        });
        owner.map_or(Seen::NeverRun, |owner| Seen::Attribute(vec![owner]))
    }

    fn owners(&self, index: usize) -> Seen {
        let Some((noted, is_overfull)) = self.shadow.noted_several(index) else { return Seen::NeverRun };
        if is_overfull {
            return Seen::Megamorphic;
        }
        let owners: Vec<Owner> = noted.into_iter().filter_map(|(noted, kind)| self.owner_of(noted, kind)).collect();
        if owners.is_empty() { Seen::NeverRun } else { Seen::Attribute(owners) }
    }

    fn owner_of(&self, noted: Noted, kind: Option<SiteKind>) -> Option<Owner> {
        let class = class_of_version(noted.version)?;
        let place = match kind {
            Some(SiteKind::Word) => Place::Slot { offset: noted.value as u32 },
            Some(SiteKind::Add) => Place::Added { offset: noted.value as u32, shape: (noted.value >> 32) as u32 },
            Some(SiteKind::Method) => Place::Method(noted_object(noted)?),
            Some(SiteKind::Value) => Place::Value(noted_object(noted)?),
            None => Place::General,
        };
        Some(Owner { class, shape: noted.shape, version: noted.version, place })
    }
}

/// Tells calls what they call, where another instruction knows.
fn add_callees(code: &CodeObject, seen: &mut [Seen]) {
    let mut depths = None;
    for (index, instruction) in code.data.instructions.iter().enumerate() {
        // Callable and self lie below the arguments, the names of those that have some on top.
        let below = match instruction.opcode() {
            Some(Opcode::Call) => instruction.arg() + 2,
            Some(Opcode::CallKw) => instruction.arg() + 3,
            _ => continue,
        };
        let depths: &Vec<Option<u32>> = depths.get_or_insert_with(|| bytecode::verify::depths(&code.without_constants()));
        let Some(place) = depths[index].and_then(|depth| depth.checked_sub(below)) else { continue };
        // What is put on the stack for a call stays below all that its arguments need.
        let giver = (0..index).rev().find(|&giver| {
            let instruction = code.data.instructions[giver];
            let pops = instruction.opcode().map_or(0, |opcode| opcode.info().pops.at(instruction.arg()));
            depths[giver].is_some_and(|depth| depth.saturating_sub(pops) <= place)
        });
        if let Some(callee) = giver.and_then(|giver| callee(&seen[giver])) {
            seen[index] = callee;
        }
    }
}

/// The names of a module, strict or not.
pub fn namespace_of(module: Ref<'_>) -> Option<RefOf<'_, Dict>> {
    let plain = module.downcast_exact::<ModuleObject>().map(|module| module.get().dict());
    plain.or_else(|| Some(module.downcast_exact::<StrictModule>()?.get().globals()))
}

/// What a call calls whose callable an instruction gives that has seen this.
fn callee(seen: &Seen) -> Option<Seen> {
    let (value, with_owner) = match seen {
        Seen::Global { value, .. } => (value.as_ref()?, false),
        Seen::OfClass { value, .. } | Seen::OfModule { value, .. } => (value, false),
        Seen::ClassMethod { function, .. } => (function, true),
        Seen::Attribute(owners) => match owners.as_slice() {
            [Owner { place: Place::Method(value), .. }] => (value, true),
            [Owner { place: Place::Value(value), .. }] => (value, false),
            _ => return None,
        },
        Seen::Super(owners) => {
            let (value, with_owner) = match &owners.first()?.place {
                Place::Method(value) => (value, true),
                Place::Value(value) => (value, false),
                _ => return None,
            };
            let is_same = |owner: &SuperOwner| match &owner.place {
                Place::Method(other) => with_owner && other.borrow().is(value.borrow()),
                Place::Value(other) => !with_owner && other.borrow().is(value.borrow()),
                _ => false,
            };
            owners.iter().all(is_same).then_some((value, with_owner))?
        }
        _ => return None,
    };
    Some(Seen::Callee { value: value.clone(), with_owner })
}

impl Kind {
    fn of(class: &'static Type) -> Kind {
        Kind::Other(class.to_object())
    }

    fn of_class(class: &Object) -> Kind {
        let known: [(&Type, Kind); 10] = [
            (&object::int::INT, Kind::Int),
            (&object::float::FLOAT, Kind::Float),
            (&STR, Kind::Str),
            (&LIST, Kind::List),
            (&TUPLE, Kind::Tuple),
            (&DICT, Kind::Dict),
            (&LIST_ITERATOR, Kind::ListIterator),
            (&TUPLE_ITERATOR, Kind::TupleIterator),
            (&RANGE_ITERATOR, Kind::RangeIterator),
            (&crate::generator::GENERATOR, Kind::Generator),
        ];
        let found = known.into_iter().find(|(known, _)| class.borrow().is(known.object()));
        found.map_or_else(|| Kind::Other(class.clone()), |(_, kind)| kind)
    }
}

fn class_name(class: Ref<'_>) -> String {
    class.downcast::<Type>().map_or_else(String::new, |class| class.get().name().to_owned())
}

fn text_of(value: Ref<'_>) -> String {
    value.downcast::<Str>().map_or_else(String::new, |text| text.to_string_lossy().into_owned())
}

/// A short text for a value: what kind it is, and its name if it has one.
fn name_of(value: Ref<'_>) -> String {
    if let Some(function) = value.downcast::<Function>() {
        return text_of(function.qualname.get_or_none().borrow());
    }
    if value.downcast::<Type>().is_some() {
        return format!("class {}", class_name(value));
    }
    let native = value.downcast::<object::function::BuiltinFunction>().map(|function| function.info);
    let native = native.or_else(|| Some(value.downcast::<object::function::MethodDescriptor>()?.info));
    match native {
        Some(native) => native.method.name.to_owned(),
        None => value.class().name().to_owned(),
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Str => "str",
            Kind::List => "list",
            Kind::Tuple => "tuple",
            Kind::Dict => "dict",
            Kind::ListIterator => "list_iterator",
            Kind::TupleIterator => "tuple_iterator",
            Kind::RangeIterator => "range_iterator",
            Kind::Generator => "generator",
            Kind::Flat(items, _) => items.class.name(),
            Kind::Other(class) => return f.write_str(&class_name(class.borrow())),
            Kind::Unknown => "?",
        })
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", class_name(self.class.borrow()))?;
        let names = shape::names(self.shape);
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(|name| text_of(*name)).collect();
            write!(f, "({})", names.join(", "))?;
        }
        write!(f, "{}", self.place)
    }
}

impl fmt::Display for SuperOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_class { "class " } else { "" };
        write!(f, "{kind}{} behind {}{}", class_name(self.class.borrow()), class_name(self.start.borrow()), self.place)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Slot { offset } => write!(f, " at {offset}"),
            Place::Added { offset, .. } => write!(f, " added at {offset}"),
            Place::Method(value) => write!(f, " method {}", name_of(value.borrow())),
            Place::Value(value) => write!(f, " value {}", name_of(value.borrow())),
            Place::Function(value) => write!(f, " function {}", name_of(value.borrow())),
            Place::General => f.write_str(" looked up"),
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seen::NeverRun => f.write_str("never run"),
            Seen::Unrecorded => Ok(()),
            Seen::Megamorphic => f.write_str("megamorphic"),
            Seen::Operands(left, right) => write!(f, "{left}, {right}"),
            Seen::Attribute(owners) => {
                let owners: Vec<String> = owners.iter().map(Owner::to_string).collect();
                f.write_str(&owners.join(" | "))
            }
            Seen::General(kind) => write!(f, "{kind} looked up"),
            Seen::OfClass { class, value } => write!(f, "class {}: {}", class_name(class.borrow()), name_of(value.borrow())),
            Seen::ClassMethod { class, function } => write!(f, "class {} method {}", class_name(class.borrow()), name_of(function.borrow())),
            Seen::OfModule { module, value } if module.borrow().is_exactly(&STRICT_MODULE) => {
                write!(f, "strict module: {}", name_of(value.borrow()))
            }
            Seen::Super(owners) => {
                let owners: Vec<String> = owners.iter().map(SuperOwner::to_string).collect();
                f.write_str(&owners.join(" | "))
            }
            Seen::OfModule { value, .. } => write!(f, "module: {}", name_of(value.borrow())),
            Seen::Global { value, is_builtin } => {
                f.write_str(if *is_builtin { "builtin" } else { "global" })?;
                value.as_ref().map_or(Ok(()), |value| write!(f, " {}", name_of(value.borrow())))
            }
            Seen::Iterator(kind) => write!(f, "{kind}"),
            Seen::Callee { value, .. } => write!(f, "calls {}", name_of(value.borrow())),
        }
    }
}
