"""A mirror that speaks the protocol of C2SP tlog-mirror, with keys of the independent reading, and lies as it is told."""
import base64
import gzip
import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import merkle
import mtc
import note

DASH = '\u2014'
HONEST, FORKED_VIEW, OTHER_CHECKPOINT, OTHER_SUBTREE, GARBAGE = range(5)


class Key:
    """What note.key_id wants of a key."""

    def __init__(self, signer):
        self.name, self.oid, self.spki = signer.name, signer.oid, signer.spki


class Liar:
    """lie: what it does from now on. Everything below it is kept in memory."""

    def __init__(self, signer, log_id, mirror_id, hash_name):
        self.signer, self.log_id, self.id, self.hash_name = signer, log_id, mirror_id, hash_name
        self.name, self.origin = mtc.cosigner_name(mirror_id).decode(), mtc.cosigner_name(log_id).decode()
        self.lie, self.lock = HONEST, threading.Lock()
        self.pending, self.leaves, self.requests = 0, [], {}
        liar = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                if self.headers.get('Content-Encoding') == 'gzip':
                    body = gzip.decompress(body)
                self.reply(*liar.post(self.path, body))

            def do_GET(self):
                self.reply(*liar.get(self.path))

            def reply(self, status, body, kind='text/plain'):
                self.send_response(status)
                self.send_header('Content-Type', kind)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        self.server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __str__(self):
        return f'127.0.0.1:{self.server.server_port}'

    def vkey(self):
        material = b'\xff' + f'mtc-cosignature/v1/{self.signer.oid}\n'.encode() + self.signer.spki
        return f'{self.name}+{note.key_id(self.name, Key(self.signer)).hex()}+{base64.b64encode(material).decode()}'

    # ---- the protocol ----

    def post(self, path, body):
        with self.lock:
            self.requests[path] = self.requests.get(path, 0) + 1
            return {'/add-checkpoint': self.add_checkpoint, '/add-entries': self.add_entries,
                    '/sign-subtree': self.sign_subtree}[path](body)

    def add_checkpoint(self, body):
        first, rest = body.split(b'\n', 1)
        if int(first.split()[1]) != self.pending:
            return 409, f'{self.pending}\n'.encode(), 'text/x.tlog.size'
        self.pending = note.Checkpoint(rest.split(b'\n\n', 1)[1] if rest[:1] != b'\n' else rest[1:]).size
        return 200, b''

    def add_entries(self, body):
        at = 2 + int.from_bytes(body[:2], 'big')
        start, end = int.from_bytes(body[at:at + 8], 'big'), int.from_bytes(body[at + 8:at + 16], 'big')
        at += 18 + int.from_bytes(body[at + 16:at + 18], 'big')
        if end != self.pending or start != len(self.leaves):
            return 409, f'{self.pending}\n{len(self.leaves)}\n\n'.encode(), 'text/x.tlog.mirror-info'
        while start < end:
            stop = min(start // 256 * 256 + 256, end)
            for _ in range(start, stop):
                size = int.from_bytes(body[at:at + 2], 'big')
                self.leaves.append(merkle.leaf_hash(self.hash_name, body[at + 2:at + 2 + size]))
                at += 2 + size
            at += 1 + 32 * body[at]
            start = stop
        return 200, self.line(0, end, int(time.time()), self.lie == OTHER_CHECKPOINT)

    def sign_subtree(self, body):
        _, start, end = body.split(b'\n', 1)[0].split()
        return 200, self.line(int(start), int(end), 0, self.lie == OTHER_SUBTREE)

    def get(self, path):
        if path != f'/mirror/{hashlib.sha256(self.origin.encode()).hexdigest()}/checkpoint' or not self.leaves:
            return 404, b''
        with self.lock:
            size, is_forked = len(self.leaves), self.lie in (FORKED_VIEW, OTHER_CHECKPOINT)
            root = base64.b64encode(self.hash(0, size, is_forked)).decode()
            return 200, f'{self.origin}\n{size}\n{root}\n\n'.encode() + self.line(0, size, int(time.time()), is_forked)

    # ---- what it signs ----

    def hash(self, start, end, is_forked):
        leaves = list(self.leaves[:end])
        if is_forked:
            leaves[-1] = merkle.leaf_hash(self.hash_name, b'another entry')
        return merkle.Tree(self.hash_name, leaves).mth(start, end)

    def line(self, start, end, timestamp, is_forked):
        message = mtc.cosigned_message(self.id, self.log_id, timestamp, start, end, self.hash(start, end, is_forked))
        signature = self.signer.sign(message)
        if self.lie == GARBAGE:
            signature = bytes(len(signature))
        payload = note.key_id(self.name, Key(self.signer)) + timestamp.to_bytes(8, 'big') + signature
        return f'{DASH} {self.name} {base64.b64encode(payload).decode()}\n'.encode()
