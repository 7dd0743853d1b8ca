# A hit: what was stored answers, without the app.

use HC;
use HC::Echo;

plan('no_plan');
run_tests();

__DATA__

=== the second request is answered from memory
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- response_headers_like eval
["X-Cache: MISS\nX-Tier: origin\nX-Reason:",
 "X-Cache: HIT\nX-Tier: L1\nX-Reason:\nAge: \\d"]
--- response_body eval
["1\n", "1\n"]


=== without hc_cache nothing is cached
--- config
    location / {
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- response_headers eval
["!X-Cache", "!X-Cache"]
--- response_body eval
["1\n", "2\n"]


=== hc_cache off below an hc_cache caches nothing there
--- config
    hc_cache pages;
    hc_cache_valid 200 1m;

    location /on/ {
        proxy_pass http://origin;
    }

    location /off/ {
        hc_cache off;
        proxy_pass http://origin;
    }
--- request eval
["GET /off/a", "GET /off/a", "GET /on/a", "GET /on/a"]
--- response_headers eval
["!X-Cache", "!X-Cache", "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "3\n", "3\n"]


=== hc_cache of http is inherited by every server
--- http_config
    hc_cache pages;
    hc_cache_valid 200 1m;
--- config
    location / {
        proxy_pass http://origin/inner;
    }
--- request eval
["GET /a", "GET /a"]
--- response_headers_like eval
["X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["1\n", "1\n"]


=== two zones share nothing
--- http_config
    hc_zone zone=other:4m;
--- config
    hc_cache_valid 200 1m;
    hc_cache_key $arg_k;

    location /one/ {
        hc_cache pages;
        proxy_pass http://origin;
    }

    location /two/ {
        hc_cache other;
        proxy_pass http://origin;
    }

    location /three/ {
        hc_cache pages;
        proxy_pass http://origin;
    }
--- request eval
["GET /one/a?k=1", "GET /two/a?k=1", "GET /two/a?k=1", "GET /three/a?k=1"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "2\n", "1\n"]


=== a hit on a connection that is kept is followed by the next request's answer
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- pipelined_requests eval
["GET /a", "GET /a", "GET /a", "GET /b", "GET /a"]
--- more_headers
X-Id: kept
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT", "X-Cache: MISS",
 "X-Cache: HIT"]
--- response_body eval
[("kept\n") x 5]


=== an empty body is a hit
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin/files/;
    }
--- user_files
>>> empty.txt
--- request eval
["GET /empty.txt", "GET /empty.txt"]
--- response_headers eval
["X-Cache: MISS\nContent-Length: 0", "X-Cache: HIT\nContent-Length: 0"]
--- response_body eval
["", ""]


=== a body of 70 kB is a hit, byte for byte
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin/files/;
    }
--- user_files eval
">>> big.txt\n" . CORE::join('', map { sprintf "%06d\n", $_ } 1 .. 10_000)
--- request eval
["GET /big.txt", "GET /big.txt"]
--- response_headers eval
["X-Cache: MISS\nContent-Length: 70000",
 "X-Cache: HIT\nContent-Length: 70000"]
--- response_body eval
[(CORE::join('', map { sprintf "%06d\n", $_ } 1 .. 10_000)) x 2]


=== a body of 900 kB that went through a temporary file is a hit
--- http_config
    hc_zone zone=large:32m;
--- config
    location / {
        hc_cache large;
        hc_cache_valid 200 1m;
        proxy_buffers 2 4k;
        proxy_buffer_size 4k;
        proxy_busy_buffers_size 4k;
        proxy_pass http://origin/files/;
    }
--- user_files eval
">>> huge.txt\n" . CORE::join('', map { sprintf "%08d\n", $_ } 1 .. 100_000)
--- request eval
["GET /huge.txt", "GET /huge.txt"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT\nContent-Length: 900000"]
--- response_body eval
[(CORE::join('', map { sprintf "%08d\n", $_ } 1 .. 100_000)) x 2]


=== without proxy_buffering an answer is stored, too
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_buffering off;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["1\n", "1\n"]


=== a file that nginx serves itself is cached
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
    }
--- user_files
>>> page.html
a page
--- request eval
["GET /page.html", "GET /page.html"]
--- response_headers eval
["X-Cache: MISS\nContent-Type: text/html", "X-Cache: HIT\nContent-Type: text/html"]
--- response_body eval
["a page\n", "a page\n"]


=== what return answers in the rewrite phase never meets the cache
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        return 200 "$http_x_id\n";
    }
--- request eval
["GET /a", "GET /a"]
--- response_headers eval
["!X-Cache", "!X-Cache"]
--- response_body eval
["1\n", "2\n"]


=== an answer above max_object is served and not stored; a small one is
--- http_config
    hc_zone zone=small:4m max_object=1k;
--- config
    location / {
        hc_cache small;
        hc_cache_valid 200 1m;
        proxy_pass http://origin/files/;
    }
--- user_files eval
">>> large.txt\n" . ('x' x 2000) . "\n>>> small.txt\nsmall\n"
--- request eval
["GET /large.txt", "GET /large.txt", "GET /small.txt", "GET /small.txt"]
--- response_headers eval
["X-Cache: MISS\nX-Reason: too-large", "X-Cache: MISS\nX-Reason: too-large",
 "X-Cache: MISS", "X-Cache: HIT"]
--- response_body_like eval
["^x{2000}", "^x{2000}", "^small", "^small"]
