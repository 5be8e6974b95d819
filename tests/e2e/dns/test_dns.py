#!/usr/bin/env python3
"""The resolver of the program against real name servers: what is signed, forged, expired, unsigned, absent."""
import os
import subprocess
import sys
import unittest

import dns_world

HERE = os.path.dirname(os.path.abspath(__file__))
RESOLVE = os.environ.get('CATHAYA_DNS_RESOLVE') or os.path.join(HERE, '..', '..', '..', 'build', 'tests', 'dns_resolve')


def text(value):
    """A TXT record with one string, as on the wire and in hex."""
    return bytes([len(value)]).hex() + value.encode().hex()


CAA = (b'\x00\x05issue' + b'ca.example').hex()


class Answer:
    def __init__(self, line):
        self.name, self.kind, self.outcome, security, ttl, records, self.why = line.split(' ', 6)
        self.secure, self.ttl = security == 'secure', int(ttl)
        self.records = [] if records == '-' else records.split(',')


class Dns(unittest.TestCase):
    NSEC3 = False

    @classmethod
    def setUpClass(cls):
        cls.world = dns_world.DnsWorld(cls.NSEC3)
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__)

    def run_resolve(self, *arguments):
        done = subprocess.run([RESOLVE, *arguments], capture_output=True, text=True, timeout=100)
        return done.returncode, done.stdout, done.stderr

    def options(self):
        return [*(word for zone, address in self.world.stubs for word in ('--stub', f'{zone}={address}')),
                *(word for address in self.world.forwarders for word in ('--forward', address))]

    def ask(self, *questions, options=None):
        """Answers for (name, type), all asked at once."""
        if options is None:
            options = ['--anchor', self.world.anchor_file]
        words = [word for question in questions for word in question]
        status, out, errors = self.run_resolve(*self.options(), *options, *words)
        self.assertEqual((status, errors), (0, ''))
        answers = [Answer(line) for line in out.splitlines()]
        self.assertEqual([(answer.name, answer.kind) for answer in answers], list(questions))
        return answers

    def one(self, name, kind, **more):
        [answer] = self.ask((name, kind), **more)
        return answer

    def expect(self, answer, outcome, secure, records=()):
        self.assertEqual((answer.outcome, answer.secure, sorted(answer.records)), (outcome, secure, sorted(records)),
                         f'{answer.name} {answer.kind}: {answer.why}')


class Signed(Dns):
    def test_found(self):
        for answer, record in zip(self.ask(('good.signed.test', 'A'), ('good.signed.test', 'TXT'), ('good.signed.test.', 'CAA'),
                                           ('GOOD.Signed.Test', 'TXT')), ('7f000001', text('good'), CAA, text('good'))):
            self.expect(answer, 'found', True, [record])
            self.assertEqual(answer.why, '')

    def test_cname(self):
        self.expect(self.one('alias.signed.test', 'TXT'), 'found', True, [text('good')])

    def test_unsigned_name_leads_to_a_signed_one(self):
        self.world.mock.set_cname('www.cname.example', 'good.signed.test')
        self.expect(self.one('www.cname.example', 'TXT'), 'found', False, [text('good')])

    def test_unsigned_name_leads_to_a_forged_one(self):
        self.world.mock.set_cname('www.forged.example', 'bogus.signed.test')
        self.expect(self.one('www.forged.example', 'TXT'), 'bogus', False)

    def test_wildcard(self):
        self.expect(self.one('deep.er.wild.signed.test', 'TXT'), 'found', True, [text('wild')])

    def test_negative(self):
        self.expect(self.one('none.signed.test', 'TXT'), 'no-name', True)
        self.expect(self.one('good.signed.test', 'AAAA'), 'no-data', True)

    def test_bogus(self):
        for name, why in (('bogus', 'signature verification failed'), ('expired', 'signature expired'), ('stripped', 'no signatures')):
            for kind in ('A', 'TXT', 'CAA'):
                with self.subTest(name=name, kind=kind):
                    answer = self.one(f'{name}.signed.test', kind)
                    self.expect(answer, 'bogus', False)
                    self.assertIn(why, answer.why)

    def test_below_an_unsigned_delegation(self):
        self.expect(self.one('www.insecure.signed.test', 'A'), 'found', False, ['7f000001'])
        self.expect(self.one('www.insecure.signed.test', 'CAA'), 'no-data', False)

    def test_large_comes_over_tcp(self):
        answer = self.one('large.signed.test', 'TXT')
        self.expect(answer, 'found', True, [text(f'{i} {"x" * 240}') for i in range(12)])

    def test_too_many_records(self):
        answer = self.one('many.signed.test', 'TXT')
        self.expect(answer, 'failed', False)
        self.assertIn('more than 64 records', answer.why)

    def test_published_again(self):
        name = '_acme-challenge.changing'
        self.world.zone.set(name, 'TXT', '"one"')
        self.world.zone.publish()
        self.expect(self.one(f'{name}.signed.test', 'TXT'), 'found', True, [text('one')])
        self.world.zone.set(name, 'TXT', '"two"', '"three"')
        self.world.zone.publish()
        self.expect(self.one(f'{name}.signed.test', 'TXT'), 'found', True, [text('two'), text('three')])
        self.world.zone.set(name, 'TXT')
        self.world.zone.publish()
        self.expect(self.one(f'{name}.signed.test', 'TXT'), 'no-name', True)

    def test_another_anchor(self):
        """A key that is not the zone's: everything in it is bogus."""
        wrong = os.path.join(self.world.scratch.name, 'wrong')
        with open(self.world.anchor_file, encoding='ascii') as file:
            record = file.read().rstrip()
        with open(wrong, 'w', encoding='ascii') as file:
            file.write(record[:-1] + ('0' if record[-1] != '0' else '1') + '\n')
        self.expect(self.one('good.signed.test', 'TXT', options=['--anchor', wrong]), 'bogus', False)

    def test_zone_that_is_said_to_be_insecure(self):
        options = ['--anchor', self.world.anchor_file, '--insecure', 'bogus.signed.test']
        self.expect(self.one('bogus.signed.test', 'TXT', options=options), 'found', False, [text('bogus')])

    def test_without_validation(self):
        self.expect(self.one('bogus.signed.test', 'TXT', options=['--unvalidated']), 'found', False, [text('bogus')])
        self.expect(self.one('good.signed.test', 'TXT', options=['--unvalidated']), 'found', False, [text('good')])

    def test_time_to_live(self):
        anchor = ['--anchor', self.world.anchor_file]
        self.assertEqual(self.one('good.signed.test', 'TXT').ttl, 10)    # 30 in the zone, cut by the default
        self.assertEqual(self.one('good.signed.test', 'TXT', options=[*anchor, '--ttl', '7']).ttl, 7)
        self.assertEqual(self.one('good.signed.test', 'TXT', options=[*anchor, '--ttl', '60']).ttl, 30)
        answer = self.one('good.signed.test', 'TXT', options=[*anchor, '--ttl', '0'])
        self.expect(answer, 'found', True, [text('good')])
        self.assertEqual(answer.ttl, 0)


class SignedNsec3(Signed):
    NSEC3 = True


class Unsigned(Dns):
    def test_records(self):
        mock = self.world.mock
        mock.set_txt('_acme-challenge.www.example.com', 'first')
        mock.set_txt('_acme-challenge.www.example.com', 'second')
        mock.set_a('www.example.com', '127.0.0.2', '127.0.0.3')
        mock.set_aaaa('www.example.com', '::2')
        mock.set_caa('example.com', ('issue', 'ca.example'))
        txt, a, aaaa, caa = self.ask(('_acme-challenge.www.example.com', 'TXT'), ('www.example.com', 'A'), ('www.example.com', 'AAAA'),
                                     ('example.com', 'CAA'))
        self.expect(txt, 'found', False, [text('first'), text('second')])
        self.expect(a, 'found', False, ['7f000002', '7f000003'])
        self.expect(aaaa, 'found', False, ['00' * 15 + '02'])
        self.expect(caa, 'found', False, [CAA])

    def test_special_names_are_asked_too(self):
        self.world.mock.set_txt('_acme-challenge.www.test', 'x')
        self.expect(self.one('_acme-challenge.www.test', 'TXT'), 'found', False, [text('x')])

    def test_no_data(self):
        self.expect(self.one('nothing.example.org', 'CAA'), 'no-data', False)

    def test_failure(self):
        self.world.mock.set_servfail('broken.example.org')
        answer = self.one('broken.example.org', 'CAA')
        self.expect(answer, 'failed', False)
        self.assertIn('SERVFAIL', answer.why)

    def test_many_at_once(self):
        names = [f'_acme-challenge.n{i}.example.net' for i in range(300)]
        for name in names:
            self.world.mock.set_txt(name, name[16:])
        for answer, name in zip(self.ask(*((name, 'TXT') for name in names)), names):
            self.expect(answer, 'found', False, [text(name[16:])])


class Surroundings(Dns):
    def test_nobody_answers(self):
        """A socket that takes queries and says nothing."""
        with dns_world.socket.socket(dns_world.socket.AF_INET, dns_world.socket.SOCK_DGRAM) as silent:
            silent.bind(('127.0.0.1', 0))
            status, out, errors = self.run_resolve('--forward', f'127.0.0.1@{silent.getsockname()[1]}', '--unvalidated', '--timeout', '300',
                                                   'www.example.com', 'A', 'www.example.com', 'TXT')
        self.assertEqual((status, errors), (0, ''))
        for line in out.splitlines():
            self.assertIn('failed', line)
            self.assertIn('no answer within 300 ms', line)

    def test_nothing_but_loopback(self):
        """192.0.2.0/24 is nobody's: it is not asked, and the answer is there at once instead of at the time limit."""
        for options in (['--forward', '192.0.2.1'], ['--stub', 'example.com=192.0.2.1'], []):
            with self.subTest(options=options):
                status, out, errors = self.run_resolve(*options, '--unvalidated', '--timeout', '60000', 'www.example.com', 'A')
                self.assertEqual((status, errors), (0, ''))
                self.assertRegex(out, r'\Awww.example.com A failed insecure 0 - the answer of the name servers is SERVFAIL\n\Z')

    def test_bad_configuration(self):
        def put(name, content):
            path = os.path.join(self.world.scratch.name, name)
            with open(path, 'w', encoding='ascii') as file:
                file.write(content)
            return path
        for options, why in (
                (['--anchor', '/nonexistent/anchor'], 'No such file'),
                (['--anchor', put('empty', '')], 'no DS or DNSKEY record'),
                (['--anchor', put('comment', '; . IN DS 1 8 2 00\n')], 'no DS or DNSKEY record'),
                (['--anchor', put('broken', 'signed.test. IN DS 1 8 2 xyz\n')], 'trust anchors'),
                (['--anchor', self.world.anchor_file, '--unvalidated'], 'none is to be used'),
                (['--unvalidated', '--ttl', '61'], '60 s at most'),
                (['--unvalidated', '--stub', 'example.com=nowhere'], 'example.com nowhere'),
                (['--unvalidated', '--stub', 'exa..mple=127.0.0.1'], 'exa..mple'),
                (['--unvalidated', '--forward', 'nowhere'], 'nowhere')):
            with self.subTest(options=options):
                status, out, errors = self.run_resolve(*options, 'www.example.com', 'A')
                self.assertEqual((status, out), (2, ''))
                self.assertIn(why, errors)

    def test_no_names(self):
        for name in ('', '.', '..', 'a..b', '.a', 'a b', 'a\\046b', 'a/b', '*.a', 'x' * 64 + '.com', 'a.' * 127 + 'a', 'a.' * 1000,
                     'b\u00fccher.example'):
            with self.subTest(name=name):
                status, out, errors = self.run_resolve('--unvalidated', '--forward', self.world.forwarders[0], name, 'A')
                self.assertEqual((status, out), (2, ''))
                self.assertIn('no name to look up', errors)
        longest = 'a.' * 126 + 'a'
        self.assertEqual(len(longest), 253)
        for name in (longest, longest + '.'):
            self.expect(self.one(name, 'A', options=['--unvalidated']), 'found', False, ['7f000001'])


if __name__ == '__main__':
    if dns_world.missing():
        print('skipped: not installed:', ', '.join(dns_world.missing()))
        sys.exit(77)
    unittest.main()
