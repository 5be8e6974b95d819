"""A CA service on loopback as an operator sets it up: CAs made by the program, one configuration, `cathaya ca run`, mirrors,
a mock DNS (pebble-challtestsrv), and a web server for http-01. Everything ends with the world."""
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..', '..')
PROGRAM = os.environ.get('CATHAYA_PROGRAM') or os.path.join(ROOT, 'build', 'cathaya')

ORDER = '''base-url = "https://localhost:{port}"
listen = {{"127.0.0.1:{port}"}}
tls-certificate = "tls.pem"
tls-key = "tls.key"
admin-listen = "127.0.0.1:0"
'''


def need(*programs):
    """Ends the test with a reason (77) when a program is missing."""
    for program in programs:
        if not shutil.which(program, path=os.environ['PATH'] + ':/usr/sbin:/sbin'):
            print(f'skipped: {program} is not installed')
            sys.exit(77)


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


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
        self.popen = subprocess.Popen([str(a) for a in arguments], stdout=self.file, stderr=self.file,
                                      stdin=subprocess.DEVNULL, env=env, cwd=world.folder)

    def text(self):
        with open(self.path, errors='replace') as file:
            return file.read()

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
        raise AssertionError(f'{self.name}: no "{what}" (status {self.popen.poll()}):\n{self.text()[-4000:]}')

    def size(self):
        return os.path.getsize(self.path)

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
    """Use it as a context manager. `profiles` are those of the service; mirrors is how many there are."""

    def __init__(self, profiles=('gm-mtc', 'intl-mtc', 'gm-classic', 'intl-classic'), mirrors=0, extra='', ca_extra='',
                 validation='', limits=True, landmark_s=3600, dns=None):
        self.profiles, self.mirror_count, self.extra, self.ca_extra = profiles, mirrors, extra, ca_extra
        self.validation, self.limits, self.landmark_s, self.dns = validation, limits, landmark_s, dns

    def __enter__(self):
        self.scratch = tempfile.TemporaryDirectory(prefix='cathaya-acme-')
        self.folder = self.scratch.name
        self.processes = []
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
        if getattr(self, 'web', None):
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

    # ---- what an operator does once ----

    def suites(self):
        return [s for s in ('gm', 'intl') if any(p.startswith(s) and 'mtc' in p for p in self.profiles)]

    def classics(self):
        return [s for s in ('gm', 'intl') if any(p == f'{s}-classic' for p in self.profiles)]

    def intranets(self):
        return [s for s in ('gm', 'intl') if any(p == f'{s}-intranet' for p in self.profiles)]

    def make(self):
        self.port = free_port()
        self.http_port, self.alpn_port = free_port(), free_port()
        self.base = f'https://localhost:{self.port}'
        self.make_tls()
        for number, suite in enumerate(self.suites(), 1):
            run('ca', 'init', '--suite', suite, '--id', f'32473.{number}', self.path(suite))
        for suite in self.classics():
            run('ca', 'classic', 'init', '--suite', suite, '--organisation', 'Example', '--url',
                f'http://localhost:{self.http_port}/{suite}', self.path(suite + '-r1'))
        for suite in self.intranets():
            run('ca', 'classic', 'init', '--suite', suite, '--intranet', '--organisation', 'Example', '--url',
                f'http://localhost:{self.http_port}/{suite}-intranet', self.path(suite + '-intranet'))
        self.make_mirrors()
        self.write('service.conf', self.config())

    def make_tls(self):
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout',
                        self.path('tls.key'), '-out', self.path('tls.pem'), '-days', '30', '-subj', '/CN=localhost',
                        '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], check=True, capture_output=True)
        os.chmod(self.path('tls.key'), 0o600)

    def make_mirrors(self):
        self.mirrors = []

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
            mirrors = f'    mirrors = {self.mirror_count and 1}\n' if kind == 'mtc' else ''
            text.append(f'profile "{profile}" {{\n    ca = "{ca}"\n{mirrors}}}\n')
        text.append(f'''validation {{
    caa-identities = {{"ca.example"}}
    quorum = "relaxed"
    http-port = {self.http_port}
    tls-port = {self.alpn_port}
    reach = {{"127.0.0.0/8", "::1/128"}}
    public-labels = {{"test"}}
{self.validation}}}
''')
        text.append(self.dns or '''dns {
    resolvers = {"127.0.0.1@%d"}
    insecure = {"test"}
    loopback-only = true
}
''')
        default = 'intl-classic' if 'intl-classic' in self.profiles else self.profiles[0]
        text.append(f'acme {{\n    default-profile = "{default}"\n}}\n')
        if not self.limits:
            text.append('limits {\n' + ''.join(f'    {name} = {{none}}\n' for name in (
                'accounts-per-address', 'accounts-per-range', 'orders-per-account', 'certificates-per-domain',
                'certificates-per-set', 'failed-validations')) + '}\n')
        text.append(self.extra)
        return ''.join(text)

    # ---- what runs ----

    def spawn(self, name, *arguments, env=None):
        process = Process(self, name, arguments, env)
        self.processes.append(process)
        return process

    def start(self):
        need('pebble-challtestsrv', 'openssl')
        self.start_web()
        self.start_dns()
        self.start_mirrors()
        self.start_ca()

    def start_web(self):
        """Serves self.webroot for every name, on the port where http-01 looks."""
        self.webroot = self.path('webroot')
        os.makedirs(os.path.join(self.webroot, '.well-known', 'acme-challenge'))
        self.web = ThreadingHTTPServer(('127.0.0.1', self.http_port), functools.partial(Quiet, directory=self.webroot))
        threading.Thread(target=self.web.serve_forever, daemon=True).start()

    def start_dns(self):
        for _ in range(5):
            self.dns_port, self.management_port = free_port(), free_port()
            self.challtestsrv = self.spawn('challtestsrv', 'pebble-challtestsrv', '-dns01', f'127.0.0.1:{self.dns_port}', '-http01', '', '-https01', '', '-tlsalpn01', f'127.0.0.1:{self.alpn_port}',
                                           '-management', f'127.0.0.1:{self.management_port}', '-defaultIPv6', '')
            for _ in range(200):
                try:
                    self.manage('set-default-ipv6', {'ip': ''})
                    break
                except OSError:
                    if self.challtestsrv.popen.poll() is not None:
                        break
                    time.sleep(0.02)
            else:
                continue
            if self.challtestsrv.popen.poll() is None:
                break
        text = self.config()
        self.write('service.conf', text % self.dns_port if '%d' in text else text)

    def manage(self, what, value):
        """The mock DNS's management: set-txt, add-a, set-default-ipv4, http01, ..."""
        request = urllib.request.Request(f'http://127.0.0.1:{self.management_port}/{what}', json.dumps(value).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def start_mirrors(self):
        pass

    def start_ca(self):
        self.ca = self.spawn('ca', PROGRAM, 'ca', 'run', '--config', self.path('service.conf'))
        self.ca.wait_for('ready')
        return self.ca

    def directory(self, profile=None):
        return f'{self.base}/profile/{profile}/directory' if profile else f'{self.base}/directory'
