"""cathaya perspective run, as a CA asks it: on loopback, with a DNS and a web server of this test's own."""

import http.client
import http.server
import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

PROGRAM = os.environ["CATHAYA_PROGRAM"]
EXAMPLES = os.environ["CATHAYA_EXAMPLES"]
SECRET = "0123456789abcdef0123456789abcdef"
TOKEN = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
KEY_AUTHORIZATION = TOKEN + ".9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"
DIGEST = "lCM7cZyQXcVHK2nnW3jjAhNT3Fvm18UN-kWZZknKoYM"
ACCOUNT = "https://ca.example/acct/7"
A, TXT, AAAA, CAA = 1, 16, 28, 257


def txt(text):
    return bytes([len(text)]) + text.encode()


def caa(tag, value, flags=0):
    return bytes([flags, len(tag)]) + tag.encode() + value.encode()


LOOPBACK = socket.inet_aton("127.0.0.1")
ZONE = {
    ("good.test", A): [LOOPBACK],
    ("private.test", A): [socket.inet_aton("10.0.0.1")],
    ("away.test", A): [LOOPBACK],
    ("caa.test", A): [LOOPBACK],
    ("caa.test", CAA): [caa("issue", "other.example")],
    ("_acme-challenge.good.test", TXT): [txt("x"), txt(DIGEST)],
    ("_validation-persist.good.test", TXT): [txt("ca.example; accounturi=" + ACCOUNT)],
}


class Dns(threading.Thread):
    """Answers what is in ZONE; names above a known one exist, all others do not."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    @staticmethod
    def answer(query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        name, (kind,) = ".".join(labels), struct.unpack(">H", query[at + 1:at + 3])
        question = query[12:at + 5]
        records = ZONE.get((name, kind), [])
        exists = any(known == name or known.endswith("." + name) or not name for known, _ in ZONE)
        head = query[:2] + struct.pack(">HHHHH", 0x8580 | (0 if exists else 3), 1, len(records), 0, 0)
        body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 5, len(r)) + r for r in records)
        return head + question + body

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            self.socket.sendto(self.answer(query), peer)


class Web(http.server.BaseHTTPRequestHandler):
    seen = []

    def do_GET(self):
        Web.seen.append((self.headers["Host"], self.path))
        if self.headers["Host"].startswith("away.test"):
            self.send_response(302)
            self.send_header("Location", "http://private.test/")
            self.end_headers()
            return
        body = (KEY_AUTHORIZATION + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)


class Perspective(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.dns = Dns()
        cls.dns.start()
        cls.web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
        threading.Thread(target=cls.web.serve_forever, daemon=True).start()
        path = cls.directory.name
        write(f"{path}/secret", SECRET + "\n", 0o600)
        write(f"{path}/p.conf", f"""
listen = {{"127.0.0.1:0"}}
admin-listen = "127.0.0.1:0"
log-format = "json"
log-level = "debug"
secret-files = {{"secret"}}
caa-identities = {{"ca.example"}}
http-port = {cls.web.server_port}
reach = {{"127.0.0.0/8"}}
dns {{
    resolvers = {{"127.0.0.1@{cls.dns.port}"}}
    insecure = {{"test"}}
    loopback-only = true
}}
""")
        cls.errors = open(f"{path}/stderr", "w+", encoding="utf-8")
        cls.process = subprocess.Popen([PROGRAM, "perspective", "run", "--config", f"{path}/p.conf"],
                                       stdout=subprocess.PIPE, stderr=cls.errors, text=True)
        cls.addresses = {}
        for line in cls.process.stdout:
            words = line.split()
            if words == ["ready"]:
                break
            cls.addresses[words[1]] = words[2]

    @classmethod
    def tearDownClass(cls):
        if cls.process.poll() is None:
            cls.process.kill()
        cls.process.wait()
        cls.process.stdout.close()
        cls.web.shutdown()
        cls.web.server_close()
        cls.errors.close()
        cls.directory.cleanup()

    def ask(self, method="POST", path="/validate", secret=SECRET, body=None, to="perspective"):
        connection = http.client.HTTPConnection(self.addresses[to], timeout=60)
        headers = {"Content-Type": "application/json"}
        if secret is not None:
            headers["Authorization"] = "Bearer " + secret
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        content = response.read().decode()
        connection.close()
        return response.status, content

    def validate(self, challenge, name, kind="dns", **more):
        request = {"version": 1, "challenge": challenge, "identifier": {"type": kind, "value": name},
                   "wildcard": False, "intranet": False, "caa-only": False, "token": TOKEN,
                   "key-authorization": KEY_AUTHORIZATION, "account-url": ACCOUNT}
        request.update(more)
        status, content = self.ask(body=json.dumps(request))
        self.assertEqual(status, 200, content)
        self.assertNotIn(TOKEN, content)
        return json.loads(content)

    def test_methods(self):
        good = {"version": 1, "valid": True, "reuse-max": None}
        self.assertEqual(self.validate("http-01", "good.test"), good)
        self.assertEqual(self.validate("http-01", "127.0.0.1", kind="ip"), good)
        self.assertEqual(self.validate("dns-01", "good.test"), good)
        self.assertEqual(self.validate("dns-01", "good.test", wildcard=True), good)
        self.assertEqual(self.validate("http-01", "good.test", **{"caa-only": True}), good)
        persist = self.validate("dns-persist-01", "good.test", token=None, **{"key-authorization": None})
        self.assertTrue(persist["valid"])
        self.assertLessEqual(persist["reuse-max"], 5)

    def test_refusals(self):
        for challenge, name, problem, words in (
                ("http-01", "private.test", "connection", "not an address of the public Internet"),
                ("http-01", "away.test", "connection", "not an address of the public Internet"),
                ("http-01", "nobody.test", "dns", "no A or AAAA"),
                ("http-01", "caa.test", "caa", "other.example"),
                ("dns-01", "caa.test", "unauthorized", "does not exist"),
                ("tls-alpn-01", "nobody.test", "dns", "no A or AAAA")):
            result = self.validate(challenge, name)
            self.assertEqual((result["valid"], result.get("problem")), (False, problem), result)
            self.assertIn(words, result["detail"])
        self.assertFalse(any(host.startswith("private") for host, _ in Web.seen))

    def test_doors(self):
        self.assertEqual(self.ask(body="{}")[0], 400)
        self.assertEqual(self.ask(body="{}", secret=SECRET[:-1] + "0")[0], 401)
        self.assertEqual(self.ask(body="{}", secret=None)[0], 401)
        self.assertEqual(self.ask(method="GET")[0], 405)
        self.assertEqual(self.ask(body="x" * 10000)[0], 413)
        self.assertEqual(self.ask(path="/other", body="{}")[0], 404)
        self.assertEqual(self.ask(method="GET", path="/readyz", to="admin")[0], 200)
        status, text = self.ask(method="GET", path="/metrics", to="admin")
        self.assertEqual(status, 200)
        self.assertIn('cathaya_perspective_requests_total{result="unauthorized"}', text)

    def test_zz_end(self):
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(timeout=60), 0)
        self.errors.seek(0)
        log = self.errors.read()
        self.assertIn("validation-failed", log)
        self.assertNotIn(TOKEN, log)
        self.assertNotIn(SECRET, log)
        for line in log.splitlines():
            json.loads(line)


class Configuration(unittest.TestCase):
    def check(self, changes, status, words):
        with tempfile.TemporaryDirectory() as directory:
            lines = {"listen": '{"127.0.0.1:0"}', "secret-files": '{"secret"}', "caa-identities": '{"ca.example"}'}
            lines.update(changes)
            write(f"{directory}/secret", SECRET + "\n", 0o600)
            write(f"{directory}/open", SECRET + "\n", 0o644)
            write(f"{directory}/short", "x\n", 0o600)
            write(f"{directory}/p.conf", "".join(f"{k} = {v}\n" for k, v in lines.items() if v))
            done = subprocess.run([PROGRAM, "perspective", "run", "--check-config", "--config", f"{directory}/p.conf"],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(words, done.stdout + done.stderr)

    def test_good(self):
        self.check({}, 0, "p.conf: OK")

    def test_bad(self):
        for changes, words in (
                ({"listen": None}, "listen: 1 to 8"),
                ({"listen": '{"0.0.0.0:80"}'}, "without tls-certificate"),
                ({"tls-key": '"x"'}, "come together"),
                ({"secret-files": None}, "secret-files"),
                ({"secret-files": '{"open"}'}, "open"),
                ({"secret-files": '{"short"}'}, "32 to 256"),
                ({"secret-files": '{"nowhere"}'}, "nowhere"),
                ({"caa-identities": None}, "caa-identities"),
                ({"http-port": "0"}, "http-port"),
                ({"reach": '{"127.0.0.1"}'}, "no range"),
                ({"log-format": '"xml"'}, "log-format"),
                ({"log-level": '"loud"'}, "log-level"),
                ({"unknown": "1"}, "unknown")):
            self.check(changes, 2, words)

    def test_example(self):
        """It is good but for the files that it names."""
        with open(f"{EXAMPLES}/perspective.conf", encoding="utf-8") as f:
            text = f.read()
        with tempfile.TemporaryDirectory() as directory:
            os.mkdir(f"{directory}/secrets")
            write(f"{directory}/secrets/ca", SECRET, 0o600)
            text = text.replace('tls-certificate = "tls/chain.pem"\n', "").replace('tls-key = "tls/key.pem"\n', "")
            write(f"{directory}/p.conf", text.replace('"[::]:8443"', '"[::1]:8443"'))
            done = subprocess.run([PROGRAM, "perspective", "run", "--check-config", "--config", f"{directory}/p.conf"],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
