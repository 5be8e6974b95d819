"""Known answers of the primitives, and the strictness of the readers."""
import random
import unittest

import algorithms
import der
import ec
import ed25519
import forge
import mldsa
import mtc
import sm3
import x509
from vectors import T2025


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


class NameMatching(unittest.TestCase):
    def test_dns(self):
        for pattern, name in (('a.b', 'A.B'), ('*.b.c', 'a.b.c'), ('*.b.c', 'xn--a.B.C')):
            self.assertTrue(x509.matches_dns(pattern, name))
        for pattern, name in (('*.b.c', 'b.c'), ('*.b.c', '.b.c'), ('*.b.c', 'x.a.b.c'), ('a*.b.c', 'aa.b.c'),
                              ('*', 'a'), ('*', '*'), ('*.', 'a.'), ('a.*.c', 'a.b.c'), ('*.*.c', 'a.b.c'), ('', ''),
                              ('a.b.', 'a.b'), ('*.b.c', 'ab.c')):
            self.assertFalse(x509.matches_dns(pattern, name), (pattern, name))
