# hc_cache_methods, and requests that are neither looked up nor stored.

use HC;
use HC::Echo;

plan('no_plan');
run_tests();

__DATA__

=== a HEAD is answered from what a GET stored
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "HEAD /a"]
--- more_headers
O-X-Custom: kept
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Length: 2\nX-Custom: kept"]
--- response_body eval
["1\n", ""]


=== a HEAD that misses goes to the app as HEAD and stores nothing
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["HEAD /a", "HEAD /a", "GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Method: HEAD", "X-Cache: MISS\nX-Seen-Method: HEAD",
 "X-Cache: MISS\nX-Seen-Method: GET", "X-Cache: HIT\nX-Seen-Method: GET"]
--- response_body eval
["", "", "3\n", "3\n"]


=== hc_cache_methods GET passes HEAD by
--- config
    location / {
        hc_cache pages;
        hc_cache_methods GET;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "HEAD /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: BYPASS\nX-Reason: method", "X-Cache: HIT"]
--- response_body eval
["1\n", "", "1\n"]


=== hc_cache_methods HEAD passes GET by, and stores nothing
--- config
    location / {
        hc_cache pages;
        hc_cache_methods HEAD;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }

    location /both/ {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "HEAD /a", "GET /both/a", "HEAD /both/a"]
--- response_headers eval
["X-Cache: BYPASS\nX-Reason: method", "X-Cache: BYPASS", "X-Cache: MISS",
 "X-Cache: MISS", "X-Cache: HIT"]


=== a POST is neither answered from the cache nor stored
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "POST /b
x=1", "GET /b", "GET /b"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "!X-Cache\nX-Seen-Method: POST",
 "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["1\n", "1\n", "3\n", "4\n", "4\n"]


=== OPTIONS, PROPFIND and an unknown method pass to the app, and a page stays
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "OPTIONS /a", "PROPFIND /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "!X-Cache\nX-Seen-Method: OPTIONS",
 "!X-Cache\nX-Seen-Method: PROPFIND", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "3\n", "1\n"]


=== a GET with a body is passed by, and does not poison the page
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a
x=evil", "GET /a", "GET /a", "GET /a
x=evil"]
--- response_headers eval
["X-Cache: BYPASS\nX-Reason: request-body", "X-Cache: MISS", "X-Cache: HIT",
 "X-Cache: BYPASS\nX-Reason: request-body"]
--- response_body eval
["1\n", "2\n", "2\n", "4\n"]


=== a GET with a chunked body is passed by
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- raw_request eval
["GET /a HTTP/1.1\r\nHost: localhost\r\nX-Id: 1\r\n"
 . "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
 . "6\r\nx=evil\r\n0\r\n\r\n"]
--- response_headers
X-Cache: BYPASS
X-Reason: request-body
--- response_body
1
--- then
like(http_get('/a'), qr/^X-Cache: MISS/m, 'not stored');
like(http_get('/a'), qr/^X-Cache: HIT/m, 'without the body stored');


=== an empty body by Content-Length: 0 is none
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers
Content-Length: 0
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]


=== an Upgrade is passed by
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["Upgrade: websocket", "", ""]
--- response_headers eval
["X-Cache: BYPASS\nX-Reason: upgrade", "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "2\n"]
