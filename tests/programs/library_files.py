"""Files of the library can be found and read where modules say that they are."""

import ast
import importlib.util
import inspect
import json
import os
import sysconfig
import tokenize

print(os.path.isfile(os.__file__), os.path.basename(os.__file__), os.path.isdir(os.path.dirname(json.__file__)))
with open(json.__file__, encoding="utf-8") as file:
    text = file.read()
print(ast.get_docstring(ast.parse(text)).splitlines()[0])
print(sorted(name for name in os.listdir(json.__path__[0]) if name.endswith(".py")))
print(sorted(entry.name for entry in os.scandir(os.path.dirname(os.__file__)) if entry.is_dir() and entry.name in ("json", "email")))
print(os.stat(json.__file__).st_size == len(text.encode()), os.access(json.__file__, os.R_OK))
print(inspect.getsource(json.dumps).splitlines()[0])
with tokenize.open(inspect.getsourcefile(json.decoder)) as file:
    print(file.readline().rstrip())
print(os.path.samefile(sysconfig.get_path("stdlib"), os.path.dirname(os.__file__)))
print(importlib.util.find_spec("no_such_module_anywhere"))
for path in ("no_such_file.py", "json/no_such_file.py"):
    try:
        open(os.path.join(os.path.dirname(os.__file__), path))
    except FileNotFoundError as error:
        print(error.strerror)
