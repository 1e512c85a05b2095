"""Awaitables whose value is made once: AsyncLazyValue and AwaitableValue."""

import asyncio

__all__ = ["AsyncLazyValue", "AwaitableValue"]


class AwaitableValue:
    """An awaitable that has its value already."""

    __module__ = "cinderx"
    __slots__ = ("_value",)

    def __init__(self, value, /):
        self._value = value

    @property
    def value(self):
        return self._value

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        raise StopIteration(self._value)


class AsyncLazyValue:
    """Calls a coroutine function when it is first awaited, and keeps the result for everybody who awaits it.

    Who comes while the coroutine runs waits for it in a future of its own: cancelling one of those cancels that one
    alone, while cancelling the first, which runs the coroutine, cancels them all. After a failure the next
    await starts afresh.
    """

    __module__ = "cinderx"
    __slots__ = ("_function", "_args", "_kwargs", "_state", "_value", "_waiters", "_task", "__weakref__")

    def __init__(self, *args, **kwargs):
        if not args:
            raise TypeError("'coro' argument expected")
        self._function, *self._args = args
        self._kwargs = kwargs
        self._state = "not_started"
        self._value = None
        self._waiters = []
        self._task = None

    @property
    def alv_state(self):
        return self._state

    @property
    def _awaiting_tasks(self):
        return len(self._waiters)

    def __await__(self):
        if self._state == "done":
            return self
        if self._state == "running":
            return self._wait(None).__await__()
        self._state = "running"
        return self._compute().__await__()

    def __iter__(self):
        return self

    def __next__(self):
        if self._state != "done":
            raise TypeError("AsyncLazyValue needs to be awaited")
        raise StopIteration(self._value)

    def ensure_future(self, loop=None):
        """A future of the value, which is being computed from now on."""
        if loop is None:
            loop = asyncio.get_event_loop()
        if self._state == "done":
            future = loop.create_future()
            future.set_result(self._value)
            return future
        if self._state == "running":
            return self._wait(loop)
        self._task = task = loop.create_task(self._compute())
        self._state = "running"
        task.add_done_callback(self._task_ended)
        return task

    as_future = ensure_future

    def _wait(self, loop):
        if loop is None:
            loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._waiters.append(future)
        return future

    async def _compute(self):
        self._task = None
        try:
            value = await self._function(*self._args, **self._kwargs)
        except BaseException as error:
            self._fail(error)
            raise
        self._value = value
        self._state = "done"
        self._function = self._args = self._kwargs = None
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(value)
        return value

    def _task_ended(self, task):
        # A task that was cancelled before it began has told nobody.
        if self._task is task:
            self._task = None
            self._fail(asyncio.CancelledError())

    def _fail(self, error):
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if waiter.done():
                continue
            if isinstance(error, asyncio.CancelledError):
                waiter.cancel(error)
            else:
                waiter.set_exception(error)
        self._state = "not_started"
