"""What `cathaya audit` takes: logs by list and by name, files of a log, certificates and SCTs in all their forms, and what is none."""
import base64
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'liar'))

import liar_server
import lying_log
import pki

PROGRAM = os.environ['CATHAYA_PROGRAM']


class Inputs(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.server = liar_server.Server()
        self.addCleanup(self.server.close)
        self.suite = pki.GM
        self.pki = pki.Pki(self.suite)
        self.log = self.server.mount(lying_log.LyingLog(self.suite, 'gm', [self.pki.root.der], refresh_s=0.05))
        self.leaf = self.pki.issuer.leaf('inputs.example')
        body = json.dumps({'chain': [base64.b64encode(c).decode() for c in self.pki.chain(self.leaf)]}).encode()
        with urllib.request.urlopen(urllib.request.Request(self.log.url + '/ct/v1/add-chain', body)) as answer:
            self.answer = json.load(answer)
        self.certificate = self.put('leaf.pem', pki.pem(self.leaf) + pki.pem(self.pki.issuer.der))

    def put(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return path

    def named(self, kind='static-ct'):
        return '--log', f'{kind} {self.log.url} {base64.b64encode(self.log.signer.spki).decode()}'

    def audit(self, *arguments):
        done = subprocess.run([PROGRAM, 'audit', '--json', *arguments], capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def sct_list(self):
        extensions = base64.b64decode(self.answer['extensions'])
        sct = (b'\0' + base64.b64decode(self.answer['id']) + struct.pack('>QH', self.answer['timestamp'], len(extensions)) + extensions +
               base64.b64decode(self.answer['signature']))
        return struct.pack('>HH', len(sct) + 2, len(sct)) + sct

    def included(self, *arguments):
        status, objects, errors = self.audit(*self.named(), *arguments)
        self.assertEqual((status, errors), (0, ''), objects)
        sct = next(o for o in objects if o['type'] == 'sct')
        self.assertEqual((sct['answer'], sct['index']), ('included', 0))
        self.assertGreaterEqual(sct['delay_ms'], 0)

    def test_scts_in_all_forms(self):
        scts = self.sct_list()
        beside = ('--cert', self.certificate, '--sct')
        self.included(*beside, self.put('answer.json', json.dumps(self.answer)))
        self.included(*beside, self.put('list.bin', scts))
        self.included(*beside, self.put('list.b64', base64.b64encode(scts).decode() + '\n'))
        chain = [base64.b64encode(c).decode() for c in (self.leaf, self.pki.issuer.der)]
        fetched = {'certificate': {'chain': chain}, 'tls_sct_list': base64.b64encode(scts).decode()}
        self.included('--fetched', self.put('fetched.json', json.dumps(fetched) + '\n'), '--heads-only')

    def test_scts_that_are_not_good(self):
        scts = self.sct_list()
        wrong = self.put('wrong.bin', scts[:-1] + bytes([scts[-1] ^ 1]))
        status, objects, _ = self.audit(*self.named(), '--cert', self.certificate, '--sct', wrong)
        self.assertEqual((status, objects[0]['answer']), (1, 'invalid'))
        other = self.server.mount(lying_log.LyingLog(self.suite, 'other', [self.pki.root.der], log_key=self.suite.signer(('another', 'key'))))
        key = base64.b64encode(other.signer.spki).decode()
        status, objects, _ = self.audit('--log', f'rfc6962 {other.url} {key}', '--cert', self.certificate, '--sct', self.put('list.bin', scts))
        self.assertEqual((status, objects[0]['answer']), (1, 'not-checked'))
        for content in ('', '{}', '{"sct_version": 0}', 'x', b'\0\1'):
            status, objects, errors = self.audit(*self.named(), '--cert', self.certificate, '--sct', self.put('bad', content))
            self.assertEqual(status, 1, content)
            self.assertIn('bad', errors)
            self.assertEqual(objects, [])
        for content in ('x', '{}', '{"certificate": {"chain": ["?"]}}', '{"certificate": {"chain": [7]}}'):
            status, _, errors = self.audit(*self.named(), '--fetched', self.put('bad', content))
            self.assertEqual(status, 1, content)
            self.assertIn('fetch --json', errors)
        status, _, errors = self.audit(*self.named(), '--cert', self.certificate)
        self.assertEqual(status, 1)
        self.assertIn('no SCTs', errors)

    def test_logs(self):
        row = self.server.static(self.log, self.log.main, 'log.v3.json')[1]
        status, objects, _ = self.audit('--log-list', self.put('list.json', row))
        self.assertEqual((status, objects[-1]['kind'], objects[-1]['verified']), (0, 'static-ct', 1))
        text = base64.encodebytes(self.log.signer.spki).decode()
        key = self.put('key.pem', f'-----BEGIN PUBLIC KEY-----\n{text}-----END PUBLIC KEY-----\n')
        self.assertEqual(self.audit('--log', f'rfc6962 {self.log.url} {key}')[0], 0)

    def test_objects_without_a_server(self):
        """file:DIRECTORY, with the origin of a log list."""
        folder = os.path.join(self.folder, 'objects')
        for name in ('checkpoint', 'tile/0/000.p/1', 'tile/data/000.p/1', *(f'issuer/{h}' for h in self.log.known_issuers())):
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            status, body, _ = self.server.static(self.log, self.log.main, name)
            self.assertEqual(status, 200, name)
            self.put(os.path.join('objects', name), body)
        row = json.loads(self.server.static(self.log, self.log.main, 'log.v3.json')[1])
        row['monitoring_url'] = f'file:{folder}'
        status, objects, errors = self.audit('--log-list', self.put('list.json', json.dumps(row)))
        self.assertEqual((status, errors), (0, ''), objects)
        self.assertEqual(objects[-1]['verified'], 1)

    def test_wrong_usage(self):
        good = self.named()
        for arguments in ((), ('--log', 'x'), ('--log', f'what {self.log.url} x'), ('--log', f'rfc6962 {self.log.url} /nowhere'),
                          ('--log', f'mtc {self.log.url} {self.certificate}'), ('--log-list', '/nowhere'),
                          ('--log-list', self.put('bad.json', '{"operators": 7}')), (*good, '--once', '--follow'),
                          (*good, *good, '--mirror', self.log.url), (*good, '--follow', '--interval-ms', '0'), (*good, '--mmd', '-1'),
                          (*good, '--sct', self.certificate), (*good, '--state', '/nowhere/at/all')):
            status, objects, errors = self.audit(*arguments)
            self.assertIn(status, (2, 3), arguments)
            self.assertEqual(objects, [])
            self.assertTrue(errors.startswith('cathaya: '), errors)


if __name__ == '__main__':
    unittest.main(verbosity=2)
