"""Integers: arithmetic, big numbers, bases, methods, errors."""
print(7 // 2, -7 // 2, 7 % -3, -7 % 3, divmod(-7, 2), 7 / 2, 2 ** 100, 2 ** -1, pow(3, 200, 1000007), pow(3, -1, 7))
print(1 << 70, -1 >> 3, (1 << 70) >> 69, 0b1010 & 0x6, 5 | 8, 5 ^ 1, ~5)
big = 123456789 ** 9
print(big, big // 987654321, big % 987654321, -big // 3, big.bit_length(), big.bit_count())
print(int("ff", 16), int("0b101", 0), int(" 1_000 "), int(-3.9), int("٣"), hex(-255), oct(8), bin(-5), f"{big:x}")
print((255).to_bytes(2), (-2).to_bytes(2, "little", signed=True), int.from_bytes(b"\x01\x00"), (10).as_integer_ratio())
print(2 ** 63 - 1 + 1, -2 ** 63 - 1, (2 ** 62) * 2, 10 ** 18 * 10 ** 18, 3 ** 40 - 3 ** 40, 2 ** 64 == 2.0 ** 64)
print(round(1234, -2), round(1250, -2), round(-15, -1), True + True, int(True), bool(0), isinstance(True, int))
print(2 ** 53 + 1 == float(2 ** 53 + 1), 10 ** 400 > 1e308, hash(2 ** 61 - 1), hash(-1), hash(10 ** 30))
for bad in ("1 // 0", "1 % 0", "int('x')", "int('12', 1)", "1 << -1", "int('1__0')", "2 ** 10000 / 3", "pow(2, -1, 4)", "int([])", "float(10 ** 400)", "(300).to_bytes(1)", "(-1).to_bytes(1)", "1 + 'a'", "'a' + 1", "int('9' * 5000)", "1 < 'a'", "-'a'"):
    try:
        print(bad, eval(bad))
    except Exception as error:
        print(bad, type(error).__name__, error)
print(str(7 ** 300)[:40], len(str(7 ** 300)), sum(range(10 ** 6)), (1 << 200) - 1 & (1 << 70) - 1)
import math
print(math.factorial(30), math.isqrt(10 ** 40), math.gcd(2 ** 80, 6 ** 50) == 2 ** 50, math.comb(50, 25), math.lcm(4, 6))
