# Which header fields a hit has, and what nginx's filters make of it.

use HC;
use HC::Echo;
use HC::Peer;

use File::Temp ();

# an app whose header fields nginx could not send: by the last word of the path
our %says = (
    named   => "Connection: close, X-Custom\r\nX-Custom: 1\r\nX-Kept: 1\r\n",
    twice   => "Connection: close\r\nConnection: X-Custom\r\n"
               . "X-Custom: 1\r\nX-Kept: 1\r\n",
    content => "Connection: close, Cache-Control\r\nCache-Control: private\r\n",
    charset => "Content-Type: text/html; charset=koi8-r\r\n",
    quoted  => "Content-Type: text/html; charset=\"koi8-r\"; v=1\r\n",
    dated   => "Date: Tue, 01 Jan 2019 00:00:00 GMT\r\nServer: app/1\r\n"
               . "Age: 3\r\nAge: 5\r\n",
    trailer => "Trailer: X-Sum\r\nTE: trailers\r\nProxy-Authenticate: x\r\n"
               . "Keep-Alive: timeout=5\r\nX-Kept: 1\r\n",
    many    => join('', map { "X-Field-$_: $_\r\n" } 1 .. 45),
    old     => "Age: 120034\r\nCache-Control: max-age=900000\r\n",
);

our $dir = File::Temp::tempdir('hc-peer.XXXXXX', TMPDIR => 1, CLEANUP => 1);

chmod 0755, $dir;

our $peer = HC::Peer->start(
    listen => "unix:$dir/peer.sock",
    life   => 60,
    script => [[{
        bytes => 1,
        reply => sub {
            my ($word) = $_[0] =~ m{^GET \S*/(\w+)};
            return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
                   . ($says{$word} || '') . "\r\nbody\n";
        },
        end => 'close',
    }]],
);

$ENV{TEST_NGINX_PEER} = "$dir/peer.sock";

plan('no_plan');
run_tests();

__DATA__

=== fields of the app are kept, also those that come twice
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers eval
[qq{O-Link: </1>\nO2-Link: </2>\nO-X-Custom: one\nO-ETag: "v1"\n}
 . "O-Last-Modified: Tue, 01 Jan 2019 00:00:00 GMT\nO-Cache-Control: max-age=60\n"
 . "O2-Cache-Control: public\nO-Warning: 1", ""]
--- response_headers eval
[(qq{Link: </1>, </2>\nX-Custom: one\nETag: "v1"\n}
 . "Last-Modified: Tue, 01 Jan 2019 00:00:00 GMT\n"
 . "Cache-Control: max-age=60, public\nWarning: 1\nContent-Type: text/plain") x 2]


=== fields of one connection are not kept
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://unix:$TEST_NGINX_PEER:;
    }
--- request eval
["GET /trailer", "GET /trailer"]
--- response_headers eval
["X-Cache: MISS\nX-Kept: 1",
 "X-Cache: HIT\nX-Kept: 1\n!Trailer\n!TE\n!Proxy-Authenticate\n!Keep-Alive"]


=== a field that Connection names is not kept
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://unix:$TEST_NGINX_PEER:;
    }
--- request eval
["GET /named", "GET /named"]
--- response_headers eval
["X-Cache: MISS\nX-Kept: 1", "X-Cache: HIT\nX-Kept: 1\n!X-Custom"]


=== a field that a second Connection names is not kept
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://unix:$TEST_NGINX_PEER:;
    }
--- request eval
["GET /twice", "GET /twice"]
--- response_headers eval
["X-Cache: MISS\nX-Kept: 1", "X-Cache: HIT\nX-Kept: 1\n!X-Custom"]


=== Connection cannot take Cache-Control away
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://unix:$TEST_NGINX_PEER:;
    }
--- request eval
["GET /content", "GET /content", "GET /plain", "GET /plain"]
--- response_headers eval
["X-Cache: MISS\nX-Reason: private", "X-Cache: MISS\nX-Reason: private",
 "X-Cache: MISS", "X-Cache: HIT"]


=== Date, Server and Age are once in a hit; the Date is that of the answer
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://unix:$TEST_NGINX_PEER:;
    }
--- request eval
["GET /dated", "GET /dated"]
--- response_headers_like eval
["X-Cache: MISS", "X-Cache: HIT\nAge: [3-9]"]
--- then
my $answer = http_get('/dated');
like($answer, qr/^X-Cache: HIT/m, 'a hit');

for my $name (qw(Date Server Age Content-Length Connection Content-Type)) {
    my $n = () = $answer =~ /^$name:/mg;
    cmp_ok($n, '<=', 1, "$name is there once");
}

like($answer, qr/^Server: nginx/m, 'the Server is nginx');
like($answer, qr/^Date: Tue, 01 Jan 2019/m, 'the Date is that of the app');


=== Age counts the seconds
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- pause
1: 1.1
--- response_headers_like eval
["Age:", "X-Cache: HIT\nAge: [1-9]"]


=== an old answer has all digits of its Age in a hit
--- config
    location / {
        hc_cache pages;
        proxy_pass http://unix:$TEST_NGINX_PEER:;
    }
--- request eval
["GET /old", "GET /old"]
--- response_headers_like eval
["X-Cache: MISS", "X-Cache: HIT\nAge: 1200[3-9][0-9]"]


=== a hit has every field, however many there are
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://unix:$TEST_NGINX_PEER:;
    }
--- request eval
["GET /many", "GET /many"]
--- response_headers eval
my $all = join("\n", map { "X-Field-$_: $_" } 1 .. 45);
["X-Cache: MISS\n$all", "X-Cache: HIT\n$all"]


=== add_header speaks of the request at hand
--- config
    location / {
        hc_cache pages;
        hc_cache_key $uri;
        hc_cache_valid 200 1m;
        add_header X-Cache $hc_cache_status;
        add_header X-Arg $arg_x;
        add_header Set-Cookie id=$http_x_id;
        proxy_pass http://origin;
    }
--- request eval
["GET /a?x=1", "GET /a?x=2"]
--- response_headers eval
["X-Cache: MISS\nX-Arg: 1\nSet-Cookie: id=1",
 "X-Cache: HIT\nX-Arg: 2\nSet-Cookie: id=2"]


=== a field hidden by proxy_hide_header is hidden in a hit
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_hide_header X-Custom;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers
O-X-Custom: secret
O-Link: </1>
--- response_headers eval
["X-Cache: MISS\n!X-Custom\nLink: </1>", "X-Cache: HIT\n!X-Custom\nLink: </1>"]


=== X-Accel-Expires is not shown
--- config
    location / {
        hc_cache pages;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers
O-X-Accel-Expires: 60
--- response_headers eval
["X-Cache: MISS\n!X-Accel-Expires", "X-Cache: HIT\n!X-Accel-Expires"]


=== a redirect keeps its Location, relative or absolute
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 302 201 1m;
        absolute_redirect off;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /b", "GET /b"]
--- more_headers eval
["O-Status: 302", "O-Status: 302",
 ("O-Status: 201\nO-Location: http://other.test/b") x 2]
--- error_code eval
[302, 302, 201, 201]
--- response_headers eval
["X-Cache: MISS\nLocation: /to/1", "X-Cache: HIT\nLocation: /to/1",
 "X-Cache: MISS\nLocation: http://other.test/b",
 "X-Cache: HIT\nLocation: http://other.test/b"]


=== a Location that proxy_redirect changed is changed in a hit
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 201 1m;
        proxy_redirect http://app.test/ http://shop.test/;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers
O-Status: 201
O-Location: http://app.test/b
--- error_code eval
[201, 201]
--- response_headers eval
["X-Cache: MISS\nLocation: http://shop.test/b",
 "X-Cache: HIT\nLocation: http://shop.test/b"]


=== the expires directive replaces Cache-Control of a hit
--- config
    location / {
        hc_cache pages;
        expires 1h;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers
O-Cache-Control: max-age=60
--- response_headers eval
["X-Cache: MISS\nCache-Control: max-age=3600",
 "X-Cache: HIT\nCache-Control: max-age=3600"]


=== the expires directive does not make an answer storable
--- config
    location / {
        hc_cache pages;
        expires 1h;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["", "", ("O-Cache-Control: max-age=60") x 2]
--- response_headers eval
["X-Cache: MISS\nX-Reason: no-lifetime", "X-Cache: MISS", "X-Cache: MISS",
 "X-Cache: HIT"]


=== one entry serves clients with gzip and without
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        gzip on;
        gzip_min_length 1;
        gzip_types text/plain;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
[qq{Accept-Encoding: gzip\nO-ETag: "v1"}, "", "Accept-Encoding: gzip", ""]
--- response_headers eval
[qq{X-Cache: MISS\nContent-Encoding: gzip\n!X-Seen-Accept-Encoding\nETag: W/"v1"},
 qq{X-Cache: HIT\n!Content-Encoding\nContent-Length: 2\nETag: "v1"},
 qq{X-Cache: HIT\nContent-Encoding: gzip\nETag: W/"v1"},
 qq{X-Cache: HIT\n!Content-Encoding\nContent-Length: 2}]
--- response_body_like eval
["^\x1f\x8b", "^1\n\$", "^\x1f\x8b", "^1\n\$"]


=== gzip with gzip_vary does not keep an answer out
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        gzip on;
        gzip_vary on;
        gzip_min_length 1;
        gzip_types text/plain;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers
Accept-Encoding: gzip
--- response_headers eval
["X-Cache: MISS\nVary: Accept-Encoding", "X-Cache: HIT\nVary: Accept-Encoding"]


=== a charset of the app is in a hit
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://unix:$TEST_NGINX_PEER:;
    }
--- request eval
["GET /charset", "GET /charset"]
--- response_headers eval
["X-Cache: MISS\nContent-Type: text/html; charset=koi8-r",
 "X-Cache: HIT\nContent-Type: text/html; charset=koi8-r"]


=== a quoted charset with a parameter behind it is in a hit as it came
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://unix:$TEST_NGINX_PEER:;
    }
--- request eval
["GET /quoted", "GET /quoted"]
--- response_headers eval
[qq{X-Cache: MISS\nContent-Type: text/html; charset="koi8-r"; v=1},
 qq{X-Cache: HIT\nContent-Type: text/html; charset="koi8-r"; v=1}]


=== the charset directive names it in a hit
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        charset utf-8;
        charset_types text/plain;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS\nContent-Type: text/plain; charset=utf-8",
 "X-Cache: HIT\nContent-Type: text/plain; charset=utf-8"]


=== recoding does not write into what is stored
--- http_config
    charset_map x-lower x-upper {
        61 41;
        41 62;
    }
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        charset x-upper;
        source_charset x-lower;
        charset_types text/plain;
        proxy_pass http://origin/files/;
    }
--- user_files
>>> a.txt
aaa
--- request eval
["GET /a.txt", "GET /a.txt", "GET /a.txt"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["AAA\n", "AAA\n", "AAA\n"]


=== sub_filter works on a hit, and not on what is stored
--- config
    location / {
        hc_cache pages;
        hc_cache_key $uri;
        hc_cache_valid 200 1m;
        sub_filter_types text/plain;
        sub_filter_once off;
        sub_filter a b$arg_x;
        proxy_pass http://origin/files/;
    }
--- user_files
>>> a.txt
aaa
--- request eval
["GET /a.txt?x=1", "GET /a.txt?x=2", "GET /a.txt?x=3"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["b1b1b1\n", "b2b2b2\n", "b3b3b3\n"]


=== an SSI page that is a hit is evaluated each time, its part is a hit as well
--- config
    location / {
        hc_cache pages;
        hc_cache_key $uri;
        hc_cache_valid 200 1m;
        ssi on;
        ssi_types text/plain;
        proxy_pass http://origin/files/;
    }

    location /part {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- user_files
>>> a.txt
<!--# echo var="arg_x" --> <!--# include virtual="/part" -->
--- request eval
["GET /a.txt?x=1", "GET /a.txt?x=2", "GET /part"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["1 1\n\n", "2 1\n\n", "1\n"]


=== an answer of nginx's own has its Last-Modified and ETag in a hit
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
    }
--- user_files eval
[["a.txt" => "file\n", "201901010000.00"]]
--- request eval
["GET /a.txt", "GET /a.txt", "GET /a.txt"]
--- more_headers eval
["", "", "If-Modified-Since: Tue, 01 Jan 2019 00:00:00 GMT"]
--- error_code eval
[200, 200, 304]
--- response_headers_like eval
[(qq{X-Cache: MISS\nLast-Modified: Tue, 01 Jan 2019 00:00:00 GMT\nETag: ".+"}),
 (qq{X-Cache: HIT\nLast-Modified: Tue, 01 Jan 2019 00:00:00 GMT\nETag: ".+"}),
 "X-Cache: HIT"]
