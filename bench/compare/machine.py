"""What the bench runs on: cores, limits, and what is told of the machine."""

import os
import platform
import resource
import subprocess

FILES_WANTED = 200000


class Cores:
    """The server under test has a core of its own.  The load generator has
    another; origin and Redis or memcached share it unless there is a third."""

    def __init__(self):
        mine = sorted(os.sched_getaffinity(0))
        self.load = mine[0]
        self.server = mine[-1]
        self.helper = mine[1] if len(mine) > 2 else mine[0]
        self.shared = len(mine) < 2

    def describe(self):
        return {'load': self.load, 'server': self.server,
                'origin and tier': self.helper}


def raise_file_limit():
    """Servers inherit it; many files are kept open."""

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (FILES_WANTED, max(hard, FILES_WANTED)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def field_of(path, name, default=None):
    """The value of a line `name : value`."""

    with open(path, errors='replace') as lines:
        for line in lines:
            key, _, value = line.partition(':')
            if key.strip() == name:
                return value.strip()
    return default


def memory_available():
    return int(field_of('/proc/meminfo', 'MemAvailable', '0 kB').split()[0]) \
        * 1024


def system_name():
    try:
        with open('/etc/os-release') as lines:
            for line in lines:
                if line.startswith('PRETTY_NAME='):
                    return line.partition('=')[2].strip().strip('"')
    except OSError:
        pass
    return platform.system()


def describe(cores):
    return {
        'cpu': field_of('/proc/cpuinfo', 'model name', platform.machine()),
        'cores': len(os.sched_getaffinity(0)),
        'pinned': cores.describe(),
        'memory_mb': int(field_of('/proc/meminfo', 'MemTotal',
                                  '0 kB').split()[0]) // 1024,
        'kernel': platform.release(),
        'system': system_name(),
        'load_before': round(os.getloadavg()[0], 2),
    }


def package_version(package):
    try:
        ran = subprocess.run(
            ['dpkg-query', '-W', '-f=${Version}', package],
            capture_output=True, text=True, check=False)
    except OSError:
        return None
    return ran.stdout.strip() or None
