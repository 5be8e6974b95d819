"""SM2, SM3 and the GM extension, made and read by this directory alone."""
import base64
import unittest

import der
import forge
import mtc
import sm3
import x509
from vectors import T2025


class Policies(unittest.TestCase):
    def test_bad_statements(self):
        ed, sm2 = forge.Ed25519Signer(b'x' * 32), forge.Sm2Signer(5)
        key, other = (base64.b64encode(s.spki).decode() for s in (ed, sm2))
        digest = base64.b64encode(bytes(32)).decode()
        mtc.Policy(f'cosigner 1.2 ed25519 {key}\ncosigner 1.3 sm2_sm3 {other}\nrequire-cosigners all 1.2 1.3\n'
                   f'trusted-subtree 1.1 1 0 5 {digest}\nrevoked 1.1 5 5\n')
        for text in ('nonsense', f'cosigner 1.2 sm2_sm3 {key}', f'cosigner 1.2 rsa {key}',
                     f'cosigner 1.2 ed25519 {key} x',
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
               dict(min_serial=2**50, max_serial=2**49), dict(critical=False), dict(key_id=b'x'),
               dict(extra=forge.extension(mtc.TLOG_PREFIX_URL, der.tlv(22, b'https://x'))),
               dict(extra=forge.extension('1.3.6.1.5.5.7.1.38', b'\x30\0', True))]
        for options in bad:
            with self.subTest(options=options), self.assertRaises(mtc.BadCa):
                mtc.Ca(forge.ca_certificate(self.signer, '32473.7', **options))

    def test_ca_of_another_algorithm(self):
        with self.assertRaisesRegex(mtc.BadCa, 'SM2'):
            mtc.Ca(forge.ca_certificate(self.mirror, '32473.7'))
        self.assertEqual(mtc.Ca(forge.ca_certificate(self.mirror, '32473.7', mark='1.3.6.1.5.5.7.1.38')).key.name,
                         'ed25519')

    def test_ca_extension_bytes(self):
        mark = self.ca.certificate.extension(mtc.GM_ARC + '.1')
        self.assertEqual(mark.value.hex(), '3020300a06082a811ccf55018375020701000000000000020900ffffffffffffffff')

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
        for other in (line.replace('32473.7', '32473.6'), line.replace(' 1 4 7', ' 2 4 7'),
                      line.replace(' 4 7', ' 4 8')):
            self.assertFalse(self.judge(grease, other)[0])
        wrong = f'trusted-subtree 32473.7 1 4 7 {base64.b64encode(bytes(32)).decode()}'
        self.assertEqual(self.judge(self.make(), wrong), (False, 'trusted subtree has another hash'))

    def test_serials(self):
        for serial in (0, 6, -1, 2**64 + 2**48 + 6, 2**48 + 5, 2**48 + 7, 2**49 + 6):
            self.assertFalse(self.judge(self.make(serial=serial))[0], serial)
        narrow = mtc.Ca(forge.ca_certificate(self.signer, '32473.7', 2**48 + 6, 2**48 + 6))
        self.assertTrue(self.judge(self.make(), ca=narrow)[0])
        for low, high in ((2**48 + 7, 2**64 - 1), (2**48, 2**48 + 5)):
            other = mtc.Ca(forge.ca_certificate(self.signer, '32473.7', low, high))
            self.assertFalse(self.judge(self.make(), ca=other)[0])

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
        digest = base64.b64encode(self.log.tree().mth(4, 7)).decode()
        policy = mtc.Policy(f'trusted-subtree 32473.7 1 4 7 {digest}', self.ca)
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
               forge.SAN + forge.extension('2.5.29.15', b'\x03\x02\x02\x84', True),
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
