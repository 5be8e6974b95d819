#!/usr/bin/env python3
"""kill -9 of the CA service and of its mirrors, at random moments under load, and each time they come back.

Clients go on through all of it. Afterwards everything that anybody was told must be so: see World.check_all.
CATHAYA_CRASH_ROUNDS (100 here) and CATHAYA_CRASH_SEED may be set."""
import os
import random
import sys
import time

from services_world import SEED, World, acme_world, need
from acme_load import Load

ROUNDS = int(os.environ.get('CATHAYA_CRASH_ROUNDS') or 100)
SUITES = ('gm', 'intl')


def one_round(world):
    """Whom to kill, and how soon: in the middle of things, or while they still recover."""
    time.sleep(random.choice((0, 0.05, random.uniform(0, 1.5))))
    victims = random.choice((['ca'], ['ca'], [0], [1], ['ca', 0], ['ca', 0, 1], [0, 1]))
    for victim in victims:
        world.kill(world.ca if victim == 'ca' else world.mirrors[victim].process)
    random.shuffle(victims)
    for victim in victims:
        if victim == 'ca':
            world.start_ca()
        else:
            world.start_mirror(world.mirrors[victim])
    return len(victims)


def main():
    acme_world.need('pebble-challtestsrv', 'openssl')
    with World(suites=SUITES) as world:
        world.watch()
        load = Load(world, [f'{s}-mtc' for s in SUITES], threads=6).start()
        killed, begin = 0, time.monotonic()
        try:
            for _ in range(ROUNDS):
                killed += one_round(world)
                need(not load.failures, *load.failures)
                need(not world.lies, *world.lies)
        except AssertionError:
            print(world.ca.text()[-6000:])
            raise
        time.sleep(1)
        load.stop()
        world.check_all(load)
        done = sum(order.pem is not None for order in load.orders)
        print(f'{ROUNDS} rounds in {time.monotonic() - begin:.0f} s, {killed} killed; {load.counts()}; '
              f'{len(world.checkpoints)} checkpoints; seed {SEED}')
        need(done > ROUNDS, 'too little happened to say anything')
    return 0


if __name__ == '__main__':
    sys.exit(main())
