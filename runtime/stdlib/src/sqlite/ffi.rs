//! SQLite's C interface as safe values; all `unsafe` of `_sqlite3` is here and in [`entry`], the functions that SQLite calls.
//!
//! * A call that may take long, or that may call back, goes through [`run`]: it lets go of the global lock and leaves
//!   word of the thread's `Vm`, so that a callback can take the lock again and run Python ([`enter`]).
//! * A [`Database`] is closed when its last owner is gone; SQLite keeps what its statements and blobs need until they are gone, too.
//! * Dropping a value never waits for SQLite's own lock, which another thread may hold while it wants the global one:
//!   what cannot be given back at once waits in [`LEFT_OVER`].

use libsqlite3_sys as sqlite;
use object::{Object, Vm, gil};
use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::{Mutex, Once, PoisonError};

mod entry;

pub use entry::{Argument, Context};
use entry::{
    AuthorizeCallback, CollationCallback, DestroyCallback, FinalCallback, FunctionCallback, ProgressCallback, TraceCallback, on_authorize,
    on_collation, on_final, on_function, on_inverse, on_progress, on_step, on_trace, on_value,
};

unsafe extern "C" {
    /// The bindings leave it out.
    fn sqlite3_close_v2(database: *mut sqlite::sqlite3) -> c_int;
}

/// The thread's `Vm` while it is in a call of SQLite, for which it gave the global lock away.
#[derive(Clone, Copy)]
struct Entered {
    vm: *mut Vm,
}

thread_local! {
    static ENTERED: Cell<Entered> = const { Cell::new(Entered { vm: std::ptr::null_mut() }) };
}

/// Calls into SQLite without the global lock.
pub fn run<T>(vm: &mut Vm, call: impl FnOnce() -> T) -> T {
    struct Restore(Entered);
    impl Drop for Restore {
        fn drop(&mut self) {
            gil::acquire();
            ENTERED.set(self.0);
        }
    }
    vm.note_place();
    let outer = ENTERED.replace(Entered { vm: std::ptr::from_mut(vm) });
    let restore = Restore(outer);
    gil::release();
    give_back_left_overs();
    let result = call();
    drop(restore);
    result
}

/// Runs Python from a callback; `absent` if the callback comes where no Python can run.
fn enter<T>(absent: T, callback: impl FnOnce(&mut Vm) -> T) -> T {
    let entered = ENTERED.get();
    if entered.vm.is_null() {
        return absent;
    }
    // While Python runs, this thread is not in a call that gave the lock away.
    ENTERED.set(Entered { vm: std::ptr::null_mut() });
    gil::acquire();
    // SAFETY: `run` left the pointer of a reference that it holds and does not use while SQLite runs; the
    // callback is on the same thread, which holds the lock.
    let result = callback(unsafe { &mut *entered.vm });
    gil::release();
    ENTERED.set(entered);
    result
}

/// Drops a Python object in a callback that SQLite makes to give it back.
fn drop_object(object: Option<Object>) {
    let released = !ENTERED.get().vm.is_null();
    if released {
        gil::acquire();
    }
    drop(object);
    if released {
        gil::release();
    }
}

/// What could not be given back where it was dropped.
enum LeftOver {
    Statement(usize),
    Blob(usize),
}

static LEFT_OVER: Mutex<Vec<LeftOver>> = Mutex::new(Vec::new());

fn leave_over(what: LeftOver) {
    LEFT_OVER.lock().unwrap_or_else(PoisonError::into_inner).push(what);
}

fn give_back_left_overs() {
    let left = {
        let mut left = LEFT_OVER.lock().unwrap_or_else(PoisonError::into_inner);
        if left.is_empty() {
            return;
        }
        std::mem::take(&mut *left)
    };
    for what in left {
        match what {
            LeftOver::Statement(statement) => finalize(statement as *mut sqlite::sqlite3_stmt),
            LeftOver::Blob(blob) => close_blob(blob as *mut sqlite::sqlite3_blob),
        }
    }
}

/// Whether SQLite's lock of a connection is free now; if so, `give_back` is called with it.
fn with_free_mutex(database: *mut sqlite::sqlite3, give_back: impl FnOnce()) -> bool {
    // SAFETY: the connection is open, or kept by SQLite for the statement or blob that asks.
    let mutex = unsafe { sqlite::sqlite3_db_mutex(database) };
    // SAFETY: the connection's own mutex; it may be taken again by the thread that holds it.
    if !mutex.is_null() && unsafe { sqlite::sqlite3_mutex_try(mutex) } != sqlite::SQLITE_OK {
        return false;
    }
    if mutex.is_null() {
        give_back();
        return true;
    }
    // The connection itself, and its mutex with it, may go away with its last statement; SQLite expects to leave the
    // mutex itself then, so it is not held meanwhile.
    // SAFETY: taken just before.
    unsafe { sqlite::sqlite3_mutex_leave(mutex) };
    give_back();
    true
}

fn finalize(statement: *mut sqlite::sqlite3_stmt) {
    // SAFETY: the only owner of the statement gives it back.
    unsafe {
        let database = sqlite::sqlite3_db_handle(statement);
        let done = with_free_mutex(database, || {
            sqlite::sqlite3_finalize(statement);
        });
        if !done {
            leave_over(LeftOver::Statement(statement as usize));
        }
    }
}

fn close_blob(blob: *mut sqlite::sqlite3_blob) {
    // SAFETY: the only owner of the blob gives it back.
    unsafe { sqlite::sqlite3_blob_close(blob) };
}

/// A Python callable that SQLite knows by its address.
pub struct Callback {
    pub callable: Object,
}

impl Callback {
    fn address(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }
}

extern "C" fn destroy_callback(callback: *mut c_void) {
    if !callback.is_null() {
        // SAFETY: SQLite gives back what `into_raw` gave it, once.
        let callback = unsafe { Box::from_raw(callback.cast::<Callback>()) };
        drop_object(Some(callback.callable));
    }
}

/// The hooks of a connection, which it owns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    Authorizer,
    Progress(c_int),
    Trace,
}

/// An open connection.
pub struct Database {
    raw: NonNull<sqlite::sqlite3>,
    authorizer: Mutex<Option<Box<Callback>>>,
    progress: Mutex<Option<Box<Callback>>>,
    trace: Mutex<Option<Box<Callback>>>,
}

// SAFETY: the library is built for connections that threads share; the hooks are behind locks, and their objects are
// touched by those who hold the global lock only.
unsafe impl Send for Database {}
// SAFETY: as above.
unsafe impl Sync for Database {}

/// A failed call.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: i32,
    pub extended: i32,
    pub message: String,
}

/// SQLite's own description of a code.
pub fn describe(code: i32) -> String {
    // SAFETY: a static string.
    text(unsafe { sqlite::sqlite3_errstr(code) })
}

fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: SQLite's strings end with a zero byte and live until the next call.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}

fn bytes_of<'a>(pointer: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: the callers use the string while SQLite keeps it.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_bytes())
}

/// A slice of memory that SQLite shows; nothing if there is none.
///
/// # Safety
///
/// The memory must live for `'a`.
unsafe fn memory<'a>(pointer: *const u8, len: c_int) -> &'a [u8] {
    match usize::try_from(len) {
        // SAFETY: the caller's promise.
        Ok(len) if !pointer.is_null() && len > 0 => unsafe { std::slice::from_raw_parts(pointer, len) },
        _ => &[],
    }
}

/// Settings of the library that must be made before it is used. URIs are for connections that ask for them.
pub fn initialize() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        // SAFETY: nobody has used the library yet; the option takes an int.
        unsafe {
            sqlite::sqlite3_config(sqlite::SQLITE_CONFIG_URI, 0 as c_int);
            sqlite::sqlite3_initialize();
        }
    });
}

/// `sqlite3.sqlite_version`
pub fn version() -> String {
    // SAFETY: a static string.
    text(unsafe { sqlite::sqlite3_libversion() })
}

/// Whether the text ends where a statement does.
pub fn is_complete(statement: &CStr) -> bool {
    // SAFETY: the string lives through the call.
    unsafe { sqlite::sqlite3_complete(statement.as_ptr()) != 0 }
}

impl Database {
    pub fn open(path: &CStr, uri: bool, timeout: f64) -> Result<Database, Failure> {
        initialize();
        let mut raw = std::ptr::null_mut();
        let flags = sqlite::SQLITE_OPEN_READWRITE | sqlite::SQLITE_OPEN_CREATE | if uri { sqlite::SQLITE_OPEN_URI } else { 0 };
        // SAFETY: path and place live through the call.
        let code = unsafe { sqlite::sqlite3_open_v2(path.as_ptr(), &mut raw, flags, std::ptr::null()) };
        let Some(raw) = NonNull::new(raw) else {
            return Err(Failure { code: sqlite::SQLITE_NOMEM, extended: sqlite::SQLITE_NOMEM, message: String::new() });
        };
        let database = Database { raw, authorizer: Mutex::new(None), progress: Mutex::new(None), trace: Mutex::new(None) };
        if code != sqlite::SQLITE_OK {
            return Err(database.failure());
        }
        // SAFETY: the connection is open. Foreign keys are off unless asked for, whatever the library was built with.
        unsafe {
            sqlite::sqlite3_busy_timeout(raw.as_ptr(), (timeout * 1000.0) as c_int);
            let mut now: c_int = 0;
            sqlite::sqlite3_db_config(raw.as_ptr(), sqlite::SQLITE_DBCONFIG_ENABLE_FKEY, 0 as c_int, &mut now as *mut c_int);
        }
        Ok(database)
    }

    fn raw(&self) -> *mut sqlite::sqlite3 {
        self.raw.as_ptr()
    }

    /// What went wrong in the last call.
    pub fn failure(&self) -> Failure {
        // SAFETY: the connection is open.
        unsafe {
            Failure {
                code: sqlite::sqlite3_errcode(self.raw()),
                extended: sqlite::sqlite3_extended_errcode(self.raw()),
                message: text(sqlite::sqlite3_errmsg(self.raw())),
            }
        }
    }

    fn check(&self, code: c_int) -> Result<(), Failure> {
        if code == sqlite::SQLITE_OK { Ok(()) } else { Err(self.failure()) }
    }

    /// Compiles the first statement of the text; also says how much of the text is left.
    pub fn prepare(&self, sql: &CStr) -> Result<(Statement, usize), Failure> {
        let mut raw = std::ptr::null_mut();
        let mut tail = std::ptr::null();
        let len = sql.to_bytes().len();
        // SAFETY: text and places live through the call.
        let code = unsafe {
            let size = c_int::try_from(len + 1).unwrap_or(c_int::MAX);
            sqlite::sqlite3_prepare_v2(self.raw(), sql.as_ptr(), size, &mut raw, &mut tail)
        };
        self.check(code)?;
        let used = if tail.is_null() { len } else { (tail as usize).saturating_sub(sql.as_ptr() as usize) };
        let (n_parameters, is_readonly) = if raw.is_null() {
            (0, true)
        } else {
            // SAFETY: the statement was just made.
            unsafe { (usize::try_from(sqlite::sqlite3_bind_parameter_count(raw)).unwrap_or(0), sqlite::sqlite3_stmt_readonly(raw) != 0) }
        };
        Ok((Statement { raw, n_parameters, is_readonly, stepped: Cell::new(false) }, len.saturating_sub(used)))
    }

    /// Whether no transaction is open.
    pub fn autocommits(&self, vm: &mut Vm) -> bool {
        // SAFETY: the connection is open.
        let _locked = unsafe { lock(vm, self.raw()) };
        // SAFETY: as above.
        unsafe { sqlite::sqlite3_get_autocommit(self.raw()) != 0 }
    }

    pub fn changes(&self, vm: &mut Vm) -> i64 {
        // SAFETY: the connection is open.
        let _locked = unsafe { lock(vm, self.raw()) };
        // SAFETY: as above.
        i64::from(unsafe { sqlite::sqlite3_changes(self.raw()) })
    }

    pub fn total_changes(&self, vm: &mut Vm) -> i64 {
        // SAFETY: the connection is open.
        let _locked = unsafe { lock(vm, self.raw()) };
        // SAFETY: as above.
        i64::from(unsafe { sqlite::sqlite3_total_changes(self.raw()) })
    }

    pub fn last_insert_rowid(&self, vm: &mut Vm) -> i64 {
        // SAFETY: the connection is open.
        let _locked = unsafe { lock(vm, self.raw()) };
        // SAFETY: as above.
        unsafe { sqlite::sqlite3_last_insert_rowid(self.raw()) }
    }

    pub fn interrupt(&self) {
        // SAFETY: as above.
        unsafe { sqlite::sqlite3_interrupt(self.raw()) }
    }

    /// Sets a limit unless the value is negative; returns the old one.
    pub fn limit(&self, category: i32, value: i32) -> i32 {
        // SAFETY: as above.
        unsafe { sqlite::sqlite3_limit(self.raw(), category, value) }
    }

    /// Sets (0 or 1) or asks for (-1) a switch; returns how it is afterwards.
    pub fn configure(&self, option: i32, value: i32) -> Result<bool, Failure> {
        let mut now: c_int = 0;
        // SAFETY: as above; the caller names an option that takes an int and the place of one.
        let code = unsafe { sqlite::sqlite3_db_config(self.raw(), option, value as c_int, &mut now as *mut c_int) };
        self.check(code)?;
        Ok(now != 0)
    }

    pub fn enable_load_extension(&self, enable: bool) -> bool {
        // SAFETY: as above.
        unsafe { sqlite::sqlite3_enable_load_extension(self.raw(), c_int::from(enable)) == sqlite::SQLITE_OK }
    }

    pub fn load_extension(&self, name: &CStr, entry: Option<&CStr>) -> Result<(), Failure> {
        let mut message = std::ptr::null_mut();
        // SAFETY: as above; names and place live through the call.
        let code = unsafe { sqlite::sqlite3_load_extension(self.raw(), name.as_ptr(), entry.map_or(std::ptr::null(), CStr::as_ptr), &mut message) };
        if code == sqlite::SQLITE_OK {
            return Ok(());
        }
        if message.is_null() {
            return Err(self.failure());
        }
        let shown = text(message);
        // SAFETY: SQLite made the message for us.
        unsafe { sqlite::sqlite3_free(message.cast()) };
        Err(Failure { code: sqlite::SQLITE_ERROR, extended: -1, message: shown })
    }

    /// A copy of a database's content.
    pub fn serialize(&self, name: &CStr) -> Option<Vec<u8>> {
        let mut size: sqlite::sqlite3_int64 = 0;
        // SAFETY: as above; what is not a copy is read before the next call.
        unsafe {
            let shown = sqlite::sqlite3_serialize(self.raw(), name.as_ptr(), &mut size, sqlite::SQLITE_SERIALIZE_NOCOPY as c_uint);
            if !shown.is_null() {
                return Some(std::slice::from_raw_parts(shown, usize::try_from(size).unwrap_or(0)).to_vec());
            }
            let copied = sqlite::sqlite3_serialize(self.raw(), name.as_ptr(), &mut size, 0);
            if copied.is_null() {
                return None;
            }
            let data = std::slice::from_raw_parts(copied, usize::try_from(size).unwrap_or(0)).to_vec();
            sqlite::sqlite3_free(copied.cast());
            Some(data)
        }
    }

    /// Puts a database's content in the place of another; `None` if there is no memory for it.
    pub fn deserialize(&self, name: &CStr, data: &[u8]) -> Option<Result<(), Failure>> {
        // SAFETY: as above; SQLite takes the copy over, even if it fails.
        unsafe {
            let copy = sqlite::sqlite3_malloc64(data.len() as u64).cast::<u8>();
            if copy.is_null() {
                return None;
            }
            std::ptr::copy_nonoverlapping(data.as_ptr(), copy, data.len());
            let flags = sqlite::SQLITE_DESERIALIZE_FREEONCLOSE | sqlite::SQLITE_DESERIALIZE_RESIZEABLE;
            let code = sqlite::sqlite3_deserialize(self.raw(), name.as_ptr(), copy, data.len() as i64, data.len() as i64, flags as c_uint);
            if code == sqlite::SQLITE_OK {
                return Some(Ok(()));
            }
            let failure = self.failure();
            Some(Err(if failure.code == sqlite::SQLITE_OK { Failure { code, extended: code, message: describe(code) } } else { failure }))
        }
    }

    /// Makes, replaces or (without a callable) takes away a function.
    pub fn create_function(&self, name: &CStr, n_args: i32, deterministic: bool, callable: Option<Object>) -> Result<(), i32> {
        let flags = sqlite::SQLITE_UTF8 | if deterministic { sqlite::SQLITE_DETERMINISTIC } else { 0 };
        let has = callable.is_some();
        let data = into_raw(callable);
        // SAFETY: as above; SQLite owns the callable from now on, and gives it back even if the call fails.
        let code = unsafe {
            let function = if has { Some(on_function as FunctionCallback) } else { None };
            let destroy = if has { Some(destroy_callback as DestroyCallback) } else { None };
            sqlite::sqlite3_create_function_v2(self.raw(), name.as_ptr(), n_args, flags, data, function, None, None, destroy)
        };
        if code == sqlite::SQLITE_OK { Ok(()) } else { Err(code) }
    }

    pub fn create_aggregate(&self, name: &CStr, n_args: i32, class: Option<Object>) -> Result<(), i32> {
        let has = class.is_some();
        let data = into_raw(class);
        // SAFETY: as above.
        let code = unsafe {
            let step = if has { Some(on_step as FunctionCallback) } else { None };
            let end = if has { Some(on_final as FinalCallback) } else { None };
            let destroy = if has { Some(destroy_callback as DestroyCallback) } else { None };
            sqlite::sqlite3_create_function_v2(self.raw(), name.as_ptr(), n_args, sqlite::SQLITE_UTF8, data, None, step, end, destroy)
        };
        if code == sqlite::SQLITE_OK { Ok(()) } else { Err(code) }
    }

    pub fn create_window_function(&self, name: &CStr, n_args: i32, class: Option<Object>) -> Result<(), i32> {
        let has = class.is_some();
        let data = into_raw(class);
        // SAFETY: as above.
        let code = unsafe {
            let step = if has { Some(on_step as FunctionCallback) } else { None };
            let end = if has { Some(on_final as FinalCallback) } else { None };
            let value = if has { Some(on_value as FinalCallback) } else { None };
            let inverse = if has { Some(on_inverse as FunctionCallback) } else { None };
            let destroy = if has { Some(destroy_callback as DestroyCallback) } else { None };
            sqlite::sqlite3_create_window_function(self.raw(), name.as_ptr(), n_args, sqlite::SQLITE_UTF8, data, step, end, value, inverse, destroy)
        };
        if code == sqlite::SQLITE_OK { Ok(()) } else { Err(code) }
    }

    pub fn create_collation(&self, name: &CStr, callable: Option<Object>) -> Result<(), Failure> {
        let has = callable.is_some();
        let data = into_raw(callable);
        // SAFETY: as above; unlike functions, a collation that could not be made is still ours.
        let code = unsafe {
            let compare = if has { Some(on_collation as CollationCallback) } else { None };
            let destroy = if has { Some(destroy_callback as DestroyCallback) } else { None };
            let code = sqlite::sqlite3_create_collation_v2(self.raw(), name.as_ptr(), sqlite::SQLITE_UTF8, data, compare, destroy);
            if code != sqlite::SQLITE_OK && has {
                destroy_callback(data);
            }
            code
        };
        self.check(code)
    }

    /// Sets or takes away one of the connection's hooks.
    pub fn set_hook(&self, hook: Hook, callable: Option<Object>) -> Result<Option<Object>, Failure> {
        let callback = callable.map(|callable| Box::new(Callback { callable }));
        let data = callback.as_ref().map_or(std::ptr::null_mut(), |callback| callback.address());
        let has = callback.is_some();
        // SAFETY: as above; the connection keeps the callback until another is set or it is closed.
        let (code, place) = unsafe {
            match hook {
                Hook::Authorizer => {
                    let function = if has { Some(on_authorize as AuthorizeCallback) } else { None };
                    (sqlite::sqlite3_set_authorizer(self.raw(), function, data), &self.authorizer)
                }
                Hook::Progress(n) => {
                    let function = if has { Some(on_progress as ProgressCallback) } else { None };
                    sqlite::sqlite3_progress_handler(self.raw(), if has { n } else { 0 }, function, data);
                    (sqlite::SQLITE_OK, &self.progress)
                }
                Hook::Trace => {
                    let function = if has { Some(on_trace as TraceCallback) } else { None };
                    let mask = if has { sqlite::SQLITE_TRACE_STMT } else { 0 };
                    (sqlite::sqlite3_trace_v2(self.raw(), mask as c_uint, function, data), &self.trace)
                }
            }
        };
        if code != sqlite::SQLITE_OK {
            drop_object(callback.map(|callback| callback.callable));
            return Err(self.failure());
        }
        let old = std::mem::replace(&mut *place.lock().unwrap_or_else(PoisonError::into_inner), callback);
        Ok(old.map(|old| old.callable))
    }

    /// Shows the callables of the hooks, for the collector.
    pub fn visit_hooks(&self, visit: &mut dyn FnMut(&Object)) {
        for place in [&self.authorizer, &self.progress, &self.trace] {
            if let Some(callback) = &*place.lock().unwrap_or_else(PoisonError::into_inner) {
                visit(&callback.callable);
            }
        }
    }

    /// Opens a blob of a row.
    pub fn open_blob(&self, database: &CStr, table: &CStr, column: &CStr, row: i64, readonly: bool) -> Result<Blob, Failure> {
        let mut raw = std::ptr::null_mut();
        // SAFETY: as above; names and place live through the call.
        let code = unsafe {
            sqlite::sqlite3_blob_open(self.raw(), database.as_ptr(), table.as_ptr(), column.as_ptr(), row, c_int::from(!readonly), &mut raw)
        };
        if code == sqlite::SQLITE_MISUSE {
            return Err(Failure { code, extended: code, message: describe(code) });
        }
        self.check(code)?;
        Ok(Blob { raw: Cell::new(raw), database: self.raw() })
    }

    /// Begins to copy the database `name` into `target`.
    pub fn begin_backup<'a>(&'a self, target: &'a Database, name: &CStr) -> Result<Backup<'a>, Failure> {
        // SAFETY: both connections live as long as the backup.
        let raw = unsafe { sqlite::sqlite3_backup_init(target.raw(), c"main".as_ptr(), self.raw(), name.as_ptr()) };
        match NonNull::new(raw) {
            Some(raw) => Ok(Backup { raw, connections: PhantomData }),
            None => Err(target.failure()),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // SAFETY: the last owner closes the connection; its hooks are taken off before they go away.
        unsafe {
            sqlite::sqlite3_trace_v2(self.raw(), 0, None, std::ptr::null_mut());
            sqlite::sqlite3_progress_handler(self.raw(), 0, None, std::ptr::null_mut());
            sqlite::sqlite3_set_authorizer(self.raw(), None, std::ptr::null_mut());
            sqlite3_close_v2(self.raw());
        }
        for place in [&self.authorizer, &self.progress, &self.trace] {
            let callback = place.lock().unwrap_or_else(PoisonError::into_inner).take();
            drop_object(callback.map(|callback| callback.callable));
        }
    }
}

fn into_raw(callable: Option<Object>) -> *mut c_void {
    callable.map_or(std::ptr::null_mut(), |callable| Box::into_raw(Box::new(Callback { callable })).cast())
}

/// A compiled statement; of an empty text there is nothing to run.
pub struct Statement {
    raw: *mut sqlite::sqlite3_stmt,
    pub n_parameters: usize,
    pub is_readonly: bool,
    /// Stepped and not reset.
    stepped: Cell<bool>,
}

/// SQLite's lock of a connection, held by this thread. Whoever holds the global lock and wants SQLite's for a moment
/// takes it this way: waiting for it with the global lock in hand would be for ever if its holder is in a callback.
pub struct Locked {
    mutex: *mut sqlite::sqlite3_mutex,
}

/// Takes the lock of a connection.
///
/// # Safety
///
/// The connection must outlive the result.
unsafe fn lock(vm: &mut Vm, database: *mut sqlite::sqlite3) -> Locked {
    // SAFETY: the connection is there, and its mutex with it.
    unsafe {
        let mutex = sqlite::sqlite3_db_mutex(database);
        if !mutex.is_null() && sqlite::sqlite3_mutex_try(mutex) != sqlite::SQLITE_OK {
            run(vm, || sqlite::sqlite3_mutex_enter(mutex));
        }
        Locked { mutex }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if !self.mutex.is_null() {
            // SAFETY: taken when the value was made, by this thread: the type is not `Send`.
            unsafe { sqlite::sqlite3_mutex_leave(self.mutex) };
        }
    }
}

/// What a step of a statement came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Row,
    Done,
    Failed,
}

/// A value of SQLite, borrowed from it or for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    Integer(i64),
    Float(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

impl Statement {
    pub fn is_empty(&self) -> bool {
        self.raw.is_null()
    }

    pub fn step(&self) -> Step {
        if self.is_empty() {
            return Step::Done;
        }
        self.stepped.set(true);
        // SAFETY: the statement lives as long as `self`; so in the methods below.
        match unsafe { sqlite::sqlite3_step(self.raw) } {
            sqlite::SQLITE_ROW => Step::Row,
            sqlite::SQLITE_DONE => Step::Done,
            _ => Step::Failed,
        }
    }

    /// Whether a reset would do anything.
    pub fn needs_reset(&self) -> bool {
        self.stepped.get()
    }

    /// Takes SQLite's lock of the connection.
    pub fn lock(&self, vm: &mut Vm) -> Locked {
        if self.is_empty() {
            return Locked { mutex: std::ptr::null_mut() };
        }
        // SAFETY: the connection lives as long as its statement.
        unsafe { lock(vm, sqlite::sqlite3_db_handle(self.raw)) }
    }

    pub fn reset(&self) {
        if !self.is_empty() && self.stepped.replace(false) {
            // SAFETY: as above. The result repeats the failure of the last step.
            unsafe { sqlite::sqlite3_reset(self.raw) };
        }
    }

    /// As [`Statement::reset`], unless another thread uses the connection just now.
    pub fn reset_at_once(&self) {
        if !self.is_empty() {
            // SAFETY: as above.
            let database = unsafe { sqlite::sqlite3_db_handle(self.raw) };
            with_free_mutex(database, || self.reset());
        }
    }

    pub fn is_busy(&self) -> bool {
        // SAFETY: as above.
        !self.is_empty() && unsafe { sqlite::sqlite3_stmt_busy(self.raw) != 0 }
    }

    /// Binds a parameter, counted from 1; text and blobs are copied.
    pub fn bind(&self, index: usize, value: Value<'_>) -> bool {
        let index = c_int::try_from(index).unwrap_or(c_int::MAX);
        // SAFETY: as above; the data lives through the call.
        let code = unsafe {
            match value {
                Value::Null => sqlite::sqlite3_bind_null(self.raw, index),
                Value::Integer(number) => sqlite::sqlite3_bind_int64(self.raw, index, number),
                Value::Float(number) => sqlite::sqlite3_bind_double(self.raw, index, number),
                Value::Text(text) => {
                    let transient = sqlite::SQLITE_TRANSIENT();
                    sqlite::sqlite3_bind_text64(self.raw, index, text.as_ptr().cast(), text.len() as u64, transient, sqlite::SQLITE_UTF8 as u8)
                }
                // An empty slice's pointer is not null, so that the value is a blob of no bytes, not NULL.
                Value::Blob(data) => {
                    sqlite::sqlite3_bind_blob64(self.raw, index, data.as_ptr().cast(), data.len() as u64, sqlite::SQLITE_TRANSIENT())
                }
            }
        };
        code == sqlite::SQLITE_OK
    }

    pub fn parameter_name(&self, index: usize) -> Option<String> {
        // SAFETY: as above.
        let name = unsafe { sqlite::sqlite3_bind_parameter_name(self.raw, c_int::try_from(index).unwrap_or(c_int::MAX)) };
        (!name.is_null()).then(|| text(name))
    }

    pub fn n_columns(&self) -> usize {
        if self.is_empty() {
            return 0;
        }
        // SAFETY: as above.
        usize::try_from(unsafe { sqlite::sqlite3_column_count(self.raw) }).unwrap_or(0)
    }

    /// How many columns the current row has; 0 if there is no row.
    pub fn n_data(&self) -> usize {
        if self.is_empty() {
            return 0;
        }
        // SAFETY: as above.
        usize::try_from(unsafe { sqlite::sqlite3_data_count(self.raw) }).unwrap_or(0)
    }

    pub fn column_name(&self, column: usize) -> Option<Vec<u8>> {
        // SAFETY: as above.
        bytes_of(unsafe { sqlite::sqlite3_column_name(self.raw, column as c_int) }).map(<[u8]>::to_vec)
    }

    pub fn declared_type(&self, column: usize) -> Option<Vec<u8>> {
        // SAFETY: as above.
        bytes_of(unsafe { sqlite::sqlite3_column_decltype(self.raw, column as c_int) }).map(<[u8]>::to_vec)
    }

    /// Shows a value of the current row. The data is SQLite's and lives until the next call about this column, so
    /// that it is only lent.
    pub fn with_column<T>(&self, column: usize, use_value: impl FnOnce(Value<'_>) -> T) -> T {
        let index = column as c_int;
        // SAFETY: as above; nothing touches the statement while `use_value` runs.
        unsafe {
            use_value(match sqlite::sqlite3_column_type(self.raw, index) {
                sqlite::SQLITE_INTEGER => Value::Integer(sqlite::sqlite3_column_int64(self.raw, index)),
                sqlite::SQLITE_FLOAT => Value::Float(sqlite::sqlite3_column_double(self.raw, index)),
                sqlite::SQLITE_TEXT => {
                    let data = sqlite::sqlite3_column_text(self.raw, index);
                    Value::Text(memory(data, sqlite::sqlite3_column_bytes(self.raw, index)))
                }
                sqlite::SQLITE_BLOB => {
                    let data = sqlite::sqlite3_column_blob(self.raw, index);
                    Value::Blob(memory(data.cast(), sqlite::sqlite3_column_bytes(self.raw, index)))
                }
                _ => Value::Null,
            })
        }
    }

    /// The bytes of a value of the current row, whatever its type; `None` for NULL.
    pub fn column_bytes(&self, column: usize) -> Option<Vec<u8>> {
        let index = column as c_int;
        // SAFETY: as above.
        unsafe {
            if sqlite::sqlite3_column_type(self.raw, index) == sqlite::SQLITE_NULL {
                return None;
            }
            let data = sqlite::sqlite3_column_blob(self.raw, index);
            if data.is_null() {
                return None;
            }
            Some(memory(data.cast(), sqlite::sqlite3_column_bytes(self.raw, index)).to_vec())
        }
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        if !self.raw.is_null() {
            finalize(self.raw);
        }
    }
}

/// An open blob; closed early by [`Blob::close`].
pub struct Blob {
    raw: Cell<*mut sqlite::sqlite3_blob>,
    /// Kept by SQLite as long as the blob is open.
    database: *mut sqlite::sqlite3,
}

impl Blob {
    pub fn is_open(&self) -> bool {
        !self.raw.get().is_null()
    }

    pub fn close(&self) {
        let raw = self.raw.replace(std::ptr::null_mut());
        if !raw.is_null() {
            close_blob(raw);
        }
    }

    pub fn len(&self) -> usize {
        if !self.is_open() {
            return 0;
        }
        // SAFETY: the blob is open; so below.
        usize::try_from(unsafe { sqlite::sqlite3_blob_bytes(self.raw.get()) }).unwrap_or(0)
    }

    /// Reads from a position; whether it could.
    pub fn read(&self, data: &mut [u8], offset: usize) -> bool {
        let (Ok(n), Ok(offset)) = (c_int::try_from(data.len()), c_int::try_from(offset)) else { return false };
        // SAFETY: as above; the memory is as long as is said.
        self.is_open() && unsafe { sqlite::sqlite3_blob_read(self.raw.get(), data.as_mut_ptr().cast(), n, offset) == sqlite::SQLITE_OK }
    }

    pub fn write(&self, data: &[u8], offset: usize) -> bool {
        let (Ok(n), Ok(offset)) = (c_int::try_from(data.len()), c_int::try_from(offset)) else { return false };
        // SAFETY: as above.
        self.is_open() && unsafe { sqlite::sqlite3_blob_write(self.raw.get(), data.as_ptr().cast(), n, offset) == sqlite::SQLITE_OK }
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        let raw = self.raw.replace(std::ptr::null_mut());
        if !raw.is_null() && !with_free_mutex(self.database, || close_blob(raw)) {
            leave_over(LeftOver::Blob(raw as usize));
        }
    }
}

/// A backup that is being made.
pub struct Backup<'a> {
    raw: NonNull<sqlite::sqlite3_backup>,
    connections: PhantomData<&'a Database>,
}

impl Backup<'_> {
    pub fn step(&self, pages: i32) -> i32 {
        // SAFETY: the backup has not ended; so below.
        unsafe { sqlite::sqlite3_backup_step(self.raw.as_ptr(), pages) }
    }

    /// How many pages are left, of how many.
    pub fn progress(&self) -> (i32, i32) {
        // SAFETY: as above.
        unsafe { (sqlite::sqlite3_backup_remaining(self.raw.as_ptr()), sqlite::sqlite3_backup_pagecount(self.raw.as_ptr())) }
    }

    pub fn finish(self) -> i32 {
        // SAFETY: as above; `self` is gone afterwards.
        let code = unsafe { sqlite::sqlite3_backup_finish(self.raw.as_ptr()) };
        std::mem::forget(self);
        code
    }
}

impl Drop for Backup<'_> {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { sqlite::sqlite3_backup_finish(self.raw.as_ptr()) };
    }
}

/// Waits as SQLite does.
pub fn sleep(milliseconds: i32) {
    // SAFETY: takes a number.
    unsafe { sqlite::sqlite3_sleep(milliseconds) };
}
