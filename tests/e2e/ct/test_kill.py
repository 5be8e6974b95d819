"""The real log under load, killed again and again: what an SCT was given for is in the tree, where the SCT says; nobody ever
sees two trees of one size, or a smaller one; a submission that is repeated gets what it got. CATHAYA_CRASH_ROUNDS=n."""
import base64
import json
import os
import random
import subprocess
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import ct_world
import acme_world
import log_reader
from ct_world import need

ROUNDS = int(os.environ.get('CATHAYA_CRASH_ROUNDS') or 6)
LOAD = os.environ.get('CATHAYA_CT_LOAD', '')
SERIAL = 0x1234567890abcdef1234567890abcdef
CLIENTS = 6
PAUSE_S = 0.02


class Client(threading.Thread):
    """Submits until it is told to end; what was not answered is submitted again."""

    def __init__(self, log, answered, lies):
        super().__init__(daemon=True)
        self.log, self.answered, self.lies, self.is_ending, self.again = log, answered, lies, False, []
        self.reader = log.new_reader()

    def run(self):
        try:
            while not self.is_ending:
                if self.again and random.random() < 0.5:
                    chain, poison = self.again.pop(random.randrange(len(self.again)))
                elif self.answered and random.random() < 0.1:
                    chain, poison = random.choice(self.answered)[:2]
                else:
                    poison = random.random() < 0.5
                    chain = self.log.chain(f'k{random.getrandbits(40)}.example', poison=poison)
                self.submit(chain, poison)
        except Exception as error:     # pylint: disable=broad-except
            self.lies.append(f'{type(error).__name__}: {error}')

    def submit(self, chain, poison):
        body = {'chain': [base64.b64encode(c).decode() for c in chain]}
        try:
            answer = json.loads(self.reader.post('ct/v1/add-pre-chain' if poison else 'ct/v1/add-chain', body))
        except log_reader.Refused as refused:
            need(refused.status == 503, 'refused:', refused)
            self.again.append((chain, poison))
        except (*log_reader.ENDED, ValueError):     # no answer, or half of one
            self.again.append((chain, poison))
            time.sleep(PAUSE_S)
        else:
            self.answered.append((chain, poison, answer))


class Watcher(threading.Thread):
    """Looks at every tree head: the reader raises when two have one size and different roots."""

    def __init__(self, log, lies):
        super().__init__(daemon=True)
        self.log, self.lies, self.is_ending, self.size, self.reader = log, lies, False, 0, log.new_reader()

    def run(self):
        while not self.is_ending:
            for look in (self.reader.checkpoint, self.reader.get_sth):
                try:
                    size = look().size
                    if look == self.reader.checkpoint:
                        if size < self.size:
                            self.lies.append(f'{self.log.title} went back from {self.size} to {size}')
                        self.size = size
                except log_reader.Refused as refused:
                    if refused.status != 503:
                        self.lies.append(f'{self.log.title}: {refused}')
                except log_reader.ENDED:
                    time.sleep(PAUSE_S)
                except Exception as error:     # pylint: disable=broad-except
                    self.lies.append(f'{type(error).__name__}: {error}')
            time.sleep(PAUSE_S)


class Kill(unittest.TestCase):
    def test_kill(self):
        with ct_world.World({'gm': 'gm', 'intl': 'intl'}) as world:
            lies, answered = [], {title: [] for title in world.logs}
            watchers = [Watcher(log, lies) for log in world.logs.values()]
            clients = [Client(log, answered[log.title], lies) for log in world.logs.values() for _ in range(CLIENTS // 2)]
            for thread in watchers + clients:
                thread.start()
            for _ in range(ROUNDS):
                time.sleep(random.uniform(0.05, 1.2))
                world.kill()
                world.start()
            time.sleep(0.5)
            for client in clients:
                client.is_ending = True
            for client in clients:
                client.join(30)
            for client in clients:
                for chain, poison in client.again:
                    client.submit(chain, poison)
            for watcher in watchers:
                watcher.is_ending = True
                watcher.join(30)
            need(not lies, *lies[:5])
            for log, watcher in zip(world.logs.values(), watchers):
                self.check(log, watcher, answered[log.title])
            world.stop()

    def check(self, log, watcher, answered):
        need(len(answered) > 3, log.title, 'has answered nothing')
        reader = log.reader
        reader.roots.update(watcher.reader.roots)
        _, entries = reader.audit()
        for size in random.sample(sorted(watcher.reader.roots), min(8, len(watcher.reader.roots))):
            if 0 < size < len(entries):
                reader.roots[len(entries)] = reader.checkpoint().root
                reader.check_consistency(size, len(entries))
        first = {}
        for number, (chain, poison, answer) in enumerate(answered):
            promised = (answer['timestamp'], answer['extensions'])
            need(first.setdefault(chain[0], promised) == promised, 'two SCTs for one submission:', first[chain[0]], promised)
            index = int.from_bytes(base64.b64decode(answer['extensions'])[3:], 'big')
            need(index < len(entries), 'the SCT says', index, 'and the tree has', len(entries))
            entry = log.entry(chain, poison)
            need(entries[index].signed() == entry.signed and entries[index].timestamp == answer['timestamp'],
                 'at', index, 'stands something else than the SCT says')
            if number % 10 == 0:
                leaf, _ = reader.check_sct(answer, entry)
                need(leaf == entries[index].leaf_hash, 'another leaf at', index)
        seen = [e.signed() for e in entries]
        need(len(set(seen)) == len(seen), 'a submission has two entries')
        print(f'{log.title}: {len(entries)} entries, {len(answered)} SCTs, {len(watcher.reader.roots)} tree sizes seen in {ROUNDS} lives')


@unittest.skipUnless(os.access(LOAD, os.X_OK), 'cathaya-ct-load is not built: make check builds it')
class UnderLoad(unittest.TestCase):
    """As many submissions as one client can make, while the log dies."""

    def test_load(self):
        rounds = max(3, ROUNDS // 2)
        with ct_world.World({'gm': 'gm', 'intl': 'intl'}, flush_ms=100) as world:
            lies, loads = [], []
            watchers = [Watcher(log, lies) for log in world.logs.values()]
            for watcher in watchers:
                watcher.start()
            for log in world.logs.values():
                leaf = log.pki.issuer.leaf('load-00000000.bench.example', serial=SERIAL)
                world.put(f'{log.title}-chain.pem', ''.join(ct_world.pki.pem(c) for c in log.pki.chain(leaf)))
                world.put(f'{log.title}-issuer.key', ct_world.pki.private_pem(log.pki.issuer.signer))
                loads.append(subprocess.Popen([LOAD, '--url', log.url, '--suite', log.suite.name, '--chain', world.path(f'{log.title}-chain.pem'),
                                               '--key', world.path(f'{log.title}-issuer.key'), '--count', str(1500 * rounds), '--rate', '800',
                                               '--answers', world.path(f'{log.title}.answers')], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            try:
                for _ in range(rounds):
                    time.sleep(random.uniform(0.7, 1.6))
                    world.kill()
                    world.start()
                for load in loads:
                    load.wait(120)
            finally:
                for load in loads:
                    load.kill()
                    load.wait()
            for watcher in watchers:
                watcher.is_ending = True
                watcher.join(30)
            need(not lies, *lies[:5])
            for log, watcher in zip(world.logs.values(), watchers):
                self.check(world, log, watcher)
            world.stop()

    def check(self, world, log, watcher):
        log.reader.roots.update(watcher.reader.roots)
        _, entries = log.reader.audit()
        count = 0
        with open(world.path(f'{log.title}.answers'), encoding='ascii') as file:
            for line in file:
                number, _, answer = line.partition(' ')
                answer = json.loads(answer)
                index = int.from_bytes(base64.b64decode(answer['extensions'])[3:], 'big')
                need(index < len(entries), 'the SCT says', index, 'and the tree has', len(entries))
                need(int(number).to_bytes(8, 'big') in entries[index].certificate[:64] and entries[index].timestamp == answer['timestamp'],
                     'at', index, 'stands something else than submission', number)
                count += 1
        need(count > 100, log.title, 'has answered', count)
        seen = [e.signed() for e in entries]
        need(len(set(seen)) == len(seen), 'a submission has two entries')
        print(f'{log.title}: {len(entries)} entries, {count} SCTs under load, {len(watcher.reader.roots)} tree sizes seen')


if __name__ == '__main__':
    acme_world.main()
