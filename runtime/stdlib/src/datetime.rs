//! `_datetime`: dates, times, lengths of time and time zones.
//!
//! [`calendar`] counts days; [`text`] reads and writes; [`system`] asks the machine for the time and
//! its zone. The types are in a file each: [`delta`], [`date_type`], [`time_type`], [`datetime_type`],
//! [`zone`]. What the two types with a time of day share is in [`zoned`].

pub mod calendar;
mod date_type;
pub mod datetime_type;
pub mod delta;
mod system;
mod text;
mod time_type;
pub mod zone;
mod zoned;

use date_type::{DATE, Date};
use datetime_type::DATETIME;
use delta::{DAY, DELTA};
use object::call::Args;
use object::native::Module;
use object::singleton::ModuleObject;
use object::{Object, PyResult, RefOf, Type, Vm};
use time_type::TIME;
use zone::{TIMEZONE, TZINFO};

pub static MODULE: Module = Module {
    name: "_datetime",
    doc: "Fast implementation of the datetime module.",
    types: &[&DELTA, &DATE, &TIME, &DATETIME, &TZINFO, &TIMEZONE],
    init: Some(init),
    ..Module::DEFAULT
};

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    object::type_new::ready(vm, &date_type::ISO_CALENDAR_DATE);
    let utc = zone::utc(vm)?;
    module.set(vm, "UTC", utc.clone());
    module.set(vm, "MINYEAR", Object::small_int(1));
    module.set(vm, "MAXYEAR", Object::small_int(9999));
    let capsule = crate::types::new_capsule(vm, "datetime.datetime_CAPI");
    module.set(vm, "datetime_CAPI", capsule);
    let limit = 999_999_999 * DAY;
    let (least, most) = (delta::make(vm, -limit)?, delta::make(vm, limit + DAY - 1)?);
    let (microsecond, day) = (delta::make(vm, 1)?, delta::make(vm, DAY)?);
    set_limits(vm, &DELTA, [least, most, microsecond.clone()]);
    let (least, most) = (vm.allocate(Date::new(1, 1, 1)).into_object(), vm.allocate(Date::new(9999, 12, 31)).into_object());
    set_limits(vm, &DATE, [least, most, day]);
    let last = [23, 59, 59, 999_999].map(Object::small_int);
    let first = vm.call(TIME.object(), &[])?;
    let end = vm.call_with(TIME.object(), Args::positional(Object::as_refs(&last)))?;
    set_limits(vm, &TIME, [first, end, microsecond.clone()]);
    let first = vm.call(DATETIME.object(), Object::as_refs(&[1, 1, 1].map(Object::small_int)))?;
    let end = vm.call(DATETIME.object(), Object::as_refs(&[9999, 12, 31, 23, 59, 59, 999_999].map(Object::small_int)))?;
    set_limits(vm, &DATETIME, [first, end, microsecond]);
    let minutes = (24 * 60 - 1) * 60 * delta::SECOND;
    let (least, most) = (zone::fixed(vm, -minutes, None)?, zone::fixed(vm, minutes, None)?);
    for (name, value) in [("utc", utc), ("min", least), ("max", most)] {
        set(vm, &TIMEZONE, name, value);
    }
    Ok(())
}

fn set_limits(vm: &mut Vm, class: &'static Type, values: [Object; 3]) {
    for (name, value) in ["min", "max", "resolution"].into_iter().zip(values) {
        set(vm, class, name, value);
    }
}

fn set(vm: &mut Vm, class: &'static Type, name: &str, value: Object) {
    class.dict().get().set_str(vm, name, value);
    class.modified();
}
