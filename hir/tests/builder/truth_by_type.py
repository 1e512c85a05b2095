#: see TO_BOOL#0 operands SmallInt, Object
#: see TO_BOOL#1 operands TaggedFloat, Object
#: see TO_BOOL#2 operands UnicodeExact, Object
#: see TO_BOOL#3 operands ListExact, Object
#: see TO_BOOL#4 operands Bool, Object
#: see TO_BOOL#5 operands NoneType, Object
def test(a, b, c, d, e, f):
    return not a, not b, not c, not d, not e, not f
