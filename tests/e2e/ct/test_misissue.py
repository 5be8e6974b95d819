"""Misissue: somebody else's account gets a certificate for a name that is watched; the owner hears of it within one polling interval
of its logging, from logs of three operators once, and not of his own."""
import hashlib
import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import monitor_world
import scts_world
import acme_raw
import acme_world
import ct_wire
import pki
import x509

INTERVAL_S = 1
# What a notification may take beside: two processes and a slow machine.
SLACK_S = 4


class Misissue(unittest.TestCase):
    def follow(self, world, authorized):
        monitor = monitor_world.Monitor(INTERVAL_S * 1000, 'domain .bank.demo.test\n' + ''.join(f'authorized {f}\n' for f in authorized),
                                        **{'log-list': [world.path('gm-logs.json'), world.path('intl-logs.json')], 'ca-file': world.path('tls.pem')})
        self.addCleanup(monitor.__exit__)
        monitor.start()
        return monitor

    def issue(self, client, suite, name):
        profile, kind = {'gm': ('gm-classic', 'sm2'), 'intl': ('intl-classic', 'p256')}[suite]
        certificate = client.issue(name, kind=kind, profile=profile)
        return x509.from_file(certificate.answer.body)

    def test_misissue(self):
        with scts_world.World() as world:
            owner, stranger = acme_raw.Client(world), acme_raw.Client(world)
            own = {suite: self.issue(owner, suite, 'www.bank.demo.test') for suite in ('gm', 'intl')}
            # By the TBSCertificate without SCTs: so the precertificate, which came first, is known too.
            fingerprints = [hashlib.sha256(ct_wire.without_extension(c, pki.SCT_LIST)).hexdigest() for c in own.values()]
            monitor = self.follow(world, fingerprints)
            size = sum(log.reader.get_sth().size for o in world.operators.values() for log in o.logs.values())
            monitor.wait('all logs are read', lambda: sum(log.get('verified', 0) for log in monitor.status()['logs']) >= size, 60)
            self.assertEqual(monitor.alerts(), [])
            for suite in ('gm', 'intl'):
                self.issue(stranger, suite, 'other.demo.test')
                stolen = self.issue(stranger, suite, 'www.bank.demo.test')
                begin = time.monotonic()
                alert = monitor.wait('the owner hears of it', lambda: [a for a in monitor.alerts('certificate') if self.is_of(a, stolen)])[0]
                self.assertLess(time.monotonic() - begin, INTERVAL_S + SLACK_S)
                self.assertEqual(alert['names'], ['www.bank.demo.test'])
            polls = monitor.metric('cathaya_monitor_notifications_total')
            time.sleep(2 * INTERVAL_S)      # what could come twice would come now
            self.assertEqual((polls, len(monitor.alerts())), (2, 2), monitor.alerts())

    @staticmethod
    def is_of(alert, certificate):
        tbs = ct_wire.without_extension(certificate, pki.SCT_LIST)
        return alert['tbs_sha256'] == hashlib.sha256(tbs).hexdigest()


if __name__ == '__main__':
    acme_world.main()
