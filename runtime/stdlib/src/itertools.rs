//! `itertools`.

use object::call::Args;
use object::native::Module;
use object::{Object, PyResult, Ref, Vm, method};

/// Declares an iterator type: payload, statics, constructor, `next`, what the collector is shown.
macro_rules! iterator_type {
    ($(#[$doc:meta])* $Payload:ident, $STATIC:ident, $SPEC:ident, $name:literal, $text:expr, $signature:expr, $new:expr, $next:ident,
     |$this:ident, $visitor:ident| $traverse:expr $(, $field:ident: $value:expr)*) => {
        $(#[$doc])*
        pub static $STATIC: object::Type = object::Type::new(&$SPEC);
        static $SPEC: object::TypeSpec = object::TypeSpec {
            name: $name,
            doc: $text,
            signature: $signature,
            flags: $crate::itertools::flags($new),
            payload: object::native::PayloadInfo::of::<$Payload>(),
            slots: object::Slots { new: $new, iter: Some(object::protocol::iter_self), next: Some($next), ..or_no_slots!($($field: $value),*) },
            ..or_default!($($field: $value),*)
        };

        impl object::Payload for $Payload {
            fn class() -> &'static object::Type {
                &$STATIC
            }

            fn traverse(&self, $visitor: &mut object::Visitor<'_>) {
                let $this = self;
                $traverse
            }
        }
    };
}

/// The methods of an iterator type, if it has any.
macro_rules! or_default {
    () => { object::TypeSpec::DEFAULT };
    (repr: $repr:expr $(, $field:ident: $value:expr)*) => { or_default!($($field: $value),*) };
    (methods: $methods:expr) => { object::TypeSpec { methods: $methods, ..object::TypeSpec::DEFAULT } };
}

/// The `repr` of an iterator type, if it has one.
macro_rules! or_no_slots {
    (repr: $repr:expr $(, $field:ident: $value:expr)*) => {
        object::Slots { repr: Some($repr), ..object::Slots::NONE }
    };
    ($($field:ident: $value:expr),*) => {
        object::Slots::NONE
    };
}

mod combinatoric;
mod grouping;
mod simple;

/// Types without a constructor cannot be derived from either.
pub(crate) const fn flags(new: Option<object::slots::NewFn>) -> u32 {
    if new.is_some() { object::native::flag::BASE_TYPE } else { object::native::flag::NO_INSTANTIATION }
}

pub static MODULE: Module = Module {
    name: "itertools",
    doc: "Functional tools for creating and using iterators.\n\nInfinite iterators:\ncount(start=0, step=1) --> start, start+step, start+2*step, ...\ncycle(p) --> p0, p1, ... plast, p0, p1, ...\nrepeat(elem [,n]) --> elem, elem, elem, ... endlessly or up to n times\n\nIterators terminating on the shortest input sequence:\naccumulate(p[, func]) --> p0, p0+p1, p0+p1+p2\nbatched(p, n) --> [p0, p1, ..., p_n-1], [p_n, p_n+1, ..., p_2n-1], ...\nchain(p, q, ...) --> p0, p1, ... plast, q0, q1, ...\nchain.from_iterable([p, q, ...]) --> p0, p1, ... plast, q0, q1, ...\ncompress(data, selectors) --> (d[0] if s[0]), (d[1] if s[1]), ...\ndropwhile(predicate, seq) --> seq[n], seq[n+1], starting when predicate fails\ngroupby(iterable[, keyfunc]) --> sub-iterators grouped by value of keyfunc(v)\nfilterfalse(predicate, seq) --> elements of seq where predicate(elem) is False\nislice(seq, [start,] stop [, step]) --> elements from\n       seq[start:stop:step]\npairwise(s) --> (s[0],s[1]), (s[1],s[2]), (s[2], s[3]), ...\nstarmap(fun, seq) --> fun(*seq[0]), fun(*seq[1]), ...\ntee(it, n=2) --> (it1, it2 , ... itn) splits one iterator into n\ntakewhile(predicate, seq) --> seq[0], seq[1], until predicate fails\nzip_longest(p, q, ...) --> (p[0], q[0]), (p[1], q[1]), ...\n\nCombinatoric generators:\nproduct(p, q, ... [repeat=1]) --> cartesian product\npermutations(p[, r])\ncombinations(p, r)\ncombinations_with_replacement(p, r)\n",
    functions: &[method!(Bound tee "($module, iterable, n=2, /)", "Returns a tuple of n independent iterators.")],
    types: &[
        &simple::ACCUMULATE,
        &simple::BATCHED,
        &simple::CHAIN,
        &combinatoric::COMBINATIONS,
        &simple::COMPRESS,
        &simple::COUNT,
        &combinatoric::COMBINATIONS_WITH_REPLACEMENT,
        &simple::CYCLE,
        &simple::DROP_WHILE,
        &simple::FILTER_FALSE,
        &grouping::GROUP_BY,
        &grouping::GROUPER,
        &simple::ISLICE,
        &simple::PAIRWISE,
        &combinatoric::PERMUTATIONS,
        &combinatoric::PRODUCT,
        &simple::REPEAT,
        &simple::STARMAP,
        &simple::TAKE_WHILE,
        &grouping::TEE,
        &grouping::TEE_DATA,
        &grouping::ZIP_LONGEST,
    ],
    ..Module::DEFAULT
};

/// A tuple of items.
fn tuple(vm: &Vm, items: Vec<Object>) -> Object {
    vm.new_tuple(items).into_object()
}

/// The two positional arguments of `dropwhile` and its like.
fn two_arguments<'a>(vm: &mut Vm, name: &str, class: &object::Type, base: &object::Type, args: Args<'a>) -> PyResult<(Ref<'a>, Ref<'a>)> {
    builtins::iterators::no_keywords(vm, name, class, base, args)?;
    builtins::iterators::count_positional(vm, name, args, 2, 2)?;
    Ok((args.positionals()[0], args.positionals()[1]))
}

fn tee(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    grouping::tee(vm, args[0].expect("a required argument"), args[1])
}
