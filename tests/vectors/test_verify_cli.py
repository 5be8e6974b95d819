#!/usr/bin/env python3
"""Every verdict of the shared vectors, through `cathaya verify`."""
import collections
import os
import tempfile
import unittest

import cactus
import cli

COSIGNERS = 'plants-demo/plants-07/policy_no_landmarks.txt'


class Verdicts(unittest.TestCase):
    def check(self, folder, expected, *options):
        """expected: {name: (OK or FAIL, reason as the vectors write it)}; gives how many of each there were."""
        files = {name: cli.path(folder, name) for name in expected}
        found = cli.verify(cli.path(folder, 'ca_cert.pem'), list(files.values()), '--proof-only', *options)
        counts = collections.Counter()
        for name, (verdict, reason) in expected.items():
            result = found[files[name]]
            with self.subTest(folder=folder, name=name, options=options):
                self.assertEqual('OK' if result['ok'] else 'FAIL', verdict, result['reason'])
                self.check_reason(result, reason)
            counts['OK' if result['ok'] else 'FAIL'] += 1
        return dict(counts)

    def check_reason(self, result, reason):
        if reason.startswith('good:'):
            self.assertEqual(result['mode'], 'standalone')
            self.assertEqual(result['cosigners'], reason.replace('good:', '').split(','))
        elif reason == 'trusted-subtree':
            self.assertEqual((result['mode'], result['cosigners']), ('landmark', []))
        elif reason.startswith('trusted subtree hash mismatch'):
            self.assertIn('trusted subtree hash mismatch', result['reason'])
        elif reason.startswith('cosigner policy'):
            self.assertIn('cosigner policy not satisfied', result['reason'])
        if not result['ok']:
            self.assertIsNone(result['mode'])

    def test_plants_04_05(self):
        for version in ('04', '05'):
            folder = f'plants-demo/plants-{version}'
            expected = {name: (verdict, reason) for name, verdict, reason, *_ in cli.rows(folder, 'expected_no_landmarks.tsv')}
            self.assertEqual(len(expected), len(cli.certificates(folder)))
            self.assertEqual(self.check(folder, expected, '--policy', cli.path(COSIGNERS)), {'OK': 6, 'FAIL': 6})

    def test_plants_06_07(self):
        for version in ('06', '07'):
            folder = f'plants-demo/plants-{version}'
            table = cli.rows(folder, 'expected.tsv')
            self.assertEqual(len(table), len(cli.certificates(folder)))
            full = {name: (verdict, reason) for name, _, verdict, reason, _, _ in table}
            bare = {name: (verdict, reason) for name, _, _, _, verdict, reason in table}
            self.assertEqual(self.check(folder, full, '--policy', cli.path(folder, 'policy.txt')), {'OK': 11, 'FAIL': 1})
            self.assertEqual(self.check(folder, bare, '--policy', cli.path(folder, 'policy_no_landmarks.txt')), {'OK': 6, 'FAIL': 6})

    def test_upstream_07(self):
        folder = 'plants-demo/upstream-plants-07'
        names = ('cert_33_1.pem', 'cert_2121_landmark.pem')
        self.assertEqual(self.check(folder, {name: ('OK', 'trusted-subtree') for name in names},
                                    '--policy', cli.path(folder, 'policy.txt')), {'OK': 2})
        self.assertEqual(self.check(folder, {name: ('FAIL', 'cosigner policy') for name in names}), {'FAIL': 2})

    def test_boringssl(self):
        folder = 'boringssl/crypto/x509/test/mtc'
        table = cli.rows('boringssl/expected.tsv')
        self.assertEqual(len(table), len(cli.certificates(folder)))
        expected = {name: (verdict, '') for name, verdict, _ in table}
        self.assertEqual(self.check(folder, expected, '--at', cli.T2025), {'OK': 7, 'FAIL': 10})

    def test_cactus(self):
        landmark = {f'landmark_relative_{i}.pem': ('OK', 'trusted-subtree') for i in range(12)}
        standalone = {f'standalone_{i}.pem': ('OK', '') for i in range(12)}
        with tempfile.TemporaryDirectory() as folder:
            policy = os.path.join(folder, 'policy.txt')
            with open(policy, 'w', encoding='ascii') as file:
                file.write(cactus.policy())
            self.assertEqual(self.check('cactus-live', landmark | standalone, '--policy', policy), {'OK': 24})
        alone = {name: ('FAIL', 'cosigner policy') for name in landmark}
        alone |= {name: ('OK', 'good:44363.47.1.99') for name in standalone}
        self.assertEqual(self.check('cactus-live', alone), {'OK': 12, 'FAIL': 12})

    def test_cactus_as_a_client(self):
        """With everything that a client looks at, in the week that the certificates are valid."""
        found = cli.verify(cli.path('cactus-live/ca_cert.pem'), cli.certificates('cactus-live')[12:], '--at', '2026-11-22T00:00:00Z')
        self.assertEqual([v['ok'] for v in found.values()], [True] * 12)

    def test_other_ca(self):
        """Nobody's certificate is good under another CA of the same draft."""
        found = cli.verify(cli.path('plants-demo/plants-05/ca_cert.pem'), cli.certificates('cactus-live'), '--proof-only')
        self.assertEqual({v['status'] for v in found.values()}, {'not found'})


if __name__ == '__main__':
    cli.main()
