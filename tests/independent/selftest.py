#!/usr/bin/env python3
"""Known answers, every verdict of the shared vectors, and a GM hierarchy made on the spot.

The vectors are looked for in $CATHAYA_SHARED_VECTORS, or beside the repository in
../shared/vectors. Where they are absent those tests are skipped; with CI=true they fail.
"""
import base64
import contextlib
import glob
import hashlib
import io
import json
import os
import shutil
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import algorithms
import der
import ec
import ed25519
import forge
import log
import merkle
import mldsa
import mtc
import note
import sm3
import tree
import verify
import x509

VECTORS = os.environ.get('CATHAYA_SHARED_VECTORS') or os.path.join(HERE, '..', '..', '..', 'shared', 'vectors')
T2025 = 1735689600


class VectorTest(unittest.TestCase):
    """Tests on the shared vectors."""

    def setUp(self):
        if not os.path.isdir(VECTORS):
            if os.environ.get('CI') == 'true':
                self.fail(f'no vectors in {VECTORS}')
            self.skipTest(f'no vectors in {VECTORS}; set CATHAYA_SHARED_VECTORS')


def read(*path):
    with open(os.path.join(VECTORS, *path), 'rb') as file:
        return file.read()


def rows(*path):
    for line in read(*path).decode().splitlines():
        if line and not line.startswith('#'):
            yield line.split('\t')


def load_ca(*path):
    return mtc.Ca(x509.from_file(read(*path)))


def run(main, *arguments):
    """(exit status, standard output) of a command line."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            status = main(list(arguments))
        except SystemExit as stop:
            status = stop.code
    return status, out.getvalue()


class Primitives(unittest.TestCase):
    def test_sm3(self):
        self.assertEqual(sm3.pure(b'abc').hex(),
                         '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0')
        self.assertEqual(sm3.pure(b'abcd' * 16).hex(),
                         'debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732')
        self.assertEqual(sm3.pure(b'').hex(),
                         '1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b')
        for size in range(200):
            self.assertEqual(sm3.sm3(bytes(size)), sm3.pure(bytes(size)))

    # GB/T 32918.5-2017, annex A.2
    SM2_D = 0x3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8
    SM2_POINT = (0x09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020,
                 0xccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13)
    SM2_R = 0xf5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3
    SM2_S = 0xb1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa

    def test_sm2(self):
        self.assertEqual(ec.SM2.combine(self.SM2_D, ec.SM2.g, 0, ec.SM2.g), self.SM2_POINT)
        self.assertEqual(ec.sm2_za(self.SM2_POINT).hex(),
                         'b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3')
        self.assertEqual(ec.sm2_digest(self.SM2_POINT, b'message digest').hex(),
                         'f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640')

        def check(r, s, message=b'message digest', identity=ec.SM2_DEFAULT_ID):
            signature = der.tlv(der.SEQUENCE, der.tlv_integer(r), der.tlv_integer(s))
            return ec.sm2_verify(self.SM2_POINT, message, signature, identity)
        r, s, n = self.SM2_R, self.SM2_S, ec.SM2.n
        self.assertTrue(check(r, s))
        for wrong in (check(r ^ 1, s), check(r, s ^ 1), check(r, s, b'message digesu'), check(r + n, s),
                      check(r, s + n), check(0, s), check(r, 0), check(r, n - r), check(r - n, s),
                      check(r, s, identity=b'TLSv1.3+GM+Cipher+Suite')):
            self.assertFalse(wrong)

    def test_sm2_signatures_are_strict_der(self):
        key = algorithms.parse_key(algorithms.Sm2Key, forge.Sm2Signer(self.SM2_D).spki)
        r, s = der.tlv_integer(self.SM2_R), der.tlv_integer(self.SM2_S)
        self.assertTrue(key.verify(b'message digest', der.tlv(der.SEQUENCE, r, s)))
        padded = der.tlv(der.INTEGER, b'\0', der.read_all(r).body)
        for signature in (b'', der.tlv(der.SEQUENCE, r), der.tlv(der.SEQUENCE, r, s, s),
                          der.tlv(der.SEQUENCE, r, s) + b'\0', der.tlv(der.SEQUENCE, padded, s),
                          b'\x30\x81' + der.tlv(der.SEQUENCE, r, s)[1:],
                          self.SM2_R.to_bytes(32, 'big') + self.SM2_S.to_bytes(32, 'big')):
            self.assertFalse(key.verify(b'message digest', signature))

    def test_ecdsa(self):                                           # RFC 6979, A.2.5 and A.2.6
        p256 = (0x60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6,
                0x7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299)
        p384 = (0xec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13,
                0x8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720)
        cases = [(ec.P256, 'sha256', p256,
                  0xefd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716,
                  0xf7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8),
                 (ec.P384, 'sha384', p384,
                  0x94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46,
                  0x99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8)]
        for curve, hash_name, point, r, s in cases:
            self.assertTrue(curve.contains(point))
            signature = der.tlv(der.SEQUENCE, der.tlv_integer(r), der.tlv_integer(s))
            self.assertTrue(ec.ecdsa_verify(curve, hash_name, point, b'sample', signature))
            self.assertFalse(ec.ecdsa_verify(curve, hash_name, point, b'sampld', signature))
            swapped = der.tlv(der.SEQUENCE, der.tlv_integer(s), der.tlv_integer(r))
            self.assertFalse(ec.ecdsa_verify(curve, hash_name, point, b'sample', swapped))

    def test_curves(self):
        for curve in ec.CURVES.values():
            self.assertTrue(curve.contains(curve.g))
            minus_one = curve.combine(curve.n - 1, curve.g, 0, curve.g)
            self.assertEqual(minus_one, (curve.g[0], curve.p - curve.g[1]))
            self.assertIsNone(curve.combine(curve.n - 1, curve.g, 1, curve.g))

    def test_ed25519(self):                                         # RFC 8032, 7.1
        cases = [('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '',
                  'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46'
                  'bd25bf5f0595bbe24655141438e7a100b'),
                 ('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72',
                  '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8'
                  'c387b2eaeb4302aeeb00d291612bb0c00'),
                 ('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'af82',
                  '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc65'
                  '94a7c15e9716ed28dc027beceea1ec40a')]
        for key, message, signature in cases:
            key, message, signature = map(bytes.fromhex, (key, message, signature))
            self.assertTrue(ed25519.verify(key, message, signature))
            self.assertFalse(ed25519.verify(key, message + b'x', signature))
            s = int.from_bytes(signature[32:], 'little') + ed25519.L
            self.assertFalse(ed25519.verify(key, message, signature[:32] + s.to_bytes(32, 'little')))

    def test_mldsa_sizes(self):
        sizes = [(p.public_size, p.signature_size) for p in (mldsa.MLDSA44, mldsa.MLDSA65, mldsa.MLDSA87)]
        self.assertEqual(sizes, [(1312, 2420), (1952, 3309), (2592, 4627)])

    def test_mldsa_ntt(self):
        import random
        generator = random.Random(1)
        a, b = ([generator.randrange(mldsa.Q) for _ in range(256)] for _ in range(2))
        slow = [0] * 256
        for i in range(256):
            for j in range(256):
                slow[(i + j) % 256] += (1 if i + j < 256 else -1) * a[i] * b[j]
        fast = mldsa.inverse_ntt([x * y % mldsa.Q for x, y in zip(mldsa.ntt(a), mldsa.ntt(b))])
        self.assertEqual(fast, [x % mldsa.Q for x in slow])


class Der(unittest.TestCase):
    def refuses(self, function, *encodings):
        for encoding in encodings:
            with self.subTest(encoding=encoding), self.assertRaises(der.DerError):
                function(der.read_all(bytes.fromhex(encoding)))

    def test_strictness(self):
        self.refuses(der.integer, '0200', '02020001', '0202ffff', '020101ff', '02', '028101' '01', '0280010000',
                     '0203' '01', '1f0101', '82' '0101')
        self.refuses(der.boolean, '010101', '0100', '01020000')
        self.refuses(der.bit_string, '0300', '030108', '030101', '03020101')
        self.refuses(der.named_bits, '03020700', '03020000')
        self.refuses(der.oid, '0600', '060280' '01', '060181')
        self.refuses(der.time, '170b3230303130313030303030', '170d3230313330313030303030305a',
                     '180d3230303130313030303030305a', '171132303031303130303030302b30303030')
        self.assertEqual(der.integer(der.read_all(b'\x02\x02\x00\x80')), 128)
        self.assertEqual(der.time(der.read_all(b'\x17\x0d250101000000Z')), T2025)
        self.assertEqual(der.time(der.read_all(b'\x18\x0f20250101000000Z')), T2025)

    def test_identifiers(self):
        self.assertEqual(der.relative_oid_bytes('32473.1').hex(), '81fd5901')
        self.assertEqual(der.oid(der.read_all(bytes.fromhex('06082a811ccf55018375'))), '1.2.156.10197.1.501')
        self.assertEqual(der.oid(der.read_all(der.tlv_oid('2.999.3'))), '2.999.3')
        for text in ('', '1..2', '01.2', '-1', '1.2a', '\u0661'):
            with self.subTest(text=text), self.assertRaises(der.DerError):
                der.relative_oid_bytes(text)

    def test_names_of_a_ca(self):                                   # digest-mtc, 1.2
        names = {'gm': '30143112301006082b060105050719030d0481fd5901',
                 'draft-07': '30143112301006082b060105050719030d0481fd5901',
                 'draft-06': '301631143012060a2b0601040182da4b2f030d0481fd5901',
                 'draft-05': '301931173015060a2b0601040182da4b2f010c0733323437332e31'}
        for profiles in mtc.PROFILES.values():
            for profile in profiles:
                if profile.name in names:
                    self.assertEqual(profile.distinguished_name('32473.1').hex(), names[profile.name])


class Subtrees(unittest.TestCase):
    def test_valid(self):
        for end in (2**47 + 1, 2**48 - 1, 2**62 + 1, 2**63 - 1, 2**63 + 1, 2**64 - 1):
            self.assertTrue(merkle.is_valid_subtree(0, end))
        for start, end in ((2**46, 2**47 + 1), (2**46, 2**48 - 1), (2**61, 2**62 + 1), (2**61, 2**63 - 1),
                           (2**62, 2**63 + 1), (2**62, 2**64 - 1), (1, 3), (2, 1)):
            self.assertFalse(merkle.is_valid_subtree(start, end))

    def test_covering(self):
        cases = {(0x500000000000, 0xd00000000000): ((0x400000000000, 0x800000000000), (0x800000000000, 0xd00000000000)),
                 (0x7fffffffffff, 0x800000000001): ((0x7fffffffffff, 0x800000000000), (0x800000000000, 0x800000000001)),
                 (0xfffffffffffe, 0xffffffffffff): ((0xfffffffffffe, 0xffffffffffff), (0xffffffffffff, 0xffffffffffff)),
                 (5, 13): ((4, 8), (8, 13)), (7, 9): ((7, 8), (8, 9)), (3, 3): ((3, 3), (3, 3))}
        for interval, covering in cases.items():
            self.assertEqual(merkle.covering_subtrees(*interval), covering)

    def test_covering_properties(self):
        for end in range(80):
            for start in range(end + 1):
                (a, b), (c, d) = merkle.covering_subtrees(start, end)
                self.assertTrue(merkle.is_valid_subtree(a, b) and merkle.is_valid_subtree(c, d))
                self.assertTrue(b == c and d == end and a <= start)
                self.assertTrue(start == end or start - a < b - start)

    def test_proofs_verify(self):
        for hash_name in ('sha256', 'sm3'):
            whole = merkle.Tree(hash_name, [merkle.leaf_hash(hash_name, bytes([i])) for i in range(20)])
            for n in range(21):
                for end in range(n + 1):
                    for start, _ in tree.valid_intervals(end):
                        node, root = whole.mth(start, end), whole.mth(0, n)
                        proof = whole.subtree_proof(start, end, n)
                        self.assertTrue(merkle.verify_consistency(hash_name, n, start, end, proof, node, root))
                        extended = proof + [bytes(32)]
                        self.assertFalse(merkle.verify_consistency(hash_name, n, start, end, extended, node, root))
                        for index in range(start, end) if n == end else ():
                            path = whole.path(index, start, end)
                            self.assertTrue(merkle.verify_inclusion(
                                hash_name, index, whole.leaves[index], start, end, path, node))


class AccumulatedVectors(VectorTest):
    def test_draft(self):
        names = {'subtree-hash': 'subtree', 'subtree-inclusion-proof': 'inclusion',
                 'subtree-consistency-proof': 'consistency', 'efficient-covering-subtree': 'covering'}
        values = tree.accumulated('sha256', 'sha256')
        found = list(rows('plants-demo/vectors/accumulated.tsv'))
        self.assertEqual(len(found), 4)
        for name, value in found:
            self.assertEqual(values[names[name]], value, name)

    def test_sm3(self):
        count = 0
        for line in read('sm3-subtrees/values.txt').decode().splitlines():
            words = line.split()
            if words[0] == 'tree':
                values = tree.accumulated(words[1], words[3])
            else:
                self.assertEqual(values[words[0]], words[1], line)
                count += 1
        self.assertEqual(count, 24)

    def test_command_line(self):
        status, out = run_tree('accumulated', '--tree', 'sm3', '--rolling', 'sm3')
        self.assertEqual(status, 0)
        self.assertIn(out, read('sm3-subtrees/values.txt').decode() + '\n')


def run_tree(*arguments):
    old, sys.argv = sys.argv, ['tree.py', *arguments]
    try:
        return run(lambda _: tree.main())
    finally:
        sys.argv = old


class MerkleProofs(VectorTest):
    def cases(self, folder):
        for path in glob.glob(os.path.join(VECTORS, 'merkle-proofs', 'testdata', folder, '**', '*.json'),
                              recursive=True):
            with open(path, encoding='utf-8') as file:
                case = json.load(file)
            case['proof'] = [base64.b64decode(p) for p in case['proof'] or []]
            yield path, case

    def test_all(self):
        count = 0
        for path, case in self.cases('subtreeinclusion'):
            root, leaf = base64.b64decode(case['root']), base64.b64decode(case['leafHash'])
            verdict = merkle.verify_inclusion('sha256', case['leafIdx'], leaf, case['start'], case['end'],
                                              case['proof'], root)
            with self.subTest(path=path):
                self.assertEqual(verdict, not case['wantErr'], case['desc'])
            count += 1
        for path, case in self.cases('subtreeconsistency'):
            node, root = base64.b64decode(case['root1'] or ''), base64.b64decode(case['root2'] or '')
            verdict = merkle.verify_consistency('sha256', case['size'], case['start'], case['end'], case['proof'],
                                                node, root)
            with self.subTest(path=path):
                self.assertEqual(verdict, not case['wantErr'], case['desc'])
            count += 1
        self.assertEqual(count, 322)


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
        cases = [('cert_33_0.pem', T2025, 'd.example', 'cosigned'), ('cert_33_0.pem', T2025, None, 'cosigned'),
                 ('cert_33_0.pem', T2025, 'e.example', 'not for'), ('cert_33_0.pem', 0, 'd.example', 'not valid at'),
                 ('cert_33_0.pem', 2**31, 'd.example', 'not valid at'), ('cert_10_0.pem', T2025, 'b.example', 'cosigned'),
                 ('cert_10_0.pem', T2025, 'x.blah.B.EXAMPLE', 'cosigned'), ('cert_10_0.pem', T2025, 'blah.b.example', 'not for'),
                 ('cert_10_0.pem', T2025, 'y.x.blah.b.example', 'not for'), ('cert_2034_0.pem', T2025, 'e.example', 'CA'),
                 ('cert_32_0.pem', T2025, None, 'cosigned'), ('cert_32_0.pem', T2025, 'd.example', 'not for')]
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


class CorpusLogs(VectorTest):
    def open(self, folder):
        ca = load_ca(folder, 'ca_cert.pem')
        return ca, log.Log(os.path.join(VECTORS, folder), ca)

    def test_06_07(self):
        for version in ('06', '07'):
            folder = f'plants-demo/plants-{version}'
            ca, issuance = self.open(folder)
            # The README says that the expiries in these landmarks are invented.
            self.assertIn('2036 entries', issuance.check(at=1790000000, ignore_expiry=True))
            with self.assertRaisesRegex(log.BadLog, 'expires before entry'):
                issuance.check(at=1790000000)
            landmarks = log.parse_landmarks(read(folder, 'landmarks'), True, 1790000000)
            trusted = mtc.Policy(read(folder, 'policy.txt').decode(), ca).trusted
            computed = {(ca.id, 1, start, end): issuance.mth(start, end)
                        for (_, size, _), (_, previous, _) in zip(landmarks, landmarks[1:])
                        for start, end in merkle.covering_subtrees(previous, size)}
            # Landmark 1 covers [0, 34) as [0, 32) + [32, 34); landmark 2 [34, 2036).
            self.assertEqual(computed, trusted)

    def test_04_05(self):
        """The draft's own generator wrote note signatures without the timestamp that
        tlog-cosignature puts in front: strictly they fail, and everything else holds."""
        for version in ('04', '05'):
            ca, issuance = self.open(f'plants-demo/plants-{version}')
            with self.assertRaisesRegex(log.BadLog, 'checkpoint: signature'):
                issuance.check()
            checkpoint = note.Checkpoint(read(f'plants-demo/plants-{version}/checkpoint'))
            self.assertEqual(issuance.mth(0, checkpoint.size), checkpoint.root)
            issuance._check_presence(checkpoint.size)
            issuance._check_tiles()
            name, key_id, signature = checkpoint.note.signatures[0]
            self.assertEqual((name, key_id), ('oid/1.3.6.1.4.1.32473.1', note.key_id(name, ca.key)))
            message = mtc.cosigned_message(ca.id, ca.log_id(1), 0, 0, checkpoint.size, checkpoint.root)
            self.assertTrue(ca.key.verify(message, signature))

    def test_cactus(self):
        _, issuance = self.open('cactus-live')
        self.assertIn('18 entries', issuance.check())

    def test_command_line(self):
        folder = os.path.join(VECTORS, 'cactus-live')
        status, out = run(log.main, folder, '--ca', os.path.join(folder, 'ca_cert.pem'))
        self.assertEqual((status, out.split()[0]), (0, 'OK'))
        other = os.path.join(VECTORS, 'plants-demo', 'plants-07', 'ca_cert.pem')
        status, out = run(log.main, folder, '--ca', other)
        self.assertEqual((status, out.split()[0]), (1, 'FAIL'))
        self.assertEqual(run(log.main, folder, '--ca', os.path.join(folder, 'landmarks'))[0], 2)


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


class Policies(unittest.TestCase):
    def test_bad_statements(self):
        ed, sm2 = forge.Ed25519Signer(b'x' * 32), forge.Sm2Signer(5)
        key, other = (base64.b64encode(s.spki).decode() for s in (ed, sm2))
        digest = base64.b64encode(bytes(32)).decode()
        mtc.Policy(f'cosigner 1.2 ed25519 {key}\ncosigner 1.3 sm2_sm3 {other}\nrequire-cosigners all 1.2 1.3\n'
                   f'trusted-subtree 1.1 1 0 5 {digest}\nrevoked 1.1 5 5\n')
        for text in ('nonsense', f'cosigner 1.2 sm2_sm3 {key}', f'cosigner 1.2 rsa {key}', f'cosigner 1.2 ed25519 {key} x',
                     f'cosigner 1.02 ed25519 {key}', f'cosigner 1.2 ed25519 {key}=', 'cosigner 1.2 ed25519',
                     f'cosigner 1.2 ed25519 {key}\ncosigner 1.2 sm2_sm3 {other}',
                     f'cosigner 1.2 ed25519 {key}\ncosigner 1.3 ed25519 {key}',
                     'require-cosigners any 1.2', f'cosigner 1.2 ed25519 {key}\nrequire-cosigners 2 1.2',
                     f'cosigner 1.2 ed25519 {key}\nrequire-cosigners 0 1.2',
                     f'cosigner 1.2 ed25519 {key}\nrequire-cosigners 2 1.2 1.2', 'require-cosigners all',
                     f'trusted-subtree 1.1 1 1 3 {digest}', f'trusted-subtree 1.1 1 0 5 {digest[4:]}',
                     f'trusted-subtree 1.1 65536 0 5 {digest}', f'trusted-subtree 1.1 1 0 -5 {digest}',
                     'revoked 1.1 6 5', 'revoked 1.1 0 18446744073709551616', 'revoked 1.1 05 6'):
            with self.subTest(text=text), self.assertRaises(mtc.BadPolicy):
                mtc.Policy(text)


class NameMatching(unittest.TestCase):
    def test_dns(self):
        for pattern, name in (('a.b', 'A.B'), ('*.b.c', 'a.b.c'), ('*.b.c', 'xn--a.B.C')):
            self.assertTrue(x509.matches_dns(pattern, name))
        for pattern, name in (('*.b.c', 'b.c'), ('*.b.c', '.b.c'), ('*.b.c', 'x.a.b.c'), ('a*.b.c', 'aa.b.c'),
                              ('*', 'a'), ('*', '*'), ('*.', 'a.'), ('a.*.c', 'a.b.c'), ('*.*.c', 'a.b.c'), ('', ''),
                              ('a.b.', 'a.b'), ('*.b.c', 'ab.c')):
            self.assertFalse(x509.matches_dns(pattern, name), (pattern, name))


class Gm(unittest.TestCase):
    """SM2, SM3 and the GM extension, made and read by this directory alone."""

    @classmethod
    def setUpClass(cls):
        cls.signer, cls.mirror = forge.Sm2Signer(0x1234567), forge.Ed25519Signer(b'm' * 32)
        cls.subject = forge.Sm2Signer(0x7654321)
        cls.ca = mtc.Ca(forge.ca_certificate(cls.signer, '32473.7'))
        cls.log = forge.Log(cls.signer)
        cls.log.add_null()
        for _ in range(4):
            cls.log.add(cls.subject.spki)
        cls.log.add(cls.subject.spki, entry_extensions=bytes.fromhex('0001000261620003' '0000'))
        cls.log.add(cls.subject.spki)
        cls.signatures = [('32473.7', cls.log.cosign('32473.7', cls.signer, 4, 7)),
                          ('32473.9.1', cls.log.cosign('32473.9.1', cls.mirror, 4, 7))]
        cls.mirror_line = f'cosigner 32473.9.1 ed25519 {base64.b64encode(cls.mirror.spki).decode()}\n'

    def judge(self, encoding, policy='', ca=None, **options):
        ca = ca or self.ca
        return mtc.judge(encoding, ca, mtc.Policy(policy, ca), T2025, **options)

    def make(self, index=6, signatures=None, **options):
        return self.log.certificate(index, self.log.proof(index, 4, 7, self.signatures if signatures is None
                                                          else signatures), **options)

    def test_ca(self):
        self.assertEqual((self.ca.profile.name, self.ca.hash_name, self.ca.key.name), ('gm', 'sm3', 'sm2_sm3'))
        bad = [dict(sig_parameters=b'\x05\x00'), dict(mark_critical=False), dict(min_serial=2**48 - 1),
               dict(max_serial=2**64), dict(mark='1.3.6.1.4.1.32473.1000.2'),
               dict(mark='1.3.6.1.4.1.44363.47.4'), dict(mark='1.3.6.1.4.1.44363.47.2'),
               dict(extra=forge.extension('1.2.3', b'', True)),
               dict(extra=forge.extension(mtc.TLOG_PREFIX_URL, der.tlv(22, b'https://x'))),
               dict(extra=forge.extension('1.3.6.1.5.5.7.1.38', b'\x30\0', True))]
        for options in bad:
            with self.subTest(options=options), self.assertRaises(mtc.BadCa):
                mtc.Ca(forge.ca_certificate(self.signer, '32473.7', **options))

    def test_good(self):
        self.assertEqual(self.judge(self.make()), (True, 'cosigned by 32473.7'))
        self.assertEqual(self.judge(self.make(5)), (True, 'cosigned by 32473.7'))
        policy = self.mirror_line + 'require-cosigners all 32473.9.1\n'
        self.assertEqual(self.judge(self.make(), policy), (True, 'cosigned by 32473.7 32473.9.1'))
        for name in ('www.example.com', 'a.wild.example.com', '127.0.0.1', 'www.example.com.'):
            self.assertTrue(self.judge(self.make(), dns_name=name)[0], name)
        for name in ('example.com', 'wild.example.com', '127.0.0.2', '::1'):
            self.assertFalse(self.judge(self.make(), dns_name=name)[0], name)

    def test_cosigners(self):
        only_mirror = self.make(signatures=self.signatures[1:])
        self.assertFalse(self.judge(only_mirror, self.mirror_line)[0])
        swapped = [('32473.7', self.signatures[1][1]), ('32473.9.1', self.signatures[0][1])]
        self.assertFalse(self.judge(self.make(signatures=swapped), self.mirror_line)[0])
        grease = self.signatures + [('32473.8', b''), ('32473.99.12345', b'anything')]
        self.assertEqual(self.judge(self.make(signatures=grease), self.mirror_line),
                         (True, 'cosigned by 32473.7 32473.9.1'))
        self.assertFalse(self.judge(self.make(signatures=self.signatures + self.signatures[:1]))[0])
        broken = [self.signatures[0], ('32473.9.1', bytes(64))]
        self.assertTrue(self.judge(self.make(signatures=broken), self.mirror_line)[0])
        self.assertFalse(self.judge(self.make(signatures=broken),
                                    self.mirror_line + 'require-cosigners any 32473.9.1')[0])

    def test_timestamp_is_zero(self):
        late = [('32473.7', self.log.cosign('32473.7', self.signer, 4, 7, timestamp=1))]
        self.assertFalse(self.judge(self.make(signatures=late))[0])

    def test_trusted_subtree(self):
        digest = base64.b64encode(self.log.tree().mth(4, 7)).decode()
        grease = self.make(signatures=[('32473.8', b'grease')])
        line = f'trusted-subtree 32473.7 1 4 7 {digest}'
        self.assertEqual(self.judge(grease, line), (True, 'trusted subtree'))
        for other in (line.replace('32473.7', '32473.6'), line.replace(' 1 4 7', ' 2 4 7'), line.replace(' 4 7', ' 4 8')):
            self.assertFalse(self.judge(grease, other)[0])
        wrong = f'trusted-subtree 32473.7 1 4 7 {base64.b64encode(bytes(32)).decode()}'
        self.assertEqual(self.judge(self.make(), wrong), (False, 'trusted subtree has another hash'))

    def test_serials(self):
        for serial in (0, 6, -1, 2**64 + 2**48 + 6, 2**48 + 5, 2**48 + 7, 2**49 + 6):
            self.assertFalse(self.judge(self.make(serial=serial))[0], serial)
        narrow = mtc.Ca(forge.ca_certificate(self.signer, '32473.7', 2**48 + 6, 2**48 + 6))
        self.assertTrue(self.judge(self.make(), ca=narrow)[0])
        for low, high in ((2**48 + 7, 2**64 - 1), (2**48, 2**48 + 5)):
            self.assertFalse(self.judge(self.make(), ca=mtc.Ca(forge.ca_certificate(self.signer, '32473.7', low, high)))[0])

    def test_malformed_proofs(self):
        proof = self.log.proof(6, 4, 7, self.signatures)
        size = int.from_bytes(proof[14:16], 'big')
        cut = proof[:14] + (size - 1).to_bytes(2, 'big') + proof[16:15 + size] + proof[16 + size:]
        unsorted = bytes.fromhex('000c' '000300026162' '000100026162')
        for bad in (b'', proof + b'\0', proof[:-1], cut, unsorted + proof[2:], proof[:2] + bytes(6) + proof[8:],
                    bytes.fromhex('0003000100') + proof[2:],
                    proof[:16 + size] + b'\1' + proof[17 + size:]):
            accepted, reason = self.judge(self.log.certificate(6, bad))
            self.assertFalse(accepted, reason)
        empty_id = self.log.proof(6, 4, 7, [])[:-3] + bytes.fromhex('000003' '000000')
        self.assertIn('empty cosigner', self.judge(self.log.certificate(6, empty_id))[1])

    def test_every_byte_matters(self):
        encoding = self.make()
        policy = mtc.Policy(f'trusted-subtree 32473.7 1 4 7 {base64.b64encode(self.log.tree().mth(4, 7)).decode()}', self.ca)
        self.assertTrue(mtc.judge(encoding, self.ca, policy, T2025)[0])
        signatures_start = encoding.index(der.relative_oid_bytes('32473.7'), -220) + 4
        survivors = []
        for place in range(len(encoding)):
            changed = bytearray(encoding)
            changed[place] ^= 1
            if mtc.judge(bytes(changed), self.ca, policy, T2025)[0]:
                survivors.append(place)
        # A trusted subtree needs no signatures: only bytes in their vector are free.
        self.assertTrue(all(place >= signatures_start - 5 for place in survivors), survivors)
        step = 9
        for place in range(0, len(encoding) - 70, step):
            changed = bytearray(encoding)
            changed[place] ^= 0x40
            self.assertFalse(self.judge(bytes(changed))[0], place)
        for bad in (encoding[:-1], encoding + b'\0', b'', b'\x30\0'):
            self.assertFalse(self.judge(bad)[0])

    def test_leaf_extensions(self):
        bad = [forge.SAN + forge.extension('2.5.29.19', b'\x30\x03\x01\x01\xff', True),
               forge.SAN + forge.extension('2.5.29.15', b'\x03\x02\x02\x04', True),
               forge.SAN + forge.extension('2.5.29.37', der.tlv(der.SEQUENCE, der.tlv_oid('1.3.6.1.5.5.7.3.2'))),
               forge.SAN + forge.extension('1.2.3.4', b'\x05\0', True), forge.SAN + forge.SAN,
               forge.SAN + forge.extension('2.5.29.19', b'\x30\x03\x01\x01\x00')]
        good = [b'', forge.SAN, forge.SAN + forge.extension('1.2.3.4', b'\x05\0'),
                forge.SAN + forge.extension('2.5.29.19', b'\x30\x00', True)]
        for cases, verdict in ((bad, False), (good, True)):
            for extensions in cases:
                issuance = forge.Log(self.signer)
                issuance.add(self.subject.spki, extensions)
                signature = issuance.cosign('32473.7', self.signer, 0, 1)
                encoding = issuance.certificate(0, issuance.proof(0, 0, 1, [('32473.7', signature)]))
                with self.subTest(extensions=extensions.hex()):
                    self.assertEqual(self.judge(encoding)[0], verdict)

    def test_explain(self):
        values = {}
        policy = mtc.Policy(self.mirror_line, self.ca)
        mtc.check_proof(x509.Certificate(self.make()), self.ca, policy, values.__setitem__)
        message = values['cosignature_0_message']
        self.assertEqual(values['cosignature_0_sm2_e'], sm3.pure(values['cosignature_0_sm2_za'] + message))
        self.assertEqual(values['spki_hash'], sm3.pure(self.subject.spki))
        self.assertEqual((values['cosignature_0_verdict'], values['cosignature_1_verdict']), ('good', 'good'))

    def test_other_hierarchies_do_not_mix(self):
        """The same key as a draft -07 CA does not accept the GM certificate."""
        other = mtc.Ca(forge.ca_certificate(self.signer, '32473.7', mark='1.3.6.1.5.5.7.1.38'))
        self.assertEqual((other.profile.name, other.hash_name), ('draft-07', 'sha256'))
        self.assertFalse(self.judge(self.make(), ca=other)[0])


class GmLog(unittest.TestCase):
    SIZE = 530

    @classmethod
    def setUpClass(cls):
        signer = forge.Sm2Signer(0x1234567)
        cls.ca = mtc.Ca(forge.ca_certificate(signer, '32473.7'))
        issuance = forge.Log(signer)
        issuance.add_null()
        for _ in range(cls.SIZE - 1):
            issuance.add(forge.Sm2Signer(77).spki if len(issuance.entries) == 1 else issuance.inputs[1][1])
        cls.expiry = der.time(der.read_all(b'\x17\x0d301231235959Z'))
        cls.good = tempfile.mkdtemp()
        landmarks = f'2\n530 {cls.expiry + 5}\n300 {cls.expiry}\n0 0\n'.encode()
        issuance.write(cls.good, log.tile_name, landmarks)
        cls.issuance = issuance

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.good)

    @contextlib.contextmanager
    def copy(self):
        with tempfile.TemporaryDirectory() as root:
            shutil.copytree(self.good, root, dirs_exist_ok=True)
            yield root

    def verdict(self, root, min_index=0):
        try:
            log.Log(root, self.ca, min_index).check(at=T2025)
            return 'OK'
        except log.BadLog as error:
            return str(error)

    def test_good(self):
        self.assertEqual(self.verdict(self.good), 'OK')

    def test_names(self):
        self.assertEqual(log.tile_name(1234067), 'x001/x234/067')
        self.assertEqual(log.tile_name(0), '000')

    def test_every_file_matters(self):
        files = [os.path.relpath(os.path.join(folder, name), self.good)
                 for folder, _, names in os.walk(self.good) for name in names]
        self.assertEqual(len(files), 9)
        for name in files:
            with self.copy() as root:
                path = os.path.join(root, name)
                with open(path, 'rb') as file:
                    data = bytearray(file.read())
                data[0 if name == 'landmarks' else len(data) // 2] ^= 1
                with open(path, 'wb') as file:
                    file.write(data)
                self.assertNotEqual(self.verdict(root), 'OK', name)
                os.remove(path)
                if name == 'landmarks':
                    self.assertEqual(self.verdict(root), 'OK')
                else:
                    self.assertIn('missing', self.verdict(root), name)

    def test_pruning(self):
        with self.copy() as root:
            os.remove(os.path.join(root, 'tile/entries/000'))
            self.assertIn('missing', self.verdict(root))
            self.assertIn('missing', self.verdict(root, 255))
            self.assertEqual(self.verdict(root, 256), 'OK')
            os.remove(os.path.join(root, 'tile/0/000'))
            self.assertEqual(self.verdict(root, 300), 'OK')
            os.remove(os.path.join(root, 'tile/entries/001'))
            self.assertIn('missing', self.verdict(root, 300))
            self.assertEqual(self.verdict(root, 512), 'OK')
            with open(os.path.join(root, 'tile/1/000.p/2'), 'r+b') as file:
                file.write(bytes(32))
            self.assertNotEqual(self.verdict(root, 512), 'OK')

    def test_unexpected_files(self):
        for name in ('tile/0/1', 'tile/00/000', 'tile/0/000.p/256', 'tile/entries/x000/000', 'tile/64/000'):
            with self.copy() as root:
                path = os.path.join(root, name)
                if os.path.isdir(path):
                    continue
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, 'wb') as file:
                    file.write(bytes(32))
                self.assertIn('unexpected file', self.verdict(root), name)

    def test_landmarks(self):
        good = '3\n30 300\n20 300\n10 100\n'
        self.assertEqual(log.parse_landmarks(good.encode(), True, 200), [(3, 30, 300), (2, 20, 300), (1, 10, 100)])
        self.assertEqual(log.parse_landmarks(b'0\n0 0\n', True, 200), [(0, 0, 0)])
        bad = ['', '3', '3\n', good[:-1], good + '\n', good.replace(' ', '  ', 1), good.replace('30 ', '030 ', 1),
               good.replace('100', '200'), good.replace('20', '30'), good.replace('3\n', '1\n', 1), ' ' + good,
               good.replace('100', '301'), good.replace('\n', '\r\n'), good + '5 50 5\n', '3 3' + good[1:],
               '1\n5 300\n0 1\n', '1\n5 300\n1 0\n', '9\n9 300\n7 100\n', '1\n0 100\n', '281474976710656\n0 0\n', '3\n281474976710656 300\n10 100\n']
        for text in bad:
            with self.subTest(text=text), self.assertRaises(log.BadLog):
                log.parse_landmarks(text.encode(), True, 200)
        self.assertEqual(len(log.parse_landmarks(b'3 2\n9\n5\n1\n', False, 0)), 3)
        for text in ('3 2\n9\n5\n', '3 4\n9\n5\n4\n2\n0\n', '3 2\n9\n9\n1\n', '3\n9\n5\n', '3 2\n9\n5\n1'):
            with self.subTest(text=text), self.assertRaises(log.BadLog):
                log.parse_landmarks(text.encode(), False, 0)

    def test_notes(self):
        good = self.issuance.checkpoint()
        note.Checkpoint(good)
        dash = '\u2014'.encode()
        for bad in (good[:-1], good.replace(dash, b'-'), good.replace(b'\n\n', b'\n'), good.replace(b'\n530\n', b'\n0530\n'),
                    good + b'\n', good.replace(b'=', b'', 1), b'\xff' + good, good.replace(b'oid', b'o\td', 1),
                    good[:good.index(dash)]):
            with self.subTest(bad=bad[:20]), self.assertRaises(note.BadNote):
                note.Checkpoint(bad)
        grease = dash + b' oid/other AAAAAAAA\n'
        checkpoint = note.Checkpoint(good + grease)
        self.assertEqual(note.check_signature(checkpoint, '32473.7', '32473.7.0.1', self.ca.key), 1)
        with self.assertRaises(note.BadNote):
            note.check_signature(checkpoint, '32473.7', '32473.7.0.2', self.ca.key)


if __name__ == '__main__':
    unittest.main()
