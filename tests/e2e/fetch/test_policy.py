"""What the policy says of good and bad certificates, wherever it is shown: `fetch`, `verify`, `trust explain`; in both languages, as
JSON, and as exit status."""
import json
import os
import subprocess
import sys
import tempfile
import time
import unicodedata
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'ca')]

from ca_world import read, run, write
from test_fetch import Server

MAKER = os.environ.get('CATHAYA_PROGRAM_CERTIFICATES') or os.path.join(HERE, '..', '..', '..', 'build', 'tests', 'program_certificates')
NAME = 'www.example.com'
# 2024-12-31T23:59:59Z: the last second in which a GM certificate without SCTs is "not transparent" and no more.
BEFORE = 1735689599
ANSWER = ['verdict', 'level', 'kind', 'organisation', 'intranet', 'purpose', 'icon', 'saying', 'worst', 'policy', 'rules', 'scts', 'cosigners']


def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in text)


class World:
    def __init__(self, at, *more):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder, self.at = self.scratch.name, str(at)
        done = subprocess.run([MAKER, self.folder, self.at, *more], check=True, capture_output=True, text=True)
        self.rows = {row[0]: [None if word == '-' else word for word in row[1:]] for row in map(str.split, done.stdout.splitlines())}
        self.trust = self.path('trust')

    def path(self, name):
        return os.path.join(self.folder, name)

    def pem(self, name):
        return self.path(name + '.pem')

    def credential(self, name):
        return f'{self.pem(name)}:{self.path(name)}.key'


class Policy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.now, cls.before = World(int(time.time())), World(BEFORE)
        cls.addClassCleanup(cls.now.scratch.cleanup)
        cls.addClassCleanup(cls.before.scratch.cleanup)

    def explain(self, name, *options, world=None, status=None):
        world = world or self.now
        done = run('trust', 'explain', world.pem(name), '--trust', world.trust, '--at', world.at, '--json', *options)
        told = json.loads(done.out)
        self.assertEqual(done.status, (0 if told['verdict'] == 'secure' else 1) if status is None else status, done)
        return told

    def rule(self, told, name):
        return next(rule for rule in told['rules'] if rule['id'] == name)

    # ---- trust explain ----

    def test_each_verdict(self):
        self.assertEqual({row[0] for row in self.now.rows.values()}, {'secure', 'not_secure', 'untrusted'})
        for name, (verdict, worst, level) in self.now.rows.items():
            with self.subTest(name):
                told = self.explain(name)
                self.assertEqual((told['verdict'], told['level']), (verdict, level), [r for r in told['rules'] if r['result'] in ('fail', 'warn')])
                self.assertEqual(told['worst'] is None, worst is None, told['worst'])
                if worst:
                    broken = self.rule(told, worst)
                    self.assertEqual(broken['result'], 'fail')
                    self.assertTrue(broken['text'] and broken['fix'])
                self.assertEqual([key for key in ANSWER if key not in told], [])
                self.assertEqual(told['policy']['built_in'], False)
                self.assertTrue(told['saying']['en'].isascii() and not told['saying']['zh'].isascii())
                for rule in told['rules']:
                    self.assertEqual(sorted(rule), ['effect', 'evidence', 'fix', 'id', 'result', 'text'])
                    self.assertIn(rule['result'], ('pass', 'fail', 'warn', 'info', 'not_looked_at', 'not_applicable'))

    def test_dates_of_the_policy(self):
        """Not logged: shown in the details before 2025, in the address bar from then on."""
        self.assertEqual(self.explain('gm-no-sct', world=self.before)['verdict'], 'not_transparent')
        later = run('trust', 'explain', self.before.pem('gm-no-sct'), '--trust', self.before.trust, '--at', str(BEFORE + 1), '--json')
        self.assertEqual(json.loads(later.out)['verdict'], 'not_secure')

    def test_timestamps_one_by_one(self):
        told = self.explain('gm-ov')
        self.assertEqual(len(told['scts']), 2)
        for sct in told['scts']:
            self.assertEqual((sct['source'], sct['good'], sct['reason'], sct['state']), ('certificate', True, None, 'usable'))
            self.assertEqual((len(sct['log_id']), sct['log'][:4], sct['operator'][:9]), (64, 'Log ', 'Operator '))
        empty = write(self.now.path('list.json'), json.dumps({'version': '1', 'log_list_timestamp': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(int(self.now.at))), 'operators': []}))
        told = self.explain('gm-ov', '--log-list', empty)
        self.assertEqual((told['verdict'], [sct['good'] for sct in told['scts']], [sct['log'] for sct in told['scts']]), ('not_secure', [False] * 2, [None] * 2))
        self.assertTrue(all(sct['reason'] for sct in told['scts']))

    def test_level_and_why_it_is_not_higher(self):
        self.assertIsNone(self.explain('gm-ev')['why_not_higher'])
        self.assertIn('OV', self.explain('gm-ov')['why_not_higher'])
        self.assertIn('DV', self.explain('gm-dv', '--lang', 'zh')['why_not_higher'])
        self.assertEqual((self.explain('gm-ev')['organisation'], self.explain('gm-dv')['organisation']), ('Example Ltd', None))

    def test_without_a_trust_directory(self):
        """The leaf by the policy that is built in; what needs more says so."""
        done = run('trust', 'explain', self.now.pem('gm-no-aia'), '--at', self.now.at, '--json')
        told = json.loads(done.out)
        self.assertEqual((done.status, told['verdict'], told['worst'], told['policy']['built_in']), (1, 'not_secure', 'RP-06', True))
        self.assertEqual(self.rule(told, 'RP-01')['result'], 'not_looked_at')
        self.assertEqual(self.rule(told, 'CT-02')['result'], 'not_looked_at')
        done = run('trust', 'explain', self.now.pem('gm-unlisted'), self.now.pem('gm-no-sct'), '--at', self.now.at)
        self.assertEqual((done.status, done.err), (0, ''), done)
        self.assertIn('not looked at  RP-02', done.out)

    def test_a_policy_from_a_file(self):
        root = os.path.join(HERE, '..', '..', '..', 'policies')
        text = read(os.path.join(root, 'root-program.conf')).decode()
        self.assertIn('\nrule RP-06 not-secure', text)
        mild = write(self.now.path('mild.conf'), text.replace('\nrule RP-06 not-secure', '\nrule RP-06 warn'))
        told = self.explain('gm-no-aia', '--policy', mild, '--ct-policies', os.path.join(root, 'ct-policy.conf'))
        self.assertEqual((told['verdict'], self.rule(told, 'RP-06')['result']), ('secure', 'warn'))
        bad = write(self.now.path('bad.conf'), text + 'rule of-nobody warn\n')
        done = run('trust', 'explain', self.now.pem('gm-ov'), '--policy', bad)
        self.assertEqual((done.status, done.out), (2, ''))
        self.assertIn('line', done.err)

    def test_a_client_newer_than_its_bundle(self):
        """A rule that the bundle's policy does not name is not looked at; who gives the same text as a file is told."""
        text = read(os.path.join(HERE, '..', '..', '..', 'policies', 'root-program.conf')).decode()
        older = write(self.now.path('older.conf'), ''.join(line + '\n' for line in text.splitlines() if line.split()[1:2] != ['RP-06']))
        world = World(int(time.time()), older)
        self.addCleanup(world.scratch.cleanup)
        self.assertEqual(self.explain('gm-no-aia')['worst'], 'RP-06')
        told = self.explain('gm-no-aia', world=world)
        rule = self.rule(told, 'RP-06')
        self.assertEqual((told['verdict'], told['policy']['built_in']), ('secure', False))
        self.assertEqual((rule['result'], rule['effect'], rule['evidence'], rule['fix']), ('not_looked_at', 'off', 'the policy does not name it', None))
        self.assertEqual(self.explain('gm-no-sct', world=world)['worst'], 'CT-02')
        done = run('trust', 'explain', world.pem('gm-no-aia'), '--trust', world.trust, '--at', world.at, '--lang', 'zh')
        self.assertIn('the policy does not name it', done.out)
        done = run('trust', 'explain', self.now.pem('gm-ov'), '--policy', older)
        self.assertEqual((done.status, done.out), (2, ''))
        self.assertIn('no line `rule RP-06`', done.err)

    def test_names_and_purposes(self):
        self.assertEqual(self.explain('gm-ov', '--dns', NAME)['verdict'], 'secure')
        told = self.explain('gm-ov', '--dns', 'other.example.com')
        self.assertEqual((told['verdict'], told['level']), ('untrusted', None))
        self.assertIn('other.example.com', told['reason'] + json.dumps(told['rules']))
        self.assertEqual(self.explain('gm-ov', '--purpose', 'email')['verdict'], 'untrusted')
        told = self.explain('intranet')
        self.assertEqual((told['intranet'], told['purpose'], told['kind']), (True, 'tls-intranet', 'OV'))

    def test_words_for_people(self):
        done = run('trust', 'explain', self.now.pem('gm-no-aia'), '--trust', self.now.trust, '--at', self.now.at)
        for words in ('verdict        not secure: RP-06: ', '    FAIL           RP-06', 'to do: ', 'level          T3 (OV)', 'SCTs           1 of 1 good', 'Log 0 (Operator 0)'):
            self.assertIn(words, done.out)
        chinese = run('trust', 'explain', self.now.pem('gm-no-aia'), '--trust', self.now.trust, '--at', self.now.at, '--lang', 'zh')
        for words in ('结论           不安全: RP-06: ', '认证级别       T3 (OV)', '处理: ', '    不符合         RP-06'):
            self.assertIn(words, chinese.out)

    def test_chinese_lines_stand_one_below_the_other(self):
        done = run('trust', 'explain', self.now.pem('gm-no-aia'), '--trust', self.now.trust, '--at', self.now.at, '--lang', 'zh')
        names = ('结论', '认证级别', '策略', 'SCT', '规则')
        lines = [line for line in done.out.splitlines() if line.startswith('  ') and line.split()[0] in names]
        self.assertGreaterEqual(len(lines), 5)
        for line in lines:
            name = line.split()[0]
            value = line[2 + len(name):].lstrip()
            self.assertEqual(columns(line) - columns(value), 17, line)
        rules = [line for line in done.out.splitlines() if line.startswith('    ') and line.split()[0] in ('符合', '不符合', '未检查', '警告')]
        self.assertGreater(len(rules), 20)
        for line in rules:
            result = line.split()[0]
            self.assertEqual(columns(line) - columns(line[4 + len(result):].lstrip()), 19, line)

    def test_wrong_usage(self):
        good = self.now.pem('gm-ov')
        for options, words in (((), 'CERT'), ((good, '--lang', 'fr'), '--lang fr'), ((good, '--purpose', 'fun'), '--purpose fun'), ((good, '--trust', self.now.path('none')), '--trust'),
                               ((good, '--ct-policies', good), '--ct-policies'), ((good, '--log-list', good), '--log-list'), ((good, '--dns', 'a', '--ip', '1.2.3.4'), '--dns and --ip'),
                               ((good, '--ip', 'x'), '--ip x'), ((good, '--policy', self.now.path('none')), 'none'), ((good, '--at', 'noon'), '--at')):
            done = run('trust', 'explain', *options)
            self.assertEqual((done.status, done.out), (2, ''), (options, done))
            self.assertIn(words, done.err)
        done = run('trust', 'explain', write(self.now.path('garbage'), 'no certificate'))
        self.assertEqual(done.status, 1, done)
        spoiled = World(int(time.time()), write(self.now.path('spoiled.conf'), 'policy-format 1\nversion none\n'))
        self.addCleanup(spoiled.scratch.cleanup)
        done = run('trust', 'explain', good, '--trust', spoiled.trust)
        self.assertEqual((done.status, done.out), (2, ''))
        self.assertIn('the policy of the trust bundle', done.err)

    # ---- inspect ----

    def inspect(self, path, *options, status=0):
        done = run('inspect', '--json', path, *options)
        self.assertEqual(done.status, status, done)
        return json.loads(done.out)

    def test_inspect_shows_what_is_distributed(self):
        told = self.inspect(os.path.join(self.now.trust, 'trust.bundle'))
        self.assertEqual((told['kind'], told['policy']['version'], len(told['ct_logs'])), ('trust-bundle', 1, 6))
        self.assertEqual({log['suite'] for log in told['ct_logs']}, {'gm', 'intl'})
        root = os.path.join(HERE, '..', '..', '..', 'policies')
        told = self.inspect(os.path.join(root, 'root-program.conf'), '--at', str(BEFORE))
        self.assertEqual((told['kind'], told['settings']['length'], told['limits']['tls-lifetime']), ('program-policy', 'inclusive', str(398 * 86400)))
        told = self.inspect(os.path.join(root, 'ct-policy.conf'))
        self.assertEqual((told['kind'], [policy['name'] for policy in told['policies']]), ('ct-policy', ['chrome', 'apple', 'gm-browser', 'gm-intranet']))
        latest = write(self.now.path('latest'), 'trust-latest/v1\nversion 9\nissued 1763800000\nexpires 1764404800\nbundle 100 ' + 64 * 'a' + '\nrotation 3\ndelta 7 50\ndelta 8 40\n')
        told = self.inspect(latest)
        self.assertEqual((told['kind'], told['version'], told['rotations'], told['deltas']), ('trust-latest', 9, ['3'], ['from 7: 50 bytes', 'from 8: 40 bytes']))
        self.assertIn('line', self.inspect(write(self.now.path('latest'), 'trust-latest/v1\nversion 09\n'), status=1)['fault'])
        delta = b'trust-delta/v1.\n' + (7).to_bytes(8, 'big') + 32 * b'\x11' + b'\0\0\x02\x03x' + b'\0\0\0' + b'\0\0'
        told = self.inspect(write(self.now.path('delta'), delta))
        self.assertEqual((told['kind'], told['base_version'], told['steps_bytes'], told['signatures'], told['log_proof']), ('trust-delta', 7, 2, 0, 'none'))
        self.assertTrue(self.inspect(write(self.now.path('delta'), delta[:-1]), status=1)['fault'])

    # ---- verify ----

    def test_verify_judges_chains(self):
        """Trusted is one question, secure another: the second is asked with --policy-answer."""
        for name, (verdict, _, level) in self.now.rows.items():
            with self.subTest(name):
                chain = self.now.pem(name)
                done = run('verify', '--trust', self.now.trust, '--chain', chain, chain)
                self.assertEqual(done.status, 1 if verdict == 'untrusted' else 0, done)
                self.assertTrue(done.out.startswith(f'{chain}: ' + ('FAIL ' if verdict == 'untrusted' else 'OK classic: a chain of 3 certificates')), done.out)
                self.assertEqual(done.out.count('\n'), 1)
                done = run('verify', '--trust', self.now.trust, '--policy-answer', '--json', chain)
                told = json.loads(done.out)
                self.assertEqual((done.status, told['ok'], told['policy_answer']['verdict'], told['policy_answer']['level']), (0 if verdict == 'secure' else 1, verdict == 'secure', verdict, level))
                self.assertEqual((told['mode'], [key for key in ANSWER if key not in told['policy_answer']]), ('classic', []))
        done = run('verify', '--trust', self.now.trust, '--policy-answer', '--lang', 'zh', self.now.pem('gm-no-aia'))
        self.assertIn('FAIL 不安全: RP-06', done.out)
        self.assertIn('认证级别       T3 (OV)', done.out)

    def test_verify_has_purposes(self):
        chain = self.now.pem('gm-ov')
        self.assertEqual(run('verify', '--trust', self.now.trust, '--purpose', 'tls', chain).status, 0)
        for purpose in ('email', 'document', 'timestamp', 'e-invoice'):
            self.assertEqual(run('verify', '--trust', self.now.trust, '--purpose', purpose, chain).status, 1, purpose)
        self.assertEqual(run('verify', '--trust', self.now.trust, '--purpose', 'tls-intranet', self.now.pem('intranet')).status, 0)
        for options in (('--purpose', 'tls'), ('--policy-answer',)):
            done = run('verify', '--ca', chain, *options, chain)
            self.assertEqual((done.status, done.out), (2, ''))
            self.assertIn('goes with --trust', done.err)

    # ---- fetch ----

    def fetch(self, server, *options, status=0, language=None):
        done = run('fetch', f'https://{NAME}/', '--connect', server.address, '--trust', self.now.trust, '--json', *options)
        self.assertEqual(done.status, status, done)
        return json.loads(done.out)

    def serve(self, *names):
        return Server(self, self.now.folder, *[self.now.credential(name) for name in names])

    def test_fetch_each_verdict(self):
        for name, (verdict, _, level) in self.now.rows.items():
            with self.subTest(name):
                server = self.serve(name)
                told = self.fetch(server, status=0 if verdict == 'secure' else 1)
                self.assertEqual((told['verdict'], told['level']), (verdict, level), told['reason'])
                self.assertEqual([key for key in ANSWER if key not in told], [])
                # Who is not secure is visited all the same, as in a browser; who is untrusted is told nothing.
                self.assertEqual(told['status'], None if verdict == 'untrusted' else 200)
                self.assertEqual(server.stop(), [] if verdict == 'untrusted' else ['GET / HTTP/1.1'])

    def test_fetch_as_strict_as_asked(self):
        server = self.serve('gm-no-sct')
        told = self.fetch(server, '--policy-check', 'warn')
        self.assertEqual((told['verdict'], told['worst']), ('not_secure', 'CT-02'))
        self.assertIn('CT-02', told['reason'])
        told = self.fetch(server, '--policy-check', 'off')
        self.assertEqual((told['verdict'], told['level'], told['rules'], told['policy']), ('secure', None, [], None))
        done = run('fetch', f'https://{NAME}/', '--connect', server.address, '--trust', self.now.trust, '--output', '-')
        self.assertEqual((done.status, done.out), (1, 'hello world'))
        self.assertIn('not_secure: CT-02', done.err)
        for options, words in ((('--policy-check', 'maybe'), '--policy-check maybe'), (('--lang', 'de'), '--lang de')):
            done = run('fetch', f'https://{NAME}/', '--connect', server.address, '--trust', self.now.trust, *options)
            self.assertEqual((done.status, done.out), (2, ''))
            self.assertIn(words, done.err)

    def test_fetch_for_people(self):
        server = self.serve('gm-ev')
        base = ('fetch', f'https://{NAME}/', '--connect', server.address, '--trust', self.now.trust)
        done = run(*base)
        for words in ('verdict        secure: classic: ', 'level          T4 (EV)', 'organisation   Example Ltd', 'SCTs           1 of 1 good', '200 OK'):
            self.assertIn(words, done.out)
        self.assertNotIn('pass           RP-01', done.out)
        self.assertIn('pass           RP-01', run(*base, '--verbose').out)
        done = run(*base, '--lang', 'zh')
        for words in ('结论           安全: ', '认证级别       T4 (EV)', '单位           Example Ltd', '密码套件       TLS_SM4_GCM_SM3'):
            self.assertIn(words, done.out)

    def test_fetch_a_resumed_session(self):
        """What came beside the certificates is remembered: the second answer is the first one."""
        server = self.serve('gm-ov')
        done = run('fetch', f'https://{NAME}/', '--connect', server.address, '--trust', self.now.trust, '--json', '--resume')
        first, second = map(json.loads, done.out.splitlines())
        self.assertEqual((done.status, first['resumed'], second['resumed']), (0, False, True))
        for key in ('verdict', 'level', 'scts', 'rules'):
            self.assertEqual(first[key], second[key], key)


if __name__ == '__main__':
    unittest.main()
