"""Floats: printing, rounding, special values, conversions."""
nan, inf = float("nan"), float("inf")
print(0.1 + 0.2, 1e16, 1e15, 123456789012345680.0, 1e-5, 0.0001, -0.0, 5e-324, 1.7976931348623157e308, 1 / 3, 2.0, 1e22, 1e23)
print(nan == nan, inf > 1e308, -inf, [nan] == [nan], nan in [nan], min(1, nan), max(nan, 1), inf - inf)
print(round(2.5), round(3.5), round(-0.5), round(2.675, 2), round(1e300, 2), round(123.456, -1), round(0.15, 1))
print(7.5 // 2, -7.5 // 2, 7.5 % -2, -7.5 % 2, divmod(7.5, 2), 2.0 ** 0.5, (-8) ** (1 / 3), 0.0 ** 0)
print((0.1).hex(), float.fromhex("0x1.8p3"), (0.5).as_integer_ratio(), (2.0).is_integer(), float("1_0.5e-3"), float(" -inf "))
for spec in ".3f", "10.2e", "g", ".10g", "+.0f", "010.3f", ",.2f", "%", ".3%", "#.0f", "e", "n", ">12", "_.1f", "z.1f":
    print(spec, repr(format(1234.5678, spec)), repr(format(-0.00001234, spec)))
print("%5.1f|%-8.3e|%g|%G|%+d|%05d|%x|%r" % (3.14159, 31415.9, 1e-10, 1e20, 5, -42, 255, 0.1))
for bad in ("1.0 / 0", "1.0 // 0", "1.0 % 0", "float('x')", "0.0 ** -1", "1e308 * 10 ** 10", "2.0 ** 10000", "int(nan)", "int(inf)", "round(inf)", "1.5 + 'a'", "1.5 & 1", "complex(1) < 2"):
    try:
        print(bad, eval(bad))
    except Exception as error:
        print(bad, type(error).__name__, error)
print(hash(1.0) == hash(1), hash(0.5), hash(inf), 1.0 in {1: 0}, 3 == 3.0 == 3 + 0j, sum([0.1] * 10), 1j * 1j, abs(3 + 4j), (1 + 2j) ** 2, complex("1-2j"))
import math
print(math.fsum([0.1] * 10), math.floor(-1.5), math.ceil(1.2), math.trunc(-1.7), math.copysign(1, -0.0), math.frexp(10.0), math.hypot(3, 4), math.nextafter(1, 2), math.isclose(0.1 + 0.2, 0.3))
