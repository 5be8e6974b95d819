"""Validation from several places: two `cathaya perspective run` beside the CA, each with lookups of its own."""
import secrets
import unittest

import acme_raw
import acme_world
import dns_world


class Perspective:
    """One place that looks: its own resolver, and a web where names may lead elsewhere."""

    def __init__(self, world, name):
        self.world, self.name, self.mock = world, name, dns_world.Mock()
        self.mock.no_ipv6()
        secret = secrets.token_hex(32)
        world.write(f'{name}.secret', secret + '\n', 0o600)
        world.write(f'{name}.conf', f'''listen = {{"127.0.0.1:0"}}
secret-files = {{"{name}.secret"}}
caa-identities = {{"ca.example"}}
http-port = {world.http_port}
tls-port = {world.mock.alpn}
reach = {{"127.0.0.0/8"}}
dns {{
    resolvers = {{"127.0.0.1@{self.mock.port}"}}
    insecure = {{"test"}}
    loopback-only = true
}}
''')
        self.process = world.spawn(name, acme_world.PROGRAM, 'perspective', 'run', '--config', world.path(f'{name}.conf'))
        self.address = self.process.wait_ready()['perspective']

    def block(self, region):
        return (f'perspective "{self.name}" {{\n    url = "http://{self.address}"\n    region = "{region}"\n'
                f'    secret-file = "{self.name}.secret"\n}}\n')


class World(acme_world.World):
    def __init__(self, failures, **more):
        super().__init__(profiles=('intl-classic',), limits=False,
                         quorum=f'    quorum = "relaxed"\n    quorum-remote = 2\n    quorum-failures = {failures}\n', **more)
        self.places = []

    def start_mirrors(self):
        self.places = [Perspective(self, 'fra'), Perspective(self, 'sin')]
        self.extra = ''.join(place.block(region) for place, region in zip(self.places, ('RIPE', 'APNIC')))

    def __exit__(self, *_):
        for place in self.places:
            place.mock.stop()
        super().__exit__(*_)


class Quorum(unittest.TestCase):
    number = 0

    def attempt(self, world, challenge='http-01', name=None):
        Quorum.number += 1
        client = acme_raw.Client(world)
        return client.authorize(client.order(name or f'n{Quorum.number}.demo.test'), challenge)[0]

    def test_all_must_agree(self):
        with World(failures=0) as world:
            self.assertEqual(self.attempt(world)['status'], 'valid')
            first, second = world.places
            # One is shown another world: a forged CAA, another address.
            first.mock.set_caa('lie.demo.test', ('issue', 'other.example'))
            authorization = self.attempt(world, name='lie.demo.test')
            self.assertEqual(authorization['status'], 'invalid', authorization)
            second.mock.set_a('away.demo.test', '127.0.0.2')
            self.assertEqual(self.attempt(world, name='away.demo.test')['status'], 'invalid')
            # dns-01: a record that only the primary place sees is a hijacker's.
            authorization = self.attempt(world, 'dns-01')
            self.assertEqual(authorization['status'], 'invalid', authorization)
            [error] = [c['error'] for c in authorization['challenges'] if 'error' in c]
            self.assertIn('perspective', error['detail'])
            first.process.stop()
            self.assertEqual(self.attempt(world)['status'], 'invalid')
            self.assertIsNone(world.ca.popen.poll())

    def test_one_may_fail(self):
        with World(failures=1) as world:
            first, second = world.places
            first.mock.set_caa('lie.demo.test', ('issue', 'other.example'))
            self.assertEqual(self.attempt(world, name='lie.demo.test')['status'], 'valid')
            second.mock.set_caa('both.demo.test', ('issue', 'other.example'))
            first.mock.set_caa('both.demo.test', ('issue', 'other.example'))
            self.assertEqual(self.attempt(world, name='both.demo.test')['status'], 'invalid')
            first.process.stop()
            self.assertEqual(self.attempt(world)['status'], 'valid')
            second.process.stop()
            self.assertEqual(self.attempt(world)['status'], 'invalid')

    def test_what_the_baseline_requirements_ask_for(self):
        with World(failures=0) as world:
            text = world.read('service.conf').decode()
            lines = [line for line in text.splitlines() if not line.strip().startswith('quorum')]
            path = world.write('br.conf', '\n'.join(lines) + '\n')
            for option in ('--check-config', None):
                done = acme_world.run('ca', 'run', '--config', path, *filter(None, [option]), check=False)
                self.assertEqual(done.returncode, 2, done)
                self.assertRegex(done.stderr.decode(), r'\Acathaya: .*br\.conf.*perspectives.*\n\Z')
                self.assertIn('quorum', done.stderr.decode())

    def test_a_wrong_secret(self):
        with World(failures=0) as world:
            world.write('fra.secret', secrets.token_hex(32) + '\n', 0o600)
            world.ca.stop()
            world.start_ca()
            self.assertEqual(self.attempt(world)['status'], 'invalid')
            self.assertNotIn(world.read('fra.secret').decode().strip(), world.ca.text())


if __name__ == '__main__':
    acme_world.main()
