class A:
    __a = 1
    def __f(self, __b): self.__c = __b; import __d; global __e; __e = 1
