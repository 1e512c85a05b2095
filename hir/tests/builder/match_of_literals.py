def test(a):
    match a:
        case 1:
            return "one"
        case "two" | None:
            return 2
        case _:
            return 3
