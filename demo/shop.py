#!/usr/bin/env python3
"""A small shop API, as it might exist for years: it knows nothing of a cache
in front of it.

    shop.py [--port 8081] [--delay 30]

    GET  /                          a page with the products that sell best
    GET  /api/products?page=N       the catalogue, 20 a page
    GET  /api/p/<id>                one product, with what others bought
    PUT  /api/p/<id>                {"price": 12.5} (POST does the same)
    GET  /api/orders?uid=U&page=N   somebody's orders, 10 a page
    POST /api/orders                {"uid": U, "sku": S}
    POST /sign-in?uid=U             a session cookie
    GET  /api/me                    who the cookie says you are
    POST /buy?sku=S&uid=U           takes one from stock and orders it

Standard library only.  Every answer comes from SQLite, and --delay ms stand
for all else such an app does: templates, other services, a slower database.
"""

import argparse
import html
import json
import os
import random
import secrets
import signal
import sqlite3
import sys
import tempfile
import threading
import time

from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PRODUCTS = 2000
ORDERS = 20000
USERS = 500
BODY_MAX = 64 * 1024

SCHEMA = """
    create table product (id integer primary key, name text, price real,
                          stock integer, about text);
    create table orders  (id integer primary key, uid integer, sku integer,
                          at integer);
    create index orders_uid on orders (uid, id);
    create index orders_sku on orders (sku);
"""

BEST_SELLERS = """
    select p.id, p.name, p.price, count(o.id) as sold
      from orders o join product p on p.id = o.sku
     group by p.id order by sold desc, p.id limit 20
"""

CATALOGUE = """
    select p.id, p.name, p.price, p.stock,
           (select count(*) from orders o where o.sku = p.id) as sold
      from product p order by p.id limit 20 offset ?
"""

PRODUCT = "select id, name, price, stock, about from product where id = ?"

ALSO_BOUGHT = """
    select p.id, p.name, count(*) as times
      from orders mine join orders other on other.uid = mine.uid
                                        and other.sku != mine.sku
      join product p on p.id = other.sku
     where mine.sku = ?
     group by p.id order by times desc, p.id limit 5
"""

ORDERS_OF = """
    select o.id, o.sku, p.name, p.price, o.at
      from orders o join product p on p.id = o.sku
     where o.uid = ? order by o.id desc limit 10 offset ?
"""


class Refused(Exception):
    """An answer other than 200, with its reason."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


class Shop:
    """The data; a connection for each thread."""

    def __init__(self, path):
        self.path = path
        self.local = threading.local()

    def db(self):
        if not hasattr(self.local, 'db'):
            self.local.db = sqlite3.connect(self.path, timeout=10)
            self.local.db.row_factory = sqlite3.Row
        return self.local.db

    def seed(self):
        pick = random.Random(1)
        words = 'red green blue small large light heavy round flat old'.split()
        things = 'lamp chair table kettle rug clock shelf box vase mug'.split()
        db = self.db()
        db.execute('pragma journal_mode = wal')
        db.execute('pragma synchronous = off')
        db.executescript(SCHEMA)
        db.executemany(
            'insert into product values (?, ?, ?, ?, ?)',
            ((i, '%s %s %d' % (pick.choice(words), pick.choice(things), i),
              pick.randrange(100, 20000) / 100, pick.randrange(10, 1000),
              ' '.join(pick.choices(words, k=80)))
             for i in range(1, PRODUCTS + 1)))
        db.executemany(
            'insert into orders (uid, sku, at) values (?, ?, ?)',
            ((pick.randrange(1, USERS + 1),
              1 + int(PRODUCTS * pick.random() ** 2),
              1700000000 + i * 60)
             for i in range(ORDERS)))
        db.commit()

    def rows(self, sql, *args):
        return [dict(row) for row in self.db().execute(sql, args)]

    def product(self, sku):
        found = self.rows(PRODUCT, sku)
        if not found:
            raise Refused(404, 'no such product')
        return found[0]

    def order(self, uid, sku):
        self.product(sku)
        with self.db() as db:
            row = db.execute('insert into orders (uid, sku, at) '
                             'values (?, ?, ?)', (uid, sku, int(time.time())))
        return row.lastrowid

    def set_price(self, sku, price):
        with self.db() as db:
            db.execute('update product set price = ? where id = ?',
                       (price, sku))

    def take(self, sku):
        with self.db() as db:
            row = db.execute('update product set stock = stock - 1 '
                             'where id = ? and stock > 0', (sku,))
        if row.rowcount == 0:
            raise Refused(409, 'sold out')


def whole(value, what, least=1):
    """A whole number from a query or a body, or 400."""

    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise Refused(400, '%s is to be a whole number' % what)

    try:
        number = int(value)
    except ValueError:
        raise Refused(400, '%s is to be a whole number' % what) from None

    if not least <= number <= 2 ** 53:
        raise Refused(400, '%s is out of range' % what)

    return number


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    server_version = 'shop'
    sys_version = ''
    wbufsize = -1                    # header and body in one segment
    timeout = 60                     # of a silent connection

    # path -> method -> function; /api/p/<id> is found by its beginning

    def find(self, path):
        if path.startswith('/api/p/'):
            return {'GET': self.get_product, 'PUT': self.put_product,
                    'POST': self.put_product}

        return {
            '/':             {'GET': self.get_home},
            '/api/products': {'GET': self.get_products},
            '/api/orders':   {'GET': self.get_orders,
                              'POST': self.post_order},
            '/api/me':       {'GET': self.get_me},
            '/sign-in':      {'POST': self.post_sign_in},
            '/buy':          {'POST': self.post_buy},
        }.get(path)

    def serve(self):
        self.extra = []
        self.started = time.monotonic()

        try:
            self.body = self.read_body()
            url = urlsplit(self.path)
            self.path_only = url.path
            self.args = {k: v[-1] for k, v in parse_qs(url.query).items()}

            methods = self.find(url.path)
            if methods is None:
                raise Refused(404, 'no such page')

            method = 'GET' if self.command == 'HEAD' else self.command
            if method not in methods:
                self.extra.append(('Allow', ', '.join(sorted(methods))))
                raise Refused(405, 'not here')

            time.sleep(self.server.delay * random.uniform(1, 1.5))
            status, answer = methods[method]()

        except Refused as e:
            status, answer = e.status, {'error': str(e)}

        except sqlite3.Error as e:
            print('shop: %s' % e, file=sys.stderr)
            status, answer = 500, {'error': 'the database failed'}

        self.reply(status, answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = serve

    def read_body(self):
        """Reads it in any case: what is left over would be taken for the
        next request."""

        if 'transfer-encoding' in self.headers:
            self.close_connection = True
            raise Refused(411, 'send a Content-Length')

        try:
            length = int(self.headers.get('content-length', '0'))
        except ValueError:
            length = -1

        if length < 0 or length > BODY_MAX:
            self.close_connection = True
            raise Refused(400 if length < 0 else 413, 'a body of that length')

        return self.rfile.read(length)

    def json_body(self):
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Refused(400, 'the body is not JSON') from None

        if not isinstance(found, dict):
            raise Refused(400, 'the body is not a JSON object')

        return found

    def reply(self, status, answer):
        if isinstance(answer, str):
            body, kind = answer.encode(), 'text/html; charset=utf-8'
        else:
            body = json.dumps(answer, indent=1).encode() + b'\n'
            kind = 'application/json'

        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        for name, value in self.extra:
            self.send_header(name, value)
        self.end_headers()

        if self.command != 'HEAD':
            self.wfile.write(body)

    def log_request(self, code='-', size='-'):
        self.log_message('"%s" %s %.1f ms', self.requestline, int(code),
                         (time.monotonic() - self.started) * 1000)

    # pages

    def page_of(self):
        return whole(self.args.get('page', '1'), 'page')

    def sku(self):
        return whole(self.path_only[len('/api/p/'):], 'the id')

    def get_home(self):
        items = ''.join(
            '<li><a href="/api/p/%d">%s</a> %.2f (%d sold)</li>\n'
            % (p['id'], html.escape(p['name']), p['price'], p['sold'])
            for p in self.server.shop.rows(BEST_SELLERS))
        return 200, ('<!doctype html>\n<title>Shop</title>\n'
                     '<h1>What sells best</h1>\n<ul>\n%s</ul>\n' % items)

    def get_products(self):
        page = self.page_of()
        items = self.server.shop.rows(CATALOGUE, (page - 1) * 20)
        if not items:
            raise Refused(404, 'no such page')
        return 200, {'page': page, 'pages': (PRODUCTS + 19) // 20,
                     'products': items}

    def get_product(self):
        sku = self.sku()
        answer = self.server.shop.product(sku)
        answer['also_bought'] = self.server.shop.rows(ALSO_BOUGHT, sku)
        return 200, answer

    def put_product(self):
        sku = self.sku()
        price = self.json_body().get('price')
        if (isinstance(price, bool) or not isinstance(price, (int, float))
                or not 0 < price < 1e6):
            raise Refused(400, 'price is to be a number above 0')
        self.server.shop.product(sku)
        self.server.shop.set_price(sku, price)
        return 200, self.server.shop.product(sku)

    def get_orders(self):
        uid = whole(self.args.get('uid', ''), 'uid')
        page = self.page_of()
        items = self.server.shop.rows(ORDERS_OF, uid, (page - 1) * 10)
        return 200, {'uid': uid, 'page': page, 'orders': items}

    def post_order(self):
        body = self.json_body()
        uid = whole(body.get('uid', self.args.get('uid')), 'uid')
        sku = whole(body.get('sku'), 'sku')
        return 201, {'order': self.server.shop.order(uid, sku)}

    def post_buy(self):
        uid = whole(self.args.get('uid', ''), 'uid')
        sku = whole(self.args.get('sku', ''), 'sku')
        self.server.shop.product(sku)
        self.server.shop.take(sku)
        return 201, {'order': self.server.shop.order(uid, sku)}

    def post_sign_in(self):
        uid = whole(self.args.get('uid', ''), 'uid')
        session = secrets.token_hex(16)
        self.server.sessions[session] = uid
        self.extra.append(('Set-Cookie',
                           'sid=%s; HttpOnly; Path=/' % session))
        self.extra.append(('Cache-Control', 'private, no-store'))
        return 200, {'uid': uid}

    def session(self):
        try:
            cookie = SimpleCookie(self.headers.get('cookie', ''))
        except CookieError:
            return None
        return cookie['sid'].value if 'sid' in cookie else None

    def get_me(self):
        uid = self.server.sessions.get(self.session())
        self.extra.append(('Cache-Control', 'private'))
        if uid is None:
            raise Refused(401, 'sign in first')
        return 200, {'uid': uid}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser(description='A small shop API.')
    parser.add_argument('--port', type=int, default=8081)
    parser.add_argument('--delay', type=float, default=30, metavar='MS',
                        help='what an answer takes beside its queries')
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))

    with tempfile.TemporaryDirectory(prefix='shop.') as directory:
        try:
            server = Server(('127.0.0.1', options.port), Handler)
        except OSError as e:
            sys.exit('shop: port %d: %s' % (options.port, e.strerror))

        server.shop = Shop(os.path.join(directory, 'shop.db'))
        server.shop.seed()
        server.sessions = {}
        server.delay = options.delay / 1000

        print('shop: listening on 127.0.0.1:%d' % options.port,
              file=sys.stderr, flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == '__main__':
    main()
