#!/usr/bin/env python3
"""Private keys that are not in the gateway: in `cathaya signer run`, and behind a URI of a provider. Handshakes by
`cathaya fetch` (GM) and curl."""
import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
import unittest

import gateway_world
from gateway_world import PROGRAM, Backend, Base, Gateway, Process, acme_world, block, make_chain, need, need_openssl4, wait_until

NAME = 'www.test'
SIGNER = '''socket = "signer.sock"
state = "signer-state"
'''
KEY = 'key "{0}" {{ algorithm = "{1}"  key = "{2}"  kinds = {{"{3}"}} }}\n'
PROVIDER = os.environ.get('CATHAYA_TEST_PROVIDER')


def make_gm_chain(folder, name=NAME):
    """An SM2 root and a leaf of it: (root, chain, key) as files."""
    openssl, at = need_openssl4(), lambda file: os.path.join(folder, 'gm-' + file)
    run = lambda *command: subprocess.run([openssl, *command], check=True, capture_output=True)
    with open(at('ext'), 'w', encoding='ascii') as file:
        file.write('basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n'
                   f'subjectAltName=DNS:{name}\n')
    with open(at('conf'), 'w', encoding='ascii') as file:
        file.write('[req]\ndistinguished_name=dn\nx509_extensions=ca\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\n'
                   'keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n')
    for file in ('root.key', 'key.pem'):
        run('genpkey', '-algorithm', 'SM2', '-out', at(file))
        os.chmod(at(file), 0o600)
    run('req', '-config', at('conf'), '-x509', '-sm3', '-key', at('root.key'), '-out', at('root.pem'), '-days', '30', '-subj', '/CN=GM Root')
    run('req', '-config', at('conf'), '-new', '-sm3', '-key', at('key.pem'), '-out', at('csr.pem'), '-subj', '/CN=' + name)
    run('x509', '-req', '-sm3', '-in', at('csr.pem'), '-CA', at('root.pem'), '-CAkey', at('root.key'), '-CAcreateserial', '-out',
        at('leaf.pem'), '-days', '20', '-extfile', at('ext'))
    return at('root.pem'), at('leaf.pem'), at('key.pem')


class KeyWorld(Base):
    """A site with an SM2 and a P-256 certificate. In the signer the keys are `gm` and `intl`."""

    def __init__(self, keys=None, kind='tls', signer=True, start=True):
        self.keys, self.kind, self.has_signer, self.has_start = keys, kind, signer, start

    def build(self):
        need('openssl', 'curl')
        self.gm_root, self.gm_chain, self.gm_key = make_gm_chain(self.folder)
        self.root, self.chain, self.key = make_chain(self.folder, (NAME,))
        with open(self.path('signer.conf'), 'w', encoding='ascii') as file:
            file.write(SIGNER + KEY.format('gm', 'sm2_sm3', self.gm_key, self.kind) +
                       KEY.format('intl', 'ecdsa_p256_sha256', self.key, self.kind))
        os.makedirs(self.path('signer-state'), mode=0o700)
        done = subprocess.run([PROGRAM, 'trust', 'import', '--dir', self.path('trust'), '--root', self.gm_root, '--root', self.root],
                              capture_output=True)
        assert done.returncode == 0, done
        self.a = self.stack.enter_context(Backend('a'))
        self.gateway = Gateway(self)
        keys = self.keys or {'gm-classic': 'signer:signer.sock#gm', 'intl-classic': 'signer:signer.sock#intl'}
        chains = {'gm-classic': self.gm_chain, 'intl-classic': self.chain}
        self.gateway.site(NAME, [self.a.address], [block('certificate', kind, chain_file=chains[kind], key=key)
                                                   for kind, key in keys.items()], default=True)
        if self.has_signer:
            self.start_signer()
        if self.has_start:
            self.gateway.start()

    def start_signer(self):
        self.signer = Process(self, 'signer', [PROGRAM, 'signer', 'run', '--config', self.path('signer.conf')])
        self.processes.append(self.signer)
        self.signer.wait_for('signer: 2 keys at')

    def fetch(self, profile='gm'):
        return subprocess.run([PROGRAM, 'fetch', '--policy-check', 'off', f'https://{NAME}/page', '--connect', self.gateway.address, '--trust', self.path('trust'),
                               '--as', profile, '--json'], capture_output=True, timeout=30)

    def says(self, what):
        return [line for line in self.gateway.process.text().splitlines() if what in line]


class Case(unittest.TestCase):
    def world(self, *arguments, **more):
        world = KeyWorld(*arguments, **more)
        return self.enterContext(world) if hasattr(self, 'enterContext') else self.enter(world)

    def enter(self, world):
        world.__enter__()
        self.addCleanup(world.__exit__, None, None, None)
        return world

    def curl(self, world, *options):
        return world.gateway.curl(NAME, '/page', world.root, *options)

    def serves(self, world, both=True):
        told = world.fetch()
        self.assertEqual(told.returncode, 0, (told, world.gateway.process.text()))
        self.assertIn(b'"sm2sig_sm3"', told.stdout)
        status, page, error = self.curl(world)
        self.assertEqual(status, 0, error)
        self.assertIn(b'this is a', page)


class Signer(Case):
    def test_signer_dies_and_comes_back(self):
        world = self.world()
        self.serves(world)
        # The P-256 key is for TLS 1.3 alone there: an older client is told at once that nothing fits.
        status, _, error = self.curl(world, '--tls-max', '1.2')
        self.assertEqual(status, 35, error)
        self.assertRegex(error, 'handshake failure|protocol version')
        self.assertEqual(world.says('signer-away'), [])
        open_before = world.gateway.tls(NAME, world.root)
        self.addCleanup(open_before.close)
        world.signer.stop(signal.SIGKILL)
        self.assertEqual(world.fetch().returncode, 1)
        begun = time.monotonic()
        status, _, error = self.curl(world)
        self.assertEqual(status, 35, error)
        # Only the one who saw it die has waited.
        self.assertEqual(self.curl(world)[0], 35)
        self.assertLess(time.monotonic() - begun, 5)
        wait_until('signer-away', lambda: len(world.says('signer-away')) == 2, 5)
        self.assertIn('cannot connect to the signer', world.says('signer-away')[0])
        # Who is connected is served.
        open_before.sendall(b'GET /page HTTP/1.1\r\nHost: www.test\r\nConnection: close\r\n\r\n')
        self.assertIn(b'200 OK', open_before.recv(4096))
        world.start_signer()
        wait_until('handshakes again', lambda: world.fetch().returncode == 0 and self.curl(world)[0] == 0, 10)
        self.serves(world)
        wait_until('signer-back', lambda: len(world.says('signer-back')) == 2, 5)
        self.assertEqual(world.gateway.stop(), 0)

    def test_a_signer_is_started_again_at_once(self):
        """As a service manager does: who asks meanwhile waits, and gets his handshake."""
        world = self.world()
        world.signer.stop(signal.SIGKILL)
        done = []
        client = threading.Thread(target=lambda: done.append(world.fetch().returncode))
        client.start()
        world.start_signer()
        client.join()
        self.assertEqual(done, [0], world.gateway.process.text())

    def test_the_signer_comes_after_the_gateway(self):
        world = self.world(signer=False)
        wait_until('signer-away', lambda: len(world.says('signer-away')) == 2, 5)
        self.assertEqual(world.says('certificate-not-deployed'), [])
        self.assertEqual(world.fetch().returncode, 1)
        world.start_signer()
        self.serves(world)

    def test_a_signer_that_hangs_costs_little(self):
        """Somebody takes connections and never answers: bounded for each, and after the first ones at once."""
        world = self.world(signer=False, start=False)
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(world.path('signer.sock'))
        listener.listen(64)
        begun = time.monotonic()
        world.gateway.start()
        self.assertLess(time.monotonic() - begun, 10)
        wait_until('signer-away', lambda: len(world.says('signer-away')) == 2, 5)
        self.assertIn('does not answer', world.says('signer-away')[0])
        times = []
        for _ in range(20):
            begun = time.monotonic()
            self.assertEqual(self.curl(world)[0], 35)
            times.append(time.monotonic() - begun)
        self.assertLess(max(times), 4, times)
        self.assertLess(sorted(times)[15], 0.5, times)

    def test_keys_that_do_not_fit(self):
        # Of another key pair; of no name; one that signs nothing of the kind.
        world = self.world({'gm-classic': 'signer:signer.sock#intl', 'intl-classic': 'signer:signer.sock#none'})
        said = '\n'.join(world.says('certificate-not-deployed'))
        self.assertRegex(said, '"gm-classic","reason":".*it is a key of ecdsa_p256_sha256, not of sm2_sm3')
        self.assertRegex(said, '"intl-classic","reason":".*the signer has no such key')
        self.assertEqual(self.curl(world)[0], 35)

    def test_a_key_for_other_things(self):
        world = self.world(kind='crl')
        self.assertIn('this key signs no handshakes', '\n'.join(world.says('certificate-not-deployed')))


@unittest.skipIf(not PROVIDER, 'no provider was built')
class Uri(Case):
    def test_key_behind_a_provider(self):
        world = self.world(signer=False, start=False)
        gateway, leaf = world.gateway, self.leaf(world, b'alice')
        gateway.sites = []
        certificate = block('certificate', 'intl-classic', chain_file=leaf, key='cathayatest:alice', key_provider=PROVIDER)
        gateway.site(NAME, [world.a.address], [certificate], default=True)
        gateway.start()
        for options in ((), ('--tls-max', '1.2')):
            self.assertEqual(self.curl(world, *options)[0], 0, gateway.process.text())
        # Another key than the leaf's, and one that signs wrongly, are not served with.
        for name in ('bob', 'liar', 'none', 'two'):
            gateway.sites = [site.replace('cathayatest:alice', 'cathayatest:' + name) for site in gateway.sites[:1]]
            said = gateway.process.size()
            with self.subTest(name):
                gateway.write()
                gateway.process.popen.send_signal(signal.SIGHUP)
                gateway.process.wait_for('reloaded', since=said)
                self.assertIn('certificate-not-deployed', gateway.process.text()[said:])
                self.assertEqual(self.curl(world)[0], 35)
            gateway.sites = [gateway.sites[0].replace('cathayatest:' + name, 'cathayatest:alice')]

    def leaf(self, world, seed):
        """A certificate of the world's root for the key that the provider makes of the seed."""
        with open(world.path('seed.der'), 'wb') as file:
            file.write(bytes.fromhex('302e020100300506032b657004220420') + seed.ljust(32, b'\0'))
        run = lambda *command: subprocess.run(['openssl', *command], check=True, capture_output=True, cwd=world.folder)
        run('req', '-new', '-keyform', 'DER', '-key', 'seed.der', '-subj', '/CN=' + NAME, '-out', 'seed.csr')
        run('x509', '-req', '-in', 'seed.csr', '-CA', world.root, '-CAkey', 'tls-root.key', '-CAcreateserial', '-days', '20',
            '-extfile', 'tls-ext', '-out', 'seed.pem')
        return world.path('seed.pem')


if __name__ == '__main__':
    acme_world.main()
