//! Filter chains: read from dicts, given to the library, written as the bytes that containers hold.

use super::{INTERNAL, OPTIONS, raise, unsigned};
use liblzma::stream::{Error, Filters, LzmaOptions, MatchFinder, Mode};
use object::dict::Dict;
use object::{Object, PyResult, Ref, Vm};

pub const LZMA1: u64 = 0x4000_0000_0000_0001;
pub const LZMA2: u64 = 0x21;
pub const DELTA: u64 = 3;
pub const X86: u64 = 4;
pub const POWERPC: u64 = 5;
pub const IA64: u64 = 6;
pub const ARM: u64 = 7;
pub const ARMTHUMB: u64 = 8;
pub const SPARC: u64 = 9;

pub const PRESET_EXTREME: u32 = 1 << 31;
const DICTIONARY_MIN: u32 = 4096;
const MOST_FILTERS: usize = 4;

/// One filter of a chain.
pub struct Filter {
    pub id: u64,
    pub options: Options,
}

/// What a filter is told.
pub enum Options {
    Lzma(Lzma),
    /// Distance in bytes.
    Delta(u32),
    /// Offset of the start of machine code.
    Branch(u32),
}

/// Options of LZMA1 and LZMA2: a preset, and what is given besides it.
pub struct Lzma {
    preset: u32,
    dict_size: u32,
    lc: u32,
    lp: u32,
    pb: u32,
    mode: Option<u32>,
    nice_len: Option<u32>,
    match_finder: Option<u32>,
    depth: Option<u32>,
}

impl Lzma {
    /// What a preset says; `None` if there is no such preset.
    fn preset(preset: u32) -> Option<Lzma> {
        let bits = *[18, 20, 21, 22, 22, 23, 23, 24, 25, 26].get((preset & !PRESET_EXTREME) as usize)?;
        Some(Lzma { preset, dict_size: 1 << bits, lc: 3, lp: 0, pb: 2, mode: None, nice_len: None, match_finder: None, depth: None })
    }

    /// As the library wants it.
    pub fn build(&self) -> Result<LzmaOptions, Error> {
        let mut options = LzmaOptions::new_preset(self.preset)?;
        options.dict_size(self.dict_size).literal_context_bits(self.lc).literal_position_bits(self.lp).position_bits(self.pb);
        match self.mode {
            None => {}
            Some(1) => drop(options.mode(Mode::Fast)),
            Some(2) => drop(options.mode(Mode::Normal)),
            Some(_) => return Err(Error::Options),
        }
        if let Some(length) = self.nice_len {
            options.nice_len(length);
        }
        if let Some(finder) = self.match_finder {
            options.match_finder(match finder {
                0x03 => MatchFinder::HashChain3,
                0x04 => MatchFinder::HashChain4,
                0x12 => MatchFinder::BinaryTree2,
                0x13 => MatchFinder::BinaryTree3,
                0x14 => MatchFinder::BinaryTree4,
                _ => return Err(Error::Options),
            });
        }
        if let Some(depth) = self.depth {
            options.depth(depth);
        }
        Ok(options)
    }
}

/// The chain that a sequence of dicts describes.
pub fn parse_chain(vm: &mut Vm, specifiers: Ref<'_>) -> PyResult<Vec<Filter>> {
    if specifiers.downcast::<Dict>().is_some() {
        return Err(vm.type_error(format!("{} is not a sequence", specifiers.class().full_name())));
    }
    let length = vm.len(specifiers)?;
    if length > MOST_FILTERS {
        return Err(vm.value_error(format!("Too many filters - liblzma supports a maximum of {MOST_FILTERS}")));
    }
    let mut chain = Vec::with_capacity(length);
    for index in 0..length {
        let index = Object::small_int(index as i64);
        let specifier = vm.get_item(specifiers, index.borrow())?;
        chain.push(parse(vm, specifier.borrow())?);
    }
    Ok(chain)
}

/// The filter that a dict describes.
pub fn parse(vm: &mut Vm, specifier: Ref<'_>) -> PyResult<Filter> {
    if specifier.class().slots().getitem.is_none() {
        return Err(vm.type_error("Filter specifier must be a dict or dict-like object"));
    }
    let Some(id) = entry(vm, specifier, "id")? else {
        return Err(vm.value_error("Filter specifier must have an \"id\" entry"));
    };
    let id = unsigned(vm, id.borrow(), 64)?;
    let options = match id {
        LZMA1 | LZMA2 => Options::Lzma(parse_lzma(vm, specifier)?),
        DELTA => Options::Delta(parse_single(vm, specifier, "dist", 1, "delta")?),
        X86..=SPARC => Options::Branch(parse_single(vm, specifier, "start_offset", 0, "BCJ")?),
        _ => return Err(vm.value_error(format!("Invalid filter ID: {id}"))),
    };
    Ok(Filter { id, options })
}

/// An item of a mapping, if it is there.
fn entry(vm: &mut Vm, specifier: Ref<'_>, name: &str) -> PyResult<Option<Object>> {
    let key = vm.new_str(name).into_object();
    match vm.get_item(specifier, key.borrow()) {
        Ok(value) => Ok(Some(value)),
        Err(raised) => vm.catch_if(raised, &object::exception::KEY_ERROR).map(|_| None),
    }
}

/// All items of a dict by name, as keyword arguments would be; `None` if one is not a 32-bit number.
fn numbers(vm: &mut Vm, specifier: Ref<'_>) -> Option<Vec<(String, u32)>> {
    let mut all = Vec::new();
    let keys = vm.collect(specifier);
    for key in discard(vm, keys)? {
        let name = vm.str_text(key.borrow());
        let name = discard(vm, name)?;
        if name == "id" {
            continue;
        }
        let value = vm.get_item(specifier, key.borrow());
        let value = discard(vm, value)?;
        let value = unsigned(vm, value.borrow(), 32);
        all.push((name, discard(vm, value)? as u32));
    }
    Some(all)
}

/// A result whose error does not matter.
fn discard<T>(vm: &mut Vm, result: PyResult<T>) -> Option<T> {
    result.map_err(|raised| drop(vm.catch(raised))).ok()
}

fn parse_lzma(vm: &mut Vm, specifier: Ref<'_>) -> PyResult<Lzma> {
    let preset = match entry(vm, specifier, "preset")? {
        Some(preset) => unsigned(vm, preset.borrow(), 32)? as u32,
        None => super::PRESET_DEFAULT,
    };
    let Some(mut options) = Lzma::preset(preset) else {
        return Err(raise(vm, &format!("Invalid compression preset: {preset}")));
    };
    let given = numbers(vm, specifier);
    let understood = given.is_some_and(|given| {
        given.into_iter().all(|(name, value)| {
            match name.as_str() {
                "preset" => {}
                "dict_size" => options.dict_size = value,
                "lc" => options.lc = value,
                "lp" => options.lp = value,
                "pb" => options.pb = value,
                "mode" => options.mode = Some(value),
                "nice_len" => options.nice_len = Some(value),
                "mf" => options.match_finder = Some(value),
                "depth" => options.depth = Some(value),
                _ => return false,
            }
            true
        })
    });
    if understood { Ok(options) } else { Err(vm.value_error("Invalid filter specifier for LZMA filter")) }
}

fn parse_single(vm: &mut Vm, specifier: Ref<'_>, name: &str, default: u32, kind: &str) -> PyResult<u32> {
    match numbers(vm, specifier).as_deref() {
        Some([]) => Ok(default),
        Some([(given, value)]) if given == name => Ok(*value),
        _ => Err(vm.value_error(format!("Invalid filter specifier for {kind} filter"))),
    }
}

/// The chain as the library wants it.
pub fn build_chain(chain: &[Filter]) -> Result<Filters, Error> {
    let mut filters = Filters::new();
    for filter in chain {
        match &filter.options {
            Options::Lzma(options) if filter.id == LZMA1 => drop(filters.lzma1(&options.build()?)),
            Options::Lzma(options) => drop(filters.lzma2(&options.build()?)),
            Options::Delta(distance) => {
                let byte = distance.checked_sub(1).and_then(|distance| u8::try_from(distance).ok()).ok_or(Error::Options)?;
                filters.delta_properties(&[byte])?;
            }
            Options::Branch(offset) => {
                let bytes = offset.to_le_bytes();
                let properties = if *offset == 0 { &[][..] } else { &bytes };
                match filter.id {
                    X86 => filters.x86_properties(properties),
                    POWERPC => filters.powerpc_properties(properties),
                    IA64 => filters.ia64_properties(properties),
                    ARM => filters.arm_properties(properties),
                    ARMTHUMB => filters.arm_thumb_properties(properties),
                    _ => filters.sparc_properties(properties),
                }?;
            }
        }
    }
    Ok(filters)
}

/// The properties of a filter as a container holds them; the error is the message.
pub fn encode(filter: &Filter) -> Result<Vec<u8>, &'static str> {
    match &filter.options {
        Options::Lzma(options) if filter.id == LZMA1 => {
            if options.lc > 4 || options.lp > 4 || options.lc + options.lp > 4 || options.pb > 4 {
                return Err(INTERNAL);
            }
            let mut bytes = vec![((options.pb * 5 + options.lp) * 9 + options.lc) as u8];
            bytes.extend_from_slice(&options.dict_size.to_le_bytes());
            Ok(bytes)
        }
        Options::Lzma(options) => Ok(vec![encode_size(options.dict_size)]),
        Options::Delta(distance) => match distance.checked_sub(1).map(u8::try_from) {
            Some(Ok(byte)) => Ok(vec![byte]),
            _ => Err(INTERNAL),
        },
        Options::Branch(0) => Ok(Vec::new()),
        Options::Branch(offset) => Ok(offset.to_le_bytes().to_vec()),
    }
}

/// The size of a dictionary in LZMA2's notation: the smallest of its sizes, 2 or 3 times a power of two, that is enough.
fn encode_size(size: u32) -> u8 {
    (0..40).find(|&byte| decode_size(byte) >= size.max(DICTIONARY_MIN)).unwrap_or(40)
}

fn decode_size(byte: u8) -> u32 {
    if byte == 40 { u32::MAX } else { (2 | u32::from(byte & 1)) << (byte / 2 + 11) }
}

/// The entries of a filter's dict besides its id.
pub fn decode(id: u64, properties: &[u8]) -> Result<Vec<(&'static str, u32)>, &'static str> {
    match (id, properties) {
        (LZMA1, &[byte, a, b, c, d]) => {
            let byte = u32::from(byte);
            let (pb, lp, lc) = (byte / 45, byte % 45 / 9, byte % 9);
            if pb > 4 || lc + lp > 4 {
                return Err(OPTIONS);
            }
            Ok(vec![("lc", lc), ("lp", lp), ("pb", pb), ("dict_size", u32::from_le_bytes([a, b, c, d]))])
        }
        (LZMA2, &[byte @ 0..=40]) => Ok(vec![("dict_size", decode_size(byte))]),
        (DELTA, &[byte]) => Ok(vec![("dist", u32::from(byte) + 1)]),
        (X86..=SPARC, &[]) => Ok(Vec::new()),
        (X86..=SPARC, &[a, b, c, d]) => {
            let offset = u32::from_le_bytes([a, b, c, d]);
            Ok(if offset == 0 { Vec::new() } else { vec![("start_offset", offset)] })
        }
        _ => Err(OPTIONS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_dictionaries_round_up() {
        for (size, byte) in [(1, 0), (4096, 0), (4097, 1), (6144, 1), (8192, 2), (1 << 31, 38), (u32::MAX, 40), (3 << 29, 37)] {
            assert_eq!(encode_size(size), byte, "{size}");
        }
    }
}
