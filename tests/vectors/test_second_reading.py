#!/usr/bin/env python3
"""`cathaya verify` and tests/independent/verify.py agree, verdict by verdict, on the whole corpus."""
import os
import subprocess
import sys
import tempfile
import unittest

import cactus
import cli

READING = os.path.join(cli.HERE, '..', 'independent', 'verify.py')
PLANTS = [f'plants-demo/plants-{version}' for version in ('04', '05', '06', '07')]
UPSTREAM = 'plants-demo/upstream-plants-07'
BORINGSSL = 'boringssl/crypto/x509/test/mtc'
COSIGNERS = cli.path('plants-demo/plants-07/policy_no_landmarks.txt')
NOW = '2026-11-22T00:00:00Z'
NAMES = ('d.example', 'D.Example', 'e.example', 'b.example', 'x.blah.b.example', 'blah.b.example', 'y.x.blah.b.example')


def judge(program, ca, files, options):
    """{file: is it OK} by a program that prints a line for each."""
    done = subprocess.run([*program, '--ca', ca, *options, *files], capture_output=True, text=True, timeout=600)
    verdicts = {}
    for file, line in zip(files, done.stdout.splitlines(), strict=True):
        assert line.startswith(f'{file}: '), line
        verdicts[file] = line[len(file) + 2:].split(' ', 1)
    return verdicts


class SecondReading(unittest.TestCase):
    compared = 0

    def compare(self, folder, options, files=None):
        ca = cli.path(folder, 'ca_cert.pem')
        files = files or cli.certificates(folder)
        ours = judge([cli.PROGRAM, 'verify'], ca, files, options)
        theirs = judge([sys.executable, '-B', READING], ca, files, options)
        for file in files:
            SecondReading.compared += 1
            with self.subTest(file=os.path.relpath(file, cli.VECTORS), options=options):
                self.assertEqual(ours[file][0], theirs[file][0], f'cathaya: {ours[file][1]}; second reading: {theirs[file][1]}')

    def compare_both_ways(self, folder, *options, at=cli.T2025):
        for more in ((), ('--proof-only',)):
            self.compare(folder, [*options, '--at', at, *more])

    def test_plants(self):
        for folder in PLANTS:
            self.compare_both_ways(folder)
            self.compare_both_ways(folder, '--policy', COSIGNERS)
        for folder in PLANTS[2:]:
            self.compare_both_ways(folder, '--policy', cli.path(folder, 'policy.txt'))

    def test_names_and_times(self):
        folder = PLANTS[3]
        policy = ['--policy', cli.path(folder, 'policy.txt')]
        for name in NAMES:
            self.compare(folder, [*policy, '--at', cli.T2025, '--dns', name])
        # Both ends of the validity, and a second beyond.
        for at in ('2019-12-31T23:59:59Z', '2020-01-01T00:00:00Z', '2030-12-31T23:59:59Z', '2031-01-01T00:00:00Z'):
            self.compare(folder, [*policy, '--at', at])

    def test_upstream(self):
        self.compare_both_ways(UPSTREAM)
        self.compare_both_ways(UPSTREAM, '--policy', cli.path(UPSTREAM, 'policy.txt'))

    def test_boringssl(self):
        self.compare_both_ways(BORINGSSL)
        self.compare_both_ways(BORINGSSL, '--policy', COSIGNERS)

    def test_cactus(self):
        with tempfile.TemporaryDirectory() as folder:
            policy = os.path.join(folder, 'policy.txt')
            with open(policy, 'w', encoding='ascii') as file:
                file.write(cactus.policy())
            for at in (NOW, cli.T2025):
                self.compare_both_ways('cactus-live', at=at)
                self.compare_both_ways('cactus-live', '--policy', policy, at=at)

    def test_other_certificates(self):
        """CA certificates as certificates, another log's certificates, and material that only has a form."""
        others = [cli.path(folder, 'ca_cert.pem') for folder in (*PLANTS, 'cactus-live', BORINGSSL)]
        others += cli.certificates('boringssl/pki/testdata/verify_unittest')
        others += cli.certificates('boringssl/pki/testdata/path_builder_unittest/mtc_plants04')
        others += cli.certificates(UPSTREAM) + cli.certificates('cactus-live')
        for folder in (*PLANTS, BORINGSSL):
            for more in ([], ['--proof-only']):
                self.compare(folder, ['--at', cli.T2025, *more], others)

    def test_requirements(self):
        """Not compared: the CA's own ID in require-cosigners. The second reading takes it, cathaya says
        that it is always required and no further cosigner."""
        folder = PLANTS[3]
        with open(COSIGNERS, encoding='ascii') as file:
            keys = file.read()
        cases = ['all 32473.2.1 32473.2.2', 'all 32473.2.1 32473.2.3', 'any 32473.2.2 32473.2.3', '1 32473.2.3',
                 '2 32473.2.1 32473.2.2 32473.2.3', '3 32473.2.1 32473.2.2 32473.2.3', 'any 32473.2.1\nrequire-cosigners any 32473.2.3']
        cases = [f'require-cosigners {case}' for case in cases]
        serial = 2**48 + 10
        cases += [f'revoked 32473.1 {first} {last}' for first, last in
                  ((serial, serial), (0, serial - 1), (serial + 1, 2**64 - 1), (0, 2**64 - 1))]
        with tempfile.TemporaryDirectory() as scratch:
            for i, case in enumerate(cases):
                policy = os.path.join(scratch, f'policy-{i}.txt')
                with open(policy, 'w', encoding='ascii') as file:
                    file.write(f'{keys}{case}\n')
                with self.subTest(case=case):
                    self.compare(folder, ['--policy', policy, '--proof-only'])

    @classmethod
    def tearDownClass(cls):
        print(f'{cls.compared} verdicts compared')


if __name__ == '__main__':
    cli.main()
