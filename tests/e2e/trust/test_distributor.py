"""cathaya trust update --url: versions from a distributor, by deltas and with new keys, and a log of versions; and what somebody between the
distributor and a client, or the distributor himself, could try."""
import shutil
import signal
import threading

from trust_world import *

DAY = Publisher.DAY
MADE = {}


class Served(TrustTest):
    """Each test has a distributor with two sources: one root program before and after a change."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.count = 0

    def setUp(self):
        super().setUp()
        type(self).count += 1
        self.name = f'{type(self).__name__}-{self.count}'
        ca = self.first_ca()
        self.sources = [self.imported(f'{self.name}-source-{i}', ca, f'https://ca{i}.example/logs') for i in range(2)]
        self.distributor = Distributor(self.path(f'{self.name}-key'), self.path(f'{self.name}-www'))
        self.served = self.web(self.distributor.www)

    def first_ca(self):
        if type(self) not in MADE:
            MADE[type(self)] = self.made_ca('ca')
        return MADE[type(self)]

    def publish(self, **more):
        return self.distributor.publish(self.sources[self.distributor.version % 2], **more)

    def client(self, name='client', pins=None):
        folder = self.path(f'{self.name}-{name}')
        self.ok('trust', 'import', '--dir', folder, *(pins or self.distributor.pins()), '--bundle-url', self.served.url)
        return folder

    def take(self, folder, *words, says=''):
        done = run('trust', 'update', '--dir', folder, '--json', *words)
        self.assertEqual(done.status, 0, done)
        self.assertIn(says, done.err)
        if not says:
            self.assertEqual(done.err, '')
        return json.loads(done.out)

    def kept(self, folder):
        return {name: content for name, content in files_below(folder).items() if not name.startswith('evidence/')}

    def not_taken(self, folder, status, *says, words=()):
        before = self.kept(folder)
        done = run('trust', 'update', '--dir', folder, *words)
        self.assertEqual((done.status, done.out), (status, ''), done)
        for word in says:
            self.assertIn(word, done.err)
        self.assertEqual(self.kept(folder), before)
        return done

    def version(self, folder):
        return self.shown(folder)['version']


class Updates(Served):
    def test_deltas(self):
        self.publish()
        folder = self.client()
        first = self.take(folder)
        self.assertEqual((first['version'], first['before'], first['way'], first['log_of_versions']), (1, None, 'bundle', 'compared'))
        self.assertEqual(read(os.path.join(folder, 'trust.bundle')), read(self.distributor.file(1)))
        files = files_below(folder)
        again = self.take(folder)
        self.assertEqual((again['changed'], again['way'], files_below(folder)), (False, 'nothing', files))
        self.publish()
        self.publish()
        self.served.asked.clear()
        report = self.take(folder)
        self.assertEqual((report['version'], report['before'], report['way'], report['log_of_versions']), (3, 1, 'delta', 'compared'))
        self.assertEqual(self.served.asked, ['/latest', '/delta/1', '/log/tile/0/000.p/3'])
        # What came is what a whole one would have been.
        self.assertEqual(read(os.path.join(folder, 'trust.bundle')), read(self.distributor.file(3)))
        self.assertEqual(sorted(os.listdir(os.path.join(folder, 'held'))), ['3'])
        shown = self.shown(folder)
        self.assertEqual((shown['url'], shown['log_of_versions'], len(shown['keys'])),
                         (self.served.url, {'origin': Distributor.ORIGIN, 'size': 3}, 4))
        lines = self.ok('trust', 'show', '--dir', folder)
        for word in ('updates come from', 'keys in force', Distributor.ORIGIN):
            self.assertIn(word, lines)

    def test_url_of_the_command(self):
        self.publish()
        folder = self.path(f'{self.name}-client')
        self.ok('trust', 'import', '--dir', folder, *self.distributor.pins())
        self.assertEqual(self.take(folder, '--url', self.served.url + '/')['version'], 1)
        # Without a URL the logs are asked; and with one, when that is said.
        done = run('trust', 'update', '--dir', folder, '--logs')
        self.assertEqual((done.status, 'version' in done.out), (3, False), done)
        self.ok('trust', 'import', '--dir', folder, '--bundle-url', self.served.url)
        self.publish()
        self.assertEqual(self.take(folder)['version'], 2)
        for words in (('--url', self.served.url, '--logs'), ('--url', self.served.url, '--bundle', 'x'), ('--url', 'ftp://x')):
            self.not_taken(folder, 2, words=words)
        for url in ('ftp://x', 'https://', 'https://x?y', 'x'):
            self.assertEqual(run('trust', 'import', '--dir', folder, '--bundle-url', url).status, 2)

    def test_from_files(self):
        """Without a network: a whole one, and a delta; the log is compared later."""
        self.publish()
        folder = self.client()
        self.assertEqual(self.take(folder, '--bundle', self.distributor.file(1))['way'], 'file')
        self.publish()
        self.publish()
        report = self.take(folder, '--bundle', self.distributor.delta(1, 2, self.path(f'{self.name}.delta')))
        self.assertEqual((report['version'], report['log_of_versions']), (2, 'not-compared'))
        self.assertEqual(self.take(folder)['log_of_versions'], 'compared')
        done = run('trust', 'update', '--dir', self.client('empty'), '--bundle', self.path(f'{self.name}.delta'))
        self.assertEqual((done.status, 'no bundle that it could be applied to' in done.err), (1, True), done)

    def test_watch(self):
        self.publish()
        folder = self.client()
        self.take(folder)
        watch = subprocess.Popen([PROGRAM, 'trust', 'update', '--dir', folder, '--watch', '1', '--json'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            for version in (2, 3):
                self.publish()
                end = time.monotonic() + 60
                while self.version(folder) < version and time.monotonic() < end:
                    pass
                self.assertEqual(self.version(folder), version)
        finally:
            watch.send_signal(signal.SIGTERM)
            out, _ = watch.communicate(timeout=60)
        self.assertEqual(watch.returncode, 0)
        ways = [json.loads(line)['way'] for line in out.decode().splitlines()]
        self.assertEqual([way for way in ways if way != 'nothing'], ['delta', 'delta'])

    def test_nobody_there(self):
        self.publish()
        folder = self.client()
        self.take(folder)
        self.publish()
        for name in ('latest', 'log/tile/0/000.p/2'):
            path = os.path.join(self.distributor.www, name)
            content = read(path)
            os.remove(path)
            self.not_taken(folder, 3, 'status 404')
            write(path, content)
        self.assertEqual(self.take(folder)['version'], 2)
        self.served.stop()
        self.not_taken(folder, 3)
        self.webs.clear()

    def test_bounds(self):
        self.publish()
        folder = self.client()
        latest = read(os.path.join(self.distributor.www, 'latest'))
        self.served.spoil = lambda path, status, content: (status, content + b'delta 1 1\n' * 10000) if path == '/latest' else (status, content)
        self.not_taken(folder, 1, 'longer than')
        self.served.spoil = lambda path, status, content: (status, content + bytes(19 << 20)) if path == '/bundle' else (status, content)
        self.not_taken(folder, 1, 'longer than')
        self.served.spoil = lambda path, status, content: (302, content)
        self.not_taken(folder, 3, 'status 302')
        self.served.spoil = lambda path, status, content: (status, latest.replace(b'version', b'Version')) if path == '/latest' else (status, content)
        self.not_taken(folder, 1, 'latest, line 2')
        self.served.spoil = None
        self.assertEqual(self.take(folder)['version'], 1)


class SecondReading(Served):
    """tests/independent/bundle.py, which was written from the document, says the same."""
    PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'independent', 'bundle.py')

    def reads(self, folder, source, *words):
        done = subprocess.run([sys.executable, '-B', self.PROGRAM, source, '--keys', os.path.join(folder, 'trust.keys'), *words],
                              capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout

    def test_versions(self):
        for _ in range(5):
            self.publish()
        folder, d = self.client(), self.distributor
        for version in (1, 2, 3, 4, 5):
            self.assertEqual(self.reads(folder, d.file(version))[0], 0)
            self.take(folder, '--bundle', d.file(version))
        for base in (1, 2, 4):
            status, out = self.reads(folder, d.delta(base, 5), '--base', d.file(base))
            self.assertEqual((status, out.startswith('OK version 5,')), (0, True), out)
        self.assertEqual(self.reads(folder, d.delta(1, 5), '--base', d.file(2)), (1, 'FAIL it is from other contents\n'))
        bad = self.path(f'{self.name}-bad')
        for more, says in (({'has_proof': False}, 'no proof'), ({'origin': 'other.example/versions'}, 'another log'), ({'log_keys': d.keys[:1]}, 'no mldsa44'),
                           ({'keys': d.keys[:1], 'log_keys': d.keys}, 'no good mldsa44')):
            write(self.path(f'{self.name}-state'), read(d.state))
            d.make(bad, self.sources[1], 6, state=self.path(f'{self.name}-state'), **more)
            self.assertIn(says, self.reads(folder, bad)[1])
            self.not_taken(folder, 1, words=('--bundle', bad))


class Deltas(Served):
    """A delta can fail, and cannot make a client trust anything else."""

    def setUp(self):
        super().setUp()
        for _ in range(4):
            self.publish()
        self.folder = self.client()
        self.distributor.point(1)
        self.take(self.folder)
        self.distributor.point(4)
        self.path_of_delta = os.path.join(self.distributor.www, 'delta', '1')

    def falls_back(self, content, *says):
        write(self.path_of_delta, content)
        latest = os.path.join(self.distributor.www, 'latest')
        lines = [line for line in read(latest).decode().splitlines(True) if not line.startswith('delta 1 ')]
        at = next((i for i, line in enumerate(lines) if line.startswith('delta')), len(lines))
        write(latest, ''.join([*lines[:at], f'delta 1 {len(content)}\n', *lines[at:]]).encode())
        copy = self.path(f'{self.name}-copy')
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.folder, copy)
        report = self.take(copy, says='the whole bundle is asked for')
        self.assertEqual((report['version'], report['way']), (4, 'bundle'))
        self.assertEqual(read(os.path.join(copy, 'trust.bundle')), read(self.distributor.file(4)))

    def spliced(self, contents_of, signatures_of):
        """The contents of one version with the signatures and the proof of another."""
        parts = []
        for version in (contents_of, signatures_of):
            whole = read(self.distributor.file(version))
            end = 19 + int.from_bytes(whole[16:19], 'big')
            parts.append((whole[:end], whole[end:]))
        return parts[0][0] + parts[1][1]

    def test_of_another_base(self):
        other = read(self.distributor.delta(2, 4, self.path(f'{self.name}.delta')))
        self.falls_back(other)
        self.falls_back(other[:24] + read(self.path_of_delta)[24:56] + other[56:])  # with the hash of our base

    def test_of_other_signatures(self):
        good = read(self.distributor.file(4))
        mixed = [self.spliced(4, 3), self.spliced(3, 4), self.spliced(3, 3)]  # the last one is good, and not the newest
        for content in mixed:
            write(self.distributor.file(4), content)
            delta = read(self.distributor.delta(1, 4, self.path(f'{self.name}.delta')))
            write(self.distributor.file(4), good)
            self.falls_back(delta)

    def test_damaged(self):
        good = read(self.path_of_delta)
        for length in (0, 1, 56, len(good) // 2, len(good) - 1):
            self.falls_back(good[:length] or b'\0')
        for at in (0, 23, 40, 60, len(good) - 1):
            self.falls_back(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
        self.falls_back(read(self.distributor.file(4))[:-1])  # not a delta
        # Longer than is said: it is cut.
        self.served.spoil = lambda path, status, content: (status, content + bytes(1000)) if path == '/delta/1' else (status, content)
        self.falls_back(good)

    def test_that_goes_back(self):
        """A good delta to an older version than the one that is held, put where the newest ought to be."""
        self.assertEqual(self.take(self.folder)['version'], 4)
        self.publish()
        write(os.path.join(self.distributor.www, 'delta', '4'), read(self.distributor.delta(4, 2, self.path(f'{self.name}.delta'))))
        self.assertEqual(self.take(self.folder, says='version 2 is older than version 4')['version'], 5)


class Replay(Served):
    def test_rollback(self):
        for _ in range(3):
            self.publish()
        folder = self.client()
        self.take(folder)
        self.distributor.point(2)
        self.not_taken(folder, 1, 'version 2 is older than version 3')
        # Whoever says 4, and has the second one.
        self.publish()
        write(os.path.join(self.distributor.www, 'bundle'), read(self.distributor.file(2)))
        latest = os.path.join(self.distributor.www, 'latest')
        write(latest, b''.join(line for line in read(latest).splitlines(True) if not line.startswith(b'delta')))
        self.not_taken(folder, 1, 'version 2 is older than version 3')
        write(os.path.join(self.distributor.www, 'bundle'), read(self.distributor.file(3)))
        self.not_taken(folder, 1, 'it is version 3, and `latest` says 4')

    def test_freeze(self):
        """Somebody serves what there was: it is said from half of its time on, and ends by itself."""
        self.publish(issued=-4 * DAY, expires=3 * DAY)
        folder = self.client()
        report = self.take(folder, says='4 days old, and nothing newer has come')
        self.assertIn('nothing newer', report['warning'])
        report = self.take(folder, says='nothing newer has come')
        self.assertEqual((report['changed'], report['age_s'] // DAY), (False, 4))
        self.publish(issued=-9 * DAY, expires=-2 * DAY)
        self.not_taken(folder, 1, 'expired at')
        self.publish(issued=-3 * DAY, expires=4 * DAY)
        self.assertIsNone(self.take(folder)['warning'])
        # What is held is over, and he goes on to say that there is nothing else.
        late = self.client('late')
        write(os.path.join(late, 'trust.bundle'), read(self.distributor.file(2)))
        self.distributor.point(2)
        self.not_taken(late, 1, 'nothing newer than version 2', 'expired at')
        self.distributor.point(3)
        self.assertEqual(self.take(late)['version'], 3)

    def test_expired(self):
        """What remains: roots, CAs with all their cosignatures, what is revoked; no landmarks. For 70 days."""
        ca = self.made_ca('expiring', ca_id='32473.9')
        source = self.imported(f'{self.name}-with-landmarks', ca, self.web(ca.path('public')).url)
        standalone, landmark = ca.certificate(3), ca.certificate(3, '--landmark')
        self.distributor.publish(source, expires=DAY)
        folder = self.client()
        self.take(folder)
        self.update_logs(folder)
        self.assertEqual([self.verify_trust(folder, path).status for path in (standalone, landmark)], [0, 0])
        end = self.distributor.expires

        def at(time):
            return run('trust', 'show', '--dir', folder, '--json', '--at', str(time))

        self.assertGreater(json.loads(at(end).out)['trusted_subtrees'], 0)
        for time in (end + 1, end + 70 * DAY):
            done = at(time)
            shown = json.loads(done.out)
            self.assertEqual((done.status, shown['expired'], shown['trusted_subtrees'], shown['gm_trust_anchors']), (0, True, 0, ['32473.9']))
            self.assertIn('landmarks are not used', done.err)
        done = at(end + 70 * DAY + 1)
        self.assertEqual((done.status, done.out), (2, ''), done)
        self.assertIn('expired at', done.err)
        # And for whoever connects or verifies: at a moment when the certificates are still good.
        later = [self.verify_trust(folder, path, '--at', str(end + 60)) for path in (standalone, landmark)]
        self.assertEqual([done.status for done in later], [0, 1])
        for done in later:
            self.assertIn('landmarks are not used', done.err)
        # A newer one brings them back.
        self.distributor.publish(source)
        self.take(folder)
        self.assertEqual(self.verify_trust(folder, landmark).status, 0)

    def update_logs(self, folder):
        self.assertEqual(run('trust', 'update', '--dir', folder, '--logs').status, 0)


class Keys(Served):
    def rotated(self):
        """Versions 1 to 5; keys change with 2 and with 4."""
        d = self.distributor
        self.generations = [d.keys, d.new_keys('second'), d.new_keys('third')]
        self.first_pins = d.pins()
        self.publish()
        self.publish(next_keys=self.generations[1])
        self.publish()
        self.publish(next_keys=self.generations[2])
        self.publish()

    def test_rotations_in_order(self):
        self.rotated()
        folder = self.client(pins=self.first_pins)
        self.assertEqual(self.take(folder, '--bundle', self.distributor.file(1))['version'], 1)
        self.served.asked.clear()
        report = self.take(folder)
        self.assertEqual((report['version'], report['before'], report['rotations']), (5, 1, 2))
        self.assertEqual([path for path in self.served.asked if 'tile' not in path], ['/latest', '/bundles/2', '/bundles/4', '/delta/4'])
        self.assertEqual(self.version(folder), 5)
        # The next ones go on from there.
        self.publish()
        self.assertEqual(self.take(folder)['way'], 'delta')
        files = self.kept(folder)
        self.assertIn('nothing new', self.ok('trust', 'import', '--dir', folder, *self.first_pins))
        self.assertEqual(self.kept(folder), files)

    def test_rotations_that_have_expired(self):
        """A client that comes back after a long time: the versions on the way are over, the newest is not."""
        d = self.distributor
        second = d.new_keys('second')
        self.publish(issued=-30 * DAY, expires=-23 * DAY)
        pins = d.pins()
        self.publish(issued=-20 * DAY, expires=-13 * DAY, next_keys=second)
        self.publish()
        folder = self.client(pins=pins)
        self.assertEqual(self.take(folder)['version'], 3)
        # An expired one as the last word is none.
        late = self.client('late', pins=pins)
        d.point(2)
        self.not_taken(late, 1, 'expired at')

    def test_first_one_after_rotations(self):
        """Pins of any generation lead to the newest version."""
        self.rotated()
        for number, keys in enumerate(self.generations):
            self.distributor.keys = keys
            folder = self.client(f'generation-{number}', pins=self.distributor.pins())
            report = self.take(folder)
            self.assertEqual((report['version'], report['rotations']), (5, 2 - number))
        self.distributor.keys = self.distributor.new_keys('nobodys')
        self.not_taken(self.client('nobody', pins=self.distributor.pins()), 1, 'no good sm2_sm3 signature of a key in force')

    def test_another_version_in_place_of_a_rotation(self):
        """One answer that leads nowhere ends the round: it is not asked for again and again."""
        self.rotated()
        folder, nobody = self.client(pins=self.first_pins), self.client('nothing', pins=self.first_pins)
        self.take(folder, '--bundle', self.distributor.file(1))
        rotation = f'/bundles/{self.distributor.rotations[0]}'
        asked = []

        def older(path, status, content):
            if path == rotation:
                asked.append(path)
                return (200, read(self.distributor.file(1))) if len(asked) < 20 else (500, b'')
            return status, content
        self.served.spoil = older
        self.not_taken(folder, 1, 'it is version 1')
        self.assertEqual(len(asked), 1)
        self.not_taken(nobody, 1)
        self.served.spoil = None
        self.assertEqual((self.take(folder)['version'], self.take(nobody)['version']), (5, 5))

    def test_without_the_rotation(self):
        """A delta or a bundle that jumps over new keys is signed by nobody that the client knows."""
        self.rotated()
        folder = self.client(pins=self.first_pins)
        self.take(folder, '--bundle', self.distributor.file(1))
        for source in (self.distributor.file(3), self.distributor.file(5), self.distributor.delta(1, 5)):
            self.not_taken(folder, 1, 'no good', words=('--bundle', source))
        self.take(folder, '--bundle', self.distributor.file(2))
        self.not_taken(folder, 1, 'no good', words=('--bundle', self.distributor.file(5)))
        for version in (3, 4, 5):
            self.assertEqual(self.take(folder, '--bundle', self.distributor.file(version))['version'], version)

    def test_removed_keys(self):
        self.rotated()
        folder = self.client(pins=self.first_pins)
        self.take(folder)
        d = self.distributor
        for keys in self.generations[:2]:
            path = d.make(self.path(f'{self.name}-removed'), self.sources[0], 6, keys=keys, state=self.copy_of_state())
            self.not_taken(folder, 1, 'no good sm2_sm3 signature of a key in force', words=('--bundle', path))
        # Old keys under the bundle, new ones under the checkpoint; and the other way round.
        old, new = self.generations[1:]
        path = d.make(self.path(f'{self.name}-removed'), self.sources[0], 6, keys=old, log_keys=new, state=self.copy_of_state())
        self.not_taken(folder, 1, 'no good', words=('--bundle', path))
        path = d.make(self.path(f'{self.name}-removed'), self.sources[0], 6, keys=new, log_keys=old, state=self.copy_of_state())
        self.not_taken(folder, 1, 'log of versions', words=('--bundle', path))
        self.assertEqual(self.version(folder), 5)

    def copy_of_state(self):
        path = self.path(f'{self.name}-state')
        write(path, read(self.distributor.state))
        return path

    def test_bad_rotations(self):
        d = self.distributor
        self.publish()
        folder = self.client()
        self.take(folder)
        new, path = d.new_keys('new'), self.path(f'{self.name}-bad')
        # By one algorithm, or by the new keys themselves.
        for keys in (d.keys[:1], d.keys[1:], new, (d.keys[0], new[1])):
            d.make(path, self.sources[0], 2, keys=keys, log_keys=d.keys, next_keys=new, state=self.copy_of_state())
            self.not_taken(folder, 1, 'no good', words=('--bundle', path))
        # To less than both algorithms.
        for keys in (new[:1], new[1:]):
            d.make(path, self.sources[0], 2, next_keys=keys, state=self.copy_of_state())
            self.not_taken(folder, 1, 'keys for later versions', words=('--bundle', path))
        self.publish(next_keys=new)
        self.publish()
        self.assertEqual(self.take(folder)['version'], 3)


class Log(Served):
    def test_proofs(self):
        d, path = self.distributor, self.path('proofs.bundle')
        self.publish()
        folder = self.client()
        self.take(folder)
        self.publish()
        other = self.path(f'{self.name}-other-state')

        def offered(**more):
            write(other, read(d.state)[:104])
            d.make(path, self.sources[1], 2, state=other, **more)
            return '--bundle', path

        self.not_taken(folder, 1, 'without a proof', words=offered(has_proof=False))
        self.not_taken(folder, 1, 'of another log', words=offered(origin='other.example/versions'))
        self.not_taken(folder, 1, 'of the log of versions on its checkpoint', words=offered(log_keys=d.new_keys('no')))
        self.not_taken(folder, 1, 'mldsa44', words=offered(log_keys=d.keys[:1]))
        # A log that has something else in this place.
        write(other, read(d.state)[:104] + bytes(104))
        d.make(path, self.sources[1], 2, state=other)
        self.not_taken(folder, 1, 'root', words=('--bundle', path))
        self.assertEqual(self.take(folder)['version'], 2)

    def forked(self):
        """Version 1 for both, then two histories: version 2 of the fork is another one."""
        self.publish()
        fork = self.distributor.fork(self.path(f'{self.name}-fork'), self.path(f'{self.name}-fork-www'))
        self.publish()
        fork.publish(self.sources[0])
        self.publish()
        fork.publish(self.sources[1])
        return fork, self.web(fork.www)

    def proves(self, folder):
        folder = os.path.join(folder, 'evidence')
        files = [name for name in os.listdir(folder) if name.endswith('.evidence')]
        self.assertTrue(files)
        for name in files:
            self.assertEqual(run('evidence', 'verify', os.path.join(folder, name)).status, 0)

    def test_fork(self):
        fork, web = self.forked()
        folder = self.client()
        self.take(folder, '--bundle', self.distributor.file(2))
        self.not_taken(folder, 1, 'the log of versions was another one', 'proves it', words=('--url', web.url))
        self.proves(folder)
        self.assertEqual(self.take(folder)['version'], 3)

    def test_fork_at_one_size(self):
        """Version 2 as the fork has it, at the checkpoint that is held: no tiles are needed."""
        fork, web = self.forked()
        folder = self.client()
        self.take(folder, '--bundle', self.distributor.file(2))
        self.not_taken(folder, 1, 'another root', words=('--bundle', fork.file(2)))
        self.proves(folder)

    def test_fork_by_a_delta(self):
        """A proven lie ends the round, however it came: the whole bundle would hide it."""
        fork, _ = self.forked()
        d, folder = self.distributor, self.client()
        self.take(folder, '--bundle', d.file(2))
        path = os.path.join(d.www, 'delta', '2')
        subprocess.run([d.PROGRAM, 'delta', d.file(2), '2', fork.file(2), path], check=True, timeout=60)
        latest = os.path.join(d.www, 'latest')
        lines = read(latest).decode().splitlines(True)
        write(latest, ''.join(f'delta 2 {len(read(path))}\n' if line.startswith('delta 2 ') else line for line in lines).encode())
        self.not_taken(folder, 1, 'another root')
        self.proves(folder)
        d.point(3)
        self.assertEqual(self.take(folder)['version'], 3)

    def test_two_contents_of_one_version(self):
        """Pinned without a log of versions: two bundles are the evidence."""
        fork, _ = self.forked()
        folder = self.path(f'{self.name}-client')
        self.ok('trust', 'import', '--dir', folder, *Publisher.pins(self.distributor))
        self.take(folder, '--bundle', self.distributor.file(2))
        self.not_taken(folder, 1, 'other contents', 'two bundles of one version', words=('--bundle', fork.file(2)))
        kept = os.path.join(folder, 'evidence')
        self.assertEqual(sorted(read(os.path.join(kept, name)) for name in os.listdir(kept) if name.endswith('.bundle')),
                         sorted([read(self.distributor.file(2)), read(fork.file(2))]))
        self.proves(folder)

    def test_fork_offline(self):
        """What was taken without a network is compared with the first one that comes by it."""
        fork, web = self.forked()
        folder = self.client()
        self.take(folder, '--bundle', self.distributor.file(1))
        self.assertEqual(self.take(folder, '--bundle', fork.file(2))['log_of_versions'], 'not-compared')
        self.not_taken(folder, 1, 'the log of versions was another one')
        self.proves(folder)

    def test_spoiled_tiles(self):
        self.publish()
        folder = self.client()
        self.take(folder)
        self.publish()
        for spoiled in (b'', bytes(64), bytes(63), bytes(96)):
            self.served.spoil = lambda path, status, content: (status, spoiled) if 'tile' in path else (status, content)
            self.not_taken(folder, 1)
        self.served.spoil = None
        self.assertEqual(self.take(folder)['version'], 2)


class Crash(Served):
    def test_between_the_writes(self):
        """Files are written one after the other; after each of them the directory can be read and updated."""
        d = self.distributor
        second = d.new_keys('second')
        pins = d.pins()
        self.publish()
        self.publish(next_keys=second)
        self.publish()
        folder = self.client(pins=pins)
        states = []
        for version in (1, 2, 3):
            self.take(folder, '--bundle', d.file(version))
            states.append(self.kept(folder))
        for before, after in zip([{k: v for k, v in states[0].items() if k in ('trust.keys', 'trust.url')}, *states], states):
            new = [name for name in after if name.startswith('held/')]
            for written in (new, [*new, 'trust.bundle'], [*new, 'trust.bundle', 'sweep']):
                torn = self.path(f'{self.name}-torn')
                shutil.rmtree(torn, ignore_errors=True)
                files = {**before, **{name: after[name] for name in written if name in after}}
                if 'sweep' in written:
                    files = {name: content for name, content in files.items() if name in after}
                for name, content in {**files, 'held/.tmp': b'half', 'lock': b''}.items():
                    os.makedirs(os.path.dirname(os.path.join(torn, name)), exist_ok=True)
                    write(os.path.join(torn, name), content)
                if 'trust.bundle' in files:
                    self.assertEqual(self.version(torn), 1 + [state['trust.bundle'] for state in states].index(files['trust.bundle']))
                self.assertEqual(self.take(torn)['version'], 3)

    def test_read_while_it_changes(self):
        """A reader gets one version or the other: what it has begun to read may be swept away under it."""
        d = self.distributor
        self.publish()
        folder = self.client()
        self.publish(next_keys=d.new_keys('next'))
        states = []
        for _ in range(2):
            self.publish()
            self.take(folder)
            version = d.version
            states.append((version, read(os.path.join(folder, 'trust.bundle')), read(os.path.join(folder, 'held', str(version)))))
        stopping = threading.Event()

        def write_on():
            """As trust_accept.c does it: held/N, the bundle, then the sweep."""
            while not stopping.is_set():
                for (version, bundle, held), (other, _, _) in (states, reversed(states)):
                    for name, content in ((f'held/{version}', held), ('trust.bundle', bundle)):
                        os.replace(write(self.path(f'{self.name}-aside'), content), os.path.join(folder, name))
                    os.unlink(os.path.join(folder, 'held', str(other)))
        writer = threading.Thread(target=write_on)
        writer.start()
        try:
            done = [run('trust', 'show', '--dir', folder) for _ in range(150)]
        finally:
            stopping.set()
            writer.join()
        self.assertEqual([one for one in done if one.status != 0], [])

    def test_killed(self):
        """At any moment: what is there is one version or the next, and the next update goes on."""
        folder = self.client()
        for round_ in range(12):
            self.publish()
            updater = subprocess.Popen([PROGRAM, 'trust', 'update', '--dir', folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                updater.wait(round_ * 0.004)
            except subprocess.TimeoutExpired:
                updater.kill()
            updater.wait(30)
            if os.path.exists(os.path.join(folder, 'trust.bundle')):
                self.assertIn(self.version(folder), range(1, self.distributor.version + 1))
        self.assertEqual(self.take(folder)['version'], self.distributor.version)

    def test_damaged(self):
        self.publish()
        folder = self.client()
        self.take(folder)
        self.publish()
        for name in ('held/1', 'trust.keys', 'trust.url', 'trust.bundle'):
            path = os.path.join(folder, name)
            whole = read(path)
            write(path, b'x' + whole)
            self.not_taken(folder, 2, name)
            write(path, whole)
        self.assertEqual(self.take(folder)['version'], 2)


if __name__ == '__main__':
    unittest.main()
