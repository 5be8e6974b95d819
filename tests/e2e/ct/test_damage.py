"""What happens to a CT log's state from outside: an index that is lost, old or rubbish, objects that are gone, a disk that is full,
another key, two processes. Nothing that an SCT was given for is lost, and no SCT is given for what is not kept."""
import contextlib
import os
import resource
import shutil
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import ct_world
import acme_world
import log_reader
import pki
from ct_world import PROGRAM, wait_until

FIELDS = ('sct_version', 'id', 'timestamp', 'extensions')


class Damage(unittest.TestCase):
    def setUp(self):
        self.world = ct_world.World({'gm': 'gm'})
        self.world.__enter__()
        self.addCleanup(self.world.__exit__)
        self.log = self.world.logs['gm']
        self.chains = [(self.log.chain(f'd{i}.example', poison=i % 2 == 1), i % 2 == 1) for i in range(6)]
        self.first = self.submit_all()

    def submit_all(self):
        answers = [self.log.submit(*c)[0] for c in self.chains]
        return [{name: a[name] for name in FIELDS} for a in answers]

    def state(self, *parts):
        return self.world.path('state', 'gm', *parts)

    def find(self, name):
        for where, _, names in os.walk(self.world.path('state')):
            if name in names:
                return os.path.join(where, name)
        raise AssertionError(f'no {name} below the state')

    def nothing_is_lost(self):
        self.assertEqual(self.submit_all(), self.first)
        self.assertEqual(self.log.new_reader().audit()[0].size, len(self.first))

    def refused_to_start(self, *words):
        """Exit status, and what it says."""
        done = subprocess.run([PROGRAM, 'ctlog', 'run', '--config', self.world.path('ctlog.conf')], capture_output=True, text=True, timeout=60,
                              cwd=self.world.folder, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertGreaterEqual(done.returncode, 0, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        return done.stderr

    # ---- the index ----

    def test_the_index_is_gone(self):
        self.world.stop()
        path = self.find('index.db')
        for name in (path, path + '-wal', path + '-shm'):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
        self.world.start()
        self.nothing_is_lost()

    def test_an_old_index(self):
        self.world.stop()
        path = self.find('index.db')
        shutil.copy(path, path + '.old')
        self.world.start()
        more = [(self.log.chain(f'later{i}.example'), False) for i in range(3)]
        self.chains += more
        self.first = self.submit_all()
        self.world.stop()
        os.replace(path + '.old', path)
        self.world.start()
        self.nothing_is_lost()

    def test_an_old_log(self):
        """Its files of an earlier day, but not its index, are put back: it would sign a second history."""
        self.world.stop()
        for part in ('private', 'public'):
            shutil.copytree(self.state(part), self.state(part + '.old'))
        self.world.start()
        self.log.add('later.example')
        self.world.stop()
        for part in ('private', 'public'):
            os.rename(self.state(part), self.state(part + '.new'))
            os.rename(self.state(part + '.old'), self.state(part))
        self.refused_to_start('second history')
        for part in ('private', 'public'):
            shutil.rmtree(self.state(part))
            os.rename(self.state(part + '.new'), self.state(part))
        self.world.start()
        self.assertEqual(self.log.new_reader().audit()[0].size, len(self.first) + 1)

    def test_an_index_of_rubbish(self):
        self.world.stop()
        path = self.find('index.db')
        with open(path, 'r+b') as file:
            file.write(os.urandom(4096))
        said = self.refused_to_start('index.db')
        self.assertEqual(len(said.strip().splitlines()), 1, said)
        os.unlink(path)
        self.world.start()
        self.nothing_is_lost()

    # ---- objects ----

    def test_a_checkpoint_that_is_gone(self):
        self.world.stop()
        os.unlink(self.find('checkpoint'))
        self.world.start()
        self.nothing_is_lost()

    def test_a_tile_that_is_gone_or_changed(self):
        """What cannot be shown to be the tree's is not served as if it were."""
        self.world.stop()
        path = os.path.join(os.path.dirname(self.find('checkpoint')), 'tile', 'data', '000.p', str(len(self.first)))
        with open(path, 'rb') as file:
            content = bytearray(file.read())
        content[200] ^= 1
        with open(path, 'wb') as file:
            file.write(content)
        done = acme_world.run('ctlog', 'fsck', '--config', self.world.path('ctlog.conf'), check=False, cwd=self.world.folder)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        try:
            self.world.start()
        except AssertionError:      # it may refuse to start on it, too
            self.assertIn('does not hash to its tile', self.world.process.text())
            return
        reader = self.log.new_reader()
        with self.assertRaises((log_reader.Refused, log_reader.Wrong)):
            for entry in reader.entries(len(self.first)):
                self.assertIn(entry.signed(), [self.log.entry(*c).signed for c in self.chains])
            raise AssertionError('a changed entry was served as if it were the tree\'s')

    # ---- others ----

    def test_another_key(self):
        self.world.stop()
        self.world.put('gm.key', pki.private_pem(pki.GM.signer('another')), 0o600)
        self.refused_to_start('gm')

    def test_another_suite(self):
        self.world.stop()
        self.log.options['suite'] = 'intl'
        self.world.put('ctlog.conf', self.world.config())
        self.refused_to_start('gm')

    def test_two_processes(self):
        text = self.world.config().replace(f'listen = {{"127.0.0.1:{self.world.port}"}}', 'listen = {"127.0.0.1:0"}')
        self.world.put('ctlog.conf', text)
        self.refused_to_start()
        self.nothing_is_lost()

    # ---- a full disk ----

    def limit(self, size):
        resource.prlimit(self.world.process.popen.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def test_a_full_disk(self):
        """Nothing is promised while nothing can be kept; afterwards everything goes on."""
        self.limit(0)
        chain = self.log.chain('full.example')
        with self.assertRaises(log_reader.Refused) as caught:
            self.log.submit(chain)
        self.assertIn(caught.exception.status, (500, 503))
        for _ in range(3):
            with self.assertRaises(log_reader.Refused):
                self.log.submit(self.log.chain('full.example'))
        self.assertEqual(self.log.new_reader().get_sth().size, len(self.first))
        self.limit(resource.RLIM_INFINITY)

        def goes_on():
            try:
                return self.log.submit(chain)
            except log_reader.Refused:
                return None
        _, (_, index) = wait_until('it goes on', goes_on, 30, 0.2)
        # What was refused may be there: its SCT was not given, and the log may have got that far.
        head, entries = self.log.new_reader().audit()
        self.assertEqual(entries[index].signed(), self.log.entry(chain).signed)
        self.assertGreater(head.size, len(self.first))
        self.assertEqual(self.submit_all(), self.first)

    def test_tree_heads_stay_fresh(self):
        """Without submissions too: nobody has to wait for one to know that the log is alive."""
        one = self.log.reader.get_sth()
        self.assertLess(abs(one.timestamp - time.time() * 1000), 10000)
        two = wait_until('a newer tree head', lambda: (lambda h: h if h.timestamp > one.timestamp else None)(self.log.reader.get_sth()), 20)
        self.assertEqual((two.size, two.root), (one.size, one.root))


if __name__ == '__main__':
    acme_world.main()
