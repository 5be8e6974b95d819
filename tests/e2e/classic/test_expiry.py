"""What the service says about certificates and lists that end."""
import calendar
import os
import re
import signal
import ssl
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, '..', 'acme')]

import acme_raw
import acme_world
import openssl_crl

DAY_S = 86400


class ExpiryWorld(acme_world.World):
    def make(self):
        super().make()
        openssl_crl.make(self.path('intl-r1'), ['-crldays', '20'])


class Expiry(acme_raw.Case):
    @classmethod
    def setUpClass(cls):
        cls.world = ExpiryWorld(profiles=('intl-mtc', 'intl-classic'))
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)

    def ends(self):
        """{what: seconds} of the metric."""
        text = acme_raw.request('GET', f'http://{self.world.admin}/metrics').body.decode()
        return {what: float(value) for what, value in
                re.findall(r'^cathaya_certificate_end_seconds\{what="([^"]*)"\} (\S+)$', text, re.M)}

    def reload(self):
        """What it says while it reads its configuration again."""
        since = self.world.ca.size()
        self.world.ca.popen.send_signal(signal.SIGHUP)
        self.world.ca.wait_for('reloaded', since=since)
        return self.world.ca.text()[since:]

    def end_of(self, path):
        done = subprocess.run(['openssl', 'x509', '-in', path, '-noout', '-enddate'], capture_output=True, text=True, check=True)
        return ssl.cert_time_to_seconds(done.stdout.strip().removeprefix('notAfter='))

    def test_ends(self):
        said = [line for line in self.world.ca.text().splitlines() if 'certificate-' in line]
        self.assertEqual(len(said), 1, said)
        self.assertIn('certificate-ends', said[0])
        self.assertIn('root-crl intl-r1', said[0])
        self.assertRegex(said[0], r'days="?(19|20)"?\b')
        ends = self.ends()
        self.assertEqual({what: ends[what] for what in ends if what != 'root-crl intl-r1'}, {
            'tls': self.end_of(self.world.path('tls.pem')), 'ca intl': self.end_of(self.world.path('intl', 'ca.pem')),
            'root intl-r1': self.end_of(self.world.path('intl-r1', 'root.pem')),
            'issuing intl-r1': self.end_of(self.world.path('intl-r1', 'issuing.pem'))})
        self.assertLess(abs(ends['root-crl intl-r1'] - time.time() - 20 * DAY_S), DAY_S)
        # Renewed: nothing more is said.
        acme_world.run('ca', 'classic', 'crl', self.world.path('intl-r1'))
        self.assertNotIn('certificate-', self.reload())
        self.assertGreater(self.ends()['root-crl intl-r1'], time.time() + 363 * DAY_S)
        # Over, and lost.
        openssl_crl.make(self.world.path('intl-r1'), ['-crl_lastupdate', '20200101000000Z', '-crl_nextupdate', '20210101000000Z'])
        self.assertIn('certificate-ended', self.reload())
        self.assertEqual(self.ends()['root-crl intl-r1'], calendar.timegm((2021, 1, 1, 0, 0, 0)))
        os.unlink(self.world.path('intl-r1', 'public', 'root.crl'))
        self.assertIn('certificate-unknown', self.reload())
        self.assertEqual(self.ends()['root-crl intl-r1'], 0)


if __name__ == '__main__':
    acme_world.main()
