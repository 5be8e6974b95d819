"""What an operator does with a running service: reloads, restarts, checks a configuration, has it looked at."""
import os
import signal
import ssl
import time
import unittest

import acme_raw
import acme_world

CQRP = '''profile "{0}" {{
    ca = "intl"
    keys = {{"p256", "p384", "rsa", "mldsa"}}
    mirrors = 1
}}
'''


class Running(unittest.TestCase):
    def setUp(self):
        self.world = acme_world.World(profiles=('gm-mtc', 'intl-classic'), limits=False)
        self.world.__enter__()
        self.addCleanup(self.world.__exit__, None, None, None)

    def reload(self, *changes):
        """What is said after SIGHUP with these changes (old, new) in the file."""
        path = self.world.path('service.conf')
        with open(path) as file:
            text = file.read()
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        self.world.write('service.conf', text)
        size = self.world.ca.size()
        self.world.ca.popen.send_signal(signal.SIGHUP)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            for line in self.world.ca.text()[size:].splitlines():
                if ' reloaded' in line or ' reload-failed' in line:
                    return line
            time.sleep(0.01)
        self.fail(self.world.ca.text()[size:])

    def test_reload(self):
        client = acme_raw.Client(self.world)
        self.assertIn('reloaded', self.reload(('acme {', 'acme {\n    website = "https://new.ca.example"')))
        self.assertEqual(client.get(self.world.directory()).json['meta']['website'], 'https://new.ca.example')
        # Accounts must be bound from now on; those that are there go on.
        self.world.write('eab', 'k' * 40 + '\n', 0o600)
        self.assertIn('reloaded', self.reload(('acme {', 'eab "k1" { secret-file = "eab" }\nacme {\n    external-account-required = true')))
        stranger = acme_raw.Client(self.world, register=False)
        answer = stranger.post(stranger.urls['newAccount'], {'termsOfServiceAgreed': True})
        self.assertEqual((answer.status, answer.problem.split(':')[0]), (403, 'externalAccountRequired'), answer)
        client.issue('a.demo.test')

    def test_a_bad_configuration_changes_nothing(self):
        client = acme_raw.Client(self.world)
        line = self.reload(('acme {', 'acme {\n    websit = "x"'))
        self.assertIn('reload-failed', line)
        self.assertRegex(line, r'service\.conf:[0-9]+')
        self.assertIn('websit', line)
        client.issue('a.demo.test')
        self.assertIn('reloaded', self.reload(('\n    websit = "x"', '')))
        self.assertIn('reload-failed', self.reload(('tls-key = "tls.key"', 'tls-key = "gone.key"')))
        client.issue('b.demo.test')
        self.assertIsNone(self.world.ca.popen.poll())

    def test_a_new_tls_certificate(self):
        client = acme_raw.Client(self.world)
        port = self.world.port
        before = ssl.get_server_certificate(('127.0.0.1', port))
        self.world.make_tls()
        self.assertIn('reloaded', self.reload())
        self.assertNotEqual(ssl.get_server_certificate(('127.0.0.1', port)), before)
        self.assertEqual(ssl.get_server_certificate(('127.0.0.1', port)).split(), self.world.read('tls.pem').decode().split())
        with self.assertRaises(ssl.SSLError):
            client.get(self.world.directory())    # it trusts the old one
        acme_raw.Client(self.world).issue('a.demo.test')

    def test_stop_and_start(self):
        client = acme_raw.Client(self.world)
        done = client.issue('a.demo.test', kind='sm2', profile='gm-mtc')
        order = client.order('b.demo.test', profile='gm-mtc')
        self.assertEqual(self.world.ca.stop(), 0)
        self.assertFalse(os.path.exists(self.world.path('gm', 'log', '1', 'staged', 'x')))
        path, port = self.world.path('service.conf'), self.world.port
        self.world.ca = self.world.spawn('again', acme_world.PROGRAM, 'ca', 'run', '--config', path)
        self.world.ca.wait_ready()
        self.assertEqual(port, self.world.port)
        self.assertEqual(client.post(done.url, None).body, done.answer.body)
        self.assertEqual(client.authorize(order, 'http-01')[0]['status'], 'valid')
        csr, _ = client.csr('sm2', 'b.demo.test')
        self.assertEqual(client.finalize(order, csr)['status'], 'valid')
        self.assertEqual(self.world.ca.stop(), 0)
        checked = acme_world.run('ca', 'fsck', '--dir', self.world.path('gm'))
        self.assertIn(b'OK', checked.stdout)

    def test_two_at_once(self):
        """A second service on the same state is refused, and the first one goes on."""
        text = self.world.read('service.conf').decode().replace(str(self.world.port), str(acme_world.free_port()))
        done = acme_world.run('ca', 'run', '--config', self.world.write('second.conf', text), check=False)
        self.assertEqual(done.returncode, 2, done)
        self.assertRegex(done.stderr.decode(), r'cathaya: .*second\.conf')
        acme_raw.Client(self.world).issue('a.demo.test')

    def test_no_secrets_in_the_log(self):
        client = acme_raw.Client(self.world)
        client.issue('a.demo.test')
        said = self.world.ca.text()
        self.assertNotIn('PRIVATE KEY', said)
        self.assertNotIn(client.key.thumbprint, said)


class Configuration(unittest.TestCase):
    """--check-config and --lint on a configuration that is good, with one thing changed."""

    @classmethod
    def setUpClass(cls):
        cls.world = acme_world.World(profiles=('gm-mtc', 'intl-mtc', 'intl-classic'), mirrors=1)
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.text = cls.world.read('service.conf').decode()

    def check(self, text, *options):
        path = self.world.write('changed.conf', text)
        done = acme_world.run('ca', 'run', '--config', path, *(options or ['--check-config']), check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_a_good_configuration(self):
        self.assertEqual(self.check(self.text), (0, self.world.path('changed.conf') + ': OK\n', ''))

    def test_errors_name_file_line_and_cure(self):
        for old, new, *says in (
                ('base-url', 'base-ulr', "no such option"),
                ('ca "gm" {', 'ca "gm" {\n    pool-entries = 0', 'pool-entries', '1 to'),
                ('ca "gm" {', 'ca "gm" {\n    pool-entries = many', 'pool-entries'),
                ('directory = "gm"', 'directory = "nowhere"', 'nowhere'),
                ('directory = "intl-r1"', 'directory = "nowhere"', 'nowhere'),
                ('policy = "gm.policy"', 'policy = "nowhere"', 'nowhere'),
                ('profile "gm-mtc" {', 'profile "mtc" {', 'gm-mtc'),
                ('profile "gm-mtc" {', 'profile "gm-mtc" {\n    lifetime = -5', 'lifetime'),
                ('profile "gm-mtc" {', 'profile "gm-mtc" {\n    keys = {"rot13"}', 'rot13', 'sm2'),
                ('profile "gm-mtc" {\n    ca = "gm"', 'profile "gm-mtc" {\n    ca = "foo"', 'foo'),
                ('mirrors = 1', 'mirrors = 7', 'mirrors'),
                ('quorum = "relaxed"', 'quorum = "lax"', 'quorum', 'relaxed'),
                ('quorum = "relaxed"', 'quorum = "br"', 'quorum', 'perspective'),
                ('caa-identities = {"ca.example"}', '', 'caa-identities'),
                ('validation {', 'validation {\n    challenges = {"http-02"}', 'http-02', 'http-01'),
                ('tls-key = "tls.key"', '', 'tls-certificate and tls-key'),
                ('tls-key = "tls.key"', 'tls-key = "tls.pem"', 'tls.pem'),
                ('default-profile = "intl-classic"', 'default-profile = "none"', 'default-profile', 'none'),
                ('acme {', 'perspective "x" { url = "https://x.test" region = "RIPE" secret-file = "none" }\nacme {', 'none'),
                ('acme {', 'limits { accounts-per-address = {1} }\nacme {', 'COUNT'),
                ('acme {', 'acme {{', '')):
            self.assertIn(old, self.text)
            status, out, errors = self.check(self.text.replace(old, new, 1))
            self.assertEqual((status, out), (2, ''), (new, out, errors))
            self.assertRegex(errors, r'\Acathaya: [^\n]+\n\Z', new)
            self.assertIn('changed.conf', errors, new)
            for word in says:
                self.assertIn(word, errors, new)
            if new.strip() and old not in ('tls-key = "tls.key"', 'acme {') or 'limits' in new:
                self.assertRegex(errors, r'changed\.conf:[1-9][0-9]*: ', new)

    def test_the_line_is_the_right_one(self):
        for old, new, mark in (('ca "gm" {', 'ca "gm" {\n    pool-entries = 0', 'pool-entries'),
                               ('quorum = "relaxed"', 'quorum = "lax"', 'quorum'),
                               ('default-profile = "intl-classic"', 'default-profile = "none"', 'default-profile')):
            text = self.text.replace(old, new, 1)
            line = next(n for n, words in enumerate(text.splitlines(), 1) if words.strip().startswith(mark))
            self.assertIn(f'changed.conf:{line}: ', self.check(text)[2])

    def test_keys_for_their_owner_alone(self):
        os.chmod(self.world.path('tls.key'), 0o644)
        self.addCleanup(os.chmod, self.world.path('tls.key'), 0o600)
        status, _, errors = self.check(self.text)
        self.assertEqual(status, 2)
        self.assertIn('chmod', errors)

    def cqrp(self, **changes):
        settings = {'interval': 3600, 'mirrors': 1, 'reuse': 864000} | changes
        text = self.text.replace('profile "intl-mtc" {\n    ca = "intl"\n    mirrors = 1\n}\n',
                                 CQRP.format('intl-mtc').replace('mirrors = 1', f'mirrors = {settings["mirrors"]}'))
        self.assertNotEqual(text, self.text)
        text = text.replace('acme {', f'acme {{\n    authorization-reuse = {settings["reuse"]}')
        return self.check(text.replace('landmark-interval = 3600', f'landmark-interval = {settings["interval"]}'), '--lint', 'cqrp')

    def test_lint(self):
        status, out, errors = self.cqrp()
        self.assertEqual((status, errors), (0, ''), out)
        self.assertIn('nothing found in 1 ', out)
        for changes, rule in (({'interval': 1}, 'landmark-count'), ({'mirrors': 0}, 'quorum')):
            status, out, errors = self.cqrp(**changes)
            self.assertEqual((status, errors), (1, ''))
            self.assertRegex(out, r'changed\.conf[^\n]*: ca "intl": ' + rule)
        self.assertIn('validation-reuse', self.cqrp(reuse=864001)[1])
        status, out, _ = self.check(self.text, '--lint', 'cqrp')
        self.assertEqual(status, 1)
        self.assertNotIn('subject-key', out)
        with_sm2 = self.text.replace('profile "intl-mtc" {\n', 'profile "intl-mtc" {\n    keys = {"p256", "sm2"}\n')
        self.assertIn('subject-key', self.check(with_sm2, '--lint', 'cqrp')[1])
        self.assertEqual(self.check(self.text, '--lint', 'nothing')[0], 2)

    def test_the_example(self):
        """It is read to its first secret, which no repository has."""
        path = os.path.join(acme_world.ROOT, 'examples', 'ca-run.conf')
        done = acme_world.run('ca', 'run', '--config', path, '--check-config', check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b'secrets/fra', done.stderr)


class Beginning(unittest.TestCase):
    def test_what_init_writes_works_as_it_is(self):
        """`ca init`, then `ca run` with the configuration that it left, on other ports, and with its marks #try taken away."""
        with acme_world.World(profiles=('intl-mtc',)) as world:
            self.assertEqual(world.ca.stop(), 0)
            path, port = world.path('intl', 'run.conf'), acme_world.free_port()
            text = world.read('intl', 'run.conf').decode()
            self.assertEqual(acme_world.run('ca', 'run', '--config', path, '--check-config').stderr, b'')
            for old, new in (('8555', str(port)), ('127.0.0.1:9180', '127.0.0.1:0'), ('#try http-port = 8080', f'http-port = {world.http_port}'),
                             ('#try ', '')):
                self.assertIn(old, text)
                text = text.replace(old, new)
            world.write('intl/run.conf', text)
            world.ca = world.spawn('init', acme_world.PROGRAM, 'ca', 'run', '--config', path)
            world.ca.wait_ready()
            world.base = f'http://127.0.0.1:{port}'
            done = acme_raw.Client(world).issue('www.localhost')
            checked = acme_world.run('verify', '--ca', world.path('intl', 'ca.pem'), '--dns', 'www.localhost', done.path, check=False)
            self.assertEqual(checked.returncode, 0, checked)
            self.assertEqual(world.ca.stop(), 0)


if __name__ == '__main__':
    acme_world.main()
