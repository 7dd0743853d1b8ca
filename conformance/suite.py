"""The tests: fetched from the npm registry, or a checkout of the newer edition.

Everything is put below build/; package-lock.json says what is fetched, with
hashes.  It leaves out what the package names and the tests do not need.
"""

import json
import os
import shutil
import subprocess

import servers

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(HERE), 'build', 'conformance')
LOCK = ('package.json', 'package-lock.json')

# of a checkout, what a run needs
PARTS = ('test-engine', 'tests', 'asset', 'package.json')


class Suite:
    """A directory of tests, and which edition's client plays them."""

    def __init__(self, edition, directory, name):
        self.edition = edition
        self.name = name
        self.dir = directory
        self.server = directory
        if edition == 'newer':
            self.server = os.path.join(directory, 'test-engine')


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def is_fetched():
    """The lock is copied last, so that it vouches for what lies beside it."""

    made = os.path.join(BUILD, LOCK[-1])
    return os.path.exists(made) and read(made) == read(
        os.path.join(HERE, LOCK[-1]))


def fetch():
    if is_fetched():
        return

    fresh = BUILD + '.new'
    shutil.rmtree(fresh, ignore_errors=True)
    os.makedirs(fresh)
    for name in LOCK:
        shutil.copy(os.path.join(HERE, name), fresh)

    ran = subprocess.run(
        ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund',
         '--loglevel=error'],
        cwd=fresh, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False)
    if ran.returncode != 0:
        raise servers.Failed('npm ci failed: %s' % ran.stdout.strip())

    shutil.rmtree(BUILD, ignore_errors=True)
    os.rename(fresh, BUILD)


def checkout(directory):
    """A copy, so that the tests find their packages above themselves and the
    checkout stays as it is."""

    if not os.path.exists(os.path.join(directory, 'test-engine')):
        raise servers.Failed('%s is no checkout of the newer edition: it has '
                             'no test-engine/' % directory)

    made = os.path.join(BUILD, 'checkout')
    shutil.rmtree(made, ignore_errors=True)
    os.makedirs(made)
    for name in PARTS:
        source = os.path.join(directory, name)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(made, name))
        else:
            shutil.copy(source, made)
    return made


def describe(directory):
    about = json.loads(read(os.path.join(directory, 'package.json')))
    return '%s %s' % (about['name'], about['version'])


def get(directory=None):
    for name in ('node', 'npm'):
        if shutil.which(name) is None:
            raise servers.Failed('no %s: util/deps.sh conformance installs it'
                                 % name)
    fetch()
    if directory:
        made = checkout(directory)
        return Suite('newer', made, describe(made) + ', newer edition')

    made = os.path.join(BUILD, 'node_modules', 'http-cache-tests')
    return Suite('npm', made, describe(made))
