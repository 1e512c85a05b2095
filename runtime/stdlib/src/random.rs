//! The module `_random`: the Mersenne Twister, seeded and read as CPython does.

use num_traits::{Signed, ToPrimitive};
use object::call::Args;
use object::cell::VmCell;
use object::native::{Module, PayloadInfo, flag};
use object::tuple::Tuple;
use object::{Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, int, method};
use std::io::Read;

pub static MODULE: Module =
    Module { name: "_random", doc: "Module implements the Mersenne Twister random number generator.", types: &[&RANDOM], ..Module::DEFAULT };

const N: usize = 624;
const M: usize = 397;

/// MT19937.
#[derive(Clone)]
struct Twister {
    state: [u32; N],
    index: usize,
}

impl Twister {
    const fn zero() -> Twister {
        Twister { state: [0; N], index: N }
    }

    fn seed(number: u32) -> Twister {
        let mut state = [number; N];
        for index in 1..N {
            let before = state[index - 1];
            state[index] = 1_812_433_253u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(index as u32);
        }
        Twister { state, index: N }
    }

    fn seed_by_array(key: &[u32]) -> Twister {
        let mut twister = Twister::seed(19_650_218);
        let state = &mut twister.state;
        let (mut i, mut j) = (1, 0);
        for _ in 0..N.max(key.len()) {
            let before = state[i - 1];
            state[i] = (state[i] ^ (before ^ (before >> 30)).wrapping_mul(1_664_525)).wrapping_add(key[j]).wrapping_add(j as u32);
            (i, j) = (i + 1, (j + 1) % key.len());
            if i >= N {
                state[0] = state[N - 1];
                i = 1;
            }
        }
        for _ in 0..N - 1 {
            let before = state[i - 1];
            state[i] = (state[i] ^ (before ^ (before >> 30)).wrapping_mul(1_566_083_941)).wrapping_sub(i as u32);
            i += 1;
            if i >= N {
                state[0] = state[N - 1];
                i = 1;
            }
        }
        state[0] = 0x8000_0000;
        twister
    }

    fn refill(&mut self) {
        for index in 0..N {
            let y = (self.state[index] & 0x8000_0000) | (self.state[(index + 1) % N] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[index] = self.state[(index + M) % N] ^ (y >> 1) ^ odd;
        }
        self.index = 0;
    }

    fn next(&mut self) -> u32 {
        if self.index >= N {
            self.refill();
        }
        let mut y = self.state[self.index];
        self.index += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// A float in [0, 1) with 53 random bits.
    fn float(&mut self) -> f64 {
        let (high, low) = (self.next() >> 5, self.next() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) * (1.0 / 9_007_199_254_740_992.0)
    }
}

/// The payload of a `_random.Random`.
pub struct Random {
    twister: VmCell<Twister>,
}

impl Payload for Random {
    fn class() -> &'static Type {
        &RANDOM
    }
}

/// `_random.Random`
pub static RANDOM: Type = Type::new(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    name: "_random.Random",
    doc: "Random() -> create a random number generator with its own internal state.",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::leaf::<Random>(),
    slots: Slots { new: Some(new), init: Some(init), ..Slots::NONE },
    methods: &[
        method!(Unary random "($self, /)", "random() -> x in the interval [0, 1)."),
        method!(Bound seed "($self, n=None, /)", "seed([n]) -> None.\n\nDefaults to use urandom and falls back to a combination\nof the current time and the process identifier."),
        method!(Unary getstate "($self, /)", "getstate() -> tuple containing the current state."),
        method!(Binary setstate "($self, state, /)", "setstate(state) -> None.  Restores generator state."),
        method!(Binary getrandbits "($self, k, /)", "getrandbits(k) -> x.  Generates an int with k random bits."),
    ],
    ..TypeSpec::DEFAULT
};

fn this(object: Ref<'_>) -> RefOf<'_, Random> {
    object.downcast().expect("the method belongs to the type")
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(&class, Random { twister: VmCell::new(Twister::zero()) }))
}

fn init(vm: &mut Vm, object: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    if args.has_keywords() && object.is_exactly(&RANDOM) {
        return Err(vm.type_error("Random() takes no keyword arguments"));
    }
    let given = args.n_positional();
    if given > 1 {
        return Err(vm.type_error(format!("Random expected at most 1 argument, got {given}")));
    }
    seed_from(vm, object, args.positionals().first().copied())
}

fn seed(vm: &mut Vm, object: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    seed_from(vm, object, args[0])?;
    Ok(Object::none())
}

fn seed_from(vm: &mut Vm, object: Ref<'_>, number: Option<Ref<'_>>) -> PyResult<()> {
    let key = match number.filter(|number| !number.is_none()) {
        None => entropy(),
        Some(number) => match int::to_bigint(number) {
            Some(number) => number.abs().to_u32_digits().1,
            None => {
                let hash = vm.hash(number)? as u64;
                vec![hash as u32, (hash >> 32) as u32]
            }
        },
    };
    // A zero above the first word is no part of the key.
    let significant = key.iter().rposition(|&word| word != 0).map_or(1, |last| last + 1);
    let twister = Twister::seed_by_array(key.get(..significant).unwrap_or(&[0]));
    this(object).twister.set(vm, twister);
    Ok(())
}

/// Random words from the system, or failing that from clock and process number.
fn entropy() -> Vec<u32> {
    let mut bytes = [0u8; N * 4];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    if read.is_err() {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        return vec![now.subsec_nanos(), now.as_secs() as u32, std::process::id()];
    }
    bytes.chunks_exact(4).map(|chunk| chunk.iter().fold(0, |word, &byte| word << 8 | u32::from(byte))).collect()
}

fn random(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    let value = this(object).twister.get_mut(vm).float();
    Ok(vm.new_float(value))
}

fn getrandbits(vm: &mut Vm, object: Ref<'_>, k: Ref<'_>) -> PyResult {
    let k = vm.index(k)?;
    if int::is_negative(k.borrow()) {
        return Err(vm.value_error("Cannot convert negative int"));
    }
    let Some(k) = int::as_u64(k.borrow()).filter(|&k| k < 1 << 36) else {
        return Err(vm.overflow_error("Python int too large to convert to C unsigned long"));
    };
    let generator = this(object).get();
    let twister = generator.twister.get_mut(vm);
    let bits = |twister: &mut Twister, n: u64| if n == 0 { 0 } else { twister.next() >> (32 - n.min(32)) };
    if k <= 32 {
        let value = bits(twister, k);
        return Ok(Object::small_int(i64::from(value)));
    }
    let words = (0..k.div_ceil(32)).map(|word| bits(twister, k - word * 32)).collect();
    Ok(vm.new_bigint(num_bigint::BigUint::new(words).into()))
}

fn getstate(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    let generator = this(object).get();
    let twister = generator.twister.get(vm);
    let mut words: Vec<Object> = twister.state.iter().map(|&word| Object::small_int(i64::from(word))).collect();
    words.push(Object::small_int(twister.index as i64));
    Ok(vm.new_tuple(words).into_object())
}

fn setstate(vm: &mut Vm, object: Ref<'_>, state: Ref<'_>) -> PyResult {
    let Some(state) = state.downcast::<Tuple>() else {
        return Err(vm.type_error("state vector must be a tuple"));
    };
    let items = state.get().items();
    if items.len() != N + 1 {
        return Err(vm.value_error("state vector is the wrong size"));
    }
    let mut twister = Twister::zero();
    for (word, &item) in twister.state.iter_mut().zip(items) {
        *word = word_of(vm, item)?;
    }
    let index = vm.to_i64(items[N])?;
    match usize::try_from(index).ok().filter(|&index| index <= N) {
        Some(index) => twister.index = index,
        None => return Err(vm.value_error("invalid state")),
    }
    this(object).twister.set(vm, twister);
    Ok(Object::none())
}

fn word_of(vm: &mut Vm, item: Ref<'_>) -> PyResult<u32> {
    match int::to_bigint(item) {
        None => Err(vm.type_error("an integer is required")),
        Some(value) if value.is_negative() => Err(vm.overflow_error("can't convert negative value to unsigned int")),
        Some(value) => match value.to_u64() {
            Some(value) => Ok(value as u32),
            None => Err(vm.overflow_error("Python int too large to convert to C unsigned long")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_sequence() {
        // The first numbers of the authors' test: init_by_array({0x123, 0x234, 0x345, 0x456}).
        let mut twister = Twister::seed_by_array(&[0x123, 0x234, 0x345, 0x456]);
        let first: Vec<u32> = (0..5).map(|_| twister.next()).collect();
        assert_eq!(first, [1_067_595_299, 955_945_823, 477_289_528, 4_107_218_783, 4_228_976_476]);
    }

    #[test]
    fn floats_are_cpythons() {
        // random.seed(42); random.random()
        let mut twister = Twister::seed_by_array(&[42]);
        assert_eq!(twister.float(), 0.639_426_798_457_883_7);
        assert_eq!(twister.float(), 0.025_010_755_222_666_936);
    }
}
