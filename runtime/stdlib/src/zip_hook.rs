//! Archives among the places modules are imported from.
//!
//! CPython puts `zipimport.zipimporter` first in `sys.path_hooks`. Few programs have archives on their path, so
//! here a native function stands in its place until a path entry is a file; it then makes way for the class.

use object::list::List;
use object::str::Str;
use object::{Method, Object, PyResult, Raised, Ref, Vm, VmCell, exception, method};
use std::ffi::OsStr;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The stand-in as it is in `sys.path_hooks`.
static STAND_IN: VmCell<Option<Object>> = VmCell::new(None);

static HOOK: Method = method!(Binary zipimporter "($self, path, /)", "Create a zipimport.zipimporter for a path that leads into an archive.");

/// Puts the hook for archives in front of the others.
pub fn install(vm: &mut Vm) {
    let info = object::call::NativeInfo::leak(&HOOK, None);
    let hook = object::function::new_builtin(vm, info, None, None);
    STAND_IN.set(vm, Some(hook.clone()));
    if let Some(hooks) = crate::sys_module::attribute(vm, "path_hooks")
        && let Some(hooks) = hooks.borrow().downcast::<List>()
    {
        hooks.items_mut(vm).insert(0, hook);
    }
}

fn zipimporter(vm: &mut Vm, _this: Ref<'_>, path: Ref<'_>) -> PyResult {
    let Some(text) = path.downcast::<Str>() else {
        return Err(vm.type_error(format!("expected str, not {}", path.class().full_name())));
    };
    let bytes = crate::os_support::fs_encode(vm, text.get())?;
    if !leads_into_file(Path::new(OsStr::from_bytes(&bytes))) {
        return Err(not_an_archive(vm, path));
    }
    let module = vm.import("zipimport")?;
    let class = vm.get_attr_str(module.borrow(), "zipimporter")?;
    make_way(vm, class.clone());
    vm.call(class.borrow(), &[path])
}

/// Whether the first part of the path that exists, counted from its end, is a file.
fn leads_into_file(path: &Path) -> bool {
    path.ancestors().find_map(|part| std::fs::metadata(part).ok()).is_some_and(|found| found.is_file())
}

fn not_an_archive(vm: &mut Vm, path: Ref<'_>) -> Raised {
    let raised = vm.raise(&exception::IMPORT_ERROR, "not a Zip file");
    let error = vm.catch(raised);
    exception::set_field(vm, error.borrow(), "path", Some(path.to_owned()));
    vm.raise_object(error)
}

/// Replaces the stand-in by the class it stands for.
fn make_way(vm: &mut Vm, class: Object) {
    let Some(stand_in) = STAND_IN.replace(vm, None) else { return };
    let Some(hooks) = crate::sys_module::attribute(vm, "path_hooks") else { return };
    let Some(hooks) = hooks.borrow().downcast::<List>() else { return };
    if let Some(place) = hooks.items_mut(vm).iter_mut().find(|hook| hook.borrow().is(stand_in.borrow())) {
        *place = class;
    }
}

/// Length of the record that ends an archive, without its comment.
const END_RECORD: usize = 22;

/// Whether a file ends as archives do, so that it could be run as a program.
pub fn is_archive(path: &std::ffi::OsStr) -> bool {
    end_of_file(path).is_ok_and(|end| {
        end.windows(END_RECORD).enumerate().any(|(start, record)| {
            let comment = usize::from(u16::from_le_bytes([record[20], record[21]]));
            record.starts_with(b"PK\x05\x06") && start + END_RECORD + comment == end.len()
        })
    })
}

/// As much of the end of a file as the last record of an archive can take.
fn end_of_file(path: impl AsRef<std::path::Path>) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    let wanted = length.min((END_RECORD + usize::from(u16::MAX)) as u64);
    file.seek(SeekFrom::Start(length - wanted))?;
    let mut end = Vec::new();
    file.take(wanted).read_to_end(&mut end)?;
    Ok(end)
}
