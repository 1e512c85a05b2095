//! `product`, `permutations`, `combinations` and `combinations_with_replacement`.

use builtins::slice::size_argument;
use object::call::{Args, bind_args};
use object::cell::VmCell;
use object::instance::size_of_instance;
use object::str::Str;
use object::{Object, Payload, PyResult, Ref, RefOf, Type, Vm, int, method};

fn payload<T: Payload>(object: Ref<'_>) -> &T {
    object.downcast::<T>().expect("the slot belongs to the type").get()
}

/// Where an iterator over selections stands.
enum Stage {
    Fresh,
    Running,
    Done,
}

/// The positions of the items to give out, and how far the whole has come.
struct Selection {
    stage: Stage,
    indices: Vec<usize>,
    /// For permutations: how often each position has yet to change.
    cycles: Vec<usize>,
}

impl Selection {
    fn new(indices: Vec<usize>, possible: bool) -> VmCell<Selection> {
        VmCell::new(Selection { stage: if possible { Stage::Fresh } else { Stage::Done }, indices, cycles: Vec::new() })
    }

    /// Moves on with `step`, but not the first time; `false` at the end.
    fn advance(&mut self, step: impl FnOnce(&mut Selection) -> bool) -> bool {
        let more = match self.stage {
            Stage::Fresh => true,
            Stage::Running => step(self),
            Stage::Done => false,
        };
        self.stage = if more { Stage::Running } else { Stage::Done };
        more
    }
}

/// The payload of `product`.
pub struct Product {
    pools: Vec<Vec<Object>>,
    selection: VmCell<Selection>,
}

iterator_type!(
    /// `product`
    Product, PRODUCT, PRODUCT_SPEC, "itertools.product", "Cartesian product of input iterables.  Equivalent to nested for-loops.\n\nFor example, product(A, B) returns the same as:  ((x,y) for x in A for y in B).\nThe leftmost iterators are in the outermost for-loop, so the output tuples\ncycle in a manner similar to an odometer (with the rightmost element changing\non every iteration).\n\nTo compute the product of an iterable with itself, specify the number\nof repetitions with the optional repeat keyword argument. For example,\nproduct(A, repeat=4) means the same as product(A, A, A, A).\n\nproduct('ab', range(3)) --> ('a',0) ('a',1) ('a',2) ('b',0) ('b',1) ('b',2)\nproduct((0,1), (0,1), (0,1)) --> (0,0,0) (0,0,1) (0,1,0) (0,1,1) (1,0,0) ...", "", Some(new_product), next_product,
    |this, visitor| this.pools.iter().for_each(|pool| visitor.visit_all(pool)),
    methods: &[method!(Unary product_size as "__sizeof__" "($self, /)", "Returns size in memory, in bytes.")]
);

fn new_product(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut repeat = 1;
    for (name, value) in args.keywords() {
        match name.downcast::<Str>().and_then(|name| name.get().as_str()) {
            Some("repeat") => repeat = size_argument(vm, value)?,
            _ => {
                let name = vm.str_text(name)?;
                return Err(vm.type_error(format!("product() got an unexpected keyword argument '{name}'")));
            }
        }
    }
    if repeat < 0 {
        return Err(vm.value_error("repeat argument cannot be negative"));
    }
    let (n, repeat) = (args.n_positional(), if args.n_positional() == 0 { 0 } else { repeat as usize });
    let total = match n.checked_mul(repeat) {
        Some(total) if total < 1 << 20 || (total < isize::MAX as usize / 64 && object::heap::can_allocate(total * 32)) => total,
        Some(total) if total < isize::MAX as usize / 8 => return Err(vm.memory_error()),
        _ => return Err(vm.overflow_error("repeat argument too large")),
    };
    let mut pools = Vec::with_capacity(total);
    for &iterable in args.positionals().iter().filter(|_| repeat > 0) {
        pools.push(vm.collect(iterable)?);
    }
    for index in pools.len()..total {
        pools.push(pools[index - n].clone());
    }
    let possible = pools.iter().all(|pool| !pool.is_empty());
    let selection = Selection::new(vec![0; total], possible);
    Ok(vm.allocate_in(class.get(), Product { pools, selection }))
}

fn next_product(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<Product>(this);
    let selection = this.selection.get_mut(vm);
    let more = selection.advance(|selection| {
        for (index, pool) in selection.indices.iter_mut().zip(&this.pools).rev() {
            *index += 1;
            if *index < pool.len() {
                return true;
            }
            *index = 0;
        }
        false
    });
    if !more {
        return Ok(None);
    }
    let items = this.selection.get(vm).indices.iter().zip(&this.pools).map(|(&index, pool)| pool[index].clone());
    Ok(Some(vm.new_tuple(items).into_object()))
}

fn product_size(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let n = payload::<Product>(this).pools.len();
    Ok(vm.new_uint((size_of_instance(this) + n * 8) as u64))
}

/// Defines an iterator over selections from one pool.
macro_rules! selection_type {
    ($Payload:ident, $STATIC:ident, $SPEC:ident, $full_name:literal, $doc:expr, $signature:expr, $new:ident, $next:ident, $size:ident, $step:ident) => {
        /// A pool of items and the selection from it.
        pub struct $Payload {
            pool: Vec<Object>,
            selection: VmCell<Selection>,
        }

        iterator_type!(
            #[doc = concat!("`", $full_name, "`")]
            $Payload, $STATIC, $SPEC, $full_name, $doc, $signature, Some($new), $next,
            |this, visitor| visitor.visit_all(&this.pool),
            methods: &[method!(Unary $size as "__sizeof__" "($self, /)", "Returns size in memory, in bytes.")]
        );

        fn $next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
            let this = payload::<$Payload>(this);
            let n = this.pool.len();
            let selection = this.selection.get_mut(vm);
            if !selection.advance(|selection| $step(selection, n)) {
                return Ok(None);
            }
            // A permutation's indices are those of the unused items too.
            let r = if selection.cycles.is_empty() { selection.indices.len() } else { selection.cycles.len() };
            let items = this.selection.get(vm).indices[..r].iter().map(|&index| this.pool[index].clone());
            Ok(Some(vm.new_tuple(items).into_object()))
        }

        fn $size(vm: &mut Vm, this: Ref<'_>) -> PyResult {
            let selection = payload::<$Payload>(this).selection.get(vm);
            let size = size_of_instance(this) + (selection.indices.len() + selection.cycles.len()) * 8;
            Ok(vm.new_uint(size as u64))
        }
    };
}

selection_type!(
    Combinations,
    COMBINATIONS,
    COMBINATIONS_SPEC,
    "itertools.combinations",
    "Return successive r-length combinations of elements in the iterable.\n\ncombinations(range(4), 3) --> (0,1,2), (0,1,3), (0,2,3), (1,2,3)",
    "(iterable, r)",
    new_combinations,
    next_combinations,
    size_of_combinations,
    step_combinations
);
selection_type!(
    Repeated,
    COMBINATIONS_WITH_REPLACEMENT,
    REPEATED_SPEC,
    "itertools.combinations_with_replacement",
    "Return successive r-length combinations of elements in the iterable allowing individual elements to have successive repeats.\n\ncombinations_with_replacement('ABC', 2) --> ('A','A'), ('A','B'), ('A','C'), ('B','B'), ('B','C'), ('C','C')",
    "(iterable, r)",
    new_repeated,
    next_repeated,
    size_of_repeated,
    step_repeated
);
selection_type!(
    Permutations,
    PERMUTATIONS,
    PERMUTATIONS_SPEC,
    "itertools.permutations",
    "Return successive r-length permutations of elements in the iterable.\n\npermutations(range(3), 2) --> (0,1), (0,2), (1,0), (1,2), (2,0), (2,1)",
    "(iterable, r=None)",
    new_permutations,
    next_permutations,
    size_of_permutations,
    step_permutations
);

fn check_room(vm: &mut Vm, r: usize) -> PyResult<()> {
    if r < 1 << 20 || (r < isize::MAX as usize / 16 && object::heap::can_allocate(r * 8)) { Ok(()) } else { Err(vm.memory_error()) }
}

/// The pool and the number of items to select.
fn pool_and_count(vm: &mut Vm, name: &str, args: Args<'_>) -> PyResult<(Vec<Object>, usize)> {
    let mut bound = [const { None }; 2];
    bind_args(vm, name, "(iterable, r)", args, &mut bound)?;
    let [iterable, r] = bound;
    let r = size_argument(vm, r.expect("a required argument").borrow())?;
    let pool = vm.collect(iterable.expect("a required argument").borrow())?;
    if r < 0 {
        return Err(vm.value_error("r must be non-negative"));
    }
    Ok((pool, r as usize))
}

fn new_combinations(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let (pool, r) = pool_and_count(vm, "combinations", args)?;
    let possible = r <= pool.len();
    let selection = Selection::new(if possible { (0..r).collect() } else { Vec::new() }, possible);
    Ok(vm.allocate_in(class.get(), Combinations { pool, selection }))
}

/// The rightmost position that can move up does, and those after it follow closely.
fn step_combinations(selection: &mut Selection, n: usize) -> bool {
    let indices = &mut selection.indices;
    let r = indices.len();
    let Some(position) = (0..r).rev().find(|&position| indices[position] != position + n - r) else { return false };
    indices[position] += 1;
    for position in position + 1..r {
        indices[position] = indices[position - 1] + 1;
    }
    true
}

fn new_repeated(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let (pool, r) = pool_and_count(vm, "combinations_with_replacement", args)?;
    check_room(vm, r)?;
    let possible = r == 0 || !pool.is_empty();
    let selection = Selection::new(vec![0; r], possible);
    Ok(vm.allocate_in(class.get(), Repeated { pool, selection }))
}

fn step_repeated(selection: &mut Selection, n: usize) -> bool {
    let indices = &mut selection.indices;
    let Some(position) = (0..indices.len()).rev().find(|&position| indices[position] != n - 1) else { return false };
    let next = indices[position] + 1;
    indices[position..].fill(next);
    true
}

fn new_permutations(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 2];
    bind_args(vm, "permutations", "(iterable, r=None)", args, &mut bound)?;
    let [iterable, r] = bound;
    let pool = vm.collect(iterable.expect("a required argument").borrow())?;
    let n = pool.len();
    let r = match r.filter(|r| !r.borrow().is_none()) {
        Some(r) if !int::is_int(r.borrow()) => return Err(vm.type_error("Expected int as r")),
        Some(r) => size_argument(vm, r.borrow())?,
        None => n as isize,
    };
    if r < 0 {
        return Err(vm.value_error("r must be non-negative"));
    }
    let r = r as usize;
    let possible = r <= n;
    let mut selection = Selection { stage: if possible { Stage::Fresh } else { Stage::Done }, indices: (0..n).collect(), cycles: Vec::new() };
    if possible {
        selection.cycles = (0..r).map(|position| n - position).collect();
        if r == 0 {
            selection.indices.clear();
        }
    }
    Ok(vm.allocate_in(class.get(), Permutations { pool, selection: VmCell::new(selection) }))
}

/// Counts the rightmost position's cycle down: until it is over the position takes the next of the
/// unused items, then it gives them back and the position before it moves.
fn step_permutations(selection: &mut Selection, n: usize) -> bool {
    let Selection { indices, cycles, .. } = selection;
    for position in (0..cycles.len()).rev() {
        cycles[position] -= 1;
        if cycles[position] == 0 {
            indices[position..].rotate_left(1);
            cycles[position] = n - position;
        } else {
            indices.swap(position, n - cycles[position]);
            return true;
        }
    }
    false
}
