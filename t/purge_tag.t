# Named tags: hc_cache_tag gives an answer some, a PURGE and a write name them.

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
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
    add_header X-Reason $hc_cache_reason always;
    proxy_read_timeout 10s;
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    hc_cache_l2 shared;
    hc_cache_valid 600s;
    hc_cache_purge $http_x_purge tag=$http_x_purge_tag;
    hc_cache_tag $upstream_http_cache_tag;
    proxy_pass_header X-Accel-Expires;
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
    location /short/ {
        hc_cache_l1_ttl 200ms;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /stale/ {
        hc_cache_valid 200 1s;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /other/ {
        hc_cache other;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /two/ {
        hc_cache_tag $upstream_http_cache_tag "page host-$host";
        proxy_hide_header Cache-Tag;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /none/ {
        hc_cache_tag "";
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /order {
        hc_invalidate tag=$arg_of uri=$arg_uri;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /outside {
        hc_cache off;
        hc_invalidate tag=user-$arg_uid;
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


sub prime { get('/no-one', method => 'POST') }


# In both tiers, with these tags (_ for a space).

sub cache {
    my ($uri, $tags, %o) = @_;

    my $before = status_of(l2 => 'stores');
    my $app = $o{app} || '';
    my $got = get($uri, %o, app => defined $tags
                                   ? "header=Cache-Tag:$tags $app" : $app);

    wait_until(sub { status_of(l2 => 'stores') > $before })
        if $got->{cache} ne 'HIT' && $uri !~ m{^/l1/};
    is(get($uri, %o)->{cache}, 'HIT', "$uri is cached");
}


sub purge {
    my ($tags, %o) = @_;

    return get($o{uri} || '/any', method => 'PURGE', %o,
               headers => "X-Purge: 1\r\nX-Purge-Tag: $tags\r\n"
                          . ($o{headers} || ''));
}


sub kept {
    my ($uri, $why, %o) = @_;
    is(get($uri, %o)->{cache}, 'HIT', "$uri $why");
}


sub gone {
    my ($uri, $why, %o) = @_;
    is(get($uri, %o)->{cache}, 'MISS', "$uri $why");
}


# How often Redis was asked for versions.

sub versions_read {
    my $info = redis_command($redis, 'INFO', 'commandstats');

    return $info =~ /cmdstat_bitfield_ro:calls=(\d+)/ ? $1 : 0;
}


plan('no_plan');
run_tests();

__DATA__

=== a PURGE of a tag takes every answer that has it, and no other, in L1
--- uses: redis app
--- steps
prime();
cache('/l1/1', 'shop,user-7');
cache('/l1/2', 'user-7');
cache('/l1/3', 'shop');
cache('/l1/4', 'user-77');
cache('/l1/5');
my $before = $app->requests;
is(purge('user-7')->{code}, 204, 'status');
is(scalar($app->requests), $before, 'the app saw nothing');
gone($_, 'has it') for '/l1/1', '/l1/2';
kept($_, 'has it not') for '/l1/3', '/l1/4', '/l1/5';
cmp_ok(status_of(zones => 'invalidated'), '>=', 2, 'found on the way');
kept('/l1/1', 'is stored again');


=== and in L2
--- uses: redis app
--- steps
prime();
cache('/l2/1', 'shop,user-7');
cache('/l2/2', 'user-7');
cache('/l2/3', 'shop');
cache('/l2/4', 'user-77');
cache('/l2/5');
is(purge('user-7')->{code}, 204, 'status');
my $n = status_of(l2 => 'stale_fence');
gone($_, 'has it') for '/l2/1', '/l2/2';
is(status_of(l2 => 'stale_fence'), $n + 2, 'refused for their versions');
kept($_, 'has it not') for '/l2/3', '/l2/4', '/l2/5';
ok(wait_until(sub { get('/l2/1')->{tier} eq 'L2' }), 'and stored again');


=== the key of the PURGE itself is left alone
--- uses: redis app
--- steps
prime();
cache('/x', 'a');
is(purge('b', uri => '/x')->{code}, 204, 'status');
kept('/x', 'has another tag');
is(purge('', uri => '/x')->{code}, 204, 'an empty list names none');
gone('/x', 'is the key then');


=== what was purged by its tag does not come back from L2 after a restart
--- uses: redis app
--- steps
prime();
cache('/x', 'a b');
cache('/y', 'b');
purge('a');
nginx_restart();
gone('/x', 'has it');
kept('/y', 'has it not');


=== an answer from L2 takes its tags to L1
--- uses: redis app
--- steps
prime();
cache('/x', 'a');
nginx_restart();
is(get('/x')->{tier}, 'L2', 'from L2');
is(get('/x')->{tier}, 'L1', 'now in L1');
purge('a');
gone('/x', 'in L1, too');


=== several tags are purged at once, however they are separated
--- uses: redis app
--- steps
prime();
cache("/$_", $_) for 'a' .. 'f';
is(purge("a b,c, d,,  \te")->{code}, 204, 'status');
gone("/$_", 'is named') for 'a' .. 'e';
kept('/f', 'is not');


=== fields in several lines are taken whole
--- uses: redis app
--- steps
prime();
cache('/x', 'a', app => 'header=Cache-Tag:b,c');
cache('/y', 'd');
is(purge('c')->{code}, 204, 'status');
gone('/x', 'has it in its second line');
cache('/z', 'a');
is(purge('q', headers => "X-Purge-Tag: a, d\r\n")->{code}, 204, 'status');
gone($_, 'is in the second line') for '/z', '/y';


=== tags know upper and lower case
--- uses: redis app
--- steps
prime();
cache('/x', 'News');
purge('news');
kept('/x', 'is "News"');
purge('News');
gone('/x', 'is "News"');


=== hc_cache_tag takes several strings, also of fields that are hidden
--- uses: redis app
--- steps
prime();
my $got = get('/two/x', app => 'header=Cache-Tag:a');
is($got->{headers}{'cache-tag'}, undef, 'hidden from the client');
for my $tag ('a', 'page', 'host-localhost') {
    get('/two/x', app => 'header=Cache-Tag:a');
    kept('/two/x', 'is cached');
    purge($tag);
    gone('/two/x', "had $tag", app => 'header=Cache-Tag:a');
}
get('/none/x', app => 'header=Cache-Tag:a');
purge('a');
kept('/none/x', 'has none');


=== the field reaches the client as the app sent it, from every tier
--- uses: redis app
--- steps
prime();
my $want = 'a,,b  c';
for my $uri ('/l1/x', '/l2/x') {
    is(get($uri, app => 'header=Cache-Tag:a,,b__c')->{headers}{'cache-tag'},
       $want, 'from the app');
    my $got;
    ok(wait_until(sub { ($got = get($uri))->{cache} eq 'HIT' }), 'HIT');
    is($got->{headers}{'cache-tag'}, $want, $got->{tier});
}


=== a tag is of a zone
--- uses: redis app
--- steps
prime();
cache('/x', 'a');
cache('/other/x', 'a');
cache('/x', 'a', host => 'else');
purge('a', uri => '/other/');
gone('/other/x', 'is in that zone');
kept('/x', 'is in another');
purge('a');
gone('/x', 'is in that zone');
gone('/x', 'so is the one of another host', host => 'else');
kept('/other/x', 'is in another');


=== 38 tags are kept, a longer list keeps the answer out
--- uses: redis app
--- steps
prime();
my @tags = map { "t$_" } 1 .. 38;
cache('/x', join('_', @tags, 't3'));
cache('/l2/x', join('_', @tags));
purge('t38');
gone($_, 'had the last') for '/x', '/l2/x';
my $n = status_of(zones => 'stores');
for (1, 2) {
    my $got = get('/y', app => 'header=Cache-Tag:' . join('_', @tags, 'more'));
    is("$got->{code} $got->{cache} $got->{reason}", '200 MISS tags', 'served');
    is($got->{headers}{'cache-tag'}, "@tags more", 'with its field');
}
is(status_of(zones => 'stores'), $n, 'not stored');


=== a tag of an answer may have 1024 bytes
--- uses: redis app
--- steps
prime();
my $long = 'x' x 1024;
cache('/x', $long);
purge($long);
gone('/x', 'had it');
is(get('/y', app => "header=Cache-Tag:ax$long")->{reason}, 'tags', 'too long');
gone('/y', 'was not stored');
is(get('/z', app => "header=Cache-Tag:a_b\x01")->{reason}, 'tags', 'control');


=== a bad list is answered 400 and purges nothing
--- uses: redis app
--- steps
prime();
cache('/x', 'a');
my $many = join ' ', 'a', map { "t$_" } 2 .. 65;
for (['a ' . 'x' x 1025, 'too long'], ["a b\x01", 'a control byte'],
     ["a\x7f", 'DEL'], [$many, '65 tags'], [', ,', 'no tag in it'])
{
    my ($tags, $why) = @$_;
    is(purge($tags, uri => '/x')->{code}, 400, $why);
}
kept('/x', 'is neither the key nor tagged so');
(my $most = $many) =~ s/ t65$//;
is(purge($most)->{code}, 204, '64 tags');
gone('/x', 'had the first');


=== a PURGE that is not allowed is passed on, with its tags
--- uses: redis app
--- steps
prime();
cache('/x', 'a');
my $got = get('/x', method => 'PURGE', headers => "X-Purge-Tag: a\r\n",
              app => 'status=405');
is($got->{code}, 405, 'the app answers');
kept('/x', 'is still there');


=== without tag= the field means nothing
--- uses: redis app
--- config eval
(my $c = $main::config) =~ s/ tag=\$http_x_purge_tag//; $c
--- steps
prime();
cache($_, 'a') for '/x', '/y';
is(purge('a', uri => '/y')->{code}, 204, 'status');
kept('/x', 'has the tag');
gone('/y', 'is the key');


=== a write names tags
--- uses: redis app
--- steps
prime();
cache($_, 'a') for '/x', '/l2/x';
cache('/y', 'b');
cache('/z');
get('/order?of=a&uri=/z', method => 'POST');
gone($_, 'is tagged') for '/x', '/l2/x';
gone('/z', 'is named');
kept('/y', 'has another');
get('/order?of=b,c', method => 'POST', app => 'status=409');
kept('/y', 'after a write that was refused');
get('/order?of=b,c', method => 'POST');
gone('/y', 'is tagged');


=== a write where nothing is cached names tags of every zone
--- uses: redis app
--- steps
prime();
cache($_, 'user-7') for '/x', '/other/x';
cache('/y', 'user-8');
get('/outside?uid=7', method => 'POST');
gone($_, 'is tagged') for '/x', '/other/x';
kept('/y', 'has another');


=== a bad tag of a write is left out, with a word in the log
--- uses: redis app
--- may_log
hc: "\$arg_of" of hc_invalidate has too many names
--- steps
prime();
cache('/x', 'a');
my $long = 'x' x 1025;
is(get("/order?of=$long,a", method => 'POST')->{code}, 200, 'passed');
gone('/x', 'has the good one');
like(error_log_text(), qr/of hc_invalidate has too many names or a bad one/,
     'said');


=== without a purge a slow fill with tags is a hit
--- uses: redis app
--- steps
prime();
purge('else');
for my $uri ('/x', '/l1/x', '/l2/x') {
    finish_fill(begin_fill($uri, 'header=Cache-Tag:a_b'));
    ok(wait_until(sub { get($uri)->{cache} eq 'HIT' }), "$uri is a HIT");
}


=== a fill that a PURGE of its tag overtook is not stored in L1
--- uses: redis app
--- steps
prime();
my ($x, $y) = (begin_fill('/l1/x', 'header=Cache-Tag:a_b'),
               begin_fill('/l1/y', 'header=Cache-Tag:c'));
is(purge('b')->{code}, 204, 'purged');
my $got = finish_fill($x);
is("$got->{code} $got->{reason}", '200 fenced', 'it answers its client');
finish_fill($y);
gone('/l1/x', 'had the tag');
kept('/l1/x', 'is stored then');
kept('/l1/y', 'had another');


=== nor in L2
--- uses: redis app
--- steps
prime();
my ($x, $y) = (begin_fill('/l2/x', 'header=Cache-Tag:a_b'),
               begin_fill('/l2/y', 'header=Cache-Tag:c'));
is(purge('b')->{code}, 204, 'purged');
is(finish_fill($x)->{reason}, 'fenced', 'it answers its client');
finish_fill($y);
gone('/l2/x', 'had the tag');
ok(wait_until(sub { get('/l2/x')->{tier} eq 'L2' }), 'then it is stored');
kept('/l2/y', 'had another');


=== nor in L2 when another node has purged it
--- uses: redis app
--- steps
prime();
my $port = start_node();
my ($x, $y) = (begin_fill('/l2/x', 'header=Cache-Tag:a_b'),
               begin_fill('/l2/y', 'header=Cache-Tag:c'));
is(purge('b', port => $port)->{code}, 204, 'purged');
finish_fill($_) for $x, $y;
ok(l2_stored($redis, 2), 'both were put');
gone('/l2/x', 'had the tag');
kept('/l2/y', 'had another');


=== what is purged between the end of a fill and its client's is gone
--- uses: redis app
--- steps
prime();
finish_fill(begin_fill('/x', 'header=Cache-Tag:a'));
purge('a');
gone('/x', 'had the tag');


=== an answer read from L2 while its tag is purged does not stay in L1
--- uses: redis slow app
--- http_config eval: $main::late
--- steps
prime();
cache('/x', 'a');
nginx_restart();
$slow->delay(0.3);
my $n = versions_read();
my $get = send_get('/x');
ok(wait_until(sub { versions_read() == $n + 2 }), 'Redis has told all');
my $purge = send_get('/any', method => 'PURGE',
                     headers => "X-Purge: 1\r\nX-Purge-Tag: a\r\n");
is(read_answer($get)->{tier}, 'L2', 'it was read before');
is(read_answer($purge)->{code}, 204, 'purged');
$slow->delay(0);
gone('/x', 'from L1 and L2');


=== one that was purged before its own versions were read is a miss
--- uses: redis slow app
--- http_config eval: $main::late
--- steps
prime();
cache('/x', 'a');
nginx_restart();
$slow->delay(0.3);
my $n = versions_read();
my $get = send_get('/x', app => 'header=Cache-Tag:a');
ok(wait_until(sub { versions_read() == $n + 1 }), 'L2 is asked');
my $purge = send_get('/any', method => 'PURGE',
                     headers => "X-Purge: 1\r\nX-Purge-Tag: a\r\n");
is(read_answer($get)->{cache}, 'MISS', 'not believed');
is(read_answer($purge)->{code}, 204, 'purged');
$slow->delay(0);
gone('/x', 'was not stored, its fill began before');


=== a stale answer that was purged by its tag does not stand in
--- uses: redis app
--- steps
prime();
get('/stale/x', app => 'header=Cache-Tag:a');
ok(wait_until(sub { get('/stale/x', app => 'status=500')->{cache} eq 'STALE' }),
   'it does before');
purge('a');
is(get('/stale/x', app => 'status=500')->{code}, 500, 'not from L1');
nginx_restart();
is(get('/stale/x', app => 'status=500')->{code}, 500, 'nor from L2');


=== a Redis that is down is told of the tag before it is read again
--- uses: redis app
--- http_config eval: $main::impatient
--- steps
prime();
cache('/l2/x', 'a');
prime();
redis_freeze($redis);
is(purge('a')->{code}, 204, 'purged');
is(status_of(l2 => 'untold'), 1, 'but not told');
redis_thaw($redis);
my (%seen, $got);
ok(wait_until(sub {
    $got = get('/l2/x', app => 'header=Cache-Tag:a');
    $seen{$1}++ if $got->{body} =~ /^value=(\d+)/;
    $got->{tier} eq 'L2';
}, 8), 'it is in L2 again');
is(join(',', keys %seen), 2, 'what it held was never believed');


=== both workers forget
--- uses: redis app
--- steps
prime();
cache('/x', 'a');
my $n = grep { $_ eq 'GET /x' } $app->requests;
purge('a');
get('/x') for 1 .. 40;
is(scalar(grep { $_ eq 'GET /x' } $app->requests), $n + 1, 'one fill');


=== tags are purged and filled in any order without an older value
--- uses: redis app
--- timeout: 20
--- steps
prime();
my ($seen, $wrong, $hits) = (0, 0, 0);
my $end = Time::HiRes::time() + 3;
srand 7;
while (Time::HiRes::time() < $end) {
    my @open = map { send_get('/x', app => 'header=Cache-Tag:a_b delay='
                                           . rand 0.03) } 1 .. 4;
    my $write = send_get('/order?of=b', method => 'POST',
                         app => 'delay=' . rand 0.02);
    $write = read_answer($write);
    my ($new) = $write->{body} =~ /value=(\d+)/;
    $seen = $new if $new > $seen;
    for (1 .. 3) {
        my $got = get('/x', app => 'header=Cache-Tag:a_b');
        my ($value) = $got->{body} =~ /value=(\d+)/;
        $wrong++ if $value < $seen;
        $hits++ if $got->{cache} eq 'HIT';
    }
    read_answer($_) for @open;
}
is($wrong, 0, 'no answer was older than a write that had ended');
cmp_ok($hits, '>', 20, 'hits');
