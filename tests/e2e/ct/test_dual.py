#!/usr/bin/env python3
"""A dual certificate: the SM2 one and the ECC or RSA one of a site. The SM2 certificate gets SCTs of GM logs and the other one of
international logs, whoever orders them: a client by hand, and a gateway that orders both as one unit."""
import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ('acme', 'dns', 'services', 'gateway', 'ct'):
    sys.path.insert(0, os.path.join(HERE, '..', folder))

import scts_world
import acme_raw
import acme_world
import ct_wire
import der
import pki
import gateway_world
from gateway_world import need_openssl4, wait_until

POLICIES = {'gm-classic': 'gm-two', 'intl-classic': 'chrome'}


class World(gateway_world.World):
    """CT logs of three operators, and a gateway whose site wants both."""

    write_lists, check_scts, logs = scts_world.World.write_lists, scts_world.World.check_scts, scts_world.World.logs

    def __init__(self):
        super().__init__(kinds=tuple(POLICIES), mirrors=0, stage='classic')

    def make(self):
        super().make()
        roots = {suite: self.read(suite + '-r1', 'root.pem') for suite in ('gm', 'intl')}
        self.operators = {name: scts_world.Operator(name, roots, self.path('tls.pem'), self.path('tls.key')) for name in scts_world.OPERATORS}
        for operator in self.operators.values():
            operator.__enter__()
        self.write_lists()
        with open(os.path.join(acme_world.ROOT, 'policies', 'ct-policy.conf'), encoding='utf-8') as file:
            self.write('ct-policy.conf', file.read() + scts_world.POLICY)

    def config(self):
        text = super().config()
        for profile, policy in POLICIES.items():
            text = text.replace(f'profile "{profile}" {{\n', f'profile "{profile}" {{\n    ct-policy = "{policy}"\n')
        for suite in self.classics():
            text = text.replace(f'classic "{suite}-r1" {{ directory = "{suite}-r1" }}',
                                f'classic "{suite}-r1" {{\n    directory = "{suite}-r1"\n    ocsp = true\n    ocsp-scts = true\n}}')
        return text + 'ct {\n    log-list = {"gm-logs.json", "intl-logs.json"}\n    policy-file = "ct-policy.conf"\n    ca-file = "tls.pem"\n}\n'

    def __exit__(self, *arguments):
        for operator in getattr(self, 'operators', {}).values():
            operator.__exit__()
        super().__exit__(*arguments)

    def log_ids(self, suite):
        return {pki.SUITES[suite].hash(o.logs[suite].signer.spki).hex() for o in self.operators.values()}


class Dual(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.trust = cls.world.path('trust')
        acme_world.run('trust', 'import', '--dir', cls.trust, *(o for s in ('gm', 'intl') for o in ('--root', cls.world.path(s + '-r1', 'root.pem'))))

    def fetch(self, who):
        done = acme_world.run('fetch', '--policy-check', 'off', 'https://www.demo.test/page', '--connect', self.world.gateway.address, '--trust', self.trust,
                              '--as', who, '--json', check=False)
        return json.loads(done.stdout)

    def test_a_gateway_orders_both(self):
        for who, suite in (('gm', 'gm'), ('legacy', 'intl')):
            told = wait_until(lambda: self.world.gateway.process.text()[-2000:],
                              lambda: (t := self.fetch(who)) and (t['certificate']['mode'], t['certificate']['suite']) == ('classic', suite)
                              and t, 30, 0.3)
            found = [s['log_id'] for s in told['scts'] if s['source'] == 'certificate']
            self.assertEqual((len(found), len(set(found))), (2, 2), told)
            self.assertLessEqual(set(found), self.world.log_ids(suite))

    def test_by_hand(self):
        """Two orders of one account, one validation; each certificate with its own world's SCTs, and in nobody else's logs."""
        world = self.world
        client, name = acme_raw.Client(world), 'www.demo.test'
        before = {suite: sum(log.reader.get_sth().size for log in world.logs(suite).values()) for suite in ('gm', 'intl')}
        self.provision(client)
        orders, certificates = [], {}
        for profile, kind in (('gm-classic', 'sm2'), ('intl-classic', 'p256'), ('intl-classic', 'rsa2048')):
            suite = profile.split('-')[0]
            order = client.order(name, profile=profile)
            self.assertEqual(order.status, 201, order)
            orders.append(order.headers['Location'])
            csr, key = client.csr(kind, name)
            done = client.finalize(order, csr)
            self.assertEqual(done['status'], 'valid', done)
            certificates[kind] = acme_raw.Certificate(client, done, key)
            operators = world.check_scts(suite, certificates[kind])
            self.assertEqual((len(operators), len(set(operators))), (2, 2))
            self.ocsp_has_them(client, suite, certificates[kind])
        ids = {kind: {s['id'].hex() for s in scts_world.read_scts(c)} for kind, c in certificates.items()}
        self.assertLessEqual(ids['sm2'], world.log_ids('gm'))
        self.assertLessEqual(ids['p256'] | ids['rsa2048'], world.log_ids('intl'))
        for suite, count in (('gm', 1), ('intl', 2)):
            after = sum(log.reader.get_sth().size for log in world.logs(suite).values())
            self.assertGreaterEqual(after - before[suite], 2 * count)
        self.orders_of_the_account(client, orders)

    def ocsp_has_them(self, client, suite, certificate):
        """`ocsp-scts = true`: the same list in the singleExtension [RFC6962 3.3]; the answer verifies by OpenSSL."""
        world, openssl = self.world, need_openssl4() if suite == 'gm' else 'openssl'
        issuing = certificate.save(b'-----BEGIN' + certificate.answer.body.split(b'-----BEGIN')[2])
        question, answer = world.path('question'), world.path('answer')
        subprocess.run([openssl, 'ocsp', '-issuer', issuing, '-cert', certificate.path, '-no_nonce', '-reqout', question], check=True,
                       capture_output=True)
        with open(question, 'rb') as file:
            got = acme_raw.request('POST', f'{world.base}/classic/{suite}-r1/ocsp', file.read(), {'Content-Type': 'application/ocsp-request'},
                                   client.context)
        with open(answer, 'wb') as file:
            file.write(got.body)
        done = subprocess.run([openssl, 'ocsp', '-respin', answer, '-issuer', issuing, '-cert', certificate.path, '-CAfile',
                               world.path(suite + '-r1', 'root.pem'), '-verify_other', issuing, '-resp_text'], capture_output=True, text=True)
        self.assertIn('Response verify OK', done.stderr)
        self.assertIn(': good', done.stdout)
        self.assertIn('CT Certificate SCTs', done.stdout)
        [extension] = [e for e in certificate.x509.extensions if e.oid == pki.SCT_LIST]
        self.assertIn(extension.value, got.body)

    def test_zz_a_precertificate_without_a_certificate(self):
        """It counts as issued: OCSP says good, and revoked when the operator has revoked it [BR 4.9.10, 7.1.2.9]."""
        world, client = self.world, acme_raw.Client(self.world)
        for name in ('B', 'C'):
            world.operators[name].kill()
        self.provision(client)
        order = client.order('www.demo.test', profile='intl-classic')
        csr, _ = client.csr('p256', 'www.demo.test')
        before = {e.tbs for e in self.precertificates()}
        self.assertEqual(client.post(order.json['finalize'], {'csr': acme_raw.b64(csr)}).json['status'], 'processing')
        entry = wait_until('a log has it', lambda: next((e for e in self.precertificates() if e.tbs not in before), None), 20)
        serial = [node for node in der.read_all(entry.tbs).children() if node.tag == der.INTEGER][0].body.hex()
        self.assertIn(f'0x{serial}: good', self.ocsp_of_serial(serial).lower())
        acme_world.run('ca', 'revoke', '--config', world.path('service.conf'), '--serial', serial, '--reason', 'superseded')
        self.assertIn(f'0x{serial}: revoked', self.ocsp_of_serial(serial).lower())

    def precertificates(self):
        log = self.world.operators['A'].logs['intl']
        return [e for e in log.reader.entries(log.reader.get_sth().size) if e.kind == ct_wire.PRECERT_ENTRY]

    def ocsp_of_serial(self, serial):
        world, question, answer = self.world, self.world.path('question'), self.world.path('answer')
        common = ['-issuer', world.path('intl-r1', 'issuing.pem'), '-serial', '0x' + serial]
        subprocess.run(['openssl', 'ocsp', *common, '-no_nonce', '-reqout', question], check=True, capture_output=True)
        with open(question, 'rb') as file:
            got = acme_raw.request('POST', f'{world.base}/classic/intl-r1/ocsp', file.read(), {'Content-Type': 'application/ocsp-request'},
                                   acme_raw.Client(world).context)
        with open(answer, 'wb') as file:
            file.write(got.body)
        done = subprocess.run(['openssl', 'ocsp', '-respin', answer, *common, '-CAfile', world.path('intl-r1', 'root.pem'), '-verify_other',
                               world.path('intl-r1', 'issuing.pem')], capture_output=True, text=True)
        self.assertIn('Response verify OK', done.stderr, done)
        return done.stdout

    def provision(self, client):
        """The gateway holds the name: its account's authorization is not ours, so the gateway answers for us by DNS alone."""
        order = client.order('www.demo.test', profile='gm-classic')
        for authorization in client.authorize(order, 'dns-01'):
            self.assertEqual(authorization['status'], 'valid', authorization)

    def orders_of_the_account(self, client, orders):
        """[RFC8555 7.1.2.1]: each order once, in pages; of this account alone, and for it alone."""
        account = client.post(client.kid, None).json
        found, url = [], account['orders']
        while url:
            answer = client.post(url, None)
            self.assertEqual(answer.status, 200, answer)
            found += answer.json['orders']
            url = next(iter(answer.links('next')), None)
        self.assertLessEqual(set(orders), set(found))
        self.assertEqual(len(found), len(set(found)))
        other = acme_raw.Client(self.world)
        answer = other.post(account['orders'], None)
        self.assertEqual((answer.status, answer.problem.split(':')[0]), (403, 'unauthorized'), answer)
        self.assertEqual(other.post(other.post(other.kid, None).json['orders'], None).json, {'orders': []})


if __name__ == '__main__':
    acme_world.main()
