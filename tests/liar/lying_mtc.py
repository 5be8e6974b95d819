"""A Merkle Tree CA's issuance log and its mirrors, in memory: honest until told otherwise. Mounted in a liar_server.Server.

The CA is a GM one (SM2, SM3) of draft -07 as forge makes it. Lies of the log: two views, a smaller tree, another entry, old
time. Lies of a mirror: stale (it stays where it is), another view."""
import base64
import copy
import hashlib
import threading
import time

import pki                                   # first: it says where the independent reading is
import ct_wire
import forge
import merkle
import mtc
import note


class Key:
    """What note.key_id wants of a key."""

    def __init__(self, signer):
        self.name, self.oid, self.spki = signer.name, signer.oid, signer.spki


def note_line(name, signer, timestamp, message_of):
    signature = signer.sign(message_of)
    payload = note.key_id(name, Key(signer)) + timestamp.to_bytes(8, 'big') + signature
    return f'{ct_wire.DASH} {name} {base64.b64encode(payload).decode()}\n'


class LyingMtcLog:
    """title: the path of the log's prefix; the CA's certificate is self.certificate (DER)."""

    def __init__(self, title='mtc', ca_id='32473.7', seed=0x1234567):
        self.title, self.ca_id, self.signer = f'{title}/1', ca_id, forge.Sm2Signer(seed)     # the last part is the log's number
        self.log = forge.Log(self.signer, ca_id)
        self.log.add_null()
        self.fork = None
        self.certificate = forge.ca_certificate(self.signer, ca_id)
        self.origin = mtc.cosigner_name(self.log.log_id).decode()
        self.lock, self.url, self.state = threading.RLock(), None, 'usable'
        self.split, self.turn, self.shrink_to, self.replaced, self.time_offset_s, self.wrong_signer = False, 0, -1, -1, 0, None
        self.mirrors = []

    def add(self, *names, extensions=None, times=None):
        """An entry for the names; its index."""
        now = int(time.time())
        body = extensions if extensions is not None else (pki.alternative_names(names) + forge.KEY_USAGE + forge.SERVER_AUTH)
        with self.lock:
            for log in filter(None, (self.log, self.fork)):
                log.add(forge.Sm2Signer(0x7654321).spki if not log.entries[1:] else self.subject_key(log), body,
                        times or pki.validity(now - 3600, now + 7 * 86400))
            return len(self.log.entries) - 1

    @staticmethod
    def subject_key(log):
        return next(i[1] for i in log.inputs if i is not None)

    def make_fork(self, at):
        """Another history from index `at` on."""
        with self.lock:
            self.fork = copy.copy(self.log)
            self.fork.inputs, self.fork.entries, self.fork.leaves = self.log.inputs[:at], self.log.entries[:at], self.log.leaves[:at]
            for _ in range(at, len(self.log.entries)):
                self.fork.add(forge.Sm2Signer(0x99).spki, pki.alternative_names(['fork.example']) + forge.KEY_USAGE + forge.SERVER_AUTH)

    def mirror(self, mirror_id, seed=b'm' * 32):
        self.mirrors.append(Mirror(self, mirror_id, forge.Ed25519Signer(seed)))
        return self.mirrors[-1]

    # ---- what is served ----

    def size(self, log):
        return self.shrink_to if 0 <= self.shrink_to < len(log.entries) else len(log.entries)

    def checkpoint(self, log, size=None):
        size = self.size(log) if size is None else size
        root = log.tree().mth(0, size)
        at = int(time.time()) + self.time_offset_s
        name = mtc.cosigner_name(self.ca_id).decode()
        message = mtc.cosigned_message(self.ca_id, log.log_id, at, 0, size, root)
        return (f'{self.origin}\n{size}\n{base64.b64encode(root).decode()}\n\n' + note_line(name, self.wrong_signer or self.signer, at, message)).encode()

    def tile(self, log, level, number, width):
        span, start, size = 256 ** (level or 0), number * 256, len(log.entries)
        if start + width > size // span:
            return None
        if level is None:
            entries = [log.entries[0] if i == self.replaced else log.entries[i] for i in range(start, start + width)]
            return b''.join(len(e).to_bytes(2, 'big') + e for e in entries)
        tree = log.tree()
        return b''.join(tree.mth(i * span, (i + 1) * span) for i in range(start, start + width))

    def landmarks(self):
        """One expired landmark and number zero, as an own log shows that has none yet."""
        return b'0\n0 0\n'

    def static(self, rest):
        with self.lock:
            if rest == 'checkpoint':
                self.turn += 1
            log = self.fork if self.split and self.fork is not None and self.turn % 2 == 0 else self.log
            if rest == 'checkpoint':
                return self.checkpoint(log)
            if rest == 'landmarks':
                return self.landmarks()
            return tile_of(rest, lambda *where: self.tile(log, *where))


class Mirror:
    """A mirror that has everything at once. stale: it stays at its size; is_forked: it shows the fork."""

    def __init__(self, log, mirror_id, signer):
        self.log, self.id, self.signer, self.stale_at, self.is_forked = log, mirror_id, signer, None, False
        self.name = mtc.cosigner_name(mirror_id).decode()
        self.path = f'mirror/{hashlib.sha256(log.origin.encode()).hexdigest()}'

    def go_stale(self):
        self.stale_at = len(self.log.log.entries)

    def vkey(self):
        material = b'\xff' + f'mtc-cosignature/v1/{self.signer.oid}\n'.encode() + self.signer.spki
        return f'{self.name}+{note.key_id(self.name, Key(self.signer)).hex()}+{base64.b64encode(material).decode()}'

    def static(self, rest):
        with self.log.lock:
            log = self.log.fork if self.is_forked and self.log.fork is not None else self.log.log
            size = len(log.entries) if self.stale_at is None else self.stale_at
            if rest != 'checkpoint':
                return tile_of(rest, lambda *where: self.log.tile(log, *where))
            at, root = int(time.time()), log.tree().mth(0, size)
            line = note_line(self.name, self.signer, at, mtc.cosigned_message(self.id, log.log_id, at, 0, size, root))
            return self.log.checkpoint(log, size) + line.encode()


def tile_of(rest, tile):
    import re
    match = re.fullmatch(r'tile/(entries|[0-5])/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?', rest)
    if not match:
        return None
    level = None if match[1] == 'entries' else int(match[1])
    return tile(level, int(match[2].replace('x', '').replace('/', '')), int(match[3]) if match[3] else 256)
