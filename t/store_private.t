# What is one client's is never another's.

use HC;
use HC::Echo;

plan('no_plan');
run_tests();

__DATA__

=== the answer for one client's Authorization is not stored
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["Authorization: Bearer alice", "Authorization: Bearer bob", "", ""]
--- response_headers eval
["X-Cache: MISS\nX-Reason: authorization\nX-Seen-Authorization: Bearer alice",
 "X-Cache: MISS\nX-Reason: authorization\nX-Seen-Authorization: Bearer bob",
 "X-Cache: MISS\n!X-Seen-Authorization", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "3\n", "3\n"]


=== neither is it with a max-age
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
[("Authorization: Bearer alice\nO-Cache-Control: max-age=60") x 2,
 ("O-Cache-Control: max-age=60") x 2]
--- response_headers eval
[("X-Cache: MISS\nX-Reason: authorization") x 2, "X-Cache: MISS",
 "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "3\n", "3\n"]


=== neither is it with an X-Accel-Expires
--- config
    location / {
        hc_cache pages;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
[("Authorization: Bearer alice\nO-X-Accel-Expires: 60") x 2,
 ("O-X-Accel-Expires: 60") x 2]
--- response_headers eval
[("X-Cache: MISS\nX-Reason: authorization") x 2, "X-Cache: MISS",
 "X-Cache: HIT"]


=== an answer for an Authorization that says public is everybody's
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["Authorization: Bearer alice\nO-Cache-Control: public, max-age=60",
 "Authorization: Bearer bob", ""]
--- response_headers eval
["X-Cache: MISS\n!X-Reason", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["1\n", "1\n", "1\n"]


=== so is one that says s-maxage, and one that says must-revalidate
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /b", "GET /b"]
--- more_headers eval
[("Authorization: Bearer alice\nO-Cache-Control: s-maxage=60") x 2,
 ("Authorization: Bearer bob\nO-Cache-Control: must-revalidate, max-age=60")
 x 2]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: MISS", "X-Cache: HIT"]


=== a page that does not say public is not given to an Authorization
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /b", "GET /b"]
--- more_headers eval
["", "Authorization: Bearer alice", "", "O-Cache-Control: public",
 "Authorization: Bearer alice"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: BYPASS\nX-Reason: authorization", "X-Cache: HIT",
 "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "1\n", "4\n", "4\n"]


=== an Authorization without a value counts
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- raw_request eval
"GET /a HTTP/1.1\r\nHost: localhost\r\nX-Id: 1\r\nAuthorization:\r\n"
. "Connection: close\r\n\r\n"
--- response_headers
X-Cache: MISS
X-Reason: authorization
--- then
like(http_get('/a'), qr/^X-Cache: MISS/m, 'not stored');
like(http_get('/a'), qr/^X-Cache: HIT/m, 'without it stored');


=== an Authorization that is not forwarded counts
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_set_header Authorization "";
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a"]
--- more_headers eval
["Authorization: Bearer alice", "", ""]
--- response_headers eval
["X-Cache: MISS\nX-Reason: authorization\n!X-Seen-Authorization",
 "X-Cache: MISS", "X-Cache: HIT"]


=== hc_cache_valid does not make an answer for a Cookie storable
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["Cookie: sid=alice", "Cookie: sid=bob", "", ""]
--- response_headers eval
["X-Cache: MISS\nX-Reason: cookie\nX-Seen-Cookie: sid=alice",
 "X-Cache: MISS\nX-Reason: cookie\nX-Seen-Cookie: sid=bob",
 "X-Cache: MISS", "X-Cache: HIT\n!X-Seen-Cookie"]
--- response_body eval
["1\n", "2\n", "3\n", "3\n"]


=== an answer for a Cookie that says how long is stored
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers
Cookie: sid=alice
O-Cache-Control: max-age=60
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]


=== hc_cache_cookies ignore stores it all the same
--- config
    location / {
        hc_cache pages;
        hc_cache_cookies ignore;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers
Cookie: sid=alice
--- response_headers eval
["X-Cache: MISS\n!X-Reason", "X-Cache: HIT"]


=== hc_cache_cookies ignore does not store a Set-Cookie
--- config
    location / {
        hc_cache pages;
        hc_cache_cookies ignore;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["Cookie: sid=alice\nO-Set-Cookie: sid=alice",
 "Cookie: sid=bob\nO-Set-Cookie: sid=bob", "Cookie: sid=x", "Cookie: sid=x"]
--- response_headers eval
["X-Cache: MISS\nX-Reason: set-cookie\nSet-Cookie: sid=alice",
 "X-Cache: MISS\nX-Reason: set-cookie\nSet-Cookie: sid=bob",
 "X-Cache: MISS\n!Set-Cookie", "X-Cache: HIT\n!Set-Cookie"]


=== a page that is there is given to a client with a Cookie
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers eval
["", "Cookie: sid=alice"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]


=== private behind proxy_hide_header Cache-Control is not stored
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_hide_header Cache-Control;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
[("O-Cache-Control: private") x 2, ("O-Cache-Control: max-age=60") x 2]
--- response_headers eval
[("X-Cache: MISS\nX-Reason: private\n!Cache-Control") x 2,
 "X-Cache: MISS\n!Cache-Control", "X-Cache: HIT\n!Cache-Control"]
--- response_body eval
["1\n", "2\n", "3\n", "3\n"]


=== a Set-Cookie behind proxy_hide_header is not stored
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_hide_header Set-Cookie;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
[("O-Set-Cookie: sid=1") x 2, "", ""]
--- response_headers eval
[("X-Cache: MISS\nX-Reason: set-cookie\n!Set-Cookie") x 2, "X-Cache: MISS",
 "X-Cache: HIT"]


=== fields that a Cache-Control behind proxy_hide_header withholds keep an answer out
--- config
    location / {
        hc_cache pages;
        proxy_hide_header Cache-Control;
        proxy_pass http://origin;
    }

    location /shown {
        hc_cache pages;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /shown", "GET /shown"]
--- more_headers eval
["O-Cache-Control: private=\"x-user\", max-age=60", "",
 "O-Cache-Control: private=\"x-user\", max-age=60", ""]
--- response_headers eval
["X-Cache: MISS\nX-Reason: private", "X-Cache: MISS", "X-Cache: MISS",
 "X-Cache: HIT"]


=== a Vary behind proxy_hide_header counts
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_hide_header Vary;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["O-Vary: X-Who\nX-Who: me", "X-Who: me", "X-Who: you", "X-Who: you"]
--- response_headers eval
["X-Cache: MISS\n!Vary", "X-Cache: HIT\n!Vary", "X-Cache: MISS",
 "X-Cache: HIT"]


=== what proxy_ignore_headers ignores is not ignored here
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /b", "GET /b", "GET /c", "GET /c", "GET /d",
 "GET /d"]
--- more_headers eval
[("O-Cache-Control: private") x 2, ("O-Set-Cookie: sid=1") x 2,
 ("O-Vary: *") x 2, "", ""]
--- response_headers eval
[("X-Cache: MISS\nX-Reason: private") x 2,
 ("X-Cache: MISS\nX-Reason: set-cookie") x 2,
 ("X-Cache: MISS\nX-Reason: vary") x 2, "X-Cache: MISS", "X-Cache: HIT"]


=== an add_header Cache-Control of nginx's does not lift the app's private
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_hide_header Cache-Control;
        add_header Cache-Control "public, max-age=60";
        add_header X-Cache $hc_cache_status;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
[("O-Cache-Control: private") x 2, "", ""]
--- response_headers eval
[("X-Cache: MISS\nCache-Control: public, max-age=60") x 2, "X-Cache: MISS",
 "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "3\n", "3\n"]


=== a URI that ends like a style sheet makes nothing storable
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /account/x.css", "GET /account/x.css", "GET /account/x.css",
 "GET /account/x.css"]
--- more_headers eval
["Cookie: sid=alice\nO-Cache-Control: private", "O-Cache-Control: private", "",
 ""]
--- response_headers eval
[("X-Cache: MISS\nX-Reason: private") x 2, "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["1\n", "2\n", "3\n", "3\n"]


=== thirty clients with cookies each get their own answer
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /b", "GET /b"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- then
my $own = grep {
    http_get('/a', headers => "Cookie: sid=$_\r\nX-Id: client-$_\r\n")
        =~ /^client-$_\n\z/m;
} 1 .. 30;

is($own, 30, 'each its own');

my $theirs = grep {
    http_get('/c', headers => "X-Id: client-$_\r\n") =~ /^client-1\n\z/m;
} 1 .. 30;

is($theirs, 30, 'without cookies all have that of the first');


=== what an app hands to an internal location for one client stays there
--- http_config
    server {
        listen unix:$TEST_NGINX_HTML_DIR/app.sock;

        location / {
            add_header X-Accel-Redirect /protected/$http_x_user.txt;
            return 200 "";
        }
    }
--- config
    hc_cache pages;
    hc_cache_valid 200 1m;

    location / {
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/app.sock;
    }

    location /protected/ {
        internal;
        alias $TEST_NGINX_HTML_DIR/;
    }
--- user_files
>>> alice.txt
alice
>>> bob.txt
bob
--- request eval
["GET /mine", "GET /mine", "GET /mine", "GET /mine"]
--- more_headers eval
["X-User: alice", "X-User: bob", "X-User: alice", "X-User: bob"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["alice\n", "bob\n", "alice\n", "bob\n"]
