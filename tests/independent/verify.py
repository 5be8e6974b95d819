#!/usr/bin/env python3
"""Verifies Merkle Tree Certificates; a second reading, independent of libcathaya.

One line per certificate, `CERT: OK reason` or `CERT: FAIL reason`.
Exit status: 0 all are OK, 1 some are not, 2 wrong usage or unusable --ca or --policy.
"""
import argparse
import calendar
import datetime
import re
import sys
import time

import der
import mtc
import x509


def parse_time(text):
    """Seconds since the epoch, or RFC 3339."""
    if re.fullmatch('[0-9]+', text, re.ASCII):
        return int(text)
    match = re.fullmatch(r'(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))',
                         text, re.ASCII)
    if not match:
        raise argparse.ArgumentTypeError(f'not a time: {text!r}')
    day, clock, sign, hours, minutes = match.groups()
    try:
        when = calendar.timegm(datetime.datetime.fromisoformat(f'{day}T{clock}').timetuple())
    except ValueError as error:
        raise argparse.ArgumentTypeError(f'not a time: {text!r}') from error
    offset = int(hours or 0) * 3600 + int(minutes or 0) * 60
    return when + (offset if sign == '-' else -offset)


def print_trace(name, value):
    print(f'{name} = {value.hex() if isinstance(value, bytes) else value}')


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--ca', required=True, metavar='CA.pem')
    parser.add_argument('--policy', metavar='FILE')
    parser.add_argument('--at', type=parse_time, metavar='TIME', help='RFC 3339 or seconds since the epoch')
    parser.add_argument('--dns', metavar='NAME')
    parser.add_argument('--proof-only', action='store_true', help='only section 7.2 of the draft')
    parser.add_argument('--explain', action='store_true', help='print every intermediate value')
    parser.add_argument('certificates', nargs='+', metavar='CERT.pem')
    arguments = parser.parse_args(argv)
    try:
        with open(arguments.ca, 'rb') as file:
            ca = mtc.Ca(x509.from_file(file.read()))
        text = ''
        if arguments.policy:
            with open(arguments.policy, encoding='utf-8') as file:
                text = file.read()
        policy = mtc.Policy(text, ca)
    except (OSError, UnicodeDecodeError, der.DerError, mtc.BadCa, mtc.BadPolicy) as error:
        print(f'verify.py: {error}', file=sys.stderr)
        return 2
    at = time.time() if arguments.at is None else arguments.at
    status = 0
    for path in arguments.certificates:
        try:
            with open(path, 'rb') as file:
                encoding = x509.from_file(file.read())
            accepted, reason = mtc.judge(encoding, ca, policy, at, arguments.dns, arguments.proof_only,
                                         print_trace if arguments.explain else None)
        except OSError as error:
            accepted, reason = False, f'cannot read: {error.strerror}'
        except der.DerError as error:
            accepted, reason = False, f'malformed: {error}'
        if arguments.explain:
            print(f'verdict = {"OK" if accepted else "FAIL"}')
            print(f'reason = {reason}')
        else:
            print(f'{path}: {"OK" if accepted else "FAIL"} {reason}')
        status = status if accepted else 1
    return status


if __name__ == '__main__':
    sys.exit(main())
