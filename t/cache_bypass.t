# hc_cache_bypass and hc_no_cache.

use HC;
use HC::Echo;

plan('no_plan');
run_tests();

__DATA__

=== a request that is to be fresh is not looked up, and its answer is stored
--- config
    location / {
        hc_cache pages;
        hc_cache_bypass $http_x_fresh;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["", "X-Fresh: 1", ""]
--- response_headers eval
["X-Cache: MISS", "X-Cache: BYPASS\nX-Tier: origin", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "2\n"]


=== an empty string and 0 do not bypass
--- config
    location / {
        hc_cache pages;
        hc_cache_bypass $arg_x $arg_y;
        hc_cache_key $uri;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a?x=0", "GET /a?x=&y=0", "GET /a?x=0&y=1"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT", "X-Cache: BYPASS"]
--- response_body eval
["1\n", "1\n", "1\n", "4\n"]


=== hc_no_cache is looked up and not stored
--- config
    location / {
        hc_cache pages;
        hc_no_cache $http_x_keep_out;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["X-Keep-Out: 1", "", "X-Keep-Out: 1", ""]
--- response_headers eval
["X-Cache: MISS\nX-Reason: no-cache-condition", "X-Cache: MISS",
 "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "2\n", "2\n"]


=== hc_no_cache may look at the answer
--- config
    location / {
        hc_cache pages;
        hc_no_cache $upstream_http_x_custom;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["O-X-Custom: 1", "O-X-Custom: 1", "", ""]
--- response_headers eval
["X-Cache: MISS\nX-Reason: no-cache-condition",
 "X-Cache: MISS\nX-Reason: no-cache-condition", "X-Cache: MISS",
 "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "3\n", "3\n"]


=== both together neither look up nor store
--- config
    location / {
        hc_cache pages;
        hc_cache_bypass $cookie_sid;
        hc_no_cache $cookie_sid;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["Cookie: sid=1", "", "Cookie: sid=1", ""]
--- response_headers eval
["X-Cache: BYPASS", "X-Cache: MISS", "X-Cache: BYPASS", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "3\n", "2\n"]


=== a fresh answer that may not be stored leaves the page as it is
--- config
    location / {
        hc_cache pages;
        hc_cache_bypass $http_x_fresh;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["", "X-Fresh: 1\nO-Cache-Control: private", ""]
--- response_headers eval
["X-Cache: MISS", "X-Cache: BYPASS\nX-Reason: private", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "1\n"]


=== a client's Cache-Control: no-cache is not obeyed by itself
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers eval
["", "Cache-Control: no-cache\nPragma: no-cache"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
