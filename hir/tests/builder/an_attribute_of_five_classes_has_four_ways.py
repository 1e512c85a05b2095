#: class A
#: shape a A
#: shape b A
#: shape c A
#: shape d A
#: shape e A
#: see LOAD_ATTR owners a slot 24 | b slot 32 | c slot 40 | d slot 48 | e slot 56
def test(p):
    return p.x
