# What runs ahead of the cache: a client that is refused is never given a
# page, however it got there.

use HC;
use HC::Echo;

plan('no_plan');
run_tests();

__DATA__

=== deny is asked before the cache
--- config
    location / {
        set_real_ip_from 127.0.0.1;
        real_ip_header X-Real-IP;
        deny 10.0.0.1;
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["", "X-Real-IP: 10.0.0.1", "X-Real-IP: 10.0.0.2"]
--- error_code eval
[200, 403, 200]
--- response_headers eval
["X-Cache: MISS", "!X-Cache\n!X-Tier", "X-Cache: HIT"]
--- response_body_like eval
["^1\n\$", "403 Forbidden", "^1\n\$"]


=== auth_basic is asked before the cache
--- config
    location / {
        auth_basic "here";
        auth_basic_user_file $TEST_NGINX_HTML_DIR/users;
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- user_files
>>> users
alice:{PLAIN}a
bob:{PLAIN}b
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["Authorization: Basic YWxpY2U6YQ==\nO-Cache-Control: public, max-age=60",
 "", "Authorization: Basic YWxpY2U6Yg==", "Authorization: Basic Ym9iOmI="]
--- error_code eval
[200, 401, 401, 200]
--- response_headers eval
["X-Cache: MISS", "!X-Cache", "!X-Cache", "X-Cache: HIT"]
--- response_body_like eval
["^1\n\$", "401 Auth", "401 Auth", "^1\n\$"]


=== auth_request is asked before the cache
--- config
    location / {
        auth_request /auth;
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }

    location = /auth {
        if ($http_x_key != good) {
            return 403;
        }
        return 204;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["X-Key: good", "X-Key: bad", "X-Key: good"]
--- error_code eval
[200, 403, 200]
--- response_headers eval
["X-Cache: MISS", "!X-Cache", "X-Cache: HIT"]
--- response_body_like eval
["^1\n\$", "403 Forbidden", "^1\n\$"]


=== what auth_request asks is asked for every client, inherited hc_cache or not
--- http_config
    server {
        listen unix:$TEST_NGINX_HTML_DIR/auth.sock;

        location / {
            if ($http_x_key != good) {
                return 403;
            }
            return 200 "";
        }
    }
--- config
    hc_cache pages;
    hc_cache_valid 200 1m;

    location / {
        auth_request /auth;
        proxy_pass http://origin;
    }

    location = /auth {
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/auth.sock;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["X-Key: good", "X-Key: bad", "X-Key: good"]
--- error_code eval
[200, 403, 200]
--- response_headers eval
["X-Cache: MISS", "!X-Tier", "X-Cache: HIT"]
--- response_body_like eval
["^1\n\$", "403 Forbidden", "^1\n\$"]


=== limit_req is asked before the cache
--- http_config
    limit_req_zone $http_x_user zone=users:1m rate=1r/m;
--- config
    location / {
        limit_req zone=users;
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["X-User: alice", "X-User: alice", "X-User: bob"]
--- error_code eval
[200, 503, 200]
--- response_headers eval
["X-Cache: MISS", "!X-Tier", "X-Cache: HIT"]
--- response_body_like eval
["^1\n\$", "503 Service", "^1\n\$"]


=== a return in the rewrite phase is before the cache
--- config
    location / {
        if ($http_x_key != good) {
            return 403;
        }
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["X-Key: good", "X-Key: bad", "X-Key: good"]
--- error_code eval
[200, 403, 200]
--- response_headers eval
["X-Cache: MISS", "!X-Tier", "X-Cache: HIT"]


=== satisfy any lets in by either, and gives the page to both
--- config
    location / {
        satisfy any;
        set_real_ip_from 127.0.0.1;
        real_ip_header X-Real-IP;
        allow 10.0.0.1;
        deny all;
        auth_basic "here";
        auth_basic_user_file $TEST_NGINX_HTML_DIR/users;
        hc_cache pages;
        proxy_pass http://origin;
    }
--- user_files
>>> users
alice:{PLAIN}a
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["X-Real-IP: 10.0.0.1\nO-Cache-Control: public, max-age=60",
 "Authorization: Basic YWxpY2U6YQ==", ""]
--- error_code eval
[200, 200, 401]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "!X-Cache"]


=== what error_page shows to a refused client does not become the page
--- config
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Real-IP;
    hc_cache pages;
    hc_cache_valid 200 1m;

    location / {
        deny 10.0.0.1;
        error_page 403 /denied;
        proxy_pass http://origin;
    }

    location = /denied {
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["X-Real-IP: 10.0.0.1", "", "X-Real-IP: 10.0.0.1", ""]
--- error_code eval
[403, 200, 403, 200]
--- response_body eval
["1\n", "2\n", "3\n", "2\n"]
--- response_headers_like eval
["", "X-Cache: MISS", "", "X-Cache: HIT"]


=== try_files to a guarded location is asked there
--- config
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Real-IP;
    hc_cache pages;
    hc_cache_valid 200 1m;

    location / {
        try_files $uri @guarded;
    }

    location @guarded {
        deny 10.0.0.1;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["", "X-Real-IP: 10.0.0.1", ""]
--- error_code eval
[200, 403, 200]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- response_body_like eval
["^1\n\$", "403 Forbidden", "^1\n\$"]


=== a URI that leads to two locations by turns has an entry in each
--- config
    hc_cache pages;
    hc_cache_key $request_uri;
    hc_cache_valid 200 1m;

    location / {
        error_page 418 = @staff;
        error_page 404 = @public;

        if ($http_x_key = good) {
            return 418;
        }

        return 404;
    }

    location @staff {
        proxy_pass http://origin;
    }

    location @public {
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["X-Key: good", "", "X-Key: good", ""]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "1\n", "2\n"]


=== a page of a guarded location is not that of an open one with its key
--- config
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Real-IP;
    hc_cache pages;
    hc_cache_key $scheme$host$request_uri;
    hc_cache_valid 200 1m;

    location / {
        rewrite ^/open/(.*)$ /inner/$1 last;
        error_page 404 = /guarded/;
        return 404;
    }

    location /inner/ {
        proxy_pass http://origin;
    }

    location /guarded/ {
        deny 10.0.0.1;
        proxy_pass http://origin;
    }
--- request eval
["GET /x", "GET /x", "GET /x", "GET /open/a", "GET /open/a"]
--- more_headers eval
["", "X-Real-IP: 10.0.0.1", "", "X-Real-IP: 10.0.0.1", "X-Real-IP: 10.0.0.1"]
--- error_code eval
[200, 403, 200, 200, 200]
--- response_headers_like eval
["X-Cache: MISS", "", "X-Cache: HIT", "X-Cache: MISS", "X-Cache: HIT"]


=== a rewrite into a guarded location is asked there
--- config
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Real-IP;
    hc_cache pages;
    hc_cache_valid 200 1m;

    location /open/ {
        rewrite ^/open/(.*)$ /guarded/$1 last;
    }

    location /guarded/ {
        deny 10.0.0.1;
        proxy_pass http://origin;
    }
--- request eval
["GET /open/a", "GET /open/a", "GET /guarded/a", "GET /open/a"]
--- more_headers eval
["", "X-Real-IP: 10.0.0.1", "X-Real-IP: 10.0.0.1", ""]
--- error_code eval
[200, 403, 403, 200]
--- response_headers eval
["X-Cache: MISS", "!X-Tier", "!X-Tier", "X-Cache: HIT"]


=== an SSI part that a client may not see is not taken from the cache
--- config
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Real-IP;
    hc_cache pages;
    hc_cache_valid 200 1m;
    ssi_types text/plain;

    location /page/ {
        ssi on;
        proxy_pass http://origin/files/;
    }

    location /part/ {
        if ($http_x_key != good) {
            return 204;
        }
        proxy_pass http://origin;
    }
--- user_files
>>> p.txt
[<!--# include virtual="/part/" -->]
--- request eval
["GET /page/p.txt", "GET /page/p.txt", "GET /page/p.txt"]
--- more_headers eval
["X-Key: good", "X-Key: bad", "X-Key: good"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["[1\n]\n", "[]\n", "[1\n]\n"]


=== every request is mirrored, inherited hc_cache or not
--- http_config
    server {
        listen unix:$TEST_NGINX_HTML_DIR/mirror.sock;
        access_log logs/mirror.log;

        location / {
            return 200 "";
        }
    }
--- config
    hc_cache pages;
    hc_cache_valid 200 1m;

    location / {
        mirror /mirror;
        proxy_pass http://origin;
    }

    location = /mirror {
        internal;
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/mirror.sock:$request_uri;
    }
--- request eval
["GET /a", "GET /b", "GET /c"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS"]
--- then
my $seen;

wait_until(sub {
    open my $in, '<', "$ENV{TEST_NGINX_HTML_DIR}/../logs/mirror.log" or return;
    $seen = CORE::join(' ', sort map { m{"GET (\S+)} } <$in>);
    return $seen eq '/a /b /c';
});

is($seen, '/a /b /c', 'the mirror saw them all');
