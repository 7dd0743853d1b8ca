# Refreshing in the background over all workers: one request a key, so many at
# once, ahead of the end, again after a failure, and with L2.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::Client;
use HC::Live;
use HC::Nginx;

use IO::Socket::INET;
use List::Util qw(max min);
use Time::HiRes qw(sleep time);

use constant WORKERS => 4;
use constant HERD => 500;
use constant PAGES => 200;


my $app = HC::Live->start;
my $redis = HC::redis_start();
my $node_port = HC::free_port();

my $REST = <<'END';
    hc_l2 shared {
        server redis://127.0.0.1:%REDIS%;
        connect_timeout 5s;
        timeout 5s;
    }

    hc_cache_use_stale error timeout updating http_500;
    hc_cache_background_update on;
    hc_cache_valid 200 100ms;

    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
    add_header X-Ttl $hc_cache_ttl always;
    add_header X-Pid $pid always;

    lingering_close always;

    server {
        listen 127.0.0.1:%PORT% reuseport;
        server_name localhost;
        hc_cache pages;

        location / {
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /window {
            hc_cache_use_stale error http_500;
            hc_cache_stale 10s;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /ahead {
            hc_cache_valid 200 3s;
            hc_cache_refresh_ahead 90%;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /sand {
            hc_cache_valid 200 3s;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /long-before {
            hc_cache_valid 200 4s;
            hc_cache_refresh_ahead 1h;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /few {
            hc_cache_refresh_max 2;
            proxy_pass http://127.0.0.1:%APP%;

            location /few/too {
                proxy_pass http://127.0.0.1:%APP%;
            }
        }

        location /one {
            hc_cache_refresh_max 1;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /l2 {
            hc_cache_l2 shared;
            proxy_pass http://127.0.0.1:%APP%;

            location /l2/ahead {
                hc_cache_valid 200 1h;
                hc_cache_l1_ttl 3s;
                hc_cache_refresh_ahead 90%;
                proxy_pass http://127.0.0.1:%APP%;
            }

            location /l2/end {
                hc_cache_valid 200 3s;
                hc_cache_refresh_ahead 90%;
                proxy_pass http://127.0.0.1:%APP%;
            }

            location /l2/jitter {
                hc_cache_valid 200 1000s;
                hc_cache_jitter 20%;
                proxy_pass http://127.0.0.1:%APP%;
            }
        }

        location = /status { hc_cache off; hc_status; }
    }

    # another node, as far as the keys go

    server {
        listen 127.0.0.1:%NODE% reuseport;
        server_name localhost;
        hc_cache others;
        hc_cache_l2 shared;
        hc_cache_valid 200 1h;

        location / {
            proxy_pass http://127.0.0.1:%APP%;
        }
    }
END

my $nginx = HC::Nginx->start(
    APP => $app->port, REDIS => $redis->{port}, NODE => $node_port,
    workers => WORKERS,
    http => "hc_zone zone=pages:8m;\nhc_zone zone=others:8m;\n$REST");

$nginx->may_log(qr/worker process \d+ exited on signal 9/);


sub get {
    my ($uri, $headers, $port) = @_;

    my $answer = HC::Client->new($port || $nginx->port)->get($uri, $headers)
                 || { head => '', body => '', status => 0 };

    return _seen($answer);
}

sub _seen {
    my ($answer) = @_;

    for my $name (qw(Cache Tier Ttl Pid)) {
        ($answer->{lc $name}) = $answer->{head} =~ /^X-$name: ([^\r\n]*)/mi;
        $answer->{lc $name} = '' if !defined $answer->{lc $name};
    }

    $answer->{body} =~ s/ +\z//;
    $answer->{said} = "$answer->{cache} $answer->{body}";

    return $answer;
}


# Of what has been stored by now all that lives as long has expired.

my $clocks = 0;

sub expire {
    my $clock = '/clock' . ++$clocks;

    get($clock);
    HC::wait_until(sub { get($clock)->{cache} ne 'HIT' })
        or die "nothing expires\n";
}


# Stored as `one`, expired, and from now on what the app says is held back.

sub expired {
    my ($uri, $words) = @_;

    $words = '' if !defined $words;

    $app->says($uri, "body=one $words");
    is(get($uri)->{said}, 'MISS one', "$uri: stored");
    expire();
    $app->says($uri, "body=two hold $words");
}


# All connected before the first of them asks.

sub herd {
    my ($n, $uri) = @_;

    my @sockets = map {
        IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . $nginx->port,
                              Timeout => 30) or die "connect: $!"
    } 1 .. $n;

    syswrite $_, "GET $uri HTTP/1.1\r\nHost: localhost\r\n"
                 . "Connection: close\r\n\r\n" for @sockets;

    return map {
        my ($socket, $got) = ($_, '');
        setsockopt $socket, Socket::SOL_SOCKET(), Socket::SO_RCVTIMEO(),
                   pack('l!l!', 30, 0);
        1 while sysread $socket, $got, 65536, length $got;
        my ($head, $body) = split /\r\n\r\n/, $got, 2;
        _seen({ head => $head // '', body => $body // '' });
    } @sockets;
}

sub tally {
    my %tally;
    $tally{$_}++ for @_;
    return \%tally;
}


# --- one request a key -------------------------------------------------------

{
    my $uri = '/herd';
    expired($uri, 'etag="a"');

    my @answers = herd(HERD, $uri);

    is_deeply(tally(map { $_->{said} } @answers), { 'UPDATING one' => HERD },
              'a herd on an expired key: each is given it while the app is '
              . 'silent');
    cmp_ok(scalar keys %{ tally(map { $_->{pid} } @answers) }, '>', 1,
           'by several workers');
    ok(HC::wait_until(sub { $app->asked($uri) > 1 }), 'the app is asked');
    is($app->asked($uri), 2, 'once');

    my ($first, $second) = $app->requests($uri);
    is($second->{none_match}, '"a"', 'whether it is still the same');

    $app->says($uri, 'body=three etag="a" cc=max-age=60');
    $app->release($uri);
    ok(HC::wait_until(sub {
        my $answer = get($uri);
        return $answer->{said} eq 'HIT one' && $answer->{ttl} > 10;
    }), 'a 304 confirms the body that is there, for as long as it says');
}

{
    my ($uri, $a, $b) = ('/vary', "X-Kind: a\r\n", "X-Kind: b\r\n");

    $app->says($uri, 'body=one vary=X-Kind');
    is(get($uri, $a)->{said}, 'MISS one a', 'a variant');
    is(get($uri, $b)->{said}, 'MISS one b', 'and another');
    expire();
    $app->says($uri, 'body=two vary=X-Kind cc=max-age=60');

    is(get($uri, $b)->{said}, 'UPDATING one b', 'the other one expired');
    ok(HC::wait_until(sub { get($uri, $b)->{said} eq 'HIT two b' }),
       'is asked for anew');
    is_deeply([map { $_->{kind} } $app->requests($uri)], [qw(a b b)],
              'and it alone');
    is(get($uri, $a)->{said}, 'UPDATING one a', 'the first one is as it was');
}

{
    my $uri = '/private';

    $app->says($uri, 'body=one');
    get($uri);
    expire();
    $app->says($uri, 'body=own count cc=private');

    is(get($uri)->{said}, 'UPDATING one', 'an answer that has become private');
    ok(HC::wait_until(sub { get($uri)->{said} =~ /own/ }),
       'is asked for by each client');

    my @bodies = map { get($uri)->{body} } 1 .. 10;
    is(scalar keys %{ tally(@bodies) }, 10, 'who gets his own');
    is(scalar(grep { !/^own/ } @bodies), 0, 'and never the old one');
}


{
    my ($uri, $cookie) = ('/cookie', "Cookie: s=1\r\n");

    $app->says($uri, 'body=one');
    get($uri);
    expire();
    $app->says($uri, 'body=two');

    is(get($uri, $cookie)->{said}, 'EXPIRED two', 'a cookie, and no lifetime '
       . 'of the answer\'s own: the client asks himself');
    is(get($uri)->{said}, 'UPDATING one', 'who has none does not wait for it');
    ok(HC::wait_until(sub { get($uri)->{said} =~ / two$/ }),
       'and has it asked for');
    is((grep { $_->{cookie} } $app->requests($uri)), 1,
       'as it may be stored');

    $app->says($uri, 'body=one cc=max-age=1');
    HC::wait_until(sub { get($uri)->{said} eq 'HIT one' });
    $app->says($uri, 'body=three cc=max-age=60');
    ok(HC::wait_until(sub { get($uri, $cookie)->{said} ne 'HIT one' }),
       'a lifetime of its own');
    ok(HC::wait_until(sub { get($uri, $cookie)->{said} eq 'HIT three' }),
       'is good for a refresh by a client with a cookie');
}


# --- how long ----------------------------------------------------------------

{
    my $uri = '/window';
    my $answer;
    my @given;

    $app->says($uri, 'body=one cc=max-age=1,_stale-while-revalidate=2');
    get($uri);
    $app->says($uri, 'body=failed status=500');

    ok(HC::wait_until(sub {
        $answer = get($uri);
        push @given, $answer if $answer->{cache} eq 'UPDATING';
        return $answer->{cache} !~ /HIT|UPDATING/;
    }), 'stale-while-revalidate ends');

    is($answer->{said}, 'STALE one', 'then a client asks, and the app fails');

    cmp_ok(scalar @given, '>', 0, 'until then the app alone allows it');
    is(scalar(grep { $_->{body} ne 'one' } @given), 0, 'with the old answer');
    cmp_ok(min(map { $_->{ttl} } @given), '>=', -2, 'for two seconds');
}

{
    my $uri = '/backoff';

    $app->says($uri, 'body=one');
    get($uri);
    expire();
    $app->says($uri, 'body=failed status=500');

    my $asked = $app->asked($uri);
    my %said;

    ok(HC::wait_until(sub {
        $said{get($uri)->{said}}++;
        return $app->asked($uri) >= $asked + 3;
    }), 'an app that fails is asked again');
    is_deeply([keys %said], ['UPDATING one'], 'clients are given the old one');

    my @at = map { $_->{at} } ($app->requests($uri))[$asked .. $asked + 2];
    my @gaps = map { $at[$_] - $at[$_ - 1] } 1 .. 2;

    cmp_ok($gaps[0], '>', 0.9, 'not before a second is over');
    cmp_ok($gaps[1], '>', 1.9, 'then two');
    cmp_ok($said{'UPDATING one'}, '>', 20, 'however often clients ask');
}


# --- ahead -------------------------------------------------------------------

# Somebody asks all the time, until the app was asked n times more.

sub hot {
    my ($uri, $n, $get) = @_;
    my (%seen, %tiers);

    get($uri);
    my $asked = $app->asked($uri);

    ok(HC::wait_until(sub {
        my $answer = get($uri);
        $seen{$answer->{cache}}++;
        $tiers{$answer->{tier}}++;
        return $n->() if ref $n;
        return $app->asked($uri) >= $asked + $n;
    }), "$uri: asked for ahead of its end");

    is_deeply([sort keys %seen], ['HIT'], "$uri: it never expires");
    is_deeply([sort keys %tiers], ['L1'], "$uri: nobody waits for another");
}

{
    my $uri = '/ahead/hot';

    $app->says('/ahead', 'body=one');
    get('/ahead/cold');
    get('/sand');
    hot($uri, 3);

    $app->says($uri, 'body=two hold');
    my $asked = $app->asked($uri);
    my %said;

    ok(HC::wait_until(sub {
        $said{get($uri)->{said}}++;
        return $app->asked($uri) > $asked;
    }), 'near the end');
    $said{get($uri)->{said}}++ for 1 .. 50;
    is($app->asked($uri), $asked + 1, 'one request asks, of all workers');
    is_deeply([grep { !/^(?:HIT|UPDATING) one/ } keys %said], [],
              'and clients have the one that is there');
    $app->release($uri);
    ok(HC::wait_until(sub { get($uri)->{said} eq 'HIT two' }),
       'then the new one');

    ok(HC::wait_until(sub { get('/sand')->{cache} ne 'HIT' }), 'a while');
    my $cold = get('/ahead/cold');
    is($cold->{cache}, 'UPDATING', 'what nobody asks for expires');
    cmp_ok($cold->{ttl}, '<=', 0, 'and was left alone');
}

{
    my $uri = '/long-before';
    my $hits = 0;

    $app->says($uri, 'body=one');
    get($uri);

    for (1 .. 100) {
        my $answer = get($uri);
        $hits++ if $answer->{cache} eq 'HIT' && $answer->{ttl} >= 2;
    }

    SKIP: {
        skip 'too slow here', 1 if $hits < 100;
        is($app->asked($uri), 1, 'a time above the lifetime: not all the time');
    }

    hot($uri, 1);
}


# --- so many at once ---------------------------------------------------------

{
    my @few = map { "/few/$_" } 1 .. 4;
    my @too = map { "/few/too/$_" } 1 .. 4;
    my @all = (@few, @too);
    my %said;

    $app->says('/few', 'body=one');
    get($_) for @all, '/other';
    expire();
    $app->says('/few', 'body=two hold');

    ok(HC::wait_until(sub {
        $said{get($_)->{said}}++ for @all;
        return $app->asked('/few') >= @all + 2;
    }), 'two of eight keys are asked for');

    for my $round (1 .. 5) {
        $said{get($_)->{said}}++ for @all;
    }

    is($app->asked('/few'), @all + 2, 'and no more while they are under way');
    is_deeply([keys %said], ['UPDATING one'], 'the others are given stale');

    my $asked = $app->asked('/other');
    is(get('/other')->{cache}, 'UPDATING', 'another maximum');
    ok(HC::wait_until(sub { $app->asked('/other') > $asked }),
       'has nothing to do with it');

    $app->says('/few', 'body=two cc=max-age=60 hold');
    $app->release('/few');
    ok(HC::wait_until(sub { !grep { get($_)->{said} ne 'HIT two' } @all }, 60),
       'in the end all are new');
    is($app->most('/few'), 2, 'never were there more at the app, of all workers');
}


# --- a worker dies -----------------------------------------------------------

{
    my $uri = '/one';
    expired($uri);

    my $updating = get($uri);
    is($updating->{said}, 'UPDATING one', 'one worker asks');
    ok(HC::wait_until(sub { $app->asked($uri) == 2 }), 'the app');

    kill KILL => $updating->{pid};
    ok(HC::wait_until(sub { !-e "/proc/$updating->{pid}" }), 'and dies');

    my %said;
    ok(HC::wait_until(sub {
        $said{get($uri)->{said}}++;
        return $app->asked($uri) == 3;
    }), 'another takes over, though there may be only one');
    $said{get($uri)->{said}}++ for 1 .. 20;
    is($app->asked($uri), 3, 'once');
    delete $said{' '};                 # what lay in the dead one's queue
    is_deeply([keys %said], ['UPDATING one'], 'clients do not notice');

    $app->release($uri);
    ok(HC::wait_until(sub { get($uri)->{body} eq 'two' }), 'the new one');
}


# --- through L2 --------------------------------------------------------------

{
    my $uri = '/l2/other';

    $app->says($uri, 'body=one');
    is(get($uri)->{said}, 'MISS one', 'a node has an answer');
    expire();
    $app->says($uri, 'body=two');
    is(get($uri, '', $node_port)->{body}, 'two', 'another node a newer one');
    ok(HC::wait_until(sub {
        HC::redis_command($redis, 'DBSIZE') =~ /^:([1-9]\d*)/
    }), 'which is in L2');

    my $asked = $app->asked($uri);
    is(get($uri)->{said}, 'UPDATING one', 'the first one gives what it has');
    ok(HC::wait_until(sub { get($uri)->{said} eq 'HIT two' }),
       'and asks L2 for what is new');
    is($app->asked($uri), $asked, 'without the app');
}

{
    my $gets = $nginx->status->{l2}{shared}{gets};

    hot('/l2/ahead', sub {
        $nginx->status->{l2}{shared}{gets} >= $gets + 3
    });
    is($app->asked('/l2/ahead'), 1, 'what is not believed in L1 for long is '
       . 'asked for in L2, not at the app');

    hot('/l2/end', 3);
}

{
    my @uris = map { "/l2/jitter/$_" } 1 .. PAGES;

    get($_) for @uris;
    my %ttl = map { $_ => get($_)->{ttl} } @uris;
    my @ttl = values %ttl;

    cmp_ok(max(@ttl), '<=', 1000, 'no lifetime is longer than it was said');
    cmp_ok(min(@ttl), '>=', 750, 'nor cut by more than the share');
    cmp_ok(max(@ttl) - min(@ttl), '>', 100, 'the ends of what was stored '
           . 'together are spread');

    my $apart = 0;

    for my $uri (@uris[0 .. 20]) {
        my $there;
        HC::wait_until(sub {
            $there = get($uri, '', $node_port);
            return $there->{tier} eq 'L2' || $there->{tier} eq 'L1';
        });
        $apart++ if abs($there->{ttl} - get($uri)->{ttl}) > 5;
    }

    is($apart, 0, 'and another node agrees about each');
}

$nginx->done('workers');


# --- the end of nginx --------------------------------------------------------

{
    $nginx = HC::Nginx->start(
        APP => $app->port, REDIS => $redis->{port}, NODE => $node_port,
        workers => 2,
        http => 'hc_zone zone=pages:8m snapshot=%DIR%/pages.hc;'
                . "\nhc_zone zone=others:1m;\n$REST");

    my $uri = '/kept';
    $app->says($uri, 'body=one cc=max-age=600');
    is(get($uri)->{said}, 'MISS one', 'fresh for ten minutes');
    $nginx->stop;
    $nginx->run;

    $app->says($uri, 'body=two hold cc=max-age=600');
    is(get($uri)->{said}, 'UPDATING one', 'what a snapshot held is given '
       . 'at once');
    ok(HC::wait_until(sub { $app->asked($uri) == 2 }),
       'and the app is asked for a newer one');

    $nginx->signal('QUIT');
    ok(HC::wait_until(sub { !$nginx->workers }), 'nginx is told to end');
    is($nginx->workers(all => 1) > 0, 1, 'who asks has to have an answer');
    $app->release($uri);
    ok($nginx->stop, 'then it ends');
    $nginx->run;
    is(get($uri)->{body}, 'two', 'and the answer was not lost');

    $nginx->done('restart');
}

HC::redis_stop($redis);
done_testing();
