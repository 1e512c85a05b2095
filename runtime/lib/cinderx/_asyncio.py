"""Awaitables whose value is made once: AsyncLazyValue and AwaitableValue."""

import asyncio

__all__ = ["AsyncLazyValue", "AwaitableValue"]


class AwaitableValue:
    """An awaitable that has its value already."""

    __slots__ = ("_value",)

    def __init__(self, value):
        self._value = value

    def __await__(self):
        return self._value
        yield


class AsyncLazyValue:
    """Calls a coroutine function when it is first awaited, and keeps the result for everybody who awaits it.

    Who comes while the coroutine runs waits for it in a future of its own: cancelling one of those cancels that one
    alone, while cancelling the first, which runs the coroutine, cancels them all. After a failure the next
    await starts afresh.
    """

    __slots__ = ("_function", "_args", "_kwargs", "_running", "_done", "_value", "_waiters", "_task", "__weakref__")

    def __init__(self, coro_func, /, *args, **kwargs):
        self._function = coro_func
        self._args = args
        self._kwargs = kwargs
        self._running = False
        self._done = False
        self._value = None
        self._waiters = []
        self._task = None

    def __await__(self):
        if self._done:
            return self._value
        if self._running:
            return (yield from self._wait(None).__await__())
        self._running = True
        return (yield from self._compute().__await__())

    def ensure_future(self, loop=None):
        """A future of the value, which is being computed from now on."""
        if loop is None:
            loop = asyncio.get_running_loop()
        if self._done:
            future = loop.create_future()
            future.set_result(self._value)
            return future
        if self._running:
            return self._wait(loop)
        self._running = True
        self._task = task = loop.create_task(self._compute())
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
        self._done = True
        self._running = False
        self._function = self._args = self._kwargs = None
        for waiter in self._take_waiters():
            waiter.set_result(value)
        return value

    def _task_ended(self, task):
        # A task that was cancelled before it began has told nobody.
        if self._task is task:
            self._task = None
            self._fail(asyncio.CancelledError())

    def _fail(self, error):
        self._running = False
        for waiter in self._take_waiters():
            if isinstance(error, Exception):
                waiter.set_exception(error)
            else:
                waiter.cancel()

    def _take_waiters(self):
        """The futures that nobody has cancelled, which are forgotten."""
        waiters, self._waiters = self._waiters, []
        return [waiter for waiter in waiters if not waiter.done()]
