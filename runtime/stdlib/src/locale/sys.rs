//! The C library's locale, as safe functions. All are called with the global lock held, which keeps
//! the locale from changing meanwhile.

use std::ffi::{CStr, CString, c_char};

fn text(pointer: *const c_char) -> Option<Vec<u8>> {
    // SAFETY: what the C library returns is null or a string, copied at once.
    unsafe { (!pointer.is_null()).then(|| CStr::from_ptr(pointer).to_bytes().to_vec()) }
}

/// Sets a category's locale, or asks for it; `None`: there is no such locale.
pub fn setlocale(category: i32, name: Option<&CStr>) -> Option<Vec<u8>> {
    // SAFETY: the name, if any, lives through the call.
    text(unsafe { libc::setlocale(category, name.map_or(std::ptr::null(), CStr::as_ptr)) })
}

/// The strings of `localeconv`, then its numbers, by name.
pub type Conventions = (Vec<(&'static str, Vec<u8>)>, Vec<(&'static str, i64)>);

pub fn localeconv() -> Conventions {
    // SAFETY: the structure is the C library's and valid until the locale changes.
    let conventions = unsafe { &*libc::localeconv() };
    let strings = [
        ("int_curr_symbol", conventions.int_curr_symbol),
        ("currency_symbol", conventions.currency_symbol),
        ("mon_decimal_point", conventions.mon_decimal_point),
        ("mon_thousands_sep", conventions.mon_thousands_sep),
        ("mon_grouping", conventions.mon_grouping),
        ("positive_sign", conventions.positive_sign),
        ("negative_sign", conventions.negative_sign),
        ("decimal_point", conventions.decimal_point),
        ("thousands_sep", conventions.thousands_sep),
        ("grouping", conventions.grouping),
    ];
    let numbers = [
        ("int_frac_digits", conventions.int_frac_digits),
        ("frac_digits", conventions.frac_digits),
        ("p_cs_precedes", conventions.p_cs_precedes),
        ("p_sep_by_space", conventions.p_sep_by_space),
        ("n_cs_precedes", conventions.n_cs_precedes),
        ("n_sep_by_space", conventions.n_sep_by_space),
        ("p_sign_posn", conventions.p_sign_posn),
        ("n_sign_posn", conventions.n_sign_posn),
    ];
    let strings = strings.into_iter().map(|(name, pointer)| (name, text(pointer).unwrap_or_default())).collect();
    (strings, numbers.into_iter().map(|(name, value)| (name, i64::from(value))).collect())
}

pub fn nl_langinfo(item: i32) -> Vec<u8> {
    // SAFETY: the call takes a number and returns a string.
    text(unsafe { libc::nl_langinfo(item) }).unwrap_or_default()
}

fn wide(text: &[u32]) -> Vec<libc::wchar_t> {
    text.iter().map(|&character| character as libc::wchar_t).chain([0]).collect()
}

unsafe extern "C" {
    fn wcscoll(left: *const libc::wchar_t, right: *const libc::wchar_t) -> libc::c_int;
    fn wcsxfrm(to: *mut libc::wchar_t, from: *const libc::wchar_t, size: usize) -> usize;
    fn gettext(message: *const c_char) -> *mut c_char;
    fn dgettext(domain: *const c_char, message: *const c_char) -> *mut c_char;
    fn dcgettext(domain: *const c_char, message: *const c_char, category: libc::c_int) -> *mut c_char;
    fn textdomain(domain: *const c_char) -> *mut c_char;
    fn bindtextdomain(domain: *const c_char, directory: *const c_char) -> *mut c_char;
    fn bind_textdomain_codeset(domain: *const c_char, codeset: *const c_char) -> *mut c_char;
}

/// Compares two texts, without null characters, by the rules of the locale.
pub fn collate(left: &[u32], right: &[u32]) -> i32 {
    let (left, right) = (wide(left), wide(right));
    // SAFETY: both strings end with a null.
    unsafe { wcscoll(left.as_ptr(), right.as_ptr()) }
}

/// The text whose plain order is that of the locale; `None`: it cannot be had.
pub fn transform(from: &[u32]) -> Option<Vec<u32>> {
    let from = wide(from);
    let mut size = from.len() * 4 + 1;
    loop {
        let mut to = vec![0; size];
        // SAFETY: the buffer is that long and the text ends with a null.
        let n = unsafe { wcsxfrm(to.as_mut_ptr(), from.as_ptr(), size) };
        if n == usize::MAX {
            return None;
        }
        if n < size {
            return Some(to[..n].iter().map(|&unit| unit as u32).collect());
        }
        size = n + 1;
    }
}

fn optional(text: Option<&CString>) -> *const c_char {
    text.map_or(std::ptr::null(), |text| text.as_ptr())
}

/// `dcgettext` and its shorter forms.
pub fn translate(domain: Option<&CString>, message: &CStr, category: Option<i32>) -> Vec<u8> {
    // SAFETY: the strings live through the call; the result is the message or the catalogue's.
    text(unsafe {
        match (category, domain) {
            (Some(category), domain) => dcgettext(optional(domain), message.as_ptr(), category),
            (None, Some(domain)) => dgettext(domain.as_ptr(), message.as_ptr()),
            (None, None) => gettext(message.as_ptr()),
        }
    })
    .unwrap_or_default()
}

pub fn set_text_domain(domain: Option<&CString>) -> Option<Vec<u8>> {
    // SAFETY: as above.
    text(unsafe { textdomain(optional(domain)) })
}

pub fn bind_text_domain(domain: &CStr, directory: Option<&CString>) -> Option<Vec<u8>> {
    // SAFETY: as above.
    text(unsafe { bindtextdomain(domain.as_ptr(), optional(directory)) })
}

pub fn bind_codeset(domain: &CStr, codeset: Option<&CString>) -> Option<Vec<u8>> {
    // SAFETY: as above.
    text(unsafe { bind_textdomain_codeset(domain.as_ptr(), optional(codeset)) })
}
