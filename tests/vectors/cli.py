"""The program under test and the shared vectors, for the tests of this folder."""
import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get('CATHAYA_PROGRAM') or os.path.join(HERE, '..', '..', 'build', 'cathaya')
VECTORS = os.environ.get('CATHAYA_SHARED_VECTORS') or os.path.join(HERE, '..', '..', '..', 'shared', 'vectors')
T2025 = '2025-01-01T00:00:00Z'
SKIPPED = 77                    # what CTest takes as skipped


def path(*parts):
    return os.path.join(VECTORS, *parts)


def run(*arguments, stdin=None):
    """(exit status, stdout, stderr) of the program."""
    done = subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True, timeout=120)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def verify(ca, certificates, *options):
    """The verdicts of `cathaya verify`, as lines and as JSON, which have to agree: {file: object}."""
    arguments = ['verify', '--ca', ca, *options]
    status, lines, errors = run(*arguments, *certificates)
    json_status, objects, _ = run(*arguments, '--json', *certificates)
    verdicts = {}
    assert status == json_status and errors == '', (status, json_status, errors)
    for file, line, text in zip(certificates, lines.splitlines(), objects.splitlines(), strict=True):
        verdict = json.loads(text)
        word = 'OK' if verdict['ok'] else 'FAIL'
        assert verdict['file'] == file and line == f'{file}: {word} {verdict["reason"]}', (line, text)
        verdicts[file] = verdict
    assert status == (0 if all(v['ok'] for v in verdicts.values()) else 1), status
    return verdicts


def rows(*parts):
    """The lines of a tab-separated file, without comments."""
    with open(path(*parts), encoding='utf-8') as file:
        return [line.rstrip('\n').split('\t') for line in file if line.strip() and not line.startswith('#')]


def certificates(folder):
    """Certificates of a folder, but not the CA's."""
    names = sorted(os.listdir(path(folder)))
    return [path(folder, name) for name in names
            if name.endswith('.pem') and name != 'ca_cert.pem' and not name.startswith('subject_key')]


def main():
    if not os.path.isdir(VECTORS):
        print(f'no vectors in {VECTORS}; set CATHAYA_SHARED_VECTORS')
        sys.exit(1 if os.environ.get('CI') == 'true' else SKIPPED)
    unittest.main()
