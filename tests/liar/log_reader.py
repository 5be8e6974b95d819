"""Reads a CT log over HTTP, both interfaces, and believes nothing: the slow independent checker of tests.

Signatures, hashes and trees are those of tests/independent. What is wrong raises Wrong with words that say what."""
import base64
import gzip
import hashlib
import http.client
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request

import pki
import algorithms
import ct_wire
import merkle
import note


class Wrong(AssertionError):
    """The log lies, or is broken."""


class Refused(Exception):
    """An HTTP error: .status, .text, .headers."""

    def __init__(self, status, text, headers=None):
        super().__init__(f'{status} {text[:300]!r}')
        self.status, self.text, self.headers = status, text, headers


def need(condition, *what):
    if not condition:
        raise Wrong(' '.join(map(str, what)))


class Fields:
    """A reader of TLS presentation language."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        need(self.at + size <= len(self.data), 'a structure is cut off')
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), 'big')

    def opaque(self, size):
        return self.take(self.number(size))

    def is_at_end(self):
        return self.at == len(self.data)

    def end(self):
        need(self.is_at_end(), 'bytes behind a structure')


class LogEntry:
    """One entry as read: what both interfaces have to agree in."""

    def __init__(self, fields, suite):
        begin = fields.at
        self.timestamp, self.kind = fields.number(8), fields.number(2)
        if self.kind == ct_wire.X509_ENTRY:
            self.certificate = fields.opaque(3)
        elif self.kind == ct_wire.PRECERT_ENTRY:
            self.issuer_key_hash, self.tbs = fields.take(32), fields.opaque(3)
        elif self.kind == ct_wire.TBS_CERT_ENTRY:
            self.ca_key_hash, self.mtc_log, self.mtc_index = fields.take(32), fields.opaque(1), fields.number(6)
            self.mtc_entry = fields.opaque(2)
        else:
            raise Wrong(f'unknown entry type {self.kind}')
        self.extensions = fields.opaque(2)
        self.timestamped = fields.data[begin:fields.at]
        self.leaf_hash = suite.hash(b'\0\0\0' + self.timestamped)
        self.chain = self.precertificate = None

    def signed(self):
        """What stands behind the entry type."""
        return self.timestamped[10:len(self.timestamped) - 2 - len(self.extensions)]

    def leaf_index(self):
        fields, found = Fields(self.extensions), None
        while not fields.is_at_end():
            kind, data = fields.number(1), fields.opaque(2)
            if kind == 0:
                need(found is None and len(data) == 5, 'leaf_index is not one number of 5 bytes')
                found = int.from_bytes(data, 'big')
        return found


class Head:
    def __init__(self, size, timestamp, root, signed):
        self.size, self.timestamp, self.root, self.signed = size, timestamp, root, signed

    def __repr__(self):
        return f'{self.size} {self.timestamp} {self.root.hex()[:16]}'


class LogReader:
    """url: of both interfaces; spki: the log's key, DER. ca: a PEM file to trust for https."""

    def __init__(self, url, suite, spki, ca=None, origin=None):
        self.url, self.suite = url.rstrip('/'), suite
        self.key = algorithms.parse_key(algorithms.BY_NAME[suite.key_class], spki)
        self.log_id = suite.hash(spki)
        self.origin = origin or self.url.split('://', 1)[1]
        self.context = ssl.create_default_context(cafile=ca) if ca else None
        self.roots = {}                        # size: root, of everything that has verified

    # ---- HTTP ----

    def get(self, path, **query):
        url = f'{self.url}/{path}' + ('?' + urllib.parse.urlencode(query) if query else '')
        return self.ask(urllib.request.Request(url, headers={'Accept-Encoding': 'gzip, identity'}))

    def post(self, path, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask(urllib.request.Request(f'{self.url}/{path}', data, {'Content-Type': 'application/json'}))

    def ask(self, request):
        try:
            with urllib.request.urlopen(request, timeout=60, context=self.context) as answer:
                data = answer.read()
                return gzip.decompress(data) if answer.headers.get('Content-Encoding') == 'gzip' else data
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, error.read().decode(errors='replace'), error.headers) from None

    def json(self, method, **query):
        return json.loads(self.get(f'ct/v1/{method}', **query))

    # ---- signatures ----

    def check_signed(self, message, signed, what):
        fields = Fields(signed)
        need(fields.take(2) == self.suite.algorithm_bytes, what, 'has other algorithm bytes')
        signature = fields.opaque(2)
        fields.end()
        need(self.key.verify(message, signature), what, 'has a bad signature')

    def checked_head(self, head, what):
        self.check_signed(ct_wire.tree_head_input(head.timestamp, head.size, head.root), head.signed, what)
        known = self.roots.setdefault(head.size, head.root)
        need(known == head.root, what, 'shows another root of size', head.size)
        return head

    def get_sth(self):
        answer = self.json('get-sth')
        root = base64.b64decode(answer[f'{self.suite.hash_name}_root_hash'], validate=True)
        head = Head(answer['tree_size'], answer['timestamp'], root, base64.b64decode(answer['tree_head_signature'], validate=True))
        return self.checked_head(head, 'get-sth')

    def checkpoint(self):
        return self.read_checkpoint(self.get('checkpoint'))

    def read_checkpoint(self, data):
        found = note.Checkpoint(data)
        need(found.origin == self.origin, 'the checkpoint is of', found.origin)
        wanted = self.origin, hashlib.sha256(self.origin.encode() + b'\n\x05' + self.log_id).digest()[:4]
        mine = [payload for name, key, payload in found.note.signatures if (name, key) == wanted]
        need(len(mine) == 1, 'the checkpoint has', len(mine), 'signatures of the log')
        return self.checked_head(Head(found.size, int.from_bytes(mine[0][:8], 'big'), found.root, mine[0][8:]), 'checkpoint')

    def check_sct(self, answer, entry):
        """answer: of add-chain, as JSON; entry: a ct_wire.Entry. The leaf hash and index that it promises."""
        need(answer['sct_version'] == 0 and base64.b64decode(answer['id']) == self.log_id, 'an SCT of another log')
        extensions = base64.b64decode(answer['extensions'], validate=True)
        promised = ct_wire.Entry(entry.suite, entry.kind, entry.signed, entry.chain, entry.precertificate, answer['timestamp'], extensions)
        self.check_signed(promised.sct_input(), base64.b64decode(answer['signature'], validate=True), 'SCT')
        fields = Fields(extensions)
        need(fields.take(3) == b'\0\0\5', 'no leaf_index')
        return promised.leaf_hash(), fields.number(5)

    # ---- entries ----

    def entries(self, size, at_a_time=256):
        """All entries below size by get-entries, however few each answer has."""
        out = []
        while len(out) < size:
            answer = self.json('get-entries', start=len(out), end=min(size, len(out) + at_a_time) - 1)['entries']
            need(answer, 'get-entries gives nothing')
            for item in answer:
                out.append(self.read_entry(item))
        need(len(out) == size, 'get-entries gives more than was asked')
        return out

    def read_entry(self, item):
        fields = Fields(base64.b64decode(item['leaf_input'], validate=True))
        need(fields.take(2) == b'\0\0', 'not a timestamped_entry of version 1')
        entry = LogEntry(fields, self.suite)
        fields.end()
        extra = Fields(base64.b64decode(item['extra_data'], validate=True))
        if entry.kind == ct_wire.PRECERT_ENTRY:
            entry.precertificate = extra.opaque(3)
        chain, entry.chain = Fields(extra.opaque(3)), []
        extra.end()
        while not chain.is_at_end():
            entry.chain.append(chain.opaque(3))
        return entry

    def tile(self, kind, number, width):
        name = f'tile/{kind}/{ct_wire.tile_name(number)}'
        if width == 256:
            return self.get(name)
        try:
            return self.get(f'{name}.p/{width}')
        except Refused as error:
            need(error.status == 404, 'a partial tile:', error)
            return self.get(name)

    def tiled_entries(self, size):
        out, issuers = [], {}
        for first in range(0, size, 256):
            width = min(256, size - first)
            fields = Fields(self.tile('data', first // 256, width))
            for _ in range(width):
                out.append(self.read_tile_leaf(fields, issuers))
            if width == 256:
                fields.end()
        return out

    def read_tile_leaf(self, fields, issuers):
        entry = LogEntry(fields, self.suite)
        if entry.kind == ct_wire.PRECERT_ENTRY:
            entry.precertificate = fields.opaque(3)
        prints, entry.chain = fields.opaque(2), []
        for i in range(0, len(prints), 32):
            name = prints[i:i + 32].hex()
            if name not in issuers:
                issuers[name] = self.get(f'issuer/{name}')
                need(self.suite.hash(issuers[name]).hex() == name, 'an issuer that is another one')
            entry.chain.append(issuers[name])
        return entry

    def check_tiles(self, tree, size):
        """Every hash tile of a tree of `size` is what the entries give."""
        level, span = 0, 1
        while size // span:
            for first in range(0, size // span, 256):
                width = min(256, size // span - first)
                data = self.tile(level, first // 256, width)[:32 * width]
                wanted = b''.join(tree.mth(i * span, (i + 1) * span) for i in range(first, first + width))
                need(data == wanted, 'tile', level, first // 256, 'is not that of the entries')
            level, span = level + 1, span * 256

    # ---- everything ----

    def audit(self, tiled=True, rfc6962=True):
        """The whole log: heads, roots, both interfaces entry for entry. The entries."""
        head = self.checkpoint() if tiled else self.get_sth()
        found = self.tiled_entries(head.size) if tiled else self.entries(head.size)
        tree = merkle.Tree(self.suite.hash_name, [e.leaf_hash for e in found])
        for size, root in self.roots.items():
            if size <= head.size:
                need(tree.mth(0, size) == root, 'the root of size', size, 'is not that of the entries')
        if tiled:
            self.check_tiles(tree, head.size)
        if tiled and rfc6962:
            others = self.entries(head.size)
            for index, (one, two) in enumerate(zip(found, others)):
                need((one.timestamped, one.chain, one.precertificate) == (two.timestamped, two.chain, two.precertificate),
                     'the interfaces do not agree about entry', index)
        for index, entry in enumerate(found):
            need(entry.leaf_index() is None or entry.leaf_index() == index, 'entry', index, 'says it is', entry.leaf_index())
        return head, found

    def check_consistency(self, first, second):
        proof = [base64.b64decode(h) for h in self.json('get-sth-consistency', first=first, second=second)['consistency']]
        need(merkle.verify_consistency(self.suite.hash_name, second, 0, first, proof, self.roots[first], self.roots[second]),
             'no consistency from', first, 'to', second)

    def check_inclusion(self, leaf_hash, index, size):
        answer = self.json('get-proof-by-hash', hash=base64.b64encode(leaf_hash).decode(), tree_size=size)
        need(answer['leaf_index'] == index, 'the hash is at', answer['leaf_index'])
        path = [base64.b64decode(h) for h in answer['audit_path']]
        need(merkle.verify_inclusion(self.suite.hash_name, index, leaf_hash, 0, size, path, self.roots[size]), 'no inclusion of', index)
        answer = self.json('get-entry-and-proof', leaf_index=index, tree_size=size)
        need(self.read_entry(answer).leaf_hash == leaf_hash, 'get-entry-and-proof gives another entry')
        need([base64.b64decode(h) for h in answer['audit_path']] == path, 'two paths to one leaf')


ENDED = (OSError, http.client.HTTPException, urllib.error.URLError)
