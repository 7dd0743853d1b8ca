"""Memory: how much many small answers take in each cache.

A cache is filled with N answers of 1 KB.  What counts is what its process has
resident of shared memory, and of its own memory beyond what it had when empty;
and its files.  A million is extrapolated.
"""

import os

import check
import load
import machine
import peers
from servers import Failed

SAMPLE = 1000
PREFIX = '/1/'


def resident(pid):
    """(own, shared) bytes; files mapped, which are programs, do not count"""

    status = '/proc/%d/status' % pid
    kb = {name: int(machine.field_of(status, name, '0 kB').split()[0])
          for name in ('RssAnon', 'RssShmem')}
    return kb['RssAnon'] << 10, kb['RssShmem'] << 10


def files_below(directory):
    total = 0
    for place, _, names in os.walk(directory):
        for name in names:
            total += os.lstat(os.path.join(place, name)).st_blocks * 512
    return total


def still_there(service, origin, entries):
    """None was evicted: a sample of all is answered without the origin."""

    counter = check.Counter(origin.port)
    asked = counter.read()
    uris = [PREFIX + str(key)
            for key in range(0, entries, max(1, entries // SAMPLE))]
    check.answers_right(service.port, uris, peers.body(1))
    missed = counter.read() - asked
    if missed:
        raise Failed('%d of %d answers are not kept' % (missed, len(uris)))


def measure(bench, peer, entries):
    origin = bench.origin()
    service = bench.peer(peer, origin, 1)
    # what keeps the answers: the tier where there is one
    pid = (service.tier or service).worker()
    check.answers_right(service.port, [PREFIX + 'first'], peers.body(1))

    own, _ = resident(pid)
    load.fill(bench.cores.load, service.port, PREFIX, entries)
    still_there(service, origin, entries)
    own_then, shared = resident(pid)
    return figures(own_then - own, shared,
                   files_below(os.path.join(bench.dir, peer.name, 'cache')),
                   entries)


def figures(own, shared, files, entries):
    each = (own + shared) / entries
    return {
        'own_bytes': own, 'shared_bytes': shared, 'files_bytes': files,
        'bytes_each': round((own + shared + files) / entries, 1),
        'million_mb': round(each * 1e6 / (1 << 20), 1),
        'files_million_mb': round(files / entries * 1e6 / (1 << 20), 1),
    }


def play(bench, names, entries):
    rows, wrong = {}, {}
    for name in names:
        try:
            rows[name] = measure(bench, peers.BY_NAME[name], entries)
        except Failed as e:
            wrong[name] = str(e)
        finally:
            bench.stop_all()
    return {'entries': entries, 'peers': rows, 'errors': wrong}
