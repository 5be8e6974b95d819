"""An honest log, killed and started again, and one that is busy, broken and hangs up, are followed for a while: nothing is raised
against them, and every certificate for a watched name is told, once. CATHAYA_SOAK_MINUTES=n for the long form."""
import base64
import json
import os
import random
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import ct_world
import acme_world
import liar_server
import log_reader
import lying_log
import monitor_world
import pki
from ct_world import need

SECONDS = float(os.environ.get('CATHAYA_SOAK_MINUTES') or 0.25) * 60
KILL_EVERY_S = 4.0 if SECONDS < 120 else 20.0
WATCHED = 'watched.example'
KINDS = ('static-ct', 'rfc6962')


class Submitter(threading.Thread):
    """Names of nobody, and now and then a watched one; until it is answered."""

    def __init__(self, log, watched, trouble):
        super().__init__(daemon=True)
        self.log, self.watched, self.trouble, self.is_ending, self.count = log, watched, trouble, False, 0
        self.reader = log.new_reader()

    def run(self):
        try:
            while not self.is_ending:
                is_watched = random.random() < 0.05
                name = f'h{random.getrandbits(48):012x}.{WATCHED}' if is_watched else f'n{random.getrandbits(40)}.example'
                poison = random.random() < 0.5
                chain = self.log.chain(name, poison=poison)
                body = {'chain': [base64.b64encode(c).decode() for c in chain]}
                while not self.submit(body, poison):
                    time.sleep(0.05)
                self.count += 1
                if is_watched:
                    self.watched[name] = time.monotonic()
                time.sleep(0.02)
        except Exception as error:     # pylint: disable=broad-except
            self.trouble.append(f'{type(error).__name__}: {error}')

    def submit(self, body, poison):
        try:
            self.reader.post('ct/v1/add-pre-chain' if poison else 'ct/v1/add-chain', body)
            return True
        except log_reader.Refused as refused:
            need(refused.status in (429, 503), 'refused:', refused)
        except log_reader.ENDED:
            pass
        return False


class Soak(unittest.TestCase):
    def test_soak(self):
        busy_pki = pki.Pki(pki.INTL)
        busy = [lying_log.LyingLog(pki.INTL, f'busy-{kind}', [busy_pki.root.der], refresh_s=0.3) for kind in KINDS]
        server = liar_server.Server(*busy)
        self.addCleanup(server.close)
        real = {f'{suite}-{kind}': suite for suite in ('gm', 'intl') for kind in KINDS}
        with ct_world.World(real) as world, monitor_world.Monitor(1000, f'domain .{WATCHED}\n') as monitor:
            for log in [*world.logs.values(), *busy]:
                monitor.add_log(log, log.title.split('-', 1)[1])
            monitor.start()
            watched, trouble = {}, []
            threads = [Submitter(log, watched, trouble) for log in world.logs.values()]
            for thread in threads:
                thread.start()
            kills, end, next_kill = 0, time.monotonic() + SECONDS, time.monotonic() + KILL_EVERY_S
            while time.monotonic() < end and not trouble:
                server.trouble = liar_server.Trouble(busy=random.choice((0, 0.2, 0.5)), broken=random.choice((0, 0.1)), hang_up=random.choice((0, 0.05)))
                for log in busy:
                    if len(log.main.entries) < 3000:
                        name = f'b{random.getrandbits(48):012x}.{WATCHED}'
                        log.add_certificate(busy_pki.chain(busy_pki.issuer.leaf(name)))
                        watched[name] = time.monotonic()
                if random.random() < 0.02:
                    server.restart(random.choice((0, 0.5, 2)))
                if time.monotonic() > next_kill:
                    (world.kill if random.random() < 0.7 else world.stop)()
                    time.sleep(random.choice((0, 0.2, 1)))
                    world.start()
                    kills += 1
                    next_kill = time.monotonic() + KILL_EVERY_S * random.uniform(0.5, 1.5)
                    if kills % 3 == 0:
                        (monitor.kill if random.random() < 0.5 else monitor.stop)()
                        monitor.start()
                time.sleep(0.5)
            for thread in threads:
                thread.is_ending = True
            for thread in threads:
                thread.join(60)
            need(not trouble, *trouble)
            server.trouble = liar_server.Trouble()
            monitor.wait('every watched name is told', lambda: set(watched) <= self.told(monitor), 90)
            self.assertEqual([a for a in monitor.findings() if 'unreachable' not in json.dumps(a)], [])
            self.assertFalse(self.told(monitor) - set(watched) - {''})
            sizes = {name: log.reader.audit()[0].size for name, log in world.logs.items()}
            monitor.stop()
            world.stop()
            print(f'{SECONDS:.0f} s: {kills} lives, entries {sizes}, {len(busy[0].main.entries)} in a busy log with {server.refused} refusals, '
                  f'{len(watched)} watched names told, 0 findings')

    @staticmethod
    def told(monitor):
        return {name for alert in monitor.alerts('certificate') for name in alert.get('names', [])}


if __name__ == '__main__':
    acme_world.main()
