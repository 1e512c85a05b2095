//! Sorting lists.
//!
//! Keys that can all be compared without running Python (ints, floats, strings, tuples of these)
//! are sorted by the standard library's stable sort. Everything else goes through powersort, the
//! merge sort CPython uses: natural runs, extended to a minimum length by binary insertion, are
//! merged in the order given by their power in an imagined perfectly balanced tree, with galloping
//! where one run wins many times in a row.
//!
//! Powersort works on a permutation of positions, so a comparison that raises, or that contradicts
//! itself, leaves a list with the same items in some order.

use bytecode::opcode::Comparison;
use object::dict::table::quick_equal;
use object::float;
use object::list::List;
use object::slots::CompareFn;
use object::str::{STR, Str};
use object::tuple::{TUPLE, Tuple};
use object::{Object, PyResult, Ref, RefOf, Type, Vm};
use std::cmp::Ordering;

/// Merges begin to gallop when one run has won this many times in a row.
const MIN_GALLOP: usize = 7;

/// Shorter lists are sorted by insertion alone.
const MAX_MIN_RUN: usize = 64;

/// `list.sort(key=key, reverse=reverse)`
pub fn sort_list(vm: &mut Vm, list: RefOf<'_, List>, key: Option<Ref<'_>>, reverse: bool) -> PyResult<()> {
    let mut items = std::mem::take(list.items_mut(vm));
    let result = sort(vm, &mut items, key, reverse);
    // Keys that died may have something to do, and that may touch the list.
    vm.run_finalizers();
    let place = list.items_mut(vm);
    // Whoever touched the list meanwhile has allocated.
    let modified = place.capacity() != 0;
    let intruders = std::mem::replace(place, items);
    drop(intruders);
    result?;
    if modified { Err(vm.value_error("list modified during sort")) } else { Ok(()) }
}

/// Sorts items that nobody else can see. `key` may be `None`, Rust's or Python's.
pub fn sort(vm: &mut Vm, items: &mut Vec<Object>, key: Option<Ref<'_>>, reverse: bool) -> PyResult<()> {
    let Some(key) = key.filter(|key| !key.is_none()) else {
        return sort_elements(vm, items, reverse);
    };
    let mut keys = Vec::with_capacity(items.len());
    for item in items.iter() {
        keys.push(vm.call(key, &[item.borrow()])?);
    }
    let mut pairs: Vec<(Object, Object)> = keys.into_iter().zip(items.drain(..)).collect();
    let result = sort_elements(vm, &mut pairs, reverse);
    items.extend(pairs.into_iter().map(|(_, item)| item));
    result
}

/// Something that is sorted by a key.
trait Element {
    fn key(&self) -> Ref<'_>;
}

impl Element for Object {
    #[inline]
    fn key(&self) -> Ref<'_> {
        self.borrow()
    }
}

impl Element for (Object, Object) {
    #[inline]
    fn key(&self) -> Ref<'_> {
        self.0.borrow()
    }
}

fn sort_elements<T: Element>(vm: &mut Vm, elements: &mut Vec<T>, reverse: bool) -> PyResult<()> {
    if elements.len() < 2 {
        return Ok(());
    }
    // Reversing before and after keeps equal items in their order.
    if reverse {
        elements.reverse();
    }
    let result = if sort_natively(elements) { Ok(()) } else { sort_by_comparing(vm, elements) };
    if reverse {
        elements.reverse();
    }
    result
}

/// What all keys are, where that makes them comparable without Python.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Or a bool.
    SmallInt,
    Float,
    Str,
    Tuple,
}

fn kind_of(key: Ref<'_>) -> Option<Kind> {
    if key.as_small_int().is_some() || key.as_bool().is_some() {
        Some(Kind::SmallInt)
    } else if key.is_exactly(&STR) {
        Some(Kind::Str)
    } else if key.is_exactly(&TUPLE) {
        Some(Kind::Tuple)
    } else if key.is_exactly(&float::FLOAT) && float::value(key).is_some_and(|value| !value.is_nan()) {
        // Nothing is ordered with respect to what is not a number.
        Some(Kind::Float)
    } else {
        None
    }
}

fn small_int(key: Ref<'_>) -> i64 {
    key.as_small_int().unwrap_or_else(|| i64::from(key.as_bool() == Some(true)))
}

fn compare_floats(left: Ref<'_>, right: Ref<'_>) -> Ordering {
    let (left, right) = (float::value(left).unwrap_or(0.0), float::value(right).unwrap_or(0.0));
    left.partial_cmp(&right).unwrap_or(Ordering::Equal)
}

fn compare_strings(left: Ref<'_>, right: Ref<'_>) -> Ordering {
    match (left.downcast_exact::<Str>(), right.downcast_exact::<Str>()) {
        (Some(left), Some(right)) => left.get().compare(right.get()),
        _ => Ordering::Equal,
    }
}

/// Sorts elements whose keys are all of one comparable kind; `false` if they are not.
fn sort_natively<T: Element>(elements: &mut Vec<T>) -> bool {
    let Some(kind) = kind_of(elements[0].key()) else { return false };
    if elements.iter().any(|element| kind_of(element.key()) != Some(kind)) {
        return false;
    }
    match kind {
        Kind::SmallInt => elements.sort_by_key(|element| small_int(element.key())),
        Kind::Float => elements.sort_by(|a, b| compare_floats(a.key(), b.key())),
        Kind::Str => sort_strings(elements),
        Kind::Tuple => return sort_tuples(elements),
    }
    true
}

/// The first eight characters of a Latin-1 string, such that their order is that of the strings.
fn prefix(key: Ref<'_>) -> Option<u64> {
    let text = key.downcast_exact::<Str>()?.get().as_latin1()?;
    let mut bytes = [0; 8];
    let len = text.len().min(8);
    bytes[..len].copy_from_slice(&text[..len]);
    Some(u64::from_be_bytes(bytes))
}

fn sort_strings<T: Element>(elements: &mut Vec<T>) {
    let Some(prefixes) = elements.iter().map(|element| prefix(element.key())).collect::<Option<Vec<u64>>>() else {
        return elements.sort_by(|a, b| compare_strings(a.key(), b.key()));
    };
    let mut decorated: Vec<(u64, T)> = prefixes.into_iter().zip(elements.drain(..)).collect();
    decorated.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| compare_strings(a.1.key(), b.1.key())));
    elements.extend(decorated.into_iter().map(|(_, element)| element));
}

fn tuple_items<T: Element>(element: &T) -> &[Ref<'_>] {
    element.key().downcast_exact::<Tuple>().map_or(&[], |tuple| tuple.get().items())
}

/// Sorts elements whose keys are tuples of one length, if each column is of one kind.
fn sort_tuples<T: Element>(elements: &mut [T]) -> bool {
    let first = tuple_items(&elements[0]);
    let Some(columns) = first.iter().map(|&item| kind_of(item).filter(|&kind| kind != Kind::Tuple)).collect::<Option<Vec<Kind>>>() else {
        return false;
    };
    let fits = |element: &T| {
        let items = tuple_items(element);
        items.len() == columns.len() && items.iter().zip(&columns).all(|(&item, &kind)| kind_of(item) == Some(kind))
    };
    if !elements.iter().all(fits) {
        return false;
    }
    elements.sort_by(|a, b| {
        for ((&a, &b), kind) in tuple_items(a).iter().zip(tuple_items(b)).zip(&columns) {
            let ordering = match kind {
                Kind::SmallInt => small_int(a).cmp(&small_int(b)),
                Kind::Float => compare_floats(a, b),
                Kind::Str | Kind::Tuple => compare_strings(a, b),
            };
            if ordering.is_ne() {
                return ordering;
            }
        }
        Ordering::Equal
    });
    true
}

/// `left < right`, if that can be said without running Python.
pub fn quick_less(left: Ref<'_>, right: Ref<'_>) -> Option<bool> {
    if let (Some(left), Some(right)) = (left.as_small_int(), right.as_small_int()) {
        return Some(left < right);
    }
    if left.is_exactly(&STR) && right.is_exactly(&STR) {
        return Some(compare_strings(left, right).is_lt());
    }
    if left.is_exactly(&float::FLOAT) && right.is_exactly(&float::FLOAT) {
        return Some(float::value(left)? < float::value(right)?);
    }
    let (left, right) = (left.downcast_exact::<Tuple>()?, right.downcast_exact::<Tuple>()?);
    for (&a, &b) in left.get().items().iter().zip(right.get().items()) {
        if !quick_equal(a, b)? {
            return if a.is_exactly(&TUPLE) { None } else { quick_less(a, b) };
        }
    }
    Some(left.len() < right.len())
}

fn sort_by_comparing<T: Element>(vm: &mut Vm, elements: &mut Vec<T>) -> PyResult<()> {
    let mut sorter = Sorter::new(elements);
    let result = sorter.sort(vm);
    let order = sorter.order;
    let mut taken: Vec<Option<T>> = elements.drain(..).map(Some).collect();
    elements.extend(order.into_iter().filter_map(|position| taken[position].take()));
    result
}

/// A stretch of the order that is sorted, waiting to be merged.
struct Run {
    start: usize,
    len: usize,
    /// The depth, in the imagined merge tree, of the merge with the next run.
    power: u32,
}

struct Sorter<'a, T> {
    elements: &'a [T],
    /// The class of all keys, and its comparison.
    same_class: Option<(*const Type, CompareFn)>,
    order: Vec<usize>,
    runs: Vec<Run>,
    min_gallop: usize,
}

/// How far a merge has come: upwards or downwards, depending on the direction.
struct Merge {
    a: usize,
    b: usize,
    destination: usize,
}

impl<'a, T: Element> Sorter<'a, T> {
    fn new(elements: &'a [T]) -> Sorter<'a, T> {
        let class = elements[0].key().class();
        let same_class = elements.iter().all(|element| std::ptr::eq(element.key().class(), class));
        Sorter {
            elements,
            same_class: class.slots().compare.filter(|_| same_class).map(|compare| (std::ptr::from_ref(class), compare)),
            order: (0..elements.len()).collect(),
            runs: Vec::new(),
            min_gallop: MIN_GALLOP,
        }
    }

    /// Whether the element at position `left` must come before that at `right`.
    fn less(&self, vm: &mut Vm, left: usize, right: usize) -> PyResult<bool> {
        let (left, right) = (self.elements[left].key(), self.elements[right].key());
        if let Some(less) = quick_less(left, right) {
            return Ok(less);
        }
        if let Some((class, compare)) = self.same_class
            && std::ptr::eq(left.class(), class)
            && std::ptr::eq(right.class(), class)
        {
            let result = compare(vm, left, right, Comparison::Less)?;
            if !result.borrow().is_not_implemented() {
                return vm.is_true(result.borrow());
            }
        }
        let result = vm.compare(left, right, Comparison::Less)?;
        vm.is_true(result.borrow())
    }

    fn sort(&mut self, vm: &mut Vm) -> PyResult<()> {
        let len = self.order.len();
        let min_run = min_run(len);
        let mut start = 0;
        while start < len {
            let mut n = self.count_run(vm, start, len)?;
            if n < min_run {
                let forced = min_run.min(len - start);
                self.insert_sort(vm, start, start + forced, start + n)?;
                n = forced;
            }
            self.found_run(vm, start, n)?;
            start += n;
        }
        while self.runs.len() > 1 {
            let mut index = self.runs.len() - 2;
            if index > 0 && self.runs[index - 1].len < self.runs[index + 1].len {
                index -= 1;
            }
            self.merge_at(vm, index)?;
        }
        Ok(())
    }

    /// The length of the run at `start`; one that descends is reversed.
    fn count_run(&mut self, vm: &mut Vm, start: usize, end: usize) -> PyResult<usize> {
        if end - start < 2 {
            return Ok(end - start);
        }
        let mut n = 2;
        let descending = self.less(vm, self.order[start + 1], self.order[start])?;
        while start + n < end && self.less(vm, self.order[start + n], self.order[start + n - 1])? == descending {
            n += 1;
        }
        if descending {
            self.order[start..start + n].reverse();
        }
        Ok(n)
    }

    /// Sorts `start..end`, of which `start..sorted` is sorted.
    fn insert_sort(&mut self, vm: &mut Vm, start: usize, end: usize, sorted: usize) -> PyResult<()> {
        for next in sorted.max(start + 1)..end {
            let pivot = self.order[next];
            let (mut low, mut high) = (start, next);
            while low < high {
                let middle = low + (high - low) / 2;
                if self.less(vm, pivot, self.order[middle])? { high = middle } else { low = middle + 1 }
            }
            self.order[low..=next].rotate_right(1);
        }
        Ok(())
    }

    fn found_run(&mut self, vm: &mut Vm, start: usize, len: usize) -> PyResult<()> {
        if let Some(last) = self.runs.last() {
            let power = power(last.start, last.len, len, self.order.len());
            while self.runs.len() > 1 && self.runs[self.runs.len() - 2].power > power {
                self.merge_at(vm, self.runs.len() - 2)?;
            }
            if let Some(last) = self.runs.last_mut() {
                last.power = power;
            }
        }
        self.runs.push(Run { start, len, power: 0 });
        Ok(())
    }

    /// Merges the run at `index` with the one after it.
    fn merge_at(&mut self, vm: &mut Vm, index: usize) -> PyResult<()> {
        let second = self.runs.remove(index + 1);
        let first = &mut self.runs[index];
        let (mut start, middle, mut end) = (first.start, second.start, second.start + second.len);
        first.len += second.len;
        // What is in place already is left alone.
        start += self.gallop_right(vm, self.order[middle], &self.order[start..middle], 0)?;
        if start == middle {
            return Ok(());
        }
        let last = self.order[middle - 1];
        end = middle + self.gallop_left(vm, last, &self.order[middle..end], end - middle - 1)?;
        if end == middle {
            return Ok(());
        }
        if middle - start <= end - middle { self.merge_low(vm, start, middle, end) } else { self.merge_high(vm, start, middle, end) }
    }

    /// Merges upwards, with the first run set aside.
    fn merge_low(&mut self, vm: &mut Vm, start: usize, middle: usize, end: usize) -> PyResult<()> {
        let first = self.order[start..middle].to_vec();
        let mut at = Merge { a: 0, b: middle, destination: start };
        let result = self.merge_upwards(vm, &first, &mut at, end);
        // The room between is always what is left of the first run.
        self.order[at.destination..at.b].copy_from_slice(&first[at.a..]);
        result
    }

    fn take_second(&mut self, at: &mut Merge, n: usize) {
        self.order.copy_within(at.b..at.b + n, at.destination);
        at.b += n;
        at.destination += n;
    }

    fn take_first(&mut self, first: &[usize], at: &mut Merge, n: usize) {
        self.order[at.destination..at.destination + n].copy_from_slice(&first[at.a..at.a + n]);
        at.a += n;
        at.destination += n;
    }

    fn merge_upwards(&mut self, vm: &mut Vm, first: &[usize], at: &mut Merge, end: usize) -> PyResult<()> {
        self.take_second(at, 1);
        while at.b < end && first.len() - at.a > 1 {
            let (mut wins_a, mut wins_b) = (0, 0);
            while at.b < end && first.len() - at.a > 1 && wins_a < self.min_gallop && wins_b < self.min_gallop {
                if self.less(vm, self.order[at.b], first[at.a])? {
                    self.take_second(at, 1);
                    (wins_a, wins_b) = (0, wins_b + 1);
                } else {
                    self.take_first(first, at, 1);
                    (wins_a, wins_b) = (wins_a + 1, 0);
                }
            }
            self.min_gallop += 1;
            while at.b < end && first.len() - at.a > 1 {
                self.min_gallop = (self.min_gallop - 1).max(1);
                let wins_a = self.gallop_right(vm, self.order[at.b], &first[at.a..], 0)?;
                self.take_first(first, at, wins_a);
                if first.len() - at.a <= 1 {
                    break;
                }
                self.take_second(at, 1);
                if at.b == end {
                    break;
                }
                let wins_b = self.gallop_left(vm, first[at.a], &self.order[at.b..end], 0)?;
                self.take_second(at, wins_b);
                if at.b == end {
                    break;
                }
                self.take_first(first, at, 1);
                if wins_a < MIN_GALLOP && wins_b < MIN_GALLOP {
                    // A penalty for leaving the galloping mode.
                    self.min_gallop += 1;
                    break;
                }
            }
        }
        // The last of the first run belongs after all of the second.
        self.take_second(at, end - at.b);
        Ok(())
    }

    /// Merges downwards, with the second run set aside.
    fn merge_high(&mut self, vm: &mut Vm, start: usize, middle: usize, end: usize) -> PyResult<()> {
        let second = self.order[middle..end].to_vec();
        // Here `a` and `b` are where what is left of each run ends.
        let mut at = Merge { a: middle, b: second.len(), destination: end };
        let result = self.merge_downwards(vm, &second, &mut at, start);
        self.order[at.a..at.destination].copy_from_slice(&second[..at.b]);
        result
    }

    fn take_first_down(&mut self, at: &mut Merge, n: usize) {
        self.order.copy_within(at.a - n..at.a, at.destination - n);
        at.a -= n;
        at.destination -= n;
    }

    fn take_second_down(&mut self, second: &[usize], at: &mut Merge, n: usize) {
        self.order[at.destination - n..at.destination].copy_from_slice(&second[at.b - n..at.b]);
        at.b -= n;
        at.destination -= n;
    }

    fn merge_downwards(&mut self, vm: &mut Vm, second: &[usize], at: &mut Merge, start: usize) -> PyResult<()> {
        self.take_first_down(at, 1);
        while at.a > start && at.b > 1 {
            let (mut wins_a, mut wins_b) = (0, 0);
            while at.a > start && at.b > 1 && wins_a < self.min_gallop && wins_b < self.min_gallop {
                if self.less(vm, second[at.b - 1], self.order[at.a - 1])? {
                    self.take_first_down(at, 1);
                    (wins_a, wins_b) = (wins_a + 1, 0);
                } else {
                    self.take_second_down(second, at, 1);
                    (wins_a, wins_b) = (0, wins_b + 1);
                }
            }
            self.min_gallop += 1;
            while at.a > start && at.b > 1 {
                self.min_gallop = (self.min_gallop - 1).max(1);
                let len = at.a - start;
                let wins_a = len - self.gallop_right(vm, second[at.b - 1], &self.order[start..at.a], len - 1)?;
                self.take_first_down(at, wins_a);
                if at.a == start {
                    break;
                }
                self.take_second_down(second, at, 1);
                if at.b <= 1 {
                    break;
                }
                let wins_b = at.b - self.gallop_left(vm, self.order[at.a - 1], &second[..at.b], at.b - 1)?;
                self.take_second_down(second, at, wins_b);
                if at.b <= 1 {
                    break;
                }
                self.take_first_down(at, 1);
                if wins_a < MIN_GALLOP && wins_b < MIN_GALLOP {
                    self.min_gallop += 1;
                    break;
                }
            }
        }
        // The first of the second run belongs before all of the first.
        self.take_first_down(at, at.a - start);
        Ok(())
    }

    /// How many items of a sorted run are less than `key`. The search starts at `hint`.
    fn gallop_left(&self, vm: &mut Vm, key: usize, run: &[usize], hint: usize) -> PyResult<usize> {
        self.gallop(run, hint, |item| self.less(vm, item, key))
    }

    /// How many items of a sorted run are not greater than `key`. The search starts at `hint`.
    fn gallop_right(&self, vm: &mut Vm, key: usize, run: &[usize], hint: usize) -> PyResult<usize> {
        self.gallop(run, hint, |item| Ok(!self.less(vm, key, item)?))
    }

    /// The number of leading items that are `before`: steps of doubling size away from the hint,
    /// then a binary search in between.
    fn gallop(&self, run: &[usize], hint: usize, mut before: impl FnMut(usize) -> PyResult<bool>) -> PyResult<usize> {
        let len = run.len();
        let (mut low, mut high);
        let mut step = 1;
        if before(run[hint])? {
            low = hint + 1;
            high = len;
            while hint + step < len {
                if !before(run[hint + step])? {
                    high = hint + step;
                    break;
                }
                low = hint + step + 1;
                step = step * 2 + 1;
            }
        } else {
            high = hint;
            low = 0;
            while step <= hint {
                if before(run[hint - step])? {
                    low = hint - step + 1;
                    break;
                }
                high = hint - step;
                step = step * 2 + 1;
            }
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if before(run[middle])? { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }
}

/// The least length of a run, chosen such that a power of two of them, or slightly fewer, fill the list.
fn min_run(mut len: usize) -> usize {
    let mut rest = 0;
    while len >= MAX_MIN_RUN {
        rest |= len & 1;
        len >>= 1;
    }
    len + rest
}

/// The depth of the tree node between two neighbouring runs: where the binary fractions of their
/// midpoints, as parts of the whole, first differ.
fn power(start: usize, first: usize, second: usize, total: usize) -> u32 {
    let total = total as u128;
    let mut a = 2 * start as u128 + first as u128;
    let mut b = a + first as u128 + second as u128;
    let mut power = 0;
    loop {
        power += 1;
        if a >= total {
            a -= total;
            b -= total;
        } else if b >= total {
            return power;
        }
        a <<= 1;
        b <<= 1;
    }
}
