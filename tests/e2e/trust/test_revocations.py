"""cathaya trust update at a running CA with two mirrors: landmarks, checkpoints without the mirrors' lines, and the signed file
of what is revoked: what a client then refuses, and what it does not let itself be told."""
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, '..', name) for name in ('acme', 'fetch')]

import acme_raw
import acme_world
import trust_world

SERVER = os.environ.get('CATHAYA_FETCH_SERVER')


class Client:
    """A trust directory of the GM CA, whose log is read through a web server that a test may spoil."""

    def __init__(self, test, name, *urls, policy=True):
        self.test, self.world, self.folder = test, test.world, test.world.path(name)
        words = ['--ca', self.world.path('gm', 'ca.pem'), *(w for url in urls for w in ('--log-url', url))]
        if policy:
            words += ['--policy', self.world.verify_policy('gm')]
        acme_world.run('trust', 'import', '--dir', self.folder, *words)

    def update(self, status=0):
        """The report on log 1, and what was said on stderr."""
        done = acme_world.run('trust', 'update', '--dir', self.folder, '--json', '--ca-file', self.world.path('tls.pem'), check=False)
        self.test.assertEqual(done.returncode, status, done)
        return json.loads(done.stdout.splitlines()[0]) if done.stdout else None, done.stderr.decode()

    def shown(self, *words):
        done = acme_world.run('trust', 'show', '--dir', self.folder, '--json', *words)
        [log] = json.loads(done.stdout)['cas'][0]['logs']
        return log

    def verify(self, path):
        done = acme_world.run('verify', '--trust', self.folder, path, check=False)
        return done.returncode, done.stdout.decode()


class Revocations(acme_raw.Case):
    @classmethod
    def options(cls):
        return {'profiles': ('gm-mtc',), 'mirrors': 2, 'landmark_s': 1}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = acme_raw.Client(cls.world)
        cls.first = cls.issue()

    @classmethod
    def issue(cls):
        cls.count += 1
        return cls.client.issue(f'n{cls.count}.demo.test', kind='sm2', profile='gm-mtc')

    def web(self):
        web = trust_world.Web(self.world.path('gm', 'public'))
        self.addCleanup(web.stop)
        return web

    def until(self, look, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            time.sleep(0.05)
        self.fail('not in time')

    def file(self):
        return self.world.read('gm', 'public', '1', 'revocations')

    def sequence(self):
        return int(self.file().split(b'\n')[1].split(b' ')[1])

    def index(self, certificate):
        return int.from_bytes(certificate.serial, 'big') & (1 << 48) - 1

    def revoke(self, certificate):
        """By the operator; published when this returns."""
        before, index = self.sequence(), self.index(certificate)
        acme_world.run('ca', 'revoke', '--config', self.world.path('service.conf'), '--reason', 'keyCompromise', '--serial',
                       certificate.serial.hex())
        self.until(lambda: self.sequence() > before and re.search(rb'^%d ' % index, self.file(), re.M))

    # ---- revoked ----

    def test_revoked_certificates_are_refused(self):
        web = self.web()
        client = Client(self, 'revoked', web.url, policy=False)
        good, bad = self.issue(), self.issue()
        report, _ = client.update()
        self.assertEqual(report['revocations']['sequence'], self.sequence())
        self.assertEqual([client.verify(c.path)[0] for c in (good, bad)], [0, 0])
        self.revoke(bad)
        self.assertEqual(client.verify(bad.path)[0], 0)     # nobody has told the client
        report, _ = client.update()
        self.assertGreaterEqual(report['revocations']['ranges'], 1)
        self.assertEqual(client.shown()['revocations'], report['revocations'])
        self.assertEqual(client.verify(good.path)[0], 0)
        status, text = client.verify(bad.path)
        self.assertEqual((status, 'revoked' in text), (1, True), text)
        self.fetch(client, good, 'secure')
        self.fetch(client, bad, 'revoked')
        # Again is no change, to the byte.
        path = os.path.join(client.folder, 'logs', '32473.1.0.1')
        web.folder = self.frozen()
        client.update()
        with open(path, 'rb') as file:
            before = file.read()
        client.update()
        with open(path, 'rb') as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(before[:16], b'trust-file/v002\n')

    def test_it_stays_so_with_a_signed_bundle(self):
        """What the log has revoked outlives bundles that do not say so."""
        web, publisher = self.web(), trust_world.Publisher(self.world.path('publisher'))
        client, path = Client(self, 'published', web.url, policy=False), self.world.path('published.bundle')
        source, client.folder = client.folder, self.world.path('subscriber')
        acme_world.run('trust', 'import', '--dir', client.folder, *publisher.pins())
        good, bad = self.issue(), self.issue()
        self.revoke(bad)
        other = self.world.path('published-without')
        acme_world.run('trust', 'import', '--dir', other, '--root', self.world.path('tls.pem'))
        for version in range(1, 4):
            acme_world.run('trust', 'update', '--dir', client.folder, '--bundle', publisher.sign(path, source, 10 * version))
            # Before the log was asked nobody has told the client.
            self.assertEqual([client.verify(c.path)[0] for c in (good, bad)], [0, int(version > 1)])
            client.update()
            self.assertEqual([client.verify(c.path)[0] for c in (good, bad)], [0, 1])
            if version == 2:    # the CA goes, and comes again
                acme_world.run('trust', 'update', '--dir', client.folder, '--bundle', publisher.sign(path, other, 25))

    def frozen(self):
        """A copy of the log as it is: the running one goes on."""
        folder = self.world.path('frozen-' + os.urandom(4).hex())
        subprocess.run(['cp', '-a', self.world.path('gm', 'public'), folder], check=True)
        return folder

    def fetch(self, client, certificate, says):
        """`cathaya fetch` at a server with this certificate."""
        chain = certificate.save(self.client.post(certificate.url, None, accept=acme_raw.ALTERNATE).body)
        with subprocess.Popen([SERVER, self.world.folder, f'{chain}:{certificate.key}'], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as server:
            try:
                port = server.stdout.readline().split()[1]
                name = certificate.order['identifiers'][0]['value']
                done = acme_world.run('fetch', '--policy-check', 'off', f'https://{name}/', '--connect', f'127.0.0.1:{port}', '--trust', client.folder,
                                      '--as', 'gm', '--json', check=False)
            finally:
                server.stdin.close()
        self.assertEqual(done.returncode, 0 if says == 'secure' else 1, done)
        self.assertIn(says, done.stdout.decode())

    # ---- what a client does not let itself be told ----

    def test_no_way_back(self):
        web = self.web()
        client = Client(self, 'back', web.url, policy=False)
        bad = self.issue()
        old = self.file()
        client.update()
        self.revoke(bad)
        client.update()
        held = client.shown()['revocations']
        folder = web.folder

        def served(content, status=200):
            web.spoil = lambda path, code, c: (status, content) if path.endswith('/revocations') else (code, c)

        new = self.file()
        other = trust_world.read(self.world.path('mirror1', 'mirror.conf'))
        for content, status, code, says in (
                (old, 200, 1, 'was there before'),                                   # an older file
                (new.replace(b'minimum-index 0', b'minimum-index 1'), 200, 1, ''),    # not what was signed
                (new[:-20], 200, 1, ''), (other, 200, 1, ''), (b'', 200, 1, ''), (new * 40000, 200, 1, 'longer than it can be'),
                (b'', 404, 3, 'a file was there before')):
            with self.subTest(says, status=status):
                served(content, status)
                _, err = client.update(status=code)
                self.assertIn('revocations', err)
                self.assertIn(says, err)
                self.assertEqual(client.shown()['revocations'], held)
                self.assertEqual(client.verify(bad.path)[0], 1)
        # Who does not answer is no liar: what is held is good for two days.
        served(b'', 503)
        client.update()
        self.assertEqual(client.verify(bad.path)[0], 1)
        web.spoil, web.folder = None, folder
        client.update()

    def test_a_second_url_has_the_file(self):
        web, second = self.web(), self.web()
        web.spoil = lambda path, code, c: (503, b'') if path.endswith('/revocations') else (code, c)
        client = Client(self, 'second', web.url, second.url, policy=False)
        report, _ = client.update()
        self.assertIsNotNone(report['revocations'])
        self.assertEqual([path for path in second.asked if 'revocations' in path], ['/1/revocations'])

    def test_a_log_without_a_file(self):
        web = self.web()
        web.spoil = lambda path, code, c: (404, b'') if path.endswith('/revocations') else (code, c)
        client = Client(self, 'without', web.url, policy=False)
        report, err = client.update()
        self.assertEqual((report['revocations'], err), (None, ''))
        with open(os.path.join(client.folder, 'logs', '32473.1.0.1'), 'rb') as file:
            self.assertEqual(file.read(16), b'trust-file/v001\n')
        web.spoil = None
        self.assertIsNotNone(client.update()[0]['revocations'])

    def test_overdue(self):
        """What is revoked stays revoked; whoever looks is told that there ought to be more."""
        bad = self.issue()
        self.revoke(bad)
        client = Client(self, 'overdue', self.web().url, policy=False)
        client.update()
        later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2, minutes=1)).strftime('%Y-%m-%dT%H:%M:%SZ')
        self.assertFalse(client.shown()['revocations']['overdue'])
        self.assertTrue(client.shown('--at', later)['revocations']['overdue'])
        text = acme_world.run('trust', 'show', '--dir', client.folder, '--at', later).stdout.decode()
        self.assertIn('IS OVERDUE since', text)
        done = acme_world.run('verify', '--trust', client.folder, '--at', later, bad.path, check=False)
        self.assertIn(b'revoked', done.stdout)

    # ---- landmarks with mirrors ----

    def origin_hash(self):
        return hashlib.sha256(b'oid/1.3.6.1.4.1.32473.1.0.1').hexdigest()

    def mirror_urls(self):
        return [f'http://{address}/mirror' for address in self.world.mirrors]

    def updated(self, client):
        """The first report with a landmark: it takes a moment until the mirrors have signed."""
        def look():
            done = acme_world.run('trust', 'update', '--dir', client.folder, '--json', '--ca-file', self.world.path('tls.pem'), check=False)
            report = json.loads(done.stdout.splitlines()[0]) if done.stdout else {}
            return report if done.returncode == 0 and report.get('landmark') else None
        return self.until(look)

    def test_landmarks_of_a_log_with_mirrors(self):
        client = Client(self, 'mirrored', f'{self.world.base}/log/gm')
        report = self.updated(client)
        self.assertGreaterEqual(report['new'], 1)
        self.assertEqual(client.verify(self.first.path)[0], 0)
        landmark = self.until(self.landmark_certificate)
        self.updated(client)
        self.assertEqual(client.verify(landmark)[0], 0)

    def landmark_certificate(self):
        """The file of the first certificate's landmark-relative form, once there is one."""
        done = acme_world.run('ca', 'certificate', '--dir', self.world.path('gm'), '--index', str(self.index(self.first)), '--properties',
                              '--landmark', check=False)
        return self.world.write('landmark.pem', done.stdout.decode()) if done.returncode == 0 else None

    def test_checkpoints_without_mirrors_lines(self):
        """The CA's web server leaves the mirrors' cosignatures out: the mirror's own checkpoint has what the policy wants."""
        web = self.web()

        def bare(path, status, content):
            if not path.endswith('/checkpoint') or status != 200:
                return status, content
            text, _, lines = content.partition(b'\n\n')
            mine = [line for line in lines.split(b'\n') if b' oid/1.3.6.1.4.1.32473.1 ' in line]
            return 200, text + b'\n\n' + b'\n'.join(mine) + b'\n'

        web.spoil = bare
        alone = Client(self, 'alone', web.url)
        _, err = alone.update(status=3)
        self.assertIn('cosigner policy is not satisfied yet', err)
        self.assertEqual(os.path.exists(os.path.join(alone.folder, 'logs')), False)
        client = Client(self, 'bare', web.url, *self.mirror_urls())
        report = self.updated(client)
        self.assertTrue(report['url'].endswith('/' + self.origin_hash()), report)
        self.assertIsNotNone(report['revocations'])     # of the CA: mirrors have none
        self.assertEqual(client.verify(self.first.path)[0], 0)


if __name__ == '__main__':
    acme_world.main()
