//! The cache of `functools.lru_cache`: a dict from arguments to results, which stands in the order
//! of last use.

use super::payload;
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, Visitor};
use object::dict::Dict;
use object::int::INT;
use object::native::{PayloadInfo, flag};
use object::str::{STR, names};
use object::{Method, Object, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};
use std::cell::Cell;

/// The payload of an `_lru_cache_wrapper`.
pub struct LruCacheWrapper {
    function: Object,
    /// `None`: any number of results.
    max_size: Option<usize>,
    typed: bool,
    info_class: Object,
    cache: ObjectOf<Dict>,
    hits: Cell<i64>,
    misses: Cell<i64>,
}

impl Payload for LruCacheWrapper {
    fn class() -> &'static Type {
        &LRU_CACHE_WRAPPER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all([&self.function, &self.info_class]);
        visitor.visit(self.cache.borrow().object());
    }

    fn clear(&self, vm: &mut Vm) {
        self.cache.borrow().get().clear(vm);
    }
}

/// `functools._lru_cache_wrapper`
pub static LRU_CACHE_WRAPPER: Type = Type::new(&LRU_CACHE_WRAPPER_SPEC);
static LRU_CACHE_WRAPPER_SPEC: TypeSpec = TypeSpec {
    name: "functools._lru_cache_wrapper",
    doc: "Create a cached callable that wraps another function.\n\nuser_function:      the function being cached\n\nmaxsize:  0         for no caching\n          None      for unlimited cache size\n          n         for a bounded cache\n\ntyped:    False     cache f(3) and f(3.0) as identical calls\n          True      cache f(3) and f(3.0) as distinct calls\n\ncache_info_type:    namedtuple class with the fields:\n                        hits misses currsize maxsize\n",
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES | flag::METHOD_DESCRIPTOR,
    payload: PayloadInfo::of::<LruCacheWrapper>(),
    slots: Slots { new: Some(new), call: Some(call), descr_get: Some(super::bind), ..Slots::NONE },
    methods: METHODS,
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Unary cache_info "($self, /)", "Report cache statistics"),
    method!(Unary cache_clear "($self, /)", "Clear the cache and cache statistics"),
    method!(Unary reduce as "__reduce__" "($self, /)", ""),
    method!(Unary copy as "__copy__" "", ""),
    method!(Binary deep_copy as "__deepcopy__" "", ""),
];

/// What separates positional from keyword arguments in a key.
static KEYWORD_MARK: ObjectCell = ObjectCell::EMPTY;

fn keyword_mark(vm: &mut Vm) -> PyResult {
    if let Some(mark) = KEYWORD_MARK.get() {
        return Ok(mark);
    }
    let mark = vm.call(object::class::OBJECT.object(), &[])?;
    KEYWORD_MARK.set(Some(mark.clone()));
    Ok(mark)
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 4];
    bind_args(vm, "lru_cache", "(user_function, maxsize, typed, cache_info_type)", args, &mut bound)?;
    let [Some(function), Some(max_size), Some(typed), Some(info_class)] = bound else {
        return Err(vm.type_error("lru_cache() is missing arguments"));
    };
    if function.borrow().class().slots().call.is_none() {
        return Err(vm.type_error("the first argument must be callable"));
    }
    let max_size = if max_size.borrow().is_none() {
        None
    } else if max_size.borrow().class().slots().index.is_some() {
        Some(vm.index_isize(max_size.borrow())?.max(0) as usize)
    } else {
        return Err(vm.type_error("maxsize should be integer or None"));
    };
    let typed = vm.is_true(typed.borrow())?;
    let cache = vm.new_dict();
    Ok(vm.allocate_in(class.get(), LruCacheWrapper { function, max_size, typed, info_class, cache, hits: Cell::new(0), misses: Cell::new(0) }))
}

fn make_key(vm: &mut Vm, args: Args<'_>, typed: bool) -> PyResult {
    if !typed
        && !args.has_keywords()
        && let &[only] = args.positionals()
        && (only.as_small_int().is_some() || only.is_exactly(&STR) || only.is_exactly(&INT))
    {
        return Ok(only.to_owned());
    }
    let mut parts: Vec<Object> = args.positionals().iter().map(|&arg| arg.to_owned()).collect();
    if args.has_keywords() {
        parts.push(keyword_mark(vm)?);
        for (name, value) in args.keywords() {
            parts.push(name.to_owned());
            parts.push(value.to_owned());
        }
    }
    if typed {
        parts.extend(args.values().iter().map(|value| value.class().to_object()));
    }
    Ok(vm.new_tuple(parts).into_object())
}

fn count(counter: &Cell<i64>) {
    counter.set(counter.get() + 1);
}

fn call(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let wrapper = payload::<LruCacheWrapper>(this);
    if wrapper.max_size == Some(0) {
        count(&wrapper.misses);
        return vm.call_with(wrapper.function.borrow(), args);
    }
    let cache = wrapper.cache.borrow().get();
    let key = make_key(vm, args, wrapper.typed)?;
    let hash = vm.hash(key.borrow())?;
    if let Some(result) = cache.get_with_hash(vm, key.borrow(), hash)? {
        count(&wrapper.hits);
        if wrapper.max_size.is_some() {
            use_again(vm, cache, key.borrow(), hash)?;
        }
        return Ok(result);
    }
    count(&wrapper.misses);
    let result = vm.call_with(wrapper.function.borrow(), args)?;
    let Some(max_size) = wrapper.max_size else {
        cache.set_with_hash(vm, key.borrow(), hash, result.clone())?;
        return Ok(result);
    };
    // The call may have come to the same result by itself.
    if cache.contains_with_hash(vm, key.borrow(), hash)? {
        return Ok(result);
    }
    if cache.len(vm) >= max_size
        && let Some((next, oldest, _)) = cache.entry_at(vm, 0)
    {
        let (oldest, oldest_hash) = (oldest.to_owned(), cache.hash_before(vm, next));
        cache.remove_with_hash(vm, oldest.borrow(), oldest_hash)?;
    }
    cache.set_with_hash(vm, key.borrow(), hash, result.clone())?;
    Ok(result)
}

/// Puts an entry at the end, unless it is there.
fn use_again(vm: &mut Vm, cache: &Dict, key: Ref<'_>, hash: i64) -> PyResult<()> {
    if let Some((position, last, _)) = cache.entry_before(vm, usize::MAX)
        && (last.is(key) || cache.hash_before(vm, position + 1) == hash && cache.len(vm) == 1)
    {
        return Ok(());
    }
    match cache.remove_with_hash(vm, key, hash)? {
        Some(value) => cache.set_with_hash(vm, key, hash, value),
        None => Ok(()),
    }
}

fn cache_info(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let wrapper = payload::<LruCacheWrapper>(this);
    let max_size = wrapper.max_size.map_or(Object::none(), |max_size| vm.new_uint(max_size as u64));
    let size = vm.new_uint(wrapper.cache.len(vm) as u64);
    let (hits, misses) = (vm.new_int(wrapper.hits.get()), vm.new_int(wrapper.misses.get()));
    vm.call(wrapper.info_class.borrow(), &[hits.borrow(), misses.borrow(), max_size.borrow(), size.borrow()])
}

fn cache_clear(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let wrapper = payload::<LruCacheWrapper>(this);
    wrapper.hits.set(0);
    wrapper.misses.set(0);
    wrapper.cache.borrow().get().clear(vm);
    Ok(Object::none())
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    vm.get_attr(this, names::__qualname__())
}

fn copy(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    super::itself(vm, this)
}

fn deep_copy(vm: &mut Vm, this: Ref<'_>, _memo: Ref<'_>) -> PyResult {
    super::itself(vm, this)
}
