#!/usr/bin/env python3
"""The lying log as a program: `liar.py [--suite gm|intl]... [--entries N] [--tls CERT KEY]`. Says `ready URL SUITE KEY` per log, then
`ready`; ends with its standard input. POST /lie tells it what to do from then on, see Server.told and lying_log.Lies; without it
the log is honest. `--lie '{"log": "gm", "fork": 3, "lies": {"split": "second"}}'` tells it at the start."""
import argparse
import base64
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import pki
import liar_server
import lying_log


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--suite', action='append', choices=sorted(pki.SUITES))
    parser.add_argument('--entries', type=int, default=8, metavar='N')
    parser.add_argument('--roots', metavar='FILE', help='writes the roots of all logs, PEM')
    parser.add_argument('--tls', nargs=2, metavar=('CERT', 'KEY'))
    parser.add_argument('--lie', action='append', default=[], metavar='JSON')
    options = parser.parse_args()
    server = liar_server.Server(**(dict(zip(('certificate', 'key'), options.tls)) if options.tls else {}))
    roots = ''
    for name in options.suite or ['gm', 'intl']:
        suite = pki.SUITES[name]
        world = pki.Pki(suite)
        log = server.mount(lying_log.LyingLog(suite, name, [world.root.der]))
        roots += pki.pem(world.root.der)
        for i in range(options.entries):
            leaf = world.issuer.leaf(f'host{i}.example', poison=i % 2 == 1)
            (log.add_precertificate if i % 2 else log.add_certificate)(world.chain(leaf))
        print('ready', log.url, name, base64.b64encode(log.signer.spki).decode())
    if options.roots:
        with open(options.roots, 'w', encoding='ascii') as file:
            file.write(roots)
    for lie in options.lie:
        server.told(json.loads(lie))
    print('ready', flush=True)
    sys.stdin.read()
    server.close()


if __name__ == '__main__':
    main()
