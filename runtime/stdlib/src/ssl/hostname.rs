//! Whether a certificate is for a host, as OpenSSL's `X509_check_host` and `X509_check_ip` see it.

use super::certificate::{Certificate, common_names};
use std::net::IpAddr;

/// Bits of `SSLContext._host_flags`.
mod flag {
    pub const ALWAYS_CHECK_SUBJECT: u32 = 0x1;
    pub const NO_WILDCARDS: u32 = 0x2;
    pub const NO_PARTIAL_WILDCARDS: u32 = 0x4;
    pub const MULTI_LABEL_WILDCARDS: u32 = 0x8;
    pub const NEVER_CHECK_SUBJECT: u32 = 0x20;
}

const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

pub fn matches_address(certificate: &Certificate, address: IpAddr) -> bool {
    let bytes = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    certificate.alternative_names().iter().any(|name| name.tag == IP_ADDRESS && name.content == bytes)
}

/// Alternative names decide; the common name counts only where there are none.
pub fn matches_name(certificate: &Certificate, host: &str, flags: u32) -> bool {
    let mut has_names = false;
    for name in certificate.alternative_names().iter().filter(|name| name.tag == DNS_NAME) {
        has_names = true;
        if std::str::from_utf8(name.content).is_ok_and(|pattern| matches(pattern, host, flags)) {
            return true;
        }
    }
    let asks_subject = flags & flag::NEVER_CHECK_SUBJECT == 0 && (!has_names || flags & flag::ALWAYS_CHECK_SUBJECT != 0);
    asks_subject && common_names(&certificate.subject).iter().any(|name| matches(name, host, flags))
}

fn matches(pattern: &str, host: &str, flags: u32) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    match wildcard(pattern, flags) {
        Some((start, end)) => {
            let middle = host.len().checked_sub(start.len() + end.len());
            let Some(middle) = middle.filter(|&middle| middle > 0) else { return false };
            let (Some(head), Some(tail)) = (host.get(..start.len()), host.get(start.len() + middle..)) else { return false };
            let Some(covered) = host.get(start.len()..start.len() + middle) else { return false };
            let is_label = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            let covers = if flags & flag::MULTI_LABEL_WILDCARDS != 0 { covered.split('.').all(is_label) } else { is_label(covered) };
            // A wildcard beside other characters does not stand for part of an internationalized label.
            let may_be_partial = (start.is_empty() && end.starts_with('.')) || !host.to_ascii_lowercase().starts_with("xn--");
            covers && may_be_partial && head.eq_ignore_ascii_case(start) && tail.eq_ignore_ascii_case(end)
        }
        None => pattern.eq_ignore_ascii_case(host),
    }
}

/// What stands before and behind the wildcard, if there is a proper one: in the first label, with two more behind it.
fn wildcard(pattern: &str, flags: u32) -> Option<(&str, &str)> {
    if flags & flag::NO_WILDCARDS != 0 {
        return None;
    }
    let (start, end) = pattern.split_once('*')?;
    let is_alone = start.is_empty() && end.starts_with('.');
    let is_proper = !start.contains('.')
        && !end.contains('*')
        && end.bytes().filter(|&byte| byte == b'.').count() >= 2
        && !end.contains("..")
        && !end.ends_with('.')
        && !start.to_ascii_lowercase().starts_with("xn--");
    (is_proper && (is_alone || flags & flag::NO_PARTIAL_WILDCARDS == 0)).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_cover_one_label() {
        for (pattern, host, expected) in [
            ("example.com", "EXAMPLE.com", true),
            ("*.example.com", "www.example.com", true),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", ".example.com", false),
            ("*.com", "example.com", false),
            ("f*.example.com", "foo.example.com", false),
            ("*", "localhost", false),
        ] {
            assert_eq!(matches(pattern, host, flag::NO_PARTIAL_WILDCARDS), expected, "{pattern} {host}");
        }
    }
}
