//! `_ssl.Certificate`, and certificates as dicts.

use super::certificate::{Certificate, general_names, latin1, name_text, object_text, oid, relative_names};
use super::{der, pem};
use crate::os_support::int_or;
use bytecode::opcode::Comparison;
use object::native::{PayloadInfo, TypeSpec, flag};
use object::{Object, Payload, PyResult, Ref, Slots, Type, Vm, method};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

pub const ENCODING_PEM: i64 = 1;
pub const ENCODING_DER: i64 = 2;

/// The payload of a `Certificate`.
pub struct CertificateObject(Arc<Certificate>);

impl Payload for CertificateObject {
    fn class() -> &'static Type {
        &CERTIFICATE
    }
}

pub static CERTIFICATE: Type = Type::new(&CERTIFICATE_SPEC);
static CERTIFICATE_SPEC: TypeSpec = TypeSpec {
    name: "_ssl.Certificate",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::leaf::<CertificateObject>(),
    slots: Slots { repr: Some(repr), hash: Some(hash), compare: Some(compare), ..Slots::NONE },
    methods: &[method!(Bound public_bytes "($self, /, format=Encoding.PEM)", ""), method!(Unary get_info "($self, /)", "")],
    ..TypeSpec::DEFAULT
};

pub fn new_object(vm: &Vm, certificate: Arc<Certificate>) -> Object {
    vm.allocate(CertificateObject(certificate)).into_object()
}

fn own(this: Ref<'_>) -> Arc<Certificate> {
    this.downcast::<CertificateObject>().expect("the method belongs to the type").0.clone()
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let text = format!("<_ssl.Certificate '{}'>", name_text(&own(this).subject));
    Ok(vm.new_str(&text).into_object())
}

fn hash(_vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    let mut hasher = DefaultHasher::new();
    own(this).der.hash(&mut hasher);
    let hash = hasher.finish().cast_signed();
    Ok(if hash == -1 { -2 } else { hash })
}

fn compare(_vm: &mut Vm, this: Ref<'_>, other: Ref<'_>, operator: Comparison) -> PyResult {
    let Some(other) = other.downcast::<CertificateObject>() else { return Ok(Object::not_implemented()) };
    let are_equal = own(this).der == other.0.der;
    Ok(match operator {
        Comparison::Equal => Object::bool(are_equal),
        Comparison::NotEqual => Object::bool(!are_equal),
        _ => Object::not_implemented(),
    })
}

fn public_bytes(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let certificate = own(this);
    match i64::from(int_or(vm, args[0], ENCODING_PEM as i32)?) {
        ENCODING_PEM => Ok(vm.new_str(&pem::encode("CERTIFICATE", &certificate.der)).into_object()),
        ENCODING_DER => Ok(vm.new_bytes(&certificate.der).into_object()),
        _ => Err(vm.value_error("Unsupported format")),
    }
}

fn get_info(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    decode(vm, &own(this))
}

fn pair(vm: &Vm, first: &str, second: &str) -> Object {
    vm.new_tuple([vm.new_str(first).into_object(), vm.new_str(second).into_object()]).into_object()
}

/// A name: a tuple of tuples of pairs.
fn name_object(vm: &Vm, name: &[u8]) -> Object {
    let relative: Vec<Object> = relative_names(name)
        .iter()
        .map(|attributes| {
            let pairs: Vec<Object> =
                attributes.iter().map(|attribute| pair(vm, &object_text(attribute.oid), &der::string(attribute.value).unwrap_or_default())).collect();
            vm.new_tuple(pairs).into_object()
        })
        .collect();
    vm.new_tuple(relative).into_object()
}

fn address_text(bytes: &[u8]) -> String {
    match bytes.len() {
        4 => bytes.iter().map(u8::to_string).collect::<Vec<_>>().join("."),
        16 => bytes.chunks_exact(2).map(|pair| format!("{:X}", u16::from_be_bytes([pair[0], pair[1]]))).collect::<Vec<_>>().join(":"),
        _ => "<invalid>".to_owned(),
    }
}

fn alternative_names(vm: &Vm, certificate: &Certificate) -> Option<Object> {
    let extension = certificate.extension(oid::SUBJECT_ALT_NAME)?;
    let names: Vec<Object> = general_names(&extension.value)
        .iter()
        .map(|name| match name.tag & 0x1f {
            0 => pair(vm, "othername", "<unsupported>"),
            1 => pair(vm, "email", &utf8(name.content)),
            2 => pair(vm, "DNS", &utf8(name.content)),
            3 => pair(vm, "X400Name", "<unsupported>"),
            4 => vm.new_tuple([vm.new_str("DirName").into_object(), name_object(vm, name.content)]).into_object(),
            5 => pair(vm, "EdiPartyName", "<unsupported>"),
            6 => pair(vm, "URI", &utf8(name.content)),
            7 => pair(vm, "IP Address", &address_text(name.content)),
            _ => pair(vm, "Registered ID", &object_text(name.content)),
        })
        .collect();
    Some(vm.new_tuple(names).into_object())
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| latin1(bytes))
}

/// The serial number in hexadecimal, whole bytes.
fn serial_text(serial: &[u8]) -> String {
    let digits = serial.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(serial);
    digits.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// As `getpeercert()` shows a certificate.
pub fn decode(vm: &mut Vm, certificate: &Certificate) -> PyResult {
    let mut rows = vec![
        ("subject", name_object(vm, &certificate.subject)),
        ("issuer", name_object(vm, &certificate.issuer)),
        ("version", vm.new_int(certificate.version + 1)),
        ("serialNumber", vm.new_str(&serial_text(&certificate.serial)).into_object()),
        ("notBefore", vm.new_str(&certificate.not_before.text()).into_object()),
        ("notAfter", vm.new_str(&certificate.not_after.text()).into_object()),
    ];
    rows.extend(alternative_names(vm, certificate).map(|names| ("subjectAltName", names)));
    let lists = [
        ("OCSP", certificate.information_access(oid::OCSP)),
        ("caIssuers", certificate.information_access(oid::CA_ISSUERS)),
        ("crlDistributionPoints", certificate.distribution_points()),
    ];
    for (key, locations) in lists.into_iter().filter(|(_, locations)| !locations.is_empty()) {
        let locations: Vec<Object> = locations.iter().map(|location| vm.new_str(location).into_object()).collect();
        rows.push((key, vm.new_tuple(locations).into_object()));
    }
    let dict = vm.new_dict();
    for (key, value) in rows {
        dict.set_str(vm, key, value);
    }
    Ok(dict.into_object())
}
