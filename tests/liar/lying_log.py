"""A CT log in memory, honest until it is told to lie. HTTP is in liar_server.py; this is what it knows and what it signs."""
import base64
import dataclasses
import hashlib
import json
import threading
import time

import pki                                   # first: it says where the independent reading is
import ct_wire
import merkle

WIDTH = 256


@dataclasses.dataclass
class Lies:
    """What it does from now on. Nothing of it: an honest log."""
    # Two views of one tree: who gets the fork, 'second' (every second tree head), 'address', 'header', or nobody.
    split: str = ''
    split_value: str = ''              # the client's address, or Name: value
    shrink_to: int = -1                # tree heads of this size, signed anew
    never_merge: bool = False          # an SCT is given, the entry is not merged
    merge_after_s: float = 0           # or that much later
    replaced: int = -1                 # the entry at this index is served as another one
    replace_hash_too: bool = False     # in the tile of hashes as well
    time_offset_ms: int = 0            # of tree heads: the future, or long ago
    is_time_frozen: bool = False       # tree heads are not signed anew
    forge_signature: bool = False
    wrong_root: bool = False           # a root that no tree has, rightly signed
    drop_from: int = -1                # get-entries and data tiles do not have entries from here on


class View:
    """A list of sequenced entries and the tree over it."""

    def __init__(self, suite, entries=()):
        self.suite, self.entries, self.leaves = suite, [], []
        for entry in entries:
            self.append(entry)

    def append(self, entry):
        self.entries.append(entry)
        self.leaves.append(entry.leaf_hash())

    def tree(self):
        return merkle.Tree(self.suite.hash_name, self.leaves)

    def root(self, size):
        return merkle.Tree(self.suite.hash_name, self.leaves[:size]).mth(0, size)


class LyingLog:
    """suite: pki.GM or pki.INTL. Everything below `lock`; times in ms."""

    def __init__(self, suite, title, roots=(), mmd_s=60, refresh_s=1.0, log_key=None):
        self.suite, self.title, self.roots, self.mmd_s, self.refresh_s = suite, title, list(roots), mmd_s, refresh_s
        self.signer = log_key or suite.signer(('log', title, suite.name))
        self.log_id = suite.hash(self.signer.spki)
        self.lock, self.lies = threading.RLock(), Lies()
        self.main, self.fork, self.state = View(suite), None, 'usable'
        self.origin = self.url = None                        # said by the server that serves it
        self.known, self.pending, self.heads = {}, [], {}
        self.interval = None                                 # (start, end) of notAfter, ISO texts
        self.turn = 0                                        # of split == 'second'
        self.final = None

    # ---- entries ----

    def add(self, entry, timestamp=None):
        """Merges it, now; the sequenced entry and its index. The fork, when there is one, gets it too."""
        with self.lock:
            index = len(self.main.entries)
            done = entry.at(int(time.time() * 1000) if timestamp is None else timestamp, index)
            self.main.append(done)
            if self.fork is not None:
                self.fork.append(done)
            return done, index

    def add_certificate(self, chain, timestamp=None):
        return self.add(ct_wire.Entry.of_certificate(self.suite, chain), timestamp)

    def add_precertificate(self, chain, timestamp=None):
        return self.add(ct_wire.Entry.of_precertificate(self.suite, chain), timestamp)

    def submit(self, entry):
        """What a submission does: (sequenced entry, signed SCT fields). A duplicate gets what it got before."""
        with self.lock:
            self.merge_due()
            key = hashlib.sha256(entry.kind.to_bytes(2, 'big') + entry.signed).digest()
            if key not in self.known:
                late = self.lies.never_merge or self.lies.merge_after_s > 0
                if late:
                    done = entry.at(int(time.time() * 1000), len(self.main.entries) + len(self.pending))
                    if not self.lies.never_merge:
                        self.pending.append((time.monotonic() + self.lies.merge_after_s, done))
                else:
                    done, _ = self.add(entry)
                self.known[key] = done, ct_wire.signature(self.suite, self.signer, done.sct_input())
            return self.known[key]

    def sct(self, entry, signed=None):
        """The SCT of a sequenced entry."""
        signed = signed or ct_wire.signature(self.suite, self.signer, entry.sct_input())
        return ct_wire.sct(self.log_id, entry.timestamp, entry.extensions, signed)

    def merge_due(self):
        now = time.monotonic()
        while self.pending and self.pending[0][0] <= now:
            entry = self.pending.pop(0)[1]
            self.add(entry, entry.timestamp)

    def make_fork(self, at, replacement):
        """Another history from index `at` on: there stands `replacement` (an Entry), and what follows is the same."""
        with self.lock:
            entries = list(self.main.entries)
            entries[at] = replacement.at(entries[at].timestamp + 1, at)
            self.fork = View(self.suite, entries)

    # ---- views ----

    def view(self, client, headers, is_head):
        """Which view this request sees."""
        how = self.lies.split
        if not how or self.fork is None:
            return self.main
        if how == 'address':
            return self.fork if client == self.lies.split_value else self.main
        if how == 'header':
            name, _, value = self.lies.split_value.partition(':')
            return self.fork if (headers.get(name) or '').strip() == value.strip() else self.main
        if is_head:
            self.turn += 1
        return self.fork if self.turn % 2 == 0 else self.main

    def size(self, view):
        self.merge_due()
        if 0 <= self.lies.shrink_to < len(view.entries):
            return self.lies.shrink_to
        return len(view.entries)

    def head(self, view):
        """(size, timestamp, root, algorithm bytes and signature), signed anew every refresh_s."""
        with self.lock:
            size, now, lies = self.size(view), time.monotonic(), self.lies
            key = id(view), size, lies.time_offset_ms, lies.forge_signature, lies.wrong_root
            made, head = self.heads.get(key, (0, None))
            if head is None or (now - made >= self.refresh_s and not lies.is_time_frozen):
                timestamp = int(time.time() * 1000) + lies.time_offset_ms
                root = view.root(size)
                if lies.wrong_root:
                    root = self.suite.hash(b'no tree has this')
                signed = ct_wire.signature(self.suite, self.signer, ct_wire.tree_head_input(timestamp, size, root))
                if lies.forge_signature:
                    other = self.suite.signer('forger')
                    signed = ct_wire.signature(self.suite, other, ct_wire.tree_head_input(timestamp, size, root))
                head = size, timestamp, root, signed
                self.heads[key] = now, head
            return head

    def entry(self, view, index):
        if index == self.lies.replaced:
            real = view.entries[index]
            other = pki.Issuer(self.suite, 'Somebody Else')
            fake = ct_wire.Entry.of_certificate(self.suite, [other.leaf('replaced.example'), other.der])
            return fake.at(real.timestamp, index)
        return view.entries[index]

    def known_issuers(self):
        found = {}
        with self.lock:
            views = [self.main] + ([self.fork] if self.fork else [])
            for view in views:
                for entry in view.entries:
                    for certificate in entry.chain:
                        found[self.suite.hash(certificate).hex()] = certificate
            if 0 <= self.lies.replaced:
                certificate = pki.Issuer(self.suite, 'Somebody Else').der
                found[self.suite.hash(certificate).hex()] = certificate
        return found

    # ---- what it says ----

    def json_head(self, view):
        size, timestamp, root, signed = self.head(view)
        return {'tree_size': size, 'timestamp': timestamp, f'{self.suite.hash_name}_root_hash': base64.b64encode(root).decode(),
                'tree_head_signature': base64.b64encode(signed).decode()}

    def checkpoint(self, view):
        size, timestamp, root, signed = self.head(view)
        return ct_wire.checkpoint(self.origin, self.log_id, timestamp, size, root, signed)

    def tile(self, view, level, number, width):
        """The bytes of a tile: level None is the data tile. None when the tree has none."""
        size, span = len(view.entries), WIDTH ** (level or 0)
        if level is None and 0 <= self.lies.drop_from < size:
            size = self.lies.drop_from
        start = number * WIDTH
        if width < 1 or start + width > size // span:
            return None
        if level is None:
            return b''.join(self.entry(view, i).tile_leaf() for i in range(start, start + width))
        tree, hashes = view.tree(), []
        for i in range(start, start + width):
            hashes.append(tree.mth(i * span, (i + 1) * span))
            if level == 0 and i == self.lies.replaced and self.lies.replace_hash_too:
                hashes[-1] = self.entry(view, i).leaf_hash()
        return b''.join(hashes)

    def list_row(self):
        """Its entry of a log list, v3 schema with the GM fields."""
        row = {'description': f'Liar {self.title}', 'log_id': base64.b64encode(self.log_id).decode(),
               'key': base64.b64encode(self.signer.spki).decode(), 'mmd': self.mmd_s, 'suite': self.suite.name,
               'state': {self.state: {'timestamp': '2026-01-01T00:00:00Z'}}}
        if self.state == 'readonly' and self.final:
            size, root = self.final
            row['state']['readonly']['final_tree_head'] = {'tree_size': size, f'{self.suite.hash_name}_root_hash': base64.b64encode(root).decode()}
        if self.interval:
            row['temporal_interval'] = {'start_inclusive': self.interval[0], 'end_exclusive': self.interval[1]}
        return row

    def freeze(self):
        """Read-only from now on: what the list says of it."""
        with self.lock:
            self.state, self.final = 'readonly', (len(self.main.entries), self.main.root(len(self.main.entries)))


def log_list(logs, operators=None, kind='rfc6962'):
    """A v3 log list of LyingLogs: one operator each unless `operators` names them by title. kind: rfc6962, static-ct or both."""
    rows = {}
    for log in logs:
        operator = (operators or {}).get(log.title, f'Operator of {log.title}')
        entry = rows.setdefault(operator, {'name': operator, 'email': ['ct@example.com'], 'logs': [], 'tiled_logs': []})
        if kind in ('rfc6962', 'both'):
            entry['logs'].append({**log.list_row(), 'url': log.url + '/'})
        if kind in ('static-ct', 'both'):
            entry['tiled_logs'].append({**log.list_row(), 'submission_url': log.url + '/', 'monitoring_url': log.url + '/'})
    return json.dumps({'version': '1.0', 'log_list_timestamp': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()), 'is_all_logs': False,
                       'operators': list(rows.values())}, indent=1)
