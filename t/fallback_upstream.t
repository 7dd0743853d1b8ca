# Apps behind upstream{}: the next one is tried first, a fallback is for when
# none is left.

use HC;
use HC::Origin;

our $http = <<'_';
    hc_zone zone=pages:1m;
    hc_cache_valid 30ms;
    add_header X-Cache $hc_cache_status always;
    add_header X-Tried $upstream_addr always;

    upstream apps {
        server 127.0.0.1:$TEST_NGINX_ORIGIN_PORT max_fails=0;
        server 127.0.0.1:$TEST_NGINX_OTHER_PORT max_fails=0;
    }
_

our $config = <<'_';
    location / {
        hc_cache pages;
        hc_static html/files;
        proxy_pass http://apps;
    }
_

# The other app: an nginx server of its own, or nobody.

$ENV{TEST_NGINX_OTHER_PORT} = free_port();

our $other = <<'_';
    server {
        listen 127.0.0.1:$TEST_NGINX_OTHER_PORT;
        location / { return 200 "other"; }
        location /fails { return 500 "other failed"; }
        location /busy { return 503 "other busy"; }
    }
_

our $files = ">>> files/a.json\n{\"a\":1}\n>>> files/fails.json\n{\"f\":1}\n"
             . ">>> files/busy.json\n{\"b\":1}\n";

our $fails = { reply => answer(500, '', 'failed'), end => 'close' };
our $busy = { reply => answer(503, '', 'busy'), end => 'close' };
our $page = { reply => answer(200, '', 'page'), end => 'close' };

sub tried { return scalar(() = (header($_[0], 'X-Tried') || '') =~ /:\d+/g) }

# n answers, as "status body" each, without repetition

sub different {
    my ($uri, $n) = @_;

    my %seen;

    for (1 .. $n) {
        my $got = asks($uri);
        $seen{"$got->{status} $got->{body}"}++;
    }

    return join '; ', sort keys %seen;
}

plan('no_plan');
run_tests();

__DATA__

=== one app of two resets: the other answers, no fallback is needed
--- http_config eval: $::http . $::other
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ { end => 'rst' } ]]
--- request
GET /b
--- response_headers
X-Cache: MISS
--- response_body: other
--- then
is(different('/a', 6), '200 other', 'each time');
ok(requests() > 0, 'though the first was asked');



=== both apps reset: the file answers, after both were tried
--- http_config eval
(my $s = $::http) =~ s/OTHER_PORT/ORIGIN_PORT/; $s
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ { end => 'rst' } ]]
--- request
GET /a
--- response_headers
X-Cache: STATIC
--- response_body
{"a":1}
--- then
is(tried(asks('/a')), 2, 'two were tried');
is(asks('/none')->{status}, 502, 'without a file it is an error');



=== nobody listens: the expired entry answers, else the file
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
Time::HiRes::sleep(0.06);

my $stale = asks('/page');
is(cache_of($stale) . " $stale->{body}", 'STALE page', 'the entry');
is(tried($stale), 2, 'after both were tried');
is(different('/a', 4), "200 {\"a\":1}\n", 'the file');
is(asks('/none')->{status}, 502, 'without either it is an error');



=== 500 of one app is answered by the file, and by the other app where it may be tried
--- http_config eval: $::http . $::other
--- config
    location / {
        hc_static html/files;
        proxy_pass http://apps;
    }

    location /next/ {
        proxy_next_upstream error http_500;
        hc_static html/files;
        proxy_pass http://apps/;
    }
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /next/a
--- response_body: other
--- then
is(different('/a', 4), "200 other; 200 {\"a\":1}\n", 'one of the two');
is(different('/next/a', 4), '200 other', 'always the other');



=== all apps answer 500, and each was tried: the file answers
--- http_config eval: $::http . $::other
--- config eval
"proxy_next_upstream error http_500; $::config"
--- user_files eval: $::files
--- origin
[[ $fails ]]
--- request
GET /fails
--- response_headers
X-Cache: STATIC
--- response_body
{"f":1}
--- then
is(tried(asks('/fails')), 2, 'two were tried');
like(different('/fails/none', 2), qr/^500 (?:other )?failed/,
     'without a file it is the last one\'s');



=== 500 then 503, both tried: the expired entry answers by what the last said
--- http_config eval: $::http . $::other
--- config
    location = /busy {
        hc_cache pages;
        hc_cache_key $uri;
        hc_cache_bypass $arg_fill;
        hc_cache_use_stale http_503;
        set $to apps;
        proxy_next_upstream error http_500 http_503;
        if ($arg_fill) { set $to 127.0.0.1:$TEST_NGINX_ORIGIN_PORT; }
        proxy_pass http://$to;
    }
--- origin
[[ $page ], [ $busy ]]
--- request
GET /busy?fill=1
--- response_body: page
--- then
Time::HiRes::sleep(0.06);
my $stale = asks('/busy');
is(cache_of($stale) . " $stale->{body}", 'STALE page', 'the entry');
is(tried($stale), 2, 'after both were tried');



=== one app cuts its header, the other answers, and that is stored
--- http_config eval
(my $s = $::http . $::other) =~ s/valid 30ms/valid 1m/; $s
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ { reply => "HTTP/1.1 200 OK\r\nX-Half: yes\r\nConte", end => 'rst' } ]]
--- request eval
["GET /a", "GET /b", "GET /a", "GET /b"]
--- response_headers eval
["X-Cache: MISS\n!X-Half", "X-Cache: MISS\n!X-Half", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
["other", "other", "other", "other"]



=== one app's header is not valid, where that may be tried again the other answers
--- http_config eval: $::http . $::other
--- config eval
"proxy_next_upstream error invalid_header; $::config"
--- user_files eval: $::files
--- origin
[[ { reply => "HTTP/1.1 200 OK\r\n\0\r\n\r\n", end => 'close' } ]]
--- request
GET /b
--- response_body: other
--- then
is(different('/a', 4), '200 other', 'each time');



=== max_fails took both apps out: the file answers without asking
--- http_config eval
(my $s = $::http) =~ s/max_fails=0/max_fails=1/g; $s
--- config eval: $::config
--- user_files eval: $::files
--- origin
[[ $page ]]
--- request
GET /page
--- response_body: page
--- then
origin()->stop;
asks('/none') for 1 .. 6;
is(different('/a', 6), "200 {\"a\":1}\n", 'the file, in every worker');
Time::HiRes::sleep(0.06);
is(cache_of(asks('/page')), 'STALE', 'the expired entry as well');
ok(logged(qr/no live upstreams/), 'nobody was left to ask');



=== a name that does not resolve is answered by the file
--- http_config eval: $::http
--- config
    location / {
        hc_static html/files;
        resolver 127.0.0.1:$TEST_NGINX_OTHER_PORT;
        resolver_timeout 200ms;
        set $app app.invalid;
        proxy_pass http://$app;
    }
--- user_files eval: $::files
--- request
GET /a
--- response_headers
X-Cache: STATIC
--- response_body
{"a":1}



=== over a kept connection answers are stored, and its end is no failure
--- http_config eval
(my $s = $::http . $::other) =~ s/server 127.0.0.1:.TEST_NGINX_ORIGIN_PORT max_fails=0;//;
$s =~ s/max_fails=0;/max_fails=0; keepalive 4;/; $s =~ s/30ms/1m/; $s
--- config
    location / {
        hc_cache pages;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass http://apps;
    }
--- request eval
["GET /a", "GET /b", "GET /c", "GET /a", "GET /b", "GET /c"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: MISS", "X-Cache: MISS",
 "X-Cache: HIT", "X-Cache: HIT", "X-Cache: HIT"]
--- response_body eval
[("other") x 6]
--- then
ok(logged(qr/get keepalive peer: using connection/), 'a connection was kept');



=== a kept connection that was closed meanwhile is tried anew, not a failure
--- http_config eval
(my $s = $::http) =~ s/server 127.0.0.1:.TEST_NGINX_OTHER_PORT max_fails=0;/keepalive 4;/; $s
--- config
    location / {
        hc_static html/files;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass http://apps;
    }
--- user_files eval: $::files
--- origin
[[ { reply => answer(200, '', 'page') =~ s/Connection: close\r\n//r },
   { end => 'rst' } ]]
--- request eval
[map { "GET /a" } 1 .. 6]
--- response_body eval
[("page") x 6]



=== a failed answer over a kept connection does not get into the next one
--- http_config eval
(my $s = $::http . $::other) =~ s/server 127.0.0.1:.TEST_NGINX_ORIGIN_PORT max_fails=0;//;
$s =~ s/max_fails=0;/max_fails=0; keepalive 4;/; $s
--- config
    location / {
        hc_static html/files;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass http://apps;
    }
--- user_files eval: $::files
--- request eval
["GET /fails", "GET /b", "GET /fails", "GET /b", "GET /fails", "GET /b"]
--- response_body eval
["{\"f\":1}\n", "other", "{\"f\":1}\n", "other", "{\"f\":1}\n", "other"]
