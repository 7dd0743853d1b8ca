# hc_cache_key and the default key: who shares an entry with whom.

use HC;
use HC::Echo;

plan('no_plan');
run_tests();

__DATA__

=== the default key is scheme, host and target
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        add_header X-Key $hc_cache_key;
        add_header X-Cache $hc_cache_status;
        proxy_pass http://origin;
    }
--- request eval
["GET /a?b=c", "GET /a?b=c"]
--- response_headers eval
["X-Key: httplocalhost/a?b=c\nX-Cache: MISS",
 "X-Key: httplocalhost/a?b=c\nX-Cache: HIT"]


=== other arguments are another entry
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a?b=1", "GET /a?b=2", "GET /a", "GET /a?", "GET /a?b=1", "GET /a?b=2"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS",
 "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "3\n", "4\n", "1\n", "2\n"]


=== another host is another entry
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["Host: one.test", "Host: two.test", "Host: one.test"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "1\n"]


=== a host is the same in capitals
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers eval
["Host: one.test", "Host: ONE.Test"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]


=== a strange port in Host, which the app may repeat, is another entry
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_set_header Host $http_host;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["Host: one.test:1", "Host: one.test", "Host: one.test",
 "Host: one.test:1"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Host: one.test:1",
 "X-Cache: MISS\nX-Seen-Host: one.test",
 "X-Cache: HIT\nX-Seen-Host: one.test",
 "X-Cache: HIT\nX-Seen-Host: one.test:1"]


=== a dot behind the host is another entry
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_set_header Host $http_host;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["Host: one.test.", "Host: one.test", "Host: one.test"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Host: one.test.",
 "X-Cache: MISS\nX-Seen-Host: one.test",
 "X-Cache: HIT\nX-Seen-Host: one.test"]


=== a target and a Host that name different hosts are passed by
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_set_header Host $http_host;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET http://one.test/a", "GET http://one.test/a", "GET /a",
 "GET http://one.test/a"]
--- more_headers eval
["Host: one.test", "Host: evil.test", "Host: one.test", "Host: evil.test",
 "Host: evil.test"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Host: one.test",
 "X-Cache: BYPASS\nX-Reason: host",
 "X-Cache: HIT\nX-Seen-Host: one.test",
 "X-Cache: MISS\nX-Seen-Host: evil.test",
 "X-Cache: BYPASS\nX-Reason: host"]


=== a target that names a host which is a prefix of Host is passed by
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_set_header Host $http_host;
        proxy_pass http://origin;
    }
--- request eval
["GET http://one.test/a", "GET http://one.test/a", "GET http://one.test/a"]
--- more_headers eval
["Host: one.test.evil", "Host: one.test", "Host: one.test"]
--- response_headers_like eval
["X-Cache: (?:BYPASS|MISS)\nX-Seen-Host: one.test.evil",
 "X-Cache: MISS\nX-Seen-Host: one.test",
 "X-Cache: HIT\nX-Seen-Host: one.test"]


=== a server that is asked by the name of another shares no entry with it
--- http_config
    server {
        listen unix:$TEST_NGINX_HTML_DIR/app1.sock;
        location / {
            return 200 "one\n";
        }
    }

    server {
        listen unix:$TEST_NGINX_HTML_DIR/app2.sock;
        location / {
            return 200 "two\n";
        }
    }

    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        server_name admin;

        location / {
            hc_cache pages;
            hc_cache_valid 200 1m;
            proxy_set_header Host $http_host;
            proxy_pass http://unix:$TEST_NGINX_HTML_DIR/app2.sock;
        }
    }
--- config
    location = /other {
        proxy_set_header Host localhost:$TEST_NGINX_RAND_PORT_1;
        add_header X-Other 1;
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/a;
    }

    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_set_header Host $http_host;
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/app1.sock;
    }
--- request eval
["GET /a", "GET /a", "GET /other", "GET /other"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["one\n", "one\n", "two\n", "two\n"]


=== hc_cache_key decides who shares an entry
--- config
    location / {
        hc_cache pages;
        hc_cache_key $scheme$host$uri$http_accept_language;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a?x=1", "GET /a"]
--- more_headers eval
["Accept-Language: en", "Accept-Language: de", "Accept-Language: en",
 "Accept-Language: de"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "1\n", "2\n"]


=== hc_cache_key is inherited
--- config
    hc_cache_key $arg_k;
    hc_cache pages;
    hc_cache_valid 200 1m;

    location /a/ {
        proxy_pass http://origin;
    }

    location /b/ {
        proxy_pass http://origin;
    }
--- request eval
["GET /a/?k=1", "GET /b/?k=1", "GET /b/?k=2"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: MISS"]


=== a key that comes out empty is passed by
--- config
    location / {
        hc_cache pages;
        hc_cache_key $arg_k;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a?k=1", "GET /a?k=1"]
--- response_headers eval
["X-Cache: BYPASS\nX-Reason: key-too-long", "X-Cache: BYPASS",
 "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "3\n", "3\n"]


=== bytes above 127 and escapes in a key are bytes
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /\xc3\xa4", "GET /\xc3\xa4", "GET /%C3%A4", "GET /\xc3\xb6"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: MISS", "X-Cache: MISS"]
--- response_body eval
["1\n", "1\n", "3\n", "4\n"]


=== capitals in a path are another entry
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /A", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT"]


=== a header the app might reflect does not change who shares an entry
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers eval
["User-Agent: one", "User-Agent: two"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]


=== a host that begins with an s is not the other scheme
--- http_config
    server {
        listen unix:$TEST_NGINX_HTML_DIR/tls.sock ssl;
        server_name localhost;
        ssl_certificate $TEST_NGINX_HTML_DIR/pair.pem;
        ssl_certificate_key $TEST_NGINX_HTML_DIR/pair.pem;

        location / {
            hc_cache pages;
            hc_cache_valid 200 1m;
            proxy_set_header Host $host;
            proxy_pass http://origin;
        }
    }
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_set_header Host $host;
        proxy_pass http://origin;
    }

    location /tls/ {
        add_header X-Front 1;
        proxy_set_header Host $http_host;
        proxy_pass https://unix:$TEST_NGINX_HTML_DIR/tls.sock:/;
    }
--- user_files eval
">>> pair.pem\n" . qx(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -days 2 -keyout - 2>/dev/null)
--- request eval
["GET /a", "GET /tls/a", "GET /a", "GET /tls/a"]
--- more_headers eval
["Host: sexample.test", "Host: example.test", "Host: sexample.test",
 "Host: example.test"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Host: sexample.test",
 "X-Cache: MISS\nX-Seen-Host: example.test",
 "X-Cache: HIT\nX-Seen-Host: sexample.test",
 "X-Cache: HIT\nX-Seen-Host: example.test"]
