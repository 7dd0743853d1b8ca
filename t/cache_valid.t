# hc_cache_valid: a lifetime for answers that do not say one.

use HC;
use HC::Echo;

plan('no_plan');
run_tests();

__DATA__

=== without codes it is for 200, 301 and 302
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /b", "GET /b", "GET /c", "GET /c", "GET /d",
 "GET /d"]
--- more_headers eval
[("") x 2, ("O-Status: 301") x 2, ("O-Status: 302") x 2, ("O-Status: 404") x 2]
--- error_code eval
[200, 200, 301, 301, 302, 302, 404, 404]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: MISS", "X-Cache: HIT",
 "X-Cache: MISS", "X-Cache: HIT", "X-Cache: MISS\nX-Reason: status",
 "X-Cache: MISS"]


=== with codes it is for those
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 404 410 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /b", "GET /b"]
--- more_headers eval
[("") x 2, ("O-Status: 404") x 2]
--- error_code eval
[200, 200, 404, 404]
--- response_headers eval
["X-Cache: MISS\nX-Reason: no-lifetime", "X-Cache: MISS",
 "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "3\n", "3\n"]


=== any is for every status
--- config
    location / {
        hc_cache pages;
        hc_cache_valid any 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /b", "GET /b"]
--- more_headers eval
[("O-Status: 418") x 2, ("O-Status: 403") x 2]
--- error_code eval
[418, 418, 403, 403]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: MISS", "X-Cache: HIT"]


=== the first line that names a status counts
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 404 0;
        hc_cache_valid any 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /b", "GET /b"]
--- more_headers eval
[("O-Status: 404") x 2, ("O-Status: 410") x 2]
--- error_code eval
[404, 404, 410, 410]
--- response_headers eval
["X-Cache: MISS\nX-Reason: no-lifetime", "X-Cache: MISS", "X-Cache: MISS",
 "X-Cache: HIT"]


=== a time of 0 stores nothing that does not say how long
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 0;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["", "", ("O-Cache-Control: max-age=60") x 2]
--- response_headers eval
["X-Cache: MISS\nX-Reason: no-lifetime", "X-Cache: MISS", "X-Cache: MISS",
 "X-Cache: HIT"]


=== a level with lines of its own forgets those above
--- config
    hc_cache pages;
    hc_cache_valid 404 1m;

    location / {
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }

    location /inherits/ {
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /inherits/a", "GET /inherits/a"]
--- more_headers
O-Status: 404
--- error_code eval
[404, 404, 404, 404]
--- response_headers eval
["X-Cache: MISS\nX-Reason: status", "X-Cache: MISS", "X-Cache: MISS",
 "X-Cache: HIT"]


=== what the answer says goes before a longer time
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1h;
        add_header X-Cache $hc_cache_status;
        add_header X-Ttl $hc_cache_ttl;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers
O-Cache-Control: max-age=60
--- response_headers_like eval
["X-Cache: MISS", "X-Cache: HIT\nX-Ttl: (?:5\\d|60)"]


=== when its time is over an entry is expired, and a new answer takes its place
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 2s;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- pause
2: 2.1
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: EXPIRED\nX-Tier: origin",
 "X-Cache: HIT"]
--- response_body eval
["1\n", "1\n", "3\n", "3\n"]


=== a max-age of two seconds is over after two seconds
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers
O-Cache-Control: max-age=2
--- pause
2: 2.1
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: EXPIRED"]


=== the Age an answer came with counts against its max-age
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers
O-Cache-Control: max-age=12
O-Age: 10
--- pause
2: 2.1
--- response_headers_like eval
["X-Cache: MISS", "X-Cache: HIT\nAge: 1[01]", "X-Cache: EXPIRED"]


=== an expired entry whose successor may not be stored is not given again
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 300ms;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["", "O-Cache-Control: no-store", "O-Cache-Control: no-store", ""]
--- pause
1: 0.4
--- response_headers eval
["X-Cache: MISS", "X-Cache: EXPIRED\nX-Reason: no-store",
 "X-Cache: EXPIRED\nX-Reason: no-store", "X-Cache: EXPIRED"]
--- response_body eval
["1\n", "2\n", "3\n", "4\n"]
