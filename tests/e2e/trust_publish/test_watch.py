"""cathaya monitor run with a `trust` block: a distributor is watched, honest, forked, with landmarks that no log has, silent;
its log of website identities grows, is rewritten, and hidden."""
import shutil
import signal
import time

from publish_world import *


class Watcher:
    """A running `cathaya monitor run` that looks every second."""

    def __init__(self, test, name, keys, url, ca=None, log_url=None, more=''):
        self.folder = test.path(name)
        os.makedirs(self.folder, exist_ok=True)
        write(os.path.join(self.folder, 'watch.txt'), b'domain nothing.invalid\n')
        key = ', '.join(f'"{keys}/{alg}.pub.pem"' for alg in ALGORITHMS)
        log_key = ', '.join(f'"{keys}/{alg}.vkey"' for alg in ALGORITHMS)
        log = f'log "ca" {{ kind = "mtc"  ca = "{ca.pem}"  url = "{log_url}/1" }}\n' if ca else ''
        text = (f'directory = "state"\nlisten = {{"127.0.0.1:0"}}\nadmin-listen = "127.0.0.1:0"\ninterval-ms = 200\nwatch-list = "watch.txt"\n'
                f'{log}trust "program" {{ url = "{url}"  key = {{{key}}}  log-key = {{{log_key}}}  interval = 1 {more} }}\n'
                'action { jsonl = "alerts.jsonl" }\n')
        self.config = write(os.path.join(self.folder, 'monitor.conf'), text.encode())
        self.process = None

    def start(self):
        self.process = subprocess.Popen([PROGRAM, 'monitor', 'run', '--config', self.config], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.strip() == 'ready':
                return self
        raise AssertionError(self.process.communicate()[1])

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.communicate(timeout=60)

    def status(self):
        done = run('monitor', 'status', '--config', self.config, '--json')
        return {log['name']: log for log in json.loads(done.out)['logs']}['program'] if done.status == 0 else {}

    def findings(self):
        path = os.path.join(self.folder, 'alerts.jsonl')
        lines = read(path).decode().splitlines() if os.path.exists(path) else []
        return [json.loads(line) for line in lines]

    def wait(self, what):
        end = time.monotonic() + 30
        while not what():
            if time.monotonic() > end:
                raise AssertionError((self.status(), self.findings()))
            time.sleep(0.1)

    def told(self, word):
        self.wait(lambda: any(word in json.dumps(line) for line in self.findings()))


class Watch(PublishTest):
    def watcher(self, *words, **more):
        watcher = Watcher(self, *words, **more)
        self.addCleanup(watcher.stop)
        return watcher.start()

    def test_an_honest_one(self):
        ca, web, config, keys, published = self.world('honest')
        self.build(config)
        watcher = self.watcher('honest-monitor', keys, published.url, ca=ca, log_url=web.url)
        watcher.wait(lambda: watcher.status().get('tree_size') == 1)
        self.grow(ca, 3)
        self.build(config)
        watcher.wait(lambda: watcher.status().get('tree_size') == 2)
        # Keys change, and the watcher goes along; also over a restart.
        new = self.keys('honest-new')
        registry = self.path('honest', 'registry')
        self.config('honest', registry, self.key_lines(keys, retiring=True) + self.key_lines(new))
        self.build(config)
        watcher.wait(lambda: watcher.status().get('tree_size') == 3)
        watcher.stop()
        self.config('honest', registry, self.key_lines(new))
        self.build(config)
        self.grow(ca, 2)
        self.build(config)
        watcher.start()
        watcher.wait(lambda: watcher.status().get('tree_size') == 5)
        self.assertEqual(watcher.findings(), [])

    def test_two_histories(self):
        ca, web, config, keys, published = self.world('forked')
        self.build(config)
        shutil.copytree(self.path('forked'), self.path('forked-copy'))
        watcher = self.watcher('forked-monitor', keys, published.url)
        self.build(config)
        watcher.wait(lambda: watcher.status().get('tree_size') == 2)
        # Whoever has the keys goes on from the same state, for others.
        self.grow(ca, 2)
        other = self.config('forked-copy', self.path('forked', 'registry'), self.key_lines(keys))
        self.build(other)
        published.folder = self.path('forked-copy', 'www')
        watcher.told('split-view')
        watcher.told('version-contents')
        self.build(other)
        watcher.told('not-a-prefix')
        folder = os.path.join(watcher.folder, 'state', 'evidence')
        proven = [run('evidence', 'verify', '--json', os.path.join(folder, name)) for name in os.listdir(folder)]
        self.assertEqual({json.loads(done.out)['kind'] for done in proven if done.status == 0}, {'two-roots', 'not-a-prefix', 'two-versions'}, proven)
        self.assertEqual(watcher.status()['tree_size'], 2)

    def test_landmarks_that_no_log_has(self):
        """The distributor was told another history of the log than the monitor sees."""
        ca, web, config, keys, published = self.world('landmarks')
        self.build(config)
        shutil.copytree(ca.dir, self.path('landmarks-fork'))
        fork = Ca(self, self.path('landmarks-fork'))
        honest = self.web(ca.path('public'))
        watcher = self.watcher('landmarks-monitor', keys, published.url, ca=ca, log_url=honest.url)
        watcher.wait(lambda: watcher.status().get('tree_size') == 1)
        self.grow(ca, 4)
        fork.issue(*[self.csr('sm2', f'{name}.example.com') for name in 'abcd'])
        fork.landmark()
        time.sleep(0.5)
        web.folder = fork.path('public')
        self.build(config)
        watcher.told('version-landmark')

    def test_a_landmark_that_is_another_one_later(self):
        """What was looked at once is looked at again when it has changed; also behind a log that does not answer."""
        ca, web, config, keys, published = self.world('changed')
        shutil.copytree(ca.dir, self.path('changed-fork'))
        fork = Ca(self, self.path('changed-fork'))
        self.grow(ca, 4)
        fork.issue(*[self.csr('sm2', f'{name}.example.com') for name in 'abcd'])
        fork.landmark()
        self.build(config)
        watcher = self.watcher('changed-monitor', keys, published.url, ca=ca, log_url=web.url)
        watcher.wait(lambda: watcher.status().get('tree_size') == 1)
        self.build(config)
        watcher.wait(lambda: watcher.status().get('tree_size') == 2)
        self.assertEqual(watcher.findings(), [])
        # What somebody has learned who was lied to takes the place of what this one holds.
        other = self.config('changed-other', self.path('changed', 'registry'), self.key_lines(keys))
        honest, web.folder = web.folder, fork.path('public')
        self.build(other)
        web.folder = honest
        shutil.rmtree(self.path('changed', 'state', 'held'))
        shutil.copytree(self.path('changed-other', 'state', 'held'), self.path('changed', 'state', 'held'))
        self.build(config, 1)  # it says that the log and what is held are two
        watcher.wait(lambda: watcher.status().get('tree_size') == 3)
        watcher.told('version-landmark')

    def identity(self, name, signer, serial, domain, registry):
        """A record for a domain, signed and taken by the curator."""
        entry = self.path(name, f'{serial}.entry')
        self.ok('trust', 'identity', 'sign', '--key', f'{signer}/sm2_sm3.pem', '--alg', 'sm2_sm3', '--serial', str(serial), '--domain', domain,
                '--country', 'CN', '--registration', '9XX', '--level', '3', '--name-zh', '示例公司', '--out', entry)
        self.ok('trust', 'identity', 'add', '--registry', registry, entry)

    def test_website_identities(self):
        ca, web, config, keys, published = self.world('named')
        registry, signer = self.path('named', 'registry'), self.keys('named-signer')
        os.makedirs(os.path.join(registry, 'identity-signers'), exist_ok=True)
        write(os.path.join(registry, 'identity-signers/one.pem'), read(f'{signer}/sm2_sm3.pub.pem'))
        write(os.path.join(registry, 'identity-signers/one.conf'),
              b'name "one"\noperator example\nalgorithm sm2_sm3\nlevel-max 4\nstate accepted 2020-01-01 "test"\n')
        self.identity('named', signer, 1, 'other.example', registry)
        self.build(config)
        watcher = self.watcher('named-monitor', keys, published.url)
        watcher.wait(lambda: watcher.status().get('tree_size') == 1)
        shutil.copytree(registry, self.path('named-fork'))
        self.identity('named', signer, 2, 'nothing.invalid', registry)
        self.build(config)
        # Somebody says who the watched domain is; what nobody watches is not told.
        watcher.told('identity')
        line, = watcher.findings()
        self.assertEqual((line['event'], line['index'], line['names'], line['subject'], line['registration'], line['level'], line['watch']),
                         ('identity', 1, ['nothing.invalid'], '示例公司', 'CN 9XX', 'T3', ['domain nothing.invalid']))
        # Over a restart, and with versions that have nothing new, the text is not fetched again.
        def asked():
            return published.asked.count('/identity-log')
        self.assertEqual(asked(), 2)
        watcher.stop()
        self.build(config)
        watcher.start()
        watcher.wait(lambda: watcher.status().get('tree_size') == 3)
        self.assertEqual((asked(), len(watcher.findings())), (2, 1))
        # It grows, and is not there; then it is.
        published.spoil = lambda path, status, content: (404, b'') if path == '/identity-log' else (status, content)
        self.identity('named', signer, 3, 'third.example', registry)
        self.build(config)
        watcher.told('identities-missing')
        published.spoil = None
        before = asked()
        watcher.wait(lambda: asked() > before)
        # Its lines are others than what was signed.
        published.spoil = lambda path, status, content: (status, b''.join(content.splitlines(True)[::-1]) if path == '/identity-log' else content)
        self.identity('named', signer, 4, 'fourth.example', registry)
        self.build(config)
        watcher.told('version-identities')
        published.spoil = None
        # Whoever has the keys goes on from the log of before, and leaves an entry out. Our own program does that only when it does not know
        # what it has published.
        os.unlink(self.path('named', 'www', 'bundle'))
        for serial in range(5, 9):
            self.identity('named', signer, serial, f'site{serial}.example', self.path('named-fork'))
        self.config('named', self.path('named-fork'), self.key_lines(keys))
        self.build(config)
        watcher.told('identities-rewritten')

    def test_what_is_not_signed(self):
        ca, web, config, keys, published = self.world('unsigned')
        self.build(config)
        watcher = self.watcher('unsigned-monitor', self.keys('unsigned-others'), published.url)
        watcher.told('bad-version')

    def test_a_silent_one(self):
        ca, web, config, keys, published = self.world('silent')
        self.build(config)
        watcher = self.watcher('silent-monitor', keys, published.url, more='late = 1')
        watcher.told('version-late')


if __name__ == '__main__':
    unittest.main()
