"""The tour: twelve steps through the tiers, each checked as it is shown."""

import http.client
import json
import time

L1_TTL = 2.2                         # s, a little above nginx.conf.example's


class Answer:
    def __init__(self, response, body, ms):
        self.status = response.status
        self.cache = response.getheader('X-Cache-Status') or '-'
        self.tier = response.getheader('X-Cache-Tier') or '-'
        self.reason = response.getheader('X-Cache-Reason') or ''
        self.cookie = (response.getheader('Set-Cookie') or '').split(';')[0]
        self.body = body
        self.ms = ms

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return {}


class Tour:
    def __init__(self, port):
        self.port = port
        self.failures = 0

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port,
                                                timeout=15)
        started = time.monotonic()
        try:
            connection.request(method, path,
                               None if body is None else json.dumps(body),
                               headers or {})
            response = connection.getresponse()
            return Answer(response, response.read(),
                          (time.monotonic() - started) * 1000)
        finally:
            connection.close()

    def step(self, number, title):
        print('\n%2d  %s' % (number, title), flush=True)

    def wait(self, seconds, why):
        print('      ... %.1f s: %s' % (seconds, why), flush=True)
        time.sleep(seconds)

    def show(self, method, path, want, status=200, body=None, headers=None,
             check=None):
        """One request.  want: 'HIT L1', 'MISS origin' ..., several by '|', or
        None for a request that is no read.  check: what the answer must
        satisfy beside that, and how to say it."""

        answer = self.ask(method, path, body, headers)
        got = '%s %s' % (answer.cache, answer.tier)
        wrong = []

        if answer.status != status:
            wrong.append('status %d was expected' % status)
        if want is not None and got not in want.split('|'):
            wrong.append('%s was expected' % want.replace('|', ' or '))
        if check is not None and not check[0](answer):
            wrong.append('expected: %s' % check[1])

        print('      %-4s %-30s %d  %-8s %-7s %7.2f ms%s%s'
              % (method, path, answer.status,
                 answer.cache if want else '', answer.tier if want else '',
                 answer.ms,
                 '  ' + check[1] if check and not wrong else '',
                 '  (%s)' % answer.reason if answer.reason else ''),
              flush=True)
        for text in wrong:
            print('      !!   %s' % text, flush=True)
        self.failures += len(wrong)

        return answer


def is_price(price):
    return (lambda a: a.json().get('price') == price, 'price %s' % price)


def play(port, shop, with_redis):
    """shop: something with start() and stop().  0, or 1 if a step differed."""

    tour = Tour(port)
    show = tour.show

    # an expired copy: from the second tier, or, without one, from the app
    second = 'HIT L2' if with_redis else 'EXPIRED origin|MISS origin'
    orders = '/api/orders?uid=7&page=1'

    print('A shop on 127.0.0.1:%d, nginx with the module on 127.0.0.1:%d%s.'
          % (port + 1, port, '' if not with_redis
             else ', Redis on 127.0.0.1:%d' % (port + 2)))

    tour.step(1, 'The first read of a product goes to the shop')
    show('GET', '/api/p/1', 'MISS origin')

    tour.step(2, 'The second comes from shared memory')
    show('GET', '/api/p/1', 'HIT L1')

    tour.step(3, 'Any page will do: HTML, too')
    show('GET', '/', 'MISS origin')
    show('GET', '/', 'HIT L1')

    tour.step(4, 'Memory has forgotten it: %s'
              % ('Redis has not' if with_redis else 'and there is no Redis'))
    tour.wait(L1_TTL, 'memory keeps a product for 2 s')
    show('GET', '/api/p/1', second)
    show('GET', '/api/p/1', 'HIT L1')

    tour.step(5, 'A write goes through, and takes the old answer out')
    show('PUT', '/api/p/1', None, body={'price': 12.5}, check=is_price(12.5))

    tour.step(6, 'The next read has the new value')
    show('GET', '/api/p/1', 'MISS origin', check=is_price(12.5))

    tour.step(7, 'and so has memory')
    show('GET', '/api/p/1', 'HIT L1', check=is_price(12.5))

    tour.step(8, 'An order changes the list of orders: hc_invalidate says so')
    show('GET', orders, 'MISS origin')
    last = show('GET', orders, 'HIT L1').json().get('orders') or [{}]
    placed = show('POST', '/api/orders?uid=7', None, status=201,
                  body={'uid': 7, 'sku': 3}).json().get('order')
    is_first = (lambda a: (a.json().get('orders') or [{}])[0].get('id')
                == placed != last[0].get('id'),
                'order %s comes first' % placed)
    show('GET', orders, 'MISS origin', check=is_first)
    show('GET', orders, 'HIT L1', check=is_first)

    tour.step(9, 'What is private is kept nowhere')
    cookie = show('POST', '/sign-in?uid=7', None).cookie
    for _ in range(2):
        show('GET', '/api/me', 'MISS origin', headers={'Cookie': cookie})
    show('GET', '/api/me', 'MISS origin', status=401)

    tour.step(10, 'The shop stops: what is known is still answered')
    show('GET', '/api/products?page=1', 'MISS origin')
    show('GET', '/api/p/1', 'HIT L1|' + second)
    shop.stop()
    print('      ... the shop is stopped')
    show('GET', '/api/products?page=1', 'HIT L1')
    tour.wait(L1_TTL, 'the catalogue is fresh for 2 s')
    show('GET', '/api/products?page=1', 'STALE L1')
    show('GET', '/api/p/1', 'HIT L2' if with_redis else 'STALE L1')

    tour.step(11, 'A product nobody has asked for: a file stands in')
    show('GET', '/api/p/20', 'STATIC static')

    tour.step(12, 'The shop is back')
    shop.start()
    show('GET', '/api/p/20', 'MISS origin')
    show('GET', '/api/p/20', 'HIT L1')

    print()
    if tour.failures:
        print('%d expectations of the tour did not hold.' % tour.failures)
        return 1

    print('All twelve steps were as announced.')
    return 0
