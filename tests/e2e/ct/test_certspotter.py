"""Unmodified certspotter, Debian's (RFC 6962 alone), follows an international log and finds a certificate for a watched name."""
import contextlib
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import ct_world
import acme_world
import liar_server
import lying_log
import pki
from ct_world import wait_until

SPOTTER = ct_world.peer('certspotter')


@unittest.skipIf(SPOTTER is None, 'certspotter is not there: scripts/get-peers certspotter')
class Certspotter(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def spot(self, log_list, *watched):
        """certspotter runs until its script has been called for each of the watched names: what it found, by name."""
        self.run_until(lambda spotter: spotter.poll() is not None or self.found().keys() >= set(watched), log_list, *watched)
        return self.found()

    def run_until(self, condition, log_list, *watched):
        with open(self.path('logs.json'), 'w', encoding='ascii') as file:
            file.write(log_list)
        with open(self.path('watch'), 'w', encoding='ascii') as file:
            file.write(''.join(f'.{name}\n' for name in watched))
        script = self.path('script')
        with open(script, 'w', encoding='ascii') as file:
            file.write('#!/bin/sh\nprintf "%s %s %s\\n" "$EVENT" "$WATCH_ITEM" "$ENTRY_INDEX" >>"$HOME/found"\n')
        os.chmod(script, 0o755)
        with open(self.path('out'), 'wb') as out:
            spotter = subprocess.Popen([SPOTTER, '-logs', self.path('logs.json'), '-watchlist', self.path('watch'), '-state_dir',
                                        self.path('state'), '-script', script, '-verbose'], stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                       env={'PATH': os.environ['PATH'], 'HOME': self.folder})
        try:
            wait_until(self.said, lambda: condition(spotter))
        finally:
            spotter.terminate()
            spotter.wait(20)

    def said(self):
        with open(self.path('out'), encoding='utf-8') as file:
            return file.read()

    def found(self):
        """{watched name: index of its entry} of certificates."""
        with contextlib.suppress(FileNotFoundError), open(self.path('found'), encoding='ascii') as file:
            words = [line.split() for line in file]
            return {w[1].lstrip('.'): int(w[2]) for w in words if w[0] == 'discovered_cert' and len(w) == 3}
        return {}

    def test_our_log(self):
        with ct_world.World({'intl': 'intl'}) as world:
            log = world.logs['intl']
            for i in range(6):
                log.add(f'other{i}.example', poison=i % 2 == 1)
            _, (_, one) = log.add('www.watched.example', poison=True)
            _, (_, two) = log.add('shop.seen.example')
            log.add('last.example')
            found = self.spot(world.list_text('rfc6962'), 'watched.example', 'seen.example')
            self.assertEqual(found, {'watched.example': one, 'seen.example': two})
            self.assertNotIn('inconsistent', self.said())
            self.assertNotIn('error', self.said().replace('stopped with error context canceled', ''))

    def test_the_liar(self):
        """It tells an honest log from one with another entry: what our log is held to above says something."""
        world = pki.Pki(pki.INTL)
        log = lying_log.LyingLog(pki.INTL, 'liar', [world.root.der])
        server = liar_server.Server(log)
        self.addCleanup(server.close)
        for name in ('one.example', 'www.watched.example', 'three.example'):
            log.add_certificate(world.chain(world.issuer.leaf(name)))
        self.assertEqual(self.spot(lying_log.log_list([log]), 'watched.example'), {'watched.example': 1})
        # An entry that is not the one that was signed for: it says so, and takes the log for contradicting itself.
        log.lies.replaced = 3
        log.add_certificate(world.chain(world.issuer.leaf('late.seen.example')))
        self.run_until(lambda spotter: 'root hash' in self.said(), lying_log.log_list([log]), 'seen.example')
        self.assertNotIn('seen.example', self.found())


if __name__ == '__main__':
    acme_world.main()
