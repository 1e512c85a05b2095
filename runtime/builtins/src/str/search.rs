//! Finding, counting and replacing substrings.
//!
//! The characters are searched as bytes, with `memchr`'s algorithms; in storage of two or four
//! bytes a hit counts only where a character starts. Short text, for which their preparations would take longer than the
//! search, is gone through from one occurrence of the first character to the next.

use super::{args, exact, part, string};
use memchr::memmem;
use object::str::{Kind, Str, StrBuilder, StrData};
use object::vm::{PyResult, Vm};
use object::{Object, Ref, RefOf};
use std::borrow::Cow;

/// What is searched for, in the storage of what is searched.
pub struct Needle<'n> {
    bytes: Cow<'n, [u8]>,
    size: usize,
}

impl<'n> Needle<'n> {
    /// `None` if the needle has characters that storage of this kind cannot hold.
    pub fn new(needle: StrData<'n>, kind: Kind) -> Option<Needle<'n>> {
        let bytes = match (needle.kind(), kind) {
            (own, wanted) if own == wanted => Cow::Borrowed(needle.raw()),
            (own, wanted) if own > wanted => return None,
            (_, Kind::Ucs2) => Cow::Owned(needle.code_points().flat_map(|code_point| (code_point as u16).to_ne_bytes()).collect()),
            _ => Cow::Owned(needle.code_points().flat_map(u32::to_ne_bytes).collect()),
        };
        Some(Needle { bytes, size: kind.size() })
    }

    /// The needle in characters.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.size
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The first hit, in characters.
    pub fn find(&self, hay: StrData<'_>) -> Option<usize> {
        if self.bytes.len() > hay.raw().len() {
            return None;
        }
        if let StrData::Latin1(hay) = hay {
            return match &*self.bytes {
                &[byte] => memchr::memchr(byte, hay),
                bytes if !bytes.is_empty() && hay.len() < SHORT => find_short(hay, bytes, 0, memchr::memchr),
                bytes => memmem::find(hay, bytes),
            };
        }
        if self.is_quick(hay) {
            return self.find_wide(hay, 0);
        }
        let finder = memmem::Finder::new(&*self.bytes);
        self.aligned(&finder, hay.raw(), 0)
    }

    /// Whether characters of two or four bytes are best gone through one by one.
    fn is_quick(&self, hay: StrData<'_>) -> bool {
        self.len() == 1 || !self.is_empty() && hay.len() < SHORT
    }

    /// The first hit from a character on, found by going through the characters one by one. The needle is not empty.
    fn find_wide(&self, hay: StrData<'_>, from: usize) -> Option<usize> {
        match hay {
            StrData::Latin1(_) => None,
            StrData::Ucs2(hay) => {
                let unit = |bytes: &[u8]| u16::from_ne_bytes([bytes[0], bytes[1]]);
                if self.bytes.len() == 2 {
                    return find_unit(hay, unit(&self.bytes), from);
                }
                let needle: Vec<u16> = self.bytes.chunks_exact(2).map(unit).collect();
                find_short(hay, &needle, from, |unit, hay| find_unit(hay, unit, 0))
            }
            StrData::Ucs4(hay) => {
                let unit = |bytes: &[u8]| u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                if self.bytes.len() == 4 {
                    return find_unit(hay, unit(&self.bytes), from);
                }
                let needle: Vec<u32> = self.bytes.chunks_exact(4).map(unit).collect();
                find_short(hay, &needle, from, |unit, hay| find_unit(hay, unit, 0))
            }
        }
    }

    fn aligned(&self, finder: &memmem::Finder<'_>, hay: &[u8], start: usize) -> Option<usize> {
        let mut from = start * self.size;
        loop {
            let found = from + finder.find(hay.get(from..)?)?;
            if found.is_multiple_of(self.size) {
                return Some(found / self.size);
            }
            from = found + 1;
        }
    }

    /// The last hit, in characters.
    pub fn rfind(&self, hay: StrData<'_>) -> Option<usize> {
        let mut hay = hay.raw();
        if let &[byte] = &*self.bytes {
            return memchr::memrchr(byte, hay);
        }
        if self.bytes.is_empty() {
            return Some(hay.len() / self.size);
        }
        let finder = memmem::FinderRev::new(&*self.bytes);
        loop {
            let found = finder.rfind(hay)?;
            if found.is_multiple_of(self.size) {
                return Some(found / self.size);
            }
            hay = &hay[..found + self.bytes.len() - 1];
        }
    }

    /// Calls `each` with the hits that do not overlap, from the start, until it says stop. The needle
    /// is not empty.
    pub fn for_each(&self, hay: StrData<'_>, mut each: impl FnMut(usize) -> std::ops::ControlFlow<()>) {
        let mut start = 0;
        if let StrData::Latin1(hay) = hay {
            match &*self.bytes {
                &[byte] => drop(memchr::memchr_iter(byte, hay).try_for_each(each)),
                bytes if hay.len() < SHORT => {
                    while let Some(found) = find_short(hay, bytes, start, memchr::memchr) {
                        if each(found).is_break() {
                            return;
                        }
                        start = found + bytes.len();
                    }
                }
                bytes => drop(memmem::find_iter(hay, bytes).try_for_each(each)),
            }
            return;
        }
        let finder = (!self.is_quick(hay)).then(|| memmem::Finder::new(&*self.bytes));
        while let Some(found) = match &finder {
            Some(finder) => self.aligned(finder, hay.raw(), start),
            None => self.find_wide(hay, start),
        } {
            if each(found).is_break() {
                return;
            }
            start = found + self.len();
        }
    }

    /// The number of hits that do not overlap.
    pub fn count(&self, hay: StrData<'_>) -> usize {
        if self.is_empty() {
            return hay.len() + 1;
        }
        let mut count = 0;
        self.for_each(hay, |_| {
            count += 1;
            std::ops::ControlFlow::Continue(())
        });
        count
    }
}

/// Text of fewer characters is searched without preparations.
const SHORT: usize = 128;

fn find_unit<T: Copy + Eq>(hay: &[T], unit: T, from: usize) -> Option<usize> {
    hay.get(from..)?.iter().position(|&own| own == unit).map(|found| from + found)
}

/// The first place, from one on, of a needle that is not empty; `find` finds one character.
fn find_short<T: Copy + Eq>(hay: &[T], needle: &[T], mut from: usize, find: impl Fn(T, &[T]) -> Option<usize>) -> Option<usize> {
    let (&first, rest) = needle.split_first()?;
    // Behind these there is no room for the rest.
    let starts = hay.len().checked_sub(rest.len())?;
    loop {
        from += find(first, hay.get(from..starts)?)?;
        if hay[from + 1..][..rest.len()] == *rest {
            return Some(from);
        }
        from += 1;
    }
}

/// Whether `needle` occurs in `hay`.
pub fn occurs(hay: &Str, needle: &Str) -> bool {
    Needle::new(needle.data(), hay.kind()).is_some_and(|needle| needle.find(hay.data()).is_some())
}

pub(super) fn contains(vm: &mut Vm, this: Ref<'_>, item: Ref<'_>) -> PyResult<bool> {
    let this = string(vm, this)?;
    match item.downcast::<Str>() {
        Some(item) => Ok(occurs(&this, &item)),
        None => Err(vm.type_error(format!("'in <string>' requires string as left operand, not {}", item.class().full_name()))),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Start,
    End,
}

fn search(vm: &mut Vm, name: &str, this: Ref<'_>, arguments: &[Ref<'_>], from: From) -> PyResult<Option<usize>> {
    let this = string(vm, this)?;
    args::check_count(vm, name, arguments.len(), 1, 3)?;
    let sub = args::text(vm, name, "argument 1", arguments[0])?;
    let Some((start, end)) = args::range(vm, &arguments[1..], |_| this.len())? else {
        return Ok(None);
    };
    let Some(needle) = Needle::new(sub.get().data(), this.kind()) else {
        return Ok(None);
    };
    let hay = this.get().data().slice(start.min(this.len()), end);
    let found = match from {
        From::Start => needle.find(hay),
        From::End => needle.rfind(hay),
    };
    Ok(found.map(|found| found + start))
}

fn position(found: Option<usize>) -> Object {
    Object::small_int(found.map_or(-1, |found| found as i64))
}

pub(super) fn find(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    search(vm, "find", this, arguments, From::Start).map(position)
}

pub(super) fn rfind(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    search(vm, "rfind", this, arguments, From::End).map(position)
}

fn required(vm: &mut Vm, found: Option<usize>) -> PyResult {
    if found.is_none() {
        return Err(vm.value_error("substring not found"));
    }
    Ok(position(found))
}

pub(super) fn index(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    let found = search(vm, "index", this, arguments, From::Start)?;
    required(vm, found)
}

pub(super) fn rindex(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    let found = search(vm, "rindex", this, arguments, From::End)?;
    required(vm, found)
}

pub(super) fn count(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    let this = string(vm, this)?;
    args::check_count(vm, "count", arguments.len(), 1, 3)?;
    let sub = args::text(vm, "count", "argument 1", arguments[0])?;
    let Some((start, end)) = args::range(vm, &arguments[1..], |_| this.len())? else {
        return Ok(Object::small_int(0));
    };
    let count = Needle::new(sub.get().data(), this.kind()).map_or(0, |needle| needle.count(this.get().data().slice(start.min(end), end)));
    Ok(Object::small_int(count as i64))
}

/// Whether `affix` stands at the start or end of `text`.
fn has_affix(text: StrData<'_>, affix: &Str, from: From) -> bool {
    let (len, wanted) = (text.len(), affix.len());
    if wanted > len {
        return false;
    }
    let start = if from == From::Start { 0 } else { len - wanted };
    text.slice(start, start + wanted).equals(affix.data())
}

fn affix(vm: &mut Vm, name: &str, this: Ref<'_>, arguments: &[Ref<'_>], from: From) -> PyResult {
    let this = string(vm, this)?;
    args::check_count(vm, name, arguments.len(), 1, 3)?;
    let range = args::range(vm, &arguments[1..], |_| this.len())?;
    let test =
        |affix: RefOf<'_, Str>| range.is_some_and(|(start, end)| start <= this.len() && has_affix(this.get().data().slice(start, end), &affix, from));
    if let Some(affix) = arguments[0].downcast::<Str>() {
        return Ok(Object::bool(test(affix)));
    }
    let Some(items) = super::tuple_items(arguments[0]) else {
        return Err(vm.type_error(format!("{name} first arg must be str or a tuple of str, not {}", arguments[0].class().full_name())));
    };
    for item in items {
        match item.downcast::<Str>() {
            Some(item) if test(item) => return Ok(Object::bool(true)),
            Some(_) => {}
            None => return Err(vm.type_error(format!("tuple for {name} must only contain str, not {}", item.class().full_name()))),
        }
    }
    Ok(Object::bool(false))
}

pub(super) fn startswith(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    affix(vm, "startswith", this, arguments, From::Start)
}

pub(super) fn endswith(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    affix(vm, "endswith", this, arguments, From::End)
}

pub(super) fn removeprefix(vm: &mut Vm, this: Ref<'_>, prefix: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    let prefix = args::text(vm, "removeprefix", "argument", prefix)?;
    let start = if has_affix(this.get().data(), &prefix, From::Start) { prefix.len() } else { 0 };
    Ok(part(vm, this, start, this.len()))
}

pub(super) fn removesuffix(vm: &mut Vm, this: Ref<'_>, suffix: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    let suffix = args::text(vm, "removesuffix", "argument", suffix)?;
    let end = if has_affix(this.get().data(), &suffix, From::End) { this.len() - suffix.len() } else { this.len() };
    Ok(part(vm, this, 0, end))
}

/// A separator argument of `partition`.
fn separator<'a>(vm: &mut Vm, value: Ref<'a>) -> PyResult<RefOf<'a, Str>> {
    match value.downcast::<Str>() {
        Some(separator) if separator.is_empty() => Err(vm.value_error("empty separator")),
        Some(separator) => Ok(separator),
        None => Err(vm.type_error(format!("must be str, not {}", value.class().full_name()))),
    }
}

pub(super) fn partition(vm: &mut Vm, this: Ref<'_>, sep: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    let sep = separator(vm, sep)?;
    let found = Needle::new(sep.get().data(), this.kind()).and_then(|needle| needle.find(this.get().data()));
    let empty = || vm.empty_str().object().to_owned();
    let parts = match found {
        Some(at) => [part(vm, this, 0, at), exact(vm, sep), part(vm, this, at + sep.len(), this.len())],
        None => [exact(vm, this), empty(), empty()],
    };
    Ok(vm.new_tuple(parts).into_object())
}

pub(super) fn rpartition(vm: &mut Vm, this: Ref<'_>, sep: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    let sep = separator(vm, sep)?;
    let found = Needle::new(sep.get().data(), this.kind()).and_then(|needle| needle.rfind(this.get().data()));
    let empty = || vm.empty_str().object().to_owned();
    let parts = match found {
        Some(at) => [part(vm, this, 0, at), exact(vm, sep), part(vm, this, at + sep.len(), this.len())],
        None => [empty(), empty(), exact(vm, this)],
    };
    Ok(vm.new_tuple(parts).into_object())
}

pub(super) fn replace(vm: &mut Vm, this: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    let this = string(vm, this)?;
    let old = args::text(vm, "replace", "argument 1", arguments[0].unwrap_or(Ref::NONE))?;
    let new = args::text(vm, "replace", "argument 2", arguments[1].unwrap_or(Ref::NONE))?;
    let count = match arguments[2] {
        Some(count) => vm.index_isize(count)?,
        None => -1,
    };
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    if let (StrData::Latin1(text), StrData::Latin1(&[old])) = (this.get().data(), old.get().data())
        && !contains_byte(text, old)
    {
        return Ok(exact(vm, this));
    }
    let Some(needle) = Needle::new(old.get().data(), this.kind()).filter(|_| most > 0) else {
        return Ok(exact(vm, this));
    };
    if old.equals(&new) {
        return Ok(exact(vm, this));
    }
    let data = this.get().data();
    if needle.is_empty() {
        return interleave(vm, data, &new, most);
    }
    if let (StrData::Latin1(text), StrData::Latin1(&[old]), StrData::Latin1(&[new])) = (data, old.get().data(), new.get().data()) {
        return Ok(replace_byte(vm, this, text, old, new, most));
    }
    // Nothing is copied before the first hit is known.
    let (mut out, mut done, mut replaced) = (StrBuilder::new(), 0, 0);
    needle.for_each(data, |found| {
        if replaced == 0 {
            out = StrBuilder::with_capacity(data.len());
        }
        out.push_data(data.slice(done, found));
        out.push_object(&new);
        done = found + needle.len();
        replaced += 1;
        if replaced == most { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
    });
    if replaced == 0 {
        return Ok(exact(vm, this));
    }
    out.push_data(data.slice(done, data.len()));
    Ok(out.finish(vm).into_object())
}

/// Whether a byte is in a text; most texts are short.
#[inline]
fn contains_byte(text: &[u8], byte: u8) -> bool {
    if text.len() < 16 { text.contains(&byte) } else { memchr::memchr(byte, text).is_some() }
}

/// Replaces one Latin-1 character by another.
fn replace_byte(vm: &Vm, this: RefOf<'_, Str>, text: &[u8], old: u8, new: u8, most: usize) -> Object {
    let Some(first) = memchr::memchr(old, text) else { return exact(vm, this) };
    let replaced = vm.new_str_latin1_with(text.len(), |out| {
        out.copy_from_slice(text);
        if most < text.len() {
            memchr::memchr_iter(old, &text[first..]).take(most).for_each(|found| out[first + found] = new);
        } else {
            // Without branches, so that many are looked at at once.
            out[first..].iter_mut().for_each(|byte| *byte = if *byte == old { new } else { *byte });
        }
    });
    replaced.into_object()
}

/// Puts `new` before each character and at the end, `most` times at the most.
fn interleave(vm: &mut Vm, data: StrData<'_>, new: &Str, most: usize) -> PyResult {
    let mut out = StrBuilder::with_capacity(data.len() * 2);
    for (index, code_point) in data.code_points().enumerate() {
        if index < most {
            out.push_object(new);
        }
        out.push(code_point);
    }
    if data.len() < most {
        out.push_object(new);
    }
    Ok(out.finish(vm).into_object())
}
