//! `_zoneinfo`: time zones from the files of the IANA database.
//!
//! A zone is a list of transitions, each with the kind of time that follows it, and [`rules`] for what
//! comes after the last. Zones are cached by key: weakly all, and strongly the few used last.

mod rules;

use crate::datetime::datetime_type::{self, DateTime};
use crate::datetime::zone::TZINFO;
use crate::datetime::{delta, zone};
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, Visitor, VmCell};
use object::native::{Module, PayloadInfo, flag};
use object::str::Str;
use object::{Getset, Member, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, exception, int, method};
use rules::{EPOCH_ORDINAL, Kind, Rules};
use std::cell::Cell;

pub static MODULE: Module = Module {
    name: "_zoneinfo",
    doc: "C implementation of the zoneinfo module",
    types: &[&ZONE_INFO],
    // Where `datetime` is the one written in Python, so must the zones be.
    init: Some(|vm, _| {
        let datetime = vm.import("datetime")?;
        vm.get_attr_str(datetime.borrow(), "datetime_CAPI").map(drop)
    }),
    ..Module::DEFAULT
};

/// How a zone came about, which decides how it is pickled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Cached,
    Uncached,
    File,
}

/// The payload of a `ZoneInfo`.
pub struct ZoneInfo {
    key: Object,
    /// The `repr` of the file, if there is no key.
    file: Option<Object>,
    source: Cell<Source>,
    /// Seconds since 1970 in UTC, and by the local clock for both folds.
    universal: Vec<i64>,
    local: [Vec<i64>; 2],
    /// The kind of time after each transition.
    kinds: Vec<Kind>,
    before: Option<Kind>,
    after: Rules,
    is_fixed: bool,
}

impl Payload for ZoneInfo {
    fn class() -> &'static Type {
        &ZONE_INFO
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.key.borrow());
        visitor.visit_all(&self.file);
    }
}

/// `zoneinfo.ZoneInfo`
static ZONE_INFO: Type = Type::new(&ZONE_INFO_SPEC);
static ZONE_INFO_SPEC: TypeSpec = TypeSpec {
    name: "zoneinfo.ZoneInfo",
    base: Some(&TZINFO),
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<ZoneInfo>(),
    slots: Slots { new: Some(new), repr: Some(repr), str: Some(str), ..Slots::NONE },
    methods: METHODS,
    members: &[Member(Getset::readonly("key", "", |_, this| Ok(zone_info(this).key.clone())))],
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Bound clear_cache "($type, /, *, only_keys=None)", "Clear the ZoneInfo cache.").class_method(),
    method!(Bound no_cache "($type, /, key)", "Get a new instance of ZoneInfo, bypassing the cache.").class_method(),
    method!(Bound from_file "($type, file_obj, /, key=None)", "Create a ZoneInfo file from a file object.").class_method(),
    method!(Binary utcoffset "($self, dt, /)", "Retrieve a timedelta representing the UTC offset in a zone at the given datetime."),
    method!(Binary dst "($self, dt, /)", "Retrieve a timedelta representing the amount of DST applied in a zone at the given datetime."),
    method!(Binary tzname "($self, dt, /)", "Retrieve a string containing the abbreviation for the time zone that applies in a zone at a given datetime."),
    method!(Binary fromutc "($self, object, /)", "Given a datetime with local time in UTC, retrieve an adjusted datetime in local time."),
    method!(Unary reduce as "__reduce__" "($self, /)", "Function for serialization with the pickle protocol."),
    method!(Bound unpickle as "_unpickle" "($type, key, from_cache, /)", "Private method used in unpickling.").class_method(),
    method!(Raw init_subclass as "__init_subclass__" "", "Function to initialize subclasses.").class_method(),
];

fn zone_info(object: Ref<'_>) -> &ZoneInfo {
    object.downcast::<ZoneInfo>().expect("the method belongs to zones").get()
}

/// The weak cache of `ZoneInfo` itself; subclasses have theirs as an attribute.
static WEAK_CACHE: ObjectCell = ObjectCell::EMPTY;
/// Keys and zones used last, the latest first.
static STRONG_CACHE: VmCell<Vec<(Object, Object)>> = VmCell::new(Vec::new());
const STRONG_CACHE_SIZE: usize = 8;

fn new_weak_cache(vm: &mut Vm) -> PyResult {
    let weakref = vm.import("weakref")?;
    vm.call_method(weakref.borrow(), "WeakValueDictionary", &[])
}

fn is_base(class: Ref<'_>) -> bool {
    class.is(ZONE_INFO.object())
}

fn weak_cache(vm: &mut Vm, class: Ref<'_>) -> PyResult {
    if !is_base(class) {
        return vm.get_attr_str(class, "_weak_cache");
    }
    if let Some(cache) = WEAK_CACHE.get() {
        return Ok(cache);
    }
    let cache = new_weak_cache(vm)?;
    WEAK_CACHE.set(Some(cache.clone()));
    Ok(cache)
}

/// The zone of a key among those used last, which thereby becomes the latest.
fn from_strong_cache(vm: &mut Vm, key: Ref<'_>) -> PyResult<Option<Object>> {
    let entries = STRONG_CACHE.get(vm).clone();
    for (own, zone) in &entries {
        if vm.equal(own.borrow(), key)? {
            put_first(vm, own, zone);
            return Ok(Some(zone.clone()));
        }
    }
    Ok(None)
}

fn put_first(vm: &mut Vm, key: &Object, zone: &Object) {
    let mut entries = STRONG_CACHE.get(vm).clone();
    entries.retain(|(_, own)| !own.borrow().is(zone.borrow()));
    entries.insert(0, (key.clone(), zone.clone()));
    entries.truncate(STRONG_CACHE_SIZE);
    STRONG_CACHE.set(vm, entries);
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 1];
    bind_args(vm, "ZoneInfo", "(key)", args, &mut bound)?;
    let [key] = bound;
    cached(vm, class.object(), key.unwrap_or(Object::none()).borrow())
}

fn cached(vm: &mut Vm, class: Ref<'_>, key: Ref<'_>) -> PyResult {
    if is_base(class)
        && let Some(zone) = from_strong_cache(vm, key)?
    {
        return Ok(zone);
    }
    let cache = weak_cache(vm, class)?;
    let mut found = vm.call_method(cache.borrow(), "get", &[key, Ref::NONE])?;
    if found.borrow().is_none() {
        let made = load(vm, class, key)?;
        zone_info(made.borrow()).source.set(Source::Cached);
        found = vm.call_method(cache.borrow(), "setdefault", &[key, made.borrow()])?;
    }
    if found.borrow().downcast::<ZoneInfo>().is_none() {
        let own = class.downcast::<Type>().map_or("ZoneInfo", |class| class.get().name()).to_owned();
        let (found, key) = (found.borrow().class().full_name().to_owned(), vm.repr_text(key)?);
        return Err(vm.runtime_error(format!("Unexpected instance of {found} in {own} weak cache for key {key}")));
    }
    if is_base(class) {
        put_first(vm, &key.to_owned(), &found);
    }
    Ok(found)
}

/// Reads a zone of the database.
fn load(vm: &mut Vm, class: Ref<'_>, key: Ref<'_>) -> PyResult {
    let paths = vm.import("zoneinfo._tzpath")?;
    let path = vm.call_method(paths.borrow(), "find_tzfile", &[key])?;
    let file = if path.borrow().is_none() {
        let common = vm.import("zoneinfo._common")?;
        vm.call_method(common.borrow(), "load_tzdata", &[key])?
    } else {
        let io = vm.import("io")?;
        let mode = vm.new_str("rb").into_object();
        vm.call_method(io.borrow(), "open", &[path.borrow(), mode.borrow()])?
    };
    let made = read(vm, class, key.to_owned(), None, Source::Uncached, file.borrow());
    match made {
        Ok(made) => {
            vm.call_method(file.borrow(), "close", &[])?;
            Ok(made)
        }
        Err(raised) => {
            let error = vm.catch(raised);
            vm.call_method(file.borrow(), "close", &[])?;
            Err(vm.reraise(error))
        }
    }
}

fn numbers(vm: &mut Vm, object: &Object) -> PyResult<Vec<i64>> {
    let items = vm.collect(object.borrow())?;
    items.iter().map(|item| vm.to_i64(item.borrow())).collect()
}

/// Makes a zone of what a file holds.
fn read(vm: &mut Vm, class: Ref<'_>, key: Object, shown: Option<Object>, source: Source, file: Ref<'_>) -> PyResult {
    let common = vm.import("zoneinfo._common")?;
    let data = vm.call_method(common.borrow(), "load_data", &[file])?;
    let parts = vm.collect(data.borrow())?;
    let [indices, universal, offsets, savings, names, text] = parts.as_slice() else {
        return Err(vm.type_error("unexpected data of a time zone"));
    };
    let indices: Vec<usize> = numbers(vm, indices)?.into_iter().map(|index| index as usize).collect();
    let universal = numbers(vm, universal)?;
    let offsets = numbers(vm, offsets)?;
    let savings: Vec<bool> = numbers(vm, savings)?.into_iter().map(|saving| saving != 0).collect();
    let names = vm.collect(names.borrow())?;
    let amounts = saving_amounts(&indices, &offsets, &savings);
    if indices.iter().any(|&index| index >= offsets.len()) {
        return Err(vm.value_error("Invalid transition index found while reading TZif"));
    }
    let all: Vec<Kind> = (0..offsets.len())
        .map(|index| {
            let name = names.get(index).and_then(|name| name.borrow().downcast::<Str>().map(|name| name.to_string_lossy().into_owned()));
            Kind { offset: offsets[index], saving: amounts[index], name: name.unwrap_or_default() }
        })
        .collect();
    let kinds: Vec<Kind> = indices.iter().map(|&index| all[index].clone()).collect();
    let before = savings.iter().position(|saving| !saving).map(|index| all[index].clone()).or_else(|| kinds.first().cloned());
    let after = match text.borrow().downcast::<object::bytes::Bytes>().filter(|text| !text.is_empty()) {
        Some(text) => match rules::parse(text.data()) {
            Some(rules) => rules,
            None => {
                let shown = vm.repr_text(text.object())?;
                return Err(vm.value_error(format!("malformed TZ string: {shown}")));
            }
        },
        None => match kinds.last().or(all.last()) {
            Some(last) => Rules::Fixed(last.clone()),
            None => return Err(vm.value_error("No time zone information found.")),
        },
    };
    let is_fixed = match &after {
        Rules::Saving(_) => false,
        Rules::Fixed(after) => all.len() <= 1 && all.iter().all(|kind| kind == after),
    };
    let local = local_times(&indices, &universal, &offsets);
    let zone = ZoneInfo { key, file: shown, source: Cell::new(source), universal, local, kinds, before, after, is_fixed };
    match class.downcast::<Type>() {
        Some(class) => Ok(vm.allocate_in(class.get(), zone)),
        None => Err(vm.type_error("ZoneInfo class expected")),
    }
}

/// How much of each offset is daylight saving: what it differs by from the standard time before or
/// after it, which the file does not say.
fn saving_amounts(indices: &[usize], offsets: &[i64], savings: &[bool]) -> Vec<i64> {
    let mut amounts = vec![0; offsets.len()];
    let mut missing = savings.iter().filter(|&&saving| saving).count();
    for position in 1..indices.len() {
        if missing == 0 {
            return amounts;
        }
        let index = indices[position];
        if !savings[index] || amounts[index] != 0 {
            continue;
        }
        let previous = indices[position - 1];
        let mut amount = if savings[previous] { 0 } else { offsets[index] - offsets[previous] };
        if amount == 0
            && index + 1 < offsets.len()
            && let Some(&next) = indices.get(position + 1)
        {
            if savings[next] {
                continue;
            }
            amount = offsets[index] - offsets[next];
        }
        if amount != 0 {
            missing -= 1;
            amounts[index] = amount;
        }
    }
    for (amount, &saving) in amounts.iter_mut().zip(savings) {
        if saving && *amount == 0 {
            *amount = 3600;
        }
    }
    amounts
}

/// The transitions as the local clock shows them: by the greater of the offsets around each, and by the lesser.
fn local_times(indices: &[usize], universal: &[i64], offsets: &[i64]) -> [Vec<i64>; 2] {
    let mut local = [universal.to_vec(), universal.to_vec()];
    for (position, &index) in indices.iter().enumerate() {
        let before = if position > 0 { offsets[indices[position - 1]] } else { offsets[0] };
        let after = offsets[index];
        local[0][position] += before.max(after);
        local[1][position] += before.min(after);
    }
    local
}

impl ZoneInfo {
    /// The kind of time at a datetime, by the local clock.
    fn at_local(&self, time: i64, year: i64, fold: bool) -> Option<&Kind> {
        let local = &self.local[usize::from(fold)];
        match local.first() {
            Some(&first) if time < first => return self.before.as_ref(),
            Some(_) if local.last().is_some_and(|&last| time <= last) => {
                let index = local.partition_point(|&transition| transition <= time) - 1;
                return self.kinds.get(index);
            }
            _ => {}
        }
        match &self.after {
            Rules::Fixed(kind) => Some(kind),
            Rules::Saving(rules) => Some(rules.at_local(time, year, fold)),
        }
    }

    /// The kind of time at a time in UTC, and whether the local time is the second of its kind.
    fn at_universal(&self, time: i64, year: i64) -> Option<(&Kind, bool)> {
        let times = &self.universal;
        if times.first().is_some_and(|&first| time < first) {
            return Some((self.before.as_ref()?, false));
        }
        let beyond = times.last().is_none_or(|&last| time > last);
        match &self.after {
            Rules::Saving(rules) if beyond => return Some(rules.at_universal(time, year)),
            Rules::Fixed(kind) if times.is_empty() => return Some((kind, false)),
            _ => {}
        }
        let index = times.partition_point(|&transition| transition <= time);
        let (previous, kind) = match index {
            2.. => (&self.kinds[index - 2], &self.kinds[index - 1]),
            _ => (self.before.as_ref()?, self.kinds.first()?),
        };
        let fold = previous.offset - kind.offset > time - times[index - 1];
        Some((kind, fold))
    }
}

/// A datetime's seconds since 1970 by its own clock, its year and fold.
fn local_moment(vm: &mut Vm, value: Ref<'_>) -> PyResult<(i64, i64, bool)> {
    let mut fields = [0; 5];
    let ordinal = vm.call_method(value, "toordinal", &[])?;
    let ordinal = vm.to_i64(ordinal.borrow())?;
    for (field, name) in fields.iter_mut().zip(["hour", "minute", "second", "year", "fold"]) {
        let attribute = vm.get_attr_str(value, name)?;
        *field = vm.to_i64(attribute.borrow())?;
    }
    let [hour, minute, second, year, fold] = fields;
    Ok(((ordinal - EPOCH_ORDINAL) * 86_400 + hour * 3600 + minute * 60 + second, year, fold != 0))
}

/// The kind of time at a datetime or, if there is none, that of a zone that has only one.
fn kind_at<'a>(vm: &mut Vm, this: Ref<'a>, value: Ref<'_>) -> PyResult<Option<&'a Kind>> {
    let own = zone_info(this);
    if value.is_none() {
        return Ok(match &own.after {
            Rules::Fixed(kind) if own.is_fixed => Some(kind),
            _ => None,
        });
    }
    let (time, year, fold) = match value.downcast::<DateTime>() {
        Some(datetime) => datetime.get().local_moment(),
        None => local_moment(vm, value)?,
    };
    Ok(own.at_local(time, year, fold))
}

fn seconds(vm: &mut Vm, seconds: Option<i64>) -> PyResult {
    match seconds {
        Some(seconds) => delta::make(vm, i128::from(seconds) * delta::SECOND),
        None => Ok(Object::none()),
    }
}

fn utcoffset(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let kind = kind_at(vm, this, value)?;
    seconds(vm, kind.map(|kind| kind.offset))
}

fn dst(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let kind = kind_at(vm, this, value)?;
    seconds(vm, kind.map(|kind| kind.saving))
}

fn tzname(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    Ok(match kind_at(vm, this, value)? {
        Some(kind) => vm.new_str(&kind.name).into_object(),
        None => Object::none(),
    })
}

fn fromutc(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let datetime = zone::own_datetime(vm, this, value)?;
    let (time, year, _) = datetime.local_moment();
    let Some((kind, fold)) = zone_info(this).at_universal(time, year) else {
        return Err(vm.value_error("No time zone information found."));
    };
    let shifted = datetime_type::shifted(vm, value, i128::from(kind.offset) * delta::SECOND)?;
    datetime_type::set_fold(vm, shifted, fold)
}

fn key_text(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let key = zone_info(this).key.clone();
    if key.borrow().is_none() { Ok(None) } else { Ok(Some(vm.str(key.borrow())?.into_object())) }
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = zone_info(this);
    let name = this.class().full_name();
    let text = match &own.file {
        Some(file) if own.key.borrow().is_none() => format!("{name}.from_file({})", vm.str_text(file.borrow())?),
        _ => format!("{name}(key={})", vm.repr_text(own.key.borrow())?),
    };
    Ok(vm.new_str(&text).into_object())
}

fn str(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    match key_text(vm, this)? {
        Some(key) => Ok(key),
        None => repr(vm, this),
    }
}

fn no_cache(vm: &mut Vm, class: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    load(vm, class, args[0].unwrap_or(Ref::NONE))
}

fn from_file(vm: &mut Vm, class: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let file = args[0].unwrap_or(Ref::NONE);
    let shown = vm.repr(file)?.into_object();
    let key = args[1].map_or(Object::none(), Ref::to_owned);
    read(vm, class, key, Some(shown), Source::File, file)
}

fn clear_cache(vm: &mut Vm, class: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let cache = weak_cache(vm, class)?;
    let Some(keys) = args[0].filter(|keys| !keys.is_none()) else {
        vm.call_method(cache.borrow(), "clear", &[])?;
        if is_base(class) {
            STRONG_CACHE.set(vm, Vec::new());
        }
        return Ok(Object::none());
    };
    for key in vm.collect(keys)? {
        if is_base(class) {
            let mut kept = Vec::new();
            for (own, zone) in STRONG_CACHE.get(vm).clone() {
                if !vm.equal(own.borrow(), key.borrow())? {
                    kept.push((own, zone));
                }
            }
            STRONG_CACHE.set(vm, kept);
        }
        vm.call_method(cache.borrow(), "pop", &[key.borrow(), Ref::NONE])?;
    }
    Ok(Object::none())
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = zone_info(this);
    if own.source.get() == Source::File {
        let pickle = vm.import("pickle")?;
        let class = vm.get_attr_str(pickle.borrow(), "PicklingError")?;
        return Err(crate::argument::raise_class(vm, class.borrow(), "Cannot pickle a ZoneInfo file from a file stream."));
    }
    let rebuild = vm.get_attr_str(this.class().object(), "_unpickle")?;
    let from_cache = Object::small_int(i64::from(own.source.get() == Source::Cached));
    let args = vm.new_tuple([own.key.clone(), from_cache]).into_object();
    Ok(vm.new_tuple([rebuild, args]).into_object())
}

fn unpickle(vm: &mut Vm, class: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (key, from_cache) = (args[0].unwrap_or(Ref::NONE), args[1].unwrap_or(Ref::NONE));
    if int::as_i64(from_cache).unwrap_or(0) != 0 { vm.call(class, &[key]) } else { load(vm, class, key) }
}

fn init_subclass(vm: &mut Vm, class: Ref<'_>, args: Args<'_>) -> PyResult {
    if !args.values().is_empty() {
        return Err(vm.raise(&exception::TYPE_ERROR, "ZoneInfo.__init_subclass__() takes no arguments"));
    }
    let cache = new_weak_cache(vm)?;
    vm.set_attr_str(class, "_weak_cache", cache.borrow())?;
    Ok(Object::none())
}
