"""subprocess, with the interpreter itself as the child."""
import subprocess
import sys


def child(source, **keywords):
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, **keywords)


r = child("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
print(r.returncode, repr(r.stdout), repr(r.stderr))
print(child("print(input()[::-1])", input="hello").stdout, end="")
print(child("import os; print(os.environ['SET'])", env={"SET": "value"}).stdout, end="")
print(subprocess.check_output("echo shell $((1 + 2))", shell=True))
try:
    subprocess.run([sys.executable, "-c", "raise SystemExit(5)"], check=True)
except subprocess.CalledProcessError as error:
    print(error.returncode, str(error).endswith("returned non-zero exit status 5."))
try:
    subprocess.run(["/no/such/program"])
except FileNotFoundError as error:
    print(error)
try:
    subprocess.run(["sleep", "10"], timeout=0.05)
except subprocess.TimeoutExpired as error:
    print(error)
p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
out, _ = p.communicate(b"through cat")
print(out, p.returncode, p.poll())
p = subprocess.Popen(["sleep", "10"])
p.terminate()
print(p.wait())
first = subprocess.Popen(["printf", "b\\na\\n"], stdout=subprocess.PIPE)
second = subprocess.Popen(["sort"], stdin=first.stdout, stdout=subprocess.PIPE, text=True)
first.stdout.close()
print(second.communicate()[0].split(), first.wait())
import os
pid = os.fork()
if pid == 0:
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), child("import sys; print(sys.argv, sys.flags.optimize)").stdout, end="")
