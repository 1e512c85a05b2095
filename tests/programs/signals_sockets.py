"""signal, socket, select, ssl-free networking on the loop-back interface."""
import select, signal, socket, threading, os, time

caught = []
signal.signal(signal.SIGUSR1, lambda number, frame: caught.append((number, frame.f_code.co_name)))
def work(): os.kill(os.getpid(), signal.SIGUSR1); return sum(range(1000))
work()
print(caught[0][0] == signal.SIGUSR1, signal.getsignal(signal.SIGUSR1).__name__, signal.Signals(2).name, signal.strsignal(9))
signal.signal(signal.SIGALRM, lambda *a: (_ for _ in ()).throw(TimeoutError("alarm")))
signal.setitimer(signal.ITIMER_REAL, 0.02)
try:
    while True: pass
except TimeoutError as error:
    print(error)
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
a, b = socket.socketpair()
a.sendall(b"hello"); print(b.recv(3), b.recv(10), select.select([a], [b], [], 0)[1] == [b]); a.close(); print(b.recv(1)); b.close()
server = socket.create_server(("127.0.0.1", 0))
def serve():
    connection, address = server.accept()
    with connection, connection.makefile("rwb") as f: f.write(f.readline().upper()); f.flush()
t = threading.Thread(target=serve); t.start()
with socket.create_connection(server.getsockname()) as c: c.sendall(b"echo\n"); print(c.recv(100), c.family.name, c.type.name)
t.join(); server.close()
for bad in (lambda: socket.create_connection(("127.0.0.1", 1), 1), lambda: a.recv(1), lambda: socket.inet_aton("x")):
    try:
        bad()
    except OSError as error:
        print(type(error).__name__, error)
u1 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u1.bind(("127.0.0.1", 0)); u2 = socket.socket(type=socket.SOCK_DGRAM)
u2.sendto(b"datagram", u1.getsockname()); print(u1.recvfrom(100)[0], u1.settimeout(0.01)); u2.close()
try:
    u1.recv(1)
except TimeoutError as error:
    print(error)
u1.close()
print(socket.htons(1), socket.inet_ntoa(b"\x7f\0\0\1"), socket.getservbyname("http") if False else 80)
