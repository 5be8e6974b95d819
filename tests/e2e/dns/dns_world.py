"""Name servers on loopback for tests, as a fixture.

    with DnsWorld() as world:
        world.mock.set_txt('_acme-challenge.www.example.com', 'token')   # anything outside of signed.test: unsigned
        world.zone.set('_acme-challenge.good', 'TXT', '"token"')         # in signed.test, signed
        world.zone.publish()
        ... resolver with world.forwarders, world.stubs and world.anchor_file ...

`mock` is pebble-challtestsrv and is asked for everything else, so every name outside of signed.test exists (A 127.0.0.1
unless told otherwise). It has to be a forwarder: it is no stub for ".", for it does not answer for the root. `zone` is nsd with signed.test, signed by keys made here:

    good.signed.test       A, TXT, CAA     secure          alias.signed.test     CNAME to good
    large.signed.test      TXT of 3 KB     needs TCP       many.signed.test      TXT, 70 records
    bogus.signed.test      A, TXT, CAA     bad signature   expired.signed.test   signature has expired
    stripped.signed.test   A, TXT, CAA     no signature    *.wild.signed.test    TXT, from a wildcard
    *.insecure.signed.test A, TXT          below an unsigned delegation

Ports are free ones, tried again when somebody else was faster. All of it is gone when the world ends.
missing() says which programs are not there; a test then ends with 77.
"""
import base64
import json
import os
import re
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request

ORIGIN = 'signed.test'
TYPES = {'A': 1, 'SOA': 6, 'TXT': 16, 'AAAA': 28, 'CAA': 257}
PROGRAMS = ('nsd', 'ldns-keygen', 'ldns-signzone', 'pebble-challtestsrv')
PATH = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'    # where Debian has nsd
PATIENCE_S = 20
ATTEMPTS = 10


class StartError(Exception):
    pass


def find(program):
    return shutil.which(program, path=PATH)


def missing():
    """Names of the programs that are needed and not installed."""
    return [program for program in PROGRAMS if find(program) is None]


def free_port():
    """A port of loopback that was free for UDP and TCP a moment ago."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(('127.0.0.1', 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind(('127.0.0.1', port))
            except OSError:
                continue
            return port
    raise StartError('no free port')


def ask(port, name, kind, timeout_s=1):
    """The raw answer of the server on this port, None without one."""
    number = secrets.randbelow(65536)
    question = b''.join(bytes([len(label)]) + label.encode() for label in name.rstrip('.').split('.')) + b'\0'
    query = struct.pack('>HHHHHH', number, 0, 1, 0, 0, 0) + question + struct.pack('>HH', TYPES[kind], 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(timeout_s)
        try:
            udp.connect(('127.0.0.1', port))
            udp.send(query)
            answer = udp.recv(65535)
        except OSError:    # refused or too late
            return None
    return answer if answer[:2] == query[:2] else None


def wait_for(condition, process, what):
    """Until condition() holds. StartError when the process has ended or patience has."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise StartError(f'{what} has ended with {process.returncode}')
        if condition():
            return
        time.sleep(0.02)
    raise StartError(f'{what} does not answer')


def end(process):
    if process is None:
        return
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Mock:
    """pebble-challtestsrv: answers for every name, without DNSSEC; records are set over HTTP. alpn: a server for tls-alpn-01
    challenges too, on that port."""

    def __init__(self, alpn=False):
        self.process, self.has_alpn, self.alpn = None, alpn, None
        for attempt in range(ATTEMPTS):
            try:
                self.start()
                return
            except StartError:
                self.stop()
                if attempt == ATTEMPTS - 1:
                    raise

    def start(self):
        self.port, self.management = free_port(), free_port()
        self.alpn = free_port() if self.has_alpn else None
        self.process = subprocess.Popen(
            [find('pebble-challtestsrv'), '-dns01', f'127.0.0.1:{self.port}', '-management', f'127.0.0.1:{self.management}',
             '-http01', '', '-https01', '', '-tlsalpn01', f'127.0.0.1:{self.alpn}' if self.alpn else ''], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # It goes on when a port is taken: only a record that comes back shows that both ports are ours.
        token = secrets.token_hex(8)
        wait_for(lambda: self.try_post('set-txt', host='_started.invalid.', value=token), self.process, 'pebble-challtestsrv')
        answer = None
        for _ in range(50):
            answer = ask(self.port, '_started.invalid', 'TXT', timeout_s=0.2)
            if answer is not None:
                break
            time.sleep(0.02)
        if answer is None or token.encode() not in answer:
            raise StartError('a port of pebble-challtestsrv was taken')

    def stop(self):
        end(self.process)
        self.process = None

    def try_post(self, path, **fields):
        try:
            self.post(path, **fields)
        except OSError:
            return False
        return True

    def post(self, path, **fields):
        request = urllib.request.Request(f'http://127.0.0.1:{self.management}/{path}', data=json.dumps(fields).encode(), method='POST')
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=5) as answer:
            answer.read()

    @staticmethod
    def full(host):
        return host.rstrip('.') + '.'

    def set_txt(self, host, value):
        """One TXT more for host."""
        self.post('set-txt', host=self.full(host), value=value)

    def clear_txt(self, host):
        self.post('clear-txt', host=self.full(host))

    def set_a(self, host, *addresses):
        self.post('clear-a', host=self.full(host))
        self.post('add-a', host=self.full(host), addresses=list(addresses))

    def set_aaaa(self, host, *addresses):
        """No address: what the default for everything says; see no_ipv6."""
        self.post('clear-aaaa', host=self.full(host))
        if addresses:
            self.post('add-aaaa', host=self.full(host), addresses=list(addresses))

    def no_ipv6(self):
        """No name has an AAAA unless it is set."""
        self.post('set-default-ipv6', ip='')

    def set_caa(self, host, *policies):
        """policies: (tag, value)"""
        self.post('clear-caa', host=self.full(host))
        self.post('add-caa', host=self.full(host), policies=[{'tag': tag, 'value': value} for tag, value in policies])

    def set_cname(self, host, target):
        self.post('set-cname', host=self.full(host), target=self.full(target))

    def clear_cname(self, host):
        self.post('clear-cname', host=self.full(host))

    def set_servfail(self, host):
        self.post('set-servfail', host=self.full(host))

    def clear_servfail(self, host):
        self.post('clear-servfail', host=self.full(host))


def run(*arguments, cwd):
    done = subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise StartError(f'{arguments[0]}: {done.stderr.strip()}')
    return done.stdout.strip()


class Zone:
    """signed.test and insecure.signed.test on nsd."""

    CONFIG = '''server:
    ip-address: 127.0.0.1@{port}
    do-ip6: no
    server-count: 1
    username: ""
    zonesdir: "{folder}"
    database: ""
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    xfrdir: "{folder}"
    zonelistfile: "{folder}/zone.list"
    logfile: "{folder}/nsd.log"
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: signed.test
    zonefile: signed.zone
zone:
    name: insecure.signed.test
    zonefile: insecure.zone
'''

    def __init__(self, folder, nsec3=False):
        self.folder, self.nsec3, self.process, self.serial = folder, nsec3, None, 0
        self.key = run(find('ldns-keygen'), '-a', 'ECDSAP256SHA256', '-k', ORIGIN, cwd=folder)
        self.anchor_file = os.path.join(folder, 'anchor')
        shutil.copy(os.path.join(folder, self.key + '.ds'), self.anchor_file)
        self.records = {}    # (name below the origin, type): [data]
        for name in ('good', 'bogus', 'expired', 'stripped'):
            self.set(name, 'A', '127.0.0.1')
            self.set(name, 'TXT', f'"{name}"')
            self.set(name, 'CAA', '0 issue "ca.example"')
        self.set('alias', 'CNAME', 'good')
        self.set('*.wild', 'TXT', '"wild"')
        self.set('many', 'TXT', *[f'"{i}"' for i in range(70)])
        self.set('large', 'TXT', *[f'"{i} {"x" * 240}"' for i in range(12)])
        self.tampered = {'bogus': self.tamper, 'expired': self.expire, 'stripped': lambda line: None}
        self.write_insecure()
        self.sign()
        for attempt in range(ATTEMPTS):
            try:
                self.start()
                return
            except StartError:
                self.stop()
                if attempt == ATTEMPTS - 1:
                    raise

    def set(self, name, kind, *data):
        """Replaces the records of a name below signed.test; none: takes them away. publish() makes it known."""
        self.records[name, kind] = list(data)

    def write(self, name, *lines):
        with open(os.path.join(self.folder, name), 'w', encoding='ascii') as file:
            file.write('\n'.join([*lines, '']))

    def write_insecure(self):
        self.write('insecure.zone', '$ORIGIN insecure.signed.test.', '$TTL 30', '@ SOA ns.signed.test. nobody.invalid. 1 3600 600 86400 30',
                   '@ NS ns.signed.test.', '* A 127.0.0.1', '* TXT "insecure"')

    def sign(self):
        self.serial += 1
        self.write('plain.zone', f'$ORIGIN {ORIGIN}.', '$TTL 30', f'@ SOA ns nobody.invalid. {self.serial} 3600 600 86400 30', '@ NS ns',
                   'ns A 127.0.0.1', 'insecure NS ns', *(f'{name} {kind} {item}' for (name, kind), data in self.records.items() for item in data))
        now = int(time.time())
        self.old = self.signed_lines('old.zone', now - 40 * 86400, now - 2 * 86400)
        lines = self.signed_lines('new.zone', now - 86400, now + 30 * 86400)
        self.write('signed.zone.new', *filter(None, map(self.change, lines)))
        os.replace(os.path.join(self.folder, 'signed.zone.new'), os.path.join(self.folder, 'signed.zone'))

    def signed_lines(self, name, start, expiry):
        nsec3 = ['-n'] if self.nsec3 else []
        run(find('ldns-signzone'), *nsec3, '-o', ORIGIN, '-i', str(start), '-e', str(expiry), '-f', name, 'plain.zone', self.key, cwd=self.folder)
        with open(os.path.join(self.folder, name), encoding='ascii') as file:
            return file.read().splitlines()

    def change(self, line):
        """The line of a signature as it is published: right, wrong in one bit, an old one, or None."""
        found = re.match(r'(\S+)\.signed\.test\.\s+\d+\s+IN\s+RRSIG\s+(\S+)', line)
        if found is None or found.group(1) not in self.tampered or found.group(2).startswith('NSEC'):
            return line
        return self.tampered[found.group(1)](line)

    @staticmethod
    def tamper(line):
        head, signature = line.rsplit(None, 1)
        raw = bytearray(base64.b64decode(signature))
        raw[10] ^= 1
        return f'{head} {base64.b64encode(raw).decode()}'

    def expire(self, line):
        [old] = [other for other in self.old if other.split()[:5] == line.split()[:5]]
        return old

    def start(self):
        self.port = free_port()
        self.write('nsd.conf', self.CONFIG.format(port=self.port, folder=self.folder))
        self.process = subprocess.Popen([find('nsd'), '-d', '-c', os.path.join(self.folder, 'nsd.conf')],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.is_published, self.process, 'nsd')

    def is_published(self):
        """nsd answers with the serial number of the zone as it was signed last."""
        answer = ask(self.port, ORIGIN, 'SOA', timeout_s=0.2)
        return answer is not None and struct.pack('>IIIII', self.serial, 3600, 600, 86400, 30) in answer

    def publish(self):
        self.sign()
        self.process.send_signal(signal.SIGHUP)
        wait_for(self.is_published, self.process, 'nsd')

    def stop(self):
        end(self.process)
        self.process = None


class DnsWorld:
    """Both servers. forwarders: ['ADDRESS@PORT']; stubs: [(zone, 'ADDRESS@PORT')]; anchor_file: of signed.test."""

    def __init__(self, nsec3=False):
        self.nsec3, self.mock, self.zone = nsec3, None, None

    def __enter__(self):
        self.scratch = tempfile.TemporaryDirectory(prefix='cathaya-dns-')
        try:
            self.mock = Mock()
            self.zone = Zone(self.scratch.name, self.nsec3)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in (self.mock, self.zone):
            if server is not None:
                server.stop()
        self.scratch.cleanup()

    @property
    def stubs(self):
        return [(ORIGIN, f'127.0.0.1@{self.zone.port}')]

    @property
    def forwarders(self):
        return [f'127.0.0.1@{self.mock.port}']

    @property
    def anchor_file(self):
        return self.zone.anchor_file
