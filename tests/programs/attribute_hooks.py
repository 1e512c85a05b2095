"""Properties, __getattr__ and __setattr__ in hot code, and classes that change while it runs."""


class Property:
    def __init__(self):
        self._x = 0
        self.log = []

    @property
    def x(self):
        return self._x

    @x.setter
    def x(self, value):
        if value == 7:
            raise ValueError("seven")
        self._x = value
        return "ignored"

    @property
    def readonly(self):
        return 1


class Getattr:
    known = 3

    def __getattr__(self, name):
        if name == "bad":
            raise AttributeError("no bad")
        if name == "error":
            return 1 / 0
        return name + "!"


class Setattr:
    def __setattr__(self, name, value):
        if value == 3:
            raise TypeError("three")
        object.__setattr__(self, name, value * 2)


class Getattribute(Getattr):
    def __getattribute__(self, name):
        if name == "via":
            return "found by __getattribute__"
        return object.__getattribute__(self, name)


def attempt(out, action, *arguments):
    try:
        out.append(action(*arguments))
    except Exception as error:
        out.append(f"{type(error).__name__}: {error} {error.__traceback__.tb_next.tb_frame.f_code.co_name}")


def set_x(owner, value):
    owner.x = value


def set_readonly(owner):
    owner.readonly = 1


def set_a(owner, value):
    owner.a = value
    return owner.a


def get(owner):
    return owner.foo, owner.known


def get_bad(owner):
    return owner.bad


def get_error(owner):
    return owner.error


def get_via(owner):
    return owner.via, owner.other


def bound(owner):
    append = owner.log.append
    append(len(owner.log))
    return owner.__init__.__name__, len(owner.log)


def run():
    out = []
    owner, getattr_owner, setattr_owner, getattribute_owner = Property(), Getattr(), Setattr(), Getattribute()
    for index in range(130):
        attempt(out, set_x, owner, index % 9)
        out.append(owner.x)
        attempt(out, set_readonly, owner)
        attempt(out, get, getattr_owner)
        attempt(out, get_bad, getattr_owner)
        attempt(out, get_error, getattr_owner)
        attempt(out, set_a, setattr_owner, index % 5)
        attempt(out, get_via, getattribute_owner)
        out.append(bound(owner))
        if index == 60:
            Getattr.__getattr__ = lambda self, name: "new " + name
        if index == 80:
            getattr_owner.foo = "of the instance"
        if index == 90:
            del Getattr.__getattr__
        if index == 95:
            getattr_owner.bad = getattr_owner.error = "set"
        if index == 100:
            Property.x = 5
        if index == 110:
            Property.x = property(lambda self: "p", lambda self, value: out.append(("set", value)))
    return out


result = run()
for index in range(0, len(result), 17):
    print(index, result[index])
print(len(result))
