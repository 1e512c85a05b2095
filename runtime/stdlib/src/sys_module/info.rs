//! The constants of `sys`.

use super::{Configuration, ModuleRef};
use builtins::struct_sequence::StructSequence;
use object::{Object, PyResult, Vm};
use std::os::unix::ffi::OsStrExt;

builtins::struct_sequence!(VersionInfo, VERSION_INFO, "sys.version_info", "sys.version_info\n\nVersion information as a named tuple.",
    [major "Major release number", minor "Minor release number", micro "Patch release number", releaselevel "'alpha', 'beta', 'candidate', or 'final'", serial "Serial release number"], [], []);

builtins::struct_sequence!(Flags, FLAGS, "sys.flags", "sys.flags\n\nFlags provided through command line arguments or environment vars.",
    [debug "-d", inspect "-i", interactive "-i", optimize "-O or -OO", dont_write_bytecode "-B", no_user_site "-s", no_site "-S", ignore_environment "-E",
     verbose "-v", bytes_warning "-b", quiet "-q", hash_randomization "-R", isolated "-I", dev_mode "-X dev", utf8_mode "-X utf8",
     warn_default_encoding "-X warn_default_encoding", safe_path "-P", int_max_str_digits "-X int_max_str_digits"], [],
    [gil "-X gil", thread_inherit_context "-X thread_inherit_context", context_aware_warnings "-X context_aware_warnings"]);

builtins::struct_sequence!(FloatInfo, FLOAT_INFO, "sys.float_info", "sys.float_info\n\nA named tuple holding information about the float type. It contains low level\ninformation about the precision and internal representation. Please study\nyour system's :file:`float.h` for more information.",
    [max "", max_exp "", max_10_exp "", min "", min_exp "", min_10_exp "", dig "", mant_dig "", epsilon "", radix "", rounds ""], [], []);

builtins::struct_sequence!(IntInfo, INT_INFO, "sys.int_info", "sys.int_info\n\nA named tuple that holds information about Python's\ninternal representation of integers.  The attributes are read only.",
    [bits_per_digit "", sizeof_digit "", default_max_str_digits "", str_digits_check_threshold ""], [], []);

builtins::struct_sequence!(HashInfo, HASH_INFO, "sys.hash_info", "hash_info\n\nA named tuple providing parameters used for computing hashes.\nThe attributes are read only.",
    [width "", modulus "", inf "", nan "", imag "", algorithm "", hash_bits "", seed_bits "", cutoff ""], [], []);

builtins::struct_sequence!(ThreadInfo, THREAD_INFO, "sys.thread_info", "sys.thread_info\n\nA named tuple holding information about the thread implementation.",
    [name "", lock "", version ""], [], []);

/// The version of Python that is implemented.
pub const VERSION: [i64; 3] = [3, 14, 0];

fn list_of(vm: &mut Vm, texts: &[impl AsRef<std::ffi::OsStr>]) -> Object {
    let items = texts.iter().map(|text| crate::os_support::fs_decode(vm, text.as_ref().as_bytes())).collect();
    vm.new_list(items).into_object()
}

/// Fills in everything that is neither a function nor about streams.
pub(super) fn populate(vm: &mut Vm, module: ModuleRef<'_>, configuration: &Configuration) -> PyResult<()> {
    for class in [&VERSION_INFO, &FLAGS, &FLOAT_INFO, &INT_INFO, &HASH_INFO, &THREAD_INFO] {
        object::type_new::ready(vm, class);
    }
    let module = module.get();
    let texts = [
        ("version", format!("{}.{}.{} (scoria, rustc) [Rust]", VERSION[0], VERSION[1], VERSION[2])),
        ("platform", "linux".into()),
        ("byteorder", "little".into()),
        ("copyright", "Copyright (c) the Scoria developers.\nAll Rights Reserved.".into()),
        ("executable", configuration.executable.clone()),
        ("_base_executable", configuration.executable.clone()),
        ("prefix", configuration.prefix.clone()),
        ("exec_prefix", configuration.exec_prefix.clone()),
        ("base_prefix", configuration.base_prefix.clone()),
        ("base_exec_prefix", configuration.base_exec_prefix.clone()),
        ("platlibdir", "lib".into()),
        ("float_repr_style", "short".into()),
        ("abiflags", String::new()),
        ("_framework", String::new()),
        ("_stdlib_dir", configuration.library_directory()),
    ];
    for (name, text) in texts {
        let value = crate::os_support::fs_decode(vm, text.as_bytes());
        module.set(vm, name, value);
    }
    module.set(vm, "maxsize", Object::from_small_int(i64::MAX).unwrap_or_else(|| vm.new_int(i64::MAX)));
    module.set(vm, "maxunicode", Object::small_int(0x10_ffff));
    module.set(vm, "api_version", Object::small_int(1013));
    let [major, minor, micro] = VERSION;
    module.set(vm, "hexversion", Object::small_int(major << 24 | minor << 16 | micro << 8 | 0xf0));
    module.set(vm, "dont_write_bytecode", Object::bool(configuration.dont_write_bytecode));
    let prefix = match &configuration.pycache_prefix {
        Some(prefix) => vm.new_str(prefix).into_object(),
        None => Object::none(),
    };
    module.set(vm, "pycache_prefix", prefix);
    let lists = [("argv", &configuration.arguments), ("orig_argv", &configuration.original_arguments)];
    for (name, texts) in lists {
        let list = list_of(vm, texts);
        module.set(vm, name, list);
    }
    for (name, texts) in [("path", &configuration.search_path), ("warnoptions", &configuration.warn_options)] {
        let list = list_of(vm, texts);
        module.set(vm, name, list);
    }
    for name in ["meta_path", "path_hooks"] {
        let list = vm.new_list(Vec::new()).into_object();
        module.set(vm, name, list);
    }
    let cache = vm.new_dict().into_object();
    module.set(vm, "path_importer_cache", cache);
    let options = vm.new_dict();
    for (name, value) in &configuration.x_options {
        let value = match value {
            Some(value) => vm.new_str(value).into_object(),
            None => Object::bool(true),
        };
        options.borrow().set_str(vm, name, value);
    }
    module.set(vm, "_xoptions", options.into_object());
    structures(vm, module, configuration);
    names(vm, module)?;
    implementation(vm, module)
}

fn structures(vm: &mut Vm, module: &object::singleton::ModuleObject, configuration: &Configuration) {
    let version = version_info(vm);
    module.set(vm, "version_info", version);
    let flags = flags(vm, configuration);
    module.set(vm, "flags", flags);
    structures_of_numbers(vm, module);
}

/// `sys.flags`
pub fn flags(vm: &mut Vm, configuration: &Configuration) -> Object {
    let flags = [
        configuration.debug,
        i64::from(configuration.inspect),
        i64::from(configuration.interactive),
        configuration.optimize,
        i64::from(configuration.dont_write_bytecode),
        i64::from(configuration.no_user_site),
        i64::from(configuration.no_site),
        i64::from(configuration.ignore_environment),
        configuration.verbose,
        configuration.bytes_warning,
        i64::from(configuration.quiet),
        i64::from(configuration.hash_seed != Some(0)),
        i64::from(configuration.isolated),
    ];
    let mut values: Vec<Object> = flags.into_iter().map(Object::small_int).collect();
    values.push(Object::bool(configuration.dev_mode));
    values.push(Object::small_int(i64::from(configuration.utf8_mode)));
    values.push(Object::small_int(i64::from(configuration.warn_default_encoding)));
    values.push(Object::bool(configuration.safe_path));
    values.push(Object::small_int(configuration.int_max_str_digits));
    values.extend([1, 0, 0].map(Object::small_int));
    Flags::make(vm, values)
}

fn structures_of_numbers(vm: &mut Vm, module: &object::singleton::ModuleObject) {
    let values = vec![
        vm.new_float(f64::MAX),
        Object::small_int(1024),
        Object::small_int(308),
        vm.new_float(f64::MIN_POSITIVE),
        Object::small_int(-1021),
        Object::small_int(-307),
        Object::small_int(15),
        Object::small_int(53),
        vm.new_float(f64::EPSILON),
        Object::small_int(2),
        Object::small_int(1),
    ];
    let info = FloatInfo::make(vm, values);
    module.set(vm, "float_info", info);
    let info = IntInfo::make(vm, [30, 4, 4300, 640].map(Object::small_int).into());
    module.set(vm, "int_info", info);
    let algorithm = vm.new_str("siphash13").into_object();
    let values = vec![
        Object::small_int(64),
        Object::small_int((1 << 61) - 1),
        Object::small_int(314_159),
        Object::small_int(0),
        Object::small_int(1_000_003),
        algorithm,
        Object::small_int(64),
        Object::small_int(128),
        Object::small_int(0),
    ];
    let info = HashInfo::make(vm, values);
    module.set(vm, "hash_info", info);
    let (name, lock) = (vm.new_str("pthread").into_object(), vm.new_str("mutex+cond").into_object());
    let info = ThreadInfo::make(vm, vec![name, lock, Object::none()]);
    module.set(vm, "thread_info", info);
}

fn version_info(vm: &mut Vm) -> Object {
    let level = vm.new_str("final").into_object();
    let [major, minor, micro] = VERSION.map(Object::small_int);
    VersionInfo::make(vm, vec![major, minor, micro, level, Object::small_int(0)])
}

/// `sys.implementation`
fn implementation(vm: &mut Vm, module: &object::singleton::ModuleObject) -> PyResult<()> {
    let namespace = builtins::namespace::new_namespace(vm)?;
    let (name, tag, multiarch) = (vm.new_str("scoria"), vm.new_str("scoria-314"), vm.new_str("x86_64-linux-gnu"));
    let version = version_info(vm);
    let [major, minor, micro] = VERSION;
    let attributes = [
        ("name", name.into_object()),
        ("cache_tag", tag.into_object()),
        ("version", version),
        ("hexversion", Object::small_int(major << 24 | minor << 16 | micro << 8 | 0xf0)),
        ("_multiarch", multiarch.into_object()),
        ("supports_isolated_interpreters", Object::bool(false)),
    ];
    for (name, value) in attributes {
        vm.set_attr_str(namespace.borrow(), name, value.borrow())?;
    }
    module.set(vm, "implementation", namespace);
    Ok(())
}

fn names(vm: &mut Vm, module: &object::singleton::ModuleObject) -> PyResult<()> {
    let mut builtin: Vec<&str> = crate::imp::native_modules().map(|module| module.name).chain(["builtins", "sys"]).collect();
    builtin.sort_unstable();
    let builtin: Vec<Object> = builtin.into_iter().map(|name| vm.new_str(name).into_object()).collect();
    let builtin = vm.new_tuple(builtin).into_object();
    module.set(vm, "builtin_module_names", builtin);
    let library: Vec<Object> = super::library_names::NAMES.iter().map(|name| vm.new_str(name).into_object()).collect();
    let library = vm.new_list(library).into_object();
    let library = builtins::set::frozen_from_iterable(vm, library.borrow())?;
    module.set(vm, "stdlib_module_names", library);
    Ok(())
}
