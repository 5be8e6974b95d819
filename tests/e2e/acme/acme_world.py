"""A CA service on loopback as an operator sets it up: CAs made by the program, one configuration, `cathaya ca run`, mirrors,
a mock DNS (pebble-challtestsrv), nsd with a signed zone when wanted, and a web server for http-01. Everything ends with the
world. Ports are free ones; when somebody else was faster, others are tried."""
import base64
import functools
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..', '..')
sys.path[1:1] = [os.path.join(ROOT, 'tests', 'e2e', 'dns'), os.path.join(ROOT, 'tests', 'independent')]

import der
import dns_world
import mldsa

PROGRAM = os.environ.get('CATHAYA_PROGRAM') or os.path.join(ROOT, 'build', 'cathaya')

ORDER = '''base-url = "https://localhost:{port}"
listen = {{"127.0.0.1:{port}"}}
tls-certificate = "tls.pem"
tls-key = "tls.key"
admin-listen = "127.0.0.1:0"
'''


SEARCH = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
ATTEMPTS = 6


def need(*programs):
    """Skips the test with a reason when a program is missing."""
    for program in programs:
        if not shutil.which(program, path=SEARCH):
            raise unittest.SkipTest(f'{program} is not installed')


def main():
    """Runs the module's tests; exit status 77 with the reasons when not one of them could run."""
    result = unittest.main(verbosity=2, exit=False).result
    if result.wasSuccessful() and len(result.skipped) >= max(result.testsRun, 1):
        print('skipped:', '; '.join(sorted({why for _, why in result.skipped})))
        sys.exit(77)
    sys.exit(0 if result.wasSuccessful() else 1)


def quiet_port():
    """A free port below those that outgoing connections get: it is still free when its process is started again."""
    with open('/proc/sys/net/ipv4/ip_local_port_range', encoding='ascii') as file:
        first = min(int(file.read().split()[0]), 32768)
    for _ in range(200):
        port = random.SystemRandom().randrange(max(first - 20000, 1100), first)
        with socket.socket() as s:
            try:
                s.bind(('127.0.0.1', port))
                return port
            except OSError:
                pass
    raise AssertionError('no free port')


def wait_until(what, condition, seconds=30, every=0.05):
    """What condition() gives as soon as it is true."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f'not in {seconds} s: {what() if callable(what) else what}')
        time.sleep(every)


def free_port():
    return dns_world.free_port()


def run(*arguments, check=True, **more):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, timeout=120, **more)
    if check and done.returncode != 0:
        raise AssertionError((arguments, done.returncode, done.stdout.decode(), done.stderr.decode()))
    return done


class Process:
    """A process with its output in a file; `wait_for` waits for a line."""

    def __init__(self, world, name, arguments, env=None):
        self.name, self.path = name, os.path.join(world.folder, name + '.log')
        self.file = open(self.path, 'ab')
        self.begin = self.file.tell()
        self.popen = subprocess.Popen([str(a) for a in arguments], stdout=self.file, stderr=self.file,
                                      stdin=subprocess.DEVNULL, env=env, cwd=world.folder)

    def text(self):
        """What this process has said; another one with its name may have been there before."""
        with open(self.path, 'rb') as file:
            file.seek(self.begin)
            return file.read().decode(errors='replace')

    def wait_for(self, what, seconds=60, since=0):
        """The first line that has `what` in it, behind offset `since` of the log."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in self.text()[since:].splitlines():
                if what in line:
                    return line
            if self.popen.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f'{self.name}: no "{what}" (status {self.popen.poll()}):\n{self.text()[-1500:]}')

    def wait_ready(self):
        """What it listens on: {"acme": "127.0.0.1:1234", "admin": ...}. OSError when a port was taken."""
        end, said = time.monotonic() + 60, None
        while time.monotonic() < end and self.popen.poll() is None:
            said = [line.split() for line in self.text().splitlines() if line.split()[:1] == ['ready']]
            if ['ready'] in said:
                return {words[1]: words[2] for words in said if len(words) == 3}
            time.sleep(0.01)
        if 'in use' in self.text():
            raise OSError('a port was taken')
        raise AssertionError(f'{self.name} does not start (status {self.popen.poll()}):\n{self.text()[-1500:]}')

    def size(self):
        return len(self.text())

    def stop(self, number=signal.SIGTERM, seconds=30):
        if self.popen.poll() is None:
            self.popen.send_signal(number)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
                raise AssertionError(f'{self.name} did not end in {seconds} s:\n{self.text()[-4000:]}')
        self.file.close()
        return self.popen.returncode


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class World:
    """Use it as a context manager. `profiles` are those of the service; mirrors is how many there are. extra is more text for
    the configuration, ca_extra for each ca block, validation for that block. zone: signed.test on nsd, too."""

    # The first CA is 32473.1, the first mirror 32473.901; another world of the same test has others.
    first_ca, first_mirror = 1, 901

    def __init__(self, profiles=('gm-mtc', 'intl-mtc', 'gm-classic', 'intl-classic'), mirrors=0, extra='', ca_extra='',
                 validation='', limits=True, landmark_s=3600, zone=False, quorum='    quorum = "relaxed"\n', acme=''):
        self.profiles, self.mirror_count, self.extra, self.ca_extra = profiles, mirrors, extra, ca_extra
        self.validation, self.limits, self.landmark_s, self.has_zone = validation, limits, landmark_s, zone
        self.quorum, self.acme = quorum, acme

    def __enter__(self):
        need('pebble-challtestsrv', 'openssl', *(('nsd', 'ldns-keygen', 'ldns-signzone') if self.has_zone else ()))
        self.scratch = tempfile.TemporaryDirectory(prefix='cathaya-acme-')
        self.folder = self.scratch.name
        self.processes, self.mirrors, self.web, self.mock, self.zone = [], [], None, None, None
        try:
            self.make()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            if process.popen.poll() is None:
                process.popen.kill()
                process.popen.wait()
            process.file.close()
        for server in (self.mock, self.zone):
            if server is not None:
                server.stop()
        if self.web is not None:
            self.web.shutdown()
            self.web.server_close()
        self.scratch.cleanup()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, content, mode=0o644):
        with open(self.path(name), 'w') as file:
            file.write(content)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def read(self, *parts):
        with open(self.path(*parts), 'rb') as file:
            return file.read()

    # ---- what an operator does once ----

    def suites(self):
        return [s for s in ('gm', 'intl') if any(p.startswith(s) and 'mtc' in p for p in self.profiles)]

    def classics(self):
        return [s for s in ('gm', 'intl') if any(p == f'{s}-classic' for p in self.profiles)]

    def intranets(self):
        return [s for s in ('gm', 'intl') if any(p == f'{s}-intranet' for p in self.profiles)]

    def make(self):
        self.start_web()
        self.make_tls()
        for number, suite in enumerate(self.suites(), self.first_ca):
            run('ca', 'init', '--suite', suite, '--id', f'32473.{number}', self.path(suite))
        for suite in self.classics():
            run('ca', 'classic', 'init', '--suite', suite, '--organisation', 'Example', '--url',
                f'http://localhost:{self.http_port}/{suite}', self.path(suite + '-r1'))
        for suite in self.intranets():
            run('ca', 'classic', 'init', '--suite', suite, '--intranet', '--organisation', 'Example', '--url',
                f'http://localhost:{self.http_port}/{suite}-intranet', self.path(suite + '-intranet'))
        for name in [s + '-r1' for s in self.classics()] + [s + '-intranet' for s in self.intranets()]:
            os.symlink(self.path(name, 'public'), os.path.join(self.webroot, name.removesuffix('-r1')))
        for number in range(1, self.mirror_count + 1):
            self.make_mirror(number)

    def make_tls(self):
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout',
                        self.path('tls.key'), '-out', self.path('tls.pem'), '-days', '30', '-subj', '/CN=localhost',
                        '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], check=True, capture_output=True)
        os.chmod(self.path('tls.key'), 0o600)

    def make_mirror(self, number):
        """A mirror of all CAs with a key for each suite: oid/...32473.90N signs with SM2, ...32473.90N.1 with ML-DSA-44."""
        folder = self.path(f'mirror{number}')
        run('mirror', 'init', '--name', f'32473.{self.first_mirror + number - 1}', '--alg', 'sm2_sm3', '--alg', 'mldsa44', folder)
        config = self.read(f'mirror{number}', 'mirror.conf').decode().replace('127.0.0.1:8464', '127.0.0.1:0')
        for at, suite in enumerate(self.suites(), self.first_ca):
            config += f'ca "32473.{at}" {{ certificate = "../{suite}/ca.pem" }}\n'
        self.write(f'mirror{number}/mirror.conf', config)

    def vkeys(self, suite):
        """The mirrors' verifier keys for the CA of this suite."""
        return [self.read(f'mirror{n}', 'mirror.vkeys').decode().splitlines()[suite == 'intl']
                for n in range(1, self.mirror_count + 1)]

    def write_policies(self):
        """C2SP tlog-policy files: any one of the mirrors is the quorum."""
        for suite in self.suites():
            lines = [f'witness m{n} {vkey} http://{self.mirrors[n - 1]}' for n, vkey in enumerate(self.vkeys(suite), 1)]
            names = ' '.join(f'm{n}' for n in range(1, self.mirror_count + 1))
            self.write(f'{suite}.policy', '\n'.join([*lines, f'group mirrors any {names}', 'quorum mirrors', '']))

    def verify_policy(self, suite):
        """A file for `cathaya verify --policy` that wants one of the mirrors."""
        lines, ids = [], []
        for vkey in self.vkeys(suite):
            name, _, material = vkey.split('+', 2)
            ids.append(name.removeprefix('oid/1.3.6.1.4.1.'))
            material = base64.b64decode(material)
            if suite == 'gm':
                alg, spki = 'sm2_sm3', material.split(b'\n', 1)[1]
            else:
                alg, spki = 'mldsa44', der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, der.tlv_oid(mldsa.MLDSA44.oid)),
                                               der.tlv(der.BIT_STRING, b'\0' + material[1:]))
            lines.append(f'cosigner {ids[-1]} {alg} {base64.b64encode(spki).decode()}')
        return self.write(f'{suite}.verify', '\n'.join([*lines, 'require-cosigners any ' + ' '.join(ids), '']))

    def config(self):
        text = [ORDER.format(port=self.port)]
        for suite in self.suites():
            policy = f'    policy = "{suite}.policy"\n' if self.mirror_count else ''
            text.append(f'ca "{suite}" {{\n    directory = "{suite}"\n{policy}    landmark-interval = {self.landmark_s}\n{self.ca_extra}}}\n')
        for suite in self.classics():
            text.append(f'classic "{suite}-r1" {{ directory = "{suite}-r1" }}\n')
        for suite in self.intranets():
            text.append(f'classic "{suite}-intranet" {{ directory = "{suite}-intranet" }}\n')
        for profile in self.profiles:
            suite, kind = profile.split('-')[:2]
            ca = suite if kind == 'mtc' else f'{suite}-r1' if kind == 'classic' else f'{suite}-intranet'
            mirrors = f'    mirrors = {1 if self.mirror_count else 0}\n' if kind == 'mtc' else ''
            text.append(f'profile "{profile}" {{\n    ca = "{ca}"\n{mirrors}}}\n')
        text.append(f'''validation {{
    caa-identities = {{"ca.example"}}
    http-port = {self.http_port}
    tls-port = {self.mock.alpn}
    reach = {{"127.0.0.0/8", "::1/128"}}
    public-labels = {{"test"}}
{self.quorum}{self.validation}}}
''')
        text.append(self.dns_block())
        default = 'intl-classic' if 'intl-classic' in self.profiles else self.profiles[0]
        text.append(f'acme {{\n    default-profile = "{default}"\n{self.acme}}}\n')
        if not self.limits:
            text.append('limits {\n' + ''.join(f'    {name} = {{none}}\n' for name in (
                'accounts-per-address', 'accounts-per-range', 'orders-per-account', 'certificates-per-domain',
                'certificates-per-set', 'failed-validations')) + '}\n')
        text.append(self.extra)
        return ''.join(text)

    def dns_block(self):
        """Without forwarders libunbound itself says that nothing is below test."""
        more = '    insecure = {"test"}\n'
        if self.zone is not None:
            more = f'    trust-anchor = "{self.zone.anchor_file}"\n    stub "signed.test" {{ address = "127.0.0.1@{self.zone.port}" }}\n'
        return f'dns {{\n    resolvers = {{"127.0.0.1@{self.mock.port}"}}\n    loopback-only = true\n{more}}}\n'

    # ---- what runs ----

    def spawn(self, name, *arguments, env=None):
        process = Process(self, name, arguments, env)
        self.processes.append(process)
        return process

    def start(self):
        self.mock = dns_world.Mock(alpn=True)
        self.mock.no_ipv6()
        if self.has_zone:
            os.mkdir(self.path('zone'))
            self.zone = dns_world.Zone(self.path('zone'))
        self.start_mirrors()
        self.start_ca()

    def start_web(self):
        """Serves self.webroot for every name, on the port where http-01 looks."""
        self.webroot = self.path('webroot')
        self.well_known = os.path.join(self.webroot, '.well-known', 'acme-challenge')
        os.makedirs(self.well_known)
        self.web = ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=self.webroot))
        self.http_port = self.web.server_port
        threading.Thread(target=self.web.serve_forever, daemon=True).start()

    @property
    def management(self):
        """URL of the mock DNS's management, for clients' hooks."""
        return f'http://127.0.0.1:{self.mock.management}'

    def set_txt(self, host, value):
        """One TXT record more, in the zone that the name is in."""
        if self.zone is None or not host.endswith('.' + dns_world.ORIGIN):
            self.mock.set_txt(host, value)
            return
        label = host.removesuffix('.' + dns_world.ORIGIN)
        self.zone.set(label, 'TXT', *self.zone.records.get((label, 'TXT'), []), f'"{value}"')
        self.zone.publish()

    def start_mirror(self, number):
        """Its process. The second time on the port of the first: policies have it."""
        config = self.path(f'mirror{number}', 'mirror.conf')
        process = self.spawn(f'm{number}', PROGRAM, 'mirror', 'run', '--config', config)
        address = process.wait_ready()['mirror']
        if len(self.mirrors) < number:
            self.mirrors.append(address)
            self.write(f'mirror{number}/mirror.conf', self.read(f'mirror{number}', 'mirror.conf').decode().replace('127.0.0.1:0', address))
        return process

    def start_mirrors(self):
        for number in range(1, self.mirror_count + 1):
            self.start_mirror(number)
        if self.mirror_count:
            self.write_policies()

    def start_ca(self):
        """self.ca, which is ready. Its port is chosen here, since the configuration has to tell it."""
        for attempt in range(ATTEMPTS):
            self.port = free_port()
            self.base = f'https://localhost:{self.port}'
            self.write('service.conf', self.config())
            self.ca = self.spawn(f'ca{attempt or ""}', PROGRAM, 'ca', 'run', '--config', self.path('service.conf'))
            try:
                self.admin = self.ca.wait_ready()['admin']
                return self.ca
            except OSError:
                continue
        raise AssertionError('no free port')

    def directory(self, profile=None):
        return f'{self.base}/profile/{profile}/directory' if profile else f'{self.base}/directory'
