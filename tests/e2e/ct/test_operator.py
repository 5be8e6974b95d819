"""What the operator of `cathaya ctlog run` does: roots come and go by SIGHUP, a log is frozen, checked, asked for its list; a witness
cosigns its tree heads; the process mirrors a Merkle Tree CA's log and passes on its landmarks."""
import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import ct_world
import acme_world
import log_reader
import note
import pki
from acme_world import PROGRAM


def cathaya(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


class Operator(unittest.TestCase):
    suite = 'gm'

    def start(self, options=None, extra=''):
        world = ct_world.World({'log': (self.suite, options or {})}, extra=extra)
        world.make()
        self.addCleanup(world.__exit__)
        self.world, self.log = world, world.logs['log']
        return world

    def ask(self, verb, *arguments):
        return cathaya('ctlog', verb, '--config', self.world.path('ctlog.conf'), *arguments)

    def status(self):
        return json.loads(self.ask('status', '--json')[1])['logs'][0]

    def reload(self):
        mark = self.world.process.size()
        self.world.process.popen.send_signal(signal.SIGHUP)
        self.world.process.wait_for('ct-log-roots-changed', 30, mark)

    # ---- roots ----

    def test_roots_are_added_and_never_silently_removed(self):
        world = self.start()
        world.start()
        root = pki.Issuer(pki.SUITES[self.suite], 'Other Root')
        chain = [root.leaf('other.example', serial=77), root.der]
        with self.assertRaises(log_reader.Refused) as refused:
            self.log.submit(chain)
        self.assertEqual(refused.exception.status, 400)
        both = pki.pem(self.log.pki.root.der) + pki.pem(root.der)
        world.put('log-roots.pem', both)
        self.reload()
        first = self.log.submit(chain)[1]
        # The file becomes shorter, or is lost: what was accepted stays, after a restart too.
        world.put('log-roots.pem', pki.pem(root.der))
        self.reload()
        self.log.add('still.example')
        world.stop()
        world.start()
        self.log.add('again.example')
        roots = json.loads(self.log.reader.get('ct/v1/get-roots'))['certificates']
        self.assertEqual(len(roots), 2)
        # Named, it goes.
        gone = hashlib.sha256(self.log.pki.root.der).hexdigest()
        self.log.options['removed-roots'] = [gone]
        world.put('ctlog.conf', world.config())
        self.reload()
        with self.assertRaises(log_reader.Refused):
            self.log.add('gone.example')
        self.assertEqual(self.log.submit(chain)[1], first)
        # A broken file changes nothing, and says so.
        world.put('log-roots.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
        mark = world.process.size()
        world.process.popen.send_signal(signal.SIGHUP)
        world.process.wait_for('ct-log-roots-not-changed', 30, mark)
        self.assertEqual(self.log.submit(chain)[1], first)

    # ---- states ----

    def test_a_state_is_reloaded(self):
        world = self.start()
        world.start()
        self.log.add('a.example')
        self.log.options['state'] = 'readonly'
        world.put('ctlog.conf', world.config())
        self.reload()
        with self.assertRaises(log_reader.Refused) as refused:
            self.log.add('b.example')
        self.assertEqual(refused.exception.status, 403)
        entry = json.loads(self.ask('list')[1])['operators'][0]['tiled_logs'][0]
        self.assertIn('readonly', entry['state'])
        self.log.options['state'] = 'usable'
        world.put('ctlog.conf', world.config())
        self.reload()
        self.log.add('b.example')

    def test_a_frozen_log_signs_nothing_more(self):
        world = self.start()
        world.start()
        for i in range(3):
            self.log.add(f'n{i}.example')
        code, out, err = self.ask('freeze', 'log', '--json')
        self.assertEqual(code, 0, err)
        final = json.loads(out)
        self.assertEqual(final['size'], 3)
        head = self.log.reader.get_sth()
        self.assertEqual((head.size, head.root.hex()), (3, final['root']))
        with self.assertRaises(log_reader.Refused) as refused:
            self.log.add('late.example')
        self.assertEqual(refused.exception.status, 403)
        self.assertTrue(self.status()['frozen'])
        # Not after a restart either; the tree head is the same bytes.
        world.stop()
        world.start()
        again = self.log.reader.get_sth()
        self.assertEqual((again.timestamp, again.signed), (head.timestamp, head.signed))
        self.assertEqual(self.ask('freeze', 'log')[0], 0)
        self.assertEqual(self.ask('freeze', 'nothing')[0], 2)
        entry = json.loads(self.ask('list')[1])['operators'][0]['tiled_logs'][0]
        self.assertEqual(entry['state']['readonly']['final_tree_head']['tree_size'], 3)

    # ---- fsck ----

    def test_fsck(self):
        world = self.start()
        world.start()
        for i in range(3):
            self.log.add(f'n{i}.example')
        code, _, err = self.ask('fsck')
        self.assertEqual(code, 2)
        self.assertIn('has it open', err)
        world.stop()
        code, out, err = self.ask('fsck', 'log')
        self.assertEqual((code, out), (0, 'log: OK; recomputed 3 entries, ' + out.rsplit(', ', 1)[1]), err)
        self.assertEqual(self.ask('fsck', 'nothing')[0], 2)
        path = world.path('state', 'log', 'public', 'tile', 'data', '000.p', '3')
        with open(path, 'r+b') as file:
            file.seek(40)
            file.write(b'x')
        code, out, _ = self.ask('fsck')
        self.assertEqual(code, 1)
        self.assertIn('problem', out)

    # ---- witnesses ----

    def test_a_witness_cosigns_the_tree_heads(self):
        world = self.start()
        folder = world.path('witness')
        self.assertEqual(cathaya('mirror', 'init', '--name', '32473.10', '--alg', 'mldsa44', folder)[0], 0)
        with open(os.path.join(folder, 'mirror.vkeys'), encoding='ascii') as file:
            witness = file.read().strip()
        port = ct_world.quiet_port()
        origin = self.log.url.split('://', 1)[1]
        key_id = hashlib.sha256(origin.encode() + b'\n\x05' + self.log.reader.log_id).digest()[:4]
        vkey = f'{origin}+{key_id.hex()}+{base64.b64encode(bytes([5]) + self.log.signer.spki).decode()}'
        with open(os.path.join(folder, 'mirror.conf'), encoding='ascii') as file:
            text = file.read().replace('127.0.0.1:8464', f'127.0.0.1:{port}').replace('role = "mirror"', 'role = "witness"')
        world.put('witness/mirror.conf', text + f'log "{origin}" {{ suite = "{self.suite}" key = {{"{vkey}"}} }}\n')
        process = acme_world.Process(world, 'witness', [PROGRAM, 'mirror', 'run', '--config', os.path.join(folder, 'mirror.conf')])
        self.addCleanup(process.stop)
        process.wait_ready()
        text = world.config()
        world.put('ctlog.conf', text.replace('log "log" {', f'log "log" {{ witness "http://127.0.0.1:{port}" {{ key = "{witness}" }}', 1))
        world.start()
        self.log.add('a.example')
        name = witness.split('+')[0]

        def cosigned(size):
            data = self.log.reader.get('checkpoint')
            head = self.log.reader.read_checkpoint(data)
            return head.size == size and any(n == name for n, _, _ in note.Checkpoint(data).note.signatures)

        ct_world.wait_until('a cosignature of 1', lambda: cosigned(1))
        for i in range(5):
            self.log.add(f'b{i}.example')
        ct_world.wait_until('a cosignature of 6', lambda: cosigned(6))

    def test_a_log_key_is_no_cosigner(self):
        world = self.start()
        algorithm = 'sm2_sm3' if self.suite == 'gm' else 'ecdsa_p256_sha256'
        text = world.config().replace('log "log" {', f'log "log" {{ cosigner "32473.77" {{ algorithm = "{algorithm}" key = "log.key" }}', 1)
        world.put('ctlog.conf', text)
        code, _, err = cathaya('ctlog', 'run', '--config', world.path('ctlog.conf'), '--check-config')
        self.assertEqual(code, 2)
        self.assertIn("own key", err)

    def test_a_cosigner_signs_beside_the_log(self):
        world = self.start()
        self.assertEqual(cathaya('mirror', 'init', '--name', '32473.77', '--alg', 'sm2_sm3', world.path('cosigner'))[0], 0)
        text = world.config().replace('log "log" {', 'log "log" { cosigner "32473.77" { algorithm = "sm2_sm3" '
                                      'key = "cosigner/keys/mirror-sm2_sm3-1.pem" }', 1)
        world.put('ctlog.conf', text)
        world.start()
        self.log.add('a.example')
        data = self.log.reader.get('checkpoint')
        self.log.reader.read_checkpoint(data)
        self.assertIn('oid/1.3.6.1.4.1.32473.77', [name for name, _, _ in note.Checkpoint(data).note.signatures])

    # ---- the mirror in the same process ----

    def test_it_mirrors_an_issuance_log_and_passes_on_its_landmarks(self):
        sys.path.insert(0, os.path.join(ct_world.ROOT, 'tests', 'e2e', 'mirror'))
        import test_mirror
        import forge
        from world import serve
        documents = {'/gm/1/landmarks': b'1\n300 4000000000\n0 0\n'}
        ca = serve(self, documents)
        world = self.start(extra='mirror-config = "m/mirror.conf"\n')
        self.assertEqual(cathaya('mirror', 'init', '--name', test_mirror.MIRROR_ID, world.path('m'))[0], 0)
        test_mirror.Mirror.setUpClass()
        mirror = test_mirror.Mirror
        world.put('m/ca.pem', pki.pem(forge.ca_certificate(mirror.signer, test_mirror.CA_ID)))
        with open(world.path('m', 'mirror.conf'), encoding='ascii') as file:
            text = '\n'.join(line for line in file.read().split('\n') if not line.startswith('listen'))
        world.put('m/mirror.conf', 'landmark-interval = 1\n' + text + f'ca "{test_mirror.CA_ID}" {{ certificate = "ca.pem"\n'
                  f' prefix-url = "{ca}/gm"\n}}\n')
        world.start()
        client = test_mirror.Client(f'127.0.0.1:{world.port}', mirror.log, mirror.key)
        self.assertEqual(client.add_checkpoint(0, 700)[0], 200)
        self.assertEqual(client.add_entries(0, 700)[0], 200)
        path = client.prefix() + '/landmarks'
        ct_world.wait_until('landmarks', lambda: client.request('GET', path)[0] == 200)
        self.assertEqual(client.request('GET', path)[2], documents['/gm/1/landmarks'])
        self.log.add('beside.example')       # and it is a CT log all the same
        self.log.reader.audit()


class International(Operator):
    suite = 'intl'


if __name__ == '__main__':
    acme_world.main()
