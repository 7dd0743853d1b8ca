#!/usr/bin/env python3
"""README.md's section on the bench, from bench/results/bench.json.

    readme.py            takes what `make bench` wrote last, and writes it
    readme.py --print    prints the section of the results there are
    readme.py --check    1 when README.md says something else

The section is what is between the two marks.
"""

import json
import os
import shutil
import sys

import report

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.dirname(HERE)
README = os.path.join(os.path.dirname(BENCH), 'README.md')
OUT = os.path.join(BENCH, 'out')
RESULTS = os.path.join(BENCH, 'results')
BEGIN = '<!-- written by make bench-readme -->'
END = '<!-- end of what make bench-readme writes -->'


def row(cells):
    return '| ' + ' | '.join(cells) + ' |'


def table(head, rows):
    yield row(head)
    yield '|---' + '|--:' * (len(head) - 1) + '|'
    for cells in rows:
        yield row(cells)
    yield ''


def names_in(scenarios):
    return list(dict.fromkeys(n for s in scenarios for n in s['peers']))


def rate(scenario, name):
    """`123 k (0.95)`: thousands of requests/s, and to the floor"""

    r = scenario['peers'].get(name)
    if r is None:
        return ''
    return '%s k (%s)' % (report.number(r['rps'] / 1000, 1),
                          report.number(r['to_floor']))


def short(scenario):
    if scenario['case'] == 'miss':
        return 'miss, %d KB' % scenario['kb']
    keys = ('one key' if scenario['keys'] == 1
            else '{:,} keys'.format(scenario['keys']))
    tier = 'L2, ' if scenario['case'] == 'l2' else ''
    return '%s%d KB, %s' % (tier, scenario['kb'], keys)


def rates(scenarios):
    return table([''] + [short(s) for s in scenarios],
                 [[report.title(name)] + [rate(s, name) for s in scenarios]
                  for name in names_in(scenarios)])


def cpu(result):
    """Of the scenarios with one key of 1 KB, and of a miss."""

    wanted = [s for s in result['scenarios']
              if s['kb'] == 1 and s['keys'] in (0, 1)]
    rows = [[report.title(name)] + [cpu_cell(s, name) for s in wanted]
            for name in names_in(wanted)]
    return table([''] + [short(s) for s in wanted], rows)


def cpu_cell(scenario, name):
    r = scenario['peers'].get(name)
    if r is None:
        return ''
    tier = (' + ' + report.number(r['tier_cpu_us'], 1)
            if 'tier_cpu_us' in r else '')
    return '%s%s us (%s)' % (report.number(r['cpu_us'], 1), tier,
                             report.number(r['cpu_to_floor']))


def memory(told):
    rows = [[report.memory_title(name), report.number(r['million_mb'], 0),
             report.number(r['files_million_mb'], 0)]
            for name, r in told['peers'].items()]
    return table(['', 'memory, MB', 'files, MB'], rows)


def instructions(counted):
    return table(['', 'instructions'],
                 [['`%s`' % name, report.number(value, 0)]
                  for name, value in counted.items()])


def measured_on(result):
    m = result['machine']
    yield ('%s, %d cores, %s, kernel %s; %s, `%s`; %d rounds of %g s, medians.'
           % (m['cpu'], m['cores'], m['system'], m['kernel'], result['date'],
              'make bench', result['rounds'], result['seconds']))
    yield ''
    packages = ', '.join('%s %s' % pair
                         for pair in result['versions'].items())
    yield packages + '.'
    yield ''


def section(result):
    cases = {case: [s for s in result['scenarios'] if s['case'] == case]
             for case in ('l1', 'l2', 'miss')}

    yield from measured_on(result)
    yield '![requests per second](bench/results/bench.svg)'
    yield ''
    yield ('Requests per second of a hit in memory, and to `return 200` in '
           'the same round:')
    yield ''
    yield from rates(cases['l1'])
    yield 'A hit in the second tier; a miss beside a plain `proxy_pass`:'
    yield ''
    yield from rates(cases['l2'])
    yield from rates(cases['miss'])
    yield 'CPU time of the worker (and of the tier) per request, 1 KB:'
    yield ''
    yield from cpu(result)
    yield from rest(result)


def rest(result):
    if result['memory']:
        yield ('Memory of a million answers of 1 KB, extrapolated from '
               '{:,}:'.format(result['memory']['entries']))
        yield ''
        yield from memory(result['memory'])
    if result['instructions']:
        yield ('Instructions of a request in user space (`make '
               'bench-instructions`):')
        yield ''
        yield from instructions(result['instructions'])
    for line in list(report.noise_text(result)) \
            + list(report.skipped_text(result)):
        yield line
        yield ''


def with_section(text, result):
    before, _, rest_of = text.partition(BEGIN)
    _, found, after = rest_of.partition(END)
    if not found:
        raise SystemExit('README.md has not both marks: %s, %s' % (BEGIN, END))
    return '%s%s\n%s\n%s%s' % (before, BEGIN,
                               '\n'.join(section(result)).strip(), END, after)


def load():
    with open(os.path.join(RESULTS, 'bench.json')) as f:
        return json.load(f)


def take():
    """The last measurement becomes the result, if it was a whole one."""

    try:
        with open(os.path.join(OUT, 'bench.json')) as f:
            result = json.load(f)
    except FileNotFoundError:
        raise SystemExit('nothing measured yet: make bench') from None
    if result['plan'] != 'full' or report.errors(result):
        raise SystemExit('the last measurement was not a whole one without '
                         'errors: make bench')
    os.makedirs(RESULTS, exist_ok=True)
    for name in ('bench.json', 'bench.svg'):
        shutil.copy(os.path.join(OUT, name), RESULTS)


def main():
    if sys.argv[1:] == ['--print']:
        print('\n'.join(section(load())))
        return 0

    check = sys.argv[1:] == ['--check']
    if not check:
        take()
    with open(README) as f:
        text = f.read()
    wanted = with_section(text, load())
    if check:
        return 0 if text == wanted else 1

    with open(README, 'w') as f:
        f.write(wanted)
    return 0


if __name__ == '__main__':
    sys.exit(main())
