"""cathaya trust serve: a version every interval, over HTTP, with figures; stopped, started and killed."""
import re
import signal
import time
import urllib.error
import urllib.request

from publish_world import *


class Service:
    """A running `cathaya trust serve`."""

    def __init__(self, config):
        self.process = subprocess.Popen([PROGRAM, 'trust', 'serve', '--config', config], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
        self.addresses = {}
        for line in self.process.stdout:
            if line.strip() == 'ready':
                return
            _, name, address = line.split()
            self.addresses[name] = f'http://{address}'
        raise AssertionError(self.process.communicate()[1])

    def get(self, path, name='trust', **headers):
        request = urllib.request.Request(self.addresses[name] + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    def latest(self):
        status, _, body = self.get('/latest')
        return int(re.search(rb'version (\d+)', body)[1]) if status == 200 else 0

    def wait(self, version):
        end = time.monotonic() + 30
        while self.latest() < version:
            if time.monotonic() > end:
                raise AssertionError(f'no version {version}')
            time.sleep(0.05)

    def stop(self, signal_number=signal.SIGTERM):
        self.process.send_signal(signal_number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


class Serve(PublishTest):
    LISTEN = dict(listen='{"127.0.0.1:0"}', admin_listen='"127.0.0.1:0"')

    def start(self, config):
        service = Service(config)
        self.addCleanup(lambda: service.process.poll() is None and service.stop(signal.SIGKILL))
        return service

    def test_versions_come_by_themselves(self):
        ca, web, config, keys, _ = self.world('hourly', interval=1, valid_for=60, **self.LISTEN)
        service = self.start(config)
        service.wait(1)
        client = self.client('hourly-client', keys, service.addresses['trust'])
        self.taken(client)
        self.grow(ca, 3)
        service.wait(service.latest() + 2)
        self.taken(client)
        self.assertEqual(self.landmarks(client), 2)
        self.assertEqual(service.get('/readyz', 'admin')[0], 200)
        metrics = service.get('/metrics', 'admin')[2].decode()
        self.assertIn('cathaya_trust_logs{state="ok"} 1', metrics)
        self.assertGreaterEqual(float(re.search(r'(?m)^cathaya_trust_version (\S+)$', metrics)[1]), 3)
        status, headers, _ = service.get('/')
        self.assertEqual((status, headers['Content-Type']), (200, 'text/html; charset=utf-8'))
        for path, kind in (('/latest', 'no-cache'), ('/bundle', 'no-cache'), ('/log/checkpoint', 'no-cache'),
                           (f'/bundles/{service.latest()}', 'public, max-age=31536000, immutable')):
            status, headers, body = service.get(path)
            self.assertEqual((status, headers['Cache-Control']), (200, kind), path)
        self.assertEqual(service.get('/nothing')[0], 404)
        self.assertEqual(service.stop()[0], 0)

    def test_a_restart_makes_no_version_before_its_time(self):
        ca, web, config, keys, _ = self.world('restart', interval=3600, **self.LISTEN)
        service = self.start(config)
        service.wait(1)
        self.assertEqual(service.stop()[0], 0)
        service = self.start(config)
        time.sleep(0.5)
        self.assertEqual(service.latest(), 1)
        # The operator wants one now.
        service.process.send_signal(signal.SIGHUP)
        service.wait(2)
        # Only one distributor has the state.
        done = run('trust', 'build', '--config', config)
        self.assertEqual(done.status, 2, done)
        self.assertEqual(service.stop()[0], 0)

    def test_killed_again_and_again(self):
        ca, web, config, keys, _ = self.world('kill', interval=1, valid_for=60, **self.LISTEN)
        service = self.start(config)
        service.wait(1)
        client = self.client('kill-client', keys, self.web(self.path('kill', 'www')).url)
        self.taken(client)
        for number in range(5):
            time.sleep(0.2 + 0.211 * number)
            service.stop(signal.SIGKILL)
            self.taken(client)
            service = self.start(config)
            self.taken(client)
        service.wait(service.latest() + 1)
        self.taken(client)

    def test_a_registry_that_cannot_be_read(self):
        """What is published stays; the next version comes when it can be read again."""
        ca, web, config, keys, _ = self.world('broken', interval=1, valid_for=600, **self.LISTEN)
        service = self.start(config)
        service.wait(1)
        name = self.path('broken', 'registry', 'registry.conf')
        good = read(name)
        write(name, b'nonsense here\n')
        time.sleep(1.5)
        before = service.latest()
        time.sleep(1.2)
        self.assertEqual(service.latest(), before)
        self.assertIn(b'cathaya_trust_builds_total{result="failed"}', service.get('/metrics', 'admin')[2])
        write(name, good)
        service.wait(before + 1)


if __name__ == '__main__':
    unittest.main()
