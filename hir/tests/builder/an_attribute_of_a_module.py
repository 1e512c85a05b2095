#: object math Module
#: object math.pi BoxedFloat
#: see LOAD_ATTR of_module math math.pi
def test():
    return math.pi
