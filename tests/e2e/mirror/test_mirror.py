#!/usr/bin/env python3
"""`cathaya mirror` over HTTP: a log that the independent reading keeps and signs, and one that lies."""
import base64
import gzip
import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..', '..')
PROGRAM = os.environ.get('CATHAYA_PROGRAM') or os.path.join(ROOT, 'build', 'cathaya')
sys.path.insert(0, os.path.join(ROOT, 'tests', 'independent'))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))

import algorithms
import forge
import mtc
import note
from world import pem, serve

CA_ID, MIRROR_ID = '32473.7', '32473.9'
DASH = '\u2014'


def b64(data):
    return base64.b64encode(data).decode()


def run(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Key:
    """What note.key_id wants of a key."""

    def __init__(self, name, oid, spki):
        self.name, self.oid, self.spki = name, oid, spki


class Client:
    """A CA's side: it knows a log, and speaks to a mirror."""

    def __init__(self, address, log, key):
        self.address, self.log, self.key = address, log, key
        self.origin = 'oid/1.3.6.1.4.1.' + log.log_id

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, response.headers, data

    def post(self, path, body, headers=None):
        return self.request('POST', path, body, headers)

    def tree(self, size):
        return forge.merkle.Tree('sm3', self.log.leaves[:size])

    def checkpoint(self, size):
        root = self.tree(size).mth(0, size)
        name = 'oid/1.3.6.1.4.1.' + self.log.ca_id
        message = mtc.cosigned_message(self.log.ca_id, self.log.log_id, 1700000000, 0, size, root)
        payload = note.key_id(name, self.key) + (1700000000).to_bytes(8, 'big') + self.log.signer.sign(message)
        return f'{self.origin}\n{size}\n{b64(root)}\n\n{DASH} {name} {b64(payload)}\n'

    def add_checkpoint(self, old, size):
        proof = self.tree(size).subtree_proof(0, old, size) if old else []
        lines = ''.join(b64(h) + '\n' for h in proof)
        return self.post('/add-checkpoint', f'old {old}\n{lines}\n{self.checkpoint(size)}'.encode())

    def entries_body(self, start, end):
        tree, at = self.tree(end), start
        origin = self.origin.encode()
        body = len(origin).to_bytes(2, 'big') + origin + start.to_bytes(8, 'big') + end.to_bytes(8, 'big') + b'\0\0'
        while at < end:
            first = at // 256 * 256
            stop = min(first + 256, end)
            body += b''.join(len(e).to_bytes(2, 'big') + e for e in self.log.entries[at:stop])
            proof = tree.subtree_proof(first, stop, end)
            body += bytes([len(proof)]) + b''.join(proof)
            at = stop
        return body

    def add_entries(self, start, end, is_gzip=False):
        body = self.entries_body(start, end)
        headers = {'Content-Type': 'application/octet-stream'}
        if is_gzip:
            body, headers['Content-Encoding'] = gzip.compress(body), 'gzip'
        return self.post('/add-entries', body, headers)

    def sign_subtree(self, start, end, size, text):
        tree = self.tree(size)
        lines = ''.join(b64(h) + '\n' for h in tree.subtree_proof(start, end, size))
        return self.post('/sign-subtree', f'subtree {start} {end}\n{b64(tree.mth(start, end))}\n{lines}\n{text}'.encode())

    def prefix(self):
        return '/mirror/' + hashlib.sha256(self.origin.encode()).hexdigest()


class Mirror(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.signer = forge.Sm2Signer(0x1234567)
        cls.key = Key('sm2_sm3', '1.2.156.10197.1.501', cls.signer.spki)
        cls.subject = forge.Sm2Signer(0x7654321)
        cls.log = cls.make_log(700, 0)

    @classmethod
    def make_log(cls, size, fork_at, number=1):
        log = forge.Log(cls.signer, CA_ID, number)
        log.add_null()
        for i in range(1, size):
            times = forge.validity('200101000000Z', '310101%02d%02d00Z' % (i // 60 % 24, i % 60))
            if fork_at and i >= fork_at:
                times = forge.validity('210101000000Z', '310101%02d%02d00Z' % (i // 60 % 24, i % 60))
            log.add(cls.subject.spki, times=times)
        return log

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = os.path.join(scratch.name, 'm')
        self.assertEqual(run('mirror', 'init', '--name', MIRROR_ID, self.folder)[0], 0)
        with open(os.path.join(self.folder, 'ca.pem'), 'w') as file:
            file.write(pem(forge.ca_certificate(self.signer, CA_ID)))
        self.config = os.path.join(self.folder, 'mirror.conf')
        with open(self.config) as file:
            text = file.read().replace('127.0.0.1:8464', '127.0.0.1:0')
        with open(self.config, 'w') as file:
            file.write(text + f'admin-listen = "127.0.0.1:0"\nca "{CA_ID}" {{ certificate = "ca.pem" }}\n')
        self.process = None
        self.start()
        self.addCleanup(self.stop)

    def start(self):
        self.process = subprocess.Popen([PROGRAM, 'mirror', 'run', '--config', self.config],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = {}
        for line in self.process.stdout:
            words = line.decode().split()
            if words == ['ready']:
                break
            said[words[1]] = words[2]
        self.address, self.admin = said['mirror'], said['admin']
        self.client = Client(self.address, self.log, self.key)

    def stop(self, number=signal.SIGTERM):
        if self.process is None:
            return None
        self.process.send_signal(number)
        _, self.events = self.process.communicate(timeout=60)
        status, self.process = self.process.returncode, None
        return status

    def update(self, old, size):
        self.assertEqual(self.client.add_checkpoint(old, size)[0], 200)
        status, headers, body = self.client.add_entries(old, size)
        self.assertEqual(status, 200, body)
        return body.decode()

    def test_a_log_is_mirrored_and_served(self):
        old = 0
        for size in (1, 256, 300, 700):
            lines = self.update(old, size)
            self.assertIn('oid/1.3.6.1.4.1.' + MIRROR_ID, lines)
            old = size
        status, _, text = self.client.request('GET', self.client.prefix() + '/checkpoint')
        self.assertEqual(status, 200)
        self.assertIn(('\n700\n' + b64(self.client.tree(700).mth(0, 700))).encode(), text)
        status, _, tile = self.client.request('GET', self.client.prefix() + '/tile/0/002.p/188')
        self.assertEqual((status, tile), (200, b''.join(self.log.leaves[512:700])))
        status, _, bundle = self.client.request('GET', self.client.prefix() + '/tile/entries/001')
        self.assertEqual(bundle, b''.join(len(e).to_bytes(2, 'big') + e for e in self.log.entries[256:512]))
        status, _, lines = self.client.sign_subtree(512, 700, 700, text.decode())
        self.assertEqual(status, 200)
        self.check_subtree_line(lines.decode(), 512, 700)

    def check_subtree_line(self, lines, start, end):
        with open(os.path.join(self.folder, 'mirror.vkeys')) as file:
            name, key_id, material = file.read().split()[0].split('+', 2)
        spki = base64.b64decode(material).split(b'\n', 1)[1]
        dash, who, payload = lines.split()
        payload = base64.b64decode(payload)
        self.assertEqual((dash, who, payload[:4].hex()), (DASH, name, key_id))
        self.assertEqual(payload[4:12], bytes(8))
        message = mtc.cosigned_message(MIRROR_ID, self.log.log_id, 0, start, end, self.client.tree(end).mth(start, end))
        self.assertTrue(algorithms.parse_key(algorithms.Sm2Key, spki).verify(message, payload[12:]))

    def test_gzip_is_understood(self):
        self.assertEqual(self.client.add_checkpoint(0, 700)[0], 200)
        status, headers, _ = self.client.add_entries(0, 700, is_gzip=True)
        self.assertEqual((status, headers['Accept-Encoding']), (200, 'gzip'))

    def test_it_goes_on_after_a_kill(self):
        self.update(0, 300)
        self.stop(signal.SIGKILL)
        self.start()
        status, _, body = self.client.add_checkpoint(0, 500)
        self.assertEqual((status, body), (409, b'300\n'))
        self.update(300, 700)
        self.assertEqual(self.stop(), 0)

    def test_uploads_at_once(self):
        self.assertEqual(self.client.add_checkpoint(0, 700)[0], 200)
        statuses = []
        threads = [threading.Thread(target=lambda: statuses.append(self.client.add_entries(0, 700)[0])) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(statuses, [200] * 6)

    def test_the_next_log_of_a_ca_is_taken(self):
        log = self.make_log(5, 0, 2)
        client = Client(self.address, log, self.key)
        self.assertEqual(client.add_checkpoint(0, 5)[0], 200)
        self.assertEqual(client.add_entries(0, 5)[0], 200)
        for number, status in ((5, 200), (9, 404), (0, 404)):
            log = self.make_log(5, 0, number)
            self.assertEqual(Client(self.address, log, self.key).add_checkpoint(0, 5)[0], status, number)
        self.stop()
        self.start()
        self.assertEqual(Client(self.address, client.log, self.key).add_checkpoint(5, 5)[0], 200)

    def test_a_fork_is_refused_and_proven(self):
        self.update(0, 300)
        liar = Client(self.address, self.make_log(700, 200), self.key)
        self.assertEqual(liar.add_checkpoint(300, 300)[0], 422)
        self.assertEqual(liar.add_checkpoint(300, 700)[0], 422)
        self.assertEqual(liar.add_checkpoint(0, 250)[0], 409)
        hashed = hashlib.sha256(self.client.origin.encode()).hexdigest()
        evidence = os.path.join(self.folder, 'state', 'logs', hashed, 'evidence')
        files = sorted(os.path.join(evidence, name) for name in os.listdir(evidence))
        self.assertEqual(len(files), 3)
        status, out, _ = run('evidence', 'verify', *files)
        self.assertEqual(status, 0, out)
        self.assertEqual(out.count(': PROVEN: '), 3)
        status, out, _ = run('evidence', 'verify', '--json', *files)
        kinds = sorted(json.loads(line)['kind'] for line in out.splitlines())
        self.assertEqual(kinds, ['not-a-prefix', 'not-a-prefix', 'two-roots'])
        self.check_damaged(files)
        status, _, metrics = Client(self.admin, self.log, self.key).request('GET', '/metrics')
        self.assertIn(b'cathaya_mirror_evidence_total{origin="' + self.client.origin.encode() + b'"} 3', metrics)
        self.update(300, 700)

    def check_damaged(self, files):
        for path in files:
            with open(path) as file:
                lines = file.read().splitlines()
            changed = os.path.join(self.folder, 'changed')
            for number, line in enumerate(lines):
                if line.split()[0] in ('seen', 'where'):
                    continue
                other = line[:-6] + ('B' if line[-6] != 'B' else 'C') + line[-5:]
                with open(changed, 'w') as file:
                    file.write('\n'.join(lines[:number] + [other] + lines[number + 1:]) + '\n')
                status, out, _ = run('evidence', 'verify', changed)
                self.assertEqual(status, 1, f'{path} line {number}: {out}')

    def test_what_came_is_kept_when_it_is_stopped_early(self):
        self.assertEqual(self.client.add_checkpoint(0, 700)[0], 200)
        body = self.client.entries_body(0, 700)
        connection = http.client.HTTPConnection(self.address, timeout=30)
        connection.putrequest('POST', '/add-entries')
        connection.putheader('Content-Type', 'application/octet-stream')
        connection.putheader('Content-Length', str(len(body)))
        connection.endheaders()
        connection.send(body[:len(body) // 2])  # one whole package, and a part of the next
        path = self.client.prefix() + '/tile/entries/000'
        deadline = time.monotonic() + 30
        while self.client.request('GET', path)[0] != 200:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        self.process.send_signal(signal.SIGTERM)
        while b'stopping' not in self.process.stderr.readline():  # two signals at once are one
            pass
        self.assertEqual(self.stop(), 0, self.events)
        connection.close()
        self.start()
        status, _, body = self.client.add_entries(300, 700)
        self.assertEqual((status, body), (409, b'700\n256\n\n'))

    def test_old_entries_go(self):
        self.stop()
        with open(self.config) as file:
            text = file.read()
        with open(self.config, 'w') as file:
            file.write('retention-days = 30\nprune-interval = 1\n' + text)
        log = forge.Log(self.signer, CA_ID, 1)
        log.add_null()
        for i in range(1, 700):
            last = '240101000000Z' if i < 600 else '310101000000Z'
            log.add(self.subject.spki, times=forge.validity('200101000000Z', last))
        self.log = log
        self.start()
        self.update(0, 650)
        deadline = time.monotonic() + 60
        while self.client.request('GET', self.client.prefix() + '/tile/0/001')[0] != 404:  # the last one to go
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        for name, status in (('tile/entries/000', 404), ('tile/0/000', 404), ('tile/0/001', 404), ('tile/0/002.p/138', 200),
                             ('tile/entries/002.p/138', 200), ('tile/1/000.p/2', 200)):
            self.assertEqual(self.client.request('GET', self.client.prefix() + '/' + name)[0], status, name)
        # What was before this start is gone: that is the client's to know, and no failure.
        status, headers, body = self.client.add_entries(100, 650)
        self.assertEqual((status, body), (409, b'650\n650\n\n'))
        self.stop(signal.SIGKILL)
        self.start()
        self.update(650, 700)

    def test_landmarks_of_the_ca_are_served(self):
        """What a CA serves as landmarks is there beside the mirror's tiles, as soon as they lie in what is mirrored."""
        documents = {'/gm/1/landmarks': b'1\n650 4000000000\n0 0\n'}
        ca = serve(self, documents)
        self.stop()
        with open(self.config) as file:
            text = file.read()
        url = f' prefix-url = "{ca}/gm"\n'
        with open(self.config, 'w') as file:
            file.write('landmark-interval = 1\n' + text.replace('{ certificate = "ca.pem"', '{ certificate = "ca.pem"\n' + url))
        self.start()
        path = self.client.prefix() + '/landmarks'
        self.update(0, 600)
        self.assertEqual(self.client.request('GET', path)[0], 404)
        self.update(600, 700)
        deadline = time.monotonic() + 30
        while self.client.request('GET', path)[0] != 200:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        good = documents['/gm/1/landmarks']
        self.assertEqual(self.client.request('GET', path)[2], good)
        documents['/gm/1/landmarks'] = good.replace(b'650', b'649')
        while b'landmarks-refused' not in self.process.stderr.readline():
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(self.client.request('GET', path)[2], good)

    def test_refusals(self):
        self.assertEqual(self.client.add_entries(0, 5)[0], 422)
        self.assertEqual(self.client.post('/add-checkpoint', b'old 0\n')[0], 400)
        self.assertEqual(self.client.post('/nothing', b'')[0], 404)
        self.assertEqual(self.client.request('GET', '/add-checkpoint')[0], 405)
        self.assertEqual(self.client.request('GET', self.client.prefix() + '/checkpoint')[0], 404)
        body = self.client.checkpoint(5).replace('\n5\n', '\n6\n')
        self.assertEqual(self.client.post('/add-checkpoint', f'old 0\n\n{body}'.encode())[0], 403)
        self.assertEqual(self.client.add_checkpoint(0, 600)[0], 200)
        status, headers, body = self.client.add_entries(0, 300)
        self.assertEqual((status, headers['Content-Type'], body), (409, 'text/x.tlog.mirror-info', b'600\n0\n\n'))

    def test_operators(self):
        admin = Client(self.admin, self.log, self.key)
        self.assertEqual(admin.request('GET', '/healthz')[0], 200)
        self.assertEqual(admin.request('GET', '/readyz')[0], 200)


class Usage(unittest.TestCase):
    def test_configurations_that_are_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'mirror.conf')
            for text, word in (('', 'cosigner'), ('listen = {"127.0.0.1:0"}\n', 'cosigner'), ('nonsense = 1\n', 'nonsense'),
                               ('listen = {"x"}\nca "32473.1" {}\ncosigner "32473.9" {}\n', 'conf:3:'),
                               ('listen = {"x"}\nmonitoring-path = "/w"\nwitness-path = "/w"\n', 'different')):
                with open(path, 'w') as file:
                    file.write(text)
                status, out, errors = run('mirror', 'run', '--config', path, '--check-config')
                self.assertEqual((status, out), (2, ''), errors)
                self.assertIn(word, errors)
                self.assertIn('mirror.conf', errors)

    def test_addresses_are_missing(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'm')
            self.assertEqual(run('mirror', 'init', '--name', '32473.9', path)[0], 0)
            config = os.path.join(path, 'mirror.conf')
            with open(config) as file:
                text = ''.join(line for line in file if not line.startswith('listen'))
            key = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
            with open(config, 'w') as file:
                file.write(text + f'log "example.com/foo" {{ suite = "intl" key = {{"{key}"}} }}\n')
            status, out, errors = run('mirror', 'run', '--config', config, '--check-config')
            self.assertEqual((status, out), (2, ''), errors)
            self.assertIn('listen', errors)

    def test_init(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'm')
            self.assertEqual(run('mirror', 'init', '--name', '32473.9', '--alg', 'mldsa44', '--alg', 'ed25519', path)[0], 0)
            self.assertEqual(run('mirror', 'init', '--name', '32473.9', path)[0], 2)
            self.assertEqual(run('mirror', 'init', '--name', 'x', os.path.join(folder, 'n'))[0], 2)
            with open(os.path.join(path, 'mirror.vkeys')) as file:
                self.assertEqual([line.split('+')[0] for line in file],
                                 ['oid/1.3.6.1.4.1.32473.9', 'oid/1.3.6.1.4.1.32473.9.1'])
            self.assertEqual(os.stat(os.path.join(path, 'keys')).st_mode & 0o777, 0o700)

    def test_evidence_that_is_none(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'none')
            with open(path, 'w') as file:
                file.write('cathaya-evidence v1\nkind something-new\n')
            status, out, _ = run('evidence', 'verify', path)
            self.assertEqual((status, 'NOT PROVEN' in out), (1, True))
            self.assertEqual(run('evidence', 'verify', path + '-missing')[0], 2)


if __name__ == '__main__':
    unittest.main()
