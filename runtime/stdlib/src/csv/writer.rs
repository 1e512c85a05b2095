//! `writer`: rows to lines.

use super::dialect::{Dialect, Quoting, ends_lines};
use super::error;
use object::cell::Visitor;
use object::exception;
use object::native::{PayloadInfo, flag};
use object::str::{Str, StrBuilder};
use object::{Getset, Member, Object, ObjectOf, Payload, PyResult, Ref, Type, TypeSpec, Vm, method};

/// The payload of a writer.
pub struct Writer {
    write: Object,
    dialect: ObjectOf<Dialect>,
}

impl Payload for Writer {
    fn class() -> &'static Type {
        &WRITER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.write.borrow());
        visitor.visit(self.dialect.borrow().object());
    }
}

fn payload(object: Ref<'_>) -> &Writer {
    object.downcast::<Writer>().expect("the method belongs to writers").get()
}

/// `_csv.writer`
pub static WRITER: Type = Type::new(&WRITER_SPEC);
static WRITER_SPEC: TypeSpec = TypeSpec {
    name: "_csv.writer",
    doc: "CSV writer\n\nWriter objects are responsible for generating tabular data\nin CSV format from sequence input.\n",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<Writer>(),
    methods: &[
        method!(Binary writerow "($self, row, /)", "Construct and write a CSV record from an iterable of fields.\n\nNon-string elements will be converted to string."),
        method!(Binary writerows "($self, rows, /)", "Construct and write a series of iterables to a csv file.\n\nNon-string elements will be converted to string."),
    ],
    members: &[Member(Getset::readonly("dialect", "", |_, this| Ok(payload(this).dialect.clone().into_object())))],
    ..TypeSpec::DEFAULT
};

pub(super) fn new(vm: &Vm, write: Object, dialect: ObjectOf<Dialect>) -> Object {
    vm.allocate(Writer { write, dialect }).into_object()
}

fn is_number(object: Ref<'_>) -> bool {
    let slots = object.class().slots();
    slots.index.is_some() || slots.int.is_some() || slots.float.is_some() || object.class().mro_types().any(|class| class.full_name() == "complex")
}

/// A line in the making.
struct Line<'a> {
    dialect: &'a Dialect,
    text: StrBuilder,
    n_fields: usize,
}

impl Line<'_> {
    /// Appends a field; `None` is Python's.
    fn append(&mut self, vm: &mut Vm, field: Option<&Str>, mut quoted: bool) -> PyResult<()> {
        let dialect = self.dialect;
        let is_empty = field.is_none_or(Str::is_empty);
        if is_empty && dialect.delimiter == u32::from(b' ') && dialect.skip_space {
            if self.cannot_quote(field.is_none()) {
                return Err(error(vm, "empty field must be quoted if delimiter is a space and skipinitialspace is true"));
            }
            quoted = true;
        }
        let mut body = StrBuilder::new();
        for character in field.into_iter().flat_map(|field| field.code_points()) {
            let special = character == dialect.delimiter
                || dialect.escape == Some(character)
                || dialect.quote == Some(character)
                || matches!(character, 10 | 13)
                || ends_lines(dialect, character);
            if special {
                let mut escape = dialect.quoting == Quoting::None || dialect.escape == Some(character);
                if !escape && dialect.quote == Some(character) {
                    if dialect.double_quote {
                        body.push(character);
                    } else {
                        escape = true;
                    }
                }
                match dialect.escape {
                    Some(mark) if escape => body.push(mark),
                    None if escape => return Err(error(vm, "need to escape, but no escapechar set")),
                    _ => quoted = true,
                }
            }
            body.push(character);
        }
        if self.n_fields > 0 {
            self.text.push(dialect.delimiter);
        }
        self.n_fields += 1;
        let quote = dialect.quote.filter(|_| quoted);
        quote.into_iter().for_each(|quote| self.text.push(quote));
        self.text.push_data(body.data());
        quote.into_iter().for_each(|quote| self.text.push(quote));
        Ok(())
    }

    /// Whether an empty field must stay as it is.
    fn cannot_quote(&self, is_none: bool) -> bool {
        match self.dialect.quoting {
            Quoting::None => true,
            Quoting::Strings | Quoting::NotNull => is_none,
            Quoting::Minimal | Quoting::All | Quoting::NonNumeric => false,
        }
    }
}

fn writerow(vm: &mut Vm, this: Ref<'_>, row: Ref<'_>) -> PyResult {
    let writer = payload(this);
    let dialect = writer.dialect.borrow().get();
    let fields = match vm.iter(row) {
        Ok(fields) => fields,
        Err(raised) => {
            vm.catch_if(raised, &exception::TYPE_ERROR)?;
            return Err(error(vm, &format!("iterable expected, not {}", row.class().full_name())));
        }
    };
    let mut line = Line { dialect, text: StrBuilder::new(), n_fields: 0 };
    let mut last_is_none = false;
    while let Some(field) = vm.next(fields.borrow())? {
        let field = field.borrow();
        let quoted = match dialect.quoting {
            Quoting::NonNumeric => !is_number(field),
            Quoting::All => true,
            Quoting::Strings => field.downcast::<Str>().is_some(),
            Quoting::NotNull => !field.is_none(),
            Quoting::Minimal | Quoting::None => false,
        };
        last_is_none = field.is_none();
        if last_is_none {
            line.append(vm, None, quoted)?;
        } else {
            let text = vm.str(field)?;
            line.append(vm, Some(&text), quoted)?;
        }
    }
    if line.n_fields > 0 && line.text.is_empty() {
        if line.cannot_quote(last_is_none) {
            return Err(error(vm, "single empty field record must be quoted"));
        }
        line.n_fields -= 1;
        line.append(vm, None, true)?;
    }
    if let Some(end) = dialect.line_end.borrow().downcast::<Str>() {
        line.text.push_object(end.get());
    }
    let text = line.text.finish(vm);
    vm.call(writer.write.borrow(), &[text.borrow().object()])
}

fn writerows(vm: &mut Vm, this: Ref<'_>, rows: Ref<'_>) -> PyResult {
    let rows = vm.iter(rows)?;
    while let Some(row) = vm.next(rows.borrow())? {
        writerow(vm, this, row.borrow())?;
    }
    Ok(Object::none())
}
