#!/usr/bin/env python3
"""What an operator does with a gateway: rights, files, reloads, logs, figures, questions, a second one, a new program that
does not start, systemd."""
import json
import os
import pwd
import re
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

import gateway_world
from gateway_world import PROGRAM, Gateway, PlainWorld, Process, acme_world, block, make_chain, quiet_port, wait_until
from raw_http import Http1


def threads(pid):
    """The fields of each thread's status, by thread."""
    for thread in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{thread}/status', encoding='ascii') as file:
            yield dict(line.rstrip('\n').split(':\t', 1) for line in file if ':\t' in line)


class Case(unittest.TestCase):
    def world(self, **more):
        world = PlainWorld(**more)
        world.__enter__()
        self.addCleanup(world.__exit__, None, None, None)
        self.gateway = world.gateway
        return world

    def says(self, what, since=0):
        return [line for line in self.gateway.process.text()[since:].splitlines() if what in line]

    def hup(self, expected='"reloaded"'):
        """A reload with the configuration as the Gateway has it; the line that is said."""
        self.gateway.write()
        since = self.gateway.process.size()
        self.gateway.process.popen.send_signal(signal.SIGHUP)
        return self.gateway.process.wait_for(expected, since=since)

    def page(self, name='www.test', path='/page', root=None):
        return self.gateway.curl(name, path, root or self.root.root)

    def command(self, *words, status=0):
        done = subprocess.run([PROGRAM, 'gateway', *words], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done.stdout if status in (0, 1) and done.stdout else done.stderr


class Rights(Case):
    def test_it_gives_up_what_it_does_not_need(self):
        world = self.world(start=False)
        self.root = world
        options = {'uid': os.getuid()}
        if os.getuid() == 0:
            nobody = pwd.getpwnam('nobody')
            options['uid'] = nobody.pw_uid
            self.gateway.general['user'] = 'nobody'
            os.chmod(world.folder, 0o711)
            os.makedirs(self.gateway.state, mode=0o700)
            os.chown(self.gateway.state, nobody.pw_uid, nobody.pw_gid)
            self.gateway.log = world.path('logs', 'access.log')
            os.makedirs(world.path('logs'))
            os.chown(world.path('logs'), nobody.pw_uid, nobody.pw_gid)
            for file in os.listdir(world.folder):
                if file.endswith(('.key', 'key.pem')):
                    os.chown(world.path(file), nobody.pw_uid, nobody.pw_gid)
        self.gateway.start()
        self.assertEqual(self.page()[0], 0)
        found = list(threads(self.gateway.pid))
        self.assertGreaterEqual(len(found), 3)  # the main one, two workers
        for thread in found:
            self.assertEqual(set(thread['Uid'].split()), {str(options['uid'])}, thread)
            self.assertEqual((thread['NoNewPrivs'], thread['Seccomp']), ('1', '2'), thread)
            if os.getuid() == 0:
                self.assertEqual((thread['CapEff'], thread['CapPrm'], thread['Groups'].split()),
                                 ('0' * 16, '0' * 16, [str(g) for g in [nobody.pw_gid]]), thread)
        # A reload and a new program do without the rights, too.
        self.hup()
        old = self.gateway.pid
        os.kill(old, signal.SIGUSR2)
        wait_until(lambda: self.gateway.process.text(), lambda: self.says('taken-over'), 20)
        wait_until('the old one ends', lambda: self.gateway.process.popen.poll() is not None, 40)
        self.gateway.new_pid = self.gateway.status()['pid']
        self.addCleanup(os.kill, self.gateway.new_pid, signal.SIGKILL)
        self.assertNotEqual(self.gateway.new_pid, old)
        for thread in threads(self.gateway.new_pid):
            self.assertEqual(set(thread['Uid'].split()), {str(options['uid'])}, thread)
            self.assertEqual((thread['NoNewPrivs'], thread['Seccomp']), ('1', '2'), thread)
        self.assertEqual(self.page()[0], 0)

    def test_a_user_that_is_not_there(self):
        world = self.world(start=False)
        self.gateway.general['user'] = 'nobody-of-this-name'
        self.gateway.write()
        self.assertRegex(self.command('run', '--config', self.gateway.config, status=2), 'user: there is no user nobody-of-this-name')
        self.assertFalse(os.path.exists(self.gateway.state), world.folder)

    def test_modes(self):
        """Nothing in the directory is for others, whatever the umask is."""
        old = os.umask(0)
        try:
            world = self.world()
        finally:
            os.umask(old)
        self.root = world
        # An account's key and an order need an issuer: somebody who is not there is enough for the key.
        self.gateway.issuers.append(block('issuer', 'away', directory=f'https://127.0.0.1:{quiet_port()}/directory'))
        self.gateway.site('acme.test', [world.a.address], [block('certificate', 'gm-mtc', issuers=['away'])])
        self.hup()
        wait_until('an order', lambda: self.says('site-order-failed'), 20)
        seen = 0
        for folder, folders, files in os.walk(self.gateway.state):
            for name in folders + files:
                mode = os.lstat(os.path.join(folder, name)).st_mode
                seen += 1
                self.assertEqual(stat.S_IMODE(mode) & 0o077, 0, (folder, name, oct(mode)))
        self.assertEqual(stat.S_IMODE(os.stat(self.gateway.state).st_mode), 0o700)
        self.assertGreater(seen, 1)

    def test_a_key_that_others_may_read(self):
        world = self.world(start=False)
        os.chmod(world.path('tls-key.pem'), 0o644)
        self.gateway.start()
        self.assertIn('others may read this private key', self.says('site-files-refused')[0])


class Reload(Case):
    def setUp(self):
        self.root = self.world(general={'ticket_rotation_s': 3600})

    def test_everything_changes_under_a_download(self):
        world, done = self.root, []
        stream = self.gateway.tls('www.test', world.root, ['http/1.1'])
        connection = Http1(stream)
        connection.send(b'GET /events/60/50 HTTP/1.1\r\nHost: www.test\r\n\r\n')
        reader = threading.Thread(target=lambda: done.append(connection.answer()))
        reader.start()
        # A new site.
        root, chain, key = make_chain(world.folder, ('new.test',), 'new', 'tls')
        self.gateway.site('new.test', [world.c.address], [block('certificate', 'intl-classic', chain_file=chain, key=key)])
        self.hup()
        status, body, error = self.page('new.test')
        self.assertEqual((status, b'this is c' in body), (0, True), error)
        # Its backend is another one.
        self.gateway.sites[-1] = self.gateway.sites[-1].replace(world.c.address, world.b.address)
        self.hup()
        wait_until('backend b', lambda: b'this is b' in self.page('new.test')[1], 10)
        # The site of the download is served by nobody else's backend, and a setting of it changes.
        self.gateway.sites[0] = self.gateway.sites[0].replace('31536000', '77')
        self.hup()
        self.assertIn(b'max-age=77', self.gateway.curl('www.test', '/page', world.root, '-D', '-')[1])
        # Another limit.
        self.gateway.limits['head_bytes'] = 1024
        self.hup()
        status, body, _ = self.gateway.curl('www.test', '/page', world.root, '-H', 'X-Long: ' + 'x' * 3000, '-o', '/dev/null', '-w',
                                            '%{http_code}')
        self.assertIn((status, body), [(0, b'431'), (92, b'000'), (56, b'000'), (16, b'000')])
        # And the site is gone: what comes for it gets the default one, whose certificate does not say so.
        del self.gateway.sites[-1]
        self.hup()
        self.assertEqual(self.page('new.test')[0], 60)
        reader.join(20)
        connection.close()
        self.assertEqual((done[0].status, done[0].body.count(b'data:')), (200, 60))
        self.assertEqual(self.says('reload-needs-restart'), [])

    def test_what_is_no_good_changes_nothing(self):
        good = list(self.gateway.sites)
        before = self.lasting()
        for what, bad in (('unknown option', good[0].replace('names =', 'nmaes =')),
                          ('line', good[0].replace('mode', 'mode').replace('{', '{{', 1)),
                          ('names: www.test is a name of', good[1].replace('"other.test"', '"www.test"', 2)),
                          ('backends', good[0].replace(self.root.a.address, 'nonsense'))):
            self.gateway.sites = [bad] + good[1:] if bad != good[1].replace('"other.test"', '"www.test"', 2) else [good[0], bad] + good[2:]
            line = self.hup('not-reloaded')
            with self.subTest(what):
                self.assertIn('gateway.conf', line)
        self.gateway.sites = good
        self.gateway.general['directory'] = self.root.path('elsewhere')
        self.assertIn('cannot change while running', self.hup('not-reloaded'))
        del self.gateway.general['directory']
        self.assertEqual(self.page()[0], 0)
        self.assertEqual(self.lasting(), before)

    def test_a_site_that_a_refused_reload_takes_out_is_served_on(self):
        good = list(self.gateway.sites)
        before = self.page('other.test')[0]
        secret = self.root.path('eab.key')
        with open(secret, 'w', encoding='ascii') as file:
            file.write('not base64url!')
        os.chmod(secret, 0o600)
        self.gateway.sites = [site for site in good if '"other.test"' not in site]
        self.assertLess(len(self.gateway.sites), len(good))
        self.gateway.issuers.append(block('issuer', 'new-ca', directory='https://127.0.0.1:1/directory', eab_kid='k', eab_key_file=secret))
        self.assertIn('base64url', self.hup('not-reloaded'))
        self.assertEqual((before, self.page('other.test')[0]), (0, 0))
        self.gateway.sites, self.gateway.issuers = good, []
        self.hup()
        self.assertEqual(self.page('other.test')[0], 0)

    def lasting(self):
        """What a reload that comes to nothing does not change; files are looked at all the time."""
        told = self.gateway.status()
        rows = [{name: value for name, value in row.items() if name != 'next_action_at'} for row in told['certificates']]
        return told['pid'], rows, told['listeners']

    def test_what_wants_a_restart_is_said(self):
        self.gateway.general['workers'] = 1
        self.assertIn('change with a restart', self.hup('reload-needs-restart'))

    def test_the_access_log_is_opened_again(self):
        self.assertEqual(self.page(path='/page?one')[0], 0)
        wait_until('a line', lambda: self.gateway.access(), 5)
        os.rename(self.gateway.log, self.gateway.log + '.1')
        self.assertEqual(self.page(path='/page?two')[0], 0)
        self.hup()
        self.assertEqual(self.page(path='/page?three')[0], 0)
        lines = wait_until('a new file', self.gateway.access, 5)
        self.assertEqual([line['path'] for line in lines if 'path' in line] or [line.get('target') for line in lines], ['/page?three'])
        with open(self.gateway.log + '.1', encoding='utf-8') as file:
            self.assertEqual(len(file.read().splitlines()), 2)
        # A file that cannot be opened: said, and the old one is written on.
        self.gateway.general['access-log'] = '/nowhere/access.log'
        self.assertIn('/nowhere/access.log', self.hup('access-log-not-opened'))
        self.assertEqual(self.page(path='/page?four')[0], 0)
        wait_until('a line more', lambda: len(self.gateway.access()) == 2, 5)


class Questions(Case):
    def setUp(self):
        self.root = self.world()

    def test_figures(self):
        for _ in range(3):
            self.assertEqual(self.page()[0], 0)
        self.assertEqual(self.page('down.test')[0], 0)
        wait_until('four requests', lambda: self.gateway.metric('cathaya_gateway_requests_total') == 4, 5)
        self.assertEqual(self.gateway.metric('cathaya_gateway_answers_total', 'code="2xx"'), 3)
        self.assertEqual(self.gateway.metric('cathaya_gateway_answers_total', 'code="5xx"'), 1)
        self.assertEqual(self.gateway.metric('cathaya_gateway_handshakes_by_certificate_total', 'kind="intl-classic"'), 4)
        self.assertGreaterEqual(self.gateway.metric('cathaya_gateway_backend_failures_total'), 1)
        self.assertGreater(self.gateway.metric('cathaya_gateway_sent_bytes_total'), 20)
        text = self.gateway.get('/metrics')[1]
        for line in text.splitlines():
            self.assertRegex(line, r'\A(# (HELP|TYPE) [a-z0-9_]+ .+|[a-z0-9_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+]+)\Z')
        self.assertEqual(self.gateway.get('/healthz')[0], 200)
        self.assertEqual(self.gateway.get('/readyz')[0], 200)
        # What changes anything is not on this address.
        self.assertEqual([self.gateway.get(path)[0] for path in ('/renew', '/explain')], [404, 404])

    def test_status(self):
        told = self.gateway.status()
        self.assertEqual(told['pid'], self.gateway.pid)
        self.assertEqual({row['site'] for row in told['certificates']},
                         {'www.test', 'other.test', 'h1.test', 'proxy.test', 'raw.test', 'down.test'})
        for row in told['certificates']:
            self.assertEqual((row['kind'], row['source'], row['state'], row['last_error']), ('intl-classic', 'files', 'deployed', ''), row)
            self.assertTrue(time.time() + 18 * 86400 < row['not_after'] < time.time() + 21 * 86400, row)
        self.assertEqual([listener['kind'] for listener in told['listeners']], ['https', 'http'])
        wait_until('down', lambda: any(not b['up'] for b in self.gateway.status()['backends'] if b['site'] == 'down.test'), 20)
        table = self.command('status', '--config', self.gateway.config).splitlines()
        self.assertRegex(table[0], r'\ASITE +KIND +STATE +ISSUER +EXPIRES \(UTC\) +LANDMARK +NEXT +POLICY +LAST ERROR\Z')
        self.assertRegex('\n'.join(table), r'\nwww\.test +intl-classic +deployed +- +20\d\d-\d\d-\d\d \d\d:\d\d:\d\d +')
        self.assertIn(f'backend {self.root.a.address} of www.test: up', table)
        self.assertTrue(any(re.match('backend .* of down.test: down: ', line) for line in table), table)
        self.assertEqual(json.loads(self.command('status', '--config', self.gateway.config, '--json'))['pid'], self.gateway.pid)

    def test_explain(self):
        config = self.gateway.config
        for profile, status in (('gm', 0), ('gm-no-landmarks', 0), ('intl', 0), ('legacy', 0)):
            with self.subTest(profile):
                told = json.loads(self.command('explain', '--config', config, '--sni', 'www.test', '--client', profile, '--json', status=status))
                self.assertEqual(told['kind'], 'intl-classic')
                self.assertIn('intl-classic', self.command('explain', '--config', config, '--client', profile))
        self.assertIn('client: gm, gm-no-landmarks, intl or legacy', self.command('explain', '--config', config, '--client', 'x', status=1))
        self.assertRegex(self.command('explain', '--config', config, '--client', 'gm', '--client-hello', 'x', status=2), 'not both')

    def capture(self, *command):
        """The first flight of a client that gets no answer."""
        with socket.create_server(('127.0.0.1', 0)) as listener:
            port = str(listener.getsockname()[1])
            client = subprocess.Popen([word.replace('PORT', port) for word in command], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            sock, data = listener.accept()[0], b''
            with sock:
                while len(data) < 5 or len(data) < 5 + int.from_bytes(data[3:5], 'big'):
                    data += sock.recv(65536)
            client.wait(20)
        path = self.root.path('hello.bin')
        with open(path, 'wb') as file:
            file.write(data)
        return path

    def test_explain_a_real_hello(self):
        curl = self.capture('curl', '-s', '--noproxy', '*', '--connect-to', 'other.test:443:127.0.0.1:PORT', 'https://other.test/')
        self.assertIn('other.test', self.command('explain', '--config', self.gateway.config, '--client-hello', curl))
        # Without ECDSA nothing is left for it.
        hello = self.capture('openssl', 's_client', '-connect', '127.0.0.1:PORT', '-servername', 'www.test', '-sigalgs', 'RSA-PSS+SHA256')
        said = self.command('explain', '--config', self.gateway.config, '--client-hello', hello, status=1)
        self.assertIn('www.test', said)
        with open(hello, 'r+b') as file:
            file.truncate(40)
        self.assertRegex(self.command('explain', '--config', self.gateway.config, '--client-hello', hello, status=1), 'ClientHello|hello|cut|short')

    def test_renew(self):
        self.assertRegex(self.command('renew', '--config', self.gateway.config, '--site', 'nobody.test', status=1), 'nobody.test|no such|no site')
        self.assertRegex(self.command('renew', '--config', self.gateway.config, '--kind', 'gm', status=1), 'kind: gm-mtc')
        config = self.gateway.config
        self.gateway.stop()
        self.assertRegex(self.command('status', '--config', config, status=3), 'control.sock.*is `cathaya gateway run` with this configuration running')


class Starting(Case):
    def test_a_second_one(self):
        world = self.root = self.world()
        second = Gateway(world, 'second')
        second.state, second.sites, second.issuers = self.gateway.state, self.gateway.sites, []
        second.write()
        said = self.command('run', '--config', second.config, status=3)
        self.assertRegex(said, f'{self.gateway.state}: process {self.gateway.pid} has it open')
        self.assertEqual(self.page()[0], 0)
        self.command('status', '--config', self.gateway.config)

    def test_a_port_in_use(self):
        world = self.world()
        second = Gateway(world, 'second', https_port=self.gateway.https_port)
        second.sites = self.gateway.sites
        second.write()
        # Two gateways of one user could share the port without a word, and clients would get either.
        self.assertRegex(self.command('run', '--config', second.config, status=3), f'127.0.0.1:{self.gateway.https_port}.*in use')

    def test_a_long_path(self):
        world = self.world(start=False)
        self.gateway.state = world.path('d' * 100)
        self.gateway.write()
        for what in ('run', 'check'):
            self.assertRegex(self.command(what, '--config', self.gateway.config, status=2), r'directory: .*/control\.sock: the path of a socket has at most 107')

    def test_a_directory_that_is_a_file(self):
        world = self.world(start=False)
        self.gateway.state = world.path('tls-root.pem')
        self.gateway.write()
        self.assertRegex(self.command('run', '--config', self.gateway.config, status=2), 'tls-root.pem: not a directory')


class Manager(Case):
    """systemd, as far as it is a socket that gets words."""

    def setUp(self):
        self.root = self.world(start=False)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(self.root.path('notify'))
        self.socket.settimeout(20)
        self.gateway.env = dict(os.environ, NOTIFY_SOCKET=self.root.path('notify'))

    def told(self, what):
        """Reads on until somebody says a line that begins so; the line."""
        while True:
            for line in self.socket.recv(4096).decode().splitlines():
                if line.startswith(what):
                    return line

    def stopped(self):
        for pid in {self.gateway.pid, *self.pids}:
            if os.path.exists(f'/proc/{pid}'):
                os.kill(pid, signal.SIGKILL)

    def test_ready_reload_restart_stop(self):
        self.gateway.start()
        self.pids = [self.gateway.pid]
        self.addCleanup(self.stopped)
        self.assertEqual(self.told('READY'), 'READY=1')
        self.hup()
        self.assertEqual(self.told('RELOADING'), 'RELOADING=1')
        self.assertEqual(self.told('READY'), 'READY=1')
        os.kill(self.gateway.pid, signal.SIGUSR2)
        new = int(self.told('MAINPID=').split('=')[1])
        self.pids.append(new)
        self.assertNotEqual(new, self.gateway.pid)
        self.assertEqual(self.told('READY'), 'READY=1')
        self.assertEqual(self.gateway.process.popen.wait(40), 0)
        self.assertEqual(self.gateway.status()['pid'], new)
        os.kill(new, signal.SIGTERM)
        self.assertEqual(self.told('STOPPING'), 'STOPPING=1')
        wait_until('its end', lambda: not os.path.exists(f'/proc/{new}'), 40)

    def test_the_watchdog_follows(self):
        """systemd names the process that it expects to hear; after SIGUSR2 that is another one."""
        wrapper = ['sh', '-c', f'WATCHDOG_USEC=400000 WATCHDOG_PID=$$ exec "{PROGRAM}" gateway run --config "{self.gateway.config}"']
        self.gateway.write()
        self.gateway.process = Process(self.root, 'watched', wrapper, env=self.gateway.env)
        self.root.processes.append(self.gateway.process)
        self.gateway.process.wait_ready()
        self.pids = [self.gateway.pid]
        self.addCleanup(self.stopped)
        self.told('WATCHDOG')
        os.kill(self.gateway.pid, signal.SIGUSR2)
        self.pids.append(int(self.told('MAINPID=').split('=')[1]))
        self.assertEqual(self.gateway.process.popen.wait(40), 0)
        for _ in range(3):
            self.told('WATCHDOG')

    def test_a_new_program_that_does_not_start(self):
        self.gateway.start()
        self.pids = [self.gateway.pid]
        self.addCleanup(self.stopped)
        good = list(self.gateway.sites)
        self.gateway.sites[0] = good[0].replace('names =', 'nmaes =')
        self.gateway.write()
        os.kill(self.gateway.pid, signal.SIGUSR2)
        self.gateway.process.wait_for('restart-failed')
        self.assertIn('nmaes', self.gateway.process.text())
        # It goes on as before, also with what it had to let go of for the new one.
        self.assertEqual(self.page()[0], 0)
        wait_until('its operators', lambda: self.answers(), 10)
        self.assertEqual(self.gateway.status()['pid'], self.gateway.pid)
        self.gateway.sites = good
        self.gateway.write()
        self.assertIn('www.test', self.command('status', '--config', self.gateway.config))
        self.hup()
        # And can be replaced when all is well again.
        os.kill(self.gateway.pid, signal.SIGUSR2)
        self.pids.append(int(self.told('MAINPID=').split('=')[1]))
        self.assertEqual(self.gateway.process.popen.wait(40), 0)
        self.assertEqual(self.page()[0], 0)

    def test_a_new_program_takes_the_listeners_of_the_configuration(self):
        self.gateway.start()
        self.pids = [self.gateway.pid]
        self.addCleanup(self.stopped)
        https, http, more = self.gateway.address, self.gateway.http, quiet_port()
        self.gateway.http_port = quiet_port()
        self.gateway.listens.append(block('listen', f'127.0.0.1:{more}', kind='https'))
        self.gateway.general['workers'] = 3
        self.gateway.write()
        os.kill(self.gateway.pid, signal.SIGUSR2)
        self.pids.append(int(self.told('MAINPID=').split('=')[1]))
        self.assertEqual(self.gateway.process.popen.wait(40), 0)
        self.assertEqual(sorted((l['address'], l['kind']) for l in self.gateway.status()['listeners']),
                         sorted([(https, 'https'), (self.gateway.http, 'http'), (f'127.0.0.1:{more}', 'https')]))
        for _ in range(10):
            self.assertEqual(self.page()[0], 0)
        self.gateway.https_port = more
        for _ in range(10):
            self.assertEqual(self.page()[0], 0)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(http.split(':'), 5)

    def test_the_unit(self):
        """systemd itself reads the example without a complaint."""
        gateway_world.need('systemd-analyze')
        with open(os.path.join(gateway_world.ROOT, 'examples', 'cathaya-gateway.service'), encoding='ascii') as file:
            text = file.read().replace('/usr/bin/cathaya', os.path.abspath(PROGRAM))
        path = self.root.path('cathaya-gateway.service')
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)
        done = subprocess.run(['systemd-analyze', 'verify', '--man=no', path], capture_output=True, text=True, timeout=60)
        self.assertEqual([line for line in done.stderr.splitlines() if 'cathaya-gateway.service' in line], [])

    def answers(self):
        try:
            return self.gateway.get('/healthz')[0] == 200
        except OSError:
            return False


if __name__ == '__main__':
    acme_world.main()
