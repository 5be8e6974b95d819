"""Records of websites' identities: signed, taken by the curator, listed, revoked."""
import unittest

from program_world import *


class Identity(ProgramTest):
    def setUp(self):
        super().setUp()
        self.put_registry()
        self.keys = {'sm2': self.put_signer('sm2', 'one', 'sm2_sm3'), 'pq': self.put_signer('pq', 'two', 'mldsa44', level=3)}

    ALGORITHMS = {'sm2': 'sm2_sm3', 'pq': 'mldsa44'}

    def sign(self, signer, serial, *more, domain='example.com', level=3, names=('--name-en', 'Example Co.'), out=None):
        out = out or self.path(f'{signer}-{serial}.entry')
        self.ok('trust', 'identity', 'sign', '--key', self.keys[signer], '--alg', self.ALGORITHMS[signer], '--serial', str(serial),
                '--domain', domain, '--country', 'CN', '--registration', '91110000000000000X', '--level', str(level), *names, *more,
                '--out', out)
        return out

    def revoke(self, signer, serial, *more):
        out = self.path(f'{signer}-{serial}.revoked')
        self.ok('trust', 'identity', 'revoke', '--key', self.keys[signer], '--alg', self.ALGORITHMS[signer], '--serial', str(serial),
                '--out', out, *more)
        return out

    def add(self, *files):
        return self.ok('trust', 'identity', 'add', '--registry', self.registry, *files)

    def states(self, *more):
        return [(row['index'], row['state']) for row in self.lines('trust', 'identity', 'list', '--registry', self.registry, '--json', *more)]

    def test_from_signer_to_log(self):
        one = self.sign('sm2', 1, '--subdomains', level=4, names=('--name-zh', '示例公司', '--name-en', 'Example Co.'))
        row = self.lines('trust', 'identity', 'check', '--json', one)[0]
        self.assertEqual((row['domain'], row['subdomains'], row['name_zh'], row['level'], row['good'], row['signature_checked']),
                         ('example.com', True, '示例公司', 'T4', True, False))
        two = self.sign('pq', 1, domain='shop.example.com')
        self.assertIn('entries 0 to 1', self.add(one, two))
        self.assertEqual(self.states(), [(0, 'good'), (1, 'good')])
        before = self.read('registry', 'identities', 'log')
        self.add(self.revoke('sm2', 1, '--reason', 'domain-gone'))
        self.assertEqual(self.states(), [(0, 'revoked'), (1, 'good'), (2, 'revocation')])
        self.assertEqual(self.read('registry', 'identities', 'log')[:len(before)], before)
        self.assertEqual(self.states('--at', when(399 * DAY))[1], (1, 'expired'))
        self.assertEqual(self.states('--at', when(-DAY))[1], (1, 'not-yet'))
        self.assertIn('shop.example.com is Example Co. (CN 91110000000000000X), T3',
                      self.ok('trust', 'identity', 'list', '--registry', self.registry))

    def test_what_the_curator_refuses(self):
        good = self.sign('sm2', 1)
        self.add(good)
        log = self.read('registry', 'identities', 'log')
        for status, reason, file in [
                (1, 'has used serial number 1', good),
                (1, 'T3 at most', self.sign('pq', 1, level=4)),
                (1, 'expired', self.sign('sm2', 2, '--from', when(-10 * DAY), '--until', when(-5))),
                (1, 'to revoke', self.revoke('sm2', 9)),
                (1, 'to revoke', self.revoke('pq', 1)),
                (1, 'line 1', self.put('bad.entry', 'no base64\n')),
                (1, 'line 1', self.put('other.entry', base64.b64encode(b'other').decode() + '\n'))]:
            with self.subTest(reason, file=file):
                # All of them or none.
                self.no(status, reason, 'trust', 'identity', 'add', '--registry', self.registry, self.sign('sm2', 7), file)
                self.assertEqual(self.read('registry', 'identities', 'log'), log)
        stranger, _ = self.key('stranger', 'sm2_sm3')
        self.keys['sm2'] = stranger
        self.no(1, 'no identity signer', 'trust', 'identity', 'add', '--registry', self.registry, self.sign('sm2', 5))
        # Another byte in the signed statement.
        entry = bytearray(base64.b64decode(self.read('sm2-1.entry')))
        entry[entry.index(b'Example')] ^= 1
        self.no(1, 'signature', 'trust', 'identity', 'add', '--registry', self.registry,
                self.put('changed.entry', base64.b64encode(bytes(entry)).decode() + '\n'))

    def test_a_removed_signer(self):
        self.add(self.sign('pq', 1))
        self.put('registry/identity-signers/pq.conf', self.read('registry/identity-signers/pq.conf').decode() + f'state removed {day()} "gone"\n')
        self.assertEqual(self.states(), [(0, 'refused')])
        self.no(1, 'no identity signer', 'trust', 'identity', 'add', '--registry', self.registry, self.sign('pq', 2))

    def test_what_a_signer_may_not_say(self):
        self.sign('sm2', 1, domain='github.io')  # the site itself
        for domain in 'com.cn', 'github.io':
            self.no(2, 'public suffix', 'trust', 'identity', 'sign', '--key', self.keys['sm2'], '--serial', '1', '--domain', domain,
                    '--subdomains', '--name-en', 'A', '--country', 'CN', '--registration', '1', '--level', '2')
        for reason, more in [
                             ('domain', dict(domain='Example.com')), ('domain', dict(domain='例子.cn')), ('domain', dict(domain='com')),
                             ('names', dict(names=('--name-en', 'Exаmple'))), ('names', dict(names=('--name-en', 'abc\u202ecba'))),
                             ('names', dict(names=())), ('level', dict(level=1)), ('names', dict(names=('--name-zh', '示例\u3000公司')))]:
            with self.subTest(more):
                with self.assertRaises(AssertionError) as caught:
                    self.sign('sm2', 1, **more)
                self.assertIn(reason, str(caught.exception))
        self.no(2, 'serial', 'trust', 'identity', 'sign', '--key', self.keys['sm2'], '--serial', '0', '--domain', 'a.example', '--name-en',
                'A', '--country', 'CN', '--registration', '1', '--level', '2')

    def test_nothing_to_add(self):
        empty = self.path('empty')
        self.put('empty', b'')
        self.assertIn('nothing to add', self.add(empty))
        self.assertFalse(os.path.exists(self.path('registry', 'identities')))
        self.add(self.sign('sm2', 1))
        before = self.read('registry', 'identities', 'log')
        self.assertIn('nothing to add', self.add(empty))
        self.assertEqual(self.read('registry', 'identities', 'log'), before)

    def test_a_check_without_signers_says_so(self):
        self.assertIn('OK, signature not checked: example.com', self.ok('trust', 'identity', 'check', self.sign('sm2', 1)))

    def test_damaged_log(self):
        self.add(self.sign('sm2', 1))
        log = self.read('registry', 'identities', 'log')
        self.put('registry/identities/log', log[:-1])
        self.no(2, 'cut short', 'trust', 'identity', 'list', '--registry', self.registry)
        self.put('registry/identities/log', log + log)
        self.no(2, 'line 2', 'trust', 'identity', 'list', '--registry', self.registry)


if __name__ == '__main__':
    unittest.main()
