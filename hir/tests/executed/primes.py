#: run 40 = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]
def test(n):
    sieve = [True] * n
    found = []
    for i in range(2, n):
        if sieve[i]:
            found.append(i)
            for j in range(i * i, n, i):
                sieve[j] = False
    return found
