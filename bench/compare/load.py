"""The load: wrk, one thread, on a core of its own."""

import bisect
import itertools
import json
import math
import os
import random
import re
import signal
import subprocess

import servers
from servers import Failed

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(HERE, 'wrk')
CONNECTIONS = 64
DRAWS = 1 << 17                 # requests in the table of many keys
SEED = 1
FILL_SECONDS = 120


def zipf(keys, draws=DRAWS):
    """Numbers of keys by Zipf's law with exponent 1, the same every time.
    Popular keys are scattered: a key's number is not its rank."""

    rng = random.Random(SEED)
    sums = list(itertools.accumulate(1 / rank for rank in range(1, keys + 1)))
    numbers = list(range(keys))
    rng.shuffle(numbers)

    return [numbers[min(keys - 1, bisect.bisect(sums, rng.random() * sums[-1]))]
            for _ in range(draws)]


def write_keys(file, keys):
    with open(file, 'w') as out:
        out.writelines('%d\n' % key for key in zipf(keys))
    return file


class Load:
    """How one scenario asks: `script` is a name in wrk/, `more` what it reads
    of the environment."""

    def __init__(self, core, script, uri, **more):
        self.core = core
        self.script = script
        self.uri = uri
        self.env = {'HC_BENCH_' + name.upper(): str(value)
                    for name, value in more.items()}

    def run(self, port, seconds, **more):
        """What wrk says of so many seconds."""

        return result(self.wrk(port, seconds, dict(self.env, **more)))

    def wrk(self, port, seconds, env):
        command = ['taskset', '-c', str(self.core), servers.program('wrk'),
                   '-t1', '-c%d' % CONNECTIONS, '--latency',
                   '-d%ds' % math.ceil(seconds),
                   '-s', os.path.join(SCRIPTS, self.script + '.lua'),
                   'http://127.0.0.1:%d%s' % (port, self.uri)]
        wrk = subprocess.Popen(
            command, env=dict(os.environ, HC_BENCH_WRK=SCRIPTS, **env),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        try:
            return output(wrk, seconds)
        except BaseException:
            wrk.kill()
            wrk.wait()
            raise


def output(wrk, seconds):
    """wrk knows whole seconds only; SIGINT ends it earlier."""

    try:
        said, _ = wrk.communicate(
            timeout=seconds if seconds % 1 else seconds + 60)
    except subprocess.TimeoutExpired:
        wrk.send_signal(signal.SIGINT)
        said, _ = wrk.communicate(timeout=60)
    if wrk.returncode != 0:
        raise Failed('wrk: %s' % said.strip()[-200:])
    return said


def fill(core, port, prefix, keys):
    """Asks for keys 0 .. keys - 1, each once; a few at the end again."""

    load = Load(core, 'new', prefix, prefix=prefix, last=keys)
    if 'RESULT' in load.wrk(port, FILL_SECONDS, load.env):
        raise Failed('%d keys were not filled within %d s'
                     % (keys, FILL_SECONDS))


def result(text):
    found = re.search(r'^RESULT (.*)$', text, re.M)
    if found is None:
        raise Failed('wrk said nothing: %s' % text.strip()[-200:])
    return json.loads(found.group(1))
