"""cathaya trust import-logs: lists of CT logs of schema 3, again and again."""
import base64
import hashlib

from registry_world import *


class Lists(RegistryTest):
    def log(self, name, **more):
        """A log of the list, with a key of its own."""
        der = base64.b64encode(b''.join(base64.b64decode(line) for line in read(self.public_key(name, 'prime256v1')).decode().splitlines()[1:-1])).decode()
        log_id = base64.b64encode(hashlib.sha256(base64.b64decode(der)).digest()).decode()
        return {'description': name, 'log_id': log_id, 'key': der, 'url': f'https://{name}.test/', 'mmd': 86400,
                'state': {'usable': {'timestamp': '2026-01-10T00:00:00Z'}}, **more}

    def import_list(self, *operators, version='1.1'):
        path = self.path('list.json')
        with open(path, 'w') as file:
            json.dump({'version': version, 'log_list_timestamp': '2026-05-01T00:00:00Z',
                       'operators': [{'name': name, 'email': [f'{name.split()[0].lower()}@logs.test'], 'logs': logs, 'tiled_logs': tiled}
                                     for name, logs, tiled in operators]}, file)
        return json.loads(self.ok('import-logs', '--list', path, '--json'))

    def files(self, told):
        return [item['file'] for item in told]

    def test_new_changed_gone(self):
        self.start()
        a, b = self.log('alpha'), self.log('beta', temporal_interval={'start_inclusive': '2026-01-01T00:00:00Z', 'end_exclusive': '2027-01-01T00:00:00Z'})
        c = self.log('gamma', submission_url='https://s.gamma.test/', monitoring_url='https://m.gamma.test/')
        del c['url']
        told = self.import_list(('Log Runner', [a, b], []), ('Other', [], [c]))
        self.assertEqual(self.files(told['new']), ['operators/log-runner.conf', 'ct-logs/alpha.conf', 'ct-logs/beta.conf',
                                                   'operators/other.conf', 'ct-logs/gamma.conf'])
        self.assertEqual((told['changed'], told['gone']), ([], []))
        self.assertIn('contact log@logs.test\n', self.text('operators/log-runner.conf'))
        self.assertEqual(self.text('ct-logs/beta.conf'),
                         'operator log-runner\nsuite intl\nname beta\ninterface rfc6962\nsubmission-url https://beta.test\nmmd 86400\n'
                         'interval from 2026-01-01 before 2027-01-01\nstate usable 2026-01-10 "log list 1.1 of 2026-05-01"\n')
        self.assertIn('interface static\nsubmission-url https://s.gamma.test\nmonitoring-url https://m.gamma.test\n', self.text('ct-logs/gamma.conf'))
        self.assertEqual(self.lint(), (0, []))
        # The same list again changes nothing, to the byte.
        before = files_below(self.dir)
        told = self.import_list(('Log Runner', [a, b], []), ('Other', [], [c]))
        self.assertEqual(told, {'new': [], 'changed': [], 'gone': [], 'kept': []})
        self.assertEqual(files_below(self.dir), before)
        self.next_list(a, b, c)

    def next_list(self, a, b, c):
        """alpha is read-only, beta has another operator, gamma is not there, and a person has written into alpha's file."""
        with open(os.path.join(self.dir, 'ct-logs/alpha.conf'), 'a') as file:
            file.write('# watched since 2025\n')
        a['state'] = {'readonly': {'timestamp': '2026-04-20T00:00:00Z', 'final_tree_head': {'sha256_root_hash': base64.b64encode(b'\7' * 32).decode(), 'tree_size': 42}}}
        b['previous_operators'] = [{'name': 'Log Runner', 'end_time': '2026-03-01T00:00:00Z'}]
        told = self.import_list(('Log Runner', [a], []), ('New Runner', [b], []), version='1.2')
        self.assertEqual(self.files(told['new']), ['operators/new-runner.conf'])
        self.assertEqual(told['changed'], [{'file': 'ct-logs/alpha.conf', 'text': 'readonly, before usable'},
                                           {'file': 'ct-logs/beta.conf', 'text': 'its entry in the list'}])
        self.assertEqual(self.files(told['gone']), ['ct-logs/gamma.conf'])
        alpha = self.text('ct-logs/alpha.conf')
        self.assertIn('state usable 2026-01-10 "log list 1.1 of 2026-05-01"\nstate readonly 2026-04-20 "log list 1.2 of 2026-05-01"\n', alpha)
        self.assertIn(f'final-tree-head 42 {"07" * 32}\n', alpha)
        self.assertIn('# watched since 2025\n', alpha)
        self.assertIn('operator new-runner\n', self.text('ct-logs/beta.conf'))
        self.assertIn('previous-operator log-runner before 2026-03-01\n', self.text('ct-logs/beta.conf'))
        self.ok('state', 'ct-logs/gamma', 'retired', '--reason', 'not in list 1.2')
        self.assertIn('state retired 2026-06-01 "not in list 1.2"\n', self.text('ct-logs/gamma.conf'))
        self.assertEqual(self.lint(), (0, []))

    def test_what_was_decided_here_stays(self):
        """A state of the list, or a list, that is older than what the registry says is told, and does not bring a log back."""
        self.start()
        a = self.log('alpha')
        self.import_list(('Log Runner', [a], []))
        self.ok('state', 'ct-logs/alpha', 'retired', '--reason', 'it forgot entries', at='2026-03-01')
        before = files_below(self.dir)
        told = self.import_list(('Log Runner', [a], []), version='1.2')
        self.assertEqual((told['changed'], self.files(told['kept'])), ([], ['ct-logs/alpha.conf']))
        self.assertIn('usable in the list, of an earlier day; here it is retired since 2026-03-01', told['kept'][0]['text'])
        self.assertEqual(files_below(self.dir), before)
        # What the list says of a later day, or of the same one, is new.
        a['state'] = {'usable': {'timestamp': '2026-03-01T00:00:00Z'}}
        told = self.import_list(('Log Runner', [a], []), version='1.3')
        self.assertEqual((told['changed'], told['kept']), ([{'file': 'ct-logs/alpha.conf', 'text': 'usable, before retired'}], []))

    def test_names(self):
        """Names that give no ID, or the same one."""
        self.start()
        told = self.import_list(('日志', [self.log('x1', description='日志一'), self.log('x2', description="Log 'A'"), self.log('x3', description='log a')], []))
        self.assertEqual(self.files(told['new']), ['operators/who.conf', 'ct-logs/log.conf', 'ct-logs/log-a.conf', 'ct-logs/log-a-2.conf'])

    def test_refused(self):
        self.start()
        bad = self.path('bad.json')
        with open(bad, 'w') as file:
            file.write('{"operators": 1}')
        self.not_ok(2, 'bad.json', 'import-logs', '--list', bad)
        self.not_ok(2, 'nothing.json', 'import-logs', '--list', self.path('nothing.json'))


if __name__ == '__main__':
    unittest.main()
