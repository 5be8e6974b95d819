#!/usr/bin/env python3
"""Sites that show in each way that they are who they are, to a real CA that wants accounts of customers: tls-alpn-01 at the
gateway's own port, dns-01 by a hook, wildcards; and a hook that fails."""
import base64
import contextlib
import json
import os
import shutil
import ssl
import subprocess
import time
import unittest

import gateway_world
from gateway_world import World, acme_world, block, quiet_port, wait_until

KINDS = ('gm-mtc', 'intl-classic')
SECRET = 'customer-key-of-forty-characters-0123456'
# It remembers which records there are, since the mock can only forget all of a name.
HOOK = '''#!/usr/bin/python3
import fcntl, json, os, sys, urllib.request
what, name, value = sys.argv[1:]
folder = {folder!r}
with open(os.path.join(folder, 'hook.calls'), 'a') as calls:
    calls.write(json.dumps([what, name, value, sorted(os.environ), os.getuid()]) + '\\n')
with open(os.path.join(folder, 'hook.records'), 'a+') as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    file.seek(0)
    records = json.loads(file.read() or '[]')
    if what == 'present':
        records.append([name, value])
    else:
        records.remove([name, value])
    file.truncate(0)
    file.write(json.dumps(records))
    file.flush()
    def post(path, **fields):
        urllib.request.urlopen({management!r} + path, json.dumps(fields).encode(), timeout=10).close()
    if what == 'present':
        post('/set-txt', host=name + '.', value=value)
    elif name not in [other for other, _ in records]:
        post('/clear-txt', host=name + '.')
'''


class ChallengeWorld(World):
    def make(self):
        self.tls_port = quiet_port()
        super().make()
        self.write('eab', SECRET + '\n', 0o600)
        self.write('eab.key', self.eab_key() + '\n', 0o600)

    @staticmethod
    def eab_key():
        return base64.urlsafe_b64encode(SECRET.encode()).rstrip(b'=').decode()

    def config(self):
        return super().config().replace(f'    tls-port = {self.mock.alpn}\n', f'    tls-port = {self.tls_port}\n')

    def hook(self, name, text):
        return self.write(name, text, 0o755)

    def new_gateway(self, name='gateway'):
        gateway = super().new_gateway(name)
        gateway.https_port = self.tls_port
        hook = self.hook('hook', HOOK.format(folder=self.folder, management=self.management))
        broken = self.hook('broken', '#!/bin/sh\nexit 7\n')
        more = {'http': {}, 'alpn': {'challenge': 'tls-alpn-01'}, 'dns': {'challenge': 'dns-01', 'dns_hook': hook},
                'broken': {'challenge': 'dns-01', 'dns_hook': broken}}
        gateway.issuers = [self.issuer(f'{how}-{kind}', kind, eab_kid=f'{how}-{kind}', eab_key_file=self.path('eab.key'), **options)
                           for how, options in more.items() for kind in KINDS]
        gateway.issuers.append(self.issuer('no-customer', 'intl-classic'))
        gateway.sites = []
        certificates = lambda *how: [block('certificate', kind, issuers=[f'{one}-{kind}' for one in how]) for kind in KINDS]
        site = lambda title, how, **options: gateway.site(title, [self.a.address], certificates(*how), **options)
        site('alpn.demo.test', ['alpn'], names=['alpn.demo.test', 'alpn2.demo.test'])
        site('wild.demo.test', ['dns'], names=['wild.demo.test', '*.wild.demo.test'])
        site('fallback.demo.test', ['broken', 'http'])
        site('stuck.demo.test', ['broken'])
        gateway.site('stranger.demo.test', [self.a.address], [block('certificate', 'intl-classic', issuers=['no-customer'])])
        return gateway


class Challenges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = ChallengeWorld(kinds=KINDS, mirrors=0, acme='    external-account-required = true\n',
                                   extra=''.join(f'eab "{how}-{kind}" {{ secret-file = "eab" }}\n'
                                                         for how in ('http', 'alpn', 'dns', 'broken') for kind in KINDS))
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.gateway = cls.world.gateway

    def rows(self, site):
        return {row['kind']: row for row in self.gateway.status()['certificates'] if row['site'] == site}

    def deployed(self, site):
        wait_until(lambda: f'{self.rows(site)}\n{self.gateway.process.text()[-3000:]}',
                   lambda: all(row['state'] == 'deployed' for row in self.rows(site).values()), 60)
        return self.rows(site)

    def names(self, name):
        """The names in the certificate that a verifying client gets for this one."""
        with self.gateway.tls(name, self.world.intl_root()) as sock:
            return sorted(value for _, value in sock.getpeercert()['subjectAltName'])

    def calls(self):
        with open(self.world.path('hook.calls'), encoding='ascii') as file:
            return [json.loads(line) for line in file]

    def test_tls_alpn_01(self):
        rows = self.deployed('alpn.demo.test')
        self.assertEqual({kind: row['issuer'] for kind, row in rows.items()}, {kind: 'alpn-' + kind for kind in KINDS})
        self.assertEqual(self.names('alpn2.demo.test'), ['alpn.demo.test', 'alpn2.demo.test'])
        # Afterwards there is no challenge certificate any more.
        context = ssl._create_unverified_context()
        context.set_alpn_protocols(['acme-tls/1'])
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(self.gateway.connect(), server_hostname='alpn.demo.test')

    def test_dns_01_with_a_wildcard(self):
        self.deployed('wild.demo.test')
        self.assertEqual(self.names('any.wild.demo.test'), ['*.wild.demo.test', 'wild.demo.test'])
        # All that was made is removed; both names have their record at the same name.
        wait_until('cleaned', lambda: sum(call[0] == 'clean' for call in self.calls()) == 4, 10)
        calls = self.calls()
        self.assertEqual({call[1] for call in calls}, {'_acme-challenge.wild.demo.test'})
        self.assertEqual(len({call[2] for call in calls}), 4, calls)
        self.assertEqual(sorted(call[2] for call in calls if call[0] == 'present'), sorted(call[2] for call in calls if call[0] == 'clean'))
        # Nothing of the gateway's environment.
        self.assertEqual({tuple(name for name in call[3] if not name.startswith('LC_')) for call in calls}, {('PATH',)})

    def test_a_hook_that_fails(self):
        rows = self.deployed('fallback.demo.test')
        self.assertEqual({kind: row['issuer'] for kind, row in rows.items()}, {kind: 'http-' + kind for kind in KINDS})
        wait_until('the reason', lambda: all('exit status 7' in row['last_error'] for row in self.rows('stuck.demo.test').values()), 30)
        row = self.rows('stuck.demo.test')['gm-mtc']
        self.assertEqual((row['state'], row['next_action']), ('none', 'try again'), row)
        self.assertGreater(row['next_action_at'], time.time() - 5)
        said = acme_world.run('gateway', 'status', '--config', self.gateway.config).stdout.decode()
        self.assertRegex(said, r'stuck\.demo\.test +gm-mtc +none .*try again')

    def test_without_an_account_of_a_customer(self):
        wait_until('refused', lambda: self.rows('stranger.demo.test')['intl-classic']['last_error'], 30)
        self.assertRegex(self.rows('stranger.demo.test')['intl-classic']['last_error'], '(?i)external.?account')

    def test_the_secrets_stay_secret(self):
        self.deployed('alpn.demo.test')
        text = self.gateway.process.text() + self.gateway.get('/status')[1] + self.gateway.get('/metrics')[1]
        for secret in (SECRET, self.world.eab_key(), 'PRIVATE KEY'):
            self.assertNotIn(secret, text)

    def test_zz_backup(self):
        """A copy that was made while it ran, in place of what was lost: the same certificates, and nothing is ordered."""
        before = {kind: row['serial'] for kind, row in self.deployed('alpn.demo.test').items()}
        gateway, copy = self.gateway, self.world.path('copy')
        done = subprocess.run([acme_world.PROGRAM, 'gateway', 'backup', '--config', gateway.config, copy], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertEqual(sorted(os.listdir(copy)), ['accounts', 'sites'])
        for folder, _, files in os.walk(copy):
            self.assertEqual(os.stat(folder).st_mode & 0o077, 0)
            for file in files:
                self.assertEqual(os.stat(os.path.join(folder, file)).st_mode & 0o077, 0)
        again = subprocess.run([acme_world.PROGRAM, 'gateway', 'backup', '--config', gateway.config, copy], capture_output=True, text=True, check=False)
        self.assertEqual(again.returncode, 2)
        self.assertIn('empty or not there', again.stderr)
        gateway.stop()
        shutil.rmtree(gateway.state)
        shutil.copytree(copy, gateway.state)
        gateway.start()
        self.assertEqual({kind: row['serial'] for kind, row in self.deployed('alpn.demo.test').items()}, before)
        self.assertIn('alpn.demo.test', self.names('alpn.demo.test'))


@unittest.skipIf(os.getuid() != 0, 'only root can make a small disk')
class FullDisk(unittest.TestCase):
    """The directory's disk is full, and later it is gone."""

    def test_life_goes_on(self):
        class SmallDisk(World):
            def new_gateway(self, name='gateway'):
                gateway = super().new_gateway(name)
                os.mkdir(gateway.state, 0o700)
                if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=600k,mode=0700', 'tmpfs', gateway.state],
                                  capture_output=True).returncode != 0:
                    raise unittest.SkipTest('nothing can be mounted here')
                return gateway
        world = SmallDisk(kinds=('intl-classic',), mirrors=0)
        world.__enter__()
        self.addCleanup(world.__exit__, None, None, None)
        gateway = world.gateway
        self.addCleanup(subprocess.run, ['umount', '-l', gateway.state])
        self.addCleanup(gateway.kill)
        row = lambda: gateway.status()['certificates'][0]
        renew = lambda: acme_world.run('gateway', 'renew', '--config', gateway.config)
        serves = lambda: gateway.curl('www.demo.test', '/page', world.intl_root())[0] == 0
        wait_until('deployed', lambda: row()['state'] == 'deployed', 30)
        first, filling = row()['serial'], os.path.join(gateway.state, 'filling')
        with open(filling, 'wb', buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b'x' * 1024):
                pass
        renew()
        wait_until('the reason', lambda: 'No space left' in row()['last_error'], 10)
        self.assertEqual((row()['serial'], row()['state'], serves()), (first, 'deployed', True))
        # Also after a restart.
        gateway.stop()
        gateway.start()
        self.assertEqual((row()['serial'], row()['state'], serves()), (first, 'deployed', True))
        os.unlink(filling)
        renew()
        wait_until(row, lambda: row()['serial'] not in ('', first), 40)
        self.assertTrue(serves())
        # Lost: another account, another certificate, by itself.
        second, accounts = row()['serial'], os.path.join(gateway.state, 'accounts', 'intl-classic.pem')
        with open(accounts, 'rb') as file:
            account = file.read()
        gateway.stop()
        for name in os.listdir(gateway.state):
            path = os.path.join(gateway.state, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        gateway.start()
        wait_until(row, lambda: row()['state'] == 'deployed', 30)
        self.assertNotIn(row()['serial'], (first, second))
        with open(accounts, 'rb') as file:
            self.assertNotEqual(file.read(), account)
        self.assertTrue(serves())


if __name__ == '__main__':
    acme_world.main()
