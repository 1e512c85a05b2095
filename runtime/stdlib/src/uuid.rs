//! `_uuid`: identifiers made of time, clock sequence and hardware address, as `libuuid` makes them.

use crate::sys;
use object::method;
use object::native::Module;
use object::{Object, PyResult, Ref, Vm, VmCell};
use std::time::{SystemTime, UNIX_EPOCH};

/// `_uuid`
pub static MODULE: Module = Module {
    name: "_uuid",
    functions: &[method!(Unary generate_time_safe "($self, /)", "")],
    init: Some(|vm, module| {
        crate::os_support::add_constants(vm, module, &[("has_uuid_generate_time_safe", 1), ("has_stable_extractable_node", 0)]);
        Ok(())
    }),
    ..Module::DEFAULT
};

/// Ticks of 100 nanoseconds from the reform of the calendar, on 15 October 1582, to 1970.
const GREGORIAN: u64 = 0x01b2_1dd2_1381_4000;

/// What must go on from one identifier to the next.
struct Clock {
    last: u64,
    sequence: u16,
    node: [u8; 6],
}

static CLOCK: VmCell<Option<Clock>> = VmCell::new(None);

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without entropy the address of the variable is as good a guess as any.
    if sys::getrandom(&mut bytes, 0) != Ok(N) {
        let seed = std::ptr::from_ref(&bytes).addr().to_le_bytes();
        bytes.iter_mut().zip(seed.iter().cycle()).for_each(|(byte, seed)| *byte = *seed);
    }
    bytes
}

/// The address of a network interface, or a random one that cannot be one.
fn node() -> [u8; 6] {
    let mut names: Vec<_> = std::fs::read_dir("/sys/class/net").into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    names.sort();
    for path in names {
        let Ok(text) = std::fs::read_to_string(path.join("address")) else { continue };
        let parts: Vec<u8> = text.trim().split(':').filter_map(|part| u8::from_str_radix(part, 16).ok()).collect();
        if let Ok(address) = <[u8; 6]>::try_from(parts)
            && address != [0; 6]
        {
            return address;
        }
    }
    let mut address = random();
    address[0] |= 1;
    address
}

fn ticks() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    GREGORIAN.wrapping_add((since.as_nanos() / 100) as u64)
}

/// The bytes of an identifier of version 1, and whether it is known to be unique among processes: nobody says.
fn generate_time_safe(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let clock = CLOCK.get_mut(vm).get_or_insert_with(|| Clock { last: 0, sequence: u16::from_le_bytes(random()) & 0x3fff, node: node() });
    let now = ticks();
    if now.saturating_add(10_000_000) < clock.last {
        // The clock was set back.
        clock.sequence = (clock.sequence + 1) & 0x3fff;
        clock.last = now;
    } else {
        clock.last = now.max(clock.last + 1);
    }
    let (time, sequence, node) = (clock.last, clock.sequence, clock.node);
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&(time as u32).to_be_bytes());
    bytes[4..6].copy_from_slice(&((time >> 32) as u16).to_be_bytes());
    bytes[6..8].copy_from_slice(&((time >> 48) as u16 & 0x0fff | 0x1000).to_be_bytes());
    bytes[8..10].copy_from_slice(&(sequence | 0x8000).to_be_bytes());
    bytes[10..].copy_from_slice(&node);
    let bytes = vm.new_bytes(&bytes).into_object();
    Ok(vm.new_tuple([bytes, Object::small_int(-1)]).into_object())
}
