//! Functions of `_socket` that look names up and convert numbers.

use super::address::{self, host_name};
use super::sys::{self, Hints, RawAddress};
use super::{gai_error, host_error, raise_os};
use crate::os_support::*;
use object::exception;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, RefOf, Vm};
use std::ffi::CString;

pub fn getaddrinfo(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let host = match optional(args, 0) {
        Some(host) if host.downcast::<Str>().is_none() && object::bytes::as_bytes(host).is_none() => {
            return Err(vm.type_error("getaddrinfo() argument 1 must be string or None"));
        }
        Some(host) => Some(host_name(vm, host, "")?),
        None => None,
    };
    let service = match optional(args, 1) {
        None => None,
        Some(port) if object::int::is_int(port) => {
            let number = vm.to_i64(port)?;
            CString::new(number.to_string()).ok()
        }
        Some(port) if port.downcast::<Str>().is_some() || object::bytes::as_bytes(port).is_some() => Some(c_string(vm, port)?),
        Some(_) => return Err(vm.raise(&exception::OS_ERROR, "Int or String expected")),
    };
    let hints =
        Hints { family: int_or(vm, args[2], 0)?, kind: int_or(vm, args[3], 0)?, protocol: int_or(vm, args[4], 0)?, flags: int_or(vm, args[5], 0)? };
    let found = vm.allow_threads(|| sys::getaddrinfo(host.as_deref(), service.as_deref(), hints));
    let found = found.map_err(|code| gai_error(vm, code))?;
    let mut all = Vec::new();
    for (family, kind, protocol, name, address) in found {
        let address = address::object(vm, &address)?;
        let [family, kind, protocol] = [family, kind, protocol].map(|number| Object::small_int(i64::from(number)));
        let name = fs_decode(vm, &name);
        all.push(vm.new_tuple([family, kind, protocol, name, address]).into_object());
    }
    Ok(vm.new_list(all).into_object())
}

pub fn getnameinfo(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let value = arg(args, 0);
    let flags = vm.to_i32(arg(args, 1))?;
    let Some(tuple) = value.downcast::<Tuple>() else {
        return Err(vm.type_error("getnameinfo() argument 1 must be a tuple"));
    };
    let items = RefOf::get(tuple).items();
    if !(2..=4).contains(&items.len()) {
        return Err(vm.type_error("getnameinfo(): illegal sockaddr argument"));
    }
    let Some(host) = items[0].downcast::<Str>().and_then(|host| sys::c_name(host.get().to_utf8()?.as_bytes())) else {
        return Err(vm.type_error("getnameinfo(): illegal sockaddr argument"));
    };
    let port = vm.to_i64(items[1])?;
    let flow = items.get(2).map_or(Ok(0), |&flow| vm.to_i64(flow))?;
    let scope = items.get(3).map_or(Ok(0), |&scope| vm.to_i64(scope))?;
    if !(0..=0xf_ffff).contains(&flow) {
        return Err(vm.overflow_error("getnameinfo(): flowinfo must be 0-1048575."));
    }
    let service = CString::new(port.to_string()).ok();
    let hints = Hints { kind: libc::SOCK_DGRAM, flags: libc::AI_NUMERICHOST, ..Hints::default() };
    let found = vm.allow_threads(|| sys::getaddrinfo(Some(&host), service.as_deref(), hints)).map_err(|code| gai_error(vm, code))?;
    let [(.., found)] = &found[..] else {
        return Err(vm.raise(&exception::OS_ERROR, "sockaddr resolved to multiple addresses"));
    };
    let mut bytes = found.bytes().to_vec();
    match found.family() {
        libc::AF_INET if items.len() != 2 => return Err(vm.raise(&exception::OS_ERROR, "IPv4 sockaddr must be 2 tuple")),
        libc::AF_INET6 => {
            bytes.resize(28, 0);
            bytes[4..8].copy_from_slice(&(flow as u32).to_be_bytes());
            bytes[24..28].copy_from_slice(&(scope as u32).to_ne_bytes());
        }
        _ => {}
    }
    let address = RawAddress::from_bytes(&bytes);
    let (host, service) = vm.allow_threads(|| sys::getnameinfo(&address, flags)).map_err(|code| gai_error(vm, code))?;
    let parts = [fs_decode(vm, &host), fs_decode(vm, &service)];
    Ok(vm.new_tuple(parts).into_object())
}

pub fn gethostname(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let name = checked(vm, crate::sys::gethostname())?;
    Ok(fs_decode(vm, &name))
}

pub fn sethostname(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = c_string(vm, arg(args, 0))?;
    checked(vm, crate::sys::sethostname(&name, name.as_bytes().len()))?;
    Ok(Object::none())
}

fn lookup_argument(vm: &mut Vm, args: Arguments<'_, '_>, function: &str) -> PyResult<CString> {
    host_name(vm, arg(args, 0), &format!("{function}() argument 1 must be str, bytes or bytearray, not "))
}

pub fn gethostbyname(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = lookup_argument(vm, args, "gethostbyname")?;
    let found = address::resolve(vm, &name, libc::AF_INET)?;
    Ok(vm.new_str(&address::host_text(&found)).into_object())
}

fn host_object(vm: &mut Vm, host: Result<sys::Host, i32>) -> PyResult {
    let (name, aliases, addresses) = host.map_err(|code| host_error(vm, code))?;
    let aliases = aliases.iter().map(|alias| fs_decode(vm, alias)).collect();
    let mut texts = Vec::new();
    for packed in addresses {
        let family = if packed.len() == 16 { libc::AF_INET6 } else { libc::AF_INET };
        texts.push(address::ntop(vm, family, &packed)?);
    }
    let parts = [fs_decode(vm, &name), vm.new_list(aliases).into_object(), vm.new_list(texts).into_object()];
    Ok(vm.new_tuple(parts).into_object())
}

pub fn gethostbyname_ex(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = lookup_argument(vm, args, "gethostbyname_ex")?;
    host_object(vm, sys::host_by_name(&name))
}

pub fn gethostbyaddr(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = lookup_argument(vm, args, "gethostbyaddr")?;
    let found = address::resolve(vm, &name, libc::AF_UNSPEC)?;
    let bytes = found.bytes();
    let packed = if found.family() == libc::AF_INET6 { bytes.get(8..24) } else { bytes.get(4..8) };
    host_object(vm, sys::host_by_address(packed.unwrap_or_default(), found.family()))
}

pub fn getprotobyname(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = c_string(vm, arg(args, 0))?;
    match sys::protocol_by_name(&name) {
        Some(number) => Ok(Object::small_int(i64::from(number))),
        None => Err(vm.raise(&exception::OS_ERROR, "protocol not found")),
    }
}

pub fn getservbyname(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = c_string(vm, arg(args, 0))?;
    let protocol = args[1].map(|protocol| c_string(vm, protocol)).transpose()?;
    match sys::service_by_name(&name, protocol.as_deref()) {
        Some(port) => Ok(Object::small_int(i64::from(port))),
        None => Err(vm.raise(&exception::OS_ERROR, "service/proto not found")),
    }
}

pub fn getservbyport(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let port = vm.to_i32(arg(args, 0))?;
    let protocol = args[1].map(|protocol| c_string(vm, protocol)).transpose()?;
    let Ok(port) = u16::try_from(port) else { return Err(vm.overflow_error("getservbyport: port must be 0-65535.")) };
    match sys::service_by_port(port, protocol.as_deref()) {
        Some(name) => Ok(fs_decode(vm, &name)),
        None => Err(vm.raise(&exception::OS_ERROR, "port/proto not found")),
    }
}

/// An unsigned number of a C type.
fn unsigned(vm: &mut Vm, value: Ref<'_>, limit: i64, kind: &str) -> PyResult<u32> {
    let number = vm.index(value)?;
    if object::int::is_negative(number.borrow()) {
        return Err(vm.value_error("Cannot convert negative int"));
    }
    match object::int::to_i64(number.borrow()).flatten() {
        Some(number) if number <= limit => Ok(number as u32),
        _ => Err(vm.overflow_error(format!("Python int too large for C {kind}"))),
    }
}

pub fn ntohs(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let value = unsigned(vm, arg(args, 0), 0xffff, "uint16_t")?;
    Ok(Object::small_int(i64::from(u16::from_be(value as u16))))
}

pub fn htons(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let value = unsigned(vm, arg(args, 0), 0xffff, "uint16_t")?;
    Ok(Object::small_int(i64::from((value as u16).to_be())))
}

pub fn ntohl(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let value = unsigned(vm, arg(args, 0), 0xffff_ffff, "uint32_t")?;
    Ok(Object::small_int(i64::from(u32::from_be(value))))
}

pub fn htonl(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let value = unsigned(vm, arg(args, 0), 0xffff_ffff, "uint32_t")?;
    Ok(Object::small_int(i64::from(value.to_be())))
}

pub fn inet_aton(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    if arg(args, 0).downcast::<object::str::Str>().is_none() {
        let shown = arg(args, 0).class().full_name().to_string();
        return Err(vm.type_error(format!("inet_aton() argument must be str, not {shown}")));
    }
    let text = c_string(vm, arg(args, 0))?;
    match sys::inet_aton(&text) {
        Some(packed) => Ok(vm.new_bytes(&packed).into_object()),
        None => Err(vm.raise(&exception::OS_ERROR, "illegal IP address string passed to inet_aton")),
    }
}

pub fn inet_ntoa(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let packed = vm.buffer(arg(args, 0))?;
    let packed = packed.bytes(vm).to_vec();
    if packed.len() != 4 {
        return Err(vm.raise(&exception::OS_ERROR, "packed IP wrong length for inet_ntoa"));
    }
    address::ntop(vm, libc::AF_INET, &packed)
}

pub fn inet_pton(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let family = vm.to_i32(arg(args, 0))?;
    let text = c_string(vm, arg(args, 1))?;
    address::pton(vm, family, &text.to_string_lossy())
}

pub fn inet_ntop(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let family = vm.to_i32(arg(args, 0))?;
    let packed = vm.buffer(arg(args, 1))?;
    let packed = packed.bytes(vm).to_vec();
    address::ntop(vm, family, &packed)
}

pub fn if_nameindex(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let all = checked(vm, sys::interfaces())?;
    let all = all.iter().map(|(index, name)| vm.new_tuple([Object::small_int(i64::from(*index)), fs_decode(vm, name)]).into_object()).collect();
    Ok(vm.new_list(all).into_object())
}

pub fn if_nametoindex(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = fs_c_string(vm, arg(args, 0))?;
    match sys::interface_index(&name) {
        Ok(index) => Ok(Object::small_int(i64::from(index))),
        Err(code) => Err(raise_os(vm, code)),
    }
}

pub fn if_indextoname(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let index = unsigned(vm, arg(args, 0), i64::from(u32::MAX), "unsigned int")?;
    let name = checked(vm, sys::interface_name(index))?;
    Ok(fs_decode(vm, &name))
}

/// The size of ancillary data with its header; the most that a length may come to is what `socklen_t` holds as a signed number.
fn control_size(vm: &mut Vm, args: Arguments<'_, '_>, function: &str, size: fn(usize) -> usize, overhead: usize) -> PyResult {
    let number = vm.index(arg(args, 0))?;
    let Some(length) = object::int::to_i64(number.borrow()).flatten() else {
        return Err(vm.overflow_error("Python int too large to convert to C ssize_t"));
    };
    match usize::try_from(length) {
        Ok(length) if length <= i32::MAX as usize - overhead => Ok(vm.new_int(size(length) as i64)),
        _ => Err(vm.overflow_error(format!("{function}() argument out of range"))),
    }
}

pub fn cmsg_len(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    control_size(vm, args, "CMSG_LEN", sys::control_len, sys::control_len(0))
}

pub fn cmsg_space(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    control_size(vm, args, "CMSG_SPACE", sys::control_space, sys::control_space(1))
}
