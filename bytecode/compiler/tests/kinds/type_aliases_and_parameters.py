type A = int
type B[T, *U, **V] = dict[T, U]
def f[T: int, U: (str, bytes) = str](a: T) -> U: return a
class C[T](D[T]): x: T
