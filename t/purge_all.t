# A PURGE of everything a zone holds: who may, what goes, what stays.

use HC;
use HC::Steps;

our $http_config = <<'_EOC_';
    hc_zone zone=z:8m;
    hc_zone zone=other:8m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT;
        timeout 2s;
        connect_timeout 2s;
    }
    hc_l2 apart {
        server redis://127.0.0.1:$TEST_NGINX_REDIS_PORT;
        prefix apart:;
        timeout 2s;
        connect_timeout 2s;
    }
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
    add_header X-Reason $hc_cache_reason always;
    proxy_read_timeout 10s;
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    hc_cache_l2 shared;
    hc_cache_valid 600s;
    hc_cache_purge $http_x_purge tag=$http_x_purge_tag all=$http_x_purge_all;
    hc_cache_tag $upstream_http_cache_tag;
    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /l1/ {
        hc_cache_l2 off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /l2/ {
        hc_cache_l1_ttl 0;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /other/ {
        hc_cache other;
        hc_cache_l2 apart;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /stale/ {
        hc_cache_valid 200 1s;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /key/ {
        hc_cache_purge $http_x_purge;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_

our $late = $http_config;
$late =~ s/REDIS_PORT/SLOW_PORT/;

our $impatient = $http_config;
$impatient =~ s/timeout 2s/timeout 200ms/g;


# The versions exist, or the first write would hide what is tested.

sub prime { get('/no-one', method => 'POST') }


sub cache {
    my ($uri, %o) = @_;

    my $before = status_of(l2 => 'stores');
    my $got = get($uri, %o);

    wait_until(sub { status_of(l2 => 'stores') > $before })
        if $got->{cache} ne 'HIT' && $uri !~ m{^/l1/};
    is(get($uri)->{cache}, 'HIT', "$uri is cached");
}


sub purge_all {
    my (%o) = @_;

    my $value = defined $o{all} ? $o{all} : 1;

    return get($o{uri} || '/any', method => 'PURGE', %o,
               headers => "X-Purge: 1\r\nX-Purge-All: $value\r\n"
                          . ($o{headers} || ''));
}


sub kept { is(get($_[0])->{cache}, 'HIT', "$_[0] $_[1]") }
sub gone { is(get($_[0])->{cache}, 'MISS', "$_[0] $_[1]") }


plan('no_plan');
run_tests();

__DATA__

=== all of the zone is forgotten, in L1 and in L2, and its memory given back
--- uses: redis app
--- steps
prime();
my @uris = map { ("/$_", "/l1/$_", "/l2/$_") } 1 .. 5;
cache($_) for @uris;
my $before = $app->requests;
is(purge_all()->{code}, 204, 'status');
is(scalar($app->requests), $before, 'the app saw nothing');
is(status_of(zones => 'entries'), 0, 'no entry is left in L1');
gone($_, 'was in it') for @uris;
ok(wait_until(sub { get($_)->{cache} eq 'HIT' }), "$_ is stored again")
    for @uris;


=== another zone is left alone, and so is the L2 behind it
--- uses: redis app
--- steps
prime();
cache($_) for '/x', '/other/x', '/other/y';
is(purge_all()->{code}, 204, 'status');
gone('/x', 'is of the zone');
kept($_, 'is of the other') for '/other/x', '/other/y';
nginx_restart();
kept($_, 'is in its L2') for '/other/x', '/other/y';
is(purge_all(uri => '/other/')->{code}, 204, 'the other');
gone($_, 'is of it') for '/other/x', '/other/y';
kept('/x', 'is of the first');


=== nothing comes back from L2 after a restart
--- uses: redis app
--- steps
prime();
cache($_) for '/x', '/l2/y';
purge_all();
nginx_restart();
gone($_, 'was forgotten') for '/x', '/l2/y';


=== nor where the very first invalidation is this one
--- uses: redis app
--- steps
cache($_) for '/x', '/l2/y';
purge_all();
gone($_, 'was forgotten') for '/x', '/l2/y';
nginx_restart();
kept('/x', 'was stored after it');


=== a fill that it overtook is not stored in L1
--- uses: redis app
--- steps
prime();
my $fill = begin_fill('/l1/x');
get('/no-one', method => 'POST');
is(purge_all()->{code}, 204, 'purged');
is(finish_fill($fill)->{body}, "value=1 target=/l1/x\n", 'it answers its client');
my $got = get('/l1/x');
is("$got->{cache} $got->{body}", "MISS value=2 target=/l1/x\n", 'the new one');
is(status_of(zones => 'fenced'), 1, 'counted');
kept('/l1/x', 'is stored then');


=== nor in L2
--- uses: redis app
--- steps
prime();
my $fill = begin_fill('/l2/x');
get('/no-one', method => 'POST');
is(purge_all()->{code}, 204, 'purged');
finish_fill($fill);
my $got = get('/l2/x');
is("$got->{cache} $got->{body}", "MISS value=2 target=/l2/x\n", 'the new one');
ok(wait_until(sub { get('/l2/x')->{tier} eq 'L2' }), 'which is stored');


=== a fill of another zone is
--- uses: redis app
--- steps
prime();
my $fill = begin_fill('/other/x');
is(purge_all()->{code}, 204, 'purged');
finish_fill($fill);
kept('/other/x', 'is of the other');
is(status_of(zones => 'fenced'), 0, 'none was fenced');


=== without one a slow fill is a hit
--- uses: redis app
--- steps
prime();
purge_all();
for my $uri ('/x', '/l1/x', '/l2/x') {
    finish_fill(begin_fill($uri));
    ok(wait_until(sub { get($uri)->{cache} eq 'HIT' }), "$uri is a HIT");
}


=== what is read from L2 meanwhile does not stay in L1
--- uses: redis slow app
--- http_config eval: $main::late
--- steps
prime();
cache('/x');
nginx_restart();
$slow->delay(0.3);
my $n = status_of(l2 => 'gets');
my $get = send_get('/x');
ok(wait_until(sub { status_of(l2 => 'gets') > $n }), 'L2 is asked');
is(purge_all()->{code}, 204, 'purged');
read_answer($get);
$slow->delay(0);
gone('/x', 'was forgotten');


=== it waits until redis has acknowledged
--- uses: redis slow app
--- http_config eval: $main::late
--- steps
prime();
cache('/x');
$slow->delay(0.4);
my $got = purge_all();
is($got->{code}, 204, 'status');
cmp_ok($got->{time}, '>=', 0.4, 'redis is slow');
$slow->delay(0);


=== a stale answer does not stand in any more
--- uses: redis app
--- steps
prime();
get('/stale/x');
ok(wait_until(sub { get('/stale/x', app => 'status=500')->{cache} eq 'STALE' }),
   'it does before');
purge_all();
is(get('/stale/x', app => 'status=500')->{code}, 500, 'not from L1');
nginx_restart();
is(get('/stale/x', app => 'status=500')->{code}, 500, 'nor from L2');


=== a Redis that is down is told before it is read again
--- uses: redis app
--- http_config eval: $main::impatient
--- steps
prime();
cache($_) for '/l2/x', '/x';
prime();
redis_freeze($redis);
is(purge_all()->{code}, 204, 'purged');
is(status_of(l2 => 'untold'), 1, 'but not told');
is(get('/x')->{body}, "value=2 target=/x\n", 'L1 has forgotten');
redis_thaw($redis);
my (%seen, $got);
ok(wait_until(sub {
    $got = get('/l2/x');
    $seen{$1}++ if $got->{body} =~ /^value=(\d+)/;
    $got->{tier} eq 'L2';
}, 8), 'it is in L2 again');
is(join(',', keys %seen), 2, 'what it held was never believed');


=== both workers forget
--- uses: redis app
--- steps
prime();
cache('/x');
my $n = grep { $_ eq 'GET /x' } $app->requests;
purge_all();
get('/x') for 1 .. 40;
is(scalar(grep { $_ eq 'GET /x' } $app->requests), $n + 1, 'one fill');


=== without all= and with nothing or 0 in it a PURGE is of the key
--- uses: redis app
--- steps
prime();
for my $all ('', '0') {
    cache($_) for '/x', '/y';
    is(purge_all(uri => '/x', all => $all)->{code}, 204, 'status');
    gone('/x', 'is the key');
    kept('/y', 'is another');
}
cache($_) for '/key/x', '/y';
is(purge_all(uri => '/key/x')->{code}, 204, 'where all= is not set');
gone('/key/x', 'is the key');
kept('/y', 'is another');


=== tags and all at once is answered 400 and purges nothing
--- uses: redis app
--- steps
prime();
cache('/x', app => 'header=Cache-Tag:a');
cache('/y');
is(purge_all(uri => '/y', headers => "X-Purge-Tag: $_\r\n")->{code}, 400, $_)
    for 'a', ',';
kept($_, 'is there') for '/x', '/y';


=== who may not purge may not purge all
--- uses: redis app
--- steps
prime();
cache('/x');
my $got = get('/any', method => 'PURGE', headers => "X-Purge-All: 1\r\n",
              app => 'status=405');
is($got->{code}, 405, 'the app answers');
kept('/x', 'is there');


=== a method that is not PURGE purges nothing
--- uses: redis app
--- steps
prime();
cache('/x');
get('/y', method => $_, headers => "X-Purge: 1\r\nX-Purge-All: 1\r\n")
    for 'GET', 'POST', 'purge';
kept('/x', 'is there');


=== it costs the same whatever the zone holds
--- uses: app
--- timeout: 60
--- http_config
    hc_zone zone=z:64m;
--- config
    hc_cache z;
    hc_cache_valid 200 600s;
    hc_cache_purge $http_x_purge all=$http_x_purge_all;
    location /page/ {
        alias html/;
        try_files /page =404;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
--- user_files
>>> page
page
--- steps
sub fill {
    my ($from, $to) = @_;
    for (my $i = $from; $i <= $to; $i += 500) {
        my $last = $i + 499;
        http_request(join('', map { "GET /page/?$_ HTTP/1.1\r\nHost: h\r\n"
            . ($_ == $last ? "Connection: close\r\n" : '') . "\r\n" }
            $i .. $last), timeout => 30);
    }
}
fill(1, 20_000);
cmp_ok(status_of(zones => 'entries'), '>=', 19_000, 'entries');
is(purge_all(uri => '/page/')->{code}, 204, 'purged');
is(status_of(zones => 'entries'), 0, 'none is left');
is(status_of(zones => 'evictions'), 0, 'nor was one touched');


=== writes, reads and purges of all in any order never show an older value
--- uses: redis app
--- timeout: 20
--- steps
prime();
my ($seen, $wrong, $hits) = (0, 0, 0);
my $end = Time::HiRes::time() + 3;
srand 7;
while (Time::HiRes::time() < $end) {
    my @open = map { send_get('/x', app => 'delay=' . rand 0.03) } 1 .. 4;
    my ($new) = get('/y', method => 'POST')->{body} =~ /value=(\d+)/;
    $wrong++ if purge_all()->{code} != 204;
    $seen = $new;
    for (1 .. 3) {
        my $got = get('/x');
        my ($value) = $got->{body} =~ /value=(\d+)/;
        $wrong++ if $value < $seen;
        $hits++ if $got->{cache} eq 'HIT';
    }
    read_answer($_) for @open;
}
is($wrong, 0, 'no answer was older than what a purge had followed');
cmp_ok($hits, '>', 20, 'hits');
