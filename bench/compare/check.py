"""Is an answer what it has to be, and who gave it."""

import http.client
import re

from servers import Failed


def get(port, uris):
    """Answers to several GETs on one connection."""

    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=10)
    try:
        for uri in uris:
            connection.request('GET', uri)
            answer = connection.getresponse()
            yield answer, answer.read()
            if answer.will_close:
                raise Failed('closes the connection after an answer')
    except (OSError, http.client.HTTPException) as e:
        raise Failed('no answer to GET %s: %r' % (uri, e)) from e
    finally:
        connection.close()


def answers_right(port, uris, body):
    """Raises what is wrong with the first answer that is not as it has to
    be."""

    body = body.encode()

    for answer, got in get(port, uris):
        if answer.status != 200:
            raise Failed('status %d instead of 200' % answer.status)
        if answer.getheader('Content-Encoding') not in (None, 'identity'):
            raise Failed('the answer is encoded')
        if answer.getheader('Content-Length') != str(len(body)):
            raise Failed('Content-Length %s instead of %d'
                         % (answer.getheader('Content-Length'), len(body)))
        if got != body:
            raise Failed('not the right body (%d bytes)' % len(got))


class Counter:
    """Requests an origin was asked; those of the counter itself left out."""

    def __init__(self, port):
        self.port = port
        self.own = 0

    def read(self):
        self.own += 1
        for _, text in get(self.port, ['/count']):
            numbers = re.search(rb'requests\s+\d+ \d+ (\d+)', text)
        if numbers is None:
            raise Failed('the origin does not count')
        return int(numbers.group(1)) - self.own
