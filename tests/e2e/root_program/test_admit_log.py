"""CT logs are admitted by a monitor's report: both neighbours of each limit, and reports that are about something else."""
import hashlib
import unittest

from program_world import *


class AdmitLog(ProgramTest):
    def setUp(self):
        super().setUp()
        self.put_registry()
        self.key_id = {}
        self.put_log('log-1', 'pending')

    def put_log(self, name, state):
        _, spki = self.key(name, 'ecdsa_p256_sha256')
        self.put(f'registry/ct-logs/{name}.conf',
                 f'name "{name}"\noperator one\nsuite intl\ninterface static\nsubmission-url https://ct.example/submit/\n'
                 f'monitoring-url https://ct.example/read/\nmmd 60\nstate {state} {day(-100 * DAY)} "applied"\n')
        self.put(f'registry/ct-logs/{name}.pem', pem(spki, 'PUBLIC KEY'))
        self.key_id[name] = hashlib.sha256(spki).hexdigest()

    def report(self, name='log-1', time=None, endpoints=None, no=(), **more):
        endpoint = {'endpoint': 'tile', 'uptime': 0.99, 'good': 9900, 'bad': 100, 'days': 81, 'longest_outage_s': 336 * 3600 - 1}
        content = {'log': name, 'url': 'https://ct.example/read/', 'id': self.key_id[name], 'time': time or when(0), 'admit': not no,
                   'criteria': [{'criterion': c, 'yes': c not in no, 'reason': f'about {c}'}
                                for c in ('observed', 'uptime', 'outage', 'verified', 'append-only', 'mmd', 'policy')],
                   'endpoints': [{**endpoint, **changes} for changes in (endpoints or ({}, {'endpoint': 'checkpoint'}))], **more}
        return self.put('report.json', json.dumps(content))

    def content(self):
        self.report()
        return json.loads(self.read('report.json'))

    def admit(self, report, *more, log='ct-logs/log-1'):
        return self.run_it('trust', 'admit-log', '--registry', self.registry, '--report', report, log, '--json', *more)

    def yes(self, report, *more):
        status, out, err = self.admit(report, *more)
        self.assertEqual(status, 0, (out, err))
        return json.loads(out)

    def refused(self, report, *names):
        before = self.read('registry', 'ct-logs', 'log-1.conf')
        status, out, err = self.admit(report)
        self.assertEqual(status, 1, (out, err))
        answer = json.loads(out)
        self.assertEqual((answer['admit'], answer['state']), (False, None))
        self.assertEqual([row['criterion'] for row in answer['criteria'] if not row['yes']], list(names))
        self.assertEqual(self.read('registry', 'ct-logs', 'log-1.conf'), before)

    def test_step_by_step(self):
        self.assertEqual(self.yes(self.report())['state'], 'qualified')
        self.assertIn(f'state qualified {day()} "monitor\'s report of ', self.read('registry', 'ct-logs', 'log-1.conf').decode())
        answer = self.yes(self.report(), '--reason', 'in the list of May')
        self.assertEqual(answer['state'], 'usable')
        self.assertIn('in the list of May', self.read('registry', 'ct-logs', 'log-1.conf').decode())
        self.no(1, 'only what is pending or qualified', 'trust', 'admit-log', '--registry', self.registry, '--report', self.report(),
                'ct-logs/log-1')

    def test_at_once(self):
        self.assertEqual(self.yes(self.report(), '--state', 'usable')['state'], 'usable')

    def test_both_neighbours_of_each_limit(self):
        for good, bad in (dict(good=9900, bad=100), dict(good=9899, bad=101)), (dict(days=81), dict(days=80)), \
                (dict(longest_outage_s=336 * 3600 - 1), dict(longest_outage_s=336 * 3600)):
            name = {'good': 'uptime', 'days': 'observed', 'longest_outage_s': 'outage'}[list(good)[0]]
            with self.subTest(name):
                # Of one endpoint among others.
                self.refused(self.report(endpoints=({}, {'endpoint': 'issuer', **bad})), f'{name} issuer')
                self.put_log('log-1', 'pending')
                self.yes(self.report(endpoints=({}, {'endpoint': 'issuer', **good})))
                self.put_log('log-1', 'pending')
        self.refused(self.report(time=when(-7 * DAY - 3600)), 'report')
        self.refused(self.report(time=when(2 * DAY)), 'report')
        self.yes(self.report(time=when(-7 * DAY + 3600)))

    def test_the_limits_are_the_registrys(self):
        self.refused(self.report(endpoints=({'good': 950, 'bad': 50, 'days': 30},)), 'observed tile', 'uptime tile')
        base = self.read('registry', 'registry.conf').decode()
        self.put('registry/registry.conf', base + 'setting log-uptime 9500\nsetting log-observed-days 30\n')
        self.yes(self.report(endpoints=({'good': 950, 'bad': 50, 'days': 30},)))
        self.put_log('log-1', 'pending')
        self.put('registry/registry.conf', base + 'setting log-uptime 9501\nsetting log-outage-hours 1\nsetting log-report-days 1\n')
        self.refused(self.report(endpoints=({'good': 950, 'bad': 50, 'longest_outage_s': 3600},), time=when(-2 * DAY)), 'report',
                     'uptime tile', 'outage tile')
        self.put('registry/registry.conf', base + 'setting log-uptime 10001\n')
        self.no(2, 'registry.conf', 'trust', 'admit-log', '--registry', self.registry, '--report', self.report(), 'ct-logs/log-1')

    def test_what_only_the_monitor_can_say(self):
        for name in 'verified', 'append-only', 'mmd', 'policy':
            self.refused(self.report(no=(name,)), name)
        self.refused(self.report(endpoints=({'good': 0, 'bad': 0},)), 'uptime tile')
        self.refused(self.put('report.json', json.dumps({**self.content(), 'endpoints': []})), 'observed')

    def test_no_report_about_it(self):
        self.put_log('log-2', 'pending')
        report = lambda **more: self.report(**more)
        words = ('trust', 'admit-log', '--registry', self.registry, '--report')
        self.no(1, 'is about the log', *words, report(name='log-2'), 'ct-logs/log-1')
        for changes in {'criteria': []}, {'endpoints': 1}, {'endpoints': [{}]}, {'time': 'now'}, {'id': 5}, {'criteria': None}:
            with self.subTest(changes):
                self.no(1, 'admission report', *words, self.put('report.json', json.dumps({**self.content(), **changes})),
                        'ct-logs/log-1')
        self.no(1, 'no JSON object', *words, self.put('other.json', '[]'), 'ct-logs/log-1')
        self.no(2, 'nowhere', *words, self.path('nowhere'), 'ct-logs/log-1')
        self.no(2, 'ct-logs', *words, report(), 'operators/one')
        self.no(2, 'rejected', *words, report(), 'ct-logs/log-1', '--state', 'rejected')


if __name__ == '__main__':
    unittest.main()
