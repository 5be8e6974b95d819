#!/usr/bin/env python3
"""`cathaya landmarks check`."""
import unittest

import world

KEYS = ['file', 'ok', 'status', 'reason', 'format', 'latest', 'active', 'listed', 'tree_size', 'expires']


class Landmarks(world.World):
    def check(self, text, at, status, word):
        file = self.put('landmarks', text)
        found, out, errors = world.run('landmarks', 'check', '--at', str(at), file)
        self.assertEqual((found, errors), (status, ''), out)
        self.assertTrue(out.startswith(f'{file}: {"FAIL" if status else "OK"} '), out)
        self.assertIn(word, out)

    def test_verdicts(self):
        document = '2\n40 2000\n20 1000\n0 0\n'
        self.check(document, 500, 0, '2 active landmarks, latest 2 at tree size 40 until 1970-01-01T00:33:20Z')
        self.check(document, 1000, 0, '2 active')
        self.check(document, 1001, 0, '1 active landmark, ')
        self.check(document, 2000, 0, '1 active')
        self.check(document, 2001, 1, 'not current: the newest landmark, 2, expired')
        self.check('0\n0 0\n', 500, 0, 'no landmarks yet')
        self.check('2 2\n40\n20\n0\n', 500, 0, '2 active landmarks')

    def test_malformed(self):
        for text in ('', '\n', '2\n', '2\n40 2000\n', '2\n20 2000\n40 1000\n0 0\n', '02\n40 2000\n20 1000\n0 0\n', '2\n40 2000\n20 1000\n0 0',
                     '2\r\n40 2000\r\n20 1000\r\n0 0\r\n', '2\n40 1000\n20 2000\n0 0\n', 'x', '2 2\n40\n20\n', '1\n5 2000\n0 1\n'):
            with self.subTest(text=text):
                self.check(text, 500, 1, '')

    def test_json(self):
        file = self.put('landmarks', '2\n40 2000\n20 1000\n0 0\n')
        _, out, _ = world.run('landmarks', 'check', '--json', '--at', '1500', file)
        result, = world.json_lines(out)
        self.assertEqual(list(result), KEYS)
        self.assertEqual(list(result.values())[4:], ['expiry', 2, 1, 3, 40, '1970-01-01T00:33:20Z'])
        status, out, _ = world.run('landmarks', 'check', '--json', self.put('landmarks', 'x'))
        result, = world.json_lines(out)
        self.assertEqual((status, list(result), result['status']), (1, KEYS, 'malformed'))

    def test_usage(self):
        self.assert_usage(['landmarks', 'check', self.path('nothing')], 'nothing', 'No such file')
        self.assert_usage(['landmarks', 'check', '--at', 'x', self.path('ca.pem')], '--at')


if __name__ == '__main__':
    unittest.main()
