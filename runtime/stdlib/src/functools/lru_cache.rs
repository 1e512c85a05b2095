//! The cache of `functools.lru_cache`: a dict from arguments to results or, if their number is bounded, to places in a
//! chain of results in the order of last use (`lru_cache/chain.rs`).

use super::payload;
use chain::Chain;
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, Visitor};
use object::int::INT;
use object::native::{PayloadInfo, flag};
use object::str::{STR, names};
use object::{Method, Object, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, VmCell, method};
use std::cell::Cell;

mod chain;

/// The payload of an `_lru_cache_wrapper`.
pub struct LruCacheWrapper {
    function: Object,
    /// `None`: any number of results.
    max_size: Option<usize>,
    typed: bool,
    info_class: Object,
    cache: ObjectOf<object::dict::Dict>,
    /// If the number is bounded: the results.
    chain: VmCell<Chain>,
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
        for object in self.chain.visit(visitor).objects() {
            visitor.visit(object.borrow());
        }
    }

    fn clear(&self, vm: &mut Vm) {
        self.forget_all(vm);
    }
}

impl LruCacheWrapper {
    fn forget_all(&self, vm: &mut Vm) {
        let results = self.chain.replace(vm, Chain::default());
        self.cache.borrow().get().clear(vm);
        drop(results);
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
    let (chain, hits, misses) = (VmCell::new(Chain::default()), Cell::new(0), Cell::new(0));
    Ok(vm.allocate_in(class.get(), LruCacheWrapper { function, max_size, typed, info_class, cache, chain, hits, misses }))
}

fn make_key(vm: &mut Vm, args: Args<'_>, typed: bool) -> PyResult {
    if !typed
        && !args.has_keywords()
        && let &[only] = args.positionals()
        && (only.as_small_int().is_some() || only.is_exactly(&STR) || only.is_exactly(&INT))
    {
        return Ok(only.to_owned());
    }
    if !args.has_keywords() {
        let values = args.positionals();
        let part = |index: usize| match index.checked_sub(values.len()) {
            None => values[index].to_owned(),
            Some(index) => values[index].class().to_object(),
        };
        return Ok(vm.new_tuple((0..values.len() << usize::from(typed)).map(part)).into_object());
    }
    let mut parts: Vec<Object> = args.positionals().iter().map(|&arg| arg.to_owned()).collect();
    parts.push(keyword_mark(vm)?);
    for (name, value) in args.keywords() {
        parts.push(name.to_owned());
        parts.push(value.to_owned());
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
    let found = cache.get_with_hash(vm, key.borrow(), hash)?;
    let found = if wrapper.max_size.is_some() { found.and_then(|found| wrapper.chain.get_mut(vm).use_again(place(&found))) } else { found };
    if let Some(result) = found {
        count(&wrapper.hits);
        return Ok(result);
    }
    count(&wrapper.misses);
    let result = vm.call_with(wrapper.function.borrow(), args)?;
    match wrapper.max_size {
        None => cache.set_with_hash(vm, key.borrow(), hash, result.clone())?,
        Some(max_size) => remember(vm, wrapper, key, hash, result.clone(), max_size)?,
    }
    Ok(result)
}

/// The place in the chain that the dict has for a key.
fn place(found: &Object) -> usize {
    found.borrow().as_small_int().expect("the dict holds places") as usize
}

/// Puts a result into a cache of bounded size. Comparing keys runs Python, which may use this cache.
fn remember(vm: &mut Vm, wrapper: &LruCacheWrapper, key: Object, hash: i64, result: Object, max_size: usize) -> PyResult<()> {
    let cache = wrapper.cache.borrow().get();
    // The call may have come to the same result by itself.
    if cache.contains_with_hash(vm, key.borrow(), hash)? {
        return Ok(());
    }
    if cache.len(vm) >= max_size
        && let Some((oldest, old_key, old_hash)) = wrapper.chain.get(vm).oldest()
    {
        let removed = cache.remove_with_hash(vm, old_key.borrow(), old_hash)?;
        let chain = wrapper.chain.get_mut(vm);
        let dropped = [chain.remove_key(oldest, old_key.borrow()), removed.and_then(|removed| chain.remove(place(&removed)))];
        drop(dropped);
    }
    let place = wrapper.chain.get_mut(vm).add(key.clone(), hash, result);
    let set = cache.set_with_hash(vm, key.borrow(), hash, Object::small_int(place as i64));
    if set.is_err() {
        drop(wrapper.chain.get_mut(vm).remove(place));
    }
    set
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
    wrapper.forget_all(vm);
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
