# Reloads: clients notice nothing, pages stay, and what is changed in the
# configuration holds from then on.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::App;
use HC::Client;
use HC::Nginx;

use Time::HiRes qw(sleep time);

use constant RELOADS => 10;
use constant PAGES => 20;


my $app = HC::App->start;
my $redis = HC::redis_start();
my $slow_port = HC::free_port();

my $ZONE = 'hc_zone zone=pages:16m max_object=1m;';

my $REST = <<'END';
    hc_l2 shared { server redis://127.0.0.1:%REDIS%;
                   timeout 20s; connect_timeout 20s; }

    add_header X-Cache $hc_cache_status;
    add_header X-Tier $hc_cache_tier;
    add_header X-Pid $pid;

    server {
        listen 127.0.0.1:%PORT%;
        listen 127.0.0.1:%SLOW% sndbuf=16k;

        location / {
            hc_cache pages;
            hc_cache_valid 200 10m;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /short {
            hc_cache pages;
            hc_cache_valid 200 500ms;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /l2 {
            hc_cache pages;
            hc_cache_l2 shared;
            hc_cache_valid 200 10m;
            hc_cache_l1_ttl 0;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location = /plain { return 200 "one /plain\n"; }
        location = /status { hc_status; }
    }
END

my $nginx = HC::Nginx->start(APP => $app->port, REDIS => $redis->{port},
                             SLOW => $slow_port, http => $ZONE . $REST);


sub get {
    my ($uri) = @_;

    my $answer = HC::Client->new($nginx->port)->get($uri)
                 || { status => 0, head => '', body => '' };

    $answer->{cache} = $answer->{head} =~ /^X-Cache: (\w+)/m ? $1 : '';
    $answer->{tier} = $answer->{head} =~ /^X-Tier: (\w+)/m ? $1 : '';

    return $answer;
}


sub redis_info {
    my ($name) = @_;

    my $info = HC::redis_command($redis, 'INFO');

    return $info =~ /^$name:(\d+)/m ? $1 : undef;
}


# --- under load --------------------------------------------------------------

# one(client) asks for something and says whether the answer was right.

my %ASKS = (
    kept  => sub { "/kept/$_[0]?size=" . $_[0] * 1000 },
    short => sub { "/short/$_[0]" },
    l2    => sub { "/l2/$_[0]" },
    plain => sub { '/plain' },
);


sub right {
    my ($kind, $uri, $answer) = @_;

    return 0 if !$answer || $answer->{status} != 200;
    return $answer->{body} eq "one /plain\n" if $kind eq 'plain';
    return 0 if !HC::App::version_of($answer->{body}, $uri);

    return $kind eq 'short' || $answer->{head} =~ /^X-Cache: HIT/m;
}


# Counts, of each kind, the right answers, the wrong or missing ones, and those
# that never began because their kept connection was closed.

sub load {
    my ($number, $keep, $until) = @_;

    my $client = HC::Client->new($nginx->port, keep => $keep);
    my %n = map { ("$_ good" => 0, "$_ bad" => 0, "$_ dropped" => 0) }
                keys %ASKS;
    my @kinds = sort keys %ASKS;

    srand $number;

    for (my $i = 0; time() < $until || $i < 160; $i++) {
        last if time() > $until + 60;

        my $kind = $kinds[$i % @kinds];
        my $uri = $ASKS{$kind}->(1 + int rand PAGES);
        my $answer = $client->get($uri);

        my $how = right($kind, $uri, $answer) ? 'good'
                  : !$answer && $client->dropped ? 'dropped' : 'bad';

        $n{"$kind $how"}++;
    }

    return \%n;
}


{
    for my $n (1 .. PAGES) {
        get($ASKS{$_}->($n)) for qw(kept l2);
    }

    ok(HC::wait_until(sub {
           $nginx->status->{l2}{shared}{stores} == PAGES
       }), 'pages are in L1 and in L2');

    my $until = time() + RELOADS + 1.5;
    my $in_time = 0;

    my @got = HC::Client->crowd(6, sub {
        my ($number) = @_;
        return load($number, $number > 3, $until);

    }, while => sub {
        for my $n (1 .. RELOADS) {
            my $began = time();
            $in_time++ if $nginx->reload;
            sleep 1 - (time() - $began) if time() - $began < 1;
        }
    });

    my (%close, %keep);
    for my $i (0 .. 5) {
        my $sum = $i < 3 ? \%close : \%keep;
        $sum->{$_} += $got[$i]{$_} for keys %{ $got[$i] };
    }

    is($in_time, RELOADS, 'each reload brought new workers');
    is(scalar(grep { defined } @got), 6, 'all clients came to the end');

    for my $kind (sort keys %ASKS) {
        cmp_ok($close{"$kind good"}, '>', 100, "there was load ($kind)");
        is($close{"$kind bad"} + $close{"$kind dropped"}, 0,
           "no request with Connection: close failed ($kind)");
    }

    for my $kind (sort keys %ASKS) {
        cmp_ok($keep{"$kind good"}, '>', 100,
               "there was load over kept connections ($kind)");
        is($keep{"$kind bad"}, 0,
           "no answer over a kept connection was wrong or cut ($kind)");
    }

    # a connection may be closed as a request comes by, whatever it asks for;
    # on which of them that falls is chance

    my $dropped = ($keep{'kept dropped'} + $keep{'short dropped'}
                   + $keep{'l2 dropped'}) / 3;

    cmp_ok($dropped, '<=', 2 * $keep{'plain dropped'} + RELOADS,
           'no more connections were dropped than before a plain return');

    note(join ', ', map { "$_ $keep{$_}" } sort keys %keep);

    is($app->count(qr{^/kept}), PAGES,
       'pages in L1 are hits over all reloads');
    is($app->count(qr{^/l2}), PAGES, 'pages in L2 are, too');
    ok($nginx->old_workers_are_gone, 'old workers are gone');

    my $status;
    HC::wait_until(sub {
        $status = $nginx->status;
        return !$status->{zones}{pages}{pinned}
               && !$status->{l2}{shared}{in_flight};
    });

    is($status->{zones}{pages}{workers}, 2, 'none of them holds a slot');
    is($status->{zones}{pages}{pinned}, 0, 'or a pin');
    is($status->{zones}{pages}{resets}, 0, 'no shard was reset');
    is($status->{l2}{shared}{in_flight}, 0, 'nothing is in flight to Redis');
    cmp_ok($status->{l2}{shared}{connections}, '<=', 4,
           'no more connections are counted than are allowed');
    ok(HC::wait_until(sub { redis_info('connected_clients') <= 5 }),
       'no connection of an old worker is left at Redis');
}


# --- what cannot be loaded ---------------------------------------------------

{
    my @workers = $nginx->workers;
    my $connections = redis_info('total_connections_received');

    $nginx->configure(http => "hc_zone zone=pages:0;\n$REST");

    my ($rc, $said) = $nginx->test_configuration;
    is($rc, 1, 'nginx -t refuses a broken configuration');
    like($said, qr/too small, 1m is the least/, 'and says why');

    $nginx->may_log(qr/\[emerg\].*"hc_zone" directive is too small/);

    for my $n (1 .. 5) {
        $nginx->signal('HUP');
        ok(HC::wait_until(sub {
               my @said = $nginx->log =~ /\[emerg\].*too small/g;
               return @said >= $n;
           }), "reload $n of it is refused");
    }

    is_deeply([$nginx->workers], \@workers, 'the workers stay as they are');
    is(get('/kept/1?size=1000')->{cache}, 'HIT', 'and so do the pages');

    $nginx->configure(http => $ZONE . $REST);
    ($rc, $said) = $nginx->test_configuration;
    is($rc, 0, 'nginx -t accepts the good one');
    is(get('/kept/1?size=1000')->{cache}, 'HIT',
       'nginx -t leaves the pages of the running nginx alone');

    # redis_info() itself makes the one
    is(redis_info('total_connections_received'), $connections + 1,
       'neither makes a connection to Redis');
}


# --- other sizes -------------------------------------------------------------

{
    my $uri = '/slow?size=900000';
    my $slow = HC::Client->new($slow_port, rcvbuf => 4096);

    get($uri);
    $slow->send('GET', $uri);
    $slow->more;

    ok($nginx->reload(http => "hc_zone zone=pages:24m max_object=1m;\n$REST"),
       'a reload with a zone of another size');
    is($nginx->zone->{size}, 24 * 1024 * 1024, 'the zone has that size');
    is(get('/kept/1?size=1000')->{cache}, 'HIT', 'and what was in the old');

    my $answer = $slow->answer('GET');
    is($answer && HC::App::version_of($answer->{body}, $uri), 'one',
       'a slow reader of the old zone gets all of its page');
    ok($nginx->old_workers_are_gone, 'then the old worker goes');

    ok($nginx->reload, 'the same once more');
    is(get('/kept/1?size=1000')->{cache}, 'HIT', 'keeps the pages');
}

{
    ok($nginx->reload(http => "hc_zone zone=pages:24m max_object=64k;\n$REST"),
       'a reload with another max_object');
    is($nginx->zone->{max_object}, 64 * 1024, 'the zone has that one');
    is(get('/kept/2?size=2000')->{cache}, 'HIT', 'and what fits of the old');
    get('/large?size=70000');
    is(get('/large?size=70000')->{cache}, 'MISS',
       'what is larger is not stored any more');

    ok($nginx->reload(http => $ZONE . $REST), 'back to the first sizes');
    get('/large?size=70000');
    is(get('/large?size=70000')->{cache}, 'HIT', 'it is stored again');
}

# Versions outlive the zone: a write that an old worker has in hand is known to
# the new ones.

{
    my $uri = '/written?gate=1';
    my $writer = HC::Client->new($nginx->port);

    $writer->send('POST', $uri);
    HC::wait_until(sub { $app->count(qr{^POST /written}) });

    ok($nginx->reload(http => "hc_zone zone=pages:20m max_object=1m;\n$REST"),
       'a reload while an old worker has a write in hand');

    get($uri);
    is(get($uri)->{cache}, 'HIT', 'the new workers store the page');

    $app->set('two');
    $app->release;
    is($writer->answer('POST')->{status}, 200, 'the write ends');

    my $answer = get($uri);
    is(HC::App::version_of($answer->{body}, $uri), 'two',
       'after it the new workers have the new page');
    is(get($uri)->{cache}, 'HIT', 'and store it');
}


# --- zones and stores that come and go ---------------------------------------

{
    (my $without = $REST) =~ s/hc_cache pages;/hc_cache off;/g;
    $without =~ s/hc_cache_l2 shared;//;

    ok($nginx->reload(http => $without), 'a reload without the zone');

    my $before = $app->count(qr{^/kept/3});
    is(get('/kept/3?size=3000')->{status}, 200, 'requests are answered');
    is(get('/kept/3?size=3000')->{cache}, '', 'by the app');
    is($app->count(qr{^/kept/3}), $before + 2, 'each time');
    is_deeply($nginx->status->{zones}, {}, 'there is no zone');

    ok($nginx->reload(http => $ZONE . $REST), 'a reload with it');
    is(get('/kept/3?size=3000')->{cache}, 'MISS', 'it starts empty');
    is(get('/kept/3?size=3000')->{cache}, 'HIT', 'and works');

    ok($nginx->reload(http => "hc_zone zone=second:1m;\n" . $ZONE . $REST),
       'a reload with one more zone');
    is(get('/kept/3?size=3000')->{cache}, 'HIT', 'leaves the first as it was');
}

{
    my $other = HC::redis_start();

    get('/l2/1');
    is(get('/l2/1')->{tier}, 'L2', 'a page is in the first Redis');

    ok($nginx->reload(REDIS => $other->{port}),
       'a reload with another Redis');
    is(get('/l2/1')->{cache}, 'MISS', 'which does not have it');
    ok(HC::wait_until(sub { get('/l2/1')->{tier} eq 'L2' }),
       'and then has');

    ok($nginx->reload(REDIS => $redis->{port}), 'back to the first');
    is(get('/l2/1')->{tier}, 'L2', 'which still has it');
    HC::redis_stop($other);
}


# --- again and again ---------------------------------------------------------

sub master_has {
    my $pid = $nginx->master;
    my @files = glob "/proc/$pid/fd/*";
    my ($kb) = HC::Nginx::_read("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m;
    my @maps = HC::Nginx::_read("/proc/$pid/maps") =~ /^/mg;

    return (scalar @files, $kb, scalar @maps);
}

{
    my ($before) = master_has();

    $nginx->reload for 1 .. 5;
    $nginx->old_workers_are_gone;
    HC::wait_until(sub { (master_has())[0] <= $before });
    my ($files, $kb, $maps) = master_has();

    $nginx->reload for 1 .. 15;
    $nginx->old_workers_are_gone;
    # it closes its channels to the old ones a little after their end
    ok(HC::wait_until(sub { (master_has())[0] <= $files }),
       'after fifteen more reloads the master has no more files open');

    my (undef, $kb_now, $maps_now) = master_has();

    cmp_ok($maps_now, '<=', $maps + 4, 'and no more mappings');
    SKIP: {
        skip 'a sanitizer keeps what is freed', 1 if $nginx->is_sanitized;
        cmp_ok($kb_now, '<', $kb + 1024, 'and no more memory');
    }
    is(get('/kept/3?size=3000')->{cache}, 'HIT', 'pages are kept');
}

$nginx->done;
done_testing();
