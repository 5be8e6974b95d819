"""Runs the program, and makes what it is run on: a small GM hierarchy, by the independent reading's forge."""
import base64
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get('CATHAYA_PROGRAM') or os.path.join(HERE, '..', '..', 'build', 'cathaya')
sys.path.insert(0, os.path.join(HERE, '..', 'independent'))

import der
import forge

AT = '2025-01-01T00:00:00Z'
CA_ID, MIRROR_ID = '32473.7', '32473.9.1'


def run(*arguments, stdin=None, **more):
    """(exit status, stdout, stderr) of the program."""
    done = subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True, timeout=60, **more)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def pem(encoding, label='CERTIFICATE'):
    body = base64.b64encode(encoding).decode()
    lines = [body[i:i + 64] for i in range(0, len(body), 64)]
    return '\n'.join([f'-----BEGIN {label}-----', *lines, f'-----END {label}-----', ''])


class World(unittest.TestCase):
    """A GM CA (SM2, SM3) whose log has 7 entries, a mirror, and another CA; files below self.folder."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = scratch.name
        cls.signer, cls.mirror = forge.Sm2Signer(0x1234567), forge.Ed25519Signer(b'm' * 32)
        cls.log = forge.Log(cls.signer, CA_ID)
        cls.log.add_null()
        subject = forge.Sm2Signer(0x7654321)
        for _ in range(5):
            cls.log.add(subject.spki)
        cls.log.add(subject.spki, times=forge.validity('200101000000Z', '240101000000Z'))
        cls.ca = forge.ca_certificate(cls.signer, CA_ID)
        cls.write_all()

    @classmethod
    def write_all(cls):
        cosigned = [(CA_ID, cls.log.cosign(CA_ID, cls.signer, 4, 7)), (MIRROR_ID, cls.log.cosign(MIRROR_ID, cls.mirror, 4, 7))]
        cls.standalone = cls.log.certificate(5, cls.log.proof(5, 4, 7, cosigned))
        cls.landmark = cls.log.certificate(5, cls.log.proof(5, 4, 7, []))
        cls.expired = cls.log.certificate(6, cls.log.proof(6, 4, 7, cosigned))
        cls.put('ca.pem', pem(cls.ca))
        cls.put('ca.der', cls.ca)
        cls.put('other-ca.pem', pem(forge.ca_certificate(forge.Sm2Signer(99), '32473.8')))
        cls.put('standalone.pem', pem(cls.standalone))
        cls.put('standalone.der', cls.standalone)
        cls.put('landmark.pem', pem(cls.landmark))
        cls.put('expired.pem', pem(cls.expired))
        cls.put('full-chain.pem', pem(cls.standalone) + '\n' + pem(cls.ca))
        key = base64.b64encode(cls.mirror.spki).decode()
        root = base64.b64encode(cls.log.tree().mth(4, 7)).decode()
        cls.put('policy.txt', f'cosigner {MIRROR_ID} ed25519 {key}\nrequire-cosigners all {MIRROR_ID}\n')
        cls.put('subtree.txt', f'trusted-subtree {CA_ID} 1 4 7 {root}\n')

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    @classmethod
    def put(cls, name, content):
        os.makedirs(os.path.dirname(cls.path(name)), exist_ok=True)
        with open(cls.path(name), 'wb') as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return cls.path(name)

    def verify(self, *arguments):
        return run('verify', '--ca', self.path('ca.pem'), '--at', AT, *arguments)

    def assert_usage(self, arguments, *words):
        """Exit status 2, nothing on stdout, one line on stderr that says what and where."""
        status, out, errors = run(*arguments)
        self.assertEqual((status, out), (2, ''), errors)
        self.assertTrue(errors.startswith('cathaya: '), errors)
        self.assertEqual(errors.count('\n'), 1, errors)
        for word in words:
            self.assertIn(word, errors)


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def serve(test, documents):
    """An HTTP server with what {path: bytes} has at the moment, for the time of a test; its URL without a slash at the end."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = documents.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header('Content-Length', str(len(body or b'')))
            self.end_headers()
            self.wfile.write(body or b'')

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    test.addCleanup(server.server_close)
    test.addCleanup(server.shutdown)
    return f'http://127.0.0.1:{server.server_port}'
