#: object math Module
#: leaf math.sqrt 1 = FloatExact : FloatExact
#: see LOAD_ATTR of_module math math.sqrt
def test(x):
    return math.sqrt(2.0), math.sqrt(x)
