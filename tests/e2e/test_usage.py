#!/usr/bin/env python3
"""Help, versions, unknown commands and options: what every command has in common."""
import subprocess
import unittest

import world


class Usage(world.World):
    def test_help(self):
        for arguments in (['help'], ['--help'], ['-h']):
            status, out, errors = world.run(*arguments)
            self.assertEqual((status, errors), (0, ''))
            for name in ('verify', 'inspect', 'landmarks check'):
                self.assertIn(f'\n  {name} ', out)

    def test_help_of_a_command(self):
        for words in (['verify'], ['inspect'], ['landmarks', 'check']):
            texts = [world.run(*arguments) for arguments in (['help', *words], [*words, '--help'], [*words, '-h', '--nonsense'])]
            self.assertEqual(texts[0][0], 0)
            self.assertEqual(texts[0], texts[1])
            self.assertEqual(texts[0], texts[2])
            self.assertTrue(texts[0][1].startswith(f'usage: cathaya {" ".join(words)}'))
            for option in ('--algorithms FILE', '--json', '--help'):
                self.assertIn(f'\n  {option} ', texts[0][1])

    def test_help_of_a_group(self):
        for arguments in (['help', 'landmarks'], ['landmarks', '--help']):
            status, out, _ = world.run(*arguments)
            self.assertEqual(status, 0)
            self.assertIn('landmarks check FILE', out)
            self.assertNotIn('inspect FILE', out)

    def test_every_command_has_help(self):
        _, out, _ = world.run('help')
        names = [line[2:].split('  ')[0] for line in out.splitlines() if line.startswith('  ') and not line.startswith('   ')]
        for name in names:
            words = [word for word in name.split() if word == word.lower() and word[0].isalpha()]
            status, text, errors = world.run('help', *words)
            with self.subTest(words=words):
                self.assertEqual((status, errors), (0, ''))
                self.assertTrue(text.startswith(f'usage: cathaya {" ".join(words)}'), text)

    def test_version(self):
        status, out, _ = world.run('--version')
        self.assertEqual(status, 0)
        self.assertRegex(out, r'^cathaya [0-9]+\.[0-9]+\.[0-9]+\n$')

    def test_unknown_command(self):
        for arguments, word, seen, unseen in (([], 'no command', 'verify', None), (['frob'], '"frob"', 'verify', None),
                                              (['landmarks'], 'no command', 'landmarks check', 'inspect'),
                                              (['landmarks', 'frob'], '"frob"', 'landmarks check', 'inspect'),
                                              (['help', 'frob'], '"frob"', 'verify', None), (['--frob'], '"--frob"', 'verify', None),
                                              (['ver'], '"ver"', 'verify', None)):
            status, out, errors = world.run(*arguments)
            with self.subTest(arguments=arguments):
                self.assertEqual((status, out), (2, ''))
                self.assertIn(word, errors)
                self.assertIn(f'\n  {seen} ', errors)
                self.assertTrue(unseen is None or f'\n  {unseen} ' not in errors)

    def test_options(self):
        ca, certificate = self.path('ca.pem'), self.path('standalone.pem')
        for arguments, *words in (
                (['verify', certificate], '--ca FILE', 'missing', '--help'), (['verify', '--ca', ca], 'CERT... is missing'),
                (['verify', '--ca', ca, '--frob', certificate], 'unknown option --frob'),
                (['verify', '--ca', ca, '-x', certificate], 'unknown option -x'),
                (['verify', '--ca', ca, '--js', certificate], 'unknown option --js'),
                (['verify', '--ca', ca, '--json=1', certificate], '--json takes no value'),
                (['verify', '--ca', ca, '--policy', '--json', certificate], '--policy needs a value: FILE'),
                (['verify', certificate, '--ca'], '--ca needs a value'),
                (['verify', '--ca', ca, '--at', '1', '--at', '2', certificate], '--at is given twice'),
                (['landmarks', 'check'], 'FILE is missing'), (['inspect', certificate, certificate], 'one argument too many')):
            with self.subTest(arguments=arguments):
                self.assert_usage(arguments, *words)

    def test_option_spellings(self):
        ca, certificate = self.path('ca.pem'), self.path('standalone.pem')
        for arguments in ([f'--ca={ca}', '--at', world.AT, certificate], [certificate, '--at', world.AT, '--ca', ca],
                          ['--ca', ca, '--at', world.AT, '--', certificate]):
            self.assertEqual(world.run('verify', *arguments)[0], 0)
        self.put('--odd.pem', world.pem(self.standalone))
        status, out, _ = world.run('verify', '--ca', ca, '--at', world.AT, '--', '--odd.pem', cwd=self.folder)
        self.assertEqual((status, out.split(' ')[0]), (0, '--odd.pem:'))

    def test_algorithms_file(self):
        ca, certificate = self.path('ca.pem'), self.path('standalone.pem')
        block = 'algorithm "{}" {{\n  oid = "{}"\n  evp = "{}"\n}}\n'
        good = block.format('slhdsa128s', '2.16.840.1.101.3.4.3.20', 'SLH-DSA-SHA2-128s')
        rest = ['--at', world.AT, '--ca', ca, certificate]
        # What is wrong with a whole block is said with the line where it ends.
        for text, *words in (('algorithm', 'f.conf:1:'), (good + 'frob = 1\n', 'f.conf:5:', 'frob'), (good + good, 'f.conf:'),
                             ('# 1 "\n// 2\n/* 3 "\n 4 # */ /* */\n' + good.replace('{', '{ # 5 "') + 'frob = 1 # 9\n', 'f.conf:9:', 'frob'),
                             ('\nalgorithm "x" {\n  evp = "RSA"\n}\n', 'f.conf:4:', '"x" lacks oid'),
                             (block.format('x', '1.2', 'Frob'), 'f.conf:4:', 'Frob'),
                             (block.format('x', 'pi', 'SLH-DSA-SHA2-128s'), 'f.conf:4:', 'not a dotted OID'),
                             (block.format('ed25519', '1.2.3', 'SLH-DSA-SHA2-128s'), 'f.conf:4:', 'the name is taken'),
                             ('algorithm "x" {\n  oid = "1.2.3"\n  evp = "ED25519"\n  provider = "frob"\n}\n', 'f.conf:5:', 'frob')):
            with self.subTest(text=text):
                self.assert_usage(['verify', '--algorithms', self.put('f.conf', text), *rest], *words)
        self.assert_usage(['verify', '--algorithms', self.path('nothing'), *rest], 'nothing: cannot open: No such file')
        self.assert_usage(['verify', '--algorithms', self.folder, *rest], 'Is a directory')
        self.assert_usage(['verify', '--algorithms', '/dev/zero', *rest], '/dev/zero: longer than')
        self.assert_usage(['verify', '--algorithms', self.put('f.conf', good + '\0'), *rest], 'f.conf: a NUL')
        self.assertEqual(world.run('verify', '--algorithms', self.put('f.conf', good), *rest)[0], 0)
        example = world.os.path.join(world.HERE, '..', '..', 'examples', 'algorithms.conf')
        self.assertEqual(world.run('verify', '--algorithms', example, *rest)[0], 0)

    def test_a_reader_that_goes_away(self):
        """The verdict stays, and nobody is told about a broken pipe."""
        many = [self.path('standalone.pem')] * 500
        command = [world.PROGRAM, 'verify', '--json', '--ca', self.path('ca.pem'), '--proof-only', *many]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            errors = process.stderr.read()
            self.assertEqual((process.wait(60), errors), (0, b''))

    def test_output_that_is_lost(self):
        with open('/dev/full', 'wb') as full:
            done = subprocess.run([world.PROGRAM, 'help'], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b'cannot write to stdout', done.stderr)

    def test_a_limit_on_files_is_an_error(self):
        """Not the end of the program in the middle of its work."""
        folder = self.path('limited')
        done = subprocess.run(['bash', '-c', 'ulimit -f 1; exec "$@"', 'bash', world.PROGRAM, 'ca', 'init', '--suite', 'intl', '--id', '32473.1',
                               folder], capture_output=True, timeout=60)
        self.assertIn(done.returncode, (2, 3), done)
        self.assertIn(b'File too large', done.stderr)

    def test_standard_files_that_are_closed(self):
        """No file of the CA gets the number of one of them: what is said would be written into it."""
        ca = self.path('closed')
        self.assertEqual(world.run('ca', 'init', '--suite', 'gm', '--id', '32473.1', ca)[0], 0)
        command = 'exec 0<&- 1>&- 2>&-; exec "$@"'
        done = subprocess.run(['bash', '-c', command, 'bash', world.PROGRAM, 'ca', 'log', 'rotate', '--dir', ca], timeout=60)
        self.assertEqual(done.returncode, 3, 'its output is lost')
        for number in ('1', '2'):
            with open(world.os.path.join(ca, 'log', number, 'lock'), 'rb') as file:
                self.assertRegex(file.read(), rb'\A[0-9]+\n\Z')

    def test_a_message_is_one_write(self):
        """Programs that log into one file do not mix their lines."""
        reader, writer = world.os.pipe2(world.os.O_DIRECT)
        with subprocess.Popen([world.PROGRAM, 'inspect', '/nothing'], stderr=writer) as process:
            world.os.close(writer)
            self.assertEqual(world.os.read(reader, 4096), b'cathaya: /nothing: cannot open: No such file or directory\n')
            world.os.close(reader)

    def test_no_openssl_symbols(self):
        symbols = subprocess.run(['nm', '-D', '--defined-only', world.PROGRAM], capture_output=True, text=True).stdout
        self.assertNotRegex(symbols, r' (EVP|OSSL|CRYPTO|X509)_')


if __name__ == '__main__':
    unittest.main()
