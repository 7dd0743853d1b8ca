# error_page in the location: the fallback comes first; where none applies
# error_page does what it does without the module.

use HC;
use HC::Origin;

our $http = <<'_';
    hc_zone zone=pages:1m;
    hc_cache_valid 30ms;
    add_header X-Cache $hc_cache_status always;
_

# error_page of nginx's own failures, and of the app's where it is intercepted

our $pages = <<'_';
    error_page 500 502 503 504 404 /oops;
    location = /oops { internal; return 500 "oops\n"; }
    location @oops { return 500 "named oops\n"; }
_

our $config = $pages . <<'_';
    location / {
        hc_cache pages;
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
_

our $intercepted = "proxy_intercept_errors on;\n$config";

our $named = $pages . <<'_';
    location / {
        error_page 500 502 503 504 404 @oops;
        proxy_intercept_errors on;
        hc_cache pages;
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
_

our $files = ">>> files/a.json\n{\"a\":1}\n";

our $page = { reply => answer(200, '', 'page'), end => 'close' };
our $fails = { reply => answer(500, '', 'failed'), end => 'close' };
our $missing = { reply => answer(404, '', 'missing'), end => 'close' };
our $resets = { end => 'rst' };
our $silent = { };
our $invalid = { reply => "HTTP/1.1 200 OK\r\n\0\r\n\r\n", end => 'close' };

sub expire { Time::HiRes::sleep(0.06) }

# what /page and the file's /a are answered, and what has neither

sub stale {
    my ($name) = @_;

    expire();
    my $got = asks('/page');
    is("$got->{status} " . cache_of($got) . " $got->{body}", '200 STALE page',
       "$name: the expired entry");
}

sub from_file {
    my ($name) = @_;

    my $got = asks('/a');
    is("$got->{status} " . cache_of($got) . " $got->{body}",
       "200 STATIC {\"a\":1}\n", "$name: the file");
}

sub neither {
    my ($name, $want) = @_;

    my $got = asks('/none');
    is("$got->{status} $got->{body}", $want, "$name: error_page or the app");
}

plan('no_plan');
run_tests();

__DATA__

=== the app's 500, not intercepted: entry, file, else the app's own
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $page ], [ $fails ]]
--- request
GET /page
--- response_body: page
--- then
stale('500');
from_file('500');
neither('500', '500 failed');



=== the app's 500, intercepted: entry, file, else error_page
--- http_config eval: $::http
--- config eval: $::intercepted
--- user_files eval: $::files
--- origin
[[ $page ], [ $fails ]]
--- request
GET /page
--- response_body: page
--- then
stale('500');
from_file('500');
neither('500', "500 oops\n");



=== a reset, a timeout and an invalid header: entry, file, else error_page
--- http_config eval: $::http
--- config eval: "proxy_read_timeout 1s; $::config"
--- user_files eval: $::files
--- origin
[[ $page ], map { ([ $_ ]) x 3 } $resets, $silent, $invalid]
--- request
GET /page
--- response_body: page
--- then
my %status = (reset => 502, timeout => 504, 'invalid header' => 502);

for my $name ('reset', 'timeout', 'invalid header') {
    stale($name);
    from_file($name);
    neither($name, "$status{$name} oops\n");
}



=== the same, intercepted
--- http_config eval: $::http
--- config eval: "proxy_read_timeout 1s; $::intercepted"
--- user_files eval: $::files
--- origin
[[ $page ], map { ([ $_ ]) x 3 } $resets, $silent, $invalid]
--- request
GET /page
--- response_body: page
--- then
my %status = (reset => 502, timeout => 504, 'invalid header' => 502);

for my $name ('reset', 'timeout', 'invalid header') {
    stale($name);
    from_file($name);
    neither($name, "$status{$name} oops\n");
}



=== error_page to a named location: entry, file, else the named location
--- http_config eval: $::http
--- config eval: "proxy_read_timeout 1s; $::named"
--- user_files eval: $::files
--- origin
[[ $page ], map { ([ $_ ]) x 3 } $fails, $resets, $silent, $invalid]
--- request
GET /page
--- response_body: page
--- then
my %status = (500 => 500, reset => 502, timeout => 504,
              'invalid header' => 502);

for my $name ('500', 'reset', 'timeout', 'invalid header') {
    stale($name);
    from_file($name);
    neither($name, "$status{$name} named oops\n");
}



=== nobody listens: entry, file, else error_page
--- http_config eval: $::http
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $page ]]
--- request
GET /page
--- response_body: page
--- then
origin()->stop;
stale('refused');
from_file('refused');
neither('refused', "502 oops\n");



=== a unix socket that is not there fails within the call: entry, file, else error_page
--- http_config eval: $::http
--- config eval
(my $s = $::config) =~ s{http://127.0.0.1:.TEST_NGINX_ORIGIN_PORT}{http://unix:\$TEST_NGINX_SOCKET:}; $s
--- user_files eval: $::files
--- origin
$ENV{TEST_NGINX_SOCKET} = File::Temp::tmpnam();
$app = HC::Peer->start(listen => "unix:$ENV{TEST_NGINX_SOCKET}",
                       script => [[ { bytes => 1, %$page } ]]);
[]
--- request
GET /page
--- response_body: page
--- error_log
connect() to unix:
--- then
$app->stop;
stale('no socket');
from_file('no socket');
neither('no socket', "502 oops\n");
is(asks('/page')->{body}, 'page', 'and once more');



=== the same with a named location
--- http_config eval: $::http
--- config eval
(my $s = $::named) =~ s{http://127.0.0.1:.TEST_NGINX_ORIGIN_PORT}{http://unix:\$TEST_NGINX_SOCKET:}; $s
--- user_files eval: $::files
--- origin
$ENV{TEST_NGINX_SOCKET} = File::Temp::tmpnam();
$app = HC::Peer->start(listen => "unix:$ENV{TEST_NGINX_SOCKET}",
                       script => [[ { bytes => 1, %$page } ]]);
[]
--- request
GET /page
--- response_body: page
--- error_log
connect() to unix:
--- then
$app->stop;
stale('no socket');
from_file('no socket');
neither('no socket', "502 named oops\n");



=== 404 intercepted, not listed: error_page, though there is an expired entry and a file
--- http_config eval: $::http
--- config eval: $::intercepted
--- user_files eval: $::files
--- origin
[[ $page ], [ $missing ], [ $missing ], [ $fails ]]
--- request
GET /page
--- response_body: page
--- then
expire();
is(asks('/page')->{body}, "oops\n", 'not the entry');
is(asks('/a')->{body}, "oops\n", 'not the file');
stale('500');



=== 404 intercepted, listed: the expired entry, else error_page
--- http_config eval: $::http
--- config eval: "hc_cache_use_stale http_404; $::intercepted"
--- user_files eval: $::files
--- origin
[[ $page ], [ $missing ]]
--- request
GET /page
--- response_body: page
--- then
stale('404');
is(asks('/a')->{body}, "oops\n", 'the file is for failures');
neither('404', "404 oops\n");



=== hc_cache_use_stale off and no file: error_page works as without the module
--- http_config eval: $::http
--- config eval
(my $s = "hc_cache_use_stale off; $::intercepted") =~ s/hc_static \S+;//; $s
--- user_files eval: $::files
--- origin
[[ $page ], [ $fails ], [ $resets ], [ $missing ]]
--- request
GET /page
--- response_body: page
--- then
expire();
is(asks('/page')->{body}, "oops\n", $_) for 'a 500', 'a reset', 'a 404';
origin()->stop;
is(asks('/page')->{body}, "oops\n", 'a refused connection');



=== a request with arguments has no file: error_page
--- http_config eval: $::http
--- config eval: $::intercepted
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /a?x=1
--- error_code: 500
--- response_body
oops
--- then
from_file('without');



=== a file that is there and cannot be opened leaves the request to the app's error
--- http_config eval: $::http
--- config eval: $::intercepted
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /none
--- error_code: 500
--- response_body
oops
--- then
symlink 'loop.json', html_dir() . '/files/loop.json' or die $!;
is(asks('/loop')->{body}, "oops\n", 'error_page');



=== error_page =200 with a page of the server: the fallback comes first
--- http_config eval: $::http
--- config
    proxy_intercept_errors on;
    error_page 500 502 =200 /sorry.html;

    location / {
        hc_cache pages;
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location = /sorry.html { root html; }
--- user_files eval: $::files . ">>> sorry.html\nsorry\n"
--- origin
[[ $page ], [ $fails ]]
--- request
GET /page
--- response_body: page
--- then
stale('500');
from_file('500');
neither('500', "200 sorry\n");



=== error_page to another app: it is asked only when no fallback applies
--- http_config eval: $::http
--- config
    location / {
        proxy_intercept_errors on;
        error_page 500 502 = @other;
        hc_cache pages;
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location @other {
        proxy_set_header X-Other yes;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
--- user_files eval: $::files
--- origin
[[ $page ], ([ $fails ]) x 3,
 [ { reply => answer(200, '', 'other'), end => 'close' } ]]
--- request
GET /page
--- response_body: page
--- then
stale('500');
from_file('500');
unlike(requests_seen(), qr/X-Other/, 'it was not asked');
neither('500', '200 other');
like(requests_seen(), qr/X-Other/, 'now it was');



=== error_page to a location with a fallback of its own: that one answers
--- http_config eval: $::http
--- config
    location / {
        proxy_intercept_errors on;
        error_page 500 /second/;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }

    location /second/ {
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
--- user_files
>>> files/second/index.json
{"second":1}
--- origin
[[ $fails ]]
--- request
GET /page
--- error_code: 200
--- response_body
{"second":1}
--- response_headers
X-Cache: STATIC



=== error_page of a refused client is not kept from it
--- http_config eval: $::http
--- config
    error_page 403 /refused;
    location = /refused { return 403 "refused\n"; }

    location / {
        if ($http_x_refuse) { return 403; }
        hc_cache pages;
        hc_cache_use_stale http_403;
        hc_static html/files;
        proxy_pass http://127.0.0.1:$TEST_NGINX_ORIGIN_PORT;
    }
--- user_files eval: $::files
--- origin
[[ $page ], [ { reply => answer(403, '', 'no'), end => 'close' } ]]
--- request
GET /page
--- response_body: page
--- then
expire();
is(asks('/page', "X-Refuse: 1\r\n")->{body}, "refused\n", 'by the location');
stale('403 of the app, listed');



=== HEAD of what failed: entry and file answer, else error_page, without a body
--- http_config eval: $::http
--- config eval: $::intercepted
--- user_files eval: $::files
--- origin
[[ $page ], [ { reply => "HTTP/1.1 500 Failed\r\nConnection: close\r\n\r\n",
                end => 'close' } ]]
--- request
GET /page
--- response_body: page
--- then
expire();
my %want = ('/page' => '200 STALE', '/a' => '200 STATIC', '/none' => '500 MISS');

for my $uri (sort keys %want) {
    my $got = asks($uri, '', method => 'HEAD');
    is("$got->{status} " . cache_of($got), $want{$uri}, $uri);
    is($got->{body}, '', "$uri: no body");
}
