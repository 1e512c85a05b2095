//! X.509 certificates and revocation lists, read from DER.

use super::der::{self, Reader, Time, Value, tag};
use super::object_names;

/// Object identifiers of extensions, as DER holds them.
pub mod oid {
    pub const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 14];
    pub const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
    pub const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];
    pub const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
    pub const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
    pub const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 31];
    pub const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 32];
    pub const POLICY_MAPPINGS: &[u8] = &[0x55, 0x1d, 33];
    pub const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];
    pub const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 36];
    pub const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
    pub const INHIBIT_ANY_POLICY: &[u8] = &[0x55, 0x1d, 54];
    pub const AUTHORITY_INFORMATION_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
    pub const OCSP: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1];
    pub const CA_ISSUERS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 2];
    pub const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
    pub const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
    pub const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    pub const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
}

/// Bits of the key usage extension, the first the highest of its first byte.
pub mod usage {
    pub const DIGITAL_SIGNATURE: u16 = 0x80;
    pub const KEY_ENCIPHERMENT: u16 = 0x20;
    pub const KEY_AGREEMENT: u16 = 0x08;
    pub const CERTIFICATE_SIGNING: u16 = 0x04;
}

#[derive(Clone)]
pub struct Extension {
    pub oid: Vec<u8>,
    pub critical: bool,
    pub value: Vec<u8>,
}

/// A certificate, taken apart.
#[derive(Clone)]
pub struct Certificate {
    pub der: Vec<u8>,
    /// The bytes that are signed.
    pub signed: Vec<u8>,
    /// As encoded: zero is version 1.
    pub version: i64,
    pub serial: Vec<u8>,
    /// Contents of the algorithm identifier.
    pub signature_algorithm: Vec<u8>,
    pub signature: Vec<u8>,
    /// Names, as they are encoded.
    pub issuer: Vec<u8>,
    pub subject: Vec<u8>,
    pub not_before: Time,
    pub not_after: Time,
    /// The whole of the subject's public key information.
    pub key_info: Vec<u8>,
    pub key_algorithm: Vec<u8>,
    pub key: Vec<u8>,
    pub extensions: Vec<Extension>,
}

impl Certificate {
    /// Reads one certificate; what follows it is handed back.
    pub fn read_first(data: &[u8]) -> Option<(Certificate, &[u8])> {
        let mut outer = Reader::new(data);
        let whole = outer.expect(tag::SEQUENCE)?;
        let mut parts = Reader::new(whole.content);
        let signed = parts.expect(tag::SEQUENCE)?;
        let signature_algorithm = parts.expect(tag::SEQUENCE)?.content.to_vec();
        let signature = bit_string(parts.expect(tag::BIT_STRING)?)?.to_vec();
        let mut fields = Reader::new(signed.content);
        let version = match fields.peek()? {
            0xa0 => fields.enter(0xa0)?.small_integer()?,
            _ => 0,
        };
        let serial = fields.expect(tag::INTEGER)?.content.to_vec();
        fields.expect(tag::SEQUENCE)?;
        let issuer = fields.expect(tag::SEQUENCE)?.whole.to_vec();
        let mut validity = fields.enter(tag::SEQUENCE)?;
        let (not_before, not_after) = (Time::of(validity.value()?)?, Time::of(validity.value()?)?);
        let subject = fields.expect(tag::SEQUENCE)?.whole.to_vec();
        let key_info = fields.expect(tag::SEQUENCE)?;
        let mut key_parts = Reader::new(key_info.content);
        let key_algorithm = key_parts.expect(tag::SEQUENCE)?.content.to_vec();
        let key = bit_string(key_parts.expect(tag::BIT_STRING)?)?.to_vec();
        let mut extensions = Vec::new();
        while let Some(field) = fields.value() {
            if field.tag == 0xa3 {
                extensions = read_extensions(Reader::new(field.content))?;
            }
        }
        let certificate = Certificate {
            der: whole.whole.to_vec(),
            signed: signed.whole.to_vec(),
            version,
            serial,
            signature_algorithm,
            signature,
            issuer,
            subject,
            not_before,
            not_after,
            key_info: key_info.whole.to_vec(),
            key_algorithm,
            key,
            extensions,
        };
        Some((certificate, &data[whole.whole.len()..]))
    }

    pub fn read(data: &[u8]) -> Option<Certificate> {
        Certificate::read_first(data).filter(|(_, rest)| rest.is_empty()).map(|(certificate, _)| certificate)
    }

    pub fn extension(&self, oid: &[u8]) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.oid == oid)
    }

    /// Whether it is a CA by its basic constraints, and how many may follow; `None`: it does not say.
    pub fn basic_constraints(&self) -> Option<(bool, Option<i64>)> {
        let mut fields = Reader::new(&self.extension(oid::BASIC_CONSTRAINTS)?.value).enter(tag::SEQUENCE)?;
        let is_ca = fields.expect(tag::BOOLEAN).is_some_and(|value| value.content.first().is_some_and(|&byte| byte != 0));
        Some((is_ca, fields.small_integer()))
    }

    pub fn key_usage(&self) -> Option<u16> {
        let content = Reader::new(&self.extension(oid::KEY_USAGE)?.value).expect(tag::BIT_STRING)?.content;
        Some(u16::from(*content.get(1)?) | content.get(2).map_or(0, |&byte| u16::from(byte) << 8))
    }

    /// Whether the extended key usage, if there is one, allows a purpose.
    pub fn allows_purpose(&self, purpose: &[u8]) -> bool {
        let Some(extension) = self.extension(oid::EXTENDED_KEY_USAGE) else { return true };
        let Some(mut purposes) = Reader::new(&extension.value).enter(tag::SEQUENCE) else { return false };
        std::iter::from_fn(|| purposes.value()).any(|value| value.content == purpose)
    }

    /// As `X509_check_ca`: a CA by its constraints, a self-signed one of version 1, or one that may sign certificates.
    pub fn is_ca(&self) -> bool {
        if self.key_usage().is_some_and(|bits| bits & usage::CERTIFICATE_SIGNING == 0) {
            return false;
        }
        match self.basic_constraints() {
            Some((is_ca, _)) => is_ca,
            None => (self.version == 0 && self.is_self_issued()) || self.key_usage().is_some(),
        }
    }

    pub fn is_self_issued(&self) -> bool {
        canonical_name(&self.issuer) == canonical_name(&self.subject)
    }

    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        Some(Reader::new(&self.extension(oid::SUBJECT_KEY_IDENTIFIER)?.value).expect(tag::OCTET_STRING)?.content)
    }

    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        Some(Reader::new(&self.extension(oid::AUTHORITY_KEY_IDENTIFIER)?.value).enter(tag::SEQUENCE)?.expect(0x80)?.content)
    }

    /// The alternative names of the subject.
    pub fn alternative_names(&self) -> Vec<Value<'_>> {
        self.extension(oid::SUBJECT_ALT_NAME).map(|extension| general_names(&extension.value)).unwrap_or_default()
    }

    /// Locations that the authority information access gives for a method.
    pub fn information_access(&self, method: &[u8]) -> Vec<String> {
        let entries = self.extension(oid::AUTHORITY_INFORMATION_ACCESS).and_then(|extension| Reader::new(&extension.value).enter(tag::SEQUENCE));
        let Some(mut entries) = entries else { return Vec::new() };
        let mut locations = Vec::new();
        while let Some(mut entry) = entries.enter(tag::SEQUENCE) {
            let is_wanted = entry.value().is_some_and(|found| found.content == method);
            if let Some(location) = entry.value().filter(|location| is_wanted && location.tag == 0x86) {
                locations.push(latin1(location.content));
            }
        }
        locations
    }

    /// Where revocation lists are.
    pub fn distribution_points(&self) -> Vec<String> {
        let points = self.extension(oid::CRL_DISTRIBUTION_POINTS).and_then(|extension| Reader::new(&extension.value).enter(tag::SEQUENCE));
        let Some(mut points) = points else { return Vec::new() };
        let mut locations = Vec::new();
        while let Some(mut point) = points.enter(tag::SEQUENCE) {
            let names = point.enter(0xa0).and_then(|mut name| name.enter(0xa0));
            let Some(mut names) = names else { continue };
            while let Some(name) = names.value() {
                if name.tag == 0x86 {
                    locations.push(latin1(name.content));
                }
            }
        }
        locations
    }
}

fn read_extensions(mut reader: Reader<'_>) -> Option<Vec<Extension>> {
    let mut list = reader.enter(tag::SEQUENCE)?;
    let mut extensions = Vec::new();
    while !list.is_empty() {
        let mut fields = list.enter(tag::SEQUENCE)?;
        let oid = fields.expect(tag::OBJECT_IDENTIFIER)?.content.to_vec();
        let critical = fields.expect(tag::BOOLEAN).is_some_and(|value| value.content.first().is_some_and(|&byte| byte != 0));
        let value = fields.expect(tag::OCTET_STRING)?.content.to_vec();
        extensions.push(Extension { oid, critical, value });
    }
    Some(extensions)
}

/// The bytes of a bit string that is made of whole bytes.
fn bit_string(value: Value<'_>) -> Option<&[u8]> {
    value.content.split_first().filter(|(unused, _)| **unused == 0).map(|(_, bytes)| bytes)
}

/// The names in a sequence of general names; their tags are 0x80 to 0x88, 0xa0 to 0xa8.
pub fn general_names(data: &[u8]) -> Vec<Value<'_>> {
    let Some(mut names) = Reader::new(data).enter(tag::SEQUENCE) else { return Vec::new() };
    std::iter::from_fn(|| names.value()).collect()
}

pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// One attribute of a name.
pub struct Attribute<'a> {
    pub oid: &'a [u8],
    pub value: Value<'a>,
}

/// The relative names of a name, each a list of attributes.
pub fn relative_names(name: &[u8]) -> Vec<Vec<Attribute<'_>>> {
    let Some(mut list) = Reader::new(name).enter(tag::SEQUENCE) else { return Vec::new() };
    let mut names = Vec::new();
    while let Some(mut set) = list.enter(tag::SET) {
        let mut attributes = Vec::new();
        while let Some(mut fields) = set.enter(tag::SEQUENCE) {
            if let (Some(oid), Some(value)) = (fields.expect(tag::OBJECT_IDENTIFIER), fields.value()) {
                attributes.push(Attribute { oid: oid.content, value });
            }
        }
        names.push(attributes);
    }
    names
}

/// The long name of an object identifier, or its dotted form.
pub fn object_text(oid: &[u8]) -> String {
    let dotted = der::dotted(oid).unwrap_or_default();
    match object_names::by_oid(&dotted) {
        Some(object) => object.2.to_owned(),
        None => dotted,
    }
}

/// The common names of a subject, last first, which is the order they matter in.
pub fn common_names(name: &[u8]) -> Vec<String> {
    let mut names: Vec<String> = relative_names(name)
        .iter()
        .flatten()
        .filter(|attribute| attribute.oid == oid::COMMON_NAME)
        .filter_map(|attribute| der::string(attribute.value))
        .collect();
    names.reverse();
    names
}

/// A name as RFC 2253 writes it: `CN=localhost,O=Python Software Foundation`.
pub fn name_text(name: &[u8]) -> String {
    let mut parts = Vec::new();
    for attributes in relative_names(name).iter().rev() {
        let texts: Vec<String> = attributes
            .iter()
            .map(|attribute| {
                let dotted = der::dotted(attribute.oid).unwrap_or_default();
                let key = object_names::by_oid(&dotted).map_or(dotted.as_str(), |object| object.1);
                format!("{key}={}", escaped(&der::string(attribute.value).unwrap_or_default()))
            })
            .collect();
        parts.push(texts.join("+"));
    }
    parts.join(",")
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for (index, character) in text.char_indices() {
        let at_edge = index == 0 || index + character.len_utf8() == text.len();
        match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => out.extend(['\\', character]),
            '#' if index == 0 => out.push_str("\\#"),
            ' ' if at_edge => out.push_str("\\ "),
            _ if character.is_ascii_control() => out.push_str(&format!("\\{:02X}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out
}

/// The form in which names are compared and hashed: strings in UTF-8 and lower case, spaces made one, without the
/// outermost header.
pub fn canonical_name(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for attributes in relative_names(name) {
        let mut encoded: Vec<Vec<u8>> = attributes
            .iter()
            .map(|attribute| {
                let value = match der::string(attribute.value) {
                    Some(text) => header(tag::UTF8_STRING, canonical_text(&text).into_bytes()),
                    None => attribute.value.whole.to_vec(),
                };
                let mut fields = header(tag::OBJECT_IDENTIFIER, attribute.oid.to_vec());
                fields.extend(value);
                header(tag::SEQUENCE, fields)
            })
            .collect();
        encoded.sort();
        out.extend(header(tag::SET, encoded.concat()));
    }
    out
}

fn canonical_text(text: &str) -> String {
    let words: Vec<&str> = text.split([' ', '\t', '\n', '\r', '\x0b', '\x0c']).filter(|word| !word.is_empty()).collect();
    words.join(" ").to_ascii_lowercase()
}

/// A value with its tag and length in front.
pub fn header(tag: u8, content: Vec<u8>) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        len @ 0..0x80 => out.push(len as u8),
        len => {
            let bytes = len.to_be_bytes();
            let used = &bytes[bytes.iter().take_while(|&&byte| byte == 0).count()..];
            out.push(0x80 | used.len() as u8);
            out.extend(used);
        }
    }
    out.extend(content);
    out
}

/// The number in file names of a directory of certificates.
pub fn name_hash(name: &[u8]) -> u32 {
    use ::sha1::Digest;
    let digest = ::sha1::Sha1::digest(canonical_name(name));
    u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// A certificate revocation list.
#[derive(Clone)]
pub struct RevocationList {
    pub der: Vec<u8>,
    pub signed: Vec<u8>,
    pub signature_algorithm: Vec<u8>,
    pub signature: Vec<u8>,
    pub issuer: Vec<u8>,
    pub last_update: Time,
    pub next_update: Option<Time>,
    /// Serial numbers of what is revoked.
    pub revoked: Vec<Vec<u8>>,
}

impl RevocationList {
    pub fn read(data: &[u8]) -> Option<RevocationList> {
        let whole = Reader::new(data).expect(tag::SEQUENCE)?;
        let mut parts = Reader::new(whole.content);
        let signed = parts.expect(tag::SEQUENCE)?;
        let signature_algorithm = parts.expect(tag::SEQUENCE)?.content.to_vec();
        let signature = bit_string(parts.expect(tag::BIT_STRING)?)?.to_vec();
        let mut fields = Reader::new(signed.content);
        if fields.peek() == Some(tag::INTEGER) {
            fields.value()?;
        }
        fields.expect(tag::SEQUENCE)?;
        let issuer = fields.expect(tag::SEQUENCE)?.whole.to_vec();
        let last_update = Time::of(fields.value()?)?;
        let next_update = match fields.peek() {
            Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => Some(Time::of(fields.value()?)?),
            _ => None,
        };
        let mut revoked = Vec::new();
        if let Some(mut entries) = fields.enter(tag::SEQUENCE) {
            while let Some(mut entry) = entries.enter(tag::SEQUENCE) {
                revoked.push(entry.expect(tag::INTEGER)?.content.to_vec());
            }
        }
        Some(RevocationList {
            der: data.to_vec(),
            signed: signed.whole.to_vec(),
            signature_algorithm,
            signature,
            issuer,
            last_update,
            next_update,
            revoked,
        })
    }
}
