"""What a monitor tells the owner of a name, and how: certificates of others for watched names within one polling interval, his own
not at all, nothing twice; files, hooks, mail and webhooks; a watch list that changes while it runs; a search in its index."""
import hashlib
import http.server
import json
import os
import re
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import monitor_world
import acme_world
import ct_wire
import ct_world
import liar_server
import lying_log
import pki
from ct_world import wait_until

INTERVAL_MS = 500


class Webhook:
    """Refuses as often as it is told, and then takes what comes."""

    def __init__(self, refusals):
        self.bodies, self.refusals, webhook = [], refusals, self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                webhook.refusals -= 1
                if webhook.refusals < 0:
                    webhook.bodies.append(json.loads(body))
                self.send_response(200 if webhook.refusals < 0 else 503)
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_port}/hook'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Watch(unittest.TestCase):
    def setUp(self):
        self.suite = pki.GM
        self.pki = pki.Pki(self.suite)
        self.log = lying_log.LyingLog(self.suite, 'log', [self.pki.root.der], refresh_s=0.05)
        self.server = liar_server.Server(self.log)
        self.addCleanup(self.server.close)

    def add(self, *names, poison=False, **more):
        chain = self.pki.chain(self.pki.issuer.leaf(*names, poison=poison, **more))
        (self.log.add_precertificate if poison else self.log.add_certificate)(chain)
        return chain[0]

    def follow(self, watch, options='', **more):
        self.monitor = monitor_world.Monitor(INTERVAL_MS, watch, options, **more)
        self.addCleanup(self.monitor.__exit__)
        self.monitor.add_log(self.log)
        self.monitor.start()
        return self.monitor

    def verified(self):
        return self.monitor.status()['logs'][0].get('verified', 0)

    def settled(self):
        """Everything that is in the log has been seen, and what is to be told of it."""
        size = len(self.log.main.entries)
        self.monitor.wait('all entries are verified', lambda: self.verified() >= size)
        polls = self.server.seen.get('/log/checkpoint', 0)
        self.monitor.wait('a round later', lambda: self.server.seen.get('/log/checkpoint', 0) >= polls + 2)

    def told(self, event='certificate'):
        """{a name of the certificate: the watched items}."""
        return {a['names'][0] if a.get('names') else a.get('subject', '?'): a.get('watch', []) for a in self.monitor.alerts(event)}

    def test_names(self):
        spki = self.suite.signer('own').spki
        self.add('old.example.com')
        self.follow('# everything\n'
                    'domain exact.example\ndomain .example.com\ndomain .bücher.example\n'
                    'ip 192.0.2.0/24\nip 2001:db8::/32\norg "Example Ltd"\n' f'spki {hashlib.sha256(spki).hexdigest()}\n')
        self.monitor.wait('what was there before', lambda: 'old.example.com' in self.told())
        hits = ('exact.example', 'a.b.example.com', 'example.com', '*.example.com', 'UPPER.Example.COM', 'xn--bcher-kva.example',
                'www.xn--bcher-kva.example', '*.example')
        misses = ('www.exact.example', 'notexample.com', 'example.com.evil.example', 'exact.example.evil', 'bucher.example', 'example.co')
        for name in hits + misses:
            self.add(name)
        self.add('v4.nobody.example', addresses=[bytes((192, 0, 2, 77))])
        self.add('v6.nobody.example', addresses=[bytes.fromhex('20010db8' + '0' * 24)])
        self.add('v4.away.example', addresses=[bytes((192, 0, 3, 77))])
        self.add('org.nobody.example', organization='example  LTD')
        self.add('org.away.example', organization='Example Limited')
        self.add('spki.nobody.example', spki=spki)
        self.add('many.nobody.example', 'and.example.com')
        self.settled()
        told = {n.lower() for n in self.told()}
        wanted = {'old.example.com', *(h.lower() for h in hits), 'v4.nobody.example', 'v6.nobody.example', 'org.nobody.example',
                  'spki.nobody.example', 'many.nobody.example'}
        self.assertEqual(told, wanted)

    def test_within_one_interval(self):
        """By the log's own count of how often it was asked, from the moment of logging."""
        self.follow('domain .bank.example\n')
        self.settled()
        before = self.server.seen['/log/checkpoint']
        leaf = self.add('login.bank.example')
        alert = self.monitor.wait('it is told', lambda: self.monitor.alerts('certificate'))[0]
        self.assertLessEqual(self.server.seen['/log/checkpoint'] - before, 2)
        self.assertEqual((alert['names'], alert['index'], alert['log']), (['login.bank.example'], 0, 'log'))
        self.assertEqual(alert['sha256'], hashlib.sha256(leaf).hexdigest())
        path = alert['certificate'] if os.path.isabs(alert['certificate']) else self.monitor.path('state', alert['certificate'])
        with open(path, 'rb') as file:
            self.assertIn(leaf, file.read())

    def test_once(self):
        """A precertificate and its certificate are one thing, in whichever log; a restart tells nothing again; a crash loses nothing."""
        self.follow('domain .bank.example\n')
        times = {'start': 1790000000, 'end': 1800000000}
        self.add('one.bank.example', poison=True, serial=500, **times)
        self.settled()
        self.add('one.bank.example', serial=500, **times, scts=ct_wire.sct_list([ct_wire.sct(b'x' * 32, 1, b'', b'\x04\x03\0\1s')]))
        self.add('two.bank.example', serial=501)
        self.settled()
        self.assertEqual(len(self.monitor.alerts('certificate')), 2)
        self.monitor.kill()
        self.add('three.bank.example', serial=502)
        self.monitor.start()
        self.settled()
        self.monitor.stop()
        self.monitor.start()
        self.settled()
        self.assertEqual(sorted(self.told()), ['one.bank.example', 'three.bank.example', 'two.bank.example'])
        self.assertEqual(len(self.monitor.alerts('certificate')), 3)

    def test_authorized(self):
        """By the certificate, or by the TBSCertificate without poison and SCTs: then the precertificate is known with it."""
        def leaf(name, serial, **more):
            return self.pki.issuer.leaf(name, serial=serial, start=1790000000, end=1800000000, **more)
        plain = leaf('mine.bank.example', 600)
        tbs = ct_wire.without_extension(leaf('also.bank.example', 601, poison=True), pki.POISON)
        fingerprints = [hashlib.sha256(plain).hexdigest(), self.suite.hash(tbs).hex()]
        self.follow('domain .bank.example\n' + ''.join(f'authorized {f}\n' for f in fingerprints))
        for certificate in (plain, leaf('also.bank.example', 601, scts=ct_wire.sct_list([ct_wire.sct(b'x' * 32, 1, b'', b'\x04\x03\0\1s')])),
                            leaf('other.bank.example', 602)):
            self.log.add_certificate(self.pki.chain(certificate))
        self.log.add_precertificate(self.pki.chain(leaf('also.bank.example', 601, poison=True)))
        self.settled()
        self.assertEqual(sorted(self.told()), ['other.bank.example'])

    def test_what_is_not_skipped(self):
        self.follow('domain .bank.example\n')
        ca = pki.Issuer(self.suite, 'A New CA', self.pki.root)
        self.log.add_certificate([ca.der, self.pki.root.der])
        self.log.add(ct_wire.Entry(self.suite, ct_wire.X509_ENTRY, ct_wire.opaque(3, b'\x30\x03no!'), []))
        self.add('bad\0.bank.example')
        self.settled()
        self.monitor.wait('the CA is told', lambda: self.monitor.alerts('ca-certificate'))
        self.monitor.wait('what cannot be read is told', lambda: self.monitor.alerts('unreadable'))
        self.assertTrue(self.monitor.alerts('certificate'), 'a NUL hides a name')

    def test_actions(self):
        """All of them get the test notification and what follows; one that fails gets it later."""
        webhook = Webhook(1)
        self.addCleanup(webhook.close)
        self.monitor = monitor_world.Monitor(INTERVAL_MS, 'domain .bank.example\n')
        self.addCleanup(self.monitor.__exit__)
        for name, script in (('hook', 'printf "%s\\n" "$(env | grep -c CATHAYA_)" >>hooked; cat >>hook-input\n'), ('sendmail', 'cat >>mails\n')):
            os.chmod(self.monitor.put(name, f'#!/bin/sh\ncd "{self.monitor.folder}"\n{script}'), 0o755)
        self.monitor.options = (f'action {{\n    webhook = "{webhook.url}"\n}}\naction {{\n    mail = "ops@example.com"\n    sendmail = "'
                                f'{self.monitor.path("sendmail")}"\n}}\naction {{\n    hook = "{self.monitor.path("hook")}"\n}}\n')
        self.monitor.add_log(self.log)
        self.monitor.start()
        def test():
            return acme_world.run('monitor', 'test', '--config', self.monitor.path('monitor.conf'), check=False, cwd=self.monitor.folder)
        done = test()
        self.assertEqual(done.returncode, 1)
        self.assertIn('webhook: FAIL', done.stdout.decode())
        self.assertEqual(test().returncode, 0)
        webhook.refusals = 2
        self.add('www.bank.example')
        self.monitor.wait('the file has both', lambda: {a['event'] for a in self.monitor.alerts()} >= {'test', 'certificate'})
        self.monitor.wait('the webhook has both', lambda: {a['event'] for a in webhook.bodies} >= {'test', 'certificate'}, 60)
        self.monitor.wait('mails', lambda: os.path.exists(self.monitor.path('mails')) and 'www.bank.example' in self.monitor.read('mails'), 60)
        self.assertRegex(self.monitor.read('mails'), '(?m)^To: ops@example.com$')
        self.monitor.wait('the hook', lambda: os.path.exists(self.monitor.path('hooked')), 60)

    def test_the_list_changes(self):
        """While it runs; a list that cannot be read keeps the old one."""
        self.follow('domain .bank.example\n')
        self.add('one.shop.example')
        self.settled()
        self.monitor.put('watch.txt', 'domain .bank.example\ndomain .shop.example\n')
        self.monitor.process.popen.send_signal(1)
        self.monitor.wait('it is read', lambda: '2' in re.findall(r'\d', json.dumps(self.monitor.status().get('watch', ''))) or self.added('two.shop.example'))
        self.monitor.put('watch.txt', 'domain\nnonsense here\n')
        self.monitor.process.popen.send_signal(1)
        self.monitor.wait('it complains', lambda: 'watch.txt' in self.monitor.said())
        self.add('three.shop.example')
        self.add('three.bank.example')
        self.settled()
        self.assertLessEqual({'three.shop.example', 'three.bank.example'}, set(self.told()))

    def added(self, name):
        self.add(name)
        time.sleep(INTERVAL_MS / 1000)
        return name in self.told()

    def test_search(self):
        self.follow('domain .bank.example\n')
        for name in ('www.search.example', 'a.search.example', '*.search.example', 'other.example'):
            self.add(name)
        self.settled()

        def search(*arguments):
            done = acme_world.run('monitor', 'search', '--config', self.monitor.path('monitor.conf'), *arguments, check=False, cwd=self.monitor.folder)
            return done.returncode, done.stdout.decode()
        wait_until('the index has it', lambda: 'www.search.example' in search('www.search.example')[1], 20)
        status, text = search('www.search.example')
        self.assertEqual(status, 0)
        self.assertNotIn('a.search.example', text)
        self.assertIn('*.search.example', text)
        text = search('--subtree', 'search.example')[1]
        self.assertTrue({'www.search.example', 'a.search.example', '*.search.example'} <= set(text.split()), text)
        self.assertNotIn('other.example', text)


if __name__ == '__main__':
    acme_world.main()
