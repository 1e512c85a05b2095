"""Run by -m, with arguments."""
import os
import sys

from . import helper

print(__name__, __package__, __spec__.name, sys.argv[1:], os.path.basename(sys.argv[0]), helper.NAME)
print(os.path.basename(sys.path[0]) == os.path.basename(os.getcwd()), sys.modules["__main__"].__doc__)
