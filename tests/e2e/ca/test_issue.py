#!/usr/bin/env python3
"""`cathaya ca issue`: from every kind of request to certificates that both readings accept, and every refusal."""
import base64
import os
import re
import shutil
import subprocess

from ca_world import FIXTURES, CaTest, der, flip, read, unittest, write, x509

KINDS = ('sm2', 'p256', 'p384', 'rsa2048', 'ed25519', 'mldsa44', 'mldsa65', 'mldsa87')
EMPTY_ID = ''
OTHER_ID = '616c696365'


def openssl(*arguments):
    return subprocess.run(['openssl', *arguments], capture_output=True, check=False)


class Issue(CaTest):
    def both_forms(self, ca, index, name):
        ca.good(ca.certificate(index), f'standalone: cosigned by {ca.status()["ca"]} ', name, ca.path('policy.txt'))
        ca.good(ca.certificate(index, '--landmark'), 'landmark: trusted subtree ', name, ca.subtrees())
        # Without the landmark nobody has signed it.
        bare = ca.verify(ca.certificate(index, '--landmark'))
        self.assertEqual(bare.status, 1, bare)
        self.assertFalse(ca.judge(ca.certificate(index, '--landmark'))[0])

    def test_every_key(self):
        requests = [(kind, f'{kind}.example.com', self.csr(kind, f'{kind}.example.com')) for kind in KINDS]
        requests.append(('sm2', 'empty.example.com', self.csr('sm2', 'empty.example.com', sm2_id=EMPTY_ID)))
        requests.append(('sm2', 'sm2.fixture.example.com', os.path.join(FIXTURES, 'sm2_empty_id.csr')))
        for suite in ('gm', 'intl'):
            ca = self.init(f'keys-{suite}', suite)
            half = len(requests) // 2
            indexes = ca.issue(*(csr for _, _, csr in requests[:half]))
            indexes += [index for _, _, csr in requests[half:] for index in ca.issue(csr)]
            ca.landmark()
            for index, (kind, name, csr) in zip(indexes, requests, strict=True):
                with self.subTest(suite=suite, kind=kind, name=name):
                    self.both_forms(ca, index, name)
                    certificate = x509.Certificate(x509.from_file(read(ca.certificate(index))))
                    self.assertEqual(certificate.serial, 1 << 48 | index)
                    self.assertIn(certificate.spki.raw, self.der_of(csr))
                    self.check_profile(certificate, suite)
            self.assertEqual(ca.fsck()['entries'], len(requests))
            ca.audit()

    @staticmethod
    def der_of(csr):
        import base64
        body = read(csr).split(b'-----\n')[1].split(b'-----')[0]
        return base64.b64decode(body)

    def check_profile(self, certificate, suite):
        """The leaf of GM profile 8.2: seven days, an empty subject, and these extensions."""
        self.assertEqual(certificate.not_after - certificate.not_before, 604800 - 1)
        self.assertEqual(certificate.subject.raw, b'\x30\x00')
        self.assertEqual([(e.oid, e.critical) for e in certificate.extensions],
                         [('2.5.29.15', True), ('2.5.29.37', False), ('2.5.29.17', True), ('2.5.29.35', False), ('2.5.29.32', False)])
        self.assertEqual(certificate.key_usage(), {0})
        purposes = {'1.3.6.1.5.5.7.3.1'} | ({'1.3.6.1.5.5.7.3.2'} if suite == 'gm' else set())
        self.assertEqual(set(certificate.ext_key_usage()), purposes)

    def test_der_and_pem(self):
        ca = self.init('forms', 'gm')
        pem = self.csr('p256', 'www.example.com')
        binary = write(self.path('www.der'), self.der_of(pem))
        old = write(self.path('old.csr'), read(pem).replace(b'CERTIFICATE REQUEST', b'NEW CERTIFICATE REQUEST'))
        talk = write(self.path('talk.csr'), b'Certificate Request:\n  some words\n' + read(pem))
        self.assertEqual(ca.issue(binary, old, talk), [0, 1, 2])

    def test_names(self):
        ca = self.init('names', 'gm')
        names = 'DNS:WWW.Example.COM,DNS:*.wild.example.com,IP:192.0.2.7,IP:2001:db8::7,DNS:www.example.com,DNS:xn--mnchen-3ya.example'
        [index] = ca.issue(self.csr('p256', names))
        certificate = ca.certificate(index)
        for name in ('www.example.com', 'a.wild.example.com', 'xn--mnchen-3ya.example'):
            ca.good(certificate, 'standalone', name)
        for option, yes, no in (('--dns', 'b.wild.example.com', 'wild.example.com'), ('--dns', 'c.wild.example.com', 'a.b.wild.example.com'),
                                ('--ip', '192.0.2.7', '192.0.2.8'), ('--ip', '2001:db8::7', '2001:db8::8')):
            self.assertEqual(ca.verify(certificate, option, yes).status, 0, yes)
            self.assertEqual(ca.verify(certificate, option, no).status, 1, no)
        found = x509.Certificate(x509.from_file(read(certificate)))
        san = [e.value for e in found.extensions if e.oid == '2.5.29.17'][0]
        self.assertEqual([node.body for node in der.sequence(der.read_all(san))],
                         [b'www.example.com', b'*.wild.example.com', bytes([192, 0, 2, 7]),
                          bytes.fromhex('20010db8000000000000000000000007'), b'xn--mnchen-3ya.example'])

    def test_many_names(self):
        ca = self.init('many-names', 'gm')
        names = [f'DNS:n{i}.example.com' for i in range(101)]
        [index] = ca.issue(self.csr('p256', ','.join(names[:100])))
        ca.good(ca.certificate(index), 'standalone', 'n99.example.com')
        ca.refuses([self.csr('p256', ','.join(names))], 'more than 100 names')

    def test_batches(self):
        """All of a batch or nothing of it, and then the next one goes on where the last one ended."""
        ca = self.init('batches', 'gm')
        good = [self.csr('p256', f'b{i}.example.com') for i in range(5)]
        self.assertEqual(ca.issue(*good), [0, 1, 2, 3, 4])
        bad = self.csr('p256', '', common_name='www.example.com')
        for batch in ([*good, bad], [bad, *good], [good[0], bad, good[1]]):
            error = ca.refuses(batch, bad, 'subjectAltName')
            self.assertNotIn(good[0], error)
        self.assertEqual(ca.issue(good[0], good[0]), [5, 6])
        for index in range(7):
            ca.good(ca.certificate(index), 'standalone', f'b{index if index < 5 else 0}.example.com')
        self.assertEqual(ca.status()['batches'], 2)
        ca.refuses([good[0]] * 1025, 'at most 1024', status=2)
        self.assertEqual(ca.issue(*[good[0]] * 1024)[-1], 7 + 1023)
        self.assertEqual(ca.status()['batches'], 3)
        ca.fsck()
        ca.audit()

    def test_lines(self):
        """What is printed for people."""
        ca = self.init('lines', 'gm')
        csr = self.csr('sm2', 'www.example.com')
        self.assertEqual(ca.ok('issue', '--csr', csr, '--csr', csr), f'{csr}: log 1 index 0\n{csr}: log 1 index 1\n')

    def test_no_possession(self):
        ca = self.init('possession', 'gm')
        for kind in KINDS:
            csr = self.der_of(self.csr(kind, 'www.example.com'))
            for what, at in (('signature', -1), ('name', csr.index(b'www.example'))):
                bad = write(self.path(f'tampered-{kind}-{what}.der'), csr)
                flip(bad, at)
                with self.subTest(kind=kind, what=what):
                    ca.refuses([bad], bad)
        ca.refuses([self.csr('sm2', 'www.example.com', sm2_id=OTHER_ID)], 'not by its key', 'possession')
        # The signature of one request under the names of another.
        one, two = (self.der_of(self.csr('ed25519', name)) for name in ('aaa.example.com', 'bbb.example.com'))
        mixed = write(self.path('mixed.der'), one[:-64] + two[-64:])
        ca.refuses([mixed], 'possession')

    def test_clock_outside_the_ca_certificate(self):
        """A dead battery, or a CA at its end: what goes into the log stays there."""
        ca = self.init('clock', 'gm')
        csr = self.csr('sm2', 'www.example.com')
        ca.issue(csr)
        good = read(ca.pem)
        before, after = re.findall(rb'\x17\x0d(\d{12}Z)', base64.b64decode(good.split(b'-----')[2]))
        for old, new in ((before, b'%02d' % (int(before[:2]) + 1) + before[2:]), (after, before)):
            encoding = base64.b64decode(good.split(b'-----')[2]).replace(old, new)
            text = base64.b64encode(encoding).decode()
            lines = [text[i:i + 64] for i in range(0, len(text), 64)]
            write(ca.pem, '\n'.join(('-----BEGIN CERTIFICATE-----', *lines, '-----END CERTIFICATE-----', '')))
            error = ca.no(2, ('issue', '--csr', csr), 'set the clock right')
            self.assertNotIn(csr, error)
            self.assertEqual(ca.status()['size'], 1)
        write(ca.pem, good)
        self.assertEqual(ca.issue(csr), [1])

    def test_bad_names(self):
        ca = self.init('bad-names', 'gm')
        cases = (('a_b.example.com', 'letters, digits'), ('www.example.com.', 'dot at the end'), ('localhost', 'single label'),
                 ('münchen.example', 'certification request'), ('a' * 64 + '.example.com', '63'), ('.example.com', 'empty label'),
                 ('a..example.com', 'empty label'), ('-a.example.com', 'hyphen'), ('a-.example.com', 'hyphen'),
                 ('ab--cd.example.com', '"--"'), ('*.com', 'wildcard'), ('a.*.example.com', 'letters, digits'),
                 ('w*.example.com', 'letters, digits'), ('*.*.example.com', 'letters, digits'), ('1.2.3.4', 'digits only'),
                 ('w w.example.com', 'letters, digits'), ('.'.join(['abcdefgh'] * 29), '253'), ('IP:0.0.0.0', 'no host'),
                 ('email:a@example.com', 'rfc822Name'), ('URI:https://www.example.com/', 'uniformResourceIdentifier'))
        for name, why in cases:
            names = name if ':' in name else f'DNS:{name}'
            with self.subTest(name=name):
                ca.refuses([self.csr('p256', names)], why)
                # One bad name spoils good ones.
                ca.refuses([self.csr('p256', f'DNS:www.example.com,{names}')], why)
        ca.refuses([self.csr('p256', '')], 'subjectAltName')
        ca.refuses([self.csr('p256', '', common_name='www.example.com')], 'common name')

    def test_bad_keys(self):
        ca = self.init('bad-keys', 'gm')
        for kind, word in (('rsa1024', 'RSA-1024'), ('p224', 'secp224r1'), ('secp256k1', 'secp256k1')):
            ca.refuses([self.csr(kind, 'www.example.com')], word, 'allowed are')
        for kind, digest, word in (('rsa2048', 'MD5', 'md5'), ('rsa2048', 'SHA1', 'sha1'), ('p256', 'SHA1', 'SHA1')):
            ca.refuses([self.csr(kind, 'www.example.com', digest=digest)], word, 'allowed are')

    def test_own_key(self):
        for suite, kind in (('gm', 'sm2'), ('intl', 'mldsa44')):
            ca = self.init(f'own-{suite}', suite)
            csr = self.csr(kind, 'www.example.com', key_file=ca.path('keys', 'ca.pem'))
            ca.refuses([csr], "the key is the CA's own")
            # A further cosigner's key certifies as well (GM-10).
            ca.ok('cosigner', 'add', '--id', '32473.9', '--alg', 'ecdsa_p256_sha256')
            csr = self.csr('p256', 'www.example.com', key_file=ca.path('keys', '32473.9.pem'))
            ca.refuses([csr], 'the key is that of cosigner 32473.9')

    def test_no_request(self):
        ca = self.init('no-request', 'gm')
        good = read(self.csr('p256', 'www.example.com'))
        binary = self.der_of(self.csr('p256', 'www.example.com'))
        cases = {'empty': b'', 'text': b'hello\n', 'noise': bytes(range(256)) * 4, 'zeros': b'\0' * 500,
                 'truncated': good[:len(good) // 2], 'two': good + good, 'certificate': read(ca.pem),
                 'key': read(self.csr('p256', 'www.example.com')[:-4] + '.key'),
                 'half': binary[:len(binary) // 2], 'less': binary[:-1], 'more': binary + b'\0', 'sequence': b'\x30\x00',
                 'huge': b'\x30\x84\x7f\xff\xff\xff' + binary, 'long form': b'\x30\x82\x00' + binary[1:],
                 'base64': good.replace(b'M', b'!', 1)}
        for name, content in cases.items():
            path = write(self.path(f'request-{name}'), content)
            with self.subTest(name=name):
                ca.refuses([path], path)
            os.remove(path)
        large = write(self.path('large.csr'), b'-')
        os.truncate(large, 65 << 20)
        ca.refuses([large], large, 'longer than')
        missing = self.path('missing.csr')
        ca.refuses([missing], missing, status=2)
        ca.refuses([self.path()], self.path(), status=2)
        ca.refuses([self.csr('p256', 'www.example.com'), missing], missing, status=2)
        ca.no(2, ('issue',), '--csr')

    @unittest.skipUnless(shutil.which('openssl'), 'no openssl command')
    def test_openssl_requests(self):
        """What a site makes with the system's command: RSA-PSS, SM2 under the empty ID, P-521."""
        ca = self.init('openssl', 'gm')
        cases = (('RSA', ('-pkeyopt', 'rsa_keygen_bits:2048'), ('-sigopt', 'rsa_padding_mode:pss')),
                 ('RSA', ('-pkeyopt', 'rsa_keygen_bits:3072'), ('-sha384',)), ('SM2', (), ('-sm3',)),
                 ('SM2', (), ('-sm3', '-sigopt', 'distid:1234567812345678')),
                 ('EC', ('-pkeyopt', 'ec_paramgen_curve:P-521'), ('-sha512',)))
        requests = []
        for i, (algorithm, key_options, options) in enumerate(cases):
            key, csr = self.path(f'o{i}.key'), self.path(f'o{i}.csr')
            openssl('genpkey', '-algorithm', algorithm, *key_options, '-out', key)
            openssl('req', '-new', '-key', key, *options, '-subj', f'/CN=o{i}', '-addext',
                    f'subjectAltName=DNS:o{i}.example.com', '-out', csr)
            if os.path.exists(csr) and os.path.getsize(csr):
                requests.append((csr, f'o{i}.example.com'))
        self.assertGreater(len(requests), 2)
        indexes = ca.issue(*(csr for csr, _ in requests))
        for index, (_, name) in zip(indexes, requests, strict=True):
            ca.good(ca.certificate(index), 'standalone', name)


if __name__ == '__main__':
    unittest.main()
