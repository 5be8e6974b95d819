"""cathaya trust build: versions of a bundle from a registry and real logs, and clients that take them."""
import shutil
import signal
import time

from publish_world import *


class Build(PublishTest):
    def test_from_curator_to_client(self):
        ca, web, config, keys, published = self.world('whole')
        first = self.build(config)
        self.assertEqual((first['version'], first['deltas'], first['landmarks']), (1, [], 1))
        self.assertEqual((first['logs'][0]['status'], first['logs'][0]['new_landmarks']), ('ok', 1))
        self.assertEqual(first['bundle_bytes'], len(read(self.path('whole', 'www', 'bundle'))))
        client = self.client('whole-client', keys, published.url)
        self.taken(client)
        self.assertEqual(self.landmarks(client), 1)
        # An hour later: one more landmark, and the client takes a delta.
        self.grow(ca, 4)
        second = self.build(config)
        self.assertEqual((second['version'], second['logs'][0]['new_landmarks'], second['landmarks']), (2, 1, 2))
        self.assertEqual([delta['from'] for delta in second['deltas']], [1])
        published.asked.clear()
        self.taken(client)
        self.assertEqual(self.landmarks(client), 2)
        self.assertIn('/delta/1', published.asked)
        self.assertNotIn('/bundle', published.asked)
        self.assertLess(second['deltas'][0]['bytes'], second['bundle_bytes'])
        # Certificates relative to it are good by this trust alone.
        done = self.verify_trust(client, ca.certificate(7, '--landmark'))
        self.assertEqual(done.status, 0, done)

    def test_evidence_of_a_fork(self):
        ca, web, config, keys, published = self.world('fork')
        self.build(config)
        client = self.client('fork-client', keys, published.url)
        self.taken(client)
        shutil.copytree(ca.dir, self.path('fork-copy'))
        fork = Ca(self, self.path('fork-copy'))
        self.grow(ca, 2)
        self.build(config)
        # The log goes on with another history, signed by its own key.
        fork.issue(*[self.csr('sm2', f'{name}.example.com') for name in 'abc'])
        fork.landmark()
        self.grow(fork, 3)
        web.folder = fork.path('public')
        report = self.build(config, 1)
        log = report['logs'][0]
        self.assertEqual((report['version'], log['status'], report['landmarks']), (3, 'refused', 2))
        done = run('evidence', 'verify', '--json', self.path('fork', 'state', log['evidence']))
        self.assertEqual((done.status, json.loads(done.out)['proven']), (0, True), done)
        self.taken(client)
        self.assertEqual(self.landmarks(client), 2)

    def test_a_ca_that_is_down_for_weeks(self):
        ca, web, config, keys, published = self.world('down')
        self.build(config)
        client = self.client('down-client', keys, published.url)
        self.taken(client)
        web.spoil = lambda path, status, content: (503, b'')
        report = self.build(config, 3)
        self.assertEqual((report['version'], report['logs'][0]['status'], report['landmarks']), (2, 'away', 1))
        self.taken(client)
        self.assertEqual(self.landmarks(client), 1)

    def test_a_mirror_in_place_of_the_ca(self):
        ca = self.made_ca('mirrored-ca')
        mirror = self.web(ca.path('public'))
        registry = self.registry('mirrored', (ca, ['http://127.0.0.1:1', mirror.url], ()))
        keys = self.keys('mirrored-keys')
        config = self.config('mirrored', registry, self.key_lines(keys))
        report = run('trust', 'build', '--config', config, '--json')
        self.assertEqual(json.loads(report.out)['landmarks'], 1, report)

    def test_what_is_revoked(self):
        """The registry's own ranges, at once; those of a log's file are the unit tests' matter and e2e/trust_revocations'."""
        ca, web, config, keys, published = self.world('revoked')
        self.build(config)
        client = self.client('revoked-client', keys, published.url)
        self.taken(client)
        certificate = ca.certificate(3, '--landmark')
        done = self.verify_trust(client, certificate)
        self.assertEqual(done.status, 0, done)
        serial = 1 << 48 | 3
        self.admit(self.path('revoked', 'registry'), ca, [web.url], more=[f'revoked {serial:x} {serial:x} "key lost"'])
        report = self.build(config)
        self.assertEqual(report['revoked_ranges'], 1)
        self.taken(client)
        self.assertIn('revoked', self.verify_trust(client, certificate).out)

    def test_new_keys(self):
        ca, web, config, old, published = self.world('rotation')
        self.build(config)
        client, late = self.client('rotation-client', old, published.url), self.client('rotation-late', old, published.url)
        self.taken(client)
        self.taken(late)
        new = self.keys('rotation-new')
        registry = self.path('rotation', 'registry')
        both = self.key_lines(old, retiring=True) + self.key_lines(new)
        self.config('rotation', registry, both)
        self.assertTrue(self.build(config)['rotation'])
        self.taken(client)
        for version in (3, 4):
            self.config('rotation', registry, self.key_lines(new))  # the old ones are not needed any more
            report = self.build(config)
            self.assertEqual((report['version'], report['rotation']), (version, False))
            self.taken(client)
        # Who was away takes the version that names the keys first.
        published.asked.clear()
        self.taken(late)
        self.assertIn('/bundles/2', published.asked)
        self.assertEqual(self.shown(late)['version'], 4)
        # Keys that clients have are not left out, and nothing is signed then.
        before = files_below(self.path('rotation', 'www'))
        third = self.keys('rotation-third')
        self.config('rotation', registry, self.key_lines(third))
        self.assertIn('no configured key', self.build(config, 2))
        after = files_below(self.path('rotation', 'www'))
        self.assertEqual([name for name in before if before[name] != after.get(name)], [])

    def test_second_reading(self):
        """tests/independent/bundle.py, which was written from the document, reads all that is published, over a change of keys."""
        ca, web, config, old, published = self.world('read')
        www, registry, new = self.path('read', 'www'), self.path('read', 'registry'), self.keys('read-new')
        client = self.client('read-client', old, published.url)
        self.build(config)
        self.assertEqual(self.second_reading(www, client)[0], 0)
        self.config('read', registry, self.key_lines(old, retiring=True) + self.key_lines(new))
        self.grow(ca, 3)
        self.build(config)
        self.config('read', registry, self.key_lines(new))
        for _ in range(2):
            self.grow(ca, 2)
            self.build(config)
        self.assertEqual(self.second_reading(www, client), (0, 'OK version 4, 1 CAs, 0 cosigners, 4 landmarks, 0 revoked ranges\n'))
        # And finds what is wrong.
        for name, says in (('bundle', '`bundle` is not'), ('delta/2', 'delta'), ('log/tile/0/000.p/4', 'root'), ('bundles/2', ''), ('latest', '')):
            whole = read(os.path.join(www, name))
            os.chmod(os.path.join(www, name), 0o644)
            write(os.path.join(www, name), whole[:-1] + bytes([whole[-1] ^ 1]))
            status, out = self.second_reading(www, client)
            self.assertEqual((status, out[:5]), (1, 'FAIL '), (name, out))
            self.assertIn(says, out)
            write(os.path.join(www, name), whole)
        self.assertEqual(self.second_reading(www, client)[0], 0)

    def second_reading(self, *words):
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'independent', 'bundle.py')
        folder, client = words
        done = subprocess.run([sys.executable, '-B', program, folder, '--keys', os.path.join(client, 'trust.keys')], capture_output=True, text=True,
                              timeout=120)
        self.assertEqual(done.stderr, '')
        return done.returncode, done.stdout

    def test_an_old_state(self):
        ca, web, config, keys, published = self.world('old')
        self.build(config)
        shutil.copytree(self.path('old', 'state'), self.path('old', 'backup'))
        self.build(config)
        shutil.rmtree(self.path('old', 'state'))
        shutil.copytree(self.path('old', 'backup'), self.path('old', 'state'))
        before = files_below(self.path('old', 'www'))
        done = run('trust', 'build', '--config', config)
        self.assertEqual(done.status, 2, done)
        self.assertEqual(files_below(self.path('old', 'www')), before)
        shutil.rmtree(self.path('old', 'state'))
        done = run('trust', 'build', '--config', config)
        self.assertEqual(done.status, 2, done)
        self.assertIn('there is no record', done.err)

    def test_killed(self):
        """kill -9 during builds: what is published is whole at all times, and no version changes."""
        ca, web, config, keys, published = self.world('killed')
        self.build(config)
        client = self.client('killed-client', keys, published.url)
        self.taken(client)
        seen = {}
        for number in range(12):
            started = subprocess.Popen([PROGRAM, 'trust', 'build', '--config', config], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(0.004 * (number + 1))
            started.kill()
            started.wait()
            self.taken(client)
            for name, content in files_below(self.path('killed', 'www')).items():
                if name.startswith('bundles/') and not name.endswith('.tmp'):
                    contents = content[16:16 + 3 + int.from_bytes(content[16:19], 'big')]
                    self.assertEqual(seen.setdefault(name, contents), contents, name)
        before = self.shown(client)['version']
        self.assertGreater(self.build(config)['version'], before - 1)
        self.taken(client)

    def test_configuration(self):
        ca, web, config, keys, published = self.world('settings')
        self.assertIn('OK', self.ok('trust', 'build', '--config', config, '--check-config'))
        registry = self.path('settings', 'registry')
        for settings, word in ((dict(origin='"two words"'), 'origin'), (dict(deltas='745'), 'deltas'), (dict(bundles='0'), 'bundles'),
                               (dict(valid_for='10', interval='6'), 'valid-for'), (dict(interval='0'), 'interval'),
                               (dict(registry='""'), 'registry')):
            self.config('settings', registry, self.key_lines(keys), **settings)
            done = run('trust', 'build', '--config', config)
            self.assertEqual((done.status, done.out), (2, ''), done)
            self.assertIn(word, done.err)
        self.config('settings', registry, '')
        self.assertIn('keygen', run('trust', 'build', '--config', config).err)
        os.chmod(f'{keys}/sm2_sm3.pem', 0o644)
        self.config('settings', registry, self.key_lines(keys))
        self.assertEqual(run('trust', 'build', '--config', config).status, 2)
        done = run('trust', 'keygen', '--origin', ORIGIN, keys)
        self.assertEqual((done.status, done.out), (2, ''), done)


if __name__ == '__main__':
    unittest.main()
