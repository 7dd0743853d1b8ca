# uwsgi: an HTTP answer, framed by Content-Length or by the connection's end.

use HC;
use HC::Origin;

our $http = <<'_';
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 1m;
    add_header X-Cache $hc_cache_status always;
    uwsgi_param REQUEST_METHOD $request_method;
    uwsgi_param PATH_INFO $document_uri;
_

our $config = <<'_';
    location / {
        uwsgi_pass 127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
_

# how often the app was asked

sub asked { return scalar(() = requests_seen() =~ /REQUEST_METHOD/g) }

plan('no_plan');
run_tests();

__DATA__

=== an answer with Content-Length is stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, 'Content-Type: text/plain', "page\n"),
     end => 'close' } ]]
--- request eval
["GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Type: text/plain"]
--- response_body eval
["page\n", "page\n"]
--- then
is(asked(), 1, 'the app was asked once');



=== an answer that only the closing ends is not stored, one of JSON is
--- http_config eval: $::http
--- config eval: $::config
--- origin
[
    [ { reply => "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\npage",
        end => 'close' } ],
    [ { reply => "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\npage",
        end => 'close' } ],
    [ { reply => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
              . '{"a":[1,2]}', end => 'close' } ],
]
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["page", "page", '{"a":[1,2]}', '{"a":[1,2]}']



=== an answer shorter than its Content-Length is not stored
--- http_config eval: $::http
--- config eval: $::config
--- origin
[
    [ { reply => answer(200, '', 'control'), end => 'close' } ],
    [ { reply => answer(200, '', 'whole'), cut => -2 } ],
    [ { reply => answer(200, '', 'whole'), end => 'close' } ],
]
--- request
GET /control
--- then
like(asks('/a')->{body}, qr/^who?$/, 'the client is given what came');
is(cache_of(asks('/a')), 'MISS', 'nothing was stored of it');
is(cache_of(my $hit = asks('/a')), 'HIT', 'of the whole one it was');
is($hit->{body}, 'whole', 'whole');
is(cache_of(asks('/control')), 'HIT', 'as was the control');



=== the app is not told Range and conditionals of a request that fills
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, "Last-Modified: Mon, 28 Sep 1970 06:00:00 GMT",
                     '0123456789'), end => 'close' } ]]
--- request
GET /a
--- more_headers
Range: bytes=-3
If-Unmodified-Since: Mon, 28 Sep 1970 06:00:00 GMT
X-Told: yes
--- error_code: 206
--- response_headers
Content-Range: bytes 7-9/10
--- response_body: 789
--- then
like(requests_seen(), qr/HTTP_X_TOLD..yes/s, 'other fields are passed');
unlike(requests_seen(), qr/HTTP_(?:RANGE|IF_)/, 'these are not');
is(asks('/a')->{body}, '0123456789', 'the whole answer was stored');
is(asked(), 1, 'from one request');



=== HEAD is answered from the entry
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, '', 'page'), end => 'close' } ]]
--- request eval
["GET /a", "HEAD /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Length: 4"]
--- response_body eval
["page", ""]



=== a POST leaves the entry of its URI invalid
--- http_config eval: $::http
--- config eval: $::config
--- origin
[[ { reply => answer(200, '', 'page'), end => 'close' } ]]
--- request eval
["GET /a", "GET /a", "POST /a
x", "GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: ", "X-Cache: MISS", "X-Cache: HIT"]



=== an app that fails is replaced by the expired entry
--- http_config
    hc_zone zone=pages:1m;
    hc_cache pages;
    hc_cache_valid 20ms;
    add_header X-Cache $hc_cache_status always;
    uwsgi_param REQUEST_METHOD $request_method;
--- config eval: $::config
--- origin
[
    [ { reply => answer(200, '', 'page'), end => 'close' } ],
    [ { reply => answer(503, '', 'failed'), end => 'close' } ],
    [ { end => 'rst' } ],
]
--- request eval
["GET /a", "GET /a", "GET /a"]
--- wait: 0.05
--- response_headers eval
["X-Cache: MISS", "X-Cache: STALE", "X-Cache: STALE"]
--- response_body eval
["page", "page", "page"]
