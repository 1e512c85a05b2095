"""Who awaits whom, and the call stack through awaits: what a stack of suspended coroutines would look like."""

import gc
import sys
from types import AsyncGeneratorType, CoroutineType, GeneratorType

from _cinderx import _live_coroutines
from _opcode_metadata import opmap

CO_COROUTINE = 0x80
SEND = opmap["SEND"]


async def _nothing():
    pass


# What `__await__` of a coroutine gives.
_started = _nothing()
CoroutineWrapperType = type(_started.__await__())
_started.close()
del _started


def _get_coro_awaiter(coro, /):
    """The coroutine that awaits this one, or None."""
    if type(coro) is not CoroutineType:
        raise TypeError(f"Expected coroutine object, got {type(coro).__name__}")
    return _awaiter(coro, None)


def _awaiter(coro, awaiters):
    awaiter = _direct_awaiter(coro, awaiters)
    while awaiter is not None and _is_transparent(awaiter.cr_code):
        awaiter = _direct_awaiter(awaiter, awaiters)
    return awaiter


def _is_transparent(code):
    # An AsyncLazyValue is awaited by whoever awaits it first: its coroutine stands for what another program has in C.
    asyncio = sys.modules.get("cinderx._asyncio")
    return asyncio is not None and code is asyncio.AsyncLazyValue._compute.__code__


def _direct_awaiter(coro, awaiters):
    frame = coro.cr_frame
    if frame is None:
        return None
    if coro.cr_running:
        awaiter = _running_awaiter(frame)
    elif coro.cr_suspended:
        awaiter = (_awaiters() if awaiters is None else awaiters).get(id(coro))
    else:
        return None
    return _awaiter_of_task(coro) if awaiter is None else awaiter


def _awaiters():
    """The coroutines that wait, by the identity of what each waits for."""
    found = {}
    for coro in _live_coroutines():
        if coro.cr_suspended:
            found[id(_unwrapped(coro.cr_await))] = coro
    return found


def _unwrapped(awaitable):
    if type(awaitable) is CoroutineWrapperType:
        return next((coro for coro in gc.get_referents(awaitable) if type(coro) is CoroutineType), awaitable)
    return awaitable


def _running_awaiter(frame):
    # A frame of a coroutine function without a coroutine is that of a call that is being awaited; whoever made the
    # call awaits it. A frame with a coroutine is awaited if the one before it is sending to it.
    awaited = frame.f_generator is None
    while (frame := frame.f_back) is not None:
        if not awaited and frame.f_code.co_code[frame.f_lasti] != SEND:
            return None
        generator = frame.f_generator
        if generator is not None:
            return generator if type(generator) is CoroutineType else None
        if not frame.f_code.co_flags & CO_COROUTINE:
            return None
        awaited = True
    return None


def _awaiter_of_task(coro):
    """The coroutine that waits for the task that runs this one."""
    asyncio = sys.modules.get("asyncio.tasks")
    if asyncio is None:
        return None
    for task in _all_tasks():
        if task.get_coro() is coro:
            return _innermost_awaiter(task, set())
    return None


def _all_tasks():
    tasks = sys.modules["asyncio.tasks"]
    found = list(tasks._scheduled_tasks)
    found += tasks._eager_tasks
    try:
        found += tasks.all_tasks()
    except RuntimeError:
        pass
    return found


def _innermost_awaiter(future, visited):
    for awaiter in getattr(future, "_asyncio_awaited_by", None) or ():
        if id(awaiter) in visited:
            continue
        visited.add(id(awaiter))
        get_coro = getattr(awaiter, "get_coro", None)
        # What gather() gives is awaited itself.
        coro = _innermost(get_coro()) if get_coro is not None else _innermost_awaiter(awaiter, visited)
        if coro is not None:
            return coro
    return None


def _innermost(awaitable):
    """The last coroutine of those that wait for one another."""
    coro = None
    while True:
        if type(awaitable) is CoroutineType:
            coro, awaitable = awaitable, _unwrapped(awaitable.cr_await)
        elif type(awaitable) is AsyncGeneratorType:
            awaitable = awaitable.ag_await
        elif type(awaitable) is GeneratorType:
            awaitable = awaitable.gi_yieldfrom
        else:
            return coro


def _frames(frame):
    """The frames from this one on: who called, or, for a coroutine that somebody awaits, who awaits."""
    awaiters = None
    visited = {}
    while frame is not None and id(frame) not in visited:
        visited[id(frame)] = frame
        if not _is_transparent(frame.f_code):
            yield frame
        coro = frame.f_generator
        frame = frame.f_back
        if type(coro) is CoroutineType:
            if awaiters is None:
                awaiters = _awaiters()
            awaiter = _awaiter(coro, awaiters)
            # On the stack the one before is the awaiter, or a call that is awaited and leads to it.
            if awaiter is not None and (frame is None or frame.f_code.co_code[frame.f_lasti] != SEND):
                frame = awaiter.cr_frame


def _get_awaiter_frame():
    """The frame of the coroutine that awaits the one that is running, or None."""
    frame = sys._getframe(1)
    coro = frame.f_generator
    if type(coro) is CoroutineType:
        awaiter = _awaiter(coro, None)
        return None if awaiter is None else awaiter.cr_frame
    # A coroutine function's call that is awaited at once: the caller awaits it.
    return frame.f_back if coro is None and frame.f_code.co_flags & CO_COROUTINE else None


def _get_arg0_from_pyframe(frame_name, to_skip, /):
    """The first local of the innermost frame of this name, of those that called or await, without some of them; or None."""
    if not isinstance(frame_name, str):
        raise TypeError("Expected string as 'frame_name'")
    if not isinstance(to_skip, int):
        raise TypeError("Expected int as 'to_skip'")
    if to_skip < 0:
        raise TypeError("Expected positive number as 'to_skip' argument")
    for index, frame in enumerate(_frames(sys._getframe(1))):
        code = frame.f_code
        if index >= to_skip and code.co_name == frame_name:
            return frame.f_locals.get(code.co_varnames[0]) if code.co_varnames else None
    return None


def _name(frame):
    return f"{frame.f_globals.get('__name__')}:{frame.f_code.co_qualname}"


def _get_entire_call_stack_as_qualnames():
    """The names of the calls in progress and of those that await them, the innermost last."""
    return [_name(frame) for frame in _frames(sys._getframe(1))][::-1]


def _get_entire_call_stack_as_qualnames_with_lineno():
    """The same with line numbers, as tuples."""
    return [(_name(frame), frame.f_lineno) for frame in _frames(sys._getframe(1))][::-1]


def _get_entire_call_stack_as_qualnames_with_lineno_and_frame():
    """The same with line numbers and frames, as tuples."""
    return [(_name(frame), frame.f_lineno, frame) for frame in _frames(sys._getframe(1))][::-1]
