def total(values):
    result = 0
    for value in values:
        result += value
    return result


for turn in range(30):
    total([1, 2, 3, 4] * 20)
