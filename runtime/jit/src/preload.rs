//! What the compiler is told of the runtime: code, constants, global names, what instructions have seen.
//!
//! Numbers of the compiler's tables stand for live objects, which the compiled code keeps. What it assumes ([`Assume`]) it hardly
//! ever looks at: it is patched when that changes ([`crate::patches`]).

mod callees;
mod special_methods;

use crate::classify::{leaf_of, leaf_of_class};
use crate::hot::History;
use crate::options;
use bytecode::CodeFlags;
use hir::environment::{
    self, Assumption, AssumptionId, CodeUnit, Construction, GlobalValue, InliningLimits, KnownClass, KnownFunction, KnownNative, NativeKind,
};
use hir::types::{ClassId, ClassInfo, Classes, ObjectId, ObjectInfo, ShapeId, ShapeInfo, Spec};
use hir::{Preloaded, Type, ty};
use interp::shadow::feedback::{Feedback, Kind, Owner, Place, Seen, SuperOwner, namespace_of};
use interp::{CodeObject, Function};
use object::dict::{Dict, GlobalCell, global_cell};
use object::flat::FlatItems;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, Ref, RefOf, Type as Class};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// What is known before a function is compiled, and the live objects its numbers stand for.
pub struct Known {
    pub preloaded: Preloaded,
    /// By `ObjectId`.
    pub objects: Vec<Object>,
    /// By `ClassId`.
    pub classes: Vec<Object>,
    /// The classes that stand for arrays of one kind.
    pub arrays: Vec<(ClassId, &'static FlatItems, usize)>,
    /// By `AssumptionId`.
    pub assumptions: Vec<Assume>,
    /// Where global names are, by the number of the code and their index in it.
    pub cells: BTreeMap<(u32, u32), Rc<GlobalCell>>,
    /// The same by the numbers that code units have.
    pub numbered_cells: Vec<Rc<GlobalCell>>,
    /// The functions that may be inlined, by `CodeId` from 1 on, and the code each has.
    pub callees: Vec<(ObjectId, Object)>,
}

/// What compiled code counts on.
pub enum Assume {
    /// Something that is so anyway.
    Nothing,
    /// The class, or the function, has not changed.
    Version { place: *const u32, version: u32 },
    /// The global name has the value with this word.
    Global { cell: Rc<GlobalCell>, word: u64 },
    /// The name of a module, strict or not, has the value with this word.
    OfModule { cell: Rc<GlobalCell>, word: u64, module: u64, name: u64 },
}

#[derive(Default)]
struct Tables {
    preloaded: Preloaded,
    types: Classes,
    objects: Vec<Object>,
    classes: Vec<Object>,
    arrays: Vec<(ClassId, &'static FlatItems, usize)>,
    assumptions: Vec<Assume>,
    cells: BTreeMap<(u32, u32), Rc<GlobalCell>>,
    numbered_cells: Vec<Rc<GlobalCell>>,
    callees: callees::Callees,
}

impl Assume {
    /// Whether both say the same. (A name's cell is that of one pair of globals and builtins.)
    fn is_same(&self, other: &Assume) -> bool {
        match (self, other) {
            (Assume::Version { place, version }, Assume::Version { place: other, version: other_version }) => {
                std::ptr::eq(*place, *other) && version == other_version
            }
            (Assume::Global { cell, word }, Assume::Global { cell: other, word: other_word })
            | (Assume::OfModule { cell, word, .. }, Assume::OfModule { cell: other, word: other_word, .. }) => {
                Rc::ptr_eq(cell, other) && word == other_word
            }
            _ => false,
        }
    }

    /// What compiled code that assumes this has the address of.
    pub fn cell(&self) -> Option<Rc<GlobalCell>> {
        match self {
            Assume::Global { cell, .. } | Assume::OfModule { cell, .. } => Some(Rc::clone(cell)),
            _ => None,
        }
    }
}

impl Known {
    /// Of a function, with or without what its code has seen.
    pub fn of_function(function: &Function, code: &CodeObject, name: &str, with_feedback: bool, history: Option<&mut History>) -> Known {
        let mut tables = Tables::default();
        tables.assume(Assume::Nothing, "nothing");
        let failures = history.as_ref().map_or(0, |history| history.misled());
        let unit = tables.unit(function, code, name, with_feedback, history);
        tables.preloaded.codes = vec![unit];
        let options = options::get();
        if options.inliner {
            tables.preload_callees(code, with_feedback);
        }
        tables.preloaded.inlining = InliningLimits { budget: options.inliner_cost_limit as usize, depth: options.inliner_depth_limit as usize };
        let Tables { mut preloaded, types, objects, classes, arrays, assumptions, cells, numbered_cells, callees, .. } = tables;
        preloaded.classes = Arc::new(types);
        preloaded.inline_budget = Some(crate::hot::inline_budget(code, failures));
        Known { preloaded, objects, classes, arrays, assumptions, cells, numbered_cells, callees: callees.found }
    }
}

impl Tables {
    /// What there is to know of the code of a function.
    fn unit(&mut self, function: &Function, code: &CodeObject, name: &str, with_feedback: bool, history: Option<&mut History>) -> CodeUnit {
        let constants = code.constants.iter().map(|constant| self.single_value(constant.borrow())).collect();
        let mut data = code.without_constants();
        // Only their number and types matter, and names of arguments.
        data.constants = code.constants.iter().map(|constant| names_in(constant.borrow())).collect();
        let mut unit = CodeUnit { constants, ..CodeUnit::new(Arc::new(data), name) };
        let scope = function.globals.borrow().downcast_exact::<Dict>().zip(function.builtins.borrow().downcast_exact::<Dict>());
        if let Some((globals, builtins)) = scope {
            (unit.globals, unit.cells) = self.globals(code, globals, builtins, with_feedback, history.as_deref());
            if with_feedback && code.runs_copy() {
                let mut seen: Vec<Seen> = Feedback::of_code(code).iter().cloned().collect();
                let mut history = history;
                if let Some(history) = &mut history {
                    history.amend(&mut seen);
                }
                let name_of = |instr: &bytecode::Instr| {
                    let is_attribute = instr.opcode() == Some(bytecode::Opcode::LoadAttr);
                    is_attribute.then(|| code.names.get(instr.arg() as usize >> 1).copied()).flatten()
                };
                let sites = seen.iter().zip(&code.data.instructions);
                sites.clone().for_each(|(seen, instr)| self.meet_special_methods(*instr, seen));
                unit.feedback = sites.map(|(seen, instr)| self.seen(seen, name_of(instr))).collect();
                if let Some(history) = history {
                    unit.caught = history.caught();
                    history.amend_operands(&mut unit.feedback);
                    history.amend_numbers(&mut unit.feedback);
                    history.amend_unpacking(code, &mut unit.feedback);
                    history.amend_iteration(code, &mut unit.feedback);
                }
            }
        }
        unit
    }

    /// What is counted on in several places is one assumption: it is looked at once for all of them.
    fn assume(&mut self, assume: Assume, text: &str) -> AssumptionId {
        if let Some(index) = self.assumptions.iter().position(|known| known.is_same(&assume)) {
            return AssumptionId(index as u32);
        }
        self.assumptions.push(assume);
        self.preloaded.assumptions.push(Assumption { text: text.to_owned() });
        AssumptionId(self.assumptions.len() as u32 - 1)
    }

    // ---- values

    /// The type whose only value is this one.
    fn single_value(&mut self, value: Ref<'_>) -> Type {
        let leaf = leaf_of(value);
        if let Some(number) = value.as_small_int() {
            return Type::small_int(number);
        }
        if let Some(number) = value.as_small_float() {
            return leaf.specialized(Spec::Double(number.to_bits()));
        }
        if let Some(truth) = value.as_bool() {
            return Type::bool(truth);
        }
        if value.address().is_none() {
            return leaf;
        }
        if leaf == ty::BoxedFloat
            && let Some(number) = object::float::value(value)
        {
            return leaf.specialized(Spec::Double(number.to_bits()));
        }
        let id = self.object(value);
        Type::object(id, &self.types)
    }

    fn object(&mut self, value: Ref<'_>) -> ObjectId {
        if let Some(index) = self.objects.iter().position(|known| known.borrow().is(value)) {
            return ObjectId(index as u32);
        }
        let name = match value.downcast::<Class>() {
            Some(class) => class.get().name().to_owned(),
            None => value
                .downcast::<Function>()
                .map_or_else(|| format!("<{}>", value.class().name()), |function| function.code().qualname_text().into_owned()),
        };
        let id = self.types.add_object(ObjectInfo { name, ty: leaf_of(value), class: None });
        self.objects.push(value.to_owned());
        self.describe(id, value);
        id
    }

    /// Says what calls of an object do.
    fn describe(&mut self, id: ObjectId, value: Ref<'_>) {
        if let Some(function) = value.downcast_exact::<Function>() {
            let (function, code) = (function.get(), function.code());
            let assume = Assume::Version { place: function.version_place(), version: function.version() };
            let assumption = self.assume(assume, &format!("function {}", code.qualname_text()));
            let defaults = self.defaults(function);
            let keyword_only = self.keyword_only(function);
            let known = KnownFunction {
                code: None,
                assumption: Some(assumption),
                simple_arguments: code.bound_arguments().and(keyword_only.is_some().then_some(code.data.arg_count)),
                defaults,
                keyword_only: keyword_only.unwrap_or_default(),
                takes_rest: code.has_flag(CodeFlags::VARARGS),
                takes_keywords: code.has_flag(CodeFlags::VARKEYWORDS),
                returns: ty::Object,
            };
            self.preloaded.functions.insert(id, known);
            self.callees.meet(id, value);
            return;
        }
        if let Some(class) = value.downcast_exact::<Class>().filter(|class| class.get().is_heap_type()) {
            let class = class.get();
            if let Some(construction) = self.construction(class) {
                let known = KnownClass { class: self.class(class), construction: Some(construction) };
                self.preloaded.known_classes.insert(id, known);
            }
            return;
        }
        if let Some(instances) = value.downcast_exact::<Class>().and_then(|class| crate::classify::instances_of(class.get())) {
            self.preloaded.builtin_classes.insert(id, instances);
        }
        if let Some((kind, arguments, returns)) = native_kind(value) {
            let native = KnownNative { kind, arguments, returns, is_leaf: false, leaf_arguments: Vec::new() };
            self.preloaded.natives.insert(id, native);
        }
    }

    /// The defaults of a function's last positional parameters.
    fn defaults(&mut self, function: &Function) -> Vec<Type> {
        let Some(defaults) = function.defaults.get() else { return Vec::new() };
        let Some(defaults) = defaults.borrow().downcast_exact::<Tuple>() else { return Vec::new() };
        let is_of_parameters = defaults.len() <= function.code().data.arg_count as usize;
        defaults.items().iter().filter(|_| is_of_parameters).map(|default| self.single_value(*default)).collect()
    }

    /// The defaults of a function's parameters by name only; `None` if they may change unnoticed.
    fn keyword_only(&mut self, function: &Function) -> Option<Vec<Option<Type>>> {
        let code = function.code();
        let (first, n) = (code.data.arg_count as usize, code.data.keyword_only_count as usize);
        let Some(defaults) = function.keyword_defaults.get().filter(|_| n > 0) else { return Some(vec![None; n]) };
        let defaults = defaults.borrow().downcast_exact::<Dict>().filter(|_| !function.are_keyword_defaults_shared.get())?;
        let names = code.local_names.get(first..first + n)?;
        Some(names.iter().map(|name| defaults.get_interned(*name).map(|default| self.single_value(default))).collect())
    }

    /// How a call makes an instance, if a Python function sets it up.
    fn construction(&mut self, class: &Class) -> Option<Construction> {
        let init = object::type_new::plain_init(class)?;
        let is_of_object = object::class::OBJECT.lookup(object::names::__init__()).is_some_and(|own| own.is(init));
        if !is_of_object && init.downcast_exact::<Function>()?.get().code().has_flag(CodeFlags::SUSPENDS) {
            return None;
        }
        let (version, id) = (class.version(), self.class(class));
        if version == 0 || class.has_finalizer() {
            return None;
        }
        let init = (!is_of_object).then(|| self.object(init));
        Some(Construction { shape: self.shape(class.root_shape(), id), init, assumption: self.class_version(class, version) })
    }

    fn class(&mut self, class: &Class) -> ClassId {
        if let Some(index) = self.classes.iter().position(|known| known.borrow().is(class.object())) {
            return ClassId(index as u32);
        }
        let leaf = leaf_of_class(class);
        let is_leaf = !class.is_heap_type()
            && !class.has_attributes()
            && leaf != ty::ObjectUser
            && crate::classify::class_of_leaf(leaf).is_some_and(|own| std::ptr::eq(own, class));
        let (exact, instances) = match leaf {
            _ if std::ptr::eq(class, &object::int::INT) => (ty::LongExact, ty::Long),
            _ if std::ptr::eq(class, &object::float::FLOAT) => (ty::FloatExact, ty::Float),
            _ => (leaf, leaf),
        };
        let id = self.types.add_class(ClassInfo { name: class.name().to_owned(), mro: Vec::new(), exact, instances, is_leaf });
        self.classes.push(class.to_object());
        let mro = class.mro_types().filter(|base| base.is_heap_type()).map(|base| self.class(base)).collect();
        self.types.classes[id.0 as usize].mro = mro;
        if !self.types.classes[id.0 as usize].mro.contains(&id) {
            self.types.classes[id.0 as usize].mro.insert(0, id);
        }
        id
    }

    fn shape(&mut self, number: u32, class: ClassId) -> ShapeId {
        if let Some(index) = self.types.shapes.iter().position(|known| known.number == number) {
            return ShapeId(index as u32);
        }
        self.types.add_shape(ShapeInfo { number, class })
    }

    // ---- names

    /// Notes where global names are, and which of them have values that hardly change.
    fn globals(
        &mut self,
        code: &CodeObject,
        globals: RefOf<'_, Dict>,
        builtins: RefOf<'_, Dict>,
        are_constant: bool,
        history: Option<&History>,
    ) -> (BTreeMap<u32, GlobalValue>, BTreeMap<u32, u32>) {
        let (mut constant, mut cells) = (BTreeMap::new(), BTreeMap::new());
        let loads = code.data.instructions.iter().zip(0u32..).filter(|(instr, _)| instr.opcode() == Some(bytecode::Opcode::LoadGlobal));
        // Whether each has had another value several times.
        let mut indices: BTreeMap<u32, bool> = BTreeMap::new();
        for (instr, site) in loads {
            *indices.entry(instr.arg() >> 1).or_default() |= history.is_some_and(|history| history.is_name_blamed(site));
        }
        for (index, is_blamed) in indices {
            let name = code.names[index as usize];
            let Some(cell) = global_cell(globals, builtins, name) else { continue };
            self.cells.insert((self.callees.at(), index), Rc::clone(&cell));
            let Some(value) = cell.value() else { continue };
            cells.insert(index, self.cell_number(&cell));
            if !are_constant || is_blamed {
                continue;
            }
            let assume = Assume::Global { cell: Rc::clone(&cell), word: value.borrow().bits() };
            if let Some(global) = self.kept(assume, name, value.borrow()) {
                constant.insert(index, global);
            }
        }
        (constant, cells)
    }

    /// One number for each cell.
    fn cell_number(&mut self, cell: &Rc<GlobalCell>) -> u32 {
        let known = self.numbered_cells.iter().position(|known| Rc::ptr_eq(known, cell));
        known.unwrap_or_else(|| {
            self.numbered_cells.push(Rc::clone(cell));
            self.numbered_cells.len() - 1
        }) as u32
    }

    /// A name with a value that names keep, as a rule: functions, classes, modules. (Of others [`object::assumed`] is not told.)
    fn kept(&mut self, assume: Assume, name: Ref<'_>, value: Ref<'_>) -> Option<GlobalValue> {
        let leaf = leaf_of(value);
        let kept = [ty::Func, ty::BuiltinFunction, ty::Module, ty::TypeExact, ty::TypeUser];
        if !kept.contains(&leaf) {
            return None;
        }
        let assumption = self.assume(assume, &format!("global {}", name.downcast::<object::str::Str>()?.to_string_lossy()));
        Some(GlobalValue { value: self.single_value(value), assumption })
    }

    // ---- what was seen

    /// What an instruction, whose operand is this name if it is of an attribute, has seen.
    fn seen(&mut self, seen: &Seen, name: Option<Ref<'_>>) -> environment::Seen {
        use environment::Seen as Told;
        match seen {
            Seen::NeverRun => Told::NeverRun,
            Seen::Unrecorded | Seen::Global { .. } => Told::Unrecorded,
            Seen::Super(owners) => {
                let owners: Option<Vec<environment::SuperOwner>> = owners.iter().map(|owner| self.super_owner(owner)).collect();
                let super_type = self.object(object::super_object::SUPER.object());
                owners.map_or(Told::Unrecorded, |owners| Told::Super { super_type, owners })
            }
            Seen::OfModule { module, value } => self.of_module(name, module.borrow(), value.borrow()).unwrap_or(Told::Unrecorded),
            Seen::Megamorphic | Seen::General(_) => Told::Megamorphic,
            Seen::Operands(left, right) => Told::Operands(self.kind(left), self.kind(right)),
            Seen::Attribute(owners) => {
                let owners: Option<Vec<environment::Owner>> = owners.iter().map(|owner| self.owner(owner)).collect();
                owners.map_or(Told::Unrecorded, Told::Attribute)
            }
            Seen::OfClass { class, value } => {
                let Some(class) = class.borrow().downcast::<Class>() else { return Told::Unrecorded };
                let assumption = self.class_version(class.get(), class.get().version());
                Told::OfClass { class: self.object(class.object()), value: self.single_value(value.borrow()), assumption }
            }
            Seen::ClassMethod { class, function } => {
                let Some(class) = class.borrow().downcast::<Class>() else { return Told::Unrecorded };
                let assumption = self.class_version(class.get(), class.get().version());
                Told::ClassMethod { class: self.object(class.object()), function: self.object(function.borrow()), assumption }
            }
            Seen::Iterator(kind) => Told::Iterator(self.kind(kind)),
            Seen::Callee { value, with_owner } => Told::Callee { value: self.object(value.borrow()), with_owner: *with_owner },
        }
    }

    /// A name of a module with a value that hardly changes.
    fn of_module(&mut self, name: Option<Ref<'_>>, module: Ref<'_>, value: Ref<'_>) -> Option<environment::Seen> {
        let (dict, name) = (namespace_of(module)?, name?);
        let cell = global_cell(dict, dict, name)?;
        if !cell.value().is_some_and(|now| now.borrow().is(value)) {
            return None;
        }
        let assume = Assume::OfModule { cell, word: value.bits(), module: module.bits(), name: name.bits() };
        let GlobalValue { value, assumption } = self.kept(assume, name, value)?;
        Some(environment::Seen::OfModule { module: self.object(module), value, assumption })
    }

    fn kind(&mut self, kind: &Kind) -> Type {
        match kind {
            Kind::Int => ty::SmallInt,
            Kind::Float => ty::FloatExact,
            Kind::Str => ty::UnicodeExact,
            Kind::List => ty::ListExact,
            Kind::Tuple => ty::TupleExact,
            Kind::Dict => ty::DictExact,
            Kind::ListIterator => ty::ListIterator,
            Kind::TupleIterator => ty::TupleIterator,
            Kind::RangeIterator => ty::RangeIterator,
            Kind::Generator => ty::Gen,
            Kind::Flat(items, kind) => self.array(items, *kind),
            Kind::Other(class) => match class.borrow().downcast::<Class>() {
                Some(class) if class.get().is_heap_type() => {
                    let id = self.class(class.get());
                    Type::class_exact(id, &self.types)
                }
                Some(class) => told_of_class(class.get()),
                None => ty::Object,
            },
            Kind::Unknown => ty::Object,
        }
    }

    /// Arrays of one kind of machine numbers.
    fn array(&mut self, items: &'static FlatItems, kind: usize) -> Type {
        let Some(form) = items.kinds[kind].form else { return ty::Object };
        let found = self.arrays.iter().find(|(_, known, known_kind)| std::ptr::eq(*known, items) && *known_kind == kind).map(|(id, ..)| *id);
        let id = found.unwrap_or_else(|| {
            let base = self.class(items.class);
            let name = format!("{} of {form:?}", items.class.name());
            let id = self.types.add_class(ClassInfo { name, mro: Vec::new(), exact: ty::Array, instances: ty::Array, is_leaf: false });
            self.types.classes[id.0 as usize].mro = vec![id, base];
            self.classes.push(items.class.to_object());
            self.arrays.push((id, items, kind));
            self.preloaded.arrays.insert(id, crate::classify::item_kind(form));
            id
        });
        Type::class_exact(id, &self.types)
    }

    fn class_version(&mut self, class: &Class, version: u32) -> AssumptionId {
        self.class(class);
        self.assume(Assume::Version { place: class.version_place(), version }, &format!("class {}", class.name()))
    }

    fn super_owner(&mut self, owner: &SuperOwner) -> Option<environment::SuperOwner> {
        let class = owner.class.borrow().downcast::<Class>()?;
        let assumption = self.class_version(class.get(), owner.version);
        let receiver = if owner.is_class {
            environment::Receiver::Class(self.object(class.object()))
        } else {
            environment::Receiver::Instance(self.class(class.get()))
        };
        let place = match &owner.place {
            Place::Method(function) => environment::Place::Method(self.object(function.borrow())),
            Place::Value(value) if value.borrow().address().is_some() => environment::Place::Value(self.object(value.borrow())),
            _ => environment::Place::General,
        };
        Some(environment::SuperOwner { start: self.object(owner.start.borrow()), receiver, assumption, place })
    }

    fn owner(&mut self, owner: &Owner) -> Option<environment::Owner> {
        let class = owner.class.borrow().downcast::<Class>()?;
        // Values in words have no shape, and arrays are known by their kind.
        if owner.shape == 0 || class.get().spec().flat.is_some() && !class.get().is_heap_type() {
            return None;
        }
        let id = self.class(class.get());
        let shape = self.shape(owner.shape, id);
        let assumption = self.class_version(class.get(), owner.version);
        // Members of `__slots__` lie before the attributes that the shape names; they may be unset.
        let is_member = |offset: &u32| (*offset as usize) < class.get().basic_size();
        let place = match &owner.place {
            Place::Slot { offset } | Place::Added { offset, .. } if is_member(offset) => environment::Place::General,
            Place::Slot { offset } => environment::Place::Slot { offset: *offset },
            Place::Added { offset, shape } => environment::Place::Added { offset: *offset, shape: self.shape(*shape, id) },
            Place::Method(function) => environment::Place::Method(self.object(function.borrow())),
            Place::Value(value) if value.borrow().address().is_some() => environment::Place::Value(self.object(value.borrow())),
            Place::Function(function) => environment::Place::Getter(self.object(function.borrow())),
            Place::Value(_) | Place::General => environment::Place::General,
        };
        Some(environment::Owner { class: id, shape, assumption, place })
    }
}

/// What is told of operands of a builtin class.
fn told_of_class(class: &Class) -> Type {
    let told: [(&Class, Type); 3] =
        [(&object::int::BOOL, ty::Bool), (&object::singleton::NONE_TYPE, ty::NoneType), (&builtins::set::SET, ty::SetExact)];
    told.into_iter().find(|(known, _)| std::ptr::eq(*known, class)).map_or(ty::Object, |(_, ty)| ty)
}

/// What natives the compiler has rules for: kind, number of arguments, type of the result.
fn native_kind(value: Ref<'_>) -> Option<(NativeKind, u32, Type)> {
    if value.is(object::class::TYPE.object()) {
        return Some((NativeKind::TypeOf, 1, ty::Type));
    }
    if object::class::OBJECT.lookup(object::names::__init__()).is_some_and(|init| init.is(value)) {
        return Some((NativeKind::ObjectInit, 1, ty::NoneType));
    }
    if value.is(builtins::range::RANGE.object()) {
        return Some((NativeKind::Range, 1, ty::Range));
    }
    if value.is(builtins::iterators::ENUMERATE.object()) {
        // None of its calls is one of a native function.
        return Some((NativeKind::Enumerate, 0, ty::Enumerate));
    }
    if let Some(method) = value.downcast_exact::<object::function::MethodDescriptor>() {
        let is_append = std::ptr::eq(method.get().class, &object::list::LIST) && method.get().info.method.name == "append";
        return is_append.then_some((NativeKind::ListAppend, 2, ty::NoneType));
    }
    let function = value.downcast_exact::<object::function::BuiltinFunction>()?;
    match function.get().info.method.name {
        "len" => Some((NativeKind::Len, 1, ty::LongExact)),
        "isinstance" => Some((NativeKind::IsInstance, 2, ty::Bool)),
        "min" => Some((NativeKind::Min, 2, ty::Object)),
        "max" => Some((NativeKind::Max, 2, ty::Object)),
        "abs" => Some((NativeKind::Abs, 1, ty::Object)),
        name => {
            let is_of_math = function
                .get()
                .module
                .get()
                .is_some_and(|module| module.borrow().downcast::<Str>().is_some_and(|name| &*name.to_string_lossy() == "math"));
            let kind = match name {
                "sqrt" => NativeKind::SquareRoot,
                "sin" => NativeKind::Sine,
                "cos" => NativeKind::Cosine,
                _ => return None,
            };
            is_of_math.then_some((kind, 1, ty::FloatExact))
        }
    }
}

/// A tuple of names as plain data; anything else is `None`.
fn names_in(constant: Ref<'_>) -> bytecode::Constant {
    let name = |item: &Ref<'_>| Some(bytecode::Constant::Str(item.downcast_exact::<Str>()?.to_string_lossy().as_ref().into()));
    let names: Option<Vec<bytecode::Constant>> = constant.downcast_exact::<Tuple>().and_then(|tuple| tuple.items().iter().map(name).collect());
    names.map_or(bytecode::Constant::None, bytecode::Constant::Tuple)
}
