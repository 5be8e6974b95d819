#!/usr/bin/env python3
"""The surroundings of a CA service fail under load, and recover: a full disk, a locked database, a clock that is set back.
Afterwards everything that anybody was told must be so: see World.check_all."""
import datetime
import errno
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
import unittest

import shift_clock
from services_world import World, acme_world, need
from acme_load import Load

IN_NAMESPACE = 'CATHAYA_TEST_MOUNTS'     # this process has mounts of its own
DISK = 24 << 20


def may_mount():
    return os.geteuid() == 0 and subprocess.run(['unshare', '-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'],
                                                capture_output=True, check=False).returncode == 0


class SmallDisk(World):
    """Everything of the CA and its mirrors is on a disk that can be filled."""

    def make(self):
        subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={DISK}', 'none', self.folder], check=True)
        super().make()

    def __exit__(self, *what):
        subprocess.run(['umount', '-l', self.folder], check=False)
        super().__exit__(*what)

    def fill(self, left):
        """All but `left` bytes."""
        at = 0
        with open(self.path('ballast'), 'wb') as file:
            while True:     # others write meanwhile
                free = os.statvfs(self.folder)
                size = free.f_bavail * free.f_frsize - left
                if size <= 0:
                    return
                try:
                    os.posix_fallocate(file.fileno(), at, size)
                    at += size
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self):
        os.remove(self.path('ballast'))


class ShiftedClock(World):
    """The CA's clock is another one."""

    def make(self):
        super().make()
        self.ca_environment, self.shift = shift_clock.make(self.folder)


class Surroundings(unittest.TestCase):
    def enter(self, world, **load):
        world.__enter__()
        self.addCleanup(world.__exit__, None, None, None)
        world.watch()
        return world, Load(world, [f'{s}-mtc' for s in world.suites()], **load).start()

    def more(self, world, load, count=5, seconds=60):
        """The service works: more certificates are handed out."""
        def done():
            need(not load.failures, *load.failures)
            return sum(order.pem is not None for order in load.orders)
        before = done()
        world.wait_until('more certificates', lambda: done() >= before + count, seconds)

    def finish(self, world, load):
        load.stop()
        world.check_all(load)
        print(load.counts(), file=sys.stderr)

    @unittest.skipUnless(os.environ.get(IN_NAMESPACE), 'only root can mount a small disk')
    def test_disk_full(self):
        world, load = self.enter(SmallDisk(suites=('gm',)))
        for left in (0, 16384, 100000, 0):
            self.more(world, load)
            world.fill(left)
            time.sleep(2)
            need(world.ca.popen.poll() is None, 'the CA ended when its disk was full:', world.ca.text()[-3000:])
            for mirror in world.mirrors:
                need(mirror.process.popen.poll() is None, mirror.name, 'ended when its disk was full')
            world.empty()
        self.more(world, load)
        reopened = sum(m.process.text().count('mirror-log-reopened') for m in world.mirrors)
        print(reopened, 'logs of mirrors were opened anew', file=sys.stderr)
        self.finish(world, load)

    @unittest.skipUnless(os.environ.get(IN_NAMESPACE), 'only root can mount a small disk')
    def test_disk_full_and_killed(self):
        world, load = self.enter(SmallDisk(suites=('gm',)))
        for left in (0, 50000):
            self.more(world, load)
            world.fill(left)
            time.sleep(1)
            world.kill(world.ca)
            world.empty()
            world.start_ca()
        self.more(world, load)
        self.finish(world, load)

    def lock(self, path, seconds):
        """SQLite waits in longer and longer steps, and a service that writes all the time never lets it in: so often asked it is."""
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)

        def is_locked():
            try:
                connection.execute('BEGIN IMMEDIATE')
            except sqlite3.OperationalError:
                return False
            return True
        acme_world.wait_until(f'the lock of {path}', is_locked, 60, 0.0005)
        time.sleep(seconds)
        connection.execute('ROLLBACK')
        connection.close()

    def test_databases_locked(self):
        """Shorter and longer than what is waited for."""
        world, load = self.enter(World(suites=('gm',)))
        for path in (world.path('acme.db'), world.path('gm', 'ca.db')):
            for seconds in (2, 7):
                self.more(world, load)
                self.lock(path, seconds)
        self.more(world, load)
        self.finish(world, load)

    @unittest.skipUnless(shutil.which('cc'), 'no compiler for a clock of the test')
    def test_clock_set_back(self):
        """A little, an hour, before the CA's certificate began, and to the future."""
        world, load = self.enter(ShiftedClock(suites=('gm',)))
        world.may_expire = True
        for seconds in (-10, -3600, -90 * 86400, 600):
            self.more(world, load)
            world.shift(seconds)
            time.sleep(2)
            world.shift(0)
        said = [datetime.datetime.fromisoformat(when) for when in re.findall(r'^(\d{4}-\S+?)Z ', world.ca.text(), re.M)]
        need(max(said) - min(said) > datetime.timedelta(days=89), 'the clock was never another one')
        world.shift(-120)
        self.more(world, load)
        world.kill(world.ca)
        world.start_ca()
        self.more(world, load)
        world.shift(0)
        self.finish(world, load)


if __name__ == '__main__':
    if not os.environ.get(IN_NAMESPACE) and may_mount():
        os.environ[IN_NAMESPACE] = '1'
        os.execvp('unshare', ['unshare', '-m', '--propagation', 'private', sys.executable, '-B', *sys.argv])
    acme_world.main()
