# hc_cache_min_uses: stored from the n-th request on.

use HC;
use HC::Echo;

plan('no_plan');
run_tests();

__DATA__

=== the third request is the first that is stored
--- config
    location / {
        hc_cache pages;
        hc_cache_min_uses 3;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS\nX-Reason: min-uses", "X-Cache: MISS\nX-Reason: min-uses",
 "X-Cache: MISS\n!X-Reason", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "3\n", "3\n"]


=== uses are counted for each key
--- config
    location / {
        hc_cache pages;
        hc_cache_min_uses 2;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /b", "GET /a", "GET /b", "GET /a", "GET /b"]
--- response_headers eval
["X-Cache: MISS\nX-Reason: min-uses", "X-Cache: MISS\nX-Reason: min-uses",
 "X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "3\n", "4\n", "3\n", "4\n"]


=== 1 stores at once
--- config
    location / {
        hc_cache pages;
        hc_cache_min_uses 1;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]


=== a request that is not stored goes to the app as the client sent it
--- config
    location / {
        hc_cache pages;
        hc_cache_min_uses 2;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers
Accept-Encoding: br
--- response_headers eval
["X-Seen-Accept-Encoding: br", "!X-Seen-Accept-Encoding"]
