"""What the bench tells: tables on the terminal, and whether the goals are
met."""

import peers

HEAD = ('', 'requests/s', 'p99 ms', 'us CPU', 'x floor', 'x ours',
        'CPU x floor', 'busy')


TIERS = {'srcache': 'memcached', 'hc_l2': 'Redis, by this module'}


def number(value, digits=2):
    if value is None:
        return '-'
    return '{:,.{}f}'.format(value, digits)


def title(name):
    return peers.BY_NAME[name].title


def lines(rows):
    """A table: the first column to the left, the others to the right."""

    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield '  '.join(cell.ljust(width) if i == 0 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths)))


def row_of(name, r):
    cpu = number(r['cpu_us'])
    if 'tier_cpu_us' in r:
        cpu += ' + ' + number(r['tier_cpu_us'])
    return (title(name), number(r['rps'], 0), number(r['p99_us'] / 1000),
            cpu, number(r['to_floor']), number(r['to_ours']),
            number(r['cpu_to_floor']), number(r['busy']))


def scenario_text(scenario):
    yield ''
    yield scenario['title']
    yield from lines([HEAD] + [row_of(name, r) for name, r
                               in scenario['peers'].items()])
    for name, why in scenario['errors'].items():
        yield 'ERROR %s: %s' % (title(name), why)


def memory_text(memory):
    yield ''
    yield ('memory of a million answers of 1 KB, MB (extrapolated from {:,})'
           .format(memory['entries']))
    rows = [('', 'memory', 'files', 'bytes each')]
    for name, r in memory['peers'].items():
        rows.append((memory_title(name), number(r['million_mb'], 0),
                     number(r['files_million_mb'], 0),
                     number(r['bytes_each'], 0)))
    yield from lines(rows)
    for name, why in memory['errors'].items():
        yield 'ERROR %s: %s' % (title(name), why)


def memory_title(name):
    return TIERS.get(name) or title(name)


def instructions_text(instructions):
    yield ''
    yield 'instructions per request (callgrind, user space)'
    yield from lines([(name, number(value, 0))
                      for name, value in instructions.items()])


def cell(result, scenario, name, key):
    for s in result['scenarios']:
        if s['name'] == scenario and name in s['peers']:
            return s['peers'][name][key]
    return None


def goals(result):
    """[(what, wanted, measured, by CPU)] of what was measured: requests/s to a
    peer's, and what that would be if only CPU per request counted."""

    one, large = 'l1-1k-1', 'l1-64k-1'
    made = [('return 200, 1 KB', 0.95, cell(result, one, 'hc', 'to_floor'),
             inverse(cell(result, one, 'hc', 'cpu_to_floor')))]

    for scenario, size, wanted in ((one, '1 KB', 1.3), (large, '64 KB', 1.0)):
        for name in ('proxy_cache', 'lua_dict', 'haproxy', 'varnish'):
            made.append(goal_to(result, scenario, name, size, wanted))

    made.append(goal_to(result, 'l2-1k-1', 'srcache', '1 KB', 1.0))
    return [goal for goal in made if goal[2] is not None]


def goal_to(result, scenario, name, size, wanted):
    return ('%s, %s' % (title(name), size), wanted,
            inverse(cell(result, scenario, name, 'to_ours')),
            cell(result, scenario, name, 'cpu_to_ours'))


def inverse(value):
    return 1 / value if value else None


def goals_text(result):
    rows = [(what, number(measured), number(by_cpu), number(wanted),
             'yes' if measured >= wanted else 'no')
            for what, wanted, measured, by_cpu in goals(result)]
    cpu = cell(result, 'l1-1k-1', 'hc', 'cpu_to_floor')
    if not rows:
        return

    yield ''
    yield 'where this module stands: how many times the requests/s of'
    yield from lines([('', 'measured', 'by CPU', 'at least', '')] + rows)
    if cpu is not None:
        yield 'CPU per request to return 200: %s, at most 1.20: %s' % (
            number(cpu), 'yes' if cpu <= 1.2 else 'no')


def machine_text(result):
    m = result['machine']
    yield '%s, %d cores, %s, kernel %s, load before %.2f' % (
        m['cpu'], m['cores'], m['system'], m['kernel'], m['load_before'])
    yield ', '.join('%s %s' % (name, version) for name, version
                    in result['versions'].items())
    yield '%s, %d rounds of %g s, %d connections' % (
        result['date'], result['rounds'], result['seconds'],
        result['connections'])


NOISE = 0.03


def noise_text(result):
    """A machine that others use gives ratios of chance."""

    shares = [row['waited'] for s in result['scenarios']
              for row in s['peers'].values()]
    if shares and max(shares) > NOISE:
        yield ('NOISE: others used these cores; workers waited for theirs up '
               'to %d %% of the time.' % (100 * max(shares)))
        yield 'Take CPU per request; requests/s are of little meaning here.'


def skipped_text(result):
    for name, why in result['skipped'].items():
        yield 'SKIPPED %s: no %s' % (title(name), ', '.join(why))


def text(result):
    yield from machine_text(result)
    for scenario in result['scenarios']:
        yield from scenario_text(scenario)
    if result['memory']:
        yield from memory_text(result['memory'])
    if result['instructions']:
        yield from instructions_text(result['instructions'])
    yield from goals_text(result)
    yield ''
    yield ('x floor, x ours: requests/s to the first row\'s and to this '
           'module\'s, the median of')
    yield ('the ratios inside each round.  busy: how much of its core the '
           'worker used; well below')
    yield '1, the load generator was the limit, and CPU tells more.'
    yield from noise_text(result)
    yield from skipped_text(result)


def errors(result):
    """{where: {peer: why}} of everything that went wrong."""

    parts = {s['name']: s['errors'] for s in result['scenarios']}
    parts['memory'] = (result['memory'] or {}).get('errors', {})
    return {where: wrong for where, wrong in parts.items() if wrong}
