//! What `time` and `datetime` share: a time of day, perhaps in a zone.

use super::delta;
use super::text::{Clock, ReadTime};
use super::zone;
use object::{Getset, Object, Payload, PyResult, Ref, Vm, int};

/// An object with a time of day and perhaps a zone.
pub trait Zoned: Payload + Sized {
    fn clock(&self) -> Clock;
    fn zone(&self) -> Option<Ref<'_>>;
}

fn of<T: Zoned>(this: Ref<'_>) -> &T {
    this.downcast::<T>().expect("the attribute belongs to the type").get()
}

/// The attributes.
pub const fn getsets<T: Zoned>() -> [Getset; 6] {
    [
        Getset::readonly("hour", "", |_, this| Ok(Object::small_int(of::<T>(this).clock().hour.into()))),
        Getset::readonly("minute", "", |_, this| Ok(Object::small_int(of::<T>(this).clock().minute.into()))),
        Getset::readonly("second", "", |_, this| Ok(Object::small_int(of::<T>(this).clock().second.into()))),
        Getset::readonly("microsecond", "", |_, this| Ok(Object::small_int(of::<T>(this).clock().microsecond.into()))),
        Getset::readonly("tzinfo", "", |_, this| Ok(of::<T>(this).zone().unwrap_or(Ref::NONE).to_owned())),
        Getset::readonly("fold", "", |_, this| Ok(Object::small_int(of::<T>(this).clock().fold.into()))),
    ]
}

/// Whether two zones are one object, or there are none.
pub fn same_zone(a: Option<Ref<'_>>, b: Option<Ref<'_>>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => a.is(b),
        _ => false,
    }
}

/// `replace()`: the numbers that are given take the place of those there.
pub fn replace_fields(vm: &mut Vm, fields: &mut [i64], args: &[Option<Ref<'_>>]) -> PyResult<()> {
    for (field, value) in fields.iter_mut().zip(args) {
        if let Some(value) = value {
            *field = i64::from(vm.to_i32(*value)?);
        }
    }
    Ok(())
}

/// `replace()`: the zone and the fold, given as arguments or as they were.
pub fn replace_zone<T: Zoned>(vm: &mut Vm, own: &T, zone: Option<Ref<'_>>, fold: Option<Ref<'_>>) -> PyResult<(Option<Object>, i64)> {
    let zone = match zone {
        Some(zone) => zone::argument(vm, Some(zone))?,
        None => own.zone().map(Ref::to_owned),
    };
    let fold = match fold {
        Some(fold) => i64::from(vm.to_i32(fold)?),
        None => own.clock().fold.into(),
    };
    Ok((zone, fold))
}

/// What a `repr` shows of seconds and microseconds.
pub fn seconds_repr(clock: Clock) -> String {
    match (clock.second, clock.microsecond) {
        (0, 0) => String::new(),
        (second, 0) => format!(", {second}"),
        (second, microsecond) => format!(", {second}, {microsecond}"),
    }
}

/// What a `repr` shows of a zone.
pub fn zone_repr<T: Zoned>(vm: &mut Vm, own: &T) -> PyResult<String> {
    match own.zone() {
        Some(zone) => Ok(format!(", tzinfo={}", vm.repr_text(zone)?)),
        None => Ok(String::new()),
    }
}

/// What a `repr` shows of a fold.
pub fn fold_repr(clock: Clock) -> &'static str {
    if clock.fold { ", fold=1" } else { "" }
}

/// The hash of a time: without an offset that of its bytes, with one that of the moment it stands for.
pub fn hash(vm: &mut Vm, offset: Option<i128>, state: &[u8], total: i128) -> PyResult<i64> {
    let key = match offset {
        None => vm.new_bytes(state).into_object(),
        Some(offset) => delta::make(vm, total - offset)?,
    };
    vm.hash(key.borrow())
}

/// The zone of a text in ISO format.
pub fn read_zone(vm: &mut Vm, read: &ReadTime) -> PyResult<Option<Object>> {
    read.offset.map(|offset| zone::fixed(vm, offset, None)).transpose()
}

/// Makes of 24 hours the midnight that they are; whether it was that.
pub fn normalize_midnight(vm: &mut Vm, fields: &mut [i64; 4]) -> PyResult<bool> {
    if fields[0] != 24 {
        return Ok(false);
    }
    if fields[1..] != [0, 0, 0] {
        return Err(vm.value_error("minute, second, and microsecond must be 0 when hour is 24"));
    }
    fields[0] = 0;
    Ok(true)
}

/// `__reduce_ex__`: the protocol as a number.
pub fn protocol(vm: &mut Vm, protocol: Ref<'_>) -> PyResult<i64> {
    let protocol = vm.index(protocol)?;
    Ok(int::as_i64(protocol.borrow()).unwrap_or(0))
}

/// The class and the arguments that make a time again. From protocol 4 on, a bit of one byte is the fold.
pub fn reduce<T: Zoned>(vm: &mut Vm, this: Ref<'_>, state: &mut [u8], fold_byte: usize, protocol: i64) -> PyResult {
    let own = of::<T>(this);
    if own.clock().fold && protocol > 3 {
        state[fold_byte] |= 0x80;
    }
    let state = vm.new_bytes(state).into_object();
    let args: Vec<Object> = [Some(state), own.zone().map(Ref::to_owned)].into_iter().flatten().collect();
    let args = vm.new_tuple(args).into_object();
    Ok(vm.new_tuple([this.class().to_object(), args]).into_object())
}
