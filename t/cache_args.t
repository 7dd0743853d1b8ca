# hc_cache_args: what is sorted or dropped for the key is so for the app.

use HC;
use HC::Echo;

plan('no_plan');
run_tests();

__DATA__

=== arguments not named are dropped, for the key and for the app
--- config
    location / {
        hc_cache pages;
        hc_cache_args id page;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a?utm=evil&id=1&page=2", "GET /a?id=1&page=2&x=y", "GET /a?id=2&page=2"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a?id=1&page=2",
 "X-Cache: HIT\nX-Seen-Uri: /a?id=1&page=2",
 "X-Cache: MISS\nX-Seen-Uri: /a?id=2&page=2"]


=== arguments are sorted by name, for the key and for the app
--- config
    location / {
        hc_cache pages;
        hc_cache_args id page;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a?page=2&id=1", "GET /a?id=1&page=2"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a?id=1&page=2",
 "X-Cache: HIT\nX-Seen-Uri: /a?id=1&page=2"]


=== arguments of one name keep their order
--- config
    location / {
        hc_cache pages;
        hc_cache_args id page;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a?id=2&page=1&id=1", "GET /a?id=1&page=1&id=2",
 "GET /a?page=1&id=2&id=1"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a?id=2&id=1&page=1",
 "X-Cache: MISS\nX-Seen-Uri: /a?id=1&id=2&page=1",
 "X-Cache: HIT\nX-Seen-Uri: /a?id=2&id=1&page=1"]


=== when all are dropped, so is the question mark
--- config
    location / {
        hc_cache pages;
        hc_cache_args id;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a?utm=1", "GET /a", "GET /a?", "GET /a?&&"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a", "X-Cache: HIT\nX-Seen-Uri: /a",
 "X-Cache: HIT", "X-Cache: HIT"]


=== a name is compared whole and as it is written
--- config
    location / {
        hc_cache pages;
        hc_cache_args id;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a?ID=1&ids=2&i=3&%69d=4&id=5", "GET /a?id=5"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a?id=5", "X-Cache: HIT\nX-Seen-Uri: /a?id=5"]


=== a semicolon separates nothing
--- config
    location / {
        hc_cache pages;
        hc_cache_args id;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a?id=1;utm=evil", "GET /a?id=1", "GET /a?utm=1;id=2", "GET /a"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a?id=1;utm=evil",
 "X-Cache: MISS\nX-Seen-Uri: /a?id=1",
 "X-Cache: MISS\nX-Seen-Uri: /a", "X-Cache: HIT\nX-Seen-Uri: /a"]


=== a name without a value is not the name with an empty one
--- config
    location / {
        hc_cache pages;
        hc_cache_args id;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a?id", "GET /a?id=", "GET /a?id"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a?id", "X-Cache: MISS\nX-Seen-Uri: /a?id=",
 "X-Cache: HIT"]


=== a value may contain what separates
--- config
    location / {
        hc_cache pages;
        hc_cache_args a b;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /x?b=1%26a=2&a=3", "GET /x?a=3&b=1%26a=2", "GET /x?a=3&b=1&a=2",
 "GET /x?a=3?b=4&b=5=6"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /x?a=3&b=1%26a=2",
 "X-Cache: HIT\nX-Seen-Uri: /x?a=3&b=1%26a=2",
 "X-Cache: MISS\nX-Seen-Uri: /x?a=3&a=2&b=1",
 "X-Cache: MISS\nX-Seen-Uri: /x?a=3?b=4&b=5=6"]


=== a proxied $request_uri has lost them, too
--- config
    location / {
        hc_cache pages;
        hc_cache_args id;
        hc_cache_valid 200 1m;
        set $before $request_uri;
        proxy_pass http://origin$request_uri;
    }
--- request eval
["GET /a?utm=evil&id=1", "GET /a?id=1"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a?id=1", "X-Cache: HIT\nX-Seen-Uri: /a?id=1"]


=== proxied $uri and $args have lost them, too
--- config
    location / {
        hc_cache pages;
        hc_cache_args id;
        hc_cache_valid 200 1m;
        proxy_pass http://origin$uri$is_args$args;
    }
--- request eval
["GET /a?utm=evil&id=1", "GET /a?id=1"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a?id=1", "X-Cache: HIT\nX-Seen-Uri: /a?id=1"]


=== after a rewrite the app gets no argument that was dropped
--- config
    location / {
        hc_cache pages;
        hc_cache_args id;
        hc_cache_valid 200 1m;
        rewrite ^/old/(.*)$ /new/$1 break;
        proxy_pass http://origin;
    }
--- request eval
["GET /old/a?utm=evil&id=1", "GET /old/a?id=1"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /new/a?id=1",
 "X-Cache: HIT\nX-Seen-Uri: /new/a?id=1"]


=== hc_cache_args off leaves arguments as they came
--- config
    hc_cache_args id;
    hc_cache pages;
    hc_cache_valid 200 1m;

    location / {
        hc_cache_args off;
        proxy_pass http://origin;
    }
--- request eval
["GET /a?z=1&id=1", "GET /a?id=1&z=1", "GET /a?z=1&id=1"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a?z=1&id=1",
 "X-Cache: MISS\nX-Seen-Uri: /a?id=1&z=1",
 "X-Cache: HIT\nX-Seen-Uri: /a?z=1&id=1"]


=== more arguments than are sorted are passed by as they came
--- config
    location / {
        hc_cache pages;
        hc_cache_args id;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a?" . CORE::join('&', map { "x=$_" } 1 .. 300) . "&id=1",
 "GET /a?" . CORE::join('&', map { "x=$_" } 1 .. 3) . "&id=1",
 "GET /a?id=1"]
--- response_headers eval
["X-Cache: BYPASS\nX-Reason: key-too-long\nX-Seen-Uri: /a?"
 . CORE::join('&', map { "x=$_" } 1 .. 300) . "&id=1",
 "X-Cache: MISS\nX-Seen-Uri: /a?id=1", "X-Cache: HIT"]


=== what is passed by has lost them all the same
--- config
    location / {
        hc_cache pages;
        hc_cache_args id;
        hc_cache_bypass $arg_fresh;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a?id=1", "GET /a?id=1&fresh=1", "GET /a?id=1"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a?id=1", "X-Cache: HIT\nX-Seen-Uri: /a?id=1",
 "X-Cache: HIT"]
