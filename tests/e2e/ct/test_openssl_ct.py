"""OpenSSL's own CT code verifies the SCTs of an international log, embedded and beside the certificate; and says no to a changed one."""
import base64
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import ct_world
import acme_world
import ct_wire
import liar_server
import log_reader
import lying_log
import pki

PEER = os.environ.get('CATHAYA_SCT_OPENSSL', '')


class Checks:
    """What holds for any international log: self.url, self.spki, self.pki, self.submit(chain, poison) -> answer JSON."""

    def put(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return path

    def check(self, certificate, sct_list=None):
        """(exit status, words) of OpenSSL."""
        key = base64.b64encode(self.spki).decode()
        arguments = [PEER, self.put('ctlog.cnf', f'enabled_logs = one\n[one]\ndescription = one\nkey = {key}\n'),
                     self.put('cert.pem', pki.pem(certificate)), self.put('issuer.pem', pki.pem(self.pki.issuer.der))]
        if sct_list is not None:
            arguments.append(self.put('list.bin', sct_list))
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout.split(), done.stderr

    @staticmethod
    def serialized(answer):
        return ct_wire.sct(base64.b64decode(answer['id']), answer['timestamp'], base64.b64decode(answer['extensions']),
                           base64.b64decode(answer['signature']))

    def test_embedded(self):
        issuer, names = self.pki.issuer, ('www.embedded.example', 'embedded.example')
        precertificate = issuer.leaf(*names, poison=True, serial=4711)
        answer = self.submit(self.pki.chain(precertificate), True)
        final = issuer.leaf(*names, scts=ct_wire.sct_list([self.serialized(answer)]), serial=4711)
        status, words, errors = self.check(final)
        self.assertEqual((status, words), (0, ['valid', str(answer['timestamp']), base64.b64decode(answer['extensions']).hex()]), errors)
        other = issuer.leaf('www.other.example', scts=ct_wire.sct_list([self.serialized(answer)]), serial=4711)
        self.assertEqual(self.check(other)[:2], (1, ['invalid', *words[1:]]))

    def test_beside(self):
        leaf = self.pki.issuer.leaf('beside.example', serial=4712)
        answer = self.submit(self.pki.chain(leaf), False)
        listed = ct_wire.sct_list([self.serialized(answer)])
        self.assertEqual(self.check(leaf, listed)[0], 0)
        answer['timestamp'] += 1
        self.assertEqual(self.check(leaf, ct_wire.sct_list([self.serialized(answer)]))[:1], (1,))


class Base(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name


@unittest.skipIf(not PEER, 'CATHAYA_SCT_OPENSSL says where the program is')
class Liar(Checks, Base):
    """The tests' own log: what they write is what OpenSSL reads."""

    def setUp(self):
        super().setUp()
        self.pki = pki.Pki(pki.INTL)
        log = lying_log.LyingLog(pki.INTL, 'liar', [self.pki.root.der])
        server = liar_server.Server(log)
        self.addCleanup(server.close)
        self.spki, self.reader = log.signer.spki, log_reader.LogReader(log.url, pki.INTL, log.signer.spki)

    def submit(self, chain, poison):
        body = {'chain': [base64.b64encode(c).decode() for c in chain]}
        return json.loads(self.reader.post('ct/v1/add-pre-chain' if poison else 'ct/v1/add-chain', body))


@unittest.skipIf(not PEER, 'CATHAYA_SCT_OPENSSL says where the program is')
class Ours(Checks, Base):
    def setUp(self):
        super().setUp()
        world = ct_world.World({'intl': 'intl'})
        world.__enter__()
        self.addCleanup(world.__exit__)
        self.log = world.logs['intl']
        self.pki, self.spki = self.log.pki, self.log.signer.spki

    def submit(self, chain, poison):
        return self.log.submit(chain, poison)[0]


if __name__ == '__main__':
    acme_world.main()
