//! Cells of global names: where the value of a name is, for code with certain globals and builtins.
//!
//! A [`GlobalCell`] points at the word of the entry that holds the value. Entries move only when the keys of their dict change, and only
//! then can a name come to mean another entry; so a dict that cells depend on empties them when its keys change, and when it ends.
//! Who reads a global through a cell compares nothing and looks nothing up; who finds it empty asks for the cell anew.
//!
//! Compiled code counts on names that have functions, classes and modules to keep them: before such a name changes in a dict that cells
//! depend on, [`assumed::changes`] is told the place of its cell.

use super::Dict;
use crate::assumed;
use crate::cell::VmCell;
use crate::singleton::ModuleObject;
use crate::str::Str;
use crate::value::{Object, Ref, RefOf};
use std::cell::Cell;
use std::collections::HashMap;
use std::ptr;
use std::rc::Rc;

/// Where the value of a global name is.
pub struct GlobalCell {
    /// The word of the value; null: it has to be looked up.
    place: Cell<*const u64>,
    is_builtin: Cell<bool>,
}

impl GlobalCell {
    /// The word of the value, if it is known where it is.
    #[inline(always)]
    pub fn word(&self) -> Option<u64> {
        let place = self.place.get();
        // SAFETY: a place that is not null is that of an entry of a dict that has not changed its keys since.
        (!place.is_null()).then(|| unsafe { *place })
    }

    /// Where it says where the word is, for compiled code to look at; null there: it has to be looked up.
    pub fn place(&self) -> *const *const u64 {
        self.place.as_ptr()
    }

    /// The value, if it is known where it is.
    pub fn value(&self) -> Option<Object> {
        // SAFETY: the word is that of an entry, which holds a reference.
        self.word().map(|word| unsafe { Ref::from_bits(word) }.to_owned())
    }

    /// Whether the name was last found in the builtins.
    pub fn is_builtin(&self) -> bool {
        self.is_builtin.get()
    }
}

/// Names a dict that cells depend on; 0: none does. When the dict ends, so does what is known of its cells.
#[derive(Default)]
pub(super) struct ScopeId(Cell<u32>);

/// What a dict that cells depend on has to do with them.
#[derive(Default)]
struct Scope {
    /// As globals: the cells by name and builtins.
    cells: HashMap<(u64, u32), Rc<GlobalCell>>,
    /// As builtins: who the globals are.
    users: Vec<u32>,
}

#[derive(Default)]
struct Scopes {
    scopes: HashMap<u32, Scope>,
    last: u32,
}

static SCOPES: VmCell<Option<Scopes>> = VmCell::new(None);

/// Runs `action` with the scopes.
fn with_scopes<T>(action: impl FnOnce(&mut Scopes) -> T) -> T {
    // SAFETY: the lock is held, and no action comes back here.
    action(unsafe { SCOPES.get_unchecked() }.get_or_insert_default())
}

impl Scopes {
    /// Visits the cells that depend on a dict, with their names.
    fn for_each_cell(&self, id: u32, mut visit: impl FnMut(u64, &GlobalCell)) {
        let Some(scope) = self.scopes.get(&id) else { return };
        let users = scope.users.iter().filter_map(|user| self.scopes.get(user));
        for ((name, _), cell) in std::iter::once(scope).chain(users).flat_map(|scope| &scope.cells) {
            visit(*name, cell);
        }
    }
}

/// Whether a name means something else when this key of a dict does. Names are interned; a key that is not may be equal to any.
fn may_be_meant(name: u64, key: Option<Ref<'_>>) -> bool {
    let key = key.filter(|key| key.downcast_exact::<Str>().is_some_and(|key| key.is_interned()));
    key.is_none_or(|key| key.bits() == name)
}

impl ScopeId {
    pub(super) const fn none() -> ScopeId {
        ScopeId(Cell::new(0))
    }

    /// Whether cells depend on the dict.
    #[inline(always)]
    pub(super) fn is_known(&self) -> bool {
        self.0.get() != 0
    }

    /// The keys of the dict are about to change: this one, or any.
    #[inline(always)]
    pub(super) fn keys_change(&self, key: Option<Ref<'_>>) {
        if self.is_known() {
            self.empty_cells(key);
        }
    }

    #[cold]
    #[inline(never)]
    fn empty_cells(&self, key: Option<Ref<'_>>) {
        with_scopes(|scopes| {
            scopes.for_each_cell(self.0.get(), |name, cell| {
                cell.place.set(ptr::null());
                if may_be_meant(name, key) {
                    assumed::changes(cell.place());
                }
            });
        });
    }

    /// A key is about to get another value than this one.
    #[inline(always)]
    pub(super) fn value_changes(&self, old: Ref<'_>, key: Ref<'_>) {
        if self.is_known() && old.bits() & abi::tag::IMMEDIATE_MASK == 0 {
            self.value_of_cells_changes(old, key);
        }
    }

    #[cold]
    #[inline(never)]
    fn value_of_cells_changes(&self, old: Ref<'_>, key: Ref<'_>) {
        if old.class().slots().call.is_none() && old.downcast::<ModuleObject>().is_none() {
            return;
        }
        with_scopes(|scopes| {
            scopes.for_each_cell(self.0.get(), |name, cell| {
                if may_be_meant(name, Some(key)) {
                    assumed::changes(cell.place());
                }
            });
        });
    }

    fn get_or_assign(&self) -> u32 {
        if self.0.get() == 0 {
            self.0.set(with_scopes(|scopes| {
                scopes.last += 1;
                scopes.scopes.insert(scopes.last, Scope::default());
                scopes.last
            }));
        }
        self.0.get()
    }
}

impl Drop for ScopeId {
    fn drop(&mut self) {
        let id = self.0.get();
        if id != 0 {
            self.empty_cells(None);
            with_scopes(|scopes| scopes.scopes.remove(&id));
        }
    }
}

/// The cell of a name for code with these globals and builtins; `None` if the name is in neither.
pub fn global_cell(globals: RefOf<'_, Dict>, builtins: RefOf<'_, Dict>, name: Ref<'_>) -> Option<Rc<GlobalCell>> {
    if !name.downcast_exact::<Str>()?.is_interned() {
        return None;
    }
    let (dict, position, is_builtin) = match super::scope::position_in(globals, name) {
        Some(position) => (globals, position, false),
        None => (builtins, super::scope::position_in(builtins, name)?, true),
    };
    // A view of attributes, which change without it, becomes a dict of its own.
    globals.get().own();
    builtins.get().own();
    let (globals_id, builtins_id) = (globals.get().scope.get_or_assign(), builtins.get().scope.get_or_assign());
    // SAFETY: nothing else runs while the storage is borrowed.
    let place: *const Object = unsafe { dict.get().storage.get_unchecked() }.value(position);
    with_scopes(|scopes| {
        if let Some(users) = scopes.scopes.get_mut(&builtins_id).map(|scope| &mut scope.users)
            && !users.contains(&globals_id)
        {
            users.push(globals_id);
        }
        let cells = &mut scopes.scopes.get_mut(&globals_id)?.cells;
        let cell = cells
            .entry((name.bits(), builtins_id))
            .or_insert_with(|| Rc::new(GlobalCell { place: Cell::new(ptr::null()), is_builtin: Cell::new(false) }));
        cell.place.set(place.cast());
        cell.is_builtin.set(is_builtin);
        Some(Rc::clone(cell))
    })
}
