#!/usr/bin/env python3
"""Mirrors that are away while the CA goes on, and come back; a CA that is stopped in order under load."""
import signal
import sys
import time
import unittest

from services_world import World, acme_world, need, read
import mtc
import x509
from acme_load import Load


class Away(unittest.TestCase):
    def enter(self, world, **load):
        world.__enter__()
        self.addCleanup(world.__exit__, None, None, None)
        world.watch()
        return world, Load(world, [f'{s}-mtc' for s in world.suites()], **load).start()

    def finish(self, world, load):
        world.check_all(load)
        print(load.counts(), file=sys.stderr)

    # ---- one of two: nobody waits for it, and it signs everything afterwards ----

    def test_one_mirror_away_for_many_batches(self):
        world, load = self.enter(World(suites=('gm', 'intl'), interval_ms=50), threads=6, fresh=0)
        time.sleep(1)
        away = world.mirrors[1]
        world.kill(away.process)
        begin = len(load.orders)
        world.wait_until('many batches without it', lambda: sum(o.pem is not None for o in load.orders[begin:]) >= 60)
        during = load.orders[begin:]
        world.start_mirror(away)
        time.sleep(1)
        load.stop()
        load.settle()
        # Its cosignatures are added to the certificates of the batches that it missed.
        for suite in world.suites():
            policy = read(world.verify_policy(suite)).decode().replace('require-cosigners any', 'require-cosigners all')
            ca = world.mtc_ca(suite)
            mine = [o for o in during if o.pem is not None and o.profile.startswith(suite)]
            sample = mine[-3:] + mine[len(mine) // 2:][:3]
            world.wait_until('both mirrors have signed', lambda: all(self.signed(o, ca, policy) for o in sample), 60)
        self.finish(world, load)

    def signed(self, order, ca, policy):
        order.client.fetch(order, 30)
        return mtc.judge(x509.from_file(order.pem.encode()), ca, mtc.Policy(policy, ca), time.time())[0]

    # ---- all of them: orders wait, the pool fills, and everything is completed ----

    def test_all_mirrors_away(self):
        world, load = self.enter(World(suites=('gm',), ca_extra='    pool-entries = 10\n'), threads=6, fresh=0, patience=1)
        time.sleep(2)
        for mirror in world.mirrors:
            world.kill(mirror.process)
        world.wait_until('clients are turned away', lambda: sum(c.retry_after for c in load.clients) > 5)
        waiting = [o for o in load.orders if o.seen == 'processing' and o.pem is None]
        need(len(waiting) >= 10, 'only', len(waiting), 'orders wait')
        for _ in range(2):      # also through a restart, in order or not
            world.kill(world.ca)
            world.start_ca()
        begin = time.monotonic()
        need(world.ca.stop(signal.SIGTERM, 45) == 0, 'the end was not orderly')
        need(time.monotonic() - begin < 40, 'it waited for mirrors that are away')
        world.start_ca()
        need(all(o.pem is None for o in waiting), 'a certificate without its quorum')
        for mirror in world.mirrors:
            world.start_mirror(mirror)
        world.wait_until('all are issued', lambda: load.stop() is None, 120)
        self.finish(world, load)

    # ---- the end in order ----

    def test_stop_under_load(self):
        world, load = self.enter(World(suites=('gm', 'intl')), threads=6)
        for _ in range(5):
            time.sleep(1.2)
            begin = time.monotonic()
            status = world.ca.stop(signal.SIGTERM, 40)
            need(status == 0, 'status', status, world.ca.text()[-3000:])
            need(time.monotonic() - begin < 15, 'it took', time.monotonic() - begin, 's')
            need(not load.failures, *load.failures)
            world.start_ca()
        for mirror in world.mirrors:
            need(mirror.process.stop(signal.SIGTERM, 30) == 0, mirror.name, 'ended badly')
            world.start_mirror(mirror)
        time.sleep(1)
        load.stop()
        self.finish(world, load)

    # ---- the next log ----

    def test_next_log(self):
        """Between two lives of the service the log is closed: its certificates are still there, and its orders are settled."""
        world, load = self.enter(World(suites=('gm',)), threads=4, fresh=0)
        time.sleep(2)
        for _ in range(2):
            need(world.ca.stop(signal.SIGTERM, 40) == 0, 'the end was not orderly')
            acme_world.run('ca', 'log', 'rotate', '--dir', world.path('gm'))
            world.start_ca()
            time.sleep(2)
        load.stop()
        load.settle()
        logs = set()
        for order in load.orders:
            if order.pem is not None:
                order.client.fetch(order, 5)
                logs.add(x509.Certificate(x509.from_file(order.pem.encode())).serial >> 48)
        need(logs == {1, 2, 3}, 'certificates of logs', logs)
        self.finish(world, load)


if __name__ == '__main__':
    acme_world.main()
