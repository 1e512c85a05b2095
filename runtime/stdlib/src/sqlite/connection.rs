//! `Connection`: opening and closing, transactions, settings. What it lets Python code do inside SQLite is in `functions`.

use super::ffi::{self, Database};
use super::{blob, cursor, errors, functions, statement};
use crate::os_support::fs_c_string;
use crate::thread::ident;
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, Visitor, VmCell};
use object::exception;
use object::native::{Getset, Member, PayloadInfo, flag};
use object::str::Str;
use object::{Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, int};
use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::rc::{Rc, Weak};
use std::sync::Arc;

type Arguments<'a, 'b> = &'a [Option<Ref<'b>>];

/// How transactions begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Autocommit {
    /// By the isolation level, before statements that change something.
    Legacy,
    /// There always is one.
    Disabled,
    /// Only when the program says so.
    Enabled,
}

/// The kinds of transactions, as SQL calls them; the empty one is the default.
const ISOLATION_LEVELS: [(&str, &CStr); 4] =
    [("", c"BEGIN "), ("DEFERRED", c"BEGIN DEFERRED"), ("IMMEDIATE", c"BEGIN IMMEDIATE"), ("EXCLUSIVE", c"BEGIN EXCLUSIVE")];

/// Statements by their text; the one that was not used for longest goes first.
#[derive(Default)]
struct Cache {
    statements: HashMap<String, (u64, Object)>,
    clock: u64,
    room: usize,
}

/// The payload of a `Connection`.
pub struct Connection {
    initialized: Cell<bool>,
    database: VmCell<Option<Arc<Database>>>,
    pub detect_types: Cell<i32>,
    /// An index into the levels; `None`: transactions are the program's business.
    isolation_level: Cell<Option<usize>>,
    autocommit: Cell<Autocommit>,
    check_same_thread: Cell<bool>,
    thread: Cell<u64>,
    pub row_factory: ObjectCell,
    pub text_factory: ObjectCell,
    cache: VmCell<Cache>,
    blobs: VmCell<Vec<Weak<ffi::Blob>>>,
}

impl Payload for Connection {
    fn class() -> &'static Type {
        &CONNECTION
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.row_factory.traverse(visitor);
        self.text_factory.traverse(visitor);
        visitor.visit_all(self.cache.visit(visitor).statements.values().map(|(_, statement)| statement));
        if let Some(database) = self.database.visit(visitor) {
            database.visit_hooks(&mut |hook| visitor.visit(hook.borrow()));
        }
    }

    fn clear(&self, vm: &mut Vm) {
        self.row_factory.set(None);
        self.text_factory.set(None);
        drop(self.cache.replace(vm, Cache::default()));
        drop(self.database.replace(vm, None));
    }
}

/// `sqlite3.Connection`
pub static CONNECTION: Type = Type::new(&CONNECTION_SPEC);
static CONNECTION_SPEC: TypeSpec = TypeSpec {
    name: "sqlite3.Connection",
    doc: "SQLite database connection object.",
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Connection>(),
    slots: Slots { new: Some(new), init: Some(init), call: Some(call), finalize: Some(finalize), ..Slots::NONE },
    methods: functions::METHODS,
    getsets: &[
        Getset::new("autocommit", "", get_autocommit, set_autocommit),
        Getset::readonly("in_transaction", "", |vm, this| Ok(Object::bool(!database(vm, this)?.autocommits(vm)))),
        Getset::new("isolation_level", "", get_isolation_level, set_isolation_level),
        Getset::new(
            "row_factory",
            "",
            |_, this| Ok(payload(this).row_factory.get_or_none()),
            |vm, this, value| set_factory(vm, value, "row_factory", &payload(this).row_factory),
        ),
        Getset::new(
            "text_factory",
            "",
            |_, this| Ok(payload(this).text_factory.get_or_none()),
            |vm, this, value| set_factory(vm, value, "text_factory", &payload(this).text_factory),
        ),
        Getset::readonly("__text_signature__", "", |vm, _| Ok(vm.new_str("(sql, /)").into_object())),
        Getset::readonly("total_changes", "", |vm, this| {
            let changes = database(vm, this)?.total_changes(vm);
            Ok(vm.new_int(changes))
        }),
    ],
    members: &[
        Member(Getset::readonly("Warning", "", |_, _| Ok(errors::WARNING.get_or_none()))),
        Member(Getset::readonly("Error", "", |_, _| Ok(errors::ERROR.get_or_none()))),
        Member(Getset::readonly("InterfaceError", "", |_, _| Ok(errors::INTERFACE_ERROR.get_or_none()))),
        Member(Getset::readonly("DatabaseError", "", |_, _| Ok(errors::DATABASE_ERROR.get_or_none()))),
        Member(Getset::readonly("DataError", "", |_, _| Ok(errors::DATA_ERROR.get_or_none()))),
        Member(Getset::readonly("OperationalError", "", |_, _| Ok(errors::OPERATIONAL_ERROR.get_or_none()))),
        Member(Getset::readonly("IntegrityError", "", |_, _| Ok(errors::INTEGRITY_ERROR.get_or_none()))),
        Member(Getset::readonly("InternalError", "", |_, _| Ok(errors::INTERNAL_ERROR.get_or_none()))),
        Member(Getset::readonly("ProgrammingError", "", |_, _| Ok(errors::PROGRAMMING_ERROR.get_or_none()))),
        Member(Getset::readonly("NotSupportedError", "", |_, _| Ok(errors::NOT_SUPPORTED_ERROR.get_or_none()))),
    ],
    ..TypeSpec::DEFAULT
};

/// The parameters of `connect` and of `Connection`.
pub const SIGNATURE: &str = "(database, timeout=5.0, detect_types=0, isolation_level='', check_same_thread=True, factory=ConnectionType, cached_statements=128, uri=False, *, autocommit=sqlite3.LEGACY_TRANSACTION_CONTROL)";

/// The connection in an object.
pub fn payload(object: Ref<'_>) -> &Connection {
    object.downcast::<Connection>().expect("the method belongs to connections").get()
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    let connection = Connection {
        initialized: Cell::new(false),
        database: VmCell::new(None),
        detect_types: Cell::new(0),
        isolation_level: Cell::new(None),
        autocommit: Cell::new(Autocommit::Legacy),
        check_same_thread: Cell::new(true),
        thread: Cell::new(0),
        row_factory: ObjectCell::EMPTY,
        text_factory: ObjectCell::EMPTY,
        cache: VmCell::new(Cache::default()),
        blobs: VmCell::new(Vec::new()),
    };
    Ok(vm.allocate_in(class.get(), connection))
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    if args.n_positional() > 1 && args.n_positional() <= 8 {
        super::warn_of_positional(vm, "_sqlite3.Connection")?;
    }
    let mut bound = [const { None }; 9];
    bind_args(vm, "Connection", SIGNATURE, args, &mut bound)?;
    let [path, timeout, detect_types, isolation_level, check_same_thread, _, cached_statements, uri, autocommit] = bound;
    let given = path.unwrap_or(Object::none());
    let path = fs_c_string(vm, given.borrow())?;
    let timeout = timeout.map_or(Ok(5.0), |timeout| vm.to_float(timeout.borrow()))?;
    let detect_types = detect_types.map_or(Ok(0), |detect| vm.to_i32(detect.borrow()))?;
    let isolation_level = isolation_level.map_or(Ok(Some(0)), |level| isolation_level_of(vm, level.borrow()))?;
    let check_same_thread = check_same_thread.map_or(Ok(true), |check| vm.is_true(check.borrow()))?;
    let room = cached_statements.map_or(Ok(128), |room| vm.to_i32(room.borrow()))?;
    let uri = uri.map_or(Ok(false), |uri| vm.is_true(uri.borrow()))?;
    let autocommit = autocommit.map_or(Ok(Autocommit::Legacy), |autocommit| autocommit_of(vm, autocommit.borrow()))?;
    super::audit(vm, "sqlite3.connect", given.borrow())?;
    let connection = payload(this);
    if connection.initialized.replace(false) {
        shut(vm, connection);
        drop(connection.database.replace(vm, None));
    }
    let opened = ffi::run(vm, || Database::open(&path, uri, timeout));
    let database = opened.map_err(|failure| errors::of_failure(vm, &failure))?;
    let database = Arc::new(database);
    connection.database.set(vm, Some(Arc::clone(&database)));
    connection.detect_types.set(detect_types);
    connection.isolation_level.set(isolation_level);
    connection.autocommit.set(autocommit);
    connection.check_same_thread.set(check_same_thread);
    connection.thread.set(ident());
    connection.row_factory.set(Some(Object::none()));
    connection.text_factory.set(Some(object::str::STR.to_object()));
    let room = usize::try_from(room).unwrap_or(0);
    drop(connection.cache.replace(vm, Cache { room, ..Cache::default() }));
    connection.initialized.set(true);
    super::audit(vm, "sqlite3.connect/handle", this)?;
    if autocommit == Autocommit::Disabled {
        statement::run_simple(vm, &database, c"BEGIN")?;
    }
    Ok(())
}

/// The open database of a connection.
pub fn database(vm: &mut Vm, this: Ref<'_>) -> PyResult<Arc<Database>> {
    let connection = payload(this);
    if !connection.initialized.get() {
        return Err(errors::programming(vm, "Base Connection.__init__ not called."));
    }
    match connection.database.get(vm) {
        Some(database) => Ok(Arc::clone(database)),
        None => Err(errors::programming(vm, "Cannot operate on a closed database.")),
    }
}

/// Refuses the use of a connection from another thread, unless the program wants to see to that itself.
pub fn check_thread(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let connection = payload(this);
    let (owner, current) = (connection.thread.get(), ident());
    if connection.initialized.get() && connection.check_same_thread.get() && owner != current {
        let message = format!(
            "SQLite objects created in a thread can only be used in that same thread. The object was created in thread id {owner} and this is thread id {current}."
        );
        return Err(errors::programming(vm, &message));
    }
    Ok(())
}

/// The database of a connection that this thread may use.
pub fn usable(vm: &mut Vm, this: Ref<'_>) -> PyResult<Arc<Database>> {
    check_thread(vm, this)?;
    database(vm, this)
}

fn set_factory(vm: &mut Vm, value: Option<Ref<'_>>, name: &str, place: &ObjectCell) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.raise(&exception::ATTRIBUTE_ERROR, format!("cannot delete {name} attribute"))) };
    place.set(Some(value.to_owned()));
    Ok(())
}

fn isolation_level_of(vm: &mut Vm, value: Ref<'_>) -> PyResult<Option<usize>> {
    if value.is_none() {
        return Ok(None);
    }
    let Some(text) = value.downcast::<Str>() else { return Err(vm.type_error("isolation_level must be str or None")) };
    let text = super::callbacks::encode(vm, text.get(), value)?;
    if text.contains(&0) {
        return Err(vm.value_error("embedded null character"));
    }
    let known = ISOLATION_LEVELS.iter().position(|(name, _)| name.as_bytes().eq_ignore_ascii_case(&text));
    match known {
        Some(known) => Ok(Some(known)),
        None => Err(vm.value_error("isolation_level string must be '', 'DEFERRED', 'IMMEDIATE', or 'EXCLUSIVE'")),
    }
}

fn autocommit_of(vm: &mut Vm, value: Ref<'_>) -> PyResult<Autocommit> {
    match value.as_bool() {
        Some(true) => return Ok(Autocommit::Enabled),
        Some(false) => return Ok(Autocommit::Disabled),
        None => {}
    }
    if int::is_int(value) && int::as_i64(value) == Some(super::LEGACY_TRANSACTION_CONTROL) {
        return Ok(Autocommit::Legacy);
    }
    Err(vm.value_error("autocommit must be True, False, or sqlite3.LEGACY_TRANSACTION_CONTROL"))
}

fn get_isolation_level(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    database(vm, this)?;
    let level = payload(this).isolation_level.get();
    Ok(level.map_or(Object::none(), |level| vm.new_str(ISOLATION_LEVELS[level].0).into_object()))
}

fn set_isolation_level(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "cannot delete attribute")) };
    let level = isolation_level_of(vm, value)?;
    payload(this).isolation_level.set(level);
    if level.is_none() {
        // The program takes over: what was begun for it ends.
        commit(vm, this)?;
    }
    Ok(())
}

fn get_autocommit(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    usable(vm, this)?;
    Ok(match payload(this).autocommit.get() {
        Autocommit::Enabled => Object::bool(true),
        Autocommit::Disabled => Object::bool(false),
        Autocommit::Legacy => Object::small_int(super::LEGACY_TRANSACTION_CONTROL),
    })
}

fn set_autocommit(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let database = usable(vm, this)?;
    let Some(value) = value else { return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "cannot delete autocommit attribute")) };
    let autocommit = autocommit_of(vm, value)?;
    match autocommit {
        Autocommit::Disabled if database.autocommits(vm) => statement::run_simple(vm, &database, c"BEGIN")?,
        Autocommit::Enabled if !database.autocommits(vm) => statement::run_simple(vm, &database, c"COMMIT")?,
        _ => {}
    }
    payload(this).autocommit.set(autocommit);
    Ok(())
}

/// Begins a transaction before a statement that changes something, if that is the connection's way.
pub fn begin_for_change(vm: &mut Vm, this: Ref<'_>, database: &Database) -> PyResult<()> {
    let connection = payload(this);
    match connection.isolation_level.get() {
        Some(level) if connection.autocommit.get() == Autocommit::Legacy && database.autocommits(vm) => {
            statement::run_simple(vm, database, ISOLATION_LEVELS[level].1)
        }
        _ => Ok(()),
    }
}

/// A script begins outside transactions that were begun for the program.
pub fn commit_before_script(vm: &mut Vm, this: Ref<'_>, database: &Database) -> PyResult<()> {
    if payload(this).autocommit.get() == Autocommit::Legacy && !database.autocommits(vm) {
        return statement::run_simple(vm, database, c"COMMIT");
    }
    Ok(())
}

/// The compiled statement of a text, from the cache if it is not in use.
pub fn statement(vm: &mut Vm, this: Ref<'_>, sql: Ref<'_>) -> PyResult {
    let database = database(vm, this)?;
    let connection = payload(this);
    let Some(text) = sql.downcast::<Str>().and_then(|text| text.get().to_utf8()) else {
        return statement::create(vm, &database, sql);
    };
    let cache = connection.cache.get_mut(vm);
    cache.clock += 1;
    let clock = cache.clock;
    if let Some((used, found)) = cache.statements.get_mut(&*text) {
        *used = clock;
        let found = found.clone();
        let payload = statement::payload(found.borrow());
        if !payload.in_use.get() && !payload.raw.is_busy() {
            return Ok(found);
        }
        return statement::create(vm, &database, sql);
    }
    let made = statement::create(vm, &database, sql)?;
    let cache = connection.cache.get_mut(vm);
    if cache.room == 0 {
        return Ok(made);
    }
    let mut dropped = None;
    if cache.statements.len() >= cache.room
        && let Some(oldest) = cache.statements.iter().min_by_key(|(_, (used, _))| *used).map(|(text, _)| text.clone())
    {
        dropped = cache.statements.remove(&oldest);
    }
    cache.statements.insert(text.into_owned(), (clock, made.clone()));
    drop(dropped);
    Ok(made)
}

fn call(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    database(vm, this)?;
    if args.has_keywords() {
        return Err(vm.type_error("sqlite3.Connection() takes no keyword arguments"));
    }
    let &[sql] = args.positionals() else {
        return Err(vm.type_error(format!("function takes exactly 1 argument ({} given)", args.n_positional())));
    };
    if sql.downcast::<Str>().is_none() {
        return Err(vm.type_error(format!("argument 1 must be str, not {}", sql.class().full_name())));
    }
    statement(vm, this, sql)
}

pub fn cursor(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    usable(vm, this)?;
    let factory = args[0].unwrap_or(cursor::CURSOR.object());
    let made = vm.call(factory, &[this])?;
    let row_factory = payload(this).row_factory.get().filter(|factory| !factory.borrow().is_none());
    if !cursor::adopt(made.borrow(), row_factory) {
        return Err(vm.type_error(format!("factory must return a cursor, not {}", made.borrow().class().full_name())));
    }
    Ok(made)
}

fn through_cursor(vm: &mut Vm, this: Ref<'_>, method: &str, args: &[Ref<'_>]) -> PyResult {
    let cursor = vm.call_method(this, "cursor", &[])?;
    vm.call_method(cursor.borrow(), method, args)
}

pub fn execute(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let sql = args[0].unwrap_or(Ref::NONE);
    if sql.downcast::<Str>().is_none() {
        let found = if sql.is_none() { "None".to_string() } else { sql.class().name().to_string() };
        return Err(vm.type_error(format!("execute() argument 1 must be str, not {found}")));
    }
    match args[1] {
        Some(parameters) => through_cursor(vm, this, "execute", &[sql, parameters]),
        None => through_cursor(vm, this, "execute", &[sql]),
    }
}

pub fn executemany(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    through_cursor(vm, this, "executemany", &[args[0].unwrap_or(Ref::NONE), args[1].unwrap_or(Ref::NONE)])
}

pub fn executescript(vm: &mut Vm, this: Ref<'_>, script: Ref<'_>) -> PyResult {
    through_cursor(vm, this, "executescript", &[script])
}

pub fn commit(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    end(vm, this, c"COMMIT")
}

pub fn rollback(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    end(vm, this, c"ROLLBACK")
}

fn end(vm: &mut Vm, this: Ref<'_>, how: &CStr) -> PyResult {
    let database = usable(vm, this)?;
    match payload(this).autocommit.get() {
        Autocommit::Legacy => {
            if !database.autocommits(vm) {
                statement::run_simple(vm, &database, how)?;
            }
        }
        Autocommit::Disabled => {
            statement::run_simple(vm, &database, how)?;
            statement::run_simple(vm, &database, c"BEGIN")?;
        }
        Autocommit::Enabled => {}
    }
    Ok(Object::none())
}

/// Closes blobs and takes statements out of the cache.
fn shut(vm: &mut Vm, connection: &Connection) {
    let blobs = connection.blobs.replace(vm, Vec::new());
    for blob in blobs.iter().filter_map(Weak::upgrade) {
        ffi::run(vm, || blob.close());
    }
    drop(connection.cache.replace(vm, Cache::default()));
}

/// Closes the database; the statements that cursors still have keep what they need.
fn close_database(vm: &mut Vm, connection: &Connection) -> PyResult<()> {
    let Some(database) = connection.database.replace(vm, None) else { return Ok(()) };
    let mut outcome = Ok(());
    if connection.autocommit.get() == Autocommit::Disabled && !database.autocommits(vm) {
        outcome = statement::run_simple(vm, &database, c"ROLLBACK");
    }
    let raised = match outcome {
        Ok(()) => None,
        Err(raised) => Some(vm.catch(raised)),
    };
    ffi::run(vm, || drop(database));
    match raised {
        Some(error) => Err(vm.reraise(error)),
        None => Ok(()),
    }
}

pub fn close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    check_thread(vm, this)?;
    let connection = payload(this);
    if !connection.initialized.get() {
        return Err(errors::programming(vm, "Base Connection.__init__ not called."));
    }
    shut(vm, connection);
    close_database(vm, connection)?;
    Ok(Object::none())
}

fn finalize(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let connection = payload(this);
    if connection.database.get(vm).is_none() {
        return Ok(());
    }
    let warned = vm.repr_text(this).and_then(|text| vm.warn(&exception::RESOURCE_WARNING, &format!("unclosed database in {text}"), 1));
    if let Err(raised) = warned {
        vm.write_unraisable(raised, "Exception ignored while finalizing database connection", Some(this));
    }
    shut(vm, connection);
    close_database(vm, connection)
}

pub fn enter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    database(vm, this)?;
    Ok(this.to_owned())
}

pub fn exit(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    if payload(this).autocommit.get() == Autocommit::Enabled {
        return Ok(Object::bool(false));
    }
    let is_plain = args.iter().all(|argument| argument.is_none_or(Ref::is_none));
    if !is_plain {
        rollback(vm, this)?;
        return Ok(Object::bool(false));
    }
    if let Err(raised) = commit(vm, this) {
        // The transaction is given up, so that the database is not left locked.
        let error = vm.catch(raised);
        if let Err(second) = rollback(vm, this) {
            let second = vm.catch(second);
            if let Some(payload) = second.borrow().downcast::<exception::Exception>() {
                payload.context.set(Some(error));
            }
            return Err(vm.reraise(second));
        }
        return Err(vm.reraise(error));
    }
    Ok(Object::bool(false))
}

pub fn blobopen(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let table = functions::text_argument(vm, "blobopen() argument 1", args[0])?;
    let column = functions::text_argument(vm, "blobopen() argument 2", args[1])?;
    let row = args[2].unwrap_or(Ref::NONE);
    if !int::is_int(row) {
        return Err(vm.type_error("expected 'int'"));
    }
    let Some(row) = int::as_i64(row) else { return Err(vm.overflow_error("Python int too large to convert to SQLite INTEGER")) };
    let readonly = args[3].map_or(Ok(false), |readonly| vm.is_true(readonly))?;
    let name = match args[4] {
        Some(_) => functions::text_argument(vm, "blobopen() argument 'name'", args[4])?,
        None => CString::from(c"main"),
    };
    let database = usable(vm, this)?;
    let opened = ffi::run(vm, || database.open_blob(&name, &table, &column, row, readonly));
    let raw = Rc::new(opened.map_err(|failure| errors::of_failure(vm, &failure))?);
    let blobs = payload(this).blobs.get_mut(vm);
    blobs.retain(|blob| blob.strong_count() > 0);
    blobs.push(Rc::downgrade(&raw));
    Ok(blob::create(vm, this, raw))
}
