"""ast, tokenize, symtable: parse, walk, unparse, transform, evaluate."""
import ast, io, symtable, tokenize

tree = ast.parse("def f(a, *b, c=1, **d) -> int:\n    return [x async for x in y if x] + {**d}\n", type_comments=False)
print(ast.dump(tree, indent=1)[:400], ast.unparse(tree), sep="\n")
for source in "a if b else c", "lambda x, /, y=1: (yield)", "f'{x!r:>{w}}'", "x[1:2, ::3]", "(a := 1)", "{**a, 'b': c}", "not (a and b) or -c ** 2", "await x", "t'{x}'", "a @ b < c is not d":
    print(ast.unparse(ast.parse(source)), "|", ast.dump(ast.parse(source, mode="eval").body)[:150])
statements = "with a as b, c: pass\ntry:\n    x\nexcept* E as e: y\nelse: z\nfor i, *j in k: break\nmatch x:\n    case {'a': 1, **r} | [_, *s] if t: pass\ntype X[T: int] = T\n@d\nclass C(B, metaclass=M): x: int = 1\nglobal g\nfrom ..a import b as c\nassert x, y\ndel a, b[0]\nwhile 1: continue"
print(ast.unparse(ast.parse(statements)))
print(ast.literal_eval("{'a': [1, -2.5, (True, None)], b'x': {1}}"), [n.id for n in ast.walk(ast.parse("a + b(c)")) if isinstance(n, ast.Name)])


class Swap(ast.NodeTransformer):
    def visit_Constant(self, node): return ast.copy_location(ast.Constant(node.value * 10), node)


print(eval(compile(ast.fix_missing_locations(Swap().visit(ast.parse("1 + 2", mode="eval"))), "f", "eval")))
node = ast.parse("x = (1 +\n  2)").body[0].value
print(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset, node._fields, ast.get_source_segment("x = (1 +\n  2)", node))
for bad in (lambda: ast.literal_eval("f()"), lambda: compile(ast.Expression(ast.Name("x")), "f", "eval"), lambda: ast.parse("1 +"), lambda: compile(ast.Module([ast.Expr(5)], []), "f", "exec")):
    try:
        bad()
    except Exception as error:
        print(type(error).__name__, str(error)[:80])
print([(tokenize.tok_name[t.type], t.string) for t in tokenize.generate_tokens(io.StringIO("x = f'{a}' # c\n  \nif 1:\n  y").readline)])
table = symtable.symtable("def f(a):\n    global g\n    def h(): return a, b\n    c = 1\n", "t", "exec").get_children()[-1]
print(table.get_name(), table.get_parameters(), table.get_globals(), sorted(s.get_name() for s in table.get_symbols() if s.is_local()), table.lookup("a").is_referenced())
