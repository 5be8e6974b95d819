#!/usr/bin/env python3
"""`cathaya inspect` on every object of the shared vectors."""
import json
import os
import unittest

import cli

# Certificates whose form is wrong on purpose.
MALFORMED = {
    'cert_33_3.pem': 'signatureValue', 'cert_33_5.pem': 'cosigner IDs', 'cert_33_6.pem': 'cosigner IDs',
    'cert_33_7.pem': 'cosigner IDs', 'mtc-leaf-unused-bit.pem': 'signatureValue',
    'mtc-leaf-standalone-cosigner_wrong_order.pem': 'cosigner IDs',
    'mtc-leaf-standalone-duplicate_ca_signer.pem': 'cosigner IDs',
}


def files(*suffixes, below=''):
    for folder, _, names in os.walk(cli.path(below)):
        for name in sorted(names):
            if name.endswith(suffixes):
                yield os.path.join(folder, name)


class Inspect(unittest.TestCase):
    def show(self, file, status=0, *options):
        """The objects in a file; text for people has to be there, too, and to be printable."""
        code, text, errors = cli.run('inspect', file, *options)
        json_code, lines, _ = cli.run('inspect', '--json', file, *options)
        self.assertEqual((code, json_code), (status, status), f'{file}: {errors}')
        self.assertTrue(text.replace('\n', '').isprintable(), file)
        self.assertNotIn(' \n', text)
        return [json.loads(line) for line in lines.splitlines()]

    def test_certificates(self):
        count = 0
        for file in files('.pem'):
            name = os.path.basename(file)
            bad = MALFORMED.get(name) if 'boringssl' in file else None
            if name.startswith('subject_key'):
                continue
            last = self.show(file, 1 if bad else 0)[-1]
            self.assertEqual(last['kind'], 'certificate')
            if bad:
                self.assertIn(bad, last['fault'])
            count += 1
        self.assertEqual(count, 111)

    def test_ca_certificates(self):
        found = {}
        for file in files('ca_cert.pem'):
            found[os.path.relpath(file, cli.VECTORS)] = self.show(file)[-1]['merkle_tree_ca']
        self.assertEqual(len(found), 7)
        for version in ('04', '05', '06', '07'):
            ca = found[f'plants-demo/plants-{version}/ca_cert.pem']
            self.assertEqual((ca['ca_id'], ca['version'], ca['tree_hash']), ('32473.1', f'draft-{version}', 'sha256'))
            self.assertIn('ML-DSA-44', ca['cosigner_algorithm'])
        self.assertEqual(found['boringssl/crypto/x509/test/mtc/ca_cert.pem']['min_serial'], '1:8')
        self.assertEqual(found['cactus-live/ca_cert.pem']['ca_id'], '44363.47.1.99')

    def test_certificate_with_properties(self):
        properties, certificate = self.show(cli.path('plants-demo/upstream-plants-07/cert_33_1.pem'))
        self.assertEqual(properties['trust_anchor_id'], '32473.1.1.1.1')
        self.assertEqual(properties['trust_anchor_groups'], ['32473.1.2.1.{1-}'])
        self.assertEqual((certificate['log'], certificate['index']), (1, 33))
        self.assertEqual((certificate['proof']['start'], certificate['proof']['end']), (32, 34))
        self.assertEqual(len(certificate['proof']['inclusion_proof']), 1)

    def test_cosignatures(self):
        certificate = self.show(cli.path('plants-demo/plants-07/cert_10_0.pem'))[-1]
        found = [(c['cosigner'], c['signature_bytes']) for c in certificate['proof']['cosignatures']]
        self.assertEqual([c for c, _ in found], ['32473.1', '32473.2.1', '32473.2.2'])
        self.assertEqual((found[0][1], found[2][1]), (2420, 3309))

    def test_checkpoints(self):
        sizes = {}
        for file in files('checkpoint'):
            note, = self.show(file)
            self.assertEqual((note['kind'], note['form'], note['log']), ('note', 'checkpoint', 1))
            sizes[os.path.basename(os.path.dirname(file))] = note['size']
        self.assertEqual(sizes, {'cactus-live': 18, **{f'plants-{v}': 2036 for v in ('04', '05', '06', '07')}})
        note, = self.show(cli.path('cactus-live/checkpoint'))
        signature, = note['signatures']
        self.assertEqual(signature['key_id'], '13585cc6')
        self.assertIn('ML-DSA-44', signature['looks_like'])

    def test_landmarks(self):
        found = {os.path.basename(os.path.dirname(f)): self.show(f)[0] for f in files('landmarks')}
        self.assertEqual(sorted(found), ['cactus-live', 'plants-06', 'plants-07'])
        self.assertEqual((found['cactus-live']['latest'], len(found['cactus-live']['landmarks'])), (7, 8))
        self.assertEqual(found['plants-07']['landmarks'][0]['subtrees'], ['[0, 1024)', '[1024, 2036)'])

    def test_landmarks_check(self):
        # Landmark 1 expires at 08:33:20, landmark 2 at 09:33:20, both inclusive.
        for at, status, active in (('2026-10-26T08:33:20Z', 0, 2), ('2026-10-26T08:33:21Z', 0, 1),
                                   ('2026-10-26T09:33:20Z', 0, 1), ('2026-10-26T09:33:21Z', 1, 0)):
            for version in ('06', '07'):
                file = cli.path(f'plants-demo/plants-{version}/landmarks')
                code, lines, _ = cli.run('landmarks', 'check', '--json', '--at', at, file)
                result = json.loads(lines)
                with self.subTest(at=at, version=version):
                    self.assertEqual((code, result['ok']), (status, status == 0), result)
                    self.assertEqual((result['latest'], result['active']), (2, active))
        self.assertEqual(cli.run('landmarks', 'check', cli.path('cactus-live/landmarks'))[0], 0)

    def test_tiles(self):
        counts = {'tile': 0, 'bundle': 0}
        for folder in ('cactus-live', *(f'plants-demo/plants-{v}' for v in ('04', '05', '06', '07'))):
            for file in files('', below=f'{folder}/tile'):
                shown, = self.show(file)
                counts[shown['kind']] += 1
                self.assertEqual(len(shown.get('nodes') or shown.get('entries')), 18 if 'cactus' in file else
                                 244 if file.endswith('244') else 7 if file.endswith('/7') else 256)
        self.assertEqual(counts, {'tile': 37, 'bundle': 33})

    def test_entry(self):
        entries = [bytes.fromhex(entry) for version, _, entry in cli.rows('plants-demo/vectors/entry_vectors.tsv') if version >= 'plants-04']
        for entry in entries:
            code, lines, errors = cli.run('inspect', '--json', '-', stdin=entry)
            self.assertEqual(code, 0, errors)
            shown = json.loads(lines)
            self.assertEqual((shown['kind'], shown['type']), ('entry', 'certificate (1)'))
        self.assertGreater(len(entries), 3)

    def test_policies(self):
        counts = [len(self.show(f)[0]['statements']) for f in files('policy.txt', 'policy_no_landmarks.txt')]
        self.assertEqual(sorted(counts), [3, 3, 6, 7, 7])

    def test_private_keys_are_not_shown(self):
        for file in files(*(f'subject_key_{i}.pem' for i in range(12))):
            code, text, _ = cli.run('inspect', file)
            with open(file, encoding='ascii') as pem:
                self.assertNotIn(pem.read().splitlines()[1], text)
            self.assertEqual(code, 0)
            self.assertIn('a secret', text)


if __name__ == '__main__':
    cli.main()
