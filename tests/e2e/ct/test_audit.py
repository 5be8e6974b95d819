"""`cathaya audit` on logs that lie: honest logs pass; then each tells its lie, and the next look names it, with evidence that
`cathaya evidence verify` accepts; SCTs whose entries are merged late or never; politeness to a log that says it is busy."""
import base64
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import monitor_world
import acme_world
import ct_wire
import ct_world
import lies
import liar_server
import lying_log
import lying_mtc
import pki


class Base(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.server = liar_server.Server()
        self.addCleanup(self.server.close)

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, content):
        with open(self.path(name), 'wb') as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return self.path(name)

    def mount(self, title, suite=pki.GM, entries=lies.ENTRIES, **more):
        log = self.server.mount(lying_log.LyingLog(suite, title, refresh_s=0.05, **more))
        for i in range(entries):
            lies.add(log, f'n{i}.example')
        return log

    @staticmethod
    def named(log, kind):
        return '--log', f'{kind} {log.url} {base64.b64encode(log.signer.spki).decode()}'

    def audit(self, *arguments, state='state', timeout=120):
        """(exit status, objects) of one look."""
        done = subprocess.run([acme_world.PROGRAM, 'audit', '--json', '--state', self.path(state), *arguments], capture_output=True, text=True,
                              timeout=timeout, check=False)
        try:
            objects = [json.loads(line) for line in done.stdout.splitlines()]
        except json.JSONDecodeError:
            raise AssertionError(done.stdout + done.stderr) from None
        self.said = done.stderr
        return done.returncode, objects

    def proven(self, finding):
        self.assertTrue(finding['evidence'], finding)
        is_proven, text = monitor_world.verify_evidence(finding['evidence'])
        self.assertTrue(is_proven, text)
        with open(finding['evidence'], encoding='utf-8') as file:
            content = file.read()
        # A byte of anything that was signed, and it proves nothing.
        for match in random_base64(content):
            changed = content[:match] + ('A' if content[match] != 'A' else 'B') + content[match + 1:]
            self.assertFalse(monitor_world.verify_evidence(self.put('changed', changed))[0])


def random_base64(content):
    """Offsets in the middle of long runs of base64."""
    return [(m.start() + m.end()) // 2 for m in re.finditer(r'[A-Za-z0-9+/]{60,}', content)][:6]


class Lies(Base):
    def test_each_lie(self):
        logs, arguments = {}, []
        rows = [*lies.LIES, (lies.add, set(), False)]
        for number, (kind, row) in enumerate((k, r) for k in ('static-ct', 'rfc6962') for r in rows):
            log = self.mount(f'{row[0].__name__}-{kind}'.replace('_', '-'), pki.GM if number % 2 == 0 else pki.INTL)
            logs[log.url] = log, row
            arguments += self.named(log, kind)
        status, objects = self.audit(*arguments)
        self.assertEqual((status, {o['type'] for o in objects}), (0, {'log'}), objects)
        for log, row in logs.values():
            with log.lock:
                row[0](log)
        found = {url: [] for url in logs}
        for look in range(2):      # heads that alternate may show their honest side in one of two looks
            status, objects = self.audit(*arguments)
            for o in objects:
                if o['type'] == 'finding' and (look == 0 or 'split' in o['source']):
                    found[o['source']].append(o)
        self.assertEqual(status, 1)
        missed = []
        for url, (log, (_, ids, is_proven)) in logs.items():
            names = {f['id'] for f in found[url]}
            if bool(ids) != bool(names & ids) or (not ids and names):
                missed.append((log.title, 'wanted', ids, 'said', names))
            elif is_proven:
                self.proven(next(f for f in found[url] if f['id'] in ids))
        self.assertEqual(missed, [])

    def test_a_rewritten_history_is_proven(self):
        """Tiles allow the proof that one head is no prefix of the other."""
        log = self.mount('rewritten', pki.GM, 300)
        self.assertEqual(self.audit(*self.named(log, 'static-ct'))[0], 0)
        lies.rewritten(log)
        for _ in range(30):
            lies.add(log)
        status, objects = self.audit(*self.named(log, 'static-ct'))
        findings = [o for o in objects if o['type'] == 'finding']
        self.assertEqual((status, [f['id'] for f in findings]), (1, ['not-a-prefix']), objects)
        self.proven(findings[0])
        self.assertEqual(self.audit(*self.named(log, 'static-ct'))[0], 1, 'it stays a liar')

    def test_a_log_list(self):
        """States and intervals come from the list."""
        frozen, honest = self.mount('frozen'), self.mount('honest', pki.INTL)
        frozen.freeze()
        frozen.lies.is_time_frozen = True
        year = time.gmtime().tm_year
        honest.interval = f'{year}-01-01T00:00:00Z', f'{year + 2}-01-01T00:00:00Z'
        path = self.put('logs.json', lying_log.log_list([frozen, honest], kind='static-ct'))
        status, objects = self.audit('--log-list', path)
        self.assertEqual((status, len(objects)), (0, 2), objects)
        frozen.lies.is_time_frozen = False
        lies.add(frozen)
        other = pki.Issuer(honest.suite, 'Somebody Else')
        honest.add(ct_wire.Entry.of_certificate(honest.suite, [other.leaf('late.example', end=int(time.time()) + 4 * pki.YEAR), other.der]))
        status, objects = self.audit('--log-list', path)
        self.assertEqual(status, 1)
        self.assertEqual({(o['source'], o['id']) for o in objects if o['type'] == 'finding'},
                         {(frozen.url, 'readonly-grew'), (honest.url, 'outside-interval')})

    def test_merkle_tree_logs(self):
        log = self.server.mount_mtc(self.mtc())
        ca = self.put('ca.pem', pki.pem(log.certificate))
        arguments = '--log', f'mtc {log.url} {ca}', '--mirror', log.mirrors[0].url
        status, objects = self.audit(*arguments)
        self.assertEqual(status, 0, objects)
        log.make_fork(3)
        log.mirrors[0].is_forked = True
        status, objects = self.audit(*arguments)
        self.assertEqual(status, 1, objects)
        self.assertTrue({'mirror-disagrees', 'split-view'} & {o.get('id') for o in objects}, objects)
        log.mirrors[0].is_forked, log.split, log.turn = False, True, 1
        status, objects = self.audit(*arguments)
        findings = [o for o in objects if o.get('id') == 'split-view']
        self.assertEqual(status, 1)
        self.assertTrue(findings, objects)
        self.proven(findings[0])

    @staticmethod
    def mtc():
        log = lying_mtc.LyingMtcLog()
        for i in range(lies.ENTRIES):
            log.add(f'm{i}.example')
        log.mirror('32473.9.1')
        return log


class Scts(Base):
    """SCTs that somebody holds, and a log that has their entries, or not."""

    def certificate(self, log, world, name, **change):
        """A certificate with the SCT that the log gave for its precertificate."""
        serial = abs(hash(name)) % 2**60 + 2**61
        times = {'start': 1790000000, 'end': 1800000000, 'serial': serial}
        pre = world.issuer.leaf(name, poison=True, **times)
        entry, signed = log.submit(ct_wire.Entry.of_precertificate(log.suite, world.chain(pre)))
        if change:
            entry.timestamp += change.get('timestamp', 0)
            signed = ct_wire.signature(log.suite, log.signer, entry.sct_input())
        final = world.issuer.leaf(name, scts=ct_wire.sct_list([log.sct(entry, signed)]), **times)
        return self.put(f'{name}.pem', pki.pem(final) + pki.pem(world.issuer.der))

    def test_each_world(self):
        for suite, kind in ((pki.GM, 'static-ct'), (pki.INTL, 'rfc6962'), (pki.INTL, 'static-ct'), (pki.GM, 'rfc6962')):
            with self.subTest(suite=suite.name, kind=kind):
                self.each_kind(suite, kind)

    def each_kind(self, suite, kind):
        world = pki.Pki(suite)
        state = f'{suite.name}-{kind}'
        log = self.mount(state, suite)
        good = self.certificate(log, world, 'good.example')
        status, objects = self.audit(*self.named(log, kind), '--mmd', '1', '--cert', good, state=state)
        scts = [o for o in objects if o['type'] == 'sct']
        self.assertEqual(status, 0, (objects, self.said))
        self.assertEqual(len(scts), 1)
        self.assertEqual(scts[0].get('answer', scts[0].get('included')), 'included' if 'answer' in scts[0] else True, scts)
        log.lies.never_merge = True
        never = self.certificate(log, world, 'never.example')
        time.sleep(1.2)           # the MMD is over
        status, objects = self.audit(*self.named(log, kind), '--mmd', '1', '--cert', good, '--cert', never, state=state)
        findings = [o for o in objects if o['type'] == 'finding']
        self.assertEqual((status, [f['id'] for f in findings]), (1, ['sct-not-honoured']), (objects, self.said))
        log.lies.never_merge = False
        lies.add(log, 'fills-its-place.example')
        status, objects = self.audit(*self.named(log, kind), '--mmd', '1', '--cert', never, state=state)
        findings = [o for o in objects if o['type'] == 'finding']
        self.assertEqual(status, 1, objects)
        if kind == 'static-ct':     # at the index that was promised stands another entry, and the log proves it
            self.proven(next(f for f in findings if f['evidence']))

    def test_a_forged_sct(self):
        world = pki.Pki(pki.GM)
        log = self.mount('gm')
        stranger = lying_log.LyingLog(pki.GM, 'gm')
        stranger.log_id, stranger.signer = log.log_id, pki.GM.signer('stranger')
        path = self.certificate(stranger, world, 'forged.example')
        status, objects = self.audit(*self.named(log, 'static-ct'), '--cert', path)
        self.assertEqual(status, 1, objects)

    def test_our_log(self):
        """The real one: SCTs as add-chain answers them, and the delay is none."""
        with ct_world.World() as world:
            arguments = []
            for log in world.logs.values():
                chain = log.chain('ours.example')
                answer, _ = log.submit(chain)
                arguments += [*self.named(log, 'static-ct'), '--cert', self.put(f'{log.title}.pem', ''.join(pki.pem(c) for c in chain)), '--sct',
                              self.put(f'{log.title}.json', json.dumps(answer))]
            world.list_file = self.put('logs.json', world.list_text('tiled'))
            for log in world.logs.values():
                log.add('more.example')
            for title in world.logs:
                log = world.logs[title]
                status, objects = self.audit(*self.named(log, 'static-ct'), '--cert', self.path(f'{title}.pem'), '--sct', self.path(f'{title}.json'),
                                             state=f'state-{title}')
                self.assertEqual(status, 0, (objects, self.said))
                self.assertEqual(len([o for o in objects if o['type'] == 'sct']), 1)
            self.assertEqual(self.audit('--log-list', world.list_file, state='list')[0], 0)


class Rubbish(Base):
    """Answers that no log gives: each ends the round with an error or a finding, soon, and never the auditor."""

    @staticmethod
    def answers():
        bomb = gzip.compress(bytes(200 << 20))
        yield 'nothing', (200, b'', {})
        yield 'random', (200, os.urandom(5000), {})
        yield 'deep JSON', (200, b'[' * 200000, {})
        yield 'wide JSON', (200, b'{"tree_size": 1e400, "timestamp": -1, "entries": [' + b'{},' * 100000 + b'{}]}', {})
        yield 'numbers', (200, b'{"tree_size": 18446744073709551616, "timestamp": 18446744073709551616, "sm3_root_hash": "", '
                               b'"tree_head_signature": "", "sha256_root_hash": "", "consistency": [], "entries": []}', {})
        yield 'many lines', (200, b'x\n' * 100000, {})
        yield 'a bomb', (200, bomb, {'Content-Encoding': 'gzip'})
        yield 'half a bomb', (200, bomb[:1000], {'Content-Encoding': 'gzip'})
        yield 'a redirect', (302, b'', {'Location': 'http://127.0.0.1:1/'})
        yield 'teapot', (418, b'no', {})

    def test_rubbish(self):
        for kind in ('static-ct', 'rfc6962'):
            log = self.mount(f'log-{kind}', pki.GM, 20)
            paths = {'static-ct': ('checkpoint', 'tile/data', 'tile/0'), 'rfc6962': ('get-sth$', 'get-entries', 'consistency')}[kind]
            for number, (name, answer) in enumerate(self.answers()):
                with self.subTest(kind=kind, answer=name):
                    self.one(log, kind, paths[number % len(paths) if name != 'a bomb' else 0], answer, f'{kind}-{number}')

    def one(self, log, kind, path, answer, state):
        self.server.trouble = liar_server.Trouble()
        self.assertEqual(self.audit(*self.named(log, kind), state=state)[0], 0)
        lies.add(log)
        self.server.trouble = liar_server.Trouble(rubbish=lambda p: answer if re.search(path, p) else None)
        begin = time.monotonic()
        status, _ = self.audit(*self.named(log, kind), state=state, timeout=100)
        self.assertIn(status, (0, 1, 3), self.said)      # 0: what was rubbish was not needed
        if path in ('checkpoint', 'get-sth$'):
            self.assertIn(status, (1, 3))
        self.assertLess(time.monotonic() - begin, 90)
        self.server.trouble = liar_server.Trouble()
        self.assertIn(self.audit(*self.named(log, kind), state=state)[0], (0, 1))


class Polite(Base):
    def test_busy(self):
        """A log that says 429 with Retry-After is asked again when it says so, and nothing is raised."""
        log = self.mount('busy', entries=20)
        self.server.trouble = liar_server.Trouble(busy=0.5, retry_after_s=1)
        for _ in range(3):
            status, objects = self.audit(*self.named(log, 'static-ct'))
            self.assertEqual([o for o in objects if o['type'] == 'finding'], [])
            self.assertIn(status, (0, 3))
        refusals = [(429, b'', {'Retry-After': '2'})]
        self.server.trouble = liar_server.Trouble(rubbish=lambda path: refusals.pop() if refusals else None)
        first = len(self.server.times)
        self.assertEqual(self.audit(*self.named(log, 'static-ct'))[0], 0)
        one, two = (when for when, *_ in self.server.times[first:first + 2])
        self.assertGreaterEqual(two - one, 2)
        self.server.trouble = liar_server.Trouble()
        self.assertEqual(self.audit(*self.named(log, 'static-ct'))[0], 0)

    def test_away(self):
        """A log that does not answer is not a liar: exit status 3."""
        log = self.mount('away')
        self.assertEqual(self.audit(*self.named(log, 'static-ct'))[0], 0)
        self.server.trouble = liar_server.Trouble(broken=1)
        status, objects = self.audit(*self.named(log, 'static-ct'))
        self.assertEqual((status, [o for o in objects if o['type'] == 'finding']), (3, []))
        self.server.trouble = liar_server.Trouble()
        self.assertEqual(self.audit(*self.named(log, 'static-ct'))[0], 0)

    def test_resumes(self):
        """What has been verified is not fetched again."""
        log = self.mount('large', entries=600)
        self.assertEqual(self.audit(*self.named(log, 'static-ct'))[0], 0)
        seen = dict(self.server.seen)
        lies.add(log)
        status, objects = self.audit(*self.named(log, 'static-ct'))
        self.assertEqual((status, objects[-1]['size']), (0, 601))
        self.assertEqual(self.server.seen.get('/large/tile/data/000', 0), seen['/large/tile/data/000'])


if __name__ == '__main__':
    acme_world.main()
