"""argparse: parsing, help, errors."""
import argparse
import io
import contextlib

parser = argparse.ArgumentParser(prog="tool", description="A tool.", epilog="The end.")
parser.add_argument("input", help="the file to read")
parser.add_argument("rest", nargs="*", type=int)
parser.add_argument("-v", "--verbose", action="count", default=0, help="say more")
parser.add_argument("-o", "--output", metavar="FILE", default="out", help="where to (default: %(default)s)")
parser.add_argument("--mode", choices=["fast", "slow"])
parser.add_argument("--flag", action=argparse.BooleanOptionalAction)
group = parser.add_mutually_exclusive_group()
group.add_argument("--a", action="store_true")
group.add_argument("--b", action="store_const", const=5)
print(parser.format_help())
for line in "x", "x 1 2 -vv -o y", "x --mode=fast --no-flag --b", "x --out=z -v":
    print(parser.parse_args(line.split()))
for line in "", "x y", "x --mode odd", "x --a --b", "x --nope", "x -o":
    err = io.StringIO()
    try:
        with contextlib.redirect_stderr(err):
            parser.parse_args(line.split())
    except SystemExit as exit:
        print(exit.code, err.getvalue().splitlines()[-1])
sub = argparse.ArgumentParser(prog="git")
commands = sub.add_subparsers(dest="command", required=True)
add = commands.add_parser("add", help="add files")
add.add_argument("files", nargs="+")
commands.add_parser("log").add_argument("-n", type=int, default=10)
print(sub.parse_args(["add", "a", "b"]), sub.parse_args(["log", "-n3"]), parser.parse_known_args(["x", "--zzz", "5"]))
sub.print_usage()
