#!/usr/bin/env python3
"""`cathaya inspect` shows what the vectors of Certificate Transparency say: docs/vectors/ct."""
import base64
import json
import os
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, '..', '..', 'docs', 'vectors', 'ct')
PROGRAM = os.environ['CATHAYA_PROGRAM']
SUITES = {'gm': ('07 08 (SM2 with SM3)', 'sm3_root_hash'), 'intl': ('04 03 (ECDSA with SHA-256)', 'sha256_root_hash')}


class Inspect(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.vectors = {}
        for suite in SUITES:
            with open(os.path.join(VECTORS, f'{suite}.json'), encoding='ascii') as file:
                self.vectors[suite] = json.load(file)

    def show(self, name, data, status=0, *options):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        done = subprocess.run([PROGRAM, 'inspect', '--json', *options, path], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, status, done.stderr)
        text = subprocess.run([PROGRAM, 'inspect', *options, path], capture_output=True, text=True, timeout=60)
        self.assertEqual(text.returncode, status)
        return json.loads(done.stdout.splitlines()[-1]) if done.stdout else None

    def test_data_tile(self):
        for suite, vector in self.vectors.items():
            tile = bytes.fromhex(vector['data_tile'])
            shown = self.show('tile/data/x001/000.p/3', tile)
            self.assertEqual((shown['kind'], shown['index']), ('data-tile', 1000))
            entries = shown['entries']
            self.assertEqual([e['type'] for e in entries], ['x509_entry', 'precert_entry', 'tbs_cert_entry'])
            self.assertEqual([e['number'] for e in entries], [256000, 256001, 256002])
            self.assertEqual([e['leaf_index'] for e in entries], [0, 1, 2])
            for entry in entries[:2]:
                self.assertEqual(entry['names'], ['www.example.com', 'www.example.com', '*.wild.example.com', '127.0.0.1'])
            self.assertEqual(entries[2]['index'], vector['mtc_index'])
            self.assertEqual(entries[1]['time'], '2026-01-01T00:00:01Z')
            self.assertIn('4 entries', self.show('tile/data/000.p/4', tile, 1)['fault'])
            self.assertIn('cut short', self.show('tile/data/000', tile[:-1], 1)['fault'])
            self.assertEqual(self.show('elsewhere', tile, 0, '--as', 'data-tile')['entries'][1]['position'], 1)
        unknown = self.show('tile/data/000.p/1', bytes(8) + b'\0\5', 1)
        self.assertIn('entry type 0005 is not known', unknown['fault'])

    def test_scts(self):
        for suite, vector in self.vectors.items():
            algorithm, _ = SUITES[suite]
            sct = bytes.fromhex(vector['entries'][1]['sct'])
            one = len(sct).to_bytes(2, 'big') + sct
            shown = self.show('list', (2 * len(one)).to_bytes(2, 'big') + one + one)
            self.assertEqual((shown['kind'], len(shown['scts'])), ('sct-list', 2))
            answer = self.show('answer', vector['answers'][1])
            self.assertEqual(answer['kind'], 'sct')
            certificate = self.show('certificate', bytes.fromhex(vector['certificate']))
            embedded = [e for e in certificate['extensions'] if 'scts' in e]
            for found in (shown['scts'][1], answer, embedded[0]['scts'][0]):
                self.assertEqual((found['algorithm'], found['leaf_index'], found['log_id']), (algorithm, 1, vector['log_id']))
                self.assertEqual(base64.b64decode(found['log_id_base64']).hex(), vector['log_id'])

    def test_tree_heads(self):
        for suite, vector in self.vectors.items():
            algorithm, member = SUITES[suite]
            shown = self.show('sth', vector['get_sth'])
            self.assertEqual((shown['kind'], shown['suite'], shown['size'], shown['algorithm']), ('sth', suite, 3, algorithm))
            note = self.show('checkpoint', vector['checkpoint'])
            self.assertEqual((note['kind'], note['root']), ('note', shown['root']))
            self.assertEqual(note['signatures'][0]['looks_like'], 'tree head of a CT log (type 05)')
            self.assertEqual(note['signatures'][0]['timestamp_ms'], shown['timestamp_ms'])
            bad = vector['get_sth'].replace(member, 'root')
            self.assertIn('root_hash', self.show('bad', bad, 1)['fault'])

    def test_log_list(self):
        logs = []
        for suite, vector in self.vectors.items():
            logs.append({'description': suite, 'suite': suite, 'log_id': base64.b64encode(bytes.fromhex(vector['log_id'])).decode(),
                         'key': base64.b64encode(bytes.fromhex(vector['log_key'])).decode(), 'mmd': 60,
                         'submission_url': 'https://ct.example/a/', 'monitoring_url': 'https://ct.example/b/',
                         'state': {'usable': {'timestamp': '2026-01-01T00:00:00Z'}},
                         'temporal_interval': {'start_inclusive': '2027-01-01T00:00:00Z', 'end_exclusive': '2027-07-01T00:00:00Z'}})
        whole = {'version': '1', 'log_list_timestamp': '2026-01-01T00:00:00Z',
                 'operators': [{'name': 'One', 'email': [], 'logs': [], 'tiled_logs': logs}]}
        shown = self.show('list.json', json.dumps(whole))
        self.assertEqual((shown['kind'], shown['made']), ('log-list', '2026-01-01T00:00:00Z'))
        for log, (suite, vector) in zip(shown['logs'], self.vectors.items(), strict=True):
            self.assertEqual((log['suite'], log['log_id'], log['operator'], log['state'], log['monitoring_url']),
                             (suite, vector['log_id'], 'One', 'usable', 'https://ct.example/b'))
        logs[0]['log_id'] = logs[1]['log_id']
        self.assertIn('"gm": log list: "log_id" is not the sm3 hash', self.show('bad.json', json.dumps(whole), 1)['fault'])


if __name__ == '__main__':
    unittest.main()
