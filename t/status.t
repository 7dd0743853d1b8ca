# hc_status: JSON for programs, in which every counter of the source stands and
# moves when what it counts happens.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::App;
use HC::Client;
use HC::Nginx;

use File::Basename qw(dirname);
use JSON::PP ();


my $app = HC::App->start;
my $redis = HC::redis_start();

my $nginx = HC::Nginx->start(APP => $app->port, REDIS => $redis->{port},
                             http => <<'END');
    hc_zone zone=pages:1m;
    hc_zone "zone=a\"b\\c:1m";
    hc_l2 shared {
        server redis://127.0.0.1:%REDIS%;
        timeout 2s;
        connect_timeout 2s;
    }

    add_header X-Cache $hc_cache_status always;
    proxy_read_timeout 20s;

    server {
        listen 127.0.0.1:%PORT% sndbuf=16k;

        hc_cache pages;
        hc_cache_valid 200 1m;

        location / { proxy_pass http://127.0.0.1:%APP%; }

        location /short {
            hc_cache_valid 200 300ms;
            hc_cache_stale 1m;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /brief {
            hc_cache_valid 200 300ms;
            hc_cache_stale 0;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /purge {
            hc_cache_purge 1;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /l2 {
            hc_cache_l2 shared;
            hc_cache_l1_ttl 0;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location = /status { hc_cache off; hc_status; }
        location = /closed { hc_cache off; hc_status; deny all; }
    }
END

# a forgotten reader is nginx's to log, not ours
my $client = HC::Client->new($nginx->port);


sub get {
    my ($uri) = @_;

    my $answer = $client->get($uri) || { head => '', status => 0, body => '' };
    my ($cache) = $answer->{head} =~ /^X-Cache: (\w+)/m;

    return $cache || '';
}


sub zone { return $nginx->zone('pages')->{$_[0]} }
sub l2 { return $nginx->status->{l2}{shared}{$_[0]} }


# moves($get, $counter, $by, $name, sub { ... }): what the sub does moves it by
# so much, or by anything if $by is undef; in a while, since a store in L2 ends
# after the answer.

sub moves {
    my ($get, $counter, $by, $name, $does) = @_;

    my $before = $get->($counter);
    $does->();

    my $moved = HC::wait_until(sub {
        my $now = $get->($counter) - $before;
        return defined $by ? $now == $by : $now > 0;
    });

    ok($moved, $name)
        or diag("$counter was $before and is " . $get->($counter));
}


sub l2_key {
    my $reply = HC::redis_command($redis, 'EVAL',
        "return redis.call('keys', 'hc:1:*')[1]", 0);

    return $reply =~ /^\$\d+\r\n(.*)\r\n/s ? $1 : '';
}


sub l2_value {
    my $reply = HC::redis_command($redis, 'GET', l2_key());

    return $reply =~ /^\$\d+\r\n(.*)\r\n\z/s ? $1 : '';
}


# --- what it looks like ------------------------------------------------------

{
    my $answer = $client->get('/status');

    is($answer->{status}, 200, 'hc_status answers');
    like($answer->{head}, qr{^Content-Type: application/json\r$}m,
         'hc_status says that it is JSON');

    my $all = eval { JSON::PP->new->decode($answer->{body}) };
    is(ref $all, 'HASH', 'hc_status is JSON');
    is_deeply([sort keys %{ $all->{zones} }], ['a"b\\c', 'pages'],
              'every zone is there, by its name, whatever is in it');
    is_deeply([keys %{ $all->{l2} }], ['shared'], 'every store is there');
    is($all->{l2}{shared}{server}, "redis://127.0.0.1:$redis->{port}",
       'a store says which server it is');
    is($all->{zones}{pages}{size}, 1024 * 1024, 'a zone says its size');
    is($all->{zones}{pages}{max_object}, 128 * 1024,
       'a zone says its max_object');
    is($all->{zones}{pages}{workers}, 2, 'a zone says how many workers use it');

    my $source = HC::Nginx::_read(dirname($INC{'HC.pm'})
                                  . '/../../src/base/hc_counters.h');

    my %rows;
    while ($source =~ /#define HC_(L[12])_(?:COUNTERS|GAUGES)\(row\)(.*?)\n\n/gs)
    {
        my ($tier, $text) = ($1, $2);
        push @{ $rows{$tier} }, $text =~ /row\((\w+),/g;
    }

    cmp_ok(scalar @{ $rows{L1} }, '>=', 18, 'the source has counters of L1');
    is_deeply([grep { !defined $all->{zones}{pages}{$_} } @{ $rows{L1} }], [],
              'every counter of L1 is in hc_status');
    is_deeply([grep { !defined $all->{l2}{shared}{$_} } @{ $rows{L2} }], [],
              'every counter of L2 is in hc_status');
}

{
    my $head = $client->ask('HEAD', '/status');

    is($head->{status}, 200, 'HEAD of hc_status is answered');
    like($head->{head}, qr/^Content-Length: [1-9]/m,
         'HEAD of hc_status says how long it is');

    is($client->ask('POST', '/status')->{status}, 405,
       'POST to hc_status is refused');
    is($client->ask('DELETE', '/status')->{status}, 405,
       'DELETE of hc_status is refused');
    is($client->get('/closed')->{status}, 403,
       'access rules hold for hc_status');
}


# --- L1 ----------------------------------------------------------------------

moves(\&zone, 'misses', 1, 'a page that is not known is a miss',
      sub { get('/a') });
is(zone('stores'), 1, 'it was stored');
is(zone('entries'), 1, 'it is an entry');
cmp_ok(zone('bytes'), '>=', 200, 'it takes as many bytes as its body has');

moves(\&zone, 'hits', 1, 'a page that is known is a hit', sub { get('/a') });
is(zone('stores'), 1, 'a hit stores nothing');

moves(\&zone, 'too_large', 1, 'a page above max_object is too large',
      sub { get('/large?size=200000') });
is(zone('entries'), 1, 'and is not stored');

moves(\&zone, 'invalidated', 1, 'a page found after a write is counted so',
      sub { $client->ask('POST', '/a'); get('/a') });

moves(\&zone, 'deletes', 1, 'a purged page is deleted',
      sub { get('/purge'); $client->ask('PURGE', '/purge') });

moves(\&zone, 'stale', undef, 'a page past its time is stale', sub {
    get('/short');
    HC::wait_until(sub { get('/short') ne 'HIT' });
});

moves(\&zone, 'replaced', undef, 'a stale page is replaced by a new one', sub {
    HC::wait_until(sub { get('/short') eq 'EXPIRED' });
});

moves(\&zone, 'expired', undef, 'a page that may not be stale is removed', sub {
    get('/brief');
    HC::wait_until(sub { get('/brief') ne 'HIT' });
});

moves(\&zone, 'fenced', 1, 'a fill that began before a write is fenced', sub {
    my $slow = HC::Client->new($nginx->port);
    my $before = $app->count(qr{^/fence});

    $slow->send('GET', '/fence?hold=1');
    HC::wait_until(sub { $app->count(qr{^/fence}) > $before });
    $client->ask('POST', '/fence?hold=1');
    $app->release;
    $slow->answer('GET');
    $app->hold_again;
});

moves(\&zone, 'evictions', undef, 'a full zone evicts', sub {
    get("/many/$_?size=100000") for 1 .. 20;
});

cmp_ok(zone('bytes'), '<=', 1024 * 1024, 'entries never take more than the zone');
cmp_ok(zone('entries'), '>=', 1, 'and there are some');


# --- pins --------------------------------------------------------------------

{
    my $uri = '/pinned?size=120000';

    get($uri);
    is(get($uri), 'HIT', 'a large page is a hit');

    my @slow = map { HC::Client->new($nginx->port, rcvbuf => 4096) } 1 .. 6;
    my $copied = zone('copied');

    $slow[0]->send('GET', $uri);

    ok(HC::wait_until(sub { zone('pinned') == 1 }),
       'a hit that is being sent is pinned');
    cmp_ok(zone('pinned_bytes'), '>=', 120000, 'all of its bytes are');

    $_->send('GET', $uri) for @slow[1 .. 5];

    ok(HC::wait_until(sub { zone('copied') > $copied }),
       'hits beyond the share of a worker are copied');

    is(scalar(grep {
           my $answer = $_->answer('GET');
           $answer && HC::App::version_of($answer->{body}, $uri);
       } @slow), 6, 'all of the slow readers get all of it');

    ok(HC::wait_until(sub { zone('pinned') == 0 }),
       'nothing is pinned when nothing is being sent');
    is(zone('pinned_bytes'), 0, 'and no bytes are');
}

is(zone('resets'), 0, 'no shard was reset');
is(zone('no_memory'), 0, 'there was always room');


# --- L2 ----------------------------------------------------------------------

moves(\&l2, 'stores', 1, 'a new page is stored in L2',
      sub { get('/l2/a') });
is(l2('gets'), 1, 'L2 was asked for it first');
is(l2('misses'), 1, 'it was a miss');
is(l2('puts'), 1, 'one store was asked');
cmp_ok(l2('connects'), '>=', 1, 'a connection was made');
cmp_ok(l2('connections'), '>=', 1, 'connections are open');

moves(\&l2, 'hits', 1, 'L2 has a page', sub { get('/l2/a') });

my $old = l2_value();
cmp_ok(length $old, '>', 200, 'its value is in Redis');

moves(\&l2, 'bad_values', 1, 'a damaged value is counted', sub {
    my $bad = $old;
    substr($bad, 100, 1) ^= "\x01";
    HC::redis_command($redis, 'SET', l2_key(), $bad);
    get('/l2/a');
});

# the frame is magic, format version, ...: four bytes each

moves(\&l2, 'other_version', 1, 'a value of another format is counted', sub {
    HC::wait_until(sub { l2('stores') == 2 });

    my $other = l2_value();
    substr($other, 4, 1) = "\x7f";
    HC::redis_command($redis, 'SET', l2_key(), $other);
    get('/l2/a');
});

moves(\&l2, 'invalidations', 1, 'a write invalidates in L2', sub {
    HC::wait_until(sub { l2('stores') == 3 });
    $old = l2_value();
    $client->ask('POST', '/l2/a');
});

moves(\&l2, 'stale_fence', 1, 'a value from before a write is refused', sub {
    HC::redis_command($redis, 'SET', l2_key(), $old);
    get('/l2/a');
});

moves(\&l2, 'errors', undef, 'an error of Redis is counted', sub {
    HC::redis_command($redis, 'CONFIG', 'SET', 'maxmemory', 1);
    get('/l2/b');
});
HC::redis_command($redis, 'CONFIG', 'SET', 'maxmemory', 0);

{
    HC::redis_freeze($redis);

    my $slow = HC::Client->new($nginx->port);
    my $timeouts = l2('timeouts');
    my $untold = l2('untold');

    $slow->send('GET', '/l2/c');
    ok(HC::wait_until(sub { l2('in_flight') > 0 }),
       'an operation that waits is in flight');
    ok(HC::wait_until(sub { l2('timeouts') > $timeouts }),
       'an answer that does not come is a timeout');
    ok($slow->answer('GET'), 'the client is answered');

    $client->ask('POST', '/l2/c');
    ok(HC::wait_until(sub { l2('untold') > $untold }),
       'an invalidation that is not acknowledged is untold');

    HC::redis_thaw($redis);
}

ok(HC::wait_until(sub { l2('in_flight') == 0 }),
   'nothing is in flight when nothing waits');

moves(\&l2, 'failures', undef, 'a server that is gone is a failure', sub {
    HC::redis_stop($redis);
    get('/l2/gone');
});

get('/a');
is(get('/a'), 'HIT', 'L1 answers all the while');

$nginx->done;
done_testing();

