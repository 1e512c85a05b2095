//! Calls: the arguments of a call, and how a native function's signature binds them.

use crate::class::Type;
use crate::collector::AddressHasher;
use crate::exception;
use crate::native::{Method, Native};
use crate::str::Str;
use crate::tuple::Tuple;
use crate::value::{Object, Ref, RefOf};
use crate::vm::{PyResult, Vm};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

/// The arguments of a call: positional ones, then the values of keyword arguments, whose names are
/// in a tuple of strings.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    values: &'a [Ref<'a>],
    names: Option<RefOf<'a, Tuple>>,
}

impl<'a> Args<'a> {
    pub const NONE: Args<'static> = Args { values: &[], names: None };

    #[inline]
    pub fn positional(values: &'a [Ref<'a>]) -> Args<'a> {
        Args { values, names: None }
    }

    /// `names` has the names of the last values, in order.
    #[inline]
    pub fn new(values: &'a [Ref<'a>], names: Option<RefOf<'a, Tuple>>) -> Args<'a> {
        debug_assert!(names.is_none_or(|names| names.len() <= values.len()));
        Args { values, names: names.filter(|names| !names.is_empty()) }
    }

    #[inline]
    pub fn n_keywords(&self) -> usize {
        self.names.map_or(0, |names| names.len())
    }

    #[inline]
    pub fn n_positional(&self) -> usize {
        self.values.len() - self.n_keywords()
    }

    #[inline]
    pub fn has_keywords(&self) -> bool {
        self.names.is_some()
    }

    #[inline]
    pub fn positionals(&self) -> &'a [Ref<'a>] {
        &self.values[..self.n_positional()]
    }

    /// Positional and keyword values.
    #[inline]
    pub fn values(&self) -> &'a [Ref<'a>] {
        self.values
    }

    pub fn names(&self) -> Option<RefOf<'a, Tuple>> {
        self.names
    }

    /// The keyword arguments, in the order of the call.
    pub fn keywords(&self) -> impl Iterator<Item = (Ref<'a>, Ref<'a>)> + use<'a> {
        let names: &'a [Ref<'a>] = match self.names {
            Some(names) => names.get().items(),
            None => &[],
        };
        names.iter().copied().zip(self.values[self.n_positional()..].iter().copied())
    }

    /// The keyword arguments as a dict, if there are any.
    pub fn keyword_dict(&self, vm: &mut Vm) -> PyResult<Option<Object>> {
        if !self.has_keywords() {
            return Ok(None);
        }
        let dict = vm.new_dict();
        for (name, value) in self.keywords() {
            dict.set(vm, name, value.to_owned())?;
        }
        Ok(Some(dict.into_object()))
    }

    /// The value of one keyword argument.
    pub fn keyword(&self, name: &str) -> Option<Ref<'a>> {
        self.keywords().find(|(key, _)| key.downcast::<Str>().is_some_and(|key| key.as_str() == Some(name))).map(|(_, value)| value)
    }

    /// The arguments after the first `n` positional ones.
    #[must_use]
    pub fn skip(&self, n: usize) -> Args<'a> {
        Args { values: &self.values[n..], names: self.names }
    }

    /// Calls `each` with these arguments and `first` before them.
    pub fn with_first<T>(&self, first: Ref<'_>, each: impl FnOnce(Args<'_>) -> T) -> T {
        let mut small = [Ref::NONE; 8];
        if self.values.len() < small.len() {
            // The array is reborrowed at the shorter lifetime of what goes into it.
            let small: &mut [Ref<'_>] = &mut small;
            small[0] = first;
            small[1..=self.values.len()].copy_from_slice(self.values);
            return each(Args { values: &small[..=self.values.len()], names: self.names });
        }
        let mut all = Vec::with_capacity(self.values.len() + 1);
        all.push(first);
        all.extend_from_slice(self.values);
        each(Args { values: &all, names: self.names })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    PositionalOnly,
    Either,
    KeywordOnly,
    VarPositional,
    VarKeyword,
}

#[derive(Debug)]
struct Parameter {
    name: &'static str,
    kind: Kind,
    optional: bool,
}

/// A native function's parameters, read from the text of its signature.
#[derive(Debug)]
pub struct Signature {
    parameters: Vec<Parameter>,
    /// Parameters that can be given by position.
    n_positional: usize,
    n_required: usize,
    var_positional: Option<usize>,
    var_keyword: Option<usize>,
}

/// Most parameters a native function has.
const MAX_PARAMETERS: usize = 24;

/// As many as nearly all native functions have.
const FEW_PARAMETERS: usize = 5;

impl Signature {
    /// Reads `"($self, a, b=1, /, *args, c, **kwargs)"`. `$self` and its like are left out.
    pub fn parse(text: &'static str) -> Signature {
        let inner = text.trim().strip_prefix('(').and_then(|text| text.split(") ->").next()).unwrap_or("");
        let inner = inner.trim_end().strip_suffix(')').unwrap_or(inner);
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut kind = Kind::Either;
        for part in split_parameters(inner) {
            match part {
                "" => {}
                "/" => parameters.iter_mut().for_each(|parameter| parameter.kind = Kind::PositionalOnly),
                "*" => kind = Kind::KeywordOnly,
                _ if part.starts_with('$') => {}
                _ => {
                    if let Some(name) = part.strip_prefix("**") {
                        parameters.push(Parameter { name, kind: Kind::VarKeyword, optional: true });
                    } else if let Some(name) = part.strip_prefix('*') {
                        parameters.push(Parameter { name, kind: Kind::VarPositional, optional: true });
                        kind = Kind::KeywordOnly;
                    } else {
                        let (name, default) = part.split_once('=').map_or((part, None), |(name, default)| (name, Some(default)));
                        parameters.push(Parameter { name: name.trim(), kind, optional: default.is_some() });
                    }
                }
            }
        }
        assert!(parameters.len() <= MAX_PARAMETERS, "{text} has too many parameters");
        let positional = |parameter: &&Parameter| matches!(parameter.kind, Kind::PositionalOnly | Kind::Either);
        Signature {
            n_positional: parameters.iter().filter(positional).count(),
            n_required: parameters.iter().filter(positional).filter(|parameter| !parameter.optional).count(),
            var_positional: parameters.iter().position(|parameter| parameter.kind == Kind::VarPositional),
            var_keyword: parameters.iter().position(|parameter| parameter.kind == Kind::VarKeyword),
            parameters,
        }
    }

    fn is_positional_only(&self) -> bool {
        self.parameters.iter().all(|parameter| parameter.kind == Kind::PositionalOnly)
    }
}

/// Splits at commas that are not inside brackets or quotes.
fn split_parameters(text: &'static str) -> Vec<&'static str> {
    let (mut parts, mut depth, mut start, mut quote) = (Vec::new(), 0, 0, None);
    for (index, char) in text.char_indices() {
        match (char, quote) {
            ('\'' | '"', None) => quote = Some(char),
            (_, Some(open)) if char == open => quote = None,
            ('(' | '[' | '{', None) => depth += 1,
            (')' | ']' | '}', None) => depth -= 1,
            (',', None) if depth == 0 => {
                parts.push(text[start..index].trim());
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

/// A native function with its signature, read when first needed. Lives as long as the process.
pub struct NativeInfo {
    pub method: &'static Method,
    /// The type that declares it, for names in error messages.
    pub class: Option<&'static Type>,
    signature: OnceCell<Signature>,
    /// How many arguments need no binding, since all parameters are positional ones and the others optional: least and most. No call
    /// has so many before the signature is read.
    arity: Cell<(u8, u8)>,
}

impl NativeInfo {
    pub fn leak(method: &'static Method, class: Option<&'static Type>) -> &'static NativeInfo {
        Box::leak(Box::new(NativeInfo { method, class, signature: OnceCell::new(), arity: Cell::new((u8::MAX, u8::MAX)) }))
    }

    /// Whether it is this function with two operands that is called.
    pub fn calls(&self, function: fn(&mut Vm, Ref<'_>, Ref<'_>) -> PyResult) -> bool {
        matches!(self.method.call, Native::Binary(called) if std::ptr::fn_addr_eq(called, function))
    }

    fn signature(&self) -> &Signature {
        self.signature.get_or_init(|| {
            let signature = Signature::parse(self.method.signature);
            if signature.n_positional == signature.parameters.len() && signature.n_positional <= FEW_PARAMETERS {
                self.arity.set((signature.n_required as u8, signature.n_positional as u8));
            }
            signature
        })
    }

    /// `list.append`, as messages about arguments show it.
    fn full_name(&self) -> String {
        match self.class {
            Some(class) => format!("{}.{}", class.name(), self.method.name),
            None => self.method.name.into(),
        }
    }

    /// How many arguments a [`Native::Bound`] function takes, least and most, if all its parameters are positional and few.
    pub fn few_parameters(&self) -> Option<(usize, usize)> {
        self.signature();
        let (least, most) = self.arity.get();
        (most != u8::MAX).then_some((usize::from(least), usize::from(most)))
    }

    /// Calls the function with fewer arguments than it has parameters, see [`NativeInfo::few_parameters`].
    #[inline(always)]
    pub fn call_with_few(&self, vm: &mut Vm, function: BoundFn, this: Ref<'_>, values: &[Ref<'_>]) -> PyResult {
        let mut slots = [None; FEW_PARAMETERS];
        for (slot, &value) in slots.iter_mut().zip(values) {
            *slot = Some(value);
        }
        function(vm, this, &slots[..usize::from(self.arity.get().1)])
    }

    /// Calls the function with positional arguments alone.
    #[inline(always)]
    pub fn call_positional(&self, vm: &mut Vm, this: Ref<'_>, values: &[Ref<'_>]) -> PyResult {
        match (self.method.call, values) {
            (Native::Unary(function), []) => function(vm, this),
            (Native::Binary(function), &[argument]) => function(vm, this, argument),
            (Native::Many(function), values) => function(vm, this, values),
            (Native::Bound(function), values) => {
                let (least, most) = self.arity.get();
                if values.len() == usize::from(most) {
                    return function(vm, this, Ref::as_options(values));
                }
                if values.len() < usize::from(least) || values.len() > usize::from(most) {
                    return self.call(vm, this, Args::positional(values));
                }
                self.call_with_few(vm, function, this, values)
            }
            (Native::Raw(function), values) => function(vm, this, Args::positional(values)),
            _ => self.call(vm, this, Args::positional(values)),
        }
    }

    /// Calls the function.
    pub fn call(&self, vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
        if let Native::Bound(function) = self.method.call {
            return call_bound(vm, self.method.name, self.signature(), this, args, function);
        }
        if args.has_keywords() && !matches!(self.method.call, Native::Raw(_)) {
            return Err(vm.type_error(format!("{}() takes no keyword arguments", self.full_name())));
        }
        match (self.method.call, args.values()) {
            (Native::Unary(function), []) => function(vm, this),
            (Native::Binary(function), &[argument]) => function(vm, this, argument),
            (Native::Many(function), arguments) => function(vm, this, arguments),
            (Native::Raw(function), _) => function(vm, this, args),
            (Native::Unary(_), _) => Err(vm.type_error(format!("{}() takes no arguments ({} given)", self.full_name(), args.n_positional()))),
            (Native::Binary(_) | Native::Bound(_), _) => {
                Err(vm.type_error(format!("{}() takes exactly one argument ({} given)", self.full_name(), args.n_positional())))
            }
        }
    }
}

/// See [`Native::Bound`].
pub type BoundFn = fn(&mut Vm, Ref<'_>, &[Option<Ref<'_>>]) -> PyResult;

fn call_bound(vm: &mut Vm, name: &str, signature: &Signature, this: Ref<'_>, args: Args<'_>, function: BoundFn) -> PyResult {
    let n = signature.parameters.len();
    let mut slots: [Option<Ref<'_>>; MAX_PARAMETERS] = [None; MAX_PARAMETERS];
    let (star, keywords) = bind(vm, name, signature, args, &mut slots)?;
    // The slots are reborrowed at the shorter lifetime of the two objects made here.
    let slots: &mut [Option<Ref<'_>>] = &mut slots[..n];
    if let (Some(index), Some(star)) = (signature.var_positional, &star) {
        slots[index] = Some(star.borrow());
    }
    if let (Some(index), Some(keywords)) = (signature.var_keyword, &keywords) {
        slots[index] = Some(keywords.borrow());
    }
    function(vm, this, slots)
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// Binds arguments to parameters. Returns the tuple of `*args` and the dict of `**kwargs`.
fn bind<'a>(
    vm: &mut Vm,
    name: &str,
    signature: &Signature,
    args: Args<'a>,
    slots: &mut [Option<Ref<'a>>],
) -> PyResult<(Option<Object>, Option<Object>)> {
    let positionals = args.positionals();
    let n = signature.n_positional;
    check_count(vm, name, signature, args)?;
    for (index, &value) in positionals.iter().take(n).enumerate() {
        slots[index] = Some(value);
    }
    let star = signature.var_positional.map(|_| vm.new_tuple_from(positionals.get(n..).unwrap_or(&[])).into_object());
    let keywords = signature.var_keyword.map(|_| vm.new_dict());
    for (key, value) in args.keywords() {
        let text = key.downcast::<Str>().and_then(|key| key.get().to_utf8()).unwrap_or_default();
        let found =
            signature.parameters.iter().position(|parameter| parameter.name == text && matches!(parameter.kind, Kind::Either | Kind::KeywordOnly));
        match (found, &keywords) {
            (Some(index), _) if slots[index].is_some() => {
                let message = format!("argument for {name}() given by name ('{text}') and position ({})", index + 1);
                return Err(vm.type_error(message));
            }
            (Some(index), _) => slots[index] = Some(value),
            (None, Some(keywords)) => keywords.set(vm, key, value.to_owned())?,
            (None, None) => return Err(vm.type_error(format!("{name}() got an unexpected keyword argument '{text}'"))),
        }
    }
    for (index, parameter) in signature.parameters.iter().enumerate() {
        if slots[index].is_none() && !parameter.optional {
            let message = if parameter.kind == Kind::KeywordOnly {
                format!("{name}() missing required keyword-only argument: '{}'", parameter.name)
            } else if parameter.kind == Kind::PositionalOnly {
                let least = signature.parameters.iter().filter(|parameter| parameter.kind == Kind::PositionalOnly && !parameter.optional).count();
                let bound = if least < signature.n_positional { "at least" } else { "exactly" };
                format!("{name}() takes {bound} {least} positional argument{} ({} given)", plural(least), positionals.len())
            } else {
                format!("{name}() missing required argument '{}' (pos {})", parameter.name, index + 1)
            };
            return Err(vm.type_error(message));
        }
    }
    Ok((star, keywords.map(Object::from)))
}

fn check_count(vm: &mut Vm, name: &str, signature: &Signature, args: Args<'_>) -> PyResult<()> {
    let (given, n, required) = (args.n_positional(), signature.n_positional, signature.n_required);
    if signature.is_positional_only() {
        if args.has_keywords() {
            return Err(vm.type_error(format!("{name}() takes no keyword arguments")));
        }
        let (bound, limit) = if required == n {
            ("", n)
        } else if given < required {
            ("at least ", required)
        } else {
            ("at most ", n)
        };
        if given < required || given > n {
            return Err(vm.type_error(format!("{name} expected {bound}{limit} argument{}, got {given}", plural(limit))));
        }
        return Ok(());
    }
    if given <= n || signature.var_positional.is_some() {
        return Ok(());
    }
    let has_keyword_only = signature.parameters.iter().any(|parameter| parameter.kind == Kind::KeywordOnly);
    if n == 0 {
        return Err(vm.type_error(format!("{name}() takes no positional arguments")));
    }
    let bound = if required == n { "exactly" } else { "at most" };
    let kind = if has_keyword_only { "positional " } else { "" };
    Err(vm.type_error(format!("{name}() takes {bound} {n} {kind}argument{} ({given} given)", plural(n))))
}

thread_local! {
    static SIGNATURES: RefCell<HashMap<usize, &'static Signature, BuildHasherDefault<AddressHasher>>> = RefCell::default();
}

/// Binds the arguments of a constructor by the text of its signature: one owned value per
/// parameter, `None` where the default applies.
pub fn bind_args(vm: &mut Vm, name: &str, signature: &'static str, args: Args<'_>, out: &mut [Option<Object>]) -> PyResult<()> {
    let signature = SIGNATURES
        .with_borrow_mut(|known| *known.entry(signature.as_ptr().addr()).or_insert_with(|| Box::leak(Box::new(Signature::parse(signature)))));
    let mut slots: [Option<Ref<'_>>; MAX_PARAMETERS] = [None; MAX_PARAMETERS];
    let (star, keywords) = bind(vm, name, signature, args, &mut slots)?;
    for (out, slot) in out.iter_mut().zip(slots) {
        *out = slot.map(Ref::to_owned);
    }
    if let Some(index) = signature.var_positional {
        out[index] = star;
    }
    if let Some(index) = signature.var_keyword {
        out[index] = keywords;
    }
    Ok(())
}

impl Vm {
    /// Calls any object.
    #[inline]
    pub fn call_with(&mut self, callable: Ref<'_>, args: Args<'_>) -> PyResult {
        match callable.class().slots().call {
            Some(call) => call(self, callable, args),
            None => Err(self.type_error(format!("'{}' object is not callable", callable.class().full_name()))),
        }
    }

    /// Calls any object with positional arguments.
    #[inline]
    pub fn call(&mut self, callable: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
        self.call_with(callable, Args::positional(args))
    }

    /// `object.name(*args)`.
    pub fn call_method(&mut self, object: Ref<'_>, name: &str, args: &[Ref<'_>]) -> PyResult {
        let name = self.intern(name);
        self.call_method_named(object, name, args)
    }

    /// `object.name(*args)`, the name interned.
    pub fn call_method_named(&mut self, object: Ref<'_>, name: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
        let (method, this) = self.get_method(object, name)?;
        match this {
            Some(this) => Args::positional(args).with_first(this.borrow(), |args| self.call_with(method.borrow(), args)),
            None => self.call(method.borrow(), args),
        }
    }

    /// Calls with a tuple of positional arguments and an optional mapping of keyword arguments.
    pub fn call_star(&mut self, callable: Ref<'_>, args: &[Ref<'_>], keywords: Option<RefOf<'_, crate::dict::Dict>>) -> PyResult {
        let Some(keywords) = keywords.filter(|keywords| keywords.len(self) > 0) else {
            return self.call(callable, args);
        };
        let mut owned: Vec<Object> = args.iter().map(|&arg| arg.to_owned()).collect();
        let mut names = Vec::new();
        for (key, value) in keywords.items_snapshot(self) {
            if key.borrow().downcast::<Str>().is_none() {
                return Err(self.type_error("keywords must be strings"));
            }
            names.push(key);
            owned.push(value);
        }
        let names = self.new_tuple(names);
        self.call_with(callable, Args::new(Object::as_refs(&owned), Some(names.borrow())))
    }
}

/// Raises unless the number of positional arguments is in range and there are no keywords; for
/// constructors that read their arguments themselves.
pub fn check_positional(vm: &mut Vm, name: &str, args: Args<'_>, least: usize, most: usize) -> PyResult<()> {
    if args.has_keywords() {
        return Err(vm.raise(&exception::TYPE_ERROR, format!("{name}() takes no keyword arguments")));
    }
    let given = args.n_positional();
    if given >= least && given <= most {
        return Ok(());
    }
    let (bound, limit) = match (least == most, given < least) {
        (true, _) => ("", least),
        (_, true) => ("at least ", least),
        _ => ("at most ", most),
    };
    Err(vm.type_error(format!("{name} expected {bound}{limit} argument{}, got {given}", plural(limit))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_read() {
        let signature = Signature::parse("($self, a, b=(1, 2), /, *args, c, d=',', **kwargs)");
        let kinds: Vec<_> = signature.parameters.iter().map(|parameter| (parameter.name, parameter.kind, parameter.optional)).collect();
        assert_eq!(
            kinds,
            [
                ("a", Kind::PositionalOnly, false),
                ("b", Kind::PositionalOnly, true),
                ("args", Kind::VarPositional, true),
                ("c", Kind::KeywordOnly, false),
                ("d", Kind::KeywordOnly, true),
                ("kwargs", Kind::VarKeyword, true)
            ]
        );
        assert_eq!((signature.n_positional, signature.n_required), (2, 1));
    }
}
