#!/usr/bin/env python3
"""`cathaya demo --no-services`, the big logs: small, and every figure in it is there; what it leaves behind stands up to both readings."""
import glob
import json
import os
import tempfile

from ca_world import Ca, CaTest, read, run, unittest, write

ROWS = ('GM classic', 'GM standalone: SM2', 'GM standalone: SM2 + ML-DSA-44', 'GM landmark', 'intl classic',
        'intl standalone: ML-DSA-44', 'intl landmark')


class Demo(CaTest):
    def test_demo(self):
        folder = self.path('state')
        done = run('demo', '--no-services', '--entries', '4096', '--state', folder, '--json')
        self.assertEqual((done.status, done.err), (0, ''), done)
        lines = [json.loads(line) for line in done.out.splitlines()]
        cas = {line['suite']: line for line in lines if 'ca' in line}
        rows = [line for line in lines if 'row' in line]
        [checks] = [line for line in lines if 'wrong' in line]
        self.assertEqual(len(lines), 10)
        self.check_cas(cas)
        self.check_rows(rows)
        self.assertEqual(checks['wrong'], 0)
        sites = sum(ca['csrs'] for ca in cas.values())
        self.assertGreaterEqual(checks['accepted'], 2 * sites)
        self.assertGreaterEqual(checks['refused'], 4 * sites)
        self.check_state(folder, cas)

    def check_cas(self, cas):
        self.assertEqual({suite: ca['ca'] for suite, ca in cas.items()}, {'gm': '32473.8', 'intl': '32473.1'})
        for ca in cas.values():
            self.assertGreaterEqual(ca['csrs'], 100)
            self.assertGreaterEqual(ca['entries'], 4096)
            self.assertGreater(min(ca['entries_per_s'], ca['csrs_per_s']), 0)

    def check_rows(self, rows):
        self.assertEqual(len(rows), 7)
        for row, name in zip(rows, ROWS, strict=True):
            self.assertTrue(row['row'].startswith(name), row)
            self.assertEqual(row['group'], 'curveSM2MLKEM768')
            self.assertEqual(row['suite'], 'TLS_SM4_GCM_SM3' if name.startswith('GM') else 'TLS_AES_128_GCM_SHA256')
            self.assertGreater(row['server_flight_bytes'], row['certificate_bytes'])
            self.assertGreater(row['client_hello_bytes'], 1184)
            self.assertGreater(row['verify_us'], 0)
        size = [row['certificate_bytes'] for row in rows]
        classic, sm2, both, landmark, intl_classic, intl_standalone, intl_landmark = size
        self.assertLess(landmark, classic)
        self.assertLess(sm2, classic)
        self.assertLess(landmark, 1150)
        self.assertGreater(both, 2420 + 71)
        self.assertLess(intl_landmark, intl_standalone - 2000)
        self.assertLess(intl_standalone, intl_classic)
        flights = [row['server_flight_bytes'] for row in rows]
        self.assertLess(flights[3], flights[0])
        self.assertLess(flights[6], flights[4])

    def check_state(self, folder, cas):
        for suite, printed in cas.items():
            ca = Ca(self, os.path.join(folder, suite))
            report = ca.fsck()
            self.assertEqual(report['entries'], printed['entries'])
            text = ca.audit()
            self.assertIn(f'log 1, {printed["entries"]} entries', text)
            self.assertIn('landmark 1', text)
            policy = write(self.path('policy.txt'), read(ca.path('policy.txt')) + read(ca.subtrees()))
            for index in (0, printed['entries'] - 1):
                done = ca.run('certificate', '--index', str(index), '--landmark')
                if suite == 'gm' or index == 0:
                    certificate = write(self.path('site.pem'), done.out)
                    accepted, reason = ca.judge(certificate, policy=policy)
                    self.assertTrue(accepted, (reason, done))

    def test_for_people(self):
        """Without --state nothing is left behind, and the table is there."""
        with tempfile.TemporaryDirectory() as scratch:
            done = run('demo', '--no-services', '--entries', '1024', env=os.environ | {'TMPDIR': scratch})
            self.assertEqual((done.status, done.err), (0, ''), done)
            for name in ROWS:
                self.assertIn(name, done.out)
            self.assertIn('  0 wrong\n', done.out)
            self.assertEqual(glob.glob(os.path.join(scratch, '*')), [])

    def test_usage(self):
        for options in (('--entries', '10'), ('--entries', 'many'), ('--entries', '-5'), ('--state', self.path('no', 'parent'))):
            done = run('demo', '--no-services', *options)
            self.assertIn(done.status, (2, 3) if options[0] == '--state' else (2,), done)
            self.assertRegex(done.err, r'\Acathaya: [^\n]+\n\Z')
        full = self.path('full', 'gm')
        os.makedirs(full)
        write(os.path.join(full, 'mine'), 'x')
        done = run('demo', '--no-services', '--entries', '1024', '--state', os.path.dirname(full))
        self.assertNotEqual(done.status, 0)
        self.assertIn('not empty', done.err)
        self.assertEqual(os.listdir(full), ['mine'])


if __name__ == '__main__':
    unittest.main()
