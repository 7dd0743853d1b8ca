# A worker that dies takes nothing with it: not the zone, not the pages in it,
# not what it had pinned, and not the others.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::App;
use HC::Client;
use HC::Nginx;

use Time::HiRes qw(sleep time);

use constant WORKERS => 3;
use constant CLIENTS => 4;
use constant KILLS => 15;


my $app = HC::App->start;
my $slow_port = HC::free_port();

# what is sent to the slow port fills its small buffers at once

my $nginx = HC::Nginx->start(APP => $app->port, SLOW => $slow_port,
                             workers => WORKERS, http => <<'END');
    hc_zone zone=pages:32m max_object=1m;

    add_header X-Cache $hc_cache_status;
    add_header X-Pid $pid;

    server {
        listen 127.0.0.1:%PORT% reuseport;
        listen 127.0.0.1:%SLOW% reuseport sndbuf=16k;

        proxy_buffers 4 4k;
        proxy_buffer_size 4k;

        hc_cache pages;

        location / {
            hc_cache_valid 200 10m;
            hc_cache_purge 1;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /load {
            hc_cache_valid 200 200ms;
            hc_cache_stale 0;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location = /status { hc_cache off; hc_status; }
    }
END

$nginx->may_log(qr/worker process \d+ exited on signal 9/);


sub get {
    my ($uri) = @_;

    my $answer = HC::Client->new($nginx->port)->get($uri);

    return $answer || { status => 0, head => '', body => '' };
}


sub cache {
    my ($uri) = @_;

    return get($uri)->{head} =~ /^X-Cache: (\w+)/m ? $1 : '';
}


# The process that has begun to answer.

sub pid_of {
    my ($client) = @_;

    $client->more until $client->{rest} =~ /\r\n\r\n/ || !$client->{socket};

    return $client->{rest} =~ /^X-Pid: (\d+)/m ? $1 : undef;
}


# kill -9, and whether all the others answer then.

sub kill_worker {
    my ($pid) = @_;

    kill KILL => $pid;

    return HC::wait_until(sub {
        # a connection that lay in the dead one's queue is reset, and no loss
        my @alive = grep { $_ != $pid } $nginx->workers;
        return @alive >= WORKERS && get('/status')->{status} == 200;
    }, 15);
}


# --- in the middle of a fill -------------------------------------------------

{
    get('/kept');
    is(cache('/kept'), 'HIT', 'a page is in the zone');

    my $uri = '/fill?hold=1&size=60000';
    my $client = HC::Client->new($nginx->port);

    $client->send('GET', $uri);
    my $pid = pid_of($client);

    ok($pid, 'a worker is in the middle of a fill');
    ok(kill_worker($pid),
       'after its death the others answer, and there is a new one');
    is($client->answer('GET'), undef, 'its client gets no whole answer');

    $app->release;

    my $answer = get($uri);
    is(HC::App::version_of($answer->{body}, $uri), 'one',
       'the page that was being filled is fetched by another worker');
    is(cache($uri), 'HIT', 'and stored');
    is(cache('/kept'), 'HIT', 'what was stored before is still a hit');
    ok(HC::wait_until(sub { $nginx->zone->{workers} == WORKERS }),
       'the new worker uses the zone');
}


# --- with a pin --------------------------------------------------------------

{
    my $uri = '/pinned?size=900000';

    get($uri);
    is(cache($uri), 'HIT', 'a large page is in the zone');

    my $client = HC::Client->new($slow_port, rcvbuf => 4096);
    $client->send('GET', $uri);
    my $pid = pid_of($client);

    ok(HC::wait_until(sub { $nginx->zone->{pinned} == 1 }),
       'a slow reader holds a pin');

    my $since = time();
    kill KILL => $pid;

    ok(HC::wait_until(sub {
           my $pinned = $nginx->zone->{pinned};
           return defined $pinned && $pinned == 0;
       }), 'after the death of its worker nothing is pinned');
    note(sprintf '%.3f s', time() - $since);

    is($nginx->zone->{pinned_bytes}, 0, 'and no bytes are');
    is(cache($uri), 'HIT', 'the page is still a hit');

    HC::Client->new($nginx->port)->ask('PURGE', $uri);
    is(cache($uri), 'MISS', 'it can be purged');
    get("/room/$_?size=900000") for 1 .. 50;
    is(cache('/room/50?size=900000'), 'HIT', 'and its room used again');
}


# --- all at once -------------------------------------------------------------

{
    my $uri = '/pinned?size=900000';
    my @pids = $nginx->workers;

    get($uri);
    my @slow = map {
        my $client = HC::Client->new($slow_port, rcvbuf => 4096);
        $client->send('GET', $uri);
        pid_of($client);
        $client;
    } 1 .. 8;

    my $pinned = $nginx->zone->{pinned};
    cmp_ok($pinned, '>=', 1, 'slow readers hold pins');

    kill KILL => @pids;

    ok(HC::wait_until(sub {
           my %old = map { $_ => 1 } @pids;
           my @new = grep { !$old{$_} } $nginx->workers;
           return @new == WORKERS && get('/status')->{status} == 200;
       }), 'when all workers die at once all of them come again');

    ok(HC::wait_until(sub { $nginx->zone->{pinned} == 0 }),
       'nothing is pinned');
    ok(HC::wait_until(sub { $nginx->zone->{workers} == WORKERS }),
       'each new worker uses the zone');
    is(cache($uri), 'HIT', 'the zone was kept');
}


# --- under load --------------------------------------------------------------

{
    my $until = time() + KILLS * 0.25 + 1;

    my @got = HC::Client->crowd(CLIENTS, sub {
        my ($number) = @_;
        my $client = HC::Client->new($nginx->port, keep => 1);
        my %n = (whole => 0, wrong => 0, failed => 0);

        srand $number;

        while (time() < $until || $n{whole} < 200) {
            last if time() > $until + 60;

            my $n = 1 + int rand 30;
            my $uri = "/load/$n?size=" . (1 + $n * $n * 300);
            my $answer = $client->get($uri);

            if (!$answer) {
                $n{failed}++;
                next;
            }

            $n{ HC::App::version_of($answer->{body}, $uri) ? 'whole'
                                                           : 'wrong' }++;
        }

        return \%n;

    }, while => sub {
        for (1 .. KILLS) {
            sleep 0.25;
            my @pids;
            HC::wait_until(sub { @pids = $nginx->workers });
            kill KILL => $pids[rand @pids];
        }
    });

    my %sum;
    for my $n (@got) {
        $sum{$_} += $n->{$_} for keys %$n;
    }

    is(scalar(grep { defined } @got), CLIENTS, 'all clients came to the end');
    is($sum{wrong}, 0, 'no body was another one, or cut');
    cmp_ok($sum{whole}, '>', 500, 'there was load while workers died');
    cmp_ok($sum{failed}, '<=', KILLS * CLIENTS,
           'only what a dying worker had in hand failed');
    note("$sum{whole} whole, $sum{failed} failed");

    ok(HC::wait_until(sub { $nginx->workers == WORKERS }),
       'there are as many workers as before');

    my @killed = $nginx->log =~ /worker process (\d+) exited on signal 9/g;
    cmp_ok(scalar @killed, '>=', KILLS, 'they did die');
}

{
    ok(HC::wait_until(sub { $nginx->zone->{pinned} == 0 }),
       'nothing is pinned when it is over');
    ok(HC::wait_until(sub { $nginx->zone->{workers} == WORKERS }),
       'no slot of a dead worker is left');

    my $zone = $nginx->zone;
    note("shards reset: $zone->{resets}");

    get('/after');
    is(cache('/after'), 'HIT', 'the zone takes new pages');

    my $kept = cache('/pinned?size=900000');
    ok($kept eq 'HIT' || $zone->{resets} > 0 || $zone->{evictions} > 0,
       'what was stored before is still a hit');
}

$nginx->done;
done_testing();
