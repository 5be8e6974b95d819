"""Gateways on loopback with backends that look (backend.py), and a whole world around one: CAs, mirrors, ACME, DNS and the
trust directories of clients. Everything is a process as an operator starts it, on free ports, and ends with the world.

    PlainWorld   a gateway with a classic certificate from files: for what it does with HTTP; starts in no time
    World        acme_world.World with a gateway whose sites get their certificates by themselves
"""
import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..', '..')
for folder in ('acme', 'dns', 'services', 'gateway'):
    sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e', folder))

import acme_world
import shift_clock
from acme_world import PROGRAM, Process, need, quiet_port, wait_until
from backend import Backend

OPENSSL4 = os.environ.get('CATHAYA_OPENSSL_PROGRAM') or os.path.join(ROOT, 'build', 'deps', 'openssl-program', 'openssl')
KINDS = ('gm-mtc', 'gm-classic', 'intl-mtc', 'intl-classic')
# What `cathaya fetch --as` is to get when everything is there: world and mode of the certificate.
EXPECTED = {'gm': ('gm', 'landmark'), 'gm-no-landmarks': ('gm', 'standalone'), 'intl': ('intl', 'landmark'), 'legacy': ('intl', 'classic')}


def need_openssl4():
    if not os.access(OPENSSL4, os.X_OK):
        raise unittest.SkipTest('OpenSSL 4\'s program is not there: scripts/get-openssl --program')
    return OPENSSL4


def quoted(value):
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, (list, tuple)):
        return '{' + ', '.join(quoted(v) for v in value) + '}'
    return str(value) if isinstance(value, int) else f'"{value}"'


def block(section, title='', /, **options):
    """A block of the configuration; `_` in names stands for `-`, a value that is a list of strings of blocks goes in as it is."""
    lines = [f'{section} {quoted(title) + " " if title else ""}{{']
    for name, value in options.items():
        if name == 'blocks':
            lines += [part.rstrip('\n').replace('\n', '\n    ') for part in value]
        else:
            lines.append(f'{name.replace("_", "-")} = {quoted(value)}')
    return '\n    '.join(lines) + '\n}\n'


class Gateway:
    """One gateway: its configuration and the process, which may end and start again. Ports of https and http stay the same."""

    def __init__(self, world, name='gateway', https_port=None, http_port=None):
        self.world, self.name, self.process, self.count = world, name, None, 0
        self.https_port, self.http_port, self.admin_port = https_port or quiet_port(), http_port or quiet_port(), quiet_port()
        self.state, self.log = world.path(name + '-state'), world.path(name + '-access.log')
        self.config, self.env = world.path(name + '.conf'), None
        self.general = {'workers': 2, 'stage': 'landmark'}
        self.limits, self.issuers, self.sites, self.listens = {}, [], [], []

    address = property(lambda self: f'127.0.0.1:{self.https_port}')
    http = property(lambda self: f'127.0.0.1:{self.http_port}')
    admin = property(lambda self: f'127.0.0.1:{self.admin_port}')
    pid = property(lambda self: self.process.popen.pid)

    def text(self):
        text = ''.join(f'{name.replace("_", "-")} = {quoted(value)}\n' for name, value in {
            'directory': self.state, 'admin-listen': self.admin, 'access-log': self.log, 'log-format': 'json', **self.general}.items())
        text += block('listen', self.address, kind='https') + block('listen', self.http, kind='http')
        text += ''.join(self.listens) + ''.join(self.issuers) + ''.join(self.sites)
        # Everybody here has one address.
        return text + block('limits', **{'connections_per_address': 20000, 'handshakes_per_s': 100000, **self.limits})

    def write(self):
        with open(self.config, 'w', encoding='ascii') as file:
            file.write(self.text())
        return self.config

    def site(self, title, backends, certificates, **options):
        """certificates are blocks; backends addresses."""
        options = {'names': [title], 'backends': backends, **options}
        blocks = certificates + options.pop('blocks', [])
        self.sites.append(block('site', title, **options, blocks=blocks))

    # ---- the process ----

    def start(self, seconds=60):
        self.write()
        self.count += 1
        self.process = Process(self.world, f'{self.name}-{self.count}', [PROGRAM, 'gateway', 'run', '--config', self.config], env=self.env)
        self.world.processes.append(self.process)
        self.ready = self.process.wait_ready()
        return self

    def stop(self, number=signal.SIGTERM, seconds=30):
        return self.process.stop(number, seconds)

    def kill(self):
        self.process.popen.kill()
        self.process.popen.wait()

    def get(self, path):
        """(status, text) of the admin address."""
        try:
            with urllib.request.urlopen(f'http://{self.admin}{path}', timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def status(self):
        return json.loads(self.get('/status')[1])

    def metric(self, name, labels=''):
        """The sum of a metric's lines that have `labels`."""
        lines = self.get('/metrics')[1].splitlines()
        return sum(float(l.rsplit(' ', 1)[1]) for l in lines if l.startswith(name) and labels in l)

    def access(self):
        """The access log's lines."""
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding='utf-8') as file:
            return [json.loads(line) for line in file.read().splitlines() if line]

    def rss_kib(self, pid=None):
        with open(f'/proc/{pid or self.pid}/status', encoding='ascii') as file:
            return int(next(line for line in file if line.startswith('VmRSS:')).split()[1])

    # ---- clients ----

    def connect(self, timeout=10):
        sock = socket.create_connection(('127.0.0.1', self.https_port), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def tls(self, name, ca, alpn=None, timeout=10):
        """A verified connection of Python's own TLS: the international world's."""
        context = ssl.create_default_context(cafile=ca)
        if alpn:
            context.set_alpn_protocols(alpn)
        return context.wrap_socket(self.connect(timeout), server_hostname=name)

    def curl(self, name, path='/page', ca=None, *options):
        """(exit status, stdout, stderr)."""
        done = subprocess.run(['curl', '-sS', '--max-time', '20', '--noproxy', '*', '--connect-to', f'{name}:443:{self.address}',
                               *(('--cacert', ca) if ca else ()), *options, f'https://{name}{path}'], capture_output=True, timeout=30)
        return done.returncode, done.stdout, done.stderr.decode()


class Base:
    """A folder with processes that end with it; what acme_world.Process wants of a world."""

    def __enter__(self):
        self.scratch = tempfile.TemporaryDirectory(prefix='cathaya-gateway-', ignore_cleanup_errors=True)
        self.folder, self.processes, self.stack = self.scratch.name, [], contextlib.ExitStack()
        try:
            self.build()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        end_processes(self.processes)
        self.stack.close()
        self.scratch.cleanup()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)


def end_processes(processes):
    for process in reversed(processes):
        if process.popen.poll() is None:
            process.popen.kill()
            process.popen.wait()
        if not process.file.closed:
            process.file.close()


def make_chain(folder, names, prefix='tls', root_prefix=None):
    """A P-256 root and a leaf for the names, by the openssl program: (root, chain, key) as files."""
    at = lambda name: os.path.join(folder, f'{prefix}-{name}')
    root, root_key = (os.path.join(folder, f'{root_prefix}-{n}') for n in ('root.pem', 'root.key')) if root_prefix else (at('root.pem'), at('root.key'))
    ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    run = lambda *command: subprocess.run(['openssl', *command], check=True, capture_output=True)
    if not root_prefix:
        run('req', '-x509', *ec, '-keyout', root_key, '-out', root, '-days', '30', '-subj', '/CN=Test Root')
    with open(at('ext'), 'w', encoding='ascii') as file:
        file.write('basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=' +
                   ','.join('DNS:' + name for name in names) + '\n')
    run('req', '-new', *ec, '-keyout', at('key.pem'), '-out', at('csr.pem'), '-subj', '/CN=' + names[0])
    run('x509', '-req', '-in', at('csr.pem'), '-CA', root, '-CAkey', root_key, '-CAcreateserial', '-out', at('leaf.pem'), '-days', '20',
        '-extfile', at('ext'))
    os.chmod(at('key.pem'), 0o600)
    return root, at('leaf.pem'), at('key.pem')


class PlainWorld(Base):
    """Sites: www.test (default; two backends a and b), other.test (a certificate that does not name www.test; backend c), h1.test
    (no HTTP/2), proxy.test (PROXY v2), raw.test (TCP mode), down.test (nobody is there). limits go into the configuration."""

    NAMES = ('www.test', 'h1.test', 'proxy.test', 'raw.test', 'down.test', '*.wild.test')

    def __init__(self, limits=None, general=None, health=None, start=True):
        self.limits, self.general, self.health, self.has_start = limits or {}, general or {}, health, start

    def build(self):
        need('openssl')
        self.root, chain, key = make_chain(self.folder, self.NAMES)
        _, other_chain, other_key = make_chain(self.folder, ('other.test',), 'other', 'tls')
        self.a, self.b, self.c, self.proxied = (self.stack.enter_context(Backend(*args)) for args in (
            ('a',), ('b',), ('c',), ('proxied', True)))
        self.gateway = gateway = Gateway(self)
        gateway.limits.update(self.limits)
        gateway.general.update(self.general)
        mine = [block('certificate', 'intl-classic', chain_file=chain, key=key)]
        health = [block('health', **self.health)] if self.health else []
        gateway.site('www.test', [self.a.address, self.b.address], mine, default=True, redirect_http=True, hsts_max_age_s=31536000,
                     names=['www.test', '*.wild.test'], blocks=health)
        gateway.site('other.test', [self.c.address], [block('certificate', 'intl-classic', chain_file=other_chain, key=other_key)],
                     redirect_http=False)
        gateway.site('h1.test', [self.a.address], mine, http2=False)
        gateway.site('proxy.test', [self.proxied.address], mine, send_proxy=True)
        gateway.site('raw.test', [self.c.address], mine, mode='tcp')
        gateway.site('down.test', [f'127.0.0.1:{quiet_port()}'], mine)
        if self.has_start:
            gateway.start()

    def seen(self):
        return self.a.seen() + self.b.seen() + self.c.seen() + self.proxied.seen()

    def clear(self):
        for backend in (self.a, self.b, self.c, self.proxied):
            backend.clear()


class World(acme_world.World):
    """A CA service with mirrors, and a gateway that gets its certificates from it. lifetimes: {profile: seconds}, of all
    when it is a number. sites: {title: options}, by default www.demo.test with everything on backends a and b.
    clock: the gateway gets a clock that self.shift moves."""

    def __init__(self, lifetimes=None, kinds=KINDS, mirrors=2, landmark_s=2, sites=None, stage='landmark', clock=False, **more):
        more.setdefault('ca_extra', '    checkpoint-interval-ms = 300\n    mirror-watch-interval = 2\n')
        super().__init__(profiles=tuple(kinds), mirrors=mirrors, landmark_s=landmark_s, limits=False, **more)
        self.lifetimes, self.kinds, self.stage, self.has_clock = lifetimes, kinds, stage, clock
        self.site_options = sites or {'www.demo.test': {'default': True}}
        self.validation_port, self.environment, self.port = quiet_port(), None, quiet_port()
        self.stack, self.gateways = contextlib.ExitStack(), []

    def make(self):
        super().make()
        if self.has_clock:
            self.environment, self.shift = shift_clock.make(self.folder)
        self.a, self.b = self.stack.enter_context(Backend('a')), self.stack.enter_context(Backend('b'))

    def config(self):
        text = super().config().replace(f'    http-port = {self.http_port}\n', f'    http-port = {self.validation_port}\n')
        for profile in self.profiles:
            seconds = self.lifetimes.get(profile) if isinstance(self.lifetimes, dict) else self.lifetimes
            if seconds:
                text = text.replace(f'profile "{profile}" {{\n', f'profile "{profile}" {{\n    lifetime = {seconds}\n    backdate = 1\n')
        return text

    def start_ca(self):
        """Always the same port: the gateway keeps the directory's address."""
        self.base = f'https://localhost:{self.port}'
        self.write('service.conf', self.config())
        self.ca_count = getattr(self, 'ca_count', 0) + 1
        self.ca = self.spawn(f'ca-{self.ca_count}', PROGRAM, 'ca', 'run', '--config', self.path('service.conf'))
        self.admin = self.ca.wait_ready()['admin']
        return self.ca

    def start(self):
        super().start()
        self.gateway = self.new_gateway()
        self.gateway.start()

    def __exit__(self, *what):
        super().__exit__(*what)
        self.stack.close()

    # ---- the gateway ----

    def issuer(self, name, profile, **more):
        return block('issuer', name, **{'directory': self.directory(), 'ca_file': self.path('tls.pem'), 'profile': profile,
                                        'contact': 'mailto:ops@demo.test', 'challenge': 'http-01', **more})

    def new_gateway(self, name='gateway'):
        gateway = Gateway(self, name, http_port=self.validation_port)
        gateway.env, gateway.general['stage'] = self.environment, self.stage
        gateway.issuers = [self.issuer(kind, kind) for kind in self.kinds]
        certificates = [block('certificate', kind, issuers=[kind]) for kind in self.kinds]
        for title, options in self.site_options.items():
            gateway.site(title, [self.a.address, self.b.address], certificates, **options)
        return gateway

    # ---- what clients trust ----

    def trust_options(self):
        """Of `cathaya trust import`: every CA with its log, mirrors and roots."""
        options = []
        for suite in self.suites():
            options += ['--ca', self.path(suite, 'ca.pem'), '--log-url', f'{self.base}/log/{suite}']
            if self.mirror_count:
                options += ['--policy', self.verify_policy(suite)]
        for suite in self.classics():
            options += ['--root', self.path(suite + '-r1', 'root.pem')]
        return options

    tls_roots = None    # of the services whose logs are asked; None: ours

    def make_trust(self, name='trust', options=None):
        folder = self.path(name)
        self.cathaya('trust', 'import', '--dir', folder, *(options or self.trust_options()))
        # The first checkpoints have yet to reach the mirrors.
        last = []
        wait_until(lambda: last, lambda: last.append(self.update_trust(folder, check=False)) or last[-1].returncode == 0, 30, 0.3)
        self.trust = folder
        return folder

    def update_trust(self, folder=None, check=True):
        """With check a checkpoint that the mirrors have not signed yet is asked for again, as clients do."""
        arguments = ('trust', 'update', '--dir', folder or self.trust, '--ca-file', self.tls_roots or self.path('tls.pem'))
        done = []

        def is_signed():
            done.append(self.cathaya(*arguments, check=False))
            return b'not satisfied yet' not in done[-1].stderr
        if check:
            wait_until(lambda: done[-1].stderr, is_signed, 30, 0.2)
        return self.cathaya(*arguments, check=check) if not done or done[-1].returncode != 0 else done[-1]

    def cathaya(self, *arguments, check=True, timeout=60):
        done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, timeout=timeout, cwd=self.folder)
        if check and done.returncode != 0:
            raise AssertionError((arguments, done.returncode, done.stdout.decode(), done.stderr.decode()))
        return done

    def fetch(self, profile, name='www.demo.test', path='/page', check=True, gateway=None, trust=None):
        """What `cathaya fetch --json` tells, and `exit` in it."""
        done = self.cathaya('fetch', '--policy-check', 'off', f'https://{name}{path}', '--connect', (gateway or self.gateway).address, '--trust', trust or self.trust,
                            '--as', profile, '--json', check=False)
        if check and done.returncode != 0:
            raise AssertionError(f'fetch --as {profile}: {done.returncode} {done.stdout.decode()} {done.stderr.decode()}')
        told = json.loads(done.stdout) if done.stdout.strip() else {'reason': done.stderr.decode()}
        told['exit'] = done.returncode
        return told

    def kind_of(self, profile, **more):
        """(world, mode) that a client gets; None when it gets no trusted connection."""
        told = self.fetch(profile, check=False, **more)
        return (told['certificate']['suite'], told['certificate']['mode']) if told['exit'] == 0 else None

    def wait_for_all(self, seconds=60, profiles=EXPECTED):
        """Until each client gets the kind that it should; the trust directory is kept up to date meanwhile."""
        last = {}

        def good():
            self.update_trust()
            last.update({profile: self.kind_of(profile) for profile in profiles})
            return all(last[profile] == EXPECTED[profile] for profile in profiles)
        wait_until(lambda: f'{last}\n{self.gateway.process.text()[-3000:]}', good, seconds, 0.5)

    def intl_root(self):
        return self.path('intl-r1', 'root.pem')


def browser_profile(folder, root):
    """An NSS database for a browser with the root in it."""
    need('certutil')
    os.makedirs(folder, exist_ok=True)
    subprocess.run(['certutil', '-N', '-d', f'sql:{folder}', '--empty-password'], check=True, capture_output=True)
    subprocess.run(['certutil', '-A', '-d', f'sql:{folder}', '-n', 'test root', '-t', 'C,,', '-i', root], check=True, capture_output=True)
    return folder


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
