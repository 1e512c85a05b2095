# Hashes by name, keyed hashes, and keys derived from passwords.
import hashlib
import hmac

for name in sorted(hashlib.algorithms_guaranteed):
    state = hashlib.new(name, b"abc")
    state.update(b"def")
    copy = state.copy()
    copy.update(b"x")
    length = (20,) if name.startswith("shake") else ()
    print(name, state.name, state.digest_size, state.block_size, state.hexdigest(*length), copy.digest(*length)[:4])

for name in "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256":
    print(name, hmac.new(b"key" * 60, b"message", name).hexdigest(), hmac.digest(b"key", b"message", name) == hmac.new(b"key", b"message", name).digest())
    print(hashlib.pbkdf2_hmac(name, b"password", b"salt", 10, 70).hex())
print(hashlib.scrypt(b"password", salt=b"NaCl", n=16, r=8, p=1, dklen=32).hex())
keyed = hmac.new(b"key", digestmod=hashlib.sha256)
keyed.update(b"one")
other = keyed.copy()
other.update(b"two")
print(keyed.name, keyed.hexdigest() == hmac.new(b"key", b"one", "sha256").hexdigest(), other.digest_size, other.block_size)
print(hmac.compare_digest("a", "a"), hmac.compare_digest(b"a", b"b"))


def attempt(f, *args, **kwargs):
    try:
        print(f(*args, **kwargs))
    except Exception as error:
        print(type(error).__name__, error)


attempt(hashlib.new, "sha256", "text")
attempt(hashlib.new, "nothing")
attempt(hashlib.sha256, 5)
attempt(hmac.new, b"key", b"message")
attempt(hashlib.pbkdf2_hmac, "sha256", b"", b"", 0)
attempt(hashlib.pbkdf2_hmac, "sha256", b"", b"", 1, 0)
attempt(hashlib.scrypt, b"", salt=b"", n=3, r=1, p=1)
attempt(hashlib.scrypt, b"", salt=b"", n=2**20, r=8, p=1)
