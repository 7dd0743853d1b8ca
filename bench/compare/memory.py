"""Memory: how much many small answers take in each cache.

A cache is filled with N answers of 1 KB.  What counts is what its process then
has resident beyond what it had when nearly empty, and its files.  Of nginx's
zones it is all that is resident, so that their tables count; of HAProxy's,
which is touched as a whole at the start, the blocks in use.  A million is
extrapolated.
"""

import os
import re
import socket

import check
import load
import machine
import peers
from servers import Failed

SAMPLE = 1000
FIRST = 1000
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


def haproxy_blocks(path):
    """(blocks there are, blocks in use) of HAProxy's cache; what it calls
    available may be in use, and be taken for something else."""

    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(b'show cache\n')
        told = s.makefile('rb').read()

    there = re.search(rb'available blocks:(\d+)', told)
    if there is None:
        raise Failed('show cache does not tell of blocks')
    return int(there.group(1)), sum(map(int,
                                        re.findall(rb'\((\d+) blocks\)', told)))


class Usage:
    """What a running cache has, at one time."""

    def __init__(self, kind, pid, directory):
        self.own, self.shared = resident(pid)
        self.blocks, self.used = (
            haproxy_blocks(os.path.join(directory, 'stats.sock'))
            if kind == 'haproxy' else (0, 0))
        self.kind = kind

    def shared_since(self, before, entries):
        if self.kind == 'nginx':
            return self.shared * entries / (entries + FIRST)
        if self.kind == 'haproxy':
            return ((self.used - before.used)
                    * (self.shared / self.blocks))
        return self.shared - before.shared


def measure(bench, peer, entries):
    origin = bench.origin()
    service = bench.peer(peer, origin, 1)
    # what keeps the answers: the tier where there is one
    pid = (service.tier or service).worker()
    kind = peer.tier or peer.kind
    directory = os.path.join(bench.dir, peer.name)

    # every connection was used, every thread has run
    load.fill(bench.cores.load, service.port, PREFIX + 'first-', FIRST)
    before = Usage(kind, pid, directory)

    load.fill(bench.cores.load, service.port, PREFIX, entries)
    still_there(service, origin, entries)
    after = Usage(kind, pid, directory)

    files = files_below(os.path.join(directory, 'cache'))

    return figures(after.own - before.own,
                   after.shared_since(before, entries),
                   files * entries / (entries + FIRST), entries)


def figures(own, shared, files, entries):
    each = (own + shared) / entries
    return {
        'own_bytes': own, 'shared_bytes': round(shared), 'files_bytes': round(files),
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
