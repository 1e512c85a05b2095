"""In development mode the name of an error handler is looked up when a stream is made."""
import io

for options in {"errors": "nope"}, {"encoding": "nope"}, {"encoding": "utf-8", "errors": "nope"}, {"errors": "strict"}:
    try:
        io.TextIOWrapper(io.BytesIO(), **options)
        print("made")
    except LookupError as error: print(error)
try: open(__file__, errors="nope")
except LookupError as error: print(error)
