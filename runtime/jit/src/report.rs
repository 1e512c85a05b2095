//! What compiled code tells of itself: how often it was left, where and why; the misses of caches.

use crate::deopt::{Exits, Point};
use interp::CodeObject;
use object::Ref;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many types are told of for an exit; the rest is [`OTHER`].
const MOST_TYPES: usize = 4;
const OTHER: &str = "<other>";
const NONE: &str = "<none>";

/// What is told of one exit.
#[derive(Default)]
pub struct Tale {
    count: u32,
    /// How often it was taken because a guard failed, whatever is forgotten.
    failures: u32,
    types: Vec<(String, u32)>,
}

impl Tale {
    /// The exit was taken; the name of the type to blame, if one is.
    pub fn left(&mut self, guilty: Option<String>) {
        self.count += 1;
        let Some(name) = guilty else { return };
        let has_room = self.types.len() < MOST_TYPES;
        match self.types.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None if has_room => self.types.push((name, 1)),
            None => {}
        }
    }

    /// A guard failed; how often one has.
    pub fn failed(&mut self) -> u32 {
        self.failures += 1;
        self.failures
    }

    /// The names of the types that were to blame.
    pub fn guilty_types(&self) -> Vec<String> {
        self.types.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Nothing is told of it any more.
    pub fn forget(&mut self) {
        self.count = 0;
        self.types.clear();
    }

    /// How often by which type.
    fn by_type(&self) -> Vec<(String, u32)> {
        let mut types = self.types.clone();
        let told: u32 = types.iter().map(|(_, count)| *count).sum();
        match (self.count - told.min(self.count), types.is_empty()) {
            (0, _) => {}
            (left, true) => types.push((NONE.to_owned(), left)),
            (left, false) => types.push((OTHER.to_owned(), left)),
        }
        types
    }
}

/// One line of the statistics.
#[derive(Clone)]
pub struct Event {
    pub qualname: String,
    pub filename: String,
    pub reason: &'static str,
    pub description: &'static str,
    pub guilty_type: String,
    pub line: u32,
    pub count: u32,
}

impl Event {
    /// Whether only how often differs.
    fn is_like(&self, other: &Event) -> bool {
        let key = |event: &Event| (event.line, event.reason, event.description);
        key(self) == key(other) && (&self.qualname, &self.filename, &self.guilty_type) == (&other.qualname, &other.filename, &other.guilty_type)
    }
}

/// Why an exit is taken, in Cinder's words.
fn reason(instr: &str, is_raise: bool) -> &'static str {
    match (instr, is_raise) {
        ("Raise", _) => "Raise",
        ("CheckVar", _) => "UnhandledUnboundLocal",
        ("CheckFreevar", _) => "UnhandledUnboundFreevar",
        ("CheckField", _) => "UnhandledNullField",
        ("RunPeriodicTasks", _) => "PeriodicTaskFailure",
        (_, true) => "UnhandledException",
        (_, false) => "GuardFailure",
    }
}

/// What is told of the exits of a code object's compiled code.
pub fn events_of(code: &CodeObject, exits: &Exits, events: &mut Vec<Event>) {
    exits.for_each_tale(&mut |point: &Point, tale: &Tale| {
        let instr = point.instr.info().name;
        for (guilty_type, count) in tale.by_type() {
            events.push(Event {
                qualname: code.qualname_text().into_owned(),
                filename: code.filename_text().into_owned(),
                reason: reason(instr, point.is_raise),
                description: instr,
                guilty_type,
                line: code.line(point.site as usize),
                count,
            });
        }
    });
}

static KEPT: Mutex<Vec<Event>> = Mutex::new(Vec::new());

/// Keeps what is told of the exits of code that goes.
pub fn keep_events(code: &CodeObject, exits: &Exits) {
    let mut events = Vec::new();
    events_of(code, exits, &mut events);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    for event in events {
        match kept.iter_mut().find(|known| known.is_like(&event)) {
            Some(known) => known.count += event.count,
            None => kept.push(event),
        }
    }
}

/// What was kept; it is forgotten if `clears`.
pub fn kept_events(clears: bool) -> Vec<Event> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if clears { std::mem::take(&mut *kept) } else { kept.clone() }
}

/// The statistics as the log has them.
pub fn text_of_events(events: &[Event]) -> String {
    let mut text = format!("JIT: compiled code was left {} times\n", events.iter().map(|event| u64::from(event.count)).sum::<u64>());
    for event in events {
        text.push_str(&format!(
            "{:8} {} in {} ({}:{}), {} {}\n",
            event.count, event.reason, event.qualname, event.filename, event.line, event.description, event.guilty_type
        ));
    }
    text
}

/// Misses of caches: by file and method, by the key (the type and what it is looked up as), how often and why.
pub type Misses = BTreeMap<(String, String), BTreeMap<String, (u32, &'static str)>>;

static MISSES: Mutex<Misses> = Mutex::new(BTreeMap::new());

fn misses() -> MutexGuard<'static, Misses> {
    MISSES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether misses are counted.
static COUNTS_MISSES: AtomicBool = AtomicBool::new(false);

/// Counts misses from now on, or does not.
pub fn count_misses(counts: bool) {
    COUNTS_MISSES.store(counts, Ordering::Relaxed);
}

/// Notes that code looks up a method that is not in the cache, if misses are counted.
#[inline]
pub fn look_for_miss(code: &CodeObject, owner: Ref<'_>, name: Ref<'_>) {
    if COUNTS_MISSES.load(Ordering::Relaxed) && object::attribute::cache::load(owner, name).is_none() {
        let method = name.downcast::<object::str::Str>().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let key = format!("{}.{method}", owner.class().full_name());
        missed(code.filename_text().into_owned(), method, key, "Uncategorized");
    }
}

/// A method was not in the cache.
fn missed(file: String, method: String, key: String, reason: &'static str) {
    let mut misses = misses();
    misses.entry((file, method)).or_default().entry(key).or_insert((0, reason)).0 += 1;
}

/// The misses so far, which are forgotten.
pub fn take_misses() -> Misses {
    std::mem::take(&mut misses())
}
