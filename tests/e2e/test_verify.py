#!/usr/bin/env python3
"""`cathaya verify`: options, reasons, exit status, JSON."""
import os
import unittest

import world

KEYS = ['file', 'ok', 'status', 'reason', 'mode', 'ca_id', 'draft', 'hash', 'serial', 'log', 'index', 'start', 'end',
        'entry_hash', 'subtree_hash', 'cosigners', 'policy_answer']


class Verify(world.World):
    def check(self, status, word, *arguments, file='standalone.pem'):
        """The exit status, and a word of the reason."""
        file = self.path(file)
        found, out, errors = self.verify(*arguments, file)
        self.assertEqual((found, errors), (status, ''), out)
        self.assertTrue(out.startswith(f'{file}: {"FAIL" if status else "OK"} '), out)
        self.assertIn(word, out)

    def test_standalone(self):
        where = 'over subtree [4, 7) of log 1 of 32473.7 (gm-0, sm3)'
        self.check(0, f'standalone: cosigned by 32473.7 {where}')
        self.check(0, f'standalone: cosigned by 32473.7, 32473.9.1 {where}', '--policy', self.path('policy.txt'))
        self.check(0, 'standalone', file='standalone.der')

    def test_landmark(self):
        reason = 'landmark: trusted subtree [4, 7) of log 1 of 32473.7 (gm-0, sm3)'
        for file in ('landmark.pem', 'standalone.pem'):
            self.check(0, reason, '--policy', self.path('subtree.txt'), file=file)
        self.check(1, 'cosigner policy not satisfied', file='landmark.pem')

    def test_several(self):
        """Verdicts keep the order; the worst decides."""
        files = [self.path(name) for name in ('landmark.pem', 'standalone.pem', 'expired.pem')]
        status, out, errors = self.verify(*files)
        self.assertEqual((status, errors), (1, ''))
        self.assertEqual([line.split(': ')[1].split(' ')[0] for line in out.splitlines()], ['FAIL', 'OK', 'FAIL'])

    def test_time(self):
        self.check(1, 'expired at 2024-01-01T00:00:00Z', file='expired.pem')
        self.check(0, 'standalone', '--proof-only', file='expired.pem')
        ca, file = self.path('ca.pem'), self.path('expired.pem')
        self.assertEqual(world.run('verify', '--ca', ca, '--at', '1704067200', file)[0], 0)
        self.assertEqual(world.run('verify', '--ca', ca, '--at', '1704067201', file)[0], 1)
        self.assertEqual(world.run('verify', '--ca', ca, file)[0], 1)       # now
        for time in ('noon', '2025-01-01', '2025-13-01T00:00:00Z', '-1', ''):
            self.assert_usage(['verify', '--ca', ca, f'--at={time}', file], '--at', 'want a time')

    def test_names(self):
        for name in ('www.example.com', 'WWW.example.COM', 'www.example.com.', 'a.wild.example.com'):
            self.check(0, 'standalone', '--dns', name)
        for name in ('example.com', 'wild.example.com', 'a.b.wild.example.com', 'xwww.example.com'):
            self.check(1, 'not for the name', '--dns', name)
        self.check(0, 'standalone', '--ip', '127.0.0.1')
        self.check(1, 'not for this IP address', '--ip', '127.0.0.2')
        self.check(1, 'not for this IP address', '--ip', '::1')

    def test_bad_names(self):
        rest = ['verify', '--ca', self.path('ca.pem'), self.path('standalone.pem')]
        for options, *words in ((['--dns', ''], 'empty'), (['--dns', '127.0.0.1'], 'use --ip'), (['--dns', 'münchen.de'], 'A-labels'),
                                (['--dns', 'a b'], 'A-labels'), (['--ip', 'www.example.com'], '--ip'), (['--ip', '1.2.3'], '--ip'),
                                (['--dns', 'a.b', '--ip', '1.2.3.4'], '--dns', '--ip'),
                                (['--proof-only', '--dns', 'a.b'], '--proof-only'), (['--proof-only', '--ip', '::1'], '--proof-only')):
            with self.subTest(options=options):
                self.assert_usage([*rest, *options], *words)

    def test_chain(self):
        other = self.path('other-ca.pem')
        self.check(0, 'standalone', '--chain', self.path('full-chain.pem'))
        self.check(0, 'standalone', '--chain', self.path('ca.der'))
        self.check(0, 'standalone', '--chain', self.path('full-chain.pem'), file='full-chain.pem')
        self.check(1, 'no intermediates', '--chain', other)
        self.check(0, 'standalone', '--ca', other, '--chain', other)
        both = self.put('both.pem', world.pem(self.ca) + world.pem(self.expired))
        self.check(1, 'certificate 2 of the chain', '--chain', both)
        self.assert_usage(['verify', '--ca', other, '--chain', self.path('nothing'), other], '--chain', 'nothing')

    def test_first_certificate_of_a_file(self):
        self.check(0, 'standalone', file='full-chain.pem')
        self.put('reversed.pem', world.pem(self.ca) + world.pem(self.standalone))
        self.check(1, '', file='reversed.pem')
        self.put('with-properties.pem', world.pem(b'\0\0', 'CERTIFICATE PROPERTIES') + world.pem(self.standalone))
        self.check(0, 'standalone', file='with-properties.pem')

    def test_stdin(self):
        with open(self.path('standalone.pem'), 'rb') as file:
            content = file.read()
        status, out, _ = world.run('verify', '--ca', self.path('ca.pem'), '--at', world.AT, '-', stdin=content)
        self.assertEqual((status, out[:5]), (0, '-: OK'))

    def test_cas(self):
        other = self.path('other-ca.pem')
        self.check(0, 'standalone', '--ca', other)
        status, out, _ = world.run('verify', '--ca', other, '--at', world.AT, self.path('standalone.pem'))
        self.assertEqual(status, 1)
        self.assertIn('no trusted CA', out)
        with open(other, encoding='ascii') as file:
            bundle = self.put('bundle.pem', world.pem(self.ca) + file.read())
        self.assertEqual(world.run('verify', '--ca', bundle, '--at', world.AT, self.path('standalone.pem'))[0], 0)

    def test_malformed_objects(self):
        """Anything wrong with what is judged is a verdict, with exit status 1."""
        cut, forged = self.standalone[:-1], self.log.certificate(5, self.log.proof(5, 4, 7, [('32473.7', self.mirror.sign(b''))]))
        for content, word in ((cut, ''), (self.standalone + b'\0', ''), (forged, 'CA cosigner'), (b'', 'neither PEM nor DER'),
                              (b'hello\n', 'neither PEM nor DER'), ('-----BEGIN CERTIFICATE-----\n!\n', 'PEM'),
                              (world.pem(self.standalone, 'X509 CRL'), 'no CERTIFICATE block'), (world.pem(cut), ''),
                              (self.ca, 'id-alg-mtcProof'), (b'\x30\x80' + bytes(40), '')):
            self.put('bad', content)
            with self.subTest(content=content[:20]):
                self.check(1, word, file='bad')

    def test_malformed_object_in_json(self):
        self.put('bad', 'hello')
        status, out, _ = self.verify('--json', self.path('bad'))
        verdict, = world.json_lines(out)
        self.assertEqual((status, verdict['ok'], verdict['status']), (1, False, 'malformed'))
        self.assertTrue(verdict['reason'].startswith('neither PEM'), verdict)
        self.assertEqual([k for k in KEYS if verdict[k] is None], [*KEYS[4:-2], KEYS[-1]])

    def test_missing_objects(self):
        """A path that is wrong is wrong usage; the other files are judged all the same."""
        status, out, errors = self.verify(self.path('nothing.pem'), self.path('standalone.pem'), self.folder)
        self.assertEqual(status, 2)
        self.assertIn('standalone.pem: OK', out)
        self.assertEqual(len(errors.splitlines()), 2)
        self.assertIn('nothing.pem: cannot open: No such file', errors)

    @unittest.skipIf(os.geteuid() == 0, 'root may read everything')
    def test_permission(self):
        secret = self.put('secret.pem', world.pem(self.standalone))
        os.chmod(secret, 0)
        self.assertEqual(self.verify(secret)[0], 3)
        self.assertEqual(world.run('verify', '--ca', secret, self.path('standalone.pem'))[0], 2)

    def test_needed_files(self):
        """Whatever is wrong with a file that the judgement needs: 2, and no verdict."""
        good = self.path('standalone.pem')
        bad_ca = bytearray(self.ca)
        bad_ca[-200] ^= 0xff
        for ca, *words in ((self.path('nothing'), '--ca', 'nothing'), (good, '--ca', good, 'Merkle Tree CA'), (self.folder, '--ca'),
                           (self.put('bad-ca.pem', world.pem(bytes(bad_ca))), '--ca', 'bad-ca.pem'),
                           (self.put('empty.pem', ''), '--ca', 'empty.pem', 'neither PEM')):
            self.assert_usage(['verify', '--ca', ca, good], *words)
        self.assert_usage(['verify', '--ca', self.path('ca.pem'), '--ca', self.path('ca.der'), good], '--ca', 'ca.der')
        for text, *words in (('\nfrob\n', 'line 2', 'frob'), ('cosigner 1.2 ed25519 AAAA\n', 'line 1'),
                             ('require-cosigners any 32473.9.1\n', 'line 1', '32473.9.1'), ('revoked 32473.7 2 1\n', 'line 1'),
                             ('cosigner 1.2 slhdsa128s AAAA\n', 'line 1', 'slhdsa128s')):
            policy = self.put('bad-policy.txt', text)
            self.assert_usage(['verify', '--ca', self.path('ca.pem'), '--policy', policy, good], '--policy', 'bad-policy.txt', *words)
        self.assert_usage(['verify', '--ca', self.path('ca.pem'), '--policy', self.path('none'), good], '--policy', 'none')

    def test_revoked(self):
        for words, status in (('1:5 1:5', 1), ('1:6 1:9', 0), ('0 281474976710660', 0), ('0 281474976710661', 1)):
            policy = self.put('revoked.txt', f'revoked 32473.7 {words}\n')
            self.check(status, 'revoked' if status else 'standalone', '--policy', policy)

    def test_configured_algorithm_in_a_policy(self):
        """A cosigner of an algorithm that no code names; its signature is missing, so requiring it refuses."""
        conf = world.os.path.join(world.HERE, '..', '..', 'examples', 'algorithms.conf')
        key = world.der.tlv(0x30, world.der.tlv(0x30, world.der.tlv_oid('2.16.840.1.101.3.4.3.20')), b'\x03\x21\0' + bytes(range(32)))
        line = f'cosigner 32473.9.2 slhdsa128s {world.base64.b64encode(key).decode()}\n'
        self.check(0, 'standalone', '--algorithms', conf, '--policy', self.put('slh.txt', line))
        self.check(1, '0 of 1 cosigners', '--algorithms', conf,
                   '--policy', self.put('slh.txt', line + 'require-cosigners all 32473.9.2\n'))

    def test_json(self):
        status, out, _ = self.verify('--json', '--policy', self.path('policy.txt'), self.path('standalone.pem'), self.path('landmark.pem'))
        good, bad = world.json_lines(out)
        self.assertEqual((status, list(good), list(bad)), (1, KEYS, KEYS))
        self.assertEqual((good['ok'], good['status'], good['mode']), (True, 'ok', 'standalone'))
        self.assertEqual((good['ca_id'], good['draft'], good['hash']), ('32473.7', 'gm-0', 'sm3'))
        self.assertEqual((good['serial'], good['log'], good['index'], good['start'], good['end']), (str(2**48 + 5), 1, 5, 4, 7))
        self.assertEqual(good['cosigners'], ['32473.7', '32473.9.1'])
        self.assertEqual(good['entry_hash'], self.log.leaves[5].hex())
        self.assertEqual(good['subtree_hash'], self.log.tree().mth(4, 7).hex())
        self.assertEqual((bad['ok'], bad['status'], bad['mode'], bad['cosigners']), (False, 'refused', None, []))

    def test_serials_above_int64(self):
        """A log number of 2^15 and more: the serial number is text, for no double holds it."""
        log = world.forge.Log(self.signer, log_number=65535)
        log.add_null()
        log.add(self.mirror.spki)
        self.put('high.pem', world.pem(log.certificate(1, log.proof(1, 0, 2, [('32473.7', log.cosign('32473.7', self.signer, 0, 2))]))))
        status, out, _ = self.verify('--json', self.path('high.pem'))
        verdict, = world.json_lines(out)
        self.assertEqual((status, verdict['serial'], verdict['log'], verdict['index']), (0, str((65535 << 48) + 1), 65535, 1))

    def test_odd_file_names(self):
        """A line is a line, whatever a file is called, and JSON is JSON."""
        name = 'a\nb.pem: OK'
        self.put(name, world.pem(self.landmark))
        status, out, _ = self.verify(self.path(name))
        self.assertEqual((status, out.count('\n')), (1, 1))
        self.assertIn('a\\x0ab.pem: OK: FAIL ', out)
        self.assertEqual(world.json_lines(self.verify('--json', self.path(name))[1])[0]['file'], self.path(name))
        raw = os.path.join(os.fsencode(self.folder), b'\xff.pem')
        with open(raw, 'w', encoding='ascii') as file:
            file.write(world.pem(self.standalone))
        status, out, _ = world.run('verify', '--json', '--ca', self.path('ca.pem'), '--at', world.AT, raw)
        self.assertEqual((status, world.json_lines(out)[0]['file']), (0, os.path.join(self.folder, '\\xff.pem')))


if __name__ == '__main__':
    unittest.main()
