//! Socket calls as safe functions: addresses as bytes, messages, name lookups.

use crate::blocking::SysResult;
use crate::sys::{Memory, check, last_error};
use std::ffi::{CStr, CString, c_char};
use std::mem::MaybeUninit;

/// An address of any family, as the system has it.
#[derive(Clone)]
pub struct RawAddress {
    storage: libc::sockaddr_storage,
    pub len: u32,
}

impl RawAddress {
    pub fn empty() -> RawAddress {
        // SAFETY: a structure of numbers may be all zero.
        RawAddress { storage: unsafe { std::mem::zeroed() }, len: size_of::<libc::sockaddr_storage>() as u32 }
    }

    /// An address of these bytes, the family first; too long ones are cut.
    pub fn from_bytes(bytes: &[u8]) -> RawAddress {
        let mut address = RawAddress::empty();
        let n = bytes.len().min(size_of::<libc::sockaddr_storage>());
        // SAFETY: as many bytes are copied as the storage has at most.
        unsafe { (&raw mut address.storage).cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), n) };
        address.len = n as u32;
        address
    }

    pub fn bytes(&self) -> &[u8] {
        let n = (self.len as usize).min(size_of::<libc::sockaddr_storage>());
        // SAFETY: the storage is that long and initialised.
        unsafe { std::slice::from_raw_parts((&raw const self.storage).cast(), n) }
    }

    pub fn family(&self) -> i32 {
        if self.len < 2 { 0 } else { i32::from(self.storage.ss_family) }
    }

    fn pointer(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }

    fn pointer_mut(&mut self) -> *mut libc::sockaddr {
        (&raw mut self.storage).cast()
    }
}

pub fn bind(fd: i32, address: &RawAddress) -> SysResult<i32> {
    // SAFETY: the address is as long as it says.
    check(unsafe { libc::bind(fd, address.pointer(), address.len) })
}

pub fn connect(fd: i32, address: &RawAddress) -> SysResult<i32> {
    // SAFETY: as above.
    check(unsafe { libc::connect(fd, address.pointer(), address.len) })
}

pub fn accept(fd: i32) -> SysResult<(i32, RawAddress)> {
    let mut address = RawAddress::empty();
    let mut len = address.len;
    // SAFETY: the address has room for as much as the length says.
    let new = check(unsafe { libc::accept4(fd, address.pointer_mut(), &mut len, libc::SOCK_CLOEXEC) })?;
    address.len = len;
    Ok((new, address))
}

pub fn getsockname(fd: i32) -> SysResult<RawAddress> {
    let mut address = RawAddress::empty();
    let mut len = address.len;
    // SAFETY: as above.
    check(unsafe { libc::getsockname(fd, address.pointer_mut(), &mut len) })?;
    address.len = len;
    Ok(address)
}

pub fn getpeername(fd: i32) -> SysResult<RawAddress> {
    let mut address = RawAddress::empty();
    let mut len = address.len;
    // SAFETY: as above.
    check(unsafe { libc::getpeername(fd, address.pointer_mut(), &mut len) })?;
    address.len = len;
    Ok(address)
}

pub fn recv(fd: i32, memory: Memory, flags: i32) -> SysResult<usize> {
    // SAFETY: the memory is held by the caller.
    check(unsafe { libc::recv(fd, memory.pointer().cast(), memory.len(), flags) }).map(|n| n as usize)
}

pub fn recvfrom(fd: i32, memory: Memory, flags: i32) -> SysResult<(usize, RawAddress)> {
    let mut address = RawAddress::empty();
    let mut len = address.len;
    // SAFETY: the memory is held by the caller; the address has room.
    let n = check(unsafe { libc::recvfrom(fd, memory.pointer().cast(), memory.len(), flags, address.pointer_mut(), &mut len) })?;
    address.len = len;
    Ok((n as usize, address))
}

pub fn send(fd: i32, memory: Memory, flags: i32) -> SysResult<usize> {
    // SAFETY: as above.
    check(unsafe { libc::send(fd, memory.pointer().cast(), memory.len(), flags) }).map(|n| n as usize)
}

pub fn sendto(fd: i32, memory: Memory, flags: i32, address: &RawAddress) -> SysResult<usize> {
    // SAFETY: as above.
    check(unsafe { libc::sendto(fd, memory.pointer().cast(), memory.len(), flags, address.pointer(), address.len) }).map(|n| n as usize)
}

/// One control message: level, type, data.
pub type Control = (i32, i32, Vec<u8>);

/// What `recvmsg` got: bytes, control messages, flags, sender.
pub type Message = (usize, Vec<Control>, i32, RawAddress);

pub fn recvmsg(fd: i32, memory: &[Memory], control_size: usize, flags: i32) -> SysResult<Message> {
    let mut vectors: Vec<libc::iovec> = memory.iter().map(|memory| memory.as_iovec()).collect();
    let mut address = RawAddress::empty();
    // Words, so that the headers of control messages are aligned.
    let mut control = vec![0u64; control_size.div_ceil(8)];
    // SAFETY: the header describes memory that lives through the call; control messages are read
    // within the length the system gave.
    unsafe {
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_name = address.pointer_mut().cast();
        header.msg_namelen = address.len;
        header.msg_iov = vectors.as_mut_ptr();
        header.msg_iovlen = vectors.len();
        if control_size > 0 {
            header.msg_control = control.as_mut_ptr().cast();
            header.msg_controllen = control_size;
        }
        let n = check(libc::recvmsg(fd, &mut header, flags))?;
        address.len = header.msg_namelen;
        let end = control.as_ptr().addr() + header.msg_controllen;
        let mut all = Vec::new();
        let mut next = if control_size > 0 { libc::CMSG_FIRSTHDR(&header) } else { std::ptr::null_mut() };
        while let Some(message) = next.as_ref() {
            let start = libc::CMSG_DATA(next);
            let whole = (message.cmsg_len).saturating_sub(start.addr() - next.addr());
            let len = whole.min(end.saturating_sub(start.addr()));
            all.push((message.cmsg_level, message.cmsg_type, std::slice::from_raw_parts(start, len).to_vec()));
            next = libc::CMSG_NXTHDR(&header, next);
        }
        Ok((n as usize, all, header.msg_flags, address))
    }
}

pub fn sendmsg(fd: i32, memory: &[Memory], controls: &[Control], flags: i32, address: Option<&RawAddress>) -> SysResult<usize> {
    let mut vectors: Vec<libc::iovec> = memory.iter().map(|memory| memory.as_iovec()).collect();
    let size: usize = controls.iter().map(|(_, _, data)| control_space(data.len())).sum();
    let mut control = vec![0u64; size.div_ceil(8)];
    // SAFETY: the header describes memory that lives through the call, with room for all control messages.
    unsafe {
        let mut header: libc::msghdr = std::mem::zeroed();
        if let Some(address) = address {
            header.msg_name = address.pointer().cast_mut().cast();
            header.msg_namelen = address.len;
        }
        header.msg_iov = vectors.as_mut_ptr();
        header.msg_iovlen = vectors.len();
        if size > 0 {
            header.msg_control = control.as_mut_ptr().cast();
            header.msg_controllen = size;
            let mut next = libc::CMSG_FIRSTHDR(&header);
            for (level, kind, data) in controls {
                if next.is_null() {
                    return Err(libc::EMSGSIZE);
                }
                (*next).cmsg_level = *level;
                (*next).cmsg_type = *kind;
                (*next).cmsg_len = control_len(data.len());
                libc::CMSG_DATA(next).copy_from_nonoverlapping(data.as_ptr(), data.len());
                next = libc::CMSG_NXTHDR(&header, next);
            }
        }
        check(libc::sendmsg(fd, &header, flags)).map(|n| n as usize)
    }
}

pub fn control_len(len: usize) -> usize {
    // SAFETY: plain arithmetic.
    unsafe { libc::CMSG_LEN(len as u32) as usize }
}

pub fn control_space(len: usize) -> usize {
    // SAFETY: plain arithmetic.
    unsafe { libc::CMSG_SPACE(len as u32) as usize }
}

pub fn getsockopt_int(fd: i32, level: i32, option: i32) -> SysResult<i32> {
    let (mut value, mut len) = (0i32, 4u32);
    // SAFETY: the value has the four bytes.
    check(unsafe { libc::getsockopt(fd, level, option, (&raw mut value).cast(), &mut len) })?;
    Ok(value)
}

pub fn getsockopt(fd: i32, level: i32, option: i32, size: usize) -> SysResult<Vec<u8>> {
    let mut data = vec![0u8; size];
    let mut len = size as u32;
    // SAFETY: the buffer is that long.
    check(unsafe { libc::getsockopt(fd, level, option, data.as_mut_ptr().cast(), &mut len) })?;
    data.truncate(len as usize);
    Ok(data)
}

/// Sets an option; `None` as data gives a null pointer and `len`.
pub fn setsockopt(fd: i32, level: i32, option: i32, data: Option<&[u8]>, len: usize) -> SysResult<i32> {
    let pointer = data.map_or(std::ptr::null(), |data| data.as_ptr());
    let len = data.map_or(len, <[u8]>::len);
    // SAFETY: the data, if any, is that long.
    check(unsafe { libc::setsockopt(fd, level, option, pointer.cast(), len as u32) })
}

/// One answer of `getaddrinfo`: family, type, protocol, canonical name, address.
pub type AddressInfo = (i32, i32, i32, Vec<u8>, RawAddress);

/// What to look up.
#[derive(Clone, Copy, Default)]
pub struct Hints {
    pub family: i32,
    pub kind: i32,
    pub protocol: i32,
    pub flags: i32,
}

/// The error is one of `getaddrinfo`'s own.
pub fn getaddrinfo(host: Option<&CStr>, service: Option<&CStr>, hints: Hints) -> Result<Vec<AddressInfo>, i32> {
    let null = std::ptr::null();
    // SAFETY: strings live through the call; the list is read and then given back.
    unsafe {
        let mut wanted: libc::addrinfo = std::mem::zeroed();
        wanted.ai_family = hints.family;
        wanted.ai_socktype = hints.kind;
        wanted.ai_protocol = hints.protocol;
        wanted.ai_flags = hints.flags;
        let mut first = std::ptr::null_mut();
        let code = libc::getaddrinfo(host.map_or(null, CStr::as_ptr), service.map_or(null, CStr::as_ptr), &wanted, &mut first);
        if code != 0 {
            return Err(code);
        }
        let mut all = Vec::new();
        let mut next = first;
        while let Some(info) = next.as_ref() {
            let name = if info.ai_canonname.is_null() { Vec::new() } else { CStr::from_ptr(info.ai_canonname).to_bytes().to_vec() };
            let bytes = std::slice::from_raw_parts(info.ai_addr.cast::<u8>(), info.ai_addrlen as usize);
            all.push((info.ai_family, info.ai_socktype, info.ai_protocol, name, RawAddress::from_bytes(bytes)));
            next = info.ai_next;
        }
        libc::freeaddrinfo(first);
        Ok(all)
    }
}

pub fn getnameinfo(address: &RawAddress, flags: i32) -> Result<(Vec<u8>, Vec<u8>), i32> {
    let (mut host, mut service) = ([0 as c_char; 1025], [0 as c_char; 32]);
    // SAFETY: the buffers are as long as is said.
    let code = unsafe { libc::getnameinfo(address.pointer(), address.len, host.as_mut_ptr(), 1025, service.as_mut_ptr(), 32, flags) };
    if code != 0 {
        return Err(code);
    }
    Ok((crate::sys::chars_to_bytes(&host), crate::sys::chars_to_bytes(&service)))
}

pub fn gai_strerror(code: i32) -> String {
    // SAFETY: the call returns a string of the C library's.
    unsafe { CStr::from_ptr(libc::gai_strerror(code)).to_string_lossy().into_owned() }
}

/// A host: name, other names, addresses.
pub type Host = (Vec<u8>, Vec<Vec<u8>>, Vec<Vec<u8>>);

unsafe extern "C" {
    fn gethostbyaddr(address: *const libc::c_void, len: u32, family: i32) -> *const libc::hostent;
    fn gethostbyname(name: *const c_char) -> *const libc::hostent;
    fn hstrerror(code: i32) -> *const c_char;
    fn __h_errno_location() -> *mut i32;
}

unsafe fn strings(mut next: *mut *mut c_char) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    // SAFETY: the caller's promise: the array ends with a null pointer.
    unsafe {
        while !next.is_null() && !(*next).is_null() {
            all.push(CStr::from_ptr(*next).to_bytes().to_vec());
            next = next.add(1);
        }
    }
    all
}

unsafe fn host(entry: *const libc::hostent) -> Result<Host, i32> {
    // SAFETY: an entry is valid until the next call, which the global lock keeps others from making.
    unsafe {
        let Some(entry) = entry.as_ref() else { return Err(*__h_errno_location()) };
        let mut addresses = Vec::new();
        let mut next = entry.h_addr_list;
        while !next.is_null() && !(*next).is_null() {
            addresses.push(std::slice::from_raw_parts((*next).cast::<u8>(), entry.h_length as usize).to_vec());
            next = next.add(1);
        }
        Ok((CStr::from_ptr(entry.h_name).to_bytes().to_vec(), strings(entry.h_aliases), addresses))
    }
}

/// The error is one of `h_errno`. To be called with the global lock held.
pub fn host_by_name(name: &CStr) -> Result<Host, i32> {
    // SAFETY: the name lives through the call.
    unsafe { host(gethostbyname(name.as_ptr())) }
}

/// As [`host_by_name`], by address.
pub fn host_by_address(address: &[u8], family: i32) -> Result<Host, i32> {
    // SAFETY: the address is that long.
    unsafe { host(gethostbyaddr(address.as_ptr().cast(), address.len() as u32, family)) }
}

pub fn host_error(code: i32) -> String {
    // SAFETY: the call returns a string of the C library's.
    unsafe { CStr::from_ptr(hstrerror(code)).to_string_lossy().into_owned() }
}

pub fn protocol_by_name(name: &CStr) -> Option<i32> {
    // SAFETY: the name lives through the call; the entry is read at once.
    unsafe { libc::getprotobyname(name.as_ptr()).as_ref().map(|entry| entry.p_proto) }
}

pub fn service_by_name(name: &CStr, protocol: Option<&CStr>) -> Option<u16> {
    // SAFETY: as above.
    unsafe {
        libc::getservbyname(name.as_ptr(), protocol.map_or(std::ptr::null(), CStr::as_ptr)).as_ref().map(|entry| u16::from_be(entry.s_port as u16))
    }
}

pub fn service_by_port(port: u16, protocol: Option<&CStr>) -> Option<Vec<u8>> {
    // SAFETY: as above.
    unsafe {
        let entry = libc::getservbyport(i32::from(port.to_be()), protocol.map_or(std::ptr::null(), CStr::as_ptr));
        entry.as_ref().map(|entry| CStr::from_ptr(entry.s_name).to_bytes().to_vec())
    }
}

pub fn interface_index(name: &CStr) -> SysResult<u32> {
    // SAFETY: the name lives through the call.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(last_error()),
        index => Ok(index),
    }
}

pub fn interface_name(index: u32) -> SysResult<Vec<u8>> {
    let mut name = [0 as c_char; libc::IF_NAMESIZE];
    // SAFETY: the buffer is that long.
    if unsafe { libc::if_indextoname(index, name.as_mut_ptr()) }.is_null() { Err(last_error()) } else { Ok(crate::sys::chars_to_bytes(&name)) }
}

pub fn interfaces() -> SysResult<Vec<(u32, Vec<u8>)>> {
    // SAFETY: the list ends with an entry of index 0, is read and then given back.
    unsafe {
        let first = libc::if_nameindex();
        if first.is_null() {
            return Err(last_error());
        }
        let mut all = Vec::new();
        let mut next = first;
        while (*next).if_index != 0 && !(*next).if_name.is_null() {
            all.push(((*next).if_index, CStr::from_ptr((*next).if_name).to_bytes().to_vec()));
            next = next.add(1);
        }
        libc::if_freenameindex(first);
        Ok(all)
    }
}

/// Waits until a socket is ready; `false`: the time is up. `timeout`: milliseconds, negative for ever.
pub fn wait_ready(fd: i32, writing: bool, timeout: i32) -> SysResult<bool> {
    let mut entry = MaybeUninit::new(libc::pollfd { fd, events: if writing { libc::POLLOUT } else { libc::POLLIN }, revents: 0 });
    // SAFETY: one entry is there.
    check(unsafe { libc::poll(entry.as_mut_ptr(), 1, timeout) }).map(|n| n > 0)
}

pub fn inet_aton(text: &CStr) -> Option<[u8; 4]> {
    unsafe extern "C" {
        fn inet_aton(text: *const c_char, out: *mut libc::in_addr) -> i32;
    }
    let mut address = libc::in_addr { s_addr: 0 };
    // SAFETY: the text lives through the call, the address is filled in.
    (unsafe { inet_aton(text.as_ptr(), &mut address) } != 0).then(|| address.s_addr.to_ne_bytes())
}

/// A name for the C library.
pub fn c_name(bytes: &[u8]) -> Option<CString> {
    CString::new(bytes).ok()
}
