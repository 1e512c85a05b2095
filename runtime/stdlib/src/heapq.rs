//! `_heapq`: heaps in lists, least or greatest item first.

use builtins::list_sort::quick_less;
use bytecode::opcode::Comparison;
use object::list::List;
use object::native::Module;
use object::{Object, PyResult, Ref, RefOf, Vm, method};

pub static MODULE: Module = Module {
    name: "_heapq",
    doc: "Heap queue algorithm (a.k.a. priority queue).\n\nHeaps are arrays for which a[k] <= a[2*k+1] and a[k] <= a[2*k+2] for\nall k, counting elements from 0.  For the sake of comparison,\nnon-existing elements are considered to be infinite.  The interesting\nproperty of a heap is that a[0] is always its smallest element.\n\nUsage:\n\nheap = []            # creates an empty heap\nheappush(heap, item) # pushes a new item on the heap\nitem = heappop(heap) # pops the smallest item from the heap\nitem = heap[0]       # smallest item on the heap without popping it\nheapify(x)           # transforms list into a heap, in-place, in linear time\nitem = heapreplace(heap, item) # pops and returns smallest item, and adds\n                               # new item; the heap size is unchanged\n\nOur API differs from textbook heap algorithms as follows:\n\n- We use 0-based indexing.  This makes the relationship between the\n  index for a node and the indexes for its children slightly less\n  obvious, but is more suitable since Python uses 0-based indexing.\n\n- Our heappop() method returns the smallest item, not the largest.\n\nThese two make it possible to view the heap as a regular Python list\nwithout surprises: heap[0] is the smallest item, and heap.sort()\nmaintains the heap invariant!\n",
    functions: &[
        method!(Bound heappush "($module, heap, item, /)", "Push item onto heap, maintaining the heap invariant."),
        method!(Bound heappushpop "($module, heap, item, /)", "Push item on the heap, then pop and return the smallest item from the heap.\n\nThe combined action runs more efficiently than heappush() followed by\na separate call to heappop()."),
        method!(Binary heappop "($module, heap, /)", "Pop the smallest item off the heap, maintaining the heap invariant."),
        method!(Bound heapreplace "($module, heap, item, /)", "Pop and return the current smallest value, and add the new item.\n\nThis is more efficient than heappop() followed by heappush(), and can be\nmore appropriate when using a fixed-size heap.  Note that the value\nreturned may be larger than item!  That constrains reasonable uses of\nthis routine unless written as part of a conditional replacement:\n\n    if item > heap[0]:\n        item = heapreplace(heap, item)"),
        method!(Binary heapify "($module, heap, /)", "Transform list into a heap, in-place, in O(len(heap)) time."),
        method!(Bound heappush_max "($module, heap, item, /)", "Push item onto max heap, maintaining the heap invariant."),
        method!(Bound heappushpop_max "($module, heap, item, /)", "Maxheap variant of heappushpop.\n\nThe combined action runs more efficiently than heappush_max()\nfollowed by a separate call to heappop_max()."),
        method!(Binary heappop_max "($module, heap, /)", "Maxheap variant of heappop."),
        method!(Bound heapreplace_max "($module, heap, item, /)", "Maxheap variant of heapreplace."),
        method!(Binary heapify_max "($module, heap, /)", "Maxheap variant of heapify."),
    ],
    init: Some(|vm, module| {
        let about = vm.new_str(ABOUT).into_object();
        module.set(vm, "__about__", about);
        Ok(())
    }),
    ..Module::DEFAULT
};

const ABOUT: &str =
    "Heap queues\n\nA heap is a list in which no item is less than the one at half its (one-based) position, so that the first item is the least.";

/// Which item comes first.
#[derive(Clone, Copy)]
enum Order {
    Least,
    Greatest,
}

fn less(vm: &mut Vm, left: &Object, right: &Object) -> PyResult<bool> {
    match quick_less(left.borrow(), right.borrow()) {
        Some(less) => Ok(less),
        None => vm.compare_bool(left.borrow(), right.borrow(), Comparison::Less),
    }
}

impl Order {
    /// Whether `left` belongs nearer to the front than `right`.
    fn before(self, vm: &mut Vm, left: &Object, right: &Object) -> PyResult<bool> {
        match self {
            Order::Least => less(vm, left, right),
            Order::Greatest => less(vm, right, left),
        }
    }
}

/// A heap whose length must not change while items are compared.
struct Heap<'a> {
    list: RefOf<'a, List>,
    len: usize,
    order: Order,
}

impl Heap<'_> {
    fn item(&self, vm: &mut Vm, index: usize) -> PyResult {
        match self.list.get().get(vm, index) {
            Some(item) if self.list.len(vm) == self.len => Ok(item.to_owned()),
            _ => Err(vm.runtime_error("list changed size during iteration")),
        }
    }

    /// Whether `left` belongs nearer to the front; the comparison must not change the length.
    fn before(&self, vm: &mut Vm, left: &Object, right: &Object) -> PyResult<bool> {
        let before = self.order.before(vm, left, right)?;
        if self.list.len(vm) == self.len { Ok(before) } else { Err(vm.runtime_error("list changed size during iteration")) }
    }

    fn swap(&self, vm: &mut Vm, a: usize, b: usize) -> PyResult<()> {
        let items = self.list.get().items_mut(vm);
        if items.len() != self.len {
            return Err(vm.runtime_error("list changed size during iteration"));
        }
        items.swap(a, b);
        Ok(())
    }

    /// Moves the item at `position` towards the front, as far as it belongs; not before `start`.
    fn rise(&self, vm: &mut Vm, start: usize, mut position: usize) -> PyResult<()> {
        while position > start {
            let parent = (position - 1) / 2;
            let (item, above) = (self.item(vm, position)?, self.item(vm, parent)?);
            if !self.before(vm, &item, &above)? {
                break;
            }
            self.swap(vm, position, parent)?;
            position = parent;
        }
        Ok(())
    }

    /// Moves the item at `position` to the bottom along the better children, and up again to where
    /// it belongs: that takes fewer comparisons than looking at each step.
    fn sink(&self, vm: &mut Vm, start: usize) -> PyResult<()> {
        let mut position = start;
        while position < self.len / 2 {
            let mut child = 2 * position + 1;
            if child + 1 < self.len {
                let (left, right) = (self.item(vm, child)?, self.item(vm, child + 1)?);
                if !self.before(vm, &left, &right)? {
                    child += 1;
                }
            }
            self.swap(vm, position, child)?;
            position = child;
        }
        self.rise(vm, start, position)
    }
}

fn heap_of<'a>(vm: &mut Vm, name: &str, position: &str, object: Ref<'a>, order: Order) -> PyResult<Heap<'a>> {
    match object.downcast::<List>() {
        Some(list) => Ok(Heap { list, len: list.len(vm), order }),
        None => Err(vm.type_error(format!("{name}() argument {position}must be list, not {}", object.class().full_name()))),
    }
}

fn push(vm: &mut Vm, name: &str, args: &[Option<Ref<'_>>], order: Order) -> PyResult {
    let (list, item) = (args[0].expect("a required argument"), args[1].expect("a required argument"));
    let mut heap = heap_of(vm, name, "1 ", list, order)?;
    heap.list.push(vm, item.to_owned());
    heap.len += 1;
    heap.rise(vm, 0, heap.len - 1)?;
    Ok(Object::none())
}

fn pop(vm: &mut Vm, name: &str, list: Ref<'_>, order: Order) -> PyResult {
    let mut heap = heap_of(vm, name, "", list, order)?;
    let Some(last) = heap.list.get().items_mut(vm).pop() else { return Err(vm.index_error("index out of range")) };
    heap.len -= 1;
    if heap.len == 0 {
        return Ok(last);
    }
    let first = std::mem::replace(&mut heap.list.get().items_mut(vm)[0], last);
    heap.sink(vm, 0)?;
    Ok(first)
}

fn replace(vm: &mut Vm, name: &str, args: &[Option<Ref<'_>>], order: Order) -> PyResult {
    let (list, item) = (args[0].expect("a required argument"), args[1].expect("a required argument"));
    let heap = heap_of(vm, name, "1 ", list, order)?;
    if heap.len == 0 {
        return Err(vm.index_error("index out of range"));
    }
    let first = std::mem::replace(&mut heap.list.get().items_mut(vm)[0], item.to_owned());
    heap.sink(vm, 0)?;
    Ok(first)
}

fn push_pop(vm: &mut Vm, name: &str, args: &[Option<Ref<'_>>], order: Order) -> PyResult {
    let (list, item) = (args[0].expect("a required argument"), args[1].expect("a required argument"));
    let heap = heap_of(vm, name, "1 ", list, order)?;
    let item = item.to_owned();
    if heap.len == 0 {
        return Ok(item);
    }
    let top = heap.item(vm, 0)?;
    if !order.before(vm, &top, &item)? {
        return Ok(item);
    }
    let items = heap.list.get().items_mut(vm);
    if items.is_empty() {
        return Err(vm.index_error("index out of range"));
    }
    let first = std::mem::replace(&mut items[0], item);
    heap.sink(vm, 0)?;
    Ok(first)
}

fn make_heap(vm: &mut Vm, name: &str, list: Ref<'_>, order: Order) -> PyResult {
    let heap = heap_of(vm, name, "", list, order)?;
    for position in (0..heap.len / 2).rev() {
        heap.sink(vm, position)?;
    }
    Ok(Object::none())
}

fn heappush(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    push(vm, "heappush", args, Order::Least)
}

fn heappush_max(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    push(vm, "heappush_max", args, Order::Greatest)
}

fn heappop(vm: &mut Vm, _module: Ref<'_>, list: Ref<'_>) -> PyResult {
    pop(vm, "heappop", list, Order::Least)
}

fn heappop_max(vm: &mut Vm, _module: Ref<'_>, list: Ref<'_>) -> PyResult {
    pop(vm, "heappop_max", list, Order::Greatest)
}

fn heapreplace(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    replace(vm, "heapreplace", args, Order::Least)
}

fn heapreplace_max(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    replace(vm, "heapreplace_max", args, Order::Greatest)
}

fn heappushpop(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    push_pop(vm, "heappushpop", args, Order::Least)
}

fn heappushpop_max(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    push_pop(vm, "heappushpop_max", args, Order::Greatest)
}

fn heapify(vm: &mut Vm, _module: Ref<'_>, list: Ref<'_>) -> PyResult {
    make_heap(vm, "heapify", list, Order::Least)
}

fn heapify_max(vm: &mut Vm, _module: Ref<'_>, list: Ref<'_>) -> PyResult {
    make_heap(vm, "heapify_max", list, Order::Greatest)
}
