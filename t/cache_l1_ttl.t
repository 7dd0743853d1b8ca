# hc_cache_l1_ttl: a cap on the time in memory.

use HC;
use HC::Echo;

plan('no_plan');
run_tests();

__DATA__

=== an entry is believed no longer than the cap
--- config
    location / {
        hc_cache pages;
        hc_cache_l1_ttl 2s;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers
O-Cache-Control: max-age=60
--- pause
2: 2.1
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: EXPIRED", "X-Cache: HIT"]
--- response_body eval
["1\n", "1\n", "3\n", "3\n"]


=== a shorter lifetime is not made longer by the cap
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 2s;
        hc_cache_l1_ttl 1h;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- pause
2: 2.1
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: EXPIRED"]


=== 0 keeps nothing in memory
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        hc_cache_l1_ttl 0;
        proxy_pass http://origin;
    }

    location /kept/ {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /kept/a", "GET /kept/a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "3\n", "3\n"]


=== $hc_cache_ttl counts down to the cap
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1h;
        hc_cache_l1_ttl 10s;
        add_header X-Cache $hc_cache_status;
        add_header X-Ttl $hc_cache_ttl;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- response_headers_like eval
["X-Cache: MISS", "X-Cache: HIT\nX-Ttl: (?:[5-9]|10)"]
