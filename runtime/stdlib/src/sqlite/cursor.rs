//! `Cursor`: runs statements and fetches their rows.

use super::connection::{self, Connection};
use super::ffi::{self, Database, Step, Value};
use super::statement::{self, Statement};
use super::{adapt, callbacks, errors};
use object::call::Args;
use object::cell::{ObjectCell, Visitor, VmCell};
use object::exception;
use object::native::{Getset, Member, PayloadInfo, flag};
use object::str::Str;
use object::{Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};
use std::cell::Cell;
use std::ffi::CStr;
use std::sync::Arc;

type Arguments<'a, 'b> = &'a [Option<Ref<'b>>];

/// The payload of a `Cursor`.
pub struct Cursor {
    connection: ObjectCell,
    statement: ObjectCell,
    description: ObjectCell,
    row_factory: ObjectCell,
    last_row_id: ObjectCell,
    /// For each column what makes Python values of its bytes, if the connection converts.
    converters: VmCell<Vec<Option<Object>>>,
    array_size: Cell<u32>,
    row_count: Cell<i64>,
    closed: Cell<bool>,
    /// Set while a method runs that Python code may call again.
    locked: Cell<bool>,
    initialized: Cell<bool>,
}

impl Payload for Cursor {
    fn class() -> &'static Type {
        &CURSOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.connection, &self.statement, &self.description, &self.row_factory, &self.last_row_id] {
            cell.traverse(visitor);
        }
        for converter in self.converters.visit(visitor).iter().flatten() {
            visitor.visit(converter.borrow());
        }
    }

    fn clear(&self, vm: &mut Vm) {
        self.let_go_of_statement();
        for cell in [&self.connection, &self.description, &self.row_factory, &self.last_row_id] {
            cell.set(None);
        }
        drop(self.converters.replace(vm, Vec::new()));
    }
}

impl Cursor {
    /// Makes the statement ready for its next use, which the connection's cache has.
    fn let_go_of_statement(&self) {
        if let Some(statement) = self.statement.take() {
            let payload = statement::payload(statement.borrow());
            payload.raw.reset_at_once();
            payload.in_use.set(false);
        }
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.let_go_of_statement();
    }
}

/// `sqlite3.Cursor`
pub static CURSOR: Type = Type::new(&CURSOR_SPEC);
static CURSOR_SPEC: TypeSpec = TypeSpec {
    name: "sqlite3.Cursor",
    doc: "SQLite database cursor class.",
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Cursor>(),
    slots: Slots { new: Some(new), init: Some(init), iter: Some(object::protocol::iter_self), next: Some(next), ..Slots::NONE },
    methods: METHODS,
    getsets: &[
        Getset::new("arraysize", "", |vm, this| Ok(vm.new_int(i64::from(payload(this).array_size.get()))), set_array_size),
        Getset::new("row_factory", "", |_, this| Ok(payload(this).row_factory.get_or_none()), set_row_factory),
    ],
    members: &[
        Member(Getset::readonly("connection", "", |_, this| Ok(payload(this).connection.get_or_none()))),
        Member(Getset::readonly("description", "", |_, this| Ok(payload(this).description.get_or_none()))),
        Member(Getset::readonly("lastrowid", "", |_, this| Ok(payload(this).last_row_id.get_or_none()))),
        Member(Getset::readonly("rowcount", "", |vm, this| Ok(vm.new_int(payload(this).row_count.get())))),
    ],
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Unary close "($self, /)", "Closes the cursor."),
    method!(Bound execute "($self, sql, parameters=(), /)", "Executes an SQL statement."),
    method!(Bound executemany "($self, sql, seq_of_parameters, /)", "Repeatedly executes an SQL statement."),
    method!(Binary executescript "($self, sql_script, /)", "Executes multiple SQL statements at once."),
    method!(Unary fetchall "($self, /)", "Fetches all rows from the resultset."),
    method!(Bound fetchmany "($self, /, size=1)", "Fetches several rows from the resultset.\n\n  size\n    The default value is set by the Cursor.arraysize attribute."),
    method!(Unary fetchone "($self, /)", "Fetches one row from the resultset."),
    method!(Binary setinputsizes "($self, sizes, /)", "Required by DB-API. Does nothing in sqlite3."),
    method!(Many setoutputsize "($self, size, column=None, /)", "Required by DB-API. Does nothing in sqlite3."),
];

/// The cursor in an object.
pub fn payload(object: Ref<'_>) -> &Cursor {
    object.downcast::<Cursor>().expect("the method belongs to cursors").get()
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    let cursor = Cursor {
        connection: ObjectCell::EMPTY,
        statement: ObjectCell::EMPTY,
        description: ObjectCell::EMPTY,
        row_factory: ObjectCell::EMPTY,
        last_row_id: ObjectCell::EMPTY,
        converters: VmCell::new(Vec::new()),
        array_size: Cell::new(0),
        row_count: Cell::new(-1),
        closed: Cell::new(false),
        locked: Cell::new(false),
        initialized: Cell::new(false),
    };
    Ok(vm.allocate_in(class.get(), cursor))
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    if args.has_keywords() && std::ptr::eq(this.class(), &CURSOR) {
        return Err(vm.type_error("Cursor() takes no keyword arguments"));
    }
    let &[connection] = args.positionals() else {
        return Err(vm.type_error(format!("Cursor expected 1 argument, got {}", args.n_positional())));
    };
    if connection.downcast::<Connection>().is_none() {
        let found = connection.class().full_name();
        return Err(vm.type_error(format!("Cursor() argument 1 must be sqlite3.Connection, not {found}")));
    }
    let cursor = payload(this);
    if cursor.locked.get() {
        return Err(errors::programming(vm, "Recursive use of cursors not allowed."));
    }
    drop(reset_statement(vm, cursor));
    cursor.connection.set(Some(connection.to_owned()));
    cursor.description.set(None);
    cursor.last_row_id.set(None);
    cursor.row_factory.set(connection::payload(connection).row_factory.get());
    drop(cursor.converters.replace(vm, Vec::new()));
    cursor.array_size.set(1);
    cursor.row_count.set(-1);
    cursor.closed.set(false);
    connection::check_thread(vm, connection)?;
    cursor.initialized.set(true);
    Ok(())
}

/// The value of an attribute that cannot be deleted.
fn assigned<'a>(vm: &mut Vm, name: &str, value: Option<Ref<'a>>) -> PyResult<Ref<'a>> {
    value.ok_or_else(|| vm.raise(&exception::ATTRIBUTE_ERROR, format!("attribute '{name}' of 'sqlite3.Cursor' objects cannot be deleted")))
}

/// A number of rows.
fn count_of(vm: &mut Vm, value: Ref<'_>, too_large: &str) -> PyResult<u32> {
    let number = vm.index(value)?;
    if int_is_negative(number.borrow()) {
        return Err(vm.value_error("Cannot convert negative int"));
    }
    match object::int::as_i64(number.borrow()).and_then(|number| u32::try_from(number).ok()) {
        Some(number) => Ok(number),
        None => Err(vm.overflow_error(too_large)),
    }
}

fn int_is_negative(number: Ref<'_>) -> bool {
    object::int::is_negative(number)
}

fn set_array_size(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = assigned(vm, "arraysize", value)?;
    let size = count_of(vm, value, "Python int too large to convert to C uint32_t")?;
    payload(this).array_size.set(size);
    Ok(())
}

fn set_row_factory(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = assigned(vm, "row_factory", value)?;
    payload(this).row_factory.set(Some(value.to_owned()));
    Ok(())
}

/// The connection and database of a cursor that can be used.
fn usable<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<(&'a Cursor, Object, Arc<Database>)> {
    let cursor = payload(this);
    if !cursor.initialized.get() {
        return Err(errors::programming(vm, "Base Cursor.__init__ not called."));
    }
    if cursor.closed.get() {
        return Err(errors::programming(vm, "Cannot operate on a closed cursor."));
    }
    if cursor.locked.get() {
        return Err(errors::programming(vm, "Recursive use of cursors not allowed."));
    }
    let connection = cursor.connection.get_or_none();
    connection::check_thread(vm, connection.borrow())?;
    let database = connection::database(vm, connection.borrow())?;
    Ok((cursor, connection, database))
}

/// Takes the statement off the cursor and makes it ready for its next use.
fn reset_statement(vm: &mut Vm, cursor: &Cursor) -> Option<Object> {
    let statement = cursor.statement.take()?;
    let payload = statement::payload(statement.borrow());
    reset(vm, &payload.raw);
    payload.in_use.set(false);
    Some(statement)
}

fn reset(vm: &mut Vm, statement: &ffi::Statement) {
    if statement.needs_reset() {
        ffi::run(vm, || statement.reset());
    }
}

fn close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let cursor = payload(this);
    if cursor.locked.get() {
        return Err(errors::programming(vm, "Recursive use of cursors not allowed."));
    }
    if !cursor.initialized.get() {
        return Err(errors::programming(vm, "Base Cursor.__init__ not called."));
    }
    let connection = cursor.connection.get_or_none();
    connection::check_thread(vm, connection.borrow())?;
    connection::database(vm, connection.borrow())?;
    drop(reset_statement(vm, cursor));
    cursor.closed.set(true);
    Ok(Object::none())
}

fn string_argument(vm: &mut Vm, what: &str, value: Ref<'_>) -> PyResult<()> {
    if value.downcast::<Str>().is_some() {
        return Ok(());
    }
    let found = if value.is_none() { "None".to_string() } else { value.class().name().to_string() };
    Err(vm.type_error(format!("{what} must be str, not {found}")))
}

fn execute(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let sql = args[0].unwrap_or(Ref::NONE);
    string_argument(vm, "execute() argument 1", sql)?;
    let parameters = match args[1] {
        Some(parameters) => parameters.to_owned(),
        None => vm.new_tuple([]).into_object(),
    };
    run(vm, this, sql, Some(parameters), None)
}

fn executemany(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let sql = args[0].unwrap_or(Ref::NONE);
    string_argument(vm, "executemany() argument 1", sql)?;
    run(vm, this, sql, None, args[1])
}

/// Runs a statement once, or once for each of many parameters.
fn run(vm: &mut Vm, this: Ref<'_>, sql: Ref<'_>, parameters: Option<Object>, many: Option<Ref<'_>>) -> PyResult {
    let (cursor, connection, database) = usable(vm, this)?;
    cursor.locked.set(true);
    let outcome = run_locked(vm, cursor, connection.borrow(), &database, sql, parameters, many);
    cursor.locked.set(false);
    if let Err(raised) = outcome {
        let error = vm.catch(raised);
        drop(reset_statement(vm, cursor));
        cursor.row_count.set(-1);
        return Err(vm.reraise(error));
    }
    if cursor.statement.get().is_some_and(|statement| !statement::payload(statement.borrow()).raw.is_busy()) {
        drop(reset_statement(vm, cursor));
    }
    Ok(this.to_owned())
}

fn run_locked(
    vm: &mut Vm,
    cursor: &Cursor,
    connection: Ref<'_>,
    database: &Database,
    sql: Ref<'_>,
    parameters: Option<Object>,
    many: Option<Ref<'_>>,
) -> PyResult<()> {
    let iterator = many.map(|many| vm.iter(many)).transpose()?;
    drop(reset_statement(vm, cursor));
    cursor.description.set(None);
    let object = connection::statement(vm, connection, sql)?;
    cursor.statement.set(Some(object.clone()));
    let statement = statement::reference(object.borrow()).get();
    statement.in_use.set(true);
    if many.is_some() && statement.raw.is_readonly {
        return Err(errors::programming(vm, "executemany() can only execute DML statements."));
    }
    reset(vm, &statement.raw);
    cursor.row_count.set(if statement.is_dml { 0 } else { -1 });
    if statement.is_dml {
        connection::begin_for_change(vm, connection, database)?;
    }
    match iterator {
        None => {
            let parameters = parameters.unwrap_or(Object::none());
            run_once(vm, cursor, connection, database, statement, parameters.borrow())?;
            let row = database.last_insert_rowid(vm);
            cursor.last_row_id.set(Some(vm.new_int(row)));
        }
        Some(iterator) => {
            while let Some(parameters) = vm.next(iterator.borrow())? {
                run_once(vm, cursor, connection, database, statement, parameters.borrow())?;
                reset(vm, &statement.raw);
            }
        }
    }
    Ok(())
}

fn run_once(vm: &mut Vm, cursor: &Cursor, connection: Ref<'_>, database: &Database, statement: &Statement, parameters: Ref<'_>) -> PyResult<()> {
    if statement.raw.is_empty() {
        return Ok(());
    }
    statement::bind(vm, database, statement, parameters)?;
    let step = step(vm, database, statement).map_err(|failure| errors::of_failure(vm, &failure))?;
    find_converters(vm, cursor, connection, statement)?;
    let n_columns = statement.raw.n_columns();
    if n_columns > 0 && !cursor.description.is_set() {
        let description = describe(vm, connection, statement, n_columns)?;
        cursor.description.set(Some(description));
    }
    if step == Step::Done {
        if statement.is_dml {
            cursor.row_count.set(cursor.row_count.get() + database.changes(vm));
        }
        reset(vm, &statement.raw);
    }
    Ok(())
}

/// Runs a statement up to its next row.
fn step(vm: &mut Vm, database: &Database, statement: &Statement) -> Result<Step, ffi::Failure> {
    ffi::run(vm, || match statement.raw.step() {
        Step::Failed => Err(database.failure()),
        step => Ok(step),
    })
}

fn column_name(vm: &mut Vm, statement: &Statement, column: usize) -> Option<Vec<u8>> {
    let _locked = statement.raw.lock(vm);
    statement.raw.column_name(column)
}

fn declared_type(vm: &mut Vm, statement: &Statement, column: usize) -> Option<Vec<u8>> {
    let _locked = statement.raw.lock(vm);
    statement.raw.declared_type(column)
}

fn describe(vm: &mut Vm, connection: Ref<'_>, statement: &Statement, n_columns: usize) -> PyResult {
    let by_name = connection::payload(connection).detect_types.get() & super::PARSE_COLNAMES != 0;
    let mut columns = Vec::with_capacity(n_columns);
    for column in 0..n_columns {
        let name = match column_name(vm, statement, column) {
            Some(name) => {
                let mut shown = &name[..];
                if by_name && let Some(bracket) = shown.iter().position(|&byte| byte == b'[') {
                    shown = &shown[..bracket];
                    shown = shown.strip_suffix(b" ").unwrap_or(shown);
                }
                callbacks::decode(vm, shown)?
            }
            None => Object::none(),
        };
        let mut entry = vec![name];
        entry.resize_with(7, Object::none);
        columns.push(vm.new_tuple(entry).into_object());
    }
    Ok(vm.new_tuple(columns).into_object())
}

/// Finds what converts each column, by its name or its declared type.
fn find_converters(vm: &mut Vm, cursor: &Cursor, connection: Ref<'_>, statement: &Statement) -> PyResult<()> {
    let detect = connection::payload(connection).detect_types.get();
    if detect == 0 {
        return Ok(());
    }
    let mut found = Vec::new();
    for column in 0..statement.raw.n_columns() {
        let mut converter = None;
        if detect & super::PARSE_COLNAMES != 0
            && let Some(name) = column_name(vm, statement, column)
            && let Some(kind) = bracketed(&name)
        {
            converter = adapt::converter(vm, kind)?;
        }
        if converter.is_none()
            && detect & super::PARSE_DECLTYPES != 0
            && let Some(declared) = declared_type(vm, statement, column)
        {
            let end = declared.iter().position(|&byte| byte == b' ' || byte == b'(').unwrap_or(declared.len());
            converter = adapt::converter(vm, &declared[..end])?;
        }
        found.push(converter);
    }
    drop(cursor.converters.replace(vm, found));
    Ok(())
}

/// What stands in the first brackets that are closed.
fn bracketed(name: &[u8]) -> Option<&[u8]> {
    let mut start = None;
    for (position, &byte) in name.iter().enumerate() {
        match byte {
            b'[' => start = Some(position + 1),
            b']' => {
                if let Some(start) = start {
                    return Some(&name[start..position]);
                }
            }
            _ => {}
        }
    }
    None
}

/// A value of a row, or what Python makes one of.
enum Fetched {
    Made(Object),
    Text(Vec<u8>),
    /// The bytes of a value that a converter takes.
    Bytes(Object, Vec<u8>),
}

/// Takes the current row out of SQLite; Python does its part afterwards.
fn take_row(vm: &mut Vm, cursor: &Cursor, statement: &Statement, converts: bool, makes_str: bool) -> Vec<Fetched> {
    let _locked = statement.raw.lock(vm);
    (0..statement.raw.n_data())
        .map(|column| {
            if converts && let Some(converter) = cursor.converters.get(vm).get(column).cloned().flatten() {
                return match statement.raw.column_bytes(column) {
                    Some(bytes) => Fetched::Bytes(converter, bytes),
                    None => Fetched::Made(Object::none()),
                };
            }
            statement.raw.with_column(column, |value| {
                Fetched::Made(match value {
                    Value::Null => Object::none(),
                    Value::Integer(number) => vm.new_int(number),
                    Value::Float(number) => vm.new_float(number),
                    Value::Blob(data) => vm.new_bytes(data).into_object(),
                    Value::Text(text) => match std::str::from_utf8(text).ok().filter(|_| makes_str) {
                        Some(text) => vm.new_str(text).into_object(),
                        None => return Fetched::Text(text.to_vec()),
                    },
                })
            })
        })
        .collect()
}

/// The current row.
fn fetch_row(vm: &mut Vm, cursor: &Cursor, connection: Ref<'_>, statement: &Statement) -> PyResult {
    let payload = connection::payload(connection);
    let converts = payload.detect_types.get() != 0;
    let makes_str = payload.text_factory.borrow(vm).is_none_or(|factory| factory.is(object::str::STR.object()));
    let fetched = take_row(vm, cursor, statement, converts, makes_str);
    let mut values = Vec::with_capacity(fetched.len());
    for (column, value) in fetched.into_iter().enumerate() {
        values.push(match value {
            Fetched::Made(value) => value,
            Fetched::Text(text) => make_text(vm, payload, statement, column, makes_str, text)?,
            Fetched::Bytes(converter, bytes) => {
                let bytes = vm.new_bytes(&bytes).into_object();
                vm.call(converter.borrow(), &[bytes.borrow()])?
            }
        });
    }
    Ok(vm.new_tuple(values).into_object())
}

fn make_text(vm: &mut Vm, connection: &Connection, statement: &Statement, column: usize, makes_str: bool, text: Vec<u8>) -> PyResult {
    if makes_str {
        let name = column_name(vm, statement, column).unwrap_or_default();
        let (name, text) = (String::from_utf8_lossy(&name), String::from_utf8_lossy(&text));
        return Err(errors::operational(vm, &format!("Could not decode to UTF-8 column '{name}' with text '{text}'")));
    }
    let factory = connection.text_factory.get_or_none();
    if factory.borrow().is(object::bytes::BYTES.object()) {
        return Ok(vm.new_bytes(&text).into_object());
    }
    if factory.borrow().is(object::bytes::BYTEARRAY.object()) {
        return Ok(vm.new_bytearray(text).into_object());
    }
    let bytes = vm.new_bytes(&text).into_object();
    vm.call(factory.borrow(), &[bytes.borrow()])
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let (cursor, connection, database) = usable(vm, this)?;
    let Some(object) = cursor.statement.get() else { return Ok(None) };
    let statement = statement::reference(object.borrow()).get();
    if statement.raw.n_data() == 0 {
        drop(reset_statement(vm, cursor));
        return Ok(None);
    }
    cursor.locked.set(true);
    let row = fetch_row(vm, cursor, connection.borrow(), statement);
    cursor.locked.set(false);
    let row = row?;
    match step(vm, &database, statement) {
        Ok(Step::Row | Step::Failed) => {}
        Ok(Step::Done) => {
            if statement.is_dml {
                cursor.row_count.set(database.changes(vm));
            }
            drop(reset_statement(vm, cursor));
        }
        Err(failure) => {
            drop(reset_statement(vm, cursor));
            return Err(errors::of_failure(vm, &failure));
        }
    }
    match cursor.row_factory.get().filter(|factory| !factory.borrow().is_none()) {
        Some(factory) => vm.call(factory.borrow(), &[this, row.borrow()]).map(Some),
        None => Ok(Some(row)),
    }
}

fn fetchone(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(next(vm, this)?.unwrap_or(Object::none()))
}

fn fetchmany(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let size = match args[0] {
        Some(size) => count_of(vm, size, "Python int too large for C uint32_t")?,
        None => payload(this).array_size.get(),
    };
    let mut rows = Vec::new();
    while rows.len() < size as usize {
        let Some(row) = next(vm, this)? else { break };
        rows.push(row);
    }
    Ok(vm.new_list(rows).into_object())
}

fn fetchall(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let mut rows = Vec::new();
    while let Some(row) = next(vm, this)? {
        rows.push(row);
    }
    Ok(vm.new_list(rows).into_object())
}

fn executescript(vm: &mut Vm, this: Ref<'_>, script: Ref<'_>) -> PyResult {
    let Some(text) = script.downcast::<Str>() else {
        let found = if script.is_none() { "None".to_string() } else { script.class().name().to_string() };
        return Err(vm.type_error(format!("executescript() argument must be str, not {found}")));
    };
    let mut bytes = callbacks::encode(vm, text.get(), script)?;
    if bytes.contains(&0) {
        return Err(vm.value_error("embedded null character"));
    }
    let (_, connection, database) = usable(vm, this)?;
    let most = ffi::run(vm, || database.limit(libsqlite3_sys::SQLITE_LIMIT_SQL_LENGTH, -1));
    if bytes.len() > usize::try_from(most).unwrap_or(0) {
        return Err(errors::raise(vm, &errors::DATA_ERROR, "query string is too large"));
    }
    connection::commit_before_script(vm, connection.borrow(), &database)?;
    bytes.push(0);
    let mut rest = &bytes[..];
    while rest.len() > 1 {
        let sql = CStr::from_bytes_with_nul(rest).expect("there are no zero bytes but the last");
        let left = ffi::run(vm, || {
            let (statement, left) = database.prepare(sql)?;
            loop {
                match statement.step() {
                    Step::Row => {}
                    Step::Done => return Ok(left),
                    Step::Failed => return Err(database.failure()),
                }
            }
        });
        let left = left.map_err(|failure| errors::of_failure(vm, &failure))?;
        rest = &rest[rest.len() - 1 - left..];
    }
    Ok(this.to_owned())
}

fn setinputsizes(_vm: &mut Vm, _this: Ref<'_>, _sizes: Ref<'_>) -> PyResult {
    Ok(Object::none())
}

fn setoutputsize(vm: &mut Vm, _this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    match args.len() {
        1 | 2 => Ok(Object::none()),
        0 => Err(vm.type_error("setoutputsize expected at least 1 argument, got 0")),
        n => Err(vm.type_error(format!("setoutputsize expected at most 2 arguments, got {n}"))),
    }
}

/// The description of a cursor's columns.
pub fn description(_vm: &mut Vm, cursor: Ref<'_>) -> Object {
    payload(cursor).description.get_or_none()
}

/// Whether the object is a cursor; if so, its row factory is set.
pub fn adopt(object: Ref<'_>, row_factory: Option<Object>) -> bool {
    let Some(cursor) = object.downcast::<Cursor>() else { return false };
    if let Some(row_factory) = row_factory {
        cursor.get().row_factory.set(Some(row_factory));
    }
    true
}
