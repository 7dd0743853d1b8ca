# hc_static: a file an operator put there, when the app fails and nothing is
# left of its answer.

use HC;
use HC::Origin;

our $http = <<'_';
    hc_zone zone=pages:1m;
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
_

our $config = <<'_';
    location / {
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
_

our $cached = <<'_';
    location / {
        hc_cache pages;
        hc_cache_valid 30ms;
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
_

our $files = <<'_';
>>> files/a.json
{"a":1}
>>> files/a.html
<a>
>>> files/b.html
<b>
>>> files/index.html
<root>
>>> files/d/index.json
{"d":1}
>>> files/d/index.html
<d>
>>> files/d/c.d.json
{"c.d":1}
>>> files/per%20cent.html
<percent>
>>> files/dir.json/x
no answer
>>> files/dir.html
<dir>
>>> files/empty.html
>>> secret.json
{"secret":1}
>>> secret.html
<secret>
_

our $big = '[' . '1,' x 150_000 . '1]';

our $fails = { reply => answer(500, "X-Failed: yes\nContent-Type: text/x-failed",
                               'failed'), end => 'close' };


# a file is the answer, or the app's own

sub from_file {
    my ($uri, $type, $body, @more) = @_;

    my $got = asks($uri, @more);
    is("$got->{status} $got->{body}", "200 $body", "$uri: the file");
    is(header($got, 'Content-Type'), $type, "$uri: its type");
    is(header($got, 'Cache-Control'), 'no-store', "$uri: not to be kept");
    is(cache_of($got) . ' ' . header($got, 'X-Tier'), 'STATIC static',
       "$uri: and said so");
}

sub itself {
    my ($uri, $status, @more) = @_;

    my $got = asks($uri, @more);
    is($got->{status}, $status, "$uri: the app's own answer");
    unlike($got->{head}, qr/^Cache-Control/mi, "$uri: is not touched");
    unlike($got->{body}, qr/\A[<{]\S+\s*\z|secret/, "$uri: is no file");
}


plan('no_plan');
run_tests();

__DATA__

=== json is the answer when there is one, html when there is none
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /a
--- response_headers
Content-Type: application/json
Content-Length: 8
Cache-Control: no-store
X-Cache: STATIC
!X-Failed
--- response_body
{"a":1}
--- then
from_file('/b', 'text/html', "<b>\n");
is(requests(), 2, 'the app was asked each time');



=== an app that works is not replaced by the file
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ { reply => answer(200, '', 'works'), end => 'close' } ],
 [ { reply => answer(404, '', 'none'), end => 'close' } ],
 [ $fails ]]
--- request
GET /a
--- response_headers
!Cache-Control
--- response_body: works
--- then
itself('/a', 404);
from_file('/a', 'application/json', "{\"a\":1}\n");



=== a URI that ends in a slash is answered by "index"
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /
--- response_headers
Content-Type: text/html
--- response_body
<root>
--- then
from_file('/d/', 'application/json', "{\"d\":1}\n");
itself('/d', 500);
itself('/e/', 500);



=== a name with dots, one with a percent sign and one with an encoded letter are found
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /d/c.d
--- response_body
{"c.d":1}
--- then
from_file('/per%2520cent', 'text/html', "<percent>\n");
from_file('/%61', 'application/json', "{\"a\":1}\n");
from_file('/d/./../a', 'application/json', "{\"a\":1}\n");



=== connect error, timeout, invalid header, reset and each 5xx are answered by the file
--- http_config eval: $::http
--- config eval: "proxy_read_timeout 1s; $::config"
--- user_files eval: $::files
--- origin
[
    (map { [ { reply => answer($_, '', 'failed'), end => 'close' } ] }
         500, 501, 502, 503, 504, 505, 599),
    [ { end => 'rst' } ],
    [ { end => 'close' } ],
    [ { reply => "HTTP/1.1 200 OK\r\nX: ", end => 'rst' } ],
    [ { reply => "HTTP/1.1 200 OK\r\n\0\r\n\r\n", end => 'close' } ],
    [ { } ],
]
--- request
GET /a
--- response_body
{"a":1}
--- then
from_file('/a', 'application/json', "{\"a\":1}\n") for 1 .. 11;
is(requests(), 12, 'the app was asked each time');
origin()->stop;
from_file('/a', 'application/json', "{\"a\":1}\n");



=== hc_cache_use_stale does not choose for files
--- http_config eval: $::http
--- config eval: "hc_cache_use_stale off; $::cached"
--- user_files eval: $::files
--- origin
[[ { reply => answer(200, '', 'page'), end => 'close' } ], [ $fails ]]
--- request
GET /a
--- response_body: page
--- then
Time::HiRes::sleep(0.06);
from_file('/a', 'application/json', "{\"a\":1}\n");



=== 404, 403 and 429 of the app are its answers, listed or not
--- http_config eval: $::http
--- config eval
"hc_cache_use_stale http_403 http_404 http_429 http_500; $::cached"
--- user_files eval: $::files
--- origin
[
    (map { [ { reply => answer($_, '', 'none'), end => 'close' } ] }
         404, 403, 429),
    [ $fails ],
]
--- request
GET /a
--- error_code: 404
--- response_body: none
--- then
itself('/a', $_) for 403, 429;
from_file('/a', 'application/json', "{\"a\":1}\n");



=== the expired entry goes before the file
--- http_config eval: $::http
--- config eval: $::cached
--- user_files eval: $::files
--- origin
[[ { reply => answer(200, '', 'page'), end => 'close' } ], [ $fails ]]
--- request
GET /a
--- response_body: page
--- then
Time::HiRes::sleep(0.06);
my $got = asks('/a');
is(cache_of($got) . " $got->{body}", 'STALE page', 'where there is one');
from_file('/b', 'text/html', "<b>\n");



=== the file is not stored: the app is asked the next time, and its answer is
--- http_config eval: $::http
--- config eval: $::cached
--- user_files eval: $::files
--- origin
[[ $fails ], [ { reply => answer(200, 'Cache-Control: max-age=60', 'page'),
                 end => 'close' } ]]
--- request eval
["GET /a", "GET /a", "GET /a"]
--- response_headers eval
["X-Cache: STATIC", "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["{\"a\":1}\n", "page", "page"]



=== a request with arguments is not answered by a file
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /a?x=1
--- error_code: 500
--- response_body: failed
--- then
itself('/a?x', 500);
from_file('/a', 'application/json', "{\"a\":1}\n");



=== HEAD is answered by the file's header
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ { reply => "HTTP/1.1 500 Failed\r\nConnection: close\r\n\r\n",
     end => 'close' } ]]
--- request
HEAD /a
--- response_headers
Content-Type: application/json
Content-Length: 8
X-Cache: STATIC
--- response_body



=== a write that fails is not answered by a file
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request eval
["POST /a
x", "PUT /a
x", "DELETE /a", "GET /a"]
--- error_code eval
[500, 500, 500, 200]
--- response_body eval
["failed", "failed", "failed", "{\"a\":1}\n"]



=== an empty file is an answer, too
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /empty
--- response_headers
Content-Type: text/html
Content-Length: 0
--- response_body



=== a file of 300 kB is sent whole, sendfile on or off
--- http_config eval: $::http
--- config
    location /on/ {
        sendfile on;
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /off/ {
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
--- user_files eval
my $big = $::big; ">>> files/on/big.json\n$big\n>>> files/off/big.json\n$big\n"
--- origin
[[ $fails ]]
--- request
GET /on/none
--- error_code: 500
--- then
ok(asks("/$_/big")->{body} eq "$::big\n", $_) for 'on', 'off';


=== json that breaks later is passed over, and each worker says so once
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /d/c.d
--- error_code: 200
--- then
my $file = html_dir() . '/files/d/c.d.json';
open my $out, '>', $file or die $!;
print $out '{"c.d":';
close $out or die $!;

itself('/d/c.d', 500) for 1 .. 3;
my @told = main::error_log_text()
           =~ m{\[error\] (\d+)#.*c\.d\.json" is no whole JSON}g;
my %workers = map { $_ => 1 } @told;
ok(@told && @told == keys %workers, 'one line of a worker');



=== without a file the app's own error is the answer
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /none
--- error_code: 500
--- response_headers
X-Failed: yes
!Cache-Control
X-Tier: origin
--- response_body: failed
--- then
from_file('/a', 'application/json', "{\"a\":1}\n");



=== without a file nginx's own error is the answer of an app that says nothing
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ { end => 'close' } ]]
--- request
GET /none
--- error_code: 502
--- response_headers
Content-Type: text/html
!Cache-Control
--- response_body_like: 502 Bad Gateway
--- then
from_file('/a', 'application/json', "{\"a\":1}\n");



=== a directory where a file should be is passed over
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /dir
--- response_headers
Content-Type: text/html
--- response_body
<dir>



=== a file that cannot be opened is passed over, logged, and the next one tried
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /a
--- response_body
{"a":1}
--- then
my $dir = html_dir() . '/files';
symlink 'loop.json', "$dir/loop.json" or die $!;
symlink 'loop2.json', "$dir/loop2.json" or die $!;
open my $html, '>', "$dir/loop2.html" or die $!;
print $html "<loop>\n";
close $html;

itself('/loop', 500);
ok(logged(qr{\[error\].*hc: .*/loop\.json" failed \(\d+: Too many levels}),
   'said why');
from_file('/loop2', 'text/html', "<loop>\n");



=== a name too long for the file system is passed over
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /a
--- response_body
{"a":1}
--- then
itself('/' . 'x' x 300, 500);
itself('/' . 'x/' x 3000, 500);



=== no way leads out of the directory
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /a
--- response_body
{"a":1}
--- then
# nginx refuses what leads above "/", and resolves the rest
itself($_, 400) for '/../secret', '/%2e%2e/secret', '/%2e%2e%2fsecret',
    '/d/../../secret', '/d/%2e%2e/%2e%2e/secret', '/..%2fsecret',
    '/a/..%2f..%2fsecret', '/./../secret';
itself($_, 500) for '/secret', '/...%2fsecret', '/..secret', '/d/..%5c..%5csecret',
    '/d/..;/secret', '/%252e%252e/secret', '/html/secret';



=== a rewrite that puts ".." into the URI finds nothing
--- http_config eval: $::http
--- config
    location / {
        rewrite ^/up/(.*)$ /../$1 break;
        rewrite ^/deep/(.*)$ /d/../../$1 break;
        rewrite ^/end$ /d/.. break;
        rewrite ^/to/(.*)$ /$1 break;
        rewrite ^/dots/(.*)$ /d/..$1 break;
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
--- user_files eval
$::files . ">>> files/d/..x.json\n{\"..x\":1}\n"
--- origin
[[ $fails ]]
--- request
GET /to/a
--- response_body
{"a":1}
--- then
itself($_, 500) for '/up/secret', '/up/files/a', '/deep/secret', '/end';
from_file('/dots/x', 'application/json', "{\"..x\":1}\n");



=== a URI with a NUL finds nothing
--- http_config eval: $::http
--- config
    location / {
        rewrite ^/nul/(.*)$ /secret%00$1 break;
        hc_static html;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /secret
--- response_body
{"secret":1}
--- then
my $got = asks('/secret%00x');
is($got->{status}, 400, 'nginx refuses it');
unlike($got->{body}, qr/secret/, 'no file');



=== with disable_symlinks a linked file is passed over, without it is followed
--- http_config eval: $::http
--- config
    location / {
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /d/ {
        disable_symlinks on;
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /a
--- response_body
{"a":1}
--- then
my $dir = html_dir() . '/files';
symlink "$dir/../secret.json", "$dir/link.json" or die $!;
symlink "$dir/../secret.json", "$dir/d/link.json" or die $!;

my $got = asks('/link');
is("$got->{status} $got->{body}", "200 {\"secret\":1}\n", 'followed');
itself('/d/link', 500);
from_file('/d/c.d', 'application/json', "{\"c.d\":1}\n");



=== hc_static is inherited, and off in a location below
--- http_config eval: "hc_static html/files; $::http"
--- config
    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /d/ {
        hc_static off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /a
--- response_body
{"a":1}
--- then
itself('/d/c.d', 500);



=== the file of the URI as the client asked, though the app is asked another
--- http_config eval: $::http
--- config
    location /api/ {
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT/v1/;
    }
--- user_files
>>> files/api/p/1.json
{"p":1}
>>> files/v1/p/1.json
{"v1":1}
--- origin
[[ $fails ]]
--- request
GET /api/p/1
--- response_body
{"p":1}
--- then
like(requests_seen(), qr{^GET /v1/p/1 }, 'what the app was asked');



=== a file changed or removed is seen by the next request
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /a
--- response_body
{"a":1}
--- then
my $file = html_dir() . '/files/a.json';

open my $out, '>', $file or die $!;
print $out "{\"a\":2}\n";
close $out;
from_file('/a', 'application/json', "{\"a\":2}\n");

unlink $file or die $!;
from_file('/a', 'text/html', "<a>\n");



=== gzip below and add_header apply to the file
--- http_config eval
"gzip on; gzip_min_length 1; gzip_types *; $::http"
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /a
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
X-Cache: STATIC
--- then
is(asks('/a')->{body}, "{\"a\":1}\n", 'plain for another');



=== proxy_intercept_errors and error_page come after the file
--- http_config eval: $::http
--- config
    proxy_intercept_errors on;
    error_page 500 =200 /oops;
    location = /oops { return 200 "oops\n"; }

    location / {
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request eval
["GET /a", "GET /none"]
--- response_body eval
["{\"a\":1}\n", "oops\n"]
