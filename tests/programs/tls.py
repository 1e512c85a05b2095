# TLS between two objects in memory: handshakes of both versions, certificates and their refusal, callbacks, sessions, ends.
import os
import pprint
import ssl
import tempfile
import warnings

warnings.simplefilter("ignore")

AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBkzCCATmgAwIBAgIBATAKBggqhkjOPQQDAjAwMRUwEwYDVQQKDAxTY29yaWEg
VGVzdHMxFzAVBgNVBAMMDlRlc3QgQXV0aG9yaXR5MCAXDTIwMDEwMTAwMDAwMFoY
DzIxMjAwMTAxMDAwMDAwWjAwMRUwEwYDVQQKDAxTY29yaWEgVGVzdHMxFzAVBgNV
BAMMDlRlc3QgQXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEl+/3
X5VEFJDhkUh+pHoB44HXduCfEJ+JFsw8i5sPIrMBIYDexK5CWNCmUlrChfn48HkV
Z9BUiFQL6dqEwW7k0KNCMEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMC
AQYwHQYDVR0OBBYEFIeKZ6a2MUAju87q+3JfnNd1FZDcMAoGCCqGSM49BAMCA0gA
MEUCIQD4u8uTgXfSH+ifXbSRjvc/yRt9xIDAXhWW2RA8UqwQ5gIgXkMALWhwG9JC
QJKC85KCQCOwRvE6gC/Gv7UEdePM53I=
-----END CERTIFICATE-----
"""
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIICezCCAiKgAwIBAgIEEjSrzTAKBggqhkjOPQQDAjAwMRUwEwYDVQQKDAxTY29y
aWEgVGVzdHMxFzAVBgNVBAMMDlRlc3QgQXV0aG9yaXR5MCAXDTIwMDEwMTAwMDAw
MFoYDzIxMjAwMTAxMDAwMDAwWjArMRUwEwYDVQQKDAxTY29yaWEgVGVzdHMxEjAQ
BgNVBAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJffnFil
rbMxG/3aS2b5M7UJsYa9xC+CIK15N7GGKi5SIhS5gxjffpga5ECBMpsnoKyQfIij
Z4U8capwzizLaEujggErMIIBJzAJBgNVHRMEAjAAMAsGA1UdDwQEAwIHgDAdBgNV
HSUEFjAUBggrBgEFBQcDAQYIKwYBBQUHAwIwNAYDVR0RBC0wK4IJbG9jYWxob3N0
gg4qLmV4YW1wbGUudGVzdIcEfwAAAYEIYUBiLnRlc3QwUAYIKwYBBQUHAQEERDBC
MB0GCCsGAQUFBzABhhFodHRwOi8vb2NzcC50ZXN0LzAhBggrBgEFBQcwAoYVaHR0
cDovL2NhLnRlc3QvY2EuY2VyMCYGA1UdHwQfMB0wG6AZoBeGFWh0dHA6Ly9jcmwu
dGVzdC9hLmNybDAdBgNVHQ4EFgQUvxriU8YhzScWIIVRPLF+mrk7EN0wHwYDVR0j
BBgwFoAUh4pnprYxQCO7zur7cl+c13UVkNwwCgYIKoZIzj0EAwIDRwAwRAIgExEu
9McgmuRvMaTFfjBSG6rCHNru/mr/tCAzBOBENiACIEjRF8BY24zknWJpUD5qIhS1
x0nu3qFAW+Afpbv1AhNj
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAPzUaqvzDuOD3RNE
/zFu+YwkxSNY+a+sC6XZOfBEjRGhRANCAASX35xYpa2zMRv92ktm+TO1CbGGvcQv
giCteTexhiouUiIUuYMY336YGuRAgTKbJ6CskHyIo2eFPHGqcM4sy2hL
-----END PRIVATE KEY-----
"""
ENCRYPTED_KEY = """\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhQhflHNFikVgICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEELvNX/HiYTV4yDjvOZVgR9EEgZAv
w4T0eTg9ZsP8M9CTI6Ho+w8xxZRiK+pOlr2Kt7sgGgFw6aMHe3kndlKMYw6AMLjf
0PWh54zFRJPsSmoNoXYxyApd1a8MnvtMgAy6EMUJDZwqGIjnBpqkkbfV2LnRHwhP
ZY8GpVYTjQYn5bu93wdlig7/3N0TX5PmMkyITXCkkFvrv+BRJkTx9zSYAUPfqzU=
-----END ENCRYPTED PRIVATE KEY-----
"""

folder = tempfile.mkdtemp()


def file(name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        f.write(text)
    return path


CHAIN = file("chain.pem", CERTIFICATE + KEY)
ENCRYPTED = file("encrypted.pem", CERTIFICATE + ENCRYPTED_KEY)
TRUST = file("trust.pem", AUTHORITY)


def contexts(version=None):
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(TRUST)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(CHAIN)
    if version:
        client.maximum_version = client.minimum_version = version
    return client, server


class Pair:
    def __init__(self, client, server, name="localhost", session=None):
        self.bios = [ssl.MemoryBIO() for _ in range(4)]
        c_in, c_out, s_in, s_out = self.bios
        self.client = client.wrap_bio(c_in, c_out, server_hostname=name, session=session)
        self.server = server.wrap_bio(s_in, s_out, server_side=True)

    def move(self):
        c_in, c_out, s_in, s_out = self.bios
        s_in.write(c_out.read())
        c_in.write(s_out.read())

    def shake(self):
        done = set()
        for _ in range(6):
            for side in (self.client, self.server):
                try:
                    side.do_handshake()
                    done.add(side)
                except ssl.SSLWantReadError:
                    pass
                finally:
                    self.move()
            if len(done) == 2:
                return self
        raise RuntimeError("no end to it")


def attempt(f, *args, **kwargs):
    try:
        print("->", f(*args, **kwargs))
    except Exception as error:
        text = str(error).split(" (_ssl.c")[0]
        extra = [getattr(error, name, None) for name in ("library", "reason", "verify_code", "verify_message")]
        print(type(error).__name__, text, extra)


for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
    client, server = contexts(version)
    client.set_alpn_protocols(["h2", "http/1.1"])
    server.set_alpn_protocols(["http/1.1"])
    pair = Pair(client, server).shake()
    print(pair.client.version(), pair.server.version(), pair.client.cipher() == pair.server.cipher(), pair.client.selected_alpn_protocol())
    print(pair.client.write(b"hello" * 10))
    pair.move()
    print(pair.server.read(7), pair.server.pending(), len(pair.server.read()))
    attempt(pair.server.read)
    buffer = bytearray(20)
    pair.server.write(b"answer")
    pair.move()
    print(pair.client.read(20, buffer), bytes(buffer[:6]))
    print(pair.client.getpeercert()["subject"], pair.server.getpeercert(), pair.client.session_reused, pair.client.compression())
    if version is ssl.TLSVersion.TLSv1_2:
        binding = pair.client.get_channel_binding()
        print(len(binding), binding == pair.server.get_channel_binding())
        session = pair.client.session
        again = Pair(client, server, session=session).shake()
        print(again.client.session_reused, again.client.session == session, again.client.get_channel_binding() == again.server.get_channel_binding())
    attempt(pair.client.unwrap)
    pair.move()
    print(pair.server.read(), pair.server.unwrap())
    pair.move()
    print(pair.client.unwrap())
    attempt(pair.client.write, b"x")

client, server = contexts()
pair = Pair(client, server).shake()
pprint.pprint(pair.client.getpeercert())
print([certificate.get_info()["subject"][-1] for certificate in pair.client._sslobj.get_verified_chain()])
print(pair.client._sslobj.get_unverified_chain())
print(ssl.DER_cert_to_PEM_cert(pair.client.getpeercert(True)) == CERTIFICATE)

print("refusals")
attempt(Pair(client, server, "other.test").shake)
attempt(Pair(client, server, "www.example.test").client.version)
print(Pair(client, server, "www.example.test").shake().client.server_hostname)
attempt(Pair(client, server, "a.b.example.test").shake)
print(bool(Pair(client, server, "127.0.0.1").shake()))
attempt(Pair(client, server, "127.0.0.2").shake)
attempt(Pair(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), server).shake)
strict = ssl.create_default_context(cadata=AUTHORITY)
print(bool(Pair(strict, server).shake()))
revoking = ssl.create_default_context(cadata=AUTHORITY)
revoking.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
attempt(Pair(revoking, server).shake)

print("certificates of clients")
client, server = contexts(ssl.TLSVersion.TLSv1_2)
server.verify_mode = ssl.CERT_REQUIRED
server.load_verify_locations(cadata=AUTHORITY)
attempt(Pair(client, server).shake)
client.load_cert_chain(ENCRYPTED, password=lambda: b"secret")
print(Pair(client, server).shake().server.getpeercert()["serialNumber"])
attempt(client.load_cert_chain, ENCRYPTED, password="wrong")

print("callbacks")
client, server = contexts()
calls = []
other = contexts()[1]
other.set_alpn_protocols(["chosen"])
client.set_alpn_protocols(["chosen"])


def choose(owner, name, context):
    calls.append((name, context is server))
    owner.context = other


server.sni_callback = choose
print(Pair(client, server).shake().client.selected_alpn_protocol(), calls)
server.sni_callback = lambda *args: ssl.ALERT_DESCRIPTION_ACCESS_DENIED
pair = Pair(client, server)
attempt(pair.shake)
attempt(pair.client.do_handshake)

print("ends")
client, server = contexts()
pair = Pair(client, server).shake()
pair.bios[0].write_eof()
attempt(pair.client.read, 1)
attempt(pair.client.write, b"x")
for data in b"GET / HTTP/1.0\r\n\r\n", b"some other protocol":
    pair = Pair(client, server)
    pair.bios[2].write(data)
    attempt(pair.server.do_handshake)

print("contexts")
client, server = contexts()
print(client.cert_store_stats(), client.verify_mode, server.verify_mode, client.get_ca_certs()[0]["subject"])
for call in (
    lambda: client.set_ciphers("nothing"),
    lambda: client.load_verify_locations(cadata="nothing"),
    lambda: client.load_verify_locations(cadata=b"nothing"),
    lambda: server.load_cert_chain(TRUST),
    lambda: server.load_cert_chain(file("mixed.pem", AUTHORITY + KEY)),
    lambda: server.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO()),
    lambda: server.set_ecdh_curve("nothing"),
    lambda: setattr(client, "verify_mode", ssl.CERT_NONE),
):
    attempt(call)
