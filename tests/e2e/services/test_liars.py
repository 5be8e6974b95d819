#!/usr/bin/env python3
"""A CA that forks its log, and mirrors that sign something else: refused, with evidence that anybody can check."""
import os
import shutil
import unittest

from services_world import World, acme_world, read, said
import forge
import liar
from acme_load import Client, Order

MIRROR_ID = '32473.77'


class LiarWorld(World):
    """Its only mirror is a liar."""

    def __init__(self, suite, signer, **more):
        super().__init__(suites=(suite,), mirrors=1, ca_extra='    mirror-watch-interval = 1\n', **more)
        self.signer = signer

    def make(self):
        self.mirror_count = 0
        super().make()
        self.mirror_count = 1

    def start_mirrors(self):
        suite = self.suites()[0]
        self.liar = liar.Liar(self.signer, '32473.1.0.1', MIRROR_ID, 'sm3' if suite == 'gm' else 'sha256')
        self.write(f'{suite}.policy', f'witness m {self.liar.vkey()} http://{self.liar}\nquorum m\n')

    def __exit__(self, *what):
        if hasattr(self, 'liar'):
            self.liar.close()
        super().__exit__(*what)


class Liars(unittest.TestCase):
    def enter(self, world):
        world.__enter__()
        self.addCleanup(world.__exit__, None, None, None)
        self.world, self.number = world, 0
        self.client = Client(world, world.tokens)
        self.client.register()
        self.suite = world.suites()[0]
        return world

    def order(self):
        self.number += 1
        order = Order(f'{self.suite}-mtc', self.number, 'www.load.test')
        self.client.begin(order)
        self.client.finalize(order)
        return order

    def issue(self, count):
        for _ in range(count):
            self.assertTrue(self.client.fetch(self.order(), 30))

    def stays_processing(self):
        order = self.order()
        self.assertFalse(self.client.fetch(order, 1.5))
        self.assertEqual(order.seen, 'processing')
        return order

    def kinds_proven(self, folder):
        """The evidence in a directory is proven, and proves nothing with any byte changed."""
        files = sorted(os.path.join(folder, name) for name in os.listdir(folder))
        self.assertTrue(files)
        out = acme_world.run('evidence', 'verify', *files).stdout.decode()
        self.assertEqual(out.count(': PROVEN: '), len(files), out)
        changed = self.world.path('changed')
        for path in files:
            content = read(path)
            lines = content.split(b'\n')
            at = 0
            for line in lines[:-1]:
                # When and by whom it was seen proves nothing, and is not signed.
                places = [] if line.split()[0] in (b'seen', b'where') else [at + len(line) - 6, at + len(line) // 2]
                at += len(line) + 1
                for place in places:
                    other = bytearray(content)
                    other[place] ^= 1
                    with open(changed, 'wb') as file:
                        file.write(other)
                    self.assertEqual(acme_world.run('evidence', 'verify', changed, check=False).returncode, 1, line[:20])
        return [line.split()[1] for path in files for line in read(path).decode().splitlines() if line.startswith('kind ')]

    # ---- the CA ----

    def test_a_ca_that_forks_its_log(self):
        world = self.enter(World(suites=('gm',), mirrors=1))
        self.issue(2)
        self.assertEqual(world.ca.stop(), 0)
        shutil.copytree(world.path('gm'), world.path('old'))
        world.start_ca()
        self.issue(3)
        self.assertEqual(world.ca.stop(), 0)
        shutil.rmtree(world.path('gm'))
        os.rename(world.path('old'), world.path('gm'))
        world.start_ca()
        order = self.stays_processing()
        world.wait_until('the CA sees it', lambda: 'cosigner-contradicts' in said(world.ca))
        kinds = self.kinds_proven(world.mirrors[0].state('logs', 'oid/1.3.6.1.4.1.32473.1.0.1', 'evidence'))
        self.assertTrue(set(kinds) <= {'not-a-prefix', 'two-roots'}, kinds)
        self.client.look(order)
        self.assertEqual(order.seen, 'processing')
        world.kill(world.ca)

    # ---- mirrors ----

    def liar(self, suite='gm'):
        signer = forge.Sm2Signer(0x5ec12e7) if suite == 'gm' else forge.Ed25519Signer(b'l' * 32)
        world = self.enter(LiarWorld(suite, signer))
        self.issue(2)
        return world

    def two_views(self, suite):
        """It signs our checkpoints, and publishes others."""
        world = self.liar(suite)
        world.liar.lie = liar.FORKED_VIEW
        world.ca.wait_for('evidence-kept', 30)
        self.assertEqual(self.kinds_proven(world.path(suite, 'evidence')), ['two-roots'])
        world.liar.lie = liar.HONEST
        asked = world.liar.requests['/add-checkpoint']
        self.stays_processing()
        self.assertEqual(world.liar.requests['/add-checkpoint'], asked)

    def test_a_mirror_with_two_views(self):
        self.two_views('gm')

    def test_an_international_mirror_with_two_views(self):
        self.two_views('intl')

    def test_a_mirror_that_signs_another_tree(self):
        """Its answer does not verify; that it has signed another tree is in what it publishes, with our key's eyes."""
        world = self.liar()
        world.liar.lie = liar.OTHER_CHECKPOINT
        self.stays_processing()
        world.ca.wait_for('cosignature-refused')
        world.ca.wait_for('cosigner-contradicts')

    def refused_then_honest(self, lie):
        world = self.liar()
        world.liar.lie = lie
        order = self.stays_processing()
        world.ca.wait_for('cosignature-refused')
        self.assertFalse(os.path.exists(world.path('gm', 'evidence')), 'nothing is proven')
        world.liar.lie = liar.HONEST
        self.assertTrue(self.client.fetch(order, 60))

    def test_a_mirror_that_signs_another_subtree(self):
        self.refused_then_honest(liar.OTHER_SUBTREE)

    def test_a_mirror_that_signs_garbage(self):
        self.refused_then_honest(liar.GARBAGE)


if __name__ == '__main__':
    acme_world.main()
