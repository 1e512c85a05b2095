import a, b.c, d.e as f
from . import g
from ..h.i import j as k, l
from m import *
