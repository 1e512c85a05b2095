//! What a test of the builder says of classes, callees and feedback: lines of its Python file that begin with `#: `.
//!
//! ```text
//! #: entries loops | handlers | head N       how control may come in; `any`: owners that were not seen are looked up
//! #: arguments TYPE, ...                     types of parameters
//! #: array NAME KIND                         arrays of one kind of machine numbers; its number is that of its line among such lines and classes
//! #: class NAME                              a class; those of `list`, `int`, ... are there
//! #: shape NAME CLASS                        a layout of its instances
//! #: function NAME N = TYPE                  a Python function of N positional parameters, and what it returns
//! #: defaults NAME TYPE, ...                 its defaults
//! #: by_name NAME TYPE, ...                  its parameters by name only, which have these defaults; `-`: none
//! #: beyond NAME rest | keywords             it takes them
//! #: caught N                                exceptions of the instruction go to its handler
//! #: code NAME                               the code of a function of that name is known
//! #: native NAME KIND N = TYPE               a native function; `leaf NAME N = TYPE : TYPE, ...` one that runs no Python
//! #: object NAME TYPE                        any object
//! #: instances NAME TYPE                     a builtin class, and what its instances are
//! #: constructs CLASS SHAPE FUNCTION         calls of the class allocate that shape and call that function (or `-`)
//! #: see OPCODE[#N] WHAT                     what all, or the N-th, of these instructions have seen
//! ```
//!
//! An object with the name of a global is its value. `WHAT`: `operands T, T`; `owners OWNER | ...` with an owner `SHAPE PLACE` or `CLASS PLACE`, a
//! place `slot N`, `added N SHAPE`, `method OBJECT`, `value OBJECT`, `getter OBJECT` or `general`; `of_class OBJECT OBJECT`; `of_module OBJECT OBJECT`;
//! `behind CLASS RECEIVER | ...` with a receiver `CLASS PLACE` or `class CLASS PLACE`; `iterator T`; `callee OBJECT` or `callee_of_owner OBJECT`; `nothing`; `much`.

use bytecode::{Code, Opcode};
use hir::builder::{LoopEntries, Misses, Options};
use hir::environment::{
    Assumption, AssumptionId, CodeUnit, Construction, GlobalValue, ItemKind, KnownClass, KnownFunction, KnownNative, NativeKind, Owner, Place,
    Preloaded, Receiver, Seen, SuperOwner,
};
use hir::text::Cursor;
use hir::types::{ClassId, ClassInfo, Classes, ObjectId, ObjectInfo, ShapeId, ShapeInfo};
use hir::{CodeId, Type, ty};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The environment of a test.
pub struct Scene {
    pub preloaded: Preloaded,
    pub options: Options,
}

struct Reader {
    module: Code,
    extra: Vec<CodeUnit>,
    classes: Classes,
    class_ids: BTreeMap<String, ClassId>,
    shapes: BTreeMap<String, ShapeId>,
    objects: BTreeMap<String, ObjectId>,
    preloaded: Preloaded,
    unit: CodeUnit,
    options: Options,
}

/// Reads the lines of a test whose function has this code.
pub fn read(source: &str, module: Code, code: Code) -> Scene {
    let code = Arc::new(code);
    let preloaded = Preloaded::of_code(Arc::clone(&code), &format!("test:{}", code.qualname));
    let (classes, unit) = (Classes::clone(&preloaded.classes), preloaded.codes[0].clone());
    let (class_ids, shapes, objects) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut reader = Reader { module, extra: Vec::new(), classes, class_ids, shapes, objects, preloaded, unit, options: Options::default() };
    for line in source.lines().filter_map(|line| line.strip_prefix("#: ")) {
        reader.line(line);
    }
    reader.finish()
}

fn pair<'a>(text: &'a str, separator: &str) -> (&'a str, &'a str) {
    let (left, right) = text.split_once(separator).unwrap_or_else(|| panic!("`{text}` has no `{separator}`"));
    (left.trim(), right.trim())
}

fn number(text: &str) -> u32 {
    text.trim().parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

fn type_of(text: &str) -> Type {
    Type::parse(&mut Cursor::new(text.trim())).unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

fn types(text: &str) -> Vec<Type> {
    text.split(',').map(type_of).collect()
}

/// Classes that are in every program: leaf of exact instances, leaf of all.
fn builtin(name: &str) -> Option<(Type, Type)> {
    Some(match name {
        "list" => (ty::ListExact, ty::List),
        "tuple" => (ty::TupleExact, ty::Tuple),
        "dict" => (ty::DictExact, ty::Dict),
        "str" => (ty::UnicodeExact, ty::Unicode),
        "int" => (ty::LongExact, ty::Long),
        "float" => (ty::FloatExact, ty::Float),
        _ => return None,
    })
}

impl Reader {
    fn line(&mut self, line: &str) {
        let (what, rest) = line.split_once(' ').unwrap_or((line, ""));
        match what {
            "entries" => self.entries(rest),
            "arguments" => self.unit.arguments = types(rest),
            "class" => {
                let class = self.classes.add_class(ClassInfo::user(rest, Vec::new()));
                self.class_ids.insert(rest.to_owned(), class);
            }
            "array" => {
                let (name, kind) = pair(rest, " ");
                let info = ClassInfo { name: name.to_owned(), mro: Vec::new(), exact: ty::Array, instances: ty::Array, is_leaf: false };
                let class = self.classes.add_class(info);
                let kind = ItemKind::ALL.iter().find(|known| format!("{known:?}") == kind).expect("a kind of items");
                self.preloaded.arrays.insert(class, *kind);
            }
            "instances" => {
                let (name, instances) = pair(rest, " ");
                let object = self.object(name, ty::TypeExact);
                self.preloaded.builtin_classes.insert(object, type_of(instances));
            }
            "shape" => {
                let (name, class) = pair(rest, " ");
                let class = self.class(class);
                let shape = self.classes.add_shape(ShapeInfo { number: 100 + self.shapes.len() as u32, class });
                self.shapes.insert(name.to_owned(), shape);
            }
            "function" => self.function(rest),
            "defaults" => {
                let (name, defaults) = pair(rest, " ");
                let object = self.known(name);
                self.preloaded.functions.get_mut(&object).expect("functions come first").defaults = types(defaults);
            }
            "by_name" | "beyond" => self.more_parameters(rest),
            "caught" => drop(self.unit.caught.insert(number(rest))),
            "code" => self.code(rest),
            "native" => {
                let (head, returns) = pair(rest, "=");
                let words: Vec<&str> = head.split_whitespace().collect();
                self.native(words[0], kind(words[1]), number(words[2]), type_of(returns), None);
            }
            "leaf" => {
                let (head, tail) = pair(rest, "=");
                let ((name, count), (returns, takes)) = (pair(head, " "), pair(tail, ":"));
                self.native(name, NativeKind::Other, number(count), type_of(returns), Some(types(takes)));
            }
            "object" => {
                let (name, known) = pair(rest, " ");
                self.object(name, type_of(known));
            }
            "constructs" => self.constructs(rest),
            "see" => self.see(rest),
            _ => panic!("`{line}` says nothing"),
        }
    }

    fn entries(&mut self, text: &str) {
        match text {
            "loops" => self.options.loops = LoopEntries::All,
            "handlers" => self.options.handlers = true,
            "any" => self.options.misses = Misses::LookUp,
            _ => self.options = Options::on_stack_replacement(number(pair(text, " ").1)),
        }
    }

    fn class(&mut self, name: &str) -> ClassId {
        if let Some(class) = self.class_ids.get(name) {
            return *class;
        }
        let (exact, instances) = builtin(name).unwrap_or_else(|| panic!("no class `{name}`"));
        let class = self.classes.add_class(ClassInfo { name: name.to_owned(), mro: Vec::new(), exact, instances, is_leaf: true });
        self.class_ids.insert(name.to_owned(), class);
        class
    }

    fn shape(&self, name: &str) -> ShapeId {
        *self.shapes.get(name).unwrap_or_else(|| panic!("no shape `{name}`"))
    }

    fn object(&mut self, name: &str, ty: Type) -> ObjectId {
        let classes = &mut self.classes;
        *self.objects.entry(name.to_owned()).or_insert_with(|| classes.add_object(ObjectInfo { name: name.to_owned(), ty, class: None }))
    }

    fn known(&self, name: &str) -> ObjectId {
        *self.objects.get(name).unwrap_or_else(|| panic!("no object `{name}`"))
    }

    fn assumption(&mut self, text: &str) -> AssumptionId {
        let assumptions = &mut self.preloaded.assumptions;
        assumptions.push(Assumption { text: text.to_owned() });
        AssumptionId(assumptions.len() as u32 - 1)
    }

    fn function(&mut self, text: &str) {
        let ((head, returns), assumption) = (pair(text, "="), self.assumption(text));
        let (name, count) = pair(head, " ");
        let object = self.object(name, ty::Func);
        let known = KnownFunction {
            code: None,
            assumption: Some(assumption),
            simple_arguments: Some(number(count)),
            defaults: Vec::new(),
            keyword_only: Vec::new(),
            takes_rest: false,
            takes_keywords: false,
            returns: type_of(returns),
        };
        self.preloaded.functions.insert(object, known);
    }

    fn more_parameters(&mut self, text: &str) {
        let (name, what) = pair(text, " ");
        let object = self.known(name);
        let known = self.preloaded.functions.get_mut(&object).expect("functions come first");
        match what {
            "rest" => known.takes_rest = true,
            "keywords" => known.takes_keywords = true,
            _ => known.keyword_only = what.split(',').map(|default| (default.trim() != "-").then(|| type_of(default))).collect(),
        }
    }

    /// The code of a function of the test's file.
    fn code(&mut self, name: &str) {
        let code = super::find(&self.module, name).unwrap_or_else(|| panic!("no code of `{name}`")).clone();
        self.extra.push(CodeUnit::new(Arc::new(code), name));
        let object = self.known(name);
        self.preloaded.functions.get_mut(&object).expect("functions come first").code = Some(CodeId(self.extra.len() as u32));
    }

    fn native(&mut self, name: &str, kind: NativeKind, arguments: u32, returns: Type, takes: Option<Vec<Type>>) {
        let of_class = matches!(kind, NativeKind::Range | NativeKind::Enumerate | NativeKind::TypeOf);
        let object = self.object(name, if of_class { ty::TypeExact } else { ty::BuiltinFunction });
        let known = KnownNative { kind, arguments, returns, is_leaf: takes.is_some(), leaf_arguments: takes.unwrap_or_default() };
        self.preloaded.natives.insert(object, known);
    }

    /// The object of a class.
    fn class_object(&mut self, name: &str) -> ObjectId {
        let class = self.class(name);
        let object = self.object(name, ty::TypeExact);
        self.preloaded.known_classes.entry(object).or_insert(KnownClass { class, construction: None });
        object
    }

    fn constructs(&mut self, text: &str) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let object = self.class_object(words[0]);
        if let [_, shape, init] = *words.as_slice() {
            let init = (init != "-").then(|| self.known(init));
            let construction = Construction { shape: self.shape(shape), init, assumption: self.assumption(text) };
            self.preloaded.known_classes.get_mut(&object).expect("it was just made").construction = Some(construction);
        }
    }

    fn see(&mut self, text: &str) {
        let (site, what) = text.split_once(' ').unwrap_or_else(|| panic!("`{text}` sees nothing"));
        let (name, wanted) = site.split_once('#').map_or((site, None), |(name, index)| (name, Some(number(index))));
        let opcode = Opcode::from_name(name).unwrap_or_else(|| panic!("no opcode `{name}`"));
        let seen = self.seen(what);
        let instructions = self.unit.code.instructions.clone();
        self.unit.feedback.resize(instructions.len(), Seen::Unrecorded);
        let sites = instructions.iter().enumerate().filter(|(_, instruction)| instruction.opcode() == Some(opcode));
        for (count, (at, _)) in sites.enumerate() {
            if wanted.is_none_or(|wanted| wanted == count as u32) {
                self.unit.feedback[at] = seen.clone();
            }
        }
    }

    fn seen(&mut self, text: &str) -> Seen {
        let (what, rest) = text.split_once(' ').unwrap_or((text, ""));
        match what {
            "nothing" => Seen::NeverRun,
            "much" => Seen::Megamorphic,
            "operands" => {
                let types = types(rest);
                Seen::Operands(types[0], types[1])
            }
            "iterator" => Seen::Iterator(type_of(rest)),
            "owners" => Seen::Attribute(rest.split('|').map(|owner| self.owner(owner.trim())).collect()),
            "callee" => Seen::Callee { value: self.known(rest), with_owner: false },
            "callee_of_owner" => Seen::Callee { value: self.known(rest), with_owner: true },
            "of_class" => {
                let (class, value) = pair(rest, " ");
                let value = Type::object(self.known(value), &self.classes);
                Seen::OfClass { class: self.known(class), value, assumption: self.assumption(text) }
            }
            "class_method" => {
                let (class, function) = pair(rest, " ");
                Seen::ClassMethod { class: self.known(class), function: self.known(function), assumption: self.assumption(text) }
            }
            "behind" => {
                let (start, rest) = pair(rest, " ");
                let start = self.class_object(start);
                let owners = rest.split('|').map(|owner| self.super_owner(start, owner.trim())).collect();
                Seen::Super { super_type: self.known("super"), owners }
            }
            "of_module" => {
                let (module, value) = pair(rest, " ");
                let value = Type::object(self.known(value), &self.classes);
                Seen::OfModule { module: self.known(module), value, assumption: self.assumption(text) }
            }
            _ => panic!("nothing sees `{text}`"),
        }
    }

    fn super_owner(&mut self, start: ObjectId, text: &str) -> SuperOwner {
        let words: Vec<&str> = text.split_whitespace().collect();
        let assumption = self.assumption(text);
        let (receiver, rest) = match words.as_slice() {
            ["class", class, rest @ ..] => (Receiver::Class(self.class_object(class)), rest),
            [class, rest @ ..] => (Receiver::Instance(self.class(class)), rest),
            [] => panic!("no receiver in `{text}`"),
        };
        let place = match rest {
            ["method", method] => Place::Method(self.known(method)),
            ["value", value] => Place::Value(self.known(value)),
            _ => Place::General,
        };
        SuperOwner { start, receiver, assumption, place }
    }

    fn owner(&mut self, text: &str) -> Owner {
        let words: Vec<&str> = text.split_whitespace().collect();
        let assumption = self.assumption(text);
        let (class, shape) = match self.shapes.get(words[0]) {
            Some(shape) => (self.classes.shape(*shape).expect("shapes are in the tables").class, *shape),
            None => (self.class(words[0]), ShapeId(999)),
        };
        let place = match words[1] {
            "slot" => Place::Slot { offset: number(words[2]) },
            "added" => Place::Added { offset: number(words[2]), shape: self.shape(words[3]) },
            "method" => Place::Method(self.known(words[2])),
            "value" => Place::Value(self.known(words[2])),
            "getter" => Place::Getter(self.known(words[2])),
            "general" => Place::General,
            _ => panic!("no place in `{text}`"),
        };
        Owner { class, shape, assumption, place }
    }

    fn finish(mut self) -> Scene {
        let names = self.unit.code.names.clone();
        for (index, name) in names.iter().enumerate() {
            if let Some(object) = self.objects.get(name).copied() {
                let assumption = self.assumption(&format!("global {name}"));
                let value = Type::object(object, &self.classes);
                self.unit.globals.insert(index as u32, GlobalValue { value, assumption });
            }
        }
        self.preloaded.classes = Arc::new(self.classes);
        self.preloaded.codes = vec![self.unit];
        self.preloaded.codes.append(&mut self.extra);
        Scene { preloaded: self.preloaded, options: self.options }
    }
}

fn kind(name: &str) -> NativeKind {
    match name {
        "Len" => NativeKind::Len,
        "IsInstance" => NativeKind::IsInstance,
        "TypeOf" => NativeKind::TypeOf,
        "ListAppend" => NativeKind::ListAppend,
        "Range" => NativeKind::Range,
        "Enumerate" => NativeKind::Enumerate,
        "ObjectInit" => NativeKind::ObjectInit,
        "SquareRoot" => NativeKind::SquareRoot,
        "Sine" => NativeKind::Sine,
        "Cosine" => NativeKind::Cosine,
        "Abs" => NativeKind::Abs,
        "Min" => NativeKind::Min,
        "Max" => NativeKind::Max,
        "Other" => NativeKind::Other,
        _ => panic!("no kind `{name}`"),
    }
}
