"""Databases: types, transactions, functions written in Python, blobs, backups, errors."""
import sqlite3

connection = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES)
connection.execute("create table item (id integer primary key, name text unique, price real, data blob)")
with connection:
    connection.executemany("insert into item (name, price, data) values (?, ?, ?)",
                           [("spam", 1.5, b"\x00\xff"), ("eggs", None, None), ("naïve ☃", 2**40, b"")])
print(connection.execute("select * from item order by id").fetchall())
try:
    with connection:
        connection.execute("insert into item (name) values (:name)", {"name": "ham"})
        connection.execute("insert into item (name) values ('spam')")
except sqlite3.IntegrityError as error:
    print(error, error.sqlite_errorcode, error.sqlite_errorname)
print(connection.execute("select count(*) from item").fetchone(), connection.in_transaction)

connection.row_factory = sqlite3.Row
row = connection.execute("select id, name as Title from item").fetchone()
print(tuple(row), row.keys(), row["TITLE"], row[-1], len(row), row == row)
connection.row_factory = None


class Polygon:
    def __init__(self, *sides):
        self.sides = sides

    def __conform__(self, protocol):
        if protocol is sqlite3.PrepareProtocol:
            return ",".join(map(str, self.sides))


sqlite3.register_converter("polygon", lambda data: Polygon(*map(int, data.split(b","))))
connection.execute("create table shape (outline polygon)")
connection.execute("insert into shape values (?)", (Polygon(3, 4, 5),))
print(connection.execute("select outline from shape").fetchone()[0].sides)
print(connection.execute("select '1,2' as 'two [polygon]'").fetchone()[0].sides)


class Product:
    def __init__(self):
        self.value = 1

    def step(self, factor):
        self.value *= factor

    def inverse(self, factor):
        self.value //= factor

    def current(self):
        return self.value

    value_of = current

    def finalize(self):
        return self.value


Window = type("Window", (Product,), {"value": lambda self: self.total, "step": lambda self, x: setattr(self, "total", getattr(self, "total", 0) + x),
                                     "inverse": lambda self, x: setattr(self, "total", self.total - x), "finalize": lambda self: self.total})
Window.__init__ = lambda self: None
connection.create_function("twice", 1, lambda value: value * 2, deterministic=True)
connection.create_aggregate("product", 1, Product)
connection.create_window_function("running", 1, Window)
connection.create_collation("backwards", lambda left, right: (left < right) - (left > right))
print(connection.execute("select twice(?), twice('ab')", (21,)).fetchone())
print(connection.execute("with n(x) as (values (2), (3), (7)) select product(x) from n").fetchone())
print(connection.execute("with n(x) as (values (1), (2), (3), (4)) select running(x) over (order by x rows 1 preceding) from n").fetchall())
print([name for name, in connection.execute("select name from item order by name collate backwards")])
connection.create_function("broken", 0, lambda: 1 / 0)
try:
    connection.execute("select broken()")
except sqlite3.OperationalError as error:
    print(error)

statements = []
connection.set_trace_callback(statements.append)
connection.execute("update item set price = price + ? where id = 1", (1,))
connection.rollback()
connection.set_trace_callback(None)
print(statements)
connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_DELETE else sqlite3.SQLITE_OK)
try:
    connection.execute("delete from item")
except sqlite3.DatabaseError as error:
    print(error)
connection.set_authorizer(None)

blob = connection.blobopen("item", "data", 1)
blob[0] = 7
blob.seek(1)
print(len(blob), blob.read(), blob[:], blob.tell())
blob.close()
connection.commit()

copy = sqlite3.connect(":memory:")
connection.backup(copy, pages=1, progress=lambda status, left, total: left or print("copied"))
print(copy.execute("select data from item where id = 1").fetchone())
print([line for line in copy.iterdump() if "spam" in line])
again = sqlite3.connect(":memory:")
again.deserialize(copy.serialize())
print(again.execute("select count(*) from item").fetchone())

for sql, parameters in [("select", ()), ("select ?", ()), ("select :a", {}), ("select ?", (object(),)), ("select ?", (2**63,)), ("select 1; select 2", ())]:
    try:
        again.execute(sql, parameters)
    except (sqlite3.Error, OverflowError) as error:
        print(type(error).__name__, error)
again.close()
try:
    again.execute("select 1")
except sqlite3.ProgrammingError as error:
    print(error)

manual = sqlite3.connect(":memory:", autocommit=False)
print(manual.in_transaction, manual.autocommit)
manual.execute("create table t (x)")
manual.rollback()
print(manual.execute("select count(*) from sqlite_master").fetchone())
for database in (connection, copy, manual):
    database.close()
