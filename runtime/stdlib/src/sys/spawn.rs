//! Starting programs: in place of this one, by the shell, in a new process.

use super::last_error;
use crate::blocking::SysResult;
use std::ffi::{CStr, CString, c_char};

unsafe extern "C" {
    /// In glibc since 2.34; the crate `libc` does not declare it.
    fn posix_spawn_file_actions_addclosefrom_np(actions: *mut libc::posix_spawn_file_actions_t, from: libc::c_int) -> libc::c_int;
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
}

/// Replaces the program; returns only the error number of a failure.
pub fn execve(path: &CStr, args: &[CString], environment: Option<&[CString]>) -> i32 {
    let args = pointers(args);
    let environment = environment.map(pointers);
    // SAFETY: the arrays end with a null pointer and live through the call.
    unsafe {
        match &environment {
            Some(environment) => libc::execve(path.as_ptr(), args.as_ptr(), environment.as_ptr()),
            None => libc::execv(path.as_ptr(), args.as_ptr()),
        }
    };
    last_error()
}

pub fn fexecve(fd: i32, args: &[CString], environment: &[CString]) -> i32 {
    let (args, environment) = (pointers(args), pointers(environment));
    // SAFETY: as above.
    unsafe { libc::fexecve(fd, args.as_ptr(), environment.as_ptr()) };
    last_error()
}

pub fn system(command: &CStr) -> i32 {
    // SAFETY: the string lives through the call.
    unsafe { libc::system(command.as_ptr()) }
}

/// What a child made by `posix_spawn` does before it runs the program.
pub enum FileAction {
    Open(i32, CString, i32, u32),
    Close(i32),
    Dup2(i32, i32),
    CloseFrom(i32),
}

/// How `posix_spawn` is to start the child.
#[derive(Default)]
pub struct SpawnAttributes {
    pub group: Option<i32>,
    pub new_session: bool,
    pub reset_ids: bool,
    pub mask: Option<Vec<i32>>,
    pub defaults: Option<Vec<i32>>,
    pub scheduler: Option<(Option<i32>, i32)>,
}

fn signal_set(signals: &[i32]) -> libc::sigset_t {
    // SAFETY: the set is initialised before it is used; a bad signal number is refused by the call.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        for &signal in signals {
            libc::sigaddset(&mut set, signal);
        }
        set
    }
}

/// `posix_spawn` or, to search `PATH`, `posix_spawnp`.
pub fn posix_spawn(
    search: bool,
    path: &CStr,
    args: &[CString],
    environment: Option<&[CString]>,
    actions: &[FileAction],
    attributes: &SpawnAttributes,
) -> SysResult<i32> {
    unsafe extern "C" {
        static environ: *const *mut c_char;
    }
    let args = pointers(args);
    let own = environment.map(pointers);
    let verdict = |code: i32| if code == 0 { Ok(()) } else { Err(code) };
    // SAFETY: both structures are initialised first and destroyed last; arrays end with a null
    // pointer and, like the strings, live through the call.
    unsafe {
        let mut file_actions = std::mem::zeroed();
        verdict(libc::posix_spawn_file_actions_init(&mut file_actions))?;
        let mut attr = std::mem::zeroed();
        verdict(libc::posix_spawnattr_init(&mut attr))?;
        let prepare = || -> SysResult<()> {
            for action in actions {
                verdict(match action {
                    FileAction::Open(fd, path, flags, mode) => {
                        libc::posix_spawn_file_actions_addopen(&raw const file_actions as *mut _, *fd, path.as_ptr(), *flags, *mode)
                    }
                    FileAction::Close(fd) => libc::posix_spawn_file_actions_addclose(&raw const file_actions as *mut _, *fd),
                    FileAction::Dup2(fd, new) => libc::posix_spawn_file_actions_adddup2(&raw const file_actions as *mut _, *fd, *new),
                    FileAction::CloseFrom(from) => posix_spawn_file_actions_addclosefrom_np(&raw const file_actions as *mut _, *from),
                })?;
            }
            let attr = &raw const attr as *mut libc::posix_spawnattr_t;
            let mut flags = 0;
            if let Some(group) = attributes.group {
                verdict(libc::posix_spawnattr_setpgroup(attr, group))?;
                flags |= libc::POSIX_SPAWN_SETPGROUP;
            }
            if attributes.reset_ids {
                flags |= libc::POSIX_SPAWN_RESETIDS;
            }
            if attributes.new_session {
                flags |= libc::POSIX_SPAWN_SETSID as libc::c_int;
            }
            if let Some(mask) = &attributes.mask {
                verdict(libc::posix_spawnattr_setsigmask(attr, &signal_set(mask)))?;
                flags |= libc::POSIX_SPAWN_SETSIGMASK;
            }
            if let Some(defaults) = &attributes.defaults {
                verdict(libc::posix_spawnattr_setsigdefault(attr, &signal_set(defaults)))?;
                flags |= libc::POSIX_SPAWN_SETSIGDEF;
            }
            if let Some((policy, priority)) = attributes.scheduler {
                if let Some(policy) = policy {
                    verdict(libc::posix_spawnattr_setschedpolicy(attr, policy))?;
                    flags |= libc::POSIX_SPAWN_SETSCHEDULER;
                }
                verdict(libc::posix_spawnattr_setschedparam(attr, &libc::sched_param { sched_priority: priority }))?;
                flags |= libc::POSIX_SPAWN_SETSCHEDPARAM;
            }
            verdict(libc::posix_spawnattr_setflags(attr, flags as i16))
        };
        let mut pid = 0;
        let result = prepare().and_then(|()| {
            let environment = own.as_ref().map_or(environ, |own| own.as_ptr().cast());
            let spawn = if search { libc::posix_spawnp } else { libc::posix_spawn };
            verdict(spawn(&mut pid, path.as_ptr(), &file_actions, &attr, args.as_ptr().cast(), environment))
        });
        libc::posix_spawn_file_actions_destroy(&mut file_actions);
        libc::posix_spawnattr_destroy(&mut attr);
        result.map(|()| pid)
    }
}
