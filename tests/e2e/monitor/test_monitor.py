#!/usr/bin/env python3
"""The monitor over real logs of both suites and both interfaces: who gets a certificate for a watched name is told of, once."""
import base64
import json
import os
import random
import re
import signal
import stat
import sys
import tempfile
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import monitoring
from monitoring import Log, Monitor, MtcLog, Receiver, wait_until

WATCH = 'domain www.watched.example\ndomain .subtree.example\nip 192.0.2.0/24\norg "Example Ltd"\n'


class MonitorTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.server = monitoring.liar_server.Server()
        self.addCleanup(self.server.close)
        self.gm = Log(self.server, 'gm', 'gm1', 'static-ct')
        self.intl = Log(self.server, 'intl', 'intl1', 'rfc6962')
        for log in self.gm, self.intl:
            log.certificate('first.example')
        self.logs = {'gm1': self.gm, 'intl1': self.intl}

    def monitor(self, name='monitor', watch=WATCH, logs=None, **more):
        monitor = Monitor(os.path.join(self.folder, name), logs or self.logs, watch, **more)
        self.addCleanup(monitor.close)
        return monitor

    def test_misissue(self):
        """A certificate for a watched name: told within an interval (and the second that a loaded machine may take), once for
        precertificate and certificate."""
        monitor = self.monitor().start()
        self.assertTrue(wait_until(monitor.has_caught_up), monitor.said())
        for log, name in (self.gm, 'gm1'), (self.intl, 'intl1'):
            before = len(monitor.told())
            began = time.monotonic()
            log.precertificate('unwatched.example')
            log.precertificate('www.watched.example', serial=77)
            self.assertTrue(wait_until(lambda b=before: len(monitor.told()) > b), monitor.said())
            self.assertLess(time.monotonic() - began, monitoring.INTERVAL_MS / 1000 + 2)
            told = monitor.told()[-1]
            self.assertEqual((told['event'], told['log'], told['watch']), ('certificate', name, ['domain www.watched.example']))
            self.assertEqual((told['names'], told['entry_type'], told['index']), (['www.watched.example'], 'precert_entry', 2))
            self.assertIn(f'CN=Liar CA {log.suite.name}', told['issuer'])
            self.assertTrue(os.path.exists(os.path.join(monitor.folder, 'state', told['certificate'])))
        self.gm.certificate('*.a.subtree.example')
        self.intl.certificate('x.example', addresses=[bytes([192, 0, 2, 9])])
        self.intl.certificate('y.example', organization='EXAMPLE  ltd')
        self.intl.certificate('*.watched.example')
        self.gm.certificate('www.watched.example.attacker.example', 'watched.example')
        self.assertTrue(wait_until(lambda: len(monitor.told()) == 6), monitor.told())
        self.assertTrue(wait_until(monitor.has_caught_up))
        self.assertEqual(sorted(t['watch'][0] for t in monitor.told()[2:]),
                         ['domain .subtree.example', 'domain www.watched.example', 'ip 192.0.2.0/24', 'org "Example Ltd"'])
        self.assertFalse(monitor.told('finding'))
        monitor.stop()

    def test_merkle_tree_certificates(self):
        """An issuance log is watched as a CT log is; its null entry is nothing to tell of."""
        mtc = MtcLog(self.server, self.folder)
        mtc.log.add('first.example')
        monitor = self.monitor(logs={'mtc1': mtc}).start()
        self.assertTrue(wait_until(monitor.has_caught_up), monitor.said())
        self.assertEqual(monitor.told(), [])
        mtc.log.add('www.watched.example', 'x.example')
        self.assertTrue(wait_until(lambda: monitor.told()), monitor.said())
        told = monitor.told()[0]
        self.assertEqual((told['log'], told['index'], told['entry_type']), ('mtc1', 2, 'mtc tbs_cert'))
        self.assertEqual(told['names'], ['www.watched.example', 'x.example'])
        self.assertIn('trustAnchorID=32473.7', told['issuer'])
        self.assertTrue(wait_until(monitor.has_caught_up))
        self.assertEqual(self.names(monitor, 'x.example'), ['x.example'])
        monitor.stop()

    def test_final_certificate_is_one_with_its_precertificate(self):
        monitor = self.monitor().start()
        start = int(time.time()) - 3600
        more = dict(serial=4242, start=start, end=start + 86400 * 60)
        pre = self.gm.precertificate('www.watched.example', **more)
        final = self.gm.certificate('www.watched.example', scts=b'\0\0', **more)
        self.assertNotEqual(pre, final)
        self.assertTrue(wait_until(lambda: monitor.told('certificate')))
        self.assertTrue(wait_until(monitor.has_caught_up))
        self.assertEqual(len(monitor.told()), 1)
        fingerprint = monitor.told()[0]['tbs_sha256']
        monitor.stop()
        other = self.monitor('other', WATCH + f'authorized {fingerprint}\n').start()
        self.assertTrue(wait_until(other.has_caught_up))
        self.assertEqual(other.told(), [])
        other.stop()

    def test_odd_entries(self):
        monitor = self.monitor().start()
        issuer = self.gm.world.issuer
        self.gm.log.add_certificate(issuer.chain())          # a CA's certificate
        self.gm.log.add_certificate([b'\x30\x03\x02\x01\x01', *issuer.chain()])
        self.gm.certificate(raw_names=[b'\x82\x1dwww.watched.example\0.evil.test'[:31]])
        self.assertTrue(wait_until(lambda: len(monitor.told()) >= 3), monitor.told())
        self.assertTrue(wait_until(monitor.has_caught_up), monitor.said())
        events = [t['event'] for t in monitor.told()]
        self.assertIn('ca-certificate', events, monitor.told())
        self.assertIn('unreadable', events)
        self.assertIn('certificate', events)
        monitor.stop()

    def test_kill(self):
        """Killed again and again while certificates come: none is lost, and one that is told again has its id."""
        random.seed(7)
        monitor = self.monitor().start()
        expected = set()
        for round_number in range(8):
            for i in range(4):
                name = f'r{round_number}-{i}.subtree.example'
                expected.add(name)
                random.choice([self.gm, self.intl]).certificate(name)
            time.sleep(random.random() * 0.6)
            monitor.kill()
            monitor.start()
        self.assertTrue(wait_until(lambda: {t['names'][0] for t in monitor.told()} == expected), monitor.said())
        self.assertTrue(wait_until(monitor.has_caught_up), monitor.said())
        told = monitor.told()
        ids = {t['names'][0]: t['id'] for t in told}
        self.assertEqual(len(set(ids.values())), len(expected))
        self.assertTrue(all(t['id'] == ids[t['names'][0]] for t in told))
        self.assertLessEqual(len(told), len(expected) + 8 * 4)
        self.assertFalse(monitor.told('finding'))
        before = len(told)
        monitor.stop()
        monitor.start()                                      # in order: nothing again
        self.assertTrue(wait_until(monitor.has_caught_up))
        time.sleep(3 * monitoring.INTERVAL_MS / 1000)
        self.assertEqual(len(monitor.told()), before)
        self.assertEqual(len(self.names(monitor, 'subtree.example', '--subtree')), len(expected))
        monitor.stop()

    def names(self, monitor, *arguments):
        status, out, err = monitor.command('search', *arguments)
        self.assertIn(status, (0, 1), err)
        return [line.split()[0] for line in out.splitlines()]

    def test_search(self):
        monitor = self.monitor().start()
        self.gm.certificate('a.search.example', '*.b.search.example')
        self.intl.precertificate('search.example')
        self.assertTrue(wait_until(monitor.has_caught_up))
        self.assertEqual(self.names(monitor, 'search.example'), ['search.example'])
        self.assertEqual(self.names(monitor, 'A.Search.Example.'), ['a.search.example'])
        self.assertEqual(self.names(monitor, 'x.b.search.example'), ['*.b.search.example'])
        self.assertEqual(sorted(self.names(monitor, '.search.example', '--subtree')),
                         ['*.b.search.example', 'a.search.example', 'search.example'])
        self.assertEqual(self.names(monitor, 'nothing.example'), [])
        status, out, _ = monitor.command('search', 'search.example', '--json')
        self.assertEqual(status, 0)
        found = json.loads(out)
        self.assertEqual((found['log'], found['index'], found['kind']), ('intl1', 1, 'precertificate'))
        monitor.stop()
        self.assertEqual(self.names(monitor, 'search.example'), ['search.example'])

    def test_watch_list_is_read_again(self):
        monitor = self.monitor(watch='domain other.example\n').start()
        self.assertTrue(wait_until(monitor.has_caught_up))
        self.gm.certificate('one.later.example')
        self.assertTrue(wait_until(monitor.has_caught_up))
        monitor.watch('domain .later.example\n# and one in another script\ndomain b\u00fccher.example\n')
        self.assertTrue(wait_until(lambda: monitor.status()['watch']['subtrees'] == 1), monitor.said())
        self.gm.certificate('two.later.example')
        self.gm.certificate('xn--bcher-kva.example')
        self.assertTrue(wait_until(lambda: len(monitor.told()) == 2))
        monitor.watch('domain .later.example\ndomain *.wrong.example\n')
        monitor.process.send_signal(signal.SIGHUP)
        self.assertTrue(wait_until(lambda: monitor.status()['watch']['refused']))
        self.assertIn('line 2', monitor.status()['watch']['refused'])
        self.gm.certificate('three.later.example')           # the old one is in use
        self.assertTrue(wait_until(lambda: len(monitor.told()) == 3))
        monitor.stop()
        status, _, err = monitor.command('run', '--check-config')
        self.assertEqual(status, 2)
        self.assertIn('watch.txt: line 2', err)

    def script(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='ascii') as file:
            file.write('#!/bin/sh\n' + text)
        os.chmod(path, stat.S_IRWXU)
        return path

    def test_actions(self):
        receiver = Receiver(failures=2)
        self.addCleanup(receiver.close)
        out = os.path.join(self.folder, 'out')
        hook = self.script('hook', f'env | sort > {out}.env\ncat > {out}.json\n')
        sendmail = self.script('sendmail', f'echo "$@" > {out}.args\ncat > {out}.mail\n')
        action = f'webhook = "{receiver.url}" mail = "ops@example.com" sendmail = "{sendmail}" hook = "{hook}"'
        monitor = self.monitor(action=action)
        receiver.failures = 1
        status, said, _ = monitor.command('test')
        self.assertEqual(status, 1, said)
        self.assertIn('webhook: FAIL', said)
        self.assertIn('hook: OK', said)
        status, said, err = monitor.command('test')
        self.assertEqual(status, 0, said + err)
        self.assertEqual([t['event'] for t in receiver.taken], ['test'])
        receiver.failures = 2
        monitor.start()
        self.gm.certificate('www.watched.example', "$(touch hacked).subtree.example'\n")
        self.assertTrue(wait_until(lambda: len(receiver.taken) == 2), monitor.said())
        self.assertTrue(wait_until(lambda: monitor.status()['notifications_waiting'] == 0))
        with open(out + '.env', encoding='utf-8') as file:
            variables = file.read()
        self.assertIn('CATHAYA_EVENT=certificate\n', variables)
        self.assertIn('CATHAYA_WATCH_ITEM=domain www.watched.example\n', variables)
        self.assertIn('CATHAYA_LOG=gm1\n', variables)
        der_file = re.search('CATHAYA_FILE=(.*)', variables).group(1)
        self.assertTrue(os.path.getsize(der_file) > 100)
        with open(out + '.mail', encoding='utf-8') as file:
            mail = file.read()
        self.assertIn('\nSubject: [cathaya monitor] certificate: domain www.watched.example\n', '\n' + mail)
        with open(out + '.args', encoding='utf-8') as file:
            self.assertEqual(file.read(), '-oi ops@example.com\n')
        self.assertFalse(os.path.exists(os.path.join(monitor.folder, 'hacked')))
        monitor.stop()

    def test_a_dead_receiver_loses_nothing(self):
        receiver = Receiver(failures=10 ** 9)
        self.addCleanup(receiver.close)
        monitor = self.monitor(action=f'webhook = "{receiver.url}"').start()
        self.gm.certificate('www.watched.example')
        self.assertTrue(wait_until(lambda: monitor.told()), monitor.said())
        monitor.kill()
        receiver.failures = 0
        monitor.start()
        self.assertTrue(wait_until(lambda: receiver.taken), monitor.said())
        self.assertEqual(receiver.taken[0]['id'], monitor.told()[0]['id'])
        monitor.stop()

    def test_gossip(self):
        """A log that shows each of two monitors its own history is caught when they talk."""
        twin = Log(self.server, 'intl', 'twin', 'rfc6962')
        twin.log.signer, twin.log.log_id = self.intl.log.signer, self.intl.log.log_id
        twin.certificate('other.example')
        self.intl.certificate('same-size.example')
        twin.certificate('same-size-too.example')
        one = self.monitor('one', logs={'intl1': self.intl}).start()
        two = self.monitor('two', logs={'intl1': twin}, more=f'peer "http://{one.addresses["monitor"]}" {{ }}\n').start()
        for monitor in one, two:
            self.assertTrue(wait_until(lambda m=monitor: m.told('finding')), monitor.said())
        findings = one.told('finding') + two.told('finding')
        evidence = [(m, t['evidence']) for m in (one, two) for t in m.told('finding') if 'evidence' in t]
        self.assertTrue(evidence, findings)
        monitor, name = evidence[0]
        done = monitoring.subprocess.run([monitoring.PROGRAM, 'evidence', 'verify', os.path.join(monitor.folder, 'state', name)],
                                         capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for monitor in one, two:
            monitor.stop()

    def test_lies_are_told_once(self):
        monitor = self.monitor().start()
        self.assertTrue(wait_until(monitor.has_caught_up))
        self.intl.log.lies.wrong_root = True
        self.intl.certificate('next.example')
        self.assertTrue(wait_until(lambda: monitor.told('finding')), monitor.said())
        self.assertTrue(all(t['log'] == 'intl1' for t in monitor.told('finding')))
        time.sleep(4 * monitoring.INTERVAL_MS / 1000)
        count = len(monitor.told())
        ids = [t['id'] for t in monitor.told()]
        self.assertEqual(len(ids), len(set(ids)))
        monitor.stop()
        monitor.start()
        time.sleep(4 * monitoring.INTERVAL_MS / 1000)
        self.assertLessEqual(len({t['id'] for t in monitor.told()}), count + 2)
        monitor.stop()

    def test_trouble(self):
        """Logs that refuse, break and hang up, and go away: everything is seen in the end, and nobody is accused."""
        self.server.trouble = monitoring.liar_server.Trouble(busy=0.3, broken=0.1, hang_up=0.1, only='(ct/v1/get|tile|checkpoint)')
        monitor = self.monitor().start()
        for i in range(10):
            random.choice([self.gm, self.intl]).certificate(f't{i}.subtree.example')
        self.assertTrue(wait_until(lambda: len(monitor.told('certificate')) == 10, 60), monitor.told())
        self.server.trouble = monitoring.liar_server.Trouble()
        self.server.restart(away_s=1)
        self.gm.certificate('after.subtree.example')
        self.assertTrue(wait_until(lambda: len(monitor.told('certificate')) == 11), monitor.said())
        self.assertTrue(wait_until(monitor.has_caught_up), monitor.said())
        self.assertEqual(monitor.told('finding'), [])
        monitor.stop()

    def test_https(self):
        """Logs, peers and the monitor itself behind TLS; a server that nobody vouches for is not believed."""
        certificate, key = (os.path.join(self.folder, name) for name in ('tls.pem', 'tls.key'))
        monitoring.subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key,
                                   '-out', certificate, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
                                  check=True, capture_output=True)
        os.chmod(key, 0o600)
        server = monitoring.liar_server.Server(certificate=certificate, key=key)
        self.addCleanup(server.close)
        log = Log(server, 'intl', 'secure', 'rfc6962')
        log.certificate('www.watched.example')
        tls = f'tls-certificate = "{certificate}"\ntls-key = "{key}"\nca-file = "{certificate}"\n'
        one = self.monitor('one', logs={'secure': log}, more=tls).start()
        peer = one.addresses['monitor'].replace('127.0.0.1', 'https://localhost')
        two = self.monitor('two', logs={'secure': log}, more=f'{tls}peer "{peer}" {{ }}\n').start()
        three = self.monitor('three', logs={'secure': log}).start()
        for monitor in one, two:
            self.assertTrue(wait_until(lambda m=monitor: m.told('certificate')), monitor.said())
        self.assertTrue(wait_until(lambda: two.status()['peers'][0]['good_age_s'] is not None), two.status())
        self.assertIsNone(two.status()['peers'][0]['failure'])
        self.assertTrue(wait_until(lambda: any(e['bad'] > 0 for e in three.status()['logs'][0]['endpoints'])), three.status())
        self.assertIsNone(three.status()['logs'][0]['contact_age_s'])
        self.assertEqual(three.told('certificate'), [])
        for monitor in one, two, three:
            monitor.stop()

    def test_examples(self):
        """What examples/ shows is a configuration, and mistakes are named with file and line."""
        examples = os.path.join(monitoring.HERE, '..', '..', '..', 'examples')
        monitor = self.monitor()
        with open(os.path.join(examples, 'monitor.conf'), encoding='utf-8') as file:
            text = file.read()
        with open(os.path.join(examples, 'watch.txt'), encoding='utf-8') as file:
            monitor.watch(file.read())
        text = re.sub('log-list = .*', '', re.sub('(?s)log "ca1" {.*?\n}', '', text))
        cases = [(text, 0, 'OK: 1 logs, 4 actions, 1 peers'), (text.replace('"static-ct"', '"ctv2"'), 2, 'kind'),
                 (text.replace('mmd = 60 ', 'mmd = 0 '), 2, 'mmd'), (text.replace('interval-ms = 10000', 'interval-ms = 1'), 2, 'interval-ms'),
                 (text.replace('https://hooks', 'hooks'), 2, 'webhook'), (text.replace('ops@', '-ops@'), 2, 'mail'),
                 (text.replace('peer "https://monitor2.example"', 'peer "https://monitor2.example/"'), 2, 'slash'),
                 (text.replace('log "example-2027h1"', 'log "../x"'), 2, 'name'), (re.sub('(?s)log "ex.*?\n}', '', text), 2, 'nothing to follow'),
                 (text.replace('watch.txt"', 'none.txt"'), 2, 'none.txt')]
        for config, status, said in cases:
            with open(monitor.config, 'w', encoding='utf-8') as file:
                file.write(config)
            got, out, err = monitor.command('run', '--check-config')
            self.assertEqual(got, status, said + out + err)
            self.assertIn(said, out + err)

    def test_log_list(self):
        """A list of logs in place of blocks; the log is followed, and once."""
        row = {'description': "Example 'Log' 2027h1", 'log_id': base64.b64encode(self.gm.log.log_id).decode(),
               'key': base64.b64encode(self.gm.log.signer.spki).decode(), 'suite': 'gm', 'mmd': 60,
               'submission_url': self.gm.log.url + '/', 'monitoring_url': self.gm.log.url + '/',
               'state': {'usable': {'timestamp': '2026-01-01T00:00:00Z'}}}
        path = os.path.join(self.folder, 'list.json')

        def write():
            with open(path, 'w', encoding='ascii') as file:
                json.dump({'version': '1', 'log_list_timestamp': '2026-01-01T00:00:00Z',
                           'operators': [{'name': 'Example', 'email': ['ct@example.com'], 'logs': [], 'tiled_logs': [row]}]}, file)
        write()
        monitor = self.monitor(logs={'intl1': self.intl}, more=f'log-list = {{"{path}"}}\n').start()
        self.gm.certificate('www.watched.example')
        self.assertTrue(wait_until(lambda: monitor.told()), monitor.said())
        self.assertEqual(monitor.told()[0]['log'], 'example-log-2027h1-' + self.gm.log.log_id.hex()[:8])
        self.assertTrue(wait_until(monitor.has_caught_up))
        monitor.stop()
        # Described in other words it is the same log: a history that goes back is seen.
        row['description'] = 'Renamed'
        write()
        self.gm.log.lies.shrink_to = 1
        monitor.start()
        self.assertTrue(wait_until(lambda: [t for t in monitor.told('finding') if t['finding'] == 'shrank']), monitor.said())
        monitor.stop()

    def test_a_line_that_was_cut(self):
        """A full disk has cut the last line: the next one is whole."""
        monitor = self.monitor()
        with open(monitor.lines, 'w', encoding='ascii') as file:
            file.write('{"id":"cut')
        monitor.start()
        self.gm.certificate('www.watched.example')

        def lines():
            with open(monitor.lines, encoding='utf-8') as file:
                return file.read().splitlines()
        self.assertTrue(wait_until(lambda: len(lines()) == 2), lines())
        self.assertEqual(json.loads(lines()[1])['watch'], ['domain www.watched.example'])
        monitor.stop()

    def test_status_report_metrics(self):
        monitor = self.monitor().start()
        self.assertTrue(wait_until(monitor.has_caught_up))
        self.assertTrue(wait_until(lambda: len(monitor.status()['logs'][1]['endpoints']) >= 8), monitor.status())
        for log in monitor.status()['logs']:
            self.assertEqual((log['behind'], log['uptime']), (0, 1.0), log)
        endpoints = [{e['endpoint'] for e in log['endpoints']} for log in monitor.status()['logs']]
        self.assertTrue({'checkpoint', 'tile', 'data', 'issuer', 'get-roots', 'add-chain', 'add-pre-chain'} <= endpoints[0], endpoints)
        self.assertTrue({'get-sth', 'get-sth-consistency', 'get-entries', 'get-proof-by-hash', 'get-entry-and-proof', 'get-roots', 'add-chain',
                         'add-pre-chain'} <= endpoints[1], endpoints)
        status, out, _ = monitor.command('status')
        self.assertEqual(status, 0)
        self.assertIn('gm1', out)
        with urllib.request.urlopen(f'http://{monitor.addresses["admin"]}/metrics') as answer:
            metrics = answer.read().decode()
        self.assertIn('cathaya_monitor_log_behind{log="gm1"} 0', metrics)
        with urllib.request.urlopen(f'http://{monitor.addresses["admin"]}/readyz') as answer:
            self.assertEqual(answer.status, 200)
        # What is known now, long before the figures are kept; and the same when it has ended.
        _, running, err = monitor.command('report', 'intl1')
        self.assertRegex(running, r'followed since 20[^,]*, 1 entries compared', running + err)
        self.assertRegex(running, r'verified +yes +1 of 1 entries')
        self.assertRegex(running, r'uptime +yes +the lowest of [0-9]+ endpoints')
        monitor.stop()
        status, out, err = monitor.command('report', 'intl1')
        self.assertEqual(status, 1, out + err)               # not for 90 days yet
        self.assertRegex(out, r'followed since 20[^,]*, 1 entries compared')
        self.assertRegex(out, r'observed +NO +observed for 0 of 90 days')
        self.assertRegex(out, r'uptime +yes')
        self.assertRegex(out, r'append-only +yes')
        self.assertIn('Result: no', out)
        status, _, err = monitor.command('report', 'nobody')
        self.assertEqual(status, 2)


if __name__ == '__main__':
    unittest.main()
