#!/usr/bin/env python3
"""`cathaya inspect`: what it recognises, what it says of what is broken."""
import os
import shutil
import subprocess
import unittest

import world


class Inspect(world.World):
    def show(self, name, *options, status=0):
        found, out, errors = world.run('inspect', '--json', *options, self.path(name))
        self.assertEqual(found, status, errors)
        return world.json_lines(out)

    def test_certificate(self):
        shown, = self.show('standalone.pem', '--at', world.AT)
        self.assertEqual((shown['kind'], shown['form'], shown['validity']), ('certificate', 'Merkle Tree Certificate', 'valid now'))
        self.assertEqual((shown['issuer'], shown['log'], shown['index']), ('trustAnchorID=32473.7', 1, 5))
        self.assertEqual(shown['subject_key']['kind'], 'SM2')
        names = [e['names'] for e in shown['extensions'] if 'names' in e]
        self.assertEqual(names, [['DNS:www.example.com', 'DNS:*.wild.example.com', 'IP:127.0.0.1']])
        proof = shown['proof']
        self.assertEqual((proof['start'], proof['end'], proof['is_valid_subtree']), (4, 7, True))
        self.assertEqual(proof['inclusion_proof'], [h.hex() for h in self.log.tree().path(5, 4, 7)])
        self.assertEqual([c['cosigner'] for c in proof['cosignatures']], ['32473.7', '32473.9.1'])

    def test_people(self):
        status, out, errors = world.run('inspect', '--at', world.AT, self.path('standalone.pem'))
        self.assertEqual((status, errors), (0, ''))
        for line in ('issuer                   trustAnchorID=32473.7', 'validity                 valid now',
                     '  cosigner               '.rstrip(), '  end                      7'):
            self.assertIn(line, out)
        self.assertLess(max(map(len, out.splitlines())), 130)

    def test_ca(self):
        for name in ('ca.pem', 'ca.der'):
            shown, = self.show(name)
            self.assertEqual(shown['form'], 'certificate of a Merkle Tree CA')
            ca = shown['merkle_tree_ca']
            self.assertEqual((ca['ca_id'], ca['version'], ca['tree_hash'], ca['min_serial']), ('32473.7', 'gm-0', 'sm3', '1:0'))
            self.assertIn('SM2 with SM3', ca['cosigner_algorithm'])

    def test_log(self):
        self.log.write(self.path('log'), lambda n: f'{n:03}', b'1\n7 4000000000\n0 0\n')
        shown, = self.show('log/checkpoint')
        self.assertEqual((shown['kind'], shown['form'], shown['size'], shown['ca_id'], shown['log']), ('note', 'checkpoint', 7, '32473.7', 1))
        self.assertEqual(shown['root'], self.log.tree().mth(0, 7).hex())
        self.assertEqual(shown['signatures'][0]['timestamp'], '2026-09-21T14:13:20Z')
        self.assertIn('SM2', shown['signatures'][0]['looks_like'])
        shown, = self.show('log/landmarks')
        self.assertEqual((shown['latest'], shown['active'], shown['landmarks'][0]['subtrees']), (1, 1, ['[0, 4)', '[4, 7)']))
        shown, = self.show('log/tile/0/000.p/7')
        self.assertEqual(shown['nodes'], {str(i): leaf.hex() for i, leaf in enumerate(self.log.leaves)})
        shown, = self.show('log/tile/entries/000.p/7')
        self.assertEqual([e['index'] for e in shown['entries']], list(range(7)))
        self.assertEqual(shown['entries'][0]['type'], 'null (0)')
        self.assertEqual(shown['entries'][6]['not_after'], '2024-01-01T00:00:00Z')

    def test_tiles_by_place(self):
        """The path says which nodes they are, and how many there have to be."""
        self.put('log/tile/0/x001/234.p/2', bytes(64))
        shown, = self.show('log/tile/0/x001/234.p/2')
        self.assertEqual(list(shown['nodes']), [str(1234 * 256), str(1234 * 256 + 1)])
        self.put('log/tile/0/001', bytes(64))
        self.assertIn('the path says 256', self.show('log/tile/0/001', status=1)[0]['fault'])
        self.put('tile.bin', bytes(64))
        self.assertEqual(list(self.show('tile.bin', '--as', 'tile')[0]['hashes']), ['0', '1'])
        self.put('tile.bin', bytes(65))
        self.assertIn('32 bytes', self.show('tile.bin', '--as', 'tile', status=1)[0]['fault'])
        bundle = b''.join(len(e).to_bytes(2, 'big') + e for e in self.log.entries)
        self.put('bundle.bin', bundle)
        self.assertEqual(len(self.show('bundle.bin', '--as', 'bundle')[0]['entries']), 7)
        self.put('bundle.bin', bundle[:-1])
        self.assertIn('fault', self.show('bundle.bin', '--as', 'bundle', status=1)[0])

    def test_entry(self):
        self.put('entry', self.log.entries[3])
        shown, = self.show('entry')
        self.assertEqual((shown['kind'], shown['issuer']), ('entry', 'trustAnchorID=32473.7'))
        self.assertEqual(len(shown['key_hash']), 64)

    def test_policy(self):
        shown, = self.show('policy.txt')
        self.assertEqual([s['statement'] for s in shown['statements']], ['cosigner', 'require-cosigners'])
        self.assertEqual((shown['statements'][0]['key_kind'], shown['statements'][1]['cosigners']), ('Ed25519', ['32473.9.1']))
        self.put('broken.txt', 'revoked 32473.7 1 2\nrevoked 32473.7 1\n')
        self.assertIn('line 2', self.show('broken.txt', status=1)[0]['fault'])

    def test_signed_note(self):
        self.put('note', 'hello\nworld\n\n\u2014 example.com/x ' + world.base64.b64encode(b'abcd' + bytes(64)).decode() + '\n')
        shown, = self.show('note')
        self.assertEqual((shown['text'], shown['signatures'][0]['name']), (['hello', 'world'], 'example.com/x'))
        self.assertEqual(shown['signatures'][0]['key_id'], '61626364')

    def test_several_blocks(self):
        self.put('all.pem', world.pem(b'\0\0', 'CERTIFICATE PROPERTIES') + 'text\n' + world.pem(self.standalone) + world.pem(b'0', 'X509 CRL'))
        self.assertEqual([o['kind'] for o in self.show('all.pem')], ['properties', 'certificate', 'other'])

    @unittest.skipUnless(shutil.which('openssl'), 'no openssl command')
    def test_request(self):
        command = ['openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '/dev/null',
                   '-subj', '/CN=x', '-addext', 'subjectAltName=DNS:a.example,IP:192.0.2.1']
        made = subprocess.run(command, capture_output=True, check=True).stdout
        self.put('request.pem', made)
        shown, = self.show('request.pem')
        self.assertEqual((shown['kind'], shown['names']), ('request', ['DNS:a.example', 'IP:192.0.2.1']))
        self.assertEqual((shown['subject_key']['kind'], shown['possession'][:6]), ('P-256', 'proven'))

    def test_broken(self):
        """What can be read is shown, the fault is said, the answer is no."""
        self.put('cut.der', self.standalone[:-1])
        shown, = self.show('cut.der', status=1)
        self.assertEqual(shown['kind'], 'certificate')
        self.assertIn('fault', shown)
        bad = self.log.certificate(5, self.log.proof(5, 4, 7, []) + b'\0')
        shown, = self.show(os.path.basename(self.put('proof.der', bad)), status=1)
        self.assertEqual((shown['index'], shown['subject_key']['kind']), (5, 'SM2'))
        self.assertIn('MTCProof', shown['fault'])

    def test_unknown(self):
        for content in (b'', b'hello\n', bytes(1000)):
            self.put('what', content)
            status, out, errors = world.run('inspect', self.path('what'))
            self.assertEqual((status, out), (1, ''))
            self.assertIn('--as', errors)

    def test_usage(self):
        self.assert_usage(['inspect', 'https://example.com/checkpoint'], 'URLs', 'file')
        self.assert_usage(['inspect', '--as', 'frob', self.path('ca.pem')], '--as frob', 'bundle')
        self.assert_usage(['inspect', self.path('nothing')], 'nothing', 'No such file')

    def test_names_of_somebody_else(self):
        """Control characters of a certificate do not reach the terminal."""
        name = world.der.tlv(0x30, world.der.tlv(0x82, b'a\x1b[31m.example'))
        log = world.forge.Log(self.signer)
        log.add(self.mirror.spki, extensions=world.forge.extension('2.5.29.17', name, True))
        self.put('escape.der', log.certificate(0, log.proof(0, 0, 1, [])))
        _, out, _ = world.run('inspect', self.path('escape.der'))
        self.assertNotIn('\x1b', out)
        self.assertIn('DNS:a\\x1b[31m.example', out)


if __name__ == '__main__':
    unittest.main()
