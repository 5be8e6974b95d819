#!/usr/bin/env python3
"""`cathaya demo` with its services: what it prints, and `--stay`, used by somebody who knows demo.json and nothing else."""
import functools
import base64
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
from http.server import ThreadingHTTPServer

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'acme'))

from acme_world import PROGRAM, Quiet, free_port, need, run

MAKE_CSR = os.environ.get('CATHAYA_MAKE_CSR')
READY_S = 180
KEYS = {'acme', 'http01_port', 'dns', 'cas', 'mirrors', 'gateway', 'trust', 'ctlogs', 'monitor'}
# What a client at the gateway gets, by its profile.
VISITS = {'gm': ('gm', 'landmark'), 'gm-no-landmarks': ('gm', 'standalone'), 'intl': ('intl', 'landmark'), 'legacy': ('intl', 'classic')}
PROFILES = {'gm-mtc', 'intl-mtc', 'gm-classic', 'intl-classic'}


def descendants(pid):
    """All processes below one, with when they were started: a number may be used again."""
    found = {}
    for name in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{name}/stat') as file:
                fields = file.read().rpartition(')')[2].split()
        except OSError:
            continue
        found[int(name)] = (int(fields[1]), fields[19])
    below = {pid}
    while True:
        more = {p for p, (parent, _) in found.items() if parent in below} - below
        if not more:
            return {(p, found[p][1]) for p in below - {pid}}
        below |= more


def is_alive(process):
    try:
        with open(f'/proc/{process[0]}/stat') as file:
            fields = file.read().rpartition(')')[2].split()
    except OSError:
        return False
    return fields[19] == process[1] and fields[0] != 'Z'


def wait_until(is_done, seconds):
    """What is_done gave last: what was seen once counts, a child may be gone again."""
    end = time.monotonic() + seconds
    while True:
        result = is_done()
        if result or time.monotonic() > end:
            return result
        time.sleep(0.05)


class Demo(unittest.TestCase):
    def setUp(self):
        need('pebble-challtestsrv', 'acme-tiny', 'openssl')
        scratch = tempfile.TemporaryDirectory(prefix='cathaya-demo-')
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.state = self.path('state')

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def read_log(self):
        with open(self.path('out')) as file:
            return file.read()

    def stay(self, *more):
        with open(self.path('out'), 'w') as out:
            demo = subprocess.Popen([PROGRAM, 'demo', '--stay', '--state', self.state, *more], stdout=out, stderr=out,
                                    stdin=subprocess.DEVNULL)
        self.addCleanup(demo.wait)
        self.addCleanup(demo.kill)
        file = os.path.join(self.state, 'demo.json')
        self.assertTrue(wait_until(lambda: os.path.exists(file) or demo.poll() is not None, READY_S), self.read_log())
        self.assertIsNone(demo.poll(), self.read_log())
        with open(file) as content:
            return demo, json.load(content)

    def serve(self, port):
        """A site's web server, which anybody may have started before the demo."""
        os.makedirs(self.path('web', '.well-known', 'acme-challenge'))
        web = ThreadingHTTPServer(('127.0.0.1', port), functools.partial(Quiet, directory=self.path('web')))
        threading.Thread(target=web.serve_forever, daemon=True).start()
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)

    # ---- somebody else's client ----

    def acme_tiny(self, world, directory, kind, name):
        account = self.path('account.key')
        if not os.path.exists(account):
            subprocess.run(['openssl', 'genrsa', '-out', account, '2048'], check=True, capture_output=True)
        done = subprocess.run([MAKE_CSR, kind, f'DNS:{name}', self.path(name)], capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = subprocess.run(['acme-tiny', '--account-key', account, '--csr', self.path(name + '.csr'), '--acme-dir',
                               self.path('web', '.well-known', 'acme-challenge'), '--directory-url', directory, '--disable-check'],
                              capture_output=True, text=True, timeout=120, env=dict(os.environ, SSL_CERT_FILE=world['acme']['ca_file']))
        self.assertEqual(done.returncode, 0, done.stderr[-1500:])
        path = self.path(name + '.pem')
        with open(path, 'w') as file:
            file.write(done.stdout)
        return path

    def verify(self, world, suite, path, name):
        [ca] = [ca for ca in world['cas'] if ca['suite'] == suite]
        return run('verify', '--ca', ca['ca_file'], '--dns', name, path, check=False)

    def check_json(self, world):
        self.assertEqual(set(world), KEYS)
        self.assertEqual(set(world['acme']), {'directory', 'directories', 'ca_file'})
        self.assertEqual(set(world['acme']['directories']), PROFILES)
        self.assertEqual([ca['suite'] for ca in world['cas']], ['gm', 'intl'])
        self.assertEqual(sorted(m['suite'] for m in world['mirrors']), ['gm', 'gm', 'intl', 'intl'])
        context = ssl.create_default_context(cafile=world['acme']['ca_file'])
        for ca in world['cas']:
            with urllib.request.urlopen(ca['log_url'] + '/checkpoint', context=context, timeout=20) as answer:
                text = answer.read().decode()
            self.assertIn(f'oid/1.3.6.1.4.1.{ca["id"]}', text)
            self.assertTrue([m for m in world['mirrors'] if m['suite'] == ca['suite'] and f'1.{m["id"]} ' in text], text)
        self.assertEqual(sorted(log['suite'] for log in world['ctlogs']), ['gm', 'gm', 'intl', 'intl'])
        for log in world['ctlogs']:
            with urllib.request.urlopen(log['url'] + '/ct/v1/get-sth', timeout=20) as answer:
                head = json.load(answer)
            self.assertGreater(head['tree_size'], 0)
            self.assertIn('sm3_root_hash' if log['suite'] == 'gm' else 'sha256_root_hash', head)
            self.assertGreater(len(base64.b64decode(log['key'], validate=True)), 80)
        with urllib.request.urlopen(world['monitor']['status_url'], timeout=20) as answer:
            self.assertEqual(len(json.load(answer)['logs']), 6)      # the four, the one that was caught, the bundle's versions
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(world['monitor']['url'] + '/gossip/v1/tree-heads', b'nonsense', timeout=20)
        self.assertEqual(refused.exception.code, 400)
        refused.exception.close()
        for mirror in world['mirrors']:
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(mirror['url'] + '/add-checkpoint', b'nonsense', timeout=20)
            self.assertEqual(refused.exception.code, 400)
            refused.exception.close()

    def check_gateway(self, world):
        [site] = world['gateway']['sites']
        for profile, kind in VISITS.items():
            done = run('fetch', f'https://{site}/', '--connect', world['gateway']['address'], '--trust', world['trust']['dir'],
                       '--public-label', 'test', '--as', profile, '--json')
            got = json.loads(done.stdout)
            self.assertEqual((got['certificate']['suite'], got['certificate']['mode']), kind, got)
            self.assertEqual((got['verdict'], got['level'], got['status']), ('secure', 'T1', 200))
            self.assertEqual((got['identity']['verdict'], got['identity']['level']), ('known', 'T3'))
        with urllib.request.urlopen(world['trust']['url'] + '/latest', timeout=20) as answer:
            self.assertTrue(answer.read().startswith(b'trust-latest/v1\n'))

    def test_stay(self):
        port = free_port()
        self.serve(port)
        demo, world = self.stay('--http01-port', str(port))
        self.assertEqual(world['http01_port'], port)
        self.check_json(world)
        self.check_gateway(world)
        directories = world['acme']['directories']
        path = self.acme_tiny(world, directories['gm-mtc'], 'sm2', 'a.demo.test')
        done = self.verify(world, 'gm', path, 'a.demo.test')
        self.assertIn(f'{path}: OK', done.stdout.decode(), done)
        self.assertNotEqual(self.verify(world, 'gm', path, 'b.demo.test').returncode, 0)
        path = self.acme_tiny(world, directories['intl-mtc'], 'p256', 'any.name.demo.test')
        self.assertIn(f'{path}: OK', self.verify(world, 'intl', path, 'any.name.demo.test').stdout.decode())
        self.acme_tiny(world, world['acme']['directory'], 'rsa2048', 'c.demo.test')
        children = descendants(demo.pid)
        self.assertGreaterEqual(len(children), 8)
        again = run('demo', '--stay', '--state', self.state, check=False)
        self.assertEqual(again.returncode, 2, again)
        self.assertIn(b'already', again.stderr)
        demo.send_signal(signal.SIGTERM)
        self.assertEqual(demo.wait(60), 0, self.read_log())
        self.assertEqual([c for c in children if is_alive(c)], [])
        self.assertFalse(os.path.exists(os.path.join(self.state, 'demo.json')))

    def test_killed(self):
        """Nobody outlives the demo, however it ends; and a service that ends is a failure."""
        demo, _ = self.stay()
        children = descendants(demo.pid)
        demo.kill()
        demo.wait()
        self.assertTrue(wait_until(lambda: not any(map(is_alive, children)), 20), children)
        self.state = self.path('second')
        demo, _ = self.stay()
        children = descendants(demo.pid)
        os.kill(min(children)[0], signal.SIGKILL)
        self.assertEqual(demo.wait(60), 1)
        self.assertIn('ended with status 137', self.read_log())
        self.assertEqual([c for c in children if is_alive(c)], [])

    def test_stopped_early(self):
        with open(self.path('out'), 'w') as out:
            demo = subprocess.Popen([PROGRAM, 'demo', '--stay', '--state', self.state], stdout=out, stderr=out)
        self.addCleanup(demo.wait)
        self.addCleanup(demo.kill)
        self.assertTrue(wait_until(lambda: descendants(demo.pid), 30))
        demo.send_signal(signal.SIGINT)
        self.assertEqual(demo.wait(60), 3, self.read_log())
        self.assertIn('stopped by a signal', self.read_log())

    def test_whole(self):
        with tempfile.TemporaryDirectory() as scratch:
            done = run('demo', '--entries', '1024', '--json', env=dict(os.environ, TMPDIR=scratch))
            self.assertEqual(os.listdir(scratch), [])
        lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
        visits = {line['visit']: line for line in lines if 'visit' in line}
        self.assertEqual({p: tuple(v['certificate_kind'].split()) for p, v in visits.items()}, VISITS)
        for v in visits.values():
            self.assertTrue(v['right'], v)
            self.assertGreater(v['flight_bytes'], v['certificate_bytes'])
        certificates = [line for line in lines if 'certificate' in line]
        got = {(c['client'], c['profile'], c['mode']) for c in certificates}
        modes = [(p, 'standalone' if 'mtc' in p else 'classic') for p in PROFILES]
        want = {(client, *m) for client in ('acme-tiny', 'cathaya') for m in modes}
        self.assertEqual(got, want | {('cathaya', p, 'landmark') for p in PROFILES if 'mtc' in p})
        for c in certificates:
            self.assertTrue(c['right'], c)
            self.assertGreater(c['seconds'], 0)
            if c['mode'] == 'classic':
                self.assertEqual(set(c['scts'].replace(',', '').split()), {'SCTs', 'of', 'north', 'south'})
            if c['mode'] == 'standalone':
                self.assertGreaterEqual(len(c['cosigners'].split()), 2)
        size = {(c['client'], c['profile'], c['mode']): c['bytes'] for c in certificates}
        self.assertLess(size['cathaya', 'gm-mtc', 'landmark'], size['cathaya', 'gm-mtc', 'standalone'])
        logs = [line for line in lines if 'log' in line]
        self.assertEqual([log['suite'] for log in logs], ['gm', 'intl'])
        for log in logs:
            self.assertTrue(log['checkpoint_mirrors'])
            self.assertGreaterEqual(max(m['size'] for m in log['mirrors']), 2)
        self.assertEqual(len([line for line in lines if 'row' in line]), 7)
        judged = [line for line in lines if 'judged' in line]
        self.assertEqual([j['verdict'] for j in judged], ['secure', 'secure', 'secure', 'not_secure', 'untrusted'])
        self.assertEqual([j['rule'] for j in judged], ['', '', '', 'CT-02', 'rfc5280-path'])
        for j in judged:
            self.assertTrue(j['right'], j)
            self.assertTrue(j['en'].isascii() and not j['zh'].isascii(), j)
        [trust] = [line for line in lines if 'trust' in line]
        self.assertEqual(trust['to'], trust['from'] + 1)
        self.assertLess(trust['delta_bytes'], trust['bundle_bytes'] / 4)
        [watch] = [line for line in lines if 'monitor' in line]
        self.assertEqual(watch['monitor'], 'bank.demo.test')
        self.assertTrue(watch['reported_in'])
        self.assertLess(max(watch['report_seconds'], watch['caught_seconds']), 30)

    def test_usage(self):
        for options in (('--http01-port', '0'), ('--http01-port', '65536'), ('--stay', '--no-services'), ('--stay', '--entries', '7')):
            done = run('demo', '--state', self.state, *options, check=False)
            self.assertEqual(done.returncode, 2, (options, done))
            self.assertRegex(done.stderr.decode(), r'\Acathaya: [^\n]+\n\Z')
        done = run('demo', check=False, env=dict(os.environ, PATH='/nonexistent', TMPDIR=self.folder))
        self.assertEqual(done.returncode, 3)
        self.assertIn(b'scripts/get-packages demo', done.stderr)
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == '__main__':
    unittest.main()
