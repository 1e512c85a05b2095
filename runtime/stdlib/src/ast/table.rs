//! The node classes of Python 3.14's syntax tree, declared once.
//!
//! A row has the class, its base, its fields in the notation of the grammar's own description (`?`:
//! optional, `*`: a list), and whether instances have positions. Sums come before their members.

/// Whether instances of a class have positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Positions {
    None,
    /// The end may be missing.
    Optional,
    Required,
}

/// A row of the table.
pub struct Row {
    pub kind: Kind,
    pub name: &'static str,
    pub base: &'static str,
    pub fields: &'static str,
    pub positions: Positions,
    /// A sum of node classes, not a class of nodes itself.
    pub is_sum: bool,
}

macro_rules! nodes {
    ($($name:ident: $base:ident($fields:literal) $positions:ident $is_sum:literal;)*) => {
        /// A class of nodes, or a sum of them.
        #[expect(non_camel_case_types, reason = "named as in Python")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $($name,)*
        }

        pub static ROWS: &[Row] = &[
            $(Row { kind: Kind::$name, name: trimmed(stringify!($name)), base: trimmed(stringify!($base)), fields: $fields, positions: Positions::$positions, is_sum: $is_sum },)*
        ];
    };
}

/// A name without the mark of a raw identifier.
const fn trimmed(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

nodes! {
    r#mod: AST("") None true;
    Module: r#mod("stmt* body, type_ignore* type_ignores") None false;
    Interactive: r#mod("stmt* body") None false;
    Expression: r#mod("expr body") None false;
    FunctionType: r#mod("expr* argtypes, expr returns") None false;
    stmt: AST("") Optional true;
    FunctionDef: stmt("identifier name, arguments args, stmt* body, expr* decorator_list, expr? returns, string? type_comment, type_param* type_params") None false;
    AsyncFunctionDef: stmt("identifier name, arguments args, stmt* body, expr* decorator_list, expr? returns, string? type_comment, type_param* type_params") None false;
    ClassDef: stmt("identifier name, expr* bases, keyword* keywords, stmt* body, expr* decorator_list, type_param* type_params") None false;
    Return: stmt("expr? value") None false;
    Delete: stmt("expr* targets") None false;
    Assign: stmt("expr* targets, expr value, string? type_comment") None false;
    TypeAlias: stmt("expr name, type_param* type_params, expr value") None false;
    AugAssign: stmt("expr target, operator op, expr value") None false;
    AnnAssign: stmt("expr target, expr annotation, expr? value, int simple") None false;
    For: stmt("expr target, expr iter, stmt* body, stmt* orelse, string? type_comment") None false;
    AsyncFor: stmt("expr target, expr iter, stmt* body, stmt* orelse, string? type_comment") None false;
    While: stmt("expr test, stmt* body, stmt* orelse") None false;
    If: stmt("expr test, stmt* body, stmt* orelse") None false;
    With: stmt("withitem* items, stmt* body, string? type_comment") None false;
    AsyncWith: stmt("withitem* items, stmt* body, string? type_comment") None false;
    Match: stmt("expr subject, match_case* cases") None false;
    Raise: stmt("expr? exc, expr? cause") None false;
    Try: stmt("stmt* body, excepthandler* handlers, stmt* orelse, stmt* finalbody") None false;
    TryStar: stmt("stmt* body, excepthandler* handlers, stmt* orelse, stmt* finalbody") None false;
    Assert: stmt("expr test, expr? msg") None false;
    Import: stmt("alias* names") None false;
    ImportFrom: stmt("identifier? module, alias* names, int? level") None false;
    Global: stmt("identifier* names") None false;
    Nonlocal: stmt("identifier* names") None false;
    Expr: stmt("expr value") None false;
    Pass: stmt("") None false;
    Break: stmt("") None false;
    Continue: stmt("") None false;
    expr: AST("") Optional true;
    BoolOp: expr("boolop op, expr* values") None false;
    NamedExpr: expr("expr target, expr value") None false;
    BinOp: expr("expr left, operator op, expr right") None false;
    UnaryOp: expr("unaryop op, expr operand") None false;
    Lambda: expr("arguments args, expr body") None false;
    IfExp: expr("expr test, expr body, expr orelse") None false;
    Dict: expr("expr?* keys, expr* values") None false;
    Set: expr("expr* elts") None false;
    ListComp: expr("expr elt, comprehension* generators") None false;
    SetComp: expr("expr elt, comprehension* generators") None false;
    DictComp: expr("expr key, expr value, comprehension* generators") None false;
    GeneratorExp: expr("expr elt, comprehension* generators") None false;
    Await: expr("expr value") None false;
    Yield: expr("expr? value") None false;
    YieldFrom: expr("expr value") None false;
    Compare: expr("expr left, cmpop* ops, expr* comparators") None false;
    Call: expr("expr func, expr* args, keyword* keywords") None false;
    FormattedValue: expr("expr value, int conversion, expr? format_spec") None false;
    Interpolation: expr("expr value, constant str, int conversion, expr? format_spec") None false;
    JoinedStr: expr("expr* values") None false;
    TemplateStr: expr("expr* values") None false;
    Constant: expr("constant value, string? kind") None false;
    Attribute: expr("expr value, identifier attr, expr_context ctx") None false;
    Subscript: expr("expr value, expr slice, expr_context ctx") None false;
    Starred: expr("expr value, expr_context ctx") None false;
    Name: expr("identifier id, expr_context ctx") None false;
    List: expr("expr* elts, expr_context ctx") None false;
    Tuple: expr("expr* elts, expr_context ctx") None false;
    Slice: expr("expr? lower, expr? upper, expr? step") None false;
    expr_context: AST("") None true;
    Load: expr_context("") None false;
    Store: expr_context("") None false;
    Del: expr_context("") None false;
    boolop: AST("") None true;
    And: boolop("") None false;
    Or: boolop("") None false;
    operator: AST("") None true;
    Add: operator("") None false;
    Sub: operator("") None false;
    Mult: operator("") None false;
    MatMult: operator("") None false;
    Div: operator("") None false;
    Mod: operator("") None false;
    Pow: operator("") None false;
    LShift: operator("") None false;
    RShift: operator("") None false;
    BitOr: operator("") None false;
    BitXor: operator("") None false;
    BitAnd: operator("") None false;
    FloorDiv: operator("") None false;
    unaryop: AST("") None true;
    Invert: unaryop("") None false;
    Not: unaryop("") None false;
    UAdd: unaryop("") None false;
    USub: unaryop("") None false;
    cmpop: AST("") None true;
    Eq: cmpop("") None false;
    NotEq: cmpop("") None false;
    Lt: cmpop("") None false;
    LtE: cmpop("") None false;
    Gt: cmpop("") None false;
    GtE: cmpop("") None false;
    Is: cmpop("") None false;
    IsNot: cmpop("") None false;
    In: cmpop("") None false;
    NotIn: cmpop("") None false;
    comprehension: AST("expr target, expr iter, expr* ifs, int is_async") None false;
    excepthandler: AST("") Optional true;
    ExceptHandler: excepthandler("expr? type, identifier? name, stmt* body") None false;
    arguments: AST("arg* posonlyargs, arg* args, arg? vararg, arg* kwonlyargs, expr?* kw_defaults, arg? kwarg, expr* defaults") None false;
    arg: AST("identifier arg, expr? annotation, string? type_comment") Optional false;
    keyword: AST("identifier? arg, expr value") Optional false;
    alias: AST("identifier name, identifier? asname") Optional false;
    withitem: AST("expr context_expr, expr? optional_vars") None false;
    match_case: AST("pattern pattern, expr? guard, stmt* body") None false;
    pattern: AST("") Required true;
    MatchValue: pattern("expr value") None false;
    MatchSingleton: pattern("constant value") None false;
    MatchSequence: pattern("pattern* patterns") None false;
    MatchMapping: pattern("expr* keys, pattern* patterns, identifier? rest") None false;
    MatchClass: pattern("expr cls, pattern* patterns, identifier* kwd_attrs, pattern* kwd_patterns") None false;
    MatchStar: pattern("identifier? name") None false;
    MatchAs: pattern("pattern? pattern, identifier? name") None false;
    MatchOr: pattern("pattern* patterns") None false;
    type_ignore: AST("") None true;
    TypeIgnore: type_ignore("int lineno, string tag") None false;
    type_param: AST("") Required true;
    TypeVar: type_param("identifier name, expr? bound, expr? default_value") None false;
    ParamSpec: type_param("identifier name, expr? default_value") None false;
    TypeVarTuple: type_param("identifier name, expr? default_value") None false;
}
