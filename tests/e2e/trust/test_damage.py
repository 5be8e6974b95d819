"""A trust directory that is damaged, half-written, killed in the middle of an update, or read while it changes."""
import signal
import subprocess
import threading

from trust_world import *


class Damage(TrustTest):
    def made(self, name):
        ca = self.made_ca(name)
        web = self.web(ca.path('public'))
        folder = self.imported(f'{name}-trust', ca, web.url)
        self.update(folder)
        return ca, web, folder

    def assert_refused(self, ca, folder, *says):
        for words in (('trust', 'show', '--dir', folder), ('trust', 'update', '--dir', folder),
                      ('verify', '--trust', folder, ca.certificate(2))):
            done = run(*words)
            self.assertEqual((done.status, done.out), (2, ''), (words, done))
            for word in says:
                self.assertIn(word, done.err)

    def test_damaged_files_are_refused(self):
        ca, _, folder = self.made('damaged')
        for name in ('trust.bundle', 'logs/32473.8.0.1'):
            path = os.path.join(folder, name)
            whole = read(path)
            for spoiled in (whole[:-1], whole[:len(whole) // 2], b'', whole + b'\0', whole[:40] + bytes([whole[40] ^ 1]) + whole[41:]):
                write(path, spoiled)
                self.assert_refused(ca, folder, name)
            write(path, whole)
        self.shown(folder)

    def test_a_file_of_another_log_is_refused(self):
        ca, _, folder = self.made('misplaced')
        logs = os.path.join(folder, 'logs')
        write(os.path.join(logs, '32473.8.0.2'), read(os.path.join(logs, '32473.8.0.1')))
        self.assert_refused(ca, folder, 'another log')

    def test_what_a_crash_leaves_is_not_looked_at(self):
        ca, _, folder = self.made('left')
        write(os.path.join(folder, 'logs', '32473.8.0.1.aB3xYz'), b'half')
        write(os.path.join(folder, 'logs', '32473.8.0.1.123456'), b'half')
        write(os.path.join(folder, 'trust.bundle.aB3xYz'), b'half')
        self.assertEqual(self.log_shown(folder)['landmark'], 1)
        self.assertEqual(self.update(folder)[0]['new'], 0)

    def test_a_second_writer_is_refused(self):
        ca, web, folder = self.made('locked')
        entered, go = threading.Event(), threading.Event()

        def hold(path, code, content):
            entered.set()
            go.wait(30)
            return code, content

        web.spoil = hold
        first = subprocess.Popen([PROGRAM, 'trust', 'update', '--dir', folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertTrue(entered.wait(30))
        done = run('trust', 'import', '--dir', folder, '--ca', ca.pem)
        self.assertEqual((done.status, done.out), (2, ''), done)
        self.assertEqual(self.log_shown(folder)['landmark'], 1)
        go.set()
        self.assertEqual((first.wait(60), first.communicate()[1]), (0, b''))

    def test_killed_at_any_moment(self):
        """Each kill comes at another request; whoever reads finds a whole directory, and the next update goes on."""
        ca, web, folder = self.made('killed')
        for at in range(1, 6):  # landmarks, checkpoint, tile, revocations, and the next log, when this one is written
            self.grow(ca, 2)
            before = self.log_shown(folder)['landmark']
            process = None
            count = 0
            held = threading.Event()

            def count_down(path, code, content):
                nonlocal count
                count += 1
                if count == at:
                    held.set()
                    process.send_signal(signal.SIGKILL)
                    process.wait(30)
                return code, content

            web.spoil = count_down
            process = subprocess.Popen([PROGRAM, 'trust', 'update', '--dir', folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            process.wait(60)
            web.spoil = None
            self.assertTrue(held.is_set())
            self.assertIn(self.log_shown(folder)['landmark'], (before, before + 1))
            self.assertEqual(self.update(folder)[0]['landmark'], at + 1)

    def test_read_while_it_is_updated(self):
        """--watch takes landmark after landmark; readers never see anything but a whole directory that never goes back."""
        ca, _, folder = self.made('watched')
        watch = subprocess.Popen([PROGRAM, 'trust', 'update', '--dir', folder, '--watch', '1', '--json'], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        try:
            last = 1
            while last < 4:
                self.grow(ca, 1)
                latest = json.loads(ca.ok('status', '--json'))['landmark']
                while last < latest:
                    seen = self.log_shown(folder)['landmark']
                    self.assertGreaterEqual(seen, last)
                    last = seen
        finally:
            watch.send_signal(signal.SIGTERM)
            _, errors = watch.communicate(timeout=60)
        self.assertEqual((watch.returncode, errors), (0, b''))


if __name__ == '__main__':
    unittest.main()
