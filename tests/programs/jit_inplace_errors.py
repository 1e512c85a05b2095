"""Bitwise operators on floats in compiled code say which operator it was."""
def both(x, y):
    try:
        x &= y
    except TypeError as e:
        print(e)
    try:
        x |= 2
        return x
    except TypeError as e:
        print(e)
    try:
        return x ^ y
    except TypeError as e:
        return str(e)
for i in range(6):
    print(both(1.5, 2.5), both(3, 1.5), both(6, 3))
