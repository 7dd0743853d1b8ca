"""Processes: started on a core, waited for, stopped by pid."""

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import time

SBIN = os.pathsep + '/usr/sbin' + os.pathsep + '/sbin'
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Failed(Exception):
    """Something the user is told in one line."""


def program(name):
    """The path of a program, None without it; HC_BENCH_<NAME> names another
    one."""

    wanted = os.environ.get('HC_BENCH_' + name.upper().replace('-', '_'))
    return shutil.which(wanted or name,
                        path=os.environ.get('PATH', '') + SBIN)


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


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


def die_with_parent():
    """A bench that is killed leaves nobody behind."""

    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def children(pid):
    """[(pid, command line)] of the children that live."""

    found = []
    for entry in os.listdir('/proc'):
        if not entry.isdigit():
            continue
        try:
            with open('/proc/%s/stat' % entry) as f:
                state, parent = f.read().rpartition(')')[2].split()[:2]
            with open('/proc/%s/cmdline' % entry) as f:
                title = f.read().replace('\0', ' ')
        except OSError:
            continue
        if int(parent) == pid and state != 'Z':
            found.append((int(entry), title))
    return found


class Service:
    """One server.  `worker` is what a child of it is called that does the
    work; without it the process itself does."""

    def __init__(self, name, command, port, core, directory, worker=None):
        self.name = name
        self.command = ['taskset', '-c', str(core)] + command
        self.port = port
        self.log = os.path.join(directory, 'stderr')
        self.worker_title = worker
        self.process = None

    def start(self):
        with open(self.log, 'ab') as log:
            # a session of its own: Ctrl-C is for us, we stop it in order
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent)
        try:
            wait_until(self.is_up, 20, '%s does not answer' % self.name)
        except Failed:
            self.stop()
            raise

    def is_up(self):
        if self.process.poll() is not None:
            raise Failed('%s ended at once: %s' % (self.name, self.tail()))
        return answers(self.port) and self.worker() is not None

    def tail(self):
        with open(self.log, errors='replace') as log:
            return ' '.join(' '.join(log.readlines()[-4:]).split())

    def worker(self):
        """The pid whose CPU time and memory count."""

        if self.worker_title is None:
            return self.process.pid

        for pid, title in children(self.process.pid):
            if re.search(self.worker_title, title):
                return pid
        return None

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
