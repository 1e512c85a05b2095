def f(self):
    self.a.b.c = self.d.e().g
    self.h, self.i = self.i, self.h
