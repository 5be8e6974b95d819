"""A CA's log served over HTTP on loopback, honestly or not, and a client with a trust directory."""
import functools
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
