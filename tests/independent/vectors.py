"""Where the shared vectors are, and how tests read them."""
import contextlib
import io
import os
import unittest

import mtc
import x509

VECTORS = (os.environ.get('CATHAYA_SHARED_VECTORS')
           or os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..', 'shared', 'vectors'))
T2025 = 1735689600              # 2025-01-01T00:00:00Z


class VectorTest(unittest.TestCase):
    """Tests on the shared vectors."""

    def setUp(self):
        if not os.path.isdir(VECTORS):
            if os.environ.get('CI') == 'true':
                self.fail(f'no vectors in {VECTORS}')
            self.skipTest(f'no vectors in {VECTORS}; set CATHAYA_SHARED_VECTORS')


def read(*path):
    with open(os.path.join(VECTORS, *path), 'rb') as file:
        return file.read()


def rows(*path):
    for line in read(*path).decode().splitlines():
        if line and not line.startswith('#'):
            yield line.split('\t')


def load_ca(*path):
    return mtc.Ca(x509.from_file(read(*path)))


def run(main, *arguments):
    """(exit status, standard output) of a command line."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            status = main(list(arguments))
        except SystemExit as stop:
            status = stop.code
    return status, out.getvalue()
