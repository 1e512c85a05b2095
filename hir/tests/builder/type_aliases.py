type test[T] = list[T]
