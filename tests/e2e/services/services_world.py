"""A CA service with mirrors whose processes may be ended and started again, and what must hold afterwards."""
import hashlib
import http.client
import os
import random
import re
import signal
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(HERE, '..', '..')
for folder in ('e2e/acme', 'e2e', 'independent'):
    sys.path.insert(0, os.path.join(TESTS, folder))

import acme_world
import log as independent_log
import merkle
import mtc
import note
import x509
from acme_load import spki_hash

SEED = os.environ.get('CATHAYA_CRASH_SEED') or str(time.time_ns())
ORIGIN = 'oid/1.3.6.1.4.1.'
random.seed(SEED)


def read(path):
    with open(path, 'rb') as file:
        return file.read()


class Failed(AssertionError):
    def __init__(self, *what):
        super().__init__(' '.join(map(str, what)) + f' (CATHAYA_CRASH_SEED={SEED})')


def need(condition, *what):
    if not condition:
        raise Failed(*what)


def said(process):
    """The output of this life of it."""
    return read(process.path)[process.since:].decode(errors='replace')


class Tokens(BaseHTTPRequestHandler):
    """http-01 from memory."""

    def do_GET(self):
        content = self.server.tokens.get(self.path.rsplit('/', 1)[-1], '').encode()
        self.send_response(200 if content else 404)
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class Mirror:
    """A mirror's directory and its process, always at one address."""

    def __init__(self, world, number):
        self.world, self.number, self.name = world, number, f'mirror{number}'
        self.folder, self.port, self.process = world.path(self.name), acme_world.quiet_port(), None
        self.address = f'127.0.0.1:{self.port}'
        self.config = os.path.join(self.folder, 'mirror.conf')
        text = read(self.config).decode().replace('127.0.0.1:0', self.address)
        with open(self.config, 'w', encoding='ascii') as file:
            file.write(text)

    def __str__(self):
        return self.address

    def state(self, kind, origin, *parts):
        """kind: logs (record, evidence) or mirror (what is served)."""
        return os.path.join(self.folder, 'state', kind, hashlib.sha256(origin.encode()).hexdigest(), *parts)


class World(acme_world.World):
    """suites of CAs with Merkle Tree profiles; `quorum` of the mirrors is 'any' or 'all'. self.mirrors are Mirrors."""

    def __init__(self, suites=('gm',), mirrors=2, mirror_quorum='any', interval_ms=200, **more):
        more.setdefault('acme', '    finalize-wait-ms = 1000\n')
        more['ca_extra'] = more.get('ca_extra', '') + f'    checkpoint-interval-ms = {interval_ms}\n'
        super().__init__(profiles=tuple(f'{s}-mtc' for s in suites), mirrors=mirrors, limits=False, **more)
        self.mirror_quorum, self.tokens, self.watcher, self.ca, self.port = mirror_quorum, {}, None, None, acme_world.quiet_port()
        self.base = f'https://localhost:{self.port}'
        self.checkpoints, self.sizes, self.lies = {}, {}, []     # (origin, size): root, of everybody who has shown one
        self.ca_prefix, self.ca_environment = (), None           # of the CA's command
        self.may_expire = False      # the clock jumps so far that what was validated is too old to be relied on

    def make(self):
        super().make()
        self.mirrors = [Mirror(self, number) for number in range(1, self.mirror_count + 1)]

    def write_policies(self):
        super().write_policies()
        for suite in self.suites():
            text = read(self.path(suite + '.policy')).decode()
            self.write(suite + '.policy', text.replace(' any ', f' {self.mirror_quorum} '))

    def start_web(self):
        self.webroot = self.path('webroot')
        self.web = ThreadingHTTPServer(('127.0.0.1', 0), Tokens)
        self.web.tokens, self.http_port = self.tokens, self.web.server_port
        threading.Thread(target=self.web.serve_forever, daemon=True).start()

    # ---- processes ----

    def launch(self, name, *arguments, env=None):
        """Another life of a process, with the same log."""
        path = self.path(name + '.log')
        since = os.path.getsize(path) if os.path.exists(path) else 0
        process = self.spawn(name, *arguments, env=env)
        process.since = since
        end = time.monotonic() + 60
        while '\nready\n' not in '\n' + said(process):
            need(process.popen.poll() is None, name, 'does not start:', said(process))
            need(time.monotonic() < end, name, 'is not ready in time:', said(process))
            time.sleep(0.01)
        return process

    def start_mirror(self, mirror):
        mirror.process = self.launch(mirror.name, acme_world.PROGRAM, 'mirror', 'run', '--config', mirror.config)

    def start_mirrors(self):
        for mirror in self.mirrors:
            self.start_mirror(mirror)
        if self.mirrors:
            self.write_policies()

    def start_ca(self):
        if self.ca is None:
            self.write('service.conf', self.config())
        self.ca = self.launch('ca', *self.ca_prefix, acme_world.PROGRAM, 'ca', 'run', '--config', self.path('service.conf'),
                              env=self.ca_environment)
        lines = [line.split() for line in said(self.ca).splitlines()]
        self.admin = next(words[2] for words in lines if words[:2] == ['ready', 'admin'])
        return self.ca

    def kill(self, process):
        need(process.popen.poll() is None, process.name, 'has ended by itself:', process.text()[-2000:])
        process.popen.send_signal(signal.SIGKILL)
        process.popen.wait()

    def __exit__(self, *what):
        if self.watcher is not None:
            self.watch_ends()
        super().__exit__(*what)

    # ---- every checkpoint that anybody shows ----

    def origins(self):
        """{origin: (suite, its public directory)} of all logs."""
        found = {}
        for i, suite in enumerate(self.suites(), 1):
            public = self.path(suite, 'public')
            for number in os.listdir(public):
                if number.isdigit():
                    found[f'{ORIGIN}32473.{i}.0.{number}'] = suite, os.path.join(public, number)
        return found

    def note_checkpoint(self, who, data):
        checkpoint = note.Checkpoint(data)
        key = checkpoint.origin, checkpoint.size
        root = self.checkpoints.setdefault(key, checkpoint.root)
        if root != checkpoint.root:
            self.lies.append(f'{who}: two roots of {key}')
        before = self.sizes.get((who, checkpoint.origin), 0)
        if checkpoint.size < before:
            self.lies.append(f'{who}: {checkpoint.origin} went back from {before} to {checkpoint.size}')
        self.sizes[who, checkpoint.origin] = checkpoint.size

    def look_once(self):
        for origin, (_, public) in self.origins().items():
            if os.path.exists(os.path.join(public, 'checkpoint')):
                self.note_checkpoint('ca', read(os.path.join(public, 'checkpoint')))
            for mirror in self.mirrors:
                path = hashlib.sha256(origin.encode()).hexdigest()
                try:
                    with urllib.request.urlopen(f'http://{mirror}/mirror/{path}/checkpoint', timeout=5) as answer:
                        data = answer.read()
                except (OSError, http.client.HTTPException):     # killed in the middle of its answer
                    continue
                self.note_checkpoint(mirror.name, data)

    def watch(self):
        self.is_watching = True

        def run():
            while self.is_watching:
                try:
                    self.look_once()
                except Exception as error:     # pylint: disable=broad-except
                    self.lies.append(f'{type(error).__name__}: {error}')
                time.sleep(0.05)
        self.watcher = threading.Thread(target=run, daemon=True)
        self.watcher.start()

    def watch_ends(self):
        self.is_watching = False
        self.watcher.join(30)
        self.watcher = None

    # ---- afterwards ----

    def metric(self, name, labels=''):
        """The sum of a metric's lines that have `labels`."""
        with urllib.request.urlopen(f'http://{self.admin}/metrics', timeout=10) as answer:
            text = answer.read().decode()
        return sum(float(l.rsplit(' ', 1)[1]) for l in text.splitlines() if l.startswith(name) and labels in l)

    def wait_until(self, what, condition, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            need(time.monotonic() < end, 'not in time:', what, self.ca.text()[-3000:])
            time.sleep(0.05)

    def have_caught_up(self):
        for origin, (_, public) in self.origins().items():
            size = note.Checkpoint(read(os.path.join(public, 'checkpoint'))).size
            for mirror in self.mirrors:
                shown = self.mirror_checkpoint(mirror, origin)
                if shown is None or shown.size != size:
                    return False
        return True

    def mirror_checkpoint(self, mirror, origin):
        path = hashlib.sha256(origin.encode()).hexdigest()
        try:
            with urllib.request.urlopen(f'http://{mirror}/mirror/{path}/checkpoint', timeout=5) as answer:
                return note.Checkpoint(answer.read())
        except (OSError, http.client.HTTPException):
            return None

    def check_all(self, load):
        """Everybody runs. All that was promised holds; the CA is stopped for it, orderly."""
        load.settle()
        self.wait_until('the mirrors have everything', self.have_caught_up, 90)
        if self.watcher is not None:
            self.look_once()
            self.watch_ends()
            need(not self.lies, *self.lies)
        need(self.ca.stop(signal.SIGTERM, 45) == 0, 'the CA ended badly:', self.ca.text()[-3000:])
        entries = {}
        for origin, (suite, public) in self.origins().items():
            ca = self.mtc_ca(suite)
            entries.setdefault(suite, {}).update(self.check_log(origin, ca, public))
            number = origin.rsplit('.', 1)[1]
            done = acme_world.run('ca', 'fsck', '--dir', self.path(suite), '--log', number, check=False)
            need(done.returncode == 0, 'fsck', suite, number, done.stdout, done.stderr)
        self.check_orders(load, entries)

    def mtc_ca(self, suite):
        return mtc.Ca(x509.from_file(read(self.path(suite, 'ca.pem'))))

    def check_log(self, origin, ca, public):
        """The CA's copy from its entries up, every checkpoint that was seen, and the mirrors' copies; {serial: entry}."""
        found = independent_log.Log(public, ca)
        found.check()
        number = int(origin.rsplit('.', 1)[1])
        entries = all_entries(public)
        leaves = [merkle.leaf_hash(ca.hash_name, entry) for entry in entries]
        tree = merkle.Tree(ca.hash_name, leaves)
        sizes = [size for (where, size) in self.checkpoints if where == origin]
        for size in sizes:
            need(tree.mth(0, size) == self.checkpoints[origin, size], 'the checkpoint of', size, 'is not one of these entries')
        for mirror in self.mirrors:
            copy = mirror.state('mirror', origin)
            need(all_entries(copy) == entries, mirror.name, 'has other entries than the CA')
            independent_log.Log(copy, ca).check()
        return {number << 48 | index: entry for index, entry in enumerate(entries)}

    def check_orders(self, load, entries):
        hashes = {}
        for suite, found in entries.items():
            for serial, entry in found.items():
                for match in re.finditer(b'\x04\x20(.{32})', entry, re.S):
                    hashes.setdefault((suite, match[1]), set()).add(serial)
        checked = 0
        for order in load.orders:
            suite = order.profile.split('-')[0]
            serials = hashes.get((suite, spki_hash(suite, order)), set())
            need(len(serials) <= 1, 'an order has', len(serials), 'entries:', order.url)
            if order.pem is None:
                need(order.seen not in ('processing', 'valid'), order.url, 'is', order.seen, 'and has no certificate')
                continue
            certificate = x509.Certificate(x509.from_file(order.pem.encode()))
            need(serials == {certificate.serial}, 'a certificate that is not in the log:', order.url, certificate.serial, serials)
            need(certificate.spki.raw == order.spki, 'a certificate with another key', order.url)
            checked += 1
        self.verify([o for o in load.orders if o.pem is not None])
        return checked

    def verify(self, orders):
        """Inclusion and cosignatures: all by the program, a sample by the independent reading."""
        for suite in self.suites():
            mine = [o for o in orders if o.profile.startswith(suite)]
            folder = self.path('handed-out-' + suite)
            os.makedirs(folder, exist_ok=True)
            paths = []
            for i, order in enumerate(mine):
                paths.append(os.path.join(folder, f'{i}.pem'))
                with open(paths[-1], 'w', encoding='ascii') as file:
                    file.write(order.pem)
            options = ('--policy', self.verify_policy(suite)) if self.mirrors else ()
            for i in range(0, len(paths), 500):
                done = acme_world.run('verify', '--ca', self.path(suite, 'ca.pem'), *options, *paths[i:i + 500], check=False)
                need(done.returncode == 0, 'verify:', done.stdout[-2000:], done.stderr[-2000:])
            ca = self.mtc_ca(suite)
            policy = read(self.verify_policy(suite)).decode() if self.mirrors else ''
            for order in random.sample(mine, min(len(mine), 8)):
                encoding = x509.from_file(order.pem.encode())
                accepted, reason = mtc.judge(encoding, ca, mtc.Policy(policy, ca), time.time())
                need(accepted, 'the independent reading:', reason)


def all_entries(public):
    """Of a log directory, up to its checkpoint's size."""
    size = note.Checkpoint(read(os.path.join(public, 'checkpoint'))).size
    entries = []
    for number in range((size + 255) // 256):
        width = min(256, size - number * 256)
        name = os.path.join(public, 'tile', 'entries', independent_log.tile_name(number))
        if width < 256 and os.path.exists(f'{name}.p/{width}'):
            name = f'{name}.p/{width}'
        elif width < 256:
            width = 256
        entries += independent_log.read_bundle(name, width)
    return entries[:size]
