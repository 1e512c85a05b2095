"""contextvars and logging."""
import asyncio
import contextvars
import logging
import sys

var = contextvars.ContextVar("var", default="unset")
token = var.set("outer")
context = contextvars.copy_context()
def change(): var.set("inner"); return var.get()
print(var.get(), context.run(change), var.get(), context[var], len(context) >= 1, var in context, token.old_value is contextvars.Token.MISSING)
var.reset(token)
print(var.get())
with var.set("managed"): print(var.get())
async def task(n):
    var.set(n)
    await asyncio.sleep(0)
    return var.get()
async def main(): return await asyncio.gather(*(task(n) for n in range(3))), var.get()
print(asyncio.run(main()))
try:
    contextvars.ContextVar("empty").get()
except LookupError as error:
    print(type(error).__name__)
handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(logging.Formatter("%(levelname)s:%(name)s:%(funcName)s:%(lineno)d %(message)s"))
log = logging.getLogger("app.part")
log.addHandler(handler); log.setLevel(logging.INFO); log.propagate = False
def work():
    log.debug("not shown"); log.info("hello %s %d", "world", 5); log.warning("dict %(a)s", {"a": 1})
    try:
        1 / 0
    except ZeroDivisionError:
        log.error("failed", exc_info=False)
work()
child = logging.getLogger("app.part.child")
child.critical("from child"); print(child.getEffectiveLevel(), log.isEnabledFor(10), logging.getLevelName(30))
logging.getLogger("other").warning("last resort goes to stderr")
class Filter(logging.Filter):
    def filter(self, record): record.msg = record.msg.upper(); return "secret" not in record.getMessage().lower()
handler.addFilter(Filter()); log.info("the secret"); log.info("public")
log2 = logging.LoggerAdapter(log, {"k": "v"}); log2.info("adapted")
