import sys
print(__name__, repr(__package__), __spec__.name, sys.argv[1:])
sys.exit("leaving with a message")
