//! Name constraints: which names the certificates below an authority may be for.

use super::certificate::{Attribute, Certificate, canonical_name, common_names, oid, relative_names};
use super::der::{self, Reader, Value, tag};
use std::sync::Arc;

const PERMITTED_VIOLATION: i32 = 47;
const EXCLUDED_VIOLATION: i32 = 48;

const EMAIL: u8 = 0x81;
const DNS_NAME: u8 = 0x82;
const DIRECTORY_NAME: u8 = 0xa4;
const URI: u8 = 0x86;
const IP_ADDRESS: u8 = 0x87;

/// A name to be held against constraints.
struct Name {
    tag: u8,
    content: Vec<u8>,
}

/// Holds the names of each link against the constraints of those above it; the number of a failure.
pub fn check(links: &[Arc<Certificate>]) -> Result<(), i32> {
    for (index, issuer) in links.iter().enumerate().skip(1) {
        let Some(extension) = issuer.extension(oid::NAME_CONSTRAINTS) else { continue };
        let Some(mut fields) = Reader::new(&extension.value).enter(tag::SEQUENCE) else { return Err(PERMITTED_VIOLATION) };
        let permitted = subtrees(&mut fields, 0xa0);
        let excluded = subtrees(&mut fields, 0xa1);
        for (below, link) in links.iter().enumerate().take(index) {
            if below > 0 && link.is_self_issued() {
                continue;
            }
            for name in names(link, below == 0) {
                check_name(&name, &permitted, &excluded)?;
            }
        }
    }
    Ok(())
}

fn subtrees<'a>(fields: &mut Reader<'a>, tag: u8) -> Vec<Value<'a>> {
    let Some(mut list) = fields.enter(tag) else { return Vec::new() };
    std::iter::from_fn(|| list.enter(der::tag::SEQUENCE)).filter_map(|mut subtree| subtree.value()).collect()
}

fn names(link: &Certificate, is_leaf: bool) -> Vec<Name> {
    let mut names: Vec<Name> = link.alternative_names().iter().map(|name| Name { tag: name.tag, content: name.content.to_vec() }).collect();
    let has_dns_names = names.iter().any(|name| name.tag == DNS_NAME);
    if !canonical_name(&link.subject).is_empty() {
        names.push(Name { tag: DIRECTORY_NAME, content: link.subject.clone() });
    }
    for attribute in relative_names(&link.subject).iter().flatten().filter(|attribute| attribute.oid == oid::EMAIL_ADDRESS) {
        names.push(Name { tag: EMAIL, content: text_of(attribute) });
    }
    if is_leaf && !has_dns_names {
        let looks_like_host = |name: &String| name.contains('.') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        names.extend(common_names(&link.subject).into_iter().filter(looks_like_host).map(|name| Name { tag: DNS_NAME, content: name.into_bytes() }));
    }
    names
}

fn text_of(attribute: &Attribute<'_>) -> Vec<u8> {
    der::string(attribute.value).unwrap_or_default().into_bytes()
}

fn check_name(name: &Name, permitted: &[Value<'_>], excluded: &[Value<'_>]) -> Result<(), i32> {
    let mut of_kind = permitted.iter().filter(|base| base.tag == name.tag).peekable();
    if of_kind.peek().is_some() && !of_kind.any(|base| is_within(name, base)) {
        return Err(PERMITTED_VIOLATION);
    }
    if excluded.iter().any(|base| base.tag == name.tag && is_within(name, base)) {
        return Err(EXCLUDED_VIOLATION);
    }
    Ok(())
}

fn is_within(name: &Name, base: &Value<'_>) -> bool {
    match name.tag {
        DNS_NAME => is_subdomain(&name.content, base.content),
        EMAIL => is_mailbox_within(&name.content, base.content),
        URI => uri_host(&name.content).is_some_and(|host| match base.content.strip_prefix(b".") {
            Some(_) => ends_with(host, base.content),
            None => host.eq_ignore_ascii_case(base.content),
        }),
        IP_ADDRESS => {
            let (address, mask) = base.content.split_at(base.content.len() / 2);
            name.content.len() == address.len()
                && name.content.iter().zip(address).zip(mask).all(|((byte, wanted), mask)| byte & mask == wanted & mask)
        }
        DIRECTORY_NAME => canonical_name(&name.content).starts_with(&canonical_name(base.content)),
        _ => false,
    }
}

fn ends_with(text: &[u8], end: &[u8]) -> bool {
    text.len() >= end.len() && text[text.len() - end.len()..].eq_ignore_ascii_case(end)
}

fn is_subdomain(name: &[u8], base: &[u8]) -> bool {
    if base.is_empty() {
        return true;
    }
    if !ends_with(name, base) {
        return false;
    }
    let rest = &name[..name.len() - base.len()];
    rest.is_empty() || base.starts_with(b".") || rest.ends_with(b".")
}

fn is_mailbox_within(name: &[u8], base: &[u8]) -> bool {
    let Some(at) = name.iter().rposition(|&byte| byte == b'@') else { return false };
    match base.iter().rposition(|&byte| byte == b'@') {
        Some(base_at) if base_at > 0 => name[..at] == base[..base_at] && name[at..].eq_ignore_ascii_case(&base[base_at..]),
        Some(_) => name[at..].eq_ignore_ascii_case(base),
        None if base.starts_with(b".") => ends_with(name, base),
        None => name[at + 1..].eq_ignore_ascii_case(base),
    }
}

fn uri_host(uri: &[u8]) -> Option<&[u8]> {
    let start = uri.windows(3).position(|three| three == b"://")? + 3;
    let rest = &uri[start..];
    let end = rest.iter().position(|byte| b":/".contains(byte)).unwrap_or(rest.len());
    Some(&rest[..end]).filter(|host| !host.is_empty())
}
