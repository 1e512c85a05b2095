#: see COMPARE_OP#0 operands TaggedFloat, TaggedFloat
#: see COMPARE_OP#1 operands UnicodeExact, UnicodeExact
#: see COMPARE_OP#2 operands LongExact, LongExact
def test(a, b):
    return a < b, a == b, a >= b
