#!/usr/bin/env python3
"""SCTs beside Merkle Tree Certificates [GM 4]: a CA that asks two GM logs, certificates that are there before and after, a gateway
that shows them in TLS. Every SCT is checked by the independent reader."""
import base64
import json
import os
import re
import signal
import struct
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ('acme', 'dns', 'services', 'gateway', 'ct'):
    sys.path.insert(0, os.path.join(HERE, '..', folder))

import ct_world
import acme_raw
import acme_world
import ct_wire
import x509
import gateway_world
from gateway_world import Backend, Gateway, block, wait_until

POLICY = os.path.join(HERE, '..', '..', '..', 'policies', 'ct-policy.conf')
SCT_LIST = 0xff01


class WithLogs:
    """gm-mtc with SCTs of two logs, in one process that may be stopped; the CA begins without them when is_late."""

    is_late = False

    def make(self):
        super().make()
        options = {'mtc-entries': True, 'mtc-ca': [self.path('gm', 'ca.pem')]}
        self.ct = ct_world.World(logs={'a': ('gm', options), 'b': ('gm', options), 'intl': 'intl'})
        self.ct.make()
        if not self.is_late:
            self.ct.start()
        self.write('logs.json', self.ct.list_text())

    def config(self):
        text = super().config()
        text = text.replace('profile "gm-mtc" {\n', 'profile "gm-mtc" {\n    mtc-scts = 2\n')
        return text + f'ct {{\n    log-list = {{"logs.json"}}\n    policy-file = "{POLICY}"\n}}\n'

    def __exit__(self, *what):
        super().__exit__(*what)
        if hasattr(self, 'ct'):
            self.ct.__exit__()


class World(WithLogs, acme_world.World):
    def __init__(self, is_late=False, **more):
        super().__init__(profiles=('gm-mtc',), limits=False, ca_extra='    checkpoint-interval-ms = 200\n', **more)
        self.is_late = is_late


class GatewayWorld(WithLogs, gateway_world.World):
    """With a gateway that orders by itself, and a clock of its own that the test moves."""

    def __init__(self):
        super().__init__(kinds=('gm-mtc',), mirrors=0, landmark_s=3600, stage='standalone', clock=True)


def property_scts(pem):
    """The SerializedSCTs of the property, [] when there is none."""
    text = re.search(b'-----BEGIN CERTIFICATE PROPERTIES-----(.*?)-----END', pem, re.S).group(1)
    data = base64.b64decode(b''.join(text.split()))[2:]
    while data:
        kind, size = struct.unpack('>HH', data[:4])
        value, data = data[4:4 + size], data[4 + size:]
        if kind == SCT_LIST:
            scts, rest = [], value[2:]
            assert len(rest) == struct.unpack('>H', value[:2])[0]
            while rest:
                size = struct.unpack('>H', rest[:2])[0]
                scts.append(rest[2:2 + size])
                rest = rest[2 + size:]
            return scts
    return []


def sct_json(sct):
    """As add-chain would have answered."""
    version, log_id, timestamp, size = struct.unpack('>B32sQH', sct[:43])
    extensions, rest = sct[43:43 + size], sct[43 + size:]
    algorithm, length = struct.unpack('>HH', rest[:4])
    assert len(rest) == 4 + length
    return {'sct_version': version, 'id': base64.b64encode(log_id).decode(), 'timestamp': timestamp,
            'extensions': base64.b64encode(extensions).decode(), 'signature': base64.b64encode(rest).decode()}, log_id, algorithm


class Case(acme_raw.Case):
    is_late = False

    @classmethod
    def setUpClass(cls):
        cls.world = World(is_late=cls.is_late, **cls.options())
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.count = 0
        cls.client = acme_raw.Client(cls.world)

    def issue(self):
        return self.client.issue(self.name(), kind='sm2', profile='gm-mtc')

    def chain(self, certificate, url=None):
        answer = self.client.post(url or certificate.url, None, accept=acme_raw.ALTERNATE)
        self.assertEqual(answer.status, 200, answer)
        return answer.body

    def scts(self, certificate, count=2):
        """The chain with so many SCTs, as soon as it has them."""
        return wait_until('SCTs', lambda: (c := self.chain(certificate)) and len(property_scts(c)) >= count and c, 20)

    def check(self, certificate, chain):
        """Each SCT is of another log, verifies over this certificate's entry, and the entry is in the log."""
        index = int.from_bytes(certificate.serial, 'big') & (1 << 48) - 1
        ca = x509.from_file(self.world.read('gm', 'ca.pem'))
        logs, seen = {log.reader.log_id: log for log in self.world.ct.logs.values()}, set()
        for sct in property_scts(chain):
            answer, log_id, algorithm = sct_json(sct)
            self.assertEqual(algorithm, 0x0708)
            log = logs[log_id]
            seen.add(log.title)
            entry = self.entry_of(log, answer)
            self.assertEqual((entry.kind, entry.mtc_index, entry.chain), (0xff01, index, [ca]))
            # Made from what we have, not from what the log shows; it promises the entry that the log shows.
            mine = ct_wire.Entry.of_mtc_entry(log.suite, ca, entry.mtc_log, index, entry.mtc_entry)
            self.assertEqual(log.reader.check_sct(answer, mine), (entry.leaf_hash, entry.leaf_index()))
        return seen

    def entry_of(self, log, answer):
        index = int.from_bytes(base64.b64decode(answer['extensions'])[3:], 'big')
        size = log.reader.json('get-sth')['tree_size']
        return log.reader.entries(size)[index]


class Scts(Case):
    def test_beside_the_certificate(self):
        done = self.issue()
        self.assertEqual(done.answer.body.count(b'BEGIN CERTIFICATE-----'), 2)   # it was there, whether they were or not
        chain = self.scts(done)
        self.assertEqual(self.check(done, chain), {'a', 'b'})
        # The same certificate with and without: it has nothing of them in it.
        self.assertEqual(x509.from_file(chain), done.der)
        told = acme_world.run('inspect', done.save(chain))
        self.assertEqual(told.stdout.count(b'07 08 (SM2 with SM3)'), 2)
        # And by the operator's command, when the service has ended.
        index = int.from_bytes(done.serial, 'big') & (1 << 48) - 1
        self.world.ca.stop()
        printed = acme_world.run('ca', 'certificate', '--dir', self.world.path('gm'), '--index', index, '--properties').stdout
        self.assertEqual(property_scts(printed), property_scts(chain))
        self.world.start_ca()
        type(self).client = acme_raw.Client(self.world)

    def test_many(self):
        for certificate in [self.issue() for _ in range(12)]:
            self.assertEqual(self.check(certificate, self.scts(certificate)), {'a', 'b'})
        metrics = acme_raw.request('GET', f'http://{self.world.admin}/metrics').body.decode()
        self.assertGreaterEqual(float(re.search(r'cathaya_mtc_scts_total\{ca="gm"\} (\S+)', metrics).group(1)), 24)

    def test_a_gateway_shows_them(self):
        done = self.issue()
        chain = done.save(self.scts(done))
        os.chmod(done.key, 0o600)
        backend = Backend('a')
        backend.__enter__()
        self.addCleanup(backend.__exit__, None, None, None)
        [name] = [i['value'] for i in done.order['identifiers']]
        gateway = Gateway(self.world, 'shows')
        gateway.general['stage'] = 'standalone'
        gateway.site(name, [backend.address], [block('certificate', 'gm-mtc', chain_file=chain, key=done.key)], default=True)
        gateway.start()
        self.addCleanup(gateway.stop)
        trust = self.world.path('trust')
        acme_world.run('trust', 'import', '--dir', trust, '--ca', self.world.path('gm', 'ca.pem'))
        told = json.loads(acme_world.run('fetch', '--policy-check', 'off', f'https://{name}/page', '--connect', gateway.address, '--trust', trust, '--as',
                                         'gm-no-landmarks', '--json', check=False).stdout)
        self.assertEqual(told['certificate']['mode'], 'standalone', told)
        logs = {log.reader.log_id.hex() for log in self.world.ct.logs.values() if log.title in ('a', 'b')}
        self.assertEqual({s['log_id'] for s in told['scts'] if s['source'] == 'tls'}, logs, told)


class Late(Case):
    """No log is there: certificates are issued all the same, and have their SCTs later, over restarts."""
    is_late = True

    def test_issuance_does_not_wait(self):
        first = self.issue()
        self.assertEqual(property_scts(self.chain(first)), [])
        wait_until('told', lambda: 'mtc-scts-log-failing' in self.world.ca.text(), 20)
        self.world.ca.stop(signal.SIGKILL)
        self.world.start_ca()
        type(self).client.__init__(self.world)
        second = self.issue()
        self.world.ct.start()
        self.assertEqual(self.check(second, self.scts(second)), {'a', 'b'})
        index = int.from_bytes(first.serial, 'big') & (1 << 48) - 1
        printed = wait_until('SCTs of what was issued before', lambda: self.printed(index), 20)
        self.assertEqual(self.check(first, printed), {'a', 'b'})

    def printed(self, index):
        self.world.ca.stop()
        printed = acme_world.run('ca', 'certificate', '--dir', self.world.path('gm'), '--index', index, '--properties').stdout
        self.world.start_ca()
        return len(property_scts(printed)) == 2 and printed


class Ordered(unittest.TestCase):
    """A gateway that orders: it serves at once, and shows the SCTs as soon as the CA has them, by itself."""

    def test_a_gateway_fetches_them(self):
        with GatewayWorld() as world:
            trust = world.path('trust')
            acme_world.run('trust', 'import', '--dir', trust, '--ca', world.path('gm', 'ca.pem'))

            def fetch():
                return json.loads(acme_world.run('fetch', '--policy-check', 'off', 'https://www.demo.test/page', '--connect', world.gateway.address, '--trust', trust,
                                                 '--as', 'gm-no-landmarks', '--json', check=False).stdout)

            wait_until('served', lambda: fetch()['certificate']['mode'] == 'standalone', 20)
            told = wait_until('shown', lambda: (t := fetch()) and len(t['scts']) == 2 and t, 30, 0.3)
            logs = {log.reader.log_id.hex() for log in world.ct.logs.values() if log.title in ('a', 'b')}
            self.assertEqual({(s['source'], s['log_id']) for s in told['scts']}, {('tls', i) for i in logs})
            self.assertIn('site-scts', world.gateway.process.text())
            # They are on its disk.
            world.ca.stop()
            world.gateway.stop()
            world.gateway.start()
            self.assertEqual(len(wait_until('served', lambda: (t := fetch())['certificate']['mode'] and t, 20)['scts']), 2)


class Configuration(Case):
    def test_what_is_wrong_is_said(self):
        good = self.world.read('service.conf').decode()
        for old, new, why in (('mtc-scts = 2', 'mtc-scts = 9', b'mtc-scts: 0 to 8'),
                              (good[good.index('ct {\n'):], '', b'no ct block'),
                              ('"logs.json"', '"missing.json"', b'missing.json')):
            path = self.world.write('bad.conf', good.replace(old, new))
            done = acme_world.run('ca', 'run', '--config', path, '--check-config', check=False)
            self.assertEqual((done.returncode, why in done.stderr), (2, True), done)


if __name__ == '__main__':
    acme_world.main()
