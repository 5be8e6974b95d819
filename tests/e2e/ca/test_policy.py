#!/usr/bin/env python3
"""`cathaya ca issue` asks the policy first: what it calls not secure is not logged, unless somebody says so."""
import json
import os

from ca_world import ROOT, CaTest, files_below, read, run, unittest, write

POLICY = read(os.path.join(ROOT, 'policies', 'root-program.conf')).decode()
CT_POLICIES = os.path.join(ROOT, 'policies', 'ct-policy.conf')
WEEK_S = 7 * 86400


def check(mode, *more):
    return ('--policy-check', mode, *more)


class Policy(CaTest):
    def warned(self, ca, csrs, *options):
        """Issued all the same: the lines on stderr."""
        size = ca.status()['size']
        done = ca.run('issue', *[word for csr in csrs for word in ('--csr', csr)], *check('warn'), *options, '--json')
        self.assertEqual((done.status, len(done.out.splitlines())), (0, len(csrs)), done)
        self.assertEqual([json.loads(line)['index'] for line in done.out.splitlines()], list(range(size, size + len(csrs))))
        self.assertEqual(ca.status()['size'], size + len(csrs))
        return done.err.splitlines()

    def policy(self, name, *lines, text=POLICY):
        return write(self.path(name), text + ''.join(line + '\n' for line in lines))

    def test_a_public_name(self):
        for suite, kind in (('gm', 'sm2'), ('intl', 'p256'), ('intl', 'mldsa44')):
            ca = self.init(f'public-{suite}-{kind}', suite)
            csr = self.csr(kind, 'DNS:www.example.com,DNS:*.example.com,IP:8.8.8.8')
            with self.subTest(suite=suite, kind=kind):
                self.assertEqual(ca.issue(csr, more=()) + ca.issue(csr, more=check('refuse')) + ca.issue(csr, more=check('off')), [0, 1, 2])
                self.assertEqual(self.warned(ca, [csr]), [])
                ca.good(ca.certificate(0), 'standalone', 'www.example.com')

    def test_internal_names(self):
        """Rule and fix, and the neighbours of each: names and addresses that are public."""
        ca = self.init('internal', 'gm')
        cases = (('DNS:printer.corp', 'br-internal-name', 'printer.corp. Take internal names out'),
                 ('IP:10.0.0.1', 'br-reserved-address', '10.0.0.1. Take reserved addresses out'),
                 ('IP:192.0.2.1', 'br-reserved-address', '192.0.2.1'), ('IP:fd00::1', 'br-reserved-address', 'fd00:'),
                 ('DNS:*.co.uk', 'br-wildcard', 'co.uk'), ('DNS:a.b.home.arpa', 'br-internal-name', 'home.arpa'))
        for names, *says in cases:
            csr = self.csr('sm2', names)
            with self.subTest(names=names):
                ca.refuses([csr], csr, *says)
                # One of them spoils good names, and a good request that stands before it in the batch.
                ca.refuses([self.csr('sm2', f'DNS:www.example.com,{names}')], *says)
                error = ca.refuses([self.csr('sm2', 'www.example.com'), csr], f'cathaya: {csr}: ', *says)
                self.assertNotIn(self.csr('sm2', 'www.example.com'), error)
        ca.issue(self.csr('sm2', 'DNS:*.example.co.uk,IP:9.255.255.255,IP:11.0.0.0,IP:2001:4860:4860::8888'), more=())

    def test_public_labels(self):
        ca = self.init('labels', 'gm')
        corp, lan = self.csr('sm2', 'www.printer.corp'), self.csr('sm2', 'www.printer.lan')
        ca.refuses([corp], 'br-internal-name', more=('--public-label', 'lan'))
        self.assertEqual(ca.issue(corp, more=('--public-label', 'corp')), [0])
        ca.refuses([corp, lan], lan, 'br-internal-name', more=('--public-label', 'corp'))
        self.assertEqual(ca.issue(corp, lan, more=('--public-label', 'corp', '--public-label', 'lan')), [1, 2])
        labels = [word for i in range(33) for word in ('--public-label', f'x{i}')]
        ca.refuses([corp], 'more than 32', status=2, more=labels)
        ca.refuses([corp], 'br-internal-name', more=labels[:64])

    def test_keys(self):
        gm, intl = self.init('keys-gm', 'gm'), self.init('keys-intl', 'intl')
        sm2, weak = self.csr('sm2', 'www.example.com'), self.csr('rsa1024', 'www.example.com')
        intl.refuses([sm2], sm2, 'profile-key', 'SM2', 'RP-08', 'use another key')
        self.assertEqual(gm.issue(sm2, more=()), [0])
        # A key that anybody can break is not for the policy to decide.
        for ca in (gm, intl):
            for mode in ('refuse', 'warn', 'off'):
                ca.refuses([weak], 'RSA-1024', more=check(mode))

    def test_warn_and_off(self):
        ca = self.init('warn', 'intl')
        good, bad, sm2 = self.csr('p256', 'www.example.com'), self.csr('p256', 'DNS:printer.corp,IP:10.0.0.1'), self.csr('sm2', 'www.example.com')
        lines = self.warned(ca, [good, bad, good, sm2])
        for line in lines:
            self.assertRegex(line, r'\Acathaya: warning: [^ ]+: [A-Za-z0-9-]+: [^\n]+\Z')
        found = {(line.split(': ')[2], line.split(': ')[3]) for line in lines}
        self.assertLessEqual({(bad, 'br-internal-name'), (bad, 'br-reserved-address'), (sm2, 'profile-key')}, found)
        self.assertNotIn(good, [file for file, _ in found])
        ca.good(ca.certificate(1), 'standalone', 'printer.corp')
        self.assertEqual(ca.issue(bad, sm2, more=check('off')), [4, 5])
        # A request that is bad is refused in any mode, and then nothing of its batch is logged.
        broken = self.csr('p256', '', common_name='www.example.com')
        done = ca.run('issue', '--csr', bad, '--csr', broken, *check('warn'))
        self.assertEqual((done.status, done.out), (1, ''), done)
        self.assertIn('subjectAltName', done.err.splitlines()[-1])
        self.assertEqual(ca.status()['size'], 6)

    def test_lifetime(self):
        """Seven days, and a second more."""
        for suite, kind in (('gm', 'sm2'), ('intl', 'p256')):
            ca, csr = self.init(f'long-{suite}', suite), self.csr(kind, 'www.example.com')
            ca.settings(lifetime=WEEK_S + 1)
            ca.refuses([csr], 'br-short-lived', 'at most 7 days')
            ca.settings(lifetime=WEEK_S)
            self.assertEqual(ca.issue(csr, more=()), [0])

    def test_settings_of_ca_conf(self):
        """clientAuth and policy are as ca.conf has them, and the policy's rules are asked about both."""
        ca = self.init('settings', 'gm')
        sm2, p256 = self.csr('sm2', 'www.example.com'), self.csr('p256', 'www.example.com')
        ca.settings(client_auth='false')
        ca.refuses([sm2], 'RP-07', 'serverAuth and clientAuth')
        self.assertEqual(ca.issue(p256, more=()), [0])
        ca.settings(policy='""')
        ca.refuses([p256], 'br-policy', '2.23.140.1.2.1')
        self.assertEqual(ca.issue(p256, more=check('off')), [1])

    def test_another_policy(self):
        ca = self.init('another', 'gm')
        corp, public = self.csr('sm2', 'printer.corp'), self.csr('sm2', 'www.example.com')
        lenient = self.policy('lenient.conf', 'rule br-internal-name info for tls', 'rule PU-01 info for tls')
        self.assertEqual(ca.issue(corp, more=('--policy', lenient)), [0])
        self.assertEqual(ca.issue(corp, more=('--policy', lenient, '--ct-policies', CT_POLICIES)), [1])
        ca.refuses([corp], 'br-internal-name')
        half = self.policy('half.conf', 'rule br-internal-name info for tls')
        ca.refuses([corp], 'PU-01', 'Use an intranet certificate', more=('--policy', half))
        # A stricter one: the lifetime that ca.conf has, and a second less.
        for seconds, yes in ((WEEK_S, True), (WEEK_S - 1, False)):
            strict = self.policy(f'strict-{seconds}.conf', f'limit short-lived from 2026-03-16T00:00:00Z {seconds}s')
            if yes:
                self.assertEqual(ca.issue(public, more=('--policy', strict)), [2])
            else:
                ca.refuses([public], 'br-short-lived', more=('--policy', strict))
        self.assertEqual(ca.issue(public, more=('--policy', strict, *check('off'))), [3])

    def test_what_cannot_be_read(self):
        ca = self.init('unreadable', 'gm')
        csr = self.csr('p256', 'www.example.com')
        wrong = self.policy('wrong.conf', 'rule no-such-rule warn')
        line = POLICY.count('\n') + 1
        less = self.policy('less.conf', text=POLICY.replace('rule br-key-size ', '# '))
        cases = ((('--policy', wrong), wrong, f'line {line}'), (('--policy', less), less, 'br-key-size'),
                 (('--policy', self.path('none.conf')), 'none.conf'), (('--policy', self.path()), self.path()),
                 (('--policy', ca.path('policy.txt')), 'policy.txt'),
                 (('--policy', self.policy('right.conf'), '--ct-policies', wrong), wrong, 'CT policies: line '),
                 (('--ct-policies', CT_POLICIES), '--ct-policies goes with --policy'),
                 (check('wrong'), '--policy-check wrong: refuse, warn or off'), (check(''), 'refuse, warn or off'))
        for options, *says in cases:
            with self.subTest(options=options):
                ca.refuses([csr], *says, status=2, more=options)

    def test_a_ca_that_is_not_there(self):
        """The policy is read, and nothing is made."""
        folder = self.path('nowhere')
        done = run('ca', 'issue', '--dir', folder, '--csr', self.csr('p256', 'www.example.com'))
        self.assertEqual((done.status, done.out, os.path.exists(folder)), (2, '', False), done)
        ca = self.init('there', 'gm')
        files = files_below(ca.dir)
        ca.refuses([self.csr('sm2', 'printer.corp')], 'br-internal-name')
        self.assertEqual({name for name in files_below(ca.dir) if not name.startswith('ca.db')},
                         {name for name in files if not name.startswith('ca.db')})


if __name__ == '__main__':
    unittest.main()
