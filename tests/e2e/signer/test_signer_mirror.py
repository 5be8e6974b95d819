"""A mirror with its key in a signer process: the signer is shown that every tree goes on from the one before."""
import os
import re
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'acme'))

import acme_raw
import acme_world

ORIGIN = 'oid/1.3.6.1.4.1.32473.1.0.1'
SIGNER = '''socket = "signer.sock"
state = "signer-state"
key "mirror" {{
    algorithm = "sm2_sm3"
    key = "{key}"
    kinds = {{"log"}}
    hash = "sm3"
    cosigner = "32473.901"
    own-logs = false
    logs = {{"{origin}"}}
    {more}
}}
'''


class MirrorWorld(acme_world.World):
    def make_mirror(self, number):
        super().make_mirror(number)
        name = f'mirror{number}/mirror.conf'
        config = self.read(name).decode()
        [key] = re.findall(r'key = "(keys/[^"]*sm2[^"]*)"', config)
        os.rename(self.path(f'mirror{number}', key), self.path('key.pem'))
        self.write(name, config.replace(key, f'signer:{self.path("signer.sock")}#mirror'))
        self.start_signer(f'adopt = {{"{ORIGIN}"}}')

    def start_signer(self, more=''):
        self.write('signer.conf', SIGNER.format(key='key.pem', origin=ORIGIN, more=more))
        self.signer = self.spawn('signer', acme_world.PROGRAM, 'signer', 'run', '--config', self.path('signer.conf'))
        self.signer.wait_for('signer: 1 key at')


class SignerMirror(acme_raw.Case):
    @classmethod
    def setUpClass(cls):
        cls.world = MirrorWorld(profiles=('gm-mtc',), mirrors=1, limits=False)
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.count = 0
        cls.client = acme_raw.Client(cls.world)

    def issue(self, count=1):
        """Certificates that a policy with the mirror accepts, each of a batch of its own."""
        for _ in range(count):
            done = self.client.issue(self.name(), kind='sm2', profile='gm-mtc')
            acme_world.run('verify', '--ca', self.world.path('gm', 'ca.pem'), '--policy', self.world.verify_policy('gm'), done.path)

    def test_mirror(self):
        self.issue(3)
        self.assertFalse([name for name in os.listdir(self.world.path('mirror1', 'keys')) if 'sm2' in name])
        # The memory is there: nothing is adopted any more, and nothing was refused.
        self.world.signer.stop()
        self.world.start_signer()
        self.issue(2)
        self.world.signer.stop(signal.SIGKILL)
        self.world.start_signer()
        self.issue(2)
        self.assertNotIn('not signed', self.world.signer.text())

    def test_witness_has_none(self):
        config = self.world.read('mirror1', 'mirror.conf').decode()
        self.assertEqual(config.count('role = "mirror"'), 2)
        path = self.world.write('mirror1/witness.conf', config.replace('role = "mirror"', 'role = "witness"', 1))
        done = acme_world.run('mirror', 'run', '--config', path, '--check-config', check=False)
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("a witness's key is a file or a URI", done.stderr.decode())
        path = self.world.write('mirror1/nobody.conf', config.replace('signer.sock', 'nobody.sock'))
        done = acme_world.run('mirror', 'run', '--config', path, '--check-config', check=False)
        self.assertNotEqual(done.returncode, 0, done)
        self.assertIn('cannot connect to the signer', done.stderr.decode())


if __name__ == '__main__':
    acme_world.main()
