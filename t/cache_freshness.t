# For how long an answer is given, fresh or stale, and with which fields
# (RFC 9111, 4.2 and 5.2.2; RFC 5861, 8246, 9213).

# where nobody asks for it, nobody is there
BEGIN { $ENV{TEST_NGINX_REDIS_PORT} ||= 1 }

use HC;
use HC::Steps;

use POSIX qw(strftime);

our $http_config = <<'_EOC_';
    hc_zone zone=z:4m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT;
        timeout 20s;
        connect_timeout 20s;
    }
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
    add_header X-Reason $hc_cache_reason always;
    proxy_read_timeout 20s;
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /background {
        hc_cache_background_update on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /updating {
        hc_cache_background_update on;
        hc_cache_use_stale updating error;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /untargeted {
        hc_cache_targets off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /surrogate {
        hc_cache_targets Surrogate-Control;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /guess {
        hc_cache_heuristic 10% max=1h;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /ignore {
        hc_cache_valid 200 60s;
        hc_ignore_headers Cache-Control Expires X-Accel-Expires Set-Cookie;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /strip {
        hc_cache_set_cookie strip;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /keep {
        hc_cache_set_cookie keep;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /strict {
        hc_cache_strict_age on;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /l2 {
        hc_cache_l2 shared;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_


# "Tue,_15_Nov_1994_..." of so many seconds from now

sub http_date {
    local $ENV{LC_ALL} = 'C';
    return strftime('%a,_%d_%b_%Y_%H:%M:%S_GMT', gmtime(time() + shift));
}


# a request, and how it was answered

sub ask {
    my ($uri, $words) = @_;

    my $got = get($uri, app => $words || 'body=new');

    return "$got->{code} $got->{cache} $got->{body}" =~ s/\n\z//r;
}

# the first that is no hit

sub past_freshness {
    my ($uri, $words) = @_;
    my $got;

    wait_until(sub { ($got = ask($uri, $words)) !~ / HIT / });

    return $got;
}

sub fields { return join ' ', 'body=one', map { "header=$_" } @_ }


plan('no_plan');
run_tests();

__DATA__

=== stale-if-error is the time an answer stands in for a failure
--- uses: app
--- steps
my $says = 'Cache-Control:max-age=10,stale-if-error=60';
ask('/in', fields($says, 'Age:30', 'ETag:"a"'));
is(ask('/in', 'status=500'), '200 STALE one', 'within');
ask('/out', fields($says, 'Age:80', 'ETag:"a"'));
like(ask('/out', 'status=500'), qr/^500 EXPIRED/, 'beyond');


=== stale-while-revalidate is the time an answer is given while it is asked for
--- uses: app
--- steps
my $fresh = 'body=two header=Cache-Control:max-age=60';
ask('/background/in', fields('Cache-Control:max-age=1,stale-while-revalidate=60'));
is(past_freshness('/background/in', $fresh), '200 UPDATING one', 'within');
ok(wait_until(sub { ask('/background/in') eq '200 HIT two' }), 'and then the new one');
ask('/background/out',
    fields('Cache-Control:max-age=10,stale-while-revalidate=60', 'Age:80', 'ETag:"a"'));
is(ask('/background/out', $fresh), '200 EXPIRED two', 'beyond');


=== stale-while-revalidate does not stand in for a failure
--- uses: app
--- steps
my $says = 'Cache-Control:max-age=10,stale-while-revalidate=60,stale-if-error=0';
ask('/x', fields($says, 'Age:30', 'ETag:"a"'));
like(ask('/x', 'status=500'), qr/^500 EXPIRED/, 'the failure');


=== stale-if-error gives nothing while the app is asked
--- uses: app
--- steps
my $says = 'Cache-Control:max-age=10,stale-while-revalidate=0,stale-if-error=600';
ask('/updating', fields($says, 'Age:30', 'ETag:"a"'));
is(ask('/updating', 'body=two'), '200 EXPIRED two', 'asked');


=== updating gives what says nothing of it
--- uses: app
--- steps
ask('/updating', fields('Cache-Control:max-age=1'));
is(past_freshness('/updating', 'body=two header=Cache-Control:max-age=60'),
   '200 UPDATING one', 'given');


=== must-revalidate is stronger than both windows
--- uses: app
--- steps
my $says = 'Cache-Control:max-age=10,must-revalidate,stale-while-revalidate=60,'
           . 'stale-if-error=60';
ask('/background', fields($says, 'Age:30', 'ETag:"a"'));
like(ask('/background', 'status=500'), qr/^500 EXPIRED/, 'neither');


=== CDN-Cache-Control counts instead of Cache-Control
--- uses: app
--- steps
is(ask('/x', fields('Cache-Control:no-store', 'CDN-Cache-Control:max-age=60')), '200 MISS one', 'miss');
my $got = get('/x');
is("$got->{cache} $got->{headers}{'cache-control'}", 'HIT no-store', 'stored; clients see theirs');
is($got->{headers}{'cdn-cache-control'}, 'max-age=60', 'and that, too');
ask('/y', fields('Cache-Control:max-age=60', 'CDN-Cache-Control:no-store'));
is(ask('/y'), '200 MISS new', 'the other way');


=== CDN-Cache-Control that cannot be parsed is none
--- uses: app
--- steps
ask('/x', fields('Cache-Control:max-age=60', 'CDN-Cache-Control:max-age=0,,'));
is(ask('/x'), '200 HIT one', 'Cache-Control counts');


=== Surrogate-Control counts instead of Cache-Control, and after CDN-Cache-Control
--- uses: app
--- steps
ask('/x', fields('Cache-Control:no-store', 'Surrogate-Control:max-age=60'));
is(ask('/x'), '200 HIT one', 'before the one');
ask('/y', fields('Surrogate-Control:max-age=60', 'CDN-Cache-Control:no-store'));
is(ask('/y'), '200 MISS new', 'behind the other');


=== hc_cache_targets says which of them count
--- uses: app
--- steps
ask('/untargeted', fields('Cache-Control:no-store', 'CDN-Cache-Control:max-age=60',
                          'Surrogate-Control:max-age=60'));
is(ask('/untargeted'), '200 MISS new', 'none');
ask('/surrogate', fields('Cache-Control:no-store', 'Surrogate-Control:max-age=60',
                         'CDN-Cache-Control:no-store'));
is(ask('/surrogate'), '200 HIT one', 'the one');


=== hc_cache_heuristic: a share of the time it had not changed
--- uses: app
--- steps
ask('/guess', fields('Last-Modified:' . http_date(-36000)));
is(ask('/guess'), '200 HIT one', 'stored');
ask('/guess/old', fields('Last-Modified:' . http_date(-36000), 'Age:3000'));
is(ask('/guess/old'), '200 HIT one', 'within the hour');
ask('/guess/older', fields('Last-Modified:' . http_date(-36000000), 'Age:4000'));
is(ask('/guess/older', 'body=two'), '200 EXPIRED two', 'beyond max');
ask('/guess/none', 'body=one');
is(ask('/guess/none'), '200 MISS new', 'nothing to guess by');


=== hc_cache_heuristic does not go before what the answer says
--- uses: app
--- steps
is(get('/guess', app => fields('Last-Modified:' . http_date(-36000), 'Cache-Control:no-store'))
   ->{reason}, 'no-store', 'it forbids');


=== without hc_cache_heuristic nothing is guessed
--- uses: app
--- steps
is(get('/x', app => fields('Last-Modified:' . http_date(-36000)))->{reason},
   'no-lifetime', 'not stored');


=== hc_ignore_headers: what they say does not count, and clients see them
--- uses: app
--- steps
is(ask('/ignore/1', fields('Cache-Control:no-store')), '200 MISS one', 'Cache-Control');
my $got = get('/ignore/1');
is("$got->{cache} $got->{headers}{'cache-control'}", 'HIT no-store', 'stored');
ask('/ignore/2', fields('Expires:Thu,_01_Jan_1970_00:00:00_GMT'));
is(ask('/ignore/2'), '200 HIT one', 'Expires');
ask('/ignore/3', fields('X-Accel-Expires:0'));
is(ask('/ignore/3'), '200 HIT one', 'X-Accel-Expires');


=== hc_ignore_headers Set-Cookie: stored without it
--- uses: app
--- steps
is(get('/ignore', app => fields('Set-Cookie:sid=1'))->{headers}{'set-cookie'}, 'sid=1', 'given');
my $got = get('/ignore');
is($got->{cache}, 'HIT', 'stored');
is($got->{headers}{'set-cookie'}, undef, 'without');


=== hc_cache_set_cookie: refused, stored without it, stored with it
--- uses: app
--- steps
my @says = ('Cache-Control:max-age=60', 'Set-Cookie:lang=de');
is(get('/x', app => fields(@says))->{reason}, 'set-cookie', 'refused');
is(ask('/x'), '200 MISS new', 'not stored');
is(get('/strip', app => fields(@says))->{headers}{'set-cookie'}, 'lang=de', 'given once');
my $got = get('/strip');
is($got->{cache}, 'HIT', 'stored');
is($got->{headers}{'set-cookie'}, undef, 'without');
get('/keep', app => fields(@says));
$got = get('/keep');
is("$got->{cache} $got->{headers}{'set-cookie'}", 'HIT lang=de', 'stored with it');


=== private and no-cache with names withhold these fields alone
--- uses: app
--- steps
for my $name ('private', 'no-cache') {
    ask("/$name", fields(qq(Cache-Control:max-age=60,$name="X-Mine,x-too"), 'X-Mine:1',
                         'X-Too:2', 'X-Other:3'));
    my $got = get("/$name");
    is("$got->{cache} $got->{headers}{'x-other'}", 'HIT 3', "$name: stored");
    is($got->{headers}{$_}, undef, "$name: without $_") for 'x-mine', 'x-too';
}


=== hc_cache_strict_age: an Age that is none is old
--- uses: app
--- steps
my @says = ('Cache-Control:max-age=60', 'Age:-5');
ask('/x', fields(@says));
is(ask('/x'), '200 HIT one', 'ignored by default');
is(get('/strict', app => fields(@says))->{reason}, 'expired-on-arrival', 'old');
ask('/strict/sound', fields('Cache-Control:max-age=60', 'Age:5'));
is(ask('/strict/sound'), '200 HIT one', 'one that is sound');


=== immutable changes nothing for this cache
--- uses: app
--- steps
ask('/x', fields('Cache-Control:max-age=10,immutable', 'Age:30', 'ETag:"a"'));
is(ask('/x', 'status=304 header=Cache-Control:max-age=60'), '200 REVALIDATED one', 'asked');


=== must-understand stores what is understood though no-store stands beside it
--- uses: app
--- steps
ask('/x', fields('Cache-Control:max-age=60,no-store,must-understand'));
is(ask('/x'), '200 HIT one', 'stored');


=== Date is that of the app, and Age counts from there, in Redis, too
--- uses: app redis
--- steps
my $date = http_date(-20);
get('/l2', app => fields('Cache-Control:max-age=600', "Date:$date", 'Age:20'));
ok(l2_stored($redis), 'stored');
my $first = get('/l2');
nginx_restart();
my $again = get('/l2');
$date =~ tr/_/ /;
is("$_->[0]{tier} $_->[0]{headers}{date}", "$_->[1] $date", "Date from $_->[1]")
    for [$first, 'L1'], [$again, 'L2'];
cmp_ok($first->{headers}{age}, '>=', 20, 'Age');
cmp_ok($again->{headers}{age}, '>=', $first->{headers}{age}, 'Age goes on');
cmp_ok($again->{headers}{age}, '<', 120, 'and not far');


=== If-None-Match goes before If-Modified-Since
--- uses: app
--- steps
my $date = 'Tue,_15_Nov_1994_12:45:26_GMT';
get('/x', app => fields('Cache-Control:max-age=60', 'ETag:"a"', "Last-Modified:$date"));
$date =~ tr/_/ /;
my $since = "If-Modified-Since: $date\r\n";
is(get('/x', headers => $since)->{code}, 304, 'the date alone');
is(get('/x', headers => qq(If-None-Match: "a"\r\n))->{code}, 304, 'the tag alone');
is(get('/x', headers => qq(If-None-Match: "b"\r\n$since))->{code}, 200,
   'another tag, the same date');
is(get('/x', headers => qq(If-None-Match: "a"\r\nIf-Modified-Since: Mon, 14 Nov 1994 12:45:26 GMT\r\n))
   ->{code}, 304, 'the same tag, another date');


=== an answer without Last-Modified has not changed since its Date
--- uses: app
--- steps
my $date = http_date(-100);
get('/x', app => fields('Cache-Control:max-age=600', "Date:$date"));
(my $text = $date) =~ tr/_/ /;
is(get('/x', headers => "If-Modified-Since: $text\r\n")->{code}, 304, 'since then');
($text = http_date(-200)) =~ tr/_/ /;
is(get('/x', headers => "If-Modified-Since: $text\r\n")->{code}, 200, 'since before');


=== If-Range gives the range of what it names, and else all of it
--- uses: app
--- steps
my $date = 'Tue,_15_Nov_1994_12:45:26_GMT';
get('/x', app => fields('Cache-Control:max-age=60', 'ETag:"a"', "Last-Modified:$date"));
$date =~ tr/_/ /;
for ([ '"a"', 206 ], [ '"b"', 200 ], [ 'W/"a"', 200 ], [ $date, 206 ],
     [ 'Mon, 14 Nov 1994 12:45:26 GMT', 200 ])
{
    is(get('/x', headers => "Range: bytes=1-1\r\nIf-Range: $_->[0]\r\n")->{code}, $_->[1], $_->[0]);
}
