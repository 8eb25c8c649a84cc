# SPDX-License-Identifier: EUPL-1.2
"""Devices, session hosts and their connections to the broker of a town, for the stubs and the edges. TOWN and BUILD name
the town's folder and the build; pultctl works in the place "broker" only."""
import base64
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
TOWN, BUILD = os.environ["TOWN"], os.environ["BUILD"]
NAME, PUBLIC, DEVICES = "broker.pult.example", 8443, 8444
WORK = tempfile.mkdtemp(prefix="pult-client.")
# What the broker gives a client that does not go on (10 s for a step), and more for a busy machine. Who is served only
# when somebody else has been given up waits for most of that; who is served beside them is served SOON_S.
PATIENCE_S, SOON_S = 40, 10


def check(holds, sentence):
    if not holds:
        raise AssertionError(sentence)


def run(*words, **options):
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    check(done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def pultctl(*words):
    return run(f"{HERE}/../town/pultctl", TOWN, BUILD, *words)


# ---- devices and their certificates


class Device:
    """An enrolled device, or the agent of a session host."""
    noun = "device"

    def __init__(self, name, tenant="altdorf", folder=WORK):
        self.id, self.key, self.crt = f"{tenant}/{name}", f"{folder}/{name}.key", f"{folder}/{name}.crt"
        self.add(tenant, name)
        self.enrol()

    def add(self, tenant, name):
        pultctl("device", "add", self.id, f"site={tenant}/rathaus", f"room=Zimmer {name}")

    def enrol(self):
        token = pultctl(self.noun, "enrol-token", self.id).split("@")[0]
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-subj", "/CN=x",
            "-keyout", self.key, "-outform", "DER", "-out", f"{self.key}.request")
        with open(f"{self.key}.request", "rb") as file:
            request = base64.b64encode(file.read()).decode()
        answer = ask(connect(PUBLIC), post("/v1/enrol", json.dumps({"token": token, "request": request})))
        check(answer.status == 200, f"enrolment: {answer}")
        certificate = base64.b64decode(json.loads(answer.body)["certificate"])
        with open(self.crt, "w", encoding="ascii") as file:
            file.write(ssl.DER_cert_to_PEM_cert(certificate))

    def set(self, *words):
        pultctl("device", "set", self.id, *words)

    def forge(self, days, usage, ca="/srv/pult-broker/device-ca"):
        """A certificate for the same name and key, by the broker's own device CA; days below 0: it has ended."""
        when = ["-days", str(days)]
        # OpenSSL 3.5 issues none that ends before it begins, and takes both dates instead.
        if days < 0 and "not_before" in subprocess.run(["openssl", "x509", "-help"], capture_output=True, text=True,
                                                       check=False).stderr:
            when = ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"]
        extensions = f"basicConstraints=critical,CA:FALSE\nextendedKeyUsage={usage}\n"
        run("openssl", "req", "-new", "-key", self.key, "-subj", f"/CN={self.id}".replace("altdorf/", "altdorf\\/"),
            "-out", f"{WORK}/forged.csr")
        with open(f"{WORK}/extensions", "w", encoding="ascii") as file:
            file.write(extensions)
        run("openssl", "x509", "-req", "-in", f"{WORK}/forged.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key",
            *when, "-extfile", f"{WORK}/extensions", "-out", f"{WORK}/forged.crt")
        return self.context(f"{WORK}/forged.crt")

    def context(self, crt=None):
        return context_of(self.key.removesuffix(".key"), crt)


# ---- connections


def context_of(path, crt=None):
    """For the certificate and the key whose files begin with `path`."""
    context = ssl.create_default_context(cafile=f"{TOWN}/tls/ca.crt")
    context.load_cert_chain(crt or f"{path}.crt", f"{path}.key")
    return context


def plain(port):
    return socket.create_connection((NAME, port), timeout=PATIENCE_S)


def connect(port, context=None, session=None):
    context = context or ssl.create_default_context(cafile=f"{TOWN}/tls/ca.crt")
    return context.wrap_socket(plain(port), server_hostname=NAME, session=session)


class Answer:
    def __init__(self, status, head, body):
        self.status, self.head, self.body = status, head, body

    def __str__(self):
        return f"{self.status} {self.body[:200]}"

    def code(self):
        return json.loads(self.body)["type"].removeprefix("urn:pult:")


def read_answer(connection):
    """The next answer, or None when the connection ends instead."""
    try:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)
            if not byte:
                return None
            head += byte
        text = head.decode("ascii")
        length = re.search(r"(?i)^content-length: *(\d+)", text, re.M)
        body = b""
        while length and len(body) < int(length[1]):
            more = connection.recv(int(length[1]) - len(body))
            if not more:
                return None
            body += more
        return Answer(int(text.split()[1]), text, body.decode())
    except (ConnectionError, ssl.SSLError):
        return None


def send(connection, data):
    """False when the other side has hung up meanwhile."""
    try:
        connection.sendall(data.encode() if isinstance(data, str) else data)
        return True
    except (ConnectionError, ssl.SSLError):
        return False


def ask(connection, request):
    send(connection, request)
    return read_answer(connection)


def get(path, *headers, verb="GET"):
    return "\r\n".join([f"{verb} {path} HTTP/1.1", f"Host: {NAME}", *headers, "", ""])


def post(path, body, *headers):
    return get(path, f"Content-Length: {len(body)}", *headers, verb="POST") + body


def closes(connection, seconds):
    """The other side hangs up within some seconds, whatever it says before."""
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            connection.settimeout(max(until - time.monotonic(), 0.01))
            if not connection.recv(4096):
                return True
    except TimeoutError:
        return False
    except OSError:
        return True
    return False


def serves():
    began = time.monotonic()
    answer = ask(connect(PUBLIC), get("/healthz"))
    check(answer and answer.status == 200, f"the broker does not serve any more: {answer}")
    return time.monotonic() - began


def gets_through(context):
    try:
        return ask(connect(DEVICES, context), get("/healthz")) is not None
    except (ConnectionError, ssl.SSLError):
        return False


# ---- links


HELLO = b'{"type":"hello","protocol":1,"program":"pult-test","version":"0","capabilities":["message"]}'


def upgrade(path="/v1/devices/link"):
    return get(path, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
               "Sec-WebSocket-Protocol: pult", "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode())


class Link:
    """A link with the broker's hello behind it, or without any word (hello=None)."""

    def __init__(self, device, path="/v1/devices/link", hello=HELLO):
        self.connection = connect(DEVICES, device.context())
        self.answer = ask(self.connection, upgrade(path))
        self.up = self.answer is not None and self.answer.status == 101
        self.rest, self.pongs = b"", False
        if self.up and hello:
            self.frame(1, hello)
            self.first = self.hear()

    def hear(self):
        """The next message of the broker, as bytes; None: it hung up instead."""
        while True:
            message = self.take_frame()
            if message is not None:
                return message
            try:
                data = self.connection.recv(65536)
            except OSError:
                return None
            if not data:
                return None
            self.rest += data

    def take_frame(self):
        """A whole text frame of what has come; others are passed over."""
        while len(self.rest) >= 2:
            length, head = self.rest[1] & 127, 2
            if length == 126 and len(self.rest) >= 4:
                length, head = struct.unpack("!H", self.rest[2:4])[0], 4
            if length > 125 and head == 2 or len(self.rest) < head + length:
                return None
            opcode, payload = self.rest[0] & 15, self.rest[head:head + length]
            self.rest = self.rest[head + length:]
            if opcode == 9 and self.pongs:
                self.frame(10, payload)
            if opcode == 1:
                return payload
        return None

    def frame(self, opcode, payload, final=True):
        head = bytes([(0x80 if final else 0) | opcode])
        length = len(payload)
        if length < 126:
            head += bytes([0x80 | length])
        else:
            head += struct.pack("!BH", 0xfe, length) if length < 65536 else struct.pack("!BQ", 0xff, length)
        mask = os.urandom(4)
        body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        return send(self.connection, head + mask + body)

    def lives(self):
        """It answers a ping, whatever else it says first."""
        self.frame(9, b"still there?")
        heard = b""
        try:
            while b"still there?" not in heard:
                data = self.connection.recv(4096)
                if not data:
                    return False
                heard += data
            return True
        except OSError:
            return False
