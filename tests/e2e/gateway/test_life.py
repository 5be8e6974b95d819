#!/usr/bin/env python3
"""The life of a site in minutes: certificates that live for seconds and a landmark every two, under load all the time. No request
fails and no handshake shows a certificate that is expired or that its client cannot verify, whatever happens around.

CATHAYA_LIFE_RENEWALS=10 (`make soak-gateway`) for the long form."""
import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest

import gateway_world
from gateway_world import EXPECTED, PROGRAM, World, acme_world, block, need, wait_until
from raw_http import Http2

NAME = 'www.demo.test'
RENEWALS = int(os.environ.get('CATHAYA_LIFE_RENEWALS', '2'))      # at least so many are seen
# Long enough for a machine that does ten other things to renew in the last third.
LIFETIME_S = int(os.environ.get('CATHAYA_LIFE_SECONDS', '32'))


class Watch:
    """Clients in threads that look all the time; what went wrong is in `wrong`. Between pause() and go_on() nothing is."""

    def __init__(self, world, profiles=EXPECTED, root=None):
        self.root = root       # that Python's OpenSSL trusts; None: the world's
        self.world, self.wrong, self.serials, self.kinds, self.count = world, [], [], {}, {}
        self.is_open, self.is_paused, self.kept = True, False, None
        self.threads = [threading.Thread(target=self.loop, args=(name, action, pause), daemon=True) for name, action, pause in (
            ('verified', self.verified, 0.05), ('http2', self.http2, 0.02), ('trust', self.world.update_trust, 1.5),
            *((f'fetch {p}', lambda p=p: self.fetch(p), 0.3) for p in profiles))]
        for thread in self.threads:
            thread.start()

    def loop(self, name, action, pause):
        while self.is_open:
            was_paused = self.is_paused
            try:
                action()
                self.count[name] = self.count.get(name, 0) + 1
            except Exception as error:     # pylint: disable=broad-except
                # An answer may be on its way when something is about to be killed.
                if not (was_paused or self.is_paused or (name == 'trust' and self.may_lack_logs)):
                    self.wrong.append(f'{time.time():.1f} {name}: {type(error).__name__}: {str(error)[:600]}')
            time.sleep(pause)

    may_lack_logs = False

    def verified(self):
        """A new connection with everything checked by Python's OpenSSL, and one request."""
        sock = self.world.gateway.tls(NAME, self.root or self.world.intl_root(), timeout=10)
        with contextlib.closing(sock):
            certificate = sock.getpeercert()
            if not self.serials or self.serials[-1] != certificate['serialNumber']:
                self.serials.append(certificate['serialNumber'])
            if ssl.cert_time_to_seconds(certificate['notAfter']) < time.time() - 1:
                raise AssertionError(f'expired: {certificate["notAfter"]}')
            sock.sendall(f'GET /page HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n'.encode())
            answer = b''.join(iter(lambda: sock.recv(65536), b''))
        if not answer.startswith(b'HTTP/1.1 200') or b'this is' not in answer:
            raise AssertionError(f'answer: {answer[:100]!r}')

    def http2(self):
        """A request on a connection that is kept as long as the server wants; one that a GOAWAY leaves out may go again."""
        for _ in range(3):
            if self.kept is not None and (not self.kept.is_open or self.kept.goaway is not None):
                self.leave()
            if self.kept is None:
                self.kept = Http2(self.world.gateway.tls(NAME, self.root or self.world.intl_root(), ['h2'], 10))
            try:
                stream = self.kept.headers([(':method', 'GET'), (':scheme', 'https'), (':authority', NAME), (':path', '/page')])
                end = self.kept.wait(stream)
            except OSError:
                self.leave()
                raise
            if end.get('status') == 200 and 'reset' not in end and b'this is' in end['body']:
                return
            goaway = self.kept.goaway
            self.leave()
            if goaway is None or goaway[0] >= stream:
                raise AssertionError(f'stream {stream}: {end}, GOAWAY {goaway}')
        raise AssertionError('three connections in a row were going away')

    def leave(self):
        self.kept.sock.close()
        self.kept = None

    def fetch(self, profile):
        told = self.world.fetch(profile)
        kind = told['certificate']['suite'], told['certificate']['mode']
        if kind[0] != EXPECTED[profile][0] or (profile != 'gm' and profile != 'intl' and kind != EXPECTED[profile]):
            raise AssertionError(f'got {kind}')
        self.kinds.setdefault(profile, set()).add(kind)

    def pause(self):
        self.is_paused = True

    def go_on(self):
        self.is_paused = False

    def close(self):
        self.is_open = False
        for thread in self.threads:
            thread.join(60)
        if self.kept is not None:
            self.leave()


class Load:
    """h2load on connections that stay, and wrk with keep-alive and with a connection for each request."""

    def __init__(self, gateway, seconds, leave_out=()):
        need('h2load', 'wrk')
        address, host = gateway.address, ['-H', f'Host: {NAME}']
        command = {'h2load': ['h2load', f'-D{seconds}', '-c4', '-m4', '--rps=40', f'--connect-to={address}', f'https://{NAME}/page'],
                   'wrk': ['wrk', '-t1', '-c4', f'-d{seconds}s', *host, f'https://{address}/slow/20'],
                   'wrk close': ['wrk', '-t1', '-c2', f'-d{seconds}s', *host, '-H', 'Connection: close', f'https://{address}/slow/20']}
        self.processes = {name: subprocess.Popen(c, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
                          for name, c in command.items() if name not in leave_out}

    def end(self, test, least=50):
        """Not one request failed."""
        for name, process in self.processes.items():
            out = process.communicate(timeout=300)[0].decode()
            if name == 'h2load':
                done = {what: int(n) for n, what in re.findall(r'(\d+) (total|done|succeeded|failed|errored|timeout)', out)}
                test.assertEqual((done['failed'], done['errored'], done['timeout']), (0, 0, 0), out)
                test.assertGreater(done['succeeded'], least, out)
                test.assertRegex(out, r'\b0 3xx, 0 4xx, 0 5xx')
            else:
                test.assertNotIn('Non-2xx', out, name)
                test.assertNotIn('Socket errors', out, name)
                test.assertGreater(int(re.search(r'(\d+) requests in', out)[1]), least, out)

    def stop(self):
        for process in self.processes.values():
            process.kill()
            process.wait()
            process.stdout.close()


class Case(unittest.TestCase):
    OPTIONS = {'lifetimes': LIFETIME_S}

    @classmethod
    def setUpClass(cls):
        need('h2load', 'wrk')
        cls.world = World(**cls.OPTIONS)
        begin = time.monotonic()
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.addClassCleanup(lambda: kill_all(cls.world.gateway))
        cls.gateway = cls.world.gateway
        cls.world.make_trust()
        cls.world.wait_for_all(90)
        print(f'from nothing to landmark handshakes: {time.monotonic() - begin:.1f} s', flush=True)

    def watch(self, **more):
        watch = Watch(self.world, **more)
        self.addCleanup(watch.close)
        return watch

    def load(self, seconds, leave_out=()):
        load = Load(self.gateway, seconds, leave_out)
        self.addCleanup(load.stop)
        return load

    def fine(self, watch, least=5):
        self.assertEqual(watch.wrong, [], self.gateway.process.text()[-2000:])
        for name, count in watch.count.items():
            self.assertGreaterEqual(count, least if name != 'trust' else 1, name)

    def keys(self):
        """The private keys that are on the gateway's disk now."""
        found = set()
        for where, _, names in os.walk(self.gateway.state):
            for name in filter(lambda n, w=where: os.path.isfile(os.path.join(w, n)), names):
                with open(os.path.join(where, name), 'rb') as file:
                    data = file.read()
                if b'PRIVATE KEY' in data:
                    found.add(data)
        return found


def pids(gateway):
    """All processes that run with this gateway's configuration: after a binary restart it is another one."""
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/cmdline', 'rb') as file:
                words = file.read().split(b'\0')
            with open(f'/proc/{pid}/stat', encoding='ascii', errors='replace') as file:
                state = file.read().rsplit(')', 1)[1].split()[0]
        except OSError:
            continue
        if words[1:2] == [b'gateway'] and gateway.config.encode() in words and state != 'Z':
            found.append(int(pid))
    return sorted(found)


def kill_all(gateway):
    for pid in pids(gateway):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Life(Case):
    def test_1_renewals_under_load(self):
        watch = self.watch()
        # They are renewed when two thirds of their time have passed.
        seconds = LIFETIME_S * RENEWALS * 3 // 4
        load = self.load(seconds)
        load.end(self)
        watch.close()
        self.fine(watch)
        print(f'{len(watch.serials) - 1} renewals, kinds seen: {watch.kinds}, rounds: {watch.count}', flush=True)
        self.assertGreaterEqual(len(watch.serials), RENEWALS + 1, watch.serials)
        self.assertEqual(len(set(watch.serials)), len(watch.serials), 'an old certificate came back')
        self.assertIn(EXPECTED['gm'], watch.kinds['gm'])
        self.assertIn(EXPECTED['intl'], watch.kinds['intl'])

    def test_2_a_mirror_and_then_the_ca_are_away(self):
        watch = self.watch()
        watch.may_lack_logs = True
        load = self.load(14)
        mirror = next(p for p in self.world.processes if p.name == 'm1')
        mirror.stop()
        time.sleep(2)
        self.world.ca.stop()
        # What is renewed in the last third of its time can bear this, and the pause after an attempt that failed.
        time.sleep(3)
        self.world.start_ca()
        load.end(self)
        watch.close()
        self.fine(watch)
        # It goes on renewing when they are there again.
        serial = watch.serials[-1]
        wait_until(lambda: self.gateway.process.text()[-3000:], lambda: self.new_serial() != serial, LIFETIME_S * 2, 0.3)

    def new_serial(self):
        try:
            with contextlib.closing(self.gateway.tls(NAME, self.world.intl_root())) as sock:
                return sock.getpeercert()['serialNumber']
        except OSError:
            return None

    def test_3_reload_under_load(self):
        watch = self.watch()
        load = self.load(8)
        self.gateway.sites[0] = self.gateway.sites[0].replace('default = true', 'default = true\n    hsts-max-age-s = 999')
        for number in range(3):
            self.gateway.sites[0] = re.sub(r'hsts-max-age-s = \d+', f'hsts-max-age-s = {1000 + number}', self.gateway.sites[0])
            self.gateway.write()
            os.kill(self.gateway.pid, signal.SIGHUP)
            wait_until('the new setting', lambda n=number: str(1000 + n) in self.hsts(), 10)
        # A configuration that is no good changes nothing.
        good = self.gateway.sites[0]
        self.gateway.sites[0] = good.replace('names =', 'nmaes =')
        self.gateway.write()
        os.kill(self.gateway.pid, signal.SIGHUP)
        time.sleep(1)
        self.assertIn('1002', self.hsts())
        self.assertIn('nmaes', self.gateway.process.text())
        self.gateway.sites[0] = good
        self.gateway.write()
        load.end(self)
        watch.close()
        self.fine(watch)

    def hsts(self):
        with contextlib.closing(self.gateway.tls(NAME, self.world.intl_root())) as sock:
            sock.sendall(f'GET /page HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n'.encode())
            head = b''.join(iter(lambda: sock.recv(65536), b'')).split(b'\r\n\r\n')[0].decode().lower()
        return re.search(r'strict-transport-security: (\S+)', head + '\nstrict-transport-security: none')[1]

    def test_4_another_binary_under_load(self):
        watch = self.watch()
        # h2load goes on opening streams behind a GOAWAY, and counts them as failed; Watch.http2 does as one should.
        load = self.load(6 * RENEWALS, ['h2load'])
        for _ in range(RENEWALS):
            time.sleep(1)
            [old] = pids(self.gateway)
            os.kill(old, signal.SIGUSR2)
            wait_until(lambda: f'pids {pids(self.gateway)}: {self.gateway.process.text()[-2000:]}',
                       lambda: [p for p in pids(self.gateway) if p != old], 20)
            wait_until(lambda: f'the old one stays: {self.gateway.process.text()[-2000:]}', lambda: old not in pids(self.gateway), 40)
        load.end(self)
        watch.close()
        self.fine(watch)
        self.assertEqual(len(pids(self.gateway)), 1)
        self.world.wait_for_all(60)

    def test_5_killed_and_there_again(self):
        for _ in range(2):
            kept = self.keys()
            watch = self.watch()
            time.sleep(1)
            watch.pause()
            kill_all(self.gateway)
            begin = time.monotonic()
            self.gateway.start()
            wait_until('it serves', self.new_serial, 10, 0.02)
            took = time.monotonic() - begin
            print(f'killed, and serves again after {took:.2f} s', flush=True)
            self.assertLess(took, 2.0)
            self.assertTrue(kept & self.keys(), 'all keys are new')
            time.sleep(0.5)
            watch.go_on()
            time.sleep(3)
            watch.close()
            self.fine(watch, 2)

    def test_6_ends_gracefully(self):
        load = self.load(1)
        load.end(self, 5)
        with contextlib.closing(self.gateway.tls(NAME, self.world.intl_root())) as sock:
            sock.sendall(f'GET /slow/700 HTTP/1.1\r\nHost: {NAME}\r\n\r\n'.encode())
            time.sleep(0.2)
            os.kill(pids(self.gateway)[0], signal.SIGTERM)
            answer = b''
            while b'slow' not in answer:
                data = sock.recv(65536)
                self.assertTrue(data, f'it was cut: {answer}')
                answer += data
        wait_until('it has ended', lambda: not pids(self.gateway), 20)
        with self.assertRaises(OSError):
            socket.create_connection(('127.0.0.1', self.gateway.https_port), 2)


class Clock(Case):
    """The gateway's clock jumps; certificates live for days."""
    OPTIONS = {'clock': True}

    def orders(self):
        return self.gateway.process.text().count('order')

    def test_clock_moves(self):
        watch = self.watch()
        load = self.load(20)
        before = watch.world.gateway.process.size()
        self.world.shift(600)
        time.sleep(3)
        self.world.shift(-600)
        time.sleep(3)
        self.assertLess(self.gateway.process.size() - before, 50000, 'it talks a lot')
        [serial] = set(wait_until('a look', lambda: watch.serials))
        # So far that everything has to be renewed, and is still valid: 5 days of 7.
        self.world.shift(5 * 86400)
        load.end(self)
        watch.close()
        self.fine(watch)
        self.assertTrue(serial)
        self.world.shift(0)
        time.sleep(1)
        watch = self.watch()
        time.sleep(4)
        watch.close()
        self.fine(watch)


class Issuers(Case):
    """A CA that is not there at all, and another one behind it; then their order changes."""
    OPTIONS = {'lifetimes': 3600, 'kinds': ('gm-mtc', 'intl-classic')}
    PROFILES = ('gm', 'gm-no-landmarks', 'legacy')

    @classmethod
    def setUpClass(cls):
        class Fallback(World):
            def new_gateway(self, name='gateway'):
                gateway = super().new_gateway(name)
                gateway.issuers.append(block('issuer', 'away', directory=f'https://127.0.0.1:{gateway_world.quiet_port()}/directory',
                                             ca_file=self.path('tls.pem'), challenge='http-01'))
                gateway.sites = [re.sub(r'issuers = \{"', 'issuers = {"away", "', site) for site in gateway.sites]
                return gateway
        cls.world = Fallback(**cls.OPTIONS)
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.addClassCleanup(lambda: kill_all(cls.world.gateway))
        cls.gateway = cls.world.gateway
        cls.world.make_trust()

    def test_fallback_and_order(self):
        self.world.wait_for_all(90, self.PROFILES)
        status = acme_world.run('gateway', 'status', '--config', self.gateway.config).stdout.decode()
        self.assertIn(NAME, status)
        watch = self.watch(profiles=self.PROFILES)
        load = self.load(8)
        # The issuers' order changes, and one gets another account: what is there stays, nothing fails.
        self.gateway.sites = [re.sub(r'"away", ("[^"]*")', r'\1, "away"', site) for site in self.gateway.sites]
        self.gateway.write()
        os.kill(self.gateway.pid, signal.SIGHUP)
        load.end(self)
        watch.close()
        self.fine(watch)


class OtherCa(World):
    """A second CA service of somebody else, with its own CAs, roots and mirrors. It asks the first world's gateway."""
    first_ca, first_mirror = 501, 951

    def __init__(self, first, **options):
        super().__init__(**options)
        self.validation_port = first.validation_port

    def start(self):
        acme_world.World.start(self)
        self.ca.stop()


class ChangeOfCa(Case):
    """The site's certificates come from one CA, and then from another one, which is not there when that is configured."""
    KINDS = ('gm-mtc', 'intl-classic')
    OPTIONS = {'lifetimes': 50, 'kinds': KINDS}
    PROFILES = ('gm', 'gm-no-landmarks', 'legacy')

    @classmethod
    def setUpClass(cls):
        need('h2load', 'wrk')
        cls.world = World(**cls.OPTIONS)
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.addClassCleanup(lambda: kill_all(cls.world.gateway))
        cls.gateway = cls.world.gateway
        cls.other = OtherCa(cls.world, lifetimes=3600, kinds=cls.KINDS)
        cls.other.__enter__()
        cls.addClassCleanup(cls.other.__exit__, None, None, None)

    def joined(self, name, *paths):
        return self.world.write(name, b''.join(World.read(self.world, path) for path in paths).decode())

    def row(self, kind):
        [row] = [c for c in self.gateway.status()['certificates'] if c['kind'] == kind]
        return row

    def ca_of(self, profile, trust):
        """The CA whose certificate this client gets and trusts; None."""
        told = self.world.fetch(profile, check=False, trust=trust)
        return told['certificate'].get('ca') if told['exit'] == 0 and told['certificate']['mode'] != 'classic' else None

    def test_change_of_ca(self):
        world, other = self.world, self.other
        world.tls_roots = self.joined('both-tls.pem', world.path('tls.pem'), other.path('tls.pem'))
        roots = self.joined('both-roots.pem', world.intl_root(), other.intl_root())
        old_trust = world.make_trust('old-trust')
        world.wait_for_all(60, self.PROFILES)
        new_trust = world.path('new-trust')
        world.cathaya('trust', 'import', '--dir', new_trust, *other.trust_options())
        both_trust = world.path('both-trust')
        world.cathaya('trust', 'import', '--dir', both_trust, *world.trust_options(), *other.trust_options())
        # Clients that trust both see nothing of what happens now.
        world.trust = both_trust
        watch = self.watch(profiles=('gm', 'gm-no-landmarks', 'legacy'), root=roots)
        watch.may_lack_logs = True
        load = self.load(25)
        # Fresh ones, so that their time is enough for all that follows.
        before = {kind: self.row(kind) for kind in self.KINDS}
        world.cathaya('gateway', 'renew', '--config', self.gateway.config)
        wait_until('new ones', lambda: all(self.row(kind)['serial'] != before[kind]['serial'] for kind in self.KINDS), 30)
        before = {kind: self.row(kind) for kind in self.KINDS}
        self.assertIsNone(self.ca_of('gm-no-landmarks', new_trust))
        self.gateway.issuers = [world.issuer(kind, kind, directory=other.directory(), ca_file=other.path('tls.pem')).replace(
            f'issuer "{kind}"', f'issuer "new-{kind}"') for kind in self.KINDS]
        self.gateway.sites = [re.sub(r'issuers = \{"', 'issuers = {"new-', site) for site in self.gateway.sites]
        self.gateway.write()
        os.kill(self.gateway.pid, signal.SIGHUP)
        wait_until('it asks the new one', lambda: all(self.row(kind)['last_error'] for kind in self.KINDS), 15)
        # The new CA is not there yet: the old certificates are served.
        for kind in self.KINDS:
            self.assertEqual((self.row(kind)['serial'], self.row(kind)['state']), (before[kind]['serial'], 'deployed'))
        self.assertEqual(self.ca_of('gm-no-landmarks', old_trust), '32473.1')
        other.start_ca()
        wait_until(lambda: f'{self.gateway.status()}\n{self.gateway.process.text()[-3000:]}',
                   lambda: self.ca_of('gm-no-landmarks', new_trust) == '32473.501', 20, 0.2)
        # Each client gets the one that it trusts, as long as the old one is valid; of chains there is the new one.
        left_s = before['gm-mtc']['not_after'] - time.time()
        self.assertGreater(left_s, 3, 'too slow a machine for this lifetime')
        self.assertEqual(self.ca_of('gm-no-landmarks', old_trust), '32473.1')
        self.assertGreaterEqual(self.row('gm-mtc')['old'], 1)
        self.assertEqual(self.row('gm-mtc')['issuer'], 'new-gm-mtc')
        wait_until(lambda: self.row('intl-classic'), lambda: self.row('intl-classic')['issuer'] == 'new-intl-classic', 20)
        self.gateway.tls(NAME, other.intl_root()).close()
        # The old ones go when they have expired, and only then.
        wait_until(lambda: self.row('gm-mtc'), lambda: self.row('gm-mtc')['old'] == 0, left_s + 10, 0.2)
        self.assertGreater(time.time(), before['gm-mtc']['not_after'] - 1)
        self.assertIsNone(self.ca_of('gm-no-landmarks', old_trust))
        load.end(self)
        # The landmarks of the new log come to this client, too.
        wait_until(lambda: self.gateway.status(), lambda: world.update_trust(both_trust, check=False) and
                   self.world.kind_of('gm', trust=both_trust) == EXPECTED['gm'] and self.ca_of('gm', both_trust) == '32473.501', 40, 0.5)
        watch.close()
        self.fine(watch)


class Mirrors(Case):
    """One of two mirrors goes, and then the other: there is no quorum for new certificates; those that are there are served on."""
    OPTIONS = {'lifetimes': 3600, 'kinds': ('gm-mtc', 'intl-classic')}
    PROFILES = ('gm', 'gm-no-landmarks', 'legacy')

    @classmethod
    def setUpClass(cls):
        need('h2load', 'wrk')
        cls.world = World(**cls.OPTIONS)
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.addClassCleanup(lambda: kill_all(cls.world.gateway))
        cls.gateway = cls.world.gateway
        cls.world.make_trust()
        cls.world.wait_for_all(90, cls.PROFILES)

    row = ChangeOfCa.row

    def renew(self):
        """The serial that was there when it was ordered."""
        serial = self.row('gm-mtc')['serial']
        self.world.cathaya('gateway', 'renew', '--config', self.gateway.config, '--kind', 'gm-mtc')
        return serial

    def wait_for_new(self, serial, seconds):
        wait_until(lambda: f'{self.row("gm-mtc")}\n{self.gateway.process.text()[-3000:]}',
                   lambda: self.row('gm-mtc')['serial'] != serial, seconds, 0.1)

    def test_mirrors(self):
        watch = self.watch(profiles=self.PROFILES)
        watch.may_lack_logs = True
        load = self.load(20)
        first, second = [next(p for p in self.world.processes if p.name == name) for name in ('m1', 'm2')]
        first.stop()
        self.wait_for_new(self.renew(), 30)
        second.stop()
        serial = self.renew()
        end = time.monotonic() + 6
        while time.monotonic() < end:
            self.assertEqual((self.row('gm-mtc')['serial'], self.row('gm-mtc')['state']), (serial, 'deployed'))
            self.assertEqual(self.world.kind_of('gm-no-landmarks'), EXPECTED['gm-no-landmarks'])
            time.sleep(0.3)
        # One is enough again.
        self.world.start_mirror(2)
        self.wait_for_new(serial, 60)
        load.end(self)
        self.world.wait_for_all(60, self.PROFILES)
        watch.close()
        self.fine(watch)


if __name__ == '__main__':
    assert PROGRAM
    acme_world.main()
