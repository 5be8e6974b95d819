"""A CA's log served over HTTP on loopback, honestly or not, and a client with a trust directory."""
import functools
import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'ca'))

from ca_world import *


class Web:
    """Serves a folder; spoil(path, content) gives (status, content), and waits when it likes."""

    def __init__(self, folder):
        self.folder, self.asked, self.spoil = folder, [], None
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                web.asked.append(self.path)
                status, content = web.answer(self.path)
                try:
                    self.send_response(status)
                    self.send_header('Content-Length', str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except (BrokenPipeError, ConnectionResetError):
                    pass

            def handle(self):
                try:
                    super().handle()
                except (BrokenPipeError, ConnectionResetError):
                    pass  # whoever asked has heard enough

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        self.url = f'http://127.0.0.1:{self.server.server_port}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path):
        file = self.folder + path
        status, content = (200, read(file)) if os.path.isfile(file) else (404, b'')
        return self.spoil(path, status, content) if self.spoil else (status, content)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Publisher:
    """Whoever signs trust bundles: with a key of each algorithm, for as long as the test likes."""
    PROGRAM = os.environ.get('CATHAYA_SIGN_BUNDLE')
    ALGORITHMS = ('sm2_sm3', 'mldsa44')
    DAY = 86400

    def __init__(self, base):
        """Keys go to files that begin with base; keys: (algorithm, private key, public key)."""
        self.now = int(time.time())
        self.keys = [(algorithm, f'{base}-{algorithm}.key', f'{base}-{algorithm}.der') for algorithm in self.ALGORITHMS]
        for key in self.keys:
            subprocess.run([self.PROGRAM, 'key', *key], check=True, timeout=60)

    def pins(self):
        return [word for key in self.keys for word in ('--bundle-key', key[2])]

    def sign(self, path, source, version, keys=None, issued=0, expires=7 * DAY, logs=()):
        """A bundle of what source's trust.bundle has, and of the files of logs; times in seconds from when this began; expires None: never."""
        words = [word for key in (self.keys if keys is None else keys) for word in key[:2]]
        subprocess.run([self.PROGRAM, 'make', str(version), str(self.now + issued), str(0 if expires is None else self.now + expires), path,
                        os.path.join(source, 'trust.bundle'), *logs, '--', *words], check=True, timeout=60)
        return path


class Distributor(Publisher):
    """Publishes versions in a folder as a web server has it: latest, bundle, bundles/N, delta/FROM, and a log of versions."""
    ORIGIN = 'trust.example/versions'

    def __init__(self, base, www):
        super().__init__(base)
        self.base, self.www, self.state = base, www, base + '.state'
        self.version, self.rotations, self.issued, self.expires = 0, [], 0, 0
        write(self.state, b'')
        for folder in ('', 'bundles', 'delta', 'log/tile/0/000.p'):
            os.makedirs(os.path.join(www, folder), exist_ok=True)

    def fork(self, base, www):
        """Another one with the same keys and the same log so far."""
        other = object.__new__(Distributor)
        other.__dict__.update(self.__dict__, base=base, www=www, state=base + '.state', rotations=list(self.rotations))
        write(other.state, read(self.state))
        for folder in ('', 'bundles', 'delta', 'log/tile/0/000.p'):
            os.makedirs(os.path.join(www, folder), exist_ok=True)
        for version in range(1, self.version + 1):
            write(other.file(version), read(self.file(version)))
        return other

    def pins(self):
        words = super().pins()
        for algorithm, _, public in self.keys:
            vkey = subprocess.run([self.PROGRAM, 'vkey', self.ORIGIN, algorithm, public], check=True, capture_output=True).stdout
            words = (*words, '--log-key', write(public + '.vkey', vkey))
        return words

    def file(self, version):
        return os.path.join(self.www, 'bundles', str(version))

    def new_keys(self, name):
        """Keys that later versions are to be signed with."""
        keys = [(algorithm, f'{self.base}-{name}-{algorithm}.key', f'{self.base}-{name}-{algorithm}.der') for algorithm in self.ALGORITHMS]
        for key in keys:
            subprocess.run([self.PROGRAM, 'key', *key], check=True, timeout=60)
        return keys

    def make(self, path, source, version, keys=None, log_keys=None, next_keys=None, issued=0, expires=7 * Publisher.DAY, state=None, origin=None,
             size=0, has_proof=True):
        """One envelope; state: another log's."""
        words = [str(version), str(self.now + issued), str(self.now + expires), path, os.path.join(source, 'trust.bundle'), '--']
        words += [word for key in (self.keys if keys is None else keys) for word in key[:2]]
        if next_keys is not None:
            pairs = [word for algorithm, _, public in next_keys for word in (algorithm, public)]
            words += ['--keys', *pairs, '--log-keys', self.ORIGIN, *pairs]
        if has_proof:
            tiles = os.path.join(self.www, 'log/tile/0/000.p') if state is None else self.base + '-tiles'
            os.makedirs(tiles, exist_ok=True)
            words += ['--log', state or self.state, origin or self.ORIGIN, tiles, str(size)]
            words += [word for key in (log_keys or keys or self.keys) for word in key[:2]]
        subprocess.run([self.PROGRAM, 'make', *words], check=True, timeout=60)
        return path

    def publish(self, source, next_keys=None, **more):
        """The next version; with next_keys, those after it are signed with these."""
        self.version += 1
        self.make(self.file(self.version), source, self.version, next_keys=next_keys, **more)
        self.issued, self.expires = self.now + more.get('issued', 0), self.now + more.get('expires', 7 * self.DAY)
        if next_keys is not None:
            self.rotations.append(self.version)
            self.keys = next_keys
        self.point(self.version)
        return self.version

    def delta(self, base, version, path=None):
        path = path or os.path.join(self.www, 'delta', str(base))
        subprocess.run([self.PROGRAM, 'delta', self.file(base), str(base), self.file(version), path], check=True, timeout=60)
        return path

    def point(self, version, deltas=None):
        """Says that this one is the newest, with deltas from these (None: from all before it)."""
        whole = read(self.file(version))
        write(os.path.join(self.www, 'bundle'), whole)
        sizes = [(base, len(read(self.delta(base, version)))) for base in (range(1, version) if deltas is None else deltas)]
        lines = ['trust-latest/v1', f'version {version}', f'issued {self.issued}', f'expires {self.expires}',
                 f'bundle {len(whole)} {hashlib.sha256(whole).hexdigest()}']
        lines += [f'rotation {rotation}' for rotation in self.rotations if rotation <= version]
        lines += [f'delta {base} {size}' for base, size in sizes]
        # Last, and as a whole: somebody may be reading.
        os.replace(write(self.base + '.latest', ('\n'.join(lines) + '\n').encode()), os.path.join(self.www, 'latest'))


class TrustTest(CaTest):
    def setUp(self):
        self.webs = []
        self.addCleanup(lambda: [web.stop() for web in self.webs])

    def web(self, folder):
        self.webs.append(Web(folder))
        return self.webs[-1]

    def made_ca(self, name, suite='gm', ca_id='32473.8', entries=5):
        """A CA with some entries, and landmark 1 over them."""
        ca = self.init(name, suite, ca_id=ca_id)
        self.grow(ca, entries)
        return ca

    def grow(self, ca, entries=3):
        kind = 'sm2'
        ca.issue(*[self.csr(kind, f'www{i}.example.com') for i in range(entries)])
        ca.landmark()

    def trust(self, name):
        return self.path(name)

    def ok(self, *words):
        done = run(*words)
        self.assertEqual((done.status, done.err), (0, ''), (words, done))
        return done.out

    def imported(self, name, ca, *urls, more=()):
        """A trust directory with this CA."""
        folder = self.path(name)
        options = [word for url in urls for word in ('--log-url', url)]
        self.ok('trust', 'import', '--dir', folder, '--ca', ca.pem, *options, *more)
        return folder

    def update(self, folder):
        """One round: the log's reports."""
        return [json.loads(line) for line in self.ok('trust', 'update', '--dir', folder, '--json').splitlines()]

    def refused(self, folder, status, *says):
        """A round that must change nothing."""
        before = {name: content for name, content in files_below(folder).items() if not name.startswith('evidence/')}
        done = run('trust', 'update', '--dir', folder)
        self.assertEqual(done.status, status, done)
        for word in says:
            self.assertIn(word, done.err)
        after = {name: content for name, content in files_below(folder).items() if not name.startswith('evidence/')}
        self.assertEqual(after, before)
        return done

    def shown(self, folder):
        return json.loads(self.ok('trust', 'show', '--dir', folder, '--json'))

    def log_shown(self, folder, number=1):
        return [log for log in self.shown(folder)['cas'][0]['logs'] if log['log'] == number][0]

    def verify_trust(self, folder, certificate, *options):
        return run('verify', '--trust', folder, *options, certificate)
