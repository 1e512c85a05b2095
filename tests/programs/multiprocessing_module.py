"""Processes: started by fork and by spawn, queues, pools, locks, shared memory, managers."""
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import shared_memory


def square(number):
    return number * number


def add(counter, lock, times):
    for _ in range(times):
        with lock:
            counter.value += 1


def put(queue, number):
    queue.put(square(number))


def fill(name):
    memory = shared_memory.SharedMemory(name=name)
    memory.buf[:3] = b"abc"
    memory.close()


def fail():
    raise SystemExit(3)


def main():
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        print(method)
        counter, lock, queue = context.Value("i", 0, lock=False), context.Lock(), context.Queue()
        processes = [context.Process(target=add, args=(counter, lock, 100)) for _ in range(2)]
        processes += [context.Process(target=put, args=(queue, number)) for number in range(2)]
        for process in processes:
            process.start()
        results = sorted(queue.get() for _ in range(2))
        for process in processes:
            process.join()
        print(counter.value, results, [process.exitcode for process in processes])
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(square, range(8)))
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as executor:
        print(list(executor.map(square, range(4))))
    failing = multiprocessing.get_context("fork").Process(target=fail)
    failing.start()
    failing.join()
    print(failing.exitcode)
    memory = shared_memory.SharedMemory(create=True, size=16)
    writer = multiprocessing.get_context("fork").Process(target=fill, args=(memory.name,))
    writer.start()
    writer.join()
    print(bytes(memory.buf[:4]))
    memory.close()
    memory.unlink()
    semaphore = multiprocessing.BoundedSemaphore(1)
    print(semaphore.acquire(False), semaphore.acquire(False), semaphore.release())
    try:
        semaphore.release()
    except ValueError as error:
        print(error)


if __name__ == "__main__":
    main()
