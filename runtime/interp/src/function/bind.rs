//! Binding of a call's arguments to a function's parameters, with CPython's complaints.

use super::{Function, drop_words, text_of};
use crate::code::CodeObject;
use crate::frame;
use bytecode::CodeFlags;
use object::dict::Dict;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, PyResult, Raised, Ref, RefOf, Vm};

/// Arguments on their way into locals.
struct Binding<'a> {
    function: &'a Function,
    code: &'a CodeObject,
    locals: *mut u64,
}

/// Fills the parameters in.
///
/// # Safety
///
/// `locals` has as many empty words as the code has locals. `args` has `n` owned references, the last
/// ones named by `names`; all of them are taken over, whatever the outcome.
pub(crate) unsafe fn bind_arguments(
    vm: &mut Vm,
    function: &Function,
    code: &CodeObject,
    locals: *mut u64,
    args: *mut u64,
    n: usize,
    names: Option<RefOf<'_, Tuple>>,
) -> PyResult<()> {
    let binding = Binding { function, code, locals };
    let result = binding.fill(vm, args, n, names);
    // SAFETY: what was moved out is zero.
    unsafe { drop_words(args, n) };
    result
}

fn join(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [head @ .., last] => format!("{}, and {last}", head.join(", ")),
    }
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

impl Binding<'_> {
    fn name(&self) -> String {
        text_of(&self.function.qualname)
    }

    fn local_name(&self, index: usize) -> String {
        crate::code::text_of(self.code.local_names[index]).into_owned()
    }

    fn is_set(&self, index: usize) -> bool {
        // SAFETY: the index is that of a local.
        unsafe { *self.locals.add(index) != 0 }
    }

    fn set(&self, index: usize, value: Object) {
        // SAFETY: the index is that of a local, which is empty.
        unsafe { *self.locals.add(index) = value.into_raw() };
    }

    fn fill(&self, vm: &mut Vm, args: *mut u64, n: usize, names: Option<RefOf<'_, Tuple>>) -> PyResult<()> {
        let data = &self.code.data;
        let n_positional = data.arg_count as usize;
        let n_parameters = n_positional + data.keyword_only_count as usize;
        let names: &[Ref<'_>] = match &names {
            Some(names) => names.items(),
            None => &[],
        };
        let given = n - names.len();
        let varargs = data.flags.has(CodeFlags::VARARGS);
        for index in 0..given.min(n_positional) {
            // SAFETY: there are `given` arguments, and locals for all parameters.
            unsafe { *self.locals.add(index) = std::mem::replace(&mut *args.add(index), 0) };
        }
        if varargs {
            // SAFETY: the references are moved into the tuple.
            let rest = (n_positional..given.max(n_positional)).map(|index| unsafe { frame::take(args.add(index)) }.expect("an argument has a value"));
            let rest = vm.new_tuple(rest).into_object();
            self.set(n_parameters, rest);
        }
        let keywords = data.flags.has(CodeFlags::VARKEYWORDS).then(|| vm.new_dict());
        if let Some(keywords) = &keywords {
            self.set(n_parameters + usize::from(varargs), keywords.clone().into_object());
        }
        for (index, &name) in names.iter().enumerate() {
            // SAFETY: the values of named arguments follow the positional ones.
            let value = unsafe { frame::take(args.add(given + index)) }.expect("an argument has a value");
            self.keyword(vm, name, value, keywords.as_ref().map(|keywords| keywords.borrow()), names)?;
        }
        if given > n_positional && !varargs {
            return Err(self.too_many(vm, given));
        }
        if given < n_positional {
            self.defaults(vm, given)?;
        }
        if data.keyword_only_count > 0 {
            self.keyword_defaults(vm)?;
        }
        Ok(())
    }

    fn keyword(&self, vm: &mut Vm, name: Ref<'_>, value: Object, keywords: Option<RefOf<'_, Dict>>, names: &[Ref<'_>]) -> PyResult<()> {
        let data = &self.code.data;
        let n_parameters = (data.arg_count + data.keyword_only_count) as usize;
        let first = data.positional_only_count as usize;
        let Some(text) = name.downcast::<Str>() else {
            return Err(vm.type_error(format!("{}() keywords must be strings", self.name())));
        };
        let candidates = &self.code.local_names[first..n_parameters];
        let found = candidates
            .iter()
            .position(|parameter| parameter.is(name))
            // The names of parameters are interned.
            .or_else(|| {
                if text.is_interned() {
                    None
                } else {
                    candidates.iter().position(|parameter| parameter.downcast::<Str>().is_some_and(|parameter| parameter.equals(text.get())))
                }
            });
        match (found, keywords) {
            (Some(index), _) => {
                let index = first + index;
                if self.is_set(index) {
                    return Err(vm.type_error(format!("{}() got multiple values for argument '{}'", self.name(), self.local_name(index))));
                }
                self.set(index, value);
                Ok(())
            }
            (None, Some(keywords)) => keywords.set(vm, name, value),
            (None, None) => Err(self.unexpected(vm, &text.to_string_lossy(), names)),
        }
    }

    fn unexpected(&self, vm: &mut Vm, name: &str, names: &[Ref<'_>]) -> Raised {
        let n = self.code.data.positional_only_count as usize;
        let given = |parameter: &Ref<'_>| {
            names
                .iter()
                .any(|name| name.downcast::<Str>().zip(parameter.downcast::<Str>()).is_some_and(|(name, parameter)| name.equals(parameter.get())))
        };
        let positional_only: Vec<String> = (0..n).filter(|&index| given(&self.code.local_names[index])).map(|index| self.local_name(index)).collect();
        if !positional_only.is_empty() {
            let message =
                format!("{}() got some positional-only arguments passed as keyword arguments: '{}'", self.name(), positional_only.join(", "));
            return vm.type_error(message);
        }
        let parameters = (self.code.data.arg_count + self.code.data.keyword_only_count) as usize;
        let candidates: Vec<_> = self.code.local_names[n..parameters].iter().map(|&name| crate::code::text_of(name)).collect();
        let candidates: Vec<&str> = candidates.iter().map(|name| &**name).collect();
        let hint = suggestion(name, &candidates).map(|name| format!(". Did you mean '{name}'?")).unwrap_or_default();
        vm.type_error(format!("{}() got an unexpected keyword argument '{name}'{hint}", self.name()))
    }

    fn too_many(&self, vm: &mut Vm, given: usize) -> Raised {
        let data = &self.code.data;
        let n = data.arg_count as usize;
        let keyword_only = (n..n + data.keyword_only_count as usize).filter(|&index| self.is_set(index)).count();
        let n_defaults =
            self.function.defaults.get().and_then(|defaults| defaults.borrow().downcast::<Tuple>().map(|defaults| defaults.len())).unwrap_or(0);
        let takes = if n_defaults > 0 { format!("from {} to {n}", n - n_defaults.min(n)) } else { n.to_string() };
        let many = n_defaults > 0 || n != 1;
        let were = if keyword_only > 0 {
            format!(" positional argument{} (and {keyword_only} keyword-only argument{}) were", plural(given), plural(keyword_only))
        } else if given == 1 {
            " was".into()
        } else {
            " were".into()
        };
        vm.type_error(format!("{}() takes {takes} positional argument{} but {given}{were} given", self.name(), if many { "s" } else { "" }))
    }

    fn defaults(&self, vm: &mut Vm, given: usize) -> PyResult<()> {
        let n = self.code.data.arg_count as usize;
        let defaults = self.function.defaults.get();
        let defaults = defaults.as_ref().and_then(|defaults| defaults.borrow().downcast::<Tuple>());
        let items: &[Ref<'_>] = match &defaults {
            Some(defaults) => defaults.items(),
            None => &[],
        };
        let first = n.saturating_sub(items.len());
        let missing: Vec<String> = (given..first).filter(|&index| !self.is_set(index)).map(|index| self.local_name(index)).collect();
        if !missing.is_empty() {
            return Err(self.missing(vm, "positional", &missing));
        }
        for index in first.max(given)..n {
            if !self.is_set(index) {
                self.set(index, items[items.len() + index - n].to_owned());
            }
        }
        Ok(())
    }

    fn keyword_defaults(&self, vm: &mut Vm) -> PyResult<()> {
        let n = self.code.data.arg_count as usize;
        let defaults = self.function.keyword_defaults.get();
        let defaults = defaults.as_ref().and_then(|defaults| defaults.borrow().downcast::<Dict>());
        let mut missing = Vec::new();
        for index in n..n + self.code.data.keyword_only_count as usize {
            if self.is_set(index) {
                continue;
            }
            match defaults.and_then(|defaults| defaults.get_interned(self.code.local_names[index])) {
                Some(value) => self.set(index, value.to_owned()),
                None => missing.push(self.local_name(index)),
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(self.missing(vm, "keyword-only", &missing)) }
    }

    fn missing(&self, vm: &mut Vm, kind: &str, names: &[String]) -> Raised {
        vm.type_error(format!("{}() missing {} required {kind} argument{}: {}", self.name(), names.len(), plural(names.len()), join(names)))
    }
}

/// The candidate most like a name, if one is like it enough (`_suggestions` in CPython).
pub fn suggestion<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    const MOVE: usize = 2;
    if name.len() > 40 || candidates.len() > 750 {
        return None;
    }
    let mut best: Option<(&str, usize)> = None;
    for &candidate in candidates {
        if candidate == name {
            continue;
        }
        let mut limit = (name.chars().count() + candidate.chars().count() + 3) * MOVE / 6;
        if let Some((_, distance)) = best {
            limit = limit.min(distance - 1);
        }
        let distance = edit_distance(name, candidate);
        if distance <= limit && best.is_none_or(|(_, known)| distance < known) {
            best = Some((candidate, distance));
        }
    }
    best.map(|(candidate, _)| candidate)
}

/// Levenshtein distance in which a change of case costs half.
fn edit_distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let cost = |a: char, b: char| {
        if a == b {
            0
        } else if a.to_lowercase().eq(b.to_lowercase()) {
            1
        } else {
            2
        }
    };
    let mut row: Vec<usize> = (0..=right.len()).map(|index| index * 2).collect();
    for (i, &a) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = (i + 1) * 2;
        for (j, &b) in right.iter().enumerate() {
            let substituted = diagonal + cost(a, b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 2).min(row[j + 1] + 2);
        }
    }
    row[right.len()]
}
