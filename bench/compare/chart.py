"""The chart: a panel for each scenario, a bar for each peer."""

from xml.sax.saxutils import escape

import report

WIDTH, LABEL, BAR, LINE, GAP = 860, 230, 480, 20, 44
TOP = 56
COLOURS = {'hc': '#1a7f37', 'hc_l2': '#1a7f37', 'return200': '#8c959f',
           'proxy': '#8c959f'}
OTHER = '#4f81bd'
FONT = 'font-family="sans-serif" font-size="%d"'


def text(x, y, words, size=12, more=''):
    return '<text x="%d" y="%d" %s %s>%s</text>' % (
        x, y, FONT % size, more, escape(words))


def bar(y, name, row, most):
    width = max(1, round(BAR * row['rps'] / most))
    value = '%s/s' % report.number(row['rps'], 0)
    if row['to_floor'] is not None:
        value += '  (%s)' % report.number(row['to_floor'])

    yield text(LABEL - 8, y + 14, report.title(name), 12,
               'text-anchor="end"')
    yield '<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>' % (
        LABEL, y + 3, width, LINE - 5, COLOURS.get(name, OTHER))
    yield text(LABEL + width + 6, y + 14, value, 11)


def panel(y, scenario):
    yield text(12, y, scenario['title'], 13, 'font-weight="bold"')
    rows = scenario['peers']
    most = max(row['rps'] for row in rows.values())
    for i, (name, row) in enumerate(rows.items()):
        yield from bar(y + 6 + i * LINE, name, row, most)


def svg(result):
    parts, y = [], TOP + 20
    for scenario in result['scenarios']:
        if scenario['peers']:
            parts += panel(y, scenario)
            y += len(scenario['peers']) * LINE + GAP

    m = result['machine']
    head = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d">'
        % (WIDTH, y),
        '<rect width="100%" height="100%" fill="white"/>',
        text(12, 22, 'Requests per second, one core each; in brackets: to '
             'the first bar', 15, 'font-weight="bold"'),
        text(12, 42, '%s, %d cores, %s, %s' % (
            m['cpu'], m['cores'], m['system'], result['date'])),
    ]
    return '\n'.join(head + parts + ['</svg>', ''])
