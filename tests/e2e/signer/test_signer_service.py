"""The CA service with its key in a signer process that goes away and comes back."""
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'acme'))

import acme_raw
import acme_world

SIGNER = '''socket = "signer.sock"
state = "signer-state"
key "ca" {
    algorithm = "sm2_sm3"
    key = "key.pem"
    kinds = {"log", "crl", "revocations"}
    hash = "sm3"
    cosigner = "32473.1"
}
'''
# What the service may take to see that nobody is there (SIGNER_CLIENT_TIMEOUT_MS), and a busy machine's share.
AWAY_S = 30


class SignerWorld(acme_world.World):
    """The GM CA's key is in a signer."""

    def make(self):
        # A CA that was nothing else gives the key.
        acme_world.run('ca', 'init', '--suite', 'gm', '--id', '32473.1', self.path('other'))
        shutil.move(self.path('other', 'keys', 'ca.pem'), self.path('key.pem'))
        self.write('signer.conf', SIGNER)
        self.start_signer()
        self.is_made = False
        super().make()
        self.is_made = True
        acme_world.run('ca', 'init', '--suite', 'gm', '--id', '32473.1', '--key',
                       f'signer:{self.path("signer.sock")}#ca', self.path('gm'))

    def suites(self):
        return super().suites() if self.is_made else []

    def start_signer(self):
        self.signer = self.spawn('signer', acme_world.PROGRAM, 'signer', 'run', '--config', self.path('signer.conf'))
        self.signer.wait_for('signer: 1 key at')


class SignerAway(acme_raw.Case):
    @classmethod
    def setUpClass(cls):
        cls.world = SignerWorld(profiles=('gm-mtc',), limits=False)
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.count = 0
        cls.client = acme_raw.Client(cls.world)

    def prepare(self):
        """An order that waits for nothing but its CSR, and the CSR."""
        name = self.name()
        order = self.client.order(name)
        for authorization in self.client.authorize(order, 'http-01'):
            self.assertEqual(authorization['status'], 'valid', authorization)
        return order, self.client.csr('sm2', name)[0]

    def go_away(self, order, csr):
        """The signer ends, an order is finalized, and the service sees that nobody signs."""
        self.world.signer.stop()
        since, begun = self.world.ca.size(), time.monotonic()
        answer = self.client.post(order.json['finalize'], {'csr': acme_raw.b64(csr)})
        self.assertEqual((answer.status, answer.json['status']), (200, 'processing'), answer)
        line = self.world.ca.wait_for('log-stopped', since=since)
        self.assertIn('cannot connect to the signer', line)
        self.assertLess(time.monotonic() - begun, AWAY_S)
        self.assertEqual(self.client.post(order.headers['Location'], None).json['status'], 'processing')
        return since

    def check(self, order):
        done = self.client.poll(order.headers['Location'])
        self.assertEqual(done['status'], 'valid', done)
        answer = self.client.post(done['certificate'], None)
        self.assertEqual(answer.status, 200, answer)
        path = self.world.write(f'away-{self.count}.pem', answer.body.decode())
        acme_world.run('verify', '--ca', self.world.path('gm', 'ca.pem'), path)

    def test_pending_orders_complete_when_the_signer_is_back(self):
        self.client.issue(self.name(), kind='sm2')
        waiting = [self.prepare() for _ in range(3)]
        since = self.go_away(*waiting[0])
        # Others come meanwhile; and the service answers everybody.
        for order, csr in waiting[1:]:
            answer = self.client.post(order.json['finalize'], {'csr': acme_raw.b64(csr)})
            self.assertEqual(answer.json['status'], 'processing', answer)
        self.world.ca.wait_for('log-stopped', since=self.world.ca.size())  # it has tried again, in vain
        self.world.start_signer()
        self.world.ca.wait_for('log-ready', since=since)
        for order, _ in waiting:
            self.check(order)
        self.client.issue(self.name(), kind='sm2')

    def test_the_service_ends_without_its_signer_and_goes_on_with_it(self):
        order, csr = self.prepare()
        self.go_away(order, csr)
        self.assertEqual(self.world.ca.stop(), 0)
        self.world.start_signer()
        self.world.ca = self.world.spawn('ca-again', acme_world.PROGRAM, 'ca', 'run', '--config', self.world.path('service.conf'))
        self.world.ca.wait_ready()
        self.check(order)
        self.assertEqual(self.world.ca.stop(), 0)
        done = subprocess.run([acme_world.PROGRAM, 'ca', 'fsck', '--dir', self.world.path('gm')], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done)
        self.world.ca = self.world.spawn('ca-third', acme_world.PROGRAM, 'ca', 'run', '--config', self.world.path('service.conf'))
        self.world.ca.wait_ready()


if __name__ == '__main__':
    acme_world.main()
