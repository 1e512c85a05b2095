//! Socket addresses as Python writes them: a tuple for the internet, a path for local sockets.

use super::sys::{self, Hints, RawAddress};
use super::{gai_error, raise_os};
use crate::os_support::*;
use object::bytes::ByteArray;
use object::exception;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, RefOf, Vm};
use std::ffi::CString;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A host name argument in the encoding of the domain name system.
pub fn host_name(vm: &mut Vm, value: Ref<'_>, message: &str) -> PyResult<CString> {
    let bytes = match (value.downcast::<Str>(), object::bytes::as_bytes(value)) {
        (Some(text), _) if text.is_ascii() => text.raw().to_vec(),
        (Some(_), _) => {
            let idna = vm.new_str("idna").into_object();
            let encoded = vm.call_method(value, "encode", &[idna.borrow()])?;
            object::bytes::as_bytes(encoded.borrow()).unwrap_or_default().to_vec()
        }
        (None, Some(bytes)) => bytes.to_vec(),
        (None, None) => match value.downcast::<ByteArray>() {
            Some(array) => array.data(vm).to_vec(),
            None => return Err(vm.type_error(format!("{message}{}", value.class().full_name()))),
        },
    };
    sys::c_name(&bytes).map_or_else(|| Err(vm.type_error("host name must not contain null character")), Ok)
}

fn sockaddr_in(host: [u8; 4], port: u16) -> RawAddress {
    let mut bytes = [0u8; 16];
    bytes[0..2].copy_from_slice(&(libc::AF_INET as u16).to_ne_bytes());
    bytes[2..4].copy_from_slice(&port.to_be_bytes());
    bytes[4..8].copy_from_slice(&host);
    RawAddress::from_bytes(&bytes)
}

fn sockaddr_in6(host: [u8; 16], port: u16, flow: u32, scope: u32) -> RawAddress {
    let mut bytes = [0u8; 28];
    bytes[0..2].copy_from_slice(&(libc::AF_INET6 as u16).to_ne_bytes());
    bytes[2..4].copy_from_slice(&port.to_be_bytes());
    bytes[4..8].copy_from_slice(&flow.to_be_bytes());
    bytes[8..24].copy_from_slice(&host);
    bytes[24..28].copy_from_slice(&scope.to_ne_bytes());
    RawAddress::from_bytes(&bytes)
}

/// The address of a host, looked up unless it is written in numbers.
pub fn resolve(vm: &mut Vm, name: &CString, family: i32) -> PyResult<RawAddress> {
    let text = name.to_string_lossy();
    if family != libc::AF_INET6 {
        match &*text {
            "" => return Ok(sockaddr_in([0; 4], 0)),
            "255.255.255.255" | "<broadcast>" => return Ok(sockaddr_in([255; 4], 0)),
            _ => {}
        }
        if let Ok(host) = text.parse::<Ipv4Addr>() {
            return Ok(sockaddr_in(host.octets(), 0));
        }
    }
    if family != libc::AF_INET {
        if text.is_empty() {
            return Ok(sockaddr_in6([0; 16], 0, 0, 0));
        }
        if let Ok(host) = text.parse::<Ipv6Addr>() {
            return Ok(sockaddr_in6(host.octets(), 0, 0, 0));
        }
    }
    let hints = Hints { family, kind: libc::SOCK_STREAM, ..Hints::default() };
    let found = vm.allow_threads(|| sys::getaddrinfo(Some(name), None, hints));
    match found {
        Ok(found) => match found.into_iter().next() {
            Some((.., address)) => Ok(address),
            None => Err(gai_error(vm, libc::EAI_NONAME)),
        },
        Err(code) => Err(gai_error(vm, code)),
    }
}

fn port_argument(vm: &mut Vm, value: Ref<'_>, function: &str) -> PyResult<u16> {
    let number = vm.index(value)?;
    match object::int::as_i64(number.borrow()).and_then(|port| u16::try_from(port).ok()) {
        Some(port) => Ok(port),
        None => Err(vm.overflow_error(format!("{function}(): port must be 0-65535."))),
    }
}

fn tuple_items<'a>(vm: &mut Vm, value: Ref<'a>, family: &str, function: &str) -> PyResult<&'a [Ref<'a>]> {
    match value.downcast::<Tuple>() {
        Some(tuple) => Ok(RefOf::get(tuple).items()),
        None => Err(vm.type_error(format!("{function}(): {family} address must be tuple, not {}", value.class().full_name()))),
    }
}

/// Reads an address on behalf of `function`.
pub fn parse(vm: &mut Vm, family: i32, value: Ref<'_>, function: &str) -> PyResult<RawAddress> {
    match family {
        libc::AF_INET => {
            let items = tuple_items(vm, value, "AF_INET", function)?;
            let &[host, port] = items else { return Err(vm.type_error("AF_INET address must be a pair (host, port)")) };
            let name = host_name(vm, host, "str, bytes or bytearray expected, not ")?;
            let port = port_argument(vm, port, function)?;
            let found = resolve(vm, &name, libc::AF_INET)?;
            let mut bytes = found.bytes().to_vec();
            bytes[2..4].copy_from_slice(&port.to_be_bytes());
            Ok(RawAddress::from_bytes(&bytes))
        }
        libc::AF_INET6 => {
            let items = tuple_items(vm, value, "AF_INET6", function)?;
            if !(2..=4).contains(&items.len()) {
                return Err(vm.type_error("AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])"));
            }
            let name = host_name(vm, items[0], "str, bytes or bytearray expected, not ")?;
            let port = port_argument(vm, items[1], function)?;
            let flow = items.get(2).map_or(Ok(0), |&flow| vm.to_i64(flow))?;
            let scope = items.get(3).map(|&scope| vm.to_i64(scope)).transpose()?;
            if !(0..=0xf_ffff).contains(&flow) {
                return Err(vm.overflow_error(format!("{function}(): flowinfo must be 0-1048575.")));
            }
            let found = resolve(vm, &name, libc::AF_INET6)?;
            let mut bytes = found.bytes().to_vec();
            bytes.resize(28, 0);
            bytes[2..4].copy_from_slice(&port.to_be_bytes());
            bytes[4..8].copy_from_slice(&(flow as u32).to_be_bytes());
            if let Some(scope) = scope.filter(|&scope| scope != 0) {
                bytes[24..28].copy_from_slice(&(scope as u32).to_ne_bytes());
            }
            Ok(RawAddress::from_bytes(&bytes))
        }
        libc::AF_UNIX => parse_unix(vm, value),
        libc::AF_NETLINK => {
            let items = tuple_items(vm, value, "AF_NETLINK", function)?;
            let &[pid, groups] = items else { return Err(vm.type_error("AF_NETLINK address must be a pair (pid, groups)")) };
            let (pid, groups) = (vm.to_i64(pid)? as u32, vm.to_i64(groups)? as u32);
            let mut bytes = [0u8; 12];
            bytes[0..2].copy_from_slice(&(libc::AF_NETLINK as u16).to_ne_bytes());
            bytes[4..8].copy_from_slice(&pid.to_ne_bytes());
            bytes[8..12].copy_from_slice(&groups.to_ne_bytes());
            Ok(RawAddress::from_bytes(&bytes))
        }
        libc::AF_VSOCK => {
            let items = tuple_items(vm, value, "AF_VSOCK", function)?;
            let &[cid, port] = items else { return Err(vm.type_error("AF_VSOCK address must be a pair (cid, port)")) };
            let (cid, port) = (vm.to_i64(cid)? as u32, vm.to_i64(port)? as u32);
            let mut bytes = [0u8; 16];
            bytes[0..2].copy_from_slice(&(libc::AF_VSOCK as u16).to_ne_bytes());
            bytes[4..8].copy_from_slice(&port.to_ne_bytes());
            bytes[8..12].copy_from_slice(&cid.to_ne_bytes());
            Ok(RawAddress::from_bytes(&bytes))
        }
        _ => Err(vm.raise(&exception::OS_ERROR, format!("{function}(): bad family"))),
    }
}

fn parse_unix(vm: &mut Vm, value: Ref<'_>) -> PyResult<RawAddress> {
    let path = match value.downcast::<Str>() {
        Some(text) => fs_encode(vm, text.get())?,
        None if vm.has_buffer(value) => vm.buffer(value)?.bytes(vm).to_vec(),
        None => return Err(vm.type_error(format!("a bytes-like object is required, not '{}'", value.class().full_name()))),
    };
    // An abstract name may fill the space; a path needs a null behind it.
    let is_abstract = path.first() == Some(&0);
    if path.len() > 108 || (!is_abstract && path.len() >= 108) {
        return Err(vm.raise(&exception::OS_ERROR, "AF_UNIX path too long"));
    }
    let mut bytes = (libc::AF_UNIX as u16).to_ne_bytes().to_vec();
    bytes.extend_from_slice(&path);
    if !is_abstract && !path.is_empty() {
        bytes.push(0);
    }
    Ok(RawAddress::from_bytes(&bytes))
}

/// The host of an internet address, in numbers.
pub fn host_text(address: &RawAddress) -> String {
    let bytes = address.bytes();
    match address.family() {
        libc::AF_INET if bytes.len() >= 8 => Ipv4Addr::new(bytes[4], bytes[5], bytes[6], bytes[7]).to_string(),
        libc::AF_INET6 if bytes.len() >= 24 => {
            let octets: [u8; 16] = bytes[8..24].try_into().unwrap_or_default();
            Ipv6Addr::from(octets).to_string()
        }
        _ => String::new(),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |part| u32::from_ne_bytes([part[0], part[1], part[2], part[3]]))
}

/// The address as Python sees it.
pub fn object(vm: &mut Vm, address: &RawAddress) -> PyResult {
    let bytes = address.bytes().to_vec();
    if bytes.is_empty() {
        return Ok(Object::none());
    }
    let port = || bytes.get(2..4).map_or(0, |part| u16::from_be_bytes([part[0], part[1]]));
    Ok(match address.family() {
        libc::AF_INET => {
            let host = vm.new_str(&host_text(address)).into_object();
            vm.new_tuple([host, Object::small_int(i64::from(port()))]).into_object()
        }
        libc::AF_INET6 => {
            let scope = word(&bytes, 24);
            let mut host = host_text(address);
            if scope != 0
                && host.starts_with("fe80:")
                && let Ok(name) = sys::interface_name(scope)
            {
                host = format!("{host}%{}", String::from_utf8_lossy(&name));
            }
            let host = vm.new_str(&host).into_object();
            let numbers = [i64::from(port()), i64::from(u32::from_be(word(&bytes, 4))), i64::from(scope)];
            let [port, flow, scope] = numbers.map(Object::small_int);
            vm.new_tuple([host, port, flow, scope]).into_object()
        }
        libc::AF_UNIX => {
            let path = &bytes[2.min(bytes.len())..];
            if path.first() == Some(&0) {
                vm.new_bytes(path).into_object()
            } else {
                let end = path.iter().position(|&byte| byte == 0).unwrap_or(path.len());
                fs_decode(vm, &path[..end])
            }
        }
        libc::AF_NETLINK => vm.new_tuple([4, 8].map(|at| Object::small_int(i64::from(word(&bytes, at))))).into_object(),
        libc::AF_VSOCK => vm.new_tuple([8, 4].map(|at| Object::small_int(i64::from(word(&bytes, at))))).into_object(),
        family => {
            let data = vm.new_bytes(&bytes[2.min(bytes.len())..]).into_object();
            vm.new_tuple([Object::small_int(i64::from(family)), data]).into_object()
        }
    })
}

/// `inet_pton`
pub fn pton(vm: &mut Vm, family: i32, text: &str) -> PyResult {
    let packed = match family {
        libc::AF_INET => text.parse::<Ipv4Addr>().ok().map(|host| host.octets().to_vec()),
        libc::AF_INET6 => text.parse::<Ipv6Addr>().ok().map(|host| host.octets().to_vec()),
        _ => return Err(raise_os(vm, libc::EAFNOSUPPORT)),
    };
    match packed {
        Some(packed) => Ok(vm.new_bytes(&packed).into_object()),
        None => Err(vm.raise(&exception::OS_ERROR, "illegal IP address string passed to inet_pton")),
    }
}

/// `inet_ntop`
pub fn ntop(vm: &mut Vm, family: i32, packed: &[u8]) -> PyResult {
    let text = match (family, packed) {
        (libc::AF_INET, &[a, b, c, d]) => Ipv4Addr::new(a, b, c, d).to_string(),
        (libc::AF_INET6, packed) if packed.len() == 16 => Ipv6Addr::from(<[u8; 16]>::try_from(packed).unwrap_or_default()).to_string(),
        (libc::AF_INET | libc::AF_INET6, _) => return Err(vm.value_error("invalid length of packed IP address string")),
        _ => return Err(vm.value_error(format!("unknown address family {family}"))),
    };
    Ok(vm.new_str(&text).into_object())
}
