"""Every verdict on the certificates of the shared vectors."""
import base64
import glob
import hashlib
import os

import der
import log
import merkle
import mtc
import verify
import x509
from vectors import T2025, VECTORS, VectorTest, load_ca, read, rows, run


class Corpora(VectorTest):
    def judge(self, folder, name, ca, policy, **options):
        return mtc.judge(x509.from_file(read(folder, name)), ca, policy, proof_only=True, **options)

    def check(self, folder, name, ca, policy, verdict, reason):
        accepted, text = self.judge(folder, name, ca, policy)
        with self.subTest(folder=folder, name=name):
            self.assertEqual('OK' if accepted else 'FAIL', verdict, text)
            if reason.startswith('good:'):
                self.assertEqual(text, 'cosigned by ' + reason.replace('good:', '').replace(',', ' '))
            elif reason == 'trusted-subtree':
                self.assertEqual(text, 'trusted subtree')
            elif reason == 'trusted subtree hash mismatch':
                self.assertEqual(text, 'trusted subtree has another hash')

    def test_versions(self):
        for version in ('04', '05', '06', '07'):
            ca = load_ca(f'plants-demo/plants-{version}/ca_cert.pem')
            self.assertEqual(ca.profile.name, f'draft-{version}')
            self.assertEqual((ca.id, ca.key.name, ca.min_serial), ('32473.1', 'mldsa44', 2**48))
            self.assertEqual(ca.max_serial, 2**64 - 1 if version == '04' else 6 * 2**48 - 1)

    def test_plants_04_05(self):
        text = read('plants-demo/plants-07/policy_no_landmarks.txt').decode()
        for version in ('04', '05'):
            folder = f'plants-demo/plants-{version}'
            ca = load_ca(folder, 'ca_cert.pem')
            found = list(rows(folder, 'expected_no_landmarks.tsv'))
            self.assertEqual(len(found), len(glob.glob(os.path.join(VECTORS, folder, 'cert_*.pem'))))
            for name, verdict, reason, *_ in found:
                self.check(folder, name, ca, mtc.Policy(text, ca), verdict, reason)

    def test_plants_06_07(self):
        for version in ('06', '07'):
            folder = f'plants-demo/plants-{version}'
            ca = load_ca(folder, 'ca_cert.pem')
            full = mtc.Policy(read(folder, 'policy.txt').decode(), ca)
            bare = mtc.Policy(read(folder, 'policy_no_landmarks.txt').decode(), ca)
            self.assertEqual((len(full.trusted), len(bare.trusted)), (4, 0))
            found = list(rows(folder, 'expected.tsv'))
            self.assertEqual(len(found), len(glob.glob(os.path.join(VECTORS, folder, 'cert_*.pem'))))
            for name, _, verdict, reason, bare_verdict, bare_reason in found:
                self.check(folder, name, ca, full, verdict, reason)
                self.check(folder, name, ca, bare, bare_verdict, bare_reason)

    def test_upstream_07(self):
        folder = 'plants-demo/upstream-plants-07'
        ca = load_ca(folder, 'ca_cert.pem')
        policy = mtc.Policy(read(folder, 'policy.txt').decode(), ca)
        self.assertEqual(len(policy.trusted), 6)
        for name in ('cert_33_1.pem', 'cert_2121_landmark.pem'):
            self.check(folder, name, ca, policy, 'OK', 'trusted-subtree')
            self.check(folder, name, ca, mtc.Policy('', ca), 'FAIL', '')
        trace = {}
        self.judge(folder, 'cert_2121_landmark.pem', ca, policy, trace=trace.__setitem__)
        self.assertTrue(trace['entry_hash'].hex().startswith('834dca95'))
        self.assertTrue(trace['entry_hash'].hex().endswith('13a8'))
        self.assertEqual(base64.b64encode(trace['subtree_hash']), b'NI0xeg7ALqrMDJYtMMIcnU6b5E4dFYdWd6dI8yH2wh0=')
        self.assertEqual(trace['inclusion_2_result'], trace['subtree_hash'])
        message = mtc.cosigned_message(ca.id, ca.log_id(1), 0, 2048, 2122, trace['subtree_hash'])
        self.assertTrue(message.hex().startswith(
            '737562747265652f76310a00' '17' + b'oid/1.3.6.1.4.1.32473.1'.hex() + '0000000000000000'
            '1b' + b'oid/1.3.6.1.4.1.32473.1.0.1'.hex() + '0000000000000800' '000000000000084a' '348d317a'))

    def test_boringssl(self):
        folder = 'boringssl/crypto/x509/test/mtc'
        ca = load_ca(folder, 'ca_cert.pem')
        found = list(rows('boringssl/expected.tsv'))
        self.assertEqual(len(found), 17)
        for name, verdict, _ in found:
            self.check(folder, name, ca, mtc.Policy('', ca), verdict, '')

    def test_cactus(self):
        ca = load_ca('cactus-live/ca_cert.pem')
        issuance = log.Log(os.path.join(VECTORS, 'cactus-live'), ca)
        landmarks = log.parse_landmarks(read('cactus-live/landmarks'), False, 0)
        policy = mtc.Policy('', ca)
        for (_, size, _), (_, previous, _) in zip(landmarks, landmarks[1:]):
            for start, end in merkle.covering_subtrees(previous, size):
                policy.trusted[ca.id, 1, start, end] = issuance.mth(start, end)
        bare = mtc.Policy('', ca)
        for i in range(12):
            name = f'landmark_relative_{i}.pem'
            self.check('cactus-live', name, ca, policy, 'OK', 'trusted-subtree')
            self.check('cactus-live', name, ca, bare, 'FAIL', '')
            self.check('cactus-live', f'standalone_{i}.pem', ca, bare, 'OK', f'good:{ca.id}')
            self.check('cactus-live', f'standalone_{i}.pem', ca, policy, 'OK', '')

    def test_cosigner_requirements(self):
        folder = 'plants-demo/plants-07'
        ca = load_ca(folder, 'ca_cert.pem')
        keys = read(folder, 'policy_no_landmarks.txt').decode()
        # cert_10_0 has 32473.2.1 and 32473.2.2; cert_10_1 has 32473.2.3.
        cases = [('all 32473.2.1 32473.2.2', 'OK', 'FAIL'), ('all 32473.2.1 32473.2.3', 'FAIL', 'FAIL'),
                 ('any 32473.2.2 32473.2.3', 'OK', 'OK'), ('2 32473.2.1 32473.2.2 32473.2.3', 'OK', 'FAIL'),
                 ('1 32473.2.3', 'FAIL', 'OK'), ('all 32473.1', 'OK', 'OK'),
                 ('any 32473.2.1\nrequire-cosigners any 32473.2.3', 'FAIL', 'FAIL')]
        for words, first, second in cases:
            policy = mtc.Policy(f'{keys}\n# text\nrequire-cosigners {words}   # more\n', ca)
            self.check(folder, 'cert_10_0.pem', ca, policy, first, '')
            self.check(folder, 'cert_10_1.pem', ca, policy, second, '')
        serial = 2**48 + 10
        for first, last, verdict in ((serial, serial, 'FAIL'), (0, serial - 1, 'OK'), (serial + 1, 2**64 - 1, 'OK')):
            policy = mtc.Policy(f'revoked 32473.1 {first} {last}', ca)
            self.check(folder, 'cert_10_0.pem', ca, policy, verdict, '')
        self.check(folder, 'cert_10_0.pem', ca, mtc.Policy('revoked 32473.2 0 99999999999999999', ca), 'OK', '')

    def test_leaf_checks(self):
        folder = 'plants-demo/plants-07'
        ca = load_ca(folder, 'ca_cert.pem')
        cases = [('cert_33_0.pem', T2025, 'd.example', 'cosigned'),
                 ('cert_33_0.pem', T2025, None, 'cosigned'),
                 ('cert_33_0.pem', T2025, 'e.example', 'not for'),
                 ('cert_33_0.pem', 0, 'd.example', 'not valid at'),
                 ('cert_33_0.pem', 2**31, 'd.example', 'not valid at'),
                 ('cert_10_0.pem', T2025, 'b.example', 'cosigned'),
                 ('cert_10_0.pem', T2025, 'x.blah.B.EXAMPLE', 'cosigned'),
                 ('cert_10_0.pem', T2025, 'blah.b.example', 'not for'),
                 ('cert_10_0.pem', T2025, 'y.x.blah.b.example', 'not for'),
                 ('cert_2034_0.pem', T2025, 'e.example', 'CA'),
                 ('cert_32_0.pem', T2025, None, 'cosigned'),
                 ('cert_32_0.pem', T2025, 'd.example', 'not for')]
        for name, at, dns, words in cases:
            accepted, reason = mtc.judge(x509.from_file(read(folder, name)), ca, mtc.Policy('', ca), at, dns)
            with self.subTest(name=name, at=at, dns=dns):
                self.assertEqual(accepted, words == 'cosigned', reason)
                self.assertIn(words, reason)

    def test_bit_flips_in_signatures(self):
        """ML-DSA of all three sizes refuses signatures with one bit changed."""
        folder = 'plants-demo/plants-07'
        ca = load_ca(folder, 'ca_cert.pem')
        policy = mtc.Policy(read(folder, 'policy_no_landmarks.txt').decode(), ca)
        for name in ('cert_10_0.pem', 'cert_10_1.pem'):
            certificate = x509.Certificate(x509.from_file(read(folder, name)))
            trace = {}
            mtc.check_proof(certificate, ca, policy, trace.__setitem__)
            proof = mtc.Proof(der.whole_bit_string(certificate.signature), ca.profile)
            for i, (cosigner_id, signature) in enumerate(proof.signatures):
                key = policy.cosigners['.'.join(map(str, der.arcs(cosigner_id)))]
                message = trace[f'cosignature_{i}_message']
                self.assertTrue(key.verify(message, signature))
                size = len(signature)
                for place in (0, 31, 32, 64, 70, size // 2, size - 90, size - 20, size - 9, size - 2, size - 1):
                    flipped = bytearray(signature)
                    flipped[place % size] ^= 1
                    with self.subTest(key=key.name, place=place):
                        self.assertFalse(key.verify(message, bytes(flipped)))
                self.assertFalse(key.verify(message + b'\0', signature))
                self.assertFalse(key.verify(message, signature + b'\0'))
                self.assertFalse(key.verify(message, signature[:-1]))

    def test_entry_vectors(self):
        for version, tbs, entry in rows('plants-demo/vectors/entry_vectors.tsv'):
            if version < 'plants-04':
                continue                        # other entry format, not read
            tbs = bytes.fromhex(tbs)
            algorithm = der.sequence(der.read_all(tbs))[2].raw
            certificate = x509.Certificate(der.tlv(der.SEQUENCE, tbs, algorithm, b'\x03\x01\x00'))
            with self.subTest(version=version):
                self.assertEqual(mtc.log_entry(certificate, 'sha256', b'')[2].hex(), entry)

    def test_boringssl_pki_parses(self):
        """Parse material without verdicts: only what the form decides is checked."""
        folder = 'boringssl/pki/testdata/path_builder_unittest/mtc_plants04'
        profile = mtc.PROFILES[mtc.EXPERIMENTAL + '.2'][0]

        def proof(name):
            certificate = x509.Certificate(x509.from_file(read(folder, name)))
            return mtc.Proof(der.whole_bit_string(certificate.signature), profile)
        for name, count in (('mtc-leaf.pem', 0), ('mtc-leaf-standalone.pem', 1), ('mtc-ica.pem', 0),
                            ('mtc-leaf-standalone-3cosigners.pem', 3), ('mtc-leaf-standalone-no_ca_signer.pem', 1)):
            self.assertEqual(len(proof(name).signatures), count, name)
        for name in ('mtc-leaf-standalone-cosigner_wrong_order.pem', 'mtc-leaf-standalone-duplicate_ca_signer.pem'):
            with self.assertRaises(x509.Refused):
                proof(name)


class CommandLine(VectorTest):
    def path(self, *parts):
        return os.path.join(VECTORS, 'plants-demo', 'plants-07', *parts)

    def test_verify(self):
        ca, good, bad = self.path('ca_cert.pem'), self.path('cert_33_0.pem'), self.path('cert_33_1.pem')
        status, out = run(verify.main, '--ca', ca, '--at', '2025-01-01T00:00:00Z', good)
        self.assertEqual((status, out), (0, f'{good}: OK cosigned by 32473.1\n'))
        status, out = run(verify.main, '--ca', ca, '--proof-only', good, bad)
        self.assertEqual(status, 1)
        self.assertEqual([line.split()[1] for line in out.splitlines()], ['OK', 'FAIL'])
        status, out = run(verify.main, '--ca', ca, '--policy', self.path('policy.txt'), '--at', str(T2025), bad)
        self.assertEqual((status, out), (0, f'{bad}: OK trusted subtree\n'))
        self.assertEqual(run(verify.main, '--ca', ca, self.path('nothing.pem'))[0], 1)
        for arguments in ([], ['--ca', good, good], ['--ca', self.path('nothing'), good], ['--ca', ca],
                          ['--ca', ca, '--policy', ca, good], ['--ca', ca, '--at', 'noon', good]):
            self.assertEqual(run(verify.main, *arguments)[0], 2, arguments)

    def test_times(self):
        for text in ('1735689600', '2025-01-01T00:00:00Z', '2025-01-01t01:00:00.5+01:00', '2024-12-31T23:30:00-00:30'):
            self.assertEqual(verify.parse_time(text), T2025)

    def test_explain(self):
        status, out = run(verify.main, '--explain', '--proof-only', '--ca', self.path('ca_cert.pem'),
                          '--policy', self.path('policy.txt'), self.path('cert_10_0.pem'))
        values = dict(line.split(' = ') for line in out.splitlines())
        self.assertEqual((status, values['verdict']), (0, 'OK'))
        self.assertEqual([values[f'cosignature_{i}_verdict'] for i in range(3)], ['good'] * 3)
        entry = bytes.fromhex(values['log_entry'])
        self.assertEqual(hashlib.sha256(b'\0' + entry).hexdigest(), values['entry_hash'])
        self.assertTrue(values['cosignature_0_message'].endswith(values['subtree_hash']))
