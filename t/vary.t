# Vary: answers that the app chose by fields of the request (RFC 9111, 4.1).

# where nobody asks for it, nobody is there
BEGIN { $ENV{TEST_NGINX_REDIS_PORT} ||= 1 }

use HC;
use HC::Steps;

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
        hc_cache_valid 200 60s;
        hc_cache_purge $http_purge tag=$http_surrogate_key;
        hc_cache_tag $upstream_http_surrogate_key;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /ignored {
        hc_cache_valid 200 60s;
        hc_ignore_headers Vary;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /set {
        hc_cache_valid 200 60s;
        proxy_set_header X-User $arg_user;
        proxy_set_header X-Same $http_x_same;
        hc_cache_key set;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /cookies {
        hc_cache_valid 200 60s;
        hc_cache_cookies ignore;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /coded {
        hc_cache_valid 200 60s;
        hc_cache_accept_encoding br gzip;
        gzip on;
        gzip_min_length 1;
        gzip_types text/plain;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /zipped {
        hc_cache_valid 200 60s;
        gzip on;
        gzip_min_length 1;
        gzip_types text/plain;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location /l2 {
        hc_cache_valid 200 60s;
        hc_cache_l2 shared;
        hc_cache_purge $http_purge;
        proxy_pass http://127.0.0.1:$TEST_NGINX_APP_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_


# asks with these fields of the client, and as the app is to answer: its status
# in the cache and the body

sub ask {
    my ($uri, $fields, $words) = @_;

    my $got = get($uri, headers => join('', map { "$_\r\n" } @$fields),
                  app => $words || 'body=new');

    return "$got->{cache} $got->{body}" =~ s/\n\z//r;
}

sub lang { return "body=$_[0] header=Vary:Accept-Language" }


plan('no_plan');
run_tests();

__DATA__

=== each value of the field has an answer of its own
--- uses: app
--- steps
is(ask('/x', ['Accept-Language: de'], lang('hallo')), 'MISS hallo', 'one');
is(ask('/x', ['Accept-Language: en'], lang('hello')), 'MISS hello', 'another');
is(ask('/x', ['Accept-Language: de']), 'HIT hallo', 'the one');
is(ask('/x', ['Accept-Language: en']), 'HIT hello', 'the other');


=== a field that is absent is only like one that is absent
--- uses: app
--- steps
is(ask('/x', [], lang('none')), 'MISS none', 'absent');
is(ask('/x', ['Accept-Language:'], lang('empty')), 'MISS empty', 'empty');
is(ask('/x', ['Accept-Language: de'], lang('hallo')), 'MISS hallo', 'there');
is(ask('/x', []), 'HIT none', 'absent again');
is(ask('/x', ['Accept-Language: de']), 'HIT hallo', 'there again');


=== what proxy_set_header says in the client's place is not to be told apart
--- uses: app
--- steps
is(ask('/set?user=a', [], 'body=a header=Vary:X-User'), 'MISS a', 'one');
is(ask('/set?user=b', [], 'body=b header=Vary:X-User'), 'MISS b', 'another');
is(get('/set?user=b', app => 'body=c header=Vary:X-User')->{reason}, 'vary', 'why');


=== what proxy_set_header says as the client did is told apart
--- uses: app
--- steps
is(ask('/set', ['X-Same: 1'], 'body=a header=Vary:X-Same'), 'MISS a', 'one');
is(ask('/set', ['X-Same: 2'], 'body=b header=Vary:X-Same'), 'MISS b', 'another');
is(ask('/set', ['X-Same: 1']), 'HIT a', 'the one');
is(ask('/set', ['X-Same: 2']), 'HIT b', 'the other');


=== what means the same has one answer
--- uses: app
--- steps
is(ask('/x', ['Accept-Language: de;q=0.8, en'], lang('a')), 'MISS a', 'first');
is(ask('/x', ['Accept-Language: en,de;q=0.8']), 'HIT a', 'blanks and order');
is(ask('/x', ['Accept-Language: EN, DE; q=0.800']), 'HIT a', 'case');
is(ask('/x', ['Accept-Language: en', 'Accept-Language: de;q=0.8']), 'HIT a', 'lines');
is(ask('/x', ['Accept-Language: en, de;q=0.7'], lang('b')), 'MISS b', 'another weight');


=== fields that the app names only later tell apart, too
--- uses: app
--- steps
is(ask('/x', ['X-A: 1', 'X-B: 1'], 'body=one header=Vary:X-A'), 'MISS one', 'by one');
is(ask('/x', ['X-A: 1', 'X-B: 2']), 'HIT one', 'the other says nothing');
is(ask('/x', ['X-A: 2', 'X-B: 1'], 'body=two header=Vary:X-B'), 'MISS two', 'by the other');
is(ask('/x', ['X-A: 2', 'X-B: 1']), 'HIT two', 'that one');
is(ask('/x', ['X-A: 2', 'X-B: 2'], 'body=three header=Vary:X-A'), 'MISS three', 'by both');
is(ask('/x', ['X-A: 2', 'X-B: 1']), 'HIT two', 'that one still');


=== an answer without Vary among those with it is for its like alone
--- uses: app
--- steps
is(ask('/x', ['Accept-Language: de'], lang('hallo')), 'MISS hallo', 'with');
is(ask('/x', ['Accept-Language: en'], 'body=plain'), 'MISS plain', 'without');
is(ask('/x', ['Accept-Language: fr'], lang('salut')), 'MISS salut', 'with');
is(ask('/x', ['Accept-Language: en']), 'HIT plain', 'the plain one');
is(ask('/x', ['Accept-Language: de']), 'HIT hallo', 'the first one');


=== Vary in an answer that replaces one without it
--- uses: app
--- steps
is(ask('/x', ['Accept-Language: de'], 'body=plain header=Cache-Control:max-age=1'),
   'MISS plain', 'without');
ok(wait_until(sub { ask('/x', ['Accept-Language: de'], lang('hallo')) =~ /hallo/ }), 'with');
is(ask('/x', ['Accept-Language: en'], lang('hello')), 'MISS hello', 'another');
is(ask('/x', ['Accept-Language: de']), 'HIT hallo', 'the one');


=== of more than 32 variants the one longest not asked for is gone
--- uses: app
--- steps
ask('/x', ["X-A: $_"], "body=$_ header=Vary:X-A") for 1 .. 40;
is(ask('/x', ["X-A: $_"]), "HIT $_", 'there') for 9 .. 40;
cmp_ok(status_of(zones => 'entries'), '<=', 33, 'no more are kept');
is(ask('/x', ['X-A: 1'], 'body=again header=Vary:X-A'), 'MISS again', 'gone');


=== fields too long for a key are not stored, and others are
--- uses: app
--- steps
my $long = 'X-A: ' . 'a' x 5000;
is(ask('/x', [$long], 'body=long header=Vary:X-A'), 'MISS long', 'asked');
is(ask('/x', [$long], 'body=long2 header=Vary:X-A'), 'MISS long2', 'asked again');
is(ask('/x', ['X-A: 1'], 'body=one header=Vary:X-A'), 'MISS one', 'another');
is(ask('/x', ['X-A: 1']), 'HIT one', 'is stored');
is(ask('/x', [$long], 'body=long3 header=Vary:X-A'), 'MISS long3', 'still asked');


=== a purge of the key forgets every variant
--- uses: app
--- steps
ask('/x', ["X-A: $_"], "body=$_ header=Vary:X-A") for 1 .. 3;
is(get('/x', method => 'PURGE', headers => "Purge: 1\r\n")->{code}, 204, 'purged');
is(ask('/x', ["X-A: $_"], "body=new$_ header=Vary:X-A"), "MISS new$_", 'gone') for 1 .. 3;
is(ask('/x', ["X-A: $_"]), "HIT new$_", 'and here again') for 1 .. 3;


=== a purge of a tag forgets the variants that have it
--- uses: app
--- steps
ask('/x', ['X-A: 1'], 'body=1 header=Vary:X-A header=Surrogate-Key:red');
ask('/x', ['X-A: 2'], 'body=2 header=Vary:X-A header=Surrogate-Key:blue');
get('/x', method => 'PURGE', headers => "Purge: 1\r\nSurrogate-Key: red\r\n");
is(ask('/x', ['X-A: 1'], 'body=new header=Vary:X-A'), 'MISS new', 'red');
is(ask('/x', ['X-A: 2']), 'HIT 2', 'blue');


=== a write forgets every variant
--- uses: app
--- steps
ask('/x', ["X-A: $_"], "body=$_ header=Vary:X-A") for 1 .. 3;
is(get('/x', method => 'POST', headers => "X-A: 1\r\n")->{code}, 200, 'written');
is(ask('/x', ["X-A: $_"], "body=new$_ header=Vary:X-A"), "MISS new$_", 'gone') for 1 .. 3;


=== Vary: * is not stored
--- uses: app
--- steps
is(ask('/x', [], 'body=1 header=Vary:*'), 'MISS 1', 'asked');
is(ask('/x', [], 'body=2 header=Vary:*'), 'MISS 2', 'asked again');
is(get('/x', app => 'header=Vary:*')->{reason}, 'vary', 'why');


=== an answer may be chosen by a cookie
--- uses: app
--- steps
my @words = map { "body=$_ header=Vary:Cookie" } 'a', 'b';
is(ask('/cookies', ['Cookie: theme=a'], $words[0]), 'MISS a', 'one');
is(ask('/cookies', ['Cookie: theme=b'], $words[1]), 'MISS b', 'another');
is(ask('/cookies', ['Cookie: theme=a']), 'HIT a', 'the one');
is(ask('/cookies', ['Cookie: theme=b']), 'HIT b', 'the other');
is(ask('/cookies', [], 'body=none header=Vary:Cookie'), 'MISS none', 'nor without');


=== hc_ignore_headers Vary: there is one answer for all
--- uses: app
--- steps
is(ask('/ignored', ['Accept-Language: de'], lang('hallo')), 'MISS hallo', 'stored');
is(ask('/ignored', ['Accept-Language: en']), 'HIT hallo', 'for another');
is(get('/ignored')->{headers}{vary}, 'Accept-Language', 'clients are told');


=== hc_ignore_headers Vary: one of * is stored
--- uses: app
--- steps
is(ask('/ignored', [], 'body=one header=Vary:*'), 'MISS one', 'stored');
is(ask('/ignored', []), 'HIT one', 'given');


=== a stale variant is confirmed as itself
--- uses: app
--- steps
my $aged = 'header=Vary:X-A header=Cache-Control:max-age=0';
ask('/x', ['X-A: 1'], qq(body=one $aged header=ETag:"one"));
ask('/x', ['X-A: 2'], qq(body=two $aged header=ETag:"two"));
my $fresh = 'status=304 header=Vary:X-A header=Cache-Control:max-age=60';
is(ask('/x', ['X-A: 1'], $fresh), 'REVALIDATED one', 'one');
like(($app->seen)[-1], qr/^If-None-Match: "one"\r?$/m, 'by its tag');
is(ask('/x', ['X-A: 2'], $fresh), 'REVALIDATED two', 'the other');
is(ask('/x', ['X-A: 1']), 'HIT one', 'the one');


=== a stale variant is given when the app fails, and no other
--- uses: app
--- steps
my $aged = 'header=Vary:X-A header=Cache-Control:max-age=0 header=ETag:"x"';
ask('/x', ['X-A: 1'], "body=one $aged");
is(ask('/x', ['X-A: 1'], 'status=500'), 'STALE one', 'its own');
is(get('/x', headers => "X-A: 2\r\n", app => 'status=500')->{code}, 500, 'not for another');


=== without hc_cache_accept_encoding the app is asked for no coding, and nginx codes
--- uses: app
--- steps
is(ask('/zipped', [], 'body=text header=Vary:Accept-Encoding'), 'MISS text', 'plain');
unlike(($app->seen)[-1], qr/^Accept-Encoding/mi, 'asked for none');
my $got = get('/zipped', headers => "Accept-Encoding: gzip\r\n");
is("$got->{cache} $got->{headers}{'content-encoding'}", 'HIT gzip', 'one entry');
is(ask('/zipped', []), 'HIT text', 'for all');


=== hc_cache_accept_encoding: each set of codings has an answer of its own
--- uses: app
--- steps
my $vary = 'header=Vary:Accept-Encoding';
is(ask('/coded', ['Accept-Encoding: gzip'], "body=GZ $vary header=Content-Encoding:gzip"),
   'MISS GZ', 'gzip');
like(($app->seen)[-1], qr/^Accept-Encoding: gzip\r?$/m, 'asked for');
is(ask('/coded', [], "body=plain $vary"), 'MISS plain', 'none');
unlike(($app->seen)[-1], qr/^Accept-Encoding/mi, 'nothing asked for');
is(ask('/coded', ['Accept-Encoding: deflate, gzip;q=0.5']), 'HIT GZ', 'gzip, not coded twice');
is(ask('/coded', ['Accept-Encoding: gzip;q=0']), 'HIT plain', 'none');
is(ask('/coded', ['Accept-Encoding: gzip, br'], "body=BR $vary header=Content-Encoding:br"),
   'MISS BR', 'both');
like(($app->seen)[-1], qr/^Accept-Encoding: br, ?gzip\r?$/m, 'asked for');
is(get('/coded', headers => "Accept-Encoding: gzip\r\n")->{headers}{'content-encoding'}, 'gzip',
   'it says so');


=== hc_cache_accept_encoding: an answer that does not vary is for all
--- uses: app
--- steps
is(ask('/coded', ['Accept-Encoding: br'], 'body=plain'), 'MISS plain', 'stored');
is(ask('/coded', []), 'HIT plain', 'for another');


=== hc_cache_accept_encoding: an encoded answer varies though it does not say so
--- uses: app
--- steps
is(ask('/coded', ['Accept-Encoding: br'], 'body=BR header=Content-Encoding:br'), 'MISS BR', 'stored');
is(ask('/coded', [], 'body=plain'), 'MISS plain', 'not for those who do not take it');
is(ask('/coded', ['Accept-Encoding: br']), 'HIT BR', 'for those who do');


=== a second nginx finds each variant in Redis
--- uses: app redis
--- steps
is(ask('/l2', ["X-A: $_"], "body=$_ header=Vary:X-A"), "MISS $_", 'stored') for 1 .. 3;
ok(l2_stored($redis, 4), 'three and their index');
nginx_restart();
for (2, 1, 3) {
    my $got = get('/l2', headers => "X-A: $_\r\n", app => 'body=new');
    is("$got->{cache} $got->{tier} $got->{body}", "HIT L2 $_\n", 'found');
    $got = get('/l2', headers => "X-A: $_\r\n", app => 'body=new');
    is("$got->{cache} $got->{tier} $got->{body}", "HIT L1 $_\n", 'and kept');
}
is(ask('/l2', ['X-A: 4'], 'body=4 header=Vary:X-A'), 'MISS 4', 'others are not there');


=== a purge forgets every variant in Redis
--- uses: app redis
--- steps
ask('/l2', ["X-A: $_"], "body=$_ header=Vary:X-A") for 1, 2;
ok(l2_stored($redis, 3), 'stored');
is(get('/l2', method => 'PURGE', headers => "Purge: 1\r\n")->{code}, 204, 'purged');
nginx_restart();
is(ask('/l2', ["X-A: $_"], "body=new$_ header=Vary:X-A"), "MISS new$_", 'gone') for 1, 2;
