"""`cathaya ctlog run` as an operator starts it, on loopback: one process with logs of both worlds, a root and an issuer for each,
clients that submit, and the slow independent reader that believes nothing (tests/liar/log_reader.py)."""
import base64
import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..', '..')
for folder in ('tests/e2e/acme', 'tests/e2e/ct', 'tests/liar'):
    sys.path.insert(0, os.path.join(ROOT, folder))

import pki
import acme_world
import ct_wire
import log_reader
from acme_world import PROGRAM, Process, quiet_port, wait_until

PEERS = os.path.join(ROOT, 'build', 'deps', 'peers')
SEED = os.environ.get('CATHAYA_CRASH_SEED') or str(time.time_ns())
WINDOW = ('2026-01-01T00:00:00Z', '2036-01-01T00:00:00Z')     # shards whose edges tests do not ask for
random.seed(SEED)


def peer(name):
    path = os.path.join(PEERS, name)
    return path if os.access(path, os.X_OK) else shutil.which(name)


def need(condition, *what):
    if not condition:
        raise AssertionError(' '.join(map(str, what)) + f' (CATHAYA_CRASH_SEED={SEED})')


class Log:
    """One log of the process: its key, its PKI, its reader."""

    def __init__(self, world, suite, title, options):
        self.world, self.suite, self.title, self.options = world, suite, title, options
        self.signer = suite.signer(('ct log', title, world.folder))
        self.pki = pki.Pki(suite)
        self.url = f'{world.base}/{title}'
        self.reader = self.new_reader()

    def new_reader(self):
        return log_reader.LogReader(self.url, self.suite, self.signer.spki)

    def write(self):
        self.world.put(f'{self.title}.key', pki.private_pem(self.signer), 0o600)
        self.world.put(f'{self.title}-roots.pem', pki.pem(self.pki.root.der))

    def config(self):
        options = {'suite': self.suite.name, 'submission-url': self.url, 'key': f'{self.title}.key', 'roots': f'{self.title}-roots.pem',
                   'not-after-start': WINDOW[0], 'not-after-end': WINDOW[1], 'tree-head-refresh': 1, **self.options}
        return f'log "{self.title}" {{\n' + ''.join(f'    {name} = {quoted(value)}\n' for name, value in options.items()) + '}\n'

    # ---- submissions ----

    def chain(self, *names, **more):
        return self.pki.chain(self.pki.issuer.leaf(*names, serial=random.getrandbits(64) | 1, **more))

    def entry(self, chain, poison=False):
        return (ct_wire.Entry.of_precertificate if poison else ct_wire.Entry.of_certificate)(self.suite, chain)

    def submit(self, chain, poison=False, reader=None):
        """The answer as JSON, its SCT verified, with (leaf hash, index)."""
        body = {'chain': [base64.b64encode(c).decode() for c in chain]}
        answer = json.loads((reader or self.reader).post('ct/v1/add-pre-chain' if poison else 'ct/v1/add-chain', body))
        return answer, (reader or self.reader).check_sct(answer, self.entry(chain, poison))

    def add(self, *names, poison=False, **more):
        return self.submit(self.chain(*names, poison=poison, **more), poison)

    def list_row(self, **more):
        row = {'description': self.title, 'log_id': base64.b64encode(self.suite.hash(self.signer.spki)).decode(),
               'key': base64.b64encode(self.signer.spki).decode(), 'mmd': 60, 'suite': self.suite.name,
               'state': {'usable': {'timestamp': '2026-01-01T00:00:00Z'}}}
        return {**row, **more}


def quoted(value):
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, (list, tuple)):
        return '{' + ', '.join(quoted(v) for v in value) + '}'
    return str(value) if isinstance(value, int) else f'"{value}"'


class World:
    """logs: {title: suite name} or {title: (suite name, options)}."""

    def __init__(self, logs=None, extra='', limits=None, flush_ms=20):
        self.folder = tempfile.mkdtemp(prefix='cathaya-ct-')
        self.extra, self.limits, self.flush_ms, self.process, self.admin = extra, limits, flush_ms, None, None
        self.port = quiet_port()
        self.base = f'http://127.0.0.1:{self.port}'
        self.logs = {}
        for title, what in (logs or {'gm': 'gm', 'intl': 'intl'}).items():
            name, options = what if isinstance(what, tuple) else (what, {})
            self.logs[title] = Log(self, pki.SUITES[name], title, options)

    def __enter__(self):
        try:
            self.make()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.process.stop(signal.SIGKILL)
        if os.environ.get('CATHAYA_KEEP'):
            print('kept:', self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def put(self, name, content, mode=0o644):
        with open(self.path(name), 'wb') as file:
            os.fchmod(file.fileno(), mode)
            file.write(content.encode() if isinstance(content, str) else content)
        return self.path(name)

    def make(self):
        for log in self.logs.values():
            log.write()
        self.put('ctlog.conf', self.config())

    def config(self):
        limits = {'submissions-per-address-per-s': 100000, 'submissions-per-s': 100000, **(self.limits or {})}
        return (f'listen = {{"127.0.0.1:{self.port}"}}\nadmin-listen = "127.0.0.1:0"\ndirectory = "state"\nlog-format = "text"\n'
                f'list-operator = "Test Operator"\nlist-email = {{"ct@example.com"}}\nflush-ms = {self.flush_ms}\n'
                + ''.join(log.config() for log in self.logs.values())
                + 'limits {\n' + ''.join(f'    {n} = {v}\n' for n, v in limits.items()) + '}\n' + self.extra)

    def start(self, env=None):
        self.process = Process(self, 'ctlog', [PROGRAM, 'ctlog', 'run', '--config', self.path('ctlog.conf')], env)
        self.admin = self.process.wait_ready().get('admin')
        return self.process

    def stop(self):
        need(self.process.stop(signal.SIGTERM, 60) == 0, 'the log ended badly:', self.process.text()[-3000:])

    def kill(self):
        need(self.process.popen.poll() is None, 'the log has ended by itself:', self.process.text()[-3000:])
        self.process.stop(signal.SIGKILL)

    def metric(self, name, labels=''):
        with urllib.request.urlopen(f'http://{self.admin}/metrics', timeout=10) as answer:
            text = answer.read().decode()
        return sum(float(l.rsplit(' ', 1)[1]) for l in text.splitlines() if l.startswith(name) and labels in l)

    def list_text(self, kind='tiled', **more):
        """A log list of these logs: kind 'tiled' or 'rfc6962'."""
        rows = [{**log.list_row(**more), **({'submission_url': log.url + '/', 'monitoring_url': log.url + '/'} if kind == 'tiled'
                                            else {'url': log.url + '/'})} for log in self.logs.values()]
        operator = {'name': 'Test Operator', 'email': ['ct@example.com'], 'logs': rows if kind != 'tiled' else [],
                    'tiled_logs': rows if kind == 'tiled' else []}
        return json.dumps({'version': '1.0', 'log_list_timestamp': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()),
                           'operators': [operator]})
