//! Native modules of the standard library: one file or folder per module, named after it without
//! the leading underscore. [`MODULES`] lists them all.

use object::native::Module;

pub mod blocking;
pub mod os_support;

pub mod atexit;
pub mod errno;
pub mod faulthandler;
pub mod fcntl;
pub mod grp;
pub mod io;
pub mod locale;
pub mod mmap;
pub mod multiprocessing;
pub mod posix;
pub mod posixshmem;
pub mod posixsubprocess;
pub mod pwd;
pub mod readline;
pub mod resource;
pub mod select;
pub mod signal;
pub mod socket;
pub mod sqlite;
pub mod ssl;
pub mod stat;
pub mod sys;
pub mod sysconfig;
pub mod syslog;
pub mod termios;
pub mod thread;
pub mod time;
pub mod types;
pub mod typing;
pub mod uuid;
pub mod weakref;

pub mod argument;
pub mod ast;
pub mod binascii;
pub mod builtins;
pub mod bz2;
pub mod codecs;
pub mod compression;
pub mod gc;
pub mod hashes;
pub mod imp;
pub mod import;
pub mod library_files;
pub mod lzma;
pub mod multibytecodec;
pub mod opcode;
pub mod pickle;
pub mod pickle_buffer;
pub mod sre;
pub mod string;
pub mod symtable;
pub mod sys_module;
pub mod tokenize;
pub mod unicodedata;
pub mod warnings;
pub mod zip_hook;
pub mod zlib;

pub mod abc;
pub mod array;
pub mod asyncio;
pub mod bisect;
pub mod cinderx;
pub mod collections;
pub mod contextvars;
pub mod csv;
pub mod ctypes;
pub mod datetime;
pub mod decimal;
pub mod elementtree;
pub mod exception_class;
pub mod expat;
pub mod functools;
pub mod heapq;
pub mod itertools;
pub mod json;
pub mod marshal;
pub mod monitoring;
pub mod operator;
pub mod queue;
pub mod statistics;
pub mod struct_module;
pub mod zoneinfo;

pub mod cmath;
pub mod math;
pub mod random;

/// All native modules, for the import system.
pub static MODULES: &[&Module] = &[
    &cmath::MODULE,
    &math::MODULE,
    &random::MODULE,
    &collections::MODULE,
    &errno::MODULE,
    &uuid::MODULE,
    &types::MODULE,
    &typing::MODULE,
    &weakref::MODULE,
    &gc::MODULE,
    &cinderx::MODULE,
    &imp::MODULE,
    &itertools::MODULE,
    &csv::MODULE,
    &elementtree::MODULE,
    &expat::MODULE,
    &ctypes::MODULE,
    &datetime::MODULE,
    &decimal::MODULE,
    &zoneinfo::MODULE,
    &json::MODULE,
    &struct_module::MODULE,
    &array::MODULE,
    &marshal::MODULE,
    &warnings::MODULE,
    &statistics::MODULE,
    &queue::MODULE,
    &operator::MODULE,
    &heapq::MODULE,
    &functools::MODULE,
    &asyncio::MODULE,
    &contextvars::MODULE,
    &bisect::MODULE,
    &abc::MODULE,
    &io::MODULE,
    &posix::MODULE,
    &mmap::MODULE,
    &multiprocessing::MODULE,
    &faulthandler::MODULE,
    &socket::MODULE,
    &sqlite::MODULE,
    &ssl::MODULE,
    &termios::MODULE,
    &sysconfig::MODULE,
    &syslog::MODULE,
    &posixsubprocess::MODULE,
    &select::MODULE,
    &posixshmem::MODULE,
    &grp::MODULE,
    &pwd::MODULE,
    &fcntl::MODULE,
    &locale::MODULE,
    &atexit::MODULE,
    &stat::MODULE,
    &time::MODULE,
    &readline::MODULE,
    &resource::MODULE,
    &signal::MODULE,
    &thread::MODULE,
    &ast::MODULE,
    &binascii::MODULE,
    &codecs::MODULE,
    &multibytecodec::MODULE,
    &multibytecodec::CN_MODULE,
    &multibytecodec::HK_MODULE,
    &multibytecodec::ISO2022_MODULE,
    &multibytecodec::JP_MODULE,
    &multibytecodec::KR_MODULE,
    &multibytecodec::TW_MODULE,
    &hashes::MD5_MODULE,
    &hashes::SHA1_MODULE,
    &hashes::SHA2_MODULE,
    &hashes::sha3::MODULE,
    &hashes::blake2::MODULE,
    &hashes::hashlib::MODULE,
    &hashes::hmac::MODULE,
    &opcode::MODULE,
    &string::MODULE,
    &symtable::MODULE,
    &tokenize::MODULE,
    &bz2::MODULE,
    &lzma::MODULE,
    &pickle::MODULE,
    &zlib::MODULE,
    &unicodedata::MODULE,
    &sre::MODULE,
];
