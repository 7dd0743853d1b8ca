#!/usr/bin/env python3
"""Starts the demo: a private Redis, the shop, nginx with nginx.conf.example in
front; plays the tour; then stays until Ctrl-C.

    run.py [--check]        --check: stop after the tour; 1 if a step differed

Environment: HC_PORT (8080; the shop and Redis take the two ports after it),
HC_NO_REDIS=1 (run without a second tier), HC_NGINX and HC_MODULE (which nginx
to start with which module).
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import tour

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODULE = (os.environ.get('HC_MODULE')
          or os.path.join(TOP, 'build', 'ngx_http_hc_module.so'))
EXAMPLE = os.path.join(TOP, 'nginx.conf.example')
EXAMPLE_PORT = 8080                  # as nginx.conf.example has it


class Failed(Exception):
    """Something the user is told in one line."""


def wait_until(true, seconds, what):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise Failed('%s within %d s' % (what, seconds))
        time.sleep(0.02)


def answers(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(('127.0.0.1', port)) == 0


def require_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(('127.0.0.1', port))
        except OSError as e:
            raise Failed('port %d: %s.  HC_PORT=9080 make run takes 9080, '
                         '9081 and 9082 instead' % (port, e.strerror)) from e


class Service:
    """A process of ours: started, waited for, stopped by its pid."""

    def __init__(self, name, port, command, log, stop=signal.SIGTERM):
        self.name = name
        self.port = port
        self.command = command
        self.log = log
        self.stop_signal = stop
        self.process = None

    def start(self):
        with open(self.log, 'ab') as log:
            # a session of its own: Ctrl-C is for us, we stop it in order
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True)
        wait_until(self.is_up, 20, '%s does not answer' % self.name)

    def is_up(self):
        if self.process.poll() is not None:
            with open(self.log, errors='replace') as log:
                tail = ''.join(log.readlines()[-5:])
            raise Failed('%s ended at once:\n%s' % (self.name, tail))
        return answers(self.port)

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Demo:
    def __init__(self, port, with_redis):
        self.port = port
        self.with_redis = with_redis
        self.dir = os.path.join(TOP, 'build', 'run' if port == EXAMPLE_PORT
                                else 'run-%d' % port)
        self.conf = EXAMPLE
        self.started = []

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def prepare(self):
        ports = [self.port, self.port + 1]
        if self.with_redis:
            ports.append(self.port + 2)
        for port in ports:
            require_free(port)

        if not os.path.exists(MODULE):
            raise Failed('no %s: make build' % os.path.relpath(MODULE, TOP))

        shutil.rmtree(self.dir, ignore_errors=True)
        for name in ('logs', 'temp', 'modules', 'redis', 'static/api/p'):
            os.makedirs(self.path(name))

        os.symlink(MODULE, self.path('modules', os.path.basename(MODULE)))
        self.write_files()

        if self.port != EXAMPLE_PORT or not self.with_redis:
            self.write_conf()

    def write_files(self):
        """What is given when all else fails; somebody exported them once."""

        for sku in range(1, 21):
            with open(self.path('static/api/p', '%d.json' % sku), 'w') as f:
                json.dump({'id': sku, 'price': None,
                           'about': 'The shop is closed for a moment.'}, f)

    def write_conf(self):
        """nginx.conf.example on other ports, or without its Redis."""

        with open(EXAMPLE) as f:
            conf = f.read()

        conf = re.sub(r'127\.0\.0\.1:808(\d)',
                      lambda m: '127.0.0.1:%d' % (self.port + int(m[1])), conf)

        if not self.with_redis:
            conf = re.sub(r'(?ms)^ *hc_l2 .*?^    \}\n', '', conf)
            conf = re.sub(r'(?m)^ *hc_cache_l2 .*\n', '', conf)
            conf = re.sub(r' l2=\w+;', ';', conf)

        self.conf = self.path('nginx.conf')
        with open(self.conf, 'w') as f:
            f.write(conf)

    def services(self):
        if self.with_redis:
            yield Service('redis', self.port + 2,
                          ['redis-server', '--port', str(self.port + 2),
                           '--bind', '127.0.0.1', '--save', '',
                           '--appendonly', 'no', '--dir', self.path('redis')],
                          self.path('logs', 'redis.log'))

        self.shop = Service('the shop', self.port + 1,
                            [sys.executable,
                             os.path.join(TOP, 'demo', 'shop.py'),
                             '--port', str(self.port + 1)],
                            self.path('logs', 'shop.log'))
        yield self.shop

        # started by root, the workers must still reach what lies here
        extra = 'daemon off;' + (' user root;' if os.geteuid() == 0 else '')
        yield Service('nginx', self.port,
                      [os.environ.get('HC_NGINX') or 'nginx',
                       '-p', self.dir + '/', '-c', self.conf,
                       '-e', 'logs/error.log', '-g', extra],
                      self.path('logs', 'error.log'), signal.SIGQUIT)

    def start(self):
        for service in self.services():
            self.started.append(service)
            service.start()

    def stop(self):
        for service in reversed(self.started):
            service.stop()


def interrupted(number, frame):
    raise KeyboardInterrupt


def stay(demo):
    base = 'http://127.0.0.1:%d' % demo.port
    print('\nRunning until Ctrl-C.  Try:\n'
          '\n'
          '  curl -i %s/api/p/1\n'
          "  curl -X PUT -d '{\"price\": 5}' %s/api/p/1\n"
          '  curl %s/status\n'
          '\n'
          'Logs and files are in %s.\n'
          % (base, base, base, os.path.relpath(demo.dir)), flush=True)

    while all(s.process.poll() is None for s in demo.started):
        time.sleep(0.5)

    raise Failed('a process of the demo ended; see its logs')


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)

    with_redis = (os.environ.get('HC_NO_REDIS', '') in ('', '0')
                  and shutil.which('redis-server') is not None)
    try:
        port = int(os.environ.get('HC_PORT') or EXAMPLE_PORT)
    except ValueError:
        sys.exit('HC_PORT is to be a port')

    demo = Demo(port, with_redis)
    rc = 0

    try:
        demo.prepare()
        demo.start()

        if not with_redis:
            print('No Redis here: running on shared memory and files alone.')

        rc = tour.play(port, demo.shop, with_redis)

        if '--check' not in sys.argv[1:]:
            stay(demo)

    except Failed as e:
        print('demo: %s' % e, file=sys.stderr)
        rc = 1

    except KeyboardInterrupt:
        print('\nstopping')

    finally:
        # a second Ctrl-C must not leave anything behind
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        demo.stop()

    sys.exit(rc)


if __name__ == '__main__':
    main()
